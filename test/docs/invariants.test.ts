/** docs/invariants.md has every invariant of the fact sheets, and names only what there is. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OBLIGATIONS } from '../../model/obligations.ts';
import { ruleNames } from '../../model/rules/index.ts';
import { readMeasured } from '../../properties/defectBench/expectations.ts';
import { DEFECTS } from '../../properties/defects/index.ts';
import { STATE_PREDICATES } from '../../properties/registry/index.ts';
import { TRACES } from '../traces/all.ts';
import { ROOT } from './document.ts';

const TEXT = readFileSync(`${ROOT}docs/invariants.md`, 'utf8');
const AUDIT_ROOM = 'properties/run/audit';

/** The lists of the sheets: prefix of the id, and how many. */
const LISTS = [
  { prefix: 'repl.S', count: 22 },
  { prefix: 'repl.L', count: 8 },
  { prefix: 'dup.S', count: 17 },
  { prefix: 'dup.L', count: 6 },
  { prefix: 'bl.S', count: 19 },
  { prefix: 'plog.18.', count: 10 },
  { prefix: 'thr.8.', count: 7 },
] as const;

const NOT_CHECKED = 'not checked: ';

interface Row {
  readonly id: string;
  readonly invariant: string;
  readonly checkedBy: string;
  readonly checks: readonly string[];
  readonly breakers: readonly string[];
}

const namesIn = (cell: string): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

const ROWS: readonly Row[] = [...TEXT.matchAll(/^\| ((?:repl|dup|bl|plog|thr)\.\S+) \|(.*)\|$/gm)].map(([, id = '', rest = '']) => {
  const [invariant = '', checkedBy = '', brokenBy = ''] = rest.split('|').map((cell) => cell.trim());
  return { id, invariant, checkedBy, checks: namesIn(checkedBy), breakers: namesIn(brokenBy) };
});

const CHECKED = ROWS.filter(({ checkedBy }) => !checkedBy.startsWith(NOT_CHECKED));

const sourceOf = (file: string): string => readFileSync(`${ROOT}${AUDIT_ROOM}/${file}`, 'utf8');

/** Two for each claimed kind, one in each direction; the desk knows their properties. */
function audits(): readonly (readonly [name: string, property: string])[] {
  return [...sourceOf('desk.ts').matchAll(/^ {2}'([a-z]+\.[\w-]+)': '(\w+)',$/gm)].flatMap(([, kind = '', property = '']) =>
    ['claimed-implies-real', 'real-implies-claimed'].map((direction) => [`audit/${kind}/${direction}`, property] as const),
  );
}

/** Audits that speak by a name of their own: `wrong(property, rule, ...)`, or the same by a constant. */
function ownAudits(): readonly (readonly [name: string, property: string])[] {
  return readdirSync(`${ROOT}${AUDIT_ROOM}`)
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const text = sourceOf(file);
      const constant = /^const PROPERTY = '([\w.]+)';$/m.exec(text)?.[1] ?? '';
      return [...text.matchAll(/wrong\((?:'([\w.]+)'|PROPERTY), '([\w./-]+)'/g)].map(([, property, name = '']) => [`audit/${name}`, property ?? constant] as const);
    });
}

/** Every check that a row may name, with its property; a test has none. */
const PROPERTY_OF = new Map<string, string>([
  ...ruleNames().map(({ name, property }) => [name, property] as const),
  ...Object.entries(OBLIGATIONS).map(([name, { property }]) => [name, property] as const),
  ...STATE_PREDICATES.map(({ id }) => [id, id] as const),
  ...audits(),
  ...ownAudits(),
]);

const isTest = (name: string): boolean => name.startsWith('test/') && name.endsWith('.test.ts');

describe('docs/invariants.md', () => {
  it('has each invariant of the sheets once, in order', () => {
    expect(ROWS.map(({ id }) => id)).toEqual(LISTS.flatMap(({ prefix, count }) => Array.from({ length: count }, (_, i) => `${prefix}${String(i + 1)}`)));
    for (const { id, invariant } of ROWS) expect(invariant.length, id).toBeGreaterThan(10);
  });

  it('names a check for each, and something that was seen to break it, but for the few that are not checked', () => {
    for (const { id, checks, breakers } of CHECKED) expect([id, checks.length > 0, breakers.length > 0]).toEqual([id, true, true]);
    expect(ROWS.filter((row) => !CHECKED.includes(row)).map(({ id }) => id)).toEqual(['repl.S21', 'repl.L8']);
  });

  it('names only rules, obligations, predicates, audits, defects, traces and tests that exist', () => {
    const traced = new Set(TRACES.map(({ rule }) => rule));
    const defects = new Set(DEFECTS.map(({ id }) => id));
    const exists = (name: string): boolean => isTest(name) && existsSync(`${ROOT}${name}`);
    for (const { id, checks, breakers } of CHECKED) {
      expect(checks.filter((name) => !PROPERTY_OF.has(name) && !exists(name)), id).toEqual([]);
      expect(breakers.filter((name) => !traced.has(name) && !defects.has(name) && !exists(name)), id).toEqual([]);
    }
  });

  it('names a trace beside the rule that refuses it, and a defect beside a check that it is expected to be found by', () => {
    for (const { id, checks, breakers } of CHECKED) {
      const properties = new Set(checks.map((name) => PROPERTY_OF.get(name)));
      for (const breaker of breakers) {
        if (isTest(breaker)) continue;
        const defect = DEFECTS.find((one) => one.id === breaker);
        if (defect === undefined) expect(checks, `${id}: ${breaker}`).toContain(breaker);
        else expect(defect.expected.filter((property) => properties.has(property)), `${id}: ${breaker}`).not.toEqual([]);
      }
    }
  });

  it('names one that was seen: a trace, a test, or a defect that the bench saw found by such a property', () => {
    const caughtBy = new Map(readMeasured().rows.map((row) => [row.id, row.caughtBy]));
    for (const { id, checks, breakers } of CHECKED) {
      const properties = new Set(checks.map((name) => PROPERTY_OF.get(name)));
      const isSeen = (name: string): boolean => !caughtBy.has(name) || (caughtBy.get(name) ?? []).some((property) => properties.has(property));
      expect([id, breakers.some(isSeen)]).toEqual([id, true]);
    }
  });

  it('has every rule, obligation and audit that says which of the invariants it is, beside it', () => {
    const rows = new Map(ROWS.map((row) => [row.id, row]));
    let found = 0;
    for (const [name, property] of PROPERTY_OF) {
      const row = rows.get(property);
      if (row === undefined) continue;
      found++;
      expect(row.checks, property).toContain(name);
    }
    expect(found).toBeGreaterThan(110);
  });

  it('leaves out no rule of the log and of throttles, whose properties have other names', () => {
    const named = new Set(ROWS.flatMap(({ checks }) => checks));
    const own = [...PROPERTY_OF].filter(([, property]) => /^(?:plog|thr)\./.test(property)).map(([name]) => name);
    expect(own.length).toBeGreaterThan(8);
    expect(own.filter((name) => !named.has(name))).toEqual([]);
  });
});
