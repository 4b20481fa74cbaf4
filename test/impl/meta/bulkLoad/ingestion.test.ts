import { describe, expect, it } from 'vitest';
import { IngestionContext } from '../../../../impl/meta/bulkLoad/ingestionContext.ts';
import { newPartitionRecord } from '../../../../impl/meta/bulkLoad/bulkLoadRecords.ts';
import { newPartitionLoad } from '../../../../impl/meta/bulkLoad/bulkLoadState.ts';
import type { PartitionLoad } from '../../../../impl/meta/bulkLoad/bulkLoadState.ts';
import type { IngestionWriteResponse } from '../../../../impl/protocol/messages.ts';
import type { Settings } from '../../../../impl/settings.ts';
import type { BulkLoadStatus, PartitionConfig } from '../../../../model/vocabulary.ts';
import { SERVERS } from '../metaCluster.ts';
import { LoadCluster } from './loadCluster.ts';

const [A, B, C] = SERVERS as [string, string, string];

function config(primary: string, secondaries: readonly string[]): PartitionConfig {
  const base = { gpid: '1.0', ballot: 3, maxReplicaCount: 3, lastDrops: [], lastCommittedDecree: 0 };
  return { ...base, primary, secondaries };
}

function partition(status: BulkLoadStatus, everIngestSucceed = false): PartitionLoad {
  const part = newPartitionLoad(0);
  part.record = { ...newPartitionRecord(status), everIngestSucceed, hostPorts: [C, A, B] };
  return part;
}

/** A load whose groups never finish to ingest by themselves. */
function ingesting(answer: (index: number) => Partial<IngestionWriteResponse>, settings: Partial<Settings> = {}) {
  const cluster = new LoadCluster({ settings });
  cluster.ingest = answer;
  cluster.answer = (request) =>
    request.metaStatus === 'BLS_INGESTING' ? { isGroupIngestionFinished: false } : undefined;
  cluster.start();
  cluster.runTo('BLS_INGESTING');
  return cluster;
}

describe('whether a partition is asked now', () => {
  const { poller } = new LoadCluster().service;
  it.each([
    ['BLS_DOWNLOADING', false, '', [B, C], false],
    ['BLS_DOWNLOADING', false, A, [], true],
    ['BLS_PAUSING', false, A, [], true],
    ['BLS_CANCELED', false, A, [], true],
    ['BLS_FAILED', false, A, [], true],
    ['BLS_DOWNLOADED', false, A, [], false],
    ['BLS_INGESTING', false, A, [], false],
    ['BLS_SUCCEED', false, A, [], false],
    ['BLS_PAUSED', false, A, [], false],
    ['BLS_INVALID', false, A, [], false],
    ['BLS_INGESTING', true, A, [], false],
    ['BLS_DOWNLOADING', true, A, [B], false],
    ['BLS_INGESTING', false, A, [B, C], true],
  ] as const)('%s, always healthy %s, primary %o, secondaries %o: %s', (status, healthy, primary, others, asked) => {
    expect(poller.isRequestable(config(primary, others), partition(status), healthy)).toBe(asked);
  });
});

describe('whether a partition has ingested before', () => {
  const { ingestion } = new LoadCluster().service;
  it.each([
    [false, [B, C], false],
    [true, [B, C], true],
    [true, [B, 'other'], false],
    [true, [B], false],
    [true, [B, C, 'other'], false],
  ])('ever %s, secondaries %o: %s', (ever, secondaries, shortcut) => {
    const part = partition('BLS_INGESTING', ever);
    expect(ingestion.checkEverIngestionSucceed(part, config(A, secondaries))).toBe(shortcut);
  });
});

