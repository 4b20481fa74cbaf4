/**
 * Shrinks a failing frozen plan to one of which no part can be left out or made simpler: greedy over `candidates`, from the
 * start again after each success, until a whole pass finds nothing (1-minimal) or the budget of runs is spent.
 */
import type { Plan } from '../plan/types.ts';
import { candidates } from './candidates.ts';

export interface Minimized {
  readonly plan: Plan;
  readonly runs: number;
  /** False when the budget ended the search before a whole pass found nothing. */
  readonly minimal: boolean;
}

/**
 * @param stillFails runs a plan and answers the plan in its frozen form when it fails in the same way, else undefined. The
 *   answered plan holds only deviations that took effect, which is a free simplification.
 */
export function minimize(plan: Plan, stillFails: (plan: Plan) => Plan | undefined, maxRuns: number): Minimized {
  let best = plan;
  let runs = 0;
  const tried = new Set<string>();
  for (;;) {
    let improved = false;
    for (const candidate of candidates(best)) {
      if (runs >= maxRuns) return { plan: best, runs, minimal: false };
      const key = JSON.stringify(candidate);
      if (tried.has(key)) continue;
      tried.add(key);
      runs += 1;
      const failing = stillFails(candidate);
      if (failing === undefined) continue;
      best = failing;
      improved = true;
      break;
    }
    if (!improved) return { plan: best, runs, minimal: true };
  }
}
