/** The records of a provider: exact bytes, what a decoder takes and what it refuses (bl 4.4, 5). */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Md5 } from '../../../impl/protocol/md5.ts';
import { sidecarPath } from '../../../impl/provider/paths.ts';
import {
  decodeBulkLoadInfo,
  decodeBulkLoadMetadata,
  decodeSidecar,
  encodeBulkLoadInfo,
  encodeBulkLoadMetadata,
} from '../../../impl/provider/records.ts';
import { bytesOf } from './suite.ts';

const info = (text: string): unknown => decodeBulkLoadInfo(bytesOf(text));
const metadata = (text: string): unknown => decodeBulkLoadMetadata(bytesOf(text));

describe('encoding', () => {
  it('writes upstream\'s keys in their order', () => {
    expect(encodeBulkLoadInfo({ appId: 2, appName: 't1', partitionCount: 8 })).toBe('{"app_id":2,"app_name":"t1","partition_count":8}');
    const files = [{ name: '00001.sst', size: 5331, md5: 'ab' }];
    expect(encodeBulkLoadMetadata({ files, fileTotalSize: 5331 })).toBe(
      '{"files":[{"name":"00001.sst","size":5331,"md5":"ab"}],"file_total_size":5331}',
    );
    expect(sidecarPath('a/b/00001.sst')).toBe('a/b/.00001.sst.meta');
    expect(sidecarPath('f')).toBe('.f.meta');
  });
});

describe('decoding takes', () => {
  it('all known keys with any others, or some known keys with no others', () => {
    expect(info('{"x":1,"partition_count":8,"app_name":"t","app_id":2}')).toEqual({ appId: 2, appName: 't', partitionCount: 8 });
    expect(info('{"app_id":2}')).toEqual({ appId: 2, appName: '', partitionCount: 0 });
    expect(info('{}')).toEqual({ appId: 0, appName: '', partitionCount: 0 });
    expect(metadata('{}')).toEqual({ files: [], fileTotalSize: 0 });
    expect(metadata('{"files":[{"name":"a"}],"file_total_size":-1}')).toEqual({ files: [{ name: 'a', size: 0, md5: '' }], fileTotalSize: -1 });
    expect(decodeSidecar(bytesOf('{"size":3,"md5":"x"}'))).toEqual({ size: 3, md5: 'x' });
  });
});

describe('decoding refuses', () => {
  it.each([
    '', 'x', '[]', 'null', '3', '{"app_id":2', '{"app_id":"2"}', '{"app_id":2.5}', '{"app_id":2147483648}', '{"app_id":null}',
    '{"app_name":3}', '{"app_id":2,"other":1}',
  ])('the info %j', (text) => {
    expect(info(text)).toBeUndefined();
  });

  it.each([
    '{"files":{}}', '{"files":null}', '{"files":[3]}', '{"files":[{"name":3}]}', '{"files":[{"name":"a","size":"1"}]}', '{"file_total_size":1e99}',
    '{"files":[{"name":"a","more":1}]}',
  ])('the metadata %j', (text) => {
    expect(metadata(text)).toBeUndefined();
  });

  it.each(['', '.', '..', 'a/b', '../x', 'a\\u0000'])('a file named %j, which is none of its directory', (name) => {
    expect(metadata(`{"files":[{"name":"${name}","size":1,"md5":""}],"file_total_size":1}`)).toBeUndefined();
  });
});

describe('an MD5 that grows', () => {
  it('is that of all bytes, however they come in', () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => (i * 31) & 255);
    for (let first = 0; first <= 130; first++) {
      const digest = new Md5().update(bytes.subarray(0, first)).update(bytes.subarray(first, first + 7)).update(bytes.subarray(first + 7));
      expect(digest.hex()).toBe(createHash('md5').update(bytes).digest('hex'));
    }
  });

  it('may be asked on the way', () => {
    const digest = new Md5();
    expect(digest.hex()).toBe('d41d8cd98f00b204e9800998ecf8427e');
    expect(digest.update(bytesOf('abc')).hex()).toBe('900150983cd24fb0d6963f7d28e17f72');
    expect(digest.update(bytesOf('def')).hex()).toBe(createHash('md5').update('abcdef').digest('hex'));
  });
});
