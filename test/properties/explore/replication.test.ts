/** The large scopes, whole. */
import { expect, it } from 'vitest';
import { explore } from '../../../properties/explore/explore.ts';
import { SCOPES } from '../../../properties/explore/scopes.ts';

it.each([
  ['reballot', 10_226, 37_941, 23],
  ['replication', 62_353, 251_642, 33],
])(
  'scope %s has %d states, %d transitions, depth %d, and keeps every predicate',
  (name, states, transitions, depth) => {
    const scope = SCOPES.find((one) => one.name === name);
    if (scope === undefined) throw new Error(`no scope ${name}`);
    expect(explore(scope)).toEqual({ scope: name, states, transitions, depth, complete: true, violation: undefined });
  },
);
