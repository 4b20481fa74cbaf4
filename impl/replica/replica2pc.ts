/**
 * The primary's two-phase commit behind admission: prepare, acknowledgement, commit, answers (repl 1.4, 1.5; upstream's
 * replica_2pc.cpp). Admission is writeAdmission.ts, the secondary's side secondaryPrepare.ts.
 *
 * Departures (docs/departures.md): R1 timestamps survive a re-proposal; R4 and R5 of the write queue; FM5 a barrier after a
 * restart; bl.B9 a re-proposed ingestion needs no full group.
 */
import type { Decree, ErrorCode, NodeId, PartitionStatus } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { reply, task } from '../env/contract.ts';
import type { Env, RpcResult } from '../env/contract.ts';
import type { PrepareAck } from '../protocol/messages.ts';
import { encodeMutation } from '../storage/plog/record.ts';
import { holdsIngestion, mutationFact, newEmptyMutation } from './mutation.ts';
import type { Mutation } from './mutation.ts';
import type { Replica } from './replica.ts';
import { WriteAdmission } from './writeAdmission.ts';

/** A resend must leave this long before the prepare's timeout, beyond its delay (repl 1.5). */
const RESEND_MARGIN_MS = 2;

export class Replica2pc extends WriteAdmission {
  /** When the newest mutation was prepared, monotonic microseconds (repl 1.8). */
  lastPrepareTsUs: number;

  constructor(ctx: Context, replica: Replica) {
    super(ctx, replica);
    this.lastPrepareTsUs = ctx.env.clock.monotonicUs();
  }

  // ------------------------------------------------------------------ prepare (repl 1.4)

  /** Starts two-phase commit; a refusal answers the clients and consumes nothing. */
  override initPrepare(mutation: Mutation, reconciliation: boolean, popAll = false): ErrorCode {
    const { gpid } = this.replica;
    this.ctx.env.check(this.replica.isPrimary(), 'init_prepare', () => `${gpid} is ${this.replica.status()}`);
    const reproposal = mutation.hasDecree();
    this.assignHeader(mutation);
    const error = this.enterPrepareList(mutation, reconciliation, popAll);
    if (error !== 'ERR_OK') {
      if (reproposal) this.responseClients(mutation, error);
      else this.refusePrepared(mutation, error);
      return error;
    }
    const fact = mutationFact(mutation.data);
    this.ctx.env.emit({ kind: 'replica.prepared', gpid, as: 'primary', reproposal, mutation: fact });
    this.sendPrepareMessages(mutation, popAll);
    this.appendPrivateLog(mutation);
    this.lastPrepareTsUs = mutation.prepareTsUs;
    return 'ERR_OK';
  }

  /** Steps 2 and 3: decree, ballot, commit point, timestamp. */
  assignHeader(mutation: Mutation): void {
    const { replica } = this;
    const decree = mutation.hasDecree() ? mutation.decree : replica.maxPreparedDecree() + 1;
    mutation.setHeader(replica.ballot(), decree, replica.lastCommittedDecree(), this.timestampFor(mutation));
    replica.noteTimestamps(mutation.data);
  }

  /** A re-proposed mutation keeps its timestamp (repl.R1); one that fills a hole has none yet. */
  timestampFor(mutation: Mutation): number {
    const { timestampUs } = mutation.data;
    return timestampUs > 0 ? timestampUs : this.replica.nextTimestampUs();
  }

  /** Steps 4 to 6. */
  enterPrepareList(mutation: Mutation, reconciliation: boolean, popAll: boolean): ErrorCode {
    const { replica } = this;
    const committed = replica.lastCommittedDecree();
    if (mutation.decree > committed + this.ctx.settings.stalenessForCommit) return 'ERR_CAPACITY_EXCEEDED';
    if (this.wantsFullGroup(mutation, reconciliation) && !this.isGroupFull()) return 'ERR_NOT_ENOUGH_MEMBER';
    if (!reconciliation && this.hasTooFewMembers()) return 'ERR_NOT_ENOUGH_MEMBER';
    this.ctx.env.check(mutation.decree > committed, 'init_prepare', () => `${mutation.decree} <= ${committed}`);
    return replica.prepareList.prepare(mutation, 'PS_PRIMARY', popAll);
  }

