/**
 * Makes a failing value smaller for as long as it still fails: one loop for every language of values. What may be tried is said by
 * passes; each is a generator that is told what became of what it yielded, so that it goes on from its last success instead of
 * anew. It ends when no pass finds anything in the value as it is (1-minimal), or when the budget of runs is spent.
 *
 * Every candidate of every pass must be smaller in one measure of the language: only so does it end.
 */

/**
 * Yields a simpler value, and is told the value that the search goes on from when that one still failed, else undefined. Walked by a
 * plain `for of` it lists everything that is simpler than the value that it was made with.
 */
export type Tries<T> = Generator<T, void, T | undefined>;

export interface Pass<T> {
  readonly name: string;
  readonly tries: (value: T) => Tries<T>;
}

export interface Minimizing<T> {
  /** The boldest first: after each pass that found something, those before it have another look. */
  readonly passes: readonly Pass<T>[];
  /** Two values with one key are the same. */
  readonly key: (value: T) => string;
  /** The value when it fails in the same way, or what is left of it without parts that had no effect; else undefined. */
  readonly stillFails: (candidate: T) => T | undefined;
  readonly maxRuns: number;
}

export interface Minimized<T> {
  readonly value: T;
  /** How often `stillFails` was asked. */
  readonly runs: number;
  /** False when the budget ended the search before every pass had found nothing. */
  readonly minimal: boolean;
}

/** Everything that some pass takes for simpler than a value, lazily; the same may come from several. */
export function* simplerThan<T>(value: T, passes: readonly Pass<T>[]): Generator<T, void> {
  for (const pass of passes) for (const candidate of pass.tries(value)) yield candidate;
}

export function minimize<T>(start: T, { passes, key, stillFails, maxRuns }: Minimizing<T>): Minimized<T> {
  const passed = new Set<string>([key(start)]);
  let best = start;
  let runs = 0;
  let at = 0;
  while (at < passes.length) {
    const tries = passes[at]?.tries(best);
    if (tries === undefined) break;
    let improved = false;
    for (let next = tries.next(); next.done !== true; ) {
      const name = key(next.value);
      if (passed.has(name)) {
        next = tries.next();
        continue;
      }
      if (runs >= maxRuns) return { value: best, runs, minimal: false };
      runs += 1;
      const failing = stillFails(next.value);
      if (failing === undefined) passed.add(name);
      else {
        best = failing;
        improved = true;
      }
      next = tries.next(failing);
    }
    at = improved && at > 0 ? 0 : improved ? at : at + 1;
  }
  return { value: best, runs, minimal: true };
}
