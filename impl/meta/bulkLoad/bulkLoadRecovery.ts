/**
 * Bulk loads after a start of the meta server (bl 17.6): all records are read, then each table's load is judged. A load
 * of a table that is loading goes on; one that the table's record calls ended is only kept to be told, without polls and
 * without the lock (bl.B2). Tables are found by id (bl.B25). A load whose records contradict themselves or the table is
 * given up, and that is told to its replicas, as of any load that fails (bl.B26).
 *
 * Steps that the crash left out are found again by what the partitions' records say (bl.B13).
 */
import type { BulkLoadStatus } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { reply, resume, task } from '../../env/contract.ts';
import type { Continuation } from '../../env/contract.ts';
import type { MetaStorage } from '../metaStorage.ts';
import type { AppState } from '../serverState.ts';
import * as records from './bulkLoadRecords.ts';
import type { AppBulkLoadRecord, PartitionBulkLoadRecord } from './bulkLoadRecords.ts';
import type { BulkLoadService } from './bulkLoadService.ts';
import type { AppLoad } from './bulkLoadState.ts';

interface Found {
  /** Undefined when it does not decode. */
  app: AppBulkLoadRecord | undefined;
  /** By index; undefined when it does not decode. */
  readonly partitions: Map<number, PartitionBulkLoadRecord | undefined>;
}

export class BulkLoadRecovery {
  readonly ctx: Context;
  readonly service: BulkLoadService;
  readonly storage: MetaStorage;
  private readonly then: Continuation;
  /** Reads that have not been answered. */
  private outstanding = 0;
  private readonly found = new Map<number, Found>();

  constructor(ctx: Context, service: BulkLoadService, storage: MetaStorage, then: Continuation) {
    this.ctx = ctx;
    this.service = service;
    this.storage = storage;
    this.then = then;
  }

  initializeBulkLoadService(): void {
    this.storage.getChildren(records.bulkLoadRoot(this.cluster()), reply(this, 'onAppsListed'));
  }

  /** A name that is no id is nobody's. */
  onAppsListed(names: readonly string[]): void {
    this.outstanding = 1;
    for (const name of names) {
      const appId = Number(name);
      if (!Number.isSafeInteger(appId)) continue;
      this.found.set(appId, { app: undefined, partitions: new Map() });
      this.outstanding += 2;
      const path = records.appBulkLoadPath(this.cluster(), appId);
      this.storage.getData(path, reply(this, 'onAppRead', appId));
      this.storage.getChildren(path, reply(this, 'onPartitionsListed', appId));
    }
    this.onStep();
  }

  onAppRead(value: string, appId: number): void {
    const found = this.found.get(appId);
    if (found !== undefined) found.app = records.decodeAppBulkLoad(value);
    this.onStep();
  }

  onPartitionsListed(names: readonly string[], appId: number): void {
    for (const name of names) {
      const index = Number(name);
      if (!Number.isSafeInteger(index)) continue;
      this.outstanding++;
      const path = records.partitionBulkLoadPath(this.cluster(), appId, index);
      this.storage.getData(path, reply(this, 'onPartitionRead', appId, index));
    }
    this.onStep();
  }

  onPartitionRead(value: string, appId: number, index: number): void {
    this.found.get(appId)?.partitions.set(index, records.decodePartitionBulkLoad(value));
    this.onStep();
  }

  private onStep(): void {
    if (--this.outstanding === 0) this.onAllRead();
  }

  /** In the order of the tables' ids, whatever order the store answered in. */
  onAllRead(): void {
    this.checkAppsFlags();
    for (const appId of [...this.found.keys()].sort((a, b) => a - b)) {
      const found = this.found.get(appId);
      if (found !== undefined) this.recover(appId, found);
    }
    resume(this.then, undefined);
  }

  /** bl 17.6 #4: a start was cut short before the load's node was there. */
  checkAppsFlags(): void {
    for (const app of this.service.state.apps()) {
      if (app.record.isBulkLoading && !this.found.has(app.appId)) this.clearFlag(app);
    }
  }

  private recover(appId: number, found: Found): void {
    const app = this.tableOf(appId, found.app);
    if (app?.status !== 'AS_AVAILABLE') {
      this.abandon(appId, app);
    } else if (!this.isToContinue(app)) {
      this.keepResult(app, found);
    } else if (found.app !== undefined && this.isValid(app, found.app, found)) {
      this.continueBulkLoad(this.restore(found.app, found));
    } else {
      this.giveUp(app, found);
    }
  }

  /** Whatever its name is by now (bl.B25). */
  tableOf(appId: number, _record: AppBulkLoadRecord | undefined): AppState | undefined {
    return this.service.state.app(appId);
  }

  /** A load of the table is in progress; the record of one that has ended stays to be told (bl.B2). */
  isToContinue(app: AppState): boolean {
    return app.record.isBulkLoading;
  }

  keepResult(app: AppState, found: Found): void {
    if (found.app === undefined || !this.isOfTable(app, found.app)) this.abandon(app.appId, app);
    else this.restore(found.app, found).active = false;
  }

  /** Deletes the records; the table may load anew. */
  abandon(appId: number, app: AppState | undefined): void {
    const path = records.appBulkLoadPath(this.cluster(), appId);
    this.storage.deleteNode(path, true, task(this, 'onAbandoned', appId));
    if (app?.record.isBulkLoading === true) this.clearFlag(app);
  }

  onAbandoned(_appId: number): void {
    // Nobody waits for it: a start of the table deletes the node once more, behind this.
  }

