/** Upstream's function tests of bulk load (bl 22, end to end) as whole worlds, with the model and its audits beside them. */
import { describe, expect, it } from 'vitest';
import { answers, create, damage, errors, get, prepare, put, query, reads, remove, run, SERVED, start, statuses, wait } from './loadRuns.ts';

const ROWS = ['a||la', 'b||lb', 'c||lc', 'd||ld'];
const ALLOWED = { 'rocksdb.allow_ingest_behind': 'true' };
const THROUGH = ['BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_INGESTING', 'BLS_SUCCEED'];

describe('a start', () => {
  it.each([
    ['without bulk_load_info', { variant: 'noInfo' }, 'ERR_OBJECT_NOT_FOUND', 'read bulk_load_info failed'],
    ['with another app_id', { variant: 'wrongAppId' }, 'ERR_INCONSISTENT_STATE', 'app_id or partition_count is inconsistent'],
    ['with twice the partitions', { variant: 'wrongCount' }, 'ERR_INCONSISTENT_STATE', 'app_id or partition_count is inconsistent'],
  ] as const)('%s is refused', (_what, files, error, hint) => {
    const result = run(create(), prepare(ROWS, files), start(), wait(200), query);
    expect(answers(result, 'startBulkLoad')).toEqual([{ kind: 'bulkLoad', error, hint }]);
    expect(answers(result, 'queryBulkLoad')[0]).toMatchObject({ appStatus: 'BLS_INVALID', isBulkLoading: false });
    expect([result.verdict, statuses(result)]).toEqual([{ kind: 'pass' }, []]);
  });

  it.each(['false', 'nonsense', undefined])('behind, with the env %s, is refused', (env) => {
    const envs = env === undefined ? undefined : { 'rocksdb.allow_ingest_behind': env };
    const result = run(create(envs), prepare(ROWS), start({ ingestBehind: true }), wait(200));
    const refusal = { kind: 'bulkLoad', error: 'ERR_INCONSISTENT_STATE', hint: 'inconsistent ingestion behind option' };
    expect(answers(result, 'startBulkLoad')).toEqual([refusal]);
    expect([result.verdict, statuses(result)]).toEqual([{ kind: 'pass' }, []]);
  });
});

it.each(['variant', 'removed'])('without the metadata of partition 0 a load fails (%s)', (how) => {
  // In the order of names: 0's runs, then its metadata; one file per partition.
  const files = how === 'variant' ? [prepare(ROWS, { variant: 'noMetadata', nth: 0 })] : [prepare(ROWS, { files: 'one' }), damage('remove', 1)];
  const result = run(create(), SERVED, put('c', 'old'), ...files, start(), wait(5000), query, get('c'), get('a'));
  expect(errors(result, 'startBulkLoad')).toEqual(['ERR_OK']);
  expect([statuses(result).at(-1), result.verdict]).toEqual(['BLS_FAILED', { kind: 'pass' }]);
  expect(answers(result, 'queryBulkLoad')[0]).toMatchObject({ error: 'ERR_CORRUPTION', appStatus: 'BLS_FAILED', isBulkLoading: false });
  expect(reads(result).slice(0, 2)).toEqual(['c=old', 'a=-']);
});

it('loaded values replace old ones, and later writes and deletes replace those', () => {
  const old = ['a', 'b', 'c', 'k'].map((key) => put(key, `old-${key}`));
  const look = ['a', 'b', 'c', 'd', 'k'].map(get);
  const result = run(create(), SERVED, ...old, prepare(ROWS), start(), wait(5000), ...look, put('a', 'new'), remove('c'), put('n', 'newer'), ...look, get('n'));
  expect(statuses(result)).toEqual(THROUGH);
  expect(reads(result).slice(0, 11)).toEqual(['a=la', 'b=lb', 'c=lc', 'd=ld', 'k=old-k', 'a=new', 'b=lb', 'c=-', 'd=ld', 'k=old-k', 'n=newer']);
  expect(result.verdict).toEqual({ kind: 'pass' });
});

it('ingest_behind: old values stay, and new keys appear; later writes and deletes win here too', () => {
  const old = ['a', 'c'].map((key) => put(key, `old-${key}`));
  const look = ['a', 'b', 'c', 'd'].map(get);
  const result = run(create(ALLOWED), SERVED, ...old, prepare(ROWS), start({ ingestBehind: true }), wait(5000), ...look, put('b', 'new'), remove('d'), ...look);
  expect(statuses(result)).toEqual(THROUGH);
  expect(reads(result).slice(0, 8)).toEqual(['a=old-a', 'b=lb', 'c=old-c', 'd=ld', 'a=old-a', 'b=new', 'c=old-c', 'd=-']);
  expect(result.verdict).toEqual({ kind: 'pass' });
});
