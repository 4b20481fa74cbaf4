/** A state at any event, from the list of what changed. */
import type { TapeChange, TapeState } from '../../tape.ts';
import { lowerBound } from './axis.ts';

export class States {
  /** Every path as one key, so that model and implementation can stand side by side. */
  readonly keys: readonly string[];
  readonly #ofPath: readonly (readonly TapeChange[])[];
  readonly #ofEvent = new Map<number, TapeChange[]>();

  constructor(state: TapeState) {
    this.keys = state.paths.map(pathKey);
    const ofPath: TapeChange[][] = state.paths.map(() => []);
    for (const change of state.changes) {
      ofPath[change.path]?.push(change);
      const there = this.#ofEvent.get(change.event);
      if (there === undefined) this.#ofEvent.set(change.event, [change]);
      else there.push(change);
    }
    this.#ofPath = ofPath;
  }

  /** The word at a path after an event; undefined: not there. */
  wordAt(path: number, event: number): string | undefined {
    const changes = this.#ofPath[path] ?? [];
    let low = 0;
    let high = changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((changes[middle]?.event ?? 0) <= event) low = middle + 1;
      else high = middle;
    }
    return changes[low - 1]?.after;
  }

  /** What changed with an event. */
  changesOf(event: number): readonly TapeChange[] {
    return this.#ofEvent.get(event) ?? [];
  }

  /** Events with a change, ascending. */
  changing(): readonly number[] {
    return [...this.#ofEvent.keys()].sort((a, b) => a - b);
  }
}

/** Segments cannot contain this, so that keys of different paths differ. */
const SEPARATOR = '\u0000';

export function pathKey(segments: readonly string[]): string {
  return segments.join(SEPARATOR);
}

export interface Row {
  readonly key: string;
  readonly segments: readonly string[];
  readonly model: Cell | undefined;
  readonly implementation: Cell | undefined;
}
export interface Cell {
  readonly word: string | undefined;
  readonly before: string | undefined;
  readonly changed: boolean;
}

function cellsAt(states: States, event: number): ReadonlyMap<string, Cell> {
  const changed = new Map(states.changesOf(event).map((change) => [change.path, change]));
  const cells = new Map<string, Cell>();
  states.keys.forEach((key, path) => {
    const change = changed.get(path);
    const word = states.wordAt(path, event);
    if (word !== undefined || change !== undefined) cells.set(key, { word, before: change?.before, changed: change !== undefined });
  });
  return cells;
}

/** `1.2` before `1.10`, `decree 9` before `decree 10`: runs of digits count as numbers. */
const NATURAL = new Intl.Collator('en', { numeric: true });

/** Both states after an event, path by path: the clusters in the given order, what belongs to none at the end. */
export function rowsAt(model: States, implementation: States, event: number, clusters: readonly string[]): readonly Row[] {
  const modelCells = cellsAt(model, event);
  const implementationCells = cellsAt(implementation, event);
  const keys = [...new Set([...modelCells.keys(), ...implementationCells.keys()])];
  const rows = keys.map((key): Row => ({ key, segments: key.split(SEPARATOR), model: modelCells.get(key), implementation: implementationCells.get(key) }));
  const rank = (row: Row): number => (clusters.indexOf(row.segments[0] ?? '') + clusters.length + 1) % (clusters.length + 1);
  // What stands directly in a place comes before what stands deeper in it.
  const place = (row: Row): readonly string[] => row.segments.slice(0, -1);
  return rows.sort((a, b) => rank(a) - rank(b) || comparePaths(place(a), place(b)) || comparePaths(a.segments, b.segments));
}

function comparePaths(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const order = NATURAL.compare(a[i] ?? '', b[i] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

export function isChanged(row: Row): boolean {
  return (row.model?.changed ?? false) || (row.implementation?.changed ?? false);
}

/** Both sides speak of this place and say different words. */
export function isDifferent(row: Row): boolean {
  return row.model?.word !== undefined && row.implementation?.word !== undefined && row.model.word !== row.implementation.word;
}

/** Index of the greatest element that is `<= value`; -1: none. */
export function atOrBefore(sorted: readonly number[], value: number): number {
  return lowerBound(sorted, value, true) - 1;
}
