/**
 * One life of a process: its pools, the handlers it serves and its clocks. A restart makes a new object; the old one is
 * dead for ever, and whatever still refers to it (tasks, replies, store operations) finds it dead and does nothing.
 *
 * Handlers are run here, and only here is an exception of theirs caught: a failed check, or any other exception, stops
 * this process with cause `check` (repl 5; a finding, never a crash of the suite).
 */
import { CheckFailed, type Clock, type Continuation } from '../contract.ts';
import type { PoolName, Priority, TaskCode, TaskSpec } from '../../protocol/taskCodes.ts';
import { TASK_CODES } from '../../protocol/taskCodes.ts';
import { methodOf } from '../methodOf.ts';
import type { Core } from './core.ts';
import { LimitReached, ProcessEnded } from './ended.ts';
import type { SimNode } from './node.ts';
import { Pool, PRIORITY_INDEX, type ResolvedCode, SimTask } from './pools.ts';

/** A served RPC code: whose method answers it. */
export interface Served {
  readonly owner: object;
  readonly method: string;
}

/** How a process is ended from within. */
export type EndProcess = (process: SimProcess, cause: 'crash' | 'check', detail: string) => void;

export type StopCause = 'crash' | 'power-loss' | 'shutdown' | 'check';

export class SimProcess implements Clock {
  readonly core: Core;
  readonly node: SimNode;
  alive = true;
  readonly served = new Map<string, Served>();
  pendingCalls = 0;
  /** A driver's step: the process crashes instead of making its n-th env call from now; below 1, never. */
  crashAtCall = 0;
  /** Ends the process; the world's. */
  private readonly onEnd: EndProcess;
  private readonly pools = new Map<PoolName, Pool>();
  private readonly codes = new Map<string, ResolvedCode>();
  private pauseStartUs = 0;
  private pauseEndUs = 0;
  private pausedBeforeUs = 0;

  constructor(core: Core, node: SimNode, onEnd: EndProcess) {
    this.core = core;
    this.node = node;
    this.onEnd = onEnd;
  }

  // ---- clocks

  monotonicUs(): number {
    this.enter();
    return this.monotonicAtUs(this.core.momentUs());
  }

  wallUs(): number {
    this.enter();
    return this.wallNowUs();
  }

  /** The wall clock without the guard, for file times. */
  wallNowUs(): number {
    return this.core.startWallUs + this.core.momentUs() + this.node.wallShiftUs;
  }

  /** The monotonic clock at a virtual moment: virtual time less all pauses. */
  monotonicAtUs(atUs: number): number {
    if (atUs <= this.pauseStartUs) return atUs - this.pausedBeforeUs;
    return atUs - this.pausedBeforeUs - Math.min(atUs - this.pauseStartUs, this.pauseEndUs - this.pauseStartUs);
  }

  /** The moment from which the process runs again; `nowUs` when it is not paused. */
  resumeUs(nowUs: number): number {
    return this.pauseEndUs > nowUs ? this.pauseEndUs : nowUs;
  }

  /** The virtual moment, now or later, at which the monotonic clock has reached a time, as far as is known. */
  whenMonotonic(monoUs: number): number {
    const { nowUs } = this.core.kernel;
    const leftUs = monoUs - this.monotonicAtUs(nowUs);
    return leftUs > 0 ? this.resumeUs(nowUs) + leftUs : nowUs;
  }

  // ---- pause (a fault): nothing of the process runs, its monotonic clock stands still, messages to it queue up. What
  // it sent or wrote before stays so. Pauses may overlap; the later end counts. Nothing is lost by a pause itself.

  /** Answers by how much later all that lies ahead of the process comes now, microseconds. */
  pause(durationUs: number): number {
    const nowUs = this.core.kernel.nowUs;
    const endUs = nowUs + durationUs;
    const fromUs = this.resumeUs(nowUs);
    if (endUs <= fromUs) return 0;
    if (fromUs === nowUs) {
      this.pausedBeforeUs += this.pauseEndUs - this.pauseStartUs;
      this.pauseStartUs = nowUs;
    }
    for (const pool of this.pools.values()) pool.holdBack(fromUs, endUs - fromUs);
    this.pauseEndUs = endUs;
    return endUs - fromUs;
  }

  // ---- the guard of every env call

  /** The process ends here when it is dead; a foreign process's env is a slip of the programmer. */
  enter(): void {
    const core = this.core;
    if (!this.alive) throw new ProcessEnded(this.node.id);
    if (core.running === undefined) return;
    if (core.running !== this) throw new Error(`env of ${this.node.id} used inside ${core.running.node.id}`);
    if (--this.crashAtCall === 0) this.crashHere();
    if (++core.handlerCalls > core.limits.handlerCalls) core.hitLimit('handlerCalls', this.node.id);
  }

  private crashHere(): void {
    this.onEnd(this, 'crash', 'inside an env call');
    throw new ProcessEnded(this.node.id);
  }

