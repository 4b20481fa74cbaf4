/**
 * Reads what the meta server stores of duplications (dup 2.4) out of state store operations. Below
 * `/pegasus/<cluster>/apps/<app_id>/duplication`, which is an empty node: `<dupid>` is the JSON of a duplication,
 * `<dupid>/<partition_index>` a confirmed decree in decimal ASCII. Read strictly: what upstream's writer never writes
 * is wrong.
 */
import type { DupRecordFact } from '../../../model/duplicationEvents.ts';
import type { Decree, DupId, DuplicationFailMode, DuplicationStatus } from '../../../model/vocabulary.ts';
import { isObject, parseJson } from './json.ts';
import { decimal } from './logReader.ts';

const STATUSES: ReadonlyMap<unknown, DuplicationStatus> = new Map(
  (['DS_INIT', 'DS_PREPARE', 'DS_APP', 'DS_LOG', 'DS_PAUSE', 'DS_REMOVED'] as const).map((status) => [status, status]),
);
const FAIL_MODES: ReadonlyMap<unknown, DuplicationFailMode> = new Map(
  (['FAIL_SLOW', 'FAIL_SKIP', 'FAIL_FAST'] as const).map((mode) => [mode, mode]),
);
const KEYS = ['remote', 'status', 'create_timestamp_ms', 'fail_mode', 'remote_app_name', 'remote_replica_count'];

export type StoredDuplication =
  | { readonly kind: 'dup'; readonly appId: number; readonly dupId: DupId; readonly record: DupRecordFact }
  | { readonly kind: 'dup-erased'; readonly appId: number; readonly dupId: DupId }
  | { readonly kind: 'progress'; readonly appId: number; readonly dupId: DupId; readonly partitionIndex: number; readonly confirmed: Decree }
  /** A node that tells nothing. */
  | { readonly kind: 'other' }
  | { readonly kind: 'wrong'; readonly why: string };

const OTHER = { kind: 'other' } as const;

/** What an operation on the state store says of a duplication; undefined for a path outside of them. */
export function readStoredDuplication(
  operation: 'create' | 'set' | 'remove',
  path: string,
  value: string,
): StoredDuplication | undefined {
  const parts = path.split('/');
  // '', 'pegasus', cluster, 'apps', app id, 'duplication', dupid, partition index
  if (parts[3] !== 'apps' || parts[5] !== 'duplication') return undefined;
  const appId = decimal(parts[4] ?? '');
  if (appId === undefined || parts.length > 8) return wrong(`${path} belongs to no duplication`);
  if (parts.length === 6) return operation === 'remove' || value === '' ? OTHER : wrong(`${path} is not empty`);
  const dupId = decimal(parts[6] ?? '');
  if (dupId === undefined || dupId === 0) return wrong(`${path} does not end with a dupid`);
  if (parts.length === 7) {
    return operation === 'remove' ? { kind: 'dup-erased', appId, dupId } : readRecord(path, appId, dupId, value);
  }
  const partitionIndex = decimal(parts[7] ?? '');
  if (partitionIndex === undefined) return wrong(`${path} does not end with a partition index`);
  if (operation === 'remove') return OTHER;
  const confirmed = decimal(value);
  if (confirmed === undefined) return wrong(`${path} holds no decree`);
  return { kind: 'progress', appId, dupId, partitionIndex, confirmed };
}

function readRecord(path: string, appId: number, dupId: DupId, value: string): StoredDuplication {
  const json = parseJson(value);
  if (!isObject(json)) return wrong(`${path} is no JSON object`);
  const keys = Object.keys(json);
  for (const key of KEYS) if (!keys.includes(key)) return wrong(`${path} lacks ${key}`);
  if (keys.length !== KEYS.length) return wrong(`${path} has keys beyond ${KEYS.join(', ')}`);
  const { remote, create_timestamp_ms: createTimestampMs } = json;
  const { remote_app_name: remoteAppName, remote_replica_count: remoteReplicaCount } = json;
  const status = STATUSES.get(json['status']);
  const failMode = FAIL_MODES.get(json['fail_mode']);
  if (status === undefined) return wrong(`${path} has no status`);
  if (failMode === undefined) return wrong(`${path} has no fail_mode`);
  if (typeof remote !== 'string' || typeof remoteAppName !== 'string') return wrong(`${path} has no remote names`);
  if (!isCount(createTimestampMs)) return wrong(`${path} has no create_timestamp_ms`);
  if (!isCount(remoteReplicaCount)) return wrong(`${path} has no remote_replica_count`);
  const record = { remote, status, createTimestampMs, failMode, remoteAppName, remoteReplicaCount };
  return { kind: 'dup', appId, dupId, record };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function wrong(why: string): { readonly kind: 'wrong'; readonly why: string } {
  return { kind: 'wrong', why };
}
