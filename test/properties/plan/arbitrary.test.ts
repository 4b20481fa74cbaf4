/** Generation: deterministic per seed, guarded against drift, fair to what matters; shrinking only gets smaller. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PlanArbitrary } from '../../../properties/plan/arbitrary.ts';
import { specOf } from '../../../properties/plan/steps/index.ts';
import type { Plan } from '../../../properties/plan/types.ts';
import { freeze } from '../../../properties/run/runPlan.ts';
import { samplePlans } from '../samples.ts';

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
