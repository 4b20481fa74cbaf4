/** A finding as Markdown, to be pasted into a ticket: everything that came from a run is shown as code or escaped. */
import type { Mark, WaitLink } from '../explain/explanation.ts';
import { printPlan } from '../plan/parse.ts';
import { blameText } from '../run/verdict.ts';
import { code, codeBlock, codeCell, markdown } from './escape.ts';
import type { FindingRecord } from './finding.ts';
import { hereText, thereText } from './hereText.ts';
import { isPlain, placeText, sortedMarks } from './marksText.ts';
import { planText } from './text.ts';

export function findingMarkdown(record: FindingRecord): string {
  const { headline, configuration, waiting, explanation, lastEvents, repeat, plan } = record;
  const parts = [
    `## ${markdown(headline)}`,
    ...verdictTable(record),
    `**Plan** (${markdown(configuration)})`,
    codeBlock(planText(record)),
    ...marks(record),
    ...nearest(record),
    ...(explanation.waits.length === 0 ? [] : ['**Who waits for whom**', chain(explanation.waits)]),
    ...(waiting.length === 0 ? [] : [details(`What was waited for when the run ended (${String(waiting.length)})`, codeBlock(waiting))]),
    ...(lastEvents.length === 0 ? [] : [details('The last events', codeBlock(lastEvents.map(({ atUs, text }) => `${`+${(atUs / 1000).toFixed(3)} ms`.padStart(16)}  ${text}`)))]),
    details('The plan as a file', codeBlock(printPlan(plan).trimEnd().split('\n'), 'json')),
    ...(repeat === '' ? [] : ['**Repeat**', codeBlock([repeat], 'sh')]),
    footer(record),
  ];
  return `${parts.join('\n\n')}\n`;
}

function verdictTable({ verdict, property, defects }: FindingRecord): readonly string[] {
  const rows: (readonly [string, string])[] = [];
  if (verdict.kind === 'violation' || verdict.kind === 'stuck') {
    rows.push(['property', `${codeCell(verdict.property)} ${markdown(property?.sentence ?? '')}`]);
    rows.push(['expected', codeCell(verdict.expected)], ['what happened', codeCell(verdict.actual)]);
    rows.push(['where', `+${(verdict.atUs / 1000).toFixed(3)} ms, event ${String(verdict.event)}, rule ${codeCell(verdict.rule)}`]);
    if (verdict.blame.kind !== 'bug') rows.push(['but', markdown(blameText(verdict.blame))]);
  }
  if (defects.length > 0) rows.push(['put back', defects.map(codeCell).join(', ')]);
  return rows.length === 0 ? [] : [['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${value} |`)].join('\n')];
}

/** What is necessary, and steps and deviations that are free, at once; what is free inside them folded. */
function marks({ explanation }: FindingRecord): readonly string[] {
  const sorted = sortedMarks(explanation);
  const rows = [
    ...(sorted.lines === 'needed' ? ['| **necessary** | every step and deviation | passes without any one of them |'] : explanation.marks.filter(isNeededLine).map((one) => `| **necessary** | ${placed(one)} | passes without it |`)),
    ...sorted.necessary.map(({ place, text, why }) => `| **necessary** | ${placeText(place)}${codeCell(text)} | ${codeCell(why)} |`),
    ...sorted.free.map(freeRow),
  ];
  const { freeValues } = sorted;
  if (rows.length + freeValues.length === 0) return [];
  const table = (of: readonly string[]): string => ['| | part | |', '|---|---|---|', ...of].join('\n');
  return ['**What matters in the plan**', ...(rows.length === 0 ? [] : [table(rows)]), ...(freeValues.length === 0 ? [] : [details(`Free values and settings (${String(freeValues.length)})`, table(freeValues.map(freeRow)))])];
}

function isNeededLine(one: Mark): boolean {
  return isPlain(one) && one.part.kind !== 'cluster';
}

function placed({ part, text }: Mark): string {
  return `${placeText('step' in part ? `step ${String(part.step + 1)}` : '')}${codeCell(text)}`;
}

function freeRow(one: Mark): string {
  return `| free | ${placed(one)} | fails with ${String(one.tried)} other${one.tried === 1 ? '' : 's'} too |`;
}

function nearest({ explanation }: FindingRecord): readonly string[] {
  const { nearestPass } = explanation;
  if (nearestPass === undefined) return [];
  const { change, parting } = nearestPass;
  return [
    `**Nearest plan that passes**: ${markdown(change)}`,
    [`At +${(parting.atUs / 1000).toFixed(3)} ms, event ${String(parting.event)}, the two part:`, `- here: ${parting.here === '' ? hereText(parting) : code(parting.here)}`, `- there: ${parting.there === '' ? thereText(parting) : code(parting.there)}`].join('\n'),
  ];
}

/** A list in lists: a link stands below the one that it follows from. */
function chain(waits: readonly WaitLink[]): string {
  let depth = -1;
  return waits
    .map(({ who, text, depth: told }, i) => {
      depth = told ?? depth + 1;
      return `${'  '.repeat(depth)}- ${text.startsWith(who) || who === waits[i - 1]?.who ? '' : `${code(who)} `}${markdown(text)}`;
    })
    .join('\n');
}

function details(title: string, body: string): string {
  return `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;
}

function footer({ search, digest, dispatches, virtualMs }: FindingRecord): string {
  const found = search === undefined ? '' : `Found in run ${String(search.foundInRuns)} of seed ${String(search.seed)}, shrunk in ${String(search.shrinkRuns)} runs${search.minimal ? ' (1-minimal)' : ''}. `;
  return `${found}Digest ${code(digest)}, ${String(dispatches)} dispatches, ${(virtualMs / 1000).toFixed(1)} virtual seconds.`;
}
