/**
 * Upstream's table of poll replies (bl 22) with four partitions, of which the last one makes the difference. Where
 * upstream counts down (`C=N`), statuses of the partitions are read (bl.B13, B31), so all of them are looked at here.
 */
import { expect, it } from 'vitest';
import type { BulkLoadRequest, BulkLoadResponse } from '../../../../impl/protocol/bulkLoadMessages.ts';
import type { BulkLoadStatus, ErrorCode } from '../../../../model/vocabulary.ts';
import { SERVERS } from '../metaCluster.ts';
import { LoadCluster, STATE } from './loadCluster.ts';

const PARTITIONS = 4;
const LAST = `1.${PARTITIONS - 1}`;

/** What the group of a partition that has not got further says. */
const NOT_YET: Partial<BulkLoadResponse> = {
  totalDownloadProgress: 50,
  isGroupIngestionFinished: false,
  isGroupCleanedUp: false,
};

/** A load that is in the status; every partition is polled on, and none gets further. */
function reached(status: BulkLoadStatus): LoadCluster {
  const cluster = new LoadCluster({ partitions: PARTITIONS });
  cluster.answer = ({ metaStatus }) => {
    if (metaStatus !== status) return undefined;
    return status === 'BLS_DOWNLOADED' ? { error: 'ERR_BUSY' } : NOT_YET;
  };
  cluster.start();
  cluster.runTo(status);
  return cluster;
}

/** These partitions answer so in the status; the others as before. */
function answering(cluster: LoadCluster, status: BulkLoadStatus, gpids: (gpid: string) => boolean, answer: Partial<BulkLoadResponse> | undefined): void {
  const before = cluster.answer;
  cluster.answer = (request: BulkLoadRequest) => (request.metaStatus === status && gpids(request.gpid) ? answer : before(request));
}

const isLast = (gpid: string): boolean => gpid === LAST;
const isOther = (gpid: string): boolean => gpid !== LAST;
const slots = (cluster: LoadCluster): number => cluster.service.ingestion.context.ingestingCount();
const all = (status: BulkLoadStatus): readonly BulkLoadStatus[] => Array.from({ length: PARTITIONS }, () => status);
const app = (cluster: LoadCluster): readonly [BulkLoadStatus, ErrorCode] => [cluster.status(), cluster.load().record.error];

it('DOWNLOADING, the last partition at 100 %: DOWNLOADED', () => {
  const cluster = reached('BLS_DOWNLOADING');
  answering(cluster, 'BLS_DOWNLOADING', isOther, undefined);
  cluster.run(25_000);
  expect([cluster.status(), cluster.query().partitionsStatus[0]]).toEqual(['BLS_DOWNLOADING', 'BLS_DOWNLOADED']);
  answering(cluster, 'BLS_DOWNLOADING', isLast, undefined);
  answering(cluster, 'BLS_DOWNLOADED', () => true, { error: 'ERR_BUSY' });
  cluster.runTo('BLS_DOWNLOADED', 11_000);
  expect(cluster.query().partitionsStatus).toEqual(all('BLS_DOWNLOADED'));
});

it('DOWNLOADED, an OK reply of the last partition: INGESTING', () => {
  const cluster = reached('BLS_DOWNLOADED');
  answering(cluster, 'BLS_DOWNLOADED', isOther, {});
  cluster.run(25_000);
  expect([cluster.status(), cluster.query().partitionsStatus[0]]).toEqual(['BLS_DOWNLOADED', 'BLS_INGESTING']);
  answering(cluster, 'BLS_INGESTING', () => true, NOT_YET);
  answering(cluster, 'BLS_DOWNLOADED', isLast, {});
  cluster.runTo('BLS_INGESTING', 11_000);
  expect([cluster.load().record.isEverIngesting, cluster.query().partitionsStatus]).toEqual([true, all('BLS_INGESTING')]);
});

it('INGESTING, one node IS_FAILED: FAILED with ERR_INGESTION_FAILED, and one slot fewer', () => {
  const cluster = reached('BLS_INGESTING');
  cluster.run(12_000);
  expect(slots(cluster)).toBe(PARTITIONS);
  const failed = { ...STATE, ingestStatus: 'IS_FAILED' } as const;
  answering(cluster, 'BLS_INGESTING', isLast, { isGroupIngestionFinished: false, groupStates: { [SERVERS[2] ?? '']: failed } });
  answering(cluster, 'BLS_FAILED', () => true, NOT_YET);
  cluster.runTo('BLS_FAILED', 1000);
  expect([app(cluster), slots(cluster)]).toEqual([['BLS_FAILED', 'ERR_INGESTION_FAILED'], PARTITIONS - 1]);
});

