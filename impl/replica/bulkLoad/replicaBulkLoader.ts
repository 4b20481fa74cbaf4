/**
 * A replica's side of bulk load (bl 13 to 17; upstream's replica_bulk_loader.cpp): does what the meta server wants of
 * the partition, tells how far it is, and as the primary passes the wish on. Nothing of it is persisted.
 *
 * Departures (docs/departures.md): a load from another place is another load, whatever is there of an older (bl.B35);
 * writes are let in again before a download looks for a slot (bl.B33); files that an ingestion may have moved are
 * downloaded again, though the replica was only DOWNLOADED (bl.B5); a replica that closes gives its slot back (bl.B30);
 * files stay until an ingestion that may ask for them is resolved (bl.17.4).
 */
import type { BulkLoadStatus, ErrorCode, PartitionStatus } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import type {
  BulkLoadMetadata,
  BulkLoadRequest,
  BulkLoadResponse,
  GroupBulkLoadRequest,
  GroupBulkLoadResponse,
  PartitionBulkLoadState,
} from '../../protocol/bulkLoadMessages.ts';
import { newEmptyMutation } from '../mutation.ts';
import type { Replica } from '../replica.ts';
import type { BulkLoadDirectory } from './bulkLoadDirectory.ts';
import type { BulkLoadDownloader, DownloadOwner } from './bulkLoadDownloader.ts';
import type { BulkLoadGroup } from './bulkLoadGroup.ts';
import type { BulkLoadIngestion, IngestionOwner } from './bulkLoadIngestion.ts';
import { isBulkLoadStatusValid } from './bulkLoadValidity.ts';
import { filesText } from './metadataCheck.ts';
import { refusalOf, RESET_STATE } from './types.ts';
import type { BulkLoadWish, DownloadSlots, LoadSource } from './types.ts';

export class ReplicaBulkLoader implements DownloadOwner, IngestionOwner {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly directory: BulkLoadDirectory;
  readonly downloader: BulkLoadDownloader;
  readonly ingestion: BulkLoadIngestion;
  readonly group: BulkLoadGroup;
  /** Only INVALID, DOWNLOADING, DOWNLOADED, INGESTING, SUCCEED and PAUSED. */
  localStatus: BulkLoadStatus = 'BLS_INVALID';
  /** On a primary: the write that makes secondaries commit the ingestion is on its way (bl 15.4). */
  emptyPrepareSent = false;
  /** Of the download that was started last. */
  private source: LoadSource | undefined;

  constructor(ctx: Context, replica: Replica, slots: DownloadSlots) {
    const { parts } = ctx;
    this.ctx = ctx;
    this.replica = replica;
    this.directory = new parts.BulkLoadDirectory(ctx, replica.dir);
    this.downloader = new parts.BulkLoadDownloader(ctx, replica, slots, this.directory, this);
    this.ingestion = new parts.BulkLoadIngestion(ctx, replica, slots, this.directory, this);
    this.group = new parts.BulkLoadGroup(ctx, replica);
  }

  // ------------------------------------------------------------------ requests (bl 13.1, 13.3)

  onBulkLoad(request: BulkLoadRequest): BulkLoadResponse {
    const { replica } = this;
    if (!replica.isPrimary() || request.ballot !== replica.ballot()) return this.refusal(request, 'ERR_INVALID_STATE');
    this.group.onLoad(request.loadId);
    const error = this.act(request);
    if (error !== 'ERR_OK') return this.refusal(request, error);
    const response = this.report(request);
    if (this.mayBroadcast(request)) this.group.broadcast(request);
    return response;
  }

  /** What ends the load for the files comes to the secondaries when the primary's own are in (retention). */
  mayBroadcast({ metaStatus }: BulkLoadWish): boolean {
    return !(metaStatus === 'BLS_DOWNLOADING' || this.isCleanup(metaStatus)) || !this.ingestion.isUnresolved();
  }

  onGroupBulkLoad(request: GroupBulkLoadRequest): GroupBulkLoadResponse {
    const error = this.groupRequestError(request) ?? this.act(request);
    const state = error === 'ERR_OK' ? this.ownState(request.metaStatus) : RESET_STATE;
    return { error, status: this.localStatus, state };
  }

