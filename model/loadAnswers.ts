/**
 * Which answers a command of bulk load may get (bl 6): judged over the interval from invocation to reply, the checks in the
 * order of the sheet's tables, with their hints. What the meta server has in memory may lag behind the store; a control
 * is also judged by the status that the load is on its way to (docs/departures.md, bl.B7).
 */
import { namesakes, wasFree, type Judge } from './adminAnswers.ts';
import { bore, isLive, mayName } from './tableNames.ts';
import type { AnswerScene } from './answers.ts';
import type { Answer, Command } from './commands.ts';
import { settingsOfCluster } from './config.ts';
import { allowsIngestBehind } from './ingestions.ts';
import { infoFile } from './loadFiles.ts';
import { allPartitions } from './loadLegality.ts';
import { isErased, isTerminal, type LoadControl, type LoadState } from './loadState.ts';
import { lagUsOf, sameMembers, statusesSince, type Members } from './loadWords.ts';
import { controlOf, controlsFor, isAsked, NEXT_LOAD_STATUS, pendingLoadCommands } from './rules/loads.ts';
import type { Refusal } from './rules/rule.ts';
import type { TableState } from './state.ts';
import type { BulkLoadStatus, ErrorCode } from './vocabulary.ts';

type Start = Extract<Command, { kind: 'startBulkLoad' }>;
type Shown = Extract<Answer, { kind: 'bulkLoadStatus' }>;

// ---------------------------------------------------------------- what may have been so in the interval

const sinceOf = ({ command }: AnswerScene): number => command.invokedAtUs;
const lagOf = ({ state }: AnswerScene): number => lagUsOf(state, state.nowUs);
const isRecent = (scene: AnswerScene, atUs: number): boolean => atUs >= 0 && atUs + lagOf(scene) >= sinceOf(scene);

/** The table that bears the name now, or bore it when the command came. */
const tableOf = (scene: AnswerScene, name: string): TableState | undefined =>
  scene.cluster.tables[scene.cluster.byName[name] ?? -1] ?? namesakes(scene, name)[0];

function mayBeMissing(scene: AnswerScene, name: string): boolean {
  const table = tableOf(scene, name);
  // A drop shows before it is stored.
  const drops = Object.values(scene.cluster.commands).some(
    ({ command }) => command.kind === 'dropTable' && command.name === name,
  );
  const isNew = table !== undefined && table.answeredChanges < 0 && (!scene.state.calm || isRecent(scene, table.createdAtUs));
  return drops || wasFree(scene, name) || isNew || table?.status !== 'AS_AVAILABLE';
}

/** It is being dropped, as far as the meta server may know: there, and not available. */
const isGoing = (table: TableState, name: string): boolean =>
  !isLive(table.status) && bore(table, name) && (table.status === 'AS_DROPPING' || table.changes > table.answeredChanges);

const mayBeThere = (scene: AnswerScene, name: string): boolean =>
  namesakes(scene, name).length > 0 ||
  Object.values(scene.cluster.tables).some((table) => isGoing(table, name)) ||
  scene.command.tableChangesBefore !== scene.cluster.tableChanges ||
  // It shows before it is stored.
  Object.values(scene.cluster.commands).some((command) => mayName(command, name));

/** Other starts of that table may be under way, or this one may have met itself. */
function mayStart(scene: AnswerScene, table: TableState): boolean {
  const others = pendingLoadCommands(scene, table, 'startBulkLoad').some(({ id }) => id !== scene.command.id);
  return others || mayBeTwice(scene);
}

/** It may have been sent again while its first attempt was at work. */
function mayBeTwice({ state, cluster, command }: AnswerScene): boolean {
  const { rpcTimeoutMs } = settingsOfCluster(state.config, cluster.id);
  return !state.calm || (state.nowUs - command.invokedAtUs) / 1000 >= rpcTimeoutMs;
}

const mayLoad = (scene: AnswerScene, table: TableState): boolean =>
  table.isBulkLoading || isRecent(scene, table.loadingChangedAtUs) || mayStart(scene, table);

const mayBeIdle = (scene: AnswerScene, table: TableState): boolean =>
  !table.isBulkLoading || isRecent(scene, table.loadingChangedAtUs);

/** May some load, or a start, have held the operation lock (bl 6)? */
function mayLockBeHeld(scene: AnswerScene): boolean {
  const { state, cluster } = scene;
  if (settingsOfCluster(state.config, cluster.id).enableConcurrentBulkLoad) return false;
  const starts = Object.values(cluster.commands).some(
    ({ id, command }) => command.kind === 'startBulkLoad' && id !== scene.command.id,
  );
  return starts || mayBeTwice(scene) || Object.values(cluster.tables).some((table) => holdsLock(scene, table));
}

