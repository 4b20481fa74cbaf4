/**
 * What a campaign has found, one entry for each cause. Every failing run of a cause that is already known would be the same finding
 * again, so only a few of them are shrunk, and the smallest plan is kept.
 */
import type { Plan } from '../plan/types.ts';
import type { Failing, PlainFinding } from './job.ts';

/** How many failing runs of one cause are shrunk: another one may end in a smaller plan, and more than these seldom do. */
const SHRINKS_PER_CAUSE = 3;

export interface Found {
  /** The smallest, shrunk as far as it got. */
  readonly finding: PlainFinding;
  /** In how many batches and corpus plans the cause was met. */
  readonly times: number;
}

interface Entry {
  times: number;
  shrinks: number;
  finding: PlainFinding;
}

/** Steps first, then deviations, then how long it is to read. */
export function isSmaller(one: Plan, other: Plan): boolean {
  for (const size of [steps, deviations, length]) if (size(one) !== size(other)) return size(one) < size(other);
  return false;
}

const steps = (plan: Plan): number => plan.steps.length;
const deviations = ({ chance }: Plan): number => (chance.kind === 'frozen' ? chance.deviations.length : Infinity);
const length = (plan: Plan): number => JSON.stringify(plan).length;

export class Causes {
  private readonly entries = new Map<string, Entry>();
  private readonly defects: readonly string[];
  private readonly onBetter: (finding: PlainFinding) => void;

  /** `defects`: ids of what is put back. `onBetter`: a cause is new, or has a smaller plan now. */
  constructor(defects: readonly string[], onBetter: (finding: PlainFinding) => void) {
    this.defects = defects;
    this.onBetter = onBetter;
  }

  /** Takes in a failing run; answers whether it is to be shrunk. */
  meet(failing: Failing): boolean {
    const entry = this.entries.get(failing.cause);
    if (entry === undefined) {
      const finding = unshrunk(failing, this.defects);
      this.entries.set(failing.cause, { times: 1, shrinks: 1, finding });
      this.onBetter(finding);
      return true;
    }
    entry.times += 1;
    if (entry.shrinks >= SHRINKS_PER_CAUSE) return false;
    entry.shrinks += 1;
    return true;
  }

  /** Takes in what shrinking made of a failing run. */
  shrunk(finding: PlainFinding): void {
    const entry = this.entries.get(finding.cause);
    const isNews = entry === undefined || entry.finding.shrinkRuns === 0 || isSmaller(finding.plan, entry.finding.plan);
    if (entry === undefined) this.entries.set(finding.cause, { times: 1, shrinks: 1, finding });
    else if (isNews) entry.finding = finding;
    if (isNews) this.onBetter(finding);
  }

  /** In the order in which they were met. */
  found(): readonly Found[] {
    return [...this.entries.values()].map(({ finding, times }) => ({ finding, times }));
  }

  get size(): number {
    return this.entries.size;
  }
}

function unshrunk(failing: Failing, defects: readonly string[]): PlainFinding {
  return { ...failing, original: failing.plan, shrinkRuns: 0, minimal: false, defects };
}
