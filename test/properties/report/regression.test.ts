/** A regression that was written is run by vitest as it is: it passes as it should, and fails where it should. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FindingRecord } from '../../../properties/report/finding.ts';
import { writeReports } from '../../../properties/report/writeReports.ts';
import { sampleOf } from './samples.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** What vitest's JSON reporter tells. */
interface Told {
  readonly testResults: readonly { readonly name: string; readonly assertionResults: readonly { readonly title: string; readonly status: string }[] }[];
}

let dir = '';
beforeAll(() => {
  mkdirSync(join(ROOT, 'out'), { recursive: true });
  dir = mkdtempSync(join(ROOT, 'out', 'regression-'));
});
afterAll(() => {
  rmSync(dir, { recursive: true });
});

async function write(name: string, record: FindingRecord): Promise<void> {
  await writeReports(record, undefined, join(dir, name), ['vitest']);
}

function run(): Told {
  const report = join(dir, 'report.json');
  const args = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', dir, '--no-file-parallelism', '--no-isolate', '--reporter=json', `--outputFile=${report}`];
  // A run in which a test fails ends with 1; what failed is in the report.
  try {
    execFileSync(process.execPath, args, { cwd: dir, stdio: 'pipe' });
  } catch (error) {
    if (!(error instanceof Error) || !('status' in error) || error.status !== 1) throw error;
  }
  return JSON.parse(readFileSync(report, 'utf8')) as Told;
}

describe('a regression', () => {
  it('passes on the right implementation, is found with its defect, and fails where the cause is another', async () => {
    const { record } = sampleOf('ack-before-log', 1);
    await write('defect', record);
    await write('mended', { ...record, defects: [] });
    await write('foreign', { ...record, defects: ['a-change-of-mine'] });
    await write('another', { ...record, cause: 'S1/another rule' });
    const { testResults } = run();
    const told = Object.fromEntries(testResults.map(({ name, assertionResults }) => [name.slice(dir.length + 1).split('/')[0], assertionResults.map(({ title, status }) => `${title}: ${status}`)]));
    expect(told).toEqual({
      defect: ['is found with ack-before-log: passed', 'finds nothing without it: passed'],
      mended: [`does not break ${record.cause}: passed`],
      foreign: [`does not break ${record.cause}: passed`],
      another: ['is found with ack-before-log: failed', 'finds nothing without it: passed'],
    });
  }, 60_000);
});
