/**
 * What is owed while a fault still lasts (L4, repl 1.10). Everything else that must happen in time is owed once faults have ended
 * and every server is back; but a primary that stays away is to be replaced without coming back, and a meta server that never
 * notices would look right as soon as it returns.
 */
import { settingsOfCluster } from './config.ts';
import { membersOf } from './members.ts';
import { owe, WORK, type Ledger, type Obligation, type Term } from './owe.ts';
import type { ClusterState, ModelSettings, ModelState } from './state.ts';
import { isLive } from './tableNames.ts';

/** What does not wait for the end of faults. */
export function owedMeanwhile(state: ModelState): readonly Obligation[] {
  const all: Obligation[] = [];
  for (const cluster of Object.values(state.clusters)) {
    if (hasMeta(state, cluster)) deadPrimaries(state, cluster, { cluster: cluster.id, entries: all });
  }
  return all;
}

/** A meta server that is paused, or down, notices nothing. */
function hasMeta(state: ModelState, { id }: ClusterState): boolean {
  const metas = Object.entries(state.nodes).filter(([node]) => node.startsWith(`${id}/meta`));
  return metas.length > 0 && metas.every(([, { up, paused }]) => up && !paused);
}

/** The meta server removes a dead primary by itself, also while its state is frozen and when nobody is left. */
function deadPrimaries(state: ModelState, cluster: ClusterState, all: Ledger): void {
  const terms = removalTerms(settingsOfCluster(state.config, cluster.id));
  for (const part of Object.values(cluster.partitions)) {
    const table = cluster.tables[part.appId];
    const [primary] = membersOf(part);
    if (table === undefined || !isLive(table.status) || table.status !== 'AS_AVAILABLE' || primary === undefined) continue;
    // '' is nobody, and no node.
    if (state.nodes[primary]?.up !== false) continue;
    const sinceUs = Math.max(state.disturbedAtUs, table.createdAtUs, table.recalledAtUs);
    owe(all, 'L4 dead primary leaves', `${part.gpid}, ballot ${part.ballot}, ${primary}`, part.gpid, sinceUs, terms);
  }
}

/** It is found dead at a check, and removed with the next look; a meta server that has just started reads its tables first. */
function removalTerms(s: ModelSettings): readonly Term[] {
  return [
    [1, 'fdGraceMs', s.fdGraceMs ?? 0],
    [2, 'fdCheckIntervalMs', s.fdCheckIntervalMs ?? 0],
    [2, 'lbIntervalMs', s.lbIntervalMs ?? 0],
    [4, 'rpcTimeoutMs', s.rpcTimeoutMs],
    WORK,
  ];
}
