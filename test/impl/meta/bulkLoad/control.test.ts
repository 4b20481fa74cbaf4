import { describe, expect, it } from 'vitest';
import type { BulkLoadControlType, BulkLoadStatus, ErrorCode } from '../../../../model/vocabulary.ts';
import { appPath } from '../../../../impl/meta/records.ts';
import { LoadCluster, METADATA, ROOT } from './loadCluster.ts';

/** A load that was started and whose groups never get further than they are. */
function stalled(partitions = 2): LoadCluster {
  const cluster = new LoadCluster({ partitions });
  cluster.answer = () => ({ error: 'ERR_BUSY' });
  cluster.start();
  cluster.run(100);
  return cluster;
}

function force(cluster: LoadCluster, status: BulkLoadStatus): void {
  const load = cluster.load();
  load.record = { ...load.record, status };
  load.intended = load.record;
}

describe('control of a bulk load', () => {
  const TABLE: readonly (readonly [BulkLoadControlType, BulkLoadStatus, ErrorCode])[] = [
    ['BLC_PAUSE', 'BLS_DOWNLOADING', 'ERR_OK'],
    ['BLC_PAUSE', 'BLS_DOWNLOADED', 'ERR_INVALID_STATE'],
    ['BLC_RESTART', 'BLS_PAUSED', 'ERR_OK'],
    ['BLC_RESTART', 'BLS_PAUSING', 'ERR_INVALID_STATE'],
    ['BLC_CANCEL', 'BLS_DOWNLOADING', 'ERR_OK'],
    ['BLC_CANCEL', 'BLS_PAUSED', 'ERR_OK'],
    ['BLC_CANCEL', 'BLS_INGESTING', 'ERR_INVALID_STATE'],
    ['BLC_FORCE_CANCEL', 'BLS_SUCCEED', 'ERR_OK'],
    ['BLC_FORCE_CANCEL', 'BLS_CANCELED', 'ERR_OK'],
  ];
  it.each(TABLE)('%s in %s: %s', (type, status, error) => {
    const cluster = stalled();
    force(cluster, status);
    const answers = cluster.control(type);
    cluster.run(1);
    expect(answers.map((answer) => answer.error)).toEqual([error]);
    if (error === 'ERR_OK') return;
    const word = type === 'BLC_PAUSE' ? 'pause' : type === 'BLC_RESTART' ? 'restart' : 'cancel';
    const shown = `replication::bulk_load_status::${status}`;
    expect(answers[0]?.hint).toBe(`can not ${word} bulk load for app(t) with status(${shown})`);
  });

  it('is refused without a load, and for a table that is not there', () => {
    const cluster = new LoadCluster();
    const idle = cluster.control('BLC_PAUSE');
    cluster.run(1);
    expect(idle).toEqual([{ error: 'ERR_INACTIVE_STATE', hint: 'app(t) is not executing bulk load' }]);
    cluster.app().status = 'AS_DROPPED';
    const gone = cluster.control('BLC_PAUSE');
    cluster.run(1);
    expect(gone).toEqual([{ error: 'ERR_APP_NOT_EXIST', hint: 'app(t) is not existed or not available' }]);
  });

  it('pauses and restarts with one loop per partition, and asks nobody who is paused', () => {
    const cluster = new LoadCluster();
    cluster.answer = (request) => (request.metaStatus === 'BLS_DOWNLOADING' ? { error: 'ERR_BUSY' } : undefined);
    cluster.start();
    cluster.run(1000);
    for (let i = 0; i < 3; i++) {
      cluster.control('BLC_PAUSE');
      cluster.runTo('BLS_PAUSED');
      cluster.run(60_000);
      cluster.control('BLC_RESTART');
      cluster.run(1000);
    }
    expect(cluster.polls.some((poll) => poll.metaStatus === 'BLS_PAUSED')).toBe(false);
    cluster.polls.length = 0;
    cluster.run(60_000);
    expect(cluster.polls.length).toBe(12);
  });

  it('a pause behind the write that makes the load DOWNLOADED is refused', () => {
    const cluster = new LoadCluster();
    cluster.cluster.world.storeFate = ({ operation, path, value }) =>
      operation === 'set' && path === `${ROOT}/1` && value.includes('BLS_DOWNLOADED') ? 'timeout' : 'ok';
    cluster.start();
    cluster.run(15_000);
    expect(cluster.status()).toBe('BLS_DOWNLOADING');
    const answers = cluster.control('BLC_PAUSE');
    cluster.run(1);
    expect(answers[0]?.error).toBe('ERR_INVALID_STATE');
  });

  it('a cancel is not undone by trouble that shows while it is being stored', () => {
    const cluster = stalled();
    let late = true;
    cluster.cluster.world.storeFate = ({ path }) => (late && path === `${ROOT}/1` ? 'timeout' : 'ok');
    cluster.control('BLC_CANCEL');
    cluster.answer = () => ({ error: 'ERR_INVALID_STATE' });
    cluster.run(15_000);
    late = false;
    cluster.answer = () => undefined;
    cluster.run(60_000);
    expect(cluster.status()).toBe('BLS_CANCELED');
    expect(cluster.isBulkLoading()).toBe(false);
    expect(cluster.query().partitionsStatus).toEqual(['BLS_CANCELED', 'BLS_CANCELED']);
  });

  it('a force cancel before the load has a node makes one that is cancelled, and the load ends', () => {
    const cluster = new LoadCluster();
    let isLate = true;
    cluster.cluster.world.storeFate = ({ operation, path }) =>
      isLate && operation === 'remove' && path === `${ROOT}/1` ? 'timeout' : 'ok';
    const started = cluster.start();
    cluster.run(100);
    expect(cluster.isBulkLoading()).toBe(true);
    const answers = cluster.control('BLC_FORCE_CANCEL');
    cluster.run(100);
    isLate = false;
    cluster.run(60_000);
    expect(cluster.failure()).toBeUndefined();
    expect([answers[0]?.error, started[0]?.error]).toEqual(['ERR_OK', 'ERR_OK']);
    expect(cluster.status()).toBe('BLS_CANCELED');
    expect(cluster.isBulkLoading()).toBe(false);
    expect(cluster.polls.every((poll) => poll.metaStatus === 'BLS_CANCELED')).toBe(true);
  });

  it('a force cancel of a load that is loading only until its end is stored changes that end', () => {
    const cluster = new LoadCluster();
    cluster.start();
    cluster.runTo('BLS_SUCCEED');
    let isLate = true;
    cluster.cluster.world.storeFate = ({ path }) => (isLate && path === appPath('source', 1) ? 'timeout' : 'ok');
    cluster.run(20_000);
    expect([cluster.load().active, cluster.query().isBulkLoading]).toEqual([false, true]);
    const refused = cluster.control('BLC_CANCEL');
    const answers = cluster.control('BLC_FORCE_CANCEL');
    cluster.run(100);
    expect([refused[0]?.error, answers[0]?.error]).toEqual(['ERR_INVALID_STATE', 'ERR_OK']);
    isLate = false;
    cluster.run(20_000);
    expect(cluster.query()).toMatchObject({ appStatus: 'BLS_CANCELED', isBulkLoading: false });
    expect(cluster.query().partitionsStatus).toEqual(['BLS_SUCCEED', 'BLS_SUCCEED']);
    expect(cluster.service.lock.isFree()).toBe(true);
    const idle = cluster.control('BLC_FORCE_CANCEL');
    cluster.run(100);
    expect(idle[0]?.error).toBe('ERR_INACTIVE_STATE');
    cluster.clear();
    cluster.run(100);
    expect(cluster.stored()).toBeUndefined();
  });

  it('a push that meets the creation of a partition node comes behind it', () => {
    const cluster = new LoadCluster();
    let isLate = true;
    cluster.answer = (request) => (request.metaStatus === 'BLS_DOWNLOADING' ? { error: 'ERR_BUSY' } : undefined);
    cluster.cluster.world.storeFate = ({ operation, path }) =>
      isLate && operation === 'create' && path === `${ROOT}/1/1` ? 'timeout' : 'ok';
    cluster.start();
    cluster.run(100);
    cluster.control('BLC_CANCEL');
    cluster.run(3000);
    isLate = false;
    cluster.run(60_000);
    expect(cluster.failure()).toBeUndefined();
    expect(cluster.query().partitionsStatus).toEqual(['BLS_CANCELED', 'BLS_CANCELED']);
    expect(cluster.isBulkLoading()).toBe(false);
  });

  it('a pause that meets a partition on its way to DOWNLOADED pauses that partition too', () => {
    const cluster = new LoadCluster();
    let isLate = true;
    cluster.answer = (request) =>
      request.gpid === '1.0' && request.metaStatus === 'BLS_DOWNLOADING' ? { totalDownloadProgress: 50 } : undefined;
    cluster.cluster.world.storeFate = ({ operation, path }) =>
      isLate && operation === 'set' && path === `${ROOT}/1/1` ? 'timeout' : 'ok';
    cluster.start();
    cluster.run(5000);
    cluster.control('BLC_PAUSE');
    cluster.run(5000);
    isLate = false;
    cluster.runTo('BLS_PAUSED');
    expect(cluster.query().partitionsStatus).toEqual(['BLS_PAUSED', 'BLS_PAUSED']);
    expect(cluster.stored('/1')?.['metadata']).toEqual({ files: METADATA.files, file_total_size: 5 });
  });
});

