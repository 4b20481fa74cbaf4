/** Facts of learning (repl 1.9, 2.8; plog 13), part of the closed union of events.ts. */
import type { Ballot, Decree, Gpid, NodeId } from './vocabulary.ts';

interface AtReplica {
  readonly atUs: number;
  readonly node: NodeId;
  readonly gpid: Gpid;
}

export type LearnTypeFact = 'LT_CACHE' | 'LT_LOG' | 'LT_APP';

// ---------------------------------------------------------------- claimed by the code under test

/**
 * A learner's prepare list begins anew: everything up to `committed`, which is what storage holds, has left it; what lies
 * above stays (`keepsRest`), or goes too. The commit point may go down.
 */
export interface ListCutClaim extends AtReplica {
  readonly kind: 'replica.list-cut';
  readonly committed: Decree;
  readonly keepsRest: boolean;
}

export type LearningClaimed = ListCutClaim;

// ---------------------------------------------------------------- observed by the world

/** A primary answered a learner's round with what it is to learn. */
export interface LearnAnswered extends AtReplica {
  readonly kind: 'learn.answered';
  readonly learner: NodeId;
  readonly type: LearnTypeFact;
  /** The first decree that the learner lacks, or that its log lacks; and what the learner has applied. */
  readonly start: Decree;
  readonly applied: Decree;
  readonly lastCommitted: Decree;
}
/** A replica's data directory is another one from now on: a learned checkpoint, or an empty database (`decree` 0). */
export interface StorageReplaced extends AtReplica {
  readonly kind: 'storage.replaced';
  readonly decree: Decree;
  /** Order-free digest of the live rows (see content.ts). */
  readonly contentDigest: number;
}
/** A replica's log directory is another one from now on; its files, oldest first. */
export interface LogReplaced extends AtReplica {
  readonly kind: 'log.replaced';
  readonly files: readonly {
    readonly index: number;
    readonly startOffset: number;
    readonly endOffset: number;
    readonly previousMaxDecree: Decree;
    readonly records: readonly { readonly ballot: Ballot; readonly decree: Decree; readonly lastCommitted: Decree }[];
  }[];
}
/** `.init-info` stands: what the next opening begins with (repl 5.1). */
export interface InitInfoStored extends AtReplica {
  readonly kind: 'init-info.stored';
  readonly ballot: Ballot;
  readonly durable: Decree;
  /** Records before it count for nothing. */
  readonly logOffset: number;
}

/**
 * A replica's directory is gone: set aside as damaged (`err`), as of no use (`gar`), or removed (`other`). What
 * is opened under its name from now on begins with nothing.
 */
export interface ReplicaGone extends AtReplica {
  readonly kind: 'replica.gone';
  readonly as: 'err' | 'gar' | 'other';
}

export type LearningObserved = LearnAnswered | StorageReplaced | LogReplaced | InitInfoStored | ReplicaGone;
