/** Numbers in bytes against DataView, and binary strings. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as bytes from '../../../impl/protocol/bytes.ts';

it('writes and reads as DataView does', () => {
  const number = fc.oneof(
    fc.maxSafeInteger(),
    fc.integer(),
    fc.constantFrom(-1, 0, 2 ** 32, -(2 ** 32), 2 ** 31, Number.MAX_SAFE_INTEGER),
  );
  fc.assert(
    fc.property(number, fc.nat(3), (value, at) => {
      const array = new Uint8Array(12);
      const view = new DataView(array.buffer);
      bytes.writeI64le(array, at, value);
      expect(view.getBigInt64(at, true)).toBe(BigInt(value));
      expect(bytes.readI64le(array, at)).toBe(value);
      bytes.writeU32le(array, at, value >>> 0);
      expect(view.getUint32(at, true)).toBe(value >>> 0);
      expect(bytes.readU32le(array, at)).toBe(value >>> 0);
      expect(bytes.readI32le(array, at)).toBe(value | 0);
      bytes.writeU32be(array, at, value | 0);
      expect(view.getInt32(at)).toBe(value | 0);
      expect(bytes.readI32be(array, at)).toBe(value | 0);
    }),
  );
});

it('keeps every byte in a binary string, short or long, also of a view', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), fc.nat(5), (array, skip) => {
      const view = array.subarray(Math.min(skip, array.length));
      const text = bytes.toBinary(view);
      expect(text.length).toBe(view.length);
      expect(bytes.fromBinary(text)).toEqual(Uint8Array.from(view));
    }),
  );
});

it('hands out zeroed bytes that nobody else has', () => {
  const all = Array.from({ length: 3000 }, (_, i) => bytes.newBytes(i % 100));
  all.push(bytes.newBytes(5000));
  expect(all.every((array) => array.every((byte) => byte === 0))).toBe(true);
  all.forEach((array, i) => array.fill(i));
  expect(
    all.every((array, i) => array.length === (i === 3000 ? 5000 : i % 100) && array.every((b) => b === i % 256)),
  ).toBe(true);
});
