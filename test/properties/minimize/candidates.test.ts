/** Simpler plans of two clusters: without the follower, without duplication, without a cluster's own settings. */
import { describe, expect, it } from 'vitest';
import { candidates } from '../../../properties/minimize/candidates.ts';
import { minimizePlan } from '../../../properties/minimize/plan.ts';
import type { Plan, Step } from '../../../properties/plan/types.ts';

const create: Step = { kind: 'createTable', afterMs: 0, cluster: 'source', as: 'table#1', name: 'table#1', partitionCount: 1, replicaCount: 2, envs: {}, successIfExist: false };
const add: Step = { kind: 'addDup', afterMs: 5, cluster: 'source', as: 'dup#1', table: 'table#1', remoteCluster: 'follower', checkpoint: true, remoteTable: '', remoteReplicaCount: 0 };
const pause: Step = { kind: 'pauseDup', afterMs: 5, cluster: 'source', table: 'table#1', dup: 'dup#1' };
const put: Step = { kind: 'put', afterMs: 5, cluster: 'source', table: 'table#1', hashKey: 'a', sortKey: '', value: 'v1', ttlSeconds: 0 };
const crash: Step = { kind: 'crash', afterMs: 5, node: 'node(follower,0)', downMs: 10, insideCall: 0 };
const cut: Step = { kind: 'cutLink', afterMs: 5, from: 'node(source,0)', to: 'meta(follower,0)', oneWay: true, forMs: 10 };
const PLAN: Plan = {
  format: 'pegasus-check/plan',
  version: 2,
  clusters: [{ id: 'source', replicaServers: 2 }, { id: 'follower', replicaServers: 1, settings: { dupShipRetryMs: 100, memtableSizeBytes: 200 } }],
  settings: {},
  steps: [create, add, pause, put, crash, cut],
  chance: { kind: 'frozen', deviations: [] },
};
const all = [...candidates(PLAN)];

describe('candidates of a plan of two clusters', () => {
  it('leave out the follower, with what is done there or to it, or without', () => {
    const alone = all.filter((p) => p.clusters.length === 1 && p.clusters[0]?.id === 'source');
    expect(alone.map((p) => p.steps)).toEqual([[create, pause, put], PLAN.steps]);
  });

  it('leave out all of duplication at once', () => {
    expect(all).toContainEqual({ ...PLAN, steps: [create, put, crash, cut] });
  });

  it('leave out the settings of a cluster, all, one by one, and make them calmer', () => {
    const settings = all.filter((p) => p.steps === PLAN.steps && p.clusters.length === 2 && p.clusters[1]?.replicaServers === 1).map((p) => p.clusters[1]?.settings);
    expect(settings).toContainEqual({ memtableSizeBytes: 200 });
    expect(settings).toContainEqual({ dupShipRetryMs: 100 });
    expect(settings).toContainEqual({ dupShipRetryMs: 150, memtableSizeBytes: 200 });
    expect(all.some((p) => p.clusters[1] !== undefined && !('settings' in p.clusters[1]))).toBe(true);
  });

  it('never leave out the cluster of a preloaded log', () => {
    const preload = { cluster: 'follower', table: 'table#1', gpid: '1.0', partitionCount: 1, files: [] };
    expect([...candidates({ ...PLAN, preload })].every((p) => p.clusters.some((c) => c.id === 'follower'))).toBe(true);
  });

  it('end in a plan of one cluster when the fault needs only one', () => {
    const { value: plan, minimal } = minimizePlan(PLAN, (p) => (p.steps.some((s) => s.kind === 'put') ? p : undefined), 5000);
    expect([minimal, plan.clusters, plan.steps.map((s) => s.kind)]).toEqual([true, [{ id: 'source', replicaServers: 1 }], ['put']]);
  });
});
