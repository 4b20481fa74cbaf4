/**
 * A learner whose process ends at any disk call while it installs a checkpoint or discards its storage, and whose disk
 * refuses any one call: the next opening finds the old storage or the new one, whole, and never one that an earlier
 * attempt left behind.
 */
import { describe, expect, test } from 'vitest';
import { FakeDisk, Killed } from '../engine/fakeEnv.ts';
import { DATA, appOver, checkpointDirs, decrees } from './appWorld.ts';
import type { AppWorld } from './appWorld.ts';
import { LEARN, applyUpTo, clone, copyCheckpoint, rowsAt, rowsOf } from './learnFixture.ts';

const OLD = 7;
const NEW = 12;
const SETTINGS = { memtableSizeBytes: 150, checkpointReserveMinCount: 2, checkpointReserveTimeSeconds: 0 };
const host = (disk: FakeDisk): AppWorld => appOver(disk, SETTINGS);
const NAMES = ['data', 'learn', 'plog'];

/** Several runs, and checkpoints at some decrees. */
function replicaAt(disk: FakeDisk, checkpoints: readonly number[]): AppWorld {
  const world = host(disk);
  world.app.openNew();
  for (const decree of checkpoints) {
    applyUpTo(world.app, decree);
    expect(world.app.syncCheckpoint('start-up').durable).toBe(decree);
    world.process.run();
  }
  return world;
}

const learnee = replicaAt(new FakeDisk(), [6, NEW]);

/** A closed learner at `OLD` with its copy of the learnee's checkpoint, and what a crash left of earlier attempts. */
const before = ((): FakeDisk => {
  const disk = new FakeDisk();
  replicaAt(disk, [3, 5, OLD]);
  copyCheckpoint(learnee, disk);
  disk.mkdir('1.0.pegasus/plog');
  disk.mkdir('1.0.pegasus/data.1.discarded/rdb');
  return disk;
})();
const { files } = learnee.app.getLearnCheckpoint();

/** The checkpoint of an earlier attempt that never came into force. */
function withStale(disk: FakeDisk): FakeDisk {
  for (const name of disk.files(`${LEARN}/checkpoint.${NEW}`)) {
    disk.mkdir(`${DATA}.learned/rdb`);
    disk.create(`${DATA}.learned/rdb/${name}`);
    disk.write(`${DATA}.learned/rdb/${name}`, 0, disk.bytesOf(`${LEARN}/checkpoint.${NEW}/${name}`));
    disk.sync(`${DATA}.learned/rdb/${name}`);
  }
  return disk;
}

type Step = (world: AppWorld) => string;
const install: Step = (world) => world.app.applyCheckpoint(LEARN, files, NEW);
const discard: Step = (world) => world.app.discardAndOpenNew();
const open: Step = (world) => world.app.openExisting();

