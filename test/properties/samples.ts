/** Plans drawn by the common profile from a fixed seed, for suites that need many. */
import fc from 'fast-check';
import { COMMON_PROFILE, PlanArbitrary, type Profile } from '../../properties/plan/arbitrary.ts';
import type { Plan } from '../../properties/plan/types.ts';

export function samplePlans(count: number, seed: number, profile: Profile = COMMON_PROFILE): readonly Plan[] {
  return fc.sample(new PlanArbitrary(profile), { numRuns: count, seed });
}
