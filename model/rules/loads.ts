/**
 * The record of a table's load in the store (bl 4, 6.1, 8.3, 11, 17.6): it is made by a start that somebody asked for, takes
 * the steps of the table and no others, each for its cause, and goes when somebody asks or the table does.
 */
import type { Command } from '../commands.ts';
import { settingsOfCluster } from '../config.ts';
import { excluded } from '../exclusions.ts';
import { allowsIngestBehind } from '../ingestions.ts';
import { allPartitions, isContradictory, wasMoved } from '../loadLegality.ts';
import type { LoadErased, LoadStored } from '../loadEvents.ts';
import { areFilesGood, infoDiffers } from '../loadFiles.ts';
import { isErased, isKnown, isTerminal, newLoad, type LoadControl, type LoadState } from '../loadState.ts';
import { lagUsOf } from '../loadWords.ts';
import { bore, drops, isLive } from '../tableNames.ts';
import type { ClusterState, CommandState, ModelState, TableState } from '../state.ts';
import type { BulkLoadStatus } from '../vocabulary.ts';
import { clusterScene, guard, rule, type ClusterScene, type Refusal, type Rule } from './rule.ts';

export interface LoadScene extends ClusterScene {
  readonly table: TableState;
  /** That stands in the store. */
  readonly load: LoadState | undefined;
  /** The last one, also when it was removed. */
  readonly last: LoadState | undefined;
}

export function loadScene(state: ModelState, e: { readonly cluster: string; readonly appId: number }): LoadScene | string {
  const scene = clusterScene(state, e);
  if (typeof scene === 'string') return scene;
  const table = scene.cluster.tables[e.appId];
  if (table === undefined) return `table ${e.appId}`;
  const last = scene.cluster.loads[e.appId];
  return { ...scene, table, load: last === undefined || isErased(last) ? undefined : last, last };
}

// ---------------------------------------------------------------- who asked

/** Commands about loads of a table that may still take effect. */
export function pendingLoadCommands(scene: ClusterScene, table: TableState, kind: Command['kind']): readonly CommandState[] {
  // A command is sent at most twice, so it has at most two effects.
  return Object.values(scene.cluster.commands).filter(
    ({ command, effects }) => command.kind === kind && 'table' in command && bore(table, command.table) && effects < 2,
  );
}

function starter({ table, ...scene }: LoadScene, { record }: LoadStored): CommandState | undefined {
  return pendingLoadCommands(scene, table, 'startBulkLoad').find(
    ({ command }) =>
      command.kind === 'startBulkLoad' &&
      command.clusterName === record.clusterName &&
      command.provider === record.providerName &&
      command.root === record.remoteRootPath &&
      command.ingestBehind === record.ingestBehind,
  );
}

/** What an operator's line asks of a load. */
export function controlOf(command: Command): LoadControl | undefined {
  switch (command.kind) {
    case 'pauseBulkLoad':
      return 'pause';
    case 'restartBulkLoad':
      return 'restart';
    case 'cancelBulkLoad':
      return command.forced ? 'force' : 'cancel';
    default:
      return undefined;
  }
}

function controller({ cluster, table }: LoadScene, control: LoadControl): CommandState | undefined {
  return Object.values(cluster.commands).find(
    ({ command, effects }) =>
      controlOf(command) === control && 'table' in command && bore(table, command.table) && effects < 2,
  );
}

export const isAsked = (scene: LoadScene, control: LoadControl): boolean =>
  scene.load?.granted.includes(control) === true || controller(scene, control) !== undefined;

/** The controls that lead from one status to another. */
export function controlsFor(from: BulkLoadStatus, to: BulkLoadStatus): readonly LoadControl[] {
  if (to === 'BLS_PAUSING') return from === 'BLS_DOWNLOADING' ? ['pause'] : [];
  if (to === 'BLS_DOWNLOADING') return from === 'BLS_PAUSED' ? ['restart'] : [];
  if (to !== 'BLS_CANCELED') return [];
  return from === 'BLS_DOWNLOADING' || from === 'BLS_PAUSED' ? ['cancel', 'force'] : ['force'];
}

// ---------------------------------------------------------------- the steps

