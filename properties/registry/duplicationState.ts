/**
 * Predicates over duplications in one state of the model (dup 3.3, 8). As those of state.ts they look at the facts anew and
 * not at what the rules have noted: what arrived is looked up in what the follower received.
 */
import {
  clusterIdOf,
  dupsOf,
  followerTable,
  hasReceived,
  indexOf,
  isErased,
  isShippable,
  isSkipped,
  statusOf,
  storedOf,
  type DupPartition,
  type DupState,
} from '../../model/dupState.ts';
import { chosenOf, type ClusterState, type ModelState, type PartitionState } from '../../model/state.ts';
import type { Decree } from '../../model/vocabulary.ts';
import type { StatePredicate } from './types.ts';

interface Here {
  readonly state: ModelState;
  readonly cluster: ClusterState;
  readonly dup: DupState;
}
interface End extends Here {
  readonly source: PartitionState;
  readonly progress: DupPartition;
}

function predicate(id: string, sentence: string, check: (here: Here) => string | undefined): StatePredicate {
  return {
    id: `state.${id}`,
    kind: 'always',
    sentence,
    subsystem: 'duplication',
    checkedIn: ['state'],
    broken(state) {
      for (const cluster of Object.values(state.clusters)) {
        for (const dup of Object.values(cluster.dups)) {
          const wrong = check({ state, cluster, dup });
          if (wrong !== undefined) return `duplication ${dup.dupId} of ${dup.appId}: ${wrong}`;
        }
      }
      return undefined;
    },
  };
}

const perPartition =
  (check: (end: End) => string | undefined) =>
  (here: Here): string | undefined => {
    for (const index of Object.keys(here.dup.partitions)) {
      const source = here.cluster.partitions[`${here.dup.appId}.${index}`];
      const progress = here.dup.partitions[Number(index)];
      const wrong = source === undefined || progress === undefined ? undefined : check({ ...here, source, progress });
      if (wrong !== undefined) return `partition ${index}: ${wrong}`;
    }
    return undefined;
  };

/** dup 3.3, written down a second time: `from to`. */
const STEPS: ReadonlySet<string> = new Set([
  'DS_PREPARE DS_PREPARE',
  'DS_PREPARE DS_APP',
  'DS_APP DS_APP',
  'DS_APP DS_LOG',
  'DS_LOG DS_LOG',
  'DS_LOG DS_PAUSE',
  'DS_PAUSE DS_LOG',
  'DS_PAUSE DS_PAUSE',
]);

/** The first write up to a decree that the follower neither began with nor received; what was claimed as unreadable aside. */
function missing({ state, cluster, dup, source, progress }: End, last: Decree): Decree | undefined {
  const follower = state.clusters[dup.remote];
  if (follower === undefined || progress.base < 0) return undefined;
  const id = clusterIdOf(state, cluster.id);
  for (let decree = progress.base + 1; decree <= last; decree++) {
    const mutation = chosenOf(source, decree);
    if (mutation === undefined || isSkipped(progress, decree)) continue;
    for (const update of mutation.updates)
      if (isShippable(update) && !hasReceived(follower, dup.remoteAppName, id, mutation.timestampUs, update))
        return decree;
  }
  return undefined;
}

const isShipping = ({ dup }: Here): boolean => statusOf(dup) === 'DS_LOG' || statusOf(dup) === 'DS_PAUSE';

