/** Ingestion in the storage app (bl 15.3): what is pending, and what stands at which decree. */
import { describe, expect, test } from 'vitest';
import { encodeDuplicate } from '../../../../impl/protocol/duplicate.ts';
import { Metrics } from '../../../../impl/replica/metrics.ts';
import type { Update } from '../../../../impl/storage/plog/types.ts';
import { FakeDisk } from '../engine/fakeEnv.ts';
import { DATA, appOver, decrees, mutation, put, remove, write } from './appWorld.ts';
import type { AppWorld } from './appWorld.ts';
import { A_AND_B, BEHIND, BULK, apply, bulkLoad, crashed, download, loadFile, opened, valuesOf } from './loads.ts';

describe('an ingestion write', () => {
  test('is applied like an empty one and pending afterwards', () => {
    const world = opened();
    apply(world, put('a', 'old'));
    apply(world, bulkLoad(A_AND_B));
    expect(decrees(world)).toEqual([0, 0, 2]);
    expect(world.process.claims.at(-1)).toEqual({ kind: 'replica.applied', gpid: '1.0', decree: 2 });
    const pending = world.app.pendingIngestion();
    expect(pending?.decree).toBe(2);
    expect(pending?.request.metadata.files.map(({ name }) => name)).toEqual(['f1.sst']);
    expect(valuesOf(world, 'a', 'b')).toBe('old -');
  });

  test('that cannot be written is the error of the write, and nothing is pending', () => {
    const world = opened();
    write(world);
    world.app.asyncCheckpoint(true, 'remote-command');
    world.disk.failMatching = 'sync';
    world.process.run();
    expect(world.app.applyMutation(mutation(2, bulkLoad(A_AND_B)))).toBe('ERR_DISK_IO_ERROR');
    expect(world.app.pendingIngestion()).toBe(undefined);
    expect(world.app.lastCommittedDecree()).toBe(1);
    expect(world.app.finishIngestion(undefined)).toBe('ERR_INVALID_STATE');
  });

  test('whose body does not decode brings nothing (repl.R7)', () => {
    const world = opened();
    apply(world, { ...bulkLoad(A_AND_B), data: Uint8Array.of(1, 2) });
    expect(world.app.pendingIngestion()).toBe(undefined);
    expect(world.app.syncCheckpoint('start-up')).toEqual({ error: 'ERR_OK', durable: 1 });
  });
});

