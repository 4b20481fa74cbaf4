/** The status machine and the progress of one duplication (dup 2.3, 3.3, 4.2; upstream's expectations: dup 15). */
import { describe, expect, it } from 'vitest';
import { DuplicationInfo } from '../../../../impl/meta/duplication/duplicationInfo.ts';
import { decodeDuplication } from '../../../../impl/meta/duplication/duplicationRecords.ts';
import type { DuplicationStatus } from '../../../../model/vocabulary.ts';
import { FakeWorld } from '../fakeWorld.ts';

const STATUSES: readonly DuplicationStatus[] = ['DS_INIT', 'DS_PREPARE', 'DS_APP', 'DS_LOG', 'DS_PAUSE', 'DS_REMOVED'];

function newDup(partitionCount = 4): { dup: DuplicationInfo; world: FakeWorld } {
  const world = new FakeWorld();
  const { ctx } = world.process('source/meta-0');
  const identity = {
    id: 1,
    appId: 1,
    appName: 't1',
    partitionCount,
    remoteCluster: 'follower',
    remoteAppName: 'f1',
    remoteReplicaCount: 3,
    remoteClusterMetas: ['follower/meta-0'],
    createTimestampMs: 5,
  };
  return { dup: new DuplicationInfo(ctx, identity), world };
}

const report = (lastCommittedDecree: number, confirmedDecree: number, checkpointPrepared = false) => ({
  lastCommittedDecree,
  confirmedDecree,
  checkpointPrepared,
});

describe('alterStatus', () => {
  it('of every pair of statuses is as the table says', () => {
    const legal: Record<DuplicationStatus, readonly DuplicationStatus[]> = {
      DS_INIT: ['DS_PREPARE', 'DS_LOG', 'DS_REMOVED'],
      DS_PREPARE: ['DS_APP', 'DS_REMOVED'],
      DS_APP: ['DS_LOG', 'DS_REMOVED'],
      DS_LOG: ['DS_PAUSE', 'DS_REMOVED'],
      DS_PAUSE: ['DS_LOG', 'DS_REMOVED'],
      DS_REMOVED: [],
    };
    for (const from of STATUSES) {
      for (const to of STATUSES) {
        const { dup } = newDup();
        dup.restore(from, 'FAIL_SLOW');
        const error = dup.alterStatus(to, 'FAIL_SLOW');
        if (from === 'DS_REMOVED') expect([from, to, error]).toEqual([from, to, 'ERR_OBJECT_NOT_FOUND']);
        else if (from === to || legal[from].includes(to)) expect([from, to, error]).toEqual([from, to, 'ERR_OK']);
        else expect([from, to, error]).toEqual([from, to, 'ERR_INVALID_PARAMETERS']);
        expect([from, to, dup.isAltering]).toEqual([from, to, error === 'ERR_OK' && from !== to]);
        expect(dup.status).toBe(from);
      }
    }
  });

  it('changes the fail mode alone, and is busy until that is persisted', () => {
    const { dup } = newDup();
    dup.restore('DS_LOG', 'FAIL_SLOW');
    expect(dup.alterStatus('DS_LOG', 'FAIL_SKIP')).toBe('ERR_OK');
    expect([dup.isAltering, dup.failMode, dup.nextFailMode]).toEqual([true, 'FAIL_SLOW', 'FAIL_SKIP']);
    expect(dup.alterStatus('DS_LOG', 'FAIL_SKIP')).toBe('ERR_BUSY');
    expect(dup.alterStatus('DS_PAUSE', 'FAIL_SLOW')).toBe('ERR_BUSY');
    dup.persistStatus();
    expect([dup.isAltering, dup.status, dup.failMode]).toEqual([false, 'DS_LOG', 'FAIL_SKIP']);
    dup.persistStatus();
    expect([dup.status, dup.failMode]).toEqual(['DS_LOG', 'FAIL_SKIP']);
  });

  it.each([
    [true, 'DS_PREPARE'],
    [false, 'DS_LOG'],
  ] as const)('a start with checkpoint %s leads to %s', (checkpoint, status) => {
    const { dup } = newDup();
    expect([dup.status, dup.isInvalidStatus()]).toEqual(['DS_INIT', true]);
    expect(dup.start(checkpoint)).toBe('ERR_OK');
    expect([dup.status, dup.nextStatus, dup.isAltering]).toEqual(['DS_INIT', status, true]);
    expect(dup.alterStatus('DS_PAUSE', 'FAIL_SLOW')).toBe('ERR_BUSY');
    expect(decodeDuplication(dup.toJson(), { appName: 't1', maxReplicaCount: 3 })).toEqual({
      remote: 'follower',
      status,
      createTimestampMs: 5,
      failMode: 'FAIL_SLOW',
      remoteAppName: 'f1',
      remoteReplicaCount: 3,
    });
    dup.persistStatus();
    expect([dup.status, dup.nextStatus, dup.isAltering]).toEqual([status, 'DS_INIT', false]);
    expect(dup.isInvalidStatus()).toBe(false);
  });

  it('to DS_REMOVED is known as a removal until it is persisted', () => {
    const { dup } = newDup();
    dup.restore('DS_PAUSE', 'FAIL_SKIP');
    dup.alterStatus('DS_REMOVED', 'FAIL_SKIP');
    expect([dup.isBeingRemoved(), dup.isInvalidStatus()]).toEqual([true, false]);
    dup.persistStatus();
    expect([dup.isBeingRemoved(), dup.isInvalidStatus()]).toEqual([false, true]);
  });
});

