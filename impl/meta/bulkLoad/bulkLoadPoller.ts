/**
 * The poll loop of each partition (bl 9): the primary is told the desired status and tells the group's state, every 10 s,
 * every 150 ms while the partition ingests. One loop per partition: it is begun by the stored creation or push, ends at
 * PAUSED without a request that could only be refused, and ends with the load (bl.B4).
 */
import type { PartitionConfig } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { reply, task } from '../../env/contract.ts';
import type { RpcResult } from '../../env/contract.ts';
import { threadHash } from '../../protocol/gpid.ts';
import type { BulkLoadRequest, BulkLoadResponse } from '../../protocol/bulkLoadMessages.ts';
import { hasMetadata } from './bulkLoadRecords.ts';
import type { BulkLoadService } from './bulkLoadService.ts';
import type { AppLoad, PartitionLoad } from './bulkLoadState.ts';

export class BulkLoadPoller {
  readonly ctx: Context;
  readonly service: BulkLoadService;

  constructor(ctx: Context, service: BulkLoadService) {
    this.ctx = ctx;
    this.service = service;
  }

  /** Begins the partition's loop unless it runs. */
  startLoop(load: AppLoad, part: PartitionLoad): void {
    if (!this.mayStartLoop(part)) return;
    part.looping = true;
    this.partitionBulkLoad(load.appId, load.id, part.index);
  }

  mayStartLoop(part: PartitionLoad): boolean {
    return !part.looping;
  }

  /** One round of the loop. */
  partitionBulkLoad(appId: number, loadId: number, index: number): void {
    const load = this.service.loadOf(appId, loadId);
    const part = load?.partitions[index];
    if (load === undefined || part === undefined) return;
    const app = this.service.state.app(appId);
    const config = app?.configs[index];
    if (!load.active) {
      part.looping = false;
    } else if (this.isLoopOver(part)) {
      part.looping = false;
      this.watchTable(appId, loadId, index, part.round);
    } else if (app?.status !== 'AS_AVAILABLE' || config === undefined) {
      part.looping = false;
      this.service.handleAppUnavailable(load);
    } else if (!this.isRequestable(config, part, false)) {
      this.again(load, part, this.ctx.settings.bulkLoadRetryMs);
    } else {
      this.sendBulkLoadRequest(load, part, config);
    }
  }

  isLoopOver(part: PartitionLoad): boolean {
    return part.record.status === 'BLS_PAUSED';
  }

  /** Nobody is asked about a paused load; that its table goes is noticed all the same, until a push goes on (bl.B1). */
  watchTable(appId: number, loadId: number, index: number, round: number): void {
    const load = this.service.loadOf(appId, loadId);
    const part = load?.partitions[index];
    if (load === undefined || part === undefined || !load.active || part.round !== round) return;
    if (this.service.state.app(appId)?.status === 'AS_AVAILABLE') {
      const then = task(this, 'watchTable', appId, loadId, index, round);
      this.ctx.env.tasks.post('LPC_META_STATE_NORMAL', 0, this.ctx.settings.bulkLoadRequestIntervalMs, then);
    } else {
      this.service.handleAppUnavailable(load);
    }
  }

  /** Whether the partition has a primary, and its other members too, or a status that goes without them. */
  isRequestable(config: PartitionConfig, part: PartitionLoad, alwaysHealthy: boolean): boolean {
    if (config.primary === '') return false;
    if (config.secondaries.length >= config.maxReplicaCount - 1) return true;
    return !alwaysHealthy && this.toleratesUnhealthy(part);
  }

  toleratesUnhealthy(part: PartitionLoad): boolean {
    const { status } = part.record;
    return (
      status === 'BLS_DOWNLOADING' || status === 'BLS_PAUSING' || status === 'BLS_CANCELED' || status === 'BLS_FAILED'
    );
  }

  sendBulkLoadRequest(load: AppLoad, part: PartitionLoad, config: PartitionConfig): void {
    const options = { hash: threadHash(config.gpid), timeoutMs: this.ctx.settings.rpcTimeoutMs, gpid: config.gpid };
    const request = this.requestOf(load, part, config);
    this.ctx.env.rpc.call(
      config.primary,
      'RPC_BULK_LOAD',
      request,
      options,
      reply(this, 'onBulkLoadReply', load.appId, load.id, part.index, part.round, config.ballot),
    );
  }

  private requestOf(load: AppLoad, part: PartitionLoad, config: PartitionConfig): BulkLoadRequest {
    return {
      gpid: config.gpid,
      appName: load.record.appName,
      primary: config.primary,
      providerName: load.record.fileProviderType,
      clusterName: load.record.clusterName,
      remoteRootPath: load.record.remoteRootPath,
      ballot: config.ballot,
      metaStatus: part.record.status,
      queryMetadata: !hasMetadata(part.record.metadata),
      loadId: load.record.loadId,
    };
  }

  onBulkLoadReply(
    result: RpcResult<BulkLoadResponse>,
    appId: number,
    loadId: number,
    index: number,
    round: number,
    ballot: number,
  ): void {
    const load = this.service.loadOf(appId, loadId);
    const part = load?.partitions[index];
    if (load === undefined || part === undefined) return;
    if (load.active && this.isOfThisRound(part, round)) this.service.replies.onReply(load, part, result, ballot);
    this.tryResendBulkLoadRequest(load, part);
  }

  /** What was asked before the last push says nothing about what was pushed. */
  isOfThisRound(part: PartitionLoad, round: number): boolean {
    return part.round === round;
  }

  tryResendBulkLoadRequest(load: AppLoad, part: PartitionLoad): void {
    if (load.active) this.again(load, part, this.intervalMs(part));
    else part.looping = false;
  }

  /** Writes are kept out while a partition ingests. */
  intervalMs({ record }: PartitionLoad): number {
    const { bulkLoadIngestRequestIntervalMs, bulkLoadRequestIntervalMs } = this.ctx.settings;
    return record.status === 'BLS_INGESTING' ? bulkLoadIngestRequestIntervalMs : bulkLoadRequestIntervalMs;
  }

  private again(load: AppLoad, part: PartitionLoad, delayMs: number): void {
    const then = task(this, 'partitionBulkLoad', load.appId, load.id, part.index);
    this.ctx.env.tasks.post('LPC_META_STATE_NORMAL', 0, delayMs, then);
  }
}
