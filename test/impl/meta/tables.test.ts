import { describe, expect, it } from 'vitest';
import { MetaCluster } from './metaCluster.ts';
import type { TablesAnswer } from '../../../impl/client/adminClient.ts';
import { Inbox } from './fakeWorld.ts';

function ready(options: ConstructorParameters<typeof MetaCluster>[0] = {}): MetaCluster {
  const cluster = new MetaCluster(options);
  cluster.world.run(100);
  return cluster;
}

describe('creating a table', () => {
  it('stores AS_CREATING, the partitions, then AS_AVAILABLE, and answers last', () => {
    const cluster = ready();
    cluster.obeys = () => false;
    const answer = cluster.create('t1');
    cluster.world.run(1.5);
    // The answer is still on its way while the last write has been made.
    expect(answer.answers).toEqual([{ error: 'ERR_OK', hint: '', appId: 1 }]);
    expect(cluster.recordWrites()).toEqual([
      'create 1 AS_CREATING',
      'create 1/0 ballot 0',
      'create 1/1 ballot 0',
      'set 1 AS_AVAILABLE',
    ]);
  });

  it('does not answer before the last write is known to be stored', () => {
    const cluster = ready();
    cluster.world.storeFate = ({ operation }) => (operation === 'set' ? 'timeout-after-effect' : 'ok');
    const answer = cluster.create('t1');
    cluster.world.run(5000);
    expect(cluster.storedApp(1)?.info.status).toBe('AS_AVAILABLE');
    expect(answer.answers).toEqual([]);
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(2000);
    expect(answer.last?.error).toBe('ERR_OK');
  });

  it('writes the record as upstream does', () => {
    const cluster = ready();
    cluster.create('t1', { partitions: 1, envs: { b: '2', a: '1' } });
    cluster.world.run(100);
    expect(cluster.world.store.get('/pegasus/source/apps')).toBe('unlock');
    expect(cluster.world.store.get('/pegasus/source/apps/1')).toBe(
      '{"status":"app_status::AS_AVAILABLE","app_type":"pegasus","app_name":"t1","app_id":1,"partition_count":1,' +
        '"envs":{"a":"1","b":"2"},"is_stateful":1,"max_replica_count":3,"expire_second":0,"create_second":1700000000,' +
        '"drop_second":0,"duplicating":0,"init_partition_count":1,"is_bulk_loading":0}',
    );
    expect(JSON.parse(cluster.world.store.get('/pegasus/source/apps/1/0') ?? '')).toEqual({
      pid: '1.0',
      ballot: 3,
      max_replica_count: 3,
      primary: 'source/replica-0',
      secondaries: ['source/replica-1', 'source/replica-2'],
      last_drops: [],
      last_committed_decree: 0,
      partition_flags: 0,
    });
  });

  it.each([
    ['', 1, 3, {}],
    ['a b', 1, 3, {}],
    ['t/1', 1, 3, {}],
    ['t', 0, 3, {}],
    ['t', -1, 3, {}],
    ['t', 1, 0, {}],
    ['t', 1, 4, {}],
    ['t', 1, 3, { '': 'x' }],
  ])('refuses name %j with %i partitions, %i replicas, envs %j', (name, partitions, replicas, envs) => {
    const cluster = ready();
    const answer = cluster.create(name, { partitions, replicas, envs });
    cluster.world.run(100);
    expect(answer.last).toMatchObject({ error: 'ERR_INVALID_PARAMETERS', appId: 0 });
    expect(answer.last?.hint).not.toBe('');
    expect(cluster.recordWrites()).toEqual([]);
  });

  it('tells a repeat what the first one is doing', () => {
    const cluster = ready();
    const first = cluster.create('t1');
    const during = cluster.create('t1');
    const duringToo = cluster.create('t1', { successIfExist: true });
    cluster.world.run(100);
    const after = cluster.create('t1');
    const same = cluster.create('t1', { successIfExist: true });
    const other = cluster.create('t1', { successIfExist: true, partitions: 3 });
    const otherEnvs = cluster.create('t1', { successIfExist: true, envs: { default_ttl: '1' } });
    cluster.world.run(100);
    expect([first, during, duringToo, after, same, other, otherEnvs].map((inbox) => inbox.last?.error)).toEqual([
      'ERR_OK',
      'ERR_BUSY_CREATING',
      'ERR_BUSY_CREATING',
      'ERR_APP_EXIST',
      'ERR_OK',
      'ERR_INVALID_PARAMETERS',
      'ERR_INVALID_PARAMETERS',
    ]);
    expect(same.last?.appId).toBe(1);
    expect(cluster.storedApp(2)).toBeUndefined();
  });

  it('sets a node that exists with another value after a timeout, instead of keeping it', () => {
    const cluster = ready();
    let timedOut = false;
    cluster.world.storeFate = ({ operation, path }) => {
      if (operation !== 'create' || !path.endsWith('/1/0') || timedOut) return 'ok';
      timedOut = true;
      cluster.world.store.set(path, 'somebody else');
      return 'timeout';
    };
    const answer = cluster.create('t1');
    cluster.world.run(100);
    expect(timedOut).toBe(true);
    cluster.world.run(2000);
    expect(answer.last?.error).toBe('ERR_OK');
    expect(cluster.storedConfig(1, 0)?.gpid).toBe('1.0');
  });
});

