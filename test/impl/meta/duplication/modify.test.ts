/** Modifying, removing, querying and listing duplications (dup 3.2, 3.3). */
import { describe, expect, it } from 'vitest';
import type { DuplicationStatus, PatternMatchType } from '../../../../model/vocabulary.ts';
import { confirm, DupCluster } from './dupCluster.ts';

const STATUSES: readonly DuplicationStatus[] = ['DS_INIT', 'DS_PREPARE', 'DS_APP', 'DS_LOG', 'DS_PAUSE', 'DS_REMOVED'];
const LEGAL = new Set([
  'DS_PREPARE DS_APP',
  'DS_PREPARE DS_REMOVED',
  'DS_APP DS_LOG',
  'DS_APP DS_REMOVED',
  'DS_LOG DS_PAUSE',
  'DS_LOG DS_REMOVED',
  'DS_PAUSE DS_LOG',
  'DS_PAUSE DS_REMOVED',
]);

describe('a modification', () => {
  it('of every pair of statuses is carried out, without effect, or refused as the table says', () => {
    for (const from of ['DS_PREPARE', 'DS_APP', 'DS_LOG', 'DS_PAUSE'] as const) {
      for (const to of STATUSES) {
        const cluster = new DupCluster();
        const { dupId } = cluster.add('t1');
        cluster.dup(1, dupId).restore(from, 'FAIL_SLOW');
        const answer = cluster.bodyOf(cluster.sendModify('t1', dupId, { status: to }));
        const now = cluster.query('t1').entries[0]?.status ?? 'DS_REMOVED';
        if (LEGAL.has(`${from} ${to}`)) {
          expect([from, to, answer, now]).toEqual([from, to, { error: 'ERR_OK', appId: 1 }, to]);
          expect(cluster.storedStatus(1, dupId)).toBe(to === 'DS_REMOVED' ? 'none' : `${to} FAIL_SLOW`);
        } else {
          const error = from === to ? 'ERR_OK' : 'ERR_INVALID_PARAMETERS';
          expect([from, to, answer, now]).toEqual([from, to, { error, appId: 0 }, from]);
          expect(cluster.storedStatus(1, dupId)).toBe('DS_PREPARE FAIL_SLOW');
        }
      }
    }
  });

  it('pauses and starts again, as often as it is asked', () => {
    const cluster = new DupCluster();
    const { dupId } = cluster.add('t1', { checkpoint: false });
    for (const status of ['DS_PAUSE', 'DS_PAUSE', 'DS_LOG', 'DS_LOG'] as const) {
      expect(cluster.modify('t1', dupId, { status })).toBe('ERR_OK');
      expect(cluster.storedStatus(1, dupId)).toBe(`${status} FAIL_SLOW`);
    }
  });

  it('cannot pause what is being prepared', () => {
    const cluster = new DupCluster();
    const { dupId } = cluster.add('t1');
    expect(cluster.modify('t1', dupId, { status: 'DS_PAUSE' })).toBe('ERR_INVALID_PARAMETERS');
    expect(cluster.query('t1').entries).toMatchObject([{ status: 'DS_PREPARE' }]);
  });

  it('of the fail mode keeps the status, and of the status the fail mode', () => {
    const cluster = new DupCluster();
    const { dupId } = cluster.add('t1', { checkpoint: false });
    expect(cluster.modify('t1', dupId, { failMode: 'FAIL_SKIP' })).toBe('ERR_OK');
    expect(cluster.storedStatus(1, dupId)).toBe('DS_LOG FAIL_SKIP');
    expect(cluster.modify('t1', dupId, { status: 'DS_PAUSE' })).toBe('ERR_OK');
    expect(cluster.storedStatus(1, dupId)).toBe('DS_PAUSE FAIL_SKIP');
    expect(
      cluster.bodyOf(cluster.sendModify('t1', dupId, { failMode: 'FAIL_SKIP' })),
    ).toEqual({ error: 'ERR_OK', appId: 0 });
  });

  it('is not visible, and nothing else possible, before it is stored', () => {
    const cluster = new DupCluster();
    const { dupId } = cluster.add('t1', { checkpoint: false });
    cluster.world.storeFate = ({ operation }) => (operation === 'set' ? 'timeout-after-effect' : 'ok');
    const paused = cluster.sendModify('t1', dupId, { status: 'DS_PAUSE' });
    cluster.world.run(2500);
    expect(paused.answers).toEqual([]);
    expect(cluster.query('t1').entries).toMatchObject([{ status: 'DS_LOG' }]);
    for (const change of [{ status: 'DS_LOG' }, { status: 'DS_REMOVED' }, { failMode: 'FAIL_SKIP' }] as const) {
      expect(cluster.modify('t1', dupId, change)).toBe('ERR_BUSY');
    }
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(2000);
    expect(paused.last).toMatchObject({ body: { error: 'ERR_OK', appId: 1 } });
    expect(cluster.query('t1').entries).toMatchObject([{ status: 'DS_PAUSE' }]);
  });

  it('needs an available table and a duplication of it', () => {
    const cluster = new DupCluster({ tables: ['t1', 't2'] });
    const { dupId } = cluster.add('t1');
    expect(cluster.modify('none', dupId, { status: 'DS_LOG' })).toBe('ERR_APP_NOT_EXIST');
    expect(cluster.modify('t2', dupId, { status: 'DS_LOG' })).toBe('ERR_OBJECT_NOT_FOUND');
    expect(cluster.modify('t1', 0, { status: 'DS_REMOVED' })).toBe('ERR_OBJECT_NOT_FOUND');
    cluster.source.drop('t1');
    cluster.world.run(100);
    expect(cluster.modify('t1', dupId, { status: 'DS_REMOVED' })).toBe('ERR_APP_NOT_EXIST');
    const disabled = new DupCluster({ settings: { duplicationEnabled: false } });
    expect(disabled.modify('t1', dupId, {})).toBe('ERR_SERVICE_NOT_ACTIVE');
    expect(disabled.query('t1').error).toBe('ERR_SERVICE_NOT_ACTIVE');
    expect(disabled.sync().error).toBe('ERR_SERVICE_NOT_ACTIVE');
  });
});

