/**
 * `pegasus-check tickets DIR...`: one ticket for each cause that CI jobs have found (ciFolder.ts), through the `gh` command. A ticket
 * carries its cause in a comment that nobody sees, and is found again by it: a cause that has an open ticket gets a comment there.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BadInput } from '../plan/parse.ts';
import { codeBlock, markdown, visible } from '../report/escape.ts';
import { orBadInput, readText } from './files.ts';
import { EXIT, type Io } from './io.ts';

export interface TicketsOptions {
  /** Only print what would be done. */
  readonly dryRun: boolean;
}

interface Ticket {
  readonly cause: string;
  readonly title: string;
  readonly body: string;
}

/** GitHub refuses longer ones. */
const LONGEST_BODY = 60_000;
const LONGEST_TITLE = 200;

export function runTickets(dirs: readonly string[], options: TicketsOptions, io: Io): number {
  const tickets = new Map<string, Ticket>();
  let failed = false;
  for (const file of dirs.flatMap(campaignFiles)) {
    failed = !told(io, () => {
      for (const ticket of ticketsOf(file)) if (!tickets.has(ticket.cause)) tickets.set(ticket.cause, ticket);
    }) || failed;
  }
  io.out(tickets.size === 0 ? 'no findings, no tickets' : `${String(tickets.size)} ${tickets.size === 1 ? 'cause' : 'causes'}`);
  for (const ticket of tickets.values()) {
    failed = !told(io, () => {
      if (options.dryRun) io.out(`would look for an open ticket of ${visible(ticket.cause)}, comment on it, or else open "${ticket.title}" (${String(ticket.body.length)} characters)`);
      else io.out(fileTicket(ticket));
    }) || failed;
  }
  return failed ? EXIT.badUsage : EXIT.nothingFound;
}

/** Does it; false and one line when it cannot be done. The rest goes on. */
function told(io: Io, doing: () => void): boolean {
  try {
    doing();
    return true;
  } catch (error) {
    if (!(error instanceof BadInput)) throw error;
    io.err(`pegasus-check: ${error.message}`);
    return false;
  }
}

/** All that jobs wrote below a folder, in name order. Throws BadInput. */
function campaignFiles(dir: string): readonly string[] {
  return orBadInput(
    () => readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => basename(name) === 'campaign.json').sort().map((name) => join(dir, name)),
    (reason) => `${dir}: cannot read (${reason}); give a folder that .ci/hunt has written`,
  );
}

function ticketsOf(file: string): readonly Ticket[] {
  const campaign = parsed(file);
  const findings = fieldOf(campaign, 'findings');
  if (!Array.isArray(findings)) throw new BadInput(`${file}: has no list of findings; give what .ci/hunt has written`);
  return findings.map((finding: unknown, at) => {
    const text = (name: string): string => {
      const value = fieldOf(finding, name);
      if (typeof value !== 'string') throw new BadInput(`${file}: findings[${String(at)}].${name} is missing; give what .ci/hunt has written`);
      return value;
    };
    const cause = text('cause');
    return { cause, title: visible(`${cause}: ${text('headline')}`).slice(0, LONGEST_TITLE), body: bodyOf(cause, reportBeside(file, text('markdown')) ?? `## ${markdown(text('headline'))}\n`, text('repeat')) };
  });
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readText(file, 'campaign'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new BadInput(`${file}: not JSON (${error.message}); give what .ci/hunt has written`);
    throw error;
  }
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** The finding's own report: artifacts are unpacked elsewhere than where they were written. */
function reportBeside(file: string, report: string): string | undefined {
  const path = join(dirname(file), basename(report));
  return report !== '' && existsSync(path) ? readText(path, 'report') : undefined;
}

function markerOf(cause: string): string {
  return `pegasus-check-cause: ${visible(cause).replaceAll('--', '- -')}`;
}

function bodyOf(cause: string, report: string, repeat: string): string {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: run } = process.env;
  const from = server === undefined || repository === undefined || run === undefined ? '' : `\nFound by ${server}/${repository}/actions/runs/${run}, whose artifacts hold the plan, this report as a page, and a regression test.\n`;
  const end = `\n**Repeat**, with the plan from the artifacts\n\n${codeBlock([repeat], 'sh')}\n${from}\n<!-- ${markerOf(cause)} -->\n`;
  const room = LONGEST_BODY - end.length;
  return `${report.length > room ? `${report.slice(0, room - 40)}\n\n(cut; the artifacts have all)\n` : report}${end}`;
}

/** Looks for the cause's open ticket; opens one when there is none. Answers what was done. */
function fileTicket({ cause, title, body }: Ticket): string {
  const marker = markerOf(cause);
  const listed: unknown = JSON.parse(gh(['issue', 'list', '--state', 'open', '--limit', '50', '--search', `"${marker}" in:body`, '--json', 'number,body']));
  const open = (Array.isArray(listed) ? listed : []).find((issue: unknown) => String(fieldOf(issue, 'body')).includes(`<!-- ${marker} -->`));
  const number = fieldOf(open, 'number');
  if (typeof number === 'number') {
    gh(['issue', 'comment', String(number), '--body-file', '-'], `Found again.\n\n${body}`);
    return `commented on #${String(number)} (${cause})`;
  }
  return `opened ${gh(['issue', 'create', '--title', title, '--body-file', '-'], body).trim()} (${cause})`;
}

function gh(args: readonly string[], input = ''): string {
  try {
    return execFileSync('gh', args, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const said = 'stderr' in error ? String(error.stderr).trim() : '';
    throw new BadInput(`gh ${args.slice(0, 2).join(' ')}: ${said === '' ? error.message : said}; is gh installed, and may it write issues?`);
  }
}
