/**
 * The key-value client (dependencies.md 3): finds the primary of a key's partition, sends one RPC per attempt, and
 * tries again as the official clients do, within the command's deadline. Continuations resume once, with plain data.
 *
 * What a failed attempt leads to is `nextStep`: a wrong or dead server means a fresh configuration and another attempt;
 * one that cannot take the request yet another attempt; anything else is the answer, ERR_BUSY too: that is how a
 * throttled request is refused (thr 5.1). A write whose outcome some attempt left unknown is never
 * answered with an error that says that nothing was done: it ends with ERR_OK or with ERR_TIMEOUT.
 */
import type { ErrorCode, NodeId } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { reply, resume, task } from '../env/contract.ts';
import type { Continuation, RpcResult } from '../env/contract.ts';
import { threadHash } from '../protocol/gpid.ts';
import type { QueryConfigResponse, ReadResponse, WriteResponse } from '../protocol/messages.ts';
import { encodeKey, encodeMultiPut, encodePut, partitionHashOf, storedKey } from '../protocol/rrdb.ts';
import type { KeyValue } from '../protocol/rrdb.ts';
import { errorOf } from './metaCaller.ts';
import type { Resolution, TableResolver } from './tableResolver.ts';

type WriteRpc = 'RPC_RRDB_RRDB_PUT' | 'RPC_RRDB_RRDB_REMOVE' | 'RPC_RRDB_RRDB_MULTI_PUT';
type KvCode = WriteRpc | 'RPC_RRDB_RRDB_GET';

interface KvCall {
  readonly commandId: number;
  readonly table: string;
  readonly code: KvCode;
  readonly partitionHash: bigint;
  readonly body: Uint8Array;
  readonly deadlineUs: number;
  /** The configuration that the current attempt used. */
  seen: QueryConfigResponse | undefined;
  /** Some attempt may have been carried out although no answer said so. */
  unknown: boolean;
  readonly finish:
    | { readonly kind: 'write'; readonly then: Continuation<WriteResponse> }
    | { readonly kind: 'read'; readonly then: Continuation<ReadResponse> };
}

type NextStep = 'answer' | 'refresh' | 'again';

const NO_WRITE = { decree: -1, server: '' } as const;
const NO_READ = { found: false, value: '' } as const;

/** 2016-01-01T00:00:00Z: expiry times count from here. */
const EPOCH_BEGIN_SECONDS = 1_451_606_400;

export class KvClient {
  readonly ctx: Context;
  readonly resolver: TableResolver;
  private nextId = 1;
  private readonly calls = new Map<number, KvCall>();

  constructor(ctx: Context, options: { readonly metaServers: readonly NodeId[] }) {
    this.ctx = ctx;
    this.resolver = new ctx.parts.TableResolver(ctx, options.metaServers);
  }

  /** Keys and values: one char per byte. `ttlSeconds` 0: never expires. */
  put(
    commandId: number,
    table: string,
    hashKey: string,
    sortKey: string,
    value: string,
    ttlSeconds: number,
    then: Continuation<WriteResponse>,
  ): void {
    const body = encodePut(storedKey(hashKey, sortKey), value, this.expireTs(ttlSeconds));
    this.begin(commandId, table, 'RPC_RRDB_RRDB_PUT', partitionHashOf(hashKey, sortKey), body, { kind: 'write', then });
  }

  multiPut(
    commandId: number,
    table: string,
    hashKey: string,
    rows: readonly KeyValue[],
    ttlSeconds: number,
    then: Continuation<WriteResponse>,
  ): void {
    const body = encodeMultiPut(hashKey, rows, this.expireTs(ttlSeconds));
    this.begin(commandId, table, 'RPC_RRDB_RRDB_MULTI_PUT', partitionHashOf(hashKey), body, { kind: 'write', then });
  }

  remove(commandId: number, table: string, hashKey: string, sortKey: string, then: Continuation<WriteResponse>): void {
    const body = encodeKey(storedKey(hashKey, sortKey));
    const hash = partitionHashOf(hashKey, sortKey);
    this.begin(commandId, table, 'RPC_RRDB_RRDB_REMOVE', hash, body, { kind: 'write', then });
  }

  get(commandId: number, table: string, hashKey: string, sortKey: string, then: Continuation<ReadResponse>): void {
    const body = encodeKey(storedKey(hashKey, sortKey));
    this.begin(commandId, table, 'RPC_RRDB_RRDB_GET', partitionHashOf(hashKey, sortKey), body, { kind: 'read', then });
  }

  /** Seconds since 2016 at which a row ends; 0 for never. */
  expireTs(ttlSeconds: number): number {
    if (ttlSeconds <= 0) return 0;
    return Math.floor(this.ctx.env.clock.wallUs() / 1_000_000) - EPOCH_BEGIN_SECONDS + ttlSeconds;
  }

  private begin(
    commandId: number,
    table: string,
    code: KvCode,
    partitionHash: bigint,
    body: Uint8Array,
    finish: KvCall['finish'],
  ): void {
    const id = this.nextId++;
    const deadlineUs = this.ctx.env.clock.monotonicUs() + this.ctx.settings.clientTimeoutMs * 1000;
    const about = { commandId, table, code, partitionHash, body, finish };
    this.calls.set(id, { ...about, deadlineUs, seen: undefined, unknown: false });
    this.attempt(id);
  }

