/**
 * Manual compaction (repl 2.2 row 7; upstream's pegasus_manual_compact_service): asked for by the table env
 * `manual_compact.once.trigger_time`, run in the COMPACT pool. It waits for a flush, for the merge, and for what
 * follows; each wait is a hop, so that writes go on in between.
 */
import type { Context } from '../../context.ts';
import { task } from '../../env/contract.ts';
import type { TaskHandle } from '../../env/contract.ts';
import { ENV_MANUAL_COMPACT_DISABLED, ENV_MANUAL_COMPACT_ONCE, parseInteger } from './names.ts';

/** What the service needs of its storage app. */
export interface ManualCompactOwner {
  readonly options: { readonly hash: number };
  isOpen(): boolean;
  /** Nothing can be flushed now. */
  isIngestionPending(): boolean;
  /** Wall seconds of the last finished manual compaction; 0 for none. */
  lastManualCompactFinishTime(): number;
  /** Each answers whether it succeeded. */
  flushAllFamilyColumns(): boolean;
  compactRange(finishTimeSeconds: number): boolean;
  releaseStorageAfterManualCompact(): boolean;
}

export class ManualCompactService {
  readonly ctx: Context;
  readonly owner: ManualCompactOwner;
  private disabled = false;
  /** From the request until the end: there is one manual compaction at a time. */
  private enqueued = false;
  private pending: TaskHandle | undefined;
  private retry: TaskHandle | undefined;

  constructor(ctx: Context, owner: ManualCompactOwner) {
    this.ctx = ctx;
    this.owner = owner;
  }

  startManualCompactIfNeeded(envs: Readonly<Record<string, string>>): void {
    this.disabled = envs[ENV_MANUAL_COMPACT_DISABLED] === 'true';
    if (this.disabled || !this.owner.isOpen() || !this.checkOnceCompact(envs)) return;
    if (this.checkManualCompactState()) this.hop('onManualCompact');
  }

  /** The wanted time is later than the last compaction's end. */
  checkOnceCompact(envs: Readonly<Record<string, string>>): boolean {
    const triggerTimeSeconds = parseInteger(envs[ENV_MANUAL_COMPACT_ONCE] ?? '');
    if (triggerTimeSeconds === undefined || triggerTimeSeconds <= 0) return false;
    return triggerTimeSeconds > this.owner.lastManualCompactFinishTime();
  }

  checkManualCompactState(): boolean {
    if (this.enqueued) return false;
    this.enqueued = true;
    return true;
  }

  /** Everything written until now takes part in the merge; so it waits for files that are to come in. */
  onManualCompact(): void {
    if (!this.disabled && this.owner.isOpen() && this.owner.isIngestionPending()) this.waitForIngestion();
    else if (this.disabled || !this.owner.isOpen() || !this.owner.flushAllFamilyColumns()) this.endManualCompact();
    else this.hop('onCompactRange');
  }

  waitForIngestion(): void {
    this.hop('onManualCompact', this.ctx.settings.checkpointRetryAfterFlushMs);
  }

  onCompactRange(): void {
    const finishTimeSeconds = Math.floor(this.ctx.env.clock.wallUs() / 1_000_000);
    if (this.owner.compactRange(finishTimeSeconds)) this.hop('onCompactFinished');
    else this.endManualCompact();
  }

  /** No new checkpoint when nothing was written meanwhile: later there may be one. */
  onCompactFinished(): void {
    if (!this.owner.releaseStorageAfterManualCompact()) this.scheduleRetry();
    this.endManualCompact();
  }

  scheduleRetry(): void {
    const { hash } = this.owner.options;
    const delayMs = this.ctx.settings.manualCompactRetryMs;
    this.retry?.cancel();
    this.retry = this.ctx.env.tasks.post('LPC_MANUAL_COMPACT', hash, delayMs, task(this, 'onRetryRelease'));
  }

  /** Once; its outcome changes nothing. */
  onRetryRelease(): void {
    this.retry = undefined;
    this.owner.releaseStorageAfterManualCompact();
  }

  endManualCompact(): void {
    this.pending = undefined;
    this.enqueued = false;
  }

  /** Nothing runs any more afterwards. */
  cancel(): void {
    this.pending?.cancel();
    this.retry?.cancel();
    this.retry = undefined;
    this.endManualCompact();
  }

  private hop(method: 'onManualCompact' | 'onCompactRange' | 'onCompactFinished', delayMs = 0): void {
    const { tasks } = this.ctx.env;
    this.pending = tasks.post('LPC_MANUAL_COMPACT', this.owner.options.hash, delayMs, task(this, method));
  }
}
