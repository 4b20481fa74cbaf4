/**
 * What duplication must reach, and by when (dup 8 L1 - L6; defects L1, L2): bounds are sums of the sheet's timers. Nothing is
 * owed while a partition on either side does not serve, has lost what cannot be had again, or while an exclusion says so.
 */
import { settingsOfCluster, type ModelSettings } from './config.ts';
import {
  belongsTo,
  duplicatorKey,
  followerPartition,
  followerTable,
  indexOf,
  isErased,
  statusOf,
  storedOf,
  toldOf,
  toldStatus,
  versionOf,
  type DupPartition,
  type DupState,
  type DuplicatorState,
} from './dupState.ts';
import { differsFromSource } from './dupRows.ts';
import { excluded } from './exclusions.ts';
import { bore } from './tableNames.ts';
import { excused } from './members.ts';
import { owe, WORK, type Ledger, type Term } from './owe.ts';
import {
  serves,
  type ClusterState,
  type LogFile,
  type ModelState,
  type PartitionState,
  type ReplicaState,
  type TableState,
} from './state.ts';
import { limitsWrites } from './throttleWindow.ts';
import type { Decree } from './vocabulary.ts';

interface Here {
  readonly state: ModelState;
  readonly cluster: ClusterState;
  readonly dup: DupState;
  readonly table: TableState;
  readonly settings: ModelSettings;
  readonly all: Ledger;
}

/** One partition of it, both ends. */
interface End extends Here {
  readonly source: PartitionState;
  readonly primary: ReplicaState;
  readonly progress: DupPartition;
  /** Of the replica's present life. */
  readonly duplicator: DuplicatorState | undefined;
}

export function duplicationObligations(state: ModelState, cluster: ClusterState, all: Ledger): void {
  for (const dup of Object.values(cluster.dups)) {
    const table = cluster.tables[dup.appId];
    if (table?.status !== 'AS_AVAILABLE') continue;
    const here: Here = { state, cluster, dup, table, settings: settingsOfCluster(state.config, cluster.id), all };
    setUp(here);
    for (const index of Object.keys(dup.partitions)) {
      const source = cluster.partitions[`${dup.appId}.${index}`];
      const progress = dup.partitions[Number(index)];
      const primary = source?.replicas[source.configs[source.ballot]?.primary ?? ''];
      if (source === undefined || progress === undefined || primary === undefined) continue;
      const known = dup.duplicators[duplicatorKey(source.gpid, primary.node)];
      const duplicator = known?.incarnation === primary.incarnation && primary.open ? known : undefined;
      const end: End = { ...here, source, primary, progress, duplicator };
      stops(end);
      if (!serves(source) || excluded('lost-beyond-repair', excused(source))) continue;
      told(end);
      begun(end);
      pipeline(end);
      confirmed(end);
      drained(end);
    }
  }
}

const keyOf = ({ dup }: Here, what: string): string => `${what} of duplication ${dup.dupId}`;

// ---------------------------------------------------------------- L1

/** Since when all partitions of a table serve; undefined while one does not, or never will. */
function servedSince(cluster: ClusterState, table: TableState): number | undefined {
  let since = 0;
  for (let index = 0; index < table.partitionCount; index++) {
    const part = cluster.partitions[`${table.appId}.${index}`];
    if (part === undefined || !serves(part) || excluded('lost-beyond-repair', excused(part))) return undefined;
    since = Math.max(since, part.servedFirstUs);
  }
  return since;
}

/** May the follower table be made, or be the one that was made? */
function isAcceptable({ state, cluster, dup, table }: Here): boolean {
  const found = followerTable(state, dup);
  if (found === undefined) return false;
  const nodes = Object.keys(state.nodes).filter((node) => node.startsWith(`${dup.remote}/replica`)).length;
  if (excluded('unacceptable-count', dup.remoteReplicaCount < 1 || dup.remoteReplicaCount > Math.min(nodes, 5)))
    return false;
  const { table: follower } = found;
  if (follower === undefined) return true;
  const own =
    belongsTo(follower, dup, cluster.id) &&
    follower.partitionCount === table.partitionCount &&
    follower.maxReplicaCount === dup.remoteReplicaCount;
  return !excluded('foreign-table', !own);
}

/** When a table of that name was last dropped in the follower's cluster. */
function freeSince({ state, dup }: Here): number {
  const tables = Object.values(state.clusters[dup.remote]?.tables ?? {});
  return tables.reduce((last, one) => (bore(one, dup.remoteAppName) ? Math.max(last, one.droppedAtUs) : last), 0);
}

/** A store operation that got no answer is given up, and sent again later. */
const STORE_SESSION: Term = [1, 'store session and retry', 3000];
const storeTerms = ({ cluster }: Here, sinceUs: number): readonly Term[] =>
  cluster.storeFaultAtUs >= 0 && cluster.storeFaultAtUs + STORE_SESSION[2] * 1000 >= sinceUs ? [STORE_SESSION] : [];

