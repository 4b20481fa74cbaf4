/**
 * The files of a load as a step of a plan wants them: good ones, or with one thing wrong that an operator may get wrong
 * or a file server may do (bl 5, 14.2). Bytes depend on nothing but what is passed in.
 */
import { md5Hex } from '../../impl/protocol/md5.ts';
import { loadFiles, partitionRows, type LoadRow } from '../../impl/provider/loadSet.ts';
import { BULK_LOAD_INFO, BULK_LOAD_METADATA, sidecarPath } from '../../impl/provider/paths.ts';
import { decodeBulkLoadMetadata, encodeBulkLoadInfo, encodeBulkLoadMetadata, encodeSidecar, type BulkLoadInfo } from '../../impl/provider/records.ts';

/**
 * `noInfo`, `wrongAppId`, `wrongCount`: a start refuses it. `noMetadata`, `missingFile`, `shortFile`, `damagedFile`: it is
 * not there, or not as metadata and sidecar say. `emptyFile`, `garbageWithRightMd5`: it is no sorted run, and nothing says
 * so. `noRowsForAPartition`: a partition has no file. `foreignFile`: rows of the other partitions too. `wrongTotal`: more
 * than the files have. `emptyMd5`: not to be checked. `overlappingFiles`: the last file has keys of the others, with the
 * values that count.
 */
export const LOAD_VARIANTS = [
  'good',
  'emptyMd5',
  'foreignFile',
  'overlappingFiles',
  'noInfo',
  'wrongAppId',
  'wrongCount',
  'noMetadata',
  'noRowsForAPartition',
  'wrongTotal',
  'missingFile',
  'shortFile',
  'damagedFile',
  'emptyFile',
  'garbageWithRightMd5',
] as const;
export type LoadVariant = (typeof LOAD_VARIANTS)[number];

export interface LoadWanted {
  readonly info: BulkLoadInfo;
  readonly rows: readonly LoadRow[];
  /** Bytes of rows after which a file is closed. */
  readonly runBytes: number;
  readonly variant: LoadVariant;
  /** Which partition, and which of its files, has what is wrong: counted around. */
  readonly nth: number;
}

/** By path below the load's folder, each with its sidecar, in the order in which they are to be put there. */
export type LoadSet = Map<string, Uint8Array>;

interface Metadata {
  readonly files: readonly { readonly name: string; readonly size: number; readonly md5: string }[];
  readonly fileTotalSize: number;
}

export function loadSet({ info, rows, runBytes, variant, nth }: LoadWanted): LoadSet {
  const index = nth % info.partitionCount;
  const set: LoadSet = new Map();
  const kept = variant === 'noRowsForAPartition' ? without(rows, info.partitionCount, index) : rows;
  for (const { path, bytes } of loadFiles(info, kept, runBytes)) set.set(path, bytes);
  switch (variant) {
    case 'noInfo':
      take(set, BULK_LOAD_INFO);
      break;
    case 'wrongAppId':
      put(set, BULK_LOAD_INFO, bytesOf(encodeBulkLoadInfo({ ...info, appId: info.appId + 1 })));
      break;
    case 'wrongCount':
      put(set, BULK_LOAD_INFO, bytesOf(encodeBulkLoadInfo({ ...info, partitionCount: info.partitionCount * 2 })));
      break;
    case 'noMetadata':
      take(set, `${String(index)}/${BULK_LOAD_METADATA}`);
      break;
    case 'wrongTotal':
      metadataOf(set, index, (was) => ({ ...was, fileTotalSize: was.fileTotalSize + 1 }));
      break;
    case 'foreignFile':
      addForeign(set, { info, rows, runBytes, variant, nth }, index);
      break;
    case 'overlappingFiles':
      addOverlap(set, info, rows, index);
      break;
    case 'good':
    case 'noRowsForAPartition':
      break;
    default:
      spoilFile(set, variant, index, nth);
  }
  return set;
}

type FileVariant = 'emptyMd5' | 'missingFile' | 'shortFile' | 'damagedFile' | 'emptyFile' | 'garbageWithRightMd5';

