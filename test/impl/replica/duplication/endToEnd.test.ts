/** A duplication with checkpoint from its request to its last write, with everything real on both sides (dup 5, 6). */
import { describe, expect, it } from 'vitest';
import type { DuplicationStatus } from '../../../../model/vocabulary.ts';
import { metaOf, serversOf, TwoClusters } from './twoClusters.ts';

const SETTINGS = {
  duplicationSyncPeriodMs: 1000,
  dupProgressMinUpdatePeriodMs: 500,
  checkpointIntervalMs: 2000,
  checkpointRetryAfterFlushMs: 200,
  groupCheckIntervalMs: 3000,
  configSyncIntervalMs: 1000,
  pegasusClusters: { source: [metaOf('source')], follower: [metaOf('follower')] },
  duplicationGroup: { source: 1, follower: 2 },
} as const;

function addDup(c: TwoClusters, appName: string, checkpoint: boolean): number {
  const request = {
    appName,
    remoteClusterName: 'follower',
    isDuplicatingCheckpoint: checkpoint,
    remoteAppName: '',
    remoteReplicaCount: 0,
  };
  const answer = c.answer(metaOf('source'), 'RPC_CM_ADD_DUPLICATION', request);
  expect(answer.error).toBe('ERR_OK');
  return answer.dupId;
}

function statusOf(c: TwoClusters, appName: string): DuplicationStatus | undefined {
  return c.answer(metaOf('source'), 'RPC_CM_QUERY_DUPLICATION', { appName }).entries[0]?.status;
}

function runUntilStatus(c: TwoClusters, appName: string, status: DuplicationStatus): void {
  for (let i = 0; i < 60 && statusOf(c, appName) !== status; i++) c.run(500);
  expect(statusOf(c, appName)).toBe(status);
}

describe('a duplication with checkpoint', () => {
  it('brings what was there by the checkpoint, and what comes later by the log, to every member', () => {
    const c = new TwoClusters({ settings: SETTINGS });
    const appId = c.createMaster('m', 2);
    for (let i = 0; i < 10; i++) for (const p of [0, 1]) expect(c.put('source', `${appId}.${p}`, `k${i}`, `v${i}`)).toBe('ERR_OK');
    addDup(c, 'm', true);
    for (let i = 0; i < 5; i++) for (const p of [0, 1]) expect(c.put('source', `${appId}.${p}`, `during${i}`, 'x')).toBe('ERR_OK');
    runUntilStatus(c, 'm', 'DS_LOG');
    for (const p of [0, 1]) {
      const [opened] = c.claims(c.primary('follower', `1.${p}`), 'replica.opened').filter(({ gpid }) => gpid === `1.${p}`);
      expect(opened?.durable).toBeGreaterThanOrEqual(10);
    }
    for (const p of [0, 1]) expect(c.put('source', `${appId}.${p}`, 'late', 'y')).toBe('ERR_OK');
    c.run(10_000);
    for (const p of [0, 1]) {
      expect(c.hasAllMembers('follower', `1.${p}`)).toBe(true);
      for (let i = 0; i < 10; i++) expect(c.get('follower', `1.${p}`, `k${i}`)).toBe(`v${i}`);
      for (const node of serversOf('follower')) expect(c.local(node, `1.${p}`, 'k9')).toBe('v9');
    }
    // Keys of one hash key lie in one partition; the other one's writes were made by hand past the routing.
    const found = [0, 1].filter((p) => c.get('follower', `1.${p}`, 'late') === 'y');
    expect(found.length).toBeGreaterThanOrEqual(1);
    expect(c.checks()).toEqual([]);
    expect(c.renamedUnsynced).toEqual([]);
  });

  it('of an empty table', () => {
    const c = new TwoClusters({ settings: SETTINGS });
    const appId = c.createMaster('m', 1);
    addDup(c, 'm', true);
    runUntilStatus(c, 'm', 'DS_LOG');
    expect(c.put('source', `${appId}.0`, 'k', 'v')).toBe('ERR_OK');
    c.run(5000);
    expect(c.get('follower', '1.0', 'k')).toBe('v');
    expect(c.checks()).toEqual([]);
  });

  it('over restarts of everybody, in turn', () => {
    const c = new TwoClusters({ settings: SETTINGS });
    const appId = c.createMaster('m', 1);
    const gpid = `${appId}.0`;
    for (let i = 0; i < 10; i++) expect(c.put('source', gpid, `k${i}`, `v${i}`)).toBe('ERR_OK');
    addDup(c, 'm', true);
    const nodes = [...serversOf('source'), metaOf('source'), metaOf('follower'), ...serversOf('follower')];
    for (const node of nodes) {
      c.run(700);
      c.restart(node);
    }
    c.run(1000);
    runUntilStatus(c, 'm', 'DS_LOG');
    c.runUntil(() => c.isServing('source', gpid));
    expect(c.put('source', gpid, 'late', 'y')).toBe('ERR_OK');
    c.run(10_000);
    for (let i = 0; i < 10; i++) expect(c.get('follower', '1.0', `k${i}`)).toBe(`v${i}`);
    expect(c.get('follower', '1.0', 'late')).toBe('y');
    for (const node of serversOf('follower')) expect(c.local(node, '1.0', 'late')).toBe('y');
    expect(c.checks()).toEqual([]);
  });
});
