/** The records of duplications in the store (dup 2.4, 15). */
import { describe, expect, it } from 'vitest';
import {
  decodeDuplication,
  decodeProgress,
  duplicationPath,
  encodeDuplication,
  encodeProgress,
  progressPath,
} from '../../../../impl/meta/duplication/duplicationRecords.ts';

const DEFAULTS = { appName: 't1', maxReplicaCount: 3 };
const FULL = {
  remote: 'follower',
  status: 'DS_LOG',
  create_timestamp_ms: 12,
  fail_mode: 'FAIL_SKIP',
  remote_app_name: 'f1',
  remote_replica_count: 2,
};
const DECODED = {
  remote: 'follower',
  status: 'DS_LOG',
  createTimestampMs: 12,
  failMode: 'FAIL_SKIP',
  remoteAppName: 'f1',
  remoteReplicaCount: 2,
} as const;

const decode = (json: unknown): unknown => decodeDuplication(JSON.stringify(json), DEFAULTS);
const without = (key: keyof typeof FULL): object => Object.fromEntries(
  Object.entries(FULL).filter(([name]) => name !== key),
);

describe('the record of a duplication', () => {
  it('is written with upstream’s keys in upstream’s order', () => {
    expect(encodeDuplication(DECODED)).toBe(
      '{"remote":"follower","status":"DS_LOG","create_timestamp_ms":12,"fail_mode":"FAIL_SKIP",' +
        '"remote_app_name":"f1","remote_replica_count":2}',
    );
    expect(decode(FULL)).toEqual(DECODED);
  });

  it('stands below its table', () => {
    expect(duplicationPath('source', 3, 17)).toBe('/pegasus/source/apps/3/duplication/17');
    expect(progressPath('source', 3, 17, 5)).toBe('/pegasus/source/apps/3/duplication/17/5');
  });

  it('takes the table’s name and replica count for those it does not say', () => {
    const expected = { ...DECODED, remoteAppName: 't1', remoteReplicaCount: 3 };
    expect(decode({ ...FULL, remote_app_name: '', remote_replica_count: 0 })).toEqual(expected);
    const old = { remote: 'follower', status: 'DS_LOG', create_timestamp_ms: 12, fail_mode: 'FAIL_SKIP' };
    expect(decode(old)).toEqual(expected);
  });

  it('allows an unknown key only when no known one is missing', () => {
    expect(decode({ ...FULL, mode: 'FULL' })).toEqual(DECODED);
    expect(decode({ ...without('remote_app_name'), mode: 'FULL' })).toBeUndefined();
    expect(decode(without('fail_mode'))).toEqual({ ...DECODED, failMode: 'FAIL_SLOW' });
    expect(decode(without('create_timestamp_ms'))).toEqual({ ...DECODED, createTimestampMs: 0 });
  });

  it.each([
    ['an unknown status', { ...FULL, status: 'DS_START' }],
    ['a status of another case', { ...FULL, status: 'ds_log' }],
    ['no status', without('status')],
    ['an unknown fail mode', { ...FULL, fail_mode: 'FAIL' }],
    ['no remote cluster', without('remote')],
    ['a remote cluster that is no string', { ...FULL, remote: 1 }],
    ['a time that is no integer', { ...FULL, create_timestamp_ms: '12' }],
    ['a count that is no integer', { ...FULL, remote_replica_count: 1.5 }],
    ['a table that is no string', { ...FULL, remote_app_name: 1 }],
    ['a list', [FULL]],
    ['null', null],
    ['a number', 5],
  ])('does not decode with %s', (_what, json) => {
    expect(decode(json)).toBeUndefined();
  });

  it.each(['', '{', '{"remote":"follower"', 'x'])('does not decode %j', (text) => {
    expect(decodeDuplication(text, DEFAULTS)).toBeUndefined();
  });
});

describe('the record of a progress', () => {
  it.each([
    ['', -1],
    ['0', 0],
    ['-1', -1],
    ['123', 123],
  ])('%j reads as %i', (text, decree) => {
    expect(decodeProgress(text)).toBe(decree);
  });

  it.each(['-2', '-99', 'x', '1x', ' 1', '1.5', '-', '+1', '0x10', '1e3', '99999999999999999999'])('%j reads as nothing', (text) => {
    expect(decodeProgress(text)).toBeUndefined();
  });

  it('is written in decimal', () => {
    expect(encodeProgress(123)).toBe('123');
  });
});
