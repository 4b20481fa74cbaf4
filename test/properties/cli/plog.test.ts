/** `pegasus-check plog`: every rule of the command, over real directories. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeI64le, writeU32le } from '../../../impl/protocol/bytes.ts';
import { crc32c } from '../../../impl/protocol/crc32c.ts';
import { encodePut, storedKey } from '../../../impl/protocol/rrdb.ts';
import { BLOCK_HEADER_SIZE, writeBlockHeader, writeFileHeader } from '../../../impl/storage/plog/format.ts';
import { recordSize, writeRecord } from '../../../impl/storage/plog/record.ts';
import type { LogMutation } from '../../../impl/storage/plog/types.ts';
import { runPlog } from '../../../properties/cli/plog.ts';
import { mutation, WORKED_EXAMPLE } from '../../impl/storage/plog/helpers.ts';

const REAL_DIR = resolve(import.meta.dirname, '../../../../shared/pegasus/data/plog');

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'plog-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

interface Ran {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

function run(paths: readonly string[], json: boolean): Ran {
  const out: string[] = [];
  const err: string[] = [];
  const code = runPlog(paths, { json }, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out, err };
}

interface Shown {
  readonly name: string;
  readonly startOffset: number | null;
  readonly blocks: number;
  readonly mutations: readonly { readonly decree: number; readonly logOffset: number }[];
  readonly tail: string;
  readonly error: string | null;
}

/** One argument as JSON. */
function show(path: string): { readonly code: number; readonly files: readonly Shown[] } {
  const ran = run([path], true);
  expect(ran.err).toEqual([]);
  expect(ran.out.length).toBe(1);
  expect(ran.out[0]).not.toContain('\n');
  const parsed = JSON.parse(ran.out[0] ?? '') as { files: Shown[] };
  return { code: ran.code, files: parsed.files };
}

/** Exit code, and per file: name, blocks, decrees, tail, error. */
function summary(path: string): readonly unknown[] {
  const { code, files } = show(path);
  return [code, ...files.map((f) => [f.name, f.blocks, f.mutations.map((mu) => mu.decree), f.tail, f.error])];
}

/** A file of the given bodies' blocks (body 0 must begin with the file header), CRCs right. */
function sealed(bodies: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(bodies.reduce((sum, body) => sum + BLOCK_HEADER_SIZE + body.length, 0));
  let at = 0;
  let crc = 0;
  for (const body of bodies) {
    crc = crc32c(body, crc);
    writeBlockHeader(bytes, at, body.length, crc, at);
    bytes.set(body, at + BLOCK_HEADER_SIZE);
    at += BLOCK_HEADER_SIZE + body.length;
  }
  return bytes;
}

function headerBody(start: number): Uint8Array {
  const body = new Uint8Array(44);
  writeFileHeader(body, 0, start, { appId: 7, partitionIndex: 2, maxDecree: 0, validStartOffset: 0 });
  return body;
}

/** A body of records that stand where they say when the body begins at `globalOffset`. */
function recordBody(globalOffset: number, mutations: readonly LogMutation[]): Uint8Array {
  const body = new Uint8Array(mutations.reduce((sum, mu) => sum + recordSize(mu), 0));
  let at = 0;
  for (const mu of mutations) at = writeRecord(body, at, mu, globalOffset + at);
  return body;
}

/** A file that starts at `start` and has one block per decree. 60 bytes and 115 for each. */
function logBytes(start: number, decrees: readonly number[]): Uint8Array {
  return sealed([headerBody(start), ...decrees.map((decree, i) => recordBody(start + 76 + 115 * i, [mutation(decree)]))]);
}

