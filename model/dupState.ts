/**
 * What the model remembers of duplications (dup 2 to 6): the record in the store and each value it had, progress by
 * partition, what each replica server was told, what its duplicators claim; and of a follower: what its meta server was
 * asked for, what was sent to it, what it received.
 *
 * What the store holds is known exactly; what the meta server has in memory lags behind, by one write at most: a version is
 * `seen` from the moment at which somebody was told of it.
 */
import { groupIdOf } from './config.ts';
import { indexOf } from './gpid.ts';
import type { DupEntryFact } from './duplicationEvents.ts';
import type { MutationFact, RowOp, UpdateFact } from './events.ts';
import { excluded } from './exclusions.ts';
import { sameRows } from './mutations.ts';
import {
  chosenOf,
  noteDebt,
  type ClusterState,
  type Debt,
  type ModelState,
  type PartitionState,
  type TableState,
} from './state.ts';
import type {
  ClusterId,
  Decree,
  DupId,
  DuplicationFailMode,
  DuplicationStatus,
  Gpid,
  NodeId,
  WriteCode,
} from './vocabulary.ts';

/** One value of a record or of a progress node, since when it is real, and since when surely known (-1: not yet). */
export interface DupVersion {
  status: DuplicationStatus;
  failMode: DuplicationFailMode;
  atUs: number;
  seenAtUs: number;
}
export interface DupValue {
  decree: Decree;
  atUs: number;
  seenAtUs: number;
}

/** One partition of a duplicated table. */
export interface DupPartition {
  /** Oldest first; the first is -1, the state without a node. */
  values: DupValue[];
  /** Largest decree that any replica reported, and whether one reported its checkpoint as prepared. */
  reported: Decree;
  prepared: boolean;
  /** What the primary had applied when the record appeared: nothing at or below it is owed by a log-only duplication. */
  appliedAtCreation: Decree;
  /** Shipping begins behind it: the adopted checkpoint's decree, or where the first pipeline began; -1 unknown. */
  base: Decree;
  /** Every write that is to be shipped, from base to here, is committed on the follower. */
  arrived: Decree;
  /** Newest committed decree that holds a write to be shipped. */
  owed: Decree;
  /** What duplicators claim to have shipped. */
  shipped: Decree;
  /** Decrees that the loader said it skips. */
  skipped: { from: Decree; to: Decree }[];
  /** What has not arrived, and what has arrived and is not stored; `lagFrom`: how far it was read when the debt began. */
  unshipped: Debt;
  lagFrom: Decree;
  unconfirmed: Debt;
}

/** What one replica server was last told. */
export interface DupTold {
  /** Of the server's process. */
  incarnation: number;
  atUs: number;
  /** Index of the record's version, and since when it is told. */
  version: number;
  sinceUs: number;
  /** By partition index, the index of the progress value. */
  values: Record<number, number>;
  /** A later answer did not list it. */
  gone: boolean;
}

/** What is known of the duplicator of one replica. */
export interface DuplicatorState {
  gpid: Gpid;
  node: NodeId;
  /** Of the replica. */
  incarnation: number;
  /** Applied by the replica when the primary was first told; the duplicator is built then. */
  appliedWhenTold: Decree;
  /** Up to there nothing is shipped, as built (dup 2.5): the stored decree, else what was applied, 1 at the least with a checkpoint. */
  builtAt: Decree;
  running: boolean;
  /** An answer gave it up; it goes when its pipeline has stopped, and the next one begins anew. */
  dropped: boolean;
  start: Decree;
  shipped: Decree;
  /** The stored decree that it was told, as built and since. */
  confirmed: Decree;
  changedAtUs: number;
  shippedAtUs: number;
}

export interface DupState {
  appId: number;
  dupId: DupId;
  /** Added with a checkpoint (full), or log-only. */
  full: boolean;
  remote: ClusterId;
  remoteAppName: string;
  remoteReplicaCount: number;
  createTimestampMs: number;
  erasedAtUs: number;
  versions: DupVersion[];
  partitions: Record<number, DupPartition>;
  told: Record<NodeId, DupTold>;
  /** By `<gpid> <node>`. */
  duplicators: Record<string, DuplicatorState>;
  /** Replicas, by `<gpid> <node>`, that know that the table is duplicated, and since when: their logs are kept (S4). */
  guarded: Record<string, number>;
  /** The follower table was there, with members and the master's content, when it was once asked about: a slow store may write that when it is gone. */
  foundReady: boolean;
}

/** A request for a follower table that reached for this cluster. */
export interface FollowerAsk {
  master: ClusterId;
  name: string;
  partitionCount: number;
  replicaCount: number;
  envs: Record<string, string>;
}

/** A write that came by duplication. */
export interface ReceivedWrite {
  code: WriteCode;
  rows: readonly RowOp[];
}

/** A DUPLICATE request to one node: how often it left, and how many mutations it became. */
export interface Inbound {
  sent: number;
  used: number;
}

// ---------------------------------------------------------------- looking things up

