/** A campaign as the command line runs it: what is in the folder of a CI job, and what becomes of it when something cannot be read or written. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { corpusPlans } from '../../../properties/hunt/corpus.ts';
import type { Observation } from '../../../properties/hunt/observations.ts';
import { ran, type Ran } from './ran.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'campaign-'));
});
afterAll(() => {
  rmSync(dir, { recursive: true });
});

function hunt(...words: readonly string[]): Promise<Ran> {
  return ran('hunt', '--subsystem', 'tables', '--defect', 'canary', '--seed', '4', ...words);
}

/** The schema of Hypothesis's observations, the part for test cases. */
const OBSERVATION = {
  type: 'object',
  properties: {
    type: { const: 'test_case' },
    status: { enum: ['passed', 'failed', 'gave_up'] },
    status_reason: { type: 'string' },
    representation: { type: 'string' },
    arguments: { type: 'object' },
    how_generated: { type: ['string', 'null'] },
    features: { type: 'object' },
    coverage: { type: ['object', 'null'] },
    timing: { type: 'object', additionalProperties: { type: 'number', minimum: 0 } },
    metadata: { type: 'object' },
    property: { type: 'string' },
    run_start: { type: 'number' },
  },
  required: ['type', 'status', 'status_reason', 'representation', 'arguments', 'how_generated', 'features', 'coverage', 'timing', 'metadata', 'property', 'run_start'],
  additionalProperties: false,
};

describe('the folder of a CI job', () => {
  let ran: Ran = { code: -1, out: '', err: '' };
  let out = '';
  const read = (name: string): string => readFileSync(join(out, name), 'utf8');
  beforeAll(async () => {
    out = join(dir, 'ci');
    mkdirSync(join(out, 'corpus'), { recursive: true });
    writeFileSync(join(out, 'corpus', 'damaged.json'), '{"format": "pega');
    ran = await hunt('--runs', '60', '--keep-going', '--ci', '--out', out);
  }, 120_000);

  it('is made of one finding, met in every batch', () => {
    expect(ran.code).toBe(1);
    const { findings, totals } = JSON.parse(read('campaign.json')) as { readonly totals: { readonly runs: number }; readonly findings: readonly { readonly cause: string; readonly times: number; readonly planFile: string; readonly repeat: string }[] };
    expect(totals.runs).toBe(60);
    expect(findings.map(({ cause, times }) => [cause, times])).toEqual([['S1/answers/read', 2]]);
    expect(existsSync(findings[0]?.planFile ?? '')).toBe(true);
    expect(findings[0]?.repeat).toBe(`npx pegasus-check replay ${String(findings[0]?.planFile)} --defect canary`);
  });

  it('says it to machines', () => {
    expect(read('junit.xml')).toMatch(/^<\?xml[\s\S]*failures="1"[\s\S]*<failure type="S1\/answers\/read"/);
    const sarif = JSON.parse(read('results.sarif')) as { readonly runs: readonly { readonly results: readonly { readonly ruleId: string }[] }[] };
    expect(sarif.runs[0]?.results.map(({ ruleId }) => ruleId)).toEqual(['S1']);
  });

  it('says it to people, and what was explored', () => {
    const summary = read('summary.md');
    expect(summary).toMatch(/\*\*1 finding\*\*\. 60 runs/);
    expect(summary).toMatch(/\| `S1\/answers\/read` \|.*npx pegasus-check replay /);
    expect(summary).toMatch(/Situations of the registry reached: \d+ of \d+\./);
    expect(summary).toMatch(/Faults that took effect: .*link\.cut \d+/);
    expect(summary).toMatch(/```sh\nnpx pegasus-check hunt --seed 4 --runs 60 --keep-going --subsystem tables --defect canary\n```/);
    expect(summary, 'what could not be read').toMatch(/## Not read or not written[\s\S]*damaged/);
  });

  it('holds a report of each kind and one plan: the one that was not shrunk is gone', () => {
    const ends = readdirSync(out).filter((name) => name.startsWith('S1-answers-read-')).map((name) => name.slice(name.indexOf('.'))).sort();
    expect(ends).toEqual(['.finding.json', '.html', '.json', '.md', '.test.ts']);
  });

  it('keeps the plan in its corpus, and leaves a damaged file there as it is, in one line', () => {
    expect(readFileSync(join(out, 'corpus', 'damaged.json'), 'utf8')).toBe('{"format": "pega');
    expect(ran.err).toMatch(/^pegasus-check: corpus: .*damaged\.json: not JSON .*; the file is left as it is, and not replayed$/);
    rmSync(join(out, 'corpus', 'damaged.json'));
    const kept = corpusPlans(join(out, 'corpus'));
    expect(kept.map(({ name }) => name)).toEqual([expect.stringMatching(/^S1-answers-read-canary-[0-9a-f]{8}$/)]);
    expect(kept[0]?.plan.steps.length).toBeLessThan(5);
  });

  it('has a line for each run as Tyche reads it', () => {
    const lines = read('observations.jsonl').trimEnd().split('\n').map((line) => JSON.parse(line) as Observation);
    expect(lines).toHaveLength(60);
    const valid = new Ajv({ allowUnionTypes: true }).compile(OBSERVATION);
    for (const line of lines) expect(valid(line), JSON.stringify(valid.errors)).toBe(true);
    expect(new Set(lines.map(({ run_start }) => run_start)).size).toBe(1);
    expect(lines[0]?.how_generated).toBe('run 1 of seed 4');
    const failed = lines.filter(({ status }) => status === 'failed');
    expect(failed.length).toBeGreaterThan(1);
    expect(failed[0]?.status_reason).toMatch(/^S1 broken/);
    expect(new Set(lines.map(({ features }) => features['steps'])).size).toBeGreaterThan(5);
  });

  it('is filled again: the corpus is replayed first and finds it at once', async () => {
    const again = await hunt('--runs', '50', '--ci', '--out', out, '--json');
    const { finding, replayed, runs } = JSON.parse(again.out) as { readonly replayed: number; readonly runs: number; readonly finding: { readonly cause: string; readonly corpus: string } };
    expect([replayed, runs, finding.cause]).toEqual([1, 0, 'S1/answers/read']);
    expect(finding.corpus).toMatch(/corpus\/S1-answers-read-canary-/);
  });
});

it('what cannot be written is one line each, and everything is printed all the same', async () => {
  // Folders in the place of files: as a full disk, they refuse; /dev/full says that no space is left.
  const out = join(dir, 'refusing');
  for (const name of ['summary.md', 'junit.xml']) mkdirSync(join(out, name, 'x'), { recursive: true });
  symlinkSync(join(out, 'nowhere', 'corpus'), join(out, 'plain'));
  const ran = await hunt('--runs', '50', '--ci', '--out', out, '--corpus', join(out, 'plain'), '--observations', '/dev/full');
  expect(ran.code).toBe(1);
  const lines = ran.err.split('\n');
  for (const named of [/summary\.md: cannot write \(/, /junit\.xml: cannot write \(/, /plain.*cannot write \(/, /\/dev\/full: cannot write \(no space left, ENOSPC\)/]) expect(lines.filter((line) => named.test(line)), String(named)).toHaveLength(1);
  expect(ran.out).toMatch(/S1 broken: /);
  expect(ran.out.split('\n').at(-1), 'a search that is repeated replays the same corpus').toMatch(/^repeat the search: .* --corpus \S+plain --defect canary$/);
  expect(ran.out).toMatch(/found S1\/answers\/read, plan in .*\.json: /);
  expect(existsSync(join(out, 'results.sarif'))).toBe(true);
});
