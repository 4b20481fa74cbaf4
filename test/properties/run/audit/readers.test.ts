import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { addToDigest, rowHash } from '../../../../model/content.ts';
import type { MutationFact } from '../../../../model/events.ts';
import { crc32c } from '../../../../properties/run/audit/crc32c.ts';
import { LogFileReader, parseLogName, surveyLog, type LogHeader } from '../../../../properties/run/audit/logReader.ts';
import { readRecord } from '../../../../properties/run/audit/mutationReader.ts';
import { parsePath } from '../../../../properties/run/audit/paths.ts';
import { parseRun, readManifest, StorageReader } from '../../../../properties/run/audit/storageReader.ts';
import { readStored } from '../../../../properties/run/audit/storeReader.ts';
import { readRows } from '../../../../properties/run/audit/updateReader.ts';
import {
  blobField,
  be16,
  be32,
  cat,
  EMPTY,
  i32Field,
  latin,
  MadeDisk,
  MadeLog,
  manifestBytes,
  multiPutBody,
  put,
  putBody,
  recordBytes,
  remove,
  removeBody,
  runBytes,
  storedKey,
  type MadeRecord,
} from './bytes.ts';

const REAL_LOG = fileURLToPath(new URL('../../../../../shared/pegasus/data/plog/log.1.0', import.meta.url));

const WORKED_EXAMPLE = Buffer.from(
  `efbeadde2c00000055dfe3e600000000 efbeadde01000000e803000000000000 01000000070000000200000029000000
   000000000000000000000000efbeadde 86000000e7c095223c00000000000000 00000000070000000200000009000000
   000000002a0000000000000034040000 00000000290000000000000001401e18 240a060002000000140000005250435f
   525244425f525244425f52454d4f5645 01000000030000001b0000005250435f 5245504c49434154494f4e5f57524954
   455f454d50545900000000 00000000ca feba`.replace(/\s/g, ''),
  'hex',
);

class Sink {
  readonly headers: LogHeader[] = [];
  readonly mutations: MutationFact[] = [];
  readonly offsets: number[] = [];
  header(_file: LogFileReader, header: LogHeader): void {
    this.headers.push(header);
  }
  record(_file: LogFileReader, mutation: MutationFact, logOffset: number): void {
    this.mutations.push(mutation);
    this.offsets.push(logOffset);
  }
}

function made(decree: number, ballot = 3, ...updates: MadeRecord['updates']): MadeRecord {
  return {
    app: 1,
    index: 4,
    ballot,
    decree,
    lastCommitted: decree - 1,
    timestampUs: 1_600_000_000_000_000 + decree,
    updates: updates.length > 0 ? updates : [EMPTY],
  };
}

