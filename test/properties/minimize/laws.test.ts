/** What holds for every candidate of every plan: it is smaller, a file may hold it, and nothing of the plan itself was changed. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CORPUS_DIR, corpusPlans } from '../../../properties/hunt/corpus.ts';
import { candidates, PLAN_PASSES } from '../../../properties/minimize/candidates.ts';
import { isSmaller, sizeOf } from '../../../properties/minimize/size.ts';
import { checkPlan } from '../../../properties/plan/parse.ts';
import { PLAN_VERSION, type Plan, type Step } from '../../../properties/plan/types.ts';
import { freeze } from '../../../properties/run/runPlan.ts';
import { logBytes } from '../cli/plogFixture.ts';
import { samplePlans } from '../samples.ts';

const DEVIATIONS = [
  { cause: 'link.delay|source/replica-1>source/replica-0|RPC_PREPARE|1.0|3|1', value: 1_500 },
  { cause: 'disk.slow|source/replica-1|plog|1.0|3|1', value: 40 },
];
const SHELL: Step = { kind: 'shell', afterMs: 3, cluster: 'source', line: 'start_dup t2 dup#3' };
const DRAWN = samplePlans(18, 6).map((plan, i) => freeze(i % 3 === 0 ? { ...plan, steps: [...plan.steps, SHELL] } : plan, i % 2 === 0 ? DEVIATIONS : []));
const KEPT = [...corpusPlans(CORPUS_DIR), ...corpusPlans(join(CORPUS_DIR, 'defects'))].map((one) => one.plan);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Boots from two log files; two steps are about its table. */
const PRELOADED: Plan = {
  format: 'pegasus-check/plan',
  version: PLAN_VERSION,
  clusters: [{ id: 'source', replicaServers: 2 }],
  settings: {},
  preload: {
    cluster: 'source',
    table: 'table#1',
    gpid: '7.2',
    partitionCount: 4,
    files: [
      { name: 'log.1.0', hex: hex(logBytes(0, [1])) },
      { name: 'log.2.175', hex: hex(logBytes(175, [2])) },
    ],
  },
  steps: [
    { kind: 'createTable', afterMs: 0, cluster: 'source', as: 'table#3', name: 'table#3', partitionCount: 1, replicaCount: 1, envs: {}, successIfExist: false },
    { kind: 'get', afterMs: 0, cluster: 'source', table: 'table#1', hashKey: 'c', sortKey: 'x' },
    { kind: 'get', afterMs: 0, cluster: 'source', table: 'table#3', hashKey: 'c', sortKey: 'x' },
  ],
  chance: { kind: 'frozen', deviations: [] },
};

function checkAll(plan: Plan): number {
  const before = JSON.stringify(plan);
  const size = sizeOf(plan);
  let count = 0;
  for (const candidate of candidates(plan)) {
    count += 1;
    const text = JSON.stringify(candidate);
    if (!isSmaller(sizeOf(candidate), size)) throw new Error(`not smaller: ${JSON.stringify(sizeOf(candidate))} than ${JSON.stringify(size)}: ${text}`);
    checkPlan(JSON.parse(text));
  }
  expect(JSON.stringify(plan)).toBe(before);
  return count;
}

describe('candidates', () => {
  it('of drawn plans are smaller, and plans', () => {
    for (const plan of DRAWN) expect(checkAll(plan)).toBeGreaterThan(plan.steps.length);
  });

  it('of the plans of the corpus are smaller, and plans', () => {
    for (const plan of KEPT) expect(checkAll(plan)).toBeGreaterThan(plan.steps.length);
  });

  it('of a plan with a log from elsewhere are smaller, and plans; the table of the log keeps its name', () => {
    expect(checkPlan(PRELOADED)).toBe(PRELOADED);
    expect(checkAll(PRELOADED)).toBeGreaterThan(8);
    const all = [...candidates(PRELOADED)];
    expect(all.filter((one) => one.preload === undefined)).toHaveLength(1);
    expect(all.flatMap((one) => one.preload?.files.length ?? [])).toContain(1);
    const named = (ref: string): boolean => all.some((one) => one.steps.some((step) => step['as'] === ref));
    expect([named('table#2'), named('table#1')]).toEqual([true, false]);
  });

  it('come from every pass', () => {
    const silent = new Set(PLAN_PASSES.map((pass) => pass.name));
    for (const plan of [...DRAWN, ...KEPT, PRELOADED]) for (const pass of PLAN_PASSES) if (pass.tries(plan).next().done !== true) silent.delete(pass.name);
    expect([...silent]).toEqual([]);
  });

  it('leave out any single step, deviation and setting', () => {
    for (const plan of DRAWN) {
      const all = new Set([...candidates(plan)].map((one) => JSON.stringify(one)));
      for (let i = 0; i < plan.steps.length; i += 1) expect(all.has(JSON.stringify({ ...plan, steps: plan.steps.filter((_, j) => j !== i) }))).toBe(true);
      for (const name of Object.keys(plan.settings)) {
        const settings = Object.fromEntries(Object.entries(plan.settings).filter(([other]) => other !== name));
        expect(all.has(JSON.stringify({ ...plan, settings }))).toBe(true);
      }
      const deviations = plan.chance.kind === 'frozen' ? plan.chance.deviations : [];
      for (const one of deviations) expect(all.has(JSON.stringify(freeze(plan, deviations.filter((other) => other !== one))))).toBe(true);
    }
  });
});
