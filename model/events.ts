/**
 * Everything a cluster may report: one closed union of facts (design: the event contract).
 *
 * *Observed* facts are emitted by the world when the effect is real (bytes written, store write applied, reply given);
 * the code under test cannot fake or forget them. *Claimed* facts are said by the code under test about its inside; each
 * claimed kind has an audit in both directions (claimed implies real, real implies claimed).
 *
 * Facts are frozen plain data. `atUs` is virtual time in microseconds since the world began. Keys and values are binary
 * strings (one char per byte); a key is the stored key: u16 BE hash-key length, hash key, sort key.
 */
import type {
  Ballot,
  CheckpointTrigger,
  ClusterId,
  Decree,
  ErrorCode,
  Gpid,
  NodeId,
  PartitionConfig,
  PartitionStatus,
  TableStatus,
  WriteCode,
} from './vocabulary.ts';
import type { Answer, Command } from './commands.ts';
import type { DupEntryFact, DuplicationClaimed, DuplicationObserved } from './duplicationEvents.ts';
import type { LivenessObserved } from './livenessEvents.ts';
import type { IngestionFact, LoadClaimed, LoadObserved } from './loadEvents.ts';

export type { DupEntryFact } from './duplicationEvents.ts';

/** What one update of a mutation does to rows. A MULTI_PUT is one update with several puts. */
export type RowOp =
  | { readonly op: 'put'; readonly key: string; readonly value: string; readonly expireTs: number }
  | { readonly op: 'remove'; readonly key: string };

/** One update of a mutation; an empty write has no rows. */
export interface UpdateFact {
  readonly code: WriteCode;
  readonly rows: readonly RowOp[];
  /** Of a DUPLICATE write: what it carries, in order; `rows` are those of all of them. */
  readonly entries?: readonly DupEntryFact[];
  /** Of an ingestion write: which files it brings; it has no rows of its own. */
  readonly load?: IngestionFact;
}

/** A mutation: header and decoded updates (repl 1.3, plog 5). */
export interface MutationFact {
  readonly ballot: Ballot;
  readonly decree: Decree;
  /** The primary's commit point when this mutation was prepared. */
  readonly lastCommitted: Decree;
  readonly timestampUs: number;
  readonly updates: readonly UpdateFact[];
}

interface At {
  readonly atUs: number;
}
interface AtNode extends At {
  readonly node: NodeId;
}
interface AtReplica extends AtNode {
  readonly gpid: Gpid;
}

// ---------------------------------------------------------------- claimed by the code under test

/** A replica changed its local status or ballot (repl 1.11). Emitted after the change, also when only the ballot rose. */
export interface StatusClaim extends AtReplica {
  readonly kind: 'replica.status';
  readonly from: PartitionStatus;
  readonly to: PartitionStatus;
  readonly ballot: Ballot;
}
/** A mutation entered the prepare list: assigned or re-proposed by a primary, or received by a secondary. Not for replay. */
export interface PreparedClaim extends AtReplica {
  readonly kind: 'replica.prepared';
  readonly as: 'primary' | 'secondary';
  /** True for a primary's re-proposal of a decree it held already, or of a hole it fills, under a new ballot (repl 1.10). */
  readonly reproposal: boolean;
  readonly mutation: MutationFact;
}
/** last_committed rose to `decree`; one claim per decree, in order. Also during replay and at start-up. */
export interface CommittedClaim extends AtReplica {
  readonly kind: 'replica.committed';
  readonly decree: Decree;
  readonly ballot: Ballot;
}
/** last_applied rose to `decree`: the mutation is in the storage engine. */
export interface AppliedClaim extends AtReplica {
  readonly kind: 'replica.applied';
  readonly decree: Decree;
}
/** A replica was opened: storage read, log replayed (repl 5.1). Decrees as they stand after the whole sequence. */
export interface OpenedClaim extends AtReplica {
  readonly kind: 'replica.opened';
  readonly fresh: boolean;
  readonly ballot: Ballot;
  readonly durable: Decree;
  readonly applied: Decree;
  readonly committed: Decree;
  readonly maxPrepared: Decree;
}
/** A replica's load failed; its directory was moved to `.err` (repl 5.3). */
export interface LoadFailedClaim extends AtReplica {
  readonly kind: 'replica.load-failed';
  readonly error: ErrorCode;
}
/** A replica was closed and holds nothing in memory any more. */
export interface ClosedClaim extends AtReplica {
  readonly kind: 'replica.closed';
}
/** A checkpoint attempt ended (repl 2.1, 2.2). `durable` is last_durable afterwards. */
export interface CheckpointClaim extends AtReplica {
  readonly kind: 'checkpoint.ended';
  readonly trigger: CheckpointTrigger;
  readonly error: ErrorCode;
  readonly durable: Decree;
}
/** The manual emergency checkpoint flag of a replica, and the server's counter, after a change (repl 2.3). */
export interface ManualFlagClaim extends AtReplica {
  readonly kind: 'checkpoint.manual-flag';
  readonly set: boolean;
  readonly serverCount: number;
}

export type ClaimedEvent =
  | StatusClaim
  | PreparedClaim
  | CommittedClaim
  | AppliedClaim
  | OpenedClaim
  | LoadFailedClaim
  | ClosedClaim
  | CheckpointClaim
  | ManualFlagClaim
  | DuplicationClaimed
  | LoadClaimed;

/** What the implementation hands to `env.emit`: the claim without what the env adds (`atUs`, `node`). */
export type Claim = ClaimedEvent extends infer E ? (E extends ClaimedEvent ? Omit<E, 'atUs' | 'node'> : never) : never;

