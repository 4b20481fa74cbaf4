/** The folder of a CI job: what machines read (JUnit, SARIF, one JSON value), and a summary for people. */
import { join } from 'node:path';
import type { CampaignResult } from '../hunt/campaign.ts';
import { coverageMarkdown } from '../hunt/coverageText.ts';
import type { ReportOutcome } from '../hunt/job.ts';
import { codeCell, markdown } from '../report/escape.ts';
import { junitXml } from '../report/junit.ts';
import { sarifText } from '../report/sarif.ts';
import { replaceFile } from './files.ts';
import { totalsText } from './totals.ts';

export interface CiFinding {
  readonly cause: string;
  readonly headline: string;
  /** Batches and corpus plans that met it. */
  readonly times: number;
  readonly steps: number;
  readonly minimal: boolean;
  /** '' when it could not be written. */
  readonly planFile: string;
  readonly repeat: string;
  readonly report: ReportOutcome;
}

export interface CiJob {
  readonly title: string;
  readonly result: CampaignResult;
  readonly findings: readonly CiFinding[];
  /** What the campaign answers for and did not reach. */
  readonly complaints: readonly string[];
  /** What could not be read or written. */
  readonly problems: readonly string[];
  /** The command that does the same again. */
  readonly repeat: string;
}

/** The files, by name; each is to be written by itself, so that one that fails costs no other. */
export function ciFiles(job: CiJob): ReadonlyMap<string, string> {
  const { findings, result } = job;
  const { totals, coverage, seconds, interrupted, lost, replayed } = result;
  const located = findings.map(({ report, planFile }) => ({ record: report.record, planFile }));
  const told = findings.map(({ report, ...finding }) => ({ ...finding, markdown: report.files.find((file) => file.endsWith('.md')) ?? '' }));
  const value = { title: job.title, repeat: job.repeat, seconds, interrupted, replayed, lost, problems: job.problems, complaints: job.complaints, totals, coverage: coverage.toJSON(), findings: told };
  return new Map([
    ['summary.md', summaryOf(job)],
    ['campaign.json', `${JSON.stringify(value)}\n`],
    ['junit.xml', junitXml(located.map(({ record }) => record))],
    ['results.sarif', sarifText(located)],
  ]);
}

export function writeCiFile(dir: string, name: string, text: string): void {
  replaceFile(join(dir, name), text);
}

function summaryOf(job: CiJob): string {
  const { result, findings, complaints, problems } = job;
  const { totals, seconds, replayed, lost } = result;
  const effects = Object.entries(totals.effects).sort(([one], [other]) => (one < other ? -1 : 1));
  return [
    `# ${markdown(job.title)}`,
    '',
    `**${verdictOf(job)}**. ${totalsText(totals, seconds)}; ${String(replayed)} corpus plans replayed.`,
    '',
    ...findingsTable(findings),
    ...bullets('Lost', lost),
    ...bullets('To be answered for', complaints),
    ...bullets('Not read or not written', problems),
    '## What was explored',
    '',
    coverageMarkdown(result.coverage),
    `Faults that took effect: ${effects.length === 0 ? 'none' : effects.map(([name, times]) => `${name} ${times.toLocaleString('en-US')}`).join(', ')}.`,
    '',
    '## Again',
    '',
    '```sh',
    job.repeat,
    '```',
    '',
  ].join('\n');
}

function verdictOf({ findings, result, complaints }: CiJob): string {
  const found = findings.length === 0 ? 'Nothing found' : `${String(findings.length)} ${findings.length === 1 ? 'finding' : 'findings'}`;
  const rest = [...(result.lost.length > 0 ? [`${String(result.lost.length)} jobs lost`] : []), ...(complaints.length > 0 ? [`${String(complaints.length)} never reached`] : [])];
  return [...(result.interrupted ? ['Interrupted'] : []), found, ...rest].join(', ');
}

function findingsTable(findings: readonly CiFinding[]): readonly string[] {
  if (findings.length === 0) return [];
  return [
    '| cause | what broke | steps | met | again |',
    '|---|---|---:|---:|---|',
    ...findings.map(({ cause, headline, steps, minimal, times, repeat }) => `| ${codeCell(cause)} | ${markdown(headline)} | ${String(steps)}${minimal ? '' : ' (not fully shrunk)'} | ${String(times)} | ${codeCell(repeat)} |`),
    '',
  ];
}

function bullets(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`## ${title}`, '', ...lines.map((line) => `- ${markdown(line)}`), ''];
}
