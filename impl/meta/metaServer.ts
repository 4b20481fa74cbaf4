/**
 * The meta server: serves the requests of clients, operators and replica servers, each in the pool that upstream uses
 * (upstream's meta_service). Changes hop to the state's tasks; queries and lists are answered where they arrive. Until
 * the store has been read and what a crash interrupted has been finished, every request gets ERR_SERVICE_NOT_ACTIVE.
 */
import type { NodeId } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { task } from '../env/contract.ts';
import type { Continuation, Replier } from '../env/contract.ts';
import type {
  BulkLoadAdminResponse,
  BulkLoadAppRequest,
  ControlBulkLoadRequest,
  QueryBulkLoadResponse,
  StartBulkLoadRequest,
} from '../protocol/bulkLoadMessages.ts';
import type {
  AdminResponse,
  BalanceRequest,
  ConfigSyncRequest,
  ConfigSyncResponse,
  CreateAppRequest,
  DropAppRequest,
  ListAppsResponse,
  QueryConfigRequest,
  QueryConfigResponse,
  RecallAppRequest,
  RecallAppResponse,
  RenameAppRequest,
  UpdateConfigRequest,
  UpdateConfigResponse,
  UpdateEnvsRequest,
} from '../protocol/messages.ts';
import type {
  AddDuplicationRequest,
  AddDuplicationResponse,
  DuplicationSyncRequest,
  DuplicationSyncResponse,
  ListDuplicationRequest,
  ListDuplicationResponse,
  ModifyDuplicationRequest,
  ModifyDuplicationResponse,
  QueryDuplicationRequest,
  QueryDuplicationResponse,
} from '../protocol/duplicationMessages.ts';
import type { AppService } from './appService.ts';
import type { Balancer } from './balancer.ts';
import type { BulkLoadService } from './bulkLoad/bulkLoadService.ts';
import type { ConfigService } from './configService.ts';
import type { Cure } from './cure/cure.ts';
import type { DuplicationService } from './duplication/duplicationService.ts';
import type { DuplicationSync } from './duplication/duplicationSync.ts';
import type { MetaFailureDetector } from './failureDetector.ts';
import type { MetaStorage } from './metaStorage.ts';
import type { MetaOptions, ServerState } from './serverState.ts';

const NOT_ACTIVE = 'ERR_SERVICE_NOT_ACTIVE';
const STARTING = 'the meta server is starting';

export class MetaServer {
  readonly ctx: Context;
  readonly failureDetector: MetaFailureDetector;
  readonly state: ServerState;
  readonly storage: MetaStorage;
  readonly cure: Cure;
  readonly appService: AppService;
  readonly balancer: Balancer;
  readonly configService: ConfigService;
  readonly duplicationService: DuplicationService;
  readonly duplicationSync: DuplicationSync;
  readonly bulkLoadService: BulkLoadService;
  private active = false;

  constructor(ctx: Context, options: MetaOptions) {
    this.ctx = ctx;
    this.failureDetector = new ctx.parts.MetaFailureDetector(ctx, this);
    this.state = new ctx.parts.ServerState(ctx, options);
    this.storage = new ctx.parts.MetaStorage(ctx);
    this.cure = new ctx.parts.Cure(ctx, this.state);
    this.appService = new ctx.parts.AppService(ctx, this.state, this.storage, this.cure);
    this.balancer = new ctx.parts.Balancer(ctx, this.state, this.appService);
    this.configService = new ctx.parts.ConfigService(ctx, this.state, this.storage, this.appService);
    this.duplicationService = new ctx.parts.DuplicationService(ctx, this.state, this.storage, this.appService);
    this.duplicationSync = new ctx.parts.DuplicationSync(ctx, this.state, this.storage, this.duplicationService);
    this.bulkLoadService = new ctx.parts.BulkLoadService(ctx, this.state, this.storage, this.appService);
  }

