/**
 * Reads private log files for the audits (plog 1-6, 9): incremental, so that a run decodes each byte once. A block
 * counts as real when it stands there whole, with the chained CRC-32C of the file right.
 */
import type { MutationFact } from '../../../model/events.ts';
import type { Ballot, Decree, Gpid } from '../../../model/vocabulary.ts';
import { crc32c } from './crc32c.ts';
import { readWhole, type DiskView } from './diskView.ts';
import { readI64, readRecord } from './mutationReader.ts';

const MAGIC = 0xdeadbeef;
const BLOCK_HEADER_BYTES = 16;
const HEADER_ENTRY_BYTES = 24;

/** What a file says at its start (plog 4). */
export interface LogHeader {
  readonly startOffset: number;
  readonly previousMaxDecree: Decree;
  readonly validStartOffset: number;
}

/** How the bytes after the last good block look: none, a short tail, or wrong ones (plog 9.2). */
export type TailState = 'end' | 'incomplete' | 'invalid';

/** Called with the file header or a record as soon as its block has proved good. */
export interface LogSink {
  header(file: LogFileReader, header: LogHeader): void;
  record(file: LogFileReader, mutation: MutationFact, logOffset: number): void;
}

export class LogFileReader {
  readonly gpid: Gpid;
  readonly index: number;
  readonly startOffset: number;
  /** Local offset of the next block. */
  position = 0;
  header: LogHeader | undefined = undefined;
  tail: TailState = 'end';
  private crc = 0;

  constructor(gpid: Gpid, index: number, startOffset: number) {
    this.gpid = gpid;
    this.index = index;
    this.startOffset = startOffset;
  }

  /** Global offset where good data ends. */
  endOffset(): number {
    return this.startOffset + this.position;
  }

  /**
   * Decodes the whole blocks of `bytes`, which begin at local offset `at <= position`. Stops at the first block that
   * is short or wrong; `tail` tells why, and a later call may go on from there with more bytes.
   */
  advance(bytes: Buffer, at: number, sink: LogSink): void {
    for (;;) {
      const from = this.position - at;
      const left = bytes.length - from;
      if (left <= 0) return this.stop('end');
      if (left < BLOCK_HEADER_BYTES) return this.stop('incomplete');
      if (bytes.readUInt32LE(from) !== MAGIC) return this.stop('invalid');
      const length = bytes.readInt32LE(from + 4);
      if (length < 0) return this.stop('invalid');
      const body = from + BLOCK_HEADER_BYTES;
      const end = body + length;
      if (end > bytes.length || length === 0) return this.stop('incomplete');
      const crc = crc32c(bytes, this.crc, body, end);
      if (crc !== bytes.readUInt32LE(from + 8)) return this.stop('invalid');
      if (!this.block(bytes, body, end, sink)) return this.stop('invalid');
      this.crc = crc;
      this.position += BLOCK_HEADER_BYTES + length;
    }
  }

  private stop(tail: TailState): void {
    this.tail = tail;
  }

  private block(bytes: Buffer, body: number, end: number, sink: LogSink): boolean {
    let pos = body;
    if (this.position === 0) {
      const size = this.readHeader(bytes, body, end);
      if (size < 0 || this.header === undefined) return false;
      sink.header(this, this.header);
      pos += size;
    }
    const globalOfBody = this.endOffset() + BLOCK_HEADER_BYTES;
    while (pos < end) {
      const record = readRecord(bytes, pos, end);
      if (record === undefined || record.gpid !== this.gpid) return false;
      if (record.logOffset !== globalOfBody + (pos - body)) return false;
      sink.record(this, record.mutation, record.logOffset);
      pos += record.sizeBytes;
    }
    return true;
  }

