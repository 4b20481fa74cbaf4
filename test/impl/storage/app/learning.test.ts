/** What a learnee hands out and what a learner makes of it (repl 1.9, 2.8): states, errors, ingestions, envs. */
import { describe, expect, test } from 'vitest';
import { CheckFailed } from '../../../../impl/env/contract.ts';
import { DATA, appOver, checkpointDirs, decrees, key, mutation, newApp, put, remove, reopened, write } from './appWorld.ts';
import type { AppWorld } from './appWorld.ts';
import { LEARN, copyCheckpoint, learn, openedOver } from './learnFixture.ts';
import { A_AND_B, apply, bulkLoad, download, loadFile, opened, valuesOf } from './loads.ts';

/** A replica with `count` decrees in a checkpoint. */
function learneeAt(count: number): AppWorld {
  const world = newApp();
  write(world, count);
  expect(world.app.syncCheckpoint('start-up').durable).toBe(count);
  return world;
}

const replicaFiles = (world: AppWorld): string[] =>
  [...world.disk.names.keys()].filter((name) => name.startsWith('1.0.pegasus/')).map((name) => name.split('/')[1] ?? '');

const valueAt = (world: AppWorld, name: string): string | undefined => world.app.get(key(name), 0)?.value;

describe('learnee', () => {
  test('the files of the newest checkpoint, relative to the data directory', () => {
    const world = learneeAt(3);
    write(world, 2);
    const state = world.app.getLearnCheckpoint();
    expect(state).toEqual({ error: 'ERR_OK', baseDir: DATA, decree: 3, files: state.files });
    expect(state.files).toEqual(world.disk.files(`${DATA}/checkpoint.3`).map((name) => `checkpoint.3/${name}`));
    expect(state.files).toContain('checkpoint.3/CURRENT');
  });

  test('no checkpoint, or one that cannot be read: ERR_GET_LEARN_STATE_FAILED', () => {
    const failed = { error: 'ERR_GET_LEARN_STATE_FAILED', baseDir: DATA, files: [], decree: 0 };
    const world = newApp();
    write(world, 1);
    expect(world.app.getLearnCheckpoint()).toEqual(failed);
    world.app.syncCheckpoint('start-up');
    world.disk.failMatching = `list ${DATA}/checkpoint.1`;
    expect(world.app.getLearnCheckpoint()).toEqual(failed);
  });

  test('files that were handed out are all there or all gone: a copy of collected ones fails (repl.Q7)', () => {
    const world = learneeAt(3);
    const { files } = world.app.getLearnCheckpoint();
    for (let i = 0; i < 2; i++) {
      write(world);
      world.app.syncCheckpoint('start-up');
    }
    world.app.gcCheckpoints(true);
    expect(files.filter((file) => world.disk.exists(`${DATA}/${file}`))).toEqual([]);
    const learner = newApp();
    expect(learner.app.applyCheckpoint(LEARN, files, 3)).toBe('ERR_LOCAL_APP_FAILURE');
    expect(learner.app.isOpen()).toBe(true);
  });
});

