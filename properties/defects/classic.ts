/** Classic mistakes in replication, log and checkpoint, each the smallest change that makes it. */
import type { Decree, ErrorCode } from '../../model/vocabulary.ts';
import { copyForReproposal, newEmptyMutation } from '../../impl/replica/mutation.ts';
import type { Defect } from './types.ts';

type Told = Omit<Defect, 'family' | 'issue' | 'upstream'>;

function classic(told: Told): Defect {
  return { ...told, family: 'classic', issue: '', upstream: 'never had it' };
}

const REPLICATION: readonly Defect[] = [
  classic({
    id: 'ack-before-log',
    symptom: 'a secondary acknowledges a prepare before its log holds the record',
    expected: ['S1', 'repl.S8'],
    changes: [
      {
        part: 'SecondaryPrepare',
        mend: (Base) =>
          class extends Base {
            override appendPrivateLog(...args: Parameters<InstanceType<typeof Base>['appendPrivateLog']>): void {
              this.ackPrepareMessage('ERR_OK', args[0]);
              super.appendPrivateLog(...args);
            }
          },
      },
    ],
  }),
  classic({
    id: 'commit-without-all-acks',
    symptom: 'the primary commits when one secondary has acknowledged',
    expected: ['S1', 'repl.S8'],
    changes: [
      {
        part: 'Replica2pc',
        mend: (Base) =>
          class extends Base {
            override onPrepareAcked(...args: Parameters<InstanceType<typeof Base>['onPrepareAcked']>): void {
              args[1].leftSecondaryAckCount = 1;
              super.onPrepareAcked(...args);
            }
            override ignoresPrepareReply(...args: Parameters<InstanceType<typeof Base>['ignoresPrepareReply']>): boolean {
              return super.ignoresPrepareReply(...args) || args[0].leftSecondaryAckCount === 0;
            }
          },
      },
    ],
  }),
  classic({
    id: 'commit-before-own-log',
    symptom: 'the primary commits on acknowledgements alone, before its own log holds the record',
    expected: ['S1', 'repl.S8'],
    changes: [
      {
        part: 'PrepareList',
        mend: (Base) =>
          class extends Base {
            override isReadyForCommit(...args: Parameters<InstanceType<typeof Base>['isReadyForCommit']>): boolean {
              return args[0].leftSecondaryAckCount === 0;
            }
          },
      },
      {
        part: 'Replica2pc',
        mend: (Base) =>
          class extends Base {
            override doPossibleCommitOnPrimary(...args: Parameters<InstanceType<typeof Base>['doPossibleCommitOnPrimary']>): void {
              this.replica.prepareList.commit(args[0].decree, 'COMMIT_ALL_READY');
            }
          },
      },
    ],
  }),
  classic({
    id: 'commit-past-gap',
    symptom: 'a secondary told of a commit point jumps over the records that it does not hold',
    expected: ['S2', 'repl.S5', 'repl.S6'],
    changes: [
      {
        part: 'PrepareList',
        mend: (Base) =>
          class extends Base {
            override commitHard(decree: Decree): ErrorCode {
              if (super.commitHard(decree) !== 'ERR_OK') this.truncate(decree);
              return 'ERR_OK';
            }
          },
      },
    ],
  }),
  classic({
    id: 'old-ballot-accepted',
    symptom: 'a secondary takes prepares of an older ballot',
    expected: ['repl.S3', 'S2', 'S5'],
    changes: [
      {
        part: 'SecondaryPrepare',
        mend: (Base) =>
          class extends Base {
            override isOutdated(): boolean {
              return false;
            }
          },
      },
    ],
  }),
  classic({
    id: 'reproposal-forgets-last',
    symptom: 'a new primary does not propose the newest prepared decree again',
    expected: ['S1', 'S2', 'repl.S5'],
    changes: [
      {
        part: 'ReplicaConfigurator',
        mend: (Base) =>
          class extends Base {
            override replayPrepareList(): void {
              const { replica } = this;
              for (let decree = replica.lastCommittedDecree() + 1; decree < replica.maxPreparedDecree(); decree += 1) {
                const old = replica.prepareList.getMutationByDecree(decree);
                replica.twoPc.initPrepare(old === undefined ? newEmptyMutation(replica.gpid, decree) : copyForReproposal(old), true);
              }
            }
          },
      },
    ],
  }),
];

const LOG: readonly Defect[] = [
  classic({
    id: 'log-gc-one-early',
    symptom: 'a log file is removed one decree too early',
    expected: ['S1', 'repl.S18', 'S2'],
    changes: [
      {
        part: 'PrivateLog',
        mend: (Base) =>
          class extends Base {
            override isCleanable(...[file, maxDecree, cleanable, validStart]: Parameters<InstanceType<typeof Base>['isCleanable']>): boolean {
              return super.isCleanable(file, maxDecree, cleanable + 1, validStart);
            }
          },
      },
    ],
  }),
  classic({
    id: 'replay-one-block-short',
    symptom: 'replay of a log stops before the last block of a file',
    expected: ['S1', 'repl.S14', 'S2'],
    changes: [
      {
        part: 'LogReplayer',
        mend: (Base) =>
          class extends Base {
            override replayBlock(...[file, callback, localOffset]: Parameters<InstanceType<typeof Base>['replayBlock']>): ErrorCode {
              const held: (() => void)[] = [];
              const error = super.replayBlock(
                file,
                (length, mutation) => {
                  held.push(() => {
                    callback(length, mutation);
                  });
                },
                localOffset,
              );
              if (this.endOffset < file.endOffset || localOffset === 0) for (const tell of held) tell();
              return error;
            }
          },
      },
    ],
  }),
  classic({
    id: 'log-skips-newest-file',
    symptom: 'opening a log leaves out the newest file',
    expected: ['S1', 'repl.S14'],
    changes: [
      {
        part: 'LogReplayer',
        mend: (Base) =>
          class extends Base {
            override replayFiles(...[files, callback]: Parameters<InstanceType<typeof Base>['replayFiles']>): ErrorCode {
              const last = files.at(-1);
              return super.replayFiles(files, (length, mutation) => {
                if (files.length < 2 || last === undefined || mutation.logOffset < last.startOffset) callback(length, mutation);
              });
            }
          },
      },
    ],
  }),
];

const CHECKPOINT: readonly Defect[] = [
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
    expected: ['S6'],
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
    expected: ['S6', 'S1', 'S2'],
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
];

export const CLASSIC: readonly Defect[] = [...REPLICATION, ...LOG, ...CHECKPOINT];
