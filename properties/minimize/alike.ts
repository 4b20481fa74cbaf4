/** Whether a simpler plan still shows what the first one showed: the same rule speaks, and only because of the defects that were put back. */
import { partsWith, type Defect } from '../defects/types.ts';
import type { Plan } from '../plan/types.ts';
import { freeze, runPlan, type RunResult } from '../run/runPlan.ts';
import { causeOf, isFinding, type Verdict } from '../run/verdict.ts';

export interface Alike {
  /** Frozen: it holds only deviations that took effect. */
  readonly plan: Plan;
  readonly result: RunResult;
}

/**
 * @param original a frozen plan that fails with the defects. When it passes without them, whatever fails alike does too: else it would be
 *   about something else in the end.
 * @param verdict how it ended.
 */
export function failsAlike(original: Plan, verdict: Verdict, defects: readonly Defect[]): (candidate: Plan) => Alike | undefined {
  const parts = partsWith(defects);
  const cause = causeOf(verdict);
  const isOwed = (plan: Plan): boolean => defects.length === 0 || !isFinding(runPlan(plan).verdict);
  const owed = isOwed(original);
  return (candidate) => {
    const result = runPlan(candidate, { parts });
    if (!isFinding(result.verdict) || causeOf(result.verdict) !== cause) return undefined;
    const plan = freeze(candidate, result.deviations);
    return owed && !isOwed(plan) ? undefined : { plan, result };
  };
}
