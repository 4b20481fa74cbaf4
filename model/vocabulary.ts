/**
 * The protocol's names, in upstream's own spellings (replication-and-checkpoint.md, conventions).
 *
 * Both the reference model and the implementation speak these words; nothing here computes anything.
 */

/** A cluster of one world, e.g. `source` or `follower`. Every id below carries or implies one. */
export type ClusterId = string;

/** A process of the world: `<cluster>/<role>-<index>`, e.g. `source/replica-0`, `source/meta-0`, `source/client-0`. */
export type NodeId = string;

/** A partition of a table: `<app_id>.<partition_index>`, as upstream prints a gpid. Unique within a cluster only. */
export type Gpid = string;

/** Sequence number of a mutation; 1 is the first. -1 is upstream's invalid_decree. */
export type Decree = number;

/** Epoch of a partition configuration; -1 is upstream's invalid_ballot. */
export type Ballot = number;

export const INVALID_DECREE = -1;
export const INVALID_BALLOT = -1;

/** repl 1.1; PS_PARTITION_SPLIT is out of scope. */
export type PartitionStatus =
  | 'PS_INACTIVE'
  | 'PS_ERROR'
  | 'PS_PRIMARY'
  | 'PS_SECONDARY'
  | 'PS_POTENTIAL_SECONDARY';

/** repl conventions: what a configuration update asks for. */
export type ConfigType =
  | 'CT_ASSIGN_PRIMARY'
  | 'CT_UPGRADE_TO_PRIMARY'
  | 'CT_ADD_SECONDARY'
  | 'CT_ADD_SECONDARY_FOR_LB'
  | 'CT_UPGRADE_TO_SECONDARY'
  | 'CT_DOWNGRADE_TO_SECONDARY'
  | 'CT_DOWNGRADE_TO_INACTIVE'
  | 'CT_REMOVE'
  | 'CT_PRIMARY_FORCE_UPDATE_BALLOT';

/** Upstream's error_code strings; the closed subset this project produces. */
export type ErrorCode =
  | 'ERR_OK'
  | 'ERR_TIMEOUT'
  | 'ERR_NETWORK_FAILURE'
  | 'ERR_SESSION_RESET'
  | 'ERR_INVALID_STATE'
  | 'ERR_INACTIVE_STATE'
  | 'ERR_TRY_AGAIN'
  | 'ERR_OBJECT_NOT_FOUND'
  | 'ERR_NOT_ENOUGH_MEMBER'
  | 'ERR_CAPACITY_EXCEEDED'
  | 'ERR_INVALID_DATA'
  | 'ERR_INVALID_PARAMETERS'
  | 'ERR_HANDLER_NOT_FOUND'
  | 'ERR_OPERATION_DISABLED'
  | 'ERR_DISK_IO_ERROR'
  | 'ERR_DISK_INSUFFICIENT'
  | 'ERR_BUSY'
  | 'ERR_BUSY_CREATING'
  | 'ERR_BUSY_DROPPING'
  | 'ERR_APP_EXIST'
  | 'ERR_APP_NOT_EXIST'
  | 'ERR_APP_DROPPED'
  | 'ERR_INVALID_VERSION'
  | 'ERR_VERSION_OUTDATED'
  | 'ERR_WRONG_TIMING'
  | 'ERR_NO_NEED_OPERATE'
  | 'ERR_LOCAL_APP_FAILURE'
  | 'ERR_RDB_CORRUPTION'
  | 'ERR_CORRUPTION'
  | 'ERR_FILE_OPERATION_FAILED'
  | 'ERR_PATH_NOT_FOUND'
  | 'ERR_PATH_ALREADY_EXIST'
  | 'ERR_HANDLE_EOF'
  | 'ERR_INCOMPLETE_DATA'
  | 'ERR_SERVICE_NOT_ACTIVE'
  | 'ERR_GET_LEARN_STATE_FAILED'
  | 'ERR_LEARNER_NOT_FOUND'
  | 'ERR_WRONG_CHECKSUM'
  | 'ERR_FORWARD_TO_OTHERS'
  | 'ERR_DUP_EXIST'
  | 'ERR_INCONSISTENT_STATE'
  | 'ERR_STATE_FREEZED'
  | 'ERR_NOT_IMPLEMENTED'
  | 'ERR_FS_INTERNAL'
  | 'ERR_INGESTION_FAILED'
  | 'ERR_RETRY_EXHAUSTED'
  | 'ERR_UNKNOWN';

