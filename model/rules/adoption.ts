/**
 * A follower's replica begins over a checkpoint of its master (dup 5.5): exactly the master's content at that decree, late
 * enough for the log that follows. Several servers may download; the partition begins with what its first primary has.
 */
import {
  appIdOf,
  dupKey,
  hasShippable,
  indexOf,
  isErased,
  setBase,
  statusOf,
  storedOf,
  type DupState,
} from '../dupState.ts';
import type { CheckpointAdopted } from '../duplicationEvents.ts';
import type { ConfigStored } from '../events.ts';
import { contentAt, explainedByExpiry, newestOf, NO_CONTENT, rowsAt } from '../content.ts';
import { settleHome } from '../keyHome.ts';
import { excluded } from '../exclusions.ts';
import { hasUnknownRows } from '../ingestions.ts';
import { newReplica, type ClusterState, type ModelState, type PartitionState } from '../state.ts';
import type { Decree, NodeId } from '../vocabulary.ts';
import { guard, replicaScene, rule, type Refusal, type ReplicaScene, type Rule } from './rule.ts';

interface AdoptionScene extends ReplicaScene {
  readonly dup: DupState;
  readonly master: ClusterState;
  readonly source: PartitionState;
}

function adoptionScene(state: ModelState, e: CheckpointAdopted): AdoptionScene | string {
  const scene = replicaScene(state, e);
  if (typeof scene === 'string') return scene;
  const origin = originOf(state, scene.cluster, scene.part);
  return origin === undefined ? `a master of table ${appIdOf(e.gpid)}` : { ...scene, ...origin };
}

type Origin = Pick<AdoptionScene, 'dup' | 'master' | 'source'>;

/** The duplication that the table of a follower's partition names in its envs, and its master's partition. */
function originOf(state: ModelState, cluster: ClusterState, { appId: followerId, gpid }: PartitionState): Origin | undefined {
  const envs = cluster.tables[followerId]?.envs ?? {};
  const master = state.clusters[envs['duplication.master_cluster'] ?? ''];
  // The name may be another table's by now.
  const appId = Number(envs['duplication.master_app_id']);
  const dup = master?.dups[dupKey(appId, Number(envs['duplication.master_dup_id']))];
  const source = master?.partitions[`${appId}.${indexOf(gpid)}`];
  return master === undefined || dup === undefined || source === undefined ? undefined : { dup, master, source };
}

function otherContent({ source }: AdoptionScene, e: CheckpointAdopted): Refusal | undefined {
  const expected = source.digests[e.decree] ?? NO_CONTENT;
  if (expected === NO_CONTENT || expected === e.digest) return undefined;
  const rows = rowsAt(source, e.decree);
  const expirable = Object.values(rows).filter((row) => row.expireTs > 0);
  if (excluded('own-time-to-live', explainedByExpiry(expected, e.digest, expirable))) return undefined;
  const text = Object.entries(rows).map(([key, row]) => `${key.slice(2)}=${row.value}`);
  return [`digest ${expected} of {${text.join(', ')}}, the master's at decree ${e.decree}`, `digest ${e.digest}`];
}

