/** Options as getopt_long reads them. */
import { expect, it } from 'vitest';
import { BadLine, getOptions, integer, type OptionTable } from '../../../impl/client/shellOptions.ts';

const TABLE: OptionTable = {
  name: { letter: 'n', takesValue: true },
  name_of: { letter: 'o', takesValue: true },
  naked: { letter: 'k', takesValue: false },
};
const read = (line: string): unknown => Object.fromEntries(getOptions(line.split(' '), TABLE));

it.each<[string, unknown]>([
  ['-n a -o b -k', { name: 'a', name_of: 'b', naked: '' }],
  ['-kn a', { naked: '', name: 'a' }],
  ['-nk', { name: 'k' }],
  ['-n -k', { name: '-k' }],
  ['--name=a=b', { name: 'a=b' }],
  ['--name_ b', { name_of: 'b' }],
  ['--name --', { name: '--' }],
  ['a - -k', { naked: '' }],
  ['-k -- -n a', { naked: '' }],
])('%s', (line, options) => {
  expect(read(line)).toEqual(options);
});

it.each<[string, string]>([
  ['--na a', 'unknown option --na'],
  ['--other=1', 'unknown option --other'],
  ['-kx', 'unknown option -x'],
  ['-k -n', 'option -n needs a value'],
  ['--nak=1', 'option --naked takes no value'],
])('%s is refused: %s', (line, message) => {
  expect(() => read(line)).toThrow(new BadLine(message));
});

it('numbers have 32 bits', () => {
  expect([integer('-2147483648', 'n'), integer('2147483647', 'n'), integer('007', 'n')]).toEqual([-2147483648, 2147483647, 7]);
  for (const wrong of ['2147483648', '-2147483649', '1.5', '+1', ' 1', '']) expect(() => integer(wrong, 'n'), wrong).toThrow(BadLine);
});
