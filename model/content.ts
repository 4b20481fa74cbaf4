/**
 * The content of a partition: rows, their order-free digest, and what committed mutations do to them.
 *
 * A digest is the sum, modulo 2^52, of a 52-bit hash of each live row; so it can be kept up to date row by row and the
 * auditor can compute it in any order from the files of a checkpoint (S6).
 */
import type { RowOp, UpdateFact } from './events.ts';
import { settleHome } from './keyHome.ts';
import type { IngestionState } from './loadState.ts';
import type { Content, PartitionState, Proposal, Row, TableState } from './state.ts';
import type { Decree, Gpid } from './vocabulary.ts';

/** Digest of a content that the model does not know. */
export const NO_CONTENT = -1;
const MODULUS = 2 ** 52;

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
    for (const row of update.rows) {
      if (home !== undefined) home[row.key] ??= part.gpid;
      (part.history[row.key] ??= []).push(
        row.op === 'put'
          ? { value: row.value, expireTs: row.expireTs, ingestion: 0 }
          : { value: undefined, expireTs: 0, ingestion: 0 },
      );
    }
    digest = applyUpdate(part.rows, update, proposal.timestampUs, digest);
  }
  return known && proposal.updates[0]?.code !== 'RPC_RRDB_RRDB_BULK_LOAD' ? digest : NO_CONTENT;
}

/** Applies what an ingestion brings, once it is committed: as of its decree, on every replica (bl 15.3). */
export function applyIngestion(part: PartitionState, table: TableState | undefined, one: IngestionState): void {
  const { history, begin } = part;
  const before = part.digests[one.decree - 1] ?? NO_CONTENT;
  const digest = ingestRows(part.rows, one, (key) => history[key] !== undefined || key in begin.removed, before);
  if (before !== NO_CONTENT && one.brings !== 'unknown') part.digests[one.decree] = digest;
  for (const { key, value, expireTs } of one.rows) {
    if (one.load.ingestBehind && (history[key] !== undefined || key in begin.removed)) continue;
    settleHome(table, part, key);
    (history[key] ??= []).push({ value, expireTs, ingestion: one.decree });
  }
}

/** Over what is there; or behind it, where there is neither a row nor a removal. The rows keep the time of their file. */
function ingestRows(
  rows: Record<string, Row>,
  { load, rows: brought }: IngestionState,
  isTaken: (key: string) => boolean,
  before: number,
): number {
  let digest = before;
  for (const { key, value, expireTs, timestampUs } of brought)
    if (!load.ingestBehind || !isTaken(key))
      digest = applyRow(rows, { op: 'put', key, value, expireTs }, timestampUs, digest);
  return digest;
}

/** A write that came by duplication keeps the time of its own cluster (dup 7.2 step 4). */
function applyUpdate(rows: Record<string, Row>, update: UpdateFact, timestampUs: number, before: number): number {
  let digest = before;
  if (update.entries === undefined) for (const row of update.rows) digest = applyRow(rows, row, timestampUs, digest);
  else
    for (const entry of update.entries)
      for (const row of entry.rows) digest = applyRow(rows, row, entry.timestampUs, digest);
  return digest;
}

function applyRow(rows: Record<string, Row>, row: RowOp, timestampUs: number, digest: number): number {
  const old = rows[row.key];
  let next = old === undefined ? digest : removeFromDigest(digest, old.hash);
  if (row.op === 'put') {
    const hash = rowHash(row.key, row.value, row.expireTs, timestampUs);
    rows[row.key] = { value: row.value, expireTs: row.expireTs, hash };
    next = addToDigest(next, hash);
  } else if (old !== undefined) {
    delete rows[row.key];
  }
  return next;
}

/** The content as of a decree, computed anew from the beginning, the committed mutations and what was ingested. */
export function contentAt(part: PartitionState, decree: Decree): Content {
  const rows: Record<string, Row> = { ...part.begin.rows };
  const removed: Record<string, true> = { ...part.begin.removed };
  for (let d = part.begin.decree + 1; d <= decree; d++) {
    const ballot = part.chosen[d];
    const proposal = part.proposals[d]?.findLast((one) => one.ballot === ballot);
    for (const update of proposal?.updates ?? []) {
      applyUpdate(rows, update, proposal?.timestampUs ?? 0, 0);
      for (const row of update.rows) if (row.op === 'remove') removed[row.key] = true;
    }
    const ingestion = part.ingestions[d];
    if (ingestion !== undefined) ingestRows(rows, ingestion, (key) => key in rows || key in removed, 0);
  }
  return { rows, removed };
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
