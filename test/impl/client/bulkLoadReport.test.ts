/** What the shell prints of bulk loads (bl 6.3). */
import { describe, expect, it } from 'vitest';
import type { LoadStatusAnswer } from '../../../impl/client/bulkLoadAnswers.ts';
import { ingestionPercent, loadChangeReport, loadStatusReport, partitionDownloadPercent, tableDownloadPercent } from '../../../impl/client/bulkLoadReport.ts';

type Member = LoadStatusAnswer['members'][number][string];
const member = (downloadProgress: number, more: Partial<Member> = {}): Member => ({
  downloadProgress, downloadStatus: 'ERR_OK', ingestStatus: 'IS_INVALID', isCleanedUp: false, isPaused: false, ...more,
});
const ANSWER: LoadStatusAnswer = {
  error: 'ERR_OK', hint: '', appStatus: 'BLS_DOWNLOADING', partitions: ['BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_DOWNLOADING'],
  members: [{ n1: member(100), n2: member(0), n3: member(0) }, { n1: member(100), n2: member(100), n3: member(100) }, { n1: member(10), n2: member(12) }],
  maxReplicaCount: 3, isBulkLoading: true,
};
const ALL = { partitionIndex: -1, detailed: false };
const lines = (answer: LoadStatusAnswer, view = ALL): readonly string[] => loadStatusReport(answer, view).split('\n');

describe('changes', () => {
  const pause = { kind: 'pauseBulkLoad', table: 't1' } as const;
  const cancel = { kind: 'cancelBulkLoad', table: 't1', forced: false } as const;
  it.each([
    [pause, 'ERR_OK', 'pause bulk load succeed'],
    [pause, 'ERR_INVALID_STATE', 'pause bulk load failed, error=ERR_INVALID_STATE [hint:"why"]'],
    [{ kind: 'clearBulkLoad', table: 't1' }, 'ERR_OK', 'why'],
    [cancel, 'ERR_INVALID_STATE', 'cancel bulk load failed, error=ERR_INVALID_STATE [hint:"why"]\nyou can force cancel bulk load by using "-f"'],
    [{ ...cancel, forced: true }, 'ERR_INVALID_STATE', 'cancel bulk load failed, error=ERR_INVALID_STATE [hint:"why"]'],
    [cancel, 'ERR_INACTIVE_STATE', 'cancel bulk load failed, error=ERR_INACTIVE_STATE [hint:"why"]'],
  ] as const)('%j %s', (command, error, printed) => {
    expect(loadChangeReport(command, { error, hint: 'why' })).toBe(printed);
  });
});

describe('percentages', () => {
  it('of a partition count members that said nothing as 0, of the table are the mean of the rounded ones', () => {
    expect([0, 1, 2, 3].map((index) => partitionDownloadPercent(ANSWER, index))).toEqual([33, 100, 7, 0]);
    expect(tableDownloadPercent(ANSWER)).toBe(46);
    expect(tableDownloadPercent({ ...ANSWER, maxReplicaCount: 0 })).toBe(0);
    expect(tableDownloadPercent({ ...ANSWER, partitions: [], members: [] })).toBe(0);
  });

  it('of ingestion are counted only where all partitions are printed', () => {
    const ingesting = { ...ANSWER, partitions: ['BLS_SUCCEED', 'BLS_INGESTING', 'BLS_SUCCEED'] as const };
    expect(ingestionPercent(ingesting, { partitionIndex: -1, detailed: true })).toBe(66);
    expect(ingestionPercent(ingesting, ALL)).toBe(0);
    expect(ingestionPercent(ingesting, { partitionIndex: 0, detailed: true })).toBe(0);
    expect(ingestionPercent({ ...ingesting, partitions: [] }, { partitionIndex: -1, detailed: true })).toBe(0);
  });
});

describe('query_bulk_load_status', () => {
  it('sums up, with the download of a table that downloads', () => {
    expect(lines(ANSWER)).toEqual(['[summary]', 'is_bulk_loading : YES', 'app_bulk_load_status : BLS_DOWNLOADING', 'app_total_download_progress : 46']);
    expect(lines(ANSWER, { partitionIndex: 1, detailed: false })[1]).toBe('partition_bulk_load_status : BLS_DOWNLOADED');
    expect(lines({ ...ANSWER, appStatus: 'BLS_PAUSED' })).toHaveLength(3);
    expect(lines({ ...ANSWER, appStatus: 'BLS_FAILED' })).toContain('bulk_load_err : ERR_OK');
    expect(lines({ ...ANSWER, appStatus: 'BLS_INGESTING' })).toContain('app_total_ingestion_progress : 0');
  });

  it('in detail tells each partition what matters in the status of the table', () => {
    const detailed = { partitionIndex: -1, detailed: true };
    expect(lines(ANSWER, detailed).slice(0, 4)).toEqual([
      '[all partitions]', 'partition_index  partition_status  download_progress(%)', '0                BLS_DOWNLOADING   33', '1                BLS_DOWNLOADED    100',
    ]);
    const cleaned = member(100, { isCleanedUp: true });
    const over: LoadStatusAnswer = {
      ...ANSWER, appStatus: 'BLS_SUCCEED', partitions: ['BLS_SUCCEED', 'BLS_SUCCEED', 'BLS_SUCCEED'],
      members: [{ n1: cleaned, n2: cleaned, n3: cleaned }, { n1: cleaned, n2: cleaned }, { n1: cleaned, n2: member(100), n3: cleaned }],
    };
    expect(lines(over, detailed).slice(1, 5).map((line) => line.split(/ +/).slice(2))).toEqual([['is_cleaned_up'], ['YES'], ['NO'], ['NO']]);
    expect(lines({ ...ANSWER, appStatus: 'BLS_INGESTING', partitions: ['BLS_SUCCEED', 'BLS_INGESTING', 'BLS_INGESTING'] }, detailed)).toContain('app_total_ingestion_progress : 33');
  });

  it.each([
    ['BLS_DOWNLOADING', 'download_progress(%)', '50'],
    ['BLS_INGESTING', 'ingestion_status', 'IS_RUNNING'],
    ['BLS_PAUSING', 'is_paused', 'YES'],
    ['BLS_CANCELED', 'is_cleaned_up', 'NO'],
  ] as const)('of one partition tells each member what matters in %s', (status, title, told) => {
    const answer: LoadStatusAnswer = { ...ANSWER, partitions: [status], members: [{ n1: member(50, { ingestStatus: 'IS_RUNNING', isPaused: true }) }] };
    expect(lines(answer, { partitionIndex: 0, detailed: true }).slice(0, 3)).toEqual(['[single partition]', `partition_index  node_address  ${title}`, `0                n1            ${told}`]);
  });

  it('of one partition tells no members where nothing is asked of them', () => {
    for (const status of ['BLS_INVALID', 'BLS_PAUSED', 'BLS_DOWNLOADED'] as const) {
      expect(lines({ ...ANSWER, partitions: [status] }, { partitionIndex: 0, detailed: true })[0]).toBe('[summary]');
    }
  });

  it('of an error, or of a partition that is not there, is one line', () => {
    expect(lines({ ...ANSWER, error: 'ERR_INGESTION_FAILED', hint: 'last time' })).toEqual(['query bulk load failed, error=ERR_INGESTION_FAILED [hint:"last time"]']);
    for (const partitionIndex of [3, -2]) {
      expect(lines(ANSWER, { partitionIndex, detailed: false })).toEqual(['query bulk load failed, error=ERR_INVALID_PARAMETERS [hint:"invalid partition index"]']);
    }
  });
});
