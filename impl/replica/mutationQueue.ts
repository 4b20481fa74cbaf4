/**
 * The primary's write queue: bounds what is in two-phase commit and batches what waits (repl 1.4).
 *
 * The order is queue, then the pending mutation that still grows. Atomic writes do not exist yet; a blocking list would
 * be tried first, in `unlinkNextWorkload`. Mends repl.R4 (`giveBack`); `clear` hands out what it forgets, so that its
 * owner can answer the clients (repl.R5).
 */
import type { Gpid } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { holdsIngestion, isBatchable, newMutation } from './mutation.ts';
import type { ClientWrite, Mutation } from './mutation.ts';

/** A pending mutation of this estimated size is not extended further, bytes. */
const MAX_BATCH_BYTES = 1 << 20;

export class MutationQueue {
  readonly ctx: Context;
  readonly gpid: Gpid;
  private queue: Mutation[] = [];
  private pending: Mutation | undefined;
  private currentOpCount = 0;

  constructor(ctx: Context, gpid: Gpid) {
    this.ctx = ctx;
    this.gpid = gpid;
  }

  /** How many mutations may be in two-phase commit at once. */
  maxConcurrentOp(): number {
    return this.ctx.settings.stalenessForCommit;
  }

  currentOps(): number {
    return this.currentOpCount;
  }

  queuedCount(): number {
    return this.queue.length + (this.pending === undefined ? 0 : 1);
  }

  /** Whether an ingestion write waits for its turn. */
  holdsIngestion(): boolean {
    if (this.pending !== undefined && holdsIngestion(this.pending.data)) return true;
    return this.queue.some((mutation) => holdsIngestion(mutation.data));
  }

  /** Takes a client's write in; answers the mutation to prepare now, if there is one. */
  addWork(write: ClientWrite): Mutation | undefined {
    const batchable = isBatchable(write.code);
    if (this.pending !== undefined && !batchable) this.promotePending();
    this.pending ??= newMutation(this.gpid);
    this.pending.addClientRequest(write);
    if (this.isFull()) {
      this.tryPromotePending(batchable);
      return undefined;
    }
    if (this.queue.length > 0) this.tryPromotePending(batchable);
    return this.popWorkload();
  }

  /** The next mutation to prepare when `currentRunningCount` are in two-phase commit. */
  nextWork(currentRunningCount: number): Mutation | undefined {
    this.currentOpCount = currentRunningCount;
    return this.isFull() ? undefined : this.popWorkload();
  }

  /** A popped mutation ended without being prepared (repl.R4). */
  giveBack(): void {
    if (this.currentOpCount > 0) this.currentOpCount--;
  }

  isFull(): boolean {
    return this.currentOpCount >= this.maxConcurrentOp();
  }

  /** Forgets everything that waits; answers it, oldest first. */
  clear(): readonly Mutation[] {
    const forgotten = this.pending === undefined ? this.queue : [...this.queue, this.pending];
    this.queue = [];
    this.pending = undefined;
    return forgotten;
  }

  private popWorkload(): Mutation | undefined {
    const mutation = this.unlinkNextWorkload();
    if (mutation !== undefined) this.currentOpCount++;
    return mutation;
  }

  private unlinkNextWorkload(): Mutation | undefined {
    const first = this.queue.shift();
    if (first !== undefined) return first;
    const { pending } = this;
    this.pending = undefined;
    return pending;
  }

  /** Closes the pending mutation, unless the next batchable write may still join it. */
  tryPromotePending(batchable: boolean): void {
    if (batchable && !this.ctx.settings.batchWriteDisabled && (this.pending?.sizeBytes ?? 0) < MAX_BATCH_BYTES) return;
    this.promotePending();
  }

  private promotePending(): void {
    if (this.pending === undefined) return;
    this.queue.push(this.pending);
    this.pending = undefined;
  }
}
