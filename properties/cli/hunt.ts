/** `pegasus-check hunt`: searches until something is found, the time or the runs are spent, or Ctrl-C. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadDefects } from '../defects/index.ts';
import { findingText, resultLines } from '../hunt/findingText.ts';
import { replayCorpus } from '../hunt/corpus.ts';
import { CAMPAIGN_RUNS, Coverage } from '../hunt/coverage.ts';
import { search, type Finding, type SearchResult, type Totals } from '../hunt/search.ts';
import { COMMON_PROFILE, type Profile } from '../plan/arbitrary.ts';
import { BadInput, printPlan } from '../plan/parse.ts';
import { preloadFrom } from '../plan/preload.ts';
import { subsystemKinds } from '../plan/subsystems.ts';
import { propertyIds, SOMETIMES } from '../registry/index.ts';
import { causeOf, verdictSentence } from '../run/verdict.ts';
import { EXIT, type Io } from './io.ts';
import { writeNew } from './files.ts';
import { Progress } from './progress.ts';

export interface HuntOptions {
  readonly seconds?: number;
  readonly runs?: number;
  readonly seed?: number;
  readonly property?: string;
  readonly subsystem?: string;
  readonly defect: readonly string[];
  readonly plog?: string;
  readonly out: string;
  readonly json: boolean;
}

export function profileOf(options: Pick<HuntOptions, 'plog' | 'subsystem'>): Profile {
  let profile: Profile = COMMON_PROFILE;
  if (options.subsystem !== undefined) profile = { ...profile, kinds: subsystemKinds(options.subsystem) };
  if (options.plog !== undefined) profile = { ...profile, preload: preloadFrom(options.plog) };
  return profile;
}

export async function runHunt(options: HuntOptions, io: Io): Promise<number> {
  if (options.property !== undefined && !propertyIds().includes(options.property)) {
    throw new BadInput(`--property ${options.property}: no such property; "pegasus-check properties" lists them`);
  }
  const defects = await loadDefects(options.defect);
  const seed = options.seed ?? freshSeed();
  const profile = profileOf(options);
  let stopped = false;
  const onInterrupt = (): void => {
    stopped = true;
  };
  process.on('SIGINT', onInterrupt);
  const progress = new Progress(io, options.json);
  const coverage = new Coverage();
  if (!options.json) io.out(`hunt: seed ${String(seed)}${defects.length === 0 ? '' : `, with ${defects.map((d) => d.id).join(', ')} put back`}`);
  const corpusFailure = options.property === undefined && options.plog === undefined && defects.length === 0 ? replayCorpus() : undefined;
  if (corpusFailure !== undefined) {
    io.out([`corpus plan ${corpusFailure.path} fails: ${verdictSentence(corpusFailure.result.verdict)}`, ...resultLines(corpusFailure.result)].join('\n'));
    return EXIT.finding;
  }
  const result = search({
    seed,
    runs: options.runs ?? 1_000_000_000,
    forMs: options.runs === undefined ? (options.seconds ?? 60) * 1000 : options.seconds === undefined ? Infinity : options.seconds * 1000,
    profile,
    defects,
    ...(options.property === undefined ? {} : { property: options.property }),
    maxShrinkMs: 60_000,
    onProgress: (totals) => {
      progress.show(totals);
    },
    stopped: () => stopped,
    watch: [coverage.watch],
  });
  progress.end();
  process.off('SIGINT', onInterrupt);
  return conclude(result, coverage, seed, options, io);
}

function conclude(result: SearchResult, coverage: Coverage, seed: number, options: HuntOptions, io: Io): number {
  const { finding } = result;
  const file = finding === undefined ? undefined : writeFinding(finding, options.out);
  // Only a whole campaign of the common profile must have reached everything.
  const whole = finding === undefined && result.totals.runs >= CAMPAIGN_RUNS && options.subsystem === undefined && options.defect.length === 0;
  const complaints = whole ? coverage.complaints(result.totals.effects) : [];
  const repeat = finding === undefined || file === undefined ? '' : replayCommand(file, options.defect);
  if (options.json) io.out(JSON.stringify({ ...summary(result, seed, file, repeat), notReached: coverage.notReached().map((s) => s.id), complaints }));
  else {
    if (finding !== undefined) io.out(`\n${findingText(finding, repeat)}\n`);
    io.out(`${finding === undefined ? 'nothing found' : `found ${causeOf(finding.result.verdict)}, plan in ${file ?? ''}`}: ${totalsText(result.totals, result.seconds)}`);
    io.out(`situations reached: ${String(SOMETIMES.length - coverage.notReached().length)} of ${String(SOMETIMES.length)}`);
    for (const line of complaints) io.out(`  ${line}`);
    io.out(`repeat the search: ${huntCommand(seed, result.totals.runs, options)}`);
  }
  return finding === undefined && complaints.length === 0 ? EXIT.nothingFound : EXIT.finding;
}

/** Writes the shrunk plan under a name that says what it is; an existing file is never replaced. */
export function writeFinding(finding: Finding, out: string): string {
  const base = causeOf(finding.result.verdict).replaceAll(/[^A-Za-z0-9.]+/g, '-');
  let path = join(out, `${base}-${finding.result.digest}.json`);
  for (let n = 2; existsSync(path); n += 1) path = join(out, `${base}-${finding.result.digest}-${String(n)}.json`);
  writeNew(path, printPlan(finding.plan));
  return path;
}

