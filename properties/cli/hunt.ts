/** `pegasus-check hunt`: searches until something is found, the time or the runs are spent, or Ctrl-C. */
import { loadDefects } from '../defects/index.ts';
import type { Defect } from '../defects/types.ts';
import { findingText, resultLines } from '../hunt/findingText.ts';
import { replayCorpus } from '../hunt/corpus.ts';
import { CAMPAIGN_RUNS, Coverage, isCampaign } from '../hunt/coverage.ts';
import { search, type Finding, type SearchResult } from '../hunt/search.ts';
import { COMMON_PROFILE, type Profile } from '../plan/arbitrary.ts';
import { BadInput, printPlan } from '../plan/parse.ts';
import { preloadFrom } from '../plan/preload.ts';
import { subsystemKinds } from '../plan/subsystems.ts';
import { propertyIds } from '../registry/index.ts';
import { causeOf, verdictSentence } from '../run/verdict.ts';
import { checkOut, writeNew } from './files.ts';
import { EXIT, painted, type Io } from './io.ts';
import { Progress } from './progress.ts';
import { totalsText } from './totals.ts';

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

/** Throws BadInput. */
export function checkProperty(id: string): void {
  if (!propertyIds().includes(id)) throw new BadInput(`--property ${id}: no such property; "pegasus-check properties" lists them`);
}

export async function runHunt(options: HuntOptions, io: Io): Promise<number> {
  if (options.property !== undefined) checkProperty(options.property);
  checkOut(options.out);
  const defects = await loadDefects(options.defect);
  const seed = options.seed ?? freshSeed();
  const profile = profileOf(options);
  if (!options.json) for (const line of headLines(profile, seed, defects, options)) io.out(line);
  const corpusFailure = options.property === undefined && options.plog === undefined && defects.length === 0 ? replayCorpus() : undefined;
  if (corpusFailure !== undefined) return corpusFails(corpusFailure, seed, options, io);
  const progress = new Progress(io, options.json);
  const coverage = new Coverage(options.subsystem);
  const result = search({
    seed,
    runs: options.runs ?? 1_000_000_000,
    forMs: options.runs === undefined ? (options.seconds ?? 60) * 1000 : options.seconds === undefined ? Infinity : options.seconds * 1000,
    profile,
    defects,
    ...(options.property === undefined ? {} : { property: options.property }),
    maxShrinkMs: 60_000,
    onProgress: progress.show,
    stopped: () => io.stopped?.() === true,
    watch: [coverage.watch],
  });
  progress.end();
  return conclude(result, coverage, seed, options, io);
}

/** Seed, configuration, repeat command: the first lines of every hunt. */
function headLines(profile: Profile, seed: number, defects: readonly Defect[], options: HuntOptions): readonly string[] {
  const { preload } = profile;
  const kinds = profile.kinds === undefined ? 'every kind of step' : `steps ${[...profile.kinds].join(' ')}`;
  const booted = preload === undefined ? '' : `; a replica of ${preload.gpid} boots from ${String(preload.files.length)} log files`;
  return [
    `hunt: seed ${String(seed)}${defects.length === 0 ? '' : `, with ${defects.map((d) => d.id).join(', ')} put back`}`,
    `configuration: ${String(profile.steps.min)} to ${String(profile.steps.max)} steps a plan, ${kinds}${booted}`,
    `repeat: ${huntCommand(seed, options.runs, options)}`,
  ];
}

function corpusFails(failure: NonNullable<ReturnType<typeof replayCorpus>>, seed: number, options: HuntOptions, io: Io): number {
  const { path, result } = failure;
  const repeat = replayCommand(path, []);
  const { verdict, digest } = result;
  if (options.json) {
    const finding = { cause: causeOf(verdict), verdict, digest, file: path, repeat };
    io.out(JSON.stringify({ seed, runs: 1, dispatches: result.dispatches, virtualSeconds: result.virtualMs / 1000, digest, corpus: true, finding }));
  } else io.out([`corpus plan ${path} fails: ${verdictSentence(verdict)}`, ...resultLines(result), `repeat: ${repeat}`].join('\n'));
  return EXIT.finding;
}

function conclude(result: SearchResult, coverage: Coverage, seed: number, options: HuntOptions, io: Io): number {
  const { finding, totals } = result;
  const interrupted = io.stopped?.() === true;
  const file = finding === undefined ? undefined : keepFinding(finding, options.out, io);
  // Only a whole campaign must have reached everything.
  const whole = finding === undefined && totals.runs >= CAMPAIGN_RUNS && isCampaign(options.subsystem) && options.defect.length === 0;
  const complaints = whole ? coverage.complaints(totals.effects) : [];
  const repeat = file === undefined ? '' : replayCommand(file, options.defect);
  if (options.json) {
    io.out(JSON.stringify({ ...summary(result, seed, file, repeat), interrupted, notReached: coverage.notReached().map((s) => s.id), complaints }));
  } else {
    if (finding !== undefined) io.out(`\n${findingText(finding, repeat, (line) => painted(io, 'bold', line))}\n`);
    const found = finding === undefined ? 'nothing found' : `found ${causeOf(finding.result.verdict)}, plan in ${file ?? '(not written)'}`;
    io.out(`${interrupted ? 'interrupted: ' : ''}${found}: ${totalsText(totals, result.seconds)}`);
    io.out(`situations reached: ${String(coverage.total - coverage.notReached().length)} of ${String(coverage.total)}`);
    for (const line of complaints) io.out(`  ${line}`);
    io.out(`repeat the search: ${huntCommand(seed, Math.max(1, totals.runs), options)}`);
  }
  return finding === undefined && complaints.length === 0 ? EXIT.nothingFound : EXIT.finding;
}

/** Writes the finding; when it cannot be written, it is still printed, and the reason is told. */
export function keepFinding(finding: Finding, out: string, io: Io): string | undefined {
  try {
    return writeFinding(finding, out);
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    io.err(`pegasus-check: ${error.message}`);
    return undefined;
  }
}

/** Writes the shrunk plan under a name that says what it is; an existing file is never replaced. Throws BadInput. */
export function writeFinding(finding: Finding, out: string): string {
  const base = causeOf(finding.result.verdict).replaceAll(/[^A-Za-z0-9.]+/g, '-');
  return writeNew(out, `${base}-${finding.result.digest}`, printPlan(finding.plan));
}

/** A word that a shell reads back as it is. */
function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

export function replayCommand(file: string, defects: readonly string[]): string {
  return ['npx pegasus-check replay', shellWord(file), ...defects.map((d) => `--defect ${shellWord(d)}`)].join(' ');
}

export function huntCommand(seed: number, runs: number | undefined, options: Omit<HuntOptions, 'runs' | 'seed'>): string {
  const words = ['npx pegasus-check hunt', `--seed ${String(seed)}`];
  if (runs !== undefined) words.push(`--runs ${String(runs)}`);
  else if (options.seconds !== undefined) words.push(`--seconds ${String(options.seconds)}`);
  if (options.property !== undefined) words.push(`--property ${shellWord(options.property)}`);
  if (options.subsystem !== undefined) words.push(`--subsystem ${shellWord(options.subsystem)}`);
  if (options.plog !== undefined) words.push(`--plog ${shellWord(options.plog)}`);
  for (const defect of options.defect) words.push(`--defect ${shellWord(defect)}`);
  return words.join(' ');
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