function setUp(here: Here): void {
  const { state, cluster, dup, table, settings: s, all } = here;
  const status = statusOf(dup);
  if (status !== 'DS_PREPARE' && status !== 'DS_APP') return;
  const served = servedSince(cluster, table);
  if (excluded('too-few-members', table.maxReplicaCount < s.mutation2pcMinReplicaCount)) return;
  if (served === undefined || !isAcceptable(here)) return;
  const since = Math.max(versionOf(dup).atUs, served, state.disturbedAtUs, freeSince(here));
  const remote = settingsOfCluster(state.config, dup.remote);
  const rpcMs = Math.max(s.rpcTimeoutMs, remote.rpcTimeoutMs);
  const slow = Object.values(state.nodes).some((node) => node.diskFault);
  if (status === 'DS_PREPARE') {
    owe(all, 'dup L1 follower table', keyOf(here, table.name), '', since, [
      // Told, built, reported, stored, told again, prepared, reported, asked for; and one round that a timer just missed.
      [6, 'duplicationSyncPeriodMs', s.duplicationSyncPeriodMs],
      [1, 'dupSyncTimeoutMs', s.dupSyncTimeoutMs],
      [1, 'dupProgressMinUpdatePeriodMs', s.dupProgressMinUpdatePeriodMs],
      // The checkpoints, one after the other when a server's counter allows one.
      [2 * table.partitionCount, 'checkpointStartDelayMs', s.checkpointStartDelayMs],
      [table.partitionCount, 'checkpointRetryAfterFlushMs', s.checkpointRetryAfterFlushMs],
      // A storage engine that a failed flush stopped goes on when it is opened again: after the next write, an empty one.
      [slow ? 1 : 0, 'checkpointIntervalMs', s.checkpointIntervalMs],
      [slow ? 2 : 0, 'groupCheckIntervalMs', s.groupCheckIntervalMs],
      [slow ? 2 : 0, 'configSyncIntervalMs', s.configSyncIntervalMs],
      ...storeTerms(here, since),
      [2, 'triggerCheckpointRetryIntervalMs', s.triggerCheckpointRetryIntervalMs],
      [2, 'rpcTimeoutMs', rpcMs],
      WORK,
    ]);
    return;
  }
  const follower = followerTable(state, dup);
  if (follower?.table === undefined || isSpent(follower.cluster, follower.table)) return;
  owe(all, 'dup L1 shipping begins', keyOf(here, table.name), '', Math.max(since, follower.table.createdAtUs), [
    [3, 'duplicationSyncPeriodMs', s.duplicationSyncPeriodMs],
    [1, 'dupSyncTimeoutMs', s.dupSyncTimeoutMs],
    // The primary's download, the secondaries', the role, the ballot: each may be proposed twice.
    [8, 'rpcTimeoutMs', rpcMs],
    [1, 'configSyncIntervalMs', remote.configSyncIntervalMs],
    [1, 'prepareTimeoutMs', remote.prepareTimeoutMs],
    ...storeTerms(here, since),
    WORK,
  ]);
}

const isSpent = (cluster: ClusterState, table: TableState): boolean =>
  Object.values(cluster.partitions).some(
    (part) => part.appId === table.appId && excluded('lost-beyond-repair', excused(part)),
  );

// ---------------------------------------------------------------- L4, L6: what is told, and heeded

/** What was told may be an older version that reads like the newest. */
function readsAlike(dup: DupState, version: number): boolean {
  const one = dup.versions[version];
  const last = versionOf(dup);
  return one !== undefined && one.status === last.status && one.failMode === last.failMode;
}

function told(end: End): void {
  const { state, dup, source, primary, progress, settings: s, all } = end;
  const known = toldOf(state, dup, primary.node);
  const last = progress.values.length - 1;
  const upToDate = isErased(dup)
    ? known === undefined || known.gone
    : known !== undefined &&
      !known.gone &&
      readsAlike(dup, known.version) &&
      known.atUs >= versionOf(dup).atUs &&
      known.values[indexOf(source.gpid)] === last;
  if (upToDate) return;
  const since = isErased(dup)
    ? dup.erasedAtUs
    : Math.max(versionOf(dup).atUs, progress.values[last]?.atUs ?? 0, known?.gone === true ? known.atUs : 0);
  const from = Math.max(since, source.servedFirstUs, state.disturbedAtUs);
  owe(all, 'dup L4 told', keyOf(end, `${source.gpid} at ${primary.node}`), source.gpid, from, [
    [2, 'duplicationSyncPeriodMs', s.duplicationSyncPeriodMs],
    [1, 'dupSyncTimeoutMs', s.dupSyncTimeoutMs],
    [1, 'configSyncIntervalMs', s.configSyncIntervalMs],
    ...storeTerms(end, from),
    WORK,
  ]);
}

