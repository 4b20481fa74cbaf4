/**
 * Sends each partition's ingestion write to its primary (bl 12). A dispatch belongs to one entry of the load into
 * INGESTING; before every step, and again when the write is sent 10 s later, it looks whether that is still so, and
 * whether the partition still waits and has the same primary and ballot (bl.B10).
 */
import type { NodeId, PartitionConfig } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { reply, task } from '../../env/contract.ts';
import type { RpcResult } from '../../env/contract.ts';
import { threadHash } from '../../protocol/gpid.ts';
import { encodeIngestion } from '../../protocol/ingestion.ts';
import type { ClientRequest, IngestionWriteResponse } from '../../protocol/messages.ts';
import { hasMetadata } from './bulkLoadRecords.ts';
import type { BulkLoadService } from './bulkLoadService.ts';
import { isSettled } from './bulkLoadState.ts';
import type { AppLoad, PartitionLoad } from './bulkLoadState.ts';
import type { IngestionContext } from './ingestionContext.ts';

type IngestionResult = RpcResult<IngestionWriteResponse>;

/** One dispatch on its way: which entry into INGESTING it belongs to, what it holds, and to whom it goes. */
interface Dispatch {
  readonly appId: number;
  readonly loadId: number;
  readonly index: number;
  readonly ingestionRound: number;
  readonly grant: number;
  readonly config: PartitionConfig;
}

export class IngestionDispatch {
  readonly ctx: Context;
  readonly service: BulkLoadService;
  readonly context: IngestionContext;

  constructor(ctx: Context, service: BulkLoadService) {
    this.ctx = ctx;
    this.service = service;
    this.context = new ctx.parts.IngestionContext(ctx);
  }

  /** The load has come to INGESTING: every partition's write is prepared. */
  start(load: AppLoad): void {
    load.ingestionRound++;
    for (const part of load.partitions) this.partitionIngestion(load.appId, load.id, part.index, load.ingestionRound);
  }

  /** bl 12.1, steps 1 to 5. */
  partitionIngestion(appId: number, loadId: number, index: number, ingestionRound: number): void {
    const load = this.service.loadOf(appId, loadId);
    const part = load?.partitions[index];
    const app = this.service.state.app(appId);
    const config = app?.configs[index];
    if (load === undefined || part === undefined || config === undefined) return;
    if (!this.isStillWanted(load, part, ingestionRound)) return;
    if (app?.status !== 'AS_AVAILABLE') {
      this.service.handleAppUnavailable(load);
    } else if (!hasMetadata(part.record.metadata)) {
      this.service.replies.handleFailed(load, 'ERR_CORRUPTION');
    } else if (!this.service.poller.isRequestable(config, part, true)) {
      this.again(load, part, ingestionRound, this.ctx.settings.bulkLoadRetryMs);
    } else if (this.checkEverIngestionSucceed(part, config)) {
      this.service.transitions.updatePartitionStatus(load, part, 'BLS_SUCCEED');
    } else {
      this.prepareIngestion(load, part, ingestionRound, config);
    }
  }

  /** The load is where the dispatch began, and is not leaving it; the partition has not finished. */
  isStillWanted(load: AppLoad, part: PartitionLoad, ingestionRound: number): boolean {
    if (!load.active || !isSettled(load) || load.record.status !== 'BLS_INGESTING') return false;
    return load.ingestionRound === ingestionRound && part.intended.status === 'BLS_INGESTING';
  }

  /** bl 12.2: this very set of nodes has ingested in this load before. */
  checkEverIngestionSucceed(part: PartitionLoad, config: PartitionConfig): boolean {
    if (!part.record.everIngestSucceed) return false;
    const now = membersOf(config).sort();
    const then = [...part.record.hostPorts].sort();
    return now.length === then.length && now.every((node, i) => node === then[i]);
  }

  private prepareIngestion(load: AppLoad, part: PartitionLoad, ingestionRound: number, config: PartitionConfig): void {
    const { bulkLoadIngestRequestIntervalMs, bulkLoadRequestIntervalMs } = this.ctx.settings;
    const grant = this.context.tryPartitionIngestion(config.gpid, membersOf(config));
    if (grant === undefined) {
      this.again(load, part, ingestionRound, bulkLoadIngestRequestIntervalMs);
      return;
    }
    const dispatch = { appId: load.appId, loadId: load.id, index: part.index, ingestionRound, grant, config };
    const then = task(this, 'sendIngestion', dispatch);
    this.ctx.env.tasks.post('LPC_BULK_LOAD_INGESTION', threadHash(config.gpid), bulkLoadRequestIntervalMs, then);
  }

