/** Ingestion in the storage app (bl 15.3): what waits for it, what refuses it, and what a replay finds of it. */
import { describe, expect, test } from 'vitest';
import { CheckFailed, task } from '../../../../impl/env/contract.ts';
import { encodeRemoval } from '../../../../impl/storage/app/valueSchema.ts';
import type { MetaValues } from '../../../../impl/storage/engine/contract.ts';
import { encodeRun } from '../../../../impl/storage/engine/sortedRun.ts';
import { StorageEngine } from '../../../../impl/storage/engine/storageEngine.ts';
import { FakeDisk } from '../engine/fakeEnv.ts';
import { DATA, EMPTY, appOver, checkpointDirs, decrees, key, put, remove, write } from './appWorld.ts';
import type { AppWorld } from './appWorld.ts';
import { A_AND_B, BEHIND, apply, bulkLoad, crashed, download, loadFile, opened, replay, valuesOf } from './loads.ts';

describe('no flush while one is pending', () => {
  const load = (world: AppWorld): void => {
    apply(world, put('a', 'old'));
    apply(world, bulkLoad(A_AND_B));
    apply(world, put('c', 'later'));
  };
  const finish = (world: AppWorld): void => {
    expect(world.app.finishIngestion(download(world.disk, A_AND_B))).toBe('ERR_OK');
  };

  test.each(['in', 'given up'])('a flushing checkpoint comes again; the flush begins when the files are %s', (how) => {
    const world = opened();
    load(world);
    const calls = world.disk.calls;
    expect(world.app.asyncCheckpoint(true, 'manual-emergency')).toEqual({ error: 'ERR_TRY_AGAIN', durable: 0 });
    expect(world.app.asyncCheckpoint(false, 'retry-after-flush')).toEqual({ error: 'ERR_OK', durable: 0 });
    expect(world.app.isFlushHeldUp()).toBe(true);
    expect([world.process.pending(), world.disk.calls]).toEqual([[], calls]);
    if (how === 'in') finish(world);
    else expect(world.app.finishIngestion(undefined)).toBe('ERR_OK');
    expect(world.app.isFlushHeldUp()).toBe(true);
    expect(world.process.pending()).toEqual(['LPC_STORAGE_FLUSH onFlush']);
    world.process.run();
    expect(world.app.isFlushHeldUp()).toBe(false);
    expect(decrees(world)).toEqual([0, 3, 3]);
    expect(world.app.asyncCheckpoint(false, 'retry-after-flush')).toEqual({ error: 'ERR_OK', durable: 3 });
    expect(valuesOf(crashed(world), 'a', 'b', 'c')).toBe(how === 'in' ? 'new new later' : 'old - later');
  });

  test('without a flush that waits none begins, and none is held up', () => {
    const world = opened();
    load(world);
    finish(world);
    expect(world.app.isFlushHeldUp()).toBe(false);
    expect(world.process.pending()).toEqual([]);
  });

  test('with something flushed a flushing checkpoint makes none of less', () => {
    const world = opened();
    write(world, 2);
    world.app.flushAllFamilyColumns();
    load(world);
    expect(world.app.asyncCheckpoint(true, 'max-interval')).toEqual({ error: 'ERR_TRY_AGAIN', durable: 0 });
    expect(world.app.asyncCheckpoint(false, 'periodic')).toEqual({ error: 'ERR_OK', durable: 2 });
    expect(checkpointDirs(world.disk)).toEqual(['checkpoint.2']);
    expect(world.app.copyCheckpointToDir('1.0.pegasus/backup', true)).toEqual({ error: 'ERR_TRY_AGAIN', decree: 0 });
    expect(world.app.copyCheckpointToDir('1.0.pegasus/backup', false)).toEqual({ error: 'ERR_OK', decree: 2 });
  });

  test('a synchronous checkpoint waits; nothing is left behind', () => {
    const world = opened();
    load(world);
    const calls = world.disk.calls;
    expect(world.app.syncCheckpoint('start-up')).toEqual({ error: 'ERR_WRONG_TIMING', durable: 0 });
    expect(world.disk.calls).toBe(calls);
    finish(world);
    expect(world.app.syncCheckpoint('start-up')).toEqual({ error: 'ERR_OK', durable: 3 });
  });

  test('a flush that was under way already, and a full memtable, wait', () => {
    const world = opened({}, 200);
    while (world.process.pending().length === 0) write(world);
    const before = world.app.lastCommittedDecree();
    apply(world, bulkLoad(A_AND_B));
    world.process.run();
    while (world.app.lastCommittedDecree() < before + 20) write(world);
    world.process.run();
    expect(world.app.lastFlushedDecree()).toBe(0);
    finish(world);
    expect(world.app.lastFlushedDecree()).toBe(before + 1);
    world.process.run();
    expect(world.app.lastFlushedDecree()).toBe(before + 20);
    expect(valuesOf(world, 'a', 'k1', `k${before + 2}`)).toBe(`new v1 v${before + 2}`);
  });

  test('a graceful stop flushes nothing', () => {
    const world = opened();
    write(world);
    world.app.flushAllFamilyColumns();
    load(world);
    world.app.close(true, task({ onClosed: () => {} }, 'onClosed'));
    expect(decrees(crashed(world))).toEqual([1, 1, 1]);
  });

  test('a manual compaction waits for the files and merges them', () => {
    const world = opened();
    load(world);
    expect(world.app.flushAllFamilyColumns()).toBe(false);
    world.app.updateAppEnvs({ 'manual_compact.once.trigger_time': '1700000000' });
    world.process.run();
    expect(world.process.pending()).toEqual(['LPC_MANUAL_COMPACT onManualCompact']);
    expect([world.app.lastFlushedDecree(), world.app.lastManualCompactFinishTime()]).toEqual([0, 0]);
    finish(world);
    while (world.process.step(60_000));
    // The wait is that of a checkpoint behind its flush.
    expect(world.app.lastManualCompactFinishTime()).toBe(world.process.wallSeconds + 10);
    expect(decrees(world)).toEqual([3, 3, 3]);
    expect(valuesOf(world, 'a', 'b', 'c')).toBe('new new later');
  });

  test('a checkpoint of the decree has the rows', () => {
    const world = opened();
    apply(world, bulkLoad(A_AND_B));
    apply(world, remove('a'));
    finish(world);
    expect(world.app.asyncCheckpoint(false, 'periodic')).toEqual({ error: 'ERR_OK', durable: 1 });
    const copy = new FakeDisk();
    copy.mkdir(`${DATA}/rdb`);
    for (const name of world.disk.files(`${DATA}/checkpoint.1`)) {
      copy.create(`${DATA}/rdb/${name}`);
      copy.write(`${DATA}/rdb/${name}`, 0, world.disk.bytesOf(`${DATA}/checkpoint.1/${name}`));
    }
    const reader = appOver(copy);
    expect(reader.app.openExisting()).toBe('ERR_OK');
    expect(reader.app.lastFlushedDecree()).toBe(1);
    expect(valuesOf(reader, 'a', 'b')).toBe('new new');
  });
});

