/**
 * What a campaign must have seen of meta servers that change hands (repl 1.10; upstream's server_state::sync_apps_from_remote_storage):
 * one stops on either side of a write to the store, of tables and of configurations. Duplications and loads have theirs beside
 * their statuses.
 */
import { clusterNameOf } from '../../model/dupState.ts';
import { isLive } from '../../model/tableNames.ts';
import type { ClusterState, PartitionState, TableState } from '../../model/state.ts';
import type { Sometimes } from './types.ts';

interface Place {
  readonly cluster: ClusterState;
  readonly table: TableState;
  readonly parts: readonly PartitionState[];
}

/** A meta server stops, and it is so of some table of its cluster. */
function stopsWhile(id: string, sentence: string, subsystem: 'tables' | 'replication' | 'duplication', holds: (place: Place) => boolean): Sometimes {
  return {
    id: `sometimes.meta-down-${id}`,
    kind: 'sometimes',
    sentence: `the meta server stops ${sentence}`,
    subsystem,
    checkedIn: ['coverage'],
    met: (e, state) => {
      if (e.kind !== 'process.stopped' || !e.node.includes('/meta-')) return false;
      const cluster = state.clusters[clusterNameOf(e.node)];
      if (cluster === undefined) return false;
      const all = Object.values(cluster.partitions);
      return Object.values(cluster.tables).some((table) => holds({ cluster, table, parts: all.filter(({ appId }) => appId === table.appId) }));
    },
  };
}

/** The store has the table's last change, and nobody was told. */
const isUntold = ({ changes, answeredChanges }: TableState): boolean => changes > answeredChanges;

/** Its primary has left its role in the newest ballot, to ask for the next one; nothing is stored. */
const isAsked = ({ configs, ballot, replicas }: PartitionState): boolean => {
  const primary = replicas[configs[ballot]?.primary ?? ''];
  return primary !== undefined && primary.open && primary.status === 'PS_INACTIVE' && primary.ballot === ballot;
};

/** Stored, and no member knows. */
const isUnheard = ({ configs, ballot, replicas }: PartitionState): boolean => {
  const { primary = '', secondaries = [] } = configs[ballot] ?? {};
  return ballot > 1 && [primary, ...secondaries].every((node) => (replicas[node]?.ballot ?? 0) < ballot);
};

export const LEADER_SOMETIMES: readonly Sometimes[] = [
  stopsWhile('while-creating', 'while a table is being created', 'tables', ({ table }) => table.status === 'AS_CREATING'),
  stopsWhile('while-dropping', 'while a table is being dropped', 'tables', ({ table }) => table.status === 'AS_DROPPING'),
  stopsWhile('behind-recall', 'when a recall is stored and nobody was told', 'tables', ({ table }) => isUntold(table) && table.recalledAtUs >= 0 && table.recalledAtUs === table.changedAtUs),
  stopsWhile('behind-rename', 'when another name is stored and nobody was told', 'tables', ({ table }) =>
    isUntold(table) && isLive(table.status) && table.recalledAtUs < 0 && table.names.length > 1 && table.names.at(-1)?.change === table.changes),
  stopsWhile('before-config', 'while a primary asks for another configuration', 'replication', ({ parts }) => parts.some(isAsked)),
  stopsWhile('behind-config', 'when a configuration is stored and no member knows', 'replication', ({ parts }) => parts.some(isUnheard)),
  stopsWhile('while-filling', 'while a follower table waits for its checkpoints', 'duplication', ({ table, parts }) =>
    isLive(table.status) && table.envs['duplication.master_metas'] !== undefined && parts.some(({ ballot }) => ballot === 0)),
];
