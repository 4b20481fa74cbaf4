/**
 * Which tables a command may mean by a name: names are looked up while it is under way, and a table that was dropped is
 * served until its servers hear of it (exclusion: a drop is no fence, docs/departures.md), and one that was renamed by whoever
 * knows it by its old name.
 */
import { bore, boreSince } from './tableNames.ts';
import type { ClusterState, CommandState, PartitionState, ReplicaState, TableState } from './state.ts';
import type { NodeId } from './vocabulary.ts';

/** At some moment since then: an answer may be on its way when the role is gone. */
export function hadPrimary(cluster: ClusterState, { appId }: TableState, sinceUs: number): boolean {
  const parts = Object.values(cluster.partitions).filter((part) => part.appId === appId);
  return parts.some(({ replicas }) =>
    Object.values(replicas).some((one) => (one.open && one.status === 'PS_PRIMARY') || one.primaryUntilUs >= sinceUs),
  );
}

/** By the newest stored configuration that has one. */
export function primaryOf({ configs, ballot }: PartitionState): NodeId | '' {
  const primary = configs[ballot]?.primary ?? '';
  return primary === '' ? (configs[ballot - 1]?.primary ?? '') : primary;
}

/** A partition by its number, and the replica of its primary by the newest stored configuration that has one. */
export interface MeantPartition {
  readonly part: PartitionState;
  readonly replica: ReplicaState;
}

/** The partition of a table that a command asked for, once its configuration is stored. */
export function partitionOf(cluster: ClusterState, appId: number, index: number): MeantPartition | undefined {
  const part = cluster.partitions[`${appId}.${index}`];
  const replica = part?.replicas[primaryOf(part)];
  return part === undefined || replica === undefined ? undefined : { part, replica };
}

/** The tables whose partitions a command about checkpoints may have reached by now, oldest first. */
export function tablesMeant(cluster: ClusterState, { command, invokedAtUs }: CommandState): readonly TableState[] {
  if (!('partitionIndex' in command)) return [];
  return Object.values(cluster.tables).filter(
    (table) =>
      bore(table, command.table) &&
      (boreSince(table, command.table, invokedAtUs) || hadPrimary(cluster, table, invokedAtUs)),
  );
}

/** The replica at the server that answered for a partition; undefined where several tables of the name may be meant. */
export function answeringReplica(
  cluster: ClusterState,
  command: CommandState,
  node: NodeId,
): MeantPartition | undefined {
  if (!('partitionIndex' in command.command)) return undefined;
  const meant = tablesMeant(cluster, command);
  const part = cluster.partitions[`${meant[0]?.appId ?? -1}.${command.command.partitionIndex}`];
  const replica = part?.replicas[node];
  return meant.length !== 1 || part === undefined || replica === undefined ? undefined : { part, replica };
}
