/**
 * The heart of the simulated world: a virtual clock and one event heap keyed by (time, sequence). Nothing else decides
 * an order, so a run is a pure function of what is scheduled.
 *
 * The heap is binary, over typed arrays for the keys: keys never box, and a sift touches no event object. Cancelled
 * events stay where they are until they surface or until they are the majority; then the heap is rebuilt without them.
 * Their keys are a total order, so rebuilding never changes what comes next.
 */
import type { LimitHit, Limits } from './limits.ts';

/** Something that happens at a moment. An object may be in the heap at most once at a time. */
export abstract class SimEvent {
  cancelled = false;

  abstract fire(): void;

  /** True when firing would do nothing any more; such events are dropped when the heap is rebuilt. */
  isDead(): boolean {
    return this.cancelled;
  }
}

/**
 * Why `run` returned. `idle`: nothing is scheduled (the clock still moves to a finite `untilUs`); `until`: the given
 * time was reached; or the limit that was hit.
 */
export type RunOutcome = 'idle' | 'until' | 'stopped' | LimitHit;

export interface RunOptions {
  /** Virtual microseconds; events at exactly this time still run. */
  readonly untilUs: number;
  /** Asked before each dispatch. */
  readonly stop?: () => boolean;
}

const FIRST_CAPACITY = 1024;
const MIN_DEAD_TO_REBUILD = 256;

export class Kernel {
  /** Virtual microseconds since the world began. Only `run` moves it, forward. */
  nowUs = 0;
  dispatches = 0;
  limitHit: LimitHit | undefined = undefined;
  readonly limits: Limits;
  private times = new Float64Array(FIRST_CAPACITY);
  private seqs = new Float64Array(FIRST_CAPACITY);
  private events: SimEvent[] = [];
  private size = 0;
  private nextSeq = 0;
  private dead = 0;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** Events in the heap, cancelled ones included. */
  get length(): number {
    return this.size;
  }

  /** Puts an event at a moment that is not in the past (an earlier one means now). */
  schedule(timeUs: number, event: SimEvent): void {
    if (this.size === this.times.length) this.grow();
    const at = timeUs < this.nowUs ? this.nowUs : timeUs;
    this.siftUp(this.size++, at, this.nextSeq++, event);
  }

  /** Takes a scheduled event out; it will not fire. */
  cancel(event: SimEvent): void {
    event.cancelled = true;
    this.dead++;
    if (this.dead >= MIN_DEAD_TO_REBUILD && this.dead * 2 > this.size) this.dropDead();
  }

  /** Dispatches events by (time, sequence) until nothing is left, `untilUs` or a limit is reached, or `stop`. */
  run(options: RunOptions): RunOutcome {
    const { untilUs, stop } = options;
    const lastUs = Math.min(untilUs, this.limits.virtualUs);
    while (this.limitHit === undefined) {
      if (stop !== undefined && stop()) return 'stopped';
      const event = this.events[0];
      if (this.size === 0 || event === undefined) return this.becameIdle(untilUs);
      if (event.cancelled) {
        this.removeFirst();
        this.dead--;
        continue;
      }
      const at = this.times[0] ?? 0;
      if (at > lastUs) return this.reachedEnd(untilUs);
      if (this.dispatches >= this.limits.dispatches) {
        this.limitHit = { limit: 'dispatches', where: '' };
        break;
      }
      this.removeFirst();
      this.nowUs = at;
      this.dispatches++;
      event.fire();
    }
    return this.limitHit ?? 'idle';
  }

  /** Rebuilds the heap without dead events (after a process ended: its timers must not keep the world awake). */
  dropDead(): void {
    let kept = 0;
    for (let i = 0; i < this.size; i++) {
      const event = this.events[i];
      if (event === undefined || event.isDead()) continue;
      this.times[kept] = this.times[i] ?? 0;
      this.seqs[kept] = this.seqs[i] ?? 0;
      this.events[kept] = event;
      kept++;
    }
    this.events.length = kept;
    this.size = kept;
    this.dead = 0;
    for (let i = (kept >> 1) - 1; i >= 0; i--) {
      const event = this.events[i];
      if (event !== undefined) this.siftDown(i, this.times[i] ?? 0, this.seqs[i] ?? 0, event);
    }
  }

  /** Every scheduled event that is not dead, with its time; in no particular order. */
  forEach(visit: (event: SimEvent, timeUs: number, seq: number) => void): void {
    for (let i = 0; i < this.size; i++) {
      const event = this.events[i];
      if (event !== undefined && !event.isDead()) visit(event, this.times[i] ?? 0, this.seqs[i] ?? 0);
    }
  }

  /** Waiting for nothing takes as long as it was asked to: a driver that waits in slices always gets on. */
  private becameIdle(untilUs: number): RunOutcome {
    if (untilUs > this.nowUs && untilUs <= this.limits.virtualUs) this.nowUs = untilUs;
    return 'idle';
  }

  private reachedEnd(untilUs: number): RunOutcome {
    if (untilUs > this.limits.virtualUs) {
      this.limitHit = { limit: 'virtualUs', where: '' };
      return this.limitHit;
    }
    if (untilUs > this.nowUs) this.nowUs = untilUs;
    return 'until';
  }

  private grow(): void {
    const times = new Float64Array(this.times.length * 2);
    const seqs = new Float64Array(this.times.length * 2);
    times.set(this.times);
    seqs.set(this.seqs);
    this.times = times;
    this.seqs = seqs;
  }

  private siftUp(hole: number, at: number, seq: number, event: SimEvent): void {
    const { times, seqs, events } = this;
    let i = hole;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const time = times[parent] ?? 0;
      // A later sequence number never moves above an equal time, so ties need no look at the sequence here.
      if (time <= at) break;
      times[i] = time;
      seqs[i] = seqs[parent] ?? 0;
      events[i] = events[parent] ?? event;
      i = parent;
    }
    times[i] = at;
    seqs[i] = seq;
    events[i] = event;
  }

  private removeFirst(): void {
    const last = --this.size;
    const event = this.events.pop();
    if (last > 0 && event !== undefined) this.siftDown(0, this.times[last] ?? 0, this.seqs[last] ?? 0, event);
  }

  private siftDown(hole: number, at: number, seq: number, event: SimEvent): void {
    const { times, seqs, events, size } = this;
    let i = hole;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      let time = times[child] ?? 0;
      const right = child + 1;
      if (right < size) {
        const other = times[right] ?? 0;
        if (other < time || (other === time && (seqs[right] ?? 0) < (seqs[child] ?? 0))) {
          child = right;
          time = other;
        }
      }
      if (at < time || (at === time && seq < (seqs[child] ?? 0))) break;
      times[i] = time;
      seqs[i] = seqs[child] ?? 0;
      events[i] = events[child] ?? event;
      i = child;
    }
    times[i] = at;
    seqs[i] = seq;
    events[i] = event;
  }
}
