/** The body of a DUPLICATE byte for byte (dup 2.2), round trips, and bad bytes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as duplicate from '../../../impl/protocol/duplicate.ts';
import type { DuplicateEntry } from '../../../impl/protocol/duplicate.ts';
import { encodeKey, encodeMultiPut, encodePut, partitionHashOf, storedKey } from '../../../impl/protocol/rrdb.ts';

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}
function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
function plain(entries: readonly DuplicateEntry[] | undefined): unknown {
  return entries?.map((entry) => ({ ...entry, rawMessage: hex(entry.rawMessage) }));
}

const PUT = 'RPC_RRDB_RRDB_PUT';
const REMOVE = 'RPC_RRDB_RRDB_REMOVE';
const MULTI_PUT = 'RPC_RRDB_RRDB_MULTI_PUT';

const EXAMPLE: DuplicateEntry = {
  timestampUs: 0x0102_0304_0506,
  code: REMOVE,
  rawMessage: fromHex('aabbcc'),
  clusterId: 3,
  verifyTimetag: false,
};
const EXAMPLE_HEX = hex(
  fromHex(`0c0000 0f0001 0c 00000001
    0a0001 0000010203040506 0c0002 00000014 ${hex(Buffer.from(REMOVE))} 0c0003 00000003 aabbcc 030004 03 00
    00 00`),
);

const entry: fc.Arbitrary<DuplicateEntry> = fc.record({
  timestampUs: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  code: fc.constantFrom(PUT, REMOVE, MULTI_PUT, 'RPC_RRDB_RRDB_BULK_LOAD', ''),
  rawMessage: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  clusterId: fc.integer({ min: -128, max: 127 }),
  verifyTimetag: fc.boolean(),
});

describe('bytes on the wire', () => {
  it('one entry', () => {
    expect(hex(duplicate.encodeDuplicate([EXAMPLE]))).toBe(EXAMPLE_HEX);
    expect(plain(duplicate.decodeDuplicate(fromHex(EXAMPLE_HEX)))).toEqual(plain([EXAMPLE]));
  });

  it('verify_timetag is a field only when it is true', () => {
    const bytes = hex(duplicate.encodeDuplicate([{ ...EXAMPLE, verifyTimetag: true }]));
    expect(bytes).toBe(EXAMPLE_HEX.replace('0300040300', '03000403' + '02000501' + '00'));
  });

  it('no entry at all', () => {
    expect(hex(duplicate.encodeDuplicate([]))).toBe('0c00000f00010c000000000000');
    expect(duplicate.decodeDuplicate(fromHex('0c0000 00 00'))).toEqual([]);
  });

  it('fields that are left out read as nothing', () => {
    const body = fromHex('0c0000 0f0001 0c 00000001 0c0003 00000001 aa 00 00 00');
    expect(plain(duplicate.decodeDuplicate(body))).toEqual([
      { timestampUs: 0, code: '', rawMessage: 'aa', clusterId: 0, verifyTimetag: false },
    ]);
  });

  it('keeps everything, at the size foretold', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 4 }), (entries) => {
        const body = duplicate.encodeDuplicate(entries);
        const size = entries.reduce((sum, e) => sum + duplicate.duplicateEntrySize(e), duplicate.DUPLICATE_FIXED_SIZE);
        expect(body.length).toBe(size);
        expect(plain(duplicate.decodeDuplicate(body))).toEqual(plain(entries));
      }),
    );
  });
});

describe('bad bytes', () => {
  it('cut anywhere, or with a byte more', () => {
    const body = fromHex(EXAMPLE_HEX);
    for (let length = 0; length < body.length; length++) {
      expect(duplicate.decodeDuplicate(body.subarray(0, length))).toBeUndefined();
    }
    expect(duplicate.decodeDuplicate(fromHex(`${EXAMPLE_HEX}00`))).toBeUndefined();
  });

  it('an entry without a body, or with an empty one, is refused', () => {
    expect(duplicate.decodeDuplicate(fromHex('0c0000 0f0001 0c 00000001 00 00 00'))).toBeUndefined();
    const empty = duplicate.encodeDuplicate([EXAMPLE, { ...EXAMPLE, rawMessage: new Uint8Array(0) }]);
    expect(duplicate.decodeDuplicate(empty)).toBeUndefined();
  });

  it('impossible lengths and counts, unknown fields and types', () => {
    for (const bad of [
      '0c0000 0f0001 0c 7fffffff 00 00',
      '0c0000 0f0001 0c ffffffff 00 00',
      '0c0000 0f0001 08 00000000 00 00',
      '0c0000 0f0002 0c 00000000 00 00',
      '0c0000 080001 00000000 00 00',
      '0c0000 0f0001 0c 00000001 0c0003 7fffffff aa 00 00 00',
      '0c0000 0f0001 0c 00000001 0c0003 00000001 aa 0c0006 00000000 00 00 00',
      '0c0000 0f0001 0c 00000001 0c0003 00000001 aa 080001 00000000 00 00 00',
      '0c0001 0f0001 0c 00000000 00 00',
    ]) {
      expect(duplicate.decodeDuplicate(fromHex(bad)), bad).toBeUndefined();
    }
  });

  it('any bytes and any single damage: an answer, never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        duplicate.decodeDuplicate(bytes);
      }),
    );
    const body = fromHex(EXAMPLE_HEX);
    let refused = 0;
    for (let bit = 0; bit < body.length * 8; bit++) {
      const damaged = body.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      if (duplicate.decodeDuplicate(damaged) === undefined) refused++;
    }
    expect(refused).toBeGreaterThan(100);
  });
});

describe('what entries carry', () => {
  const put = encodePut(storedKey('h', 's'), 'v', 7);

  it('the hash of a write is that of its hash key, or of the sort key without one', () => {
    expect(duplicate.writeHashOf(PUT, put)).toBe(partitionHashOf('h'));
    expect(duplicate.writeHashOf(PUT, encodePut(storedKey('', 's'), 'v', 0))).toBe(partitionHashOf('', 's'));
    expect(duplicate.writeHashOf(REMOVE, encodeKey(storedKey('h', 'other')))).toBe(partitionHashOf('h'));
    expect(duplicate.writeHashOf(MULTI_PUT, encodeMultiPut('h', [], 0))).toBe(partitionHashOf('h'));
  });

  it('there is none for another code, a bad body or a key that is too short', () => {
    expect(duplicate.writeHashOf('RPC_RRDB_RRDB_INCR', put)).toBeUndefined();
    expect(duplicate.writeHashOf(PUT, put.subarray(1))).toBeUndefined();
    expect(duplicate.writeHashOf(PUT, encodePut('\0', 'v', 0))).toBeUndefined();
    expect(duplicate.writeHashOf(MULTI_PUT, put.subarray(2))).toBeUndefined();
  });

  it('facts show rows; a body that does not decode shows none', () => {
    const good = { ...EXAMPLE, code: PUT, rawMessage: put };
    expect(duplicate.duplicateFacts([good, EXAMPLE])).toEqual([
      {
        timestampUs: EXAMPLE.timestampUs,
        clusterId: 3,
        code: PUT,
        verifyTimetag: false,
        rows: [{ op: 'put', key: storedKey('h', 's'), value: 'v', expireTs: 7 }],
      },
      { timestampUs: EXAMPLE.timestampUs, clusterId: 3, code: REMOVE, verifyTimetag: false, rows: [] },
    ]);
    expect(duplicate.areBodiesReadable([good])).toBe(true);
    expect(duplicate.areBodiesReadable([good, EXAMPLE])).toBe(false);
    expect(duplicate.areBodiesReadable([{ ...EXAMPLE, code: 'RPC_RRDB_RRDB_INCR' }])).toBe(true);
  });
});
