/** Applying mutations (repl 1.6 Apply), the value schema, reads with expiry, opening and closing. */
import { describe, expect, test } from 'vitest';
import { CheckFailed, task } from '../../../../impl/env/contract.ts';
import { decodeValue, encodeValue } from '../../../../impl/storage/app/valueSchema.ts';
import { parseCheckpointName, parseInteger } from '../../../../impl/storage/app/names.ts';
import {
  DATA,
  EMPTY,
  UNDECODABLE,
  appOver,
  checkpointDirs,
  decrees,
  key,
  multiPut,
  mutation,
  newApp,
  put,
  remove,
  reopened,
  write,
} from './appWorld.ts';
import { FakeDisk } from '../engine/fakeEnv.ts';

describe('value schema version 1', () => {
  test('golden bytes: expiry, time tag, user data', () => {
    const bytes = encodeValue('ab', 0xdeadbeef, 1_700_000_000_123_456, 5);
    const tag = ((1_700_000_000_123_456n << 8n) | (5n << 1n)).toString(16).padStart(16, '0');
    expect(Buffer.from(bytes).toString('hex')).toBe(`deadbeef${tag}6162`);
    expect(decodeValue(bytes)).toEqual({ expireTs: 0xdeadbeef, value: 'ab' });
  });

  test.each([0, 1, 0xff_ffff, 0x100_0000, 2 ** 52 + 12345])('time tag of %d', (timestampUs) => {
    const view = new DataView(encodeValue('', 0, timestampUs, 127).buffer);
    expect(view.getBigUint64(4)).toBe((BigInt(timestampUs) << 8n) | 254n);
  });
});

describe('applyMutation', () => {
  test('puts, removes and multi-puts of one mutation take effect together', () => {
    const world = newApp();
    const first = mutation(1, put('a', '1'), put('b', '2'), put('a', '3'), remove('b'));
    expect(world.app.applyMutation(first)).toBe('ERR_OK');
    expect(world.app.applyMutation(mutation(2, multiPut('h', { x: '5', y: '6' })))).toBe('ERR_OK');
    expect(world.app.get(key('a'), 0)).toEqual({ value: '3', expireTs: 0 });
    expect(world.app.get(key('b'), 0)).toBe(undefined);
    expect(world.app.get('\0\x01hx', 0)?.value).toBe('5');
    expect(world.app.get('\0\x01hy', 0)?.value).toBe('6');
    expect(world.process.claims).toEqual([1, 2].map((decree) => ({ kind: 'replica.applied', gpid: '1.0', decree })));
  });

  test.each([
    ['an empty write', EMPTY],
    ['an update that cannot be decoded (repl.R7)', UNDECODABLE],
  ])('%s writes its decree', (_, update) => {
    const world = newApp();
    expect(world.app.applyMutation(mutation(1, update))).toBe('ERR_OK');
    world.app.flushAllFamilyColumns();
    expect(decrees(world)).toEqual([0, 1, 1]);
    expect(world.app.syncCheckpoint('start-up')).toEqual({ error: 'ERR_OK', durable: 1 });
    expect(world.disk.files(`${DATA}/rdb`).filter((name) => name.endsWith('.sst'))).toEqual([]);
  });

  test('an update that cannot be decoded does not hide its neighbours', () => {
    const world = newApp();
    world.app.applyMutation(mutation(1, put('a', '1'), UNDECODABLE, put('b', '2')));
    expect(world.app.get(key('a'), 0)?.value).toBe('1');
    expect(world.app.get(key('b'), 0)?.value).toBe('2');
  });

  test('only the next decree, with at least one update', () => {
    const world = newApp();
    for (const decree of [0, 2]) expect(() => world.app.applyMutation(mutation(decree, EMPTY))).toThrow(CheckFailed);
    expect(() => world.app.applyMutation(mutation(1))).toThrow(CheckFailed);
    write(world);
    expect(() => world.app.applyMutation(mutation(1, EMPTY))).toThrow(CheckFailed);
  });

  test('expiry counts from the second itself', () => {
    const world = newApp();
    world.app.applyMutation(mutation(1, put('a', '1', 100), put('b', '2', 0)));
    expect(world.app.get(key('a'), 99)).toEqual({ value: '1', expireTs: 100 });
    expect(world.app.get(key('a'), 100)).toBe(undefined);
    expect(world.app.get(key('b'), 2 ** 31)?.value).toBe('2');
  });

  test('a full memtable is flushed in the engine thread', () => {
    const world = newApp({ memtableSizeBytes: 300 });
    write(world, 4);
    expect(decrees(world)).toEqual([0, 0, 4]);
    while (world.process.pending().length === 0) write(world);
    const decree = world.app.lastCommittedDecree();
    write(world);
    world.process.run();
    expect(decrees(world)).toEqual([0, decree, decree + 1]);
    for (let i = 1; i <= decree + 1; i++) expect(world.app.get(key(`k${i}`), 0)?.value).toBe(`v${i}`);
  });
});

