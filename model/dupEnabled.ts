/**
 * What may happen next to a duplication in a small scope: enumerated from the model's state alone, for a master and a
 * follower whose partitions have one replica each. As in enabled.ts the candidates are generous (each step is also offered
 * one decree too far, one status too early) and the rules decide; messages may arrive late, twice, or never.
 *
 * Each step comes long after the one before it, so that no rule may excuse it by what was on its way.
 */
import { fills, follower } from './dupFollowerSteps.ts';
import { EMPTY, next, writes, type DupScope, type End, type Here, type Transition } from './dupSteps.ts';
import type { ModelEvent, MutationFact, UpdateFact } from './events.ts';
import type { DupEntryFact } from './duplicationEvents.ts';
import {
  clusterNameOf,
  duplicatorKey,
  indexOf,
  inboundKey,
  isErased,
  statusOf,
  storedOf,
  toldOf,
  type DupState,
} from './dupState.ts';
import { storedKey } from './rules/attempts.ts';
import { replay } from './rules/lifecycle.ts';
import {
  chosenOf,
  durableOf,
  proposalOf,
  type ModelState,
  type PartitionState,
  type ReplicaState,
} from './state.ts';
import type { Decree, DuplicationStatus, NodeId } from './vocabulary.ts';

const LONG_US = 1_000_000_000;
const STATUSES: readonly DuplicationStatus[] = ['DS_PREPARE', 'DS_APP', 'DS_LOG', 'DS_PAUSE'];

export function dupCandidates(state: ModelState, scope: DupScope): readonly Transition[] {
  const cluster = state.clusters[clusterNameOf(scope.source)];
  const dup = Object.values(cluster?.dups ?? {})[0];
  if (cluster === undefined || dup === undefined) return [];
  const here: Here = { scope, state, cluster, dup, atUs: state.nowUs + LONG_US };
  const all = [...records(here), ...tells(here), ...restarts(here), ...follower(here)];
  for (const [index, progress] of Object.entries(dup.partitions)) {
    const part = cluster.partitions[`${dup.appId}.${index}`];
    const replica = part?.replicas[scope.source];
    if (part === undefined || replica?.open !== true) continue;
    const known = dup.duplicators[duplicatorKey(part.gpid, replica.node)];
    const duplicator = known?.incarnation === replica.incarnation ? known : undefined;
    const end: End = { ...here, part, replica, progress, duplicator };
    if (scope.quiet.includes(part.gpid)) all.push(...quietly(end), ...fills(end));
    else all.push(...reports(end), ...source(end), ...pipeline(end), ...fills(end), ...sends(end));
  }
  return all;
}

const ofDup = ({ cluster, dup, atUs }: Here) => ({ cluster: cluster.id, appId: dup.appId, dupId: dup.dupId, atUs });

// ---------------------------------------------------------------- the record

const LINES = { pauseDup: 'DS_PAUSE', startDup: 'DS_LOG', removeDup: 'DS_REMOVED' } as const;

function records(here: Here): Transition[] {
  const { scope, dup, cluster, atUs } = here;
  const { failMode } = dup.versions.at(-1) ?? { failMode: 'FAIL_SLOW' };
  const { remote, remoteAppName, remoteReplicaCount, createTimestampMs } = dup;
  const record = { remote, remoteAppName, remoteReplicaCount, createTimestampMs, failMode };
  const stored = (status: DuplicationStatus): ModelEvent => ({
    kind: 'dup.stored',
    ...ofDup(here),
    record: { ...record, status },
  });
  if (isErased(dup)) return [];
  const all: Transition[] = STATUSES.filter((status) => status !== statusOf(dup)).map((status) => [stored(status)]);
  for (const line of scope.lines) {
    const id = 100 + scope.lines.indexOf(line);
    if (id in cluster.commands || (line !== 'removeDup' && dup.versions.at(-1)?.status === LINES[line])) continue;
    const command = { kind: line, table: cluster.tables[dup.appId]?.name ?? '', dupId: dup.dupId } as const;
    all.push([
      { kind: 'command.invoked', id, cluster: cluster.id, command, atUs },
      line === 'removeDup' ? { kind: 'dup.erased', ...ofDup(here) } : stored(LINES[line]),
    ]);
  }
  return all;
}

// ---------------------------------------------------------------- syncs

