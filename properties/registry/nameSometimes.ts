/** What a campaign must have seen of tables that are called back and renamed. */
import { appIdOf } from '../../model/gpid.ts';
import { isErased } from '../../model/dupState.ts';
import type { ModelEvent, TableStored } from '../../model/events.ts';
import type { ClusterState, ModelState, TableState } from '../../model/state.ts';
import type { Sometimes } from './types.ts';

function sometimes(id: string, sentence: string, met: Sometimes['met']): Sometimes {
  return { id: `sometimes.${id}`, kind: 'sometimes', sentence, subsystem: 'tables', checkedIn: ['coverage'], met };
}

interface Change {
  readonly e: TableStored;
  readonly cluster: ClusterState;
  /** As it stands now. */
  readonly table: TableState;
}

function changeOf(e: ModelEvent, s: ModelState): Change | undefined {
  if (e.kind !== 'table.stored') return undefined;
  const cluster = s.clusters[e.cluster];
  const table = cluster?.tables[e.appId];
  return cluster === undefined || table === undefined ? undefined : { e, cluster, table };
}

const isRecall = ({ e, table }: Change): boolean => table.recalledAtUs === e.atUs;
const isRename = (change: Change): boolean => !isRecall(change) && change.table.names.length > 1 && change.table.names.at(-1)?.fromUs === change.e.atUs;

const recalled = (e: ModelEvent, s: ModelState, also: (change: Change) => boolean): boolean => {
  const change = changeOf(e, s);
  return change !== undefined && isRecall(change) && also(change);
};
const renamed = (e: ModelEvent, s: ModelState, also: (change: Change) => boolean): boolean => {
  const change = changeOf(e, s);
  return change !== undefined && isRename(change) && also(change);
};

const isDuplicated = ({ cluster, table }: Change): boolean =>
  Object.values(cluster.dups).some((dup) => dup.appId === table.appId && !isErased(dup));

const isServed = ({ cluster, table }: Change): boolean =>
  Object.values(cluster.partitions).some(
    (part) => part.appId === table.appId && Object.values(part.replicas).some((one) => one.open && one.status === 'PS_PRIMARY'),
  );

export const NAME_SOMETIMES: readonly Sometimes[] = [
  sometimes('table-recalled', 'a dropped table is called back', (e, s) => recalled(e, s, () => true)),
  sometimes('table-recalled-elsewhere', 'a dropped table is called back under another name', (e, s) =>
    recalled(e, s, ({ e: { name }, table }) => table.names.at(-2)?.name !== name),
  ),
  sometimes('table-recalled-served', 'a table is called back before a server has heard of its drop', (e, s) => recalled(e, s, isServed)),
  sometimes('table-recalled-with-rows', 'a dropped table is called back, and a primary serves the rows that it had', (e, s) => {
    if (e.kind !== 'config.stored' || e.config.primary === '') return false;
    const cluster = s.clusters[e.cluster];
    const part = cluster?.partitions[e.config.gpid];
    const table = cluster?.tables[appIdOf(e.config.gpid)];
    const isFirst = part?.configs[part.ballot - 1]?.primary === '';
    return isFirst && table !== undefined && table.recalledAtUs >= 0 && Object.keys(part.rows).length > 0;
  }),
  sometimes('table-recalled-duplicated', 'a table that is duplicated is called back', (e, s) => recalled(e, s, isDuplicated)),
  sometimes('table-expired', 'the replicas of a dropped table go when it has expired', (e) => e.kind === 'replica.gone' && e.as === 'gar'),
  sometimes('table-renamed', 'a table gets another name', (e, s) => renamed(e, s, () => true)),
  sometimes('table-renamed-duplicated', 'a table gets another name while it is duplicated', (e, s) => renamed(e, s, isDuplicated)),
  sometimes('table-renamed-loading', 'a table gets another name while it is loading', (e, s) => renamed(e, s, ({ table }) => table.isBulkLoading)),
];
