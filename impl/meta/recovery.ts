/**
 * What a meta server does before it serves anybody (upstream's server_state::initialize_data_structure and
 * sync_apps_from_remote_storage): makes the root nodes once, reads every table and every partition, and finishes the
 * creation, the drop or the recall that a crash interrupted: each partition is dropped, or is not, as its table's status
 * says.
 *
 * A missing partition node is a half creation: it is created at ballot 0, as upstream does. Upstream aborts on a root
 * that is still "lock"; here making the root is simply finished, since only a crash between two writes leaves it so.
 */
import type { ClusterId, PartitionConfig } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { reply, resume, task } from '../env/contract.ts';
import type { Continuation } from '../env/contract.ts';
import { formatGpid } from '../protocol/gpid.ts';
import type { RequestRules } from './cure/requestRules.ts';
import type { MetaStorage } from './metaStorage.ts';
import * as records from './records.ts';
import type { AppRecord } from './records.ts';
import type { AppState, ServerState } from './serverState.ts';

export class MetaRecovery {
  readonly ctx: Context;
  readonly state: ServerState;
  readonly storage: MetaStorage;
  readonly cluster: ClusterId;
  readonly rules: RequestRules;
  private readonly then: Continuation;
  /** Reads and writes of the current step that have not been answered. */
  private outstanding = 0;
  private readonly found = new Map<number, AppRecord>();

  constructor(ctx: Context, state: ServerState, storage: MetaStorage, then: Continuation) {
    this.ctx = ctx;
    this.state = state;
    this.storage = storage;
    this.cluster = state.options.cluster;
    this.rules = new ctx.parts.RequestRules();
    this.then = then;
  }

  initializeDataStructure(): void {
    this.storage.getData(records.appsPath(this.cluster), reply(this, 'onRootRead'));
  }

  onRootRead(value: string): void {
    if (value === records.APPS_UNLOCKED) this.syncAppsFromRemoteStorage();
    else this.createRoots(0);
  }

  /** Creates the root nodes from the top down, one after the other; then says that the tree is whole. */
  createRoots(index: number): void {
    const paths = records.rootPaths(this.cluster);
    const path = paths[index];
    if (path === undefined) {
      const apps = records.appsPath(this.cluster);
      this.storage.setData(apps, records.APPS_UNLOCKED, task(this, 'syncAppsFromRemoteStorage'));
    } else {
      const value = index === paths.length - 1 ? records.APPS_LOCKED : '';
      this.storage.createNode(path, value, task(this, 'createRoots', index + 1));
    }
  }

  syncAppsFromRemoteStorage(): void {
    this.storage.getChildren(records.appsPath(this.cluster), reply(this, 'onAppsListed'));
  }

  onAppsListed(names: readonly string[]): void {
    this.outstanding = names.length;
    if (names.length === 0) this.onAppsRead();
    for (const name of names) {
      this.storage.getData(`${records.appsPath(this.cluster)}/${name}`, reply(this, 'onAppRead', Number(name)));
    }
  }

  onAppRead(value: string, appId: number): void {
    const record = records.decodeApp(value);
    this.ctx.env.check(
      record !== undefined && record.info.appId === appId,
      'sync_apps_from_remote_storage',
      () => `table ${appId}: invalid record`,
    );
    this.found.set(appId, record);
    if (--this.outstanding === 0) this.onAppsRead();
  }

  /** Tables enter the state in the order of their ids, whatever order the store answered in. */
  onAppsRead(): void {
    const ids = [...this.found.keys()].sort((a, b) => a - b);
    for (const id of ids) {
      const record = this.found.get(id);
      if (record === undefined) continue;
      this.state.addApp(record, true);
      this.outstanding += record.info.partitionCount;
    }
    if (this.outstanding === 0) this.onPartitionsRead();
    for (const app of this.state.apps()) {
      for (let i = 0; i < app.record.info.partitionCount; i++) {
        const path = records.partitionPath(this.cluster, app.appId, i);
        this.storage.getData(path, reply(this, 'onPartitionRead', app.appId, i));
      }
    }
  }