describe('slots', () => {
  function context(max: number, minDisks = 1): IngestionContext {
    const settings = { bulkLoadNodeMaxIngestingCount: max, bulkLoadNodeMinDiskCount: minDisks };
    return new IngestionContext(new LoadCluster({ settings }).service.ctx);
  }

  it('are as many per node as is allowed, and come back once', () => {
    const slots = context(2);
    const first = slots.tryPartitionIngestion('1.0', [A, B]);
    expect(slots.tryPartitionIngestion('1.1', [A])).toBeDefined();
    expect(slots.tryPartitionIngestion('1.2', [A])).toBeUndefined();
    expect(slots.tryPartitionIngestion('1.3', [B])).toBeDefined();
    expect(slots.tryPartitionIngestion('1.0', [C])).toBeUndefined();
    slots.release('1.0', first ?? 0);
    slots.release('1.0', first ?? 0);
    const second = slots.tryPartitionIngestion('1.2', [A, B]);
    expect(second).toBeDefined();
    slots.release('1.2', first ?? 0);
    expect(slots.tryPartitionIngestion('1.4', [A])).toBeUndefined();
    expect(slots.ingestingCount()).toBe(3);
  });

  it('are shared out among the disks that a node has shown', () => {
    const slots = context(3, 2);
    slots.noteDisk('1.0', A, 'x');
    slots.noteDisk('1.1', A, 'x');
    slots.noteDisk('1.2', A, 'x');
    slots.noteDisk('1.3', A, 'y');
    expect(slots.tryPartitionIngestion('1.0', [A])).toBeDefined();
    expect(slots.tryPartitionIngestion('1.1', [A])).toBeDefined();
    expect(slots.tryPartitionIngestion('1.2', [A])).toBeUndefined();
    expect(slots.tryPartitionIngestion('1.3', [A])).toBeDefined();
    expect(slots.tryPartitionIngestion('1.4', [A])).toBeUndefined();
  });

  it('of what is not known yet take nothing from the disk that a sync tells of', () => {
    const slots = context(2);
    expect(slots.tryPartitionIngestion('1.0', [A])).toBeDefined();
    slots.release('1.0', slots.grantOf('1.0') ?? 0);
    const at = { ballot: 1, status: 'PS_PRIMARY', lastCommitted: 0, lastPrepared: 0, lastDurable: 0 } as const;
    const stored = ['1.0', '1.1', '1.2'].map((gpid) => ({ ...at, gpid, diskTag: 'data1' }));
    slots.noteDisks({ node: A, stored });
    expect(slots.tryPartitionIngestion('1.0', [A])).toBeDefined();
    expect(slots.tryPartitionIngestion('1.1', [A])).toBeDefined();
    expect(slots.tryPartitionIngestion('1.2', [A])).toBeUndefined();
  });

  it('are told of by the configuration sync of a node', () => {
    const settings = { bulkLoadNodeMaxIngestingCount: 2, bulkLoadNodeMinDiskCount: 2 };
    const cluster = new LoadCluster({ settings });
    const at = { ballot: 1, status: 'PS_PRIMARY', lastCommitted: 0, lastPrepared: 0, lastDurable: 0 } as const;
    cluster.cluster.sync(A, [
      { ...at, gpid: '1.0', diskTag: 'x' },
      { ...at, gpid: '1.1', diskTag: 'y' },
    ]);
    cluster.run(100);
    const { context: slots } = cluster.service.ingestion;
    expect(slots.tryPartitionIngestion('1.0', [A])).toBeDefined();
    expect(slots.tryPartitionIngestion('1.1', [A])).toBeDefined();
  });

  it('make the second partition wait for the first', () => {
    const cluster = new LoadCluster({ settings: { bulkLoadNodeMaxIngestingCount: 1 } });
    let isFirstDone = false;
    cluster.answer = (request) =>
      request.metaStatus === 'BLS_INGESTING' ? { isGroupIngestionFinished: isFirstDone } : undefined;
    cluster.start();
    cluster.runTo('BLS_INGESTING');
    cluster.run(30_000);
    expect(cluster.ingestions.map((one) => one.index)).toEqual([0]);
    cluster.answer = (request) =>
      request.metaStatus === 'BLS_INGESTING' ? { isGroupIngestionFinished: request.gpid === '1.0' } : undefined;
    cluster.run(15_000);
    expect(cluster.ingestions.map((one) => one.index)).toEqual([0, 1]);
    isFirstDone = true;
  });
});

describe('the answer of the ingestion write', () => {
  it('of success keeps the slot until the group has finished', () => {
    const cluster = ingesting(() => ({}));
    cluster.run(30_000);
    expect(cluster.ingestions).toHaveLength(2);
    expect(cluster.service.ingestion.context.ingestingCount()).toBe(2);
    expect(cluster.status()).toBe('BLS_INGESTING');
  });

  it('ERR_NO_NEED_OPERATE gives back the slot and changes nothing', () => {
    const cluster = ingesting(() => ({ error: 'ERR_NO_NEED_OPERATE' }));
    cluster.run(30_000);
    expect(cluster.ingestions).toHaveLength(2);
    expect(cluster.service.ingestion.context.ingestingCount()).toBe(0);
    expect([cluster.status(), cluster.load().rollbackCount]).toEqual(['BLS_INGESTING', 0]);
  });

  it('a refusal rolls back', () => {
    const cluster = ingesting(() => ({ error: 'ERR_NOT_ENOUGH_MEMBER' }));
    cluster.runTo('BLS_DOWNLOADING', 12_000);
    expect(cluster.load().rollbackCount).toBe(1);
  });

  it('a failure of the storage engine fails the load, unless it may be tried again', () => {
    const failing = ingesting(() => ({ ingestion: { error: 'ERR_OK', rocksdbError: 3 } }));
    failing.runTo('BLS_FAILED', 12_000);
    expect(failing.load().record.error).toBe('ERR_INGESTION_FAILED');
    let tries = 0;
    const retrying = ingesting(() => (tries++ < 2 ? { ingestion: { error: 'ERR_TRY_AGAIN', rocksdbError: 3 } } : {}));
    retrying.run(30_000);
    expect(retrying.ingestions).toHaveLength(4);
    expect(retrying.status()).toBe('BLS_INGESTING');
  });
});

describe('the ingestion write', () => {
  it('is not sent when the load has been cancelled or rolled back in the 10 s before', () => {
    for (const trouble of ['cancel', 'rollback'] as const) {
      const cluster = ingesting(() => ({}));
      cluster.run(1000);
      if (trouble === 'cancel') cluster.control('BLC_FORCE_CANCEL');
      else cluster.service.replies.rollback(cluster.load());
      cluster.answer = () => ({ error: 'ERR_BUSY' });
      cluster.run(60_000);
      expect(cluster.ingestions).toEqual([]);
      expect(cluster.service.ingestion.context.ingestingCount()).toBe(0);
    }
  });

  it('goes to the primary of the moment, with its ballot', () => {
    const cluster = ingesting(() => ({}));
    cluster.run(1000);
    cluster.answer = () => ({ error: 'ERR_BUSY' });
    cluster.setConfig('1.0', { primary: B, secondaries: [A, C], ballot: 5 });
    cluster.run(30_000);
    const sent = cluster.cluster.world.sent.filter(({ code }) => code === 'RPC_RRDB_RRDB_BULK_LOAD');
    expect(sent.map(({ to, options }) => `${options.gpid} ${to}`)).toEqual([`1.1 ${A}`, `1.0 ${B}`]);
    expect(cluster.ingestions.map(({ request }) => request.ballot)).toEqual([3, 5]);
  });
});
