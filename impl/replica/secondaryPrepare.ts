/**
 * The secondary's side of prepare: receive, enter, log, acknowledge (repl 1.7; upstream's replica_2pc.cpp, on_prepare).
 *
 * Departure FM4: a commit point that passes a hole, or a ballot that falls, sends the replica to ERROR instead of
 * aborting the server.
 */
import type { Decree, ErrorCode } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { reply } from '../env/contract.ts';
import type { Replier } from '../env/contract.ts';
import type { PrepareAck, PrepareRequest, ReplicaConfig } from '../protocol/messages.ts';
import { decodeMutation } from '../storage/plog/record.ts';
import type { LogMutation } from '../storage/plog/types.ts';
import { Mutation, mutationFact } from './mutation.ts';
import type { Replica } from './replica.ts';

export class SecondaryPrepare {
  readonly ctx: Context;
  readonly replica: Replica;

  constructor(ctx: Context, replica: Replica) {
    this.ctx = ctx;
    this.replica = replica;
  }

  onPrepare(request: PrepareRequest, replier: Replier<PrepareAck>): void {
    const record = this.decodePrepare(request);
    if (this.isOutdated(record)) return;
    const refusal = this.adoptBallot(request.config) ? this.refusePrepare(request) : 'ERR_INVALID_STATE';
    if (refusal !== undefined) {
      this.sendAck(refusal, record, replier);
      return;
    }
    if (record.decree <= this.replica.lastCommittedDecree()) {
      this.sendAck('ERR_OK', record, replier);
      return;
    }
    this.replica.noteTimestamps(record);
    if (this.isRepeatedPrepare(record, replier)) return;
    this.enterMutation(new Mutation(record), request.config.popAll, replier);
  }

  /** Step 1: the bytes are one record, of the configuration that they came with. */
  decodePrepare(request: PrepareRequest): LogMutation {
    const record = decodeMutation(request.mutation);
    const { config } = request;
    this.ctx.env.check(record !== undefined, 'on_prepare', () => `${config.gpid}: not a mutation`);
    const fits = record.gpid === config.gpid && record.ballot === config.ballot;
    this.ctx.env.check(fits, 'on_prepare', () => `${record.gpid} ${record.ballot} in ${config.gpid} ${config.ballot}`);
    return record;
  }

  /** Step 2: an older ballot gets no answer at all. */
  isOutdated(record: LogMutation): boolean {
    return record.ballot < this.replica.ballot();
  }

  /** Step 3: a newer ballot brings a configuration; false when it is refused. */
  adoptBallot(config: ReplicaConfig): boolean {
    if (config.ballot <= this.replica.ballot()) return true;
    return this.replica.configurator.updateLocalConfiguration(this.replica.configurator.fromMessage(config));
  }

  /** Steps 4 to 6: who cannot take a prepare. */
  refusePrepare(request: PrepareRequest): ErrorCode | undefined {
    const { config } = request;
    const status = this.replica.status();
    if (status === 'PS_INACTIVE') return this.replica.inactiveIsTransient ? 'ERR_INACTIVE_STATE' : 'ERR_INVALID_STATE';
    if (status === 'PS_ERROR') return 'ERR_INVALID_STATE';
    if (status === 'PS_POTENTIAL_SECONDARY') {
      const refusal = this.replica.learner.refusePrepare(request);
      if (refusal !== undefined) return refusal;
    }
    this.ctx.env.check(config.status === status, 'on_prepare', () => `${config.status} to ${status} of ${config.gpid}`);
    return undefined;
  }

  /**
   * Step 7: the same decree under the same ballot; acknowledged now, or together with the first when that is logged.
   */
  isRepeatedPrepare(record: LogMutation, replier: Replier<PrepareAck>): boolean {
    const old = this.replica.prepareList.getMutationByDecree(record.decree);
    if (old === undefined || old.ballot !== record.ballot) return false;
    if (old.isLogged()) this.sendAck('ERR_OK', record, replier);
    else old.prepareRequests.push(replier);
    return true;
  }

  /** Steps 8 and 9, up to the append. */
  enterMutation(mutation: Mutation, popAll: boolean, replier: Replier<PrepareAck>): void {
    const { replica } = this;
    const error = replica.prepareList.prepare(mutation, replica.status(), popAll);
    if (error !== 'ERR_OK') {
      replica.handleLocalFailure(error);
      this.sendAck('ERR_INVALID_STATE', mutation.data, replier);
      return;
    }
    if (replica.status() === 'PS_ERROR') {
      this.sendAck('ERR_INVALID_STATE', mutation.data, replier);
      return;
    }
    const limit = replica.lastCommittedDecree() + this.ctx.settings.maxMutationCountInPrepareList;
    this.ctx.env.check(mutation.decree <= limit, 'on_prepare', () => `${mutation.decree} > ${limit}`);
    mutation.prepareRequests.push(replier);
    const { gpid } = replica;
    const fact = mutationFact(mutation.data);
    this.ctx.env.emit({ kind: 'replica.prepared', gpid, as: 'secondary', reproposal: false, mutation: fact });
    this.appendPrivateLog(mutation);
  }

  appendPrivateLog(mutation: Mutation): void {
    this.replica.privateLog?.append(mutation.data, reply(this, 'onAppendLogCompleted', mutation));
  }

  /** Step 9: resumes in LPC_WRITE_REPLICATION_LOG. */
  onAppendLogCompleted(error: ErrorCode, mutation: Mutation): void {
    const { replica } = this;
    if (replica.closed) return;
    if (error === 'ERR_OK') mutation.setLogged();
    if (this.isAckWanted(mutation)) this.ackPrepareMessage(error, mutation);
    if (error !== 'ERR_OK') replica.onLogIoError(error);
    else if (this.isAckWanted(mutation)) this.commitTo(mutation.data.lastCommittedDecree);
  }

  isAckWanted(mutation: Mutation): boolean {
    const status = this.replica.status();
    if (mutation.ballot < this.replica.ballot()) return false;
    return status === 'PS_SECONDARY' || status === 'PS_POTENTIAL_SECONDARY';
  }

  /** HARD: the primary said that it committed up to here. */
  commitTo(decree: Decree): void {
    const error = this.replica.prepareList.commit(decree, 'COMMIT_TO_DECREE_HARD');
    if (error !== 'ERR_OK') this.replica.handleLocalFailure(error);
  }

  /** All requests that asked for this mutation are acknowledged together. */
  ackPrepareMessage(error: ErrorCode, mutation: Mutation): void {
    for (const replier of mutation.prepareRequests) this.sendAck(error, mutation.data, replier);
    mutation.prepareRequests.length = 0;
  }

  sendAck(error: ErrorCode, record: LogMutation, replier: Replier<PrepareAck>): void {
    const { replica } = this;
    replier.reply({
      gpid: replica.gpid,
      error,
      ballot: record.ballot,
      decree: record.decree,
      lastCommittedInApp: replica.lastAppliedDecree(),
      lastCommittedInPrepareList: replica.lastCommittedDecree(),
    });
  }
}
