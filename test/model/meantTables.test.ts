/** A table that was dropped and created again while a command was under way: the answer may come from either, and must fit one. */
import { expect, it } from 'vitest';
import type { Answer, Command } from '../../model/commands.ts';
import type { ModelEvent } from '../../model/events.ts';
import { step } from '../../model/next.ts';
import { init } from '../../model/state.ts';
import { A, answers, asks, B, closed, CONFIG, config, dismissed, create, flag, opened, P, READY, status, table } from '../traces/story.ts';

const emergency: Command = { kind: 'emergencyCheckpoint', table: 't', partitionIndex: 0, minDecree: 'last-applied' };
const says = (minDecree: number, error: Answer['error'] = 'ERR_OK'): Answer =>
  ({ kind: 'checkpoint', error, durable: 0, prepared: false, minDecree });

/** The same thing told of the second table's partition. */
const second = (event: ModelEvent): ModelEvent => ('gpid' in event ? { ...event, gpid: '2.0' } : event);

/** Table 1 (decree 1 applied) goes at moment 10, and table 2 of the same name comes. */
const AGAIN: readonly ModelEvent[] = [
  asks(7, { kind: 'dropTable', name: 't' }),
  table('AS_DROPPING', {}, 10),
  dismissed(2),
  table('AS_DROPPED', {}, 10),
  status(P, 'PS_PRIMARY', 'PS_INACTIVE', 1),
  closed(P),
  asks(8, create()),
  table('AS_AVAILABLE', { appId: 2 }, 20),
  config(0, '', [], 0, '2.0'),
  ...[P, A, B].map((node) => second(opened(node))),
  config(1, P, [A, B], 0, '2.0'),
  second(status(P, 'PS_INACTIVE', 'PS_PRIMARY', 1)),
];

function verdict(before: readonly ModelEvent[], answer: Answer): string | undefined {
  const state = init(CONFIG);
  for (const event of before) {
    const violation = step(state, event);
    if (violation !== undefined) throw new Error(violation.message);
  }
  return step(state, answers(2, answer, 30))?.rule;
}

it('another checkpoint under way in the new table is a reason to be busy', () => {
  expect(verdict([...READY, asks(2, emergency, 5), ...AGAIN, flag(P, true, 1, '2.0')], says(1, 'ERR_BUSY'))).toBeUndefined();
  expect(verdict([...READY, asks(2, emergency, 5), ...AGAIN], says(1, 'ERR_BUSY'))).toBe('answers/checkpoint');
});

it('one in another partition, or in another table, is none', () => {
  const other = { ...emergency, partitionIndex: 1 };
  const stranger = { ...emergency, table: 'u' };
  for (const command of [other, stranger])
    expect(verdict([...READY, asks(2, command, 5), flag(P, true, 1)], says(1, 'ERR_BUSY'))).toBe('answers/checkpoint');
});

it('a minimum must be right for one of the two', () => {
  const under = [...READY, asks(2, emergency, 5), ...AGAIN];
  expect(verdict(under, says(1))).toBeUndefined();
  expect(verdict(under, says(2))).toBe('answers/checkpoint');
});
