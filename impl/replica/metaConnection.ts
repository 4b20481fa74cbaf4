/**
 * Whether this server counts (upstream's replica_node_state, replica_stub.cpp; repl 1.10): without a lease; with one, while
 * the roles of its replicas are still asked for; with both. A server that loses its lease makes every replica INACTIVE.
 */
import type { Gpid, NodeId, PartitionConfig } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { reply, task } from '../env/contract.ts';
import type { Continuation, RpcResult } from '../env/contract.ts';
import { threadHash } from '../protocol/gpid.ts';
import type { UpdateConfigRequest, UpdateConfigResponse } from '../protocol/messages.ts';
import type { ReplicaServer } from './replicaStub.ts';

type NodeState = 'NS_Disconnected' | 'NS_Connecting' | 'NS_Connected';

export class MetaConnection {
  readonly ctx: Context;
  readonly server: ReplicaServer;
  private state: NodeState = 'NS_Disconnected';
  private metaIndex = 0;

  constructor(ctx: Context, server: ReplicaServer) {
    this.ctx = ctx;
    this.server = server;
  }

  isConnected(): boolean {
    return this.state === 'NS_Connected';
  }

  /** The meta server is not there, or this server has no lease: nothing is asked of it, and no answer of it counts. */
  isDisconnected(): boolean {
    return this.state === 'NS_Disconnected';
  }

  // ------------------------------------------------------------------ whom to ask

  metaServer(): NodeId {
    const { metaServers } = this.server.options;
    return metaServers[this.metaIndex % metaServers.length] ?? '';
  }

  suspectMetaServer(node: NodeId): void {
    if (node === this.metaServer()) this.metaIndex++;
  }

  // ------------------------------------------------------------------ a part that this server gives up

  /**
   * Upstream's remove_replica_on_meta_server: said once, past the replica, which may be gone. Whatever is answered, the
   * next config sync tells whether it was stored.
   */
  removeReplica(config: PartitionConfig): void {
    const request = this.removalOf(config);
    if (request === undefined) return;
    const { gpid } = config;
    const options = { hash: threadHash(gpid), timeoutMs: this.ctx.settings.rpcTimeoutMs, gpid, decree: request.config.ballot };
    const then: Continuation<RpcResult<UpdateConfigResponse>> = reply(this, 'onRemovalAnswered', gpid);
    this.ctx.env.rpc.call(this.metaServer(), 'RPC_CM_UPDATE_PARTITION_CONFIGURATION', request, options, then);
  }

  /** Undefined: this server has no part in it. */
  private removalOf(config: PartitionConfig): UpdateConfigRequest | undefined {
    const node = this.ctx.env.self;
    const ballot = config.ballot + 1;
    const type = 'CT_DOWNGRADE_TO_INACTIVE';
    if (config.primary === node) return { type, node, config: { ...config, ballot, primary: '' } };
    if (!config.secondaries.includes(node)) return undefined;
    const secondaries = config.secondaries.filter((other) => other !== node);
    return { type, node, config: { ...config, ballot, secondaries } };
  }

  onRemovalAnswered(_result: RpcResult<UpdateConfigResponse>, _gpid: Gpid): void {
    // The replica is no part of it any more.
  }

  // ------------------------------------------------------------------ what becomes of it

  onMetaServerConnected(): void {
    if (!this.isDisconnected()) return;
    this.state = 'NS_Connecting';
    this.server.configSyncer.queryConfigurationByNode();
  }

  /** The roles are known. */
  onConfigurationQueried(): void {
    this.state = 'NS_Connected';
  }

  /** Each replica stops serving, in a task of its own. */
  onMetaServerDisconnected(): void {
    if (this.isDisconnected()) return;
    this.state = 'NS_Disconnected';
    for (const { gpid, hash } of this.server.replicas.values()) {
      this.ctx.env.tasks.post('LPC_CM_DISCONNECTED_SCATTER', hash, 0, task(this, 'onMetaServerDisconnectedScatter', gpid));
    }
  }

  onMetaServerDisconnectedScatter(gpid: Gpid): void {
    if (this.isDisconnected()) this.server.replicas.get(gpid)?.configurator.onMetaServerDisconnected();
  }

  /** The process is going: it counts no more, and closes its replicas itself. */
  stop(): void {
    this.state = 'NS_Disconnected';
  }
}
