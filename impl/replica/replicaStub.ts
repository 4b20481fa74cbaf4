/**
 * The replica server: its replicas, what the network asks of them, and what they ask of their server (upstream's
 * replica_stub.cpp; repl 1.7, 1.8, 1.10, 1.11, 5.1).
 *
 * A request runs on its replica's own worker, which the caller's hash chose. Nothing is served before all are loaded.
 */
import type { ClusterId, ErrorCode, Gpid, NodeId, PartitionConfig } from '../../model/vocabulary.ts';
import type { TableResolver } from '../client/tableResolver.ts';
import type { Context } from '../context.ts';
import { task } from '../env/contract.ts';
import type { Replier, TaskHandle } from '../env/contract.ts';
import { threadHash } from '../protocol/gpid.ts';
import type { DuplicateResponse } from '../protocol/duplicationMessages.ts';
import type * as messages from '../protocol/messages.ts';
import type { BulkLoadServer } from './bulkLoad/bulkLoadServer.ts';
import type { DownloadSlots } from './bulkLoad/types.ts';
import type { ConfigSyncer } from './configSyncer.ts';
import type { FailureDetector } from './failureDetector.ts';
import type { DuplicationSyncTimer } from './duplication/duplicationSyncTimer.ts';
import type { DiskStatus, ReplicaHost } from './host.ts';
import type { MetaConnection } from './metaConnection.ts';
import type { LearnAppSlots } from './learning/learnAppSlots.ts';
import type { LearningServer } from './learning/learningServer.ts';
import { Metrics } from './metrics.ts';
import type { Replica } from './replica.ts';
import type { ReplicaCommands } from './replicaCommands.ts';
import type { CheckpointQuery } from './checkpointQuery.ts';
import type { FollowerOpener } from './duplication/followerOpener.ts';
import type { NfsService } from './nfs/nfsService.ts';
import { replicaDir, type ReplicaOpener } from './replicaOpener.ts';
import type { ServerStatistics } from './serverStatistics.ts';

export interface ReplicaServerOptions {
  /** In the order in which they are asked. */
  readonly metaServers: readonly NodeId[];
  /** Takes part in time tags; 1 for the first cluster of a world. */
  readonly clusterNumber: number;
}

/** A server has one disk here: the first of upstream's `data_dirs`. */
const DISK_TAG = 'data1';

type StoredReplica = messages.ConfigSyncRequest['stored'][number];

export class ReplicaServer implements ReplicaHost {
  readonly ctx: Context;
  readonly options: ReplicaServerOptions;
  readonly clusterNumber: number;
  readonly metrics: Metrics = new Metrics();
  readonly replicas = new Map<Gpid, Replica>();
  /** Being closed, or waiting for it. */
  readonly closingReplicas = new Map<Gpid, { readonly replica: Replica; readonly timer: TaskHandle }>();
  /** What closed replicas with a directory were, for config sync. */
  readonly closedReplicas = new Map<Gpid, StoredReplica>();
  readonly openingReplicas = new Set<Gpid>();
  readonly opener: ReplicaOpener;
  readonly connection: MetaConnection;
  readonly failureDetector: FailureDetector;
  readonly configSyncer: ConfigSyncer;
  readonly duplicationSyncTimer: DuplicationSyncTimer;
  readonly statistics: ServerStatistics;
  readonly commands: ReplicaCommands;
  readonly followers: FollowerOpener;
  readonly checkpointQuery: CheckpointQuery;
  readonly nfs: NfsService;
  readonly downloadSlots: DownloadSlots;
  readonly bulkLoads: BulkLoadServer;
  readonly learning: LearningServer;
  readonly learnAppSlots: LearnAppSlots;
  private readonly garbage = new Set<Gpid>();
  private readonly resolvers = new Map<ClusterId, TableResolver>();
  private stopping = false;
  private ownDiskStatus: DiskStatus = 'NORMAL';
  private manualCheckpoints = 0;