  groupRequestError({ config }: GroupBulkLoadRequest): ErrorCode | undefined {
    const { replica } = this;
    if (config.ballot < replica.ballot()) return 'ERR_VERSION_OUTDATED';
    if (config.ballot > replica.ballot()) return 'ERR_INVALID_STATE';
    return replica.configurator.roleIn(config) === replica.status() ? undefined : 'ERR_INVALID_STATE';
  }

  refusal(request: BulkLoadRequest, error: ErrorCode): BulkLoadResponse {
    return refusalOf(request, error, this.localStatus);
  }

  // ------------------------------------------------------------------ reports

  report(request: BulkLoadRequest): BulkLoadResponse {
    const own = this.ownState(request.metaStatus);
    const common: BulkLoadResponse = {
      ...this.refusal(request, 'ERR_OK'),
      groupStates: this.group.groupStates(own),
      metadata: request.queryMetadata && this.downloader.isMetadataKnown() ? this.downloader.metadata : undefined,
    };
    switch (request.metaStatus) {
      case 'BLS_DOWNLOADING':
      case 'BLS_DOWNLOADED':
        return { ...common, totalDownloadProgress: this.group.totalProgress(own.downloadProgress) };
      case 'BLS_INGESTING':
        return { ...common, isGroupIngestionFinished: this.reportIngestion(own) };
      case 'BLS_SUCCEED':
      case 'BLS_CANCELED':
      case 'BLS_FAILED':
        return { ...common, isGroupCleanedUp: own.isCleanedUp && this.group.areAll((state) => state.isCleanedUp) };
      case 'BLS_PAUSING':
        return { ...common, isGroupPaused: own.isPaused && this.group.areAll((state) => state.isPaused) };
      default:
        return common;
    }
  }

  /** When all have ingested, the clients' writes go on at once. */
  reportIngestion(own: PartitionBulkLoadState): boolean {
    const all = this.group.areAll((state) => state.ingestStatus === 'IS_SUCCEED');
    const finished = own.ingestStatus === 'IS_SUCCEED' && all;
    if (finished) this.ingestion.onGroupFinished();
    return finished;
  }

  /** What the wish asks about; the rest as though nothing had been. */
  ownState(metaStatus: BulkLoadStatus): PartitionBulkLoadState {
    switch (metaStatus) {
      case 'BLS_DOWNLOADING':
      case 'BLS_DOWNLOADED': {
        const { progress, downloadStatus } = this.downloader;
        return { ...RESET_STATE, ...this.ownFiles(), downloadProgress: progress, downloadStatus };
      }
      case 'BLS_INGESTING':
        return { ...RESET_STATE, ...this.ownFiles(), ingestStatus: this.ingestion.status };
      case 'BLS_SUCCEED':
      case 'BLS_CANCELED':
      case 'BLS_FAILED':
        return { ...RESET_STATE, isCleanedUp: this.isCleanedUp() };
      case 'BLS_PAUSING':
        return { ...RESET_STATE, isPaused: this.localStatus === 'BLS_PAUSED' };
      default:
        return RESET_STATE;
    }
  }

  private ownFiles(): Pick<PartitionBulkLoadState, 'files'> {
    return this.downloader.isMetadataKnown() ? { files: filesText(this.downloader.metadata) } : {};
  }

  // ------------------------------------------------------------------ actions (bl 13.4)

  act(wish: BulkLoadWish): ErrorCode {
    if (!this.isMember(this.replica.status())) return 'ERR_INVALID_STATE';
    this.ingestion.repairFrom(wish);
    if (!this.isValid(wish)) return 'ERR_INVALID_STATE';
    switch (wish.metaStatus) {
      case 'BLS_DOWNLOADING':
        return this.needsDownload(wish) ? this.download(wish) : 'ERR_OK';
      case 'BLS_INGESTING':
        this.onWantedIngesting();
        break;
      case 'BLS_PAUSING':
        this.pause();
        break;
      case 'BLS_SUCCEED':
      case 'BLS_CANCELED':
      case 'BLS_FAILED':
        if (!this.retainsFiles()) this.end(wish);
        break;
    }
    return 'ERR_OK';
  }

