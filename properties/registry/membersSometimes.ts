/**
 * What a campaign must have seen of members that come and go (repl 1.9, 1.10): each way to learn, each way out of a group
 * and into it, and both in the middle of everything else.
 */
import { clusterNameOf } from '../../model/dupState.ts';
import type { ConfigStored, ModelEvent, StatusClaim } from '../../model/events.ts';
import { appIdOf, indexOf } from '../../model/gpid.ts';
import { isLeaseEnding } from '../../model/leases.ts';
import type { LearnTypeFact } from '../../model/learningEvents.ts';
import { isErased, isTerminal } from '../../model/loadState.ts';
import type { ModelState, PartitionState, ReplicaState } from '../../model/state.ts';
import type { Sometimes } from './types.ts';

function sometimes(id: string, sentence: string, met: Sometimes['met']): Sometimes {
  return { id: `sometimes.${id}`, kind: 'sometimes', sentence, subsystem: 'replication', checkedIn: ['coverage'], met };
}

function partOf(state: ModelState, { node, gpid }: { readonly node: string; readonly gpid: string }): PartitionState | undefined {
  return state.clusters[clusterNameOf(node)]?.partitions[gpid];
}

function replicaOf(state: ModelState, at: { readonly node: string; readonly gpid: string }): ReplicaState | undefined {
  return partOf(state, at)?.replicas[at.node];
}

// ---------------------------------------------------------------- configurations

interface Change {
  readonly part: PartitionState;
  readonly before: PartitionState['configs'][number];
  readonly after: ConfigStored['config'];
}

/** What a stored configuration changed; undefined for a first one. */
function changeOf(e: ModelEvent, state: ModelState): Change | undefined {
  if (e.kind !== 'config.stored') return undefined;
  const part = state.clusters[e.cluster]?.partitions[e.config.gpid];
  const before = e.config.ballot > 1 ? part?.configs[e.config.ballot - 1] : undefined;
  return part === undefined || before === undefined ? undefined : { part, before, after: e.config };
}

const joins = ({ before, after }: Change): boolean =>
  after.primary !== '' && after.primary === before.primary && after.secondaries.some((node) => !before.secondaries.includes(node));

const takesOver = ({ before, after }: Change): boolean => before.primary === '' && after.primary !== '';

/** What the new primary holds beyond its commit point is proposed again. */
const hasSuffix = ({ part, after }: Change): boolean => {
  const replica = part.replicas[after.primary];
  return replica !== undefined && replica.maxPrepared > replica.committed;
};

/** One too many was there, and goes by an operator's wish. */
function copied(wanted: 'primary' | 'secondary'): Sometimes['met'] {
  return (e, state) => {
    const change = changeOf(e, state);
    if (e.kind !== 'config.stored' || change === undefined || change.after.primary !== change.before.primary) return false;
    const { before, after } = change;
    const left = before.secondaries.find((node) => !after.secondaries.includes(node));
    if (left === undefined || before.secondaries.length < after.maxReplicaCount) return false;
    return Object.values(state.clusters[e.cluster]?.commands ?? {}).some(({ command }) => {
      if (command.kind !== 'copyReplica' || command.place !== wanted || command.partitionIndex !== indexOf(after.gpid)) return false;
      return wanted === 'primary' ? command.to === after.primary : command.from === left && after.secondaries.includes(command.to);
    });
  };
}

function changed(met: (change: Change) => boolean): Sometimes['met'] {
  return (e, state) => {
    const change = changeOf(e, state);
    return change !== undefined && met(change);
  };
}

// ---------------------------------------------------------------- learning

const learns = (type: LearnTypeFact): Sometimes['met'] => (e) => e.kind === 'learn.answered' && e.type === type;

/** A load of the table is under way, which the learner has no part in yet. */
function isLoading(e: ModelEvent, state: ModelState): boolean {
  if (e.kind !== 'learn.answered') return false;
  const load = state.clusters[clusterNameOf(e.node)]?.loads[appIdOf(e.gpid)];
  return load !== undefined && !isErased(load) && !isTerminal(load.record.status);
}

/** Storage is flushed, and its checkpoint not there yet. */
function losesLeaseInACheckpoint(e: ModelEvent, state: ModelState): boolean {
  if (e.kind !== 'replica.status' || !endsItsLease(e, state)) return false;
  const replica = replicaOf(state, e);
  return replica !== undefined && (replica.unlisted.sinceUs >= 0 || replica.manual);
}

function endsItsLease(e: StatusClaim, state: ModelState): boolean {
  const node = state.nodes[e.node];
  const cluster = state.clusters[clusterNameOf(e.node)];
  if (e.to !== 'PS_INACTIVE' || node === undefined || cluster === undefined || node.paused) return false;
  return isLeaseEnding({ state, cluster, node }, e.atUs);
}

export const MEMBERS_SOMETIMES: readonly Sometimes[] = [
  sometimes('learn-cache', 'a learner is told the rest from the primary\'s prepare list', learns('LT_CACHE')),
  sometimes('learn-log', 'a learner is given log files', learns('LT_LOG')),
  sometimes('learn-app', 'a learner is given a checkpoint', learns('LT_APP')),
  sometimes(
    'learn-stepped-back',
    'a learner of a duplicated table is given log that it has applied already',
    (e) => e.kind === 'learn.answered' && e.type === 'LT_LOG' && e.start <= e.applied,
  ),
  sometimes('learn-log-replaced', 'what a learner was given becomes its log', (e) => e.kind === 'log.replaced' && e.files.some(({ records }) => records.length > 0)),
  sometimes('learn-while-loading', 'a learner learns while its table is loaded', isLoading),
  sometimes('member-joins', 'a learner becomes a member of a group that has committed something', changed((change) => joins(change) && change.part.committed > 0)),
  sometimes('member-leaves', 'a member that did not do its part is let go of', changed(({ before, after }) => after.primary === before.primary && after.secondaries.length < before.secondaries.length)),
  sometimes('primary-dies', 'a primary is removed, and nobody serves', changed(({ before, after }) => before.primary !== '' && after.primary === '' && !after.secondaries.includes(before.primary))),
  sometimes('secondary-takes-over', 'a secondary becomes primary', changed((change) => takesOver(change) && change.before.secondaries.length > 0)),
  sometimes('takes-over-with-suffix', 'a secondary becomes primary with something prepared that is not committed', changed((change) => takesOver(change) && hasSuffix(change))),
  sometimes('called-back', 'a partition without members gets one back that had dropped out', changed((change) => takesOver(change) && change.before.secondaries.length === 0)),
  sometimes('secondary-copied', 'another server takes the place of a secondary by an operator\'s wish', copied('secondary')),
  sometimes('primary-copied', 'another server takes the place of a primary by an operator\'s wish, and the former one leaves', copied('primary')),
  sometimes('lease-ends-in-a-checkpoint', 'a lease ends while a checkpoint is made', losesLeaseInACheckpoint),
];
