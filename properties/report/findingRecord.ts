/** Makes the one JSON value of which every report is made: from the plan, its run, the explanation, and what the search knows. */
import type { Explanation } from '../explain/explanation.ts';
import { partsOf } from '../explain/parts.ts';
import { planHeader, stepTimesMs } from '../plan/text.ts';
import type { Plan } from '../plan/types.ts';
import { propertyOf } from '../registry/index.ts';
import { eventText } from '../run/eventText.ts';
import { freeze, type RunResult } from '../run/runPlan.ts';
import { causeOf, verdictSentence, type Verdict } from '../run/verdict.ts';
import { FINDING_FORMAT, FINDING_VERSION, type FindingRecord, type PlanLine } from './finding.ts';

/** How many of the last events of a run a finding shows. */
const LAST_EVENTS = 12;

export const NOT_EXPLAINED: Explanation = { marks: [], nearestPass: undefined, waits: [], runs: 0 };

export interface FindingSource {
  readonly plan: Plan;
  /** Of that plan, with its trace where the last events are to be shown. */
  readonly result: RunResult;
  readonly explanation?: Explanation;
  /** Ids of what was put back. */
  readonly defects?: readonly string[];
  readonly search?: FindingRecord['search'];
  /** The command that shows it again. */
  readonly repeat?: string;
}

/** The record of a run; the plan in it is frozen. */
export function findingRecord(source: FindingSource): FindingRecord {
  const { result, explanation = NOT_EXPLAINED, defects = [], search, repeat = '' } = source;
  const { verdict, digest, dispatches, virtualMs, waiting } = result;
  const plan = source.plan.chance.kind === 'frozen' ? source.plan : freeze(source.plan, result.deviations);
  return {
    format: FINDING_FORMAT,
    version: FINDING_VERSION,
    cause: causeOf(verdict),
    headline: verdictSentence(verdict),
    verdict,
    property: propertyWords(verdict),
    defects,
    plan,
    configuration: planHeader(plan),
    lines: linesOf(plan, result.skippedSteps),
    explanation,
    waiting,
    lastEvents: lastEvents(result),
    digest,
    dispatches,
    virtualMs,
    search,
    repeat,
  };
}

/** The property that a verdict is about, in its own words; none of a run that passed or was cut off. */
export function propertyWords(verdict: Verdict): FindingRecord['property'] {
  if (verdict.kind === 'pass' || verdict.kind === 'limit') return undefined;
  const { property: id } = verdict;
  const { kind = 'always', sentence = 'not in the registry' } = propertyOf(id) ?? {};
  return { id, kind, sentence };
}

/** Clusters, settings, steps with the earliest time of each, deviations. */
function linesOf(plan: Plan, skipped: readonly number[]): readonly PlanLine[] {
  const beginsMs = stepTimesMs(plan);
  const lines: PlanLine[] = [];
  for (const { part, text } of partsOf(plan)) {
    if (part.kind === 'step') lines.push({ part, atMs: beginsMs[part.step], text: skipped.includes(part.step) ? `${text} (did nothing: what it refers to was not there)` : text });
    else if (part.kind === 'servers' || part.kind === 'setting' || part.kind === 'deviation') lines.push({ part, atMs: undefined, text });
  }
  return lines;
}

function lastEvents({ trace = [] }: RunResult): FindingRecord['lastEvents'] {
  const first = Math.max(0, trace.length - LAST_EVENTS);
  return trace.slice(first).map((event, i) => ({ event: first + i, atUs: event.atUs, text: eventText(event) }));
}

/** What two reports of one finding share in their file names: `<cause>-<digest>`. */
export function baseNameOf(record: FindingRecord): string {
  return `${record.cause.replaceAll(/[^A-Za-z0-9.]+/g, '-')}-${record.digest}`;
}
