/** What matters, in few lines: what goes without saying is folded, and what is alike is one line. */
import { describe, expect, it } from 'vitest';
import type { Explanation, Mark, PlanPart } from '../../../properties/explain/explanation.ts';
import { signOf, sortedMarks } from '../../../properties/report/marksText.ts';

const markOf = (part: PlanPart, text: string, mark: Mark['mark'], passesWith = '', breaksWith = ''): Mark => ({ part, text, mark, tried: 1, passesWith, breaksWith });
const step = (at: number, mark: Mark['mark'] = 'necessary'): Mark => markOf({ kind: 'step', step: at }, `step ${String(at)}`, mark, mark === 'necessary' ? 'without it' : '');
const field = (at: number, text: string, passesWith: string): Mark => markOf({ kind: 'field', step: at, field: 'hashKey' }, text, 'necessary', passesWith);
const of = (...marks: readonly Mark[]): Explanation => ({ marks, nearestPass: undefined, waits: [], runs: 1 });
const CLUSTER = markOf({ kind: 'cluster', cluster: 'source' }, 'cluster source', 'necessary', 'without it');

describe('what matters', () => {
  it('is not said line by line where it passes without any one of them', () => {
    const all = of(CLUSTER, step(0), step(1));
    expect(sortedMarks(all)).toMatchObject({ lines: 'needed', necessary: [], free: [], untried: 0 });
    expect(signOf(all, { kind: 'step', step: 1 })).toBe(' ');
  });

  it('stands with the lines where they differ', () => {
    const some = of(step(0), step(1, 'free'), step(2, 'untried'), markOf({ kind: 'deviation', deviation: 1 }, 'late', 'necessary', 'without it'));
    expect(sortedMarks(some)).toMatchObject({ lines: 'marked', necessary: [], free: [{ text: 'step 1' }], untried: 1 });
    expect([0, 1, 2, 3].map((at) => signOf(some, { kind: 'step', step: at }))).toEqual(['*', '·', '?', ' ']);
    expect([0, 1].map((at) => signOf(some, { kind: 'deviation', deviation: at }))).toEqual([' ', '*']);
  });

  it('is said of a line without which something else breaks', () => {
    const other = of(step(0), markOf({ kind: 'step', step: 1 }, 'restart', 'necessary', '', 'without it: S5/check'));
    expect(sortedMarks(other)).toMatchObject({ lines: 'marked', necessary: [{ place: 'step 2', text: 'restart', why: 'breaks something else without it: S5/check' }] });
  });

  it('is one line for values that are alike, and says the value once', () => {
    const marks = [field(2, 'hashKey "a"', '"q" instead of "a"'), field(3, 'hashKey "a"', '"q" instead of "a"'), field(4, 'hashKey "a"', '"w" instead of "a"'), field(5, 'other', '"w" instead of "b"')];
    expect(sortedMarks(of(...marks)).necessary).toEqual([
      { place: 'steps 3, 4', text: 'hashKey "a"', why: 'passes with "q"' },
      { place: 'step 5', text: 'hashKey "a"', why: 'passes with "w"' },
      { place: 'step 6', text: 'other', why: 'passes with "w" instead of "b"' },
    ]);
  });
});
