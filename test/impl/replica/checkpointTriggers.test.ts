import { describe, expect, it } from 'vitest';
import type { Gpid } from '../../../model/vocabulary.ts';
import { Cluster, NODES } from './cluster.ts';

const QUIET = { checkpointDisabled: true, groupCheckDisabled: true };

function write(c: Cluster, gpid: Gpid, key: string): void {
  const box = c.put(gpid, key, 'v');
  c.runUntil(() => box.result !== undefined);
  expect(box.result?.error).toBe('ERR_OK');
}

describe('manual emergency checkpoint (repl 2.3)', () => {
  it('an empty replica commits an empty write, flushes, and has checkpoint.1 about 10 s later (trace of 6.4)', () => {
    const c = new Cluster({ settings: QUIET });
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    expect(c.replica(primary, gpid).lastAppliedDecree()).toBe(0);
    const startUs = c.world.nowUs();
    const answer = c.cli(primary, 'replica.emergency-checkpoint', gpid, 'last-applied');
    expect(answer).toEqual({ error: 'ERR_OK', minDecree: 1, durable: 0 });
    expect(c.world.nowUs() - startUs).toBeGreaterThanOrEqual(100_000);
    expect(c.world.nowUs() - startUs).toBeLessThan(120_000);
    expect(c.replica(primary, gpid).lastAppliedDecree()).toBe(1);
    expect(c.claimsOf(primary, 'checkpoint.manual-flag')).toEqual([
      { kind: 'checkpoint.manual-flag', gpid, set: true, serverCount: 1 },
    ]);
    expect(c.cli(primary, 'replica.emergency-checkpoint', gpid, '1')).toMatchObject({ error: 'ERR_BUSY' });
    c.run(1000);
    expect(c.claimsOf(primary, 'checkpoint.ended')).toMatchObject([
      { trigger: 'manual-emergency', error: 'ERR_TRY_AGAIN', durable: 0 },
    ]);
    c.run(9500);
    expect(c.claimsOf(primary, 'checkpoint.ended').at(-1)).toMatchObject({
      trigger: 'retry-after-flush', error: 'ERR_OK', durable: 1,
    });
    expect(c.claimsOf(primary, 'checkpoint.manual-flag').at(-1)).toMatchObject({ set: false, serverCount: 0 });
    expect(c.cli(primary, 'replica.query-checkpoint', gpid, '1')).toEqual({
      error: 'ERR_OK', durable: 1, prepared: true, minDecree: 1,
    });
    expect(c.cli(primary, 'replica.emergency-checkpoint', gpid, '1')).toEqual({
      error: 'ERR_OK', minDecree: 1, durable: 1,
    });
    expect(c.checks()).toEqual([]);
  });

  it('an empty secondary cannot write: ERR_INVALID_STATE, and no abort (repl.R10)', () => {
    const c = new Cluster({ settings: QUIET });
    const gpid = `${c.createTable()}.0`;
    write(c, gpid, 'k');
    const secondary = NODES.find((node) => node !== c.primary(gpid)) ?? '';
    expect(c.replica(secondary, gpid).lastAppliedDecree()).toBe(0);
    expect(c.cli(secondary, 'replica.emergency-checkpoint', gpid, '1')).toEqual({
      error: 'ERR_INVALID_STATE', minDecree: 1, durable: 0,
    });
    expect(c.checks()).toEqual([]);
  });

  it('refuses a decree below 1, words that are none, and an absent replica', () => {
    const c = new Cluster({ settings: QUIET });
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    for (const word of ['0', '-1', 'x', '']) {
      expect(c.cli(primary, 'replica.emergency-checkpoint', gpid, word)).toMatchObject({
        error: 'ERR_INVALID_PARAMETERS',
      });
    }
    expect(c.cli(primary, 'replica.emergency-checkpoint', '9.9', '1')).toMatchObject({ error: 'ERR_OBJECT_NOT_FOUND' });
    expect(c.cli(primary, 'replica.emergency-checkpoint', 'nine', '1')).toBe('ERR_INVALID_PARAMETERS');
    expect(c.cli(primary, 'replica.unknown', gpid)).toBe('ERR_HANDLER_NOT_FOUND');
    expect(c.checks()).toEqual([]);
  });

  it('the server-wide limit refuses with ERR_TRY_AGAIN and counts nothing', () => {
    const c = new Cluster({ settings: { ...QUIET, maxConcurrentManualEmergencyCheckpoints: 1 } });
    const appId = c.createTable('t', 6);
    const node = NODES[0] ?? '';
    const own = [0, 1, 2, 3, 4, 5].map((i) => `${appId}.${i}`).filter((gpid) => c.primary(gpid) === node);
    expect(own.length).toBeGreaterThan(1);
    const [first = '', second = ''] = own;
    expect(c.cli(node, 'replica.emergency-checkpoint', first, 'last-applied')).toMatchObject({ error: 'ERR_OK' });
    expect(c.cli(node, 'replica.emergency-checkpoint', second, 'last-applied')).toMatchObject({
      error: 'ERR_TRY_AGAIN',
    });
    expect(c.server(node).manualCheckpointCount()).toBe(1);
    c.run(11_000);
    expect(c.server(node).manualCheckpointCount()).toBe(0);
    expect(c.cli(node, 'replica.emergency-checkpoint', second, 'last-applied')).toMatchObject({ error: 'ERR_OK' });
    expect(c.checks()).toEqual([]);
  });

  it('a smaller decree that is covered meanwhile gives flag and count back together (repl.R8)', () => {
    const c = new Cluster({ settings: QUIET });
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    c.cli(primary, 'replica.emergency-checkpoint', gpid, '1');
    c.run(10_500);
    write(c, gpid, 'k');
    expect(c.cli(primary, 'replica.emergency-checkpoint', gpid, '2')).toMatchObject({ error: 'ERR_OK' });
    expect(c.server(primary).manualCheckpointCount()).toBe(1);
    expect(c.cli(primary, 'replica.emergency-checkpoint', gpid, '1')).toMatchObject({ error: 'ERR_OK', durable: 1 });
    expect(c.server(primary).manualCheckpointCount()).toBe(0);
    expect(c.replica(primary, gpid).checkpoints.isManualFlagSet()).toBe(false);
    c.run(11_000);
    expect(c.server(primary).manualCheckpointCount()).toBe(0);
    expect(c.checks()).toEqual([]);
  });

  it('leaving PRIMARY gives flag and count back (repl.R9)', () => {
    const c = new Cluster({ settings: QUIET });
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    write(c, gpid, 'k');
    c.cli(primary, 'replica.emergency-checkpoint', gpid, 'last-applied');
    expect(c.server(primary).manualCheckpointCount()).toBe(1);
    for (const node of NODES) if (node !== primary) c.world.stopNode(node, 'crash');
    c.put(gpid, 'k2', 'v', primary);
    c.runUntil(() => c.replica(primary, gpid).status() === 'PS_INACTIVE');
    expect(c.server(primary).manualCheckpointCount()).toBe(0);
    expect(c.claimsOf(primary, 'checkpoint.manual-flag').map((f) => [f.set, f.serverCount])).toEqual([
      [true, 1], [false, 0],
    ]);
    expect(c.checks()).toEqual([]);
  });

  it('only the primary says that a checkpoint is prepared', () => {
    const c = new Cluster({ settings: QUIET });
    const gpid = `${c.createTable()}.0`;
    const secondary = NODES.find((node) => node !== c.primary(gpid)) ?? '';
    expect(c.cli(secondary, 'replica.query-checkpoint', gpid, '1')).toMatchObject({
      error: 'ERR_INVALID_STATE', prepared: false,
    });
    expect(c.cli(c.primary(gpid), 'replica.query-checkpoint', gpid, '1')).toMatchObject({
      error: 'ERR_OK', prepared: false, durable: 0,
    });
    expect(c.cli(c.primary(gpid), 'replica.query-checkpoint', gpid, '0')).toMatchObject({
      error: 'ERR_INVALID_PARAMETERS',
    });
    expect(c.cli(c.primary(gpid), 'replica.query-checkpoint', '7.0', '1')).toMatchObject({
      error: 'ERR_OBJECT_NOT_FOUND',
    });
  });
});

