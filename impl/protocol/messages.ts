/**
 * Every RPC of the cluster: code, request and response. Plain frozen data; a mutation travels as its record bytes
 * (plog 5: the same bytes as in the log). Sections of replication-and-checkpoint.md beside each.
 */
import type { BulkLoadRpcTypes, IngestionResponse } from './bulkLoadMessages.ts';
import type { DuplicationRpcTypes } from './duplicationMessages.ts';
import type { FailureDetectionRpcTypes } from './failureDetection.ts';
import type { LearnerReport, LearnRpcTypes } from './learnMessages.ts';
import type { Ballot, ClusterId, ConfigType, Decree, ErrorCode, Gpid, NodeId, PartitionConfig, PartitionStatus, TableStatus } from '../../model/vocabulary.ts';

/** The primary's view of one member, as it travels with prepares and group checks (repl 1.7). */
export interface ReplicaConfig {
  readonly gpid: Gpid;
  readonly ballot: Ballot;
  readonly primary: NodeId | '';
  readonly status: PartitionStatus;
  readonly learnerSignature: number;
  readonly popAll: boolean;
}

/** Table properties as the meta server tells them to replicas (app_info). */
export interface AppInfo {
  readonly appId: number;
  readonly appName: string;
  readonly appType: 'pegasus';
  readonly partitionCount: number;
  readonly maxReplicaCount: number;
  readonly status: TableStatus;
  readonly envs: Readonly<Record<string, string>>;
  /** Set when a duplication of the table is valid; always false until duplication exists. */
  readonly duplicating: boolean;
}

/** A client's write or read. `body` is the thrift-binary body of the request (plog 5.4). */
export interface ClientRequest {
  readonly gpid: Gpid;
  readonly partitionHash: bigint;
  readonly body: Uint8Array;
  readonly clientTimeoutMs: number;
  /** Names the command for traces; no meaning to the server. */
  readonly commandId: number;
}
export interface WriteResponse {
  readonly error: ErrorCode;
  readonly decree: Decree;
  readonly server: NodeId;
}
/** Of the ingestion write (bl 12.4): `error` is why it was not applied, `ingestion` what the primary's apply said. */
export interface IngestionWriteResponse extends WriteResponse {
  readonly ingestion?: IngestionResponse;
}
export interface ReadResponse {
  readonly error: ErrorCode;
  readonly found: boolean;
  /** User data, one char per byte. */
  readonly value: string;
}

export interface PrepareRequest {
  readonly config: ReplicaConfig;
  readonly mutation: Uint8Array;
}
export interface PrepareAck {
  readonly gpid: Gpid;
  readonly error: ErrorCode;
  readonly ballot: Ballot;
  readonly decree: Decree;
  readonly lastCommittedInApp: Decree;
  readonly lastCommittedInPrepareList: Decree;
}

export interface GroupCheckRequest {
  readonly app: AppInfo;
  readonly config: ReplicaConfig;
  readonly lastCommitted: Decree;
  /** The primary's smallest confirmed decree of the table's duplications; -1 without any (repl 1.8). */
  readonly confirmedDecree: Decree;
}
export interface GroupCheckResponse {
  readonly gpid: Gpid;
  readonly error: ErrorCode;
  readonly node: NodeId;
  readonly lastCommittedInApp: Decree;
  readonly lastCommittedInPrepareList: Decree;
  readonly diskStatus: 'NORMAL' | 'SPACE_INSUFFICIENT' | 'IO_ERROR';
  /** Of a learner (repl 1.9). */
  readonly learner?: LearnerReport;
}

/** repl 1.10: meta proposes; the addressed node carries it out (or ignores it). */
export interface ConfigProposal {
  readonly app: AppInfo;
  readonly type: ConfigType;
  readonly node: NodeId;
  readonly config: PartitionConfig;
}
export interface ConfigProposalAck {
  readonly error: ErrorCode;
}

/** repl 1.10: `config.ballot` is the requester's ballot + 1. */
export interface UpdateConfigRequest {
  readonly type: ConfigType;
  readonly node: NodeId;
  readonly config: PartitionConfig;
}
export interface UpdateConfigResponse {
  readonly error: ErrorCode;
  readonly config: PartitionConfig;
}

/** repl 1.10: every `config_sync_interval_ms` and on reconnect. */
export interface ConfigSyncRequest {
  readonly node: NodeId;
  /** `diskTag`: the disk of its directory, by the tag of the server's configuration. */
  readonly stored: readonly { readonly gpid: Gpid; readonly ballot: Ballot; readonly status: PartitionStatus; readonly lastCommitted: Decree; readonly lastPrepared: Decree; readonly lastDurable: Decree; readonly diskTag?: string }[];
}
export interface ConfigSyncResponse {
  readonly error: ErrorCode;
  readonly partitions: readonly { readonly app: AppInfo; readonly config: PartitionConfig }[];
  /** Replicas of tables that were dropped and have expired: this node should collect them. */
  readonly gcReplicas: readonly Gpid[];
}

