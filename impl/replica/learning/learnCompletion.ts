/**
 * The end of a learning (repl 1.9 step 3): the checkpoint stands, what was committed while it was made is applied, and the
 * primary is told; from then on the learner is as good as a member, and waits for the configuration that makes it one.
 *
 * Departure (docs/departures.md): when nobody answers, the primary is told again.
 */
import type { ErrorCode } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { reply } from '../../env/contract.ts';
import type { RpcHandle, RpcResult } from '../../env/contract.ts';
import type { LearnCompletionRequest, LearnCompletionResponse } from '../../protocol/learnMessages.ts';
import type { Replica } from '../replica.ts';
import type { Learner } from './learner.ts';

export class LearnCompletion {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly learner: Learner;
  private call: RpcHandle | undefined;

  constructor(ctx: Context, replica: Replica, learner: Learner) {
    this.ctx = ctx;
    this.replica = replica;
    this.learner = learner;
  }

  /** Nobody hears of an answer that is on its way. */
  cancel(): void {
    this.call?.cancel();
    this.call = undefined;
  }

  // ------------------------------------------------------------------ what was committed meanwhile

  finishLearning(): void {
    const { learner, replica } = this;
    const durable = replica.lastDurableDecree();
    const start = learner.prepareStartDecree;
    this.ctx.env.check(durable + 1 >= start, 'init_learn', () => `durable ${durable}, prepares from ${start}`);
    if (!this.isMissingInList()) {
      learner.beginCatchUp();
      return;
    }
    const error = this.applyMissing();
    if (error === 'ERR_OK') this.succeed();
    else learner.handleLearningError(error, true);
  }

  /** What is missing, if anything is; otherwise it has left the prepare list, and the own log has it. */
  isMissingInList(): boolean {
    const { prepareList } = this.replica;
    const applied = this.replica.lastAppliedDecree();
    if (prepareList.lastCommittedDecree() <= applied) return true;
    return !prepareList.isEmpty() && applied + 1 >= prepareList.minDecree();
  }

  applyMissing(): ErrorCode {
    const { replica } = this;
    const { prepareList } = replica;
    for (let decree = replica.lastAppliedDecree() + 1; decree <= prepareList.lastCommittedDecree(); decree++) {
      const mutation = prepareList.getMutationByDecree(decree);
      if (mutation === undefined) return 'ERR_INCOMPLETE_DATA';
      if (!replica.apply(mutation)) return 'ERR_LOCAL_APP_FAILURE';
    }
    return 'ERR_OK';
  }

  succeed(): void {
    this.replica.checkStateCompleteness();
    this.learner.status = 'LearningSucceeded';
    this.notifyLearnCompletion();
  }

  // ------------------------------------------------------------------ the word to the primary

  notifyLearnCompletion(): void {
    const { learner, replica } = this;
    const { config, gpid, hash } = replica;
    const request: LearnCompletionRequest = { gpid, node: replica.self(), report: learner.report() };
    this.cancel();
    this.call = this.ctx.env.rpc.call(
      config.primary,
      'RPC_LEARN_COMPLETION_NOTIFY',
      request,
      { hash, timeoutMs: this.ctx.settings.rpcTimeoutMs, gpid },
      reply(this, 'onLearnCompletionReply', learner.signature),
    );
  }

  /** OK is only heard: the new configuration makes it a SECONDARY. */
  onLearnCompletionReply(result: RpcResult<LearnCompletionResponse>, signature: number): void {
    const { learner } = this;
    if (!learner.isLearner() || this.replica.closed || signature !== learner.signature) return;
    this.call = undefined;
    const error = result.error === 'ERR_OK' ? result.body.error : result.error;
    if (error === 'ERR_OK') return;
    if (result.error !== 'ERR_OK' || error === 'ERR_INACTIVE_STATE') learner.askAgain();
    else learner.handleLearningError(error, false);
  }
}
