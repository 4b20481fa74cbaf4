/** Duplications after a restart of the meta server (dup 3.5), and a crash around every write. */
import { describe, expect, it } from 'vitest';
import type { StoreOp } from '../fakeWorld.ts';
import { confirm, DupCluster, followerConfig, NODE } from './dupCluster.ts';

const APPS = '/pegasus/source/apps';
const isWrite = (op: StoreOp): boolean => op.operation !== 'get' && op.operation !== 'children';

/** A cluster whose store holds these duplications of table 1, left by somebody else; its meta server has restarted. */
function restored(nodes: Readonly<Record<string, string>>, partitions = 2): DupCluster {
  const cluster = new DupCluster({ partitions });
  cluster.world.store.set(`${APPS}/1/duplication`, '');
  for (const [path, value] of Object.entries(nodes)) cluster.world.store.set(`${APPS}/1/duplication/${path}`, value);
  cluster.restart();
  expect(cluster.source.metaProcess.failure).toBeUndefined();
  return cluster;
}

const record = (status: string, failMode = 'FAIL_SLOW', more: object = {}): string =>
  JSON.stringify({
    remote: 'follower',
    status,
    create_timestamp_ms: 5,
    fail_mode: failMode,
    remote_app_name: 'f1',
    remote_replica_count: 2,
    ...more,
  });

