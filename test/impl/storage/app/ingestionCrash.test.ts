/**
 * An ingestion under crashes: a scenario with two loads runs until the n-th disk call, for each n; then a new process
 * opens what is left, replays the log behind it as a replica does, and brings in what is pending. At every decree that
 * is durable the rows are those of the log alone, with an ingestion's rows as of its decree.
 */
import { describe, expect, test } from 'vitest';
import type { LogMutation } from '../../../../impl/storage/plog/types.ts';
import { FakeDisk, Killed } from '../engine/fakeEnv.ts';
import { DATA, EMPTY, appOver, checkpointDirs, decrees, mutation, put, remove } from './appWorld.ts';
import type { AppWorld } from './appWorld.ts';
import { bulkLoad, download, loadFile, valuesOf } from './loads.ts';

const FIRST = { 'f1.sst': loadFile({ a: 'L', b: 'L', d: 'L' }), 'f2.sst': loadFile({ b: 'M', c: 'M' }) };
const SECOND = { 'g.sst': loadFile({ a: 'N', c: 'N', e: 'N' }) };
const BEHIND = { 'h.sst': loadFile({ a: 'B', d: 'B', f: 'B' }) };
const LOADS: Readonly<Record<number, Readonly<Record<string, Uint8Array>>>> = { 3: FIRST, 6: SECOND, 8: BEHIND };

const LOG: readonly LogMutation[] = [
  mutation(1, put('a', '1'), put('b', '1')),
  mutation(2, put('d', '2')),
  mutation(3, bulkLoad(FIRST)),
  mutation(4, put('b', '4'), remove('d')),
  mutation(5, EMPTY),
  mutation(6, bulkLoad(SECOND)),
  mutation(7, put('c', '7')),
  mutation(8, bulkLoad(BEHIND, true)),
  mutation(9, put('e', '9')),
];

const KEYS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Rows at each decree, worked out by hand. */
const ROWS: readonly string[] = [
  '- - - - - -',
  '1 1 - - - -',
  '1 1 - 2 - -',
  'L M M L - -',
  'L 4 M - - -',
  'L 4 M - - -',
  'N 4 N - N -',
  'N 4 7 - N -',
  'N 4 7 - N B',
  'N 4 7 - 9 B',
];

const SETTINGS = { checkpointReserveMinCount: 1, checkpointReserveTimeSeconds: 0 };
const host = (disk: FakeDisk): AppWorld => appOver(disk, SETTINGS, {}, { allowIngestBehind: true });
const rowsOf = (world: AppWorld): string => valuesOf(world, ...KEYS);

interface Seen {
  flushed: number;
  applied: number;
}

function apply(world: AppWorld, seen: Seen, upTo: number): void {
  for (const next of LOG.slice(world.app.lastCommittedDecree(), upTo)) {
    expect(world.app.applyMutation(next)).toBe('ERR_OK');
    seen.applied = Math.max(seen.applied, next.decree);
  }
}

/** What a replica does with its oldest pending ingestion: files that are not there are downloaded again. */
function bringIn(world: AppWorld, seen: Seen): void {
  const decree = world.app.pendingIngestion()?.decree ?? 0;
  expect(world.app.finishIngestion(download(world.disk, LOADS[decree] ?? {}))).toBe('ERR_OK');
  seen.flushed = Math.max(seen.flushed, world.app.lastFlushedDecree());
}

function scenario(disk: FakeDisk, seen: Seen): void {
  const world = host(disk);
  world.app.openNew();
  apply(world, seen, 1);
  world.app.flushAllFamilyColumns();
  apply(world, seen, 4);
  world.app.asyncCheckpoint(true, 'periodic');
  bringIn(world, seen);
  world.process.run();
  seen.flushed = Math.max(seen.flushed, world.app.lastFlushedDecree());
  world.app.asyncCheckpoint(false, 'retry-after-flush');
  // Two at a time, as after a replay.
  apply(world, seen, 9);
  bringIn(world, seen);
  world.app.asyncCheckpoint(false, 'periodic');
  bringIn(world, seen);
  world.app.syncCheckpoint('start-up');
  world.app.compactRange(0);
  seen.flushed = Math.max(seen.flushed, world.app.lastFlushedDecree());
}

/**
 * Opens, replays to the end of what was logged, resolves all, and looks at every durable decree on the way; answers how
 * many ingestions were pending.
 */
function verify(disk: FakeDisk, seen: Seen, where: string): number {
  const world = host(disk);
  expect(world.app.openExisting(), where).toBe('ERR_OK');
  const [durable, flushed, applied] = decrees(world);
  expect(flushed, where).toBeGreaterThanOrEqual(seen.flushed);
  expect([durable, applied], where).toEqual([flushed, flushed]);
  expect(rowsOf(world), where).toBe(ROWS[flushed]);
  expect(checkpointDirs(disk), where).toEqual(world.app.listCheckpoints().map((decree) => `checkpoint.${decree}`));
  for (const decree of world.app.listCheckpoints()) {
    expect(rowsOfCheckpoint(disk, decree), `${where} checkpoint.${decree}`).toBe(ROWS[decree]);
  }
  // Nothing of an unfinished link is left.
  const manifest = manifestOf(disk);
  const runs = disk.files(`${DATA}/rdb`).filter((name) => name.endsWith('.sst'));
  expect(runs.filter((name) => !manifest.includes(name)), where).toEqual([]);
  const later = { ...seen };
  apply(world, later, 9);
  let pending = 0;
  for (; world.app.pendingIngestion() !== undefined; pending++) {
    bringIn(world, later);
    expect(LOADS[world.app.lastFlushedDecree()], where).not.toBe(undefined);
  }
  expect(rowsOf(world), where).toBe(ROWS[9]);
  expect(world.app.syncCheckpoint('start-up'), where).toEqual({ error: 'ERR_OK', durable: 9 });
  expect(rowsOfCheckpoint(disk, 9), where).toBe(ROWS[9]);
  return pending;
}

