/**
 * Which parts of a plan matter: every part is changed in every way there is, one at a time, as far as the budget goes.
 *
 * - A change after which the run passes makes its part *necessary*.
 * - A part whose changes all fail for the same cause is *free*: any value does.
 * - What breaks for another cause is neither: it shows nothing about this failure. A part of which *every* change breaks for
 *   another cause is necessary none the less, since this failure does not come without it; `breaksWith` says so.
 * - No alternative at all is a value with which its step does nothing (its guard), with which its command is refused though it was not
 *   before, or another step's that was done before (that says no more than leaving that step out), or with which the run grows beyond all bounds or fails excusably.
 *
 * A run that goes on where the failing one failed, and is cut off later, may pass: nothing that was run so is called free.
 *
 * The boldest changes come first, then one other value of each part after the other, so that a budget that ends leaves no part behind.
 */
import type { ErrorCode } from '../../model/vocabulary.ts';
import { causeOf } from '../run/verdict.ts';
import type { Plan } from '../plan/types.ts';
import { alternativesTo, type Alternative } from './alternatives.ts';
import type { Mark, PlanPart } from './explanation.ts';
import { partsOf, type NamedPart } from './parts.ts';
import type { Watched } from './watched.ts';

/** A change that was run and does not fail. */
export interface Pass {
  readonly part: PlanPart;
  readonly alternative: Alternative;
  readonly run: Watched;
}

export interface Trials {
  readonly marks: readonly Mark[];
  readonly passes: readonly Pass[];
}

/** What the runs of an explanation may cost. */
export interface Budget {
  /** True: no further run is begun. */
  spent(): boolean;
  run(plan: Plan): Watched;
}

interface Trial {
  readonly named: NamedPart;
  readonly alternatives: readonly Alternative[];
  run: number;
  tried: number;
  same: number;
  /** Cut off, behind the moment of the failure. */
  cut: number;
  passesWith: string;
  breaksWith: string;
}

const BOLDEST_FIRST: readonly PlanPart['kind'][] = ['cluster', 'step', 'deviation', 'setting', 'servers', 'field', 'amount'];

/** Passing runs that are kept for the nearest pass: each holds all its events. */
const MOST_PASSES = 400;

export function tryParts(plan: Plan, failing: Watched, budget: Budget): Trials {
  const trials = partsOf(plan).map((named): Trial => ({ named, alternatives: alternativesTo(plan, named.part), run: 0, tried: 0, same: 0, cut: 0, passesWith: '', breaksWith: '' }));
  const bold = [...trials].sort((a, b) => BOLDEST_FIRST.indexOf(a.named.part.kind) - BOLDEST_FIRST.indexOf(b.named.part.kind));
  const passes: Pass[] = [];
  const rounds = Math.max(0, ...trials.map((t) => t.alternatives.length));
  for (let round = 0; round < rounds; round += 1) {
    for (const trial of bold) {
      const alternative = trial.alternatives[round];
      if (alternative === undefined) continue;
      if (budget.spent()) return { marks: marksOf(trials), passes };
      const run = budget.run(alternative.plan);
      trial.run += 1;
      const outcome = judge(failing, run, trial.named.part, alternative);
      if (outcome === 'cut') trial.cut += 1;
      if (outcome === 'none' || outcome === 'cut') continue;
      trial.tried += 1;
      if (outcome === 'same') trial.same += 1;
      else if (outcome === 'other' && trial.breaksWith === '') trial.breaksWith = `${alternative.words}: ${causeOf(run.result.verdict)}`;
      else if (outcome === 'pass') {
        if (trial.passesWith === '') trial.passesWith = alternative.words;
        if (passes.length < MOST_PASSES) passes.push({ part: trial.named.part, alternative, run });
      }
    }
  }
  return { marks: marksOf(trials), passes };
}

/** Parts for which there is no alternative at all are left out. */
function marksOf(trials: readonly Trial[]): readonly Mark[] {
  return trials
    .filter((t) => t.tried > 0 || t.cut > 0 || t.run < t.alternatives.length)
    .map(({ named, tried, same, cut, passesWith, breaksWith }) => {
      const needed = passesWith !== '' || (same === 0 && cut === 0);
      return { part: named.part, text: named.text, mark: needed && tried > 0 ? 'necessary' : tried === 0 || cut > 0 ? 'untried' : 'free', tried, passesWith, breaksWith };
    });
}

function judge(failing: Watched, run: Watched, part: PlanPart, alternative: Alternative): 'same' | 'pass' | 'other' | 'cut' | 'none' {
  const { verdict, skippedSteps } = run.result;
  const { step } = alternative;
  if (step !== undefined && skippedSteps.includes(step) && !failing.result.skippedSteps.includes(step)) return 'none';
  if (step !== undefined && isRefused(run, step) && !isRefused(failing, step)) return 'none';
  if (isValue(part) && refusesWhatWasDone(failing, run)) return 'none';
  const failed = failing.result.verdict;
  if (verdict.kind === 'pass' || failed.kind === 'pass') return 'pass';
  // What a fault or a setting excuses, or what was cut off, shows nothing; unless that is what is to be explained.
  const isLike = verdict.blame.kind === failed.blame.kind;
  if (verdict.blame.kind !== 'bug' && !isLike) return verdict.kind === 'limit' && failed.kind !== 'limit' && verdict.atUs > failed.atUs ? 'cut' : 'none';
  return isLike && causeOf(verdict) === causeOf(failed) ? 'same' : 'other';
}

/** Errors by which a command is told that it asks for what cannot be, whatever happens around it. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  'ERR_INVALID_PARAMETERS',
  'ERR_INVALID_VERSION',
  'ERR_APP_NOT_EXIST',
  'ERR_APP_EXIST',
  'ERR_OBJECT_NOT_FOUND',
  'ERR_PATH_NOT_FOUND',
]);

/** Was a command of the step refused for what it asks? */
function isRefused(run: Watched, step: number): boolean {
  return answersOf(run).get(step)?.some((error) => REFUSALS.has(error)) === true;
}

/** A part that has another value in an alternative, and is not left out. */
function isValue({ kind }: PlanPart): boolean {
  return kind === 'servers' || kind === 'setting' || kind === 'field' || kind === 'amount';
}

/** Is a step's command refused that was carried out in the failing run? Both have the same steps. */
function refusesWhatWasDone(failing: Watched, run: Watched): boolean {
  const done = answersOf(failing);
  return [...answersOf(run)].some(([step, errors]) => done.get(step)?.[0] === 'ERR_OK' && errors.some((error) => REFUSALS.has(error)));
}

/** What the commands of each step were answered, by step. */
function answersOf({ events, stepOf }: Watched): ReadonlyMap<number, readonly ErrorCode[]> {
  const steps = new Map<number, number>();
  for (const [event, at] of stepOf) if (event.kind === 'command.invoked') steps.set(event.id, at);
  const answers = new Map<number, ErrorCode[]>();
  for (const event of events) {
    const step = event.kind === 'command.answered' ? steps.get(event.id) : undefined;
    if (event.kind === 'command.answered' && step !== undefined) answers.set(step, [...(answers.get(step) ?? []), event.answer.error]);
  }
  return answers;
}
