/** The window controller: configuration (thr 3), the traces of thr 4.1, and the properties of thr 8. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ThrottlingController } from '../../../../impl/replica/throttling/throttlingController.ts';
import { FakeClock } from './fakeClock.ts';

function made(value?: string, partitionCount = 1): { clock: FakeClock; controller: ThrottlingController } {
  const clock = new FakeClock();
  const controller = new ThrottlingController(clock.context());
  if (value !== undefined) expect(controller.parseFromEnv(value, partitionCount).ok).toBe(true);
  return { clock, controller };
}

describe('thresholds (thr 3)', () => {
  it.each([
    ['20000*delay*100', 4, 5001],
    ['20K*delay*100', 4, 5121],
    ['20M*delay*100', 4, 5_242_881],
    ['80000M*delay*100', 4, 20_000 * 2 ** 20 + 1],
    ['0*delay*100', 4, 0],
    ['1*delay*100', 4, 1],
    ['7*delay*100', 0, 8],
  ])('%s over %i partitions is %i', (value, partitions, limit) => {
    const { controller } = made(value, partitions);
    expect(controller.limits()).toEqual({ delayLimit: limit, delayMs: 100, rejectLimit: 0, rejectMs: 0 });
  });

  it('never become negative, nor do the waits (thr.T2)', () => {
    const largest = '18446744073709551615';
    const { controller } = made(`${largest}*delay*${largest},9223372036854775808*reject*2147483648`);
    const { delayLimit, delayMs, rejectLimit, rejectMs } = controller.limits();
    expect([delayLimit, rejectLimit]).toEqual([Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]);
    expect([delayMs, rejectMs]).toEqual([2 ** 31 - 1, 2 ** 31 - 1]);
    expect(controller.control(0, 1)).toEqual({ kind: 'pass' });
    const { controller: strict } = made(`1*delay*${largest}`, 2);
    strict.control(0, 1);
    expect(strict.control(0, 1)).toEqual({ kind: 'delay', waitMs: 2 ** 31 - 1 });
    expect(strict.control(1000, 1)).toEqual({ kind: 'delay', waitMs: 500 });
  });

  it('upstream\'s own sequence: new, both, refused (which keeps what was)', () => {
    const { controller } = made();
    const first = '20000*delay*100';
    const both = '20000*delay*100,20000*reject*100';
    expect(controller.enabled()).toBe(false);
    expect(controller.parseFromEnv(first, 4)).toEqual({ ok: true, hint: '', changed: true, oldValue: '' });
    expect(controller.limits()).toEqual({ delayLimit: 5001, delayMs: 100, rejectLimit: 0, rejectMs: 0 });
    expect(controller.parseFromEnv(both, 4)).toEqual({ ok: true, hint: '', changed: true, oldValue: first });
    const kept = { delayLimit: 5001, delayMs: 100, rejectLimit: 5001, rejectMs: 100 };
    expect(controller.limits()).toEqual(kept);
    for (const bad of ['*delay*100', '']) {
      const { hint, ...rest } = controller.parseFromEnv(bad, 4);
      expect(hint).not.toBe('');
      expect(rest).toEqual({ ok: false, changed: false, oldValue: '' });
    }
    expect([controller.enabled(), controller.limits()]).toEqual([true, kept]);
  });

  it('are parsed anew for another value or another number of partitions only', () => {
    const { controller } = made('100*delay*1', 4);
    expect(controller.parseFromEnv('100*delay*1', 4).changed).toBe(false);
    expect(controller.parseFromEnv('100*delay*1', 8)).toMatchObject({ changed: true, oldValue: '100*delay*1' });
    expect(controller.limits().delayLimit).toBe(13);
  });

  it('reset clears all and tells of it once; parsing keeps the running window', () => {
    const { controller } = made('1*reject*5', 2);
    controller.control(0, 1);
    controller.parseFromEnv('2*reject*5', 2);
    expect(controller.control(0, 2)).toEqual({ kind: 'reject', waitMs: 5 });
    expect(controller.reset()).toMatchObject({ changed: true, oldValue: '2*reject*5' });
    expect(controller.reset()).toMatchObject({ changed: false, oldValue: '' });
    expect(controller.limits()).toEqual({ delayLimit: 0, delayMs: 0, rejectLimit: 0, rejectMs: 0 });
    expect(controller.control(0, 1000)).toEqual({ kind: 'pass' });
    controller.parseFromEnv('1*reject*5', 2);
    expect(controller.control(0, 1)).toEqual({ kind: 'pass' });
  });
});

/** second, timeout, cost -> verdict. */
type Step = readonly [second: number, timeoutMs: number, cost: number, verdict: string];

