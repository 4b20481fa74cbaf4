/**
 * Thread pools of one process (repl 3.1, 3.3): workers with strict priorities, FIFO within a priority, one task at a
 * time, no preemption. A partitioned pool has a queue per worker (`hash mod workers`), a shared pool one queue for all.
 *
 * A worker is one reusable event. It is in the heap only while it has something to look for, so an idle pool costs
 * nothing. A handler runs atomically at its start time; the worker is taken until start + cost.
 */
import type { TaskHandle } from '../contract.ts';
import { PARTITIONED_POOLS, type PoolName } from '../../protocol/taskCodes.ts';
import { SimEvent } from './kernel.ts';
import type { Message } from './link.ts';
import type { SimProcess } from './process.ts';

/** Index into a queue's lists; the smallest non-empty one is served. */
export type PriorityIndex = 0 | 1 | 2;
export const PRIORITY_INDEX = { HIGH: 0, COMMON: 1, LOW: 2 } as const;

/** A task code as one process runs it: overrides applied. */
export interface ResolvedCode {
  readonly code: string;
  readonly pool: Pool;
  readonly priority: PriorityIndex;
  readonly costUs: number;
}

export type TaskState = 'new' | 'delayed' | 'queued' | 'started' | 'cancelled';

/** One execution of a continuation. In the heap while it is delayed, in a queue's list while it waits for a worker. */
export class SimTask extends SimEvent implements TaskHandle {
  readonly process: SimProcess;
  readonly code: ResolvedCode;
  readonly pool: Pool;
  readonly hash: number;
  readonly owner: object;
  readonly method: string;
  readonly args: readonly unknown[];
  /** The message that it handles, if any; told to the observer when it starts. */
  readonly message: Message | undefined;
  /** A result that goes before `args`. */
  readonly hasFirst: boolean;
  readonly first: unknown;
  state: TaskState = 'new';
  next: SimTask | undefined = undefined;
  /** The process's monotonic time at which it is due. */
  dueMonoUs = 0;

  constructor(
    process: SimProcess,
    code: ResolvedCode,
    pool: Pool,
    hash: number,
    owner: object,
    method: string,
    args: readonly unknown[],
    message: Message | undefined,
    hasFirst: boolean,
    first: unknown,
  ) {
    super();
    this.process = process;
    this.code = code;
    this.pool = pool;
    this.hash = hash;
    this.owner = owner;
    this.method = method;
    this.args = args;
    this.message = message;
    this.hasFirst = hasFirst;
    this.first = first;
  }

  override isDead(): boolean {
    return this.cancelled || !this.process.alive;
  }

  /** The delay is over; unless the process was paused meanwhile, which holds its timers back as long. */
  override fire(): void {
    const process = this.process;
    if (!process.alive) return;
    const { kernel } = process.core;
    const dueUs = process.whenMonotonic(this.dueMonoUs);
    if (dueUs > kernel.nowUs) kernel.schedule(dueUs, this);
    else this.pool.enqueue(this);
  }

  cancel(): boolean {
    if (this.state === 'started') return false;
    if (this.state === 'delayed') this.process.core.kernel.cancel(this);
    if (this.state === 'queued') this.pool.queueOf(this.hash).forget();
    this.state = 'cancelled';
    this.cancelled = true;
    return true;
  }
}

/** Three FIFO lists; a cancelled task stays linked until it would be taken. */
export class TaskQueue {
  length = 0;
  /** Per priority: a `pool.delay` holds later arrivals back until here, so that FIFO order survives it. */
  readonly blockedUntilUs: [number, number, number] = [0, 0, 0];
  private readonly heads: (SimTask | undefined)[] = [undefined, undefined, undefined];
  private readonly tails: (SimTask | undefined)[] = [undefined, undefined, undefined];

  push(task: SimTask): void {
    const priority = task.code.priority;
    const tail = this.tails[priority];
    if (tail === undefined) this.heads[priority] = task;
    else tail.next = task;
    this.tails[priority] = task;
    task.state = 'queued';
    this.length++;
  }

  /** The oldest task of the highest non-empty priority. */
  shift(): SimTask | undefined {
    for (let priority = 0; priority < 3; priority++) {
      let task = this.heads[priority];
      if (task === undefined) continue;
      while (task !== undefined && task.cancelled) task = task.next;
      const next: SimTask | undefined = task?.next;
      this.heads[priority] = next;
      if (next === undefined) this.tails[priority] = undefined;
      if (task !== undefined) {
        task.next = undefined;
        this.length--;
        return task;
      }
    }
    return undefined;
  }

  /** Nothing of a priority enters before a moment. */
  holdBack(priority: PriorityIndex, untilUs: number): void {
    this.blockedUntilUs[priority] = Math.max(this.blockedUntilUs[priority], untilUs);
  }

