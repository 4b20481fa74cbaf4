/** The corpus: every plan passes on the right implementation; a plan named after a defect fails with it, and is 1-minimal in kind. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFECTS } from '../../properties/defects/index.ts';
import { partsWith } from '../../properties/defects/types.ts';
import { CORPUS_DIR, corpusPlans } from '../../properties/hunt/corpus.ts';
import { runPlan } from '../../properties/run/runPlan.ts';
import { causeOf, isFinding, verdictSentence } from '../../properties/run/verdict.ts';

const plans = corpusPlans(CORPUS_DIR);
const seeds = corpusPlans(join(CORPUS_DIR, 'defects'));

describe('corpus plans pass', () => {
  it.each(plans.map((p) => [p.name, p] as const))('%s', (_, { plan }) => {
    const result = runPlan(plan);
    expect(isFinding(result.verdict), verdictSentence(result.verdict)).toBe(false);
  });
});

describe('the shrunk plan of a defect fails with it and passes without', () => {
  it('exists for every defect', () => {
    expect(seeds.map((s) => s.name).sort()).toEqual(DEFECTS.map((d) => d.id).sort());
  });

  it.each(seeds.map((s) => [s.name, s] as const))('%s', (name, { plan }) => {
    const defect = DEFECTS.find((d) => d.id === name);
    if (defect === undefined) throw new Error(`no defect ${name}`);
    expect(plan.chance.kind).toBe('frozen');
    const without = runPlan(plan);
    expect(without.verdict, verdictSentence(without.verdict)).toEqual({ kind: 'pass' });
    const withIt = runPlan(plan, { parts: partsWith([defect]) });
    expect(isFinding(withIt.verdict), causeOf(withIt.verdict)).toBe(true);
    if (defect.expected.length > 0) expect(defect.expected).toContain(withIt.verdict.kind === 'violation' || withIt.verdict.kind === 'stuck' ? withIt.verdict.property : withIt.verdict.kind);
  });
});
