import { describe, expect, it } from 'vitest';
import type { DuplicationStatus, Gpid } from '../../../../model/vocabulary.ts';
import { partitionHashOf } from '../../../../impl/protocol/rrdb.ts';
import type { Settings } from '../../../../impl/settings.ts';
import { metaOf, serversOf, TwoClusters } from './twoClusters.ts';
import type { TwoClusterOptions } from './twoClusters.ts';

const SETTINGS: Partial<Settings> = {
  duplicationSyncPeriodMs: 500,
  dupProgressMinUpdatePeriodMs: 200,
  configSyncIntervalMs: 1000,
  groupCheckIntervalMs: 2000,
  checkpointRetryAfterFlushMs: 500,
  pegasusClusters: { source: [metaOf('source')], follower: [metaOf('follower')] },
  duplicationGroup: { source: 1, follower: 2 },
};

class Duplicating extends TwoClusters {
  readonly appId: number;

  constructor(partitions = 1, options: TwoClusterOptions = {}) {
    super({ ...options, settings: { ...SETTINGS, ...options.settings } });
    this.appId = this.createMaster('m', partitions);
  }

  addDup(checkpoint: boolean): number {
    const answer = this.answer(metaOf('source'), 'RPC_CM_ADD_DUPLICATION', {
      appName: 'm', remoteClusterName: 'follower', isDuplicatingCheckpoint: checkpoint, remoteAppName: 'far', remoteReplicaCount: 0,
    });
    if (answer.error !== 'ERR_OK') throw new Error(`${answer.error} ${answer.hint}`);
    return answer.dupId;
  }

  modify(dupId: number, status: DuplicationStatus): void {
    const request = { appName: 'm', dupId, status, failMode: undefined };
    const { error } = this.answer(metaOf('source'), 'RPC_CM_MODIFY_DUPLICATION', request);
    if (error !== 'ERR_OK') throw new Error(error);
  }

  statusOf(dupId: number): DuplicationStatus | undefined {
    const { entries } = this.answer(metaOf('source'), 'RPC_CM_QUERY_DUPLICATION', { appName: 'm' });
    return entries.find((entry) => entry.dupId === dupId)?.status;
  }

  gpid(index = 0): Gpid {
    return `${this.appId}.${index}`;
  }

  /** The follower's table, serving; its first one. */
  remote(index = 0): Gpid {
    return `1.${index}`;
  }

  last(dupId: number, index = 0): number {
    const primary = serversOf('source').map((n) => this.replica(n, this.gpid(index))).find((r) => r?.isPrimary());
    return primary?.duplicatorManager.duplications.get(dupId)?.lastDecree() ?? -1;
  }

  drained(dupId: number): boolean {
    const primary = serversOf('source').map((n) => this.replica(n, this.gpid())).find((r) => r?.isPrimary());
    const dup = primary?.duplicatorManager.duplications.get(dupId);
    return dup !== undefined && dup.pendingMutations() === 0 && dup.confirmedDecree() === dup.lastDecree();
  }
}