  /** bl 13.4, bl 16.1. */
  end(wish: BulkLoadWish): void {
    this.letSecondariesCommit();
    const mayHaveIngested = this.isReadyToIngest() && !this.isAnotherLoad(wish);
    if (wish.metaStatus === 'BLS_SUCCEED' && mayHaveIngested) this.succeed();
    else this.cleanUp();
  }

  isCleanup(metaStatus: BulkLoadStatus): boolean {
    return metaStatus === 'BLS_SUCCEED' || metaStatus === 'BLS_CANCELED' || metaStatus === 'BLS_FAILED';
  }

  /** An ingestion that is on its way, or has not ended, may still ask for the files: nothing is wiped or cleaned. */
  retainsFiles(): boolean {
    return this.ingestion.isUnresolved();
  }

  /** Their files wait for an ingestion that this primary has done with: a further write makes them commit it. */
  letSecondariesCommit(): void {
    if (this.replica.isPrimary() && this.ingestion.hasEnded()) this.sendOneEmptyPrepare();
  }

  isMember(role: PartitionStatus): boolean {
    return role === 'PS_PRIMARY' || role === 'PS_SECONDARY';
  }

  /** Another load's files are no reason to go on with this one (bl.B35). */
  isValid(wish: BulkLoadWish): boolean {
    if (!isBulkLoadStatusValid(wish.metaStatus, this.localStatus)) return false;
    const needsFiles = wish.metaStatus === 'BLS_DOWNLOADED' || wish.metaStatus === 'BLS_INGESTING';
    return !needsFiles || !this.isAnotherLoad(wish);
  }

  /** By its id, where both tell one; the same place may have been filled anew for another load. */
  isAnotherLoad(wish: BulkLoadWish): boolean {
    const { source } = this;
    if (source === undefined) return false;
    if (wish.loadId !== undefined && source.loadId !== undefined) return wish.loadId !== source.loadId;
    const isSamePlace = wish.remoteRootPath === source.remoteRootPath && wish.clusterName === source.clusterName;
    return !isSamePlace || wish.appName !== source.appName || wish.providerName !== source.providerName;
  }

  needsDownload(wish: BulkLoadWish): boolean {
    switch (this.localStatus) {
      case 'BLS_DOWNLOADING':
        return this.isAnotherLoad(wish);
      case 'BLS_DOWNLOADED':
        return this.isAnotherLoad(wish) || this.mayFilesBeMoved();
      default:
        return true;
    }
  }

  /** An ingestion write was let in or prepared before the replica heard of INGESTING (bl.B5). */
  mayFilesBeMoved(): boolean {
    return this.ingestion.isTouched() || this.ingestion.isUnresolved();
  }

  onWantedIngesting(): void {
    if (this.localStatus === 'BLS_DOWNLOADED') {
      this.localStatus = 'BLS_INGESTING';
      if (this.replica.isPrimary()) this.emptyPrepareSent = false;
    } else if (this.replica.isPrimary()) {
      this.checkIngestionFinish();
    }
  }

  /** What is downloaded so far stays, and so do the metadata. An ingestion of a round before ends first (bl.13.4). */
  pause(): void {
    if (this.retainsFiles()) return;
    if (this.localStatus === 'BLS_DOWNLOADING') this.downloader.stop();
    this.letSecondariesCommit();
    this.ingestion.clear();
    this.localStatus = 'BLS_PAUSED';
  }

  // ------------------------------------------------------------------ download (bl 14.1)

  download(wish: BulkLoadWish): ErrorCode {
    if (this.retainsFiles()) return 'ERR_BUSY';
    this.letSecondariesCommit();
    return this.startDownload(wish);
  }

  startDownload(wish: BulkLoadWish): ErrorCode {
    this.endIngestion();
    if (!this.hasSlot()) return 'ERR_BUSY';
    const error = this.isDirectoryStale(wish) ? this.directory.remove() : 'ERR_OK';
    if (error !== 'ERR_OK') return error;
    if (this.replica.isPrimary()) this.forgetGroup();
    this.clearStates();
    this.localStatus = 'BLS_DOWNLOADING';
    const { loadId, appName, providerName, clusterName, remoteRootPath } = wish;
    this.source = { loadId, appName, providerName, clusterName, remoteRootPath };
    return this.downloader.begin(this.source);
  }

