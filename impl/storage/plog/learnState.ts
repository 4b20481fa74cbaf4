/**
 * What a primary's log has for a learner (plog 13.1; upstream's get_learn_state): files, and the records that are not in
 * them yet. The files are live. The newest grows while it is copied, and the copy may end inside a block. Any of them may
 * be collected meanwhile, since nobody pins them: as upstream, the copy fails then, and with it the learner's round.
 *
 * Departures: a log that reaches back to decree 1 covers it (plog.P10); a file ends where the next one begins, so that a
 * torn tail does not make a void file look valid; a file whose header is not on disk is not handed out.
 */
import type { Decree } from '../../../model/vocabulary.ts';
import type { LogLearnState } from '../contracts.ts';
import type { LogFile } from './logFile.ts';
import { LogWriter } from './logWriter.ts';
import type { LogMutation } from './types.ts';

/**
 * The `max_gced_decree` that a learner tells (repl 1.9): its log's in the first round (`firstLearnStart` -1); later it
 * counts what it has learned from logs since, of which nothing need stand in its own.
 */
export function maxGcedDecreeOfLearner(firstLearnStart: Decree, maxGcedOfLog: Decree): Decree {
  if (firstLearnStart < 0) return maxGcedOfLog;
  return maxGcedOfLog < 0 ? firstLearnStart - 1 : Math.min(firstLearnStart - 1, maxGcedOfLog);
}

export class LearnableLog extends LogWriter {
  /** See the contract. */
  getLearnState(start: Decree, scope: 'valid' | 'all' = 'valid'): LogLearnState {
    const inMemory = this.recordsInMemory(start);
    if (inMemory.length === 0 && start > this.maxDecreeIssued) return { files: [], inMemory, covers: false };
    const files: string[] = [];
    for (let i = this.files.length - 1; i >= 0; i--) {
      const file = this.files[i];
      if (file === undefined || (scope === 'valid' && this.isVoid(i))) break;
      if (this.isOnDisk(file)) files.unshift(file.path);
      if (this.reachesBackTo(file, start)) return { files, inMemory, covers: this.isWhollyValid(file) };
    }
    return { files, inMemory, covers: false };
  }

  /** Of the batch in flight, then of the one that waits. */
  recordsInMemory(start: Decree): readonly LogMutation[] {
    const records = [...(this.issued?.mutations ?? []), ...(this.pending?.mutations ?? [])];
    return records.filter((mutation) => mutation.decree >= start);
  }

  /** Whether no record from `start` on stands before the file. */
  reachesBackTo(file: LogFile, start: Decree): boolean {
    return this.previousMaxOf(file) < start;
  }

  /** No record of the file counts: the learning that wrote the next one began anew. */
  isVoid(position: number): boolean {
    return this.endOf(position) <= this.validStart;
  }

  isWhollyValid(file: LogFile): boolean {
    return file.startOffset >= this.validStart;
  }

  /** Behind the good data of the file at a position. */
  protected endOf(position: number): number {
    return this.files[position + 1]?.startOffset ?? this.globalEnd;
  }

  /** Records of a file that is not are all in memory. */
  private isOnDisk(file: LogFile): boolean {
    return file !== this.headerDue;
  }

  maxGcedDecree(): Decree {
    let smallest = -1;
    for (const file of this.files) {
      const previous = this.previousMaxOf(file);
      if (smallest < 0 || previous < smallest) smallest = previous;
    }
    return smallest;
  }

  previousMaxOf(file: LogFile): Decree {
    return file.previousLogMaxDecree(this.appId, this.partitionIndex);
  }
}
