/**
 * The storage app without its checkpoints: opening, applying mutations, reading, closing (repl 1.6 Apply, 5.1 step 2;
 * upstream's replication_app_base and the write service of pegasus_server_impl).
 */
import type { Decree, ErrorCode } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { DiskError } from '../../env/contract.ts';
import type { Continuation } from '../../env/contract.ts';
import { newestTimestampUs } from '../../protocol/duplicate.ts';
import { decodeRows } from '../../protocol/rrdb.ts';
import type { DuplicateStatus, StorageAppOptions } from '../contracts.ts';
import { StorageError } from '../engine/contract.ts';
import type { BatchOp, StorageEngineContract } from '../engine/contract.ts';
import type { LogMutation } from '../plog/types.ts';
import { isRemoval } from '../valueHeader.ts';
import type { CheckpointInstall } from './checkpointInstall.ts';
import type { DuplicateWriter } from './duplicateWriter.ts';
import { CHECKPOINT_MARK, DATABASE_DIR, checkpointName, parseCheckpointName } from './names.ts';
import { decodeValue, encodeRemoval, encodeValue, timestampUsOf } from './valueSchema.ts';
import type { StoredValue } from './valueSchema.ts';

/** What the creation of a database makes before CURRENT. */
const FIRST_FILES: readonly string[] = ['MANIFEST-000001', 'CURRENT.tmp'];

export abstract class ReplicationApp {
  readonly ctx: Context;
  readonly options: StorageAppOptions;
  readonly engine: StorageEngineContract;
  readonly duplicates: DuplicateWriter;
  readonly install: CheckpointInstall;
  /** last_applied; upstream's last_committed_decree of the app. */
  protected lastApplied: Decree = 0;
  /** Decrees of the checkpoints, ascending. */
  protected checkpoints: Decree[] = [];
  /** D; checkpoint GC never lowers it. */
  protected lastDurable: Decree = 0;
  private newestUs = 0;

  constructor(ctx: Context, options: StorageAppOptions) {
    this.ctx = ctx;
    this.options = options;
    const { dataDir, hash, allowIngestBehind } = options;
    const dir = `${dataDir}/${DATABASE_DIR}`;
    this.engine = new ctx.parts.StorageEngine(ctx, { dir, hash, allowIngestBehind });
    this.duplicates = new ctx.parts.DuplicateWriter(ctx, options, this.engine);
    this.install = new ctx.parts.CheckpointInstall(ctx, dataDir);
  }

  // ------------------------------------------------------------------ open

  /** A new replica starts from nothing, whatever an earlier attempt left in the directory. */
  openNew(): ErrorCode {
    const { disk } = this.ctx.env;
    const { dataDir } = this.options;
    return this.opening(() => {
      if (disk.exists(dataDir)) {
        this.install.removeStaged();
        disk.remove(dataDir, { recursive: true });
      }
      disk.mkdir(dataDir);
      this.engine.open('create');
      return this.afterOpen();
    });
  }

  openExisting(): ErrorCode {
    return this.opening(() => {
      if (!this.hasData()) return 'ERR_FILE_OPERATION_FAILED';
      this.engine.open(this.isUnfinishedCreation() ? 'create' : 'existing');
      return this.afterOpen();
    });
  }

  /** The process may have ended while a learned checkpoint took the place of the data directory. */
  hasData(): boolean {
    return this.ctx.env.disk.exists(this.options.dataDir) || this.install.finishReplacement();
  }

  /** The process ended while it created the database: nothing was ever written to it. */
  isUnfinishedCreation(): boolean {
    const { disk } = this.ctx.env;
    const database = `${this.options.dataDir}/${DATABASE_DIR}`;
    if (!disk.exists(database)) return this.listCheckpointsOnDisk().length === 0;
    return disk.list(database).every((name) => FIRST_FILES.includes(name));
  }

