/**
 * Findings as JUnit XML: each promise of the registry is a test case, and a finding is a failure of the promise that it breaks. What a
 * run hit a limit in is a case of its own.
 */
import { PROPERTIES } from '../registry/index.ts';
import { xml, xmlLines } from './escape.ts';
import type { FindingRecord } from './finding.ts';
import { findingText } from './text.ts';

const LIMITS = 'limits';

/** All findings of one run or campaign. */
export function junitXml(findings: readonly FindingRecord[]): string {
  const broken = Map.groupBy(
    findings.filter(({ verdict }) => verdict.kind !== 'pass'),
    ({ property }) => property?.id ?? LIMITS,
  );
  const promises = PROPERTIES.filter(({ kind }) => kind !== 'sometimes').map(({ id, kind, sentence }) => ({ id, kind: String(kind), sentence }));
  const known = new Set(promises.map(({ id }) => id));
  for (const [id, [first]] of broken) {
    if (!known.has(id)) promises.push({ id, kind: first?.property?.kind ?? LIMITS, sentence: first?.property?.sentence ?? 'a run ends within its bounds' });
  }
  const cases = promises.map(({ id, kind, sentence }) => testCase(id, kind, sentence, broken.get(id) ?? []));
  const counts = `tests="${String(cases.length)}" failures="${String(broken.size)}" errors="0" skipped="0"`;
  return ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites name="pegasus-check" ${counts}>`, `  <testsuite name="properties" ${counts}>`, ...cases, '  </testsuite>', '</testsuites>', ''].join('\n');
}

/** JUnit knows one failure per case: several findings of one promise are told in one. */
function testCase(id: string, kind: string, sentence: string, findings: readonly FindingRecord[]): string {
  const head = `    <testcase classname="pegasus-check.${xml(kind)}" name="${xml(`${id}: ${sentence}`)}"`;
  const [first] = findings;
  if (first === undefined) return `${head}/>`;
  const message = findings.length === 1 ? first.headline : `${first.headline} (and ${String(findings.length - 1)} more)`;
  const text = findings.map((finding) => findingText(finding)).join('\n\n');
  return [`${head}>`, `      <failure type="${xml(first.cause)}" message="${xml(message)}">${xmlLines(text)}</failure>`, '    </testcase>'].join('\n');
}
