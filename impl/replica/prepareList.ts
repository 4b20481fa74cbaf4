/**
 * The prepare list: what a replica has prepared, and its commit point (repl 1.6).
 *
 * Departure: a HARD commit over a hole, over an entry that is not logged yet, or over one of a smaller ballot than its
 * predecessor's ends with ERR_INCOMPLETE_DATA instead of aborting the server (docs/departures.md FM4); the caller sends
 * the replica to ERROR.
 */
import type { Decree, ErrorCode, Gpid, PartitionStatus } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import type { Mutation } from './mutation.ts';
import { MutationCache } from './mutationCache.ts';

/** HARD: the commit point is known from elsewhere. SOFT: as far as it goes. ALL_READY: the primary's. */
export type CommitType = 'COMMIT_TO_DECREE_HARD' | 'COMMIT_TO_DECREE_SOFT' | 'COMMIT_ALL_READY';

/** Runs once for each committed mutation, in decree order, after the commit point was raised. */
export interface Committer {
  executeMutation(mutation: Mutation): void;
}

export interface PrepareListOptions {
  readonly gpid: Gpid;
  readonly initDecree: Decree;
  readonly committer: Committer;
}

export class PrepareList extends MutationCache {
  readonly ctx: Context;
  readonly gpid: Gpid;
  readonly committer: Committer;
  private committed: Decree;

  constructor(ctx: Context, options: PrepareListOptions) {
    super(ctx.env, options.initDecree, ctx.settings.maxMutationCountInPrepareList);
    this.ctx = ctx;
    this.gpid = options.gpid;
    this.committer = options.committer;
    this.committed = options.initDecree;
  }

  lastCommittedDecree(): Decree {
    return this.committed;
  }

  reset(decree: Decree): void {
    this.resetWindow(decree);
    this.committed = decree;
  }

  /** Forgets everything up to `decree`, which becomes the commit point (it can go down). */
  truncate(decree: Decree): void {
    while (!this.isEmpty() && this.minDecree() <= decree) this.popMin();
    if (this.isEmpty()) this.resetWindow(decree);
    this.committed = decree;
  }

  /**
   * Enters a mutation as the given status does. ERR_CAPACITY_EXCEEDED only for PRIMARY; ERR_INCOMPLETE_DATA when the
   * mutation's commit point passes a hole (then it was not entered).
   */
  prepare(mutation: Mutation, status: PartitionStatus, popAll = false, secondaryCommit = true): ErrorCode {
    const { decree } = mutation;
    this.env.check(decree > this.committed, 'prepare_list::prepare', () => `${decree} <= ${this.committed}`);
    switch (status) {
      case 'PS_PRIMARY':
        this.popCommitted(decree, popAll);
        return this.put(mutation);
      case 'PS_SECONDARY':
      case 'PS_POTENTIAL_SECONDARY':
        return this.prepareOnSecondary(mutation, popAll, secondaryCommit);
      case 'PS_INACTIVE':
        return this.prepareOnReplay(mutation);
      case 'PS_ERROR':
        this.env.check(false, 'prepare_list::prepare', () => status);
    }
    return 'ERR_INVALID_STATE';
  }

  prepareOnSecondary(mutation: Mutation, popAll: boolean, secondaryCommit: boolean): ErrorCode {
    if (secondaryCommit) {
      const error = this.commit(mutation.data.lastCommittedDecree, 'COMMIT_TO_DECREE_HARD');
      if (error !== 'ERR_OK') return error;
    }
    this.popCommitted(mutation.decree, popAll);
    this.mustPut(mutation);
    return 'ERR_OK';
  }

  prepareOnReplay(mutation: Mutation): ErrorCode {
    const { lastCommittedDecree } = mutation.data;
    if (lastCommittedDecree > this.maxDecree()) {
      this.reset(lastCommittedDecree);
    } else if (lastCommittedDecree > this.committed) {
      const error = this.commit(lastCommittedDecree, 'COMMIT_TO_DECREE_HARD');
      if (error !== 'ERR_OK') return error;
    }
    this.popCommitted(mutation.decree, false);
    this.mustPut(mutation);
    return 'ERR_OK';
  }

  /** Committed mutations stay cached until room is needed; the newest committed one stays in any case. */
  popCommitted(decree: Decree, popAll: boolean): void {
    while ((popAll || decree - this.minDecree() >= this.capacity) && this.committed > this.minDecree()) this.popMin();
  }

  private mustPut(mutation: Mutation): void {
    const error = this.put(mutation);
    this.env.check(error === 'ERR_OK', 'prepare_list::prepare', () => `${error} at ${mutation.decree}`);
  }

  /** Nothing when `decree` is committed already. Not ERR_OK only for HARD. */
  commit(decree: Decree, type: CommitType): ErrorCode {
    if (decree <= this.committed) return 'ERR_OK';
    switch (type) {
      case 'COMMIT_TO_DECREE_HARD':
        return this.commitHard(decree);
      case 'COMMIT_TO_DECREE_SOFT':
        return this.commitSoft(decree);
      case 'COMMIT_ALL_READY':
        return this.commitAllReady(decree);
    }
  }

  commitHard(decree: Decree): ErrorCode {
    let ballot = 0;
    while (this.committed < decree) {
      const mutation = this.getMutationByDecree(this.committed + 1);
      if (mutation === undefined || !mutation.isLogged()) return 'ERR_INCOMPLETE_DATA';
      if (!this.isInBallotOrder(mutation, ballot)) return 'ERR_INCOMPLETE_DATA';
      ballot = mutation.ballot;
      this.commitOne(mutation);
    }
    return 'ERR_OK';
  }

  commitSoft(decree: Decree): ErrorCode {
    let ballot = 0;
    while (this.committed < decree) {
      const mutation = this.nextReady(ballot);
      if (mutation === undefined) break;
      ballot = mutation.ballot;
      this.commitOne(mutation);
    }
    return 'ERR_OK';
  }

  commitAllReady(decree: Decree): ErrorCode {
    if (decree !== this.committed + 1) return 'ERR_OK';
    let ballot = 0;
    for (let next = this.nextReady(ballot); next !== undefined; next = this.nextReady(ballot)) {
      ballot = next.ballot;
      this.commitOne(next);
    }
    return 'ERR_OK';
  }

  /** The mutation behind the commit point when it is present, ready, and of no smaller ballot than its predecessor. */
  nextReady(ballot: number): Mutation | undefined {
    const mutation = this.getMutationByDecree(this.committed + 1);
    if (mutation === undefined || !this.isReadyForCommit(mutation) || mutation.ballot < ballot) return undefined;
    return mutation;
  }

  isReadyForCommit(mutation: Mutation): boolean {
    return mutation.isReadyForCommit();
  }

  /** A primary re-proposes in decree order: behind an entry of a newer ballot an older one lost its re-proposal. */
  isInBallotOrder(mutation: Mutation, previous: number): boolean {
    return mutation.ballot >= previous;
  }

  commitOne(mutation: Mutation): void {
    this.committed++;
    this.claimCommitted(mutation);
    this.committer.executeMutation(mutation);
  }

  claimCommitted({ ballot, decree }: Mutation): void {
    this.env.emit({ kind: 'replica.committed', gpid: this.gpid, decree, ballot });
  }
}
