/**
 * Processes, faults, and the meta server's records of tables (repl 1.1, 1.10; docs/departures FM).
 */
import type { Command } from '../commands.ts';
import { mayAct } from '../commandState.ts';
import { clusterNameOf } from '../dupState.ts';
import type { FaultStruck, Healed, ProcessStarted, ProcessStopped, TableStored } from '../events.ts';
import { allowsIngestBehind } from '../ingestions.ts';
import { membersOf } from '../members.ts';
import type { ClusterState, CommandState, ModelState, TableState } from '../state.ts';
import { settingsOfCluster } from '../config.ts';
import { bore, dropAskedAtUs, drops, isLive, rename } from '../tableNames.ts';
import type { TableStatus } from '../vocabulary.ts';
import { toDisk } from './lifecycle.ts';
import { flagWithoutCause, loadScene, noteMetaStarted } from './loads.ts';
import { namedWithoutCause, showsName } from './tableNames.ts';
import { clusterScene, guard, nodeScene, rule, type ClusterScene, type NodeScene } from './rule.ts';

// ---------------------------------------------------------------- processes and faults

export const started = rule(
  nodeScene,
  [
    guard('process/started-once', 'S8', ({ node }: NodeScene, e: ProcessStarted) =>
      node.up ? [`${e.node} to be down`, 'it runs'] : undefined,
    ),
  ],
  ({ node, state, cluster }, e) => {
    node.up = true;
    node.incarnation++;
    state.disturbedAtUs = e.atUs;
    if (e.node.startsWith(`${cluster.id}/meta`)) noteMetaStarted(cluster, e.atUs);
  },
);

export const stopped = rule(
  nodeScene,
  [
    guard('process/runs', 'S8', ({ node }: NodeScene, e: ProcessStopped) =>
      node.up ? undefined : [`${e.node} to run`, 'it is down'],
    ),
    guard('process/no-internal-check', 'S5', (_: NodeScene, e: ProcessStopped) =>
      e.cause === 'check' ? ['no internal check to fail', e.detail] : undefined,
    ),
  ],
  ({ state, cluster, node }, e) => {
    node.up = false;
    node.manualCount = 0;
    node.leaseFromUs = -1;
    node.slots = {};
    if (e.cause === 'power-loss') node.powerLost = true;
    state.disturbedAtUs = e.atUs;
    state.calm = false;
    state.lossy = true;
    for (const part of Object.values(cluster.partitions)) {
      const replica = part.replicas[e.node];
      if (replica === undefined) continue;
      toDisk(part, replica, e.atUs);
      replica.manual = false;
      part.emergencies = part.emergencies.filter((one) => one.node !== e.node);
    }
  },
);

/** Kinds of fault by the words of their names, as far as they excuse something. */
const DISK_FAULT = /disk|torn|bit-?rot|read-?error|write-?error|damage/i;
const LOAD_OR_CLOCK = /^(?:pool|clock)\./;
const WALL_FAULT = /wall|skew|clock/i;

export const struck = rule(
  (state: ModelState, _: FaultStruck) => ({ state }),
  [],
  ({ state }, e) => {
    state.disturbedAtUs = e.atUs;
    state.calm = false;
    if (!LOAD_OR_CLOCK.test(e.fault)) state.lossy = true;
    // One that is merely slow brings everything in the end.
    if (e.fault === 'provider.error') state.providerFaultAtUs = e.atUs;
    const node = state.nodes[e.node];
    if (node === undefined) return;
    const cluster = state.clusters[clusterNameOf(e.node)];
    if (cluster !== undefined && e.fault.startsWith('store.')) cluster.storeFaultAtUs = e.atUs;
    if (DISK_FAULT.test(e.fault)) node.diskFault = true;
    if (WALL_FAULT.test(e.fault)) node.wallFault = true;
    if (e.fault === 'process.pause') node.paused = true;
    if (/power-?loss/i.test(e.fault)) node.powerLost = true;
  },
);

export const healed = rule(
  (state: ModelState, _: Healed) => ({ state }),
  [
    guard('world/healed-once', 'S8', ({ state }, _: Healed) =>
      state.healedAtUs < 0 ? undefined : ['one end of faults', `healed at ${state.healedAtUs}`],
    ),
  ],
  ({ state }, e) => {
    state.healedAtUs = e.atUs;
  },
);

// ---------------------------------------------------------------- table.stored

const NEXT_STATUS: Readonly<Record<TableStatus, readonly TableStatus[]>> = {
  AS_CREATING: ['AS_CREATING', 'AS_AVAILABLE', 'AS_DROPPING', 'AS_DROPPED'],
  AS_AVAILABLE: ['AS_AVAILABLE', 'AS_DROPPING', 'AS_DROPPED'],
  AS_DROPPING: ['AS_DROPPING', 'AS_DROPPED'],
  AS_DROPPED: ['AS_DROPPED', 'AS_AVAILABLE'],
  AS_RECALLING: [],
};

