/** The result tables of repl 2.1, row by row, with their errors; what each leaves on disk. */
import { describe, expect, test } from 'vitest';
import { CheckFailed } from '../../../../impl/env/contract.ts';
import { DATA, checkpointDirs, decrees, newApp, write } from './appWorld.ts';
import type { AppWorld } from './appWorld.ts';

function flushed(world: AppWorld): void {
  world.app.flushAllFamilyColumns();
}
const last = (world: AppWorld) => world.process.claims.findLast((claim) => claim.kind === 'checkpoint.ended');

describe.each([false, true])('asyncCheckpoint(flush = %s)', (flush) => {
  test('token taken: ERR_WRONG_TIMING', () => {
    const world = newApp();
    write(world);
    expect(world.app.takeToken()).toBe(true);
    expect(world.app.asyncCheckpoint(flush, 'periodic')).toEqual({ error: 'ERR_WRONG_TIMING', durable: 0 });
    expect(world.app.syncCheckpoint('start-up').error).toBe('ERR_WRONG_TIMING');
    expect(world.app.copyCheckpointToDir('1.0.pegasus/x', flush).error).toBe('ERR_WRONG_TIMING');
    world.app.releaseToken();
    flushed(world);
    expect(world.app.asyncCheckpoint(flush, 'periodic')).toEqual({ error: 'ERR_OK', durable: 1 });
    expect(world.app.takeToken()).toBe(true);
  });

  test('D == C: ERR_OK, nothing', () => {
    const world = newApp();
    const calls = world.disk.calls;
    expect(world.app.asyncCheckpoint(flush, 'periodic')).toEqual({ error: 'ERR_OK', durable: 0 });
    expect(world.disk.calls).toBe(calls);
    expect(world.process.pending()).toEqual([]);
    const claim = { kind: 'checkpoint.ended', gpid: '1.0', trigger: 'periodic', error: 'ERR_OK', durable: 0 };
    expect(last(world)).toEqual(claim);
  });

  test('D == F < C', () => {
    const world = newApp();
    write(world, 3);
    const calls = world.disk.calls;
    const result = world.app.asyncCheckpoint(flush, 'remote-command');
    expect(result).toEqual({ error: flush ? 'ERR_TRY_AGAIN' : 'ERR_OK', durable: 0 });
    expect(world.disk.calls).toBe(calls);
    expect(world.process.pending()).toEqual(flush ? ['LPC_STORAGE_FLUSH onFlush'] : []);
    write(world);
    world.process.run();
    expect(decrees(world)).toEqual([0, flush ? 3 : 0, 4]);
    if (!flush) return;
    expect(world.app.asyncCheckpoint(false, 'retry-after-flush')).toEqual({ error: 'ERR_OK', durable: 3 });
    expect(decrees(world)).toEqual([3, 3, 4]);
  });

  test('D < F: a checkpoint of what is flushed, with flush of everything', () => {
    const world = newApp();
    write(world, 2);
    flushed(world);
    write(world, 2);
    const decree = flush ? 4 : 2;
    expect(world.app.asyncCheckpoint(flush, 'periodic')).toEqual({ error: 'ERR_OK', durable: decree });
    expect(decrees(world)).toEqual([decree, decree, 4]);
    expect(world.app.listCheckpoints()).toEqual([decree]);
    expect(checkpointDirs(world.disk)).toEqual([`checkpoint.${decree}`]);
    expect(last(world)).toMatchObject({ error: 'ERR_OK', durable: decree });
    // Hard links of the live database, with a CURRENT of its own.
    const live = world.disk.files(`${DATA}/rdb`);
    const copy = world.disk.files(`${DATA}/checkpoint.${decree}`);
    expect(copy).toEqual(live);
    for (const name of live) {
      const [there, here] = [`${DATA}/rdb/${name}`, `${DATA}/checkpoint.${decree}/${name}`];
      expect(world.disk.names.get(here) === world.disk.names.get(there), name).toBe(name !== 'CURRENT');
    }
  });

  test.each([
    ['mkdir 1.0.pegasus/data/checkpoint.tmp', 'ERR_LOCAL_APP_FAILURE'],
    ['link 1.0.pegasus/data/checkpoint.tmp', 'ERR_LOCAL_APP_FAILURE'],
    ['sync 1.0.pegasus/data/checkpoint.tmp', 'ERR_LOCAL_APP_FAILURE'],
    ['read 1.0.pegasus/data/checkpoint.tmp', 'ERR_LOCAL_APP_FAILURE'],
  ] as const)('disk error at %s: %s', (call, error) => {
    const world = newApp();
    write(world, 2);
    flushed(world);
    world.disk.failMatching = call;
    expect(world.app.asyncCheckpoint(flush, 'periodic')).toEqual({ error, durable: 0 });
    world.disk.calm();
    expect(checkpointDirs(world.disk).filter((name) => /^checkpoint\.\d+$/.test(name))).toEqual([]);
    expect(world.app.asyncCheckpoint(flush, 'periodic')).toEqual({ error: 'ERR_OK', durable: 2 });
    expect(world.app.listCheckpoints()).toEqual([2]);
  });

  test('directory operations: ERR_FILE_OPERATION_FAILED', () => {
    const world = newApp();
    write(world);
    flushed(world);
    // The second rename of a creation gives the final name.
    const renames = `rename ${DATA}/checkpoint.tmp.${world.disk.wallUs()}`;
    world.disk.trace.length = 0;
    const before = world.disk.calls;
    const probe = newApp();
    write(probe);
    flushed(probe);
    probe.disk.trace.length = 0;
    probe.app.asyncCheckpoint(flush, 'periodic');
    world.disk.failAt = before + probe.disk.trace.indexOf(renames) + 1;
    expect(world.app.asyncCheckpoint(flush, 'periodic')).toEqual({ error: 'ERR_FILE_OPERATION_FAILED', durable: 0 });
    expect(checkpointDirs(world.disk)).toEqual([]);
    expect(world.app.asyncCheckpoint(flush, 'periodic')).toEqual({ error: 'ERR_OK', durable: 1 });
  });
});

