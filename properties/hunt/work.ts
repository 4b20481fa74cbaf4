/**
 * What a worker does, by the kind of the job: each is a function of plain data to plain data, and tells now and then its outcome so
 * far. It may be ended after any run.
 */
import { loadDefects } from '../defects/load.ts';
import { partsWith } from '../defects/types.ts';
import type { Plan } from '../plan/types.ts';
import { freeze, runPlan, type RunResult } from '../run/runPlan.ts';
import { Coverage } from './coverage.ts';
import {
  failingOf,
  plainFinding,
  plainTotals,
  profileOf,
  type BatchJob,
  type BatchOutcome,
  type Failing,
  type JobKind,
  type Jobs,
  type PlainFinding,
  type ReplayJob,
  type ReplayOutcome,
  type SearchJob,
  type SearchOutcome,
  type SearchSubject,
  type ShrinkJob,
} from './job.ts';
import { observationOf, type Observation } from './observations.ts';
import { reportOne } from './reportWork.ts';
import { counts, search, shrinkFailure, type Finding, type SearchOptions, type Totals } from './search.ts';

export type Work<K extends JobKind> = (job: Jobs[K]['job'], tell: (soFar: Jobs[K]['outcome']) => void) => Promise<Jobs[K]['outcome']>;

export const WORK: { readonly [K in JobKind]: Work<K> } = { search: searchOne, batch: searchBatch, shrink: shrinkOne, replay: replayAll, report: reportOne };

/** How often a job tells how far it is, milliseconds of real time. */
const TELL_MS = 200;

/** Answers whether it is time to tell. */
function pace(): () => boolean {
  let last = performance.now();
  return () => {
    const now = performance.now();
    if (now - last < TELL_MS) return false;
    last = now;
    return true;
  };
}

async function optionsOf(job: SearchSubject): Promise<Pick<SearchOptions, 'profile' | 'defects' | 'property'>> {
  const { property } = job;
  return { profile: profileOf(job), defects: await loadDefects(job.defects), ...(property === undefined ? {} : { property }) };
}

/** Searches until something is found, and shrinks it. */
async function searchOne(job: SearchJob, tell: (soFar: SearchOutcome) => void): Promise<SearchOutcome> {
  const { maxShrinkRuns, maxShrinkMs } = job;
  const began = performance.now();
  const coverage = new Coverage(job.subsystem);
  const due = pace();
  let latest: Totals | undefined;
  const soFar = (totals: Totals): SearchOutcome => ({
    totals: plainTotals(totals),
    coverage: coverage.toJSON(),
    finding: undefined,
    seconds: (performance.now() - began) / 1000,
  });
  const result = search({
    ...(await optionsOf(job)),
    seed: job.seed,
    runs: job.runs,
    forMs: job.forMs,
    ...(maxShrinkRuns === undefined ? {} : { maxShrinkRuns }),
    ...(maxShrinkMs === undefined ? {} : { maxShrinkMs }),
    onProgress: (totals) => {
      latest = totals;
    },
    stopped: () => {
      if (latest !== undefined && due()) tell(soFar(latest));
      return false;
    },
    watch: [coverage.watch],
  });
  return { ...soFar(result.totals), finding: result.finding === undefined ? undefined : plainFinding(result.finding) };
}

async function searchBatch(job: BatchJob, tell: (soFar: BatchOutcome) => void): Promise<BatchOutcome> {
  const began = performance.now();
  const coverage = new Coverage(job.subsystem);
  const due = pace();
  const failing: Failing[] = [];
  const observations: Observation[] = [];
  const { observeSince, seed, subsystem, property } = job;
  const options = await optionsOf(job);
  const defects = (options.defects ?? []).map(({ id }) => id);
  const soFar = (totals: Totals): BatchOutcome => ({
    totals: plainTotals(totals),
    coverage: coverage.toJSON(),
    failing,
    observations: [],
    seconds: (performance.now() - began) / 1000,
  });
  const result = search({
    ...options,
    seed,
    runs: job.runs,
    forMs: job.forMs,
    onProgress: (totals) => {
      if (due()) tell(soFar(totals));
    },
    ...(observeSince === undefined
      ? {}
      : {
          onRun: (plan: Plan, run: RunResult, seconds: number) => {
            const origin = { seed, run: observations.length + 1, runStart: observeSince, defects, subsystem, property };
            observations.push(observationOf(plan, run, seconds, origin));
          },
        }),
    onFailing: (plan, run, foundInRuns) => {
      const one = failingOf(plan, run, seed, foundInRuns);
      if (!failing.some(({ cause }) => cause === one.cause)) failing.push(one);
      return job.stopAtFirst;
    },
    watch: [coverage.watch],
  });
  return { ...soFar(result.totals), observations };
}

async function shrinkOne(job: ShrinkJob, tell: (soFar: PlainFinding) => void): Promise<PlainFinding> {
  const { failing, maxShrinkMs, maxShrinkRuns } = job;
  const { plan: original, seed, foundInRuns, file } = failing;
  const options = await optionsOf(job);
  const defects = (options.defects ?? []).map(({ id }) => id);
  const result = runPlan(original, { parts: partsWith(options.defects ?? []) });
  const due = pace();
  const told = (finding: Finding): PlainFinding => ({ ...plainFinding(finding), ...(file === undefined ? {} : { file }) });
  let latest: Finding = { plan: original, original, result, seed, foundInRuns, shrinkRuns: 0, minimal: false, defects };
  const shrunk = shrinkFailure(
    original,
    result,
    {
      ...options,
      seed,
      runs: 1,
      forMs: Infinity,
      maxShrinkMs,
      ...(maxShrinkRuns === undefined ? {} : { maxShrinkRuns }),
      onShrunk: (plan, run, shrinkRuns) => {
        latest = { ...latest, plan, result: run, shrinkRuns };
      },
      stopped: () => {
        if (due()) tell(told(latest));
        return false;
      },
    },
    foundInRuns,
  );
  return told(shrunk);
}

async function replayAll(job: ReplayJob, tell: (soFar: ReplayOutcome) => void): Promise<ReplayOutcome> {
  const { defects, property } = await optionsOf(job);
  const parts = partsWith(defects ?? []);
  const due = pace();
  const failing: Failing[] = [];
  let runs = 0;
  for (const { file, plan } of job.plans) {
    const result = runPlan(plan, { parts });
    runs += 1;
    if (counts(result.verdict, property)) failing.push({ ...failingOf(freeze(plan, result.deviations), result, 0, 1), file });
    if (due()) tell({ runs, failing });
  }
  return { runs, failing };
}
