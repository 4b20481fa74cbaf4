/**
 * A dropped table is called back (upstream's server_state::recall_app, do_app_recall, recall_partition; dup 5.3).
 *
 * Facts beyond the sheets, all upstream's. A table is recalled by its id, under its old name or another one: refused for an
 * id that nobody has and for a table that has expired (ERR_APP_NOT_EXIST), one that is not dropped (ERR_APP_EXIST, or
 * busy), and a name that a table has (ERR_INVALID_PARAMETERS). AS_RECALLING is in memory only, and for whoever asks for
 * the table by name as good as AS_CREATING. The table's record is stored as available first, with its name; then each
 * partition's node says that it is not dropped any more. A meta server that starts in between goes on with that
 * (recovery.ts). Partitions keep their ballots: none has a member, so that `last_drops` tells who may be primary (DDD).
 *
 * Mended (docs/departures.md, `recall.1` to `recall.6`, `recall.8`): upstream goes on when the record could not be stored, and takes any
 * name. Here a table whose duplication has lost its remote table to another one is refused as well.
 */
import type { Context } from '../context.ts';
import { task } from '../env/contract.ts';
import type { Replier } from '../env/contract.ts';
import { isAppName } from '../protocol/appName.ts';
import type { RecallAppRequest, RecallAppResponse } from '../protocol/messages.ts';
import type { AppService } from './appService.ts';
import { invalid } from './envRules.ts';
import type { Refusal } from './envRules.ts';
import type { MetaStorage } from './metaStorage.ts';
import * as records from './records.ts';
import type { AppRecord } from './records.ts';
import { isDuplicating } from './serverState.ts';
import type { AppState, ServerState } from './serverState.ts';

export class AppRecall {
  readonly ctx: Context;
  readonly apps: AppService;
  readonly state: ServerState;
  readonly storage: MetaStorage;

  constructor(ctx: Context, apps: AppService) {
    this.ctx = ctx;
    this.apps = apps;
    this.state = apps.state;
    this.storage = apps.storage;
  }

  recallApp(request: RecallAppRequest, replier: Replier<RecallAppResponse>): void {
    const app = this.state.app(request.appId);
    const name = app === undefined ? '' : this.nameAfter(app, request);
    const refusal = app === undefined ? unknown(request.appId) : this.check(app, name);
    if (app === undefined || refusal !== undefined) {
      if (refusal !== undefined) replier.reply({ ...refusal, appId: 0, appName: '', partitionCount: 0 });
      return;
    }
    app.status = 'AS_RECALLING';
    app.newName = name;
    this.apps.enqueueChange(app, { kind: 'recall', name, replier });
  }

  nameAfter(app: AppState, { newAppName }: RecallAppRequest): string {
    return newAppName === '' ? app.record.info.appName : newAppName;
  }

  check(app: AppState, name: string): Refusal | undefined {
    const { appId } = app;
    const busy = this.apps.checkStaging(app);
    if (busy !== undefined) return busy;
    if (app.status !== 'AS_DROPPED') return { error: 'ERR_APP_EXIST', hint: `table ${appId} is not dropped` };
    if (this.apps.drops.isExpired(app)) return { error: 'ERR_APP_NOT_EXIST', hint: `table ${appId} has expired` };
    return this.checkName(name) ?? this.checkDuplications(app);
  }

  checkName(name: string): Refusal | undefined {
    if (!isAppName(name)) return invalid(`invalid table name '${name}'`);
    return this.isTaken(name) ? invalid(`table ${name} exists`) : undefined;
  }

  isTaken(name: string): boolean {
    return this.state.holderOf(name) !== undefined;
  }

  /** Another table may be duplicated to where this one was: two that write to one would mix. */
  checkDuplications(app: AppState): Refusal | undefined {
    for (const { identity } of app.duplications.values()) {
      const { remoteCluster, remoteAppName } = identity;
      const rival = this.duplicatedTo(app, remoteCluster, remoteAppName);
      if (rival !== undefined) {
        return invalid(`table ${rival.record.info.appName} is duplicated to ${remoteAppName} of ${remoteCluster}`);
      }
    }
    return undefined;
  }

  private duplicatedTo(app: AppState, remoteCluster: string, remoteAppName: string): AppState | undefined {
    for (const other of this.state.apps()) {
      if (other === app || other.status === 'AS_DROPPED') continue;
      for (const { identity } of other.duplications.values()) {
        if (identity.remoteCluster === remoteCluster && identity.remoteAppName === remoteAppName) return other;
      }
    }
    return undefined;
  }

  doAppRecall(app: AppState, name: string): void {
    const record = this.recordAfter(app, name);
    this.apps.storeRecord(app, record, task(this, 'onRecallStored', app.appId, record));
  }

  /** Its load has ended with the drop; its duplications have not. */
  recordAfter(app: AppState, name: string): AppRecord {
    const available = records.withStatus(records.withName(app.record, name), 'AS_AVAILABLE');
    return { ...records.withDuplicating(available, isDuplicating(app)), isBulkLoading: false };
  }

  onRecallStored(appId: number, record: AppRecord): void {
    const app = this.apps.appOf(appId);
    const dropped = [...app.droppedPartitions];
    if (dropped.length === 0) this.finishRecall(app, record);
    for (const index of dropped) this.recallPartition(app, index, record);
  }

  recallPartition(app: AppState, index: number, record: AppRecord): void {
    const config = app.configs[index];
    const known = config !== undefined;
    this.ctx.env.check(known, 'recall_partition', () => `table ${app.appId} has no partition ${index}`);
    const path = records.partitionPath(this.state.options.cluster, app.appId, index);
    const then = task(this, 'onPartitionRecalled', app.appId, index, record);
    this.storage.setData(path, records.encodeConfig(config), then);
  }

  onPartitionRecalled(appId: number, index: number, record: AppRecord): void {
    const app = this.apps.appOf(appId);
    app.droppedPartitions.delete(index);
    if (app.droppedPartitions.size === 0) this.finishRecall(app, record);
  }

  finishRecall(app: AppState, record: AppRecord): void {
    this.apps.onChangeStored(app.appId, record);
    this.apps.cure.onRecalled(app);
  }
}

function unknown(appId: number): Refusal {
  return { error: 'ERR_APP_NOT_EXIST', hint: `table ${appId} does not exist` };
}
