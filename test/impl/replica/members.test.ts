/** Members that fail, that are absent, and that come back: who asks the meta server for what (repl 1.8, 1.10, 1.11, 5.1). */
import { describe, expect, it } from 'vitest';
import type { Gpid, NodeId, PartitionConfig } from '../../../model/vocabulary.ts';
import { MetaServer } from '../../../impl/meta/metaServer.ts';
import { threadHash } from '../../../impl/protocol/gpid.ts';
import type { UpdateConfigRequest } from '../../../impl/protocol/messages.ts';
import { storedKey } from '../../../impl/protocol/rrdb.ts';
import { Cluster, META, NODES } from './cluster.ts';
import type { ClusterOptions } from './cluster.ts';

class MembersCluster extends Cluster {
  readonly gpid: Gpid;

  /** A table with one row, and nothing under way. */
  constructor({ settings, ...options }: ClusterOptions = {}, replicaCount = 3) {
    super({ ...options, settings: { configSyncIntervalMs: 2000, ...settings } });
    this.gpid = `${this.createTable('t', 1, replicaCount)}.0`;
    this.write('k', 'v');
    this.forget();
  }

  write(key: string, value: string): void {
    const box = this.put(this.gpid, key, value);
    this.runUntil(() => box.result !== undefined);
    if (box.result?.error !== 'ERR_OK') throw new Error(`write: ${box.result?.error}`);
  }

  secondariesNow(): readonly NodeId[] {
    return this.replica(this.primary(this.gpid), this.gpid).primaryStates.membership.secondaries;
  }

  stored(): PartitionConfig {
    const meta = this.world.rootOf(META);
    const config = meta instanceof MetaServer ? meta.state.config(this.gpid) : undefined;
    if (config === undefined) throw new Error('no configuration');
    return config;
  }

  /** What was asked of the meta server, as `who type of whom: ballot primary [secondaries]`. */
  asked(): readonly string[] {
    const requests = this.sent.filter((m) => m.kind === 'request' && m.code === 'RPC_CM_UPDATE_PARTITION_CONFIGURATION');
    return requests.map(({ from, body }) => {
      const { config, node, type } = body as UpdateConfigRequest;
      const secondaries = config.secondaries.map(digit).toSorted().join('');
      return `${digit(from)} ${type} ${digit(node)}: ${config.ballot} ${digit(config.primary)} ${secondaries}`;
    });
  }

  /** A node that is back with a directory that cannot be loaded. */
  damage(node: NodeId): void {
    this.world.stopNode(node, 'crash');
    if (!this.world.flipBit(node, `${this.gpid}.pegasus/.init-info`, 0, 0)) throw new Error('nothing to damage');
    this.world.startNode(node);
  }

  /** When every member is there and holds the row of the beginning; otherwise what is wrong. */
  problems(): readonly string[] {
    this.runUntil(() => this.hasAllMembers(this.gpid));
    this.write('end', 'z');
    this.run(100);
    const lacking = NODES.filter((node) => this.replica(node, this.gpid).storage?.get(storedKey('h', 'k'), 0)?.value !== 'v');
    return [...lacking.map((node) => `${node} lacks a row`), ...this.checks()];
  }
}

function digit(node: NodeId): string {
  return node === '' ? '-' : node.slice(-1);
}

describe('a new table', () => {
  it('has all its members in milliseconds: what a stored configuration needs is proposed behind the answer', () => {
    const c = new Cluster();
    c.createTable();
    const at = (code: string): number => c.sent.find((m) => m.code === code)?.atUs ?? Infinity;
    const last = c.sent.filter((m) => m.code === 'RPC_CM_UPDATE_PARTITION_CONFIGURATION').at(-1)?.atUs ?? Infinity;
    expect(last - at('RPC_CM_CREATE_APP')).toBeLessThan(50_000);
  });
});

describe('a primary that fails', () => {
  it('asks to be removed; another one serves at once, and it learns', () => {
    const c = new MembersCluster();
    const failed = c.primary(c.gpid);
    c.replica(failed, c.gpid).handleLocalFailure('ERR_LOCAL_APP_FAILURE');
    c.runUntil(() => c.isServing(c.gpid), 100);
    expect(c.asked()[0]).toBe('0 CT_DOWNGRADE_TO_INACTIVE 0: 4 - 12');
    expect(c.primary(c.gpid)).not.toBe(failed);
    expect(c.stored().ballot).toBe(5);
    expect(c.problems()).toEqual([]);
    expect(c.stored().lastDrops).toEqual([]);
  });

  it('and is the only member is chosen again, with what it holds', () => {
    const c = new MembersCluster({ settings: { mutation2pcMinReplicaCount: 1 } }, 1);
    const failed = c.primary(c.gpid);
    c.replica(failed, c.gpid).handleLocalFailure('ERR_LOCAL_APP_FAILURE');
    c.runUntil(() => c.isServing(c.gpid), 30_000);
    expect([c.primary(c.gpid), c.read(c.gpid, 'k')]).toEqual([failed, 'v']);
    expect(c.stored()).toMatchObject({ ballot: 3, primary: failed, lastDrops: [] });
    expect(c.checks()).toEqual([]);
  });
});

