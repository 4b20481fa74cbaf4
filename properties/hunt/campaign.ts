/**
 * A campaign: corpus plans first, then the batches of one seed (batches.ts), on all workers, until the runs or the time are spent,
 * the first finding is made (if that is wanted), or somebody asks for the end. It goes on after a finding; failing runs are shrunk
 * beside the search, a few of each cause.
 *
 * What batches did is taken in in their order, not as it comes in. So with a number of runs the outcome - totals, coverage, digest,
 * which runs are shrunk, which is the first - is the same however many workers there are. Real time makes exceptions: `forMs`, the
 * limit on shrinking, and being asked to end.
 */
import { BATCH_RUNS, batchOf, type Batch, type Shard } from './batches.ts';
import { Causes, type Found } from './causes.ts';
import { Coverage } from './coverage.ts';
import { addTotals, emptyPlainTotals, type BatchOutcome, type Failing, type Jobs, type JobKind, type PlainFinding, type PlainTotals, type SearchSubject } from './job.ts';
import { LostJob, type SearchPool } from './pool.ts';
import type { Plan } from '../plan/types.ts';

export interface CampaignOptions extends SearchSubject {
  readonly seed: number;
  /** Of the whole campaign, all shards together; Infinity: only time counts. */
  readonly runs: number;
  /** Real time after which no run is begun, milliseconds; Infinity: only `runs` counts. */
  readonly forMs: number;
  readonly shard: Shard;
  readonly stopAtFirst: boolean;
  /** Real time that shrinking one failing run may take, milliseconds. */
  readonly maxShrinkMs: number;
  /** Plans to be run first. */
  readonly corpus: readonly { readonly file: string; readonly plan: Plan }[];
  /** Unix time at which it began, seconds, when its runs are observed. */
  readonly observeSince?: number;
  /** Ends it in good order: what was found is told as far as it was shrunk. */
  readonly signal: AbortSignal;
}

/** What is told while it goes on. */
export interface CampaignFollow {
  readonly onProgress?: (progress: CampaignProgress) => void;
  /** A cause is new, or has a smaller plan now. */
  readonly onFinding?: (finding: PlainFinding) => void;
  /** A job was lost, for good or not; one line. */
  readonly onLost?: (line: string) => void;
  /** Every batch, in order, once. */
  readonly onBatch?: (batch: Batch, outcome: BatchOutcome) => void;
}

export interface CampaignProgress {
  readonly runs: number;
  readonly dispatches: number;
  readonly virtualMs: number;
  readonly excusable: number;
  /** Situations of the registry. */
  readonly reached: number;
  readonly situations: number;
  /** Causes. */
  readonly findings: number;
  readonly seconds: number;
}

export interface CampaignResult {
  readonly totals: PlainTotals;
  readonly coverage: Coverage;
  readonly found: readonly Found[];
  /** Corpus plans that were run; they are not in the totals. */
  readonly replayed: number;
  /** What two workers died of, one line each. */
  readonly lost: readonly string[];
  /** Number of runs of the whole campaign after which everything is repeated that was done here. */
  readonly repeatRuns: number;
  readonly interrupted: boolean;
  readonly seconds: number;
}

/** Real time, after the campaign's own has passed, in which what was found is shrunk, milliseconds. */
const SHRINK_GRACE_MS = 90_000;
/** Corpus plans that one job runs. */
const REPLAYS_PER_JOB = 25;

interface Settled {
  readonly batch: Batch;
  readonly outcome: BatchOutcome | undefined;
}

/** Who does the jobs. */
export type Workers = Pick<SearchPool, 'threads' | 'do'>;

export function runCampaign(pool: Workers, options: CampaignOptions, follow: CampaignFollow = {}): Promise<CampaignResult> {
  return new Campaign(pool, options, follow).run();
}

