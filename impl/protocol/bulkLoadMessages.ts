/** RPCs of bulk load: administration, meta server to primary, primary to secondaries (bl 3). Plain frozen data, as all messages. */
import type {
  Ballot,
  BulkLoadControlType,
  BulkLoadStatus,
  ErrorCode,
  Gpid,
  IngestionStatus,
  NodeId,
  PartitionConfig,
} from '../../model/vocabulary.ts';

/** One file of a partition on the provider; `md5` in hexadecimal, empty: not checked (bl 3 file_meta). */
export interface FileMeta {
  readonly name: string;
  readonly size: number;
  readonly md5: string;
}

/** bl 3 bulk_load_metadata; without files and with total 0: not known yet. */
export interface BulkLoadMetadata {
  readonly files: readonly FileMeta[];
  readonly fileTotalSize: number;
}

/** What one replica tells; `downloadStatus` undefined until it was told by the replica itself (bl 3, presence bits). */
export interface PartitionBulkLoadState {
  /** Percent. */
  readonly downloadProgress: number;
  readonly downloadStatus: ErrorCode | undefined;
  readonly ingestStatus: IngestionStatus;
  readonly isCleanedUp: boolean;
  readonly isPaused: boolean;
  /** Which files it has downloaded (`filesText` of their metadata); undefined while it does not know. */
  readonly files?: string;
}

export interface StartBulkLoadRequest {
  readonly appName: string;
  /** The folder below the root on the provider (bl 5). */
  readonly clusterName: string;
  readonly fileProviderType: string;
  readonly remoteRootPath: string;
  readonly ingestBehind: boolean;
}
export interface ControlBulkLoadRequest {
  readonly appName: string;
  readonly type: BulkLoadControlType;
}
export interface BulkLoadAppRequest {
  readonly appName: string;
}
/** Of start, control and clear. */
export interface BulkLoadAdminResponse {
  readonly error: ErrorCode;
  readonly hint: string;
}
export interface QueryBulkLoadResponse extends BulkLoadAdminResponse {
  readonly appName: string;
  readonly appStatus: BulkLoadStatus;
  readonly partitionsStatus: readonly BulkLoadStatus[];
  readonly maxReplicaCount: number;
  /** By partition index, what its members said last. */
  readonly bulkLoadStates: readonly Readonly<Record<NodeId, PartitionBulkLoadState>>[];
  readonly isBulkLoading: boolean;
}

/** Meta server to primary: the desired status (bl 13.1). */
export interface BulkLoadRequest {
  readonly gpid: Gpid;
  readonly appName: string;
  readonly primary: NodeId;
  readonly providerName: string;
  readonly clusterName: string;
  readonly remoteRootPath: string;
  readonly ballot: Ballot;
  readonly metaStatus: BulkLoadStatus;
  readonly queryMetadata: boolean;
  /** Which load it is: no two of a table have the same (bl.B35). */
  readonly loadId?: number;
}
/** What is not asked for by the desired status is undefined (bl 13.1). */
export interface BulkLoadResponse {
  readonly error: ErrorCode;
  readonly gpid: Gpid;
  readonly appName: string;
  readonly primaryStatus: BulkLoadStatus;
  readonly groupStates: Readonly<Record<NodeId, PartitionBulkLoadState>>;
  readonly metadata: BulkLoadMetadata | undefined;
  readonly totalDownloadProgress: number | undefined;
  readonly isGroupIngestionFinished: boolean | undefined;
  readonly isGroupCleanedUp: boolean | undefined;
  readonly isGroupPaused: boolean | undefined;
}

/** Primary to secondary (bl 13.2). */
export interface GroupBulkLoadRequest {
  readonly appName: string;
  readonly config: PartitionConfig;
  readonly providerName: string;
  readonly clusterName: string;
  readonly remoteRootPath: string;
  readonly metaStatus: BulkLoadStatus;
  readonly loadId?: number;
}
export interface GroupBulkLoadResponse {
  readonly error: ErrorCode;
  readonly status: BulkLoadStatus;
  readonly state: PartitionBulkLoadState;
}

/** The body of the ingestion write, as it stands in the log too (bl 3 ingestion_request). */
export interface IngestionRequest {
  readonly appName: string;
  readonly metadata: BulkLoadMetadata;
  readonly ingestBehind: boolean;
  readonly ballot: Ballot;
  readonly verifyBeforeIngest: boolean;
}
/** `error` and `rocksdbError` of the primary's apply: the ingestion itself goes on behind it (bl 15.3). */
export interface IngestionResponse {
  readonly error: ErrorCode;
  readonly rocksdbError: number;
}

export interface BulkLoadRpcTypes {
  RPC_CM_START_BULK_LOAD: { request: StartBulkLoadRequest; response: BulkLoadAdminResponse };
  RPC_CM_CONTROL_BULK_LOAD: { request: ControlBulkLoadRequest; response: BulkLoadAdminResponse };
  RPC_CM_QUERY_BULK_LOAD_STATUS: { request: BulkLoadAppRequest; response: QueryBulkLoadResponse };
  RPC_CM_CLEAR_BULK_LOAD: { request: BulkLoadAppRequest; response: BulkLoadAdminResponse };
  RPC_BULK_LOAD: { request: BulkLoadRequest; response: BulkLoadResponse };
  RPC_GROUP_BULK_LOAD: { request: GroupBulkLoadRequest; response: GroupBulkLoadResponse };
}
