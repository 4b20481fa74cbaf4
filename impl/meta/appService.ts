/**
 * Tables: create, set envs, list, and the changes of a table's record (upstream's server_state::create_app, drop_app,
 * set_app_envs, list_apps; dup 5.3 for the order of checks). How a drop, a recall and a rename go on stands in files of
 * their own.
 *
 * Order of writes: a creation stores the table as AS_CREATING, then every partition, then AS_AVAILABLE, and only then
 * answers. Upstream stores only the final status, first of all writes (docs/departures.md, `meta.1`). Changes of one
 * table's record are made one after the other, each from the record as it then stands: with upstream's way a second
 * change of envs loses the first when both are on their way (`meta.2`).
 */
import type { Context } from '../context.ts';
import { resume, task } from '../env/contract.ts';
import type { Continuation, Replier } from '../env/contract.ts';
import type {
  AdminResponse,
  AppInfo,
  CreateAppRequest,
  DropAppRequest,
  ListAppsResponse,
  RecallAppResponse,
  UpdateEnvsRequest,
} from '../protocol/messages.ts';
import { isAppName } from '../protocol/appName.ts';
import type { AppDrop } from './appDrop.ts';
import type { AppRecall } from './appRecall.ts';
import type { AppRename } from './appRename.ts';
import type { FollowerAppRules } from './duplication/followerAppRules.ts';
import { invalid, refuseIngestBehind, refuseEnvs } from './envRules.ts';
import type { Refusal } from './envRules.ts';
import type { MetaStorage } from './metaStorage.ts';
import type { Cure } from './cure/cure.ts';
import * as records from './records.ts';
import type { AppRecord } from './records.ts';
import { isDuplicating } from './serverState.ts';
import type { AppState, ServerState } from './serverState.ts';

type AppChange =
  | { readonly kind: 'envs'; readonly set: Readonly<Record<string, string>>; readonly replier: Replier<AdminResponse> }
  | { readonly kind: 'drop'; readonly replier: Replier<AdminResponse> }
  | { readonly kind: 'recall'; readonly name: string; readonly replier: Replier<RecallAppResponse> }
  | { readonly kind: 'rename'; readonly name: string; readonly replier: Replier<AdminResponse> }
  | { readonly kind: 'duplicating'; readonly then: Continuation }
  | { readonly kind: 'bulkLoading'; readonly loadId: number | undefined; readonly then: Continuation };

interface Creation {
  readonly replier: Replier<AdminResponse>;
  partitionsInProgress: number;
}

/** Upstream's max_allowed_replica_count; min_allowed_replica_count is 1 (dup 2.7). */
const MAX_ALLOWED_REPLICA_COUNT = 5;

export class AppService {
  readonly ctx: Context;
  readonly state: ServerState;
  readonly storage: MetaStorage;
  readonly cure: Cure;
  readonly followerRules: FollowerAppRules;
  readonly drops: AppDrop;
  readonly recalls: AppRecall;
  readonly renames: AppRename;
  private readonly creations = new Map<number, Creation>();
  /** Changes of a table's record, the first of them at the store. */
  private readonly changes = new Map<number, AppChange[]>();

  constructor(ctx: Context, state: ServerState, storage: MetaStorage, cure: Cure) {
    this.ctx = ctx;
    this.state = state;
    this.storage = storage;
    this.cure = cure;
    this.followerRules = new ctx.parts.FollowerAppRules();
    this.drops = new ctx.parts.AppDrop(ctx, this);
    this.recalls = new ctx.parts.AppRecall(ctx, this);
    this.renames = new ctx.parts.AppRename(ctx, this);
  }

  // ------------------------------------------------------------------ create

  createApp(request: CreateAppRequest, replier: Replier<AdminResponse>): void {
    const refusal = this.checkCreate(request);
    const exists = this.state.holderOf(request.appName);
    if (refusal !== undefined) {
      this.refuse(replier, refusal);
    } else if (exists !== undefined) {
      this.answerExisting(request, exists, replier);
    } else {
      const app = this.state.addApp(this.newRecord(request), false);
      this.creations.set(app.appId, { replier, partitionsInProgress: request.partitionCount });
      this.doAppCreate(app);
    }
  }

