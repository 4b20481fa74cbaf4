/**
 * The record of a duplication and its progress, as they become real in the store (dup 2.4, 3.1, 3.3, 4.2, 5.4): only by the
 * steps of the transition table, only because somebody asked or the automatic steps are due, never a transient value.
 */
import type { DuplicationCommand } from '../commands.ts';
import {
  appIdOf,
  dupKey,
  followerPartition,
  followerTable,
  indexOf,
  isErased,
  newDupPartition,
  newVersion,
  setBase,
  statusOf,
  storedOf,
  versionOf,
  type DupPartition,
  type DupState,
} from '../dupState.ts';
import type { ModelEvent } from '../events.ts';
import { excluded } from '../exclusions.ts';
import { bore } from '../tableNames.ts';
import { noteDebt, type CommandState, type ModelState, type PartitionState, type TableState } from '../state.ts';
import type { DuplicationStatus } from '../vocabulary.ts';
import { whyNotReady } from './followerReady.ts';
import { clusterScene, guard, rule, type ClusterScene, type Refusal, type Rule } from './rule.ts';

type EventOf<K extends ModelEvent['kind']> = Extract<ModelEvent, { kind: K }>;
type Stored = EventOf<'dup.stored'>;

/** dup 3.3; what a record never holds (DS_INIT, DS_REMOVED) has no row. */
export const NEXT_DUP_STATUS: Readonly<Record<DuplicationStatus, readonly DuplicationStatus[]>> = {
  DS_INIT: [],
  DS_PREPARE: ['DS_PREPARE', 'DS_APP'],
  DS_APP: ['DS_APP', 'DS_LOG'],
  DS_LOG: ['DS_LOG', 'DS_PAUSE'],
  DS_PAUSE: ['DS_PAUSE', 'DS_LOG'],
  DS_REMOVED: [],
};

// ---------------------------------------------------------------- who asked

type AddDup = Extract<DuplicationCommand, { kind: 'addDup' }>;

/** Commands about a table that may still take effect: not answered, or answered with silence. */
function pending(scene: ClusterScene, table: TableState, kind: DuplicationCommand['kind']): readonly CommandState[] {
  return Object.values(scene.cluster.commands).filter(
    ({ command }) => command.kind === kind && 'table' in command && bore(table, command.table),
  );
}

const asksFor = (command: AddDup, table: TableState, { record }: Stored): boolean =>
  command.remoteCluster === record.remote &&
  (command.remoteTable === '' ? bore(table, record.remoteAppName) : command.remoteTable === record.remoteAppName) &&
  (command.remoteReplicaCount === 0 ? table.maxReplicaCount : command.remoteReplicaCount) ===
    record.remoteReplicaCount &&
  (command.checkpoint ? 'DS_PREPARE' : 'DS_LOG') === record.status;

function adder({ table, ...scene }: StoredScene, e: Stored): CommandState | undefined {
  return pending(scene, table, 'addDup').find(
    ({ command, effects }) => command.kind === 'addDup' && effects === 0 && asksFor(command, table, e),
  );
}

/** Which shell line leads from one status to another. */
function lineFor(from: DuplicationStatus, to: DuplicationStatus): 'startDup' | 'pauseDup' | undefined {
  if (to === 'DS_LOG') return from === 'DS_APP' || from === 'DS_PAUSE' ? 'startDup' : undefined;
  return from === 'DS_LOG' && to === 'DS_PAUSE' ? 'pauseDup' : undefined;
}

function modifier({ table, ...scene }: StoredScene, kind: DuplicationCommand['kind'], e: { dupId: number }): CommandState | undefined {
  // A command is sent at most twice, so it has at most two effects.
  return pending(scene, table, kind).find(
    ({ command, effects }) => 'dupId' in command && command.dupId === e.dupId && effects < 2,
  );
}

/** Several may be under way at once, for different modes. */
function failModeSetter({ table, ...scene }: StoredScene, { dupId, record }: Stored): CommandState | undefined {
  return pending(scene, table, 'setDupFailMode').find(
    ({ command, effects }) =>
      command.kind === 'setDupFailMode' && command.dupId === dupId && command.failMode === record.failMode && effects < 2,
  );
}

// ---------------------------------------------------------------- what must be there before

interface StoredScene extends ClusterScene {
  readonly table: TableState;
  readonly dup: DupState | undefined;
}

function storedScene(state: ModelState, e: Stored | EventOf<'dup.erased'>): StoredScene | string {
  const scene = clusterScene(state, e);
  if (typeof scene === 'string') return scene;
  const table = scene.cluster.tables[e.appId];
  if (table === undefined) return `table ${e.appId} of duplication ${e.dupId}`;
  return { ...scene, table, dup: scene.cluster.dups[dupKey(e.appId, e.dupId)] };
}

