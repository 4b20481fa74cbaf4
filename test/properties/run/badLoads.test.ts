/**
 * Bad input of a load, as whole worlds: the error that the sheet names (bl 6.1, 10.1, 10.2, 14.2), the table left usable
 * (a write and a read afterwards succeed, and so does a load of good files), and nothing lost of what was there.
 */
import { describe, expect, it } from 'vitest';
import { LOAD_VARIANTS, type LoadVariant } from '../../../properties/run/loadSet.ts';
import type { Step } from '../../../properties/plan/types.ts';
import { answers, create, damage, errors, get, prepare, put, query, reads, run, SERVED, setEnvs, start, statuses, wait } from './loadRuns.ts';

const ROWS = ['a||la', 'b||lb', 'c||lc', 'd||ld', 'e||le'];
const OLD = ['a', 'b', 'k'].map((key) => put(key, `old-${key}`));
/** What is read afterwards, by the partition: nothing came in, or everything did. */
const KEPT = [['a=old-a', 'c=-', 'd=-', 'w=after'], ['b=old-b', 'e=-', 'k=old-k']] as const;
const LOADED = [['a=la', 'c=lc', 'd=ld', 'w=after'], ['b=lb', 'e=le', 'k=old-k']] as const;
const READ = LOADED.flat().map((row) => get(row.slice(0, 1)));

/** What a start answers; else how the load ends, and with what error. */
type Outcome = { readonly refused: string } | { readonly status: 'BLS_SUCCEED' | 'BLS_FAILED'; readonly error: string };

const GOOD: Outcome = { status: 'BLS_SUCCEED', error: 'ERR_OK' };
const DAMAGED: Outcome = { status: 'BLS_FAILED', error: 'ERR_CORRUPTION' };
/** There is no atomicity across partitions (bl 1): the others have their rows. */
const NOT_INGESTED: Outcome = { status: 'BLS_FAILED', error: 'ERR_INGESTION_FAILED' };

interface Seen {
  readonly start: readonly (string | undefined)[];
  /** How the load ended, as its operator is told, and what stands in the store. */
  readonly told: readonly (string | boolean)[];
  readonly stored: string | undefined;
  readonly rows: readonly string[];
  /** A check or a rule that broke, a write without success, a step that could not be done. */
  readonly amiss: readonly unknown[];
}

/** A load of these files by this start, then a write and reads. */
function seen(files: readonly Step[], by: Step = start(), forMs = 4500): Seen {
  const result = run(create(), SERVED, ...OLD, ...files, by, wait(forMs), query, put('w', 'after'), ...READ);
  const [answer] = answers(result, 'queryBulkLoad');
  const amiss: unknown[] = errors(result, 'put').filter((error) => error !== 'ERR_OK');
  if (result.verdict.kind !== 'pass') amiss.push(result.verdict);
  return {
    start: errors(result, 'startBulkLoad'),
    told: answer?.kind === 'bulkLoadStatus' ? [answer.error, answer.appStatus, answer.isBulkLoading] : [],
    stored: statuses(result).at(-1),
    rows: reads(result).slice(0, READ.length),
    amiss: [...amiss, ...result.skippedSteps],
  };
}

function expected(outcome: Outcome, badPartition = 0, loaded: readonly (readonly string[])[] = LOADED): Seen {
  const isBad = (index: number): boolean => outcome !== GOOD && (outcome !== NOT_INGESTED || index === badPartition);
  const rows = [0, 1].flatMap((index) => (isBad(index) ? KEPT : loaded)[index] ?? []);
  if ('refused' in outcome) return { start: [outcome.refused], told: ['ERR_OK', 'BLS_INVALID', false], stored: undefined, rows, amiss: [] };
  return { start: ['ERR_OK'], told: [outcome.error, outcome.status, false], stored: outcome.status, rows, amiss: [] };
}

