/**
 * A ring of mutations keyed by decree: a contiguous window `[min, max]` that may hold empty slots (repl 1.6; upstream's
 * mutation_cache). An empty window keeps the decree where it stands.
 */
import type { Decree, ErrorCode } from '../../model/vocabulary.ts';
import type { Env } from '../env/contract.ts';
import type { Mutation } from './mutation.ts';

export class MutationCache {
  readonly env: Env;
  readonly capacity: number;
  private readonly slots: (Mutation | undefined)[];
  private min: Decree;
  private max: Decree;
  /** Length of the window with its holes. */
  private length = 0;

  constructor(env: Env, initDecree: Decree, capacity: number) {
    this.env = env;
    this.capacity = capacity;
    this.slots = new Array<Mutation | undefined>(capacity).fill(undefined);
    this.min = initDecree;
    this.max = initDecree;
  }

  minDecree(): Decree {
    return this.min;
  }

  maxDecree(): Decree {
    return this.max;
  }

  count(): number {
    return this.length;
  }

  isEmpty(): boolean {
    return this.length === 0;
  }

  /** Empty outside the window and at holes. */
  getMutationByDecree(decree: Decree): Mutation | undefined {
    if (this.length === 0 || decree < this.min || decree > this.max) return undefined;
    return this.slots[decree % this.capacity];
  }

  /** ERR_CAPACITY_EXCEEDED, with nothing changed, when the window would grow beyond the ring. */
  put(mutation: Mutation): ErrorCode {
    const { decree } = mutation;
    if (this.length === 0) {
      this.min = decree;
      this.max = decree;
      this.length = 1;
    } else {
      const min = decree < this.min ? decree : this.min;
      const max = decree > this.max ? decree : this.max;
      if (max - min + 1 > this.capacity) return 'ERR_CAPACITY_EXCEEDED';
      this.min = min;
      this.max = max;
      this.length = max - min + 1;
    }
    const index = decree % this.capacity;
    const old = this.slots[index];
    if (old !== undefined) this.checkReplacement(old, mutation);
    this.slots[index] = mutation;
    return 'ERR_OK';
  }

  checkReplacement(old: Mutation, mutation: Mutation): void {
    this.env.check(old.ballot <= mutation.ballot, 'mutation_cache::put', () => `${old.ballot} > ${mutation.ballot}`);
  }

  /** A window that becomes empty stays at the popped decree. */
  popMin(): Mutation | undefined {
    if (this.length === 0) return undefined;
    const index = this.min % this.capacity;
    const popped = this.slots[index];
    this.slots[index] = undefined;
    this.length--;
    if (this.length === 0) this.max = this.min;
    else this.min++;
    return popped;
  }

  /** An empty window at `decree`. */
  resetWindow(decree: Decree): void {
    this.slots.fill(undefined);
    this.min = decree;
    this.max = decree;
    this.length = 0;
  }
}
