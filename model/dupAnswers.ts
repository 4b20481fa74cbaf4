/**
 * Which answers a command about duplications may get (dup 3.1 - 3.4): judged over the interval from invocation to reply,
 * errors in the order of the sheet's tables. What the meta server has in memory may lag behind the store by one write.
 */
import type { AnswerScene } from './answers.ts';
import { namesakes, wasFree, type Judge } from './adminAnswers.ts';
import type { Answer, Command, DupFact, DuplicationCommand } from './commands.ts';
import {
  clusterIdOf,
  dupKey,
  dupsOf,
  isErased,
  versionOf,
  type DupState,
  type DupVersion,
} from './dupState.ts';
import { excluded } from './exclusions.ts';
import { bore, boreSince } from './tableNames.ts';
import { NEXT_DUP_STATUS } from './rules/duplication.ts';
import type { Refusal } from './rules/rule.ts';
import type { TableState } from './state.ts';
import type { DuplicationStatus, ErrorCode, PatternMatchType } from './vocabulary.ts';

type AddDup = Extract<DuplicationCommand, { kind: 'addDup' }>;
type Added = Extract<Answer, { kind: 'dupAdded' }>;
type Dups = Extract<Answer, { kind: 'dups' }>;
type Modify = Exclude<DuplicationCommand, AddDup | { kind: 'queryDup' | 'listDups' }>;

const LAG_US = 2_000_000;

// ---------------------------------------------------------------- what may have been so in the interval

function mayBeMissing(scene: AnswerScene, name: string): boolean {
  const { cluster, command } = scene;
  const table = cluster.tables[cluster.byName[name] ?? -1];
  // A drop shows before it is stored.
  const dropping = Object.values(cluster.commands).some(
    (other) => other.command.kind === 'dropTable' && other.command.name === name,
  );
  return (
    dropping ||
    wasFree(scene, name) ||
    cluster.tableChanges !== command.tableChangesBefore ||
    table?.status !== 'AS_AVAILABLE' ||
    table.changes !== table.answeredChanges
  );
}

/** Versions that the meta server may have had in memory in the interval. */
function versionsIn({ versions }: DupState, sinceUs: number): readonly DupVersion[] {
  const first = versions.findLastIndex(({ seenAtUs }) => seenAtUs >= 0 && seenAtUs < sinceUs);
  return versions.slice(Math.max(0, first));
}

function mayLack(dup: DupState, sinceUs: number): boolean {
  const seen = dup.versions[0]?.seenAtUs ?? -1;
  return isErased(dup) || seen < 0 || seen >= sinceUs;
}

/** A removed one stays in memory until the store has said so. */
function mayHave({ state, command }: AnswerScene, dup: DupState): boolean {
  return !isErased(dup) || !state.calm || dup.erasedAtUs + LAG_US >= command.invokedAtUs;
}

/** Commands of the table that are open, or may still take effect: any of them may make the duplication busy. */
function isContended(scene: AnswerScene, table: string): boolean {
  const { cluster, command, state } = scene;
  const others = Object.values(cluster.commands).some(
    (other) =>
      other.id !== command.id &&
      'table' in other.command &&
      other.command.table === table &&
      ['addDup', 'removeDup', 'startDup', 'pauseDup', 'setDupFailMode'].includes(other.command.kind),
  );
  // A fault may have taken the first answer of this very command, so that it met itself.
  return others || !state.calm;
}

function mayBeBusy(scene: AnswerScene, table: string, dup: DupState | undefined): boolean {
  if (isContended(scene, table) || dup === undefined) return true;
  const versions = versionsIn(dup, scene.command.invokedAtUs);
  const automatic = versions.some(({ status }) => status === 'DS_PREPARE' || status === 'DS_APP');
  return automatic || versions.length > 1 || mayLack(dup, scene.command.invokedAtUs);
}

// ---------------------------------------------------------------- add

