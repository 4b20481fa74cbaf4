/** Workers that do no work: what a batch finds is a function of its seed, and how long it takes is drawn. For tests of campaigns. */
import { setTimeout } from 'node:timers/promises';
import { Coverage } from '../../../properties/hunt/coverage.ts';
import type { Workers } from '../../../properties/hunt/campaign.ts';
import { emptyPlainTotals, type BatchJob, type BatchOutcome, type Failing, type Jobs, type JobKind, type ReplayJob, type ShrinkJob } from '../../../properties/hunt/job.ts';
import { LostJob, type Follow } from '../../../properties/hunt/pool.ts';
import { PLAN_FORMAT, PLAN_VERSION, type Plan } from '../../../properties/plan/types.ts';

/** A frozen plan of so many steps. */
export function planOf(steps: number): Plan {
  const wait = { kind: 'wait', afterMs: 0, forMs: 1 };
  return { format: PLAN_FORMAT, version: PLAN_VERSION, clusters: [{ id: 'source', replicaServers: 1 }], settings: {}, steps: Array.from({ length: steps }, () => wait), chance: { kind: 'frozen', deviations: [] } };
}

export function failingOf(cause: string, seed: number, foundInRuns: number, steps: number): Failing {
  return { cause, verdict: { kind: 'limit', limit: cause, atUs: 0, blame: { kind: 'inconclusive', reason: '' } }, digest: `${cause}-${String(seed)}`, plan: planOf(steps), seed, foundInRuns, dispatches: 1, virtualMs: 1 };
}

export interface Script {
  /** What a batch finds. */
  readonly finds: (job: BatchJob) => readonly Failing[];
  /** Real time of a job, milliseconds. */
  readonly takesMs?: (kind: JobKind) => number;
  readonly dies?: (job: BatchJob) => boolean;
  /** Corpus plans of so many steps fail. */
  readonly corpusFails?: number;
}

export class FakeWorkers implements Workers {
  readonly threads: number;
  readonly asked: { readonly kind: JobKind; readonly job: Jobs[JobKind]['job'] }[] = [];
  atOnce = 0;
  mostAtOnce = 0;
  private readonly script: Script;

  constructor(threads: number, script: Script) {
    this.threads = threads;
    this.script = script;
  }

  async do<K extends JobKind>(kind: K, job: Jobs[K]['job'], follow: Follow<Jobs[K]['outcome']> = {}): Promise<Jobs[K]['outcome'] | undefined> {
    this.asked.push({ kind, job });
    this.atOnce += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.atOnce);
    try {
      const dying = kind === 'batch' && this.script.dies?.(job as BatchJob) === true;
      const outcome: unknown = await this.outcome(kind, job, follow.signal);
      if (dying) {
        follow.onSoFar?.(outcome as Jobs[K]['outcome']);
        throw new LostJob('it fell over');
      }
      return outcome as Jobs[K]['outcome'] | undefined;
    } finally {
      this.atOnce -= 1;
    }
  }

  of(kind: JobKind): readonly Jobs[JobKind]['job'][] {
    return this.asked.filter((one) => one.kind === kind).map((one) => one.job);
  }

  private async outcome(kind: JobKind, job: Jobs[JobKind]['job'], signal: AbortSignal | undefined): Promise<unknown> {
    const isEnded = (): boolean => signal?.aborted === true;
    if (isEnded()) return undefined;
    await setTimeout(this.script.takesMs?.(kind) ?? 0);
    // Ended while it ran: what it has told by then.
    const part = isEnded() ? 0.5 : 1;
    if (kind === 'batch') return this.batch(job as BatchJob, part);
    if (kind === 'shrink') return shrunk(job as ShrinkJob);
    if (kind === 'replay') {
      const { plans } = job as ReplayJob;
      const failing = plans.filter(({ plan }) => plan.steps.length === this.script.corpusFails).map(({ file, plan }) => ({ ...failingOf('S2/corpus', 0, 1, plan.steps.length), file }));
      return { runs: plans.length, failing };
    }
    throw new Error(`no ${kind} here`);
  }

  private batch(job: BatchJob, part: number): BatchOutcome {
    const runs = Math.floor(job.runs * (this.script.dies?.(job) === true ? 0.5 : part));
    const failing = this.script.finds(job).filter(({ foundInRuns }) => foundInRuns <= runs);
    return {
      totals: { ...emptyPlainTotals(), runs, dispatches: runs * 10, effects: { 'link.cut': 1 }, worstRatios: { L1: (job.seed & 7) / 8 }, digest: (job.seed >>> 0).toString(16) },
      coverage: new Coverage().toJSON(),
      failing,
      observations: [],
      seconds: 0,
    };
  }
}

/** The smallest plan of a cause has two steps, and shrinking takes one away. */
function shrunk({ failing, defects }: ShrinkJob): object {
  const steps = Math.max(2, failing.plan.steps.length - 1);
  return { ...failing, plan: planOf(steps), original: failing.plan, shrinkRuns: 5, minimal: steps === 2, defects };
}
