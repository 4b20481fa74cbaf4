/** Bytes of the database directory against docs/formats.md, and that no flipped bit passes. */
import { describe, expect, test } from 'vitest';
import { StorageError } from '../../../../impl/storage/engine/contract.ts';
import {
  decodeCurrent,
  decodeManifest,
  encodeCurrent,
  encodeManifest,
} from '../../../../impl/storage/engine/manifest.ts';
import { decodeRun, encodeRun, findInRun } from '../../../../impl/storage/engine/sortedRun.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const ascii = (text: string): string => Buffer.from(text, 'latin1').toString('hex');
const RUN = { keys: ['\x00\x01ab', '\x00\x01ac', '\xff'], values: [Uint8Array.of(7, 8), undefined, new Uint8Array(0)] };
const VERSION = {
  nextFile: 5,
  lastFlushedDecree: 12,
  meta: { pegasus_data_version: '1' },
  files: ['000004.sst', '000003.sst'],
};

function expectEachFlipAndCutRefused(good: Uint8Array, decode: (bytes: Uint8Array) => unknown): void {
  for (let bit = 0; bit < good.length * 8; bit++) {
    const bad = Uint8Array.from(good);
    bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(() => decode(bad), `bit ${bit}`).toThrow(StorageError);
  }
  for (let length = 0; length < good.length; length++) {
    expect(() => decode(good.subarray(0, length)), `length ${length}`).toThrow(StorageError);
  }
}

describe('sorted run', () => {
  test('golden bytes', () => {
    const put = `0400000002000000${ascii('\x00\x01ab')}0708`;
    const records = `${put}04000000ffffffff${ascii('\x00\x01ac')}0100000000000000ff`;
    const size = (records.length / 2).toString(16).padStart(2, '0');
    const bytes = hex(encodeRun(RUN));
    const crc = bytes.slice(-24, -16);
    expect(bytes).toBe(`${ascii('PCSST001')}${records}03000000${size}000000${crc}${ascii('PCSSTEND')}`);
    // A run of one record, its checksum computed by another program.
    expect(hex(encodeRun({ keys: ['a'], values: [Uint8Array.of(1)] }))).toBe(
      `${ascii('PCSST001')}01000000010000006101010000000a000000a5deeea6${ascii('PCSSTEND')}`,
    );
  });

  test('round trip and lookup', () => {
    const run = decodeRun(encodeRun(RUN), 'x');
    expect(run.keys).toEqual(RUN.keys);
    expect(run.values.map((value) => value && hex(value))).toEqual(['0708', undefined, '']);
    expect(findInRun(run, '\x00\x01ab')).toEqual(Buffer.of(7, 8));
    expect(findInRun(run, '\x00\x01ac')).toBe(null);
    expect(findInRun(run, '\x00')).toBe(undefined);
    expect(findInRun(run, '\x00\x01ad')).toBe(undefined);
    expect(findInRun(run, '\xff\x00')).toBe(undefined);
  });

  test('any flipped bit, cut or repeated tail is corruption', () => {
    const good = encodeRun(RUN);
    expectEachFlipAndCutRefused(good, (bytes) => decodeRun(bytes, 'x'));
    expect(() => decodeRun(Buffer.concat([good, Buffer.of(0)]), 'x')).toThrow(StorageError);
  });

  test('keys out of order are corruption even with a right checksum', () => {
    expect(() => decodeRun(encodeRun({ keys: ['b', 'a'], values: [undefined, undefined] }), 'x')).toThrow(/order/);
    expect(() => decodeRun(encodeRun({ keys: ['a', 'a'], values: [undefined, undefined] }), 'x')).toThrow(/order/);
  });
});

describe('manifest', () => {
  test('golden text', () => {
    const head = '{"nextFile":5,"lastFlushedDecree":12,"meta":{"pegasus_data_version":"1"},';
    const line = `${head}"files":["000004.sst","000003.sst"]}`;
    const text = Buffer.from(encodeManifest(VERSION)).toString('latin1');
    expect(text.slice(0, line.length + 1)).toBe(`${line}\n`);
    expect(text.slice(line.length + 1)).toMatch(/^[0-9a-f]{8}\n$/);
    expect(decodeManifest(encodeManifest(VERSION), 'x')).toEqual(VERSION);
  });

  test('any flipped bit or cut is corruption', () => {
    const good = encodeManifest(VERSION);
    expect(decodeManifest(good, 'x').lastFlushedDecree).toBe(12);
    expectEachFlipAndCutRefused(good, (bytes) => decodeManifest(bytes, 'x'));
  });

  test('CURRENT', () => {
    expect(Buffer.from(encodeCurrent('MANIFEST-000012')).toString('latin1')).toBe('MANIFEST-000012\n');
    expect(decodeCurrent(encodeCurrent('MANIFEST-000012'), 'x')).toBe('MANIFEST-000012');
    for (const bad of ['', 'MANIFEST-000012', 'MANIFEST-12\n', 'MANIFEST-000012\n\n', 'manifest-000012\n']) {
      expect(() => decodeCurrent(Buffer.from(bad), 'x')).toThrow(StorageError);
    }
  });
});
