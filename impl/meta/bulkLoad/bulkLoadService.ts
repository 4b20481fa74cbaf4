/**
 * Bulk loads as the operator manages them (bl 6; upstream's bulk_load_service): start, control, query and clear, and how
 * a load ends (bl 16.3, 11.3). What is stored is visible only then; a start stores that the table loads, deletes the
 * last result, creates the load's node and those of the partitions, and is answered last.
 */
import type { BulkLoadControlType, BulkLoadStatus, ErrorCode } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { task } from '../../env/contract.ts';
import type { Replier } from '../../env/contract.ts';
import type {
  BulkLoadAdminResponse,
  BulkLoadAppRequest,
  ControlBulkLoadRequest,
  QueryBulkLoadResponse,
  StartBulkLoadRequest,
} from '../../protocol/bulkLoadMessages.ts';
import type { DropWatcher } from '../appDrop.ts';
import type { AppService } from '../appService.ts';
import type { MetaStorage } from '../metaStorage.ts';
import type { AppState, ServerState } from '../serverState.ts';
import type { BulkLoadPoller } from './bulkLoadPoller.ts';
import * as records from './bulkLoadRecords.ts';
import type { AppBulkLoadRecord, PartitionBulkLoadRecord } from './bulkLoadRecords.ts';
import type { BulkLoadReplies } from './bulkLoadReplies.ts';
import type { BulkLoadStartChecks } from './bulkLoadStartChecks.ts';
import { isSettled, newAppLoad } from './bulkLoadState.ts';
import type { AppLoad, PartitionLoad } from './bulkLoadState.ts';
import type { BulkLoadTransitions } from './bulkLoadTransitions.ts';
import type { IngestionDispatch } from './ingestionDispatch.ts';
import type { OperationLock } from './operationLock.ts';

type Reply = Replier<BulkLoadAdminResponse>;

export class BulkLoadService implements DropWatcher {
  readonly ctx: Context;
  readonly state: ServerState;
  readonly storage: MetaStorage;
  readonly apps: AppService;
  readonly lock: OperationLock;
  readonly checks: BulkLoadStartChecks;
  readonly transitions: BulkLoadTransitions;
  readonly poller: BulkLoadPoller;
  readonly replies: BulkLoadReplies;
  readonly ingestion: IngestionDispatch;
  /** By table: the load in progress, or the last one's result. */
  private readonly loads = new Map<number, AppLoad>();
  private nextLoad = 1;

  constructor(ctx: Context, state: ServerState, storage: MetaStorage, apps: AppService) {
    this.ctx = ctx;
    this.state = state;
    this.storage = storage;
    this.apps = apps;
    this.lock = new ctx.parts.OperationLock();
    this.checks = new ctx.parts.BulkLoadStartChecks(ctx, this);
    this.transitions = new ctx.parts.BulkLoadTransitions(ctx, this, storage);
    this.poller = new ctx.parts.BulkLoadPoller(ctx, this);
    this.replies = new ctx.parts.BulkLoadReplies(ctx, this);
    this.ingestion = new ctx.parts.IngestionDispatch(ctx, this);
    apps.drops.watch(this);
  }

  // ------------------------------------------------------------------ start

  startBulkLoad(request: StartBulkLoadRequest, replier: Reply): void {
    const hold = this.takeLock();
    if (hold === undefined) {
      replier.reply({ error: 'ERR_BUSY', hint: 'meta server is busy now, please wait' });
      return;
    }
    const refusal = this.checks.check(request);
    const app = this.state.liveApp(request.appName);
    if (refusal !== undefined || app === undefined) {
      this.lock.release(hold);
      replier.reply(refusal ?? { error: 'ERR_APP_NOT_EXIST', hint: 'app not existed is ' });
    } else {
      this.doStartBulkLoad(app, request, hold, replier);
    }
  }

  /** A hold of the operation lock, 0 where none is needed; undefined when another load has it. */
  takeLock(): number | undefined {
    if (this.ctx.settings.enableConcurrentBulkLoad) return 0;
    return this.lock.isFree() ? this.lock.take() : undefined;
  }

