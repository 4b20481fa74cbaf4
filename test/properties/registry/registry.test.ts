/** The registry is complete and nothing in it is idle. */
import { describe, expect, it } from 'vitest';
import { next } from '../../../model/next.ts';
import { OBLIGATIONS } from '../../../model/obligations.ts';
import { ruleNames } from '../../../model/rules/index.ts';
import { init, newPartition, propose } from '../../../model/state.ts';
import {
  PROPERTIES,
  propertyIds,
  propertyOf,
  SOMETIMES,
  STATE_PREDICATES,
} from '../../../properties/registry/index.ts';
import { REPLICATION } from '../../traces/replication.ts';
import { CONFIG, READY } from '../../traces/story.ts';

const byRules = new Set(ruleNames().map(({ property }) => property));
const byObligations = new Set<string>(Object.values(OBLIGATIONS).map(({ property }) => property));

describe('registry', () => {
  it('has each id once, sometimes first', () => {
    expect(new Set(propertyIds()).size).toBe(PROPERTIES.length);
    const kinds = PROPERTIES.map(({ kind }) => kind);
    expect(kinds.slice(0, SOMETIMES.length).every((kind) => kind === 'sometimes')).toBe(true);
    expect(kinds.slice(SOMETIMES.length)).not.toContain('sometimes');
    expect(propertyOf('S1')?.kind).toBe('always');
    expect(propertyOf('S99')).toBeUndefined();
  });

  it('has a row for every property that a rule or an obligation names', () => {
    const ids = propertyIds();
    expect([...byRules, ...byObligations].filter((id) => !ids.includes(id))).toEqual([]);
  });

  it('says truly where each row is checked', () => {
    for (const { id, checkedIn } of PROPERTIES) {
      expect([id, checkedIn.includes('rules')]).toEqual([id, byRules.has(id)]);
      expect([id, checkedIn.includes('obligations')]).toEqual([id, byObligations.has(id)]);
      expect([id, checkedIn.includes('state')]).toEqual([id, STATE_PREDICATES.some((one) => one.id === id)]);
      expect([id, checkedIn.includes('coverage')]).toEqual([id, SOMETIMES.some((one) => one.id === id)]);
    }
  });

  it('state predicates hold in every accepted state of a hand-written trace', () => {
    let state = init(CONFIG);
    for (const event of READY) {
      const after = next(state, event);
      if ('violation' in after) throw new Error(after.violation.message);
      state = after.state;
      for (const one of STATE_PREDICATES) expect([one.id, one.broken(state)]).toEqual([one.id, undefined]);
    }
  });

  it('knows a committed prefix whose ballots fall', () => {
    const ballots = STATE_PREDICATES.find(({ id }) => id === 'state.ballots');
    for (const second of [1, 2]) {
      const part = newPartition('1.0', 1, 1);
      for (const [decree, ballot] of [[1, 2], [2, second]] as const) {
        propose(part, { ballot, decree, lastCommitted: decree - 1, timestampUs: decree, updates: [] }, []);
        part.chosen[decree] = ballot;
        part.committed = decree;
      }
      const state = init(CONFIG);
      const cluster = state.clusters['c'];
      if (cluster === undefined) throw new Error('no cluster');
      cluster.partitions['1.0'] = part;
      expect(ballots?.broken(state)).toBe(second === 2 ? undefined : '1.0: decree 2 of ballot 1 behind one of ballot 2');
    }
  });

  it('coverage predicates tell events apart', () => {
    const met = new Set<string>();
    for (const { before, config } of REPLICATION) {
      let state = init(config ?? CONFIG);
      for (const event of before) {
        const after = next(state, event);
        if ('violation' in after) throw new Error(after.violation.message);
        state = after.state;
        for (const one of SOMETIMES) if (one.met(event, state)) met.add(one.id);
      }
    }
    expect([...met]).toEqual(
      expect.arrayContaining([
        'sometimes.empty-write',
        'sometimes.new-ballot',
        'sometimes.uncommitted-suffix',
        'sometimes.status-PS_ERROR',
        'sometimes.crash',
        'sometimes.log-lost',
        'sometimes.span-full',
      ]),
    );
    expect(met.has('sometimes.checkpoint-periodic')).toBe(false);
    expect(met.has('sometimes.late-effect')).toBe(false);
  });
});
