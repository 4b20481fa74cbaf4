/**
 * Sends loaded writes to the follower's table (dup 6.6; upstream's pegasus_mutation_duplicator): requests in queues, one
 * of each queue on its way at a time, each sent again until it is acknowledged.
 *
 * Departures (order per key and size: dup.B22, B34): a queue is that of one hash, and a request carries writes of that
 * hash only; it is cut before it would exceed a limit, so only a single write can. A skipped write never withholds those
 * before it (dup.B21); a body that does not decode changed nothing here and is left out (upstream aborts); every
 * attempt has the whole timeout (dup.B44); a refusal is no reason to end the process (dup.B42). Within an attempt the
 * client library repeats the request by itself, after pauses that double, as long as time is left; a route that cannot
 * be had ends the attempt.
 */
import type { ErrorCode } from '../../../../model/vocabulary.ts';
import type { Resolution, TableResolver } from '../../../client/tableResolver.ts';
import type { Context } from '../../../context.ts';
import { reply, resume, task } from '../../../env/contract.ts';
import type { Continuation, RpcHandle, RpcResult, TaskHandle } from '../../../env/contract.ts';
import { DUPLICATE_FIXED_SIZE, duplicateEntrySize, encodeDuplicate, writeHashOf } from '../../../protocol/duplicate.ts';
import type { DuplicateEntry } from '../../../protocol/duplicate.ts';
import type { DuplicateResponse } from '../../../protocol/duplicationMessages.ts';
import { threadHash } from '../../../protocol/gpid.ts';
import type { QueryConfigResponse } from '../../../protocol/messages.ts';
import type { PipelineHost } from '../types.ts';
import type { LoadedWrite } from './types.ts';

/** The requests of one hash. The first is on its way, or waits for its next attempt. */
export interface ShipQueue {
  readonly hash: bigint;
  readonly requests: Uint8Array[];
  call: RpcHandle | undefined;
  timer: TaskHandle | undefined;
  /** When the attempt that is under way ends, monotonic microseconds. */
  deadlineUs: number;
  /** The first request's, by the client library; all attempts together. */
  repeats: number;
}

/** The client library's first pause, milliseconds. */
const FIRST_PAUSE_MS = 8;

/** A request that still grows. */
export interface OpenRequest {
  entries: DuplicateEntry[];
  sizeBytes: number;
}

export class MutationDuplicator {
  readonly ctx: Context;
  readonly host: PipelineHost;
  /** By hash; one exists until its last request is acknowledged. */
  private readonly queues = new Map<bigint, ShipQueue>();
  private then: Continuation<number> | undefined;
  private shippedBytes = 0;
  private stopped = false;
  private hasResolved = false;

  constructor(ctx: Context, host: PipelineHost) {
    this.ctx = ctx;
    this.host = host;
  }

  /** Resumes with the bytes of all requests when each is acknowledged. One set at a time. */
  duplicate(writes: readonly LoadedWrite[], then: Continuation<number>): void {
    this.ctx.env.check(this.then === undefined, 'duplicate one set at a time');
    this.then = then;
    this.shippedBytes = 0;
    this.enqueueWrites(writes);
    if (this.queues.size === 0) this.finish();
    for (const queue of this.queues.values()) this.send(queue);
  }

  cancel(): void {
    this.stopped = true;
    for (const queue of this.queues.values()) {
      queue.call?.cancel();
      queue.timer?.cancel();
    }
    this.queues.clear();
  }

  queueCount(): number {
    return this.queues.size;
  }

  private finish(): void {
    const { then } = this;
    this.then = undefined;
    if (then !== undefined) resume(then, this.shippedBytes);
  }

  // ------------------------------------------------------------------ requests

  enqueueWrites(writes: readonly LoadedWrite[]): void {
    const open = new Map<bigint, OpenRequest>();
    for (const write of writes) {
      if (!this.isShipped(write.code)) continue;
      const hash = this.queueHashOf(write);
      if (hash !== undefined) this.addWrite(open, hash, write);
    }
    this.enqueueRest(open, writes);
  }

  /** The requests that no limit has ended, whatever the last of the writes was (dup.B21). */
  enqueueRest(open: ReadonlyMap<bigint, OpenRequest>, _writes: readonly LoadedWrite[]): void {
    for (const [hash, request] of open) this.enqueue(hash, request);
  }

  /** What other clusters wrote goes no further (S14), and ingested files cannot. */
  isShipped(code: string): boolean {
    return code !== 'RPC_RRDB_RRDB_DUPLICATE' && code !== 'RPC_RRDB_RRDB_BULK_LOAD';
  }

