/**
 * When a replica makes checkpoints: the periodic timer and its maximum interval, the emergency triggers, the manual
 * emergency checkpoint with its flag and server-wide count, and the log's garbage collection (repl 2.2, 2.3, 2.10;
 * upstream's replica_chkpt.cpp).
 *
 * Departures: repl.R8, R9 the flag and the count change together and are given back when the role is lost, the replica
 * closed, or nothing was started; repl.R10 the empty write is only attempted while PRIMARY.
 */
import type { CheckpointTrigger, Decree, ErrorCode } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { task } from '../env/contract.ts';
import type { TaskHandle } from '../env/contract.ts';
import type { CheckpointResult } from '../storage/contracts.ts';
import type { Replica } from './replica.ts';

/** Who asked for a manual emergency checkpoint hears of its start, not of its end. */
export interface CheckpointRequester {
  onTriggered(error: ErrorCode, minDecree: Decree, durable: Decree): void;
}

export class CheckpointTriggers {
  readonly ctx: Context;
  readonly replica: Replica;
  private manualFlag = false;
  private nextIntervalTriggerUs = 0;
  private timer: TaskHandle | undefined;

  constructor(ctx: Context, replica: Replica) {
    this.ctx = ctx;
    this.replica = replica;
    this.updateIntervalClock();
  }

  isManualFlagSet(): boolean {
    return this.manualFlag;
  }

  // ------------------------------------------------------------------ periodic (repl 2.2)

  /** The first tick runs at once, each next one an interval after the previous, in every status until the end. */
  startTimer(): void {
    if (this.ctx.settings.checkpointDisabled) return;
    this.scheduleTimer(0);
  }

