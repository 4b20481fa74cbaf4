/**
 * Every moment at which a process can end: a scenario runs until the n-th disk call, for each n, with the process
 * killed there (a write half done), with or without a loss of unsynced bytes; then a new process opens what is left. It
 * must find exactly the effects of some prefix of the mutations, no shorter than what was flushed, and say which.
 */
import { describe, expect, test } from 'vitest';
import type { LogMutation } from '../../../../impl/storage/plog/types.ts';
import { FakeDisk, Killed } from '../engine/fakeEnv.ts';
import { EMPTY, appOver, checkpointDirs, decrees, key, multiPut, mutation, put, remove } from './appWorld.ts';
import type { AppWorld } from './appWorld.ts';

/** A script whose decrees overwrite and delete one another, so that each prefix has rows of its own. */
const MUTATIONS: readonly LogMutation[] = [
  mutation(1, put('a', '1'), put('b', '1')),
  mutation(2, put('a', '2')),
  mutation(3, EMPTY),
  mutation(4, remove('b'), put('c', '4')),
  mutation(5, multiPut('h', { x: '5', y: '5' })),
  mutation(6, put('b', '6'), remove('a')),
  mutation(7, EMPTY),
  mutation(8, put('a', '8'), put('c', '8')),
];

const KEYS = [key('a'), key('b'), key('c'), '\0\x01hx', '\0\x01hy'];

/** Rows after each decree, worked out by hand. */
const ROWS: readonly string[] = [
  '- - - - -',
  '1 1 - - -',
  '2 1 - - -',
  '2 1 - - -',
  '2 - 4 - -',
  '2 - 4 5 5',
  '- 6 4 5 5',
  '- 6 4 5 5',
  '8 6 8 5 5',
];

const rowsOf = (world: AppWorld): string => KEYS.map((name) => world.app.get(name, 0)?.value ?? '-').join(' ');

/** What the scenario may rely on at the moment of the crash. */
interface Seen {
  flushed: number;
  durable: number;
  applied: number;
}

function apply(world: AppWorld, seen: Seen, upTo: number): void {
  for (let decree = world.app.lastCommittedDecree() + 1; decree <= upTo; decree++) {
    const next = MUTATIONS[decree - 1];
    if (next === undefined) return;
    expect(world.app.applyMutation(next)).toBe('ERR_OK');
    seen.applied = Math.max(seen.applied, decree);
  }
  note(world, seen);
}

function note(world: AppWorld, seen: Seen): void {
  seen.flushed = Math.max(seen.flushed, world.app.lastFlushedDecree());
  seen.durable = Math.max(seen.durable, world.app.lastDurableDecree());
}

const SETTINGS = { checkpointReserveMinCount: 1, checkpointReserveTimeSeconds: 0 };

function scenario(disk: FakeDisk, seen: Seen): void {
  const world = appOver(disk, SETTINGS);
  const step = (body: () => void): void => {
    body();
    note(world, seen);
  };
  world.app.openNew();
  apply(world, seen, 2);
  step(() => world.app.asyncCheckpoint(true, 'periodic'));
  apply(world, seen, 3);
  step(() => {
    world.process.run();
  });
  step(() => world.app.asyncCheckpoint(false, 'periodic'));
  apply(world, seen, 4);
  step(() => world.app.flushAllFamilyColumns());
  apply(world, seen, 5);
  step(() => world.app.flushAllFamilyColumns());
  apply(world, seen, 6);
  step(() => world.app.asyncCheckpoint(true, 'max-interval'));
  step(() => {
    world.process.run();
  });
  apply(world, seen, 7);
  step(() => {
    world.app.updateAppEnvs({ 'manual_compact.once.trigger_time': '1700000000' });
  });
  step(() => {
    world.process.run();
  });
  apply(world, seen, 8);
  step(() => world.app.syncCheckpoint('start-up'));
}

function verify(disk: FakeDisk, seen: Seen, where: string): void {
  disk.calm();
  const world = appOver(disk, SETTINGS);
  expect(world.app.openExisting(), where).toBe('ERR_OK');
  const [durable, flushed, applied] = decrees(world);
  expect(flushed, where).toBeGreaterThanOrEqual(seen.flushed);
  // What was being applied to memory cannot be beyond what the scenario applied.
  expect(flushed, where).toBeLessThanOrEqual(seen.applied);
  expect(durable, where).toBe(flushed);
  expect(applied, where).toBe(flushed);
  expect(rowsOf(world), where).toBe(ROWS[flushed]);
  const listed = world.app.listCheckpoints();
  expect(checkpointDirs(disk), where).toEqual(listed.map((decree) => `checkpoint.${decree}`));
  for (const decree of listed) {
    expect(world.app.labelOf(world.app.checkpointDir(decree)), where).toEqual({ error: 'ERR_OK', decree });
    expect(rowsOfCheckpoint(disk, decree), `${where} checkpoint.${decree}`).toBe(ROWS[decree]);
  }
  // It works on: the rest is replayed and everything ends alike.
  apply(world, { flushed: 0, durable: 0, applied: 0 }, 8);
  expect(world.app.syncCheckpoint('start-up').durable, where).toBe(8);
  expect(rowsOf(world), where).toBe(ROWS[8]);
}