  /** bl 15.2. One that is proposed again may be committed somewhere: nothing commits before it (bl.B9). */
  wantsFullGroup(mutation: Mutation, reconciliation: boolean): boolean {
    return holdsIngestion(mutation.data) && !reconciliation;
  }

  /** A new mutation comes to nothing. */
  refusePrepared(mutation: Mutation, error: ErrorCode): void {
    this.giveBackToQueue(mutation);
    this.refuseAdmitted(mutation, error);
  }

  /** The popped unit goes back to the queue (repl.R4); an empty write was never popped, nor is a re-proposal. */
  giveBackToQueue(mutation: Mutation): void {
    if (mutation.clientRequests.length > 0) this.queue.giveBack();
  }

  /** Step 7: to every secondary of the configuration, and to the learners that follow the prepare list already. */
  sendPrepareMessages(mutation: Mutation, popAll: boolean): void {
    const { secondaries } = this.replica.primaryStates.membership;
    mutation.prepareTsUs = this.ctx.env.clock.monotonicUs();
    const learners = this.replica.learnerGroup.nodesToPrepare(mutation.decree);
    mutation.leftSecondaryAckCount = secondaries.length;
    mutation.leftPotentialSecondaryAckCount = learners.length;
    if (secondaries.length + learners.length === 0) return;
    const bytes = encodeMutation(mutation.data);
    for (const node of secondaries) this.sendPrepareMessage(node, 'PS_SECONDARY', mutation, bytes, popAll);
    for (const node of learners) this.sendPrepareMessage(node, 'PS_POTENTIAL_SECONDARY', mutation, bytes, popAll);
  }

  sendPrepareMessage(
    node: NodeId,
    status: PartitionStatus,
    mutation: Mutation,
    bytes: Uint8Array,
    popAll: boolean,
  ): void {
    const { gpid, hash } = this.replica;
    const learnerSignature = status === 'PS_POTENTIAL_SECONDARY' ? this.replica.learnerGroup.signatureOf(node) : 0;
    const config = { gpid, ballot: mutation.ballot, primary: this.replica.self(), status, learnerSignature, popAll };
    const handle = this.ctx.env.rpc.call(
      node,
      'RPC_PREPARE',
      { config, mutation: bytes },
      { hash, timeoutMs: this.prepareTimeoutMs(status), gpid, decree: mutation.decree },
      reply(this, 'onPrepareReply', mutation, node, status, bytes),
    );
    mutation.remoteTasks.set(node, handle);
  }

  prepareTimeoutMs(status: PartitionStatus): number {
    const { prepareTimeoutForPotentialSecondariesMs, prepareTimeoutMs } = this.ctx.settings;
    return status === 'PS_POTENTIAL_SECONDARY' ? prepareTimeoutForPotentialSecondariesMs : prepareTimeoutMs;
  }

  /** Step 8. A record of another life that is logged already commits at once; ours never is. */
  appendPrivateLog(mutation: Mutation): void {
    this.replica.privateLog?.append(mutation.data, reply(this, 'onAppendLogCompleted', mutation));
  }

  // ------------------------------------------------------------------ acknowledgement (repl 1.5)

  /** The own log holds the mutation, or could not take it. Resumes in LPC_WRITE_REPLICATION_LOG. */
  onAppendLogCompleted(error: ErrorCode, mutation: Mutation): void {
    const { replica } = this;
    if (replica.closed) return;
    if (error !== 'ERR_OK') {
      replica.onLogIoError(error);
      return;
    }
    mutation.setLogged();
    if (replica.isPrimary() && mutation.ballot === replica.ballot()) this.doPossibleCommitOnPrimary(mutation);
  }

