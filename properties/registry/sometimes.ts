/** What a campaign must have seen: each row is a predicate over one event and the model's state after it. */
import { clusterNameOf } from '../../model/dupState.ts';
import type { ConfigStored, ModelEvent, PreparedClaim, StatusClaim } from '../../model/events.ts';
import { isLeaseEnding } from '../../model/leases.ts';
import { proposalOf, type ModelState, type PartitionState, type ReplicaState } from '../../model/state.ts';
import type { CheckpointTrigger, PartitionStatus } from '../../model/vocabulary.ts';
import type { Sometimes, Subsystem } from './types.ts';

function sometimes(id: string, subsystem: Subsystem, sentence: string, met: Sometimes['met']): Sometimes {
  return { id: `sometimes.${id}`, kind: 'sometimes', sentence, subsystem, checkedIn: ['coverage'], met };
}

function partOf(
  state: ModelState,
  event: { readonly node: string; readonly gpid: string },
): PartitionState | undefined {
  return state.clusters[clusterNameOf(event.node)]?.partitions[event.gpid];
}

function replicaOf(
  state: ModelState,
  event: { readonly node: string; readonly gpid: string },
): ReplicaState | undefined {
  return partOf(state, event)?.replicas[event.node];
}

const hasRows = (e: PreparedClaim): boolean => e.mutation.updates.some((update) => update.rows.length > 0);

function isSameGroup({ cluster, config }: ConfigStored, state: ModelState): boolean {
  const before = state.clusters[cluster]?.partitions[config.gpid]?.configs[config.ballot - 1];
  return before?.primary === config.primary && [...before.secondaries].sort().join() === [...config.secondaries].sort().join();
}

/** Does a role end with the lease of its server? */
function endsItsLease(event: StatusClaim, state: ModelState): boolean {
  const node = state.nodes[event.node];
  const cluster = state.clusters[clusterNameOf(event.node)];
  if (event.to !== 'PS_INACTIVE' || node === undefined || cluster === undefined || node.paused) return false;
  return isLeaseEnding({ state, cluster, node }, event.atUs);
}

/** Did the update behind a newly committed decree come from a command that had been answered before? */
function lateEffect(event: ModelEvent, state: ModelState): boolean {
  if (event.kind !== 'replica.committed') return false;
  const part = partOf(state, event);
  const cluster = state.clusters[clusterNameOf(event.node)];
  if (
    part === undefined ||
    cluster === undefined ||
    part.committed !== event.decree ||
    part.committedAtUs !== event.atUs
  )
    return false;
  const ids = proposalOf(part, event.decree, part.chosen[event.decree] ?? -1)?.commands ?? [];
  return ids.some((id) => id >= 0 && cluster.commands[id]?.answered !== false);
}

/** An accepted emergency checkpoint of a replica that had applied so much when it was asked for. */
function emergencyOf(applied: number) {
  return (event: ModelEvent, state: ModelState): boolean => {
    if (event.kind !== 'command.answered' || event.answer.kind !== 'checkpoint' || event.answer.error !== 'ERR_OK')
      return false;
    const command = state.clusters[event.cluster]?.commands[event.id];
    return (
      command?.command.kind === 'emergencyCheckpoint' &&
      command.appliedBefore === applied &&
      event.answer.minDecree === 1
    );
  };
}

const TRIGGERS: readonly CheckpointTrigger[] = [
  'periodic',
  'max-interval',
  'remote-command',
  'manual-emergency',
  'retry-after-flush',
  'manual-compaction',
  'open',
  'start-up',
];
const STATUSES: readonly PartitionStatus[] = ['PS_PRIMARY', 'PS_SECONDARY', 'PS_INACTIVE', 'PS_ERROR'];

