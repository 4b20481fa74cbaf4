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

/**
 * Leaves out entries, the last first. Where one can go, as many before it go at once as can: twice as many after each success, half
 * as many after each failure. So it takes about one run for each entry that stays, and few for a long run of those that go.
 */
export function fewer<T, S>(name: string, { of, put }: Part<T, S>): Pass<T> {
  return {
    name,
    *tries(start): Tries<T> {
      let value = start;
      let size = 1;
      let growing = true;
      for (let end = of(value).length; end > 0; ) {
        const items = of(value);
        const from = Math.max(0, end - size);
        const taken = yield put(value, without(items, from, end));
        if (taken !== undefined) {
          value = taken;
          end = Math.min(from, of(value).length);
          size = growing ? size * 2 : Math.max(1, size);
        } else if (size > 1) {
          growing = false;
          size = Math.floor(size / 2);
        } else {
          growing = true;
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
