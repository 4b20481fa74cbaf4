/**
 * What the replica layer knows of its storage: the private log and the storage app (repl's replication_app_base and
 * pegasus_server_impl). The classes are parts (`context.parts.PrivateLog`, `context.parts.StorageApp`).
 */
import type { CheckpointTrigger, Decree, ErrorCode, Gpid } from '../../model/vocabulary.ts';
import type { Continuation } from '../env/contract.ts';
import type { IngestionRequest } from '../protocol/bulkLoadMessages.ts';
import type { Metrics } from '../replica/metrics.ts';
import type { LogMutation } from './plog/types.ts';

export interface PrivateLogOptions {
  readonly gpid: Gpid;
  /** `<replica dir>/plog` */
  readonly dir: string;
  /** Thread hash of the gpid. */
  readonly hash: number;
  /** Resumed (in LPC_REPLICATION_ERROR) when a write or the creation of a file fails; the replica goes to ERROR. */
  readonly onIoError: Continuation<ErrorCode>;
}

/** A file of the log as the log knows it; readers open it themselves, and may find it gone. */
export interface LogFileInfo {
  readonly index: number;
  readonly path: string;
  /** Global offset of its first byte. */
  readonly startOffset: number;
  /** The largest decree written before it was created. */
  readonly previousLogMaxDecree: Decree;
}

/** What a learner gets of a log (plog 13.1). */
export interface LogLearnState {
  /** Paths of log files, from the oldest on. Nobody keeps them: a copy may find one gone, or torn at its end. */
  readonly files: readonly string[];
  /** Records from the asked decree on that are being written, then those that wait; one may be in a file too. */
  readonly inMemory: readonly LogMutation[];
  /** Files and memory hold every record from the asked decree on, and nothing void. */
  readonly covers: boolean;
}

/** plog sections 7-13; functions bear upstream's names. Blocking calls charge their disk cost to the caller's task. */
export interface PrivateLogContract {
  /**
   * plog 8; set from `.init-info` before open, for a replica that was here before. What holds then is told by
   * `validStartOffset`.
   */
  setValidStartOffsetOnOpen(offset: number): void;
  /**
   * plog 10. `replay` is called for each record of the files chosen by `replayDecree` (files whose records are all
   * covered are skipped), also for void ones, as `isValid` tells: the stored offset may be of a numbering that a reset
   * has ended. It answers whether the record counts for max_decree. Not open afterwards when the result is not ERR_OK.
   */
  open(replayDecree: Decree, replay: (mutation: LogMutation, isValid: boolean) => boolean): ErrorCode;
  /**
   * plog 7.2. Never fails itself; `then` (may be undefined: learning) resumes in LPC_WRITE_REPLICATION_LOG with ERR_OK
   * when the batch that holds the record has been written (and synced with plog_force_flush), or with the error.
   * Continuations resume in append order. Answers the record's global offset.
   */
  append(mutation: LogMutation, then: Continuation<ErrorCode> | undefined): number;
  /** plog 7.5: issues what is pending; `then` resumes when nothing is pending or running. */
  flush(then: Continuation): void;
  /**
   * The same in the caller's task: everything appended is written, in the order of the log, when it answers. The error
   * of a log that has failed. No sync.
   */
  flushNow(): ErrorCode;
  /** flush, then forget all state; `then` resumes when it is closed. */
  close(then: Continuation): void;
  /** Drops everything at once without flushing (the replica failed); no continuation of append resumes any more. */
  abandon(): void;
  /** plog 12, in the caller's task; answers the number of files deleted. */
  garbageCollection(cleanableDecree: Decree, validStartOffset: number): number;
  /**
   * plog 8: everything appended so far is void, the log begins anew behind `decree`, and in a new file. Answers the new
   * valid start offset, which `.init-info` must say already.
   */
  onPartitionReset(decree: Decree): number;
  /** Records below this global offset are void; to be stored in `.init-info` after an opening or `resetFrom`. */
  validStartOffset(): number;
  /**
   * plog 13.1. `scope` 'all': also void files, which a learner of a duplicated table must have when its learn start
   * stepped back, since duplication ships from them; its `resetFrom` knows what of them is void.
   */
  getLearnState(start: Decree, scope?: 'valid' | 'all'): LogLearnState;
  /**
   * plog 13.3: the files of `dir` become the log. Not open afterwards when the result is not ERR_OK, and the replica must
   * be loaded again: the old log is there, or the new one. ERR_OBJECT_NOT_FOUND: an index is missing;
   * ERR_INVALID_PARAMETERS: a file that is no log file; ERR_INVALID_DATA, ERR_INCOMPLETE_DATA, ERR_HANDLE_EOF: a damaged one
   * (`dir` is deleted after these); ERR_FILE_OPERATION_FAILED; ERR_INVALID_STATE: it was not open, nothing has changed.
   */
  resetFrom(dir: string): ErrorCode;
  /** A file switch at the next batch (plog 7.4 "demand" and "hint"). */
  demandSwitchFile(): void;
  hintSwitchFile(): void;
  updateCleanableDecree(decree: Decree): void;
  /** Files that cover nothing beyond it may go at any time; 0 after opening. */
  cleanableDecree(): Decree;
  /** Ascending by index; the newest may have no header on disk yet. */
  logFiles(): readonly LogFileInfo[];
  maxDecree(): Decree;
  maxDecreeOnDisk(): Decree;
  maxCommitOnDisk(): Decree;
  /** -1 when there is no file. */
  maxGcedDecree(): Decree;
  globalEndOffset(): number;
  totalSizeBytes(): number;
}

