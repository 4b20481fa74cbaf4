/**
 * `pegasus-check defects`: the bench of real defects. Each is put back and searched for from scratch; what is found is told with what it
 * took, and the job fails when something that was found before is not found any more. With `--list` it only tells what can be put back.
 */
import { complaintsOf, readMeasured, type Measured } from '../defectBench/expectations.ts';
import { DEFAULT_RUNS, DEFAULT_SEEDS, runBench } from '../defectBench/bench.ts';
import { CLEAN, type DefectRow, type Outcome } from '../defectBench/row.ts';
import { staleness } from '../defectBench/staleness.ts';
import { refreshExplained, writeDocuments } from '../defectBench/documents.ts';
import { storeRows } from '../defectBench/measurement.ts';
import { DEFECTS } from '../defects/index.ts';
import { loadDefects } from '../defects/load.ts';
import { BadInput } from '../plan/parse.ts';
import { EXIT, type Io } from './io.ts';

export interface DefectsOptions {
  readonly only?: readonly string[];
  readonly seeds?: number;
  readonly seed?: number;
  readonly runs?: number;
  readonly json: boolean;
  readonly list: boolean;
  readonly check: boolean;
  readonly store: boolean;
  readonly writeDocs: boolean;
}

export async function runDefects(options: DefectsOptions, io: Io): Promise<number> {
  checkTogether(options);
  if (options.list) return list(options.json, io);
  if (options.writeDocs) return write(false, io);
  const measured = readMeasured();
  const rows = await bench(options, measured, io);
  const complaints = [...complaintsOf(rows, measured.rows), ...(options.check ? staleness(rows, measured) : [])];
  if (options.json) io.out(JSON.stringify(rows));
  else for (const line of tableLines(rows)) io.out(line);
  for (const line of complaints) io.err(`pegasus-check: ${line}`);
  if (options.store) write(options.only === undefined, io);
  return complaints.length === 0 ? EXIT.nothingFound : EXIT.finding;
}

/** Throws BadInput. */
function checkTogether({ only, list: lists, store, writeDocs, check, seeds = DEFAULT_SEEDS, runs = DEFAULT_RUNS }: DefectsOptions): void {
  if (only !== undefined && check) throw new BadInput('--only does not go with --check, which is about all defects');
  if (only !== undefined && store) {
    const measured = readMeasured();
    if (seeds !== measured.seeds || runs !== measured.runs) throw new BadInput(`--only with --store: the other defects were measured with --seeds ${String(measured.seeds)} --runs ${String(measured.runs)}`);
    if (only.some((word) => word !== CLEAN && !DEFECTS.some(({ id }) => id === word))) throw new BadInput('--only with --store: only defects of this project have a place in the table');
  }
  if ([lists, store, writeDocs, check].filter(Boolean).length > 1) throw new BadInput('at most one of --list, --check, --store and --write-docs');
}

function list(json: boolean, io: Io): number {
  const rows = DEFECTS.map((d) => ({ id: d.id, family: d.family, issue: d.issue, upstream: d.upstream, symptom: d.symptom, expected: d.expected, parts: d.changes.map((c) => c.part) }));
  if (json) io.out(JSON.stringify(rows));
  else for (const r of rows) io.out(`${r.id.padEnd(34)} ${r.family.padEnd(9)} ${r.symptom}`);
  return EXIT.nothingFound;
}

/** @param all explain every plan anew, not only those that changed */
function write(all: boolean, io: Io): number {
  refreshExplained(all, (id) => {
    io.out(`explained: ${id}`);
  });
  for (const path of writeDocuments()) io.out(`written: ${path}`);
  return EXIT.nothingFound;
}

