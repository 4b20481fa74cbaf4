/**
 * Ingestion on one replica (bl 15): the flag that keeps user writes out while the partition ingests, the ingestion
 * write's own rows of the admission table, and what becomes of the files once the write is applied.
 *
 * Departures (docs/departures.md): a write that is refused after it was admitted gives the flag back (bl.B5), and the
 * end of an ingestion that a later round has overtaken says nothing (bl.B28).
 */
import type { ErrorCode, IngestionStatus } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { task } from '../../env/contract.ts';
import type { IngestionRequest } from '../../protocol/bulkLoadMessages.ts';
import type { Replica } from '../replica.ts';
import type { BulkLoadDirectory } from './bulkLoadDirectory.ts';

/** The storage engine's side: takes files over, by path, as RocksDB does with external files. */
export interface FileIngestor {
  /** ERR_OK, or why nothing was taken. */
  ingestExternalFiles(paths: readonly string[], ingestBehind: boolean): ErrorCode;
}

/** What the ingestion asks of its replica's bulk load. */
export interface IngestionOwner {
  /** DOWNLOADED or INGESTING: the files are there, and the meta server wants them in (bl 15.1 #12). */
  isReadyToIngest(): boolean;
}

export class BulkLoadIngestion {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly owner: IngestionOwner;
  readonly directory: BulkLoadDirectory;
  /** On a primary: an ingestion write was let in, and the group has not finished (bl 15.1 #14). */
  isIngesting = false;
  status: IngestionStatus = 'IS_INVALID';
  /** Monotonic microseconds of the flag's last setting. */
  startTsUs = 0;
  private round = 0;

  constructor(ctx: Context, replica: Replica, directory: BulkLoadDirectory, owner: IngestionOwner) {
    this.ctx = ctx;
    this.replica = replica;
    this.directory = directory;
    this.owner = owner;
  }

  // ------------------------------------------------------------------ admission (bl 15.1)

  /** #9, of every write; undefined lets it on. */
  refuseWhileIngesting(isIngestionWrite: boolean): ErrorCode | undefined {
    if (!this.isIngesting) return undefined;
    return isIngestionWrite ? 'ERR_NO_NEED_OPERATE' : 'ERR_OPERATION_DISABLED';
  }

  /** #12 and #13, of an ingestion write, behind member check and throttling (#2157). */
  refuseIngestion(): ErrorCode | undefined {
    if (!this.owner.isReadyToIngest()) return 'ERR_INVALID_STATE';
    return this.isGroupFull() ? undefined : 'ERR_NOT_ENOUGH_MEMBER';
  }

  isGroupFull(): boolean {
    return this.replica.primaryStates.membership.secondaries.length + 1 >= this.replica.app.maxReplicaCount;
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

  isClear(): boolean {
    return !this.isIngesting && this.status === 'IS_INVALID';
  }

  /** An ingestion write was let in, or applied: the files may have moved into the engine. */
  isTouched(): boolean {
    return !this.isClear();
  }

  // ------------------------------------------------------------------ apply (bl 15.3, steps 2 and 3)

  /** The write is applied, its empty record is in the engine: the files follow in a task of their own. */
  onIngestionApplied(request: IngestionRequest, ingestor: FileIngestor): void {
    this.round++;
    this.status = 'IS_RUNNING';
    const then = task(this, 'ingestFiles', request, ingestor, this.round);
    this.ctx.env.tasks.post('LPC_BULK_LOAD_INGESTION', this.replica.hash, 0, then);
  }

  ingestFiles(request: IngestionRequest, ingestor: FileIngestor, round: number): void {
    if (this.replica.closed) return;
    if (this.isOutdated(request)) this.finish('IS_INVALID', round);
    else this.finish(this.ingest(request, ingestor) === 'ERR_OK' ? 'IS_SUCCEED' : 'IS_FAILED', round);
  }

  /** The write of an older configuration's load is skipped. */
  isOutdated(request: IngestionRequest): boolean {
    return request.ballot < this.replica.ballot();
  }

  ingest(request: IngestionRequest, ingestor: FileIngestor): ErrorCode {
    const { files } = request.metadata;
    if (files.length === 0) return 'ERR_INGESTION_FAILED';
    for (const file of files) {
      if (!this.directory.has(file.name)) return 'ERR_INGESTION_FAILED';
      if (request.verifyBeforeIngest && !this.directory.isIntact(file)) return 'ERR_CORRUPTION';
    }
    return ingestor.ingestExternalFiles(files.map(({ name }) => this.directory.pathOf(name)), request.ingestBehind);
  }

  finish(status: IngestionStatus, round: number): void {
    if (!this.isOvertaken(round)) this.status = status;
  }

  isOvertaken(round: number): boolean {
    return round !== this.round;
  }
}
