/** Adding a duplication: the checks in their order, a repeated add, ids (dup 3.1). */
import { describe, expect, it } from 'vitest';
import type { DuplicationStatus } from '../../../../model/vocabulary.ts';
import { CLUSTERS, DupCluster } from './dupCluster.ts';
import type { AddOptions } from './dupCluster.ts';

const BAD = 'ERR_INVALID_PARAMETERS';
const withoutOwnId = { duplicationGroup: { ...CLUSTERS.duplicationGroup } as Record<string, number> };
delete withoutOwnId.duplicationGroup['source'];

describe('the checks of an add', () => {
  it.each<[string, AddOptions, string]>([
    ['the own cluster', { remote: 'source' }, BAD],
    ['a cluster without an id', { remote: 'stranger' }, BAD],
    ['a cluster with an id and no meta servers known', { remote: 'unlisted' }, BAD],
    ['a cluster with an empty list of meta servers', { remote: 'none' }, BAD],
    ['a cluster with a meta server that is none', { remote: 'odd' }, BAD],
    ['a negative replica count', { count: -1 }, BAD],
  ])('%s is refused', (_what, options, error) => {
    const cluster = new DupCluster();
    const answer = cluster.add('t1', options);
    expect(answer).toMatchObject({ error, appId: 0, dupId: 0, remoteAppName: '', remoteReplicaCount: 0 });
    expect(answer.hint).not.toBe('');
    expect(cluster.stored('1/duplication')).toBeUndefined();
    expect(cluster.query('t1').entries).toEqual([]);
  });

  it('come in their order: each of them hides what would fail after it', () => {
    const bad: AddOptions = { count: -1 };
    const disabled = new DupCluster({ settings: { duplicationEnabled: false } });
    expect(disabled.add('none', { ...bad, remote: 'source' }).error).toBe('ERR_SERVICE_NOT_ACTIVE');
    const cluster = new DupCluster();
    const hint = (options: AddOptions, table = 'none'): string => cluster.add(table, options).hint;
    expect(hint({ ...bad, remote: 'source' })).toContain('itself');
    expect(hint({ ...bad, remote: 'stranger' })).toContain('no id');
    expect(hint({ ...bad, remote: 'unlisted' })).toContain('unknown');
    expect(hint(bad)).toContain('negative');
    expect(cluster.add('none', { count: 1 }).error).toBe('ERR_APP_NOT_EXIST');
    const own = new DupCluster({ settings: withoutOwnId });
    expect(own.add('none', { remote: 'unlisted' }).hint).toContain('this cluster');
    expect(own.add('none', { remote: 'stranger' }).hint).toContain('cluster stranger');
  });

  it('of the remote cluster’s id are left out with dup_ignore_other_cluster_ids, the own id is not', () => {
    const settings = {
      dupIgnoreOtherClusterIds: true,
      pegasusClusters: { ...CLUSTERS.pegasusClusters, stranger: ['stranger/meta-0'] },
    };
    expect(new DupCluster({ settings }).add('t1', { remote: 'stranger' }).error).toBe('ERR_OK');
    expect(new DupCluster({ settings: { ...settings, ...withoutOwnId } }).add('t1').error).toBe(BAD);
  });

  it('compare with the name for duplication, when the cluster has one of its own', () => {
    const cluster = new DupCluster({ settings: { dupClusterName: 'other' } });
    expect(cluster.add('t1', { remote: 'other' }).error).toBe(BAD);
    expect(cluster.add('t1', { remote: 'follower' }).error).toBe('ERR_OK');
  });

  it('refuse a table that is not available', () => {
    const cluster = new DupCluster({ tables: [] });
    cluster.world.storeFate = ({ operation }) => (operation === 'set' ? 'timeout' : 'ok');
    cluster.source.create('t1', { partitions: 1 });
    expect(cluster.add('t1').error).toBe('ERR_APP_NOT_EXIST');
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(3000);
    expect(cluster.add('t1').error).toBe('ERR_OK');
    cluster.source.drop('t1');
    cluster.world.run(100);
    expect(cluster.add('t1').error).toBe('ERR_APP_NOT_EXIST');
  });

  it('let one live table of the cluster feed a remote table', () => {
    const cluster = new DupCluster({ tables: ['t1', 't2'] });
    expect(cluster.add('t1', { remoteTable: 'f1' }).error).toBe('ERR_OK');
    expect(cluster.add('t2', { remoteTable: 'f1' }).error).toBe(BAD);
    expect(cluster.add('t2', { remoteTable: 'f1', remote: 'other' }).error).toBe('ERR_OK');
    expect(cluster.add('t2', { remoteTable: 'f2' }).error).toBe('ERR_OK');
    const dropped = new DupCluster({ tables: ['t1', 't2'] });
    dropped.add('t1', { remoteTable: 'f1' });
    dropped.source.drop('t1');
    dropped.world.run(100);
    expect(dropped.add('t2', { remoteTable: 'f1' }).error).toBe('ERR_OK');
  });

  it('compare a remote table that is not named with the table itself', () => {
    const cluster = new DupCluster({ tables: ['t1', 't2'] });
    expect(cluster.add('t1').error).toBe('ERR_OK');
    expect(cluster.add('t2', { remoteTable: 't1' }).error).toBe(BAD);
  });
});

