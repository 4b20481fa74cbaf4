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

export function wordOf(value: Value): string | undefined {
  if (value === true) return 'yes';
  if (value === false) return 'no';
  return value === undefined ? undefined : String(value);
}

export class FlatState {
  private readonly paths: string[][] = [];
  private readonly changes: Change[] = [];
  /** By scope, then by place and group. */
  private readonly scopes = new Map<string, Map<string, Piece>>();
  private readonly indices = new Map<string, number>();
  /** By path: its latest change. */
  private readonly latest: (Change | undefined)[] = [];
  private look = 0;
  private event = 0;
  private pieces = new Map<string, Piece>();

  /** Begins a look at everything of one scope, `event` being the last one; what is not put before `end` is gone. */
  begin(scope: string, event: number): void {
    this.look += 1;
    this.event = event;
    const known = this.scopes.get(scope);
    this.pieces = known ?? new Map<string, Piece>();
    if (known === undefined) this.scopes.set(scope, this.pieces);
  }

  /** `group` ('' for none) stands between the node and the names of the fields. The names of a group are always the same. */
  put(place: Place, group: string, names: readonly string[], values: readonly Value[]): void {
    const key = `${place[0]}\n${place[1]}\n${place[2]}\n${group}\n${names[0] ?? ''}`;
    let piece = this.pieces.get(key);
    if (piece === undefined) {
      piece = { values: names.map(() => undefined), paths: names.map((name) => this.indexOf([...place, ...(group === '' ? [] : [group]), name])), seen: this.look };
      this.pieces.set(key, piece);
    }
    piece.seen = this.look;
    for (let i = 0; i < values.length; i += 1) if (values[i] !== piece.values[i]) this.change(piece, i, values[i]);
  }

  end(): void {
    for (const [key, piece] of this.pieces) {
      if (piece.seen === this.look) continue;
      for (let i = 0; i < piece.values.length; i += 1) if (piece.values[i] !== undefined) this.change(piece, i, undefined);
      this.pieces.delete(key);
    }
  }

  /** What was put so far. Changes that an event took back by itself are left out. */
  tape(): TapeState {
    const changes: TapeChange[] = this.changes.filter(({ before, after }) => before !== after);
    return { paths: this.paths, changes };
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
