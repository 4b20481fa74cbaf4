/**
 * Tasks on a real machine: one thread that serves all pools, strict priorities, FIFO within one. The caller drives it
 * with `runUntilIdle`, which sleeps until delayed tasks are due. An exception of a handler comes out of that call.
 */
import type { Clock, Continuation, TaskHandle, Tasks } from '../contract.ts';
import { type Priority, TASK_CODES, type TaskCode } from '../../protocol/taskCodes.ts';
import { methodOf } from '../methodOf.ts';

class RealTask implements TaskHandle {
  readonly then: Continuation;
  readonly priority: Priority;
  readonly dueUs: number;
  readonly seq: number;
  started = false;
  cancelled = false;

  constructor(then: Continuation, priority: Priority, dueUs: number, seq: number) {
    this.then = then;
    this.priority = priority;
    this.dueUs = dueUs;
    this.seq = seq;
  }

  cancel(): boolean {
    if (this.started) return false;
    this.cancelled = true;
    return true;
  }
}

const PRIORITIES: readonly Priority[] = ['HIGH', 'COMMON', 'LOW'];

export class RealTasks implements Tasks {
  private readonly clock: Clock;
  private readonly queues: Readonly<Record<Priority, RealTask[]>> = { HIGH: [], COMMON: [], LOW: [] };
  /** By the time they are due, then by the order of posting. */
  private delayed: RealTask[] = [];
  private nextSeq = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  post(code: TaskCode, _hash: number, delayMs: number, then: Continuation): TaskHandle {
    const { priority } = TASK_CODES[code];
    const dueUs = this.clock.monotonicUs() + Math.round(delayMs * 1000);
    const made = new RealTask(then, priority, dueUs, this.nextSeq++);
    if (delayMs > 0) {
      this.delayed.push(made);
      this.delayed.sort((a, b) => a.dueUs - b.dueUs || a.seq - b.seq);
    } else this.queues[priority].push(made);
    return made;
  }

  /** Real work takes its own time. */
  charge(costUs: number): void {
    if (!(costUs >= 0)) throw new Error(`charge of ${costUs} us`);
  }

  /** Runs every task, also the delayed ones, until none is left. Blocks the thread while it waits. */
  runUntilIdle(): void {
    for (;;) {
      this.delayed = this.delayed.filter((waiting) => !waiting.cancelled);
      this.moveDue();
      const next = this.take();
      if (next !== undefined) {
        next.started = true;
        methodOf(next.then.owner, next.then.method).apply(next.then.owner, [...next.then.args]);
        continue;
      }
      const first = this.delayed[0];
      if (first === undefined) return;
      sleepUs(first.dueUs - this.clock.monotonicUs());
    }
  }

  private moveDue(): void {
    const nowUs = this.clock.monotonicUs();
    for (let first = this.delayed[0]; first !== undefined && first.dueUs <= nowUs; first = this.delayed[0]) {
      this.queues[first.priority].push(first);
      this.delayed.shift();
    }
  }

  private take(): RealTask | undefined {
    for (const priority of PRIORITIES) {
      const queue = this.queues[priority];
      for (let first = queue.shift(); first !== undefined; first = queue.shift()) {
        if (!first.cancelled) return first;
      }
    }
    return undefined;
  }
}

function sleepUs(durationUs: number): void {
  if (durationUs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationUs / 1000);
}