/** The shell's words: another member as the primary; another server in the place of the primary, or of a secondary. */
export type BalanceType = 'move_pri' | 'copy_pri' | 'copy_sec';

/** An operator's wish of a partition's places (bl 17.2); answered before it is done. */
export interface BalanceRequest {
  readonly appName: string;
  readonly partitionIndex: number;
  readonly type: BalanceType;
  /** Whose place it is; '': the primary's, whoever that is. */
  readonly from: NodeId | '';
  readonly to: NodeId;
}

export interface QueryConfigRequest {
  readonly appName: string;
}
export interface QueryConfigResponse {
  readonly error: ErrorCode;
  readonly appId: number;
  readonly partitionCount: number;
  readonly partitions: readonly PartitionConfig[];
}

export interface CreateAppRequest {
  readonly appName: string;
  readonly partitionCount: number;
  readonly replicaCount: number;
  readonly successIfExist: boolean;
  readonly envs: Readonly<Record<string, string>>;
}
export interface AdminResponse {
  readonly error: ErrorCode;
  readonly hint: string;
  readonly appId: number;
}
export interface DropAppRequest {
  readonly appName: string;
}
/** By id: of a name many tables may have been dropped. `newAppName`: '' for the name that it had. */
export interface RecallAppRequest {
  readonly appId: number;
  readonly newAppName: string;
}
/** Name and count mean something only with ERR_OK. */
export interface RecallAppResponse extends AdminResponse {
  readonly appName: string;
  readonly partitionCount: number;
}
export interface RenameAppRequest {
  readonly oldAppName: string;
  readonly newAppName: string;
}
export interface UpdateEnvsRequest {
  readonly appName: string;
  readonly set: Readonly<Record<string, string>>;
}
export interface ListAppsResponse {
  readonly error: ErrorCode;
  readonly apps: readonly AppInfo[];
}

/** A remote command: name and words; the answer is text (JSON for the commands of ours). */
export interface CliRequest {
  readonly command: string;
  readonly args: readonly string[];
}
export interface CliResponse {
  readonly error: ErrorCode;
  readonly output: string;
}

/** repl 2.7; dup 5.5. With MD5 the answer has sizes and checksums too (#2238). */
export interface QueryCheckpointInfoRequest {
  readonly gpid: Gpid;
  readonly checksumType: 'NONE' | 'MD5';
  /** The cluster that duplicates the table and asks. */
  readonly cluster: ClusterId;
}
export interface QueryCheckpointInfoResponse {
  readonly error: ErrorCode;
  readonly baseDir: string;
  readonly files: readonly string[];
  /** Beside `files`; empty with NONE. */
  readonly fileSizes: readonly number[];
  readonly fileMd5s: readonly string[];
  readonly lastDurable: Decree;
}

export interface RpcTypes extends DuplicationRpcTypes, BulkLoadRpcTypes, FailureDetectionRpcTypes, LearnRpcTypes {
  RPC_RRDB_RRDB_PUT: { request: ClientRequest; response: WriteResponse };
  RPC_RRDB_RRDB_REMOVE: { request: ClientRequest; response: WriteResponse };
  RPC_RRDB_RRDB_MULTI_PUT: { request: ClientRequest; response: WriteResponse };
  RPC_RRDB_RRDB_BULK_LOAD: { request: ClientRequest; response: IngestionWriteResponse };
  RPC_RRDB_RRDB_GET: { request: ClientRequest; response: ReadResponse };
  RPC_PREPARE: { request: PrepareRequest; response: PrepareAck };
  RPC_GROUP_CHECK: { request: GroupCheckRequest; response: GroupCheckResponse };
  RPC_CONFIG_PROPOSAL: { request: ConfigProposal; response: ConfigProposalAck };
  RPC_QUERY_LAST_CHECKPOINT_INFO: { request: QueryCheckpointInfoRequest; response: QueryCheckpointInfoResponse };
  RPC_CM_UPDATE_PARTITION_CONFIGURATION: { request: UpdateConfigRequest; response: UpdateConfigResponse };
  RPC_CM_CONFIG_SYNC: { request: ConfigSyncRequest; response: ConfigSyncResponse };
  RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX: { request: QueryConfigRequest; response: QueryConfigResponse };
  RPC_CM_CREATE_APP: { request: CreateAppRequest; response: AdminResponse };
  RPC_CM_DROP_APP: { request: DropAppRequest; response: AdminResponse };
  RPC_CM_RECALL_APP: { request: RecallAppRequest; response: RecallAppResponse };
  RPC_CM_RENAME_APP: { request: RenameAppRequest; response: AdminResponse };
  RPC_CM_UPDATE_APP_ENV: { request: UpdateEnvsRequest; response: AdminResponse };
  RPC_CM_PROPOSE_BALANCER: { request: BalanceRequest; response: AdminResponse };
  RPC_CM_LIST_APPS: { request: Record<string, never>; response: ListAppsResponse };
  RPC_CLI_CLI_CALL: { request: CliRequest; response: CliResponse };
}

/** RPC codes are task codes too: the request runs in the code's pool at its priority. */
export type RpcCode = keyof RpcTypes;
