/**
 * Which answers are allowed. An answer is judged over the interval from invocation to reply: a read may see any
 * committed version of that interval, a write that says OK has happened within it, an admin command says what the
 * model can justify.
 */
import { ADMIN_JUDGES } from './adminAnswers.ts';
import { settingsOfCluster } from './config.ts';
import { DUP_JUDGES } from './dupAnswers.ts';
import type { Answer, Command } from './commands.ts';
import type { CommandAnswered } from './events.ts';
import { keptWritesOut, mayBeUnseen, tableHasUnknownRows } from './ingestions.ts';
import { LOAD_JUDGES } from './loadAnswers.ts';
import { hadPrimary } from './meant.ts';
import { METRICS_JUDGE } from './metrics.ts';
import { judgeMove } from './moveAnswers.ts';
import { NAME_JUDGES } from './nameAnswers.ts';
import { PROGRESS_JUDGE } from './progressAnswers.ts';
import { bore, isNewlyNamed } from './tableNames.ts';
import { hasLosses } from './members.ts';
import { hasTwin, isWrite, storedKey, takeEffect } from './rules/attempts.ts';
import { guard, type ClusterScene, type Refusal } from './rules/rule.ts';
import { type ClusterState, type CommandState, type ModelState, type PartitionState, type Version } from './state.ts';
import type { ErrorCode } from './vocabulary.ts';

export interface AnswerScene extends ClusterScene {
  readonly command: CommandState;
}

const ANSWER_KIND: Readonly<Record<Command['kind'], Answer['kind']>> = {
  put: 'write',
  remove: 'write',
  multiPut: 'write',
  get: 'read',
  createTable: 'admin',
  dropTable: 'admin',
  recallTable: 'admin',
  renameTable: 'admin',
  setEnvs: 'admin',
  listTables: 'tables',
  triggerCheckpoint: 'triggered',
  emergencyCheckpoint: 'checkpoint',
  queryCheckpoint: 'checkpoint',
  queryMetrics: 'metrics',
  queryProgress: 'progress',
  manualCompact: 'admin',
  addDup: 'dupAdded',
  removeDup: 'dupModified',
  startDup: 'dupModified',
  pauseDup: 'dupModified',
  setDupFailMode: 'dupModified',
  queryDup: 'dups',
  listDups: 'dups',
  movePrimary: 'admin',
  copyReplica: 'admin',
  startBulkLoad: 'bulkLoad',
  pauseBulkLoad: 'bulkLoad',
  restartBulkLoad: 'bulkLoad',
  cancelBulkLoad: 'bulkLoad',
  clearBulkLoad: 'bulkLoad',
  queryBulkLoad: 'bulkLoadStatus',
};
/** Nothing came back in time, or not from there: says nothing about the effect. */
export const SILENCE: readonly ErrorCode[] = [
  'ERR_TIMEOUT',
  'ERR_NETWORK_FAILURE',
  'ERR_SESSION_RESET',
  'ERR_FORWARD_TO_OTHERS',
  'ERR_SERVICE_NOT_ACTIVE',
];

export function keyOf(command: { readonly hashKey: string; readonly sortKey: string }): string {
  return storedKey(command.hashKey, command.sortKey);
}

const homeOf = (cluster: ClusterState, appId: number, key: string): PartitionState | undefined =>
  cluster.partitions[cluster.tables[appId]?.home[key] ?? ''];

/** Committed versions of a key of a table, oldest first. */
export function versionsOf(cluster: ClusterState, appId: number, key: string): readonly Version[] {
  return homeOf(cluster, appId, key)?.history[key] ?? [];
}

const ABSENT: Version = { value: undefined, expireTs: 0, ingestion: 0 };

/**
 * What a read may answer: the version that held at the invocation, and all committed until now. undefined: not found. A
 * primary that has not brought in an ingestion's files shows what was there before.
 */
export function allowedVersions(cluster: ClusterState, command: CommandState): readonly Version[] {
  if (command.command.kind !== 'get') return [];
  const versions = versionsOf(cluster, command.appId, keyOf(command.command));
  const part = homeOf(cluster, command.appId, keyOf(command.command));
  let from = command.versionsBefore - 1;
  for (; part !== undefined && from >= 0; from--) {
    const held = versions[from];
    if (held === undefined || !mayBeUnseen(part, held, command.invokedAtUs)) break;
  }
  return from < 0 ? [ABSENT, ...versions] : versions.slice(from);
}

