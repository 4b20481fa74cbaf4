/**
 * Everything that is said of a finding, as one plain JSON value (its schema is published: docs/finding.schema.json). Text, Markdown, JSON,
 * JUnit, SARIF, HTML and the regression test are all made from it, so that they say the same.
 */
import type { Explanation, PlanPart } from '../explain/explanation.ts';
import type { Plan } from '../plan/types.ts';
import type { Verdict } from '../run/verdict.ts';

export const FINDING_FORMAT = 'pegasus-check finding';
export const FINDING_VERSION = 1;

/** One line of the plan's text. */
export interface PlanLine {
  readonly part: PlanPart;
  /** Earliest virtual time of a step, milliseconds; undefined for what has no time of its own. */
  readonly atMs: number | undefined;
  readonly text: string;
}

export interface FindingRecord {
  readonly format: typeof FINDING_FORMAT;
  readonly version: typeof FINDING_VERSION;
  /** Property and rule: two findings of one cause are one finding. */
  readonly cause: string;
  /** What broke, in one sentence. */
  readonly headline: string;
  readonly verdict: Verdict;
  /** The property in its own words; undefined: the run hit a limit. */
  readonly property: { readonly id: string; readonly kind: string; readonly sentence: string } | undefined;
  /** Ids of the defects that were put back. */
  readonly defects: readonly string[];
  readonly plan: Plan;
  /** Clusters and settings in one line. */
  readonly configuration: string;
  readonly lines: readonly PlanLine[];
  readonly explanation: Explanation;
  /** Who waited for what when the run ended, as lines. */
  readonly waiting: readonly string[];
  /** The last events of the run. */
  readonly lastEvents: readonly { readonly event: number; readonly atUs: number; readonly text: string }[];
  readonly digest: string;
  readonly dispatches: number;
  readonly virtualMs: number;
  /** How it was found; undefined for a plan that was only replayed. */
  readonly search: { readonly seed: number; readonly foundInRuns: number; readonly shrinkRuns: number; readonly minimal: boolean } | undefined;
  /** The command that shows it again; '' when the plan is in no file. */
  readonly repeat: string;
}
