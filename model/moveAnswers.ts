/** What an operator who wants another primary is told, and what is owed to him then (bl 17.2; docs/departures FM12). */
import type { Judge } from './adminAnswers.ts';
import type { AnswerScene } from './answers.ts';
import type { Answer } from './commands.ts';
import { tablesMeant } from './meant.ts';
import { serves, type ClusterState, type CommandState, type PartitionState, type TableState } from './state.ts';
import { bearsSinceBefore } from './tableNames.ts';
import { isLive } from './rules/world.ts';

/** Was the node a secondary beside a primary at some moment since the invocation; was it ever none? */
function roleOf({ configs, ballot }: PartitionState, from: number, node: string): { was: boolean; wasNot: boolean } {
  let was = false;
  let wasNot = false;
  for (let b = Math.max(0, from); b <= ballot; b++) {
    const config = configs[b];
    const isTarget = config !== undefined && config.primary !== '' && config.secondaries.includes(node);
    if (isTarget) was = true;
    else wasNot = true;
  }
  return { was, wasNot };
}

/** Tables of the name that were there all the time since the invocation. */
function steady({ cluster, command }: AnswerScene, name: string): TableState | undefined {
  return Object.values(cluster.tables).find(
    (table) => isLive(table.status) && bearsSinceBefore(table, name, command.invokedAtUs),
  );
}

/** Another server is asked to join, or a member to leave. */
function lacksMembers(cluster: ClusterState, part: PartitionState): boolean {
  const config = part.configs[part.ballot];
  return config === undefined || config.secondaries.length + 1 !== cluster.tables[part.appId]?.maxReplicaCount;
}

/** Another change may be under way: another wish, a new ballot meanwhile, or one that a fault made necessary. */
function mayBeChanging({ state, cluster, command }: AnswerScene, part: PartitionState | undefined): boolean {
  const asked = command.command;
  if (asked.kind !== 'movePrimary' || part === undefined || !state.calm) return true;
  if (part.ballot !== command.ballotBefore || !serves(part) || lacksMembers(cluster, part)) return true;
  return Object.values(cluster.commands).some(
    (other) =>
      other.id !== command.id &&
      other.command.kind === 'movePrimary' &&
      other.command.table === asked.table &&
      other.command.partitionIndex === asked.partitionIndex,
  );
}

export const judgeMove: Judge = (scene, answer) => {
  const { command, cluster } = scene;
  const asked = command.command;
  if (asked.kind !== 'movePrimary' || answer.kind !== 'admin') return undefined;
  const { error, hint } = answer;
  const said = `${error}: ${hint}`;
  const meant = tablesMeant(cluster, command);
  const table = steady(scene, asked.table);
  const part = cluster.partitions[`${table?.appId ?? -1}.${asked.partitionIndex}`];
  const role = part === undefined ? undefined : roleOf(part, command.ballotBefore, asked.to);
  switch (error) {
    case 'ERR_OK': {
      const fits = meant.some(({ appId }) => {
        const one = cluster.partitions[`${appId}.${asked.partitionIndex}`];
        return one !== undefined && roleOf(one, appId === command.appId ? command.ballotBefore : 0, asked.to).was;
      });
      return fits ? undefined : [`a refusal: ${asked.to} is no secondary of such a partition`, error];
    }
    case 'ERR_APP_NOT_EXIST':
    case 'ERR_APP_DROPPED':
      return table === undefined ? undefined : [`no ${error}: ${asked.table} existed all the time`, said];
    case 'ERR_BUSY':
      return mayBeChanging(scene, part) ? undefined : ['no ERR_BUSY: nothing changes the partition', said];
    case 'ERR_INVALID_PARAMETERS':
      if (table === undefined) return undefined;
      if (asked.partitionIndex < 0 || asked.partitionIndex >= table.partitionCount)
        return hint === `table ${asked.table} has no such partition` ? undefined : ['a word of the partition', said];
      if (role?.wasNot !== false && hint === `${asked.to} is no secondary of ${table.appId}.${asked.partitionIndex}`)
        return undefined;
      return ['the parameters to be accepted', said];
    default:
      return undefined;
  }
};

/** A primary stepped down since the invocation: at this wish, or at another one of that time. */
function hasLeftSince({ configs, ballot }: PartitionState, { ballotBefore }: CommandState): boolean {
  for (let b = Math.max(1, ballotBefore + 1); b <= ballot; b++) if (configs[b]?.primary === '') return true;
  return false;
}

/** The wish was taken: the primary is told to leave, again and again, unless a fault comes between. */
export function noteMoveAnswer({ state, cluster, command }: AnswerScene, answer: Answer, atUs: number): void {
  const asked = command.command;
  if (asked.kind !== 'movePrimary' || answer.error !== 'ERR_OK' || command.effects > 0) return;
  const part = cluster.partitions[`${cluster.byName[asked.table] ?? -1}.${asked.partitionIndex}`];
  if (part === undefined || part.configs[part.ballot]?.primary === asked.to || hasLeftSince(part, command)) return;
  if (part.wantedPrimary !== '' && part.wantedSinceUs > state.disturbedAtUs) return;
  part.wantedPrimary = asked.to;
  part.wantedSinceUs = atUs;
}