describe('a removal', () => {
  it('deletes the record with its progress, and the table is not duplicating any more', () => {
    const cluster = new DupCluster();
    const { dupId } = cluster.add('t1', { checkpoint: false });
    const dup = cluster.dup(1, dupId);
    cluster.sync([confirm('1.0', dupId, 5)]);
    expect(cluster.stored(`1/duplication/${dupId}/0`)).toBe('5');
    expect(cluster.modify('t1', dupId, { status: 'DS_REMOVED' })).toBe('ERR_OK');
    expect([dup.status, cluster.query('t1').entries]).toEqual(['DS_REMOVED', []]);
    expect(cluster.stored(`1/duplication/${dupId}`)).toBeUndefined();
    expect(cluster.stored(`1/duplication/${dupId}/0`)).toBeUndefined();
    expect(cluster.source.storedApp(1)?.info.duplicating).toBe(false);
    expect(cluster.modify('t1', dupId, { status: 'DS_LOG' })).toBe('ERR_OBJECT_NOT_FOUND');
    cluster.restart();
    expect(cluster.query('t1').entries).toEqual([]);
  });

  it('waits for progress on its way to the store, and lets no new one begin (B6)', () => {
    const cluster = new DupCluster();
    const { dupId } = cluster.add('t1', { checkpoint: false });
    const progress = `/pegasus/source/apps/1/duplication/${dupId}/0`;
    cluster.world.storeFate = ({ operation, path }) => (operation === 'create' && path === progress ? 'timeout' : 'ok');
    const synced = cluster.sendSync([confirm('1.0', dupId, 5)]);
    cluster.world.run(10);
    const removed = cluster.sendModify('t1', dupId, { status: 'DS_REMOVED' });
    cluster.world.run(500);
    expect(cluster.sync([confirm('1.0', dupId, 6)]).error).toBe('ERR_OK');
    expect([removed.answers, synced.answers, cluster.storedStatus(1, dupId)]).toEqual([[], [], 'DS_LOG FAIL_SLOW']);
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(2000);
    expect(synced.last).toMatchObject({ body: { error: 'ERR_OK' } });
    expect(removed.last).toMatchObject({ body: { error: 'ERR_OK', appId: 1 } });
    expect([...cluster.world.store.keys()].filter((path) => path.includes(String(dupId)))).toEqual([]);
    expect(cluster.source.metaProcess.failure).toBeUndefined();
  });

  it('of one of two leaves the table duplicating', () => {
    const cluster = new DupCluster();
    const first = cluster.add('t1').dupId;
    const second = cluster.add('t1', { remote: 'other' }).dupId;
    cluster.modify('t1', first, { status: 'DS_REMOVED' });
    expect(cluster.source.storedApp(1)?.info.duplicating).toBe(true);
    cluster.modify('t1', second, { status: 'DS_REMOVED' });
    expect(cluster.source.storedApp(1)?.info.duplicating).toBe(false);
  });

  it('is stored with the table, so that another change of it cannot bring the mark back (B45)', () => {
    const cluster = new DupCluster();
    const { dupId } = cluster.add('t1');
    cluster.source.setEnvs('t1', { default_ttl: '1' });
    cluster.modify('t1', dupId, { status: 'DS_REMOVED' });
    cluster.source.setEnvs('t1', { 'business.info': '2' });
    cluster.world.run(100);
    cluster.restart();
    expect(cluster.source.storedApp(1)?.info).toMatchObject({ duplicating: false, envs: { default_ttl: '1', 'business.info': '2' } });
  });
});

