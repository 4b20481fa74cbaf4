/** Simpler plans by what steps say: names, kinds, keys, values and times. */
import { describe, expect, it } from 'vitest';
import { fewerServers } from '../../../properties/minimize/clusters.ts';
import { plainerKeys, plainerValues } from '../../../properties/minimize/keys.ts';
import { simplerKinds } from '../../../properties/minimize/kinds.ts';
import { simplerThan, type Pass } from '../../../properties/minimize/minimize.ts';
import { STEP_REFERENCES } from '../../../properties/minimize/names.ts';
import { minimizePlan } from '../../../properties/minimize/plan.ts';
import { sameNames } from '../../../properties/minimize/remotes.ts';
import { timeInStead, timeKept } from '../../../properties/minimize/times.ts';
import { keyOfRow } from '../../../properties/plan/loadRows.ts';
import { str, strings } from '../../../properties/plan/spec.ts';
import { PLAN_FORMAT, PLAN_VERSION, type Plan, type Step } from '../../../properties/plan/types.ts';

const at = { afterMs: 0, cluster: 'source' };

function planOf(...steps: readonly Step[]): Plan {
  return { format: PLAN_FORMAT, version: PLAN_VERSION, clusters: [{ id: 'source', replicaServers: 3 }, { id: 'follower', replicaServers: 1 }], settings: {}, steps, chance: { kind: 'frozen', deviations: [] } };
}

function create(ref: string, cluster = 'source'): Step {
  return { ...at, kind: 'createTable', cluster, as: ref, name: ref, partitionCount: 1, replicaCount: 1, envs: {}, successIfExist: false };
}
function put(table: string, value: string, hashKey = 'a', sortKey = ''): Step {
  return { ...at, kind: 'put', table, hashKey, sortKey, value, ttlSeconds: 0 };
}
function add(ref: string, table: string, remoteTable = ''): Step {
  return { ...at, kind: 'addDup', as: ref, table, remoteCluster: 'follower', checkpoint: true, remoteTable, remoteReplicaCount: 0 };
}
function shell(line: string): Step {
  return { ...at, kind: 'shell', line };
}

/** The steps of everything that a pass takes for simpler. */
function stepsBy(pass: Pass<Plan>, ...steps: readonly Step[]): readonly (readonly Step[])[] {
  return [...simplerThan(planOf(...steps), [pass])].map((plan) => plan.steps);
}

describe('names in steps', () => {
  it('are made, used and replaced, in a line for the shell too', () => {
    const line = shell('start_bulk_load --app_name=t2 -csource -p local -r r3');
    expect(STEP_REFERENCES.used(line)).toEqual(['table#2', 'root#3']);
    expect(STEP_REFERENCES.aimed(line, 'root#3', 'root#1')).toEqual(shell('start_bulk_load --app_name=t2 -csource -p local -r r1'));
    expect(STEP_REFERENCES.used(shell('start_dup t12 dup#3'))).toEqual(['table#12', 'dup#3']);
    expect(STEP_REFERENCES.aimed(shell('start_dup t12 dup#3'), 'table#1', 'table#9')).toEqual(shell('start_dup t12 dup#3'));
    expect([STEP_REFERENCES.made(add('dup#2', 'table#3', 'table#4')), STEP_REFERENCES.used(add('dup#2', 'table#3', 'table#4'))]).toEqual([['dup#2'], ['table#3', 'table#4']]);
    expect(STEP_REFERENCES.aimed(create('table#2'), 'table#2', 'table#1')).toEqual(create('table#2'));
    expect(STEP_REFERENCES.renamed(create('table#2'), 'table#2', 'table#1')).toEqual(create('table#1'));
  });

  it('come to the smallest: another table stands in, and what is left is counted from one', () => {
    const plan = planOf(create('table#1'), create('table#2'), create('table#5'), put('table#2', 'v7'), shell('query_dup t5'));
    const isWritten = (p: Plan): boolean => p.steps.some((s) => s.kind === 'put' && p.steps.some((c) => c.kind === 'createTable' && c['as'] === s['table']));
    const { value } = minimizePlan(plan, (p) => (isWritten(p) ? p : undefined), 5000);
    expect(value.steps).toEqual([{ ...create('table#1'), partitionCount: 0, replicaCount: 0 }, put('table#1', 'v1')]);
  });

  it('of a follower become those of the master', () => {
    const there = { ...put('r1', 'v1'), cluster: 'follower' };
    expect(stepsBy(sameNames, add('dup#1', 'table#1', 'r1'), there)).toEqual([[add('dup#1', 'table#1'), { ...there, table: 'table#1' }]]);
    expect(stepsBy(sameNames, add('dup#1', 'table#1', 'table#2'), put('table#2', 'v1'))).toEqual([[add('dup#1', 'table#1'), put('table#2', 'v1')]]);
    expect(stepsBy(sameNames, add('dup#1', 'table#1'))).toEqual([]);
  });

  it('of servers become lower, with fewer servers where the last one is not named any more', () => {
    const down = (server: number): Step => ({ kind: 'crash', afterMs: 0, node: `node(source,${String(server)})`, downMs: 1, insideCall: 0 });
    const plan: Plan = { ...planOf(down(2), down(2)), chance: { kind: 'frozen', deviations: [{ cause: 'link.delay|source/replica-2>source/meta-0|RPC|1.0|1|1', value: 5 }] } };
    const seen = [...simplerThan(plan, [fewerServers])].map((p) => [p.clusters[0]?.replicaServers, ...p.steps.map((s) => s['node']), p.chance.kind === 'frozen' ? p.chance.deviations[0]?.cause.split('|')[1] : '']);
    expect(seen).toContainEqual([2, 'node(source,1)', 'node(source,1)', 'source/replica-1>source/meta-0']);
    expect(seen).toContainEqual([3, 'node(source,0)', 'node(source,0)', 'source/replica-0>source/meta-0']);
    expect(seen).toContainEqual([1, 'node(source,2)', 'node(source,2)', 'source/replica-2>source/meta-0']);
  });
});

