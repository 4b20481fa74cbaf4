import { describe, expect, it } from 'vitest';
import { loadAppInfo } from '../../../../impl/replica/infoFiles.ts';
import { CheckpointTriggers } from '../../../../impl/replica/checkpointTriggers.ts';
import { ReplicaLoader } from '../../../../impl/replica/replicaInit.ts';
import type { Parts } from '../../../../impl/parts.ts';
import type { AppInfo } from '../../../../impl/protocol/messages.ts';
import { ReplicaConfigurator } from '../../../../impl/replica/replicaConfig.ts';
import type { NodeId } from '../../../../model/vocabulary.ts';
import { NODES } from '../cluster.ts';
import { DUP, DupCluster, entryOf } from './fakes.ts';

/** Small files without reserve: every garbage collection may delete all that is cleanable. */
const TIGHT = {
  checkpointDisabled: false,
  checkpointIntervalMs: 500,
  checkpointMaxIntervalMs: 1000,
  checkpointRetryAfterFlushMs: 200,
  logPrivateFileSizeBytes: 300,
  logPrivateReserveMaxSizeBytes: 0,
  groupCheckIntervalMs: 1000,
};

function gcedOf(c: DupCluster, node: NodeId): number {
  return c.replica(node, c.gpid).privateLog?.maxGcedDecree() ?? -1;
}

function storedDuplicating(c: DupCluster, node: NodeId): boolean | undefined {
  const { ctx } = c.server(node);
  const loaded = loadAppInfo(ctx.env.disk, `${c.gpid}.pegasus`);
  return loaded.error === 'ERR_OK' ? loaded.value.duplicating : undefined;
}

describe('the log of a duplicating table (dup 6.7, D7)', () => {
  it('is kept behind the confirmed decree, on the primary and on its members, and given up when that rises', () => {
    const c = new DupCluster({ settings: TIGHT });
    c.write(4);
    c.tell(entryOf('DS_PAUSE', { 0: 3 }));
    c.sync();
    c.run(1500);
    c.write(30);
    c.run(5000);
    for (const node of NODES) {
      expect(c.replica(node, c.gpid).lastDurableDecree()).toBeGreaterThan(20);
      expect([node, c.replica(node, c.gpid).duplicatorManager.minConfirmedDecree()]).toEqual([node, 3]);
      expect(gcedOf(c, node)).toBeLessThanOrEqual(3);
    }
    c.tell(entryOf('DS_PAUSE', { 0: 20 }));
    c.run(5000);
    for (const node of NODES) {
      expect(gcedOf(c, node)).toBeGreaterThan(3);
      expect(gcedOf(c, node)).toBeLessThanOrEqual(20);
    }
    c.meta.tellNothing();
    // Config sync tells the members, and the next group check lets them forget.
    c.run(40_000);
    for (const node of NODES) {
      expect(c.replica(node, c.gpid).app.duplicating).toBe(false);
      expect(gcedOf(c, node)).toBeGreaterThan(20);
    }
    expect(c.checks()).toEqual([]);
  });

  it('nothing goes while a confirmed decree is unknown', () => {
    const c = new DupCluster({ settings: TIGHT });
    c.tell(entryOf('DS_PAUSE', { 0: -1 }), entryOf('DS_PAUSE', { 0: 0 }, DUP + 1));
    c.sync();
    c.run(1500);
    c.write(30);
    c.run(3000);
    for (const node of NODES) expect([node, gcedOf(c, node)]).toEqual([node, 0]);
    expect(c.replica(c.primary(c.gpid), c.gpid).checkpoints.isLogGcAllowed()).toBe(false);
  });

  it('members hear of the first duplication from their primary, and store it; -1 of a fresh primary is no answer', () => {
    const c = new DupCluster({ settings: { groupCheckIntervalMs: 1000 } });
    c.write(1);
    const secondary = c.secondary();
    expect(storedDuplicating(c, secondary)).toBe(false);
    c.tell(entryOf('DS_PAUSE', { 0: 1 }));
    c.sync();
    expect(storedDuplicating(c, c.primary(c.gpid))).toBe(true);
    c.run(1500);
    expect(storedDuplicating(c, secondary)).toBe(true);
    expect(c.replica(secondary, c.gpid).duplicatorManager.minConfirmedDecree()).toBe(1);
    c.replica(c.primary(c.gpid), c.gpid).duplicatorManager.removeAllDuplications();
    c.replica(c.primary(c.gpid), c.gpid).groupChecker.broadcastGroupCheck();
    c.run(100);
    expect(c.replica(secondary, c.gpid).duplicatorManager.minConfirmedDecree()).toBe(1);
  });

  it('a configuration written before the first duplication does not take the flag from a primary', () => {
    const c = new DupCluster();
    c.tell(entryOf('DS_PAUSE', { 0: 0 }));
    c.sync();
    const replica = c.replica(c.primary(c.gpid), c.gpid);
    replica.configurator.updateAppInfo({ ...replica.app, duplicating: false });
    expect([replica.app.duplicating, storedDuplicating(c, c.primary(c.gpid))]).toEqual([true, true]);
    const member = c.replica(c.secondary(), c.gpid);
    member.configurator.updateDuplicating(true);
    member.configurator.updateAppInfo({ ...member.app, duplicating: false });
    expect([member.app.duplicating, storedDuplicating(c, c.secondary())]).toEqual([false, false]);
  });
});

