import { describe, expect, it } from 'vitest';
import { A, B, C, RecallCluster } from './recallCluster.ts';
import type { StoreOp } from './fakeWorld.ts';

const DAY_US = 86_400_000_000;
const isWrite = ({ operation }: StoreOp): boolean => operation === 'create' || operation === 'set';

describe('the drop of a table that is served', () => {
  it('leaves every partition without members, one ballot later, the primary the last to have dropped out', () => {
    const cluster = RecallCluster.served({}, 2);
    const before = cluster.recordWrites().length;
    const answer = cluster.drop('t1');
    cluster.world.run(100);
    expect(answer.last?.error).toBe('ERR_OK');
    expect(cluster.recordWrites().slice(before)).toEqual(['set 1 AS_DROPPING', 'set 1/0 ballot 4', 'set 1/1 ballot 4', 'set 1 AS_DROPPED']);
    expect(cluster.config()).toMatchObject({ ballot: 4, primary: '', secondaries: [], lastDrops: [B, C, A] });
    expect(cluster.isFlagged()).toBe(true);
  });

  it('leaves a partition that nobody has served as it is: a new one', () => {
    const cluster = new RecallCluster();
    cluster.create('t1', { partitions: 1 });
    cluster.world.run(100);
    cluster.drop('t1');
    cluster.world.run(100);
    expect(cluster.config()).toMatchObject({ ballot: 0, primary: '', lastDrops: [] });
    cluster.proposed();
    cluster.recall(1);
    cluster.world.run(100);
    expect(cluster.proposed()).toEqual([`${A} CT_ASSIGN_PRIMARY`]);
  });

  it('takes no configuration from then on, nor lists the table for anybody', () => {
    const cluster = RecallCluster.dropped();
    expect(cluster.change(0, 'CT_ASSIGN_PRIMARY', A, { primary: A })).toBe('ERR_APP_DROPPED');
    expect(cluster.told(A, [{ status: 'PS_PRIMARY' }])).toEqual({ error: 'ERR_OK', partitions: [], gcReplicas: [] });
  });

  it('keeps its replicas until it has expired, then has them collected', () => {
    const cluster = RecallCluster.dropped({ holdSecondsForDroppedApp: 86_400 });
    expect(cluster.storedApp(1)).toMatchObject({ dropSecond: 1_700_000_000, expireSecond: 1_700_086_400 });
    cluster.world.wallBaseUs += DAY_US - 2_000_000;
    expect(cluster.told(A, [{}])?.gcReplicas).toEqual([]);
    cluster.world.wallBaseUs += 3_000_000;
    expect(cluster.told(A, [{}])?.gcReplicas).toEqual(['1.0']);
    const late = cluster.recall(1);
    cluster.world.run(100);
    expect(late.last).toMatchObject({ error: 'ERR_APP_NOT_EXIST', appId: 0 });
  });
});

