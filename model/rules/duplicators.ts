/**
 * Who has a duplicator, and whose log is kept, after an answer of the duplication sync (dup 4.3, 4.4): a primary from the
 * answer that tells it until one that finds it in another role, or that does not list the duplication.
 */
import { settingsOfCluster } from '../config.ts';
import { duplicatorKey, toldOf, type DupState } from '../dupState.ts';
import type { ModelEvent } from '../events.ts';
import { noteConfirmed } from '../metrics.ts';
import type { ClusterState, ModelState, PartitionState, ReplicaState } from '../state.ts';
import type { Gpid, NodeId } from '../vocabulary.ts';

type Told = Extract<ModelEvent, { kind: 'dup.told' }>;

/** Tasks and queues between a message and what comes of it, while nothing is wrong. */
export const TASKS_US = 2_000_000;

/** An answer removes the duplicators of whoever is not PRIMARY, and of what it does not list (dup 4.2). */
export function dropDuplicators(
  cluster: ClusterState,
  dup: DupState,
  node: NodeId,
  isOver: (replica: ReplicaState) => boolean,
): void {
  for (const index of Object.keys(dup.partitions)) {
    const gpid = `${dup.appId}.${index}`;
    const replica = cluster.partitions[gpid]?.replicas[node];
    if (replica !== undefined && isOver(replica)) dropDuplicator(dup, gpid, replica);
  }
}

function dropDuplicator(dup: DupState, gpid: Gpid, { node, incarnation }: ReplicaState): void {
  const key = duplicatorKey(gpid, node);
  const duplicator = dup.duplicators[key];
  if (duplicator === undefined) return;
  if (duplicator.running && duplicator.incarnation === incarnation) duplicator.dropped = true;
  else delete dup.duplicators[key];
}

/** Another member is the primary, or will be: it builds its own behind what is stored (docs/departures FM12). */
export function noteNotPrimary(cluster: ClusterState, { appId, gpid }: PartitionState, replica: ReplicaState): void {
  for (const dup of Object.values(cluster.dups)) if (dup.appId === appId) dropDuplicator(dup, gpid, replica);
}

/** Whoever is PRIMARY now has a duplicator from here on; it was not built before, and ships once it is told its start. */
export function noteDuplicators(state: ModelState, cluster: ClusterState, dup: DupState, e: Told): void {
  const { node, atUs, progress } = e;
  for (const index of Object.keys(dup.partitions)) {
    const gpid = `${dup.appId}.${index}`;
    const replica = cluster.partitions[gpid]?.replicas[node];
    if (replica?.open !== true || replica.status !== 'PS_PRIMARY') continue;
    const key = duplicatorKey(gpid, node);
    const known = dup.duplicators[key];
    if (known?.incarnation === replica.incarnation) {
      const start = progress[Number(index)] ?? -1;
      if (known.confirmed < 0 && start >= 0) {
        known.changedAtUs = atUs;
        // Another one's start may be stored by now; without a checkpoint to make it begins there too (dup.Q13).
        if (e.status !== 'DS_PREPARE' && e.status !== 'DS_APP') known.builtAt = start;
      }
      noteConfirmed(state, cluster, known, progress[Number(index)] ?? -1, atUs);
      continue;
    }
    const stored = progress[Number(index)] ?? -1;
    const least = e.status === 'DS_PREPARE' || e.status === 'DS_APP' ? 1 : 0;
    dup.duplicators[key] = {
      gpid,
      node,
      incarnation: replica.incarnation,
      appliedWhenTold: replica.applied,
      builtAt: stored >= 0 ? stored : Math.max(replica.applied, least),
      running: false,
      dropped: false,
      start: -1,
      shipped: -1,
      confirmed: stored,
      changedAtUs: atUs,
      shippedAtUs: -1,
    };
  }
}

/**
 * Who surely knows by now that the table is duplicated: a primary that was told (no other replica of its server), and everybody after two configuration
 * syncs without a disturbance (`.app-info` keeps it from then on).
 */
export function noteGuarded(state: ModelState, cluster: ClusterState, dup: DupState, atUs: number): void {
  const { configSyncIntervalMs, rpcTimeoutMs } = settingsOfCluster(state.config, cluster.id);
  const known = Math.max(dup.versions[0]?.seenAtUs ?? atUs, state.disturbedAtUs);
  const everybody = atUs > known + (2 * configSyncIntervalMs + rpcTimeoutMs) * 1000 + TASKS_US;
  for (const index of Object.keys(dup.partitions)) {
    const part = cluster.partitions[`${dup.appId}.${index}`];
    for (const replica of Object.values(part?.replicas ?? {})) {
      const key = duplicatorKey(`${dup.appId}.${index}`, replica.node);
      if (dup.guarded[key] !== undefined || !replica.open) continue;
      const primary = replica.status === 'PS_PRIMARY' && toldOf(state, dup, replica.node) !== undefined;
      if (primary || everybody) dup.guarded[key] = atUs;
    }
  }
}
