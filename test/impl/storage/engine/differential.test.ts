/** The engine against a plain map under random operations, crashes and power losses. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeRun } from '../../../../impl/storage/engine/sortedRun.ts';
import { DIR, bytes, host, rowsOf, text } from './engineHost.ts';
import type { Host } from './engineHost.ts';
import { FakeDisk } from './fakeEnv.ts';

/** A key's record; null: deleted. Absent: never written. */
type Rows = ReadonlyMap<string, string | null>;

function liveRows(rows: Rows): string[] {
  const keys = [...rows.keys()].filter((key) => rows.get(key) !== null);
  return keys.sort().map((key) => `${key}=${rows.get(key)}`);
}

const KEYS = ['', '\x00', '\x00\x00', 'a', 'ab', '\x7f', '\x80', '\xff', '\xff\xff'];
const values = fc.option(fc.string({ unit: fc.constantFrom('x', '\x00', '\xff'), maxLength: 4 }));
const ops = fc.array(fc.tuple(fc.constantFrom(...KEYS), values), { maxLength: 4 });
const ENDS = ['crash', 'power', 'close'] as const;
const OTHERS = ['flush', 'flushAsync', 'step', 'compact', 'checkpoint', 'checkpointFlush', ...ENDS] as const;
type Ops = readonly (readonly [string, string | null])[];

type Action =
  | { readonly kind: 'write'; readonly ops: Ops }
  | { readonly kind: 'ingest'; readonly ops: Ops; readonly behind: boolean }
  | { readonly kind: (typeof OTHERS)[number] };

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), ops }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('ingest' as const), ops, behind: fc.boolean() }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom(...OTHERS) }),
  },
);

const valueOf = (value: string | null | undefined): Uint8Array | undefined => {
  return value === null || value === undefined ? undefined : bytes(value);
};

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
        engine.write(next.ops.map(([key, value]) => ({ key, value: valueOf(value) })), this.decree + 1);
        this.remember(next.ops, false);
        break;
      case 'ingest':
        engine.ingest([this.fileOf(next.ops)], next.behind, this.decree + 1);
        this.remember(next.ops, next.behind);
        assert.strictEqual(engine.lastFlushedDecree(), this.decree);
        break;
      case 'flush':
        engine.flush();
        assert.strictEqual(engine.lastFlushedDecree(), this.decree);
        break;
      case 'flushAsync':
        engine.flushAsync();
        break;
      case 'step':
        process.step();
        break;
      case 'compact':
        engine.compact({});
        assert.ok(engine.version.files.length <= 1);
        break;
      case 'checkpoint':
      case 'checkpointFlush':
        this.checkpoint(next.kind === 'checkpointFlush');
        break;
      case 'close':
        engine.close(true);
        assert.strictEqual(this.reopened(), this.decree);
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

  remember(written: Ops, behind: boolean): void {
    const rows = new Map(this.history[this.decree]);
    for (const [key, value] of new Map(written)) if (!behind || !rows.has(key)) rows.set(key, value);
    this.history[++this.decree] = rows;
  }

  fileOf(written: Ops): string {
    const rows = new Map(written);
    const keys = [...rows.keys()].sort();
    const path = `in/${this.files++}`;
    this.disk.create(path);
    this.disk.write(path, 0, encodeRun({ keys, values: keys.map((key) => valueOf(rows.get(key))) }));
    return path;
  }

  checkpoint(flush: boolean): void {
    const dir = `r/data/copy.${this.files++}`;
    const decree = this.at.engine.createCheckpoint(dir, flush);
    if (flush) assert.strictEqual(decree, this.decree);
    assert.strictEqual(this.at.engine.readDecree(dir), decree);
    const copy = host(this.disk, this.memtableSizeBytes, dir);
    copy.engine.open('existing');
    assert.deepStrictEqual(rowsOf(copy.engine), liveRows(this.history[decree] ?? new Map()));
    this.disk.remove(dir, { recursive: true });
  }

  reopened(): number {
    this.at = host(this.disk, this.memtableSizeBytes);
    this.at.engine.open('existing');
    this.decree = this.at.engine.lastFlushedDecree();
    this.history.length = this.decree + 1;
    assert.strictEqual(this.at.engine.lastWrittenDecree(), this.decree);
    const { manifest, version } = this.at.engine;
    assert.deepStrictEqual(this.disk.files(DIR), [manifest, 'CURRENT', ...version.files].sort());
    return this.decree;
  }

  compare(): void {
    const rows = this.history[this.decree] ?? new Map();
    assert.deepStrictEqual(rowsOf(this.at.engine), liveRows(rows));
    for (const key of KEYS) {
      const value = this.at.engine.get(key);
      assert.strictEqual(value === undefined ? null : text(value), rows.get(key) ?? null);
    }
  }
}

test('agrees with a map under any operations', () => {
  let writes = 0;
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40, size: 'max' }), fc.constantFrom(60, 200, 1e6), (actions, limit) => {
      const differential = new Differential(limit);
      for (const next of actions) differential.run(next);
      writes += differential.decree;
    }),
    { numRuns: 300, seed: 20 },
  );
  expect(writes).toBeGreaterThan(1000);
});
