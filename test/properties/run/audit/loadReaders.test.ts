import { describe, expect, it } from 'vitest';
import { addToDigest, rowHash } from '../../../../model/content.ts';
import { encodeIngestion } from '../../../../impl/protocol/ingestion.ts';
import { md5Hex } from '../../../../impl/protocol/md5.ts';
import { loadFiles } from '../../../../impl/provider/loadSet.ts';
import { bufferOf } from '../../../../properties/run/audit/diskView.ts';
import { md5Of, readProviderFile, readWholeRun } from '../../../../properties/run/audit/loadFiles.ts';
import { readStoredLoad } from '../../../../properties/run/audit/loadStoreReader.ts';
import { readRecord, sameMutation } from '../../../../properties/run/audit/mutationReader.ts';
import { parsePath } from '../../../../properties/run/audit/paths.ts';
import { StorageReader } from '../../../../properties/run/audit/storageReader.ts';
import { readStored } from '../../../../properties/run/audit/storeReader.ts';
import { readIngestion } from '../../../../properties/run/audit/updateReader.ts';
import { be32, cat, latin, MadeDisk, manifestBytes, recordBytes, runBytes, storedKey, type MadeRow } from './bytes.ts';
import { ingestionBody, type MadeIngestion } from './loadBytes.ts';
import { made } from './scene.ts';

const LOAD: MadeIngestion = {
  appName: 't',
  files: [{ name: '00001.sst', sizeBytes: 2 ** 40 + 5, md5: 'ab' }, { name: '00002.sst', sizeBytes: 7, md5: '' }],
  totalBytes: 2 ** 40 + 12,
  ingestBehind: true,
  ballot: 3,
  verifyBeforeIngest: true,
};

describe('the body of an ingestion write', () => {
  const read = (bytes: Uint8Array): ReturnType<typeof readIngestion> => readIngestion(bufferOf(bytes), 0, bytes.length);
  const { files, totalBytes, ...rest } = LOAD;
  const fact = { ...rest, metadata: { files, totalBytes } };

  it('is read whole, and as the implementation writes it', () => {
    expect(read(ingestionBody(LOAD))).toEqual(fact);
    const metadata = { files: files.map(({ name, sizeBytes: size, md5 }) => ({ name, size, md5 })), fileTotalSize: totalBytes };
    expect(read(encodeIngestion({ ...rest, metadata }))).toEqual(fact);
  });

  it('may leave things out', () => {
    const nothing = { appName: '', metadata: { files: [], totalBytes: 0 }, ingestBehind: false, ballot: 0, verifyBeforeIngest: false };
    expect(read(latin('\x0c\0\0\0\0'))).toEqual(nothing);
  });

  it('is none when it is cut, too long, or has other fields', () => {
    const body = ingestionBody(LOAD);
    for (let length = 0; length < body.length; length++) expect(read(body.subarray(0, length))).toBeUndefined();
    expect(read(cat(body, [0]))).toBeUndefined();
    expect(read(cat([12, 0, 0, 2, 0, 6, 1, 0, 0]))).toBeUndefined();
    expect(read(cat([12, 0, 0, 10, 0, 1], be32(0), be32(0), [0, 0]))).toBeUndefined();
  });

  it('is part of a record, and two records differ by any part of it', () => {
    const recordOf = (load: MadeIngestion) => {
      const bytes = recordBytes(made(5, 4, 1, { name: 'RPC_RRDB_RRDB_BULK_LOAD', type: 1, data: ingestionBody(load) }), 0);
      const record = readRecord(bytes, 0, bytes.length);
      if (record === undefined) throw new Error('does not decode');
      return record.mutation;
    };
    expect(recordOf(LOAD).updates).toEqual([{ code: 'RPC_RRDB_RRDB_BULK_LOAD', rows: [], load: fact }]);
    expect(sameMutation(recordOf(LOAD), recordOf(LOAD))).toBe(true);
    const [first, second] = LOAD.files;
    if (first === undefined || second === undefined) throw new Error('two files');
    const others: readonly Partial<MadeIngestion>[] = [
      { appName: 'u' },
      { files: [first] },
      { files: [second, first] },
      { files: [first, { ...second, name: 'x' }] },
      { files: [first, { ...second, sizeBytes: 8 }] },
      { files: [first, { ...second, md5: 'c' }] },
      { totalBytes: 1 },
      { ingestBehind: false },
      { ballot: 4 },
      { verifyBeforeIngest: false },
    ];
    for (const other of others) expect(sameMutation(recordOf(LOAD), recordOf({ ...LOAD, ...other }))).toBe(false);
  });

  it('brings nothing when it cannot be read', () => {
    const bytes = recordBytes(made(5, 4, 1, { name: 'RPC_RRDB_RRDB_BULK_LOAD', type: 1, data: latin('x') }), 0);
    expect(readRecord(bytes, 0, bytes.length)?.mutation.updates).toEqual([{ code: 'RPC_RRDB_RRDB_BULK_LOAD', rows: [] }]);
  });
});

