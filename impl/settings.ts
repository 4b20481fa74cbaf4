/** The options of upstream's config.ini that this project reads, with upstream's defaults (repl 4, plog 20). */

import type { NodeId } from '../model/vocabulary.ts';
import type { PoolName, Priority, TaskCode } from './protocol/taskCodes.ts';

export interface Settings {
  // 2PC
  readonly mutation2pcMinReplicaCount: number;
  readonly stalenessForCommit: number;
  readonly maxMutationCountInPrepareList: number;
  readonly batchWriteDisabled: boolean;
  readonly maxAllowedWriteSizeBytes: number;
  readonly rejectWriteWhenDiskInsufficient: boolean;
  readonly prepareTimeoutMs: number;
  /** Of a prepare to a learner. */
  readonly prepareTimeoutForPotentialSecondariesMs: number;
  readonly groupCheckDisabled: boolean;
  readonly groupCheckIntervalMs: number;
  readonly emptyWriteDisabled: boolean;
  // checkpoint
  readonly checkpointDisabled: boolean;
  readonly checkpointIntervalMs: number;
  readonly checkpointMaxIntervalMs: number;
  readonly triggerCheckpointRetryIntervalMs: number;
  readonly maxConcurrentManualEmergencyCheckpoints: number;
  readonly checkpointReserveMinCount: number;
  readonly checkpointReserveTimeSeconds: number;
  // storage engine
  readonly memtableSizeBytes: number;
  // private log
  readonly logPrivateFileSizeBytes: number;
  readonly logPrivateReserveMaxSizeBytes: number;
  readonly logPrivateReserveMaxTimeSeconds: number;
  readonly plogForceFlush: boolean;
  readonly plogGcEnabled: boolean;
  // cluster
  readonly configSyncIntervalMs: number;
  readonly gcMemoryReplicaIntervalMs: number;
  /** Checkpoints that one server learns at a time. */
  readonly learnAppMaxConcurrentCount: number;
  readonly rpcTimeoutMs: number;
  // failure detection (repl 1.10): grace > lease > beacon + check
  readonly fdCheckIntervalMs: number;
  readonly fdBeaconIntervalMs: number;
  readonly fdLeaseMs: number;
  readonly fdGraceMs: number;
  /** Statistics of replicas, and of the disk, in the pool for long work. */
  readonly replicasStatIntervalMs: number;
  readonly diskStatIntervalMs: number;
  /** Hard-coded upstream (repl 4): retries of a prepare, a checkpoint's start delay, the retry after a flush, a meta update's retry. */
  readonly prepareRetryMs: number;
  readonly checkpointStartDelayMs: number;
  readonly checkpointRetryAfterFlushMs: number;
  readonly updateConfigRetryMs: number;
  /** Hard-coded upstream: a learner asks again (repl 1.9). */
  readonly learnRetryMs: number;
  readonly manualCompactRetryMs: number;
  // duplication (dup 2.7)
  readonly duplicationEnabled: boolean;
  /** Period and first delay of the replica servers' duplication sync. */
  readonly duplicationSyncPeriodMs: number;
  readonly dupProgressMinUpdatePeriodMs: number;
  readonly dupProgressMinReportPeriodMs: number;
  readonly dupNoMutationLoadDelayMs: number;
  readonly duplicateLogBatchBytes: number;
  /** Largest DUPLICATE request body that is sent. */
  readonly dupMaxAllowedWriteSizeBytes: number;
  /** Task code of log loading, in the pool for long work (#2184). */
  readonly dupLoadPlogTask: 'LPC_REPLICATION_LONG_LOW' | 'LPC_REPLICATION_LONG_COMMON' | 'LPC_REPLICATION_LONG_HIGH';
  readonly dupIgnoreOtherClusterIds: boolean;
  /** This cluster's name for duplication (`dup_cluster_name`). */
  readonly dupClusterName: string;
  /** `[pegasus.clusters]`: the meta servers of the clusters that this one may duplicate to. */
  readonly pegasusClusters: Readonly<Record<string, readonly NodeId[]>>;
  /** `[duplication-group]`: cluster ids, 1 to 127. */
  readonly duplicationGroup: Readonly<Record<string, number>>;
  /** Hard-coded upstream (dup 2.7, constants). */
  readonly dupLoadErrorRepeatMs: number;
  readonly dupWaitConfirmRepeatMs: number;
  readonly dupShipRetryMs: number;
  readonly dupRequestTimeoutMs: number;
  readonly dupSyncTimeoutMs: number;
  /** The block that one request of a file copy asks for (upstream's `nfs_copy_block_bytes`). */
  readonly nfsCopyBlockBytes: number;
  // bulk load (bl 19; the intervals are hard-coded upstream, bl 2)
  readonly bulkLoadMaxRollbackTimes: number;
  readonly bulkLoadVerifyBeforeIngest: boolean;
  readonly enableConcurrentBulkLoad: boolean;
  readonly bulkLoadNodeMaxIngestingCount: number;
  readonly bulkLoadNodeMinDiskCount: number;
  readonly maxConcurrentBulkLoadDownloadingCount: number;
  readonly bulkLoadRequestIntervalMs: number;
  readonly bulkLoadIngestRequestIntervalMs: number;
  /** A partition without a primary, or with too few members; a status write that is on its way. */
  readonly bulkLoadRetryMs: number;
  readonly bulkLoadTryAgainMs: number;
  /** `[task.RPC_RRDB_RRDB_BULK_LOAD]` timeout of the ingestion write. */
  readonly ingestionWriteTimeoutMs: number;
  // cure of partitions (repl 1.10, 4)
  /** Period of the look at all partitions (`lb_interval_ms`). */
  readonly lbIntervalMs: number;
  readonly replicaAssignDelayMsForDropouts: number;
  readonly maxReservedDroppedReplicas: number;
  readonly minLiveNodeCountForUnfreeze: number;
  readonly nodeLivePercentageThresholdForUpdate: number;
  /** How long the replicas of a dropped table are kept. */
  readonly holdSecondsForDroppedApp: number;
  /** Servers that get no new secondary (`meta.lb.assign_secondary_black_list`). */
  readonly assignSecondaryBlackList: readonly NodeId[];
  // client
  readonly clientTimeoutMs: number;
  readonly clientRetryMs: number;
  // pools
  readonly poolWorkers: Readonly<Record<PoolName, number>>;
  /** `[task.<CODE>]` overrides. */
  readonly taskOverrides: Readonly<Partial<Record<TaskCode, { readonly pool?: PoolName; readonly priority?: Priority }>>>;
}

