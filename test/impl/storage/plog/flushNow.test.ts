/** Everything appended is written at once, in the caller's task (plog 7.5); records without a callback among others (repl 1.9). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeDisk, makeContext } from './fakeEnv.ts';
import { DIR, mutation, openLog } from './helpers.ts';
import type { Opened } from './helpers.ts';

interface History {
  readonly log: Opened;
  readonly appended: readonly number[];
  /** Of those, the ones with a callback. */
  readonly reported: readonly number[];
}

/** 0 and 1 append, with and without a callback; 2 switches files; the others let tasks run. */
function after(picks: readonly number[], disk = new FakeDisk()): History {
  const log = openLog(makeContext(disk));
  const appended: number[] = [];
  const reported: number[] = [];
  for (const pick of picks) {
    const decree = appended.length + 1;
    if (pick === 2) log.log.demandSwitchFile();
    else if (pick > 2) log.ctx.env.tasks.step(() => pick);
    else {
      appended.push(decree);
      if (pick === 0) reported.push(decree);
      if (pick === 0) log.append(mutation(decree));
      else log.log.append(mutation(decree), undefined);
    }
  }
  return { log, appended, reported };
}

const picks = fc.array(fc.nat(5), { maxLength: 30 });

function replayed(disk: FakeDisk): readonly number[] {
  return openLog(makeContext(disk)).replayed.map((mu) => mu.decree);
}

describe('appending without a callback', () => {
  it('keeps its place among the others, and only the others are reported, in their order', () => {
    fc.assert(
      fc.property(picks, (history) => {
        const { log, appended, reported } = after(history);
        log.ctx.env.tasks.run();
        expect(log.listener.acks).toEqual(reported.map((decree) => ({ decree, error: 'ERR_OK' })));
        expect(replayed(log.ctx.env.disk)).toEqual(appended);
      }),
    );
  });
});

describe('flushNow', () => {
  it('from any state: all is on disk when it answers, once; callbacks come later, in order', () => {
    fc.assert(
      fc.property(picks, (history) => {
        const { log, appended, reported } = after(history);
        const { disk, tasks } = log.ctx.env;
        const before = log.listener.acks.length;
        expect(log.log.flushNow()).toBe('ERR_OK');
        expect(log.listener.acks.length, 'never inline').toBe(before);
        expect(log.log.maxDecreeOnDisk()).toBe(appended.length);
        const written = disk.journal.length;
        expect(replayed(disk)).toEqual(appended);
        tasks.run();
        expect(disk.journal.length, 'nothing is written twice').toBe(written);
        expect(log.listener.acks.map((ack) => ack.decree)).toEqual(reported);
        log.append(mutation(appended.length + 1));
        tasks.run();
        expect(replayed(disk)).toEqual([...appended, appended.length + 1]);
      }),
    );
  });

  it('ends the wait of others for a flush', () => {
    const { log } = after([0, 0, 0]);
    log.log.flush(log.mark('flushed'));
    log.log.flushNow();
    log.ctx.env.tasks.run();
    expect(log.listener.marks).toEqual(['flushed']);
  });

  it.each([
    ['the header', 1, []],
    ['the first batch', 2, []],
    ['the next file', 3, [1, 2]],
    ['its batch', 4, [1, 2]],
  ])('answers the error when %s cannot be written; it is told once, and everybody hears', (_name, nth, left) => {
    const disk = new FakeDisk();
    let writes = 0;
    disk.fault = (doing) => (doing === 'write' && ++writes >= nth ? 'io' : undefined);
    const log = openLog(makeContext(disk));
    log.append(mutation(1));
    log.append(mutation(2));
    const first = log.log.flushNow();
    log.log.demandSwitchFile();
    log.append(mutation(3));
    log.append(mutation(4));
    expect([first, log.log.flushNow()]).toEqual([nth > 2 ? 'ERR_OK' : 'ERR_FILE_OPERATION_FAILED', 'ERR_FILE_OPERATION_FAILED']);
    log.ctx.env.tasks.run();
    expect(log.listener.ioErrors).toEqual(['ERR_FILE_OPERATION_FAILED']);
    expect(log.listener.acks.map((ack) => ack.decree)).toEqual([1, 2, 3, 4]);
    expect(log.listener.acks.filter((ack) => ack.error === 'ERR_OK').map((ack) => ack.decree)).toEqual(left);
    disk.fault = () => undefined;
    expect(replayed(disk)).toEqual(left);
  });

  it('on an idle, a closed and an abandoned log does nothing', () => {
    const log = openLog(makeContext());
    expect(log.log.flushNow()).toBe('ERR_OK');
    log.log.abandon();
    expect([log.log.flushNow(), log.ctx.env.disk.list(DIR)]).toEqual(['ERR_OK', []]);
  });
});
