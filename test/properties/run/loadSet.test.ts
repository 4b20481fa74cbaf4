/** Files of loads: good ones are what their metadata says, and each variant has one thing wrong and nothing else. */
import { describe, expect, it } from 'vitest';
import { StorageError } from '../../../impl/storage/engine/contract.ts';
import { md5Hex } from '../../../impl/protocol/md5.ts';
import { partitionIndexOf, splitStoredKey } from '../../../impl/protocol/rrdb.ts';
import { decodeBulkLoadInfo, decodeBulkLoadMetadata, decodeSidecar } from '../../../impl/provider/records.ts';
import { sidecarPath } from '../../../impl/provider/paths.ts';
import { decodeRun } from '../../../impl/storage/engine/sortedRun.ts';
import { flipped, LOAD_VARIANTS, loadSet, type LoadSet, type LoadVariant } from '../../../properties/run/loadSet.ts';

const INFO = { appId: 3, appName: 't1', partitionCount: 2 };
const ROWS = ['a', 'b', 'c', 'd', 'e', 'f'].map((hashKey, i) => ({ hashKey, sortKey: '', value: `b${String(i)}`, expireTs: 0 }));
const setOf = (variant: LoadVariant, nth = 0, runBytes = 1): LoadSet => loadSet({ info: INFO, rows: ROWS, runBytes, variant, nth });
const GOOD = setOf('good');
const metadata = (set: LoadSet, index: number): NonNullable<ReturnType<typeof decodeBulkLoadMetadata>> => {
  const found = decodeBulkLoadMetadata(set.get(`${String(index)}/bulk_load_metadata`) ?? new Uint8Array());
  if (found === undefined) throw new Error(`no metadata of ${String(index)}`);
  return found;
};
const keysOf = (bytes: Uint8Array | undefined): readonly string[] => decodeRun(bytes ?? new Uint8Array(), 'a').keys.map((key) => splitStoredKey(key)?.hashKey ?? '');
const isSidecar = (path: string): boolean => path.slice(path.lastIndexOf('/') + 1).startsWith('.');
/** Files that are not what the sidecar, or their metadata, says; files that are missing. */
function wrong(set: LoadSet): readonly string[] {
  const found: string[] = [];
  for (const [path, bytes] of set) {
    if (isSidecar(path)) continue;
    const sidecar = decodeSidecar(set.get(sidecarPath(path)) ?? new Uint8Array());
    if (sidecar === undefined || sidecar.size !== bytes.length || sidecar.md5 !== md5Hex(bytes)) found.push(`${path} sidecar`);
  }
  for (const index of [0, 1]) {
    if (!set.has(`${String(index)}/bulk_load_metadata`)) continue;
    const { files, fileTotalSize } = metadata(set, index);
    if (fileTotalSize !== files.reduce((sum, { size }) => sum + size, 0)) found.push(`${String(index)} total`);
    for (const { name, size, md5 } of files) {
      const bytes = set.get(`${String(index)}/${name}`);
      if (bytes === undefined || bytes.length !== size || (md5 !== '' && md5 !== md5Hex(bytes))) found.push(`${String(index)}/${name} metadata`);
    }
  }
  return found;
}
const differing = (set: LoadSet): readonly string[] => [...new Set([...GOOD.keys(), ...set.keys()])].filter((path) => Buffer.compare(GOOD.get(path) ?? new Uint8Array(), set.get(path) ?? new Uint8Array()) !== 0 || GOOD.has(path) !== set.has(path)).filter((path) => !isSidecar(path));

