import { describe, expect, it } from 'vitest';
import { CheckFailed } from '../../../impl/env/contract.ts';
import { Mutation } from '../../../impl/replica/mutation.ts';
import { PrepareList } from '../../../impl/replica/prepareList.ts';
import { bench } from './bench.ts';

const CAPACITY = 10;

function mutation(decree: number, ballot = 1, lastCommittedDecree = 0, ready = true): Mutation {
  const header = { gpid: '1.0', ballot, decree, logOffset: -1, lastCommittedDecree, timestampUs: 1 };
  const m = new Mutation({ ...header, updates: [] });
  if (ready) m.setLogged();
  return m;
}

function newList(initDecree = 0) {
  const { ctx, claims } = bench({ maxMutationCountInPrepareList: CAPACITY });
  const executed: number[] = [];
  const committer = { executeMutation: (m: Mutation): void => void executed.push(m.decree) };
  return { list: new PrepareList(ctx, { gpid: '1.0', initDecree, committer }), executed, claims };
}

describe('window (repl 1.6)', () => {
  it('starts empty at the given decree', () => {
    const { list } = newList(7);
    expect([list.minDecree(), list.maxDecree(), list.count(), list.lastCommittedDecree()]).toEqual([7, 7, 0, 7]);
    expect(list.getMutationByDecree(7)).toBe(undefined);
  });

  it('a put into an empty window does not extend it from the commit point', () => {
    const { list } = newList();
    list.reset(10);
    expect(list.put(mutation(15))).toBe('ERR_OK');
    expect([list.minDecree(), list.maxDecree(), list.count()]).toEqual([15, 15, 1]);
    for (let d = 10; d < 15; d++) expect(list.getMutationByDecree(d)).toBe(undefined);
  });

  it('extends up and down, with holes, up to the capacity', () => {
    const { list } = newList();
    list.put(mutation(5));
    expect(list.put(mutation(8))).toBe('ERR_OK');
    expect(list.put(mutation(2))).toBe('ERR_OK');
    expect([list.minDecree(), list.maxDecree(), list.count()]).toEqual([2, 8, 7]);
    expect(list.put(mutation(12))).toBe('ERR_CAPACITY_EXCEEDED');
    expect(list.put(mutation(11))).toBe('ERR_OK');
    expect(list.getMutationByDecree(6)).toBe(undefined);
    expect(list.getMutationByDecree(8)?.decree).toBe(8);
    expect(list.count()).toBe(10);
  });

  it('a refused put changes nothing', () => {
    const { list } = newList();
    list.put(mutation(5));
    expect(list.put(mutation(15))).toBe('ERR_CAPACITY_EXCEEDED');
    expect([list.minDecree(), list.maxDecree(), list.count()]).toEqual([5, 5, 1]);
    expect(list.getMutationByDecree(5)?.decree).toBe(5);
  });

  it('popping the last one does not advance', () => {
    const { list } = newList();
    list.put(mutation(3));
    list.put(mutation(4));
    expect(list.popMin()?.decree).toBe(3);
    expect([list.minDecree(), list.maxDecree(), list.count()]).toEqual([4, 4, 1]);
    expect(list.popMin()?.decree).toBe(4);
    expect([list.minDecree(), list.maxDecree(), list.count()]).toEqual([4, 4, 0]);
    expect(list.popMin()).toBe(undefined);
  });

  it('a slot is never replaced by a smaller ballot', () => {
    const { list } = newList();
    list.put(mutation(1, 3));
    expect(() => list.put(mutation(1, 2))).toThrow(CheckFailed);
    const newer = mutation(1, 4);
    expect(list.put(newer)).toBe('ERR_OK');
    expect(list.getMutationByDecree(1)).toBe(newer);
    expect(list.count()).toBe(1);
  });

  it('truncate keeps what is beyond, and may lower the commit point', () => {
    const { list } = newList();
    for (let d = 1; d <= 6; d++) list.put(mutation(d));
    list.commit(5, 'COMMIT_TO_DECREE_HARD');
    list.truncate(3);
    expect([list.minDecree(), list.maxDecree(), list.lastCommittedDecree()]).toEqual([4, 6, 3]);
    list.truncate(9);
    expect([list.minDecree(), list.maxDecree(), list.count(), list.lastCommittedDecree()]).toEqual([9, 9, 0, 9]);
  });
});