describe('other triggers (repl 2.2)', () => {
  it('replica.trigger-checkpoint starts one on PRIMARY and SECONDARY only', () => {
    const c = new Cluster({ settings: QUIET });
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    c.forget();
    write(c, gpid, 'k');
    write(c, gpid, 'k2');
    for (const node of NODES) expect(c.cli(node, 'replica.trigger-checkpoint', gpid)).toEqual({ triggered: true });
    expect(c.cli(NODES[0] ?? '', 'replica.trigger-checkpoint', '9.9')).toEqual({ triggered: false });
    c.run(11_000);
    for (const node of NODES) {
      expect(c.claimsOf(node, 'checkpoint.ended').map((e) => [e.trigger, e.error])).toEqual([
        ['remote-command', 'ERR_TRY_AGAIN'],
        ['retry-after-flush', 'ERR_OK'],
      ]);
      // The primary has committed both writes, a secondary only what the second prepare said.
      expect(c.replica(node, gpid).lastDurableDecree()).toBe(node === primary ? 2 : 1);
    }
    expect(c.checks()).toEqual([]);
  });

  it('the timer ticks at once and after each interval, and forces a checkpoint past the maximum interval', () => {
    const settings = { checkpointIntervalMs: 1000, checkpointMaxIntervalMs: 8000, groupCheckIntervalMs: 600_000 };
    const c = new Cluster({ settings });
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    write(c, gpid, 'k');
    c.run(5000);
    expect(c.replica(primary, gpid).lastDurableDecree()).toBe(0);
    const plain = c.claimsOf(primary, 'checkpoint.ended');
    expect(plain.length).toBeGreaterThanOrEqual(4);
    expect(plain.every((e) => e.trigger === 'periodic' && e.error === 'ERR_OK')).toBe(true);
    c.run(4000);
    expect(c.claimsOf(primary, 'checkpoint.ended').some((e) => e.trigger === 'max-interval')).toBe(true);
    expect(c.replica(primary, gpid).lastDurableDecree()).toBe(1);
    expect(c.checks()).toEqual([]);
  });

  it('no timer when checkpoints are disabled', () => {
    const c = new Cluster({ settings: { ...QUIET, checkpointIntervalMs: 1000 } });
    c.createTable();
    c.forget();
    c.run(5000);
    for (const node of NODES) expect(c.claimsOf(node, 'checkpoint.ended')).toEqual([]);
  });

  it('the log is collected up to the last checkpoint (repl 2.10)', () => {
    const settings = {
      checkpointIntervalMs: 1000,
      checkpointMaxIntervalMs: 2000,
      logPrivateFileSizeBytes: 512,
      logPrivateReserveMaxSizeBytes: 1,
      logPrivateReserveMaxTimeSeconds: 1,
    };
    const c = new Cluster({ settings });
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    for (let i = 0; i < 40; i++) write(c, gpid, `k${i}`);
    const before = c.world.diskView(primary).list(`${gpid}.pegasus/plog`).length;
    c.run(30_000);
    expect(c.world.diskView(primary).list(`${gpid}.pegasus/plog`).length).toBeLessThan(before);
    c.world.stopNode(primary, 'crash');
    c.world.startNode(primary);
    c.runUntil(() => c.isServing(gpid));
    expect(c.read(gpid, 'k39')).toBe('v');
    expect(c.checks()).toEqual([]);
  });
});
