/** `pegasus-check plog`: damage inside one file, and bytes that are wrong behind a right CRC. */
import { describe, expect, it } from 'vitest';
import { writeI64le, writeU32le } from '../../../impl/protocol/bytes.ts';
import { mutation } from '../../impl/storage/plog/helpers.ts';
import { dir, headerBody, joined, logBytes, put, recordBody, run, sealed, summary, useDirectory } from './plogFixture.ts';

useDirectory();

describe('ends of one file', () => {
  const good = logBytes(0, [1, 2]);
  const file = (bytes: Uint8Array): readonly unknown[] => {
    const [code, shown] = summary(put('log.1.0', bytes));
    return [code, ...(shown as unknown[]).slice(1)];
  };

  it('cut at every length', () => {
    for (let length = 0; length <= good.length; length++) {
      const blocks = [60, 175, 290].filter((end) => end <= length).length;
      const clean = length === 60 || length === 175 || length === 290;
      const decrees = [1, 2].slice(0, Math.max(0, blocks - 1));
      const expected = [0, blocks, decrees, clean ? 'clean' : 'torn', clean ? null : 'ERR_INCOMPLETE_DATA'];
      expect(file(good.slice(0, length)), `cut to ${length}`).toEqual(expected);
    }
  });

  it('trailing zeros', () => {
    for (const count of [1, 2, 15])
      expect(file(joined(good, new Uint8Array(count)))).toEqual([0, 3, [1, 2], 'torn', 'ERR_INCOMPLETE_DATA']);
    for (const count of [16, 17, 5000])
      expect(file(joined(good, new Uint8Array(count)))).toEqual([3, 3, [1, 2], 'corrupt', 'ERR_INVALID_DATA']);
  });

  it.each([
    ['past the end', 175, 0x7fffffff, [0, 2, [1], 'torn', 'ERR_INCOMPLETE_DATA']],
    ['one past the end', 175, 100, [0, 2, [1], 'torn', 'ERR_INCOMPLETE_DATA']],
    ['negative', 175, -1, [3, 2, [1], 'corrupt', 'ERR_INVALID_DATA']],
    ['the smallest', 175, -0x80000000, [3, 2, [1], 'corrupt', 'ERR_INVALID_DATA']],
    ['too short', 175, 98, [3, 2, [1], 'corrupt', 'ERR_INVALID_DATA']],
    ['past the end in block 0', 0, 5000, [0, 0, [], 'torn', 'ERR_INCOMPLETE_DATA']],
    ['negative in block 0', 0, -5, [3, 0, [], 'corrupt', 'ERR_INVALID_DATA']],
  ])('length %s', (_name, block, length, expected) => {
    const bytes = good.slice();
    writeU32le(bytes, block + 4, length);
    expect(file(bytes)).toEqual(expected);
  });

  it('a wrong local_offset does not matter', () => {
    const bytes = good.slice();
    for (const block of [0, 60, 175]) writeU32le(bytes, block + 12, 0xdeadbeef);
    expect(file(bytes)).toEqual([0, 3, [1, 2], 'clean', null]);
  });

  it('a flipped bit in each block: what is before it is listed', () => {
    for (const [at, blocks, decrees] of [
      [0, 0, []],
      [20, 0, []],
      [61, 1, []],
      [100, 1, []],
      [176, 2, [1]],
      [289, 2, [1]],
    ] as const) {
      const bytes = good.slice();
      bytes[at] = (bytes[at] ?? 0) ^ 4;
      expect(file(bytes), `at ${at}`).toEqual([3, blocks, decrees, 'corrupt', 'ERR_INVALID_DATA']);
    }
  });
});

describe('well-sealed nonsense', () => {
  const sealedFile = (bodies: readonly Uint8Array[]): readonly unknown[] => {
    const [code, shown] = summary(put('log.1.0', sealed(bodies)));
    return [code, ...(shown as unknown[]).slice(1)];
  };
  const two = (): Uint8Array => recordBody(76, [mutation(1), mutation(2)]);
  const header = headerBody(0);
  const corrupt = (blocks: number, decrees: readonly number[]): readonly unknown[] => [
    3,
    blocks,
    decrees,
    'corrupt',
    'ERR_INVALID_DATA',
  ];

  it('a bad file header', () => {
    const magic = headerBody(0);
    writeU32le(magic, 0, 1);
    expect(sealedFile([magic, two()])).toEqual(corrupt(1, []));
    for (const count of [-1, 2, 0x7fffffff]) {
      const counted = headerBody(0);
      writeU32le(counted, 16, count);
      expect(sealedFile([counted, two()])).toEqual(corrupt(1, []));
    }
    expect(sealedFile([new Uint8Array(10)])).toEqual(corrupt(1, []));
  });

  it('a header that contradicts the name, in a directory', () => {
    put('log.1.5', logBytes(0, [1]));
    expect(summary(dir)).toEqual([3, ['log.1.5', 1, [], 'corrupt', 'ERR_INVALID_DATA']]);
  });

  it('no or several header entries, another version, and records behind the header in block 0 are fine', () => {
    const none = header.slice(0, 20);
    writeU32le(none, 16, 0);
    expect(sealedFile([none, recordBody(52, [mutation(1)])])).toEqual([0, 2, [1], 'clean', null]);
    const many = joined(header, header.slice(20));
    writeU32le(many, 16, 2);
    writeU32le(many, 4, 99);
    expect(sealedFile([joined(many, recordBody(84, [mutation(1)]))])).toEqual([0, 1, [1], 'clean', null]);
  });

  it.each([1, 64, -1])('an unknown record version: %i', (version) => {
    const body = two();
    writeI64le(body, 99, version);
    expect(sealedFile([header, body, recordBody(1, [])])).toEqual(corrupt(2, [1]));
  });

  it('a legacy record has no timestamp', () => {
    const body = recordBody(76, [mutation(1)]);
    writeI64le(body, 0, 0x7f0000000000);
    put('log.1.0', sealed([header, body]));
    expect(run([dir], true).out[0]).toContain('"timestampUs":"0"');
  });

  it.each([-1, 4, 0x7fffffff])('an impossible update count: %i', (count) => {
    const body = two();
    writeU32le(body, 99 + 56, count);
    expect(sealedFile([header, body])).toEqual(corrupt(2, [1]));
  });

  it('a record that overruns its block', () => {
    for (const [at, length] of [
      [99 + 60, 28],
      [99 + 60, -1],
      [99 + 95, 1],
      [99 + 95, -1],
      [99 + 95, 0x7fffffff],
    ] as const) {
      const body = two();
      writeU32le(body, at, length);
      expect(sealedFile([header, body]), `${length} at ${at}`).toEqual(corrupt(2, [1]));
    }
    expect(sealedFile([header, two().slice(0, 150)])).toEqual(corrupt(2, [1]));
    expect(sealedFile([header, joined(two(), new Uint8Array(5))])).toEqual(corrupt(2, [1, 2]));
  });

  it('a record that stands elsewhere than it says', () => {
    const body = two();
    writeI64le(body, 99 + 32, 76 + 98);
    expect(sealedFile([header, body])).toEqual(corrupt(2, [1]));
  });

  it('task codes that nobody knows are shown as they are', () => {
    const body = recordBody(76, [
      mutation(1, { updates: [{ code: 'RPC_"X"', serializationType: 3, data: Uint8Array.from([1]) }] }),
    ]);
    put('log.1.0', sealed([header, body]));
    expect(run([dir], true).out[0]).toContain('"updates":[{"code":"RPC_\\"X\\"","type":3,"hex":"01"}]');
  });
});
