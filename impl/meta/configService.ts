/**
 * Configurations of partitions: updates that primaries ask for, config sync, and the query of clients (repl 1.10;
 * upstream's server_state::on_update_configuration, on_config_sync, query_configuration_by_index).
 *
 * What a request makes of the stored members is checked exactly; ballots make sure that who asks knows them, so that a
 * misfit is a defect of the requester, and an internal check. A request that faults alone bring about is refused: one by
 * a server that is dead by now, one while the state is frozen (cure/cure.ts). A change is persisted first, applied then,
 * and answered last.
 *
 * The meta server's own removal of a dead primary takes the place of an update that is on its way, under the same
 * ballot: nobody was told of that one. It may be in the store for a moment, and a meta server that starts right then
 * finds it; who asked for it then hears that it is stored (docs/departures.md, cure.3).
 */
import type { ErrorCode, Gpid, NodeId, PartitionConfig } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { task } from '../env/contract.ts';
import type { Replier } from '../env/contract.ts';
import { parseGpid } from '../protocol/gpid.ts';
import type {
  AppInfo,
  ConfigSyncRequest,
  ConfigSyncResponse,
  QueryConfigRequest,
  QueryConfigResponse,
  UpdateConfigRequest,
  UpdateConfigResponse,
} from '../protocol/messages.ts';
import type { AppService } from './appService.ts';
import type { RequestRules } from './cure/requestRules.ts';
import type { MetaStorage, StoreChange } from './metaStorage.ts';
import * as records from './records.ts';
import { toldAppInfo } from './serverState.ts';
import type { AppState, ServerState } from './serverState.ts';

/** An update on its way to the store. */
interface PendingSync {
  readonly request: UpdateConfigRequest;
  readonly change: StoreChange;
}

export class ConfigService {
  readonly ctx: Context;
  readonly state: ServerState;
  readonly storage: MetaStorage;
  readonly apps: AppService;
  readonly rules: RequestRules;
  private readonly pendingSyncs = new Map<Gpid, PendingSync>();

  constructor(ctx: Context, state: ServerState, storage: MetaStorage, apps: AppService) {
    this.ctx = ctx;
    this.state = state;
    this.storage = storage;
    this.apps = apps;
    this.rules = new ctx.parts.RequestRules();
  }

  // ------------------------------------------------------------------ update

  onUpdateConfiguration(request: UpdateConfigRequest, replier: Replier<UpdateConfigResponse>): void {
    const ids = parseGpid(request.config.gpid);
    const app = ids === undefined ? undefined : this.state.app(ids.appId);
    const stored = ids === undefined ? undefined : app?.configs[ids.partitionIndex];
    if (ids === undefined || app === undefined || stored === undefined) {
      this.refuseUpdate(replier, 'ERR_APP_NOT_EXIST', request.config);
      return;
    }
    const refusal = this.apps.cure.refuseUpdate(request) ?? refuseStatus(app);
    if (refusal !== undefined) {
      this.refuseUpdate(replier, refusal, stored);
    } else if (this.isRepeat(stored, request.config)) {
      replier.reply({ error: 'ERR_OK', config: stored });
    } else if (!this.isNextBallot(stored, request.config)) {
      this.refuseUpdate(replier, 'ERR_INVALID_VERSION', stored);
    } else if (this.isUpdatePending(app, ids.partitionIndex)) {
      this.ignoreUpdate(request);
    } else if (!this.rules.isLegalType(request.type)) {
      this.refuseUpdate(replier, 'ERR_INVALID_PARAMETERS', stored);
    } else {
      this.requestCheck(stored, request);
      const next = { ...request, config: this.rules.nextConfig(stored, request) };
      this.updateConfigurationOnRemote(app, ids.partitionIndex, next, replier);
    }
  }

