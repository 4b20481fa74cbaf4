/**
 * The content of a partition: rows, their order-free digest, and what committed mutations do to them.
 *
 * A digest is the sum, modulo 2^52, of a 52-bit hash of each live row; so it can be kept up to date row by row and the
 * auditor can compute it in any order from the files of a checkpoint (S6).
 */
import type { RowOp, UpdateFact } from './events.ts';
import { settleHome } from './keyHome.ts';
import type { IngestionState } from './loadState.ts';
import type { Content, PartitionState, Proposal, Row, Stamp, TableState } from './state.ts';
import type { Decree, Gpid } from './vocabulary.ts';

/** Digest of a content that the model does not know. */
export const NO_CONTENT = -1;
const MODULUS = 2 ** 52;
/** No cluster's user wrote what a file brings. */
const NOBODY = 0;

/** 52-bit hash of a row: stored key, user data, expiry (seconds since 2016, 0 none), timestamp of the mutation (us). */
export function rowHash(key: string, value: string, expireTs: number, timestampUs: number): number {
  let a = 0x811c9dc5 ^ key.length;
  let b = 0x9e3779b9 ^ value.length;
  for (let i = 0; i < key.length; i++) {
    a = Math.imul(a ^ key.charCodeAt(i), 0x01000193);
    b = Math.imul(b ^ a, 0x85ebca6b) + 0x165667b1;
  }
  for (let i = 0; i < value.length; i++) {
    b = Math.imul(b ^ value.charCodeAt(i), 0x01000193);
    a = Math.imul(a ^ b, 0xc2b2ae35) + 0x27d4eb2f;
  }
  for (const word of [expireTs, timestampUs >>> 0, Math.floor(timestampUs / 2 ** 32)]) {
    a = Math.imul(a ^ word, 0x85ebca6b);
    a ^= a >>> 13;
    b = Math.imul(b ^ word ^ a, 0xc2b2ae35);
    b ^= b >>> 16;
  }
  return ((b >>> 0) % 2 ** 20) * 2 ** 32 + (a >>> 0);
}

/** The digest with one more row. */
export function addToDigest(digest: number, hash: number): number {
  const sum = digest + hash;
  return sum >= MODULUS ? sum - MODULUS : sum;
}

/** The digest with one row less. */
export function removeFromDigest(digest: number, hash: number): number {
  const rest = digest - hash;
  return rest < 0 ? rest + MODULUS : rest;
}

/**
 * Applies a newly committed mutation to rows, histories and key homes; answers the new digest. What an ingestion write
 * brings is not known from the mutation alone.
 */
export function applyRows(part: PartitionState, home: Record<string, Gpid> | undefined, proposal: Proposal): number {
  let digest = part.digests[proposal.decree - 1] ?? NO_CONTENT;
  const known = digest !== NO_CONTENT;
  for (const update of proposal.updates) {
    if (home !== undefined) for (const { key } of update.rows) home[key] ??= part.gpid;
    digest = applyUpdate(part, update, stampOf(part, proposal), digest, (row, { timestampUs }) => {
      part.newestUs = Math.max(part.newestUs, timestampUs);
      const [value, expireTs] = row.op === 'put' ? [row.value, row.expireTs] : [undefined, 0];
      (part.history[row.key] ??= []).push({ value, expireTs, ingestion: 0 });
    });
  }
  return known && proposal.updates[0]?.code !== 'RPC_RRDB_RRDB_BULK_LOAD' ? digest : NO_CONTENT;
}

const stampOf = ({ clusterId }: PartitionState, { timestampUs, decree }: Proposal): Stamp => ({ timestampUs, clusterId, decree });

/** Applies what an ingestion brings, once it is committed: as of its decree, on every replica (bl 15.3). */
export function applyIngestion(part: PartitionState, table: TableState | undefined, one: IngestionState): void {
  const { history, begin } = part;
  const before = part.digests[one.decree - 1] ?? NO_CONTENT;
  const isTaken = (key: string): boolean => history[key] !== undefined || key in begin.removals;
  const digest = ingestRows(part, one, isTaken, before);
  if (before !== NO_CONTENT && one.brings !== 'unknown') part.digests[one.decree] = digest;
  for (const { key, value, expireTs } of one.rows) {
    if (one.load.ingestBehind && isTaken(key)) continue;
    settleHome(table, part, key);
    (history[key] ??= []).push({ value, expireTs, ingestion: one.decree });
  }
}

