/**
 * Reads database and checkpoint directories for the audits (docs/formats.md): CURRENT, the manifest, the sorted runs,
 * each with its CRC; and keeps the live rows of the last one read, so that a directory that only adds runs costs only
 * the new runs.
 */
import { addToDigest, removeFromDigest, rowHash } from '../../../model/content.ts';
import type { Decree } from '../../../model/vocabulary.ts';
import { crc32c } from './crc32c.ts';
import { readWhole, type DiskView } from './diskView.ts';
import { isObject, parseJson } from './json.ts';

const RUN_MAGIC = 'PCSST001';
const RUN_END = 'PCSSTEND';
const RUN_FOOTER_BYTES = 20;
const TOMBSTONE = 0xffffffff;
const VALUE_HEADER_BYTES = 12;

export interface Row {
  readonly value: string;
  readonly expireTs: number;
  /** Upper 56 bits of the time tag. */
  readonly timestampUs: number;
  /** Bits 1 to 7 of the time tag: the cluster whose client wrote it. */
  readonly clusterId: number;
  /** Bit 0 of the time tag: the row was removed then. */
  readonly deleted: boolean;
}

/** Records of a run in key order; a tombstone has no row. */
export interface Run {
  readonly keys: readonly string[];
  readonly rows: readonly (Row | undefined)[];
}

export interface Manifest {
  readonly lastFlushedDecree: Decree;
  /** Newest first. */
  readonly files: readonly string[];
  readonly meta: Readonly<Record<string, unknown>>;
}

/** A reading, or what is wrong with the bytes. */
export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly wrong: string };

function wrong(text: string): { readonly ok: false; readonly wrong: string } {
  return { ok: false, wrong: text };
}

/** The manifest that CURRENT names. */
export function readManifest(disk: DiskView, dir: string): Reading<Manifest> {
  const current = readWhole(disk, `${dir}/CURRENT`)?.toString('latin1');
  if (current === undefined) return wrong(`${dir}/CURRENT is missing`);
  const name = current.slice(0, -1);
  if (!current.endsWith('\n') || !name.startsWith('MANIFEST-')) return wrong(
    `${dir}/CURRENT holds ${JSON.stringify(current)}`,
  );
  const bytes = readWhole(disk, `${dir}/${name}`);
  if (bytes === undefined) return wrong(`${dir}/${name} is missing`);
  return parseManifest(bytes, `${dir}/${name}`);
}

/** One line of JSON and the line of its CRC. */
export function parseManifest(bytes: Buffer, path: string): Reading<Manifest> {
  const lineEnd = bytes.indexOf(10);
  if (lineEnd < 0) return wrong(`${path} has no line`);
  const crc = crc32c(bytes, 0, 0, lineEnd).toString(16).padStart(8, '0');
  if (bytes.toString('latin1', lineEnd + 1) !== `${crc}\n`) return wrong(`${path} has a wrong CRC`);
  const parsed = parseJson(bytes.toString('utf8', 0, lineEnd));
  if (!isObject(parsed)) return wrong(`${path} is no object`);
  const { lastFlushedDecree, files, meta } = parsed;
  if (typeof lastFlushedDecree !== 'number' || !Array.isArray(files)) return wrong(`${path} lacks its members`);
  return {
    ok: true,
    value: { lastFlushedDecree, files: files.filter((f) => typeof f === 'string'), meta: isObject(meta) ? meta : {} },
  };
}

/** Decodes a sorted run; keys must ascend strictly. */
export function parseRun(bytes: Buffer, path: string): Reading<Run> {
  const footer = bytes.length - RUN_FOOTER_BYTES;
  if (footer < 8 || bytes.toString('latin1', 0, 8) !== RUN_MAGIC) return wrong(`${path} has no magic`);
  if (bytes.toString('latin1', footer + 12) !== RUN_END) return wrong(`${path} has no end mark`);
  const count = bytes.readUInt32LE(footer);
  if (bytes.readUInt32LE(footer + 4) !== footer - 8) return wrong(`${path} has a wrong length`);
  if (bytes.readUInt32LE(footer + 8) !== crc32c(bytes, 0, 8, footer)) return wrong(`${path} has a wrong CRC`);
  const keys: string[] = [];
  const rows: (Row | undefined)[] = [];
  let last: string | undefined;
  for (let pos = 8; pos < footer; ) {
    if (pos + 8 > footer) return wrong(`${path} has a torn record`);
    const keyEnd = pos + 8 + bytes.readUInt32LE(pos);
    const valueLength = bytes.readUInt32LE(pos + 4);
    const end = valueLength === TOMBSTONE ? keyEnd : keyEnd + valueLength;
    if (end > footer) return wrong(`${path} has a torn record`);
    const key = bytes.toString('latin1', pos + 8, keyEnd);
    if (last !== undefined && key <= last) return wrong(`${path} is not in key order`);
    if (valueLength !== TOMBSTONE && valueLength < VALUE_HEADER_BYTES) return wrong(`${path} has a value without header`);
    keys.push(key);
    rows.push(valueLength === TOMBSTONE ? undefined : parseValue(bytes, keyEnd, end));
    last = key;
    pos = end;
  }
  return keys.length === count ? { ok: true, value: { keys, rows } } : wrong(`${path} has a wrong record count`);
}

/** Value schema version 1: expireTs, time tag, user data. */
function parseValue(bytes: Buffer, at: number, end: number): Row {
  return {
    expireTs: bytes.readUInt32BE(at),
    timestampUs: bytes.readUInt32BE(at + 4) * 0x1000000 + (bytes.readUInt32BE(at + 8) >>> 8),
    clusterId: bytes.readUInt8(at + 11) >>> 1,
    deleted: (bytes.readUInt8(at + 11) & 1) === 1,
    value: bytes.toString('latin1', at + VALUE_HEADER_BYTES, end),
  };
}

