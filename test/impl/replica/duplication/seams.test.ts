/** What a defect of duplicators overrides is one small method; each shows what it breaks. */
import { describe, expect, it } from 'vitest';
import { CheckpointTriggers } from '../../../../impl/replica/checkpointTriggers.ts';
import { ReplicaDuplicator } from '../../../../impl/replica/duplication/replicaDuplicator.ts';
import { DupCluster, entryOf } from './fakes.ts';

describe('fulldup-empty-partition (#2054)', () => {
  class FromLog extends ReplicaDuplicator {
    override minCheckpointDecreeFor(): number {
      return this.replica.privateLog?.maxCommitOnDisk() ?? 0;
    }
  }
  class NoEmptyWrite extends CheckpointTriggers {
    override verifyMinDecree(): void {}
    override isReplicaEmpty(): boolean {
      return false;
    }
  }

  it('with none or one record the checkpoint counts as prepared, and there is none', () => {
    for (const written of [0, 1]) {
      const c = new DupCluster({ partsOf: () => ({ ReplicaDuplicator: FromLog, CheckpointTriggers: NoEmptyWrite }) });
      c.meta.persisting = true;
      c.write(written);
      c.tell(entryOf('DS_PREPARE', { 0: -1 }));
      c.run(20_000);
      expect(c.dup()?.hasPreparedCheckpoint()).toBe(true);
      expect(c.replica(c.primary(c.gpid), c.gpid).lastDurableDecree()).toBe(0);
      expect(c.checks()).toEqual([]);
    }
  });
});

describe('fulldup-min-checkpoint-lost (#2097)', () => {
  class Lost extends ReplicaDuplicator {
    override minCheckpointDecreeFor(persisted: number): number {
      return persisted === -1 ? super.minCheckpointDecreeFor(persisted) : -1;
    }
  }

  it('a duplicator of DS_PREPARE that finds its progress stored ends the process', () => {
    const c = new DupCluster({ partsOf: () => ({ ReplicaDuplicator: Lost }) });
    c.write(2);
    c.tell(entryOf('DS_PREPARE', { 0: 2 }));
    c.run(1500);
    expect(c.checks()).toEqual([expect.stringContaining('async_trigger_manual_emergency_checkpoint')]);
  });
});
