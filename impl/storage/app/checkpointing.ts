/**
 * Checkpoints of the storage app: the table of repl 2.1, creation, fetching, reserve and GC (repl 2.6); upstream's
 * pegasus_server_impl. D = last_durable, F = last_flushed, C = last_applied. One token covers all operations of a
 * replica.
 */
import type { CheckpointTrigger, Decree, ErrorCode } from '../../../model/vocabulary.ts';
import { DiskError } from '../../env/contract.ts';
import type { CheckpointResult } from '../contracts.ts';
import { IngestingApp } from './ingestingApp.ts';
import { ENV_RESERVE_MIN_COUNT, ENV_RESERVE_TIME_SECONDS, parseInteger, unfinishedCheckpointName } from './names.ts';

export interface Decrees {
  readonly durable: Decree;
  readonly flushed: Decree;
  readonly committed: Decree;
}

export type CopyResult = { readonly error: ErrorCode; readonly decree: Decree };

export abstract class CheckpointingApp extends IngestingApp {
  /** Upstream's _is_checkpointing. */
  private isCheckpointing = false;
  private reserve: { readonly minCount: number; readonly timeSeconds: number } | undefined;

  // ------------------------------------------------------------------ asynchronous checkpoint

  asyncCheckpoint(flush: boolean, trigger: CheckpointTrigger): CheckpointResult {
    if (!this.takeToken()) return this.ended(trigger, 'ERR_WRONG_TIMING');
    const error = this.decideAsyncCheckpoint(flush);
    this.releaseToken();
    return this.ended(trigger, error);
  }

  /** The result table. */
  decideAsyncCheckpoint(flush: boolean): ErrorCode {
    const { durable, flushed, committed } = this.readDecrees();
    this.checkDecrees(durable <= flushed && flushed <= committed, 'checkpoint D <= F <= C', committed);
    if (durable === committed) return 'ERR_OK';
    // Not now: the flush begins when the ingestion is resolved, and the caller comes again after it.
    if (flush && this.isIngestionPending()) return this.flushMemtableAsync();
    if (durable === flushed) return flush ? this.flushMemtableAsync() : 'ERR_OK';
    return this.createCheckpoint(flush);
  }

  /** All three at one moment (mends repl.R6). */
  readDecrees(): Decrees {
    return { durable: this.lastDurable, flushed: this.lastFlushedDecree(), committed: this.lastApplied };
  }

  flushMemtableAsync(): ErrorCode {
    return this.orFailure('ERR_LOCAL_APP_FAILURE', () => {
      this.engine.flushAsync();
      return 'ERR_TRY_AGAIN';
    });
  }

  /** Copy under a temporary name, learn what it holds, then give it the name that tells so. */
  createCheckpoint(flush: boolean): ErrorCode {
    const unfinished = `${this.options.dataDir}/${unfinishedCheckpointName(this.ctx.env.clock.wallUs())}`;
    const removed = this.removeDirectory(unfinished);
    if (removed !== 'ERR_OK') return removed;
    const copy = this.copyCheckpointToDirUnsafe(unfinished, flush);
    const error = copy.error === 'ERR_OK' ? this.renameCheckpoint(unfinished, copy.decree) : copy.error;
    if (error === 'ERR_OK') this.appendCheckpoint(copy.decree);
    else this.removeDirectory(unfinished);
    return error;
  }

  renameCheckpoint(unfinished: string, decree: Decree): ErrorCode {
    const dir = this.checkpointDir(decree);
    const removed = this.removeDirectory(dir);
    if (removed !== 'ERR_OK') return removed;
    return this.orFailure('ERR_FILE_OPERATION_FAILED', () => {
      this.ctx.env.disk.rename(unfinished, dir);
      return 'ERR_OK';
    });
  }

  appendCheckpoint(decree: Decree): void {
    const newest = this.checkpoints.at(-1) ?? 0;
    this.checkDecrees(decree > this.lastDurable && decree > newest, 'checkpoint grows', decree);
    this.checkpoints.push(decree);
    this.lastDurable = decree;
    this.gcCheckpoints(false);
  }

  // ------------------------------------------------------------------ synchronous checkpoint

  /** Only where nothing writes meanwhile: its label is read before the copy is made. */
  syncCheckpoint(trigger: CheckpointTrigger): CheckpointResult {
    const label = this.beginSyncCheckpoint();
    if (label === undefined) return this.ended(trigger, 'ERR_WRONG_TIMING');
    return this.finishSyncCheckpoint(label, trigger);
  }

  /** The decree that the checkpoint will be named after; undefined when the token is taken, or nothing may be flushed. */
  beginSyncCheckpoint(): Decree | undefined {
    if (this.isIngestionPending()) return undefined;
    return this.takeToken() ? this.lastApplied : undefined;
  }

  finishSyncCheckpoint(label: Decree, trigger: CheckpointTrigger): CheckpointResult {
    const error = label === this.lastDurable ? 'ERR_OK' : this.createSyncCheckpoint(label);
    this.releaseToken();
    return this.ended(trigger, error);
  }

  createSyncCheckpoint(label: Decree): ErrorCode {
    const dir = this.checkpointDir(label);
    const removed = this.removeDirectory(dir);
    if (removed !== 'ERR_OK') return removed;
    let error = this.copyDatabase(dir, true);
    if (error !== 'ERR_OK') error = this.copyDatabase(dir, true);
    if (error !== 'ERR_OK') return error;
    this.checkDecrees(this.lastFlushedDecree() === label, 'sync checkpoint flushed == label', label);
    this.appendCheckpoint(label);
    return 'ERR_OK';
  }