describe('a restart', () => {
  it.each(['DS_PREPARE', 'DS_APP', 'DS_LOG', 'DS_PAUSE'] as const)('finds a duplication in %s as it was', (status) => {
    const cluster = restored({ '9': record(status, 'FAIL_SKIP'), '9/0': '12' });
    expect(cluster.query('t1').entries).toEqual([
      {
        dupId: 9,
        status,
        remote: 'follower',
        createTsMs: 5,
        failMode: 'FAIL_SKIP',
        remoteAppName: 'f1',
        remoteReplicaCount: 2,
        progress: {},
        partitionStates: [
          { partitionIndex: 0, confirmedDecree: 12, lastCommittedDecree: -1 },
          { partitionIndex: 1, confirmedDecree: -1, lastCommittedDecree: -1 },
        ],
      },
    ]);
    expect(cluster.sync().apps[0]?.duplications[0]?.progress).toEqual({ 0: 12, 1: -1 });
    expect(cluster.dup(1, 9).isAltering).toBe(false);
    expect(cluster.source.storedApp(1)?.info.duplicating).toBe(true);
    expect(cluster.add('t1').error).toBe('ERR_DUP_EXIST');
    expect(cluster.modify('t1', 9, { failMode: 'FAIL_SLOW' })).toBe('ERR_OK');
    expect(cluster.storedStatus(1, 9)).toBe(`${status} FAIL_SLOW`);
  });

  it.each([
    ['DS_INIT', record('DS_INIT')],
    ['DS_REMOVED', record('DS_REMOVED')],
    ['an unknown status', record('DS_START')],
    ['an unknown fail mode', record('DS_LOG', 'FAIL')],
    ['an empty value', ''],
    ['half a record', record('DS_LOG').slice(0, 30)],
    ['a missing and an unknown key', JSON.stringify({ remote: 'follower', status: 'DS_LOG', mode: 'FULL' })],
  ])('leaves a record with %s alone, and restores the others', (_what, value) => {
    const cluster = restored({ '8': value, '9': record('DS_LOG', 'FAIL_SLOW', { remote: 'other' }) });
    expect(cluster.query('t1').entries.map(({ dupId }) => dupId)).toEqual([9]);
    expect(cluster.stored('1/duplication/8')).toBe(value);
    expect(cluster.modify('t1', 8, { status: 'DS_PAUSE' })).toBe('ERR_OBJECT_NOT_FOUND');
  });

  it('does not call a table duplicating whose only record is damaged', () => {
    const cluster = restored({ '8': 'x' });
    expect(cluster.source.storedApp(1)?.info.duplicating).toBe(false);
    expect(cluster.sync().apps).toEqual([]);
  });

  it('takes what an older record does not say from the table', () => {
    const cluster = restored({ '9': '{"remote":"follower","status":"DS_PAUSE","create_timestamp_ms":5}' });
    expect(cluster.query('t1').entries).toMatchObject([
      { remoteAppName: 't1', remoteReplicaCount: 3, failMode: 'FAIL_SLOW' },
    ]);
  });

  it('ends a table’s list at a name that is no id', () => {
    const cluster = restored({
      '8': record('DS_LOG'),
      '88x': 'y',
      '9': record('DS_LOG', 'FAIL_SLOW', { remote: 'other' }),
    });
    expect(cluster.query('t1').entries.map(({ dupId }) => dupId)).toEqual([8]);
  });

  it('restores duplications in the order of their ids, which the store does not keep', () => {
    const other = record('DS_LOG', 'FAIL_SLOW', { remote: 'other' });
    const cluster = restored({ '10': other, '9': record('DS_LOG') });
    expect(cluster.query('t1').entries.map(({ dupId }) => dupId)).toEqual([9, 10]);
  });

  it('never duplicates a partition whose progress is no number', () => {
    const cluster = restored({ '9': record('DS_PREPARE'), '9/0': 'x', '9/1': '4' });
    expect(cluster.sync().apps[0]?.duplications[0]?.progress).toEqual({ 1: 4 });
    const prepared = [confirm('1.0', 9, 5, true), confirm('1.1', 9, 4, true)];
    expect(cluster.sync(prepared).apps[0]?.duplications[0]?.progress).toEqual({ 1: 4 });
    cluster.sync(prepared);
    expect([cluster.creations, cluster.stored('1/duplication/9/0')]).toEqual([[], 'x']);
  });

  it('forgets which checkpoints were prepared, and asks for the follower table when they are reported again', () => {
    const cluster = new DupCluster();
    const { dupId } = cluster.add('t1');
    cluster.sync([confirm('1.0', dupId, 5, true)]);
    cluster.restart();
    cluster.sync();
    expect([cluster.creations.length, cluster.dup(1, dupId).status]).toEqual([0, 'DS_PREPARE']);
    cluster.sync([confirm('1.0', dupId, 5, true)]);
    cluster.sync();
    expect([cluster.creations.length, cluster.dup(1, dupId).status]).toEqual([1, 'DS_APP']);
  });

  it('finds the duplications of tables that are not available too (B11)', () => {
    const cluster = new DupCluster({ tables: ['t1', 't2'] });
    const { dupId } = cluster.add('t2');
    cluster.source.drop('t2');
    cluster.world.run(100);
    cluster.restart();
    expect(cluster.dup(2, dupId).status).toBe('DS_PREPARE');
    expect(cluster.query('t2').error).toBe('ERR_APP_NOT_EXIST');
    expect(cluster.add('t1', { remoteTable: 't2' }).error).toBe('ERR_OK');
  });

  it('serves nobody before all of it is read (B10)', () => {
    const cluster = new DupCluster();
    const { dupId } = cluster.add('t1', { checkpoint: false });
    cluster.sync([confirm('1.0', dupId, 5)]);
    for (const below of ['', `/${dupId}`, `/${dupId}/0`]) {
      const slow = `${APPS}/1/duplication${below}`;
      cluster.world.storeFate = ({ path }) => (path === slow ? 'timeout' : 'ok');
      cluster.restart();
      expect(cluster.sync()).toEqual({ error: 'ERR_SERVICE_NOT_ACTIVE', apps: [] });
      expect(cluster.add('t1').error).toBe('ERR_SERVICE_NOT_ACTIVE');
      expect(cluster.modify('t1', dupId, { status: 'DS_PAUSE' })).toBe('ERR_SERVICE_NOT_ACTIVE');
      expect(cluster.query('t1').error).toBe('ERR_SERVICE_NOT_ACTIVE');
      expect(
        cluster.bodyOf(cluster.call('RPC_CM_LIST_DUPLICATION', { appNamePattern: '', matchType: 'ALL' })).error,
      ).toBe('ERR_SERVICE_NOT_ACTIVE');
      const config = cluster.source.sync(NODE);
      cluster.world.run(10);
      expect(config.last?.body).toMatchObject({ error: 'ERR_SERVICE_NOT_ACTIVE' });
      cluster.world.storeFate = () => 'ok';
      cluster.world.run(2000);
      expect(cluster.sync().apps[0]?.duplications[0]?.progress).toEqual({ 0: 5 });
    }
  });

  it('brings a table’s mark in line with its duplications before it serves (B45)', () => {
    for (const duplicating of [true, false]) {
      const cluster = new DupCluster();
      const { dupId } = cluster.add('t1');
      if (duplicating) cluster.modify('t1', dupId, { status: 'DS_REMOVED' });
      const table = cluster.stored('1') ?? '';
      const wrong = table.replace(/"duplicating":\d/, `"duplicating":${duplicating ? 1 : 0}`);
      expect(wrong).not.toBe(table);
      cluster.world.store.set(`${APPS}/1`, wrong);
      cluster.world.storeFate = ({ operation }) => (operation === 'set' ? 'timeout' : 'ok');
      cluster.restart();
      expect(cluster.sync().error).toBe('ERR_SERVICE_NOT_ACTIVE');
      cluster.world.storeFate = () => 'ok';
      cluster.world.run(2000);
      expect([cluster.sync().error, cluster.stored('1')]).toEqual(['ERR_OK', table]);
    }
  });

  it('reads nothing when duplication is disabled', () => {
    const cluster = new DupCluster();
    cluster.add('t1', { checkpoint: false });
    Object.assign(cluster.world.settings, { duplicationEnabled: false });
    let reads = 0;
    cluster.world.storeFate = ({ path }) => {
      if (path.includes('duplication')) reads++;
      return 'ok';
    };
    cluster.restart();
    expect([cluster.sync().error, reads]).toEqual(['ERR_SERVICE_NOT_ACTIVE', 0]);
  });
});