describe('kinds of steps', () => {
  it.each<[string, Step]>([
    ['use t1 ; duplication pause -d dup#2', { ...at, kind: 'pauseDup', table: 'table#1', dup: 'dup#2' }],
    ['set_dup_fail_mode t1 7 skip', { ...at, kind: 'setDupFailMode', table: 'table#1', dup: '7', failMode: 'skip' }],
    ['query_dup nowhere --detail', { ...at, kind: 'queryDup', table: 'nowhere' }],
    ['start_bulk_load --app_name=t1 -csource -p local -r r1 -i', { ...at, kind: 'startBulkLoad', table: 'table#1', folder: 'source', provider: 'local', root: 'r1', ingestBehind: true }],
    ['cancel_bulk_load -fa t1', { ...at, kind: 'cancelBulkLoad', table: 'table#1', forced: true }],
    ['clear_bulk_load -at2', { ...at, kind: 'clearBulkLoad', table: 'table#2' }],
  ])('%s is said by the command itself', (line, command) => {
    expect(stepsBy(simplerKinds, shell(line))).toEqual([[command]]);
  });

  it('an addition by a line stays: nobody could name its duplication', () => {
    expect(stepsBy(simplerKinds, shell('add_dup t1 follower'))).toEqual([]);
  });

  it('a write of two rows comes down to one row, with its own value; a power loss to a restart or a crash', () => {
    const two: Step = { ...at, kind: 'multiPut', table: 'table#1', hashKey: 'b', sortKeys: ['x', 'y'], values: ['v1', 'v2'], ttlSeconds: 0 };
    expect(stepsBy(simplerKinds, two)).toEqual([[put('table#1', 'v2', 'b', 'y')], [put('table#1', 'v1', 'b', 'x')], [{ ...two, sortKeys: ['x'], values: ['v1'] }], [{ ...two, sortKeys: ['y'], values: ['v2'] }]]);
    const loss: Step = { kind: 'powerLoss', afterMs: 0, node: 'node(source,0)', downMs: 9, tail: 'cut', keepPermille: 0 };
    expect(stepsBy(simplerKinds, loss).map(([step]) => step?.kind)).toEqual(['restart', 'crash']);
    expect(stepsBy(simplerKinds, { kind: 'crash', afterMs: 0, node: 'node(source,0)', downMs: 9, insideCall: 4 })).toEqual([]);
  });
});

describe('keys, values and times', () => {
  it('keys become alike, but rows of one write or load never one', () => {
    const keys = stepsBy(plainerKeys, put('table#1', 'v1', 'c', 'y'), put('table#1', 'v2', 'b')).map((steps) => steps.map((s) => `${str(s, 'hashKey')}|${str(s, 'sortKey')}`).join(' '));
    expect(keys.slice(0, 3)).toEqual(['a| a|', 'a|y a|', 'c| b|']);
    expect(keys).toContain('b|y b|');
    const load = { ...at, kind: 'prepareLoad', table: 'table#1', provider: 'local', root: 'r1', folder: 'source', rows: ['b|x|b1', 'c|x|b2'], files: 'one', variant: 'good', nth: 0 };
    const rows = stepsBy(plainerKeys, load).map(([step]) => (step === undefined ? [] : strings(step, 'rows')));
    expect(rows).toContainEqual(['b||b1', 'c||b2']);
    expect(rows.filter((two) => new Set(two.map(keyOfRow)).size < 2)).toEqual([]);
  });

  it('values are counted from one and stay different', () => {
    const [steps] = stepsBy(plainerValues, put('table#1', 'v9'), put('table#1', 'v4'), put('table#1', 'v9 and more'));
    expect(steps?.map((step) => step['value'])).toEqual(['v2', 'v1', 'v9 and more']);
    expect(stepsBy(plainerValues, put('table#1', 'v1'), put('table#1', 'v2'))).toEqual([]);
  });

  it('time of a step that goes is kept, or comes in its stead', () => {
    const wait: Step = { kind: 'wait', afterMs: 30, forMs: 500 };
    const later = (afterMs: number): readonly Step[] => [{ ...put('table#1', 'v1'), afterMs }];
    expect(stepsBy(timeKept, wait, put('table#1', 'v1'))).toEqual([later(530)]);
    expect(stepsBy(timeInStead, put('table#1', 'v2'), put('table#1', 'v1'))).toEqual([later(1), later(10), later(100), later(1000)]);
  });

  it('a fault that needs a moment keeps it to the millisecond', () => {
    const plan = planOf({ ...put('table#1', 'v1'), afterMs: 796 });
    const { value, runs } = minimizePlan(plan, (p) => (Number(p.steps[0]?.afterMs) >= 523 ? p : undefined), 5000);
    expect(value.steps[0]?.afterMs).toBe(523);
    expect(runs).toBeLessThan(80);
  });
});
