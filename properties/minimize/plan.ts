/** Shrinks a failing frozen plan to one of which nothing can be left out or made simpler. */
import type { Plan } from '../plan/types.ts';
import { PLAN_PASSES } from './candidates.ts';
import { minimize, type Minimized } from './minimize.ts';

/**
 * @param stillFails runs a plan and answers the plan in its frozen form when it fails in the same way, else undefined. The
 *   answered plan holds only deviations that took effect, which is a free simplification.
 */
export function minimizePlan(plan: Plan, stillFails: (plan: Plan) => Plan | undefined, maxRuns: number): Minimized<Plan> {
  return minimize(plan, { passes: PLAN_PASSES, key: (one) => JSON.stringify(one), stillFails, maxRuns });
}