  /** Writes of one key are in one queue. Undefined: the source could not decode the write either. */
  queueHashOf(write: LoadedWrite): bigint | undefined {
    return writeHashOf(write.code, write.body);
  }

  private addWrite(open: Map<bigint, OpenRequest>, hash: bigint, write: LoadedWrite): void {
    const entry = this.entryOf(write);
    const sizeBytes = duplicateEntrySize(entry);
    let request = open.get(hash);
    if (request !== undefined && this.isFull(request.sizeBytes, sizeBytes)) {
      this.enqueue(hash, request);
      request = undefined;
    }
    if (request === undefined) open.set(hash, (request = { entries: [], sizeBytes: DUPLICATE_FIXED_SIZE }));
    request.entries.push(entry);
    request.sizeBytes += sizeBytes;
  }

  /** Whether a request of `openBytes` has no room for another entry. */
  isFull(openBytes: number, entryBytes: number): boolean {
    return openBytes + entryBytes > this.requestLimit();
  }

  /** Bytes that a request of more than one entry must not exceed. */
  requestLimit(): number {
    const { duplicateLogBatchBytes, dupMaxAllowedWriteSizeBytes } = this.ctx.settings;
    return Math.min(duplicateLogBatchBytes, dupMaxAllowedWriteSizeBytes);
  }

  /** The follower keeps what is newer there (dup 7.3; upstream never asks for it, dup.B38). */
  entryOf(write: LoadedWrite): DuplicateEntry {
    const { timestampUs, code, body } = write;
    return { timestampUs, code, rawMessage: body, clusterId: this.ownClusterId(), verifyTimetag: true };
  }

  /** A duplication is only added where there is one (dup.B14). */
  ownClusterId(): number {
    const { duplicationGroup, dupClusterName } = this.ctx.settings;
    const id = duplicationGroup[dupClusterName];
    this.ctx.env.check(id !== undefined, 'own cluster id', () => dupClusterName);
    return id;
  }

  enqueue(hash: bigint, request: OpenRequest): void {
    const body = encodeDuplicate(request.entries);
    const queue = this.queues.get(hash);
    if (queue !== undefined) queue.requests.push(body);
    else this.queues.set(hash, { hash, requests: [body], call: undefined, timer: undefined, deadlineUs: 0, repeats: 0 });
  }

  // ------------------------------------------------------------------ sending

  resolver(): TableResolver | undefined {
    return this.host.replica.host.resolverOf(this.host.remoteCluster);
  }

  /** An attempt for the first request of a queue. */
  send(queue: ShipQueue): void {
    const [body] = queue.requests;
    if (body === undefined) return;
    queue.deadlineUs = this.ctx.env.clock.monotonicUs() + this.requestTimeoutMs(body) * 1000;
    this.resolve(queue);
  }

  private resolve(queue: ShipQueue): void {
    const resolver = this.resolver();
    if (resolver !== undefined && !this.hasResolved) this.forgetEarlierRoute(resolver);
    const config = resolver?.known(this.host.remoteAppName);
    if (resolver === undefined) {
      this.onSendFailed(queue);
    } else if (config === undefined) {
      const deadlineUs = this.ctx.env.clock.monotonicUs() + this.ctx.settings.clientTimeoutMs * 1000;
      resolver.query(this.host.remoteAppName, deadlineUs, reply(this, 'onResolved', queue));
    } else {
      this.sendTo(queue, resolver, config);
    }
  }

  /** What was known before this duplication began may be a table of the name that is dropped by now, and still answers. */
  forgetEarlierRoute(resolver: TableResolver): void {
    this.hasResolved = true;
    const earlier = resolver.known(this.host.remoteAppName);
    if (earlier !== undefined) resolver.forget(this.host.remoteAppName, earlier);
  }

  onResolved({ config }: Resolution, queue: ShipQueue): void {
    if (this.stopped) return;
    const resolver = this.resolver();
    if (resolver === undefined || config === undefined) this.onSendFailed(queue);
    else this.sendTo(queue, resolver, config);
  }

  private sendTo(queue: ShipQueue, resolver: TableResolver, config: QueryConfigResponse): void {
    const body = queue.requests[0];
    const partition = config.partitions[this.partitionIndexOf(queue.hash, config)];
    if (body === undefined) return;
    if (partition === undefined || partition.primary === '') {
      resolver.forget(this.host.remoteAppName, config);
      this.onAccessFailed(queue, 'ERR_INACTIVE_STATE');
      return;
    }
    const { gpid, primary } = partition;
    const timeoutMs = this.callTimeoutMs(queue);
    queue.call = this.ctx.env.rpc.call(
      primary,
      'RPC_RRDB_RRDB_DUPLICATE',
      { gpid, partitionHash: queue.hash, body, clientTimeoutMs: timeoutMs, commandId: 0 },
      { hash: threadHash(gpid), timeoutMs, gpid },
      reply(this, 'onDuplicateReply', queue, config),
    );
  }

