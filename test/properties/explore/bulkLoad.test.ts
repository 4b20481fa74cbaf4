/** The scope of bulk load: its exact size, that its end stays within reach, and what shows in it when a rule is missing. */
import { describe, expect, it } from 'vitest';
import type { Scope } from '../../../model/enabled.ts';
import type { LoadScope } from '../../../model/loadSteps.ts';
import { RULES, withoutGuard } from '../../../model/rules/index.ts';
import type { RuleTable } from '../../../model/rules/rule.ts';
import { explore } from '../../../properties/explore/explore.ts';
import { bulkLoadScope } from '../../../properties/explore/loadScope.ts';
import { SCOPES } from '../../../properties/explore/scopes.ts';
import { STATE_PREDICATES } from '../../../properties/registry/index.ts';

const found = SCOPES.find(({ name }) => name === 'bulk-load');
if (found?.bulkLoad === undefined) throw new Error('no scope bulk-load');
const whole: Scope = found;
const like = (limits: Partial<LoadScope>): Scope => bulkLoadScope(whole.config.settings, limits);

const VARIANTS = {
  /** Nobody orders, nobody refuses. */
  straight: like({ lines: [], refusals: 0 }),
  ordered: like({ refusals: 0 }),
  refused: like({ lines: [], refusals: 1 }),
  /** A second refusal after the only way back that is allowed. */
  'refused twice': like({ lines: [], refusals: 2 }),
  /** Nothing was put again: the files are good, and no load of them may fail. */
  'refused with good files': like({ lines: [], refusals: 1, putAgain: undefined }),
  'with complaints': like({ lines: [], refusals: 0, complaints: true }),
  'of two replicas each': like({ nodes: ['c/replica-0', 'c/replica-1'], refusals: 0 }),
};
type Variant = keyof typeof VARIANTS;
const IN_STORAGE = ['loads/succeed-is-in-storage', 'load/succeed-is-in-storage', 'load/report-succeed-is-in-storage'];

const without = (...names: readonly string[]): RuleTable => names.reduce((rules, name) => withoutGuard(name, rules), RULES);

describe('scope bulk-load', () => {
  it.each<[Variant, number, number, number]>([
    ['straight', 52, 134, 26],
    ['ordered', 450, 1687, 39],
    ['refused', 3443, 15_864, 46],
    ['refused with good files', 3356, 12_310, 46],
    ['with complaints', 226, 976, 27],
    ['of two replicas each', 726, 2704, 43],
  ])('%s has exactly these states, each keeps every predicate, and leads to an end', (name, states, transitions, depth) => {
    expect(explore(VARIANTS[name])).toEqual({
      scope: 'bulk-load',
      states,
      transitions,
      depth,
      complete: true,
      violation: undefined,
    });
  });

  it('as a whole has exactly these', { timeout: 120_000 }, () => {
    expect(explore(whole)).toEqual({
      scope: 'bulk-load',
      states: 19_050,
      transitions: 106_193,
      depth: 56,
      complete: true,
      violation: undefined,
    });
  });

  it.each<[Variant, string, readonly string[], number]>([
    // What is wished is what the store holds.
    ['straight', 'state.bl.S1', ['load/wish-is-stored'], 7],
    ['straight', 'state.bl.S2', ['loads/step-of-all-partitions'], 4],
    ['straight', 'state.bl.S2', ['loads/partition-step-has-a-cause'], 6],
    // Each of three alone would hold it.
    ['straight', 'state.S10.members', IN_STORAGE, 21],
    ['of two replicas each', 'state.S10.members', IN_STORAGE, 24],
    ['straight', 'state.bl.S9', ['load/report-sums'], 18],
    ['refused twice', 'state.bl.S10', ['loads/rollback-budget'], 10],
    ['straight', 'state.bl.S11', ['loads/step-of-all-partitions'], 5],
    ['straight', 'state.bl.flag', ['loads/flag-has-a-cause'], 4],
    ['straight', 'state.bl.flag', ['loads/flag-before-the-record'], 2],
    // A canceled load comes back.
    ['ordered', 'state.bl.S17', ['loads/status-change'], 9],
  ])('%s: %s breaks without %j, after %d events', (name, property, guards, events) => {
    const predicates = STATE_PREDICATES.filter(({ id }) => id === property);
    const { violation } = explore(VARIANTS[name], { rules: without(...guards), predicates, maxStates: 1000 });
    expect(violation?.property).toBe(property);
    expect(violation?.trace).toHaveLength(events);
  });

  it('has no end within reach when a table goes on without its partitions', () => {
    const { violation } = explore(VARIANTS.straight, { rules: without('loads/step-of-all-partitions'), predicates: [] });
    expect(violation).toMatchObject({ property: 'L3', message: 'out of reach: an end of the load, and its table loads no more' });
    expect(violation?.trace.at(-1)).toMatchObject({ kind: 'load.stored', record: { status: 'BLS_DOWNLOADED' } });
  });

  it('has none either when a load stays PAUSED, because nobody restarts it', () => {
    expect(explore(like({ lines: ['pause'], refusals: 0 })).violation).toMatchObject({ property: 'L3' });
  });
});
