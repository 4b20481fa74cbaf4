import { describe, expect, it } from 'vitest';
import { RESET_STATE } from '../../../../impl/replica/bulkLoad/types.ts';
import type { BulkLoadStatus, ErrorCode } from '../../../../model/vocabulary.ts';
import { LoadCluster } from './loadCluster.ts';

/** What the primary tells of a secondary that answered so to the wish. */
function toldOf(asked: BulkLoadStatus, error: Exclude<ErrorCode, 'ERR_OK'>, status: BulkLoadStatus, ballotBehind = 0) {
  const c = new LoadCluster();
  const loader = c.loader();
  const [node = ''] = c.secondaries();
  const ballot = c.replica(c.primaryNode(), c.gpid).ballot();
  loader.group.broadcast(c.wish(asked));
  loader.group.onGroupBulkLoadReply(
    { error: 'ERR_OK', body: { error, status, state: RESET_STATE } },
    node,
    ballot - ballotBehind,
  );
  return loader.group.secondaryStates.get(node)?.downloadStatus;
}

describe('a secondary that refuses a wish', () => {
  it.each([
    ['BLS_INGESTING', 'ERR_INVALID_STATE', 'BLS_INVALID', 'ERR_INVALID_STATE'],
    ['BLS_DOWNLOADED', 'ERR_INVALID_STATE', 'BLS_PAUSED', 'ERR_INVALID_STATE'],
    ['BLS_INGESTING', 'ERR_INVALID_STATE', 'BLS_DOWNLOADING', 'ERR_OK'],
    ['BLS_INGESTING', 'ERR_BUSY', 'BLS_INGESTING', 'ERR_OK'],
    ['BLS_DOWNLOADING', 'ERR_FILE_OPERATION_FAILED', 'BLS_INVALID', 'ERR_FILE_OPERATION_FAILED'],
    ['BLS_DOWNLOADING', 'ERR_BUSY', 'BLS_INVALID', 'ERR_OK'],
    ['BLS_DOWNLOADING', 'ERR_INVALID_STATE', 'BLS_INVALID', 'ERR_OK'],
    ['BLS_CANCELED', 'ERR_INVALID_STATE', 'BLS_INVALID', 'ERR_OK'],
  ] as const)('%s with %s, being %s, is told of with %s', (asked, error, status, told) => {
    expect(toldOf(asked, error, status)).toBe(told);
  });

  it('or cleaned up is not taken to have done so for the next load (bl.B35)', () => {
    const c = new LoadCluster();
    const loader = c.loader();
    const cleaned = { ...RESET_STATE, isCleanedUp: true };
    const failed = (loadId: number) => ({ ...c.wish('BLS_FAILED'), loadId });
    loader.onBulkLoad(failed(1));
    for (const node of c.secondaries()) loader.group.secondaryStates.set(node, cleaned);
    expect(loader.onBulkLoad(failed(1)).isGroupCleanedUp).toBe(true);
    expect(loader.onBulkLoad(failed(2)).isGroupCleanedUp).toBe(false);
  });

  it('is not judged by what it answered to another ballot', () => {
    expect(toldOf('BLS_INGESTING', 'ERR_INVALID_STATE', 'BLS_INVALID', 1)).toBe('ERR_OK');
  });
});
