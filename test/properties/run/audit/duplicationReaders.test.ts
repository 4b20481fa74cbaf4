import { describe, expect, it } from 'vitest';
import { encodeDuplicate } from '../../../../impl/protocol/duplicate.ts';
import { readStoredDuplication } from '../../../../properties/run/audit/dupStoreReader.ts';
import { readRecord, sameMutation } from '../../../../properties/run/audit/mutationReader.ts';
import { parsePath } from '../../../../properties/run/audit/paths.ts';
import { parseRun } from '../../../../properties/run/audit/storageReader.ts';
import { readEntries, readUpdate } from '../../../../properties/run/audit/updateReader.ts';
import {
  be32,
  cat,
  duplicate,
  duplicateBody,
  entryBytes,
  latin,
  multiPutBody,
  multiRemoveBody,
  putBody,
  recordBytes,
  removeBody,
  runBytes,
  storedKey,
  type MadeEntry,
} from './bytes.ts';
import { made } from './scene.ts';

const KEY = storedKey('h', 's');
const PUT: MadeEntry = { timestampUs: 1_600_000_000_000_007, code: 'RPC_RRDB_RRDB_PUT', raw: putBody(KEY, 'v\xff', 9), clusterId: 3 };

describe('the body of a DUPLICATE write', () => {
  it('is read in order, with rows, expiry, time and cluster of each entry (dup 2.2)', () => {
    const body = duplicateBody(
      PUT,
      { ...PUT, code: 'RPC_RRDB_RRDB_REMOVE', raw: removeBody(KEY), clusterId: 127, verifyTimetag: true },
      { ...PUT, code: 'RPC_RRDB_RRDB_MULTI_PUT', raw: multiPutBody('h', [['a', '1'], ['b', '2']], 5), timestampUs: 2 ** 52 },
      { ...PUT, code: 'RPC_RRDB_RRDB_MULTI_REMOVE', raw: multiRemoveBody('h', ['a', 'b']), verifyTimetag: false },
    );
    const entries = readEntries(body, 0, body.length);
    expect(entries).toEqual([
      {
        timestampUs: 1_600_000_000_000_007,
        clusterId: 3,
        code: 'RPC_RRDB_RRDB_PUT',
        verifyTimetag: false,
        rows: [{ op: 'put', key: KEY, value: 'v\xff', expireTs: 9 }],
      },
      {
        timestampUs: 1_600_000_000_000_007,
        clusterId: 127,
        code: 'RPC_RRDB_RRDB_REMOVE',
        verifyTimetag: true,
        rows: [{ op: 'remove', key: KEY }],
      },
      {
        timestampUs: 2 ** 52,
        clusterId: 3,
        code: 'RPC_RRDB_RRDB_MULTI_PUT',
        verifyTimetag: false,
        rows: [
          { op: 'put', key: storedKey('h', 'a'), value: '1', expireTs: 5 },
          { op: 'put', key: storedKey('h', 'b'), value: '2', expireTs: 5 },
        ],
      },
      {
        timestampUs: 1_600_000_000_000_007,
        clusterId: 3,
        code: 'RPC_RRDB_RRDB_MULTI_REMOVE',
        verifyTimetag: false,
        rows: [{ op: 'remove', key: storedKey('h', 'a') }, { op: 'remove', key: storedKey('h', 'b') }],
      },
    ]);
    const update = readUpdate('RPC_RRDB_RRDB_DUPLICATE', body, 0, body.length);
    expect(update.rows).toEqual(entries?.flatMap((entry) => entry.rows));
    expect(update.entries).toEqual(entries);
  });

  it('reads what is left out as 0 and false, a negative cluster id as it is, and a wrong message as no rows', () => {
    const body = duplicateBody({ code: 'RPC_RRDB_RRDB_PUT' }, { ...PUT, raw: latin('nonsense'), clusterId: -1 });
    expect(readEntries(body, 0, body.length)).toEqual([
      { timestampUs: 0, clusterId: 0, code: 'RPC_RRDB_RRDB_PUT', verifyTimetag: false, rows: [] },
      { timestampUs: 1_600_000_000_000_007, clusterId: -1, code: 'RPC_RRDB_RRDB_PUT', verifyTimetag: false, rows: [] },
    ]);
    const none = duplicateBody();
    expect(readEntries(none, 0, none.length)).toEqual([]);
  });

  it('does not look into an entry that is itself a DUPLICATE write', () => {
    const body = duplicateBody({ ...PUT, code: 'RPC_RRDB_RRDB_DUPLICATE', raw: duplicateBody(PUT) });
    expect(readEntries(body, 0, body.length)).toMatchObject([{ code: 'RPC_RRDB_RRDB_DUPLICATE', rows: [] }]);
  });

  it('is no list of entries when it is cut, longer, of another shape, or has an entry without a known code', () => {
    const body = duplicateBody(PUT, PUT);
    for (let cut = 0; cut < body.length; cut++) expect(readEntries(body, 0, cut)).toBeUndefined();
    const wrong = [
      cat(body, [0]),
      duplicateBody({ ...PUT, code: 'RPC_NO_SUCH' }),
      entryBytes(PUT),
      cat([12, 0, 0, 15, 0, 1, 12], be32(0x7fffffff), [0, 0]),
      cat([12, 0, 0, 15, 0, 1, 12], be32(0xffffffff), [0, 0]),
      cat([12, 0, 0, 15, 0, 1, 8], be32(1), be32(7), [0, 0]),
      duplicateBody({ clusterId: 1 }),
    ];
    for (const bytes of wrong) expect(readEntries(bytes, 0, bytes.length)).toBeUndefined();
    const update = readUpdate('RPC_RRDB_RRDB_DUPLICATE', body, 0, body.length - 1);
    expect(update).toEqual({ code: 'RPC_RRDB_RRDB_DUPLICATE', rows: [] });
    expect(update.entries).toBeUndefined();
  });

  it('never throws, whatever bit is flipped', () => {
    const body = duplicateBody(PUT, { ...PUT, verifyTimetag: true });
    let decoded = 0;
    for (let at = 0; at < body.length * 8; at++) {
      const flipped = Buffer.from(body);
      flipped[at >> 3] = (flipped[at >> 3] ?? 0) ^ (1 << (at & 7));
      const entries = readEntries(flipped, 0, flipped.length);
      if (entries === undefined) continue;
      decoded++;
      expect(entries.length).toBe(2);
    }
    // Bits of texts, times and ids may flip unnoticed; those of lengths, types and fields may not.
    expect(decoded).toBeGreaterThan(0);
    expect(decoded).toBeLessThan(body.length * 8);
  });

  it('is what the implementation writes', () => {
    const bytes = encodeDuplicate([
      {
        timestampUs: 1_600_000_000_000_007,
        code: 'RPC_RRDB_RRDB_PUT',
        rawMessage: putBody(KEY, 'v\xff', 9),
        clusterId: 3,
        verifyTimetag: true,
      },
    ]);
    expect(Buffer.from(bytes)).toEqual(duplicateBody({ ...PUT, verifyTimetag: true }));
  });

  it('is part of a record, and two records differ by any part of an entry', () => {
    const recordOf = (...entries: readonly MadeEntry[]): NonNullable<ReturnType<typeof readRecord>>['mutation'] => {
      const bytes = recordBytes(made(4, 3, 1, duplicate(...entries)), -1);
      const record = readRecord(bytes, 0, bytes.length);
      if (record === undefined) throw new Error('a made record does not decode');
      return record.mutation;
    };
    const mutation = recordOf(PUT, PUT);
    expect(mutation.updates).toMatchObject([{ code: 'RPC_RRDB_RRDB_DUPLICATE', entries: [{ clusterId: 3 }, { clusterId: 3 }] }]);
    expect(sameMutation(mutation, recordOf(PUT, PUT))).toBe(true);
    const others: readonly Partial<MadeEntry>[] = [
      { timestampUs: 1 },
      { clusterId: 4 },
      { verifyTimetag: true },
      { code: 'RPC_RRDB_RRDB_REMOVE', raw: removeBody(KEY) },
      { raw: putBody(KEY, 'w', 9) },
    ];
    for (const other of others) expect(sameMutation(mutation, recordOf(PUT, { ...PUT, ...other }))).toBe(false);
    expect(sameMutation(mutation, recordOf(PUT))).toBe(false);
    expect(sameMutation(recordOf(), { ...recordOf(), updates: [{ code: 'RPC_RRDB_RRDB_DUPLICATE', rows: [] }] })).toBe(false);
  });
});