/** Opens a copy of a checkpoint as a database of its own. */
function rowsOfCheckpoint(disk: FakeDisk, decree: number): string {
  const copy = new FakeDisk();
  copy.mkdir('1.0.pegasus/data/rdb');
  for (const name of disk.files(`1.0.pegasus/data/checkpoint.${decree}`)) {
    copy.create(`1.0.pegasus/data/rdb/${name}`);
    copy.write(`1.0.pegasus/data/rdb/${name}`, 0, disk.bytesOf(`1.0.pegasus/data/checkpoint.${decree}/${name}`));
  }
  const world = appOver(copy);
  expect(world.app.openExisting()).toBe('ERR_OK');
  expect(world.app.lastFlushedDecree()).toBe(decree);
  return rowsOf(world);
}

const calmRun = (): FakeDisk => {
  const disk = new FakeDisk();
  scenario(disk, { flushed: 0, durable: 0, applied: 0 });
  return disk;
};

describe('a crash at any disk call', () => {
  const calls = calmRun().calls;

  test('the scenario is worth its name', () => {
    expect(calls).toBeGreaterThan(150);
    const trace = calmRun().trace.join('\n');
    const words = ['link ', 'rename ', 'remove 1.0.pegasus/data/checkpoint.', 'remove 1.0.pegasus/data/rdb/', 'sync '];
    for (const word of words) expect(trace).toContain(word);
  });

  test.each(['process crash', 'power loss', 'power loss, half survives'])('%s', (kind) => {
    for (let n = 1; n <= calls; n++) {
      const disk = new FakeDisk();
      disk.killAt = n;
      const seen: Seen = { flushed: 0, durable: 0, applied: 0 };
      let killed = false;
      try {
        scenario(disk, seen);
      } catch (error) {
        if (!(error instanceof Killed)) throw error;
        killed = true;
      }
      expect(killed).toBe(true);
      if (kind !== 'process crash') disk.losePower(kind.endsWith('survives'));
      disk.calm();
      // Before the data directory is there, there is no replica to load.
      if (disk.exists('1.0.pegasus/data')) verify(disk, seen, `${kind} at call ${n}: ${disk.trace[n - 1]}`);
    }
  });

  test('a second crash while opening after the first', () => {
    let pairs = 0;
    for (let n = 20; n <= calls; n += 7) {
      for (let m = 1; m <= 40; m += 3) {
        const disk = new FakeDisk();
        const seen: Seen = { flushed: 0, durable: 0, applied: 0 };
        for (const [limit, run] of [[n, scenario], [m, openOnce]] as const) {
          disk.killAt = disk.calls + limit;
          try {
            run(disk, seen);
          } catch (error) {
            if (!(error instanceof Killed)) throw error;
          }
          disk.losePower(false);
        }
        verify(disk, seen, `calls ${n} and ${m}`);
        pairs++;
      }
    }
    expect(pairs).toBeGreaterThan(200);
  });

  function openOnce(disk: FakeDisk, seen: Seen): void {
    const world = appOver(disk, SETTINGS);
    world.app.openExisting();
    note(world, seen);
  }
});

describe('a failing disk call', () => {
  const calls = calmRun().calls;

  test('is an error of its step or of none, never a wrong state afterwards', () => {
    let failures = 0;
    for (let n = 1; n <= calls; n++) {
      const disk = new FakeDisk();
      disk.failAt = n;
      const seen: Seen = { flushed: 0, durable: 0, applied: 0 };
      failures += scenarioUnderErrors(disk, seen);
      disk.calm();
      const where = `failed call ${n}: ${disk.trace[n - 1]}`;
      if (disk.exists('1.0.pegasus/data/rdb/CURRENT')) verify(disk, { ...seen, applied: 8 }, where);
    }
    expect(failures).toBeGreaterThan(calls / 3);
  });

  /** Steps that go on after errors as a replica would: closed and opened again when a write is refused. */
  function scenarioUnderErrors(disk: FakeDisk, seen: Seen): number {
    let errors = 0;
    let world = appOver(disk, SETTINGS);
    if (world.app.openNew() !== 'ERR_OK' && world.app.openNew() !== 'ERR_OK') throw new Error('two failures');
    for (const [decree, next] of MUTATIONS.entries()) {
      if (world.app.applyMutation(next) !== 'ERR_OK') {
        errors++;
        world.app.abandon();
        world = appOver(disk, SETTINGS);
        if (world.app.openExisting() !== 'ERR_OK') return errors;
        const rest = MUTATIONS.slice(world.app.lastCommittedDecree(), decree + 1);
        for (const again of rest) expect(world.app.applyMutation(again)).toBe('ERR_OK');
      }
      if (decree % 2 === 1 && world.app.asyncCheckpoint(true, 'periodic').error.startsWith('ERR_LOCAL')) errors++;
      world.process.run();
      if (decree % 3 === 2 && !world.app.flushAllFamilyColumns()) errors++;
      if (decree === 5) world.app.updateAppEnvs({ 'manual_compact.once.trigger_time': '1700000000' });
      world.process.run();
      expect(rowsOf(world)).toBe(ROWS[decree + 1]);
      note(world, seen);
    }
    if (world.app.syncCheckpoint('start-up').error !== 'ERR_OK') errors++;
    note(world, seen);
    return errors;
  }
});
