/** Findings as they are reported: each is explained by a worker, which also writes its reports; all at once. */
import type { Found } from '../hunt/causes.ts';
import type { PlainFinding, ReportOutcome, SearchSubject } from '../hunt/job.ts';
import { LostJob, type SearchPool } from '../hunt/pool.ts';
import type { Format } from '../report/formats.ts';
import { findingText } from '../report/text.ts';
import type { CiFinding } from './ciFolder.ts';
import type { Io } from './io.ts';
import { replayCommand } from './repeatCommands.ts';

/** What explaining one finding may cost: runs, and milliseconds of real time. */
const EXPLAIN_RUNS = 400;
const EXPLAIN_MS = 20_000;

export interface Reporting {
  readonly subject: SearchSubject;
  readonly dir: string;
  readonly formats: readonly Format[];
  /** Where the plan of a cause was written. */
  readonly fileOf: (cause: string) => string | undefined;
  /** Whether there is time to try what matters in a plan. */
  readonly explain: boolean;
  /** Somebody has no patience for that any more. */
  readonly signal?: AbortSignal;
}

export interface Reported extends CiFinding {
  readonly text: (emphasis: (line: string) => string) => string;
  readonly json: object;
}

export async function report(pool: SearchPool, found: readonly Found[], reporting: Reporting, io: Io): Promise<readonly Reported[]> {
  const all = await Promise.all(found.map((one) => reportOne(pool, one, reporting, io)));
  return all.filter((one) => one !== undefined);
}

async function reportOne(pool: SearchPool, { finding, times }: Found, reporting: Reporting, io: Io): Promise<Reported | undefined> {
  const { subject, dir, formats, fileOf, explain, signal } = reporting;
  const planFile = fileOf(finding.cause) ?? '';
  const repeat = planFile === '' ? '' : replayCommand(planFile, subject.defects);
  const job = { ...subject, finding, dir, formats, planFile, repeat, explainRuns: explain ? EXPLAIN_RUNS : 0, explainMs: explain ? EXPLAIN_MS : 0 };
  let last: ReportOutcome | undefined;
  const onSoFar = (soFar: ReportOutcome): void => {
    last = soFar;
  };
  try {
    const told = await pool.do('report', job, { onSoFar, ...(explain && signal !== undefined ? { signal } : {}) });
    // Ended while it was explained: its reports are made without that.
    last = told?.whole !== true ? await pool.do('report', { ...job, explainRuns: 0, explainMs: 0 }, { onSoFar }) : told;
  } catch (error) {
    if (!(error instanceof LostJob)) throw error;
    io.err(`pegasus-check: the report of ${finding.cause} is lost with its worker: ${error.message}`);
  }
  if (last === undefined) {
    io.err(`pegasus-check: found ${finding.cause}, of which no report can be made; ${repeat === '' ? 'its plan could not be written' : repeat}`);
    return undefined;
  }
  const { record, problems } = last;
  for (const line of new Set(problems)) io.err(`pegasus-check: ${line}`);
  const { plan, minimal, cause } = finding;
  return {
    cause,
    headline: record.headline,
    times,
    steps: plan.steps.length,
    minimal,
    planFile,
    repeat,
    report: last,
    text: (emphasis) => findingText(record, emphasis),
    json: jsonOf(finding, planFile, repeat, times, last),
  };
}

function jsonOf(finding: PlainFinding, planFile: string, repeat: string, times: number, { files }: ReportOutcome): object {
  const { cause, verdict, digest, plan, seed, foundInRuns, minimal, defects, file } = finding;
  return { cause, verdict, digest, steps: plan.steps.length, seed, foundInRuns, ...(file === undefined ? {} : { corpus: file }), times, minimal, defects, file: planFile, repeat, reports: files, plan };
}
