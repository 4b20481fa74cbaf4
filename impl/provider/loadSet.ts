/**
 * Makes what a load needs on a provider from rows (bl 5): for each partition its sorted runs and their metadata, and
 * one `bulk_load_info`, each file with its sidecar. Pure: the caller writes the files, onto a real disk or into a
 * simulated provider. Bytes depend on nothing but the rows and the options.
 */
import type { FileMeta } from '../protocol/bulkLoadMessages.ts';
import { md5Hex } from '../protocol/md5.ts';
import { partitionIndexOf, storedKey } from '../protocol/rrdb.ts';
import { encodeValue } from '../storage/app/valueSchema.ts';
import { encodeRun } from '../storage/engine/sortedRun.ts';
import { BULK_LOAD_INFO, BULK_LOAD_METADATA, sidecarPath } from './paths.ts';
import { encodeBulkLoadInfo, encodeBulkLoadMetadata, encodeSidecar, type BulkLoadInfo } from './records.ts';

/** Keys and value as binary strings (one char per byte); `expireTs` in seconds since 2016-01-01, 0: never. */
export interface LoadRow {
  readonly hashKey: string;
  readonly sortKey: string;
  readonly value: string;
  readonly expireTs: number;
}

/** One file; `path` below `<remote_root_path>/<cluster_name>/<app_name>`. */
export interface LoadFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A run is closed when its rows have this many bytes, if nothing else was asked for. */
export const DEFAULT_RUN_BYTES = 64 << 20;

/** Older than every write of a client, and of no cluster: the same rows give the same bytes. */
const LOADED_TIMESTAMP_US = 0;
const LOADED_CLUSTER = 0;

/** The rows' places in the list, by the partition that serves them. */
export function partitionRows(rows: readonly LoadRow[], partitionCount: number): readonly (readonly number[])[] {
  const places: number[][] = [];
  for (let i = 0; i < partitionCount; i++) places.push([]);
  rows.forEach((row, at) => places[partitionIndexOf(row.hashKey, partitionCount, row.sortKey)]?.push(at));
  return places;
}

/**
 * All files of a load, partition by partition, `bulk_load_info` last. No two rows may have one key, and every partition
 * must have a row, or its load ends with ERR_CORRUPTION on the replicas.
 */
export function* loadFiles(
  info: BulkLoadInfo,
  rows: readonly LoadRow[],
  runBytes: number = DEFAULT_RUN_BYTES,
): Generator<LoadFile, void, undefined> {
  const places = partitionRows(rows, info.partitionCount);
  for (const [index, ofPartition] of places.entries()) {
    const picked: LoadRow[] = [];
    for (const at of ofPartition) {
      const row = rows[at];
      if (row !== undefined) picked.push(row);
    }
    yield* partitionFiles(String(index), picked, runBytes);
  }
  yield* withSidecar(BULK_LOAD_INFO, bytesOf(encodeBulkLoadInfo(info)));
}

/** The runs of one partition in key order, `00001.sst` first, then their metadata. */
function* partitionFiles(
  dir: string,
  rows: readonly LoadRow[],
  runBytes: number,
): Generator<LoadFile, void, undefined> {
  const values = new Map<string, Uint8Array>();
  for (const { hashKey, sortKey, value, expireTs } of rows) {
    values.set(storedKey(hashKey, sortKey), encodeValue(value, expireTs, LOADED_TIMESTAMP_US, LOADED_CLUSTER));
  }
  const files: FileMeta[] = [];
  let fileTotalSize = 0;
  for (const keys of keysOfRuns(values, runBytes)) {
    const bytes = encodeRun({ keys, values: keys.map((key) => values.get(key)) });
    const name = `${String(files.length + 1).padStart(5, '0')}.sst`;
    files.push({ name, size: bytes.length, md5: md5Hex(bytes) });
    fileTotalSize += bytes.length;
    yield* withSidecar(`${dir}/${name}`, bytes);
  }
  yield* withSidecar(`${dir}/${BULK_LOAD_METADATA}`, bytesOf(encodeBulkLoadMetadata({ files, fileTotalSize })));
}

function* keysOfRuns(
  values: ReadonlyMap<string, Uint8Array>,
  runBytes: number,
): Generator<readonly string[], void, undefined> {
  let keys: string[] = [];
  let size = 0;
  // UTF-16 units of binary strings sort as unsigned bytes do.
  for (const key of [...values.keys()].sort()) {
    keys.push(key);
    size += key.length + (values.get(key)?.length ?? 0);
    if (size < runBytes) continue;
    yield keys;
    keys = [];
    size = 0;
  }
  if (keys.length > 0) yield keys;
}

function* withSidecar(path: string, bytes: Uint8Array): Generator<LoadFile, void, undefined> {
  yield { path, bytes };
  yield { path: sidecarPath(path), bytes: bytesOf(encodeSidecar({ size: bytes.length, md5: md5Hex(bytes) })) };
}

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}