it('INGESTING, one partition finished: one slot fewer, and its host_ports are the nodes that were reported', () => {
  const cluster = reached('BLS_INGESTING');
  cluster.run(12_000);
  const groupStates = { n3: STATE, n1: STATE, n2: STATE };
  answering(cluster, 'BLS_INGESTING', isLast, { isGroupIngestionFinished: true, groupStates });
  answering(cluster, 'BLS_SUCCEED', () => true, NOT_YET);
  cluster.run(1000);
  expect([cluster.status(), slots(cluster)]).toEqual(['BLS_INGESTING', PARTITIONS - 1]);
  const stored = { status: 'replication::bulk_load_status::BLS_SUCCEED', ever_ingest_succeed: 1, host_ports: ['n1', 'n2', 'n3'] };
  expect(cluster.stored(`/${PARTITIONS - 1}`)).toMatchObject(stored);
  // The last one makes the table SUCCEED.
  answering(cluster, 'BLS_INGESTING', isOther, { isGroupIngestionFinished: true });
  cluster.runTo('BLS_SUCCEED', 1000);
  expect([cluster.query().partitionsStatus, slots(cluster)]).toEqual([all('BLS_SUCCEED'), 0]);
});

it('SUCCEED, cleaned by all, the last one included: is_bulk_loading is false', () => {
  const cluster = reached('BLS_SUCCEED');
  answering(cluster, 'BLS_SUCCEED', isOther, { isGroupCleanedUp: true });
  cluster.run(25_000);
  expect([cluster.load().partitions.filter((part) => part.cleaned).length, cluster.isBulkLoading()]).toEqual([3, true]);
  answering(cluster, 'BLS_SUCCEED', isLast, { isGroupCleanedUp: true });
  cluster.run(11_000);
  expect([cluster.status(), cluster.isBulkLoading(), cluster.query().isBulkLoading]).toEqual(['BLS_SUCCEED', false, false]);
});

it('DOWNLOADED, an RPC that times out: DOWNLOADING, all partitions too', () => {
  const cluster = reached('BLS_DOWNLOADED');
  cluster.cluster.world.processes.get(SERVERS[0] ?? '')?.answer('RPC_BULK_LOAD', () => undefined);
  cluster.runTo('BLS_DOWNLOADING', 30_000);
  cluster.run(100);
  expect([app(cluster), cluster.query().partitionsStatus]).toEqual([['BLS_DOWNLOADING', 'ERR_OK'], all('BLS_DOWNLOADING')]);
  expect(cluster.load().rollbackCount).toBe(1);
});

it('INGESTING, ERR_INVALID_STATE: DOWNLOADING, all partitions too, and no slot is left', () => {
  const cluster = reached('BLS_INGESTING');
  cluster.run(12_000);
  expect(slots(cluster)).toBe(PARTITIONS);
  answering(cluster, 'BLS_INGESTING', isLast, { error: 'ERR_INVALID_STATE' });
  answering(cluster, 'BLS_DOWNLOADING', () => true, NOT_YET);
  cluster.runTo('BLS_DOWNLOADING', 1000);
  cluster.run(100);
  expect([cluster.query().partitionsStatus, slots(cluster)]).toEqual([all('BLS_DOWNLOADING'), 0]);
});

it('CANCELED, ERR_OBJECT_NOT_FOUND: CANCELED, and no partition counts as cleaned', () => {
  const cluster = reached('BLS_DOWNLOADING');
  cluster.run(100);
  cluster.control('BLC_CANCEL');
  answering(cluster, 'BLS_CANCELED', () => true, { error: 'ERR_OBJECT_NOT_FOUND' });
  cluster.run(30_000);
  expect([cluster.status(), cluster.query().partitionsStatus]).toEqual(['BLS_CANCELED', all('BLS_CANCELED')]);
  expect([cluster.load().partitions.some((part) => part.cleaned), cluster.isBulkLoading()]).toEqual([false, true]);
});

it('DOWNLOADING, ERR_INVALID_STATE with the rollbacks at their limit: FAILED with ERR_RETRY_EXHAUSTED', () => {
  const cluster = reached('BLS_DOWNLOADING');
  cluster.run(100);
  cluster.load().rollbackCount = cluster.service.ctx.settings.bulkLoadMaxRollbackTimes;
  answering(cluster, 'BLS_DOWNLOADING', isLast, { error: 'ERR_INVALID_STATE' });
  cluster.runTo('BLS_FAILED', 11_000);
  expect(app(cluster)).toEqual(['BLS_FAILED', 'ERR_RETRY_EXHAUSTED']);
});