/** Some load has it, and had it all the time. */
function isLockHeld(scene: AnswerScene): boolean {
  const { state, cluster } = scene;
  if (settingsOfCluster(state.config, cluster.id).enableConcurrentBulkLoad || isRecent(scene, cluster.metaStartedAtUs)) return false;
  return Object.values(cluster.tables).some(
    ({ isBulkLoading, loadingChangedAtUs, status }) =>
      isBulkLoading && status === 'AS_AVAILABLE' && loadingChangedAtUs < sinceOf(scene),
  );
}

const holdsLock = (scene: AnswerScene, { isBulkLoading, loadingChangedAtUs, droppedAtUs }: TableState): boolean =>
  (isBulkLoading && droppedAtUs < 0) || isRecent(scene, loadingChangedAtUs) || (isBulkLoading && isRecent(scene, droppedAtUs));

// ---------------------------------------------------------------- checks in their order

/** One check of a table of the sheet: what it answers, whether it may have failed, and whether it may have passed. */
interface Check {
  readonly mayFail: boolean;
  readonly mayPass: boolean;
  readonly answers: readonly (readonly [error: ErrorCode, hint: string])[];
}

const check = (error: ErrorCode, hint: string, mayFail: boolean, mayPass: boolean): Check => ({
  mayFail,
  mayPass,
  answers: [[error, hint]],
});

/** What the checks allow: refusals up to the first that cannot have passed; then `otherwise`. */
function judgeChecks(
  checks: readonly Check[],
  { error, hint }: { readonly error: ErrorCode; readonly hint: string },
  otherwise: () => Refusal | undefined,
): Refusal | undefined {
  const allowed: string[] = [];
  let mayPass = true;
  for (const one of checks) {
    if (one.mayFail) for (const [code, text] of one.answers) allowed.push(`${code} '${text}'`);
    mayPass = one.mayPass;
    if (!mayPass) break;
  }
  const told = `${error} '${hint}'`;
  if (error === 'ERR_OK') return mayPass ? otherwise() : [allowed.join(', or '), error];
  if (allowed.includes(told)) return undefined;
  return [[...allowed, ...(mayPass ? ['ERR_OK'] : [])].join(', or '), told];
}

/** bl 6.2 to 6.4, check 1. */
function missingChecks(scene: AnswerScene, name: string): readonly Check[] {
  const hint = `app(${name}) is not existed or not available`;
  const missing = mayBeMissing(scene, name);
  const answers = [
    ['ERR_APP_NOT_EXIST', hint],
    ['ERR_APP_DROPPED', hint],
  ] as const;
  return [{ mayFail: missing, mayPass: mayBeThere(scene, name), answers }];
}

// ---------------------------------------------------------------- start

/** bl 6.1, checks 6 to 10. */
function infoChecks(scene: AnswerScene, asked: Start, table: TableState): readonly Check[] {
  const { state } = scene;
  const { provider, root, clusterName } = asked;
  const record = { providerName: provider, remoteRootPath: root, clusterName, appName: asked.table };
  const { certain, there, file } = infoFile(state, record, sinceOf(scene));
  const known = state.providers[provider] !== undefined;
  const faulty = state.providerFaultAtUs >= sinceOf(scene);
  const sure = certain && !faulty;
  const unread = 'read bulk_load_info failed';
  const right = file?.is === 'info';
  const same = right && file.appId === table.appId && file.partitionCount === table.partitionCount;
  return [
    // A provider without a file was never heard of here, also when it is configured.
    check('ERR_INVALID_PARAMETERS', 'invalid file_provider', !known, true),
    check('ERR_FILE_OPERATION_FAILED', 'file_provider error', faulty, true),
    check('ERR_OBJECT_NOT_FOUND', unread, !there || !sure, there || !sure),
    check('ERR_FS_INTERNAL', unread, file === undefined || !sure, file !== undefined || !sure),
    check('ERR_CORRUPTION', 'bulk_load_info damaged', !right || !sure, right || !sure),
    check('ERR_INCONSISTENT_STATE', 'app_id or partition_count is inconsistent', !same || !sure, same || !sure),
  ];
}

/** The meta server goes by what the store holds as soon as it is answered. */
const HEARD_US = 10_000;

