/** Bulk load: what its records, reports and slots promise (bl 20), and where a load must come to. */
import { membersOf } from '../../model/members.ts';
import { isLegalPair } from '../../model/loadLegality.ts';
import type { MemberLoadFact } from '../../model/loadEvents.ts';
import { isErased, isTerminal, type GroupReport, type LoadState, type PartitionLoadState } from '../../model/loadState.ts';
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
  always('bl.S20', 'one loop of polls asks about a partition, and none about one that is paused'),
  always('bl.S16', 'a table is stored as loading before there is a record of its load'),
  always('bl.S17', 'an end of a load is left by force cancel alone, and nothing is paused or canceled that nobody asked for'),
  always('bl.S19', 'wishes, metadata and files are those of the load that runs, never of an earlier one'),
];

export const LOAD_EVENTUALLY: readonly Property[] = [
  {
    id: 'L7',
    kind: 'eventually',
    sentence: 'control messages are answered in time: a poll of a load before the next one',
    subsystem: 'bulk-load',
    checkedIn: ['rules'],
  },
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

/** The same of each partition that has a record. */
const perPartition =
  (check: (own: PartitionLoadState, index: number, here: Here) => string | undefined) =>
  (here: Here): string | undefined => {
    for (const [index, own] of Object.entries(here.load.partitions)) {
      const wrong = check(own, Number(index), here);
      if (wrong !== undefined) return `partition ${index}: ${wrong}`;
    }
    return undefined;
  };

/** What primaries reported, in which statuses they are asked for it, and how a member says it (bl 9, 13.1). */
const REPORTS: readonly {
  readonly what: string;
  readonly statuses: readonly BulkLoadStatus[];
  told(own: PartitionLoadState): boolean;
  said(member: MemberLoadFact): boolean;
}[] = [
  {
    what: 'downloaded',
    statuses: ['BLS_DOWNLOADING', 'BLS_DOWNLOADED'],
    told: (own) => own.reportedDownloaded,
    said: (member) => member.downloadProgress >= 100,
  },
  {
    what: 'ingested',
    statuses: ['BLS_INGESTING'],
    told: (own) => own.reportedFinished,
    said: (member) => member.ingestStatus === 'IS_SUCCEED',
  },
  {
    what: 'paused',
    statuses: ['BLS_PAUSING'],
    told: (own) => own.reportedPaused,
    said: (member) => member.isPaused,
  },
  {
    what: 'cleaned up',
    statuses: ['BLS_SUCCEED', 'BLS_FAILED', 'BLS_CANCELED'],
    told: (own) => own.reportedCleaned,
    said: (member) => member.isCleanedUp,
  },
];

/** Statuses of a table that all its partitions have been through since the load began (bl 8.3). */
const STEPS_OF_ALL: readonly BulkLoadStatus[] = ['BLS_DOWNLOADED', 'BLS_INGESTING', 'BLS_SUCCEED', 'BLS_PAUSED'];

export const LOAD_STATE_PREDICATES: readonly StatePredicate[] = [
  predicate(
    'bl.S1',
    'nobody reported what the store never held as wished',
    perPartition((own) => {
      const odd = REPORTS.find(({ told, statuses }) => told(own) && !own.versions.some(({ status }) => statuses.includes(status)));
      return odd === undefined ? undefined : `${odd.what}, and never stored as ${odd.statuses.join(' or ')}`;
    }),
  ),
  predicate('bl.S2', 'a table that went on has a record of each partition, and of its download since the last way back', (here) => {
    const { table, load } = here;
    if (isErased(load) || !STEPS_OF_ALL.includes(load.record.status)) return undefined;
    for (let index = 0; index < table.partitionCount; index++) {
      const own = load.partitions[index];
      if (own === undefined) return `${load.record.status} without partition ${index}`;
      if (load.record.status !== 'BLS_PAUSED' && !own.reportedDownloaded) return `${load.record.status}: ${index} is not downloaded`;
    }
    return undefined;
  }),
  predicate(
    'bl.S9',
    'what a group reported, the whole of it said',
    perPartition((own, index, { cluster, load }) => {
      const part = cluster.partitions[`${load.appId}.${index}`];
      const group = membersOf(part);
      if (group.length === 0 || group.includes('')) return undefined;
      for (const { what, told, said } of REPORTS) {
        const isBorneOut = ({ members }: GroupReport): boolean =>
          group.every((node) => {
            const member = members[node];
            return member !== undefined && said(member);
          });
        if (told(own) && !own.reports.some(isBorneOut)) return `${what}, and some member never said so`;
      }
      return undefined;
    }),
  ),
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
      const members = membersOf(part);
      if (record.status !== 'BLS_SUCCEED' || part === undefined || members.includes('')) continue;
      const got = Object.values(part.ingestions).filter(({ committedAtUs }) => committedAtUs >= load.startedAtUs);
      const lacks = members.find(
        (node) => !got.some(({ ingestedAtUs }) => ingestedAtUs[node] !== undefined),
      );
      if (lacks !== undefined) return `${lacks} has none of the files of partition ${index}`;
    }
    return undefined;
  }),
];