/** A process that opened the disk, applied a little more, and then takes the step until it is killed. */
function run(disk: FakeDisk, step: Step, killAfter: number): void {
  const world = host(disk);
  if (step !== open) {
    expect(world.app.openExisting()).toBe('ERR_OK');
    applyUpTo(world.app, world.app.lastCommittedDecree() + 1);
  }
  disk.killAt = disk.calls + killAfter;
  try {
    step(world);
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
}

function callsOf(step: Step, disk: FakeDisk): number {
  const world = host(disk);
  world.app.openExisting();
  applyUpTo(world.app, world.app.lastCommittedDecree() + 1);
  const from = disk.calls;
  expect(step(world)).toBe('ERR_OK');
  return disk.calls - from;
}

const CRASHES = ['process crash', 'power loss', 'power loss, half survives', 'torn removal 0', 'torn removal 1'] as const;
type Crash = (typeof CRASHES)[number];

function prepare(disk: FakeDisk, kind: Crash): void {
  if (kind.startsWith('torn')) disk.tornRemoval = kind.endsWith('0') ? 0 : 1;
}

function settle(disk: FakeDisk, kind: Crash): void {
  if (kind.startsWith('power')) disk.losePower(kind.endsWith('survives'));
  disk.calm();
}

/** The decree of what the next opening finds, after everything about it was looked at; or its error. */
function found(disk: FakeDisk, where: string): number | string {
  const world = host(disk);
  const error = world.app.openExisting();
  if (error !== 'ERR_OK') return error;
  const [durable, flushed, applied] = decrees(world);
  expect([durable, applied], where).toEqual([flushed, flushed]);
  expect(rowsOf(world.app), where).toBe(rowsAt(flushed));
  const listed = world.app.listCheckpoints();
  expect(checkpointDirs(disk), where).toEqual(listed.map((decree) => `checkpoint.${decree}`).sort());
  for (const decree of listed) {
    expect(world.app.labelOf(world.app.checkpointDir(decree)), where).toEqual({ error: 'ERR_OK', decree });
  }
  // Nothing of the old storage is in the new one.
  if (flushed !== OLD) expect(listed, where).toEqual(flushed === 0 ? [] : [flushed]);
  return flushed;
}

/** Names in the replica's directory that only a replacement makes. */
function attempts(disk: FakeDisk): string[] {
  return disk.directories('1.0.pegasus').filter((name) => !name.includes('/') && !NAMES.includes(name));
}

/** It goes on from there: installs, writes, and is opened once more; nothing of any attempt is left. */
function goOn(disk: FakeDisk, where: string): void {
  const world = host(disk);
  expect(world.app.openExisting(), where).toBe('ERR_OK');
  copyCheckpoint(learnee, disk);
  if (world.app.lastCommittedDecree() < NEW) expect(install(world), where).toBe('ERR_OK');
  applyUpTo(world.app, NEW + 2);
  expect(world.app.syncCheckpoint('start-up').durable, where).toBe(NEW + 2);
  expect(world.app.discardAndOpenNew(), where).toBe('ERR_OK');
  expect(attempts(disk), where).toEqual([]);
}

describe('a crash while a checkpoint is installed, or the storage is discarded', () => {
  test('the scenario is worth its name', () => {
    expect(callsOf(install, clone(before))).toBeGreaterThan(35);
    expect(callsOf(discard, clone(before))).toBeGreaterThan(25);
    expect(before.files(`${DATA}/rdb`).filter((name) => name.endsWith('.sst')).length).toBeGreaterThan(1);
    expect(checkpointDirs(before)).toEqual(['checkpoint.5', `checkpoint.${OLD}`]);
    expect(new Set(Array.from({ length: NEW + 2 }, (_, i) => rowsAt(i))).size).toBe(NEW + 2);
  });

  describe.each([['install', install, NEW], ['discard', discard, 0]] as const)('%s', (_, step, after) => {
    test.each(CRASHES)('%s: the old storage first, from some call on the new one', (kind) => {
      for (const start of [before, withStale(clone(before))]) {
        const states: (number | string)[] = [];
        const calls = callsOf(step, clone(start));
        for (let n = 1; n <= calls; n++) {
          const disk = clone(start);
          prepare(disk, kind);
          run(disk, step, n);
          settle(disk, kind);
          const where = `${kind} at call ${n}: ${disk.trace.at(-1)}`;
          const between = !disk.exists(DATA);
          states.push(found(disk, where));
          if (between) expect(attempts(disk), where).toEqual([]);
          goOn(disk, where);
        }
        expect(states.filter((state, i) => state !== states[i - 1])).toEqual([OLD, after]);
      }
    });

    test('a second crash while the opening after the first goes on', () => {
      const states = new Set<number | string>();
      const calls = callsOf(step, clone(before));
      for (let n = 1; n <= calls; n++) {
        for (let m = 1 + (n % 3); m <= 40; m += 3) {
          const disk = clone(before);
          run(disk, step, n);
          settle(disk, 'power loss');
          run(disk, open, m);
          settle(disk, 'power loss');
          states.add(found(disk, `calls ${n} and ${m}: ${disk.trace.at(-1)}`));
        }
      }
      expect([...states]).toEqual([OLD, after]);
    });
  });
});

describe('a checkpoint that a crash kept from coming into force never does', () => {
  test('when the storage is discarded later', () => {
    const states = new Set<number | string>();
    const calls = callsOf(discard, withStale(clone(before)));
    for (let m = 1; m <= calls; m++) {
      const disk = withStale(clone(before));
      run(disk, discard, m);
      settle(disk, 'process crash');
      states.add(found(disk, `call ${m}: ${disk.trace.at(-1)}`));
    }
    expect([...states]).toEqual([OLD, 0]);
  });

  test('when a new replica is made there', () => {
    const states = new Set<number | string>();
    for (let m = 1; m <= 30; m++) {
      const disk = withStale(clone(before));
      disk.killAt = disk.calls + m;
      expect(() => host(disk).app.openNew()).toThrow(Killed);
      settle(disk, 'power loss');
      states.add(found(disk, `call ${m}: ${disk.trace.at(-1)}`));
      if (states.has(0)) break;
    }
    expect([...states]).toEqual([OLD, 'ERR_FILE_OPERATION_FAILED', 0]);
  });
});

describe('a disk call that fails', () => {
  test.each([['install', install, NEW], ['discard', discard, 0]] as const)('%s: the answer tells', (_, step, after) => {
    const calls = callsOf(step, clone(before));
    const states = new Set<number | string>();
    for (let n = 1; n <= calls; n++) {
      const disk = clone(before);
      const world = host(disk);
      world.app.openExisting();
      applyUpTo(world.app, OLD + 1);
      disk.failAt = disk.calls + n;
      const answer = step(world);
      const where = `call ${n} fails: ${disk.trace[disk.failAt - 1]}`;
      disk.calm();
      expect(answer, where).toMatch(/^ERR_(OK|LOCAL_APP_FAILURE|FILE_OPERATION_FAILED|DISK_IO_ERROR)$/);
      const isOpen = world.app.isOpen();
      if (isOpen) expect(rowsOf(world.app), where).toBe(rowsAt(answer === 'ERR_OK' ? after : OLD + 1));
      world.app.abandon();
      const state = found(disk, where);
      if (isOpen) expect(state, where).toBe(answer === 'ERR_OK' ? after : OLD);
      else states.add(state);
    }
    expect([...states]).toEqual([OLD, after]);
  });
});
