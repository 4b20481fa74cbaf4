/** The scope of duplication: its exact size, and what shows in it when a rule is missing. */
import { describe, expect, it } from 'vitest';
import { withoutGuard } from '../../../model/rules/index.ts';
import { explore } from '../../../properties/explore/explore.ts';
import { SCOPES } from '../../../properties/explore/scopes.ts';

const scope = SCOPES.find(({ name }) => name === 'duplication');
if (scope?.duplication === undefined) throw new Error('no scope duplication');
const { duplication } = scope;
/** Without the restart of the meta server, whose answers then may not be old. */
const calm = { ...scope, duplication: { ...duplication, metaRestarts: 0 } };

const withPause = { ...scope, duplication: { ...duplication, lines: ['pauseDup', 'startDup'] as const } };

describe('scope duplication', () => {
  it.each([
    ['as it is', scope, 1578, 8785, 24],
    ['without a restart of the meta server', calm, 756, 3571, 23],
  ])('%s has exactly these states, and each keeps every predicate', (_, one, states, transitions, depth) => {
    expect(explore(one)).toEqual({
      scope: 'duplication',
      states,
      transitions,
      depth,
      complete: true,
      violation: undefined,
    });
  });

  it('finds nothing either among the first states with a pause and an early start', () => {
    expect(explore(withPause, { maxStates: 2500 })).toMatchObject({ states: 2500, violation: undefined });
  });

  it.each([
    ['dup/app-needs-prepared-checkpoints', 'state.dup-covered', 12],
    ['dup/app-needs-the-follower-table', 'state.dup-covered', 9],
    ['dup/progress-was-reported', 'state.dup-progress', 4],
    ['dup/shipped-is-on-the-follower', 'state.dup-pipelines', 44],
  ])('without %s, %s breaks after %d events', (rule, property, events) => {
    const found = explore(calm, { rules: withoutGuard(rule), maxStates: 3000 });
    expect(found.violation?.property).toBe(property);
    expect(found.violation?.trace).toHaveLength(events);
  });
});
