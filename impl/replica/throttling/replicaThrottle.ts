/**
 * Throttling of one replica's client requests: its controllers, their configuration by table envs, and what becomes of
 * a request that is not let in at once (thr 3, 5; upstream's replica_throttle.cpp).
 *
 * Nothing is throttled before the first configuration sync. A request that waits belongs to the replica: once that is
 * closed, nobody is answered.
 */
import type { Context } from '../../context.ts';
import { task } from '../../env/contract.ts';
import type { Replier } from '../../env/contract.ts';
import type { ClientRequest, ReadResponse } from '../../protocol/messages.ts';
import type { MetricName } from '../metrics.ts';
import type { ClientWrite } from '../mutation.ts';
import type { Replica } from '../replica.ts';
import type { ThrottlingController, ThrottlingVerdict } from './throttlingController.ts';
import * as keys from './throttlingEnvs.ts';
import type { TokenBucketThrottlingController } from './tokenBucketThrottlingController.ts';

export class ReplicaThrottle {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly writesByCount: ThrottlingController;
  readonly writesBySize: ThrottlingController;
  readonly readsByCount: ThrottlingController;
  /** Configured only: there are no backup reads yet. */
  readonly backupRequests: ThrottlingController;
  readonly readsBySize: TokenBucketThrottlingController;

  constructor(ctx: Context, replica: Replica) {
    const { parts } = ctx;
    this.ctx = ctx;
    this.replica = replica;
    this.writesByCount = new parts.ThrottlingController(ctx);
    this.writesBySize = new parts.ThrottlingController(ctx);
    this.readsByCount = new parts.ThrottlingController(ctx);
    this.backupRequests = new parts.ThrottlingController(ctx);
    this.readsBySize = new parts.TokenBucketThrottlingController(ctx);
  }

  // ------------------------------------------------------------------ configuration (thr 3)

  /** With each configuration sync, whatever the replica's role. */
  updateThrottleEnvs(envs: Readonly<Record<string, string>>): void {
    this.updateThrottleEnv(this.writesByCount, envs[keys.WRITE_THROTTLING]);
    this.updateThrottleEnv(this.writesBySize, envs[keys.WRITE_THROTTLING_BY_SIZE]);
    this.updateThrottleEnv(this.readsByCount, envs[keys.READ_THROTTLING]);
    this.updateThrottleEnv(this.backupRequests, envs[keys.BACKUP_REQUEST_THROTTLING]);
    this.updateThrottleEnv(this.readsBySize, envs[keys.READ_THROTTLING_BY_SIZE]);
  }

  /** A value that cannot be read throttles nothing, as no value does. */
  updateThrottleEnv(
    controller: ThrottlingController | TokenBucketThrottlingController,
    value: string | undefined,
  ): void {
    if (value === undefined || !controller.parseFromEnv(value, this.replica.app.partitionCount).ok) controller.reset();
  }

  // ------------------------------------------------------------------ writes (thr 5.1)

  /** True: the write is not let in now; it is admitted anew or refused later, or was refused. */
  throttleWriteRequest(write: ClientWrite): boolean {
    const verdict = this.controlWrite(write);
    switch (verdict.kind) {
      case 'pass':
        return false;
      case 'delay':
        this.count('throttling_delayed_write_requests');
        this.postWrite(verdict.waitMs, 'onWriteDelayed', write);
        return true;
      case 'reject':
        this.count('throttling_rejected_write_requests');
        if (verdict.waitMs > 0) this.postWrite(verdict.waitMs, 'onWriteRejected', write);
        else this.onWriteRejected(write);
        return true;
    }
  }

