/**
 * The nearest passing plan: of all changes after which the run passes, the one whose run stays together with the failing run for
 * longest; of those that part at the same event, the first that was tried (they were tried from the simplest on). The plan is
 * frozen again, so that it draws nothing and holds only deviations that took effect.
 */
import { freeze } from '../run/runPlan.ts';
import { verdictSentence } from '../run/verdict.ts';
import type { Plan } from '../plan/types.ts';
import type { NearestPass, PlanPart } from './explanation.ts';
import type { Pass } from './marks.ts';
import { partPlace } from './parts.ts';
import { partingOf, type Parting } from './parting.ts';
import type { Watched } from './watched.ts';

export function nearestPass(plan: Plan, failing: Watched, passes: readonly Pass[]): NearestPass | undefined {
  let best: { readonly pass: Pass; readonly parting: Parting } | undefined;
  for (const pass of passes) {
    const { goneStep, step } = pass.alternative;
    const parting = partingOf(failing, { step: goneStep ?? step }, pass.run, { step }, isContent(pass.part));
    if (parting !== undefined && (best === undefined || parting.event > best.parting.event)) best = { pass, parting };
  }
  if (best === undefined) return undefined;
  const { pass, parting } = best;
  const { event, atUs, here, there } = parting;
  return {
    part: pass.part,
    change: changeText(plan, pass.part, pass.alternative.words),
    plan: freeze(pass.alternative.plan, pass.run.result.deviations),
    ended: verdictSentence(pass.run.result.verdict),
    parting: { event, atUs, here, there },
  };
}

function isContent(part: PlanPart): boolean {
  return part.kind === 'field' && part.field !== 'afterMs';
}

/** `without step 2 (wait 500 ms)`, `300 instead of 1000 as forMs of step 2 (…)`. */
export function changeText(plan: Plan, part: PlanPart, words: string): string {
  const place = partPlace(plan, part);
  return words === 'without it' ? `without ${place}` : `${words} for ${place}`;
}