export const adopted: Rule<CheckpointAdopted> = rule(
  adoptionScene,
  [
    guard('dup/adopted-before-serving', 'dup.S11', ({ replica }: AdoptionScene, e: CheckpointAdopted) =>
      !replica.open && !replica.exists
        ? undefined
        : ['a replica that is not there yet', `ballot ${replica.ballot}, decree ${e.decree}`],
    ),
    guard('dup/adopted-what-was-committed', 'dup.S11', ({ source }: AdoptionScene, e: CheckpointAdopted) =>
      e.decree >= 1 && e.decree <= source.committed
        ? undefined
        : [`a decree from 1 to ${source.committed}`, `${e.decree}`],
    ),
    guard('dup/adopted-covers-the-start', 'S3', ({ dup, source }: AdoptionScene, e: CheckpointAdopted) => {
      const stored = storedOf(dup.partitions[indexOf(source.gpid)]);
      return isErased(dup) || e.decree >= stored || !hasShippable(source, e.decree + 1, stored)
        ? undefined
        : [`decree ${stored} or more: the log is shipped from behind it`, `${e.decree}`];
    }),
    guard('dup/adopted-content-is-the-masters', 'S3', otherContent),
  ],
  ({ state, cluster, master, dup, source, part, replica }, e) => {
    const fresh = newReplica(e.node);
    part.replicas[e.node] = fresh;
    fresh.incarnation = replica.incarnation;
    fresh.flushed = fresh.base = fresh.applied = fresh.committed = e.decree;
    fresh.flushedAtUs = e.atUs;
    part.adopted[e.node] = e.decree;
    // Somebody else has begun meanwhile: what was downloaded is nobody's.
    fresh.stranger = part.ballot > 0 && part.begin.decree !== e.decree;
    if (part.ballot <= 0) beginOver(state, cluster, part, { dup, master, source }, e);
  },
);

/** Whoever serves first begins with its own download; what others have is of no use any more (dup 5.5). */
export function noteBegun(state: ModelState, cluster: ClusterState, part: PartitionState, primary: NodeId, atUs: number): void {
  const decree = part.adopted[primary];
  const origin = decree === undefined ? undefined : originOf(state, cluster, part);
  if (decree === undefined || origin === undefined) return;
  if (part.begin.decree !== decree) beginOver(state, cluster, part, origin, { decree, atUs });
  for (const replica of Object.values(part.replicas)) replica.stranger = (part.adopted[replica.node] ?? decree) !== decree;
}

function beginOver(
  state: ModelState,
  cluster: ClusterState,
  part: PartitionState,
  { dup, master, source }: Origin,
  { decree, atUs }: Pick<CheckpointAdopted, 'decree' | 'atUs'>,
): void {
  begin(cluster, part, source, decree, master.tables[source.appId]?.allowsIngestBehind === true);
  if (dup.full && statusOf(dup) === 'DS_LOG') setBase(state, master, dup, source, decree, atUs);
}

/** The content of a partition that begins over a checkpoint: nothing before it is known, and nothing was committed here. */
function begin(
  cluster: ClusterState,
  part: PartitionState,
  source: PartitionState,
  decree: Decree,
  allowsIngestBehind: boolean,
): void {
  const { rows, removals } = contentAt(source, decree);
  part.begin = { decree, rows, removals, isKnown: !hasUnknownRows(source, decree) };
  part.rows = { ...rows };
  part.removals = { ...removals };
  part.newestUs = newestOf(part);
  part.committed = decree;
  part.history = {};
  for (let d = 0; d < decree; d++) part.digests[d] ??= NO_CONTENT;
  part.digests[decree] = source.digests[decree] ?? NO_CONTENT;
  const table = cluster.tables[part.appId];
  // Its database is a copy of the master's, with what that settled.
  if (table !== undefined) table.allowsIngestBehind = allowsIngestBehind;
  for (const [key, row] of Object.entries(rows)) {
    part.history[key] = [{ value: row.value, expireTs: row.expireTs, ingestion: 0 }];
    settleHome(table, part, key);
  }
}

/** The first primary of a follower's partition has downloaded; who joins later has learned from it (tables/newcomers-hold-what-is-committed). */
export function beginsWithNothing(
  cluster: ClusterState,
  part: PartitionState,
  { config }: ConfigStored,
): Refusal | undefined {
  const table = cluster.tables[part.appId];
  if (config.ballot !== 1 || table?.envs['duplication.master_cluster'] === undefined) return undefined;
  if (table.envs['duplication.master_metas'] === undefined || part.adopted[config.primary] !== undefined) return undefined;
  return ['a first primary over a checkpoint of the master', `${config.primary || 'nobody'} without one`];
}
