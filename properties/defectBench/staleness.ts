/**
 * Whether a measurement still says what the committed one says. Searches repeat exactly, so that on unchanged code every number but the
 * seconds is the same; what may differ without complaint is what a small change of the implementation or of the generator does to them.
 */
import type { Measured } from './expectations.ts';
import type { DefectRow } from './row.ts';

/** Runs by which a median may move without a word. */
const RUNS_SLACK = 100;
/** And the factor by which it may, where that is more. */
const RUNS_FACTOR = 3;
/** Steps by which a shrunk plan may be shorter or longer. */
const STEPS_SLACK = 2;

/** One sentence for each number that is not true any more. */
export function staleness(rows: readonly DefectRow[], measured: Measured): readonly string[] {
  const before = new Map(measured.rows.map((row) => [row.id, row]));
  const gone = [...before.keys()].filter((id) => !rows.some((row) => row.id === id)).map((id) => `${id} is in the table and was not measured`);
  return [...rows.flatMap((row) => differences(row, before.get(row.id))), ...gone].map((line) => `${line}; if that is meant: pegasus-check defects --store`);
}

function differences(row: DefectRow, before: DefectRow | undefined): readonly string[] {
  if (before === undefined) return [`${row.id} is not in the table`];
  if (row.found !== before.found) return [`${row.id} is ${row.found ? 'found' : 'not found'}, the table says otherwise`];
  const lines: string[] = [];
  if (isFar(row.runsMedian, before.runsMedian)) lines.push(`${row.id} takes ${String(row.runsMedian)} runs, the table says ${String(before.runsMedian)}`);
  if (Math.abs((row.shrunkSteps ?? 0) - (before.shrunkSteps ?? 0)) > STEPS_SLACK) {
    lines.push(`${row.id} shrinks to ${String(row.shrunkSteps)} steps, the table says ${String(before.shrunkSteps)}`);
  }
  const same = row.caughtBy.length === 0 || row.caughtBy.some((property) => before.caughtBy.includes(property));
  return same ? lines : [...lines, `${row.id} is caught by ${row.caughtBy.join(', ')}, the table says ${before.caughtBy.join(', ')}`];
}

function isFar(now: number | null, then: number | null): boolean {
  if (now === null || then === null) return now !== then;
  return Math.abs(now - then) > Math.max(RUNS_SLACK, (RUNS_FACTOR - 1) * Math.min(now, then));
}
