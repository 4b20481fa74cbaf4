/**
 * Commands that name what earlier ones made: leaving out one alone leaves the others without what they are about, and a result
 * that any other would stand in for keeps what makes it. So what refers goes along, and names are aimed at earlier results.
 */
import type { Part } from './lists.ts';
import { without } from './lists.ts';
import type { Pass, Tries } from './minimize.ts';

/** How the entries of a list name each other's results: by `<sort>#<number>`; the smaller number is the simpler name. */
export interface References<S> {
  /** Names that the entry brings into being. */
  readonly made: (entry: S) => readonly string[];
  /** Names of others' results that it needs. */
  readonly used: (entry: S) => readonly string[];

  /** The entry with one name in the place of another, in what it uses; what it makes keeps its name. */
  readonly aimed: (entry: S, from: string, to: string) => S;
  /** The entry with one name in the place of another wherever it stands. */
  readonly renamed: (entry: S, from: string, to: string) => S;
}

interface Numbered {
  readonly sort: string;
  readonly number: number;
}

function sortOf(name: string): Numbered {
  const at = name.indexOf('#');
  return { sort: name.slice(0, at), number: Number(name.slice(at + 1)) };
}

/** Places of an entry and of all that could not be without it, the last first. */
function family<S>(items: readonly S[], at: number, { made, used }: References<S>): readonly number[] {
  const first = items[at];
  if (first === undefined) return [];
  const gone = new Set(made(first));
  const places = [at];
  for (const [i, item] of items.entries()) {
    if (i <= at || !used(item).some((name) => gone.has(name))) continue;
    for (const name of made(item)) gone.add(name);
    places.unshift(i);
  }
  return places;
}

/** Leaves out an entry with all that refer to it, directly or not. */
export function fewerWithUsers<T, S>(name: string, { of, put }: Part<T, S>, refs: References<S>): Pass<T> {
  return {
    name,
    *tries(start): Tries<T> {
      let value = start;
      for (let at = of(value).length - 1; at >= 0; at -= 1) {
        const items = of(value);
        const places = family(items, at, refs);
        if (places.length < 2) continue;
        const gone = new Set(places);
        value = (yield put(value, items.filter((_, i) => !gone.has(i)))) ?? value;
      }
    },
  };
}

/** Is the one a simpler name for a thing of the same sort? */
function isSimpler(name: string, than: string): boolean {
  const one = sortOf(name);
  const other = sortOf(than);
  return one.sort === other.sort && one.number < other.number;
}

/** Names that are made before a place, the simplest first. */
function madeBefore<S>(items: readonly S[], at: number, refs: References<S>): readonly string[] {
  const names = new Set(items.slice(0, at).flatMap((item) => [...refs.made(item)]));
  return [...names].sort((a, b) => sortOf(a).number - sortOf(b).number);
}

/**
 * Leaves out what makes a result, and whoever used it uses another of its sort. What is made later than the one that goes stands in
 * for it too.
 */
export function merged<T, S>(name: string, { of, put }: Part<T, S>, refs: References<S>): Pass<T> {
  const stand = (items: readonly S[], at: number, from: string, to: string): readonly S[] => without(items, at).map((item) => refs.aimed(item, from, to));
  return {
    name,
    *tries(start): Tries<T> {
      let value = start;
      for (let at = of(value).length - 1; at >= 0; at -= 1) {
        const items = of(value);
        const maker = items[at];
        if (maker === undefined) continue;
        const own = refs.made(maker)[0];
        if (own === undefined) continue;
        const others = madeBefore(items, items.length, refs).filter((other) => other !== own && sortOf(other).sort === sortOf(own).sort);
        for (const other of others) {
          const taken = yield put(value, stand(items, at, own, other));
          if (taken === undefined) continue;
          value = taken;
          break;
        }
      }
    },
  };
}

/** Aims one use after another at an earlier, simpler result of the same sort: all uses of a name at once, then each by itself. */
export function reaimed<T, S>(name: string, { of, put }: Part<T, S>, refs: References<S>): Pass<T> {
  return {
    name,
    *tries(start): Tries<T> {
      let value = start;
      for (let at = of(value).length - 1; at >= 0; at -= 1) {
        const item = of(value)[at];
        if (item === undefined) continue;
        for (const from of refs.used(item)) {
          for (const to of madeBefore(of(value), at, refs).filter((other) => isSimpler(other, from))) {
            const items = of(value);
            const alone = yield put(value, items.map((one, i) => (i === at ? refs.aimed(one, from, to) : one)));
            const taken = alone ?? (yield put(value, items.map((one, i) => (i >= at ? refs.aimed(one, from, to) : one))));
            if (taken === undefined) continue;
            value = taken;
            break;
          }
        }
      }
    },
  };
}

/** The smallest numbers for the names of each sort: what is left of many is counted from one. `kept`: names that are not of the list. */
export function renumbered<T, S>(name: string, { of, put }: Part<T, S>, refs: References<S>, kept: (value: T) => readonly string[] = () => []): Pass<T> {
  return {
    name,
    *tries(value): Tries<T> {
      const held = new Set(kept(value));
      const names = [...new Set(of(value).flatMap((item) => [...refs.made(item), ...refs.used(item)]))].filter((one) => !held.has(one));
      names.sort((a, b) => sortOf(a).number - sortOf(b).number);
      const next = new Map<string, number>();
      let items = of(value);
      // Upwards: a name that a smaller number is given to has been given its own before.
      for (const from of names) {
        const own = sortOf(from);
        let number = next.get(own.sort) ?? 1;
        while (held.has(`${own.sort}#${String(number)}`)) number += 1;
        next.set(own.sort, number + 1);
        if (number < own.number) items = items.map((item) => refs.renamed(item, from, `${own.sort}#${String(number)}`));
      }
      if (items !== of(value)) yield put(value, items);
    },
  };
}
