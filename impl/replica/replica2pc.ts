/**
 * The primary's two-phase commit: admission, prepare, acknowledgement, commit, answers (repl 1.4, 1.5; upstream's
 * replica_2pc.cpp). The secondary's side is secondaryPrepare.ts.
 *
 * Departures (docs/departures.md): R1 timestamps survive a re-proposal; R2 a refusal for a disk names the disk's error;
 * R4 and R5 of the write queue; FM2 a member that fails is kept and the ballot renewed; FM5 a barrier after a restart.
 */
import type { Decree, ErrorCode, NodeId, PartitionStatus } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { reply, task } from '../env/contract.ts';
import type { Env, Replier, RpcResult } from '../env/contract.ts';
import { areBodiesReadable, decodeDuplicate } from '../protocol/duplicate.ts';
import type { DuplicateResponse } from '../protocol/duplicationMessages.ts';
import type { ClientRequest, PrepareAck, WriteResponse } from '../protocol/messages.ts';
import type { DuplicateStatus } from '../storage/contracts.ts';
import { encodeMutation } from '../storage/plog/record.ts';
import { denialOf } from './denyClient.ts';
import { errorOfDiskStatus } from './host.ts';
import type { DiskStatus } from './host.ts';
import { mutationFact, newEmptyMutation } from './mutation.ts';
import type { ClientWrite, ClientWriteCode, Mutation } from './mutation.ts';
import type { MutationQueue } from './mutationQueue.ts';
import type { Replica } from './replica.ts';

/** A resend must leave this long before the prepare's timeout, beyond its delay (repl 1.5). */
const RESEND_MARGIN_MS = 2;

export class Replica2pc {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly queue: MutationQueue;
  /** When the newest mutation was prepared, monotonic microseconds (repl 1.8). */
  lastPrepareTsUs: number;

  constructor(ctx: Context, replica: Replica) {
    this.ctx = ctx;
    this.replica = replica;
    this.queue = new ctx.parts.MutationQueue(ctx, replica.gpid);
    this.lastPrepareTsUs = ctx.env.clock.monotonicUs();
  }

  // ------------------------------------------------------------------ admission (repl 1.4)

  onClientWrite(code: ClientWriteCode, request: ClientRequest, replier: Replier<WriteResponse>): void {
    this.onWrite({ code, request, replier });
  }

  /** A write of another cluster is admitted like a client's (dup 7.2). */
  onDuplicate(request: ClientRequest, replier: Replier<DuplicateResponse>): void {
    this.onWrite({ code: 'RPC_RRDB_RRDB_DUPLICATE', request, replier });
  }

  /** `throttled`: it has waited, and is not throttled again (thr 5.1). */
  onWrite(write: ClientWrite, throttled = false): void {
    const denial = denialOf(this.replica.app.envs, 'write');
    if (denial === 'silence') return;
    const refusal = denial === 'reconfig' ? 'ERR_INVALID_STATE' : this.refuseWrite(write);
    if (refusal !== undefined) {
      this.responseClientWrite(write, refusal);
      return;
    }
    if (!throttled && this.replica.throttle.throttleWriteRequest(write)) return;
    const mutation = this.queue.addWork(write);
    if (mutation !== undefined) this.initPrepare(mutation, false);
  }

  /** Size and form of a write, then the admission table. */
  refuseWrite(write: ClientWrite): ErrorCode | undefined {
    const { body } = write.request;
    if (write.code !== 'RPC_RRDB_RRDB_DUPLICATE') {
      if (this.isTooLarge(body.length)) return 'ERR_INVALID_DATA';
    } else if (this.refusesDuplicate(body)) {
      return 'ERR_INVALID_DATA';
    }
    return this.refuseClientWrite();
  }

  isTooLarge(sizeBytes: number): boolean {
    const limit = this.ctx.settings.maxAllowedWriteSizeBytes;
    return limit > 0 && sizeBytes > limit;
  }