export function replayCommand(file: string, defects: readonly string[]): string {
  return ['npx pegasus-check replay', file, ...defects.map((d) => `--defect ${d}`)].join(' ');
}

function huntCommand(seed: number, runs: number, options: HuntOptions): string {
  const words = ['npx pegasus-check hunt', `--seed ${String(seed)}`, `--runs ${String(runs)}`];
  if (options.property !== undefined) words.push(`--property ${options.property}`);
  if (options.subsystem !== undefined) words.push(`--subsystem ${options.subsystem}`);
  if (options.plog !== undefined) words.push(`--plog ${options.plog}`);
  for (const defect of options.defect) words.push(`--defect ${defect}`);
  return words.join(' ');
}

export function totalsText(totals: Totals, seconds: number): string {
  const perSecond = (n: number): string => Math.round(n / Math.max(seconds, 0.001)).toLocaleString('en-US');
  return [
    `${totals.runs.toLocaleString('en-US')} runs (${perSecond(totals.runs)}/s)`,
    `${totals.dispatches.toLocaleString('en-US')} dispatches (${perSecond(totals.dispatches)}/s)`,
    `${Math.round(totals.virtualMs / 1000).toLocaleString('en-US')} virtual seconds`,
    `${String(totals.excusable)} excusable`,
    `${seconds.toFixed(1)} s`,
  ].join(', ');
}

function summary(result: SearchResult, seed: number, file: string | undefined, repeat: string): object {
  const { totals, finding, seconds } = result;
  return {
    seed,
    runs: totals.runs,
    dispatches: totals.dispatches,
    seconds,
    runsPerSecond: totals.runs / seconds,
    dispatchesPerSecond: totals.dispatches / seconds,
    virtualSeconds: totals.virtualMs / 1000,
    excusable: totals.excusable,
    effects: Object.fromEntries(totals.effects),
    digest: totals.digest.hex(),
    finding:
      finding === undefined
        ? null
        : { cause: causeOf(finding.result.verdict), verdict: finding.result.verdict, digest: finding.result.digest, steps: finding.plan.steps.length, foundInRuns: finding.foundInRuns, minimal: finding.minimal, defects: finding.defects, file, repeat, plan: finding.plan },
  };
}

/** A seed for people who gave none; printed, so that it can be given. */
export function freshSeed(): number {
  return Number(process.hrtime.bigint() & 0x7fffffffn);
}
