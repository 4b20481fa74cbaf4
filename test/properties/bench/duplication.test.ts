/** The bench's plans with two clusters do what their figures are about, and the figures come out, as text and as JSON. */
import { expect, it } from 'vitest';
import { duplicationLines, runAndCount } from '../../../properties/bench/duplication.ts';
import { backlogPlan, lifePlan, shippingPlan } from '../../../properties/bench/duplicationPlans.ts';
import type { BenchLine } from '../../../properties/bench/measure.ts';
import { GROWTH_UNIT, slope } from '../../../properties/bench/measure.ts';
import { runBench } from '../../../properties/cli/bench.ts';
import { checkPlan } from '../../../properties/plan/parse.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';

const NAMES = [
  'duplication: whole plans (3 + 2 servers, 30 steps)',
  'duplication: virtual time',
  'duplication: shipped as written',
  'duplication: shipped as written, without model',
  'duplication: shipped after a pause',
  'duplication: growth with partitions (1 to 8)',
  'duplication: growth with writes (40 to 640)',
  'duplication: growth with log length (40 to 640)',
];

it('a whole life copies a checkpoint, ships, pauses and goes on', () => {
  for (const variant of [0, 1]) {
    const plan = lifePlan(variant);
    expect(checkPlan(plan)).toEqual(plan);
    expect(plan.steps.length).toBe(30);
    const statuses: string[] = [];
    let adopted = 0;
    const watch = [(e: { readonly kind: string }): void => void (adopted += e.kind === 'checkpoint.adopted' ? 1 : 0)];
    const { state, skippedSteps } = runPlan(plan, { watch });
    for (const dup of Object.values(state.clusters['source']?.dups ?? {})) statuses.push(...dup.versions.map((v) => v.status));
    expect([statuses, skippedSteps]).toEqual([['DS_PREPARE', 'DS_APP', 'DS_LOG', 'DS_PAUSE', 'DS_LOG'], []]);
    // The first primary of each partition; the other member learns from it.
    expect(adopted).toBe(2);
    expect(runAndCount(plan).shipped).toBeGreaterThan(16);
  }
});

it('every write of the shipping plans is shipped', () => {
  // The run's own probes come to them, one to a partition; writes that meet in a mutation are shipped as one.
  const { shipped } = runAndCount(shippingPlan({ writes: 40, partitions: 2 }));
  expect(shipped).toBeGreaterThan(20);
  expect(shipped).toBeLessThanOrEqual(42);
  expect(runAndCount(backlogPlan(40)).shipped).toBeGreaterThan(20);
});

it('a slope is that of the work', () => {
  const spin = (rounds: number) => (): void => {
    let x = 1;
    for (let i = 0; i < rounds * 500_000; i++) x = (x * 31 + i) % 1_000_003;
    expect(x).toBeGreaterThanOrEqual(0);
  };
  expect(slope(spin, 8)).toBeGreaterThan(0.5);
  expect(slope(() => spin(4), 8)).toBeLessThan(0.5);
});

it('all figures are there, positive, and of two servers that go on', async () => {
  let lines: readonly BenchLine[] = [];
  const text: string[] = [];
  const io = { out: (line: string) => void text.push(line), err: (line: string) => void text.push(line), interactive: false };
  expect(await runBench({ json: true }, io, () => (lines = duplicationLines(1)))).toBe(0);
  const said = JSON.parse(text.join('')) as readonly BenchLine[];
  expect(said).toEqual(lines);
  expect(said.map(({ name }) => name)).toEqual(NAMES);
  for (const { name, value, unit } of said) {
    // A machine that is ten times as slow still passes.
    expect(value, name).toBeGreaterThan(unit === GROWTH_UNIT ? 0.7 : 1);
    if (unit === GROWTH_UNIT) expect(value, name).toBeLessThan(5.6);
  }
  expect(await runBench({ json: false }, io, () => lines)).toBe(0);
  for (const name of NAMES) expect(text.some((line) => line.startsWith(name))).toBe(true);
});
