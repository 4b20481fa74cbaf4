/**
 * The disk side of replacing a replica's whole storage (repl 1.9 discard, 2.8). Upstream removes the data directory, makes
 * it anew and renames the download into it; a crash in between leaves nothing, or an empty directory that looks like a
 * new replica's.
 *
 * Here names alone change, and each rename is one step: a learned checkpoint waits as `data.learned/rdb`, `data` becomes
 * `data.<us>.discarded`, `data.learned` becomes `data`. What the next opening finds:
 *
 *   `data`                       whole, the old one or the new one; a `data.learned` beside it never came into force
 *   `data.learned`, no `data`    the new one: the opening does the last rename
 *   neither                      the storage was discarded: an error, and the loader sets the directory aside
 *
 * So that a `data.learned` of an earlier attempt is never taken for the new one, it is removed before `data` goes. What
 * a crash leaves of a discarded directory is removed by the next replacement. Throws `DiskError` as the disk does.
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

  /** The directory of a whole checkpoint, synced, becomes the database; everything older goes. */
  replaceData(checkpointDir: string): void {
    this.stage(checkpointDir);
    this.setDataAside();
    this.putInForce();
    this.removeDiscarded();
  }

  stage(checkpointDir: string): void {
    const { disk } = this.ctx.env;
    this.removeStaged();
    disk.mkdir(this.learnedDir);
    disk.rename(checkpointDir, `${this.learnedDir}/${DATABASE_DIR}`);
  }

  removeStaged(): void {
    const { disk } = this.ctx.env;
    if (disk.exists(this.learnedDir)) disk.remove(this.learnedDir, { recursive: true });
  }

  /** From here on the old storage is gone, with all its checkpoints, in one step. */
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

  /** Nothing is left of the old storage, and nothing new is there. */
  discardData(): void {
    this.removeStaged();
    this.setDataAside();
  }

  /** For an opening that finds no data directory: whether there is one now. */
  finishReplacement(): boolean {
    if (!this.ctx.env.disk.exists(`${this.learnedDir}/${DATABASE_DIR}`)) return false;
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
