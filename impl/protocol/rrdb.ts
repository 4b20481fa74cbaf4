/**
 * The thrift-binary bodies of client requests as they travel and as they stand in log records (plog 5.4): put
 * (update_request), remove and get (a bare key), multi_put. Numbers are big-endian. A body is a struct whose field 0
 * is the request; a `dsn.blob` is declared as a struct (type 0c) but is an i32 length and bytes, without a stop byte.
 *
 * Keys and values are binary strings (one char per byte), as in model events. Decoders answer undefined for bytes that
 * are not exactly one such body, and never throw.
 */
import type { RowOp } from '../../model/events.ts';
import { newBytes, NO_BYTES, writeBinary, writeU32be } from './bytes.ts';
import { crc64 } from './crc64.ts';
import { ThriftReader, TYPE_BOOL, TYPE_I32, TYPE_LIST, TYPE_STOP, TYPE_STRUCT } from './thrift.ts';

/** DSF_THRIFT_BINARY: how client bodies are marked in a record. */
export const SERIALIZATION_THRIFT_BINARY = 1;
/** How a write-empty is marked. */
export const SERIALIZATION_NONE = 0;

/** `updateType` (field 4) marks an update made from an atomic write; 0 is a plain put and is not written. */
export interface PutRequest {
  readonly key: string;
  readonly value: string;
  readonly expireTsSeconds: number;
  readonly updateType: number;
}

/** update_type 4: a remove that stands in a record under the code PUT (check_and_mutate made idempotent). */
export const UPDATE_TYPE_MUTATE_REMOVE = 4;

export interface KeyValue {
  readonly sortKey: string;
  readonly value: string;
}

export interface MultiPutRequest {
  readonly hashKey: string;
  readonly kvs: readonly KeyValue[];
  readonly expireTsSeconds: number;
}

// ---------------------------------------------------------------- stored keys

/**
 * The stored key: u16 BE hash key length, hash key, sort key. Throws RangeError for a hash key of 65535 bytes or more.
 */
export function storedKey(hashKey: string, sortKey: string): string {
  const length = hashKey.length;
  if (length >= 0xffff) throw new RangeError(`hash key of ${length} bytes`);
  return String.fromCharCode(length >>> 8, length & 0xff) + hashKey + sortKey;
}

export interface KeyParts {
  readonly hashKey: string;
  readonly sortKey: string;
}

/** Undefined when the bytes are too short for the length that they state. */
export function splitStoredKey(key: string): KeyParts | undefined {
  if (key.length < 2) return undefined;
  const end = 2 + ((key.charCodeAt(0) << 8) | key.charCodeAt(1));
  if (key.length < end) return undefined;
  return { hashKey: key.slice(2, end), sortKey: key.slice(end) };
}

export function storedKeyBytes(hashKey: Uint8Array, sortKey: Uint8Array): Uint8Array {
  const length = hashKey.length;
  if (length >= 0xffff) throw new RangeError(`hash key of ${length} bytes`);
  const key = new Uint8Array(2 + length + sortKey.length);
  key[0] = length >>> 8;
  key[1] = length;
  key.set(hashKey, 2);
  key.set(sortKey, 2 + length);
  return key;
}

/** Views into `key`; undefined when it is too short for the length that it states. */
export function splitStoredKeyBytes(
  key: Uint8Array,
): { readonly hashKey: Uint8Array; readonly sortKey: Uint8Array } | undefined {
  if (key.length < 2) return undefined;
  const end = 2 + (((key[0] ?? 0) << 8) | (key[1] ?? 0));
  if (key.length < end) return undefined;
  return { hashKey: key.subarray(2, end), sortKey: key.subarray(end) };
}

/** The hash that picks the partition: crc64 of the hash key, or of the sort key when the hash key is empty. */
export function partitionHashOf(hashKey: string, sortKey: string = ''): bigint {
  return crc64(hashKey.length > 0 ? hashKey : sortKey);
}

