/** Generation: deterministic per seed, guarded against drift, fair to what matters; shrinking only gets smaller. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { candidates } from '../../../properties/minimize/candidates.ts';
import { PlanArbitrary } from '../../../properties/plan/arbitrary.ts';
import { specOf } from '../../../properties/plan/steps/index.ts';
import type { Plan, Step } from '../../../properties/plan/types.ts';
import { freeze, runPlan } from '../../../properties/run/runPlan.ts';
import { samplePlans } from '../samples.ts';

function textOf(step: Step, name: string): string {
  const value = step[name];
  return typeof value === 'string' ? value : '';
}

/** Where a word stands among those that a field may be: earlier is simpler. */
function rank(step: Step, name: string): number {
  const place = specOf(step.kind)?.fields[name]?.describe.split(' | ').indexOf(textOf(step, name)) ?? 0;
  return Math.max(0, place);
}

/** A measure that every candidate must lower: steps, then deviations, servers, settings, then the size of all numbers. */
function sizeOf(plan: Plan): readonly number[] {
  const words = plan.steps.flatMap((s) => Object.keys(s).map((name) => rank(s, name))).reduce((sum, n) => sum + n, 0);
  const numbers = plan.steps.flatMap((s) => Object.values(s)).reduce<number>((sum, v) => sum + (typeof v === 'number' ? Math.abs(v) : JSON.stringify(v).length), words / 1000);
  const deviations = plan.chance.kind === 'frozen' ? plan.chance.deviations : [];
  return [
    plan.steps.length,
    deviations.length,
    plan.clusters.reduce((sum, c) => sum + c.replicaServers, 0),
    Object.keys(plan.settings).length + plan.clusters.reduce((sum, c) => sum + Object.keys(c.settings ?? {}).length, 0),
    numbers + deviations.reduce((sum, d) => sum + Math.abs(d.value), 0),
  ];
}

describe('PlanArbitrary', () => {
  it('gives the same plans for the same seed, and others for another', () => {
    expect(samplePlans(20, 9)).toEqual(samplePlans(20, 9));
    expect(samplePlans(20, 9)).not.toEqual(samplePlans(20, 10));
  });

  it('draws only what a plan file may say', () => {
    for (const plan of samplePlans(300, 4)) {
      for (const step of plan.steps) {
        for (const [name, field] of Object.entries(specOf(step.kind)?.fields ?? {})) {
          expect(field.check(step[name]), `${step.kind}.${name}`).toBeUndefined();
        }
      }
    }
  });

  it('leaves a third of the plans without any fault', () => {
    const plans = samplePlans(600, 8);
    const calm = plans.filter((p) => !p.steps.some((s) => specOf(s.kind)?.family === 'fault') && p.chance.kind === 'exploring' && Object.keys(p.chance.permille).length === 0);
    expect(calm.length).toBeGreaterThan(40);
    expect(calm.length).toBeLessThan(300);
  });

  it('is an arbitrary like any other: fc.check finds and shrinks a property of plans', () => {
    const full = samplePlans(200, 1).find((p) => p.steps.filter((s) => s.kind === 'put').length > 4);
    const examples: [Plan][] = full === undefined ? [] : [[freeze(full, [])]];
    const result = fc.check(fc.property(new PlanArbitrary(), (p) => p.chance.kind !== 'frozen' || p.steps.filter((s) => s.kind === 'put').length < 3), { seed: 1, examples });
    expect(result.failed).toBe(true);
    const shrunk = result.counterexample?.[0];
    expect(shrunk?.steps.map((s) => s.kind)).toEqual(['put', 'put', 'put']);
  });
});

describe('candidates', () => {
  it('are all simpler than their plan, and end', () => {
    for (const plan of samplePlans(25, 6)) {
      const frozen = freeze(plan, runPlan(plan).deviations);
      const from = JSON.stringify(frozen);
      let count = 0;
      for (const candidate of candidates(frozen)) {
        count += 1;
        expect(JSON.stringify(candidate)).not.toBe(from);
        const [before, after] = [sizeOf(frozen), sizeOf(candidate)];
        const at = after.findIndex((v, i) => v !== before[i]);
        const merged = candidate.steps.length < frozen.steps.length;
        const changed = JSON.stringify([candidate.settings, candidate.clusters]) !== JSON.stringify([frozen.settings, frozen.clusters]);
        expect(at >= 0 || merged || changed).toBe(true);
      }
      expect(count).toBeGreaterThan(0);
      expect(count).toBeLessThan(20_000);
    }
  });
});