export interface StorageAppOptions {
  readonly gpid: Gpid;
  /** `<replica dir>/data` */
  readonly dataDir: string;
  readonly hash: number;
  /** Takes part in time tags; 1 for the first cluster of a world. */
  readonly clusterNumber: number;
  /** Of the table; without it keys are taken for the partition's own. */
  readonly partitionCount?: number;
  /** Where writes of other clusters are counted. */
  readonly metrics?: Metrics;
  /** Looked at when the database is created, and never again: files may be ingested behind (bl 15.3). */
  readonly allowIngestBehind?: boolean;
}

/** An ingestion write that is applied and whose files are neither in nor given up (bl 15.3). */
export interface PendingIngestion {
  readonly decree: Decree;
  readonly request: IngestionRequest;
}

/** The storage's word on a DUPLICATE write (dup 7.2): 0 OK, 4 an invalid argument, of which nothing is applied. */
export interface DuplicateStatus {
  readonly status: number;
  readonly hint: string;
}

export interface CheckpointResult {
  readonly error: ErrorCode;
  /** last_durable afterwards. */
  readonly durable: Decree;
}

/** The newest checkpoint, for a learner. */
export interface LearnCheckpoint {
  /** ERR_OK, or ERR_GET_LEARN_STATE_FAILED: there is none, or its directory cannot be read. */
  readonly error: ErrorCode;
  /** The data directory. */
  readonly baseDir: string;
  /** Relative to it: `checkpoint.<D>/...`. They may go at any time, so that a copy of them fails. */
  readonly files: readonly string[];
  /** to_decree_included. */
  readonly decree: Decree;
}

