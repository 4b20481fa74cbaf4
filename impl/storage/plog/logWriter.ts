/**
 * The append path of the private log (upstream mutation_log_private; plog 7, 8): batches, one of them in flight, files
 * that rotate between batches. A new file's header is written after all that stands before it and before its first
 * batch (mends plog.P5), and with plog_force_flush acknowledgements follow the sync (mends plog.P4). After a failed
 * write nothing more is written: whatever waits gets the error, so that no record can stand behind a hole.
 */
import type { Decree, ErrorCode, Gpid } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { DiskError, task } from '../../env/contract.ts';
import type { Continuation, TaskHandle } from '../../env/contract.ts';
import { appIdOf, partitionIndexOfGpid } from '../../protocol/gpid.ts';
import type { PrivateLogOptions } from '../contracts.ts';
import { LogBatch } from './batch.ts';
import { FIRST_BLOCK_SIZE } from './format.ts';
import type { PreviousMax } from './format.ts';
import type { LogFile } from './logFile.ts';
import { formatLogFileName } from './names.ts';
import { withResult } from './resume.ts';
import type { LogMutation } from './types.ts';

export type SwitchReason = 'no file' | 'demand' | 'limit' | 'hint';

/**
 * Acknowledgements that may still be queued, so that `abandon` can withdraw them. A replica has at most
 * max_mutation_count_in_prepare_list (110) records on their way.
 */
const REMEMBERED_ACKS = 256;

export class LogWriter {
  protected readonly ctx: Context;
  protected readonly gpid: Gpid;
  protected readonly appId: number;
  protected readonly partitionIndex: number;
  protected readonly dir: string;
  protected readonly hash: number;
  protected readonly onIoError: Continuation<ErrorCode>;

  /** Ascending by index. */
  protected files: LogFile[] = [];
  protected currentFile: LogFile | undefined;
  /** Rises when all state is dropped: what was posted before no longer counts. */
  protected epoch = 0;
  protected opened = false;
  protected abandoned = false;
  /** The error of the first failed write or creation. */
  protected failure: ErrorCode | undefined;

  protected pending: LogBatch | undefined;
  /** The batch in flight. */
  protected issued: LogBatch | undefined;
  /** The new file whose header is not on disk yet. */
  protected headerDue: LogFile | undefined;
  /** Whether the write of that header was posted. */
  protected headerInFlight = false;
  private switchDemand = false;
  private switchHint = false;

  protected globalStart = 0;
  protected globalEnd = 0;
  protected lastFileIndex = 0;
  /** Records below this global offset are void: they are not replayed, and not for learners. */
  protected validStart = 0;
  /** Largest decree issued, or accepted in replay. */
  protected maxDecreeIssued: Decree = 0;
  protected maxDecreeWritten: Decree = 0;
  protected maxCommitWritten: Decree = 0;

  private flushWaiters: Continuation[] = [];
  private readonly acks: (TaskHandle | undefined)[] = [];
  private ackCount = 0;

  constructor(ctx: Context, options: PrivateLogOptions) {
    this.ctx = ctx;
    this.gpid = options.gpid;
    this.appId = appIdOf(options.gpid);
    this.partitionIndex = partitionIndexOfGpid(options.gpid);
    this.dir = options.dir;
    this.hash = options.hash;
    this.onIoError = options.onIoError;
  }

  // -------------------------------------------------------------- append

  /** plog 7.2; see the contract. Answers -1 after a failure. */
  append(mutation: LogMutation, then: Continuation<ErrorCode> | undefined): number {
    if (this.abandoned) return -1;
    this.ctx.env.check(this.opened, 'append to an open log', () => this.dir);
    const batch = this.pending ?? this.createBatch(mutation.decree);
    if (batch === undefined) {
      if (then !== undefined) this.acknowledge(then, this.failure ?? 'ERR_FILE_OPERATION_FAILED');
      return -1;
    }
    this.pending = batch;
    const offset = this.appendToBatch(batch, mutation);
    if (then !== undefined) batch.callbacks.push(then);
    this.issueIfIdle();
    return offset;
  }

  /** The record goes into the bytes here: later changes of the mutation do not matter. */
  appendToBatch(batch: LogBatch, mutation: LogMutation): number {
    return batch.append(mutation);
  }

  /** A batch at the write position, in a new file when one is due; undefined when the log has failed. */
  createBatch(firstDecree: Decree): LogBatch | undefined {
    if (this.failure !== undefined) return undefined;
    const file = this.needSwitchFile() === undefined ? this.currentFile : this.createNewLogFile(firstDecree);
    return file === undefined ? undefined : new LogBatch(file, this.globalEnd);
  }