describe('a restart between the flag’s write and the first sync (#1608)', () => {
  /** Restarted with the flag in its file, if it was written, and meta servers that answer no sync. */
  function restarted(parts: Partial<Parts> = {}): DupCluster {
    let told = false;
    class Told extends ReplicaConfigurator {
      override updateAppInfo(app: AppInfo): void {
        super.updateAppInfo({ ...app, duplicating: told });
      }
    }
    const c = new DupCluster({ settings: TIGHT, partsOf: () => ({ ReplicaConfigurator: Told, ...parts }) });
    c.write(2);
    c.tell(entryOf('DS_PAUSE', { 0: 2 }));
    c.sync();
    told = true;
    c.write(20);
    c.meta.response = undefined;
    c.restart(c.primary(c.gpid));
    return c;
  }

  it('keeps the log: the flag is durable, the progress unknown', () => {
    const c = restarted();
    const node = NODES.find((n) => c.replica(n, c.gpid).status() === 'PS_INACTIVE') ?? '';
    expect(c.replica(node, c.gpid).app.duplicating).toBe(true);
    expect(c.replica(node, c.gpid).checkpoints.isLogGcAllowed()).toBe(false);
    c.runUntil(() => c.isServing(c.gpid), 20_000);
    c.write(20);
    c.run(4000);
    const primary = c.primary(c.gpid);
    expect(primary).toBe(node);
    expect(c.replica(primary, c.gpid).lastDurableDecree()).toBeGreaterThan(10);
    expect(c.replica(primary, c.gpid).duplicatorManager.minConfirmedDecree()).toBe(-1);
    expect(gcedOf(c, primary)).toBeLessThanOrEqual(2);
    c.tell(entryOf('DS_LOG', { 0: 2 }));
    c.run(5000);
    expect(c.claimsOf(primary, 'dup.started').map((s) => s.start)).toEqual([3]);
    expect(c.checks()).toEqual([]);
  });

  it('the file’s flag has a seam of its own', () => {
    class Forgetful extends ReplicaLoader {
      override appInfoToStore(): AppInfo {
        return { ...super.appInfoToStore(), duplicating: false };
      }
    }
    const c = restarted({ ReplicaLoader: Forgetful });
    const node = NODES.find((n) => c.replica(n, c.gpid).status() === 'PS_INACTIVE') ?? '';
    expect(c.replica(node, c.gpid).app.duplicating).toBe(false);
    expect(c.replica(node, c.gpid).checkpoints.isLogGcAllowed()).toBe(true);
  });
});