describe('files on a provider', () => {
  const factOf = (path: string, text: Buffer | object): unknown =>
    readProviderFile(path, Buffer.isBuffer(text) ? text : latin(JSON.stringify(text))).fact;
  const GARBAGE = { is: 'garbage' };

  it('are what the implementation makes of rows', () => {
    const rows = [{ hashKey: 'h', sortKey: 's', value: 'v', expireTs: 9 }];
    const found = new Map([...loadFiles({ appId: 2, appName: 't', partitionCount: 1 }, rows)].map(({ path, bytes }) => [path, bufferOf(bytes)]));
    const run = found.get('0/00001.sst') ?? Buffer.alloc(0);
    const md5 = md5Hex(run);
    expect([...found].map(([path, bytes]) => [path, readProviderFile(path, bytes).fact])).toEqual([
      ['0/00001.sst', { is: 'rows', rows: [{ key: storedKey('h', 's'), value: 'v', expireTs: 9, timestampUs: 0 }] }],
      ['0/.00001.sst.meta', { is: 'sidecar', sizeBytes: run.length, md5 }],
      ['0/bulk_load_metadata', { is: 'metadata', metadata: { files: [{ name: '00001.sst', sizeBytes: run.length, md5 }], totalBytes: run.length } }],
      ['0/.bulk_load_metadata.meta', expect.objectContaining({ is: 'sidecar' })],
      ['bulk_load_info', { is: 'info', appId: 2, partitionCount: 1 }],
      ['.bulk_load_info.meta', expect.objectContaining({ is: 'sidecar' })],
    ]);
    expect(md5Of(run)).toBe(md5);
  });

  it('are taken with all known keys, or with none but known ones', () => {
    expect(factOf('bulk_load_info', { app_id: 2 })).toEqual({ is: 'info', appId: 2, partitionCount: 0 });
    expect(factOf('bulk_load_info', { app_id: 2, app_name: 't', partition_count: 4, x: 1 })).toEqual({ is: 'info', appId: 2, partitionCount: 4 });
    expect(factOf('bulk_load_info', { app_id: 2, x: 1 })).toEqual(GARBAGE);
    expect(factOf('p/bulk_load_metadata', {})).toEqual({ is: 'metadata', metadata: { files: [], totalBytes: 0 } });
    expect(factOf('p/bulk_load_metadata', { files: [{ name: 'a' }] })).toEqual(
      { is: 'metadata', metadata: { files: [{ name: 'a', sizeBytes: 0, md5: '' }], totalBytes: 0 } },
    );
    expect(factOf('.a.meta', { size: 3 })).toEqual({ is: 'sidecar', sizeBytes: 3, md5: '' });
  });

  it('are garbage when a value is of another type, or a name leads elsewhere', () => {
    for (const json of [[], { app_id: '2' }, { app_id: 1.5 }, { app_id: 2 ** 31 }, { app_name: 1 }]) {
      expect(factOf('bulk_load_info', json)).toEqual(GARBAGE);
    }
    const wrong = [{ files: {} }, { files: [1] }, { files: [{ name: '../a' }] }, { files: [{ size: 1 }] }, { files: [{ name: 'a', x: 1 }] }, { file_total_size: 'x' }];
    for (const json of wrong) expect(factOf('0/bulk_load_metadata', json)).toEqual(GARBAGE);
    for (const json of [{ size: -1 }, { md5: 1 }, { size: 1, md5: '', x: 1, y: 1 }].slice(0, 2)) expect(factOf('.a.meta', json)).toEqual(GARBAGE);
    expect(factOf('bulk_load_info', latin('{'))).toEqual(GARBAGE);
  });

  it('hold rows only when nothing is removed, nothing is missing, and each key is one', () => {
    const row: MadeRow = { key: storedKey('h', 'a'), value: 'v' };
    const whole = runBytes([row]);
    expect(readWholeRun(whole, 'f')?.keys).toEqual([row.key]);
    const broken = Buffer.from(whole);
    broken[12] = (broken[12] ?? 0) ^ 1;
    for (const bytes of [broken, whole.subarray(0, -1), runBytes([]), runBytes([row, { key: storedKey('h', 'b') }]), runBytes([{ key: '\0\x05h', value: 'v' }]), runBytes([{ key: 'x', value: 'v' }])]) {
      expect(readWholeRun(bytes, 'f')).toBeUndefined();
      expect(factOf('0/a.sst', bytes)).toEqual(GARBAGE);
    }
  });
});

