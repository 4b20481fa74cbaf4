/**
 * Log files as people look at them: bytes in, a plain result out; nothing is opened, renamed or refused. Damage is
 * judged as the log's reader judges it (plog 9.2-9.5), but each file by itself and to its end, and 64-bit numbers stay
 * exact.
 */
import { readI32le, readU32le, toBinary } from '../../protocol/bytes.ts';
import { crc32c } from '../../protocol/crc32c.ts';
import { BLOCK_HEADER_SIZE, fileHeaderSize, MAGIC, readBlockHeader } from './format.ts';
import { parseLogFileName } from './names.ts';
import { LEGACY_VERSION_ABOVE, readUpdateSlots, RECORD_FIXED_SIZE, RECORD_HEADER_SIZE } from './record.ts';

export interface InspectedUpdate {
  readonly code: string;
  readonly serializationType: number;
  /** A view into the file's bytes. */
  readonly data: Uint8Array;
}

export interface InspectedMutation {
  readonly decree: bigint;
  readonly ballot: bigint;
  readonly gpid: string;
  readonly lastCommittedDecree: bigint;
  /** 0 in a legacy record, which has none. */
  readonly timestampUs: bigint;
  readonly logOffset: bigint;
  readonly updates: readonly InspectedUpdate[];
}

/** `torn`: cut short, which the log tolerates at its end; `corrupt`: wrong, which it does not. */
export type Tail = 'clean' | 'torn' | 'corrupt';
export type InspectError = 'ERR_INCOMPLETE_DATA' | 'ERR_INVALID_DATA' | 'ERR_OBJECT_NOT_FOUND';

export interface InspectedFile {
  readonly name: string;
  /** From the name in a directory, else from the header; undefined when neither tells. */
  readonly startOffset: bigint | undefined;
  /** Blocks whose CRC is right, the header's included. */
  readonly blocks: number;
  readonly mutations: readonly InspectedMutation[];
  readonly tail: Tail;
  /** Upstream's name for what ended the reading; undefined for a clean file. */
  readonly error: InspectError | undefined;
  /** Global offset behind the last good block. */
  readonly endOffset: bigint;
}

export interface NamedBytes {
  readonly name: string;
  readonly bytes: Uint8Array;
}

function readI64(bytes: Uint8Array, at: number): bigint {
  return (BigInt(readI32le(bytes, at + 4)) << 32n) | BigInt(readU32le(bytes, at));
}

/** The walk over one file's blocks and records, stopping at the first that is not good. */
class FileWalk {
  readonly bytes: Uint8Array;
  startOffset: bigint | undefined;
  blocks = 0;
  readonly mutations: InspectedMutation[] = [];
  /** Local offset behind the last good block. */
  end = 0;
  private runningCrc = 0;

  constructor(bytes: Uint8Array, startOffset: bigint | undefined) {
    this.bytes = bytes;
    this.startOffset = startOffset;
  }

  walk(): InspectError | undefined {
    if (this.bytes.length === 0) return 'ERR_INCOMPLETE_DATA';
    while (this.end < this.bytes.length) {
      const error = this.block();
      if (error !== undefined) return error;
    }
    return undefined;
  }

  /** plog 9.2, then 9.3. */
  private block(): InspectError | undefined {
    const bodyStart = this.end + BLOCK_HEADER_SIZE;
    if (this.bytes.length < bodyStart) return 'ERR_INCOMPLETE_DATA';
    const { magic, length, bodyCrc } = readBlockHeader(this.bytes, this.end);
    if (magic !== MAGIC || length < 0) return 'ERR_INVALID_DATA';
    const left = this.bytes.length - bodyStart;
    if (left < length || left === 0) return 'ERR_INCOMPLETE_DATA';
    const bodyEnd = bodyStart + length;
    if (crc32c(this.bytes, this.runningCrc, bodyStart, bodyEnd) !== bodyCrc) return 'ERR_INVALID_DATA';
    this.runningCrc = bodyCrc;
    this.blocks++;
    let at = bodyStart;
    if (this.end === 0) {
      const size = this.fileHeader(this.bytes.subarray(bodyStart, bodyEnd));
      if (size === undefined) return 'ERR_INVALID_DATA';
      at += size;
    }
    while (at < bodyEnd) {
      const next = this.record(at, bodyEnd);
      if (next === undefined) return 'ERR_INVALID_DATA';
      at = next;
    }
    this.end = bodyEnd;
    return undefined;
  }

