/** Rows of a load in a plan: one word each, `hash key|sort key|value`. */
import { partitionIndexOf } from '../../impl/protocol/rrdb.ts';
import type { LoadRow } from '../../impl/provider/loadSet.ts';
import type { Draw } from './draw.ts';
import { text, type Field } from './spec.ts';
import { drawHashKey, drawSortKey } from './steps/common.ts';
import type { Symbols } from './symbols.ts';

export const rowText: Field = text(/^[\x20-\x7b\x7d\x7e]{0,64}\|[\x20-\x7b\x7d\x7e]{0,64}\|[\x20-\x7e]{0,64}$/, 'hash key|sort key|value, printable ASCII of at most 64 characters each');

export function rowOf(word: string): LoadRow {
  const [hashKey = '', sortKey = '', ...value] = word.split('|');
  return { hashKey, sortKey, value: value.join('|'), expireTs: 0 };
}

/** What two rows may not share. */
export function keyOfRow(word: string): string {
  return word.slice(0, word.indexOf('|', word.indexOf('|') + 1));
}

/** Some of the keys that writes use too, and at least one row of each partition. */
export function drawRows(draw: Draw, symbols: Symbols, partitionCount: number): readonly string[] {
  const keys = new Set<string>();
  for (let left = draw.int(1, 5); left > 0; left -= 1) keys.add(`${drawHashKey(draw)}|${drawSortKey(draw)}`);
  const served = new Set([...keys].map((key) => partitionIndexOf(key.slice(0, key.indexOf('|')), partitionCount)));
  for (let n = 0; served.size < partitionCount && n < 64 * partitionCount; n += 1) {
    const hashKey = n < 4 ? (['a', 'b', 'c', 'd'][n] ?? '') : `k${String(n)}`;
    const index = partitionIndexOf(hashKey, partitionCount);
    if (served.has(index)) continue;
    served.add(index);
    keys.add(`${hashKey}|`);
  }
  return [...keys].map((key) => `${key}|${symbols.loadedValue()}`);
}