describe('what stands at which decree', () => {
  test('over what is older, under what is newer; deletes on either side count', () => {
    const world = opened();
    apply(world, put('a', 'old'), put('b', 'old'), remove('c'));
    const files = { 'f1.sst': loadFile({ a: 'new', b: 'new', c: 'new', d: 'new' }) };
    apply(world, bulkLoad(files));
    apply(world, put('b', 'newest'), remove('d'));
    expect(valuesOf(world, 'a', 'b', 'c', 'd')).toBe('old newest - -');
    expect(world.app.finishIngestion(download(world.disk, files))).toBe('ERR_OK');
    const after = 'new newest new -';
    expect(valuesOf(world, 'a', 'b', 'c', 'd')).toBe(after);
    // The manifest covers the ingestion's decree and nothing later.
    expect(decrees(world)).toEqual([0, 2, 3]);
    expect(world.app.pendingIngestion()).toBe(undefined);
    expect(world.app.syncCheckpoint('start-up')).toEqual({ error: 'ERR_OK', durable: 3 });
    expect(world.app.compactRange(0)).toBe(true);
    expect(valuesOf(world, 'a', 'b', 'c', 'd')).toBe(after);
    expect(valuesOf(crashed(world), 'a', 'b', 'c', 'd')).toBe(after);
  });

  test('behind: under everything that was ever written, also under deletes and an earlier load behind', () => {
    const world = opened(BEHIND);
    apply(world, put('a', 'old'), put('b', 'old'));
    apply(world, remove('b'));
    expect(world.app.flushAllFamilyColumns() && world.app.compactRange(0)).toBe(true);
    const files = { 'f1.sst': loadFile({ a: 'new', b: 'new', c: 'new', d: 'new' }) };
    apply(world, bulkLoad(files, true));
    apply(world, put('c', 'newest'));
    expect(world.app.finishIngestion(download(world.disk, files))).toBe('ERR_OK');
    expect(valuesOf(world, 'a', 'b', 'c', 'd')).toBe('old - newest new');
    const second = { 'f2.sst': loadFile({ b: 'second', d: 'second', e: 'second' }) };
    apply(world, bulkLoad(second, true));
    expect(world.app.finishIngestion(download(world.disk, second))).toBe('ERR_OK');
    const after = 'old - newest new second';
    expect(valuesOf(world, 'a', 'b', 'c', 'd', 'e')).toBe(after);
    expect(world.app.compactRange(0)).toBe(true);
    const again = crashed(world);
    expect(valuesOf(again, 'a', 'b', 'c', 'd', 'e')).toBe(after);
    expect(again.app.compactRange(0)).toBe(true);
    expect(valuesOf(again, 'a', 'b', 'c', 'd', 'e')).toBe(after);
  });

  test('a key in several files is that of the last file of the list', () => {
    const world = opened();
    const files = { 'z.sst': loadFile({ a: '1', b: '1' }), 'm.sst': loadFile({ a: '2', c: '2' }), 'c.sst': loadFile({ c: '3' }) };
    apply(world, bulkLoad(files));
    expect(world.app.finishIngestion(download(world.disk, files))).toBe('ERR_OK');
    expect(valuesOf(world, 'a', 'b', 'c')).toBe('2 1 3');
    expect(valuesOf(crashed(world), 'a', 'b', 'c')).toBe('2 1 3');
  });

  test('files are linked, synced and left where they were', () => {
    const world = opened();
    apply(world, bulkLoad(A_AND_B));
    const [path = ''] = download(world.disk, A_AND_B);
    world.app.finishIngestion([path]);
    const run = world.disk.files(`${DATA}/rdb`).find((name) => name.endsWith('.sst'));
    expect(world.disk.names.get(`${DATA}/rdb/${run}`)).toBe(world.disk.names.get(path));
    world.disk.remove(BULK, { recursive: true });
    expect(valuesOf(crashed(world), 'a', 'b')).toBe('new new');
  });
});