function put(name: string, bytes: Uint8Array): string {
  writeFileSync(join(dir, name), bytes);
  return join(dir, name);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

describe('output', () => {
  it('is exactly this for the worked example, on one line', () => {
    put('log.3.1000', WORKED_EXAMPLE);
    const ran = run([dir], true);
    expect(ran.code).toBe(0);
    expect(ran.out).toEqual([
      '{"files":[{"name":"log.3.1000","startOffset":1000,"blocks":2,"mutations":[{"decree":42,"ballot":9,"gpid":"7.2","lastCommittedDecree":41,' +
        '"timestampUs":"1700000000000001","logOffset":1076,"updates":[{"code":"RPC_RRDB_RRDB_REMOVE","type":1,"hex":"cafeba"},' +
        '{"code":"RPC_REPLICATION_WRITE_EMPTY","type":0,"hex":""}]}],"tail":"clean","error":null}]}',
    ]);
  });

  it.skipIf(!existsSync(REAL_DIR))('shows the file of a real server', () => {
    expect(summary(REAL_DIR)).toEqual([0, ['log.1.0', 4, [1, 2, 3], 'clean', null]]);
    const text = run([REAL_DIR], false);
    expect(text.out.join('\n')).toContain('RPC_RRDB_RRDB_PUT  a/a');
  });

  it('prints 64-bit numbers to the last digit', () => {
    const body = recordBody(76, [mutation(1)]);
    writeI64le(body, 16, 0);
    const big = Buffer.from(body.buffer);
    big.writeBigInt64LE(9007199254740993n, 16);
    big.writeBigInt64LE(9223372036854775807n, 24);
    big.writeBigInt64LE(-9223372036854775807n, 40);
    big.writeBigInt64LE(9007199254740995n, 48);
    const line = run([put('log.1.0', sealed([headerBody(0), body]))], true).out[0];
    expect(line).toContain('"decree":9223372036854775807,"ballot":9007199254740993,');
    expect(line).toContain('"lastCommittedDecree":-9223372036854775807,"timestampUs":"9007199254740995","logOffset":76,');
  });

  it('start offsets beyond 2^53 too', () => {
    const start = 9223372036854775000n;
    const header = headerBody(0);
    Buffer.from(header.buffer).writeBigInt64LE(start, 8);
    const body = recordBody(0, [mutation(1)]);
    Buffer.from(body.buffer).writeBigInt64LE(start + 76n, 32);
    put(`log.1.${start}`, sealed([header, body]));
    const line = run([dir], true).out[0];
    expect(line).toContain(`"startOffset":${start},"blocks":2,`);
    expect(line).toContain(`"logOffset":${start + 76n},`);
  });

  it('as a table', () => {
    const update = { code: 'RPC_RRDB_RRDB_PUT', serializationType: 1, data: encodePut(storedKey('user\x01', 'name'), 'v', 0) };
    const bytes = sealed([headerBody(0), recordBody(76, [mutation(5, { updates: [update] }), mutation(6, { updates: [] })])]);
    const path = put('log.1.0', joined(bytes, new Uint8Array(3)));
    const ran = run([path], false);
    expect(ran).toEqual({
      code: 0,
      err: [],
      out: [
        [
          path,
          'log.1.0: start 0, blocks 2, mutations 2, tail torn (ERR_INCOMPLETE_DATA)',
          '    decree  ballot       offset  updates',
          '         5       3           76  RPC_RRDB_RRDB_PUT  user\\x01/name',
          '         6       3          203  (no updates)',
        ].join('\n'),
      ],
    });
  });
});

describe('paths', () => {
  it('several arguments: a line each; a missing one does not hide the others', () => {
    const good = put('a-log', logBytes(0, [1]));
    const ran = run([good, join(dir, 'nowhere'), good], true);
    expect([ran.code, ran.out.length]).toEqual([2, 2]);
    expect(ran.err).toEqual([`${join(dir, 'nowhere')}: no such file or directory`]);
  });

  it('missing wins over corrupt, in either order', () => {
    const bad = put('bad', new Uint8Array(64).fill(1));
    expect(run([bad], true).code).toBe(3);
    expect(run([bad, join(dir, 'x')], true).code).toBe(2);
    expect(run([join(dir, 'x'), bad], true)).toMatchObject({ code: 2, out: [expect.stringContaining('corrupt')] });
  });

  it.each([
    ['empty', []],
    ['of other files', ['notes', 'log.1', 'log.1.2.removed', 'logs.1.0']],
  ])('a directory %s holds no log', (_name, names) => {
    for (const name of names) put(name, logBytes(0, [1]));
    const ran = run([dir], false);
    expect([ran.code, ran.out, ran.err.length]).toEqual([2, [], 1]);
    expect(ran.err[0]).not.toContain('\n');
  });

  it('a name below a file is missing too', () => {
    expect(run([join(put('file', WORKED_EXAMPLE), 'below')], true)).toMatchObject({ code: 2, out: [] });
  });

  it('a single file may have any name; its start is in its header', () => {
    const { code, files } = show(put('whatever.bin', WORKED_EXAMPLE));
    expect([code, files[0]?.name, files[0]?.startOffset, files[0]?.tail]).toEqual([0, 'whatever.bin', 1000, 'clean']);
    expect(summary(put('log.9.77', WORKED_EXAMPLE))).toEqual([0, ['log.9.77', 2, [42], 'clean', null]]);
    expect(show(put('empty', new Uint8Array(0))).files[0]).toMatchObject({ startOffset: null, tail: 'torn' });
    expect(show(put('log.4.500', new Uint8Array(3))).files[0]).toMatchObject({ startOffset: 500, tail: 'torn' });
  });

  it('in a directory other names and folders are ignored, and index order counts', () => {
    const starts: number[] = [];
    let start = 0;
    for (let index = 1; index <= 11; index++) {
      put(`log.${index}.${start}`, logBytes(start, [index]));
      starts.push(start);
      start += 175;
    }
    mkdirSync(join(dir, 'log.99.0'));
    put('log.12.0.removed', new Uint8Array(9));
    put('README', new Uint8Array(9));
    symlinkSync(join(dir, 'nowhere'), join(dir, 'log.50.0'));
    const { code, files } = show(dir);
    expect(code).toBe(0);
    expect(files.map((f) => f.startOffset)).toEqual(starts);
    expect(files.flatMap((f) => f.mutations.map((mu) => mu.decree))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('names are read as upstream reads them (P1)', () => {
    put('log.0x1.0', logBytes(0, [1]));
    put('log.02.0xaf', logBytes(175, [2]));
    expect(summary(dir)).toEqual([0, ['log.0x1.0', 2, [1], 'clean', null], ['log.02.0xaf', 2, [2], 'clean', null]]);
  });

  it('changes nothing on disk', () => {
    put('log.1.0', new Uint8Array(0));
    put('log.2.60', new Uint8Array(40).fill(9));
    put('log.3.1000', WORKED_EXAMPLE);
    const before = readdirSync(dir).map((name) => [name, readFileSync(join(dir, name)).toString('hex')]);
    expect(run([dir], true).code).toBe(3);
    expect(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name)).toString('hex')])).toEqual(before);
  });
});

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
    for (const count of [1, 2, 15]) expect(file(joined(good, new Uint8Array(count)))).toEqual([0, 3, [1, 2], 'torn', 'ERR_INCOMPLETE_DATA']);
    for (const count of [16, 17, 5000]) expect(file(joined(good, new Uint8Array(count)))).toEqual([3, 3, [1, 2], 'corrupt', 'ERR_INVALID_DATA']);
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
    for (const [at, blocks, decrees] of [[0, 0, []], [20, 0, []], [61, 1, []], [100, 1, []], [176, 2, [1]], [289, 2, [1]]] as const) {
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
  const corrupt = (blocks: number, decrees: readonly number[]): readonly unknown[] => [3, blocks, decrees, 'corrupt', 'ERR_INVALID_DATA'];

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
    for (const [at, length] of [[99 + 60, 28], [99 + 60, -1], [99 + 95, 1], [99 + 95, -1], [99 + 95, 0x7fffffff]] as const) {
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
    const body = recordBody(76, [mutation(1, { updates: [{ code: 'RPC_"X"', serializationType: 3, data: Uint8Array.from([1]) }] })]);
    put('log.1.0', sealed([header, body]));
    expect(run([dir], true).out[0]).toContain('"updates":[{"code":"RPC_\\"X\\"","type":3,"hex":"01"}]');
  });
});

