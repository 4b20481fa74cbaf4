/**
 * Commands, attempts and answers as events; whether an answer may be given is judged in `model/answers.ts` (S1, S8).
 */
import { appIdOf } from '../gpid.ts';
import type { AttemptSent, CommandAnswered, CommandInvoked } from '../events.ts';
import { isTriedTwice } from '../commandState.ts';
import { answerGuards, keyOf, SILENCE, versionsOf, type AnswerScene } from '../answers.ts';
import { noteDupAnswer } from '../dupAnswers.ts';
import { noteLoadAnswer } from '../loadAnswers.ts';
import { isPlaceWish, noteMoveAnswer } from '../moveAnswers.ts';
import { partitionOf, tablesMeant } from '../meant.ts';
import { durableOf, type ClusterState, type CommandState, type ModelState } from '../state.ts';
import { bore, noteKnown } from '../tableNames.ts';
import { isWrite, writerSlot } from './attempts.ts';
import { clusterScene, guard, rule, type ClusterScene } from './rule.ts';

/** Name of the table that a command is about, '' if it is about none. */
function tableNameOf(command: CommandState['command']): string {
  if ('table' in command) return command.table;
  return 'name' in command ? command.name : '';
}

/** Was the flag set in the partition asked for, of a table of that name, present or gone? */
function seesFlag(cluster: ClusterState, command: CommandState['command']): boolean {
  if (command.kind !== 'emergencyCheckpoint') return false;
  return Object.values(cluster.tables).some(
    (table) =>
      bore(table, command.table) && partitionOf(cluster, table.appId, command.partitionIndex)?.replica.manual === true,
  );
}

export const invoked = rule(
  clusterScene,
  [
    guard('answers/id-is-new', 'S8', ({ cluster }: ClusterScene, e: CommandInvoked) =>
      e.id in cluster.commands ? ['a new id', `${e.id}`] : undefined,
    ),
  ],
  (scene, e) => {
    const { state, cluster } = scene;
    const { command } = e;
    const appId = cluster.byName[tableNameOf(command)] ?? -1;
    const found = 'partitionIndex' in command ? partitionOf(cluster, appId, command.partitionIndex) : undefined;
    const replica = found?.replica;
    cluster.commands[e.id] = {
      id: e.id,
      command,
      invokedAtUs: e.atUs,
      answered: false,
      appId,
      attempts: {},
      used: {},
      gpid: '',
      sent: 0,
      effects: 0,
      refused: false,
      spent: false,
      acted: 0,
      throttled: false,
      ballotBefore: found?.part.ballot ?? -1,
      versionsBefore: command.kind === 'get' ? versionsOf(cluster, appId, keyOf(command)).length : 0,
      tableChangesBefore: cluster.tableChanges,
      durableBefore: replica === undefined ? 0 : durableOf(replica),
      appliedBefore: replica?.applied ?? 0,
      shownAppId: -1,
      shownChange: -1,
      sawFlag: seesFlag(cluster, command),
    };
    state.lastCommandAtUs = e.atUs;
    if (isWrite(command)) (cluster.writers[writerSlot(appId, command)] ??= []).push(e.id);
  },
);

interface AttemptScene extends ClusterScene {
  readonly command: CommandState;
}

function attemptScene(state: ModelState, e: AttemptSent): AttemptScene | string {
  const scene = clusterScene(state, e);
  if (typeof scene === 'string') return scene;
  const command = scene.cluster.commands[e.id];
  return command === undefined ? `command ${e.id}` : { ...scene, command };
}

export const attemptSent = rule(
  attemptScene,
  [
    guard('answers/attempts-while-open', 'S8', ({ command }, e: AttemptSent) =>
      command.answered ? [`no attempt after the answer`, `one to ${e.to}`] : undefined,
    ),
    guard('answers/attempts-are-writes', 'S8', ({ command }, _: AttemptSent) =>
      isWrite(command.command) ? undefined : ['a write', command.command.kind],
    ),
  ],
  ({ cluster, command }, e) => {
    command.sent++;
    command.gpid = e.gpid;
    const ballot = cluster.partitions[e.gpid]?.replicas[e.to]?.ballot ?? 0;
    command.ballotBefore = command.sent === 1 ? ballot : Math.min(command.ballotBefore, ballot);
    command.attempts[e.to] = (command.attempts[e.to] ?? 0) + 1;
    const appId = appIdOf(e.gpid);
    if (appId === command.appId || !isWrite(command.command)) return;
    // The name means another table now than when the command was invoked.
    command.appId = appId;
    (cluster.writers[writerSlot(appId, command.command)] ??= []).push(e.id);
  },
);

