/**
 * `npm start`: the main job within a minute. Puts known defects back, finds each from scratch, prints one of them shrunk, then
 * hunts the right implementation for the rest of the time, and ends with verdict, numbers and repeat command.
 */
import { styleText } from 'node:util';
import { DEFECTS } from '../defects/index.ts';
import type { Defect } from '../defects/types.ts';
import { findingText } from '../hunt/findingText.ts';
import { search, type Finding, type SearchResult } from '../hunt/search.ts';
import type { Profile } from '../plan/arbitrary.ts';
import { causeOf } from '../run/verdict.ts';
import { freshSeed, profileOf, replayCommand, totalsText, writeFinding } from './hunt.ts';
import { EXIT, type Io } from './io.ts';
import { Progress } from './progress.ts';

export interface StartOptions {
  readonly plog?: string;
  readonly seconds: number;
  readonly out: string;
}

/** The defects that the first part puts back, in the order in which they are hunted. */
const SHOWN: readonly string[] = ['fulldup-empty-partition', 'ckpt-sync-under-writes', 'ack-before-log', 'commit-past-gap', 'log-gc-one-early', 'canary'];

/** Real time that each of these searches may take, milliseconds. */
const EACH_MS = 6000;

export async function runStart(options: StartOptions, io: Io): Promise<number> {
  const began = performance.now();
  const profile = profileOf(options.plog === undefined ? {} : { plog: options.plog });
  const seed = freshSeed();
  io.out(`pegasus-check: seed ${String(seed)}; first the known defects, put back one at a time, then the right implementation`);
  const shown = DEFECTS.filter((d) => SHOWN.includes(d.id)).sort((a, b) => SHOWN.indexOf(a.id) - SHOWN.indexOf(b.id));
  const missed: string[] = [];
  let sample: { readonly defect: Defect; readonly finding: Finding } | undefined;
  for (const defect of shown) {
    const result = search({ seed, runs: 1_000_000, forMs: EACH_MS, profile, defects: [defect], maxShrinkMs: 4000 });
    io.out(foundLine(defect, result));
    if (result.finding === undefined) missed.push(defect.id);
    else sample ??= { defect, finding: result.finding };
  }
  if (sample !== undefined) {
    const file = writeFinding(sample.finding, options.out);
    io.out(`\n${styleText('underline', `one of them shrunk: ${sample.defect.id}`)} (${sample.defect.symptom})\n`);
    io.out(findingText(sample.finding, replayCommand(file, [sample.defect.id])));
  }
  return clean(profile, seed, Math.max(5000, options.seconds * 1000 - (performance.now() - began)), missed, options, io);
}

function foundLine(defect: Defect, result: SearchResult): string {
  const { finding } = result;
  const id = defect.id.padEnd(28);
  if (finding === undefined) return `  ${styleText('red', 'missed')}  ${id} ${String(result.totals.runs)} runs, ${result.seconds.toFixed(1)} s`;
  const steps = `${String(finding.plan.steps.length)} steps`;
  return `  ${styleText('green', 'found')}   ${id} by ${causeOf(finding.result.verdict).padEnd(40)} in run ${String(finding.foundInRuns).padStart(4)}, shrunk to ${steps}, ${result.seconds.toFixed(1)} s`;
}

function clean(profile: Profile, seed: number, forMs: number, missed: readonly string[], options: StartOptions, io: Io): number {
  io.out(`\nnow with no defect, for ${(forMs / 1000).toFixed(0)} s:`);
  const progress = new Progress(io, false);
  let stopped = false;
  const onInterrupt = (): void => {
    stopped = true;
  };
  process.on('SIGINT', onInterrupt);
  const result = search({
    seed,
    runs: 1_000_000_000,
    forMs,
    profile,
    maxShrinkMs: 20_000,
    onProgress: (totals) => {
      progress.show(totals);
    },
    stopped: () => stopped,
  });
  progress.end();
  process.off('SIGINT', onInterrupt);
  if (result.finding !== undefined) {
    const file = writeFinding(result.finding, options.out);
    io.out(`\n${findingText(result.finding, replayCommand(file, []))}\n`);
  }
  const verdict = result.finding === undefined ? 'nothing found with no defect' : `found ${causeOf(result.finding.result.verdict)} with no defect`;
  io.out(`verdict: ${verdict}${missed.length === 0 ? '; every defect found' : `; MISSED ${missed.join(', ')}`}`);
  io.out(totalsText(result.totals, result.seconds));
  io.out(`repeat: npx pegasus-check hunt --seed ${String(seed)} --runs ${String(result.totals.runs)}${options.plog === undefined ? '' : ` --plog ${options.plog}`}`);
  return result.finding === undefined && missed.length === 0 ? EXIT.nothingFound : EXIT.finding;
}