describe('files that cannot come in', () => {
  const good = loadFile({ a: 'new' });
  const withoutRows = encodeRun({ keys: [], values: [] });
  const tombstone = encodeRun({ keys: [key('a')], values: [undefined] });
  const marked = encodeRun({ keys: [key('a')], values: [encodeRemoval(5, 1)] });

  test.each([
    ['bytes of something else', Uint8Array.of(1, 2, 3)],
    ['a run without rows', withoutRows],
    ['a run with a removed row', tombstone],
    ['a run with what stays of a removed row', marked],
    ['a run whose rows are cut', good.slice(0, -1)],
  ])('%s: nothing is ingested, on any member, and the flush goes on', (_, bad) => {
    const world = opened();
    apply(world, put('a', 'old'));
    const files = { 'good.sst': good, 'bad.sst': bad };
    apply(world, bulkLoad(files));
    world.app.asyncCheckpoint(true, 'remote-command');
    const paths = download(world.disk, files);
    expect(world.app.finishIngestion(paths)).toBe('ERR_INGESTION_FAILED');
    expect(world.disk.trace.some((call) => call.startsWith('link '))).toBe(false);
    expect(world.app.pendingIngestion()).toBe(undefined);
    expect(decrees(world)).toEqual([0, 2, 2]);
    expect(valuesOf(world, 'a')).toBe('old');
    write(world);
    expect(world.app.syncCheckpoint('start-up')).toEqual({ error: 'ERR_OK', durable: 3 });
  });

  test('no files at all', () => {
    const world = opened();
    apply(world, bulkLoad({}));
    expect(world.app.finishIngestion([])).toBe('ERR_INGESTION_FAILED');
    expect(world.app.pendingIngestion()).toBe(undefined);
  });

  test.each(['info', 'read', 'exists', 'link', 'sync 1.0.pegasus/data', 'create', 'write', 'rename'])(
    'a failing %s of the disk: still pending, and in at the next attempt or after a replay',
    (operation) => {
      const world = opened();
      const log = [apply(world, put('a', 'old')), apply(world, bulkLoad(A_AND_B)), apply(world, put('c', 'later'))];
      const paths = download(world.disk, A_AND_B);
      world.disk.failMatching = operation;
      const error = world.app.finishIngestion(paths);
      expect(['ERR_FILE_OPERATION_FAILED', 'ERR_DISK_IO_ERROR']).toContain(error);
      world.disk.calm();
      expect(world.app.pendingIngestion()?.decree).toBe(2);
      expect(decrees(world)).toEqual([0, 0, 3]);
      expect(valuesOf(world, 'a', 'b', 'c')).toBe('old - later');
      expect(world.app.finishIngestion(paths)).toBe('ERR_OK');
      expect(valuesOf(world, 'a', 'b', 'c')).toBe('new new later');
      write(world);
      const again = crashed(world);
      expect(decrees(again)).toEqual([2, 2, 2]);
      replay(again, log);
      expect(valuesOf(again, 'a', 'b', 'c')).toBe('new new later');
    },
  );

  test('a file that is not there: still pending', () => {
    const world = opened();
    const files = { 'f1.sst': good, 'f2.sst': good };
    apply(world, bulkLoad(files));
    const paths = download(world.disk, files);
    world.disk.remove(paths[1] ?? '');
    expect(world.app.finishIngestion(paths)).toBe('ERR_FILE_OPERATION_FAILED');
    expect(world.app.pendingIngestion()?.decree).toBe(1);
    expect(world.disk.files(`${DATA}/rdb`).filter((name) => name.endsWith('.sst'))).toEqual([]);
    expect(world.app.finishIngestion(download(world.disk, files))).toBe('ERR_OK');
  });
});

