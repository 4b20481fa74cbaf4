/**
 * Decodes mutation records for the audits (plog 5): the bytes of a log record and of a prepare message are the same.
 * What stands in an update is the matter of updateReader.ts.
 *
 * Written from the sheets alone and sharing nothing with the implementation. Nothing here throws: what cannot be read
 * is `undefined` (a record) or no rows (a body, which the server also ignores).
 */
import type { DupEntryFact } from '../../../model/duplicationEvents.ts';
import type { MutationFact, RowOp, UpdateFact } from '../../../model/events.ts';
import { sameLoad } from '../../../model/mutations.ts';
import type { Gpid, WriteCode } from '../../../model/vocabulary.ts';
import { readUpdate, writeCode } from './updateReader.ts';

const RECORD_HEADER_BYTES = 60;

export interface ReadRecord {
  readonly gpid: Gpid;
  readonly logOffset: number;
  readonly sizeBytes: number;
  readonly mutation: MutationFact;
}

/** A little-endian i64 as a number; exact up to 2^53. */
export function readI64(bytes: Buffer, at: number): number {
  return bytes.readInt32LE(at + 4) * 0x100000000 + bytes.readUInt32LE(at);
}

const GPIDS = new Map<number, Gpid>();

/** `<app>.<index>` without building the text each time. */
export function gpidText(appId: number, partitionIndex: number): Gpid {
  const key = appId * 65536 + partitionIndex;
  let text = GPIDS.get(key);
  if (text === undefined) {
    text = `${appId}.${partitionIndex}`;
    GPIDS.set(key, text);
  }
  return text;
}

/** The record at `at`, which must end at or before `end`; undefined when it does not decode. */
export function readRecord(bytes: Buffer, at: number, end: number): ReadRecord | undefined {
  if (at + RECORD_HEADER_BYTES > end) return undefined;
  const version = readI64(bytes, at);
  if (version !== 0 && version <= 64) return undefined;
  const count = bytes.readInt32LE(at + 56);
  if (count < 0) return undefined;
  const codes: WriteCode[] = [];
  const lengths: number[] = [];
  let pos = at + RECORD_HEADER_BYTES;
  for (let i = 0; i < count; i++) {
    if (pos + 12 > end) return undefined;
    const nameLength = bytes.readInt32LE(pos);
    if (nameLength < 0 || pos + 12 + nameLength > end) return undefined;
    const code = writeCode(bytes.toString('latin1', pos + 4, pos + 4 + nameLength));
    const dataLength = bytes.readInt32LE(pos + 8 + nameLength);
    if (code === undefined || dataLength < 0) return undefined;
    codes.push(code);
    lengths.push(dataLength);
    pos += 12 + nameLength;
  }
  const updates: UpdateFact[] = [];
  for (let i = 0; i < count; i++) {
    const code = codes[i];
    const next = pos + (lengths[i] ?? 0);
    if (code === undefined || next > end) return undefined;
    updates.push(readUpdate(code, bytes, pos, next));
    pos = next;
  }
  return {
    gpid: gpidText(bytes.readInt32LE(at + 8), bytes.readInt32LE(at + 12)),
    logOffset: readI64(bytes, at + 32),
    sizeBytes: pos - at,
    mutation: {
      ballot: readI64(bytes, at + 16),
      decree: readI64(bytes, at + 24),
      lastCommitted: readI64(bytes, at + 40),
      timestampUs: version === 0 ? readI64(bytes, at + 48) : 0,
      updates,
    },
  };
}

/** Whether two mutations are the same down to their rows. */
export function sameMutation(a: MutationFact, b: MutationFact): boolean {
  return (
    a.decree === b.decree &&
    a.ballot === b.ballot &&
    a.lastCommitted === b.lastCommitted &&
    a.timestampUs === b.timestampUs &&
    sameUpdates(a.updates, b.updates)
  );
}

function sameUpdates(a: readonly UpdateFact[], b: readonly UpdateFact[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const x = a[i];
    const y = b[i];
    if (x === undefined || y === undefined || x.code !== y.code || !sameRows(x.rows, y.rows)) return false;
    if (!sameEntries(x.entries, y.entries) || !sameLoad(x.load, y.load)) return false;
  }
  return true;
}

/** Whether two lists of entries are the same down to their rows. */
function sameEntries(a: readonly DupEntryFact[] | undefined, b: readonly DupEntryFact[] | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const x = a[i];
    const y = b[i];
    if (x === undefined || y === undefined || !sameEntry(x, y)) return false;
  }
  return true;
}

function sameEntry(x: DupEntryFact, y: DupEntryFact): boolean {
  return (
    x.timestampUs === y.timestampUs &&
    x.clusterId === y.clusterId &&
    x.code === y.code &&
    x.verifyTimetag === y.verifyTimetag &&
    sameRows(x.rows, y.rows)
  );
}

/** Whether two lists of row changes are the same, in order. */
export function sameRows(a: readonly RowOp[], b: readonly RowOp[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const x = a[i];
    const y = b[i];
    if (x === undefined || y === undefined || x.op !== y.op || x.key !== y.key) return false;
    if (x.op === 'put' && y.op === 'put' && (x.value !== y.value || x.expireTs !== y.expireTs)) return false;
  }
  return true;
}

/** One line for messages. */
export function mutationText(m: MutationFact): string {
  const codes = m.updates.map(
    (update) => `${update.code.replace('RPC_RRDB_RRDB_', '')}(${update.rows.length})`,
  ).join('+');
  return `decree ${m.decree} ballot ${m.ballot} last_committed ${m.lastCommitted} timestamp ${m.timestampUs} ${codes}`;
}
