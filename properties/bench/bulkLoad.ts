/** What bulk load and throttling cost: whole plans with a load, the meta server's work with its partitions, requests that are throttled. */
import type { Plan } from '../plan/types.ts';
import { runPlan } from '../run/runPlan.ts';
import { loadPlan, throttledPlan, wideLoadPlan } from './loadPlans.ts';
import { cpuSeconds, growthLine, medianRate, slope, type BenchLine } from './measure.ts';

const PLANS = 12;
const REQUESTS = 400;

export interface LoadRun {
  readonly virtualMinutes: number;
  /** Partitions that had all files of a load. */
  readonly ingested: number;
  /** Requests that came to a replica that throttles, and those that it held back or refused. */
  readonly arrived: number;
  readonly throttled: number;
}

/** Runs a plan that must pass. */
export function runLoad(plan: Plan): LoadRun {
  let ingested = 0;
  let arrived = 0;
  let throttled = 0;
  const { verdict, virtualMs } = runPlan(plan, {
    watch: [
      (event) => {
        if (event.kind === 'load.partition-stored' && event.record.status === 'BLS_SUCCEED') ingested += 1;
        else if (event.kind === 'throttle.arrived') arrived += 1;
        else if (event.kind === 'throttle.verdict') throttled += 1;
      },
    ],
  });
  if (verdict.kind !== 'pass') throw new Error(`a plan of the bench ends as ${verdict.kind}`);
  return { virtualMinutes: virtualMs / 60_000, ingested, arrived, throttled };
}

/** @param rounds of which the medians are taken. */
export function bulkLoadLines(rounds: number): readonly BenchLine[] {
  const lives = Array.from({ length: PLANS }, (_, variant) => loadPlan(variant));
  let minutes = 0;
  for (const plan of lives) minutes += runLoad(plan).virtualMinutes;
  const plansPerSecond = medianRate(rounds, () => lives.length / cpuSeconds(() => lives.forEach((plan) => void runPlan(plan))));
  const requests = throttledPlan(REQUESTS);
  const { arrived } = runLoad(requests);
  const decisions = (follow: boolean): number => medianRate(rounds, () => arrived / cpuSeconds(() => void runPlan(requests, { follow })));
  const wide = (follow: boolean) => (factor: number) => {
    const plan = wideLoadPlan(4 * factor);
    return () => void runPlan(plan, { follow });
  };
  return [
    { name: 'bulk load: whole plans (3 servers, 30 steps)', value: plansPerSecond, unit: 'plans/CPU s' },
    { name: 'bulk load: virtual time', value: (minutes / lives.length) * plansPerSecond, unit: 'virtual min/CPU s' },
    growthLine('bulk load: growth with partitions (4 to 64), without model', slope(wide(false), 16, rounds)),
    growthLine('bulk load: growth with partitions (4 to 64)', slope(wide(true), 16, rounds)),
    { name: 'throttling: requests judged', value: decisions(true), unit: 'requests/CPU s' },
    { name: 'throttling: requests judged, without model', value: decisions(false), unit: 'requests/CPU s' },
  ];
}
