/** Each rule refuses its hand-written traces, and accepts what comes before; both ways to step agree. */
import { describe, expect, it } from 'vitest';
import { next, step } from '../../model/next.ts';
import { ruleNames } from '../../model/rules/index.ts';
import { init } from '../../model/state.ts';
import { DISK } from '../traces/disk.ts';
import type { Refused } from '../traces/refused.ts';
import { REPLICATION } from '../traces/replication.ts';
import { CONFIG } from '../traces/story.ts';
import { WORLD } from '../traces/world.ts';

const ALL: readonly Refused[] = [...REPLICATION, ...DISK, ...WORLD];

describe('refusing traces', () => {
  it.each(ALL.map((one) => [`${one.rule}: ${one.why}`, one] as const))('%s', (_, { rule, before, event, config }) => {
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
  });

  it('has one for every rule', () => {
    const traced = new Set(ALL.map(({ rule }) => rule));
    const names = ruleNames().map(({ name }) => name);
    expect(names.length).toBeGreaterThan(70);
    // The rules of duplication have no hand-written traces yet; whole runs hold the model and the implementation together.
    const untraced = names.filter((name) => !traced.has(name));
    expect(untraced.filter((name) => !/^dup\/|-duplications?$|^log\/unshipped-records-stay$/.test(name))).toEqual([]);
    expect([...traced].filter((name) => !names.includes(name))).toEqual([]);
  });
});