/** Parameters that no state makes right (dup 3.1 checks 1 to 4, and the own id). */
function isWrongAlways({ state, cluster }: AnswerScene, command: AddDup): string | undefined {
  const { pegasusClusters, dupIgnoreOtherClusterIds } = state.config.settings;
  const { remoteCluster, remoteReplicaCount } = command;
  if (remoteCluster === cluster.id) return 'the remote cluster is this one';
  if (dupIgnoreOtherClusterIds !== true && clusterIdOf(state, remoteCluster) === 0) return 'the remote has no id';
  const metas = pegasusClusters === undefined ? undefined : (pegasusClusters[remoteCluster] ?? []);
  if (metas?.length === 0 || (metas === undefined && state.clusters[remoteCluster] === undefined))
    return 'the remote has no meta servers';
  if (remoteReplicaCount < 0) return 'the replica count is negative';
  return clusterIdOf(state, cluster.id) === 0 ? 'this cluster has no id' : undefined;
}

const isCalled = (table: TableState | undefined, name: string): boolean => table !== undefined && bore(table, name);

const TABLE_NAME = /^[A-Za-z0-9_.:]*$/;

/** Another table may have fed that table in the interval. */
function mayHaveRival(scene: AnswerScene, asked: AddDup): boolean {
  const { cluster, command } = scene;
  const name = asked.remoteTable === '' ? asked.table : asked.remoteTable;
  const stored = Object.values(cluster.dups).some(
    (dup) =>
      !isCalled(cluster.tables[dup.appId], asked.table) &&
      dup.remote === asked.remoteCluster &&
      dup.remoteAppName === name &&
      mayHave(scene, dup),
  );
  // One whose creation is under way is there before it is stored.
  return (
    stored ||
    Object.values(cluster.commands).some(
      (other) =>
        other.id !== command.id &&
        other.command.kind === 'addDup' &&
        other.command.table !== asked.table &&
        other.command.remoteCluster === asked.remoteCluster &&
        (other.command.remoteTable === '' ? other.command.table : other.command.remoteTable) === name,
    )
  );
}

function addedDiffers(scene: AnswerScene, asked: AddDup, answer: Added): Refusal | undefined {
  const { cluster, command } = scene;
  const dup = cluster.dups[dupKey(answer.appId, answer.dupId)];
  const table = cluster.tables[answer.appId];
  if (dup === undefined || table === undefined || !bore(table, asked.table) || !mayHave(scene, dup) || dup.remote !== asked.remoteCluster)
    return [`a duplication ${answer.dupId} of ${asked.table} to ${asked.remoteCluster}`, 'none'];
  if (dup.remoteAppName !== answer.remoteTable || dup.remoteReplicaCount !== answer.remoteReplicaCount)
    return [
      `${dup.remoteAppName} x ${dup.remoteReplicaCount}`,
      `${answer.remoteTable} x ${answer.remoteReplicaCount}`,
    ];
  if (answer.error !== 'ERR_OK') return undefined;
  const isNew = (dup.versions[0]?.atUs ?? 0) >= command.invokedAtUs;
  const name = asked.remoteTable === '' ? asked.table : asked.remoteTable;
  const count = asked.remoteReplicaCount === 0 ? table.maxReplicaCount : asked.remoteReplicaCount;
  if (!isNew) return ['ERR_DUP_EXIST: it existed before', 'ERR_OK'];
  return dup.remoteAppName === name && dup.remoteReplicaCount === count && dup.full === asked.checkpoint
    ? undefined
    : [`${name} x ${count}${asked.checkpoint ? ' with a checkpoint' : ''}`, `${dup.remoteAppName} x ${dup.remoteReplicaCount}`];
}

