/** Files that a campaign keeps: one for each finding, whose name stays while it shrinks; and a report that somebody does not wait for. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FindingKeeper } from '../../../properties/cli/findingKeeper.ts';
import { report } from '../../../properties/cli/huntReports.ts';
import type { Io } from '../../../properties/cli/io.ts';
import type { PlainFinding, ReportJob } from '../../../properties/hunt/job.ts';
import { SearchPool } from '../../../properties/hunt/pool.ts';
import { parsePlan } from '../../../properties/plan/parse.ts';
import { failingOf, planOf } from '../hunt/fakeWorkers.ts';

const SILENT: Io = { out: () => undefined, err: () => undefined, interactive: false };

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'keeping-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

function finding(steps: number, digest: string): PlainFinding {
  const plan = planOf(steps);
  return { ...failingOf('S1/rule', 1, 1, steps), digest, original: plan, shrinkRuns: 1, minimal: true, defects: [] };
}

describe('a keeper', () => {
  it('has one file for a cause, which keeps its name while the plan shrinks to one that does the same', () => {
    const keeper = new FindingKeeper(dir, undefined, SILENT);
    for (const steps of [7, 3]) {
      keeper.keep(finding(steps, 'd1'));
      expect(readdirSync(dir)).toEqual(['S1-rule-d1.json']);
      expect(keeper.fileOf('S1/rule')).toBe(join(dir, 'S1-rule-d1.json'));
      expect(parsePlan(readFileSync(join(dir, 'S1-rule-d1.json'), 'utf8'), '').steps).toHaveLength(steps);
    }
    keeper.keep(finding(2, 'd2'));
    expect(readdirSync(dir)).toEqual(['S1-rule-d2.json']);
  });

  it('leaves the file of somebody else as it is', () => {
    writeFileSync(join(dir, 'S1-rule-d1.json'), 'theirs');
    const keeper = new FindingKeeper(dir, undefined, SILENT);
    for (const steps of [7, 3]) keeper.keep(finding(steps, 'd1'));
    expect(readdirSync(dir).sort()).toEqual(['S1-rule-d1-2.json', 'S1-rule-d1.json']);
    expect(readFileSync(join(dir, 'S1-rule-d1.json'), 'utf8')).toBe('theirs');
  });
});

it('Ctrl-C while a finding is explained: its report is made without that', async () => {
  const stop = new AbortController();
  const asked: ReportJob[] = [];
  const pool = new SearchPool({ threads: 1 });
  const doing = pool.do.bind(pool);
  pool.do = (kind, job, follow) => {
    if ('explainRuns' in job) asked.push(job);
    const done = doing(kind, job, follow);
    stop.abort();
    return done;
  };
  try {
    const path = join('test', 'corpus', 'defects', 'canary.json');
    const plan = parsePlan(readFileSync(path, 'utf8'), path);
    const subject = { defects: ['canary'] };
    const found = { ...finding(1, 'd'), plan, original: plan, defects: ['canary'] };
    const reported = await report(pool, [{ finding: found, times: 1 }], { subject, dir, formats: ['markdown'], fileOf: () => path, explain: true, signal: stop.signal }, SILENT);
    expect(asked.map(({ explainRuns }) => explainRuns > 0)).toEqual([true, false]);
    expect(reported[0]?.report.files).toHaveLength(1);
    expect(readdirSync(dir)).toHaveLength(1);
  } finally {
    await pool.close();
  }
});