describe('good files', () => {
  it('are what everybody says of them, and each row is where its partition is', () => {
    expect(wrong(GOOD)).toEqual([]);
    expect(decodeBulkLoadInfo(GOOD.get('bulk_load_info') ?? new Uint8Array())).toEqual(INFO);
    const keys = [0, 1].map((index) => metadata(GOOD, index).files.flatMap(({ name }) => keysOf(GOOD.get(`${String(index)}/${name}`))));
    expect(keys.flat().sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    for (const index of [0, 1]) expect(keys[index]?.every((key) => partitionIndexOf(key, 2) === index)).toBe(true);
    expect(metadata(setOf('good', 0, 1 << 20), 0).files).toHaveLength(1);
    expect(metadata(GOOD, 0).files.length).toBeGreaterThan(1);
  });
});

describe('a variant', () => {
  it.each<[LoadVariant, readonly string[], readonly string[]]>([
    ['noInfo', ['bulk_load_info'], []],
    ['wrongAppId', ['bulk_load_info'], []],
    ['wrongCount', ['bulk_load_info'], []],
    ['noMetadata', ['1/bulk_load_metadata'], []],
    ['wrongTotal', ['1/bulk_load_metadata'], ['1 total']],
    ['emptyMd5', ['1/bulk_load_metadata'], []],
    ['missingFile', ['1/00001.sst'], ['1/00001.sst metadata']],
    ['shortFile', ['1/00001.sst'], ['1/00001.sst sidecar', '1/00001.sst metadata']],
    ['damagedFile', ['1/00001.sst'], ['1/00001.sst sidecar', '1/00001.sst metadata']],
    ['emptyFile', ['1/00001.sst', '1/bulk_load_metadata'], []],
    ['garbageWithRightMd5', ['1/00001.sst', '1/bulk_load_metadata'], []],
  ])('%s changes %j', (variant, changed, faults) => {
    const set = setOf(variant, 1);
    expect(differing(set).toSorted()).toEqual([...changed].sort());
    expect(wrong(set)).toEqual(faults);
  });

  it('of the info names another table, or another count', () => {
    expect(decodeBulkLoadInfo(setOf('wrongAppId').get('bulk_load_info') ?? new Uint8Array())).toEqual({ ...INFO, appId: 4 });
    expect(decodeBulkLoadInfo(setOf('wrongCount').get('bulk_load_info') ?? new Uint8Array())).toEqual({ ...INFO, partitionCount: 4 });
  });

  it('without rows for a partition leaves its metadata empty', () => {
    const set = setOf('noRowsForAPartition', 1);
    expect(metadata(set, 1)).toEqual({ files: [], fileTotalSize: 0 });
    expect(metadata(set, 0)).toEqual(metadata(GOOD, 0));
    expect([...set.keys()].some((path) => path.startsWith('1/0'))).toBe(false);
  });

  it('with foreign rows has those of all partitions in one', () => {
    const set = setOf('foreignFile', 0);
    expect(wrong(set)).toEqual([]);
    expect(metadata(set, 0).files.flatMap(({ name }) => keysOf(set.get(`0/${name}`))).sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(metadata(set, 1)).toEqual(metadata(GOOD, 1));
  });

  it('with overlapping files has the keys of the others once more in the last of its list', () => {
    const set = setOf('overlappingFiles', 1);
    const { files, fileTotalSize } = metadata(set, 1);
    const keys = files.slice(0, -1).flatMap(({ name }) => keysOf(set.get(`1/${name}`)));
    expect(wrong(set)).toEqual([]);
    expect(keys.length).toBeGreaterThan(0);
    expect(keysOf(set.get(`1/${files.at(-1)?.name ?? ''}`))).toEqual(keys);
    expect(fileTotalSize).toBe(files.reduce((sum, { size }) => sum + size, 0));
    expect(metadata(set, 0)).toEqual(metadata(GOOD, 0));
  });

  it('with an empty MD5 names none, and one with garbage is no sorted run', () => {
    expect(metadata(setOf('emptyMd5', 1), 1).files[0]?.md5).toBe('');
    for (let nth = 0; nth < 16; nth += 1) {
      const set = setOf('garbageWithRightMd5', nth);
      const spoilt = differing(set).filter((path) => path.endsWith('.sst'));
      expect(spoilt).toHaveLength(1);
      expect(() => decodeRun(set.get(spoilt[0] ?? '') ?? new Uint8Array(), 'a')).toThrow(StorageError);
    }
  });

  it('has its place counted around, and every one of them gives files', () => {
    const places = new Set([0, 1, 2, 3, 4, 5].map((nth) => differing(setOf('damagedFile', nth)).join()));
    expect(places.size).toBeGreaterThan(3);
    for (const variant of LOAD_VARIANTS) for (const nth of [0, 7, 1000]) expect(setOf(variant, nth).size, variant).toBeGreaterThan(4);
  });
});

it('a flipped bit is one bit, in a copy', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  expect([...flipped(bytes, 1, 7)]).toEqual([1, 130, 3]);
  expect([...bytes]).toEqual([1, 2, 3]);
});
