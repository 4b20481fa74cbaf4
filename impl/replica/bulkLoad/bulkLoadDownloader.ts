/**
 * Downloads one partition's files from a provider (bl 14; upstream's replica_bulk_loader.cpp): the metadata, then file
 * after file from the last of the list, each in a task of LPC_BACKGROUND_BULK_LOAD.
 *
 * Departures (docs/departures.md): each start begins a round of its own, and nothing of an older one does anything any
 * more (bl.B32); a server's slot is taken when the directory stands (bl.B11) and is given back when the replica closes
 * (bl.B30); metadata that no download could complete is refused (bl.B18); metadata is fetched anew in each round, and a
 * file of an earlier one is kept only when its checksum is right too (bl.B35); a provider may be unknown (bl.B24).
 */
import type { ErrorCode } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { task } from '../../env/contract.ts';
import type { Continuation, TaskHandle } from '../../env/contract.ts';
import type { BulkLoadMetadata, FileMeta } from '../../protocol/bulkLoadMessages.ts';
import { partitionIndexOfGpid } from '../../protocol/gpid.ts';
import type { FileProvider } from '../../provider/contract.ts';
import type { DownloadError, FileDownload } from '../../provider/fileDownload.ts';
import { createProvider } from '../../provider/localService.ts';
import { BULK_LOAD_METADATA, partitionDir } from '../../provider/paths.ts';
import type { Replica } from '../replica.ts';
import type { BulkLoadDirectory } from './bulkLoadDirectory.ts';
import { areNamesUsable, isTotalRight, totalOf } from './metadataCheck.ts';
import { NO_METADATA, PROGRESS_FINISHED } from './types.ts';
import type { DownloadSlots, LoadSource } from './types.ts';

/** In the place of a file's index. */
const METADATA = -1;

export interface DownloadOwner {
  /** On the replica's worker: all files of the running round are there. */
  onDownloadFinished(): void;
}

export class BulkLoadDownloader {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly slots: DownloadSlots;
  readonly owner: DownloadOwner;
  readonly directory: BulkLoadDirectory;
  metadata: BulkLoadMetadata = NO_METADATA;
  downloadedBytes = 0;
  filesThere = 0;
  /** Percent. */
  progress = 0;
  downloadStatus: ErrorCode = 'ERR_OK';
  /** Holds a slot of the server. */
  isDownloading = false;
  /** Of the start that is running, or ran last. */
  round = 0;
  private source: LoadSource | undefined;
  private queued: TaskHandle | undefined;

  constructor(
    ctx: Context,
    replica: Replica,
    slots: DownloadSlots,
    directory: BulkLoadDirectory,
    owner: DownloadOwner,
  ) {
    this.ctx = ctx;
    this.replica = replica;
    this.slots = slots;
    this.owner = owner;
    this.directory = directory;
  }

  // ------------------------------------------------------------------ begin and end

  hasFreeSlot(): boolean {
    return !this.slots.isFull();
  }

  /** ERR_FILE_OPERATION_FAILED: there is no directory to download to, which the reports tell from now on. */
  begin(source: LoadSource): ErrorCode {
    this.round++;
    this.source = source;
    const error = this.takeSlot();
    if (error === 'ERR_OK') this.post(task(this, 'downloadFiles', this.round));
    else this.downloadStatus = error;
    return error;
  }

  /** The files that a pending ingestion names, whatever the metadata of that place say (departures: bl.17.4). */
  beginRepair(source: LoadSource, files: readonly FileMeta[]): void {
    this.clear();
    this.source = source;
    this.metadata = { files, fileTotalSize: totalOf(files) };
    const error = this.takeSlot();
    if (error === 'ERR_OK') this.post(task(this, 'downloadFile', files.length - 1, this.round));
    else this.downloadStatus = error;
  }

  /** The directory first: where there is none, there is no download that would give a slot back (bl.B11). */
  takeSlot(): ErrorCode {
    const error = this.directory.create();
    if (error !== 'ERR_OK') return error;
    this.slots.take();
    this.isDownloading = true;
    this.tellSlot(true);
    return 'ERR_OK';
  }