export const SOMETIMES: readonly Sometimes[] = [
  sometimes(
    'reproposal',
    'replication',
    'a primary re-proposes a client write under a new ballot',
    (e) => e.kind === 'replica.prepared' && e.as === 'primary' && e.reproposal && hasRows(e),
  ),
  sometimes(
    'out-of-order',
    'replication',
    'a secondary receives a prepare below its largest one',
    (e, state) =>
      e.kind === 'replica.prepared' &&
      e.as === 'secondary' &&
      e.mutation.decree < (replicaOf(state, e)?.maxPrepared ?? 0),
  ),
  sometimes(
    'batch',
    'replication',
    'one mutation carries several updates',
    (e) => e.kind === 'replica.prepared' && e.mutation.updates.length > 1,
  ),
  sometimes(
    'span-full',
    'replication',
    'the uncommitted span reaches its limit',
    (e, state) =>
      e.kind === 'replica.prepared' &&
      e.as === 'primary' &&
      e.mutation.decree === e.mutation.lastCommitted + state.config.settings.stalenessForCommit,
  ),
  sometimes(
    'empty-write',
    'replication',
    'a primary proposes an empty write of its own',
    (e) => e.kind === 'replica.prepared' && e.as === 'primary' && !e.reproposal && !hasRows(e),
  ),
  sometimes(
    'new-ballot',
    'replication',
    'a configuration gets another ballot with the same members',
    (e, state) => e.kind === 'config.stored' && e.config.ballot > 1 && isSameGroup(e, state),
  ),
  sometimes(
    'primary-lease-ends',
    'replication',
    'a primary stops serving because its lease ends',
    (e, state) => e.kind === 'replica.status' && e.from === 'PS_PRIMARY' && endsItsLease(e, state),
  ),
  sometimes(
    'secondary-lease-ends',
    'replication',
    'a secondary leaves its role because its lease ends',
    (e, state) => e.kind === 'replica.status' && e.from === 'PS_SECONDARY' && endsItsLease(e, state),
  ),
  sometimes(
    'uncommitted-suffix',
    'replication',
    'a replica opens with prepared decrees that are not committed',
    (e) => e.kind === 'replica.opened' && e.maxPrepared > e.committed,
  ),
  sometimes(
    'log-lost',
    'log',
    'a power loss takes records of a log',
    (e, state) => e.kind === 'log.survived' && replicaOf(state, e)?.lost === true,
  ),
  sometimes(
    'log-rotated',
    'log',
    'a log goes on in another file',
    (e) => e.kind === 'log.file-created' && e.fileIndex > 1,
  ),
  sometimes('log-collected', 'log', 'a log file is garbage collected', (e) => e.kind === 'log.file-removed'),
  sometimes('checkpoint-collected', 'checkpoint', 'a checkpoint is removed', (e) => e.kind === 'checkpoint.removed'),
  sometimes(
    'flush-started',
    'checkpoint',
    'a checkpoint attempt starts a flush and tries again',
    (e) => e.kind === 'checkpoint.ended' && e.error === 'ERR_TRY_AGAIN',
  ),
  sometimes('emergency-empty', 'checkpoint', 'an emergency checkpoint is asked of an empty replica', emergencyOf(0)),
  sometimes(
    'emergency-one-record',
    'checkpoint',
    'an emergency checkpoint is asked of a replica with one record',
    emergencyOf(1),
  ),
  ...TRIGGERS.map((trigger) =>
    sometimes(
      `checkpoint-${trigger}`,
      'checkpoint',
      `a checkpoint attempt ends, triggered by ${trigger}`,
      (e) => e.kind === 'checkpoint.ended' && e.trigger === trigger && e.error === 'ERR_OK',
    ),
  ),
  ...STATUSES.map((status) =>
    sometimes(
      `status-${status}`,
      'replication',
      `a replica becomes ${status}`,
      (e) => e.kind === 'replica.status' && e.to === status && e.from !== status,
    ),
  ),
  sometimes('late-effect', 'client', 'a write that was answered otherwise takes effect', lateEffect),
  sometimes(
    'read-found',
    'client',
    'a read finds a value',
    (e) => e.kind === 'command.answered' && e.answer.kind === 'read' && e.answer.error === 'ERR_OK' && e.answer.found,
  ),
  sometimes(
    'read-not-found',
    'client',
    'a read finds nothing',
    (e) => e.kind === 'command.answered' && e.answer.kind === 'read' && e.answer.error === 'ERR_OK' && !e.answer.found,
  ),
  sometimes(
    'time-to-live',
    'client',
    'a committed row has a time to live',
    (e) =>
      e.kind === 'replica.prepared' &&
      e.mutation.updates.some((update) => update.rows.some((row) => row.op === 'put' && row.expireTs > 0)),
  ),
  sometimes(
    'refused',
    'client',
    'a command is refused for a reason other than time',
    (e) => e.kind === 'command.answered' && e.answer.error !== 'ERR_OK' && e.answer.error !== 'ERR_TIMEOUT',
  ),
  sometimes(
    'table-dropped',
    'tables',
    'a table is dropped',
    (e) => e.kind === 'table.stored' && e.status === 'AS_DROPPED',
  ),
  sometimes('crash', 'process', 'a process crashes', (e) => e.kind === 'process.stopped' && e.cause === 'crash'),
  sometimes(
    'power-loss',
    'process',
    'a node loses power',
    (e) => e.kind === 'process.stopped' && e.cause === 'power-loss',
  ),
];
