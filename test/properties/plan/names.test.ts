/** Steps that call a table back and rename it: how they are drawn, printed and run. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_PARTS } from '../../../impl/parts.ts';
import type { Answer, Command } from '../../../model/commands.ts';
import { PlanArbitrary } from '../../../properties/plan/arbitrary.ts';
import { specOf } from '../../../properties/plan/steps/index.ts';
import type { Plan, Step } from '../../../properties/plan/types.ts';
import { parsePlan, printPlan } from '../../../properties/plan/parse.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';

const place = { cluster: 'source', table: 'table#1' } as const;
const get = (afterMs: number, table = 'table#1'): Step => ({ kind: 'get', afterMs, ...place, table, hashKey: 'a', sortKey: '' });
const recall = (afterMs: number, as = ''): Step => ({ kind: 'recallTable', afterMs, ...place, as });
const rename = (afterMs: number, as: string, table = 'table#1'): Step => ({ kind: 'renameTable', afterMs, cluster: 'source', table, as });

const plan = (...steps: readonly Step[]): Plan => ({
  format: 'pegasus-check/plan',
  version: 2,
  clusters: [{ id: 'source', replicaServers: 3 }],
  settings: {},
  steps: [
    { kind: 'createTable', afterMs: 0, cluster: 'source', as: 'table#1', name: 'table#1', partitionCount: 1, replicaCount: 3, envs: {}, successIfExist: false },
    { kind: 'put', afterMs: 3000, ...place, hashKey: 'a', sortKey: '', value: 'v1', ttlSeconds: 0 },
    ...steps,
  ],
  chance: { kind: 'frozen', deviations: [] },
});

/** Commands with their answers, in short. */
function story(of: Plan): readonly string[] {
  const result = runPlan(of, { parts: DEFAULT_PARTS, trace: true });
  expect(result.verdict.kind).toBe('pass');
  const asked = new Map<number, Command>();
  const told: string[] = [];
  for (const event of result.trace ?? []) {
    if (event.kind === 'command.invoked') asked.set(event.id, event.command);
    if (event.kind === 'command.answered') told.push(`${asked.get(event.id)?.kind} ${said(event.answer)}`);
  }
  // What is asked when all is over comes behind.
  return told.slice(0, of.steps.length);
}

const said = (answer: Answer): string => (answer.kind === 'read' && answer.error === 'ERR_OK' ? (answer.found ? answer.value : 'not found') : answer.error);

describe('a table', () => {
  const drop: Step = { kind: 'dropTable', afterMs: 20, ...place };

  it('that is called back has its rows again', () => {
    expect(story(plan(drop, recall(2500), get(6000))).slice(2)).toEqual(['dropTable ERR_OK', 'recallTable ERR_OK', 'get v1']);
  });

  it('is called back before its servers have heard that it is dropped', () => {
    expect(story(plan(drop, recall(5), get(8000))).slice(2)).toEqual(['dropTable ERR_OK', 'recallTable ERR_OK', 'get v1']);
  });

  it('that has expired is gone', () => {
    const short = { ...plan(drop, recall(4000)), settings: { holdSecondsForDroppedApp: 1 } };
    expect(story(short).slice(2)).toEqual(['dropTable ERR_OK', 'recallTable ERR_APP_NOT_EXIST']);
  });

  it('is found by its new name, and by the old one by whoever knew it', () => {
    const steps = [rename(10, 'table#2'), get(500, 'table#2'), get(10), rename(10, 'table#3'), recall(10)];
    expect(story(plan(...steps)).slice(2)).toEqual(['renameTable ERR_OK', 'get v1', 'get v1', 'renameTable ERR_APP_NOT_EXIST', 'recallTable ERR_APP_EXIST']);
  });
});

it('the steps are printed as the shell takes them, and read back', () => {
  const steps: readonly (readonly [Step, string])[] = [
    [recall(0), 'recall <id of t1>'],
    [recall(0, 'table#2'), 'recall <id of t1> t2'],
    [rename(0, 'table#2'), 'rename t1 t2'],
  ];
  for (const [step, line] of steps) expect(specOf(step.kind)?.text(step)).toBe(line);
  const whole = plan(...steps.map(([step]) => step));
  expect(parsePlan(printPlan(whole), 'here')).toEqual(whole);
});

it('plans call tables back, rename them, and aim at names that are taken', () => {
  const plans = fc.sample(new PlanArbitrary(), { seed: 4, numRuns: 300 });
  const steps = plans.flatMap((one) => one.steps);
  expect(steps.filter(({ kind }) => kind === 'recallTable').length).toBeGreaterThan(20);
  expect(steps.filter(({ kind, as }) => kind === 'recallTable' && as !== '').length).toBeGreaterThan(5);
  expect(steps.filter(({ kind }) => kind === 'renameTable').length).toBeGreaterThan(20);
  expect(plans.filter(({ settings }) => settings['holdSecondsForDroppedApp'] === 3).length).toBeGreaterThan(20);
});