function spoilFile(set: LoadSet, variant: FileVariant, index: number, nth: number): void {
  const runs = runsOf(set, index);
  const name = runs[Math.floor(nth / 2) % Math.max(1, runs.length)];
  const path = `${String(index)}/${name ?? ''}`;
  const bytes = set.get(path);
  if (name === undefined || bytes === undefined) return;
  switch (variant) {
    case 'emptyMd5':
      metadataOf(set, index, (was) => ({ ...was, files: was.files.map((file) => (file.name === name ? { ...file, md5: '' } : file)) }));
      break;
    case 'missingFile':
      take(set, path);
      break;
    case 'shortFile':
      set.set(path, bytes.slice(0, Math.floor(bytes.length / 2)));
      break;
    case 'damagedFile':
      set.set(path, flipped(bytes, Math.floor(bytes.length / 2), nth % 8));
      break;
    case 'emptyFile':
      replace(set, index, name, new Uint8Array(0));
      break;
    case 'garbageWithRightMd5':
      replace(set, index, name, flipped(bytes, Math.floor(bytes.length / 2), nth % 8));
      break;
  }
}

/** A copy with one bit the other way. */
export function flipped(bytes: Uint8Array, offset: number, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[offset] = (copy[offset] ?? 0) ^ (1 << bit);
  return copy;
}

/** All rows in one partition's files: those of its siblings are nobody's to read there. */
function addForeign(set: LoadSet, wanted: LoadWanted, index: number): void {
  const { info, rows, runBytes } = wanted;
  for (const name of runsOf(set, index)) take(set, `${String(index)}/${name}`);
  for (const { path, bytes } of loadFiles({ ...info, partitionCount: 1 }, rows, runBytes)) {
    if (path.startsWith('0/')) set.set(`${String(index)}/${path.slice(2)}`, bytes);
  }
}

/** One more file of the partition, the last of its list. */
function addOverlap(set: LoadSet, info: BulkLoadInfo, rows: readonly LoadRow[], index: number): void {
  const later = rows.map((row) => ({ ...row, value: `${row.value}'` }));
  const name = 'later.sst';
  for (const { path, bytes } of loadFiles(info, later)) {
    if (path !== `${String(index)}/00001.sst`) continue;
    put(set, `${String(index)}/${name}`, bytes);
    const file = { name, size: bytes.length, md5: md5Hex(bytes) };
    metadataOf(set, index, (was) => ({ files: [...was.files, file], fileTotalSize: was.fileTotalSize + file.size }));
  }
}

/** Names of a partition's sorted runs. */
function runsOf(set: LoadSet, index: number): readonly string[] {
  const dir = `${String(index)}/`;
  return [...set.keys()].filter((path) => path.startsWith(dir) && path.endsWith('.sst')).map((path) => path.slice(dir.length));
}

/** Another content for a file, and everything that is said of it is right. */
function replace(set: LoadSet, index: number, name: string, bytes: Uint8Array): void {
  put(set, `${String(index)}/${name}`, bytes);
  metadataOf(set, index, (was) => {
    const files = was.files.map((file) => (file.name === name ? { name, size: bytes.length, md5: md5Hex(bytes) } : file));
    return { files, fileTotalSize: files.reduce((sum, { size }) => sum + size, 0) };
  });
}

function metadataOf(set: LoadSet, index: number, change: (was: Metadata) => Metadata): void {
  const path = `${String(index)}/${BULK_LOAD_METADATA}`;
  const was = decodeBulkLoadMetadata(set.get(path) ?? new Uint8Array(0));
  if (was !== undefined) put(set, path, bytesOf(encodeBulkLoadMetadata(change(was))));
}

function put(set: LoadSet, path: string, bytes: Uint8Array): void {
  set.set(path, bytes);
  set.set(sidecarPath(path), bytesOf(encodeSidecar({ size: bytes.length, md5: md5Hex(bytes) })));
}

function take(set: LoadSet, path: string): void {
  set.delete(path);
  set.delete(sidecarPath(path));
}

function without(rows: readonly LoadRow[], partitionCount: number, index: number): readonly LoadRow[] {
  const gone = new Set(partitionRows(rows, partitionCount)[index] ?? []);
  return rows.filter((_, at) => !gone.has(at));
}

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}