describe('applyCheckpoint', () => {
  test('replaces an empty storage and an older one alike', () => {
    const learnee = learneeAt(5);
    for (const before of [0, 1, 4]) {
      const learner = newApp();
      write(learner, before);
      learner.app.syncCheckpoint('start-up');
      expect(learn(learner, learnee)).toBe('ERR_OK');
      expect(decrees(learner)).toEqual([5, 5, 5]);
      expect(learner.app.listCheckpoints()).toEqual([5]);
      expect(checkpointDirs(learner.disk)).toEqual(['checkpoint.5']);
      expect([valueAt(learner, 'k1'), valueAt(learner, 'k5')]).toEqual(['v1', 'v5']);
      expect([...new Set(replicaFiles(learner))].sort()).toEqual(['data', 'learn']);
    }
  });

  test('it works on: the next decree, its own checkpoints, another opening', () => {
    const learner = newApp();
    write(learner, 2);
    learn(learner, learneeAt(5));
    expect(() => learner.app.applyMutation(mutation(7, put('x', 'x')))).toThrow(CheckFailed);
    write(learner, 2);
    expect(learner.app.syncCheckpoint('start-up')).toEqual({ error: 'ERR_OK', durable: 7 });
    const again = openedOver(learner.disk);
    expect(decrees(again)).toEqual([7, 7, 7]);
    expect(valueAt(again, 'k6')).toBe('v6');
  });

  test('rows that the old storage had and the new one has not are gone, also those in memory', () => {
    const learnee = newApp();
    for (const next of [mutation(1, put('a', '1')), mutation(2, remove('a'))]) learnee.app.applyMutation(next);
    learnee.app.syncCheckpoint('start-up');
    const learner = newApp();
    learner.app.applyMutation(mutation(1, put('a', '1')));
    learn(learner, learnee);
    expect(valueAt(learner, 'a')).toBe(undefined);
  });

  test('work that was under way for the old storage never touches the new one', () => {
    const learner = newApp();
    write(learner, 2);
    learner.app.asyncCheckpoint(true, 'periodic');
    learner.app.updateAppEnvs({ 'manual_compact.once.trigger_time': '1700000000' });
    learn(learner, learneeAt(5));
    expect(learner.process.pending()).toEqual([]);
    expect(decrees(learner)).toEqual([5, 5, 5]);
    // Told anew, the table's envs have their effect.
    learner.app.updateAppEnvs({ 'manual_compact.once.trigger_time': '1700000001' });
    learner.process.run();
    expect(learner.app.lastManualCompactFinishTime()).toBeGreaterThan(0);
  });

  test('no files: an empty storage', () => {
    const learner = newApp();
    expect(learner.app.applyCheckpoint(LEARN, [], 0)).toBe('ERR_OK');
    expect(decrees(learner)).toEqual([0, 0, 0]);
  });

  test('what is not whole is refused, and nothing has changed', () => {
    for (const suffix of ['CURRENT', 'MANIFEST', '.sst']) {
      const learner = newApp();
      write(learner, 2);
      const { files, decree } = copyCheckpoint(learneeAt(5), learner.disk);
      for (const file of files) if (file.includes(suffix)) learner.disk.remove(`${LEARN}/${file}`);
      expect(learner.app.applyCheckpoint(LEARN, files, decree), suffix).toBe('ERR_LOCAL_APP_FAILURE');
      expect(decrees(learner)).toEqual([0, 0, 2]);
      write(learner);
      expect(valueAt(learner, 'k3')).toBe('v3');
    }
  });

  test('damage in a run is found by the opening, now and later', () => {
    const learner = newApp();
    write(learner, 2);
    const { files, decree } = copyCheckpoint(learneeAt(5), learner.disk);
    learner.disk.flipBit(`${LEARN}/${files.find((file) => file.endsWith('.sst')) ?? ''}`, 100);
    expect(learner.app.applyCheckpoint(LEARN, files, decree)).toBe('ERR_RDB_CORRUPTION');
    expect(learner.app.isOpen()).toBe(false);
    expect(reopened(learner).app.openExisting()).toBe('ERR_RDB_CORRUPTION');
  });

  test('a checkpoint that holds another decree than was told, or less than the learner has, ends the process', () => {
    const learner = newApp();
    write(learner, 2);
    const { files } = copyCheckpoint(learneeAt(5), learner.disk);
    expect(() => learner.app.applyCheckpoint(LEARN, files, 1)).toThrow('to_decree_included >= applied');
    expect(() => learner.app.applyCheckpoint(LEARN, files, 4)).toThrow('to_decree_included == durable');
  });
});

describe('discardAndOpenNew', () => {
  test('an empty storage, whatever was there', () => {
    for (const count of [0, 3]) {
      const world = count === 0 ? newApp() : learneeAt(count);
      write(world, 1);
      expect(world.app.discardAndOpenNew()).toBe('ERR_OK');
      expect(decrees(world)).toEqual([0, 0, 0]);
      expect(checkpointDirs(world.disk)).toEqual([]);
      expect(valueAt(world, 'k1')).toBe(undefined);
      expect([...new Set(replicaFiles(world))]).toEqual(['data']);
      write(world, 2);
      expect(world.app.syncCheckpoint('start-up').durable).toBe(2);
    }
  });

  test('what a crash left of an earlier one goes, and a name that is taken is not', () => {
    const world = learneeAt(3);
    world.disk.mkdir(`1.0.pegasus/data.1.discarded/rdb`);
    world.disk.mkdir(`1.0.pegasus/data.${world.disk.wallUs()}.discarded/rdb`);
    world.disk.mkdir('1.0.pegasus/data.x.discarded');
    expect(world.app.discardAndOpenNew()).toBe('ERR_OK');
    expect([...new Set(replicaFiles(world))].sort()).toEqual(['data', 'data.x.discarded']);
  });

  test('work that was under way for the old storage never touches the new one', () => {
    const world = newApp();
    write(world, 2);
    world.app.asyncCheckpoint(true, 'periodic');
    world.app.updateAppEnvs({ 'manual_compact.once.trigger_time': '1700000000' });
    world.app.discardAndOpenNew();
    expect(world.process.pending()).toEqual([]);
  });

  test('then a checkpoint that holds less than the old storage did', () => {
    const learner = learneeAt(8);
    learner.app.discardAndOpenNew();
    expect(learn(learner, learneeAt(5))).toBe('ERR_OK');
    expect(decrees(learner)).toEqual([5, 5, 5]);
    expect(checkpointDirs(learner.disk)).toEqual(['checkpoint.5']);
  });
});