  giveSlotBack(): void {
    if (!this.isDownloading) return;
    this.isDownloading = false;
    this.slots.giveBack();
    this.tellSlot(false);
  }

  tellSlot(taken: boolean): void {
    const serverCount = this.slots.count();
    this.ctx.env.emit({ kind: 'load.slot', gpid: this.replica.gpid, taken, serverCount });
  }

  /** Ends the round; what it has learnt stays for the reports (bl 13.4, PAUSING). */
  stop(): void {
    this.endRound();
    this.cancelTasks();
    this.giveSlotBack();
  }

  /** Tasks and transfers of the round, where they cannot be cancelled, do nothing from now on (bl.B32). */
  endRound(): void {
    this.round++;
  }

  cancelTasks(): void {
    this.queued?.cancel();
    this.queued = undefined;
  }

  /** bl 16.2; the directory is not touched. */
  clear(): void {
    this.stop();
    this.metadata = NO_METADATA;
    this.downloadedBytes = 0;
    this.filesThere = 0;
    this.progress = 0;
    this.downloadStatus = 'ERR_OK';
  }

  isClear(): boolean {
    const nothing = this.downloadedBytes === 0 && this.progress === 0 && !this.isMetadataKnown();
    return nothing && this.downloadStatus === 'ERR_OK' && this.queued === undefined;
  }

  isMetadataKnown(): boolean {
    return this.metadata.files.length > 0 || this.metadata.fileTotalSize > 0;
  }

  isStale(round: number): boolean {
    return round !== this.round;
  }

  /** The chain ends; the reports tell why. */
  fail(error: ErrorCode): void {
    this.cancelTasks();
    this.giveSlotBack();
    this.downloadStatus = error;
  }

  private post(then: Continuation): void {
    this.queued = this.ctx.env.tasks.post('LPC_BACKGROUND_BULK_LOAD', this.replica.hash, 0, then);
  }

  // ------------------------------------------------------------------ the metadata

  downloadFiles(round: number): void {
    if (this.isStale(round)) return;
    this.queued = undefined;
    if (this.mayReuseMetadata() && this.directory.has(BULK_LOAD_METADATA)) this.readMetadata(round);
    else this.fetch(BULK_LOAD_METADATA, METADATA, round);
  }

  /** A file of an earlier load would pass for this one's (bl.B35). */
  mayReuseMetadata(): boolean {
    return false;
  }

  readMetadata(round: number): void {
    const read = this.directory.readMetadata();
    const error = typeof read === 'string' ? read : this.metadataError(read);
    if (typeof read === 'string' || error !== 'ERR_OK') {
      this.fail(error);
      return;
    }
    this.metadata = read;
    const last = read.files.length - 1;
    if (last >= 0) this.post(task(this, 'downloadFile', last, round));
  }

  /** What no download can complete (bl 14.2, 14.3; bl.B18). */
  metadataError(metadata: BulkLoadMetadata): ErrorCode {
    if (metadata.fileTotalSize <= 0 || !this.isTotalRight(metadata)) return 'ERR_CORRUPTION';
    return areNamesUsable(metadata.files) ? 'ERR_OK' : 'ERR_CORRUPTION';
  }

  isTotalRight(metadata: BulkLoadMetadata): boolean {
    return isTotalRight(metadata);
  }

  // ------------------------------------------------------------------ files

  downloadFile(index: number, round: number): void {
    const file = this.metadata.files[index];
    if (this.isStale(round) || file === undefined) return;
    this.queued = undefined;
    if (this.directory.has(file.name) && this.isKept(file)) this.onFileThere(file, index, round);
    else this.fetch(file.name, index, round);
  }

  /** Left by an earlier round; size alone would let another load's file pass (bl.B35). */
  isKept(file: FileMeta): boolean {
    return this.directory.isIntact(file);
  }