  /** One attempt, after the table is known. */
  attempt(id: number): void {
    const call = this.calls.get(id);
    if (call === undefined) return;
    const config = this.resolver.known(call.table);
    if (config === undefined) this.resolver.query(call.table, call.deadlineUs, reply(this, 'onResolved', id));
    else this.send(id, call, config);
  }

  onResolved({ error, config }: Resolution, id: number): void {
    const call = this.calls.get(id);
    if (call === undefined) return;
    if (config !== undefined) {
      this.send(id, call, config);
    } else if (this.isTableFinal(error)) {
      this.finish(id, error);
    } else {
      this.attemptLater(id, error);
    }
  }

  /** Asking the meta server again would not help. */
  isTableFinal(error: ErrorCode): boolean {
    return error === 'ERR_APP_NOT_EXIST' || error === 'ERR_OPERATION_DISABLED' || error === 'ERR_HANDLER_NOT_FOUND';
  }

  private send(id: number, call: KvCall, config: QueryConfigResponse): void {
    call.seen = config;
    const partition = config.partitions[this.partitionIndex(call, config)];
    const remainingMs = this.remainingMs(call);
    if (remainingMs <= 0) {
      this.finish(id, 'ERR_TIMEOUT');
    } else if (partition === undefined || partition.primary === '') {
      this.resolver.forget(call.table, config);
      this.attemptLater(id, 'ERR_OBJECT_NOT_FOUND');
    } else {
      const { gpid } = partition;
      const { partitionHash, body, commandId } = call;
      this.ctx.env.rpc.call(
        partition.primary,
        call.code,
        { gpid, partitionHash, body, clientTimeoutMs: remainingMs, commandId },
        { hash: threadHash(gpid), timeoutMs: remainingMs, gpid },
        reply(this, 'onAnswer', id),
      );
    }
  }

  partitionIndex(call: { readonly partitionHash: bigint }, config: QueryConfigResponse): number {
    return Number(call.partitionHash % BigInt(config.partitionCount));
  }

  onAnswer(result: RpcResult<WriteResponse | ReadResponse>, id: number): void {
    const call = this.calls.get(id);
    if (call === undefined) return;
    const error = errorOf(result);
    if (this.isUnknown(error)) call.unknown = true;
    switch (this.nextStep(error)) {
      case 'answer':
        this.finish(id, error, result.body);
        break;
      case 'refresh':
        if (call.seen !== undefined) this.resolver.forget(call.table, call.seen);
        this.attemptLater(id, error);
        break;
      case 'again':
        this.attemptLater(id, error);
        break;
    }
  }

  /** The retry table of the official clients. */
  nextStep(error: ErrorCode): NextStep {
    switch (error) {
      case 'ERR_INVALID_STATE':
      case 'ERR_INACTIVE_STATE':
      case 'ERR_OBJECT_NOT_FOUND':
      case 'ERR_NETWORK_FAILURE':
      case 'ERR_SESSION_RESET':
      case 'ERR_TIMEOUT':
        return 'refresh';
      case 'ERR_NOT_ENOUGH_MEMBER':
      case 'ERR_CAPACITY_EXCEEDED':
        return 'again';
      default:
        return 'answer';
    }
  }

  /** The attempt may have been carried out, now or later. */
  isUnknown(error: ErrorCode): boolean {
    return error === 'ERR_TIMEOUT' || error === 'ERR_NETWORK_FAILURE' || error === 'ERR_SESSION_RESET';
  }

  /** Another attempt after the pause, or the end when the deadline comes first. */
  attemptLater(id: number, error: ErrorCode): void {
    const call = this.calls.get(id);
    if (call === undefined) return;
    const { clientRetryMs } = this.ctx.settings;
    if (this.remainingMs(call) <= clientRetryMs) this.finish(id, this.deadlineError(error));
    else this.ctx.env.tasks.post('LPC_CLIENT', 0, clientRetryMs, task(this, 'attempt', id));
  }

  /** What is answered when time is up: the server's reason when it refused to the end, else ERR_TIMEOUT. */
  deadlineError(error: ErrorCode): ErrorCode {
    return this.nextStep(error) === 'again' ? error : 'ERR_TIMEOUT';
  }

  private remainingMs(call: KvCall): number {
    return Math.floor((call.deadlineUs - this.ctx.env.clock.monotonicUs()) / 1000);
  }

  /** An error must not deny what an earlier attempt of a write may have done. */
  finalError(kind: 'write' | 'read', unknown: boolean, error: ErrorCode): ErrorCode {
    return unknown && kind === 'write' && error !== 'ERR_OK' ? 'ERR_TIMEOUT' : error;
  }

  private finish(id: number, error: ErrorCode, body?: WriteResponse | ReadResponse): void {
    const call = this.calls.get(id);
    if (call === undefined) return;
    this.calls.delete(id);
    const final = this.finalError(call.finish.kind, call.unknown, error);
    if (call.finish.kind === 'write') {
      const said = body !== undefined && 'decree' in body ? body : NO_WRITE;
      resume(call.finish.then, { ...said, error: final });
    } else {
      const said = body !== undefined && 'found' in body ? body : NO_READ;
      resume(call.finish.then, { ...said, error: final });
    }
  }
}
