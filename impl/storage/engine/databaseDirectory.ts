/**
 * The disk side of a database directory (docs/formats.md). Its orders are what a crash leaves behind: a run is written
 * and synced before a manifest names it; a manifest is written and synced before CURRENT names it; CURRENT is replaced
 * by a rename. Whatever CURRENT does not lead to is garbage, removed when the database is opened. Throws `DiskError` as
 * the disk does, and `StorageError` for what cannot be read.
 */
import { DiskError } from '../../env/contract.ts';
import type { Disk } from '../../env/contract.ts';
import { StorageError } from './contract.ts';
import {
  CURRENT_FILE,
  CURRENT_TMP_FILE,
  decodeCurrent,
  decodeManifest,
  encodeCurrent,
  encodeManifest,
} from './manifest.ts';
import type { Version } from './manifest.ts';
import { decodeRun, encodeRun } from './sortedRun.ts';
import type { SortedRun } from './sortedRun.ts';

export class DatabaseDirectory {
  readonly disk: Disk;
  readonly dir: string;

  constructor(disk: Disk, dir: string) {
    this.disk = disk;
    this.dir = dir;
  }

  path(name: string): string {
    return `${this.dir}/${name}`;
  }

  /** A database is there as soon as CURRENT is. */
  holdsDatabase(): boolean {
    return this.disk.exists(this.path(CURRENT_FILE));
  }

  readManifest(): { readonly manifest: string; readonly version: Version } {
    const currentPath = this.path(CURRENT_FILE);
    if (!this.disk.exists(currentPath)) throw new StorageError('corruption', `${currentPath}: missing`);
    const manifest = decodeCurrent(this.readWhole(CURRENT_FILE), currentPath);
    return { manifest, version: decodeManifest(this.readWhole(manifest), this.path(manifest)) };
  }

  readRun(name: string): SortedRun {
    return decodeRun(this.readWhole(name), this.path(name));
  }

  readWhole(name: string): Uint8Array {
    const path = this.path(name);
    return this.disk.read(path, 0, this.disk.info(path).sizeBytes);
  }

  writeRun(name: string, run: SortedRun): void {
    this.writeSynced(name, encodeRun(run));
  }

  /** The new version is what a later open finds, from the rename on. */
  installManifest(manifest: string, version: Version): void {
    this.writeSynced(manifest, encodeManifest(version));
    this.replaceCurrent(manifest);
  }

  replaceCurrent(manifest: string): void {
    this.removeIfThere(CURRENT_TMP_FILE);
    this.writeSynced(CURRENT_TMP_FILE, encodeCurrent(manifest));
    this.disk.rename(this.path(CURRENT_TMP_FILE), this.path(CURRENT_FILE));
  }

  /** A second name in this directory for a file elsewhere. */
  linkIn(from: string, name: string): void {
    this.disk.link(from, this.path(name));
  }

  writeSynced(name: string, bytes: Uint8Array): void {
    const path = this.path(name);
    this.disk.create(path);
    this.disk.write(path, 0, bytes);
    this.disk.sync(path);
  }

  removeIfThere(name: string): void {
    if (this.disk.exists(this.path(name))) this.disk.remove(this.path(name));
  }

  /** Files that the version in use does not need. */
  garbage(manifest: string, version: Version): readonly string[] {
    const needed = [CURRENT_FILE, manifest, ...version.files];
    return this.disk.list(this.dir).filter((name) => !needed.includes(name));
  }

  /** What cannot be removed now stays garbage until the next open; nothing refers to it. */
  removeObsolete(names: readonly string[]): void {
    for (const name of names) {
      try {
        this.disk.remove(this.path(name));
      } catch (error) {
        if (!(error instanceof DiskError)) throw error;
      }
    }
  }
}