  constructor(ctx: Context, options: ReplicaServerOptions) {
    this.ctx = ctx;
    this.options = options;
    this.clusterNumber = options.clusterNumber;
    this.opener = new ctx.parts.ReplicaOpener(ctx, this);
    this.connection = new ctx.parts.MetaConnection(ctx, this);
    this.failureDetector = new ctx.parts.FailureDetector(ctx, this);
    this.configSyncer = new ctx.parts.ConfigSyncer(ctx, this);
    this.duplicationSyncTimer = new ctx.parts.DuplicationSyncTimer(ctx, this);
    this.statistics = new ctx.parts.ServerStatistics(ctx, this);
    this.commands = new ctx.parts.ReplicaCommands(ctx, this);
    this.followers = new ctx.parts.FollowerOpener(ctx, this);
    this.checkpointQuery = new ctx.parts.CheckpointQuery(ctx, this);
    this.nfs = new ctx.parts.NfsService(ctx);
    this.downloadSlots = new ctx.parts.BulkLoadDownloadSlots(ctx);
    this.bulkLoads = new ctx.parts.BulkLoadServer(ctx, this.replicas);
    this.learning = new ctx.parts.LearningServer(ctx, this);
    this.learnAppSlots = new ctx.parts.LearnAppSlots(ctx);
  }

  /** Process start. */
  start(): void {
    this.opener.loadReplicas();
  }

  onReplicasLoaded(): void {
    this.openService();
    this.failureDetector.start();
    this.configSyncer.start();
    this.duplicationSyncTimer.start();
    this.statistics.start();
  }

  openService(): void {
    const { rpc } = this.ctx.env;
    rpc.serve('RPC_RRDB_RRDB_PUT', this, 'onPut');
    rpc.serve('RPC_RRDB_RRDB_REMOVE', this, 'onRemove');
    rpc.serve('RPC_RRDB_RRDB_MULTI_PUT', this, 'onMultiPut');
    rpc.serve('RPC_RRDB_RRDB_DUPLICATE', this, 'onDuplicate');
    rpc.serve('RPC_RRDB_RRDB_GET', this, 'onGet');
    rpc.serve('RPC_PREPARE', this, 'onPrepare');
    rpc.serve('RPC_GROUP_CHECK', this, 'onGroupCheck');
    rpc.serve('RPC_CONFIG_PROPOSAL', this, 'onConfigProposal');
    rpc.serve('RPC_QUERY_LAST_CHECKPOINT_INFO', this.checkpointQuery, 'onQueryLastCheckpoint');
    rpc.serve('RPC_CLI_CLI_CALL', this.commands, 'onCliCall');
    this.nfs.openNfsService();
    this.bulkLoads.openService();
    this.learning.openService();
  }

  // ------------------------------------------------------------------ ReplicaHost

  isConnected(): boolean {
    return this.connection.isConnected();
  }

  /** The disk is judged anew with each config sync: a replica that still cannot write says so again. */
  onConfigurationQueried(): void {
    this.connection.onConfigurationQueried();
    this.ownDiskStatus = 'NORMAL';
  }

  metaServer(): NodeId {
    return this.connection.metaServer();
  }

  suspectMetaServer(node: NodeId): void {
    this.connection.suspectMetaServer(node);
  }

  removeReplicaOnMetaServer(config: PartitionConfig): void {
    this.connection.removeReplica(config);
  }

  discardReplica(replica: Replica): void {
    this.followers.discard(replica);
  }

  diskStatus(): DiskStatus {
    return this.ownDiskStatus;
  }

  reportDiskError(): void {
    this.ownDiskStatus = 'IO_ERROR';
  }

  manualCheckpointCount(): number {
    return this.manualCheckpoints;
  }

  addManualCheckpoints(change: 1 | -1): number {
    this.manualCheckpoints += change;
    const count = this.manualCheckpoints;
    this.ctx.env.check(count >= 0, 'manual_emergency_checkpointing_count', () => `${count}`);
    return count;
  }

  resolverOf(cluster: ClusterId): TableResolver | undefined {
    const known = this.resolvers.get(cluster);
    const metaServers = this.ctx.settings.pegasusClusters[cluster];
    if (known !== undefined || metaServers === undefined) return known;
    const resolver = new this.ctx.parts.TableResolver(this.ctx, metaServers);
    this.resolvers.set(cluster, resolver);
    return resolver;
  }

  // ------------------------------------------------------------------ open and close

  /** A graceful stop: every replica is closed at once, with a flush, and none is opened again. Done when no replica is closing any more. */
  stop(): void {
    this.stopping = true;
    this.connection.stop();
    this.failureDetector.stop();
    this.configSyncer.stop();
    this.followers.cancelDownloads();
    this.duplicationSyncTimer.stop();
    this.statistics.stop();
    for (const replica of this.replicas.values()) this.beginCloseReplica(replica, 0);
  }

  addReplica(replica: Replica): void {
    this.replicas.set(replica.gpid, replica);
    this.closedReplicas.delete(replica.gpid);
    replica.loader.onOpened();
  }

