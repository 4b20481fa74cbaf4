/**
 * What the storage app needs of a storage engine, in RocksDB's spirit (repl 1.2): no write-ahead log, atomic flush of
 * rows and decree together, checkpoints by hard links, ingestion of sorted files. Narrow on purpose: a binding of a
 * real RocksDB could stand behind it.
 */
import type { Decree } from '../../../model/vocabulary.ts';
import type { DiskError } from '../../env/contract.ts';
import type { SortedRun } from './sortedRun.ts';

/**
 * RocksDB's kCorruption, kIOError and everything else (repl 1.6 Apply maps them to error codes); 'barred': not before
 * an ingestion is resolved.
 */
export type StorageErrorKind = 'corruption' | 'io' | 'barred' | 'other';

/** The only exception an engine throws to its caller. */
export class StorageError extends Error {
  readonly kind: StorageErrorKind;
  constructor(kind: StorageErrorKind, detail: string) {
    super(detail);
    this.name = 'StorageError';
    this.kind = kind;
  }
}

/** The storage error that stands for a disk error; a file the database names but does not have is corruption. */
export function storageErrorOf(error: DiskError): StorageError {
  switch (error.code) {
    case 'io':
    case 'full':
      return new StorageError('io', error.message);
    case 'not-found':
      return new StorageError('corruption', error.message);
    case 'exists':
    case 'not-empty':
    case 'not-a-directory':
      return new StorageError('other', error.message);
  }
}

/** One row of a write batch: key as a binary string (one char per byte); no value: the row is removed. */
export interface BatchOp {
  readonly key: string;
  /** Stored as it is; never written to after it was handed over. */
  readonly value: Uint8Array | undefined;
}

/** The meta column family's string values. */
export type MetaValues = Readonly<Record<string, string>>;

export interface EngineOptions {
  /** The database directory. */
  readonly dir: string;
  /** Thread hash for the engine's own tasks. */
  readonly hash: number;
  /** For a database that is created: runs may be ingested behind all others. */
  readonly allowIngestBehind?: boolean | undefined;
}

/** A sorted run that came from elsewhere, opened and proved; its rows are complete. */
export interface ExternalRun {
  readonly path: string;
  readonly run: SortedRun;
}

/** Every method throws `StorageError` when the disk refuses, and no other error of its own making. */
export interface StorageEngineContract {
  /** 'create': the directory must not hold a database. 'existing': everything it names must be readable and whole. */
  open(mode: 'create' | 'existing'): void;
  isOpen(): boolean;
  /** The newest value of a key, from memory or sorted runs. */
  get(key: string): Uint8Array | undefined;
  /** All rows or none, together with the decree (also with no rows). Memory only: lost by a crash until flushed. */
  write(ops: readonly BatchOp[], decree: Decree): void;
  /** Writes all of memory to a sorted run; returns when it is durable. */
  flush(): void;
  /** Freezes the memtable and queues its flush in the engine's own thread. */
  flushAsync(): void;
  /** The decree of the last durable flush (persisted tier). */
  lastFlushedDecree(): Decree;
  /** The decree of the last write. */
  lastWrittenDecree(): Decree;
  /** A value of the meta column family; '' when absent. */
  meta(key: string): string;
  setMeta(values: MetaValues): void;
  /** A new directory of hard links (built under another name, then renamed); answers the decree that it holds. */
  createCheckpoint(dir: string, flush: boolean): Decree;
  /** An empty database in another directory, created as this one was: files may be ingested behind, or not. */
  createEmpty(dir: string): void;
  /** The decree of a database directory that is not open here. */
  readDecree(dir: string): Decree;
  /**
   * Files will come in at the decree of the last write, which lie under all later writes. Until they are in, or given up
   * (in the order of their decrees), nothing is flushed: blocking flushes throw 'barred', others wait and then come by
   * themselves.
   */
  awaitIngestion(): void;
  /** Whether an ingestion is awaited. */
  isFlushBarred(): boolean;
  /** So it is, or a flush that had to wait for it has not ended yet. */
  isFlushHeldUp(): boolean;
  /** What the database was created with. */
  allowsIngestBehind(): boolean;
  /** All of them or none; nothing changes. 'corruption': some file is no whole set of rows. */
  openExternalRuns(paths: readonly string[]): readonly ExternalRun[];
  /**
   * Of the oldest awaited ingestion: links the runs, the last one newest, over everything up to its decree or `behind`
   * all runs; one durable step with what is in memory up to that decree. After an error nothing is in.
   */
  ingest(runs: readonly ExternalRun[], behind: boolean): void;
  /** The oldest ingestion is awaited no more: its files are in, or given up. */
  endIngestion(): void;
  /** Forgets all later writes, and ingestions that they await; what is durable must not be beyond. */
  rewindTo(decree: Decree): void;
  /** Merges all sorted runs into one, and sets meta values in the same durable step. */
  compact(meta: MetaValues): void;
  /** Rows with a value, ascending by key. */
  rows(): Iterable<{ readonly key: string; readonly value: Uint8Array }>;
  close(flush: boolean): void;
  /** Forgets everything without touching the disk. */
  abandon(): void;
}