describe('commit (repl 1.6)', () => {
  it('HARD commits everything up to the decree, in order, and claims each', () => {
    const { list, executed, claims } = newList();
    for (let d = 1; d <= 4; d++) list.put(mutation(d));
    expect(list.commit(3, 'COMMIT_TO_DECREE_HARD')).toBe('ERR_OK');
    expect(executed).toEqual([1, 2, 3]);
    expect(claims).toEqual([1, 2, 3].map((decree) => ({ kind: 'replica.committed', gpid: '1.0', decree, ballot: 1 })));
    expect(list.commit(2, 'COMMIT_TO_DECREE_HARD')).toBe('ERR_OK');
    expect(executed).toEqual([1, 2, 3]);
  });

  it('HARD stops at a hole and at an entry that is not logged, and says so', () => {
    const { list, executed } = newList();
    list.put(mutation(1));
    list.put(mutation(3));
    expect(list.commit(3, 'COMMIT_TO_DECREE_HARD')).toBe('ERR_INCOMPLETE_DATA');
    expect(executed).toEqual([1]);
    expect(list.lastCommittedDecree()).toBe(1);
    list.put(mutation(2, 1, 0, false));
    expect(list.commit(2, 'COMMIT_TO_DECREE_HARD')).toBe('ERR_INCOMPLETE_DATA');
    expect(executed).toEqual([1]);
  });

  it('HARD does not ask for acknowledgements', () => {
    const { list, executed } = newList();
    const m = mutation(1);
    m.leftSecondaryAckCount = 1;
    list.put(m);
    expect(list.commit(1, 'COMMIT_TO_DECREE_HARD')).toBe('ERR_OK');
    expect(executed).toEqual([1]);
  });

  it('HARD never lets the ballot fall within a run', () => {
    const { list, executed } = newList();
    list.put(mutation(1, 3));
    list.put(mutation(2, 2));
    list.put(mutation(3, 3));
    expect(list.commit(3, 'COMMIT_TO_DECREE_HARD')).toBe('ERR_INCOMPLETE_DATA');
    expect(executed).toEqual([1]);
    expect(list.lastCommittedDecree()).toBe(1);
    list.put(mutation(2, 3));
    expect(list.commit(3, 'COMMIT_TO_DECREE_HARD')).toBe('ERR_OK');
    expect(executed).toEqual([1, 2, 3]);
  });

  it('SOFT stops at the first that is missing, not ready, or of a smaller ballot', () => {
    const missing = newList();
    missing.list.put(mutation(1));
    missing.list.put(mutation(3));
    missing.list.commit(3, 'COMMIT_TO_DECREE_SOFT');
    expect(missing.executed).toEqual([1]);

    const unready = newList();
    unready.list.put(mutation(1));
    const waiting = mutation(2);
    waiting.leftPotentialSecondaryAckCount = 1;
    unready.list.put(waiting);
    unready.list.commit(2, 'COMMIT_TO_DECREE_SOFT');
    expect(unready.executed).toEqual([1]);

    const ballots = newList();
    ballots.list.put(mutation(1, 3));
    ballots.list.put(mutation(2, 2));
    ballots.list.commit(2, 'COMMIT_TO_DECREE_SOFT');
    expect(ballots.executed).toEqual([1]);
  });

  it('SOFT does not go beyond the decree', () => {
    const { list, executed } = newList();
    for (let d = 1; d <= 3; d++) list.put(mutation(d));
    list.commit(2, 'COMMIT_TO_DECREE_SOFT');
    expect(executed).toEqual([1, 2]);
  });

  it('ALL_READY begins only behind the commit point and then goes on', () => {
    const { list, executed } = newList();
    for (let d = 1; d <= 4; d++) list.put(mutation(d, 1, 0, d !== 4));
    list.commit(2, 'COMMIT_ALL_READY');
    expect(executed).toEqual([]);
    list.commit(1, 'COMMIT_ALL_READY');
    expect(executed).toEqual([1, 2, 3]);
  });

  it.each(['notLogged', 'secondary', 'learner'])('ALL_READY waits for %s', (what) => {
    const { list, executed } = newList();
    const m = mutation(1, 1, 0, what !== 'notLogged');
    if (what === 'secondary') m.leftSecondaryAckCount = 1;
    if (what === 'learner') m.leftPotentialSecondaryAckCount = 1;
    list.put(m);
    list.commit(1, 'COMMIT_ALL_READY');
    expect(executed).toEqual([]);
  });
});

