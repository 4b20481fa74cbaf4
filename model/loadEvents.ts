/**
 * Facts of bulk load and throttling (bl, thr), a part of the event contract of events.ts: what the world sees on the file
 * provider, in the state store, in messages and on disks, and what the code under test claims.
 */
import type {
  Ballot,
  BulkLoadStatus,
  ClusterId,
  Decree,
  ErrorCode,
  Gpid,
  IngestionStatus,
  NodeId,
} from './vocabulary.ts';

/** One file of a partition's load: `md5` in lower-case hexadecimal, '' when the metadata names none (bl 3 file_meta). */
export interface LoadFileFact {
  readonly name: string;
  readonly sizeBytes: number;
  readonly md5: string;
}

/** bl 3 bulk_load_metadata. */
export interface LoadMetadataFact {
  readonly files: readonly LoadFileFact[];
  readonly totalBytes: number;
}

/** What an ingestion write asks for (bl 3 ingestion_request), as it travels and as it stands in the log. */
export interface IngestionFact {
  readonly appName: string;
  readonly metadata: LoadMetadataFact;
  readonly ingestBehind: boolean;
  readonly ballot: Ballot;
  readonly verifyBeforeIngest: boolean;
}

/** A row of a sorted file: stored key, user's value, expiry (seconds since 2016, 0 never) and timestamp of its value. */
export interface LoadRowFact {
  readonly key: string;
  readonly value: string;
  readonly expireTs: number;
  readonly timestampUs: number;
}

/** What a provider's file is, as the auditor reads its bytes. */
export type ProviderFileFact =
  | { readonly is: 'info'; readonly appId: number; readonly partitionCount: number }
  | { readonly is: 'metadata'; readonly metadata: LoadMetadataFact }
  /** A whole sorted run with rows. */
  | { readonly is: 'rows'; readonly rows: readonly LoadRowFact[] }
  /** The sidecar of another file. */
  | { readonly is: 'sidecar'; readonly sizeBytes: number; readonly md5: string }
  /** Bytes that are nothing of these. */
  | { readonly is: 'garbage' };

/** The record of a table's load in the store (bl 4.2). */
export interface LoadRecordFact {
  readonly status: BulkLoadStatus;
  readonly appName: string;
  readonly clusterName: string;
  readonly providerName: string;
  readonly remoteRootPath: string;
  readonly partitionCount: number;
  readonly ingestBehind: boolean;
  readonly isEverIngesting: boolean;
  readonly error: ErrorCode;
  /** Names the load for its replicas (bl.B35); 0 in a record that has none. */
  readonly loadId: number;
}

/** The record of one partition's load in the store (bl 4.3). */
export interface PartitionLoadRecordFact {
  readonly status: BulkLoadStatus;
  readonly metadata: LoadMetadataFact;
  readonly everIngestSucceed: boolean;
  readonly hostPorts: readonly NodeId[];
}

/** What one member tells, of what it was asked for (bl 3 partition_bulk_load_state). */
export interface MemberLoadFact {
  readonly downloadProgress: number;
  readonly downloadStatus: ErrorCode | undefined;
  readonly ingestStatus: IngestionStatus;
  readonly isCleanedUp: boolean;
  readonly isPaused: boolean;
}

interface At {
  readonly atUs: number;
}
interface AtReplica extends At {
  readonly node: NodeId;
  readonly gpid: Gpid;
}

// ---------------------------------------------------------------- observed by the world

