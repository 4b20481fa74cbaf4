/** Bulk load: what its records, reports and slots promise (bl 20), and where a load must come to. */
import { isLegalPair } from '../../model/loadLegality.ts';
import { isErased, isTerminal, type LoadState } from '../../model/loadState.ts';
import { settingsOfCluster } from '../../model/config.ts';
import type { ClusterState, ModelState, TableState } from '../../model/state.ts';
import type { BulkLoadStatus } from '../../model/vocabulary.ts';
import type { Property, StatePredicate } from './types.ts';

function always(id: string, sentence: string): Property {
  return { id, kind: 'always', sentence, subsystem: 'bulk-load', checkedIn: ['rules'] };
}

export const LOAD_ALWAYS: readonly Property[] = [
  always('bl.S1', 'what the meta server wants of a partition is what the store holds'),
  always('bl.S2', 'a load takes a step when all its partitions have taken it, and a partition when its group says so'),
  always('bl.S8', 'the downloads that hold a slot of a server are counted, and are not more than it allows'),
  always('bl.S9', 'a group has finished, paused or cleaned up when it is whole and all its members say so'),
  always('bl.S10', 'a load goes back to DOWNLOADING no more often than is allowed'),
  always('bl.S11', 'the statuses of a table and of its partitions go together'),
  always('bl.S16', 'a table is stored as loading before there is a record of its load'),
  always('bl.S17', 'an end of a load is left by force cancel alone, and nothing is paused or canceled that nobody asked for'),
  always('bl.S19', 'wishes, metadata and files are those of the load that runs, never of an earlier one'),
];

export const LOAD_EVENTUALLY: readonly Property[] = [
  {
    id: 'L3',
    kind: 'eventually',
    sentence: 'a load comes to an end, the good one when its files are good, and writes are accepted again',
    subsystem: 'bulk-load',
    checkedIn: ['rules', 'obligations'],
  },
];

interface Here {
  readonly state: ModelState;
  readonly cluster: ClusterState;
  readonly table: TableState;
  readonly load: LoadState;
}

function predicate(id: string, sentence: string, check: (here: Here) => string | undefined): StatePredicate {
  return {
    id: `state.${id}`,
    kind: 'always',
    sentence,
    subsystem: 'bulk-load',
    checkedIn: ['state'],
    broken(state) {
      for (const cluster of Object.values(state.clusters)) {
        for (const load of Object.values(cluster.loads)) {
          const table = cluster.tables[load.appId];
          const wrong = table === undefined ? undefined : check({ state, cluster, table, load });
          if (wrong !== undefined) return `load ${load.record.loadId} of table ${load.appId}: ${wrong}`;
        }
      }
      return undefined;
    },
  };
}

/** bl 8.3, written down a second time: `from to`. BLS_INVALID stands between two loads. */
const STEPS: ReadonlySet<string> = new Set(
  [
    'INVALID DOWNLOADING',
    'INVALID PAUSING',
    'INVALID CANCELED',
    'DOWNLOADING DOWNLOADING',
    'DOWNLOADING DOWNLOADED',
    'DOWNLOADING PAUSING',
    'DOWNLOADED INGESTING',
    'DOWNLOADED DOWNLOADING',
    'INGESTING SUCCEED',
    'INGESTING DOWNLOADING',
    'PAUSING PAUSED',
    'PAUSED DOWNLOADING',
  ].map((step) => step.split(' ').map((status) => `BLS_${status}`).join(' ')),
);

function isStep(from: BulkLoadStatus, to: BulkLoadStatus): boolean {
  if (to === 'BLS_INVALID') return true;
  if (to === 'BLS_CANCELED') return from !== 'BLS_CANCELED';
  if (to === 'BLS_FAILED') return from !== 'BLS_INVALID' && !isTerminal(from);
  return STEPS.has(`${from} ${to}`);
}

export const LOAD_STATE_PREDICATES: readonly StatePredicate[] = [
  predicate('bl.S11', 'the statuses of a table and of its partitions go together', ({ load }) => {
    if (isErased(load)) return undefined;
    const odd = Object.entries(load.partitions).find(([, part]) => !isLegalPair(load.record.status, part.record.status));
    return odd === undefined ? undefined : `${odd[1].record.status} of partition ${odd[0]} under ${load.record.status}`;
  }),
  predicate('bl.S17', 'statuses follow each other by the steps of the table', ({ load }) => {
    for (const [i, { status }] of load.versions.entries()) {
      const next = load.versions[i + 1]?.status;
      if (next !== undefined && !isStep(status, next)) return `${status}, then ${next}`;
    }
    return undefined;
  }),
  predicate('bl.S10', 'ways back to DOWNLOADING are not more than is allowed', ({ state, cluster, load }) => {
    const most = settingsOfCluster(state.config, cluster.id).bulkLoadMaxRollbackTimes;
    return load.rollbacks <= most ? undefined : `${load.rollbacks} of ${most}`;
  }),
  predicate('bl.flag', 'a table with a load that has not ended is stored as loading', ({ table, load }) =>
    table.isBulkLoading || isErased(load) || isTerminal(load.record.status) || table.status !== 'AS_AVAILABLE'
      ? undefined
      : `${load.record.status} of a table that does not load`,
  ),
  predicate('S10.members', 'every member of a partition that SUCCEED has the files of its load', ({ cluster, load }) => {
    for (const [index, { record }] of Object.entries(load.partitions)) {
      const part = cluster.partitions[`${load.appId}.${index}`];
      const config = part?.configs[part.ballot];
      if (record.status !== 'BLS_SUCCEED' || part === undefined || config === undefined || config.primary === '') continue;
      const got = Object.values(part.ingestions).filter(({ committedAtUs }) => committedAtUs >= load.startedAtUs);
      const lacks = [config.primary, ...config.secondaries].find(
        (node) => !got.some(({ ingestedAtUs }) => ingestedAtUs[node] !== undefined),
      );
      if (lacks !== undefined) return `${lacks} has none of the files of partition ${index}`;
    }
    return undefined;
  }),
];