export { appIdOf, indexOf } from './gpid.ts';
export const dupKey = (appId: number, dupId: DupId): string => `${appId}/${dupId}`;
export const duplicatorKey = (gpid: Gpid, node: NodeId): string => `${gpid} ${node}`;
export function clusterNameOf(node: NodeId): ClusterId {
  let name = CLUSTER_NAMES.get(node);
  if (name === undefined) CLUSTER_NAMES.set(node, (name = node.slice(0, node.indexOf('/'))));
  return name;
}
/** Asked of nearly every event; a slice would be another text each time, to be looked up by all its characters. */
const CLUSTER_NAMES = new Map<NodeId, ClusterId>();

export function newVersion(status: DuplicationStatus, failMode: DuplicationFailMode, atUs: number): DupVersion {
  return { status, failMode, atUs, seenAtUs: -1 };
}

export function newDupPartition(appliedAtCreation: Decree, atUs: number): DupPartition {
  return {
    values: [{ decree: -1, atUs, seenAtUs: -1 }],
    reported: -1,
    prepared: false,
    appliedAtCreation,
    base: -1,
    arrived: -1,
    owed: 0,
    shipped: -1,
    skipped: [],
    unshipped: { target: 0, sinceUs: -1 },
    lagFrom: 0,
    unconfirmed: { target: 0, sinceUs: -1 },
  };
}

export const isErased = (dup: DupState): boolean => dup.erasedAtUs >= 0;
const NONE: DupVersion = { status: 'DS_INIT', failMode: 'FAIL_SLOW', atUs: -1, seenAtUs: -1 };
export const versionOf = (dup: DupState): DupVersion => dup.versions[dup.versions.length - 1] ?? NONE;
export const statusOf = (dup: DupState): DuplicationStatus => (isErased(dup) ? 'DS_REMOVED' : versionOf(dup).status);
/** The stored confirmed decree, -1 before the first. */
export const storedOf = (part: DupPartition | undefined): Decree => part?.values[part.values.length - 1]?.decree ?? -1;

/** What a node was told, in this life of its process. */
export function toldOf(state: ModelState, dup: DupState, node: NodeId): DupTold | undefined {
  const told = dup.told[node];
  return told !== undefined && told.incarnation === state.nodes[node]?.incarnation ? told : undefined;
}

/** The status that a node believes, as far as anybody told it. */
export function toldStatus(state: ModelState, dup: DupState, node: NodeId): DuplicationStatus {
  const told = toldOf(state, dup, node);
  return told === undefined || told.gone ? 'DS_REMOVED' : (dup.versions[told.version]?.status ?? 'DS_INIT');
}

/** The table that a duplication feeds, as it is named now. */
export function followerTable(
  state: ModelState,
  dup: DupState,
): { readonly cluster: ClusterState; readonly table: TableState | undefined } | undefined {
  const cluster = state.clusters[dup.remote];
  if (cluster === undefined) return undefined;
  return { cluster, table: cluster.tables[cluster.byName[dup.remoteAppName] ?? -1] };
}

/** The follower's partition of the same index. */
export function followerPartition(state: ModelState, dup: DupState, index: number): PartitionState | undefined {
  const found = followerTable(state, dup);
  return found?.table === undefined ? undefined : found.cluster.partitions[`${found.table.appId}.${index}`];
}

/** Does the follower table say that it was made for this duplication (dup 2.6 and the ids beside it; the master may be renamed)? */
export function belongsTo(table: TableState, dup: DupState, master: ClusterId): boolean {
  const { envs } = table;
  return (
    envs['duplication.master_cluster'] === master &&
    envs['duplication.master_app_id'] === `${dup.appId}` &&
    envs['duplication.master_dup_id'] === `${dup.dupId}`
  );
}

/** Duplications of a table, erased ones too. */
export function dupsOf(cluster: ClusterState, appId: number): readonly DupState[] {
  return Object.values(cluster.dups).filter((dup) => dup.appId === appId);
}

// ---------------------------------------------------------------- writes that travel

/** Codes that are shipped; DUPLICATE and BULK_LOAD stay at home, an empty write has nothing (dup 7.1). */
export function isShippable({ code }: { readonly code: WriteCode }): boolean {
  if (excluded('not-forwarded', code === 'RPC_RRDB_RRDB_DUPLICATE' || code === 'RPC_RRDB_RRDB_BULK_LOAD')) return false;
  return (
    code === 'RPC_RRDB_RRDB_PUT' ||
    code === 'RPC_RRDB_RRDB_REMOVE' ||
    code === 'RPC_RRDB_RRDB_MULTI_PUT' ||
    code === 'RPC_RRDB_RRDB_MULTI_REMOVE'
  );
}

/** Is there anything between two decrees, both included, that a follower must have? */
export function hasShippable(source: PartitionState, from: Decree, to: Decree): boolean {
  for (let decree = from; decree <= to; decree++) {
    if (chosenOf(source, decree)?.updates.some(isShippable) === true) return true;
  }
  return false;
}

