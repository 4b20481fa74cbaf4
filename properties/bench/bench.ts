/**
 * Measures the suite itself, on this machine: medians of several rounds after a warm-up. Rates are per second of processor time, so
 * that they are those of one core whatever else runs beside; what a user waits for is wall time. For people, for a
 * gate with a wide margin, and for comparing two versions on one machine; never part of a digest.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CANARY } from '../defects/canary.ts';
import { search } from '../hunt/search.ts';
import { printPlan } from '../plan/parse.ts';
import { runPlan } from '../run/runPlan.ts';
import { bulkLoadLines } from './bulkLoad.ts';
import { duplicationLines } from './duplication.ts';
import { bareKernelPerSecond } from './kernel.ts';
import { clusterLines, learningLines, tableGrowthLine, topologyLines } from './members.ts';
import { cpuSeconds, growthLine, median, slope, wallSeconds, type BenchLine } from './measure.ts';
import { workersLines } from './workers.ts';
import { minimizerLines } from './minimizer.ts';
import { benchPlans, COMMITTED_SIZE, sizedPlan, type Size } from './plans.ts';

const ROUNDS = 5;

/** A hunt runs thousands of plans: the engine has compiled what is hot after a few hundred. */
const WARM_UP_ROUNDS = 10;

interface Rate {
  readonly dispatches: number;
  readonly plans: number;
  readonly virtualSeconds: number;
}

/** Rates per second of processor time over the committed plans, median of the rounds. */
function rate(follow: boolean): Rate {
  const plans = benchPlans();
  const rounds: Rate[] = [];
  for (let round = 1; round <= WARM_UP_ROUNDS + ROUNDS; round += 1) {
    let dispatches = 0;
    let virtualMs = 0;
    const took = cpuSeconds(() => {
      for (const plan of plans) {
        const result = runPlan(plan, { follow });
        dispatches += result.dispatches;
        virtualMs += result.virtualMs;
      }
    });
    if (round > WARM_UP_ROUNDS) rounds.push({ dispatches: dispatches / took, plans: plans.length / took, virtualSeconds: virtualMs / 1000 / took });
  }
  const of = (pick: (r: Rate) => number): number => median(rounds.map(pick));
  return { dispatches: of((r) => r.dispatches), plans: of((r) => r.plans), virtualSeconds: of((r) => r.virtualSeconds) };
}

/** How the time of a plan grows with one of its sizes: the slope of the logarithms over four doublings. */
function slopeOf(grow: (factor: number) => Size): number {
  return slope((factor) => {
    const plan = sizedPlan(grow(factor), 1);
    return () => void runPlan(plan);
  }, 16);
}

/** Wall time of a replay from the shell, milliseconds: the first one ever, and when what the start compiles has been kept. */
function replayMs(): { readonly cold: number; readonly warm: number } {
  const dir = mkdtempSync(join(tmpdir(), 'pegasus-check-bench-'));
  try {
    const file = join(dir, 'plan.json');
    writeFileSync(file, printPlan(sizedPlan(COMMITTED_SIZE, 0)));
    const main = fileURLToPath(new URL('../../bin/pegasus-check.js', import.meta.url));
    const once = (cache: string): number => {
      const env = { ...process.env, NODE_COMPILE_CACHE: join(dir, cache) };
      return wallSeconds(() => spawnSync(process.execPath, [main, 'replay', file, '--json'], { stdio: 'ignore', env })) * 1000;
    };
    once('kept');
    const cold = median(Array.from({ length: ROUNDS }, (_, i) => once(`new-${String(i)}`)));
    return { cold, warm: median(Array.from({ length: ROUNDS }, () => once('kept'))) };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** The largest observed/bound of each obligation over clean runs of fixed seeds. */
function obligationRatios(): readonly BenchLine[] {
  const { totals } = search({ seed: 20_261_121, runs: 300, forMs: Infinity });
  return [...totals.worstRatios].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => ({ name: `observed/bound: ${name}`, value, unit: 'ratio' }));
}

export async function bench(): Promise<readonly BenchLine[]> {
  const kernel = bareKernelPerSecond();
  const alone = rate(false);
  const followed = rate(true);
  const plan = sizedPlan(COMMITTED_SIZE, 0);
  const run = median(Array.from({ length: 20 }, () => wallSeconds(() => runPlan(plan)))) * 1000;
  const replay = replayMs();
  const shrink = wallSeconds(() => search({ seed: 1, runs: 1000, forMs: Infinity, defects: [CANARY] }));
  return [
    { name: 'bare kernel', value: kernel, unit: 'events/s' },
    { name: 'dispatches without model and audits', value: alone.dispatches, unit: 'dispatches/CPU s' },
    { name: 'dispatches with model and audits', value: followed.dispatches, unit: 'dispatches/CPU s' },
    { name: 'share of the bare kernel with model and audits', value: followed.dispatches / kernel, unit: 'ratio' },
    { name: 'whole plans (3 servers, 2 partitions, 30 steps)', value: followed.plans, unit: 'plans/CPU s' },
    { name: 'virtual time', value: followed.virtualSeconds, unit: 'virtual s/CPU s' },
    { name: 'replay, the first one', value: replay.cold, unit: 'ms' },
    { name: 'replay, compiled before', value: replay.warm, unit: 'ms' },
    { name: 'replay, without the start', value: run, unit: 'ms' },
    { name: 'find and shrink the canary', value: shrink * 1000, unit: 'ms' },
    growthLine('growth with steps (30 to 480)', slopeOf((f) => ({ ...COMMITTED_SIZE, steps: 30 * f }))),
    growthLine('growth with partitions (2 to 32)', slopeOf((f) => ({ ...COMMITTED_SIZE, partitions: 2 * f }))),
    growthLine('growth with servers (3 to 48)', slopeOf((f) => ({ ...COMMITTED_SIZE, servers: 3 * f }))),
    tableGrowthLine(ROUNDS),
    ...duplicationLines(ROUNDS),
    ...topologyLines(ROUNDS),
    ...learningLines(ROUNDS),
    ...clusterLines(),
    ...bulkLoadLines(ROUNDS),
    ...(await workersLines(ROUNDS)),
    ...minimizerLines(),
    ...obligationRatios(),
    { name: 'memory (resident, at the end)', value: process.memoryUsage.rss() / (1 << 20), unit: 'MiB' },
  ];
}