const MASTER_NAME = 'duplication.master_app_name';

/** PREPARE to APP: the follower table was created as asked, and every partition has its checkpoint (dup 4.2, 5.2). */
function notCreated({ state, cluster, table }: StoredScene, dup: DupState): Refusal | undefined {
  const found = followerTable(state, dup);
  const asks = (found?.cluster.asks ?? []).filter(
    ({ master, name, envs }) =>
      master === cluster.id && name === dup.remoteAppName && envs['duplication.master_dup_id'] === `${dup.dupId}`,
  );
  if (found === undefined || asks.length === 0)
    return [`${dup.remote} to be asked for ${dup.remoteAppName} first`, 'it was not'];
  const { table: follower } = found;
  if (follower === undefined) return [`a table ${dup.remoteAppName} in ${dup.remote}`, 'none'];
  if (follower.partitionCount !== table.partitionCount || follower.maxReplicaCount !== dup.remoteReplicaCount)
    return [
      `${table.partitionCount} x ${dup.remoteReplicaCount}`,
      `${follower.partitionCount} x ${follower.maxReplicaCount}`,
    ];
  // It has those of the request that made it; one that is repeated tells where the master is found by now (dup 5.3), and it has
  // an operator of its own.
  const isTold = (key: string): boolean => asks.some(({ envs }) => envs[key] === follower.envs[key]);
  const isSet = (key: string): boolean =>
    Object.values(found.cluster.commands).some(({ command }) => command.kind === 'setEnvs' && command.envs[key] === follower.envs[key]);
  const wrong = asks.map(({ envs }) =>
    Object.entries(envs).find(([key, value]) => {
      if (key === 'duplication.follower_app_status' || follower.envs[key] === value) return false;
      return key === MASTER_NAME ? !isTold(key) : key.startsWith('duplication.') || !isSet(key);
    }),
  );
  const [first] = wrong;
  return first === undefined || wrong.includes(undefined) ? undefined : [`env ${first[0]}=${first[1]}`, follower.envs[first[0]] ?? 'none'];
}

/** APP to LOG: the follower table is marked, its partitions have members, and hold what the log begins behind (dup 5.4). */
function notReady({ state, table }: StoredScene, dup: DupState): Refusal | undefined {
  if (dup.foundReady && !state.calm) return undefined;
  const mark = followerTable(state, dup)?.table?.envs['duplication.follower_app_status'];
  if (mark !== undefined && mark !== 'created') return ['the follower table to be marked created', mark];
  return whyNotReady(state, table, dup);
}

const isCreation = ({ dup }: StoredScene): boolean => dup === undefined || isErased(dup);

function changeWithoutCause(scene: StoredScene, e: Stored): Refusal | undefined {
  const { dup } = scene;
  if (dup === undefined || isCreation(scene)) return undefined;
  const from = statusOf(dup);
  const to = e.record.status;
  if (from === to) return undefined;
  const line = lineFor(from, to);
  const asked = line !== undefined && modifier(scene, line, e) !== undefined;
  if (excluded('operator-start', asked)) return undefined;
  if (from === 'DS_PREPARE' && to === 'DS_APP') return undefined; // its own guards
  if (from === 'DS_APP' && to === 'DS_LOG') return notReady(scene, dup);
  return [`${from} until somebody asks (${line ?? 'nobody can'})`, to];
}

function rival(scene: StoredScene, e: Stored): Refusal | undefined {
  if (!isCreation(scene)) return undefined;
  const { cluster } = scene;
  for (const other of Object.values(cluster.dups)) {
    if (isErased(other) || (cluster.tables[other.appId]?.droppedAtUs ?? 0) >= 0) continue;
    if (other.appId === e.appId && other.remote === e.record.remote)
      return [`duplication ${other.dupId} alone to go to ${other.remote}`, `${e.dupId}`];
    if (
      other.appId !== e.appId &&
      other.remote === e.record.remote &&
      other.remoteAppName === e.record.remoteAppName
    )
      return [`table ${other.appId} alone to feed ${other.remote}/${other.remoteAppName}`, `table ${e.appId}`];
  }
  return undefined;
}

function constantsMoved({ dup }: StoredScene, { record }: Stored): Refusal | undefined {
  if (dup === undefined || isErased(dup)) return undefined;
  const before = `${dup.remote}/${dup.remoteAppName} x ${dup.remoteReplicaCount} of ${dup.createTimestampMs}`;
  const now = `${record.remote}/${record.remoteAppName} x ${record.remoteReplicaCount} of ${record.createTimestampMs}`;
  return before === now ? undefined : [before, now];
}

