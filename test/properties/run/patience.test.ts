/** Waiting: bounds count from heal and the last command; nothing stuck hides behind what moves. */
import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../../model/events.ts';
import { step } from '../../../model/next.ts';
import { obligations } from '../../../model/obligations.ts';
import { init, type ModelState } from '../../../model/state.ts';
import { Patience } from '../../../properties/run/patience.ts';
import { A, B, CONFIG, P, READY, applied, answers, committed, mutation, write } from '../../traces/story.ts';

const DONE = answers(1, { kind: 'admin', error: 'ERR_OK', hint: '' });
const HEALED = { healedUs: 0, lastCommandUs: 0 };

function take(state: ModelState, events: readonly ModelEvent[], atUs: number): void {
  for (const event of events) {
    const violation = step(state, { ...event, atUs });
    if (violation !== undefined) throw new Error(violation.message);
  }
}
function served(): ModelState {
  const state = init(CONFIG);
  take(state, [...READY, DONE, ...[A, B].flatMap((node) => [committed(node, 1), applied(node, 1)])], 0);
  return state;
}
const boundOf = (state: ModelState, name: string): number => obligations(state).find((one) => one.name === name)?.boundUs ?? NaN;

describe('patience', () => {
  it('finds a secondary that never commits while the primary goes on', () => {
    const state = served();
    const patience = new Patience();
    let overdue;
    for (let decree = 2; decree <= 6 && overdue === undefined; decree++) {
      const nowUs = decree * 100_000_000;
      take(state, [...write(mutation(1, decree)), committed(B, decree), applied(B, decree)], nowUs);
      overdue = patience.look(state, HEALED, nowUs + 1000);
    }
    expect(overdue).toMatchObject({ property: 'repl.L2', rule: 'L2 secondaries commit', gpid: '1.0' });
    expect(overdue?.message).toContain(A);
  });

  it('is content with a secondary that is always behind and always reaches its target', () => {
    const state = served();
    const patience = new Patience();
    for (let decree = 2; decree < 40; decree++) {
      const nowUs = decree * 50_000_000;
      take(state, write(mutation(1, decree)), nowUs);
      for (const node of [A, B]) if (decree > 2) take(state, [committed(node, decree - 1), applied(node, decree - 1)], nowUs);
      expect(patience.look(state, { healedUs: 0, lastCommandUs: nowUs }, nowUs + 1000)).toBeUndefined();
    }
    expect(patience.ratios.get('L2 secondaries commit')?.count).toBeGreaterThan(10);
  });

  it('counts from heal and from the last command', () => {
    const state = served();
    take(state, write(mutation(1, 2)), 0);
    const bound = boundOf(state, 'L2 secondaries commit');
    const rules = (phase: { readonly healedUs: number; readonly lastCommandUs: number }, nowUs: number) => new Patience().look(state, phase, nowUs)?.rule;
    expect(rules(HEALED, bound)).toBeUndefined();
    expect(rules(HEALED, bound + 1)).toBe('L2 secondaries commit');
    expect(rules({ healedUs: 5, lastCommandUs: 0 }, bound + 5)).toBeUndefined();
    expect(rules({ healedUs: 0, lastCommandUs: 7 }, bound + 7)).toBeUndefined();
    expect(rules({ healedUs: 5, lastCommandUs: 7 }, bound + 8)).toBe('L2 secondaries commit');
  });

  it('asks again what is owed only after events or a command, and tells what is overdue all the same', () => {
    const state = served();
    const patience = new Patience();
    take(state, write(mutation(1, 2)), 0);
    const bound = boundOf(state, 'L2 secondaries commit');
    expect(patience.look(state, HEALED, 1000, 7)).toBeUndefined();
    expect(patience.look(state, HEALED, bound, 7)).toBeUndefined();
    expect(patience.look(state, HEALED, bound + 1, 7)?.rule).toBe('L2 secondaries commit');
    const owed = patience.outstanding;
    take(state, [A, B].flatMap((node) => [committed(node, 2), applied(node, 2)]), bound);
    expect(patience.look(state, HEALED, bound + 1, 7)?.rule).toBe('L2 secondaries commit');
    expect(patience.outstanding).toBe(owed);
    expect(patience.look(state, HEALED, bound + 1, 8)).toBeUndefined();
    expect(patience.outstanding).toBeLessThan(owed);
    take(state, write(mutation(1, 3)), bound + 2);
    expect(patience.look(state, { ...HEALED, lastCommandUs: bound + 2 }, bound + 3, 8)).toBeUndefined();
    expect(patience.outstanding).toBe(owed);
  });

  it('adds up the times without service: a partition that flaps is found', () => {
    const state = served();
    const patience = new Patience();
    const become = (from: 'PS_PRIMARY' | 'PS_INACTIVE', to: 'PS_PRIMARY' | 'PS_INACTIVE'): ModelEvent => ({ kind: 'replica.status', atUs: 0, node: P, gpid: '1.0', from, to, ballot: 1 });
    let overdue;
    let rounds = 0;
    for (let nowUs = 0; rounds < 40 && overdue === undefined; rounds++) {
      take(state, [become('PS_PRIMARY', 'PS_INACTIVE')], (nowUs += 1_000_000));
      overdue = patience.look(state, HEALED, (nowUs += 9_000_000));
      take(state, [become('PS_INACTIVE', 'PS_PRIMARY')], (nowUs += 1_000_000));
      overdue ??= patience.look(state, HEALED, nowUs + 1000);
    }
    expect(overdue).toMatchObject({ property: 'L4', rule: 'L4 partition serves' });
    expect(rounds).toBeGreaterThan(3);
  });
});