describe('crc32c', () => {
  it('gives the known values and composes (plog 6)', () => {
    expect(crc32c(latin('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(latin('456789'), crc32c(latin('123')))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(0), 77)).toBe(77);
  });
});

describe('logReader', () => {
  it('reads the worked example of the sheet byte for byte', () => {
    expect(WORKED_EXAMPLE.length).toBe(210);
    const sink = new Sink();
    const reader = new LogFileReader('7.2', 3, 1000);
    reader.advance(WORKED_EXAMPLE, 0, sink);
    expect(sink.headers).toEqual([{ startOffset: 1000, previousMaxDecree: 41, validStartOffset: 0 }]);
    expect(sink.offsets).toEqual([1076]);
    expect(sink.mutations).toEqual([
      {
        ballot: 9,
        decree: 42,
        lastCommitted: 41,
        timestampUs: 1700000000000001,
        updates: [
          { code: 'RPC_RRDB_RRDB_REMOVE', rows: [] },
          { code: 'RPC_REPLICATION_WRITE_EMPTY', rows: [] },
        ],
      },
    ]);
    expect([reader.position, reader.tail]).toEqual([210, 'end']);
  });

  it('gives the same records however the bytes are cut, and none of a block before it is whole', () => {
    for (let cut = 0; cut <= WORKED_EXAMPLE.length; cut++) {
      const sink = new Sink();
      const reader = new LogFileReader('7.2', 3, 1000);
      reader.advance(WORKED_EXAMPLE.subarray(0, cut), 0, sink);
      expect(sink.mutations.length).toBe(cut === 210 ? 1 : 0);
      expect(reader.tail).toBe(cut === 0 || cut === 60 || cut === 210 ? 'end' : 'incomplete');
      reader.advance(WORKED_EXAMPLE, 0, sink);
      expect(sink.mutations.length).toBe(1);
      expect(sink.headers.length).toBe(1);
    }
  });

  it('refuses every flipped bit but those of the local offset and, in part, of the length', () => {
    for (let bit = 0; bit < 210 * 8; bit++) {
      const at = bit >> 3;
      const damaged = Buffer.from(WORKED_EXAMPLE);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (bit & 7));
      const sink = new Sink();
      const reader = new LogFileReader('7.2', 3, 1000);
      reader.advance(damaged, 0, sink);
      const inHeader = at < 16 ? at : at >= 60 && at < 76 ? at - 60 : -1;
      if (inHeader >= 12) expect(reader.tail).toBe('end');
      else if (inHeader >= 4 && inHeader < 8) expect(reader.tail).not.toBe('end');
      else expect(reader.tail).toBe('invalid');
      expect(sink.mutations.length).toBe(inHeader >= 12 ? 1 : 0);
    }
  });

  it.skipIf(!existsSync(REAL_LOG))('reads a file that a real server wrote', () => {
    const sink = new Sink();
    const reader = new LogFileReader('1.4', 1, 0);
    reader.advance(readFileSync(REAL_LOG), 0, sink);
    expect([reader.position, reader.tail]).toEqual([426, 'end']);
    expect(sink.headers).toEqual([{ startOffset: 0, previousMaxDecree: 0, validStartOffset: 0 }]);
    expect(sink.mutations.map((m) => [m.decree, m.ballot, m.lastCommitted, m.timestampUs])).toEqual([
      [1, 3, 0, 1528799166332891],
      [2, 3, 1, 1528799206967074],
      [3, 3, 2, 1528799366334207],
    ]);
    expect(sink.mutations[1]?.updates).toEqual([
      { code: 'RPC_RRDB_RRDB_PUT', rows: [{ op: 'put', key: '\x00\x01aa', value: 'a', expireTs: 0 }] },
    ]);
  });

  it('parses names strictly', () => {
    expect(parseLogName('log.3.1000')).toEqual({ index: 3, startOffset: 1000 });
    for (const name of ['log.1.2.removed', 'log.1', 'log..2', 'log.1.2a', 'log.2147483648.0', 'logs.1.2', 'log.01.2']) expect(parseLogName(name)).toBeUndefined();
  });

  it('surveys a whole log: torn newest tail is fine, a gap or a wrong block is not', () => {
    const disk = new MadeDisk();
    const first = new MadeLog(1, 4, 0);
    first.header(0);
    first.records(made(1), made(2));
    const torn = cat(first.bytes, latin('half a block'));
    const second = new MadeLog(1, 4, first.bytes.length);
    second.header(2);
    second.records(made(2, 4), made(3, 4));
    disk.files.set('p/plog/log.1.0', torn);
    disk.files.set(`p/plog/log.2.${first.bytes.length}`, second.bytes);
    const good = surveyLog(disk, 'p/plog', '1.4');
    expect(good.intact).toBe(true);
    expect(good.records.map((r) => [r.decree, r.ballot, r.fileIndex])).toEqual(
      [[1, 3, 1], [2, 3, 1], [2, 4, 2], [3, 4, 2]],
    );

    disk.files.set(`p/plog/log.2.${first.bytes.length}`, cat(second.bytes, new Uint8Array(40)));
    expect(surveyLog(disk, 'p/plog', '1.4').intact).toBe(false);

    const later = new MadeLog(1, 4, first.bytes.length + 1);
    later.header(2);
    disk.files.delete(`p/plog/log.2.${first.bytes.length}`);
    disk.files.set(`p/plog/log.2.${first.bytes.length + 1}`, later.bytes);
    const gap = surveyLog(disk, 'p/plog', '1.4');
    expect([gap.intact, gap.records.length]).toEqual([false, 2]);
  });
});

describe('mutationReader', () => {
  it('reads put, remove and multi put bodies', () => {
    const key = storedKey('user', 'a');
    const bytes = recordBytes(made(7, 3, put(key, 'v\xff', 99), remove(key)), -1);
    expect(readRecord(bytes, 0, bytes.length)).toEqual({
      gpid: '1.4',
      logOffset: -1,
      sizeBytes: bytes.length,
      mutation: {
        ballot: 3,
        decree: 7,
        lastCommitted: 6,
        timestampUs: 1_600_000_000_000_007,
        updates: [
          { code: 'RPC_RRDB_RRDB_PUT', rows: [{ op: 'put', key, value: 'v\xff', expireTs: 99 }] },
          { code: 'RPC_RRDB_RRDB_REMOVE', rows: [{ op: 'remove', key }] },
        ],
      },
    });
    const multi = multiPutBody('h', [['s1', 'v1'], ['s2', '']], 5);
    expect(readRows('RPC_RRDB_RRDB_MULTI_PUT', multi, 0, multi.length)).toEqual([
      { op: 'put', key: storedKey('h', 's1'), value: 'v1', expireTs: 5 },
      { op: 'put', key: storedKey('h', 's2'), value: '', expireTs: 5 },
    ]);
  });

  it('reads a put made from a check_and_mutate remove as a remove (plog 5.4)', () => {
    const key = storedKey('h', 's');
    const body = cat(
      [12, 0, 0],
      blobField(1, key),
      blobField(2, 'x'),
      i32Field(3, 0),
      i32Field(4, 4),
      [2],
      be16(5),
      [1],
      [0, 0],
    );
    expect(readRows('RPC_RRDB_RRDB_PUT', body, 0, body.length)).toEqual([{ op: 'remove', key }]);
  });

  it('gives no rows for a body that does not decode, at every cut', () => {
    const bodies = [
      ['RPC_RRDB_RRDB_PUT', putBody('\0\x01ab', 'v')],
      ['RPC_RRDB_RRDB_REMOVE', removeBody('\0\x01ab')],
      ['RPC_RRDB_RRDB_MULTI_PUT', multiPutBody('h', [['s', 'v']])],
    ] as const;
    for (const [code, body] of bodies) {
      expect(readRows(code, body, 0, body.length).length).toBe(1);
      for (let cut = 0; cut < body.length; cut++) expect(readRows(code, body, 0, cut)).toEqual([]);
      expect(readRows(code, cat(body, be32(0)), 0, body.length + 4)).toEqual([]);
    }
  });

  it('refuses unknown codes and records that overrun', () => {
    const bytes = recordBytes(made(1, 3, { name: 'RPC_NO_SUCH', type: 1, data: latin('x') }), 0);
    expect(readRecord(bytes, 0, bytes.length)).toBeUndefined();
    const good = recordBytes(made(1, 3, put('\0\x01ab', 'v')), 0);
    for (let cut = 0; cut < good.length; cut++) expect(readRecord(good, 0, cut)).toBeUndefined();
  });
});

describe('storageReader', () => {
  const a = { key: storedKey('h', 'a'), value: '1', expireTs: 0, timestampUs: 1_600_000_000_000_001 };
  const b = { key: storedKey('h', 'b'), value: '2', expireTs: 7, timestampUs: 1_600_000_000_000_002 };
  const a2 = { ...a, value: 'new', timestampUs: 1_600_000_000_000_003 };
  const hash = (row: typeof a): number => rowHash(row.key, row.value, row.expireTs, row.timestampUs);

  function disk(decree: number, runs: readonly (readonly [string, Buffer])[], dir = 'd'): MadeDisk {
    const made = new MadeDisk();
    made.files.set(`${dir}/CURRENT`, latin('MANIFEST-000004\n'));
    made.files.set(`${dir}/MANIFEST-000004`, manifestBytes(decree, runs.map(([name]) => name)));
    for (const [name, bytes] of runs) made.files.set(`${dir}/${name}`, bytes);
    return made;
  }

  it('reads decree and live rows; a newer run wins, a tombstone hides', () => {
    const old = ['000002.sst', runBytes([a, b])] as const;
    const fresh = ['000003.sst', runBytes([a2, { key: b.key }])] as const;
    const reader = new StorageReader();
    expect(reader.read(disk(5, [old]), 'd')).toMatchObject(
      { ok: true, value: { decree: 5, digest: addToDigest(hash(a), hash(b)) } },
    );
    const next = reader.read(disk(9, [fresh, old]), 'd');
    expect(next).toMatchObject({ ok: true, value: { decree: 9, digest: hash(a2) } });
    expect(next.ok && next.value.added?.length).toBe(1);
    expect([...reader.liveRows().keys()]).toEqual([a.key]);
    const anew = new StorageReader();
    expect(anew.read(disk(9, [fresh, old]), 'd')).toMatchObject({ ok: true, value: { digest: hash(a2) } });
  });

  it('reads anew after a compaction', () => {
    const reader = new StorageReader();
    reader.read(disk(5, [['000002.sst', runBytes([a, b])]]), 'd');
    const after = reader.read(disk(5, [['000006.sst', runBytes([b])]]), 'd');
    expect(after).toEqual({ ok: true, value: { decree: 5, digest: hash(b), added: undefined, allowsBehind: false } });
  });

  it('tells what is wrong', () => {
    const bad = runBytes([a, b]);
    bad[20] = (bad[20] ?? 0) ^ 1;
    expect(parseRun(bad, 'x')).toEqual({ ok: false, wrong: 'x has a wrong CRC' });
    expect(parseRun(runBytes([b, a]), 'x')).toEqual({ ok: false, wrong: 'x is not in key order' });
    expect(new StorageReader().read(disk(5, [['000002.sst', bad]]), 'd').ok).toBe(false);
    const broken = disk(5, []);
    broken.files.set('d/MANIFEST-000004', cat(manifestBytes(6, []).subarray(0, -2), latin('0\n')));
    expect(readManifest(broken, 'd').ok).toBe(false);
    const missing = disk(5, [['000002.sst', runBytes([a])]]);
    missing.files.delete('d/000002.sst');
    expect(new StorageReader().read(missing, 'd')).toEqual({ ok: false, wrong: 'd/000002.sst is missing' });
  });
});

describe('storeReader', () => {
  it('reads table and partition records in upstream layout', () => {
    const table = {
      status: 'app_status::AS_AVAILABLE',
      app_type: 'pegasus',
      app_name: 't',
      app_id: 2,
      partition_count: 4,
      envs: { k: 'v' },
      is_stateful: 1,
      max_replica_count: 3,
    };
    expect(readStored('/pegasus/source/apps/2', JSON.stringify(table))).toEqual(
      { kind: 'table', appId: 2, name: 't', status: 'AS_AVAILABLE', partitionCount: 4, maxReplicaCount: 3, envs: { k: 'v' } },
    );
    const config = {
      pid: '2.3',
      ballot: 5,
      max_replica_count: 3,
      primary: 'source/replica-0',
      secondaries: ['source/replica-1'],
      last_drops: [],
      last_committed_decree: 8,
      partition_flags: 0,
    };
    expect(readStored('/pegasus/source/apps/2/3', JSON.stringify(config))).toEqual({
      kind: 'config',
      config: {
        gpid: '2.3',
        ballot: 5,
        maxReplicaCount: 3,
        primary: 'source/replica-0',
        secondaries: ['source/replica-1'],
        lastDrops: [],
        lastCommittedDecree: 8,
      },
    });
  });

  it('leaves other nodes alone and calls broken records wrong', () => {
    expect(readStored('/pegasus/source/apps', 'lock').kind).toBe('other');
    expect(readStored('/pegasus/source/apps/2/duplication/1', '{}').kind).toBe('other');
    expect(readStored('/pegasus/source/apps/2/duplication', '').kind).toBe('other');
    expect(readStored('/pegasus/source/apps/2', 'nonsense').kind).toBe('wrong');
    expect(readStored('/pegasus/source/apps/2/3', '{"pid":"2.4"}').kind).toBe('wrong');
  });
});

describe('paths', () => {
  it('tells what each path of a replica directory is', () => {
    expect(parsePath('2.0.pegasus/plog/log.1.0')).toMatchObject(
      { kind: 'log', gpid: '2.0', index: 1, startOffset: 0, dir: '2.0.pegasus' },
    );
    expect(parsePath('reps/2.0.pegasus/data/checkpoint.17')).toMatchObject(
      { kind: 'checkpoint', decree: 17, dir: 'reps/2.0.pegasus' },
    );
    expect(parsePath('2.0.pegasus/data/checkpoint.17/CURRENT')).toMatchObject(
      { kind: 'checkpoint-file', decree: 17, file: 'CURRENT' },
    );
    expect(parsePath('2.0.pegasus/data/checkpoint.tmp.99').kind).toBe('other');
    expect(parsePath('2.0.pegasus/data/rdb/CURRENT')).toMatchObject({ kind: 'rdb-file', file: 'CURRENT' });
    expect(parsePath('2.0.pegasus.123.err')).toMatchObject({ kind: 'aside', suffix: 'err', gpid: '2.0' });
    expect(parsePath('2.0.pegasus.gar')).toMatchObject({ kind: 'aside', suffix: 'gar' });
    expect(parsePath('2.0.pegasus.123.err/plog/log.1.0').kind).toBe('other');
    expect(parsePath('2.0.pegasus/plog/log.1.0.removed').kind).toBe('other');
    expect(parsePath('2.0.pegasus/.init-info').kind).toBe('init-info');
  });
});