describe('a secondary that fails', () => {
  it('says nothing itself; the primary lets go of it when it does not answer a group check', () => {
    const c = new MembersCluster({ settings: { groupCheckIntervalMs: 3000, emptyWriteDisabled: true } });
    const [failed = '', other = ''] = c.secondariesNow();
    c.replica(failed, c.gpid).handleLocalFailure('ERR_LOCAL_APP_FAILURE');
    c.runUntil(() => c.asked().length > 0, 3100);
    expect(c.asked()).toEqual([`0 CT_DOWNGRADE_TO_INACTIVE ${digit(failed)}: 4 0 ${digit(other)}`]);
    expect(c.problems()).toEqual([]);
    expect(c.claimsOf(failed, 'replica.opened')).toHaveLength(1);
  });

  it('is not opened again by config sync', () => {
    const c = new MembersCluster();
    const [failed = ''] = c.secondariesNow();
    c.replica(failed, c.gpid).handleLocalFailure('ERR_LOCAL_APP_FAILURE');
    c.run(10_000);
    expect(c.sent.filter((m) => m.code === 'RPC_CM_CONFIG_SYNC' && m.from === failed && m.kind === 'request').length).toBeGreaterThan(3);
    expect(c.claimsOf(failed, 'replica.opened')).toEqual([]);
    expect(c.asked()).toEqual([]);
  });
});

describe('a server without the replica', () => {
  it('of which it is the primary asks to be removed when config sync tells it', () => {
    const c = new MembersCluster();
    const primary = c.primary(c.gpid);
    c.damage(primary);
    c.runUntil(() => c.isServing(c.gpid), 5000);
    expect(c.asked()[0]).toBe('0 CT_DOWNGRADE_TO_INACTIVE 0: 4 - 12');
    expect(c.problems()).toEqual([]);
  });

  it('or is opening it waits for that', () => {
    const c = new MembersCluster();
    const primary = c.primary(c.gpid);
    const server = c.server(primary);
    server.beginCloseReplica(c.replica(primary, c.gpid), 0);
    c.runUntil(() => c.claimsOf(primary, 'replica.closed').length > 0);
    server.openingReplicas.add(c.gpid);
    c.run(10_000);
    expect(c.asked()).toEqual([]);
    server.openingReplicas.delete(c.gpid);
    c.runUntil(() => c.asked().length > 0, 2100);
    expect(c.asked()[0]).toBe('0 CT_DOWNGRADE_TO_INACTIVE 0: 4 - 12');
  });

  it('that shall take over asks to be let go of, and the next one is told', () => {
    const c = new MembersCluster({ settings: { configSyncIntervalMs: 600_000 } });
    const primary = c.primary(c.gpid);
    const [chosen = '', other = ''] = NODES.filter((node) => node !== primary);
    c.damage(chosen);
    c.runUntil(() => c.server(chosen).isConnected());
    c.forget();
    c.replica(primary, c.gpid).handleLocalFailure('ERR_LOCAL_APP_FAILURE');
    c.runUntil(() => c.isServing(c.gpid), 30_000);
    expect(c.asked().slice(0, 2)).toEqual(['0 CT_DOWNGRADE_TO_INACTIVE 0: 4 - 12', '1 CT_DOWNGRADE_TO_INACTIVE 1: 5 - 2']);
    expect(c.primary(c.gpid)).toBe(other);
    expect(c.problems()).toEqual([]);
  });
});

