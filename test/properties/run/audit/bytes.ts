/**
 * Bytes built by hand from the sheets, for the tests of the audits' readers. CRC bit by bit, on purpose without a
 * table.
 */
import type { DiskView } from '../../../../properties/run/audit/diskView.ts';

export function slowCrc(bytes: Uint8Array, seed = 0): number {
  let c = ~seed >>> 0;
  for (const byte of bytes) {
    c ^= byte;
    for (let i = 0; i < 8; i++) c = (c & 1) === 1 ? ((c >>> 1) ^ 0x82f63b78) >>> 0 : c >>> 1;
  }
  return ~c >>> 0;
}

export function u32(value: number): Buffer {
  const b = Buffer.alloc(4);
  b.writeUInt32LE(value >>> 0);
  return b;
}
export function i64(value: number): Buffer {
  const b = Buffer.alloc(8);
  b.writeBigInt64LE(BigInt(value));
  return b;
}
export function be32(value: number): Buffer {
  const b = Buffer.alloc(4);
  b.writeUInt32BE(value >>> 0);
  return b;
}
export function be16(value: number): Buffer {
  const b = Buffer.alloc(2);
  b.writeUInt16BE(value);
  return b;
}
export function latin(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}
export function cat(...parts: readonly (Uint8Array | readonly number[])[]): Buffer {
  return Buffer.concat(parts.map((part) => Uint8Array.from(part)));
}
export function storedKey(hashKey: string, sortKey: string): string {
  return cat(be16(hashKey.length), latin(hashKey), latin(sortKey)).toString('latin1');
}
export function blobField(id: number, text: string): Buffer {
  return cat([12], be16(id), be32(text.length), latin(text));
}
export function i32Field(id: number, value: number): Buffer {
  return cat([8], be16(id), be32(value));
}
export function putBody(key: string, value: string, expireTs = 0): Buffer {
  return cat([12, 0, 0], blobField(1, key), blobField(2, value), i32Field(3, expireTs), [0, 0]);
}
export function removeBody(key: string): Buffer {
  return cat(blobField(0, key), [0]);
}
export function multiPutBody(hashKey: string, rows: readonly (readonly [string, string])[], expireTs = 0): Buffer {
  const list = rows.map(([sortKey, value]) => cat(blobField(1, sortKey), blobField(2, value), [0]));
  return cat(
    [12, 0, 0],
    blobField(1, hashKey),
    [15],
    be16(2),
    [12],
    be32(rows.length),
    ...list,
    i32Field(3, expireTs),
    [0, 0],
  );
}

export function multiRemoveBody(hashKey: string, sortKeys: readonly string[]): Buffer {
  const list = sortKeys.map((sortKey) => cat(be32(sortKey.length), latin(sortKey)));
  return cat([12, 0, 0], blobField(1, hashKey), [15], be16(2), [12], be32(sortKeys.length), ...list, [0, 0]);
}

/** One entry of a DUPLICATE body (dup 2.2); what is undefined is left out. */
export interface MadeEntry {
  readonly timestampUs?: number;
  readonly code?: string;
  readonly raw?: Uint8Array;
  readonly clusterId?: number;
  readonly verifyTimetag?: boolean;
}
export function entryBytes(entry: MadeEntry): Buffer {
  const parts: (Uint8Array | readonly number[])[] = [];
  if (entry.timestampUs !== undefined) {
    const time = Buffer.alloc(8);
    time.writeBigInt64BE(BigInt(entry.timestampUs));
    parts.push([10, 0, 1], time);
  }
  if (entry.code !== undefined) parts.push(blobField(2, entry.code));
  if (entry.raw !== undefined) parts.push([12, 0, 3], be32(entry.raw.length), entry.raw);
  if (entry.clusterId !== undefined) parts.push([3, 0, 4, entry.clusterId & 0xff]);
  if (entry.verifyTimetag !== undefined) parts.push([2, 0, 5, entry.verifyTimetag ? 1 : 0]);
  return cat(...parts, [0]);
}
export function duplicateBody(...entries: readonly MadeEntry[]): Buffer {
  return cat([12, 0, 0, 15, 0, 1, 12], be32(entries.length), ...entries.map(entryBytes), [0, 0]);
}
export function duplicate(...entries: readonly MadeEntry[]): MadeUpdate {
  return { name: 'RPC_RRDB_RRDB_DUPLICATE', type: 1, data: duplicateBody(...entries) };
}

