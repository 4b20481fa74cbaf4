/** The bench's plans with bulk loads and throttles do what their figures are about, and the figures come out. */
import { expect, it } from 'vitest';
import { bulkLoadLines, runLoad } from '../../../properties/bench/bulkLoad.ts';
import { loadPlan, throttledPlan, wideLoadPlan } from '../../../properties/bench/loadPlans.ts';
import { GROWTH_UNIT } from '../../../properties/bench/measure.ts';
import { checkPlan } from '../../../properties/plan/parse.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';

const NAMES = [
  'bulk load: whole plans (3 servers, 30 steps)',
  'bulk load: virtual time',
  'bulk load: growth with partitions (4 to 64), without model',
  'bulk load: growth with partitions (4 to 64)',
  'throttling: requests judged',
  'throttling: requests judged, without model',
];

it('a whole life is paused, goes on, outlives a crash and ends well', () => {
  for (const variant of [0, 1, 2]) {
    const plan = loadPlan(variant);
    expect(checkPlan(plan)).toEqual(plan);
    expect(plan.steps).toHaveLength(30);
    const { state, skippedSteps } = runPlan(plan);
    const load = state.clusters['source']?.loads[1];
    expect(skippedSteps).toEqual([]);
    const statuses = load?.versions.map(({ status }) => status) ?? [];
    expect(statuses.slice(0, 4)).toEqual(['BLS_DOWNLOADING', 'BLS_PAUSING', 'BLS_PAUSED', 'BLS_DOWNLOADING']);
    expect(statuses.at(-1)).toBe('BLS_SUCCEED');
    expect(runLoad(plan).ingested).toBe(2);
  }
});

it('every partition of a wide load has its files', () => {
  for (const partitions of [1, 16]) {
    expect(checkPlan(wideLoadPlan(partitions))).toEqual(wideLoadPlan(partitions));
    expect(runLoad(wideLoadPlan(partitions)).ingested).toBe(partitions);
  }
});

it('a part of the requests is held back or refused', () => {
  const { arrived, throttled } = runLoad(throttledPlan(400));
  expect(arrived).toBeGreaterThanOrEqual(400);
  expect(throttled).toBeGreaterThan(20);
  expect(throttled).toBeLessThan(arrived / 3);
});

it('all figures are there, and positive', () => {
  const lines = bulkLoadLines(1);
  expect(lines.map(({ name }) => name)).toEqual(NAMES);
  for (const { name, value, unit } of lines) {
    // A machine that is ten times as slow still passes.
    expect(value, name).toBeGreaterThan(unit === GROWTH_UNIT ? 0.7 : 1);
    // Each partition is polled, told and counted by itself: no more than linear.
    if (unit === GROWTH_UNIT) expect(value, name).toBeLessThan(3);
  }
});
