/**
 * A stretch of one run, measured from inside it: between two moments that the world shows. What comes before (tables, users' writes)
 * and behind (heal, settling) takes time too, and is not what the figure is about.
 */
import { Session } from 'node:inspector';
import type { Gpid } from '../../model/vocabulary.ts';
import type { Plan } from '../plan/types.ts';
import type { Assembled } from '../run/assemble.ts';
import { Onlookers } from '../run/onlookers.ts';
import { runPlan } from '../run/runPlan.ts';

/** More than the longest plan of the bench needs. */
const DISPATCHES = 100_000_000;

/** Where a run is, as the process that runs it sees it. */
export interface Mark {
  readonly cpuUs: number;
  readonly dispatches: number;
  readonly virtualUs: number;
  /** What is in use once garbage is collected, bytes. */
  readonly heapBytes: number;
}

/** Sees the world, and marks where the stretch begins and ends. */
export abstract class Stretch extends Onlookers {
  first: Mark | undefined;
  last: Mark | undefined;
  private run: Assembled | undefined;

  watch(run: Assembled): void {
    this.run = run;
  }

  protected virtualUs(): number {
    return this.run?.world.nowUs() ?? 0;
  }

  /** `heap`: collect garbage, and see what is in use; the time that it takes is nobody's. */
  protected mark(heap: boolean): Mark {
    const { user, system } = process.cpuUsage();
    return { cpuUs: user + system, dispatches: this.run?.world.dispatches() ?? 0, virtualUs: this.virtualUs(), heapBytes: heap ? liveBytes() : 0 };
  }
}

function liveBytes(): number {
  const session = new Session();
  session.connect();
  session.post('HeapProfiler.collectGarbage');
  session.disconnect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

export interface Measured {
  readonly cpuSeconds: number;
  readonly dispatches: number;
  readonly virtualSeconds: number;
  readonly heapBytes: number;
  readonly heapGrownBytes: number;
}

/** Runs a plan that must pass, and measures the stretch. */
export function measure(plan: Plan, stretch: Stretch, follow: boolean): Measured {
  const witness = { onlookers: stretch, ready: (run: Assembled): void => { stretch.watch(run); } };
  const { verdict } = runPlan(plan, { follow, witness, dispatchLimit: DISPATCHES });
  const { first, last } = stretch;
  if (verdict.kind !== 'pass' || first === undefined || last === undefined) throw new Error(`a plan of the bench ends as ${verdict.kind}`);
  return {
    cpuSeconds: (last.cpuUs - first.cpuUs) / 1_000_000,
    dispatches: last.dispatches - first.dispatches,
    virtualSeconds: (last.virtualUs - first.virtualUs) / 1_000_000,
    heapBytes: last.heapBytes,
    heapGrownBytes: last.heapBytes - first.heapBytes,
  };
}

/** From one virtual moment to another. */
export class TimeStretch extends Stretch {
  private readonly fromUs: number;
  private readonly toUs: number;

  constructor(fromMs: number, forMs: number) {
    super();
    this.fromUs = fromMs * 1000;
    this.toUs = (fromMs + forMs) * 1000;
  }

  override taskStarted(...task: Parameters<Onlookers['taskStarted']>): void {
    if (this.last === undefined) this.look();
    super.taskStarted(...task);
  }

  private look(): void {
    const nowUs = this.virtualUs();
    if (this.first === undefined) {
      if (nowUs >= this.fromUs) this.begin();
    } else if (nowUs >= this.toUs) this.last = this.mark(true);
  }

  /** The collection itself is before the beginning. */
  private begin(): void {
    const { heapBytes } = this.mark(true);
    this.first = { ...this.mark(false), heapBytes };
  }
}

/** From the first request of a learner to the last word that one is ready. */
export class LearnStretch extends Stretch {
  /** How the first round of each replica was answered. */
  readonly firstAnswers = new Map<Gpid, string>();
  ready = 0;
  /** Of files that were copied, and of records in answers. */
  bytes = 0;

  override messageSent(...message: Parameters<Onlookers['messageSent']>): void {
    const [, , code, kind, gpid, , body] = message;
    if (code === 'RPC_LEARN') {
      this.first ??= this.mark(false);
      if (kind === 'reply' && !this.firstAnswers.has(gpid)) this.firstAnswers.set(gpid, typeOf(body));
      if (kind === 'reply') this.bytes += recordBytes(body);
    } else if (code === 'RPC_NFS_COPY' && kind === 'reply') this.bytes += copiedBytes(body);
    else if (code === 'RPC_LEARN_COMPLETION_NOTIFY' && kind === 'request') {
      this.ready += 1;
      this.last = this.mark(false);
    }
    super.messageSent(...message);
  }
}

function typeOf(body: unknown): string {
  return isRecord(body) && typeof body['type'] === 'string' ? body['type'] : '';
}

function recordBytes(body: unknown): number {
  const state = isRecord(body) ? body['state'] : undefined;
  const meta = isRecord(state) ? state['meta'] : undefined;
  return Array.isArray(meta) ? meta.reduce<number>((sum, one) => sum + bytesIn(one), 0) : 0;
}

function copiedBytes(body: unknown): number {
  return isRecord(body) ? bytesIn(body['bytes']) : 0;
}

function bytesIn(value: unknown): number {
  return value instanceof Uint8Array ? value.length : 0;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
