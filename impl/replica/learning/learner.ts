/**
 * The learner's side of learning (repl 1.9; upstream's replica_learn.cpp and potential_secondary_context): rounds of
 * asking the primary and taking in what it sends, until the prepare list holds everything; then a checkpoint, and the word
 * to the primary. What a round brings is taken in by CacheLearning, LogLearning and AppLearning; the end is LearnCompletion's.
 *
 * All of it runs on the replica's own worker, but for the blocking parts. What was posted before a learning ended no
 * longer counts: each round has a number of its own.
 *
 * Departures (docs/departures.md): what a log is good for is told by what of it is valid and continuous; an ingestion that
 * waits for its files is reported as not applied (bl.B17).
 */
import type { Decree, ErrorCode, PartitionStatus } from '../../../model/vocabulary.ts';
import { INVALID_DECREE } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { reply, task } from '../../env/contract.ts';
import type { Continuation, RpcHandle, RpcResult, TaskHandle } from '../../env/contract.ts';
import type {
  LearnerReport,
  LearnerStatus,
  LearnRequest,
  LearnResponse,
} from '../../protocol/learnMessages.ts';
import { maxGcedDecreeOfLearner } from '../../storage/plog/learnState.ts';
import type { AppInfo, PrepareRequest, ReplicaConfig } from '../../protocol/messages.ts';
import type { Mutation } from '../mutation.ts';
import type { Replica } from '../replica.ts';
import type { AppLearning } from './appLearning.ts';
import type { CacheLearning } from './cacheLearning.ts';
import type { LearnCompletion } from './learnCompletion.ts';
import type { LogLearning } from './logLearning.ts';

export class Learner {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly cache: CacheLearning;
  readonly logs: LogLearning;
  readonly checkpoints: AppLearning;
  readonly completion: LearnCompletion;
  status: LearnerStatus = 'LearningInvalid';
  signature = 0;
  /** From here on the primary sends prepares; -1 before the cache stage. */
  prepareStartDecree: Decree = INVALID_DECREE;
  /** The smallest start of this learning's rounds with logs; -1 before the first. */
  firstLearnStartDecree: Decree = INVALID_DECREE;
  private isRoundRunning = false;
  /** Never begins anew. */
  private round = 0;
  private call: RpcHandle | undefined;
  private delayed: TaskHandle | undefined;

  constructor(ctx: Context, replica: Replica) {
    this.ctx = ctx;
    this.replica = replica;
    this.cache = new ctx.parts.CacheLearning(ctx, replica, this);
    this.logs = new ctx.parts.LogLearning(ctx, replica, this);
    this.checkpoints = new ctx.parts.AppLearning(ctx, replica, this);
    this.completion = new ctx.parts.LearnCompletion(ctx, replica, this);
  }

  report(): LearnerReport {
    const { prepareStartDecree, signature, status } = this;
    return { prepareStartDecree, signature, status };
  }

  isLearner(): boolean {
    return this.replica.status() === 'PS_POTENTIAL_SECONDARY';
  }

  /** Whether what a round posted is still wanted. */
  isCurrent(round: number): boolean {
    return round === this.round && this.isRoundRunning && this.isLearner() && !this.replica.closed;
  }

  // ------------------------------------------------------------------ start

  /** From the primary's offer, or its group check, of a ballot that is not older than the own. */
  onLearnerOffered(config: ReplicaConfig, app: AppInfo): void {
    this.adoptDuplicating(app);
    this.initLearn(config.learnerSignature);
  }

  /** Before the first round: learned mutations go into the own log as well (#740). */
  adoptDuplicating(app: AppInfo): void {
    this.replica.configurator.learnDuplicating(app.duplicating);
  }

  /** Steps 1 to 3; also after each round. */
  initLearn(signature: number): void {
    if (!this.isLearner() || this.replica.closed || signature === 0) return;
    if (this.isRoundRunning || signature < this.signature) return;
    if (signature !== this.signature) this.beginLearning(signature);
    switch (this.status) {
      case 'LearningWithPrepare':
        this.completion.finishLearning();
        return;
      case 'LearningSucceeded':
        this.completion.notifyLearnCompletion();
        return;
      case 'LearningInvalid':
      case 'LearningWithPrepareTransient':
        this.ctx.env.check(false, 'init_learn', () => `${this.replica.gpid} is ${this.status}`);
        return;
      case 'LearningWithoutPrepare':
      case 'LearningFailed':
        if (!this.mustWaitForOthers()) this.beginRound();
    }
  }

