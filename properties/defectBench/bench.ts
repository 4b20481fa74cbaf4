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
/** Runs that shrinking may take: enough to see a short plan; the plans of the corpus are the minimal ones. */
const SHRINK_RUNS = 200;

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
  /** Each row as soon as all its seeds are done. */
  readonly onRow: (row: DefectRow) => void;
}

/** A defect, or the lack of one, with the words that a search is given. */
interface Subject {
  readonly row: Pick<DefectRow, 'id' | 'issue' | 'expected'>;
  readonly defect: Defect | undefined;
  readonly words: readonly string[];
  readonly isSearched: boolean;
  readonly firstSeed: number;
}

/** Rows in the order of the defects, the clean one last. Throws LostJob when a process dies again and again. */
export async function runBench(options: BenchOptions): Promise<readonly DefectRow[]> {
  const subjects: Subject[] = options.defects.map(({ word, defect, isSearched, firstSeed }) => ({ row: defect, defect, words: [word], isSearched, firstSeed }));
  if (options.clean) subjects.push({ row: CLEAN_ROW, defect: undefined, words: [], isSearched: true, firstSeed: 1 });
  const outcomes = new Map<string, Outcome[]>(subjects.map(({ row }) => [row.id, []]));
  const rows = new Map<string, DefectRow>();
  const finish = ({ row, defect }: Subject): void => {
    const own = outcomes.get(row.id) ?? [];
    const isAsked = defect !== undefined && own.every(({ finding }) => finding === undefined);
    const made = rowOf(row, own, isAsked ? propertyBrokenByPlan(defect) : undefined);
    rows.set(row.id, made);
    options.onRow(made);
  };
  for (const subject of subjects) if (!subject.isSearched) finish(subject);
  await searchAll(subjects, options, (subject, outcome) => {
    const own = outcomes.get(subject.row.id);
    own?.push(outcome);
    if (own?.length === options.seeds) finish(subject);
  });
  return subjects.flatMap(({ row }) => rows.get(row.id) ?? []);
}

async function searchAll(subjects: readonly Subject[], options: BenchOptions, take: (subject: Subject, outcome: Outcome) => void): Promise<void> {
  const { seeds, runs, expectedRuns, onOutcome, threads } = options;
  const indices = Array.from({ length: seeds }, (_, i) => i);
  const jobs = subjects
    .filter(({ isSearched }) => isSearched)
    .flatMap((subject) => indices.map((i) => ({ subject, job: { seed: subject.firstSeed + i, runs, forMs: Infinity, maxShrinkRuns: 0, defects: subject.words } })))
    .toSorted((a, b) => expectedRuns(b.subject.row.id) - expectedRuns(a.subject.row.id));
  const pool = new SearchPool(threads === undefined ? {} : { threads });
  let done = 0;
  try {
    // One lane per thread, so that a finding is shrunk before the next search begins: what is done is told, and kept.
    const waiting = jobs.values();
    const lane = async (): Promise<void> => {
      for (const { subject, job } of waiting) {
        const outcome = await searched(pool, job);
        done += 1;
        onOutcome(subject.row.id, outcome, done, jobs.length);
        take(subject, outcome);
      }
    };
    await Promise.all(Array.from({ length: pool.threads }, lane));
  } finally {
    await pool.close();
  }
}

/** Searching and shrinking are jobs of their own, so that each has its own seconds. */
async function searched(pool: SearchPool, job: SearchJob): Promise<Outcome> {
  const { finding, totals, seconds } = await pool.run(job);
  if (finding === undefined) return { seed: job.seed, runs: totals.runs, seconds, finding: undefined };
  const shrunk = await pool.do('shrink', { defects: job.defects, failing: finding, maxShrinkRuns: SHRINK_RUNS, maxShrinkMs: Infinity });
  return { seed: job.seed, runs: totals.runs, seconds, finding: shrunk ?? finding };
}