async function bench(options: DefectsOptions, { rows: before, seedOf }: Measured, io: Io): Promise<readonly DefectRow[]> {
  const words = options.only ?? DEFECTS.map(({ id }) => id);
  const named = words.filter((word) => word !== CLEAN);
  const measured = new Map(before.map((row) => [row.id, row]));
  // What no search met when it was last measured would take most of the time, and meet nothing: its plan is enough, unless it is asked for.
  const searchesAll = options.only !== undefined || options.runs !== undefined || options.store;
  const defects = (await loadDefects(named)).map((defect, i) => ({ defect, word: named[i] ?? defect.id, isSearched: searchesAll || (measured.get(defect.id)?.found ?? true), firstSeed: options.seed ?? seedOf[defect.id] ?? 1 }));
  const runs = options.runs ?? DEFAULT_RUNS;
  const seeds = options.seeds ?? DEFAULT_SEEDS;
  if (!options.json) io.out(headLine(defects, seeds, runs));
  const rows = await runBench({
    defects,
    clean: options.only === undefined || words.includes(CLEAN),
    seeds,
    runs,
    expectedRuns: (id) => measured.get(id)?.runsMedian ?? runs,
    // At once: a measurement that is interrupted keeps what it has.
    onRow: (row) => {
      if (options.store) storeRows({ seeds, runs, rows: [row], firstSeed: options.seed });
    },
    onOutcome: (id, outcome, done, all) => {
      if (options.json) return;
      const line = progressLine(id, outcome, done, all);
      if (io.interactive && io.draw !== undefined) io.draw(line);
      else io.out(line);
    },
  });
  if (!options.json && io.interactive) io.draw?.('');
  return rows;
}

function headLine(defects: readonly { readonly isSearched: boolean }[], seeds: number, runs: number): string {
  const searched = defects.filter(({ isSearched }) => isSearched).length;
  const rest = defects.length - searched;
  const replayed = rest === 0 ? '' : `; ${String(rest)} that no search has met are replayed from their plans (--runs N searches them too)`;
  return `${String(searched)} defects, ${seeds === 1 ? 'one fixed seed' : `${String(seeds)} fixed seeds`}, ${String(runs)} runs each at most${replayed}`;
}

function progressLine(id: string, { seed, finding, runs, seconds }: Outcome, done: number, all: number): string {
  const what = finding === undefined ? `nothing in ${String(runs)} runs` : `${finding.cause} in run ${String(finding.foundInRuns)}, ${String(finding.plan.steps.length)} steps`;
  return `  ${String(done)}/${String(all)}  ${id}, seed ${String(seed)}: ${what}, ${seconds.toFixed(1)} s`;
}

const COLUMNS: readonly (readonly [head: string, cell: (row: DefectRow) => string])[] = [
  ['defect', (row) => row.id],
  ['', (row) => wordOf(row)],
  ['seeds', (row) => `${String(row.foundSeeds)}/${String(row.seeds)}`],
  ['runs', ({ runsMedian }) => (runsMedian === null ? '' : String(runsMedian))],
  ['seconds', ({ secondsMedian }) => (secondsMedian === null ? '' : secondsMedian.toFixed(1))],
  ['worst', ({ secondsWorst }) => (secondsWorst === null ? '' : secondsWorst.toFixed(1))],
  ['steps', ({ shrunkSteps }) => (shrunkSteps === null ? '' : String(shrunkSteps))],
  ['deviations', ({ shrunkDeviations }) => (shrunkDeviations === null ? '' : String(shrunkDeviations))],
  ['caught by', ({ caughtBy }) => caughtBy.join(' ')],
];

function wordOf(row: DefectRow): string {
  if (row.id === CLEAN) return row.found ? 'BROKEN' : 'passes';
  if (row.found) return 'found';
  return row.caughtBy.length > 0 ? 'by its plan' : 'MISSED';
}

function tableLines(rows: readonly DefectRow[]): readonly string[] {
  const cells = rows.map((row) => COLUMNS.map(([, cell]) => cell(row)));
  const widths = COLUMNS.map(([head], i) => Math.max(head.length, ...cells.map((line) => line[i]?.length ?? 0)));
  const line = (words: readonly string[]): string => words.map((word, i) => word.padEnd(widths[i] ?? 0)).join('  ').trimEnd();
  const hunted = rows.filter(({ id }) => id !== CLEAN);
  const found = hunted.filter(({ found: isFound }) => isFound).length;
  const byPlan = hunted.filter((row) => !row.found && row.caughtBy.length > 0).length;
  return [line(COLUMNS.map(([head]) => head)), ...cells.map(line), `${String(found)} of ${String(hunted.length)} found from scratch, ${String(byPlan)} shown by a plan of the corpus`];
}