  /** Step 2: what was prepared without being committed may be learned otherwise. */
  beginLearning(signature: number): void {
    this.cleanup();
    this.signature = signature;
    this.status = 'LearningWithoutPrepare';
    this.cutList(true);
  }

  /** The prepare list begins anew at what storage holds. */
  cutList(keepsRest: boolean): void {
    const { gpid, prepareList } = this.replica;
    const committed = this.replica.lastAppliedDecree();
    if (keepsRest) prepareList.truncate(committed);
    else prepareList.reset(committed);
    this.ctx.env.emit({ kind: 'replica.list-cut', gpid, committed, keepsRest });
  }

  /** Nothing of this learning counts any more. */
  cleanup(): void {
    this.endRound();
    this.signature = 0;
    this.status = 'LearningInvalid';
    this.prepareStartDecree = INVALID_DECREE;
    this.firstLearnStartDecree = INVALID_DECREE;
  }

  endRound(): void {
    this.round++;
    this.isRoundRunning = false;
    this.call?.cancel();
    this.delayed?.cancel();
    this.call = undefined;
    this.delayed = undefined;
    this.logs.cancel();
    this.checkpoints.cancel();
    this.completion.cancel();
  }

  // ------------------------------------------------------------------ one round (steps 4 and 5)

  /** Step 4: an empty replica needs a checkpoint, and this server learns enough of them. */
  mustWaitForOthers(): boolean {
    return this.replica.lastAppliedDecree() === 0 && !this.replica.host.learnAppSlots.hasFree();
  }

  beginRound(): void {
    this.beginWork();
    const { env, settings } = this.ctx;
    const { config, gpid, hash } = this.replica;
    const options = { hash, timeoutMs: settings.rpcTimeoutMs, gpid };
    const then: Continuation<RpcResult<LearnResponse>> = reply(this, 'onLearnReply', this.round);
    this.call = env.rpc.call(config.primary, 'RPC_LEARN', this.learnRequest(), options, then);
  }

  private beginWork(): void {
    this.round++;
    this.isRoundRunning = true;
  }

  learnRequest(): LearnRequest {
    const { replica } = this;
    return {
      gpid: replica.gpid,
      learner: replica.self(),
      signature: this.signature,
      lastCommittedInApp: this.reportedDecree(),
      lastCommittedInPrepareList: replica.lastCommittedDecree(),
      maxGcedDecree: maxGcedDecreeOfLearner(this.firstLearnStartDecree, this.maxGcedDecreeOfLog()),
    };
  }

  /** An ingestion whose files do not come is learned with the primary's checkpoint (bl.B17). */
  reportedDecree(): Decree {
    const pending = this.replica.storage?.pendingIngestion();
    return pending === undefined ? this.replica.lastAppliedDecree() : pending.decree - 1;
  }

  /**
   * What the own log does not reach back to; -1: it is of no use to a duplication. Void files do not count, since there may
   * be a hole behind them; nor does a log that ends before what storage holds.
   */
  maxGcedDecreeOfLog(): Decree {
    const log = this.replica.privateLog;
    if (log === undefined || log.maxDecree() < this.replica.lastAppliedDecree()) return INVALID_DECREE;
    const valid = log.logFiles().find(({ startOffset }) => startOffset >= log.validStartOffset());
    return valid?.previousLogMaxDecree ?? INVALID_DECREE;
  }

  onLearnReply(result: RpcResult<LearnResponse>, round: number): void {
    if (!this.isCurrent(round)) return;
    this.call = undefined;
    const error = result.error === 'ERR_OK' ? result.body.error : result.error;
    if (result.error !== 'ERR_OK') this.handleLearningError(result.error, false);
    else if (this.isWorthAsking(error)) this.askAgain();
    else if (error !== 'ERR_OK') this.handleLearningError(error, false);
    else if (!this.adoptBallot(result.body.config)) this.handleLearningError('ERR_INVALID_STATE', false);
    else this.takeIn(result.body);
  }

  isWorthAsking(error: ErrorCode): boolean {
    return error === 'ERR_INACTIVE_STATE' || error === 'ERR_INCONSISTENT_STATE';
  }

  askAgain(): void {
    this.endRound();
    const then = task(this, 'initLearn', this.signature);
    this.delayed = this.ctx.env.tasks.post('LPC_DELAY_LEARN', this.replica.hash, this.ctx.settings.learnRetryMs, then);
  }

  /** Upstream aborts when its own configurator refuses what the primary says. */
  adoptBallot(config: ReplicaConfig): boolean {
    const { configurator } = this.replica;
    if (config.ballot < this.replica.ballot()) return false;
    return config.ballot === this.replica.ballot() || configurator.updateLocalConfiguration(configurator.fromMessage(config));
  }

