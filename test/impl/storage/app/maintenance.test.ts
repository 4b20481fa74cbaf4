/** Checkpoint GC (repl 2.6, the traces of 6.4) and manual compaction (repl 2.2) with writes going on. */
import { describe, expect, test } from 'vitest';
import { CheckFailed, task } from '../../../../impl/env/contract.ts';
import { StorageApp } from '../../../../impl/storage/app/storageApp.ts';
import { DATA, checkpointDirs, decrees, key, mutation, newApp, remove, reopened, write } from './appWorld.ts';
import type { AppWorld } from './appWorld.ts';

const NAMES = [10, 20, 30, 40];

/** Checkpoints 10, 20, 30, 40 of the given ages in seconds; nothing collected so far. */
function withAges(ages: readonly number[]): AppWorld {
  const world = newApp({ checkpointReserveMinCount: 100 });
  for (const decree of NAMES) {
    write(world, decree - world.app.lastCommittedDecree());
    world.app.syncCheckpoint('start-up');
  }
  const now = world.disk.wallUs();
  ages.forEach((age, i) => {
    world.disk.setAge(`${DATA}/checkpoint.${NAMES[i]}/CURRENT`, now - age * 1_000_000);
  });
  return world;
}

function collect(world: AppWorld, minCount: number, reserveSeconds: number): readonly number[] {
  world.app.updateAppEnvs({
    'rocksdb.checkpoint.reserve_min_count': String(minCount),
    'rocksdb.checkpoint.reserve_time_seconds': String(reserveSeconds),
  });
  world.app.gcCheckpoints(false);
  const left = world.app.listCheckpoints();
  expect(checkpointDirs(world.disk)).toEqual(left.map((decree) => `checkpoint.${decree}`));
  expect(world.app.lastDurableDecree()).toBe(40);
  return left;
}

describe('gcCheckpoints', () => {
  test.each([
    ['trace of repl 6.4', [4000, 1900, 1000, 0], 2, 1800, [30, 40]],
    ['second trace of repl 6.4', [4000, 1000, 900, 0], 2, 1800, [20, 30, 40]],
    ['stops at the first that is not expired', [1000, 4000, 4000, 4000], 1, 1800, [10, 20, 30, 40]],
    ['exactly the reserve time is not yet expired', [1800, 1801, 0, 0], 1, 1800, [10, 20, 30, 40]],
    ['one second more is', [1801, 1800, 0, 0], 1, 1800, [20, 30, 40]],
    ['the newest stays', [9000, 9000, 9000, 9000], 1, 1800, [40]],
    ['min_count or fewer: nothing', [9000, 9000, 9000, 9000], 4, 1800, [10, 20, 30, 40]],
    ['more than there are', [9000, 9000, 9000, 9000], 7, 0, [10, 20, 30, 40]],
    ['no reserve time', [0, 0, 0, 0], 3, 0, [20, 30, 40]],
  ] as const)('%s', (_, ages, minCount, reserveSeconds, left) => {
    expect(collect(withAges(ages), minCount, reserveSeconds)).toEqual(left);
  });

  test('a checkpoint without CURRENT is expired; one whose time cannot be read is not', () => {
    const world = withAges([0, 9000, 9000, 9000]);
    world.disk.remove(`${DATA}/checkpoint.10/CURRENT`);
    world.disk.failMatching = `info ${DATA}/checkpoint.30/CURRENT`;
    expect(collect(world, 1, 1800)).toEqual([30, 40]);
  });

  test('force keeps one, whatever the table says', () => {
    const world = withAges([0, 0, 0, 0]);
    world.app.gcCheckpoints(true);
    expect(checkpointDirs(world.disk)).toEqual(['checkpoint.40']);
  });

  test('what cannot be removed stays in the list; a missing directory counts as removed', () => {
    const world = withAges([0, 0, 0, 0]);
    world.disk.remove(`${DATA}/checkpoint.10`, { recursive: true });
    world.disk.failMatching = `remove ${DATA}/checkpoint.20`;
    expect(collect(world, 1, 0)).toEqual([20, 40]);
    world.disk.calm();
    expect(collect(world, 1, 0)).toEqual([40]);
  });

  test('one invalid value: both are ignored; absent ones are the settings', () => {
    const world = newApp();
    const reserve = () => [world.app.reserveMinCount(), world.app.reserveTimeSeconds()];
    const set = (count: string, time: string) => {
      world.app.updateAppEnvs({
        'rocksdb.checkpoint.reserve_min_count': count,
        'rocksdb.checkpoint.reserve_time_seconds': time,
      });
      return reserve();
    };
    expect(reserve()).toEqual([2, 1800]);
    expect(set('3', '0')).toEqual([3, 0]);
    expect(set('0', '5')).toEqual([3, 0]);
    expect(set('5', '-1')).toEqual([3, 0]);
    expect(set('x', '5')).toEqual([3, 0]);
    expect(set('5', '')).toEqual([3, 0]);
    world.app.updateAppEnvs({ 'rocksdb.checkpoint.reserve_min_count': '1' });
    expect(reserve()).toEqual([1, 1800]);
    world.app.updateAppEnvs({});
    expect(reserve()).toEqual([2, 1800]);
  });

  test('runs after each creation with the defaults', () => {
    const world = newApp();
    for (let i = 0; i < 4; i++) {
      write(world);
      world.app.syncCheckpoint('start-up');
      world.process.wallSeconds += 1000;
    }
    // Ages at the last creation: 3000, 2000, 1000, 0.
    expect(world.app.listCheckpoints()).toEqual([3, 4]);
  });
});

