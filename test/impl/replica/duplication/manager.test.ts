import { describe, expect, it } from 'vitest';
import type { DuplicationStatus } from '../../../../model/vocabulary.ts';
import { CheckpointTriggers } from '../../../../impl/replica/checkpointTriggers.ts';
import type { CheckpointRequester } from '../../../../impl/replica/checkpointTriggers.ts';
import { DUP, DupCluster, entryOf, FakePipeline } from './fakes.ts';

describe('construction of a duplicator (dup 2.5)', () => {
  it('DS_LOG without progress begins behind what is applied, also behind nothing (D6, dup.B20)', () => {
    for (const written of [0, 3]) {
      const c = new DupCluster();
      c.write(written);
      c.tell(entryOf('DS_LOG', { 0: -1 }));
      c.sync();
      const dup = c.dup();
      expect([dup?.confirmedDecree(), dup?.lastDecree()]).toEqual([-1, written]);
      expect(dup?.minCheckpointDecree()).toBe(Math.max(written, 1));
      expect(FakePipeline.built).toEqual([]);
      expect(dup?.confirmEntry()).toMatchObject({ confirmedDecree: written, isStart: true });
      c.write(2);
      c.tell(entryOf('DS_LOG', { 0: written }));
      c.sync();
      expect([dup?.confirmedDecree(), dup?.lastDecree()]).toEqual([written, written]);
      expect(c.pipeline().state).toBe('running');
      expect(c.claimsOf(c.primary(c.gpid), 'dup.started')).toEqual([
        { kind: 'dup.started', gpid: c.gpid, dupId: DUP, start: written + 1 },
      ]);
      expect(dup?.remoteAppName).toBe('far');
      expect(c.checks()).toEqual([]);
    }
  });

  it('a start that an earlier primary proposed, and that is stored, takes the place of its own (dup.Q13)', () => {
    const c = new DupCluster();
    c.write(3);
    c.tell(entryOf('DS_LOG', { 0: -1 }));
    c.sync();
    expect(c.dup()?.lastDecree()).toBe(3);
    c.tell(entryOf('DS_LOG', { 0: 1 }));
    c.sync();
    expect([c.dup()?.confirmedDecree(), c.dup()?.lastDecree()]).toEqual([1, 1]);
    expect(c.claimsOf(c.primary(c.gpid), 'dup.started').map((s) => s.start)).toEqual([2]);
    expect(c.dup()?.confirmEntry()).toBeUndefined();
    expect(c.checks()).toEqual([]);
  });

  it('persisted progress is both confirmed and last, and no older checkpoint will do (dup.B16)', () => {
    const c = new DupCluster();
    c.write(3);
    c.tell(entryOf('DS_PAUSE', { 0: 9 }), entryOf('DS_PAUSE', { 0: 2 }, DUP + 1), entryOf('DS_PAUSE', { 0: 0 }, DUP + 2));
    c.sync();
    expect([c.dup()?.confirmedDecree(), c.dup()?.lastDecree(), c.dup()?.minCheckpointDecree()]).toEqual([9, 9, 9]);
    expect([c.dup(DUP + 1)?.lastDecree(), c.dup(DUP + 1)?.minCheckpointDecree()]).toEqual([2, 3]);
    expect([c.dup(DUP + 2)?.confirmedDecree(), c.dup(DUP + 2)?.lastDecree()]).toEqual([0, 0]);
    expect(FakePipeline.built).toEqual([]);
  });

  it('DS_PREPARE without progress begins behind the checkpoint: at least one decree', () => {
    const c = new DupCluster();
    c.tell(entryOf('DS_PREPARE', { 0: -1 }));
    c.sync();
    expect([c.dup()?.lastDecree(), c.dup()?.minCheckpointDecree()]).toEqual([1, 1]);
    expect(FakePipeline.built).toEqual([]);
  });

  it('the fail mode is FAIL_SLOW until the second sync (dup.Q1); an empty remote name is the table’s own', () => {
    const c = new DupCluster();
    c.tell({ ...entryOf('DS_PAUSE', { 0: 0 }), failMode: 'FAIL_SKIP', remoteAppName: '' });
    c.sync();
    expect([c.dup()?.failMode(), c.dup()?.remoteAppName]).toEqual(['FAIL_SLOW', 't']);
    c.sync();
    expect(c.dup()?.failMode()).toBe('FAIL_SKIP');
  });

  it('an entry without the own partition drops the duplicator, one of an invalid status builds none', () => {
    const c = new DupCluster();
    c.tell(entryOf('DS_LOG', { 0: 0 }), entryOf('DS_INIT', { 0: 0 }, DUP + 1), entryOf('DS_LOG', { 1: 5 }, DUP + 2));
    c.sync();
    const { duplications } = c.replica(c.primary(c.gpid), c.gpid).duplicatorManager;
    expect([...duplications.keys()]).toEqual([DUP]);
    c.tell(entryOf('DS_LOG', { 1: 0 }));
    c.sync();
    expect(duplications.size).toBe(0);
    expect(c.pipeline().state).toBe('stopped');
  });

  it('only the primary builds duplicators', () => {
    const c = new DupCluster();
    c.tell(entryOf('DS_LOG', { 0: 0 }));
    c.sync();
    const response = { error: 'ERR_OK', apps: [{ appId: c.appId, duplications: [entryOf('DS_LOG', { 0: 0 })] }] } as const;
    c.server(c.secondary()).duplicationSyncTimer.updateDuplicationMaps(response);
    expect(c.replica(c.secondary(), c.gpid).duplicatorManager.duplications.size).toBe(0);
    expect(FakePipeline.built.length).toBe(1);
  });
});

