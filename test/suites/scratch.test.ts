/** Found from scratch with the common profile, fixed seeds: five defects of different kinds, and the canary; each shrunk. */
import { describe, expect, it } from 'vitest';
import { DEFECTS } from '../../properties/defects/index.ts';
import { search } from '../../properties/hunt/search.ts';
import { partsWith } from '../../properties/defects/types.ts';
import { runPlan } from '../../properties/run/runPlan.ts';
import { causeOf, isFinding } from '../../properties/run/verdict.ts';

const HUNTED: readonly (readonly [id: string, largestSteps: number])[] = [
  ['fulldup-empty-partition', 4],
  ['ckpt-sync-under-writes', 6],
  ['ack-before-log', 3],
  ['commit-past-gap', 6],
  ['log-gc-one-early', 5],
  ['canary', 4],
];

describe('from scratch', () => {
  it.each(HUNTED)('%s', (id, largestSteps) => {
    const defect = DEFECTS.find((d) => d.id === id);
    if (defect === undefined) throw new Error(`no defect ${id}`);
    const { finding } = search({ seed: 7, runs: 2000, forMs: Infinity, defects: [defect], maxShrinkRuns: 1500 });
    expect(finding, 'found').toBeDefined();
    if (finding === undefined) return;
    expect(finding.plan.steps.length).toBeLessThanOrEqual(largestSteps);
    expect(finding.plan.chance.kind).toBe('frozen');
    expect(isFinding(runPlan(finding.plan, { parts: partsWith([defect]) }).verdict), causeOf(finding.result.verdict)).toBe(true);
    expect(isFinding(runPlan(finding.plan).verdict), 'without the defect').toBe(false);
  });
});