  /** Registers the handlers and begins to read the store. */
  start(): void {
    const { rpc } = this.ctx.env;
    this.failureDetector.start();
    rpc.serve('RPC_CM_CREATE_APP', this, 'onCreateApp');
    rpc.serve('RPC_CM_DROP_APP', this, 'onDropApp');
    rpc.serve('RPC_CM_RECALL_APP', this, 'onRecallApp');
    rpc.serve('RPC_CM_RENAME_APP', this, 'onRenameApp');
    rpc.serve('RPC_CM_UPDATE_APP_ENV', this, 'onUpdateAppEnv');
    rpc.serve('RPC_CM_PROPOSE_BALANCER', this, 'onProposeBalancer');
    rpc.serve('RPC_CM_LIST_APPS', this, 'onListApps');
    rpc.serve('RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX', this, 'onQueryConfigurationByIndex');
    rpc.serve('RPC_CM_UPDATE_PARTITION_CONFIGURATION', this, 'onUpdateConfiguration');
    rpc.serve('RPC_CM_CONFIG_SYNC', this, 'onConfigSync');
    rpc.serve('RPC_CM_ADD_DUPLICATION', this, 'onAddDuplication');
    rpc.serve('RPC_CM_MODIFY_DUPLICATION', this, 'onModifyDuplication');
    rpc.serve('RPC_CM_QUERY_DUPLICATION', this, 'onQueryDuplicationInfo');
    rpc.serve('RPC_CM_LIST_DUPLICATION', this, 'onListDuplicationInfo');
    rpc.serve('RPC_CM_DUPLICATION_SYNC', this, 'onDuplicationSync');
    rpc.serve('RPC_CM_START_BULK_LOAD', this, 'onStartBulkLoad');
    rpc.serve('RPC_CM_CONTROL_BULK_LOAD', this, 'onControlBulkLoad');
    rpc.serve('RPC_CM_QUERY_BULK_LOAD_STATUS', this, 'onQueryBulkLoadStatus');
    rpc.serve('RPC_CM_CLEAR_BULK_LOAD', this, 'onClearBulkLoad');
    const { MetaRecovery } = this.ctx.parts;
    new MetaRecovery(this.ctx, this.state, this.storage, task(this, 'onTablesRecovered')).initializeDataStructure();
  }

  /** Duplications are restored before anybody is served: who asks in between would forget them (dup.B10). */
  onTablesRecovered(): void {
    const { DuplicationRecovery } = this.ctx.parts;
    const then = task(this, 'onDuplicationsRecovered');
    new DuplicationRecovery(this.ctx, this.state, this.storage, then).recoverFromMetaState();
  }

  /** Without a table that has ever loaded there is nothing to go on with, and no result to tell (bl 6.3). */
  onDuplicationsRecovered(): void {
    this.duplicationService.onRecovered();
    if (!this.hasAnyBulkLoad()) {
      this.onRecovered();
      return;
    }
    const { BulkLoadRecovery } = this.ctx.parts;
    const then = task(this, 'onRecovered');
    new BulkLoadRecovery(this.ctx, this.bulkLoadService, this.storage, then).initializeBulkLoadService();
  }

  hasAnyBulkLoad(): boolean {
    for (const { record } of this.state.apps()) if (record.isBulkLoading || record.lastLoadId > 0) return true;
    return false;
  }

  /** The state is whole: serve, and look after the partitions that nobody serves yet. */
  onRecovered(): void {
    this.active = true;
    this.failureDetector.registerWorkers(this.state.servingNodes());
    this.cure.start(this.configService, this.failureDetector);
    for (const app of this.state.apps()) this.cure.watchApp(app);
  }

  /** Before the state is whole, who is alive is only noted. */
  onNodeStateChanged(node: NodeId, alive: boolean): void {
    if (this.active) this.postHigh(task(this.cure, 'onChangeNodeState', node, alive));
  }

  isActive(): boolean {
    return this.active;
  }

  onCreateApp(request: CreateAppRequest, replier: Replier<AdminResponse>): void {
    if (this.checkActive(replier)) this.post(task(this.appService, 'createApp', request, replier));
  }

  onDropApp(request: DropAppRequest, replier: Replier<AdminResponse>): void {
    if (this.checkActive(replier)) this.post(task(this.appService, 'dropApp', request, replier));
  }

  onRecallApp(request: RecallAppRequest, replier: Replier<RecallAppResponse>): void {
    if (this.isActive()) this.post(task(this.appService.recalls, 'recallApp', request, replier));
    else replier.reply({ error: NOT_ACTIVE, hint: STARTING, appId: 0, appName: '', partitionCount: 0 });
  }

  onRenameApp(request: RenameAppRequest, replier: Replier<AdminResponse>): void {
    if (this.checkActive(replier)) this.post(task(this.appService.renames, 'renameApp', request, replier));
  }

  onUpdateAppEnv(request: UpdateEnvsRequest, replier: Replier<AdminResponse>): void {
    if (this.checkActive(replier)) this.post(task(this.appService, 'setAppEnvs', request, replier));
  }

  onProposeBalancer(request: BalanceRequest, replier: Replier<AdminResponse>): void {
    if (this.checkActive(replier)) this.post(task(this.balancer, 'onProposeBalancer', request, replier));
  }

  onListApps(_request: Record<string, never>, replier: Replier<ListAppsResponse>): void {
    if (this.isActive()) this.appService.listApps(replier);
    else replier.reply({ error: NOT_ACTIVE, apps: [] });
  }

