/** A kept corpus: one plan for each cause and set of defects, the smallest; what cannot be read is told in one line and left alone. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepInCorpus, readCorpus } from '../../../properties/hunt/corpus.ts';
import type { PlainFinding } from '../../../properties/hunt/job.ts';
import { BadInput, parsePlan, printPlan } from '../../../properties/plan/parse.ts';
import { PLAN_VERSION } from '../../../properties/plan/types.ts';
import { failingOf, planOf } from './fakeWorkers.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'corpus-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

function finding(cause: string, steps: number, defects: readonly string[] = []): PlainFinding {
  const plan = planOf(steps);
  return { ...failingOf(cause, 1, 1, steps), plan, original: plan, shrinkRuns: 1, minimal: true, defects };
}

function stepsAt(path: string): number {
  return parsePlan(readFileSync(path, 'utf8'), path).steps.length;
}

describe('keeping', () => {
  it('holds the smallest plan of each cause and set of defects', () => {
    const path = keepInCorpus(dir, finding('S1/answers/read', 5));
    expect(keepInCorpus(dir, finding('S1/answers/read', 7))).toBe(path);
    expect(stepsAt(path)).toBe(5);
    expect(keepInCorpus(dir, finding('S1/answers/read', 3))).toBe(path);
    expect(stepsAt(path)).toBe(3);
    const others = [finding('S1/answers/write', 4), finding('S1/answers/read', 4, ['canary']), finding('S1-answers/read', 4)].map((one) => keepInCorpus(dir, one));
    expect(new Set([path, ...others]).size).toBe(4);
    expect(readCorpus(dir).plans).toHaveLength(4);
  });

  it('makes the folder, and leaves no half-written file', () => {
    const deep = join(dir, 'a', 'b');
    keepInCorpus(deep, finding('S1/x', 2));
    expect(readdirSync(deep)).toHaveLength(1);
  });

  it('does not grow without bound: the longest plans go, never a file that it did not write', () => {
    writeFileSync(join(dir, 'mine.json'), printPlan(planOf(300)));
    for (let n = 0; n < 203; n += 1) keepInCorpus(dir, finding(`S1/${String(n)}`, 1 + ((n * 37) % 250)));
    const { plans } = readCorpus(dir);
    expect(plans).toHaveLength(201);
    expect(plans.map(({ name }) => name)).toContain('mine');
    expect(Math.max(...plans.filter(({ name }) => name !== 'mine').map(({ plan }) => plan.steps.length))).toBeLessThan(250);
  });

  it.each(['{"format": "pegasus', printPlan(planOf(1)).replace(`"version": ${String(PLAN_VERSION)}`, `"version": ${String(PLAN_VERSION + 1)}`)])('keeps beside a file of its name that it cannot read', (text) => {
    const path = keepInCorpus(dir, finding('S1/x', 4));
    writeFileSync(path, text);
    const beside = keepInCorpus(dir, finding('S1/x', 4));
    expect(beside).not.toBe(path);
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(keepInCorpus(dir, finding('S1/x', 3))).toBe(beside);
  });

  it('tells in one line that it cannot be written, and what was there is there still', () => {
    const file = join(dir, 'plain');
    writeFileSync(file, 'kept');
    const keep = (): string => keepInCorpus(join(file, 'corpus'), finding('S1/x', 2));
    expect(keep).toThrow(BadInput);
    expect(keep).toThrow(/^[^\n]*cannot write \([^\n]*$/);
    expect(readFileSync(file, 'utf8')).toBe('kept');
  });
});

describe('reading', () => {
  it('goes on past every file that is no plan, and says so', () => {
    const path = keepInCorpus(dir, finding('S1/x', 2));
    writeFileSync(join(dir, 'cut.json'), readFileSync(path, 'utf8').slice(0, 50));
    writeFileSync(join(dir, 'empty.json'), '');
    writeFileSync(join(dir, 'newer.json'), readFileSync(path, 'utf8').replace(/"version": \d+/, '"version": 99'));
    writeFileSync(join(dir, 'exploring.json'), readFileSync(path, 'utf8').replace(/"chance": .*/, '"chance": {"kind": "exploring", "seed": "1", "permille": {}, "budget": 1}'));
    writeFileSync(join(dir, 'notes.txt'), 'not looked at');
    mkdirSync(join(dir, 'folder.json'));
    const before = readdirSync(dir).sort();
    const { plans, problems } = readCorpus(dir);
    expect(plans.map((one) => one.path)).toEqual([path]);
    expect(problems.map((line) => /(cut|empty|newer|exploring)\.json: .*; the file is left as it is, and not replayed$/.exec(line)?.[1])).toEqual(['cut', 'empty', 'exploring', 'newer']);
    for (const line of problems) expect(line).not.toContain('\n');
    expect(readdirSync(dir).sort()).toEqual(before);
  });

  it('brings plans of older versions up to date, and leaves their files', () => {
    const text = readFileSync(keepInCorpus(dir, finding('S1/x', 2)), 'utf8').replace(/"version": \d+/, '"version": 1').replace('"kind":"wait","afterMs":0,"forMs":1', '"kind":"crash","afterMs":0,"node":"node(source,0)","downMs":5');
    const old = join(dir, 'old.json');
    writeFileSync(old, text);
    const plan = readCorpus(dir).plans.find(({ name }) => name === 'old')?.plan;
    expect(plan?.version).toBe(PLAN_VERSION);
    expect(plan?.steps[0]).toMatchObject({ kind: 'crash', insideCall: 0 });
    expect(readFileSync(old, 'utf8')).toBe(text);
  });

  it('of a folder that is not there is reading nothing', () => {
    expect(readCorpus(join(dir, 'nowhere'))).toEqual({ plans: [], problems: [] });
  });
});
