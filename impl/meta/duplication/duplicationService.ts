/**
 * Duplications as the operator manages them: add, modify, remove, query and list (dup 3; upstream's
 * meta_duplication_service). Every change runs on the one worker of META_STATE, is persisted first, becomes visible
 * then, and is answered last.
 *
 * An add that finds a duplication of the table to the same cluster changes nothing (dup.B3). Automatic changes are made
 * only from the status that they were begun in, keep the fail mode, and write only what they have altered (dup.B1, B4,
 * B7). A removal waits for progress writes on their way (dup.B6). The table's `duplicating` is stored with each (B45).
 */
import type {
  ClusterId,
  DupId,
  DuplicationFailMode,
  DuplicationStatus,
  ErrorCode,
  NodeId,
} from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { task } from '../../env/contract.ts';
import type { Continuation, Replier } from '../../env/contract.ts';
import type {
  AddDuplicationRequest,
  AddDuplicationResponse,
  AppDuplications,
  ListDuplicationRequest,
  ListDuplicationResponse,
  ModifyDuplicationRequest,
  ModifyDuplicationResponse,
  QueryDuplicationRequest,
  QueryDuplicationResponse,
} from '../../protocol/duplicationMessages.ts';
import type { AppService } from '../appService.ts';
import type { MetaStorage } from '../metaStorage.ts';
import type { AppState, ServerState } from '../serverState.ts';
import type { AddRefusal, DuplicationAddChecks } from './duplicationAddChecks.ts';
import type { DuplicationInfo } from './duplicationInfo.ts';
import { duplicationPath, duplicationsPath } from './duplicationRecords.ts';
import { matchesName } from './nameMatch.ts';

export class DuplicationService {
  readonly ctx: Context;
  readonly state: ServerState;
  readonly storage: MetaStorage;
  readonly apps: AppService;
  readonly addChecks: DuplicationAddChecks;
  /** Largest id that this process gave to a duplication of the table. */
  private readonly lastDupIds = new Map<number, DupId>();
  /** Removals that wait for progress writes or for the store. */
  private readonly removals = new Map<DuplicationInfo, Replier<ModifyDuplicationResponse>>();

  constructor(ctx: Context, state: ServerState, storage: MetaStorage, apps: AppService) {
    this.ctx = ctx;
    this.state = state;
    this.storage = storage;
    this.apps = apps;
    this.addChecks = new ctx.parts.DuplicationAddChecks(ctx, state);
  }

  // ------------------------------------------------------------------ add

  addDuplication(request: AddDuplicationRequest, replier: Replier<AddDuplicationResponse>): void {
    const refusal = this.addChecks.check(request);
    const app = this.availableApp(request.appName);
    if (refusal !== undefined || app === undefined) {
      this.refuseAdd(replier, refusal ?? { error: 'ERR_APP_NOT_EXIST', hint: `no table ${request.appName}` });
      return;
    }
    const existing = this.findDuplication(app, request.remoteClusterName);
    const taken = existing === undefined ? this.addChecks.checkRemoteAppIsFree(app, request) : undefined;
    if (existing !== undefined) this.answerExisting(app, existing, request, replier);
    else if (taken !== undefined) this.refuseAdd(replier, taken);
    else this.doAddDuplication(app, this.newDupFromInit(app, request), request.isDuplicatingCheckpoint, replier);
  }

  /** The table's duplication to that cluster, if there is one, in whatever status. */
  findDuplication(app: AppState, remoteCluster: ClusterId): DuplicationInfo | undefined {
    for (const dup of app.duplications.values()) if (dup.identity.remoteCluster === remoteCluster) return dup;
    return undefined;
  }

  /** The table is duplicated to that cluster already: the request alters nothing, and is told what there is. */
  answerExisting(
    app: AppState,
    dup: DuplicationInfo,
    request: AddDuplicationRequest,
    replier: Replier<AddDuplicationResponse>,
  ): void {
    if (dup.isAltering) this.refuseAdd(replier, { error: 'ERR_BUSY', hint: `duplication ${dup.id} is being changed` });
    else this.answerAdd(app, dup, this.existingError(dup, request), replier);
  }

