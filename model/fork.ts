/**
 * A copy of a state that rules may change while the given one stays as it is: what an event of some nodes can reach is
 * copied, facts that no rule changes (updates, commands, settings) and the other nodes' replicas are shared. A search
 * takes hundreds of thousands of steps; this is several times cheaper than drafts, and tests hold both equal.
 */
import type { DupState } from './dupState.ts';
import type { ModelEvent } from './events.ts';
import type { LoadState } from './loadState.ts';
import type { ClusterState, CommandState, ModelState, PartitionState, Proposal, ReplicaState } from './state.ts';
import { forkThrottle } from './throttleState.ts';
import type { NodeId } from './vocabulary.ts';

/** Kinds of event whose rules change nothing but nodes, partitions, and the replicas and metrics of their own node. */
const LOCAL: ReadonlySet<ModelEvent['kind']> = new Set([
  'replica.status',
  'replica.applied',
  'process.started',
  'process.stopped',
  'log.written',
  'log.file-created',
  'log.file-removed',
  'prepare.acked',
  'storage.flushed',
  'checkpoint.listed',
  'checkpoint.ended',
  'checkpoint.removed',
]);

/** Kinds whose rules change nothing of nodes and partitions. */
const RECORDS: ReadonlySet<ModelEvent['kind']> = new Set([
  'load.stored',
  'load.partition-stored',
  'load.wished',
  'table.stored',
]);

const isOfProvider = ({ kind }: ModelEvent): boolean => kind === 'provider.put' || kind === 'provider.removed';

const isLocal = (event: ModelEvent): boolean =>
  LOCAL.has(event.kind) || (event.kind === 'replica.prepared' && event.as === 'secondary');

const tellsRole = (events: readonly ModelEvent[]): boolean => events.some(({ kind }) => kind === 'replica.status');

/** Duplicators and requests to a primary change with the role. */
const hasRoleBound = ({ clusters }: ModelState): boolean =>
  Object.values(clusters).some(
    ({ dups, commands }) =>
      Object.keys(dups).length > 0 || Object.values(commands).some(({ command }) => 'partitionIndex' in command),
  );

/** Replicas that no event changes stay the very same objects, so that what is derived from them can be kept. */
export function fork(state: ModelState, events: readonly ModelEvent[]): ModelState {
  const nodes: NodeId[] = [];
  for (const event of events) if ('node' in event && !nodes.includes(event.node)) nodes.push(event.node);
  const local = events.every(isLocal) && !(tellsRole(events) && hasRoleBound(state));
  const kept = events.every(({ kind }) => RECORDS.has(kind));
  return {
    ...state,
    ...(events.some(isOfProvider) ? forkProviders(state) : {}),
    nodes: mapped(state.nodes, (node) => ({ ...node, slots: { ...node.slots } }), nodes),
    clusters: mapped(state.clusters, (cluster) => ({
      ...cluster,
      ...(local ? {} : forkTables(cluster)),
      partitions: kept ? cluster.partitions : mapped(cluster.partitions, (part) => forkPartition(part, nodes, events)),
      metrics: mapped(cluster.metrics, (one) => ({ ...one })),
    })),
  };
}

/** A copy of the map whose values at `keys` (default all) are copies too. */
function mapped<T>(from: Record<string, T>, copy: (value: T) => T, keys?: readonly string[]): Record<string, T> {
  // A spread keeps the shape of the object, which setting key by key would not.
  const to = { ...from };
  for (const key of keys ?? Object.keys(from)) {
    const value = from[key];
    if (value !== undefined) to[key] = copy(value);
  }
  return to;
}

/** Files are replaced or dropped, never changed. */
function forkProviders({ providers, runs }: ModelState): Pick<ModelState, 'providers' | 'runs'> {
  return { providers: mapped(providers, (one) => ({ ...one, files: { ...one.files } })), runs: { ...runs } };
}

