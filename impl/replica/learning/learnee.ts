/**
 * The primary's answer to a learner's round (repl 1.9, on_learn; upstream's replica_learn.cpp): from where on the learner
 * has to learn, and by what: LT_CACHE the mutations in the prepare list, LT_LOG the private log's files, LT_APP the newest
 * checkpoint.
 *
 * Departures (docs/departures.md): a learner whose log must reach further back than its storage gets log files, never the
 * cache alone (dup.B46); none learns over an ingestion write: it gets a checkpoint that has the files, and comes again until
 * there is one (bl.B17); what a re-proposal to a learner proposes again keeps its timestamp (repl.R1).
 */
import type { Decree, ErrorCode } from '../../../model/vocabulary.ts';
import { INVALID_DECREE } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import type { Replier } from '../../env/contract.ts';
import type { LearnRequest, LearnResponse, LearnState, LearnType } from '../../protocol/learnMessages.ts';
import type { LogLearnState } from '../../storage/contracts.ts';
import { encodeMutation } from '../../storage/plog/record.ts';
import type { Replica } from '../replica.ts';
import type { RemoteLearner } from './learnerGroup.ts';

const NOTHING: LearnState = { toDecreeIncluded: INVALID_DECREE, files: [], meta: [], learnStartDecree: INVALID_DECREE };

/** One round, as the primary understood it. */
export interface LearnRound {
  readonly request: LearnRequest;
  readonly learner: RemoteLearner;
  /** What the learner holds that counts. */
  readonly applied: Decree;
  readonly start: Decree;
  readonly lastCommitted: Decree;
}

export class Learnee {
  readonly ctx: Context;
  readonly replica: Replica;
  /** No ingestion write beyond it is applied here; the log may hold one at or below it (bl.B17). */
  private ingestedUpTo: Decree = 0;

  constructor(ctx: Context, replica: Replica) {
    this.ctx = ctx;
    this.replica = replica;
  }

  /** Up to this decree an ingestion may have been applied: nobody knows any more, or one has just been. */
  noteIngestion(decree: Decree): void {
    this.ingestedUpTo = Math.max(this.ingestedUpTo, decree);
  }

  // ------------------------------------------------------------------ the request

  onLearn(request: LearnRequest, replier: Replier<LearnResponse>): void {
    const learner = this.replica.learnerGroup.learners.get(request.learner);
    const refusal = this.refuseLearn(request, learner);
    if (learner === undefined || refusal !== undefined) {
      replier.reply(this.refusal(request, refusal ?? 'ERR_OBJECT_NOT_FOUND'));
      return;
    }
    const applied = this.learnerApplied(request);
    if (!this.reachesCommitPoint(applied)) {
      replier.reply(this.refusal(request, 'ERR_INCONSISTENT_STATE'));
      return;
    }
    const start = this.getLearnStartDecree(applied, request.maxGcedDecree);
    const lastCommitted = this.replica.lastCommittedDecree();
    const inRange = start > 0 && start <= lastCommitted + 1;
    this.ctx.env.check(inRange, 'get_learn_start_decree', () => `${start} with ${lastCommitted} committed`);
    this.answer({ request, learner, applied, start, lastCommitted }, replier);
  }

  /** Step 1. */
  refuseLearn(request: LearnRequest, learner: RemoteLearner | undefined): ErrorCode | undefined {
    const { replica } = this;
    if (!replica.isPrimary()) return replica.learnerGroup.refusalWhenNotPrimary();
    if (learner === undefined) return 'ERR_OBJECT_NOT_FOUND';
    return learner.signature === request.signature ? undefined : 'ERR_WRONG_CHECKSUM';
  }

  /** Step 2: one that has applied what this primary has never prepared learns from nothing. */
  learnerApplied({ lastCommittedInApp }: LearnRequest): Decree {
    return lastCommittedInApp > this.replica.lastPreparedDecree() ? 0 : lastCommittedInApp;
  }

