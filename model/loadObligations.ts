/**
 * What bulk load must reach, and by when (bl 20: 12 to 16; defects L3, L6, S9). Each status of a load has a bound of its own, the
 * sum of the polls, retries and waits that lead out of it; the ways back are counted (bl 11.1), so that all of them have an
 * end too. Nothing is owed while a partition does not serve, or has lost what membership cannot bring back.
 */
import { appIdOf } from './gpid.ts';
import { settingsOfCluster, type ModelSettings } from './config.ts';
import { excluded } from './exclusions.ts';
import { areFilesGood, isFileGone } from './loadFiles.ts';
import { isErased, isTerminal, type LoadState } from './loadState.ts';
import { owe, WORK, type Ledger, type Term } from './owe.ts';
import { hasTooFewMembers, throttles } from './rules/loads.ts';
import { hasLosses } from './members.ts';
import { serves, type ClusterState, type ModelState, type PartitionState, type TableState } from './state.ts';
import type { BulkLoadStatus } from './vocabulary.ts';

interface Here {
  readonly state: ModelState;
  readonly cluster: ClusterState;
  readonly table: TableState;
  readonly settings: ModelSettings;
  /** That stands in the store. */
  readonly load: LoadState | undefined;
  readonly all: Ledger;
}

export function loadObligations(state: ModelState, cluster: ClusterState, all: Ledger): void {
  const settings = settingsOfCluster(state.config, cluster.id);
  for (const table of Object.values(cluster.tables)) {
    if (table.status !== 'AS_AVAILABLE') continue;
    const last = cluster.loads[table.appId];
    const load = last === undefined || isErased(last) ? undefined : last;
    const here: Here = { state, cluster, table, settings, load, all };
    writesAccepted(here);
    if (!table.isBulkLoading) continue;
    const served = servedSince(here);
    if (served === undefined) continue;
    const since = Math.max(served, state.disturbedAtUs);
    ends(here, since);
    goodEnd(here, since);
    escape(here, since);
  }
  idle(state, cluster, settings, all);
}

/** Since when all partitions of the table serve; undefined while one does not, or never will. */
function servedSince({ state, cluster, table, load }: Here): number | undefined {
  let since = 0;
  for (let index = 0; index < table.partitionCount; index++) {
    const part = cluster.partitions[`${table.appId}.${index}`];
    if (part === undefined || !serves(part) || excluded('lost-beyond-repair', hasLosses(part))) return undefined;
    if (excluded('lost-load-file', isFileGone(state, load, part))) return undefined;
    since = Math.max(since, part.servesSinceUs);
  }
  return since;
}

// ---------------------------------------------------------------- how long a status may take

const polls = ({ settings }: Here, count: number): Term => [count, 'bulkLoadRequestIntervalMs', settings.bulkLoadRequestIntervalMs];

/** A store operation that got no answer is given up, and sent again later; a poll that was lost is missed. */
function troubleTerms({ state, settings, cluster }: Here, sinceUs: number): readonly Term[] {
  const terms: Term[] = [[1, 'bulkLoadRetryMs', settings.bulkLoadRetryMs], WORK];
  if (state.lossy) terms.push([2, 'rpcTimeoutMs', settings.rpcTimeoutMs]);
  if (cluster.storeFaultAtUs >= 0 && cluster.storeFaultAtUs + STORE_SESSION[2] * 1000 >= sinceUs) terms.push(STORE_SESSION);
  return terms;
}
const STORE_SESSION: Term = [1, 'store session and retry', 3000];

/** Replicas of this cluster that want a slot of the same server one after the other. */
function waves(partitions: number, slots: number): number {
  return Math.ceil(partitions / Math.max(1, slots));
}

/** Partitions of all tables that load in this cluster: they share slots. */
function loadingPartitions({ cluster }: Here): number {
  return Object.values(cluster.tables).reduce((sum, one) => sum + (one.isBulkLoading ? one.partitionCount : 0), 0);
}

function downloadTerms(here: Here): readonly Term[] {
  // Told, begun; the secondaries told; heard of; and the poll that a timer just missed. A full server is asked again.
  const count = waves(loadingPartitions(here), here.settings.maxConcurrentBulkLoadDownloadingCount);
  return [polls(here, 4 + 2 * (count - 1))];
}

function ingestTerms(here: Here): readonly Term[] {
  const { settings: s } = here;
  const perDisk = Math.ceil(s.bulkLoadNodeMaxIngestingCount / Math.max(1, s.bulkLoadNodeMinDiskCount));
  const count = waves(loadingPartitions(here), Math.min(s.bulkLoadNodeMaxIngestingCount, perDisk));
  return [
    // The members hear of it; each wave waits as long before its writes are sent.
    polls(here, 1 + count),
    // A delayed write waits at most half of its time (thr 5).
    [count, 'ingestionWriteTimeoutMs', s.ingestionWriteTimeoutMs],
    // The primary's end is seen, the others commit, theirs are told and passed on.
    [6 * count, 'bulkLoadIngestRequestIntervalMs', s.bulkLoadIngestRequestIntervalMs],
  ];
}

function termsOf(here: Here, status: BulkLoadStatus): readonly Term[] {
  switch (status) {
    case 'BLS_DOWNLOADING':
      return downloadTerms(here);
    case 'BLS_INGESTING':
      return ingestTerms(here);
    case 'BLS_DOWNLOADED':
      return [polls(here, 2)];
    case 'BLS_PAUSING':
      return [polls(here, 3)];
    default:
      // Succeeded, cleaned up, confirmed, and the poll that a timer just missed (bl 16.1).
      return [polls(here, 4)];
  }
}

// ---------------------------------------------------------------- L3, L6

