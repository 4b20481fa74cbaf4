import { describe, expect, it } from 'vitest';
import { A, RecallCluster } from './recallCluster.ts';
import type { StoreOp } from './fakeWorld.ts';

const isSet = ({ operation }: StoreOp): boolean => operation === 'set';

describe('a rename', () => {
  it('is stored before anybody hears of it, and answered then', () => {
    const cluster = RecallCluster.served();
    let slow = true;
    cluster.world.storeFate = (op) => (slow && isSet(op) ? 'timeout' : 'ok');
    const answer = cluster.rename('t1', 't2');
    cluster.world.run(50);
    expect([cluster.looksUp('t1'), cluster.looksUp('t2')]).toEqual(['table 1', 'ERR_OBJECT_NOT_FOUND']);
    slow = false;
    cluster.world.run(2000);
    expect(answer.last).toEqual({ error: 'ERR_OK', hint: '', appId: 1 });
    expect([cluster.looksUp('t1'), cluster.looksUp('t2')]).toEqual(['ERR_OBJECT_NOT_FOUND', 'table 1']);
    expect(cluster.told(A)?.partitions[0]?.app.appName).toBe('t2');
    cluster.restartMeta();
    cluster.world.run(100);
    expect(cluster.looksUp('t2')).toBe('table 1');
  });

  it.each([
    ['a table that never was', 't9', 't8', 'ERR_APP_NOT_EXIST'],
    ['a table that was dropped', 't0', 't8', 'ERR_APP_DROPPED'],
    ['a name that a table has', 't1', 't2', 'ERR_INVALID_PARAMETERS'],
    ['its own name', 't1', 't1', 'ERR_INVALID_PARAMETERS'],
    ['a name that is none', 't1', 'a b', 'ERR_INVALID_PARAMETERS'],
    ['no name', 't1', '', 'ERR_INVALID_PARAMETERS'],
  ])('is refused for %s', (_, from, to, error) => {
    const cluster = RecallCluster.served();
    cluster.create('t2');
    cluster.create('t0');
    cluster.world.run(100);
    cluster.drop('t0');
    cluster.world.run(100);
    const before = cluster.recordWrites().length;
    const answer = cluster.rename(from, to);
    cluster.world.run(100);
    expect(answer.last).toMatchObject({ error, appId: 0 });
    expect(cluster.recordWrites().length).toBe(before);
  });

  it('is refused while the table is created or dropped', () => {
    const cluster = RecallCluster.served();
    cluster.create('t2');
    cluster.drop('t1');
    const answers = [cluster.rename('t2', 't3'), cluster.rename('t1', 't4')];
    cluster.world.run(100);
    expect(answers.map(({ last }) => last?.error)).toEqual(['ERR_BUSY_CREATING', 'ERR_BUSY_DROPPING']);
  });

  it('keeps the new name for the table while it is on its way, and takes no second one', () => {
    const cluster = RecallCluster.served();
    cluster.create('t5');
    cluster.world.run(100);
    cluster.drop('t5');
    cluster.world.run(100);
    let slow = true;
    cluster.world.storeFate = (op) => (slow && isSet(op) ? 'timeout' : 'ok');
    const first = cluster.rename('t1', 't2');
    cluster.world.run(20);
    const others = [cluster.create('t2'), cluster.create('t2', { successIfExist: true }), cluster.rename('t1', 't3'), cluster.recall(2, 't2'), cluster.create('t1')];
    cluster.world.run(50);
    expect(others.map(({ last }) => last?.error)).toEqual([
      'ERR_BUSY_CREATING',
      'ERR_BUSY_CREATING',
      'ERR_BUSY',
      'ERR_INVALID_PARAMETERS',
      'ERR_APP_EXIST',
    ]);
    slow = false;
    cluster.world.run(2000);
    const free = [cluster.create('t1'), cluster.create('t3')];
    cluster.world.run(100);
    expect([first, ...free].map(({ last }) => last?.appId)).toEqual([1, 3, 4]);
  });

  it('loses no change of envs that is on its way, and a drop behind it drops the table', () => {
    const cluster = RecallCluster.served();
    const answers = [cluster.setEnvs('t1', { default_ttl: '1' }), cluster.rename('t1', 't2'), cluster.setEnvs('t1', { 'business.info': 'x' }), cluster.drop('t1')];
    cluster.world.run(100);
    expect(answers.map(({ last }) => last?.error)).toEqual(['ERR_OK', 'ERR_OK', 'ERR_OK', 'ERR_OK']);
    expect(cluster.storedApp(1)?.info).toMatchObject({ appName: 't2', status: 'AS_DROPPED', envs: { default_ttl: '1', 'business.info': 'x' } });
  });

  it('is there or is not after a crash around its write', () => {
    for (const when of ['crash-before', 'crash-after'] as const) {
      const cluster = RecallCluster.served();
      cluster.world.storeFate = (op) => (isSet(op) ? when : 'ok');
      cluster.rename('t1', 't2');
      cluster.world.run(100);
      expect(cluster.metaProcess.alive).toBe(false);
      cluster.world.storeFate = () => 'ok';
      cluster.restartMeta();
      cluster.world.run(100);
      const isRenamed = when === 'crash-after';
      expect([cluster.looksUp('t1'), cluster.looksUp('t2')]).toEqual(
        isRenamed ? ['ERR_OBJECT_NOT_FOUND', 'table 1'] : ['table 1', 'ERR_OBJECT_NOT_FOUND'],
      );
      const free = cluster.create(isRenamed ? 't1' : 't2');
      cluster.world.run(100);
      expect(free.last?.error).toBe('ERR_OK');
    }
  });
});
