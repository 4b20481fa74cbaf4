/** What is owed while faults last: a primary whose server stays away is removed without its coming back. */
import { describe, expect, it } from 'vitest';
import { owedMeanwhile } from '../../model/absence.ts';
import type { ModelConfig } from '../../model/config.ts';
import type { ModelEvent } from '../../model/events.ts';
import { step } from '../../model/next.ts';
import { obligations } from '../../model/obligations.ts';
import { init, type ModelState } from '../../model/state.ts';
import { Patience } from '../../properties/run/patience.ts';
import { A, B, CONFIG, P, config, fault, SERVING, started, stopped } from '../traces/story.ts';

const META = 'c/meta-0';
const WITH_META: ModelConfig = {
  ...CONFIG,
  clusters: [{ id: 'c', nodes: [P, A, B, META] }],
  settings: { ...CONFIG.settings, fdGraceMs: 22_000, fdCheckIntervalMs: 2000, lbIntervalMs: 10_000 },
};
const DOWN_US = 5_000_000;
/** The grace time, two checks, two looks, four calls of 5 s, and 1 s of work. */
const BOUND_US = (22_000 + 2 * 2000 + 2 * 10_000 + 4 * 5000 + 1000) * 1000;

function after(...events: readonly ModelEvent[]): ModelState {
  const state = init(WITH_META);
  for (const event of [started(META), ...SERVING, ...events]) {
    const violation = step(state, event);
    if (violation !== undefined) throw new Error(violation.message);
  }
  return state;
}
const owed = (...events: readonly ModelEvent[]) => owedMeanwhile(after(...events)).map(({ name, sinceUs, boundUs }) => [name, sinceUs, boundUs]);
const LEAVES = 'L4 dead primary leaves';

describe('while faults last', () => {
  it('a dead primary is to be removed, from the last disturbance on', () => {
    expect(owed()).toEqual([]);
    expect(owed(stopped(P, 'crash', DOWN_US))).toEqual([[LEAVES, DOWN_US, BOUND_US]]);
    expect(owed(stopped(P, 'crash', DOWN_US), fault('link.reset', A, DOWN_US + 7))).toEqual([[LEAVES, DOWN_US + 7, BOUND_US]]);
  });

  it('nothing else is owed: not for a secondary, not when it is gone from the configuration, not when it is back', () => {
    expect(owed(stopped(A, 'crash', DOWN_US))).toEqual([]);
    expect(owed(stopped(P, 'crash', DOWN_US), config(2, '', [A, B]))).toEqual([]);
    expect(owed(stopped(P, 'crash', DOWN_US), started(P, DOWN_US + 1))).toEqual([]);
    expect(obligations(after(stopped(P, 'crash', DOWN_US))).map(({ name }) => name)).not.toContain(LEAVES);
  });

  it('a meta server that is down or paused owes nothing', () => {
    expect(owed(stopped(P, 'crash', DOWN_US), stopped(META, 'crash', DOWN_US))).toEqual([]);
    expect(owed(stopped(P, 'crash', DOWN_US), fault('process.pause', META, DOWN_US))).toEqual([]);
  });

  it('patience that is given these obligations waits for nothing else', () => {
    const state = after(stopped(P, 'crash', DOWN_US));
    const phase = { healedUs: undefined, lastCommandUs: 0 };
    const patience = new Patience(undefined, owedMeanwhile);
    expect(patience.look(state, phase, DOWN_US + BOUND_US)).toBeUndefined();
    expect(patience.look(state, phase, DOWN_US + BOUND_US + 1)).toMatchObject({ property: 'L4', rule: LEAVES, gpid: '1.0' });
    const others = new Patience('repl.L2', owedMeanwhile);
    expect(others.look(state, phase, DOWN_US + BOUND_US + 1)).toBeUndefined();
  });
});
