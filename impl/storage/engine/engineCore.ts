/**
 * The storage engine: memtable, frozen memtables, sorted runs, manifest (repl 1.2; docs/formats.md). There is no
 * write-ahead log: after a crash it knows what the last manifest names, and the private log brings the rest back.
 *
 * A failed flush, ingestion or compaction leaves memory as it was and makes the engine refuse writes, as RocksDB's
 * background error does: the replica fails, is closed and loaded again. A later blocking flush that succeeds lifts it.
 *
 * While an ingestion is awaited nothing is flushed (bl 15.3): its decree is not durable without its files.
 */
import type { Decree } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { DiskError, task } from '../../env/contract.ts';
import type { TaskHandle } from '../../env/contract.ts';
import { StorageError, storageErrorOf } from './contract.ts';
import type { BatchOp, EngineOptions, MetaValues } from './contract.ts';
import type { DatabaseDirectory } from './databaseDirectory.ts';
import { manifestName, runName } from './manifest.ts';
import type { Version } from './manifest.ts';
import { Memtable, overlay, sortedRunOf } from './memtable.ts';
import { findInRun } from './sortedRun.ts';
import type { Rows } from './memtable.ts';
import type { SortedRun } from './sortedRun.ts';

const INGEST_BEHIND = 'ingest_behind';

export function newDatabase(allowIngestBehind: boolean): Version {
  const ingestBehind = allowIngestBehind ? '1' : '0';
  const times = { pegasus_data_version: '1', pegasus_last_manual_compact_finish_time: '0' };
  return { nextFile: 2, lastFlushedDecree: 0, meta: { ...times, [INGEST_BEHIND]: ingestBehind }, files: [] };
}

/** Opening, reads, writes and flush; `StorageEngine` adds checkpoints, ingestion and compaction. */
export abstract class EngineCore {
  readonly ctx: Context;
  readonly options: EngineOptions;
  readonly directory: DatabaseDirectory;
  /** What the disk says; replaced when a new manifest is in force. */
  version: Version = newDatabase(false);
  manifest = '';
  /** Decoded runs by file name. */
  runs: Map<string, SortedRun> = new Map();
  memtable: Memtable = new Memtable(0);
  /** Frozen memtables that wait for their flush, oldest first. */
  immutables: Memtable[] = [];
  /** Set by a failed background or blocking write of files. */
  backgroundError: StorageError | undefined;
  private opened = false;
  private flushTask: TaskHandle | undefined;
  /** Decrees of the ingestions that are awaited, ascending; each is the last one of a frozen memtable. */
  private awaited: Decree[] = [];
  /** A flush was asked for while none may be. */
  private flushWaits = false;
  private ingestBehindAllowed = false;
  /** Not reused within one life of the engine, also after a failure left files behind. */
  private nextFile = 1;

  constructor(ctx: Context, options: EngineOptions) {
    this.ctx = ctx;
    this.options = options;
    this.directory = new ctx.parts.DatabaseDirectory(ctx.env.disk, options.dir);
  }

  // ------------------------------------------------------------------ open and close

  open(mode: 'create' | 'existing'): void {
    this.guarded(() => {
      if (mode === 'create') this.create();
      this.load();
      this.ingestBehindAllowed = this.ingestBehindAtOpen(mode, this.version.meta);
    });
    this.opened = true;
  }

  /** Nothing is a database before CURRENT is there; what an unfinished creation left is taken away first. */
  create(): void {
    const { disk, dir } = this.directory;
    if (this.directory.holdsDatabase()) throw new StorageError('other', `${dir}: holds a database already`);
    if (disk.exists(dir)) disk.remove(dir, { recursive: true });
    disk.mkdir(dir);
    this.directory.installManifest(manifestName(1), newDatabase(this.options.allowIngestBehind === true));
  }

  /** Chosen when the database is created and remembered in its files: whoever opens them again has no say (#1650). */
  ingestBehindAtOpen(mode: 'create' | 'existing', stored: MetaValues): boolean {
    return mode === 'create' ? this.options.allowIngestBehind === true : stored[INGEST_BEHIND] === '1';
  }

  allowsIngestBehind(): boolean {
    return this.ingestBehindAllowed;
  }