describe('dropping a table', () => {
  it('stores AS_DROPPING, its partitions, then AS_DROPPED, then answers; the name is free again', () => {
    const cluster = ready();
    cluster.create('t1', { partitions: 1 });
    cluster.world.run(100);
    const before = cluster.recordWrites().length;
    const dropped = cluster.drop('t1');
    const again = cluster.drop('t1');
    const created = cluster.create('t1');
    const envs = cluster.setEnvs('t1', { default_ttl: '1' });
    cluster.world.run(100);
    expect(cluster.recordWrites().slice(before)).toEqual(['set 1 AS_DROPPING', 'set 1/0 ballot 4', 'set 1 AS_DROPPED']);
    expect(cluster.storedApp(1)).toMatchObject({ dropSecond: 1_700_000_000, expireSecond: 1_700_604_800 });
    expect([dropped, again, created, envs].map((inbox) => inbox.last?.error)).toEqual([
      'ERR_OK',
      'ERR_BUSY_DROPPING',
      'ERR_BUSY_DROPPING',
      'ERR_BUSY_DROPPING',
    ]);
    const late = cluster.drop('t1');
    const anew = cluster.create('t1');
    cluster.world.run(100);
    expect(late.last?.error).toBe('ERR_APP_DROPPED');
    expect(anew.last).toEqual({ error: 'ERR_OK', hint: '', appId: 2 });
  });

  it('waits for a configuration update that is on its way to the store', () => {
    const cluster = ready();
    cluster.create('t1', { partitions: 1 });
    cluster.world.run(100);
    const config = cluster.storedConfig(1, 0);
    if (config === undefined) throw new Error('no configuration');
    let slow = true;
    cluster.world.storeFate = ({ path }) => (slow && path.endsWith('/1/0') ? 'timeout' : 'ok');
    cluster.update('source/replica-0', {
      type: 'CT_PRIMARY_FORCE_UPDATE_BALLOT',
      node: 'source/replica-0',
      config: { ...config, ballot: 4 },
    });
    cluster.world.run(10);
    const dropped = cluster.drop('t1');
    cluster.world.run(500);
    expect(cluster.storedApp(1)?.info.status).toBe('AS_DROPPING');
    expect(dropped.answers).toEqual([]);
    slow = false;
    cluster.world.run(2000);
    expect(cluster.recordWrites().slice(-3)).toEqual(['set 1/0 ballot 4', 'set 1/0 ballot 5', 'set 1 AS_DROPPED']);
    expect(dropped.last?.error).toBe('ERR_OK');
  });

  it('of a table that never was is refused', () => {
    const cluster = ready();
    const answer = cluster.drop('none');
    cluster.world.run(100);
    expect(answer.last).toMatchObject({ error: 'ERR_APP_NOT_EXIST', appId: 0 });
  });
});

