import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../../model/vocabulary.ts';
import { LoadCluster } from './loadCluster.ts';

function startWith(prepare: (cluster: LoadCluster) => void, request = {}): { error: ErrorCode; hint: string } {
  const cluster = new LoadCluster();
  prepare(cluster);
  const answers = cluster.start(request);
  cluster.run(1000);
  expect(cluster.failure()).toBeUndefined();
  const [first] = answers;
  if (first === undefined) throw new Error('no answer');
  return first;
}

describe('start of a bulk load', () => {
  it.each([
    [{ appName: 'x' }, 'ERR_APP_NOT_EXIST', 'app not existed is '],
    [{ ingestBehind: true }, 'ERR_INCONSISTENT_STATE', 'inconsistent ingestion behind option'],
    [{ fileProviderType: 'x' }, 'ERR_INVALID_PARAMETERS', 'invalid file_provider'],
    [{ clusterName: 'x' }, 'ERR_OBJECT_NOT_FOUND', 'read bulk_load_info failed'],
  ])('refuses %o with %s', (request, error, hint) => {
    expect(startWith(() => undefined, request)).toEqual({ error, hint });
  });

  it.each([
    [{ app_id: 2, app_name: 't', partition_count: 2 }],
    [{ app_id: 1, app_name: 't', partition_count: 4 }],
  ])('refuses the files of %o', (info) => {
    const answer = startWith((cluster) => cluster.putInfo(info));
    expect(answer).toEqual({ error: 'ERR_INCONSISTENT_STATE', hint: 'app_id or partition_count is inconsistent' });
  });

  it('refuses a description that is damaged', () => {
    const answer = startWith((cluster) => cluster.put('root/c/t/bulk_load_info', '{"app_id":"1"}'));
    expect(answer).toEqual({ error: 'ERR_CORRUPTION', hint: 'bulk_load_info damaged' });
  });

  it('refuses a table that is being dropped', () => {
    const answer = startWith((cluster) => (cluster.app().status = 'AS_DROPPING'));
    expect(answer).toEqual({ error: 'ERR_APP_DROPPED', hint: 'app not available is ' });
  });

  it.each([
    ['true', true, 'ERR_OK'],
    ['TRUE', true, 'ERR_OK'],
    ['true', false, 'ERR_OK'],
    ['false', true, 'ERR_INCONSISTENT_STATE'],
    ['false', false, 'ERR_OK'],
    ['invalid', true, 'ERR_INCONSISTENT_STATE'],
    ['invalid', false, 'ERR_OK'],
    [undefined, true, 'ERR_INCONSISTENT_STATE'],
    [undefined, false, 'ERR_OK'],
  ])('with the env %s, ingest_behind %s: %s', (env, ingestBehind, error) => {
    const cluster = new LoadCluster({ envs: env === undefined ? {} : { 'rocksdb.allow_ingest_behind': env } });
    const answers = cluster.start({ ingestBehind });
    cluster.run(1000);
    expect(answers.map((answer) => answer.error)).toEqual([error]);
  });

  it('stores that the table loads before the records of the load, and answers last', () => {
    const cluster = new LoadCluster();
    cluster.cluster.world.writes.length = 0;
    const answers = cluster.start();
    cluster.run(3);
    expect(answers).toEqual([{ error: 'ERR_OK', hint: '' }]);
    const paths = cluster.cluster.world.writes.map(({ operation, path }) => `${operation} ${path}`);
    expect(paths.slice(0, 5)).toEqual([
      'create /pegasus/source/bulk_load',
      'set /pegasus/source/apps/1',
      'create /pegasus/source/bulk_load/1',
      'create /pegasus/source/bulk_load/1/0',
      'create /pegasus/source/bulk_load/1/1',
    ]);
    expect(cluster.isBulkLoading()).toBe(true);
    expect(JSON.parse(cluster.cluster.world.writes[2]?.value ?? '')).toEqual({
      app_id: 1,
      partition_count: 2,
      app_name: 't',
      cluster_name: 'c',
      file_provider_type: 'local',
      status: 'replication::bulk_load_status::BLS_DOWNLOADING',
      remote_root_path: 'root',
      ingest_behind: 0,
      is_ever_ingesting: 0,
      bulk_load_err: 'ERR_OK',
      load_id: 1,
    });
  });

  it('lets no second load begin, of the same table or of another, and a refused start keeps no hold', () => {
    const cluster = new LoadCluster();
    const refused = cluster.start({ fileProviderType: 'x' });
    const first = cluster.start();
    const second = cluster.start();
    cluster.run(1000);
    expect([refused, first].map((answers) => answers[0]?.error)).toEqual(['ERR_INVALID_PARAMETERS', 'ERR_OK']);
    expect(second).toEqual([{ error: 'ERR_BUSY', hint: 'meta server is busy now, please wait' }]);
  });

  it('in concurrent mode refuses a table that loads, also one whose start is on its way to the store', () => {
    const cluster = new LoadCluster({ settings: { enableConcurrentBulkLoad: true } });
    const answers = [cluster.start(), cluster.start()];
    cluster.run(1000);
    expect(answers.map(([answer]) => answer?.error)).toEqual(['ERR_OK', 'ERR_BUSY']);
    expect(answers[1]?.[0]?.hint).toBe('app(t) is already executing bulk load');
  });
});
