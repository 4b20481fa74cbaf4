/** Situations: their numbers, what a run is said to have met, what several workers reached together, and the words for it. */
import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../../model/events.ts';
import { newNode } from '../../../model/newState.ts';
import { init, type ModelState } from '../../../model/state.ts';
import { Coverage, FAULT_EFFECTS, type CoverageJson } from '../../../properties/hunt/coverage.ts';
import { coverageMarkdown, coverageText, reachedOf } from '../../../properties/hunt/coverageText.ts';
import { search } from '../../../properties/hunt/search.ts';
import { DIMENSIONS, indexOfSituation, SITUATIONS, situationAt } from '../../../properties/hunt/situations.ts';
import { COUNTED_FAULTS, SituationWatch } from '../../../properties/hunt/situationWatch.ts';
import { CONFIG } from '../../traces/story.ts';

const NODE = 'c/replica-0';

/** A state of a cluster that has one table named t1, and what a watch says of events in it, in words. */
function watched(): { readonly state: ModelState; tell(event: ModelEvent): readonly string[] } {
  const state = structuredClone(init(CONFIG));
  state.nodes[NODE] = { ...newNode(), up: true, incarnation: 1 };
  const cluster = state.clusters['c'];
  if (cluster === undefined) throw new Error('no cluster c');
  cluster.byName['t1'] = 1;
  let met: string[] = [];
  const watch = new SituationWatch((situation) => {
    met.push(situationAt(situation).map((value, i) => DIMENSIONS[i]?.values[value]).join(', '));
  });
  return {
    state,
    tell(event) {
      met = [];
      watch.event(event, state);
      return met;
    },
  };
}

const invoked = (id: number, atUs: number): ModelEvent => ({ kind: 'command.invoked', atUs, id, cluster: 'c', command: { kind: 'pauseBulkLoad', table: 't1' } });
const answered = (id: number, atUs: number): ModelEvent => ({ kind: 'command.answered', atUs, id, cluster: 'c', answer: { kind: 'bulkLoad', error: 'ERR_OK', hint: '' } });
const struck = (fault: string, atUs: number): ModelEvent => ({ kind: 'fault.struck', atUs, fault, node: NODE, gpid: '', detail: '' });

describe('situations', () => {
  it('are numbered without gaps', () => {
    const numbers = Array.from({ length: SITUATIONS }, (_, i) => indexOfSituation(...situationAt(i)));
    expect(numbers.every((number, i) => number === i)).toBe(true);
    expect(SITUATIONS).toBe(DIMENSIONS.reduce((all, { values }) => all * values.length, 1));
  });

  it('know every effect that a fault can have', () => {
    expect([...COUNTED_FAULTS].sort()).toEqual([...FAULT_EFFECTS].sort());
  });

  it('are met by a command when it is asked for and when it is answered', () => {
    const { tell } = watched();
    const quiet = 'no duplication, no load, no checkpoint yet, no fault, pauseBulkLoad';
    expect(tell(invoked(1, 10))).toEqual([quiet]);
    expect(tell(answered(1, 20))).toEqual([quiet]);
    expect(tell(answered(1, 20)), 'answered once').toEqual([]);
    expect(tell(answered(7, 20)), 'of another run').toEqual([]);
  });

  it('have the faults that struck within the last second, and each alone', () => {
    const { tell } = watched();
    expect(tell(struck('store.slowed', 100))).toEqual(['no duplication, no load, no checkpoint yet, store slow, no command']);
    expect(tell(struck('store.slow', 200)), 'in force already').toEqual([]);
    tell(struck('disk.full', 300));
    const words = tell(invoked(1, 400_000)).map((line) => line.split(', ')[3]);
    expect(words).toEqual(['disk error', 'store slow']);
    expect(tell(invoked(2, 1_000_250)).map((line) => line.split(', ')[3])).toEqual(['disk error']);
    expect(tell(invoked(3, 1_000_301)).map((line) => line.split(', ')[3])).toEqual(['no fault']);
  });

  it('have a process that is down until it is back, and a clock that was moved for good', () => {
    const { state, tell } = watched();
    const stopped: ModelEvent = { kind: 'process.stopped', atUs: 5, node: NODE, cause: 'crash', detail: '' };
    expect(tell(stopped)).toEqual(['no duplication, no load, no checkpoint yet, replica server down, no command']);
    expect(tell(invoked(1, 90_000_000))[0]).toContain('replica server down');
    state.nodes[NODE] = { ...newNode(), up: true, incarnation: 2 };
    tell({ kind: 'process.started', atUs: 90_000_001, node: NODE });
    expect(tell(invoked(2, 90_000_002))[0]).toContain('no fault');
    tell(struck('clock.shift', 90_000_003));
    expect(tell(invoked(3, 900_000_000))[0]).toContain('clock moved');
  });

  it('end with heal, and begin anew with another run', () => {
    const { state, tell } = watched();
    tell(struck('clock.shift', 3));
    state.healedAtUs = 5;
    expect(tell(invoked(1, 6))).toEqual([]);
    expect(tell(struck('disk.full', 7))).toEqual([]);
    const other = watched();
    const met: number[] = [];
    const watch = new SituationWatch((situation) => met.push(situation));
    watch.event(struck('clock.shift', 3), structuredClone(other.state));
    met.length = 0;
    watch.event(invoked(1, 4), other.state);
    expect(met.map((situation) => situationAt(situation)[3])).toEqual([0]);
  });
});

