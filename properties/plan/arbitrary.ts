/**
 * Plans as fast-check sees them: `generate` walks a small symbolic state of names and intents; `shrink` streams the minimizer's
 * candidates, so that `fc.assert`, `fc.check`, seeds, paths, examples and reporters work as their users expect.
 *
 * One common profile serves all searches; swarm: every plan switches a random subset of the faults and chance points on.
 */
import { Arbitrary, Stream, Value, type Random } from 'fast-check';
import type { ChancePoint } from '../../impl/env/sim/chance.ts';
import { candidates } from '../minimize/candidates.ts';
import { Draw } from './draw.ts';
import { drawSettings } from './settings.ts';
import { STEP_SPECS } from './steps/index.ts';
import { Symbols } from './symbols.ts';
import { PLAN_FORMAT, PLAN_VERSION, type ExploringChance, type Plan, type Preload, type Step } from './types.ts';
import type { StepSpec } from './spec.ts';

export interface Profile {
  readonly preload?: Preload;
  /** Only steps of these families and kinds (a subsystem's profile); undefined: all. */
  readonly kinds?: ReadonlySet<string>;
  readonly steps: { readonly min: number; readonly max: number };
}

export const COMMON_PROFILE: Profile = { steps: { min: 4, max: 40 } };

/** Chance points with what the profile may give them, per thousand draws. */
const POINTS: readonly (readonly [ChancePoint, readonly number[]])[] = [
  ['link.delay', [5, 20, 80]],
  ['link.reset', [2, 5]],
  ['link.reply-lost', [3, 10]],
  ['disk.slow', [5, 30]],
  ['disk.read-error', [2]],
  ['disk.write-error', [1, 2]],
  ['store.slow', [20, 100]],
  ['store.timeout', [20]],
  ['store.timeout-after-effect', [20, 60]],
  ['store.crash-after', [20, 60]],
  ['pool.delay', [5, 20]],
];

export class PlanArbitrary extends Arbitrary<Plan> {
  private readonly profile: Profile;
  constructor(profile: Profile = COMMON_PROFILE) {
    super();
    this.profile = profile;
  }

  override generate(random: Random): Value<Plan> {
    return new Value(this.drawPlan(new Draw(random)), undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Plan {
    return typeof value === 'object' && value !== null && 'format' in value && value.format === PLAN_FORMAT;
  }

  /** Frozen plans only: freezing itself is done by who ran the plan (a run is needed for it). */
  override shrink(value: Plan): Stream<Value<Plan>> {
    return Stream.of(...(value.chance.kind === 'frozen' ? candidates(value) : [])).map((plan) => new Value(plan, undefined));
  }

  private drawPlan(draw: Draw): Plan {
    const clusters = [{ id: 'source', replicaServers: draw.weighted([3, 2, 1, 4], (n) => [0, 1, 2, 8, 1][n] ?? 0) }];
    const symbols = new Symbols(clusters);
    if (this.profile.preload !== undefined) {
      symbols.tables.push({ ref: this.profile.preload.table, partitionCount: this.profile.preload.partitionCount, dropped: false });
      symbols.nextTable = Number(this.profile.preload.table.slice('table#'.length)) + 1;
    }
    const steps = this.drawSteps(draw, symbols);
    return {
      format: PLAN_FORMAT,
      version: PLAN_VERSION,
      clusters,
      settings: drawSettings(draw),
      ...(this.profile.preload === undefined ? {} : { preload: this.profile.preload }),
      steps,
      chance: drawChance(draw),
    };
  }

  private drawSteps(draw: Draw, symbols: Symbols): readonly Step[] {
    const specs = this.swarm(draw);
    const count = draw.int(this.profile.steps.min, this.profile.steps.max);
    const steps: Step[] = [];
    const first = STEP_SPECS.find((s) => s.kind === 'createTable');
    for (let tries = 0; steps.length < count && tries < count * 4; tries += 1) {
      const spec = steps.length === 0 && first !== undefined && symbols.tables.length === 0 ? first : draw.weighted(specs, (s) => s.weight);
      const afterMs = drawGapMs(draw);
      for (let left = drawRepeats(draw, spec); left > 0 && steps.length < count; left -= 1) {
        const fields = spec.draw(draw, symbols);
        if (fields === undefined) break;
        steps.push({ kind: spec.kind, afterMs: steps.at(-1)?.kind === spec.kind && left > 1 ? 0 : afterMs, ...fields });
      }
    }
    return steps;
  }

  /** Swarm testing: commands all, faults a random subset (a third of the plans have none). */
  private swarm(draw: Draw): readonly StepSpec[] {
    const faults = !draw.chance(330);
    return STEP_SPECS.filter((spec) => {
      if (this.profile.kinds !== undefined && !this.profile.kinds.has(spec.kind)) return false;
      if (spec.family === 'fault') return faults && draw.chance(400);
      return true;
    });
  }
}

/** Commands sometimes come in bursts, as from many users at once: queues fill, writes share mutations, requests meet one another. */
function drawRepeats(draw: Draw, spec: StepSpec): number {
  return spec.family !== 'fault' && spec.kind !== 'wait' && draw.chance(60) ? draw.int(3, 14) : 1;
}

function drawGapMs(draw: Draw): number {
  return draw.weighted([0, 1, 10, 100, 800], (ms) => (ms === 0 ? 4 : ms === 1 ? 3 : ms === 10 ? 3 : ms === 100 ? 3 : 1));
}

function drawChance(draw: Draw): ExploringChance {
  const permille: Partial<Record<ChancePoint, number>> = {};
  if (!draw.chance(330)) {
    for (const [point, shares] of POINTS) if (draw.chance(250)) permille[point] = draw.pick(shares);
  }
  return { kind: 'exploring', seed: String(draw.int(0, 0x7fffffff)), permille, budget: draw.pick([1, 3, 8, 20]) };
}