describe('query and clear of a bulk load', () => {
  it('knows nothing of a table that never loaded, which can be cleared all the same', () => {
    const cluster = new LoadCluster();
    expect(cluster.query()).toMatchObject({
      error: 'ERR_OK',
      hint: 'app(t) is not during bulk load, return last time result',
      appStatus: 'BLS_INVALID',
      partitionsStatus: ['BLS_INVALID', 'BLS_INVALID'],
      isBulkLoading: false,
    });
    const answers = cluster.clear();
    cluster.run(1000);
    expect(answers).toEqual([
      { error: 'ERR_OK', hint: 'clear app(t) bulk load result succeed, remove bulk load dir succeed' },
    ]);
  });

  it('answers the error of a load that failed, and forgets it when cleared', () => {
    const cluster = new LoadCluster();
    cluster.answer = ({ metaStatus }) =>
      metaStatus === 'BLS_DOWNLOADING' ? { error: 'ERR_FS_INTERNAL' } : undefined;
    cluster.start();
    cluster.run(1);
    const refused = cluster.clear();
    cluster.run(60_000);
    expect(refused).toEqual([{ error: 'ERR_INVALID_STATE', hint: 'app(t) is executing bulk load' }]);
    expect(cluster.query()).toMatchObject({ error: 'ERR_FS_INTERNAL', appStatus: 'BLS_FAILED', isBulkLoading: false });
    expect(cluster.stored()?.['bulk_load_err']).toBe('ERR_FS_INTERNAL');
    cluster.clear();
    cluster.run(1000);
    expect(cluster.query()).toMatchObject({ error: 'ERR_OK', appStatus: 'BLS_INVALID' });
    expect(cluster.stored()).toBeUndefined();
  });
});
