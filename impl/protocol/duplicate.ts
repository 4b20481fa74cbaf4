/**
 * The thrift-binary body of RPC_RRDB_RRDB_DUPLICATE (dup 2.2): writes of another cluster, each as the client's body that
 * stands in the source's log record. Framed as the bodies of rrdb.ts: field 0 of an outer struct is the request; a
 * `dsn.blob` and a task code are declared as structs, but are an i32 length and bytes, without a stop byte.
 *
 * The decoder answers undefined for bytes that are not exactly one such body, and never throws.
 */
import type { DupEntryFact, RowOp } from '../../model/events.ts';
import type { WriteCode } from '../../model/vocabulary.ts';
import { newBytes, writeBinary, writeU32be } from './bytes.ts';
import { decodeKey, decodeMultiPut, decodePut, decodeRows, partitionHashOf, splitStoredKey } from './rrdb.ts';
import { ThriftReader, TYPE_BOOL, TYPE_BYTE, TYPE_I64, TYPE_LIST, TYPE_STOP, TYPE_STRUCT } from './thrift.ts';

/** One write of the source. Fields that a request leaves out read as 0, '' and false. */
export interface DuplicateEntry {
  /** Of the source's mutation, wall microseconds. */
  readonly timestampUs: number;
  readonly code: string;
  /** The client's body. */
  readonly rawMessage: Uint8Array;
  /** `[duplication-group]` id of the source. */
  readonly clusterId: number;
  /** The write loses against a newer one of the same key (dup 7.3). */
  readonly verifyTimetag: boolean;
}

/** Bytes of a request without entries: field headers, list header, two stops. */
export const DUPLICATE_FIXED_SIZE = 3 + 3 + 5 + 2;
/** Bytes of an entry beyond its code and its body. */
const ENTRY_FIXED_SIZE = 3 + 8 + 3 + 4 + 3 + 4 + 3 + 1 + 1;
const VERIFY_SIZE = 4;

/** What one entry adds to an encoded request, bytes. */
export function duplicateEntrySize(entry: DuplicateEntry): number {
  const verify = entry.verifyTimetag ? VERIFY_SIZE : 0;
  return ENTRY_FIXED_SIZE + entry.code.length + entry.rawMessage.length + verify;
}

function writeField(bytes: Uint8Array, at: number, type: number, id: number): number {
  bytes[at] = type;
  bytes[at + 1] = id >>> 8;
  bytes[at + 2] = id;
  return at + 3;
}

function writeEntry(bytes: Uint8Array, start: number, entry: DuplicateEntry): number {
  let at = writeField(bytes, start, TYPE_I64, 1);
  writeU32be(bytes, at, Math.floor(entry.timestampUs / 0x1_0000_0000) >>> 0);
  writeU32be(bytes, at + 4, entry.timestampUs >>> 0);
  at = writeField(bytes, at + 8, TYPE_STRUCT, 2);
  writeU32be(bytes, at, entry.code.length);
  at = writeField(bytes, writeBinary(bytes, at + 4, entry.code), TYPE_STRUCT, 3);
  writeU32be(bytes, at, entry.rawMessage.length);
  bytes.set(entry.rawMessage, at + 4);
  at = writeField(bytes, at + 4 + entry.rawMessage.length, TYPE_BYTE, 4);
  bytes[at++] = entry.clusterId;
  if (entry.verifyTimetag) {
    at = writeField(bytes, at, TYPE_BOOL, 5);
    bytes[at++] = 1;
  }
  bytes[at] = TYPE_STOP;
  return at + 1;
}

export function encodeDuplicate(entries: readonly DuplicateEntry[]): Uint8Array {
  let size = DUPLICATE_FIXED_SIZE;
  for (const entry of entries) size += duplicateEntrySize(entry);
  const bytes = newBytes(size);
  let at = writeField(bytes, 0, TYPE_STRUCT, 0);
  at = writeField(bytes, at, TYPE_LIST, 1);
  bytes[at] = TYPE_STRUCT;
  writeU32be(bytes, at + 1, entries.length);
  at += 5;
  for (const entry of entries) at = writeEntry(bytes, at, entry);
  return bytes;
}