describe('prepare by status (repl 1.6)', () => {
  it('refuses a committed decree', () => {
    const { list } = newList(5);
    expect(() => list.prepare(mutation(5), 'PS_PRIMARY')).toThrow(CheckFailed);
    expect(() => list.prepare(mutation(6), 'PS_ERROR')).toThrow(CheckFailed);
  });

  it('PRIMARY: committed ones leave when room is needed, the newest committed one stays', () => {
    const { list } = newList();
    for (let d = 1; d <= 10; d++) expect(list.prepare(mutation(d), 'PS_PRIMARY')).toBe('ERR_OK');
    expect(list.prepare(mutation(11), 'PS_PRIMARY')).toBe('ERR_CAPACITY_EXCEEDED');
    list.commit(1, 'COMMIT_ALL_READY');
    expect(list.lastCommittedDecree()).toBe(10);
    expect(list.prepare(mutation(11), 'PS_PRIMARY')).toBe('ERR_OK');
    expect([list.minDecree(), list.maxDecree()]).toEqual([2, 11]);
    expect(list.prepare(mutation(12), 'PS_PRIMARY', true)).toBe('ERR_OK');
    expect([list.minDecree(), list.maxDecree()]).toEqual([10, 12]);
  });

  it('PRIMARY: does not commit by the header', () => {
    const { list, executed } = newList();
    list.prepare(mutation(1), 'PS_PRIMARY');
    list.prepare(mutation(2, 1, 1), 'PS_PRIMARY');
    expect(executed).toEqual([]);
  });

  it('SECONDARY: commits to the header first', () => {
    const { list, executed } = newList();
    list.prepare(mutation(1), 'PS_SECONDARY');
    expect(list.prepare(mutation(2, 1, 1), 'PS_SECONDARY')).toBe('ERR_OK');
    expect(executed).toEqual([1]);
    expect(list.prepare(mutation(3, 1, 2), 'PS_SECONDARY', false, false)).toBe('ERR_OK');
    expect(executed).toEqual([1]);
  });

  it('SECONDARY: takes prepares out of order, and fails when a commit point passes a hole', () => {
    const { list } = newList();
    expect(list.prepare(mutation(3), 'PS_SECONDARY')).toBe('ERR_OK');
    expect(list.prepare(mutation(1), 'PS_SECONDARY')).toBe('ERR_OK');
    expect(list.prepare(mutation(4, 1, 3), 'PS_SECONDARY')).toBe('ERR_INCOMPLETE_DATA');
    expect(list.getMutationByDecree(4)).toBe(undefined);
    expect(list.lastCommittedDecree()).toBe(1);
  });

  it('INACTIVE (replay): commits to the header, or starts anew beyond a gap', () => {
    const { list, executed } = newList();
    list.prepare(mutation(1), 'PS_INACTIVE');
    list.prepare(mutation(2, 1, 1), 'PS_INACTIVE');
    expect(executed).toEqual([1]);
    list.prepare(mutation(9, 1, 8), 'PS_INACTIVE');
    expect(executed).toEqual([1]);
    expect([list.minDecree(), list.maxDecree(), list.lastCommittedDecree()]).toEqual([9, 9, 8]);
  });
});
