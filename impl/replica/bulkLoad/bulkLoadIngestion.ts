/**
 * Ingestion on one replica (bl 15): the flag that keeps user writes out while the partition ingests, the ingestion
 * write's own rows of the admission table, and how its files come in once it is applied.
 *
 * Departures (docs/departures.md): content is a function of the log, so each member that applies the write brings its
 * files in, whatever its ballot is by then (bl.B12, B34), and downloads them again when they are not there (bl.17.4);
 * until that is done the ingestion is unresolved. A write that is refused after it was admitted gives the flag back
 * (bl.B5), and the end of an ingestion that a later round has overtaken says nothing (bl.B28).
 */
import type { ErrorCode, IngestionStatus } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { task } from '../../env/contract.ts';
import type { BulkLoadMetadata, FileMeta, IngestionRequest } from '../../protocol/bulkLoadMessages.ts';
import type { StorageAppContract } from '../../storage/contracts.ts';
import { holdsIngestion } from '../mutation.ts';
import type { Replica } from '../replica.ts';
import type { BulkLoadDirectory } from './bulkLoadDirectory.ts';
import type { BulkLoadDownloader, DownloadOwner } from './bulkLoadDownloader.ts';
import type { DownloadSlots, LoadSource } from './types.ts';

/** What the ingestion asks of its replica's bulk load. */
export interface IngestionOwner {
  /** DOWNLOADED or INGESTING: the files are there, and the meta server wants them in (bl 15.1 #12). */
  isReadyToIngest(): boolean;
  /** All members have told of these very files, as far as they have told. */
  isGroupReadyFor(metadata: BulkLoadMetadata): boolean;
  /** The files are being downloaded for the load itself. */
  isDownloading(): boolean;
}

export class BulkLoadIngestion implements DownloadOwner {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly owner: IngestionOwner;
  readonly directory: BulkLoadDirectory;
  /** Brings files again that an applied ingestion write names. */
  readonly repairer: BulkLoadDownloader;
  /** On a primary: an ingestion write was let in, and the group has not finished (bl 15.1 #14). */
  isIngesting = false;
  status: IngestionStatus = 'IS_INVALID';
  /** Monotonic microseconds of the flag's last setting. */
  startTsUs = 0;
  /** Files of the pending ingestion are missing or damaged. */
  needsRepair = false;
  /** They have been downloaded again since. */
  isRepaired = false;
  private round = 0;

  constructor(
    ctx: Context,
    replica: Replica,
    slots: DownloadSlots,
    directory: BulkLoadDirectory,
    owner: IngestionOwner,
  ) {
    this.ctx = ctx;
    this.replica = replica;
    this.directory = directory;
    this.owner = owner;
    this.repairer = new ctx.parts.BulkLoadDownloader(ctx, replica, slots, directory, this);
  }

  // ------------------------------------------------------------------ admission (bl 15.1)

  /** #9, of every write; undefined lets it on. */
  refuseWhileIngesting(isIngestionWrite: boolean): ErrorCode | undefined {
    if (!this.isIngesting) return undefined;
    return isIngestionWrite ? 'ERR_NO_NEED_OPERATE' : 'ERR_OPERATION_DISABLED';
  }

  /** #12 and #13, of an ingestion write, behind member check and throttling (#2157). */
  refuseIngestion(request: IngestionRequest): ErrorCode | undefined {
    if (!this.owner.isReadyToIngest() || this.isOfAnotherBallot(request)) return 'ERR_INVALID_STATE';
    if (!this.owner.isGroupReadyFor(request.metadata) || this.isLearnedNow()) return 'ERR_INVALID_STATE';
    return this.replica.twoPc.isGroupFull() ? undefined : 'ERR_NOT_ENOUGH_MEMBER';
  }

  /** The group that the meta server knew is not this one: here, and only here, the ballot is looked at. */
  isOfAnotherBallot(request: IngestionRequest): boolean {
    return request.ballot !== this.replica.ballot();
  }

  /** A learner that gets prepares already has no files for it (bl.B17). */
  isLearnedNow(): boolean {
    return this.replica.learnerGroup.isPreparing();
  }

  /** #14: the write is certain to be queued. */
  startIngestion(): void {
    this.isIngesting = true;
    this.startTsUs = this.ctx.env.clock.monotonicUs();
  }

  /** Two-phase commit refused what admission had let in, or the primary's empty record failed (bl.B5). */
  onIngestionWriteRefused(): void {
    this.isIngesting = false;
  }

  /** All of the group have ingested: user writes go on (bl 13.1). */
  onGroupFinished(): void {
    this.isIngesting = false;
  }

  /** Only a primary keeps writes out. */
  onLeftPrimary(): void {
    this.isIngesting = false;
  }

  /** bl 16.2. */
  clear(): void {
    this.isIngesting = false;
    this.clearStatus();
  }

  /** What runs may end as it will: nobody asks for it any more (bl.B28). */
  clearStatus(): void {
    this.round++;
    this.status = 'IS_INVALID';
  }

  /** A learned checkpoint took the place of the storage that waited for files. */
  onStorageReplaced(): void {
    this.clearStatus();
    this.needsRepair = false;
    this.isRepaired = false;
  }

  isClear(): boolean {
    return !this.isIngesting && this.status === 'IS_INVALID';
  }

