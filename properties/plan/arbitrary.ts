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
import { drawOpening, drawScene } from './scenes.ts';
import { drawLeaseScene } from './scenesLease.ts';
import { drawLoadOpening, drawLoadScene } from './scenesLoad.ts';
import { drawMembersScene } from './scenesMembers.ts';
import { drawMomentScene } from './scenesMoment.ts';
import { drawMoveScene } from './scenesMove.ts';
import { drawNameScene } from './scenesNames.ts';
import { drawThrottleScene } from './scenesThrottle.ts';
import type { Casting } from './sceneSteps.ts';
import { drawFollowerSettings, drawSettings } from './settings.ts';
import { hasSubject, type StepSpec } from './spec.ts';
import { STEP_SPECS } from './steps/index.ts';
import { Symbols, type Topology } from './symbols.ts';
import { largestWriteBytes } from './writeSizes.ts';
import { PLAN_FORMAT, PLAN_VERSION, type ClusterShape, type ExploringChance, type Plan, type Preload, type Step } from './types.ts';

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
  ['store.timeout', [20, 100]],
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
    const { preload, kinds } = this.profile;
    const withLoads = kinds === undefined ? draw.apart(WITH_LOADS_PERMILLE) : kinds.has('startBulkLoad');
    const withFollower = kinds === undefined ? draw.chance(500) : kinds.has('addDup');
    const topology: Topology = { bothWays: withFollower && draw.apart(BOTH_WAYS_PERMILLE, 2) };
    const third = withFollower && draw.apart(THIRD_PERMILLE, 3) ? [drawThird(draw)] : [];
    const clusters = withFollower ? [...drawPair(draw), ...third] : [{ id: 'source', replicaServers: draw.weighted([3, 2, 1, 4], (n) => [0, 1, 2, 8, 1][n] ?? 0) }];
    const symbols = new Symbols(clusters, withLoads, topology);
    if (preload !== undefined) {
      const replicaCount = Math.min(3, clusters[0]?.replicaServers ?? 3);
      symbols.tables.push({ ref: preload.table, partitionCount: preload.partitionCount, replicaCount, dropped: false });
      symbols.nextTable = Number(preload.table.slice('table#'.length)) + 1;
    }
    const steps = this.drawSteps(draw, symbols);
    return {
      format: PLAN_FORMAT,
      version: PLAN_VERSION,
      ...this.drawShapes(draw, symbols, steps),
      ...(preload === undefined ? {} : { preload }),
      steps,
      chance: drawChance(draw, withFollower),
    };
  }

  /** A preloaded log may hold a write of any size. */
  private drawShapes(draw: Draw, { clusters, withLoads }: Symbols, steps: readonly Step[]): Pick<Plan, 'clusters' | 'settings'> {
    const settings = drawSettings(draw, clusters.length > 1, withLoads);
    const [source, follower, ...others] = clusters;
    if (source === undefined || follower === undefined) return { clusters, settings };
    const own = drawFollowerSettings(draw, this.profile.preload === undefined ? largestWriteBytes(steps) : Infinity);
    return { clusters: Object.keys(own).length === 0 ? clusters : [source, { ...follower, settings: own }, ...others], settings };
  }

  private drawSteps(draw: Draw, symbols: Symbols): readonly Step[] {
    const faults = !draw.chance(330);
    const specs = this.swarm(draw, symbols, faults);
    const casting: Casting = { draw, symbols, faults, allows: (kind) => this.profile.kinds?.has(kind) ?? true };
    const least = symbols.follower() === undefined && !symbols.withLoads ? this.profile.steps.min : Math.min(14, this.profile.steps.max);
    let count = draw.int(Math.max(this.profile.steps.min, least), this.profile.steps.max);
    const steps: Step[] = [];
    const first = STEP_SPECS.find((s) => s.kind === 'createTable');
    const opening = symbols.follower() !== undefined && draw.chance(950) ? draw.int(1, 4) : Infinity;
    const loading = symbols.withLoads && draw.chance(950) ? draw.int(1, 4) : Infinity;
    const throttled = casting.allows('setEnvs') && draw.apart(THROTTLED_PERMILLE);
    const moving = casting.allows('movePrimary') && !this.isSearchForLoads() && draw.apart(this.profile.kinds === undefined ? MOVED_PERMILLE : MOVED_IN_SUBSYSTEM_PERMILLE, 1);
    const leaving = faults && casting.allows('crash') && draw.apart(LEFT_PERMILLE, 5);
    const leasing = faults && casting.allows('get') && draw.apart(LEASED_PERMILLE, 2);
    const naming = (casting.allows('recallTable') || casting.allows('renameTable')) && draw.apart(this.profile.kinds === undefined ? NAMED_PERMILLE : NAMED_IN_SUBSYSTEM_PERMILLE, 4);
    let opened = opening === Infinity;
    let loaded = false;
    for (let tries = 0; steps.length < count && tries < count * 4; tries += 1) {
      const spec = steps.length === 0 && first !== undefined && symbols.tables.length === 0 ? first : draw.weighted(specs, (s) => s.weight);
      const afterMs = drawGapMs(draw);
      if (!opened && steps.length >= opening) {
        opened = true;
        steps.push(...drawOpening(casting, afterMs));
        continue;
      }
      if (opened && !loaded && steps.length >= loading) {
        loaded = true;
        const scene = drawLoadOpening(casting, afterMs);
        steps.push(...scene);
        count += scene.length >> 1;
        continue;
      }
      if (loaded && draw.chance(LOAD_SCENES_PERMILLE)) {
        const scene = drawLoadScene(casting);
        steps.push(...scene);
        count += scene.length >> 2;
        continue;
      }
      if (opened && (loaded || loading === Infinity) && draw.chance(MOMENT_SCENES_PERMILLE)) {
        const scene = drawMomentScene(casting);
        steps.push(...scene);
        // It takes the place of no other step.
        count += scene.length;
        continue;
      }
      if (throttled && draw.chance(THROTTLE_SCENES_PERMILLE)) {
        const scene = drawThrottleScene(casting);
        steps.push(...scene);
        count += scene.length >> 1;
        continue;
      }
      if (leaving && opened && draw.chance(MEMBER_SCENES_PERMILLE)) {
        const scene = drawMembersScene(casting);
        steps.push(...scene);
        count += scene.length >> 1;
        continue;
      }
      if (leasing && opened && draw.chance(LEASE_SCENES_PERMILLE)) {
        const scene = drawLeaseScene(casting);
        steps.push(...scene);
        count += scene.length >> 1;
        continue;
      }
      if (moving && draw.chance(MOVE_SCENES_PERMILLE)) {
        const scene = drawMoveScene(casting);
        steps.push(...scene);
        count += scene.length >> 1;
        continue;
      }
      if (naming && opened && (loaded || loading === Infinity) && draw.chance(NAME_SCENES_PERMILLE)) {
        const scene = drawNameScene(casting);
        steps.push(...scene);
        count += scene.length >> 1;
        continue;
      }
      if (symbols.dups.length > 0 && draw.chance(SCENES_PERMILLE)) {
        const scene = drawScene(casting);
        steps.push(...scene);
        // A scene takes the place of some of the other steps only.
        count += scene.length >> 2;
        continue;
      }
      for (let left = drawRepeats(draw, spec, symbols); left > 0 && steps.length < count; left -= 1) {
        const fields = spec.draw(draw, symbols);
        if (fields === undefined) break;
        steps.push({ kind: spec.kind, afterMs: steps.at(-1)?.kind === spec.kind && left > 1 ? 0 : afterMs, ...fields });
      }
    }
    return steps;
  }

  /** Its scenes of loads move primaries themselves. */
  private isSearchForLoads(): boolean {
    return this.profile.kinds?.has('startBulkLoad') === true;
  }

  /** Swarm testing: commands all, faults a random subset (a third of the plans have none). */
  private swarm(draw: Draw, symbols: Symbols, faults: boolean): readonly StepSpec[] {
    return STEP_SPECS.filter((spec) => {
      if (!hasSubject(spec, symbols.follower() !== undefined, symbols.withLoads)) return false;
      if (this.profile.kinds !== undefined && !this.profile.kinds.has(spec.kind)) return false;
      if (spec.family === 'fault') return faults && draw.chance(400);
      return true;
    });
  }
}

