/** What a replica knows of the server that it lives on (upstream: replica -> replica_stub). */
import type { ClusterId, ErrorCode, NodeId, PartitionConfig } from '../../model/vocabulary.ts';
import type { TableResolver } from '../client/tableResolver.ts';
import type { DownloadSlots } from './bulkLoad/types.ts';
import type { LearnAppSlots } from './learning/learnAppSlots.ts';
import type { Metrics } from './metrics.ts';
import type { Replica } from './replica.ts';

export type DiskStatus = 'NORMAL' | 'SPACE_INSUFFICIENT' | 'IO_ERROR';

/** What a write is told while a disk of its group is not normal (repl.R2). */
export function errorOfDiskStatus(status: DiskStatus): ErrorCode {
  switch (status) {
    case 'NORMAL':
      return 'ERR_OK';
    case 'SPACE_INSUFFICIENT':
      return 'ERR_DISK_INSUFFICIENT';
    case 'IO_ERROR':
      return 'ERR_DISK_IO_ERROR';
  }
}

export interface ReplicaHost {
  /** Whether the meta server has told this process its replicas' roles. */
  isConnected(): boolean;
  /** The meta server to ask now. */
  metaServer(): NodeId;
  /** The meta server did not answer, or is not the leader: ask another one next time. */
  suspectMetaServer(node: NodeId): void;
  /** This server has no part in that configuration any more, and says so once; the next ballot is asked for. */
  removeReplicaOnMetaServer(config: PartitionConfig): void;
  /** Nothing of it is of use to anybody: ERROR, closed, and its directory set aside. */
  discardReplica(replica: Replica): void;
  diskStatus(): DiskStatus;
  reportDiskError(): void;
  /** The replica is to be closed after a delay, 0 for at once (repl 1.11). */
  beginCloseReplica(replica: Replica, delayMs: number): void;
  /** Server-wide count of manual emergency checkpoints (repl 2.3). */
  manualCheckpointCount(): number;
  /** Adds 1 or -1; answers the count afterwards. */
  addManualCheckpoints(change: 1 | -1): number;
  /** Takes part in time tags. */
  readonly clusterNumber: number;
  /** The routes to another cluster's tables, one for all replicas; undefined when the config file names no such cluster. */
  resolverOf(cluster: ClusterId): TableResolver | undefined;
  /** Of this server's replicas, for downloads of bulk loads. */
  readonly downloadSlots: DownloadSlots;
  /** Of this server's replicas, for learned checkpoints. */
  readonly learnAppSlots: LearnAppSlots;
  /** Of all replicas of this process. */
  readonly metrics: Metrics;
}
