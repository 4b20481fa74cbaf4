/** Shorter lists: single entries and runs of them left out, and pairs of entries that can only go together. */
import type { Pass, Tries } from './minimize.ts';

/** A list inside of a value. */
export interface Part<T, S> {
  readonly of: (value: T) => readonly S[];
  readonly put: (value: T, items: readonly S[]) => T;
}

export function without<S>(items: readonly S[], from: number, to: number = from + 1): readonly S[] {
  return [...items.slice(0, from), ...items.slice(to)];
}

/** The smallest part of a list that is left out as a block, in halves, quarters and so on. */
const SMALLEST_BLOCK = 4;

/**
 * Leaves out blocks, from halves of the list down: several at once sometimes can go where none can alone. Then single entries, the last
 * first: where one can go, as many before it go at once as can, twice as many after each success and half as many after a
 * failure. So it takes about one run for each entry that stays, and few for a long run of those that go.
 */
export function fewer<T, S>(name: string, { of, put }: Part<T, S>): Pass<T> {
  return {
    name,
    *tries(start): Tries<T> {
      let value = start;
      for (let size = Math.floor(of(value).length / 2); size >= SMALLEST_BLOCK; size = Math.floor(size / 2)) {
        for (let end = of(value).length; end > 0; end = Math.min(end - size, of(value).length)) {
          value = (yield put(value, without(of(value), Math.max(0, end - size), end))) ?? value;
        }
      }
      let size = 1;
      let isGrowing = true;
      for (let end = of(value).length; end > 0; ) {
        const from = Math.max(0, end - size);
        const taken = yield put(value, without(of(value), from, end));
        if (taken !== undefined) {
          value = taken;
          end = Math.min(from, of(value).length);
          if (isGrowing) size *= 2;
        } else if (size > 1) {
          isGrowing = false;
          size = Math.floor(size / 2);
        } else {
          isGrowing = true;
          end -= 1;
        }
      }
    },
  };
}

/** Pairs of entries, of lists that are short enough for it: each of the two may be what the other one is there to undo. */
export function fewerPairs<T, S>(name: string, { of, put }: Part<T, S>, atMost: number): Pass<T> {
  return {
    name,
    *tries(start): Tries<T> {
      let value = start;
      for (let i = of(value).length - 1; i > 0; i -= 1) {
        for (let j = i - 1; j >= 0; j -= 1) {
          const items = of(value);
          if (items.length > atMost || i >= items.length) break;
          const taken = yield put(value, without(without(items, i), j));
          if (taken === undefined) continue;
          value = taken;
          i -= 1;
        }
      }
    },
  };
}
