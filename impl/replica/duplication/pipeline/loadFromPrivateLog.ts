/**
 * The pipeline's second stage: reads the private log block by block (dup 6.3; upstream's load_from_private_log), with
 * handles of its own, in the pool for long work.
 *
 * Departures: a file is left only when the next one begins where it ends (dup.B19; so a torn tail of an earlier life is
 * no error either); what was buffered is committed at the end of all that was written (dup.B24, B25); a good block
 * behind the last failure ends the count of failures (dup.B27); FAIL_FAST sends the replica to ERROR; a log whose
 * beginning a fault took is read from where it begins now, and what it lost is a hole like any other (upstream aborts).
 */
import type { Decree, ErrorCode } from '../../../../model/vocabulary.ts';
import type { Context } from '../../../context.ts';
import { task } from '../../../env/contract.ts';
import type { LogFileInfo, PrivateLogContract } from '../../../storage/contracts.ts';
import type { LogFile } from '../../../storage/plog/logFile.ts';
import type { LogReplayer } from '../../../storage/plog/replayer.ts';
import type { LogMutation } from '../../../storage/plog/types.ts';
import type { DuplicationPipeline } from './duplicationPipeline.ts';
import { LogFileSearch } from './logFileSearch.ts';

/** Failures of a block that make one of its file, and of a file before the fail mode decides. */
const MAX_BLOCK_ERRORS = 3;
const MAX_FILE_ERRORS = 10;

export class LoadFromPrivateLog extends LogFileSearch {
  readonly replayer: LogReplayer;
  private file: LogFile | undefined;
  /** Where in the file the next block stands. */
  private startOffset = 0;
  private blockErrors = 0;
  private fileErrors = 0;
  /** Global offset of the last block that could not be read. */
  private failedAt = -1;
  private readBytes = 0;
  private readMutations = 0;

  constructor(ctx: Context, pipeline: DuplicationPipeline) {
    super(ctx, pipeline);
    this.replayer = new ctx.parts.LogReplayer(ctx);
  }

  /** Index of the log file that is being read; undefined between files, and at rest. */
  readingFile(): number | undefined {
    return this.file?.index;
  }

  startFrom(start: Decree): void {
    this.start = start;
    this.runLater(0);
  }

  runLater(delayMs: number): void {
    const { dupLoadPlogTask } = this.ctx.settings;
    this.enqueue(dupLoadPlogTask, 0, delayMs, task(this, 'run'));
  }

  run(): void {
    const log = this.log();
    if (this.pipeline.isStopped()) return;
    if (log === undefined) {
      this.repeatAfterError();
      return;
    }
    if (!this.isBatchReady()) this.runLater(this.ctx.settings.dupWaitConfirmRepeatMs);
    else if (this.file === undefined) this.findLogFileToStart();
    else this.replayLogBlock(this.file, log);
  }

  /** The batch begins when the meta server has stored a progress, which protects the log. */
  isBatchReady(): boolean {
    const { batch } = this.pipeline;
    if (batch.hasBegun()) return true;
    if (this.host.confirmedDecree() < 0) return false;
    batch.reset(this.start - 1);
    return true;
  }

  repeatAfterError(): void {
    this.runLater(this.ctx.settings.dupLoadErrorRepeatMs);
  }

  // ------------------------------------------------------------------ reading

  onFileFound(file: LogFile | undefined): void {
    const log = this.log();
    if (file === undefined || log === undefined) {
      this.repeatAfterError();
      return;
    }
    this.startFile(file);
    this.replayLogBlock(file, log);
  }

  startFile(file: LogFile): void {
    this.file = file;
    this.startOffset = 0;
    this.blockErrors = 0;
  }

  /** What the replica has applied by now stands in the log already. */
  replayLogBlock(file: LogFile, log: PrivateLogContract): void {
    const applied = this.host.replica.lastAppliedDecree();
    const error = this.replayBlock(file);
    this.countRead();
    if (error === 'ERR_OK') this.onBlockLoaded(file);
    else this.onNoBlock(file, log, error, applied);
  }

  replayBlock(file: LogFile): ErrorCode {
    return this.replayer.replayBlock(
      file,
      (lengthBytes, mutation) => {
        this.readBytes += lengthBytes;
        this.readMutations++;
        this.onMutationRead(mutation);
      },
      this.startOffset,
    );
  }

  onMutationRead(mutation: LogMutation): void {
    this.pipeline.batch.add(mutation);
  }

  private countRead(): void {
    const { gpid, host } = this.host.replica;
    if (this.readMutations === 0) return;
    host.metrics.add(gpid, 'dup_log_read_bytes', this.readBytes);
    host.metrics.add(gpid, 'dup_log_read_mutations', this.readMutations);
    this.readBytes = 0;
    this.readMutations = 0;
  }