  /**
   * What does not decode would change nothing, and what is too large goes the way of a client's write. A write alone in
   * its request is measured without the envelope: its source has taken it (dup.B34).
   */
  refusesDuplicate(body: Uint8Array): boolean {
    const entries = decodeDuplicate(body);
    if (entries === undefined || !areBodiesReadable(entries)) return true;
    const lone = entries.length === 1 ? entries[0] : undefined;
    return this.isTooLarge(lone?.rawMessage.length ?? body.length);
  }

  /** The admission table, first match; undefined lets the write in. */
  refuseClientWrite(): ErrorCode | undefined {
    if (!this.replica.isPrimary()) return 'ERR_INVALID_STATE';
    if (this.ctx.settings.rejectWriteWhenDiskInsufficient) {
      const status = this.diskStatusOfGroup();
      if (status !== 'NORMAL') return errorOfDiskStatus(status);
    }
    if (this.replica.bulkLoader.ingestion.isIngesting) return 'ERR_OPERATION_DISABLED'; // bl 15.1 #9
    if (this.hasTooFewMembers()) return 'ERR_NOT_ENOUGH_MEMBER';
    return undefined;
  }

  /** The own disk's state when it is not normal, else the first secondary's that is not (repl.R2). */
  diskStatusOfGroup(): DiskStatus {
    const own = this.replica.host.diskStatus();
    if (own !== 'NORMAL') return own;
    for (const status of this.replica.primaryStates.secondaryDiskStatus.values()) {
      if (status !== 'NORMAL') return status;
    }
    return 'NORMAL';
  }

  /** min_2pc (repl 1.4): a setting, or the majority of the table's replicas. */
  minReplicaCount(): number {
    const count = this.ctx.settings.mutation2pcMinReplicaCount;
    if (count > 0) return count;
    const max = this.replica.app.maxReplicaCount;
    return max <= 2 ? 1 : Math.floor(max / 2) + 1;
  }

  hasTooFewMembers(): boolean {
    return this.replica.primaryStates.membership.secondaries.length + 1 < this.minReplicaCount();
  }

  responseClientWrite(write: ClientWrite, error: ErrorCode, decree: Decree = -1): void {
    const server = this.replica.self();
    if (error !== 'ERR_OK') {
      write.replier.refuse(error);
    } else if (write.code !== 'RPC_RRDB_RRDB_DUPLICATE') {
      write.replier.reply({ error, decree, server });
    } else {
      const { status, hint } = this.duplicateStatus(write.request.body);
      write.replier.reply({ error, storageStatus: status, hint, decree, server });
    }
  }

  /** What storage made of an applied DUPLICATE. */
  duplicateStatus(body: Uint8Array): DuplicateStatus {
    return this.replica.storage?.duplicateStatus(body) ?? { status: 0, hint: '' };
  }

  responseClients(mutation: Mutation, error: ErrorCode): void {
    for (const write of mutation.clientRequests) this.responseClientWrite(write, error, mutation.decree);
  }

  // ------------------------------------------------------------------ prepare (repl 1.4)