describe('an add', () => {
  it('stores the record, then that the table is duplicating, and answers last', () => {
    const cluster = new DupCluster();
    const before = cluster.world.writes.length;
    const answer = cluster.add('t1', { remoteTable: 'f1', count: 2 });
    const id = 1_700_000_000;
    expect(answer).toEqual({
      error: 'ERR_OK',
      hint: '',
      appId: 1,
      dupId: id,
      remoteAppName: 'f1',
      remoteReplicaCount: 2,
    });
    const writes = cluster.world.writes.slice(before).map(({ operation, path }) => `${operation} ${path.slice(21)}`);
    expect(writes).toEqual(['create 1/duplication', `create 1/duplication/${id}`, 'set 1']);
    expect(cluster.stored('1/duplication')).toBe('');
    const record = JSON.parse(cluster.stored(`1/duplication/${id}`) ?? '') as Record<string, unknown>;
    expect(record).toMatchObject({
      remote: 'follower',
      status: 'DS_PREPARE',
      fail_mode: 'FAIL_SLOW',
      remote_app_name: 'f1',
      remote_replica_count: 2,
    });
    expect(Math.floor(Number(record['create_timestamp_ms']) / 1000)).toBe(id);
    expect(cluster.source.storedApp(1)?.info.duplicating).toBe(true);
  });

  it('takes the table’s name and replica count where none are asked for', () => {
    const cluster = new DupCluster();
    expect(cluster.add('t1')).toMatchObject({ error: 'ERR_OK', remoteAppName: 't1', remoteReplicaCount: 3 });
  });

  it('is not answered before the record is known to be stored, and shown as DS_INIT until then', () => {
    const cluster = new DupCluster();
    cluster.world.storeFate = ({ path }) => (path.includes('duplication/') ? 'timeout-after-effect' : 'ok');
    const answer = cluster.sendAdd('t1', { checkpoint: false });
    cluster.world.run(3000);
    expect(answer.answers).toEqual([]);
    expect(cluster.query('t1').entries).toMatchObject([
      { status: 'DS_INIT', partitionStates: [{ confirmedDecree: -1 }] },
    ]);
    expect(cluster.sync().apps).toEqual([]);
    expect(cluster.add('t1', { checkpoint: false })).toMatchObject({ error: 'ERR_BUSY', appId: 0, dupId: 0 });
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(2000);
    expect(answer.last).toMatchObject({ error: 'ERR_OK', body: { error: 'ERR_OK' } });
    expect(cluster.query('t1').entries).toMatchObject([{ status: 'DS_LOG' }]);
  });

  it('three times is one duplication', () => {
    const cluster = new DupCluster();
    const answers = [cluster.add('t1'), cluster.add('t1'), cluster.add('t1')];
    expect(answers.map(({ error }) => error)).toEqual(['ERR_OK', 'ERR_DUP_EXIST', 'ERR_DUP_EXIST']);
    expect(new Set(answers.map(({ dupId }) => dupId)).size).toBe(1);
    expect(cluster.query('t1').entries).toMatchObject([{ status: 'DS_PREPARE', dupId: answers[0]?.dupId }]);
  });

  it('of a table to two clusters makes two duplications', () => {
    const cluster = new DupCluster();
    const ids = [cluster.add('t1').dupId, cluster.add('t1', { remote: 'other' }).dupId];
    expect(ids[1]).toBe(Number(ids[0]) + 1);
    expect(cluster.query('t1').entries.map(({ dupId, remote }) => [dupId, remote])).toEqual([
      [ids[0], 'follower'],
      [ids[1], 'other'],
    ]);
  });

  it('that waits behind a drop leaves the table dropped', () => {
    const cluster = new DupCluster();
    cluster.world.storeFate = ({ path }) => (path.includes('duplication') ? 'timeout' : 'ok');
    const added = cluster.sendAdd('t1');
    cluster.world.run(10);
    const dropped = cluster.source.drop('t1');
    cluster.world.run(500);
    expect(dropped.answers).toEqual([]);
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(3000);
    expect(dropped.last?.error).toBe('ERR_OK');
    expect(added.last).toMatchObject({ body: { error: 'ERR_OK' } });
    expect(cluster.world.writes.at(-1)?.path).toBe('/pegasus/source/apps/1');
    expect(cluster.source.storedApp(1)?.info.status).toBe('AS_DROPPED');
  });
});