/** repl 1.2, 2.1, 2.5, 2.6, 5.1; pegasus_server_impl's and replication_app_base's function names. */
export interface StorageAppContract {
  /** Creates an empty database (new replica), or opens what is there: F read back, checkpoint made when F != D (5.1 step 2). */
  openNew(): ErrorCode;
  openExisting(): ErrorCode;
  isOpen(): boolean;
  lastDurableDecree(): Decree;
  lastFlushedDecree(): Decree;
  lastCommittedDecree(): Decree;
  /** No row was written or removed later than this, wherever that was, in wall microseconds; whoever writes next is later. */
  newestTimestampUs(): number;
  /**
   * repl 1.6 Apply: exactly last_applied + 1; writes rows and the decree; raises last_applied; emits `replica.applied`. An
   * ingestion write brings no rows: it is pending afterwards, behind those that are pending already.
   */
  applyMutation(mutation: LogMutation): ErrorCode;
  /** dup 7.2: what is answered to such a body; it depends on the body and the options only. */
  duplicateStatus(body: Uint8Array): DuplicateStatus;
  /** A row by its stored key (binary string); undefined when absent or expired at `nowSeconds` (since 2016-01-01). */
  get(key: string, nowSeconds: number): { readonly value: string; readonly expireTs: number } | undefined;
  /** repl 2.1; runs in the caller's task (LPC_CHECKPOINT_REPLICA). Emits `checkpoint.ended` with the trigger. */
  asyncCheckpoint(flush: boolean, trigger: CheckpointTrigger): CheckpointResult;
  /** repl 2.1; no concurrent writes. */
  syncCheckpoint(trigger: CheckpointTrigger): CheckpointResult;
  copyCheckpointToDir(dir: string, flush: boolean): { readonly error: ErrorCode; readonly decree: Decree };
  /** repl 2.1 get_checkpoint: files of the newest checkpoint, relative to its directory. */
  getCheckpoint(): { readonly error: ErrorCode; readonly dir: string; readonly files: readonly string[]; readonly decree: Decree };
  /** repl 1.9 LT_APP, at the primary. */
  getLearnCheckpoint(): LearnCheckpoint;
  /**
   * repl 2.8, at the learner: the directory `dir/<that of the first file>`, whole and synced, becomes the storage, with
   * `checkpoint.<toDecreeIncluded>` as its only checkpoint; without files the storage is empty afterwards. Everything of
   * the old one is gone then, its checkpoints and its pending ingestions too. The table's envs are to be told anew; whether
   * files may be ingested behind comes with the checkpoint. The private log and `.init-info` are the caller's.
   * ERR_LOCAL_APP_FAILURE: the checkpoint is not whole; it is open and nothing has changed. After any other error, and
   * after a crash, what is on disk is the old storage or the new one, whole, or a new one that cannot be opened because
   * its files are damaged; it is not open.
   */
  applyCheckpoint(dir: string, files: readonly string[], toDecreeIncluded: Decree): ErrorCode;
  /** repl 1.9, at the learner: all storage goes, and an empty one is opened. Errors and crashes as of `applyCheckpoint`. */
  discardAndOpenNew(): ErrorCode;
  listCheckpoints(): readonly Decree[];
  /** Table envs: reserve counts of checkpoints, manual compaction trigger (repl 2.2, 2.6). */
  updateAppEnvs(envs: Readonly<Record<string, string>>): void;
  /**
   * The oldest ingestion that is applied and not resolved; they are resolved in the order of their decrees. While there
   * is one nothing is flushed, so that a crash replays it (departures: bl.B12).
   */
  pendingIngestion(): PendingIngestion | undefined;
  /** What its table allowed when the database was made; files may go below its data. */
  allowsIngestBehind(): boolean;
  /**
   * Resolves the oldest pending ingestion. `paths`: its files in the order of its metadata, whole by their MD5 (the
   * caller's matter), linked in and not removed. Undefined: the caller gives it up, nothing comes in.
   * ERR_OK: resolved as asked. Whatever resolves it, `lastFlushedDecree()` covers it: it is not replayed.
   * ERR_INGESTION_FAILED: resolved without any rows, on every member alike: no files, a file that is no set of rows, or
   * `ingestBehind` on a database that does not allow it.
   * ERR_INVALID_STATE: nothing is pending. Any other error is the disk's (also a file that is not there): it is still
   * pending, and nothing has changed.
   */
  finishIngestion(paths: readonly string[] | undefined): ErrorCode;
  /** A flush that was asked for waits for a pending ingestion, or has not ended since: it comes by itself. */
  isFlushHeldUp(): boolean;
  /** With flush: a graceful stop. Continues when nothing runs any more. */
  close(flush: boolean, then: Continuation): void;
  /** Drops everything at once (process end of the replica object without I/O). */
  abandon(): void;
}
