/**
 * LT_LOG: the learner replays the primary's log files (repl 1.9; upstream's apply_learned_state_from_private_log), and a
 * learner that is nearly done the end of its own (LPC_CATCHUP_WITH_PRIVATE_LOGS).
 *
 * Of a duplicated table the learned mutations must be in the own log as well. Either they are appended as they are
 * applied; or the learning began further back than what is applied, and the learned files become the log.
 *
 * Departures (docs/departures.md): an error of storage ends the round as an error; no ingestion write is applied, since
 * its files are not here (bl.B17); before a log is replaced that the storage's last checkpoint needs, there is a new
 * checkpoint.
 */
import type { Decree, ErrorCode } from '../../../model/vocabulary.ts';
import { INVALID_DECREE } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { reply, task } from '../../env/contract.ts';
import type { LearnResponse, LearnState } from '../../protocol/learnMessages.ts';
import { decodeMutation } from '../../storage/plog/record.ts';
import type { LogMutation } from '../../storage/plog/types.ts';
import type { Replica } from '../replica.ts';
import type { LearnedMutations } from './learnedMutations.ts';
import type { LearnFiles } from './learnFiles.ts';
import type { Learner } from './learner.ts';

export class LogLearning {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly learner: Learner;
  readonly files: LearnFiles;

  constructor(ctx: Context, replica: Replica, learner: Learner) {
    this.ctx = ctx;
    this.replica = replica;
    this.learner = learner;
    this.files = new ctx.parts.LearnFiles(ctx, replica);
  }

  cancel(): void {
    this.files.cancel();
  }

  // ------------------------------------------------------------------ the primary's log

  /** Without files there is only what was in the primary's memory. */
  takeIn(response: LearnResponse, round: number): void {
    if (response.state.files.length === 0) this.onCopied('ERR_OK', response, round);
    else this.files.copy(response, reply(this, 'onCopied', response, round));
  }

  onCopied(error: ErrorCode, response: LearnResponse, round: number): void {
    if (!this.learner.isCurrent(round)) return;
    if (error !== 'ERR_OK') {
      this.learner.completeRound(error, round);
      return;
    }
    const then = task(this, 'applyLearnedState', response, round);
    this.ctx.env.tasks.post('LPC_LEARN_REMOTE_DELTA_FILES', this.replica.hash, 0, then);
  }

  /** In REPLICATION_LONG. What storage holds afterwards is where the prepare list begins, also after an error. */
  applyLearnedState(response: LearnResponse, round: number): void {
    const { learner } = this;
    if (!learner.isCurrent(round)) return;
    const error = this.applyLearnedLogs(response.state);
    if (learner.isLearner()) learner.cutList(false);
    learner.completeRound(error, round);
  }

  applyLearnedLogs(state: LearnState): ErrorCode {
    const isSteppedBack = this.isSteppedBack(state);
    const duplicating = this.replica.duplicatorManager.isDuplicating();
    if (isSteppedBack) {
      const replaced = this.replaceLog(state);
      if (replaced !== 'ERR_OK') return replaced;
    }
    const mutations = this.newMutations(duplicating && !isSteppedBack);
    const replayed = this.replayFiles(mutations, state, isSteppedBack);
    if (replayed !== 'ERR_OK') return replayed;
    this.noteLearnStart(state.learnStartDecree);
    const applied = this.applyInMemory(mutations, state);
    if (applied !== 'ERR_OK') return applied;
    return this.replica.privateLog?.flushNow() ?? 'ERR_LOCAL_APP_FAILURE';
  }

  /** The primary began where a duplication still needs the log (dup 6.8). */
  isSteppedBack(state: LearnState): boolean {
    const applied = this.replica.lastAppliedDecree();
    return this.replica.duplicatorManager.isDuplicating() && state.learnStartDecree < applied + 1 && state.files.length > 0;
  }

  private newMutations(intoLog: boolean): LearnedMutations {
    const { ctx, replica } = this;
    return new ctx.parts.LearnedMutations(ctx, replica, { intoLog, claims: true });
  }