  existingError(_dup: DuplicationInfo, _request: AddDuplicationRequest): ErrorCode {
    return 'ERR_DUP_EXIST';
  }

  newDupFromInit(app: AppState, request: AddDuplicationRequest): DuplicationInfo {
    const { appName, partitionCount } = app.record.info;
    const dup = new this.ctx.parts.DuplicationInfo(this.ctx, {
      id: this.newDupId(app),
      appId: app.appId,
      appName,
      partitionCount,
      remoteCluster: request.remoteClusterName,
      remoteAppName: this.addChecks.remoteAppName(app, request),
      remoteReplicaCount: this.addChecks.remoteReplicaCount(app, request),
      remoteClusterMetas: this.metasOf(request.remoteClusterName),
      createTimestampMs: Math.floor(this.ctx.env.clock.wallUs() / 1000),
    });
    for (let i = 0; i < partitionCount; i++) dup.initProgress(i, -1);
    app.duplications.set(dup.id, dup);
    return dup;
  }

  /** The wall second, raised above every id that the table's duplications have, or had in this process. */
  newDupId(app: AppState): DupId {
    let last = this.lastDupIds.get(app.appId) ?? 0;
    for (const id of app.duplications.keys()) last = Math.max(last, id);
    const id = Math.max(Math.floor(this.ctx.env.clock.wallUs() / 1_000_000), last + 1);
    this.noteDupId(app.appId, id);
    return id;
  }

  /** What the process before has given out lies at or below the present second, unless its clock was ahead. */
  onRecovered(): void {
    const second = Math.floor(this.ctx.env.clock.wallUs() / 1_000_000);
    for (const app of this.state.apps()) this.noteDupId(app.appId, second);
  }

  /** No later duplication of the table gets this id, though this one may be gone by then. */
  noteDupId(appId: number, id: DupId): void {
    this.lastDupIds.set(appId, Math.max(id, this.lastDupIds.get(appId) ?? 0));
  }

  doAddDuplication(
    app: AppState,
    dup: DuplicationInfo,
    isDuplicatingCheckpoint: boolean,
    replier: Replier<AddDuplicationResponse>,
  ): void {
    const error = dup.start(isDuplicatingCheckpoint);
    this.ctx.env.check(error === 'ERR_OK', 'do_add_duplication', () => `a new duplication cannot start: ${error}`);
    const then = task(this, 'onDuplicationsNodeCreated', app.appId, dup.id, replier);
    this.storage.createNode(duplicationsPath(this.cluster(), app.appId), '', then);
  }

  onDuplicationsNodeCreated(appId: number, dupId: DupId, replier: Replier<AddDuplicationResponse>): void {
    const dup = this.duplicationOf(appId, dupId);
    if (dup === undefined) return;
    const then = task(this, 'onDuplicationCreated', appId, dupId, replier);
    this.storage.createNode(duplicationPath(this.cluster(), appId, dupId), dup.toJson(), then);
  }

  onDuplicationCreated(appId: number, dupId: DupId, replier: Replier<AddDuplicationResponse>): void {
    this.duplicationOf(appId, dupId)?.persistStatus();
    this.apps.storeDuplicating(appId, task(this, 'onAdded', appId, dupId, replier));
    this.onStored(appId);
  }

  onAdded(appId: number, dupId: DupId, replier: Replier<AddDuplicationResponse>): void {
    const app = this.state.app(appId);
    const dup = app?.duplications.get(dupId);
    if (app === undefined || dup === undefined) replier.reply(addFailed({ error: 'ERR_OBJECT_NOT_FOUND', hint: '' }));
    else this.answerAdd(app, dup, 'ERR_OK', replier);
  }

