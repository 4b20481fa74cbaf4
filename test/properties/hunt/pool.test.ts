/** The pool: a process that dies, however it dies, costs its job, which is run again once; the others never notice. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SearchJob } from '../../../properties/hunt/job.ts';
import { LostJob, SearchPool, type PoolOptions } from '../../../properties/hunt/pool.ts';
import { BadInput } from '../../../properties/plan/parse.ts';

const ODD = fileURLToPath(new URL('./oddWorker.ts', import.meta.url));

/** A machine that has much else to do still passes. */
const PATIENT = { timeout: 30_000 };

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'pool-'));
});
afterAll(() => {
  rmSync(dir, { recursive: true });
});

let pool: SearchPool | undefined;
function oddPool(options: PoolOptions = {}): SearchPool {
  pool = new SearchPool({ threads: 1, worker: ODD, ...options });
  return pool;
}
afterEach(async () => {
  await pool?.close();
});

function job(property: string): SearchJob {
  return { seed: 1, runs: 1, forMs: Infinity, defects: [], property };
}

/** What the odd worker tells is no outcome of a search. */
function pidIn(told: object | undefined): number {
  return told !== undefined && 'pid' in told && typeof told.pid === 'number' ? told.pid : 0;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('a process that dies', () => {
  const deaths: readonly (readonly [string, RegExp])[] = [
    ['exit', /^it ended with code 3$/],
    ['kill', /^it ended with SIGKILL$/],
    ['memory', /^it ran out of memory$/],
    ['throw', /^it threw RangeError: too far \(x\.ts:1\)$/],
  ];
  it.each(deaths)('(%s) is told twice, and the next job runs', async (word, reason) => {
    const odd = oddPool({ heapMib: 48 });
    const lost: string[] = [];
    await expect(odd.run(job(word), { onLost: (told) => lost.push(told) })).rejects.toThrow(LostJob);
    expect(lost).toHaveLength(1);
    expect(lost[0]).toMatch(reason);
    expect(await odd.run(job(''))).toMatchObject({ jobs: 1 });
  });

  it('and stands still is ended', async () => {
    const odd = oddPool({ standstillMs: 1500 });
    await expect(odd.run(job('still'))).rejects.toThrow(/^it stood still for 1\.5 s$/);
    expect(await odd.run(job(''))).toMatchObject({ jobs: 1 });
  });

  it('costs nothing when the second attempt goes well', async () => {
    const lost: string[] = [];
    const outcome = await oddPool().run(job(`once ${join(dir, 'mark')}`), { onLost: (told) => lost.push(told) });
    expect(outcome).toMatchObject({ jobs: 1 });
    expect(lost).toEqual(['it ended with code 9']);
  });

  it('takes no other job with it', async () => {
    const odd = oddPool({ threads: 2 });
    const words = ['exit', '', 'kill', '', '', ''];
    const ended = await Promise.allSettled(words.map((word) => odd.run(job(word))));
    expect(ended.map(({ status }) => status)).toEqual(words.map((word) => (word === '' ? 'fulfilled' : 'rejected')));
  });
});

it('a process takes one job after the other', async () => {
  const odd = oddPool();
  expect([await odd.run(job('')), await odd.run(job('')), await odd.run(job(''))]).toMatchObject([{ jobs: 1 }, { jobs: 2 }, { jobs: 3 }]);
});

it('a job that cannot be run is bad input, and not tried again', async () => {
  const lost: string[] = [];
  await expect(oddPool().run(job('bad'), { onLost: (told) => lost.push(told) })).rejects.toThrow(new BadInput('no such thing'));
  expect(lost).toEqual([]);
});

it('a job that is ended answers what it last told, and its process is gone', async () => {
  const stop = new AbortController();
  const outcome = await oddPool().run(job('wait'), { signal: stop.signal, onSoFar: () => { stop.abort(); } });
  expect(outcome).toMatchObject({ jobs: 1 });
  await expect.poll(() => isRunning(pidIn(outcome)), PATIENT).toBe(false);
});

it('closing leaves no process behind', async () => {
  const odd = oddPool();
  const pids: number[] = [];
  const waiting = odd.do('search', job('wait'), { onSoFar: (told) => pids.push(pidIn(told)) });
  await expect.poll(() => pids.length, PATIENT).toBe(1);
  await odd.close();
  await waiting;
  await expect.poll(() => isRunning(pids[0] ?? 0), PATIENT).toBe(false);
});

it('searches as one thread would', async () => {
  pool = new SearchPool({ threads: 1 });
  const outcome = await pool.run({ seed: 5, runs: 60, forMs: Infinity, defects: ['canary'], subsystem: 'tables', maxShrinkRuns: 300 });
  expect(outcome.finding).toMatchObject({ cause: 'S1/answers/read', seed: 5, foundInRuns: outcome.totals.runs, defects: ['canary'] });
  expect(outcome.finding?.plan.steps.length).toBeLessThan(5);
  await expect(pool.run({ seed: 5, runs: 1, forMs: Infinity, defects: ['nope'] })).rejects.toThrow(BadInput);
});