describe('files that are wrong', () => {
  const OUTCOMES: Readonly<Record<LoadVariant, Outcome>> = {
    good: GOOD,
    emptyMd5: GOOD,
    foreignFile: GOOD,
    overlappingFiles: GOOD,
    noInfo: { refused: 'ERR_OBJECT_NOT_FOUND' },
    wrongAppId: { refused: 'ERR_INCONSISTENT_STATE' },
    wrongCount: { refused: 'ERR_INCONSISTENT_STATE' },
    noMetadata: DAMAGED,
    noRowsForAPartition: DAMAGED,
    // bl.B18: upstream downloads for ever, or stops short of 100 %.
    wrongTotal: DAMAGED,
    missingFile: DAMAGED,
    shortFile: DAMAGED,
    damagedFile: DAMAGED,
    emptyFile: NOT_INGESTED,
    garbageWithRightMd5: NOT_INGESTED,
  };
  it.each(LOAD_VARIANTS.map((variant, nth) => [variant, nth % 4, OUTCOMES[variant]] as const))('%s (%i): %o', (variant, nth, outcome) => {
    // Where files overlap, the last one has the value that counts.
    const loaded = variant === 'overlappingFiles' ? [LOADED[0], ["b=lb'", "e=le'", 'k=old-k']] : LOADED;
    expect(seen([prepare(ROWS, { variant, nth })])).toEqual(expected(outcome, nth % 2, loaded));
  });

  it('an empty file as the only one: metadata of nothing (bl 5)', () => {
    expect(seen([prepare(ROWS, { variant: 'emptyFile', files: 'one' })])).toEqual(expected(DAMAGED));
  });

  // In the order of names, with one run per partition: 0's run, its metadata, 1's run, its metadata, bulk_load_info.
  const one = prepare(ROWS, { files: 'one' });
  it.each<readonly [string, Step, Outcome]>([
    ['a description cut short', damage('cut', 4), { refused: 'ERR_CORRUPTION' }],
    ['an empty description', damage('cut', 4, 0), { refused: 'ERR_CORRUPTION' }],
    ['no description', damage('remove', 4), { refused: 'ERR_OBJECT_NOT_FOUND' }],
    ['metadata cut short', damage('cut', 1), DAMAGED],
    ['empty metadata', damage('cut', 3, 0), DAMAGED],
    ['metadata with a bit flipped', damage('flip', 1, 0), DAMAGED],
    ['no metadata', damage('remove', 3), DAMAGED],
    ['a run cut short', damage('cut', 2), DAMAGED],
    ['an empty run', damage('cut', 0, 0), DAMAGED],
    ['a run with a bit flipped', damage('flip', 2), DAMAGED],
    ['no run', damage('remove', 0), DAMAGED],
  ])('%s, behind the back of what describes it', (_what, step, outcome) => {
    expect(seen([one, step])).toEqual(expected(outcome));
  });

  it('do not hinder a load of good ones afterwards', () => {
    for (const variant of ['damagedFile', 'garbageWithRightMd5', 'wrongCount'] as const) {
      const result = run(create(), SERVED, ...OLD, prepare(ROWS, { variant }), start(), wait(4500), prepare(ROWS), start(), wait(4500), put('w', 'after'), ...READ);
      expect(errors(result, 'startBulkLoad')[1], variant).toBe('ERR_OK');
      expect(statuses(result).at(-1), variant).toBe('BLS_SUCCEED');
      expect(reads(result).slice(0, READ.length), variant).toEqual(LOADED.flat());
      expect(result.verdict, variant).toEqual({ kind: 'pass' });
    }
  });
});

describe('a start that names what is not there', () => {
  it.each<readonly [string, string]>([
    ['provider', 'ERR_INVALID_PARAMETERS'],
    ['root', 'ERR_OBJECT_NOT_FOUND'],
    ['folder', 'ERR_OBJECT_NOT_FOUND'],
  ])('as its %s: %s', (name, refused) => {
    expect(seen([prepare(ROWS)], start({ [name]: 'nowhere' }), 100)).toEqual(expected({ refused }));
  });

  it('as its table: ERR_APP_NOT_EXIST', () => {
    const result = run(create(), SERVED, ...OLD, prepare(ROWS), start({ table: 'nowhere' }), wait(200), put('w', 'after'), ...READ);
    expect(answers(result, 'startBulkLoad')).toEqual([{ kind: 'bulkLoad', error: 'ERR_APP_NOT_EXIST', hint: 'app not existed is ' }]);
    expect(reads(result).slice(0, READ.length)).toEqual(KEPT.flat());
    expect([result.verdict, statuses(result)]).toEqual([{ kind: 'pass' }, []]);
  });
});

describe('settings that do not parse', () => {
  const throttles = ['write_throttling', 'write_throttling_by_size', 'read_throttling', 'read_throttling_by_size'].map((key) => `replica.${key}`);

  it('are refused when they are set, the old ones stay, and everybody is served', () => {
    const bad = throttles.map((key) => setEnvs({ [key]: '20A*delay*100' }));
    const result = run(create(), SERVED, ...OLD, setEnvs({ 'replica.write_throttling': '20M*delay*100' }), ...bad, wait(500), put('w', 'after'), ...READ);
    expect(answers(result, 'setEnvs').slice(1)).toEqual(throttles.map(() => ({ kind: 'admin', error: 'ERR_INVALID_PARAMETERS', hint: `'20A' should be an unsigned integer`, appId: 0 })));
    expect(reads(result).slice(0, READ.length)).toEqual(KEPT.flat());
    expect([result.verdict, errors(result, 'put').at(-1)]).toEqual([{ kind: 'pass' }, 'ERR_OK']);
    expect(result.state.clusters['source']?.tables[1]?.envs).toEqual({ 'replica.write_throttling': '20M*delay*100' });
  });

  it('and stand in a table from its creation (thr 2.2) do nothing: it is written, read and loaded', () => {
    const envs = Object.fromEntries([...throttles, 'rocksdb.allow_ingest_behind', 'replica.deny_client_request'].map((key) => [key, 'nonsense']));
    const result = run(create(envs), SERVED, ...OLD, prepare(ROWS), start(), wait(4500), put('w', 'after'), ...READ);
    expect(errors(result, 'createTable')).toEqual(['ERR_OK']);
    expect(statuses(result).at(-1)).toBe('BLS_SUCCEED');
    expect(reads(result).slice(0, READ.length)).toEqual(LOADED.flat());
    expect(result.verdict).toEqual({ kind: 'pass' });
  });
});
