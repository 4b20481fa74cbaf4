/**
 * What a worker is asked and what it answers, as plain data: jobs cross threads and are written into logs, so they hold no class, no
 * function and no map. A search job is a pure function of its values as long as no real time limits it.
 */
import { COMMON_PROFILE, type Profile } from '../plan/arbitrary.ts';
import { preloadFrom } from '../plan/preload.ts';
import { subsystemKinds } from '../plan/subsystems.ts';
import type { Plan } from '../plan/types.ts';
import { causeOf, type Verdict } from '../run/verdict.ts';
import type { CoverageJson } from './coverage.ts';
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
}

/** A failing run that was shrunk: `plan`, `verdict` and `digest` are those of the shrunk plan. */
export interface PlainFinding extends Failing {
  /** The run that failed first, frozen and not shrunk. */
  readonly original: Plan;
  readonly shrinkRuns: number;
  readonly minimal: boolean;
  /** Ids. */
  readonly defects: readonly string[];
  readonly dispatches: number;
  readonly virtualMs: number;
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
}

export interface BatchOutcome extends Explored {
  /** The first failing run of each cause. */
  readonly failing: readonly Failing[];
}

/** Shrinks a failing run as long as it fails for its cause. */
export interface ShrinkJob extends SearchSubject {
  readonly failing: Failing;
  readonly maxShrinkRuns?: number;
  /** Real time that it may take, milliseconds. */
  readonly maxShrinkMs: number;
}

/** Runs frozen plans. */
export interface ReplayJob extends SearchSubject {
  readonly plans: readonly Plan[];
}

/** How one plan ended. */
export interface Replayed {
  /** The failure, when it is one that the subject counts. */
  readonly failing: Failing | undefined;
  readonly dispatches: number;
  readonly virtualMs: number;
}

/** Each kind of job, what it answers, and what it tells while it goes on: enough to be used if it goes no further. */
export interface Jobs {
  readonly search: { readonly job: SearchJob; readonly outcome: SearchOutcome };
  readonly batch: { readonly job: BatchJob; readonly outcome: BatchOutcome };
  readonly shrink: { readonly job: ShrinkJob; readonly outcome: PlainFinding };
  readonly replay: { readonly job: ReplayJob; readonly outcome: readonly Replayed[] };
}
export type JobKind = keyof Jobs;

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

export function plainFinding(finding: Finding): PlainFinding {
  const { plan, original, result, seed, foundInRuns, shrinkRuns, minimal, defects } = finding;
  const { verdict, digest, dispatches, virtualMs } = result;
  return { cause: causeOf(verdict), verdict, digest, plan, original, seed, foundInRuns, shrinkRuns, minimal, defects, dispatches, virtualMs };
}
