/** A finding as a terminal shows it: verdict, plan with virtual times, what matters in it, expectation and fact, who waits, the end of the run, how to repeat it. */
import type { Mark, WaitLink } from '../explain/explanation.ts';
import type { PlanLine, FindingRecord } from './finding.ts';
import { visible } from './escape.ts';

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
    '',
    `  ${configuration}`,
    ...planText(record).map((line) => `  ${line}`),
    '',
    ...section('', resultLines(record, explanation.waits.length === 0 ? WAITING : WAITING_BESIDE_CHAIN)),
    ...section('  who waits for whom:', chainLines(explanation.waits).map((line, i) => `  ${'  '.repeat(explanation.waits[i]?.depth ?? i)}${line}`)),
    ...section('  what matters in the plan:', markLines(record)),
    ...section('  the last events:', lastEvents.map(({ atUs, text }) => `  ${`+${(atUs / 1000).toFixed(3)} ms`.padStart(16)}  ${visible(text)}`)),
    ...searchLines(record),
    `  configuration: ${configuration}`,
    `  repeat: ${repeat === '' ? 'the plan could not be written' : repeat}`,
  ].join('\n');
}

/** Property, expectation, fact and place, and who waited; of a run that passed there is nothing to say. */
export function resultLines({ verdict, property, waiting }: Pick<FindingRecord, 'verdict' | 'property' | 'waiting'>, most = WAITING): readonly string[] {
  const waits = waiting.slice(0, most).map((line) => `  waiting         ${visible(line)}`);
  if (verdict.kind === 'pass' || verdict.kind === 'limit') return waits;
  return [
    `  property        ${verdict.property}: ${property?.sentence ?? 'not in the registry'}`,
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

/** Steps with their numbers and times, and deviations. */
export function planText({ lines }: Pick<FindingRecord, 'lines'>): readonly string[] {
  return lines.flatMap(({ part, atMs, text }: PlanLine) => {
    if (part.kind === 'step') return [`${String(part.step + 1).padStart(3)}  ${`+${String(atMs ?? 0)} ms`.padStart(10)}  ${visible(text)}`];
    return part.kind === 'deviation' ? [`        deviation  ${visible(text)}`] : [];
  });
}

/** Necessary parts with what passes instead, steps and deviations that are free as a whole, and the nearest passing plan. */
function markLines({ explanation }: FindingRecord): readonly string[] {
  const { marks, nearestPass, runs } = explanation;
  if (marks.length === 0) return [];
  const lines = marks.filter(({ mark }) => mark === 'necessary').map((one) => `  necessary       ${placeOf(one.part)}${visible(one.text)} (${visible(passesText(one))})`);
  const free = marks.filter(({ mark }) => mark === 'free');
  const whole = free.filter(({ part }) => isWhole(part));
  for (const { part, text } of whole) lines.push(`  free            ${placeOf(part)}${visible(text)}`);
  if (free.length > whole.length) lines.push(`  free            ${String(free.length - whole.length)} values and settings: it fails with any other that was tried`);
  const untried = marks.length - free.length - marks.filter(({ mark }) => mark === 'necessary').length;
  if (untried > 0) lines.push(`  not tried       ${String(untried)} more: the time was up`);
  if (nearestPass !== undefined) {
    const { change, ended, parting } = nearestPass;
    lines.push(`  nearest pass    ${visible(change)}: ${visible(ended)}`);
    lines.push(`  they part at    +${(parting.atUs / 1000).toFixed(3)} ms, event ${String(parting.event)}`);
    lines.push(`    here          ${parting.here === '' ? 'the run had ended' : visible(parting.here)}`);
    lines.push(`    there         ${parting.there === '' ? 'the run had ended' : visible(parting.there)}`);
  }
  lines.push(`  tried in        ${String(runs)} runs`);
  return lines;
}

/** A part that can only be there or not. */
export function isWhole(part: Mark['part']): boolean {
  return part.kind === 'step' || part.kind === 'deviation' || part.kind === 'cluster';
}

/** What makes a necessary part's plan pass, or break something else. */
export function passesText({ passesWith, breaksWith }: Mark): string {
  if (passesWith === '') return breaksWith === '' ? 'nothing else fails so' : breaksWith;
  return `passes ${passesWith === 'without it' ? '' : 'with '}${passesWith}`;
}

/** In front of what would not say by itself where it stands. */
export function placeOf(part: Mark['part']): string {
  return part.kind === 'field' || part.kind === 'step' ? `step ${String(part.step + 1)}: ` : '';
}

function searchLines({ search, plan }: FindingRecord): readonly string[] {
  if (search === undefined) return [];
  const how = search.minimal ? '1-minimal' : 'not fully shrunk';
  return [`  found in run ${String(search.foundInRuns)} of seed ${String(search.seed)}, shrunk in ${String(search.shrinkRuns)} runs to ${String(plan.steps.length)} steps (${how})`];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [...(title === '' ? [] : [title]), ...lines, ''];
}
