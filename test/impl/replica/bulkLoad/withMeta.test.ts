/** The meta server's and the replicas' sides together (bl 6 to 17). */
import { describe, expect, it } from 'vitest';
import { META, NODES } from '../cluster.ts';
import { MetaCluster } from './metaCluster.ts';

describe('a load that the meta server runs', () => {
  it('comes in on all replicas, over older rows; writes go on, and nothing is left behind', () => {
    const c = new MetaCluster();
    c.write('a', 'old');
    c.write('k', 'kept');
    c.fillRows({ a: 'A', b: 'B', c: 'C' });
    expect(c.start()).toBe('ERR_OK');
    c.runToStatus('BLS_SUCCEED');
    expect(c.stored('abck')).toEqual(['A B C kept', 'A B C kept', 'A B C kept']);
    expect([c.read(c.gpid, 'a'), c.read(c.gpid, 'c'), c.write('c', 'newer')]).toEqual(['A', 'C', 'ERR_OK']);
    c.runToEnd();
    for (const node of NODES) expect([c.localFiles(node), c.loader(node).isCleanedUp()]).toEqual([[], true]);
    expect([c.query().appStatus, c.read(c.gpid, 'c')]).toEqual(['BLS_SUCCEED', 'newer']);
    expect(c.checks()).toEqual([]);
  });

  it('is read through each of its members as the primary', () => {
    const c = new MetaCluster();
    c.write('a', 'old');
    c.fillRows({ a: 'A', b: 'B', c: 'C' });
    expect(c.start()).toBe('ERR_OK');
    c.runToStatus('BLS_SUCCEED');
    c.runToEnd();
    for (const node of [...NODES].reverse()) {
      if (c.primaryNode() !== node) expect(c.movePrimary(node)).toBe('ERR_OK');
      c.runUntil(() => c.isServing(c.gpid) && c.primaryNode() === node);
      expect(['a', 'b', 'c'].map((key) => c.read(c.gpid, key))).toEqual(['A', 'B', 'C']);
    }
    expect(c.checks()).toEqual([]);
  });

  it('is followed by another from the same place, with other rows', () => {
    const c = new MetaCluster();
    for (const round of ['1', '2']) {
      c.fillRows({ a: `A${round}`, b: `B${round}`, [round]: 'new' });
      expect(c.start()).toBe('ERR_OK');
      c.runToStatus('BLS_SUCCEED');
      c.runToEnd();
      expect(c.query().appStatus).toBe('BLS_SUCCEED');
    }
    expect(c.stored('ab12')).toEqual(['A2 B2 new new', 'A2 B2 new new', 'A2 B2 new new']);
    expect(c.checks()).toEqual([]);
  });

  it('of files that are no sets of rows fails on all, and brings nothing', () => {
    const c = new MetaCluster();
    c.write('a', 'old');
    c.fill();
    expect(c.start()).toBe('ERR_OK');
    c.runToStatus('BLS_FAILED');
    c.runToEnd();
    for (const node of NODES) expect(c.loader(node).isCleanedUp()).toBe(true);
    expect(c.stored('ab')).toEqual(['old -', 'old -', 'old -']);
    expect(c.write('a', 'new')).toBe('ERR_OK');
    expect(c.checks()).toEqual([]);
  });

  it('comes in though its write is delayed by throttling (#2156)', () => {
    const c = new MetaCluster({ settings: { configSyncIntervalMs: 1000 } });
    const set = { 'replica.write_throttling': '1*delay*300' };
    const box = c.call(META, 'RPC_CM_UPDATE_APP_ENV', { appName: 't', set });
    c.runUntil(() => box.result !== undefined);
    c.fillRows({ a: 'A', b: 'B', c: 'C' });
    expect(c.start()).toBe('ERR_OK');
    c.runToStatus('BLS_INGESTING');
    // Users keep the budget of every second used up.
    for (let i = 0; i < 400 && c.query().appStatus === 'BLS_INGESTING'; i++) {
      c.put(c.gpid, 'u', String(i));
      c.put(c.gpid, 'v', String(i));
      c.run(100);
    }
    expect(c.query().appStatus).toBe('BLS_SUCCEED');
    expect(c.stored('abc')).toEqual(['A B C', 'A B C', 'A B C']);
    const { metrics } = c.server(c.primaryNode());
    expect(metrics.get(c.gpid, 'throttling_delayed_write_requests')).toBeGreaterThan(0);
    expect(c.checks()).toEqual([]);
  });

  it('is downloaded by all, and the replicas hear of INGESTING', () => {
    const c = new MetaCluster();
    c.fill();
    expect(c.start()).toBe('ERR_OK');
    c.runToStatus('BLS_INGESTING');
    for (const node of NODES) expect(c.loader(node).downloader.progress).toBe(100);
    c.runUntil(() => NODES.every((node) => c.loader(node).localStatus === 'BLS_INGESTING'));
    expect(c.checks()).toEqual([]);
  });

  it('fails with what a replica found, and leaves nothing behind', () => {
    const c = new MetaCluster();
    c.fill();
    c.putFile('a.sst', Buffer.from('other bytes'));
    expect(c.start()).toBe('ERR_OK');
    c.runToStatus('BLS_FAILED');
    c.runToEnd();
    for (const node of NODES) expect(c.loader(node).isCleanedUp()).toBe(true);
    expect(c.checks()).toEqual([]);
  });

  it('is canceled on the way, and can be started again with other files', () => {
    const c = new MetaCluster();
    c.fill();
    expect(c.start()).toBe('ERR_OK');
    c.run(500);
    expect(c.control('BLC_CANCEL')).toBe('ERR_OK');
    c.runToEnd();
    expect(c.query().appStatus).toBe('BLS_CANCELED');
    for (const node of NODES) expect([c.localFiles(node), c.loader(node).isCleanedUp()]).toEqual([[], true]);
    c.fill(['z.sst']);
    expect(c.start()).toBe('ERR_OK');
    c.runToStatus('BLS_DOWNLOADED');
    for (const node of NODES) expect(c.localFiles(node)).toEqual(['bulk_load_metadata', 'z.sst']);
    expect(c.checks()).toEqual([]);
  });

  it('is paused, and goes on', () => {
    const c = new MetaCluster();
    c.fill();
    expect(c.start()).toBe('ERR_OK');
    c.run(500);
    expect(c.control('BLC_PAUSE')).toBe('ERR_OK');
    c.runToStatus('BLS_PAUSED');
    for (const node of NODES) expect(c.loader(node).localStatus).toBe('BLS_PAUSED');
    expect(c.control('BLC_RESTART')).toBe('ERR_OK');
    c.runToStatus('BLS_INGESTING');
    expect(c.query().partitionsStatus).toEqual(['BLS_INGESTING']);
    expect(c.checks()).toEqual([]);
  });
});
