import { describe, expect, it } from 'vitest';
import * as records from '../../../../impl/meta/bulkLoad/bulkLoadRecords.ts';
import { decodeIngestion, encodeIngestion } from '../../../../impl/protocol/ingestion.ts';

const FILES = [{ name: '00001.sst', size: 5331, md5: 'ab' }];
const PARTITION =
  '{"status":"replication::bulk_load_status::BLS_SUCCEED","metadata":{"files":[{"name":"00001.sst","size":5331,' +
  '"md5":"ab"}],"file_total_size":5331},"ever_ingest_succeed":1,"host_ports":["n1:34801","n2:34801"]}';

describe('the records of a bulk load', () => {
  it('have the JSON of upstream', () => {
    const record: records.PartitionBulkLoadRecord = {
      status: 'BLS_SUCCEED',
      metadata: { files: FILES, fileTotalSize: 5331 },
      everIngestSucceed: true,
      hostPorts: ['n1:34801', 'n2:34801'],
    };
    expect(records.encodePartitionBulkLoad(record)).toBe(PARTITION);
    expect(records.decodePartitionBulkLoad(PARTITION)).toEqual(record);
  });

  it('of a table come back as they went', () => {
    const record: records.AppBulkLoadRecord = {
      appId: 2,
      partitionCount: 8,
      appName: 't',
      clusterName: 'c',
      fileProviderType: 'local',
      status: 'BLS_FAILED',
      remoteRootPath: 'root',
      ingestBehind: true,
      isEverIngesting: true,
      error: 'ERR_INGESTION_FAILED',
      loadId: 2 ** 41,
    };
    const json = records.encodeAppBulkLoad(record);
    expect(records.decodeAppBulkLoad(json)).toEqual(record);
    expect(Object.keys(JSON.parse(json) as object).join(' ')).toBe(
      'app_id partition_count app_name cluster_name file_provider_type status remote_root_path ingest_behind ' +
        'is_ever_ingesting bulk_load_err load_id',
    );
  });

  it.each([
    ['{}', 'BLS_INVALID', false],
    ['{"status":"x"}', 'BLS_INVALID', false],
    ['{"ever_ingest_succeed":true}', 'BLS_INVALID', true],
    [PARTITION.replace('{', '{"new":1,'), 'BLS_SUCCEED', true],
  ])('a record %s is read with what it says', (json, status, everIngestSucceed) => {
    expect(records.decodePartitionBulkLoad(json)).toMatchObject({ status, everIngestSucceed });
  });

  it.each([
    '',
    '[]',
    '{"status":1}',
    '{"ever_ingest_succeed":"1"}',
    '{"host_ports":[1]}',
    '{"metadata":[]}',
    '{"new":1,"status":"replication::bulk_load_status::BLS_SUCCEED"}',
  ])('a record %s is none', (json) => {
    expect(records.decodePartitionBulkLoad(json)).toBeUndefined();
  });
});

describe('the body of the ingestion write', () => {
  const request = {
    appName: 't',
    metadata: { files: [...FILES, { name: '2.sst', size: 2 ** 40 + 1, md5: '' }], fileTotalSize: 2 ** 40 + 5332 },
    ingestBehind: true,
    ballot: 7,
    verifyBeforeIngest: false,
  };

  it('comes back as it went', () => {
    const body = encodeIngestion(request);
    expect(decodeIngestion(body)).toEqual(request);
    expect(body.at(-1)).toBe(0);
  });

  it('is none when bytes are missing or left over', () => {
    const body = encodeIngestion(request);
    for (let length = 0; length < body.length; length++) {
      expect(decodeIngestion(body.subarray(0, length))).toBeUndefined();
    }
    expect(decodeIngestion(new Uint8Array([...body, 0]))).toBeUndefined();
  });
});
