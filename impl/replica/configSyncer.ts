/**
 * Config sync: which replicas this node should have, and as what, as the meta server knows it (repl 1.10; upstream's
 * replica_stub.cpp, query_configuration_by_node).
 */
import type { Gpid, NodeId, PartitionConfig } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { reply, task } from '../env/contract.ts';
import type { RpcHandle, RpcResult } from '../env/contract.ts';
import { threadHash } from '../protocol/gpid.ts';
import type { AppInfo, ConfigSyncRequest, ConfigSyncResponse } from '../protocol/messages.ts';
import type { ReplicaServer } from './replicaStub.ts';

/** Wait after ERR_BUSY, milliseconds (repl 1.10). */
const BUSY_RETRY_MS = 500;

type StoredReplica = ConfigSyncRequest['stored'][number];

export class ConfigSyncer {
  readonly ctx: Context;
  readonly server: ReplicaServer;
  private call: RpcHandle | undefined;
  private retryPending = false;
  private stopped = false;

  constructor(ctx: Context, server: ReplicaServer) {
    this.ctx = ctx;
    this.server = server;
  }

  /** One every interval; the first follows the first beacon's answer. */
  start(): void {
    if (this.stopped) return;
    this.queryConfigurationByNode();
    const then = task(this, 'start');
    this.ctx.env.tasks.post('LPC_QUERY_CONFIGURATION_ALL', 0, this.ctx.settings.configSyncIntervalMs, then);
  }

  /** The server is going: no answer counts any more. */
  stop(): void {
    this.stopped = true;
    this.call?.cancel();
  }

  /** A newer query takes the place of one that is under way. */
  queryConfigurationByNode(): void {
    if (this.server.connection.isDisconnected()) return;
    this.call?.cancel();
    const meta = this.server.metaServer();
    const request: ConfigSyncRequest = { node: this.ctx.env.self, stored: this.storedReplicas() };
    this.call = this.ctx.env.rpc.call(
      meta,
      'RPC_CM_CONFIG_SYNC',
      request,
      { hash: 0, timeoutMs: this.ctx.settings.rpcTimeoutMs },
      reply(this, 'onNodeQueryReply', request, meta),
    );
  }

  /** Also what is being closed and stays: who is not told of counts as lost when a group is put together again (repl 1.10). */
  storedReplicas(): readonly StoredReplica[] {
    const stored: StoredReplica[] = [];
    for (const replica of this.server.replicas.values()) stored.push(this.server.storedReplica(replica));
    for (const { replica } of this.server.closingReplicas.values()) if (this.server.isKept(replica)) stored.push(this.server.storedReplica(replica));
    for (const replica of this.server.closedReplicas.values()) stored.push(replica);
    return stored;
  }

  retryAfter(delayMs: number): void {
    if (this.retryPending) return;
    this.retryPending = true;
    this.ctx.env.tasks.post('LPC_QUERY_CONFIGURATION_ALL', 0, delayMs, task(this, 'onRetry'));
  }

  onRetry(): void {
    this.retryPending = false;
    if (!this.stopped) this.queryConfigurationByNode();
  }

  onNodeQueryReply(result: RpcResult<ConfigSyncResponse>, request: ConfigSyncRequest, meta: NodeId): void {
    this.call = undefined;
    if (this.server.connection.isDisconnected()) return;
    const error = result.error === 'ERR_OK' ? result.body.error : result.error;
    if (result.error === 'ERR_OK' && error === 'ERR_OK') {
      this.onConfigurations(result.body, request);
    } else if (error === 'ERR_BUSY') {
      this.retryAfter(BUSY_RETRY_MS);
    } else {
      this.server.suspectMetaServer(meta);
      if (!this.server.isConnected()) this.retryAfter(this.ctx.settings.updateConfigRetryMs);
    }
  }

  onConfigurations(response: ConfigSyncResponse, request: ConfigSyncRequest): void {
    this.server.onConfigurationQueried();
    const listed = new Set<Gpid>();
    for (const { app, config } of response.partitions) {
      listed.add(config.gpid);
      this.scatter(app, config);
    }
    const garbage = new Set(response.gcReplicas);
    for (const stored of request.stored) {
      if (listed.has(stored.gpid)) continue;
      this.scatterNotListed(stored, garbage.has(stored.gpid));
    }
  }

  private scatter(app: AppInfo, config: PartitionConfig): void {
    const then = task(this, 'onNodeQueryReplyScatter', app, config);
    this.ctx.env.tasks.post('LPC_QUERY_NODE_CONFIGURATION_SCATTER', threadHash(config.gpid), 0, then);
  }

  private scatterNotListed(stored: StoredReplica, garbage: boolean): void {
    const then = task(this, 'onNodeQueryReplyScatter2', stored.gpid, stored.ballot, garbage);
    this.ctx.env.tasks.post('LPC_QUERY_NODE_CONFIGURATION_SCATTER', threadHash(stored.gpid), 0, then);
  }

  /** A partition that lists this node as a member. */
  onNodeQueryReplyScatter(app: AppInfo, config: PartitionConfig): void {
    const replica = this.server.replicas.get(config.gpid);
    if (replica !== undefined) replica.configurator.onConfigSync(app, config);
    else this.onPrimaryIsAbsent(config);
  }

  /** Nobody else can tell; a secondary that is absent its primary removes. */
  private onPrimaryIsAbsent(config: PartitionConfig): void {
    const isOpening = this.server.openingReplicas.has(config.gpid);
    if (config.primary === this.ctx.env.self && !isOpening) this.server.removeReplicaOnMetaServer(config);
  }

  /** A replica that the meta server does not list for this node. */
  onNodeQueryReplyScatter2(gpid: Gpid, ballot: number, garbage: boolean): void {
    if (garbage) this.server.collectReplica(gpid);
    this.server.replicas.get(gpid)?.configurator.onNotListed(ballot, garbage);
  }
}
