/**
 * The simulated world: nodes with disks and processes, links, state stores, and every fault a driver can cause, over
 * one event heap. A run is a pure function of what the driver does and of what `chance` answers.
 *
 * Everything here is called by the driver (no process), between runs or from `at`; the implementation sees only `Env`.
 */
import type { ClusterId, NodeId } from '../../../model/vocabulary.ts';
import type { PoolName, TaskCode } from '../../protocol/taskCodes.ts';
import type { Continuation, TaskHandle } from '../contract.ts';
import { parentOf } from '../diskPath.ts';
import type { Chance } from './chance.ts';
import { Core } from './core.ts';
import { type DiskView, NodeDisk } from './disk.ts';
import { SimEnv } from './env.ts';
import { type RunOptions, type RunOutcome, SimEvent } from './kernel.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import type { Link } from './link.ts';
import { Network } from './network.ts';
import { type NodeOptions, SimNode } from './node.ts';
import type { WorldObserver } from './observer.ts';
import { Occupation } from './poolFaults.ts';
import type { LostTail } from './powerLoss.ts';
import { SimProcess, type StopCause } from './process.ts';
import { ProviderStore } from './provider.ts';
import { ClusterStore, type StoreView } from './store.ts';
import { listWaiting, type Waiting } from './waiting.ts';

export interface WorldOptions {
  readonly chance: Chance;
  readonly observer: WorldObserver;
  readonly limits?: Partial<Limits>;
  /** What a wall clock shows when the world begins, microseconds since 1970. */
  readonly startWallUs: number;
  /** Freeze messages and verify their bytes; costs time. */
  readonly strict?: boolean;
}

/** A power loss without more words: everything that was not synced is gone. */
export const ALL_UNSYNCED_LOST: LostTail = { mode: 'cut', keepPermille: 0 };

class DriverCall extends SimEvent {
  private readonly act: () => void;

  constructor(act: () => void) {
    super();
    this.act = act;
  }

  override fire(): void {
    this.act();
  }
}

export class SimWorld {
  private readonly core: Core;
  private readonly nodes = new Map<NodeId, SimNode>();
  private readonly stores = new Map<ClusterId, ClusterStore>();
  private readonly providers = new Map<string, ProviderStore>();
  private readonly occupations = new Map<SimProcess, Map<PoolName, Occupation[]>>();
  private readonly network: Network;

  constructor(options: WorldOptions) {
    const { chance, observer, limits, startWallUs, strict = false } = options;
    this.core = new Core(chance, observer, { ...DEFAULT_LIMITS, ...limits }, startWallUs, strict);
    this.network = new Network(this.core, this.nodes, (process, detail) => this.end(process, 'check', detail));
  }

  // ---- nodes and processes

  addNode(id: NodeId, options: NodeOptions): void {
    if (this.nodes.has(id)) throw new Error(`node ${id} exists`);
    this.nodes.set(id, new SimNode(id, options, new NodeDisk(this.core, id)));
    this.clusterStore(options.cluster);
  }

  /** Starts a process over the node's disk; nothing happens when one is up. True when it is up afterwards. */
  startNode(id: NodeId): boolean {
    const node = this.node(id);
    if (node.process !== undefined) return true;
    const process = new SimProcess(this.core, node, (ended, cause, detail) => this.end(ended, cause, detail));
    node.process = process;
    const env = new SimEnv(process, this.network, this.clusterStore(node.options.cluster), this.providers);
    this.core.observer.processStarted(id);
    process.boot(() => {
      node.root = node.options.boot(env);
    });
    return process.alive;
  }

  /** Ends the node's process, if it is up. With `power-loss` the disk loses unsynced tails as `lostTail` says. */
  stopNode(id: NodeId, cause: 'crash' | 'power-loss' | 'shutdown', lostTail: LostTail = ALL_UNSYNCED_LOST): void {
    const node = this.node(id);
    if (node.process !== undefined) this.end(node.process, cause, '');
    if (cause === 'power-loss') node.disk.losePower(lostTail);
  }

