/**
 * The meta server's configurations of partitions (repl 1.10; docs/departures FM12): ballots rise by one, members come and
 * go one at a time, and who joins or takes over holds everything that a primary has committed. A primary leaves before another
 * one takes over: because its server is dead, or as a secondary when an operator wished it. Where he wishes another
 * server in the place of a member there is one too many for a while.
 */
import { groupIdOf } from '../config.ts';
import { appIdOf, indexOf } from '../gpid.ts';
import type { ConfigStored } from '../events.ts';
import { hasLosses } from '../members.ts';
import { noteServing, noteTakenOver } from '../serving.ts';
import { sameContent } from '../mutations.ts';
import { chosenOf, newPartition, proposalOf, type CommandState, type ModelState, type PartitionState, type ReplicaState, type TableState } from '../state.ts';
import { bore, isLive, stillDrops } from '../tableNames.ts';
import { beginsWithNothing, noteBegun } from './adoption.ts';
import { clusterScene, guard, rule, type ClusterScene } from './rule.ts';

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

/** A configuration remembers so many (repl 1.1). */
const MAX_LAST_DROPS = 3;

const NOBODY: Members = { primary: '', secondaries: [] };

const membersOf = (config: Members): readonly string[] =>
  (config.primary === '' ? [...config.secondaries] : [config.primary, ...config.secondaries]).sort();

const partsText = (config: Members): string =>
  `primary ${config.primary || 'none'} of ${membersOf(config).join(', ')}`;

/** The partition may lose its members because its table goes. */
const goes = ({ table, cluster, state }: ConfigScene, atUs: number): boolean =>
  !isLive(table.status) || stillDrops(state, cluster, table, atUs);

/** Who asked for the primary to step down: each wish moves it once, twice when it was sent again (FM12). */
function mover(
  { cluster, table, state }: ConfigScene,
  { gpid, secondaries }: ConfigStored['config'],
): CommandState | undefined {
  const index = indexOf(gpid);
  const most = state.calm ? 1 : 2;
  return Object.values(cluster.commands).find(
    ({ command, effects }) =>
      (command.kind === 'movePrimary' || (command.kind === 'copyReplica' && command.place === 'primary')) &&
      bore(table, command.table) &&
      command.partitionIndex === index &&
      secondaries.includes(command.to) &&
      effects < most,
  );
}

/** Somebody is a member by an operator's wish, before another one leaves for it. */
function isCopying({ cluster, table }: ConfigScene, config: ConfigStored['config']): boolean {
  const members = membersOf(config);
  return Object.values(cluster.commands).some(
    ({ command }) =>
      command.kind === 'copyReplica' &&
      bore(table, command.table) &&
      command.partitionIndex === indexOf(config.gpid) &&
      members.includes(command.to),
  );
}

/** What a stored configuration makes of the one before it. */
type Step = 'first' | 'same' | 'joins' | 'member leaves' | 'primary leaves' | 'steps down' | 'takes over' | 'is called back';

const sameNodes = (a: readonly string[], b: readonly string[]): boolean => [...a].sort().join() === [...b].sort().join();

/** The one step that leads there, or undefined: two at once, or none that there is. */
function stepTo(before: Members | undefined, config: ConfigStored['config']): Step | undefined {
  const { primary, secondaries } = config;
  // Who begins beside the first primary has nothing yet, as that one (newcomers, dup/begins-over-a-checkpoint).
  if (before === undefined || config.ballot <= 1) return primary !== '' ? 'first' : undefined;
  if (primary === before.primary) {
    // Only a primary asks for a new ballot of the same group.
    if (sameNodes(secondaries, before.secondaries)) return primary === '' ? undefined : 'same';
    const joined = secondaries.filter((node) => !before.secondaries.includes(node));
    const left = before.secondaries.filter((node) => !secondaries.includes(node));
    if (joined.length + left.length !== 1) return undefined;
    // Nobody joins whom no primary has taught.
    if (joined.length === 1) return primary === '' ? undefined : 'joins';
    return 'member leaves';
  }
  if (primary === '') {
    if (sameNodes(secondaries, before.secondaries)) return 'primary leaves';
    return sameNodes(secondaries, [...before.secondaries, before.primary]) ? 'steps down' : undefined;
  }
  if (before.primary !== '') return undefined;
  if (before.secondaries.length === 0) return secondaries.length === 0 ? 'is called back' : undefined;
  return sameNodes([...secondaries, primary], before.secondaries) ? 'takes over' : undefined;
}

/** Who serves from now on, and was none of the members that surely hold everything. */
function newcomers(step: Step | undefined, before: Members | undefined, { primary, secondaries }: Members): readonly string[] {
  if (step === 'first') return secondaries;
  if (step === 'joins') return secondaries.filter((node) => before?.secondaries.includes(node) !== true);
  return step === 'takes over' || step === 'is called back' ? [primary] : [];
}

