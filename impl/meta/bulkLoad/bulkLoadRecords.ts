/**
 * The records of bulk loads in the state store (bl 4): paths, JSON in upstream's key order, and upstream's tolerance when
 * reading (protocol/jsonRecord.ts). What is missing reads as what was never said (bl.B27).
 */
import type { BulkLoadStatus, ClusterId, ErrorCode, NodeId } from '../../../model/vocabulary.ts';
import type { BulkLoadMetadata } from '../../protocol/bulkLoadMessages.ts';
import { fieldsOf, intOf, JSON_I32, JSON_I64, textOf } from '../../protocol/jsonRecord.ts';
import { metadataJson, metadataOf } from '../../provider/records.ts';
import { parseObject } from '../records.ts';

/** bl 4.2: what the store keeps of a table's load. */
export interface AppBulkLoadRecord {
  readonly appId: number;
  readonly partitionCount: number;
  readonly appName: string;
  /** The folder below the root on the provider. */
  readonly clusterName: string;
  readonly fileProviderType: string;
  readonly status: BulkLoadStatus;
  readonly remoteRootPath: string;
  readonly ingestBehind: boolean;
  readonly isEverIngesting: boolean;
  readonly error: ErrorCode;
  /** Names the load for its replicas, 0 in a record of before there were names (bl.B35; upstream has none). */
  readonly loadId: number;
}

/** bl 4.3: what the store keeps of one partition's load. */
export interface PartitionBulkLoadRecord {
  readonly status: BulkLoadStatus;
  readonly metadata: BulkLoadMetadata;
  readonly everIngestSucceed: boolean;
  /** The members that ingested, with `everIngestSucceed`. */
  readonly hostPorts: readonly NodeId[];
}

/** bl 2, by wire value. */
export const BULK_LOAD_STATUSES: readonly BulkLoadStatus[] = [
  'BLS_INVALID',
  'BLS_DOWNLOADING',
  'BLS_DOWNLOADED',
  'BLS_INGESTING',
  'BLS_SUCCEED',
  'BLS_FAILED',
  'BLS_PAUSING',
  'BLS_PAUSED',
  'BLS_CANCELED',
];

/** What a stored load may have ended with; another name reads as ERR_UNKNOWN. */
const LOAD_ERRORS: readonly ErrorCode[] = [
  'ERR_OK',
  'ERR_INGESTION_FAILED',
  'ERR_RETRY_EXHAUSTED',
  'ERR_CORRUPTION',
  'ERR_FS_INTERNAL',
  'ERR_FILE_OPERATION_FAILED',
  'ERR_INCONSISTENT_STATE',
];

const APP_KEYS = [
  'app_id',
  'partition_count',
  'app_name',
  'cluster_name',
  'file_provider_type',
  'status',
  'remote_root_path',
  'ingest_behind',
  'is_ever_ingesting',
  'bulk_load_err',
  'load_id',
] as const;
const PARTITION_KEYS = ['status', 'metadata', 'ever_ingest_succeed', 'host_ports'] as const;

/** No files and a total of 0: the metadata is not known yet. */
export const NO_METADATA: BulkLoadMetadata = { files: [], fileTotalSize: 0 };

export function bulkLoadRoot(cluster: ClusterId): string {
  return `/pegasus/${cluster}/bulk_load`;
}

export function appBulkLoadPath(cluster: ClusterId, appId: number): string {
  return `${bulkLoadRoot(cluster)}/${appId}`;
}

export function partitionBulkLoadPath(cluster: ClusterId, appId: number, partitionIndex: number): string {
  return `${appBulkLoadPath(cluster, appId)}/${partitionIndex}`;
}

/** A status as the store and hints spell it (bl 4.4). */
export function fullStatusName(status: BulkLoadStatus): string {
  return `replication::bulk_load_status::${status}`;
}

export function hasMetadata(metadata: BulkLoadMetadata): boolean {
  return metadata.files.length > 0 || metadata.fileTotalSize !== 0;
}

export function newPartitionRecord(status: BulkLoadStatus): PartitionBulkLoadRecord {
  return { status, metadata: NO_METADATA, everIngestSucceed: false, hostPorts: [] };
}

