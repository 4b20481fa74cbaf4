/** Defects of learning and cure that upstream had, or has: each put back by the smallest change. */
import type { ErrorCode } from '../../model/vocabulary.ts';
import type { Defect } from './types.ts';

type Told = Omit<Defect, 'family'>;

const upstream = (told: Told): Defect => ({ ...told, family: 'upstream' });

export const MEMBERSHIP: readonly Defect[] = [
  upstream({
    id: 'learn-stale-duplicating-flag',
    issue: 'apache/incubator-pegasus#740',
    symptom: 'a learner does not hear that its table is duplicated, and what it learns is not in its log',
    expected: ['S4', 'S3', 'dup.L1', 'L2', 'dup.S7', 'S5'],
    upstream: 'fixed',
    changes: [
      {
        part: 'Learner',
        mend: (Base) =>
          class extends Base {
            override adoptDuplicating(): void {
              // It goes by what it had stored before it learned.
            }
          },
      },
      {
        part: 'ReplicaConfigurator',
        mend: (Base) =>
          class extends Base {
            override learnDuplicating(): void {
              // Nor does it hear it as a member.
            }
          },
      },
    ],
  }),
  upstream({
    id: 'learn-step-back-not-kept',
    issue: 'apache/incubator-pegasus#765',
    symptom: 'the log files of a learner that stepped back are replayed, and do not become its log',
    expected: ['S4', 'S3', 'L2', 'dup.S7', 'S8', 'learn.steps-back'],
    upstream: 'fixed',
    changes: [
      {
        part: 'LogLearning',
        mend: (Base) =>
          class extends Base {
            override resetFrom(): ErrorCode {
              return 'ERR_OK';
            }
          },
      },
    ],
  }),
  upstream({
    id: 'learn-void-log-acknowledged',
    issue: 'repl.1.9',
    symptom: 'a learner whose log begins anew acknowledges what only the void part of it holds',
    expected: ['S1', 'repl.S7', 'repl.S6', 'S2'],
    upstream: 'open',
    changes: [
      {
        part: 'CacheLearning',
        mend: (Base) =>
          class extends Base {
            override beginList(): void {
              this.learner.cutList(true);
            }
          },
      },
    ],
  }),
  upstream({
    id: 'learner-allows-what-the-envs-say',
    issue: 'bl 19',
    symptom: 'a learner\'s empty database allows ingestion behind everything as the table\'s envs say by now, its primary\'s as they said once',
    expected: ['S2', 'S10', 'bl.S9'],
    upstream: 'open',
    changes: [
      {
        part: 'LearnerGroup',
        mend: (Base) =>
          class extends Base {
            override learnerAppInfo() {
              return this.replica.app;
            }
          },
      },
    ],
  }),
  upstream({
    id: 'learner-log-misses-the-tail',
    issue: 'dup.B46',
    symptom: 'a learner of a duplicated table whose log does not reach back is told from the cache alone',
    expected: ['S4', 'S3', 'L2', 'dup.S7', 'dup.L1'],
    upstream: 'open',
    changes: [
      {
        part: 'Learnee',
        mend: (Base) =>
          class extends Base {
            override isCacheEnough(round: Parameters<InstanceType<typeof Base>['isCacheEnough']>[0]): boolean {
              return this.isInCache(round.start);
            }
          },
      },
    ],
  }),
];