/** Runs `act` with a crash around each write that it makes, restarts the meta server, and looks at what came of it. */
function atEveryWrite(
  prepare: (cluster: DupCluster) => number,
  act: (cluster: DupCluster, dupId: number) => void,
  look: (cluster: DupCluster, dupId: number) => void,
): number {
  let runs = 0;
  for (let n = 0; n < 30; n++) {
    for (const when of ['crash-before', 'crash-after'] as const) {
      const cluster = new DupCluster();
      const dupId = prepare(cluster);
      let seen = 0;
      let struck = false;
      cluster.world.storeFate = (op) => {
        if (!isWrite(op) || struck) return 'ok';
        struck = seen++ === n;
        return struck ? when : 'ok';
      };
      act(cluster, dupId);
      cluster.world.run(1000);
      if (!struck) return runs;
      expect(cluster.source.metaProcess.alive).toBe(false);
      cluster.restart();
      expect(cluster.source.metaProcess.failure).toBeUndefined();
      look(cluster, dupId);
      // Whatever was found, the table agrees with it.
      expect(cluster.source.storedApp(1)?.info.duplicating).toBe(cluster.query('t1').entries.length > 0);
      runs++;
    }
  }
  throw new Error('never without a crash');
}

describe('a crash around any write', () => {
  it('of an add leaves all of the duplication or nothing, and it can be added again', () => {
    const runs = atEveryWrite(
      () => 0,
      (cluster) => cluster.sendAdd('t1'),
      (cluster) => {
        const { entries } = cluster.query('t1');
        const whole = { status: 'DS_PREPARE', partitionStates: [{ confirmedDecree: -1 }] };
        if (entries.length > 0) expect(entries).toMatchObject([whole]);
        expect(cluster.add('t1').error).toBe(entries.length > 0 ? 'ERR_DUP_EXIST' : 'ERR_OK');
        expect(cluster.query('t1').entries.length).toBe(1);
      },
    );
    // The node of all duplications, the record, the table.
    expect(runs).toBe(6);
  });

  it('of a removal leaves all of it or nothing', () => {
    const runs = atEveryWrite(
      (cluster) => {
        const { dupId } = cluster.add('t1', { checkpoint: false });
        cluster.sync([confirm('1.0', dupId, 5)]);
        return dupId;
      },
      (cluster, dupId) => cluster.sendModify('t1', dupId, { status: 'DS_REMOVED' }),
      (cluster, dupId) => {
        const { entries } = cluster.query('t1');
        const whole = { status: 'DS_LOG', partitionStates: [{ confirmedDecree: 5 }] };
        if (entries.length > 0) expect(entries).toMatchObject([whole]);
        else expect([...cluster.world.store.keys()].filter((path) => path.includes(String(dupId)))).toEqual([]);
      },
    );
    expect(runs).toBe(4);
  });

  it('of a pause leaves it shipping or paused', () => {
    const runs = atEveryWrite(
      (cluster) => cluster.add('t1', { checkpoint: false }).dupId,
      (cluster, dupId) => cluster.sendModify('t1', dupId, { status: 'DS_PAUSE' }),
      (cluster) => expect(['DS_LOG', 'DS_PAUSE']).toContain(cluster.query('t1').entries[0]?.status),
    );
    expect(runs).toBe(2);
  });

  it('of progress leaves the former decree or the next', () => {
    const runs = atEveryWrite(
      (cluster) => {
        const { dupId } = cluster.add('t1', { checkpoint: false });
        cluster.sync([confirm('1.0', dupId, 5)]);
        cluster.world.run(6000);
        return dupId;
      },
      (cluster, dupId) => cluster.sendSync([confirm('1.0', dupId, 9)]),
      (cluster) => expect([5, 9]).toContain(cluster.query('t1').entries[0]?.partitionStates[0]?.confirmedDecree),
    );
    expect(runs).toBe(2);
  });

  it('on the way from DS_PREPARE to DS_LOG only costs rounds', () => {
    const rounds = (cluster: DupCluster, dupId: number): void => {
      for (let i = 0; i < 4; i++) {
        cluster.sendSync([confirm('1.0', dupId, 5, true)]);
        cluster.world.run(100);
      }
    };
    const runs = atEveryWrite(
      (cluster) => {
        cluster.queryAnswer = () => cluster.healthy([followerConfig(true, 1, 0, 2)]);
        return cluster.add('t1').dupId;
      },
      rounds,
      (cluster, dupId) => {
        rounds(cluster, dupId);
        expect(cluster.storedStatus(1, dupId)).toBe('DS_LOG FAIL_SLOW');
      },
    );
    // Progress, DS_APP, DS_LOG.
    expect(runs).toBe(6);
  });
});
