/** What holds for every candidate of every plan: it is smaller, a file may hold it, and nothing of the plan itself was changed. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CORPUS_DIR, corpusPlans } from '../../../properties/hunt/corpus.ts';
import { candidates, PLAN_PASSES } from '../../../properties/minimize/candidates.ts';
import { isSmaller, sizeOf } from '../../../properties/minimize/size.ts';
import { checkPlan } from '../../../properties/plan/parse.ts';
import { specOf } from '../../../properties/plan/steps/index.ts';
import { PLAN_VERSION, type ClusterShape, type Plan, type Step } from '../../../properties/plan/types.ts';
import { freeze } from '../../../properties/run/runPlan.ts';
import { logBytes } from '../cli/plogFixture.ts';
import { samplePlans } from '../samples.ts';

const DEVIATIONS = [
  { cause: 'link.delay|source/replica-1>source/replica-0|RPC_PREPARE|1.0|3|1', value: 1_500 },
  { cause: 'disk.slow|source/replica-1|plog|1.0|3|1', value: 40 },
];
const SHELL: Step = { kind: 'shell', afterMs: 3, cluster: 'source', line: 'start_dup t2 dup#3' };
const DRAWN = samplePlans(9, 6).map((plan, i) => freeze(i % 3 === 0 ? { ...plan, steps: [...plan.steps, SHELL] } : plan, i % 2 === 0 ? DEVIATIONS : []));
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

function without<T>(items: readonly T[], at: number): readonly T[] {
  return items.filter((_, i) => i !== at);
}

function withoutName(settings: Readonly<Record<string, number>>, name: string): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(settings).filter(([other]) => other !== name));
}

/** Every plan from which one thing is gone, or in which one is one less or one simpler: enumerated without the minimizer's passes. */
function* singles(plan: Plan): Generator<Plan> {
  const { steps, clusters, settings, preload } = plan;
  const deviations = plan.chance.kind === 'frozen' ? plan.chance.deviations : [];
  for (let i = 0; i < steps.length; i += 1) yield { ...plan, steps: without(steps, i) };
  for (let i = 0; i < deviations.length; i += 1) yield freeze(plan, without(deviations, i));
  for (const name of Object.keys(settings)) yield { ...plan, settings: withoutName(settings, name) };
  for (const [i, { id, replicaServers, settings: own }] of clusters.entries()) {
    const put = (one: ClusterShape): Plan => ({ ...plan, clusters: clusters.map((other, j) => (j === i ? one : other)) });
    if (clusters.length > 1 && preload?.cluster !== id) yield { ...plan, clusters: without(clusters, i) };
    if (replicaServers > 1) yield put({ id, replicaServers: replicaServers - 1, ...(own === undefined ? {} : { settings: own }) });
    if (own !== undefined) yield put({ id, replicaServers });
    for (const name of Object.keys(own ?? {})) if (Object.keys(own ?? {}).length > 1) yield put({ id, replicaServers, settings: withoutName(own ?? {}, name) });
  }
  for (const [i, step] of steps.entries()) {
    const put = (one: Step): Plan => ({ ...plan, steps: steps.map((other, j) => (j === i ? one : other)) });
    if (step.afterMs > 0) yield put({ ...step, afterMs: step.afterMs - 1 });
    for (const [name, field] of Object.entries(specOf(step.kind)?.fields ?? {})) {
      // A row of these has its key and its value in two lists: they go together (`kinds of steps`).
      if (step.kind === 'multiPut' && (name === 'sortKeys' || name === 'values')) continue;
      for (const value of field.simpler(step[name] ?? '')) yield put({ ...step, [name]: value });
    }
  }
  for (const [i, { cause, value }] of deviations.entries()) {
    if (value > 1) yield freeze(plan, deviations.map((other, j) => (j === i ? { cause, value: value - 1 } : other)));
  }
}

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

  it('are all single removals and simplifications that a plan allows', () => {
    for (const plan of [...DRAWN, ...KEPT, PRELOADED]) {
      const all = new Set([...candidates(plan)].map((one) => JSON.stringify(one)));
      const untried = [...singles(plan)].map((one) => JSON.stringify(one)).filter((one) => !all.has(one));
      expect(untried).toEqual([]);
    }
  });
});
