/**
 * RPCs of duplication: administration, the sync between replica servers and their meta server, the data plane, and the
 * copying of files (dup 2.2). Plain frozen data, as all messages.
 */
import type {
  ClusterId,
  Decree,
  DupId,
  DuplicationFailMode,
  DuplicationStatus,
  ErrorCode,
  Gpid,
  NodeId,
  PatternMatchType,
} from '../../model/vocabulary.ts';
import type { ClientRequest } from './messages.ts';

/** dup 2.1, by wire value. */
export const DUPLICATION_STATUSES: readonly DuplicationStatus[] = [
  'DS_INIT',
  'DS_PREPARE',
  'DS_APP',
  'DS_LOG',
  'DS_PAUSE',
  'DS_REMOVED',
];
export const FAIL_MODES: readonly DuplicationFailMode[] = ['FAIL_SLOW', 'FAIL_SKIP', 'FAIL_FAST'];

/** What the meta server knows of one partition's progress, for query and list (dup 2.2 field 11). */
export interface DupPartitionState {
  readonly partitionIndex: number;
  /** The persisted decree; -1 before the first. */
  readonly confirmedDecree: Decree;
  readonly lastCommittedDecree: Decree;
}

/** dup 2.2 duplication_entry. */
export interface DuplicationEntry {
  readonly dupId: DupId;
  readonly status: DuplicationStatus;
  readonly remote: ClusterId;
  /** Wall milliseconds. */
  readonly createTsMs: number;
  readonly failMode: DuplicationFailMode;
  readonly remoteAppName: string;
  readonly remoteReplicaCount: number;
  /** By partition index, the persisted decree; initialised partitions only. In sync answers; empty elsewhere. */
  readonly progress: Readonly<Record<number, Decree>>;
  /** In answers of query and list; empty elsewhere. */
  readonly partitionStates: readonly DupPartitionState[];
}

export interface AddDuplicationRequest {
  readonly appName: string;
  readonly remoteClusterName: string;
  /** Upstream's RPC default is true, the shell's false (Q3); always said here. */
  readonly isDuplicatingCheckpoint: boolean;
  /** Empty: the table's own name. */
  readonly remoteAppName: string;
  /** 0: the table's own. */
  readonly remoteReplicaCount: number;
}
export interface AddDuplicationResponse {
  readonly error: ErrorCode;
  readonly hint: string;
  readonly appId: number;
  readonly dupId: DupId;
  readonly remoteAppName: string;
  readonly remoteReplicaCount: number;
}

/** What is undefined stays as it is (dup 3.3). */
export interface ModifyDuplicationRequest {
  readonly appName: string;
  readonly dupId: DupId;
  readonly status: DuplicationStatus | undefined;
  readonly failMode: DuplicationFailMode | undefined;
}
export interface ModifyDuplicationResponse {
  readonly error: ErrorCode;
  /** 0 when nothing was altered (Q18). */
  readonly appId: number;
}

export interface QueryDuplicationRequest {
  readonly appName: string;
}
export interface QueryDuplicationResponse {
  readonly error: ErrorCode;
  readonly appId: number;
  readonly entries: readonly DuplicationEntry[];
}

export interface ListDuplicationRequest {
  readonly appNamePattern: string;
  readonly matchType: PatternMatchType;
}
export interface AppDuplications {
  readonly appName: string;
  readonly appId: number;
  readonly partitionCount: number;
  readonly duplications: readonly DuplicationEntry[];
}
export interface ListDuplicationResponse {
  readonly error: ErrorCode;
  readonly hint: string;
  /** In the order of app ids. */
  readonly apps: readonly AppDuplications[];
}

/** dup 4.1: one duplicator's report. */
export interface DuplicationConfirmEntry {
  readonly gpid: Gpid;
  readonly dupId: DupId;
  /** The reporter's `last_decree`: shipped and acknowledged. */
  readonly confirmedDecree: Decree;
  readonly checkpointPrepared: boolean;
  readonly lastCommittedDecree: Decree;
  /** Where the log would begin to be shipped, if nothing is stored yet (departure dup.Q13; no field of upstream's). */
  readonly isStart?: boolean;
}
export interface DuplicationSyncRequest {
  readonly node: NodeId;
  readonly confirms: readonly DuplicationConfirmEntry[];
}
/** Tables that have a duplication and of which the sender holds a primary. */
export interface DuplicationSyncResponse {
  readonly error: ErrorCode;
  readonly apps: readonly { readonly appId: number; readonly duplications: readonly DuplicationEntry[] }[];
}

/** The answer of a DUPLICATE write; `body` of its request is a thrift duplicate_request (dup 2.2, 7.2). */
export interface DuplicateResponse {
  readonly error: ErrorCode;
  /** Storage status: 0 is OK, 4 an invalid argument. */
  readonly storageStatus: number;
  readonly hint: string;
  readonly decree: Decree;
  readonly server: NodeId;
}

/** File copies between replica servers (dup 5.5; upstream's nfs). Paths are relative to the source's disk. */
export interface NfsGetFileSizeRequest {
  readonly dir: string;
  readonly files: readonly string[];
}
export interface NfsGetFileSizeResponse {
  readonly error: ErrorCode;
  readonly sizes: readonly number[];
}
export interface NfsCopyRequest {
  readonly dir: string;
  readonly file: string;
  readonly offset: number;
  readonly size: number;
}
export interface NfsCopyResponse {
  readonly error: ErrorCode;
  readonly bytes: Uint8Array;
}

export interface DuplicationRpcTypes {
  RPC_CM_ADD_DUPLICATION: { request: AddDuplicationRequest; response: AddDuplicationResponse };
  RPC_CM_MODIFY_DUPLICATION: { request: ModifyDuplicationRequest; response: ModifyDuplicationResponse };
  RPC_CM_QUERY_DUPLICATION: { request: QueryDuplicationRequest; response: QueryDuplicationResponse };
  RPC_CM_LIST_DUPLICATION: { request: ListDuplicationRequest; response: ListDuplicationResponse };
  RPC_CM_DUPLICATION_SYNC: { request: DuplicationSyncRequest; response: DuplicationSyncResponse };
  RPC_RRDB_RRDB_DUPLICATE: { request: ClientRequest; response: DuplicateResponse };
  RPC_NFS_GET_FILE_SIZE: { request: NfsGetFileSizeRequest; response: NfsGetFileSizeResponse };
  RPC_NFS_COPY: { request: NfsCopyRequest; response: NfsCopyResponse };
}