export function encodeAppBulkLoad(record: AppBulkLoadRecord): string {
  return JSON.stringify({
    app_id: record.appId,
    partition_count: record.partitionCount,
    app_name: record.appName,
    cluster_name: record.clusterName,
    file_provider_type: record.fileProviderType,
    status: fullStatusName(record.status),
    remote_root_path: record.remoteRootPath,
    ingest_behind: record.ingestBehind ? 1 : 0,
    is_ever_ingesting: record.isEverIngesting ? 1 : 0,
    bulk_load_err: record.error,
    load_id: record.loadId,
  });
}

export function encodePartitionBulkLoad(record: PartitionBulkLoadRecord): string {
  return JSON.stringify({
    status: fullStatusName(record.status),
    metadata: metadataJson(record.metadata),
    ever_ingest_succeed: record.everIngestSucceed ? 1 : 0,
    host_ports: record.hostPorts,
  });
}

/** The load of a stored value, or undefined when the value is not one. */
export function decodeAppBulkLoad(value: string): AppBulkLoadRecord | undefined {
  const fields = fieldsOf(parseObject(value), APP_KEYS);
  if (fields === undefined) return undefined;
  const appId = intOf(fields, 'app_id', JSON_I32);
  const partitionCount = intOf(fields, 'partition_count', JSON_I32);
  const texts = ['app_name', 'cluster_name', 'file_provider_type', 'remote_root_path'].map((key) => textOf(fields, key));
  const [appName, clusterName, fileProviderType, remoteRootPath] = texts;
  const status = statusOf(fields);
  const ingestBehind = flagOf(fields, 'ingest_behind');
  const isEverIngesting = flagOf(fields, 'is_ever_ingesting');
  const name = textOf(fields, 'bulk_load_err');
  const loadId = intOf(fields, 'load_id', JSON_I64);
  if (appId === undefined || partitionCount === undefined || status === undefined || name === undefined) return undefined;
  if (appName === undefined || clusterName === undefined || fileProviderType === undefined) return undefined;
  if (remoteRootPath === undefined || ingestBehind === undefined || isEverIngesting === undefined) return undefined;
  if (loadId === undefined) return undefined;
  const error = name === '' ? 'ERR_OK' : (LOAD_ERRORS.find((known) => known === name) ?? 'ERR_UNKNOWN');
  const rest = { ingestBehind, isEverIngesting, error, loadId };
  return { appId, partitionCount, appName, clusterName, fileProviderType, status, remoteRootPath, ...rest };
}

/** The partition's load of a stored value, or undefined when the value is not one. */
export function decodePartitionBulkLoad(value: string): PartitionBulkLoadRecord | undefined {
  const fields = fieldsOf(parseObject(value), PARTITION_KEYS);
  if (fields === undefined) return undefined;
  const status = statusOf(fields);
  const metadata = fields.has('metadata') ? metadataOf(fields.get('metadata')) : NO_METADATA;
  const everIngestSucceed = flagOf(fields, 'ever_ingest_succeed');
  const hostPorts = nodesOf(fields.get('host_ports') ?? []);
  if (status === undefined || metadata === undefined || everIngestSucceed === undefined) return undefined;
  return hostPorts === undefined ? undefined : { status, metadata, everIngestSucceed, hostPorts };
}

/** BLS_INVALID for a name that is none; undefined when it is no text. */
function statusOf(fields: ReadonlyMap<string, unknown>): BulkLoadStatus | undefined {
  const name = textOf(fields, 'status');
  if (name === undefined) return undefined;
  return BULK_LOAD_STATUSES.find((status) => fullStatusName(status) === name) ?? 'BLS_INVALID';
}

function flagOf(fields: ReadonlyMap<string, unknown>, key: string): boolean | undefined {
  const value = fields.get(key) ?? false;
  if (typeof value === 'boolean') return value;
  const number = intOf(fields, key, JSON_I32);
  return number === undefined ? undefined : number !== 0;
}

function nodesOf(value: unknown): readonly NodeId[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const nodes: NodeId[] = [];
  for (const item of value) {
    if (typeof item !== 'string') return undefined;
    nodes.push(item);
  }
  return nodes;
}
