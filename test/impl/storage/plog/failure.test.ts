/** Failures of the disk, and the ends of a log: flush, close, abandon (plog 7.3, 7.5). */
import { describe, expect, it } from 'vitest';
import { CheckFailed } from '../../../../impl/env/contract.ts';
import { FakeDisk, makeContext } from './fakeEnv.ts';
import { DIR, makeLog, mutation, openLog } from './helpers.ts';

function failing(doing: string, nth: number): FakeDisk {
  const disk = new FakeDisk();
  let seen = 0;
  disk.fault = (what) => (what === doing && ++seen === nth ? 'io' : undefined);
  return disk;
}

describe('a failed write', () => {
  it('fails its batch and the one that waits, tells the replica once, and writes nothing more', () => {
    const log = openLog(makeContext(failing('write', 3)));
    log.append(mutation(1));
    log.ctx.env.tasks.run();
    log.append(mutation(2));
    log.append(mutation(3));
    log.ctx.env.tasks.run();
    expect(log.listener.acks).toEqual([
      { decree: 1, error: 'ERR_OK' },
      { decree: 2, error: 'ERR_FILE_OPERATION_FAILED' },
      { decree: 3, error: 'ERR_FILE_OPERATION_FAILED' },
    ]);
    expect(log.listener.ioErrors).toEqual(['ERR_FILE_OPERATION_FAILED']);
    expect(log.append(mutation(4))).toBe(-1);
    log.ctx.env.tasks.run();
    expect(log.listener.acks.at(-1)).toEqual({ decree: 4, error: 'ERR_FILE_OPERATION_FAILED' });
    expect(log.listener.ioErrors.length).toBe(1);
    expect(log.log.maxDecreeOnDisk()).toBe(1);
    expect(log.ctx.env.disk.bytes(`${DIR}/log.1.0`).length).toBe(175);
    expect(openLog(makeContext(log.ctx.env.disk)).replayed.map((mu) => mu.decree)).toEqual([1]);
  });

  it.each([
    ['the header', 'write', 1, {}],
    ['the creation', 'create', 1, {}],
    ['the sync', 'sync', 1, { plogForceFlush: true }],
  ])('%s counts too', (_name, doing, nth, settings) => {
    const log = openLog(makeContext(failing(doing, nth), settings));
    log.append(mutation(1));
    log.append(mutation(2));
    log.log.flush(log.mark('flushed'));
    log.ctx.env.tasks.run();
    expect(log.listener.acks.map((ack) => [ack.decree, ack.error])).toEqual([
      [1, 'ERR_FILE_OPERATION_FAILED'],
      [2, 'ERR_FILE_OPERATION_FAILED'],
    ]);
    expect(log.listener.ioErrors).toEqual(['ERR_FILE_OPERATION_FAILED']);
    expect(log.listener.marks).toEqual(['flushed']);
    expect(log.log.maxDecreeOnDisk()).toBe(0);
  });

  it("of a new file's header lets the batch in flight in the old file end well", () => {
    const disk = new FakeDisk();
    const log = openLog(makeContext(disk));
    log.append(mutation(1));
    log.ctx.env.tasks.run();
    disk.fault = (doing, path) => (doing === 'write' && path.includes('log.2.') ? 'full' : undefined);
    log.append(mutation(2));
    log.log.demandSwitchFile();
    log.append(mutation(3));
    log.ctx.env.tasks.run();
    expect(log.listener.acks.map((ack) => `${ack.decree} ${ack.error}`).sort()).toEqual([
      '1 ERR_OK',
      '2 ERR_OK',
      '3 ERR_FILE_OPERATION_FAILED',
    ]);
    disk.fault = () => undefined;
    expect(openLog(makeContext(disk)).replayed.map((mu) => mu.decree)).toEqual([1, 2]);
  });

  it("an exception that is not the disk's goes through", () => {
    const disk = new FakeDisk();
    const log = openLog(makeContext(disk));
    log.append(mutation(1));
    disk.fault = () => {
      throw new Error('process ended');
    };
    expect(() => {
      log.ctx.env.tasks.run();
    }).toThrow('process ended');
  });
});

describe('flush', () => {
  it('resumes when nothing is pending or running, at once on an idle log', () => {
    const log = openLog(makeContext());
    log.log.flush(log.mark('idle'));
    log.ctx.env.tasks.run();
    expect(log.listener.marks).toEqual(['idle']);
    log.append(mutation(1));
    log.ctx.env.tasks.step();
    log.append(mutation(2));
    log.log.flush(log.mark('flushed'));
    while (log.ctx.env.tasks.step()) {
      if (log.listener.marks.length < 2) continue;
      expect(log.log.maxDecreeOnDisk()).toBe(2);
    }
    expect(log.listener.marks).toEqual(['idle', 'flushed']);
    expect(log.ctx.env.disk.journal.some((line) => line.startsWith('sync'))).toBe(false);
  });
});

describe('close', () => {
  it('writes what is pending, forgets everything, and can be opened again', () => {
    const log = openLog(makeContext());
    log.append(mutation(1));
    log.append(mutation(2));
    log.log.close(log.mark('closed'));
    expect(() => log.append(mutation(3))).toThrow(CheckFailed);
    log.ctx.env.tasks.run();
    expect(log.listener.marks).toEqual(['closed']);
    expect(log.listener.acks.length).toBe(2);
    expect([log.log.maxDecree(), log.log.globalEndOffset(), log.log.totalSizeBytes(), log.log.maxGcedDecree()]).toEqual(
      [0, 0, 0, -1],
    );
    const seen: number[] = [];
    expect(log.log.open(0, (mu) => seen.push(mu.decree) > 0)).toBe('ERR_OK');
    expect(seen).toEqual([1, 2]);
    log.append(mutation(3));
    log.ctx.env.tasks.run();
    expect(log.ctx.env.disk.list(DIR)).toEqual(['log.1.0', 'log.2.274']);
  });

  it('twice, or before opening, just resumes', () => {
    const { log, listener } = makeLog(makeContext());
    const opened = openLog(makeContext());
    opened.log.close(opened.mark('one'));
    opened.log.close(opened.mark('two'));
    opened.ctx.env.tasks.run();
    expect(opened.listener.marks).toEqual(['one', 'two']);
    expect([log.garbageCollection(9, 9), listener.marks]).toEqual([0, []]);
  });
});

describe('abandon', () => {
  it('drops what is pending and in flight and withdraws queued acknowledgements', () => {
    const log = openLog(makeContext());
    log.append(mutation(1));
    log.ctx.env.tasks.step();
    log.append(mutation(2));
    log.ctx.env.tasks.step();
    expect(log.log.maxDecreeOnDisk()).toBe(1);
    log.log.abandon();
    expect(log.append(mutation(3))).toBe(-1);
    log.ctx.env.tasks.run();
    expect([log.listener.acks, log.listener.ioErrors]).toEqual([[], []]);
    expect(openLog(makeContext(log.ctx.env.disk)).replayed.map((mu) => mu.decree)).toEqual([1]);
  });

  it('does not leave a flush waiting', () => {
    const log = openLog(makeContext());
    log.append(mutation(1));
    log.log.flush(log.mark('flushed'));
    log.log.abandon();
    log.ctx.env.tasks.run();
    expect(log.listener.marks).toEqual(['flushed']);
    expect(log.ctx.env.disk.bytes(`${DIR}/log.1.0`).length).toBe(0);
  });
});
