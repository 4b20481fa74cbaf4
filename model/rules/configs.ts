/**
 * The meta server's configurations of partitions (repl 1.10; docs/departures FM1, FM2, FM12): ballots rise by one, members
 * are fixed, and a primary leaves before another one takes over, only when an operator wished it.
 */
import { groupIdOf } from '../config.ts';
import { appIdOf, indexOf } from '../gpid.ts';
import type { ConfigStored } from '../events.ts';
import { noteServing, noteTakenOver } from '../serving.ts';
import { newPartition, type CommandState, type ModelState, type PartitionState, type TableState } from '../state.ts';
import { beginsUnevenly } from './adoption.ts';
import { clusterScene, guard, rule, type ClusterScene, type Refusal } from './rule.ts';
import { isLive } from './world.ts';

interface ConfigScene extends ClusterScene {
  readonly table: TableState;
  readonly part: PartitionState;
}

function configScene(state: ModelState, e: ConfigStored): ConfigScene | string {
  const scene = clusterScene(state, e);
  if (typeof scene === 'string') return scene;
  const appId = appIdOf(e.config.gpid);
  const table = scene.cluster.tables[appId];
  if (table === undefined) return `table ${appId} of partition ${e.config.gpid}`;
  const clusterId = groupIdOf(state.config, scene.cluster.id);
  return { ...scene, table, part: (scene.cluster.partitions[e.config.gpid] ??= newPartition(e.config.gpid, appId, clusterId)) };
}

interface Members {
  readonly primary: string;
  readonly secondaries: readonly string[];
}

const NOBODY: Members = { primary: '', secondaries: [] };

const membersOf = (config: Members): readonly string[] =>
  (config.primary === '' ? [...config.secondaries] : [config.primary, ...config.secondaries]).sort();

const partsText = (config: Members): string =>
  `primary ${config.primary || 'none'} of ${membersOf(config).join(', ')}`;

/** The partition may lose its members because its table goes. */
const goes = ({ table, cluster }: ConfigScene): boolean =>
  !isLive(table.status) ||
  Object.values(cluster.commands).some(({ command }) => command.kind === 'dropTable' && command.name === table.name);

/** Who asked for the primary to step down: each wish moves it once, twice when it was sent again (FM12). */
function mover(
  { cluster, table, state }: ConfigScene,
  { gpid, secondaries }: ConfigStored['config'],
): CommandState | undefined {
  const index = indexOf(gpid);
  const most = state.calm ? 1 : 2;
  return Object.values(cluster.commands).find(
    ({ command, effects }) =>
      command.kind === 'movePrimary' &&
      command.table === table.name &&
      command.partitionIndex === index &&
      secondaries.includes(command.to) &&
      effects < most,
  );
}

/** The primary may leave, or somebody take over where there is none; but not both at once. */
function changesPrimary(before: Members, config: Members): Refusal | undefined {
  if (before.primary === config.primary && config.primary !== '') return undefined;
  if ((before.primary === '') !== (config.primary === '')) return undefined;
  return [before.primary === '' ? 'a primary' : `primary ${before.primary}, or none`, partsText(config)];
}

const isRepeat = ({ part }: ConfigScene, { config }: ConfigStored): boolean => {
  const stored = part.configs[part.ballot] ?? NOBODY;
  return (
    config.ballot === part.ballot &&
    config.primary === stored.primary &&
    membersOf(config).join() === membersOf(stored).join()
  );
};

const leaves = ({ part }: ConfigScene, { config }: ConfigStored): boolean =>
  config.primary === '' && config.ballot > 1 && config.ballot > part.ballot;

/** Without a primary nothing is under way; who takes over begins anew. */
function noteLeft(part: PartitionState): void {
  part.moves++;
  part.wantedPrimary = '';
  part.pending.sinceUs = -1;
  part.servedFirstUs = -1;
}

export const configStored = rule(
  configScene,
  [
    guard('tables/partition-in-range', 'S7', ({ table }, { config }: ConfigStored) => {
      const index = indexOf(config.gpid);
      return index >= 0 && index < table.partitionCount && config.maxReplicaCount === table.maxReplicaCount
        ? undefined
        : [
            `one of ${table.partitionCount} partitions with ${table.maxReplicaCount} replicas`,
            `${config.gpid} with ${config.maxReplicaCount}`,
          ];
    }),
    guard('tables/ballot-plus-one', 'repl.S2', (scene, e: ConfigStored) =>
      e.config.ballot === scene.part.ballot + 1 || isRepeat(scene, e)
        ? undefined
        : [`ballot ${scene.part.ballot + 1}`, `${e.config.ballot}`],
    ),
    guard('tables/members-are-distinct-nodes', 'S7', ({ state }, { config }: ConfigStored) => {
      const members = membersOf(config);
      const fine =
        new Set(members).size === members.length &&
        members.length <= config.maxReplicaCount &&
        members.every((member) => member in state.nodes);
      return fine ? undefined : [`at most ${config.maxReplicaCount} distinct nodes`, members.join(', ')];
    }),
    guard('tables/members-are-fixed', 'FM2', (scene, { config }: ConfigStored) => {
      if (config.ballot <= 0 || goes(scene)) return undefined;
      const first = config.ballot <= 1;
      if (membersOf(config).length !== scene.table.maxReplicaCount || (first && config.primary === ''))
        return [`a primary and ${scene.table.maxReplicaCount} members`, partsText(config)];
      const before = first ? undefined : scene.part.configs[scene.part.ballot];
      if (before === undefined || membersOf(before).join() === membersOf(config).join()) return undefined;
      return [partsText(before), partsText(config)];
    }),
    guard('tables/primary-leaves-first', 'FM12', (scene, e: ConfigStored) => {
      const before = scene.part.configs[scene.part.ballot];
      if (e.config.ballot <= 1 || before === undefined || goes(scene) || isRepeat(scene, e)) return undefined;
      return changesPrimary(before, e.config);
    }),
    guard('tables/primary-leaves-as-asked', 'FM12', (scene, e: ConfigStored) =>
      !leaves(scene, e) || goes(scene) || mover(scene, e.config) !== undefined
        ? undefined
        : ['a wish of an operator that has not moved the primary yet', partsText(e.config)],
    ),
    guard('dup/members-begin-alike', 'dup.S11', ({ cluster, part }, e: ConfigStored) =>
      beginsUnevenly(cluster, part, e),
    ),
    guard('tables/stored-commit-point', 'repl.S11', ({ part }, { config }: ConfigStored) =>
      config.lastCommittedDecree <= part.committed
        ? undefined
        : [`last committed decree <= ${part.committed}`, `${config.lastCommittedDecree}`],
    ),
  ],
  (scene, e) => {
    const { config, atUs } = e;
    const { state, cluster, part } = scene;
    if (leaves(scene, e)) {
      const by = mover(scene, config);
      if (by !== undefined) by.effects++;
      noteLeft(part);
    }
    part.ballot = config.ballot;
    part.configs[config.ballot] = { primary: config.primary, secondaries: [...config.secondaries] };
    // It is asked from now on, before it knows that it is the primary.
    const replica = part.replicas[config.primary];
    if (replica !== undefined) noteTakenOver(cluster, part, replica);
    noteServing(part, state, atUs);
  },
);
