/** `pegasus-check replay PLAN.json`: runs one plan and says what happens. */
import { loadDefects } from '../defects/load.ts';
import { partsWith } from '../defects/types.ts';
import { resultLines } from '../hunt/findingText.ts';
import { parsePlan } from '../plan/parse.ts';
import { planHeader, planLines } from '../plan/text.ts';
import { eventText } from '../run/eventText.ts';
import { runPlan } from '../run/runPlan.ts';
import { isFinding, verdictSentence } from '../run/verdict.ts';
import { readText } from './files.ts';
import { EXIT, type Io } from './io.ts';
import { checkProperty } from './repeatCommands.ts';

export interface ReplayOptions {
  readonly defect: readonly string[];
  readonly property?: string;
  readonly json: boolean;
  readonly events: boolean;
}

export async function runReplay(path: string, options: ReplayOptions, io: Io): Promise<number> {
  const { property } = options;
  if (property !== undefined) checkProperty(property);
  const plan = parsePlan(readText(path, 'plan'), path);
  const defects = await loadDefects(options.defect);
  const began = performance.now();
  const result = runPlan(plan, { parts: partsWith(defects), trace: options.events, ...(property === undefined ? {} : { property }) });
  const ms = performance.now() - began;
  if (options.json) {
    const { verdict, digest, dispatches, virtualMs, deviations, skippedSteps, waiting } = result;
    io.out(JSON.stringify({ plan: path, verdict, digest, dispatches, virtualMs, deviations, skippedSteps, waiting, milliseconds: ms }));
  } else {
    io.out([planHeader(plan), ...planLines(plan)].join('\n'));
    for (const event of result.trace ?? []) io.out(`${`+${(event.atUs / 1000).toFixed(3)} ms`.padStart(16)}  ${eventText(event)}`);
    for (const step of result.skippedSteps) io.out(`step ${String(step + 1)} did nothing: what it refers to was not there`);
    io.out([`verdict: ${verdictSentence(result.verdict)}`, ...resultLines(result)].join('\n'));
    io.out(`digest ${result.digest}, ${String(result.dispatches)} dispatches, ${(result.virtualMs / 1000).toFixed(1)} virtual seconds, ${ms.toFixed(0)} ms`);
  }
  return isFinding(result.verdict) ? EXIT.finding : EXIT.nothingFound;
}