/** An answer: any version of the record; or one that lists nothing. */
function tells(here: Here): Transition[] {
  const { scope, state, cluster, dup, atUs } = here;
  if (state.nodes[scope.source]?.up !== true) return [];
  const answer = (dups: readonly DupState[]): ModelEvent => ({
    kind: 'dup.synced',
    cluster: cluster.id,
    node: scope.source,
    dups: dups.map(({ appId, dupId }) => ({ appId, dupId })),
    atUs,
  });
  const all: Transition[] = [[answer([])]];
  // The newest progress, and the one before it.
  for (const age of [1, 2]) {
    const progress: Record<number, Decree> = {};
    for (const index in dup.partitions) {
      const values = dup.partitions[index]?.values ?? [];
      progress[Number(index)] = (values.at(-age) ?? values[0])?.decree ?? -1;
    }
    for (const { status, failMode } of dup.versions)
      all.push([
        { kind: 'dup.told', ...ofDup(here), node: scope.source, status, failMode, progress },
        answer([dup]),
      ]);
  }
  return all;
}

const reported = (end: End, confirmed: Decree, prepared: boolean): ModelEvent => ({
  kind: 'dup.reported',
  cluster: end.cluster.id,
  node: end.replica.node,
  gpid: end.part.gpid,
  dupId: end.dup.dupId,
  confirmed,
  prepared,
  lastCommitted: end.replica.committed,
  atUs: end.atUs,
});
const confirms = (end: End, confirmed: Decree): ModelEvent => ({
  kind: 'dup.progress-stored',
  ...ofDup(end),
  gpid: end.part.gpid,
  confirmed,
});

function quietly(end: End): Transition[] {
  const { committed } = end.replica;
  return end.progress.prepared ? [] : [[reported(end, committed, true), confirms(end, committed)]];
}

/** What the duplicator stands at, and one more. */
function reports(end: End): Transition[] {
  const { part, replica, duplicator, dup, progress, state } = end;
  const told = progress.values[toldOf(state, dup, replica.node)?.values[indexOf(part.gpid)] ?? 0]?.decree ?? -1;
  const built = duplicator === undefined ? 1 : Math.max(duplicator.appliedWhenTold, duplicator.start - 1, 1);
  const last = told >= 0 ? Math.max(told, duplicator?.shipped ?? -1) : Math.max(built, duplicator?.shipped ?? -1);
  const all: Transition[] = [];
  for (const confirmed of [last, last + 1])
    for (const prepared of [true, false]) all.push([reported(end, confirmed, prepared)]);
  for (const confirmed of [progress.reported, progress.reported + 1, storedOf(progress) - 1])
    if (confirmed > 0 && confirmed !== storedOf(progress)) all.push([confirms(end, confirmed)]);
  return all;
}

// ---------------------------------------------------------------- the source

const at = ({ part, replica, atUs }: End) => ({ node: replica.node, gpid: part.gpid, atUs });

/** The next put of a client, behind the barrier if one is due; a checkpoint of what is applied; the oldest file goes. */
function source(end: End): Transition[] {
  const { scope, cluster, part, replica } = end;
  const all: Transition[] = [];
  const command = Object.values(cluster.commands).find(
    (one) => one.command.kind === 'put' && one.effects === 0 && one.appId === part.appId && hashOf(one.command) === part.gpid,
  )?.command;
  if (command?.kind === 'put' && replica.status === 'PS_PRIMARY' && replica.maxPrepared < scope.maxDecree) {
    const row = { op: 'put', key: storedKey(command.hashKey, command.sortKey), value: command.value, expireTs: 0 } as const;
    const put = [{ code: 'RPC_RRDB_RRDB_PUT', rows: [row] }] as const;
    all.push(writes(at(end), replica, next(replica, replica.barrierDue ? EMPTY : put), !replica.fileOpen));
  }
  if (durableOf(replica) < replica.applied)
    all.push([
      { kind: 'storage.flushed', ...at(end), decree: replica.applied },
      {
        kind: 'checkpoint.listed',
        ...at(end),
        decree: replica.applied,
        contentDecree: replica.applied,
        contentDigest: part.digests[replica.applied] ?? 0,
      },
    ]);
  const oldest = replica.files[0];
  if (oldest !== undefined && replica.files.length > 1)
    all.push([{ kind: 'log.file-removed', ...at(end), fileIndex: oldest.index }]);
  return all;
}

/** Which partition a scope's command goes to: its hash key is the gpid. */
const hashOf = (command: { readonly hashKey: string }): string => command.hashKey;