/** bl 8.3; an end is left by force cancel alone. */
export const NEXT_LOAD_STATUS: Readonly<Record<BulkLoadStatus, readonly BulkLoadStatus[]>> = {
  BLS_INVALID: [],
  BLS_DOWNLOADING: ['BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_PAUSING', 'BLS_CANCELED', 'BLS_FAILED'],
  BLS_DOWNLOADED: ['BLS_INGESTING', 'BLS_DOWNLOADING', 'BLS_CANCELED', 'BLS_FAILED'],
  BLS_INGESTING: ['BLS_SUCCEED', 'BLS_DOWNLOADING', 'BLS_CANCELED', 'BLS_FAILED'],
  BLS_PAUSING: ['BLS_PAUSED', 'BLS_CANCELED', 'BLS_FAILED'],
  BLS_PAUSED: ['BLS_DOWNLOADING', 'BLS_CANCELED', 'BLS_FAILED'],
  BLS_SUCCEED: ['BLS_CANCELED'],
  BLS_FAILED: ['BLS_CANCELED'],
  BLS_CANCELED: [],
};

/** Since when a store operation may have been sent again. */
const STORE_RETRY_US = 10_000_000;

/** The same record once more: a store operation that got no answer is sent again (bl 4.5). */
function isRepeat({ cluster, load }: LoadScene, { record, atUs }: LoadStored): boolean {
  if (load === undefined || load.record.status !== record.status || load.record.error !== record.error) return false;
  const retried = cluster.storeFaultAtUs >= 0 && atUs - cluster.storeFaultAtUs < STORE_RETRY_US;
  return retried || record.status !== 'BLS_DOWNLOADING';
}

const isRollback = ({ load }: LoadScene, { record }: LoadStored): boolean =>
  record.status === 'BLS_DOWNLOADING' && load !== undefined && load.record.status !== 'BLS_PAUSED';

function notAllThere(scene: LoadScene, e: LoadStored): Refusal | undefined {
  const { load, table } = scene;
  const { status } = e.record;
  if (load === undefined || isRepeat(scene, e)) return undefined;
  const needsAll =
    status === 'BLS_DOWNLOADED' || status === 'BLS_INGESTING' || status === 'BLS_SUCCEED' || status === 'BLS_PAUSED';
  if (!needsAll) return undefined;
  const missing = allPartitions(load, table, status);
  return missing === undefined
    ? undefined
    : [`every partition stored in ${status} by now`, `${load.partitions[missing]?.record.status ?? 'none'} of partition ${missing}`];
}

/** A rollback comes of trouble that somebody saw: in a calm world something must have told of it (bl 10 rules 1, 2, 6). */
function rollbackWithoutCause(scene: LoadScene, e: LoadStored): Refusal | undefined {
  const { state, cluster, load } = scene;
  if (load === undefined || !isRollback(scene, e) || isRepeat(scene, e)) return undefined;
  const sinceUs = load.storedAtUs - lagUsOf(state, e.atUs);
  if (!state.calm || load.troubleAtUs >= sinceUs) return undefined;
  const moved = Object.values(cluster.partitions).some((part) => part.appId === e.appId && part.unservedSinceUs >= sinceUs);
  return moved ? undefined : [`${load.record.status} to go on: nothing went wrong`, 'BLS_DOWNLOADING'];
}

/** A meta server that started over records that contradict themselves ends their load, and so tells its replicas (bl.B26). */
function isGivenUp({ cluster, load, table }: LoadScene, { record }: LoadStored): boolean {
  if (load === undefined || record.error !== 'ERR_INCONSISTENT_STATE') return false;
  return cluster.metaStartedAtUs >= load.startedAtUs && isContradictory(load, table);
}

/** Are its ways back to DOWNLOADING used up, as far as the store tells? */
function hasSpent(scene: LoadScene, load: LoadState, atUs: number): boolean {
  const most = settingsOfCluster(scene.state.config, scene.cluster.id).bulkLoadMaxRollbackTimes;
  return load.rollbacks + load.unclearRollbacks >= most || (load.rollbacksBefore >= most && mayBeOfBefore(scene, atUs));
}

/** Why a load may fail (bl 8.3, 10 rule 4, 10.1, 10.2, 12.1 step 2, 12.4). */
function failedWithoutCause(scene: LoadScene, e: LoadStored): Refusal | undefined {
  const { load, table } = scene;
  const { error, status } = e.record;
  if (load === undefined || status !== 'BLS_FAILED' || isRepeat(scene, e)) return undefined;
  if (isGivenUp(scene, e)) return undefined;
  const spent = hasSpent(scene, load, e.atUs);
  const { isEverIngesting } = load.record;
  if (error === 'ERR_RETRY_EXHAUSTED' && !isEverIngesting && spent) return undefined;
  if (error === 'ERR_INGESTION_FAILED' && isEverIngesting && spent) return undefined;
  if ((load.reported[error] ?? -1) >= load.downloadingAtUs - STORE_RETRY_US) return undefined;
  const unknown = Object.values(load.partitions).some(({ record }) => !isKnown(record.metadata));
  if (error === 'ERR_CORRUPTION' && load.record.status === 'BLS_INGESTING' && unknown) return undefined;
  const known = Object.keys(load.reported).join(', ') || 'none';
  return [`an error of table ${table.name} that something explains (reported: ${known})`, error];
}

