/** Rows of the bench, what is wrong with them, and when a table is not true any more. */
import { describe, expect, it } from 'vitest';
import { complaintsOf } from '../../../properties/defectBench/expectations.ts';
import { merged } from '../../../properties/defectBench/measurement.ts';
import { rowOf, type DefectRow, type Outcome } from '../../../properties/defectBench/row.ts';
import { staleness } from '../../../properties/defectBench/staleness.ts';
import { README_MARKS, withTable } from '../../../properties/defectBench/tables.ts';
import { PLAN_FORMAT, PLAN_VERSION, type Plan } from '../../../properties/plan/types.ts';
import type { Failure } from '../../../properties/run/verdict.ts';

const DEFECT = { id: 'some-defect', issue: 'dup.B1', expected: ['S1', 'L2'] };

function planOf(steps: number): Plan {
  const wait = { kind: 'wait', afterMs: 0, forMs: 1 } as const;
  return { format: PLAN_FORMAT, version: PLAN_VERSION, clusters: [{ id: 'source', replicaServers: 1 }], settings: {}, steps: Array.from({ length: steps }, () => wait), chance: { kind: 'frozen', deviations: [] } };
}

function broken(property: string): Failure {
  return { kind: 'violation', property, rule: 'r', message: '', expected: '', actual: '', cluster: '', gpid: '', node: '', atUs: 0, event: 0, blame: { kind: 'bug' } };
}

function outcome(seed: number, found?: { readonly runs: number; readonly steps: number; readonly seconds: number; readonly property: string }): Outcome {
  if (found === undefined) return { seed, runs: 100, seconds: 9, finding: undefined };
  const { property, runs, steps, seconds } = found;
  return { seed, runs, seconds, finding: { cause: `${property}/r`, verdict: broken(property), foundInRuns: runs, plan: planOf(steps) } };
}

function row(changes: Partial<DefectRow>): DefectRow {
  return { ...rowOf(DEFECT, [outcome(1, { runs: 40, steps: 5, seconds: 2, property: 'S1' })], undefined), ...changes };
}

describe('a row', () => {
  it('has the median of the seeds that found it, the worst seconds, and the size of the shortest plan', () => {
    const outcomes = [
      outcome(1, { runs: 30, steps: 7, seconds: 1.004, property: 'S8' }),
      outcome(2),
      outcome(3, { runs: 10, steps: 4, seconds: 3, property: 'S1' }),
      outcome(4, { runs: 90, steps: 9, seconds: 2, property: 'S8' }),
    ];
    expect(rowOf(DEFECT, outcomes, 'S9')).toEqual({
      ...DEFECT,
      found: true,
      seeds: 4,
      foundSeeds: 3,
      runsMedian: 30,
      secondsMedian: 2,
      secondsWorst: 3,
      shrunkSteps: 4,
      shrunkDeviations: 0,
      caughtBy: ['S1', 'S8'],
    });
  });

  it('has the lower of two, so that each number was measured', () => {
    const outcomes = [outcome(1, { runs: 30, steps: 3, seconds: 5, property: 'S8' }), outcome(2, { runs: 10, steps: 3, seconds: 7, property: 'S8' })];
    expect(rowOf(DEFECT, outcomes, undefined)).toMatchObject({ runsMedian: 10, secondsMedian: 5, secondsWorst: 7 });
  });

  it('tells what its plan breaks when no seed found it', () => {
    expect(rowOf(DEFECT, [outcome(1)], 'S9')).toMatchObject({ found: false, seeds: 1, foundSeeds: 0, runsMedian: null, shrunkSteps: null, caughtBy: ['S9'] });
    expect(rowOf(DEFECT, [outcome(1)], undefined).caughtBy).toEqual([]);
  });
});