  onQueryConfigurationByIndex(request: QueryConfigRequest, replier: Replier<QueryConfigResponse>): void {
    if (this.isActive()) this.configService.queryConfigurationByIndex(request, replier);
    else replier.reply({ error: NOT_ACTIVE, appId: 0, partitionCount: 0, partitions: [] });
  }

  onUpdateConfiguration(request: UpdateConfigRequest, replier: Replier<UpdateConfigResponse>): void {
    if (this.isActive()) this.postHigh(task(this.configService, 'onUpdateConfiguration', request, replier));
    else replier.reply({ error: NOT_ACTIVE, config: request.config });
  }

  onConfigSync(request: ConfigSyncRequest, replier: Replier<ConfigSyncResponse>): void {
    if (this.isActive()) this.postHigh(task(this, 'doConfigSync', request, replier));
    else replier.reply({ error: NOT_ACTIVE, partitions: [], gcReplicas: [] });
  }

  doConfigSync(request: ConfigSyncRequest, replier: Replier<ConfigSyncResponse>): void {
    this.bulkLoadService.ingestion.context.noteDisks(request);
    this.configService.onConfigSync(request, replier);
  }

  onAddDuplication(request: AddDuplicationRequest, replier: Replier<AddDuplicationResponse>): void {
    if (this.isActive()) this.postHigh(task(this.duplicationService, 'addDuplication', request, replier));
    else replier.reply({ error: NOT_ACTIVE, hint: '', appId: 0, dupId: 0, remoteAppName: '', remoteReplicaCount: 0 });
  }

  onModifyDuplication(request: ModifyDuplicationRequest, replier: Replier<ModifyDuplicationResponse>): void {
    if (this.isActive()) this.postHigh(task(this.duplicationService, 'modifyDuplication', request, replier));
    else replier.reply({ error: NOT_ACTIVE, appId: 0 });
  }

  onQueryDuplicationInfo(request: QueryDuplicationRequest, replier: Replier<QueryDuplicationResponse>): void {
    if (this.isActive()) this.duplicationService.queryDuplicationInfo(request, replier);
    else replier.reply({ error: NOT_ACTIVE, appId: 0, entries: [] });
  }

  onListDuplicationInfo(request: ListDuplicationRequest, replier: Replier<ListDuplicationResponse>): void {
    if (this.isActive()) this.duplicationService.listDuplicationInfo(request, replier);
    else replier.reply({ error: NOT_ACTIVE, hint: '', apps: [] });
  }

  onDuplicationSync(request: DuplicationSyncRequest, replier: Replier<DuplicationSyncResponse>): void {
    if (this.isActive()) this.postHigh(task(this.duplicationSync, 'duplicationSync', request, replier));
    else replier.reply({ error: NOT_ACTIVE, apps: [] });
  }

  onStartBulkLoad(request: StartBulkLoadRequest, replier: Replier<BulkLoadAdminResponse>): void {
    if (this.isActive()) this.bulkLoadService.startBulkLoad(request, replier);
    else replier.reply({ error: NOT_ACTIVE, hint: '' });
  }

  onControlBulkLoad(request: ControlBulkLoadRequest, replier: Replier<BulkLoadAdminResponse>): void {
    if (this.isActive()) this.post(task(this.bulkLoadService, 'controlBulkLoad', request, replier));
    else replier.reply({ error: NOT_ACTIVE, hint: '' });
  }

  onQueryBulkLoadStatus(request: BulkLoadAppRequest, replier: Replier<QueryBulkLoadResponse>): void {
    if (this.isActive()) this.bulkLoadService.queryBulkLoad(request, replier);
    else this.bulkLoadService.refuseQuery(request, NOT_ACTIVE, '', replier);
  }

  onClearBulkLoad(request: BulkLoadAppRequest, replier: Replier<BulkLoadAdminResponse>): void {
    if (this.isActive()) this.post(task(this.bulkLoadService, 'clearBulkLoad', request, replier));
    else replier.reply({ error: NOT_ACTIVE, hint: '' });
  }

  private checkActive(replier: Replier<AdminResponse>): boolean {
    if (this.isActive()) return true;
    replier.reply({ error: NOT_ACTIVE, hint: STARTING, appId: 0 });
    return false;
  }

  private post(then: Continuation): void {
    this.ctx.env.tasks.post('LPC_META_STATE_NORMAL', 0, 0, then);
  }

  private postHigh(then: Continuation): void {
    this.ctx.env.tasks.post('LPC_META_STATE_HIGH', 0, 0, then);
  }
}
