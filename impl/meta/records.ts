/**
 * The meta server's records in the state store: their paths, and their JSON in upstream's layout and key order
 * (repl 1.1; dup 2.4; bulk-load 4.1, 4.4). Booleans are written as 0/1, enums with their full C++ name, a gpid as
 * "<app_id>.<partition_index>". `<root>/apps` itself holds "lock" until the tree was made once, then "unlock".
 *
 * An unknown primary is written as the empty string. Reading is strict: a record that does not decode is corruption of
 * the store, which upstream answers with an abort; the caller checks.
 */
import type { ClusterId, NodeId, PartitionConfig, TableStatus } from '../../model/vocabulary.ts';
import { formatGpid } from '../protocol/gpid.ts';
import type { AppInfo } from '../protocol/messages.ts';

/** What the store keeps of a table: its properties and the times of its life, in wall seconds (0: none). */
export interface AppRecord {
  readonly info: AppInfo;
  readonly initPartitionCount: number;
  readonly createSecond: number;
  readonly dropSecond: number;
  /** When the replicas of a dropped table may be collected. */
  readonly expireSecond: number;
  readonly isBulkLoading: boolean;
  /** The `load_id` of the last load that was started, 0 before the first (upstream has none); not written while 0. */
  readonly lastLoadId: number;
}

export const APPS_LOCKED = 'lock';
export const APPS_UNLOCKED = 'unlock';

/** The nodes from the top down to the root of all tables; each needs its parent to exist. */
export function rootPaths(cluster: ClusterId): readonly string[] {
  return ['/pegasus', `/pegasus/${cluster}`, appsPath(cluster)];
}

export function appsPath(cluster: ClusterId): string {
  return `/pegasus/${cluster}/apps`;
}

export function appPath(cluster: ClusterId, appId: number): string {
  return `${appsPath(cluster)}/${appId}`;
}

export function partitionPath(cluster: ClusterId, appId: number, partitionIndex: number): string {
  return `${appsPath(cluster)}/${appId}/${partitionIndex}`;
}

/** A partition that nobody has served yet: ballot 0, no members. */
export function initialConfig(info: AppInfo, partitionIndex: number): PartitionConfig {
  return {
    gpid: formatGpid(info.appId, partitionIndex),
    ballot: 0,
    maxReplicaCount: info.maxReplicaCount,
    primary: '',
    secondaries: [],
    lastDrops: [],
    lastCommittedDecree: 0,
  };
}

/** The same table under another status. */
export function withStatus(record: AppRecord, status: TableStatus): AppRecord {
  return { ...record, info: { ...record.info, status } };
}

/** The same table under another name. */
export function withName(record: AppRecord, appName: string): AppRecord {
  return { ...record, info: { ...record.info, appName } };
}

/** The same table, duplicated or not (dup.B45). */
export function withDuplicating(record: AppRecord, duplicating: boolean): AppRecord {
  return { ...record, info: { ...record.info, duplicating } };
}

/** The same table with envs set beside, or over, its own; keys in code unit order, as upstream's map keeps them. */
export function withEnvs(record: AppRecord, set: Readonly<Record<string, string>>): AppRecord {
  return { ...record, info: { ...record.info, envs: sortedEnvs({ ...record.info.envs, ...set }) } };
}

export function sortedEnvs(envs: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const sorted = Object.entries(envs).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(sorted);
}

export function encodeApp(record: AppRecord): string {
  const { info } = record;
  return JSON.stringify({
    status: `app_status::${info.status}`,
    app_type: info.appType,
    app_name: info.appName,
    app_id: info.appId,
    partition_count: info.partitionCount,
    envs: info.envs,
    is_stateful: 1,
    max_replica_count: info.maxReplicaCount,
    expire_second: record.expireSecond,
    create_second: record.createSecond,
    drop_second: record.dropSecond,
    duplicating: info.duplicating ? 1 : 0,
    init_partition_count: record.initPartitionCount,
    is_bulk_loading: record.isBulkLoading ? 1 : 0,
    last_load_id: record.lastLoadId === 0 ? undefined : record.lastLoadId,
  });
}

