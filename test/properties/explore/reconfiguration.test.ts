/** The scope of members that come and go: its exact size, what happens in it, and what shows when a rule is missing. */
import { describe, expect, it } from 'vitest';
import { candidates, enabled } from '../../../model/enabled.ts';
import type { ModelEvent } from '../../../model/events.ts';
import { nextAll } from '../../../model/next.ts';
import { withoutGuard } from '../../../model/rules/index.ts';
import { init, type ModelState } from '../../../model/state.ts';
import { explore } from '../../../properties/explore/explore.ts';
import { SCOPES } from '../../../properties/explore/scopes.ts';

const scope = SCOPES.find(({ name }) => name === 'reconfiguration');
if (scope === undefined) throw new Error('no scope reconfiguration');
/** One step of the configuration, and what follows. */
const one = { ...scope, maxBallot: 2 };

function started(): ModelState {
  const state = nextAll(init(one.config), one.start);
  if (state === undefined) throw new Error('the start is refused');
  return state;
}

/** A configuration as `primary|secondaries`, by the last digit of each node's name. */
function membersText(events: readonly ModelEvent[]): string | undefined {
  const stored = events.find((event) => event.kind === 'config.stored');
  if (stored === undefined) return undefined;
  const { primary, secondaries } = stored.config;
  return `${primary.slice(-1)}|${secondaries.map((node) => node.slice(-1)).join('')}`;
}

/** The states after each enabled transition that passes the test. */
function after(state: ModelState, wanted: (events: readonly ModelEvent[]) => boolean): readonly ModelState[] {
  return enabled(state, one).filter(wanted).flatMap((events) => nextAll(state, events) ?? []);
}

const has = (kind: ModelEvent['kind']) => (events: readonly ModelEvent[]): boolean => events.some((event) => event.kind === kind);

describe('what may befall members', () => {
  it('is, of a whole group, that one of them goes', () => {
    const steps = enabled(started(), one).map(membersText).filter((text) => text !== undefined);
    expect([...new Set(steps)].sort()).toEqual(['0|1', '0|2', '|12']);
  });

  it('is, without a primary, that a member takes over that holds everything', () => {
    const [leaderless] = after(started(), (events) => membersText(events) === '|12');
    if (leaderless === undefined) throw new Error('the primary does not leave');
    const next = enabled(leaderless, { ...one, maxBallot: 3 }).map(membersText).filter((text) => text !== undefined);
    expect([...new Set(next)].sort()).toEqual(['1|2', '2|1']);
  });

  it('is that somebody learns, by each of the three types, and joins where there is room, not before', () => {
    const [learner] = after(started(), (events) => has('replica.opened')(events) && has('replica.status')(events));
    if (learner === undefined) throw new Error('nobody learns');
    const types = enabled(learner, one).flatMap((events) => events.flatMap((event) => (event.kind === 'learn.answered' ? [event.type] : [])));
    expect(types.sort()).toEqual(['LT_APP', 'LT_CACHE', 'LT_LOG']);
    for (const learned of after(learner, has('learn.answered'))) {
      expect(learned.clusters['c']?.partitions['1.0']?.replicas['c/replica-3']?.applied).toBe(1);
      expect(enabled(learned, one).some((events) => membersText(events)?.includes('3') === true)).toBe(false);
    }
  });

  it('offers what the rules refuse: to join without having learned', () => {
    const [shrunk] = after(started(), (events) => membersText(events) === '0|1');
    const [leads] = shrunk === undefined ? [] : after(shrunk, (events) => events.some((e) => e.kind === 'replica.status' && e.to === 'PS_PRIMARY'));
    if (leads === undefined) throw new Error('the primary does not come back');
    const wide = { ...one, maxBallot: 3 };
    const texts = (all: readonly (readonly ModelEvent[])[]): readonly (string | undefined)[] => all.map(membersText);
    expect(texts(candidates(leads, wide))).toContain('0|13');
    expect(texts(enabled(leads, wide))).not.toContain('0|13');
    // Who was a member until now has everything, and may come back.
    expect(texts(enabled(leads, wide))).toContain('0|12');
  });
});

describe('scope reconfiguration', () => {
  it.each([
    ['of one step', one, true, 3713, 10_653, 17],
    ['of one step, without symmetry', one, false, 7213, 20_665, 17],
    ['whole', scope, true, 98_814, 301_683, 24],
  ])('%s has exactly these states, and each keeps every predicate', (_, some, symmetry, states, transitions, depth) => {
    expect(explore(some, { symmetry })).toEqual({ scope: 'reconfiguration', states, transitions, depth, complete: true, violation: undefined });
  });

  it.each([
    ['tables/newcomers-hold-what-is-committed', 'state.durability', 'c/replica-3 has nothing of committed decree 1', 7],
    ['tables/joins-while-nothing-commits', 'state.durability', 'has nothing of committed decree 2', 12],
    ['replication/commit-needs-all-acks', 'state.durability', 'has nothing of committed decree 2', 4],
  ])('without %s, %s breaks: %s, after %d events', (rule, property, message, events) => {
    const found = explore(scope, { rules: withoutGuard(rule), maxStates: 6000 });
    expect(found.violation?.property).toBe(property);
    expect(found.violation?.message).toContain(message);
    expect(found.violation?.trace).toHaveLength(events);
  });
});
