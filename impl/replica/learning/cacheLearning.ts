/**
 * LT_CACHE: the last stage of learning (repl 1.9). What the primary has prepared and committed is taken over from its
 * prepare list; from then on the learner is sent prepares. Nothing of the own log before this moment counts any more, so
 * that a checkpoint is made before the learner may become a member.
 *
 * Order, and what a crash leaves: `.init-info` names the applied decree and the log's end first. Until the checkpoint is
 * made, an opening finds less durable than that, and refuses the replica (ERR_INCOMPLETE_DATA): it learns anew.
 */
import type { Decree, ErrorCode } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { task } from '../../env/contract.ts';
import type { LearnResponse } from '../../protocol/learnMessages.ts';
import { decodeMutation } from '../../storage/plog/record.ts';
import { mutationFact, replayedMutation } from '../mutation.ts';
import type { Replica } from '../replica.ts';
import type { Learner } from './learner.ts';

export class CacheLearning {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly learner: Learner;

  constructor(ctx: Context, replica: Replica, learner: Learner) {
    this.ctx = ctx;
    this.replica = replica;
    this.learner = learner;
  }

  takeIn(response: LearnResponse, round: number): void {
    const { learner } = this;
    const fits = learner.status === 'LearningWithoutPrepare';
    this.ctx.env.check(fits, 'on_learn_reply', () => `${this.replica.gpid} is ${learner.status}`);
    learner.status = 'LearningWithPrepareTransient';
    learner.prepareStartDecree = response.prepareStartDecree;
    const error = this.takeOver(response);
    if (!learner.isLearner()) return;
    learner.status = 'LearningWithPrepare';
    if (error !== 'ERR_OK') {
      learner.completeRound(error, round);
      return;
    }
    const then = task(this, 'makeCheckpoint', round);
    this.ctx.env.tasks.post('LPC_LEARN_REMOTE_DELTA_FILES', this.replica.hash, 0, then);
  }

  private takeOver({ prepareStartDecree, state }: LearnResponse): ErrorCode {
    const { prepareList } = this.replica;
    const stored = this.resetPrivateLog();
    if (stored !== 'ERR_OK') return stored;
    this.beginList();
    for (const record of state.meta) {
      const error = this.takeRecord(record);
      if (error !== 'ERR_OK') return error;
      if (!this.learner.isLearner()) return 'ERR_LOCAL_APP_FAILURE';
    }
    const committed = prepareList.commit(prepareStartDecree - 1, 'COMMIT_TO_DECREE_HARD');
    return committed === 'ERR_OK' ? this.checkReached(prepareStartDecree) : committed;
  }

  /**
   * What was prepared before is in the part of the log that is void now: it goes, and is prepared and logged anew when the
   * primary proposes it again. Upstream keeps it, and would acknowledge it as logged (docs/departures.md, repl.1.9 cache).
   */
  beginList(): void {
    this.learner.cutList(false);
  }

  /** What the log holds is no longer what storage stands on; the records that follow begin a file of their own. */
  resetPrivateLog(): ErrorCode {
    return this.replica.loader.resetPartition(this.replica.lastAppliedDecree());
  }

  /** Into log and prepare list; what it knows to be committed is applied. */
  takeRecord(bytes: Uint8Array): ErrorCode {
    const { replica } = this;
    const record = decodeMutation(bytes);
    if (record === undefined) return 'ERR_INVALID_DATA';
    if (record.decree <= replica.lastCommittedDecree()) return 'ERR_OK';
    replica.noteTimestamps(record);
    replica.privateLog?.append(record, undefined);
    const old = replica.prepareList.getMutationByDecree(record.decree);
    if (old !== undefined && old.ballot > record.ballot) return 'ERR_OK';
    const { gpid } = replica;
    const error = replica.prepareList.prepare(replayedMutation(record), 'PS_POTENTIAL_SECONDARY');
    if (error !== 'ERR_OK') return error;
    this.ctx.env.emit({ kind: 'replica.prepared', gpid, as: 'secondary', reproposal: false, mutation: mutationFact(record) });
    return 'ERR_OK';
  }

  /** A storage that failed on the way has made this replica ERROR already. */
  private checkReached(prepareStartDecree: Decree): ErrorCode {
    const { replica } = this;
    if (!this.learner.isLearner()) return 'ERR_LOCAL_APP_FAILURE';
    const applied = replica.lastAppliedDecree();
    const committed = replica.lastCommittedDecree();
    const reached = committed === applied && applied + 1 >= prepareStartDecree;
    this.ctx.env.check(reached, 'on_learn_reply cache', () => `${applied} applied, ${committed} committed`);
    return 'ERR_OK';
  }

  /** In REPLICATION_LONG: prepares that come meanwhile are logged and committed, not applied. */
  makeCheckpoint(round: number): void {
    const { learner, replica } = this;
    if (!learner.isCurrent(round)) return;
    const before = replica.lastDurableDecree();
    const result = replica.storage?.syncCheckpoint('learn') ?? { error: 'ERR_LOCAL_APP_FAILURE', durable: before };
    if (result.durable !== before) replica.checkpoints.updateIntervalClock();
    learner.completeRound(result.error === 'ERR_OK' ? this.writeLog() : result.error, round);
  }

  /** A member's log is written: a duplication may ask this one for what it took over. */
  writeLog(): ErrorCode {
    return this.replica.privateLog?.flushNow() ?? 'ERR_LOCAL_APP_FAILURE';
  }
}