  /** The same update was stored before: the requester did not hear of it. Secondaries are compared as a set. */
  isRepeat(stored: PartitionConfig, asked: PartitionConfig): boolean {
    return (
      stored.ballot === asked.ballot &&
      stored.primary === asked.primary &&
      stored.lastCommittedDecree === asked.lastCommittedDecree &&
      this.sameSecondaries(stored, asked)
    );
  }

  sameSecondaries(stored: PartitionConfig, asked: PartitionConfig): boolean {
    const { secondaries } = asked;
    const same = stored.secondaries;
    return secondaries.length === same.length && secondaries.every((node) => same.includes(node));
  }

  isNextBallot(stored: PartitionConfig, asked: PartitionConfig): boolean {
    return asked.ballot === stored.ballot + 1;
  }

  isUpdatePending(app: AppState, partitionIndex: number): boolean {
    return app.pendingUpdates.has(partitionIndex);
  }

  /** The cure's own change: the primary is dead. */
  downgradePrimaryToInactive(app: AppState, index: number): void {
    const stored = app.configs[index];
    if (stored === undefined || stored.primary === '' || this.isBeingRemoved(stored)) return;
    this.cancelSync(app, index, stored.gpid);
    this.updateConfigurationOnRemote(app, index, this.rules.withoutPrimary(stored));
  }

  /** The update on its way has no primary any more. */
  isBeingRemoved(stored: PartitionConfig): boolean {
    const pending = this.pendingUpdate(stored.gpid);
    return pending?.type === 'CT_DOWNGRADE_TO_INACTIVE' && pending.node === stored.primary;
  }

  /** Another update is on its way to the store: no answer, the requester asks again. */
  ignoreUpdate(_request: UpdateConfigRequest): void {
    // Nothing: its caller times out.
  }

  /** Upstream's request_check: members that do not fit the type are a defect of the requester. */
  requestCheck(stored: PartitionConfig, request: UpdateConfigRequest): void {
    const { config, node, type } = request;
    this.ctx.env.check(this.fitsType(stored, request), 'request_check', () => `${type} of ${config.gpid} by ${node}`);
  }

  fitsType(stored: PartitionConfig, request: UpdateConfigRequest): boolean {
    return this.state.knowsNode(request.node) && this.rules.requestCheck(stored, request);
  }

  /** Stores `request.config`; then it is applied, and told to who asked (the meta server's own changes: nobody). */
  updateConfigurationOnRemote(
    app: AppState,
    index: number,
    request: UpdateConfigRequest,
    replier?: Replier<UpdateConfigResponse>,
  ): void {
    const path = records.partitionPath(this.state.options.cluster, app.appId, index);
    const then = task(this, 'onUpdateConfigurationOnRemoteReply', app.appId, index, request, replier);
    app.pendingUpdates.set(index, request.node);
    const change = this.storage.setData(path, records.encodeConfig(request.config), then);
    this.pendingSyncs.set(request.config.gpid, { request, change });
  }

  /** The update on its way for the partition, if there is one. */
  pendingUpdate(gpid: Gpid): UpdateConfigRequest | undefined {
    return this.pendingSyncs.get(gpid)?.request;
  }

  /** Who asked hears nothing; the store may hold it for a moment, until what is sent next is there. */
  cancelSync(app: AppState, index: number, gpid: Gpid): void {
    this.pendingSyncs.get(gpid)?.change.cancel();
    this.pendingSyncs.delete(gpid);
    app.pendingUpdates.delete(index);
  }

  onUpdateConfigurationOnRemoteReply(
    appId: number,
    index: number,
    request: UpdateConfigRequest,
    replier?: Replier<UpdateConfigResponse>,
  ): void {
    const app = this.state.app(appId);
    const { config } = request;
    this.ctx.env.check(app !== undefined, 'update_configuration', () => `table ${appId} is unknown`);
    app.pendingUpdates.delete(index);
    this.pendingSyncs.delete(config.gpid);
    this.updateConfigurationLocally(app, index, config);
    replier?.reply({ error: 'ERR_OK', config });
    this.apps.cure.reconfig(app, index, request);
    this.apps.drops.finishDrop(app);
  }

