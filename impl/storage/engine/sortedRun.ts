/**
 * A sorted run: its bytes (docs/formats.md) and its decoded form, which is kept in memory for reads. Whatever does not
 * agree with its checksum and counts is corruption.
 */
import { crc32c } from '../../protocol/crc32c.ts';
import { StorageError } from './contract.ts';

const MAGIC = 'PCSST001';
const END_MAGIC = 'PCSSTEND';
const MAGIC_BYTES = 8;
const RECORD_HEADER_BYTES = 8;
const FOOTER_BYTES = 20;
const TOMBSTONE = 0xffff_ffff;

/** Keys strictly ascending; `values[i]` belongs to `keys[i]`, undefined for a tombstone. */
export interface SortedRun {
  readonly keys: readonly string[];
  readonly values: readonly (Uint8Array | undefined)[];
}

/** What a lookup in one run tells: the value, a tombstone (null), or nothing about this key (undefined). */
export function findInRun(run: SortedRun, key: string): Uint8Array | null | undefined {
  let low = 0;
  let high = run.keys.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const at = run.keys[middle];
    if (at === undefined) return undefined;
    if (at === key) return run.values[middle] ?? null;
    if (at < key) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}

/** The run's keys must be strictly ascending. */
export function encodeRun(run: SortedRun): Uint8Array {
  let recordBytes = 0;
  for (let i = 0; i < run.keys.length; i++) {
    recordBytes += RECORD_HEADER_BYTES + (run.keys[i]?.length ?? 0) + (run.values[i]?.length ?? 0);
  }
  const bytes = Buffer.alloc(MAGIC_BYTES + recordBytes + FOOTER_BYTES);
  bytes.write(MAGIC, 0, 'latin1');
  let at = MAGIC_BYTES;
  for (let i = 0; i < run.keys.length; i++) {
    const key = run.keys[i] ?? '';
    const value = run.values[i];
    at = bytes.writeUInt32LE(key.length, at);
    at = bytes.writeUInt32LE(value === undefined ? TOMBSTONE : value.length, at);
    at += bytes.write(key, at, 'latin1');
    if (value !== undefined) {
      bytes.set(value, at);
      at += value.length;
    }
  }
  const crc = crc32c(bytes.subarray(MAGIC_BYTES, at));
  at = bytes.writeUInt32LE(run.keys.length, at);
  at = bytes.writeUInt32LE(recordBytes, at);
  at = bytes.writeUInt32LE(crc, at);
  bytes.write(END_MAGIC, at, 'latin1');
  return bytes;
}

export function decodeRun(data: Uint8Array, path: string): SortedRun {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const recordBytes = bytes.length - MAGIC_BYTES - FOOTER_BYTES;
  check(recordBytes >= 0, path, 'too short');
  const footer = MAGIC_BYTES + recordBytes;
  check(bytes.toString('latin1', 0, MAGIC_BYTES) === MAGIC, path, 'wrong magic');
  check(bytes.toString('latin1', footer + 12) === END_MAGIC, path, 'wrong end');
  check(bytes.readUInt32LE(footer + 4) === recordBytes, path, 'wrong size');
  check(bytes.readUInt32LE(footer + 8) === crc32c(bytes.subarray(MAGIC_BYTES, footer)), path, 'wrong checksum');
  const run = decodeRecords(bytes, footer, path);
  check(run.keys.length === bytes.readUInt32LE(footer), path, 'wrong number of records');
  return run;
}

function decodeRecords(bytes: Buffer, end: number, path: string): SortedRun {
  const keys: string[] = [];
  const values: (Uint8Array | undefined)[] = [];
  let previous: string | undefined;
  let at = MAGIC_BYTES;
  while (at < end) {
    check(at + RECORD_HEADER_BYTES <= end, path, 'torn record');
    const keyLength = bytes.readUInt32LE(at);
    const valueLength = bytes.readUInt32LE(at + 4);
    at += RECORD_HEADER_BYTES;
    const size = keyLength + (valueLength === TOMBSTONE ? 0 : valueLength);
    check(at + size <= end, path, 'torn record');
    const key = bytes.toString('latin1', at, at + keyLength);
    check(previous === undefined || previous < key, path, 'keys out of order');
    previous = key;
    keys.push(key);
    values.push(valueLength === TOMBSTONE ? undefined : bytes.subarray(at + keyLength, at + size));
    at += size;
  }
  return { keys, values };
}

function check(condition: boolean, path: string, what: string): asserts condition {
  if (!condition) throw new StorageError('corruption', `${path}: ${what}`);
}
