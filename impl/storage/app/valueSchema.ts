/**
 * Value schema version 1 (docs/formats.md): `u32 BE expireTs, u64 BE timetag, user data`. A time tag orders writes of
 * several clusters: `timestampUs << 8 | clusterNumber << 1 | deleted`. Its two halves are computed apart, since a tag
 * needs more bits than a JS number holds exactly.
 *
 * A removed row is kept as its header with the mark `deleted`, so that an older write of another cluster, which comes
 * later, finds the removal and loses (dup 7.3; upstream keeps nothing, dup.B38).
 */
import { readI32be, toBinary, writeBinary, writeU32be } from '../../protocol/bytes.ts';
import { DELETED, VALUE_HEADER_BYTES } from '../valueHeader.ts';

const TWO_24 = 0x100_0000;

export interface StoredValue {
  /** Seconds since 2016-01-01; 0: never expires. */
  readonly expireTs: number;
  /** User data, one char per byte. */
  readonly value: string;
}

export function encodeValue(value: string, expireTs: number, timestampUs: number, clusterNumber: number): Uint8Array {
  const bytes = new Uint8Array(VALUE_HEADER_BYTES + value.length);
  writeU32be(bytes, 0, expireTs);
  writeU32be(bytes, 4, Math.floor(timestampUs / TWO_24));
  writeU32be(bytes, 8, (timestampUs % TWO_24) * 256 + clusterNumber * 2);
  writeBinary(bytes, VALUE_HEADER_BYTES, value);
  return bytes;
}

/** What stays of a removed row. */
export function encodeRemoval(timestampUs: number, clusterNumber: number): Uint8Array {
  const bytes = encodeValue('', 0, timestampUs, clusterNumber);
  bytes[VALUE_HEADER_BYTES - 1] = clusterNumber * 2 + DELETED;
  return bytes;
}

/** A value that is too short for its header holds no user data. */
export function decodeValue(bytes: Uint8Array): StoredValue {
  if (bytes.length < VALUE_HEADER_BYTES) return { expireTs: 0, value: '' };
  return { expireTs: readI32be(bytes, 0) >>> 0, value: toBinary(bytes, VALUE_HEADER_BYTES) };
}

/** Of a written value; a removal's is larger by its mark. */
export function makeTimetag(timestampUs: number, clusterNumber: number): bigint {
  return (BigInt(timestampUs) << 8n) + BigInt(clusterNumber << 1);
}

/** 0 when the value is too short to have one. */
export function timetagOf(bytes: Uint8Array): bigint {
  if (bytes.length < VALUE_HEADER_BYTES) return 0n;
  return (BigInt(readI32be(bytes, 4) >>> 0) << 32n) | BigInt(readI32be(bytes, 8) >>> 0);
}

/** The time at which the value was written, or removed; 0 when it is too short to tell. */
export function timestampUsOf(bytes: Uint8Array): number {
  return Number(timetagOf(bytes) >> 8n);
}

/** Whether the value was written, or removed, later than the other tag says; the mark does not count. */
export function isNewerThan(bytes: Uint8Array, timetag: bigint): boolean {
  return timetagOf(bytes) >> 1n > timetag >> 1n;
}