  onPartitionRead(value: string, appId: number, partitionIndex: number): void {
    const app = this.appOf(appId);
    if (value === '') {
      this.initAppPartitionNode(app, partitionIndex);
      return;
    }
    const config = records.decodeConfig(value);
    this.ctx.env.check(
      config !== undefined && config.gpid === formatGpid(appId, partitionIndex),
      'sync_apps_from_remote_storage',
      () => `partition ${appId}.${partitionIndex}: invalid record`,
    );
    this.state.applyConfig(app, partitionIndex, config);
    if (records.isDroppedConfig(value)) app.droppedPartitions.add(partitionIndex);
    this.onPartitionReady();
  }

  /** A half creation: the node is made now, as the creation would have made it. */
  initAppPartitionNode(app: AppState, partitionIndex: number): void {
    const value = records.encodeConfig(records.initialConfig(app.record.info, partitionIndex));
    const path = records.partitionPath(this.cluster, app.appId, partitionIndex);
    this.storage.createNode(path, value, task(this, 'onPartitionReady'));
  }

  onPartitionReady(): void {
    if (--this.outstanding === 0) this.onPartitionsRead();
  }

  onPartitionsRead(): void {
    const left = [...this.state.apps()].flatMap((app) => this.partitionsLeftBehind(app).map((index) => ({ app, index })));
    this.outstanding = left.length;
    if (left.length === 0) this.onPartitionsFollowed();
    for (const { app, index } of left) this.follow(app, index);
  }

  /** Those that the table's drop, or its recall, has not come to. */
  partitionsLeftBehind(app: AppState): readonly number[] {
    const isDropped = this.finalStatus(app) === 'AS_DROPPED';
    return [...app.configs.keys()].filter((index) => app.droppedPartitions.has(index) !== isDropped);
  }

  private follow(app: AppState, index: number): void {
    const stored = app.configs[index];
    const isDropped = this.finalStatus(app) === 'AS_DROPPED';
    this.ctx.env.check(stored !== undefined, 'sync_apps_from_remote_storage', () => `no partition ${app.appId}.${index}`);
    const config = isDropped ? this.rules.droppedConfig(stored) : stored;
    const path = records.partitionPath(this.cluster, app.appId, index);
    const then = task(this, 'onPartitionFollowed', app.appId, index, config, isDropped);
    this.storage.setData(path, records.encodeConfig(config, isDropped), then);
  }

  onPartitionFollowed(appId: number, index: number, config: PartitionConfig, isDropped: boolean): void {
    const app = this.appOf(appId);
    this.state.replaceConfig(app, index, config);
    if (isDropped) app.droppedPartitions.add(index);
    else app.droppedPartitions.delete(index);
    if (--this.outstanding === 0) this.onPartitionsFollowed();
  }

  onPartitionsFollowed(): void {
    for (const app of this.state.apps()) if (this.finalStatus(app) !== app.record.info.status) this.outstanding++;
    if (this.outstanding === 0) {
      resume(this.then, undefined);
      return;
    }
    for (const app of this.state.apps()) this.finishStaging(app);
  }

  /** Writes the end of a creation or a drop that a crash cut short. */
  finishStaging(app: AppState): void {
    const status = this.finalStatus(app);
    if (status === app.record.info.status) return;
    const next = records.withStatus(app.record, status);
    const path = records.appPath(this.cluster, app.appId);
    this.storage.setData(path, records.encodeApp(next), task(this, 'onStagingFinished', app.appId));
  }

  onStagingFinished(appId: number): void {
    const app = this.appOf(appId);
    app.status = this.finalStatus(app);
    app.record = records.withStatus(app.record, app.status);
    if (--this.outstanding === 0) resume(this.then, undefined);
  }

  /** Where the table's interrupted operation leads. */
  finalStatus(app: AppState): 'AS_AVAILABLE' | 'AS_DROPPED' {
    const { status } = app.record.info;
    return status === 'AS_CREATING' || status === 'AS_AVAILABLE' ? 'AS_AVAILABLE' : 'AS_DROPPED';
  }

  private appOf(appId: number): AppState {
    const app = this.state.app(appId);
    this.ctx.env.check(app !== undefined, 'sync_apps_from_remote_storage', () => `table ${appId} is unknown`);
    return app;
  }
}