describe('alterProgress', () => {
  it('takes nothing but the last committed decree before the partition is initialised', () => {
    const { dup } = newDup();
    expect(dup.alterProgress(1, report(8, 5, true))).toBe(false);
    expect(dup.progress[1]).toMatchObject({ lastCommittedDecree: 8, volatileDecree: -1, checkpointPrepared: false });
  });

  it('goes through the rows of the table', () => {
    const { dup, world } = newDup();
    const slot = dup.progress[1];
    dup.initProgress(1, -1);
    expect(dup.alterProgress(1, report(8, 5, true))).toBe(true);
    expect(slot).toMatchObject({
      lastCommittedDecree: 8,
      volatileDecree: 5,
      storedDecree: -1,
      isAltering: true,
      checkpointPrepared: true,
    });
    expect(dup.alterProgress(1, report(15, 10, false))).toBe(false);
    expect(slot).toMatchObject({
      lastCommittedDecree: 15,
      volatileDecree: 5,
      storedDecree: -1,
      isAltering: true,
      checkpointPrepared: true,
    });
    dup.persistProgress(1);
    expect(slot).toMatchObject({ volatileDecree: 5, storedDecree: 5, isAltering: false, checkpointPrepared: true });
    // Within the least period, at (10, 10).
    world.run(6000);
    expect(dup.alterProgress(1, report(15, 10, true))).toBe(true);
    dup.persistProgress(1);
    world.run(4999);
    expect(dup.alterProgress(1, report(25, 15, true))).toBe(false);
    expect(slot).toMatchObject({
      lastCommittedDecree: 25,
      volatileDecree: 15,
      storedDecree: 10,
      isAltering: false,
      checkpointPrepared: true,
    });
    world.run(1);
    expect(dup.alterProgress(1, report(26, 25, true))).toBe(true);
    expect(dup.decreeToPersist(1, report(26, 25))).toBe(25);
    expect(
      dup.progress.filter((_, index) => index !== 1).every(({ volatileDecree }) => volatileDecree === -1),
    ).toBe(true);
  });

  it('lets the first report after a start through at once, and forgets what is not newer', () => {
    const { dup } = newDup();
    dup.initProgress(0, 7);
    expect(dup.alterProgress(0, report(9, 7, true))).toBe(false);
    expect(dup.alterProgress(0, report(9, 6, false))).toBe(false);
    expect(dup.progress[0]).toMatchObject({ volatileDecree: 7, storedDecree: 7, checkpointPrepared: false });
    expect(dup.alterProgress(0, report(9, 8))).toBe(true);
  });

  it('stores the largest report, not the one that came when the period was over (B5)', () => {
    const { dup, world } = newDup();
    dup.initProgress(0, -1);
    dup.alterProgress(0, report(100, 100));
    dup.persistProgress(0);
    world.run(1000);
    expect(dup.alterProgress(0, report(150, 150))).toBe(false);
    world.run(5000);
    expect(dup.alterProgress(0, report(130, 130))).toBe(true);
    expect(dup.decreeToPersist(0, report(130, 130))).toBe(150);
    dup.persistProgress(0);
    expect(dup.progressForSync()).toEqual({ 0: 150 });
  });

  it('begins nothing while a removal is under way, nor for a partition that does not exist (B6)', () => {
    const { dup } = newDup(1);
    dup.initProgress(0, -1);
    dup.restore('DS_LOG', 'FAIL_SLOW');
    dup.alterStatus('DS_REMOVED', 'FAIL_SLOW');
    expect(dup.alterProgress(0, report(8, 5))).toBe(false);
    expect([dup.hasProgressOnItsWay(), dup.progress[0]?.volatileDecree]).toEqual([false, 5]);
    expect(dup.alterProgress(1, report(8, 5))).toBe(false);
    expect(dup.progress.length).toBe(1);
  });

  it('aborts on the end of a write that nobody began', () => {
    const { dup } = newDup(1);
    dup.initProgress(0, -1);
    expect(() => dup.persistProgress(0)).toThrow('persist_progress');
  });

  it('says that all checkpoints are prepared only when each is', () => {
    const { dup } = newDup(2);
    for (const index of [0, 1]) dup.initProgress(index, 3);
    dup.alterProgress(0, report(3, 3, true));
    expect([dup.allCheckpointHasPrepared(), dup.allProgressIsStored()]).toEqual([false, true]);
    dup.alterProgress(1, report(3, 3, true));
    expect(dup.allCheckpointHasPrepared()).toBe(true);
    dup.alterProgress(0, report(3, 3, false));
    expect(dup.allCheckpointHasPrepared()).toBe(false);
  });
});

describe('entries', () => {
  it('tell progress to replica servers and states to operators, of initialised partitions only', () => {
    const { dup } = newDup(3);
    dup.restore('DS_LOG', 'FAIL_SKIP');
    dup.initProgress(0, -1);
    dup.initProgress(2, 9);
    dup.alterProgress(2, report(12, 11));
    const common = {
      dupId: 1,
      status: 'DS_LOG',
      remote: 'follower',
      createTsMs: 5,
      failMode: 'FAIL_SKIP',
      remoteAppName: 'f1',
      remoteReplicaCount: 3,
    };
    expect(dup.progressForSync()).toEqual({ 0: -1, 2: 9 });
    expect(dup.toPartitionLevelEntryForSync({ 0: 1 })).toEqual({ ...common, progress: { 0: 1 }, partitionStates: [] });
    expect(dup.toPartitionLevelEntryForList()).toEqual({
      ...common,
      progress: {},
      partitionStates: [
        { partitionIndex: 0, confirmedDecree: -1, lastCommittedDecree: -1 },
        { partitionIndex: 2, confirmedDecree: 9, lastCommittedDecree: 12 },
      ],
    });
  });
});
