/** docs/suspects.md is complete, and true of the defects that there are. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DEFECTS } from '../../properties/defects/index.ts';

const read = (name: string): string => readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8');

interface Row {
  readonly id: string;
  readonly confidence: string;
  readonly here: string;
  readonly defects: readonly string[];
  readonly shownBy: string;
}

/** The part of a document under a heading. */
function section(name: string, heading: string): string {
  return read(name).split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
}

function rowsOf(heading: string): readonly Row[] {
  return [...section('suspects.md', heading).matchAll(/^\| ([BPRT]\d+) \|(.*)\|$/gm)].map(([, id = '', rest = '']) => {
    const [confidence = '', , here = '', shownBy = ''] = rest.split('|').map((cell) => cell.trim());
    return { id, confidence, here, shownBy, defects: [...shownBy.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name) };
  });
}

/** Ids that departures.md mends, under those headings: in a row of their own, or in one that says so (`mends repl.R15`). */
function departures({ departed, prefix, letter }: Sheet): ReadonlySet<string> {
  const there = new Set<string>();
  const claims = new RegExp(`mends ${prefix}\\.(${letter}\\d+)`, 'g');
  for (const heading of departed) {
    for (const [, ids = '', text = ''] of section('departures.md', heading).matchAll(/^\| ([^|]*) \|(.*)\|$/gm)) {
      for (const [, id = ''] of text.matchAll(claims)) there.add(id);
      if (!ids.startsWith(`${prefix}.`) || text.includes('(no departure)')) continue;
      for (const [id] of ids.matchAll(new RegExp(`\\b${letter}\\d+`, 'g'))) there.add(id);
    }
  }
  return there;
}

interface Sheet {
  readonly prefix: string;
  readonly letter: string;
  readonly count: number;
  readonly heading: string;
  /** Headings of departures.md. */
  readonly departed: readonly string[];
  /** Fewer than so many claims of defects are no check. */
  readonly shown: number;
}

const SHEETS: readonly Sheet[] = [
  { prefix: 'dup', letter: 'B', count: 47, heading: 'Duplication', departed: ['Duplication suspects mended'], shown: 20 },
  { prefix: 'bl', letter: 'B', count: 35, heading: 'Bulk load', departed: ['Bulk load and throttling suspects mended'], shown: 20 },
  { prefix: 'thr', letter: 'T', count: 7, heading: 'Throttling', departed: ['Bulk load and throttling suspects mended'], shown: 3 },
  { prefix: 'repl', letter: 'R', count: 17, heading: 'Replication', departed: ['Suspects mended', 'Faults and moves', 'Learning'], shown: 2 },
  { prefix: 'plog', letter: 'P', count: 16, heading: 'Private log', departed: ['Suspects mended'], shown: 0 },
];

describe.each(SHEETS)('docs/suspects.md, $heading', (sheet) => {
  const { prefix, letter, count, heading, shown } = sheet;
  const rows = rowsOf(heading);

  it('has every suspect of the sheet once, in order, with a confidence and an answer', () => {
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: count }, (_, i) => `${letter}${String(i + 1)}`));
    for (const { id, confidence, here } of rows) {
      expect([id, confidence], id).toEqual([id, expect.stringMatching(/^[HML]$/)]);
      expect(['mended', 'kept', 'not built', 'cannot be'], id).toContain(here);
    }
  });

  it('names defects that exist, or says what is needed', () => {
    const known = new Set(DEFECTS.map(({ id }) => id));
    for (const { id, here, defects, shownBy } of rows) {
      // What is needed may name settings and seams too.
      const unknown = shownBy.startsWith('needs ') ? [] : defects.filter((defect) => !known.has(defect));
      expect(unknown, id).toEqual([]);
      if (defects.length === 0) expect(shownBy, id).toMatch(here === 'kept' ? /./ : /^needs /);
    }
  });

  it('names every defect that claims to be one of the suspects, beside it', () => {
    const claims = new RegExp(`\\b${prefix}\\.(${letter}\\d+)`, 'g');
    const claimed = DEFECTS.flatMap(({ id, issue }) => [...issue.matchAll(claims)].map(([, suspect = '']) => ({ id, suspect })));
    expect(claimed.length).toBeGreaterThan(shown);
    for (const { id, suspect } of claimed) expect(rows.find((row) => row.id === suspect)?.defects, suspect).toContain(id);
  });

  it('agrees with docs/departures.md: what is mended has its row there, what is kept or not built has none that mends it', () => {
    const there = departures(sheet);
    for (const { id, here } of rows) expect(there.has(id), id).toBe(here === 'mended' || here === 'cannot be');
  });

  it('agrees with docs/departures.md on what is kept and what is not built', () => {
    const notBuilt = section('departures.md', 'Not built').split('Kept as upstream has them');
    const keptRows = read('departures.md').split('\n').filter((line) => line.includes('(no departure)'));
    const told: Readonly<Record<'kept' | 'not built', string>> = { 'not built': notBuilt[0] ?? '', kept: `${notBuilt[1] ?? ''}${keptRows.join('')}` };
    const untold = rows.filter(({ id, here }) => (here === 'kept' || here === 'not built') && !new RegExp(`\\b${prefix}\\.${id}\\b`).test(told[here]));
    expect(untold.map(({ id }) => id)).toEqual([]);
  });
});
