/**
 * The sync of replica servers with their meta server (dup 4.2): a server that holds primaries of duplicated tables is
 * told their duplications and stored progress, and reports how far its duplicators are; what it reports is persisted,
 * and the answer waits for that.
 *
 * The follower tables of duplications that are not shipping yet are driven on by each round: created when every
 * partition of the master has its checkpoint, then marked and checked. The checkpoints are asked for only in
 * DS_PREPARE: nobody reports them later, and a new meta server has not heard of them (dup.B2).
 */
import type { Decree, DupId, NodeId } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { reply, task } from '../../env/contract.ts';
import type { Replier } from '../../env/contract.ts';
import { parseGpid } from '../../protocol/gpid.ts';
import type {
  DuplicationConfirmEntry,
  DuplicationEntry,
  DuplicationSyncRequest,
  DuplicationSyncResponse,
} from '../../protocol/duplicationMessages.ts';
import type { MetaStorage } from '../metaStorage.ts';
import type { AppState, ServerState } from '../serverState.ts';
import type { DuplicationInfo } from './duplicationInfo.ts';
import { encodeProgress, progressPath } from './duplicationRecords.ts';
import type { DuplicationService } from './duplicationService.ts';
import type { FollowerAppClient } from './followerAppClient.ts';

/** One request whose answer is being made. */
interface SyncRound {
  readonly replier: Replier<DuplicationSyncResponse>;
  readonly apps: { readonly appId: number; readonly duplications: DuplicationEntry[] }[];
  /** The progress in those entries, by duplication; what this round persists replaces what was read. */
  readonly progress: Map<DuplicationInfo, Record<number, Decree>>;
  outstanding: number;
}

export class DuplicationSync {
  readonly ctx: Context;
  readonly state: ServerState;
  readonly storage: MetaStorage;
  readonly service: DuplicationService;
  readonly followers: FollowerAppClient;
  private nextRound = 1;
  private readonly rounds = new Map<number, SyncRound>();

  constructor(ctx: Context, state: ServerState, storage: MetaStorage, service: DuplicationService) {
    this.ctx = ctx;
    this.state = state;
    this.storage = storage;
    this.service = service;
    this.followers = new ctx.parts.FollowerAppClient(ctx, service);
  }

  duplicationSync(request: DuplicationSyncRequest, replier: Replier<DuplicationSyncResponse>): void {
    if (!this.ctx.settings.duplicationEnabled) {
      replier.reply({ error: 'ERR_SERVICE_NOT_ACTIVE', apps: [] });
      return;
    }
    if (!this.state.knowsNode(request.node)) {
      replier.reply({ error: 'ERR_OBJECT_NOT_FOUND', apps: [] });
      return;
    }
    const apps = this.getAllAvailableApps(request.node);
    const round: SyncRound = { replier, apps: [], progress: new Map(), outstanding: 0 };
    const id = this.nextRound++;
    this.rounds.set(id, round);
    for (const app of apps) this.tellApp(app, round);
    for (const confirm of request.confirms) this.takeReport(apps, confirm, id, round);
    this.finishRound(id, round);
  }

  /** Tables that have a duplication, and of which the server is a primary. */
  getAllAvailableApps(node: NodeId): readonly AppState[] {
    const found: AppState[] = [];
    for (const app of this.state.apps()) {
      if (this.isTold(app) && app.configs.some((config) => config.primary === node)) found.push(app);
    }
    return found;
  }

  /** As the stored record says: a drop that may still come to nothing must not make anybody forget a duplication. */
  isTold(app: AppState): boolean {
    return app.record.info.status === 'AS_AVAILABLE' && app.duplications.size > 0;
  }

  private tellApp(app: AppState, round: SyncRound): void {
    const duplications: DuplicationEntry[] = [];
    for (const dup of app.duplications.values()) {
      if (dup.isInvalidStatus()) continue;
      this.driveFollower(app, dup);
      const progress = dup.progressForSync();
      round.progress.set(dup, progress);
      duplications.push(dup.toPartitionLevelEntryForSync(progress));
    }
    if (duplications.length > 0) round.apps.push({ appId: app.appId, duplications });
  }

  driveFollower(app: AppState, dup: DuplicationInfo): void {
    if (dup.status === 'DS_PREPARE' && this.isReadyToCreate(dup)) {
      this.followers.createFollowerAppForDuplication(app, dup);
    } else if (dup.status === 'DS_APP' && this.isReadyToMark(dup)) {
      this.followers.markFollowerAppCreatedForDuplication(app, dup);
    }
  }

  /** Also the decree that each checkpoint covers is stored: shipping begins behind it, whoever is primary by then. */
  isReadyToCreate(dup: DuplicationInfo): boolean {
    return dup.allCheckpointHasPrepared() && dup.allProgressIsStored();
  }

  /** Its checkpoints were prepared before it came to DS_APP. */
  isReadyToMark(_dup: DuplicationInfo): boolean {
    return true;
  }

  // ------------------------------------------------------------------ progress

  private takeReport(apps: readonly AppState[], report: DuplicationConfirmEntry, id: number, round: SyncRound): void {
    const ids = parseGpid(report.gpid);
    const app = ids === undefined ? undefined : apps.find((one) => one.appId === ids.appId);
    const dup = app?.duplications.get(report.dupId);
    if (ids === undefined || dup === undefined || dup.isInvalidStatus()) return;
    if (!dup.alterProgress(ids.partitionIndex, report)) return;
    round.outstanding++;
    this.doUpdatePartitionConfirmed(dup, ids.partitionIndex, dup.decreeToPersist(ids.partitionIndex, report), id);
  }

  doUpdatePartitionConfirmed(dup: DuplicationInfo, partitionIndex: number, decree: Decree, roundId: number): void {
    const { appId, id } = dup.identity;
    const path = this.pathOf(appId, id, partitionIndex);
    this.storage.getData(path, reply(this, 'onProgressRead', appId, id, partitionIndex, decree, roundId));
  }

  onProgressRead(
    stored: string,
    appId: number,
    dupId: DupId,
    partitionIndex: number,
    decree: Decree,
    roundId: number,
  ): void {
    const path = this.pathOf(appId, dupId, partitionIndex);
    const then = task(this, 'onProgressStored', appId, dupId, partitionIndex, decree, roundId);
    if (stored === '') this.storage.createNode(path, encodeProgress(decree), then);
    else this.storage.setData(path, encodeProgress(decree), then);
  }

  onProgressStored(appId: number, dupId: DupId, partitionIndex: number, decree: Decree, roundId: number): void {
    const app = this.state.app(appId);
    const dup = app?.duplications.get(dupId);
    this.ctx.env.check(
      app !== undefined && dup !== undefined,
      'persist_progress',
      () => `duplication ${dupId} of table ${appId} was removed under a progress write`,
    );
    dup.persistProgress(partitionIndex);
    this.service.finishRemoval(app, dup);
    this.service.onStored(appId);
    const round = this.rounds.get(roundId);
    if (round === undefined) return;
    const told = round.progress.get(dup);
    if (told !== undefined) told[partitionIndex] = decree;
    round.outstanding--;
    this.finishRound(roundId, round);
  }

  private finishRound(id: number, round: SyncRound): void {
    if (round.outstanding > 0) return;
    this.rounds.delete(id);
    round.replier.reply({ error: 'ERR_OK', apps: round.apps });
  }

  private pathOf(appId: number, dupId: DupId, partitionIndex: number): string {
    return progressPath(this.state.options.cluster, appId, dupId, partitionIndex);
  }
}
