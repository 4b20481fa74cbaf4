/** Words of the command line as values; what is wrong with one is said by commander, in one line with the option's name. */
import { InvalidArgumentError } from 'commander';
import type { Shard } from '../hunt/batches.ts';

/** A year: longer would overflow the platform's timers. */
const MOST_SECONDS = 31_536_000;
const MOST_RUNS = 1_000_000_000;
const MOST_THREADS = 256;
const MOST_SHARDS = 10_000;

export function positive(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (!(value > 0 && value <= MOST_SECONDS)) throw new InvalidArgumentError(`must be a positive number, at most ${String(MOST_SECONDS)}.`);
  return value;
}

export function wholePositive(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value > 0 && value <= MOST_RUNS)) throw new InvalidArgumentError(`must be a positive whole number, at most ${String(MOST_RUNS)}.`);
  return value;
}

export function wholeSeed(text: string): number {
  const value = /^-?\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= -0x80000000 && value <= 0x7fffffff)) throw new InvalidArgumentError('must be a 32-bit whole number.');
  return value;
}

export function threadCount(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value > 0 && value <= MOST_THREADS)) throw new InvalidArgumentError(`must be a positive whole number, at most ${String(MOST_THREADS)}.`);
  return value;
}

export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

export function shardWord(text: string): string {
  const { index, count } = shardOf(text);
  if (!(index >= 1 && index <= count && count <= MOST_SHARDS)) throw new InvalidArgumentError(`must read i/n with 1 <= i <= n <= ${String(MOST_SHARDS)}, such as 1/4.`);
  return text;
}

/** Of what `shardWord` let through; undefined: there is one shard. */
export function shardOf(text: string | undefined): Shard {
  const [, index = 'x', count = 'x'] = /^(\d+)\/(\d+)$/.exec(text ?? '1/1') ?? [];
  return { index: Number(index), count: Number(count) };
}
