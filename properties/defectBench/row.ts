/** What the bench says of one defect: a line of its JSON, and of the tables that are made from it. */
import type { Defect } from '../defects/types.ts';
import type { PlainFinding } from '../hunt/job.ts';

/** The id that stands for no defect at all: the same search of the right implementation. */
export const CLEAN = 'clean';

/** What one seed's search ended with. */
export interface Outcome {
  readonly seed: number;
  /** Runs of the search, without those of shrinking. */
  readonly runs: number;
  /** Real time until it was found or given up, without shrinking, seconds. */
  readonly seconds: number;
  /** Shrunk. */
  readonly finding: Pick<PlainFinding, 'cause' | 'verdict' | 'plan' | 'foundInRuns'> | undefined;
}

export interface DefectRow {
  /** A defect module's, or `clean` for the search with none. */
  readonly id: string;
  /** Upstream's issue or the fact sheets' suspect; '' for a mistake of our own choice. */
  readonly issue: string;
  /** Whether a search from scratch found it, with at least one seed. */
  readonly found: boolean;
  /** How many seeds were tried; 0 when only its plan was replayed. */
  readonly seeds: number;
  /** How many of them found it. */
  readonly foundSeeds: number;
  /** Runs until it was found, the finding one counted: median over the seeds that found it; null when none did. */
  readonly runsMedian: number | null;
  /** Real time of the search until it was found, seconds, without shrinking. */
  readonly secondsMedian: number | null;
  readonly secondsWorst: number | null;
  /** Steps and deviations of the shrunk plan: of the seed whose plan is the shortest. */
  readonly shrunkSteps: number | null;
  readonly shrunkDeviations: number | null;
  /** Properties of which one should catch it. */
  readonly expected: readonly string[];
  /** Properties that did, in order of their names; when no seed found it, the one that its corpus plan breaks. */
  readonly caughtBy: readonly string[];
}

/** The lower of the two in the middle when there is an even number: a value that was measured. */
function median(values: readonly number[]): number | null {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? null;
}

function rounded(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds * 100) / 100;
}

function propertyOf({ verdict }: NonNullable<Outcome['finding']>): string {
  return verdict.kind === 'violation' || verdict.kind === 'stuck' ? verdict.property : verdict.kind;
}

function sizeOf({ plan }: NonNullable<Outcome['finding']>): { readonly steps: number; readonly deviations: number } {
  return { steps: plan.steps.length, deviations: plan.chance.kind === 'frozen' ? plan.chance.deviations.length : 0 };
}

/**
 * @param outcomes of this defect, one per seed
 * @param byPlan the property that its corpus plan breaks; undefined when it was not asked, or breaks none
 */
export function rowOf(defect: Pick<Defect, 'id' | 'issue' | 'expected'>, outcomes: readonly Outcome[], byPlan: string | undefined): DefectRow {
  const found = outcomes.flatMap(({ finding, seconds }) => (finding === undefined ? [] : [{ finding, seconds }]));
  const seconds = found.map((one) => one.seconds);
  const shortest = found.map(({ finding }) => sizeOf(finding)).toSorted((a, b) => a.steps - b.steps || a.deviations - b.deviations)[0];
  const properties = found.length === 0 && byPlan !== undefined ? [byPlan] : found.map(({ finding }) => propertyOf(finding));
  return {
    id: defect.id,
    issue: defect.issue,
    found: found.length > 0,
    seeds: outcomes.length,
    foundSeeds: found.length,
    runsMedian: median(found.map(({ finding }) => finding.foundInRuns)),
    secondsMedian: rounded(median(seconds)),
    secondsWorst: rounded(seconds.length === 0 ? null : Math.max(...seconds)),
    shrunkSteps: shortest?.steps ?? null,
    shrunkDeviations: shortest?.deviations ?? null,
    expected: defect.expected,
    caughtBy: [...new Set(properties)].sort(),
  };
}

/** What the search without a defect is told as. */
export const CLEAN_ROW = { id: CLEAN, issue: '', expected: [] } as const;
