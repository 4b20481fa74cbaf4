import { describe, expect, it } from 'vitest';
import type { BulkLoadResponse } from '../../../../impl/protocol/bulkLoadMessages.ts';
import type { BulkLoadStatus, ErrorCode } from '../../../../model/vocabulary.ts';
import { SERVERS } from '../metaCluster.ts';
import { LoadCluster, ROOT, STATE } from './loadCluster.ts';

/** A load whose polls of the status get this answer from now on. */
function reached(status: BulkLoadStatus, options: ConstructorParameters<typeof LoadCluster>[0] = {}): LoadCluster {
  const cluster = new LoadCluster(options);
  cluster.start();
  cluster.runTo(status);
  return cluster;
}

function answerTo(status: BulkLoadStatus, answer: Partial<BulkLoadResponse>): LoadCluster['answer'] {
  return (request) => (request.metaStatus === status ? answer : undefined);
}

describe('a load without trouble', () => {
  it('comes to SUCCEED, cleans up and lets go of everything', () => {
    const cluster = reached('BLS_SUCCEED');
    cluster.run(30_000);
    expect(cluster.failure()).toBeUndefined();
    expect(cluster.query()).toMatchObject({ error: 'ERR_OK', appStatus: 'BLS_SUCCEED', isBulkLoading: false });
    expect(cluster.stored('/1')).toMatchObject({
      status: 'replication::bulk_load_status::BLS_SUCCEED',
      ever_ingest_succeed: 1,
      host_ports: SERVERS,
    });
    expect(cluster.service.lock.isFree()).toBe(true);
    expect(cluster.service.ingestion.context.ingestingCount()).toBe(0);
    cluster.polls.length = 0;
    const again = cluster.start();
    cluster.run(15_000);
    expect(again[0]?.error).toBe('ERR_OK');
    expect(cluster.polls.length).toBe(4);
  });

  it('has stored whatever a query shows', () => {
    const cluster = new LoadCluster();
    cluster.start();
    for (let i = 0; i < 9000; i++) {
      cluster.run(10);
      const { appStatus, partitionsStatus } = cluster.query();
      if (appStatus === 'BLS_INVALID') continue;
      const order = ['BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_INGESTING', 'BLS_SUCCEED'];
      const stored = String(cluster.stored()?.['status']).slice(-appStatus.length);
      expect(order.indexOf(appStatus)).toBeLessThanOrEqual(order.findIndex((name) => stored.endsWith(name)));
      expect(partitionsStatus).not.toContain('BLS_INVALID');
    }
  });

  it('sends the ingestion write 10 s after the slot was granted, with the metadata of the partition', () => {
    const cluster = new LoadCluster();
    cluster.answer = answerTo('BLS_INGESTING', { isGroupIngestionFinished: false });
    cluster.start();
    cluster.runTo('BLS_INGESTING');
    const at = cluster.cluster.world.nowUs / 1000;
    cluster.run(12_000);
    expect(cluster.ingestions.map((one) => one.index)).toEqual([0, 1]);
    const [first] = cluster.ingestions;
    expect((first?.atMs ?? 0) - at).toBeGreaterThan(9900);
    expect(first?.request).toMatchObject({ ballot: 3, appName: 't', metadata: { fileTotalSize: 5 } });
  });
});