  /** From now on the node does not do what it should, although its process is up: who watches is told. */
  disturb(fault: 'process.shutdown', id: NodeId): void {
    if (this.isUp(id)) this.core.strike(fault, id, '', '');
  }

  isUp(id: NodeId): boolean {
    return this.node(id).process !== undefined;
  }

  /** What `boot` returned for the process that is up. */
  rootOf(id: NodeId): object | undefined {
    return this.node(id).root;
  }

  /** The process crashes instead of making its `nth` env call from now (1: the next); 0 takes that back. */
  crashInside(id: NodeId, nth: number): void {
    const { process } = this.node(id);
    if (process !== undefined) process.crashAtCall = nth;
  }

  /** Nothing of the process runs for a while and its monotonic clock stands still; messages to it queue up. */
  pauseNode(id: NodeId, durationMs: number): void {
    const { process } = this.node(id);
    if (process === undefined) return;
    this.core.strike('process.pause', id, '', `${durationMs} ms`);
    this.core.observer.processPaused(id, process.pause(Math.round(durationMs * 1000)));
  }

  /** Queues a task in the node's process; undefined when it is down. */
  post(id: NodeId, code: TaskCode, hash: number, then: Continuation): TaskHandle | undefined {
    const { process } = this.node(id);
    if (process === undefined) return undefined;
    const resolved = process.code(code);
    const task = process.newTask(resolved, resolved.pool, hash, then);
    resolved.pool.admit(task, this.core.kernel.nowUs);
    return task;
  }

  // ---- links

  /** From now on nothing passes from one node to the other; the other direction stays. */
  cutLink(from: NodeId, to: NodeId): void {
    this.link(from, to).cut = true;
  }

  /** Lets messages pass again; the session between the two starts anew. */
  restoreLink(from: NodeId, to: NodeId): void {
    const link = this.link(from, to);
    if (!link.cut) return;
    link.cut = false;
    this.resetSession(from, to);
  }

  /** Everything under way between the two is lost, and their pending calls end with ERR_NETWORK_FAILURE. */
  resetSession(a: NodeId, b: NodeId): void {
    const link = this.link(a, b);
    const back = this.link(b, a);
    const underWay = link.underWay + (back === link ? 0 : back.underWay);
    const calls = this.network.reset(link.session);
    const hit = `${link.where}: ${calls} calls, ${underWay} messages`;
    if (calls + underWay > 0) this.core.strike('link.reset', b, '', hit);
  }

  // ---- disks and clocks

  /** False when the file has no such byte. */
  flipBit(id: NodeId, path: string, byteOffset: number, bit: number): boolean {
    return this.node(id).disk.flipBit(path, byteOffset, bit);
  }

  setDiskFull(id: NodeId, full: boolean): void {
    this.node(id).disk.full = full;
  }

  /** Writes beyond this many bytes of files fail with 'full'. */
  setDiskCapacity(id: NodeId, capacityBytes: number): void {
    this.node(id).disk.capacityBytes = capacityBytes;
  }

  /** Multiplies the cost of each disk call; 1 is calm. */
  setDiskSlow(id: NodeId, factor: number): void {
    this.node(id).disk.setSlow(factor);
  }

  /** The node's wall clock jumps; its monotonic clock does not notice. */
  shiftWall(id: NodeId, deltaUs: number): void {
    this.node(id).wallShiftUs += Math.round(deltaUs);
    this.core.strike('clock.shift', id, '', `${Math.round(deltaUs)} us`);
  }

  /** Puts a synced file on a node's disk before its process starts (a world that begins with data). */
  plantFile(id: NodeId, path: string, bytes: Uint8Array): void {
    const { tree } = this.node(id).disk;
    const nowUs = this.core.startWallUs;
    tree.mkdir(parentOf(path), nowUs);
    tree.create(path, nowUs);
    tree.write(path, 0, bytes, nowUs);
    tree.sync(path);
  }

  /** Puts a record into a cluster's state store before its meta server starts; its parent must be there. */
  plantRecord(cluster: ClusterId, path: string, value: string): void {
    const { error } = this.clusterStore(cluster).tree.create(path, value);
    if (error !== 'ERR_OK') throw new Error(`cannot plant ${path}: ${error}`);
  }

