/**
 * The env contract: the only way the implementation meets the outside (design section 3).
 *
 * Handlers are synchronous and run to completion on a worker of a named thread pool. `disk` calls block: they return or
 * throw a `DiskError`, and their cost is charged to the running task. RPC, store and task continuations resume a *named
 * method* of an object with plain-data arguments, so that a trace, an explanation and a defect module can name every
 * hop. The simulated env may end the process inside any env call, by an exception that only its kernel catches: no code
 * of the implementation catches what it does not know (a lint refuses a bare catch).
 *
 * Every message is frozen plain data (byte arrays are never written after they were handed over). Times: virtual or real
 * microseconds for clocks, milliseconds for delays and timeouts.
 */
import type { Claim } from '../../model/events.ts';
import type { ErrorCode, Gpid, NodeId } from '../../model/vocabulary.ts';
import type { RpcCode, RpcTypes } from '../protocol/messages.ts';
import type { TaskCode } from '../protocol/taskCodes.ts';

/** A method of an object, by name, with the plain-data arguments it resumes with (after the result, if there is one). */
export interface Continuation<R = void> {
  readonly owner: object;
  readonly method: string;
  readonly args: readonly unknown[];
  /** Phantom: the type of the result that is passed first. */
  readonly result?: (result: R) => void;
}

/** A continuation without a result: `task(this, 'onTimer', a, b)` resumes `this.onTimer(a, b)`. */
export function task<M extends string, A extends readonly unknown[]>(
  owner: { readonly [K in M]: (...args: A) => void },
  method: M,
  ...args: A
): Continuation {
  return { owner, method, args };
}

/** A continuation with a result: `reply(this, 'onAck', a)` resumes `this.onAck(result, a)`. */
export function reply<M extends string, R, A extends readonly unknown[]>(
  owner: { readonly [K in M]: (result: NoInfer<R>, ...args: A) => void },
  method: M,
  ...args: A
): Continuation<R> {
  return { owner, method, args };
}

/**
 * Runs a continuation now, in the running task: for a part that finished another part's request without a hop (a storage
 * wrapper's callback runs in the task of the reply that it waited for). The result is passed before the arguments.
 */
export function resume<R>(then: Continuation<R>, result: R): void {
  const method: unknown = Reflect.get(then.owner, then.method);
  if (typeof method !== 'function') throw new TypeError(`no method ${then.method} to resume`);
  Reflect.apply(method, then.owner, result === undefined ? then.args : [result, ...then.args]);
}

export interface Clock {
  /** Never goes back; may pause while the process is paused. Drives timers and leases. */
  monotonicUs(): number;
  /** Microseconds since 1970; may skew and jump. For timestamps and file times only. */
  wallUs(): number;
}

export interface TaskHandle {
  /** True when the task will not run (also when it was cancelled before); false when it is running or has run. */
  cancel(): boolean;
}

export interface Tasks {
  /**
   * Queues a continuation in the code's pool at the code's priority, after `delayMs` (0: now, never inline).
   * `hash` chooses the worker of a partitioned pool.
   */
  post(code: TaskCode, hash: number, delayMs: number, then: Continuation): TaskHandle;
  /** Virtual time that the running task spends beyond its code's base cost, in microseconds (CPU work worth modelling). */
  charge(costUs: number): void;
}

/** What the caller gets back: the peer's answer, or why there is none (nothing is resent automatically). */
export type RpcResult<A> =
  | { readonly error: 'ERR_OK'; readonly body: A }
  | { readonly error: Exclude<ErrorCode, 'ERR_OK'>; readonly body: undefined };

export interface CallOptions {
  /** Chooses the worker on both sides (the gpid's thread hash; 0 where there is none). */
  readonly hash: number;
  readonly timeoutMs: number;
  /** What the message is about; names the causes of deviations and the lines of a trace. */
  readonly gpid?: Gpid;
  readonly decree?: number;
}

export interface RpcHandle {
  /** The reply, if it still comes, is dropped. */
  cancel(): void;
}

/** Answers one request, once; later calls are ignored. May be kept and called from a later task of the same process. */
export interface Replier<A> {
  readonly from: NodeId;
  reply(body: A): void;
  /** Answers with an RPC-level error instead of a body. */
  refuse(error: Exclude<ErrorCode, 'ERR_OK'>): void;
}

export interface Rpc {
  call<C extends RpcCode>(
    to: NodeId,
    code: C,
    request: RpcTypes[C]['request'],
    options: CallOptions,
    then: Continuation<RpcResult<RpcTypes[C]['response']>>,
  ): RpcHandle;
  /** One way: no reply, no error. */
  tell<C extends RpcCode>(to: NodeId, code: C, request: RpcTypes[C]['request'], options: Omit<CallOptions, 'timeoutMs'>): void;
  /** Registers the handler method `(request, replier) => void` of a code; it runs as the code's task. */
  serve<C extends RpcCode, M extends string>(
    code: C,
    owner: { readonly [K in M]: (request: RpcTypes[C]['request'], replier: Replier<RpcTypes[C]['response']>) => void },
    method: M,
  ): void;
}