describe('progress (dup 4.3)', () => {
  function started(persisted: number, written = 0): DupCluster {
    const c = new DupCluster();
    c.write(written);
    c.tell(entryOf('DS_LOG', { 0: persisted }));
    c.sync();
    return c;
  }

  it('last rises with what is shipped, confirmed with what meta stored; both are reported and claimed', () => {
    const c = started(0, 5);
    c.meta.persisting = true;
    c.pipeline().seen.onShipped(3);
    expect([c.dup()?.confirmedDecree(), c.dup()?.lastDecree(), c.dup()?.pendingMutations()]).toEqual([0, 3, 2]);
    c.sync();
    const { metrics } = c.server(c.primary(c.gpid));
    expect(c.meta.asked.flatMap((a) => a.request.confirms)).toEqual([
      { gpid: c.gpid, dupId: DUP, confirmedDecree: 3, checkpointPrepared: false, lastCommittedDecree: 5 },
    ]);
    expect([c.dup()?.confirmedDecree(), c.dup()?.lastDecree()]).toEqual([3, 3]);
    expect(metrics.get(c.gpid, 'dup_confirmed_mutations')).toBe(3);
    expect(metrics.get(c.gpid, 'dup_pending_mutations')).toBe(2);
    c.pipeline().seen.onShipped(2);
    c.pipeline().seen.onShipped(5);
    expect(c.claimsOf(c.primary(c.gpid), 'dup.shipped').map((s) => s.last)).toEqual([3, 5]);
    c.sync();
    expect(metrics.get(c.gpid, 'dup_pending_mutations')).toBe(0);
    expect(c.checks()).toEqual([]);
  });

  it('a decree beyond what was shipped builds the duplicator anew (dup.B31)', () => {
    const c = started(1, 5);
    const first = c.pipeline();
    c.tell(entryOf('DS_LOG', { 0: 4 }));
    c.sync();
    expect([c.dup()?.confirmedDecree(), c.dup()?.lastDecree()]).toEqual([4, 4]);
    expect([first.state, c.pipeline().state, FakePipeline.built.length]).toEqual(['stopped', 'running', 2]);
    expect(c.claimsOf(c.primary(c.gpid), 'dup.started').map((s) => s.start)).toEqual([2, 5]);
    expect(c.claimsOf(c.primary(c.gpid), 'dup.stopped').length).toBe(1);
    expect(c.checks()).toEqual([]);
  });

  it('the id of a removed duplication, given again, is another duplication', () => {
    const c = started(3, 5);
    c.tell({ ...entryOf('DS_LOG', { 0: -1 }), createTsMs: 2 });
    c.sync();
    expect([c.dup()?.confirmedDecree(), c.dup()?.lastDecree()]).toEqual([-1, 5]);
    expect(FakePipeline.built.map((p) => p.state)).toEqual(['stopped']);
    c.tell({ ...entryOf('DS_LOG', { 0: 5 }), createTsMs: 2 });
    c.sync();
    expect(FakePipeline.built.map((p) => p.state)).toEqual(['stopped', 'running']);
  });

  it('less than was confirmed is a failed check; -1 says nothing', () => {
    const c = started(3, 5);
    c.tell(entryOf('DS_LOG', { 0: -1 }));
    c.sync();
    expect(c.dup()?.confirmedDecree()).toBe(3);
    expect(c.checks()).toEqual([]);
    c.tell(entryOf('DS_LOG', { 0: 2 }));
    c.run(1500);
    expect(c.checks()).toEqual([expect.stringContaining('update_progress')]);
  });

  it('what is not committed cannot have been shipped (S6)', () => {
    const c = started(0, 2);
    expect(() => c.pipeline().seen.onShipped(3)).toThrow('last_committed_decree');
  });
});

