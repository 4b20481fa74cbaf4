/** Waits for named moments: the next step comes right behind the event, or when the limit is over; they are read, told and documented. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../../model/events.ts';
import { MOMENTS } from '../../../properties/plan/moments.ts';
import { checkPlan } from '../../../properties/plan/parse.ts';
import { stepText } from '../../../properties/plan/text.ts';
import { PLAN_FORMAT, PLAN_VERSION, type Plan, type Step } from '../../../properties/plan/types.ts';
import type { RunResult } from '../../../properties/run/runPlan.ts';
import { create, prepare, put, run, start, wait } from './loadRuns.ts';

const waitFor = (moment: string, more: Readonly<Record<string, string | number>> = {}): Step => ({
  kind: 'waitFor',
  afterMs: 0,
  cluster: 'source',
  table: 'table#1',
  moment,
  nth: 1,
  atMostMs: 6000,
  ...more,
});
const LOAD: readonly Step[] = [create(), prepare(['a||b1', 'b||b2']), start()];

const events = <K extends ModelEvent['kind']>(result: RunResult, kind: K): readonly Extract<ModelEvent, { readonly kind: K }>[] =>
  (result.trace ?? []).filter((e): e is Extract<ModelEvent, { readonly kind: K }> => e.kind === kind);

/** When the write of `value` was asked for, virtual milliseconds. */
function askedMs(result: RunResult, value: string): number {
  const asked = events(result, 'command.invoked').find(({ command }) => command.kind === 'put' && command.value === value);
  return (asked?.atUs ?? NaN) / 1000;
}

describe('a wait for a moment', () => {
  it('ends with a record of that status, and the next step keeps its distance', () => {
    const result = run(...LOAD, waitFor('load.stored:BLS_INGESTING'), put('a', 'v1', 7), wait(4000));
    const at = events(result, 'load.stored').find(({ record }) => record.status === 'BLS_INGESTING')?.atUs ?? NaN;
    expect(askedMs(result, 'v1') - at / 1000).toBeGreaterThan(6);
    expect(askedMs(result, 'v1') - at / 1000).toBeLessThanOrEqual(7);
    expect(result.verdict.kind).toBe('pass');
    expect(result.skippedSteps).toEqual([]);
  });

  it('counts from its beginning', () => {
    const fifth = run(...LOAD, waitFor('load.wished', { nth: 5 }), put('a', 'v1', 0), wait(4000));
    const ats = events(fifth, 'load.wished').map(({ atUs }) => atUs / 1000);
    // Two partitions are asked in each round, some hundred milliseconds apart.
    expect((ats[4] ?? NaN) - (ats[3] ?? NaN)).toBeGreaterThan(100);
    expect(Math.abs(askedMs(fifth, 'v1') - (ats[4] ?? NaN))).toBeLessThan(1);
    // One that has been there is not counted, and one more does not come.
    const late = run(...LOAD, wait(4000), waitFor('load.stored:BLS_INGESTING', { atMostMs: 900 }), put('a', 'v1', 0));
    expect(askedMs(late, 'v1')).toBeCloseTo(200 + 400 + 4000 + 900, 3);
  });

  it('is over at once where the status is there already', () => {
    const there = run(...LOAD, wait(200), waitFor('load.stored:BLS_DOWNLOADING'), put('a', 'v1', 0), wait(4000));
    expect(askedMs(there, 'v1')).toBeCloseTo(200 + 400 + 200, 3);
    const again = run(...LOAD, wait(200), waitFor('load.stored:BLS_DOWNLOADING', { nth: 2, atMostMs: 350 }), put('a', 'v1', 0), wait(4000));
    expect(askedMs(again, 'v1')).toBeCloseTo(200 + 400 + 200 + 350, 3);
  });

  it('takes no other table\'s for its own', () => {
    const other: Step = { ...create(), as: 'table#2', name: 'table#2' };
    const result = run(other, ...LOAD, waitFor('load.stored:BLS_INGESTING', { table: 'table#2', atMostMs: 5000 }), put('a', 'v1', 0));
    expect(askedMs(result, 'v1')).toBeCloseTo(200 + 400 + 5000, 3);
  });

  it('leaves nothing behind for the next one', () => {
    const result = run(...LOAD, waitFor('load.stored:BLS_INGESTING', { atMostMs: 10 }), waitFor('dup.erased', { atMostMs: 6000 }), put('a', 'v1', 0));
    expect(askedMs(result, 'v1')).toBeCloseTo(200 + 400 + 10 + 6000, 3);
    // Neither what came too late nor a limit that was not needed ends the next wait.
    const early = run(...LOAD, waitFor('load.stored:BLS_DOWNLOADED', { atMostMs: 2500 }), waitFor('dup.erased', { atMostMs: 6000 }), put('a', 'v1', 0));
    const at = events(early, 'load.stored').find(({ record }) => record.status === 'BLS_DOWNLOADED')?.atUs ?? NaN;
    expect(askedMs(early, 'v1') - at / 1000).toBeGreaterThan(5999);
    expect(askedMs(early, 'v1') - at / 1000).toBeLessThan(6001);
  });
});

describe('a plan that names a moment', () => {
  const planOf = (step: Step): Plan => ({ format: PLAN_FORMAT, version: PLAN_VERSION, clusters: [{ id: 'source', replicaServers: 1 }], settings: {}, steps: [step], chance: { kind: 'frozen', deviations: [] } });

  it('is read back, each as a sentence of its own', () => {
    const sentences = MOMENTS.map(({ name }) => stepText(waitFor(name)));
    expect(new Set(sentences).size).toBe(MOMENTS.length);
    for (const { name } of MOMENTS) expect(checkPlan(planOf(waitFor(name))).steps[0]).toEqual(waitFor(name));
    for (const sentence of sentences) expect(sentence).toMatch(/^wait until [^$]* t1 ?[^$]*, at most 6000 ms$/);
    expect(stepText(waitFor('load.stored:BLS_PAUSED', { nth: 3 }))).toBe('wait until the load of t1 is stored as BLS_PAUSED for the 3. time, at most 6000 ms');
  });

  it('is refused when there is no such moment', () => {
    const refused = 'plan $.steps[0].moment: must be a moment such as load.stored:BLS_INGESTING or log.file-created (docs/formats.md lists them)';
    expect(() => checkPlan(planOf(waitFor('load.stored')))).toThrow(refused);
    expect(() => checkPlan(planOf(waitFor('load.stored:DS_LOG')))).toThrow(refused);
  });

  it('finds each in the description of plan files', () => {
    const formats = readFileSync(new URL('../../../docs/formats.md', import.meta.url), 'utf8');
    for (const { kind, status } of MOMENTS) {
      expect(formats).toContain(`\`${kind}${status === '' ? '' : ':'}\``);
      if (status !== '') expect(formats).toContain(`\`${status}\``);
    }
  });
});