const judgeAdd: Judge = (scene, answer) => {
  const asked = scene.command.command;
  if (asked.kind !== 'addDup' || answer.kind !== 'dupAdded') return undefined;
  const { error } = answer;
  const wrong = isWrongAlways(scene, asked);
  const oddName = !TABLE_NAME.test(asked.remoteTable);
  if (wrong !== undefined)
    return error === 'ERR_INVALID_PARAMETERS' ? undefined : [`ERR_INVALID_PARAMETERS: ${wrong}`, error];
  if (error === 'ERR_OK' || error === 'ERR_DUP_EXIST') return addedDiffers(scene, asked, answer);
  const missing = mayBeMissing(scene, asked.table);
  const same = namesakes(scene, asked.table)
    .flatMap(({ appId }) => dupsOf(scene.cluster, appId))
    .filter((dup) => dup.remote === asked.remoteCluster);
  if (error === 'ERR_APP_NOT_EXIST') return missing ? undefined : [`no ${error}: ${asked.table} existed all the time`, error];
  const stays = same.find((dup) => !mayLack(dup, scene.command.invokedAtUs));
  if (error === 'ERR_BUSY')
    return mayBeBusy(scene, asked.table, same.at(-1)) ? undefined : ['no ERR_BUSY: nothing alters it', error];
  if (error !== 'ERR_INVALID_PARAMETERS') return ['an error of an addition', error];
  if (stays !== undefined && !oddName) return [`ERR_DUP_EXIST: duplication ${stays.dupId} is there`, error];
  return oddName || mayHaveRival(scene, asked) ? undefined : ['the parameters to be accepted', error];
};

// ---------------------------------------------------------------- remove, start, pause, fail mode

const TARGET: Readonly<Record<Modify['kind'], DuplicationStatus | undefined>> = {
  removeDup: 'DS_REMOVED',
  startDup: 'DS_LOG',
  pauseDup: 'DS_PAUSE',
  setDupFailMode: undefined,
};

const isModify = (command: Command): command is Modify => command.kind in TARGET;

/** Was what the command asks for so in the interval? Then OK is the truth, whether this command or another made it so. */
function wasDone(dup: DupState, asked: Modify, sinceUs: number): boolean {
  if (asked.kind === 'removeDup') return isErased(dup);
  const versions = versionsIn(dup, sinceUs);
  if (asked.kind === 'setDupFailMode') return versions.some(({ failMode }) => failMode === asked.failMode);
  return versions.some(({ status }) => status === TARGET[asked.kind]);
}

/** Was the transition illegal at some moment of the interval (dup 3.3)? */
function wasIllegal(dup: DupState, asked: Modify, sinceUs: number): boolean {
  const target = TARGET[asked.kind];
  if (target === undefined || target === 'DS_REMOVED') return false;
  return versionsIn(dup, sinceUs).some(({ status }) => !NEXT_DUP_STATUS[status].includes(target));
}

const judgeModify: Judge = (scene, answer) => {
  const asked = scene.command.command;
  if (answer.kind !== 'dupModified' || !isModify(asked)) return undefined;
  const { error } = answer;
  const since = scene.command.invokedAtUs;
  const tables = namesakes(scene, asked.table);
  const dups = tables.flatMap(({ appId }) => dupsOf(scene.cluster, appId));
  const dup = dups.findLast(({ dupId }) => dupId === asked.dupId);
  // The shell knows no FAIL_FAST, and no duplication has such an id.
  const odd = asked.dupId < 1 || (asked.kind === 'setDupFailMode' && asked.failMode === 'FAIL_FAST');
  const what = `duplication ${asked.dupId} of ${asked.table}`;
  switch (error) {
    case 'ERR_OK':
      if (dup === undefined) return [`no ERR_OK: there is no ${what}`, error];
      return wasDone(dup, asked, since)
        ? undefined
        : [`${what} to be as asked`, `${versionOf(dup).status} ${versionOf(dup).failMode}`];
    case 'ERR_APP_NOT_EXIST':
      return mayBeMissing(scene, asked.table) ? undefined : [`no ${error}: ${asked.table} existed all the time`, error];
    case 'ERR_OBJECT_NOT_FOUND':
      // A table of that name that was made meanwhile has none of the earlier one's.
      return dup === undefined || mayLack(dup, since) || tables.some(({ appId }) => appId > dup.appId)
        ? undefined
        : [`no ${error}: ${what} was there all the time`, error];
    case 'ERR_BUSY':
      return mayBeBusy(scene, asked.table, dup) ? undefined : ['no ERR_BUSY: nothing alters it', error];
    case 'ERR_INVALID_PARAMETERS':
      return odd || (dup !== undefined && wasIllegal(dup, asked, since))
        ? undefined
        : [`${asked.kind} to be legal`, `${error} in ${dup === undefined ? 'no status' : versionOf(dup).status}`];
    default:
      return ['an error of a change', error];
  }
};

