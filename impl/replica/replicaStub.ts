/**
 * The replica server: its replicas, what the network asks of them, and what they ask of their server (upstream's
 * replica_stub.cpp; repl 1.7, 1.8, 1.10, 1.11, 5.1).
 *
 * A request runs on the worker that its caller's hash chose, which is the replica's own. Nothing is served before all
 * replicas have been loaded. There is no failure detector yet: a server counts as connected to the meta server from its
 * first config sync on.
 */
import type { Gpid, NodeId } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { task } from '../env/contract.ts';
import type { Replier, TaskHandle } from '../env/contract.ts';
import { threadHash } from '../protocol/gpid.ts';
import type * as messages from '../protocol/messages.ts';
import type { ConfigSyncer } from './configSyncer.ts';
import type { DuplicationSyncTimer } from './duplication/duplicationSyncTimer.ts';
import type { DiskStatus, ReplicaHost } from './host.ts';
import { Metrics } from './metrics.ts';
import type { Replica } from './replica.ts';
import type { ReplicaCommands } from './replicaCommands.ts';
import { replicaDir } from './replicaOpener.ts';
import type { ReplicaOpener } from './replicaOpener.ts';

export interface ReplicaServerOptions {
  /** In the order in which they are asked. */
  readonly metaServers: readonly NodeId[];
  /** Takes part in time tags; 1 for the first cluster of a world. */
  readonly clusterNumber: number;
}

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
  readonly configSyncer: ConfigSyncer;
  readonly duplicationSyncTimer: DuplicationSyncTimer;
  readonly commands: ReplicaCommands;
  private readonly garbage = new Set<Gpid>();
  private connected = false;
  private stopping = false;
  private metaIndex = 0;
  private ownDiskStatus: DiskStatus = 'NORMAL';
  private manualCheckpoints = 0;

  constructor(ctx: Context, options: ReplicaServerOptions) {
    this.ctx = ctx;
    this.options = options;
    this.clusterNumber = options.clusterNumber;
    this.opener = new ctx.parts.ReplicaOpener(ctx, this);
    this.configSyncer = new ctx.parts.ConfigSyncer(ctx, this);
    this.duplicationSyncTimer = new ctx.parts.DuplicationSyncTimer(ctx, this);
    this.commands = new ctx.parts.ReplicaCommands(ctx, this);
  }

  /** Process start. */
  start(): void {
    this.opener.loadReplicas();
  }

  onReplicasLoaded(): void {
    this.openService();
    this.configSyncer.start();
    this.duplicationSyncTimer.start();
  }

  openService(): void {
    const { rpc } = this.ctx.env;
    rpc.serve('RPC_RRDB_RRDB_PUT', this, 'onPut');
    rpc.serve('RPC_RRDB_RRDB_REMOVE', this, 'onRemove');
    rpc.serve('RPC_RRDB_RRDB_MULTI_PUT', this, 'onMultiPut');
    rpc.serve('RPC_RRDB_RRDB_GET', this, 'onGet');
    rpc.serve('RPC_PREPARE', this, 'onPrepare');
    rpc.serve('RPC_GROUP_CHECK', this, 'onGroupCheck');
    rpc.serve('RPC_CONFIG_PROPOSAL', this, 'onConfigProposal');
    rpc.serve('RPC_QUERY_LAST_CHECKPOINT_INFO', this, 'onQueryLastCheckpoint');
    rpc.serve('RPC_CLI_CLI_CALL', this.commands, 'onCliCall');
  }

  // ------------------------------------------------------------------ ReplicaHost

  isConnected(): boolean {
    return this.connected;
  }

  /** The disk's state is judged anew with each config sync: a replica that still cannot write says so again. */
  onConnected(): void {
    this.connected = true;
    this.ownDiskStatus = 'NORMAL';
  }

  metaServer(): NodeId {
    const { metaServers } = this.options;
    return metaServers[this.metaIndex % metaServers.length] ?? '';
  }

  suspectMetaServer(node: NodeId): void {
    if (node === this.metaServer()) this.metaIndex++;
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

  // ------------------------------------------------------------------ open and close

  /** A graceful stop: every replica is closed at once, with a flush, and none is opened again. Done when no replica is closing any more. */
  stop(): void {
    this.stopping = true;
    this.connected = false;
    this.configSyncer.stop();
    this.duplicationSyncTimer.stop();
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

  /** FM6: a member of the group whose replica was closed, and whose directory is still there. */
  reopenReplica(gpid: Gpid): void {
    if (this.stopping || this.isBusy(gpid) || !this.opener.hasDirectory(gpid)) return;
    this.openingReplicas.add(gpid);
    this.ctx.env.tasks.post('LPC_OPEN_REPLICA', threadHash(gpid), 0, task(this, 'onReopenReplica', gpid));
  }

  onReopenReplica(gpid: Gpid): void {
    const replica = this.opener.loadReplica(gpid);
    this.openingReplicas.delete(gpid);
    if (replica === undefined) {
      this.closedReplicas.delete(gpid);
      return;
    }
    this.addReplica(replica);
    this.configSyncer.queryConfigurationByNode();
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

  onReplicaClosed(replica: Replica): void {
    const { gpid, dir } = replica;
    this.closingReplicas.delete(gpid);
    if (replica.dataCorrupted) this.opener.setAside(dir, 'err');
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

  storedReplica(replica: Replica): StoredReplica {
    return {
      gpid: replica.gpid,
      ballot: replica.ballot(),
      status: replica.status(),
      lastCommitted: replica.lastCommittedDecree(),
      lastPrepared: replica.lastPreparedDecree(),
      lastDurable: replica.lastDurableDecree(),
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
    const { gpid } = request.config;
    const replica = this.replicas.get(gpid);
    if (this.connected && replica !== undefined) {
      replica.groupChecker.onGroupCheck(request, replier);
      return;
    }
    // Not connected: upstream's default reply, which reads as OK (repl.Q16).
    const error = this.connected ? 'ERR_OBJECT_NOT_FOUND' : 'ERR_OK';
    const node = this.ctx.env.self;
    replier.reply({ gpid, error, node, lastCommittedInApp: 0, lastCommittedInPrepareList: 0, diskStatus: 'NORMAL' });
  }

  /** repl 2.7, without checksums. */
  onQueryLastCheckpoint(
    request: messages.QueryCheckpointInfoRequest,
    replier: Replier<messages.QueryCheckpointInfoResponse>,
  ): void {
    const storage = this.replicas.get(request.gpid)?.storage;
    const none = { baseDir: '', files: [], fileSizes: [], fileMd5s: [], lastDurable: 0 };
    if (storage === undefined) return replier.reply({ error: 'ERR_OBJECT_NOT_FOUND', ...none });
    if (storage.lastDurableDecree() === 0) return replier.reply({ error: 'ERR_PATH_NOT_FOUND', ...none });
    const { error, dir, files, decree } = storage.getCheckpoint();
    if (error !== 'ERR_OK') return replier.reply({ error: 'ERR_GET_LEARN_STATE_FAILED', ...none });
    replier.reply({ error, baseDir: dir, files, fileSizes: [], fileMd5s: [], lastDurable: decree });
  }

  // ------------------------------------------------------------------ proposals (repl 1.10, FM1)

  onConfigProposal(request: messages.ConfigProposal, replier: Replier<messages.ConfigProposalAck>): void {
    if (!this.connected) {
      replier.reply({ error: 'ERR_INACTIVE_STATE' });
      return;
    }
    const { gpid } = request.config;
    const replica = this.replicas.get(gpid);
    if (replica !== undefined) replier.reply({ error: replica.configurator.onConfigProposal(request) });
    else if (this.isBusy(gpid)) replier.reply({ error: 'ERR_BUSY' });
    else this.openForProposal(request, replier);
  }

  /** Only a partition that nobody has served yet may start from nothing, and none of a dropped table. */
  openForProposal(request: messages.ConfigProposal, replier: Replier<messages.ConfigProposalAck>): void {
    const { gpid, ballot } = request.config;
    if (ballot > 0 || this.garbage.has(gpid)) {
      replier.reply({ error: 'ERR_OBJECT_NOT_FOUND' });
      return;
    }
    this.openingReplicas.add(gpid);
    const then = task(this, 'onOpenForProposal', request, replier);
    this.ctx.env.tasks.post('LPC_OPEN_REPLICA', threadHash(gpid), 0, then);
  }

  /**
   * Then the proposal is sent again to this server itself. A directory that cannot be loaded is set aside; only a later
   * proposal may begin anew: this one can be older than the data.
   */
  onOpenForProposal(request: messages.ConfigProposal, replier: Replier<messages.ConfigProposalAck>): void {
    const { gpid } = request.config;
    this.openingReplicas.delete(gpid);
    const replica = this.garbage.has(gpid) ? undefined : this.openOrCreate(gpid, request.app);
    if (replica === undefined) {
      replier.reply({ error: 'ERR_LOCAL_APP_FAILURE' });
      return;
    }
    this.addReplica(replica);
    const then = task(this, 'onConfigProposal', request, replier);
    this.ctx.env.tasks.post('RPC_CONFIG_PROPOSAL', threadHash(gpid), 0, then);
  }

  openOrCreate(gpid: Gpid, app: messages.AppInfo): Replica | undefined {
    return this.opener.hasDirectory(gpid) ? this.opener.loadReplica(gpid) : this.opener.newReplica(gpid, app);
  }
}
