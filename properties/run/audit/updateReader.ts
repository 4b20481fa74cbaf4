/**
 * Decodes the bodies of updates for the audits (plog 5.4, dup 2.2, bl 3). They are thrift binary; `dsn.blob` fields are
 * declared as structs but hold only a length and bytes.
 *
 * Written from the sheets alone and sharing nothing with the implementation. Nothing here throws: a body that cannot be
 * read has no rows (the server ignores it, too), no entries and no load.
 */
import type { DupEntryFact } from '../../../model/duplicationEvents.ts';
import type { RowOp, UpdateFact } from '../../../model/events.ts';
import type { IngestionFact, LoadFileFact, LoadMetadataFact } from '../../../model/loadEvents.ts';
import type { WriteCode } from '../../../model/vocabulary.ts';

const CODES: ReadonlyMap<string, WriteCode> = new Map(
  (
    [
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
    ] as const
  ).map((code) => [code, code]),
);

const NO_ROWS: readonly RowOp[] = [];

/** The write code of this name. */
export function writeCode(name: string): WriteCode | undefined {
  return CODES.get(name);
}

const BOOL = 2;
const BYTE = 3;
const I32 = 8;
const I64 = 10;
const STRING = 11;
const STRUCT = 12;
const LIST = 15;
/** Field 4 of a put made from a check_and_mutate remove: only the key counts (plog 5.4). */
const MUTATE_REMOVE = 4;

/** What an update's body does to rows, read by its code: no rows for a code that has none, and for a wrong body. */
export function readRows(code: WriteCode, bytes: Buffer, start: number, end: number): readonly RowOp[] {
  if (start === end) return NO_ROWS;
  const body = new ThriftBody(bytes, start, end);
  switch (code) {
    case 'RPC_RRDB_RRDB_PUT':
      return body.put();
    case 'RPC_RRDB_RRDB_REMOVE':
      return body.remove();
    case 'RPC_RRDB_RRDB_MULTI_PUT':
      return body.multiPut();
    case 'RPC_RRDB_RRDB_MULTI_REMOVE':
      return body.multiRemove();
    default:
      return NO_ROWS;
  }
}

/**
 * The entries of a duplicate_request (dup 2.2), in order; undefined for a body that is not exactly one. An entry whose
 * raw message does not decode has no rows.
 */
export function readEntries(bytes: Buffer, start: number, end: number): readonly DupEntryFact[] | undefined {
  return new ThriftBody(bytes, start, end).duplicate();
}

/** An ingestion_request (bl 3); undefined for a body that is not exactly one. */
export function readIngestion(bytes: Buffer, start: number, end: number): IngestionFact | undefined {
  return new ThriftBody(bytes, start, end).ingestion();
}

/** One update of a mutation. */
export function readUpdate(code: WriteCode, bytes: Buffer, start: number, end: number): UpdateFact {
  if (code === 'RPC_RRDB_RRDB_BULK_LOAD') {
    const load = readIngestion(bytes, start, end);
    return load === undefined ? { code, rows: NO_ROWS } : { code, rows: NO_ROWS, load };
  }
  if (code !== 'RPC_RRDB_RRDB_DUPLICATE') return { code, rows: readRows(code, bytes, start, end) };
  const entries = readEntries(bytes, start, end);
  if (entries === undefined) return { code, rows: NO_ROWS };
  return { code, rows: entries.flatMap((entry) => entry.rows), entries };
}