  private noteLearnStart(start: Decree): void {
    const first = this.learner.firstLearnStartDecree;
    this.learner.firstLearnStartDecree = first === INVALID_DECREE ? start : Math.min(first, start);
  }

  // ------------------------------------------------------------------ the own log is replaced

  /** A replica that is loaded again replays from its last checkpoint: the new log reaches back to it. */
  replaceLog({ learnStartDecree }: LearnState): ErrorCode {
    const { loader } = this.replica;
    if (this.replica.lastDurableDecree() + 1 < learnStartDecree) {
      const error = this.replica.storage?.syncCheckpoint('learn').error ?? 'ERR_LOCAL_APP_FAILURE';
      if (error !== 'ERR_OK') return error;
    }
    const reset = this.resetFrom(this.files.path);
    return reset === 'ERR_OK' ? loader.adoptLog() : reset;
  }

  /** plog 13.3 (#765). */
  resetFrom(dir: string): ErrorCode {
    return this.replica.privateLog?.resetFrom(dir) ?? 'ERR_LOCAL_APP_FAILURE';
  }

  // ------------------------------------------------------------------ replay

  replayFiles(mutations: LearnedMutations, state: LearnState, isSteppedBack: boolean): ErrorCode {
    if (isSteppedBack) return this.replayOwnLog(mutations);
    if (state.files.length === 0) return 'ERR_OK';
    const replayer = new this.ctx.parts.LogReplayer(this.ctx);
    const error = replayer.replayDirectory(this.files.path, (_length, mutation) => {
      mutations.take(mutation);
    });
    return error === 'ERR_OK' ? mutations.error : error;
  }

  /** From behind what is applied. */
  replayOwnLog(mutations: LearnedMutations): ErrorCode {
    const { privateLog } = this.replica;
    if (privateLog === undefined) return 'ERR_LOCAL_APP_FAILURE';
    const { files, inMemory } = privateLog.getLearnState(this.replica.lastAppliedDecree() + 1);
    const replayer = new this.ctx.parts.LogReplayer(this.ctx);
    const error = replayer.replayPaths(files, (_length, mutation) => {
      mutations.take(mutation);
    });
    if (error !== 'ERR_OK') return error;
    for (const mutation of inMemory) mutations.take(mutation);
    return mutations.error;
  }

  /** Records that may not be in the files yet, and are not committed; then as far as the primary had committed. */
  applyInMemory(mutations: LearnedMutations, state: LearnState): ErrorCode {
    for (const bytes of state.meta) {
      const record: LogMutation | undefined = decodeMutation(bytes);
      if (record === undefined) return 'ERR_INVALID_DATA';
      mutations.take(record);
    }
    if (state.toDecreeIncluded > this.replica.lastCommittedDecree()) mutations.commitSoft(state.toDecreeIncluded);
    return mutations.error;
  }

  // ------------------------------------------------------------------ the own log (repl 1.9 step 3)

  /** What was committed while the checkpoint was made has left the prepare list. */
  beginCatchUp(round: number): void {
    const then = task(this, 'catchUpWithPrivateLogs', round);
    this.ctx.env.tasks.post('LPC_CATCHUP_WITH_PRIVATE_LOGS', this.replica.hash, 0, then);
  }

  /** In REPLICATION_LONG, while prepares go on. */
  catchUpWithPrivateLogs(round: number): void {
    const { ctx, learner, replica } = this;
    if (!learner.isCurrent(round)) return;
    const before = replica.lastAppliedDecree();
    const written = replica.privateLog?.flushNow() ?? 'ERR_LOCAL_APP_FAILURE';
    const mutations = new ctx.parts.LearnedMutations(ctx, replica, { intoLog: false, claims: false });
    const error = written === 'ERR_OK' ? this.replayOwnLog(mutations) : written;
    const stuck = error === 'ERR_OK' && replica.lastAppliedDecree() === before;
    learner.completeRound(stuck ? 'ERR_INCOMPLETE_DATA' : error, round);
  }
}