describe('the bench complains', () => {
  const missed = row({ found: false, foundSeeds: 0, caughtBy: ['S9'] });

  it('of nothing when all is as it was', () => {
    expect(complaintsOf([row({}), row({ id: 'clean', found: false, caughtBy: [] })], [row({})])).toEqual([]);
  });

  it('of a defect that was found before, and of one that nobody has measured', () => {
    expect(complaintsOf([missed], [row({})])).toEqual(['some-defect is not found any more']);
    expect(complaintsOf([missed], [])).toHaveLength(1);
  });

  it('of one that no search met before only when its plan does not show it either', () => {
    expect(complaintsOf([missed], [missed])).toEqual([]);
    expect(complaintsOf([{ ...missed, caughtBy: [] }], [missed])).toHaveLength(1);
  });

  it('of a canary that lives, whatever was measured, and of the right implementation when it fails', () => {
    const canary = { ...missed, id: 'canary' };
    expect(complaintsOf([canary], [canary])).toEqual(['canary is not found any more']);
    expect(complaintsOf([row({ id: 'clean', caughtBy: ['S3'] })], [])).toEqual(['the right implementation breaks S3']);
  });
});

describe('the table is stale', () => {
  const measured = { seeds: 1, runs: 100, seedOf: {}, rows: [row({ runsMedian: 200 })] };
  const told = (changes: Partial<DefectRow>): readonly string[] => staleness([row({ runsMedian: 200, ...changes })], measured);

  it('not when numbers moved a little', () => {
    expect(told({ runsMedian: 90, shrunkSteps: 7 })).toEqual([]);
    expect(told({ runsMedian: 590, secondsWorst: 1e6 })).toEqual([]);
  });

  it('when a number is far from it, or a defect is found by something else', () => {
    expect(told({ runsMedian: 610 })[0]).toMatch(/takes 610 runs, the table says 200/);
    expect(told({ runsMedian: 50 })[0]).toMatch(/takes 50 runs/);
    expect(told({ shrunkSteps: 8 })[0]).toMatch(/shrinks to 8 steps, the table says 5/);
    expect(told({ caughtBy: ['L2'] })[0]).toMatch(/caught by L2/);
    expect(told({ found: false })[0]).toMatch(/not found/);
  });

  it('when a defect is new, or gone', () => {
    expect(staleness([row({ id: 'new-one', runsMedian: 200 })], measured)).toEqual([expect.stringMatching(/^new-one is not in the table/), expect.stringMatching(/^some-defect is in the table and was not measured/)]);
  });
});

describe('a measurement', () => {
  const missed = row({ id: 'b', found: false, runsMedian: null });
  const before = { seeds: 1, runs: 100, seedOf: { a: 4 }, rows: [row({ id: 'a' }), missed, row({ id: 'gone' })] };
  const stored = { seeds: 1, runs: 100, firstSeed: undefined };

  it('takes the place of the rows of the same defects, and of those alone', () => {
    const now = row({ id: 'b', runsMedian: 7 });
    expect(merged(before, { ...stored, rows: [now] }, ['b', 'a'])).toEqual({ ...before, rows: [now, row({ id: 'a' })] });
  });

  it('keeps the seed that met a rare defect, and forgets it when the first seed does', () => {
    const now = row({ id: 'b', runsMedian: 7 });
    expect(merged(before, { ...stored, rows: [now], firstSeed: 3 }, ['a', 'b'])).toMatchObject({ seedOf: { a: 4, b: 3 }, rows: [{ id: 'a' }, now] });
    expect(merged(before, { ...stored, rows: [row({ id: 'a' })], firstSeed: 1 }, ['a', 'b']).seedOf).toEqual({});
  });

  it('does not change by a seed of its own that finds nothing', () => {
    expect(merged(before, { ...stored, rows: [{ ...missed, seeds: 9 }], firstSeed: 3 }, ['a', 'b'])).toEqual({ ...before, rows: [row({ id: 'a' }), missed] });
  });
});

describe('a generated table', () => {
  const [begin, end] = README_MARKS;

  it('replaces what stands between its marks, and nothing else', () => {
    expect(withTable(`a\n${begin}\nold\n${end}\nb\n`, README_MARKS, 'new')).toBe(`a\n${begin}\nnew\n${end}\nb\n`);
  });

  it.each([`a\n${begin}\nold`, `a ${end}`, `${begin}\n${end}\n${begin}\n${end}`])('needs both marks once: %j', (text) => {
    expect(() => withTable(text, README_MARKS, 'new')).toThrow(/once/);
  });
});