/** Servers of a plan with two clusters: fewer than a cluster alone has, so that a run is not three times as long. */
function drawPair(draw: Draw): readonly ClusterShape[] {
  return [
    { id: 'source', replicaServers: draw.weighted([3, 2, 1], (n) => [0, 2, 2, 5][n] ?? 0) },
    { id: 'follower', replicaServers: draw.weighted([2, 3, 1], (n) => [0, 3, 3, 2][n] ?? 0) },
  ];
}

function drawThird(draw: Draw): ClusterShape {
  return { id: 'third', replicaServers: draw.int(1, 2) };
}

/** How many of the plans with a second cluster have a third one, and how many write on both sides of a pair. */
const THIRD_PERMILLE = 200;
const BOTH_WAYS_PERMILLE = 120;

/** How many plans move primaries, loads apart; how often a step of them makes place for it. */
const MOVED_PERMILLE = 180;
const MOVED_IN_SUBSYSTEM_PERMILLE = 350;
const MOVE_SCENES_PERMILLE = 100;

/** How many plans with faults leave servers without their meta server for about a lease; how often a step makes place for it. */
const LEASED_PERMILLE = 150;
const LEASE_SCENES_PERMILLE = 100;

/** How many plans with faults have servers that are away for longer than they are waited for; how often a step makes place for it. */
const LEFT_PERMILLE = 250;
const MEMBER_SCENES_PERMILLE = 90;
/** How many plans call dropped tables back, or give them other names; how often a step of them makes place for it. */
const NAMED_PERMILLE = 150;
const NAMED_IN_SUBSYSTEM_PERMILLE = 300;
const NAME_SCENES_PERMILLE = 120;

