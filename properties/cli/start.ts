/**
 * `npm start`: the main job within a minute. Puts known defects back, finds each from scratch, prints one of them shrunk, then
 * hunts the right implementation for the rest of the time, and ends with verdict, numbers and repeat command.
 */
import { DEFECTS } from '../defects/index.ts';
import type { Defect } from '../defects/types.ts';
import { findingText } from '../hunt/findingText.ts';
import { search, type Finding, type SearchResult } from '../hunt/search.ts';
import type { Profile } from '../plan/arbitrary.ts';
import { causeOf } from '../run/verdict.ts';
import { checkOut } from './files.ts';
import { freshSeed, huntCommand, keepFinding, profileOf, replayCommand } from './hunt.ts';
import { EXIT, painted, type Io } from './io.ts';
import { Progress } from './progress.ts';
import { totalsText } from './totals.ts';

export interface StartOptions {
  readonly plog?: string;
  readonly seconds: number;
  readonly out: string;
}

/** The defects that the first part puts back, in the order in which they are hunted. */
const SHOWN: readonly string[] = [
  // Issues 2025, 2048, 2069, 2156 and 2183 of upstream, of which test/seeds holds the reports.
  'dup-app-check-source-name',
  'dup-newest-held-back',
  'fulldup-empty-partition',
  'bl-ingest-stuck-throttled',
  'pool-dup-load-starved',
  // Other kinds.
  'ack-before-log',
  'commit-past-gap',
  'log-gc-one-early',
  'canary',
];

/** Real time that each of these searches may take, milliseconds. */
const EACH_MS = 15_000;

export async function runStart(options: StartOptions, io: Io): Promise<number> {
  const began = performance.now();
  checkOut(options.out);
  const profile = profileOf(options.plog === undefined ? {} : { plog: options.plog });
  const seed = freshSeed();
  io.out(`pegasus-check: seed ${String(seed)}; first the known defects, put back one at a time, then the right implementation`);
  const shown = DEFECTS.filter((d) => SHOWN.includes(d.id)).sort((a, b) => SHOWN.indexOf(a.id) - SHOWN.indexOf(b.id));
  const missed: string[] = [];
  let sample: { readonly defect: Defect; readonly finding: Finding } | undefined;
  for (const defect of shown) {
    const result = searchWith(defect, profile, seed, io);
    if (result.finding === undefined && stopped(io)) return interrupted(io);
    io.out(foundLine(defect, result, io));
    if (result.finding === undefined) missed.push(defect.id);
    else sample ??= { defect, finding: result.finding };
  }
  if (sample !== undefined) {
    const file = keepFinding(sample.finding, options.out, io);
    io.out(`\n${painted(io, 'underline', `one of them shrunk: ${sample.defect.id}`)} (${sample.defect.symptom})\n`);
    io.out(shownFinding(sample.finding, file, [sample.defect.id], io));
  }
  return clean(profile, seed, Math.max(5000, options.seconds * 1000 - (performance.now() - began)), missed, options, io);
}

function stopped(io: Io): boolean {
  return io.stopped?.() === true;
}

function interrupted(io: Io): number {
  io.out('interrupted before every defect was tried');
  return EXIT.nothingFound;
}

function searchWith(defect: Defect, profile: Profile, seed: number, io: Io): SearchResult {
  const progress = new Progress(io, false, `  looking for ${defect.id}: `);
  const result = search({
    seed,
    runs: 1_000_000,
    forMs: EACH_MS,
    profile,
    defects: [defect],
    maxShrinkMs: 4000,
    onProgress: progress.show,
    stopped: () => stopped(io),
  });
  progress.end();
  return result;
}

function shownFinding(finding: Finding, file: string | undefined, defects: readonly string[], io: Io): string {
  return findingText(finding, file === undefined ? '' : replayCommand(file, defects), (line) => painted(io, 'bold', line));
}

function foundLine(defect: Defect, result: SearchResult, io: Io): string {
  const { finding } = result;
  const id = defect.id.padEnd(28);
  if (finding === undefined) return `  ${painted(io, 'red', 'missed')}  ${id} ${String(result.totals.runs)} runs, ${result.seconds.toFixed(1)} s`;
  const cause = causeOf(finding.result.verdict).padEnd(40);
  const shrunk = `shrunk to ${String(finding.plan.steps.length)} steps`;
  const run = String(finding.foundInRuns).padStart(4);
  return `  ${painted(io, 'green', 'found')}   ${id} by ${cause} in run ${run}, ${shrunk}, ${result.seconds.toFixed(1)} s`;
}

function clean(profile: Profile, seed: number, forMs: number, missed: readonly string[], options: StartOptions, io: Io): number {
  io.out(`\nnow with no defect, for ${(forMs / 1000).toFixed(0)} s:`);
  const progress = new Progress(io, false);
  const result = search({
    seed,
    runs: 1_000_000_000,
    forMs,
    profile,
    maxShrinkMs: 20_000,
    onProgress: progress.show,
    stopped: () => stopped(io),
  });
  progress.end();
  if (result.finding !== undefined) {
    const file = keepFinding(result.finding, options.out, io);
    io.out(`\n${shownFinding(result.finding, file, [], io)}\n`);
  }
  const verdict = result.finding === undefined ? 'nothing found with no defect' : `found ${causeOf(result.finding.result.verdict)} with no defect`;
  const known = missed.length === 0 ? 'every defect found' : `MISSED ${missed.join(', ')}`;
  io.out(`${stopped(io) ? 'interrupted; ' : ''}verdict: ${verdict}; ${known}`);
  io.out(totalsText(result.totals, result.seconds));
  const { plog, out } = options;
  const asHunt = { defect: [], json: false, out, ...(plog === undefined ? {} : { plog }) };
  io.out(`repeat: ${huntCommand(seed, Math.max(1, result.totals.runs), asHunt)}`);
  return result.finding === undefined && missed.length === 0 ? EXIT.nothingFound : EXIT.finding;
}
