/** A finding as the terminal prints it: verdict, shrunk plan with virtual times, expectation and fact, the end of the run, repeat command. */
import type { ModelEvent } from '../../model/events.ts';
import { planHeader, planLines } from '../plan/text.ts';
import { eventText } from '../run/eventText.ts';
import type { RunResult } from '../run/runPlan.ts';
import { verdictSentence } from '../run/verdict.ts';
import { propertyOf } from '../registry/index.ts';
import type { Finding } from './search.ts';

/** How many of the last events of a run a finding shows. */
const LAST_EVENTS = 12;

export function resultLines(result: RunResult): readonly string[] {
  const { verdict } = result;
  const lines: string[] = [];
  if (verdict.kind === 'violation' || verdict.kind === 'stuck') {
    lines.push(`  property        ${verdict.property}: ${propertyOf(verdict.property)?.sentence ?? 'not in the registry'}`);
    lines.push(`  model expected  ${verdict.expected}`, `  what happened   ${verdict.actual}`);
    lines.push(`  at              +${(verdict.atUs / 1000).toFixed(3)} ms, event ${String(verdict.event)}, rule ${verdict.rule}`);
  }
  for (const line of result.waiting.slice(0, 8)) lines.push(`  waiting         ${line}`);
  return lines;
}

function lastEvents(trace: readonly ModelEvent[]): readonly string[] {
  return trace.slice(-LAST_EVENTS).map((event) => `  ${`+${(event.atUs / 1000).toFixed(3)} ms`.padStart(16)}  ${eventText(event)}`);
}

/** `emphasis` marks the verdict's line (a terminal's bold). The last lines: seed, configuration, repeat command. */
export function findingText(finding: Finding, repeatCommand: string, emphasis = (line: string): string => line): string {
  const { plan, result } = finding;
  const how = finding.minimal ? '1-minimal' : 'not fully shrunk';
  return [
    emphasis(verdictSentence(result.verdict)),
    '',
    `  ${planHeader(plan)}`,
    ...planLines(plan).map((line) => `  ${line}`),
    '',
    ...resultLines(result),
    '',
    '  the last events:',
    ...lastEvents(result.trace ?? []),
    '',
    `  found in run ${String(finding.foundInRuns)} of seed ${String(finding.seed)}, shrunk in ${String(finding.shrinkRuns)} runs to ${String(plan.steps.length)} steps (${how})`,
    `  configuration: ${planHeader(plan)}`,
    `  repeat: ${repeatCommand === '' ? 'the plan could not be written' : repeatCommand}`,
  ].join('\n');
}