describe('behind is settled when the database is created', () => {
  const files = { 'f1.sst': loadFile({ a: 'new' }) };
  const finishBehind = (world: AppWorld): string => {
    apply(world, bulkLoad(files, true));
    return world.app.finishIngestion(download(world.disk, files));
  };

  test('without it a load behind fails for good, whatever is said later', () => {
    const world = opened();
    world.app.updateAppEnvs({ 'rocksdb.allow_ingest_behind': 'true' });
    expect(finishBehind(world)).toBe('ERR_INGESTION_FAILED');
    expect(world.app.pendingIngestion()).toBe(undefined);
    expect(valuesOf(world, 'a')).toBe('-');
    const again = crashed(world, BEHIND);
    expect(finishBehind(again)).toBe('ERR_INGESTION_FAILED');
  });

  test('with it also when it is opened by somebody who does not ask for it', () => {
    const again = crashed(opened(BEHIND));
    again.app.updateAppEnvs({ 'rocksdb.allow_ingest_behind': 'false' });
    expect(finishBehind(again)).toBe('ERR_OK');
    expect(valuesOf(again, 'a')).toBe('new');
    expect(again.app.engine.meta('ingest_behind')).toBe('1');
  });

  test('an opening that decides anew loses it (defect bl-ingest-behind-lost, #1650)', () => {
    class Forgetful extends StorageEngine {
      override ingestBehindAtOpen(mode: 'create' | 'existing', stored: MetaValues): boolean {
        return mode === 'create' && super.ingestBehindAtOpen(mode, stored);
      }
    }
    const { disk } = opened(BEHIND);
    const again = appOver(disk, {}, { StorageEngine: Forgetful }, BEHIND);
    expect(again.app.openExisting()).toBe('ERR_OK');
    expect(finishBehind(again)).toBe('ERR_INGESTION_FAILED');
  });

  test('an unfinished creation is a creation', () => {
    const disk = new FakeDisk();
    disk.mkdir(`${DATA}/rdb`);
    const world = appOver(disk, {}, {}, BEHIND);
    expect(world.app.openExisting()).toBe('ERR_OK');
    expect(finishBehind(world)).toBe('ERR_OK');
  });
});

describe('replay', () => {
  test('a decree that no manifest covers is pending again; one that is covered is not replayed', () => {
    const world = opened();
    const log = [apply(world, put('a', 'old')), apply(world, bulkLoad(A_AND_B)), apply(world, put('b', 'later'))];
    const again = crashed(world);
    expect(again.app.pendingIngestion()).toBe(undefined);
    replay(again, log);
    expect(again.app.pendingIngestion()?.decree).toBe(2);
    expect(again.app.finishIngestion(download(again.disk, A_AND_B))).toBe('ERR_OK');
    const third = crashed(again);
    expect(decrees(third)).toEqual([2, 2, 2]);
    expect(valuesOf(third, 'a', 'b')).toBe('new new');
    replay(third, log);
    expect(third.app.pendingIngestion()).toBe(undefined);
    expect(valuesOf(third, 'a', 'b')).toBe('new later');
  });

  test('what was given up is not pending again: its files may be gone by then', () => {
    const world = opened();
    const log = [apply(world, bulkLoad(A_AND_B)), apply(world, EMPTY)];
    world.disk.failMatching = 'rename';
    expect(world.app.finishIngestion(undefined)).toBe('ERR_DISK_IO_ERROR');
    expect(world.app.pendingIngestion()?.decree).toBe(1);
    world.disk.calm();
    expect(world.app.finishIngestion(undefined)).toBe('ERR_OK');
    const again = crashed(world);
    expect(decrees(again)).toEqual([1, 1, 1]);
    replay(again, log);
    expect(again.app.pendingIngestion()).toBe(undefined);
  });

  test('of what is closed nothing is pending', () => {
    const world = opened();
    apply(world, bulkLoad(A_AND_B));
    world.app.close(true, task({ onClosed: () => {} }, 'onClosed'));
    expect(world.app.pendingIngestion()).toBe(undefined);
    expect(world.app.finishIngestion(undefined)).toBe('ERR_INVALID_STATE');
  });

  test('an ingestion is asked of the engine only where one is awaited', () => {
    const world = opened();
    expect(() => {
      world.app.engine.endIngestion();
    }).toThrow(CheckFailed);
    expect(() => {
      world.app.engine.ingest([], false);
    }).toThrow(CheckFailed);
  });
});