describe('a DUPLICATE behind a pending ingestion', () => {
  const T = 1_700_000_000_000_000;
  const groups = { dupClusterName: 'follower', duplicationGroup: { source: 1, follower: 2 } };
  const duplicate = (update: Update, timestampUs: number): Update => ({
    code: 'RPC_RRDB_RRDB_DUPLICATE',
    serializationType: 1,
    data: encodeDuplicate([{ timestampUs, code: update.code, rawMessage: update.data, clusterId: 1, verifyTimetag: true }]),
  });
  const files = { 'f1.sst': loadFile({ a: 'new', b: 'new' }, T + 50), 'f2.sst': loadFile({ c: 'new' }, T) };

  function follower(): { readonly world: AppWorld; readonly metrics: Metrics } {
    const metrics = new Metrics();
    const world = appOver(new FakeDisk(), groups, {}, { partitionCount: 1, metrics });
    world.app.openNew();
    return { world, metrics };
  }

  /** `a` is newer in the file than in the write, `c` is not; what follows is judged behind it. */
  function later(world: AppWorld): void {
    apply(world, duplicate(put('a', 'late'), T + 10));
    apply(world, duplicate(put('c', 'dup'), T + 10), put('b', 'own'));
    apply(world, duplicate(put('a', 'newest'), T + 60), remove('b'));
    apply(world, duplicate(put('a', 'older'), T + 20));
  }

  test('is judged by the ingested rows, whenever they come', () => {
    const early = follower();
    apply(early.world, bulkLoad(files));
    expect(early.world.app.finishIngestion(download(early.world.disk, files))).toBe('ERR_OK');
    const late = follower();
    apply(late.world, bulkLoad(files));
    apply(early.world, duplicate(put('a', 'late'), T + 10));
    apply(late.world, duplicate(put('a', 'late'), T + 10));
    expect([valuesOf(early.world, 'a'), valuesOf(late.world, 'a')]).toEqual(['new', 'late']);
    for (const { world } of [early, late]) later(world);
    expect(late.world.app.finishIngestion(download(late.world.disk, files))).toBe('ERR_OK');
    for (const { world, metrics } of [early, late]) {
      expect(valuesOf(world, 'a', 'b', 'c')).toBe('newest - dup');
      expect(world.app.lastCommittedDecree()).toBe(6);
      expect(world.app.lastFlushedDecree()).toBe(1);
      // Judged again is not received again.
      expect(metrics.get('1.0', 'dup_requests')).toBe(5);
      expect(world.app.syncCheckpoint('start-up')).toEqual({ error: 'ERR_OK', durable: 6 });
      expect(valuesOf(crashed(world), 'a', 'b', 'c')).toBe('newest - dup');
    }
  });

  test('also with a second ingestion pending, and a flush that waits', () => {
    const { world } = follower();
    apply(world, bulkLoad(files));
    apply(world, duplicate(put('a', 'late'), T + 10));
    const second = { 'g.sst': loadFile({ a: 'second' }, T + 70) };
    apply(world, bulkLoad(second));
    apply(world, duplicate(put('a', 'later'), T + 65));
    world.app.asyncCheckpoint(true, 'remote-command');
    expect(world.app.finishIngestion(download(world.disk, files))).toBe('ERR_OK');
    expect(valuesOf(world, 'a')).toBe('later');
    expect(world.app.pendingIngestion()?.decree).toBe(3);
    expect(decrees(world)).toEqual([0, 1, 4]);
    expect(world.app.finishIngestion(download(world.disk, second))).toBe('ERR_OK');
    expect(valuesOf(world, 'a')).toBe('second');
    world.process.run();
    expect(decrees(world)).toEqual([0, 4, 4]);
    expect(valuesOf(crashed(world), 'a')).toBe('second');
  });

  test('a load that is given up changes nothing of it', () => {
    const { world } = follower();
    apply(world, bulkLoad(files));
    later(world);
    expect(world.app.finishIngestion(undefined)).toBe('ERR_OK');
    expect(valuesOf(world, 'a', 'b', 'c')).toBe('newest - dup');
  });
});

describe('several pending ones', () => {
  const first = { 'f1.sst': loadFile({ a: '1', b: '1', c: '1' }) };
  const second = { 'f2.sst': loadFile({ a: '2', b: '2', d: '2' }) };

  function two(): AppWorld {
    const world = opened();
    apply(world, bulkLoad(first));
    apply(world, put('b', 'between'), put('d', 'between'));
    apply(world, bulkLoad(second));
    apply(world, put('a', 'after'));
    return world;
  }

  test('are resolved in the order of their decrees, each by a manifest of its own', () => {
    const world = two();
    expect(world.app.pendingIngestion()?.decree).toBe(1);
    expect(world.app.finishIngestion(download(world.disk, first))).toBe('ERR_OK');
    expect(decrees(world)).toEqual([0, 1, 4]);
    expect(valuesOf(world, 'a', 'b', 'c', 'd')).toBe('after between 1 between');
    expect(world.app.pendingIngestion()?.decree).toBe(3);
    expect(world.app.asyncCheckpoint(false, 'periodic')).toEqual({ error: 'ERR_OK', durable: 1 });
    expect(world.app.asyncCheckpoint(true, 'periodic').error).toBe('ERR_TRY_AGAIN');
    expect(world.app.finishIngestion(download(world.disk, second))).toBe('ERR_OK');
    expect(valuesOf(world, 'a', 'b', 'c', 'd')).toBe('after 2 1 2');
    expect(decrees(world)).toEqual([1, 3, 4]);
    expect(world.app.pendingIngestion()).toBe(undefined);
  });

  test('the first given up: the second still has its place', () => {
    const world = two();
    expect(world.app.finishIngestion(undefined)).toBe('ERR_OK');
    expect(decrees(world)).toEqual([0, 1, 4]);
    expect(world.app.finishIngestion(download(world.disk, second))).toBe('ERR_OK');
    expect(valuesOf(world, 'a', 'b', 'c', 'd')).toBe('after 2 - 2');
    expect(decrees(world)).toEqual([0, 3, 4]);
  });
});
