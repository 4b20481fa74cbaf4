/** From DS_PREPARE over DS_APP to DS_LOG: the master's requests about the follower table (dup 5.2, 5.4, 15). */
import { describe, expect, it } from 'vitest';
import { AppService } from '../../../../impl/meta/appService.ts';
import { DuplicationService } from '../../../../impl/meta/duplication/duplicationService.ts';
import { META } from '../metaCluster.ts';
import { confirm, DupCluster, followerConfig, REMOTE_META } from './dupCluster.ts';
import type { DupClusterOptions } from './dupCluster.ts';

/** A duplication in DS_PREPARE whose partitions have stored decree 5 and their checkpoints. */
function prepared(
  options: DupClusterOptions = {},
  partitions = 1,
): { cluster: DupCluster; dupId: number } {
  const cluster = new DupCluster({ ...options, partitions });
  const { dupId } = cluster.add('t1', { remoteTable: 'f1', count: 2 });
  const reports = Array.from({ length: partitions }, (_, index) => confirm(`1.${index}`, dupId, 5, true));
  cluster.queryAnswer = () => cluster.healthy(reports.map(() => followerConfig(true, 1, 0, 2)));
  cluster.sync(reports);
  return { cluster, dupId };
}

/** The same in DS_APP. */
function inApp(
  options: DupClusterOptions = {},
  partitions = 1,
): { cluster: DupCluster; dupId: number } {
  const { cluster, dupId } = prepared(options, partitions);
  cluster.sync();
  expect(cluster.storedStatus(1, dupId)).toBe('DS_APP FAIL_SLOW');
  return { cluster, dupId };
}

describe('in DS_PREPARE', () => {
  it('the follower table is asked for when every partition has its checkpoint, and its decree is stored', () => {
    const cluster = new DupCluster({ partitions: 2 });
    const { dupId } = cluster.add('t1');
    cluster.sync([confirm('1.0', dupId, 5, true), confirm('1.1', dupId, 5, false)]);
    cluster.sync([confirm('1.1', dupId, 5, true)]);
    expect(cluster.creations).toEqual([]);
    cluster.sync();
    expect(cluster.creations.length).toBe(1);
    expect(cluster.storedStatus(1, dupId)).toBe('DS_APP FAIL_SLOW');
  });

  it('is not asked for while a prepared partition has no stored decree', () => {
    const cluster = new DupCluster();
    const { dupId } = cluster.add('t1');
    cluster.world.storeFate = ({ path }) => (path.endsWith(`${dupId}/0`) ? 'timeout' : 'ok');
    cluster.sendSync([confirm('1.0', dupId, 5, true)]);
    cluster.world.run(100);
    cluster.sync();
    expect(cluster.creations).toEqual([]);
  });

  it('the request carries the asked counts, the table’s envs and the marks', () => {
    const cluster = new DupCluster({ partitions: 2 });
    cluster.source.setEnvs('t1', { default_ttl: '7' });
    const { dupId } = cluster.add('t1', { remoteTable: 'f1', count: 2 });
    cluster.sync([confirm('1.0', dupId, 5, true), confirm('1.1', dupId, 5, true)]);
    cluster.sync();
    expect(cluster.creations).toEqual([
      {
        appName: 'f1',
        partitionCount: 2,
        replicaCount: 2,
        successIfExist: false,
        envs: {
          default_ttl: '7',
          'duplication.master_cluster': 'source',
          'duplication.master_metas': META,
          'duplication.master_app_name': 't1',
          'duplication.follower_app_status': 'creating',
          'duplication.master_app_id': '1',
          'duplication.master_dup_id': String(dupId),
        },
      },
    ]);
    expect(cluster.world.sent.find(({ to }) => to === REMOTE_META)?.options).toMatchObject({ timeoutMs: 5000 });
  });

  it('marks of another master, which the table has itself, are replaced (B8)', () => {
    // As an older meta server took them: no operator can set them.
    class Lenient extends AppService {
      override checkSetEnvs(): undefined {
        return undefined;
      }
    }
    const cluster = new DupCluster({ parts: { AppService: Lenient } });
    const marks = {
      'duplication.master_cluster': 'other',
      'duplication.master_metas': 'other/meta-0',
      'duplication.master_app_name': 'o1',
      'duplication.follower_app_status': 'created',
      'duplication.master_app_id': '9',
      'duplication.master_dup_id': '3',
    };
    cluster.source.setEnvs('t1', marks);
    cluster.world.run(100);
    const { dupId } = cluster.add('t1');
    cluster.sync([confirm('1.0', dupId, 5, true)]);
    cluster.sync();
    expect(cluster.creations[0]?.envs).toEqual({
      'duplication.master_cluster': 'source',
      'duplication.master_metas': META,
      'duplication.master_app_name': 't1',
      'duplication.follower_app_status': 'creating',
      'duplication.master_app_id': '1',
      'duplication.master_dup_id': String(dupId),
    });
  });

  it.each(['ERR_APP_EXIST', 'ERR_INVALID_PARAMETERS', 'ERR_BUSY_CREATING', 'no answer'] as const)(
    '%s leaves it there, to be tried again in the next round',
    (error) => {
      const { cluster, dupId } = prepared();
      cluster.createAnswer = () => (error === 'no answer' ? undefined : { error, hint: '', appId: 0 });
      cluster.sync();
      cluster.world.run(6000);
      expect(cluster.storedStatus(1, dupId)).toBe('DS_PREPARE FAIL_SLOW');
      expect(cluster.creations.length).toBe(1);
      cluster.createAnswer = () => ({ error: 'ERR_OK', hint: '', appId: 1 });
      cluster.sync();
      expect(cluster.creations.length).toBe(2);
      expect(cluster.storedStatus(1, dupId)).toBe('DS_APP FAIL_SLOW');
    },
  );
});