export const DEFAULT_SETTINGS: Settings = {
  mutation2pcMinReplicaCount: 2,
  stalenessForCommit: 20,
  maxMutationCountInPrepareList: 110,
  batchWriteDisabled: false,
  maxAllowedWriteSizeBytes: 1048576,
  rejectWriteWhenDiskInsufficient: true,
  prepareTimeoutMs: 3000,
  prepareTimeoutForPotentialSecondariesMs: 5000,
  groupCheckDisabled: false,
  groupCheckIntervalMs: 100_000,
  emptyWriteDisabled: false,
  checkpointDisabled: false,
  checkpointIntervalMs: 100_000,
  checkpointMaxIntervalMs: 7_200_000,
  triggerCheckpointRetryIntervalMs: 100,
  maxConcurrentManualEmergencyCheckpoints: 10,
  checkpointReserveMinCount: 2,
  checkpointReserveTimeSeconds: 1800,
  memtableSizeBytes: 64 << 20,
  logPrivateFileSizeBytes: 32 << 20,
  logPrivateReserveMaxSizeBytes: 1000 << 20,
  logPrivateReserveMaxTimeSeconds: 36_000,
  plogForceFlush: false,
  plogGcEnabled: true,
  configSyncIntervalMs: 30_000,
  gcMemoryReplicaIntervalMs: 600_000,
  learnAppMaxConcurrentCount: 5,
  rpcTimeoutMs: 5000,
  fdCheckIntervalMs: 2000,
  fdBeaconIntervalMs: 3000,
  fdLeaseMs: 20_000,
  fdGraceMs: 22_000,
  replicasStatIntervalMs: 30_000,
  diskStatIntervalMs: 600_000,
  prepareRetryMs: 5,
  checkpointStartDelayMs: 10,
  checkpointRetryAfterFlushMs: 10_000,
  updateConfigRetryMs: 1000,
  learnRetryMs: 1000,
  manualCompactRetryMs: 300_000,
  duplicationEnabled: true,
  duplicationSyncPeriodMs: 10_000,
  dupProgressMinUpdatePeriodMs: 5000,
  dupProgressMinReportPeriodMs: 300_000,
  dupNoMutationLoadDelayMs: 100,
  duplicateLogBatchBytes: 4096,
  dupMaxAllowedWriteSizeBytes: 1048576,
  dupLoadPlogTask: 'LPC_REPLICATION_LONG_COMMON',
  dupIgnoreOtherClusterIds: false,
  dupClusterName: '',
  pegasusClusters: {},
  duplicationGroup: {},
  dupLoadErrorRepeatMs: 10_000,
  dupWaitConfirmRepeatMs: 1000,
  dupShipRetryMs: 1000,
  dupRequestTimeoutMs: 100_000,
  dupSyncTimeoutMs: 3000,
  nfsCopyBlockBytes: 4 << 20,
  bulkLoadMaxRollbackTimes: 10,
  bulkLoadVerifyBeforeIngest: false,
  enableConcurrentBulkLoad: false,
  bulkLoadNodeMaxIngestingCount: 4,
  bulkLoadNodeMinDiskCount: 1,
  maxConcurrentBulkLoadDownloadingCount: 5,
  bulkLoadRequestIntervalMs: 10_000,
  bulkLoadIngestRequestIntervalMs: 150,
  bulkLoadRetryMs: 1000,
  bulkLoadTryAgainMs: 10,
  ingestionWriteTimeoutMs: 10_000,
  lbIntervalMs: 10_000,
  replicaAssignDelayMsForDropouts: 600_000,
  maxReservedDroppedReplicas: 1,
  minLiveNodeCountForUnfreeze: 3,
  nodeLivePercentageThresholdForUpdate: 65,
  holdSecondsForDroppedApp: 604_800,
  assignSecondaryBlackList: [],
  clientTimeoutMs: 5000,
  clientRetryMs: 100,
  poolWorkers: {
    THREAD_POOL_REPLICATION: 24,
    THREAD_POOL_REPLICATION_LONG: 8,
    THREAD_POOL_PLOG: 4,
    THREAD_POOL_DEFAULT: 8,
    THREAD_POOL_LOCAL_APP: 24,
    THREAD_POOL_COMPACT: 8,
    THREAD_POOL_INGESTION: 24,
    THREAD_POOL_FD: 2,
    THREAD_POOL_META_SERVER: 4,
    THREAD_POOL_META_STATE: 1,
  },
  taskOverrides: {},
};
