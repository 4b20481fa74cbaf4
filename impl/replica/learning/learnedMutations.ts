/**
 * What a learner replays from logs: a prepare list of its own over what is applied, whose commits go into storage (repl
 * 1.9 LT_LOG). A record below what is applied, or with an equal or newer twin, is skipped.
 *
 * Departure: an ingestion write stops it: its files are not here, and the primary has a checkpoint with them (bl.B17).
 */
import type { Decree, ErrorCode } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import type { LogMutation } from '../../storage/plog/types.ts';
import { holdsIngestion, replayedMutation } from '../mutation.ts';
import type { Mutation } from '../mutation.ts';
import { PrepareList } from '../prepareList.ts';
import type { Committer } from '../prepareList.ts';
import type { Replica } from '../replica.ts';

export interface LearnedMutationsOptions {
  /** What is applied is appended to the own log too. */
  readonly intoLog: boolean;
  /** The replica's own list has not said that they are committed. */
  readonly claims: boolean;
}

/** Its commits are the replica's only when they are applied. */
export class LearnPrepareList extends PrepareList {
  override claimCommitted(): void {}
}

export class LearnedMutations implements Committer {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly list: LearnPrepareList;
  readonly claims: boolean;
  readonly intoLog: boolean;
  error: ErrorCode = 'ERR_OK';
  private isStopped = false;

  constructor(ctx: Context, replica: Replica, { claims, intoLog }: LearnedMutationsOptions) {
    this.ctx = ctx;
    this.replica = replica;
    this.claims = claims;
    this.intoLog = intoLog;
    const initDecree = replica.lastAppliedDecree();
    this.list = new ctx.parts.LearnPrepareList(ctx, { gpid: replica.gpid, initDecree, committer: this });
  }

  /** The next record of the log; what it knows to be committed is applied. Nothing after an error. */
  take(record: LogMutation): void {
    if (this.error !== 'ERR_OK' || this.isStopped || record.decree <= this.list.lastCommittedDecree()) return;
    const old = this.list.getMutationByDecree(record.decree);
    if (old !== undefined && old.ballot >= record.ballot) return;
    this.replica.noteTimestamps(record);
    this.note(this.list.prepare(replayedMutation(record), 'PS_SECONDARY'));
  }

  commitSoft(decree: Decree): void {
    if (this.error === 'ERR_OK' && !this.isStopped) this.list.commit(decree, 'COMMIT_TO_DECREE_SOFT');
  }

  private note(error: ErrorCode): void {
    if (this.error === 'ERR_OK') this.error = error;
  }

  /** Exactly the next decree; everything else is in storage, or behind what stopped this. */
  executeMutation(mutation: Mutation): void {
    const { replica } = this;
    if (this.error !== 'ERR_OK' || this.isStopped || mutation.decree !== replica.lastAppliedDecree() + 1) return;
    if (this.stopsAt(mutation)) {
      this.isStopped = true;
      return;
    }
    const { ballot, decree } = mutation;
    if (this.claims) this.ctx.env.emit({ kind: 'replica.committed', gpid: replica.gpid, decree, ballot });
    if (!replica.apply(mutation)) this.note('ERR_LOCAL_APP_FAILURE');
    else if (this.intoLog) replica.privateLog?.append(mutation.data, undefined);
  }

  stopsAt(mutation: Mutation): boolean {
    return holdsIngestion(mutation.data);
  }
}
