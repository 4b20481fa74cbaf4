/**
 * Duplications after a start (dup 3.5): all tables' records are read, also of tables that are not available (dup.B11),
 * and the meta server serves only when all of it is there (dup.B10). A record that does not decode, or whose status is
 * not a valid one, is left in the store and not restored; a partition whose progress is no number never duplicates.
 *
 * A remote cluster that the configuration does not name (any more) keeps its duplication, without meta servers to ask
 * (dup.B47). Last, `duplicating` of each table's record is brought in line with what was found (dup.B45).
 */
import type { DupId } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { reply, resume, task } from '../../env/contract.ts';
import type { Continuation } from '../../env/contract.ts';
import type { MetaStorage } from '../metaStorage.ts';
import * as appRecords from '../records.ts';
import { isDuplicating } from '../serverState.ts';
import type { AppState, ServerState } from '../serverState.ts';
import type { DuplicationInfo } from './duplicationInfo.ts';
import * as records from './duplicationRecords.ts';
import type { DuplicationRecord } from './duplicationRecords.ts';

export class DuplicationRecovery {
  readonly ctx: Context;
  readonly state: ServerState;
  readonly storage: MetaStorage;
  private readonly then: Continuation;
  /** Reads and writes of the current step that have not been answered. */
  private outstanding = 0;
  private readonly found: DuplicationInfo[] = [];

  constructor(ctx: Context, state: ServerState, storage: MetaStorage, then: Continuation) {
    this.ctx = ctx;
    this.state = state;
    this.storage = storage;
    this.then = then;
  }

  recoverFromMetaState(): void {
    const apps = this.ctx.settings.duplicationEnabled ? this.appsToRecover() : [];
    this.outstanding = apps.length;
    if (apps.length === 0) resume(this.then, undefined);
    for (const app of apps) {
      const path = records.duplicationsPath(this.state.options.cluster, app.appId);
      this.storage.getChildren(path, reply(this, 'onDuplicationsListed', app.appId));
    }
  }

  appsToRecover(): readonly AppState[] {
    return [...this.state.apps()];
  }

  /** As upstream, a name that is no id ends the table's list. */
  onDuplicationsListed(names: readonly string[], appId: number): void {
    for (const name of names) {
      const dupId = records.parseInteger(name);
      if (dupId === undefined) break;
      this.outstanding++;
      const path = records.duplicationPath(this.state.options.cluster, appId, dupId);
      this.storage.getData(path, reply(this, 'onDuplicationRead', appId, dupId));
    }
    this.onStep();
  }

  onDuplicationRead(value: string, appId: number, dupId: DupId): void {
    const app = this.appOf(appId);
    const record = records.decodeDuplication(value, app.record.info);
    if (record !== undefined && this.isRestorable(record)) this.doRestoreDuplication(app, dupId, record);
    this.onStep();
  }

  isRestorable(record: DuplicationRecord): boolean {
    return record.status !== 'DS_INIT' && record.status !== 'DS_REMOVED';
  }

  doRestoreDuplication(app: AppState, dupId: DupId, record: DuplicationRecord): void {
    const { appName, partitionCount } = app.record.info;
    const dup = new this.ctx.parts.DuplicationInfo(this.ctx, {
      id: dupId,
      appId: app.appId,
      appName,
      partitionCount,
      remoteCluster: record.remote,
      remoteAppName: record.remoteAppName,
      remoteReplicaCount: record.remoteReplicaCount,
      remoteClusterMetas: this.ctx.settings.pegasusClusters[record.remote] ?? [],
      createTimestampMs: record.createTimestampMs,
    });
    dup.restore(record.status, record.failMode);
    this.found.push(dup);
    for (let i = 0; i < partitionCount; i++) this.doRestoreProgress(dup, i);
  }

  doRestoreProgress(dup: DuplicationInfo, partitionIndex: number): void {
    this.outstanding++;
    const path = records.progressPath(this.state.options.cluster, dup.identity.appId, dup.id, partitionIndex);
    this.storage.getData(path, reply(this, 'onProgressRead', dup, partitionIndex));
  }

  /** A value that is no number leaves the partition as it is: it is not initialised, and never duplicates. */
  onProgressRead(value: string, dup: DuplicationInfo, partitionIndex: number): void {
    const stored = records.decodeProgress(value);
    if (stored !== undefined) dup.initProgress(partitionIndex, stored);
    this.onStep();
  }

  private onStep(): void {
    if (--this.outstanding > 0) return;
    this.onAllRead();
  }

  /** Duplications enter their tables in the order of their ids, whatever order the store answered in. */
  onAllRead(): void {
    for (const dup of this.found.sort((a, b) => a.id - b.id)) {
      this.appOf(dup.identity.appId).duplications.set(dup.id, dup);
    }
    const stale = [...this.state.apps()].filter((app) => this.isDuplicatingStale(app));
    this.outstanding = stale.length;
    if (stale.length === 0) resume(this.then, undefined);
    for (const app of stale) this.storeDuplicating(app);
  }

  isDuplicatingStale(app: AppState): boolean {
    return app.status === 'AS_AVAILABLE' && app.record.info.duplicating !== isDuplicating(app);
  }

  storeDuplicating(app: AppState): void {
    const record = appRecords.withDuplicating(app.record, isDuplicating(app));
    const path = appRecords.appPath(this.state.options.cluster, app.appId);
    this.storage.setData(path, appRecords.encodeApp(record), task(this, 'onDuplicatingStored', app.appId));
  }

  onDuplicatingStored(appId: number): void {
    const app = this.appOf(appId);
    app.record = appRecords.withDuplicating(app.record, isDuplicating(app));
    if (--this.outstanding === 0) resume(this.then, undefined);
  }

  private appOf(appId: number): AppState {
    const app = this.state.app(appId);
    this.ctx.env.check(app !== undefined, 'recover_duplications', () => `table ${appId} is unknown`);
    return app;
  }
}