// ---------------------------------------------------------------- dup.stored, dup.erased

export const dupStored: Rule<Stored> = rule(
  storedScene,
  [
    guard('dup/record-holds-no-transient-status', 'dup.S1', (_: StoredScene, { record }: Stored) =>
      NEXT_DUP_STATUS[record.status].length > 0
        ? undefined
        : ['DS_PREPARE, DS_APP, DS_LOG or DS_PAUSE', record.status],
    ),
    guard('dup/id-is-new', 'dup.S16', ({ dup }: StoredScene, e: Stored) =>
      e.dupId >= 1 && (dup === undefined || !isErased(dup))
        ? undefined
        : ['an id from 1 that no duplication of the table ever had', `${e.dupId}`],
    ),
    guard('dup/created-as-asked', 'dup.S13', (scene: StoredScene, e: Stored) =>
      !isCreation(scene) || (e.record.failMode === 'FAIL_SLOW' && adder(scene, e) !== undefined)
        ? undefined
        : [
            'a duplication that somebody asked for, with FAIL_SLOW',
            `${e.record.remote}/${e.record.remoteAppName} x ${e.record.remoteReplicaCount} ${e.record.status} ${e.record.failMode}`,
          ],
    ),
    guard('dup/one-to-a-cluster', 'dup.S13', rival),
    guard('dup/constants-stay', 'S7', constantsMoved),
    guard('dup/status-change', 'dup.S1', (scene: StoredScene, { record }: Stored) => {
      if (scene.dup === undefined || isCreation(scene)) return undefined;
      const allowed = NEXT_DUP_STATUS[statusOf(scene.dup)];
      return allowed.includes(record.status) ? undefined : [`one of ${allowed.join(', ')}`, record.status];
    }),
    guard('dup/app-needs-prepared-checkpoints', 'dup.S15', ({ dup }: StoredScene, { record }: Stored) => {
      if (dup === undefined || statusOf(dup) !== 'DS_PREPARE' || record.status !== 'DS_APP') return undefined;
      const missing = Object.keys(dup.partitions).find(
        (index) => dup.partitions[Number(index)]?.prepared !== true || storedOf(dup.partitions[Number(index)]) < 1,
      );
      return missing === undefined
        ? undefined
        : ['a stored decree and a prepared checkpoint of every partition', `none of partition ${missing}`];
    }),
    guard('dup/app-needs-the-follower-table', 'S8', (scene: StoredScene, { record }: Stored) =>
      scene.dup !== undefined && statusOf(scene.dup) === 'DS_PREPARE' && record.status === 'DS_APP'
        ? notCreated(scene, scene.dup)
        : undefined,
    ),
    guard('dup/change-has-a-cause', 'dup.S1', changeWithoutCause),
    guard('dup/fail-mode-as-asked', 'dup.S1', (scene: StoredScene, e: Stored) => {
      const { dup } = scene;
      if (dup === undefined || isErased(dup) || versionOf(dup).failMode === e.record.failMode) return undefined;
      return failModeSetter(scene, e) !== undefined
        ? undefined
        : [`${versionOf(dup).failMode} until somebody asks`, e.record.failMode];
    }),
  ],
  (scene, e) => {
    const { state, cluster, table } = scene;
    const { record, atUs, appId, dupId } = e;
    if (isCreation(scene)) {
      const by = adder(scene, e);
      if (by !== undefined) by.effects++;
      cluster.dups[dupKey(appId, dupId)] = created(scene, e);
      return;
    }
    const { dup } = scene;
    if (dup === undefined) return;
    const before = versionOf(dup);
    if (before.status === record.status && before.failMode === record.failMode) return;
    const line = lineFor(before.status, record.status);
    const by =
      before.failMode !== record.failMode
        ? failModeSetter(scene, e)
        : line === undefined
          ? undefined
          : modifier(scene, line, e);
    if (by !== undefined) by.effects++;
    dup.versions.push(newVersion(record.status, record.failMode, atUs));
    if (record.status !== 'DS_LOG' || !dup.full) return;
    for (let index = 0; index < table.partitionCount; index++) {
      const adopted = Object.values(followerPartition(state, dup, index)?.adopted ?? {})[0];
      const source = cluster.partitions[`${appId}.${index}`];
      if (adopted !== undefined && source !== undefined) setBase(state, cluster, dup, source, adopted, atUs);
    }
  },
);

