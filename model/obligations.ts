/**
 * What must eventually happen once faults have ended, and by when (repl 6.2; S9, L2 - L8). A bound is a sum of named
 * terms, setting x count, counted from the latest of the obligation's own start, heal and the last command; it can
 * print itself.
 */
import { isLive } from './tableNames.ts';
import { excused } from './members.ts';
import {
  durableOf,
  serves,
  type ClusterState,
  type ModelSettings,
  type ModelState,
  type PartitionState,
  type ReplicaState,
  type TableState,
} from './state.ts';
import { settingsOfCluster } from './config.ts';
import { duplicationObligations, keptForDuplication } from './dupObligations.ts';
import { excluded } from './exclusions.ts';
import { awaitsFiles, lastIngestedUs } from './ingestions.ts';
import { loadObligations } from './loadObligations.ts';
import { owe, WORK, type Ledger, type Obligation, type Term } from './owe.ts';
import { placeObligations, takeOverTerms } from './placeObligations.ts';

export { OBLIGATIONS, type Obligation } from './owe.ts';

export function obligations(state: ModelState): readonly Obligation[] {
  const all: Obligation[] = [];
  for (const cluster of Object.values(state.clusters)) {
    const own: Ledger = { cluster: cluster.id, entries: all };
    commands(state, cluster, own);
    duplicationObligations(state, cluster, own);
    loadObligations(state, cluster, own);
    for (const part of Object.values(cluster.partitions)) {
      const table = cluster.tables[part.appId];
      if (table !== undefined && isLive(table.status) && table.status === 'AS_AVAILABLE')
        partition(state, cluster, table, part, own);
      flags(state, cluster, part, own);
    }
    throttled(state, cluster, own);
  }
  return all;
}

function commands(state: ModelState, cluster: ClusterState, all: Ledger): void {
  const { clientTimeoutMs, rpcTimeoutMs } = settingsOfCluster(state.config, cluster.id);
  for (const command of Object.values(cluster.commands)) {
    if (command.answered) continue;
    const terms: readonly Term[] = [[1, 'clientTimeoutMs', clientTimeoutMs], [2, 'rpcTimeoutMs', rpcTimeoutMs], WORK];
    owe(all, 'L6 command answered', `${cluster.id}/${command.id}`, '', command.invokedAtUs, terms);
  }
}

/**
 * With a fault since it was sent, a request's session or its answer may be lost: it was on its way for as long as its client waits
 * at most. And a table may ask for silence (thr 5.1).
 */
function throttled(state: ModelState, cluster: ClusterState, all: Ledger): void {
  for (const [key, { incarnation, requests }] of Object.entries(cluster.throttles)) {
    const [gpid = '', node = ''] = key.split(' ');
    const part = cluster.partitions[gpid];
    const replica = part?.replicas[node];
    const envs = cluster.tables[part?.appId ?? -1]?.envs ?? {};
    if (replica?.incarnation !== incarnation || !replica.open || 'replica.deny_client_request' in envs) continue;
    const { prepareTimeoutMs } = settingsOfCluster(state.config, cluster.id);
    for (const { id, of, verdict, answer, atUs, dueUs, timeoutMs } of requests) {
      if (verdict === '' || answer !== '' || atUs - timeoutMs * 1000 <= state.disturbedAtUs) continue;
      // A write that was let in at last goes with its primary's role, unanswered.
      const served = part !== undefined && part.servesSinceUs >= 0 && part.servesSinceUs < atUs;
      if (of === 'write' && verdict === 'DELAY' && !served) continue;
      // What was delayed has a mutation before it.
      const terms: readonly Term[] = verdict === 'REJECT' ? [WORK] : [[1, 'prepareTimeoutMs', prepareTimeoutMs], WORK];
      owe(all, 'thr L1 answered', `${key}, request ${id}`, gpid, dueUs, terms, node);
    }
  }
}

function memberReplicas(part: PartitionState): {
  readonly primary: ReplicaState | undefined;
  readonly secondaries: readonly (ReplicaState | undefined)[];
} {
  const config = part.configs[part.ballot];
  return {
    primary: part.replicas[config?.primary ?? ''],
    secondaries: (config?.secondaries ?? []).map((node) => part.replicas[node]),
  };
}

