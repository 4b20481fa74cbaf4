/**
 * The command line on a terminal. The commands that search do so in processes of their own (properties/hunt/pool.ts), so this one is
 * free to hear Ctrl-C: they then end as if their time had passed, tell what they found, and leave no half-written file.
 */
import { TERMINAL } from './io.ts';
import { main } from './main.ts';

/** Commands that search, and that Ctrl-C ends in good order. Every other one simply ends. */
const SEARCHING: ReadonlySet<string> = new Set(['hunt', 'start']);

/** A launcher between us and the terminal may pass on the signal that we also got: only a later one means impatience. */
const IMPATIENT_AFTER_MS = 1000;

/** Runs the command line of this process; answers the exit code. */
export async function runTerminal(args: readonly string[]): Promise<number> {
  // A reader that goes away (a pager, `head`) ends the output, not the program.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return SEARCHING.has(args[0] ?? '') ? runStoppable(args) : main(args, TERMINAL);
}

async function runStoppable(args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  let firstAt: number | undefined;
  const onSignal = (): void => {
    stop.abort();
    firstAt ??= performance.now();
    if (performance.now() - firstAt > IMPATIENT_AFTER_MS) process.exit(130);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    return await main(args, { ...TERMINAL, stopped: () => stop.signal.aborted, signal: stop.signal });
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

if (import.meta.main) process.exitCode = await runTerminal(process.argv.slice(2));