export type DiskErrorCode = 'not-found' | 'exists' | 'not-empty' | 'io' | 'full' | 'not-a-directory';

/** The only exception a disk call throws to the implementation. */
export class DiskError extends Error {
  readonly code: DiskErrorCode;
  readonly path: string;
  constructor(code: DiskErrorCode, path: string, doing: string) {
    super(`${doing} ${path}: ${code}`);
    this.name = 'DiskError';
    this.code = code;
    this.path = path;
  }
}

export interface FileInfo {
  readonly kind: 'file' | 'directory';
  readonly sizeBytes: number;
  /** Wall clock of the writing process when the content last changed, microseconds. */
  readonly mtimeUs: number;
}

/**
 * One process's disk. Paths are relative, '/'-separated, without '.' or '..'. Written bytes survive a process crash;
 * bytes that were not synced may be lost from the tail of a file at a power loss. Changes of names (create, rename,
 * link, remove, mkdir) are journalled: they are durable in the order they were made.
 */
export interface Disk {
  /** Names in a directory, sorted by code unit. */
  list(dir: string): readonly string[];
  exists(path: string): boolean;
  info(path: string): FileInfo;
  /** Parents are created too; an existing directory is fine. */
  mkdir(dir: string): void;
  /** A new empty file; 'exists' when there is one. The parent directory must exist. */
  create(path: string): void;
  /** Writes at an offset of an existing file; a gap before it reads as zeros. */
  write(path: string, offset: number, bytes: Uint8Array): void;
  /** Up to `length` bytes from `offset`; fewer at the end of the file. The result is the caller's own copy. */
  read(path: string, offset: number, length: number): Uint8Array;
  /** Makes all written bytes of the file survive a power loss. */
  sync(path: string): void;
  /** Atomic; replaces an existing file, or an existing empty directory by a directory. */
  rename(from: string, to: string): void;
  /** A second name for the same file (checkpoints); 'exists' when `to` is taken. */
  link(from: string, to: string): void;
  /** A file or an empty directory, or with `recursive` a whole tree. */
  remove(path: string, options?: { readonly recursive: boolean }): void;
}

export type StoreError = 'ERR_OK' | 'ERR_TIMEOUT' | 'ERR_OBJECT_NOT_FOUND' | 'ERR_PATH_ALREADY_EXIST' | 'ERR_INVALID_PARAMETERS';

export interface StoreResult {
  /** ERR_TIMEOUT: the operation may or may not have taken effect. */
  readonly error: StoreError;
  /** The node's value (get) or the children's names, sorted (children). */
  readonly value: string;
  readonly children: readonly string[];
}

/** The meta servers' ZooKeeper-like store: a tree of named values. Operations of one session take effect in order. */
export interface StateStore {
  /** The parent must exist ('ERR_OBJECT_NOT_FOUND'); an existing node gives 'ERR_PATH_ALREADY_EXIST'. */
  create(path: string, value: string, then: Continuation<StoreResult>): void;
  set(path: string, value: string, then: Continuation<StoreResult>): void;
  get(path: string, then: Continuation<StoreResult>): void;
  children(path: string, then: Continuation<StoreResult>): void;
  remove(path: string, recursive: boolean, then: Continuation<StoreResult>): void;
}

/** The files of one block service, read only. Paths as of `Disk`; calls block and throw `DiskError` as a disk's do. */
export type ProviderTree = Pick<Disk, 'info' | 'read'>;

/** The block services that this process's configuration names (`[block_service.<name>]`). */
export interface ProviderServices {
  /** Undefined when there is no such section. */
  tree(name: string): ProviderTree | undefined;
}

/** A failed internal check (upstream's CHECK): it ends the process and is a finding (S5). */
export class CheckFailed extends Error {
  readonly check: string;
  constructor(check: string, detail: string) {
    super(`${check}: ${detail}`);
    this.name = 'CheckFailed';
    this.check = check;
  }
}

export interface Env {
  readonly self: NodeId;
  readonly clock: Clock;
  readonly tasks: Tasks;
  readonly rpc: Rpc;
  readonly disk: Disk;
  readonly store: StateStore;
  readonly provider: ProviderServices;
  /** Uniform in [0, 1), from this process's own lane. */
  random(): number;
  /** States a fact about the inside of this process. */
  emit(claim: Claim): void;
  /** Upstream's CHECK: throws `CheckFailed` when the condition is false. */
  check(condition: boolean, name: string, detail?: () => string): asserts condition;
}
