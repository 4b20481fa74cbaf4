/** `pegasus-check report PLAN.json`: runs one plan, explains it, prints it, and writes its reports. */
import { loadDefects } from '../defects/load.ts';
import { parsePlan } from '../plan/parse.ts';
import { checkFormats, FORMATS } from '../report/formats.ts';
import { makeReport } from '../report/makeReports.ts';
import { findingText } from '../report/text.ts';
import { writeReports } from '../report/writeReports.ts';
import { isFinding } from '../run/verdict.ts';
import { checkFolder, readText } from './files.ts';
import { EXIT, painted, type Io } from './io.ts';
import { checkProperty, replayCommand } from './repeatCommands.ts';

export interface ReportOptions {
  readonly defect: readonly string[];
  readonly property?: string;
  readonly out: string;
  /** Empty: all. */
  readonly format: readonly string[];
  readonly explain: boolean;
}

/** Real time that explaining may take, milliseconds. */
const EXPLAIN_MS = 60_000;

export async function runReport(path: string, options: ReportOptions, io: Io): Promise<number> {
  const { property } = options;
  const asked = options.format.length === 0 ? FORMATS : checkFormats(options.format);
  const formats = asked.filter((format) => format !== 'text');
  if (property !== undefined) checkProperty(property);
  if (formats.length > 0) checkFolder(options.out, '--out');
  const plan = parsePlan(readText(path, 'plan'), path);
  const defects = await loadDefects(options.defect);
  const limits = property === undefined ? {} : { property };
  const explain = options.explain ? { maxMs: EXPLAIN_MS, stopped: () => io.stopped?.() === true } : undefined;
  const repeat = [replayCommand(path, options.defect), ...(property === undefined ? [] : [`--property ${property}`])].join(' ');
  const { record, tape } = await makeReport(plan, { defects, ...limits, formats, explain, repeat });
  io.out(findingText(record, (line) => painted(io, 'bold', line)));
  for (const file of await writeReports(record, tape, options.out, formats, { planFile: path, ...limits })) io.out(`  written: ${file}`);
  return isFinding(record.verdict) ? EXIT.finding : EXIT.nothingFound;
}
