/** A power loss may leave log files without even a header: nobody knows them any more (plog 7.4, 10, 12), and of no others. */
import { expect, it } from 'vitest';
import { step } from '../../model/next.ts';
import { init } from '../../model/state.ts';
import type { ModelEvent } from '../../model/events.ts';
import { CONFIG, flushed, listed, logFile, logGone, opened, P, READY, started, stopped, survived } from '../traces/story.ts';

type Kept = Parameters<typeof survived>[1];

/** File 1 (decree 1), file 2 (empty), and a power loss that left the records `kept` and the headers of `files`. */
function afterPowerLoss(kept: Kept, files: readonly number[]): readonly ModelEvent[] {
  return [...READY, logFile(P, 2, 500, 1), stopped(P, 'power-loss'), survived(P, kept, true, files), ...again(kept.length)];
}

const again = (maxPrepared: number, durable = 0): readonly ModelEvent[] => [
  started(P),
  opened(P, { fresh: false, ballot: 1, durable, applied: durable, committed: durable, maxPrepared }),
];

/** What is said to the last of the events; the others pass. */
function verdict(before: readonly ModelEvent[], last: ModelEvent): string | undefined {
  const state = init(CONFIG);
  for (const event of before) {
    const violation = step(state, event);
    if (violation !== undefined) throw new Error(violation.message);
  }
  return step(state, last)?.rule;
}

it('the indices of vanished files are used again, the lowest first', () => {
  expect(verdict(afterPowerLoss([], []), logFile(P, 1, 0, 0))).toBeUndefined();
  expect(verdict(afterPowerLoss([], [1]), logFile(P, 2, 0, 0))).toBeUndefined();
  expect(verdict(afterPowerLoss([[1, 1, 1]], [1]), logFile(P, 2, 500, 1))).toBeUndefined();
  expect(verdict(afterPowerLoss([[1, 1, 1]], [1, 2]), logFile(P, 3, 500, 1))).toBeUndefined();
});

it('no other index is: not one that is in use, nor one behind a gap', () => {
  expect(verdict(afterPowerLoss([[1, 1, 1]], [1]), logFile(P, 1, 0, 0))).toBe('log/next-index');
  expect(verdict(afterPowerLoss([[1, 1, 1]], [1, 2]), logFile(P, 2, 500, 1))).toBe('log/next-index');
  expect(verdict(afterPowerLoss([], [1]), logFile(P, 3, 500, 0))).toBe('log/next-index');
  const crash = [...READY, logFile(P, 2, 500, 1), stopped(P), ...again(1)];
  expect(verdict(crash, logFile(P, 2, 500, 1))).toBe('log/next-index');
});

it('garbage collection passes over a vanished file between others, and over no other', () => {
  const collecting = (...end: readonly ModelEvent[]): readonly ModelEvent[] => [
    ...READY,
    logFile(P, 2, 500, 1),
    logFile(P, 3, 560, 1),
    flushed(P, 1),
    listed(P, 1, 0),
    ...end,
    ...again(1, 1),
    logFile(P, 4, 620, 1),
    logGone(P, 1),
  ];
  const afterLoss = (files: readonly number[]): readonly ModelEvent[] =>
    collecting(stopped(P, 'power-loss'), survived(P, [[1, 1, 1]], false, files));
  expect(verdict(afterLoss([1, 3]), logGone(P, 3))).toBeUndefined();
  expect(verdict(afterLoss([1, 2, 3]), logGone(P, 3))).toBe('log/oldest-first');
  expect(verdict(collecting(stopped(P)), logGone(P, 3))).toBe('log/oldest-first');
});

it('whoever is open keeps the file that has rotted under it', () => {
  const rotten: readonly ModelEvent[] = [
    ...READY,
    logFile(P, 2, 500, 1),
    { kind: 'fault.struck', atUs: 0, fault: 'disk.bit-rot', node: P, gpid: '1.0', detail: '' },
    survived(P, [[1, 1, 1]], false, [1]),
  ];
  expect(verdict(rotten, logFile(P, 3, 560, 1))).toBeUndefined();
  expect(verdict(rotten, logFile(P, 4, 560, 1))).toBe('log/next-index');
});