/**
 * Versions in earlier tables of the same name that still have a primary: a client that resolved the name before the drop
 * goes on being served until the servers hear of it (exclusion: a drop is no fence, docs/departures.md).
 */
function versionsOfZombies(cluster: ClusterState, { command, appId, invokedAtUs }: CommandState): readonly Version[] {
  if (command.kind !== 'get') return [];
  const zombies = Object.values(cluster.tables).filter(
    (table) => bore(table, command.table) && table.appId !== appId && hadPrimary(cluster, table, invokedAtUs),
  );
  const key = keyOf(command);
  return zombies.flatMap((table) => [ABSENT, ...versionsOf(cluster, table.appId, key)]);
}

/**
 * May the read answer so, given when the versions expire? Without a known wall clock a version with a TTL may be
 * gone or not.
 */
function mayRead(
  { state, cluster, command }: AnswerScene,
  answer: Answer & { readonly kind: 'read' },
  atUs: number,
): Refusal | undefined {
  const { wallBaseSeconds } = state.config;
  const judged = wallBaseSeconds !== undefined && !Object.values(state.nodes).some((node) => node.wallFault);
  const from = (wallBaseSeconds ?? 0) + Math.floor(command.invokedAtUs / 1e6) - 1;
  const until = (wallBaseSeconds ?? 0) + Math.ceil(atUs / 1e6) + 1;
  const allowed = allowedVersions(cluster, command);
  const fits = [...allowed, ...versionsOfZombies(cluster, command)].some(({ value, expireTs }) => {
    const mayLive = expireTs === 0 || !judged || expireTs > from;
    const mayBeGone = expireTs > 0 && (!judged || expireTs <= until);
    return answer.found ? value === answer.value && mayLive : value === undefined || mayBeGone;
  });
  return fits || tableHasUnknownRows(cluster, command.appId)
    ? undefined
    : [
        `one of: ${allowed.map(({ value }) => value ?? 'not found').join(', ')}`,
        answer.found ? answer.value : 'not found',
      ];
}

function judgeRead(scene: AnswerScene, e: CommandAnswered): Refusal | undefined {
  const { answer } = e;
  const { command, cluster } = scene;
  if (answer.kind !== 'read' || answer.error !== 'ERR_OK' || command.command.kind !== 'get') return undefined;
  if (cluster.byName[command.command.table] !== command.appId) return undefined; // dropped or created meanwhile
  if (command.appId < 0) return ['an error: there is no such table', 'ERR_OK'];
  return mayRead(scene, answer, e.atUs);
}

/** Was the group of a primary too small in one of the ballots in which it may have heard the write, or can it never be large enough? */
function lackedMembers(state: ModelState, cluster: ClusterState, command: CommandState): boolean {
  const table = cluster.tables[command.appId];
  const minimum = settingsOfCluster(state.config, cluster.id).mutation2pcMinReplicaCount;
  if (table === undefined || (minimum > 0 && table.maxReplicaCount < minimum)) return true;
  const part = cluster.partitions[command.gpid];
  if (part === undefined) return true;
  for (let { ballot } = part; ballot >= Math.max(0, command.ballotBefore); ballot--) {
    const config = part.configs[ballot];
    if (config !== undefined && config.primary !== '' && config.secondaries.length + 1 < minimum) return true;
  }
  return false;
}

function judgeWrite({ state, cluster, command }: AnswerScene, { answer }: CommandAnswered): Refusal | undefined {
  if (answer.kind !== 'write' || !isWrite(command.command)) return undefined;
  const { error } = answer;
  if (error === 'ERR_OK')
    return takeEffect(cluster, command)
      ? undefined
      : ['the write to be committed as asked', command.effects > 0 ? 'prepared, not committed' : 'no effect'];
  if (error === 'ERR_INVALID_DATA') {
    const values =
      'rows' in command.command
        ? command.command.rows.map(({ value }) => value)
        : 'value' in command.command
          ? [command.command.value]
          : [];
    const bytes = values.reduce((sum, value) => sum + value.length, 0);
    const limit = state.config.settings.maxAllowedWriteSizeBytes;
    return limit > 0 && bytes + 512 > limit ? undefined : ['a write within the size limit to be taken', error];
  }
  if (error === 'ERR_OPERATION_DISABLED')
    return keptWritesOut(cluster, command.gpid, command.invokedAtUs)
      ? undefined
      : [`no ${error}: no ingestion kept writes out`, error];
  if (error === 'ERR_NOT_ENOUGH_MEMBER') {
    return lackedMembers(state, cluster, command) ? undefined : ['enough members', error];
  }
  return undefined;
}

