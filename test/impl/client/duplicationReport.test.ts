/** What query_dup and dups print (dup 3.4). */
import { describe, expect, it } from 'vitest';
import type { DupInfo, DupsAnswer } from '../../../impl/client/duplicationAnswers.ts';
import { addReport, listReport, modifyReport, progressOf, queryReport } from '../../../impl/client/duplicationReport.ts';
import type { DupsView } from '../../../impl/client/duplicationShell.ts';

const DUP: DupInfo = {
  dupId: 1000, remote: 'follower', status: 'DS_LOG', createTsMs: 1_000_000, failMode: 'FAIL_SLOW', remoteTable: 'r1', remoteReplicaCount: 2,
  partitions: [{ partitionIndex: 0, confirmed: 3, lastCommitted: 5 }, { partitionIndex: 1, confirmed: 4, lastCommitted: 4 }],
};
const ANSWER: DupsAnswer = {
  error: 'ERR_OK', hint: '',
  tables: [{ name: 't1', appId: 1, partitionCount: 2, dups: [DUP, { ...DUP, dupId: 1001, status: 'DS_PAUSE', partitions: [] }] }, { name: 't2', appId: 2, partitionCount: 1, dups: [] }],
};
const VIEW: DupsView = { detail: false, listPartitions: false, progressGap: 0, unfinishedOnly: false, json: true, output: '' };

interface Listed {
  readonly duplications: readonly { readonly dupid: number; readonly unfinished_partition_count: number; readonly partitions?: readonly { readonly partition_id: number }[] }[];
  readonly summary: Readonly<Record<string, number>>;
}
const list = (view: Partial<DupsView>): Listed => JSON.parse(listReport(ANSWER, { ...VIEW, ...view })) as Listed;

it.each([
  ['ERR_OK', '', /^added: appid 1, dupid 7, remote table r1 of 2 replicas$/],
  ['ERR_DUP_EXIST', 'there', /^warning: ERR_DUP_EXIST: there \(appid 1, dupid 7, remote table r1 of 2 replicas\)$/],
  ['ERR_INVALID_PARAMETERS', 'no id', /^ERR_INVALID_PARAMETERS: no id$/],
] as const)('add_dup tells %s', (error, hint, printed) => {
  expect(addReport({ error, hint, appId: 1, dupId: 7, remoteTable: 'r1', remoteReplicaCount: 2 })).toMatch(printed);
  expect(modifyReport({ error, appId: 1 })).toBe(error === 'ERR_OK' ? 'done' : error);
});

describe('query_dup', () => {
  it('in detail is JSON of numbered duplications and the table', () => {
    expect(JSON.parse(queryReport(ANSWER, { detail: true }))).toEqual({
      1: {
        dupid: 1000, create_ts: 1_000_000, remote: 'follower', status: 'DS_LOG', fail_mode: 'FAIL_SLOW', remote_app_name: 'r1', remote_replica_count: 2,
        partition_states: { 0: { confirmed_decree: 3, last_committed_decree: 5 }, 1: { confirmed_decree: 4, last_committed_decree: 4 } },
      },
      2: expect.objectContaining({ dupid: 1001, status: 'DS_PAUSE', partition_states: {} }) as object,
      appid: 1,
    });
  });

  it('else is a table, and an error is one line', () => {
    expect(queryReport(ANSWER, { detail: false }).split('\n')).toEqual([
      'dup_id  status    remote cluster  create time',
      '1000    DS_LOG    follower        1000000',
      '1001    DS_PAUSE  follower        1000000',
    ]);
    expect(queryReport({ error: 'ERR_APP_NOT_EXIST', hint: 'no table', tables: [] }, { detail: true })).toBe('ERR_APP_NOT_EXIST: no table');
  });
});

describe('a partition', () => {
  it.each([
    ['DS_LOG', 3, 5, 1, 'unfinished'],
    ['DS_LOG', 3, 5, 2, 'finished'],
    ['DS_LOG', 5, 5, 0, 'finished'],
    ['DS_PAUSE', 5, 5, 0, 'unfinished'],
    ['DS_LOG', 5, 5, -1, 'neither'],
  ] as const)('%s confirmed %i of %i, gap %i: %s', (status, confirmed, lastCommitted, gap, progress) => {
    expect(progressOf(status, { partitionIndex: 0, confirmed, lastCommitted }, gap)).toBe(progress);
  });
});

describe('dups', () => {
  it('lists and sums up', () => {
    const { duplications, summary } = list({});
    expect(duplications.map((d) => [d.dupid, d.unfinished_partition_count])).toEqual([[1000, 1], [1001, 0]]);
    expect(summary).toEqual({ app_count: 2, duplicating_app_count: 1, duplication_count: 2, partition_count: 2, finished_partition_count: 1, unfinished_partition_count: 1 });
  });

  it('shows partitions, or only what is unfinished, within the gap', () => {
    expect(list({ listPartitions: true }).duplications[0]?.partitions?.map((p) => p.partition_id)).toEqual([0, 1]);
    expect(list({ listPartitions: true, unfinishedOnly: true }).duplications.map((d) => d.partitions?.map((p) => p.partition_id))).toEqual([[0]]);
    expect(list({ unfinishedOnly: true, progressGap: 2 }).duplications).toEqual([]);
    expect(list({ progressGap: -1 }).summary).toMatchObject({ finished_partition_count: 0, unfinished_partition_count: 0 });
  });

  it('as text has a row each, and the sums below', () => {
    const lines = listReport(ANSWER, { ...VIEW, json: false, listPartitions: true }).split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[1]).toMatch(/^1 +t1 +1000 +DS_LOG +follower +r1 +1$/);
    expect(lines[2]).toMatch(/partition 0 +unfinished +confirmed 3 +committed 5$/);
    expect(lines[5]).toMatch(/^app_count: 2, .*unfinished_partition_count: 1$/);
  });
});
