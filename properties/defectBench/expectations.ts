/**
 * What the bench must show, as it was last measured and committed (measured.json, written by `pegasus-check defects --write-docs`).
 * A defect that was found from scratch must be found again; one that was not is shown by its plan in the corpus, which must fail
 * with it. The committed rows are also what the tables of README.md and docs/defects.md are made from.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { partsWith, type Defect } from '../defects/types.ts';
import { CORPUS_DIR } from '../hunt/corpus.ts';
import { parsePlan } from '../plan/parse.ts';
import type { Plan } from '../plan/types.ts';
import { runPlan } from '../run/runPlan.ts';
import { isFinding } from '../run/verdict.ts';
import { CLEAN, type DefectRow } from './row.ts';

/** The committed measurement. */
export interface Measured {
  /** How many seeds, from 1 on. */
  readonly seeds: number;
  /** Runs that each search had. */
  readonly runs: number;
  readonly rows: readonly DefectRow[];
  /** Where the first seed is another one than 1, by the defect's id: it is rare, and this seed was seen to meet it. */
  readonly seedOf: Readonly<Record<string, number>>;
}

export const MEASURED_PATH = fileURLToPath(new URL('./measured.json', import.meta.url));

export function readMeasured(): Measured {
  return JSON.parse(readFileSync(MEASURED_PATH, 'utf8')) as Measured;
}

/** The shrunk plan of a defect, as the corpus keeps it; undefined: there is none. */
export function corpusPlanOf(id: string): Plan | undefined {
  const path = join(CORPUS_DIR, 'defects', `${id}.json`);
  return existsSync(path) ? parsePlan(readFileSync(path, 'utf8'), path) : undefined;
}

/** The property that a defect's corpus plan breaks with the defect put back; undefined when it breaks none. */
export function propertyBrokenByPlan(defect: Defect): string | undefined {
  const plan = corpusPlanOf(defect.id);
  if (plan === undefined) return undefined;
  const { verdict } = runPlan(plan, { parts: partsWith([defect]) });
  if (!isFinding(verdict) || verdict.kind === 'pass') return undefined;
  return verdict.kind === 'limit' ? verdict.kind : verdict.property;
}

/**
 * What is wrong with rows of a bench, one sentence each; empty: all as it should be.
 *
 * @param measured rows that the rows are held against; a defect that is not among them must be found
 */
export function complaintsOf(rows: readonly DefectRow[], measured: readonly DefectRow[]): readonly string[] {
  return rows.flatMap((row) => {
    if (row.id === CLEAN) return row.found ? [`the right implementation breaks ${row.caughtBy.join(', ')}`] : [];
    if (row.found) return [];
    const before = measured.find(({ id }) => id === row.id);
    if (row.id === 'canary' || (before?.found ?? true)) return [`${row.id} is not found any more`];
    return row.caughtBy.length === 0 ? [`${row.id} is found neither by a search nor by its plan in the corpus`] : [];
  });
}
