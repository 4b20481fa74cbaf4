/**
 * What a worker is asked and what it answers, as plain data: jobs cross threads and are written into logs, so they hold no class, no
 * function and no map. A search job is a pure function of its values as long as no real time limits it.
 */
import { COMMON_PROFILE, type Profile } from '../plan/arbitrary.ts';
import { preloadFrom } from '../plan/preload.ts';
import { subsystemKinds } from '../plan/subsystems.ts';
import type { Plan } from '../plan/types.ts';
import { Digest } from '../run/digest.ts';
import type { RunResult } from '../run/runPlan.ts';
import { causeOf, type Verdict } from '../run/verdict.ts';
import type { FindingRecord } from '../report/finding.ts';
import type { Format } from '../report/formats.ts';
import type { CoverageJson } from './coverage.ts';
import type { Observation } from './observations.ts';
import type { Finding, Totals } from './search.ts';

/** What searches have in common, whoever runs them. */
export interface SearchSubject {
  /** Only the commands of this subsystem. */
  readonly subsystem?: string;
  /** A directory of private log files from which a partition boots. */
  readonly plog?: string;
  /** Ids, or paths of modules. */
  readonly defects: readonly string[];
  /** Only failures of this property are findings. */
  readonly property?: string;
}

export interface SearchJob extends SearchSubject {
  readonly seed: number;
  readonly runs: number;
  /** Real time after which no new run is begun, milliseconds; Infinity: only `runs` counts. */
  readonly forMs: number;
  readonly maxShrinkRuns?: number;
  /** Real time that shrinking may take, milliseconds. */
  readonly maxShrinkMs?: number;
}

export interface PlainTotals {
  readonly runs: number;
  readonly dispatches: number;
  readonly virtualMs: number;
  readonly events: number;
  readonly excusable: number;
  readonly skippedSteps: number;
  /** How often each fault took effect. */
  readonly effects: Readonly<Record<string, number>>;
  readonly worstRatios: Readonly<Record<string, number>>;
  /** Over the digests of all runs, in order. */
  readonly digest: string;
}

/** A failing run: where it was found, and its plan. */
export interface Failing {
  /** Property and rule: two failures of one cause are one finding. */
  readonly cause: string;
  readonly verdict: Verdict;
  readonly digest: string;
  /** Frozen. */
  readonly plan: Plan;
  readonly seed: number;
  /** Number of runs until it was found, counting it. */
  readonly foundInRuns: number;
  /** The corpus plan that it is; undefined: it was drawn. */
  readonly file?: string;
  readonly dispatches: number;
  readonly virtualMs: number;
}

/** A failing run that was shrunk: `plan`, `verdict` and `digest` are those of the shrunk plan. */
export interface PlainFinding extends Failing {
  /** The run that failed first, frozen and not shrunk. */
  readonly original: Plan;
  readonly shrinkRuns: number;
  readonly minimal: boolean;
  /** Ids. */
  readonly defects: readonly string[];
}

/** What a search has done; also told now and then while it goes on. */
export interface Explored {
  readonly totals: PlainTotals;
  readonly coverage: CoverageJson;
  readonly seconds: number;
}

export interface SearchOutcome extends Explored {
  readonly finding: PlainFinding | undefined;
}

/** A part of a campaign: it goes on after a failing run, and shrinks nothing. */
export interface BatchJob extends SearchSubject {
  readonly seed: number;
  readonly runs: number;
  /** Real time after which no new run is begun, milliseconds; Infinity: only `runs` counts. */
  readonly forMs: number;
  /** End with the first failing run. */
  readonly stopAtFirst: boolean;
  /** Undefined: runs are not observed. Else the Unix time at which the campaign began, seconds. */
  readonly observeSince?: number;
}

export interface BatchOutcome extends Explored {
  /** The first failing run of each cause. */
  readonly failing: readonly Failing[];
  /** Of each run, in order; told at the end only. */
  readonly observations: readonly Observation[];
}

/** Shrinks a failing run as long as it fails for its cause. */
export interface ShrinkJob extends SearchSubject {
  readonly failing: Failing;
  readonly maxShrinkRuns?: number;
  /** Real time that it may take, milliseconds. */
  readonly maxShrinkMs: number;
}

