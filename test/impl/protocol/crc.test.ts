/** plog 6 vectors, chaining; crc64 against the catalogue's check value and a bitwise definition. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../impl/protocol/crc32c.ts';
import { crc64 } from '../../../impl/protocol/crc64.ts';
import { fromBinary, toBinary } from '../../../impl/protocol/bytes.ts';

describe('crc32c', () => {
  it.each([
    ['123456789', fromBinary('123456789'), 0xe3069283],
    ['nothing', new Uint8Array(0), 0],
    ['32 zero bytes', new Uint8Array(32), 0x8a9136aa],
    ['32 ff bytes', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ])('of %s', (_name, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  it('composes over any split and keeps the seed over nothing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(64), fc.nat(0xffffffff), (bytes, split, seed) => {
        const cut = Math.min(split, bytes.length);
        expect(crc32c(bytes, crc32c(bytes, seed, 0, cut), cut)).toBe(crc32c(bytes, seed));
        expect(crc32c(bytes, seed, cut, cut)).toBe(seed);
      }),
    );
  });

  it('notices every flipped bit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), fc.nat(7), (bytes, at, bit) => {
        const flipped = bytes.slice();
        const position = at % bytes.length;
        flipped[position] = (flipped[position] ?? 0) ^ (1 << bit);
        expect(crc32c(flipped)).not.toBe(crc32c(bytes));
      }),
    );
  });
});

function bitwise(bytes: Uint8Array): bigint {
  let crc = 0xffff_ffff_ffff_ffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1n) === 0n ? crc >> 1n : (crc >> 1n) ^ 0x9a6c9329ac4bc9b5n;
  }
  return crc ^ 0xffff_ffff_ffff_ffffn;
}

describe('crc64', () => {
  it('has the catalogued check value', () => {
    expect(crc64('123456789')).toBe(0xae8b14860a799888n);
    expect(crc64('')).toBe(0n);
  });

  it('equals its definition', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(crc64(toBinary(bytes))).toBe(bitwise(bytes));
      }),
    );
  });
});
