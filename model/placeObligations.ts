/**
 * Who has a place in a partition must come and go in time (L4, L6): members that it lacks, one too many, who is none any
 * more, and whom an operator wants there (bl 17.2).
 */
import { settingsOfCluster } from './config.ts';
import { membersOf } from './members.ts';
import { owe, WORK, type Ledger, type Term } from './owe.ts';
import { serves, type ClusterState, type ModelSettings, type ModelState, type PartitionState, type TableState } from './state.ts';

export interface PlaceScene {
  readonly state: ModelState;
  readonly cluster: ClusterState;
  readonly table: TableState;
  readonly part: PartitionState;
  /** The last disturbance, or the beginning of the table. */
  readonly since: number;
  /** How long roles take, and a change of the ballot. */
  readonly roles: readonly Term[];
  readonly round: readonly Term[];
}

export function placeObligations(scene: PlaceScene, all: Ledger): void {
  if (serves(scene.part)) membersOwed(scene, all);
  wishesOwed(scene, all);
}

function membersOwed({ state, cluster, table, part, since, roles }: PlaceScene, all: Ledger): void {
  const { gpid, ballot } = part;
  const s = settingsOfCluster(state.config, cluster.id);
  const servedUs = Math.max(since, part.servesSinceUs);
  const members = membersOf(part);
  if (lacksMembers(state, cluster, table, part)) owe(all, 'L4 members return', `${gpid}, ballot ${ballot}`, gpid, servedUs, joinTerms(s));
  if (members.length > table.maxReplicaCount && part.copying === undefined)
    owe(all, 'L4 surplus leaves', `${gpid}, ballot ${ballot}`, gpid, servedUs, joinTerms(s));
  for (const { node, open, status } of Object.values(part.replicas)) {
    const hasRole = open && (status === 'PS_PRIMARY' || status === 'PS_SECONDARY');
    if (hasRole && !members.includes(node)) owe(all, 'L4 stranger is closed', `${gpid} at ${node}`, gpid, servedUs, roles, node);
  }
}

function wishesOwed({ state, cluster, table, part, since, round }: PlaceScene, all: Ledger): void {
  const { gpid, wantedPrimary, wantedSinceUs, copying } = part;
  const s = settingsOfCluster(state.config, cluster.id);
  const undisturbedUs = Math.max(since, pausedUntil(state, part));
  if (wantedPrimary !== '' && wantedSinceUs > undisturbedUs) {
    // Proposed three times; a change of ballot may come between.
    owe(all, 'L6 primary moved', gpid, gpid, wantedSinceUs, [[3, 'rpcTimeoutMs', s.rpcTimeoutMs], ...round]);
  }
  if (copying !== undefined && copying.sinceUs > undisturbedUs) {
    const { from, to, sinceUs } = copying;
    // It learns as any other one; then up to three more configurations are asked for.
    const terms: readonly Term[] = [...joinTerms(s), [6, 'rpcTimeoutMs', s.rpcTimeoutMs], ...takeOverTerms(table, s), ...round];
    owe(all, 'L6 replica copied', `${gpid} from ${from} to ${to}`, gpid, sinceUs, terms);
  }
}

/** Fewer than are wanted, and than servers that are up. Those are counted last: most partitions have what they want. */
function lacksMembers(state: ModelState, cluster: ClusterState, table: TableState, part: PartitionState): boolean {
  const members = membersOf(part).filter((node) => node !== '').length;
  if (members >= table.maxReplicaCount) return false;
  const up = Object.keys(state.nodes).filter((node) => node.startsWith(`${cluster.id}/replica-`) && state.nodes[node]?.up === true).length;
  return up > members;
}

/** A dropout is waited for; then one is asked to join, learns in some rounds, and makes a checkpoint. */
function joinTerms(s: ModelSettings): readonly Term[] {
  return [
    [1, 'fdGraceMs', s.fdGraceMs ?? 0],
    [1, 'replicaAssignDelayMsForDropouts', s.replicaAssignDelayMsForDropouts ?? 0],
    [2, 'lbIntervalMs', s.lbIntervalMs ?? 0],
    [2, 'groupCheckIntervalMs', s.groupCheckIntervalMs],
    [4, 'learnRetryMs', s.learnRetryMs ?? 0],
    [6, 'rpcTimeoutMs', s.rpcTimeoutMs],
    [2, 'updateConfigRetryMs', s.updateConfigRetryMs],
    [2, 'configSyncIntervalMs', s.configSyncIntervalMs],
    WORK,
  ];
}

/** Members are told to take over one after the other, each asks for its configuration, and asks again (FM12). */
export function takeOverTerms(table: TableState, s: ModelSettings): readonly Term[] {
  return [
    [table.maxReplicaCount, 'rpcTimeoutMs', s.rpcTimeoutMs],
    [2, 'updateConfigRetryMs', s.updateConfigRetryMs],
  ];
}

/** A paused server hears no proposal, and the operator's wish is given up meanwhile; a pause ends at heal at the latest. */
function pausedUntil(state: ModelState, part: PartitionState): number {
  const isPaused = Object.keys(part.replicas).some((node) => state.nodes[node]?.paused === true);
  if (!isPaused) return -1;
  return state.healedAtUs < 0 ? Infinity : state.healedAtUs;
}