/** A file of a provider appeared or was replaced. Providers are the world's, not a cluster's. */
export interface ProviderFilePut extends At {
  readonly kind: 'provider.put';
  readonly provider: string;
  /** Relative to the provider's root. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly md5: string;
  readonly file: ProviderFileFact;
}
export interface ProviderFileRemoved extends At {
  readonly kind: 'provider.removed';
  readonly provider: string;
  readonly path: string;
}
/** The record of a table's load became real in the store: created or replaced. */
export interface LoadStored extends At {
  readonly kind: 'load.stored';
  readonly cluster: ClusterId;
  readonly appId: number;
  readonly record: LoadRecordFact;
}
/** The record of a partition's load became real in the store. */
export interface LoadPartitionStored extends At {
  readonly kind: 'load.partition-stored';
  readonly cluster: ClusterId;
  readonly appId: number;
  readonly partitionIndex: number;
  readonly record: PartitionLoadRecordFact;
}
/** A load's node, with those of its partitions, was removed from the store. */
export interface LoadErased extends At {
  readonly kind: 'load.erased';
  readonly cluster: ClusterId;
  readonly appId: number;
}
/** A wish of the meta server left for a primary (bl 9). */
export interface LoadWished extends At {
  readonly kind: 'load.wished';
  readonly cluster: ClusterId;
  readonly to: NodeId;
  readonly gpid: Gpid;
  readonly ballot: Ballot;
  readonly wish: BulkLoadStatus;
  readonly loadId: number;
}
/** A primary's report left for the meta server (bl 13.1). Undefined is what the wish did not ask about. */
export interface LoadReported extends AtReplica {
  readonly kind: 'load.reported';
  readonly cluster: ClusterId;
  /** Of the wish that it answers. */
  readonly loadId: number;
  readonly wish: BulkLoadStatus;
  readonly error: ErrorCode;
  readonly localStatus: BulkLoadStatus;
  readonly members: Readonly<Record<NodeId, MemberLoadFact>>;
  readonly metadata: LoadMetadataFact | undefined;
  readonly totalProgress: number | undefined;
  readonly isIngestionFinished: boolean | undefined;
  readonly isCleanedUp: boolean | undefined;
  readonly isPaused: boolean | undefined;
}
/**
 * A member's own word left its node: of a primary in its report, of a secondary in its answer to the primary (bl 13.3).
 * `onDisk`: the whole files of its `bulk_load` directory at that moment, as the auditor reads them; undefined without one.
 */
export interface LoadMemberReported extends AtReplica {
  readonly kind: 'load.member-reported';
  readonly wish: BulkLoadStatus;
  readonly error: ErrorCode;
  readonly localStatus: BulkLoadStatus;
  readonly state: MemberLoadFact;
  readonly onDisk: readonly LoadFileFact[] | undefined;
}
/** An ingestion write left the meta server for a primary (bl 12.1 step 6). */
export interface IngestionSent extends At {
  readonly kind: 'ingestion.sent';
  readonly cluster: ClusterId;
  readonly to: NodeId;
  readonly gpid: Gpid;
  readonly load: IngestionFact;
}
/** A primary's answer to an ingestion write left: `error` of admission and two-phase commit, `applied` of the storage. */
export interface IngestionAnswered extends AtReplica {
  readonly kind: 'ingestion.answered';
  readonly error: ErrorCode;
  readonly applied: ErrorCode;
}
/**
 * Sorted files of a load became part of a replica's database, all by one manifest (bl 15.3): `decree` is what that
 * manifest covers, `files` what the auditor read in the new runs, in the order of the load. Told before
 * `storage.flushed` of the same manifest.
 */
export interface StorageIngested extends AtReplica {
  readonly kind: 'storage.ingested';
  readonly decree: Decree;
  readonly files: readonly { readonly sizeBytes: number; readonly md5: string }[];
}

/** An answer of a configuration sync, of a table that throttles or did, reached a replica's server (thr 3). */
export interface ThrottleTold extends AtReplica {
  readonly kind: 'throttle.told';
  readonly ballot: Ballot;
  /** The throttling envs alone, by their keys. */
  readonly envs: Readonly<Record<string, string>>;
}
/** A request of the data path is about to be handled by a replica that was ever told to throttle. */
export interface ThrottleArrived extends AtReplica {
  readonly kind: 'throttle.arrived';
  /** Unique in the run. */
  readonly request: number;
  readonly of: 'write' | 'read';
  /** The command behind it; -1 none of this cluster's clients. */
  readonly command: number;
  /** Of its body. */
  readonly sizeBytes: number;
  readonly timeoutMs: number;
}
/** Its answer left. */
export interface ThrottleAnswered extends AtReplica {
  readonly kind: 'throttle.answered';
  readonly request: number;
  readonly error: ErrorCode;
  /** Of a read that was carried out: what its bucket is charged with (thr 6). */
  readonly cost: number;
}

export type LoadObserved =
  | ProviderFilePut
  | ProviderFileRemoved
  | LoadStored
  | LoadPartitionStored
  | LoadErased
  | LoadWished
  | LoadReported
  | LoadMemberReported
  | IngestionSent
  | IngestionAnswered
  | StorageIngested
  | ThrottleTold
  | ThrottleArrived
  | ThrottleAnswered;

// ---------------------------------------------------------------- claimed by the code under test

/** A download of a replica took one of its server's slots, or gave it back; `serverCount` are those in use then (bl 14.1). */
export interface DownloadSlotClaim extends AtReplica {
  readonly kind: 'load.slot';
  readonly taken: boolean;
  readonly serverCount: number;
}
/** A throttle held a request back, or refuses it (thr 4, 5): PASS is not told. */
export interface ThrottleClaim extends AtReplica {
  readonly kind: 'throttle.verdict';
  readonly of: 'write' | 'read';
  readonly by: 'units' | 'size';
  readonly verdict: 'DELAY' | 'REJECT';
  readonly waitMs: number;
  /** Of the request: what it costs, and how long its client waits. */
  readonly cost: number;
  readonly timeoutMs: number;
}

export type LoadClaimed = DownloadSlotClaim | ThrottleClaim;