/** The text of the manifest that CURRENT names. */
function manifestOf(disk: FakeDisk): string {
  const text = (name: string): string => Buffer.from(disk.bytesOf(`${DATA}/rdb/${name}`)).toString('latin1');
  return text(text('CURRENT').trim());
}

function rowsOfCheckpoint(disk: FakeDisk, decree: number): string {
  const copy = new FakeDisk();
  copy.mkdir(`${DATA}/rdb`);
  for (const name of disk.files(`${DATA}/checkpoint.${decree}`)) {
    copy.create(`${DATA}/rdb/${name}`);
    copy.write(`${DATA}/rdb/${name}`, 0, disk.bytesOf(`${DATA}/checkpoint.${decree}/${name}`));
  }
  const world = host(copy);
  expect(world.app.openExisting()).toBe('ERR_OK');
  expect(world.app.lastFlushedDecree()).toBe(decree);
  return rowsOf(world);
}

function calmCalls(): number {
  const disk = new FakeDisk();
  const seen: Seen = { flushed: 0, applied: 0 };
  scenario(disk, seen);
  expect(seen).toEqual({ flushed: 9, applied: 9 });
  return disk.calls;
}

describe('an ingestion and a crash at any disk call', () => {
  const calls = calmCalls();

  test('the scenario is worth its name', () => {
    const disk = new FakeDisk();
    scenario(disk, { flushed: 0, applied: 0 });
    const links = disk.trace.filter((call) => /^link .*\/rdb\//.test(call));
    expect(links.length).toBe(4);
    expect(calls).toBeGreaterThan(150);
  });

  test.each(['process crash', 'power loss', 'power loss, half survives'])('%s', (kind) => {
    const pendingAgain = new Set<number>();
    for (let n = 1; n <= calls; n++) {
      const disk = new FakeDisk();
      disk.killAt = n;
      const seen: Seen = { flushed: 0, applied: 0 };
      expect(() => {
        scenario(disk, seen);
      }).toThrow(Killed);
      if (kind !== 'process crash') disk.losePower(kind.endsWith('survives'));
      disk.calm();
      // Before the data directory is there, there is no replica to load.
      if (!disk.exists(DATA)) continue;
      pendingAgain.add(verify(disk, seen, `${kind} at call ${n}: ${disk.trace[n - 1]}`));
    }
    // Also none: the last manifest was in force.
    expect([...pendingAgain].sort((a, b) => a - b)).toEqual([0, 1, 2, 3]);
  });

  test('a second crash while the first one is recovered from', () => {
    let pairs = 0;
    for (let n = 30; n <= calls; n += 5) {
      for (let m = 5; m <= 80; m += 6) {
        const disk = new FakeDisk();
        const seen: Seen = { flushed: 0, applied: 0 };
        for (const [limit, run] of [[n, scenario], [m, recover]] as const) {
          disk.killAt = disk.calls + limit;
          try {
            run(disk, seen);
          } catch (error) {
            if (!(error instanceof Killed)) throw error;
          }
          disk.losePower(false);
        }
        disk.calm();
        verify(disk, seen, `calls ${n} and ${m}`);
        pairs++;
      }
    }
    expect(pairs).toBeGreaterThan(300);
  });

  function recover(disk: FakeDisk, seen: Seen): void {
    verify(disk, seen, 'recovering');
  }
});

test('a failing disk call: the ingestion is in at a later attempt, or after a replay, and never in part', () => {
  let errors = 0;
  for (let n = 1; n <= 60; n++) {
    const disk = new FakeDisk();
    const world = host(disk);
    const seen: Seen = { flushed: 0, applied: 0 };
    world.app.openNew();
    apply(world, seen, 4);
    const paths = download(disk, FIRST);
    disk.failAt = disk.calls + n;
    const error = world.app.finishIngestion(paths);
    disk.calm();
    if (error === 'ERR_OK') expect([world.app.lastFlushedDecree(), rowsOf(world)]).toEqual([3, ROWS[4]]);
    else {
      errors++;
      expect([world.app.lastFlushedDecree(), rowsOf(world)]).toEqual([0, '1 4 - - - -']);
      expect(world.app.pendingIngestion()?.decree).toBe(3);
      if (n % 2 === 0) expect(world.app.finishIngestion(paths)).toBe('ERR_OK');
    }
    verify(disk, seen, `failed call ${n}`);
  }
  expect(errors).toBeGreaterThan(15);
});
