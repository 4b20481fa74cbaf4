/** Every report is made of one record: each is well formed whatever the words are, and says what the record says. */
import { Script, runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePlan } from '../../../properties/plan/parse.ts';
import { PROPERTIES } from '../../../properties/registry/index.ts';
import { visible } from '../../../properties/report/escape.ts';
import type { FindingRecord } from '../../../properties/report/finding.ts';
import { baseNameOf } from '../../../properties/report/findingRecord.ts';
import { itfTrace } from '../../../properties/report/itf.ts';
import { junitXml } from '../../../properties/report/junit.ts';
import { findingMarkdown } from '../../../properties/report/markdown.ts';
import { regressionTest } from '../../../properties/report/regression.ts';
import { sarifLog, sarifText, uriOf } from '../../../properties/report/sarif.ts';
import { findingText } from '../../../properties/report/text.ts';
import { nasty, nastyRecord, sampleOf, wordedRecord } from './samples.ts';
import { readXml } from './xml.ts';

const stuck = sampleOf('dup-app-check-source-name');
const violated = sampleOf('ack-before-log');
const promises = PROPERTIES.filter(({ kind }) => kind !== 'sometimes');
const RUNS = { numRuns: 40, seed: 3 };

describe('text', () => {
  it('says what broke, the plan, what matters, the nearest pass, the end, and how to repeat it', () => {
    const text = findingText(stuck.record, (line) => `*${line}*`);
    const lines = text.split('\n');
    expect(lines[0]).toBe(`*${stuck.record.headline}*`);
    expect(lines).toContain('    1       +0 ms  create t1 -p 1 -r 2 -f');
    expect(lines).toContain('  property        L1: a duplication that is set up reaches DS_LOG');
    expect(lines).toContain('  necessary       every step and deviation: it passes without any one of them');
    expect(lines).toContain('  tried in        12 runs');
    expect(text).toMatch(/nearest pass .*\n {2}they part at .*\n {4}here .*\n {4}there /);
    expect(text).toMatch(/waiting {9}source\/replica-0/);
    expect(lines.at(-1)).toBe(`  repeat: ${stuck.record.repeat}`);
    expect(lines).toContain('  found in run 3 of seed 1, shrunk in 40 runs to 2 steps (1-minimal)');
  });

  it('shows no control character of what it tells', () => {
    fc.assert(fc.property(nastyRecord(violated.record), (record) => { expect(findingText(record).replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u); }), RUNS);
  });
});

