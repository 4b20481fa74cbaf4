/** The small scopes in which the model is searched exhaustively. */
import type { ModelEvent, MutationFact } from '../../model/events.ts';
import type { Scope } from '../../model/enabled.ts';
import type { ModelSettings } from '../../model/state.ts';
import type { NodeId } from '../../model/vocabulary.ts';
import { duplicationScope } from './dupScope.ts';
import { bulkLoadScope } from './loadScope.ts';

const SETTINGS: ModelSettings = {
  mutation2pcMinReplicaCount: 1,
  stalenessForCommit: 3,
  maxMutationCountInPrepareList: 5,
  maxAllowedWriteSizeBytes: 0,
  prepareTimeoutMs: 3000,
  groupCheckDisabled: false,
  groupCheckIntervalMs: 100_000,
  checkpointDisabled: false,
  checkpointIntervalMs: 100_000,
  checkpointMaxIntervalMs: 7_200_000,
  triggerCheckpointRetryIntervalMs: 100,
  maxConcurrentManualEmergencyCheckpoints: 1,
  checkpointReserveMinCount: 1,
  checkpointReserveTimeSeconds: 0,
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

const GPID = '1.0';

/**
 * A partition of `count` replicas serving in ballot 1 with its barrier (decree 1) committed everywhere, and writes
 * on their way.
 */
function serving(nodes: readonly NodeId[], writes: number): readonly ModelEvent[] {
  const [primary = '', ...secondaries] = nodes;
  const at = (node: NodeId) => ({ atUs: 0, node, gpid: GPID });
  const barrier: MutationFact = {
    ballot: 1,
    decree: 1,
    lastCommitted: 0,
    timestampUs: 1000,
    updates: [{ code: 'RPC_REPLICATION_WRITE_EMPTY', rows: [] }],
  };
  const stored = (ballot: number): ModelEvent => ({
    kind: 'config.stored',
    atUs: 0,
    cluster: 'c',
    config: {
      gpid: GPID,
      ballot,
      maxReplicaCount: nodes.length,
      primary: ballot === 0 ? '' : primary,
      secondaries: ballot === 0 ? [] : secondaries,
      lastDrops: [],
      lastCommittedDecree: 0,
    },
  });
  const role = (node: NodeId) => (node === primary ? 'PS_PRIMARY' : 'PS_SECONDARY');
  return [
    ...nodes.map((node): ModelEvent => ({ kind: 'process.started', atUs: 0, node })),
    {
      kind: 'command.invoked',
      atUs: 0,
      id: 1,
      cluster: 'c',
      command: {
        kind: 'createTable',
        name: 't',
        partitionCount: 1,
        replicaCount: nodes.length,
        envs: {},
        successIfExist: false,
      },
    },
    {
      kind: 'table.stored',
      atUs: 0,
      cluster: 'c',
      appId: 1,
      name: 't',
      status: 'AS_AVAILABLE',
      partitionCount: 1,
      maxReplicaCount: nodes.length,
      envs: {},
    },
    stored(0),
    ...nodes.map((node): ModelEvent => ({
      kind: 'replica.opened',
      ...at(node),
      fresh: true,
      ballot: 0,
      durable: 0,
      applied: 0,
      committed: 0,
      maxPrepared: 0,
    })),
    stored(1),
    ...nodes.flatMap((node): ModelEvent[] => [
      { kind: 'replica.status', ...at(node), from: 'PS_INACTIVE', to: role(node), ballot: 1 },
      {
        kind: 'replica.prepared',
        ...at(node),
        as: node === primary ? 'primary' : 'secondary',
        reproposal: false,
        mutation: barrier,
      },
      {
        kind: 'log.file-created',
        ...at(node),
        fileIndex: 1,
        startOffset: 0,
        previousMaxDecree: 0,
        validStartOffset: 0,
      },
      { kind: 'log.written', ...at(node), fileIndex: 1, logOffset: 0, mutation: barrier },
      ...(node === primary ? [] : [{ kind: 'prepare.acked', ...at(node), ballot: 1, decree: 1 } as const]),
    ]),
    ...nodes.flatMap((node): ModelEvent[] => [
      { kind: 'replica.committed', ...at(node), decree: 1, ballot: 1 },
      { kind: 'replica.applied', ...at(node), decree: 1 },
    ]),
    ...Array.from({ length: writes }, (_, i): ModelEvent[] => [
      {
        kind: 'command.invoked',
        atUs: 0,
        id: 2 + i,
        cluster: 'c',
        command: { kind: 'put', table: 't', hashKey: 'h', sortKey: 'k', value: `v${i}`, ttlSeconds: 0 },
      },
      { kind: 'attempt.sent', atUs: 0, id: 2 + i, cluster: 'c', gpid: GPID, to: primary },
    ]).flat(),
  ];
}

function scope(
  name: string,
  nodes: readonly NodeId[],
  writes: number,
  limits: Omit<Scope, 'name' | 'config' | 'start'>,
): Scope {
  return {
    name,
    config: { clusters: [{ id: 'c', nodes }], settings: SETTINGS },
    start: serving(nodes, writes),
    ...limits,
  };
}

const FOURTH = 'c/replica-3';
const THREE = ['c/replica-0', 'c/replica-1', 'c/replica-2'];

export const SCOPES: readonly Scope[] = [
  /** Three replicas, two writes, one crash; a restarted primary gets a new ballot. */
  scope('replication', THREE, 2, {
    maxCrashes: 1,
    reballots: false,
    maxBallot: 2,
    maxDecree: 4,
    storage: false,
    maxLogFiles: 9,
  }),
  /**
   * Three replicas, two writes, no crash; the primary gives up on a member and proposes again under two more
   * ballots.
   */
  scope('reballot', THREE, 2, {
    maxCrashes: 0,
    reballots: true,
    maxBallot: 2,
    maxDecree: 3,
    storage: false,
    maxLogFiles: 9,
  }),
  /** One replica with its log, flushes and checkpoints, one crash. */
  scope('checkpoint', THREE.slice(0, 1), 1, {
    maxCrashes: 1,
    reballots: false,
    maxBallot: 2,
    maxDecree: 3,
    storage: true,
    maxLogFiles: 3,
  }),
  /**
   * Three replicas and a fourth server, one write, no crash: the primary lets members go, one of them takes over, and who is
   * none learns by any of the three types, and joins.
   */
  {
    ...scope('reconfiguration', THREE, 1, { maxCrashes: 0, reballots: false, maxBallot: 3, maxDecree: 2, storage: false, maxLogFiles: 9 }),
    config: { clusters: [{ id: 'c', nodes: [...THREE, FOURTH] }], settings: SETTINGS },
    // Members go for a reason: a link fails, for a while.
    start: [...serving(THREE, 1), { kind: 'process.started', atUs: 0, node: FOURTH }, { kind: 'fault.struck', atUs: 0, fault: 'link.cut', node: FOURTH, gpid: '', detail: '' }],
    members: { nodes: [...THREE, FOURTH], maxReplicaCount: 3, learners: 1 },
  },
  /** For demonstrations: two replicas, one write, one crash, changes of ballot. */
  scope('pair', THREE.slice(0, 2), 1, {
    maxCrashes: 1,
    reballots: true,
    maxBallot: 2,
    maxDecree: 3,
    storage: false,
    maxLogFiles: 9,
  }),
  /** Two partitions, their duplication with a checkpoint, one write, one restart of the meta server. */
  duplicationScope(SETTINGS),
  /** Two partitions of one replica each, their load, one way back, and the operator's lines. */
  bulkLoadScope(SETTINGS),
];