  /** Size of the file header in bytes, -1 when it is wrong. */
  private readHeader(bytes: Buffer, at: number, end: number): number {
    if (at + 20 > end || bytes.readUInt32LE(at) !== MAGIC) return -1;
    const startOffset = readI64(bytes, at + 8);
    const count = bytes.readInt32LE(at + 16);
    const size = 20 + HEADER_ENTRY_BYTES * count;
    if (startOffset !== this.startOffset || count < 0 || at + size > end) return -1;
    let previousMaxDecree = 0;
    let validStartOffset = 0;
    for (let entry = at + 20; entry < at + size; entry += HEADER_ENTRY_BYTES) {
      if (`${bytes.readInt32LE(entry)}.${bytes.readInt32LE(entry + 4)}` !== this.gpid) continue;
      previousMaxDecree = readI64(bytes, entry + 8);
      validStartOffset = readI64(bytes, entry + 16);
    }
    this.header = { startOffset, previousMaxDecree, validStartOffset };
    return size;
  }
}

/** `log.<index>.<start>` as the writer spells it; anything else is no log file. */
export function parseLogName(name: string): { readonly index: number; readonly startOffset: number } | undefined {
  if (!name.startsWith('log.')) return undefined;
  const dot = name.indexOf('.', 4);
  if (dot < 0) return undefined;
  const index = decimal(name.slice(4, dot));
  const startOffset = decimal(name.slice(dot + 1));
  return index === undefined || index > 0x7fffffff || startOffset === undefined ? undefined : { index, startOffset };
}

/** A decimal number without sign and without leading zeros, as every name of the project spells numbers. */
export function decimal(text: string): number | undefined {
  const value = Number(text);
  return text !== '' && String(value) === text && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

export interface SurvivingRecord {
  readonly ballot: Ballot;
  readonly decree: Decree;
  readonly fileIndex: number;
  readonly logOffset: number;
  readonly mutation: MutationFact;
}

export interface SurveyedFile {
  readonly path: string;
  readonly reader: LogFileReader;
  readonly records: readonly SurvivingRecord[];
}

export interface LogSurvey {
  /** Whether a replay of all files would succeed (plog 9.5, 10 step 2). */
  readonly intact: boolean;
  /** What a replay delivers, in order, up to the first failure. */
  readonly records: readonly SurvivingRecord[];
  /** Every file with a good header, also those that a replay would not reach. */
  readonly files: readonly SurveyedFile[];
}

/** Reads the whole log of a replica anew from its bytes. */
export function surveyLog(disk: DiskView, dir: string, gpid: Gpid): LogSurvey {
  const files: SurveyedFile[] = [];
  const records: SurvivingRecord[] = [];
  let intact = true;
  const named = disk
    .list(dir)
    .map((name) => ({ name, parsed: parseLogName(name) }))
    .sort((a, b) => (a.parsed?.index ?? 0) - (b.parsed?.index ?? 0));
  let expected: { index: number; offset: number } | undefined;
  for (const { name, parsed } of named) {
    if (parsed === undefined) continue;
    const bytes = readWhole(disk, `${dir}/${name}`);
    if (bytes === undefined) continue;
    const file = new LogFileReader(gpid, parsed.index, parsed.startOffset);
    const found: SurvivingRecord[] = [];
    file.advance(bytes, 0, {
      header: () => undefined,
      record: (_file, mutation, logOffset) =>
        found.push({ ballot: mutation.ballot, decree: mutation.decree, fileIndex: parsed.index, logOffset, mutation }),
    });
    // A file whose first block is short is skipped by opening; a wrong one fails it.
    if (file.header === undefined) {
      if (file.tail === 'invalid') intact = false;
      continue;
    }
    files.push({ path: `${dir}/${name}`, reader: file, records: found });
    const follows = expected === undefined || (
      expected.index === parsed.index && expected.offset === parsed.startOffset
    );
    if (!follows) intact = false;
    // Also behind damage: a replay that begins at a later file never meets it (plog 10 step 3).
    records.push(...found);
    if (file.tail === 'invalid') intact = false;
    expected = { index: parsed.index + 1, offset: file.endOffset() };
  }
  return { intact, records, files };
}
