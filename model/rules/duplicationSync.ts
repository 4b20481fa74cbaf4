/**
 * What meta servers tell replica servers of duplications, what those report, and what a follower's meta server is asked for
 * (dup 4, 5.2): only what the store holds, never less than before, and nothing that is not so.
 */
import {
  appIdOf,
  clusterNameOf,
  dupKey,
  duplicatorKey,
  indexOf,
  isErased,
  statusOf,
  storedOf,
  toldOf,
  versionOf,
  type DupPartition,
  type DupState,
  type DupTold,
} from '../dupState.ts';
import type { ModelEvent } from '../events.ts';
import { durableOf, type ClusterState, type ModelState, type TableState } from '../state.ts';
import { bore } from '../tableNames.ts';
import { settingsOfCluster } from '../config.ts';
import type { NodeId } from '../vocabulary.ts';
import { dropDuplicators, noteDuplicators, noteGuarded, TASKS_US } from './duplicators.ts';
import { whyNotReady } from './followerReady.ts';
import { clusterScene, guard, replicaScene, rule, type ClusterScene, type Refusal, type ReplicaScene, type Rule } from './rule.ts';

type EventOf<K extends ModelEvent['kind']> = Extract<ModelEvent, { kind: K }>;

interface DupScene extends ClusterScene {
  readonly dup: DupState;
}

function dupScene(state: ModelState, e: { readonly cluster: string; readonly appId: number; readonly dupId: number }): DupScene | string {
  const scene = clusterScene(state, e);
  if (typeof scene === 'string') return scene;
  const dup = scene.cluster.dups[dupKey(e.appId, e.dupId)];
  return dup === undefined ? `duplication ${e.dupId} of table ${e.appId}` : { ...scene, dup };
}

// ---------------------------------------------------------------- dup.told

type Told = EventOf<'dup.told'>;

/** The oldest version from `first` on that reads so; -1 none. */
function versionTold({ versions }: DupState, e: Told, first: number): number {
  return versions.findIndex(
    ({ status, failMode }, i) => i >= first && status === e.status && failMode === e.failMode,
  );
}

/** The first version, or value, that an answer may still tell: none that was seen to be over at an earlier one. */
const firstVersion = (told: DupTold | undefined): number => told?.version ?? 0;
const firstValue = (told: DupTold | undefined, index: number): number => told?.values[index] ?? 0;

/** Progress that was surpassed before the answer can have left. */
function oldProgress(dup: DupState, e: Told, untilUs: number): Refusal | undefined {
  for (const [index, decree] of Object.entries(e.progress)) {
    const values = dup.partitions[Number(index)]?.values ?? [];
    const next = values[values.findIndex((value) => value.decree === decree) + 1];
    if (next !== undefined && next.decree > decree && next.atUs < untilUs)
      return [`${next.decree} of partition ${index}`, `${decree}, which was over long before`];
  }
  return undefined;
}

/** An answer may have been on its way that long. */
const onTheWayUs = (state: ModelState, cluster: string): number =>
  settingsOfCluster(state.config, cluster).dupSyncTimeoutMs * 1000 + TASKS_US;