describe('a duplication of the log only, meta to follower (dup 6)', () => {
  function logOnly(options: TwoClusterOptions = {}): { c: Duplicating; dupId: number } {
    const c = new Duplicating(1, options);
    c.create('follower', 'far');
    c.runUntil(() => c.isServing('follower', c.remote()));
    const dupId = c.addDup(false);
    c.runUntil(() => c.last(dupId) === 0 && c.drained(dupId));
    return { c, dupId };
  }

  it('ships the first write and the last one, within a second', () => {
    const { c, dupId } = logOnly();
    for (let i = 0; i < 20; i++) expect(c.put('source', c.gpid(), `k${i}`, `v${i}`)).toBe('ERR_OK');
    c.runUntil(() => c.last(dupId) === 20, 1000);
    for (let i = 0; i < 20; i++) expect(c.get('follower', c.remote(), `k${i}`)).toBe(`v${i}`);
    c.runUntil(() => c.drained(dupId), 3000);
    expect(c.checks()).toEqual([]);
  });

  it('pause keeps writes back, resume ships them, remove ends it', () => {
    const { c, dupId } = logOnly();
    c.put('source', c.gpid(), 'a', '1');
    c.runUntil(() => c.drained(dupId));
    c.modify(dupId, 'DS_PAUSE');
    c.run(1500);
    c.put('source', c.gpid(), 'b', '2');
    c.run(1500);
    expect(c.get('follower', c.remote(), 'b')).toBe(undefined);
    c.modify(dupId, 'DS_LOG');
    c.runUntil(() => c.drained(dupId));
    expect(c.get('follower', c.remote(), 'b')).toBe('2');
    c.modify(dupId, 'DS_REMOVED');
    c.run(3000);
    c.put('source', c.gpid(), 'd', '3');
    c.run(3000);
    expect(c.get('follower', c.remote(), 'd')).toBe(undefined);
    for (const node of serversOf('source')) {
      expect(c.replica(node, c.gpid())?.app.duplicating).toBe(false);
      expect(c.replica(node, c.gpid())?.duplicatorManager.duplications.size).toBe(0);
    }
    expect(c.checks()).toEqual([]);
  });

  it('goes on after the primary’s server was restarted, from what is persisted', () => {
    const { c, dupId } = logOnly();
    for (let i = 0; i < 10; i++) c.put('source', c.gpid(), `k${i}`, `v${i}`);
    c.runUntil(() => c.last(dupId) === 10);
    c.restart(c.primary('source', c.gpid()));
    c.runUntil(() => c.isServing('source', c.gpid()));
    expect(c.put('source', c.gpid(), 'k10', 'v10')).toBe('ERR_OK');
    c.runUntil(() => c.drained(dupId));
    for (let i = 0; i <= 10; i++) expect(c.get('follower', c.remote(), `k${i}`)).toBe(`v${i}`);
    expect(c.checks()).toEqual([]);
  });

  it('goes on while files of the log are collected behind it', () => {
    const { c, dupId } = logOnly({
      settings: {
        checkpointIntervalMs: 300, checkpointMaxIntervalMs: 600, logPrivateFileSizeBytes: 300,
        logPrivateReserveMaxSizeBytes: 0, duplicateLogBatchBytes: 100,
      },
    });
    for (let i = 0; i < 60; i++) {
      c.put('source', c.gpid(), `k${i}`, `v${i}`);
      c.run(50);
    }
    c.runUntil(() => c.drained(dupId));
    for (let i = 0; i < 60; i++) expect(c.get('follower', c.remote(), `k${i}`)).toBe(`v${i}`);
    const replica = c.replica(c.primary('source', c.gpid()), c.gpid());
    c.run(2000);
    expect(replica?.privateLog?.maxGcedDecree()).toBeGreaterThan(10);
    expect(c.checks()).toEqual([]);
  });
});

describe('a duplication with its checkpoint (dup 5)', () => {
  it('of empty partitions, one record, and many: the follower has all of it, and what comes later', () => {
    const c = new Duplicating(3);
    expect(c.put('source', c.gpid(1), 'one', '1')).toBe('ERR_OK');
    for (let i = 0; i < 10; i++) c.put('source', c.gpid(2), `k${i}`, `v${i}`);
    const dupId = c.addDup(true);
    c.runUntil(() => [0, 1, 2].every((i) => c.isServing('follower', c.remote(i))), 30_000);
    c.runUntil(() => c.statusOf(dupId) === 'DS_LOG', 10_000);
    expect(c.get('follower', c.remote(1), 'one')).toBe('1');
    for (let i = 0; i < 10; i++) expect(c.get('follower', c.remote(2), `k${i}`)).toBe(`v${i}`);
    // The raw client's one hash key belongs to one partition only, which is where the follower takes it.
    const own = Number(partitionHashOf('h') % 3n);
    c.put('source', c.gpid(own), 'late', 'x');
    c.runUntil(() => c.get('follower', c.remote(own), 'late') === 'x', 5000);
    expect(c.checks()).toEqual([]);
  });

  it('reaches DS_LOG although the master’s server is restarted in DS_PREPARE (#2098), and again later', () => {
    const c = new Duplicating(1, { settings: { checkpointRetryAfterFlushMs: 3000 } });
    c.put('source', c.gpid(), 'a', '1');
    const dupId = c.addDup(true);
    c.run(1600);
    expect(c.statusOf(dupId)).toBe('DS_PREPARE');
    c.restart(c.primary('source', c.gpid()));
    c.runUntil(() => c.statusOf(dupId) !== 'DS_PREPARE', 30_000);
    c.restart(serversOf('source').find((n) => c.replica(n, c.gpid())?.isPrimary()) ?? '');
    c.runUntil(() => c.statusOf(dupId) === 'DS_LOG', 30_000);
    c.runUntil(() => c.isServing('source', c.gpid()));
    c.put('source', c.gpid(), 'b', '2');
    c.runUntil(() => c.drained(dupId));
    expect([c.get('follower', c.remote(), 'a'), c.get('follower', c.remote(), 'b')]).toEqual(['1', '2']);
    expect(c.checks()).toEqual([]);
  });
});
