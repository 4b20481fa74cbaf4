/**
 * `replica.applied` (repl 1.2, 1.6): what is claimed applied is told so in acknowledgements, is answered to clients,
 * and is what a flush puts into sorted runs: exactly the rows that the log's records of those decrees make.
 */
import type { Decree } from '../../../../model/vocabulary.ts';
import type { AuditPair, Desk, Hooks } from '../audit.ts';
import { expectedText, merged, rowText, sameRow, touched } from '../touchedRows.ts';
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

export const appliedAudits: AuditPair<'replica.applied'> = {
  claimedImpliesReal: {
    holds:
      'An applied decree that a replica tells others is never below the one it claims, and each row of ' +
      'the decrees that a flush covers is in the flushed runs.',
    ...told(below),
    flushed(desk, view, from, reading) {
      if (reading.added === undefined) return;
      const expected = touched(desk.contents, view, from, reading);
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
      const expected = reading.added === undefined ? undefined : touched(desk.contents, view, from, reading);
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
