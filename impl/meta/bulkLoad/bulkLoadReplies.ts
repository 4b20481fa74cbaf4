/**
 * What the meta server makes of a poll's reply (bl 10), in upstream's order, and how trouble escalates (bl 11): back to
 * DOWNLOADING as often as is allowed, then FAILED; or FAILED at once. Replies of an older load or round do not come here.
 */
import type { ErrorCode } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import type { RpcResult } from '../../env/contract.ts';
import type { BulkLoadMetadata, BulkLoadResponse } from '../../protocol/bulkLoadMessages.ts';
import { hasMetadata } from './bulkLoadRecords.ts';
import type { BulkLoadService } from './bulkLoadService.ts';
import { isSettled } from './bulkLoadState.ts';
import type { AppLoad, PartitionLoad } from './bulkLoadState.ts';

/** What a primary tells as the download status of a secondary that refuses to go on with the load (bl.B29). */
const MEMBER_LOST: ErrorCode = 'ERR_INVALID_STATE';

export class BulkLoadReplies {
  readonly ctx: Context;
  readonly service: BulkLoadService;

  constructor(ctx: Context, service: BulkLoadService) {
    this.ctx = ctx;
    this.service = service;
  }

  onReply(load: AppLoad, part: PartitionLoad, result: RpcResult<BulkLoadResponse>, ballot: number): void {
    const error = result.error === 'ERR_OK' ? result.body.error : result.error;
    const app = this.service.state.app(load.appId);
    const config = app?.configs[part.index];
    if (result.error !== 'ERR_OK' || this.isRecoverable(error)) this.rollback(load);
    else if (error === 'ERR_BUSY') return;
    else if (error !== 'ERR_OK') this.handleFailed(load, error);
    else if (app?.status !== 'AS_AVAILABLE' || config === undefined) this.service.handleAppUnavailable(load);
    else if (ballot < config.ballot) this.rollback(load);
    else if (this.isStatusSettled(load)) this.dispatch(load, part, result.body);
  }

  /** While the table's next status is on its way to the store, what a group tells of the last one leads nowhere. */
  isStatusSettled(load: AppLoad): boolean {
    return isSettled(load);
  }

  isRecoverable(error: ErrorCode): boolean {
    return error === 'ERR_OBJECT_NOT_FOUND' || error === 'ERR_INVALID_STATE';
  }

  /** By the table's status (bl 10, rule 7). */
  dispatch(load: AppLoad, part: PartitionLoad, response: BulkLoadResponse): void {
    switch (load.record.status) {
      case 'BLS_DOWNLOADING':
        this.handleAppDownloading(load, part, response);
        break;
      case 'BLS_DOWNLOADED':
        this.handleAppDownloaded(load, part, response);
        break;
      case 'BLS_INGESTING':
        this.handleAppIngestion(load, part, response);
        break;
      case 'BLS_SUCCEED':
      case 'BLS_FAILED':
      case 'BLS_CANCELED':
        this.handleBulkLoadFinish(load, part, response);
        break;
      case 'BLS_PAUSING':
        this.handleAppPausing(load, part, response);
        break;
      case 'BLS_INVALID':
      case 'BLS_PAUSED':
        break;
    }
  }

  /** bl 10.1. */
  handleAppDownloading(load: AppLoad, part: PartitionLoad, response: BulkLoadResponse): void {
    const progress = response.totalDownloadProgress;
    if (progress === undefined) return;
    for (const node of Object.keys(response.groupStates).sort()) {
      const status = response.groupStates[node]?.downloadStatus;
      if (status === undefined || status === MEMBER_LOST) return;
      if (status !== 'ERR_OK') {
        this.handleFailed(load, this.downloadError(status));
        return;
      }
    }
    part.progress = progress;
    part.states = response.groupStates;
    this.storeDownload(load, part, progress, this.newMetadata(part, response));
  }

  /** Asked for, and not stored; undefined otherwise. */
  newMetadata(part: PartitionLoad, { metadata }: BulkLoadResponse): BulkLoadMetadata | undefined {
    return hasMetadata(part.intended.metadata) ? undefined : metadata;
  }

  /** One write for both: a rollback does not come between them. */
  storeDownload(load: AppLoad, part: PartitionLoad, progress: number, metadata: BulkLoadMetadata | undefined): void {
    const { transitions } = this.service;
    if (progress >= 100) transitions.updatePartitionStatus(load, part, 'BLS_DOWNLOADED', metadata);
    else if (metadata !== undefined) transitions.updateMetadata(load, part, metadata);
  }