  /** Step 2: the learner is ahead, by what this primary has prepared and may commit. */
  reachesCommitPoint(applied: Decree): boolean {
    const { replica } = this;
    if (applied <= replica.lastCommittedDecree()) return true;
    replica.prepareList.commit(applied, 'COMMIT_TO_DECREE_SOFT');
    return applied <= replica.lastCommittedDecree() && replica.isPrimary();
  }

  // ------------------------------------------------------------------ where it begins (step 3)

  /**
   * Behind what the learner has applied; or further back, to what a duplication still needs, when the learner's log does
   * not reach there. Never further on.
   */
  getLearnStartDecree(applied: Decree, learnerMaxGced: Decree): Decree {
    const start = applied + 1;
    if (!this.replica.duplicatorManager.isDuplicating()) return start;
    const needed = this.neededByDuplication();
    if (needed === undefined || needed >= start) return start;
    return this.isLogTooShort(needed, learnerMaxGced) ? needed : start;
  }

  /** Undefined: nothing is confirmed that is known, and there is no log. */
  neededByDuplication(): Decree | undefined {
    const confirmed = this.replica.duplicatorManager.minConfirmedDecree();
    if (confirmed >= 0) return confirmed + 1;
    const gced = this.maxGcedDecree();
    return gced === INVALID_DECREE ? undefined : gced + 1;
  }

  maxGcedDecree(): Decree {
    return this.replica.privateLog?.maxGcedDecree() ?? INVALID_DECREE;
  }

  /** The learner has no log, or has given up what is needed. */
  isLogTooShort(needed: Decree, learnerMaxGced: Decree): boolean {
    return learnerMaxGced === INVALID_DECREE || learnerMaxGced >= needed;
  }

  isSteppedBack({ start, applied }: LearnRound): boolean {
    return start < applied + 1;
  }

  // ------------------------------------------------------------------ the answer (steps 4 to 6)

  answer(round: LearnRound, replier: Replier<LearnResponse>): void {
    const type = this.chooseLearnType(round);
    if (type === 'LT_CACHE') {
      this.answerFromCache(round, replier);
      return;
    }
    round.learner.prepareStartDecree = INVALID_DECREE;
    if (type === 'LT_LOG') replier.reply(this.answerFromLog(round));
    else if (type === 'LT_APP') replier.reply(this.answerFromCheckpoint(round));
    else replier.reply(this.refusal(round.request, 'ERR_INCONSISTENT_STATE'));
  }

  /** LT_INVALID: what it needs is not there yet; the learner asks again. */
  chooseLearnType(round: LearnRound): LearnType {
    if (this.isOverIngestion(round)) return this.hasCheckpointOverIngestion() ? 'LT_APP' : 'LT_INVALID';
    if (this.isCacheEnough(round)) return this.mayPrepareToLearner() ? 'LT_CACHE' : 'LT_INVALID';
    return this.isLogEnough(round) ? 'LT_LOG' : 'LT_APP';
  }

  // ------------------------------------------------------------------ ingestion (bl.B17)

  /** The learner would replay an ingestion write whose files it does not have. */
  isOverIngestion({ applied }: LearnRound): boolean {
    return applied < this.ingestedUpTo;
  }

  /** Otherwise one is begun. */
  hasCheckpointOverIngestion(): boolean {
    if (this.replica.lastDurableDecree() >= this.ingestedUpTo) return true;
    this.replica.checkpoints.initCheckpoint(true, 'learn');
    return false;
  }

  /** Not one whose files the learner does not have. */
  mayPrepareToLearner(): boolean {
    return !this.replica.bulkLoader.ingestion.isUnresolved();
  }

  // ------------------------------------------------------------------ LT_CACHE

  /** Step 4. The cache has nothing for a log that must reach further back (dup.B46). */
  isCacheEnough(round: LearnRound): boolean {
    return this.isInCache(round.start) && !this.isSteppedBack(round);
  }

  isInCache(start: Decree): boolean {
    const { prepareList } = this.replica;
    return start > prepareList.minDecree() || (start === prepareList.minDecree() && !prepareList.isEmpty());
  }

