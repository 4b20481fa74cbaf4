/** The engine against a plain map under random operations, and its behaviour when files fail or rot. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StorageError } from '../../../../impl/storage/engine/contract.ts';
import type { BatchOp } from '../../../../impl/storage/engine/contract.ts';
import { encodeRun } from '../../../../impl/storage/engine/sortedRun.ts';
import type { StorageEngine } from '../../../../impl/storage/engine/storageEngine.ts';
import { FakeDisk, FakeProcess } from './fakeEnv.ts';

const DIR = 'r/data/rdb';

interface Host {
  readonly process: FakeProcess;
  readonly engine: StorageEngine;
}

function host(disk: FakeDisk, memtableSizeBytes = 1 << 20, dir = DIR): Host {
  const process = new FakeProcess(disk, { memtableSizeBytes });
  return { process, engine: new process.ctx.parts.StorageEngine(process.ctx, { dir, hash: 0 }) };
}

function created(memtableSizeBytes?: number): Host {
  const made = host(new FakeDisk(), memtableSizeBytes);
  made.engine.open('create');
  return made;
}

const text = (value: Uint8Array): string => Buffer.from(value).toString('latin1');
const bytes = (value: string): Uint8Array => Buffer.from(value, 'latin1');
const putOp = (key: string, value: string): BatchOp => ({ key, value: bytes(value) });

function rowsOf(engine: StorageEngine): string[] {
  return [...engine.rows()].map(({ key, value }) => `${key}=${text(value)}`);
}

// ---------------------------------------------------------------- differential

/** A key's record; null: deleted. Absent: never written. */
type Rows = ReadonlyMap<string, string | null>;

function liveRows(rows: Rows): string[] {
  const keys = [...rows.keys()].filter((key) => rows.get(key) !== null);
  return keys.sort().map((key) => `${key}=${rows.get(key)}`);
}

const KEYS = ['', '\x00', '\x00\x00', 'a', 'ab', '\x7f', '\x80', '\xff', '\xff\xff'];
const ops = fc.array(fc.tuple(fc.constantFrom(...KEYS), fc.option(fc.string({ unit: fc.constantFrom('x', '\x00', '\xff'), maxLength: 4 }))), { maxLength: 4 });

type Action =
  | { readonly kind: 'write'; readonly ops: readonly (readonly [string, string | null])[] }
  | { readonly kind: 'ingest'; readonly ops: readonly (readonly [string, string | null])[]; readonly behind: boolean }
  | { readonly kind: 'flush' | 'flushAsync' | 'step' | 'compact' | 'checkpoint' | 'checkpointFlush' | 'crash' | 'power' | 'close' };

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), ops }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('ingest' as const), ops, behind: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('flush' as const, 'flushAsync' as const, 'step' as const, 'compact' as const, 'checkpoint' as const, 'checkpointFlush' as const, 'crash' as const, 'power' as const, 'close' as const),
    }),
  },
);

/** The engine and, for each decree, the rows there must be. */
class Differential {
  readonly disk = new FakeDisk();
  readonly memtableSizeBytes: number;
  at: Host;
  decree = 0;
  history: Rows[] = [new Map()];
  files = 0;

  constructor(memtableSizeBytes: number) {
    this.memtableSizeBytes = memtableSizeBytes;
    this.at = host(this.disk, memtableSizeBytes);
    this.at.engine.open('create');
    this.at.engine.setMeta({ ingest_behind: '1' });
    this.disk.mkdir('in');
  }

  run(next: Action): void {
    const { engine, process } = this.at;
    switch (next.kind) {
      case 'write':
        engine.write(next.ops.map(([key, value]) => ({ key, value: value === null ? undefined : bytes(value) })), this.decree + 1);
        this.remember(next.ops, false);
        break;
      case 'ingest':
        engine.ingest([this.fileOf(next.ops)], next.behind, this.decree + 1);
        this.remember(next.ops, next.behind);
        expect(engine.lastFlushedDecree()).toBe(this.decree);
        break;
      case 'flush':
        engine.flush();
        expect(engine.lastFlushedDecree()).toBe(this.decree);
        break;
      case 'flushAsync':
        engine.flushAsync();
        break;
      case 'step':
        process.step();
        break;
      case 'compact':
        engine.compact({});
        expect(engine.version.files.length).toBeLessThanOrEqual(1);
        break;
      case 'checkpoint':
      case 'checkpointFlush':
        this.checkpoint(next.kind === 'checkpointFlush');
        break;
      case 'close':
        engine.close(true);
        expect(this.reopened()).toBe(this.decree);
        break;
      case 'power':
        this.disk.losePower(false);
        this.reopened();
        break;
      case 'crash':
        this.reopened();
        break;
    }
    this.compare();
  }

  remember(written: readonly (readonly [string, string | null])[], behind: boolean): void {
    const rows = new Map(this.history[this.decree]);
    for (const [key, value] of new Map(written)) if (!behind || !rows.has(key)) rows.set(key, value);
    this.history[++this.decree] = rows;
  }

  fileOf(written: readonly (readonly [string, string | null])[]): string {
    const rows = new Map(written);
    const keys = [...rows.keys()].sort();
    const path = `in/${this.files++}`;
    this.disk.create(path);
    this.disk.write(path, 0, encodeRun({ keys, values: keys.map((key) => {
      const value = rows.get(key);
      return value === null || value === undefined ? undefined : bytes(value);
    }) }));
    return path;
  }

  checkpoint(flush: boolean): void {
    const dir = `r/data/copy.${this.files++}`;
    const decree = this.at.engine.createCheckpoint(dir, flush);
    if (flush) expect(decree).toBe(this.decree);
    expect(this.at.engine.readDecree(dir)).toBe(decree);
    const copy = host(this.disk, this.memtableSizeBytes, dir);
    copy.engine.open('existing');
    expect(rowsOf(copy.engine)).toEqual(liveRows(this.history[decree] ?? new Map()));
    this.disk.remove(dir, { recursive: true });
  }

  reopened(): number {
    this.at = host(this.disk, this.memtableSizeBytes);
    this.at.engine.open('existing');
    this.decree = this.at.engine.lastFlushedDecree();
    this.history.length = this.decree + 1;
    expect(this.at.engine.lastWrittenDecree()).toBe(this.decree);
    expect(this.disk.files(DIR)).toEqual([this.at.engine.manifest, 'CURRENT', ...this.at.engine.version.files].sort());
    return this.decree;
  }

  compare(): void {
    const rows = this.history[this.decree] ?? new Map();
    expect(rowsOf(this.at.engine)).toEqual(liveRows(rows));
    for (const key of KEYS) {
      const value = this.at.engine.get(key);
      expect(value === undefined ? null : text(value)).toBe(rows.get(key) ?? null);
    }
  }
}

test('agrees with a map under any operations', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40, size: 'max' }), fc.constantFrom(60, 200, 1 << 20), (actions, memtableSizeBytes) => {
      const differential = new Differential(memtableSizeBytes);
      for (const next of actions) differential.run(next);
    }),
    { numRuns: 400, seed: 20 },
  );
});

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
  test.each(['create', 'write', 'sync', 'rename'])('a failing %s in a flush refuses writes until a blocking flush succeeds', (operation) => {
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
