/** What a record says of the plan itself. */
import { describe, expect, it } from 'vitest';
import { planText } from '../../../properties/report/text.ts';
import { findingRecord } from '../../../properties/report/findingRecord.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';
import { PLAN_FORMAT, PLAN_VERSION, type Plan } from '../../../properties/plan/types.ts';

describe('the lines of a plan', () => {
  it('tell the steps that did nothing', () => {
    const put = { kind: 'put', afterMs: 300, cluster: 'source', hashKey: 'a', sortKey: '', value: 'v', ttlSeconds: 0 };
    const create = { kind: 'createTable', afterMs: 0, cluster: 'source', as: 'table#1', name: 'table#1', partitionCount: 1, replicaCount: 1, envs: {}, successIfExist: false };
    const plan: Plan = { format: PLAN_FORMAT, version: PLAN_VERSION, clusters: [{ id: 'source', replicaServers: 1 }], settings: {}, steps: [create, { ...put, table: 'table#2' }, { ...put, table: 'table#1' }], chance: { kind: 'frozen', deviations: [] } };
    expect(planText(findingRecord({ plan, result: runPlan(plan) }))).toEqual([
      '  1       +0 ms  create t1 -p 1 -r 1 -f',
      '  2     +300 ms  use t2 ; set a "" v (did nothing: what it refers to was not there)',
      '  3     +600 ms  use t1 ; set a "" v',
    ]);
  });
});
