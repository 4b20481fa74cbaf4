/**
 * Says of a run which situations (situations.ts) it met: at each command's invocation and answer, and whenever a kind of fault
 * comes into force, from the events and the model's state alone. After heal only the run's own probes go on, in the quiet; they do not count.
 */
import type { Command } from '../../model/commands.ts';
import { isErased as isDupErased, statusOf } from '../../model/dupState.ts';
import type { ModelEvent } from '../../model/events.ts';
import { isErased as isLoadErased } from '../../model/loadState.ts';
import { durableOf, type ClusterState, type ModelState } from '../../model/state.ts';
import type { BulkLoadStatus, ClusterId, DuplicationStatus, NodeId } from '../../model/vocabulary.ts';
import { clusterOfNode } from '../run/eventPlace.ts';
import { DIMENSIONS, indexOfSituation } from './situations.ts';

/** A fault that ends without a word counts as in force for so long after it took effect. */
const IN_FORCE_US = 1_000_000;

type FaultName = keyof typeof FAULT_OF;

/** Each effect of a fault (coverage.ts, FAULT_EFFECTS) by the value that it is counted as; 0: told by the process that stops. */
const FAULT_OF = {
  'process.crash': 0,
  'process.power-loss': 0,
  'process.pause': 3,
  'process.shutdown': 0,
  'power-loss': 9,
  'link.cut': 4,
  'link.reset': 4,
  'link.delay': 5,
  'link.reply-lost': 6,
  'disk.slow': 7,
  'disk.slowed': 7,
  'disk.full': 8,
  'disk.read-error': 8,
  'disk.write-error': 8,
  'disk.bit-rot': 9,
  'store.slow': 10,
  'store.slowed': 10,
  'store.timeout': 11,
  'store.timeout-after-effect': 11,
  'store.crash-after': 11,
  'pool.delay': 12,
  'pool.occupied': 12,
  'clock.shift': 13,
  'provider.slowed': 14,
  'provider.error': 14,
} as const;

export const COUNTED_FAULTS: readonly string[] = Object.keys(FAULT_OF);

const NO_FAULT = 0;
const SERVER_DOWN = 1;
const META_DOWN = 2;
const CLOCK_MOVED = 13;
const FAULTS = DIMENSIONS[3]?.values.length ?? 0;

const DUP_VALUE: Readonly<Record<DuplicationStatus, number>> = { DS_INIT: 0, DS_PREPARE: 1, DS_APP: 2, DS_LOG: 3, DS_PAUSE: 4, DS_REMOVED: 5 };
const REMOVED = 5;
const FED = 6;

const LOAD_VALUE: Readonly<Record<BulkLoadStatus, number>> = {
  BLS_INVALID: 0,
  BLS_DOWNLOADING: 1,
  BLS_DOWNLOADED: 2,
  BLS_INGESTING: 3,
  BLS_PAUSING: 4,
  BLS_PAUSED: 5,
  BLS_SUCCEED: 6,
  BLS_FAILED: 7,
  BLS_CANCELED: 8,
};

const COMMAND_VALUE: Readonly<Record<Command['kind'], number>> = {
  put: 1,
  remove: 1,
  multiPut: 1,
  get: 2,
  createTable: 3,
  dropTable: 4,
  recallTable: 3,
  renameTable: 5,
  setEnvs: 5,
  triggerCheckpoint: 6,
  emergencyCheckpoint: 6,
  manualCompact: 7,
  movePrimary: 8,
  copyReplica: 8,
  listTables: 9,
  queryCheckpoint: 9,
  queryMetrics: 9,
  queryProgress: 9,
  queryDup: 9,
  listDups: 9,
  queryBulkLoad: 9,
  addDup: 10,
  startDup: 11,
  pauseDup: 12,
  removeDup: 13,
  setDupFailMode: 14,
  startBulkLoad: 15,
  pauseBulkLoad: 16,
  restartBulkLoad: 17,
  cancelBulkLoad: 18,
  clearBulkLoad: 19,
};
const NO_COMMAND = 0;

interface Asked {
  readonly command: number;
  readonly table: string;
}

export class SituationWatch {
  private readonly met: (situation: number) => void;
  private run: ModelState | undefined;
  private readonly asked = new Map<number, Asked>();
  /** Processes that are down. */
  private serversDown = 0;
  private metasDown = 0;
  /** By value of the fault: until when it is in force. */
  private readonly untilUs = new Float64Array(FAULTS);

  /** `met`: told of each situation as often as it is met. */
  constructor(met: (situation: number) => void) {
    this.met = met;
  }

  event(event: ModelEvent, state: ModelState): void {
    switch (event.kind) {
      case 'command.invoked':
        this.begin(state);
        if (state.healedAtUs >= 0) return;
        this.asked.set(event.id, { command: COMMAND_VALUE[event.command.kind], table: tableOf(event.command) });
        this.look(state, event.cluster, tableOf(event.command), COMMAND_VALUE[event.command.kind], event.atUs);
        return;
      case 'command.answered':
        this.begin(state);
        this.answered(event.id, event.cluster, state, event.atUs);
        return;
      case 'fault.struck':
        this.begin(state);
        this.struck(event.fault, event.node, state, event.atUs);
        return;
      case 'process.stopped':
        this.begin(state);
        this.stopped(event.node, 1, state);
        return;
      case 'process.started':
        // Those of a run's beginning are no return.
        this.begin(state);
        if ((state.nodes[event.node]?.incarnation ?? 0) > 1) this.stopped(event.node, -1, state);
        return;
    }
  }

