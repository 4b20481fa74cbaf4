/**
 * The thrift-binary body of RPC_RRDB_RRDB_BULK_LOAD (bl 3 ingestion_request), framed as the bodies of rrdb.ts: field 0 of
 * an outer struct is the request. Names are binary strings of the files' bytes.
 *
 * The decoder answers undefined for bytes that are not exactly one such body, and never throws.
 */
import type { UpdateFact } from '../../model/events.ts';
import type { BulkLoadMetadata, FileMeta, IngestionRequest } from './bulkLoadMessages.ts';
import { newBytes, writeBinary, writeU32be } from './bytes.ts';
import { ThriftReader, TYPE_BOOL, TYPE_I64, TYPE_LIST, TYPE_STOP, TYPE_STRUCT, TYPE_STRING } from './thrift.ts';

const FIELD = 3;
/** Bytes of a file beyond its name and its MD5. */
const FILE_FIXED_SIZE = FIELD + 4 + FIELD + 8 + FIELD + 4 + 1;
const METADATA_FIXED_SIZE = FIELD + 5 + FIELD + 8 + 1;
/** The outer struct's field and stop, the request's five fields and its stop. */
const FIXED_SIZE = FIELD + 1 + (FIELD + 4) + FIELD + (FIELD + 1) + (FIELD + 8) + (FIELD + 1) + 1;

function sizeOf(request: IngestionRequest): number {
  let size = FIXED_SIZE + request.appName.length + METADATA_FIXED_SIZE;
  for (const { name, md5 } of request.metadata.files) size += FILE_FIXED_SIZE + name.length + md5.length;
  return size;
}

function writeField(bytes: Uint8Array, at: number, type: number, id: number): number {
  bytes[at] = type;
  bytes[at + 1] = id >>> 8;
  bytes[at + 2] = id;
  return at + FIELD;
}

function writeI64(bytes: Uint8Array, start: number, id: number, value: number): number {
  const at = writeField(bytes, start, TYPE_I64, id);
  writeU32be(bytes, at, Math.floor(value / 0x1_0000_0000) >>> 0);
  writeU32be(bytes, at + 4, value >>> 0);
  return at + 8;
}

function writeText(bytes: Uint8Array, start: number, id: number, text: string): number {
  const at = writeField(bytes, start, TYPE_STRING, id);
  writeU32be(bytes, at, text.length);
  return writeBinary(bytes, at + 4, text);
}

function writeBool(bytes: Uint8Array, start: number, id: number, value: boolean): number {
  const at = writeField(bytes, start, TYPE_BOOL, id);
  bytes[at] = value ? 1 : 0;
  return at + 1;
}

function writeMetadata(bytes: Uint8Array, start: number, metadata: BulkLoadMetadata): number {
  let at = writeField(bytes, start, TYPE_LIST, 1);
  bytes[at] = TYPE_STRUCT;
  writeU32be(bytes, at + 1, metadata.files.length);
  at += 5;
  for (const file of metadata.files) {
    at = writeText(bytes, at, 1, file.name);
    at = writeI64(bytes, at, 2, file.size);
    at = writeText(bytes, at, 3, file.md5);
    bytes[at++] = TYPE_STOP;
  }
  at = writeI64(bytes, at, 2, metadata.fileTotalSize);
  bytes[at] = TYPE_STOP;
  return at + 1;
}

export function encodeIngestion(request: IngestionRequest): Uint8Array {
  const bytes = newBytes(sizeOf(request));
  let at = writeField(bytes, 0, TYPE_STRUCT, 0);
  at = writeText(bytes, at, 1, request.appName);
  at = writeField(bytes, at, TYPE_STRUCT, 2);
  at = writeMetadata(bytes, at, request.metadata);
  at = writeBool(bytes, at, 3, request.ingestBehind);
  at = writeI64(bytes, at, 4, request.ballot);
  at = writeBool(bytes, at, 5, request.verifyBeforeIngest);
  bytes[at] = TYPE_STOP;
  bytes[at + 1] = TYPE_STOP;
  return bytes;
}

function decodeFile(reader: ThriftReader): FileMeta | undefined {
  let name = '';
  let size = 0;
  let md5 = '';
  for (let type = reader.field(); type !== TYPE_STOP; type = reader.field()) {
    const id = reader.fieldId;
    if (id === 1 && type === TYPE_STRING) name = reader.blob();
    else if (id === 2 && type === TYPE_I64) size = reader.i64();
    else if (id === 3 && type === TYPE_STRING) md5 = reader.blob();
    else return undefined;
  }
  return reader.failed ? undefined : { name, size, md5 };
}

function decodeFiles(reader: ThriftReader): readonly FileMeta[] | undefined {
  const type = reader.u8();
  const count = reader.i32();
  if (type !== TYPE_STRUCT || count < 0) return undefined;
  const files: FileMeta[] = [];
  for (let i = 0; i < count; i++) {
    const file = decodeFile(reader);
    if (file === undefined) return undefined;
    files.push(file);
  }
  return files;
}

function decodeMetadata(reader: ThriftReader): BulkLoadMetadata | undefined {
  let files: readonly FileMeta[] | undefined = [];
  let fileTotalSize = 0;
  for (let type = reader.field(); type !== TYPE_STOP; type = reader.field()) {
    if (reader.fieldId === 1 && type === TYPE_LIST) files = decodeFiles(reader);
    else if (reader.fieldId === 2 && type === TYPE_I64) fileTotalSize = reader.i64();
    else return undefined;
    if (files === undefined) return undefined;
  }
  return reader.failed ? undefined : { files, fileTotalSize };
}

/** Fields that a request leaves out read as '', false and 0, and a metadata without files. */
export function decodeIngestion(body: Uint8Array): IngestionRequest | undefined {
  const reader = new ThriftReader(body);
  if (!reader.opens()) return undefined;
  let appName = '';
  let metadata: BulkLoadMetadata | undefined = { files: [], fileTotalSize: 0 };
  let ingestBehind = false;
  let ballot = 0;
  let verifyBeforeIngest = false;
  for (let type = reader.field(); type !== TYPE_STOP; type = reader.field()) {
    const id = reader.fieldId;
    if (id === 1 && type === TYPE_STRING) appName = reader.blob();
    else if (id === 2 && type === TYPE_STRUCT) metadata = decodeMetadata(reader);
    else if (id === 3 && type === TYPE_BOOL) ingestBehind = reader.u8() !== 0;
    else if (id === 4 && type === TYPE_I64) ballot = reader.i64();
    else if (id === 5 && type === TYPE_BOOL) verifyBeforeIngest = reader.u8() !== 0;
    else return undefined;
    if (metadata === undefined) return undefined;
  }
  return reader.atEnd() ? { appName, metadata, ingestBehind, ballot, verifyBeforeIngest } : undefined;
}

/** What the claims say of the body. */
export function ingestionFact(request: IngestionRequest): NonNullable<UpdateFact['load']> {
  const { appName, metadata, ingestBehind, ballot, verifyBeforeIngest } = request;
  const files = metadata.files.map(({ name, size, md5 }) => ({ name, sizeBytes: size, md5 }));
  return { appName, metadata: { files, totalBytes: metadata.fileTotalSize }, ingestBehind, ballot, verifyBeforeIngest };
}