  /** Reads and verifies everything that the manifest names. */
  load(): void {
    const { manifest, version } = this.directory.readManifest();
    const runs = new Map<string, SortedRun>();
    for (const file of version.files) runs.set(file, this.directory.readRun(file));
    this.directory.removeObsolete(this.directory.garbage(manifest, version));
    this.manifest = manifest;
    this.version = version;
    this.runs = runs;
    this.nextFile = version.nextFile;
    this.forgetMemory(version.lastFlushedDecree);
    this.backgroundError = undefined;
  }

  private forgetMemory(decree: Decree): void {
    this.memtable = new Memtable(decree);
    this.immutables = [];
    this.awaited = [];
    this.flushWaits = false;
  }

  isOpen(): boolean {
    return this.opened;
  }

  close(flush: boolean): void {
    if (flush && this.opened && !this.isFlushBarred()) this.flush();
    this.abandon();
  }

  abandon(): void {
    this.flushTask?.cancel();
    this.flushTask = undefined;
    this.opened = false;
    this.runs = new Map();
    this.forgetMemory(0);
  }

  // ------------------------------------------------------------------ reads

  get(key: string): Uint8Array | undefined {
    this.checkOpen();
    if (this.memtable.rows.has(key)) return this.memtable.rows.get(key);
    for (let i = this.immutables.length - 1; i >= 0; i--) {
      const rows = this.immutables[i]?.rows;
      if (rows?.has(key) === true) return rows.get(key);
    }
    for (const file of this.version.files) {
      const found = this.findIn(file, key);
      if (found !== undefined) return found ?? undefined;
    }
    return undefined;
  }

  findIn(file: string, key: string): Uint8Array | null | undefined {
    const run = this.runs.get(file);
    return run === undefined ? undefined : findInRun(run, key);
  }

  *rows(): Generator<{ readonly key: string; readonly value: Uint8Array }> {
    this.checkOpen();
    const all = this.mergeFiles(this.version.files, (file) => this.runs.get(file));
    for (const table of [...this.immutables, this.memtable]) for (const [key, value] of table.rows) all.set(key, value);
    const live = sortedRunOf(all, false);
    for (let i = 0; i < live.keys.length; i++) {
      const key = live.keys[i];
      const value = live.values[i];
      if (key !== undefined && value !== undefined) yield { key, value };
    }
  }

  /** Oldest first, newer rows over older ones. */
  mergeFiles(files: readonly string[], read: (file: string) => SortedRun | undefined): Rows {
    const rows: Rows = new Map();
    for (let i = files.length - 1; i >= 0; i--) {
      const file = files[i];
      const run = file === undefined ? undefined : read(file);
      if (run !== undefined) overlay(rows, run);
    }
    return rows;
  }

  lastFlushedDecree(): Decree {
    return this.version.lastFlushedDecree;
  }

  lastWrittenDecree(): Decree {
    return this.memtable.decree;
  }

  meta(key: string): string {
    return this.version.meta[key] ?? '';
  }

  // ------------------------------------------------------------------ writes and flush

  write(ops: readonly BatchOp[], decree: Decree): void {
    this.checkOpen();
    this.checkWritable();
    this.memtable.write(ops, decree);
    if (this.shouldFlush()) this.flushAsync();
  }

  shouldFlush(): boolean {
    return this.memtable.sizeBytes >= this.ctx.settings.memtableSizeBytes;
  }

  flush(): void {
    this.checkOpen();
    if (this.isFlushBarred()) throw new StorageError('barred', `${this.options.dir}: an ingestion is awaited`);
    this.switchMemtable();
    this.flushMemtables();
  }

  flushAsync(): void {
    this.checkOpen();
    this.checkWritable();
    if (this.isFlushBarred()) this.flushWaits = true;
    else this.startFlush();
  }

  private startFlush(): void {
    this.switchMemtable();
    if (this.immutables.length === 0) this.flushWaits = false;
    if (this.immutables.length === 0 || this.flushTask !== undefined) return;
    this.flushTask = this.ctx.env.tasks.post('LPC_STORAGE_FLUSH', this.options.hash, 0, task(this, 'onFlush'));
  }

  /** What it froze may have come to lie under an ingestion that is awaited by now. */
  onFlush(): void {
    this.flushTask = undefined;
    this.flushWaits = this.isFlushBarred();
    if (this.flushWaits) return;
    this.inBackground(() => {
      this.flushMemtables();
    });
  }

  // ------------------------------------------------------------------ the bar of an awaited ingestion

  /** The memtable ends with this decree, so that the files fit between it and whatever is written later. */
  awaitIngestion(): void {
    this.checkOpen();
    this.switchMemtable();
    this.awaited.push(this.memtable.decree);
  }