  /** Replaces what stands under the name. `index`: in the list of files, or METADATA. */
  fetch(name: string, index: number, round: number): void {
    const provider = this.provider();
    if (provider === undefined) return this.fail('ERR_FS_INTERNAL');
    const error = this.directory.removeFile(name);
    if (error !== 'ERR_OK') return this.fail(error);
    const remote = provider.createFile(this.remotePath(name), false);
    if (remote.error !== 'ERR_OK') return this.fail(remote.error);
    const download = new this.ctx.parts.FileDownload(this.ctx, remote.value, this.directory.pathOf(name));
    const begun = download.begin();
    if (begun.error === 'ERR_OK') this.continueLater(task(this, 'continueDownload', download, index, round));
    else this.onDownloadFailed(begun.error);
  }

  /** Block after block, each in a task: between them the round may end (bl.B32). */
  continueDownload(download: FileDownload, index: number, round: number): void {
    if (this.isStale(round)) return;
    const block = download.nextBlock();
    if (block.error !== 'ERR_OK') this.onDownloadFailed(block.error);
    else if (block.value === 'more') this.continueLater(task(this, 'continueDownload', download, index, round));
    else if (index === METADATA) this.readMetadata(round);
    else this.onFileDownloaded(download.downloaded().md5, index, round);
  }

  /** A transfer under way cannot be cancelled; it finds its round ended. */
  private continueLater(then: Continuation): void {
    this.ctx.env.tasks.post('LPC_BACKGROUND_BULK_LOAD', this.replica.hash, 0, then);
  }

  onDownloadFailed(error: DownloadError): void {
    this.fail(error === 'ERR_PATH_ALREADY_EXIST' ? 'ERR_FILE_OPERATION_FAILED' : error);
  }

  /** This server may lack the provider's configuration (bl.B24). */
  provider(): FileProvider | undefined {
    return createProvider(this.ctx, this.source?.providerName ?? '');
  }

  /** bl 5. */
  remotePath(name: string): string {
    const { remoteRootPath = '', clusterName = '', appName = '' } = this.source ?? {};
    return `${partitionDir(remoteRootPath, clusterName, appName, partitionIndexOfGpid(this.replica.gpid))}/${name}`;
  }

  onFileDownloaded(md5: string, index: number, round: number): void {
    const file = this.metadata.files[index];
    if (file === undefined || !this.isIntact(file, md5)) this.fail('ERR_CORRUPTION');
    else this.onFileThere(file, index, round);
  }

  isIntact(file: FileMeta, md5: string): boolean {
    return (file.md5 === '' || file.md5 === md5) && this.directory.isOfSize(file);
  }

  onFileThere(file: FileMeta, index: number, round: number): void {
    this.filesThere++;
    this.updateProgress(file.size);
    const { tasks } = this.ctx.env;
    tasks.post('LPC_REPLICATION_COMMON', this.replica.hash, 0, task(this, 'checkDownloadFinish', round));
    if (index > 0) this.post(task(this, 'downloadFile', index - 1, round));
  }

  // ------------------------------------------------------------------ progress (bl 14.3)

  updateProgress(sizeBytes: number): void {
    const { fileTotalSize } = this.metadata;
    if (fileTotalSize <= 0) return;
    this.downloadedBytes += sizeBytes;
    const percent = Math.trunc((this.downloadedBytes / fileTotalSize) * 100);
    this.progress = this.areAllThere() ? percent : Math.min(percent, PROGRESS_FINISHED - 1);
  }

  /** Empty files count too: they add nothing to the bytes (bl.14.3). */
  areAllThere(): boolean {
    return this.filesThere === this.metadata.files.length;
  }

  isFinished(): boolean {
    return this.metadata.fileTotalSize > 0 ? this.progress === PROGRESS_FINISHED : this.areAllThere();
  }

  checkDownloadFinish(round: number): void {
    if (this.isStale(round) || !this.isDownloading || !this.isFinished()) return;
    this.giveSlotBack();
    this.cancelTasks();
    this.owner.onDownloadFinished();
  }
}
