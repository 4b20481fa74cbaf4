/** The proof that a plan is minimal: everything that is simpler is tried, and none fails alike. */
import type { Defect } from '../defects/types.ts';
import type { Plan } from '../plan/types.ts';
import type { Verdict } from '../run/verdict.ts';
import { failsAlike } from './alike.ts';
import { PLAN_PASSES } from './candidates.ts';
import { simplerThan, type Pass } from './minimize.ts';

export interface Proof {
  /** The first simpler plan that fails alike; undefined: there is none. */
  readonly simpler: Plan | undefined;
  /** Simpler plans that were run. */
  readonly tried: number;
}

/**
 * @param verdict how the plan ends with the defects.
 * @param passes what is tried; all that the minimizer has unless told.
 */
export function proveMinimal(plan: Plan, verdict: Verdict, defects: readonly Defect[], passes: readonly Pass<Plan>[] = PLAN_PASSES): Proof {
  const alike = failsAlike(plan, verdict, defects);
  const seen = new Set<string>();
  for (const candidate of simplerThan(plan, passes)) {
    const key = JSON.stringify(candidate);
    if (seen.has(key)) continue;
    seen.add(key);
    if (alike(candidate) !== undefined) return { simpler: candidate, tried: seen.size };
  }
  return { simpler: undefined, tried: seen.size };
}