/** A duplication of one table: wall seconds at its creation, raised until unused within the table (dup 1). */
export type DupId = number;

/** dup 2.1, in the order of the wire values: a duplication in DS_INIT or DS_REMOVED is not valid. */
export type DuplicationStatus = 'DS_INIT' | 'DS_PREPARE' | 'DS_APP' | 'DS_LOG' | 'DS_PAUSE' | 'DS_REMOVED';

/** dup 2.1: what the loader does about a log file that cannot be read. */
export type DuplicationFailMode = 'FAIL_SLOW' | 'FAIL_SKIP' | 'FAIL_FAST';

/** bl 2, in the order of the wire values: of a table, of a partition, and (INVALID to SUCCEED and PAUSED) of a replica. */
export type BulkLoadStatus =
  | 'BLS_INVALID'
  | 'BLS_DOWNLOADING'
  | 'BLS_DOWNLOADED'
  | 'BLS_INGESTING'
  | 'BLS_SUCCEED'
  | 'BLS_FAILED'
  | 'BLS_PAUSING'
  | 'BLS_PAUSED'
  | 'BLS_CANCELED';

/** bl 2: of a replica's storage engine. */
export type IngestionStatus = 'IS_INVALID' | 'IS_RUNNING' | 'IS_SUCCEED' | 'IS_FAILED';

/** bl 2: what an operator may ask of a load that runs. */
export type BulkLoadControlType = 'BLC_PAUSE' | 'BLC_RESTART' | 'BLC_CANCEL' | 'BLC_FORCE_CANCEL';

/** dup 2.2: how `list` compares a table's name with its pattern. */
export type PatternMatchType = 'ALL' | 'EXACT' | 'ANYWHERE' | 'PREFIX' | 'POSTFIX' | 'REGEX' | 'INVALID';

/** Task codes of writes as they stand, by name, in a log record (plog 5.3). */
export type WriteCode =
  | 'RPC_REPLICATION_WRITE_EMPTY'
  | 'RPC_RRDB_RRDB_PUT'
  | 'RPC_RRDB_RRDB_REMOVE'
  | 'RPC_RRDB_RRDB_MULTI_PUT'
  | 'RPC_RRDB_RRDB_MULTI_REMOVE'
  | 'RPC_RRDB_RRDB_DUPLICATE'
  | 'RPC_RRDB_RRDB_BULK_LOAD'
  | 'RPC_RRDB_RRDB_INCR'
  | 'RPC_RRDB_RRDB_CHECK_AND_SET'
  | 'RPC_RRDB_RRDB_CHECK_AND_MUTATE';

/** app_status of a table at the meta server. */
/** AS_RECALLING is a meta server's own: no store ever holds it. */
export type TableStatus = 'AS_CREATING' | 'AS_AVAILABLE' | 'AS_DROPPING' | 'AS_DROPPED' | 'AS_RECALLING';

/** Who asked for a checkpoint (repl 2.2). */
export type CheckpointTrigger =
  | 'periodic'
  | 'max-interval'
  | 'remote-command'
  | 'manual-emergency'
  | 'retry-after-flush'
  | 'manual-compaction'
  | 'open'
  | 'start-up'
  | 'bulk-load'
  | 'learn';

/** A partition's configuration as the meta server owns it (repl 1.1). `primary` is '' while there is none. */
export interface PartitionConfig {
  readonly gpid: Gpid;
  readonly ballot: Ballot;
  readonly maxReplicaCount: number;
  readonly primary: NodeId | '';
  readonly secondaries: readonly NodeId[];
  readonly lastDrops: readonly NodeId[];
  readonly lastCommittedDecree: Decree;
}

/** Makes the compiler prove that a switch over a closed union is exhaustive. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
