/**
 * Reads what the meta server stores of loads (bl 4) out of state store operations. `/pegasus/<cluster>/bulk_load` is an
 * empty node; `<app_id>` below it is the JSON of a table's load, `<app_id>/<partition_index>` that of a partition's. Read
 * strictly: what upstream's writer never writes is wrong. A removal takes the nodes below with it.
 */
import type { LoadRecordFact, PartitionLoadRecordFact } from '../../../model/loadEvents.ts';
import type { BulkLoadStatus, ErrorCode } from '../../../model/vocabulary.ts';
import { isObject, parseJson } from './json.ts';
import { readMetadata } from './loadFiles.ts';
import { decimal } from './logReader.ts';

const STATUSES: ReadonlyMap<unknown, BulkLoadStatus> = new Map(
  (
    [
      'BLS_INVALID',
      'BLS_DOWNLOADING',
      'BLS_DOWNLOADED',
      'BLS_INGESTING',
      'BLS_SUCCEED',
      'BLS_FAILED',
      'BLS_PAUSING',
      'BLS_PAUSED',
      'BLS_CANCELED',
    ] as const
  ).map((status) => [`replication::bulk_load_status::${status}`, status]),
);
/** What a load may end with (bl 10.1, 11, 12.4), also one that a starting meta server finds at odds with its table (17.6). */
const ERRORS: ReadonlyMap<unknown, ErrorCode> = new Map(
  (
    [
      'ERR_OK',
      'ERR_CORRUPTION',
      'ERR_FS_INTERNAL',
      'ERR_FILE_OPERATION_FAILED',
      'ERR_INGESTION_FAILED',
      'ERR_RETRY_EXHAUSTED',
      'ERR_INCONSISTENT_STATE',
      'ERR_UNKNOWN',
    ] as const
  ).map((error) => [error, error]),
);
const TABLE_KEYS = [
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
];
/** Beyond upstream, the last one (bl.B35). */
const LOAD_ID = 'load_id';
const PARTITION_KEYS = ['status', 'metadata', 'ever_ingest_succeed', 'host_ports'];

export type StoredLoad =
  | { readonly kind: 'load'; readonly appId: number; readonly record: LoadRecordFact }
  | { readonly kind: 'partition'; readonly appId: number; readonly partitionIndex: number; readonly record: PartitionLoadRecordFact }
  | { readonly kind: 'erased'; readonly appId: number }
  /** A node that tells nothing. */
  | { readonly kind: 'other' }
  | { readonly kind: 'wrong'; readonly why: string };

const OTHER = { kind: 'other' } as const;

/** What an operation on the state store says of a load; undefined for a path outside of them. */
export function readStoredLoad(
  operation: 'create' | 'set' | 'remove',
  path: string,
  value: string,
): StoredLoad | undefined {
  const parts = path.split('/');
  // '', 'pegasus', cluster, 'bulk_load', app id, partition index
  if (parts[3] !== 'bulk_load') return undefined;
  if (parts.length === 4) return operation === 'remove' || value === '' ? OTHER : wrong(`${path} is not empty`);
  const appId = decimal(parts[4] ?? '');
  if (appId === undefined || parts.length > 6) return wrong(`${path} belongs to no load`);
  const partitionIndex = parts.length === 6 ? decimal(parts[5] ?? '') : -1;
  if (partitionIndex === undefined) return wrong(`${path} does not end with a partition index`);
  if (operation === 'remove') return partitionIndex < 0 ? { kind: 'erased', appId } : OTHER;
  const json = parseJson(value);
  if (!isObject(json)) return wrong(`${path} is no JSON object`);
  return partitionIndex < 0 ? readTable(path, appId, json) : readPartition(path, appId, partitionIndex, json);
}

function readTable(path: string, appId: number, json: Readonly<Record<string, unknown>>): StoredLoad {
  const keys = Object.keys(json);
  const expected = keys.length === TABLE_KEYS.length ? TABLE_KEYS : [...TABLE_KEYS, LOAD_ID];
  if (!isSameList(keys, expected)) return wrong(`${path} has other keys than ${expected.join(', ')}`);
  const { app_id: storedId, partition_count: partitionCount, load_id: loadId = 0 } = json;
  const { app_name: appName, cluster_name: clusterName } = json;
  const { file_provider_type: providerName, remote_root_path: remoteRootPath } = json;
  const status = STATUSES.get(json['status']);
  const error = ERRORS.get(json['bulk_load_err']);
  const ingestBehind = flag(json['ingest_behind']);
  const isEverIngesting = flag(json['is_ever_ingesting']);
  if (storedId !== appId) return wrong(`${path} has app_id ${String(storedId)}`);
  if (!isCount(partitionCount) || partitionCount === 0) return wrong(`${path} has no partition_count`);
  if (typeof appName !== 'string' || typeof clusterName !== 'string') return wrong(`${path} has no names`);
  if (typeof providerName !== 'string' || typeof remoteRootPath !== 'string') return wrong(`${path} names no provider`);
  if (status === undefined) return wrong(`${path} has no status`);
  if (error === undefined) return wrong(`${path} has no bulk_load_err`);
  if (ingestBehind === undefined || isEverIngesting === undefined) return wrong(`${path} has a flag that is not 0 or 1`);
  if (!isCount(loadId)) return wrong(`${path} has no load_id`);
  const place = { appName, clusterName, providerName, remoteRootPath };
  const record = { status, ...place, partitionCount, ingestBehind, isEverIngesting, error, loadId };
  return { kind: 'load', appId, record };
}

function readPartition(
  path: string,
  appId: number,
  partitionIndex: number,
  json: Readonly<Record<string, unknown>>,
): StoredLoad {
  if (!isSameList(Object.keys(json), PARTITION_KEYS)) return wrong(`${path} has other keys than ${PARTITION_KEYS.join(', ')}`);
  const status = STATUSES.get(json['status']);
  const metadata = readMetadata(json['metadata']);
  const everIngestSucceed = flag(json['ever_ingest_succeed']);
  const hostPorts = json['host_ports'];
  if (status === undefined) return wrong(`${path} has no status`);
  if (metadata === undefined) return wrong(`${path} has no metadata`);
  if (everIngestSucceed === undefined) return wrong(`${path} has an ever_ingest_succeed that is not 0 or 1`);
  if (!isTextList(hostPorts)) return wrong(`${path} has no host_ports`);
  return { kind: 'partition', appId, partitionIndex, record: { status, metadata, everIngestSucceed, hostPorts } };
}

function flag(value: unknown): boolean | undefined {
  return value === 0 || value === 1 ? value === 1 : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((key, at) => key === b[at]);
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function wrong(why: string): { readonly kind: 'wrong'; readonly why: string } {
  return { kind: 'wrong', why };
}