function judgeRefused({ cluster, command }: AnswerScene, { answer }: CommandAnswered): Refusal | undefined {
  const refused =
    answer.kind === 'write' &&
    [
      'ERR_INVALID_DATA',
      'ERR_OPERATION_DISABLED',
      'ERR_NOT_ENOUGH_MEMBER',
      'ERR_INVALID_PARAMETERS',
      'ERR_HANDLER_NOT_FOUND',
      'ERR_BUSY',
    ].includes(answer.error);
  return refused && command.sent <= 1 && command.effects > 0 && !hasTwin(cluster, command)
    ? ['no effect of a refused write', `${answer.error} after an effect`]
    : undefined;
}

/** Answers that a calm, serving partition does not give (repl.L7: queued writes progress). */
const UNAVAILABLE: readonly ErrorCode[] = [
  'ERR_TIMEOUT',
  'ERR_NETWORK_FAILURE',
  'ERR_SESSION_RESET',
  'ERR_INVALID_STATE',
  'ERR_INACTIVE_STATE',
  'ERR_OBJECT_NOT_FOUND',
  'ERR_BUSY',
  'ERR_APP_NOT_EXIST',
];

function judgeAvailable({ state, cluster, command }: AnswerScene, { answer }: CommandAnswered): Refusal | undefined {
  const client = command.command.kind === 'get' || isWrite(command.command);
  if (!client || !UNAVAILABLE.includes(answer.error) || !state.calm) return undefined;
  if (answer.error === 'ERR_BUSY' && command.throttled) return undefined;
  // Sent to a table that has given its name up: who asks anew where to go hears it.
  if ('table' in command.command && cluster.byName[command.command.table] !== command.appId) return undefined;
  // Served as long as its servers have not heard that it is gone; who asks anew where to go hears it.
  if ((cluster.tables[command.appId]?.droppedAtUs ?? -1) >= 0) return undefined;
  const table = cluster.tables[command.appId];
  if (table !== undefined && isNewlyNamed(table, command.invokedAtUs)) return undefined;
  const parts = Object.values(cluster.partitions).filter((part) => part.appId === command.appId);
  const calm = cluster.tableChanges === command.tableChangesBefore && parts.length > 0;
  if (
    !calm ||
    parts.some((part) => part.servesSinceUs < 0 || part.servesSinceUs > command.invokedAtUs || hasLosses(part))
  )
    return undefined;
  return [
    'the command to be served: no fault so far, and every partition of the table serves since before',
    answer.error,
  ];
}

/** Nothing but a throttle refuses a read or a write so (thr 5). */
function judgeBusy({ command }: AnswerScene, { answer }: CommandAnswered): Refusal | undefined {
  const dataPath = answer.kind === 'write' || answer.kind === 'read';
  return dataPath && answer.error === 'ERR_BUSY' && !command.throttled
    ? ['a throttle that refused it', answer.error]
    : undefined;
}

// ---------------------------------------------------------------- admin

/** All guards of an answer, in order. */
export const answerGuards = [
  guard('answers/kind', 'S8', ({ command }: AnswerScene, e: CommandAnswered) =>
    ANSWER_KIND[command.command.kind] === e.answer.kind
      ? undefined
      : [ANSWER_KIND[command.command.kind], e.answer.kind],
  ),
  guard('answers/read', 'S1', judgeRead),
  guard('answers/write', 'S8', judgeWrite),
  guard('answers/refused-means-nothing-done', 'S8', judgeRefused),
  guard('answers/served-in-calm', 'repl.L7', judgeAvailable),
  guard('answers/busy-was-throttled', 'S8', judgeBusy),
  ...[...ADMIN_JUDGES, ...NAME_JUDGES, { name: 'answers/move-primary', judge: judgeMove }, ...DUP_JUDGES, ...LOAD_JUDGES, METRICS_JUDGE, PROGRESS_JUDGE].map(({ name, judge }) =>
    guard(name, 'S8', (scene: AnswerScene, e: CommandAnswered) =>
      SILENCE.includes(e.answer.error) ? undefined : judge(scene, e.answer),
    ),
  ),
];

/** Is this answer to an open command permitted in this state? undefined: yes. */
export function allowed(scene: AnswerScene, event: CommandAnswered): Refusal | undefined {
  for (const one of answerGuards) {
    const refusal = one.check(scene, event);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
