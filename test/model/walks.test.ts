/**
 * `next`, `step` and `nextAll` are one model: on random walks through a scope they agree event by event, refusals
 * included, and the state that each was given stays as it was.
 */
import fc from 'fast-check';
import { applyPatches, enablePatches } from 'immer';
import { expect, it } from 'vitest';
import { candidates, enabled } from '../../model/enabled.ts';
import { next, nextAll, step } from '../../model/next.ts';
import { init } from '../../model/state.ts';
import { SCOPES } from '../../properties/explore/scopes.ts';

enablePatches();

it('next and step agree, and patches are the difference', () => {
  fc.assert(
    fc.property(fc.constantFrom(...SCOPES), fc.array(fc.nat(1000), { maxLength: 25 }), (scope, choices) => {
      let state = init(scope.config);
      const plain = init(scope.config);
      const take = (event: (typeof scope.start)[number]): void => {
        const after = next(state, event);
        if ('violation' in after) throw new Error(after.violation.message);
        expect(step(plain, event)).toBeUndefined();
        expect(after.state).toEqual(plain);
        expect(applyPatches(state, [...after.patches])).toEqual(after.state);
        state = after.state;
      };
      scope.start.forEach(take);
      for (const choice of choices) {
        const open = enabled(state, scope);
        const refused = candidates(state, scope).find(
          (one) => !open.some((other) => JSON.stringify(other) === JSON.stringify(one)),
        )?.[0];
        if (refused !== undefined) {
          const immutable = next(state, refused);
          expect('violation' in immutable ? immutable.violation : undefined).toEqual(
            step(structuredClone(state), refused),
          );
        }
        const before = structuredClone(state);
        for (const transition of candidates(state, scope)) {
          const plainly = structuredClone(state);
          const refusal = transition.map((event) => step(plainly, event)).find((one) => one !== undefined);
          expect(nextAll(state, transition)).toEqual(refusal === undefined ? plainly : undefined);
        }
        expect(state).toEqual(before);
        const transition = open[choice % Math.max(1, open.length)];
        if (transition === undefined) return;
        transition.forEach(take);
      }
    }),
    { seed: 20260313, numRuns: 30 },
  );
});
