/**
 * The retrying wrapper over the state store (dup 2.4, bulk-load 4.5): upstream's meta_storage.
 *
 * Every operation is repeated every second for as long as the store answers ERR_TIMEOUT; creating a node that exists
 * and deleting one that is missing succeed; the value of a missing node reads as '' and its children as none. Anything
 * else is an error that nobody can handle: upstream aborts, here it is an internal check.
 *
 * A timed-out creation may have taken effect, or the node may be somebody's from before: after a timeout the value is
 * read back and set when it differs, where upstream keeps whatever it finds (docs/departures.md, `meta.3`). Operations
 * on one path wait for one another, so that a repeat never overtakes or undoes a later change of the same record. One
 * that is cancelled is not repeated, and nobody waits for it; what was sent of it may still take effect, but before
 * whatever its session sends later.
 */
import type { Context } from '../context.ts';
import { reply, resume, task } from '../env/contract.ts';
import type { Continuation, StoreResult } from '../env/contract.ts';

type StoreOp =
  | { readonly kind: 'create' | 'set'; readonly path: string; readonly value: string; readonly then: Continuation }
  | { readonly kind: 'delete'; readonly path: string; readonly recursive: boolean; readonly then: Continuation }
  | { readonly kind: 'get'; readonly path: string; readonly then: Continuation<string> }
  | { readonly kind: 'children'; readonly path: string; readonly then: Continuation<readonly string[]> };

interface Pending {
  readonly op: StoreOp;
  /** An attempt timed out: its effect is unknown. */
  timedOut: boolean;
}

/** A change that was asked for and not answered yet. */
export interface StoreChange {
  /** Nobody will hear of its outcome. */
  cancel(): void;
}

/** Upstream's fixed pause before an operation is repeated, milliseconds. */
const STORE_RETRY_MS = 1000;

export class MetaStorage {
  readonly ctx: Context;
  private nextOp = 1;
  private readonly pending = new Map<number, Pending>();
  /** Ids of the operations of a path, the first of them at the store. */
  private readonly lanes = new Map<string, number[]>();

  constructor(ctx: Context) {
    this.ctx = ctx;
  }

  /** Creates a node; its parent must exist. Success also when it existed. */
  createNode(path: string, value: string, then: Continuation): void {
    this.submit({ kind: 'create', path, value, then });
  }

  /** Replaces the value of an existing node. */
  setData(path: string, value: string, then: Continuation): StoreChange {
    const id = this.submit({ kind: 'set', path, value, then });
    return { cancel: () => this.cancel(id) };
  }

  /** Deletes a node, with `recursive` also what is below it. Success also when it is missing. */
  deleteNode(path: string, recursive: boolean, then: Continuation): void {
    this.submit({ kind: 'delete', path, recursive, then });
  }

  /** The node's value, '' when it is missing. */
  getData(path: string, then: Continuation<string>): void {
    this.submit({ kind: 'get', path, then });
  }

  /** The names of the node's children, sorted; none when it is missing. */
  getChildren(path: string, then: Continuation<readonly string[]>): void {
    this.submit({ kind: 'children', path, then });
  }

  private submit(op: StoreOp): number {
    const id = this.nextOp++;
    this.pending.set(id, { op, timedOut: false });
    const lane = this.lanes.get(op.path);
    if (lane === undefined) {
      this.lanes.set(op.path, [id]);
      this.issue(id);
    } else {
      lane.push(id);
    }
    return id;
  }

  /** Upstream's cancel of a task that waits for the store. */
  cancel(id: number): void {
    const pending = this.pending.get(id);
    if (pending === undefined) return;
    this.pending.delete(id);
    const lane = this.lanes.get(pending.op.path);
    if (lane?.[0] === id) this.releaseLane(pending.op.path);
    else lane?.splice(lane.indexOf(id), 1);
  }

  /** Sends (or sends again) an operation. */
  issue(id: number): void {
    const pending = this.pending.get(id);
    if (pending === undefined) return;
    const { store } = this.ctx.env;
    const { op } = pending;
    const then: Continuation<StoreResult> = reply(this, 'onResult', id);
    switch (op.kind) {
      case 'create':
        store.create(op.path, op.value, then);
        break;
      case 'set':
        store.set(op.path, op.value, then);
        break;
      case 'delete':
        store.remove(op.path, op.recursive, then);
        break;
      case 'get':
        store.get(op.path, then);
        break;
      case 'children':
        store.children(op.path, then);
        break;
    }
  }

  onResult(result: StoreResult, id: number): void {
    const pending = this.pending.get(id);
    if (pending === undefined) return;
    const { op } = pending;
    if (result.error === 'ERR_TIMEOUT') {
      pending.timedOut = true;
      this.retryLater(id);
    } else if (op.kind === 'create' && result.error === 'ERR_PATH_ALREADY_EXIST') {
      this.onCreateExists(id, pending.timedOut);
    } else if (result.error === 'ERR_OK') {
      this.finish(id, result);
    } else if (result.error === 'ERR_OBJECT_NOT_FOUND' && this.isMissingFine(op)) {
      this.finish(id, { error: 'ERR_OK', value: '', children: [] });
    } else {
      this.ctx.env.check(false, 'meta_storage', () => `${op.kind} ${op.path}: ${result.error}`);
    }
  }

  /** Whether an operation on a missing node succeeds: reading and deleting do, setting and creating below do not. */
  isMissingFine(op: { readonly kind: string }): boolean {
    return op.kind === 'delete' || op.kind === 'get' || op.kind === 'children';
  }

  retryLater(id: number): void {
    this.ctx.env.tasks.post('LPC_META_STATE_HIGH', 0, STORE_RETRY_MS, task(this, 'issue', id));
  }

  /** The node to create is there. After a timeout its value must be looked at: it may not be what was asked for. */
  onCreateExists(id: number, timedOut: boolean): void {
    const pending = this.pending.get(id);
    if (pending === undefined) return;
    if (!timedOut) this.finish(id, { error: 'ERR_OK', value: '', children: [] });
    else this.ctx.env.store.get(pending.op.path, reply(this, 'onExistingRead', id));
  }

  onExistingRead(result: StoreResult, id: number): void {
    const pending = this.pending.get(id);
    if (pending === undefined || pending.op.kind !== 'create') return;
    const { op } = pending;
    if (result.error === 'ERR_OK' && result.value === op.value) {
      this.finish(id, result);
    } else if (result.error === 'ERR_OK') {
      this.ctx.env.store.set(op.path, op.value, reply(this, 'onResult', id));
    } else if (result.error === 'ERR_TIMEOUT') {
      this.retryLater(id);
    } else {
      this.ctx.env.check(false, 'meta_storage', () => `reading back ${op.path}: ${result.error}`);
    }
  }

  private finish(id: number, result: StoreResult): void {
    const pending = this.pending.get(id);
    if (pending === undefined) return;
    this.pending.delete(id);
    this.releaseLane(pending.op.path);
    const { op } = pending;
    if (op.kind === 'get') resume(op.then, result.value);
    else if (op.kind === 'children') resume(op.then, result.children);
    else resume(op.then, undefined);
  }

  /** The first operation of a path has ended: the next one may go. */
  private releaseLane(path: string): void {
    const lane = this.lanes.get(path);
    if (lane === undefined) return;
    lane.shift();
    const next = lane[0];
    if (next === undefined) this.lanes.delete(path);
    else this.issue(next);
  }
}