  private doStartBulkLoad(app: AppState, request: StartBulkLoadRequest, hold: number, replier: Reply): void {
    const load = this.addLoad({
      appId: app.appId,
      partitionCount: app.record.info.partitionCount,
      appName: request.appName,
      clusterName: request.clusterName,
      fileProviderType: request.fileProviderType,
      status: 'BLS_DOWNLOADING',
      remoteRootPath: request.remoteRootPath,
      ingestBehind: request.ingestBehind,
      isEverIngesting: false,
      error: 'ERR_OK',
      loadId: this.nextLoadId(app),
    });
    load.hold = hold;
    load.starter = replier;
    const root = records.bulkLoadRoot(this.state.options.cluster);
    this.storage.createNode(root, '', task(this, 'onRootCreated', app.appId, load.id));
  }

  /** Never used again, as the table's record keeps it from before the first replica hears of the load (bl.B35). */
  nextLoadId(app: AppState): number {
    return Math.max(app.record.lastLoadId, this.loads.get(app.appId)?.record.loadId ?? 0) + 1;
  }

  /** A new load in place of what was known of the table. */
  addLoad(record: AppBulkLoadRecord): AppLoad {
    const load = newAppLoad(this.nextLoad++, record);
    this.loads.set(load.appId, load);
    return load;
  }

  onRootCreated(appId: number, loadId: number): void {
    const load = this.loadOf(appId, loadId);
    if (load === undefined) return;
    const then = task(this, 'onIsBulkLoadingStored', appId, loadId);
    this.apps.storeIsBulkLoading(appId, load.intended.loadId, then);
  }

  /** The table may have been dropped in the meantime. */
  onIsBulkLoadingStored(appId: number, loadId: number): void {
    const load = this.loadOf(appId, loadId);
    if (load === undefined || !load.active) return;
    if (this.state.app(appId)?.status === 'AS_AVAILABLE') this.removeBulkLoadDir(load);
    else this.handleAppUnavailable(load);
  }

  private removeBulkLoadDir(load: AppLoad): void {
    this.storage.deleteNode(this.appPath(load), true, task(this, 'createAppBulkLoadDir', load.appId, load.id));
  }

  /** As the record is meant by now: a control that came earlier has only changed that (bl.B23). */
  createAppBulkLoadDir(appId: number, loadId: number): void {
    const load = this.loadOf(appId, loadId);
    if (load === undefined || this.retire(load)) return;
    load.created = true;
    const record = load.intended;
    const then = task(this, 'onAppDirCreated', appId, loadId, record);
    this.storage.createNode(this.appPath(load), records.encodeAppBulkLoad(record), then);
  }

  onAppDirCreated(appId: number, loadId: number, record: AppBulkLoadRecord): void {
    const load = this.loadOf(appId, loadId);
    if (load === undefined) return;
    load.record = record;
    if (this.retire(load)) return;
    for (const part of load.partitions) this.createPartitionBulkLoadDir(load, part, this.statusAtCreation(load));
  }

  /** As the table's record stands in the store: what it is on its way to is pushed when it is there (bl 4.5). */
  statusAtCreation(load: AppLoad): BulkLoadStatus {
    const { status } = load.record;
    return this.transitions.isPushed(status) ? status : 'BLS_DOWNLOADING';
  }

  /** A push that comes while the node is being created follows it (bl.B23). */
  createPartitionBulkLoadDir(load: AppLoad, part: PartitionLoad, status: BulkLoadStatus): void {
    const record = this.recordAtCreation(load, status);
    part.created = true;
    part.intended = record;
    const then = task(this, 'onPartitionDirCreated', load.appId, load.id, part.index, record);
    this.storage.createNode(this.partitionPath(load, part), records.encodePartitionBulkLoad(record), then);
  }

  /** It has never ingested, also where a restart makes it (bl.B27). */
  recordAtCreation(_load: AppLoad, status: BulkLoadStatus): PartitionBulkLoadRecord {
    return records.newPartitionRecord(status);
  }

  onPartitionDirCreated(appId: number, loadId: number, index: number, record: PartitionBulkLoadRecord): void {
    const load = this.loadOf(appId, loadId);
    const part = load?.partitions[index];
    if (load === undefined || part === undefined) return;
    part.record = record;
    if (this.retire(load)) return;
    this.poller.startLoop(load, part);
    if (load.partitions.every((one) => one.record.status !== 'BLS_INVALID')) this.answerStart(load);
  }

  private answerStart(load: AppLoad, error: ErrorCode = 'ERR_OK', hint = ''): void {
    load.starter?.reply({ error, hint });
    load.starter = undefined;
  }

  // ------------------------------------------------------------------ control