/** A search whose coverage has something of everything. */
function explored(seed: number): Coverage {
  const coverage = new Coverage();
  search({ seed, runs: 12, forMs: Infinity, watch: [coverage.watch] });
  return coverage;
}

describe('what several workers reached', () => {
  const one = explored(1);
  const two = explored(2);

  it('survives JSON', () => {
    const json = JSON.parse(JSON.stringify(one)) as CoverageJson;
    expect(json.situations.length).toBeGreaterThan(50);
    expect(json.reached.length).toBeGreaterThan(20);
    expect(Coverage.fromJSON(json).toJSON()).toEqual(one.toJSON());
    expect(Coverage.fromJSON(json).notReached()).toEqual(one.notReached());
  });

  it('is one coverage, in whatever order it comes', () => {
    const ab = Coverage.fromJSON(one.toJSON());
    ab.merge(two);
    const ba = Coverage.fromJSON(two.toJSON());
    ba.merge(one);
    expect(ab.toJSON()).toEqual(ba.toJSON());
    const both = new Set([...one.toJSON().reached, ...two.toJSON().reached]);
    expect(ab.toJSON().reached.toSorted()).toEqual([...both].toSorted());
    expect(ab.notReached().length).toBeLessThan(Math.min(one.notReached().length, two.notReached().length));
    const sum = (coverage: Coverage): number => coverage.situations.reduce((all, times) => all + times, 0);
    expect(sum(ab)).toBe(sum(one) + sum(two));
  });

  it('is refused when its situations are others', () => {
    const [first = '', ...rest] = one.toJSON().dimensions;
    expect(() => Coverage.fromJSON({ ...one.toJSON(), dimensions: [`${first} | DS_NEW`, ...rest] })).toThrow(/not those of this version/);
  });

  it('is told over pairs and triples, in words', () => {
    const pairs = reachedOf(one, 2);
    expect(pairs).toHaveLength(10);
    expect(reachedOf(one, 3)).toHaveLength(10);
    for (const { met, possible, never } of pairs) {
      expect(met).toBeGreaterThan(0);
      expect(met + never.length).toBe(possible);
    }
    const [, , , faults] = pairs;
    expect(faults?.dimensions).toEqual([0, 4]);
    // Without a command there is no situation without a fault.
    expect(pairs.at(-1)).toMatchObject({ dimensions: [3, 4], possible: 15 * 20 - 1 });
    const text = coverageText(one);
    expect(text[0]).toBe(`situations reached: ${String(one.total - one.notReached().length)} of ${String(one.total)}; never: ${one.notReached().slice(0, 3).map((s) => s.sentence).join(', ')}, and ${String(one.notReached().length - 3)} more`);
    const met = pairs.find(({ dimensions }) => dimensions.join() === '0,3');
    expect(text.find((line) => line.includes('duplication x fault'))).toMatch(new RegExp(`^  duplication x fault: ${String(met?.met)} of 105 pairs; never: `));
    expect(coverageMarkdown(one).split('\n').filter((line) => line.startsWith('| '))).toHaveLength(21);
  });

  it('asks of a subsystem only for what its steps bring about', () => {
    const possible = (subsystem: string | undefined, dimensions: string): number => reachedOf(new Coverage(subsystem), 2).find((one) => one.dimensions.join() === dimensions)?.possible ?? NaN;
    expect(possible(undefined, '0,1')).toBe(7 * 9);
    expect(possible('bulk-load', '0,1')).toBe(9);
    expect(possible('duplication', '0,1')).toBe(7);
    // Of tables alone: none of the two, and no provider that could fail.
    expect(possible('tables', '0,1')).toBe(1);
    expect(possible('tables', '1,3')).toBe(14);
    expect(reachedOf(new Coverage('tables'), 2).find((one) => one.dimensions.join() === '0,4')?.never.map(([, command]) => command)).toEqual(['no command', 'write', 'read', 'createTable', 'dropTable', 'setEnvs', 'query']);
  });
});