describe('in DS_APP', () => {
  it('the table is marked as created, then looked at under its own name', () => {
    const { cluster, dupId } = inApp();
    cluster.sync();
    expect(cluster.creations.map(({ appName, envs }) => [appName, envs['duplication.follower_app_status']])).toEqual([
      ['f1', 'creating'],
      ['f1', 'created'],
    ]);
    expect(cluster.queries).toEqual(['f1']);
    expect(cluster.storedStatus(1, dupId)).toBe('DS_LOG FAIL_SLOW');
    cluster.sync();
    expect(cluster.creations.length).toBe(2);
  });

  it.each([
    [true, 2, 0, 3, 'DS_LOG'],
    [true, 1, 0, 3, 'DS_LOG'],
    [true, 0, 0, 1, 'DS_LOG'],
    [false, 2, 0, 3, 'DS_APP'],
    [true, 1, 1, 3, 'DS_APP'],
    [true, 0, 1, 3, 'DS_APP'],
    [true, 0, 0, 3, 'DS_APP'],
    [true, 0, 0, 2, 'DS_APP'],
    [false, 0, 0, 1, 'DS_APP'],
  ] as const)('a partition with primary %s, %i secondaries, %i invalid ones of %i leads to %s', (
    primary,
    valid,
    invalid,
    count,
    status,
  ) => {
    const { cluster, dupId } = inApp();
    cluster.queryAnswer = () => cluster.healthy([followerConfig(primary, valid, invalid, count)]);
    cluster.sync();
    expect(cluster.queries.length).toBe(1);
    expect(cluster.storedStatus(1, dupId)).toBe(`${status} FAIL_SLOW`);
  });

  it('the first partition that does not serve decides, whatever comes after it', () => {
    const { cluster, dupId } = inApp({}, 2);
    const good = followerConfig(true, 1, 0, 2);
    const bad = [
      [followerConfig(true, 1, 1, 3), good],
      [good, followerConfig(false, 2, 0, 3)],
      [good],
      [good, good, good],
    ];
    for (const partitions of bad) {
      cluster.queryAnswer = () => cluster.healthy(partitions);
      cluster.sync();
      expect(cluster.storedStatus(1, dupId)).toBe('DS_APP FAIL_SLOW');
    }
    cluster.queryAnswer = () => cluster.healthy([good, good]);
    cluster.sync();
    expect(cluster.storedStatus(1, dupId)).toBe('DS_LOG FAIL_SLOW');
  });

  it('each error has its code', () => {
    const { cluster, dupId } = inApp();
    const { followers } = cluster.source.meta.duplicationSync;
    const dup = cluster.dup(1, dupId);
    const told = (partitions: readonly ReturnType<typeof followerConfig>[]) =>
      followers.followerAppError({ error: 'ERR_OK', body: cluster.healthy(partitions) }, dup);
    expect(followers.followerAppError({ error: 'ERR_TIMEOUT', body: undefined }, dup)).toBe('ERR_TIMEOUT');
    const missing = { error: 'ERR_OBJECT_NOT_FOUND', appId: 0, partitionCount: 0, partitions: [] } as const;
    expect(followers.followerAppError({ error: 'ERR_OK', body: missing }, dup)).toBe('ERR_OBJECT_NOT_FOUND');
    expect(told([])).toBe('ERR_INCONSISTENT_STATE');
    expect(told([followerConfig(false, 2, 0, 3)])).toBe('ERR_INACTIVE_STATE');
    expect(told([followerConfig(true, 0, 0, 3)])).toBe('ERR_NOT_ENOUGH_MEMBER');
    expect(told([followerConfig(true, 1, 1, 3)])).toBe('ERR_INACTIVE_STATE');
    expect(told([followerConfig(true, 1, 0, 3)])).toBe('ERR_OK');
  });

  it('a mark that is refused, or has no answer, ends the round', () => {
    const { cluster, dupId } = inApp();
    for (const answer of [{ error: 'ERR_APP_EXIST', hint: '', appId: 0 } as const, undefined]) {
      cluster.createAnswer = () => answer;
      cluster.sync();
      cluster.world.run(6000);
      expect([cluster.queries, cluster.storedStatus(1, dupId)]).toEqual([[], 'DS_APP FAIL_SLOW']);
    }
  });

  it('goes on after a restart, when no checkpoint is reported any more (B2)', () => {
    const { cluster, dupId } = inApp();
    cluster.restart();
    cluster.sync();
    expect(cluster.storedStatus(1, dupId)).toBe('DS_LOG FAIL_SLOW');
  });

  it('a duplication to a cluster that is not configured any more asks nobody', () => {
    const { cluster, dupId } = inApp();
    const metas = cluster.dup(1, dupId).identity.remoteClusterMetas;
    expect(metas).toEqual([REMOTE_META]);
    Object.assign(cluster.world.settings, { pegasusClusters: {} });
    cluster.restart();
    cluster.sync();
    expect([cluster.dup(1, dupId).status, cluster.creations.length]).toEqual(['DS_APP', 1]);
  });
});