describe('records of loads', () => {
  const PATH = '/pegasus/c/bulk_load/2';
  const TABLE = {
    app_id: 2,
    partition_count: 4,
    app_name: 't',
    cluster_name: 'far',
    file_provider_type: 'files',
    status: 'replication::bulk_load_status::BLS_FAILED',
    remote_root_path: 'root',
    ingest_behind: 0,
    is_ever_ingesting: 1,
    bulk_load_err: 'ERR_CORRUPTION',
  };
  const PARTITION = {
    status: 'replication::bulk_load_status::BLS_SUCCEED',
    metadata: { files: [{ name: 'a', size: 5, md5: 'm' }], file_total_size: 5 },
    ever_ingest_succeed: 1,
    host_ports: ['c/replica-0'],
  };
  const read = (path: string, value: object | string = '', operation: 'set' | 'remove' = 'set'): ReturnType<typeof readStoredLoad> =>
    readStoredLoad(operation, path, typeof value === 'string' ? value : JSON.stringify(value));

  it('are read with and without a load id', () => {
    const record = {
      status: 'BLS_FAILED',
      appName: 't',
      clusterName: 'far',
      providerName: 'files',
      remoteRootPath: 'root',
      partitionCount: 4,
      ingestBehind: false,
      isEverIngesting: true,
      error: 'ERR_CORRUPTION',
      loadId: 0,
    };
    expect(read(PATH, TABLE)).toEqual({ kind: 'load', appId: 2, record });
    expect(read(PATH, { ...TABLE, load_id: 77 })).toEqual({ kind: 'load', appId: 2, record: { ...record, loadId: 77 } });
    expect(read(`${PATH}/3`, PARTITION)).toEqual({
      kind: 'partition',
      appId: 2,
      partitionIndex: 3,
      record: {
        status: 'BLS_SUCCEED',
        metadata: { files: [{ name: 'a', sizeBytes: 5, md5: 'm' }], totalBytes: 5 },
        everIngestSucceed: true,
        hostPorts: ['c/replica-0'],
      },
    });
  });

  it('go with their node', () => {
    expect(read(PATH, '', 'remove')).toEqual({ kind: 'erased', appId: 2 });
    expect(read(`${PATH}/3`, '', 'remove')).toEqual({ kind: 'other' });
    expect(read('/pegasus/c/bulk_load')).toEqual({ kind: 'other' });
    expect(read('/pegasus/c/apps/2')).toBeUndefined();
  });

  it('are wrong when upstream would not write them so', () => {
    const wrong: readonly (readonly [string, object | string])[] = [
      ['/pegasus/c/bulk_load', 'x'],
      ['/pegasus/c/bulk_load/x', TABLE],
      [`${PATH}/x`, PARTITION],
      [`${PATH}/1/2`, PARTITION],
      [PATH, '{'],
      [PATH, { ...TABLE, app_id: 3 }],
      [PATH, { ...TABLE, status: 'BLS_FAILED' }],
      [PATH, { ...TABLE, bulk_load_err: '' }],
      [PATH, { ...TABLE, bulk_load_err: 'ERR_TIMEOUT' }],
      [PATH, { ...TABLE, ingest_behind: true }],
      [PATH, { ...TABLE, is_ever_ingesting: 2 }],
      [PATH, { ...TABLE, partition_count: 0 }],
      [PATH, { ...TABLE, app_name: 1 }],
      [PATH, { ...TABLE, remote_root_path: null }],
      [PATH, { ...TABLE, load_id: -1 }],
      [PATH, { ...TABLE, other: 1 }],
      [PATH, { load_id: 1, ...TABLE }],
      [`${PATH}/3`, { ...PARTITION, metadata: {} , x: 1 }],
      [`${PATH}/3`, { ...PARTITION, metadata: [] }],
      [`${PATH}/3`, { ...PARTITION, ever_ingest_succeed: false }],
      [`${PATH}/3`, { ...PARTITION, host_ports: [1] }],
      [`${PATH}/3`, { ...PARTITION, status: '' }],
    ];
    for (const [path, value] of wrong) expect(read(path, value)?.kind, JSON.stringify([path, value])).toBe('wrong');
  });

  it('stand beside the mark on the table', () => {
    const table = { app_id: 2, app_name: 't', status: 'dsn::app_status::AS_AVAILABLE', partition_count: 1, max_replica_count: 3, envs: {} };
    const mark = (value: unknown): unknown => readStored('/pegasus/c/apps/2', JSON.stringify({ ...table, is_bulk_loading: value }));
    expect(mark(1)).toMatchObject({ kind: 'table', isBulkLoading: true });
    expect(mark(0)).not.toHaveProperty('isBulkLoading');
    expect(mark('x')).toMatchObject({ kind: 'wrong' });
  });
});