function startChecks(scene: AnswerScene, asked: Start): readonly Check[] {
  const table = tableOf(scene, asked.table);
  const missing = mayBeMissing(scene, asked.table);
  const held = mayLockBeHeld(scene);
  const loading = table !== undefined && mayLoad(scene, table);
  const idle = table === undefined || mayBeIdle(scene, table);
  const first = [
    check('ERR_BUSY', 'meta server is busy now, please wait', held, !isLockHeld(scene)),
    check('ERR_APP_NOT_EXIST', 'app not existed is ', missing, mayBeThere(scene, asked.table)),
    check('ERR_APP_DROPPED', 'app not available is ', missing, true),
    check('ERR_BUSY', `app(${asked.table}) is already executing bulk load`, loading, idle),
  ];
  if (table === undefined) return first;
  const allows = allowsIngestBehind(table.envs);
  const certain = scene.cluster.tableChanges === scene.command.tableChangesBefore && table.changedAtUs + HEARD_US < scene.command.invokedAtUs && scene.state.calm;
  const behind = asked.ingestBehind
    ? [check('ERR_INCONSISTENT_STATE', 'inconsistent ingestion behind option', !allows || !certain, allows || !certain)]
    : [];
  return [...first, ...behind, ...infoChecks(scene, asked, table)];
}

/** ERR_OK: the load, and every partition's, came to the store meanwhile (bl 6.1). */
function notStarted(scene: AnswerScene, asked: Start): Refusal | undefined {
  const found = namesakes(scene, asked.table).find(({ appId }) => {
    const load = scene.cluster.loads[appId];
    return load !== undefined && load.startedAtUs >= sinceOf(scene);
  });
  if (found === undefined) return [`a load of ${asked.table} that began meanwhile`, 'none'];
  const load = scene.cluster.loads[found.appId];
  const count = Object.keys(load?.partitions ?? {}).length;
  return count === found.partitionCount ? undefined : [`records of ${found.partitionCount} partitions`, `${count}`];
}

const judgeStart: Judge = (scene, answer) => {
  const asked = scene.command.command;
  if (asked.kind !== 'startBulkLoad' || answer.kind !== 'bulkLoad') return undefined;
  return judgeChecks(startChecks(scene, asked), answer, () => notStarted(scene, asked));
};

// ---------------------------------------------------------------- control

const ALLOWED_IN: Readonly<Record<LoadControl, readonly BulkLoadStatus[] | undefined>> = {
  pause: ['BLS_DOWNLOADING'],
  restart: ['BLS_PAUSED'],
  cancel: ['BLS_DOWNLOADING', 'BLS_PAUSED'],
  force: undefined,
};

/** May a load be on its way to that status, before the store shows it? */
function isOnItsWay(scene: AnswerScene, load: LoadState, table: TableState, from: BulkLoadStatus, to: BulkLoadStatus): boolean {
  const { state, cluster } = scene;
  const controls = controlsFor(from, to);
  if (controls.length > 0) return controls.some((one) => isAsked({ state, cluster, table, load, last: load }, one));
  if (to === 'BLS_FAILED') return true;
  if (to === 'BLS_DOWNLOADING') return !state.calm || isRecent(scene, load.troubleAtUs);
  return allPartitions(load, table, to) === undefined;
}

/** Statuses that the load had, or was on its way to, in the interval. */
function statusesMeant(scene: AnswerScene, table: TableState): ReadonlySet<BulkLoadStatus> {
  const load = scene.cluster.loads[table.appId];
  const held = statusesSince(load?.versions ?? [], sinceOf(scene), lagOf(scene)).map(({ status }) => status);
  // What a start is on its way to.
  const all = new Set<BulkLoadStatus>(held.length === 0 ? ['BLS_DOWNLOADING'] : held);
  // What was created meanwhile, perhaps as something else at once, was on its way to that.
  if (load !== undefined && load.startedAtUs >= sinceOf(scene)) all.add('BLS_DOWNLOADING');
  // A start stores the table first, over what is left of the load before.
  const begins = load !== undefined && table.isBulkLoading && table.loadingChangedAtUs > load.storedAtUs;
  if (load === undefined || isErased(load) || begins) {
    all.add('BLS_DOWNLOADING');
    // One that was let in, or whose first attempt was and was not answered.
    const may = (one: LoadControl): boolean =>
      table.grantedEarly.includes(one) || isAsked({ state: scene.state, cluster: scene.cluster, table, load: undefined, last: load }, one);
    if (may('pause')) all.add('BLS_PAUSING');
    if (may('cancel') || may('force')) all.add('BLS_CANCELED');
  }
  if (load === undefined) return all;
  for (const status of held)
    for (const next of NEXT_LOAD_STATUS[status]) if (isOnItsWay(scene, load, table, status, next)) all.add(next);
  // A control may follow another that is on its way; what is added is looked at too.
  for (const status of all)
    for (const next of NEXT_LOAD_STATUS[status])
      if (controlsFor(status, next).length > 0 && isOnItsWay(scene, load, table, status, next)) all.add(next);
  return all;
}