  /** plog 7.4; asked between batches only. */
  needSwitchFile(): SwitchReason | undefined {
    if (this.currentFile === undefined) return 'no file';
    if (this.switchDemand) return 'demand';
    const size = this.globalEnd - this.currentFile.startOffset;
    const limit = this.ctx.settings.logPrivateFileSizeBytes;
    if (size >= limit) return 'limit';
    if (this.switchHint && size >= Math.floor(limit / 10)) return 'hint';
    return undefined;
  }

  /** Undefined, and the log has failed, when the file cannot be created. */
  createNewLogFile(firstDecree: Decree): LogFile | undefined {
    const index = this.lastFileIndex + 1;
    const file = new this.ctx.parts.LogFile(this.ctx, `${this.dir}/${formatLogFileName(index, this.globalEnd)}`);
    const error = this.guarded(() => {
      file.createWrite(index, this.globalEnd, this.previousMax(firstDecree));
    });
    if (error !== 'ERR_OK') {
      this.failLog(error);
      return undefined;
    }
    if (this.files.length === 0) this.globalStart = this.globalEnd;
    this.files.push(file);
    this.currentFile = file;
    this.lastFileIndex = index;
    this.globalEnd += FIRST_BLOCK_SIZE;
    this.switchDemand = false;
    this.switchHint = false;
    this.headerDue = file;
    return file;
  }

  /** The new file's header entry. All decrees before it are issued, since files switch between batches only. */
  previousMax(firstDecree: Decree): PreviousMax {
    return {
      appId: this.appId,
      partitionIndex: this.partitionIndex,
      maxDecree: Math.max(this.previousLogMaxDecree(), this.beginsAfter(firstDecree)),
      validStartOffset: this.validStart,
    };
  }

  /**
   * A log without valid records may belong to a storage that has decrees: what stands before its first record is gone.
   * So 0 in a header says that there was nothing, which upstream's does not (plog.P10).
   */
  beginsAfter(firstDecree: Decree): Decree {
    return this.globalEnd <= this.validStart ? firstDecree - 1 : 0;
  }

  /** Largest decree of any record written or being written before the new file. */
  previousLogMaxDecree(): Decree {
    return this.maxDecreeIssued;
  }

  onWriteLogHeader(epoch: number, index: number): void {
    const file = this.headerDue;
    if (epoch !== this.epoch || file === undefined || file.index !== index) return;
    const error = this.guarded(() => file.writeHeader());
    this.headerDue = undefined;
    this.headerInFlight = false;
    if (error === 'ERR_OK') this.issueIfIdle();
    else this.failLog(error);
    this.resumeFlushed();
  }

  // -------------------------------------------------------------- issue and completion

  /** One batch in flight per log, and none before its file's header. */
  canIssue(): boolean {
    return this.issued === undefined && this.headerDue === undefined;
  }

  /**
   * A new file says by its start that everything before it is there: its header waits for the batch in flight in the
   * old file. A crash between the two would otherwise leave a gap of offsets, and the replica could not be loaded.
   */
  canWriteHeader(): boolean {
    return this.issued === undefined;
  }

  issueIfIdle(): void {
    if (this.headerDue !== undefined && !this.headerInFlight && this.canWriteHeader()) this.issueHeader(this.headerDue);
    if (this.pending !== undefined && this.canIssue()) this.writePendingMutations();
  }

  private issueHeader(file: LogFile): void {
    this.headerInFlight = true;
    const then = task(this, 'onWriteLogHeader', this.epoch, file.index);
    this.ctx.env.tasks.post('LPC_WRITE_REPLICATION_LOG_COMMON', this.hash, 0, then);
  }

  /** plog 7.3: reserves the range, completes the bytes and hands them to the writing thread. */
  writePendingMutations(): void {
    const batch = this.pending;
    if (batch === undefined) return;
    this.ctx.env.check(batch.startOffset === this.globalEnd, 'batch starts at the end of the log');
    this.pending = undefined;
    this.issued = batch;
    this.globalEnd += batch.sizeBytes;
    batch.file.endOffset = this.globalEnd;
    if (batch.maxDecree > this.maxDecreeIssued) this.maxDecreeIssued = batch.maxDecree;
    batch.file.sealBlocks(batch);
    const then = task(this, 'onWriteBatch', this.epoch, batch.file.index, batch.startOffset);
    this.ctx.env.tasks.post('LPC_WRITE_REPLICATION_LOG_PRIVATE', this.hash, 0, then);
  }

