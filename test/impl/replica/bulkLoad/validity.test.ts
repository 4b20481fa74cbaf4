/** The validity table of bl 13.4, cell by cell, and what each valid cell does to the local status. */
import { describe, expect, it } from 'vitest';
import type { BulkLoadStatus } from '../../../../model/vocabulary.ts';
import { isBulkLoadStatusValid } from '../../../../impl/replica/bulkLoad/bulkLoadValidity.ts';
import { LoadCluster } from './loadCluster.ts';

const LOCAL = [
  'INVALID', 'DOWNLOADING', 'DOWNLOADED', 'INGESTING', 'SUCCEED', 'PAUSED', 'FAILED', 'PAUSING', 'CANCELED',
] as const;
type Short = (typeof LOCAL)[number];

/** By desired status, in the order of LOCAL: 1 ok, 0 ERR_INVALID_STATE. */
const TABLE: Readonly<Record<Short, string>> = {
  INVALID: '111111111',
  DOWNLOADING: '111111000',
  DOWNLOADED: '001000000',
  INGESTING: '001100000',
  SUCCEED: '101110000',
  FAILED: '111111111',
  // INGESTING and SUCCEED: of a round before (docs/departures.md, bl.13.4).
  PAUSING: '111111010',
  PAUSED: '000000000',
  CANCELED: '111111111',
};

const CLEANED = {
  DOWNLOADING: 'INVALID', DOWNLOADED: 'INVALID', INGESTING: 'INVALID', SUCCEED: 'INVALID', PAUSED: 'INVALID',
} as const;

/** What the local status is after the wish was followed; FAILED, PAUSING and CANCELED are never local. */
const AFTER: Readonly<Partial<Record<Short, Readonly<Partial<Record<Short, Short>>>>>> = {
  DOWNLOADING: { INVALID: 'DOWNLOADING', INGESTING: 'DOWNLOADING', SUCCEED: 'DOWNLOADING', PAUSED: 'DOWNLOADING' },
  INGESTING: { DOWNLOADED: 'INGESTING' },
  SUCCEED: { DOWNLOADED: 'SUCCEED', INGESTING: 'SUCCEED', SUCCEED: 'INVALID' },
  FAILED: CLEANED,
  CANCELED: CLEANED,
  PAUSING: {
    INVALID: 'PAUSED', DOWNLOADING: 'PAUSED', DOWNLOADED: 'PAUSED', INGESTING: 'PAUSED', SUCCEED: 'PAUSED',
  },
};

function status(short: Short): BulkLoadStatus {
  return `BLS_${short}`;
}

describe('the wishes that a replica can follow (bl 13.4)', () => {
  const desired = Object.keys(TABLE) as Short[];

  it.each(desired)('%s', (wish) => {
    const cells = LOCAL.map((local) => (isBulkLoadStatusValid(status(wish), status(local)) ? '1' : '0')).join('');
    expect(cells).toBe(TABLE[wish]);
  });

  it.each(desired)('%s, on a primary: what it answers, and what becomes of it', (wish) => {
    const c = new LoadCluster();
    c.fill();
    const loader = c.loader();
    for (const [i, local] of LOCAL.slice(0, 6).entries()) {
      loader.clearStates();
      loader.localStatus = status(local);
      const valid = TABLE[wish][i] === '1';
      const response = loader.onBulkLoad(c.wish(status(wish)));
      expect([local, response.error]).toEqual([local, valid ? 'ERR_OK' : 'ERR_INVALID_STATE']);
      expect([local, loader.localStatus]).toEqual([local, status((valid ? AFTER[wish]?.[local] : undefined) ?? local)]);
      expect(response.primaryStatus).toBe(loader.localStatus);
      c.run(500);
    }
    expect(c.checks()).toEqual([]);
  });

  it('a refusal is not passed on to the secondaries', () => {
    const c = new LoadCluster();
    expect(c.poll('BLS_INGESTING').error).toBe('ERR_INVALID_STATE');
    expect(c.sent.filter(({ code }) => code === 'RPC_GROUP_BULK_LOAD')).toEqual([]);
    expect(c.poll('BLS_PAUSING').error).toBe('ERR_OK');
    const asked = c.sent.filter(({ code, kind }) => code === 'RPC_GROUP_BULK_LOAD' && kind === 'request');
    expect(asked.map(({ to }) => to)).toEqual(c.secondaries());
  });
});
