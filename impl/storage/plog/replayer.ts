/**
 * Replaying log files record by record (upstream mutation_log_replay; plog 9.3-9.5), for the log's own opening and for
 * foreign readers. Reads only: no file is renamed or changed.
 */
import type { ErrorCode } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { DiskError } from '../../env/contract.ts';
import { BLOCK_HEADER_SIZE } from './format.ts';
import type { LogFile } from './logFile.ts';
import { readRecord } from './record.ts';
import type { LogMutation } from './types.ts';

/** Called for each record in order, with its length in bytes. */
export type ReplayCallback = (lengthBytes: number, mutation: LogMutation) => void;

export class LogReplayer {
  protected readonly ctx: Context;
  /**
   * Global offset that the last replay reached: behind the last good record, or of the block that could not be read.
   */
  endOffset = 0;

  constructor(ctx: Context) {
    this.ctx = ctx;
  }

  /**
   * plog 9.3: the block at a local offset. Records before a bad one have been delivered. Moves `endOffset` to the next
   * block, or leaves it at the failing one.
   */
  replayBlock(file: LogFile, callback: ReplayCallback, localOffset: number): ErrorCode {
    file.resetStream(localOffset);
    this.endOffset = file.startOffset + localOffset;
    const body = file.readNextBlock();
    if (typeof body === 'string') return body;
    this.endOffset += BLOCK_HEADER_SIZE;
    let at = 0;
    if (localOffset === 0) {
      const header = file.readHeader(body);
      if (header === undefined) return 'ERR_INVALID_DATA';
      at = header.sizeBytes;
      this.endOffset += at;
    }
    return this.replayRecords(body, at, callback);
  }

  private replayRecords(body: Uint8Array, start: number, callback: ReplayCallback): ErrorCode {
    let at = start;
    while (at < body.length) {
      const record = readRecord(body, at, body.length);
      if (typeof record === 'string') return this.onBadRecord(record);
      if (!this.isInPlace(record.mutation)) return 'ERR_INVALID_DATA';
      callback(record.end - at, record.mutation);
      this.endOffset += record.end - at;
      at = record.end;
    }
    return 'ERR_OK';
  }

  /** A record knows where it belongs. */
  isInPlace(mutation: LogMutation): boolean {
    return mutation.logOffset === this.endOffset;
  }

  /**
   * Behind a good CRC only another program can have written it: a version or code that is not ours ends the process
   * (P3).
   */
  onBadRecord(fault: 'overrun' | 'count' | 'version' | 'code'): ErrorCode {
    this.ctx.env.check(fault !== 'version' && fault !== 'code', `log record with unknown ${fault}`);
    return 'ERR_INVALID_DATA';
  }

  /** plog 9.4: all blocks of a file. ERR_HANDLE_EOF: a clean end; ERR_INCOMPLETE_DATA: a torn tail. */
  replayFile(file: LogFile, callback: ReplayCallback): ErrorCode {
    this.endOffset = file.startOffset;
    for (;;) {
      const error = this.replayBlock(file, callback, this.endOffset - file.startOffset);
      if (error !== 'ERR_OK') return error;
    }
  }

  /**
   * plog 9.5: a set of open files, ordered by index. ERR_OBJECT_NOT_FOUND: an index is missing; ERR_INVALID_DATA: a
   * file does not start where the good data before it ends, or it is damaged. A torn tail is no error.
   */
  replayFiles(files: readonly LogFile[], callback: ReplayCallback): ErrorCode {
    this.endOffset = 0;
    if (!this.areConsecutive(files)) return 'ERR_OBJECT_NOT_FOUND';
    let expected = files[0]?.startOffset ?? 0;
    for (const file of files) {
      if (file.startOffset !== expected) return 'ERR_INVALID_DATA';
      const sizedEnd = file.endOffset;
      const error = this.replayFile(file, callback);
      file.closeRead();
      expected = this.endOffset;
      if (!this.isEndOfFile(error)) return error;
      this.ctx.env.check(
        error !== 'ERR_HANDLE_EOF' || this.endOffset >= sizedEnd,
        'replay reached the end of the file',
      );
    }
    return 'ERR_OK';
  }

  areConsecutive(files: readonly LogFile[]): boolean {
    const first = files[0]?.index ?? 0;
    return files.every((file, i) => file.index === first + i);
  }

  /** Whether the replay of a set goes on behind a file that ended so. */
  isEndOfFile(error: ErrorCode): boolean {
    return error === 'ERR_HANDLE_EOF' || error === 'ERR_INCOMPLETE_DATA';
  }

  /** The same for path names (learning): files that are no log, or are cut inside block 0, are left out. */
  replayPaths(paths: readonly string[], callback: ReplayCallback): ErrorCode {
    const files: LogFile[] = [];
    for (const path of paths) {
      const file = new this.ctx.parts.LogFile(this.ctx, path);
      const error = file.openRead();
      if (error === 'ERR_OK') files.push(file);
      else if (!this.isEndOfFile(error) && error !== 'ERR_INVALID_PARAMETERS') return error;
    }
    return this.replayFiles(
      files.sort((a, b) => a.index - b.index),
      callback,
    );
  }

  /** All log files of a directory (what a learner copied); the newest may be torn. */
  replayDirectory(dir: string, callback: ReplayCallback): ErrorCode {
    const paths: string[] = [];
    try {
      for (const name of this.ctx.env.disk.list(dir)) paths.push(`${dir}/${name}`);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      return 'ERR_FILE_OPERATION_FAILED';
    }
    return this.replayPaths(paths, callback);
  }
}