export interface DatabaseReading {
  readonly decree: Decree;
  /** Order-free digest of the live rows. */
  readonly digest: number;
  /** Runs that the reading before this one did not have, newest first; undefined when it had to be read anew. */
  readonly added: readonly Run[] | undefined;
  /** Files may be taken in behind all that is there (bl 15.3). */
  readonly allowsBehind: boolean;
}

/**
 * The databases of one replica: its live one and its checkpoints, which are hard links of the same runs. Runs are
 * known by name, size and footer CRC, so that a linked file is not decoded again.
 */
export class StorageReader {
  private runs = new Map<string, { readonly id: string; readonly run: Run }>();
  private files: readonly string[] = [];
  private ids: readonly string[] = [];
  /** With what removals left. */
  private rows = new Map<string, Row>();
  private digest = 0;
  /** What stood there before the last reading: all of it, or of the keys that it changed. */
  private former: ReadonlyMap<string, Row> | undefined;
  private readonly replaced = new Map<string, Row | undefined>();
  /** What was read last is not what stood there before: nothing can be said of what was added. */
  private unknown = false;

  /** Reads a whole directory: decree and digest of the live rows, or what is wrong. */
  read(disk: DiskView, dir: string): Reading<DatabaseReading> {
    const manifest = readManifest(disk, dir);
    if (!manifest.ok) return manifest;
    const { files, lastFlushedDecree, meta } = manifest.value;
    const runs: Run[] = [];
    const ids: string[] = [];
    const known = new Map<string, { readonly id: string; readonly run: Run }>();
    for (const file of files) {
      const entry = this.run(disk, `${dir}/${file}`, file);
      if (!entry.ok) return entry;
      runs.push(entry.value.run);
      ids.push(entry.value.id);
      known.set(file, entry.value);
    }
    this.runs = known;
    const inFront = this.addedTo(ids);
    const behind = inFront < 0 ? runs.length : inFront + this.ids.length;
    const isKnown = inFront >= 0 && !this.unknown;
    this.former = undefined;
    this.replaced.clear();
    if (behind < runs.length || inFront < 0) {
      this.former = this.rows;
      this.forgetRows();
    }
    // What comes behind does not lie over what is there: all is laid anew.
    for (let i = (this.ids.length === 0 ? runs.length : inFront) - 1; i >= 0; i--) this.lay(runs[i]);
    this.files = files;
    this.ids = ids;
    const value = {
      decree: lastFlushedDecree,
      digest: this.digest,
      added: isKnown ? [...runs.slice(0, inFront), ...runs.slice(behind)] : undefined,
      allowsBehind: meta['ingest_behind'] === '1',
    };
    this.unknown = false;
    return { ok: true, value };
  }

  /** The live rows of the directory read last. */
  liveRows(): ReadonlyMap<string, Row> {
    return new Map([...this.rows].filter(([, row]) => !row.deleted));
  }

  /** What stood under the key, removals too, before the last reading; of use where that says what it added. */
  before(key: string): Row | undefined {
    if (this.former !== undefined) return this.former.get(key);
    return this.replaced.has(key) ? this.replaced.get(key) : this.rows.get(key);
  }

  /** Names of the runs of the directory read last, newest first. */
  runNames(): readonly string[] {
    return this.files;
  }

  /** Bytes changed behind the process's back: decode everything again. */
  forget(): void {
    this.runs.clear();
    this.forgetRows();
    this.unknown = true;
  }

  private forgetRows(): void {
    this.rows = new Map();
    this.digest = 0;
    this.files = [];
    this.ids = [];
  }

  /** How many runs were added in front of those read last; -1 when they do not stand there in one piece any more. */
  private addedTo(ids: readonly string[]): number {
    for (let inFront = ids.length - this.ids.length; inFront >= 0; inFront--) {
      if (this.ids.every((id, at) => ids[inFront + at] === id)) return inFront;
    }
    return -1;
  }

  private run(disk: DiskView, path: string, name: string): Reading<{ readonly id: string; readonly run: Run }> {
    const bytes = readWhole(disk, path);
    if (bytes === undefined) return wrong(`${path} is missing`);
    if (bytes.length < RUN_FOOTER_BYTES) return wrong(`${path} is short`);
    const footer = bytes.length - RUN_FOOTER_BYTES;
    const id = `${name} ${bytes.length} ${bytes.readUInt32LE(footer + 8)} ${bytes.readUInt32LE(footer)}`;
    const known = this.runs.get(name);
    if (known !== undefined && known.id === id) return { ok: true, value: known };
    const parsed = parseRun(bytes, path);
    return parsed.ok ? { ok: true, value: { id, run: parsed.value } } : parsed;
  }

  /** Lays a newer run over the rows. */
  private lay(run: Run | undefined): void {
    if (run === undefined) return;
    for (let i = 0; i < run.keys.length; i++) {
      const key = run.keys[i] ?? '';
      const row = run.rows[i];
      const old = this.rows.get(key);
      if (this.former === undefined && !this.replaced.has(key)) this.replaced.set(key, old);
      if (old?.deleted === false) this.digest = removeFromDigest(this.digest, hashOf(key, old));
      if (row === undefined) this.rows.delete(key);
      else this.rows.set(key, row);
      if (row?.deleted === false) this.digest = addToDigest(this.digest, hashOf(key, row));
    }
  }
}

const hashOf = (key: string, { value, expireTs, timestampUs }: Row): number => rowHash(key, value, expireTs, timestampUs);
