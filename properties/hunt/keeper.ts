/**
 * A thread of the pool (see pool.ts): it keeps one process, hands it one job at a time, and passes on what it tells. A job runs in a
 * process of its own because a thread that runs out of memory takes the whole process with it, campaign and all. When the process
 * dies or stands still, the keeper says why, and makes a new one for the next job.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { MessagePort } from 'node:worker_threads';
import type { Jobs, JobKind } from './job.ts';

/** A job on its way to a process. */
export interface Asked {
  readonly kind: JobKind;
  readonly job: Jobs[JobKind]['job'];
}

/** What a process says: the outcome so far, now and then, and one of the others at the end. */
export type Told =
  | { readonly kind: 'so far'; readonly outcome: Jobs[JobKind]['outcome'] }
  | { readonly kind: 'done'; readonly outcome: Jobs[JobKind]['outcome'] }
  | { readonly kind: 'bad input'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

/** How a job ended, with the last that was told of it. */
export type Ended =
  | { readonly kind: 'done'; readonly outcome: Jobs[JobKind]['outcome'] }
  /** It was asked to end. */
  | { readonly kind: 'ended'; readonly outcome: Jobs[JobKind]['outcome'] | undefined }
  | { readonly kind: 'bad input'; readonly message: string }
  | { readonly kind: 'lost'; readonly reason: string };

export interface Kept {
  readonly asked: Asked;
  /** What is told goes out here; any message that comes in ends the job. */
  readonly port: MessagePort;
  /** The module of the process. */
  readonly worker: string;
  readonly heapMib: number;
  /** Real time without a word after which the process is ended, milliseconds. */
  readonly standstillMs: number;
}

/**
 * A worker uses one core and no more, so that twice as many make twice as much: left alone, the engine collects garbage and compiles
 * in threads of its own, which fight over the cores that other workers have. Young objects get more room, since runs make many.
 */
const ENGINE: readonly string[] = ['--single-threaded-gc', '--no-concurrent-recompilation', '--max-semi-space-size=64'];

let child: ChildProcess | undefined;
/** The end of what the process wrote to its standard error: an engine that dies says there why. */
let lastWords = '';
const LAST_WORDS = 4096;

function living(worker: string, heapMib: number): ChildProcess {
  if (child !== undefined) return child;
  lastWords = '';
  const made = fork(worker, [String(process.pid)], { execArgv: [...ENGINE, `--max-old-space-size=${String(heapMib)}`], stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced' });
  made.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS);
  });
  made.on('exit', () => {
    if (child === made) child = undefined;
  });
  child = made;
  return made;
}

/** Ends the process, and waits until it is gone. */
async function end(): Promise<void> {
  const ending = child;
  child = undefined;
  if (ending?.pid === undefined || ending.exitCode !== null || ending.signalCode !== null) return;
  const gone = once(ending, 'exit');
  ending.kill('SIGKILL');
  await gone;
}

/** The job of this thread, for piscina. */
export default async function keep({ asked, port, worker, heapMib, standstillMs }: Kept): Promise<Ended> {
  const worked = living(worker, heapMib);
  let outcome: Jobs[JobKind]['outcome'] | undefined;
  const ended = await new Promise<Ended>((resolve) => {
    const standsStill = (): void => {
      resolve({ kind: 'lost', reason: `it stood still for ${String(standstillMs / 1000)} s` });
    };
    let watchdog = setTimeout(standsStill, standstillMs);
    const hear = (told: Told): void => {
      clearTimeout(watchdog);
      watchdog = setTimeout(standsStill, standstillMs);
      if (told.kind === 'failed') resolve({ kind: 'lost', reason: told.message });
      else if (told.kind !== 'so far') resolve(told);
      else {
        outcome = told.outcome;
        port.postMessage(outcome);
      }
    };
    const die = (code: number | null, signal: NodeJS.Signals | null): void => {
      resolve({ kind: 'lost', reason: deathOf(code, signal) });
    };
    const fail = (error: Error): void => {
      resolve({ kind: 'lost', reason: error.message });
    };
    worked.on('message', hear).on('close', die).on('error', fail);
    port.on('message', () => {
      resolve({ kind: 'ended', outcome });
    });
    worked.send(asked, (error) => {
      if (error !== null) fail(error);
    });
    forget = (): void => {
      clearTimeout(watchdog);
      worked.off('message', hear).off('close', die).off('error', fail);
    };
  });
  forget();
  port.close();
  if (ended.kind !== 'done' && ended.kind !== 'bad input') await end();
  return ended;
}

/** Takes the listeners of the last job away. */
let forget = (): void => undefined;

function deathOf(code: number | null, signal: NodeJS.Signals | null): string {
  if (/out of memory/.test(lastWords)) return 'it ran out of memory';
  const told = /^\s*(?:\w*Error|FATAL ERROR)\b.*$/m.exec(lastWords)?.[0].trim();
  return `it ended with ${signal ?? `code ${String(code)}`}${told === undefined ? '' : ` (${told})`}`;
}