  isBusy(gpid: Gpid): boolean {
    return this.closingReplicas.has(gpid) || this.openingReplicas.has(gpid);
  }

  /** From now on the replica counts as absent: no sync answer reaches its duplicators any more. */
  beginCloseReplica(replica: Replica, delayMs: number): void {
    if (this.replicas.get(replica.gpid) !== replica) return;
    this.replicas.delete(replica.gpid);
    replica.duplicatorManager.removeAllDuplications();
    const then = task(this, 'onCloseReplica', replica);
    const timer = this.ctx.env.tasks.post('LPC_CLOSE_REPLICA', replica.hash, delayMs, then);
    this.closingReplicas.set(replica.gpid, { replica, timer });
  }

  onCloseReplica(replica: Replica): void {
    replica.close(this);
  }

  /** Its directory stays where it is when it is closed. */
  isKept({ gpid, dataCorrupted }: Replica): boolean {
    return !dataCorrupted && !this.garbage.has(gpid) && !this.followers.isDiscarded(gpid);
  }

  onReplicaClosed(replica: Replica): void {
    const { gpid, dir } = replica;
    this.closingReplicas.delete(gpid);
    if (replica.dataCorrupted) this.opener.setAside(dir, 'err');
    if (this.followers.takeDiscarded(gpid)) this.opener.setAside(dir, 'gar');
    if (this.garbage.has(gpid)) this.opener.setAside(dir, 'gar');
    if (this.opener.hasDirectory(gpid)) this.closedReplicas.set(gpid, this.storedReplica(replica));
  }

  /** The table is dropped: the directory is set aside once the replica is closed. */
  collectReplica(gpid: Gpid): void {
    this.garbage.add(gpid);
    if (this.replicas.has(gpid) || this.isBusy(gpid)) return;
    this.opener.setAside(replicaDir(gpid), 'gar');
    this.closedReplicas.delete(gpid);
  }

  /** Of a download the meta server hears as of an empty replica: so it can say when the table is gone. */
  noteDownload(gpid: Gpid): void {
    const stored = { gpid, ballot: 0, status: 'PS_INACTIVE', lastCommitted: 0, lastPrepared: 0, lastDurable: 0 } as const;
    this.closedReplicas.set(gpid, stored);
  }

  storedReplica(replica: Replica): StoredReplica {
    return {
      gpid: replica.gpid,
      ballot: replica.ballot(),
      status: replica.status(),
      lastCommitted: replica.lastCommittedDecree(),
      lastPrepared: replica.lastPreparedDecree(),
      lastDurable: replica.lastDurableDecree(),
      diskTag: DISK_TAG,
    };
  }

  // ------------------------------------------------------------------ clients

  onPut(request: messages.ClientRequest, replier: Replier<messages.WriteResponse>): void {
    this.onClientWrite('RPC_RRDB_RRDB_PUT', request, replier);
  }

  onRemove(request: messages.ClientRequest, replier: Replier<messages.WriteResponse>): void {
    this.onClientWrite('RPC_RRDB_RRDB_REMOVE', request, replier);
  }

  onMultiPut(request: messages.ClientRequest, replier: Replier<messages.WriteResponse>): void {
    this.onClientWrite('RPC_RRDB_RRDB_MULTI_PUT', request, replier);
  }

  private onClientWrite(
    code: 'RPC_RRDB_RRDB_PUT' | 'RPC_RRDB_RRDB_REMOVE' | 'RPC_RRDB_RRDB_MULTI_PUT',
    request: messages.ClientRequest,
    replier: Replier<messages.WriteResponse>,
  ): void {
    const replica = this.replicas.get(request.gpid);
    if (replica === undefined) replier.refuse('ERR_OBJECT_NOT_FOUND');
    else replica.twoPc.onClientWrite(code, request, replier);
  }

  onDuplicate(request: messages.ClientRequest, replier: Replier<DuplicateResponse>): void {
    const replica = this.replicas.get(request.gpid);
    if (replica === undefined) replier.refuse('ERR_OBJECT_NOT_FOUND');
    else replica.twoPc.onDuplicate(request, replier);
  }

  onGet(request: messages.ClientRequest, replier: Replier<messages.ReadResponse>): void {
    const replica = this.replicas.get(request.gpid);
    if (replica === undefined) replier.refuse('ERR_OBJECT_NOT_FOUND');
    else replica.reads.onClientRead(request, replier);
  }