export const receivedKey = (clusterId: number, timestampUs: number): string => `${clusterId}.${timestampUs}`;

/** Has a follower committed this update of a source mutation? */
export function hasReceived(
  follower: ClusterState,
  name: string,
  clusterId: number,
  timestampUs: number,
  update: UpdateFact,
): boolean {
  const all = follower.received[name]?.[receivedKey(clusterId, timestampUs)] ?? [];
  return all.some((one) => one.code === update.code && sameRows(one.rows, update.rows));
}

/** What decides the order of two writes: the hash key, or the sort key when there is none (dup 6.6). */
export function orderKey(update: { readonly rows: readonly RowOp[] }): string {
  const key = update.rows[0]?.key ?? '';
  const length = key.charCodeAt(0) * 256 + key.charCodeAt(1);
  return length > 0 ? `h${key.slice(2, 2 + length)}` : `s${key.slice(2)}`;
}

/** Name of a request's content, for counting its repeats. */
export const contentOf = (entries: readonly DupEntryFact[]): string => JSON.stringify(entries);
export const inboundKey = (gpid: Gpid, to: NodeId, entries: readonly DupEntryFact[]): string =>
  `${gpid} ${to} ${contentOf(entries)}`;

export const clusterIdOf = ({ config }: ModelState, cluster: ClusterId): number => groupIdOf(config, cluster);

// ---------------------------------------------------------------- progress of shipping

export const isSkipped = (part: DupPartition, decree: Decree): boolean =>
  part.skipped.some(({ from, to }) => decree >= from && decree <= to);

/** Moves `arrived` on over what the follower has, and notes what is owed. To be called whenever either may have moved. */
export function noteArrived(
  state: ModelState,
  cluster: ClusterState,
  dup: DupState,
  source: PartitionState,
  atUs: number,
): void {
  const part = dup.partitions[indexOf(source.gpid)];
  const follower = state.clusters[dup.remote];
  if (part === undefined || part.base < 0 || follower === undefined) return;
  const id = clusterIdOf(state, cluster.id);
  if (part.arrived < part.base) part.arrived = part.base;
  while (part.arrived < source.committed) {
    const mutation = chosenOf(source, part.arrived + 1);
    const missing =
      mutation !== undefined &&
      !isSkipped(part, part.arrived + 1) &&
      mutation.updates.some(
        (update) =>
          isShippable(update) && !hasReceived(follower, dup.remoteAppName, id, mutation.timestampUs, update),
      );
    if (missing) break;
    part.arrived++;
  }
  const since = part.unshipped.sinceUs;
  noteDebt(part.unshipped, part.arrived, part.owed, atUs);
  if (part.unshipped.sinceUs !== since) part.lagFrom = part.shipped < 0 ? part.arrived : Math.min(part.arrived, part.shipped);
}

/** A mutation was committed first: what it owes to followers, and what a follower received by it. */
export function noteCommitted(
  state: ModelState,
  cluster: ClusterState,
  part: PartitionState,
  mutation: Omit<MutationFact, 'lastCommitted'>,
  atUs: number,
): void {
  for (const key in cluster.dups) {
    const dup = cluster.dups[key];
    const progress = dup?.appId === part.appId ? dup.partitions[indexOf(part.gpid)] : undefined;
    if (dup === undefined || progress === undefined) continue;
    if (mutation.updates.some(isShippable)) progress.owed = mutation.decree;
    noteArrived(state, cluster, dup, part, atUs);
  }
  if (mutation.updates[0]?.entries === undefined) return;
  const table = cluster.tables[part.appId];
  // Who knows it by an old name ships to it all the same.
  const names = new Set(table?.names.map(({ name }) => name));
  for (const name of names) {
    const received = (cluster.received[name] ??= {});
    for (const update of mutation.updates)
      for (const { clusterId, timestampUs, code, rows } of update.entries ?? [])
        (received[receivedKey(clusterId, timestampUs)] ??= []).push({ code, rows });
  }
  for (const master of Object.values(state.clusters)) {
    for (const dup of Object.values(master.dups)) {
      if (dup.remote !== cluster.id || !names.has(dup.remoteAppName)) continue;
      for (const index of Object.keys(dup.partitions)) {
        const source = master.partitions[`${dup.appId}.${index}`];
        if (source !== undefined) noteArrived(state, master, dup, source, atUs);
      }
    }
  }
}

/** Where shipping begins is known now, or lies further on. */
export function setBase(
  state: ModelState,
  cluster: ClusterState,
  dup: DupState,
  source: PartitionState,
  base: Decree,
  atUs: number,
): void {
  const part = dup.partitions[indexOf(source.gpid)];
  if (part === undefined) return;
  part.base = Math.max(part.base, base);
  part.owed = 0;
  for (let decree = source.committed; decree > part.base && part.owed === 0; decree--)
    if (chosenOf(source, decree)?.updates.some(isShippable) === true) part.owed = decree;
  noteArrived(state, cluster, dup, source, atUs);
}
