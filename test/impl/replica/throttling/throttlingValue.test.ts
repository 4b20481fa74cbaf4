/** Every row of thr 2.1 and 6: what a value says, or the exact hint. */
import { describe, expect, it } from 'vitest';
import * as envs from '../../../../impl/replica/throttling/throttlingEnvs.ts';
import {
  parseThrottlingValue,
  parseTokenBucketValue,
  parseUint64,
  parseUnits,
} from '../../../../impl/replica/throttling/throttlingValue.ts';

const fields = (item: string): string => `The field count of '${item}' separated by '*' must be 3`;
const integer = (text: string): string => `'${text}' should be an unsigned integer`;
const overflow = (text: string): string => `'${text}' result is overflow`;
const kind = (text: string): string => `'${text}' should be 'delay' or 'reject'`;
const EMPTY = `The value shouldn't be empty`;

/** `delay units/ms | reject units/ms`, or the hint. */
function says(value: string): string {
  const result = parseThrottlingValue(value);
  if (!result.ok) return result.hint;
  const { delay, reject } = result.value;
  const show = (item: typeof delay): string => (item === undefined ? '-' : `${item.units}/${item.millis}`);
  return `${show(delay)} | ${show(reject)}`;
}

describe('the value of a window controller (thr 2.1)', () => {
  it.each([
    ['20000*delay*100', '20000/100 | -'],
    ['20K*delay*100', '20480/100 | -'],
    ['20M*reject*100', '- | 20971520/100'],
    ['100*reject*50,100*delay*20', '100/20 | 100/50'],
    ['100*delay*20,', '100/20 | -'],
    ['100*delay*20,,100*reject*10', '100/20 | 100/10'],
    [' 20K * delay * 100 ', '20480/100 | -'],
    ['\t20K*delay*100\r\n', '20480/100 | -'],
    ['0*delay*100', '0/100 | -'],
    ['0x10*delay*10', '16/10 | -'],
    ['010*delay*10', '8/10 | -'],
    ['+5*delay*10', '5/10 | -'],
    ['-0*delay*10', '0/10 | -'],
    ['1*delay*0x10', '1/16 | -'],
    ['1*delay*010', '1/8 | -'],
    ['1*delay*+7', '1/7 | -'],
    ['\r\n\v\f7*delay*10', '7/10 | -'],
    ['18446744073709551615*delay*1', '18446744073709551615/1 | -'],
    ['1*delay*18446744073709551615', '1/18446744073709551615 | -'],
  ])('%j says %s', (value, expected) => {
    expect(says(value)).toBe(expected);
  });

  it.each([
    ['', EMPTY],
    [' \t', EMPTY],
    [',', EMPTY],
    [',,', EMPTY],
    ['100', fields('100')],
    ['100*delay', fields('100*delay')],
    ['20A*delay', fields('20A*delay')],
    ['100*delay*10*x', fields('100*delay*10*x')],
    ['2K**delay*100', fields('2K**delay*100')],
    ['2K*delay**100', fields('2K*delay**100')],
    ['100*delay*10;100*reject*10', fields('100*delay*10;100*reject*10')],
    ['100*delay*10 100*reject*10', fields('100*delay*10 100*reject*10')],
    ['20A*delay*100', integer('20A')],
    ['20m*delay*100', integer('20m')],
    ['20B*delay*100', integer('20B')],
    ['20KB*delay*100', integer('20KB')],
    ['20Mb*delay*100', integer('20Mb')],
    ['20MB*delay*100', integer('20MB')],
    ['5G*delay*100', integer('5G')],
    ['-20*delay*100', integer('-20')],
    ['*delay*100', integer('')],
    ['K*delay*10', integer('')],
    ['20 K*delay*100', integer('20 ')],
    ['1.5K*delay*10', integer('1.5')],
    ['18446744073709551616*delay*1', integer('18446744073709551616')],
    ['18446744073709551615K*delay*1', overflow('18446744073709551615')],
    ['20K*pass*100', kind('pass')],
    ['100*DELAY*10', kind('DELAY')],
    ['20K*delay*-100', integer('-100')],
    ['100*delay*1.5', integer('1.5')],
    ['100*reject*abc', integer('abc')],
    ['100*reject*1K', integer('1K')],
    ['100*delay*', integer('')],
    ['2K*delay*100,3K*delay*100', `duplicate 'delay' config`],
    ['2K*reject*100,3K*reject*100', `duplicate 'reject' config`],
    ['20K*reject*100,5*pass*1', kind('pass')],
    // The first failure from the left, and within an item: fields, units, kind, millis, then the duplicate.
    ['x*pass*y', integer('x')],
    ['1*pass*y', kind('pass')],
    ['1*delay*1,2*delay*y', integer('y')],
    ['1*delay*1,2*delay*2,x', `duplicate 'delay' config`],
  ])('%j is refused: %s', (value, hint) => {
    expect(says(value)).toBe(hint);
  });
});