describe('garbage collection while a log file is chosen (dup 6.4, #1597)', () => {
  it('is skipped, for each duplication that chooses', () => {
    const c = new DupCluster({ settings: TIGHT });
    const replica = c.replica(c.primary(c.gpid), c.gpid);
    replica.setDuplicationPlogChecking(1, true);
    replica.setDuplicationPlogChecking(2, true);
    c.write(20);
    c.run(3000);
    expect(gcedOf(c, c.primary(c.gpid))).toBe(0);
    replica.setDuplicationPlogChecking(1, false);
    expect(replica.checkpoints.isLogGcAllowed()).toBe(false);
    replica.setDuplicationPlogChecking(2, false);
    expect(replica.checkpoints.isLogGcAllowed()).toBe(true);
    c.run(2000);
    expect(gcedOf(c, c.primary(c.gpid))).toBeGreaterThan(0);
  });

  it('goes on when the pipeline that chose is given up', () => {
    const c = new DupCluster();
    c.tell(entryOf('DS_LOG', { 0: 0 }));
    c.sync();
    const replica = c.replica(c.primary(c.gpid), c.gpid);
    replica.setDuplicationPlogChecking(DUP, true);
    c.meta.tellNothing();
    c.sync();
    expect(replica.isDuplicationPlogChecking()).toBe(false);
  });

  it('has a seam of its own', () => {
    class Racing extends CheckpointTriggers {
      override isLogBeingChosen(): boolean {
        return false;
      }
    }
    const c = new DupCluster({ partsOf: () => ({ CheckpointTriggers: Racing }) });
    const replica = c.replica(c.primary(c.gpid), c.gpid);
    replica.setDuplicationPlogChecking(1, true);
    expect(replica.checkpoints.isLogGcAllowed()).toBe(true);
  });
});

describe('the end of a replica (dup.B33) and a log that cannot be read (dup 6.3)', () => {
  it('stops the pipeline while log and storage are there', () => {
    const c = new DupCluster();
    c.write(2);
    c.tell(entryOf('DS_LOG', { 0: 0 }));
    c.sync();
    const replica = c.replica(c.primary(c.gpid), c.gpid);
    replica.close({ onReplicaClosed: () => undefined });
    expect([c.pipeline().state, c.pipeline().openAtStop]).toEqual(['stopped', true]);
    expect(replica.duplicatorManager.duplications.size).toBe(0);
    expect(c.claimsOf(replica.self(), 'dup.stopped').length).toBe(1);
  });

  it('an ERROR ends it at once, before the replica’s turn to be closed comes', () => {
    const c = new DupCluster();
    c.write(2);
    c.tell(entryOf('DS_LOG', { 0: 0 }));
    c.sync();
    c.replica(c.primary(c.gpid), c.gpid).handleLocalFailure('ERR_FILE_OPERATION_FAILED');
    expect([c.pipeline().state, c.pipeline().openAtStop]).toEqual(['stopped', true]);
  });

  it('FAIL_FAST sends the replica to ERROR; another member goes on from what is persisted', () => {
    const c = new DupCluster({ settings: { configSyncIntervalMs: 2000 } });
    c.write(3);
    c.tell(entryOf('DS_LOG', { 0: 1 }));
    c.sync();
    const node = c.primary(c.gpid);
    const first = c.pipeline();
    first.seen.onLoadFailed();
    expect(first.state).toBe('running');
    c.run(50);
    expect(first.state).toBe('stopped');
    c.runUntil(() => c.pipeline() !== first && c.pipeline().state === 'running', 20_000);
    expect(c.primary(c.gpid)).not.toBe(node);
    for (const primary of [node, c.primary(c.gpid)]) expect(c.claimsOf(primary, 'dup.started').map((s) => s.start)).toEqual([2]);
    expect(c.claimsOf(node, 'dup.stopped').length).toBe(1);
    expect(c.checks()).toEqual([]);
  });
});