class Campaign {
  private readonly pool: Workers;
  private readonly options: CampaignOptions;
  private readonly follow: CampaignFollow;
  private readonly began = performance.now();
  private readonly searching = new AbortController();
  private readonly causes: Causes;
  private readonly coverage: Coverage;
  private readonly lost: string[] = [];
  private totals = emptyPlainTotals();
  private replayed = 0;
  private repeatRuns = 0;
  /** Batches that were begun, and of those the ones that were taken in. */
  private begun = 0;
  private takenIn = 0;
  private readonly settled = new Map<number, Settled>();
  /** What batches under way have told. */
  private readonly soFar = new Map<number, BatchOutcome>();
  private readonly toShrink: Failing[] = [];
  private readonly open = new Set<Promise<void>>();
  private firstFound = false;

  constructor(pool: Workers, options: CampaignOptions, follow: CampaignFollow) {
    this.pool = pool;
    this.options = options;
    this.follow = follow;
    this.coverage = new Coverage(options.subsystem);
    this.causes = new Causes(options.defects, (finding) => follow.onFinding?.(finding));
  }

  async run(): Promise<CampaignResult> {
    const onAbort = (): void => {
      this.searching.abort();
    };
    if (this.ended()) onAbort();
    this.options.signal.addEventListener('abort', onAbort);
    try {
      await this.replay();
      await this.work();
    } finally {
      this.options.signal.removeEventListener('abort', onAbort);
    }
    const { totals, coverage, replayed, lost, repeatRuns } = this;
    return { totals, coverage, found: this.causes.found(), replayed, lost, repeatRuns, interrupted: this.ended(), seconds: this.ms() / 1000 };
  }

  /** All corpus plans; what fails is taken in in their order. */
  private async replay(): Promise<void> {
    const { corpus } = this.options;
    const chunks = Array.from({ length: Math.ceil(corpus.length / REPLAYS_PER_JOB) }, (_, i) => corpus.slice(i * REPLAYS_PER_JOB, (i + 1) * REPLAYS_PER_JOB));
    const outcomes = await Promise.all(
      chunks.map((plans, i) => this.do('replay', { ...this.subject(), plans }, `corpus plans ${String(i * REPLAYS_PER_JOB + 1)} to ${String(i * REPLAYS_PER_JOB + plans.length)}`)),
    );
    for (const outcome of outcomes) {
      this.replayed += outcome?.runs ?? 0;
      for (const failing of outcome?.failing ?? []) this.take(failing);
    }
  }

  /** Keeps every worker busy until nothing is left to begin. */
  private async work(): Promise<void> {
    for (;;) {
      while (this.open.size < this.pool.threads) {
        const job = this.next();
        if (job === undefined) break;
        const settled = job().finally(() => {
          this.open.delete(settled);
        });
        this.open.add(settled);
      }
      if (this.open.size === 0) return;
      await Promise.race(this.open);
    }
  }

  private next(): (() => Promise<void>) | undefined {
    const failing = this.toShrink.shift();
    if (failing !== undefined) return () => this.shrink(failing);
    if (this.searching.signal.aborted || this.ms() >= this.options.forMs) return undefined;
    const { seed, runs, shard } = this.options;
    const batch = batchOf(seed, runs, shard, this.begun);
    if (batch === undefined) return undefined;
    const nth = this.begun;
    this.begun += 1;
    return () => this.search(batch, nth);
  }

  private async search(batch: Batch, nth: number): Promise<void> {
    const { forMs, stopAtFirst, observeSince } = this.options;
    const job = { ...this.subject(), ...(observeSince === undefined ? {} : { observeSince }), seed: batch.seed, runs: batch.runs, forMs: Math.max(0, forMs - this.ms()), stopAtFirst };
    const outcome = await this.do('batch', job, `batch ${String(batch.number)} (seed ${String(batch.seed)}, ${String(batch.runs)} runs)`, (told) => {
      this.soFar.set(nth, told);
      this.progress();
    });
    this.soFar.delete(nth);
    this.settled.set(nth, { batch, outcome });
    this.takeInOrder();
    this.progress();
  }