  /** By number first; a write that this stops is not charged by size. */
  controlWrite(write: ClientWrite): ThrottlingVerdict {
    const { clientTimeoutMs, body } = write.request;
    const verdict = this.writesByCount.control(clientTimeoutMs, 1);
    if (verdict.kind !== 'pass') {
      this.tell('write', 'units', verdict, 1, clientTimeoutMs);
      return verdict;
    }
    const bySize = this.writesBySize.control(clientTimeoutMs, body.length);
    this.tell('write', 'size', bySize, body.length, clientTimeoutMs);
    return bySize;
  }

  /** Says what became of a request that is not let in now. */
  tell(of: 'write' | 'read', by: 'units' | 'size', said: ThrottlingVerdict, cost: number, timeoutMs: number): void {
    if (said.kind === 'pass') return;
    const verdict = said.kind === 'delay' ? 'DELAY' : 'REJECT';
    const { gpid } = this.replica;
    this.ctx.env.emit({ kind: 'throttle.verdict', gpid, of, by, verdict, waitMs: said.waitMs, cost, timeoutMs });
  }

  private postWrite(waitMs: number, method: 'onWriteDelayed' | 'onWriteRejected', write: ClientWrite): void {
    this.ctx.env.tasks.post('LPC_write_THROTTLING_DELAY', this.replica.hash, waitMs, task(this, method, write));
  }

  /** The whole admission again, as the replica is now; only throttling is behind this write. */
  onWriteDelayed(write: ClientWrite): void {
    if (!this.replica.closed) this.replica.twoPc.onWrite(write, true);
  }

  onWriteRejected(write: ClientWrite): void {
    if (this.replica.closed) return;
    this.replica.host.metrics.addOfServer('write_busy_requests', 1);
    this.replica.twoPc.responseClientWrite(write, 'ERR_BUSY');
  }

  // ------------------------------------------------------------------ reads (thr 5.2)

  /** True: the read is not let in now, as with a write. */
  throttleReadRequest(request: ClientRequest, replier: Replier<ReadResponse>): boolean {
    const verdict = this.readsByCount.control(request.clientTimeoutMs, 1);
    this.tell('read', 'units', verdict, 1, request.clientTimeoutMs);
    switch (verdict.kind) {
      case 'pass':
        return false;
      case 'delay':
        this.count('throttling_delayed_read_requests');
        this.postRead(verdict.waitMs, 'onReadDelayed', request, replier);
        return true;
      case 'reject':
        this.count('throttling_rejected_read_requests');
        if (verdict.waitMs > 0) this.postRead(verdict.waitMs, 'onReadRejected', request, replier);
        else this.onReadRejected(request, replier);
        return true;
    }
  }

  private postRead(
    waitMs: number,
    method: 'onReadDelayed' | 'onReadRejected',
    request: ClientRequest,
    replier: Replier<ReadResponse>,
  ): void {
    const then = task(this, method, request, replier);
    this.ctx.env.tasks.post('LPC_read_THROTTLING_DELAY', this.replica.hash, waitMs, then);
  }

  onReadDelayed(request: ClientRequest, replier: Replier<ReadResponse>): void {
    if (!this.replica.closed) this.replica.reads.onClientRead(request, replier, true);
  }

  onReadRejected(_request: ClientRequest, replier: Replier<ReadResponse>): void {
    if (this.replica.closed) return;
    this.replica.host.metrics.addOfServer('read_busy_requests', 1);
    replier.refuse('ERR_BUSY');
  }

  /** Whether the storage refuses a read, which needs one token; it is charged afterwards (thr 6). */
  refusesReadBySize(timeoutMs: number): boolean {
    if (this.readsBySize.available()) return false;
    this.tell('read', 'size', { kind: 'reject', waitMs: 0 }, 1, timeoutMs);
    this.count('throttling_rejected_read_requests');
    return true;
  }

  /** A read that found a row costs the row, one that found none costs 1. */
  chargeRead(sizeBytes: number | undefined): void {
    this.readsBySize.consumeToken(sizeBytes ?? 1);
  }

  private count(name: MetricName): void {
    this.replica.host.metrics.add(this.replica.gpid, name, 1);
  }
}