describe('status changes (dup 4.3, 6.9)', () => {
  it('pause gives the pipeline up and keeps the progress; a resumed one starts behind last', () => {
    const c = new DupCluster();
    c.write(4);
    c.tell(entryOf('DS_LOG', { 0: 1 }));
    c.sync();
    c.pipeline().seen.onShipped(3);
    c.tell(entryOf('DS_PAUSE', { 0: 1 }));
    c.sync(2);
    expect([c.pipeline().state, c.dup()?.isPaused(), c.dup()?.lastDecree()]).toEqual(['stopped', true, 3]);
    expect(c.claimsOf(c.primary(c.gpid), 'dup.stopped').length).toBe(1);
    c.tell(entryOf('DS_LOG', { 0: 3 }));
    c.sync(2);
    expect([c.pipeline().state, FakePipeline.built.length]).toEqual(['running', 2]);
    expect(c.claimsOf(c.primary(c.gpid), 'dup.started').map((s) => s.start)).toEqual([2, 4]);
  });

  it('whatever leaves DS_LOG stops the pipeline (dup.B36), and an invalid status changes nothing', () => {
    for (const [status, running] of [['DS_APP', false], ['DS_PREPARE', false], ['DS_INIT', true], ['DS_REMOVED', true]] as const) {
      const c = new DupCluster();
      c.tell(entryOf('DS_LOG', { 0: 0 }));
      c.sync();
      c.tell(entryOf(status, { 0: 0 }));
      c.sync();
      expect([status, c.pipeline().state === 'running', c.dup()?.isPaused()]).toEqual([status, running, !running]);
      expect(c.dup()?.status()).toBe(running ? 'DS_LOG' : status);
      expect(c.checks()).toEqual([]);
    }
  });

  it('removed duplications are dropped, others stay; the flag of a table without any stays until a config sync (dup.B37)', () => {
    const c = new DupCluster();
    c.tell(entryOf('DS_LOG', { 0: 0 }), entryOf('DS_LOG', { 0: 0 }, DUP + 1));
    c.sync();
    c.tell(entryOf('DS_LOG', { 0: 0 }, DUP + 1));
    c.sync();
    const replica = c.replica(c.primary(c.gpid), c.gpid);
    expect([...replica.duplicatorManager.duplications.keys()]).toEqual([DUP + 1]);
    expect(FakePipeline.built.map((p) => p.state)).toEqual(['stopped', 'running']);
    expect(replica.app.duplicating).toBe(true);
    c.meta.tellNothing();
    c.sync();
    expect([replica.duplicatorManager.duplications.size, replica.app.duplicating]).toEqual([0, true]);
    expect(c.claimsOf(c.primary(c.gpid), 'dup.stopped').map((s) => s.dupId)).toEqual([DUP, DUP + 1]);
    c.tell(entryOf('DS_LOG', { 0: 0 }, DUP + 2));
    c.sync();
    expect(c.dup(DUP + 2)?.isPaused()).toBe(false);
  });
});

