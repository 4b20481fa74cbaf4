/**
 * Chance of a run: exploring (draws from named lanes, records what deviated) or frozen (looks deviations up by cause, draws
 * nothing). Both name a cause in the same way, so that freezing a run and running the frozen plan are the same run.
 */
import seedrandom from 'seedrandom';
import type { Chance, ChancePoint } from '../../impl/env/sim/chance.ts';
import type { Deviation, ExploringChance, FrozenChance } from '../plan/types.ts';

/** One draw, for naming the first that differs between two runs of the same plan. */
export interface DrawRecord {
  readonly lane: string;
  readonly cause: string;
  readonly value: number;
}

/** Counts how often each cause has occurred; the count is the last part of its name. */
class Occurrences {
  private readonly counts = new Map<string, number>();
  next(point: string, where: string, what: string, gpid: string, number: number): string {
    const key = `${point}|${where}|${what}|${gpid}|${String(number)}`;
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    return `${key}|${String(count)}`;
  }
}

/** Uniform in [0, 1) from a text: the same for an exploring run and its frozen form. */
export function uniformOf(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  h ^= h >>> 12;
  h = Math.imul(h, 0x297a2d39);
  h ^= h >>> 15;
  return (h >>> 0) / 4294967296;
}

abstract class BaseChance implements Chance {
  protected readonly occurrences = new Occurrences();
  private readonly randomCalls = new Map<string, number>();
  protected calmed = false;

  abstract isCalm(point: ChancePoint): boolean;
  abstract decide(point: ChancePoint, where: string, what: string, gpid: string, number: number): number | undefined;

  random(node: string): number {
    const call = (this.randomCalls.get(node) ?? 0) + 1;
    this.randomCalls.set(node, call);
    return uniformOf(`${node}#${String(call)}`);
  }

  /** Faults have ended: every point is calm from now on. */
  calm(): void {
    this.calmed = true;
  }
}

/** Value of a deviation of each point, from a uniform number; microseconds where the point says so. */
function valueOf(point: ChancePoint, u: number): number {
  switch (point) {
    case 'link.delay':
      return [200, 1000, 5000, 50_000, 400_000][Math.floor(u * 5)] ?? 200;
    case 'disk.slow':
      return [1000, 20_000, 200_000][Math.floor(u * 3)] ?? 1000;
    case 'store.slow':
      return [5000, 100_000, 1_000_000][Math.floor(u * 3)] ?? 5000;
    case 'pool.delay':
      return [500, 5000, 50_000][Math.floor(u * 3)] ?? 500;
    case 'link.reset':
    case 'link.reply-lost':
    case 'disk.read-error':
    case 'disk.write-error':
    case 'store.timeout':
    case 'store.timeout-after-effect':
    case 'store.crash-after':
      return 1;
  }
}

export class ExploringLanes extends BaseChance {
  readonly deviations: Deviation[] = [];
  readonly draws: DrawRecord[] | undefined;
  private readonly plan: ExploringChance;
  private readonly lanes = new Map<string, () => number>();
  private readonly armed: Readonly<Record<string, number | undefined>>;

  constructor(plan: ExploringChance, recordDraws: boolean) {
    super();
    this.plan = plan;
    this.armed = plan.permille;
    this.draws = recordDraws ? [] : undefined;
  }

  override isCalm(point: ChancePoint): boolean {
    return this.calmed || this.armed[point] === undefined || this.deviations.length >= this.plan.budget;
  }

  override decide(point: ChancePoint, where: string, what: string, gpid: string, number: number): number | undefined {
    const permille = this.armed[point];
    if (permille === undefined || this.isCalm(point)) return undefined;
    const cause = this.occurrences.next(point, where, what, gpid, number);
    const lane = this.lane(point);
    const drawn = lane();
    this.draws?.push({ lane: point, cause, value: drawn });
    if (drawn * 1000 >= permille) return undefined;
    const value = valueOf(point, lane());
    this.deviations.push({ cause, value });
    return value;
  }

  private lane(name: string): () => number {
    let lane = this.lanes.get(name);
    if (lane === undefined) {
      const made = seedrandom.alea(`${this.plan.seed}/${name}`);
      lane = (): number => made.quick();
      this.lanes.set(name, lane);
    }
    return lane;
  }
}

export class FrozenLookup extends BaseChance {
  /** Deviations that took effect, in order. */
  readonly deviations: Deviation[] = [];
  private readonly values: ReadonlyMap<string, number>;
  private readonly armed = new Set<string>();

  constructor(plan: FrozenChance) {
    super();
    this.values = new Map(plan.deviations.map((d) => [d.cause, d.value]));
    for (const d of plan.deviations) this.armed.add(d.cause.slice(0, d.cause.indexOf('|')));
  }

  override isCalm(point: ChancePoint): boolean {
    return this.calmed || !this.armed.has(point);
  }

  override decide(point: ChancePoint, where: string, what: string, gpid: string, number: number): number | undefined {
    if (this.isCalm(point)) return undefined;
    const cause = this.occurrences.next(point, where, what, gpid, number);
    const value = this.values.get(cause);
    if (value !== undefined) this.deviations.push({ cause, value });
    return value;
  }
}

export type RunChance = ExploringLanes | FrozenLookup;