const judgeControl: Judge = (scene, answer) => {
  const asked = scene.command.command;
  const control = controlOf(asked);
  if (control === undefined || !('table' in asked) || answer.kind !== 'bulkLoad') return undefined;
  const table = tableOf(scene, asked.table);
  const name = asked.table;
  if (table === undefined) return judgeChecks(missingChecks(scene, name), answer, () => undefined);
  const verb = control === 'force' ? 'cancel' : control;
  const may = statusesMeant(scene, table);
  const legal = ALLOWED_IN[control];
  const illegal = legal === undefined ? [] : [...may].filter((status) => !legal.includes(status));
  const refused: Check = {
    mayFail: illegal.length > 0,
    mayPass: legal === undefined || legal.some((status) => may.has(status)),
    answers: illegal.map((status) => [
      'ERR_INVALID_STATE',
      `can not ${verb} bulk load for app(${name}) with status(replication::bulk_load_status::${status})`,
    ]),
  };
  const idle = check('ERR_INACTIVE_STATE', `app(${name}) is not executing bulk load`, mayBeIdle(scene, table), mayLoad(scene, table));
  return judgeChecks([...missingChecks(scene, name), idle, refused], answer, () => undefined);
};

// ---------------------------------------------------------------- query

/** A start and a clear forget the last load before the store does (bl 6.1, 6.4). */
function mayBeForgotten(scene: AnswerScene, table: TableState): boolean {
  return (['startBulkLoad', 'clearBulkLoad'] as const).some((kind) => pendingLoadCommands(scene, table, kind).length > 0);
}

function statusDiffers(scene: AnswerScene, table: TableState, shown: Shown): Refusal | undefined {
  const load = scene.cluster.loads[table.appId];
  const held = statusesSince(load?.versions ?? [], sinceOf(scene), lagOf(scene));
  const early = load === undefined || held[0] === load.versions[0] || mayBeForgotten(scene, table);
  const fits = held.filter(({ status }) => status === shown.appStatus);
  if (fits.length === 0 && !(early && shown.appStatus === 'BLS_INVALID'))
    return [held.map(({ status }) => status).join(', or ') || 'BLS_INVALID', shown.appStatus];
  if (shown.isBulkLoading ? !table.isBulkLoading && !mayLoad(scene, table) : !mayBeIdle(scene, table))
    return [`loading: ${table.isBulkLoading}`, `${shown.isBulkLoading}`];
  const hint = shown.isBulkLoading ? '' : `app(${table.name}) is not during bulk load, return last time result`;
  if (shown.hint !== hint) return [`the hint '${hint}'`, `'${shown.hint}'`];
  const errors = shown.isBulkLoading ? ['ERR_OK'] : fits.map(({ error }) => error);
  if (errors.length === 0) errors.push('ERR_OK');
  return errors.includes(shown.error) ? undefined : [errors.join(', or '), shown.error];
}