  cancelTimer(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  private scheduleTimer(delayMs: number): void {
    const then = task(this, 'onCheckpointTimer');
    this.timer = this.ctx.env.tasks.post('LPC_PER_REPLICA_CHECKPOINT_TIMER', this.replica.hash, delayMs, then);
  }

  onCheckpointTimer(): void {
    if (this.replica.closed) return;
    if (this.isMaxIntervalOver()) this.initCheckpoint(true, 'max-interval');
    else this.initCheckpoint(false, 'periodic');
    this.gcPrivateLog();
    this.scheduleTimer(this.ctx.settings.checkpointIntervalMs);
  }

  isMaxIntervalOver(): boolean {
    return this.ctx.env.clock.monotonicUs() > this.nextIntervalTriggerUs;
  }

  /** The next forced checkpoint is due between half and the whole maximum interval from now. */
  updateIntervalClock(): void {
    const halfUs = (this.ctx.settings.checkpointMaxIntervalMs * 1000) / 2;
    this.nextIntervalTriggerUs = this.ctx.env.clock.monotonicUs() + Math.round(halfUs + this.ctx.env.random() * halfUs);
  }

  /** Answers whether a checkpoint was started: only a PRIMARY or SECONDARY makes one. */
  initCheckpoint(emergency: boolean, trigger: CheckpointTrigger): boolean {
    const status = this.replica.status();
    if (status !== 'PS_PRIMARY' && status !== 'PS_SECONDARY') return false;
    if (emergency) this.replica.host.metrics.add(this.replica.gpid, 'emergency_checkpoints', 1);
    const then = task(this, 'backgroundAsyncCheckpoint', emergency, trigger);
    const { env, settings } = this.ctx;
    env.tasks.post('LPC_CHECKPOINT_REPLICA', this.replica.hash, settings.checkpointStartDelayMs, then);
    return true;
  }

  /** In REPLICATION_LONG; the status is not looked at again. */
  backgroundAsyncCheckpoint(emergency: boolean, trigger: CheckpointTrigger): void {
    const { storage, closed } = this.replica;
    if (closed || storage === undefined || !storage.isOpen()) return;
    const before = storage.lastDurableDecree();
    this.onCheckpointEnded(before, storage.asyncCheckpoint(emergency, trigger));
  }

  onCheckpointEnded(before: Decree, result: CheckpointResult): void {
    if (result.error === 'ERR_TRY_AGAIN') {
      this.retryAfterFlush();
      return;
    }
    if (result.error === 'ERR_OK' && result.durable !== before) this.updateIntervalClock();
    this.giveBackManualCheckpoint();
  }

  /** A flush has been started: the checkpoint comes when it should be done. */
  retryAfterFlush(): void {
    const delayMs = this.ctx.settings.checkpointRetryAfterFlushMs;
    const then = task(this, 'onRetryAfterFlush');
    this.ctx.env.tasks.post('LPC_PER_REPLICA_CHECKPOINT_TIMER', this.replica.hash, delayMs, then);
  }

  /** A flush that waits for an ingestion is waited for as well. */
  onRetryAfterFlush(): void {
    if (this.replica.closed) return;
    if (this.replica.storage?.isFlushHeldUp() === true) this.retryAfterFlush();
    else this.initCheckpoint(false, 'retry-after-flush');
  }

  // ------------------------------------------------------------------ manual emergency checkpoint (repl 2.3)

  /**
   * Asks for a checkpoint of at least `minDecree` (> 0) after a delay; an empty replica commits an empty write first.
   */
  asyncTriggerManualEmergencyCheckpoint(minDecree: Decree, delayMs: number, requester: CheckpointRequester): void {
    this.verifyMinDecree(minDecree);
    const then = task(this, 'onManualEmergencyCheckpoint', minDecree, requester);
    this.ctx.env.tasks.post('LPC_REPLICATION_COMMON', this.replica.hash, delayMs, then);
  }

  verifyMinDecree(minDecree: Decree): void {
    this.ctx.env.check(minDecree > 0, 'async_trigger_manual_emergency_checkpoint', () => `min decree ${minDecree}`);
  }

  onManualEmergencyCheckpoint(minDecree: Decree, requester: CheckpointRequester): void {
    const { replica } = this;
    if (replica.closed || replica.storage === undefined || !replica.storage.isOpen()) return;
    if (!this.isReplicaEmpty()) {
      const error = this.triggerManualEmergencyCheckpoint(minDecree);
      requester.onTriggered(error, minDecree, replica.lastDurableDecree());
    } else if (this.commitEmptyWrite()) {
      const delayMs = this.ctx.settings.triggerCheckpointRetryIntervalMs;
      this.asyncTriggerManualEmergencyCheckpoint(minDecree, delayMs, requester);
    } else {
      requester.onTriggered('ERR_INVALID_STATE', minDecree, replica.lastDurableDecree());
    }
  }

  isReplicaEmpty(): boolean {
    return this.replica.lastAppliedDecree() === 0;
  }

  /** False: not PRIMARY, so nothing can be written (repl.R10). */
  commitEmptyWrite(): boolean {
    if (!this.replica.isPrimary()) return false;
    this.replica.twoPc.proposeEmptyWrite();
    return true;
  }

  /** ERR_OK: covered already, or started. */
  triggerManualEmergencyCheckpoint(minDecree: Decree): ErrorCode {
    const { storage } = this.replica;
    if (storage === undefined || !storage.isOpen()) return 'ERR_LOCAL_APP_FAILURE';
    if (this.isCovered(minDecree)) {
      this.giveBackManualCheckpoint();
      return 'ERR_OK';
    }
    if (this.manualFlag) return 'ERR_BUSY';
    if (this.isServerAtLimit()) return 'ERR_TRY_AGAIN';
    if (!this.initCheckpoint(true, 'manual-emergency')) return 'ERR_INVALID_STATE';
    this.takeManualCheckpoint();
    return 'ERR_OK';
  }

  isCovered(minDecree: Decree): boolean {
    return minDecree <= this.replica.lastDurableDecree();
  }

  isServerAtLimit(): boolean {
    return this.replica.host.manualCheckpointCount() + 1 > this.ctx.settings.maxConcurrentManualEmergencyCheckpoints;
  }

  takeManualCheckpoint(): void {
    this.manualFlag = true;
    this.emitManualFlag(this.replica.host.addManualCheckpoints(1));
  }

  /** Flag and count change together (repl.R8, R9). */
  giveBackManualCheckpoint(): void {
    if (!this.manualFlag) return;
    this.manualFlag = false;
    this.emitManualFlag(this.replica.host.addManualCheckpoints(-1));
  }

  private emitManualFlag(serverCount: number): void {
    const { gpid } = this.replica;
    this.ctx.env.emit({ kind: 'checkpoint.manual-flag', gpid, set: this.manualFlag, serverCount });
  }

  // ------------------------------------------------------------------ log garbage collection (repl 2.10)

  /** What the log may forget is what the last checkpoint holds, as it stands in this tick. */
  gcPrivateLog(): void {
    const { replica } = this;
    if (replica.privateLog === undefined || !this.isLogGcAllowed()) return;
    const cleanable = this.cleanableDecree();
    replica.privateLog.updateCleanableDecree(cleanable);
    const then = task(this, 'garbageCollectPrivateLog', cleanable, this.validStartOffset());
    this.ctx.env.tasks.post('LPC_GARBAGE_COLLECT_LOGS_AND_REPLICAS', 0, 0, then);
  }

  isLogGcAllowed(): boolean {
    if (!this.ctx.settings.plogGcEnabled || this.isLogBeingChosen()) return false;
    return !this.isDuplicating() || this.minConfirmedDecree() >= 0;
  }

  /** A duplication reads the list of log files (#1597). */
  isLogBeingChosen(): boolean {
    return this.replica.isDuplicationPlogChecking();
  }

  isDuplicating(): boolean {
    return this.replica.duplicatorManager.isDuplicating();
  }

  /** Of the table's duplications; -1 without any, or when one's is not known. */
  minConfirmedDecree(): Decree {
    return this.replica.duplicatorManager.minConfirmedDecree();
  }

  cleanableDecree(): Decree {
    const durable = this.replica.lastDurableDecree();
    const confirmed = this.minConfirmedDecree();
    return confirmed >= 0 ? Math.min(durable, confirmed) : durable;
  }

  validStartOffset(): number {
    return this.minConfirmedDecree() >= 0 ? 0 : this.replica.loader.initOffsetInPrivateLog();
  }

  /** In REPLICATION_LONG. */
  garbageCollectPrivateLog(cleanableDecree: Decree, validStartOffset: number): void {
    const { replica } = this;
    const status = replica.status();
    if (replica.closed || status === 'PS_ERROR' || status === 'PS_INACTIVE') return;
    replica.privateLog?.garbageCollection(cleanableDecree, validStartOffset);
  }
}