describe('a repeated add', () => {
  const others: [DuplicationStatus, 'FAIL_SLOW' | 'FAIL_SKIP', boolean, AddOptions][] = [];
  for (const status of ['DS_PREPARE', 'DS_APP', 'DS_LOG', 'DS_PAUSE'] as const) {
    for (const checkpoint of [true, false]) {
      others.push([status, 'FAIL_SKIP', checkpoint, {}]);
      others.push([status, 'FAIL_SLOW', checkpoint, { remoteTable: 'f2', count: 1 }]);
    }
  }

  it.each(others)('of one in %s with %s (checkpoint %s, asking %j) alters nothing', (
    status,
    failMode,
    checkpoint,
    asked,
  ) => {
    const cluster = new DupCluster();
    const { dupId } = cluster.add('t1', { remoteTable: 'f1', count: 2 });
    cluster.dup(1, dupId).restore(status, failMode);
    const before = cluster.world.writes.length;
    expect(cluster.add('t1', { ...asked, checkpoint })).toMatchObject({
      error: 'ERR_DUP_EXIST',
      appId: 1,
      dupId,
      remoteAppName: 'f1',
      remoteReplicaCount: 2,
    });
    expect([cluster.dup(1, dupId).status, cluster.dup(1, dupId).failMode]).toEqual([status, failMode]);
    expect(cluster.dup(1, dupId).isAltering).toBe(false);
    expect(cluster.world.writes.length).toBe(before);
  });

  it.each(['DS_APP', 'DS_REMOVED'] as const)('while %s is on its way to the store is refused as busy', (status) => {
    const cluster = new DupCluster();
    const { dupId } = cluster.add('t1');
    cluster.world.storeFate = ({ path }) => (path.includes('duplication/') ? 'timeout' : 'ok');
    cluster.sendModify('t1', dupId, { status });
    expect(cluster.add('t1')).toMatchObject({ error: 'ERR_BUSY', appId: 0, dupId: 0, remoteAppName: '' });
  });
});

describe('ids of duplications', () => {
  it('of a thousand in a burst rise strictly', () => {
    const cluster = new DupCluster();
    const { duplicationService, state } = cluster.source.meta;
    const app = state.app(1);
    if (app === undefined) throw new Error('no table');
    let last = 0;
    for (let i = 0; i < 1000; i++) {
      const id = duplicationService.newDupId(app);
      expect(id).toBeGreaterThan(last);
      last = id;
    }
    expect(last).toBe(1_700_000_000 + 999);
  });

  it('are not used again after a removal, nor when the wall clock goes back', () => {
    const cluster = new DupCluster();
    const { dupId } = cluster.add('t1');
    expect(cluster.modify('t1', dupId, { status: 'DS_REMOVED' })).toBe('ERR_OK');
    expect(cluster.add('t1').dupId).toBe(dupId + 1);
    cluster.world.wallBaseUs -= 1000_000_000;
    cluster.restart();
    expect(cluster.add('t1', { remote: 'other' }).dupId).toBe(dupId + 2);
  });
});
