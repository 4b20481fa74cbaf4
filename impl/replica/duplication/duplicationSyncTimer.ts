/**
 * The periodic sync of a replica server with its meta server about duplications: reports progress, and takes what there
 * is to duplicate (dup 4.1, 4.3; upstream's duplication_sync_timer.cpp). Runs in THREAD_POOL_DEFAULT, as upstream's.
 */
import type { NodeId } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { reply, task } from '../../env/contract.ts';
import type { RpcHandle, RpcResult, TaskHandle } from '../../env/contract.ts';
import type {
  DuplicationConfirmEntry,
  DuplicationEntry,
  DuplicationSyncRequest,
  DuplicationSyncResponse,
} from '../../protocol/duplicationMessages.ts';
import { appIdOf } from '../../protocol/gpid.ts';
import type { ReplicaServer } from '../replicaStub.ts';

export class DuplicationSyncTimer {
  readonly ctx: Context;
  readonly server: ReplicaServer;
  private timer: TaskHandle | undefined;
  private call: RpcHandle | undefined;

  constructor(ctx: Context, server: ReplicaServer) {
    this.ctx = ctx;
    this.server = server;
  }

  /** The first run comes after one period. */
  start(): void {
    if (this.ctx.settings.duplicationEnabled) this.schedule();
  }

  stop(): void {
    this.timer?.cancel();
    this.call?.cancel();
    this.timer = undefined;
    this.call = undefined;
  }

  private schedule(): void {
    const then = task(this, 'onTimer');
    const delayMs = this.ctx.settings.duplicationSyncPeriodMs;
    this.timer = this.ctx.env.tasks.post('LPC_DUPLICATION_SYNC_TIMER', 0, delayMs, then);
  }

  onTimer(): void {
    if (!this.isSkipped()) this.syncDuplication();
    this.schedule();
  }

  /** The former answer may still come, or nobody has told this server its roles. */
  isSkipped(): boolean {
    return this.call !== undefined || !this.server.isConnected();
  }

  syncDuplication(): void {
    const request: DuplicationSyncRequest = { node: this.ctx.env.self, confirms: this.confirmsToUpdate() };
    this.updatePendingMutations();
    const meta = this.server.metaServer();
    const options = { hash: 0, timeoutMs: this.ctx.settings.dupSyncTimeoutMs };
    const { rpc } = this.ctx.env;
    this.call = rpc.call(meta, 'RPC_CM_DUPLICATION_SYNC', request, options, reply(this, 'onDuplicationSyncReply', meta));
  }

  confirmsToUpdate(): readonly DuplicationConfirmEntry[] {
    const confirms: DuplicationConfirmEntry[] = [];
    for (const replica of this.server.replicas.values()) {
      confirms.push(...replica.duplicatorManager.getDuplicationConfirmsToUpdate());
    }
    return confirms;
  }

  updatePendingMutations(): void {
    for (const { gpid, duplicatorManager } of this.server.replicas.values()) {
      this.server.metrics.set(gpid, 'dup_pending_mutations', duplicatorManager.pendingMutations());
    }
  }

  /** Without an answer nothing changes: the next period asks again. */
  onDuplicationSyncReply(result: RpcResult<DuplicationSyncResponse>, meta: NodeId): void {
    this.call = undefined;
    if (result.error !== 'ERR_OK' || result.body.error === 'ERR_FORWARD_TO_OTHERS') {
      this.server.suspectMetaServer(meta);
    } else if (result.body.error === 'ERR_OK') {
      this.updateDuplicationMaps(result.body);
    }
  }

  /** For every replica, whatever its role. */
  updateDuplicationMaps(response: DuplicationSyncResponse): void {
    const byApp = new Map<number, readonly DuplicationEntry[]>();
    for (const { appId, duplications } of response.apps) byApp.set(appId, duplications);
    for (const replica of this.server.replicas.values()) {
      replica.duplicatorManager.onDuplicationSync(byApp.get(appIdOf(replica.gpid)));
    }
  }
}
