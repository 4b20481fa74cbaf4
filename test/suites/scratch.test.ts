/** Found from scratch with the common profile, fixed seeds: defects of different kinds, and the canary; each shrunk. */
import { describe, expect, it } from 'vitest';
import { DEFECTS } from '../../properties/defects/index.ts';
import { search } from '../../properties/hunt/search.ts';
import { partsWith } from '../../properties/defects/types.ts';
import { runPlan } from '../../properties/run/runPlan.ts';
import { causeOf, isFinding } from '../../properties/run/verdict.ts';

interface Hunted {
  readonly id: string;
  readonly largestSteps: number;
  readonly seed?: number;
  readonly shrinkRuns?: number;
}

const HUNTED: readonly Hunted[] = [
  { id: 'dup-newest-held-back', largestSteps: 8, shrinkRuns: 150 },
  { id: 'pool-dup-load-starved', largestSteps: 14, seed: 10, shrinkRuns: 150 },
  { id: 'fulldup-empty-partition', largestSteps: 4 },
  { id: 'ckpt-sync-under-writes', largestSteps: 6, seed: 3 },
  { id: 'ack-before-log', largestSteps: 3 },
  { id: 'commit-past-gap', largestSteps: 6, seed: 3 },
  { id: 'log-gc-one-early', largestSteps: 5, seed: 4 },
  { id: 'bl-ingest-stuck-throttled', largestSteps: 9, seed: 2, shrinkRuns: 300 },
  { id: 'dup-bulkload-record-fatal', largestSteps: 9, seed: 3, shrinkRuns: 300 },
  { id: 'bl-download-after-clear', largestSteps: 9, seed: 7, shrinkRuns: 300 },
  { id: 'bl-ingest-behind-lost', largestSteps: 9, seed: 1, shrinkRuns: 300 },
  { id: 'bl-damaged-file', largestSteps: 9, seed: 1, shrinkRuns: 700 },
  { id: 'canary', largestSteps: 4 },
];

describe('from scratch', () => {
  it.each(HUNTED)('$id', ({ id, largestSteps, seed = 7, shrinkRuns = 1500 }) => {
    const defect = DEFECTS.find((d) => d.id === id);
    if (defect === undefined) throw new Error(`no defect ${id}`);
    const { finding } = search({ seed, runs: 2000, forMs: Infinity, defects: [defect], maxShrinkRuns: shrinkRuns });
    expect(finding, 'found').toBeDefined();
    if (finding === undefined) return;
    expect(finding.plan.steps.length).toBeLessThanOrEqual(largestSteps);
    expect(finding.plan.chance.kind).toBe('frozen');
    expect(isFinding(runPlan(finding.plan, { parts: partsWith([defect]) }).verdict), causeOf(finding.result.verdict)).toBe(true);
    expect(isFinding(runPlan(finding.plan).verdict), 'without the defect').toBe(false);
  });
});