/**
 * Remembers the weakest checkpoint reserve that the envs ever asked for; one invalid value makes both be ignored
 * (repl 2.6).
 */
function weaken({ weakestReserve }: TableState, envs: Readonly<Record<string, string>>): void {
  const count = Number(envs['rocksdb.checkpoint.reserve_min_count'] ?? Infinity);
  const seconds = Number(envs['rocksdb.checkpoint.reserve_time_seconds'] ?? Infinity);
  if (!(count > 0 && seconds >= 0)) return;
  weakestReserve.count = Math.min(weakestReserve.count, count);
  weakestReserve.seconds = Math.min(weakestReserve.seconds, seconds);
}

const known = ({ cluster }: ClusterScene, e: TableStored): TableState | undefined => cluster.tables[e.appId];

/** By its name, or one that it bore before. */
const isCalled = (table: TableState | undefined, e: TableStored, name: string): boolean => name === e.name || (table !== undefined && bore(table, name));

/** Was there ever a command that asked for this? */
function asked({ cluster }: ClusterScene, e: TableStored, key: string, value: string): boolean {
  if (cluster.asks.some(({ name, envs }) => name === e.name && envs[key] === value)) return true;
  const meant = (name: string): boolean => isCalled(cluster.tables[e.appId], e, name);
  return Object.values(cluster.commands).some(({ command }) => {
    if (command.kind === 'setEnvs') return meant(command.name) && command.envs[key] === value;
    if (command.kind === 'manualCompact') return meant(command.table) && key.startsWith('manual_compact.');
    return command.kind === 'createTable' && command.name === e.name && command.envs[key] === value;
  });
}

/** What gives a table a name or takes it. */
const NAMING: readonly Command['kind'][] = ['dropTable', 'recallTable', 'renameTable'];

/** Does the record show what the command asked for? */
function shows(asked: CommandState, table: TableState | undefined, e: TableStored): boolean {
  const { command } = asked;
  switch (command.kind) {
    case 'createTable':
      return command.name === e.name && e.status === 'AS_AVAILABLE';
    case 'dropTable':
      return isCalled(table, e, command.name) && e.status === 'AS_DROPPED';
    case 'recallTable':
    case 'renameTable':
      return showsName(asked, table, e);
    case 'setEnvs':
      return isCalled(table, e, command.name) && Object.entries(command.envs).every(([key, value]) => e.envs[key] === value);
    case 'manualCompact':
      return isCalled(table, e, command.table) && Object.keys(e.envs).some((key) => key.startsWith('manual_compact.'));
    default:
      return false;
  }
}

/** Whose doing is it? Of several who asked for the same, whoever asked first. */
function noteActed(state: ModelState, cluster: ClusterState, before: TableState, e: TableStored): void {
  if (before.status === e.status && before.name === e.name) return;
  const actor = Object.values(cluster.commands).find(
    (command) => NAMING.includes(command.command.kind) && mayAct(state, cluster.id, command, e.atUs) && shows(command, before, e),
  );
  if (actor !== undefined) actor.acted++;
}

