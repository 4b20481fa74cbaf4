/**
 * The search: fast-check draws plans, each is run, the first that finds something is frozen and shrunk. One search is a pure
 * function of its seed and profile up to the moment at which time or Ctrl-C ends it.
 */
import fc from 'fast-check';
import type { ModelEvent } from '../../model/events.ts';
import type { ModelState } from '../../model/state.ts';
import { failsAlike } from '../minimize/alike.ts';
import { minimizePlan } from '../minimize/plan.ts';
import { COMMON_PROFILE, PlanArbitrary, type Profile } from '../plan/arbitrary.ts';
import type { Plan } from '../plan/types.ts';
import type { Defect } from '../defects/types.ts';
import { partsWith } from '../defects/types.ts';
import { Digest } from '../run/digest.ts';
import { freeze, runPlan, type RunResult } from '../run/runPlan.ts';
import { isFinding, type Verdict } from '../run/verdict.ts';

export interface SearchOptions {
  readonly seed: number;
  readonly runs: number;
  /** Real time after which no new run is begun, milliseconds; Infinity: only `runs` counts. */
  readonly forMs: number;
  readonly profile?: Profile;
  readonly defects?: readonly Defect[];
  /** Only failures of this property are findings. */
  readonly property?: string;
  readonly maxShrinkRuns?: number;
  /** Real time that shrinking may take, milliseconds. */
  readonly maxShrinkMs?: number;
  readonly onProgress?: (totals: Totals) => void;
  /** Told of each run, and how long it took. */
  readonly onRun?: (plan: Plan, result: RunResult, seconds: number) => void;
  /** Told of each failing run, its plan frozen; true ends the search, false goes on. Nothing is shrunk then. */
  readonly onFailing?: (plan: Plan, result: RunResult, foundInRuns: number) => boolean;
  /** Told of each smaller plan that shrinking finds, with its run. */
  readonly onShrunk?: (plan: Plan, result: RunResult, shrinkRuns: number) => void;
  /** Asked before each run: true ends the search, and shrinking (Ctrl-C). */
  readonly stopped?: () => boolean;
  readonly watch?: readonly ((event: ModelEvent, state: ModelState) => void)[];
}

/** What a search has done so far. */
export interface Totals {
  runs: number;
  dispatches: number;
  virtualMs: number;
  events: number;
  excusable: number;
  skippedSteps: number;
  readonly effects: Map<string, number>;
  readonly digest: Digest;
  readonly worstRatios: Map<string, number>;
}

export interface Finding {
  /** The shrunk plan, frozen. */
  readonly plan: Plan;
  readonly result: RunResult;
  /** The run that failed first, frozen and not shrunk. */
  readonly original: Plan;
  readonly seed: number;
  /** Number of runs until it was found, counting it. */
  readonly foundInRuns: number;
  readonly shrinkRuns: number;
  readonly minimal: boolean;
  readonly defects: readonly string[];
}

export interface SearchResult {
  readonly totals: Totals;
  readonly finding: Finding | undefined;
  readonly seconds: number;
}

export function emptyTotals(): Totals {
  return { runs: 0, dispatches: 0, virtualMs: 0, events: 0, excusable: 0, skippedSteps: 0, effects: new Map(), digest: new Digest(), worstRatios: new Map() };
}

export function search(options: SearchOptions): SearchResult {
  const began = performance.now();
  const totals = emptyTotals();
  const parts = partsWith(options.defects ?? []);
  let failed: { readonly plan: Plan; readonly result: RunResult } | undefined;
  const predicate = (plan: Plan): boolean => {
    // Answering only "fine" would let fast-check draw every plan that is left.
    if (options.stopped?.() === true || performance.now() - began > options.forMs) throw new fc.PreconditionFailure(true);
    const before = performance.now();
    const result = runPlan(plan, { parts, watch: options.watch ?? [] });
    count(totals, result);
    options.onRun?.(plan, result, (performance.now() - before) / 1000);
    options.onProgress?.(totals);
    if (!counts(result.verdict, options.property)) return true;
    if (options.onFailing !== undefined) return !options.onFailing(freeze(plan, result.deviations), result, totals.runs);
    failed = { plan, result };
    return false;
  };
  const limits = Number.isFinite(options.forMs) ? { interruptAfterTimeLimit: options.forMs } : {};
  fc.check(fc.property(new PlanArbitrary(options.profile ?? COMMON_PROFILE), predicate), { seed: options.seed, numRuns: options.runs, endOnFailure: true, ...limits });
  const finding = failed === undefined ? undefined : shrinkFailure(failed.plan, failed.result, options, totals.runs);
  return { totals, finding, seconds: (performance.now() - began) / 1000 };
}

/** Is it a finding of a search that looks at this property (undefined: at all)? */
export function counts(verdict: Verdict, property: string | undefined): boolean {
  if (!isFinding(verdict)) return false;
  return property === undefined || (verdict.kind !== 'pass' && verdict.kind !== 'limit' && verdict.property === property);
}

function count(totals: Totals, result: RunResult): void {
  totals.runs += 1;
  totals.dispatches += result.dispatches;
  totals.virtualMs += result.virtualMs;
  totals.skippedSteps += result.skippedSteps.length;
  totals.digest.text(result.digest);
  if (result.verdict.kind === 'violation' || result.verdict.kind === 'stuck') {
    if (result.verdict.blame.kind === 'excusable') totals.excusable += 1;
  }
  for (const [fault, times] of result.effects) totals.effects.set(fault, (totals.effects.get(fault) ?? 0) + times);
  for (const [name, ratio] of result.ratios) totals.worstRatios.set(name, Math.max(ratio.worst, totals.worstRatios.get(name) ?? 0));
}

/** Freezes a failing run and shrinks it as long as it fails for the same cause: with defects put back, because of them. */
export function shrinkFailure(plan: Plan, result: RunResult, options: SearchOptions, foundInRuns: number): Finding {
  const defects = options.defects ?? [];
  const original = freeze(plan, result.deviations);
  const alike = failsAlike(original, result.verdict, defects);
  const began = performance.now();
  let tries = 0;
  const fails = (candidate: Plan): Plan | undefined => {
    if (options.stopped?.() === true || performance.now() - began > (options.maxShrinkMs ?? Infinity)) return undefined;
    const failed = alike(candidate);
    tries += 1;
    if (failed !== undefined) options.onShrunk?.(failed.plan, failed.result, tries);
    return failed?.plan;
  };
  const shrunk = minimizePlan(original, fails, options.maxShrinkRuns ?? 4000);
  return {
    plan: shrunk.value,
    result: runPlan(shrunk.value, { parts: partsWith(defects), trace: true }),
    original,
    seed: options.seed,
    foundInRuns,
    shrinkRuns: shrunk.runs,
    minimal: shrunk.minimal && options.stopped?.() !== true && performance.now() - began <= (options.maxShrinkMs ?? Infinity),
    defects: defects.map((d) => d.id),
  };
}
