/** A finding as a terminal shows it: verdict, plan with virtual times, what matters in it, expectation and fact, who waits, the end of the run, how to repeat it. */
import type { Mark } from '../explain/explanation.ts';
import type { PlanLine, FindingRecord } from './finding.ts';
import { visible } from './escape.ts';

/** How many lines of waiting are shown. */
const WAITING = 8;

/** `emphasis` marks the verdict's line (a terminal's bold). The last lines: seed, configuration, repeat command. */
export function findingText(record: FindingRecord, emphasis = (line: string): string => line): string {
  const { headline } = record;
  const configuration = visible(record.configuration);
  const repeat = visible(record.repeat);
  return [
    emphasis(visible(headline)),
    '',
    `  ${configuration}`,
    ...planText(record).map((line) => `  ${line}`),
    '',
    ...section('  what matters in it:', markLines(record)),
    ...resultLines(record),
    '',
    ...section('  who waits for whom:', record.explanation.waits.map(({ who, text }, i) => `  ${'  '.repeat(i)}${visible(who)}: ${visible(text)}`)),
    ...section('  the last events:', record.lastEvents.map(({ atUs, text }) => `  ${`+${(atUs / 1000).toFixed(3)} ms`.padStart(16)}  ${visible(text)}`)),
    ...searchLines(record),
    `  configuration: ${configuration}`,
    `  repeat: ${repeat === '' ? 'the plan could not be written' : repeat}`,
  ].join('\n');
}

/** Property, expectation, fact and place, and who waited; of a run that passed there is nothing to say. */
export function resultLines({ verdict, property, waiting }: Pick<FindingRecord, 'verdict' | 'property' | 'waiting'>): readonly string[] {
  const waits = waiting.slice(0, WAITING).map((line) => `  waiting         ${visible(line)}`);
  if (verdict.kind === 'pass' || verdict.kind === 'limit') return waits;
  return [
    `  property        ${verdict.property}: ${property?.sentence ?? 'not in the registry'}`,
    `  model expected  ${visible(verdict.expected)}`,
    `  what happened   ${visible(verdict.actual)}`,
    `  at              +${(verdict.atUs / 1000).toFixed(3)} ms, event ${String(verdict.event)}, rule ${visible(verdict.rule)}`,
    ...waits,
  ];
}

/** Steps with their numbers and times, and deviations. */
export function planText({ lines }: Pick<FindingRecord, 'lines'>): readonly string[] {
  return lines.flatMap(({ part, atMs, text }: PlanLine) => {
    if (part.kind === 'step') return [`${String(part.step + 1).padStart(3)}  ${`+${String(atMs ?? 0)} ms`.padStart(10)}  ${visible(text)}`];
    return part.kind === 'deviation' ? [`        deviation  ${visible(text)}`] : [];
  });
}

/** Necessary parts with what passes instead, the nearest passing plan, and how many parts are free. */
export function markLines({ explanation }: FindingRecord): readonly string[] {
  const { marks, nearestPass, runs } = explanation;
  if (marks.length === 0) return [];
  const of = (mark: Mark['mark']): readonly Mark[] => marks.filter((one) => one.mark === mark);
  const lines = of('necessary').map(({ part, text, passesWith }) => `  necessary       ${placeOf(part)}${visible(text)} (passes ${passesWith === 'without it' ? passesWith : `with ${visible(passesWith)}`})`);
  for (const { part, text } of of('free')) lines.push(`  free            ${placeOf(part)}${visible(text)}`);
  const untried = of('untried').length;
  if (untried > 0) lines.push(`  not tried       ${String(untried)} more parts: the budget ended`);
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
  return lines.length === 0 ? [] : [title, ...lines, ''];
}
