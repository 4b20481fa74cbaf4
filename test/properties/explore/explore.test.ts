/** The search of small scopes: exact sizes, and what it finds when a rule is missing. */
import { describe, expect, it } from 'vitest';
import { RULES, withoutGuard } from '../../../model/rules/index.ts';
import { explore } from '../../../properties/explore/explore.ts';
import { runExplore } from '../../../properties/explore/runExplore.ts';
import { SCOPES } from '../../../properties/explore/scopes.ts';

function scopeOf(name: string) {
  const scope = SCOPES.find((one) => one.name === name);
  if (scope === undefined) throw new Error(`no scope ${name}`);
  return scope;
}

describe('explore', () => {
  it.each([
    ['pair', 1024, 2459, 18],
    ['checkpoint', 4649, 12602, 21],
  ])('scope %s has %d states, %d transitions, depth %d', (name, states, transitions, depth) => {
    expect(explore(scopeOf(name))).toEqual({
      scope: name,
      states,
      transitions,
      depth,
      complete: true,
      violation: undefined,
    });
  });

  it('finds more states without symmetry, and as many violations: none', () => {
    const scope = { ...scopeOf('reballot'), maxDecree: 2 };
    const folded = explore(scope);
    const whole = explore(scope, { symmetry: false });
    expect([folded.states, whole.states]).toEqual([264, 412]);
    expect([folded.depth, folded.violation, whole.violation]).toEqual([whole.depth, undefined, undefined]);
  });

  it.each([
    ['pair', 'replication/commit-needs-all-acks', 'state.durability', 4],
    ['pair', 'replication/commit-needs-own-log', 'state.durability', 6],
    ['pair', 'replication/commit-known-to-a-primary', 'state.durability', 6],
    ['pair', 'replication/ack-after-log', 'state.acknowledged', 3],
    ['checkpoint', 'log/only-covered-files-go', 'state.durability', 2],
    ['checkpoint', 'checkpoint/holds-only-flushed', 'state.order', 2],
    ['checkpoint', 'checkpoint/newest-stay', 'state.retention', 6],
  ])('in scope %s, without %s, %s breaks after %d events', (name, rule, property, events) => {
    const found = explore(scopeOf(name), { rules: withoutGuard(rule), maxStates: 3000 });
    expect(found.violation?.property).toBe(property);
    expect(found.violation?.trace).toHaveLength(events);
  });

  it('stops at its limit and says so', () => {
    expect(explore(scopeOf('pair'), { maxStates: 50 })).toMatchObject({
      states: 50,
      complete: false,
      violation: undefined,
    });
  });

  it('prints a result, and refuses an unknown scope', () => {
    const lines: string[] = [];
    const io = { out: (line: string) => lines.push(line), err: (line: string) => lines.push(line) };
    expect(runExplore({ scope: 'pair', json: false }, io)).toBe(0);
    expect(lines[0]).toBe('pair: 1024 states, 2459 transitions, depth 18, complete');
    expect(runExplore({ scope: 'nowhere', json: false }, io)).toBe(2);
    expect(lines.at(-1)).toContain('known: replication');
    expect(runExplore({ scope: 'pair', json: true }, io)).toBe(0);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ scope: 'pair', states: 1024, violation: null });
  });

  it('does not change the table it takes a guard from', () => {
    const before = RULES['replica.committed'].guards.length;
    expect(withoutGuard('replication/commit-needs-all-acks')['replica.committed'].guards).toHaveLength(before - 1);
    expect(RULES['replica.committed'].guards).toHaveLength(before);
  });
});