/** Over what is there; or behind it, where there is neither a row nor a removal. The rows keep the time of their file. */
function ingestRows(
  content: Content,
  { decree, load, rows: brought }: IngestionState,
  isTaken: (key: string) => boolean,
  before: number,
): number {
  let digest = before;
  for (const { key, value, expireTs, timestampUs } of brought)
    if (!load.ingestBehind || !isTaken(key))
      digest = applyRow(content, { op: 'put', key, value, expireTs }, { timestampUs, clusterId: NOBODY, decree }, digest);
  return digest;
}

/**
 * A write that came by duplication keeps time and cluster of its source, and leaves alone what is newer when it says so
 * (dup 7.2, 7.3; departures dup.B38). `taken` hears of each row that was changed.
 */
function applyUpdate(
  content: Content,
  update: UpdateFact,
  own: Stamp,
  before: number,
  taken: (row: RowOp, stamp: Stamp) => void,
): number {
  let digest = before;
  const apply = (row: RowOp, stamp: Stamp): void => {
    digest = applyRow(content, row, stamp, digest);
    taken(row, stamp);
  };
  if (update.entries === undefined) for (const row of update.rows) apply(row, own);
  for (const { timestampUs, clusterId, rows, verifyTimetag } of update.entries ?? []) {
    const stamp = { timestampUs, clusterId, decree: own.decree };
    for (const row of rows) if (!verifyTimetag || !isNewer(standing(content, row.key), stamp)) apply(row, stamp);
  }
  return digest;
}

/** What the last write of a key left, a row or its removal; undefined: there never was one. */
export const standing = ({ rows, removals }: Content, key: string): Stamp | undefined => rows[key] ?? removals[key];

/** Later, or at the same time in a cluster with a larger id. */
export function isNewer(one: Stamp | undefined, than: Stamp | undefined): boolean {
  if (one === undefined || than === undefined) return one !== undefined;
  if (one.timestampUs !== than.timestampUs) return one.timestampUs > than.timestampUs;
  return one.clusterId > than.clusterId;
}

function applyRow({ rows, removals }: Content, row: RowOp, stamp: Stamp, digest: number): number {
  const old = rows[row.key];
  const next = old === undefined ? digest : removeFromDigest(digest, old.hash);
  if (row.op === 'put') {
    const hash = rowHash(row.key, row.value, row.expireTs, stamp.timestampUs);
    rows[row.key] = { value: row.value, expireTs: row.expireTs, hash, ...stamp };
    delete removals[row.key];
    return addToDigest(next, hash);
  }
  delete rows[row.key];
  removals[row.key] = stamp;
  return next;
}

/** The content as of a decree, computed anew from the beginning, the committed mutations and what was ingested. */
export function contentAt(part: PartitionState, decree: Decree): Content {
  const content: Content = { rows: { ...part.begin.rows }, removals: { ...part.begin.removals } };
  for (let d = part.begin.decree + 1; d <= decree; d++) {
    const ballot = part.chosen[d];
    const proposal = part.proposals[d]?.findLast((one) => one.ballot === ballot);
    for (const update of proposal?.updates ?? [])
      if (proposal !== undefined) applyUpdate(content, update, stampOf(part, proposal), 0, () => undefined);
    const ingestion = part.ingestions[d];
    if (ingestion !== undefined) ingestRows(content, ingestion, (key) => standing(content, key) !== undefined, 0);
  }
  return content;
}

/** The rows as of a decree (for messages and expiry). */
export function rowsAt(part: PartitionState, decree: Decree): Record<string, Row> {
  return contentAt(part, decree).rows;
}

/** Rows with a time to live may already be gone from the files; tries to explain a difference by a set of them. */
export function explainedByExpiry(expected: number, actual: number, expirable: readonly Row[]): boolean {
  const missing = removeFromDigest(expected, actual);
  return expirable.length <= 12 && sumsTo(missing, expirable, 0);
}

function sumsTo(target: number, rows: readonly Row[], from: number): boolean {
  if (target === 0) return true;
  const row = rows[from];
  return (
    row !== undefined && (sumsTo(removeFromDigest(target, row.hash), rows, from + 1) || sumsTo(target, rows, from + 1))
  );
}

/** The newest time tag of what a partition has or had removed, microseconds; 0 of an empty one. */
export function newestOf({ rows, removals }: PartitionState): number {
  let newest = 0;
  for (const { timestampUs } of [...Object.values(rows), ...Object.values(removals)]) newest = Math.max(newest, timestampUs);
  return newest;
}