  /** Starts two-phase commit; a refusal answers the clients and consumes nothing. */
  initPrepare(mutation: Mutation, reconciliation: boolean, popAll = false): ErrorCode {
    const { gpid } = this.replica;
    this.ctx.env.check(this.replica.isPrimary(), 'init_prepare', () => `${gpid} is ${this.replica.status()}`);
    const reproposal = mutation.hasDecree();
    this.assignHeader(mutation);
    const error = this.enterPrepareList(mutation, reconciliation, popAll);
    if (error !== 'ERR_OK') {
      if (!reproposal) this.giveBackToQueue(mutation);
      this.responseClients(mutation, error);
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
    if (!reconciliation && this.hasTooFewMembers()) return 'ERR_NOT_ENOUGH_MEMBER';
    this.ctx.env.check(mutation.decree > committed, 'init_prepare', () => `${mutation.decree} <= ${committed}`);
    return replica.prepareList.prepare(mutation, 'PS_PRIMARY', popAll);
  }

  /** The popped unit goes back to the queue (repl.R4); an empty write was never popped, nor is a re-proposal. */
  giveBackToQueue(mutation: Mutation): void {
    if (mutation.clientRequests.length > 0) this.queue.giveBack();
  }

  /** Step 7: to every secondary of the configuration. */
  sendPrepareMessages(mutation: Mutation, popAll: boolean): void {
    const { secondaries } = this.replica.primaryStates.membership;
    mutation.prepareTsUs = this.ctx.env.clock.monotonicUs();
    mutation.leftSecondaryAckCount = secondaries.length;
    if (secondaries.length === 0) return;
    const bytes = encodeMutation(mutation.data);
    for (const node of secondaries) this.sendPrepareMessage(node, 'PS_SECONDARY', mutation, bytes, popAll);
  }

  sendPrepareMessage(
    node: NodeId,
    status: PartitionStatus,
    mutation: Mutation,
    bytes: Uint8Array,
    popAll: boolean,
  ): void {
    const { gpid, hash } = this.replica;
    const config = { gpid, ballot: mutation.ballot, primary: this.replica.self(), status, learnerSignature: 0, popAll };
    const handle = this.ctx.env.rpc.call(
      node,
      'RPC_PREPARE',
      { config, mutation: bytes },
      { hash, timeoutMs: this.ctx.settings.prepareTimeoutMs, gpid, decree: mutation.decree },
      reply(this, 'onPrepareReply', mutation, node, status, bytes),
    );
    mutation.remoteTasks.set(node, handle);
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
    } else if (this.isWorthResending(error) && this.hasTimeToResend(mutation)) {
      this.delayPrepare(mutation, node, targetStatus, bytes);
    } else {
      this.onPrepareFailed(error, mutation, node, targetStatus);
    }
  }

  ignoresPrepareReply(mutation: Mutation): boolean {
    const { replica } = this;
    if (replica.closed || !replica.isPrimary() || mutation.ballot < replica.ballot()) return true;
    return mutation.decree <= replica.lastCommittedDecree();
  }

  onPrepareAcked(ack: PrepareAck, mutation: Mutation, node: NodeId, targetStatus: PartitionStatus): void {
    const { ballot, decree } = mutation;
    const fits = ack.ballot === ballot && ack.decree === decree;
    this.ctx.env.check(fits, 'on_prepare_reply', () => `${node} at ${decree}`);
    if (this.detectLostLog(ack.lastCommittedInPrepareList)) return;
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

  hasTimeToResend(mutation: Mutation): boolean {
    const { prepareRetryMs, prepareTimeoutMs } = this.ctx.settings;
    const elapsedMs = (this.ctx.env.clock.monotonicUs() - mutation.prepareTsUs) / 1000;
    return elapsedMs + prepareRetryMs + RESEND_MARGIN_MS < prepareTimeoutMs;
  }

  delayPrepare(mutation: Mutation, node: NodeId, targetStatus: PartitionStatus, bytes: Uint8Array): void {
    const then = task(this, 'onDelayPrepare', mutation, node, targetStatus, bytes);
    this.ctx.env.tasks.post('LPC_DELAY_PREPARE', this.replica.hash, this.ctx.settings.prepareRetryMs, then);
  }

  onDelayPrepare(mutation: Mutation, node: NodeId, targetStatus: PartitionStatus, bytes: Uint8Array): void {
    if (this.ignoresPrepareReply(mutation)) return;
    this.sendPrepareMessage(node, targetStatus, mutation, bytes, false);
  }

  /** By the node's current role; there are no learners yet, whose loss would only lower their counter. */
  onPrepareFailed(error: ErrorCode, _mutation: Mutation, node: NodeId, _targetStatus: PartitionStatus): void {
    if (!this.replica.primaryStates.membership.secondaries.includes(node)) return;
    this.replica.handleRemoteFailure('PS_SECONDARY', node, error);
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
    for (const mutation of this.queue.clear()) this.responseClients(mutation, error);
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
    if (proposed) primaryStates.barrierPending = false;
  }
}