  /** Without a slot the download may be long in coming; the clients' writes do not wait for it (bl.B33). */
  endIngestion(): void {
    if (this.ingestion.isTouched()) this.clearStates();
  }

  hasSlot(): boolean {
    return this.downloader.isDownloading || this.downloader.hasFreeSlot();
  }

  isDirectoryStale(wish: BulkLoadWish): boolean {
    return this.localStatus === 'BLS_INVALID' || this.isAnotherLoad(wish);
  }

  forgetGroup(): void {
    this.group.forget();
    this.emptyPrepareSent = false;
  }

  onDownloadFinished(): void {
    if (this.localStatus === 'BLS_DOWNLOADING') this.localStatus = 'BLS_DOWNLOADED';
    this.ingestion.onDownloadFinished();
  }

  isDownloading(): boolean {
    return this.downloader.isDownloading;
  }

  // ------------------------------------------------------------------ ingestion (bl 15)

  isReadyToIngest(): boolean {
    return this.localStatus === 'BLS_DOWNLOADED' || this.localStatus === 'BLS_INGESTING';
  }

  /** The provider's files may have been replaced between the downloads of two members: then nobody ingests. */
  isGroupReadyFor(metadata: BulkLoadMetadata): boolean {
    const files = filesText(metadata);
    return this.ownFiles().files === files && this.group.haveNoOtherFiles(files);
  }

  /** A secondary's is not committed before the next prepare (bl 15.4). What a replay applies goes on behind it. */
  onIngestionApplied(): void {
    if (this.replica.loading) return;
    if (this.replica.isPrimary()) this.emptyPrepareSent = false;
    this.ingestion.onIngestionApplied();
  }

  /** The own files are in: a further write makes the secondaries commit the ingestion too (bl 15.4). */
  checkIngestionFinish(): void {
    if (this.ingestion.status === 'IS_SUCCEED') this.sendOneEmptyPrepare();
  }

  sendOneEmptyPrepare(): void {
    if (!this.emptyPrepareSent) this.emptyPrepareSent = this.sendEmptyPrepare() === 'ERR_OK';
  }

  /** Every member drops committed mutations from its list, so that no learner is served from there. */
  sendEmptyPrepare(): ErrorCode {
    return this.replica.twoPc.initPrepare(newEmptyMutation(this.replica.gpid), false, true);
  }

  // ------------------------------------------------------------------ end (bl 16)

  succeed(): void {
    this.replica.checkpoints.initCheckpoint(true, 'bulk-load');
    this.ingestion.clearStatus();
    this.localStatus = 'BLS_SUCCEED';
    if (this.replica.isPrimary()) this.sendEmptyPrepare();
  }

  cleanUp(): void {
    if (this.isCleanedUp()) return;
    if (this.replica.isPrimary()) this.group.resetStates();
    this.directory.remove();
    this.clearStates();
  }

  isCleanedUp(): boolean {
    const nothing = this.localStatus === 'BLS_INVALID' && this.downloader.isClear() && this.ingestion.isClear();
    return nothing && !this.retainsFiles() && !this.directory.exists();
  }

  /** The local directory stays (bl 16.2). */
  clearStates(): void {
    this.downloader.clear();
    this.ingestion.clear();
    this.localStatus = 'BLS_INVALID';
  }

  // ------------------------------------------------------------------ events (bl 17.1)

  /** What a member did in another role says nothing of what it is to do now. */
  onRoleChanged(from: PartitionStatus, to: PartitionStatus): void {
    if (from === 'PS_PRIMARY' && to !== 'PS_PRIMARY') this.onLeftPrimary();
    if (from !== to && this.isMember(to) && this.isUnderWay()) this.clearStates();
  }

  onLeftPrimary(): void {
    this.forgetGroup();
    this.ingestion.onLeftPrimary();
  }

  isUnderWay(): boolean {
    return this.localStatus !== 'BLS_SUCCEED' && this.localStatus !== 'BLS_INVALID';
  }

  /** The server's slot is not the replica's to keep (bl.B30). */
  close(): void {
    this.downloader.stop();
    this.ingestion.close();
    this.group.forget();
  }
}
