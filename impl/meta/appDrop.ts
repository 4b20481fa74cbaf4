/**
 * The drop of a table (upstream's server_state::do_app_drop, drop_partition, and the dropped tables of on_config_sync).
 *
 * Facts beyond the sheets, all upstream's. Every partition loses its members: they enter `last_drops`, secondaries
 * before the primary, its ballot rises by one, and its node says that it is dropped (`pc_flags::dropped`). So nothing
 * that was asked for before counts any more, and a recall finds a partition of which all replicas have dropped out. The
 * replicas are closed, and kept until the table has expired, `hold_seconds_for_dropped_app` after the drop.
 *
 * Order of writes: AS_DROPPING; once nothing else about the table is on its way to the store, each partition; then
 * AS_DROPPED, and the answer. Upstream stores AS_DROPPED first and cancels updates on their way (docs/departures.md,
 * `meta.1`). A partition that nobody has served stays at ballot 0, and so a new one (`recall.3`).
 */
import type { PartitionConfig } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { task } from '../env/contract.ts';
import type { AppService } from './appService.ts';
import type { RequestRules } from './cure/requestRules.ts';
import type { MetaStorage } from './metaStorage.ts';
import * as records from './records.ts';
import type { AppRecord } from './records.ts';
import type { AppState, ServerState } from './serverState.ts';

/** Who looks after what a table has beside its partitions. */
export interface DropWatcher {
  /** The store holds that the table is dropped. */
  onAppDropped(appId: number): void;
}

export class AppDrop {
  readonly ctx: Context;
  readonly apps: AppService;
  readonly state: ServerState;
  readonly storage: MetaStorage;
  readonly rules: RequestRules;
  private watcher: DropWatcher | undefined;
  /** By table: partitions whose drop is not stored yet. */
  private readonly partitionsInProgress = new Map<number, number>();
  /** Tables that were seen to have expired. None of them comes back. */
  private readonly expired = new Set<number>();

  constructor(ctx: Context, apps: AppService) {
    this.ctx = ctx;
    this.apps = apps;
    this.state = apps.state;
    this.storage = apps.storage;
    this.rules = new ctx.parts.RequestRules();
  }

  watch(watcher: DropWatcher): void {
    this.watcher = watcher;
  }

  doAppDrop(app: AppState): void {
    const dropSecond = this.apps.nowSecond();
    const expireSecond = dropSecond + this.ctx.settings.holdSecondsForDroppedApp;
    const record = { ...records.withStatus(app.record, 'AS_DROPPING'), dropSecond, expireSecond };
    this.apps.storeRecord(app, record, task(this, 'onDropping', app.appId, record));
  }

  onDropping(appId: number, record: AppRecord): void {
    const app = this.apps.appOf(appId);
    this.apps.applyRecord(app, record);
    this.finishDrop(app);
  }

  /** The rest of the drop, once nothing else about the table is on its way to the store. */
  finishDrop(app: AppState): void {
    const { status, partitionCount } = app.record.info;
    if (status !== 'AS_DROPPING' || this.partitionsInProgress.has(app.appId) || this.hasWritesOnTheirWay(app)) return;
    this.partitionsInProgress.set(app.appId, partitionCount);
    app.configs.forEach((config, index) => this.dropPartition(app, index, config));
  }

  hasWritesOnTheirWay(app: AppState): boolean {
    if (app.pendingUpdates.size > 0) return true;
    for (const dup of app.duplications.values()) if (dup.isAltering || dup.hasProgressOnItsWay()) return true;
    return false;
  }

  dropPartition(app: AppState, index: number, stored: PartitionConfig): void {
    const config = this.rules.droppedConfig(stored);
    const path = records.partitionPath(this.state.options.cluster, app.appId, index);
    const then = task(this, 'onPartitionDropped', app.appId, index, config);
    this.storage.setData(path, records.encodeConfig(config, true), then);
  }

  onPartitionDropped(appId: number, index: number, config: PartitionConfig): void {
    const app = this.apps.appOf(appId);
    this.state.applyConfig(app, index, config);
    app.droppedPartitions.add(index);
    const left = (this.partitionsInProgress.get(appId) ?? 0) - 1;
    this.partitionsInProgress.set(appId, left);
    if (left > 0) return;
    const record = records.withStatus(app.record, 'AS_DROPPED');
    this.apps.storeRecord(app, record, task(this, 'onDropped', appId, record));
  }

  onDropped(appId: number, record: AppRecord): void {
    this.partitionsInProgress.delete(appId);
    this.apps.onChangeStored(appId, record);
    this.watcher?.onAppDropped(appId);
  }

  /**
   * Whether the replicas of a dropped table may go. A recall on its way keeps them; a clock that is set back does not: some
   * may have gone already (docs/departures.md, recall.8).
   */
  isExpired(app: AppState): boolean {
    const { expireSecond } = app.record;
    if (app.status !== 'AS_DROPPED' || expireSecond <= 0) return false;
    if (this.apps.nowSecond() > expireSecond) this.expired.add(app.appId);
    return this.expired.has(app.appId);
  }
}
