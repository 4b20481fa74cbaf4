/**
 * Fixed-width numbers in byte arrays and binary strings (one char per byte), written by hand: these run for every
 * record of every log and message, where a DataView per call would be garbage. 64-bit values are JS numbers; whoever
 * must print values beyond 2^53 exactly reads them as bigint (plog inspect).
 */

const TWO_32 = 0x1_0000_0000;

/** Shared, never written. */
export const NO_BYTES: Uint8Array = new Uint8Array(0);

const SLAB_BYTES = 1 << 14;
let slab = new ArrayBuffer(SLAB_BYTES);
let slabUsed = 0;

/**
 * Zeroed bytes. Arrays of the size of a record are views of a common slab, each part of which is handed out once:
 * beyond 64 bytes an allocation of its own costs more than writing the record. Smaller ones the engine keeps on its
 * heap.
 */
export function newBytes(length: number): Uint8Array {
  if (length <= 64 || length > SLAB_BYTES >> 3) return new Uint8Array(length);
  if (slabUsed + length > SLAB_BYTES) {
    slab = new ArrayBuffer(SLAB_BYTES);
    slabUsed = 0;
  }
  const bytes = new Uint8Array(slab, slabUsed, length);
  slabUsed += length;
  return bytes;
}

export function writeU32le(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

/** A safe integer as two's complement i64. */
export function writeI64le(bytes: Uint8Array, at: number, value: number): void {
  writeU32le(bytes, at, value >>> 0);
  writeU32le(bytes, at + 4, Math.floor(value / TWO_32) >>> 0);
}

export function writeU32be(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** The caller has checked that the bytes are there; past the end they read as 0. */
export function readI32le(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
}

export function readU32le(bytes: Uint8Array, at: number): number {
  return readI32le(bytes, at) >>> 0;
}

/** Rounded when the value is beyond 2^53. */
export function readI64le(bytes: Uint8Array, at: number): number {
  return readU32le(bytes, at) + readI32le(bytes, at + 4) * TWO_32;
}

export function readI32be(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
}

/** Bytes `start` up to `end` as a binary string. */
export function toBinary(bytes: Uint8Array, start: number = 0, end: number = bytes.length): string {
  if (end - start > 48) {
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
  }
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
}

/** Writes a binary string and answers the position behind it. */
export function writeBinary(bytes: Uint8Array, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/** A binary string as bytes. Each char must be below 256. */
export function fromBinary(text: string): Uint8Array {
  const bytes = newBytes(text.length);
  writeBinary(bytes, 0, text);
  return bytes;
}
