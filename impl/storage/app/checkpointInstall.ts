/**
 * The disk side of replacing a replica's whole storage by a learned checkpoint, or by an empty database (repl 1.9 discard,
 * 2.8). Upstream removes the data directory, makes it anew and renames the download into it; a crash in between leaves
 * nothing, or an empty directory that looks like a new replica's.
 *
 * Here the new database stands first, as `data.learned/rdb`. Then two renames, each of them one step: `data` becomes
 * `data.<us>.discarded`, `data.learned` becomes `data`. What the next opening finds:
 *
 *   `data`                       the old one or the new one; a `data.learned` beside it never came into force
 *   `data.learned`, no `data`    the new one: the opening does the last rename
 *
 * So that a `data.learned` of an earlier attempt is never taken for the new one, it goes before `data` does. What a crash
 * leaves of a discarded directory is removed by the next replacement. Throws `DiskError` as the disk does.
 */
import type { Context } from '../../context.ts';
import { fileOperation } from '../../env/fileOperation.ts';
import { DATABASE_DIR, discardedDataDir, isDiscardedDataDir, learnedDataDir } from './names.ts';

export class CheckpointInstall {
  readonly ctx: Context;
  readonly dataDir: string;
  private readonly learnedDir: string;

  constructor(ctx: Context, dataDir: string) {
    this.ctx = ctx;
    this.dataDir = dataDir;
    this.learnedDir = learnedDataDir(dataDir);
  }

  // ------------------------------------------------------------------ the new database

  /** The directory of a whole checkpoint, synced. */
  stage(checkpointDir: string): void {
    this.ctx.env.disk.rename(checkpointDir, this.beginStaging());
  }

  /** Where the new database is to be made; nothing is there yet. */
  beginStaging(): string {
    this.removeStaged();
    this.ctx.env.disk.mkdir(this.learnedDir);
    return this.stagedDatabase();
  }

  removeStaged(): void {
    const { disk } = this.ctx.env;
    if (disk.exists(this.learnedDir)) disk.remove(this.learnedDir, { recursive: true });
  }

  private stagedDatabase(): string {
    return `${this.learnedDir}/${DATABASE_DIR}`;
  }

  // ------------------------------------------------------------------ takes the place of the old one

  /** What was staged is the storage, and everything older goes. */
  replaceData(): void {
    this.setDataAside();
    this.putInForce();
    this.removeDiscarded();
  }

  /** From here on the old storage is gone, with all its checkpoints. */
  setDataAside(): void {
    const { disk, clock } = this.ctx.env;
    if (!disk.exists(this.dataDir)) return;
    let us = clock.wallUs();
    while (disk.exists(discardedDataDir(this.dataDir, us))) us++;
    disk.rename(this.dataDir, discardedDataDir(this.dataDir, us));
  }

  putInForce(): void {
    this.ctx.env.disk.rename(this.learnedDir, this.dataDir);
  }

  /** For an opening that finds no data directory: whether there is one now. */
  finishReplacement(): boolean {
    if (!this.ctx.env.disk.exists(this.stagedDatabase())) return false;
    this.putInForce();
    this.removeDiscarded();
    return true;
  }

  /** Nothing leads to them any more: what cannot be removed now is no error. */
  removeDiscarded(): void {
    const { disk } = this.ctx.env;
    const slash = this.dataDir.lastIndexOf('/');
    const parent = this.dataDir.slice(0, Math.max(0, slash));
    fileOperation(() => {
      for (const name of disk.list(parent)) {
        const path = this.dataDir.slice(0, slash + 1) + name;
        if (isDiscardedDataDir(this.dataDir, path)) disk.remove(path, { recursive: true });
      }
    });
  }
}
