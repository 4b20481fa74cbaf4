/** What a search found, as a record and as the terminal's text; all of it is made in properties/report. */
import type { Explanation } from '../explain/explanation.ts';
import type { FindingRecord } from '../report/finding.ts';
import { findingRecord, propertyWords } from '../report/findingRecord.ts';
import { findingText as recordText, propertyLines, resultLines as recordLines } from '../report/text.ts';
import type { RunResult } from '../run/runPlan.ts';
import type { Finding } from './search.ts';

/** `repeat`: the command that shows it again, '' when the plan is in no file. */
export function recordOf(finding: Finding, repeat: string, explanation?: Explanation): FindingRecord {
  const { plan, result, defects, seed, foundInRuns, shrinkRuns, minimal } = finding;
  return findingRecord({ plan, result, defects, search: { seed, foundInRuns, shrinkRuns, minimal }, repeat, ...(explanation === undefined ? {} : { explanation }) });
}

/** `emphasis` marks the verdict's line (a terminal's bold). */
export function findingText(finding: Finding, repeat: string, emphasis?: (line: string) => string): string {
  return recordText(recordOf(finding, repeat), emphasis);
}

/** Property, expectation, fact, place, and who waited. */
export function resultLines({ verdict, waiting }: RunResult): readonly string[] {
  return [...propertyLines({ verdict, property: propertyWords(verdict) }), ...recordLines({ verdict, waiting })];
}
