/** Task codes with their pool and priority (repl 3.1, 3.2; plog 20). One table, so that a setting can override a row. */

export type PoolName =
  | 'THREAD_POOL_REPLICATION'
  | 'THREAD_POOL_REPLICATION_LONG'
  | 'THREAD_POOL_PLOG'
  | 'THREAD_POOL_DEFAULT'
  | 'THREAD_POOL_LOCAL_APP'
  | 'THREAD_POOL_COMPACT'
  | 'THREAD_POOL_INGESTION'
  | 'THREAD_POOL_FD'
  | 'THREAD_POOL_META_SERVER'
  | 'THREAD_POOL_META_STATE';

export type Priority = 'LOW' | 'COMMON' | 'HIGH';

export interface TaskSpec {
  readonly pool: PoolName;
  readonly priority: Priority;
  /** Base cost of one execution, microseconds of virtual time; disk calls and charges come on top. */
  readonly costUs: number;
}

function spec(pool: PoolName, priority: Priority, costUs = 10): TaskSpec {
  return { pool, priority, costUs };
}

const R = 'THREAD_POOL_REPLICATION';
const L = 'THREAD_POOL_REPLICATION_LONG';
const D = 'THREAD_POOL_DEFAULT';
const M = 'THREAD_POOL_META_SERVER';

