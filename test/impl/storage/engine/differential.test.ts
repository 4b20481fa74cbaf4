/** The engine against a plain map under random operations, crashes and power losses. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ExternalRun } from '../../../../impl/storage/engine/contract.ts';
import { decodeRun, encodeRun } from '../../../../impl/storage/engine/sortedRun.ts';
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
const FINISHES = ['ingest', 'giveUp'] as const;
type Ops = readonly (readonly [string, string | null])[];

type Action =
  | { readonly kind: 'write'; readonly ops: Ops }
  | { readonly kind: 'await'; readonly ops: Ops; readonly behind: boolean }
  | { readonly kind: (typeof FINISHES)[number] }
  | { readonly kind: (typeof OTHERS)[number] };

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), ops }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('await' as const), ops, behind: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom(...FINISHES) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom(...OTHERS) }),
  },
);

const valueOf = (value: string | null | undefined): Uint8Array | undefined => {
  return value === null || value === undefined ? undefined : bytes(value);
};

/** What a decree wrote; `ops` of an ingestion count once it is in. */
interface Written {
  readonly ops: Ops;
  readonly place: 'over' | 'behind';
  state: 'in' | 'awaited' | 'given up';
  readonly run?: ExternalRun;
}

/** The engine and, for each decree, what it wrote. */
class Differential {
  readonly disk = new FakeDisk();
  readonly memtableSizeBytes: number;
  at: Host;
  written: Written[] = [];
  files = 0;
  ingested = 0;

  constructor(memtableSizeBytes: number) {
    this.memtableSizeBytes = memtableSizeBytes;
    this.at = host(this.disk, memtableSizeBytes, DIR, true);
    this.at.engine.open('create');
    this.disk.mkdir('in');
  }

  get decree(): number {
    return this.written.length;
  }

  awaited(): Written | undefined {
    return this.written.find(({ state }) => state === 'awaited');
  }

  awaitedDecree(): number {
    return this.written.findIndex(({ state }) => state === 'awaited') + 1;
  }

  /** Rows at a decree: behind lies under all that was written before, and under all that comes later. */
  rowsAt(decree: number): Rows {
    const rows = new Map<string, string | null>();
    for (const { ops, place, state } of this.written.slice(0, decree)) {
      if (state !== 'in') continue;
      for (const [key, value] of new Map(ops)) if (place === 'over' || !rows.has(key)) rows.set(key, value);
    }
    return rows;
  }

  run(next: Action): void {
    const { engine, process } = this.at;
    switch (next.kind) {
      case 'write':
        engine.write(next.ops.map(([key, value]) => ({ key, value: valueOf(value) })), this.decree + 1);
        this.written.push({ ops: next.ops, place: 'over', state: 'in' });
        break;
      case 'await': {
        const place = next.behind ? 'behind' : 'over';
        engine.write([], this.decree + 1);
        engine.awaitIngestion();
        this.written.push({ ops: next.ops, place, state: 'awaited', run: this.runOf(next.ops) });
        break;
      }
      case 'ingest':
      case 'giveUp':
        this.finish(next.kind);
        break;
      case 'flush':
        if (this.awaited() !== undefined) {
          assert.throws(() => {
            engine.flush();
          }, /an ingestion is awaited/);
        } else {
          engine.flush();
          assert.strictEqual(engine.lastFlushedDecree(), this.decree);
        }
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
        this.close();
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

  /** The oldest one: its files become durable with its decree, and no later write does. */
  finish(how: (typeof FINISHES)[number]): void {
    const oldest = this.awaited();
    if (oldest?.run === undefined) return;
    const { engine } = this.at;
    if (how === 'ingest') {
      engine.ingest([oldest.run], oldest.place === 'behind');
      assert.strictEqual(engine.lastFlushedDecree(), this.awaitedDecree());
      this.ingested++;
    }
    engine.endIngestion();
    oldest.state = how === 'ingest' ? 'in' : 'given up';
    assert.strictEqual(engine.isFlushBarred(), this.awaited() !== undefined);
  }

  close(): void {
    const decree = this.awaited() === undefined ? this.decree : this.at.engine.lastFlushedDecree();
    this.at.engine.close(true);
    assert.strictEqual(this.reopened(), decree);
  }

  runOf(written: Ops): ExternalRun {
    const rows = new Map(written);
    const keys = [...rows.keys()].sort();
    const path = `in/${this.files++}`;
    this.disk.create(path);
    const run = encodeRun({ keys, values: keys.map((key) => valueOf(rows.get(key))) });
    this.disk.write(path, 0, run);
    return { path, run: decodeRun(run, path) };
  }

  checkpoint(flush: boolean): void {
    const dir = `r/data/copy.${this.files++}`;
    if (flush && this.awaited() !== undefined) {
      assert.throws(() => this.at.engine.createCheckpoint(dir, true), /an ingestion is awaited/);
      return;
    }
    const decree = this.at.engine.createCheckpoint(dir, flush);
    if (flush) assert.strictEqual(decree, this.decree);
    assert.strictEqual(this.at.engine.readDecree(dir), decree);
    const copy = host(this.disk, this.memtableSizeBytes, dir);
    copy.engine.open('existing');
    assert.deepStrictEqual(rowsOf(copy.engine), liveRows(this.rowsAt(decree)));
    this.disk.remove(dir, { recursive: true });
  }

  reopened(): number {
    this.at = host(this.disk, this.memtableSizeBytes);
    this.at.engine.open('existing');
    const flushed = this.at.engine.lastFlushedDecree();
    const oldest = this.awaitedDecree();
    assert.ok(oldest === 0 || flushed < oldest);
    assert.ok(!this.at.engine.isFlushHeldUp());
    this.written.length = flushed;
    assert.strictEqual(this.at.engine.lastWrittenDecree(), this.decree);
    const { manifest, version } = this.at.engine;
    assert.deepStrictEqual(this.disk.files(DIR), [manifest, 'CURRENT', ...version.files].sort());
    return this.decree;
  }

  compare(): void {
    const rows = this.rowsAt(this.decree);
    assert.deepStrictEqual(rowsOf(this.at.engine), liveRows(rows));
    for (const key of KEYS) {
      const value = this.at.engine.get(key);
      assert.strictEqual(value === undefined ? null : text(value), rows.get(key) ?? null);
    }
  }
}

test('agrees with a map under any operations', () => {
  let writes = 0;
  let ingested = 0;
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40, size: 'max' }), fc.constantFrom(60, 200, 1e6), (actions, limit) => {
      const differential = new Differential(limit);
      for (const next of actions) differential.run(next);
      writes += differential.decree;
      ingested += differential.ingested;
    }),
    { numRuns: 300, seed: 20 },
  );
  expect(writes).toBeGreaterThan(1000);
  expect(ingested).toBeGreaterThan(100);
});