describe('what is reported (dup 4.1, upstream’s manager test)', () => {
  it('4 with last 2 confirmed 1 are, 6 with both 1 are not', () => {
    const c = new DupCluster();
    c.write(2);
    const entries = Array.from({ length: 10 }, (_, i) => entryOf('DS_LOG', { 0: 1 }, i + 1));
    c.tell(...entries);
    c.sync();
    for (const pipeline of FakePipeline.built.slice(0, 4)) pipeline.seen.onShipped(2);
    const { duplicatorManager } = c.replica(c.primary(c.gpid), c.gpid);
    const confirms = duplicatorManager.getDuplicationConfirmsToUpdate();
    expect(confirms.map((e) => e.dupId)).toEqual([1, 2, 3, 4]);
    expect(confirms[0]).toEqual({
      gpid: c.gpid, dupId: 1, confirmedDecree: 2, checkpointPrepared: expect.any(Boolean), lastCommittedDecree: 2,
    });
  });

  it('DS_PREPARE with its checkpoint is reported each round, DS_APP and DS_LOG are not (T1)', () => {
    for (const [status, reported] of [['DS_PREPARE', 1], ['DS_APP', 0], ['DS_PAUSE', 0]] as const) {
      const c = new DupCluster();
      c.write(1);
      const primary = c.primary(c.gpid);
      c.cli(primary, 'replica.emergency-checkpoint', c.gpid, '1');
      c.run(11_000);
      expect(c.replica(primary, c.gpid).lastDurableDecree()).toBe(1);
      c.tell(entryOf(status, { 0: 1 }));
      c.sync(2);
      expect(c.dup()?.hasPreparedCheckpoint()).toBe(true);
      const { duplicatorManager } = c.replica(primary, c.gpid);
      expect(duplicatorManager.getDuplicationConfirmsToUpdate().length).toBe(reported);
    }
  });
});

describe('DS_PREPARE (dup 5.1, T1)', () => {
  it('an empty partition commits an empty write, takes checkpoint 1 and then says prepared', () => {
    const c = new DupCluster();
    c.meta.persisting = true;
    c.tell(entryOf('DS_PREPARE', { 0: -1 }));
    c.sync(2);
    const primary = c.primary(c.gpid);
    expect(c.dup()?.confirmedDecree()).toBe(1);
    expect(c.dup()?.hasPreparedCheckpoint()).toBe(false);
    c.runUntil(() => c.dup()?.hasPreparedCheckpoint() === true, 15_000);
    expect(c.replica(primary, c.gpid).lastDurableDecree()).toBe(1);
    expect(c.replica(primary, c.gpid).lastAppliedDecree()).toBe(1);
    const reports = c.meta.asked.flatMap((a) => a.request.confirms);
    expect(reports[0]).toMatchObject({ confirmedDecree: 1, checkpointPrepared: false });
    expect(c.meta.asked.at(-1)?.request.confirms.length === 0 || reports.at(-1)?.checkpointPrepared === false).toBe(true);
    c.sync(2);
    expect(c.meta.asked.flatMap((a) => a.request.confirms).at(-1)).toMatchObject({
      confirmedDecree: 1, checkpointPrepared: true, lastCommittedDecree: 1,
    });
    expect(c.server(primary).metrics.get(c.gpid, 'emergency_checkpoints')).toBe(1);
    expect(c.checks()).toEqual([]);
  });

  it('each sync answer asks again, but one trigger at a time', () => {
    const asked: { minDecree: number; requester: CheckpointRequester }[] = [];
    class Counting extends CheckpointTriggers {
      override asyncTriggerManualEmergencyCheckpoint(minDecree: number, _ms: number, requester: CheckpointRequester): void {
        asked.push({ minDecree, requester });
      }
    }
    const c = new DupCluster({ partsOf: () => ({ CheckpointTriggers: Counting }) });
    c.write(2);
    c.tell(entryOf('DS_PREPARE', { 0: -1 }));
    c.sync(3);
    expect(asked.map((a) => a.minDecree)).toEqual([2]);
    asked[0]?.requester.onTriggered('ERR_BUSY', 2, 0);
    c.sync(2);
    expect(asked.map((a) => a.minDecree)).toEqual([2, 2]);
  });
});

