/** What the model is told before the first event: clusters, settings, and partitions that are there from the start. */
import type { MutationFact } from './events.ts';
import type { Ballot, ClusterId, Decree, Gpid, NodeId, PartitionConfig } from './vocabulary.ts';

/**
 * The options that rules and bounds need; names and units are those of the implementation's settings (repl 4, plog
 * 20).
 */
export interface ModelSettings {
  readonly mutation2pcMinReplicaCount: number;
  readonly stalenessForCommit: number;
  readonly maxMutationCountInPrepareList: number;
  readonly maxAllowedWriteSizeBytes: number;
  readonly prepareTimeoutMs: number;
  readonly groupCheckDisabled: boolean;
  readonly groupCheckIntervalMs: number;
  readonly checkpointDisabled: boolean;
  readonly checkpointIntervalMs: number;
  readonly checkpointMaxIntervalMs: number;
  readonly triggerCheckpointRetryIntervalMs: number;
  readonly maxConcurrentManualEmergencyCheckpoints: number;
  readonly checkpointReserveMinCount: number;
  readonly checkpointReserveTimeSeconds: number;
  readonly logPrivateReserveMaxSizeBytes: number;
  readonly logPrivateReserveMaxTimeSeconds: number;
  readonly plogGcEnabled: boolean;
  readonly configSyncIntervalMs: number;
  readonly rpcTimeoutMs: number;
  /** Failure detection (repl 1.10); without it leases are not judged. */
  readonly fdCheckIntervalMs?: number;
  readonly fdBeaconIntervalMs?: number;
  readonly fdLeaseMs?: number;
  readonly fdGraceMs?: number;
  // cure and learning (repl 1.9, 1.10)
  readonly lbIntervalMs?: number;
  readonly gcMemoryReplicaIntervalMs?: number;
  readonly holdSecondsForDroppedApp?: number;
  readonly replicaAssignDelayMsForDropouts?: number;
  readonly learnRetryMs?: number;
  readonly checkpointStartDelayMs: number;
  readonly checkpointRetryAfterFlushMs: number;
  readonly updateConfigRetryMs: number;
  readonly clientTimeoutMs: number;
  readonly clientRetryMs: number;
  // duplication (dup 2.7)
  readonly duplicationSyncPeriodMs: number;
  readonly dupProgressMinUpdatePeriodMs: number;
  readonly dupNoMutationLoadDelayMs: number;
  readonly duplicateLogBatchBytes: number;
  readonly dupMaxAllowedWriteSizeBytes: number;
  readonly dupLoadErrorRepeatMs: number;
  readonly dupWaitConfirmRepeatMs: number;
  readonly dupShipRetryMs: number;
  readonly dupRequestTimeoutMs: number;
  readonly dupSyncTimeoutMs: number;
  readonly nfsCopyBlockBytes: number;
  // bulk load (bl 19)
  readonly bulkLoadMaxRollbackTimes: number;
  readonly bulkLoadVerifyBeforeIngest: boolean;
  readonly enableConcurrentBulkLoad: boolean;
  readonly bulkLoadNodeMaxIngestingCount: number;
  readonly bulkLoadNodeMinDiskCount: number;
  readonly maxConcurrentBulkLoadDownloadingCount: number;
  readonly bulkLoadRequestIntervalMs: number;
  readonly bulkLoadIngestRequestIntervalMs: number;
  readonly bulkLoadRetryMs: number;
  readonly bulkLoadTryAgainMs: number;
  readonly ingestionWriteTimeoutMs: number;
  readonly duplicationEnabled?: boolean;
  readonly dupIgnoreOtherClusterIds?: boolean;
  /** `[pegasus.clusters]` and `[duplication-group]`; without them the clusters of the world, with ids from 1. */
  readonly pegasusClusters?: Readonly<Record<string, readonly NodeId[]>>;
  readonly duplicationGroup?: Readonly<Record<string, number>>;
  /** Workers of each pool, by the pool's name. */
  readonly poolWorkers: Readonly<Record<string, number>>;
}

/** A partition whose members start over a given log (booting from real files). `records` are in log order. */
export interface PreloadedPartition {
  readonly cluster: ClusterId;
  readonly table: {
    readonly appId: number;
    readonly name: string;
    readonly partitionCount: number;
    readonly envs: Readonly<Record<string, string>>;
  };
  readonly gpid: Gpid;
  readonly config: PartitionConfig;
  readonly records: readonly MutationFact[];
  readonly initBallot: Ballot;
  /** Newest checkpoint, which is also what is flushed. */
  readonly durable: Decree;
  /** How the records lie in files; one file with index 1 at offset 0 by default. */
  readonly files?: readonly {
    readonly index: number;
    readonly startOffset: number;
    readonly previousMaxDecree: Decree;
    readonly records: number;
  }[];
}

export interface ModelConfig {
  /** `settings`: of this cluster's servers and clients, when they are not those of the world. */
  readonly clusters: readonly {
    readonly id: ClusterId;
    readonly nodes: readonly NodeId[];
    readonly settings?: ModelSettings;
  }[];
  readonly settings: ModelSettings;
  /** Wall clock at virtual time 0, in seconds since 2016-01-01, for time to live; without it, expiry is not judged. */
  readonly wallBaseSeconds?: number;
  readonly tables?: readonly PreloadedPartition[];
}

/** The options that the servers of a cluster run with. */
export function settingsOfCluster(config: ModelConfig, cluster: ClusterId): ModelSettings {
  for (const one of config.clusters) if (one.id === cluster) return one.settings ?? config.settings;
  return config.settings;
}

/** `[duplication-group]` id of a cluster; without the option the clusters of the world count from 1. */
export function groupIdOf({ clusters, settings }: ModelConfig, cluster: ClusterId): number {
  const group = settings.duplicationGroup;
  return group === undefined ? clusters.findIndex(({ id }) => id === cluster) + 1 : (group[cluster] ?? 0);
}
