/**
 * The mutation record (plog 5): the same bytes in the log, in a prepare request and in learn responses. 56 bytes of
 * header, the list of updates (names, types, lengths), then all their payloads.
 */
import type { WriteCode } from '../../../model/vocabulary.ts';
import { newBytes, readI32le, readI64le, writeBinary, writeI64le, writeU32le } from '../../protocol/bytes.ts';
import { appIdOf, formatGpid, partitionIndexOfGpid } from '../../protocol/gpid.ts';
import type { LogMutation, Update } from './types.ts';

export const RECORD_HEADER_SIZE = 56;
/** Smallest record: header and an update count of 0. */
export const RECORD_FIXED_SIZE = 60;
/** Name length, serialization type and data length of one update. */
const UPDATE_FIXED_SIZE = 12;
/** Above it the version field held a C++ vtable pointer, and the record has no timestamp. */
export const LEGACY_VERSION_ABOVE = 64;

/** Every task code that a record may name (plog 5.3). */
export const WRITE_CODES: readonly WriteCode[] = [
  'RPC_REPLICATION_WRITE_EMPTY',
  'RPC_RRDB_RRDB_PUT',
  'RPC_RRDB_RRDB_REMOVE',
  'RPC_RRDB_RRDB_MULTI_PUT',
  'RPC_RRDB_RRDB_MULTI_REMOVE',
  'RPC_RRDB_RRDB_DUPLICATE',
  'RPC_RRDB_RRDB_BULK_LOAD',
  'RPC_RRDB_RRDB_INCR',
  'RPC_RRDB_RRDB_CHECK_AND_SET',
  'RPC_RRDB_RRDB_CHECK_AND_MUTATE',
];

/** Why bytes are not a record. `version` and `code` end the process upstream (plog 5.1, P3). */
export type RecordFault = 'overrun' | 'count' | 'version' | 'code';

export interface DecodedRecord {
  readonly mutation: LogMutation;
  /** Position behind the record. */
  readonly end: number;
}

export function recordSize(mutation: LogMutation): number {
  let size = RECORD_FIXED_SIZE;
  for (const update of mutation.updates) size += UPDATE_FIXED_SIZE + update.code.length + update.data.length;
  return size;
}

/** Writes a record of `recordSize` bytes with the given global offset; answers the position behind it. */
export function writeRecord(bytes: Uint8Array, start: number, mutation: LogMutation, logOffset: number): number {
  writeI64le(bytes, start, 0);
  writeU32le(bytes, start + 8, appIdOf(mutation.gpid));
  writeU32le(bytes, start + 12, partitionIndexOfGpid(mutation.gpid));
  writeI64le(bytes, start + 16, mutation.ballot);
  writeI64le(bytes, start + 24, mutation.decree);
  writeI64le(bytes, start + 32, logOffset);
  writeI64le(bytes, start + 40, mutation.lastCommittedDecree);
  writeI64le(bytes, start + 48, mutation.timestampUs);
  writeU32le(bytes, start + 56, mutation.updates.length);
  let at = start + RECORD_FIXED_SIZE;
  for (const update of mutation.updates) {
    writeU32le(bytes, at, update.code.length);
    at = writeBinary(bytes, at + 4, update.code);
    writeU32le(bytes, at, update.serializationType);
    writeU32le(bytes, at + 4, update.data.length);
    at += 8;
  }
  for (const update of mutation.updates) {
    bytes.set(update.data, at);
    at += update.data.length;
  }
  return at;
}

/**
 * The record by itself, as a prepare request carries it; its offset is the mutation's own (-1 before it was appended).
 */
export function encodeMutation(mutation: LogMutation): Uint8Array {
  const bytes = newBytes(recordSize(mutation));
  writeRecord(bytes, 0, mutation, mutation.logOffset);
  return bytes;
}

/** Where one update's name and payload stand in the bytes. */
export interface UpdateSlot {
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly serializationType: number;
  readonly dataStart: number;
  readonly dataEnd: number;
}

/**
 * The update list that begins with its count at `at`, within `limit`; each length is compared with what is left before
 * it is used, and the count with the room that its descriptors need. The last slot's `dataEnd` ends the record.
 */
export function readUpdateSlots(bytes: Uint8Array, at: number, limit: number): readonly UpdateSlot[] | RecordFault {
  const count = readI32le(bytes, at);
  if (count < 0 || count * UPDATE_FIXED_SIZE > limit - at - 4) return 'count';
  const slots: { nameStart: number; nameEnd: number; serializationType: number; dataStart: number; dataEnd: number }[] =
    [];
  let position = at + 4;
  for (let i = 0; i < count; i++) {
    const nameStart = position + 4;
    const nameLength = position + UPDATE_FIXED_SIZE <= limit ? readI32le(bytes, position) : -1;
    if (nameLength < 0 || nameLength > limit - position - UPDATE_FIXED_SIZE) return 'overrun';
    const nameEnd = nameStart + nameLength;
    slots.push({
      nameStart,
      nameEnd,
      serializationType: readI32le(bytes, nameEnd),
      dataStart: 0,
      dataEnd: readI32le(bytes, nameEnd + 4),
    });
    position = nameEnd + 8;
  }
  for (const slot of slots) {
    const length = slot.dataEnd;
    if (length < 0 || length > limit - position) return 'overrun';
    slot.dataStart = position;
    slot.dataEnd = position + length;
    position = slot.dataEnd;
  }
  return slots;
}

function isAt(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}

/** The known code that stands there, without making a string: each prepare is decoded. */
function readCode(bytes: Uint8Array, start: number, end: number): WriteCode | undefined {
  return WRITE_CODES.find((code) => code.length === end - start && isAt(code, bytes, start));
}

/**
 * The record at `start`, not reaching beyond `limit`, with payloads as views into `bytes` (which must not be written
 * any more). A legacy record has the timestamp 0.
 */
export function readRecord(bytes: Uint8Array, start: number, limit: number): DecodedRecord | RecordFault {
  if (limit - start < RECORD_FIXED_SIZE) return 'overrun';
  const version = readI64le(bytes, start);
  if (version !== 0 && version <= LEGACY_VERSION_ABOVE) return 'version';
  const slots = readUpdateSlots(bytes, start + RECORD_HEADER_SIZE, limit);
  if (typeof slots === 'string') return slots;
  const updates: Update[] = [];
  for (const slot of slots) {
    const code = readCode(bytes, slot.nameStart, slot.nameEnd);
    if (code === undefined) return 'code';
    updates.push({
      code,
      serializationType: slot.serializationType,
      data: bytes.subarray(slot.dataStart, slot.dataEnd),
    });
  }
  const mutation: LogMutation = {
    gpid: formatGpid(readI32le(bytes, start + 8), readI32le(bytes, start + 12)),
    ballot: readI64le(bytes, start + 16),
    decree: readI64le(bytes, start + 24),
    logOffset: readI64le(bytes, start + 32),
    lastCommittedDecree: readI64le(bytes, start + 40),
    timestampUs: version === 0 ? readI64le(bytes, start + 48) : 0,
    updates,
  };
  return { mutation, end: slots.at(-1)?.dataEnd ?? start + RECORD_FIXED_SIZE };
}

/** Exactly one record, as a prepare request carries it; undefined for anything else. */
export function decodeMutation(bytes: Uint8Array): LogMutation | undefined {
  const record = readRecord(bytes, 0, bytes.length);
  return typeof record === 'string' || record.end !== bytes.length ? undefined : record.mutation;
}
