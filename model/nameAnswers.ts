/**
 * What a recall and a rename may be answered (upstream's recall_app and rename_app; impl's departures `recall.1` to `recall.4`
 * in docs/departures.md). ERR_OK says that the store holds it.
 */
import { wasFree, type Judge } from './adminAnswers.ts';
import type { AnswerScene } from './answers.ts';
import { settingsOfCluster } from './config.ts';
import { bore, boreSince, mayName } from './tableNames.ts';

/** Between a wall clock's second and the moment at which something is stored. */
const CLOCK_SLACK_US = 2_000_000;

const TABLE_NAME = /^[A-Za-z0-9_.:]+$/;

/** Some other table bore the name since the command came, or is about to. */
function mayBeTaken({ cluster, command }: AnswerScene, name: string, appId: number): boolean {
  const tables = Object.values(cluster.tables);
  if (tables.some((table) => table.appId !== appId && boreSince(table, name, command.invokedAtUs))) return true;
  return Object.values(cluster.commands).some((other) => other.id !== command.id && mayName(other, name));
}

const judgeRecall: Judge = (scene, { error }) => {
  const { cluster, command, state } = scene;
  if (command.command.kind !== 'recallTable') return undefined;
  const { appId, newName } = command.command;
  const table = cluster.tables[appId];
  if (error === 'ERR_OK')
    return command.shownAppId === appId ? undefined : [`table ${appId} stored as available`, table === undefined ? 'there is none' : table.status];
  if (error === 'ERR_APP_EXIST') {
    const lived = table !== undefined && table.names.some(({ untilUs }) => untilUs < 0 || untilUs >= command.invokedAtUs);
    return lived ? undefined : [`no ${error}: table ${appId} was dropped`, error];
  }
  if (error === 'ERR_APP_NOT_EXIST') {
    if (table === undefined || cluster.tableChanges !== command.tableChangesBefore) return undefined;
    const holdUs = (settingsOfCluster(state.config, cluster.id).holdSecondsForDroppedApp ?? 0) * 1e6;
    const mayBeOver = table.droppedAtUs >= 0 && state.nowUs - table.dropAskedAtUs + CLOCK_SLACK_US >= holdUs;
    const isShifted = Object.values(state.nodes).some((node) => node.wallFault);
    return mayBeOver || isShifted ? undefined : [`no ${error}: the replicas of table ${appId} are held`, error];
  }
  if (error === 'ERR_INVALID_PARAMETERS') {
    const name = newName === '' ? (table?.name ?? '') : newName;
    const fine = TABLE_NAME.test(name) && !mayBeTaken(scene, name, appId) && Object.values(cluster.dups).every((dup) => dup.appId !== appId);
    return fine ? [`no ${error}: ${name} is free`, error] : undefined;
  }
  return undefined;
};

const judgeRename: Judge = (scene, { error }) => {
  const { cluster, command } = scene;
  if (command.command.kind !== 'renameTable') return undefined;
  const { name, newName } = command.command;
  if (error === 'ERR_OK') return command.shownAppId >= 0 ? undefined : [`a table ${name} stored as ${newName}`, 'it is not'];
  if (error === 'ERR_APP_NOT_EXIST' || error === 'ERR_APP_DROPPED')
    return wasFree(scene, name) ? undefined : [`no ${error}: ${name} existed all the time`, error];
  if (error === 'ERR_INVALID_PARAMETERS') {
    const fine = TABLE_NAME.test(newName) && newName !== name && !mayBeTaken(scene, newName, -1);
    return fine ? [`no ${error}: ${newName} is free`, error] : undefined;
  }
  if (error === 'ERR_BUSY') {
    const other = Object.values(cluster.commands).some(
      ({ id, command: one }) => id !== command.id && one.kind === 'renameTable' && Object.values(cluster.tables).some((table) => bore(table, one.name)),
    );
    return other ? undefined : ['no ERR_BUSY: nobody else renames a table', error];
  }
  return undefined;
};

export const NAME_JUDGES: readonly { readonly name: string; readonly judge: Judge }[] = [
  { name: 'answers/recall-table', judge: judgeRecall },
  { name: 'answers/rename-table', judge: judgeRename },
];