describe('envs', () => {
  it('merges, keeps the order of keys, and loses nothing when two changes overlap', () => {
    const cluster = ready();
    cluster.create('t1', { envs: { z: '0' } });
    cluster.world.run(100);
    const answers = [
      cluster.setEnvs('t1', { 'business.info': '1' }),
      cluster.setEnvs('t1', { default_ttl: '2' }),
      cluster.setEnvs('t1', { 'business.info': '3' }),
    ];
    cluster.world.run(100);
    expect(answers.map((inbox) => inbox.last?.error)).toEqual(['ERR_OK', 'ERR_OK', 'ERR_OK']);
    expect(JSON.stringify(cluster.storedApp(1)?.info.envs)).toBe('{"business.info":"3","default_ttl":"2","z":"0"}');
  });

  it('that nobody knows are refused by name, in the order of the request and before the table is looked up', () => {
    const cluster = ready();
    cluster.create('t1');
    cluster.world.run(100);
    const known = { 'manual_compact.once.trigger_time': '1', user_specified_compaction: '' };
    const answers = [
      cluster.setEnvs('t1', { ...known, 'rocksdb.wal': '1', 'replica.write_throttling': 'x' }),
      cluster.setEnvs('t2', { toString: '1' }),
      cluster.setEnvs('t1', known),
    ];
    cluster.world.run(100);
    expect(answers.map((inbox) => `${inbox.last?.error}: ${inbox.last?.hint}`)).toEqual([
      `ERR_INVALID_PARAMETERS: app_env 'rocksdb.wal' is not supported`,
      `ERR_INVALID_PARAMETERS: app_env 'toString' is not supported`,
      'ERR_OK: ',
    ]);
    expect(cluster.storedApp(1)?.info.envs).toEqual(known);
  });

  it('is refused for no envs, an unknown and a dropped table', () => {
    const cluster = ready();
    cluster.create('t1');
    cluster.create('t2');
    cluster.world.run(100);
    cluster.drop('t2');
    cluster.world.run(100);
    const answers = [cluster.setEnvs('t1', {}), cluster.setEnvs('t3', { default_ttl: '1' }), cluster.setEnvs('t2', { default_ttl: '1' })];
    cluster.world.run(100);
    expect(answers.map((inbox) => inbox.last?.error)).toEqual([
      'ERR_INVALID_PARAMETERS',
      'ERR_APP_NOT_EXIST',
      'ERR_APP_DROPPED',
    ]);
  });

  it('set before a drop is not lost by the drop', () => {
    const cluster = ready();
    cluster.create('t1');
    cluster.world.run(100);
    const envs = cluster.setEnvs('t1', { default_ttl: '1' });
    const drop = cluster.drop('t1');
    cluster.world.run(100);
    expect([envs.last?.error, drop.last?.error]).toEqual(['ERR_OK', 'ERR_OK']);
    expect(cluster.storedApp(1)?.info).toMatchObject({ status: 'AS_DROPPED', envs: { default_ttl: '1' } });
  });
});

describe('list', () => {
  it('shows what is stored, dropped tables too', () => {
    const cluster = ready();
    cluster.create('t1', { partitions: 1, envs: { default_ttl: '1' } });
    cluster.create('t2', { partitions: 1 });
    cluster.world.run(100);
    cluster.drop('t1');
    cluster.world.run(100);
    const inbox = new Inbox<TablesAnswer>();
    cluster.admin.listTables(inbox.then());
    cluster.world.run(100);
    expect(inbox.last).toEqual({
      error: 'ERR_OK',
      tables: [
        { appId: 1, name: 't1', status: 'AS_DROPPED', partitionCount: 1, maxReplicaCount: 3, envs: { default_ttl: '1' } },
        { appId: 2, name: 't2', status: 'AS_AVAILABLE', partitionCount: 1, maxReplicaCount: 3, envs: {} },
      ],
    });
  });
});
