/** Freezing keeps the run: the frozen plan draws nothing and has the digest of the run it was made of. */
import { describe, expect, it } from 'vitest';
import { freeze, runPlan } from '../../../properties/run/runPlan.ts';
import { samplePlans } from '../samples.ts';

const PLANS = 200;

describe('freezing', () => {
  it(`keeps digest, verdict and dispatches over ${String(PLANS)} plans`, () => {
    let deviating = 0;
    for (const plan of samplePlans(PLANS, 41)) {
      const explored = runPlan(plan);
      const frozen = freeze(plan, explored.deviations);
      const again = runPlan(frozen, { draws: true });
      expect(again.digest, JSON.stringify(frozen)).toBe(explored.digest);
      expect(again.dispatches).toBe(explored.dispatches);
      expect(again.verdict).toEqual(explored.verdict);
      expect(again.draws, 'a frozen plan draws nothing').toBeUndefined();
      expect(again.deviations).toEqual(explored.deviations);
      if (explored.deviations.length > 0) deviating += 1;
    }
    expect(deviating, 'plans whose runs deviated at all').toBeGreaterThan(PLANS / 5);
  });

  it('loses the digest when a deviation is left out', () => {
    const plan = samplePlans(400, 7).find((p) => runPlan(p).deviations.some((d) => d.cause.startsWith('link.delay') && d.value > 1000));
    expect(plan).toBeDefined();
    if (plan === undefined) return;
    const explored = runPlan(plan);
    expect(runPlan(freeze(plan, [])).digest).not.toBe(explored.digest);
  });
});
