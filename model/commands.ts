/**
 * What a client or an operator may ask, and what they may be told. Tables are named by the user's name; keys are the
 * user's hash key and sort key (ASCII in plans).
 */
import type { MemberLoadFact } from './loadEvents.ts';
import type { BulkLoadStatus, CheckpointTrigger, Decree, DupId, DuplicationFailMode, DuplicationStatus, ErrorCode, NodeId, PatternMatchType, TableStatus } from './vocabulary.ts';

export type ClientCommand =
  | { readonly kind: 'put'; readonly table: string; readonly hashKey: string; readonly sortKey: string; readonly value: string; readonly ttlSeconds: number }
  | { readonly kind: 'get'; readonly table: string; readonly hashKey: string; readonly sortKey: string }
  | { readonly kind: 'remove'; readonly table: string; readonly hashKey: string; readonly sortKey: string }
  | { readonly kind: 'multiPut'; readonly table: string; readonly hashKey: string; readonly rows: readonly { readonly sortKey: string; readonly value: string }[]; readonly ttlSeconds: number };

export type AdminCommand =
  | { readonly kind: 'createTable'; readonly name: string; readonly partitionCount: number; readonly replicaCount: number; readonly envs: Readonly<Record<string, string>>; readonly successIfExist: boolean }
  | { readonly kind: 'dropTable'; readonly name: string }
  /** The shell's `recall`; `newName` '': the one that it had. */
  | { readonly kind: 'recallTable'; readonly appId: number; readonly newName: string }
  | { readonly kind: 'renameTable'; readonly name: string; readonly newName: string }
  | { readonly kind: 'setEnvs'; readonly name: string; readonly envs: Readonly<Record<string, string>> }
  | { readonly kind: 'listTables' }
  /** remote command `replica.trigger-checkpoint` at every member of one partition (repl 2.2). */
  | { readonly kind: 'triggerCheckpoint'; readonly table: string; readonly partitionIndex: number }
  /** The checkpoint that a duplication asks for: at least `minDecree`, taken by the primary (repl 2.3). */
  | { readonly kind: 'emergencyCheckpoint'; readonly table: string; readonly partitionIndex: number; readonly minDecree: Decree | 'last-applied' }
  /** What the primary says of its checkpoints: last durable decree, and whether `minDecree` is covered. */
  | { readonly kind: 'queryCheckpoint'; readonly table: string; readonly partitionIndex: number; readonly minDecree: Decree }
  /** Counters and gauges of the primary's replica (dup 10). */
  | { readonly kind: 'queryMetrics'; readonly table: string; readonly partitionIndex: number }
  /** The decrees of the primary's replica, and where its duplicators stand (dup 10). */
  | { readonly kind: 'queryProgress'; readonly table: string; readonly partitionIndex: number }
  /** Manual compaction of a table through its envs (repl 2.2). */
  | { readonly kind: 'manualCompact'; readonly table: string }
  /** The shell's `propose -t CT_DOWNGRADE_TO_SECONDARY`, then `CT_UPGRADE_TO_PRIMARY`: a secondary becomes the primary. */
  | { readonly kind: 'movePrimary'; readonly table: string; readonly partitionIndex: number; readonly to: NodeId }
  /** The shell's `balance -p copy_pri` or `copy_sec`: a server that has nothing of the partition takes the place of a member. `from` '': the primary. */
  | { readonly kind: 'copyReplica'; readonly table: string; readonly partitionIndex: number; readonly place: 'primary' | 'secondary'; readonly from: NodeId | ''; readonly to: NodeId }
  | DuplicationCommand
  | BulkLoadCommand;

/** The shell's lines of duplication (dup 3.4). A `dupId` of 0 or less is one that no duplication has. */
export type DuplicationCommand =
  /** `remoteTable` '' and `remoteReplicaCount` 0: as the table itself. */
  | { readonly kind: 'addDup'; readonly table: string; readonly remoteCluster: string; readonly checkpoint: boolean; readonly remoteTable: string; readonly remoteReplicaCount: number }
  | { readonly kind: 'removeDup' | 'startDup' | 'pauseDup'; readonly table: string; readonly dupId: DupId }
  | { readonly kind: 'setDupFailMode'; readonly table: string; readonly dupId: DupId; readonly failMode: DuplicationFailMode }
  | { readonly kind: 'queryDup'; readonly table: string }
  | { readonly kind: 'listDups'; readonly pattern: string; readonly matchType: PatternMatchType };