describe('a drop', () => {
  it('leaves the duplications in the store, hidden with their table', () => {
    const cluster = new DupCluster();
    const { dupId } = cluster.add('t1', { checkpoint: false });
    cluster.source.drop('t1');
    cluster.world.run(100);
    expect(cluster.query('t1').error).toBe('ERR_APP_NOT_EXIST');
    expect(cluster.sync().apps).toEqual([]);
    cluster.restart();
    expect(cluster.storedStatus(1, dupId)).toBe('DS_LOG FAIL_SLOW');
    expect(cluster.sync([confirm('1.0', dupId, 5)]).apps).toEqual([]);
    expect(cluster.stored(`1/duplication/${dupId}/0`)).toBeUndefined();
  });

  it('makes nobody forget a duplication before it is stored', () => {
    const cluster = new DupCluster();
    cluster.add('t1', { checkpoint: false });
    cluster.world.storeFate = ({ operation }) => (operation === 'set' ? 'timeout' : 'ok');
    cluster.source.drop('t1');
    cluster.world.run(10);
    expect(cluster.query('t1').error).toBe('ERR_APP_NOT_EXIST');
    expect(cluster.sync().apps).toMatchObject([{ appId: 1 }]);
  });
});

describe('a list', () => {
  const list = (cluster: DupCluster, appNamePattern: string, matchType: PatternMatchType) =>
    cluster.bodyOf(cluster.call('RPC_CM_LIST_DUPLICATION', { appNamePattern, matchType }));

  it.each<[PatternMatchType, string, string[]]>([
    ['ALL', 'zzz', ['abc', 'bcd', 'cab']],
    ['EXACT', 'abc', ['abc']],
    ['EXACT', 'ab', []],
    ['ANYWHERE', 'ab', ['abc', 'cab']],
    ['PREFIX', 'ab', ['abc']],
    ['POSTFIX', 'ab', ['cab']],
    ['PREFIX', '', ['abc', 'bcd', 'cab']],
  ])('matches by %s with %j', (matchType, pattern, names) => {
    const cluster = new DupCluster({ tables: ['abc', 'bcd', 'cab'] });
    const answer = list(cluster, pattern, matchType);
    expect([answer.error, answer.apps.map(({ appName }) => appName)]).toEqual(['ERR_OK', names]);
  });

  it.each(['REGEX', 'INVALID'] as const)('does not know %s, once there is a table to compare', (matchType) => {
    const cluster = new DupCluster({ tables: [] });
    expect(list(cluster, 'a', matchType)).toEqual({ error: 'ERR_OK', hint: '', apps: [] });
    cluster.source.create('t1');
    cluster.world.run(100);
    expect(list(cluster, 'a', matchType)).toMatchObject({ error: 'ERR_NOT_IMPLEMENTED', apps: [] });
    cluster.source.drop('t1');
    cluster.world.run(100);
    expect(list(cluster, 'a', matchType).error).toBe('ERR_OK');
  });

  it('tells what a query tells', () => {
    const cluster = new DupCluster({ tables: ['t1', 't2'], partitions: 2 });
    const { dupId } = cluster.add('t2', { checkpoint: false });
    cluster.sync([confirm('2.1', dupId, 5, false, 8)]);
    const entries = cluster.query('t2').entries;
    expect(list(cluster, '', 'ALL').apps).toEqual([
      { appName: 't1', appId: 1, partitionCount: 2, duplications: [] },
      { appName: 't2', appId: 2, partitionCount: 2, duplications: entries },
    ]);
    expect(entries).toMatchObject([
      {
        dupId,
        progress: {},
        partitionStates: [
          { partitionIndex: 0, confirmedDecree: -1, lastCommittedDecree: -1 },
          { partitionIndex: 1, confirmedDecree: 5, lastCommittedDecree: 8 },
        ],
      },
    ]);
  });
});