  private clearFlag(app: AppState): void {
    this.service.apps.storeIsBulkLoading(app.appId, undefined, task(this, 'onFlagCleared', app.appId));
  }

  onFlagCleared(_appId: number): void {
    // From now on a start is accepted.
  }

  // ------------------------------------------------------------------ validity

  /** bl 17.6 #2, in its order. */
  isValid(app: AppState, record: AppBulkLoadRecord, found: Found): boolean {
    const { partitionCount } = app.record.info;
    if (!this.isOfTable(app, record)) return false;
    if (found.partitions.size > partitionCount) return false;
    if (found.partitions.size < partitionCount && !this.mayLackNodes(record.status)) return false;
    if (!this.isOptionValid(app, record)) return false;
    const statuses: BulkLoadStatus[] = [];
    for (const [index, part] of found.partitions) {
      if (part === undefined || index >= partitionCount) return false;
      statuses.push(part.status);
    }
    return this.isStatusValid(record.status, statuses, found.partitions.size < partitionCount);
  }

  /** What is all in, or will never be, does not ask for the option any more. */
  isOptionValid(app: AppState, { status, ingestBehind }: AppBulkLoadRecord): boolean {
    const isOver = status === 'BLS_SUCCEED' || status === 'BLS_FAILED' || status === 'BLS_CANCELED';
    return isOver || this.service.checks.validateIngestBehind(app, ingestBehind);
  }

  isOfTable(app: AppState, record: AppBulkLoadRecord): boolean {
    return record.appId === app.appId && record.partitionCount === app.record.info.partitionCount;
  }

  /** A control, or a failure, may have met the creation of the nodes (bl.B23). */
  mayLackNodes(status: BulkLoadStatus): boolean {
    return this.service.transitions.isPushed(status);
  }

  isStatusValid(app: BulkLoadStatus, partitions: readonly BulkLoadStatus[], areSomeMissing: boolean): boolean {
    switch (app) {
      case 'BLS_DOWNLOADING':
        return !areSomeMissing || partitions.every((status) => status === 'BLS_DOWNLOADING');
      case 'BLS_DOWNLOADED':
        return partitions.every((status) => status === 'BLS_DOWNLOADED' || status === 'BLS_INGESTING');
      case 'BLS_INGESTING':
        return partitions.every((status) => status === 'BLS_INGESTING' || status === 'BLS_SUCCEED');
      case 'BLS_SUCCEED':
      case 'BLS_PAUSED':
        return partitions.every((status) => status === app);
      case 'BLS_INVALID':
      case 'BLS_PAUSING':
      case 'BLS_FAILED':
      case 'BLS_CANCELED':
        return true;
    }
  }

  // ------------------------------------------------------------------ going on

  restore(record: AppBulkLoadRecord, found: Found): AppLoad {
    const load = this.service.addLoad(record);
    load.record = record;
    load.created = true;
    for (const part of load.partitions) {
      if (!found.partitions.has(part.index)) continue;
      const stored = found.partitions.get(part.index) ?? records.newPartitionRecord('BLS_INVALID');
      part.record = stored;
      part.intended = stored;
      part.created = true;
    }
    return load;
  }

  /** bl 17.6 #3. */
  continueBulkLoad(load: AppLoad): void {
    const { transitions, poller, ingestion } = this.service;
    const { status } = load.record;
    this.holdLock(load);
    for (const part of load.partitions) {
      if (!part.created) {
        this.service.createPartitionBulkLoadDir(load, part, this.service.statusAtCreation(load));
        continue;
      }
      const isBehind = transitions.isPushed(status) && !this.isInStep(status, part.record.status);
      if (isBehind) transitions.updatePartitionStatus(load, part, status);
      else poller.startLoop(load, part);
    }
    if (status === 'BLS_INGESTING') ingestion.start(load);
    this.takeStep(load);
  }

  /** The crash may have come before a step for which all its partitions stood ready (bl.B13). */
  takeStep(load: AppLoad): void {
    this.service.transitions.advance(load);
  }

  holdLock(load: AppLoad): void {
    if (!this.ctx.settings.enableConcurrentBulkLoad) load.hold = this.service.lock.take();
  }

  /** What replicas may still hold, or refuse, is ended as that of any load that fails (bl.B26). */
  giveUp(app: AppState, found: Found): void {
    const load = this.restore(this.recordToEnd(app, found.app), found);
    if (this.hasBeenEnded(load)) {
      this.continueBulkLoad(load);
      return;
    }
    this.holdLock(load);
    this.service.transitions.updateAppStatus(load, 'BLS_FAILED', 'ERR_INCONSISTENT_STATE');
  }

  private hasBeenEnded({ record }: AppLoad): boolean {
    return record.status === 'BLS_FAILED' || record.status === 'BLS_CANCELED';
  }

  /** As much as the stored record tells, for the table as it is. */
  recordToEnd(app: AppState, stored: AppBulkLoadRecord | undefined): AppBulkLoadRecord {
    const { appName, partitionCount } = app.record.info;
    return { ...UNREADABLE, appName, loadId: app.record.lastLoadId, ...stored, appId: app.appId, partitionCount };
  }

  /** Not to be pushed again: the partition has taken over the table's status. */
  isInStep(app: BulkLoadStatus, partition: BulkLoadStatus): boolean {
    return app === partition;
  }

  private cluster(): string {
    return this.service.state.options.cluster;
  }
}

const UNREADABLE = {
  clusterName: '',
  fileProviderType: '',
  status: 'BLS_INVALID',
  remoteRootPath: '',
  ingestBehind: false,
  isEverIngesting: false,
  error: 'ERR_OK',
} as const;
