/** What a partition's metadata must be like for a download of it to come to an end (bl 5, 14.2; bl.B18). */
import type { BulkLoadMetadata, FileMeta } from '../../protocol/bulkLoadMessages.ts';
import { BULK_LOAD_METADATA } from '../../provider/paths.ts';

/** Bytes. */
export function totalOf(files: readonly FileMeta[]): number {
  let total = 0;
  for (const { size } of files) total += size;
  return total;
}

export function isTotalRight({ files, fileTotalSize }: BulkLoadMetadata): boolean {
  return totalOf(files) === fileTotalSize;
}

/** Each file has a place of its own: none comes twice, none stands where the metadata does. */
export function areNamesUsable(files: readonly FileMeta[]): boolean {
  const seen = new Set<string>([BULK_LOAD_METADATA]);
  for (const { name } of files) {
    if (seen.has(name)) return false;
    seen.add(name);
  }
  return true;
}

/** The same for the same files in the same order. */
export function filesText({ files }: BulkLoadMetadata): string {
  return files.map(({ name, size, md5 }) => `${name} ${size} ${md5}`).join('\n');
}