// ---------------------------------------------------------------- query, list

function entryDiffers(scene: AnswerScene, table: TableState, shown: DupFact): Refusal | undefined {
  const { cluster, command } = scene;
  const dup = cluster.dups[dupKey(table.appId, shown.dupId)];
  const adding = Object.values(cluster.commands).some(
    (other) => other.command.kind === 'addDup' && bore(table, other.command.table),
  );
  const what = `duplication ${shown.dupId} of ${table.name}`;
  const early = dup === undefined || mayLack(dup, command.invokedAtUs);
  if (excluded('unpersisted-shown', shown.status === 'DS_INIT' && early && (adding || dup !== undefined)))
    return undefined;
  if (dup === undefined || !mayHave(scene, dup)) return [`no ${what}`, `${shown.status}`];
  const constants = `${dup.remote}/${dup.remoteAppName} x ${dup.remoteReplicaCount} of ${dup.createTimestampMs}`;
  const seen = `${shown.remote}/${shown.remoteTable} x ${shown.remoteReplicaCount} of ${shown.createTsMs}`;
  if (constants !== seen) return [constants, seen];
  const versions = versionsIn(dup, command.invokedAtUs);
  if (!versions.some(({ status, failMode }) => status === shown.status && failMode === shown.failMode))
    return [
      versions.map(({ status, failMode }) => `${status} ${failMode}`).join(', or '),
      `${shown.status} ${shown.failMode}`,
    ];
  return progressDiffers(scene, table, dup, shown);
}

function progressDiffers(scene: AnswerScene, table: TableState, dup: DupState, shown: DupFact): Refusal | undefined {
  for (const [index, progress] of Object.entries(dup.partitions)) {
    const part = shown.partitions.find(({ partitionIndex }) => `${partitionIndex}` === index);
    if (part === undefined) return [`the progress of partition ${index}`, 'none'];
    const first = progress.values.findLastIndex(
      ({ seenAtUs }) => seenAtUs >= 0 && seenAtUs < scene.command.invokedAtUs,
    );
    const values = progress.values.slice(Math.max(0, first));
    if (!values.some(({ decree }) => decree === part.confirmed))
      return [`${values.map(({ decree }) => decree).join(', or ')} of partition ${index}`, `${part.confirmed}`];
    const committed = scene.cluster.partitions[`${table.appId}.${index}`]?.committed ?? 0;
    if (!excluded('stale-last-committed', part.lastCommitted <= committed))
      return [`a last committed decree of at most ${committed}`, `${part.lastCommitted}`];
  }
  return undefined;
}

/** Entries are right, and none is missing that was there all the time. */
function entriesDiffer(scene: AnswerScene, table: TableState, shown: readonly DupFact[]): Refusal | undefined {
  for (const one of shown) {
    const wrong = entryDiffers(scene, table, one);
    if (wrong !== undefined) return wrong;
  }
  const missing = dupsOf(scene.cluster, table.appId).find(
    (dup) => !mayLack(dup, scene.command.invokedAtUs) && !shown.some(({ dupId }) => dupId === dup.dupId),
  );
  return missing === undefined ? undefined : [`duplication ${missing.dupId} of ${table.name}`, 'it is missing'];
}

const judgeQuery: Judge = (scene, answer) => {
  const asked = scene.command.command;
  if (asked.kind !== 'queryDup' || answer.kind !== 'dups') return undefined;
  if (answer.error === 'ERR_APP_NOT_EXIST')
    return mayBeMissing(scene, asked.table) ? undefined : [`no ${answer.error}: ${asked.table} existed all the time`, answer.error];
  if (answer.error !== 'ERR_OK') return ['ERR_OK or ERR_APP_NOT_EXIST', answer.error];
  const shown = answer.tables[0];
  const table = namesakes(scene, asked.table).find(({ appId }) => appId === shown?.appId);
  if (shown === undefined || table === undefined)
    return mayBeMissing(scene, asked.table) ? undefined : [`the table ${asked.table}`, `table ${shown?.appId ?? 'none'}`];
  return entriesDiffer(scene, table, shown.dups);
};

