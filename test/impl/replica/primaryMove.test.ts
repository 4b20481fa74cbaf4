import { describe, expect, it } from 'vitest';
import type { Gpid, NodeId } from '../../../model/vocabulary.ts';
import { Cluster, META, NODES } from './cluster.ts';

/** Asks for another primary and waits until it serves. */
function move(c: Cluster, gpid: Gpid, to: NodeId): void {
  const box = c.call(META, 'RPC_CM_PROPOSE_BALANCER', { appName: 't', partitionIndex: 0, type: 'move_pri', from: '', to });
  c.runUntil(() => box.result !== undefined);
  expect(box.result?.body).toEqual({ error: 'ERR_OK', hint: '', appId: 1 });
  c.runUntil(() => c.isServing(gpid) && c.primary(gpid) === to);
}

function write(c: Cluster, gpid: Gpid, key: string, value: string): void {
  const box = c.put(gpid, key, value);
  c.runUntil(() => box.result !== undefined);
  expect(box.result?.error).toBe('ERR_OK');
}

function targetOf(c: Cluster, gpid: Gpid): NodeId {
  const target = NODES.find((node) => node !== c.primary(gpid));
  if (target === undefined) throw new Error('one member only');
  return target;
}

describe('a primary that is moved (FM12)', () => {
  it('is at each member in turn, keeps what was written, and takes two ballots each time', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    write(c, gpid, 'k', 'v0');
    let ballot = 3;
    for (const [i, to] of [...NODES, ...NODES].entries()) {
      if (to === c.primary(gpid)) continue;
      move(c, gpid, to);
      ballot += 2;
      expect(c.replica(to, gpid).ballot()).toBe(ballot);
      expect(c.read(gpid, 'k')).toBe(`v0`);
      write(c, gpid, `k${i}`, `v${i}`);
      c.run(50);
      expect(NODES.map((node) => c.replica(node, gpid).status()).toSorted()).toEqual(['PS_PRIMARY', 'PS_SECONDARY', 'PS_SECONDARY']);
      expect(NODES.map((node) => c.replica(node, gpid).metaRequester.pendingRequest())).toEqual([undefined, undefined, undefined]);
    }
    expect(ballot).toBeGreaterThan(11);
    expect(c.checks()).toEqual([]);
  });

  it('commits again what was acknowledged before anybody reads there', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    write(c, gpid, 'a', 'old');
    write(c, gpid, 'a', 'new');
    const to = targetOf(c, gpid);
    // The newest write is committed at the primary only.
    expect(c.replica(to, gpid).lastCommittedDecree()).toBeLessThan(c.replica(c.primary(gpid), gpid).lastCommittedDecree());
    const maxPrepared = c.replica(to, gpid).maxPreparedDecree();
    move(c, gpid, to);
    expect(c.replica(to, gpid).primaryStates.lastPrepareDecreeOnNewPrimary).toBe(maxPrepared);
    expect(c.replica(to, gpid).lastCommittedDecree()).toBeGreaterThanOrEqual(maxPrepared);
    expect(c.read(gpid, 'a')).toBe('new');
  });

  it('refuses users while it asks, and drops what waited', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const from = c.primary(gpid);
    const config = c.replica(from, gpid).primaryStates.membership;
    expect(c.replica(from, gpid).configurator.onConfigProposal({ app: c.replica(from, gpid).app, type: 'CT_DOWNGRADE_TO_SECONDARY', node: from, config })).toBe('ERR_OK');
    expect(c.replica(from, gpid).status()).toBe('PS_INACTIVE');
    const box = c.put(gpid, 'k', 'v', from);
    c.runUntil(() => box.result !== undefined);
    expect(box.result?.error).toBe('ERR_INVALID_STATE');
    // Nobody wished it, and a partition without a primary gets one all the same.
    c.runUntil(() => c.isServing(gpid));
    expect(c.replica(c.primary(gpid), gpid).ballot()).toBe(5);
  });

  it('goes to no member whose log does not reach what the configuration tells', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const to = targetOf(c, gpid);
    const replica = c.replica(to, gpid);
    const { configurator } = replica;
    const config = { gpid, ballot: replica.ballot(), maxReplicaCount: 3, primary: '', secondaries: NODES, lastDrops: [], lastCommittedDecree: replica.maxPreparedDecree() } as const;
    const propose = (lastCommittedDecree: number): string =>
      configurator.onConfigProposal({ app: replica.app, type: 'CT_UPGRADE_TO_PRIMARY', node: to, config: { ...config, lastCommittedDecree } });
    expect(propose(config.lastCommittedDecree + 1)).toBe('ERR_INCOMPLETE_DATA');
    expect(replica.status()).toBe('PS_SECONDARY');
    expect(replica.metaRequester.pendingRequest()).toBeUndefined();
    expect(configurator.onConfigProposal({ app: replica.app, type: 'CT_DOWNGRADE_TO_SECONDARY', node: to, config })).toBe('ERR_INVALID_STATE');
  });
});
