/** A finding as a terminal shows it: verdict, plan with virtual times, what matters in it, expectation and fact, who waits, the end of the run, how to repeat it. */
import type { NearestPass, PlanPart, WaitLink } from '../explain/explanation.ts';
import type { PlanLine, FindingRecord } from './finding.ts';
import { visible } from './escape.ts';
import { hereText, thereText } from './hereText.ts';
import { placeText, signOf, sortedMarks, type SortedMarks } from './marksText.ts';

/** How many lines of waiting are shown; and where the chain tells more. */
const WAITING = 8;
const WAITING_BESIDE_CHAIN = 3;

/** `emphasis` marks the verdict's line (a terminal's bold). The last lines: seed, configuration, repeat command. */
export function findingText(record: FindingRecord, emphasis = (line: string): string => line): string {
  const { headline, explanation, lastEvents } = record;
  const configuration = visible(record.configuration);
  const repeat = visible(record.repeat);
  return [
    emphasis(visible(headline)),
    ...propertyLines(record),
    '',
    `  ${configuration}`,
    ...planText(record, (part) => `${signOf(explanation, part)} `),
    '',
    ...section('', resultLines(record, explanation.waits.length === 0 ? WAITING : WAITING_BESIDE_CHAIN)),
    ...section('  who waits for whom:', chainLines(explanation.waits).map((line) => `  ${line}`)),
    ...section('  what matters in the plan:', markLines(record)),
    ...section('  the last events:', lastEvents.map(({ atUs, text }) => `  ${`+${(atUs / 1000).toFixed(3)} ms`.padStart(16)}  ${visible(text)}`)),
    ...searchLines(record),
    `  configuration: ${configuration}`,
    `  repeat: ${repeat === '' ? 'the plan could not be written' : repeat}`,
  ].join('\n');
}

/** The property in its own words; of a run that passed there is none. */
export function propertyLines({ verdict, property }: Pick<FindingRecord, 'verdict' | 'property'>): readonly string[] {
  if (verdict.kind === 'pass' || verdict.kind === 'limit') return [];
  return [`  property        ${verdict.property}: ${property?.sentence ?? 'not in the registry'}`];
}

/** Expectation, fact and place, and who waited; of a run that passed there is nothing to say. */
export function resultLines({ verdict, waiting }: Pick<FindingRecord, 'verdict' | 'waiting'>, most = WAITING): readonly string[] {
  const waits = waiting.slice(0, most).map((line) => `  waiting         ${visible(line)}`);
  if (verdict.kind === 'pass' || verdict.kind === 'limit') return waits;
  return [
    `  model expected  ${visible(verdict.expected)}`,
    `  what happened   ${visible(verdict.actual)}`,
    `  at              +${(verdict.atUs / 1000).toFixed(3)} ms, event ${String(verdict.event)}, rule ${visible(verdict.rule)}`,
    ...waits,
  ];
}

/** The chain of who waits for whom, a line a link, indented by its depth; who is named where it is not named anyway. */
function chainLines(waits: readonly WaitLink[]): readonly string[] {
  let depth = -1;
  return waits.map(({ who, text, depth: told }, i) => {
    depth = told ?? depth + 1;
    return `  ${'  '.repeat(depth)}${visible(who === waits[i - 1]?.who || text.startsWith(who) ? text : `${who}: ${text}`)}`;
  });
}

/** Steps with their numbers and times, and deviations; `before` goes in front of each line. */
export function planText({ lines }: Pick<FindingRecord, 'lines'>, before = (_: PlanPart): string => ''): readonly string[] {
  return lines.flatMap(({ part, atMs, text }: PlanLine) => {
    if (part.kind === 'step') return [`${before(part)}${String(part.step + 1).padStart(3)}  ${`+${String(atMs ?? 0)} ms`.padStart(10)}  ${visible(text)}`];
    return part.kind === 'deviation' ? [`${before(part)}        deviation  ${visible(text)}`] : [];
  });
}

/** What is said of steps and deviations. */
const LINES: Readonly<Record<SortedMarks['lines'], readonly string[]>> = {
  none: [],
  needed: ['  necessary       every step and deviation: it passes without any one of them'],
  marked: ['  steps           * necessary: it passes without it; · free: it fails without it too; ? not tried'],
};

/** Necessary parts with what passes instead, steps and deviations that are free as a whole, and the nearest passing plan. */
function markLines({ explanation }: FindingRecord): readonly string[] {
  const { marks, nearestPass, runs } = explanation;
  if (marks.length === 0) return [];
  const sorted = sortedMarks(explanation);
  const { necessary, free, freeValues, untried } = sorted;
  const lines = [...LINES[sorted.lines]];
  for (const { place, text, why } of necessary) lines.push(`  necessary       ${placeText(place)}${visible(text)} (${visible(why)})`);
  for (const { part, text } of free) if (part.kind === 'cluster') lines.push(`  free            ${visible(text)}`);
  if (freeValues.length > 0) lines.push(`  free            ${String(freeValues.length)} values and settings: it fails with any other that was tried`);
  if (untried > 0) lines.push(`  not tried       ${String(untried)} more: the time was up, or their runs were cut off`);
  if (nearestPass !== undefined) lines.push(...nearestLines(nearestPass));
  lines.push(`  tried in        ${String(runs)} runs`);
  return lines;
}

function nearestLines({ change, parting }: NearestPass): readonly string[] {
  return [
    `  nearest pass    ${visible(change)}`,
    `  they part at    +${(parting.atUs / 1000).toFixed(3)} ms, event ${String(parting.event)}`,
    `    here          ${visible(hereText(parting))}`,
    `    there         ${visible(thereText(parting))}`,
  ];
}

function searchLines({ search, plan }: FindingRecord): readonly string[] {
  if (search === undefined) return [];
  const how = search.minimal ? '1-minimal' : 'not fully shrunk';
  return [`  found in run ${String(search.foundInRuns)} of seed ${String(search.seed)}, shrunk in ${String(search.shrinkRuns)} runs to ${String(plan.steps.length)} steps (${how})`];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [...(title === '' ? [] : [title]), ...lines, ''];
}