describe('rounds that overlap', () => {
  it('write a status once, and never one that they did not alter (B1)', () => {
    const { cluster, dupId } = inApp();
    const before = cluster.world.writes.length;
    for (let i = 0; i < 4; i++) cluster.sendSync();
    cluster.world.run(1000);
    expect(cluster.queries.length).toBe(4);
    const writes = cluster.world.writes.slice(before);
    expect(writes.map(({ path, value }) => [path.endsWith(String(dupId)), value.includes('DS_LOG')])).toEqual([
      [true, true],
    ]);
    expect(cluster.storedStatus(1, dupId)).toBe('DS_LOG FAIL_SLOW');
  });

  it('keep the fail mode that somebody chose (B4)', () => {
    const { cluster, dupId } = prepared();
    cluster.modify('t1', dupId, { failMode: 'FAIL_SKIP' });
    cluster.sync();
    expect(cluster.storedStatus(1, dupId)).toBe('DS_APP FAIL_SKIP');
    cluster.sync();
    expect(cluster.storedStatus(1, dupId)).toBe('DS_LOG FAIL_SKIP');
  });

  it('do not start again what was paused meanwhile (B7)', () => {
    const { cluster, dupId } = inApp();
    const { duplicationService } = cluster.source.meta;
    expect(cluster.modify('t1', dupId, { status: 'DS_LOG' })).toBe('ERR_OK');
    expect(cluster.modify('t1', dupId, { status: 'DS_PAUSE' })).toBe('ERR_OK');
    duplicationService.advance(1, dupId, 'DS_APP', 'DS_LOG');
    cluster.world.run(100);
    expect(cluster.storedStatus(1, dupId)).toBe('DS_PAUSE FAIL_SLOW');
  });

  it('change nothing of what was removed or dropped, or while an operator is busy', () => {
    const { cluster, dupId } = inApp();
    const { duplicationService } = cluster.source.meta;
    cluster.world.storeFate = ({ path, operation }) => {
      return path.endsWith(String(dupId)) && operation === 'set' ? 'timeout' : 'ok';
    };
    cluster.sendModify('t1', dupId, { failMode: 'FAIL_SKIP' });
    cluster.world.run(10);
    duplicationService.advance(1, dupId, 'DS_APP', 'DS_LOG');
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(2000);
    expect(cluster.storedStatus(1, dupId)).toBe('DS_APP FAIL_SKIP');
    cluster.source.drop('t1');
    cluster.world.run(100);
    duplicationService.advance(1, dupId, 'DS_APP', 'DS_LOG');
    cluster.world.run(100);
    expect(cluster.storedStatus(1, dupId)).toBe('DS_APP FAIL_SKIP');
    const other = inApp();
    other.cluster.modify('t1', other.dupId, { status: 'DS_REMOVED' });
    other.cluster.source.meta.duplicationService.advance(1, other.dupId, 'DS_APP', 'DS_LOG');
    other.cluster.world.run(100);
    expect(other.cluster.storedStatus(1, other.dupId)).toBe('none');
  });

  it('with upstream’s guards put out of place store DS_INIT: the guards are what prevents it', () => {
    class Unguarded extends DuplicationService {
      override isExpected(): boolean {
        return true;
      }
      override isWriteNeeded(): boolean {
        return true;
      }
    }
    const { cluster, dupId } = inApp({ parts: { DuplicationService: Unguarded } });
    for (let i = 0; i < 2; i++) cluster.sendSync();
    cluster.world.run(100);
    cluster.source.meta.duplicationService.advance(1, dupId, 'DS_APP', 'DS_LOG');
    cluster.world.run(100);
    expect(cluster.storedStatus(1, dupId)).toContain('DS_INIT');
  });
});