export interface MadeUpdate {
  readonly name: string;
  readonly type: number;
  readonly data: Uint8Array;
}
export interface MadeRecord {
  readonly app: number;
  readonly index: number;
  readonly ballot: number;
  readonly decree: number;
  readonly lastCommitted: number;
  readonly timestampUs: number;
  readonly updates: readonly MadeUpdate[];
}
export function put(key: string, value: string, expireTs = 0): MadeUpdate {
  return { name: 'RPC_RRDB_RRDB_PUT', type: 1, data: putBody(key, value, expireTs) };
}
export function remove(key: string): MadeUpdate {
  return { name: 'RPC_RRDB_RRDB_REMOVE', type: 1, data: removeBody(key) };
}
export const EMPTY: MadeUpdate = { name: 'RPC_REPLICATION_WRITE_EMPTY', type: 0, data: new Uint8Array(0) };

export function recordBytes(record: MadeRecord, logOffset: number): Buffer {
  const head = [
    i64(0),
    u32(record.app),
    u32(record.index),
    i64(record.ballot),
    i64(record.decree),
    i64(logOffset),
    i64(record.lastCommitted),
    i64(record.timestampUs),
  ];
  const descriptors = record.updates.map(
    (u) => cat(u32(u.name.length), latin(u.name), u32(u.type), u32(u.data.length)),
  );
  return cat(...head, u32(record.updates.length), ...descriptors, ...record.updates.map((u) => u.data));
}

/** Writes one log file as plog 2-6 say; `bytes` grows with each block. */
export class MadeLog {
  bytes: Buffer = Buffer.alloc(0);
  private crc = 0;
  readonly app: number;
  readonly index: number;
  readonly start: number;

  constructor(app: number, index: number, start: number) {
    this.app = app;
    this.index = index;
    this.start = start;
  }

  header(previousMax: number, validStart = 0): Buffer {
    return this.block(
      cat(u32(0xdeadbeef), u32(1), i64(this.start), u32(1), u32(this.app), u32(this.index), i64(previousMax), i64(validStart)),
    );
  }

  records(...records: readonly MadeRecord[]): Buffer {
    let at = this.start + this.bytes.length + 16;
    const parts: Buffer[] = [];
    for (const record of records) {
      const bytes = recordBytes(record, at);
      parts.push(bytes);
      at += bytes.length;
    }
    return this.block(cat(...parts));
  }

  private block(body: Buffer): Buffer {
    this.crc = slowCrc(body, this.crc);
    const block = cat(u32(0xdeadbeef), u32(body.length), u32(this.crc), u32(this.bytes.length), body);
    this.bytes = cat(this.bytes, block);
    return block;
  }
}

export interface MadeRow {
  readonly key: string;
  readonly value?: string;
  readonly expireTs?: number;
  readonly timestampUs?: number;
  /** Low byte of the time tag; 2: cluster 1, not deleted. */
  readonly tagLow?: number;
}

export function runBytes(rows: readonly MadeRow[]): Buffer {
  const records = cat(
    ...rows.map((row) => {
      if (row.value === undefined) return cat(u32(row.key.length), u32(0xffffffff), latin(row.key));
      const tag = Buffer.alloc(8);
      tag.writeBigUInt64BE((BigInt(row.timestampUs ?? 0) << 8n) | BigInt(row.tagLow ?? 2));
      const value = cat(be32(row.expireTs ?? 0), tag, latin(row.value));
      return cat(u32(row.key.length), u32(value.length), latin(row.key), value);
    }),
  );
  return cat(
    latin('PCSST001'),
    records,
    u32(rows.length),
    u32(records.length),
    u32(slowCrc(records)),
    latin('PCSSTEND'),
  );
}

export function manifestBytes(
  lastFlushedDecree: number,
  files: readonly string[],
  nextFile = 9,
  more: Readonly<Record<string, string>> = {},
): Buffer {
  const line = JSON.stringify({ nextFile, lastFlushedDecree, meta: { pegasus_data_version: '1', ...more }, files });
  return latin(`${line}\n${slowCrc(latin(line)).toString(16).padStart(8, '0')}\n`);
}

/** Files by path; directories are what the paths imply. */
export class MadeDisk implements DiskView {
  readonly files = new Map<string, Buffer>();

  list(dir: string): readonly string[] {
    const names = new Set<string>();
    const prefix = dir === '' ? '' : `${dir}/`;
    for (const path of this.files.keys()) if (path.startsWith(prefix)) names.add(
      path.slice(prefix.length).split('/')[0] ?? '',
    );
    return [...names].sort();
  }
  exists(path: string): boolean {
    return this.files.has(path) || this.list(path).length > 0;
  }
  info(path: string): { kind: 'file' | 'directory'; sizeBytes: number } | undefined {
    const file = this.files.get(path);
    if (file !== undefined) return { kind: 'file', sizeBytes: file.length };
    return this.exists(path) ? { kind: 'directory', sizeBytes: 0 } : undefined;
  }
  read(path: string): Uint8Array | undefined {
    return this.files.get(path);
  }
}
