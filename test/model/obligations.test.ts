/** Obligations appear when something is owed, carry a bound that adds up, and go when it is done. */
import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../model/events.ts';
import { step } from '../../model/next.ts';
import { obligations } from '../../model/obligations.ts';
import { init, type ModelState } from '../../model/state.ts';
import {
  A,
  answers,
  applied,
  asks,
  B,
  committed,
  ended,
  flag,
  flushed,
  get,
  listed,
  logFile,
  logGone,
  CONFIG,
  mutation,
  opened,
  P,
  prepared,
  put,
  READY,
  read,
  SERVING,
  started,
  stopped,
  write,
} from '../traces/story.ts';

function after(...events: readonly ModelEvent[]): ModelState {
  const state = init(CONFIG);
  for (const event of events) {
    const violation = step(state, event);
    if (violation !== undefined) throw new Error(violation.message);
  }
  return state;
}
const names = (...events: readonly ModelEvent[]): readonly string[] =>
  obligations(after(...events)).map(({ name }) => name);
const everywhere = [...READY, ...[A, B].flatMap((node) => [committed(node, 1), applied(node, 1)])];
const REST = [...everywhere, ...[P, A, B].flatMap((node) => [flushed(node, 1), listed(node, 1, 0)])];
const emergency = { kind: 'emergencyCheckpoint', table: 't', partitionIndex: 0, minDecree: 1 } as const;
const DONE = answers(1, { kind: 'admin', error: 'ERR_OK', hint: '' });

describe('obligations', () => {
  it('owes nothing at rest', () => {
    expect(names(...REST, DONE)).toEqual([]);
  });

  it('owes answers, roles, commits and checkpoints', () => {
    expect(names(...REST, DONE, asks(2, get('k')))).toEqual(['L6 command answered']);
    expect(names(...REST, DONE, asks(2, get('k')), answers(2, read(undefined)))).toEqual([]);
    expect(names(...REST, DONE, asks(2, put('k', 'v')))).toEqual(['L6 command answered']);
    expect(names(...SERVING, DONE, prepared(P, mutation(1, 1)))).toEqual(['L1 writes commit']);
    expect(names(...REST, DONE, ...write(mutation(1, 2)))).toEqual([
      'L2 secondaries commit',
      'L2 secondaries commit',
      'L4 durable follows',
    ]);
    expect(names(...everywhere, DONE)).toEqual(Array.from({ length: 3 }, () => 'L4 durable follows'));
    expect(names(...REST, DONE, stopped(P))).toEqual(['L4 partition serves']);
    expect(
      names(
        ...REST,
        DONE,
        stopped(P),
        started(P),
        opened(P, { fresh: false, ballot: 1, durable: 1, applied: 1, committed: 1, maxPrepared: 1 }),
      ),
    ).toEqual(['L4 partition serves']);
  });

  it('owes the emergency checkpoint until its decree is durable', () => {
    const accepted = [
      ...READY,
      DONE,
      asks(2, emergency),
      flag(P, true, 1),
      answers(2, { kind: 'checkpoint', error: 'ERR_OK', durable: 0, prepared: false, minDecree: 1 }),
    ];
    expect(names(...accepted)).toEqual(expect.arrayContaining(['L8 emergency checkpoint', 'S9 manual flag']));
    const made = [
      ...accepted,
      ended(P, 'manual-emergency', 'ERR_TRY_AGAIN', 0),
      flushed(P, 1),
      listed(P, 1, 0),
      ended(P, 'retry-after-flush', 'ERR_OK', 1),
    ];
    expect(names(...made)).not.toContain('L8 emergency checkpoint');
    expect(names(...made)).toContain('S9 manual flag');
    expect(names(...made, flag(P, false, 0))).not.toContain('S9 manual flag');
  });

  it('owes the space of a covered log file', () => {
    const rotated = [...REST, DONE, logFile(P, 2, 500, 1, 7)];
    const owed = obligations(after(...rotated));
    expect(owed.map(({ name }) => name)).toEqual(['L5 log space']);
    expect(owed[0]).toMatchObject({
      property: 'L5',
      key: `1.0 at ${P}`,
      gpid: '1.0',
      sinceUs: 7,
      boundUs: 201_000_000,
    });
    expect(owed[0]?.boundText).toBe('2 x checkpointIntervalMs (100000 ms) + 1 x work (1000 ms)');
    expect(names(...rotated, logGone(P, 1))).toEqual([]);
  });
});