  /** A waiting task was cancelled. */
  forget(): void {
    this.length--;
  }

  /** Waiting tasks in the order they would be taken, were no other to come. */
  forEach(visit: (task: SimTask) => void): void {
    for (const head of this.heads) {
      for (let task = head; task !== undefined; task = task.next) if (!task.cancelled) visit(task);
    }
  }
}

class Worker extends SimEvent {
  readonly pool: Pool;
  readonly queue: TaskQueue;
  scheduled = false;
  freeAtUs = 0;

  constructor(pool: Pool, queue: TaskQueue) {
    super();
    this.pool = pool;
    this.queue = queue;
  }

  override isDead(): boolean {
    return !this.pool.process.alive;
  }

  /** Makes the worker look at its queue as soon as it is free. */
  wake(nowUs: number): void {
    this.scheduled = true;
    this.pool.process.core.kernel.schedule(this.freeAtUs > nowUs ? this.freeAtUs : nowUs, this);
  }

  override fire(): void {
    const process = this.pool.process;
    if (!process.alive) return;
    const nowUs = process.core.kernel.nowUs;
    const readyUs = Math.max(process.resumeUs(nowUs), this.freeAtUs);
    if (readyUs > nowUs) {
      process.core.kernel.schedule(readyUs, this);
      return;
    }
    const task = this.queue.shift();
    // Still marked as scheduled while the handler runs: what it posts must not wake this worker, which is not free.
    if (task !== undefined) this.freeAtUs = nowUs + process.execute(task);
    this.scheduled = false;
    if (process.alive && this.queue.length > 0) this.wake(nowUs);
  }
}

export class Pool {
  readonly process: SimProcess;
  readonly name: PoolName;
  readonly partitioned: boolean;
  private readonly workers: Worker[] = [];
  private readonly queues: TaskQueue[] = [];

  constructor(process: SimProcess, name: PoolName, workerCount: number) {
    if (!(workerCount >= 1)) throw new Error(`pool ${name} of ${process.node.id} needs at least one worker`);
    this.process = process;
    this.name = name;
    this.partitioned = PARTITIONED_POOLS.has(name);
    for (let i = 0; i < workerCount; i++) {
      const queue = this.partitioned || i === 0 ? new TaskQueue() : this.queueOf(0);
      if (this.partitioned || i === 0) this.queues.push(queue);
      this.workers.push(new Worker(this, queue));
    }
  }

  queueOf(hash: number): TaskQueue {
    const queue = this.queues[this.partitioned ? this.indexOf(hash) : 0];
    if (queue === undefined) throw new Error(`pool ${this.name}: hash ${hash} is not an integer`);
    return queue;
  }

  /** Lets a task into its queue at a moment (now or later), behind whatever a delay holds back there. */
  admit(task: SimTask, enterUs: number): void {
    const blockedUs = this.queueOf(task.hash).blockedUntilUs[task.code.priority];
    const atUs = blockedUs > enterUs ? blockedUs : enterUs;
    if (atUs <= this.process.core.kernel.nowUs) this.enqueue(task);
    else this.later(task, atUs);
  }

  /** Keeps a task in the heap until it is due (virtual time; pauses of the process come on top). */
  later(task: SimTask, atUs: number): void {
    task.state = 'delayed';
    task.dueMonoUs = this.process.monotonicAtUs(atUs);
    this.process.core.kernel.schedule(atUs, task);
  }

  enqueue(task: SimTask): void {
    const queue = this.queueOf(task.hash);
    queue.push(task);
    const core = this.process.core;
    if (queue.length > core.limits.queueLength) core.hitLimit('queueLength', `${this.process.node.id} ${this.name}`);
    const worker = this.partitioned ? this.workers[this.indexOf(task.hash)] : this.freeWorker();
    if (worker !== undefined && !worker.scheduled) worker.wake(core.kernel.nowUs);
  }

  /** The process was paused: work under way takes that much longer. */
  holdBack(nowUs: number, durationUs: number): void {
    for (const worker of this.workers) if (worker.freeAtUs > nowUs) worker.freeAtUs += durationUs;
  }

  forEachQueued(visit: (task: SimTask) => void): void {
    for (const queue of this.queues) queue.forEach(visit);
  }

  private indexOf(hash: number): number {
    const count = this.workers.length;
    const index = hash % count;
    return index < 0 ? index + count : index;
  }

  /** Among workers that do not look at the queue yet, the first that is free, or the one that is free soonest. */
  private freeWorker(): Worker | undefined {
    const nowUs = this.process.core.kernel.nowUs;
    let best: Worker | undefined;
    for (const worker of this.workers) {
      if (worker.scheduled) continue;
      if (worker.freeAtUs <= nowUs) return worker;
      if (best === undefined || worker.freeAtUs < best.freeAtUs) best = worker;
    }
    return best;
  }
}
