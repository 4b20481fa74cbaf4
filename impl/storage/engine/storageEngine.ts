/**
 * The storage engine's work on whole files: checkpoints by hard links, ingestion of sorted files, compaction (repl 1.2,
 * 2.1; docs/formats.md). Each becomes real by one manifest, as a flush does.
 */
import type { Decree } from '../../../model/vocabulary.ts';
import { task } from '../../env/contract.ts';
import type { TaskHandle } from '../../env/contract.ts';
import type { ExternalRun, MetaValues, StorageEngineContract } from './contract.ts';
import { EngineCore, newDatabase } from './engineCore.ts';
import { openExternalRun } from './externalRun.ts';
import { manifestName, runName } from './manifest.ts';
import { sortedRunOf } from './memtable.ts';
import type { Memtable } from './memtable.ts';

/** Runs at which the engine merges them by itself (RocksDB's level0_file_num_compaction_trigger). */
const COMPACTION_TRIGGER_RUNS = 4;
/** CPU work of a merge, virtual microseconds for each row. */
const MERGE_COST_US = 1;

export class StorageEngine extends EngineCore implements StorageEngineContract {
  private compactionTask: TaskHandle | undefined;

  override abandon(): void {
    this.compactionTask?.cancel();
    this.compactionTask = undefined;
    super.abandon();
  }

  // ------------------------------------------------------------------ checkpoint

  createCheckpoint(dir: string, flush: boolean): Decree {
    this.checkOpen();
    if (flush) this.flush();
    return this.guarded(() => this.linkCheckpoint(dir));
  }

  /** Built under another name, so that a directory with the final name is always whole. */
  linkCheckpoint(dir: string): Decree {
    const { disk } = this.directory;
    const unfinished = new this.ctx.parts.DatabaseDirectory(disk, `${dir}.tmp`);
    if (disk.exists(unfinished.dir)) disk.remove(unfinished.dir, { recursive: true });
    disk.mkdir(unfinished.dir);
    for (const file of this.version.files) unfinished.linkIn(this.directory.path(file), file);
    unfinished.linkIn(this.directory.path(this.manifest), this.manifest);
    // CURRENT is a file of its own: its time tells the checkpoint's age.
    unfinished.replaceCurrent(this.manifest);
    disk.rename(unfinished.dir, dir);
    return this.version.lastFlushedDecree;
  }

  createEmpty(dir: string): void {
    this.checkOpen();
    this.guarded(() => {
      const { disk } = this.directory;
      disk.mkdir(dir);
      const database = new this.ctx.parts.DatabaseDirectory(disk, dir);
      database.installManifest(manifestName(1), newDatabase(this.allowsIngestBehind()));
    });
  }

  readDecree(dir: string): Decree {
    return this.guarded(() => {
      const database = new this.ctx.parts.DatabaseDirectory(this.directory.disk, dir);
      const { version } = database.readManifest();
      for (const file of version.files) this.directory.disk.info(database.path(file));
      return version.lastFlushedDecree;
    });
  }

  // ------------------------------------------------------------------ ingestion and compaction

  openExternalRuns(paths: readonly string[]): readonly ExternalRun[] {
    this.checkOpen();
    return paths.map((path) => ({ path, run: openExternalRun(this.directory.disk, path) }));
  }

  /** What is in memory up to the decree is flushed in the same step: newer runs lie over a memtable's rows. */
  ingest(runs: readonly ExternalRun[], behind: boolean): void {
    this.checkOpen();
    const tables = this.tablesUpTo(this.awaitedDecree());
    const names = this.guarded(() => this.linkRuns(runs));
    this.guardedWrite(() => {
      const flushed = this.writeMemtables(tables);
      this.installVersion({ ...flushed, files: this.placeRuns(names, flushed.files, behind) });
      this.immutables = this.immutables.slice(tables.length);
    });
    this.afterFlush();
  }

  tablesUpTo(decree: Decree): readonly Memtable[] {
    return this.immutables.filter((table) => table.decree <= decree);
  }

  /** Newest first. */
  placeRuns(names: readonly string[], others: readonly string[], behind: boolean): readonly string[] {
    return behind ? [...others, ...names] : [...names, ...others];
  }

  /** Second names of the files; the last file of the list is the newest. They are durable before a manifest names them. */
  linkRuns(runs: readonly ExternalRun[]): readonly string[] {
    const names: string[] = [];
    for (const { path, run } of runs) {
      const name = runName(this.takeFileNumber());
      this.directory.linkIn(path, name);
      this.directory.disk.sync(this.directory.path(name));
      this.runs.set(name, run);
      names.unshift(name);
    }
    return names;
  }

  afterFlush(): void {
    if (this.shouldCompact()) this.scheduleCompaction();
  }

  shouldCompact(): boolean {
    return this.version.files.length >= COMPACTION_TRIGGER_RUNS;
  }

  scheduleCompaction(): void {
    if (this.compactionTask !== undefined) return;
    const { tasks } = this.ctx.env;
    this.compactionTask = tasks.post('LPC_STORAGE_FLUSH', this.options.hash, 0, task(this, 'onCompaction'));
  }

  onCompaction(): void {
    this.compactionTask = undefined;
    this.inBackground(() => {
      if (this.shouldCompact()) this.compact({});
    });
  }

  /** Reads the runs from the disk again, as RocksDB does, so that damage is noticed and not carried on. */
  compact(meta: MetaValues): void {
    this.checkOpen();
    this.guardedWrite(() => {
      const merged = this.mergeFiles(this.version.files, (file) => this.directory.readRun(file));
      this.ctx.env.tasks.charge(merged.size * MERGE_COST_US);
      const run = sortedRunOf(merged, this.keepsTombstones());
      const files = run.keys.length === 0 ? [] : [this.addRun(run)];
      this.installVersion({ ...this.version, files, meta: { ...this.version.meta, ...meta } });
    });
  }

  /** A file ingested behind later lies under everything: a delete must still hide its rows. */
  keepsTombstones(): boolean {
    return this.allowsIngestBehind();
  }
}
