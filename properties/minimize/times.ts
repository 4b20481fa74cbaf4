/** Steps of which only the time matters: they go, and the next step comes as much later. */
import type { Plan, Step } from '../plan/types.ts';
import type { Pass, Tries } from './minimize.ts';

/** Most time between two steps, milliseconds. */
const LONGEST_MS = 600_000;

/** About what a message, a log write, a round of several, and a retry or a poll take. */
const STEADS_MS = [1, 10, 100, 1000];

/** Time until a step, and within it when that is all it is. */
function ownMs(step: Step): number {
  return step.afterMs + (step.kind === 'wait' && typeof step['forMs'] === 'number' ? step['forMs'] : 0);
}

/** The plan without a step, and its time and more before the next one. */
function replaced(plan: Plan, at: number, moreMs: number): Plan | undefined {
  const step = plan.steps[at];
  const next = plan.steps[at + 1];
  if (step === undefined || next === undefined) return undefined;
  const later: Step = { ...next, afterMs: Math.min(LONGEST_MS, next.afterMs + ownMs(step) + moreMs) };
  return { ...plan, steps: [...plan.steps.slice(0, at), later, ...plan.steps.slice(at + 2)] };
}

/** A step may have carried the time that the rest needs. */
export const timeKept: Pass<Plan> = {
  name: 'steps, not their time',
  *tries(start): Tries<Plan> {
    let plan = start;
    for (let at = plan.steps.length - 2; at >= 0; at -= 1) {
      const step = plan.steps[at];
      const other = step === undefined || ownMs(step) === 0 ? undefined : replaced(plan, at, 0);
      if (other !== undefined) plan = (yield other) ?? plan;
    }
  },
};

/** What a step did may have taken the time that the rest needs. */
export const timeInStead: Pass<Plan> = {
  name: 'time in the stead of steps',
  *tries(start): Tries<Plan> {
    let plan = start;
    for (let at = plan.steps.length - 2; at >= 0; at -= 1) {
      for (const moreMs of STEADS_MS) {
        const other = replaced(plan, at, moreMs);
        const taken = other === undefined ? undefined : yield other;
        if (taken === undefined) continue;
        plan = taken;
        break;
      }
    }
  },
};