  updateConfigurationLocally(app: AppState, index: number, next: PartitionConfig): void {
    this.state.applyConfig(app, index, next);
  }

  private refuseUpdate(replier: Replier<UpdateConfigResponse>, error: ErrorCode, config: PartitionConfig): void {
    replier.reply({ error, config });
  }

  // ------------------------------------------------------------------ config sync

  onConfigSync(request: ConfigSyncRequest, replier: Replier<ConfigSyncResponse>): void {
    const { node } = request;
    if (!this.state.knowsNode(node)) {
      replier.reply({ error: 'ERR_OBJECT_NOT_FOUND', partitions: [], gcReplicas: [] });
      return;
    }
    const partitions: { readonly app: AppInfo; readonly config: PartitionConfig }[] = [];
    for (const app of this.state.apps()) {
      if (!this.isListed(app)) continue;
      for (const i of this.state.serving.of(app.appId, node)) {
        const config = app.configs[i];
        if (config === undefined || config.ballot < 1) continue;
        if (this.isInDoubt(app, i, node)) {
          replier.reply({ error: 'ERR_BUSY', partitions: [], gcReplicas: [] });
          return;
        }
        partitions.push({ app: toldAppInfo(app), config });
      }
    }
    this.apps.cure.collectReplicas(request);
    replier.reply({ error: 'ERR_OK', partitions, gcReplicas: this.gcReplicas(request) });
  }

  /** Whether the table's partitions are told to their members: as its stored record says. */
  isListed(app: AppState): boolean {
    return app.record.info.status === 'AS_AVAILABLE';
  }

  /** The node itself has an update on its way to the store: what is known of the partition may be old already. */
  isInDoubt(app: AppState, partitionIndex: number, node: NodeId): boolean {
    return app.pendingUpdates.get(partitionIndex) === node;
  }

  gcReplicas(request: ConfigSyncRequest): readonly Gpid[] {
    const garbage: Gpid[] = [];
    for (const replica of request.stored) if (this.isGarbage(replica.gpid)) garbage.push(replica.gpid);
    return garbage;
  }

  /**
   * A replica of a dropped table is kept until the table has expired: it may be recalled. A replica of no table at all
   * cannot be: a table is stored before any server hears of it.
   */
  isGarbage(gpid: Gpid): boolean {
    const ids = parseGpid(gpid);
    const app = ids === undefined ? undefined : this.state.app(ids.appId);
    this.ctx.env.check(app !== undefined, 'on_config_sync', () => `${gpid} does not exist`);
    return this.apps.drops.isExpired(app);
  }

  // ------------------------------------------------------------------ query

  queryConfigurationByIndex(request: QueryConfigRequest, replier: Replier<QueryConfigResponse>): void {
    const app = this.state.liveApp(request.appName);
    const error = this.queryError(app);
    if (app === undefined || error !== 'ERR_OK') {
      replier.reply({ error, appId: 0, partitionCount: 0, partitions: [] });
      return;
    }
    // A copy: the state's own list changes later.
    const partitions = app.configs.slice();
    replier.reply({ error, appId: app.appId, partitionCount: app.record.info.partitionCount, partitions });
  }

  queryError(app: AppState | undefined): ErrorCode {
    if (app === undefined) return 'ERR_OBJECT_NOT_FOUND';
    if (app.status === 'AS_CREATING' || app.status === 'AS_RECALLING') return 'ERR_BUSY_CREATING';
    return app.status === 'AS_DROPPING' ? 'ERR_BUSY_DROPPING' : 'ERR_OK';
  }
}

function refuseStatus(app: AppState): ErrorCode | undefined {
  if (app.status === 'AS_AVAILABLE') return undefined;
  if (app.status === 'AS_DROPPED') return 'ERR_APP_DROPPED';
  return app.status === 'AS_RECALLING' ? 'ERR_BUSY_CREATING' : 'ERR_BUSY_DROPPING';
}