describe('a recall', () => {
  it('stores the table as available first, then its partitions, and answers last', () => {
    const cluster = RecallCluster.dropped({}, 2);
    const before = cluster.recordWrites().length;
    const answer = cluster.recall(1, 't2');
    cluster.world.run(100);
    expect(cluster.recordWrites().slice(before)).toEqual(['set 1 AS_AVAILABLE', 'set 1/0 ballot 4', 'set 1/1 ballot 4']);
    expect(answer.last).toEqual({ error: 'ERR_OK', hint: '', appId: 1, appName: 't2', partitionCount: 2 });
    expect(cluster.storedApp(1)?.info.appName).toBe('t2');
    expect([cluster.isFlagged(0), cluster.isFlagged(1)]).toEqual([false, false]);
    expect([cluster.looksUp('t1'), cluster.looksUp('t2')]).toEqual(['ERR_OBJECT_NOT_FOUND', 'table 1']);
  });

  it('is not answered before the last partition is known to be stored', () => {
    const cluster = RecallCluster.dropped();
    cluster.world.storeFate = ({ path }) => (path.endsWith('/1/0') ? 'timeout-after-effect' : 'ok');
    const answer = cluster.recall(1);
    cluster.world.run(3000);
    expect([cluster.isFlagged(), answer.answers.length]).toEqual([false, 0]);
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(2000);
    expect(answer.last?.error).toBe('ERR_OK');
  });

  it('goes by the old name without a new one, with the envs that it had, also after its own crash', () => {
    const cluster = RecallCluster.served();
    cluster.setEnvs('t1', { default_ttl: '7' });
    cluster.world.run(100);
    cluster.drop('t1');
    cluster.world.run(100);
    cluster.restartMeta();
    cluster.world.run(100);
    const answer = cluster.recall(1);
    cluster.world.run(100);
    expect(answer.last?.appName).toBe('t1');
    expect(cluster.storedApp(1)?.info).toMatchObject({ status: 'AS_AVAILABLE', appName: 't1', envs: { default_ttl: '7' } });
  });

  it.each([
    ['an id that nobody has', 9, '', 'ERR_APP_NOT_EXIST'],
    ['a table that is available', 2, '', 'ERR_APP_EXIST'],
    ['a name that a table has', 1, 't2', 'ERR_INVALID_PARAMETERS'],
    ['its own name, when another table has it by now', 3, '', 'ERR_INVALID_PARAMETERS'],
    ['a name that is none', 1, 'a b', 'ERR_INVALID_PARAMETERS'],
  ])('is refused for %s', (_, appId, name, error) => {
    const cluster = RecallCluster.dropped();
    cluster.create('t2');
    cluster.create('t3');
    cluster.world.run(100);
    cluster.drop('t3');
    cluster.world.run(100);
    cluster.create('t3');
    cluster.world.run(100);
    const before = cluster.recordWrites().length;
    const answer = cluster.recall(appId, name);
    cluster.world.run(100);
    expect(answer.last).toMatchObject({ error, appId: 0 });
    expect(answer.last?.hint).not.toBe('');
    expect(cluster.recordWrites().length).toBe(before);
  });

  it('tells everybody that the table is busy meanwhile, under the name that it will have', () => {
    const cluster = RecallCluster.dropped();
    cluster.world.storeFate = ({ operation, path }) => (operation === 'set' && path.endsWith('/1') ? 'timeout' : 'ok');
    const first = cluster.recall(1, 't2');
    cluster.world.run(50);
    const others = [cluster.recall(1), cluster.create('t2'), cluster.drop('t2'), cluster.setEnvs('t2', { default_ttl: '1' }), cluster.rename('t2', 't3')];
    const taken = cluster.recall(1, 't2');
    cluster.world.run(50);
    expect(others.map(({ last }) => last?.error)).toEqual(Array.from({ length: 5 }, () => 'ERR_BUSY_CREATING'));
    expect(taken.last?.error).toBe('ERR_BUSY_CREATING');
    expect([cluster.looksUp('t2'), cluster.looksUp('t1')]).toEqual(['ERR_BUSY_CREATING', 'ERR_OBJECT_NOT_FOUND']);
    expect(cluster.told(A, [{}])).toMatchObject({ partitions: [], gcReplicas: [] });
    expect(cluster.change(0, 'CT_ASSIGN_PRIMARY', A, { primary: A })).toBe('ERR_BUSY_CREATING');
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(2000);
    expect(first.last?.error).toBe('ERR_OK');
    const free = cluster.create('t1', { partitions: 1 });
    cluster.world.run(50);
    expect(free.last?.appId).toBe(2);
  });

  it('is refused while the drop is under way', () => {
    const cluster = RecallCluster.served();
    cluster.drop('t1');
    const early = cluster.recall(1);
    cluster.world.run(100);
    expect(early.last?.error).toBe('ERR_BUSY_DROPPING');
  });

  it('ends at every write in a table that is recalled, or was not', () => {
    let runs = 0;
    for (let n = 0; n < 4; n++) {
      for (const when of ['crash-before', 'crash-after'] as const) {
        const cluster = RecallCluster.dropped({}, 2);
        let seen = 0;
        cluster.world.storeFate = (op) => (isWrite(op) && seen++ === n ? when : 'ok');
        cluster.recall(1, 't2');
        cluster.world.run(100);
        if (cluster.metaProcess.alive) continue;
        runs++;
        cluster.world.storeFate = () => 'ok';
        cluster.restartMeta();
        cluster.world.run(6000);
        expect(cluster.metaProcess.failure).toBeUndefined();
        const { status, appName } = cluster.storedApp(1)?.info ?? {};
        const isBack = n > 0 || when === 'crash-after';
        expect([status, appName]).toEqual(isBack ? ['AS_AVAILABLE', 't2'] : ['AS_DROPPED', 't1']);
        expect([cluster.isFlagged(0), cluster.isFlagged(1)]).toEqual([!isBack, !isBack]);
        expect(cluster.config()).toMatchObject({ ballot: 4, primary: '', lastDrops: [B, C, A] });
        const again = cluster.recall(1, 't2');
        cluster.world.run(100);
        expect(again.last?.error).toBe(isBack ? 'ERR_APP_EXIST' : 'ERR_OK');
      }
    }
    // The table and its two partitions: a crash before and after each.
    expect(runs).toBe(6);
  });
});

