/**
 * Searches on all cores. Piscina hands the jobs to its threads; each thread keeps one process, in which its jobs run (keeper.ts). A
 * process that dies - it ran out of memory, something killed it, it stands still - costs its job, never the others: the job is told
 * as lost and run again once; when that process dies too, the promise is refused with LostJob.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { BadInput } from '../plan/parse.ts';
import type { Jobs, JobKind, SearchJob, SearchOutcome } from './job.ts';
import type { Ended, Kept } from './keeper.ts';

const KEEPER = fileURLToPath(new URL('./keeper.ts', import.meta.url));
const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** Heap of one process, MiB: a run needs a small part of it, and a runaway is to end before the machine swaps. */
const HEAP_MIB = 2048;

/** Real time without a word after which a process stands still, milliseconds: the longest run takes some ten seconds. */
const STANDSTILL_MS = 180_000;

/** A job whose process died, twice. */
export class LostJob extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'LostJob';
  }
}

export interface PoolOptions {
  /** How many jobs run at a time; as many as there are cores when it is not told. */
  readonly threads?: number;
  readonly heapMib?: number;
  readonly standstillMs?: number;
  /** The module of the processes: another one in tests. */
  readonly worker?: string;
}

/** How one job is followed and ended. */
export interface Follow<Outcome> {
  /** Now and then: what the outcome would be if the job ended now. */
  readonly onSoFar?: (outcome: Outcome) => void;
  /** Ends the job; what it last told is its outcome. */
  readonly signal?: AbortSignal;
  /** Its process died, and it is run again. `reason` goes on after "the worker is gone: ". */
  readonly onLost?: (reason: string) => void;
}

export class SearchPool {
  readonly threads: number;
  private readonly keepers: Piscina<Kept, Ended>;
  private readonly options: PoolOptions;
  /** Ends every job (close). */
  private readonly closing = new AbortController();
  private readonly open = new Set<Promise<Ended>>();

  constructor(options: PoolOptions = {}) {
    this.options = options;
    this.threads = options.threads ?? availableParallelism();
    this.keepers = new Piscina<Kept, Ended>({ filename: KEEPER, minThreads: 0, maxThreads: this.threads, idleTimeout: Infinity, atomics: 'disabled' });
  }

  /** Searches from one seed until something is found, and shrinks it. Throws BadInput, LostJob. */
  async run(job: SearchJob, follow: Follow<SearchOutcome> = {}): Promise<SearchOutcome> {
    const outcome = await this.do('search', job, follow);
    if (outcome === undefined) throw new LostJob('it was ended before it had made a run');
    return outcome;
  }

  /** Throws BadInput for a job that cannot be run, LostJob for one that two processes died of. Undefined: ended before it told anything. */
  async do<K extends JobKind>(kind: K, job: Jobs[K]['job'], follow: Follow<Jobs[K]['outcome']> = {}): Promise<Jobs[K]['outcome'] | undefined> {
    let ended = await this.once(kind, job, follow);
    if (ended.kind === 'lost') {
      follow.onLost?.(ended.reason);
      ended = await this.once(kind, job, follow);
    }
    if (ended.kind === 'lost') throw new LostJob(ended.reason);
    if (ended.kind === 'bad input') throw new BadInput(ended.message);
    return ended.outcome;
  }

  /** Ends all jobs, the threads and their processes. */
  async close(): Promise<void> {
    this.closing.abort();
    await Promise.allSettled(this.open);
    await this.keepers.destroy();
  }

  /** One attempt. */
  private async once<K extends JobKind>(kind: K, job: Jobs[K]['job'], { onSoFar, signal }: Follow<Jobs[K]['outcome']>): Promise<Ended> {
    if (signal?.aborted === true || this.closing.signal.aborted) return { kind: 'ended', outcome: undefined };
    const { port1, port2 } = new MessageChannel();
    const { heapMib = HEAP_MIB, standstillMs = STANDSTILL_MS, worker = WORKER } = this.options;
    const end = (): void => {
      port1.postMessage('end');
    };
    port1.on('message', (outcome: Jobs[K]['outcome']) => onSoFar?.(outcome));
    signal?.addEventListener('abort', end);
    this.closing.signal.addEventListener('abort', end);
    const ended = this.keepers.run({ asked: { kind, job }, port: port2, worker, heapMib, standstillMs }, { transferList: [port2] });
    this.open.add(ended);
    try {
      return await ended;
    } catch (error) {
      // A keeper that is gone itself.
      if (error instanceof Error && /worker exited with code/.test(error.message)) return { kind: 'lost', reason: error.message };
      throw error;
    } finally {
      this.open.delete(ended);
      this.closing.signal.removeEventListener('abort', end);
      signal?.removeEventListener('abort', end);
      port1.close();
    }
  }
}
