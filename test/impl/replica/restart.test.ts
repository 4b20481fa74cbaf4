import { describe, expect, it } from 'vitest';
import type { Gpid, NodeId } from '../../../model/vocabulary.ts';
import { storedKey } from '../../../impl/protocol/rrdb.ts';
import { Cluster, NODES } from './cluster.ts';

function write(c: Cluster, gpid: Gpid, key: string, value: string): void {
  const box = c.put(gpid, key, value);
  c.runUntil(() => box.result !== undefined);
  expect(box.result?.error).toBe('ERR_OK');
}

function secondaryOf(c: Cluster, gpid: Gpid): NodeId {
  const primary = c.primary(gpid);
  const node = NODES.find((n) => n !== primary);
  if (node === undefined) throw new Error('no secondary');
  return node;
}

describe('restart of a member', () => {
  it('a primary gets a new ballot, re-proposes its suffix, and serves what it acknowledged', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    for (let i = 0; i < 5; i++) write(c, gpid, `k${i}`, `v${i}`);
    const primary = c.primary(gpid);
    c.world.stopNode(primary, 'crash');
    c.run(10);
    c.world.startNode(primary);
    c.runUntil(() => c.isServing(gpid));
    expect(c.primary(gpid)).toBe(primary);
    expect(c.replica(primary, gpid).ballot()).toBe(4);
    for (let i = 0; i < 5; i++) expect(c.read(gpid, `k${i}`)).toBe(`v${i}`);
    c.run(100);
    for (const node of NODES) expect(c.replica(node, gpid).ballot()).toBe(4);
    const reproposed = c.claimsOf(primary, 'replica.prepared').filter((p) => p.reproposal);
    expect(reproposed.map((p) => [p.mutation.ballot, p.mutation.decree])).toEqual([[4, 5]]);
    expect(c.checks()).toEqual([]);
  });

  it('a re-proposal keeps its timestamp', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    write(c, gpid, 'k', 'v');
    const primary = c.primary(gpid);
    c.world.stopNode(primary, 'crash');
    c.world.startNode(primary);
    c.runUntil(() => c.isServing(gpid));
    const claims = c.claimsOf(primary, 'replica.prepared').filter((p) => p.mutation.decree === 1);
    expect(claims.map((p) => p.mutation.ballot)).toEqual([3, 4]);
    expect(claims[1]?.mutation.timestampUs).toBe(claims[0]?.mutation.timestampUs);
    expect(claims[0]?.mutation.timestampUs).toBeGreaterThan(0);
    expect(c.checks()).toEqual([]);
  });

  it('reads of a restarted primary wait for the barrier', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    write(c, gpid, 'k', 'v');
    const primary = c.primary(gpid);
    for (const node of NODES) if (node !== primary) c.world.cutLink(primary, node);
    c.world.stopNode(primary, 'crash');
    c.world.startNode(primary);
    c.runUntil(() => c.server(primary).replicas.get(gpid)?.isPrimary() ?? false);
    expect(c.read(gpid, 'k')).toBe('!ERR_INVALID_STATE');
    for (const node of NODES) if (node !== primary) c.world.restoreLink(primary, node);
    c.runUntil(() => c.isServing(gpid));
    expect(c.read(gpid, 'k')).toBe('v');
    expect(c.checks()).toEqual([]);
  });

  it('a secondary that does not acknowledge is let go of, and the write is committed without it; back, it learns', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    write(c, gpid, 'k', 'v');
    const secondary = secondaryOf(c, gpid);
    const primary = c.primary(gpid);
    c.world.cutLink(primary, secondary);
    const box = c.put(gpid, 'k2', 'v2');
    c.run(2900);
    expect(box.result).toBe(undefined);
    c.run(200);
    expect(box.result?.error).toBe('ERR_OK');
    expect(c.replica(primary, gpid)).toMatchObject({ config: { ballot: 4, status: 'PS_PRIMARY' } });
    expect(c.replica(primary, gpid).primaryStates.membership.secondaries).not.toContain(secondary);
    // The same mutation in the next ballot.
    const claims = c.claimsOf(primary, 'replica.prepared').filter((p) => p.mutation.decree === 2);
    expect(claims.map((p) => [p.mutation.ballot, p.reproposal])).toEqual([[3, false], [4, true]]);
    expect(claims[1]?.mutation.updates).toEqual(claims[0]?.mutation.updates);
    c.world.restoreLink(primary, secondary);
    c.runUntil(() => c.hasAllMembers(gpid));
    expect(c.primary(gpid)).toBe(primary);
    expect(c.replica(primary, gpid).ballot()).toBe(5);
    c.run(100);
    expect(c.replica(secondary, gpid).storage?.get(storedKey('h', 'k2'), 0)?.value).toBe('v2');
    expect(c.checks()).toEqual([]);
  });

  it('a member that stays away costs one reconfiguration', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    c.world.stopNode(secondaryOf(c, gpid), 'crash');
    c.put(gpid, 'k', 'v');
    c.run(60_000);
    expect(c.replica(primary, gpid).ballot()).toBe(4);
    expect(c.read(gpid, 'k')).toBe('v');
    expect(c.checks()).toEqual([]);
  });

  it('all three at once: everything acknowledged is there again', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    for (let i = 0; i < 30; i++) write(c, gpid, `k${i}`, `v${i}`);
    for (const node of NODES) c.world.stopNode(node, 'crash');
    for (const node of NODES) c.world.startNode(node);
    c.runUntil(() => c.isServing(gpid));
    for (let i = 0; i < 30; i++) expect(c.read(gpid, `k${i}`)).toBe(`v${i}`);
    const opened = NODES.map((node) => c.claimsOf(node, 'replica.opened').at(-1));
    for (const claim of opened) {
      expect(claim?.fresh).toBe(false);
      expect(claim?.maxPrepared).toBe(30);
      expect(claim?.applied).toBe(claim?.committed);
      expect(claim?.durable).toBe(claim?.applied);
    }
    expect(c.checks()).toEqual([]);
  });

  it('a secondary that lost its log tail to a power loss goes to ERROR at the hole, and learns again', () => {
    const c = new Cluster({ settings: { groupCheckIntervalMs: 5000 } });
    const gpid = `${c.createTable()}.0`;
    for (let i = 0; i < 3; i++) write(c, gpid, `k${i}`, `v${i}`);
    const secondary = secondaryOf(c, gpid);
    c.world.stopNode(secondary, 'power-loss');
    c.world.startNode(secondary);
    c.runUntil(() => c.claimsOf(secondary, 'replica.closed').length > 0);
    const statuses = c.claimsOf(secondary, 'replica.status').map((s) => s.to);
    expect(statuses.at(-1)).toBe('PS_ERROR');
    c.runUntil(() => c.claimsOf(secondary, 'replica.opened').length === 3 && c.hasAllMembers(gpid));
    for (let i = 0; i < 3; i++) expect(c.replica(secondary, gpid).storage?.get(storedKey('h', `k${i}`), 0)?.value).toBe(`v${i}`);
    expect(c.checks()).toEqual([]);
  });

  it('a primary that lost what its group has committed is set aside; another one serves all of it', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    for (let i = 0; i < 3; i++) write(c, gpid, `k${i}`, `v${i}`);
    const primary = c.primary(gpid);
    c.world.stopNode(primary, 'power-loss');
    c.world.startNode(primary);
    c.runUntil(() => c.claimsOf(primary, 'replica.closed').length > 0);
    expect(c.claimsOf(primary, 'replica.status').at(-1)?.to).toBe('PS_ERROR');
    expect(c.world.diskView(primary).list('').some((name) => name.endsWith('.err'))).toBe(true);
    c.runUntil(() => c.isServing(gpid));
    expect(c.primary(gpid)).not.toBe(primary);
    for (let i = 0; i < 3; i++) expect(c.read(gpid, `k${i}`)).toBe(`v${i}`);
    c.runUntil(() => c.hasAllMembers(gpid));
    expect(c.checks()).toEqual([]);
  });

  it('queued writes are refused when PRIMARY is left; what is prepared is committed without the member', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    c.world.cutLink(primary, secondaryOf(c, gpid));
    const boxes = Array.from({ length: 45 }, (_, i) => c.put(gpid, `k${i}`, 'v', primary));
    c.run(4000);
    const refused = boxes.filter((box) => box.result?.error === 'ERR_INVALID_STATE');
    expect(refused.length).toBeGreaterThan(0);
    const done = boxes.filter((box) => box.result?.error === 'ERR_OK');
    expect(done.length).toBeGreaterThanOrEqual(20);
    expect(done.length + refused.length).toBe(45);
    expect(c.checks()).toEqual([]);
  });
});
