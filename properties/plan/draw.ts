/** A small source of choices over fast-check's generator, so that steps read as what they choose. */
import type { Random } from 'fast-check';

/** Choices beyond those of a plan. */
const FAR = 2000;

export class Draw {
  private readonly random: Random;
  constructor(random: Random) {
    this.random = random;
  }
  /**
   * A choice that takes nothing from the others: what is drawn beside it stays as it was before there was such a choice.
   * `further`: tells it from another one at the same place.
   */
  apart(permille: number, further = 0): boolean {
    const far = this.random.clone();
    for (let i = 0; i < FAR + further; i += 1) far.nextInt(0, 1);
    return far.nextInt(1, 1000) <= permille;
  }
  /** Uniform integer, both ends included. */
  int(min: number, max: number): number {
    return this.random.nextInt(min, max);
  }
  /** True with `permille` in a thousand. */
  chance(permille: number): boolean {
    return this.random.nextInt(1, 1000) <= permille;
  }
  pick<T>(items: readonly T[]): T {
    const item = items[this.random.nextInt(0, items.length - 1)];
    if (item === undefined) throw new Error('pick from nothing');
    return item;
  }
  /** One of the items, by integer weights. */
  weighted<T>(items: readonly T[], weight: (item: T) => number): T {
    let total = 0;
    for (const item of items) total += weight(item);
    let left = this.random.nextInt(1, Math.max(1, total));
    for (const item of items) {
      left -= weight(item);
      if (left <= 0) return item;
    }
    return this.pick(items);
  }
}