describe('Markdown', () => {
  it('says the same', () => {
    const source = findingMarkdown(violated.record);
    expect(source).toContain(`| what happened | \`${violated.record.verdict.kind === 'violation' ? violated.record.verdict.actual : ''}\` |`);
    expect(source).toContain('**What matters in the plan**');
    expect(source).toContain(`"format": "pegasus-check/plan"`);
    expect(source).toContain(violated.record.repeat);
  });

  it('keeps its tables, blocks and folds whatever the words are', () => {
    const frame = (source: string): object => {
      const outside: string[] = [];
      let fence = '';
      for (const line of source.split('\n')) {
        const mark = /^`{3,}/.exec(line)?.[0] ?? '';
        if (fence === '' && mark !== '') fence = mark;
        else if (fence === '') outside.push(line);
        else if (line === fence) fence = '';
      }
      const rows = outside.filter((line) => line.startsWith('|'));
      return { open: fence, lines: outside.length, bars: rows.map((row) => row.replaceAll(/\\\\/g, '').replaceAll('\\|', '').split('|').length), folds: outside.filter((line) => line.startsWith('<')).map((line) => line.replace(/\d+/, 'n')) };
    };
    const waits = (record: FindingRecord): FindingRecord => ({ ...record, explanation: { ...record.explanation, waits: [] } });
    const expected = frame(findingMarkdown(waits(wordedRecord(stuck.record, 'a', 'b', 'c'))));
    fc.assert(fc.property(nastyRecord(stuck.record), (record) => { expect(frame(findingMarkdown(waits(record)))).toEqual(expected); }), RUNS);
  });
});

describe('JUnit', () => {
  it('has a case for each promise, and a failure for what is broken', () => {
    const root = readXml(junitXml([stuck.record, violated.record, stuck.record]));
    const cases = root.children[0]?.children ?? [];
    expect(root.name).toBe('testsuites');
    expect(root.attributes).toMatchObject({ tests: String(promises.length), failures: '2' });
    expect(cases.length).toBe(promises.length);
    const failures = cases.filter(({ children }) => children.length > 0);
    expect(new Set(failures.map(({ attributes }) => attributes['name']?.split(':')[0]))).toEqual(new Set([violated.record.property?.id, 'L1']));
    expect(failures.length).toBe(2);
    const failure = failures.find(({ attributes }) => attributes['name']?.startsWith('L1:'))?.children[0];
    expect(failure?.attributes).toEqual({ type: stuck.record.cause, message: `${stuck.record.headline} (and 1 more)` });
    expect(failure?.text).toBe(`${findingText(stuck.record)}\n\n${findingText(stuck.record)}`);
  });

  it('has a case for a limit, and none that fails for a pass', () => {
    const limit: FindingRecord = { ...stuck.record, verdict: { kind: 'limit', limit: 'dispatches', atUs: 1, blame: { kind: 'inconclusive', reason: 'cut off' } }, property: undefined, cause: 'limit/dispatches' };
    expect(readXml(junitXml([limit])).attributes).toMatchObject({ tests: String(promises.length + 1), failures: '1' });
    expect(readXml(junitXml([{ ...stuck.record, verdict: { kind: 'pass' }, property: undefined }])).attributes).toMatchObject({ tests: String(promises.length), failures: '0' });
  });

  it('is well formed whatever the words are', () => {
    fc.assert(
      fc.property(nastyRecord(stuck.record), (record) => {
        const failure = readXml(junitXml([record])).children[0]?.children.find(({ children }) => children.length > 0)?.children[0];
        expect(failure?.attributes).toEqual({ type: visible(record.cause), message: visible(record.headline) });
        expect(failure?.text).toBe(findingText(record).split('\n').map(visible).join('\n'));
      }),
      RUNS,
    );
  });
});

describe('SARIF', () => {
  const log = sarifLog([{ record: stuck.record, planFile: 'out/a b#1.json' }, { record: violated.record, planFile: '' }]);
  const [run] = log.runs;

  it('has the promises as rules and the findings as results of theirs', () => {
    expect(log.version).toBe('2.1.0');
    expect(run.tool.driver.rules.map(({ id }) => id)).toEqual(promises.map(({ id }) => id));
    for (const { ruleId, ruleIndex } of run.results) expect(run.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    expect(run.results.map(({ ruleId }) => ruleId)).toEqual([stuck.record.property?.id, violated.record.property?.id]);
    expect(run.results.map(({ level }) => level)).toEqual(['error', 'error']);
    expect(run.results.map(({ partialFingerprints }) => partialFingerprints)).toEqual([stuck, violated].map(({ record }) => ({ 'cause/v1': record.cause })));
    expect(run.results[0]?.locations[0].physicalLocation.artifactLocation.uri).toBe('out/a%20b%231.json');
  });

  it('tells what is excused as a note, and a run that was cut off as a warning', () => {
    const { verdict } = stuck.record;
    if (verdict.kind !== 'stuck') throw new Error('not stuck');
    const excused: FindingRecord = { ...stuck.record, verdict: { ...verdict, blame: { kind: 'excusable', fault: 'power loss' } } };
    const cut: FindingRecord = { ...stuck.record, property: undefined, verdict: { kind: 'limit', limit: 'dispatches', atUs: 1, blame: { kind: 'inconclusive', reason: 'cut off' } } };
    const levels = sarifLog([excused, cut, { ...stuck.record, verdict: { kind: 'pass' } } satisfies FindingRecord].map((record) => ({ record, planFile: 'x' }))).runs[0].results.map(({ level }) => level);
    expect(levels).toEqual(['note', 'warning']);
  });

  it('is JSON with references that are URIs, whatever the words are', () => {
    fc.assert(
      fc.property(nastyRecord(violated.record), nasty, (record, planFile) => {
        const read = JSON.parse(sarifText([{ record, planFile }])) as typeof log;
        expect(read.runs[0].results[0]?.message.text).toBe(findingText(record));
        expect(decodeURIComponent(uriOf(`a${planFile}`))).toBe(`a${planFile.replaceAll('\\', '/').toWellFormed()}`);
        expect(uriOf(`a${planFile}`)).toMatch(/^[\w/%.~!*'()-]+$/);
      }),
      RUNS,
    );
  });
});

describe('ITF', () => {
  interface Itf {
    readonly '#meta': { readonly format: string; readonly status: string };
    readonly vars: readonly string[];
    readonly states: readonly { readonly '#meta': { readonly index: number }; readonly kind: string; readonly atUs: { readonly '#bigint': string }; readonly model: Readonly<Record<string, Readonly<Record<string, unknown>>>> }[];
  }
  const { record, tape } = violated;
  const trace = JSON.parse(itfTrace(record, tape)) as Itf;

  it('has one state per event, with every variable', () => {
    expect(trace['#meta']).toMatchObject({ format: 'ITF', status: 'violation' });
    expect(trace.states.length).toBe(tape.events.length);
    trace.states.forEach((state, i) => {
      expect(Object.keys(state).sort()).toEqual(['#meta', ...trace.vars].sort());
      expect([state['#meta'].index, state.kind, state.atUs['#bigint']]).toEqual([i, tape.events[i]?.kind, String(tape.events[i]?.atUs)]);
    });
  });

  it('has the states that the changes make, and no whole number as a plain one', () => {
    const words = new Map<string, string>();
    let next = 0;
    trace.states.forEach(({ model }, i) => {
      for (; (tape.model.changes[next]?.event ?? Infinity) <= i; next += 1) {
        const { path = 0, after } = tape.model.changes[next] ?? {};
        const [cluster, about, node, ...field] = tape.model.paths[path] ?? [];
        const key = [`${cluster ?? ''} ${about ?? ''} ${node ?? ''}`, field.join(' ')].join('\n');
        if (after === undefined) words.delete(key);
        else words.set(key, after);
      }
      if (i % 10 !== 0 && i !== trace.states.length - 1) return;
      const flat = Object.entries(model).flatMap(([place, fields]) => Object.entries(fields).map(([field, value]): readonly [string, string] => [`${place}\n${field}`, wordOf(value)]));
      expect(new Map(flat)).toEqual(words);
    });
    expect(JSON.stringify(trace.states.at(-1))).toMatch(/"ballot":\{"#bigint":"\d+"\}/);
  });
});

function wordOf(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'object' && value !== null && '#bigint' in value) return String(value['#bigint']);
  if (typeof value === 'string') return value;
  throw new Error(`not a value of ITF: ${JSON.stringify(value)}`);
}

describe('the regression test', () => {
  /** The literal between `JSON.stringify(` and its end, evaluated. */
  const planIn = (source: string): unknown => runInNewContext(`JSON.stringify(${/JSON\.stringify\(([\s\S]*)\), 'the plan of this test'\);/.exec(source)?.[1] ?? ''})`);

  it('is a program that holds the plan, whatever the words are', () => {
    fc.assert(
      fc.property(nastyRecord(violated.record), fc.boolean(), nasty, (record, known, value) => {
        const envs = JSON.parse(JSON.stringify({ k: value })) as Record<string, string>;
        Object.defineProperty(envs, '__proto__', { value, enumerable: true });
        const plan = { ...record.plan, steps: [...record.plan.steps, { kind: 'setEnvs', afterMs: 0, envs }] };
        const source = regressionTest({ ...record, plan, defects: known ? violated.record.defects : record.defects });
        expect(() => new Script(source.replaceAll(/^import .*$/gm, ''))).not.toThrow();
        expect(source.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(planIn(source)).toBe(JSON.stringify(plan));
      }),
      RUNS,
    );
  });

  it('holds the very plan', () => {
    expect(parsePlan(String(planIn(regressionTest(violated.record))), 'it')).toEqual(violated.record.plan);
  });
});

describe('the name of a report', () => {
  it('is one that every file system takes', () => {
    fc.assert(fc.property(nastyRecord(violated.record), (record) => { expect(baseNameOf(record)).toMatch(/^[\w.-]+-[\da-f]{16}$/); }), RUNS);
    expect(baseNameOf(stuck.record)).toBe(`L1-dup-L1-shipping-begins-${stuck.record.digest}`);
  });
});
