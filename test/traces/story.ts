/**
 * Words for hand-written event traces: one table of one partition `1.0` on three nodes P, A, B of cluster `c`.
 * A story is a plain array of events; nothing here knows the rules.
 */
import type { Answer, Command } from '../../model/commands.ts';
import type { ModelEvent, MutationFact, RowOp, UpdateFact } from '../../model/events.ts';
import type { ModelConfig, ModelSettings } from '../../model/state.ts';
import type { CheckpointTrigger, ErrorCode, NodeId, PartitionStatus, TableStatus } from '../../model/vocabulary.ts';
import { storedKey } from '../../model/rules/attempts.ts';

export const P = 'c/replica-0';
export const A = 'c/replica-1';
export const B = 'c/replica-2';
export const G = '1.0';
export const MEMBERS = [P, A, B];

export const SETTINGS: ModelSettings = {
  mutation2pcMinReplicaCount: 2,
  stalenessForCommit: 3,
  maxMutationCountInPrepareList: 5,
  maxAllowedWriteSizeBytes: 1 << 20,
  prepareTimeoutMs: 3000,
  groupCheckDisabled: false,
  groupCheckIntervalMs: 100_000,
  checkpointDisabled: false,
  checkpointIntervalMs: 100_000,
  checkpointMaxIntervalMs: 7_200_000,
  triggerCheckpointRetryIntervalMs: 100,
  maxConcurrentManualEmergencyCheckpoints: 1,
  checkpointReserveMinCount: 2,
  checkpointReserveTimeSeconds: 10,
  logPrivateReserveMaxSizeBytes: 0,
  logPrivateReserveMaxTimeSeconds: 0,
  plogGcEnabled: true,
  configSyncIntervalMs: 30_000,
  rpcTimeoutMs: 5000,
  checkpointStartDelayMs: 10,
  checkpointRetryAfterFlushMs: 10_000,
  updateConfigRetryMs: 1000,
  clientTimeoutMs: 5000,
  clientRetryMs: 100,
  duplicationSyncPeriodMs: 10_000,
  dupProgressMinUpdatePeriodMs: 5000,
  dupNoMutationLoadDelayMs: 100,
  duplicateLogBatchBytes: 4096,
  dupMaxAllowedWriteSizeBytes: 1_048_576,
  dupLoadErrorRepeatMs: 10_000,
  dupWaitConfirmRepeatMs: 1000,
  dupShipRetryMs: 1000,
  dupRequestTimeoutMs: 100_000,
  dupSyncTimeoutMs: 3000,
  nfsCopyBlockBytes: 4_194_304,
  bulkLoadMaxRollbackTimes: 10,
  bulkLoadVerifyBeforeIngest: false,
  enableConcurrentBulkLoad: false,
  bulkLoadNodeMaxIngestingCount: 4,
  bulkLoadNodeMinDiskCount: 1,
  maxConcurrentBulkLoadDownloadingCount: 5,
  bulkLoadRequestIntervalMs: 10_000,
  bulkLoadIngestRequestIntervalMs: 150,
  bulkLoadRetryMs: 1000,
  bulkLoadTryAgainMs: 10,
  ingestionWriteTimeoutMs: 10_000,
  poolWorkers: {},
};

export const CONFIG: ModelConfig = {
  clusters: [{ id: 'c', nodes: MEMBERS }],
  settings: SETTINGS,
  wallBaseSeconds: 1000,
};

const at = (atUs: number) => ({ atUs });
const here = (node: NodeId, atUs: number) => ({ atUs, node, gpid: G });

export const key = (k: string): string => storedKey('h', k);
export const putRow = (k: string, value: string, expireTs = 0): RowOp => ({ op: 'put', key: key(k), value, expireTs });
export const PUT = (k: string, value: string, expireTs = 0): UpdateFact => ({
  code: 'RPC_RRDB_RRDB_PUT',
  rows: [putRow(k, value, expireTs)],
});
export const REMOVE = (k: string): UpdateFact => ({
  code: 'RPC_RRDB_RRDB_REMOVE',
  rows: [{ op: 'remove', key: key(k) }],
});
export const EMPTY: UpdateFact = { code: 'RPC_REPLICATION_WRITE_EMPTY', rows: [] };

export function mutation(
  ballot: number,
  decree: number,
  updates: readonly UpdateFact[] = [EMPTY],
  lastCommitted = decree - 1,
  timestampUs = decree * 1000,
): MutationFact {
  return { ballot, decree, lastCommitted, timestampUs, updates };
}