function partitionsDiffer(scene: AnswerScene, table: TableState, shown: Shown): Refusal | undefined {
  const load = scene.cluster.loads[table.appId];
  const sizes = [shown.partitions.length, shown.members.length, shown.maxReplicaCount];
  const wanted = [table.partitionCount, table.partitionCount, table.maxReplicaCount];
  if (sizes.join() !== wanted.join())
    return [`${wanted.join(', ')} partitions, groups and replicas`, sizes.join(', ')];
  // What was told of an earlier load is not remembered.
  if (mayBeForgotten(scene, table)) return undefined;
  if (load !== undefined && (isRecent(scene, load.startedAtUs) || isRecent(scene, load.erasedAtUs))) return undefined;
  for (const [index, status] of shown.partitions.entries()) {
    const own = load === undefined || isErased(load) ? undefined : load.partitions[index];
    const held = statusesSince(own?.versions ?? [], sinceOf(scene), lagOf(scene)).map((one) => one.status);
    if (held.length === 0) held.push('BLS_INVALID');
    if (!held.includes(status)) return [`${held.join(', or ')} of partition ${index}`, status];
    const wrong = membersDiffer(scene, load, index, shown.members[index] ?? {});
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

/** The groups that query shows are what primaries reported, and not what was forgotten with the way back to DOWNLOADING. */
function membersDiffer(scene: AnswerScene, load: LoadState | undefined, index: number, shown: Members): Refusal | undefined {
  if (Object.keys(shown).length === 0) return undefined;
  const own = load === undefined || isErased(load) ? undefined : load.partitions[index];
  const reports = own?.reports ?? [];
  const old = load !== undefined && isRecent(scene, load.downloadingAtUs);
  // A pause may overtake the way back: a partition that did not take it has forgotten nothing.
  const ownAtUs = own?.versions.findLast(({ status }) => status === 'BLS_DOWNLOADING')?.atUs ?? 0;
  const sinceUs = Math.min(load?.downloadingAtUs ?? 0, ownAtUs);
  const fits = reports.some(({ members, atUs }) => sameMembers(members, shown) && (old || atUs >= sinceUs));
  return fits
    ? undefined
    : [`one of ${reports.length} reports of partition ${index}`, `one of ${Object.keys(shown).join(', ')} that nobody made`];
}

const judgeQuery: Judge = (scene, answer) => {
  const asked = scene.command.command;
  if (asked.kind !== 'queryBulkLoad' || answer.kind !== 'bulkLoadStatus') return undefined;
  const table = tableOf(scene, asked.table);
  const refusals = ['ERR_APP_NOT_EXIST', 'ERR_APP_DROPPED'];
  if (table === undefined || refusals.includes(answer.error))
    return judgeChecks(missingChecks(scene, asked.table), answer, () => undefined);
  // Created anew meanwhile: which one it was is not told.
  if (table.createdAtUs >= sinceOf(scene)) return undefined;
  return statusDiffers(scene, table, answer) ?? partitionsDiffer(scene, table, answer);
};

// ---------------------------------------------------------------- clear

const judgeClear: Judge = (scene, answer) => {
  const asked = scene.command.command;
  if (asked.kind !== 'clearBulkLoad' || answer.kind !== 'bulkLoad') return undefined;
  const name = asked.table;
  const table = tableOf(scene, name);
  if (table === undefined) return judgeChecks(missingChecks(scene, name), answer, () => undefined);
  const busy = check('ERR_INVALID_STATE', `app(${name}) is executing bulk load`, mayLoad(scene, table), mayBeIdle(scene, table));
  return judgeChecks([...missingChecks(scene, name), busy], answer, () => {
    const hint = `clear app(${name}) bulk load result succeed, remove bulk load dir succeed`;
    if (answer.hint !== hint) return [`the hint '${hint}'`, `'${answer.hint}'`];
    const load = scene.cluster.loads[table.appId];
    const gone = load === undefined || isErased(load) || load.startedAtUs >= sinceOf(scene);
    return gone ? undefined : ['nothing of the last load in the store', load.record.status];
  });
};

/** What each kind of command of bulk load may be answered. */
export const LOAD_JUDGES: readonly { readonly name: string; readonly judge: Judge }[] = [
  { name: 'answers/start-bulk-load', judge: judgeStart },
  { name: 'answers/control-bulk-load', judge: judgeControl },
  { name: 'answers/query-bulk-load', judge: judgeQuery },
  { name: 'answers/clear-bulk-load', judge: judgeClear },
];

// ---------------------------------------------------------------- what an answer tells

/** A control that was let in leads to its status, though it may not be in the store yet (bl 6.2). */
export function noteLoadAnswer(scene: AnswerScene, answer: Answer, atUs: number): void {
  const { cluster, command } = scene;
  const control = controlOf(command.command);
  if (control === undefined || answer.error !== 'ERR_OK' || !('table' in command.command)) return;
  const appId = cluster.byName[command.command.table] ?? -1;
  const load = cluster.loads[appId];
  // What is to be created begins so (bl.B23).
  if (load === undefined || isErased(load) || isTerminal(load.record.status)) cluster.tables[appId]?.grantedEarly.push(control);
  if (load === undefined || isErased(load)) return;
  // Whoever let it in may have ended before it was stored.
  const isKept = command.invokedAtUs > cluster.metaStartedAtUs;
  if (control === 'force' && load.forcedAtUs < 0 && isKept) load.forcedAtUs = atUs;
  if (command.effects === 0 && load.record.status !== 'BLS_CANCELED') load.granted.push(control);
}