const ONCE = { 'manual_compact.once.trigger_time': '1700000000' };

describe('manual compaction', () => {
  test('merges, checkpoints what was written meanwhile, keeps one checkpoint, remembers when', () => {
    const world = newApp();
    write(world, 2);
    world.app.syncCheckpoint('start-up');
    world.app.applyMutation(mutation(3, remove('k1')));
    world.app.updateAppEnvs(ONCE);
    world.app.updateAppEnvs(ONCE);
    expect(world.process.pending()).toEqual(['LPC_MANUAL_COMPACT onManualCompact']);
    // A write between each two steps: nothing is labelled with what it does not hold.
    let steps = 0;
    for (; world.process.step(); steps++) write(world);
    expect(steps).toBe(3);
    expect(decrees(world)).toEqual([5, 5, 6]);
    expect(checkpointDirs(world.disk)).toEqual(['checkpoint.5']);
    const ended = world.process.claims.findLast((claim) => claim.kind === 'checkpoint.ended');
    expect(ended).toMatchObject({ trigger: 'manual-compaction', error: 'ERR_OK', durable: 5 });
    expect(world.app.lastManualCompactFinishTime()).toBe(world.process.wallSeconds);
    expect(world.process.pending()).toEqual([]);
    world.app.updateAppEnvs(ONCE);
    expect(world.process.pending()).toEqual([]);
    const again = reopened(world);
    again.app.openExisting();
    expect(decrees(again)).toEqual([5, 5, 5]);
    expect(again.app.lastManualCompactFinishTime()).toBe(world.process.wallSeconds);
    expect(again.app.get(key('k1'), 0)).toBe(undefined);
    expect(again.app.get(key('k5'), 0)?.value).toBe('v5');
  });

  test('nothing new: old checkpoints go all the same, and the release is tried once more', () => {
    const world = newApp({ manualCompactRetryMs: 1000 });
    write(world);
    world.app.syncCheckpoint('start-up');
    world.app.updateAppEnvs(ONCE);
    world.process.run();
    expect(world.process.pending()).toEqual(['LPC_MANUAL_COMPACT onRetryRelease']);
    write(world);
    expect(world.process.step(999)).toBe(false);
    expect(world.process.step(1000)).toBe(true);
    expect(decrees(world)).toEqual([2, 2, 2]);
    expect(world.process.pending()).toEqual([]);
  });

  test.each([
    ['disabled', { ...ONCE, 'manual_compact.disabled': 'true' }],
    ['not a time', { 'manual_compact.once.trigger_time': 'soon' }],
    ['no time', { 'manual_compact.once.trigger_time': '0' }],
  ])('%s: not started', (_, envs) => {
    const world = newApp();
    world.app.updateAppEnvs(envs);
    expect(world.process.pending()).toEqual([]);
  });

  test('disabled before it ran, or failed: it may be asked for again', () => {
    const world = newApp();
    write(world);
    world.app.updateAppEnvs(ONCE);
    world.app.updateAppEnvs({ 'manual_compact.disabled': 'true' });
    world.process.run();
    expect(decrees(world)).toEqual([0, 0, 1]);
    world.app.updateAppEnvs(ONCE);
    world.disk.failMatching = 'sync';
    world.process.run();
    world.disk.calm();
    expect(world.app.lastManualCompactFinishTime()).toBe(0);
    world.app.updateAppEnvs(ONCE);
    world.process.run();
    expect(decrees(world)).toEqual([1, 1, 1]);
  });

  test('closing ends it at any step', () => {
    for (let steps = 0; steps < 4; steps++) {
      const world = newApp();
      write(world);
      world.app.syncCheckpoint('start-up');
      world.app.updateAppEnvs(ONCE);
      for (let i = 0; i < steps; i++) world.process.step();
      world.app.close(true, task({ onClosed: () => {} }, 'onClosed'));
      expect(world.process.pending()).toEqual(['LPC_CLOSE_REPLICA onClosed']);
      world.process.nowMs += 1_000_000;
      world.process.run();
    }
  });

  test('defect ckpt-sync-under-writes: put back in a few lines, it fails under a write', () => {
    class Defect extends StorageApp {
      override checkpointAfterManualCompact(): void {
        const label = this.beginSyncCheckpoint();
        if (label === undefined) return;
        this.ctx.env.tasks.post('LPC_STORAGE_FLUSH', 0, 0, task(this, 'onSync', label));
      }
      onSync(label: number): void {
        this.finishSyncCheckpoint(label, 'manual-compaction');
      }
    }
    const world = newApp({}, { StorageApp: Defect });
    write(world);
    world.app.updateAppEnvs(ONCE);
    expect(() => {
      while (world.process.step()) write(world);
    }).toThrow(CheckFailed);
  });
});
