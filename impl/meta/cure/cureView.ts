/**
 * What decisions about a partition are made of, and what they come to: plain data (repl 1.10; upstream's meta_view,
 * config_context and configuration_proposal_action). Rules read a view and answer a decision; who looks, when, and what
 * becomes of the answer is cure.ts.
 */
import type { Ballot, Decree, NodeId, PartitionConfig } from '../../../model/vocabulary.ts';
import type { AppState } from '../serverState.ts';

/**
 * What the failure detector knows of the servers. One that is not alive loses its part in every partition: a new meta
 * server takes each for alive until it has been silent for the grace time (repl 1.10).
 */
export interface LivenessView {
  isAlive(node: NodeId): boolean;
}

/** Who stores configurations. */
export interface ConfigUpdater {
  /** An update of the partition is on its way to the store. */
  isUpdatePending(app: AppState, partitionIndex: number): boolean;
  /** The meta server's own change: the primary is dead. */
  downgradePrimaryToInactive(app: AppState, partitionIndex: number): void;
}

/** How much of one table, and of all, a server has; what is proposed and not stored yet counts too. */
export interface Load {
  readonly appPrimaries: number;
  readonly appPartitions: number;
  readonly primaries: number;
  readonly partitions: number;
}

export interface LoadView {
  loadOf(node: NodeId, appId: number): Load;
  /** Replicas by stored configurations alone. */
  storedPartitions(node: NodeId): number;
}

/** A replica outside the configuration as its server reported it with a config sync. */
export interface ReplicaReport {
  readonly ballot: Ballot;
  readonly lastCommitted: Decree;
  readonly lastPrepared: Decree;
}

/** Of a server that was scanned and has no such replica. */
export const NO_REPLICA: ReplicaReport = { ballot: -1, lastCommitted: -1, lastPrepared: -1 };

/** A server that was a member, or that reported a replica without being one. */
export interface DroppedReplica {
  readonly node: NodeId;
  /** When the meta server stored its removal, milliseconds of the monotonic clock; 0: it only reported a replica. */
  readonly droppedMs: number;
  /** NO_REPLICA's numbers until it has reported since. */
  readonly report: ReplicaReport;
}

/** One partition, and everything that a decision about it may depend on. */
export interface CureView {
  readonly appId: number;
  readonly config: PartitionConfig;
  /** All servers of the cluster, ascending by id: ties go to the smallest. */
  readonly nodes: readonly NodeId[];
  readonly liveness: LivenessView;
  readonly loads: LoadView;
  /** The drop list, oldest first; no member is on it. */
  readonly drops: readonly DroppedReplica[];
  /** Index into `drops` of the next learner to try; -1: each had its turn. */
  readonly preferredDrop: number;
  /** What servers that dropped out of this partition have said since; NO_REPLICA: scanned, and nothing found. */
  readonly collected: ReadonlyMap<NodeId, ReplicaReport>;
  /** Servers that refused to become the primary of this configuration. */
  readonly passedOver: ReadonlySet<NodeId>;
  /** The monotonic clock, milliseconds. */
  readonly nowMs: number;
}

export type ProposalType =
  | 'CT_ASSIGN_PRIMARY'
  | 'CT_UPGRADE_TO_PRIMARY'
  | 'CT_ADD_SECONDARY'
  | 'CT_ADD_SECONDARY_FOR_LB'
  | 'CT_DOWNGRADE_TO_SECONDARY'
  | 'CT_DOWNGRADE_TO_INACTIVE'
  | 'CT_REMOVE';

/** Asked of `target` (the primary, or who shall become it), about `node`. */
export interface Proposal {
  readonly type: ProposalType;
  readonly target: NodeId;
  readonly node: NodeId;
}

/** Why nothing can be asked for yet. */
export type WaitReason =
  /** There are secondaries, none of them alive. */
  | 'no-secondary-alive'
  /** A new partition, and no server alive. */
  | 'no-node-alive'
  /** DDD: a server that must be heard has not come back. */
  | 'last-drop-dead'
  /** DDD: it is back, and was not scanned yet. */
  | 'last-drop-not-collected'
  /** DDD: both were scanned, neither has the replica. */
  | 'last-drops-without-replica'
  /** DDD: the larger ballot has the smaller committed decree. An administrator must choose, as in the next two. */
  /** DDD: nobody has prepared what is known to be committed. */
  | 'prepared-below-committed'
  /** DDD: somebody has, but not the one that would be chosen. */
  | 'chosen-below-committed'
  /** A secondary is missing: its server may come back in time. */
  | 'waits-for-last-drop'
  /** A secondary is missing: no server is free to take its place. */
  | 'no-candidate'
  /** Too few servers are alive for any change. */
  | 'frozen';

export type Decision =
  | { readonly kind: 'healthy' }
  | { readonly kind: 'wait'; readonly reason: WaitReason }
  /** `preferredDrop`: the view's, moved on when a learner was taken from the drop list. */
  | { readonly kind: 'propose'; readonly proposal: Proposal; readonly preferredDrop: number };

/** What a server that is dead means for a partition of its own. */
export type NodeDeadAction =
  | { readonly kind: 'none' }
  | { readonly kind: 'remove-primary' }
  | { readonly kind: 'propose'; readonly proposal: Proposal };
