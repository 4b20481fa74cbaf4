/** What a bench measured becomes the committed measurement (measured.json), from which the tables are made. */
import { writeFileSync } from 'node:fs';
import { DEFECTS } from '../defects/index.ts';
import { MEASURED_PATH, readMeasured, type Measured } from './expectations.ts';
import { CLEAN } from './row.ts';

/** What a bench hands over. */
export interface Stored extends Omit<Measured, 'seedOf'> {
  /** Of all rows, when it was asked for; what such a seed does not find changes nothing. */
  readonly firstSeed: number | undefined;
}

/** Rows take the place of those of the same defects; rows of defects that are not among `ids` any more go. In the order of `ids`. */
export function merged(before: Measured, { seeds, runs, rows, firstSeed }: Stored, ids: readonly string[]): Measured {
  const taken = rows.filter(({ found }) => found || firstSeed === undefined);
  const all = new Map([...before.rows, ...taken].map((row) => [row.id, row]));
  const seedOf = new Map(Object.entries(before.seedOf));
  if (firstSeed !== undefined) for (const { id } of taken) seedOf.set(id, firstSeed);
  return {
    seeds,
    runs,
    seedOf: Object.fromEntries(ids.flatMap((id) => ((seedOf.get(id) ?? 1) === 1 ? [] : [[id, seedOf.get(id) ?? 1]]))),
    rows: ids.flatMap((id) => all.get(id) ?? []),
  };
}

/** One row on a line, so that a change shows as the lines that changed. */
function printed({ seeds, runs, seedOf, rows }: Measured): string {
  const seedLines = Object.entries(seedOf).map(([id, seed]) => `    ${JSON.stringify(id)}: ${String(seed)}`);
  const rowLines = rows.map((row) => `    ${JSON.stringify(row)}`);
  return `{\n  "seeds": ${String(seeds)},\n  "runs": ${String(runs)},\n  "seedOf": {\n${seedLines.join(',\n')}\n  },\n  "rows": [\n${rowLines.join(',\n')}\n  ]\n}\n`;
}

export function storeRows(stored: Stored): void {
  writeFileSync(MEASURED_PATH, printed(merged(readMeasured(), stored, [...DEFECTS.map(({ id }) => id), CLEAN])));
}
