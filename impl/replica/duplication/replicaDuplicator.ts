/**
 * One duplication of one partition, at its primary: progress, status, the checkpoint of DS_PREPARE and the pipeline of
 * DS_LOG (dup 2.5, 4.3, 5.1, 6.1, 6.9; upstream's replica_duplicator.cpp).
 *
 * Departures: dup.B16 the checkpoint that is asked for is never older than what the meta server has stored; dup.B20
 * (D6) a duplication of the log only begins behind what is applied, also behind nothing; dup.B36 whatever leaves DS_LOG
 * stops the pipeline; dup.Q13 a duplication of the log only ships when the meta server has its start; FAIL_FAST sends the
 * replica to ERROR (upstream aborts the server). Kept: dup.Q1, Q4.
 */
import type {
  ClusterId,
  Decree,
  DupId,
  DuplicationFailMode,
  DuplicationStatus,
  ErrorCode,
} from '../../../model/vocabulary.ts';
import { INVALID_DECREE } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { task } from '../../env/contract.ts';
import type { DuplicationConfirmEntry, DuplicationEntry } from '../../protocol/duplicationMessages.ts';
import type { Replica } from '../replica.ts';
import type { PipelineContract, PipelineHost } from './types.ts';

/** dup 2.1: what no duplicator is built for, and none is told. */
export function isInvalidStatus(status: DuplicationStatus): boolean {
  return status === 'DS_INIT' || status === 'DS_REMOVED';
}

export class ReplicaDuplicator implements PipelineHost {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly dupId: DupId;
  readonly createTsMs: number;
  readonly remoteCluster: ClusterId;
  readonly remoteAppName: string;
  private currentStatus: DuplicationStatus;
  /** The entry's counts from the second sync on (dup.Q1). */
  private currentFailMode: DuplicationFailMode = 'FAIL_SLOW';
  private confirmed: Decree = INVALID_DECREE;
  private last: Decree = INVALID_DECREE;
  private minCheckpoint: Decree = INVALID_DECREE;
  private checkpointHasPrepared = false;
  /** A trigger of the checkpoint has not been answered yet. */
  private triggering = false;
  /** Undefined while paused. */
  private pipeline: PipelineContract | undefined;

  constructor(ctx: Context, replica: Replica, entry: DuplicationEntry) {
    this.ctx = ctx;
    this.replica = replica;
    this.dupId = entry.dupId;
    this.createTsMs = entry.createTsMs;
    this.remoteCluster = entry.remote;
    this.remoteAppName = entry.remoteAppName === '' ? replica.app.appName : entry.remoteAppName;
    this.currentStatus = entry.status;
  }

  // ------------------------------------------------------------------ what others ask

  status(): DuplicationStatus {
    return this.currentStatus;
  }

  failMode(): DuplicationFailMode {
    return this.currentFailMode;
  }

  confirmedDecree(): Decree {
    return this.confirmed;
  }

  lastDecree(): Decree {
    return this.last;
  }

  minCheckpointDecree(): Decree {
    return this.minCheckpoint;
  }

  hasPreparedCheckpoint(): boolean {
    return this.checkpointHasPrepared;
  }

  isPaused(): boolean {
    return this.pipeline === undefined;
  }

  /** What loads and ships now; undefined while paused. */
  currentPipeline(): PipelineContract | undefined {
    return this.pipeline;
  }

  /** Committed here and not shipped yet. */
  pendingMutations(): number {
    return Math.max(0, this.replica.lastCommittedDecree() - this.last);
  }

  // ------------------------------------------------------------------ construction (dup 2.5)

  /** `persisted`: what the meta server has stored for this partition; -1 before the first report. */
  initDuplication(persisted: Decree): void {
    this.minCheckpoint = this.minCheckpointDecreeFor(persisted);
    this.last = this.firstLastDecree(persisted);
    this.confirmed = persisted;
    if (this.currentStatus === 'DS_PREPARE') this.prepareDup();
    else if (this.isShippingDue()) this.startDupLog();
  }

  /** The checkpoint that the follower gets holds at least one decree, and all that is not shipped as log (dup.B16). */
  minCheckpointDecreeFor(persisted: Decree): Decree {
    return Math.max(this.replica.lastAppliedDecree(), 1, persisted);
  }

  /** Before the first report: the log is shipped from behind the checkpoint, or from behind what is applied (D6). */
  firstLastDecree(persisted: Decree): Decree {
    if (persisted !== INVALID_DECREE) return persisted;
    return this.isCheckpointWanted() ? this.minCheckpoint : this.replica.lastAppliedDecree();
  }

  isCheckpointWanted(): boolean {
    return this.currentStatus === 'DS_PREPARE' || this.currentStatus === 'DS_APP';
  }

  // ------------------------------------------------------------------ DS_PREPARE (dup 5.1)

  /** At construction and with each sync answer; one trigger at a time. */
  prepareDup(): void {
    if (this.triggering) return;
    this.triggering = true;
    this.replica.checkpoints.asyncTriggerManualEmergencyCheckpoint(this.minCheckpoint, 0, this);
  }

  /** Started, covered already, or not possible now: the next sync answer asks again. */
  onTriggered(_error: ErrorCode, _minDecree: Decree, _durable: Decree): void {
    this.triggering = false;
  }

  isCheckpointPrepared(): boolean {
    return this.minCheckpoint <= this.replica.lastDurableDecree();
  }

  // ------------------------------------------------------------------ DS_LOG (dup 6.1)

