/** The loop by itself, over small lists: it goes on from its last success, never asks twice, and says when its budget ended it. */
import { describe, expect, it } from 'vitest';
import { fewer, fewerPairs, type Part } from '../../../properties/minimize/lists.ts';
import { minimize, simplerThan, type Minimized, type Pass } from '../../../properties/minimize/minimize.ts';
import { fewerWithUsers, merged, reaimed, renumbered, type References } from '../../../properties/minimize/references.ts';

const WORDS: Part<readonly string[], string> = { of: (list) => list, put: (_, list) => list };
const SINGLE = fewer('words', WORDS);
const PAIRS = fewerPairs('pairs', WORDS, 12);
const count = (n: number): readonly string[] => Array.from({ length: n }, (_, i) => String(i));

interface Asked extends Minimized<readonly string[]> {
  readonly asked: readonly string[];
}

function run(list: readonly string[], fails: (list: readonly string[]) => boolean, passes: readonly Pass<readonly string[]>[], maxRuns = 10_000): Asked {
  const asked: string[] = [];
  const stillFails = (one: readonly string[]): readonly string[] | undefined => {
    asked.push(one.join(' '));
    return fails(one) ? one : undefined;
  };
  return { ...minimize(list, { passes, key: (one) => one.join(' '), stillFails, maxRuns }), asked };
}

describe('the loop', () => {
  it('finds the few that matter in about two runs for each, however many there are', () => {
    const needed = ['3', '44', '45', '90'];
    for (const [length, most] of [[100, 70], [400, 90]] as const) {
      const { value, runs, minimal } = run(count(length), (list) => needed.every((word) => list.includes(word)), [SINGLE]);
      expect([value, minimal]).toEqual([needed, true]);
      expect(runs).toBeLessThan(most);
    }
  });

  it('never asks for one value twice', () => {
    const { asked } = run(count(30), (list) => list.includes('7') && list.length % 2 === 0, [SINGLE, PAIRS, SINGLE]);
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked).not.toContain(count(30).join(' '));
  });

  it('lets the passes before one that found something have another look', () => {
    // a and b go only together, and c only after them.
    const { value } = run(['a', 'b', 'c', 'd'], (list) => list.includes('d') && list.includes('a') === list.includes('b') && (list.includes('c') || !list.includes('a')), [SINGLE, PAIRS]);
    expect(value).toEqual(['d']);
  });

  it('goes on from what was left of a candidate', () => {
    const drop = (list: readonly string[]): readonly string[] => list.filter((word) => !word.startsWith('idle'));
    const stillFails = (list: readonly string[]): readonly string[] | undefined => (list.includes('x') ? drop(list) : undefined);
    const { value } = minimize(['idle1', 'a', 'idle2', 'x', 'b', 'idle3'], { passes: [SINGLE], key: (list) => list.join(' '), stillFails, maxRuns: 100 });
    expect(value).toEqual(['x']);
  });

  it('says whether its budget ended it', () => {
    const fails = (list: readonly string[]): boolean => list.includes('1');
    const { runs } = run(count(9), fails, [SINGLE]);
    expect(run(count(9), fails, [SINGLE], runs)).toMatchObject({ value: ['1'], minimal: true });
    expect(run(count(9), fails, [SINGLE], runs - 1)).toMatchObject({ minimal: false, runs: runs - 1 });
  });
});

describe('passes as lists of what is simpler', () => {
  it('leave out each entry, and each pair', () => {
    expect([...simplerThan(['a', 'b', 'c'], [SINGLE])]).toEqual([['a', 'b'], ['a', 'c'], ['b', 'c']]);
    expect([...simplerThan(['a', 'b', 'c'], [PAIRS])]).toEqual([['a'], ['b'], ['c']]);
    expect([...simplerThan(count(13), [PAIRS])]).toEqual([]);
  });
});

/** `+h#1` makes, `h#1` uses. */
const REFS: References<string> = {
  made: (word) => (word.startsWith('+') ? [word.slice(1)] : []),
  used: (word) => (word.startsWith('+') ? [] : [word]),
  aimed: (word, from, to) => (word === from ? to : word),
  renamed: (word, from, to) => word.replace(from, to),
};

describe('passes over names', () => {
  const list = ['+h#1', '+s#1', '+h#4', 'h#1', 'h#4', 'h#4'];

  it('leave out what makes a result with all that uses it', () => {
    expect([...simplerThan(list, [fewerWithUsers('', WORDS, REFS)])]).toEqual([
      ['+h#1', '+s#1', 'h#1'],
      ['+s#1', '+h#4', 'h#4', 'h#4'],
    ]);
  });

  it('put one result in the stead of another of its sort', () => {
    expect([...simplerThan(list, [merged('', WORDS, REFS)])]).toEqual([
      ['+h#1', '+s#1', 'h#1', 'h#1', 'h#1'],
      ['+s#1', '+h#4', 'h#4', 'h#4', 'h#4'],
    ]);
  });

  it('aim one use at an earlier result, or it and all later ones', () => {
    expect([...simplerThan(list, [reaimed('', WORDS, REFS)])].map((one) => one.slice(3).join(' '))).toEqual(['h#1 h#4 h#1', 'h#1 h#4 h#1', 'h#1 h#1 h#4', 'h#1 h#1 h#1']);
  });

  it('count names of each sort from one, past those that are kept', () => {
    const all = (kept: readonly string[]): readonly (readonly string[])[] => [...simplerThan(['+h#2', '+h#7', 'h#7', '+s#1'], [renumbered('', WORDS, REFS, () => kept)])];
    expect(all([])).toEqual([['+h#1', '+h#2', 'h#2', '+s#1']]);
    expect(all(['h#1'])).toEqual([['+h#2', '+h#3', 'h#3', '+s#1']]);
    expect([...simplerThan(['+h#1', 'h#1'], [renumbered('', WORDS, REFS)])]).toEqual([]);
  });
});
