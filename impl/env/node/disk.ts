/**
 * The Disk contract over a directory of the real file system. Each call opens and closes its file: this side exists to
 * keep the simulated disk honest and to run the storage on real bytes, not to be fast.
 *
 * Durable order of names is what a journalling file system gives (ext4, XFS); this side adds no directory syncs.
 */
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { type Disk, DiskError, type DiskErrorCode, type FileInfo } from '../contract.ts';
import { assertPath } from '../diskPath.ts';

/** System error codes as the contract names them; any other is 'io'. */
const CODES: Readonly<Record<string, DiskErrorCode>> = {
  ENOENT: 'not-found',
  EEXIST: 'exists',
  ENOTEMPTY: 'not-empty',
  ENOTDIR: 'not-a-directory',
  ENOSPC: 'full',
  EDQUOT: 'full',
};

/** A rename over a directory that is in the way is EISDIR to the system, 'exists' to the contract. */
const RENAME_CODES: Readonly<Record<string, DiskErrorCode>> = { ...CODES, EISDIR: 'exists' };

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error;
}

function attempt<T>(doing: string, path: string, act: () => T, codes = CODES): T {
  try {
    return act();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new DiskError(codes[error.code ?? ''] ?? 'io', path, doing);
  }
}

/** With its parents. The system's own recursive call never ends below a file system that makes no directories (/proc). */
export function makeDirectory(path: string): void {
  const parent = dirname(path);
  if (parent !== path && !fs.existsSync(parent)) makeDirectory(parent);
  try {
    fs.mkdirSync(path);
  } catch (error) {
    // It was there, or somebody else has just made it.
    if (fs.statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}

export class RealDisk implements Disk {
  private readonly root: string;

  /** `root` is an existing directory; everything happens below it. */
  constructor(root: string) {
    this.root = root;
  }

  list(dir: string): readonly string[] {
    return attempt('list', dir, () => fs.readdirSync(this.at(dir)).sort());
  }

  exists(path: string): boolean {
    return fs.existsSync(this.at(path));
  }

  info(path: string): FileInfo {
    return attempt('info', path, () => {
      const stat = fs.statSync(this.at(path), { bigint: true });
      const isFile = stat.isFile();
      const mtimeUs = Number(stat.mtimeNs / 1000n);
      return { kind: isFile ? 'file' : 'directory', sizeBytes: isFile ? Number(stat.size) : 0, mtimeUs };
    });
  }

  mkdir(dir: string): void {
    attempt('mkdir', dir, () => {
      makeDirectory(this.at(dir));
    });
  }

  create(path: string): void {
    this.withFile('create', path, 'wx', () => undefined);
  }

  write(path: string, offset: number, bytes: Uint8Array): void {
    this.withFile('write', path, 'r+', (file) => {
      for (let done = 0; done < bytes.length; ) {
        done += fs.writeSync(file, bytes, done, bytes.length - done, offset + done);
      }
    });
  }

  read(path: string, offset: number, length: number): Uint8Array {
    return this.withFile('read', path, 'r', (file) => {
      const stat = fs.fstatSync(file);
      // A directory has a size too; let the read below say what is wrong with it.
      const available = stat.isFile() ? Math.max(0, stat.size - offset) : length;
      const bytes = new Uint8Array(Math.min(length, available));
      let done = 0;
      while (done < bytes.length) {
        const got = fs.readSync(file, bytes, done, bytes.length - done, offset + done);
        if (got === 0) break;
        done += got;
      }
      return done === bytes.length ? bytes : bytes.slice(0, done);
    });
  }

  sync(path: string): void {
    this.withFile('sync', path, 'r+', (file) => {
      fs.fsyncSync(file);
    });
  }

  rename(from: string, to: string): void {
    if (from === '') throw new DiskError('io', from, 'rename');
    attempt('rename', from, () => {
      fs.renameSync(this.at(from), this.at(to));
    }, RENAME_CODES);
  }

  link(from: string, to: string): void {
    attempt('link', to, () => {
      fs.linkSync(this.at(from), this.at(to));
    });
  }

  remove(path: string, options?: { readonly recursive: boolean }): void {
    if (path === '') throw new DiskError('io', path, 'remove');
    attempt('remove', path, () => {
      const full = this.at(path);
      if (!fs.lstatSync(full).isDirectory()) fs.unlinkSync(full);
      else if (options?.recursive === true) fs.rmSync(full, { recursive: true });
      else fs.rmdirSync(full);
    });
  }

  private at(path: string): string {
    assertPath(path);
    return path === '' ? this.root : `${this.root}/${path}`;
  }

  private withFile<T>(doing: string, path: string, flags: string, act: (file: number) => T): T {
    return attempt(doing, path, () => {
      const file = fs.openSync(this.at(path), flags);
      try {
        return act(file);
      } finally {
        fs.closeSync(file);
      }
    });
  }
}
