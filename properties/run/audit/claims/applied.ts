/**
 * `replica.applied` (repl 1.2, 1.6): what is claimed applied is told so in acknowledgements, is answered to clients,
 * and is what a flush puts into sorted runs: exactly the rows that the log's records of those decrees make.
 */
import type { DupEntryFact } from '../../../../model/duplicationEvents.ts';
import type { RowOp } from '../../../../model/events.ts';
import type { Decree } from '../../../../model/vocabulary.ts';
import type { AuditPair, Desk, Hooks } from '../audit.ts';
import type { Row, Run } from '../storageReader.ts';
import type { ReplicaView } from '../view.ts';

function below(desk: Desk, view: ReplicaView, real: Decree, where: string): void {
  if (!view.open || real >= view.applied || !view.appliedAt.before(real + 1, desk.nowUs())) return;
  const text = `${view}: claims to have applied ${view.applied} but ${where} says ${real}`;
  desk.lie('replica.applied', 'claimed-implies-real', view, text, `last_applied ${view.applied}`, `${real}`);
}

function above(desk: Desk, view: ReplicaView, real: Decree): void {
  if (real <= view.applied || real <= view.appliedTold) return;
  view.appliedTold = real;
  desk.owe(view);
}

function told(check: (desk: Desk, view: ReplicaView, real: Decree, where: string) => void): Hooks {
  return {
    prepareAnswered(desk, view, ack) {
      if (ack.error === 'ERR_OK') check(
        desk,
        view,
        ack.lastCommittedInApp,
        `the acknowledgement of decree ${ack.decree}`,
      );
    },
    groupCheckAnswered(desk, view, response) {
      if (response.error === 'ERR_OK') check(desk, view, response.lastCommittedInApp, 'its answer to a group check');
    },
  };
}

interface Expected {
  readonly op: RowOp;
  readonly decree: Decree;
  readonly timestampUs: number;
  /** Of an entry of a DUPLICATE write; a cluster's own id is not known here. */
  readonly clusterId: number | undefined;
}

/**
 * Rows that the decrees in (from, to] touch, newest write of each key; undefined when a record is unknown or of a
 * kind not read here.
 */
function touched(view: ReplicaView, from: Decree, to: Decree): Map<string, Expected> | undefined {
  const rows = new Map<string, Expected>();
  for (let decree = from + 1; decree <= to; decree++) {
    const mutation = view.mutations.get(decree);
    if (mutation === undefined) return undefined;
    const { timestampUs } = mutation;
    for (const update of mutation.updates) {
      if (update.entries !== undefined) {
        if (!touchedByEntries(rows, decree, update.entries)) return undefined;
      } else if (!READ_CODES.has(update.code)) return undefined;
      else for (const op of update.rows) rows.set(op.key, { op, decree, timestampUs, clusterId: undefined });
    }
  }
  return rows;
}

/**
 * The rows of a DUPLICATE write keep time and cluster of their entries (dup 7.2, 7.3). False when what is there already
 * decides.
 */
function touchedByEntries(
  rows: Map<string, Expected>,
  decree: Decree,
  entries: readonly DupEntryFact[],
): boolean {
  for (const { code, rows: ops, timestampUs, clusterId, verifyTimetag } of entries) {
    if (verifyTimetag || !READ_CODES.has(code)) return false;
    for (const op of ops) rows.set(op.key, { op, decree, timestampUs, clusterId });
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

type RowText = Pick<Row, 'value' | 'expireTs' | 'timestampUs'> & { readonly clusterId: number | undefined };

function rowText(key: string, row: RowText | undefined): string {
  if (row === undefined) return `${JSON.stringify(key)} removed`;
  const of = row.clusterId === undefined ? '' : ` of cluster ${row.clusterId}`;
  return `${JSON.stringify(key)}=${JSON.stringify(row.value)} expireTs ${row.expireTs} timestamp ${row.timestampUs}${of}`;
}

function expectedText(key: string, { op, decree, timestampUs, clusterId }: Expected): string {
  const row = op.op === 'put' ? { value: op.value, expireTs: op.expireTs, timestampUs, clusterId } : undefined;
  return `${rowText(key, row)} (decree ${decree})`;
}

function sameRow({ op, timestampUs, clusterId }: Expected, row: Row | undefined): boolean {
  if (op.op === 'remove' || row === undefined) return op.op === 'remove' && row === undefined;
  if (clusterId !== undefined && clusterId !== row.clusterId) return false;
  return op.value === row.value && op.expireTs === row.expireTs && timestampUs === row.timestampUs && !row.deleted;
}

/** The newest record of each key in the runs that a flush added. */
function merged(runs: readonly Run[]): Map<string, Row | undefined> {
  const rows = new Map<string, Row | undefined>();
  for (let i = runs.length - 1; i >= 0; i--) {
    const run = runs[i];
    run?.keys.forEach((key, at) => rows.set(key, run.rows[at]));
  }
  return rows;
}

export const appliedAudits: AuditPair<'replica.applied'> = {
  claimedImpliesReal: {
    holds:
      'An applied decree that a replica tells others is never below the one it claims, and each row of ' +
      'the decrees that a flush covers is in the flushed runs.',
    ...told(below),
    flushed(desk, view, from, reading) {
      if (reading.added === undefined) return;
      const expected = touched(view, from, reading.decree);
      if (expected === undefined) return;
      const rows = merged(reading.added);
      for (const [key, want] of expected) {
        if (rows.has(key) && sameRow(want, rows.get(key))) continue;
        const actual = rows.has(key) ? rowText(key, rows.get(key)) : `${JSON.stringify(key)} absent`;
        desk.lie(
          'replica.applied',
          'claimed-implies-real',
          view,
          `${view}: the flush of decree ${reading.decree} misses a write`,
          expectedText(key, want),
          actual,
        );
        return;
      }
    },
  },
  realImpliesClaimed: {
    holds:
      'A decree that is told as applied, answered to a client or flushed has been claimed applied by ' +
      'the end of the task, and a flush holds no other rows.',
    ...told(above),
    claim(desk, view, claim) {
      if (!view.open || claim.decree === view.applied + 1) return;
      const text = `${view}: the claimed applied decree went from ${view.applied} to ${claim.decree}`;
      desk.lie('replica.applied', 'real-implies-claimed', view, text, `${view.applied + 1}`, `${claim.decree}`);
    },
    writeAnswered(desk, view, response) {
      if (response.error === 'ERR_OK') above(desk, view, response.decree);
    },
    flushed(desk, view, from, reading) {
      if (reading.decree > from) above(desk, view, reading.decree);
      const expected = reading.added === undefined ? undefined : touched(view, from, reading.decree);
      if (expected === undefined || reading.added === undefined) return;
      for (const [key, row] of merged(reading.added)) {
        if (expected.has(key)) continue;
        const text = `${view}: the flush of decree ${reading.decree} holds a row that no decree above ${from} wrote`;
        desk.lie(
          'replica.applied',
          'real-implies-claimed',
          view,
          text,
          'only rows of the decrees flushed',
          rowText(key, row),
        );
        return;
      }
    },
    settle(desk, view) {
      if (view.appliedTold <= view.applied) return;
      const text = `${view}: shows ${view.appliedTold} as applied but claims only ${view.applied}`;
      desk.lie(
        'replica.applied',
        'real-implies-claimed',
        view,
        text,
        `last_applied ${view.applied}`,
        `${view.appliedTold}`,
      );
    },
  },
};