  onPrepareReply(
    result: RpcResult<PrepareAck>,
    mutation: Mutation,
    node: NodeId,
    targetStatus: PartitionStatus,
    bytes: Uint8Array,
  ): void {
    mutation.remoteTasks.delete(node);
    if (this.ignoresPrepareReply(mutation)) return;
    const error = result.error === 'ERR_OK' ? result.body.error : result.error;
    if (result.error === 'ERR_OK' && error === 'ERR_OK') {
      this.onPrepareAcked(result.body, mutation, node, targetStatus);
    } else if (this.isWorthResending(error) && this.hasTimeToResend(mutation, targetStatus)) {
      this.delayPrepare(mutation, node, targetStatus, bytes);
    } else {
      this.onPrepareFailed(error, mutation, node, targetStatus);
    }
  }

  ignoresPrepareReply(mutation: Mutation): boolean {
    const { replica } = this;
    if (replica.closed || !replica.isPrimary() || mutation.ballot < replica.ballot()) return true;
    return mutation.decree <= replica.lastCommittedDecree() || this.isProposedAnew(mutation);
  }

  /** A learner has joined: another object stands in its place, in the same ballot. */
  isProposedAnew(mutation: Mutation): boolean {
    return this.replica.prepareList.getMutationByDecree(mutation.decree) !== mutation;
  }

  onPrepareAcked(ack: PrepareAck, mutation: Mutation, node: NodeId, targetStatus: PartitionStatus): void {
    const { ballot, decree } = mutation;
    const fits = ack.ballot === ballot && ack.decree === decree;
    this.ctx.env.check(fits, 'on_prepare_reply', () => `${node} at ${decree}`);
    if (targetStatus === 'PS_SECONDARY' && this.detectLostLog(ack.lastCommittedInPrepareList)) return;
    if (this.countAck(mutation, targetStatus) === 0) this.doPossibleCommitOnPrimary(mutation);
  }

  /** Answers how many acknowledgements of that role are still missing. */
  countAck(mutation: Mutation, targetStatus: PartitionStatus): number {
    const env: Env = this.ctx.env;
    if (targetStatus === 'PS_SECONDARY') {
      env.check(mutation.leftSecondaryAckCount > 0, 'on_prepare_reply', () => `ack count of ${mutation.decree}`);
      return --mutation.leftSecondaryAckCount;
    }
    env.check(mutation.leftPotentialSecondaryAckCount > 0, 'on_prepare_reply', () => `ack count of ${mutation.decree}`);
    return --mutation.leftPotentialSecondaryAckCount;
  }

  /**
   * A member has committed what this restarted primary never held: a part of the own log was lost (FM5). The replica
   * goes to ERROR and its directory is set aside: the log may hold other mutations under those decrees by now.
   */
  detectLostLog(lastCommittedOfMember: Decree): boolean {
    const { replica } = this;
    const { recoveredMaxPrepared } = replica.primaryStates;
    if (recoveredMaxPrepared < 0) return false;
    if (lastCommittedOfMember <= Math.max(recoveredMaxPrepared, replica.lastCommittedDecree())) return false;
    replica.dataCorrupted = true;
    replica.handleLocalFailure('ERR_INCOMPLETE_DATA');
    return true;
  }

  isWorthResending(error: ErrorCode): boolean {
    return error === 'ERR_INACTIVE_STATE' || error === 'ERR_TRY_AGAIN';
  }

  hasTimeToResend(mutation: Mutation, targetStatus: PartitionStatus): boolean {
    const { prepareRetryMs } = this.ctx.settings;
    const elapsedMs = (this.ctx.env.clock.monotonicUs() - mutation.prepareTsUs) / 1000;
    return elapsedMs + prepareRetryMs + RESEND_MARGIN_MS < this.prepareTimeoutMs(targetStatus);
  }

  delayPrepare(mutation: Mutation, node: NodeId, targetStatus: PartitionStatus, bytes: Uint8Array): void {
    const then = task(this, 'onDelayPrepare', mutation, node, targetStatus, bytes);
    this.ctx.env.tasks.post('LPC_DELAY_PREPARE', this.replica.hash, this.ctx.settings.prepareRetryMs, then);
  }