/** With good files, and nothing that took them, a load is not to fail (L3). */
function failedWithGoodFiles(scene: LoadScene, e: LoadStored): Refusal | undefined {
  const { state, cluster, load, table } = scene;
  if (load === undefined || e.record.status !== 'BLS_FAILED' || isRepeat(scene, e) || isGivenUp(scene, e)) return undefined;
  const spent = hasSpent(scene, load, e.atUs);
  if (excluded('spent-rollbacks', spent && (!state.calm || wasMoved(cluster, load)))) return undefined;
  if (excluded('throttled-load', spent && throttles(table))) return undefined;
  if (hasTooFewMembers(state, cluster, table)) return undefined;
  if ((load.record.ingestBehind && !table.allowsIngestBehind) || !areFilesGood(state, cluster, load, table)) return undefined;
  return ['SUCCEED: the files are good, and nothing took them', e.record.error];
}

/** Somebody set a limit of writes that may refuse an ingestion write (bl 18, thr 4). */
export function throttles({ envs }: TableState): boolean {
  return Object.keys(envs).some((key) => key.startsWith('replica.write_throttling'));
}

/** Its servers want more members for a write than it has. */
export function hasTooFewMembers(state: ModelState, { id }: ClusterState, { maxReplicaCount }: TableState): boolean {
  return excluded('too-few-members', maxReplicaCount < settingsOfCluster(state.config, id).mutation2pcMinReplicaCount);
}

// ---------------------------------------------------------------- load.stored

const isCreation = ({ load }: LoadScene): boolean => load === undefined;

function badCreation(scene: LoadScene, e: LoadStored): Refusal | undefined {
  if (!isCreation(scene)) return undefined;
  const { record } = e;
  const { status } = record;
  const early = status === 'BLS_PAUSING' ? ['pause' as const] : status === 'BLS_CANCELED' ? (['cancel', 'force'] as const) : [];
  const isLetIn = (control: LoadControl): boolean => scene.table.grantedEarly.includes(control) || controller(scene, control) !== undefined;
  const begins = status === 'BLS_DOWNLOADING' || early.some(isLetIn);
  const fits = bore(scene.table, record.appName) && record.partitionCount === scene.table.partitionCount;
  if (starter(scene, e) !== undefined && begins && fits && record.error === 'ERR_OK' && !record.isEverIngesting) return undefined;
  return [
    `a load that somebody asked for, of ${scene.table.name} with ${scene.table.partitionCount} partitions`,
    `${record.clusterName}/${record.appName} x ${record.partitionCount} from ${record.providerName}:${record.remoteRootPath} in ${status}`,
  ];
}

function constantsMoved({ load }: LoadScene, { record }: LoadStored): Refusal | undefined {
  if (load === undefined) return undefined;
  const text = (one: typeof record): string =>
    `load ${one.loadId}: ${one.clusterName}/${one.appName} x ${one.partitionCount} from ${one.providerName}:${one.remoteRootPath}${one.ingestBehind ? ' behind' : ''}`;
  return text(load.record) === text(record) ? undefined : [text(load.record), text(record)];
}

/** A start is let in by what the provider has, and by the table (bl 6.1 checks 3, 5 to 10). */
function uncheckedStart(scene: LoadScene, e: LoadStored): Refusal | undefined {
  const by = starter(scene, e);
  if (!isCreation(scene) || by === undefined) return undefined;
  const { state, cluster, table } = scene;
  const wasSet = Object.values(cluster.commands).some(({ command }) => command.kind === 'setEnvs' && bore(table, command.name));
  if (e.record.ingestBehind && !allowsIngestBehind(table.envs) && !wasSet)
    return ['a table that allows to ingest behind', table.envs['rocksdb.allow_ingest_behind'] ?? 'no env'];
  return infoDiffers(state, e.record, table, by.invokedAtUs);
}

