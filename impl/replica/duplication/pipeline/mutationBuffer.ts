/**
 * What was read and is not known to be committed yet (dup 6.5; upstream's mutation_buffer): the decrees behind the
 * commit point, each in its newest ballot.
 *
 * Departures: a hole is passed over once a record behind it proves that it is one, and the commit point never goes back
 * (dup.B26); a record of a smaller ballot than its committed predecessor's was superseded by one that is lost, so it
 * counts as missing (upstream aborts); committed records leave the window at once.
 */
import type { Decree } from '../../../../model/vocabulary.ts';
import type { Context } from '../../../context.ts';
import type { LogMutation } from '../../../storage/plog/types.ts';
import type { Mutation } from '../../mutation.ts';
import { replayedMutation } from '../../mutation.ts';
import { MutationCache } from '../../mutationCache.ts';

/** Upstream's window, decrees. */
const CAPACITY = 200;

export interface BufferOwner {
  /** In decree order, each once. */
  onCommitted(mutation: Mutation): void;
  /** Committed decrees of which the log holds no record. */
  onMissing(from: Decree, to: Decree): void;
}

export class MutationBuffer extends MutationCache {
  readonly owner: BufferOwner;
  private committed: Decree;

  constructor(ctx: Context, owner: BufferOwner, initDecree: Decree) {
    super(ctx.env, initDecree, CAPACITY);
    this.owner = owner;
    this.committed = initDecree;
  }

  lastCommittedDecree(): Decree {
    return this.committed;
  }

  /** Everything up to `decree` is of no interest. */
  reset(decree: Decree): void {
    this.resetWindow(decree);
    this.committed = decree;
  }

  /** A record, in the order of the log. What it tells to be committed is committed first, also by one read before. */
  prepare(record: LogMutation): void {
    if (record.decree <= this.committed) return;
    this.commitByRecord(record);
    const old = this.getMutationByDecree(record.decree);
    if (old !== undefined && old.ballot >= record.ballot) return;
    const error = this.put(replayedMutation(record));
    this.env.check(error === 'ERR_OK', 'mutation_buffer::prepare', () => {
      return `${error} at ${record.decree}, committed ${this.committed}`;
    });
  }

  /** The record was prepared when everything up to its commit point was committed, and logged before it. */
  commitByRecord(record: LogMutation): void {
    this.commit(Math.min(record.lastCommittedDecree, record.decree - 1));
  }

  /**
   * Of what is buffered, commits as far as the replica has applied; all records of these decrees must have been read
   * (dup.B24). Missing decrees at the end may still come.
   */
  commitApplied(applied: Decree): void {
    let last = this.isEmpty() ? this.committed : Math.min(applied, this.maxDecree());
    while (last > this.committed && this.getMutationByDecree(last) === undefined) last--;
    this.commit(last);
  }

  /** Everything up to `decree` is committed, and a record behind it, or of itself, has been read. */
  commit(decree: Decree): void {
    let ballot = 0;
    while (this.committed < decree) {
      const mutation = this.getMutationByDecree(this.committed + 1);
      if (mutation === undefined || !this.isInBallotOrder(mutation, ballot)) {
        this.passHole(this.endOfHole(decree));
      } else {
        ({ ballot } = mutation);
        this.committed++;
        this.owner.onCommitted(mutation);
      }
    }
    this.popCommitted();
  }

  isInBallotOrder(mutation: Mutation, previous: number): boolean {
    return mutation.ballot >= previous;
  }

  /** The last missing decree behind the commit point, not beyond `limit`. */
  private endOfHole(limit: Decree): Decree {
    let end = this.committed + 1;
    while (end < limit && this.getMutationByDecree(end + 1) === undefined) end++;
    return end;
  }

  /** The log lost these decrees (after a skipped file, or a power loss): what is behind them goes on (#784). */
  passHole(to: Decree): void {
    const from = this.committed + 1;
    this.committed = to;
    this.owner.onMissing(from, to);
  }

  private popCommitted(): void {
    while (!this.isEmpty() && this.minDecree() <= this.committed) this.popMin();
  }
}
