/**
 * Reads the rows of `pegasus-check sst`: JSON lines or CSV, UTF-8. Every fault of the file is a `BadInput` that names
 * file and line.
 *
 * JSON lines: one object a line, `{"hashKey": "...", "sortKey": "...", "value": "...", "expireTs": 0}`. CSV (RFC 4180):
 * a first line with the same names in any order. `hashKey` and `value` must be there; `sortKey` is '' and `expireTs`
 * (seconds since 2016-01-01; 0: never) is 0 when left out.
 */
import type { LoadRow } from '../../impl/provider/loadSet.ts';
import { BadInput } from '../plan/parse.ts';
import { csvRecords } from './csv.ts';

/** A row and where it stands. */
export interface ReadRow extends LoadRow {
  /** From 1; the first line of a row that spans several. */
  readonly line: number;
}

const COLUMNS = ['hashKey', 'sortKey', 'value', 'expireTs'];
/** A hash key's length travels in 16 bits, and 65535 is refused by clients. */
const MOST_HASH_KEY_BYTES = 65_534;
const MOST_EXPIRE_TS = 0xffff_ffff;

export function readRows(path: string, bytes: Uint8Array): readonly ReadRow[] {
  const rows = path.toLowerCase().endsWith('.csv') ? csvRows(path, bytes) : jsonRows(path, bytes);
  const lines = new Map<string, number>();
  for (const row of rows) {
    const key = `${row.hashKey.length} ${row.hashKey}${row.sortKey}`;
    const before = lines.get(key);
    if (before !== undefined) throw bad(path, row.line, `the same key as line ${before}`);
    lines.set(key, row.line);
  }
  if (rows.length === 0) throw new BadInput(`${path}: no rows`);
  return rows;
}

export function bad(path: string, line: number, what: string): BadInput {
  return new BadInput(`${path}:${line}: ${what}`);
}

// ---------------------------------------------------------------- lines

const NEWLINE = 10;

/** Each line decoded by itself, so that bytes which are not UTF-8 have a line. */
function* linesOf(path: string, bytes: Uint8Array): Generator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let line = 1;
  for (let from = 0; from < bytes.length; line++) {
    const found = bytes.indexOf(NEWLINE, from);
    const end = found < 0 ? bytes.length : found;
    let text = '';
    try {
      text = decoder.decode(bytes.subarray(from, end));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw bad(path, line, 'not UTF-8');
    }
    yield line === 1 && text.startsWith('\ufeff') ? text.slice(1) : text;
    from = end + 1;
  }
}

function jsonRows(path: string, bytes: Uint8Array): readonly ReadRow[] {
  const rows: ReadRow[] = [];
  let line = 0;
  for (const text of linesOf(path, bytes)) {
    line++;
    if (text.trim() === '') continue;
    rows.push(rowOf(path, line, objectOf(path, line, text)));
  }
  return rows;
}

function objectOf(path: string, line: number, text: string): ReadonlyMap<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw bad(path, line, 'not JSON');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw bad(path, line, 'not a JSON object');
  const fields = new Map<string, unknown>(Object.entries(json));
  for (const name of fields.keys()) {
    if (!COLUMNS.includes(name)) throw bad(path, line, `unknown field ${JSON.stringify(name)}`);
  }
  return fields;
}

function csvRows(path: string, bytes: Uint8Array): readonly ReadRow[] {
  const records = csvRecords([...linesOf(path, bytes)], (line, what) => bad(path, line, what));
  const header = records.shift();
  if (header === undefined) throw new BadInput(`${path}: no rows`);
  const names = header.fields;
  for (const name of names) {
    if (!COLUMNS.includes(name)) throw bad(path, header.line, `unknown column ${JSON.stringify(name)}`);
  }
  if (new Set(names).size < names.length) throw bad(path, header.line, 'a column stands twice');
  for (const name of ['hashKey', 'value']) if (!names.includes(name)) throw bad(path, header.line, `no column ${name}`);
  return records.map(({ line, fields }) => {
    const named = names.length;
    if (fields.length !== named) throw bad(path, line, `${fields.length} fields, the first line names ${named}`);
    return rowOf(path, line, new Map(names.map((name, at) => [name, csvValue(name, fields[at] ?? '')])));
  });
}

/** An empty expireTs is one left out. */
function csvValue(name: string, text: string): string | number {
  if (name !== 'expireTs') return text;
  return text === '' ? 0 : /^\d{1,15}$/.test(text) ? Number(text) : NaN;
}

// ---------------------------------------------------------------- rows

function rowOf(path: string, line: number, fields: ReadonlyMap<string, unknown>): ReadRow {
  const text = (name: string): string => {
    const value = fields.get(name);
    if (!fields.has(name)) throw bad(path, line, `${name} is missing`);
    if (typeof value !== 'string') throw bad(path, line, `${name} is not a string`);
    if (!value.isWellFormed()) throw bad(path, line, `${name} holds half a character`);
    return Buffer.from(value, 'utf8').toString('latin1');
  };
  const expireTs = fields.has('expireTs') ? fields.get('expireTs') : 0;
  if (typeof expireTs !== 'number' || !Number.isInteger(expireTs) || expireTs < 0 || expireTs > MOST_EXPIRE_TS) {
    throw bad(path, line, `expireTs is not a whole number from 0 to ${MOST_EXPIRE_TS}`);
  }
  const hashKey = text('hashKey');
  if (hashKey.length > MOST_HASH_KEY_BYTES) {
    throw bad(path, line, `hashKey of ${hashKey.length} bytes, at most ${MOST_HASH_KEY_BYTES}`);
  }
  return { line, hashKey, sortKey: fields.has('sortKey') ? text('sortKey') : '', value: text('value'), expireTs };
}
