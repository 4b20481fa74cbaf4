import { describe, expect, it } from 'vitest';
import * as records from '../../../../impl/meta/bulkLoad/bulkLoadRecords.ts';
import { appPath, encodeApp } from '../../../../impl/meta/records.ts';
import type { BulkLoadStatus } from '../../../../model/vocabulary.ts';
import { LoadCluster, METADATA, ROOT } from './loadCluster.ts';

interface Left {
  readonly app: BulkLoadStatus;
  /** By index; undefined: no node. */
  readonly partitions: readonly (BulkLoadStatus | undefined)[];
  readonly isBulkLoading?: boolean;
  readonly change?: object;
}

const RECORD: records.AppBulkLoadRecord = {
  appId: 1,
  partitionCount: 2,
  appName: 't',
  clusterName: 'c',
  fileProviderType: 'local',
  status: 'BLS_DOWNLOADING',
  remoteRootPath: 'root',
  ingestBehind: false,
  isEverIngesting: false,
  error: 'ERR_OK',
  loadId: 3,
};

/** A meta server that starts over what a crash has left. */
function restarted(left: Left | undefined, isBulkLoading = left?.isBulkLoading ?? true): LoadCluster {
  const cluster = new LoadCluster();
  const { store } = cluster.cluster.world;
  const { record } = cluster.app();
  store.set(appPath('source', 1), encodeApp({ ...record, isBulkLoading, lastLoadId: 3 }));
  if (left !== undefined) {
    store.set(ROOT, '');
    store.set(`${ROOT}/1`, records.encodeAppBulkLoad({ ...RECORD, status: left.app, ...left.change }));
    for (const [index, status] of left.partitions.entries()) {
      const metadata = METADATA;
      const partition = { ...records.newPartitionRecord(status ?? 'BLS_INVALID'), metadata };
      if (status !== undefined) store.set(`${ROOT}/1/${index}`, records.encodePartitionBulkLoad(partition));
    }
  }
  cluster.restart();
  return cluster;
}

const D = 'BLS_DOWNLOADING';
const DED = 'BLS_DOWNLOADED';
const I = 'BLS_INGESTING';
const S = 'BLS_SUCCEED';
const P = 'BLS_PAUSED';
const FAILED_NAME = 'replication::bulk_load_status::BLS_FAILED';

