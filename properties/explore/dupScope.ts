/**
 * The scope `duplication`: a table of two partitions, each with one replica, is duplicated with its checkpoint to another
 * cluster; one write comes later, the meta server restarts once.
 */
import type { ModelEvent, MutationFact } from '../../model/events.ts';
import { rowHash } from '../../model/content.ts';
import type { Scope } from '../../model/enabled.ts';
import { storedKey } from '../../model/rules/attempts.ts';
import type { ModelSettings } from '../../model/state.ts';

const SOURCE = 'c/replica-0';
const META = 'c/meta-0';
const FOLLOWER = 'd/replica-0';
const GPIDS = ['1.0', '1.1'];

/** Barrier and first write of a partition, as its primary writes, commits and applies them. */
function began(gpid: string): readonly ModelEvent[] {
  const here = { atUs: 0, node: SOURCE, gpid };
  const row = { op: 'put', key: storedKey(gpid, 'k'), value: 'v2', expireTs: 0 } as const;
  const mutation = (decree: number, updates: MutationFact['updates']): MutationFact => ({
    ballot: 1,
    decree,
    lastCommitted: decree - 1,
    timestampUs: decree * 1000,
    updates,
  });
  const done = (one: MutationFact): ModelEvent[] => [
    { kind: 'replica.prepared', ...here, as: 'primary', reproposal: false, mutation: one },
    { kind: 'log.written', ...here, fileIndex: 1, logOffset: one.decree, mutation: one },
    { kind: 'replica.committed', ...here, decree: one.decree, ballot: 1 },
    { kind: 'replica.applied', ...here, decree: one.decree },
  ];
  return [
    config(gpid, 0),
    { kind: 'replica.opened', ...here, fresh: true, ballot: 0, durable: 0, applied: 0, committed: 0, maxPrepared: 0 },
    config(gpid, 1),
    { kind: 'replica.status', ...here, from: 'PS_INACTIVE', to: 'PS_PRIMARY', ballot: 1 },
    { kind: 'log.file-created', ...here, fileIndex: 1, startOffset: 0, previousMaxDecree: 0, validStartOffset: 0 },
    ...done(mutation(1, [{ code: 'RPC_REPLICATION_WRITE_EMPTY', rows: [] }])),
    ...puts(2 + Number(gpid.slice(2)), gpid, 'v2'),
    ...done(mutation(2, [{ code: 'RPC_RRDB_RRDB_PUT', rows: [row] }])),
  ];
}

function config(gpid: string, ballot: number): ModelEvent {
  const primary = ballot === 0 ? '' : SOURCE;
  return {
    kind: 'config.stored',
    atUs: 0,
    cluster: 'c',
    config: { gpid, ballot, maxReplicaCount: 1, primary, secondaries: [], lastDrops: [], lastCommittedDecree: 0 },
  };
}

/** A client's put is on its way. */
function puts(id: number, gpid: string, value: string): readonly ModelEvent[] {
  return [
    {
      kind: 'command.invoked',
      atUs: 0,
      id,
      cluster: 'c',
      command: { kind: 'put', table: 't', hashKey: gpid, sortKey: 'k', value, ttlSeconds: 0 },
    },
    { kind: 'attempt.sent', atUs: 0, id, cluster: 'c', gpid, to: SOURCE },
  ];
}

const START: readonly ModelEvent[] = [
  ...[SOURCE, META, FOLLOWER].map((node): ModelEvent => ({ kind: 'process.started', atUs: 0, node })),
  {
    kind: 'command.invoked',
    atUs: 0,
    id: 1,
    cluster: 'c',
    command: { kind: 'createTable', name: 't', partitionCount: 2, replicaCount: 1, envs: {}, successIfExist: false },
  },
  {
    kind: 'table.stored',
    atUs: 0,
    cluster: 'c',
    appId: 1,
    name: 't',
    status: 'AS_AVAILABLE',
    partitionCount: 2,
    maxReplicaCount: 1,
    envs: {},
  },
  ...GPIDS.flatMap(began),
  // The checkpoint of the second partition is there, that of the first is made on the way.
  { kind: 'storage.flushed', atUs: 0, node: SOURCE, gpid: '1.1', decree: 2 },
  {
    kind: 'checkpoint.listed',
    atUs: 0,
    node: SOURCE,
    gpid: '1.1',
    decree: 2,
    contentDecree: 2,
    contentDigest: rowHash(storedKey('1.1', 'k'), 'v2', 0, 2000),
  },
  ...puts(10, '1.0', 'v3'),
  {
    kind: 'command.invoked',
    atUs: 0,
    id: 20,
    cluster: 'c',
    command: {
      kind: 'addDup',
      table: 't',
      remoteCluster: 'd',
      checkpoint: true,
      remoteTable: 't',
      remoteReplicaCount: 1,
    },
  },
  {
    kind: 'dup.stored',
    atUs: 0,
    cluster: 'c',
    appId: 1,
    dupId: 7,
    record: {
      remote: 'd',
      status: 'DS_PREPARE',
      createTimestampMs: 7000,
      failMode: 'FAIL_SLOW',
      remoteAppName: 't',
      remoteReplicaCount: 1,
    },
  },
];

/** The scope, under the settings of the others. */
export function duplicationScope(settings: ModelSettings, limits: Partial<Scope['duplication']> = {}): Scope {
  return {
    name: 'duplication',
    config: {
      clusters: [
        { id: 'c', nodes: [SOURCE, META] },
        { id: 'd', nodes: [FOLLOWER] },
      ],
      settings,
    },
    start: START,
    maxCrashes: 0,
    reballots: false,
    maxBallot: 1,
    maxDecree: 3,
    storage: false,
    maxLogFiles: 1,
    duplication: {
      source: SOURCE,
      meta: META,
      follower: FOLLOWER,
      followerMeta: 'd/meta-0',
      lines: [],
      sourceRestarts: 0,
      metaRestarts: 1,
      maxDecree: 3,
      quiet: ['1.1'],
      ...limits,
    },
  };
}
