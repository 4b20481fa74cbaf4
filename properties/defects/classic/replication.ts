/** Classic mistakes in replication, each the smallest change that makes it. */
import type { Decree, ErrorCode } from '../../../model/vocabulary.ts';
import { copyForReproposal, newEmptyMutation } from '../../../impl/replica/mutation.ts';
import type { Defect } from '../types.ts';
import { classic } from './told.ts';

export const REPLICATION: readonly Defect[] = [
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
    expected: ['S1', 'repl.S6', 'repl.S8'],
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
    expected: ['S2', 'S8', 'repl.S5', 'repl.S6'],
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
    expected: ['S1', 'S2', 'repl.S5', 'repl.reproposal'],
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
  classic({
    id: 'ballot-not-persisted',
    symptom: 'a new ballot is adopted in memory only',
    expected: ['S8', 'repl.S1', 'repl.S2'],
    changes: [
      {
        part: 'ReplicaLoader',
        mend: (Base) =>
          class extends Base {
            override storeInitInfo(): void {}
          },
      },
    ],
  }),
  classic({
    id: 'restarted-primary-keeps-ballot',
    symptom: 'a restarted primary goes on under the ballot of its earlier life',
    expected: ['repl.S2'],
    changes: [
      {
        part: 'ReplicaConfigurator',
        mend: (Base) =>
          class extends Base {
            override isRestartedPrimary(): boolean {
              return false;
            }
          },
      },
    ],
  }),
  classic({
    id: 'batch-answers-first',
    symptom: 'of the writes that share a mutation only the first is answered',
    expected: ['repl.L7'],
    changes: [
      {
        part: 'Replica2pc',
        mend: (Base) =>
          class extends Base {
            override responseClients(...[mutation, error]: Parameters<InstanceType<typeof Base>['responseClients']>): void {
              const first = mutation.clientRequests[0];
              if (first !== undefined) this.responseClientWrite(first, error, mutation.decree);
            }
          },
      },
    ],
  }),
];