describe('ingestions (bl 15.3)', () => {
  const base = (world: AppWorld): AppWorld => {
    apply(world, put('a', '1'), put('b', '1'));
    return world;
  };

  test('one that is pending at the learnee is not covered: it comes with the log', () => {
    const learnee = base(opened());
    learnee.app.flushAllFamilyColumns();
    apply(learnee, bulkLoad(A_AND_B));
    learnee.app.asyncCheckpoint(true, 'max-interval');
    expect(learnee.app.asyncCheckpoint(false, 'periodic').error).toBe('ERR_OK');
    const learner = opened();
    expect(learn(learner, learnee)).toBe('ERR_OK');
    expect([decrees(learner), learner.app.pendingIngestion()]).toEqual([[1, 1, 1], undefined]);
    apply(learner, bulkLoad(A_AND_B));
    expect(learner.app.finishIngestion(download(learner.disk, A_AND_B))).toBe('ERR_OK');
    expect(valuesOf(learner, 'a', 'b')).toBe('new new');
  });

  test('one that is covered brings its rows along', () => {
    const learnee = base(opened());
    apply(learnee, bulkLoad(A_AND_B));
    learnee.app.finishIngestion(download(learnee.disk, A_AND_B));
    apply(learnee, put('b', 'later'));
    learnee.app.syncCheckpoint('start-up');
    const learner = opened();
    learn(learner, learnee);
    expect([decrees(learner), valuesOf(learner, 'a', 'b')]).toEqual([[3, 3, 3], 'new later']);
  });

  test('what the old storage still waited for is forgotten: the new one has it, and flushes', () => {
    const learnee = base(opened());
    apply(learnee, bulkLoad(A_AND_B));
    learnee.app.finishIngestion(download(learnee.disk, A_AND_B));
    learnee.app.syncCheckpoint('start-up');
    const learner = base(opened());
    apply(learner, bulkLoad(A_AND_B));
    learner.app.asyncCheckpoint(true, 'max-interval');
    expect(learner.app.isFlushHeldUp()).toBe(true);
    learn(learner, learnee);
    expect([learner.app.pendingIngestion(), learner.app.isFlushHeldUp()]).toEqual([undefined, false]);
    expect(learner.app.finishIngestion(download(learner.disk, A_AND_B))).toBe('ERR_INVALID_STATE');
    apply(learner, put('a', 'later'));
    expect(learner.app.syncCheckpoint('start-up')).toEqual({ error: 'ERR_OK', durable: 3 });
    expect(valuesOf(learner, 'a', 'b')).toBe('later new');
  });

  test('so does a discard', () => {
    const learner = base(opened());
    apply(learner, bulkLoad(A_AND_B));
    expect(learner.app.discardAndOpenNew()).toBe('ERR_OK');
    expect(learner.app.pendingIngestion()).toBe(undefined);
    apply(learner, put('a', '1'));
    expect(learner.app.syncCheckpoint('start-up').durable).toBe(1);
  });

  test('whether files may come in behind is the checkpoint\'s matter, not the learner\'s', () => {
    for (const learneeAllows of [true, false]) {
      const learnee = base(opened({ allowIngestBehind: learneeAllows }));
      learnee.app.syncCheckpoint('start-up');
      const learner = opened({ allowIngestBehind: !learneeAllows });
      learn(learner, learnee);
      const files = { 'h.sst': loadFile({ a: 'old', z: 'old' }) };
      apply(learner, bulkLoad(files, true));
      const answer = learner.app.finishIngestion(download(learner.disk, files));
      expect(answer).toBe(learneeAllows ? 'ERR_OK' : 'ERR_INGESTION_FAILED');
      expect(valuesOf(learner, 'a', 'z')).toBe(learneeAllows ? '1 old' : '1 -');
    }
  });

  test('a discard keeps it, whatever the table says by now', () => {
    for (const allows of [true, false]) {
      const created = opened({ allowIngestBehind: allows });
      const learner = appOver(created.disk, {}, {}, { allowIngestBehind: !allows });
      learner.app.openExisting();
      expect(learner.app.discardAndOpenNew()).toBe('ERR_OK');
      expect(learner.app.engine.allowsIngestBehind()).toBe(allows);
      const again = appOver(created.disk, {}, {}, { allowIngestBehind: !allows });
      again.app.openExisting();
      expect(again.app.engine.allowsIngestBehind()).toBe(allows);
    }
  });
});
