/**
 * How the statuses of a load and of its partitions change (bl 8): the next record is made from the one that was sent to
 * the store last, is sent behind it, and becomes visible when it is stored. A change that another one has followed has
 * no effect of its own. A step of the table is taken when all its partitions stand where it leads (bl.B6, B13, B31).
 */
import type { BulkLoadStatus, ErrorCode } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { task } from '../../env/contract.ts';
import type { BulkLoadMetadata } from '../../protocol/bulkLoadMessages.ts';
import type { MetaStorage } from '../metaStorage.ts';
import * as records from './bulkLoadRecords.ts';
import type { AppBulkLoadRecord, PartitionBulkLoadRecord } from './bulkLoadRecords.ts';
import type { BulkLoadService } from './bulkLoadService.ts';
import { allStored, isSettled } from './bulkLoadState.ts';
import type { AppLoad, PartitionLoad } from './bulkLoadState.ts';

export class BulkLoadTransitions {
  readonly ctx: Context;
  readonly service: BulkLoadService;
  readonly storage: MetaStorage;

  constructor(ctx: Context, service: BulkLoadService, storage: MetaStorage) {
    this.ctx = ctx;
    this.service = service;
    this.storage = storage;
  }

  // ------------------------------------------------------------------ the table

  /** bl 8.1. Before the load's node is created only what will be created changes (bl.B23). */
  updateAppStatus(load: AppLoad, next: BulkLoadStatus, error: ErrorCode = 'ERR_OK'): void {
    if (next === load.intended.status && next !== 'BLS_DOWNLOADING') return;
    const isEverIngesting = load.intended.isEverIngesting || next === 'BLS_INGESTING';
    const record: AppBulkLoadRecord = { ...load.intended, status: next, error, isEverIngesting };
    load.intended = record;
    if (next !== 'BLS_DOWNLOADING') load.rolling = undefined;
    if (!this.isNodeThere(load)) return;
    const then = task(this, 'onAppStored', load.appId, load.id, record);
    this.storage.setData(this.service.appPath(load), records.encodeAppBulkLoad(record), then);
  }

  /** A write would find none before its creation is on its way, and end the process. */
  isNodeThere(load: AppLoad): boolean {
    return load.created;
  }

  onAppStored(appId: number, loadId: number, record: AppBulkLoadRecord): void {
    const load = this.service.loadOf(appId, loadId);
    if (load === undefined) return;
    const before = load.record.status;
    load.record = record;
    if (before === 'BLS_INGESTING' && record.status === 'BLS_DOWNLOADING') this.service.ingestion.resetApp(load);
    if (this.service.retire(load) || !isSettled(load)) return;
    this.enterAppStatus(load);
    this.advance(load);
  }

  enterAppStatus(load: AppLoad): void {
    const { status } = load.record;
    if (status === 'BLS_INGESTING') this.service.ingestion.start(load);
    else if (this.isPushed(status)) this.pushStatus(load, status);
  }

  /** Statuses that all partitions take over from the table; to the others they lead the way. */
  isPushed(status: BulkLoadStatus): boolean {
    return (
      status === 'BLS_DOWNLOADING' || status === 'BLS_PAUSING' || status === 'BLS_CANCELED' || status === 'BLS_FAILED'
    );
  }

  /** A node is missing only where a restart gives the load up (bl.B26). */
  pushStatus(load: AppLoad, status: BulkLoadStatus): void {
    for (const part of load.partitions) {
      part.round++;
      if (!part.created) this.service.createPartitionBulkLoadDir(load, part, status);
      else this.updatePartitionStatus(load, part, status);
      if (part.record === part.intended) this.service.poller.startLoop(load, part);
    }
  }

  /** Takes the step of the table, or ends the load, if its partitions allow it. */
  advance(load: AppLoad): void {
    if (!load.active || !isSettled(load)) return;
    const next = this.nextAppStatus(load.record.status);
    if (next !== undefined && allStored(load, next)) this.updateAppStatus(load, next);
    else if (next === undefined && this.isFinished(load)) this.service.finish(load);
  }

