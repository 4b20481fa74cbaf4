/**
 * Group check: the primary's periodic look at its members, which carries the commit point to them; and the empty writes
 * of an idle partition (repl 1.8; upstream's replica_check.cpp).
 */
import type { ErrorCode, NodeId, PartitionStatus } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { reply, task } from '../env/contract.ts';
import type { Replier, RpcHandle, RpcResult, TaskHandle } from '../env/contract.ts';
import type { GroupCheckRequest, GroupCheckResponse, ReplicaConfig } from '../protocol/messages.ts';
import type { DiskStatus } from './host.ts';
import type { Replica } from './replica.ts';

export class GroupChecker {
  readonly ctx: Context;
  readonly replica: Replica;
  private timer: TaskHandle | undefined;
  private readonly pendingReplies = new Map<NodeId, RpcHandle>();

  constructor(ctx: Context, replica: Replica) {
    this.ctx = ctx;
    this.replica = replica;
  }

  // ------------------------------------------------------------------ primary

  /** The first round runs at once, each next one an interval after the previous. */
  initGroupCheck(): void {
    if (this.ctx.settings.groupCheckDisabled) return;
    this.stopGroupCheck();
    this.schedule(0);
  }

  stopGroupCheck(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.cancelPendingReplies();
  }

  private schedule(delayMs: number): void {
    const then = task(this, 'broadcastGroupCheck');
    this.timer = this.ctx.env.tasks.post('LPC_GROUP_CHECK', this.replica.hash, delayMs, then);
  }

  private cancelPendingReplies(): void {
    for (const handle of this.pendingReplies.values()) handle.cancel();
    this.pendingReplies.clear();
  }

  broadcastGroupCheck(): void {
    if (this.replica.closed || !this.replica.isPrimary()) return;
    this.cancelPendingReplies();
    for (const node of this.replica.primaryStates.membership.secondaries) this.sendGroupCheck(node);
    for (const node of this.replica.learnerGroup.nodes()) this.sendGroupCheck(node, 'PS_POTENTIAL_SECONDARY');
    if (this.isEmptyWriteDue()) this.replica.twoPc.proposeEmptyWrite();
    if (this.replica.isPrimary()) this.schedule(this.ctx.settings.groupCheckIntervalMs);
  }

  isEmptyWriteDue(): boolean {
    const { emptyWriteDisabled, groupCheckIntervalMs } = this.ctx.settings;
    const idleUs = this.ctx.env.clock.monotonicUs() - this.replica.twoPc.lastPrepareTsUs;
    return !emptyWriteDisabled && idleUs >= groupCheckIntervalMs * 1000;
  }

  sendGroupCheck(node: NodeId, status: PartitionStatus = 'PS_SECONDARY'): void {
    const { replica } = this;
    const { gpid, hash } = replica;
    const request: GroupCheckRequest = {
      app: status === 'PS_POTENTIAL_SECONDARY' ? replica.learnerGroup.learnerAppInfo() : replica.app,
      config: this.configOf(node, status),
      lastCommitted: replica.lastCommittedDecree(),
      confirmedDecree: replica.checkpoints.minConfirmedDecree(),
    };
    const options = { hash, timeoutMs: this.ctx.settings.rpcTimeoutMs, gpid, decree: request.lastCommitted };
    const { rpc } = this.ctx.env;
    const { ballot } = request.config;
    const call = rpc.call(node, 'RPC_GROUP_CHECK', request, options, reply(this, 'onGroupCheckReply', node, ballot, status));
    this.pendingReplies.set(node, call);
  }

  configOf(node: NodeId, status: PartitionStatus): ReplicaConfig {
    const { replica } = this;
    if (status === 'PS_POTENTIAL_SECONDARY') return replica.learnerGroup.configOf(node);
    return replica.makeConfig(replica.ballot(), replica.self(), status);
  }

  onGroupCheckReply(result: RpcResult<GroupCheckResponse>, node: NodeId, ballot: number, status: PartitionStatus): void {
    const { replica } = this;
    if (replica.closed || !replica.isPrimary() || ballot < replica.ballot()) return;
    this.pendingReplies.delete(node);
    const error = result.error === 'ERR_OK' ? result.body.error : result.error;
    if (result.error !== 'ERR_OK' || error !== 'ERR_OK') return replica.handleRemoteFailure(status, node, error);
    const response = result.body;
    if (status === 'PS_POTENTIAL_SECONDARY') return this.onLearnerAnswered(node, response);
    if (replica.twoPc.detectLostLog(response.lastCommittedInPrepareList)) return;
    this.rememberDiskStatus(node, response.diskStatus);
  }

  /** Its word that it is done may have been lost. */
  onLearnerAnswered(node: NodeId, { learner }: GroupCheckResponse): void {
    if (learner?.status === 'LearningSucceeded') this.replica.learnerGroup.handleLearningSucceeded(node, learner);
  }

  rememberDiskStatus(node: NodeId, status: DiskStatus): void {
    this.replica.primaryStates.secondaryDiskStatus.set(node, status);
  }

  // ------------------------------------------------------------------ member

  onGroupCheck(request: GroupCheckRequest, replier: Replier<GroupCheckResponse>): void {
    const { replica } = this;
    const { config } = request;
    if (config.ballot < replica.ballot()) {
      replier.reply(this.response('ERR_VERSION_OUTDATED'));
      return;
    }
    if (!this.adoptConfig(request)) {
      replier.reply(this.response('ERR_INVALID_STATE'));
      return;
    }
    this.onCommitPoint(request);
    replier.reply(this.response(replica.status() === 'PS_ERROR' ? 'ERR_INVALID_STATE' : 'ERR_OK'));
  }

  /** A newer ballot must be adopted; an equal one may be, and a refusal does not matter. */
  adoptConfig(request: { readonly config: ReplicaConfig }): boolean {
    const { configurator } = this.replica;
    const config = configurator.fromMessage(request.config);
    if (config.ballot > this.replica.ballot()) return configurator.updateLocalConfiguration(config);
    if (configurator.isSameBallotStatusChangeAllowed(this.replica.status(), config.status)) {
      configurator.updateLocalConfiguration(config, true);
    }
    return true;
  }

  onCommitPoint(request: GroupCheckRequest): void {
    const status = this.replica.status();
    this.ctx.env.check(status !== 'PS_PRIMARY', 'on_group_check', () => `${this.replica.gpid} is PRIMARY`);
    if (status === 'PS_POTENTIAL_SECONDARY') this.replica.learner.onLearnerOffered(request.config, request.app);
    if (status !== 'PS_SECONDARY') return;
    this.replica.configurator.learnDuplicating(request.app.duplicating);
    this.replica.duplicatorManager.updateConfirmedDecreeIfSecondary(request.confirmedDecree);
    this.replica.secondary.commitTo(request.lastCommitted);
  }

  /** Only a SECONDARY tells its disk's state. */
  response(error: ErrorCode): GroupCheckResponse {
    const { replica } = this;
    return {
      gpid: replica.gpid,
      error,
      node: replica.self(),
      lastCommittedInApp: replica.lastAppliedDecree(),
      lastCommittedInPrepareList: replica.lastCommittedDecree(),
      diskStatus: replica.status() === 'PS_SECONDARY' ? replica.host.diskStatus() : 'NORMAL',
      ...(replica.learner.isLearner() ? { learner: replica.learner.report() } : undefined),
    };
  }
}
