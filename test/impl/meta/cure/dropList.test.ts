/** The drop list (upstream's config_context::dropped), and how much servers have. */
import { describe, expect, it } from 'vitest';
import { DropList } from '../../../../impl/meta/cure/dropList.ts';
import { NodeLoads } from '../../../../impl/meta/cure/nodeLoads.ts';
import { ServerState } from '../../../../impl/meta/serverState.ts';
import { A, B, C, D, configOf, contextOf } from './views.ts';

const GROUP = configOf({ primary: A });
const report = (ballot: number, lastCommitted: number, lastPrepared: number) => ({ ballot, lastCommitted, lastPrepared });
const names = (list: DropList): string => list.entries().map(({ node }) => node).join('');

describe('the drop list', () => {
  it('has the newest drop last, and those without a time first, by what they hold', () => {
    const list = new DropList(contextOf({ maxReservedDroppedReplicas: 9 }));
    list.recordDropHistory(GROUP, B, 100);
    list.collectDropReplica(GROUP, A, report(4, 2, 2));
    list.collectDropReplica(GROUP, C, report(3, 9, 9));
    list.recordDropHistory(GROUP, D, 50);
    expect(names(list)).toBe('CADB');
    list.collectDropReplica(GROUP, C, report(4, 2, 1));
    expect(names(list)).toBe('CADB');
    list.collectDropReplica(GROUP, C, report(4, 3, 3));
    expect(names(list)).toBe('ACDB');
    // A report leaves the time of the drop.
    list.collectDropReplica(GROUP, D, report(9, 9, 9));
    expect(names(list)).toBe('ACDB');
    expect(list.find(D)).toEqual({ node: D, droppedMs: 50, report: report(9, 9, 9) });
  });

  it('forgets what was reported before the drop', () => {
    const list = new DropList(contextOf());
    list.collectDropReplica(GROUP, B, report(4, 2, 2));
    list.recordDropHistory(GROUP, B, 0);
    expect(list.find(B)).toEqual({ node: B, droppedMs: 1, report: report(-1, -1, -1) });
  });

  it('leaves room for the members: the oldest fall out', () => {
    const list = new DropList(contextOf());
    for (const [i, node] of [B, C, D].entries()) list.recordDropHistory(GROUP, node, 100 + i);
    expect(names(list)).toBe('BCD');
    list.removeFromDropped(configOf({ primary: A, secondaries: [C] }), C);
    expect(names(list)).toBe('BD');
    list.removeFromDropped(configOf({ primary: A, secondaries: [C, B] }), B);
    expect(names(list)).toBe('D');
    const none = new DropList(contextOf({ maxReservedDroppedReplicas: 0 }));
    none.recordDropHistory(configOf({ primary: A, secondaries: [B, C] }), D, 100);
    expect(names(none)).toBe('');
  });

  it('begins with the newest after each change', () => {
    const list = new DropList(contextOf());
    expect(list.preferredDrop).toBe(-1);
    list.recordDropHistory(GROUP, B, 100);
    list.recordDropHistory(GROUP, C, 101);
    expect(list.preferredDrop).toBe(1);
    list.preferredDrop = -1;
    list.collectDropReplica(GROUP, B, report(1, 1, 1));
    expect(list.preferredDrop).toBe(1);
    list.preferredDrop = 0;
    list.removeFromDropped(configOf({ primary: A, secondaries: [D] }), D);
    expect(list.preferredDrop).toBe(1);
  });
});

describe('loads', () => {
  it('count stored members of live tables, and what stands proposed', () => {
    const state = new ServerState(contextOf(), { cluster: 'x', replicaServers: [A, B, C, D] });
    const info = { appType: 'pegasus', partitionCount: 1, maxReplicaCount: 3, envs: {}, duplicating: false } as const;
    const times = { initPartitionCount: 1, createSecond: 0, dropSecond: 0, expireSecond: 0, isBulkLoading: false, lastLoadId: 0 };
    for (const appId of [1, 2, 3]) {
      const app = state.addApp({ ...times, info: { ...info, appId, appName: `t${appId}`, status: 'AS_AVAILABLE' } }, true);
      const config = configOf({ gpid: `${appId}.0`, ballot: 1, primary: appId === 1 ? A : B, secondaries: [C] });
      state.applyConfig(app, 0, config);
      // A table that is dropped loses its members first.
      if (appId === 3) state.applyConfig(app, 0, { ...config, ballot: 2, primary: '', secondaries: [] });
    }
    const loads = new NodeLoads(state.members);
    loads.onStanding(1, undefined, { type: 'CT_UPGRADE_TO_PRIMARY', target: C, node: C });
    loads.onStanding(2, undefined, { type: 'CT_ADD_SECONDARY', target: B, node: A });
    loads.onStanding(2, undefined, { type: 'CT_ASSIGN_PRIMARY', target: D, node: D });
    loads.onStanding(2, undefined, { type: 'CT_REMOVE', target: B, node: C });
    // One that stood, and no longer does.
    loads.onStanding(2, undefined, { type: 'CT_ASSIGN_PRIMARY', target: A, node: A });
    loads.onStanding(2, { type: 'CT_ASSIGN_PRIMARY', target: A, node: A }, undefined);
    const numbers = (node: string, appId: number) => Object.values(loads.loadOf(node, appId));
    expect(numbers(A, 1)).toEqual([1, 1, 1, 2]);
    expect(numbers(A, 2)).toEqual([0, 1, 1, 2]);
    expect(numbers(C, 1)).toEqual([1, 1, 1, 2]);
    expect(numbers(D, 2)).toEqual([1, 1, 1, 1]);
    expect([A, B, C, D].map((node) => loads.storedPartitions(node))).toEqual([1, 1, 2, 0]);
  });
});