export const started = (node: NodeId, atUs = 0): ModelEvent => ({ kind: 'process.started', node, ...at(atUs) });
export const stopped = (
  node: NodeId,
  cause: 'crash' | 'power-loss' | 'shutdown' | 'check' = 'crash',
  atUs = 0,
): ModelEvent => ({ kind: 'process.stopped', node, cause, detail: 'a check', ...at(atUs) });
export const fault = (name: string, node: NodeId, atUs = 0): ModelEvent => ({
  kind: 'fault.struck',
  fault: name,
  node,
  gpid: '',
  detail: '',
  ...at(atUs),
});
export const healed = (atUs = 0): ModelEvent => ({ kind: 'world.healed', ...at(atUs) });
export const table = (
  status: TableStatus = 'AS_AVAILABLE',
  more: Partial<{
    appId: number;
    name: string;
    partitionCount: number;
    maxReplicaCount: number;
    envs: Readonly<Record<string, string>>;
  }> = {},
  atUs = 0,
): ModelEvent => ({
  kind: 'table.stored',
  cluster: 'c',
  appId: 1,
  name: 't',
  status,
  partitionCount: 1,
  maxReplicaCount: 3,
  envs: {},
  ...more,
  ...at(atUs),
});
export const config = (
  ballot: number,
  primary: NodeId | '' = P,
  secondaries: readonly NodeId[] = [A, B],
  lastCommittedDecree = 0,
  gpid = G,
): ModelEvent => ({
  kind: 'config.stored',
  cluster: 'c',
  config: { gpid, ballot, maxReplicaCount: 3, primary, secondaries, lastDrops: [], lastCommittedDecree },
  ...at(0),
});
/** The members of a dropped table leave, and are remembered. */
export const dismissed = (ballot: number, lastDrops: readonly NodeId[] = MEMBERS, cluster = 'c', maxReplicaCount = 3): ModelEvent => ({
  kind: 'config.stored',
  cluster,
  config: { gpid: G, ballot, maxReplicaCount, primary: '', secondaries: [], lastDrops, lastCommittedDecree: 0 },
  ...at(0),
});
export const status = (node: NodeId, from: PartitionStatus, to: PartitionStatus, ballot: number, atUs = 0): ModelEvent => ({
  kind: 'replica.status',
  from,
  to,
  ballot,
  ...here(node, atUs),
});
export const opened = (
  node: NodeId,
  decrees: Partial<{
    fresh: boolean;
    ballot: number;
    durable: number;
    applied: number;
    committed: number;
    maxPrepared: number;
  }> = {},
): ModelEvent => ({
  kind: 'replica.opened',
  fresh: true,
  ballot: 0,
  durable: 0,
  applied: 0,
  committed: 0,
  maxPrepared: 0,
  ...decrees,
  ...here(node, 0),
});
export const closed = (node: NodeId): ModelEvent => ({ kind: 'replica.closed', ...here(node, 0) });
export const loadFailed = (node: NodeId, error: ErrorCode = 'ERR_INVALID_DATA'): ModelEvent => ({
  kind: 'replica.load-failed',
  error,
  ...here(node, 0),
});
export const prepared = (node: NodeId, m: MutationFact, reproposal = false): ModelEvent => ({
  kind: 'replica.prepared',
  as: node === P ? 'primary' : 'secondary',
  reproposal,
  mutation: m,
  ...here(node, 0),
});
export const logFile = (node: NodeId, fileIndex = 1, startOffset = 0, previousMaxDecree = 0, atUs = 0): ModelEvent => ({
  kind: 'log.file-created',
  fileIndex,
  startOffset,
  previousMaxDecree,
  validStartOffset: 0,
  ...here(node, atUs),
});
export const logged = (
  node: NodeId,
  m: MutationFact,
  fileIndex = 1,
  logOffset = m.decree * 100,
  atUs = 0,
): ModelEvent => ({ kind: 'log.written', fileIndex, logOffset, mutation: m, ...here(node, atUs) });
export const logGone = (node: NodeId, fileIndex: number, atUs = 0): ModelEvent => ({
  kind: 'log.file-removed',
  fileIndex,
  ...here(node, atUs),
});
export const survived = (
  node: NodeId,
  records: readonly (readonly [ballot: number, decree: number, fileIndex?: number])[],
  intact = true,
  files: readonly number[] = [1],
): ModelEvent => ({
  kind: 'log.survived',
  intact,
  files,
  records: records.map(([ballot, decree, fileIndex]) => ({ ballot, decree, fileIndex: fileIndex ?? 1 })),
  ...here(node, 0),
});
export const acked = (node: NodeId, ballot: number, decree: number): ModelEvent => ({
  kind: 'prepare.acked',
  ballot,
  decree,
  ...here(node, 0),
});
export const committed = (node: NodeId, decree: number, ballot = 1, atUs = 0): ModelEvent => ({
  kind: 'replica.committed',
  decree,
  ballot,
  ...here(node, atUs),
});
export const applied = (node: NodeId, decree: number, atUs = 0): ModelEvent => ({
  kind: 'replica.applied',
  decree,
  ...here(node, atUs),
});
export const flushed = (node: NodeId, decree: number, atUs = 0): ModelEvent => ({
  kind: 'storage.flushed',
  decree,
  ...here(node, atUs),
});
export const listed = (
  node: NodeId,
  decree: number,
  contentDigest: number,
  contentDecree = decree,
  atUs = 0,
): ModelEvent => ({ kind: 'checkpoint.listed', decree, contentDecree, contentDigest, ...here(node, atUs) });
export const removed = (node: NodeId, decree: number, atUs = 0): ModelEvent => ({
  kind: 'checkpoint.removed',
  decree,
  ...here(node, atUs),
});
export const ended = (node: NodeId, trigger: CheckpointTrigger, error: ErrorCode, durable: number): ModelEvent => ({
  kind: 'checkpoint.ended',
  trigger,
  error,
  durable,
  ...here(node, 0),
});
export const flag = (node: NodeId, set: boolean, serverCount: number, gpid = G): ModelEvent => ({
  kind: 'checkpoint.manual-flag',
  set,
  serverCount,
  atUs: 0,
  node,
  gpid,
});
export const asks = (id: number, command: Command, atUs = 0): ModelEvent => ({
  kind: 'command.invoked',
  id,
  cluster: 'c',
  command,
  ...at(atUs),
});
export const tries = (id: number, to: NodeId = P, gpid = G): ModelEvent => ({
  kind: 'attempt.sent',
  id,
  cluster: 'c',
  gpid,
  to,
  ...at(0),
});
export const answers = (id: number, answer: Answer, atUs = 0): ModelEvent => ({
  kind: 'command.answered',
  id,
  cluster: 'c',
  answer,
  ...at(atUs),
});

