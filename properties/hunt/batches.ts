/**
 * How a campaign is cut into batches. The runs of a campaign are a function of its seed alone: batch n makes BATCH_RUNS runs of the
 * search with the seed `batchSeed(seed, n)`. Batches share nothing, so it is all the same how many workers take them and in which
 * order, and shard i of n is every n-th of them. Batch 0 has the campaign's own seed: whatever is found in run r of a batch with
 * seed s is found again by `hunt --seed s --runs r`.
 */

/** Long enough that handing it out costs nothing, short enough that a lost one costs little. */
export const BATCH_RUNS = 50;

/** Which share of a campaign's batches: `index` counts from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export interface Batch {
  readonly number: number;
  readonly seed: number;
  readonly runs: number;
}

/** Spreads a 32-bit number over all its bits; one to one (the last step of MurmurHash3). */
function spread(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

/** A 32-bit seed; two batches of one campaign never have the same, batch 0 perhaps apart. */
export function batchSeed(seed: number, number: number): number {
  return number === 0 ? seed : spread(spread(seed) + Math.imul(number, 0x9e3779b9));
}

/** How many runs of a campaign of `runs` fall to a shard. */
export function shardRuns(runs: number, { index, count }: Shard): number {
  let sum = 0;
  for (let number = index - 1; number * BATCH_RUNS < runs; number += count) sum += Math.min(BATCH_RUNS, runs - number * BATCH_RUNS);
  return sum;
}

/** The `nth` batch (from 0) of a shard; undefined: the campaign has no more for it. `runs`: of the whole campaign, may be Infinity. */
export function batchOf(seed: number, runs: number, shard: Shard, nth: number): Batch | undefined {
  const number = shard.index - 1 + nth * shard.count;
  const left = runs - number * BATCH_RUNS;
  return left <= 0 ? undefined : { number, seed: batchSeed(seed, number), runs: Math.min(BATCH_RUNS, left) };
}