  /**
   * Whatever is on its way to the store counts: a change asked for later would come behind it (bl.B7). A load that has
   * ended is loading until that is stored: a force cancel changes how it is told to have ended.
   */
  controlBulkLoad(request: ControlBulkLoadRequest, replier: Reply): void {
    const { appName, type } = request;
    const app = this.state.liveApp(appName);
    const unavailable = this.unavailableError(appName);
    const load = app === undefined ? undefined : this.loads.get(app.appId);
    if (app === undefined || unavailable !== 'ERR_OK') {
      replier.reply({ error: unavailable, hint: `app(${appName}) is not existed or not available` });
    } else if (!app.record.isBulkLoading || load === undefined) {
      replier.reply({ error: 'ERR_INACTIVE_STATE', hint: `app(${appName}) is not executing bulk load` });
    } else {
      this.doControl(load, request.appName, type, replier);
    }
  }

  private doControl(load: AppLoad, appName: string, type: BulkLoadControlType, replier: Reply): void {
    const { status } = this.recordToJudge(load);
    if (this.isControlAllowed(type, status)) {
      replier.reply({ error: 'ERR_OK', hint: '' });
      this.transitions.updateAppStatus(load, CONTROL_TARGETS[type]);
    } else {
      const doing = `can not ${CONTROL_WORDS[type]} bulk load for app(${appName})`;
      replier.reply({ error: 'ERR_INVALID_STATE', hint: `${doing} with status(${records.fullStatusName(status)})` });
    }
  }

  /** Of a load, as a decision about it sees it: what it is on its way to (bl.B7). */
  recordToJudge(load: AppLoad): AppBulkLoadRecord {
    return load.intended;
  }

  isControlAllowed(type: BulkLoadControlType, status: BulkLoadStatus): boolean {
    switch (type) {
      case 'BLC_PAUSE':
        return status === 'BLS_DOWNLOADING';
      case 'BLC_RESTART':
        return status === 'BLS_PAUSED';
      case 'BLC_CANCEL':
        return status === 'BLS_DOWNLOADING' || status === 'BLS_PAUSED';
      case 'BLC_FORCE_CANCEL':
        return true;
    }
  }

  // ------------------------------------------------------------------ query and clear

  queryBulkLoad(request: BulkLoadAppRequest, replier: Replier<QueryBulkLoadResponse>): void {
    const { appName } = request;
    const app = this.state.liveApp(appName);
    const unavailable = this.unavailableError(appName);
    if (app === undefined || unavailable !== 'ERR_OK') {
      this.refuseQuery(request, unavailable, `app(${appName}) is not existed or not available`, replier);
      return;
    }
    const load = this.loads.get(app.appId);
    const { isBulkLoading } = app.record;
    const failed = !isBulkLoading && load?.record.status === 'BLS_FAILED';
    replier.reply({
      error: failed ? load.record.error : 'ERR_OK',
      hint: isBulkLoading ? '' : `app(${appName}) is not during bulk load, return last time result`,
      appName,
      appStatus: load === undefined ? 'BLS_INVALID' : this.recordToTell(load).status,
      partitionsStatus: app.configs.map((_, i) => load?.partitions[i]?.record.status ?? 'BLS_INVALID'),
      maxReplicaCount: app.record.info.maxReplicaCount,
      bulkLoadStates: app.configs.map((_, i) => load?.partitions[i]?.states ?? {}),
      isBulkLoading,
    });
  }

  /** What the store holds, and no more. */
  recordToTell(load: AppLoad): AppBulkLoadRecord {
    return load.record;
  }

  refuseQuery(request: BulkLoadAppRequest, error: ErrorCode, hint: string, to: Replier<QueryBulkLoadResponse>): void {
    to.reply({ ...NOTHING_KNOWN, error, hint, appName: request.appName });
  }

  clearBulkLoad(request: BulkLoadAppRequest, replier: Reply): void {
    const { appName } = request;
    const app = this.state.liveApp(appName);
    const unavailable = this.unavailableError(appName);
    if (app === undefined || unavailable !== 'ERR_OK') {
      replier.reply({ error: unavailable, hint: `app(${appName}) is not existed or not available` });
    } else if (this.isExecuting(app)) {
      replier.reply({ error: 'ERR_INVALID_STATE', hint: `app(${appName}) is executing bulk load` });
    } else {
      const path = records.appBulkLoadPath(this.state.options.cluster, app.appId);
      this.loads.delete(app.appId);
      this.storage.deleteNode(path, true, task(this, 'onCleared', appName, replier));
    }
  }