function decodeEntry(reader: ThriftReader): DuplicateEntry | undefined {
  let timestampUs = 0;
  let code = '';
  let rawMessage: Uint8Array | undefined;
  let clusterId = 0;
  let verifyTimetag = false;
  for (let type = reader.field(); type !== TYPE_STOP; type = reader.field()) {
    const id = reader.fieldId;
    if (id === 1 && type === TYPE_I64) timestampUs = reader.i64();
    else if (id === 2 && type === TYPE_STRUCT) code = reader.blob();
    else if (id === 3 && type === TYPE_STRUCT) rawMessage = reader.blobBytes();
    else if (id === 4 && type === TYPE_BYTE) clusterId = (reader.u8() << 24) >> 24;
    else if (id === 5 && type === TYPE_BOOL) verifyTimetag = reader.u8() !== 0;
    else return undefined;
  }
  // A write without a body is none (upstream ends the process that applies it).
  if (reader.failed || rawMessage === undefined || rawMessage.length === 0) return undefined;
  return { timestampUs, code, rawMessage, clusterId, verifyTimetag };
}

function decodeEntries(reader: ThriftReader): DuplicateEntry[] | undefined {
  const type = reader.u8();
  const count = reader.i32();
  const entries: DuplicateEntry[] = [];
  if (type !== TYPE_STRUCT || count < 0) return undefined;
  for (let i = 0; i < count; i++) {
    const entry = decodeEntry(reader);
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  return entries;
}

/** The entries with their bodies as views into `body`; the bodies themselves are not looked at. */
export function decodeDuplicate(body: Uint8Array): readonly DuplicateEntry[] | undefined {
  const reader = new ThriftReader(body);
  if (!reader.opens()) return undefined;
  let entries: DuplicateEntry[] = [];
  for (let type = reader.field(); type !== TYPE_STOP; type = reader.field()) {
    if (reader.fieldId !== 1 || type !== TYPE_LIST) return undefined;
    const list = decodeEntries(reader);
    if (list === undefined) return undefined;
    entries = list;
  }
  return reader.atEnd() ? entries : undefined;
}

// ---------------------------------------------------------------- what entries carry

/** The client writes that a follower takes from other clusters. */
export function isDuplicable(code: string): boolean {
  return code === 'RPC_RRDB_RRDB_PUT' || code === 'RPC_RRDB_RRDB_REMOVE' || code === 'RPC_RRDB_RRDB_MULTI_PUT';
}

/** The hash by which a write's partition is chosen; undefined for other codes, and for a body that does not decode. */
export function writeHashOf(code: string, body: Uint8Array): bigint | undefined {
  if (code === 'RPC_RRDB_RRDB_MULTI_PUT') {
    const multi = decodeMultiPut(body);
    return multi === undefined || multi.hashKey.length >= 0xffff ? undefined : partitionHashOf(multi.hashKey);
  }
  const key = storedKeyOf(code, body);
  const parts = key === undefined ? undefined : splitStoredKey(key);
  return parts === undefined ? undefined : partitionHashOf(parts.hashKey, parts.sortKey);
}

function storedKeyOf(code: string, body: Uint8Array): string | undefined {
  if (code === 'RPC_RRDB_RRDB_PUT') return decodePut(body)?.key;
  return code === 'RPC_RRDB_RRDB_REMOVE' ? decodeKey(body) : undefined;
}

/** Whether every entry can be applied as far as its bytes go: an unknown code is no matter of bytes. */
export function areBodiesReadable(entries: readonly DuplicateEntry[]): boolean {
  return entries.every((entry) => !isDuplicable(entry.code) || decodeRows(entry.code, entry.rawMessage) !== undefined);
}

interface Timed {
  readonly timestampUs: number;
  readonly updates: readonly { readonly code: string; readonly data: Uint8Array }[];
}

/** The newest time that a row may have from a mutation, wall microseconds: its own, or that of a write of another cluster. */
export function newestTimestampUs({ timestampUs, updates }: Timed): number {
  let newestUs = timestampUs;
  for (const { code, data } of updates) {
    if (code !== 'RPC_RRDB_RRDB_DUPLICATE') continue;
    for (const entry of decodeDuplicate(data) ?? []) newestUs = Math.max(newestUs, entry.timestampUs);
  }
  return newestUs;
}

const NO_ROWS: readonly RowOp[] = [];

/** The entries as claims show them. A body that does not decode shows no rows. */
export function duplicateFacts(entries: readonly DuplicateEntry[]): DupEntryFact[] {
  return entries.map((entry) => {
    const { timestampUs, clusterId, verifyTimetag } = entry;
    const rows = decodeRows(entry.code, entry.rawMessage) ?? NO_ROWS;
    // The code is shown as it came, also one that no client may send.
    return { timestampUs, clusterId, code: entry.code as WriteCode, verifyTimetag, rows };
  });
}