function partition(
  state: ModelState,
  cluster: ClusterState,
  table: TableState,
  part: PartitionState,
  all: Ledger,
): void {
  const s = settingsOfCluster(state.config, cluster.id);
  const { primary, secondaries } = memberReplicas(part);
  const since = Math.max(state.disturbedAtUs, table.createdAtUs, table.recalledAtUs);
  const round: readonly Term[] = [
    // The prepare and the request for a ballot that the last fault took, and the retry of each.
    [1, 'prepareTimeoutMs', s.prepareTimeoutMs],
    [2, 'updateConfigRetryMs', s.updateConfigRetryMs],
    [1, 'rpcTimeoutMs', s.rpcTimeoutMs],
    WORK,
  ];
  const roles: readonly Term[] = [
    [2, 'configSyncIntervalMs', s.configSyncIntervalMs],
    [1, 'groupCheckIntervalMs', s.groupCheckIntervalMs],
    // Who had lost its lease sends its next beacon, and asks at once when that is answered.
    [state.lossy ? 1 : 0, 'fdBeaconIntervalMs', s.fdBeaconIntervalMs ?? 0],
    ...round,
  ];
  if (!excused(part)) {
    const unfilled = part.ballot <= 0 && table.envs['duplication.master_metas'] !== undefined;
    if (!serves(part) && !excluded('unfilled-follower', unfilled)) {
      // Each move is one interruption, and counts for itself.
      const key = part.moves === 0 ? part.gpid : `${part.gpid} after ${part.moves} moves`;
      const takeOver = part.moves === 0 ? [] : takeOverTerms(table, s);
      owe(all, 'L4 partition serves', key, part.gpid, Math.max(since, part.unservedSinceUs), [...roles, ...takeOver, ...recallTerms(table, s)]);
    }
    placeObligations({ state, cluster, table, part, since, roles, round }, all);
    // Once it has served, a change of ballot is part of a round and no new start.
    const served = serves(part) || part.servedFirstUs > state.disturbedAtUs;
    const servedUs = Math.max(since, part.servedFirstUs);
    if (served && part.pending.sinceUs >= 0)
      owe(all, 'L1 writes commit', part.gpid, part.gpid, Math.max(servedUs, part.pending.sinceUs), round);
    for (const replica of secondaries) {
      if (replica === undefined || !served || s.groupCheckDisabled || replica.behind.sinceUs < 0) continue;
      const terms: readonly Term[] = [
        [2, 'groupCheckIntervalMs', s.groupCheckIntervalMs],
        [1, 'prepareTimeoutMs', s.prepareTimeoutMs],
        WORK,
      ];
      owe(
        all,
        'L2 secondaries commit',
        `${part.gpid} at ${replica.node}`,
        part.gpid,
        Math.max(servedUs, replica.behind.sinceUs),
        terms,
      );
    }
  }
  emergencies(state, cluster, part, all);
  for (const replica of [primary, ...secondaries])
    if (replica?.open === true && (replica.status === 'PS_PRIMARY' || replica.status === 'PS_SECONDARY'))
      storage(state, cluster, part, replica, all);
}

/** Servers hear that they have no part, close, say what they hold, and are asked; one that was asked too early closes first. */
function recallTerms({ recalledAtUs }: TableState, s: ModelSettings): readonly Term[] {
  if (recalledAtUs < 0) return [];
  return [
    [3, 'configSyncIntervalMs', s.configSyncIntervalMs],
    [1, 'gcMemoryReplicaIntervalMs', s.gcMemoryReplicaIntervalMs ?? 0],
    [3, 'lbIntervalMs', s.lbIntervalMs ?? 0],
    [3, 'rpcTimeoutMs', s.rpcTimeoutMs],
  ];
}

