/**
 * Ingestion in the storage app (bl 15.3; upstream's ingestion_files). An ingestion write is applied like an empty one;
 * its files come in later, as of its decree: over everything up to it and under every later write, or, behind, under
 * everything. So what stands at a decree is a function of the log alone, on every member and after every replay.
 *
 * Departures: upstream's ingested rows lie over later writes too, a flush in between makes an ingestion be lost by a
 * crash, and its outcome differs by member (bl.B12, B34). Here nothing beyond the last flush becomes durable before the
 * files are in, and one manifest names them with the decree. Ingestions that a replay finds one behind the other are
 * resolved in the order of their decrees.
 */
import type { ErrorCode } from '../../../model/vocabulary.ts';
import { decodeIngestion } from '../../protocol/ingestion.ts';
import type { IngestionRequest } from '../../protocol/bulkLoadMessages.ts';
import type { PendingIngestion } from '../contracts.ts';
import { StorageError } from '../engine/contract.ts';
import type { ExternalRun } from '../engine/contract.ts';
import type { LogMutation } from '../plog/types.ts';
import { ReplicationApp } from './replicationApp.ts';

export abstract class IngestingApp extends ReplicationApp {
  /** Oldest first. */
  private ingestions: PendingIngestion[] = [];
  /** What was applied behind the oldest pending ingestion. */
  private later: LogMutation[] = [];

  // ------------------------------------------------------------------ apply

  override afterOpen(): ErrorCode {
    this.forgetIngestions();
    return super.afterOpen();
  }

  override abandon(): void {
    this.forgetIngestions();
    super.abandon();
  }

  private forgetIngestions(): void {
    this.ingestions = [];
    this.later = [];
  }

  override applyMutation(mutation: LogMutation): ErrorCode {
    const error = super.applyMutation(mutation);
    if (error !== 'ERR_OK') return error;
    if (this.isIngestionPending()) this.later.push(mutation);
    const request = this.ingestionOf(mutation);
    if (request !== undefined) this.awaitFiles({ decree: mutation.decree, request });
    return error;
  }

  /** One that does not decode brings nothing (repl.R7). */
  ingestionOf(mutation: LogMutation): IngestionRequest | undefined {
    for (const { code, data } of mutation.updates) {
      if (code === 'RPC_RRDB_RRDB_BULK_LOAD') return decodeIngestion(data);
    }
    return undefined;
  }

  awaitFiles(pending: PendingIngestion): void {
    this.engine.awaitIngestion();
    this.ingestions.push(pending);
  }

  pendingIngestion(): PendingIngestion | undefined {
    return this.ingestions[0];
  }

  allowsIngestBehind(): boolean {
    return this.engine.allowsIngestBehind();
  }

  isIngestionPending(): boolean {
    return this.ingestions.length > 0;
  }

  isFlushHeldUp(): boolean {
    return this.engine.isFlushHeldUp();
  }

  // ------------------------------------------------------------------ the files

  finishIngestion(paths: readonly string[] | undefined): ErrorCode {
    const pending = this.pendingIngestion();
    if (pending === undefined) return 'ERR_INVALID_STATE';
    return this.mapped(() => {
      if (paths === undefined) return this.giveUp('ERR_OK');
      if (paths.length === 0 || !this.mayIngest(pending)) return this.giveUp('ERR_INGESTION_FAILED');
      if (!this.areThere(paths)) return 'ERR_FILE_OPERATION_FAILED';
      const runs = this.openRuns(paths);
      return runs === undefined ? this.giveUp('ERR_INGESTION_FAILED') : this.bringIn(pending, runs);
    });
  }

  /** Behind everything only where compaction has kept every delete from the beginning. */
  mayIngest({ request }: PendingIngestion): boolean {
    return !request.ingestBehind || this.engine.allowsIngestBehind();
  }

  private areThere(paths: readonly string[]): boolean {
    const error = this.mapped(() => {
      const { disk } = this.ctx.env;
      return paths.every((path) => disk.exists(path)) ? 'ERR_OK' : 'ERR_FILE_OPERATION_FAILED';
    });
    return error === 'ERR_OK';
  }

  /** All of them before any comes in; undefined when one is no set of rows. */
  openRuns(paths: readonly string[]): readonly ExternalRun[] | undefined {
    try {
      return this.engine.openExternalRuns(paths);
    } catch (error) {
      if (error instanceof StorageError && error.kind === 'corruption') return undefined;
      throw error;
    }
  }

  bringIn(pending: PendingIngestion, runs: readonly ExternalRun[]): ErrorCode {
    this.engine.ingest(runs, pending.request.ingestBehind);
    this.applyLaterAgain(pending);
    this.resolve();
    return 'ERR_OK';
  }

  /** Durable as well: a replay would wait for files that are gone by then. */
  giveUp(answer: ErrorCode): ErrorCode {
    this.engine.ingest([], false);
    this.resolve();
    return answer;
  }

  /** A DUPLICATE was judged by rows that were not all there yet: it, and what follows, is judged by them now. */
  applyLaterAgain(pending: PendingIngestion): void {
    if (!this.later.some((mutation) => this.isJudgedByRows(mutation))) return;
    this.engine.rewindTo(pending.decree);
    for (const mutation of this.later) {
      this.engine.write(this.batchOf(mutation, true), mutation.decree);
      if (this.ingestions.some(({ decree }) => decree === mutation.decree)) this.engine.awaitIngestion();
    }
  }

  isJudgedByRows(mutation: LogMutation): boolean {
    return mutation.updates.some(({ code }) => code === 'RPC_RRDB_RRDB_DUPLICATE');
  }

  private resolve(): void {
    this.engine.endIngestion();
    this.ingestions.shift();
    const next = this.ingestions[0]?.decree ?? Infinity;
    this.later = this.later.filter(({ decree }) => decree > next);
  }
}