  // ---- pools

  /** Occupies workers with background tasks of `costMs` each; with `repeat` each comes back as it ends. Answers how to end just these. */
  occupyPool(id: NodeId, pool: PoolName, tasks: number, costMs: number, repeat: boolean): () => void {
    const { process } = this.node(id);
    if (process === undefined) return () => undefined;
    const occupation = new Occupation(process, pool, costMs, repeat);
    let ofProcess = this.occupations.get(process);
    if (ofProcess === undefined) this.occupations.set(process, (ofProcess = new Map<PoolName, Occupation[]>()));
    ofProcess.set(pool, [...(ofProcess.get(pool) ?? []), occupation]);
    for (let i = 0; i < tasks; i++) occupation.add(i, this.core.kernel.nowUs);
    return () => {
      occupation.release();
    };
  }

  releasePool(id: NodeId, pool: PoolName): void {
    const { process } = this.node(id);
    if (process === undefined) return;
    const ofProcess = this.occupations.get(process);
    for (const occupation of ofProcess?.get(pool) ?? []) occupation.release();
    ofProcess?.delete(pool);
  }

  // ---- state stores

  /** Multiplies the latency of each operation; 1 is calm. */
  setStoreSlow(cluster: ClusterId, factor: number): void {
    this.clusterStore(cluster).setSlow(factor);
  }

  // ---- file providers

  /** The block service of a name, which all nodes of all clusters see from now on; made empty at the first call. */
  provider(name: string): ProviderStore {
    let store = this.providers.get(name);
    if (store === undefined) this.providers.set(name, (store = new ProviderStore(this.core, name)));
    return store;
  }

  // ---- time

  /** The driver acts at a later moment, outside all processes. */
  at(delayMs: number, act: () => void): void {
    this.core.kernel.schedule(this.core.kernel.nowUs + Math.round(delayMs * 1000), new DriverCall(act));
  }

  /** Dispatches events. Afterwards the clock is at `untilUs` (when finite), unless `stop` or a limit ended the run. */
  run(options: RunOptions): RunOutcome {
    return this.core.kernel.run(options);
  }

  nowUs(): number {
    return this.core.kernel.nowUs;
  }

  /** The present moment inside a running handler: its start plus what it has charged. For observers. */
  momentUs(): number {
    return this.core.momentUs();
  }

  dispatches(): number {
    return this.core.kernel.dispatches;
  }

  // ---- onlooking

  diskView(id: NodeId): DiskView {
    return this.node(id).disk;
  }

  storeView(cluster: ClusterId): StoreView {
    return this.clusterStore(cluster);
  }

  /** How often each fault took effect. */
  faultEffects(): ReadonlyMap<string, number> {
    return this.core.effects;
  }

  waiting(): Waiting {
    return listWaiting(this.core.kernel, this.nodes, this.network, this.stores);
  }

  // ---- inside

  private node(id: NodeId): SimNode {
    const node = this.nodes.get(id);
    if (node === undefined) throw new Error(`no node ${id}`);
    return node;
  }

  private link(from: NodeId, to: NodeId): Link {
    const link = this.network.link(this.node(from), to);
    if (link === undefined) throw new Error(`no node ${to}`);
    return link;
  }

  private clusterStore(cluster: ClusterId): ClusterStore {
    let store = this.stores.get(cluster);
    if (store === undefined) {
      store = new ClusterStore(this.core, cluster, (process, detail) => this.end(process, 'crash', detail));
      this.stores.set(cluster, store);
    }
    return store;
  }

  /** The only way a process ends. Its tasks, timers and calls go with it. */
  private end(process: SimProcess, cause: StopCause, detail: string): void {
    if (!process.alive) return;
    const { node } = process;
    process.alive = false;
    node.process = undefined;
    node.root = undefined;
    this.occupations.delete(process);
    this.network.resetAll(node);
    this.core.kernel.dropDead();
    if (cause !== 'shutdown' && cause !== 'check') this.core.strike(`process.${cause}`, node.id, '', detail);
    this.core.observer.processStopped(node.id, cause, detail);
  }
}
