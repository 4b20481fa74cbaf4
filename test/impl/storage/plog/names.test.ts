/** The file name table of plog 1, with the base detection of quirk P1. */
import { expect, it } from 'vitest';
import { formatLogFileName, parseLogFileName } from '../../../../impl/storage/plog/names.ts';

it.each([
  ['log.1.0', 1, 0n],
  ['a/b/plog/log.3.1000', 3, 1000n],
  ['log.2147483647.0', 2147483647, 0n],
  ['log.1.9223372036854775807', 1, 9223372036854775807n],
  ['log.0x10.8', 16, 8n],
  ['log.0X1f.0x10', 31, 16n],
  ['log.012.0', 10, 0n],
  ['log.+4.+5', 4, 5n],
  ['log. 4.\t5', 4, 5n],
  ['log.-1.-2', -1, -2n],
  ['log.-0x10.00', -16, 0n],
  ['log.-2147483648.-9223372036854775808', -2147483648, -9223372036854775808n],
])('accepts %j', (name, index, startOffset) => {
  expect(parseLogFileName(name)).toEqual({ index, startOffset });
});

it.each([
  '',
  'log',
  'log.',
  'log.1',
  'log.1.',
  'log..2',
  'log..',
  'logs.1.2',
  'xlog.1.2',
  'LOG.1.2',
  'log.1.2.removed',
  'log.1.2a',
  'log.a.2',
  'log.123.456.789',
  'log.2147483648.0',
  'log.-2147483649.0',
  'log.1.9223372036854775808',
  'log.08.0',
  'log.0x.0',
  'log.1.0xg',
  'log.1 .2',
  'log.1.2 ',
  'log.+-1.2',
  'log.1.1e3',
  'log.1.2\n',
  'log.- 1.2',
  'log.1.2/other',
  'log.0b1.0',
  'log.1.1_0',
  'log. .2',
])('refuses %j', (name) => {
  expect(parseLogFileName(name)).toBeUndefined();
});

it('writes plain decimals', () => {
  expect(formatLogFileName(12, 4096)).toBe('log.12.4096');
});
