/**
 * A state as a flat map of paths to words, told by what changed. It is looked at piece by piece: a piece is a few named values at one
 * place. Only values that differ from the last look become words, so that looking costs little and a tape stays small.
 */
import type { TapeChange, TapeState } from './tape.ts';

/** What a field may hold before it is a word; undefined: it is not there. */
export type Value = string | number | boolean | undefined;

/** Where a piece stands: cluster, then partition or table, then node. */
export type Place = readonly [cluster: string, about: string, node: string];

interface Piece {
  readonly place: Place;
  readonly group: string;
  readonly names: readonly string[];
  readonly values: Value[];
  /** Index in `paths`, by field. */
  readonly paths: readonly number[];
  /** The look that saw it last. */
  seen: number;
}

interface Change {
  readonly event: number;
  readonly path: number;
  readonly before: string | undefined;
  after: string | undefined;
}

/** Everything of one scope, by name and in the order of the last look: the next one mostly goes the same way, and need not make names. */
interface Scope {
  readonly byKey: Map<string, Piece>;
  readonly order: Piece[];
}

function wordOf(value: Value): string | undefined {
  if (value === true) return 'yes';
  if (value === false) return 'no';
  return value === undefined ? undefined : String(value);
}

function isOf(piece: Piece, place: Place, group: string, names: readonly string[]): boolean {
  const { place: own } = piece;
  return own[2] === place[2] && own[1] === place[1] && own[0] === place[0] && piece.group === group && piece.names[0] === names[0];
}

export class FlatState {
  private readonly paths: string[][] = [];
  private readonly changes: Change[] = [];
  private readonly scopes = new Map<string, Scope>();
  private readonly indices = new Map<string, number>();
  /** By path: its latest change. */
  private readonly latest: (Change | undefined)[] = [];
  private look = 0;
  private event = 0;
  private scope: Scope = { byKey: new Map(), order: [] };
  private cursor = 0;

  /** Begins a look at everything of one scope, `event` being the last one; what is not put before `end` is gone. */
  begin(scope: string, event: number): void {
    this.look += 1;
    this.event = event;
    this.cursor = 0;
    const known = this.scopes.get(scope);
    this.scope = known ?? { byKey: new Map(), order: [] };
    if (known === undefined) this.scopes.set(scope, this.scope);
  }

  /** `group` ('' for none) stands between the node and the names of the fields. The names of a group are always the same list. */
  put(place: Place, group: string, names: readonly string[], values: readonly Value[]): void {
    const { order } = this.scope;
    const next = order[this.cursor];
    const piece = next !== undefined && isOf(next, place, group, names) ? next : this.pieceOf(place, group, names);
    order[this.cursor] = piece;
    this.cursor += 1;
    piece.seen = this.look;
    for (let i = 0; i < values.length; i += 1) if (values[i] !== piece.values[i]) this.change(piece, i, values[i]);
  }

  end(): void {
    const { byKey, order } = this.scope;
    order.length = this.cursor;
    for (const [key, piece] of byKey) {
      if (piece.seen === this.look) continue;
      for (let i = 0; i < piece.values.length; i += 1) if (piece.values[i] !== undefined) this.change(piece, i, undefined);
      byKey.delete(key);
    }
  }

  /** What was put so far. Changes that an event took back by itself are left out. */
  tape(): TapeState {
    const changes: TapeChange[] = this.changes.filter(({ before, after }) => before !== after);
    return { paths: this.paths, changes };
  }

  private pieceOf(place: Place, group: string, names: readonly string[]): Piece {
    const { byKey } = this.scope;
    const key = `${place[0]}\n${place[1]}\n${place[2]}\n${group}\n${names[0] ?? ''}`;
    const known = byKey.get(key);
    if (known !== undefined) return known;
    const paths = names.map((name) => this.indexOf([...place, ...(group === '' ? [] : [group]), name]));
    const piece: Piece = { place, group, names, values: names.map(() => undefined), paths, seen: 0 };
    byKey.set(key, piece);
    return piece;
  }

  private indexOf(path: string[]): number {
    const key = path.join('\n');
    const known = this.indices.get(key);
    if (known !== undefined) return known;
    this.indices.set(key, this.paths.length);
    return this.paths.push(path) - 1;
  }

  private change(piece: Piece, field: number, value: Value): void {
    const path = piece.paths[field] ?? 0;
    const before = wordOf(piece.values[field]);
    const after = wordOf(value);
    piece.values[field] = value;
    if (before === after) return;
    const latest = this.latest[path];
    if (latest?.event === this.event) {
      latest.after = after;
      return;
    }
    const change: Change = { event: this.event, path, before, after };
    this.latest[path] = change;
    this.changes.push(change);
  }
}
