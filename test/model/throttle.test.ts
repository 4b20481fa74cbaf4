/** What a throttling value means to the model (thr 2, 6): the sheet's rows, and the same as the meta server on any text. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { throttlingHintOf } from '../../impl/replica/throttling/throttlingEnvs.ts';
import { parseThrottlingValue, parseTokenBucketValue } from '../../impl/replica/throttling/throttlingValue.ts';
import { BUCKET_ENV, bucketRate, emptyAfter, THROTTLE_ENVS, throttleHint, waitWithin, windowLimits } from '../../model/throttle.ts';

const WRITES = 'replica.write_throttling';

/** `delay units/ms reject units/ms`, for a table of one partition. */
const says = (value: string, partitionCount = 1): string => {
  const limits = windowLimits(value, partitionCount);
  if (limits === undefined) return throttleHint(WRITES, value) ?? 'nothing';
  return `${limits.delayLimit}/${limits.delayMs} ${limits.rejectLimit}/${limits.rejectMs}`;
};

describe('a window\'s limits', () => {
  it.each([
    ['20000*delay*100', 4, '5001/100 0/0'],
    ['20K*delay*100', 4, '5121/100 0/0'],
    ['20M*delay*100', 4, '5242881/100 0/0'],
    ['100*reject*50,100*delay*20', 1, '101/20 101/50'],
    ['100*delay*20,,100*reject*10', 1, '101/20 101/10'],
    [' 20K * delay * 100 ', 1, '20481/100 0/0'],
    ['0*delay*100', 4, '0/100 0/0'],
    ['0x10*delay*10', 1, '17/10 0/0'],
    ['010*delay*010', 1, '9/8 0/0'],
    ['-0*delay*10', 1, '0/10 0/0'],
    ['3*delay*10', 0, '4/10 0/0'],
    ['18446744073709551615*delay*18446744073709551615', 1, '9007199254740991/2147483647 0/0'],
    [',,', 1, `The value shouldn't be empty`],
    ['100*delay*10 100*reject*10', 1, `The field count of '100*delay*10 100*reject*10' separated by '*' must be 3`],
    ['20 K*delay*100', 1, `'20 ' should be an unsigned integer`],
    ['18446744073709551615K*delay*1', 1, `'18446744073709551615' result is overflow`],
    ['100*DELAY*x', 1, `'DELAY' should be 'delay' or 'reject'`],
    ['100*reject*1K', 1, `'1K' should be an unsigned integer`],
    ['2K*delay*100,3K*delay*100', 1, `duplicate 'delay' config`],
  ])('%s of %i partitions: %s', (value, partitionCount, expected) => {
    expect(says(value, partitionCount)).toBe(expected);
  });

  it('a client waits at most half of its patience, when it has any', () => {
    expect([waitWithin(101, 80), waitWithin(100, 30), waitWithin(0, 80), waitWithin(-5, 80), waitWithin(1, 80)]).toEqual([50, 30, 80, 80, 0]);
  });
});

describe('a bucket\'s rate', () => {
  it.each([
    ['200', 4, 50],
    ['3', 4, 1],
    ['200K', 1, 204_800],
    [' 200', 1, 200],
    ['100*reject*5,0*delay*0', 2, 50],
    ['20000*delay*100', 1, undefined],
    ['200 ', 1, undefined],
    [undefined, 1, undefined],
  ])('%s of %i partitions: %s', (value, partitionCount, expected) => {
    expect(bucketRate(value, partitionCount)).toBe(expected);
  });

  it('is spent as the sheet\'s oracle spends it, but that nothing is too large (thr.T4)', () => {
    const oracle = (zero: number, cost: number, now: number, rate: number): number => {
      const there = now <= zero ? 0 : Math.min((now - zero) * rate, rate);
      return there >= cost ? now - (there - cost) / rate : Math.max(now, zero) + (cost - there) / rate;
    };
    const numbers = fc.tuple(fc.double({ min: 0, max: 9, noNaN: true }), fc.integer({ min: 1, max: 900 }), fc.double({ min: 0, max: 9, noNaN: true }), fc.integer({ min: 1, max: 300 }));
    fc.assert(
      fc.property(numbers, ([zero, cost, now, rate]) => {
        expect(emptyAfter(zero, cost, now, rate)).toBeCloseTo(oracle(zero, cost, now, rate), 9);
      }),
    );
  });
});

describe('the meta server\'s reading', () => {
  const word = fc.constantFrom('0', '1', '20', '100', '0x1F', '010', '08', '18446744073709551615', '18446744073709551616', 'K', 'M', 'k', '*', '*', '*', 'delay', 'reject', 'pass', ',', ',', ' ', '\t', '\r', '\v', '+', '-', '.', ';', '');
  const value = fc.array(word, { maxLength: 14 }).map((words) => words.join(''));
  const near = fc.tuple(word, fc.constantFrom('delay', 'reject', ' delay', 'x'), word, fc.constantFrom('', ',', ',5*delay*1', ',7*reject*9')).map(([units, kind, millis, more]) => `${units}*${kind}*${millis}${more}`);

  it('is the model\'s, of any text: hints, units and milliseconds', () => {
    fc.assert(
      fc.property(fc.oneof(value, near), fc.constantFrom(...THROTTLE_ENVS), fc.integer({ min: 1, max: 9 }), (text, key, partitionCount) => {
        expect(throttleHint(key, text)).toBe(throttlingHintOf(key, text));
        if (key === BUCKET_ENV) {
          const read = parseTokenBucketValue(text);
          const share = read.ok && read.value.enabled ? Number(read.value.limit / BigInt(partitionCount)) : undefined;
          expect(bucketRate(text, partitionCount)).toBe(share === undefined ? undefined : Math.max(share, 1));
          return;
        }
        const read = parseThrottlingValue(text);
        const limits = windowLimits(text, partitionCount);
        expect(limits !== undefined).toBe(read.ok);
        if (!read.ok || limits === undefined) return;
        const units = read.value.reject?.units ?? 0n;
        expect(limits.rejectLimit).toBe(units === 0n ? 0 : Math.min(Number(units / BigInt(partitionCount) + 1n), Number.MAX_SAFE_INTEGER));
        expect(limits.delayMs).toBe(Math.min(Number(read.value.delay?.millis ?? 0n), 2 ** 31 - 1));
      }),
      { numRuns: 3000 },
    );
  });

  it('knows nothing of other envs', () => {
    expect([throttleHint('rocksdb.usage_scenario', 'x'), throttleHint('replica.deny_client_request', '')]).toEqual([undefined, undefined]);
  });
});