  private onBlockLoaded(file: LogFile): void {
    this.startOffset = this.replayer.endOffset - file.startOffset;
    if (this.replayer.endOffset > this.failedAt) this.onProgressBehindFailure();
    if (this.pipeline.batch.bytes() < this.ctx.settings.duplicateLogBatchBytes) this.runLater(0);
    else this.handOver();
  }

  /** Failures that have nothing to do with one another do not add up (dup.B27). */
  onProgressBehindFailure(): void {
    this.fileErrors = 0;
  }

  private onNoBlock(file: LogFile, log: PrivateLogContract, error: ErrorCode, applied: Decree): void {
    const next = this.nextFile(file, log);
    if (next !== undefined && this.isComplete(next, error)) this.switchToNextLogFile(next, applied);
    else if (this.isEndOfLog(next, log, error)) this.onEndOfLog(applied);
    else this.onBlockFailed(file, error);
  }

  nextFile(file: LogFile, log: PrivateLogContract): LogFileInfo | undefined {
    return log.logFiles().find((info) => info.index === file.index + 1);
  }

  /** Nothing more comes in the file: its successor begins where its good data ends. */
  isComplete(next: LogFileInfo, error: ErrorCode): boolean {
    return this.isEndOfData(error) && next.startOffset === this.replayer.endOffset;
  }

  isEndOfData(error: ErrorCode): boolean {
    return error === 'ERR_HANDLE_EOF' || error === 'ERR_INCOMPLETE_DATA';
  }

  /** All that was written has been read: more is on its way, or nothing is. */
  isEndOfLog(next: LogFileInfo | undefined, log: PrivateLogContract, error: ErrorCode): boolean {
    if (error === 'ERR_HANDLE_EOF') return next === undefined || log.maxDecreeOnDisk() < next.previousLogMaxDecree;
    return error === 'ERR_INCOMPLETE_DATA' && this.replayer.endOffset === log.globalEndOffset();
  }

  switchToNextLogFile(info: LogFileInfo, applied: Decree): void {
    const file = new this.ctx.parts.LogFile(this.ctx, info.path);
    const error = file.openRead();
    if (error === 'ERR_OK') {
      this.startFile(file);
      this.runLater(0);
    } else if (this.isNotBegun(info, error)) {
      this.onEndOfLog(applied);
    } else {
      this.onFileUnreadable(file, error);
    }
  }

  /** The next round reads the newest file anew (Q10): blocks verify only one behind the other. */
  onEndOfLog(applied: Decree): void {
    this.commitApplied(applied);
    this.file = undefined;
    this.handOver();
  }

  /** All records of what was applied have been read, so each decree is buffered in its newest ballot. */
  commitApplied(applied: Decree): void {
    this.pipeline.batch.commitApplied(applied);
  }

  handOver(): void {
    const { batch } = this.pipeline;
    this.pipeline.shipLoaded(batch.lastDecree(), batch.moveAllMutations());
  }

  // ------------------------------------------------------------------ failures

  onFileUnreadable(file: LogFile, error: ErrorCode): void {
    this.startFile(file);
    this.replayer.endOffset = file.startOffset;
    this.onBlockFailed(file, error);
  }

  onBlockFailed(file: LogFile, _error: ErrorCode): void {
    if (this.isVanished(file.index)) {
      this.onFileVanished();
      return;
    }
    this.failedAt = Math.max(this.failedAt, this.replayer.endOffset);
    this.blockErrors++;
    if (this.blockErrors < MAX_BLOCK_ERRORS || !this.onFileFailed(file)) this.repeatAfterError();
  }

  override onFileVanished(): void {
    this.file = undefined;
    super.onFileVanished();
  }

  /** Answers whether the loader has ended. */
  onFileFailed(file: LogFile): boolean {
    const { replica } = this.host;
    replica.host.metrics.add(replica.gpid, 'dup_log_file_load_failed_count', 1);
    this.fileErrors++;
    if (this.fileErrors >= MAX_FILE_ERRORS) {
      switch (this.host.failMode()) {
        case 'FAIL_SKIP':
          this.fileErrors = 0;
          if (this.skipFile(file)) return false;
          break;
        case 'FAIL_FAST':
          this.host.onLoadFailed();
          return true;
        case 'FAIL_SLOW':
          break;
      }
    }
    this.file = undefined;
    return false;
  }

  /** FAIL_SKIP: the rest of the file is given up. What it held shows as a hole when the next one is read. */
  skipFile(failed: LogFile): boolean {
    const log = this.log();
    const info = log === undefined ? undefined : this.nextFile(failed, log);
    if (info === undefined) return false;
    const file = new this.ctx.parts.LogFile(this.ctx, info.path);
    if (file.openRead() !== 'ERR_OK') return false;
    const { replica } = this.host;
    const skipped = file.startOffset - this.replayer.endOffset;
    replica.host.metrics.add(replica.gpid, 'dup_log_file_load_skipped_bytes', skipped);
    this.startFile(file);
    return true;
  }
}