export const loadStored: Rule<LoadStored> = rule(
  loadScene,
  [
    guard('loads/started-as-asked', 'S7', badCreation),
    guard('loads/start-is-checked', 'S8', uncheckedStart),
    guard('loads/flag-before-the-record', 'bl.S16', (scene: LoadScene, e: LoadStored) =>
      !isCreation(scene) || scene.table.isBulkLoading || !isLive(scene.table.status)
        ? undefined
        : [`table ${e.appId} stored as loading first`, 'it is not'],
    ),
    guard('loads/id-grows', 'bl.S19', (scene: LoadScene, { record }: LoadStored) =>
      !isCreation(scene) || record.loadId > (scene.last?.record.loadId ?? 0)
        ? undefined
        : [`an id above ${scene.last?.record.loadId ?? 0}`, `${record.loadId}`],
    ),
    guard('loads/constants-stay', 'S7', constantsMoved),
    guard('loads/status-change', 'bl.S17', (scene: LoadScene, e: LoadStored) => {
      if (scene.load === undefined || isRepeat(scene, e)) return undefined;
      const allowed = NEXT_LOAD_STATUS[scene.load.record.status];
      return allowed.includes(e.record.status)
        ? undefined
        : [`one of ${allowed.join(', ') || 'none'} after ${scene.load.record.status}`, e.record.status];
    }),
    guard('loads/step-of-all-partitions', 'bl.S2', notAllThere),
    guard('loads/control-was-asked', 'bl.S17', (scene: LoadScene, e: LoadStored) => {
      if (scene.load === undefined || isRepeat(scene, e)) return undefined;
      const from = scene.load.record.status;
      const controls = controlsFor(from, e.record.status);
      const must = e.record.status === 'BLS_PAUSING' || e.record.status === 'BLS_CANCELED' || controls.length > 0;
      return !must || controls.some((control) => isAsked(scene, control))
        ? undefined
        : [`${from} until somebody asks (${controls.join(' or ') || 'nobody can'})`, e.record.status];
    }),
    guard('loads/rollback-budget', 'bl.S10', (scene: LoadScene, e: LoadStored) => {
      const most = settingsOfCluster(scene.state.config, e.cluster).bulkLoadMaxRollbackTimes;
      return isRollback(scene, e) && !isRepeat(scene, e) && (scene.load?.rollbacks ?? 0) >= most
        ? [`at most ${most} rollbacks`, `${(scene.load?.rollbacks ?? 0) + 1}`]
        : undefined;
    }),
    guard('loads/rollback-has-a-cause', 'L3', rollbackWithoutCause),
    guard('loads/error-of-a-failed-one', 'S7', (_: LoadScene, { record }: LoadStored) =>
      (record.status === 'BLS_FAILED') === (record.error !== 'ERR_OK')
        ? undefined
        : ['an error exactly in BLS_FAILED', `${record.error} in ${record.status}`],
    ),
    guard('loads/fails-for-a-cause', 'L3', failedWithoutCause),
    guard('loads/good-files-succeed', 'L3', failedWithGoodFiles),
    guard('loads/ever-ingesting', 'S7', ({ load }: LoadScene, { record }: LoadStored) => {
      const ever = load?.record.isEverIngesting === true || record.status === 'BLS_INGESTING';
      return record.isEverIngesting === ever ? undefined : [`ever ingesting: ${ever}`, `${record.isEverIngesting}`];
    }),
  ],
  (scene, e) => {
    if (isCreation(scene)) create(scene, e);
    else change(scene, e);
  },
);

function create(scene: LoadScene, e: LoadStored): void {
  const { cluster, table, last } = scene;
  const by = starter(scene, e);
  if (by !== undefined) by.effects++;
  const load = newLoad(e.appId, e.record, last?.versions ?? [], e.atUs);
  load.controlled = e.record.status !== 'BLS_DOWNLOADING';
  if (!load.controlled) load.granted = table.grantedEarly;
  table.grantedEarly = [];
  cluster.loads[e.appId] = load;
}