  /** What the table becomes when all its partitions have become it; undefined where nothing follows. */
  nextAppStatus(status: BulkLoadStatus): BulkLoadStatus | undefined {
    switch (status) {
      case 'BLS_DOWNLOADING':
        return 'BLS_DOWNLOADED';
      case 'BLS_DOWNLOADED':
        return 'BLS_INGESTING';
      case 'BLS_INGESTING':
        return 'BLS_SUCCEED';
      case 'BLS_PAUSING':
        return 'BLS_PAUSED';
      case 'BLS_INVALID':
      case 'BLS_PAUSED':
      case 'BLS_SUCCEED':
      case 'BLS_FAILED':
      case 'BLS_CANCELED':
        return undefined;
    }
  }

  /** Every group has cleaned up, in whatever terminal status it was asked to (bl.B22), and nothing is on its way. */
  isFinished(load: AppLoad): boolean {
    const { status } = load.record;
    if (status !== 'BLS_SUCCEED' && status !== 'BLS_FAILED' && status !== 'BLS_CANCELED') return false;
    return load.partitions.every((part) => part.cleaned && part.record === part.intended);
  }

  // ------------------------------------------------------------------ partitions

  /** bl 8.2. Behind a write that is on its way, never in place of it and never dropped (bl.B6). */
  updatePartitionStatus(load: AppLoad, part: PartitionLoad, next: BulkLoadStatus, metadata?: BulkLoadMetadata): void {
    if (!part.created || (next === part.intended.status && next !== 'BLS_DOWNLOADING')) return;
    const record = this.withStatus(part, next);
    const whole = metadata === undefined ? record : { ...record, metadata };
    this.storePartition(load, part, whole, 'onPartitionStatusStored');
  }

  withStatus(part: PartitionLoad, next: BulkLoadStatus): PartitionBulkLoadRecord {
    const nodes = Object.keys(part.states).sort();
    if (part.intended.status !== 'BLS_INGESTING' || next !== 'BLS_SUCCEED' || nodes.length === 0) {
      return { ...part.intended, status: next };
    }
    return { ...part.intended, status: next, everIngestSucceed: true, hostPorts: nodes };
  }

  /** bl 10.1. In the order of the other writes of the record, from which it takes the rest (bl.B3). */
  updateMetadata(load: AppLoad, part: PartitionLoad, metadata: BulkLoadMetadata): void {
    this.storePartition(load, part, { ...part.intended, metadata }, 'onMetadataStored');
  }

  /** The record is the one that the next is made from, whether or not it has been stored. */
  storePartition(
    load: AppLoad,
    part: PartitionLoad,
    record: PartitionBulkLoadRecord,
    then: 'onPartitionStatusStored' | 'onMetadataStored',
  ): void {
    part.intended = record;
    const path = this.service.partitionPath(load, part);
    const done = task(this, then, load.appId, load.id, part.index, record);
    this.storage.setData(path, records.encodePartitionBulkLoad(record), done);
  }

  onMetadataStored(appId: number, loadId: number, index: number, record: PartitionBulkLoadRecord): void {
    const load = this.service.loadOf(appId, loadId);
    const part = load?.partitions[index];
    if (load === undefined || part === undefined) return;
    part.record = record;
    if (!this.service.retire(load)) this.advance(load);
  }

  onPartitionStatusStored(appId: number, loadId: number, index: number, record: PartitionBulkLoadRecord): void {
    const load = this.service.loadOf(appId, loadId);
    const part = load?.partitions[index];
    if (load === undefined || part === undefined) return;
    part.record = record;
    if (this.service.retire(load)) return;
    if (record.status === 'BLS_DOWNLOADING') this.onBackToDownloading(load, part);
    if (part.intended !== record) return;
    this.service.poller.startLoop(load, part);
    this.advance(load);
  }

  /** A rollback ends when its last partition has come back. */
  onBackToDownloading(load: AppLoad, part: PartitionLoad): void {
    if (part.intended.status === 'BLS_DOWNLOADING') {
      part.states = {};
      part.progress = 0;
      part.cleaned = false;
    }
    load.rolling?.delete(part);
    if (load.rolling?.size === 0) load.rolling = undefined;
  }
}