// ---------------------------------------------------------------- observed by the world

/** A process came up over its disk. */
export interface ProcessStarted extends AtNode {
  readonly kind: 'process.started';
}
/** A process ended. `check`: an internal check failed (S5); `detail` names it. */
export interface ProcessStopped extends AtNode {
  readonly kind: 'process.stopped';
  readonly cause: 'crash' | 'power-loss' | 'shutdown' | 'check';
  readonly detail: string;
}
/** The meta server's record of a table became real in the state store. */
export interface TableStored extends At {
  readonly kind: 'table.stored';
  readonly cluster: ClusterId;
  readonly appId: number;
  readonly name: string;
  readonly status: TableStatus;
  readonly partitionCount: number;
  readonly maxReplicaCount: number;
  readonly envs: Readonly<Record<string, string>>;
  /** Left out: false (bl 4.1). */
  readonly isBulkLoading?: boolean;
}
/** The meta server's record of a partition became real in the state store. */
export interface ConfigStored extends At {
  readonly kind: 'config.stored';
  readonly cluster: ClusterId;
  readonly config: PartitionConfig;
}
/** A whole log record became real on disk (decoded from the bytes by the auditor, CRC verified). */
export interface LogWritten extends AtReplica {
  readonly kind: 'log.written';
  readonly fileIndex: number;
  /** Global offset of the record. */
  readonly logOffset: number;
  readonly mutation: MutationFact;
}
/** A log file appeared with its header (plog 4). */
export interface LogFileCreated extends AtReplica {
  readonly kind: 'log.file-created';
  readonly fileIndex: number;
  readonly startOffset: number;
  readonly previousMaxDecree: Decree;
  readonly validStartOffset: number;
}
/** A log file was deleted by garbage collection. */
export interface LogFileRemoved extends AtReplica {
  readonly kind: 'log.file-removed';
  readonly fileIndex: number;
}
/** What a replica's log really holds after a power loss or damage, as the auditor reads it: the surviving records in file order. */
export interface LogSurvived extends AtReplica {
  readonly kind: 'log.survived';
  readonly intact: boolean;
  /** Indices of the files whose header can be read, ascending; the next opening sets any other file aside. */
  readonly files: readonly number[];
  readonly records: readonly { readonly ballot: Ballot; readonly decree: Decree; readonly fileIndex: number }[];
}
/** A secondary answered ERR_OK to a prepare of (ballot, decree): the reply left the node. */
export interface PrepareAcked extends AtReplica {
  readonly kind: 'prepare.acked';
  readonly ballot: Ballot;
  readonly decree: Decree;
}
/** A durable flush of the storage engine: rows on sorted files now cover `decree` (atomic flush, repl 1.2). */
export interface StorageFlushed extends AtReplica {
  readonly kind: 'storage.flushed';
  readonly decree: Decree;
}
/** A directory `checkpoint.<decree>` appeared; `contentDecree` and `contentDigest` are what the auditor read in its files. */
export interface CheckpointListed extends AtReplica {
  readonly kind: 'checkpoint.listed';
  readonly decree: Decree;
  readonly contentDecree: Decree;
  /** Order-free digest of the live rows (see model/content.ts). */
  readonly contentDigest: number;
}
export interface CheckpointRemoved extends AtReplica {
  readonly kind: 'checkpoint.removed';
  readonly decree: Decree;
}
/** A command left the hands of a client or operator. `id` is unique in the run. */
export interface CommandInvoked extends At {
  readonly kind: 'command.invoked';
  readonly id: number;
  readonly cluster: ClusterId;
  readonly command: Command;
}
/** One attempt of a client write was sent to a replica server; at most one effect per attempt. */
export interface AttemptSent extends At {
  readonly kind: 'attempt.sent';
  readonly id: number;
  readonly cluster: ClusterId;
  readonly gpid: Gpid;
  readonly to: NodeId;
}
/** The client or operator got the answer. */
export interface CommandAnswered extends At {
  readonly kind: 'command.answered';
  readonly id: number;
  readonly cluster: ClusterId;
  readonly answer: Answer;
}
/** A fault took effect; what it hit, for blame. */
export interface FaultStruck extends At {
  readonly kind: 'fault.struck';
  readonly fault: string;
  readonly node: NodeId | '';
  readonly gpid: Gpid | '';
  readonly detail: string;
}
/** Faults have ended and every node is up: obligations count from here. */
export interface Healed extends At {
  readonly kind: 'world.healed';
}

export type ObservedEvent =
  | ProcessStarted
  | ProcessStopped
  | TableStored
  | ConfigStored
  | LogWritten
  | LogFileCreated
  | LogFileRemoved
  | LogSurvived
  | PrepareAcked
  | StorageFlushed
  | CheckpointListed
  | CheckpointRemoved
  | CommandInvoked
  | AttemptSent
  | CommandAnswered
  | FaultStruck
  | Healed
  | LivenessObserved
  | DuplicationObserved
  | LoadObserved;

export type ModelEvent = ClaimedEvent | ObservedEvent;

/** The claimed kinds, for the test that each has its audits and its liar. */
export const CLAIMED_KINDS: readonly ClaimedEvent['kind'][] = [
  'replica.status',
  'replica.prepared',
  'replica.committed',
  'replica.applied',
  'replica.opened',
  'replica.load-failed',
  'replica.closed',
  'checkpoint.ended',
  'checkpoint.manual-flag',
  'dup.started',
  'dup.stopped',
  'dup.shipped',
  'dup.skipped',
  'load.slot',
  'throttle.verdict',
];
