/**
 * LT_APP: the learner takes over the primary's newest checkpoint instead of all that it has (repl 1.9, 2.8).
 *
 * Departures (docs/departures.md): the own log has a hole from now on, so that nothing of it counts any more and nothing
 * that was learned from logs before (upstream leaves it alone, and a duplication of a later primary misses what lies in
 * the hole); a slot is given back by who took it (repl.Q18).
 */
import type { ErrorCode } from '../../../model/vocabulary.ts';
import { INVALID_DECREE } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { reply, task } from '../../env/contract.ts';
import type { LearnResponse } from '../../protocol/learnMessages.ts';
import type { Replica } from '../replica.ts';
import type { LearnFiles } from './learnFiles.ts';
import type { Learner } from './learner.ts';

export class AppLearning {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly learner: Learner;
  readonly files: LearnFiles;
  private hasSlot = false;

  constructor(ctx: Context, replica: Replica, learner: Learner) {
    this.ctx = ctx;
    this.replica = replica;
    this.learner = learner;
    this.files = new ctx.parts.LearnFiles(ctx, replica);
  }

  takeIn(response: LearnResponse, round: number): void {
    if (!this.takeSlot()) {
      this.learner.endRound();
      return;
    }
    this.files.copy(response, reply(this, 'onCopied', response, round));
  }

  cancel(): void {
    this.files.cancel();
    this.giveBackSlot();
  }

  /** False: the next group check tries again. */
  takeSlot(): boolean {
    const { learnAppSlots } = this.replica.host;
    if (!learnAppSlots.hasFree()) return false;
    learnAppSlots.take();
    this.hasSlot = true;
    return true;
  }

  private giveBackSlot(): void {
    if (this.hasSlot) this.replica.host.learnAppSlots.giveBack();
    this.hasSlot = false;
  }

  onCopied(error: ErrorCode, response: LearnResponse, round: number): void {
    if (!this.learner.isCurrent(round)) return;
    this.giveBackSlot();
    if (error !== 'ERR_OK') {
      this.learner.completeRound(error, round);
      return;
    }
    const then = task(this, 'applyLearnedState', response, round);
    this.ctx.env.tasks.post('LPC_LEARN_REMOTE_DELTA_FILES', this.replica.hash, 0, then);
  }

  /** In REPLICATION_LONG. */
  applyLearnedState(response: LearnResponse, round: number): void {
    if (!this.learner.isCurrent(round)) return;
    const error = this.installCheckpoint(response);
    // What a storage that failed holds is not known; the replica is given up.
    if (error === 'ERR_OK') this.learner.cutList(false);
    this.learner.completeRound(error === 'ERR_OK' ? this.onInstalled(response) : error, round);
  }

  /** A storage beyond the checkpoint waits for the files of an ingestion in vain (bl.B17): it goes. */
  installCheckpoint({ state }: LearnResponse): ErrorCode {
    const { storage } = this.replica;
    if (storage === undefined) return 'ERR_LOCAL_APP_FAILURE';
    if (state.toDecreeIncluded < storage.lastCommittedDecree()) {
      const discarded = this.learner.discardStorage();
      if (discarded !== 'ERR_OK') return discarded;
    }
    return storage.applyCheckpoint(this.files.path, state.files, state.toDecreeIncluded);
  }

  onInstalled({ lastCommitted }: LearnResponse): ErrorCode {
    const { learner, replica } = this;
    const applied = replica.lastAppliedDecree();
    this.ctx.env.check(applied <= lastCommitted, 'on_copy_remote_state', () => `${applied} > ${lastCommitted}`);
    replica.storage?.updateAppEnvs(replica.app.envs);
    replica.checkpoints.updateIntervalClock();
    replica.bulkLoader.ingestion.onStorageReplaced();
    replica.learnee.noteIngestion(applied);
    learner.firstLearnStartDecree = INVALID_DECREE;
    return replica.loader.resetPartition(applied);
  }
}