describe('the smallest confirmed decree (dup 4.4, D7)', () => {
  it('is that of all duplications, or unknown when one’s is (dup.B30)', () => {
    const rows: [readonly number[], number][] = [
      [[1, 2, 3], 1], [[], -1], [[-1, 5], -1], [[5, -1], -1], [[3, -1, 7], -1], [[0, 4], 0], [[9], 9],
    ];
    for (const [confirmed, min] of rows) {
      const c = new DupCluster();
      c.write(9);
      if (confirmed.length > 0) c.tell(...confirmed.map((d, i) => entryOf('DS_PAUSE', { 0: d }, i + 1)));
      c.sync();
      const { duplicatorManager } = c.replica(c.primary(c.gpid), c.gpid);
      expect([confirmed, duplicatorManager.minConfirmedDecree()]).toEqual([confirmed, min]);
      expect(c.replica(c.secondary(), c.gpid).duplicatorManager.minConfirmedDecree()).toBe(-1);
    }
  });

  it('a secondary keeps the larger of what it hears, and forgets it only when the table is not duplicating', () => {
    const c = new DupCluster();
    const replica = c.replica(c.secondary(), c.gpid);
    c.write(1);
    c.run(100);
    expect(replica.status()).toBe('PS_SECONDARY');
    const heard = (...told: number[]) =>
      told.map((decree) => {
        replica.duplicatorManager.updateConfirmedDecreeIfSecondary(decree);
        return replica.duplicatorManager.minConfirmedDecree();
      });
    expect(heard(99, 101, 0, 1, -1)).toEqual([99, 101, 101, 101, -1]);
    replica.configurator.updateDuplicating(true);
    expect(heard(99, 101, 0, -1)).toEqual([99, 101, 101, 101]);
    const primary = c.replica(c.primary(c.gpid), c.gpid).duplicatorManager;
    primary.updateConfirmedDecreeIfSecondary(50);
    expect(primary.minConfirmedDecree()).toBe(-1);
  });

  it('leaving PRIMARY keeps the duplicators until the next sync answer or group check', () => {
    const c = new DupCluster();
    c.tell(entryOf('DS_LOG', { 0: 0 }));
    c.sync();
    const replica = c.replica(c.primary(c.gpid), c.gpid);
    replica.configurator.updateLocalConfigurationWithNoBallotChange('PS_INACTIVE');
    expect(c.pipeline().state).toBe('running');
    const status: DuplicationStatus = 'DS_LOG';
    replica.duplicatorManager.onDuplicationSync([entryOf(status, { 0: 0 })]);
    expect([c.pipeline().state, replica.duplicatorManager.duplications.size]).toEqual(['stopped', 0]);
    expect(replica.app.duplicating).toBe(true);
  });
});