const isSlotless = ({ settings: s }: Here): boolean =>
  excluded('no-slots', s.maxConcurrentBulkLoadDownloadingCount < 1 || s.bulkLoadNodeMaxIngestingCount < 1);

function ends(here: Here, sinceUs: number): void {
  const { table, load, settings: s, all } = here;
  if (load === undefined || (isTerminal(load.record.status) && table.loadingChangedAtUs > load.storedAtUs)) {
    // The start goes on to its records, or a restarted meta server takes the flag back (bl 17.6 #4).
    const since = Math.max(sinceUs, table.loadingChangedAtUs, load?.storedAtUs ?? 0);
    owe(all, 'load L3 ends', `${table.name} begins`, '', since, [
      ...(load === undefined ? [] : [polls(here, 4)]),
      [1, 'rpcTimeoutMs', s.rpcTimeoutMs],
      ...troubleTerms(here, since),
    ]);
    return;
  }
  const { status, loadId } = load.record;
  if (excluded('paused-load', status === 'BLS_PAUSED') || (!isTerminal(status) && isSlotless(here))) return;
  const since = Math.max(sinceUs, load.storedAtUs);
  const key = `load ${loadId} of ${table.name} in ${status}`;
  owe(all, 'load L3 ends', key, '', since, [...termsOf(here, status), ...troubleTerms(here, since)]);
}

const STEPS: readonly BulkLoadStatus[] = ['BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_INGESTING'];

/** With good files there is no way but the good one: at most one round is lost to what was before. */
function goodEnd(here: Here, sinceUs: number): void {
  const { state, cluster, table, load, all } = here;
  if (load === undefined || load.controlled || !STEPS.includes(load.record.status) || isSlotless(here)) return;
  if (excluded('throttled-load', throttles(table)) || hasTooFewMembers(state, cluster, table)) return;
  if ((load.record.ingestBehind && !table.allowsIngestBehind) || !areFilesGood(state, cluster, load, table)) return;
  const since = Math.max(sinceUs, load.startedAtUs);
  const round = STEPS.flatMap((status) => termsOf(here, status));
  const twice = round.map(([count, name, ms]): Term => [2 * count, name, ms]);
  owe(all, 'load L3 good end', `load ${load.record.loadId} of ${table.name}`, '', since, [...twice, ...troubleTerms(here, since)]);
}

/** bl 6.2: what no other command can end, this one does. */
function escape(here: Here, sinceUs: number): void {
  const { table, load, all } = here;
  if (load === undefined || load.forcedAtUs < 0) return;
  const since = Math.max(sinceUs, load.forcedAtUs);
  const key = `load ${load.record.loadId} of ${table.name}`;
  owe(all, 'load L6 escape', key, '', since, [polls(here, 4), ...troubleTerms(here, since)]);
}

/** bl 20: 14. The flag goes when the group has all files, or with the first wish of another status. */
function writesAccepted(here: Here): void {
  const { state, cluster, table, all } = here;
  for (let index = 0; index < table.partitionCount; index++) {
    const part = cluster.partitions[`${table.appId}.${index}`];
    const sinceUs = part === undefined ? undefined : keptOutSince(part);
    if (part === undefined || sinceUs === undefined || !serves(part)) continue;
    if (excluded('lost-beyond-repair', hasLosses(part)) || isSlotless(here)) continue;
    if (excluded('lost-load-file', isFileGone(state, here.load, part))) continue;
    const since = Math.max(sinceUs, part.servesSinceUs, state.disturbedAtUs);
    owe(all, 'load L3 writes accepted', part.gpid, part.gpid, since, [
      // A delayed write waits at most half of its time (thr 5).
      [1, 'ingestionWriteTimeoutMs', here.settings.ingestionWriteTimeoutMs],
      [6, 'bulkLoadIngestRequestIntervalMs', here.settings.bulkLoadIngestRequestIntervalMs],
      // The end, or the way back, is told by the next poll.
      polls(here, 2),
      ...troubleTerms(here, since),
    ]);
  }
}

/** Since when an ingestion write that became a mutation may keep user writes out at the primary. */
function keptOutSince(part: PartitionState): number | undefined {
  const primary = part.configs[part.ballot]?.primary;
  const open = part.ingestionsSent.find(({ to, prepared, overAtUs }) => to === primary && prepared && overAtUs < 0);
  return open?.sentAtUs;
}

// ---------------------------------------------------------------- S9

/** A slot is for a download: of a load that is DOWNLOADING, or was until a moment ago. */
function idle(state: ModelState, cluster: ClusterState, settings: ModelSettings, all: Ledger): void {
  for (const node in state.nodes) {
    const slots = state.nodes[node]?.slots;
    for (const gpid in slots) {
      const takenAtUs = slots[gpid];
      if (takenAtUs === undefined || !node.startsWith(`${cluster.id}/`)) continue;
      const table = cluster.tables[appIdOf(gpid)];
      const last = table === undefined ? undefined : cluster.loads[table.appId];
      const needed = table?.status === 'AS_AVAILABLE' && table.isBulkLoading && last?.record.status === 'BLS_DOWNLOADING';
      if (needed) continue;
      const since = Math.max(takenAtUs, last?.storedAtUs ?? 0, table?.loadingChangedAtUs ?? 0, table?.droppedAtUs ?? 0, state.disturbedAtUs);
      owe(all, 'load S9 idle', `slot of ${gpid} at ${node}`, gpid, since, [
        [3, 'bulkLoadRequestIntervalMs', settings.bulkLoadRequestIntervalMs],
        // A table that is gone: its replicas close when the server hears of it.
        [2, 'configSyncIntervalMs', settings.configSyncIntervalMs],
        [2, 'rpcTimeoutMs', settings.rpcTimeoutMs],
        WORK,
      ], node);
    }
  }
}