export const DUP_STATE_PREDICATES: readonly StatePredicate[] = [
  predicate('dup-steps', 'a record changes only as the table of transitions says', ({ dup }) => {
    for (const [i, { status }] of dup.versions.entries()) {
      const before = dup.versions[i - 1]?.status;
      if (before === undefined && status !== 'DS_PREPARE' && status !== 'DS_LOG') return `it begins in ${status}`;
      if (before !== undefined && !STEPS.has(`${before} ${status}`)) return `${before} became ${status}`;
    }
    return undefined;
  }),
  predicate(
    'dup-progress',
    'stored progress grows, and is no more than what was reported and committed',
    perPartition(({ progress, source }) => {
      const { values, reported } = progress;
      for (let i = 1; i < values.length; i++)
        if ((values[i]?.decree ?? 0) <= (values[i - 1]?.decree ?? 0))
          return `${values[i - 1]?.decree} is followed by ${values[i]?.decree}`;
      const stored = storedOf(progress);
      // Of a partition without any write 1 is reported (dup 2.5).
      if (stored > reported || reported > Math.max(source.committed, 1))
        return `stored ${stored}, reported ${reported}, committed ${source.committed}`;
      return undefined;
    }),
  ),
  predicate(
    'dup-arrived',
    'what is stored as confirmed is on the follower, while its table lives',
    perPartition((end) => {
      if (!isShipping(end) || followerTable(end.state, end.dup)?.table === undefined) return undefined;
      const lost = missing(end, storedOf(end.progress));
      return lost === undefined ? undefined : `decree ${lost} is confirmed, and not on the follower`;
    }),
  ),
  predicate(
    'dup-pipelines',
    'no pipeline begins, and none has shipped, behind a write that the follower lacks',
    perPartition((end) => {
      if (isErased(end.dup) || followerTable(end.state, end.dup)?.table === undefined) return undefined;
      for (const one of Object.values(end.dup.duplicators)) {
        const replica = end.source.replicas[one.node];
        if (one.gpid !== end.source.gpid || !one.running || replica?.incarnation !== one.incarnation) continue;
        const lost = missing(end, Math.max(one.start - 1, one.shipped));
        if (lost !== undefined) return `${one.node} leaves out decree ${lost}`;
      }
      return undefined;
    }),
  ),
  predicate('dup-told', 'nobody was told what the store never held', ({ dup }) => {
    for (const [node, told] of Object.entries(dup.told)) {
      if (dup.versions[told.version] === undefined) return `${node} knows version ${told.version}`;
      for (const [index, at] of Object.entries(told.values))
        if (dup.partitions[Number(index)]?.values[at] === undefined) return `${node} knows value ${at} of ${index}`;
    }
    return undefined;
  }),
  predicate('dup-covered', 'a full duplication in DS_APP or later has its checkpoints and its table', (here) => {
    const { dup, state } = here;
    if (!dup.full || isErased(dup) || statusOf(dup) === 'DS_PREPARE') return undefined;
    for (const [index, part] of Object.entries(dup.partitions))
      if (!part.prepared || storedOf(part) < 1) return `partition ${index} has no checkpoint`;
    const asks = state.clusters[dup.remote]?.asks ?? [];
    return asks.some(({ name }) => name === dup.remoteAppName) ? undefined : 'nobody asked for the table';
  }),
  predicate('dup-alone', 'one duplication of a table goes to a cluster', ({ cluster, dup }) => {
    if (isErased(dup)) return undefined;
    const other = dupsOf(cluster, dup.appId).find(
      (one) => one.dupId !== dup.dupId && !isErased(one) && one.remote === dup.remote,
    );
    return other === undefined ? undefined : `so does ${other.dupId}`;
  }),
  predicate(
    'dup-begin',
    'a follower in DS_LOG began with all that is not shipped',
    perPartition((end) => {
      const { state, dup, source } = end;
      const found = followerTable(state, dup);
      if (!dup.full || !isShipping(end) || found?.table === undefined) return undefined;
      const target = found.cluster.partitions[`${found.table.appId}.${indexOf(source.gpid)}`];
      const decrees = Object.values(target?.adopted ?? {});
      const first = end.progress.values.find(({ decree }) => decree >= 0)?.decree ?? -1;
      return decrees.every((decree) => decree >= first) ? undefined : `it began with ${decrees.join()} of ${first}`;
    }),
  ),
];