function created({ cluster, table }: StoredScene, { record, atUs, appId, dupId }: Stored): DupState {
  const partitions: Record<number, DupPartition> = {};
  for (let index = 0; index < table.partitionCount; index++) {
    const part = cluster.partitions[`${appId}.${index}`];
    const primary = part?.replicas[part.configs[part.ballot]?.primary ?? ''];
    partitions[index] = newDupPartition(primary?.applied ?? 0, atUs);
  }
  return {
    appId,
    dupId,
    full: record.status === 'DS_PREPARE',
    remote: record.remote,
    remoteAppName: record.remoteAppName,
    remoteReplicaCount: record.remoteReplicaCount,
    createTimestampMs: record.createTimestampMs,
    erasedAtUs: -1,
    versions: [newVersion(record.status, record.failMode, atUs)],
    partitions,
    told: {},
    duplicators: {},
    guarded: {},
    foundReady: false,
  };
}

export const dupErased: Rule<EventOf<'dup.erased'>> = rule(
  storedScene,
  [
    guard('dup/erased-once', 'dup.S17', ({ dup }: StoredScene, e: EventOf<'dup.erased'>) =>
      dup !== undefined && !isErased(dup) ? undefined : [`a duplication ${e.dupId} in the store`, 'none'],
    ),
    guard('dup/erased-as-asked', 'dup.S17', (scene: StoredScene, e: EventOf<'dup.erased'>) =>
      modifier(scene, 'removeDup', e) !== undefined
        ? undefined
        : ['a removal that somebody asked for', `duplication ${e.dupId} is gone`],
    ),
  ],
  (scene, e) => {
    const by = modifier(scene, 'removeDup', e);
    if (by !== undefined) by.effects++;
    if (scene.dup !== undefined) scene.dup.erasedAtUs = e.atUs;
  },
);

// ---------------------------------------------------------------- dup.progress-stored

interface ProgressScene extends ClusterScene {
  readonly dup: DupState;
  readonly progress: DupPartition;
  readonly source: PartitionState;
}

function progressScene(state: ModelState, e: EventOf<'dup.progress-stored'>): ProgressScene | string {
  const scene = clusterScene(state, e);
  if (typeof scene === 'string') return scene;
  const dup = scene.cluster.dups[dupKey(e.appId, e.dupId)];
  const progress = appIdOf(e.gpid) === e.appId ? dup?.partitions[indexOf(e.gpid)] : undefined;
  const source = scene.cluster.partitions[e.gpid];
  if (dup === undefined || progress === undefined || source === undefined)
    return `partition ${e.gpid} of duplication ${e.dupId}`;
  return { ...scene, dup, progress, source };
}

type ProgressStored = EventOf<'dup.progress-stored'>;

/** Everything from the base to the confirmed decree is committed on the follower (S3); before DS_LOG nothing is shipped. */
function notArrived({ dup, progress, source }: ProgressScene, e: ProgressStored): Refusal | undefined {
  const shipping = statusOf(dup) === 'DS_LOG' || statusOf(dup) === 'DS_PAUSE';
  if (!shipping || e.confirmed <= storedOf(progress) || e.confirmed <= progress.arrived) return undefined;
  if (progress.base >= 0)
    return [
      `at most ${progress.arrived}: decree ${progress.arrived + 1} of ${source.gpid} is not on the follower`,
      `${e.confirmed}`,
    ];
  // Nothing was shipped yet: this is where it begins, what a duplicator had applied when it was built.
  return excluded('log-only-start', !dup.full) || excluded('operator-start', dup.full)
    ? undefined
    : ['a start', `${e.confirmed}`];
}

export const dupProgressStored: Rule<ProgressStored> = rule(
  progressScene,
  [
    guard('dup/progress-of-a-living-one', 'dup.S17', ({ dup }: ProgressScene, e: ProgressStored) =>
      isErased(dup) ? [`nothing of duplication ${e.dupId}, which was removed`, `progress ${e.confirmed}`] : undefined,
    ),
    guard('dup/progress-never-goes-back', 'dup.S3', ({ progress }: ProgressScene, e: ProgressStored) =>
      e.confirmed >= storedOf(progress) ? undefined : [`a decree from ${storedOf(progress)}`, `${e.confirmed}`],
    ),
    guard('dup/progress-was-reported', 'dup.S3', ({ progress }: ProgressScene, e: ProgressStored) =>
      e.confirmed <= progress.reported
        ? undefined
        : [`at most ${progress.reported}, what was reported`, `${e.confirmed}`],
    ),
    guard('dup/progress-is-on-the-follower', 'S3', notArrived),
  ],
  ({ state, cluster, dup, progress, source }, { confirmed, atUs }) => {
    if (!dup.full && progress.base < 0)
      setBase(state, cluster, dup, source, confirmed, atUs);
    if (confirmed > storedOf(progress)) progress.values.push({ decree: confirmed, atUs, seenAtUs: -1 });
    noteDebt(progress.unconfirmed, confirmed, progress.shipped, atUs);
  },
);