  // ------------------------------------------------------------------ copies

  copyCheckpointToDir(dir: string, flush: boolean): CopyResult {
    if (flush && this.isIngestionPending()) return { error: 'ERR_TRY_AGAIN', decree: 0 };
    if (!this.takeToken()) return { error: 'ERR_WRONG_TIMING', decree: 0 };
    const removed = this.removeDirectory(dir);
    const copy = removed === 'ERR_OK' ? this.copyCheckpointToDirUnsafe(dir, flush) : { error: removed, decree: 0 };
    this.releaseToken();
    return copy;
  }

  /** Without the token. The decree is what the copy says, which may be more than F was when it began. */
  copyCheckpointToDirUnsafe(dir: string, flush: boolean): CopyResult {
    const error = this.copyDatabase(dir, flush);
    return error === 'ERR_OK' ? this.labelOf(dir) : { error, decree: 0 };
  }

  copyDatabase(dir: string, flush: boolean): ErrorCode {
    return this.orFailure('ERR_LOCAL_APP_FAILURE', () => {
      this.engine.createCheckpoint(dir, flush);
      return 'ERR_OK';
    });
  }

  /** The decree that a checkpoint's directory holds, read from its own files. */
  labelOf(dir: string): CopyResult {
    let decree = 0;
    const error = this.orFailure('ERR_LOCAL_APP_FAILURE', () => {
      decree = this.engine.readDecree(dir);
      return 'ERR_OK';
    });
    return { error, decree };
  }

  getCheckpoint(): CopyResult & { readonly dir: string; readonly files: readonly string[] } {
    const decree = this.lastDurable;
    if (decree === 0) return { error: 'ERR_OBJECT_NOT_FOUND', dir: '', files: [], decree: 0 };
    const dir = this.checkpointDir(decree);
    let files: readonly string[] = [];
    const error = this.orFailure('ERR_FILE_OPERATION_FAILED', () => {
      files = this.ctx.env.disk.list(dir);
      return 'ERR_OK';
    });
    return { error, dir, files, decree };
  }

  // ------------------------------------------------------------------ reserve and GC

  /** Both values or none are taken over (repl 2.6). */
  updateCheckpointReserve(envs: Readonly<Record<string, string>>): void {
    const minCount = this.reserveOf(envs[ENV_RESERVE_MIN_COUNT], this.ctx.settings.checkpointReserveMinCount);
    const timeSeconds = this.reserveOf(envs[ENV_RESERVE_TIME_SECONDS], this.ctx.settings.checkpointReserveTimeSeconds);
    if (minCount === undefined || minCount <= 0 || timeSeconds === undefined || timeSeconds < 0) return;
    this.reserve = { minCount, timeSeconds };
  }

  private reserveOf(env: string | undefined, setting: number): number | undefined {
    return env === undefined ? setting : parseInteger(env);
  }

  reserveMinCount(): number {
    return this.reserve?.minCount ?? this.ctx.settings.checkpointReserveMinCount;
  }

  reserveTimeSeconds(): number {
    return this.reserve?.timeSeconds ?? this.ctx.settings.checkpointReserveTimeSeconds;
  }

  /** `force`: all but the newest, whatever their age. Never touches D. */
  gcCheckpoints(force: boolean): void {
    const minCount = force ? 1 : this.reserveMinCount();
    const timeSeconds = force ? 0 : this.reserveTimeSeconds();
    const count = this.deletableCheckpoints(minCount, timeSeconds);
    const deleted = this.checkpoints.splice(0, count);
    const kept = deleted.filter((decree) => this.removeDirectory(this.checkpointDir(decree)) !== 'ERR_OK');
    if (kept.length > 0) this.checkpoints = [...kept, ...this.checkpoints].sort((a, b) => a - b);
  }

  /** How many of the oldest may go: up to the first that is not expired, and never one of the newest `minCount`. */
  deletableCheckpoints(minCount: number, timeSeconds: number): number {
    const most = this.checkpoints.length - minCount;
    let count = 0;
    while (count < most) {
      const decree = this.checkpoints[count];
      if (decree === undefined || !(timeSeconds === 0 || this.isCheckpointExpired(decree, timeSeconds))) break;
      count++;
    }
    return count;
  }

  /** In whole seconds of the wall clock; a checkpoint without CURRENT is incomplete and counts as expired. */
  isCheckpointExpired(decree: Decree, timeSeconds: number): boolean {
    const current = `${this.checkpointDir(decree)}/CURRENT`;
    const { disk, clock } = this.ctx.env;
    try {
      if (!disk.exists(current)) return true;
      const createdSeconds = Math.floor(disk.info(current).mtimeUs / 1_000_000);
      return createdSeconds + timeSeconds < Math.floor(clock.wallUs() / 1_000_000);
    } catch (error) {
      if (error instanceof DiskError) return false;
      throw error;
    }
  }

  // ------------------------------------------------------------------ helpers

  takeToken(): boolean {
    if (this.isCheckpointing) return false;
    this.isCheckpointing = true;
    return true;
  }

  releaseToken(): void {
    this.isCheckpointing = false;
  }

  override checkpointAtOpen(): ErrorCode {
    this.releaseToken();
    if (this.lastFlushedDecree() === this.lastDurable) return 'ERR_OK';
    return this.asyncCheckpoint(false, 'open').error;
  }

  /** Says how an attempt ended. */
  protected ended(trigger: CheckpointTrigger, error: ErrorCode): CheckpointResult {
    const durable = this.lastDurable;
    this.ctx.env.emit({ kind: 'checkpoint.ended', gpid: this.options.gpid, trigger, error, durable });
    return { error, durable };
  }
}