function emergencies(state: ModelState, cluster: ClusterState, part: PartitionState, all: Ledger): void {
  const s = settingsOfCluster(state.config, cluster.id);
  for (const { id, node, minDecree, sinceUs } of part.emergencies) {
    const replica = part.replicas[node];
    if (replica !== undefined && awaitsFiles(part, replica)) continue;
    const terms: Term[] = [
      [2, 'checkpointStartDelayMs', s.checkpointStartDelayMs],
      [1, 'checkpointRetryAfterFlushMs', s.checkpointRetryAfterFlushMs],
      WORK,
    ];
    // A flush slower than the retry leaves the checkpoint to the next periodic attempt (Q4).
    if (state.nodes[node]?.diskFault === true) terms.push([1, 'checkpointIntervalMs', s.checkpointIntervalMs]);
    owe(
      all,
      'L8 emergency checkpoint',
      `${part.gpid} at ${node}, decree ${minDecree}, command ${id}`,
      part.gpid,
      Math.max(sinceUs, lastIngestedUs(part, node)),
      terms,
      node,
    );
  }
}

function storage(
  state: ModelState,
  cluster: ClusterState,
  part: PartitionState,
  replica: ReplicaState,
  all: Ledger,
): void {
  const s = settingsOfCluster(state.config, cluster.id);
  if (s.checkpointDisabled) return;
  if (!serves(part) && excused(part)) return;
  // Before the roles are there again after the last disturbance (their own debt) nothing is taken and nothing collected, nor by a learner.
  const steadyUs = Math.max(replica.openedAtUs, replica.joinedAtUs, excused(part) ? part.servesSinceUs : part.servedFirstUs);
  const key = `${part.gpid} at ${replica.node}`;
  // What waits for an ingestion's files is not flushed: that they come is owed by their load.
  if (replica.applied > durableOf(replica) && !awaitsFiles(part, replica)) {
    const since = Math.max(replica.undurableSinceUs, steadyUs, lastIngestedUs(part, replica.node));
    owe(all, 'L4 durable follows', key, part.gpid, since, [
      [1, 'checkpointMaxIntervalMs', s.checkpointMaxIntervalMs],
      // The tick that sees the interval over, one that finds another attempt running, and the one before.
      [3, 'checkpointIntervalMs', s.checkpointIntervalMs],
      [2, 'checkpointStartDelayMs', s.checkpointStartDelayMs],
      [1, 'checkpointRetryAfterFlushMs', s.checkpointRetryAfterFlushMs],
      WORK,
    ], replica.node);
  }
  if (replica.unlisted.sinceUs >= 0) {
    owe(all, 'L4 flushed is listed', key, part.gpid, Math.max(replica.unlisted.sinceUs, steadyUs), [
      [2, 'checkpointIntervalMs', s.checkpointIntervalMs],
      [1, 'checkpointStartDelayMs', s.checkpointStartDelayMs],
      WORK,
    ], replica.node);
  }
  if (!s.plogGcEnabled || replica.collectableSinceUs < 0) return;
  const reserve = s.logPrivateReserveMaxSizeBytes > 0 ? s.logPrivateReserveMaxTimeSeconds : 0;
  const expiry = reserve > 0 ? (replica.files[0]?.writtenAtUs ?? 0) + (reserve + 1) * 1e6 : 0;
  if (reserve > 0 && state.nodes[replica.node]?.wallFault === true) return;
  const kept = keptForDuplication(state, cluster, part, replica.files[1]);
  if (kept === undefined) return;
  owe(all, 'L5 log space', key, part.gpid, Math.max(replica.collectableSinceUs, steadyUs, expiry, kept.sinceUs), [
    [2, 'checkpointIntervalMs', s.checkpointIntervalMs],
    ...kept.terms,
    WORK,
  ], replica.node);
}

function flags(state: ModelState, cluster: ClusterState, part: PartitionState, all: Ledger): void {
  const s = settingsOfCluster(state.config, cluster.id);
  for (const replica of Object.values(part.replicas)) {
    if (!replica.manual) continue;
    const terms: readonly Term[] = [
      [2, 'checkpointStartDelayMs', s.checkpointStartDelayMs],
      [1, 'checkpointRetryAfterFlushMs', s.checkpointRetryAfterFlushMs],
      WORK,
    ];
    owe(all, 'S9 manual flag', `${part.gpid} at ${replica.node}`, part.gpid, replica.manualSinceUs, terms, replica.node);
  }
}
