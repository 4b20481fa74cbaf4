/** The job that makes a finding's reports (see work.ts): it is explained first, and each report is made by itself. */
import { loadDefects } from '../defects/load.ts';
import { BadInput } from '../plan/parse.ts';
import { makeReport } from '../report/makeReports.ts';
import { writeReports } from '../report/writeReports.ts';
import type { ReportJob, ReportOutcome } from './job.ts';

/** How many runs at least lie between two signs of life. */
const TELL_EVERY = 50;

export async function reportOne(job: ReportJob, tell: (soFar: ReportOutcome) => void): Promise<ReportOutcome> {
  const { finding, dir, formats, planFile, repeat, property, explainRuns, explainMs } = job;
  const { seed, foundInRuns, shrinkRuns, minimal, file, plan } = finding;
  const limits = property === undefined ? {} : { property };
  const found = { defects: await loadDefects(job.defects), ...limits, repeat, ...(file === undefined ? { search: { seed, foundInRuns, shrinkRuns, minimal } } : {}) };
  // Not explained it is there at once: should explaining end badly, this is what is told.
  const plain = await makeReport(plan, { ...found, formats: [], explain: undefined });
  const soFar = { record: plain.record, files: [], problems: [], whole: false };
  tell(soFar);
  let asked = 0;
  const stopped = (): boolean => {
    asked += 1;
    if (asked % TELL_EVERY === 0) tell(soFar);
    return false;
  };
  const { record, tape } = await makeReport(plan, { ...found, formats, explain: { maxRuns: explainRuns, maxMs: explainMs, stopped } });
  const files: string[] = [];
  const problems: string[] = [];
  for (const format of formats) {
    try {
      files.push(...(await writeReports(record, tape, dir, [format], { planFile, ...limits })));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      problems.push(error instanceof BadInput ? error.message : `${format} report of ${finding.cause}: cannot be made (${error.message.split('\n')[0] ?? ''})`);
    }
  }
  return { record, files, problems, whole: true };
}
