/**
 * What an operator is told who wants another primary, or another server in the place of a member, and what is owed to him
 * then (bl 17.2; docs/departures FM12, cure.12).
 */
import type { Judge } from './adminAnswers.ts';
import type { AnswerScene } from './answers.ts';
import type { AdminCommand, Answer, Command } from './commands.ts';
import { tablesMeant } from './meant.ts';
import { serves, type ClusterState, type CommandState, type PartitionState, type TableState } from './state.ts';
import { bearsSinceBefore, isLive } from './tableNames.ts';

type Wish = AdminCommand & { readonly kind: 'movePrimary' | 'copyReplica' };
type Config = PartitionState['configs'][number];

/** Of the places of a partition's replicas. */
export const isPlaceWish = (command: Command): command is Wish => command.kind === 'movePrimary' || command.kind === 'copyReplica';

/** One thing that a wish needs of the configuration, and what is said without it. */
interface Need {
  readonly said: (gpid: string) => string;
  readonly holds: (config: Config) => boolean;
  /** Whatever the configuration, it may seem not to hold. */
  readonly isInDoubt?: boolean;
}

const isSecondary = ({ primary, secondaries }: Config, node: string): boolean => primary !== '' && secondaries.includes(node);

function needsOf(wish: Wish, { state, cluster }: AnswerScene): readonly Need[] {
  const { to } = wish;
  if (wish.kind === 'movePrimary')
    return [{ said: (gpid) => `${to} is no secondary of ${gpid}`, holds: (config) => isSecondary(config, to) }];
  const { from, place } = wish;
  const isServed: Need = { said: (gpid) => `${gpid} has no primary`, holds: ({ primary }) => place === 'secondary' || primary !== '' };
  const isThere: Need =
    place === 'primary'
      ? { said: (gpid) => `${from} is not the primary of ${gpid}`, holds: ({ primary }) => from === '' || primary === from }
      : { said: (gpid) => `${from} is no secondary of ${gpid}`, holds: (config) => isSecondary(config, from) };
  const isFree = ({ primary, secondaries }: Config): boolean => primary !== to && !secondaries.includes(to);
  return [
    isServed,
    isThere,
    { said: (gpid) => `${to} is a member of ${gpid}`, holds: isFree },
    { said: () => `${to} is no server of this cluster`, holds: () => to.startsWith(`${cluster.id}/replica-`) },
    { said: () => `${to} is not alive`, holds: () => true, isInDoubt: !state.calm },
  ];
}

/** Did it hold at some moment since the invocation; was there one when it did not? */
function heldSince({ configs, ballot }: PartitionState, from: number, holds: (config: Config) => boolean): { was: boolean; wasNot: boolean } {
  let was = false;
  let wasNot = false;
  for (let b = Math.max(0, from); b <= ballot; b++) {
    const config = configs[b];
    if (config !== undefined && holds(config)) was = true;
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
function mayBeChanging({ state, cluster, command }: AnswerScene, asked: Wish, part: PartitionState | undefined): boolean {
  if (part === undefined || !state.calm) return true;
  if (part.ballot !== command.ballotBefore || !serves(part) || lacksMembers(cluster, part)) return true;
  return Object.values(cluster.commands).some(
    (other) =>
      other.id !== command.id &&
      isPlaceWish(other.command) &&
      other.command.table === asked.table &&
      other.command.partitionIndex === asked.partitionIndex,
  );
}

export const judgeMove: Judge = (scene, answer) => {
  const { command, cluster } = scene;
  const asked = command.command;
  if (!isPlaceWish(asked) || answer.kind !== 'admin') return undefined;
  const { error, hint } = answer;
  const said = `${error}: ${hint}`;
  const table = steady(scene, asked.table);
  const gpid = `${table?.appId ?? -1}.${asked.partitionIndex}`;
  const part = cluster.partitions[gpid];
  const needs = needsOf(asked, scene);
  switch (error) {
    case 'ERR_OK': {
      const fits = tablesMeant(cluster, command).some(({ appId }) => {
        const one = cluster.partitions[`${appId}.${asked.partitionIndex}`];
        const since = appId === command.appId ? command.ballotBefore : 0;
        return one !== undefined && heldSince(one, since, (config) => needs.every(({ holds }) => holds(config))).was;
      });
      return fits ? undefined : [`a refusal: no such partition has those places for ${asked.to}`, error];
    }
    case 'ERR_APP_NOT_EXIST':
    case 'ERR_APP_DROPPED':
      return table === undefined ? undefined : [`no ${error}: ${asked.table} existed all the time`, said];
    case 'ERR_BUSY':
      return mayBeChanging(scene, asked, part) ? undefined : ['no ERR_BUSY: nothing changes the partition', said];
    case 'ERR_INVALID_PARAMETERS': {
      if (table === undefined) return undefined;
      if (asked.partitionIndex < 0 || asked.partitionIndex >= table.partitionCount)
        return hint === `table ${asked.table} has no such partition` ? undefined : ['a word of the partition', said];
      const need = needs.find((one) => one.said(gpid) === hint);
      const lacked = need !== undefined && (part === undefined || heldSince(part, command.ballotBefore, need.holds).wasNot);
      return lacked || need?.isInDoubt === true ? undefined : ['the parameters to be accepted', said];
    }
    default:
      return undefined;
  }
};

/** A primary stepped down since the invocation: at this wish, or at another one of that time. */
function hasLeftSince({ configs, ballot }: PartitionState, { ballotBefore }: CommandState): boolean {
  for (let b = Math.max(1, ballotBefore + 1); b <= ballot; b++) if (configs[b]?.primary === '') return true;
  return false;
}

/** The wish was taken: it is proposed again and again, unless a fault or another change comes between. */
export function noteMoveAnswer(scene: AnswerScene, answer: Answer, atUs: number): void {
  const { state, cluster, command } = scene;
  const asked = command.command;
  if (!isPlaceWish(asked) || answer.error !== 'ERR_OK' || command.effects > 0) return;
  const part = cluster.partitions[`${cluster.byName[asked.table] ?? -1}.${asked.partitionIndex}`];
  if (part === undefined) return;
  if (asked.kind === 'copyReplica') {
    const { place, to } = asked;
    const from = asked.from || (part.configs[part.ballot]?.primary ?? '');
    if (mayBeCopied(scene, part, to)) part.copying = { place, from, to, sinceUs: atUs };
    return;
  }
  if (part.configs[part.ballot]?.primary === asked.to || hasLeftSince(part, command)) return;
  if (part.wantedPrimary !== '' && part.wantedSinceUs > state.disturbedAtUs) return;
  // A primary that has left its role refuses, and is not asked again.
  if (!serves(part) || part.servesSinceUs >= command.invokedAtUs) return;
  part.wantedPrimary = asked.to;
  part.wantedSinceUs = atUs;
}

/** Its server is up, and no change came before the answer; a learner of before leaves no room for another one. */
function mayBeCopied({ state, cluster, command }: AnswerScene, part: PartitionState, to: string): boolean {
  const learns = Object.values(part.replicas).some(({ node, status }) => node !== to && status === 'PS_POTENTIAL_SECONDARY');
  const isSteady = part.ballot === command.ballotBefore && serves(part) && !lacksMembers(cluster, part);
  return isSteady && !learns && state.nodes[to]?.up === true;
}
