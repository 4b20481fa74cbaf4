/**
 * Findings as SARIF 2.1.0: the registry's promises are the rules, findings the results, located in their plan files. A finding's
 * fingerprint is its cause, so that a code host knows it again when another plan shows it.
 */
import { PROPERTIES } from '../registry/index.ts';
import type { Verdict } from '../run/verdict.ts';
import type { FindingRecord } from './finding.ts';
import { findingMarkdown } from './markdown.ts';
import { findingText } from './text.ts';

interface Message {
  readonly text: string;
  readonly markdown?: string;
}

interface ReportingDescriptor {
  readonly id: string;
  readonly shortDescription: Message;
  readonly properties: { readonly kind: string };
}

interface Result {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: 'error' | 'warning' | 'note';
  readonly kind: 'fail';
  readonly message: Message;
  readonly locations: readonly [{ readonly physicalLocation: { readonly artifactLocation: { readonly uri: string }; readonly region: { readonly startLine: number } } }];
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, string>>;
}

export interface SarifLog {
  readonly $schema: string;
  readonly version: '2.1.0';
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly name: 'pegasus-check'; readonly rules: readonly ReportingDescriptor[] } };
      readonly columnKind: 'utf16CodeUnits';
      readonly results: readonly Result[];
    },
  ];
}

/** A finding and the file that holds its plan; '' when it is in none. */
export interface Located {
  readonly record: FindingRecord;
  readonly planFile: string;
}

const LIMITS = 'limits';

export function sarifLog(findings: readonly Located[]): SarifLog {
  const rules = PROPERTIES.filter(({ kind }) => kind !== 'sometimes').map(({ id, kind, sentence }): ReportingDescriptor => rule(id, kind, sentence));
  for (const { record } of findings) {
    const id = record.property?.id ?? LIMITS;
    if (!rules.some((one) => one.id === id)) rules.push(rule(id, record.property?.kind ?? LIMITS, record.property?.sentence ?? 'a run ends within its bounds'));
  }
  const results = findings.filter(({ record }) => record.verdict.kind !== 'pass').map((found) => result(found, rules));
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{ tool: { driver: { name: 'pegasus-check', rules } }, columnKind: 'utf16CodeUnits', results }],
  };
}

export function sarifText(findings: readonly Located[]): string {
  return `${JSON.stringify(sarifLog(findings), undefined, 2)}\n`;
}

function rule(id: string, kind: string, sentence: string): ReportingDescriptor {
  return { id, shortDescription: { text: sentence }, properties: { kind } };
}

function result({ record, planFile }: Located, rules: readonly ReportingDescriptor[]): Result {
  const { verdict, cause, digest, repeat } = record;
  const ruleId = record.property?.id ?? LIMITS;
  return {
    ruleId,
    ruleIndex: rules.findIndex(({ id }) => id === ruleId),
    level: levelOf(verdict),
    kind: 'fail',
    message: { text: findingText(record), markdown: findingMarkdown(record) },
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(planFile === '' ? `${cause}.json` : planFile) }, region: { startLine: 1 } } }],
    partialFingerprints: { 'cause/v1': cause },
    properties: { digest, repeat },
  };
}

/** What a fault excuses, or a run does not show, is a note; a run that was cut off is a warning. */
function levelOf(verdict: Verdict): Result['level'] {
  if (verdict.kind === 'limit') return 'warning';
  return verdict.kind === 'pass' || verdict.blame.kind === 'bug' ? 'error' : 'note';
}

/** A path as a relative reference: each segment is percent-encoded, as SARIF wants a URI. */
export function uriOf(path: string): string {
  const plain = path.replaceAll('\\', '/').toWellFormed();
  const absolute = plain.startsWith('/');
  const encoded = plain.split('/').map(encodeURIComponent).join('/');
  return absolute ? `file://${encoded}` : encoded;
}
