/**
 * `pegasus-check plog`: what is printed, which paths are accepted, how the files of a directory are judged together.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodePut, storedKey } from '../../../impl/protocol/rrdb.ts';
import { mutation, WORKED_EXAMPLE } from '../../impl/storage/plog/helpers.ts';
import { dir, headerBody, joined, logBytes, put, recordBody, run, sealed, show, summary, useDirectory } from './plogFixture.ts';

useDirectory();

const REAL_DIR = resolve(import.meta.dirname, '../../../../shared/pegasus/data/plog');

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
    const big = Buffer.from(body.buffer);
    big.writeBigInt64LE(9007199254740993n, 16);
    big.writeBigInt64LE(9223372036854775807n, 24);
    big.writeBigInt64LE(-9223372036854775807n, 40);
    big.writeBigInt64LE(9007199254740995n, 48);
    const line = run([put('log.1.0', sealed([headerBody(0), body]))], true).out[0];
    expect(line).toContain('"decree":9223372036854775807,"ballot":9007199254740993,');
    expect(line).toContain(
      '"lastCommittedDecree":-9223372036854775807,"timestampUs":"9007199254740995","logOffset":76,',
    );
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
    const update = {
      code: 'RPC_RRDB_RRDB_PUT',
      serializationType: 1,
      data: encodePut(storedKey('user\x01', 'name'), 'v', 0),
    };
    const bytes = sealed([
      headerBody(0),
      recordBody(76, [mutation(5, { updates: [update] }), mutation(6, { updates: [] })]),
    ]);
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
    expect(three(a, b.slice(0, 60), c)).toEqual([
      3,
      clean(1),
      ['log.2.175', 1, [], 'clean', null],
      ['log.3.350', 2, [3], 'corrupt', 'ERR_INVALID_DATA'],
    ]);
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
    expect(summary(dir)).toEqual([
      3,
      clean(1),
      clean(2),
      ['log.02.9000', 2, [8], 'corrupt', 'ERR_INVALID_DATA'],
      clean(3),
    ]);
  });

  it('an empty newest file is torn', () => {
    put('log.1.0', a);
    put('log.2.175', new Uint8Array(0));
    expect(summary(dir)).toEqual([0, clean(1), ['log.2.175', 0, [], 'torn', 'ERR_INCOMPLETE_DATA']]);
  });
});