/** 0 up to `count` - 1. */
export function partitionIndexOf(hashKey: string, count: number, sortKey: string = ''): number {
  return Number(partitionHashOf(hashKey, sortKey) % BigInt(count));
}

// ---------------------------------------------------------------- encoding

/** Field header: type and id. Answers the position behind it. */
function writeField(bytes: Uint8Array, at: number, type: number, id: number): number {
  bytes[at] = type;
  bytes[at + 1] = id >>> 8;
  bytes[at + 2] = id;
  return at + 3;
}

function writeBlob(bytes: Uint8Array, at: number, text: string): number {
  writeU32be(bytes, at, text.length);
  return writeBinary(bytes, at + 4, text);
}

function writeBlobField(bytes: Uint8Array, at: number, id: number, text: string): number {
  return writeBlob(bytes, writeField(bytes, at, TYPE_STRUCT, id), text);
}

function writeI32Field(bytes: Uint8Array, at: number, id: number, value: number): number {
  const next = writeField(bytes, at, TYPE_I32, id);
  writeU32be(bytes, next, value);
  return next + 4;
}

/** Body of RPC_RRDB_RRDB_PUT. The two closing bytes are the stops of request and body, zero already. */
export function encodePut(key: string, value: string, expireTsSeconds: number, updateType: number = 0): Uint8Array {
  const bytes = newBytes(26 + (updateType === 0 ? 0 : 7) + key.length + value.length);
  let at = writeField(bytes, 0, TYPE_STRUCT, 0);
  at = writeBlobField(bytes, at, 1, key);
  at = writeBlobField(bytes, at, 2, value);
  at = writeI32Field(bytes, at, 3, expireTsSeconds);
  if (updateType !== 0) writeI32Field(bytes, at, 4, updateType);
  return bytes;
}

/** Body of RPC_RRDB_RRDB_REMOVE and RPC_RRDB_RRDB_GET: the stored key alone. */
export function encodeKey(key: string): Uint8Array {
  const bytes = newBytes(8 + key.length);
  writeBlobField(bytes, 0, 0, key);
  return bytes;
}

/** Body of RPC_RRDB_RRDB_MULTI_PUT. */
export function encodeMultiPut(hashKey: string, kvs: readonly KeyValue[], expireTsSeconds: number): Uint8Array {
  let size = 3 + 7 + hashKey.length + 8 + 7 + 2;
  for (const kv of kvs) size += 15 + kv.sortKey.length + kv.value.length;
  const bytes = newBytes(size);
  let at = writeField(bytes, 0, TYPE_STRUCT, 0);
  at = writeBlobField(bytes, at, 1, hashKey);
  at = writeField(bytes, at, TYPE_LIST, 2);
  bytes[at] = TYPE_STRUCT;
  writeU32be(bytes, at + 1, kvs.length);
  at += 5;
  for (const kv of kvs) {
    at = writeBlobField(bytes, at, 1, kv.sortKey);
    at = writeBlobField(bytes, at, 2, kv.value) + 1;
  }
  writeI32Field(bytes, at, 3, expireTsSeconds);
  return bytes;
}

/** The one update of an empty write (plog 5.3). */
export function writeEmptyUpdate(): {
  readonly code: string;
  readonly serializationType: number;
  readonly data: Uint8Array;
} {
  return WRITE_EMPTY;
}

const WRITE_EMPTY = {
  code: 'RPC_REPLICATION_WRITE_EMPTY',
  serializationType: SERIALIZATION_NONE,
  data: NO_BYTES,
} as const;

// ---------------------------------------------------------------- decoding

