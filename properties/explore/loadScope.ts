/**
 * The scope `bulk-load`: a table of two partitions loads the files of a provider. One way back to DOWNLOADING is allowed, and
 * primaries refuse twice at most; an operator pauses, restarts, cancels and cancels by force, each once.
 */
import type { Scope } from '../../model/enabled.ts';
import type { ModelEvent, MutationFact } from '../../model/events.ts';
import type { LoadFileFact, LoadMetadataFact, ProviderFileFact } from '../../model/loadEvents.ts';
import { isErased, isTerminal } from '../../model/loadState.ts';
import type { LoadScope } from '../../model/loadSteps.ts';
import { storedKey } from '../../model/rules/attempts.ts';
import type { ModelSettings, ModelState } from '../../model/state.ts';
import type { NodeId } from '../../model/vocabulary.ts';

const PARTITIONS = [0, 1];
/** After the servers' start: a line is invoked later than anything that disturbs. */
const ASKED_US = 1_000_000;

// ---------------------------------------------------------------- a table that serves

function serving(nodes: readonly NodeId[], index: number): readonly ModelEvent[] {
  const [primary = '', ...secondaries] = nodes;
  const gpid = `1.${index}`;
  const at = (node: NodeId) => ({ atUs: 0, node, gpid });
  const config = (ballot: number): ModelEvent => ({
    kind: 'config.stored',
    atUs: 0,
    cluster: 'c',
    config: {
      gpid,
      ballot,
      maxReplicaCount: nodes.length,
      primary: ballot === 0 ? '' : primary,
      secondaries: ballot === 0 ? [] : secondaries,
      lastDrops: [],
      lastCommittedDecree: 0,
    },
  });
  const barrier: MutationFact = {
    ballot: 1,
    decree: 1,
    lastCommitted: 0,
    timestampUs: 1000,
    updates: [{ code: 'RPC_REPLICATION_WRITE_EMPTY', rows: [] }],
  };
  return [
    config(0),
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
    config(1),
    ...nodes.flatMap((node): ModelEvent[] => [
      {
        kind: 'replica.status',
        ...at(node),
        from: 'PS_INACTIVE',
        to: node === primary ? 'PS_PRIMARY' : 'PS_SECONDARY',
        ballot: 1,
      },
      {
        kind: 'replica.prepared',
        ...at(node),
        as: node === primary ? 'primary' : 'secondary',
        reproposal: false,
        mutation: barrier,
      },
      { kind: 'log.file-created', ...at(node), fileIndex: 1, startOffset: 0, previousMaxDecree: 0, validStartOffset: 0 },
      { kind: 'log.written', ...at(node), fileIndex: 1, logOffset: 0, mutation: barrier },
      ...(node === primary ? [] : [{ kind: 'prepare.acked', ...at(node), ballot: 1, decree: 1 } as const]),
    ]),
    ...nodes.flatMap((node): ModelEvent[] => [
      { kind: 'replica.committed', ...at(node), decree: 1, ballot: 1 },
      { kind: 'replica.applied', ...at(node), decree: 1 },
    ]),
  ];
}

// ---------------------------------------------------------------- what it loads

const fileOf = (index: number): LoadFileFact => ({ name: '00001.sst', sizeBytes: 100, md5: `a${index}` });
const metadataOf = (index: number): LoadMetadataFact => ({ files: [fileOf(index)], totalBytes: 100 });
const rowsOf = (index: number): ProviderFileFact => ({
  is: 'rows',
  rows: [{ key: storedKey(`h${index}`, 'k'), value: 'loaded', expireTs: 0, timestampUs: 7 }],
});

const put = (path: string, file: ProviderFileFact, sizeBytes: number, md5: string) =>
  ({ kind: 'provider.put', provider: 'p', path: `root/c/t/${path}`, sizeBytes, md5, file, atUs: 0 }) as const;
/** A file, and its sidecar. */
const puts = (path: string, file: ProviderFileFact, sizeBytes = 50, md5 = 'ee'): readonly ModelEvent[] => [
  put(path, file, sizeBytes, md5),
  put(path.replace(/([^/]+)$/, '.$1.meta'), { is: 'sidecar', sizeBytes, md5 }, 40, 'ef'),
];
const PROVIDED: readonly ModelEvent[] = [
  ...puts('bulk_load_info', { is: 'info', appId: 1, partitionCount: PARTITIONS.length }),
  ...PARTITIONS.flatMap((index) => [
    ...puts(`${index}/bulk_load_metadata`, { is: 'metadata', metadata: metadataOf(index) }),
    ...puts(`${index}/00001.sst`, rowsOf(index), 100, `a${index}`),
  ]),
];

function start(nodes: readonly NodeId[]): readonly ModelEvent[] {
  const shape = { name: 't', partitionCount: PARTITIONS.length, envs: {} };
  return [
    ...nodes.map((node): ModelEvent => ({ kind: 'process.started', atUs: 0, node })),
    {
      kind: 'command.invoked',
      atUs: 0,
      id: 1,
      cluster: 'c',
      command: { kind: 'createTable', ...shape, replicaCount: nodes.length, successIfExist: false },
    },
    {
      kind: 'table.stored',
      atUs: 0,
      cluster: 'c',
      appId: 1,
      status: 'AS_AVAILABLE',
      maxReplicaCount: nodes.length,
      ...shape,
    },
    ...PARTITIONS.flatMap((index) => serving(nodes, index)),
    ...PROVIDED,
    {
      kind: 'command.invoked',
      atUs: ASKED_US,
      id: 10,
      cluster: 'c',
      command: { kind: 'startBulkLoad', table: 't', clusterName: 'c', provider: 'p', root: 'root', ingestBehind: false },
    },
  ];
}

// ---------------------------------------------------------------- the scope

/** The load has ended, and its table loads no more. */
function isOver({ clusters }: ModelState): boolean {
  return Object.values(clusters).every(({ tables, loads }) =>
    Object.values(tables).every(({ appId, isBulkLoading }) => {
      const load = loads[appId];
      return !isBulkLoading && load !== undefined && !isErased(load) && isTerminal(load.record.status);
    }),
  );
}

/** The scope, under the settings of the others but for the ways back. */
export function bulkLoadScope(settings: ModelSettings, limits: Partial<LoadScope> = {}): Scope {
  const { nodes = ['c/replica-0'] } = limits;
  return {
    name: 'bulk-load',
    config: {
      clusters: [{ id: 'c', nodes }],
      settings: { ...settings, bulkLoadMaxRollbackTimes: 1 },
    },
    start: start(nodes),
    maxCrashes: 0,
    reballots: false,
    maxBallot: 1,
    maxDecree: 1,
    storage: false,
    maxLogFiles: 1,
    bulkLoad: {
      nodes,
      lines: ['pause', 'restart', 'cancel', 'force'],
      refusals: 1,
      putAgain: put('0/00001.sst', rowsOf(0), 100, 'a0'),
      complaints: false,
      ...limits,
    },
    end: { property: 'L3', sentence: 'an end of the load, and its table loads no more', holds: isOver },
  };
}
