/**
 * After a run with bulk loads every member of a loaded partition is once its primary, one after the other, and each time
 * the keys of the table are read again: what a load brought must be at all members alike (bl.S10, docs/departures FM12).
 */
import type { Command } from '../../model/commands.ts';
import { hasLosses } from '../../model/members.ts';
import { serves, type ModelState, type PartitionState } from '../../model/state.ts';
import type { ClusterId, NodeId } from '../../model/vocabulary.ts';
import type { Probe } from './probes.ts';

interface Loaded {
  readonly cluster: ClusterId;
  readonly table: string;
}

/** As for the other probes, more partitions would take all of a run's time. */
const MOST_PARTITIONS = 16;

export class PrimaryTour {
  private readonly loaded = new Map<string, Loaded>();
  private round = 0;
  private readsDue = false;

  remember(cluster: ClusterId, command: Command): void {
    if (command.kind === 'startBulkLoad') this.loaded.set(`${cluster}\n${command.table}`, { cluster, table: command.table });
  }

  /** A table that was to get another name is found by either. */
  rememberName(cluster: ClusterId, from: string, to: string): void {
    if (this.loaded.has(`${cluster}\n${from}`)) this.loaded.set(`${cluster}\n${to}`, { cluster, table: to });
  }

  /** What comes next, once all before has settled: moves, then `reads`; nothing when the tour is over. */
  next(state: ModelState, reads: readonly Probe[]): readonly Probe[] {
    if (this.readsDue) {
      this.readsDue = false;
      return reads.filter(({ cluster, command }) => 'table' in command && this.loaded.has(`${cluster}\n${command.table}`));
    }
    const partitions = [...this.loaded.values()].flatMap((one) => servingPartitions(state, one)).slice(0, MOST_PARTITIONS);
    const rounds = Math.max(0, ...partitions.map(({ members }) => members.length));
    while (this.round < rounds) {
      const moves = partitions.flatMap((one) => moveTo(one, one.members[this.round]));
      this.round += 1;
      this.readsDue = moves.length > 0;
      if (this.readsDue) return moves;
    }
    return [];
  }
}

interface TouredPartition extends Loaded {
  readonly partitionIndex: number;
  readonly primary: NodeId | '';
  readonly members: readonly NodeId[];
}

/** Those that stand as they should: one that a fault beyond the budget hit may not come back from a move. */
function servingPartitions(state: ModelState, one: Loaded): readonly TouredPartition[] {
  const known = state.clusters[one.cluster];
  const appId = known?.byName[one.table] ?? -1;
  return Object.values(known?.partitions ?? {})
    .filter((part) => part.appId === appId && serves(part) && !hasLosses(part))
    .map((part) => toured(one, part));
}

function toured(one: Loaded, { gpid, configs, ballot }: PartitionState): TouredPartition {
  const { primary, secondaries } = configs[ballot] ?? { primary: '', secondaries: [] };
  const members = [primary, ...secondaries].filter((node) => node !== '').sort();
  return { ...one, partitionIndex: Number(gpid.slice(gpid.indexOf('.') + 1)), primary, members };
}

function moveTo({ cluster, table, partitionIndex, primary }: TouredPartition, to: NodeId | undefined): readonly Probe[] {
  if (to === undefined || to === primary) return [];
  return [{ cluster, command: { kind: 'movePrimary', table, partitionIndex, to } }];
}