const MATCHES: Readonly<Record<PatternMatchType, ((name: string, pattern: string) => boolean) | undefined>> = {
  ALL: () => true,
  EXACT: (name, pattern) => name === pattern,
  ANYWHERE: (name, pattern) => name.includes(pattern),
  PREFIX: (name, pattern) => name.startsWith(pattern),
  POSTFIX: (name, pattern) => name.endsWith(pattern),
  REGEX: undefined,
  INVALID: undefined,
};

const judgeList: Judge = (scene, answer) => {
  const asked = scene.command.command;
  if (asked.kind !== 'listDups' || answer.kind !== 'dups') return undefined;
  const { cluster } = scene;
  const matches = MATCHES[asked.matchType];
  const all = Object.values(cluster.tables);
  const certain = all.filter(({ name }) => !mayBeMissing(scene, name));
  if (matches === undefined) {
    const allowed: readonly ErrorCode[] = ['ERR_NOT_IMPLEMENTED', 'ERR_INVALID_PARAMETERS'];
    return allowed.includes(answer.error) || (answer.error === 'ERR_OK' && certain.length === 0)
      ? undefined
      : ['ERR_NOT_IMPLEMENTED', answer.error];
  }
  if (answer.error !== 'ERR_OK') return ['ERR_OK', answer.error];
  return listDiffers(scene, answer, certain.filter(({ name }) => matches(name, asked.pattern)), (name) => matches(name, asked.pattern));
};

function listDiffers(
  scene: AnswerScene,
  answer: Dups,
  wanted: readonly TableState[],
  matches: (name: string) => boolean,
): Refusal | undefined {
  for (const shown of answer.tables) {
    const table = scene.cluster.tables[shown.appId];
    if (table === undefined || !boreSince(table, shown.name, scene.command.invokedAtUs) || !matches(shown.name) || table.partitionCount !== shown.partitionCount)
      return ['tables whose name matches', `${shown.name} (${shown.appId}) x ${shown.partitionCount}`];
    const wrong = entriesDiffer(scene, table, shown.dups);
    if (wrong !== undefined) return wrong;
  }
  const missing = wanted.find(({ appId, droppedAtUs }) => droppedAtUs < 0 && !answer.tables.some((one) => one.appId === appId));
  return missing === undefined ? undefined : [`${missing.name} in the list`, 'it is missing'];
}

/** What each kind of command about duplications may be answered. */
export const DUP_JUDGES: readonly { readonly name: string; readonly judge: Judge }[] = [
  { name: 'answers/add-duplication', judge: judgeAdd },
  { name: 'answers/modify-duplication', judge: judgeModify },
  { name: 'answers/query-duplication', judge: judgeQuery },
  { name: 'answers/list-duplications', judge: judgeList },
];

// ---------------------------------------------------------------- what an answer tells

/** An answer proves that the meta server knows what it speaks of. */
export function noteDupAnswer({ cluster, command }: AnswerScene, answer: Answer, atUs: number): void {
  const asked = command.command;
  if (answer.kind === 'dupAdded') {
    const first = cluster.dups[dupKey(answer.appId, answer.dupId)]?.versions[0];
    if (first !== undefined && first.seenAtUs < 0) first.seenAtUs = atUs;
  } else if (answer.kind === 'dupModified' && answer.error === 'ERR_OK' && isModify(asked)) {
    for (const dup of Object.values(cluster.dups)) {
      if (dup.dupId !== asked.dupId || !isCalled(cluster.tables[dup.appId], asked.table)) continue;
      const last = dup.versions.findLastIndex(
        ({ status, failMode }) => status === TARGET[asked.kind] || (asked.kind === 'setDupFailMode' && failMode === asked.failMode),
      );
      for (const version of dup.versions.slice(0, last + 1)) if (version.seenAtUs < 0) version.seenAtUs = atUs;
    }
  }
}
