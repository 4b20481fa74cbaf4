/** Client bodies byte for byte (plog 5.4), round trips, and bad bytes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBinary } from '../../../impl/protocol/bytes.ts';
import * as rrdb from '../../../impl/protocol/rrdb.ts';

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

const text = fc.uint8Array({ maxLength: 60 }).map((bytes) => toBinary(bytes));
const seconds = fc.integer({ min: 0, max: 0x7fffffff });
const kvs = fc.array(fc.record({ sortKey: text, value: text }), { maxLength: 5 });

describe('bytes on the wire', () => {
  it('put: the body of a real log', () => {
    const body = rrdb.encodePut(rrdb.storedKey('a', 'a'), 'a', 0);
    expect(hex(body)).toBe('0c00000c000100000004000161610c00020000000161080003000000000000');
    expect(body.length).toBe(31);
  });

  it('remove and get: the key alone', () => {
    expect(hex(rrdb.encodeKey(rrdb.storedKey('a', 'bc')))).toBe('0c000000000005' + '0001616263' + '00');
  });

  it('multi_put', () => {
    const body = rrdb.encodeMultiPut(
      'h',
      [
        { sortKey: 's', value: 'v' },
        { sortKey: '', value: '' },
      ],
      5,
    );
    const rows = '0c0001 00000001 73 0c0002 00000001 76 00 0c0001 00000000 0c0002 00000000 00';
    expect(hex(body)).toBe(hex(fromHex(`0c0000 0c0001 00000001 68 0f0002 0c 00000002 ${rows} 080003 00000005 00 00`)));
  });

  it('an update made from an atomic write carries its type and perhaps a check value', () => {
    const body = fromHex(
      '0c0000 0c0001 00000003 000161 0c0002 00000000 080003 00000000' +
        '080004 00000004 020005 01 020006 00 0c0007 00000001 78 00 00',
    );
    expect(rrdb.decodePut(body)).toEqual({ key: '\0\x01a', value: '', expireTsSeconds: 0, updateType: 4 });
    expect(rrdb.decodeRows('RPC_RRDB_RRDB_PUT', body)).toEqual([{ op: 'remove', key: '\0\x01a' }]);
    expect(rrdb.decodePut(rrdb.encodePut('k', 'v', 1, 3))).toEqual({
      key: 'k',
      value: 'v',
      expireTsSeconds: 1,
      updateType: 3,
    });
  });
});

describe('round trips', () => {
  it('keep everything', () => {
    fc.assert(
      fc.property(text, text, seconds, kvs, (key, value, expireTsSeconds, list) => {
        expect(rrdb.decodePut(rrdb.encodePut(key, value, expireTsSeconds))).toEqual({
          key,
          value,
          expireTsSeconds,
          updateType: 0,
        });
        expect(rrdb.decodeKey(rrdb.encodeKey(key))).toBe(key);
        expect(rrdb.decodeMultiPut(rrdb.encodeMultiPut(key, list, expireTsSeconds))).toEqual({
          hashKey: key,
          kvs: list,
          expireTsSeconds,
        });
      }),
    );
  });

  it('stored keys, as strings and as bytes', () => {
    fc.assert(
      fc.property(text, text, (hashKey, sortKey) => {
        const key = rrdb.storedKey(hashKey, sortKey);
        expect(rrdb.splitStoredKey(key)).toEqual({ hashKey, sortKey });
        const bytes = rrdb.storedKeyBytes(Buffer.from(hashKey, 'latin1'), Buffer.from(sortKey, 'latin1'));
        expect(toBinary(bytes)).toBe(key);
        const split = rrdb.splitStoredKeyBytes(bytes);
        expect(split && [toBinary(split.hashKey), toBinary(split.sortKey)]).toEqual([hashKey, sortKey]);
      }),
    );
    expect(rrdb.splitStoredKey('\0')).toBeUndefined();
    expect(rrdb.splitStoredKey('\0\x02a')).toBeUndefined();
    expect(rrdb.splitStoredKeyBytes(fromHex('000261'))).toBeUndefined();
    expect(() => rrdb.storedKey('x'.repeat(0xffff), '')).toThrow(RangeError);
    expect(rrdb.splitStoredKey(rrdb.storedKey('x'.repeat(0xfffe), 'y'))?.sortKey).toBe('y');
  });
});

describe('bad bytes', () => {
  const bodies = [
    rrdb.encodePut('\0\x01aa', 'value', 7),
    rrdb.encodeKey('\0\x01aa'),
    rrdb.encodeMultiPut('h', [{ sortKey: 's', value: 'v' }], 3),
  ];
  const decoders = [rrdb.decodePut, rrdb.decodeKey, rrdb.decodeMultiPut];

  it('cut anywhere, or with a byte more: undefined', () => {
    bodies.forEach((body, i) => {
      for (let length = 0; length < body.length; length++)
        expect(decoders[i]?.(body.subarray(0, length))).toBeUndefined();
      const longer = new Uint8Array(body.length + 1);
      longer.set(body);
      expect(decoders[i]?.(longer)).toBeUndefined();
    });
  });

  it('any bytes and any single damage: an answer, never an exception or a huge allocation', () => {
    let answers = 0;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        for (const decode of decoders) if (decode(bytes) !== undefined) answers++;
      }),
    );
    expect(answers).toBeLessThan(5);
    for (const body of bodies) {
      for (let bit = 0; bit < body.length * 8; bit++) {
        const damaged = body.slice();
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        for (const decode of decoders) decode(damaged);
      }
    }
  });

  it('a negative or impossible length or count', () => {
    expect(rrdb.decodeKey(fromHex('0c0000 ffffffff 00'))).toBeUndefined();
    expect(rrdb.decodeKey(fromHex('0c0000 7fffffff 00'))).toBeUndefined();
    expect(rrdb.decodeMultiPut(fromHex('0c0000 0f0002 0c 7fffffff 00 00'))).toBeUndefined();
    expect(rrdb.decodeMultiPut(fromHex('0c0000 0f0002 0c ffffffff 00 00'))).toBeUndefined();
    expect(rrdb.decodeMultiPut(fromHex('0c0000 0f0002 08 00000001 00000000 00 00'))).toBeUndefined();
  });
});

describe('what updates do to rows', () => {
  it('by code', () => {
    const key = rrdb.storedKey('h', 's');
    expect(rrdb.decodeRows('RPC_RRDB_RRDB_PUT', rrdb.encodePut(key, 'v', 9))).toEqual([
      { op: 'put', key, value: 'v', expireTs: 9 },
    ]);
    expect(rrdb.decodeRows('RPC_RRDB_RRDB_REMOVE', rrdb.encodeKey(key))).toEqual([{ op: 'remove', key }]);
    const multi = rrdb.encodeMultiPut(
      'h',
      [
        { sortKey: 's', value: 'v' },
        { sortKey: 't', value: 'w' },
      ],
      4,
    );
    expect(rrdb.decodeRows('RPC_RRDB_RRDB_MULTI_PUT', multi)).toEqual([
      { op: 'put', key, value: 'v', expireTs: 4 },
      { op: 'put', key: rrdb.storedKey('h', 't'), value: 'w', expireTs: 4 },
    ]);
    expect(rrdb.decodeRows('RPC_REPLICATION_WRITE_EMPTY', fromHex('cafe'))).toEqual([]);
    expect(rrdb.decodeRows('RPC_RRDB_RRDB_INCR', fromHex('00'))).toBeUndefined();
    expect(rrdb.decodeRows('RPC_RRDB_RRDB_PUT', fromHex('00'))).toBeUndefined();
    expect(rrdb.writeEmptyUpdate()).toEqual({
      code: 'RPC_REPLICATION_WRITE_EMPTY',
      serializationType: 0,
      data: new Uint8Array(0),
    });
  });
});

describe('partitions', () => {
  it('follow crc64 of the hash key, or of the sort key without one', () => {
    expect(rrdb.partitionHashOf('123456789')).toBe(0xae8b14860a799888n);
    expect(rrdb.partitionHashOf('', '123456789')).toBe(0xae8b14860a799888n);
    expect(rrdb.partitionIndexOf('123456789', 8)).toBe(0);
    expect(rrdb.partitionIndexOf('123456789', 7)).toBe(Number(0xae8b14860a799888n % 7n));
  });
});
