/** What the auditor knows of a replica's part in a load: its `bulk_load` directory, and what of it went into the database. */
import type { LoadFileFact } from '../../../model/loadEvents.ts';
import type { Gpid } from '../../../model/vocabulary.ts';
import { readWhole, type DiskView } from './diskView.ts';
import { md5Of } from './loadFiles.ts';

/** A run of the database that was a file of the `bulk_load` directory. */
export interface LinkedRun {
  readonly sizeBytes: number;
  readonly md5: string;
}

/** How a replica stood when it wrote what it tells of its load. */
export interface LoadStand {
  /** The files of its directory; undefined without one. */
  readonly onDisk: readonly LoadFileFact[] | undefined;
  /** As it was claimed. */
  readonly holdsSlot: boolean;
}

export class LoadView {
  // ------------------------------------------------ on disk
  /** Runs that no manifest has named yet, by their name in the database, in the order in which they appeared. */
  readonly linked = new Map<string, LinkedRun>();
  /** Files of the directory as they were read last; one that changes is forgotten. */
  private readonly read = new Map<string, LoadFileFact>();

  // ------------------------------------------------ owed
  /** Something below is owed by the running task. */
  owes = false;
  /** A slot was claimed taken. */
  directoryOwed = false;
  /** A file that was written while no slot was claimed held. */
  written = '';

  changed(file: string): void {
    this.read.delete(file);
  }

  /** The files of the directory; undefined without one. */
  filesOn(disk: DiskView, dir: string): readonly LoadFileFact[] | undefined {
    if (disk.info(dir)?.kind !== 'directory') return undefined;
    const files: LoadFileFact[] = [];
    for (const name of disk.list(dir)) {
      let file = this.read.get(name);
      if (file === undefined) {
        const bytes = readWhole(disk, `${dir}/${name}`);
        if (bytes === undefined) continue;
        file = { name, sizeBytes: bytes.length, md5: md5Of(bytes) };
        this.read.set(name, file);
      }
      files.push(file);
    }
    return files;
  }

  forgetOwed(): void {
    this.owes = false;
    this.directoryOwed = false;
    this.written = '';
  }

  forgetDirectory(): void {
    this.read.clear();
  }

  forgetDisk(): void {
    this.linked.clear();
    this.forgetDirectory();
  }
}

/** Slots for downloads that the replicas of a server claim to hold (bl 14.1). */
export class HeldSlots {
  total = 0;
  private readonly held = new Map<Gpid, number>();

  holds(gpid: Gpid): boolean {
    return this.total > 0 && (this.held.get(gpid) ?? 0) > 0;
  }

  take(gpid: Gpid): void {
    this.held.set(gpid, (this.held.get(gpid) ?? 0) + 1);
    this.total++;
  }

  /** One that was never taken is not counted. */
  giveBack(gpid: Gpid): void {
    const count = this.held.get(gpid) ?? 0;
    if (count === 0) return;
    this.held.set(gpid, count - 1);
    this.total--;
  }

  clear(): void {
    this.held.clear();
    this.total = 0;
  }
}

/** The directory of a replica into which it downloads. */
export function loadDirOf(replicaDir: string): string {
  return `${replicaDir}/bulk_load`;
}