/** A cursor over one thrift-binary body. After a failed read `bad` is set and every value is empty. */
class ThriftBody {
  private readonly bytes: Buffer;
  private readonly end: number;
  private pos: number;
  private bad = false;
  private type = 0;
  private id = 0;

  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
  }

  put(): readonly RowOp[] {
    let key = '';
    let value = '';
    let expireTs = 0;
    let type = 0;
    if (!this.enter()) return NO_ROWS;
    while (this.field()) {
      if (this.type === STRUCT || this.type === STRING) {
        const blob = this.blob();
        if (this.id === 1) key = blob;
        else if (this.id === 2) value = blob;
      } else if (this.type === I32) {
        const number = this.i32();
        if (this.id === 3) expireTs = number >>> 0;
        else if (this.id === 4) type = number;
      } else this.skip();
    }
    if (!this.leave() || key.length < 2) return NO_ROWS;
    return type === MUTATE_REMOVE ? [{ op: 'remove', key }] : [{ op: 'put', key, value, expireTs }];
  }

  remove(): readonly RowOp[] {
    if (!this.enter()) return NO_ROWS;
    const key = this.blob();
    return this.leave() && key.length >= 2 ? [{ op: 'remove', key }] : NO_ROWS;
  }

  multiPut(): readonly RowOp[] {
    let hashKey = '';
    let expireTs = 0;
    const rows: { sortKey: string; value: string }[] = [];
    if (!this.enter()) return NO_ROWS;
    while (this.field()) {
      if (this.id === 1 && (this.type === STRUCT || this.type === STRING)) hashKey = this.blob();
      else if (this.id === 2 && this.type === LIST) {
        for (let left = this.listOf(STRUCT); left > 0 && !this.bad; left--) rows.push(this.keyValue());
      } else if (this.id === 3 && this.type === I32) expireTs = this.i32() >>> 0;
      else this.skip();
    }
    if (!this.leave()) return NO_ROWS;
    const prefix = keyPrefix(hashKey);
    return rows.map((row) => ({ op: 'put', key: prefix + row.sortKey, value: row.value, expireTs }));
  }

  multiRemove(): readonly RowOp[] {
    let hashKey = '';
    const sortKeys: string[] = [];
    if (!this.enter()) return NO_ROWS;
    while (this.field()) {
      if (this.id === 1 && (this.type === STRUCT || this.type === STRING)) hashKey = this.blob();
      else if (this.id === 2 && this.type === LIST) {
        for (let left = this.listOf(STRUCT); left > 0 && !this.bad; left--) sortKeys.push(this.blob());
      } else this.skip();
    }
    if (!this.leave()) return NO_ROWS;
    const prefix = keyPrefix(hashKey);
    return sortKeys.map((sortKey) => ({ op: 'remove', key: prefix + sortKey }));
  }

  duplicate(): readonly DupEntryFact[] | undefined {
    const entries: DupEntryFact[] = [];
    if (!this.enter()) return undefined;
    while (this.field()) {
      if (this.id === 1 && this.type === LIST) {
        for (let left = this.listOf(STRUCT); left > 0 && !this.bad; left--) {
          const entry = this.entry();
          if (entry !== undefined) entries.push(entry);
        }
      } else this.skip();
    }
    return this.leave() ? entries : undefined;
  }

  /** What a request leaves out reads as '', false, 0 and no files. */
  ingestion(): IngestionFact | undefined {
    let appName = '';
    let metadata: LoadMetadataFact = { files: [], totalBytes: 0 };
    let ingestBehind = false;
    let ballot = 0;
    let verifyBeforeIngest = false;
    if (!this.enter()) return undefined;
    while (this.field()) {
      if (this.id === 1 && this.type === STRING) appName = this.blob();
      else if (this.id === 2 && this.type === STRUCT) metadata = this.loadMetadata();
      else if (this.id === 3 && this.type === BOOL) ingestBehind = this.byte() !== 0;
      else if (this.id === 4 && this.type === I64) ballot = this.i64();
      else if (this.id === 5 && this.type === BOOL) verifyBeforeIngest = this.byte() !== 0;
      else this.bad = true;
    }
    return this.leave() ? { appName, metadata, ingestBehind, ballot, verifyBeforeIngest } : undefined;
  }

  private loadMetadata(): LoadMetadataFact {
    const files: LoadFileFact[] = [];
    let totalBytes = 0;
    while (this.field()) {
      if (this.id === 1 && this.type === LIST) {
        for (let left = this.listOf(STRUCT); left > 0 && !this.bad; left--) files.push(this.loadFile());
      } else if (this.id === 2 && this.type === I64) totalBytes = this.i64();
      else this.bad = true;
    }
    return { files, totalBytes };
  }

  private loadFile(): LoadFileFact {
    let name = '';
    let sizeBytes = 0;
    let md5 = '';
    while (this.field()) {
      if (this.id === 1 && this.type === STRING) name = this.blob();
      else if (this.id === 2 && this.type === I64) sizeBytes = this.i64();
      else if (this.id === 3 && this.type === STRING) md5 = this.blob();
      else this.bad = true;
    }
    return { name, sizeBytes, md5 };
  }

  /** One duplicate_entry: what is not set reads as 0, false and an empty message; a code must be set (dup 7.2). */
  private entry(): DupEntryFact | undefined {
    let timestampUs = 0;
    let code: WriteCode | undefined;
    let rawStart = 0;
    let rawEnd = 0;
    let clusterId = 0;
    let verifyTimetag = false;
    while (this.field()) {
      const isText = this.type === STRUCT || this.type === STRING;
      if (this.id === 1 && this.type === I64) timestampUs = this.i64();
      else if (this.id === 2 && isText) code = writeCode(this.blob());
      else if (this.id === 3 && isText) {
        const length = this.i32();
        if (length < 0) this.bad = true;
        rawStart = this.pos;
        this.step(length);
        rawEnd = this.pos;
      } else if (this.id === 4 && this.type === BYTE) clusterId = this.byte();
      else if (this.id === 5 && this.type === BOOL) verifyTimetag = this.byte() !== 0;
      else this.skip();
    }
    if (code === undefined) this.bad = true;
    if (this.bad || code === undefined) return undefined;
    return { timestampUs, clusterId, code, verifyTimetag, rows: readRows(code, this.bytes, rawStart, rawEnd) };
  }

  private keyValue(): { sortKey: string; value: string } {
    let sortKey = '';
    let value = '';
    while (this.field()) {
      if (this.id === 1 && (this.type === STRUCT || this.type === STRING)) sortKey = this.blob();
      else if (this.id === 2 && (this.type === STRUCT || this.type === STRING)) value = this.blob();
      else this.skip();
    }
    return { sortKey, value };
  }

  /** Field 0, the request struct. */
  private enter(): boolean {
    return this.field() && this.id === 0 && this.type === STRUCT;
  }

  /** The stop byte of the outer struct must end the body. */
  private leave(): boolean {
    return !this.bad && !this.field() && !this.bad && this.pos === this.end;
  }

  /** Moves to the next field; false at the stop byte and after an error. */
  private field(): boolean {
    if (this.bad || this.pos >= this.end) {
      this.bad = true;
      return false;
    }
    this.type = this.bytes[this.pos++] ?? 0;
    if (this.type === 0) return false;
    if (!this.has(2)) return false;
    this.id = this.bytes.readInt16BE(this.pos);
    this.pos += 2;
    return true;
  }

  private has(count: number): boolean {
    if (this.bad || this.pos + count > this.end) this.bad = true;
    return !this.bad;
  }

  private i32(): number {
    if (!this.has(4)) return 0;
    this.pos += 4;
    return this.bytes.readInt32BE(this.pos - 4);
  }

  /** Exact up to 2^53. */
  private i64(): number {
    if (!this.has(8)) return 0;
    this.pos += 8;
    return this.bytes.readInt32BE(this.pos - 8) * 0x100000000 + this.bytes.readUInt32BE(this.pos - 4);
  }

  private byte(): number {
    if (!this.has(1)) return 0;
    this.pos += 1;
    return this.bytes.readInt8(this.pos - 1);
  }

  private blob(): string {
    const length = this.i32();
    if (length < 0) this.bad = true;
    if (!this.has(length)) return '';
    this.pos += length;
    return this.bytes.toString('latin1', this.pos - length, this.pos);
  }

  private listOf(elementType: number): number {
    if (!this.has(1)) return 0;
    const type = this.bytes[this.pos++] ?? 0;
    const count = this.i32();
    if (count < 0 || (count > 0 && type !== elementType && type !== STRING)) this.bad = true;
    return this.bad ? 0 : count;
  }

  private skip(): void {
    if (this.type === BOOL || this.type === BYTE) this.step(1);
    else if (this.type === I32) this.step(4);
    else if (this.type === I64) this.step(8);
    else if (this.type === STRUCT || this.type === STRING) this.blob();
    else this.bad = true;
  }

  private step(count: number): void {
    if (this.has(count)) this.pos += count;
  }
}

/** u16 BE length of the hash key, and the hash key (dependencies 3). */
function keyPrefix(hashKey: string): string {
  return String.fromCharCode((hashKey.length >> 8) & 0xff, hashKey.length & 0xff) + hashKey;
}