/** Without a checkpoint a primary that was told proposes where to begin, and the store holds it. */
function begun(end: End): void {
  const { state, dup, source, primary, progress, duplicator, settings: s, all } = end;
  const known = toldOf(state, dup, primary.node);
  if (dup.full || isErased(dup) || storedOf(progress) >= 0 || known === undefined || known.gone) return;
  if (primary.status !== 'PS_PRIMARY' || duplicator === undefined) return;
  const since = Math.max(duplicator.changedAtUs, source.servesSinceUs, primary.openedAtUs, state.disturbedAtUs);
  owe(all, 'dup L4 begun', keyOf(end, source.gpid), source.gpid, since, [
    [2, 'duplicationSyncPeriodMs', s.duplicationSyncPeriodMs],
    [1, 'dupSyncTimeoutMs', s.dupSyncTimeoutMs],
    ...storeTerms(end, since),
    WORK,
  ]);
}

function pipeline(end: End): void {
  const { state, dup, source, primary, duplicator, settings: s, all } = end;
  const known = toldOf(state, dup, primary.node);
  if (known === undefined || toldStatus(state, dup, primary.node) !== 'DS_LOG' || duplicator?.running === true) return;
  if (primary.status !== 'PS_PRIMARY' || (known.values[indexOf(source.gpid)] ?? 0) === 0) return;
  const since = Math.max(known.sinceUs, source.servesSinceUs, primary.openedAtUs, duplicator?.changedAtUs ?? 0);
  owe(all, 'dup L3 pipeline', keyOf(end, source.gpid), source.gpid, since, [
    [2, 'duplicationSyncPeriodMs', s.duplicationSyncPeriodMs],
    [1, 'dupSyncTimeoutMs', s.dupSyncTimeoutMs],
    WORK,
  ]);
}

function stops(end: End): void {
  const { state, dup, source, primary, duplicator, all } = end;
  const known = toldOf(state, dup, primary.node);
  if (duplicator?.running !== true || known === undefined) return;
  if (toldStatus(state, dup, primary.node) === 'DS_LOG') return;
  owe(all, 'dup L6 stops', keyOf(end, source.gpid), source.gpid, Math.max(known.sinceUs, duplicator.changedAtUs), [WORK]);
}

// ---------------------------------------------------------------- L2, L4, S11: what is shipped

function confirmed(end: End): void {
  const { state, dup, source, primary, progress, duplicator, settings: s, all } = end;
  const known = toldOf(state, dup, primary.node);
  if (isErased(dup) || duplicator === undefined || known === undefined || known.gone) return;
  if (progress.unconfirmed.sinceUs < 0 || duplicator.shipped <= storedOf(progress)) return;
  const since = Math.max(progress.unconfirmed.sinceUs, state.disturbedAtUs, source.servedFirstUs);
  owe(all, 'dup L4 confirmed', keyOf(end, source.gpid), source.gpid, since, [
    [2, 'duplicationSyncPeriodMs', s.duplicationSyncPeriodMs],
    [1, 'dupSyncTimeoutMs', s.dupSyncTimeoutMs],
    [1, 'dupProgressMinUpdatePeriodMs', s.dupProgressMinUpdatePeriodMs],
    ...storeTerms(end, since),
    WORK,
  ]);
}

/** How far a write has to go once it is applied: seen by the loader, read, sent, committed on the follower. */
function shippingTerms(
  { state, settings: s, dup, primary }: End,
  follower: PartitionState,
  backlog: number,
): readonly Term[] {
  const remote = settingsOfCluster(state.config, dup.remote);
  const terms: Term[] = [
    [2, 'dupNoMutationLoadDelayMs', s.dupNoMutationLoadDelayMs],
    [1, 'dupShipRetryMs', s.dupShipRetryMs],
    [1, 'dupWaitConfirmRepeatMs', s.dupWaitConfirmRepeatMs],
    [Math.max(1, backlog), 'record', RECORD_MS],
    WORK,
  ];
  // A request or a route that a fault took, and a file that it hid for a while.
  if (state.lossy)
    terms.push(
      [1, 'dupRequestTimeoutMs', s.dupRequestTimeoutMs],
      [2, 'rpcTimeoutMs', s.rpcTimeoutMs],
      [1, 'prepareTimeoutMs', remote.prepareTimeoutMs],
      [2, 'updateConfigRetryMs', remote.updateConfigRetryMs],
    );
  if (state.nodes[primary.node]?.diskFault === true) terms.push([4, 'dupLoadErrorRepeatMs', s.dupLoadErrorRepeatMs]);
  // A primary takes no write while it believes that a member's disk is bad (repl 1.2); group checks tell it otherwise.
  if (Object.keys(follower.replicas).some((node) => state.nodes[node]?.diskFault === true))
    terms.push(
      [1, 'configSyncIntervalMs', remote.configSyncIntervalMs],
      [2, 'groupCheckIntervalMs', remote.groupCheckIntervalMs],
    );
  return terms;
}

