/**
 * The RPCs of learning and of leaving a group (repl 1.8 to 1.10): their requests and answers, and the words that they
 * use. A learned record travels as its bytes (plog 5), like a prepare.
 */
import type { Ballot, Decree, ErrorCode, Gpid, NodeId } from '../../model/vocabulary.ts';
import type { AppInfo, ReplicaConfig } from './messages.ts';

/** repl 1.9, in the order of the wire values: how far a learner is. */
export type LearnerStatus =
  | 'LearningInvalid'
  | 'LearningWithoutPrepare'
  | 'LearningWithPrepareTransient'
  | 'LearningWithPrepare'
  | 'LearningSucceeded'
  | 'LearningFailed';

/** repl 1.9: what one round brings: prepared records from memory, a checkpoint, or log files. */
export type LearnType = 'LT_INVALID' | 'LT_CACHE' | 'LT_APP' | 'LT_LOG';

/** RPC_LEARN_ADD_LEARNER: one way; the next group check says the same. */
export interface AddLearnerRequest {
  readonly app: AppInfo;
  /** As the primary sees the learner; with its signature. */
  readonly config: ReplicaConfig;
}

/** RPC_LEARN: one round. */
export interface LearnRequest {
  readonly gpid: Gpid;
  readonly learner: NodeId;
  readonly signature: number;
  readonly lastCommittedInApp: Decree;
  readonly lastCommittedInPrepareList: Decree;
  /** What its own log does not reach back to; -1: it has no log. */
  readonly maxGcedDecree: Decree;
}

/** What is to be learned (upstream's learn_state). */
export interface LearnState {
  /** Of a checkpoint the decree that it holds; of logs the commit point that they reach. */
  readonly toDecreeIncluded: Decree;
  /** Relative to the base directory. */
  readonly files: readonly string[];
  /** Records, in the order of the log or of the prepare list. */
  readonly meta: readonly Uint8Array[];
  /** Where the primary began; it may lie below what the learner has applied (duplication). */
  readonly learnStartDecree: Decree;
}

export interface LearnResponse {
  readonly error: ErrorCode;
  /** The learner as the primary sees it, in the primary's ballot. */
  readonly config: ReplicaConfig;
  readonly lastCommitted: Decree;
  readonly type: LearnType;
  /** LT_CACHE: prepares of this decree and of all later ones are sent to the learner; -1 otherwise. */
  readonly prepareStartDecree: Decree;
  /** On the primary's disk. */
  readonly baseDir: string;
  readonly state: LearnState;
}

/** How far a learner is, in its own words; also in its answers to group checks. */
export interface LearnerReport {
  readonly status: LearnerStatus;
  readonly signature: number;
  /** From where on it has been sent prepares, as the primary told it; -1 before that. */
  readonly prepareStartDecree: Decree;
}

/** RPC_LEARN_COMPLETION_NOTIFY. */
export interface LearnCompletionRequest {
  readonly gpid: Gpid;
  readonly node: NodeId;
  readonly report: LearnerReport;
}
export interface LearnCompletionResponse {
  readonly error: ErrorCode;
}

/** RPC_REMOVE_REPLICA: one way; the configuration with this ballot has no such member any more (repl 1.10). */
export interface RemoveReplicaRequest {
  readonly gpid: Gpid;
  readonly ballot: Ballot;
  readonly primary: NodeId | '';
}

/** One-way requests have no answer. */
type Nothing = Record<string, never>;

export interface LearnRpcTypes {
  RPC_LEARN_ADD_LEARNER: { request: AddLearnerRequest; response: Nothing };
  RPC_LEARN: { request: LearnRequest; response: LearnResponse };
  RPC_LEARN_COMPLETION_NOTIFY: { request: LearnCompletionRequest; response: LearnCompletionResponse };
  RPC_REMOVE_REPLICA: { request: RemoveReplicaRequest; response: Nothing };
}
