/** Records of findings for the tests of reports: real ones, and one whose words are anything. */
import { join } from 'node:path';
import fc from 'fast-check';
import { DEFECTS } from '../../../properties/defects/index.ts';
import { partsWith } from '../../../properties/defects/types.ts';
import { explain } from '../../../properties/explain/explain.ts';
import { CORPUS_DIR, corpusPlans } from '../../../properties/hunt/corpus.ts';
import type { FindingRecord } from '../../../properties/report/finding.ts';
import { findingRecord } from '../../../properties/report/findingRecord.ts';
import { recordRun, type Recorded } from '../../../properties/report/record.ts';

export interface Sample extends Recorded {
  readonly record: FindingRecord;
}

/** The shrunk plan of a defect, run with it and explained. */
export function sampleOf(defect: string, maxRuns = 12): Sample {
  const found = corpusPlans(join(CORPUS_DIR, 'defects')).find(({ name }) => name === defect);
  if (found === undefined) throw new Error(`no corpus plan of ${defect}`);
  const parts = partsWith(DEFECTS.filter(({ id }) => id === defect));
  const recorded = recordRun(found.plan, { parts });
  const explanation = explain(found.plan, recorded.result, { parts, maxRuns });
  const search = { seed: 1, foundInRuns: 3, shrinkRuns: 40, minimal: true };
  const repeat = `npx pegasus-check replay test/corpus/defects/${defect}.json --defect ${defect}`;
  return { ...recorded, record: findingRecord({ plan: found.plan, result: recorded.result, explanation, defects: [defect], search, repeat }) };
}

/** Bytes, marks of the formats, direction marks, halves of pairs. */
export const nasty: fc.Arbitrary<string> = fc.string({
  unit: fc.oneof(
    {
      weight: 3,
      arbitrary: fc.constantFrom('`', '```', '|', '\\', '<', '</details>', '>', '&', ']]>', '-->', '"', "'", '@', '#1', '*/', '://', 'www.', '$', '[', ']', '(', '_', '~', '${', '\u202e', '\u2066', '\u200b', '\u2028', '\ufeff', '\u0000', '\u001b[2J', '\n', '\r', '\t', '\u0085', '\ud800', '\udc00', '\ufffe', ' '),
    },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 3 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 3 }) },
  ),
});

/** A record like that one, with any text wherever a run's words may stand. */
export function nastyRecord(like: FindingRecord): fc.Arbitrary<FindingRecord> {
  return fc.record({ a: nasty, b: nasty, c: nasty }).map(({ a, b, c }) => wordedRecord(like, a, b, c));
}

/** A record like that one, with these words in it. What decides where a mark is shown stays. */
export function wordedRecord(like: FindingRecord, a: string, b: string, c: string): FindingRecord {
  const { verdict, explanation, lines, lastEvents } = like;
  if (verdict.kind === 'pass' || verdict.kind === 'limit') throw new Error('no failure');
  return {
    ...like,
    cause: `${verdict.property}/${a}`,
    headline: b,
    verdict: { ...verdict, rule: a, message: b, expected: c, actual: a },
    defects: [a],
    configuration: c,
    lines: lines.map((line) => ({ ...line, text: b })),
    explanation: {
      ...explanation,
      marks: explanation.marks.map((mark, i) => ({ ...mark, text: `${c}${String(i)}`, passesWith: mark.passesWith === 'without it' ? mark.passesWith : a })),
      waits: [{ who: a, kind: 'call', text: b }],
      ...(explanation.nearestPass === undefined ? { nearestPass: undefined } : { nearestPass: { ...explanation.nearestPass, change: a, ended: b, parting: { ...explanation.nearestPass.parting, here: c, there: '' } } }),
    },
    waiting: [a, b],
    lastEvents: lastEvents.map((event) => ({ ...event, text: c })),
    repeat: `npx ${b}`,
  };
}
