/**
 * What a stuck run is stuck about: the obligation as the model has it, the tables and partitions that it is about in each cluster (a
 * duplication has two ends), and the nodes that have to do with it, the one that should act first.
 */
import { obligations, type Obligation } from '../../model/obligations.ts';
import type { ClusterState, ModelState, PartitionState } from '../../model/state.ts';
import { threadHash } from '../../impl/protocol/gpid.ts';
import type { ClusterId, Gpid, NodeId } from '../../model/vocabulary.ts';
import { metaServer } from '../run/names.ts';
import type { Failure } from '../run/verdict.ts';

/** What a promise is about: a duplication, a load, a throttle, one member's storage, or who does what in a partition. */
export type Subject = 'dup' | 'load' | 'throttle' | 'storage' | 'roles';

export interface Place {
  readonly tables: ReadonlySet<string>;
  readonly appIds: ReadonlySet<number>;
  readonly gpids: ReadonlySet<Gpid>;
  /** Every table that the cluster has. */
  readonly present: readonly string[];
}

export interface Scope {
  readonly obligation: Obligation;
  readonly subject: Subject;
  readonly places: ReadonlyMap<ClusterId, Place>;
  /** By whom it is owed first. */
  readonly nodes: readonly NodeId[];
  /** Of the partitions: tasks carry no more. */
  readonly hashes: ReadonlySet<number>;
  /** -1: it is about none. */
  readonly dupId: number;
}

/** Undefined when the model does not owe it any more. */
export function scopeOf(state: ModelState, { rule, cluster, message }: Failure): Scope | undefined {
  const obligation = obligations(state).find((o) => o.name === rule && o.cluster === cluster && message.includes(`(${o.key});`));
  const own = state.clusters[cluster];
  if (obligation === undefined || own === undefined) return undefined;
  const subject = subjectOf(obligation);
  const places = new Map([[cluster, placeOf(own, tablesOf(own, obligation), obligation.gpid)]]);
  const dupId = Number(/duplication (\d+)/.exec(obligation.key)?.[1] ?? -1);
  const dup = Object.values(own.dups).find((d) => d.dupId === dupId);
  const there = dup === undefined ? undefined : state.clusters[dup.remote];
  if (dup !== undefined && there !== undefined) places.set(dup.remote, placeOf(there, new Set([dup.remoteAppName, ...places.get(cluster)?.tables ?? []]), indexOf(obligation.gpid)));
  const gpids = [...places.values()].flatMap((place) => [...place.gpids]);
  return { obligation, subject, places, nodes: nodesOf(state, obligation, places, subject), hashes: new Set(gpids.map(threadHash)), dupId };
}

/** By the first word of its name; else what is one member's is about what that member holds. */
function subjectOf({ name, node }: Obligation): Subject {
  if (name.startsWith('dup ')) return 'dup';
  if (name.startsWith('load ')) return 'load';
  if (name.startsWith('thr ')) return 'throttle';
  return node === '' ? 'roles' : 'storage';
}

/** The tables that the obligation's key names, or that its partition is of. */
function tablesOf(cluster: ClusterState, { key, gpid }: Obligation): ReadonlySet<string> {
  const words = new Set(key.split(/[\s,/]+/));
  const tables = Object.values(cluster.tables).filter((t) => words.has(t.name) || (gpid !== '' && gpid.startsWith(`${String(t.appId)}.`)));
  return new Set(tables.map((t) => t.name));
}

/** `only`: a gpid, or `.index` of any table; '' for all partitions. */
function placeOf(cluster: ClusterState, tables: ReadonlySet<string>, only: string): Place {
  const appIds = new Set(Object.values(cluster.tables).filter((t) => tables.has(t.name) && t.droppedAtUs < 0).map((t) => t.appId));
  const gpids = Object.values(cluster.partitions).filter((p) => appIds.has(p.appId) && p.gpid.endsWith(only)).map((p) => p.gpid);
  const present = Object.values(cluster.tables).filter((t) => t.droppedAtUs < 0).map((t) => t.name);
  return { tables, appIds, gpids: new Set(gpids), present };
}

function indexOf(gpid: string): string {
  return gpid.slice(Math.max(0, gpid.indexOf('.')));
}

function membersOf(part: PartitionState | undefined): readonly NodeId[] {
  const config = part?.configs[part.ballot];
  return [config?.primary ?? '', ...(config?.secondaries ?? []), ...Object.keys(part?.replicas ?? {})].filter((node) => node !== '');
}

/** A member's own debt is the member's, a partition's its primary's; roles, loads and all else are led by the meta server; then the other end. */
function nodesOf(state: ModelState, { node, gpid, cluster }: Obligation, places: ReadonlyMap<ClusterId, Place>, subject: Subject): readonly NodeId[] {
  const nodes: NodeId[] = node === '' ? [] : [node];
  for (const [id, place] of [...places].sort(([a], [b]) => Number(a !== cluster) - Number(b !== cluster))) {
    const members = [...place.gpids].flatMap((one) => membersOf(state.clusters[id]?.partitions[one]));
    nodes.push(...(gpid === '' || subject === 'roles' || subject === 'load' ? [metaServer(id), ...members] : [...members, metaServer(id)]));
  }
  return [...new Set(nodes)];
}
