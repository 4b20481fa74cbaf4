/**
 * The storage app of one replica, upstream's pegasus_server_impl: what its base classes do, the table's envs,
 * and the steps of a manual compaction (repl 2.2, 2.6).
 */
import type { Context } from '../../context.ts';
import type { StorageAppContract, StorageAppOptions } from '../contracts.ts';
import { LearningApp } from './learningApp.ts';
import type { ManualCompactService } from './manualCompactService.ts';
import { META_MANUAL_COMPACT_FINISH_TIME, parseInteger } from './names.ts';

export class StorageApp extends LearningApp implements StorageAppContract {
  readonly manualCompact: ManualCompactService;

  constructor(ctx: Context, options: StorageAppOptions) {
    super(ctx, options);
    this.manualCompact = new ctx.parts.ManualCompactService(ctx, this);
  }

  updateAppEnvs(envs: Readonly<Record<string, string>>): void {
    this.updateCheckpointReserve(envs);
    this.manualCompact.startManualCompactIfNeeded(envs);
  }

  // ------------------------------------------------------------------ steps of a manual compaction

  lastManualCompactFinishTime(): number {
    return parseInteger(this.engine.meta(META_MANUAL_COMPACT_FINISH_TIME)) ?? 0;
  }

  flushAllFamilyColumns(): boolean {
    return this.succeeds(() => {
      this.engine.flush();
    });
  }

  compactRange(finishTimeSeconds: number): boolean {
    return this.succeeds(() => {
      this.engine.compact({ [META_MANUAL_COMPACT_FINISH_TIME]: String(finishTimeSeconds) });
    });
  }

  /** A checkpoint of the merged files, so that the old ones can go; answers whether there is a new one. */
  releaseStorageAfterManualCompact(): boolean {
    const before = this.lastDurableDecree();
    this.flushAllFamilyColumns();
    this.checkpointAfterManualCompact();
    this.gcCheckpoints(true);
    return this.lastDurableDecree() > before;
  }

  /** Writes go on: a synchronous checkpoint would be labelled with a decree that it does not hold. */
  checkpointAfterManualCompact(): void {
    this.asyncCheckpoint(false, 'manual-compaction');
  }

  override abandon(): void {
    this.manualCompact.cancel();
    super.abandon();
  }

  private succeeds(step: () => void): boolean {
    const error = this.mapped(() => {
      step();
      return 'ERR_OK';
    });
    return error === 'ERR_OK';
  }
}