  /** What is wrong with the request itself, whatever tables exist. */
  checkCreate(request: CreateAppRequest): Refusal | undefined {
    if (!this.isValidName(request.appName)) return invalid(`invalid table name '${request.appName}'`);
    if (!Number.isSafeInteger(request.partitionCount) || request.partitionCount <= 0) {
      return invalid(`partition count ${request.partitionCount} is not positive`);
    }
    if (!this.isValidReplicaCount(request.replicaCount)) {
      return invalid(`replica count ${request.replicaCount} is not in [1, ${this.maxReplicaCount()}]`);
    }
    return this.checkEnvs(request.envs);
  }

  isValidName(name: string): boolean {
    return isAppName(name);
  }

  isValidReplicaCount(count: number): boolean {
    return Number.isSafeInteger(count) && count >= 1 && count <= this.maxReplicaCount();
  }

  private maxReplicaCount(): number {
    return Math.min(MAX_ALLOWED_REPLICA_COUNT, this.state.options.replicaServers.length);
  }

  checkEnvs(envs: Readonly<Record<string, string>>): Refusal | undefined {
    return Object.keys(envs).includes('') ? invalid('an env has no name') : undefined;
  }

  answerExisting(request: CreateAppRequest, app: AppState, replier: Replier<AdminResponse>): void {
    const staging = this.checkStaging(app) ?? this.checkRenaming(request, app);
    if (staging === undefined && this.followerRules.isFollowerRequest(request)) {
      this.processCreateFollowerAppStatus(request, app, replier);
      return;
    }
    const refusal = staging ?? this.checkExisting(request, app);
    if (refusal !== undefined) this.refuse(replier, refusal);
    else this.succeed(replier, app);
  }

  /** A duplication's master asks for the table that it has created, or marks it (dup 5.3). */
  processCreateFollowerAppStatus(request: CreateAppRequest, app: AppState, replier: Replier<AdminResponse>): void {
    const error = this.followerRules.check(request, app);
    if (error !== 'ERR_OK') this.refuse(replier, { error, hint: `table ${request.appName} exists` });
    else this.updateCreateFollowerAppStatus(app, this.followerRules.changes(request, app), replier);
  }

  updateCreateFollowerAppStatus(app: AppState, set: Readonly<Record<string, string>>, replier: Replier<AdminResponse>): void {
    if (Object.keys(set).length === 0) this.succeed(replier, app);
    else this.enqueueChange(app, { kind: 'envs', set, replier });
  }

  /** A table is about to get this name: what it has now may yet be all that is stored. */
  checkRenaming({ appName }: CreateAppRequest, app: AppState): Refusal | undefined {
    if (app.newName !== appName) return undefined;
    return { error: 'ERR_BUSY_CREATING', hint: `table ${app.appId} is being renamed to ${appName}` };
  }

  /** A table of that name is available already: fine only when the request says so and would have made the same. */
  checkExisting(request: CreateAppRequest, app: AppState): Refusal | undefined {
    const { appName } = request;
    if (!request.successIfExist) return { error: 'ERR_APP_EXIST', hint: `table ${appName} exists` };
    return this.optionsMatch(request, app) ? undefined : invalid(`table ${appName} exists with other options`);
  }

  /** Whether the table is what the request would have created. */
  optionsMatch(request: CreateAppRequest, app: AppState): boolean {
    const { info } = app.record;
    return (
      info.partitionCount === request.partitionCount &&
      info.maxReplicaCount === request.replicaCount &&
      JSON.stringify(info.envs) === JSON.stringify(records.sortedEnvs(request.envs))
    );
  }

  private newRecord(request: CreateAppRequest): AppRecord {
    const info: AppInfo = {
      appId: this.state.nextAppId(),
      appName: request.appName,
      appType: 'pegasus',
      partitionCount: request.partitionCount,
      maxReplicaCount: request.replicaCount,
      status: 'AS_CREATING',
      envs: records.sortedEnvs(request.envs),
      duplicating: false,
    };
    return {
      info,
      initPartitionCount: request.partitionCount,
      createSecond: this.nowSecond(),
      dropSecond: 0,
      expireSecond: 0,
      isBulkLoading: false,
      lastLoadId: 0,
    };
  }

  doAppCreate(app: AppState): void {
    this.storage.createNode(this.pathOf(app), records.encodeApp(app.record), task(this, 'onAppNodeCreated', app.appId));
  }

  onAppNodeCreated(appId: number): void {
    const app = this.appOf(appId);
    app.stored = true;
    for (let i = 0; i < app.configs.length; i++) this.initAppPartitionNode(app, i);
  }