describe('asynchronous flush', () => {
  test('that cannot start: ERR_LOCAL_APP_FAILURE; writes are refused until a blocking flush succeeds', () => {
    const world = newApp();
    write(world, 2);
    expect(world.app.asyncCheckpoint(true, 'manual-emergency').error).toBe('ERR_TRY_AGAIN');
    world.disk.failMatching = 'sync';
    world.process.run();
    world.disk.calm();
    expect(decrees(world)).toEqual([0, 0, 2]);
    expect(world.app.asyncCheckpoint(true, 'manual-emergency').error).toBe('ERR_LOCAL_APP_FAILURE');
    expect(() => {
      write(world);
    }).toThrow('ERR_DISK_IO_ERROR');
    expect(decrees(world)).toEqual([0, 0, 2]);
    expect(world.app.syncCheckpoint('start-up')).toEqual({ error: 'ERR_OK', durable: 2 });
    write(world);
    expect(world.app.get('\0\x02k1', 0)?.value).toBe('v1');
  });

  test('D <= F <= C is checked', () => {
    const world = newApp();
    write(world);
    world.app.readDecrees = () => ({ durable: 0, flushed: 2, committed: 1 });
    expect(() => world.app.asyncCheckpoint(false, 'periodic')).toThrow(CheckFailed);
  });
});

describe('syncCheckpoint', () => {
  test('D == C: ERR_OK, nothing', () => {
    const world = newApp();
    expect(world.app.syncCheckpoint('start-up')).toEqual({ error: 'ERR_OK', durable: 0 });
    expect(checkpointDirs(world.disk)).toEqual([]);
  });

  test('flushes and makes checkpoint.<C>, also when C is a mutation without rows', () => {
    const world = newApp();
    write(world, 5);
    expect(world.app.syncCheckpoint('start-up')).toEqual({ error: 'ERR_OK', durable: 5 });
    expect(decrees(world)).toEqual([5, 5, 5]);
    expect(checkpointDirs(world.disk)).toEqual(['checkpoint.5']);
    expect(last(world)).toMatchObject({ trigger: 'start-up', error: 'ERR_OK', durable: 5 });
  });

  test('one failure of the copy is retried, two are ERR_LOCAL_APP_FAILURE', () => {
    const world = newApp();
    write(world);
    world.disk.failMatching = 'link';
    expect(world.app.syncCheckpoint('start-up').error).toBe('ERR_LOCAL_APP_FAILURE');
    expect(checkpointDirs(world.disk)).not.toContain('checkpoint.1');
    world.disk.calm();
    write(world);
    // The first call of the copy itself, behind the check whether the directory is there.
    world.disk.failAt = world.disk.calls + 2;
    expect(world.app.syncCheckpoint('start-up')).toEqual({ error: 'ERR_OK', durable: 2 });
  });

  test('a write between label and copy ends the process (defect ckpt-sync-under-writes)', () => {
    const world = newApp();
    write(world);
    const label = world.app.beginSyncCheckpoint();
    write(world);
    expect(() => world.app.finishSyncCheckpoint(label ?? 0, 'manual-compaction')).toThrow(CheckFailed);
  });

  test('a target that cannot be removed: ERR_FILE_OPERATION_FAILED', () => {
    const world = newApp();
    write(world);
    world.disk.mkdir(`${DATA}/checkpoint.1/x`);
    world.disk.failMatching = `remove ${DATA}/checkpoint.1`;
    expect(world.app.syncCheckpoint('start-up').error).toBe('ERR_FILE_OPERATION_FAILED');
    world.disk.calm();
    expect(world.app.syncCheckpoint('start-up')).toEqual({ error: 'ERR_OK', durable: 1 });
    expect(world.disk.exists(`${DATA}/checkpoint.1/x`)).toBe(false);
  });
});

describe('copies and fetching', () => {
  test('copyCheckpointToDir replaces the directory and tells the decree', () => {
    const world = newApp();
    write(world, 2);
    expect(world.app.copyCheckpointToDir('1.0.pegasus/backup', false)).toEqual({ error: 'ERR_OK', decree: 0 });
    expect(world.app.copyCheckpointToDir('1.0.pegasus/backup', true)).toEqual({ error: 'ERR_OK', decree: 2 });
    expect(world.disk.files('1.0.pegasus/backup')).toContain('CURRENT');
    expect(world.app.listCheckpoints()).toEqual([]);
    world.disk.failMatching = 'link';
    expect(world.app.copyCheckpointToDir('1.0.pegasus/backup', false).error).toBe('ERR_LOCAL_APP_FAILURE');
  });

  test('getCheckpoint', () => {
    const world = newApp();
    expect(world.app.getCheckpoint()).toMatchObject({ error: 'ERR_OBJECT_NOT_FOUND', files: [], decree: 0 });
    write(world, 2);
    world.app.syncCheckpoint('start-up');
    const { error, dir, files, decree } = world.app.getCheckpoint();
    expect([error, dir, decree]).toEqual(['ERR_OK', `${DATA}/checkpoint.2`, 2]);
    expect(files).toEqual(world.disk.files(dir));
    expect(files.length).toBe(3);
    world.disk.failMatching = 'list';
    expect(world.app.getCheckpoint()).toMatchObject({ error: 'ERR_FILE_OPERATION_FAILED', files: [] });
  });
});
