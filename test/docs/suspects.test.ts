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

const rows: readonly Row[] = [...read('suspects.md').matchAll(/^\| (B\d+) \|(.*)\|$/gm)].map(([, id = '', rest = '']) => {
  const [confidence = '', , here = '', shownBy = ''] = rest.split('|').map((cell) => cell.trim());
  return { id, confidence, here, shownBy, defects: [...shownBy.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name) };
});
const idsOf = (issue: string): readonly string[] => [...issue.matchAll(/\bdup\.(B\d+)/g)].map(([, id = '']) => id);

describe('docs/suspects.md', () => {
  it('has B1 to B47 once each, in order, with a confidence and an answer', () => {
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 47 }, (_, i) => `B${String(i + 1)}`));
    for (const { id, confidence, here } of rows) {
      expect([id, confidence], id).toEqual([id, expect.stringMatching(/^[HML]$/)]);
      expect(['mended', 'kept', 'not built', 'cannot be'], id).toContain(here);
    }
  });

  it('names defects that exist, or says what is needed', () => {
    const known = new Set(DEFECTS.map(({ id }) => id));
    for (const { id, here, defects, shownBy } of rows) {
      for (const defect of defects) expect(known.has(defect), `${id}: ${defect}`).toBe(true);
      if (defects.length === 0) expect(shownBy, id).toMatch(here === 'kept' ? /./ : /^needs /);
    }
  });

  it('names every defect that claims to be one of the suspects, beside it', () => {
    const claimed = DEFECTS.flatMap(({ id, issue }) => idsOf(issue).map((suspect) => ({ id, suspect })));
    expect(claimed.length).toBeGreaterThan(20);
    for (const { id, suspect } of claimed) expect(rows.find((row) => row.id === suspect)?.defects, suspect).toContain(id);
  });

  it('agrees with docs/departures.md: what is mended has its row there, what is kept or not built has none that mends it', () => {
    const mended = read('departures.md').split('## Duplication suspects mended')[1]?.split('\n## ')[0] ?? '';
    const there = new Set([...mended.matchAll(/^\| dup\.([^|]*)\|/gm)].flatMap(([, ids = '']) => [...ids.matchAll(/B\d+/g)].map(([id]) => id)));
    for (const { id, here } of rows) expect(there.has(id), id).toBe(here === 'mended' || here === 'cannot be');
  });
});