  initAppPartitionNode(app: AppState, partitionIndex: number): void {
    const value = records.encodeConfig(records.initialConfig(app.record.info, partitionIndex));
    const path = records.partitionPath(this.state.options.cluster, app.appId, partitionIndex);
    this.storage.createNode(path, value, task(this, 'onPartitionNodeCreated', app.appId));
  }

  onPartitionNodeCreated(appId: number): void {
    const creation = this.creations.get(appId);
    if (creation === undefined || --creation.partitionsInProgress > 0) return;
    this.makeAvailable(this.appOf(appId));
  }

  makeAvailable(app: AppState): void {
    const record = records.withStatus(app.record, 'AS_AVAILABLE');
    this.storeRecord(app, record, task(this, 'onAppAvailable', app.appId, record));
  }

  onAppAvailable(appId: number, record: AppRecord): void {
    const app = this.appOf(appId);
    this.applyRecord(app, record);
    const creation = this.creations.get(appId);
    this.creations.delete(appId);
    if (creation !== undefined) this.succeed(creation.replier, app);
    this.cure.watchApp(app);
  }

  // ------------------------------------------------------------------ changes of a table's record

  dropApp(request: DropAppRequest, replier: Replier<AdminResponse>): void {
    const app = this.state.liveApp(request.appName);
    const refusal = app === undefined ? this.refuseAbsent(request.appName) : this.checkStaging(app);
    if (app === undefined || refusal !== undefined) {
      if (refusal !== undefined) this.refuse(replier, refusal);
      return;
    }
    app.status = 'AS_DROPPING';
    this.enqueueChange(app, { kind: 'drop', replier });
  }

  setAppEnvs(request: UpdateEnvsRequest, replier: Replier<AdminResponse>): void {
    const app = this.state.liveApp(request.appName);
    const state = app === undefined ? this.refuseAbsent(request.appName) : this.checkNewEnvs(app, request.set);
    const refusal = this.checkSetEnvs(request) ?? state;
    if (refusal !== undefined) this.refuse(replier, refusal);
    else if (app !== undefined) this.enqueueChange(app, { kind: 'envs', set: request.set, replier });
  }

  checkSetEnvs(request: UpdateEnvsRequest): Refusal | undefined {
    if (Object.keys(request.set).length === 0) return invalid('no envs to set');
    return this.checkEnvs(request.set) ?? refuseEnvs(request.set);
  }

  checkNewEnvs(app: AppState, set: Readonly<Record<string, string>>): Refusal | undefined {
    return this.checkStaging(app) ?? refuseIngestBehind(app, set);
  }

  /** A table that is neither available nor dropped is busy. */
  checkStaging(app: AppState): Refusal | undefined {
    const name = app.record.info.appName;
    if (app.status === 'AS_CREATING') return { error: 'ERR_BUSY_CREATING', hint: `table ${name} is being created` };
    if (app.status === 'AS_RECALLING') return { error: 'ERR_BUSY_CREATING', hint: `table ${name} is being recalled` };
    if (app.status === 'AS_DROPPING') return { error: 'ERR_BUSY_DROPPING', hint: `table ${name} is being dropped` };
    return undefined;
  }

  refuseAbsent(name: string): Refusal {
    if (this.state.wasDropped(name)) return { error: 'ERR_APP_DROPPED', hint: `table ${name} was dropped` };
    return { error: 'ERR_APP_NOT_EXIST', hint: `table ${name} does not exist` };
  }

  enqueueChange(app: AppState, change: AppChange): void {
    const queue = this.changes.get(app.appId);
    if (queue === undefined) {
      this.changes.set(app.appId, [change]);
      this.startChange(app, change);
    } else {
      queue.push(change);
    }
  }

  startChange(app: AppState, change: AppChange): void {
    switch (change.kind) {
      case 'envs':
        this.storeChange(app, records.withEnvs(app.record, change.set));
        break;
      case 'drop':
        this.drops.doAppDrop(app);
        break;
      case 'recall':
        this.recalls.doAppRecall(app, change.name);
        break;
      case 'rename':
        this.renames.doAppRename(app, change.name);
        break;
      case 'duplicating':
        this.doStoreDuplicating(app);
        break;
      case 'bulkLoading':
        this.doStoreIsBulkLoading(app, change.loadId);
        break;
    }
  }

