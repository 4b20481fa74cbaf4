/** Garbage collection (plog 12; property 7 of section 18). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Settings } from '../../../../impl/settings.ts';
import { FakeDisk, makeContext } from './fakeEnv.ts';
import { DIR, mutation, openLog } from './helpers.ts';
import type { Opened } from './helpers.ts';

const NO_RESERVE = { logPrivateReserveMaxSizeBytes: 0, logPrivateReserveMaxTimeSeconds: 0 };

/** One file of 175 bytes per decree. */
function logOf(count: number, settings: Partial<Settings> = NO_RESERVE): Opened {
  const log = openLog(makeContext(new FakeDisk(), settings));
  for (let decree = 1; decree <= count; decree++) {
    log.log.demandSwitchFile();
    log.append(mutation(decree));
    log.ctx.env.tasks.run();
  }
  return log;
}

function indexes(log: Opened): readonly number[] {
  return log.ctx.env.disk.list(DIR).map((name) => Number(name.split('.')[1]));
}

describe('by decree', () => {
  it.each([
    [0, [1, 2, 3, 4]],
    [1, [2, 3, 4]],
    [2, [3, 4]],
    [3, [4]],
    [4, [4]],
    [99, [4]],
  ])('cleanable %i', (cleanable, left) => {
    const log = logOf(4);
    expect(log.log.garbageCollection(cleanable, 0)).toBe(4 - left.length);
    expect(indexes(log)).toEqual(left);
    expect(log.log.maxGcedDecree()).toBe((left[0] ?? 0) - 1);
    expect(log.log.totalSizeBytes()).toBe(175 * left.length);
  });

  it('counts decrees that are still being written', () => {
    const log = logOf(2);
    log.append(mutation(3));
    log.append(mutation(9));
    log.log.demandSwitchFile();
    expect(log.log.garbageCollection(2, 0)).toBe(1);
    log.ctx.env.tasks.run();
    expect(log.listener.acks.map((ack) => ack.error)).toEqual(['ERR_OK', 'ERR_OK', 'ERR_OK', 'ERR_OK']);
  });

  it('keeps the newest file on disk while its successor has no header there (plog.P9)', () => {
    const log = logOf(2);
    log.log.demandSwitchFile();
    log.append(mutation(3));
    expect(log.log.garbageCollection(99, 0), 'file 1 goes, file 2 stays').toBe(1);
    log.ctx.env.tasks.run();
    expect(log.log.garbageCollection(99, 0), 'the header of file 3 is there').toBe(1);
    expect(indexes(log)).toEqual([3]);
  });

  it('one file, or none: nothing', () => {
    expect(logOf(1).log.garbageCollection(99, 9999)).toBe(0);
    expect(openLog(makeContext()).log.garbageCollection(99, 9999)).toBe(0);
  });
});

describe('by valid start offset', () => {
  it.each([
    [174, [1, 2, 3, 4]],
    [175, [2, 3, 4]],
    [349, [2, 3, 4]],
    [350, [3, 4]],
    [700, [4]],
    [9999, [4]],
  ])('%i', (valid, left) => {
    const log = openLog(makeContext(logOf(4).ctx.env.disk, NO_RESERVE), 0, Math.min(valid, 700));
    expect(log.log.garbageCollection(0, valid)).toBe(4 - left.length);
    expect(indexes(log)).toEqual(left);
  });

  it('of another numbering than the log has collects nothing', () => {
    const log = logOf(4);
    expect(log.log.garbageCollection(0, 9999)).toBe(0);
    expect(log.log.onPartitionReset(4)).toBe(700);
    expect(log.log.garbageCollection(0, 9999)).toBe(3);
  });
});

describe('reserve', () => {
  const settings = { logPrivateReserveMaxSizeBytes: 525, logPrivateReserveMaxTimeSeconds: 100 };

  it('keeps what is recent and within the size, the newest file counting too', () => {
    const log = logOf(5, settings);
    expect(log.log.garbageCollection(99, 0)).toBe(2);
    expect(indexes(log)).toEqual([3, 4, 5]);
  });

  it('age: to the second', () => {
    const log = logOf(3, settings);
    log.ctx.env.disk.nowUs += 100_999_999;
    expect(log.log.garbageCollection(99, 0)).toBe(0);
    log.ctx.env.disk.nowUs += 1;
    expect(log.log.garbageCollection(99, 0)).toBe(2);
  });

  it('the age is looked up once; one that the disk does not tell counts as recent', () => {
    const log = logOf(3, settings);
    log.ctx.env.disk.nowUs += 200_000_000;
    log.ctx.env.disk.fault = (doing) => (doing === 'info' ? 'io' : undefined);
    expect(log.log.garbageCollection(99, 0)).toBe(0);
    log.ctx.env.disk.fault = () => undefined;
    expect(log.log.garbageCollection(99, 0)).toBe(2);
  });

  it.each([{ logPrivateReserveMaxSizeBytes: 0 }, { logPrivateReserveMaxTimeSeconds: 0 }])(
    'a limit of 0 reserves nothing',
    (change) => {
      expect(logOf(3, { ...settings, ...change }).log.garbageCollection(99, 0)).toBe(2);
    },
  );

  it('reserves nothing that is not needed to reserve: needed files stay in any case', () => {
    const log = logOf(5, settings);
    expect(log.log.garbageCollection(1, 0)).toBe(1);
    expect(indexes(log)).toEqual([2, 3, 4, 5]);
  });
});

