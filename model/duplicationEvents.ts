/**
 * Facts of duplication (dup 2 to 7), a part of the event contract of events.ts: what the world sees in the state store,
 * in messages and on disks, and what the code under test claims of its duplicators.
 */
import type { ClusterId, Decree, DupId, DuplicationFailMode, DuplicationStatus, Gpid, NodeId, WriteCode } from './vocabulary.ts';
import type { RowOp } from './events.ts';

/** One entry of a DUPLICATE write: a write of another cluster, as it travels and as it stands in the follower's log (dup 2.2). */
export interface DupEntryFact {
  /** Of the source's mutation, wall microseconds of the source. */
  readonly timestampUs: number;
  /** `[duplication-group]` id of the sender. */
  readonly clusterId: number;
  readonly code: WriteCode;
  readonly verifyTimetag: boolean;
  readonly rows: readonly RowOp[];
}

/** The record of a duplication in the store (dup 2.4). */
export interface DupRecordFact {
  readonly remote: string;
  readonly status: DuplicationStatus;
  readonly createTimestampMs: number;
  readonly failMode: DuplicationFailMode;
  readonly remoteAppName: string;
  readonly remoteReplicaCount: number;
}

interface At {
  readonly atUs: number;
}
interface AtReplica extends At {
  readonly node: NodeId;
  readonly gpid: Gpid;
}

// ---------------------------------------------------------------- observed by the world

/** The record of a duplication became real in the store: created or replaced. */
export interface DupStored extends At {
  readonly kind: 'dup.stored';
  readonly cluster: ClusterId;
  readonly appId: number;
  readonly dupId: DupId;
  readonly record: DupRecordFact;
}
/** The node of a duplication, with its progress below it, was removed from the store. */
export interface DupErased extends At {
  readonly kind: 'dup.erased';
  readonly cluster: ClusterId;
  readonly appId: number;
  readonly dupId: DupId;
}
/** A partition's confirmed decree became real in the store. */
export interface DupProgressStored extends At {
  readonly kind: 'dup.progress-stored';
  readonly cluster: ClusterId;
  readonly appId: number;
  readonly dupId: DupId;
  readonly gpid: Gpid;
  readonly confirmed: Decree;
}
/** The answer of a duplication sync reached a replica server: what it now may know of one duplication (one event for each). */
export interface DupTold extends At {
  readonly kind: 'dup.told';
  readonly cluster: ClusterId;
  readonly node: NodeId;
  readonly appId: number;
  readonly dupId: DupId;
  readonly status: DuplicationStatus;
  readonly failMode: DuplicationFailMode;
  /** By partition index. */
  readonly progress: Readonly<Record<number, Decree>>;
}
/** The answer of a duplication sync reached a replica server: the whole list, after the `dup.told` of each. */
export interface DupSynced extends At {
  readonly kind: 'dup.synced';
  readonly cluster: ClusterId;
  readonly node: NodeId;
  readonly dups: readonly { readonly appId: number; readonly dupId: DupId }[];
}
/** A replica server's report of one duplicator left the node (dup 4.1). */
export interface DupReported extends AtReplica {
  readonly kind: 'dup.reported';
  readonly cluster: ClusterId;
  readonly dupId: DupId;
  readonly confirmed: Decree;
  readonly prepared: boolean;
  readonly lastCommitted: Decree;
}
/** A DUPLICATE request left a replica server for the follower (each resend too). `gpid` is the follower's partition. */
export interface DupSent extends At {
  readonly kind: 'dup.sent';
  readonly from: NodeId;
  readonly to: NodeId;
  readonly gpid: Gpid;
  readonly sizeBytes: number;
  readonly entries: readonly DupEntryFact[];
}
/** The creation request of a follower table left a meta server (dup 5.2, 5.4); `status` is `creating` or `created`. */
export interface FollowerAsked extends At {
  readonly kind: 'follower.asked';
  /** The master's cluster, and the follower's meta server. */
  readonly cluster: ClusterId;
  readonly to: NodeId;
  readonly name: string;
  readonly partitionCount: number;
  readonly replicaCount: number;
  readonly envs: Readonly<Record<string, string>>;
}
/**
 * A downloaded checkpoint became the database of a follower's replica (the directory `duplication` was renamed to
 * `rdb`): `decree` and `digest` are what the auditor read in its files.
 */
export interface CheckpointAdopted extends AtReplica {
  readonly kind: 'checkpoint.adopted';
  readonly decree: Decree;
  readonly digest: number;
}

export type DuplicationObserved =
  | DupStored
  | DupErased
  | DupProgressStored
  | DupTold
  | DupSynced
  | DupReported
  | DupSent
  | FollowerAsked
  | CheckpointAdopted;

// ---------------------------------------------------------------- claimed by the code under test

/** The pipeline of a duplicator was built (dup 6.1): it loads from `start`. */
export interface DupStartedClaim extends AtReplica {
  readonly kind: 'dup.started';
  readonly dupId: DupId;
  readonly start: Decree;
}
/** It was given up: paused, dropped, or its replica closed. Nothing more of it is sent. */
export interface DupStoppedClaim extends AtReplica {
  readonly kind: 'dup.stopped';
  readonly dupId: DupId;
}
/** `last_decree` of a duplicator rose to `last`: everything up to it that is to be shipped was acknowledged. */
export interface DupShippedClaim extends AtReplica {
  readonly kind: 'dup.shipped';
  readonly dupId: DupId;
  readonly last: Decree;
}
/**
 * The loader went on behind records that it could not read: with FAIL_SKIP (dup 6.3), or over a hole of the log
 * (dup.B26). The decrees from `from` to `to` are not shipped.
 */
export interface DupSkippedClaim extends AtReplica {
  readonly kind: 'dup.skipped';
  readonly dupId: DupId;
  readonly from: Decree;
  readonly to: Decree;
}

export type DuplicationClaimed = DupStartedClaim | DupStoppedClaim | DupShippedClaim | DupSkippedClaim;