describe('units alone (thr 6, end)', () => {
  it.each([
    ['', integer('')],
    ['-', integer('-')],
    ['A', integer('A')],
    ['M', integer('')],
    ['K', integer('')],
    ['aM', integer('a')],
    ['aK', integer('a')],
    ['18446744073709551614M', overflow('18446744073709551614')],
    ['18446744073709551614K', overflow('18446744073709551614')],
  ])('%j is refused: %s', (text, hint) => {
    expect(parseUnits(text)).toEqual({ ok: false, hint });
  });

  it.each([
    ['10M', 10_485_760n],
    ['1K', 1024n],
    ['100', 100n],
    ['18014398509481983K', (2n ** 54n - 1n) * 1024n],
  ])('%s is %d', (text, value) => {
    expect(parseUnits(text)).toEqual({ ok: true, value });
  });

  it.each(['0x', '08', '0xg', '+-5', '- 5', '--0', '\v-20', '5 ', '0b1', '１', '0x10000000000000000'])(
    'C reads no whole number in %j',
    (text) => {
      expect(parseUint64(text)).toBeUndefined();
    },
  );

  it.each([
    ['0XfF', 255n],
    [' \n+017', 15n],
    ['-0x0', 0n],
    ['0xffffffffffffffff', 2n ** 64n - 1n],
    ['00', 0n],
  ])('but one in %j', (text, value) => {
    expect(parseUint64(text)).toBe(value);
  });
});

describe('the value of a token bucket (thr 6)', () => {
  it.each([
    ['200', 200n, true],
    ['200K', 204_800n, true],
    ['20M', 20_971_520n, true],
    ['0x10', 16n, true],
    ['20000*delay*100', 1n, false],
    ['0*delay*100', 1n, false],
    ['20000*delay*100,20000*reject*100', 20_000n, true],
    ['20K*delay*100,20K*reject*100', 20_480n, true],
    ['20000*reject*100', 20_000n, true],
    ['100*reject*5,0*delay*0', 100n, true],
    [' 200', 200n, true],
    ['+200', 200n, true],
    ['010', 8n, true],
  ])('%j is a limit of %d, enabled: %j', (value, limit, enabled) => {
    expect(parseTokenBucketValue(value)).toEqual({ ok: true, value: { limit, enabled } });
  });

  const unreadable = [
    '0', '200g', '200G', 'M', 'K', '-1K', '1aK', 'pegNo1', '-20', '12KM', '1K2M', '0K', 'reject', '*reject', 'reject*',
  ];
  it.each([
    ...unreadable.map((value) => [value, fields(value)] as const),
    ['*deldday*100', integer('')],
    ['*reject*', integer('')],
    ['2000K0*reject*100', integer('2000K0')],
    ['', EMPTY],
    ['0*reject*100', 'reject value should be greater than 0'],
    ['100*delay*10,', 'reject value should be greater than 0'],
    ['100*delay*10,200*delay*20', `duplicate 'delay' config`],
    [' 200 ', fields('200')],
    ['200 ', fields('200')],
  ] as const)('%j is refused: %s', (value, hint) => {
    expect(parseTokenBucketValue(value)).toEqual({ ok: false, hint });
  });
});

describe('the hint by key (thr 2.2)', () => {
  it('is the grammar of the key, and nothing for an env that does not throttle', () => {
    const windows = [
      envs.WRITE_THROTTLING, envs.WRITE_THROTTLING_BY_SIZE, envs.READ_THROTTLING, envs.BACKUP_REQUEST_THROTTLING,
    ];
    for (const key of windows) {
      expect(envs.throttlingHintOf(key, '200')).toBe(fields('200'));
      expect(envs.throttlingHintOf(key, '1*delay*1')).toBeUndefined();
    }
    expect(envs.throttlingHintOf(envs.READ_THROTTLING_BY_SIZE, '200')).toBeUndefined();
    expect(envs.throttlingHintOf(envs.READ_THROTTLING_BY_SIZE, '')).toBe(EMPTY);
    expect(envs.throttlingHintOf('word', '200')).toBeUndefined();
  });
});
