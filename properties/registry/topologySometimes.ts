/**
 * What a campaign must have seen of duplications that meet one another: chains through a table that is a follower itself, two
 * duplications of one table, both ways between two tables, and writes to one row in several clusters (dup 7).
 */
import { isNewer, standing } from '../../model/content.ts';
import { appIdOf, clusterNameOf, dupKey, indexOf, isErased, statusOf, storedOf, type DupState } from '../../model/dupState.ts';
import type { ModelEvent } from '../../model/events.ts';
import { chosenOf, type ClusterState, type ModelState, type PartitionState } from '../../model/state.ts';
import type { ClusterId } from '../../model/vocabulary.ts';
import type { Sometimes } from './types.ts';

function sometimes(id: string, sentence: string, met: Sometimes['met']): Sometimes {
  return { id: `sometimes.dup-${id}`, kind: 'sometimes', sentence, subsystem: 'duplication', checkedIn: ['coverage'], met };
}

interface Hop {
  readonly cluster: ClusterState;
  readonly dup: DupState;
}

const nameOf = ({ cluster, dup }: Hop): string => cluster.tables[dup.appId]?.name ?? '';

/** Has it shipped anything, and does it go on? */
const ships = ({ dup }: Hop): boolean =>
  !isErased(dup) && statusOf(dup) === 'DS_LOG' && Object.values(dup.duplicators).some(({ running, shipped }) => running && shipped > 0);

function hops(state: ModelState): readonly Hop[] {
  return Object.values(state.clusters).flatMap((cluster) => Object.values(cluster.dups).map((dup) => ({ cluster, dup })));
}

/** Duplications that feed the table. */
const into = (state: ModelState, cluster: ClusterId, table: string): readonly Hop[] =>
  hops(state).filter(({ dup }) => !isErased(dup) && dup.remote === cluster && dup.remoteAppName === table);

/** The one that just shipped. */
function shipping(e: ModelEvent, state: ModelState): Hop | undefined {
  if (e.kind !== 'dup.shipped') return undefined;
  const cluster = state.clusters[clusterNameOf(e.node)];
  const dup = cluster?.dups[dupKey(appIdOf(e.gpid), e.dupId)];
  return cluster === undefined || dup === undefined ? undefined : { cluster, dup };
}

/** Duplications that feed the table of the one that just shipped, and ship too. */
function before(e: ModelEvent, state: ModelState): readonly { readonly from: Hop; readonly to: Hop }[] {
  const to = shipping(e, state);
  return to === undefined ? [] : into(state, to.cluster.id, nameOf(to)).filter(ships).map((from) => ({ from, to }));
}

const goesBack = (from: Hop, to: Hop): boolean => to.dup.remote === from.cluster.id && to.dup.remoteAppName === nameOf(from);

interface Met {
  readonly part: PartitionState;
  readonly key: string;
  /** The write that came just now was the newest, or was not. */
  readonly won: boolean;
}

/** Rows for which a write of another cluster just came, and whether it stayed. */
function arrivals(e: ModelEvent, state: ModelState): readonly Met[] {
  if (e.kind !== 'replica.committed') return [];
  const part = state.clusters[clusterNameOf(e.node)]?.partitions[e.gpid];
  // Whoever commits a decree first changes the rows.
  if (part === undefined || part.committed !== e.decree || part.committedAtUs !== e.atUs) return [];
  return (chosenOf(part, e.decree)?.updates ?? []).flatMap(({ entries = [] }) =>
    entries.flatMap(({ rows, timestampUs, clusterId }) =>
      rows.map(({ key }) => ({ part, key, won: !isNewer(standing(part, key), { timestampUs, clusterId, decree: e.decree }) })),
    ),
  );
}

/** Has a user of this cluster written the row before? */
function isWrittenHere({ part, key }: Met): boolean {
  for (let decree = part.begin.decree + 1; decree < part.committed; decree++)
    if (chosenOf(part, decree)?.updates.some(({ entries, rows }) => entries === undefined && rows.some((row) => row.key === key)) === true) return true;
  return false;
}

export const TOPOLOGY_SOMETIMES: readonly Sometimes[] = [
  sometimes('chain', 'a table that is a follower itself ships its own writes, and its master ships to it', (e, s) =>
    before(e, s).some(({ from, to }) => !goesBack(from, to)),
  ),
  sometimes('both-ways', 'two tables ship to each other', (e, s) => before(e, s).some(({ from, to }) => goesBack(from, to))),
  sometimes('fan', 'two duplications of one table are confirmed up to different decrees', (e, s) => {
    if (e.kind !== 'dup.progress-stored') return false;
    return hops(s).some(
      ({ cluster, dup }) =>
        cluster.id === e.cluster &&
        dup.appId === e.appId &&
        dup.dupId !== e.dupId &&
        !isErased(dup) &&
        storedOf(dup.partitions[indexOf(e.gpid)]) >= 0 &&
        storedOf(dup.partitions[indexOf(e.gpid)]) !== e.confirmed,
    );
  }),
  sometimes('middle-dropped', 'a table is dropped that is a follower and is duplicated itself', (e, s) => {
    if (e.kind !== 'table.stored' || e.status !== 'AS_DROPPING') return false;
    const isSource = hops(s).some(({ cluster, dup }) => cluster.id === e.cluster && dup.appId === e.appId && !isErased(dup));
    return isSource && into(s, e.cluster, e.name).length > 0;
  }),
  sometimes('older-loses', 'a write of another cluster finds a newer row of the own users, and leaves it alone', (e, s) =>
    arrivals(e, s).some((one) => !one.won && one.key in one.part.rows && isWrittenHere(one)),
  ),
  sometimes('removal-stays', 'a write of another cluster finds that the row was removed later', (e, s) =>
    arrivals(e, s).some((one) => !one.won && one.key in one.part.removals),
  ),
  sometimes('newer-wins', 'a write of another cluster takes the place of one of the own users', (e, s) =>
    arrivals(e, s).some((one) => one.won && isWrittenHere(one)),
  ),
];