function change(scene: LoadScene, e: LoadStored): void {
  const { load } = scene;
  const { record, atUs } = e;
  if (load === undefined) return;
  const from = load.record.status;
  const again = isRepeat(scene, e);
  const rolledBack = isRollback(scene, e);
  for (const control of again ? [] : controlsFor(from, record.status)) consume(scene, load, control);
  load.record = record;
  if (again && rolledBack) load.unclearRollbacks++;
  if (again) return;
  load.storedAtUs = atUs;
  load.versions.push({ status: record.status, error: record.error, atUs });
  if (record.status === 'BLS_PAUSING' || record.status === 'BLS_CANCELED') load.controlled = true;
  if (record.status === 'BLS_PAUSING') for (const part of Object.values(load.partitions)) part.reportedPaused = false;
  if (record.status !== 'BLS_DOWNLOADING') return;
  if (rolledBack && mayBeOfBefore(scene, atUs)) load.unclearRollbacks++;
  else if (rolledBack) load.rollbacks++;
  load.downloadingAtUs = atUs;
  for (const part of Object.values(load.partitions)) part.reportedCleaned = false;
}

/** A write that the meta server of before had sent takes effect as late as this, and only that one counted it. */
function mayBeOfBefore({ state, cluster }: LoadScene, atUs: number): boolean {
  const { rpcTimeoutMs } = settingsOfCluster(state.config, cluster.id);
  return cluster.metaStartedAtUs > 0 && atUs - cluster.metaStartedAtUs < rpcTimeoutMs * 1000;
}

function consume(scene: LoadScene, load: LoadState, control: LoadControl): void {
  const by = controller(scene, control);
  if (by !== undefined) by.effects++;
  load.granted = load.granted.filter((one) => one !== control);
}

// ---------------------------------------------------------------- load.erased

/** Who may have removed it: an operator, a new start, or a drop. */
function erasedWithoutCause(scene: LoadScene): Refusal | undefined {
  const { cluster, table, load } = scene;
  if (load === undefined) return undefined;
  const isDropped = table.status !== 'AS_AVAILABLE';
  if (isDropped || drops(cluster, table)) return undefined;
  if (!table.isBulkLoading && pendingLoadCommands(scene, table, 'clearBulkLoad').length > 0) return undefined;
  const starts = pendingLoadCommands(scene, table, 'startBulkLoad').length > 0;
  if (table.isBulkLoading && isTerminal(load.record.status) && starts) return undefined;
  return ['the load to stay until somebody clears it, starts another or drops the table', `${load.record.status} is gone`];
}

export const loadErased: Rule<LoadErased> = rule(
  loadScene,
  [
    guard('loads/erased-once', 'S7', ({ load }: LoadScene, e: LoadErased) =>
      load === undefined ? [`a load of table ${e.appId} in the store`, 'none'] : undefined,
    ),
    guard('loads/erased-as-asked', 'S7', (scene: LoadScene, _: LoadErased) => erasedWithoutCause(scene)),
  ],
  (scene, { atUs }) => {
    const { load, table } = scene;
    if (load === undefined) return;
    const by = table.isBulkLoading ? undefined : pendingLoadCommands(scene, table, 'clearBulkLoad')[0];
    if (by !== undefined) by.effects++;
    load.erasedAtUs = atUs;
    load.storedAtUs = atUs;
    load.versions.push({ status: 'BLS_INVALID', error: 'ERR_OK', atUs });
  },
);

// ---------------------------------------------------------------- a restart, and the table's flag

/** Rollbacks are counted anew by each meta server (bl 11.1), which knows of a forced cancel only what is stored (bl 6.2). */
export function noteMetaStarted(cluster: ClusterState, atUs: number): void {
  cluster.metaStartedAtUs = atUs;
  for (const load of Object.values(cluster.loads)) {
    load.rollbacksBefore = load.rollbacks + load.unclearRollbacks;
    load.rollbacks = 0;
    load.unclearRollbacks = 0;
    if (load.record.status !== 'BLS_CANCELED') load.forcedAtUs = -1;
  }
}

/** bl 6.1, 16.3, 11.3, 17.6 #4: the flag is set by a start, and taken back when everything is cleaned up or nothing is left. */
export function flagWithoutCause(scene: LoadScene, isBulkLoading: boolean): Refusal | undefined {
  const { table, load, cluster } = scene;
  if (table.isBulkLoading === isBulkLoading) return undefined;
  if (isBulkLoading)
    return pendingLoadCommands(scene, table, 'startBulkLoad').length > 0
      ? undefined
      : ['a start that somebody asked for', `${table.name} is loading`];
  if (drops(cluster, table) || table.status !== 'AS_AVAILABLE' || load === undefined) return undefined;
  if (!isTerminal(load.record.status)) return ['a load that has ended', load.record.status];
  for (let index = 0; index < table.partitionCount; index++)
    if (load.partitions[index]?.reportedCleaned !== true)
      return ['all partitions reported as cleaned up', `not partition ${index}`];
  return undefined;
}
