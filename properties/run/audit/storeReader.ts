/**
 * Reads the meta server's records out of state store writes (upstream's layout: dup 2.4 for the paths, bulk-load 4.4
 * for the JSON): `/pegasus/<cluster>/apps/<app_id>` is a table (app_info), `.../<app_id>/<partition_index>` a
 * partition (partition_configuration). Enums stand by their full C++ name; an unknown primary is ''.
 */
import type { PartitionConfig, TableStatus } from '../../../model/vocabulary.ts';
import { isObject, parseJson } from './json.ts';
import { decimal } from './logReader.ts';
import { gpidText } from './mutationReader.ts';

const STATUSES: ReadonlyMap<string, TableStatus> = new Map(
  (['AS_CREATING', 'AS_AVAILABLE', 'AS_DROPPING', 'AS_DROPPED'] as const).map((status) => [status, status]),
);

export interface StoredTable {
  readonly kind: 'table';
  readonly appId: number;
  readonly name: string;
  readonly status: TableStatus;
  readonly partitionCount: number;
  readonly maxReplicaCount: number;
  readonly envs: Readonly<Record<string, string>>;
  /** Left out: false. */
  readonly isBulkLoading?: true;
}
export interface StoredConfig {
  readonly kind: 'config';
  readonly config: PartitionConfig;
}
/** `other`: a node that is no record of ours. `wrong`: a record that cannot be read. */
export type StoredRecord = StoredTable | StoredConfig | { readonly kind: 'other' } | { readonly kind: 'wrong'; readonly why: string };

const OTHER = { kind: 'other' } as const;

/** What a write to the state store says. */
export function readStored(path: string, value: string): StoredRecord {
  const parts = path.split('/');
  // '', 'pegasus', cluster, 'apps', app id, partition index
  if (parts[3] !== 'apps' || parts.length < 5 || parts.length > 6) return OTHER;
  const appId = decimal(parts[4] ?? '');
  if (appId === undefined) return OTHER;
  const partitionIndex = parts.length === 6 ? decimal(parts[5] ?? '') : -1;
  if (partitionIndex === undefined) return OTHER;
  const json = parseJson(value);
  if (!isObject(json)) return { kind: 'wrong', why: `${path} is no JSON object` };
  return partitionIndex < 0 ? readTable(path, appId, json) : readConfig(path, appId, partitionIndex, json);
}

function readTable(path: string, appId: number, json: Readonly<Record<string, unknown>>): StoredRecord {
  const status = typeof json['status'] === 'string' ? STATUSES.get(enumName(json['status'])) : undefined;
  const {
    app_name: name,
    partition_count: partitionCount,
    max_replica_count: maxReplicaCount,
    app_id: storedId,
  } = json;
  if (status === undefined) return { kind: 'wrong', why: `${path} has no status` };
  if (storedId !== appId) return { kind: 'wrong', why: `${path} has app_id ${String(storedId)}` };
  if (typeof name !== 'string' || typeof partitionCount !== 'number' || typeof maxReplicaCount !== 'number') {
    return { kind: 'wrong', why: `${path} lacks app_name, partition_count or max_replica_count` };
  }
  const { is_bulk_loading: isBulkLoading = 0 } = json;
  if (isBulkLoading !== 0 && isBulkLoading !== 1) return { kind: 'wrong', why: `${path} has an is_bulk_loading that is not 0 or 1` };
  const table = { kind: 'table', appId, name, status, partitionCount, maxReplicaCount, envs: textMap(json['envs']) } as const;
  return isBulkLoading === 0 ? table : { ...table, isBulkLoading: true };
}

function readConfig(
  path: string,
  appId: number,
  partitionIndex: number,
  json: Readonly<Record<string, unknown>>,
): StoredRecord {
  const gpid = gpidText(appId, partitionIndex);
  const { pid, ballot, max_replica_count: maxReplicaCount, primary, last_committed_decree: lastCommittedDecree } = json;
  if (pid !== gpid) return { kind: 'wrong', why: `${path} has pid ${String(pid)}` };
  if (
    typeof ballot !== 'number' ||
    typeof maxReplicaCount !== 'number' ||
    typeof primary !== 'string' ||
    typeof lastCommittedDecree !== 'number'
  ) {
    return { kind: 'wrong', why: `${path} lacks ballot, max_replica_count, primary or last_committed_decree` };
  }
  const config: PartitionConfig = {
    gpid,
    ballot,
    maxReplicaCount,
    primary,
    secondaries: textList(json['secondaries']),
    lastDrops: textList(json['last_drops']),
    lastCommittedDecree,
  };
  return { kind: 'config', config };
}

function enumName(text: string): string {
  return text.slice(text.lastIndexOf(':') + 1);
}

function textList(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function textMap(value: unknown): Readonly<Record<string, string>> {
  const map: Record<string, string> = {};
  if (isObject(value)) for (const [key, item] of Object.entries(value)) if (typeof item === 'string') map[key] = item;
  return map;
}