  /** bl 12.1, step 6: the members have had 10 s to hear that they will ingest. */
  sendIngestion(dispatch: Dispatch): void {
    const { appId, loadId, index, ingestionRound, grant, config } = dispatch;
    const load = this.service.loadOf(appId, loadId);
    const part = load?.partitions[index];
    const now = this.service.state.app(appId)?.configs[index];
    if (load === undefined || part === undefined || !this.mayBeSent(load, part, ingestionRound)) {
      this.context.release(config.gpid, grant);
    } else if (now === undefined || !this.isSameGroup(now, config)) {
      this.context.release(config.gpid, grant);
      this.partitionIngestion(appId, loadId, index, ingestionRound);
    } else {
      const timeoutMs = this.ctx.settings.ingestionWriteTimeoutMs;
      const options = { hash: threadHash(config.gpid), timeoutMs, gpid: config.gpid };
      const request = this.requestOf(load, part, config, timeoutMs);
      const { rpc } = this.ctx.env;
      const then = reply<'onIngestionReply', IngestionResult, [Dispatch]>(this, 'onIngestionReply', dispatch);
      rpc.call(config.primary, 'RPC_RRDB_RRDB_BULK_LOAD', request, options, then);
    }
  }

  /** Much may have happened since the write was prepared (bl.B10). */
  mayBeSent(load: AppLoad, part: PartitionLoad, ingestionRound: number): boolean {
    return this.isStillWanted(load, part, ingestionRound);
  }

  isSameGroup(now: PartitionConfig, then: PartitionConfig): boolean {
    return now.ballot === then.ballot && now.primary === then.primary;
  }

  private requestOf(load: AppLoad, part: PartitionLoad, config: PartitionConfig, timeoutMs: number): ClientRequest {
    const body = encodeIngestion({
      appName: load.record.appName,
      metadata: part.record.metadata,
      ingestBehind: load.record.ingestBehind,
      ballot: config.ballot,
      verifyBeforeIngest: this.ctx.settings.bulkLoadVerifyBeforeIngest,
    });
    const { gpid } = config;
    return { gpid, partitionHash: BigInt(part.index), body, clientTimeoutMs: timeoutMs, commandId: 0 };
  }

  /** bl 12.4. What comes from an earlier entry into INGESTING only gives back its slot, if it still has it. */
  onIngestionReply(result: IngestionResult, dispatch: Dispatch): void {
    const { appId, loadId, index, ingestionRound, grant, config } = dispatch;
    const refused = result.error === 'ERR_OK' ? result.body.error : result.error;
    const applied = (result.error === 'ERR_OK' ? result.body.ingestion : undefined) ?? APPLIED;
    const isApplied = applied.error === 'ERR_OK' && applied.rocksdbError === 0;
    if (refused === 'ERR_OK' && isApplied) return;
    this.context.release(config.gpid, grant);
    const load = this.service.loadOf(appId, loadId);
    const part = load?.partitions[index];
    if (load === undefined || part === undefined || !this.isStillWanted(load, part, ingestionRound)) return;
    if (refused === 'ERR_NO_NEED_OPERATE') return;
    if (refused !== 'ERR_OK') this.service.replies.rollback(load);
    else if (applied.error === 'ERR_TRY_AGAIN' && applied.rocksdbError !== 0) {
      this.again(load, part, ingestionRound, this.ctx.settings.bulkLoadTryAgainMs);
    } else this.service.replies.handleFailed(load, 'ERR_INGESTION_FAILED');
  }

  private again(load: AppLoad, part: PartitionLoad, ingestionRound: number, delayMs: number): void {
    const then = task(this, 'partitionIngestion', load.appId, load.id, part.index, ingestionRound);
    this.ctx.env.tasks.post('LPC_BULK_LOAD_INGESTION', 0, delayMs, then);
  }

  // ------------------------------------------------------------------ slots

  /** The partition's group has ended to ingest. */
  finishPartition(load: AppLoad, part: PartitionLoad): void {
    const gpid = this.service.state.app(load.appId)?.configs[part.index]?.gpid;
    const grant = gpid === undefined ? undefined : this.context.grantOf(gpid);
    if (gpid !== undefined && grant !== undefined) this.context.release(gpid, grant);
  }

  /** All slots of the table. */
  resetApp(load: AppLoad): void {
    for (const part of load.partitions) this.finishPartition(load, part);
  }
}

const APPLIED = { error: 'ERR_OK', rocksdbError: 0 } as const;

function membersOf(config: PartitionConfig): NodeId[] {
  return [config.primary, ...config.secondaries];
}
