/**
 * Reads the files of a load for the audits, by docs/formats.md and bl 4.4 and 5: `bulk_load_info`, `bulk_load_metadata`,
 * the sidecars of local_service, and sorted runs that hold rows and nothing else.
 *
 * Written from the sheets alone and sharing nothing with the implementation; nothing here throws.
 */
import { createHash } from 'node:crypto';
import type { LoadFileFact, LoadMetadataFact, LoadRowFact, ProviderFileFact } from '../../../model/loadEvents.ts';
import { isObject, parseJson } from './json.ts';
import { parseRun, type Run } from './storageReader.ts';

const INFO = 'bulk_load_info';
const METADATA = 'bulk_load_metadata';
const GARBAGE: ProviderFileFact = { is: 'garbage' };

/** 32 lower-case hexadecimal digits. */
export function md5Of(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** What a file of this name on a provider is, and the run that it is when it has rows. */
export function readProviderFile(path: string, bytes: Buffer): { readonly fact: ProviderFileFact; readonly run: Run | undefined } {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name === INFO || name === METADATA || isSidecar(name)) {
    const json = parseJson(bytes.toString('utf8'));
    const fact = name === INFO ? readInfo(json) : name === METADATA ? readMetadataFile(json) : readSidecar(json);
    return { fact: fact ?? GARBAGE, run: undefined };
  }
  const run = readWholeRun(bytes, path);
  return run === undefined ? { fact: GARBAGE, run } : { fact: { is: 'rows', rows: rowsOf(run) }, run };
}

/** A sorted run that an engine may take over: at least one row, none removed, each with a stored key (bl 15.3). */
export function readWholeRun(bytes: Buffer, path: string): Run | undefined {
  const parsed = parseRun(bytes, path);
  if (!parsed.ok || parsed.value.keys.length === 0) return undefined;
  const { keys, rows } = parsed.value;
  return keys.every(isStoredKey) && rows.every((row) => row?.deleted === false) ? parsed.value : undefined;
}

/** The object of a partition's files; undefined for what upstream's reader refuses. */
export function readMetadata(json: unknown): LoadMetadataFact | undefined {
  const fields = known(json, ['files', 'file_total_size']);
  const totalBytes = wholeNumber(fields?.['file_total_size'] ?? 0);
  const list = fields?.['files'] ?? [];
  if (fields === undefined || totalBytes === undefined || !Array.isArray(list)) return undefined;
  const files: LoadFileFact[] = [];
  for (const entry of list) {
    const file = readFile(entry);
    if (file === undefined) return undefined;
    files.push(file);
  }
  return { files, totalBytes };
}

function readFile(json: unknown): LoadFileFact | undefined {
  const fields = known(json, ['name', 'size', 'md5']);
  if (fields === undefined) return undefined;
  const { name = '', size = 0, md5 = '' } = fields;
  const sizeBytes = wholeNumber(size);
  if (typeof name !== 'string' || typeof md5 !== 'string' || sizeBytes === undefined || !isPlainName(name)) return undefined;
  return { name, sizeBytes, md5 };
}

function readInfo(json: unknown): ProviderFileFact | undefined {
  const fields = known(json, ['app_id', 'app_name', 'partition_count']);
  if (fields === undefined || typeof (fields['app_name'] ?? '') !== 'string') return undefined;
  const appId = int32(fields['app_id'] ?? 0);
  const partitionCount = int32(fields['partition_count'] ?? 0);
  return appId === undefined || partitionCount === undefined ? undefined : { is: 'info', appId, partitionCount };
}

function readMetadataFile(json: unknown): ProviderFileFact | undefined {
  const metadata = readMetadata(json);
  return metadata === undefined ? undefined : { is: 'metadata', metadata };
}

function readSidecar(json: unknown): ProviderFileFact | undefined {
  const fields = known(json, ['size', 'md5']);
  if (fields === undefined) return undefined;
  const { size = 0, md5 = '' } = fields;
  const sizeBytes = wholeNumber(size);
  if (sizeBytes === undefined || sizeBytes < 0 || typeof md5 !== 'string') return undefined;
  return { is: 'sidecar', sizeBytes, md5 };
}

/** bl 4.4: taken when all known keys are there, or when no other is. */
function known(json: unknown, keys: readonly string[]): Readonly<Record<string, unknown>> | undefined {
  if (!isObject(json)) return undefined;
  const hasAll = keys.every((key) => Object.hasOwn(json, key));
  return hasAll || Object.keys(json).every((key) => keys.includes(key)) ? json : undefined;
}

function wholeNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

function int32(value: unknown): number | undefined {
  const number = wholeNumber(value);
  return number === undefined || (number | 0) !== number ? undefined : number;
}

function isSidecar(name: string): boolean {
  return name.length > 6 && name.startsWith('.') && name.endsWith('.meta');
}

/** A name that leads nowhere else. */
function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0');
}

/** u16 BE length of the hash key, which is there whole (dependencies 3). */
function isStoredKey(key: string): boolean {
  return key.length >= 2 && key.length >= 2 + (key.charCodeAt(0) << 8) + key.charCodeAt(1);
}

function rowsOf(run: Run): readonly LoadRowFact[] {
  const rows: LoadRowFact[] = [];
  run.keys.forEach((key, at) => {
    const row = run.rows[at];
    if (row !== undefined) rows.push({ key, value: row.value, expireTs: row.expireTs, timestampUs: row.timestampUs });
  });
  return rows;
}

/** What a file with rows is, or that it is none. */
export interface LoadContent {
  readonly sizeBytes: number;
  readonly run: Run | undefined;
}

/** What the auditor has seen of loads' files, by MD5: on providers, and in the runs that replicas took over. */
export class LoadContents {
  private readonly byMd5 = new Map<string, LoadContent>();

  note(md5: string, sizeBytes: number, run: Run | undefined): void {
    this.byMd5.set(md5, { sizeBytes, run });
  }

  /** Undefined when no file with this MD5 was seen. */
  get(md5: string): LoadContent | undefined {
    return this.byMd5.get(md5);
  }
}