  answerAdd(app: AppState, dup: DuplicationInfo, error: ErrorCode, replier: Replier<AddDuplicationResponse>): void {
    const { id, remoteCluster, remoteAppName, remoteReplicaCount } = dup.identity;
    const hint = error === 'ERR_OK' ? '' : `the table is duplicated to ${remoteCluster} already`;
    replier.reply({ error, hint, appId: app.appId, dupId: id, remoteAppName, remoteReplicaCount });
  }

  private refuseAdd(replier: Replier<AddDuplicationResponse>, refusal: AddRefusal): void {
    replier.reply(addFailed(refusal));
  }

  // ------------------------------------------------------------------ modify

  modifyDuplication(request: ModifyDuplicationRequest, replier: Replier<ModifyDuplicationResponse>): void {
    const app = this.availableApp(request.appName);
    const dup = app?.duplications.get(request.dupId);
    const error = this.alter(app, dup, request);
    if (app === undefined || dup === undefined || error !== 'ERR_OK' || !dup.isAltering) {
      replier.reply({ error, appId: 0 });
    } else if (dup.isBeingRemoved()) {
      this.removals.set(dup, replier);
      this.finishRemoval(app, dup);
    } else {
      this.storeStatus(dup, task(this, 'onModified', app.appId, dup.id, replier));
    }
  }

  private alter(
    app: AppState | undefined,
    dup: DuplicationInfo | undefined,
    request: ModifyDuplicationRequest,
  ): ErrorCode {
    if (!this.ctx.settings.duplicationEnabled) return 'ERR_SERVICE_NOT_ACTIVE';
    if (app === undefined) return 'ERR_APP_NOT_EXIST';
    if (dup === undefined) return 'ERR_OBJECT_NOT_FOUND';
    return dup.alterStatus(request.status ?? dup.status, request.failMode ?? dup.failMode);
  }

  storeStatus(dup: DuplicationInfo, then: Continuation): void {
    this.storage.setData(duplicationPath(this.cluster(), dup.identity.appId, dup.id), dup.toJson(), then);
  }

  onModified(appId: number, dupId: DupId, replier: Replier<ModifyDuplicationResponse>): void {
    this.duplicationOf(appId, dupId)?.persistStatus();
    replier.reply({ error: 'ERR_OK', appId });
    this.onStored(appId);
  }

  /** Deletes the record of a duplication that is being removed, unless progress is on its way below it. */
  finishRemoval(app: AppState, dup: DuplicationInfo): void {
    if (!this.removals.has(dup) || !this.canBeDeleted(dup)) return;
    const then = task(this, 'onRemoved', app.appId, dup.id);
    this.storage.deleteNode(duplicationPath(this.cluster(), app.appId, dup.id), true, then);
  }

  canBeDeleted(dup: DuplicationInfo): boolean {
    return !dup.hasProgressOnItsWay();
  }

  onRemoved(appId: number, dupId: DupId): void {
    const dup = this.duplicationOf(appId, dupId);
    const replier = dup === undefined ? undefined : this.removals.get(dup);
    if (dup === undefined || replier === undefined) return;
    dup.persistStatus();
    this.removals.delete(dup);
    this.noteDupId(appId, dupId);
    this.state.app(appId)?.duplications.delete(dupId);
    this.apps.storeDuplicating(appId, task(this, 'onRemovalKnown', appId, replier));
    this.onStored(appId);
  }

  onRemovalKnown(appId: number, replier: Replier<ModifyDuplicationResponse>): void {
    replier.reply({ error: 'ERR_OK', appId });
  }

  // ------------------------------------------------------------------ automatic changes

  /** The step from one status to the next that a follower table's state allows. */
  advance(appId: number, dupId: DupId, from: DuplicationStatus, to: DuplicationStatus): void {
    const app = this.state.app(appId);
    const dup = app?.duplications.get(dupId);
    if (app === undefined || dup === undefined || !this.isExpected(app, dup, from)) return;
    if (dup.alterStatus(to, this.keptFailMode(dup)) !== 'ERR_OK' || !this.isWriteNeeded(dup)) return;
    this.storeStatus(dup, task(this, 'onAdvanced', appId, dupId));
  }