describe('the drop at every write', () => {
  it('is finished at the next start, each partition once, or the table stands', () => {
    let runs = 0;
    for (let n = 0; n < 6; n++) {
      for (const when of ['crash-before', 'crash-after'] as const) {
        const cluster = RecallCluster.served({}, 2);
        let seen = 0;
        cluster.world.storeFate = (op) => (isWrite(op) && seen++ === n ? when : 'ok');
        cluster.drop('t1');
        cluster.world.run(100);
        if (cluster.metaProcess.alive) continue;
        runs++;
        cluster.world.storeFate = () => 'ok';
        cluster.restartMeta();
        cluster.world.run(6000);
        const isGone = n > 0 || when === 'crash-after';
        expect(cluster.storedApp(1)?.info.status).toBe(isGone ? 'AS_DROPPED' : 'AS_AVAILABLE');
        for (const index of [0, 1]) {
          expect(cluster.isFlagged(index)).toBe(isGone);
          const { ballot, primary, lastDrops } = cluster.config(index);
          expect([ballot, primary, lastDrops]).toEqual(isGone ? [4, '', [B, C, A]] : [3, A, []]);
        }
      }
    }
    expect(runs).toBe(8);
  });
});

describe('who serves a recalled table', () => {
  function recalled(): RecallCluster {
    const cluster = RecallCluster.dropped();
    cluster.recall(1);
    cluster.world.run(100);
    expect(cluster.proposed()).toEqual([]);
    return cluster;
  }

  it('is the last primary, once it and the last secondary have said what they hold', () => {
    const cluster = recalled();
    cluster.told(C, [{}]);
    cluster.world.run(10_000);
    expect(cluster.proposed()).toEqual([]);
    cluster.told(A, [{}]);
    cluster.world.run(10_000);
    expect(new Set(cluster.proposed())).toEqual(new Set([`${A} CT_ASSIGN_PRIMARY`]));
    expect(cluster.change(0, 'CT_ASSIGN_PRIMARY', A, { primary: A })).toBe('ERR_OK');
    expect(cluster.config()).toMatchObject({ ballot: 5, primary: A, lastDrops: [B, C] });
  });

  it('is nobody by what was said, or not said, while the table was dropped', () => {
    const cluster = RecallCluster.dropped();
    cluster.told(A, []);
    cluster.told(C, []);
    cluster.recall(1);
    cluster.world.run(100);
    cluster.told(C, [{ lastPrepared: 4, lastCommitted: 4 }]);
    cluster.world.run(10_000);
    // That A was heard without it is of a time before: its log may hold more.
    expect(cluster.proposed()).toEqual([]);
    cluster.told(A, [{}]);
    cluster.world.run(10_000);
    expect(cluster.proposed()).toContain(`${A} CT_ASSIGN_PRIMARY`);
  });

  it('is not chosen before the primary of before has stopped', () => {
    const cluster = recalled();
    cluster.told(A, [{ status: 'PS_PRIMARY', lastCommitted: 4, lastPrepared: 4 }]);
    cluster.told(C, [{ status: 'PS_SECONDARY' }]);
    cluster.world.run(10_000);
    expect(cluster.proposed()).toEqual([]);
    cluster.told(A, [{ status: 'PS_ERROR', lastCommitted: 6, lastPrepared: 6 }]);
    cluster.world.run(10_000);
    expect(new Set(cluster.proposed())).toEqual(new Set([`${A} CT_ASSIGN_PRIMARY`]));
  });

  it('is joined by those that dropped out with it', () => {
    const cluster = recalled();
    for (const server of [A, B, C]) cluster.told(server, [{}]);
    cluster.world.run(10_000);
    cluster.proposed();
    cluster.change(0, 'CT_ASSIGN_PRIMARY', A, { primary: A });
    cluster.world.run(10_000);
    expect(cluster.proposed()).toContain(`${A} CT_ADD_SECONDARY`);
  });
});