  /** Another state tree: another run. */
  private begin(state: ModelState): void {
    if (this.run === state) return;
    this.run = state;
    this.asked.clear();
    this.serversDown = 0;
    this.metasDown = 0;
    this.untilUs.fill(-1);
  }

  private answered(id: number, cluster: ClusterId, state: ModelState, atUs: number): void {
    const asked = this.asked.get(id);
    if (asked === undefined) return;
    this.asked.delete(id);
    if (state.healedAtUs < 0) this.look(state, cluster, asked.table, asked.command, atUs);
  }

  private struck(name: string, node: NodeId | '', state: ModelState, atUs: number): void {
    const fault = Object.hasOwn(FAULT_OF, name) ? FAULT_OF[name as FaultName] : NO_FAULT;
    if (fault === NO_FAULT) return;
    const isNew = (this.untilUs[fault] ?? 0) < atUs;
    this.untilUs[fault] = fault === CLOCK_MOVED ? Infinity : atUs + IN_FORCE_US;
    if (isNew) this.lookAtAll(state, node, fault);
  }

  private stopped(node: NodeId, by: 1 | -1, state: ModelState): void {
    const isMeta = node.includes('/meta-');
    if (isMeta) this.metasDown += by;
    else this.serversDown += by;
    if (by === 1) this.lookAtAll(state, node, isMeta ? META_DOWN : SERVER_DOWN);
  }

  /** The tables of the cluster that a fault strikes; of all when it strikes none of them alone. */
  private lookAtAll(state: ModelState, node: NodeId | '', fault: number): void {
    if (state.healedAtUs >= 0) return;
    const only = clusterOfNode(node);
    for (const id of Object.keys(state.clusters)) {
      const cluster = state.clusters[id];
      if (cluster === undefined || (only !== '' && id !== only)) continue;
      for (const appId of Object.values(cluster.byName)) this.met(indexOfSituation(dupOf(state, cluster, appId), loadOf(cluster, appId), checkpointOf(cluster, appId), fault, NO_COMMAND));
    }
  }

  private look(state: ModelState, clusterId: ClusterId, table: string, command: number, atUs: number): void {
    const cluster = state.clusters[clusterId];
    if (cluster === undefined) return;
    const appId = cluster.byName[table] ?? -1;
    const duplication = appId < 0 ? 0 : dupOf(state, cluster, appId);
    const load = appId < 0 ? 0 : loadOf(cluster, appId);
    const checkpoint = appId < 0 ? 0 : checkpointOf(cluster, appId);
    let faults = 0;
    for (let fault = 1; fault < FAULTS; fault += 1) {
      if (!this.isInForce(fault, atUs)) continue;
      faults += 1;
      this.met(indexOfSituation(duplication, load, checkpoint, fault, command));
    }
    if (faults === 0) this.met(indexOfSituation(duplication, load, checkpoint, NO_FAULT, command));
  }

  private isInForce(fault: number, atUs: number): boolean {
    if (fault === SERVER_DOWN) return this.serversDown > 0;
    if (fault === META_DOWN) return this.metasDown > 0;
    return (this.untilUs[fault] ?? -1) >= atUs;
  }
}

function tableOf(command: Command): string {
  if ('table' in command) return command.table;
  return 'name' in command ? command.name : '';
}

function dupOf(state: ModelState, cluster: ClusterState, appId: number): number {
  let value = 0;
  for (const key in cluster.dups) {
    const dup = cluster.dups[key];
    if (dup === undefined || dup.appId !== appId) continue;
    if (!isDupErased(dup)) return DUP_VALUE[statusOf(dup)];
    value = REMOVED;
  }
  return value !== 0 || !isFed(state, cluster, appId) ? value : FED;
}

/** Does a duplication that is there write to the table? */
function isFed(state: ModelState, cluster: ClusterState, appId: number): boolean {
  const name = cluster.tables[appId]?.name;
  for (const id in state.clusters) {
    const dups = id === cluster.id ? undefined : state.clusters[id]?.dups;
    for (const key in dups) {
      const dup = dups[key];
      if (dup !== undefined && dup.remote === cluster.id && dup.remoteAppName === name && !isDupErased(dup)) return true;
    }
  }
  return false;
}

function loadOf(cluster: ClusterState, appId: number): number {
  const load = cluster.loads[appId];
  return load === undefined || isLoadErased(load) ? 0 : LOAD_VALUE[load.record.status];
}

const ALL_LISTED = 0;
const NONE_YET = 1;
const ASKED = 2;
const FLUSHED = 3;
const BEHIND = 4;

function checkpointOf(cluster: ClusterState, appId: number): number {
  let hasOne = false;
  let isBehind = false;
  let isFlushed = false;
  for (const gpid in cluster.partitions) {
    const part = cluster.partitions[gpid];
    if (part === undefined || part.appId !== appId) continue;
    if (part.emergencies.length > 0) return ASKED;
    for (const node in part.replicas) {
      const replica = part.replicas[node];
      if (replica === undefined) continue;
      if (replica.manual) return ASKED;
      if (replica.unlisted.sinceUs >= 0) isFlushed = true;
      const durable = durableOf(replica);
      if (durable > 0) hasOne = true;
      if (replica.applied > durable) isBehind = true;
    }
  }
  if (isFlushed) return FLUSHED;
  if (!hasOne) return NONE_YET;
  return isBehind ? BEHIND : ALL_LISTED;
}
