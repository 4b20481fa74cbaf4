/**
 * A finding as a vitest file, ready to be committed: the plan stands in it, so that it needs nothing beside it. It passes once the
 * implementation is right; a finding of a defect that was put back must be found with it, and not without.
 */
import { DEFECTS } from '../defects/index.ts';
import { printPlan } from '../plan/parse.ts';
import { visible } from './escape.ts';
import type { FindingRecord } from './finding.ts';
import { planText } from './text.ts';

export interface RegressionOptions {
  /** Only this property was looked at. */
  readonly property?: string;
}

/** The text of `<name>.test.ts`; it finds the project by `#properties`, so it may lie anywhere in this repository. */
export function regressionTest(record: FindingRecord, options: RegressionOptions = {}): string {
  const { cause, headline, defects, repeat } = record;
  const known = defects.length > 0 && defects.every((id) => DEFECTS.some((one) => one.id === id));
  const foreign = defects.length > 0 && !known;
  const limits = options.property === undefined ? '' : `property: ${quoted(options.property)}`;
  return [
    '/**',
    ...[`${headline}`, '', ...planText(record), '', `Cause: ${cause}.`, ...(repeat === '' ? [] : [`Seen with: ${repeat}`])].map(commentLine),
    ...(foreign ? [commentLine(`Found in an implementation of its own (${defects.join(', ')}); here it must pass on the right one.`)] : []),
    ' */',
    "import { expect, it } from 'vitest';",
    ...(known ? ["import { DEFECTS } from '#properties/defects/index.ts';", "import { partsWith } from '#properties/defects/types.ts';"] : []),
    "import { parsePlan } from '#properties/plan/parse.ts';",
    "import { runPlan } from '#properties/run/runPlan.ts';",
    `import { ${known ? 'causeOf, ' : ''}isFinding, verdictSentence } from '#properties/run/verdict.ts';`,
    '',
    `const PLAN = parsePlan(JSON.stringify(${literal(printPlan(record.plan))}), 'the plan of this test');`,
    '',
    ...(known ? foundWith(record, limits) : []),
    `it(${quoted(`${known ? 'finds nothing without it' : `does not break ${cause}`}`)}, () => {`,
    `  const { verdict } = runPlan(PLAN${limits === '' ? '' : `, { ${limits} }`});`,
    '  expect(isFinding(verdict), verdictSentence(verdict)).toBe(false);',
    '});',
    '',
  ].join('\n');
}

function foundWith({ cause, defects }: FindingRecord, limits: string): readonly string[] {
  const options = limits === '' ? '{ parts }' : `{ parts, ${limits} }`;
  return [
    `it(${quoted(`is found with ${defects.join(', ')}`)}, () => {`,
    `  const parts = partsWith(DEFECTS.filter(({ id }) => [${defects.map(quoted).join(', ')}].includes(id)));`,
    `  const { verdict } = runPlan(PLAN, ${options});`,
    '  expect(isFinding(verdict), verdictSentence(verdict)).toBe(true);',
    `  expect(causeOf(verdict)).toBe(${quoted(cause)});`,
    '});',
    '',
  ];
}

/** A line of the header; nothing in it ends the comment. */
function commentLine(line: string): string {
  return ` * ${visible(line).replaceAll('*/', '*\\/')}`.trimEnd();
}

/** A string literal of the house's style. */
function quoted(text: string): string {
  return `'${visible(text.replaceAll('\\', '\\\\').replaceAll("'", "\\'"))}'`;
}

/** JSON is a literal of the language, but for the one key that would set a prototype. What cannot be seen is escaped: a reader sees what runs. */
function literal(json: string): string {
  const escaped = (char: string): string => Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
  return json
    .trimEnd()
    .replaceAll('"__proto__":', '["__proto__"]:')
    .replaceAll(/[^\P{Cc}\n]|[\p{Cf}\p{Cn}\p{Zl}\p{Zp}]/gu, escaped);
}