describe('a database that takes runs in', () => {
  const row = (sortKey: string, value: string): MadeRow => ({ key: storedKey('h', sortKey), value, timestampUs: 5 });
  const digestOf = (...rows: readonly MadeRow[]): number =>
    rows.reduce((sum, { key, value = '', timestampUs = 0 }) => addToDigest(sum, rowHash(key, value, 0, timestampUs)), 0);
  const diskOf = (decree: number, runs: readonly (readonly [string, readonly MadeRow[]])[]): MadeDisk => {
    const disk = new MadeDisk();
    disk.files.set('d/CURRENT', latin('MANIFEST-000009\n'));
    disk.files.set('d/MANIFEST-000009', manifestBytes(decree, runs.map(([name]) => name)));
    for (const [name, rows] of runs) disk.files.set(`d/${name}`, runBytes(rows));
    return disk;
  };
  const OLD = ['000002.sst', [row('a', 'old'), row('b', 'old')]] as const;

  it('knows those in front and those behind from those that were there', () => {
    const reader = new StorageReader();
    reader.read(diskOf(3, [OLD]), 'd');
    const front = ['000004.sst', [row('a', 'new')]] as const;
    const after = reader.read(diskOf(5, [front, OLD, ['000005.sst', [row('a', 'low'), row('c', 'low')]]]), 'd');
    if (!after.ok) throw new Error(after.wrong);
    expect(after.value.added?.map(({ rows }) => rows.map((found) => found?.value))).toEqual([['new'], ['low', 'low']]);
    expect(after.value.digest).toBe(digestOf(row('a', 'new'), row('b', 'old'), row('c', 'low')));
    expect([...reader.liveRows()].map(([key, { value }]) => key.slice(3) + value).sort()).toEqual(['anew', 'bold', 'clow']);
  });

  it('lays a removal over what comes behind it', () => {
    const reader = new StorageReader();
    reader.read(diskOf(3, [OLD]), 'd');
    reader.read(diskOf(4, [['000003.sst', [{ key: storedKey('h', 'c') }]], OLD]), 'd');
    const after = reader.read(diskOf(5, [['000003.sst', [{ key: storedKey('h', 'c') }]], OLD, ['000006.sst', [row('c', 'low')]]]), 'd');
    expect(after).toMatchObject({ ok: true, value: { digest: digestOf(row('a', 'old'), row('b', 'old')) } });
  });
});

it('the directory of a load and its files have their kind', () => {
  expect(parsePath('2.0.pegasus/bulk_load')).toMatchObject({ kind: 'load', gpid: '2.0', dir: '2.0.pegasus' });
  expect(parsePath('x/2.0.pegasus/bulk_load/a.sst')).toMatchObject({ kind: 'load-file', dir: 'x/2.0.pegasus', file: 'a.sst' });
  expect(parsePath('2.0.pegasus/bulk_load/a/b')).toEqual({ kind: 'other' });
  expect(parsePath('2.0.pegasus.bulk_load.77.gar')).toMatchObject({ kind: 'aside', suffix: 'gar' });
});
