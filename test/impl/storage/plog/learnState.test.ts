/** What learners are given of a log (plog 13.1, P10; repl 1.9). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inspectDirectory } from '../../../../impl/storage/plog/inspect.ts';
import { maxGcedDecreeOfLearner } from '../../../../impl/storage/plog/learnState.ts';
import type { LogLearnState } from '../../../../impl/storage/contracts.ts';
import { acts, live, SMALL_FILES } from './arbitraries.ts';
import { FakeDisk, makeContext } from './fakeEnv.ts';
import { DIR, mutation, openLog } from './helpers.ts';
import type { Opened } from './helpers.ts';

const NO_RESERVE = { logPrivateReserveMaxSizeBytes: 0 };

/** Files 1 to 4. */
function fourFiles(): Opened {
  const log = openLog(makeContext(new FakeDisk(), NO_RESERVE));
  for (const decrees of [[1, 2], [3], [4, 5, 6], [7, 8, 9]]) {
    log.log.demandSwitchFile();
    for (const decree of decrees) log.append(mutation(decree));
    log.ctx.env.tasks.run();
  }
  return log;
}

function indexesOf(state: LogLearnState): readonly number[] {
  return state.files.map((path) => Number(/log\.(\d+)\./.exec(path)?.[1]));
}

function decreesInMemory(state: LogLearnState): readonly number[] {
  return state.inMemory.map((mu) => mu.decree);
}

describe('files', () => {
  it.each([
    [1, [1, 2, 3, 4], true],
    [2, [1, 2, 3, 4], true],
    [3, [2, 3, 4], true],
    [4, [3, 4], true],
    [6, [3, 4], true],
    [7, [4], true],
    [9, [4], true],
    [10, [], false],
  ])('from decree %i on: %j (P10: back to decree 1 is covered)', (start, files, covers) => {
    const state = fourFiles().log.getLearnState(start);
    expect([indexesOf(state), state.covers, state.inMemory]).toEqual([files, covers, []]);
  });

  it('what was collected is not covered', () => {
    const log = fourFiles();
    expect(log.log.garbageCollection(2, 0)).toBe(1);
    for (const start of [1, 2]) {
      const state = log.log.getLearnState(start);
      expect([indexesOf(state), state.covers]).toEqual([[2, 3, 4], false]);
    }
    expect(log.log.getLearnState(3).covers).toBe(true);
  });

  it('an empty log has nothing', () => {
    expect(openLog(makeContext()).log.getLearnState(1)).toEqual({ files: [], inMemory: [], covers: false });
  });

  it('a log that begins in the middle does not cover what is before it (the other side of P10)', () => {
    const log = openLog(makeContext());
    log.append(mutation(101));
    log.ctx.env.tasks.run();
    expect([1, 100, 101].map((start) => log.log.getLearnState(start).covers)).toEqual([false, false, true]);
    expect(log.log.maxGcedDecree()).toBe(100);
    const reopened = openLog(makeContext(log.ctx.env.disk));
    expect([1, 100, 101].map((start) => reopened.log.getLearnState(start).covers)).toEqual([false, false, true]);
  });

  it('a file without its header on disk is left out: all that it holds is in memory', () => {
    const log = fourFiles();
    log.log.demandSwitchFile();
    log.append(mutation(10));
    const state = log.log.getLearnState(10);
    expect([indexesOf(state), decreesInMemory(state), state.covers]).toEqual([[], [10], true]);
    const more = log.log.getLearnState(8);
    expect([indexesOf(more), decreesInMemory(more), more.covers]).toEqual([[4], [10], true]);
    log.ctx.env.tasks.run();
    expect(indexesOf(log.log.getLearnState(10))).toEqual([5]);
  });
});

describe('void files', () => {
  /** File 5 holds 10 and 11; everything before it is void. */
  function resetAt9(): Opened {
    const log = fourFiles();
    log.log.onPartitionReset(9);
    for (const decree of [10, 11]) log.append(mutation(decree));
    log.ctx.env.tasks.run();
    return log;
  }

  it.each([
    [10, [5], [5], true],
    [9, [5], [4, 5], false],
    [5, [5], [3, 4, 5], false],
    [1, [5], [1, 2, 3, 4, 5], false],
  ])('from decree %i on: %j; with void ones %j', (start, valid, all, covers) => {
    for (const log of [resetAt9(), openLog(makeContext(resetAt9().ctx.env.disk), 0, 1195)]) {
      expect(log.log.validStartOffset()).toBe(1195);
      const states = [log.log.getLearnState(start), log.log.getLearnState(start, 'all')] as const;
      expect(states.map(indexesOf)).toEqual([valid, all]);
      expect(states.map((state) => state.covers)).toEqual([covers, covers]);
    }
  });

  it('are void with a torn tail too', () => {
    const torn = fourFiles().ctx.env.disk;
    const path = `${DIR}/${torn.list(DIR).at(-1) ?? ''}`;
    torn.put(path, torn.bytes(path).subarray(0, 100));
    const log = openLog(makeContext(torn));
    log.log.onPartitionReset(6);
    log.append(mutation(7));
    log.ctx.env.tasks.run();
    expect(indexesOf(log.log.getLearnState(5))).toEqual([5]);
  });

  it('a learning that began anew begins a new file, and voids what waited to be written', () => {
    const log = openLog(makeContext());
    for (const decree of [1, 2, 3]) log.append(mutation(decree));
    const end = log.log.onPartitionReset(2);
    log.append(mutation(3, { ballot: 8 }));
    log.ctx.env.tasks.run();
    expect(log.listener.acks.length).toBe(4);
    expect(log.ctx.env.disk.list(DIR)).toEqual(['log.1.0', `log.2.${end}`]);
    expect(openLog(makeContext(log.ctx.env.disk), 0, end).replayed.map((mu) => mu.ballot)).toEqual([8]);
  });
});