  /**
   * From now on the learner is sent prepares. What is not committed yet is proposed again behind the answer, so that the
   * learner's acknowledgement counts for it too.
   */
  answerFromCache(round: LearnRound, replier: Replier<LearnResponse>): void {
    const { replica } = this;
    round.learner.prepareStartDecree = round.lastCommitted + 1;
    replica.twoPc.cancelOutstandingPrepares();
    const { prepareStartDecree } = round.learner;
    const state: LearnState = {
      toDecreeIncluded: round.lastCommitted,
      files: [],
      meta: this.cachedRecords(round.start, prepareStartDecree),
      learnStartDecree: round.start,
    };
    replier.reply({ ...this.response(round), type: 'LT_CACHE', prepareStartDecree, state });
    replica.configurator.replayPrepareList();
  }

  /** All of `[start, end)`: they are committed, hence there. */
  cachedRecords(start: Decree, end: Decree): readonly Uint8Array[] {
    const records: Uint8Array[] = [];
    for (let decree = start; decree < end; decree++) {
      const mutation = this.replica.prepareList.getMutationByDecree(decree);
      this.ctx.env.check(mutation !== undefined, 'on_learn', () => `${decree} is not in the prepare list`);
      records.push(encodeMutation(mutation.data));
    }
    return records;
  }

  // ------------------------------------------------------------------ LT_LOG, LT_APP

  /** What no checkpoint holds, is in the log; so is, for a duplication, what the learner's own log lacks. */
  isLogEnough(round: LearnRound): boolean {
    if (round.start > this.replica.lastDurableDecree() || this.isSteppedBack(round)) return true;
    return this.learnStateOf(round)?.covers === true;
  }

  private learnStateOf(round: LearnRound): LogLearnState | undefined {
    return this.replica.privateLog?.getLearnState(round.start, this.isSteppedBack(round) ? 'all' : 'valid');
  }

  answerFromLog(round: LearnRound): LearnResponse {
    const log = this.learnStateOf(round);
    const baseDir = `${this.replica.dir}/plog`;
    const files = (log?.files ?? []).map((path) => path.slice(baseDir.length + 1));
    this.noteLastFile(round.learner, files.at(-1) ?? '');
    const state: LearnState = {
      toDecreeIncluded: round.lastCommitted,
      files,
      meta: (log?.inMemory ?? []).map(encodeMutation),
      learnStartDecree: round.start,
    };
    return { ...this.response(round), type: 'LT_LOG', baseDir, state };
  }

  /** The same file once more: it would be copied as a whole again and again. */
  noteLastFile(learner: RemoteLearner, file: string): void {
    if (file === learner.lastLearnLogFile) this.replica.privateLog?.hintSwitchFile();
    else learner.lastLearnLogFile = file;
  }

  answerFromCheckpoint(round: LearnRound): LearnResponse {
    const checkpoint = this.replica.storage?.getLearnCheckpoint();
    if (checkpoint === undefined || checkpoint.error !== 'ERR_OK') {
      return this.refusal(round.request, 'ERR_GET_LEARN_STATE_FAILED');
    }
    const { baseDir, decree, files } = checkpoint;
    const state = { toDecreeIncluded: decree, files, meta: [], learnStartDecree: round.start };
    return { ...this.response(round), type: 'LT_APP', baseDir, state };
  }

  private response(round: LearnRound): LearnResponse {
    return { ...this.refusal(round.request, 'ERR_OK'), lastCommitted: round.lastCommitted };
  }

  private refusal(request: LearnRequest, error: ErrorCode): LearnResponse {
    const { replica } = this;
    return {
      error,
      config: replica.learnerGroup.configOf(request.learner),
      lastCommitted: replica.lastCommittedDecree(),
      type: 'LT_INVALID',
      prepareStartDecree: INVALID_DECREE,
      baseDir: '',
      state: NOTHING,
    };
  }
}
