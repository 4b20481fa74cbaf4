/**
 * The JSON records on a provider: `bulk_load_info`, `bulk_load_metadata` and local_service's sidecar, in upstream's
 * keys and order (bl 4.4, 5). Decoding takes what upstream's takes, and answers undefined for anything else.
 */
import { fieldsOf, intOf, JSON_I32, JSON_I64, parseJson, textOf } from '../protocol/jsonRecord.ts';
import type { BulkLoadMetadata, FileMeta } from '../protocol/bulkLoadMessages.ts';

export interface BulkLoadInfo {
  readonly appId: number;
  readonly appName: string;
  readonly partitionCount: number;
}

/** What local_service keeps beside each file. */
export interface Sidecar {
  readonly size: number;
  readonly md5: string;
}

export function encodeBulkLoadInfo(info: BulkLoadInfo): string {
  return JSON.stringify({ app_id: info.appId, app_name: info.appName, partition_count: info.partitionCount });
}

export function decodeBulkLoadInfo(bytes: Uint8Array): BulkLoadInfo | undefined {
  const fields = fieldsOf(parseJson(bytes), ['app_id', 'app_name', 'partition_count']);
  if (fields === undefined) return undefined;
  const appId = intOf(fields, 'app_id', JSON_I32);
  const appName = textOf(fields, 'app_name');
  const partitionCount = intOf(fields, 'partition_count', JSON_I32);
  if (appId === undefined || appName === undefined || partitionCount === undefined) return undefined;
  return { appId, appName, partitionCount };
}

/** The object that is written, also inside a partition's record on the meta server (bl 4.3). */
export function metadataJson(metadata: BulkLoadMetadata): object {
  const files = metadata.files.map(({ name, size, md5 }) => ({ name, size, md5 }));
  return { files, file_total_size: metadata.fileTotalSize };
}

export function encodeBulkLoadMetadata(metadata: BulkLoadMetadata): string {
  return JSON.stringify(metadataJson(metadata));
}

export function decodeBulkLoadMetadata(bytes: Uint8Array): BulkLoadMetadata | undefined {
  return metadataOf(parseJson(bytes));
}

/** The reverse of `metadataJson`. A file name that is not a plain name would lead out of its directory: refused. */
export function metadataOf(json: unknown): BulkLoadMetadata | undefined {
  const fields = fieldsOf(json, ['files', 'file_total_size']);
  if (fields === undefined) return undefined;
  const fileTotalSize = intOf(fields, 'file_total_size', JSON_I64);
  const list: unknown = fields.has('files') ? fields.get('files') : [];
  if (fileTotalSize === undefined || !Array.isArray(list)) return undefined;
  const files: FileMeta[] = [];
  for (const entry of list) {
    const file = fileMetaOf(entry);
    if (file === undefined) return undefined;
    files.push(file);
  }
  return { files, fileTotalSize };
}

function fileMetaOf(json: unknown): FileMeta | undefined {
  const fields = fieldsOf(json, ['name', 'size', 'md5']);
  if (fields === undefined) return undefined;
  const name = textOf(fields, 'name');
  const size = intOf(fields, 'size', JSON_I64);
  const md5 = textOf(fields, 'md5');
  if (name === undefined || size === undefined || md5 === undefined || !isPlainName(name)) return undefined;
  return { name, size, md5 };
}

function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0');
}

export function encodeSidecar(sidecar: Sidecar): string {
  return JSON.stringify({ size: sidecar.size, md5: sidecar.md5 });
}

export function decodeSidecar(bytes: Uint8Array): Sidecar | undefined {
  const fields = fieldsOf(parseJson(bytes), ['size', 'md5']);
  if (fields === undefined) return undefined;
  const size = intOf(fields, 'size', JSON_I64);
  const md5 = textOf(fields, 'md5');
  return size === undefined || size < 0 || md5 === undefined ? undefined : { size, md5 };
}