export const TASK_CODES = {
  // replication, HIGH
  RPC_PREPARE: spec(R, 'HIGH'),
  RPC_GROUP_CHECK: spec(R, 'HIGH'),
  RPC_CONFIG_PROPOSAL: spec(R, 'HIGH'),
  RPC_QUERY_REPLICA_INFO: spec(R, 'HIGH'),
  RPC_LEARN: spec(R, 'HIGH', 20),
  RPC_LEARN_ADD_LEARNER: spec(R, 'HIGH'),
  RPC_LEARN_COMPLETION_NOTIFY: spec(R, 'HIGH'),
  LPC_DELAY_LEARN: spec(R, 'HIGH'),
  LPC_LEARN_REMOTE_DELTA_FILES_COMPLETED: spec(R, 'HIGH'),
  LPC_WRITE_REPLICATION_LOG: spec(R, 'HIGH', 5),
  LPC_DELAY_PREPARE: spec(R, 'HIGH'),
  LPC_DELAY_UPDATE_CONFIG: spec(R, 'HIGH'),
  LPC_CHECKPOINT_REPLICA_COMPLETED: spec(R, 'HIGH'),
  LPC_REPLICATION_ERROR: spec(R, 'HIGH'),
  LPC_CM_DISCONNECTED_SCATTER: spec(R, 'HIGH'),
  LPC_QUERY_NODE_CONFIGURATION_SCATTER: spec(R, 'HIGH'),
  LPC_REPLICATION_HIGH: spec(R, 'HIGH'),
  // replication, COMMON
  LPC_PER_REPLICA_CHECKPOINT_TIMER: spec(R, 'COMMON'),
  LPC_GROUP_CHECK: spec(R, 'COMMON'),
  LPC_REPLICATION_COMMON: spec(R, 'COMMON'),
  LPC_write_THROTTLING_DELAY: spec(R, 'COMMON'),
  RPC_QUERY_LAST_CHECKPOINT_INFO: spec(R, 'COMMON'),
  RPC_QUERY_APP_INFO: spec(R, 'COMMON'),
  RPC_REMOVE_REPLICA: spec(R, 'COMMON'),
  RPC_BULK_LOAD: spec(R, 'COMMON'),
  RPC_GROUP_BULK_LOAD: spec(R, 'COMMON'),
  // replication, LOW
  RPC_RRDB_RRDB_PUT: spec(R, 'LOW', 20),
  RPC_RRDB_RRDB_REMOVE: spec(R, 'LOW', 20),
  RPC_RRDB_RRDB_MULTI_PUT: spec(R, 'LOW', 20),
  RPC_RRDB_RRDB_DUPLICATE: spec(R, 'LOW', 20),
  RPC_RRDB_RRDB_BULK_LOAD: spec(R, 'LOW', 20),
  LPC_EXEC_COMMAND_ON_REPLICA: spec(R, 'LOW'),
  LPC_REPLICATION_LOW: spec(R, 'LOW'),
  // long pool
  LPC_GARBAGE_COLLECT_LOGS_AND_REPLICAS: spec(L, 'COMMON', 200),
  LPC_OPEN_REPLICA: spec(L, 'COMMON', 200),
  LPC_CLOSE_REPLICA: spec(L, 'COMMON', 200),
  LPC_CHECKPOINT_REPLICA: spec(L, 'COMMON', 200),
  LPC_LEARN_REMOTE_DELTA_FILES: spec(L, 'COMMON', 200),
  LPC_CATCHUP_WITH_PRIVATE_LOGS: spec(L, 'COMMON', 200),
  LPC_REPLICAS_STAT: spec(L, 'COMMON', 200),
  LPC_DISK_STAT: spec(L, 'COMMON', 500),
  LPC_REPLICATION_LONG_COMMON: spec(L, 'COMMON', 200),
  LPC_REPLICATION_LONG_LOW: spec(L, 'LOW', 200),
  LPC_REPLICATION_LONG_HIGH: spec(L, 'HIGH', 200),
  /** Pool busy: work of others that occupies a worker of the long pool. */
  LPC_BACKGROUND_WORK: spec(L, 'COMMON', 0),
  // log
  LPC_WRITE_REPLICATION_LOG_PRIVATE: spec('THREAD_POOL_PLOG', 'HIGH', 20),
  LPC_WRITE_REPLICATION_LOG_COMMON: spec(D, 'COMMON', 20),
  // storage engine's own threads
  LPC_STORAGE_FLUSH: spec('THREAD_POOL_COMPACT', 'COMMON', 100),
  LPC_MANUAL_COMPACT: spec('THREAD_POOL_COMPACT', 'COMMON', 500),
  LPC_INGESTION: spec('THREAD_POOL_INGESTION', 'COMMON', 100),
  // default pool
  LPC_REPLICATION_INIT_LOAD: spec('THREAD_POOL_LOCAL_APP', 'COMMON', 200),
  RPC_CLI_CLI_CALL: spec(D, 'COMMON'),
  LPC_QUERY_CONFIGURATION_ALL: spec(D, 'COMMON'),
  LPC_CLIENT: spec(D, 'COMMON', 5),
  LPC_DUPLICATION_SYNC_TIMER: spec(D, 'COMMON', 20),
  LPC_DUPLICATE_CHECKPOINT: spec(D, 'COMMON', 20),
  RPC_NFS_GET_FILE_SIZE: spec(D, 'COMMON', 20),
  RPC_NFS_COPY: spec(D, 'COMMON', 20),
  LPC_BACKGROUND_BULK_LOAD: spec(D, 'COMMON', 20),
  LPC_BULK_LOAD_INGESTION: spec(D, 'COMMON', 20),
  // reads
  RPC_RRDB_RRDB_GET: spec('THREAD_POOL_LOCAL_APP', 'COMMON', 20),
  LPC_read_THROTTLING_DELAY: spec('THREAD_POOL_LOCAL_APP', 'COMMON'),
  // failure detection, on both sides
  RPC_FD_FAILURE_DETECTOR_PING: spec('THREAD_POOL_FD', 'HIGH', 5),
  LPC_BEACON_SEND: spec('THREAD_POOL_FD', 'HIGH', 5),
  LPC_BEACON_CHECK: spec('THREAD_POOL_FD', 'HIGH', 5),
  // meta server
  RPC_CM_UPDATE_PARTITION_CONFIGURATION: spec(M, 'COMMON', 20),
  RPC_CM_CONFIG_SYNC: spec(M, 'COMMON', 20),
  RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX: spec(M, 'COMMON', 20),
  RPC_CM_CREATE_APP: spec(M, 'COMMON', 20),
  RPC_CM_DROP_APP: spec(M, 'COMMON', 20),
  RPC_CM_RECALL_APP: spec(M, 'COMMON', 20),
  RPC_CM_RENAME_APP: spec(M, 'COMMON', 20),
  RPC_CM_UPDATE_APP_ENV: spec(M, 'COMMON', 20),
  RPC_CM_PROPOSE_BALANCER: spec(M, 'COMMON', 20),
  RPC_CM_LIST_APPS: spec(M, 'COMMON', 20),
  RPC_CM_ADD_DUPLICATION: spec(M, 'COMMON', 20),
  RPC_CM_MODIFY_DUPLICATION: spec(M, 'COMMON', 20),
  RPC_CM_QUERY_DUPLICATION: spec(M, 'COMMON', 20),
  RPC_CM_LIST_DUPLICATION: spec(M, 'COMMON', 20),
  RPC_CM_DUPLICATION_SYNC: spec(M, 'COMMON', 20),
  RPC_CM_START_BULK_LOAD: spec(M, 'COMMON', 20),
  RPC_CM_CONTROL_BULK_LOAD: spec(M, 'COMMON', 20),
  RPC_CM_QUERY_BULK_LOAD_STATUS: spec(M, 'COMMON', 20),
  RPC_CM_CLEAR_BULK_LOAD: spec(M, 'COMMON', 20),
  LPC_META_STATE_NORMAL: spec(M, 'COMMON', 20),
  LPC_META_STATE_HIGH: spec('THREAD_POOL_META_STATE', 'HIGH', 20),
} as const satisfies Record<string, TaskSpec>;

export type TaskCode = keyof typeof TASK_CODES;

/** Pools whose tasks go to the worker `hash mod workers`; in the others any free worker takes the next task (repl 3.1). */
export const PARTITIONED_POOLS: ReadonlySet<PoolName> = new Set<PoolName>(['THREAD_POOL_REPLICATION', 'THREAD_POOL_PLOG', 'THREAD_POOL_META_STATE']);
