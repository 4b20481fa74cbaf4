/** Classic mistakes in checkpoints, each the smallest change that makes it. */
import type { ErrorCode } from '../../../model/vocabulary.ts';
import type { Defect } from '../types.ts';
import { classic } from './told.ts';

export const CHECKPOINT: readonly Defect[] = [
  classic({
    id: 'checkpoint-labelled-with-applied',
    symptom: 'a checkpoint is named after what was applied, not after what it holds',
    expected: ['S6'],
    changes: [
      {
        part: 'StorageApp',
        mend: (Base) =>
          class extends Base {
            override labelOf(...args: Parameters<InstanceType<typeof Base>['labelOf']>): ReturnType<InstanceType<typeof Base>['labelOf']> {
              const label = super.labelOf(...args);
              return label.error === 'ERR_OK' ? { error: 'ERR_OK', decree: this.lastCommittedDecree() } : label;
            }
          },
      },
    ],
  }),
  classic({
    id: 'checkpoint-gc-takes-one-more',
    symptom: 'garbage collection of checkpoints keeps one fewer than it should',
    expected: ['S6', 'repl.2.6'],
    changes: [
      {
        part: 'StorageApp',
        mend: (Base) =>
          class extends Base {
            override deletableCheckpoints(minCount: number, timeSeconds: number): number {
              return super.deletableCheckpoints(minCount - 1, timeSeconds);
            }
          },
      },
    ],
  }),
  classic({
    id: 'flush-decree-ahead',
    symptom: 'a flush records a decree that its rows do not reach',
    expected: ['S1', 'S2', 'S6', 'repl.S12'],
    changes: [
      {
        part: 'StorageApp',
        mend: (Base) =>
          class extends Base {
            override writeBatch(...[batch, decree]: Parameters<InstanceType<typeof Base>['writeBatch']>): ErrorCode {
              return super.writeBatch(batch, batch.length === 0 ? decree + 1 : decree);
            }
          },
      },
    ],
  }),
  classic({
    id: 'emergency-never-retries',
    symptom: 'a forced checkpoint that had to flush first is never finished',
    expected: ['L8'],
    changes: [
      {
        part: 'CheckpointTriggers',
        mend: (Base) =>
          class extends Base {
            override retryAfterFlush(): void {
              this.giveBackManualCheckpoint();
            }
          },
      },
    ],
  }),
  classic({
    id: 'checkpoint-labelled-before-copy',
    symptom: 'a checkpoint is named after the flushed decree that was read before its copy was made',
    expected: ['S6'],
    changes: [
      {
        part: 'StorageApp',
        mend: (Base) =>
          class extends Base {
            override copyCheckpointToDirUnsafe(...[dir, flush]: Parameters<InstanceType<typeof Base>['copyCheckpointToDirUnsafe']>): ReturnType<InstanceType<typeof Base>['labelOf']> {
              const decree = this.lastFlushedDecree();
              const copy = super.copyCheckpointToDirUnsafe(dir, flush);
              return copy.error === 'ERR_OK' ? { error: 'ERR_OK', decree } : copy;
            }
          },
      },
    ],
  }),
  classic({
    id: 'checkpoints-never-collected',
    symptom: 'old checkpoints stay for ever',
    expected: ['repl.2.6.gc'],
    changes: [
      {
        part: 'StorageApp',
        mend: (Base) =>
          class extends Base {
            override gcCheckpoints(): void {}
          },
      },
    ],
  }),
];