describe('time tags of rows', () => {
  it('have a timestamp, a cluster and a mark of deletion (dup 7.3)', () => {
    const bytes = runBytes([
      { key: storedKey('h', 'a'), value: 'v', timestampUs: 1_600_000_000_000_007, tagLow: 127 << 1 },
      { key: storedKey('h', 'b'), value: 'v', timestampUs: 5, tagLow: 3 },
    ]);
    const run = parseRun(bytes, 'x');
    expect(run.ok && run.value.rows).toEqual([
      { value: 'v', expireTs: 0, timestampUs: 1_600_000_000_000_007, clusterId: 127, deleted: false },
      { value: 'v', expireTs: 0, timestampUs: 5, clusterId: 1, deleted: true },
    ]);
  });
});

describe('what is stored of duplications', () => {
  const APPS = '/pegasus/source/apps';
  const record = {
    remote: 'follower',
    status: 'DS_LOG',
    create_timestamp_ms: 1_600_000_000_123,
    fail_mode: 'FAIL_SKIP',
    remote_app_name: 'f',
    remote_replica_count: 2,
  };
  const read = (path: string, value: unknown, operation: 'create' | 'set' | 'remove' = 'set'): unknown =>
    readStoredDuplication(operation, path, typeof value === 'string' ? value : JSON.stringify(value));

  it('is read in upstream layout (dup 2.4)', () => {
    expect(read(`${APPS}/2/duplication`, '', 'create')).toEqual({ kind: 'other' });
    expect(read(`${APPS}/2/duplication/77`, record)).toEqual({
      kind: 'dup',
      appId: 2,
      dupId: 77,
      record: {
        remote: 'follower',
        status: 'DS_LOG',
        createTimestampMs: 1_600_000_000_123,
        failMode: 'FAIL_SKIP',
        remoteAppName: 'f',
        remoteReplicaCount: 2,
      },
    });
    expect(read(`${APPS}/2/duplication/77/3`, '120')).toEqual({ kind: 'progress', appId: 2, dupId: 77, partitionIndex: 3, confirmed: 120 });
    expect(read(`${APPS}/2/duplication/77`, '', 'remove')).toEqual({ kind: 'dup-erased', appId: 2, dupId: 77 });
    expect(read(`${APPS}/2/duplication/77/3`, '', 'remove')).toEqual({ kind: 'other' });
  });

  it('leaves other paths to others', () => {
    for (const path of [`${APPS}/2`, `${APPS}/2/3`, APPS, '/pegasus/source/duplication/1', '/x']) {
      expect(read(path, 'x')).toBeUndefined();
    }
  });

  it('is wrong as soon as upstream would not write it', () => {
    const without = Object.fromEntries(Object.entries(record).filter(([field]) => field !== 'remote'));
    const records: readonly unknown[] = [
      'nonsense',
      '[]',
      '""',
      without,
      { ...record, more: 1 },
      { ...record, status: 'DS_NONE' },
      { ...record, status: 3 },
      { ...record, status: 'duplication_status::DS_LOG' },
      { ...record, fail_mode: 'FAIL' },
      { ...record, create_timestamp_ms: '1' },
      { ...record, create_timestamp_ms: 1.5 },
      { ...record, remote_replica_count: -1 },
      { ...record, remote_app_name: null },
    ];
    for (const value of records) expect(read(`${APPS}/2/duplication/77`, value)).toMatchObject({ kind: 'wrong' });
    for (const value of ['', '-1', ' 1', '1 ', '01', '1.0', '0x1', '1e3', 'x', '9007199254740993']) {
      expect(read(`${APPS}/2/duplication/77/3`, value)).toMatchObject({ kind: 'wrong' });
    }
    const paths = ['2/duplication/x', '2/duplication/0', '2/duplication/-1', '2/duplication/7/x', 'x/duplication/7', '2/duplication/7/3/4'];
    for (const path of paths) expect(read(`${APPS}/${path}`, record)).toMatchObject({ kind: 'wrong' });
    expect(read(`${APPS}/2/duplication`, '{}')).toMatchObject({ kind: 'wrong' });
  });
});

describe('paths of a download', () => {
  it('are neither database nor checkpoint', () => {
    expect(parsePath('2.0.pegasus/data/duplication')).toEqual({ kind: 'download', gpid: '2.0', dir: '2.0.pegasus' });
    expect(parsePath('2.0.pegasus/duplication')).toEqual({ kind: 'download', gpid: '2.0', dir: '2.0.pegasus' });
    expect(parsePath('2.0.pegasus/data/duplication/000003.sst')).toMatchObject({ kind: 'download-file', file: '000003.sst' });
    expect(parsePath('2.0.pegasus/data/duplication/a/b').kind).toBe('other');
    expect(parsePath('2.0.pegasus.1.err/data/duplication').kind).toBe('other');
  });
});
