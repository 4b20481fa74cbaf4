/**
 * Takes a plan through its phases: steps under faults, heal, settle until every obligation is discharged or its bound has
 * passed, then probes (a write to each duplicated partition; each key ever written is read back; from every member of a
 * loaded partition, which is its primary for that) and a last look.
 */
import type { Answer, Command } from '../../model/commands.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { ModelState } from '../../model/state.ts';
import type { ClusterId, DupId, NodeId } from '../../model/vocabulary.ts';
import type { LostTail } from '../../impl/env/sim/powerLoss.ts';
import type { SimWorld } from '../../impl/env/sim/world.ts';
import { task } from '../../impl/env/contract.ts';
import { PROVIDERS } from '../plan/providers.ts';
import { specOf } from '../plan/steps/index.ts';
import type { Plan, Step } from '../plan/types.ts';
import { clientNode, resolveNode, tableNameOf } from './names.ts';
import { ClientHost } from './clientHost.ts';
import { Awaiting, type Awaited } from './awaited.ts';
import { KnownTables, type KnownTable } from './knownTables.ts';
import { PrimaryTour } from './primaryTour.ts';
import { Probes, type Probe } from './probes.ts';
import type { Stage } from './stage.ts';

/** How long a graceful stop may take before the process ends. */
const GRACE_MS = 50;

/** A process that a fault inside an env call ended comes back by itself after this long. */
const RESPAWN_MS = 300;

/** From process start until a cluster serves its users. */
const BOOT_MS = 200;

const LOADED_POOL = 'THREAD_POOL_REPLICATION_LONG';

/**
 * Loads of one pool add up to a round of this, milliseconds; one that would go beyond takes the place of the others, since nothing
 * could be promised of who waits his turn that long. A single one may be heavier.
 */
const MOST_ROUND_MS = 60;

interface Load {
  readonly node: NodeId;
  readonly tasks: number;
  readonly costMs: number;
  /** Ends it in the process that is up. */
  release: () => void;
}

interface Window {
  readonly undo: () => void;
  done: boolean;
}

export class Driver implements Stage {
  readonly world: SimWorld;
  /** Steps whose guard failed. */
  readonly skipped: number[] = [];
  /** When each step began, virtual microseconds, by its index. */
  readonly begunUs: number[] = [];
  /** A step is being done at this very moment: the last of `begunUs`. */
  isPerforming = false;
  /** Commands without an answer yet. */
  readonly open = new Set<number>();
  lastCommandUs = 0;
  healedUs: number | undefined;
  private readonly plan: Plan;
  private readonly sink: (event: ModelEvent) => void;
  private readonly calm: () => void;
  private readonly bound = new Set<string>();
  private readonly windows: Window[] = [];
  private readonly probes = new Probes();
  private readonly tour = new PrimaryTour();
  /** Commands that `dup#n` waits for, and the ids that were answered. */
  private readonly adding = new Map<number, string>();
  private readonly dupIds = new Map<string, DupId>();
  private readonly loads = new Set<Load>();
  private readonly tables = new KnownTables();
  private readonly awaiting = new Awaiting(this.tables);
  /** The next step waits for something to happen. */
  private isAwaiting = false;
  private nextId = 1;
  private next = 0;
  private heldMs = 0;
  private stopping = false;
  private lastsUntilUs = 0;
  private readonly nodes: readonly NodeId[];

  constructor(plan: Plan, nodes: readonly NodeId[], world: SimWorld, sink: (event: ModelEvent) => void, calm: () => void) {
    this.plan = plan;
    this.nodes = nodes;
    this.world = world;
    this.sink = sink;
    this.calm = calm;
    for (const name of PROVIDERS) world.provider(name);
    if (plan.preload === undefined) return;
    const { cluster, table, partitionCount, gpid } = plan.preload;
    this.bound.add(table);
    this.probes.addTable(cluster, tableNameOf(table), partitionCount);
    this.tables.add(cluster, tableNameOf(table), { appId: Number(gpid.slice(0, gpid.indexOf('.'))), partitionCount });
  }

  /** Schedules the first step, once the cluster has had time to come up. */
  begin(): void {
    this.heldMs = BOOT_MS;
    this.scheduleNext();
  }