describe('traces (thr 4.1)', () => {
  it.each<readonly [string, number, readonly Step[]]>([
    ['4*delay*100,8*reject*200', 4, [
      [1, 1000, 1, 'pass'], [1, 1000, 1, 'pass'], [1, 1000, 1, 'delay 100'], [1, 1000, 1, 'reject 200'],
      [1, 100, 1, 'reject 50'], [2, 0, 1, 'pass'],
    ]],
    ['2*delay*100', 4, [
      [1, 1000, 1, 'pass'], [1, 1000, 1, 'delay 100'], [1, 0, 1, 'delay 100'], [1, 150, 1, 'delay 75'],
    ]],
    ['1*reject*100', 1, [
      [1, 1000, 1, 'pass'], [1, 1000, 1, 'pass'], [1, 1000, 1, 'reject 100'], [1, 0, 1, 'reject 100'],
      [1, 50, 1, 'reject 25'], [2, 1000, 1, 'pass'],
    ]],
    ['0*delay*100', 1, [[1, 0, 1, 'pass'], [1, 0, 1_000_000, 'pass'], [1, 0, 1, 'pass']]],
    ['100*reject*0', 1, [[1, 0, 50, 'pass'], [1, 0, 60, 'reject 0'], [1, 0, 51, 'pass'], [1, 0, 1, 'reject 0']]],
    ['10*delay*50,5*reject*10', 1, [[1, 0, 5, 'pass'], [1, 0, 1, 'pass'], [1, 0, 1, 'reject 10']]],
    // A timeout of 1 leaves no wait; a clock that goes back opens a window; a request beyond the limit never passes.
    ['1*delay*100', 2, [[5, 1, 1, 'pass'], [5, 1, 1, 'delay 0'], [4, 1, 1, 'pass'], [4, -1, 1, 'delay 100']]],
    ['4*reject*7', 1, [[1, 0, 6, 'reject 7'], [2, 0, 6, 'reject 7'], [2, 0, 5, 'pass']]],
  ])('%s over %i', (value, partitions, steps) => {
    const { clock, controller } = made(value, partitions);
    const got = steps.map(([second, timeoutMs, cost]) => {
      clock.wallSeconds = second + 0.5;
      const verdict = controller.control(timeoutMs, cost);
      return verdict.kind === 'pass' ? 'pass' : `${verdict.kind} ${verdict.waitMs}`;
    });
    expect(got).toEqual(steps.map(([, , , verdict]) => verdict));
  });
});

describe('within one second (thr 8)', () => {
  it('admits no more than the reject limit, delays all beyond the delay limit, and waits no longer than half the timeout', () => {
    const units = fc.integer({ min: 0, max: 12 });
    const step = fc.record({
      later: fc.boolean(), timeoutMs: fc.integer({ min: -1, max: 300 }), cost: fc.integer({ min: 0, max: 5 }),
    });
    fc.assert(
      fc.property(units, units, fc.array(step, { maxLength: 40 }), (delay, reject, steps) => {
        const { clock, controller } = made(`${delay}*delay*90,${reject}*reject*80`);
        const { delayLimit, rejectLimit } = controller.limits();
        let admitted = 0;
        let passed = 0;
        for (const { later, timeoutMs, cost } of steps) {
          if (later) {
            clock.wallSeconds++;
            admitted = 0;
            passed = 0;
          }
          const verdict = controller.control(timeoutMs, cost);
          if (verdict.kind !== 'reject') admitted += cost;
          if (verdict.kind === 'pass') passed += cost;
          else expect(verdict.waitMs).toBeLessThanOrEqual(timeoutMs > 0 ? timeoutMs / 2 : 90);
          if (verdict.kind !== 'pass') expect(verdict.waitMs).toBeGreaterThanOrEqual(0);
          if (rejectLimit > 0) expect(admitted).toBeLessThanOrEqual(rejectLimit);
          if (delayLimit > 0) expect(passed).toBeLessThanOrEqual(delayLimit);
          if (verdict.kind === 'reject') expect(admitted + cost).toBeGreaterThan(rejectLimit);
        }
      }),
      { seed: 7, numRuns: 300 },
    );
  });
});