  onDelayPrepare(mutation: Mutation, node: NodeId, targetStatus: PartitionStatus, bytes: Uint8Array): void {
    if (this.ignoresPrepareReply(mutation)) return;
    this.sendPrepareMessage(node, targetStatus, mutation, bytes, false);
  }

  /** By the node's current role; a learner that is lost is waited for no longer. */
  onPrepareFailed(error: ErrorCode, mutation: Mutation, node: NodeId, targetStatus: PartitionStatus): void {
    const { replica } = this;
    const isMember = replica.primaryStates.membership.secondaries.includes(node);
    replica.handleRemoteFailure(isMember ? 'PS_SECONDARY' : 'PS_POTENTIAL_SECONDARY', node, error);
    if (targetStatus !== 'PS_POTENTIAL_SECONDARY' || !replica.isPrimary()) return;
    if (this.countAck(mutation, targetStatus) === 0) this.doPossibleCommitOnPrimary(mutation);
  }

  doPossibleCommitOnPrimary(mutation: Mutation): void {
    const { replica } = this;
    const isCurrent = replica.isPrimary() && mutation.ballot === replica.ballot();
    this.ctx.env.check(isCurrent, 'do_possible_commit', () => `${replica.status()}, ballot of ${mutation.decree}`);
    if (mutation.isReadyForCommit()) replica.prepareList.commit(mutation.decree, 'COMMIT_ALL_READY');
  }

  // ------------------------------------------------------------------ apply, and what follows

  /** Storage holds the mutation: the clients hear of it, and the queue goes on. */
  onMutationApplied(mutation: Mutation): void {
    this.responseClients(mutation, 'ERR_OK');
    this.proposePendingBarrier();
    this.prepareNextWork(this.replica.maxPreparedDecree() - mutation.decree);
  }

  prepareNextWork(runningCount: number): void {
    if (!this.replica.isPrimary()) return;
    const next = this.queue.nextWork(runningCount);
    if (next !== undefined) this.initPrepare(next, false);
  }

  /** Everything that waits is refused (repl.R5, and a PRIMARY with too few members). */
  clearWriteQueue(error: ErrorCode = 'ERR_INVALID_STATE'): void {
    for (const mutation of this.queue.clear()) this.refuseAdmitted(mutation, error);
  }

  cancelOutstandingPrepares(): void {
    const { prepareList } = this.replica;
    for (let d = prepareList.lastCommittedDecree() + 1; d <= prepareList.maxDecree(); d++) {
      prepareList.getMutationByDecree(d)?.clearPrepareTasks();
    }
  }

  // ------------------------------------------------------------------ empty writes (repl 1.8, FM5)

  proposeEmptyWrite(): ErrorCode {
    return this.initPrepare(newEmptyMutation(this.replica.gpid), false);
  }

  /** The first mutation behind the suffix of a restarted primary: reads wait for it (FM5). */
  startBarrier(): void {
    const { primaryStates } = this.replica;
    primaryStates.barrierWanted = false;
    primaryStates.recoveredMaxPrepared = this.replica.maxPreparedDecree();
    primaryStates.lastPrepareDecreeOnNewPrimary = this.replica.maxPreparedDecree() + 1;
    primaryStates.barrierPending = true;
    this.proposePendingBarrier();
  }

  /** Any mutation at the barrier's decree is one; with a full window the barrier waits for a commit. */
  proposePendingBarrier(): void {
    const { replica } = this;
    const { primaryStates } = replica;
    if (!primaryStates.barrierPending || !replica.isPrimary()) return;
    const reached = replica.maxPreparedDecree() >= primaryStates.lastPrepareDecreeOnNewPrimary;
    const proposed = reached || this.initPrepare(newEmptyMutation(replica.gpid), true) === 'ERR_OK';
    if (!proposed) return;
    primaryStates.barrierPending = false;
    primaryStates.barrierDue = false;
  }
}