/** `isDropped`: upstream's `pc_flags::dropped`, the only flag. */
export function encodeConfig(config: PartitionConfig, isDropped = false): string {
  return JSON.stringify({
    pid: config.gpid,
    ballot: config.ballot,
    max_replica_count: config.maxReplicaCount,
    primary: config.primary,
    secondaries: config.secondaries,
    last_drops: config.lastDrops,
    last_committed_decree: config.lastCommittedDecree,
    partition_flags: isDropped ? DROPPED_FLAG : 0,
  });
}

const DROPPED_FLAG = 1;

/** What the store may hold: a recall in progress is in no record. */
const STATUSES: readonly TableStatus[] = ['AS_CREATING', 'AS_AVAILABLE', 'AS_DROPPING', 'AS_DROPPED'];

/** The table of a stored value, or undefined when the value is not one. */
export function decodeApp(value: string): AppRecord | undefined {
  const json = parseObject(value);
  if (json === undefined) return undefined;
  const status = STATUSES.find((name) => json['status'] === `app_status::${name}`);
  const envs = stringMap(json['envs']);
  const appName = json['app_name'];
  if (status === undefined || envs === undefined || typeof appName !== 'string' || json['app_type'] !== 'pegasus') {
    return undefined;
  }
  const numbers = ['app_id', 'partition_count', 'max_replica_count', 'init_partition_count'] as const;
  const times = ['create_second', 'drop_second', 'expire_second'] as const;
  if (![...numbers, ...times].every((key) => Number.isSafeInteger(json[key]))) return undefined;
  if (!Number.isSafeInteger(json['last_load_id'] ?? 0)) return undefined;
  return {
    info: {
      appId: Number(json['app_id']),
      appName,
      appType: 'pegasus',
      partitionCount: Number(json['partition_count']),
      maxReplicaCount: Number(json['max_replica_count']),
      status,
      envs,
      duplicating: isTrue(json['duplicating']),
    },
    initPartitionCount: Number(json['init_partition_count']),
    createSecond: Number(json['create_second']),
    dropSecond: Number(json['drop_second']),
    expireSecond: Number(json['expire_second']),
    isBulkLoading: isTrue(json['is_bulk_loading']),
    lastLoadId: Number(json['last_load_id'] ?? 0),
  };
}

/** The configuration of a stored value, or undefined when the value is not one. */
export function decodeConfig(value: string): PartitionConfig | undefined {
  const json = parseObject(value);
  if (json === undefined) return undefined;
  const gpid = json['pid'];
  const primary = json['primary'];
  const secondaries = stringList(json['secondaries']);
  const lastDrops = stringList(json['last_drops']);
  if (typeof gpid !== 'string' || typeof primary !== 'string' || secondaries === undefined || lastDrops === undefined) {
    return undefined;
  }
  const numbers = ['ballot', 'max_replica_count', 'last_committed_decree'] as const;
  if (!numbers.every((key) => Number.isSafeInteger(json[key]))) return undefined;
  return {
    gpid,
    ballot: Number(json['ballot']),
    maxReplicaCount: Number(json['max_replica_count']),
    primary,
    secondaries,
    lastDrops,
    lastCommittedDecree: Number(json['last_committed_decree']),
  };
}

/** Whether the partition of a stored value is a dropped one. */
export function isDroppedConfig(value: string): boolean {
  const flags = parseObject(value)?.['partition_flags'];
  return typeof flags === 'number' && (flags & DROPPED_FLAG) !== 0;
}

function isTrue(value: unknown): boolean {
  return value === 1 || value === true;
}

/** The JSON object of a stored value; undefined when it is none. */
export function parseObject(value: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(value);
    return isRecord(json) ? json : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function stringMap(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isRecord(value)) return undefined;
  const entries: [string, string][] = [];
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') return undefined;
    entries.push([key, text]);
  }
  return Object.fromEntries(entries);
}

function stringList(value: unknown): readonly NodeId[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const list: NodeId[] = [];
  for (const item of value) {
    if (typeof item !== 'string') return undefined;
    list.push(item);
  }
  return list;
}