  /** An ingestion write was let in, or applied: the files may have moved into the engine. */
  isTouched(): boolean {
    return !this.isClear();
  }

  /** The files of an ingestion write are in, or have proved useless. */
  hasEnded(): boolean {
    return this.status === 'IS_SUCCEED' || this.status === 'IS_FAILED';
  }

  // ------------------------------------------------------------------ retention

  /** An ingestion write that this replica let in or prepared may still ask for the files. */
  isUnresolved(): boolean {
    return this.isPending() || this.isQueued() || this.isPrepared();
  }

  /** Applied, and its files are not in yet. */
  isPending(): boolean {
    return this.replica.storage?.pendingIngestion() !== undefined;
  }

  isQueued(): boolean {
    return this.replica.twoPc.queue.holdsIngestion();
  }

  /** Not committed as far as is known here. One of an older ballot was not proposed again. */
  isPrepared(): boolean {
    const { replica } = this;
    const last = replica.maxPreparedDecree();
    for (let decree = replica.lastCommittedDecree() + 1; decree <= last; decree++) {
      const mutation = replica.prepareList.getMutationByDecree(decree);
      if (mutation?.ballot === replica.ballot() && holdsIngestion(mutation.data)) return true;
    }
    return false;
  }

  // ------------------------------------------------------------------ apply (bl 15.3, steps 2 and 3)

  /** The write is applied, its empty record is in the engine: the files follow in a task of their own. */
  onIngestionApplied(): void {
    this.round++;
    this.status = 'IS_RUNNING';
    this.postIngestion();
  }

  /** What else is pending goes on: behind another one, or in a replica that was loaded, whatever its role. */
  resumeIngestion(): void {
    if (this.isPending()) this.postIngestion();
  }

  private postIngestion(): void {
    this.ctx.env.tasks.post('LPC_INGESTION', this.replica.hash, 0, task(this, 'ingestFiles', this.round));
  }

  ingestFiles(round: number): void {
    const { storage, closed } = this.replica;
    const request = storage?.pendingIngestion()?.request;
    if (closed || storage === undefined || request === undefined || !storage.isOpen()) return;
    if (this.isOutdated(request)) this.finish(storage.finishIngestion(undefined), 'IS_INVALID', round);
    else if (this.areFilesIntact(request)) this.ingest(storage, request, round);
    else this.onFilesMissing(storage, round);
  }

  /** The ingestion waits for them (departures: bl.17.4). */
  onFilesMissing(_storage: StorageAppContract, _round: number): void {
    this.needsRepair = true;
  }

  /** Never: another member may have brought the files in under the ballot of before (bl.B9, B34). */
  isOutdated(_request: IngestionRequest): boolean {
    return false;
  }

  /** By size and MD5, whatever `verify_before_ingest` says: each member brings in the same bytes. */
  areFilesIntact({ metadata }: IngestionRequest): boolean {
    return metadata.files.every((file) => this.directory.isIntact(file) && !this.isSuspect(file));
  }

  /** Without an MD5 a file that holds no rows may have been damaged here: only another download tells. */
  isSuspect(file: FileMeta): boolean {
    return file.md5 === '' && !this.isRepaired && !this.directory.holdsRows(file);
  }

  ingest(storage: StorageAppContract, { metadata }: IngestionRequest, round: number): void {
    const error = storage.finishIngestion(metadata.files.map(({ name }) => this.directory.pathOf(name)));
    if (error === 'ERR_OK') this.removeMovedFiles(metadata.files);
    this.finish(error, 'IS_SUCCEED', round);
  }

  /** They are the engine's now; what cannot be removed goes with the directory. */
  removeMovedFiles(files: readonly FileMeta[]): void {
    for (const { name } of files) this.directory.removeFile(name);
  }

  /** ERR_INGESTION_FAILED is told alike by all members; any other failure is this disk's own, and leaves it pending. */
  finish(error: ErrorCode, success: IngestionStatus, round: number): void {
    if (error === 'ERR_OK' || error === 'ERR_INGESTION_FAILED') {
      if (!this.isOvertaken(round)) this.status = error === 'ERR_OK' ? success : 'IS_FAILED';
      this.isRepaired = false;
      this.resumeIngestion();
    } else {
      const then = task(this.replica, 'onStorageIoError', error);
      this.ctx.env.tasks.post('LPC_REPLICATION_ERROR', this.replica.hash, 0, then);
    }
  }

  isOvertaken(round: number): boolean {
    return round !== this.round;
  }

  // ------------------------------------------------------------------ repair

  /** Whatever the wish is, the place that it names may have the files; without a slot the next wish brings them. */
  repairFrom(source: LoadSource): void {
    if (!this.needsRepair || this.owner.isDownloading() || !this.mayRepair()) return;
    const files = this.replica.storage?.pendingIngestion()?.request.metadata.files ?? [];
    for (const file of files) if (this.isSuspect(file)) this.directory.removeFile(file.name);
    this.repairer.beginRepair(source, files);
  }

  mayRepair(): boolean {
    return !this.repairer.isDownloading && this.repairer.hasFreeSlot();
  }

  /** Some download has brought all files of its list. */
  onDownloadFinished(): void {
    if (!this.needsRepair) return;
    this.needsRepair = false;
    this.isRepaired = true;
    this.resumeIngestion();
  }

  close(): void {
    this.repairer.stop();
  }
}
