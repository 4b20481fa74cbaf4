/** What several steps share: fields, drawing of names and keys, guards. */
import { text } from '../spec.ts';
import type { Draw } from '../draw.ts';
import type { Field } from '../spec.ts';
import type { Symbols } from '../symbols.ts';

export const clusterField: Field = text(/^[a-z]{1,16}$/, 'the name of a cluster of the plan');

/** A live table; about one in fifteen is dropped, not yet there, or never was. */
export function drawTable(draw: Draw, symbols: Symbols): string {
  const live = symbols.liveTables();
  if (live.length === 0 || draw.chance(60)) {
    const any = symbols.tables;
    if (any.length > 0 && draw.chance(500)) return draw.pick(any).ref;
    return 'nowhere';
  }
  return draw.pick(live).ref;
}

/** A table of the source, or now and then one that duplications write to. `permille`: how often, when there is one. */
export function drawPlace(draw: Draw, symbols: Symbols, permille: number): { readonly cluster: string; readonly table: string } {
  if (symbols.remotes.length > 0 && draw.chance(permille)) {
    const { cluster, table } = draw.pick(symbols.remotes);
    return { cluster, table };
  }
  return { cluster: 'source', table: drawTable(draw, symbols) };
}

export function drawHashKey(draw: Draw): string {
  return draw.pick(['a', 'b', 'c', 'd']);
}
export function drawSortKey(draw: Draw): string {
  return draw.pick(['', 'x', 'y']);
}

/** A fault's window ends at heal at the latest. */
export function drawWindowMs(draw: Draw): number {
  return draw.pick([50, 200, 500, 1000, 2000, 4000]);
}
