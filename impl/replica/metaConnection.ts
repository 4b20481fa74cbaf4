/**
 * Whether this server counts (upstream's replica_node_state, replica_stub.cpp; repl 1.10): without a lease; with one, while
 * the roles of its replicas are still asked for; with both. A server that loses its lease makes every replica INACTIVE.
 */
import type { Gpid, NodeId } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { task } from '../env/contract.ts';
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
