import { describe, expect, it } from 'vitest';
import { threadHash } from '../../../../impl/protocol/gpid.ts';
import { NODES } from '../cluster.ts';
import { DUP, DupCluster, entryOf, FakePipeline } from './fakes.ts';

function requestsOf(c: DupCluster, node: string): number[] {
  return c.sent.filter((m) => m.code === 'RPC_CM_DUPLICATION_SYNC' && m.kind === 'request' && m.from === node).map((m) => m.atUs);
}

describe('the duplication sync timer (dup 4.1)', () => {
  it('every server asks once a period, the first time after one, with an empty list when it has no primary', () => {
    const c = new DupCluster();
    c.sync(3);
    const secondary = c.secondary();
    for (const node of NODES) {
      const times = requestsOf(c, node);
      expect(times.length).toBeGreaterThanOrEqual(3);
      expect(times[0]).toBeGreaterThanOrEqual(1_000_000);
      for (let i = 1; i < times.length; i++) {
        const gapUs = (times[i] ?? 0) - (times[i - 1] ?? 0);
        expect(gapUs).toBeGreaterThanOrEqual(1_000_000);
        expect(gapUs).toBeLessThan(1_001_000);
      }
    }
    expect(c.meta.asked.filter((a) => a.request.node === secondary).every((a) => a.request.confirms.length === 0)).toBe(true);
  });

  it('skips while the former sync is on its way; a timeout ends it after dupSyncTimeoutMs', () => {
    const c = new DupCluster({ settings: { dupSyncTimeoutMs: 3500 } });
    c.sync();
    const node = c.primary(c.gpid);
    c.meta.response = undefined;
    const before = requestsOf(c, node).length;
    c.run(9500);
    const times = requestsOf(c, node).slice(before);
    expect(times.length).toBe(3);
    for (let i = 1; i < times.length; i++) {
      expect(Math.round(((times[i] ?? 0) - (times[i - 1] ?? 0)) / 100_000)).toBe(40);
    }
    c.tell(entryOf('DS_LOG', { 0: 0 }));
    c.run(4500);
    expect(c.dup()?.status()).toBe('DS_LOG');
  });

  it('a server that is not connected asks nothing', () => {
    const c = new DupCluster();
    const node = c.primary(c.gpid);
    c.server(node).connection.stop();
    const before = requestsOf(c, node).length;
    c.run(5000);
    expect(requestsOf(c, node).length).toBe(before);
    c.server(node).onConfigurationQueried();
    c.sync();
    expect(requestsOf(c, node).length).toBeGreaterThan(before);
  });

  it('a refusal changes nothing', () => {
    const c = new DupCluster();
    c.tell(entryOf('DS_LOG', { 0: 0 }));
    c.sync();
    for (const error of ['ERR_OBJECT_NOT_FOUND', 'ERR_FORWARD_TO_OTHERS', 'ERR_SERVICE_NOT_ACTIVE'] as const) {
      c.meta.response = { error, apps: [] };
      c.sync();
      expect(c.dup()?.status()).toBe('DS_LOG');
    }
    expect(FakePipeline.built.length).toBe(1);
  });

  it('is not started when duplication is disabled, and ends with a graceful stop', () => {
    const disabled = new DupCluster({ settings: { duplicationEnabled: false } });
    disabled.run(5000);
    expect(disabled.meta.asked).toEqual([]);
    const c = new DupCluster();
    c.tell(entryOf('DS_LOG', { 0: 0 }));
    c.sync();
    const node = c.primary(c.gpid);
    c.server(node).stop();
    expect(c.pipeline().state).toBe('stopped');
    const before = requestsOf(c, node).length;
    c.run(5000);
    expect(requestsOf(c, node).length).toBe(before);
  });

  it('reports the duplicators of all partitions, and takes each partition’s own progress', () => {
    const c = new DupCluster({}, 3);
    c.meta.persisting = true;
    c.tell(entryOf('DS_LOG', { 0: -1, 1: -1, 2: -1 }));
    c.run(3500);
    const confirms = c.meta.asked.flatMap((a) => a.request.confirms);
    expect(confirms.every((e) => e.confirmedDecree === 0 && e.dupId === DUP)).toBe(true);
    expect([...new Set(confirms.map((e) => e.gpid))].sort()).toEqual([0, 1, 2].map((i) => `${c.appId}.${i}`));
    for (let i = 0; i < 3; i++) {
      const gpid = `${c.appId}.${i}`;
      const dup = c.replica(c.primary(gpid), gpid).duplicatorManager.duplications.get(DUP);
      expect([dup?.confirmedDecree(), dup?.lastDecree()]).toEqual([0, 0]);
    }
    expect(confirms.length).toBe(3);
  });
});

describe('remote commands (dup 3.2, 10)', () => {
  it('replica.query-progress tells both decrees of each duplication, replica.metrics what was counted', () => {
    const c = new DupCluster();
    c.write(4);
    c.tell(entryOf('DS_LOG', { 0: 1 }, 9), entryOf('DS_PAUSE', { 0: 2 }, 8));
    c.sync(2);
    FakePipeline.built[0]?.seen.onShipped(3);
    const primary = c.primary(c.gpid);
    expect(c.cli(primary, 'replica.query-progress', c.gpid)).toMatchObject({
      error: 'ERR_OK', status: 'PS_PRIMARY', lastApplied: 4, lastCommitted: 4, duplicating: true, minConfirmed: 1,
      duplications: [
        { dupId: 8, status: 'DS_PAUSE', replica_confirmed_decree: 2, meta_persisted_decree: 2 },
        { dupId: 9, status: 'DS_LOG', failMode: 'FAIL_SLOW', replica_confirmed_decree: 3, meta_persisted_decree: 1 },
      ],
    });
    c.sync();
    expect(c.cli(primary, 'replica.metrics', c.gpid)).toEqual({
      error: 'ERR_OK', metrics: expect.objectContaining({ dup_pending_mutations: 3 }),
    });
    expect(c.cli(primary, 'replica.metrics', '9.9')).toEqual({ error: 'ERR_OK', metrics: {} });
    expect(threadHash(c.gpid)).toBeGreaterThan(0);
  });
});

describe('housekeeping in the long pool (repl 3.2)', () => {
  it('statistics run each interval, and keep a lone worker from checkpoints and log loading', () => {
    const c = new DupCluster({ settings: { replicasStatIntervalMs: 500, diskStatIntervalMs: 700 } });
    c.write(1);
    const node = c.primary(c.gpid);
    expect(c.server(node).metrics.get(c.gpid, 'private_log_size_mb')).toBe(0);
    c.run(1500);
    const sizeMb = c.server(node).metrics.get(c.gpid, 'private_log_size_mb');
    expect(sizeMb * (1 << 20)).toBe(c.replica(node, c.gpid).privateLog?.totalSizeBytes());
    expect(sizeMb).toBeGreaterThan(0);
  });
});
