/** The tables of the bench: the defects with an issue of upstream's in README.md, all of them in docs/defects.md. */
import { DEFECTS } from '../defects/index.ts';
import type { Defect } from '../defects/types.ts';
import type { Measured } from './expectations.ts';
import { issueText } from './page.ts';
import { CLEAN, type DefectRow } from './row.ts';

/** Between these lines of README.md everything is generated. */
export const README_MARKS = ['<!-- defects:begin -->', '<!-- defects:end -->'] as const;

const HEAD = ['| defect | what goes wrong | found in runs | shrunk to | caught by |', '|---|---|---|---|---|'];

/** The text with everything between the marks replaced. Throws when they are not there once, in order. */
export function withTable(text: string, [begin, end]: typeof README_MARKS, table: string): string {
  const [before, rest, ...more] = text.split(`${begin}\n`);
  const [, after, ...others] = (rest ?? '').split(end);
  if (before === undefined || after === undefined || more.length + others.length > 0) throw new Error(`README.md must have ${begin} and ${end} once, in this order`);
  return `${before}${begin}\n${table}\n${end}${after}`;
}

/** What README.md shows: defects that have a number at upstream, and a line for each other kind. */
export function readmeTable(measured: Measured): string {
  const numbered = DEFECTS.filter(isNumbered);
  return [...HEAD, ...numbered.map((defect) => rowText(defect, measured, '')), '', ...summaryLines(measured)].join('\n');
}

function isNumbered({ family, issue }: Defect): boolean {
  return family === 'upstream' && issue.includes('apache/incubator-pegasus');
}

/** `folder`: of the document, as its links have to begin: '' for README.md, '..' for docs. */
function rowText(defect: Defect, measured: Measured, folder: '' | '..'): string {
  const row = measured.rows.find(({ id }) => id === defect.id);
  return `| ${nameText(defect, folder)} | ${defect.symptom} | ${runsText(row, measured)} | ${stepsText(row)} | ${(row?.caughtBy ?? []).join(', ')} |`;
}

/** Open ones lead to their page, mended ones to upstream's issue. */
function nameText({ id, issue, family, upstream }: Defect, folder: '' | '..'): string {
  if (family !== 'upstream') return `\`${id}\``;
  const findings = folder === '' ? 'docs/findings' : 'findings';
  const number = isLink(issue) ? `${issueText(issue.split(', ').find(isLink) ?? issue)} ` : '';
  return upstream === 'open' ? `${number}[\`${id}\`](${findings}/${id}.md)` : `${number}\`${id}\``;
}

function isLink(issue: string): boolean {
  return /apache\/incubator-pegasus#\d+/.test(issue);
}

export function runsText(row: DefectRow | undefined, { seedOf }: Measured): string {
  if (row === undefined) return 'not measured';
  if (row.runsMedian === null) return 'by its plan';
  const seed = seedOf[row.id];
  return `${String(row.runsMedian)}${seed === undefined ? '' : ` (seed ${String(seed)})`}`;
}

function stepsText(row: DefectRow | undefined): string {
  if (row?.shrunkSteps === null || row === undefined) return '';
  const deviations = row.shrunkDeviations ?? 0;
  return `${String(row.shrunkSteps)} steps${deviations === 0 ? '' : ` + ${String(deviations)}`}`;
}

function summaryLines(measured: Measured): readonly string[] {
  const line = (what: string, chosen: readonly Defect[]): string => `- ${what}: ${countText(chosen, measured)}`;
  const clean = measured.rows.find(({ id }) => id === CLEAN);
  return [
    line('suspects of upstream\'s code that it has not mended, each with [a page for its maintainers](docs/findings/README.md)', DEFECTS.filter((d) => d.family === 'upstream' && d.upstream === 'open')),
    line('classic mistakes of our own choice', DEFECTS.filter((d) => d.family === 'classic')),
    line('liars, which omit or falsify one claim', DEFECTS.filter((d) => d.family === 'liar')),
    `- the right implementation, searched in the same way: ${cleanText(clean)}`,
    '',
    `${cap(seedText(measured))}, ${String(measured.runs)} runs each at most, common profile; all of them are in [docs/defects.md](docs/defects.md).`,
  ];
}

function cleanText(row: DefectRow | undefined): string {
  if (row === undefined) return 'not measured';
  return row.found ? `NOT CLEAN: ${row.caughtBy.join(', ')}` : 'nothing found';
}

function seedText({ seeds }: Measured): string {
  return `${seeds === 1 ? 'seed 1' : `seeds 1 to ${String(seeds)}, medians of those that found it`} (where a seed is named, seed 1 does not meet it)`;
}

function cap(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function countText(chosen: readonly Defect[], measured: Measured): string {
  const rows = chosen.flatMap(({ id }) => measured.rows.filter((row) => row.id === id));
  const found = rows.filter((row) => row.found);
  const runs = found.flatMap(({ runsMedian }) => (runsMedian === null ? [] : [runsMedian])).toSorted((a, b) => a - b);
  const rest = rows.length - found.length;
  const middle = runs[Math.floor((runs.length - 1) / 2)];
  const byPlan = rest === 0 ? '' : `, ${String(rest)} shown by ${rest === 1 ? 'its plan' : 'their plans'} in test/corpus/defects`;
  return `${String(chosen.length)}, of which ${String(found.length)} are found from scratch${middle === undefined ? '' : ` (median: run ${String(middle)})`}${byPlan}`;
}

const SECTIONS: readonly { readonly heading: string; readonly is: (defect: Defect) => boolean }[] = [
  { heading: 'Upstream\'s, mended there', is: (d) => d.family === 'upstream' && d.upstream === 'fixed' },
  { heading: 'Upstream\'s, still there', is: (d) => d.family === 'upstream' && d.upstream === 'open' },
  { heading: 'Classic mistakes', is: (d) => d.family === 'classic' },
  { heading: 'Liars, and the canary', is: (d) => d.family === 'liar' || d.family === 'canary' },
];

/** docs/defects.md. */
export function defectsDocument(measured: Measured): string {
  return [
    '# The bench of defects',
    '',
    'Generated by `pegasus-check defects --store`, which puts each defect module back, one at a time, searches for it from scratch with the common',
    'profile, and shrinks what it finds. `pegasus-check defects` runs the same and fails when a defect that is found here is found no more;',
    '`--check` also when the numbers are far from these.',
    '',
    `${cap(seedText(measured))}; ${String(measured.runs)} runs each at most. *Found in runs*: generated plans until the first that fails, that one counted; *by its plan*: not met within`,
    'them, and shown by its plan in test/corpus/defects. *Shrunk to*: steps, and deviations of the world (`+ 1`). *Caught by*: see `pegasus-check properties`.',
    '',
    ...SECTIONS.flatMap(({ heading, is }) => [`## ${heading}`, '', ...HEAD, ...DEFECTS.filter(is).map((defect) => rowText(defect, measured, '..')), '']),
  ].join('\n');
}