describe('a load after a restart of the meta server', () => {
  const VALID: readonly (readonly [BulkLoadStatus, readonly (BulkLoadStatus | undefined)[], BulkLoadStatus])[] = [
    [D, [undefined, undefined], S],
    [D, [D, undefined], S],
    [D, [D, DED], S],
    [D, [DED, DED], S],
    [D, [P, 'BLS_PAUSING'], S],
    [DED, [DED, I], S],
    [DED, [I, I], S],
    [I, [I, S], S],
    [I, [S, S], S],
    [S, [S, S], S],
    ['BLS_PAUSING', [D, P], P],
    ['BLS_PAUSING', [P, P], P],
    ['BLS_CANCELED', [S, D], 'BLS_CANCELED'],
    ['BLS_FAILED', [I, 'BLS_FAILED'], 'BLS_FAILED'],
  ];
  it.each(VALID)('from %s with %o goes on to %s', (app, partitions, end) => {
    const cluster = restarted({ app, partitions });
    cluster.runTo(end);
    cluster.run(30_000);
    expect(cluster.failure()).toBeUndefined();
    const isPaused = end === 'BLS_PAUSED';
    expect(cluster.isBulkLoading()).toBe(isPaused);
    expect(cluster.service.lock.isFree()).toBe(!isPaused);
    expect(cluster.query().partitionsStatus).toEqual([end, end]);
  });

  const INVALID: readonly (readonly [string, Left])[] = [
    ['another id', { app: D, partitions: [D, D], change: { appId: 7 } }],
    ['another partition count', { app: D, partitions: [D, D], change: { partitionCount: 4 } }],
    ['too many partitions', { app: D, partitions: [D, D, D] }],
    ['too few partitions', { app: DED, partitions: [DED] }],
    ['files that may not go below', { app: D, partitions: [D, D], change: { ingestBehind: true } }],
    ['a partition ahead while others have no node', { app: D, partitions: [DED, undefined] }],
    ['DOWNLOADED with a partition that is not', { app: DED, partitions: [DED, D] }],
    ['INGESTING with a partition that is not', { app: I, partitions: [I, DED] }],
    ['SUCCEED with a partition that did not', { app: S, partitions: [S, I] }],
    ['PAUSED with a partition that is not', { app: P, partitions: [P, D] }],
  ];
  it.each(INVALID)('with %s is given up, and its replicas are told', (_what, left) => {
    const cluster = restarted(left);
    cluster.run(12_000);
    expect(cluster.failure()).toBeUndefined();
    expect(cluster.stored()).toMatchObject({ status: FAILED_NAME, bulk_load_err: 'ERR_INCONSISTENT_STATE' });
    const told = new Set(cluster.polls.map(({ gpid, metaStatus, loadId }) => `${gpid} ${metaStatus} ${loadId}`));
    expect([...told].sort()).toEqual(['1.0 BLS_FAILED 3', '1.1 BLS_FAILED 3']);
    expect(cluster.isBulkLoading()).toBe(false);
    expect(cluster.query()).toMatchObject({ error: 'ERR_INCONSISTENT_STATE', appStatus: 'BLS_FAILED' });
    expect(cluster.service.lock.isFree()).toBe(true);
    const again = cluster.start();
    cluster.run(1000);
    expect(again[0]?.error).toBe('ERR_OK');
  });

  it('that has ended is told, polls nobody and holds nothing', () => {
    const cluster = restarted({ app: S, partitions: [S, S], isBulkLoading: false });
    cluster.run(30_000);
    expect(cluster.query()).toMatchObject({ appStatus: S, partitionsStatus: [S, S], isBulkLoading: false });
    expect(cluster.polls).toEqual([]);
    expect(cluster.service.lock.isFree()).toBe(true);
  });

  it('that has all its rows does not ask for the option any more', () => {
    const cluster = restarted({ app: S, partitions: [S, S], change: { ingestBehind: true } });
    cluster.run(30_000);
    expect(cluster.query()).toMatchObject({ error: 'ERR_OK', appStatus: S });
    expect(new Set(cluster.polls.map(({ metaStatus }) => metaStatus))).toEqual(new Set([S]));
  });

  it('that never got a node is called off', () => {
    const cluster = restarted(undefined, true);
    cluster.run(1000);
    expect(cluster.isBulkLoading()).toBe(false);
  });

  it('that is paused stays so, without polls, and holds the lock', () => {
    const cluster = restarted({ app: P, partitions: [P, P] });
    cluster.run(30_000);
    expect([cluster.status(), cluster.polls.length]).toEqual([P, 0]);
    expect(cluster.service.lock.isFree()).toBe(false);
    cluster.control('BLC_RESTART');
    cluster.runTo(S);
  });

  it('goes on or is called off from a crash at every write', () => {
    for (let crashAt = 0; ; crashAt++) {
      const cluster = new LoadCluster();
      let writes = 0;
      const isWrite = (operation: string): boolean => operation !== 'get' && operation !== 'children';
      cluster.cluster.world.storeFate = ({ operation }) =>
        isWrite(operation) && writes++ === crashAt ? 'crash-after' : 'ok';
      cluster.start();
      cluster.run(120_000);
      if (writes <= crashAt) {
        expect(crashAt).toBeGreaterThan(15);
        return;
      }
      cluster.restart();
      cluster.run(200_000);
      expect(cluster.failure()).toBeUndefined();
      expect(cluster.isBulkLoading()).toBe(false);
      expect([S, 'BLS_INVALID']).toContain(cluster.status());
      expect(cluster.service.lock.isFree()).toBe(true);
    }
  });
});