/** The shell's lines of bulk load (bl 6.5). */
export type BulkLoadCommand =
  | { readonly kind: 'startBulkLoad'; readonly table: string; readonly clusterName: string; readonly provider: string; readonly root: string; readonly ingestBehind: boolean }
  | { readonly kind: 'pauseBulkLoad' | 'restartBulkLoad' | 'clearBulkLoad' | 'queryBulkLoad'; readonly table: string }
  | { readonly kind: 'cancelBulkLoad'; readonly table: string; readonly forced: boolean };

export type Command = ClientCommand | AdminCommand;

export interface TableFact {
  readonly appId: number;
  readonly name: string;
  readonly status: TableStatus;
  readonly partitionCount: number;
  readonly maxReplicaCount: number;
  readonly envs: Readonly<Record<string, string>>;
}

/** One duplication as query and list tell it. */
export interface DupFact {
  readonly dupId: DupId;
  readonly remote: string;
  readonly status: DuplicationStatus;
  readonly createTsMs: number;
  readonly failMode: DuplicationFailMode;
  readonly remoteTable: string;
  readonly remoteReplicaCount: number;
  /** By partition index, initialised partitions only. */
  readonly partitions: readonly { readonly partitionIndex: number; readonly confirmed: Decree; readonly lastCommitted: Decree }[];
}

/** A duplicator as its server tells it: what it has shipped, and what it was told is stored. */
export interface DuplicatorFact {
  readonly dupId: DupId;
  readonly status: DuplicationStatus;
  readonly failMode: DuplicationFailMode;
  readonly last: Decree;
  readonly confirmed: Decree;
}

/** What came back. `ERR_TIMEOUT` says nothing about the effect of a write. */
export type Answer =
  | { readonly kind: 'write'; readonly error: ErrorCode }
  /** `found` and `value` mean something only with ERR_OK. */
  | { readonly kind: 'read'; readonly error: ErrorCode; readonly found: boolean; readonly value: string }
  | { readonly kind: 'admin'; readonly error: ErrorCode; readonly hint: string; readonly appId?: number }
  | { readonly kind: 'tables'; readonly error: ErrorCode; readonly tables: readonly TableFact[] }
  | { readonly kind: 'checkpoint'; readonly error: ErrorCode; readonly durable: Decree; readonly prepared: boolean; readonly minDecree: Decree }
  | { readonly kind: 'triggered'; readonly error: ErrorCode; readonly trigger: CheckpointTrigger }
  /** Of one replica at one server since that started; what was never told is left out. */
  | { readonly kind: 'metrics'; readonly error: ErrorCode; readonly node: NodeId; readonly metrics: Readonly<Record<string, number>> }
  | { readonly kind: 'progress'; readonly error: ErrorCode; readonly node: NodeId; readonly committed: Decree; readonly applied: Decree; readonly durable: Decree; readonly duplicating: boolean; readonly dups: readonly DuplicatorFact[] }
  /** Of addDup. Ids and names mean something only with ERR_OK and ERR_DUP_EXIST. */
  | { readonly kind: 'dupAdded'; readonly error: ErrorCode; readonly hint: string; readonly appId: number; readonly dupId: DupId; readonly remoteTable: string; readonly remoteReplicaCount: number }
  | { readonly kind: 'dupModified'; readonly error: ErrorCode; readonly appId: number }
  | { readonly kind: 'dups'; readonly error: ErrorCode; readonly hint: string; readonly tables: readonly { readonly name: string; readonly appId: number; readonly partitionCount: number; readonly dups: readonly DupFact[] }[] }
  /** Of start, control and clear. */
  | { readonly kind: 'bulkLoad'; readonly error: ErrorCode; readonly hint: string }
  /** `members`: what each member of a partition said last, by partition index. */
  | { readonly kind: 'bulkLoadStatus'; readonly error: ErrorCode; readonly hint: string; readonly appStatus: BulkLoadStatus; readonly partitions: readonly BulkLoadStatus[]; readonly members: readonly Readonly<Record<NodeId, MemberLoadFact>>[]; readonly maxReplicaCount: number; readonly isBulkLoading: boolean };
