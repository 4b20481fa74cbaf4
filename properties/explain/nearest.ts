/**
 * The nearest passing plan: of the smallest change of each part after which the run passes, the one whose run stays together with the failing run for
 * longest, and does something else then; of those that part at the same event, the first that was tried (they were tried from the simplest on). The plan is
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

interface Parted {
  readonly pass: Pass;
  readonly parting: Parting;
}

export function nearestPass(plan: Plan, failing: Watched, passes: readonly Pass[]): NearestPass | undefined {
  const parted = passes.flatMap((pass): readonly Parted[] => {
    const { goneStep, step } = pass.alternative;
    const parting = partingOf(failing, { step: goneStep ?? step }, pass.run, { step }, isContent(pass.part));
    return parting === undefined ? [] : [{ pass, parting: { ...parting, isAtRest: parting.isAtRest || isSame(failing, parting) } }];
  });
  let best: Parted | undefined;
  for (const one of smallestOf(parted)) if (best === undefined || isNearer(one.parting, best.parting)) best = one;
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

/** Of each part the smallest change that passes: a time ten times as long is far away, even when its run begins alike. */
function smallestOf(parted: readonly Parted[]): readonly Parted[] {
  const smallest = new Map<PlanPart, Parted>();
  for (const one of parted) {
    const best = smallest.get(one.pass.part);
    const isSmaller = best !== undefined && one.pass.alternative.distance < best.pass.alternative.distance;
    if (best === undefined || (best.parting.isAtRest === one.parting.isAtRest ? isSmaller : best.parting.isAtRest)) smallest.set(one.pass.part, one);
  }
  return [...smallest.values()];
}

/** Up to the event that was refused both runs do the same, only at other moments: that tells as little. What an audit or a promise finds is no event. */
function isSame({ result: { verdict }, events }: Watched, { event }: Parting): boolean {
  return verdict.kind === 'violation' && !verdict.rule.startsWith('audit/') && event >= events.length;
}

/** A run that merely came to rest, because nothing was asked of it any more, tells less than one that did something else. */
function isNearer(one: Parting, best: Parting): boolean {
  return one.isAtRest === best.isAtRest ? one.event > best.event : best.isAtRest;
}

function isContent(part: PlanPart): boolean {
  return part.kind === 'field' && part.field !== 'afterMs';
}

/** `without step 2 (wait 500 ms)`, `300 instead of 1000 as forMs of step 2 (…)`. */
export function changeText(plan: Plan, part: PlanPart, words: string): string {
  const place = partPlace(plan, part);
  return words === 'without it' ? `without ${place}` : `${words} for ${place}`;
}