  /** F read back, D found; a checkpoint of what is flushed when they differ (repl 5.1 step 2, S14). */
  afterOpen(): ErrorCode {
    this.lastApplied = this.engine.lastFlushedDecree();
    this.newestUs = this.newestRowUs();
    this.parseCheckpoints();
    const error = this.checkpointAtOpen();
    if (error !== 'ERR_OK') return error;
    this.checkDecrees(this.lastDurable === this.lastApplied, 'storage.open durable == applied', this.lastApplied);
    return 'ERR_OK';
  }

  /** The log does not tell of rows that came with another cluster's checkpoint, or that it has forgotten. */
  private newestRowUs(): number {
    let newestUs = 0;
    for (const { value } of this.engine.rows()) newestUs = Math.max(newestUs, timestampUsOf(value));
    return newestUs;
  }

  abstract checkpointAtOpen(): ErrorCode;

  /** The sorted list of whole checkpoints; every other directory that looks like one is deleted. */
  parseCheckpoints(): void {
    const { disk } = this.ctx.env;
    const { dataDir } = this.options;
    for (const name of disk.list(dataDir)) {
      const path = `${dataDir}/${name}`;
      if (!name.includes(CHECKPOINT_MARK) || disk.info(path).kind !== 'directory') continue;
      // One that cannot be removed is never taken for a checkpoint.
      if (parseCheckpointName(name) === undefined) this.removeDirectory(path);
    }
    this.checkpoints = this.listCheckpointsOnDisk();
    this.lastDurable = this.checkpoints.at(-1) ?? 0;
  }

  listCheckpointsOnDisk(): Decree[] {
    const { disk } = this.ctx.env;
    const decrees: Decree[] = [];
    for (const name of disk.list(this.options.dataDir)) {
      const decree = parseCheckpointName(name);
      if (decree !== undefined && disk.info(this.checkpointDir(decree)).kind === 'directory') decrees.push(decree);
    }
    return decrees.sort((a, b) => a - b);
  }

  /** Not open unless everything went well. */
  protected opening(open: () => ErrorCode): ErrorCode {
    const error = this.mapped(open);
    if (error !== 'ERR_OK') this.engine.abandon();
    return error;
  }

  protected mapped(body: () => ErrorCode): ErrorCode {
    try {
      return body();
    } catch (error) {
      if (error instanceof StorageError) return this.errorOf(error);
      if (error instanceof DiskError) return 'ERR_FILE_OPERATION_FAILED';
      throw error;
    }
  }

  isOpen(): boolean {
    return this.engine.isOpen();
  }

  lastDurableDecree(): Decree {
    return this.lastDurable;
  }

  lastFlushedDecree(): Decree {
    return this.engine.lastFlushedDecree();
  }

  lastCommittedDecree(): Decree {
    return this.lastApplied;
  }

  listCheckpoints(): readonly Decree[] {
    return [...this.checkpoints];
  }

  checkpointDir(decree: Decree): string {
    return `${this.options.dataDir}/${checkpointName(decree)}`;
  }

  // ------------------------------------------------------------------ apply and read

  applyMutation(mutation: LogMutation): ErrorCode {
    this.checkDecrees(this.mayApply(mutation.decree), 'storage.apply decree == applied + 1', mutation.decree);
    this.checkDecrees(mutation.updates.length > 0, 'storage.apply updates', mutation.decree);
    this.newestUs = Math.max(this.newestUs, newestTimestampUs(mutation));
    return this.writeAndRaise(this.batchOf(mutation), mutation.decree);
  }

  newestTimestampUs(): number {
    return this.newestUs;
  }

  mayApply(decree: Decree): boolean {
    return decree === this.lastApplied + 1;
  }

  /** Empty writes have no rows; an update that cannot be decoded is ignored (its decree is still written: repl.R7). */
  batchOf(mutation: LogMutation, again = false): readonly BatchOp[] {
    const batch: BatchOp[] = [];
    for (const update of mutation.updates) {
      if (update.code === 'RPC_RRDB_RRDB_DUPLICATE') {
        for (const op of this.duplicates.batchOf(update.data, again)) batch.push(op);
        continue;
      }
      const rows = decodeRows(update.code, update.data);
      if (rows === undefined) continue;
      for (const row of rows) {
        if (row.op === 'remove') batch.push(this.removalOf(row.key, mutation));
        else batch.push(this.putOf(row.key, row.value, row.expireTs, mutation));
      }
    }
    return batch;
  }