  takeIn(response: LearnResponse): void {
    const error = this.isAheadOf(response) ? this.discardStorage() : 'ERR_OK';
    if (error !== 'ERR_OK') {
      this.handleLearningError(error, true);
      return;
    }
    switch (response.type) {
      case 'LT_CACHE':
        this.cache.takeIn(response, this.round);
        return;
      case 'LT_LOG':
        this.logs.takeIn(response, this.round);
        return;
      case 'LT_APP':
        this.checkpoints.takeIn(response, this.round);
        return;
      case 'LT_INVALID':
        this.handleLearningError('ERR_INVALID_DATA', false);
    }
  }

  /** What is applied here, the primary has never committed. */
  isAheadOf({ lastCommitted }: LearnResponse): boolean {
    return lastCommitted < this.replica.lastAppliedDecree();
  }

  /** Storage, log and prepare list begin anew. */
  discardStorage(): ErrorCode {
    const { replica } = this;
    const discarded = replica.storage?.discardAndOpenNew() ?? 'ERR_LOCAL_APP_FAILURE';
    if (discarded !== 'ERR_OK') return discarded;
    replica.storage?.updateAppEnvs(replica.app.envs);
    replica.bulkLoader.ingestion.onStorageReplaced();
    this.firstLearnStartDecree = INVALID_DECREE;
    this.cutList(false);
    return replica.loader.resetPartition(0);
  }

  // ------------------------------------------------------------------ its end

  /** From wherever the round ended; continues on the replica's own worker. */
  completeRound(error: ErrorCode, round: number): void {
    const then = task(this, 'onLearnRemoteStateCompleted', error, round);
    this.ctx.env.tasks.post('LPC_LEARN_REMOTE_DELTA_FILES_COMPLETED', this.replica.hash, 0, then);
  }

  onLearnRemoteStateCompleted(error: ErrorCode, round: number): void {
    if (!this.isCurrent(round)) return;
    this.endRound();
    if (error === 'ERR_OK') this.initLearn(this.signature);
    else this.handleLearningError(error, true);
  }

  /** Local: this replica cannot learn. Remote: the primary offers it again with a group check. */
  handleLearningError(error: ErrorCode, isLocal: boolean): void {
    const { replica } = this;
    if (!this.isLearner()) return;
    if (isLocal) replica.handleLocalFailure(error);
    else replica.configurator.updateLocalConfigurationWithNoBallotChange('PS_INACTIVE');
  }

  // ------------------------------------------------------------------ the last stage (step 3)

  /** What was committed while the checkpoint was made is read from the own log. */
  beginCatchUp(): void {
    this.beginWork();
    this.logs.beginCatchUp(this.round);
  }

  /** Everything that is committed is applied, and everything else that was prepared is here. */
  isComplete(): boolean {
    return this.status === 'LearningSucceeded';
  }

  // ------------------------------------------------------------------ prepares (repl 1.7 step 5)

  /** Undefined: it is taken. Another signature: the primary has begun anew with this node. */
  refusePrepare({ config }: PrepareRequest): ErrorCode | undefined {
    if (config.learnerSignature !== this.signature) {
      this.handleLearningError('ERR_INVALID_STATE', false);
      return 'ERR_INVALID_STATE';
    }
    if (this.status === 'LearningWithPrepare' || this.isComplete()) return undefined;
    return this.status === 'LearningWithoutPrepare' ? 'ERR_TRY_AGAIN' : 'ERR_INVALID_STATE';
  }

  /** The committer of the prepare list: while the checkpoint is made nothing is applied (repl 1.6). */
  executeMutation(mutation: Mutation): void {
    if (!this.isComplete() && this.status !== 'LearningWithPrepareTransient') return;
    this.replica.checkNextDecree(mutation);
    this.replica.apply(mutation);
  }

  // ------------------------------------------------------------------ changes of the own role (repl 1.11)

  /** A learner of another ballot goes on; only one that holds everything becomes a member, and never the PRIMARY. */
  mayBecome(status: PartitionStatus): boolean {
    return status === 'PS_PRIMARY' ? false : status !== 'PS_SECONDARY' || this.isComplete();
  }

  onRoleChanged(old: ReplicaConfig, config: ReplicaConfig): void {
    if (old.status !== 'PS_POTENTIAL_SECONDARY' || config.status === 'PS_POTENTIAL_SECONDARY') return;
    this.cleanup();
    if (config.status === 'PS_SECONDARY') this.cutList(true);
    else if (config.status === 'PS_ERROR') this.replica.prepareList.reset(this.replica.lastAppliedDecree());
  }
}