export const dupTold: Rule<Told> = rule(
  dupScene,
  [
    guard('dup/told-what-is-stored', 'dup.S1', ({ state, dup }: DupScene, e: Told) => {
      const first = firstVersion(toldOf(state, dup, e.node));
      if (versionTold(dup, e, first) >= 0) return undefined;
      const known = dup.versions.slice(first).map(({ status, failMode }) => `${status} ${failMode}`);
      return [`one of ${known.join(', ')}`, `${e.status} ${e.failMode}`];
    }),
    guard('dup/told-nothing-old', 'dup.L6', ({ state, cluster, dup }: DupScene, e: Told) => {
      if (!state.calm) return undefined;
      const until = e.atUs - onTheWayUs(state, cluster.id);
      if (isErased(dup) && dup.erasedAtUs < until) return ['nothing of a removed duplication', e.status];
      const version = dup.versions.findLastIndex((one) => one.status === e.status && one.failMode === e.failMode);
      const over = dup.versions[version + 1]?.atUs ?? Infinity;
      return over >= until
        ? oldProgress(dup, e, until)
        : [versionOf(dup).status, `${e.status}, which was over long before`];
    }),
    guard('dup/told-stored-progress', 'dup.S4', ({ state, dup }: DupScene, e: Told) => {
      const told = toldOf(state, dup, e.node);
      for (const [index, decree] of Object.entries(e.progress)) {
        const values = dup.partitions[Number(index)]?.values ?? [];
        const first = firstValue(told, Number(index));
        if (!values.some((value, i) => i >= first && value.decree === decree))
          return [
            `one of ${values.slice(first).map((value) => value.decree).join(', ')} of partition ${index}`,
            `${decree}`,
          ];
      }
      return undefined;
    }),
    guard('dup/told-of-every-partition', 'dup.S4', ({ dup }: DupScene, e: Told) => {
      const missing = Object.keys(dup.partitions).find((index) => e.progress[Number(index)] === undefined);
      return missing === undefined ? undefined : ['the progress of every partition', `none of ${missing}`];
    }),
  ],
  ({ state, cluster, dup }, e) => {
    const before = toldOf(state, dup, e.node);
    const version = versionTold(dup, e, firstVersion(before));
    const values: Record<number, number> = {};
    for (const [index, decree] of Object.entries(e.progress)) {
      const all = dup.partitions[Number(index)]?.values ?? [];
      const at = all.findIndex((value, i) => i >= firstValue(before, Number(index)) && value.decree === decree);
      values[Number(index)] = at;
      const value = all[at];
      if (value !== undefined && value.seenAtUs < 0) value.seenAtUs = e.atUs;
    }
    const seen = dup.versions[version];
    if (seen !== undefined && seen.seenAtUs < 0) seen.seenAtUs = e.atUs;
    const unchanged =
      before !== undefined && !before.gone && dup.versions[before.version]?.status === dup.versions[version]?.status;
    dup.told[e.node] = {
      incarnation: state.nodes[e.node]?.incarnation ?? 0,
      atUs: e.atUs,
      version,
      sinceUs: unchanged ? before.sinceUs : e.atUs,
      values,
      gone: false,
    };
    dropDuplicators(cluster, dup, e.node, ({ status }) => status !== 'PS_PRIMARY');
    noteDuplicators(state, cluster, dup, e);
    noteGuarded(state, cluster, dup, e.atUs);
  },
);

// ---------------------------------------------------------------- dup.synced

type Synced = EventOf<'dup.synced'>;

/** A duplication that the answer must list: the meta server has known it for longer than an answer can be on its way. */
function isMissing({ state, cluster }: ClusterScene, e: Synced): Refusal | undefined {
  const paused = state.nodes[e.node]?.paused === true;
  // Whose process was paused takes an answer in that was written before the pause.
  const until = Math.min(e.atUs - onTheWayUs(state, cluster.id), paused ? state.disturbedAtUs : Infinity);
  for (const dup of Object.values(cluster.dups)) {
    const table = cluster.tables[dup.appId];
    const seen = dup.versions.find(({ seenAtUs }) => seenAtUs >= 0)?.seenAtUs ?? Infinity;
    if (isErased(dup) || table?.status !== 'AS_AVAILABLE' || seen >= until) continue;
    if (e.dups.some(({ appId, dupId }) => appId === dup.appId && dupId === dup.dupId)) continue;
    const removal = Object.values(cluster.commands).some(
      ({ command }) =>
        (command.kind === 'removeDup' && command.dupId === dup.dupId) ||
        (command.kind === 'dropTable' && bore(table, command.name)),
    );
    const isPrimary = Object.values(cluster.partitions).some(
      (part) =>
        part.appId === dup.appId &&
        part.configs[part.ballot]?.primary === e.node &&
        part.servedFirstUs >= 0 &&
        part.servedFirstUs < until,
    );
    if (isPrimary && !removal) return [`duplication ${dup.dupId} of ${table.name} in the answer`, 'it is missing'];
  }
  return undefined;
}

export const dupSynced: Rule<Synced> = rule<ClusterScene, Synced>(
  clusterScene,
  [
    guard('dup/synced-lists-what-was-told', 'dup.S1', ({ state, cluster }: ClusterScene, e: Synced) => {
      const odd = e.dups.find(({ appId, dupId }) => {
        const dup = cluster.dups[dupKey(appId, dupId)];
        return dup === undefined || toldOf(state, dup, e.node)?.atUs !== e.atUs;
      });
      return odd === undefined ? undefined : ['only what it has told', `duplication ${odd.dupId} of ${odd.appId}`];
    }),
    guard('dup/synced-completely', 'dup.S17', isMissing),
  ],
  ({ state, cluster }, e) => {
    for (const dup of Object.values(cluster.dups)) {
      const told = toldOf(state, dup, e.node);
      if (told === undefined || told.gone || told.atUs === e.atUs) continue;
      const listed = e.dups.some(({ appId, dupId }) => appId === dup.appId && dupId === dup.dupId);
      if (listed) continue;
      dup.told[e.node] = { ...told, gone: true, atUs: e.atUs, sinceUs: e.atUs };
      dropDuplicators(cluster, dup, e.node, () => true);
    }
  },
);

