/**
 * Decodes mutation records for the audits (plog 5): the bytes of a log record and of a prepare message are the same.
 * Update bodies are thrift binary; `dsn.blob` fields are declared as structs but hold only a length and bytes (plog
 * 5.4).
 *
 * Written from the sheets alone and sharing nothing with the implementation. Nothing here throws: what cannot be read
 * is `undefined` (a record) or no rows (a body, which the server also ignores).
 */
import type { MutationFact, RowOp, UpdateFact } from '../../../model/events.ts';
import type { Gpid, WriteCode } from '../../../model/vocabulary.ts';

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

const RECORD_HEADER_BYTES = 60;
const NO_ROWS: readonly RowOp[] = [];

export interface ReadRecord {
  readonly gpid: Gpid;
  readonly logOffset: number;
  readonly sizeBytes: number;
  readonly mutation: MutationFact;
}

/** A little-endian i64 as a number; exact up to 2^53. */
export function readI64(bytes: Buffer, at: number): number {
  return bytes.readInt32LE(at + 4) * 0x100000000 + bytes.readUInt32LE(at);
}

const GPIDS = new Map<number, Gpid>();

/** `<app>.<index>` without building the text each time. */
export function gpidText(appId: number, partitionIndex: number): Gpid {
  const key = appId * 65536 + partitionIndex;
  let text = GPIDS.get(key);
  if (text === undefined) {
    text = `${appId}.${partitionIndex}`;
    GPIDS.set(key, text);
  }
  return text;
}

/** The record at `at`, which must end at or before `end`; undefined when it does not decode. */
export function readRecord(bytes: Buffer, at: number, end: number): ReadRecord | undefined {
  if (at + RECORD_HEADER_BYTES > end) return undefined;
  const version = readI64(bytes, at);
  if (version !== 0 && version <= 64) return undefined;
  const count = bytes.readInt32LE(at + 56);
  if (count < 0) return undefined;
  const codes: WriteCode[] = [];
  const lengths: number[] = [];
  let pos = at + RECORD_HEADER_BYTES;
  for (let i = 0; i < count; i++) {
    if (pos + 12 > end) return undefined;
    const nameLength = bytes.readInt32LE(pos);
    if (nameLength < 0 || pos + 12 + nameLength > end) return undefined;
    const code = CODES.get(bytes.toString('latin1', pos + 4, pos + 4 + nameLength));
    const dataLength = bytes.readInt32LE(pos + 8 + nameLength);
    if (code === undefined || dataLength < 0) return undefined;
    codes.push(code);
    lengths.push(dataLength);
    pos += 12 + nameLength;
  }
  const updates: UpdateFact[] = [];
  for (let i = 0; i < count; i++) {
    const code = codes[i];
    const next = pos + (lengths[i] ?? 0);
    if (code === undefined || next > end) return undefined;
    updates.push({ code, rows: readRows(code, bytes, pos, next) });
    pos = next;
  }
  return {
    gpid: gpidText(bytes.readInt32LE(at + 8), bytes.readInt32LE(at + 12)),
    logOffset: readI64(bytes, at + 32),
    sizeBytes: pos - at,
    mutation: {
      ballot: readI64(bytes, at + 16),
      decree: readI64(bytes, at + 24),
      lastCommitted: readI64(bytes, at + 40),
      timestampUs: version === 0 ? readI64(bytes, at + 48) : 0,
      updates,
    },
  };
}

/** What one update's body does to rows; no rows for an empty write, and for a body that does not decode. */
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

const BOOL = 2;
const I32 = 8;
const I64 = 10;
const STRING = 11;
const STRUCT = 12;
const LIST = 15;
/** Field 4 of a put made from a check_and_mutate remove: only the key counts (plog 5.4). */
const MUTATE_REMOVE = 4;

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
    if (this.type === BOOL) this.step(1);
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

/** Whether two mutations are the same down to their rows. */
export function sameMutation(a: MutationFact, b: MutationFact): boolean {
  return (
    a.decree === b.decree &&
    a.ballot === b.ballot &&
    a.lastCommitted === b.lastCommitted &&
    a.timestampUs === b.timestampUs &&
    sameUpdates(a.updates, b.updates)
  );
}

function sameUpdates(a: readonly UpdateFact[], b: readonly UpdateFact[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const x = a[i];
    const y = b[i];
    if (x === undefined || y === undefined || x.code !== y.code || !sameRows(x.rows, y.rows)) return false;
  }
  return true;
}

function sameRows(a: readonly RowOp[], b: readonly RowOp[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const x = a[i];
    const y = b[i];
    if (x === undefined || y === undefined || x.op !== y.op || x.key !== y.key) return false;
    if (x.op === 'put' && y.op === 'put' && (x.value !== y.value || x.expireTs !== y.expireTs)) return false;
  }
  return true;
}

/** One line for messages. */
export function mutationText(m: MutationFact): string {
  const codes = m.updates.map(
    (update) => `${update.code.replace('RPC_RRDB_RRDB_', '')}(${update.rows.length})`,
  ).join('+');
  return `decree ${m.decree} ballot ${m.ballot} last_committed ${m.lastCommitted} timestamp ${m.timestampUs} ${codes}`;
}