export const tableStored = rule(
  clusterScene,
  [
    guard('tables/status-change', 'S7', (scene, e: TableStored) => {
      const before = known(scene, e)?.status;
      const allowed = before === undefined ? (['AS_CREATING', 'AS_AVAILABLE'] as const) : NEXT_STATUS[before];
      return allowed.some((status) => status === e.status) ? undefined : [`one of ${allowed.join(', ')}`, e.status];
    }),
    guard('tables/never-changes-shape', 'S7', (scene, e: TableStored) => {
      const table = known(scene, e);
      if (table === undefined) return undefined;
      const same = table.partitionCount === e.partitionCount && table.maxReplicaCount === e.maxReplicaCount;
      return same
        ? undefined
        : [`${table.partitionCount} x ${table.maxReplicaCount}`, `${e.partitionCount} x ${e.maxReplicaCount}`];
    }),
    guard('tables/named-as-asked', 'S7', (scene, e: TableStored) => {
      const { holdSecondsForDroppedApp = Infinity } = settingsOfCluster(scene.state.config, scene.cluster.id);
      const isShifted = Object.values(scene.state.nodes).some((node) => node.wallFault);
      return namedWithoutCause(scene, known(scene, e), e, isShifted ? Infinity : holdSecondsForDroppedApp);
    }),
    guard('tables/one-live-table-per-name', 'S7', ({ cluster }, e: TableStored) => {
      const live = cluster.byName[e.name];
      return !isLive(e.status) || live === undefined || live === e.appId
        ? undefined
        : [`table ${live} alone to be named ${e.name}`, `table ${e.appId}`];
    }),
    guard('tables/created-as-asked', 'S7', (scene, e: TableStored) => {
      if (known(scene, e) !== undefined) return undefined;
      const wanted = Object.values(scene.cluster.commands).some(
        ({ command }) =>
          command.kind === 'createTable' &&
          command.name === e.name &&
          command.partitionCount === e.partitionCount &&
          command.replicaCount === e.maxReplicaCount,
      );
      const follows = scene.cluster.asks.some(
        ({ name, partitionCount, replicaCount }) =>
          name === e.name && partitionCount === e.partitionCount && replicaCount === e.maxReplicaCount,
      );
      return wanted || follows
        ? undefined
        : ['a table that somebody asked for', `${e.name}, ${e.partitionCount} x ${e.maxReplicaCount}`];
    }),
    guard('tables/dropped-as-asked', 'S7', (scene, e: TableStored) => {
      const table = known(scene, e);
      if (table === undefined || isLive(e.status) || !isLive(table.status)) return undefined;
      return drops(scene.cluster, table) ? undefined : ['a drop that somebody asked for', `${e.name} is ${e.status}`];
    }),
    guard('tables/dropped-without-members', 'S7', (scene, e: TableStored) => {
      if (e.status !== 'AS_DROPPED') return undefined;
      const left = Object.values(scene.cluster.partitions).find(
        (part) => part.appId === e.appId && membersOf(part).some((node) => node !== ''),
      );
      return left === undefined ? undefined : [`no member of ${e.name}'s partitions`, `${left.gpid} has ${membersOf(left).join(', ')}`];
    }),
    guard('tables/envs-as-asked', 'S7', (scene, e: TableStored) => {
      const before = known(scene, e)?.envs ?? {};
      for (const key of Object.keys(before)) {
        if (!(key in e.envs)) return [`${key}=${before[key]} to stay`, 'it is gone'];
      }
      for (const [key, value] of Object.entries(e.envs)) {
        if (before[key] !== value && !asked(scene, e, key, value))
          return [`${key} as somebody asked (it was ${before[key] ?? 'absent'})`, value];
      }
      return undefined;
    }),
    guard('loads/flag-has-a-cause', 'L3', ({ state, cluster }, e: TableStored) => {
      const scene = loadScene(state, { cluster: cluster.id, appId: e.appId });
      const isBulkLoading = e.isBulkLoading === true;
      if (typeof scene !== 'string') return flagWithoutCause(scene, isBulkLoading);
      return isBulkLoading ? ['a new table not to load', `${e.name} is loading`] : undefined;
    }),
  ],
  ({ state, cluster }, e) => {
    const { appId, name, status, partitionCount, maxReplicaCount, atUs } = e;
    const table = (cluster.tables[appId] ??= {
      appId,
      name,
      status,
      partitionCount,
      maxReplicaCount,
      envs: {},
      isBulkLoading: false,
      loadingChangedAtUs: -1,
      changedAtUs: -1,
      createdAtUs: atUs,
      droppedAtUs: -1,
      dropAskedAtUs: -1,
      recalledAtUs: -1,
      names: [],
      home: {},
      grantedEarly: [],
      allowsIngestBehind: allowsIngestBehind(e.envs),
      changes: 0,
      answeredChanges: -1,
      weakestReserve: { count: Infinity, seconds: Infinity },
    });
    weaken(table, e.envs);
    const before = { ...table };
    const askedAtUs = dropAskedAtUs(state, cluster, table, atUs);
    table.changes++;
    table.changedAtUs = atUs;
    if (isLive(status) && !isLive(before.status)) {
      table.recalledAtUs = atUs;
      table.droppedAtUs = -1;
    }
    rename(table, isLive(status) ? name : '', atUs);
    if (cluster.byName[table.name] === appId) delete cluster.byName[table.name];
    table.name = name;
    table.status = status;
    table.envs = { ...e.envs };
    const isBulkLoading = e.isBulkLoading === true;
    if (table.isBulkLoading !== isBulkLoading) {
      table.loadingChangedAtUs = atUs;
      table.grantedEarly = [];
    }
    table.isBulkLoading = isBulkLoading;
    cluster.tableChanges++;
    noteActed(state, cluster, before, e);
    for (const command of Object.values(cluster.commands)) {
      if (command.shownAppId >= 0 || !shows(command, before, e)) continue;
      command.shownAppId = appId;
      command.shownChange = table.changes;
    }
    if (isLive(status)) cluster.byName[name] = appId;
    else if (table.droppedAtUs < 0) {
      table.droppedAtUs = atUs;
      table.dropAskedAtUs = askedAtUs;
    }
  },
);