  private scheduleNext(): void {
    const step = this.plan.steps[this.next];
    const delayMs = (step?.afterMs ?? 0) + this.heldMs;
    this.heldMs = 0;
    this.world.at(delayMs, () => {
      if (step === undefined) this.heal();
      else this.perform(step);
    });
  }

  private perform(step: Step): void {
    const spec = specOf(step.kind);
    this.begunUs.push(this.world.nowUs());
    this.isPerforming = true;
    if (spec?.guard(step, this) === true) spec.run(step, this);
    else this.skipped.push(this.next);
    this.isPerforming = false;
    this.next += 1;
    if (!this.isAwaiting) this.scheduleNext();
  }

  /** Faults end, in the order in which they began; nodes return. */
  private heal(): void {
    const leftUs = this.lastsUntilUs - this.world.nowUs();
    if (leftUs > 0) {
      this.world.at(leftUs / 1000, () => {
        this.heal();
      });
      return;
    }
    this.calm();
    for (const window of this.windows) this.close(window);
    for (const node of this.nodes) if (!this.world.isUp(node)) this.startNow(node);
    this.healedUs = this.world.nowUs();
    this.sink({ kind: 'world.healed', atUs: this.healedUs });
  }

  /** A process ended in the middle of an env call (no step did it): what watches over processes starts it again. */
  onCrashed(node: NodeId): void {
    if (this.stopping) return;
    this.world.at(RESPAWN_MS, () => {
      if (!this.world.isUp(node)) this.startNow(node);
    });
  }

  /** Writes once to every partition that is duplicated; false: there is none. */
  probeWrites(): boolean {
    return this.probe(this.probes.writes());
  }

  /** Reads back every key that was ever written, in every cluster where it should be; the judge compares. */
  probeReads(): void {
    this.probe(this.probes.reads());
  }

  /** The primaries of loaded partitions move on, and what the loads brought is read again; false: all have been everywhere. */
  tourPrimaries(state: ModelState): boolean {
    return this.probe(this.tour.next(state, this.probes.gets()));
  }

  private probe(probes: readonly Probe[]): boolean {
    for (const { cluster, command } of probes) if (this.hasCluster(cluster)) this.invoke(cluster, command);
    return probes.length > 0;
  }

  onEvent(event: ModelEvent): void {
    this.tables.onEvent(event);
    this.awaiting.onEvent(event);
  }

  /** A command came back. */
  onAnswered(id: number, answer: Answer): void {
    this.open.delete(id);
    this.tables.onAnswered(id, answer);
    const ref = this.adding.get(id);
    if (ref === undefined) return;
    this.adding.delete(id);
    if (answer.kind === 'dupAdded' && answer.dupId > 0) this.dupIds.set(ref, answer.dupId);
  }

  // ---------------------------------------------------------------- Stage

  hasCluster(cluster: ClusterId): boolean {
    return this.plan.clusters.some((c) => c.id === cluster);
  }

  bindTable(ref: string): void {
    this.bound.add(ref);
  }

  tableResolves(ref: string): boolean {
    return !ref.startsWith('table#') || this.bound.has(ref);
  }

  tableName(ref: string): string {
    return tableNameOf(ref);
  }

  node(ref: string): NodeId | undefined {
    return resolveNode(this.plan, ref);
  }

  bindDup(ref: string, commandId: number): void {
    this.adding.set(commandId, ref);
  }

  dupId(ref: string): DupId | undefined {
    return ref.startsWith('dup#') ? this.dupIds.get(ref) : Number(ref);
  }

  invoke(cluster: ClusterId, command: Command): number {
    const id = this.nextId++;
    this.probes.remember(cluster, command);
    this.tour.remember(cluster, command);
    this.rememberName(cluster, command);
    this.tables.onInvoked(id, cluster, command);
    this.open.add(id);
    this.lastCommandUs = this.world.nowUs();
    this.sink({ kind: 'command.invoked', atUs: this.lastCommandUs, id, cluster, command });
    const node = clientNode(cluster);
    const host = this.world.rootOf(node);
    if (!(host instanceof ClientHost)) throw new Error(`${node} is no client`);
    this.world.post(node, 'LPC_CLIENT', 0, task(host, 'invoke', id, command));
    return id;
  }