describe('the reply of a poll', () => {
  it.each([
    ['BLS_DOWNLOADING', { error: 'ERR_FS_INTERNAL' }, 'BLS_FAILED', 'ERR_FS_INTERNAL'],
    ['BLS_DOWNLOADING', { error: 'ERR_BUSY' }, 'BLS_DOWNLOADING', 'ERR_OK'],
    ['BLS_DOWNLOADED', { error: 'ERR_INVALID_STATE' }, 'BLS_DOWNLOADING', 'ERR_OK'],
    ['BLS_INGESTING', { error: 'ERR_INVALID_STATE' }, 'BLS_DOWNLOADING', 'ERR_OK'],
  ] as const)('in %s, %o: %s', (status, answer, after, error: ErrorCode) => {
    const cluster = new LoadCluster();
    cluster.answer = answerTo(status, answer);
    cluster.start();
    if (status !== 'BLS_DOWNLOADING') cluster.runTo(status);
    cluster.run(1000);
    if (after !== status) cluster.runTo(after, 15_000);
    expect([cluster.status(), cluster.load().record.error]).toEqual([after, error]);
  });

  it.each(['BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_INGESTING'] as const)(
    'ERR_BUSY in %s is asked again and rolls nothing back: an ingestion may not be over',
    (status) => {
      const cluster = new LoadCluster();
      let isBusy = true;
      cluster.answer = ({ metaStatus }) => (isBusy && metaStatus === status ? { error: 'ERR_BUSY' } : undefined);
      cluster.start();
      cluster.runTo(status);
      cluster.run(60_000);
      expect([cluster.status(), cluster.load().rollbackCount]).toEqual([status, 0]);
      isBusy = false;
      cluster.runTo('BLS_SUCCEED');
      expect(cluster.load().rollbackCount).toBe(0);
    },
  );

  it.each(['BLS_DOWNLOADED', 'BLS_INGESTING'] as const)(
    'a secondary that is told to have lost the load in %s rolls it back, and is waited for',
    (status) => {
      const cluster = new LoadCluster();
      const groupStates = { a: STATE, b: { ...STATE, downloadStatus: 'ERR_INVALID_STATE' as const } };
      let isLost = true;
      cluster.answer = ({ metaStatus }) => {
        if (isLost && metaStatus === status) return { groupStates, isGroupIngestionFinished: false };
        return isLost && metaStatus === 'BLS_DOWNLOADING' && cluster.load().rollbackCount > 0
          ? { groupStates }
          : undefined;
      };
      cluster.start();
      cluster.runTo(status);
      cluster.runTo('BLS_DOWNLOADING', 20_000);
      cluster.run(35_000);
      expect([cluster.status(), cluster.load().rollbackCount]).toEqual(['BLS_DOWNLOADING', 1]);
      isLost = false;
      cluster.runTo('BLS_SUCCEED');
    },
  );

  it.each(['BLS_SUCCEED', 'BLS_CANCELED', 'BLS_FAILED'] as const)('an error does not change the end in %s', (end) => {
    const cluster = new LoadCluster();
    let trouble: ErrorCode = 'ERR_OK';
    cluster.answer = ({ metaStatus }) => {
      if (metaStatus === end) return { error: trouble, isGroupCleanedUp: false };
      if (end === 'BLS_FAILED') return { error: 'ERR_CORRUPTION' };
      return end === 'BLS_CANCELED' ? { error: 'ERR_BUSY' } : undefined;
    };
    cluster.start();
    cluster.run(100);
    if (end === 'BLS_CANCELED') cluster.control('BLC_CANCEL');
    cluster.runTo(end);
    const { error } = cluster.load().record;
    trouble = 'ERR_FS_INTERNAL';
    cluster.run(30_000);
    expect(cluster.load().record).toMatchObject({ status: end, error });
    expect(cluster.load().intended).toBe(cluster.load().record);
    cluster.answer = () => undefined;
    cluster.run(30_000);
    expect(cluster.query()).toMatchObject({ appStatus: end, isBulkLoading: false });
  });

  it.each([
    ['ERR_CORRUPTION', 'ERR_CORRUPTION'],
    ['ERR_FILE_OPERATION_FAILED', 'ERR_FILE_OPERATION_FAILED'],
    ['ERR_PATH_NOT_FOUND', 'ERR_UNKNOWN'],
  ] as const)('a member that failed to download with %s fails the load with %s', (status, error) => {
    const cluster = new LoadCluster();
    const groupStates = { b: { ...STATE, downloadStatus: status }, a: STATE };
    cluster.answer = answerTo('BLS_DOWNLOADING', { groupStates });
    cluster.start();
    cluster.runTo('BLS_FAILED', 1000);
    expect(cluster.load().record.error).toBe(error);
  });

  it('says nothing while a member has not told its own status', () => {
    const cluster = new LoadCluster();
    const groupStates = { a: { ...STATE, downloadStatus: undefined } };
    cluster.answer = answerTo('BLS_DOWNLOADING', { groupStates });
    cluster.start();
    cluster.run(25_000);
    expect(cluster.status()).toBe('BLS_DOWNLOADING');
    expect(cluster.stored('/0')?.['metadata']).toEqual({ files: [], file_total_size: 0 });
  });

  it('a member whose ingestion failed fails the load and gives back its slot only', () => {
    const cluster = reached('BLS_DOWNLOADED');
    let isFailed = false;
    const states = { a: STATE, b: { ...STATE, ingestStatus: 'IS_FAILED' as const } };
    cluster.answer = (request) => {
      if (request.metaStatus !== 'BLS_INGESTING') return undefined;
      return { isGroupIngestionFinished: false, groupStates: isFailed && request.gpid === '1.1' ? states : {} };
    };
    cluster.runTo('BLS_INGESTING');
    cluster.run(15_000);
    expect(cluster.ingestions).toHaveLength(2);
    isFailed = true;
    cluster.runTo('BLS_FAILED');
    expect(cluster.load().record.error).toBe('ERR_INGESTION_FAILED');
    expect(cluster.service.ingestion.context.grantOf('1.0')).toBeDefined();
    expect(cluster.service.ingestion.context.grantOf('1.1')).toBeUndefined();
  });

  it('a ballot that has risen rolls back once for all partitions, and the second entry takes the shortcut', () => {
    const cluster = reached('BLS_DOWNLOADED', { partitions: 3 });
    for (const gpid of ['1.0', '1.1', '1.2']) cluster.setConfig(gpid, { secondaries: SERVERS.slice(1), ballot: 4 });
    cluster.answer = answerTo('BLS_DOWNLOADED', { error: 'ERR_INVALID_STATE' });
    cluster.runTo('BLS_DOWNLOADING');
    cluster.answer = () => undefined;
    expect(cluster.load().rollbackCount).toBe(1);
    cluster.runTo('BLS_SUCCEED');
    expect(cluster.load().rollbackCount).toBe(1);
  });

  it('of one partition does not count while the rollback for another is on its way to the store', () => {
    const cluster = new LoadCluster();
    let isTold = false;
    cluster.answer = ({ gpid }) => {
      if (!isTold) return { error: 'ERR_BUSY' };
      return gpid === '1.0' ? { error: 'ERR_INVALID_STATE' } : undefined;
    };
    cluster.start();
    cluster.run(5000);
    let isLate = true;
    cluster.cluster.world.storeFate = ({ path }) => (isLate && path === `${ROOT}/1` ? 'timeout' : 'ok');
    isTold = true;
    cluster.run(20_000);
    expect([cluster.load().rollbackCount, cluster.query().partitionsStatus[1]]).toEqual([1, 'BLS_DOWNLOADING']);
    isLate = false;
    cluster.answer = () => undefined;
    cluster.runTo('BLS_SUCCEED');
  });

  it('the last rollback allowed is followed by FAILED', () => {
    const cluster = new LoadCluster({ settings: { bulkLoadMaxRollbackTimes: 2 } });
    cluster.answer = answerTo('BLS_DOWNLOADED', { error: 'ERR_OBJECT_NOT_FOUND' });
    cluster.start();
    cluster.runTo('BLS_FAILED');
    expect(cluster.load().rollbackCount).toBe(2);
    expect(cluster.load().record.error).toBe('ERR_RETRY_EXHAUSTED');
  });

  it('a partition that is stored DOWNLOADED before the rollback has reached its siblings is not forgotten', () => {
    const cluster = new LoadCluster();
    cluster.answer = answerTo('BLS_DOWNLOADED', { error: 'ERR_INVALID_STATE' });
    cluster.start();
    cluster.runTo('BLS_DOWNLOADED');
    let isLate = true;
    cluster.cluster.world.storeFate = ({ path }) => (isLate && path === `${ROOT}/1/1` ? 'timeout' : 'ok');
    cluster.run(35_000);
    expect(cluster.query().partitionsStatus[0]).toBe('BLS_DOWNLOADED');
    isLate = false;
    cluster.answer = () => undefined;
    cluster.runTo('BLS_SUCCEED');
  });

  it('a force cancel after a group has cleaned up still ends', () => {
    const cluster = reached('BLS_INGESTING');
    cluster.answer = (request) => (request.gpid === '1.1' ? { isGroupCleanedUp: false } : undefined);
    cluster.runTo('BLS_SUCCEED');
    cluster.run(20_000);
    expect(cluster.load().partitions.map((part) => part.cleaned)).toEqual([true, false]);
    cluster.control('BLC_FORCE_CANCEL');
    cluster.run(1000);
    cluster.answer = () => undefined;
    cluster.run(20_000);
    expect(cluster.query()).toMatchObject({ appStatus: 'BLS_CANCELED', isBulkLoading: false });
  });

  it('of an earlier round changes nothing', () => {
    const cluster = reached('BLS_DOWNLOADED');
    const load = cluster.load();
    const [part] = load.partitions;
    if (part === undefined) throw new Error('no partition');
    const late = { error: 'ERR_TIMEOUT', body: undefined } as const;
    cluster.service.poller.onBulkLoadReply(late, 1, load.id, 0, part.round - 1, 3);
    cluster.service.poller.onBulkLoadReply(late, 1, load.id - 1, 0, part.round, 3);
    cluster.run(100);
    expect([cluster.status(), load.rollbackCount]).toEqual(['BLS_DOWNLOADED', 0]);
  });
});

