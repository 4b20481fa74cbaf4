/**
 * Names and texts of a database directory: CURRENT and the manifest (docs/formats.md). Pure functions; a text that is
 * not exactly what was written is corruption.
 */
import type { Decree } from '../../../model/vocabulary.ts';
import { crc32c } from '../../protocol/crc32c.ts';
import { StorageError } from './contract.ts';
import type { MetaValues } from './contract.ts';

/** One state of a database: which runs there are, newest first, and what they cover. */
export interface Version {
  /** The next unused file number, for runs and manifests alike. */
  readonly nextFile: number;
  readonly lastFlushedDecree: Decree;
  readonly meta: MetaValues;
  readonly files: readonly string[];
}

export const CURRENT_FILE = 'CURRENT';
export const CURRENT_TMP_FILE = 'CURRENT.tmp';

/** `MANIFEST-000012` */
export function manifestName(number: number): string {
  return `MANIFEST-${String(number).padStart(6, '0')}`;
}

/** `000012.sst` */
export function runName(number: number): string {
  return `${String(number).padStart(6, '0')}.sst`;
}

export function encodeCurrent(manifest: string): Uint8Array {
  return Buffer.from(`${manifest}\n`, 'latin1');
}

/** The manifest's name. */
export function decodeCurrent(bytes: Uint8Array, path: string): string {
  const match = /^(MANIFEST-[0-9]{6,})\n$/.exec(Buffer.from(bytes).toString('latin1'));
  if (match?.[1] === undefined) throw new StorageError('corruption', `${path}: not the name of a manifest`);
  return match[1];
}

export function encodeManifest(version: Version): Uint8Array {
  const { nextFile, lastFlushedDecree, meta, files } = version;
  const line = Buffer.from(JSON.stringify({ nextFile, lastFlushedDecree, meta, files }), 'utf8');
  const crc = crc32c(line).toString(16).padStart(8, '0');
  return Buffer.concat([line, Buffer.from(`\n${crc}\n`, 'latin1')]);
}

const TAIL_BYTES = 10;

export function decodeManifest(bytes: Uint8Array, path: string): Version {
  const buffer = Buffer.from(bytes);
  const lineBytes = buffer.length - TAIL_BYTES;
  if (lineBytes < 2) throw new StorageError('corruption', `${path}: too short`);
  const line = buffer.subarray(0, lineBytes);
  const tail = `\n${crc32c(line).toString(16).padStart(8, '0')}\n`;
  if (buffer.toString('latin1', lineBytes) !== tail) throw new StorageError('corruption', `${path}: wrong checksum`);
  const version = versionOf(JSON.parse(line.toString('utf8')));
  if (version === undefined) throw new StorageError('corruption', `${path}: not a manifest`);
  return version;
}

function versionOf(json: unknown): Version | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  if (!('nextFile' in json && 'lastFlushedDecree' in json && 'meta' in json && 'files' in json)) return undefined;
  const { nextFile, lastFlushedDecree, meta, files } = json;
  if (!Number.isSafeInteger(nextFile) || typeof nextFile !== 'number') return undefined;
  if (!Number.isSafeInteger(lastFlushedDecree) || typeof lastFlushedDecree !== 'number') return undefined;
  if (typeof meta !== 'object' || meta === null || !Array.isArray(files)) return undefined;
  const values: Record<string, string> = {};
  for (const [key, value] of Object.entries(meta)) {
    if (typeof value !== 'string') return undefined;
    values[key] = value;
  }
  const names: string[] = [];
  for (const file of files) {
    if (typeof file !== 'string' || !/^[0-9]{6,}\.sst$/.test(file)) return undefined;
    names.push(file);
  }
  return { nextFile, lastFlushedDecree, meta: values, files: names };
}