describe('open and close', () => {
  test('a new replica: empty, no checkpoint, whatever was in the directory', () => {
    const disk = new FakeDisk();
    disk.mkdir(`${DATA}/checkpoint.9`);
    const world = appOver(disk);
    expect(world.app.isOpen()).toBe(false);
    expect(world.app.openNew()).toBe('ERR_OK');
    expect(decrees(world)).toEqual([0, 0, 0]);
    expect(checkpointDirs(disk)).toEqual([]);
    expect(world.process.claims).toEqual([]);
  });

  test('a crash forgets what was not flushed; opening makes the checkpoint of the rest (S14)', () => {
    const world = newApp();
    write(world, 2);
    world.app.flushAllFamilyColumns();
    write(world, 2);
    const again = reopened(world);
    expect(again.app.openExisting()).toBe('ERR_OK');
    expect(decrees(again)).toEqual([2, 2, 2]);
    expect(again.process.claims).toEqual([
      { kind: 'checkpoint.ended', gpid: '1.0', trigger: 'open', error: 'ERR_OK', durable: 2 },
    ]);
    expect(again.app.get(key('k2'), 0)?.value).toBe('v2');
    expect(again.app.get(key('k3'), 0)).toBe(undefined);
    const third = reopened(again);
    expect(third.app.openExisting()).toBe('ERR_OK');
    expect(third.process.claims).toEqual([]);
  });

  test('close with flush keeps everything and resumes the caller in a task of its own', () => {
    const world = newApp();
    write(world, 3);
    let resumed = 0;
    world.app.close(true, task({ onClosed: () => { resumed++; } }, 'onClosed'));
    expect(resumed).toBe(0);
    world.process.run();
    expect(resumed).toBe(1);
    expect(world.app.isOpen()).toBe(false);
    const again = reopened(world);
    again.app.openExisting();
    expect(decrees(again)).toEqual([3, 3, 3]);
  });

  test('close cancels the flush under way; a failing last flush is no error', () => {
    const world = newApp();
    write(world, 3);
    world.app.asyncCheckpoint(true, 'remote-command');
    world.disk.failMatching = 'sync';
    world.app.close(true, task({ onClosed: () => {} }, 'onClosed'));
    expect(world.process.pending()).toEqual(['LPC_CLOSE_REPLICA onClosed']);
    const again = reopened(world);
    expect(again.app.openExisting()).toBe('ERR_OK');
    expect(decrees(again)).toEqual([0, 0, 0]);
  });

  test('foreign directories that look like checkpoints go; files and others stay', () => {
    const world = newApp();
    write(world);
    world.app.syncCheckpoint('start-up');
    const unfinished = ['checkpoint.tmp.5', 'checkpoint.tmp.5.tmp', 'checkpoint.7.tmp'];
    const foreign = ['checkpoint.01', 'checkpoint.', 'checkpoint.-3', 'old_checkpoint.4'];
    for (const name of [...unfinished, ...foreign, 'other']) {
      world.disk.mkdir(`${DATA}/${name}/sub`);
    }
    world.disk.create(`${DATA}/checkpoint.txt`);
    const again = reopened(world);
    expect(again.app.openExisting()).toBe('ERR_OK');
    expect(checkpointDirs(again.disk)).toEqual(['checkpoint.1']);
    expect(again.disk.exists(`${DATA}/other/sub`)).toBe(true);
    expect(again.disk.exists(`${DATA}/checkpoint.txt`)).toBe(true);
  });

  test('names and numbers are read strictly', () => {
    expect(parseCheckpointName('checkpoint.1')).toBe(1);
    for (const name of ['checkpoint.1e3', 'checkpoint.0x1', 'checkpoint. 1', 'checkpoint.01', 'checkpoint.1.tmp']) {
      expect(parseCheckpointName(name)).toBe(undefined);
    }
    expect(['7', '-1', '+2'].map(parseInteger)).toEqual([7, -1, 2]);
    for (const text of ['', '1.5', 'x', ' 1', '1e3', '9'.repeat(16)]) expect(parseInteger(text)).toBe(undefined);
  });

  test('errors of opening', () => {
    expect(appOver(new FakeDisk()).app.openExisting()).toBe('ERR_FILE_OPERATION_FAILED');
    const world = newApp();
    write(world);
    world.app.flushAllFamilyColumns();
    const unreadable = reopened(world);
    unreadable.disk.failMatching = 'read';
    expect(unreadable.app.openExisting()).toBe('ERR_DISK_IO_ERROR');
    expect(unreadable.app.isOpen()).toBe(false);
    const uncopied = reopened(world);
    uncopied.disk.failMatching = 'link';
    expect(uncopied.app.openExisting()).toBe('ERR_LOCAL_APP_FAILURE');
    expect(uncopied.app.isOpen()).toBe(false);
    const run = world.disk.files(`${DATA}/rdb`).find((name) => name.endsWith('.sst'));
    world.disk.flipBit(`${DATA}/rdb/${run}`, 100);
    const corrupt = reopened(world);
    expect(corrupt.app.openExisting()).toBe('ERR_RDB_CORRUPTION');
    world.disk.remove(`${DATA}/rdb/CURRENT`);
    expect(reopened(world).app.openExisting()).toBe('ERR_RDB_CORRUPTION');
  });
});