/** A block read behind others' work in the pool for long tasks, a request there and back, a log write on the follower. */
const RECORD_MS = 100;

/** What the loader must read: records behind a decree, each as often as it was proposed again. */
function recordsBehind({ files }: ReplicaState, decree: Decree): number {
  let count = 0;
  for (const { records } of files) for (const record of records) if (record.decree > decree) count++;
  return count;
}

function drained(end: End): void {
  const { state, dup, source, primary, progress, duplicator, all } = end;
  if (statusOf(dup) !== 'DS_LOG' || toldStatus(state, dup, primary.node) !== 'DS_LOG' || duplicator?.running !== true)
    return;
  // With FAIL_SLOW and FAIL_FAST a damaged log stops its partition.
  if (excluded('unreadable-log', primary.damaged || primary.lost)) return;
  const follower = followerPartition(state, dup, indexOf(source.gpid));
  const table = followerTable(state, dup)?.table;
  if (follower === undefined || table?.status !== 'AS_AVAILABLE' || !serves(follower)) return;
  if (excluded('lost-beyond-repair', excused(follower)) || table.partitionCount !== end.table.partitionCount) return;
  const least = settingsOfCluster(state.config, dup.remote).mutation2pcMinReplicaCount;
  if (excluded('too-few-members', table.maxReplicaCount < least)) return;
  if (excluded('throttled-follower', limitsWrites(state.clusters[dup.remote], table, follower))) return;
  const since = Math.max(
    duplicator.changedAtUs,
    progress.values[1]?.seenAtUs ?? Infinity,
    source.servedFirstUs,
    follower.servedFirstUs,
    state.disturbedAtUs,
  );
  if (!Number.isFinite(since)) return;
  const { unshipped, lagFrom } = progress;
  // A pipeline that began since reads from its start on, what the follower has included.
  const readFrom = duplicator.changedAtUs > unshipped.sinceUs ? Math.min(lagFrom, duplicator.start - 1) : lagFrom;
  const backlog = recordsBehind(primary, readFrom);
  if (unshipped.sinceUs >= 0) {
    const from = Math.max(since, unshipped.sinceUs);
    owe(all, 'dup L2 drained', keyOf(end, source.gpid), source.gpid, from, shippingTerms(end, follower, backlog));
  } else if (excluded('at-least-once', differsFromSource(state, dup, source, follower) !== undefined)) {
    const from = Math.max(since, source.committedAtUs, follower.committedAtUs);
    const again = recordsBehind(primary, Math.max(0, storedOf(progress)));
    owe(all, 'dup S11 same rows', keyOf(end, source.gpid), source.gpid, from, shippingTerms(end, follower, again));
  }
}

// ---------------------------------------------------------------- L5: log that is kept

/** Why a log file stays, or how much longer it may take to go: undefined when duplication keeps it. */
export function keptForDuplication(
  state: ModelState,
  cluster: ClusterState,
  part: PartitionState,
  next: LogFile | undefined,
): { readonly sinceUs: number; readonly terms: readonly Term[] } | undefined {
  const s = settingsOfCluster(state.config, cluster.id);
  let sinceUs = -1;
  for (const dup of Object.values(cluster.dups)) {
    if (dup.appId !== part.appId) continue;
    if (isErased(dup)) {
      sinceUs = Math.max(sinceUs, dup.erasedAtUs);
      continue;
    }
    const values = dup.partitions[indexOf(part.gpid)]?.values ?? [];
    // A secondary takes a confirmed decree of 0 for none (repl 2.10).
    const reached = values.find(({ decree }) => decree >= Math.max(1, next?.previousMaxDecree ?? Infinity));
    if (reached === undefined) return undefined;
    sinceUs = Math.max(sinceUs, reached.atUs);
  }
  // Nobody ever duplicated it, or what was to be confirmed is: servers learn of it by syncs and group checks.
  return sinceUs < 0
    ? { sinceUs: 0, terms: [] }
    : {
        sinceUs,
        terms: [
          [2, 'duplicationSyncPeriodMs', s.duplicationSyncPeriodMs],
          [1, 'dupSyncTimeoutMs', s.dupSyncTimeoutMs],
          [2, 'configSyncIntervalMs', s.configSyncIntervalMs],
          [2, 'groupCheckIntervalMs', s.groupCheckIntervalMs],
        ],
      };
}
