/** What the report page calls necessary and free. */
import { expect, it } from 'vitest';
import type { Mark, PlanPart } from '../../../../properties/explain/explanation.ts';
import { markedLines, strength } from '../../../../properties/report/html/page/planMarks.ts';

const mark = (part: PlanPart, word: Mark['mark']): Mark => ({ part, text: '', mark: word, tried: 1, passesWith: '', breaksWith: '' });

function strengthOf(part: PlanPart, ...marks: readonly Mark[]): string | undefined {
  return markedLines([{ part, atMs: undefined, text: '' }], marks).map(strength)[0];
}

it('a cluster that cannot be left out is necessary, however many servers it has', () => {
  const line: PlanPart = { kind: 'servers', cluster: 'follower' };
  const whole = (word: Mark['mark']): Mark => mark({ kind: 'cluster', cluster: 'follower' }, word);
  const other = mark({ kind: 'cluster', cluster: 'source' }, 'necessary');
  expect(strengthOf(line, whole('necessary'), mark(line, 'free'))).toBe('necessary');
  expect(strengthOf(line, whole('free'), mark(line, 'free'), other)).toBe('free');
  expect(strengthOf(line, whole('untried'), mark(line, 'necessary'))).toBe('necessary');
  expect(strengthOf(line, whole('untried'), mark(line, 'free'))).toBe('untried');
  expect(strengthOf(line, mark(line, 'free'), other)).toBe('free');
});

it('a step is what leaving it out says; when that was not tried, what is in it', () => {
  const step: PlanPart = { kind: 'step', step: 1 };
  const field: PlanPart = { kind: 'field', step: 1, field: 'value' };
  expect(strengthOf(step, mark(step, 'free'), mark(field, 'free'))).toBe('free');
  expect(strengthOf(step, mark(field, 'necessary'))).toBe('necessary');
  expect(strengthOf(step, mark(field, 'free'))).toBe('untried');
});
