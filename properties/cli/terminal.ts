/**
 * The command line on a terminal. A search is one long synchronous computation, during which no signal could be heard; so the
 * searching commands run in a worker, and this thread prints what it says and tells it of Ctrl-C through shared memory. The
 * worker then ends as if its time had passed: it prints what it found and leaves no half-written file.
 */
import { Worker } from 'node:worker_threads';
import { TERMINAL, type Io } from './io.ts';
import { main } from './main.ts';

/** Commands that search, and that Ctrl-C ends in good order. Every other one simply ends. */
const SEARCHING: ReadonlySet<string> = new Set(['hunt', 'start']);

/** A launcher between us and the terminal may pass on the signal that we also got: only a later one means impatience. */
const IMPATIENT_AFTER_MS = 1000;

export interface WorkerData {
  readonly args: readonly string[];
  readonly interactive: boolean;
  /** Shared; 1 in its only place: end now. */
  readonly stop: Int32Array;
}

export type WorkerMessage =
  | { readonly kind: 'out' | 'err' | 'draw'; readonly text: string }
  | { readonly kind: 'end'; readonly code: number };

/** Runs the command line of this process; answers the exit code. */
export async function runTerminal(args: readonly string[]): Promise<number> {
  // A reader that goes away (a pager, `head`) ends the output, not the program.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return SEARCHING.has(args[0] ?? '') ? runInWorker(args, TERMINAL) : main(args, TERMINAL);
}

function runInWorker(args: readonly string[], io: Io): Promise<number> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const data: WorkerData = { args, interactive: io.interactive, stop };
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: data });
  let firstAt: number | undefined;
  const onSignal = (): void => {
    Atomics.store(stop, 0, 1);
    firstAt ??= performance.now();
    if (performance.now() - firstAt > IMPATIENT_AFTER_MS) process.exit(130);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return new Promise((resolve, reject) => {
    let code: number | undefined;
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'end') code = message.code;
      else if (message.kind === 'draw') io.draw?.(message.text);
      else io[message.kind](message.text);
    });
    worker.on('error', reject);
    worker.on('exit', (status) => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
      resolve(code ?? status);
    });
  });
}

if (import.meta.main) process.exitCode = await runTerminal(process.argv.slice(2));
