/** Sorted files from elsewhere: what is opened, and what each kind of damage is called. */
import { describe, expect, it } from 'vitest';
import { DiskError } from '../../../../impl/env/contract.ts';
import { md5Hex } from '../../../../impl/protocol/md5.ts';
import { storedKey } from '../../../../impl/protocol/rrdb.ts';
import { encodeValue } from '../../../../impl/storage/app/valueSchema.ts';
import { StorageError } from '../../../../impl/storage/engine/contract.ts';
import { openExternalRun, rowsOf, type ExpectedFile } from '../../../../impl/storage/engine/externalRun.ts';
import { encodeRun } from '../../../../impl/storage/engine/sortedRun.ts';
import { loadFiles } from '../../../../impl/provider/loadSet.ts';
import { created, rowsOf as rowsOfEngine } from './engineHost.ts';

const KEYS = [storedKey('h', 'a'), storedKey('h', 'b')];
const VALUES = [encodeValue('one', 0, 0, 0), encodeValue('', 7, 0, 0)];
const WHOLE = encodeRun({ keys: KEYS, values: VALUES });

function open(bytes: Uint8Array | undefined, expected?: ExpectedFile): string {
  const disk = {
    info: (path: string) => {
      if (bytes === undefined) throw new DiskError('not-found', path, 'info');
      return { kind: 'file', sizeBytes: bytes.length, mtimeUs: 0 } as const;
    },
    read: (_path: string, offset: number, length: number) => (bytes ?? new Uint8Array(0)).slice(offset, offset + length),
  };
  try {
    return [...rowsOf(openExternalRun(disk, 'f', expected))].map((row) => `${row.key.slice(2)}:${row.value.length}`).join(' ');
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    return `${error.kind} ${error.message}`;
  }
}

describe('an external run', () => {
  it('gives its rows in order, proved against size and MD5', () => {
    expect(open(WHOLE)).toBe('ha:15 hb:12');
    expect(open(WHOLE, { size: WHOLE.length, md5: md5Hex(WHOLE) })).toBe('ha:15 hb:12');
    expect(open(WHOLE, { size: WHOLE.length, md5: '' })).toBe('ha:15 hb:12');
  });

  it('is not the file that the metadata names', () => {
    expect(open(WHOLE, { size: WHOLE.length + 1, md5: '' })).toBe(`corruption f: ${WHOLE.length} bytes, not ${WHOLE.length + 1}`);
    expect(open(WHOLE, { size: WHOLE.length, md5: 'd41d8cd98f00b204e9800998ecf8427e' })).toBe('corruption f: wrong MD5');
  });

  it('is missing, empty, foreign or has no complete rows', () => {
    expect(open(undefined)).toBe('corruption info f: not-found');
    expect(open(new Uint8Array(0))).toBe('corruption f: too short');
    expect(open(new Uint8Array(1000))).toBe('corruption f: wrong magic');
    expect(open(encodeRun({ keys: [], values: [] }))).toBe('corruption f: no rows');
    expect(open(encodeRun({ keys: KEYS, values: [VALUES[0], undefined] }))).toBe('corruption f: row 1: a removed row');
    expect(open(encodeRun({ keys: KEYS, values: [VALUES[0], new Uint8Array(11)] }))).toBe('corruption f: row 1: a value without its header');
    expect(open(encodeRun({ keys: ['\0\u0009h'], values: [VALUES[0]] }))).toBe('corruption f: row 0: not a stored key');
  });

  it('never opens when it was cut or one bit of it was flipped', () => {
    for (let length = 0; length < WHOLE.length; length++) expect(open(WHOLE.slice(0, length))).toMatch(/^corruption/);
    for (let bit = 0; bit < WHOLE.length * 8; bit++) {
      const damaged = WHOLE.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(open(damaged)).toMatch(/^corruption/);
    }
  });
});

describe('a load made from rows', () => {
  const rows = Array.from({ length: 12 }, (_, i) => ({ hashKey: `h${i}`, sortKey: '', value: `new${i}`, expireTs: 0 }));

  it('is taken in by the engine, over rows that were there, and is there after an open', () => {
    const { process, engine } = created();
    const { disk } = process;
    const old = storedKey('h3', '');
    engine.write([{ key: old, value: encodeValue('old', 0, 5, 1) }, { key: storedKey('z', ''), value: encodeValue('kept', 0, 5, 1) }], 1);
    disk.mkdir('r/bulk_load/0');
    const runs: string[] = [];
    for (const { path, bytes } of loadFiles({ appId: 1, appName: 't', partitionCount: 1 }, rows, 60)) {
      disk.create(`r/bulk_load/${path}`);
      disk.write(`r/bulk_load/${path}`, 0, bytes);
      if (path.endsWith('.sst')) runs.push(`r/bulk_load/${path}`);
    }
    expect(runs.length).toBeGreaterThan(2);
    engine.write([], 2);
    engine.awaitIngestion();
    engine.ingest(engine.openExternalRuns(runs), false);
    engine.endIngestion();
    const expected = [...rows.map(({ hashKey, value }) => `${hashKey}=${value}`), 'z=kept'].sort();
    const found = (): string[] => rowsOfEngine(engine).map((row) => row.slice(2).replace(/=[^]{12}/, '='));
    expect(found().sort()).toEqual(expected);
    engine.abandon();
    engine.open('existing');
    expect(found().sort()).toEqual(expected);
    expect(engine.lastFlushedDecree()).toBe(2);
  });
});
