/**
 * The shrunk plan of each defect is minimal: nothing that is simpler fails for the same cause. Here every removal is tried for every
 * defect (a cluster, a step, a deviation, a setting), and for plans of one or two steps everything that the minimizer knows: fields, names,
 * times, amounts, servers, kinds, pairs. `npm run test:minimal` tries everything for all of them.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFECTS } from '../../properties/defects/index.ts';
import { partsWith, type Defect } from '../../properties/defects/types.ts';
import { CORPUS_DIR, corpusPlans } from '../../properties/hunt/corpus.ts';
import { PLAN_PASSES, REMOVALS } from '../../properties/minimize/candidates.ts';
import { proveMinimal } from '../../properties/minimize/proof.ts';
import { printPlan } from '../../properties/plan/parse.ts';
import type { Plan } from '../../properties/plan/types.ts';
import { runPlan } from '../../properties/run/runPlan.ts';
import { causeOf, isFinding, type Verdict } from '../../properties/run/verdict.ts';

const FEW_STEPS = 2;
const PLANS = corpusPlans(join(CORPUS_DIR, 'defects'));

function defectsOf(name: string): readonly Defect[] {
  return DEFECTS.filter((defect) => defect.id === name);
}

function verdictOf(name: string, plan: Plan): Verdict {
  const { verdict } = runPlan(plan, { parts: partsWith(defectsOf(name)) });
  // A plan that shows nothing would be minimal for want of anything that fails alike.
  expect(isFinding(verdict), causeOf(verdict)).toBe(true);
  return verdict;
}

describe('the shrunk plan of a defect', () => {
  it.each(PLANS.map(({ name, plan }) => [name, plan] as const))('%s', (name, plan) => {
    const passes = plan.steps.length <= FEW_STEPS ? PLAN_PASSES : REMOVALS;
    const { simpler, tried } = proveMinimal(plan, verdictOf(name, plan), defectsOf(name), passes);
    expect(simpler === undefined ? '' : `simpler, and fails alike (node test/corpus/shrink.ts ${name}): ${printPlan(simpler)}`).toBe('');
    // Equal steps leave the same plan behind.
    expect(tried).toBeGreaterThanOrEqual(new Set(plan.steps.map((step) => JSON.stringify(step))).size);
  });

  it('would not pass with one step more, a field that says more, or a larger name', () => {
    const plan = PLANS.find(({ name }) => name === 'ack-before-log')?.plan;
    if (plan === undefined) throw new Error('no such plan');
    const [create, ...rest] = plan.steps;
    if (create === undefined) throw new Error('it has no steps');
    const larger: readonly Plan[] = [
      { ...plan, steps: [...plan.steps, { kind: 'wait', afterMs: 0, forMs: 0 }] },
      { ...plan, steps: [create, ...rest.map((step) => ({ ...step, afterMs: step.afterMs + 700 }))] },
      { ...plan, steps: plan.steps.map((step) => ({ ...step, ...(step.kind === 'createTable' ? { as: 'table#2', name: 'table#2' } : { table: 'table#2' }) })) },
      { ...plan, settings: { configSyncIntervalMs: 2000 } },
    ];
    for (const one of larger) expect(proveMinimal(one, verdictOf('ack-before-log', one), defectsOf('ack-before-log')).simpler).toBeDefined();
  });
});