function answerScene(state: ModelState, e: CommandAnswered): AnswerScene | string {
  const scene = clusterScene(state, e);
  if (typeof scene === 'string') return scene;
  const command = scene.cluster.commands[e.id];
  return command === undefined || command.answered ? `an open command ${e.id}` : { ...scene, command };
}

/** Refusals that say that the server did nothing (repl 1.4). */
const REFUSALS = [
  'ERR_INVALID_DATA',
  'ERR_OPERATION_DISABLED',
  'ERR_NOT_ENOUGH_MEMBER',
  'ERR_INVALID_PARAMETERS',
  'ERR_HANDLER_NOT_FOUND',
  'ERR_DISK_INSUFFICIENT',
  'ERR_BUSY',
];

export const answered = rule(answerScene, answerGuards, (scene, e) => {
  const { cluster, command } = scene;
  command.answered = true;
  const { answer } = e;
  const triedTwice = isTriedTwice(scene.state, cluster.id, command, e.atUs);
  if (answer.error === 'ERR_OK') {
    command.spent = !triedTwice;
    // Its own change is that one or a later one, and the meta server makes the changes of a table one after the other.
    const table = cluster.tables[command.shownAppId];
    if (table !== undefined) {
      table.answeredChanges = Math.max(table.answeredChanges, command.shownChange);
      noteKnown(table, command.shownChange, e.atUs);
    }
  }
  if (answer.kind === 'dupAdded' || answer.kind === 'dupModified') {
    noteDupAnswer(scene, answer, e.atUs);
    // What was answered for certain has no effect any more; but the answer may be that of a second attempt.
    if (!SILENCE.includes(answer.error) && !triedTwice) delete cluster.commands[e.id];
  } else if (isPlaceWish(command.command)) {
    noteMoveAnswer(scene, answer, e.atUs);
    // A wish that was refused moves nothing.
    const isRefused = answer.error !== 'ERR_OK' && !SILENCE.includes(answer.error);
    if (isRefused && !triedTwice) delete cluster.commands[e.id];
  } else if (answer.kind === 'bulkLoad') {
    noteLoadAnswer(scene, answer, e.atUs);
    if (!SILENCE.includes(answer.error) && !triedTwice) delete cluster.commands[e.id];
  } else if (isWrite(command.command)) {
    command.refused = command.sent <= 1 && REFUSALS.includes(answer.error);
    if (command.effects >= command.sent || command.refused) forget(cluster, command);
  } else if (
    command.command.kind === 'get' ||
    command.command.kind === 'listTables' ||
    command.command.kind === 'queryDup' ||
    command.command.kind === 'listDups' ||
    command.command.kind === 'queryBulkLoad' ||
    command.command.kind === 'queryCheckpoint' ||
    command.command.kind === 'queryMetrics' ||
    command.command.kind === 'queryProgress'
  ) {
    delete cluster.commands[e.id];
  } else if (
    command.command.kind === 'emergencyCheckpoint' &&
    answer.kind === 'checkpoint' &&
    answer.error === 'ERR_OK'
  ) {
    const meant = tablesMeant(cluster, command);
    const found = partitionOf(cluster, meant[0]?.appId ?? -1, command.command.partitionIndex);
    // Which of several tables of the name it reached is not told.
    if (found === undefined || meant.length > 1) return;
    const { part, replica } = found;
    const { node, incarnation } = replica;
    // The role was lost while the answer was on its way: the request ended with it (R9 mended).
    if (Object.values(part.replicas).some(({ primaryUntilUs }) => primaryUntilUs >= command.invokedAtUs)) return;
    // Started, not promised beyond what was applied: a caller that wants more asks again (repl 2.3).
    const minDecree = Math.min(answer.minDecree, Math.max(command.appliedBefore, 1));
    if (durableOf(replica) >= minDecree) return;
    part.emergencies.push({
      id: e.id,
      node,
      incarnation,
      minDecree,
      sinceUs: e.atUs,
      empty: command.appliedBefore <= 1,
    });
  }
});

/** No attempt of the command can take effect any more. */
function forget(cluster: ClusterScene['cluster'], { id, appId, command }: CommandState): void {
  if (!isWrite(command)) return;
  const slot = writerSlot(appId, command);
  const left = (cluster.writers[slot] ?? []).filter((one) => one !== id);
  cluster.writers[slot] = left;
  if (left.length === 0) {
    delete cluster.writers[slot];
    delete cluster.effects[slot];
  }
  delete cluster.commands[id];
}
