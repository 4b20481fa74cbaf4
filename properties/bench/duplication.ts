/** What duplication costs: whole plans with two clusters, mutations through the pipeline, and how both grow. */
import { runPlan } from '../run/runPlan.ts';
import type { Plan } from '../plan/types.ts';
import { backlogPlan, lifePlan, shippingPlan } from './duplicationPlans.ts';
import { cpuSeconds, growthLine, medianRate, slope, type BenchLine } from './measure.ts';

const PLANS = 12;
const WRITES = 160;

interface Run {
  readonly virtualMinutes: number;
  readonly shipped: number;
}

/** Runs a plan that must pass; counts the source's mutations that left in requests for the first time. */
export function runAndCount(plan: Plan): Run {
  const shipped = new Set<string>();
  const { verdict, virtualMs } = runPlan(plan, {
    watch: [
      (event) => {
        if (event.kind === 'dup.sent') for (const { timestampUs } of event.entries) shipped.add(`${event.gpid} ${String(timestampUs)}`);
      },
    ],
  });
  if (verdict.kind !== 'pass') throw new Error(`a plan of the bench ends as ${verdict.kind}`);
  return { virtualMinutes: virtualMs / 60_000, shipped: shipped.size };
}

/** @param rounds of which the medians are taken. */
export function duplicationLines(rounds: number): readonly BenchLine[] {
  const lives = Array.from({ length: PLANS }, (_, variant) => lifePlan(variant));
  let minutes = 0;
  for (const plan of lives) minutes += runAndCount(plan).virtualMinutes;
  const plansPerSecond = medianRate(rounds, () => lives.length / cpuSeconds(() => lives.forEach((plan) => void runPlan(plan))));
  const shipping = shippingPlan({ writes: WRITES, partitions: 2 });
  const backlog = backlogPlan(WRITES);
  const per = (plan: Plan, follow: boolean): number => {
    const { shipped } = runAndCount(plan);
    return medianRate(rounds, () => shipped / cpuSeconds(() => void runPlan(plan, { follow })));
  };
  const grown = (planOf: (factor: number) => Plan) => (factor: number) => {
    const plan = planOf(factor);
    return () => void runPlan(plan);
  };
  return [
    { name: 'duplication: whole plans (3 + 2 servers, 30 steps)', value: plansPerSecond, unit: 'plans/CPU s' },
    { name: 'duplication: virtual time', value: (minutes / lives.length) * plansPerSecond, unit: 'virtual min/CPU s' },
    { name: 'duplication: shipped as written', value: per(shipping, true), unit: 'mutations/CPU s' },
    { name: 'duplication: shipped as written, without model', value: per(shipping, false), unit: 'mutations/CPU s' },
    { name: 'duplication: shipped after a pause', value: per(backlog, true), unit: 'mutations/CPU s' },
    growthLine('duplication: growth with partitions (1 to 8)', slope(grown((f) => shippingPlan({ writes: WRITES, partitions: f })), 8, rounds)),
    growthLine('duplication: growth with writes (40 to 640)', slope(grown((f) => shippingPlan({ writes: 40 * f, partitions: 1 })), 16, rounds)),
    growthLine('duplication: growth with log length (40 to 640)', slope(grown((f) => backlogPlan(40 * f)), 16, rounds)),
  ];
}
