/**
 * What a flush must have put into the database: the rows that the log's records of its decrees make, and those of the
 * files that ingestion writes among them name (bl 15.3).
 */
import type { DupEntryFact } from '../../../model/duplicationEvents.ts';
import type { MutationFact, RowOp, UpdateFact } from '../../../model/events.ts';
import type { IngestionFact } from '../../../model/loadEvents.ts';
import type { Decree } from '../../../model/vocabulary.ts';
import type { LoadContents } from './loadFiles.ts';
import type { DatabaseReading, Row, Run } from './storageReader.ts';
import type { ReplicaView } from './view.ts';

/** What the newest write of a key left. */
export interface Expected {
  readonly op: RowOp;
  readonly decree: Decree;
  readonly timestampUs: number;
  /** Of an entry of a DUPLICATE write; a cluster's own id is not known here. */
  readonly clusterId: number | undefined;
}

type Contents = Pick<LoadContents, 'get'>;
type Rows = Map<string, Expected>;

/**
 * Rows that the decrees behind `from` touch up to the reading's, newest write of each key; undefined when a record is
 * unknown or of a kind not read here.
 */
export function touched(
  contents: Contents,
  view: ReplicaView,
  from: Decree,
  reading: DatabaseReading,
): ReadonlyMap<string, Expected> | undefined {
  const rows: Rows = new Map();
  const behind: Rows = new Map();
  for (let decree = from + 1; decree <= reading.decree; decree++) {
    const mutation = view.mutations.get(decree);
    if (mutation === undefined) return undefined;
    for (const update of mutation.updates) {
      const isRead =
        update.code === 'RPC_RRDB_RRDB_BULK_LOAD'
          ? touchedByLoad(contents, update.load?.ingestBehind === true ? behind : rows, decree, update.load, reading)
          : touchedByUpdate(rows, mutation, update, (key) => rows.get(key) ?? standing(view, key) ?? behind.get(key));
      if (!isRead) return undefined;
    }
  }
  for (const [key, row] of behind) if (!rows.has(key)) rows.set(key, row);
  return rows;
}

type Tag = Pick<Expected, 'timestampUs' | 'clusterId'>;

/** What the database held before, a removal too. */
const standing = (view: ReplicaView, key: string): Tag | undefined => view.storage.before(key);

function touchedByUpdate(rows: Rows, { decree, timestampUs }: MutationFact, update: UpdateFact, found: (key: string) => Tag | undefined): boolean {
  if (update.entries !== undefined) return touchedByEntries(rows, decree, update.entries, found);
  if (!READ_CODES.has(update.code)) return false;
  for (const op of update.rows) rows.set(op.key, { op, decree, timestampUs, clusterId: undefined });
  return true;
}

/**
 * The rows of a DUPLICATE write keep time and cluster of their entries; one that is to be verified leaves alone what is
 * newer (dup 7.2, 7.3). False when that cannot be said.
 */
function touchedByEntries(rows: Rows, decree: Decree, entries: readonly DupEntryFact[], found: (key: string) => Tag | undefined): boolean {
  for (const { code, rows: ops, timestampUs, clusterId, verifyTimetag } of entries) {
    if (!READ_CODES.has(code)) return false;
    for (const op of ops) {
      const there = verifyTimetag ? found(op.key) : undefined;
      // At one time the cluster decides, and this one's id is not known here.
      if (there?.timestampUs === timestampUs && there.clusterId === undefined) return false;
      if (there === undefined || !isNewer(there, timestampUs, clusterId)) rows.set(op.key, { op, decree, timestampUs, clusterId });
    }
  }
  return true;
}

const isNewer = (there: Tag, timestampUs: number, clusterId: number): boolean =>
  there.timestampUs > timestampUs || (there.timestampUs === timestampUs && (there.clusterId ?? 0) > clusterId);

/**
 * All files' rows, the last file's over the others'; none when any file is no whole set of rows, or may not go behind
 * the others. False when a file was never seen.
 */
function touchedByLoad(
  contents: Contents,
  rows: Rows,
  decree: Decree,
  load: IngestionFact | undefined,
  { allowsBehind }: DatabaseReading,
): boolean {
  if (load === undefined || (load.ingestBehind && !allowsBehind)) return true;
  const runs: Run[] = [];
  for (const { md5, sizeBytes } of load.metadata.files) {
    const content = contents.get(md5);
    if (content?.sizeBytes !== sizeBytes) return false;
    if (content.run !== undefined) runs.push(content.run);
  }
  if (runs.length < load.metadata.files.length) return true;
  const isUnder = load.ingestBehind ? new Set(rows.keys()) : undefined;
  for (const { keys, rows: values } of runs) {
    keys.forEach((key, at) => {
      const row = values[at];
      if (row === undefined || isUnder?.has(key) === true) return;
      const op = { op: 'put', key, value: row.value, expireTs: row.expireTs } as const;
      rows.set(key, { op, decree, timestampUs: row.timestampUs, clusterId: row.clusterId });
    });
  }
  return true;
}

const READ_CODES: ReadonlySet<string> = new Set([
  'RPC_REPLICATION_WRITE_EMPTY',
  'RPC_RRDB_RRDB_PUT',
  'RPC_RRDB_RRDB_REMOVE',
  'RPC_RRDB_RRDB_MULTI_PUT',
  'RPC_RRDB_RRDB_MULTI_REMOVE',
]);

type RowText = Pick<Row, 'value' | 'expireTs' | 'timestampUs' | 'deleted'> & { readonly clusterId: number | undefined };

/** A row as it stands there, for messages. */
export function rowText(key: string, row: RowText | undefined): string {
  if (row === undefined) return `${JSON.stringify(key)} removed`;
  const of = row.clusterId === undefined ? '' : ` of cluster ${row.clusterId}`;
  if (row.deleted) return `${JSON.stringify(key)} removed, timestamp ${row.timestampUs}${of}`;
  return `${JSON.stringify(key)}=${JSON.stringify(row.value)} expireTs ${row.expireTs} timestamp ${row.timestampUs}${of}`;
}

/** What should stand there, for messages. */
export function expectedText(key: string, { op, decree, timestampUs, clusterId }: Expected): string {
  const [value, expireTs] = op.op === 'put' ? [op.value, op.expireTs] : ['', 0];
  return `${rowText(key, { value, expireTs, timestampUs, clusterId, deleted: op.op === 'remove' })} (decree ${decree})`;
}

/** Whether it is the row that should stand there: a removal leaves its time. Undefined: a record without any. */
export function sameRow({ op, timestampUs, clusterId }: Expected, row: Row | undefined): boolean {
  if (row === undefined || (clusterId !== undefined && clusterId !== row.clusterId)) return false;
  if (op.op === 'remove') return row.deleted && timestampUs === row.timestampUs;
  return op.value === row.value && op.expireTs === row.expireTs && timestampUs === row.timestampUs && !row.deleted;
}

/** The newest record of each key in the runs that a flush added. */
export function merged(runs: readonly Run[]): Map<string, Row | undefined> {
  const rows = new Map<string, Row | undefined>();
  for (let i = runs.length - 1; i >= 0; i--) {
    const run = runs[i];
    run?.keys.forEach((key, at) => rows.set(key, run.rows[at]));
  }
  return rows;
}
