/** The token bucket (thr 6): configuration, the oracle of its arithmetic, and the mended suspects T4 to T6. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucketThrottlingController } from '../../../../impl/replica/throttling/tokenBucketThrottlingController.ts';
import { FakeClock } from './fakeClock.ts';

function made(value?: string, partitionCount = 1): { clock: FakeClock; bucket: TokenBucketThrottlingController } {
  const clock = new FakeClock();
  clock.monotonicSeconds = 1000;
  const bucket = new TokenBucketThrottlingController(clock.context());
  if (value !== undefined) expect(bucket.parseFromEnv(value, partitionCount).ok).toBe(true);
  return { clock, bucket };
}

describe('configuration', () => {
  it.each([
    ['200', 1, 200],
    ['200K', 4, 51_200],
    ['10', 4, 2],
    ['3', 0, 3],
    // thr.T5: upstream's share of 0 would refuse every read.
    ['3', 4, 1],
  ])('%s over %i partitions fills %i in a second', (value, partitions, rate) => {
    expect(made(value, partitions).bucket.ratePerSecond()).toBe(rate);
  });

  it('a value that only delays is taken once, and limits nothing (thr.T6)', () => {
    const { bucket } = made();
    expect(bucket.parseFromEnv('5*delay*1', 4)).toEqual({ ok: true, hint: '', changed: true, oldValue: '' });
    expect(bucket.enabled()).toBe(false);
    expect(bucket.parseFromEnv('5*delay*1', 4)).toEqual({ ok: true, hint: '', changed: false, oldValue: '5*delay*1' });
    expect(bucket.reset()).toEqual({ ok: true, hint: '', changed: false, oldValue: '5*delay*1' });
    expect(bucket.parseFromEnv('5*delay*1', 8).changed).toBe(true);
    bucket.consumeToken(1_000_000);
    expect(bucket.available()).toBe(true);
  });

  it('tells the old value always; what cannot be read changes nothing', () => {
    const { bucket } = made('200', 1);
    expect(bucket.parseFromEnv('200', 1)).toEqual({ ok: true, hint: '', changed: false, oldValue: '200' });
    expect(bucket.parseFromEnv('', 1)).toEqual({
      ok: false, hint: `The value shouldn't be empty`, changed: false, oldValue: '200',
    });
    expect([bucket.enabled(), bucket.ratePerSecond()]).toEqual([true, 200]);
    expect(bucket.reset()).toEqual({ ok: true, hint: '', changed: true, oldValue: '200' });
    expect(bucket.enabled()).toBe(false);
  });

  it('debts survive another configuration and a reset', () => {
    const { clock, bucket } = made('10');
    bucket.consumeToken(30);
    bucket.parseFromEnv('1000', 1);
    expect(bucket.available()).toBe(false);
    bucket.reset();
    expect(bucket.available()).toBe(true);
    bucket.parseFromEnv('1000', 1);
    expect(bucket.available()).toBe(false);
    clock.monotonicSeconds += 2.1;
    expect(bucket.available()).toBe(true);
  });
});

describe('tokens', () => {
  it('a bucket begins full; a read that exceeds what is there is let in, and the debt delays the next ones', () => {
    const { clock, bucket } = made('100');
    expect(bucket.tokensAt(1000)).toBe(100);
    bucket.consumeToken(60);
    expect(bucket.tokensAt(1000)).toBeCloseTo(40, 6);
    bucket.consumeToken(90);
    expect(bucket.available()).toBe(false);
    clock.monotonicSeconds += 0.49;
    expect(bucket.available()).toBe(false);
    clock.monotonicSeconds += 0.02;
    expect(bucket.available()).toBe(true);
    clock.monotonicSeconds += 50;
    expect(bucket.tokensAt(clock.monotonicSeconds)).toBe(100);
  });

  it('a read beyond a second\'s share is charged as well (thr.T4)', () => {
    const { clock, bucket } = made('100');
    bucket.consumeToken(500);
    clock.monotonicSeconds += 3.9;
    expect(bucket.available()).toBe(false);
    clock.monotonicSeconds += 0.2;
    expect(bucket.available()).toBe(true);
  });

  it('agrees with the sheet\'s oracle step by step', () => {
    const step = fc.record({ afterMs: fc.integer({ min: 0, max: 900 }), cost: fc.integer({ min: 0, max: 50 }) });
    fc.assert(
      fc.property(fc.integer({ min: 50, max: 90 }), fc.array(step, { maxLength: 50 }), (rate, steps) => {
        const { clock, bucket } = made(String(rate));
        let zero = 0;
        for (const { afterMs, cost } of steps) {
          clock.monotonicSeconds += afterMs / 1000;
          bucket.consumeToken(cost);
          const now = clock.monotonicSeconds;
          let k = cost;
          while (k > 0) {
            if (now <= zero) {
              zero += k / rate;
              break;
            }
            const t = Math.min((now - zero) * rate, rate);
            const c = Math.min(k, t);
            zero = now - (t - c) / rate;
            k -= c;
          }
          const left = now <= zero ? 0 : Math.min((now - zero) * rate, rate);
          expect(bucket.tokensAt(now)).toBeCloseTo(left, 6);
        }
      }),
      { seed: 11, numRuns: 200 },
    );
  });
});
