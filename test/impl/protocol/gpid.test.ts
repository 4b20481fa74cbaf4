/** gpids as text and their thread hash (repl 3.1). */
import { expect, it } from 'vitest';
import { appIdOf, formatGpid, parseGpid, partitionIndexOfGpid, threadHash } from '../../../impl/protocol/gpid.ts';

it('formats and parses', () => {
  expect(formatGpid(7, 2)).toBe('7.2');
  expect(parseGpid('7.2')).toEqual({ appId: 7, partitionIndex: 2 });
  expect([appIdOf('12.34'), partitionIndexOfGpid('12.34')]).toEqual([12, 34]);
});

it.each(['', '7', '7.', '.2', '7.2.1', 'a.2', '07.2', '7.2 ', '1e3.0', '2147483648.0', '1.5e1'])(
  'refuses %j',
  (text) => {
    expect(parseGpid(text)).toBeUndefined();
  },
);

it('hashes as upstream does', () => {
  expect(threadHash('7.2')).toBe(7 * 7919 + 2);
});