  /** After an effect was shown to the observer, who may have stopped the process. */
  leave(): void {
    if (!this.alive) throw new ProcessEnded(this.node.id);
  }

  // ---- tasks

  pool(name: PoolName): Pool {
    let pool = this.pools.get(name);
    if (pool === undefined) {
      pool = new Pool(this, name, this.node.options.poolWorkers[name]);
      this.pools.set(name, pool);
    }
    return pool;
  }

  code(code: TaskCode): ResolvedCode {
    return this.codes.get(code) ?? this.resolve(code);
  }

  /** The pool of the task that runs now; the default pool for a boot and for the driver. */
  callersPool(): Pool {
    const task = this.core.runningTask;
    return task !== undefined && task.process === this ? task.pool : this.pool('THREAD_POOL_DEFAULT');
  }

  /** A task of a continuation, not yet in any queue. */
  newTask(code: ResolvedCode, pool: Pool, hash: number, then: Continuation): SimTask {
    return new SimTask(this, code, pool, hash, then.owner, then.method, then.args, undefined, false, undefined);
  }

  /** Runs a handler at this moment and returns how long it takes its worker, microseconds. Never throws. */
  execute(task: SimTask): number {
    const core = this.core;
    task.state = 'started';
    core.runningTask = task;
    core.observer.taskStarted(this.node.id, task.code.code, task.method, task.hash, task.owner);
    this.begin();
    let failure: string | undefined;
    try {
      if (this.alive) this.invoke(task);
    } catch (error) {
      if (!(error instanceof ProcessEnded) && !(error instanceof LimitReached)) failure = describe(error);
    }
    const costUs = this.finish(failure);
    core.runningTask = undefined;
    return task.code.costUs + costUs;
  }

  /** Runs the boot, which may be caused from inside another process's handler (an observer that restarts a node). */
  boot(body: () => void): void {
    const { core } = this;
    const { running, runningTask, chargedUs, handlerCalls } = core;
    core.runningTask = undefined;
    this.begin();
    let failure: string | undefined;
    try {
      if (this.alive) body();
    } catch (error) {
      if (!(error instanceof ProcessEnded) && !(error instanceof LimitReached)) failure = describe(error);
    }
    this.finish(failure);
    core.running = running;
    core.runningTask = runningTask;
    core.chargedUs = chargedUs;
    core.handlerCalls = handlerCalls;
  }

  // Between the two something runs as this process. They are no one function around it: a closure for each task would be garbage.
  private begin(): void {
    const core = this.core;
    core.running = this;
    core.chargedUs = 0;
    core.handlerCalls = 0;
  }

  /** Returns what was charged. A failure ends the process, not the run. */
  private finish(failure: string | undefined): number {
    const core = this.core;
    const costUs = core.chargedUs;
    core.running = undefined;
    core.chargedUs = 0;
    if (failure !== undefined && this.alive) this.onEnd(this, 'check', failure);
    return costUs;
  }

  forEachQueued(visit: (task: SimTask) => void): void {
    for (const pool of this.pools.values()) pool.forEachQueued(visit);
  }

  private invoke(task: SimTask): void {
    const message = task.message;
    if (message !== undefined) message.delivered();
    const { owner, args } = task;
    const method = methodOf(owner, task.method);
    if (task.hasFirst) {
      if (args.length === 0) method.call(owner, task.first);
      else if (args.length === 1) method.call(owner, task.first, args[0]);
      else method.call(owner, task.first, ...args);
    } else if (args.length === 0) method.call(owner);
    else if (args.length === 1) method.call(owner, args[0]);
    else method.apply(owner, [...args]);
  }

  private resolve(code: TaskCode): ResolvedCode {
    const spec = SPECS.get(code);
    if (spec === undefined) throw new Error(`unknown task code ${code}`);
    const override = this.node.options.taskOverrides[code];
    const priority: Priority = override?.priority ?? spec.priority;
    const resolved: ResolvedCode = {
      code,
      pool: this.pool(override?.pool ?? spec.pool),
      priority: PRIORITY_INDEX[priority],
      costUs: spec.costUs,
    };
    this.codes.set(code, resolved);
    return resolved;
  }
}

/** Each life of a process asks for each of its codes. */
const SPECS: ReadonlyMap<string, TaskSpec> = new Map(Object.entries(TASK_CODES));

const FRAMES = 4;

/** A check's own text, or the message of a foreign exception with its top frames (file names without directories). */
function describe(error: unknown): string {
  if (error instanceof CheckFailed) return error.message;
  if (!(error instanceof Error)) return `thrown: ${String(error)}`;
  const frames = (error.stack ?? '')
    .split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .slice(0, FRAMES)
    .map((line) => line.trim().replace(/\(?(?:file:\/\/)?\/[^\s()]*\//, '('));
  return [`${error.name}: ${error.message}`, ...frames].join(' | ');
}
