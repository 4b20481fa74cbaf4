/** When two mutations, updates or rows are the same, and how messages show one (repl 1.3). */
import type { RowOp, UpdateFact } from './events.ts';
import type { IngestionFact, LoadFileFact } from './loadEvents.ts';

export function sameRows(a: readonly RowOp[], b: readonly RowOp[]): boolean {
  return (
    a.length === b.length &&
    a.every((row, i) => {
      const twin = b[i];
      if (twin === undefined || row.op !== twin.op || row.key !== twin.key) return false;
      return row.op !== 'put' || twin.op !== 'put' || (row.value === twin.value && row.expireTs === twin.expireTs);
    })
  );
}

export function sameUpdates(a: readonly UpdateFact[], b: readonly UpdateFact[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  return a.every((update, i) => {
    const other = b[i];
    if (other === undefined || update.code !== other.code || !sameRows(update.rows, other.rows)) return false;
    return sameEntries(update.entries, other.entries) && sameLoad(update.load, other.load);
  });
}

function sameEntries(a: UpdateFact['entries'], b: UpdateFact['entries']): boolean {
  if (a === b) return true;
  if (a?.length !== b?.length) return false;
  return (a ?? []).every((entry, i) => {
    const twin = b?.[i];
    return (
      twin?.timestampUs === entry.timestampUs &&
      twin.clusterId === entry.clusterId &&
      twin.code === entry.code &&
      twin.verifyTimetag === entry.verifyTimetag &&
      sameRows(twin.rows, entry.rows)
    );
  });
}

/** Do two ingestion writes ask for the same files in the same way? */
export function sameLoad(a: IngestionFact | undefined, b: IngestionFact | undefined): boolean {
  if (a === b || a === undefined || b === undefined) return a === b;
  return (
    a.appName === b.appName &&
    a.ballot === b.ballot &&
    a.ingestBehind === b.ingestBehind &&
    a.verifyBeforeIngest === b.verifyBeforeIngest &&
    a.metadata.totalBytes === b.metadata.totalBytes &&
    showFiles(a.metadata.files) === showFiles(b.metadata.files)
  );
}

/** The files of a load in their order, as messages show them. */
export const showFiles = (files: readonly LoadFileFact[]): string =>
  files.map(({ name, sizeBytes, md5 }) => `${name} (${sizeBytes} bytes, ${md5 || 'no MD5'})`).join(', ');

/** Content of a mutation as it must be the same everywhere: updates and timestamp (S22, with repl.R1 mended). */
export function sameContent(
  a: { readonly timestampUs: number; readonly updates: readonly UpdateFact[] },
  b: { readonly timestampUs: number; readonly updates: readonly UpdateFact[] },
): boolean {
  return a.timestampUs === b.timestampUs && sameUpdates(a.updates, b.updates);
}

/** A mutation as messages show it. */
export function show(mutation: { readonly timestampUs: number; readonly updates: readonly UpdateFact[] }): string {
  const rows = mutation.updates
    .flatMap((update) => update.rows)
    .map((row) => (row.op === 'put' ? `${row.key.slice(2)}=${row.value}` : `-${row.key.slice(2)}`));
  const load = mutation.updates[0]?.load;
  if (load !== undefined) rows.push(`ingestion of ${showFiles(load.metadata.files)} in ballot ${load.ballot}`);
  return `[${rows.join(', ') || 'empty'}] at timestamp ${mutation.timestampUs}`;
}