  onCleared(appName: string, replier: Reply): void {
    const hint = `clear app(${appName}) bulk load result succeed, remove bulk load dir succeed`;
    replier.reply({ error: 'ERR_OK', hint });
  }

  /** ERR_OK for a table that is there and available. */
  unavailableError(appName: string): ErrorCode {
    const app = this.state.liveApp(appName);
    if (app === undefined) return 'ERR_APP_NOT_EXIST';
    return app.status === 'AS_AVAILABLE' ? 'ERR_OK' : 'ERR_APP_DROPPED';
  }

  // ------------------------------------------------------------------ the end of a load

  /** bl 16.3: what was loaded is kept to be told; nobody polls any more. */
  finish(load: AppLoad): void {
    this.stop(load);
    this.apps.storeIsBulkLoading(load.appId, undefined, task(this, 'onFinished', load.appId, load.id, load.hold));
  }

  /** Its own hold only (bl.B8). */
  onFinished(_appId: number, _loadId: number, hold: number): void {
    this.lock.release(hold);
  }

  /** Keeps the result, and what its slots held goes back. */
  stop(load: AppLoad): void {
    load.active = false;
    load.rolling = undefined;
    load.rollbackCount = 0;
    this.ingestion.resetApp(load);
  }

  /** Before it may be recalled: a load goes with its table, whoever notices it first (bl.B1). */
  onAppDropped(appId: number): void {
    const load = this.loads.get(appId);
    if (load !== undefined) this.handleAppUnavailable(load);
  }

  /** bl 11.3: the table is going. Nothing of the load stays, and others may load (bl.B1). */
  handleAppUnavailable(load: AppLoad): void {
    if (!load.active) return;
    this.finish(load);
    this.answerStart(load, 'ERR_APP_DROPPED', 'app not available is ');
    load.unavailable = true;
    this.retire(load);
  }

  /**
   * Whether the load has ended, so that a stored write of it leads to nothing. The node of a table that is going is
   * deleted behind the last of them: a later one would find it missing (bl.B23).
   */
  retire(load: AppLoad): boolean {
    if (load.active) return false;
    if (load.unavailable && this.isQuiet(load)) {
      this.loads.delete(load.appId);
      this.storage.deleteNode(this.appPath(load), true, task(this, 'onRetired', load.appId));
    }
    return true;
  }

  onRetired(_appId: number): void {
    // Nobody waits for it.
  }

  private isQuiet(load: AppLoad): boolean {
    const isAppQuiet = !load.created || isSettled(load);
    return isAppQuiet && load.partitions.every((part) => !part.created || part.record === part.intended);
  }

  // ------------------------------------------------------------------ what all share

  /** The load in progress or the last result of the table, if it is the one named. */
  loadOf(appId: number, loadId: number): AppLoad | undefined {
    const load = this.loads.get(appId);
    return load?.id === loadId ? load : undefined;
  }

  latestLoad(appId: number): AppLoad | undefined {
    return this.loads.get(appId);
  }

  /** A load of the table is in progress: by its record, or by a start that has not come to store it. */
  isExecuting(app: AppState): boolean {
    return app.record.isBulkLoading || this.loads.get(app.appId)?.active === true;
  }

  appPath(load: AppLoad): string {
    return records.appBulkLoadPath(this.state.options.cluster, load.appId);
  }

  partitionPath(load: AppLoad, part: PartitionLoad): string {
    return records.partitionBulkLoadPath(this.state.options.cluster, load.appId, part.index);
  }
}

const CONTROL_TARGETS: Readonly<Record<BulkLoadControlType, BulkLoadStatus>> = {
  BLC_PAUSE: 'BLS_PAUSING',
  BLC_RESTART: 'BLS_DOWNLOADING',
  BLC_CANCEL: 'BLS_CANCELED',
  BLC_FORCE_CANCEL: 'BLS_CANCELED',
};
const CONTROL_WORDS: Readonly<Record<BulkLoadControlType, string>> = {
  BLC_PAUSE: 'pause',
  BLC_RESTART: 'restart',
  BLC_CANCEL: 'cancel',
  BLC_FORCE_CANCEL: 'cancel',
};
const NOTHING_KNOWN = { appStatus: 'BLS_INVALID', partitionsStatus: [], maxReplicaCount: 0, bulkLoadStates: [], isBulkLoading: false } as const;
