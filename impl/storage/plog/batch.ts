/**
 * A batch of records on its way to the log: upstream's log_appender (plog 7.1, 7.2). Records are serialised as they are
 * added, straight into the bytes that will be written; block headers are left open until the batch is issued, since
 * their CRC chains on what was written before.
 */
import type { Decree, ErrorCode } from '../../../model/vocabulary.ts';
import type { Continuation } from '../../env/contract.ts';
import { newBytes, NO_BYTES } from '../../protocol/bytes.ts';
import { BLOCK_HEADER_SIZE, BLOCK_SIZE_LIMIT } from './format.ts';
import type { LogFile } from './logFile.ts';
import { recordSize, writeRecord } from './record.ts';
import type { LogMutation } from './types.ts';

export class LogBatch {
  readonly file: LogFile;
  /** Global offset of the first block header. */
  readonly startOffset: number;
  /** Kept for learners (plog 13.1). */
  readonly mutations: LogMutation[] = [];
  readonly callbacks: Continuation<ErrorCode>[] = [];
  /** Where in the batch each block header stands. */
  readonly blockStarts: number[] = [0];
  sizeBytes: number = BLOCK_HEADER_SIZE;
  maxDecree: Decree = 0;
  maxCommit: Decree = 0;
  private bytes: Uint8Array = NO_BYTES;

  constructor(file: LogFile, startOffset: number) {
    this.file = file;
    this.startOffset = startOffset;
  }

  /** Adds a record, in a new block when the last one is over the limit. Answers the record's global offset. */
  append(mutation: LogMutation): number {
    if (this.lastBlockSize() > BLOCK_SIZE_LIMIT) {
      this.blockStarts.push(this.sizeBytes);
      this.sizeBytes += BLOCK_HEADER_SIZE;
    }
    const at = this.sizeBytes;
    this.reserve(at + recordSize(mutation));
    this.sizeBytes = writeRecord(this.bytes, at, mutation, this.startOffset + at);
    this.mutations.push(mutation);
    if (mutation.decree > this.maxDecree) this.maxDecree = mutation.decree;
    if (mutation.lastCommittedDecree > this.maxCommit) this.maxCommit = mutation.lastCommittedDecree;
    return this.startOffset + at;
  }

  /** Header included. */
  lastBlockSize(): number {
    return this.sizeBytes - (this.blockStarts.at(-1) ?? 0);
  }

  /** The batch as it is to be written; a view, complete once the file has filled in the block headers. */
  contents(): Uint8Array {
    return this.bytes.subarray(0, this.sizeBytes);
  }

  /** A lone record gets bytes that fit it; an idle log issues it at once. */
  private reserve(size: number): void {
    if (size <= this.bytes.length) return;
    const grown = newBytes(this.bytes.length === 0 ? size : Math.max(size, 2 * this.bytes.length, 1024));
    grown.set(this.bytes);
    this.bytes = grown;
  }
}
