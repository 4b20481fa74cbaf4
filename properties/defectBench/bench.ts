/**
 * The bench of real defects: each defect module is put back and searched for from scratch with the common profile, with
 * fixed seeds and a fixed number of runs, on all cores; beside them the right implementation is searched in the same way. A search is
 * a pure function of its seed, so that all but the seconds repeat exactly: the budget is runs, never time.
 */
import type { Defect } from '../defects/types.ts';
import type { SearchJob } from '../hunt/job.ts';
import { SearchPool } from '../hunt/pool.ts';
import { propertyBrokenByPlan } from './expectations.ts';
import { CLEAN_ROW, rowOf, type DefectRow, type Outcome } from './row.ts';

/** Enough for every defect that a search finds at all, with room to move. */
export const DEFAULT_RUNS = 1000;
export const DEFAULT_SEEDS = 1;
/** Runs that shrinking may take: enough for nearly all, and what is left over is a step or two. */
const SHRINK_RUNS = 300;

export interface BenchOptions {
  /** Defects with the word that names each, an id or the path of a module; one that is not searched is only shown by its plan. */
  readonly defects: readonly { readonly word: string; readonly defect: Defect; readonly isSearched: boolean; readonly firstSeed: number }[];
  /** Whether the right implementation is searched too. */
  readonly clean: boolean;
  /** How many seeds, from the first on. */
  readonly seeds: number;
  readonly runs: number;
  /** How long a defect's search is expected to be, runs: the longest begin first, so that no core waits at the end. */
  readonly expectedRuns: (id: string) => number;
  /** Jobs at a time; default: one per core. */
  readonly threads?: number;
  readonly onOutcome: (id: string, outcome: Outcome, done: number, all: number) => void;
}

/** A defect, or the lack of one, with the words that a search is given. */
interface Subject {
  readonly row: Pick<DefectRow, 'id' | 'issue' | 'expected'>;
  readonly words: readonly string[];
  readonly isSearched: boolean;
  readonly firstSeed: number;
}

/** Rows in the order of the defects, the clean one last. Throws LostJob when a process dies again and again. */
export async function runBench(options: BenchOptions): Promise<readonly DefectRow[]> {
  const subjects: Subject[] = options.defects.map(({ word, defect, isSearched, firstSeed }) => ({ row: defect, words: [word], isSearched, firstSeed }));
  if (options.clean) subjects.push({ row: CLEAN_ROW, words: [], isSearched: true, firstSeed: 1 });
  const outcomes = await outcomesOf(subjects, options);
  return subjects.map(({ row }) => {
    const own = outcomes.get(row.id) ?? [];
    const defect = options.defects.find((d) => d.defect.id === row.id)?.defect;
    const isAsked = defect !== undefined && own.every(({ finding }) => finding === undefined);
    return rowOf(row, own, isAsked ? propertyBrokenByPlan(defect) : undefined);
  });
}

async function outcomesOf(subjects: readonly Subject[], options: BenchOptions): Promise<ReadonlyMap<string, readonly Outcome[]>> {
  const { seeds, runs, expectedRuns, onOutcome, threads } = options;
  const indices = Array.from({ length: seeds }, (_, i) => i);
  const jobs = subjects
    .filter(({ isSearched }) => isSearched)
    .flatMap(({ row, words, firstSeed }) => indices.map((i) => ({ id: row.id, job: { seed: firstSeed + i, runs, forMs: Infinity, maxShrinkRuns: 0, defects: words } })))
    .toSorted((a, b) => expectedRuns(b.id) - expectedRuns(a.id));
  const pool = new SearchPool(threads === undefined ? {} : { threads });
  const outcomes = new Map<string, Outcome[]>(subjects.map(({ row }) => [row.id, []]));
  let done = 0;
  try {
    await Promise.all(
      jobs.map(async ({ id, job }) => {
        const outcome = await searched(pool, job);
        done += 1;
        onOutcome(id, outcome, done, jobs.length);
        outcomes.get(id)?.push(outcome);
      }),
    );
  } finally {
    await pool.close();
  }
  return outcomes;
}

/** Searching and shrinking are jobs of their own, so that each has its own seconds. */
async function searched(pool: SearchPool, job: SearchJob): Promise<Outcome> {
  const { finding, totals, seconds } = await pool.run(job);
  if (finding === undefined) return { seed: job.seed, runs: totals.runs, seconds, finding: undefined };
  const shrunk = await pool.do('shrink', { defects: job.defects, failing: finding, maxShrinkRuns: SHRINK_RUNS, maxShrinkMs: Infinity });
  return { seed: job.seed, runs: totals.runs, seconds, finding: shrunk ?? finding };
}