  /** Not when another round was faster, or an operator changed the status meanwhile; nor of a table being dropped. */
  isExpected(app: AppState, dup: DuplicationInfo, from: DuplicationStatus): boolean {
    return app.status === 'AS_AVAILABLE' && dup.status === from;
  }

  keptFailMode(dup: DuplicationInfo): DuplicationFailMode {
    return dup.failMode;
  }

  isWriteNeeded(dup: DuplicationInfo): boolean {
    return dup.isAltering;
  }

  onAdvanced(appId: number, dupId: DupId): void {
    this.duplicationOf(appId, dupId)?.persistStatus();
    this.onStored(appId);
  }

  /** A write of a duplication has ended: what waited behind it may go on. */
  onStored(appId: number): void {
    const app = this.state.app(appId);
    if (app !== undefined) this.apps.drops.finishDrop(app);
  }

  // ------------------------------------------------------------------ query and list

  queryDuplicationInfo(request: QueryDuplicationRequest, replier: Replier<QueryDuplicationResponse>): void {
    const app = this.availableApp(request.appName);
    if (!this.ctx.settings.duplicationEnabled) {
      replier.reply({ error: 'ERR_SERVICE_NOT_ACTIVE', appId: 0, entries: [] });
    } else if (app === undefined) {
      replier.reply({ error: 'ERR_APP_NOT_EXIST', appId: 0, entries: [] });
    } else {
      const entries = [...app.duplications.values()].map((dup) => dup.toPartitionLevelEntryForList());
      replier.reply({ error: 'ERR_OK', appId: app.appId, entries });
    }
  }

  listDuplicationInfo(request: ListDuplicationRequest, replier: Replier<ListDuplicationResponse>): void {
    if (!this.ctx.settings.duplicationEnabled) {
      replier.reply({ error: 'ERR_SERVICE_NOT_ACTIVE', hint: 'duplication is disabled', apps: [] });
      return;
    }
    const apps: AppDuplications[] = [];
    for (const app of this.state.apps()) {
      if (app.status !== 'AS_AVAILABLE') continue;
      const { appName, partitionCount } = app.record.info;
      const matches = matchesName(appName, request.appNamePattern, request.matchType);
      if (matches === undefined) {
        replier.reply({ error: 'ERR_NOT_IMPLEMENTED', hint: `no match by ${request.matchType}`, apps });
        return;
      }
      if (!matches) continue;
      const duplications = [...app.duplications.values()].map((dup) => dup.toPartitionLevelEntryForList());
      apps.push({ appName, appId: app.appId, partitionCount, duplications });
    }
    replier.reply({ error: 'ERR_OK', hint: '', apps });
  }

  // ------------------------------------------------------------------ what all share

  availableApp(appName: string): AppState | undefined {
    const app = this.state.liveApp(appName);
    return app?.status === 'AS_AVAILABLE' ? app : undefined;
  }

  duplicationOf(appId: number, dupId: DupId): DuplicationInfo | undefined {
    return this.state.app(appId)?.duplications.get(dupId);
  }

  /** This cluster's name for duplication. */
  ownClusterName(): ClusterId {
    return this.addChecks.ownClusterName();
  }

  /** The meta servers of a cluster by the configuration; none when it does not say. */
  metasOf(cluster: ClusterId): readonly NodeId[] {
    return this.ctx.settings.pegasusClusters[cluster] ?? [];
  }

  ownMetas(): readonly NodeId[] {
    const metas = this.metasOf(this.ownClusterName());
    return metas.length === 0 ? [this.ctx.env.self] : metas;
  }

  private cluster(): ClusterId {
    return this.state.options.cluster;
  }
}

function addFailed(refusal: AddRefusal): AddDuplicationResponse {
  return { ...refusal, appId: 0, dupId: 0, remoteAppName: '', remoteReplicaCount: 0 };
}