// ---------------------------------------------------------------- dup.reported

type Reported = EventOf<'dup.reported'>;

interface ReportScene extends ReplicaScene {
  readonly dup: DupState;
  readonly progress: DupPartition;
}

function reportScene(state: ModelState, e: Reported): ReportScene | string {
  const scene = replicaScene(state, e);
  if (typeof scene === 'string') return scene;
  const dup = scene.cluster.dups[dupKey(appIdOf(e.gpid), e.dupId)];
  const progress = dup?.partitions[indexOf(e.gpid)];
  return dup === undefined || progress === undefined
    ? `duplication ${e.dupId} of ${e.gpid}`
    : { ...scene, dup, progress };
}

/** The progress that the reporter was last told. */
function toldProgress({ state, dup, progress }: ReportScene, node: NodeId, index: number): number {
  const told = toldOf(state, dup, node);
  return progress.values[told?.values[index] ?? 0]?.decree ?? -1;
}

export const dupReported: Rule<Reported> = rule(
  reportScene,
  [
    guard('dup/report-after-told', 'dup.S5', ({ state, dup }: ReportScene, e: Reported) => {
      const told = toldOf(state, dup, e.node);
      if (told === undefined) return ['a server that was told of the duplication', 'nobody told it'];
      return told.gone && state.calm && told.atUs + TASKS_US < e.atUs
        ? ['nothing of a duplication that the last answer did not list', `confirmed ${e.confirmed}`]
        : undefined;
    }),
    guard('dup/report-by-the-primary', 'dup.S5', ({ replica }: ReportScene, _: Reported) =>
      replica.open && replica.status === 'PS_PRIMARY' ? undefined : ['PS_PRIMARY', replica.status],
    ),
    guard('dup/report-never-below-told', 'dup.S5', (scene: ReportScene, e: Reported) => {
      const least = toldProgress(scene, e.node, indexOf(e.gpid));
      return e.confirmed >= least ? undefined : [`at least ${least}, what it was told`, `${e.confirmed}`];
    }),
    guard('dup/report-was-committed', 'dup.S6', ({ replica }: ReportScene, e: Reported) =>
      e.confirmed <= Math.max(replica.committed, 1) && e.lastCommitted <= replica.committed
        ? undefined
        : [`at most ${replica.committed}`, `confirmed ${e.confirmed}, committed ${e.lastCommitted}`],
    ),
    guard('dup/report-was-shipped', 'dup.S10', (scene: ReportScene, e: Reported) => {
      const duplicator = scene.dup.duplicators[duplicatorKey(e.gpid, e.node)];
      if (duplicator === undefined) return undefined;
      const built = duplicator.start < 0 ? duplicator.builtAt : duplicator.start - 1;
      const most = Math.max(duplicator.shipped, built, toldProgress(scene, e.node, indexOf(e.gpid)));
      return e.confirmed <= most ? undefined : [`at most ${most}, what was shipped`, `${e.confirmed}`];
    }),
    guard('dup/report-prepared-truly', 'dup.S15', ({ dup, progress, replica }: ReportScene, e: Reported) => {
      if (!e.prepared) return undefined;
      const told = dup.duplicators[duplicatorKey(e.gpid, e.node)];
      const applied = told?.incarnation === replica.incarnation ? told.appliedWhenTold : 0;
      // What is stored rises once the log is shipped; the checkpoint that was needed stays the one from before.
      const stored = (told?.start ?? -1) < 0 ? storedOf(progress) : 0;
      const least = Math.max(applied, 1, stored);
      return durableOf(replica) >= least
        ? undefined
        : [`a checkpoint of decree ${least} or more`, `prepared with checkpoint ${durableOf(replica)}`];
    }),
  ],
  ({ progress }, e) => {
    if (e.confirmed > progress.reported) progress.reported = e.confirmed;
    if (e.prepared) progress.prepared = true;
  },
);

// ---------------------------------------------------------------- follower.asked

type Asked = EventOf<'follower.asked'>;

interface AskScene extends ClusterScene {
  readonly follower: ClusterState;
  readonly dup: DupState;
}

function askScene(state: ModelState, e: Asked): AskScene | string {
  const scene = clusterScene(state, e);
  if (typeof scene === 'string') return scene;
  const follower = state.clusters[clusterNameOf(e.to)];
  if (follower === undefined) return `cluster of ${e.to}`;
  const dup = Object.values(scene.cluster.dups).findLast(
    (one) =>
      one.remote === follower.id &&
      one.remoteAppName === e.name &&
      (e.envs['duplication.master_dup_id'] === undefined || e.envs['duplication.master_dup_id'] === `${one.dupId}`),
  );
  return dup === undefined ? `a duplication to ${follower.id}/${e.name}` : { ...scene, follower, dup };
}