export const put = (k: string, value: string, ttlSeconds = 0): Command => ({
  kind: 'put',
  table: 't',
  hashKey: 'h',
  sortKey: k,
  value,
  ttlSeconds,
});
export const remove = (k: string): Command => ({ kind: 'remove', table: 't', hashKey: 'h', sortKey: k });
export const get = (k: string): Command => ({ kind: 'get', table: 't', hashKey: 'h', sortKey: k });
export const create = (name = 't', successIfExist = false): Command => ({
  kind: 'createTable',
  name,
  partitionCount: 1,
  replicaCount: 3,
  envs: {},
  successIfExist,
});
export const wrote = (error: ErrorCode = 'ERR_OK'): Answer => ({ kind: 'write', error });
export const read = (value: string | undefined, error: ErrorCode = 'ERR_OK'): Answer => ({
  kind: 'read',
  error,
  found: value !== undefined,
  value: value ?? '',
});
export const done = (error: ErrorCode = 'ERR_OK'): Answer => ({ kind: 'admin', error, hint: '' });

/** Table created, three processes up, fresh replicas, P primary in ballot 1. */
export const SERVING: readonly ModelEvent[] = [
  ...MEMBERS.map((node) => started(node)),
  asks(1, create()),
  table(),
  config(0, '', []),
  opened(A),
  opened(B),
  opened(P),
  config(1),
  status(P, 'PS_INACTIVE', 'PS_PRIMARY', 1),
  logFile(P),
  logFile(A),
  logFile(B),
  status(A, 'PS_INACTIVE', 'PS_SECONDARY', 1),
  status(B, 'PS_INACTIVE', 'PS_SECONDARY', 1),
];

/** One mutation prepared, logged and acknowledged everywhere, not yet committed. */
export function everywhere(m: MutationFact, fileIndex = 1): readonly ModelEvent[] {
  return [
    prepared(P, m),
    logged(P, m, fileIndex),
    ...[A, B].flatMap((node) => [prepared(node, m), logged(node, m, fileIndex), acked(node, m.ballot, m.decree)]),
  ];
}

/** The same, committed and applied on the primary. */
export function write(m: MutationFact, fileIndex = 1): readonly ModelEvent[] {
  return [...everywhere(m, fileIndex), committed(P, m.decree, m.ballot), applied(P, m.decree)];
}

/** SERVING with its barrier (decree 1) committed at the primary. */
export const READY: readonly ModelEvent[] = [...SERVING, ...write(mutation(1, 1))];

/** A put by command `id` as decree `decree`, committed at the primary. */
export function putAt(id: number, decree: number, k: string, value: string): readonly ModelEvent[] {
  return [asks(id, put(k, value)), tries(id), ...write(mutation(1, decree, [PUT(k, value)]))];
}