/** What a log would give back of a decree: its last word. */
function inLog({ files, validLogOffset }: ReplicaState, decree: number): number {
  let ballot = -1;
  for (const { startOffset, records } of files)
    if (startOffset >= validLogOffset) for (const record of records) if (record.decree === decree && record.ballot > ballot) ({ ballot } = record);
  return ballot;
}

/** Is every decree that a primary has committed on this disk: in storage, or in the log as it was committed? */
function lacks(part: PartitionState, node: string): number | undefined {
  const replica = part.replicas[node];
  if (replica?.stranger === true) return part.begin.decree;
  if (replica === undefined) return part.committed > 0 ? 1 : undefined;
  for (let decree = replica.flushed + 1; decree <= part.committed; decree++) {
    const mine = proposalOf(part, decree, inLog(replica, decree));
    const chosen = chosenOf(part, decree);
    if (mine === undefined || (chosen !== undefined && !sameContent(chosen, mine))) return decree;
  }
  return undefined;
}

const isRepeat = ({ part }: ConfigScene, { config }: ConfigStored): boolean => {
  const stored = part.configs[part.ballot] ?? NOBODY;
  return (
    config.ballot === part.ballot &&
    config.primary === stored.primary &&
    membersOf(config).join() === membersOf(stored).join()
  );
};

/**
 * The meta server's removal of a dead primary takes the place of an update that is on its way, under the same ballot;
 * nobody was told of that one, and nobody goes by it (docs/departures.md, cure.3).
 */
function overtakes({ part }: ConfigScene, { config }: Pick<ConfigStored, 'config'>): boolean {
  const isUsed = Object.values(part.replicas).some(({ ballot }) => ballot >= part.ballot);
  return config.ballot === part.ballot && !isUsed && stepTo(part.configs[part.ballot - 1], config) === 'primary leaves';
}

/** Undefined: this one is the first. */
function configBefore(scene: ConfigScene, e: Pick<ConfigStored, 'config'>): Members | undefined {
  const { configs, ballot } = scene.part;
  if (e.config.ballot <= 1) return undefined;
  return configs[overtakes(scene, e) ? ballot - 1 : ballot];
}

/** On an operator's wish, or because its server is dead. */
const leaves = ({ part }: ConfigScene, { config }: ConfigStored): boolean =>
  config.primary === '' && config.ballot > 1 && (config.ballot > part.ballot || part.configs[part.ballot]?.primary !== '');

const stepsDown = (scene: ConfigScene, e: ConfigStored): boolean =>
  leaves(scene, e) && stepTo(scene.part.configs[scene.part.ballot], e.config) === 'steps down';