  /**
   * dup.Q13: a duplication of the log only waits until its start is stored; whoever is primary then begins there too, and
   * nothing that was written since is left out.
   */
  isShippingDue(): boolean {
    return this.currentStatus === 'DS_LOG' && this.isStartStored();
  }

  isStartStored(): boolean {
    return this.confirmed !== INVALID_DECREE;
  }

  startDupLog(): void {
    if (this.pipeline !== undefined) return;
    const { gpid } = this.replica;
    this.ctx.env.emit({ kind: 'dup.started', gpid, dupId: this.dupId, start: this.last + 1 });
    this.pipeline = new this.ctx.parts.DuplicationPipeline(this.ctx, this);
    this.pipeline.start();
  }

  /** What was not acknowledged is loaded again by the next pipeline. */
  pauseDupLog(): void {
    const { pipeline } = this;
    if (pipeline === undefined) return;
    this.pipeline = undefined;
    pipeline.stop();
    this.replica.setDuplicationPlogChecking(this.dupId, false);
    this.ctx.env.emit({ kind: 'dup.stopped', gpid: this.replica.gpid, dupId: this.dupId });
  }

  /** This object is given up. */
  drop(): void {
    this.pauseDupLog();
  }

  // ------------------------------------------------------------------ status (dup 4.3)

  updateStatusIfNeeded(next: DuplicationStatus): void {
    if (isInvalidStatus(next)) return;
    this.currentStatus = next;
    if (this.isPipelineStoppedBy(next)) this.pauseDupLog();
    if (next === 'DS_PREPARE') this.prepareDup();
    if (this.isShippingDue()) this.startDupLog();
  }

  /** dup.B36: only DS_LOG ships. */
  isPipelineStoppedBy(next: DuplicationStatus): boolean {
    return next !== 'DS_LOG';
  }

  updateFailMode(mode: DuplicationFailMode): void {
    this.currentFailMode = mode;
  }

  // ------------------------------------------------------------------ progress (dup 4.3)

  /** dup.Q13: the start that is stored may be one that an earlier primary proposed; nothing is shipped before it is known. */
  adoptStart(persisted: Decree): void {
    if (persisted !== INVALID_DECREE && this.isStartProposed()) this.last = persisted;
  }

  /** Does `last` say where to begin, and not what was shipped? With a checkpoint that is its decree, stored before DS_APP. */
  isStartProposed(): boolean {
    return !this.isStartStored() && !this.isCheckpointWanted();
  }

  /**
   * Both only rise; -1 says nothing. ERR_INVALID_STATE: the meta server has less than it had, or more than was shipped
   * from here.
   */
  updateProgress(confirmed: Decree, last: Decree): ErrorCode {
    if (confirmed >= 0 && confirmed < this.confirmed) return 'ERR_INVALID_STATE';
    this.countConfirmed(Math.max(this.confirmed, confirmed));
    this.confirmed = Math.max(this.confirmed, confirmed);
    this.last = Math.max(this.last, last);
    this.checkpointHasPrepared = this.isCheckpointPrepared();
    return this.confirmed > this.last ? 'ERR_INVALID_STATE' : 'ERR_OK';
  }

  /** By how much the stored decree rose that this server was told of. */
  countConfirmed(confirmed: Decree): void {
    const rise = confirmed - this.confirmed;
    if (rise > 0) this.replica.host.metrics.add(this.replica.gpid, 'dup_confirmed_mutations', rise);
  }

  onShipped(last: Decree): void {
    const before = this.last;
    const error = this.updateProgress(INVALID_DECREE, last);
    this.ctx.env.check(error === 'ERR_OK', 'update_progress', () => `${this.describe()} shipped ${last}`);
    this.verifyShipped(last);
    if (this.last === before) return;
    this.ctx.env.emit({ kind: 'dup.shipped', gpid: this.replica.gpid, dupId: this.dupId, last: this.last });
  }

  /** S6: nothing is shipped that is not committed. */
  verifyShipped(last: Decree): void {
    const committed = this.replica.lastCommittedDecree();
    this.ctx.env.check(committed >= last, 'ship_mutation last_committed_decree', () => `${last} > ${committed}`);
  }

  describe(): string {
    return `${this.dupId} of ${this.replica.gpid} (confirmed ${this.confirmed}, last ${this.last})`;
  }

  // ------------------------------------------------------------------ report (dup 4.1)

  /** Undefined when the meta server knows it all. */
  confirmEntry(): DuplicationConfirmEntry | undefined {
    if (!this.isReportDue()) return undefined;
    return {
      gpid: this.replica.gpid,
      dupId: this.dupId,
      confirmedDecree: this.last,
      checkpointPrepared: this.checkpointHasPrepared,
      lastCommittedDecree: this.replica.lastCommittedDecree(),
      ...(this.isStartProposed() && { isStart: true }),
    };
  }

  isReportDue(): boolean {
    if (this.last > this.confirmed) return true;
    return this.currentStatus === 'DS_PREPARE' && this.checkpointHasPrepared;
  }

  // ------------------------------------------------------------------ FAIL_FAST (dup 6.3)

  /** The replica is left through its own thread. */
  onLoadFailed(): void {
    this.ctx.env.tasks.post('LPC_REPLICATION_ERROR', this.replica.hash, 0, task(this, 'onLogUnreadable'));
  }

  onLogUnreadable(): void {
    if (!this.replica.closed && !this.isPaused()) this.replica.handleLocalFailure('ERR_FILE_OPERATION_FAILED');
  }
}
