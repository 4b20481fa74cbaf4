/** Two plans side by side: nothing is lost, what is alike stands together. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aligned, pairsOf } from '../../../../properties/report/html/pairs.ts';
import { PLAN } from './synthetic.ts';

describe('aligned', () => {
  it('keeps every line of both in its order', () => {
    const lines = fc.array(fc.constantFrom('1 +0 ms a', '2 +5 ms b', '3 +9 ms c', '4 +9 ms b'), { maxLength: 8 });
    fc.assert(
      fc.property(lines, lines, (here, there) => {
        const pairs = aligned(here, there);
        expect(pairs.map((pair) => pair.here).filter((line) => line !== '')).toEqual(here);
        expect(pairs.map((pair) => pair.there).filter((line) => line !== '')).toEqual(there);
      }),
      { numRuns: 300, seed: 3 },
    );
  });

  it('shows a line that is gone, one that changed, and one whose time moved', () => {
    expect(aligned(['1 +0 ms a', '2 +5 ms b', '3 +9 ms c'], ['1 +0 ms a', '2 +9 ms c'])).toEqual([
      { here: '1 +0 ms a', there: '1 +0 ms a', same: true },
      { here: '2 +5 ms b', there: '', same: false },
      { here: '3 +9 ms c', there: '2 +9 ms c', same: true },
    ]);
    expect(aligned(['1 +0 ms set a'], ['1 +0 ms set b'])).toEqual([{ here: '1 +0 ms set a', there: '1 +0 ms set b', same: false }]);
    expect(aligned(['1 +0 ms a'], ['1 +7 ms a'])).toEqual([{ here: '1 +0 ms a', there: '1 +7 ms a', same: false }]);
  });
});

describe('pairsOf', () => {
  it('tells of settings only what differs', () => {
    const here = { ...PLAN, settings: { plogForceFlush: 0, prepareTimeoutMs: 3000 } };
    const there = { ...PLAN, settings: { plogForceFlush: 1, prepareTimeoutMs: 3000 } };
    const pairs = pairsOf(here, there);
    expect(pairs.filter((pair) => !pair.same)).toEqual([{ here: 'plogForceFlush as usual', there: 'plogForceFlush=1', same: false }]);
    expect(pairs.map((pair) => pair.here).join('\n')).not.toContain('prepareTimeoutMs');
    expect(pairs.at(-1)?.here).toContain('create t1');
  });
});