  /** Its size; undefined when it is wrong. A file without a telling name starts where its header says. */
  private fileHeader(body: Uint8Array): number | undefined {
    const size = fileHeaderSize(body);
    if (size === undefined || readU32le(body, 0) !== MAGIC) return undefined;
    const startOffset = readI64(body, 8);
    this.startOffset ??= startOffset;
    return this.startOffset === startOffset ? size : undefined;
  }

  /** Position behind the record at `at`; undefined when it is not one or stands elsewhere than it says. */
  private record(at: number, limit: number): number | undefined {
    const bytes = this.bytes;
    if (limit - at < RECORD_FIXED_SIZE) return undefined;
    const version = readI64(bytes, at);
    if (version !== 0n && version <= BigInt(LEGACY_VERSION_ABOVE)) return undefined;
    const slots = readUpdateSlots(bytes, at + RECORD_HEADER_SIZE, limit);
    const logOffset = readI64(bytes, at + 32);
    if (typeof slots === 'string' || logOffset !== (this.startOffset ?? 0n) + BigInt(at)) return undefined;
    this.mutations.push({
      decree: readI64(bytes, at + 24),
      ballot: readI64(bytes, at + 16),
      gpid: `${readI32le(bytes, at + 8)}.${readI32le(bytes, at + 12)}`,
      lastCommittedDecree: readI64(bytes, at + 40),
      timestampUs: version === 0n ? readI64(bytes, at + 48) : 0n,
      logOffset,
      updates: slots.map((slot) => ({
        code: toBinary(bytes, slot.nameStart, slot.nameEnd),
        serializationType: slot.serializationType,
        data: bytes.subarray(slot.dataStart, slot.dataEnd),
      })),
    });
    return slots.at(-1)?.dataEnd ?? at + RECORD_FIXED_SIZE;
  }
}

function tailOf(error: InspectError | undefined): Tail {
  if (error === undefined) return 'clean';
  return error === 'ERR_INCOMPLETE_DATA' ? 'torn' : 'corrupt';
}

function inspect(file: NamedBytes, nameTells: bigint | undefined): InspectedFile {
  const walk = new FileWalk(file.bytes, nameTells);
  const error = walk.walk();
  return {
    name: file.name,
    startOffset: walk.startOffset,
    blocks: walk.blocks,
    mutations: walk.mutations,
    tail: tailOf(error),
    error,
    endOffset: (walk.startOffset ?? 0n) + BigInt(walk.end),
  };
}

/** One file under any name: it starts where its header says. */
export function inspectFile(file: NamedBytes): InspectedFile {
  const result = inspect(file, undefined);
  return result.startOffset === undefined
    ? { ...result, startOffset: parseLogFileName(file.name)?.startOffset }
    : result;
}

/** A file's neighbours in a directory, as far as they say where it must start. */
interface Before {
  readonly index: number;
  /** Where files of that index end; undefined when one of them is damaged, so that its end is unknown. */
  readonly ends: readonly bigint[] | undefined;
}

/** A log that misses an index, or repeats one, or has a gap of offsets is refused by its owner (plog 9.5, 10). */
function misplacement(index: number, startOffset: bigint, before: Before | undefined): InspectError | undefined {
  if (before === undefined) return undefined;
  if (index === before.index) return 'ERR_INVALID_DATA';
  if (index !== before.index + 1) return 'ERR_OBJECT_NOT_FOUND';
  return before.ends === undefined || before.ends.includes(startOffset) ? undefined : 'ERR_INVALID_DATA';
}

/**
 * The files of a directory whose names are log file names (plog 1), in index order; others are left out. A file that
 * is out of its place is corrupt, with everything that it holds still listed.
 */
export function inspectDirectory(files: readonly NamedBytes[]): readonly InspectedFile[] {
  const named = files.flatMap((file) => {
    const name = parseLogFileName(file.name);
    return name === undefined ? [] : [{ ...name, file }];
  });
  named.sort((a, b) => a.index - b.index || compare(a.startOffset, b.startOffset) || compare(a.file.name, b.file.name));
  const results: InspectedFile[] = [];
  let before: Before | undefined;
  for (const { index, startOffset, file } of named) {
    const own = inspect(file, startOffset);
    const error = misplacement(index, startOffset, before);
    results.push(error === undefined ? own : { ...own, tail: 'corrupt', error });
    const sameIndex = before?.index === index;
    const known = own.tail !== 'corrupt' && !(sameIndex && before?.ends === undefined);
    before = { index, ends: known ? [...((sameIndex ? before?.ends : undefined) ?? []), own.endOffset] : undefined };
  }
  return results;
}

function compare<T extends bigint | string>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