  /** What was asked of the table under its old name is asked under the new one too. */
  private rememberName(cluster: ClusterId, command: Command): void {
    if (command.kind !== 'renameTable' && command.kind !== 'recallTable') return;
    const from = command.kind === 'renameTable' ? command.name : this.tables.nameOf(cluster, command.appId);
    if (from === '' || command.newName === '' || from === command.newName) return;
    this.probes.rememberName(cluster, from, command.newName);
    this.tour.rememberName(cluster, from, command.newName);
  }

  knownTable(cluster: ClusterId, name: string): KnownTable | undefined {
    return this.tables.find(cluster, name);
  }

  readBack(cluster: ClusterId, table: string, hashKey: string, sortKey: string): void {
    this.probes.addKey({ cluster, table, hashKey, sortKey });
  }

  holdMs(forMs: number): void {
    this.heldMs += forMs;
  }

  holdUntil(awaited: Awaited, atMostMs: number): void {
    if (this.awaiting.isThere(awaited)) return;
    const waiting = this.next;
    this.isAwaiting = true;
    const goOn = (): void => {
      // Whichever comes first; the other one finds a later step.
      if (!this.isAwaiting || this.next !== waiting + 1) return;
      this.isAwaiting = false;
      this.scheduleNext();
    };
    this.awaiting.begin(awaited, goOn);
    this.world.at(atMostMs, goOn);
  }

  window(forMs: number, undo: () => void): void {
    const window: Window = { undo, done: false };
    this.windows.push(window);
    this.world.at(forMs, () => {
      this.close(window);
    });
  }

  load(node: NodeId, tasks: number, costMs: number, forMs: number): void {
    const earlier = [...this.loads].filter((load) => load.node === node);
    const roundMs = earlier.reduce((sum, load) => sum + load.tasks * load.costMs, tasks * costMs);
    if (roundMs > MOST_ROUND_MS) for (const load of earlier) this.endLoad(load);
    const load: Load = { node, tasks, costMs, release: this.world.occupyPool(node, LOADED_POOL, tasks, costMs, true) };
    this.loads.add(load);
    this.world.at(forMs, () => {
      this.endLoad(load);
    });
  }

  private endLoad(load: Load): void {
    if (this.loads.delete(load)) load.release();
  }

  private resumeLoads(node: NodeId): void {
    for (const load of this.loads) {
      if (load.node === node) load.release = this.world.occupyPool(node, LOADED_POOL, load.tasks, load.costMs, true);
    }
  }

  /** A process of the node comes up, and what loads its pools is there again. */
  private startNow(node: NodeId): void {
    this.world.startNode(node);
    this.resumeLoads(node);
  }

  lasts(forMs: number): void {
    this.lastsUntilUs = Math.max(this.lastsUntilUs, this.world.nowUs() + forMs * 1000);
  }

  private close(window: Window): void {
    if (window.done) return;
    window.done = true;
    window.undo();
  }

  stop(node: NodeId, cause: 'crash' | 'power-loss' | 'shutdown', lostTail?: LostTail): void {
    if (cause !== 'shutdown') {
      this.stopping = true;
      this.world.stopNode(node, cause, lostTail);
      this.stopping = false;
      return;
    }
    const root = this.world.rootOf(node);
    this.world.disturb('process.shutdown', node);
    if (root !== undefined && hasStop(root)) this.world.post(node, 'LPC_REPLICATION_COMMON', 0, task(root, 'stop'));
    this.world.at(GRACE_MS, () => {
      if (this.world.isUp(node) && this.world.rootOf(node) === root) this.world.stopNode(node, 'shutdown');
    });
  }

  start(node: NodeId): void {
    if (!this.world.isUp(node)) {
      this.startNow(node);
      return;
    }
    // A graceful stop is still under way: come back right after it.
    this.world.at(GRACE_MS, () => {
      if (!this.world.isUp(node)) this.startNow(node);
    });
  }
}

function hasStop(root: object): root is { stop(): void } {
  return 'stop' in root && typeof root.stop === 'function';
}
