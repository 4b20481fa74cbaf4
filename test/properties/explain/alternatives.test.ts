/** What is tried in the place of a part: by example, and that all of it is a plan. */
import { describe, expect, it } from 'vitest';
import { alternativesTo } from '../../../properties/explain/alternatives.ts';
import { partsOf } from '../../../properties/explain/parts.ts';
import { otherNumbers, otherValues } from '../../../properties/explain/values.ts';
import { checkPlan } from '../../../properties/plan/parse.ts';
import { PLAN_FORMAT, PLAN_VERSION, type Plan, type Step } from '../../../properties/plan/types.ts';
import { samplePlans } from '../samples.ts';

const AT = { cluster: 'source', table: 'table#1' };
const CREATE: Step = { kind: 'createTable', afterMs: 0, cluster: 'source', as: 'table#1', name: 'table#1', partitionCount: 1, replicaCount: 2, envs: {}, successIfExist: false };
const CRASH: Step = { kind: 'crash', afterMs: 10, node: 'node(source,1)', downMs: 200, insideCall: 0 };
const ENVS: Step = { kind: 'setEnvs', afterMs: 5, ...AT, envs: { 'replica.write_throttling': '4*delay*50' } };
const POWER: Step = { kind: 'powerLoss', afterMs: 5, node: 'node(source,0)', downMs: 200, tail: 'torn', keepPermille: 300 };
const WAIT: Step = { kind: 'waitFor', afterMs: 0, ...AT, moment: 'load.stored:BLS_INGESTING', nth: 1, atMostMs: 3000 };
const LISTS: Step = { kind: 'multiPut', afterMs: 0, ...AT, hashKey: 'a', sortKeys: ['x', 'y'], values: ['v1', 'v2'], ttlSeconds: 0 };

function planOf(...steps: readonly Step[]): Plan {
  return {
    format: PLAN_FORMAT,
    version: PLAN_VERSION,
    clusters: [{ id: 'source', replicaServers: 2, settings: { workersLocalApp: 1 } }],
    settings: { prepareTimeoutMs: 150, stalenessForCommit: 4 },
    steps,
    chance: { kind: 'frozen', deviations: [{ cause: 'disk.slow|source/replica-0|write|1.0|1|1', value: 20_000 }, { cause: 'link.reset|a>b|RPC_PREPARE|1.0|1|1', value: 1 }] },
  };
}

describe('other values', () => {
  it('of a number are smaller ones and larger ones, the simplest first', () => {
    expect(otherNumbers(200, 0)).toEqual([0, 100, 199, 201, 400, 2010, 1200]);
    expect(otherNumbers(0, 0)).toEqual([1, 10, 1000]);
  });

  it.each([
    ['a flag', CREATE, 'successIfExist', [true]],
    ['a word of a list', POWER, 'tail', ['cut', 'zero']],
    ['a node', CRASH, 'node', ['node(source,0)', 'meta(source,0)']],
    ['text with numbers in it', ENVS, 'envs', [{}, '5*delay*50', '40*delay*50', '2*delay*50', '4*delay*51', '4*delay*500'].map((v) => (typeof v === 'string' ? { 'replica.write_throttling': v } : v))],
    ['a list', LISTS, 'sortKeys', [['y'], ['x'], ['x', 'y', 'yq']]],
    ['a moment', WAIT, 'moment', ['BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_PAUSING', 'BLS_PAUSED', 'BLS_SUCCEED', 'BLS_FAILED'].map((status) => `load.stored:${status}`)],
  ])('of %s', (_, step, field, expected) => {
    expect(otherValues(planOf(CREATE, step), step, field)).toEqual(expected);
  });
});

describe('alternatives', () => {
  const plan = planOf(CREATE, CRASH, LISTS);

  it('leave a step out and keep its time', () => {
    const [alternative] = alternativesTo(plan, { kind: 'step', step: 1 });
    expect(alternative?.plan.steps).toEqual([CREATE, { ...LISTS, afterMs: 10 }]);
  });

  it('put a setting back to its calm value first, and leave the others alone', () => {
    const alternatives = alternativesTo(plan, { kind: 'setting', cluster: '', name: 'prepareTimeoutMs' });
    expect(alternatives.map(({ words, distance }) => [words, distance])).toEqual([
      ['the calm 300 instead of 150', 150],
      ['600 instead of 150', 450],
      ['149 instead of 150', 1],
      ['151 instead of 150', 1],
    ]);
    expect(alternatives[0]?.plan.settings).toEqual({ stalenessForCommit: 4 });
    expect(alternatives[2]?.plan.settings).toEqual({ prepareTimeoutMs: 149, stalenessForCommit: 4 });
  });

  it("take a cluster's own setting away with the last of them", () => {
    const [alternative] = alternativesTo(plan, { kind: 'setting', cluster: 'source', name: 'workersLocalApp' });
    expect(alternative?.plan.clusters).toEqual([{ id: 'source', replicaServers: 2 }]);
  });

  it('change how large a deviation is only where it takes time', () => {
    const parts = partsOf(plan).filter(({ part }) => part.kind === 'amount');
    expect(parts).toEqual([{ part: { kind: 'amount', deviation: 0 }, text: '20000 us' }]);
    expect(alternativesTo(plan, { kind: 'amount', deviation: 0 })[0]?.plan.chance).toMatchObject({ deviations: [{ value: 1 }, { value: 1 }] });
  });

  it('are not made for what is calm already', () => {
    expect(partsOf(plan).filter(({ part }) => part.kind === 'setting').map(({ text }) => text)).toEqual(['workersLocalApp=1', 'prepareTimeoutMs=150']);
  });

  it('of every part of every plan are plans that differ', () => {
    let count = 0;
    const unchanged: string[] = [];
    for (const sample of samplePlans(5, 11)) {
      const same = JSON.stringify(sample);
      for (const { part, text } of partsOf(sample)) {
        for (const { plan: other } of alternativesTo(sample, part)) {
          if (JSON.stringify(checkPlan(other)) === same) unchanged.push(text);
          count += 1;
        }
      }
    }
    expect(unchanged).toEqual([]);
    expect(count).toBeGreaterThan(1000);
  });
});