  /** Brings `duplicating` of the table's record in line with its duplications (dup.B45); `then` when it is stored. */
  storeDuplicating(appId: number, then: Continuation): void {
    this.enqueueChange(this.appOf(appId), { kind: 'duplicating', then });
  }

  /** The record of a table that is dropped stays as it is. */
  doStoreDuplicating(app: AppState): void {
    const { status, duplicating } = app.record.info;
    const next = isDuplicating(app);
    if (duplicating === next || status !== 'AS_AVAILABLE') this.onChangeStored(app.appId, app.record);
    else this.storeChange(app, records.withDuplicating(app.record, next));
  }

  /** A bulk load of the table runs: that of the id, or none (bl 4.1); `then` when it is stored. */
  storeIsBulkLoading(appId: number, loadId: number | undefined, then: Continuation): void {
    this.enqueueChange(this.appOf(appId), { kind: 'bulkLoading', loadId, then });
  }

  /** A load of a table that is dropped meanwhile does not begin. */
  doStoreIsBulkLoading(app: AppState, loadId: number | undefined): void {
    const { info, isBulkLoading, lastLoadId } = app.record;
    const value = loadId !== undefined;
    const next = { ...app.record, isBulkLoading: value, lastLoadId: loadId ?? lastLoadId };
    if (isBulkLoading === value || (value && info.status !== 'AS_AVAILABLE')) this.onChangeStored(app.appId, app.record);
    else this.storeChange(app, next);
  }

  onChangeStored(appId: number, record: AppRecord): void {
    const app = this.appOf(appId);
    this.applyRecord(app, record);
    const queue = this.changes.get(appId);
    const change = queue?.shift();
    if (change !== undefined) this.finishChange(app, change);
    const next = queue?.[0];
    if (next === undefined) this.changes.delete(appId);
    else this.startChange(app, next);
  }

  private finishChange(app: AppState, change: AppChange): void {
    if (change.kind === 'recall' || change.kind === 'rename') app.newName = undefined;
    if (change.kind === 'duplicating' || change.kind === 'bulkLoading') resume(change.then, undefined);
    else if (change.kind === 'recall') this.succeedRecall(change.replier, app);
    else this.succeed(change.replier, app);
  }

  private succeedRecall(replier: Replier<RecallAppResponse>, { appId, record }: AppState): void {
    const { appName, partitionCount } = record.info;
    replier.reply({ error: 'ERR_OK', hint: '', appId, appName, partitionCount });
  }

  // ------------------------------------------------------------------ list, and what all share

  listApps(replier: Replier<ListAppsResponse>): void {
    const apps: AppInfo[] = [];
    for (const app of this.state.apps()) if (app.stored) apps.push(app.record.info);
    replier.reply({ error: 'ERR_OK', apps });
  }

  /** Writes the table's record; what was written is applied in `then`, not before. */
  storeRecord(app: AppState, record: AppRecord, then: Continuation): void {
    this.storage.setData(this.pathOf(app), records.encodeApp(record), then);
  }

  private storeChange(app: AppState, record: AppRecord): void {
    this.storeRecord(app, record, task(this, 'onChangeStored', app.appId, record));
  }

  /** A stored record becomes visible. Staging follows it, except where an operation waits behind it. */
  applyRecord(app: AppState, record: AppRecord): void {
    const isReached = app.status === 'AS_CREATING' || app.status === 'AS_RECALLING';
    const { status } = record.info;
    app.record = record;
    if (status === 'AS_AVAILABLE' ? isReached : app.status !== 'AS_RECALLING') app.status = status;
  }

  nowSecond(): number {
    return Math.floor(this.ctx.env.clock.wallUs() / 1_000_000);
  }

  private pathOf(app: AppState): string {
    return records.appPath(this.state.options.cluster, app.appId);
  }

  appOf(appId: number): AppState {
    const app = this.state.app(appId);
    this.ctx.env.check(app !== undefined, 'app_service', () => `table ${appId} is unknown`);
    return app;
  }

  private succeed(replier: Replier<AdminResponse>, app: AppState): void {
    replier.reply({ error: 'ERR_OK', hint: '', appId: app.appId });
  }

  private refuse(replier: Replier<AdminResponse>, refusal: Refusal): void {
    replier.reply({ ...refusal, appId: 0 });
  }
}