/** Fields 5 to 7 belong to updates made from atomic writes; their content does not matter to rows. */
export function decodePut(body: Uint8Array): PutRequest | undefined {
  const reader = new ThriftReader(body);
  if (!reader.opens()) return undefined;
  let key = '';
  let value = '';
  let expireTsSeconds = 0;
  let updateType = 0;
  for (let type = reader.field(); type !== TYPE_STOP; type = reader.field()) {
    const id = reader.fieldId;
    if (id === 1 && type === TYPE_STRUCT) key = reader.blob();
    else if (id === 2 && type === TYPE_STRUCT) value = reader.blob();
    else if (id === 3 && type === TYPE_I32) expireTsSeconds = reader.i32();
    else if (id === 4 && type === TYPE_I32) updateType = reader.i32();
    else if ((id === 5 || id === 6) && type === TYPE_BOOL) reader.skip(1);
    else if (id === 7 && type === TYPE_STRUCT) reader.blob();
    else return undefined;
  }
  return reader.atEnd() ? { key, value, expireTsSeconds, updateType } : undefined;
}

/** The stored key of a remove or get. */
export function decodeKey(body: Uint8Array): string | undefined {
  const reader = new ThriftReader(body);
  if (!reader.opens()) return undefined;
  const key = reader.blob();
  return reader.atEnd() ? key : undefined;
}

function decodeKeyValues(reader: ThriftReader): KeyValue[] | undefined {
  const type = reader.u8();
  const count = reader.i32();
  const kvs: KeyValue[] = [];
  if (type !== TYPE_STRUCT || count < 0) return undefined;
  for (let i = 0; i < count && !reader.failed; i++) {
    let sortKey = '';
    let value = '';
    for (let field = reader.field(); field !== TYPE_STOP; field = reader.field()) {
      if (reader.fieldId === 1 && field === TYPE_STRUCT) sortKey = reader.blob();
      else if (reader.fieldId === 2 && field === TYPE_STRUCT) value = reader.blob();
      else if (reader.fieldId === 3 && field === TYPE_I32) reader.skip(4);
      else return undefined;
    }
    kvs.push({ sortKey, value });
  }
  return kvs;
}

export function decodeMultiPut(body: Uint8Array): MultiPutRequest | undefined {
  const reader = new ThriftReader(body);
  if (!reader.opens()) return undefined;
  let hashKey = '';
  let kvs: KeyValue[] = [];
  let expireTsSeconds = 0;
  for (let type = reader.field(); type !== TYPE_STOP; type = reader.field()) {
    const id = reader.fieldId;
    if (id === 1 && type === TYPE_STRUCT) hashKey = reader.blob();
    else if (id === 2 && type === TYPE_LIST) {
      const list = decodeKeyValues(reader);
      if (list === undefined) return undefined;
      kvs = list;
    } else if (id === 3 && type === TYPE_I32) expireTsSeconds = reader.i32();
    else return undefined;
  }
  return reader.atEnd() ? { hashKey, kvs, expireTsSeconds } : undefined;
}

/**
 * What one update does to rows: the storage app's view of a record. An empty write does nothing; undefined: a code that
 * this project does not apply, or a body that cannot be decoded.
 */
export function decodeRows(code: string, body: Uint8Array): readonly RowOp[] | undefined {
  switch (code) {
    case 'RPC_REPLICATION_WRITE_EMPTY':
      return NO_ROWS;
    case 'RPC_RRDB_RRDB_PUT': {
      const put = decodePut(body);
      if (put === undefined) return undefined;
      if (put.updateType === UPDATE_TYPE_MUTATE_REMOVE) return [{ op: 'remove', key: put.key }];
      return [{ op: 'put', key: put.key, value: put.value, expireTs: put.expireTsSeconds }];
    }
    case 'RPC_RRDB_RRDB_REMOVE': {
      const key = decodeKey(body);
      return key === undefined ? undefined : [{ op: 'remove', key }];
    }
    case 'RPC_RRDB_RRDB_MULTI_PUT': {
      const multi = decodeMultiPut(body);
      if (multi === undefined || multi.hashKey.length >= 0xffff) return undefined;
      return multi.kvs.map((kv): RowOp => {
        return {
          op: 'put',
          key: storedKey(multi.hashKey, kv.sortKey),
          value: kv.value,
          expireTs: multi.expireTsSeconds,
        };
      });
    }
    default:
      return undefined;
  }
}

const NO_ROWS: readonly RowOp[] = [];