describe('never', () => {
  it('the newest file, also without a current one (P9)', () => {
    const before = logOf(3);
    const log = openLog(makeContext(before.ctx.env.disk, NO_RESERVE));
    expect(log.log.garbageCollection(99, 9999)).toBe(2);
    expect(indexes(log)).toEqual([3]);
    log.append(mutation(4));
    log.ctx.env.tasks.run();
    expect(log.ctx.env.disk.list(DIR)).toEqual(['log.3.350', 'log.4.525']);
  });

  it('a file with a write in flight', () => {
    const log = logOf(1);
    log.append(mutation(2));
    log.log.demandSwitchFile();
    log.append(mutation(3));
    expect(log.log.garbageCollection(99, 9999)).toBe(0);
    log.ctx.env.tasks.run();
    expect(log.listener.acks.length).toBe(3);
    expect(log.log.garbageCollection(99, 9999)).toBe(1);
  });

  it('set-aside files', () => {
    const log = logOf(2);
    log.ctx.env.disk.put(`${DIR}/log.9.9.removed`, new Uint8Array(1));
    log.log.garbageCollection(99, 0);
    expect(log.ctx.env.disk.list(DIR)).toEqual(['log.2.175', 'log.9.9.removed']);
  });
});

it('deletes from the oldest on and stops at the first refusal, which the next round repeats', () => {
  const log = logOf(4);
  log.ctx.env.disk.fault = (doing, path) => (doing === 'remove' && path.endsWith('log.2.175') ? 'io' : undefined);
  expect(log.log.garbageCollection(99, 0)).toBe(1);
  expect(indexes(log)).toEqual([2, 3, 4]);
  expect(log.log.totalSizeBytes()).toBe(525);
  log.ctx.env.disk.fault = () => undefined;
  expect(log.log.garbageCollection(99, 0)).toBe(2);
});

it('in general: a prefix, covered or void, not inside both reserve limits, and the rest replays', () => {
  const file = fc.record({ decrees: fc.integer({ min: 1, max: 3 }), ageSeconds: fc.nat(50) });
  const limits = fc.record({
    logPrivateReserveMaxSizeBytes: fc.nat(1500),
    logPrivateReserveMaxTimeSeconds: fc.nat(120),
  });
  fc.assert(
    fc.property(
      fc.array(file, { maxLength: 8 }),
      limits,
      fc.nat(20),
      fc.nat(2000),
      fc.boolean(),
      (files, settings, cleanable, valid, restart) => {
        const disk = new FakeDisk();
        let log = openLog(makeContext(disk, settings));
        const made: {
          readonly name: string;
          readonly max: number;
          readonly end: number;
          readonly size: number;
          readonly second: number;
        }[] = [];
        let decree = 0;
        for (const { decrees, ageSeconds } of files) {
          disk.nowUs += ageSeconds * 1_000_000;
          log.log.demandSwitchFile();
          const start = log.log.globalEndOffset();
          for (let i = 0; i < decrees; i++) log.append(mutation(++decree));
          log.ctx.env.tasks.run();
          const end = log.log.globalEndOffset();
          made.push({
            name: `log.${made.length + 1}.${start}`,
            max: decree,
            end,
            size: end - start,
            second: Math.floor(disk.nowUs / 1e6),
          });
        }
        disk.nowUs += 30_000_000;
        if (restart) log = openLog(makeContext(disk, settings));
        const deleted = log.log.garbageCollection(cleanable, valid);
        expect(disk.list(DIR)).toEqual(made.slice(deleted).map((f) => f.name));
        expect(deleted).toBeLessThan(Math.max(1, made.length));
        for (const gone of made.slice(0, deleted))
          expect(gone.max <= cleanable || gone.end <= valid || (made[deleted - 1]?.end ?? 0) <= valid).toBe(true);
        const newestGone = made[deleted - 1];
        if (newestGone !== undefined) {
          const reserved =
            made.slice(deleted).reduce((sum, f) => sum + f.size, newestGone.size) <=
            settings.logPrivateReserveMaxSizeBytes;
          const recent = newestGone.second + settings.logPrivateReserveMaxTimeSeconds >= Math.floor(disk.nowUs / 1e6);
          const limited = settings.logPrivateReserveMaxSizeBytes > 0 && settings.logPrivateReserveMaxTimeSeconds > 0;
          expect(limited && reserved && recent).toBe(false);
        }
        // And as much as the rule allows: the next older candidate was refused for a reason.
        expect(log.log.garbageCollection(cleanable, valid)).toBe(0);
        const again = openLog(makeContext(disk));
        expect(again.error).toBe('ERR_OK');
        expect(again.replayed.map((mu) => mu.decree)).toEqual(
          Array.from({ length: decree }, (_, i) => i + 1).filter((d) => d > (made[deleted - 1]?.max ?? 0)),
        );
      },
    ),
    { numRuns: 300 },
  );
});
