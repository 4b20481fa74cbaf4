/**
 * A sorted run that came from elsewhere (bl 5, 15.3): opened and proved before it is ingested. Proved are the size and
 * MD5 that a load's metadata names (when asked to), the run's own counts and checksum, and that it holds complete rows:
 * at least one, none removed, each with the header of value schema 1.
 */
import { DiskError, type Disk } from '../../env/contract.ts';
import { md5Hex } from '../../protocol/md5.ts';
import { splitStoredKey } from '../../protocol/rrdb.ts';
import { VALUE_HEADER_BYTES, isRemoval } from '../valueHeader.ts';
import { StorageError, storageErrorOf } from './contract.ts';
import { decodeRun, type SortedRun } from './sortedRun.ts';

/** What the file should be; an empty `md5` is not compared. */
export interface ExpectedFile {
  readonly size: number;
  readonly md5: string;
}

/** Key as a binary string; the value with its header, as the engine stores it. */
export interface ExternalRow {
  readonly key: string;
  readonly value: Uint8Array;
}

/** Throws `StorageError`: 'corruption' for whatever is not a whole set of rows, or not the file expected. */
export function openExternalRun(disk: Pick<Disk, 'info' | 'read'>, path: string, expected?: ExpectedFile): SortedRun {
  const bytes = readWhole(disk, path);
  if (expected !== undefined) {
    check(bytes.length === expected.size, path, `${bytes.length} bytes, not ${expected.size}`);
    check(expected.md5 === '' || md5Hex(bytes) === expected.md5, path, 'wrong MD5');
  }
  const run = decodeRun(bytes, path);
  check(run.keys.length > 0, path, 'no rows');
  for (let i = 0; i < run.keys.length; i++) {
    const value = run.values[i];
    check(splitStoredKey(run.keys[i] ?? '') !== undefined, path, `row ${i}: not a stored key`);
    check(value !== undefined, path, `row ${i}: a removed row`);
    check(value.length >= VALUE_HEADER_BYTES, path, `row ${i}: a value without its header`);
    check(!isRemoval(value), path, `row ${i}: a removed row`);
  }
  return run;
}

/** The rows of an opened run, ascending by key. */
export function* rowsOf(run: SortedRun): Generator<ExternalRow, void, undefined> {
  for (let i = 0; i < run.keys.length; i++) {
    const key = run.keys[i];
    const value = run.values[i];
    if (key !== undefined && value !== undefined) yield { key, value };
  }
}

function readWhole(disk: Pick<Disk, 'info' | 'read'>, path: string): Uint8Array {
  try {
    return disk.read(path, 0, disk.info(path).sizeBytes);
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    throw storageErrorOf(error);
  }
}

function check(condition: boolean, path: string, what: string): asserts condition {
  if (!condition) throw new StorageError('corruption', `${path}: ${what}`);
}