  isFlushBarred(): boolean {
    return this.awaited.length > 0;
  }

  isFlushHeldUp(): boolean {
    return this.isFlushBarred() || this.flushWaits;
  }

  /** Of the oldest. */
  awaitedDecree(): Decree {
    const [decree] = this.awaited;
    this.ctx.env.check(decree !== undefined, 'storage.ingest', () => `${this.options.dir} awaits no ingestion`);
    return decree ?? 0;
  }

  /** A flush that waited for it begins, unless the engine is broken or the next ingestion is awaited. */
  endIngestion(): void {
    this.checkOpen();
    this.awaitedDecree();
    this.awaited.shift();
    if (!this.flushWaits || this.isFlushBarred()) return;
    if (this.backgroundError === undefined) this.startFlush();
    else this.flushWaits = false;
  }

  rewindTo(decree: Decree): void {
    this.checkOpen();
    const kept = this.immutables.filter((table) => table.decree <= decree);
    const awaited = this.awaited.filter((at) => at <= decree);
    const { flushWaits } = this;
    this.forgetMemory(decree);
    this.immutables = kept;
    this.awaited = awaited;
    this.flushWaits = flushWaits;
  }

  // ------------------------------------------------------------------ flushing

  /** Later writes go to a new memtable, so that the flush covers a fixed decree. */
  switchMemtable(): void {
    if (this.memtable.rows.size === 0 && this.memtable.sizeBytes === 0) return;
    this.immutables.push(this.memtable);
    this.memtable = new Memtable(this.memtable.decree);
  }

  /** All frozen memtables become one run; rows and decree become durable by the same manifest. */
  flushMemtables(): void {
    if (this.immutables.length === 0) return;
    this.guardedWrite(() => {
      const version = this.writeMemtables(this.immutables);
      this.installVersion(version);
      this.immutables = [];
    });
    this.afterFlush();
  }

  /** New runs may call for a merge. */
  abstract afterFlush(): void;

  /** Writes the run of these frozen memtables, the oldest ones, and answers the version that names it. */
  writeMemtables(tables: readonly Memtable[]): Version {
    const newest = tables.at(-1);
    if (newest === undefined) return this.version;
    const rows: Rows = new Map();
    for (const table of tables) for (const [key, value] of table.rows) rows.set(key, value);
    const files = rows.size === 0 ? this.version.files : [this.addRun(sortedRunOf(rows, true)), ...this.version.files];
    return { ...this.version, lastFlushedDecree: newest.decree, files };
  }

  addRun(run: SortedRun): string {
    const name = runName(this.takeFileNumber());
    this.directory.writeRun(name, run);
    this.runs.set(name, run);
    return name;
  }

  takeFileNumber(): number {
    return this.nextFile++;
  }

  /** From the manifest's rename on the version is in force; only then the old one is forgotten. */
  installVersion(next: Version): void {
    const manifest = manifestName(this.takeFileNumber());
    const version: Version = { ...next, nextFile: this.nextFile };
    this.directory.installManifest(manifest, version);
    const obsolete = this.version.files.filter((file) => !version.files.includes(file));
    for (const file of obsolete) this.runs.delete(file);
    this.directory.removeObsolete([this.manifest, ...obsolete]);
    this.manifest = manifest;
    this.version = version;
  }

  setMeta(values: MetaValues): void {
    this.checkOpen();
    this.guardedWrite(() => {
      this.installVersion({ ...this.version, meta: { ...this.version.meta, ...values } });
    });
  }

  // ------------------------------------------------------------------ errors

  protected checkOpen(): void {
    this.ctx.env.check(this.opened, 'storage.open', () => `${this.options.dir} is not open`);
  }

  protected checkWritable(): void {
    if (this.backgroundError !== undefined) throw this.backgroundError;
  }

  protected guarded<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (error instanceof DiskError) throw storageErrorOf(error);
      throw error;
    }
  }

  /** A step that must leave the next version on disk; its failure stays until such a step succeeds. */
  protected guardedWrite(body: () => void): void {
    try {
      this.guarded(body);
      this.backgroundError = undefined;
    } catch (error) {
      if (error instanceof StorageError) this.backgroundError = error;
      throw error;
    }
  }

  /** Nobody waits for a background step: its error is kept for the next writer. */
  protected inBackground(body: () => void): void {
    if (!this.opened) return;
    try {
      body();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
    }
  }
}
