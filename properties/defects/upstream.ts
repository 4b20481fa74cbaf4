/** Defects that upstream really had, or has (defects.md; the R and P items of the fact sheets), put back. */
import { task } from '../../impl/env/contract.ts';
import type { Decree, ErrorCode } from '../../model/vocabulary.ts';
import type { Defect } from './types.ts';

/** #260, mended by #268. */
const ckptSyncUnderWrites: Defect = {
  id: 'ckpt-sync-under-writes',
  issue: 'apache/incubator-pegasus#260',
  symptom: 'the checkpoint after a manual compaction is labelled with a decree read before writes that it holds',
  expected: ['S6', 'S5'],
  family: 'upstream',
  upstream: 'fixed',
  changes: [
    {
      part: 'StorageApp',
      mend: (Base) =>
        class extends Base {
          override checkpointAfterManualCompact(): void {
            const label = this.beginSyncCheckpoint();
            if (label === undefined) return;
            this.ctx.env.tasks.post('LPC_MANUAL_COMPACT', 0, 1, task(this, 'finishSyncCheckpoint', label, 'manual-compaction' as const));
          }
        },
    },
  ],
};

/** repl.R1. */
const reproposalLosesTimestamp: Defect = {
  id: 'reproposal-loses-timestamp',
  issue: 'repl.R1',
  symptom: 'a re-proposed mutation is prepared with timestamp 0, so that replicas keep different time tags',
  expected: ['S2', 'repl.S22'],
  family: 'upstream',
  upstream: 'open',
  changes: [
    {
      part: 'Replica2pc',
      mend: (Base) =>
        class extends Base {
          override timestampFor(...args: Parameters<InstanceType<typeof Base>['timestampFor']>): number {
            return args[0].hasDecree() ? 0 : super.timestampFor(...args);
          }
        },
    },
  ],
};

/** repl.R15. */
const restartedPrimaryReadsEarly: Defect = {
  id: 'restarted-primary-reads-early',
  issue: 'repl.R15',
  symptom: 'a restarted primary serves reads before it has committed its prepared suffix again',
  expected: ['S1'],
  family: 'upstream',
  upstream: 'open',
  changes: [
    {
      part: 'ReplicaReads',
      mend: (Base) =>
        class extends Base {
          override isBehindNewPrimaryMark(): boolean {
            return false;
          }
        },
    },
  ],
};

/** repl.R8. */
const manualCountLeak: Defect = {
  id: 'manual-count-leak',
  issue: 'repl.R8',
  symptom: 'a manual checkpoint that is covered already clears the flag and keeps the server\'s unit',
  expected: ['S8', 'S9'],
  family: 'upstream',
  upstream: 'open',
  changes: [
    {
      part: 'CheckpointTriggers',
      mend: (Base) =>
        class extends Base {
          override triggerManualEmergencyCheckpoint(minDecree: Decree): ErrorCode {
            const loses = this.isManualFlagSet() && this.isCovered(minDecree);
            const error = super.triggerManualEmergencyCheckpoint(minDecree);
            if (loses) this.replica.host.addManualCheckpoints(1);
            return error;
          }
        },
    },
  ],
};

/** repl.R9. */
const manualFlagOutlivesTheRole: Defect = {
  id: 'manual-flag-outlives-the-role',
  issue: 'repl.R9',
  symptom: 'the flag and the unit of a manual checkpoint stay with a replica that lost its role',
  expected: ['S8', 'S9'],
  family: 'upstream',
  upstream: 'open',
  changes: [
    {
      part: 'CheckpointTriggers',
      mend: (Base) =>
        class extends Base {
          override giveBackManualCheckpoint(): void {
            const status = this.replica.status();
            if (status === 'PS_PRIMARY' || status === 'PS_SECONDARY') super.giveBackManualCheckpoint();
          }
        },
    },
  ],
};

/** plog.P4: with force flush the acknowledgement went out before the sync. */
const ackBeforeSync: Defect = {
  id: 'ack-before-sync',
  issue: 'plog.P4',
  symptom: 'with plog_force_flush a prepare is acknowledged before the record is synced',
  expected: ['S1', 'S2'],
  family: 'upstream',
  upstream: 'open',
  changes: [
    {
      part: 'PrivateLog',
      mend: (Base) =>
        class extends Base {
          override commitLogBlocks(...args: Parameters<InstanceType<typeof Base>['commitLogBlocks']>): ErrorCode {
            return this.guarded(() => {
              args[0].file.writeBatch(args[0]);
            });
          }
        },
    },
  ],
};

export const UPSTREAM: readonly Defect[] = [
  ckptSyncUnderWrites,
  reproposalLosesTimestamp,
  restartedPrimaryReadsEarly,
  manualCountLeak,
  manualFlagOutlivesTheRole,
  ackBeforeSync,
];
