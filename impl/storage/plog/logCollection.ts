/**
 * Garbage collection of a private log (plog 12): deletes a prefix of the files, never the newest (mends plog.P9), and
 * nothing for an offset that is not of this log's numbering (plog.P12). It knows no readers: a learner's copy of a file
 * that goes fails, and the learner asks again.
 */
import type { Decree } from '../../../model/vocabulary.ts';
import { LearnableLog } from './learnState.ts';
import type { LogFile } from './logFile.ts';

export class CollectableLog extends LearnableLog {
  /** plog 12: deletes a prefix of the files, never the newest (mends plog.P9). */
  garbageCollection(cleanableDecree: Decree, validStartOffset: number): number {
    if (!this.opened || this.files.length <= 1) return 0;
    this.ctx.env.check(
      this.currentFile === undefined || this.currentFile === this.files.at(-1),
      'current log file is the newest',
    );
    // An offset of before a reset or a loss of power tells nothing of this log.
    return this.deleteFiles(this.countDeletable(cleanableDecree, Math.min(validStartOffset, this.validStart)));
  }

  /** How many files, from the oldest on, are of no more use. */
  countDeletable(cleanableDecree: Decree, validStartOffset: number): number {
    let maxDecree = this.maxDecreeIssued;
    let reservedBytes = 0;
    for (let i = this.files.length - 1; i >= 0; i--) {
      const file = this.files[i];
      if (file === undefined) return 0;
      const kept = this.mustKeep(file) || this.isReserved(file, reservedBytes);
      if (!kept && this.isCleanable(file, maxDecree, cleanableDecree, validStartOffset)) return i + 1;
      maxDecree = this.previousMaxOf(file);
      reservedBytes += file.sizeBytes();
    }
    return 0;
  }

  /** The newest file, one with a write in flight, and the newest on disk while its successor has no header there (plog.P9). */
  mustKeep(file: LogFile): boolean {
    if (file === this.files.at(-1) || file === this.issued?.file) return true;
    return this.headerDue !== undefined && file === this.files.at(-2);
  }

  /**
   * Recent enough *and* within the size budget; a limit of 0 reserves nothing. An age that the disk does not tell
   * counts as recent.
   */
  isReserved(file: LogFile, reservedBytes: number): boolean {
    const maxBytes = this.ctx.settings.logPrivateReserveMaxSizeBytes;
    const maxSeconds = this.ctx.settings.logPrivateReserveMaxTimeSeconds;
    if (maxBytes === 0 || maxSeconds === 0 || reservedBytes + file.sizeBytes() > maxBytes) return false;
    const mtime = file.mtimeSeconds();
    return mtime === undefined || mtime + maxSeconds >= Math.floor(this.ctx.env.clock.wallUs() / 1_000_000);
  }

  /** `maxDecree`: the largest decree that the file or an older one holds. */
  isCleanable(file: LogFile, maxDecree: Decree, cleanableDecree: Decree, validStartOffset: number): boolean {
    return validStartOffset >= file.endOffset || cleanableDecree >= maxDecree;
  }

  /** From the oldest on; stops at the first that the disk refuses, which the next round tries again. */
  deleteFiles(count: number): number {
    let deleted = 0;
    while (deleted < count) {
      const oldest = this.files[0];
      if (oldest === undefined || this.guarded(() => this.ctx.env.disk.remove(oldest.path)) !== 'ERR_OK') break;
      this.files.shift();
      this.globalStart = this.files[0]?.startOffset ?? 0;
      deleted++;
    }
    return deleted;
  }
}