/** Its name, or one that it bore before: who asks may not know the newest yet. */
function masterName(table: TableState | undefined, { envs }: Asked): string {
  const told = envs['duplication.master_app_name'] ?? '';
  return table !== undefined && bore(table, told) ? told : (table?.name ?? '');
}

/** What the envs must say (dup 2.6, and the dupid beside it), over those of the master's table. */
function wrongEnvs({ cluster, dup }: AskScene, e: Asked): Refusal | undefined {
  const table = cluster.tables[dup.appId];
  const changing = Object.values(cluster.commands).some(
    ({ command }) => command.kind === 'setEnvs' || command.kind === 'manualCompact',
  );
  const wanted: Record<string, string> = {
    ...(changing ? {} : table?.envs),
    'duplication.master_cluster': cluster.id,
    'duplication.master_app_name': masterName(table, e),
    'duplication.master_app_id': `${dup.appId}`,
    'duplication.master_dup_id': `${dup.dupId}`,
    [MARK]: e.envs[MARK] ?? 'none',
    [METAS]: e.envs[METAS] ?? 'none',
  };
  for (const [key, value] of Object.entries(wanted))
    if (e.envs[key] !== value) return [`${key}=${value}`, e.envs[key] ?? 'none'];
  const metas = e.envs[METAS] ?? '';
  return metas.split(',').every((meta) => meta.startsWith(`${cluster.id}/`))
    ? undefined
    : [`meta servers of ${cluster.id}`, metas];
}

const METAS = 'duplication.master_metas';
const MARK = 'duplication.follower_app_status';
const MARKS: Readonly<Record<string, string>> = { DS_PREPARE: 'creating', DS_APP: 'created' };

export const followerAsked: Rule<Asked> = rule(
  askScene,
  [
    guard('dup/asked-in-its-status', 'dup.L1', ({ state, dup }: AskScene, e: Asked) => {
      const last = dup.versions.length - 1;
      // What the store holds by now, or the version before while the meta server waits for the store's answer.
      const recent = isErased(dup) || !state.calm || (dup.versions[last]?.atUs ?? 0) + TASKS_US >= e.atUs;
      const before = dup.versions[last - 1]?.status;
      const marks = [MARKS[versionOf(dup).status], recent && before !== undefined ? MARKS[before] : undefined];
      const mark = e.envs[MARK];
      if (isErased(dup) && state.calm && dup.erasedAtUs + TASKS_US < e.atUs)
        return ['nothing for a removed duplication', mark ?? 'none'];
      return mark !== undefined && marks.includes(mark)
        ? undefined
        : [`${marks[0] ?? 'no request'} in ${statusOf(dup)}`, mark ?? 'none'];
    }),
    guard('dup/asked-when-prepared', 'dup.S15', ({ dup }: AskScene, e: Asked) => {
      if (e.envs[MARK] !== 'creating') return undefined;
      const missing = Object.keys(dup.partitions).find((index) => dup.partitions[Number(index)]?.prepared !== true);
      return missing === undefined
        ? undefined
        : ['every partition to have its checkpoint', `partition ${missing} did not report one`];
    }),
    guard('dup/asked-for-such-a-table', 'S8', ({ cluster, dup }: AskScene, e: Asked) => {
      const count = cluster.tables[dup.appId]?.partitionCount ?? 0;
      return e.partitionCount === count && e.replicaCount === dup.remoteReplicaCount
        ? undefined
        : [`${count} x ${dup.remoteReplicaCount}`, `${e.partitionCount} x ${e.replicaCount}`];
    }),
    guard('dup/asked-with-its-envs', 'S8', wrongEnvs),
  ],
  ({ state, cluster, follower, dup }, e) => {
    const { name, partitionCount, replicaCount, envs } = e;
    const table = cluster.tables[dup.appId];
    if (envs[MARK] === 'created' && table !== undefined && whyNotReady(state, table, dup) === undefined) dup.foundReady = true;
    const known = follower.asks.some(
      (ask) => ask.name === name && Object.keys(envs).every((key) => ask.envs[key] === envs[key]),
    );
    if (!known) follower.asks.push({ master: cluster.id, name, partitionCount, replicaCount, envs: { ...envs } });
  },
);

/** Why a follower table may be as it is: the creation request, when one asked for exactly this. */
export function askedFor(
  cluster: ClusterState,
  name: string,
  fits: (ask: ClusterState['asks'][number]) => boolean,
): boolean {
  return cluster.asks.some((ask) => ask.name === name && fits(ask));
}