  // ------------------------------------------------------------------ members

  onPrepare(request: messages.PrepareRequest, replier: Replier<messages.PrepareAck>): void {
    const { gpid, ballot } = request.config;
    const replica = this.replicas.get(gpid);
    if (replica !== undefined) {
      replica.secondary.onPrepare(request, replier);
      return;
    }
    const error = 'ERR_OBJECT_NOT_FOUND';
    replier.reply({ gpid, error, ballot, decree: -1, lastCommittedInApp: 0, lastCommittedInPrepareList: 0 });
  }

  onGroupCheck(request: messages.GroupCheckRequest, replier: Replier<messages.GroupCheckResponse>): void {
    const replica = this.replicas.get(request.config.gpid);
    if (this.isConnected() && replica !== undefined) replica.groupChecker.onGroupCheck(request, replier);
    else this.learning.onGroupCheckOfAbsent(request, replier);
  }

  // ------------------------------------------------------------------ proposals (repl 1.10)

  onConfigProposal(request: messages.ConfigProposal, replier: Replier<messages.ConfigProposalAck>): void {
    if (!this.isConnected()) {
      replier.reply({ error: 'ERR_INACTIVE_STATE' });
      return;
    }
    const { gpid } = request.config;
    const replica = this.replicas.get(gpid);
    if (replica !== undefined) replier.reply({ error: replica.configurator.onConfigProposal(request) });
    else if (request.type === 'CT_ASSIGN_PRIMARY' && this.learning.takeBack(gpid)) this.onConfigProposal(request, replier);
    else if (this.isBusy(gpid)) replier.reply({ error: 'ERR_BUSY' });
    else this.onProposalOfAbsent(request, replier);
  }

  /** Who is to serve a partition that others have served must have something of it. */
  onProposalOfAbsent(request: messages.ConfigProposal, replier: Replier<messages.ConfigProposalAck>): void {
    const { config, type } = request;
    const mayBegin = config.ballot === 0 || this.opener.hasData(config.gpid);
    if (type === 'CT_ASSIGN_PRIMARY' && mayBegin && this.mayOpen(config.gpid)) {
      this.openForProposal(request, replier);
      return;
    }
    if (type === 'CT_UPGRADE_TO_PRIMARY') this.removeReplicaOnMetaServer(config);
    replier.reply({ error: 'ERR_OBJECT_NOT_FOUND' });
  }

  openForProposal(request: messages.ConfigProposal, replier: Replier<messages.ConfigProposalAck>): void {
    const { gpid } = request.config;
    this.openingReplicas.add(gpid);
    const then = task(this, 'onOpenForProposal', request, replier);
    this.ctx.env.tasks.post('LPC_OPEN_REPLICA', threadHash(gpid), 0, then);
  }

  /**
   * A directory that cannot be loaded is set aside; only a later proposal may begin anew: this one can be older than the
   * data.
   */
  onOpenForProposal(request: messages.ConfigProposal, replier: Replier<messages.ConfigProposalAck>): void {
    const { app, config } = request;
    if (!this.mayOpen(config.gpid)) this.finishOpening(request, replier, undefined);
    else if (config.ballot === 0 && this.followers.mustDownload(config.gpid, app)) this.followers.download(request, replier);
    else this.finishOpening(request, replier, this.openOrCreate(config.gpid, app));
  }

  mayOpen(gpid: Gpid): boolean {
    return !this.stopping && !this.garbage.has(gpid);
  }

  /** Then the proposal is sent again to this server itself; or `error` tells that there is no replica. */
  finishOpening(
    request: messages.ConfigProposal,
    replier: Replier<messages.ConfigProposalAck>,
    replica: Replica | undefined,
    error: ErrorCode = 'ERR_LOCAL_APP_FAILURE',
  ): void {
    const { gpid } = request.config;
    this.openingReplicas.delete(gpid);
    if (replica === undefined) {
      if (this.garbage.has(gpid)) this.collectReplica(gpid);
      replier.reply({ error });
      return;
    }
    this.addReplica(replica);
    const then = task(this, 'onConfigProposal', request, replier);
    this.ctx.env.tasks.post('RPC_CONFIG_PROPOSAL', threadHash(gpid), 0, then);
  }

  openOrCreate(gpid: Gpid, app: messages.AppInfo): Replica | undefined {
    return this.opener.hasData(gpid) ? this.opener.loadReplica(gpid) : this.opener.newReplica(gpid, app);
  }
}