describe('a table that goes', () => {
  it('takes its load along and lets others load', () => {
    const cluster = reached('BLS_DOWNLOADED');
    const dropped = cluster.cluster.drop('t');
    cluster.run(30_000);
    expect(dropped.last).toMatchObject({ error: 'ERR_OK' });
    expect(cluster.failure()).toBeUndefined();
    expect(cluster.service.lock.isFree()).toBe(true);
    expect(cluster.stored()).toBeUndefined();
    expect(cluster.isBulkLoading()).toBe(false);
  });

  it('takes a paused load along too, of which nobody is asked any more', () => {
    const cluster = new LoadCluster();
    cluster.answer = ({ metaStatus }) => (metaStatus === 'BLS_DOWNLOADING' ? { totalDownloadProgress: 50 } : undefined);
    cluster.start();
    cluster.run(1000);
    cluster.control('BLC_PAUSE');
    cluster.runTo('BLS_PAUSED');
    cluster.run(60_000);
    cluster.cluster.drop('t');
    cluster.run(30_000);
    expect(cluster.failure()).toBeUndefined();
    expect(cluster.service.lock.isFree()).toBe(true);
    expect(cluster.stored()).toBeUndefined();
    expect(cluster.isBulkLoading()).toBe(false);
  });

  it('has its records deleted behind the last write of them', () => {
    const cluster = new LoadCluster();
    let isLate = true;
    cluster.cluster.world.storeFate = ({ operation, path }) =>
      isLate && operation === 'set' && path === `${ROOT}/1/1` ? 'timeout' : 'ok';
    cluster.start();
    cluster.run(3000);
    cluster.cluster.drop('t');
    cluster.run(30_000);
    expect(cluster.stored('/1')).toBeDefined();
    isLate = false;
    cluster.run(5000);
    expect(cluster.failure()).toBeUndefined();
    expect(cluster.stored()).toBeUndefined();
    expect(cluster.stored('/1')).toBeUndefined();
  });
});