/** A server goes and comes back: the master's replica server with all that its log implies, or the meta server. */
function restarts(here: Here): Transition[] {
  const { scope, state, cluster, dup, atUs } = here;
  const all: Transition[] = [];
  const node = scope.source;
  const again = (one: NodeId): ModelEvent[] => [
    { kind: 'process.stopped', node: one, cause: 'crash', detail: '', atUs },
    { kind: 'process.started', node: one, atUs },
  ];
  if ((state.nodes[scope.meta]?.incarnation ?? 1) <= scope.metaRestarts) all.push(again(scope.meta));
  if ((state.nodes[node]?.incarnation ?? 1) > scope.sourceRestarts) return all;
  const events = again(node);
  for (const index of Object.keys(dup.partitions)) {
    const part = cluster.partitions[`${dup.appId}.${index}`];
    const replica = part?.replicas[node];
    if (part !== undefined && replica !== undefined) events.push(...comesBack(here, part, replica));
  }
  all.push(events);
  return all;
}

/** Opened from its disk, PRIMARY in a new ballot, and what it holds proposed again. */
function comesBack({ cluster, atUs }: Here, part: PartitionState, replica: ReplicaState): ModelEvent[] {
  const here = { node: replica.node, gpid: part.gpid, atUs };
  const durable = durableOf(replica);
  const disk = replay(replica, durable);
  const ballot = part.ballot + 1;
  const events: ModelEvent[] = [];
  const { ballot: held, applied, committed, maxPrepared } = disk;
  events.push({ kind: 'replica.opened', ...here, fresh: false, ballot: held, durable, applied, committed, maxPrepared });
  events.push({
    kind: 'config.stored',
    cluster: cluster.id,
    atUs,
    config: {
      gpid: part.gpid,
      ballot,
      maxReplicaCount: 1,
      primary: replica.node,
      secondaries: [],
      lastDrops: [],
      lastCommittedDecree: committed,
    },
  });
  events.push({ kind: 'replica.status', ...here, from: 'PS_INACTIVE', to: 'PS_PRIMARY', ballot });
  for (let decree = committed + 1; decree <= maxPrepared; decree++) {
    const old = proposalOf(part, decree, disk.entries[decree]?.ballot ?? -1);
    const { updates = EMPTY, timestampUs = decree * 1000 } = old ?? {};
    const mutation: MutationFact = { ballot, decree, lastCommitted: decree - 1, timestampUs, updates };
    events.push(...writes(here, replica, mutation, decree === committed + 1, true));
  }
  return events;
}

// ---------------------------------------------------------------- duplicators

function pipeline(end: End): Transition[] {
  const { dup, part, replica, duplicator, progress, state } = end;
  const claim = { ...at(end), dupId: dup.dupId };
  if (duplicator?.running === true) {
    const all: Transition[] = [[{ kind: 'dup.stopped', ...claim }]];
    for (let last = Math.max(duplicator.start, duplicator.shipped + 1); last <= replica.committed; last++)
      all.push([{ kind: 'dup.shipped', ...claim, last }]);
    return all;
  }
  const told = progress.values[toldOf(state, dup, replica.node)?.values[indexOf(part.gpid)] ?? 0]?.decree ?? -1;
  const starts = new Set([told + 1, told + 2, (duplicator?.shipped ?? -1) + 1, replica.applied + 1]);
  return [...starts].filter((start) => start > 0).map((start) => [{ kind: 'dup.started', ...claim, start }]);
}

/** Requests of one write each, of any decree that a pipeline could have read; and what the follower makes of them. */
function sends(end: End): Transition[] {
  const { scope, state, dup, part, duplicator, atUs } = end;
  const far = state.clusters[dup.remote];
  const table = far?.tables[far.byName[dup.remoteAppName] ?? -1];
  const target = far?.partitions[`${table?.appId ?? -1}.${indexOf(part.gpid)}`];
  const primary = target?.replicas[scope.follower];
  if (far === undefined || target === undefined || primary?.status !== 'PS_PRIMARY') return [];
  const all: Transition[] = [];
  for (let decree = 1; decree <= part.committed; decree++) {
    const mutation = chosenOf(part, decree);
    const update = mutation?.updates[0];
    if (mutation === undefined || update?.code !== 'RPC_RRDB_RRDB_PUT') continue;
    const { code, rows } = update;
    const entry: DupEntryFact = { timestampUs: mutation.timestampUs, clusterId: 1, code, verifyTimetag: true, rows };
    const known = far.inbound[inboundKey(target.gpid, scope.follower, [entry])];
    if (duplicator !== undefined && (known?.sent ?? 0) <= scope.sourceRestarts)
      all.push([
        { kind: 'dup.sent', from: scope.source, to: scope.follower, gpid: target.gpid, sizeBytes: 100, entries: [entry], atUs },
      ]);
    if (known !== undefined && known.used < known.sent) {
      const arrived: UpdateFact = { code: 'RPC_RRDB_RRDB_DUPLICATE', rows, entries: [entry] };
      all.push(writes({ node: scope.follower, gpid: target.gpid, atUs }, primary, next(primary, [arrived]), false));
    }
  }
  return all;
}
