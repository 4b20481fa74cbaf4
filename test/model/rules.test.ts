/** Each rule refuses its hand-written traces, and accepts what comes before; both ways to step agree. */
import { describe, expect, it } from 'vitest';
import { next, step } from '../../model/next.ts';
import { ruleNames } from '../../model/rules/index.ts';
import { init } from '../../model/state.ts';
import { TRACES } from '../traces/all.ts';
import { CONFIG } from '../traces/story.ts';

describe('refusing traces', () => {
  it.each(TRACES.map((one) => [`${one.rule}: ${one.why}`, one] as const))('%s', (_, trace) => {
    const { rule, before, event, permitted, says = '', config } = trace;
    const plain = init(config ?? CONFIG);
    let state = init(config ?? CONFIG);
    for (const [i, earlier] of before.entries()) {
      expect(step(plain, earlier), `event ${i}`).toBeUndefined();
      const after = next(state, earlier);
      if ('violation' in after) throw new Error(after.violation.message);
      state = after.state;
      expect(state).toEqual(plain);
    }
    const kept = structuredClone(state);
    const immutable = next(state, event);
    const mutable = step(plain, event);
    expect(mutable?.rule).toBe(rule);
    expect('violation' in immutable ? immutable.violation : undefined).toEqual(mutable);
    expect(state).toEqual(kept);
    expect(mutable?.expected).not.toBe(mutable?.actual);
    expect(mutable?.message).toContain(event.kind);
    expect(mutable?.message).toContain(says);
    if (permitted !== undefined) expect(step(state, permitted)).toBeUndefined();
  });

  it('has one for every rule', () => {
    const traced = new Set(TRACES.map(({ rule }) => rule));
    const names = ruleNames().map(({ name }) => name);
    expect(names.length).toBeGreaterThan(70);
    expect(names.filter((name) => !traced.has(name))).toEqual([]);
    expect([...traced].filter((name) => !names.includes(name))).toEqual([]);
  });
});