describe('records in memory', () => {
  it.each([
    [9, [10, 11, 12], [4], true],
    [10, [10, 11, 12], [4], true],
    [11, [11, 12], [4], true],
    [12, [12], [4], true],
    [13, [], [], false],
  ])('from decree %i on: of the batch in flight, then of the one that waits: %j', (start, decrees, files, covers) => {
    const log = fourFiles();
    for (const decree of [10, 11, 12]) log.append(mutation(decree));
    const state = log.log.getLearnState(start);
    expect([decreesInMemory(state), indexesOf(state), state.covers]).toEqual([decrees, files, covers]);
  });

  it('are as they were appended, and gone when they are in the file', () => {
    const log = fourFiles();
    const record = mutation(10, { ballot: 11 });
    log.append(record);
    expect(log.log.getLearnState(10).inMemory).toEqual([record]);
    log.ctx.env.tasks.run();
    expect(log.log.getLearnState(10).inMemory).toEqual([]);
  });
});

describe('files that are collected while a learner copies them', () => {
  it('are not there any more: the reader fails, and the next round gets what is left', () => {
    const log = fourFiles();
    const state = log.log.getLearnState(1);
    log.log.garbageCollection(3, 0);
    const reader = new log.ctx.parts.LogReplayer(log.ctx);
    expect(reader.replayPaths(state.files, () => {})).toBe('ERR_FILE_OPERATION_FAILED');
    const next = log.log.getLearnState(4);
    expect([reader.replayPaths(next.files, () => {}), next.covers]).toEqual(['ERR_OK', true]);
  });
});

describe('at any moment of any history', () => {
  /** Decrees and ballots from `start` on of what the files have on disk at this moment, and of memory. */
  function seen(log: Opened, state: LogLearnState, start: number): ReadonlySet<string> {
    const { disk } = log.ctx.env;
    const files = inspectDirectory(state.files.map((path) => ({ name: path, bytes: disk.bytes(path) })));
    const records = files.flatMap((file) => file.mutations.map((mu) => ({ decree: Number(mu.decree), ballot: Number(mu.ballot) })));
    const wanted = [...records, ...state.inMemory].filter((mu) => mu.decree >= start);
    return new Set(wanted.map((mu) => `${mu.decree}/${mu.ballot}`));
  }

  it('what is covered is there, every record of it', () => {
    fc.assert(
      fc.property(acts, fc.array(fc.nat(3), { maxLength: 12 }), fc.nat(6), (history, picks, more) => {
        const { last, appended } = live(new FakeDisk(), history);
        const log = openLog(makeContext(last.ctx.env.disk, SMALL_FILES));
        const all = [...appended];
        for (let i = 0; i < more; i++) {
          const mu = mutation(appended.length + 1 + i, { ballot: 100 + i });
          if (i % 2 === 1) log.log.hintSwitchFile();
          log.append(mu);
          all.push(mu);
          for (const pick of picks.slice(2 * i, 2 * i + 2)) log.ctx.env.tasks.step(() => pick);
        }
        for (let start = 1; start <= all.length + 1; start++) {
          const state = log.log.getLearnState(start);
          const wanted = all.filter((mu) => mu.decree >= start).map((mu) => `${mu.decree}/${mu.ballot}`);
          if (wanted.length > 0) expect(state.covers).toBe(true);
          expect([...seen(log, state, start)].sort()).toEqual([...new Set(wanted)].sort());
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('the max_gced_decree that a learner tells (repl 1.9)', () => {
  it.each([
    [-1, 10, 10],
    [-1, -1, -1],
    [10, 20, 9],
    [10, -1, 9],
    [10, 5, 5],
  ])('first learn start %i, log %i: %i', (firstLearnStart, ofLog, told) => {
    expect(maxGcedDecreeOfLearner(firstLearnStart, ofLog)).toBe(told);
  });
});