describe('files of one directory', () => {
  const [a, b, c] = [logBytes(0, [1]), logBytes(175, [2]), logBytes(350, [3])];
  const clean = (index: number): readonly unknown[] => [`log.${index}.${175 * (index - 1)}`, 2, [index], 'clean', null];

  function three(first: Uint8Array, second: Uint8Array, third: Uint8Array): readonly unknown[] {
    put('log.1.0', first);
    put('log.2.175', second);
    put('log.3.350', third);
    return summary(dir);
  }

  it('continue each other', () => {
    expect(three(a, b, c)).toEqual([0, clean(1), clean(2), clean(3)]);
  });

  it('are judged each by itself, also after a corrupt one', () => {
    const flipped = b.slice();
    flipped[100] = 1;
    expect(three(a, flipped, c)).toEqual([3, clean(1), ['log.2.175', 1, [], 'corrupt', 'ERR_INVALID_DATA'], clean(3)]);
    const zeros = joined(a, new Uint8Array(100));
    expect(three(zeros, b, c)).toEqual([3, ['log.1.0', 2, [1], 'corrupt', 'ERR_INVALID_DATA'], clean(2), clean(3)]);
  });

  it('a torn one is fine when the next starts where its good blocks end', () => {
    expect(three(joined(a, b.slice(60, 100)), b, c.slice(0, 100))).toEqual([
      0,
      ['log.1.0', 2, [1], 'torn', 'ERR_INCOMPLETE_DATA'],
      clean(2),
      ['log.3.350', 1, [], 'torn', 'ERR_INCOMPLETE_DATA'],
    ]);
  });

  it('a file that starts elsewhere is corrupt, and listed', () => {
    expect(three(a, b.slice(0, 60), c)).toEqual([3, clean(1), ['log.2.175', 1, [], 'clean', null], ['log.3.350', 2, [3], 'corrupt', 'ERR_INVALID_DATA']]);
    expect(three(a, b.slice(0, 174), c)).toEqual([
      3,
      clean(1),
      ['log.2.175', 1, [], 'torn', 'ERR_INCOMPLETE_DATA'],
      ['log.3.350', 2, [3], 'corrupt', 'ERR_INVALID_DATA'],
    ]);
  });

  it('a missing index', () => {
    put('log.2.175', b);
    put('log.4.350', c);
    expect(summary(dir)).toEqual([3, clean(2), ['log.4.350', 2, [3], 'corrupt', 'ERR_OBJECT_NOT_FOUND']]);
  });

  it('the first need not be index 1', () => {
    put('log.2.175', b);
    put('log.3.350', c);
    expect(summary(dir)).toEqual([0, clean(2), clean(3)]);
  });

  it('an index twice: the second is corrupt, and the next may continue either', () => {
    put('log.1.0', a);
    put('log.2.175', b);
    put('log.02.9000', logBytes(9000, [8]));
    put('log.3.350', c);
    expect(summary(dir)).toEqual([3, clean(1), clean(2), ['log.02.9000', 2, [8], 'corrupt', 'ERR_INVALID_DATA'], clean(3)]);
  });

  it('an empty newest file is torn', () => {
    put('log.1.0', a);
    put('log.2.175', new Uint8Array(0));
    expect(summary(dir)).toEqual([0, clean(1), ['log.2.175', 0, [], 'torn', 'ERR_INCOMPLETE_DATA']]);
  });
});