/** Does it bring a copy one step further? Otherwise what was proposed is not any more (docs/departures.md, cure.12). */
function furthersCopy({ copying }: PartitionState, before: Members | undefined, config: ConfigStored['config']): boolean {
  if (copying === undefined || before === undefined) return false;
  const { from, to } = copying;
  const step = stepTo(before, config);
  if (!membersOf(before).includes(to)) return step === 'joins' && config.secondaries.includes(to);
  if (copying.place === 'primary' && before.primary === from) return step === 'steps down';
  if (before.primary === '') return step === 'takes over' && config.primary === to;
  return step === 'member leaves' && !config.secondaries.includes(from);
}

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
      e.config.ballot === scene.part.ballot + 1 || isRepeat(scene, e) || overtakes(scene, e)
        ? undefined
        : [`ballot ${scene.part.ballot + 1}`, `${e.config.ballot}`],
    ),
    guard('tables/members-are-distinct-nodes', 'S7', (scene, { config }: ConfigStored) => {
      const members = membersOf(config);
      const most = config.maxReplicaCount + (isCopying(scene, config) ? 1 : 0);
      const fine =
        new Set(members).size === members.length &&
        members.length <= most &&
        members.every((member) => member in scene.state.nodes);
      return fine ? undefined : [`at most ${most} distinct nodes`, members.join(', ')];
    }),
    guard('tables/members-stay-in-calm', 'repl.1.10.redundant', (scene, e: ConfigStored) => {
      const before = configBefore(scene, e);
      if (!scene.state.calm || goes(scene, e.atUs) || stepTo(before, e.config) !== 'member leaves') return undefined;
      const { copying } = scene.part;
      const left = before?.secondaries.find((node) => !e.config.secondaries.includes(node));
      if (copying !== undefined && left !== copying.from) return [`${copying.from} to make room for ${copying.to}`, `${left} left`];
      return before !== undefined && membersOf(before).length > e.config.maxReplicaCount
        ? undefined
        : [`${partsText(before ?? NOBODY)}: none is one too many`, partsText(e.config)];
    }),
    guard('tables/one-step-at-a-time', 'repl.1.10.step', (scene, e: ConfigStored) => {
      if (e.config.ballot <= 0 || goes(scene, e.atUs) || isRepeat(scene, e)) return undefined;
      const before = configBefore(scene, e);
      return stepTo(before, e.config) === undefined ? [`one step from ${partsText(before ?? NOBODY)}`, partsText(e.config)] : undefined;
    }),
    guard('tables/dropouts-are-remembered', 'S7', (scene, e: ConfigStored) => {
      const { part, table } = scene;
      if (isLive(table.status) || e.config.ballot <= part.ballot) return undefined;
      if (table.status === 'AS_DROPPED') return ['a dropped table to stay as it is', partsText(e.config)];
      // What was on its way before the drop comes first.
      if (membersOf(e.config).length > 0) return undefined;
      const before = part.configs[part.ballot] ?? NOBODY;
      const kept = membersOf(before).filter((node) => !e.config.lastDrops.includes(node));
      return e.config.lastDrops.length < MAX_LAST_DROPS && kept.length > 0
        ? [`${kept.join(', ')} to be found again when the table is recalled`, `last drops ${e.config.lastDrops.join(', ') || 'none'}`]
        : undefined;
    }),
    guard('tables/last-drop-is-the-newest', 'repl.1.10', (scene, e: ConfigStored) => {
      // Whom the last two of them name are heard when nobody is left; a member among them, or an older one behind, is the wrong witness.
      const { lastDrops } = e.config;
      const member = lastDrops.find((node) => membersOf(e.config).includes(node));
      if (member !== undefined) return [`last drops without ${member}, a member`, lastDrops.join(', ')];
      const left = membersOf(configBefore(scene, e) ?? NOBODY).filter((node) => !membersOf(e.config).includes(node));
      const last = lastDrops.at(-1);
      return left.length > 0 && last !== undefined && !left.includes(last) ? [`${left.join(' or ')} as the last one to drop`, lastDrops.join(', ')] : undefined;
    }),
    guard('tables/newcomers-hold-what-is-committed', 'S1', (scene, { config }: ConfigStored) => {
      const { part } = scene;
      const before = configBefore(scene, { config });
      for (const node of newcomers(stepTo(before, config), before, config)) {
        const missing = lacks(part, node);
        if (missing !== undefined && !hasLosses(part)) return [`a member that holds decrees up to ${part.committed}`, `${node} without ${missing}`];
      }
      return undefined;
    }),
    guard('tables/joins-while-nothing-commits', 'S1', (scene, { config }: ConfigStored) => {
      // In the old ballot its acknowledgement is not asked for: what is committed meanwhile it might not have.
      const { part } = scene;
      const primary = part.replicas[config.primary];
      return stepTo(part.configs[part.ballot], config) === 'joins' && primary?.open === true && primary.status === 'PS_PRIMARY'
        ? ['a primary that has left its role until it is answered', `${config.primary} is the primary of ballot ${primary.ballot}`]
        : undefined;
    }),
    guard('tables/primary-leaves-as-asked', 'FM12', (scene, e: ConfigStored) =>
      !stepsDown(scene, e) || goes(scene, e.atUs) || mover(scene, e.config) !== undefined
        ? undefined
        : ['a wish of an operator that has not moved the primary yet', partsText(e.config)],
    ),
    guard('dup/begins-over-a-checkpoint', 'dup.S11', ({ cluster, part }, e: ConfigStored) =>
      beginsWithNothing(cluster, part, e),
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
    const before = configBefore(scene, e);
    const isNew = config.ballot > part.ballot || overtakes(scene, e);
    if (isNew && (!furthersCopy(part, before, config) || stepTo(before, config) === 'member leaves')) part.copying = undefined;
    if (leaves(scene, e)) {
      const by = stepsDown(scene, e) ? mover(scene, config) : undefined;
      if (by !== undefined) by.effects++;
      noteLeft(part);
    }
    // Whatever was proposed is not any more.
    else if (config.ballot > part.ballot) part.wantedPrimary = '';
    if (config.ballot === 1 && part.ballot < 1) noteBegun(state, cluster, part, config.primary, atUs);
    part.ballot = config.ballot;
    part.configs[config.ballot] = { primary: config.primary, secondaries: [...config.secondaries] };
    // It is asked from now on, before it knows that it is the primary.
    const replica = part.replicas[config.primary];
    if (replica !== undefined) noteTakenOver(cluster, part, replica);
    noteServing(part, state, atUs);
  },
);