  onWriteBatch(epoch: number, _fileIndex: number, startOffset: number): void {
    const batch = this.issued;
    if (epoch !== this.epoch || batch === undefined || batch.startOffset !== startOffset) return;
    const error = this.commitLogBlocks(batch);
    this.issued = undefined;
    if (error === 'ERR_OK') this.onWriteCompleted(batch);
    else this.onWriteFailed(batch, error);
    this.resumeFlushed();
  }

  /** The write, and with plog_force_flush the sync; the batch is acknowledged only after both. */
  commitLogBlocks(batch: LogBatch): ErrorCode {
    return this.guarded(() => {
      batch.file.writeBatch(batch);
      if (this.ctx.settings.plogForceFlush) batch.file.sync();
    });
  }

  onWriteCompleted(batch: LogBatch): void {
    if (batch.maxDecree > this.maxDecreeWritten) this.maxDecreeWritten = batch.maxDecree;
    if (batch.maxCommit > this.maxCommitWritten) this.maxCommitWritten = batch.maxCommit;
    this.ackBatch(batch, 'ERR_OK');
    this.issueIfIdle();
  }

  onWriteFailed(batch: LogBatch, error: ErrorCode): void {
    this.ackBatch(batch, error);
    this.failLog(error);
  }

  /** Callbacks in append order. */
  ackBatch(batch: LogBatch, error: ErrorCode): void {
    for (const then of batch.callbacks) this.acknowledge(then, error);
  }

  acknowledge(then: Continuation<ErrorCode>, error: ErrorCode): void {
    const handle = this.ctx.env.tasks.post('LPC_WRITE_REPLICATION_LOG', this.hash, 0, withResult(then, error));
    this.acks[this.ackCount++ % REMEMBERED_ACKS] = handle;
  }

  /** The first failure is told to the replica; the batch that waits fails with it instead of waiting for ever. */
  failLog(error: ErrorCode): void {
    const waiting = this.pending;
    if (!this.headerInFlight) this.headerDue = undefined;
    this.pending = undefined;
    if (waiting !== undefined) this.ackBatch(waiting, error);
    if (this.failure !== undefined) return;
    this.failure = error;
    this.ctx.env.tasks.post('LPC_REPLICATION_ERROR', this.hash, 0, withResult(this.onIoError, error));
  }

  protected guarded(write: () => void): ErrorCode {
    try {
      write();
      return 'ERR_OK';
    } catch (error) {
      if (error instanceof DiskError) return 'ERR_FILE_OPERATION_FAILED';
      throw error;
    }
  }

  // -------------------------------------------------------------- flush, switches

  isIdle(): boolean {
    return this.pending === undefined && this.issued === undefined && this.headerDue === undefined;
  }

  /** plog 7.5. No sync. */
  flush(then: Continuation): void {
    this.flushWaiters.push(then);
    this.resumeFlushed();
  }

  /** The same in the caller's task: it writes what others would have, and answers the error of a log that has failed. */
  flushNow(): ErrorCode {
    while (!this.isIdle()) {
      const batch = this.issued;
      const file = this.headerDue;
      if (batch !== undefined) this.onWriteBatch(this.epoch, batch.file.index, batch.startOffset);
      else if (file !== undefined) this.onWriteLogHeader(this.epoch, file.index);
      else this.issueIfIdle();
    }
    return this.failure ?? 'ERR_OK';
  }

  protected resumeFlushed(): void {
    if (this.flushWaiters.length === 0 || !this.isIdle()) return;
    const waiters = this.flushWaiters;
    this.flushWaiters = [];
    for (const then of waiters) this.ctx.env.tasks.post('LPC_WRITE_REPLICATION_LOG', this.hash, 0, then);
  }

  demandSwitchFile(): void {
    this.switchDemand = true;
  }

  hintSwitchFile(): void {
    this.switchHint = true;
  }

  /** All state back to its beginning; what is in flight no longer counts. */
  protected reset(): void {
    this.epoch++;
    this.opened = false;
    this.files = [];
    this.currentFile = undefined;
    this.failure = undefined;
    this.pending = undefined;
    this.issued = undefined;
    this.headerDue = undefined;
    this.headerInFlight = false;
    this.switchDemand = false;
    this.switchHint = false;
    this.globalStart = 0;
    this.globalEnd = 0;
    this.lastFileIndex = 0;
    this.validStart = 0;
    this.maxDecreeIssued = 0;
    this.maxDecreeWritten = 0;
    this.maxCommitWritten = 0;
  }

  /** Drops everything without writing it; acknowledgements already queued are withdrawn. */
  abandon(): void {
    this.reset();
    this.abandoned = true;
    for (const handle of this.acks) handle?.cancel();
    this.acks.length = 0;
    this.resumeFlushed();
  }
}