  partitionIndexOf(hash: bigint, config: QueryConfigResponse): number {
    return config.partitionCount > 0 ? Number(hash % BigInt(config.partitionCount)) : 0;
  }

  /** Of one attempt. */
  requestTimeoutMs(_body: Uint8Array): number {
    return this.ctx.settings.dupRequestTimeoutMs;
  }

  /** Of one message of an attempt; at its very end there is time for one more. */
  callTimeoutMs(queue: ShipQueue): number {
    return Math.max(1, this.leftMs(queue));
  }

  leftMs(queue: ShipQueue): number {
    return Math.floor((queue.deadlineUs - this.ctx.env.clock.monotonicUs()) / 1000);
  }

  // ------------------------------------------------------------------ answers

  onDuplicateReply(result: RpcResult<DuplicateResponse>, queue: ShipQueue, config: QueryConfigResponse): void {
    if (this.stopped) return;
    queue.call = undefined;
    const error = result.error === 'ERR_OK' ? result.body.error : result.error;
    if (error === 'ERR_OK' && result.body?.storageStatus === 0) {
      this.onAcknowledged(queue);
      return;
    }
    if (this.isRouteOld(error)) this.resolver()?.forget(this.host.remoteAppName, config);
    this.onAccessFailed(queue, error);
  }

  /** The client library goes on by itself while the attempt has time for a pause and more. */
  onAccessFailed(queue: ShipQueue, error: ErrorCode): void {
    const pauseMs = this.pauseMs(queue.repeats);
    if (!this.isRepeatable(error) || this.leftMs(queue) <= pauseMs) {
      this.onSendFailed(queue);
      return;
    }
    queue.repeats++;
    const then = task(this, 'onPauseOver', queue);
    queue.timer = this.ctx.env.tasks.post('LPC_REPLICATION_LOW', this.host.replica.hash, pauseMs, then);
  }

  /** At most as long as between two attempts: both are 1 s upstream. */
  pauseMs(repeats: number): number {
    return Math.min(this.ctx.settings.dupShipRetryMs, FIRST_PAUSE_MS * 2 ** repeats);
  }

  onPauseOver(queue: ShipQueue): void {
    queue.timer = undefined;
    if (!this.stopped) this.resolve(queue);
  }

  /** Another moment may mend it. A refusal by storage is an answer, which the library hands on. */
  isRepeatable(error: ErrorCode): boolean {
    switch (error) {
      case 'ERR_OK':
      case 'ERR_HANDLER_NOT_FOUND':
      case 'ERR_OPERATION_DISABLED':
      case 'ERR_APP_NOT_EXIST':
      case 'ERR_BUSY':
      case 'ERR_DISK_INSUFFICIENT':
        return false;
      default:
        return true;
    }
  }

  /** Errors that a server gives, or a dead one leaves, that is not the partition's primary. */
  isRouteOld(error: ErrorCode): boolean {
    switch (error) {
      case 'ERR_INVALID_STATE':
      case 'ERR_INACTIVE_STATE':
      case 'ERR_OBJECT_NOT_FOUND':
      case 'ERR_NETWORK_FAILURE':
      case 'ERR_SESSION_RESET':
      case 'ERR_TIMEOUT':
        return true;
      default:
        return false;
    }
  }

  private onAcknowledged(queue: ShipQueue): void {
    const { replica } = this.host;
    const shipped = queue.requests.shift();
    queue.repeats = 0;
    replica.host.metrics.add(replica.gpid, 'dup_shipped_successful_requests', 1);
    this.shippedBytes += shipped?.length ?? 0;
    if (queue.requests.length > 0) {
      this.send(queue);
      return;
    }
    this.queues.delete(queue.hash);
    if (this.queues.size === 0) this.finish();
  }

  /** The same request again, for ever: whatever the follower says, the write is committed here. */
  onSendFailed(queue: ShipQueue): void {
    const { replica } = this.host;
    replica.host.metrics.add(replica.gpid, 'dup_shipped_failed_requests', 1);
    const { dupShipRetryMs } = this.ctx.settings;
    queue.timer = this.ctx.env.tasks.post('LPC_REPLICATION_LOW', replica.hash, dupShipRetryMs, task(this, 'onRetry', queue));
  }

  onRetry(queue: ShipQueue): void {
    queue.timer = undefined;
    if (!this.stopped) this.send(queue);
  }
}
