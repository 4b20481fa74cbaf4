/** The bench itself: it runs searches in processes, and its exit code says whether all is as it was. */
import { describe, expect, it } from 'vitest';
import type { DefectRow } from '../../../properties/defectBench/row.ts';
import { ran, type Ran } from '../cli/ran.ts';

function run(...words: string[]): Promise<Ran> {
  return ran('defects', ...words);
}

/** Everything of a row that does not hang on the machine. */
function fixed(rows: readonly DefectRow[]): readonly object[] {
  return rows.map(({ secondsMedian, secondsWorst, ...rest }) => ({ ...rest, timed: secondsMedian !== null && secondsWorst !== null }));
}

describe('pegasus-check defects', () => {
  it('tells each defect as JSON, with the clean profile when that is asked for', async () => {
    const { code, err, out } = await run('--only', 'canary', 'clean', '--runs', '3', '--seeds', '2', '--json');
    expect([code, err]).toEqual([0, '']);
    expect(fixed(JSON.parse(out) as readonly DefectRow[])).toEqual([
      { id: 'canary', issue: '', found: true, seeds: 2, foundSeeds: 2, runsMedian: 1, shrunkSteps: 2, shrunkDeviations: 0, expected: ['S1', 'S8'], caughtBy: ['S1'], timed: true },
      { id: 'clean', issue: '', found: false, seeds: 2, foundSeeds: 0, runsMedian: null, shrunkSteps: null, shrunkDeviations: null, expected: [], caughtBy: [], timed: false },
    ]);
  });

  it('fails when a defect that is found in the table is not found', async () => {
    const { code, out, err } = await run('--only', 'dup-app-check-source-name', '--runs', '1');
    expect(code).toBe(1);
    expect(err).toBe('pegasus-check: dup-app-check-source-name is not found any more');
    expect(out).toMatch(/^dup-app-check-source-name +by its plan +0\/1 .* L1$/m);
  });

  it('refuses options that do not go together, and defects that there are not', async () => {
    expect(await run('--list', '--store')).toMatchObject({ code: 2, err: expect.stringMatching(/at most one of/) as string });
    expect(await run('--only', 'canary', '--check')).toMatchObject({ code: 2, err: expect.stringMatching(/about all defects/) as string });
    expect(await run('--only', 'canary', '--store', '--runs', '7')).toMatchObject({ code: 2, err: expect.stringMatching(/were measured with --seeds \d+ --runs \d+/) as string });
    expect(await run('--only', 'no-such-defect')).toMatchObject({ code: 2, err: expect.stringMatching(/neither a defect nor a file/) as string });
  });
});
