/** A finding as JSON; its schema is docs/finding.schema.json. */
import type { FindingRecord } from './finding.ts';

export function findingJson(record: FindingRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}
