/**
 * Block header and file header of a log file (plog 2-4), little-endian. A file is blocks without padding; the first
 * block's body begins with the file header.
 */
import { readI32le, readI64le, readU32le, writeI64le, writeU32le } from '../../protocol/bytes.ts';

export const MAGIC = 0xdeadbeef;
export const BLOCK_HEADER_SIZE = 16;
export const FILE_VERSION = 1;
/** File header without and per entry. */
export const FILE_HEADER_FIXED_SIZE = 20;
export const FILE_HEADER_ENTRY_SIZE = 24;
/** What the writer's first block takes: block header and file header with one entry. */
export const FIRST_BLOCK_SIZE = BLOCK_HEADER_SIZE + FILE_HEADER_FIXED_SIZE + FILE_HEADER_ENTRY_SIZE;
/** A block larger than this (header included) takes no further record. */
export const BLOCK_SIZE_LIMIT = 1 << 20;

export interface BlockHeader {
  readonly magic: number;
  /** Body length in bytes; signed, unchecked. */
  readonly length: number;
  readonly bodyCrc: number;
  /** Written, never read by the log itself. */
  readonly localOffset: number;
}

/** Fills the 16 bytes before a body. */
export function writeBlockHeader(
  bytes: Uint8Array,
  at: number,
  length: number,
  bodyCrc: number,
  localOffset: number,
): void {
  writeU32le(bytes, at, MAGIC);
  writeU32le(bytes, at + 4, length);
  writeU32le(bytes, at + 8, bodyCrc);
  writeU32le(bytes, at + 12, localOffset >>> 0);
}

/** The caller has checked that 16 bytes are there. */
export function readBlockHeader(bytes: Uint8Array, at: number): BlockHeader {
  return {
    magic: readU32le(bytes, at),
    length: readI32le(bytes, at + 4),
    bodyCrc: readU32le(bytes, at + 8),
    localOffset: readU32le(bytes, at + 12),
  };
}

/** One entry of the file header: what was true of a replica's log when the file was created. */
export interface PreviousMax {
  readonly appId: number;
  readonly partitionIndex: number;
  readonly maxDecree: number;
  readonly validStartOffset: number;
}

export interface FileHeader {
  readonly magic: number;
  readonly version: number;
  readonly startGlobalOffset: number;
  readonly previous: readonly PreviousMax[];
  readonly sizeBytes: number;
}

/** The header with one entry, as the writer makes it. */
export function writeFileHeader(bytes: Uint8Array, at: number, startGlobalOffset: number, previous: PreviousMax): void {
  writeU32le(bytes, at, MAGIC);
  writeU32le(bytes, at + 4, FILE_VERSION);
  writeI64le(bytes, at + 8, startGlobalOffset);
  writeU32le(bytes, at + 16, 1);
  writeU32le(bytes, at + 20, previous.appId);
  writeU32le(bytes, at + 24, previous.partitionIndex);
  writeI64le(bytes, at + 28, previous.maxDecree);
  writeI64le(bytes, at + 36, previous.validStartOffset);
}

/** Size in bytes of the file header at the start of a body; undefined when the body cannot hold it. */
export function fileHeaderSize(body: Uint8Array): number | undefined {
  if (body.length < FILE_HEADER_FIXED_SIZE) return undefined;
  const count = readI32le(body, 16);
  const size = FILE_HEADER_FIXED_SIZE + count * FILE_HEADER_ENTRY_SIZE;
  return count >= 0 && size <= body.length ? size : undefined;
}

/** Undefined when the body is too short for the entries that the header counts. Nothing else is judged here. */
export function readFileHeader(body: Uint8Array): FileHeader | undefined {
  const sizeBytes = fileHeaderSize(body);
  if (sizeBytes === undefined) return undefined;
  const previous: PreviousMax[] = [];
  for (let at = FILE_HEADER_FIXED_SIZE; at < sizeBytes; at += FILE_HEADER_ENTRY_SIZE) {
    previous.push({
      appId: readI32le(body, at),
      partitionIndex: readI32le(body, at + 4),
      maxDecree: readI64le(body, at + 8),
      validStartOffset: readI64le(body, at + 16),
    });
  }
  return {
    magic: readU32le(body, 0),
    version: readI32le(body, 4),
    startGlobalOffset: readI64le(body, 8),
    previous,
    sizeBytes,
  };
}