/** Runs plans of a corpus. */
export interface ReplayJob extends SearchSubject {
  readonly plans: readonly { readonly file: string; readonly plan: Plan }[];
}

export interface ReplayOutcome {
  /** How many were run. */
  readonly runs: number;
  /** Those that failed in a way that the subject counts. */
  readonly failing: readonly Failing[];
}

/** Explains a finding and writes its reports. */
export interface ReportJob extends SearchSubject {
  readonly finding: PlainFinding;
  /** Where reports go. */
  readonly dir: string;
  readonly formats: readonly Format[];
  /** '' when it could not be written. */
  readonly planFile: string;
  readonly repeat: string;
  /** What explaining may cost. */
  readonly explainRuns: number;
  readonly explainMs: number;
}

export interface ReportOutcome {
  readonly record: FindingRecord;
  readonly files: readonly string[];
  /** One line for each report that could not be made or written. */
  readonly problems: readonly string[];
  /** False: so far it is not explained, and no report was begun. */
  readonly whole: boolean;
}

/** Each kind of job, what it answers, and what it tells while it goes on: enough to be used if it goes no further. */
export interface Jobs {
  readonly search: { readonly job: SearchJob; readonly outcome: SearchOutcome };
  readonly batch: { readonly job: BatchJob; readonly outcome: BatchOutcome };
  readonly shrink: { readonly job: ShrinkJob; readonly outcome: PlainFinding };
  readonly report: { readonly job: ReportJob; readonly outcome: ReportOutcome };
  readonly replay: { readonly job: ReplayJob; readonly outcome: ReplayOutcome };
}
export type JobKind = keyof Jobs;

export function emptyPlainTotals(): PlainTotals {
  return { runs: 0, dispatches: 0, virtualMs: 0, events: 0, excusable: 0, skippedSteps: 0, effects: {}, worstRatios: {}, digest: '' };
}

/** Both together; the digest tells their order too. */
export function addTotals(one: PlainTotals, other: PlainTotals): PlainTotals {
  const effects: Record<string, number> = { ...one.effects };
  for (const [name, times] of Object.entries(other.effects)) effects[name] = (effects[name] ?? 0) + times;
  const worstRatios: Record<string, number> = { ...one.worstRatios };
  for (const [name, ratio] of Object.entries(other.worstRatios)) worstRatios[name] = Math.max(worstRatios[name] ?? 0, ratio);
  const digest = new Digest();
  digest.text(one.digest);
  digest.text(other.digest);
  return {
    runs: one.runs + other.runs,
    dispatches: one.dispatches + other.dispatches,
    virtualMs: one.virtualMs + other.virtualMs,
    events: one.events + other.events,
    excusable: one.excusable + other.excusable,
    skippedSteps: one.skippedSteps + other.skippedSteps,
    effects,
    worstRatios,
    digest: one.digest === '' ? other.digest : digest.hex(),
  };
}

/** Throws BadInput. */
export function profileOf(subject: Pick<SearchSubject, 'plog' | 'subsystem'>): Profile {
  let profile: Profile = COMMON_PROFILE;
  if (subject.subsystem !== undefined) profile = { ...profile, kinds: subsystemKinds(subject.subsystem) };
  if (subject.plog !== undefined) profile = { ...profile, preload: preloadFrom(subject.plog) };
  return profile;
}

export function plainTotals(totals: Totals): PlainTotals {
  const { effects, worstRatios, digest, ...counts } = totals;
  return { ...counts, effects: Object.fromEntries(effects), worstRatios: Object.fromEntries(worstRatios), digest: digest.hex() };
}

/** `plan` must be frozen. */
export function failingOf(plan: Plan, result: RunResult, seed: number, foundInRuns: number): Failing {
  const { verdict, digest, dispatches, virtualMs } = result;
  return { cause: causeOf(verdict), verdict, digest, plan, seed, foundInRuns, dispatches, virtualMs };
}

export function plainFinding(finding: Finding): PlainFinding {
  const { plan, original, result, seed, foundInRuns, shrinkRuns, minimal, defects } = finding;
  return { ...failingOf(plan, result, seed, foundInRuns), original, shrinkRuns, minimal, defects };
}
