/** Duplications that meet one another, as users see them (dup 7): a chain, a table that goes to two clusters, and both ways. */
import { describe, expect, it } from 'vitest';
import { PLAN_FORMAT, PLAN_VERSION, type ClusterShape, type Plan, type Step } from '../../../properties/plan/types.ts';
import { runPlan } from '../../../properties/run/runPlan.ts';

const CLUSTERS: readonly ClusterShape[] = ['source', 'follower', 'third'].map((id) => ({ id, replicaServers: 1 }));
const T = { table: 'table#1' };

const create = (cluster: string): Step => ({ kind: 'createTable', afterMs: 0, cluster, as: 'table#1', name: 'table#1', partitionCount: 1, replicaCount: 1, envs: {}, successIfExist: false });
const add = (as: string, cluster: string, remoteCluster: string, checkpoint: boolean): Step => ({
  kind: 'addDup', afterMs: 0, cluster, as, ...T, remoteCluster, checkpoint, remoteTable: '', remoteReplicaCount: 0,
});
const ships = (cluster: string): Step => ({ kind: 'waitFor', afterMs: 0, cluster, ...T, moment: 'dup.stored:DS_LOG', nth: 1, atMostMs: 9000 });
const hold = (forMs: number): Step => ({ kind: 'wait', afterMs: 0, forMs });
const put = (cluster: string, hashKey: string, value: string, afterMs = 0): Step => ({ kind: 'put', afterMs, cluster, ...T, hashKey, sortKey: '', value, ttlSeconds: 0 });
const remove = (cluster: string, hashKey: string): Step => ({ kind: 'remove', afterMs: 0, cluster, ...T, hashKey, sortKey: '' });

/** Runs the steps; answers what each cluster's table holds under these keys when all is at rest. */
function held(steps: readonly Step[], keys: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const reads = CLUSTERS.flatMap(({ id }) => keys.map((hashKey): Step => ({ kind: 'get', afterMs: 1, cluster: id, ...T, hashKey, sortKey: '' })));
  const plan: Plan = {
    format: PLAN_FORMAT,
    version: PLAN_VERSION,
    clusters: CLUSTERS,
    settings: { mutation2pcMinReplicaCount: 1 },
    steps: [...steps, hold(5000), ...reads],
    chance: { kind: 'frozen', deviations: [] },
  };
  const { verdict, trace = [] } = runPlan(plan, { trace: true });
  expect(verdict).toEqual({ kind: 'pass' });
  const answers = new Map(trace.flatMap((e) => (e.kind === 'command.answered' && e.answer.kind === 'read' ? [[e.id, e.answer] as const] : [])));
  const all: Record<string, string[]> = {};
  for (const e of trace) {
    if (e.kind !== 'command.invoked' || e.command.kind !== 'get' || !keys.includes(e.command.hashKey)) continue;
    const answer = answers.get(e.id);
    const value = answer?.error !== 'ERR_OK' ? (answer?.error ?? 'no answer') : answer.found ? answer.value : '-';
    const row = (all[e.cluster] ??= []);
    // What the run asks by itself afterwards is not counted.
    if (row.length < keys.length) row.push(value);
  }
  return all;
}

describe('a chain', () => {
  it('hands on with the checkpoint what came from the first cluster, and afterwards what its own users write, nothing else', () => {
    const steps = [
      create('source'), put('source', 'a', 'early', 400), hold(500), add('dup#1', 'source', 'follower', true), ships('source'),
      add('dup#2', 'follower', 'third', true), ships('follower'), put('source', 'b', 'late'), put('follower', 'c', 'own'), remove('follower', 'a'),
    ];
    expect(held(steps, ['a', 'b', 'c'])).toEqual({ source: ['early', 'late', '-'], follower: ['-', 'late', 'own'], third: ['-', '-', 'own'] });
    expect(held(steps.slice(0, -1), ['a', 'b'])).toEqual({ source: ['early', 'late'], follower: ['early', 'late'], third: ['early', '-'] });
  });
});

describe('a table that goes to two clusters', () => {
  it('keeps its log for the one that is paused', () => {
    const paused: Step = { kind: 'pauseDup', afterMs: 0, cluster: 'source', ...T, dup: 'dup#2' };
    const steps = [
      create('source'), create('follower'), create('third'), hold(800),
      add('dup#1', 'source', 'follower', false), add('dup#2', 'source', 'third', false), hold(3000), paused, hold(1500),
      put('source', 'a', 'v1'), { kind: 'triggerCheckpoint', afterMs: 200, cluster: 'source', ...T, partitionIndex: 0 }, hold(3000), put('source', 'b', 'v2'), hold(1500),
    ];
    expect(held(steps, ['a', 'b'])).toEqual({ source: ['v1', 'v2'], follower: ['v1', 'v2'], third: ['-', '-'] });
    expect(held([...steps, { ...paused, kind: 'startDup' }, hold(3000)], ['a', 'b'])).toEqual({ source: ['v1', 'v2'], follower: ['v1', 'v2'], third: ['v1', 'v2'] });
  });
});

describe('both ways', () => {
  const pair = [create('source'), create('follower'), hold(800), add('dup#1', 'source', 'follower', false), add('dup#2', 'follower', 'source', false), hold(4000)];

  it('the newest write wins on both sides, a removal too', () => {
    const conflict = [put('source', 'a', 'first'), put('follower', 'a', 'second', 1), put('source', 'b', 'first'), remove('follower', 'b'), remove('source', 'c'), put('follower', 'c', 'second', 1)];
    const both = ['second', '-', 'second'];
    expect(held([...pair, ...conflict], ['a', 'b', 'c'])).toMatchObject({ source: both, follower: both });
  });

  it('whose clock is behind does not lose what it writes over a row that it knows', () => {
    const behind: Step = { kind: 'wallShift', afterMs: 0, node: 'node(follower,0)', deltaMs: -60_000 };
    const steps = [...pair, behind, put('source', 'a', 'first'), put('source', 'b', 'first'), hold(2000), put('follower', 'a', 'second'), remove('follower', 'b')];
    const both = ['second', '-'];
    expect(held(steps, ['a', 'b'])).toMatchObject({ source: both, follower: both });
  });
});
