/** Records (plog 5; property 1 of section 18) and what is not one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeI64le, writeU32le } from '../../../../impl/protocol/bytes.ts';
import { decodeMutation, encodeMutation, readRecord, recordSize } from '../../../../impl/storage/plog/record.ts';
import { anyMutation } from './arbitraries.ts';
import { EMPTY, mutation } from './helpers.ts';

describe('records', () => {
  it('round-trip, and have the size of the formula', () => {
    fc.assert(
      fc.property(anyMutation, fc.nat(9), (mu, padding) => {
        const bytes = encodeMutation(mu);
        let size = 60;
        for (const { code, data } of mu.updates) size += 12 + code.length + data.length;
        expect(bytes.length).toBe(size);
        expect(recordSize(mu)).toBe(size);
        expect(decodeMutation(bytes)).toEqual(mu);
        const between = new Uint8Array(size + 2 * padding).fill(0xff);
        between.set(bytes, padding);
        expect(readRecord(between, padding, between.length)).toEqual({ mutation: mu, end: padding + size });
      }),
    );
  });

  it('sizes named by the sheet', () => {
    expect(recordSize(mutation(1))).toBe(99);
    const put = { code: 'RPC_RRDB_RRDB_PUT', serializationType: 1, data: new Uint8Array(31) };
    expect(recordSize(mutation(1, { updates: [put] }))).toBe(120);
  });

  it('an empty write may carry bytes, and a record no update', () => {
    const mu = mutation(1, { updates: [{ ...EMPTY, data: new Uint8Array([1, 2]) }] });
    expect(decodeMutation(encodeMutation(mu))).toEqual(mu);
    expect(decodeMutation(encodeMutation(mutation(1, { updates: [] })))).toEqual(mutation(1, { updates: [] }));
  });

  it('versions: 0 has a timestamp, above 64 is legacy and has none, others are unknown', () => {
    const bytes = encodeMutation(mutation(5));
    for (const [version, timestampUs] of [
      [65, 0],
      [2 ** 47, 0],
      [0, mutation(5).timestampUs],
    ] as const) {
      writeI64le(bytes, 0, version);
      expect(decodeMutation(bytes)).toEqual({ ...mutation(5), timestampUs });
    }
    for (const version of [1, 64, -1, -(2 ** 40)]) {
      writeI64le(bytes, 0, version);
      expect(readRecord(bytes, 0, bytes.length)).toBe('version');
      expect(decodeMutation(bytes)).toBeUndefined();
    }
  });

  it('an unknown task code', () => {
    expect(readRecord(encodeMutation(mutation(1, { updates: [{ ...EMPTY, code: 'RPC_NOBODY' }] })), 0, 82)).toBe(
      'code',
    );
  });

  it('impossible counts and lengths are refused before anything is allocated', () => {
    for (const count of [-1, 5, 0x7fffffff, 0x80000000]) {
      const bytes = encodeMutation(mutation(1));
      writeU32le(bytes, 56, count);
      expect(readRecord(bytes, 0, bytes.length)).toBe('count');
    }
    for (const [at, length] of [
      [60, -1],
      [60, 28],
      [60, 0x7fffffff],
      [95, -1],
      [95, 1],
      [95, 0x7fffffff],
    ] as const) {
      const bytes = encodeMutation(mutation(1));
      writeU32le(bytes, at, length);
      expect(readRecord(bytes, 0, bytes.length), `${length} at ${at}`).toBe('overrun');
    }
  });

  it('cut anywhere: undefined; any bytes: an answer', () => {
    const bytes = encodeMutation(mutation(1, { updates: [EMPTY, { ...EMPTY, data: new Uint8Array(9) }] }));
    for (let length = 0; length < bytes.length; length++)
      expect(decodeMutation(bytes.slice(0, length))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 50, maxLength: 150 }), (noise) => {
        noise.fill(0, 0, 8);
        readRecord(noise, 0, noise.length);
      }),
    );
  });
});
