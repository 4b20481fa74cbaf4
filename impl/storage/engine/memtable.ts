/** The rows that are in memory only, and how they are brought into order; sorted when asked, not at each write. */
import type { Decree } from '../../../model/vocabulary.ts';
import type { BatchOp } from './contract.ts';
import type { SortedRun } from './sortedRun.ts';

/** What RocksDB's skip list adds to each entry, roughly. */
const ENTRY_OVERHEAD_BYTES = 32;

/** Undefined: the row was removed. */
export type Rows = Map<string, Uint8Array | undefined>;

export class Memtable {
  readonly rows: Rows = new Map();
  /** The largest decree written into this table or into an older one. */
  decree: Decree;
  sizeBytes = 0;

  constructor(decree: Decree) {
    this.decree = decree;
  }

  write(ops: readonly BatchOp[], decree: Decree): void {
    for (const op of ops) {
      this.rows.set(op.key, op.value);
      this.sizeBytes += ENTRY_OVERHEAD_BYTES + op.key.length + (op.value?.length ?? 0);
    }
    // An empty write still leaves an entry behind (repl 1.2).
    if (ops.length === 0) this.sizeBytes += ENTRY_OVERHEAD_BYTES;
    this.decree = decree;
  }
}

/** Rows in ascending key order; unsigned bytes and UTF-16 units of a binary string sort alike. */
export function sortedRunOf(rows: Rows, keepTombstones: boolean): SortedRun {
  const keys: string[] = [];
  for (const [key, value] of rows) {
    if (keepTombstones || value !== undefined) keys.push(key);
  }
  keys.sort();
  const values: (Uint8Array | undefined)[] = [];
  for (const key of keys) values.push(rows.get(key));
  return { keys, values };
}

/** Adds a newer run over what was collected so far. */
export function overlay(rows: Rows, newer: SortedRun): void {
  for (let i = 0; i < newer.keys.length; i++) {
    const key = newer.keys[i];
    if (key !== undefined) rows.set(key, newer.values[i]);
  }
}