describe('an INACTIVE replica at config sync', () => {
  const others = { maxReplicaCount: 3, lastDrops: [], lastCommittedDecree: 0 } as const;

  it.each([
    ['of which it is the primary', true, false, (self: NodeId) => ({ primary: self, secondaries: [] })],
    ['that nobody serves, where it is a member', true, false, (self: NodeId) => ({ primary: '', secondaries: [self] })],
    ['that nobody serves, where it is none', false, false, () => ({ primary: '', secondaries: [] })],
    ['that another one serves', false, false, (self: NodeId) => ({ primary: 'c/replica-9', secondaries: [self] })],
    ['of which it may yet be the primary', false, true, (self: NodeId) => ({ primary: self, secondaries: [] })],
  ] as const)('of a partition %s: asks to be removed: %s', (_what, asks, transient, membersFor) => {
    const c = new MembersCluster({ settings: { configSyncIntervalMs: 600_000 } });
    const [node = ''] = c.secondariesNow();
    const { configurator } = c.replica(node, c.gpid);
    configurator.updateLocalConfigurationWithNoBallotChange('PS_INACTIVE');
    configurator.setInactiveStateTransient(transient);
    c.world.stopNode(META, 'crash');
    configurator.onConfigSync(c.replica(node, c.gpid).app, { gpid: c.gpid, ballot: 3, ...others, ...membersFor(node) });
    c.run(10);
    expect(c.asked()).toEqual(asks ? [`${digit(node)} CT_DOWNGRADE_TO_INACTIVE ${digit(node)}: 4 - `] : []);
  });
});

describe('who is told to serve a partition that others have served (CT_ASSIGN_PRIMARY)', () => {
  const FD = { fdCheckIntervalMs: 200, fdBeaconIntervalMs: 300, fdLeaseMs: 2000, fdGraceMs: 2200 } as const;

  it('refuses without what the configuration says is committed', () => {
    const c = new MembersCluster({ settings: { configSyncIntervalMs: 600_000 } });
    const [node = ''] = c.secondariesNow();
    c.world.stopNode(META, 'crash');
    const { app, configurator, gpid } = c.replica(node, c.gpid);
    const held = c.replica(node, gpid).lastPreparedDecree();
    expect(held).toBeGreaterThan(0);
    const propose = (lastCommittedDecree: number): string => {
      const config = { gpid, ballot: 3, maxReplicaCount: 3, primary: '', secondaries: [], lastDrops: [node], lastCommittedDecree };
      return configurator.onConfigProposal({ app, type: 'CT_ASSIGN_PRIMARY', node, config });
    };
    expect(propose(held + 1)).toBe('ERR_INCOMPLETE_DATA');
    expect(c.replica(node, gpid).status()).toBe('PS_SECONDARY');
    expect(propose(held)).toBe('ERR_OK');
    expect(c.replica(node, gpid).metaRequester.pendingRequest()).toMatchObject({ type: 'CT_ASSIGN_PRIMARY', node, config: { ballot: 4, primary: node } });
  });

  it.each(['stays up', 'is restarted'])('the only member, cut off for longer than the grace period, which %s, serves again', (what) => {
    const c = new MembersCluster({ settings: { ...FD, mutation2pcMinReplicaCount: 1 } }, 1);
    const node = c.primary(c.gpid);
    for (let i = 0; i < 5; i++) c.write(`k${i}`, `v${i}`);
    c.world.cutLink(node, META);
    c.world.cutLink(META, node);
    if (what !== 'stays up') c.world.stopNode(node, 'crash');
    c.runUntil(() => c.stored().primary === '');
    expect(c.stored()).toMatchObject({ ballot: 2, secondaries: [], lastDrops: [node] });
    c.run(5000);
    if (what !== 'stays up') c.world.startNode(node);
    c.world.restoreLink(node, META);
    c.world.restoreLink(META, node);
    c.runUntil(() => c.isServing(c.gpid), 20_000);
    expect(c.primary(c.gpid)).toBe(node);
    for (let i = 0; i < 5; i++) expect(c.read(c.gpid, `k${i}`)).toBe(`v${i}`);
    expect(c.stored()).toMatchObject({ ballot: 3, lastDrops: [] });
    expect(c.checks()).toEqual([]);
  });

  it('has lost its data refuses: nobody serves, and an administrator must choose', () => {
    const c = new MembersCluster({ settings: { ...FD, mutation2pcMinReplicaCount: 1 } }, 1);
    const node = c.primary(c.gpid);
    c.damage(node);
    c.run(60_000);
    expect(c.claimsOf(node, 'replica.opened')).toEqual([]);
    expect(c.stored()).toMatchObject({ ballot: 2, primary: '', lastDrops: [node] });
    const table = { appId: 1, appName: 't', appType: 'pegasus', partitionCount: 1, maxReplicaCount: 1 } as const;
    const app = { ...table, status: 'AS_AVAILABLE', envs: {}, duplicating: false } as const;
    const request = { app, type: 'CT_ASSIGN_PRIMARY', node, config: c.stored() } as const;
    const box = c.call(node, 'RPC_CONFIG_PROPOSAL', request, threadHash(c.gpid));
    c.run(100);
    expect(box.result?.body?.error).toBe('ERR_OBJECT_NOT_FOUND');
    expect(c.checks()).toEqual([]);
  });
});