  duplicateStatus(body: Uint8Array): DuplicateStatus {
    return this.duplicates.statusOf(body);
  }

  putOf(key: string, value: string, expireTs: number, mutation: LogMutation): BatchOp {
    return { key, value: encodeValue(value, expireTs, mutation.timestampUs, this.options.clusterNumber) };
  }

  /** What the removal leaves, so that an older write of another cluster does not bring the row back (dup 7.3). */
  removalOf(key: string, mutation: LogMutation): BatchOp {
    return { key, value: encodeRemoval(mutation.timestampUs, this.options.clusterNumber) };
  }

  /** Rows and decree in one storage write; only then last_applied rises. */
  writeAndRaise(batch: readonly BatchOp[], decree: Decree): ErrorCode {
    const error = this.writeBatch(batch, decree);
    if (error === 'ERR_OK') this.raiseApplied(decree);
    return error;
  }

  writeBatch(batch: readonly BatchOp[], decree: Decree): ErrorCode {
    try {
      this.engine.write(batch, decree);
      return 'ERR_OK';
    } catch (error) {
      if (error instanceof StorageError) return this.errorOf(error);
      throw error;
    }
  }

  raiseApplied(decree: Decree): void {
    this.lastApplied = decree;
    this.ctx.env.emit({ kind: 'replica.applied', gpid: this.options.gpid, decree });
  }

  /** repl 1.6 Apply. */
  errorOf(error: StorageError): ErrorCode {
    switch (error.kind) {
      case 'corruption':
        return 'ERR_RDB_CORRUPTION';
      case 'io':
        return 'ERR_DISK_IO_ERROR';
      case 'barred':
        return 'ERR_TRY_AGAIN';
      case 'other':
        return 'ERR_LOCAL_APP_FAILURE';
    }
  }

  get(key: string, nowSeconds: number): StoredValue | undefined {
    const stored = this.engine.get(key);
    if (stored === undefined || isRemoval(stored)) return undefined;
    const row = decodeValue(stored);
    return this.isExpired(row.expireTs, nowSeconds) ? undefined : row;
  }

  isExpired(expireTs: number, nowSeconds: number): boolean {
    return expireTs > 0 && expireTs <= nowSeconds;
  }

  // ------------------------------------------------------------------ close

  /** A flush that fails is no loss: the private log has everything. */
  close(flush: boolean, then: Continuation): void {
    this.mapped(() => {
      this.engine.close(flush);
      return 'ERR_OK';
    });
    this.abandon();
    this.ctx.env.tasks.post('LPC_CLOSE_REPLICA', this.options.hash, 0, then);
  }

  abandon(): void {
    this.engine.abandon();
  }

  /** A directory that is not there counts as removed. */
  protected removeDirectory(dir: string): ErrorCode {
    return this.orFailure('ERR_FILE_OPERATION_FAILED', () => {
      const { disk } = this.ctx.env;
      if (disk.exists(dir)) disk.remove(dir, { recursive: true });
      return 'ERR_OK';
    });
  }

  protected orFailure(failure: ErrorCode, body: () => ErrorCode): ErrorCode {
    try {
      return body();
    } catch (error) {
      if (error instanceof StorageError || error instanceof DiskError) return failure;
      throw error;
    }
  }

  /** A check about decrees; when it fails, all of them are told. */
  protected checkDecrees(condition: boolean, name: string, decree: Decree): void {
    if (!condition) this.ctx.env.check(false, name, () => `decree ${decree}, ${this.describe()}`);
  }

  private describe(): string {
    const flushed = this.engine.lastFlushedDecree();
    return `${this.options.gpid}: durable ${this.lastDurable}, flushed ${flushed}, applied ${this.lastApplied}`;
  }
}
