/** A power loss may leave log files without even a header: their indices are used again, and no other's (plog 7.4, 10). */
import { expect, it } from 'vitest';
import { step } from '../../model/next.ts';
import { init } from '../../model/state.ts';
import type { ModelEvent } from '../../model/events.ts';
import { CONFIG, logFile, opened, P, READY, started, stopped, survived } from '../traces/story.ts';

type Kept = Parameters<typeof survived>[1];

/** What is said to a new file `index` at `offset`, after file 1 (decree 1), file 2 (empty) and a stop that left the records `kept`. */
function verdict(cause: 'crash' | 'power-loss', kept: Kept, index: number, offset: number): string | undefined {
  const applied = kept.length > 0 ? 1 : 0;
  const before: readonly ModelEvent[] = [
    ...READY,
    logFile(P, 2, 500, 1),
    stopped(P, cause),
    ...(cause === 'power-loss' ? [survived(P, kept)] : []),
    started(P),
    opened(P, { fresh: false, ballot: 1, durable: 0, applied: 0, committed: 0, maxPrepared: applied }),
  ];
  const state = init(CONFIG);
  for (const event of before) {
    const violation = step(state, event);
    if (violation !== undefined) throw new Error(violation.message);
  }
  // File 2 says in its header that decree 1 came before it.
  return step(state, logFile(P, index, offset, index > 2 ? 1 : index === 2 ? applied : 0))?.rule;
}

it('lets the indices of vanished files be used again, the whole run of them', () => {
  expect(verdict('power-loss', [], 3, 500)).toBeUndefined();
  expect(verdict('power-loss', [], 2, 0)).toBeUndefined();
  expect(verdict('power-loss', [], 1, 0)).toBeUndefined();
  expect(verdict('power-loss', [[1, 1, 1]], 2, 500)).toBeUndefined();
});

it('refuses the index of a file that kept a record, a gap, and any reuse after a mere crash', () => {
  expect(verdict('power-loss', [[1, 1, 1]], 1, 0)).toBe('log/next-index');
  expect(verdict('power-loss', [], 4, 500)).toBe('log/next-index');
  expect(verdict('crash', [[1, 1, 1]], 2, 500)).toBe('log/next-index');
});
