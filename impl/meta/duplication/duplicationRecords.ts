/**
 * The records of duplications in the state store (dup 2.4): paths, the JSON of a duplication in upstream's key order,
 * and the decimal decree of a partition's progress. Reading is as strict as upstream's reader: a record that does not
 * decode is left alone by the caller, not repaired.
 */
import type { ClusterId, Decree, DupId, DuplicationFailMode, DuplicationStatus } from '../../../model/vocabulary.ts';
import { DUPLICATION_STATUSES, FAIL_MODES } from '../../protocol/duplicationMessages.ts';
import { appPath, parseObject } from '../records.ts';

/** What the store keeps of a duplication. */
export interface DuplicationRecord {
  readonly remote: ClusterId;
  readonly status: DuplicationStatus;
  /** Wall milliseconds. */
  readonly createTimestampMs: number;
  readonly failMode: DuplicationFailMode;
  readonly remoteAppName: string;
  readonly remoteReplicaCount: number;
}

/** What stands for a remote table's name and replica count that a record does not say. */
export interface RecordDefaults {
  readonly appName: string;
  readonly maxReplicaCount: number;
}

const KEYS = [
  'remote',
  'status',
  'create_timestamp_ms',
  'fail_mode',
  'remote_app_name',
  'remote_replica_count',
] as const;

/** The node above all duplications of a table; it has no value. */
export function duplicationsPath(cluster: ClusterId, appId: number): string {
  return `${appPath(cluster, appId)}/duplication`;
}

export function duplicationPath(cluster: ClusterId, appId: number, dupId: DupId): string {
  return `${duplicationsPath(cluster, appId)}/${dupId}`;
}

export function progressPath(cluster: ClusterId, appId: number, dupId: DupId, partitionIndex: number): string {
  return `${duplicationPath(cluster, appId, dupId)}/${partitionIndex}`;
}

export function encodeDuplication(record: DuplicationRecord): string {
  return JSON.stringify({
    remote: record.remote,
    status: record.status,
    create_timestamp_ms: record.createTimestampMs,
    fail_mode: record.failMode,
    remote_app_name: record.remoteAppName,
    remote_replica_count: record.remoteReplicaCount,
  });
}

/**
 * The duplication of a stored value, or undefined when the value is not one. Keys may be missing when no unknown key is
 * there (an older writer), unknown keys may be there when none is missing (a newer one).
 */
export function decodeDuplication(value: string, defaults: RecordDefaults): DuplicationRecord | undefined {
  const json = parseObject(value);
  if (json === undefined || !hasReadableKeys(json)) return undefined;
  const remote = json['remote'];
  const status = DUPLICATION_STATUSES.find((name) => name === json['status']);
  const failMode = FAIL_MODES.find((name) => name === (json['fail_mode'] ?? 'FAIL_SLOW'));
  const createTimestampMs = json['create_timestamp_ms'] ?? 0;
  const appName = json['remote_app_name'] ?? '';
  const count = json['remote_replica_count'] ?? 0;
  if (typeof remote !== 'string' || remote === '' || status === undefined || failMode === undefined) return undefined;
  if (!isInteger(createTimestampMs) || typeof appName !== 'string' || !isInteger(count)) return undefined;
  return {
    remote,
    status,
    createTimestampMs,
    failMode,
    remoteAppName: appName === '' ? defaults.appName : appName,
    remoteReplicaCount: count === 0 ? defaults.maxReplicaCount : count,
  };
}

function hasReadableKeys(json: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(json);
  const known = KEYS.filter((key) => names.includes(key)).length;
  return names.length === known || known === KEYS.length;
}

export function encodeProgress(confirmed: Decree): string {
  return String(confirmed);
}

/** The confirmed decree of a partition's node: -1 when there is no node, undefined when its value is no decree. */
export function decodeProgress(value: string): Decree | undefined {
  const decree = value === '' ? -1 : parseInteger(value);
  return decree === undefined || decree < -1 ? undefined : decree;
}

/** A decimal integer as the store's names and values hold them; undefined when it is anything else. */
export function parseInteger(text: string): number | undefined {
  const digits = text.startsWith('-') ? text.slice(1) : text;
  for (let i = 0; i < digits.length; i++) if (!'0123456789'.includes(digits.charAt(i))) return undefined;
  const number = Number(text);
  return digits === '' || !Number.isSafeInteger(number) ? undefined : number;
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}
