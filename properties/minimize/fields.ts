/** Simpler fields of steps: what each field takes for simpler, time between steps, deviations that are less. */
import { towards } from '../plan/spec.ts';
import { specOf } from '../plan/steps/index.ts';
import type { Plan, Step, StepValue } from '../plan/types.ts';
import type { Pass, Tries } from './minimize.ts';

export function withStep(plan: Plan, at: number, step: Step): Plan {
  return { ...plan, steps: plan.steps.map((one, i) => (i === at ? step : one)) };
}

/** Rows of a `multiPut`, of which each has its key and its value in lists of their own. */
const ROWS_IN_LISTS = 'multiPut';

function simplerValues(step: Step, name: string): readonly StepValue[] {
  if (name === 'afterMs') return towards(0, step.afterMs);
  if (step.kind === ROWS_IN_LISTS && (name === 'sortKeys' || name === 'values')) return [];
  const value = step[name];
  return value === undefined ? [] : (specOf(step.kind)?.fields[name]?.simpler(value) ?? []);
}

/** Where a value got simpler its own simpler values come next, so that a number comes down by halves. */
export const simplerFields: Pass<Plan> = {
  name: 'fields of steps',
  *tries(start): Tries<Plan> {
    let plan = start;
    for (let at = 0; at < start.steps.length; at += 1) {
      const names = ['afterMs', ...Object.keys(specOf(start.steps[at]?.kind ?? '')?.fields ?? {})];
      for (const name of names) {
        const simpler = (): readonly StepValue[] => {
          const step = plan.steps[at];
          return step === undefined ? [] : simplerValues(step, name);
        };
        for (let tries = simpler(); tries.length > 0; ) {
          const [value, ...rest] = tries;
          const step = plan.steps[at];
          if (value === undefined || step === undefined) break;
          const taken = yield withStep(plan, at, { ...step, [name]: value });
          plan = taken ?? plan;
          tries = taken === undefined ? rest : simpler();
        }
      }
    }
  },
};

export const smallerDeviations: Pass<Plan> = {
  name: 'amounts of deviations',
  *tries(start): Tries<Plan> {
    let plan = start;
    for (let at = 0; plan.chance.kind === 'frozen' && at < plan.chance.deviations.length; at += 1) {
      for (let tries = towards(1, valueAt(plan, at)); tries.length > 0; ) {
        const [value = 1, ...rest] = tries;
        if (plan.chance.kind !== 'frozen') return;
        const deviations = plan.chance.deviations.map((one, i) => (i === at ? { ...one, value } : one));
        const taken = yield { ...plan, chance: { kind: 'frozen', deviations } };
        plan = taken ?? plan;
        tries = taken === undefined ? rest : towards(1, valueAt(plan, at));
      }
    }
  },
};

function valueAt(plan: Plan, at: number): number {
  return plan.chance.kind === 'frozen' ? (plan.chance.deviations[at]?.value ?? 1) : 1;
}
