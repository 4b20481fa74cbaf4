/** Beacons and leases on both sides, in the simulated world (repl 1.10). */
import { describe, expect, it } from 'vitest';
import { MetaServer } from '../../../impl/meta/metaServer.ts';
import type { Settings } from '../../../impl/settings.ts';
import type { NodeId } from '../../../model/vocabulary.ts';
import { Cluster, META, NODES } from './cluster.ts';

const FD = { fdCheckIntervalMs: 200, fdBeaconIntervalMs: 300, fdLeaseMs: 2000, fdGraceMs: 2200, configSyncIntervalMs: 60_000 } as const;
const NODE = NODES[0] ?? '';

function serving(settings: Partial<Settings> = {}): Cluster {
  const c = new Cluster({ settings: { ...FD, ...settings } });
  c.runUntil(() => NODES.every((node) => c.server(node).isConnected()), 3000);
  return c;
}

const beacons = (c: Cluster, from: NodeId = NODE): readonly number[] =>
  c.sent.filter((m) => m.from === from && m.code === 'RPC_FD_FAILURE_DETECTOR_PING').map(({ atUs }) => atUs);

function isAlive(c: Cluster, node: NodeId): boolean {
  const meta = c.world.rootOf(META);
  if (!(meta instanceof MetaServer)) throw new Error('no meta server');
  return meta.failureDetector.isAlive(node);
}

function cut(c: Cluster, node: NodeId): void {
  c.world.cutLink(node, META);
  c.world.cutLink(META, node);
}

function restore(c: Cluster, node: NodeId): void {
  c.world.restoreLink(node, META);
  c.world.restoreLink(META, node);
}

describe('a replica server', () => {
  it('sends a beacon at once and then one every interval, and asks for its roles when the first is answered', () => {
    const c = serving();
    const [first = 0, second = 0] = beacons(c);
    expect(first).toBeLessThan(10_000);
    expect(second - first).toBe(300_000);
    const answered = c.sent.find((m) => m.to === NODE && m.code === 'RPC_FD_FAILURE_DETECTOR_PING')?.atUs ?? Infinity;
    const sync = c.sent.find((m) => m.from === NODE && m.code === 'RPC_CM_CONFIG_SYNC')?.atUs ?? 0;
    expect(sync).toBeGreaterThan(answered);
    expect(sync).toBeLessThan(answered + 2000);
  });

  it('calls itself disconnected before its lease ends, which runs from the last answered beacon’s sending', () => {
    const c = serving();
    cut(c, NODE);
    const last = beacons(c).at(-1) ?? 0;
    c.runUntil(() => !c.server(NODE).isConnected());
    const since = (c.world.nowUs() - last) / 1000;
    // The check that would come after its end is too late.
    expect(since).toBeGreaterThan(2000 - 2 * 200);
    expect(since).toBeLessThanOrEqual(2000);
    expect(c.server(NODES[1] ?? '').isConnected()).toBe(true);
  });

  it('has its lease again with the first answered beacon, and its roles with the sync behind it', () => {
    const c = serving();
    cut(c, NODE);
    c.runUntil(() => !c.server(NODE).isConnected());
    c.run(1000);
    restore(c, NODE);
    c.runUntil(() => c.server(NODE).isConnected(), 400);
    expect(c.checks()).toEqual([]);
  });

  it('gives a beacon up after two thirds of the interval, so that its late answer renews nothing', () => {
    const c = serving();
    expect(c.server(NODE).failureDetector.beaconTimeoutMs()).toBe(200);
    c.world.cutLink(META, NODE);
    c.run(1900);
    expect(c.server(NODE).isConnected()).toBe(false);
    // Its beacons arrive all the time: to the meta server it is alive.
    expect(isAlive(c, NODE)).toBe(true);
  });
});

describe('the meta server', () => {
  it('calls a server dead when the grace period since the last beacon is over, and never before its lease', () => {
    const c = serving();
    expect(NODES.map((node) => isAlive(c, node))).toEqual([true, true, true]);
    cut(c, NODE);
    c.runUntil(() => !isAlive(c, NODE));
    expect(c.server(NODE).isConnected()).toBe(false);
    const since = (c.world.nowUs() - (beacons(c).filter((at) => at < c.world.nowUs() - 2_200_000).at(-1) ?? 0)) / 1000;
    expect(since).toBeGreaterThan(2200);
    expect(NODES.slice(1).map((node) => isAlive(c, node))).toEqual([true, true]);
    restore(c, NODE);
    c.runUntil(() => isAlive(c, NODE), 400);
  });

  it('does not see a restart that is shorter than the grace period', () => {
    const c = serving();
    const before = c.tasks.get('LPC_BEACON_CHECK');
    c.world.stopNode(NODE, 'crash');
    c.run(1500);
    c.world.startNode(NODE);
    c.run(1500);
    expect(isAlive(c, NODE)).toBe(true);
    expect(c.tasks.get('LPC_BEACON_CHECK')).toBeGreaterThan(before ?? 0);
  });

  it('that begins anew takes those for alive whom its tables name, and has them say so within the grace period', () => {
    const c = serving();
    c.createTable();
    c.world.stopNode(META, 'crash');
    c.world.stopNode(NODE, 'crash');
    c.run(100);
    c.world.startNode(META);
    c.run(50);
    expect(isAlive(c, NODE)).toBe(true);
    c.run(3000);
    expect(NODES.map((node) => isAlive(c, node))).toEqual([false, true, true]);
  });
});

describe('without a lease', () => {
  it('every replica is INACTIVE, may come back at once, and does so under the same ballot', () => {
    const c = serving({ fdGraceMs: 5000 });
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    const ballot = c.replica(primary, gpid).ballot();
    cut(c, primary);
    c.runUntil(() => c.replica(primary, gpid).status() === 'PS_INACTIVE');
    expect(c.replica(primary, gpid).inactiveIsTransient).toBe(true);
    c.run(500);
    restore(c, primary);
    c.runUntil(() => c.replica(primary, gpid).isPrimary(), 2000);
    expect(c.replica(primary, gpid).ballot()).toBe(ballot);
    expect(c.checks()).toEqual([]);
  });

  it('for longer than the grace period somebody else serves; back, the old primary learns', () => {
    const c = serving();
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    cut(c, primary);
    c.runUntil(() => !isAlive(c, primary));
    expect(c.replica(primary, gpid).status()).toBe('PS_INACTIVE');
    c.runUntil(() => c.isServing(gpid), 1000);
    expect(c.primary(gpid)).not.toBe(primary);
    c.run(5000);
    restore(c, primary);
    c.runUntil(() => c.hasAllMembers(gpid), 20_000);
    expect(c.primary(gpid)).not.toBe(primary);
    expect(c.checks()).toEqual([]);
  });
});
