/**
 * A process of the pool (see keeper.ts): it loads the code once and runs one job after the other. Nothing of one job is left for the
 * next, so that it does not matter which process takes which. It tells now and then how far it is, and so loses little when it is
 * ended at any moment.
 */
import { BadInput } from '../plan/parse.ts';
import type { Jobs, JobKind } from './job.ts';
import type { Asked, Told } from './keeper.ts';
import { WORK } from './work.ts';

/** The process that asked: told, since it may be gone before this one has begun. */
const KEEPER = Number(process.argv[2]);

function say(told: Told): void {
  process.send?.(told);
}

function tell(outcome: Jobs[JobKind]['outcome']): void {
  // Nobody is left to hear it: the campaign's process is gone, and messages of that are heard only between jobs.
  if (process.ppid !== KEEPER) process.exit(1);
  say({ kind: 'so far', outcome });
}

async function run<K extends JobKind>(kind: K, job: Jobs[K]['job']): Promise<Told> {
  try {
    return { kind: 'done', outcome: await WORK[kind](job, tell) };
  } catch (error) {
    if (error instanceof BadInput) return { kind: 'bad input', message: error.message };
    return { kind: 'failed', message: `it threw ${thrown(error)}` };
  }
}

/** One line: what, and where. */
function thrown(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place = /[\w.-]+\.[cm]?[jt]s:\d+/.exec(error.stack?.slice(error.message.length) ?? '')?.[0];
  return `${error.name}: ${error.message.split('\n')[0] ?? ''}${place === undefined ? '' : ` (${place})`}`;
}

// Ctrl-C reaches every process of the terminal's group; what it means here is for the campaign to say.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => {
  process.exit(1);
});
process.on('message', ({ kind, job }: Asked) => {
  void run(kind, job).then(say);
});
