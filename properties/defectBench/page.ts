/** The page of one suspect that upstream has not mended, in Markdown: what is seen, why, the shortest scenario, a run of it, and what to change. */
import { propertyOf } from '../registry/index.ts';
import type { Defect } from '../defects/types.ts';
import { planHeader, planLines, promptedText } from '../plan/text.ts';
import type { Plan } from '../plan/types.ts';
import type { Verdict } from '../run/verdict.ts';
import type { Explained } from './explained.ts';
import type { Story } from './story.ts';
import type { Suspect } from './suspects/types.ts';
import type { DefectRow } from './row.ts';

const CONFIDENCE: Readonly<Record<Suspect['confidence'], string>> = {
  H: 'high: it follows directly from the code',
  M: 'medium: it needs an interleaving that looks reachable',
  L: 'low: narrow, or it depends on the environment',
};

export interface PageParts {
  readonly suspect: Suspect;
  readonly defect: Defect;
  readonly plan: Plan;
  readonly story: Story;
  /** The file of the defect's module, from the repository's root. */
  readonly moduleFile: string;
  /** What it overrides, with the file of each part: `DuplicationService.isExpected`. */
  readonly seams: readonly { readonly name: string; readonly file: string }[];
  /** What the implementation here does instead, as docs/departures.md tells. */
  readonly departures: readonly string[];
  readonly row: DefectRow | undefined;
  /** Of the searches that it was found by. */
  readonly firstSeed: number;
  readonly explained: Explained | undefined;
}

export function pageOf(parts: PageParts): string {
  const { suspect } = parts;
  return [
    `# ${suspect.title}`,
    '',
    ...factLines(parts),
    '',
    '## What is seen',
    '',
    suspect.consequence,
    '',
    '## Why',
    '',
    suspect.cause,
    '',
    `When: ${suspect.when}`,
    '',
    ...scenarioLines(parts),
    '',
    ...storyLines(parts),
    '',
    ...explainedLines(parts),
    ...mendingLines(parts),
    '',
    ...replayLines(parts),
    '',
  ].join('\n');
}

function factLines(parts: PageParts): readonly string[] {
  const { suspect, defect } = parts;
  const { confidence, files, names, harm } = suspect;
  return [
    '| | |',
    '|---|---|',
    `| id | \`${suspect.id}\` (${issueText(defect.issue)}) |`,
    `| harm | ${harm} |`,
    `| confidence | ${CONFIDENCE[confidence]} |`,
    `| where | ${files.map((file) => `\`${file}\``).join(', ')} |`,
    `| look for | ${names.map((name) => `\`${name}\``).join(', ')} |`,
    `| found | ${foundText(parts)} |`,
  ];
}

/** `dup.B1`, and upstream's issue as a link. */
export function issueText(issue: string): string {
  return issue
    .split(', ')
    .map((word) => {
      const number = /^apache\/incubator-pegasus#(\d+)$/.exec(word)?.[1];
      return number === undefined ? word : `[#${number}](https://github.com/apache/incubator-pegasus/issues/${number})`;
    })
    .join(', ');
}

function foundText({ row, firstSeed }: PageParts): string {
  if (row?.found !== true) return 'by a plan that was made by hand and shrunk; a search from scratch meets it rarely';
  return `by searching from scratch, in ${String(row.runsMedian)} generated runs (seed ${String(firstSeed)}${row.seeds === 1 ? '' : ` to ${String(firstSeed + row.seeds - 1)}, median`}), by ${row.caughtBy.join(', ')}`;
}

function scenarioLines({ plan, suspect }: PageParts): readonly string[] {
  return [
    '## The shortest scenario',
    '',
    'Lines are what is typed in the shell, or a fault, each at its earliest virtual time (the servers start 200 ms before the first). No step could be left out.',
    '',
    '```text',
    planHeader(plan),
    ...planLines(plan, promptedText),
    '```',
    ...(suspect.scenario === undefined ? [] : ['', suspect.scenario]),
  ];
}

function storyLines({ story }: PageParts): readonly string[] {
  const { verdict } = story.result;
  const lines = [
    '## What happens, step by step',
    '',
    'The run with upstream\'s behaviour put back; events that tell nothing here are left out. At `=>` it parts from the run of the mended implementation.',
    '',
    '```text',
    ...story.lines,
    '```',
    '',
    ...verdictLines(verdict),
  ];
  if (story.instead === undefined || story.instead.length === 0) return lines;
  return [...lines, '', 'What the mended implementation does next, in its place:', '', '```text', ...story.instead, '```'];
}

function verdictLines(verdict: Verdict): readonly string[] {
  if (verdict.kind === 'pass' || verdict.kind === 'limit') return [`The run ends: ${verdict.kind}.`];
  const property = propertyOf(verdict.property);
  return [
    `Property **${verdict.property}** is ${verdict.kind === 'stuck' ? 'not kept in time' : 'broken'}: ${property?.sentence ?? verdict.rule}.`,
    '',
    `- expected: ${verdict.expected}`,
    `- what happened: ${verdict.actual}`,
  ];
}

/** Fields that hold a name: that a step about something else does nothing is no news. */
const NAMES = /: (root|folder|table|name|as|clusterName|provider|dup|node) /;

/** With an empty line behind, when there is anything to tell. */
function explainedLines({ explained }: PageParts): readonly string[] {
  if (explained === undefined) return [];
  const { nearestPass, waits } = explained;
  const hangsOn = explained.hangsOn.filter(({ what }) => !NAMES.test(what));
  const lines: string[] = [];
  if (hangsOn.length > 0) lines.push('## What it hangs on', '', '| with | it passes with |', '|---|---|', ...hangsOn.map(({ what, passesWith }) => `| ${cell(what)} | ${cell(passesWith)} |`), '');
  if (nearestPass !== '') lines.push(`The nearest scenario that passes: ${cell(nearestPass)}.`, '');
  if (waits.length > 0) lines.push('Who waits for what when the time is up:', '', ...waits.map((text) => `- ${text}`), '');
  return lines;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function mendingLines({ suspect, departures }: PageParts): readonly string[] {
  const lines = ['## Suggested mending', '', suspect.mending];
  if (departures.length === 0) return lines;
  return [...lines, '', 'What the implementation here does instead ([departures](../departures.md)):', '', ...departures.map((text) => `- ${text}`)];
}

function replayLines({ suspect, moduleFile, seams, firstSeed }: PageParts): readonly string[] {
  const { id } = suspect;
  return [
    '## Replay',
    '',
    '```text',
    `npx pegasus-check replay test/corpus/defects/${id}.json --defect ${id}`,
    `npx pegasus-check replay test/corpus/defects/${id}.json            # passes`,
    `npx pegasus-check hunt --seed ${String(firstSeed)} --runs 1000 --defect ${id}         # from scratch`,
    '```',
    '',
    `The behaviour is put back by [${moduleFile}](../../${moduleFile}), which overrides ${seams.map(({ name, file }) => `[\`${name}\`](../../${file})`).join(', ')}.`,
  ];
}
