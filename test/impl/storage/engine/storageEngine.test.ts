/** The engine's flush and merges, and its behaviour when files fail or rot. */
import { describe, expect, test } from 'vitest';
import { StorageError } from '../../../../impl/storage/engine/contract.ts';
import { DIR, bytes, created, host, putOp, rowsOf, text } from './engineHost.ts';
import { FakeDisk } from './fakeEnv.ts';

// ---------------------------------------------------------------- flush and runs

describe('flush', () => {
  test('an asynchronous flush covers what was written when it was asked for', () => {
    const { engine, process } = created();
    engine.write([putOp('a', '1')], 1);
    engine.flushAsync();
    engine.flushAsync();
    engine.write([putOp('a', '2')], 2);
    expect(process.pending()).toEqual(['LPC_STORAGE_FLUSH onFlush']);
    process.run();
    expect([engine.lastFlushedDecree(), engine.lastWrittenDecree()]).toEqual([1, 2]);
    expect(text(engine.get('a') ?? bytes(''))).toBe('2');
  });

  test('frozen memtables that wait are written in one run, and only once', () => {
    const { engine, process } = created();
    for (let decree = 1; decree <= 3; decree++) {
      engine.write([putOp('a', String(decree))], decree);
      engine.flushAsync();
    }
    process.run();
    expect(engine.version.files.length).toBe(1);
    expect(rowsOf(engine)).toEqual(['a=3']);
    const calls = process.disk.calls;
    engine.flush();
    expect(process.disk.calls).toBe(calls);
  });

  test('each asynchronous flush has a task of its own', () => {
    const { engine, process } = created();
    for (const decree of [1, 2, 3]) {
      engine.write([], decree);
      engine.flushAsync();
      process.run();
      expect(engine.lastFlushedDecree()).toBe(decree);
    }
  });

  test('nothing written: nothing done', () => {
    const { engine, process } = created();
    const calls = process.disk.calls;
    engine.flush();
    engine.flushAsync();
    expect(process.disk.calls).toBe(calls);
    expect(process.pending()).toEqual([]);
  });

  test('many runs are merged by themselves; deletes vanish', () => {
    const { engine, process } = created();
    for (let decree = 1; decree <= 4; decree++) {
      engine.write([putOp(`k${decree}`, 'x'), { key: `k${decree - 1}`, value: undefined }], decree);
      engine.flush();
    }
    expect(engine.version.files.length).toBe(4);
    expect(process.pending()).toEqual(['LPC_STORAGE_FLUSH onCompaction']);
    process.run();
    expect(engine.version.files.length).toBe(1);
    const [run] = engine.runs.values();
    expect(run?.keys).toEqual(['k4']);
    expect(process.disk.files(DIR)).toEqual([...engine.version.files, 'CURRENT', engine.manifest].sort());
  });
});

// ---------------------------------------------------------------- failures

describe('failures', () => {
  const OPERATIONS = ['create', 'write', 'sync', 'rename'];
  test.each(OPERATIONS)('a failing %s in a flush refuses writes until a blocking flush succeeds', (operation) => {
    const { engine, process } = created();
    engine.write([putOp('a', '1')], 1);
    process.disk.failMatching = `${operation} ${DIR}`;
    process.disk.failCode = 'full';
    engine.flushAsync();
    process.run();
    expect(() => {
      engine.write([], 2);
    }).toThrow(StorageError);
    expect(() => {
      engine.flushAsync();
    }).toThrow(/full/);
    expect(engine.lastWrittenDecree()).toBe(1);
    expect(() => {
      engine.flush();
    }).toThrow(expect.objectContaining({ kind: 'io' }));
    process.disk.calm();
    engine.flush();
    expect(engine.lastFlushedDecree()).toBe(1);
    engine.write([putOp('b', '2')], 2);
    engine.flush();
    const again = host(process.disk);
    again.engine.open('existing');
    expect(rowsOf(again.engine)).toEqual(['a=1', 'b=2']);
  });

  test('a failing removal of what is obsolete is no error; the next open clears it', () => {
    const { engine, process } = created();
    process.disk.failMatching = 'remove';
    for (const decree of [1, 2]) {
      engine.write([putOp('a', String(decree))], decree);
      engine.flush();
    }
    engine.compact({});
    process.disk.calm();
    expect(process.disk.files(DIR).length).toBeGreaterThan(3);
    host(process.disk).engine.open('existing');
    expect(process.disk.files(DIR).length).toBe(3);
  });

  test('compaction reads the disk again: rot is noticed, and nothing is lost that was good', () => {
    const { engine, process } = created();
    for (const decree of [1, 2]) {
      engine.write([putOp(`k${decree}`, 'x')], decree);
      engine.flush();
    }
    process.disk.flipBit(`${DIR}/${engine.version.files[1]}`, 130);
    expect(() => {
      engine.compact({});
    }).toThrow(expect.objectContaining({ kind: 'corruption' }));
    expect(engine.version.files.length).toBe(2);
    expect(() => {
      engine.write([], 3);
    }).toThrow(expect.objectContaining({ kind: 'corruption' }));
  });

  test('any flipped bit of any file is corruption when it is opened', () => {
    const { engine, process } = created();
    for (const decree of [1, 2]) {
      engine.write([putOp(`k${decree}`, 'value'), { key: 'gone', value: undefined }], decree);
      engine.flush();
    }
    let flips = 0;
    for (const name of process.disk.files(DIR)) {
      const path = `${DIR}/${name}`;
      for (let bit = 0; bit < process.disk.bytesOf(path).length * 8; bit++) {
        process.disk.flipBit(path, bit);
        expect(() => host(process.disk).engine.open('existing'), `${name} ${bit}`).toThrow(StorageError);
        process.disk.flipBit(path, bit);
        flips++;
      }
    }
    expect(flips).toBeGreaterThan(2000);
    host(process.disk).engine.open('existing');
  });

  test('a missing file is corruption, an unreadable one an I/O error; nothing is removed', () => {
    const { engine, process } = created();
    engine.write([putOp('a', '1')], 1);
    engine.flush();
    const before = process.disk.files(DIR);
    process.disk.failMatching = 'read';
    expect(() => host(process.disk).engine.open('existing')).toThrow(expect.objectContaining({ kind: 'io' }));
    process.disk.calm();
    expect(process.disk.files(DIR)).toEqual(before);
    process.disk.remove(`${DIR}/${engine.version.files[0]}`);
    expect(() => host(process.disk).engine.open('existing')).toThrow(expect.objectContaining({ kind: 'corruption' }));
    expect(() => engine.readDecree(DIR)).toThrow(expect.objectContaining({ kind: 'corruption' }));
  });

  test('create refuses a directory that holds a database; existing refuses an empty one', () => {
    const { process } = created();
    expect(() => host(process.disk).engine.open('create')).toThrow(expect.objectContaining({ kind: 'other' }));
    expect(() => host(new FakeDisk()).engine.open('existing')).toThrow(expect.objectContaining({ kind: 'corruption' }));
  });

  test('a checkpoint over an existing directory is refused and leaves it alone', () => {
    const { engine, process } = created();
    process.disk.mkdir('r/data/copy');
    process.disk.create('r/data/copy/x');
    expect(() => engine.createCheckpoint('r/data/copy', true)).toThrow(StorageError);
    expect(process.disk.files('r/data/copy')).toEqual(['x']);
  });
});