  downloadError(status: ErrorCode): ErrorCode {
    const isKnown =
      status === 'ERR_FILE_OPERATION_FAILED' || status === 'ERR_FS_INTERNAL' || status === 'ERR_CORRUPTION';
    return isKnown ? status : 'ERR_UNKNOWN';
  }

  /** Any other answer of the group will do. */
  handleAppDownloaded(load: AppLoad, part: PartitionLoad, response: BulkLoadResponse): void {
    if (this.isMemberLost(response)) this.rollback(load);
    else this.service.transitions.updatePartitionStatus(load, part, 'BLS_INGESTING');
  }

  /** bl 10.2. */
  handleAppIngestion(load: AppLoad, part: PartitionLoad, response: BulkLoadResponse): void {
    const isFinished = response.isGroupIngestionFinished;
    if (isFinished === undefined) return;
    const states = Object.values(response.groupStates);
    if (states.some((state) => state.ingestStatus === 'IS_FAILED')) {
      this.service.ingestion.finishPartition(load, part);
      this.handleFailed(load, 'ERR_INGESTION_FAILED');
      return;
    }
    if (this.isMemberLost(response)) {
      this.rollback(load);
      return;
    }
    part.states = response.groupStates;
    if (!isFinished) return;
    this.service.ingestion.finishPartition(load, part);
    this.service.transitions.updatePartitionStatus(load, part, 'BLS_SUCCEED');
  }

  /** A secondary has forgotten the load, as its primary tells: only another download brings it back (bl.B29). */
  isMemberLost(response: BulkLoadResponse): boolean {
    for (const node of Object.keys(response.groupStates)) {
      if (response.groupStates[node]?.downloadStatus === MEMBER_LOST) return true;
    }
    return false;
  }

  /** bl 10.3. A group that has cleaned up stays so, whatever terminal status follows (bl.B22). */
  handleBulkLoadFinish(load: AppLoad, part: PartitionLoad, response: BulkLoadResponse): void {
    if (response.isGroupCleanedUp === undefined || part.cleaned) return;
    part.cleaned = response.isGroupCleanedUp;
    part.states = response.groupStates;
    if (part.cleaned) this.service.transitions.advance(load);
  }

  /** bl 10.4. */
  handleAppPausing(load: AppLoad, part: PartitionLoad, response: BulkLoadResponse): void {
    if (response.isGroupPaused === undefined) return;
    part.states = response.groupStates;
    if (response.isGroupPaused) this.service.transitions.updatePartitionStatus(load, part, 'BLS_PAUSED');
  }

  // ------------------------------------------------------------------ escalation

  /** bl 11.1; decided on the status that the load is on its way to (bl.B7). */
  rollback(load: AppLoad): void {
    if (!load.active || !this.isRollbackStatus(load) || load.rolling !== undefined) return;
    if (load.rollbackCount >= this.ctx.settings.bulkLoadMaxRollbackTimes) {
      this.service.transitions.updateAppStatus(load, 'BLS_FAILED', this.exhaustedError(load));
      return;
    }
    load.rollbackCount++;
    load.rolling = new Set(load.partitions);
    this.service.transitions.updateAppStatus(load, 'BLS_DOWNLOADING');
  }

  isRollbackStatus(load: AppLoad): boolean {
    const { status } = this.service.recordToJudge(load);
    return status === 'BLS_DOWNLOADING' || status === 'BLS_DOWNLOADED' || status === 'BLS_INGESTING';
  }

  exhaustedError(load: AppLoad): ErrorCode {
    return load.intended.isEverIngesting ? 'ERR_INGESTION_FAILED' : 'ERR_RETRY_EXHAUSTED';
  }

  /** bl 11.2. Once: a load that fails keeps its first error. */
  handleFailed(load: AppLoad, error: ErrorCode): void {
    if (load.active && this.mayFail(load)) this.service.transitions.updateAppStatus(load, 'BLS_FAILED', error);
  }

  /** How a load has ended, or was told to end, is not changed by an error that shows late (bl 8.3). */
  mayFail(load: AppLoad): boolean {
    const { status } = this.service.recordToJudge(load);
    return status !== 'BLS_SUCCEED' && status !== 'BLS_CANCELED';
  }
}
