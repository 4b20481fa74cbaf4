/** Each exception of the rules of duplication names a row of the table, and each row says truly whether one does. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { EXCLUSIONS, excluded, type ExclusionId } from '../../model/exclusions.ts';

const MODEL = fileURLToPath(new URL('../../model', import.meta.url));
const text = readdirSync(MODEL, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('exclusions.ts'))
  .map((name) => readFileSync(`${MODEL}/${name}`, 'utf8'))
  .join('\n');
const asked = new Set([...text.matchAll(/\bexcluded\(\s*'([^']+)'/g)].map((match) => match[1]));

it('every exception has a row, and every row that says so has an exception', () => {
  const rows = Object.entries(EXCLUSIONS);
  expect(asked.size).toBeGreaterThan(8);
  expect([...asked].filter((id) => !rows.some(([row]) => row === id))).toEqual([]);
  for (const [id, { used }] of rows) expect([id, used]).toEqual([id, asked.has(id)]);
});

it('every row says what, why and where it is written', () => {
  for (const { what, why, cites } of Object.values(EXCLUSIONS)) {
    expect(what.length).toBeGreaterThan(20);
    expect(why.length).toBeGreaterThan(10);
    expect(cites).toMatch(/(?:dup|bl|thr) \d|docs/);
  }
});

it('the quirks and suspects of the fact sheet that take a promise away have a row', () => {
  // dup 12: kept as upstream has them, and something that a user would expect does not hold.
  const kept = ['Q2', 'Q4', 'Q12', 'Q13', 'Q14', 'Q15', 'Q16', 'Q17', 'B12', 'B38', 'B41', 'S14'];
  const cited = Object.values(EXCLUSIONS).flatMap(({ cites }) => cites.match(/\b[QBS]\d+\b/g) ?? []);
  expect(kept.filter((id) => !cited.includes(id))).toEqual([]);
});

it('an exception holds where its condition does, and a row that no rule needs never excuses', () => {
  for (const id of Object.keys(EXCLUSIONS) as ExclusionId[])
    expect([id, excluded(id, true), excluded(id, false)]).toEqual([id, EXCLUSIONS[id].used, false]);
});