  /** Takes in what is settled, up to the first batch that is not. */
  private takeInOrder(): void {
    for (let next = this.settled.get(this.takenIn); next !== undefined && !this.firstFound; next = this.settled.get(this.takenIn)) {
      this.settled.delete(this.takenIn);
      this.takenIn += 1;
      const { batch, outcome } = next;
      if (outcome === undefined) continue;
      this.totals = addTotals(this.totals, outcome.totals);
      this.coverage.merge(Coverage.fromJSON(outcome.coverage));
      this.repeatRuns = Math.max(this.repeatRuns, batch.number * BATCH_RUNS + outcome.totals.runs);
      this.follow.onBatch?.(batch, outcome);
      for (const failing of outcome.failing) this.take(failing);
    }
  }

  private take(failing: Failing): void {
    if (this.firstFound) return;
    if (this.causes.meet(failing)) this.toShrink.push(failing);
    if (!this.options.stopAtFirst) return;
    this.firstFound = true;
    this.searching.abort();
  }

  private async shrink(failing: Failing): Promise<void> {
    const { forMs, maxShrinkMs } = this.options;
    const leftMs = Math.min(maxShrinkMs, forMs + SHRINK_GRACE_MS - this.ms());
    // As it was found it is a finding already.
    if (this.ended() || leftMs <= 0) return;
    const where = failing.file ?? `run ${String(failing.foundInRuns)} of seed ${String(failing.seed)}`;
    const finding = await this.do('shrink', { ...this.subject(), failing, maxShrinkMs: leftMs }, `shrinking of ${failing.cause}, found in ${where}`, undefined, this.options.signal);
    if (finding !== undefined) this.causes.shrunk(finding);
  }

  /** A job, told in words; undefined when it came to nothing. */
  private async do<K extends JobKind>(kind: K, job: Jobs[K]['job'], what: string, onSoFar?: (outcome: Jobs[K]['outcome']) => void, signal = this.searching.signal): Promise<Jobs[K]['outcome'] | undefined> {
    let last: Jobs[K]['outcome'] | undefined;
    try {
      return await this.pool.do(kind, job, {
        signal,
        onSoFar: (told) => {
          last = told;
          onSoFar?.(told);
        },
        onLost: (reason) => this.follow.onLost?.(`${what} is lost with its worker: ${reason}; it is run again`),
      });
    } catch (error) {
      if (!(error instanceof LostJob)) throw error;
      const line = `${what} is lost twice with its worker: ${error.message}`;
      this.lost.push(line);
      this.follow.onLost?.(line);
      return last;
    }
  }

  private subject(): SearchSubject {
    const { subsystem, plog, defects, property } = this.options;
    return { defects, ...(subsystem === undefined ? {} : { subsystem }), ...(plog === undefined ? {} : { plog }), ...(property === undefined ? {} : { property }) };
  }

  private progress(): void {
    if (this.follow.onProgress === undefined) return;
    const parts = [this.totals, ...[...this.settled.values()].map(({ outcome }) => outcome?.totals ?? emptyPlainTotals()), ...[...this.soFar.values()].map(({ totals }) => totals)];
    const sum = (of: (totals: PlainTotals) => number): number => parts.reduce((total, one) => total + of(one), 0);
    const unmet = new Set(this.coverage.notReached().map(({ id }) => id));
    for (const { coverage } of this.soFar.values()) for (const id of coverage.reached) unmet.delete(id);
    this.follow.onProgress({
      runs: sum((t) => t.runs),
      dispatches: sum((t) => t.dispatches),
      virtualMs: sum((t) => t.virtualMs),
      excusable: sum((t) => t.excusable),
      reached: this.coverage.total - unmet.size,
      situations: this.coverage.total,
      findings: this.causes.size,
      seconds: this.ms() / 1000,
    });
  }

  /** Somebody asked for the end. */
  private ended(): boolean {
    return this.options.signal.aborted;
  }

  private ms(): number {
    return performance.now() - this.began;
  }
}