/** Tables and commands of a cluster. */
function forkTables(cluster: ClusterState): Partial<ClusterState> {
  return {
    tables: mapped(cluster.tables, (table) => ({
      ...table,
      envs: { ...table.envs },
      weakestReserve: { ...table.weakestReserve },
      home: { ...table.home },
      grantedEarly: [...table.grantedEarly],
    })),
    byName: { ...cluster.byName },
    commands: mapped(cluster.commands, forkCommand),
    effects: mapped(cluster.effects, (all) => all.map((one) => ({ ...one }))),
    writers: mapped(cluster.writers, (ids) => [...ids]),
    dups: mapped(cluster.dups, forkDup),
    loads: mapped(cluster.loads, forkLoad),
    // Requests and received writes are added, never changed.
    asks: [...cluster.asks],
    inbound: mapped(cluster.inbound, (one) => ({ ...one })),
    received: mapped(cluster.received, (of) => mapped(of, (all) => [...all])),
    throttles: mapped(cluster.throttles, forkThrottle),
  };
}

/** Records, statuses and what members said are replaced, never changed. */
function forkLoad(load: LoadState): LoadState {
  return {
    ...load,
    versions: [...load.versions],
    reported: { ...load.reported },
    granted: [...load.granted],
    partitions: mapped(load.partitions, (part) => ({
      ...part,
      members: { ...part.members },
      versions: [...part.versions],
      metadata: [...part.metadata],
      said: mapped(part.said, (all) => [...all]),
      reports: [...part.reports],
    })),
  };
}

function forkDup(dup: DupState): DupState {
  return {
    ...dup,
    versions: dup.versions.map((one) => ({ ...one })),
    partitions: mapped(dup.partitions, (part) => ({
      ...part,
      values: part.values.map((one) => ({ ...one })),
      skipped: [...part.skipped],
      unshipped: { ...part.unshipped },
      unconfirmed: { ...part.unconfirmed },
    })),
    // What was told is replaced, never changed.
    told: { ...dup.told },
    duplicators: mapped(dup.duplicators, (one) => ({ ...one })),
    guarded: { ...dup.guarded },
  };
}

function forkCommand(command: CommandState): CommandState {
  return { ...command, attempts: { ...command.attempts }, used: { ...command.used } };
}

/** What a primary commits first is owed by every replica; who serves first makes strangers of the others. */
function concernsAll(part: PartitionState, event: ModelEvent): boolean {
  if (event.kind === 'replica.committed') return event.gpid === part.gpid && event.decree > part.committed;
  return event.kind === 'config.stored' && event.config.gpid === part.gpid && event.config.ballot === 1;
}

function forkPartition(part: PartitionState, nodes: readonly NodeId[], events: readonly ModelEvent[]): PartitionState {
  return {
    ...part,
    // Configurations, primaries, rows, versions and emergencies are added, replaced or dropped, never changed.
    configs: { ...part.configs },
    primaries: { ...part.primaries },
    proposals: mapped(part.proposals, (all) => all.map(forkProposal)),
    pending: { ...part.pending },
    chosen: { ...part.chosen },
    rows: { ...part.rows },
    removals: { ...part.removals },
    digests: [...part.digests],
    history: mapped(part.history, (versions) => [...versions]),
    replicas: mapped(part.replicas, forkReplica, events.some((event) => concernsAll(part, event)) ? Object.keys(part.replicas) : nodes),
    // What a follower began with is replaced, never changed.
    adopted: { ...part.adopted },
    emergencies: [...part.emergencies],
    ingestionsSent: part.ingestionsSent.map((sent) => ({ ...sent })),
    ingestions: mapped(part.ingestions, (one) => ({ ...one, ingestedAtUs: { ...one.ingestedAtUs } })),
  };
}

function forkProposal(proposal: Proposal): Proposal {
  return { ...proposal, commands: [...proposal.commands], acks: { ...proposal.acks } };
}

function forkReplica(replica: ReplicaState): ReplicaState {
  return {
    ...replica,
    behind: { ...replica.behind },
    unlisted: { ...replica.unlisted },
    entries: mapped(replica.entries, (entry) => ({ ...entry })),
    checkpoints: [...replica.checkpoints],
    // Records are added and dropped, never changed.
    files: replica.files.map((file) => ({ ...file, records: [...file.records] })),
  };
}