/** How many plans have tables that get a limit and then more than that; how often a step of them makes place for it. */
const THROTTLED_PERMILLE = 200;
const THROTTLE_SCENES_PERMILLE = 120;
/** How often a scene comes in the place of a step, once something is duplicated. */
const SCENES_PERMILLE = 220;

/** How many plans have bulk loads, and how often a scene of them comes in the place of a step. */
const WITH_LOADS_PERMILLE = 250;
const LOAD_SCENES_PERMILLE = 110;

/** How often something befalls a table at a named moment. */
const MOMENT_SCENES_PERMILLE = 120;

const BURST: ReadonlySet<string> = new Set(['put', 'multiPut', 'remove']);

/**
 * Commands sometimes come in bursts, as from many users at once: queues fill, writes share mutations, requests meet one another, and
 * what is duplicated travels several at a time.
 */
function drawRepeats(draw: Draw, spec: StepSpec, symbols: Symbols): number {
  if (BURST.has(spec.kind) && symbols.dups.length > 0 && draw.chance(200)) return draw.int(2, 8);
  return spec.family !== 'fault' && spec.kind !== 'wait' && draw.chance(60) ? draw.int(3, 14) : 1;
}

function drawGapMs(draw: Draw): number {
  return draw.weighted([0, 1, 10, 100, 800], (ms) => (ms === 0 ? 4 : ms === 1 ? 3 : ms === 10 ? 3 : ms === 100 ? 3 : 1));
}

function drawChance(draw: Draw, withFollower: boolean): ExploringChance {
  const permille: Partial<Record<ChancePoint, number>> = {};
  if (!draw.chance(330)) {
    for (const [point, shares] of POINTS) if (draw.chance(250)) permille[point] = draw.pick(shares);
    // The records of duplications are a small part of what is stored.
    if (withFollower && draw.chance(250)) permille['store.crash-after'] = draw.pick([60, 150]);
  }
  return { kind: 'exploring', seed: String(draw.int(0, 0x7fffffff)), permille, budget: draw.pick([1, 3, 8, 20]) };
}
