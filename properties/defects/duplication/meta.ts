/** Duplication at the meta server, as upstream has or had it (defects.md; dup 12.1). */
import { withDuplicating } from '../../../impl/meta/records.ts';
import { isDuplicating } from '../../../impl/meta/serverState.ts';
import type { AppState } from '../../../impl/meta/serverState.ts';
import { FOLLOWER_CREATING, MASTER_CLUSTER_ENV } from '../../../impl/protocol/followerEnvs.ts';
import type { Decree, ErrorCode } from '../../../model/vocabulary.ts';
import { classic } from '../classic/told.ts';
import type { Defect } from '../types.ts';
import { suspect, upstream } from './told.ts';

export const META: readonly Defect[] = [
  upstream({
    id: 'dup-app-check-source-name',
    issue: 'apache/incubator-pegasus#2025',
    symptom: 'in DS_APP the follower is asked for the source table\'s name, so that a table of another name never leaves it',
    expected: ['L1'],
    upstream: 'fixed',
    changes: [
      {
        part: 'FollowerAppClient',
        mend: (Base) =>
          class extends Base {
            override checkedAppName(...[dup]: Parameters<InstanceType<typeof Base>['checkedAppName']>): string {
              return dup.identity.appName;
            }
          },
      },
    ],
  }),
  upstream({
    id: 'dup-create-not-idempotent',
    issue: 'apache/incubator-pegasus#2146',
    symptom: 'a follower table that was created and whose answer was lost is refused as existing for ever',
    expected: ['L1'],
    upstream: 'fixed',
    changes: [
      {
        part: 'FollowerAppRules',
        mend: (Base) =>
          class extends Base {
            override checkStatus(asked: string | undefined, own: string | undefined): ErrorCode {
              return asked === FOLLOWER_CREATING ? 'ERR_APP_EXIST' : super.checkStatus(asked, own);
            }
          },
      },
    ],
  }),
  upstream({
    id: 'dup-single-replica-not-ready',
    issue: 'apache/incubator-pegasus#2092',
    symptom: 'a follower table of one replica is never found ready, since it has no secondary',
    expected: ['L1'],
    upstream: 'fixed',
    changes: [
      {
        part: 'FollowerAppClient',
        mend: (Base) =>
          class extends Base {
            override hasEnoughSecondaries(...[config]: Parameters<InstanceType<typeof Base>['hasEnoughSecondaries']>): boolean {
              return config.secondaries.length > 0;
            }
          },
      },
    ],
  }),
  upstream({
    id: 'dup-readd-reports-ok',
    issue: 'apache/incubator-pegasus#2038',
    symptom: 'adding a second duplication of a table to the same cluster says ERR_OK and does nothing',
    expected: ['S8'],
    upstream: 'fixed',
    changes: [
      {
        part: 'DuplicationService',
        mend: (Base) =>
          class extends Base {
            override existingError(): ErrorCode {
              return 'ERR_OK';
            }
          },
      },
    ],
  }),
  classic({
    id: 'dup-remote-count-ignored',
    symptom: 'the follower table is created with the source table\'s replica count, not with the one that was asked for',
    expected: ['S8', 'dup.L1', 'L1'],
    changes: [
      {
        part: 'FollowerAppClient',
        mend: (Base) =>
          class extends Base {
            override followerReplicaCount(...[app]: Parameters<InstanceType<typeof Base>['followerReplicaCount']>): number {
              return app.record.info.maxReplicaCount;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-status-overwritten-with-init',
    issue: 'dup.B1',
    symptom: 'a second round that finds the step done already writes the record all the same, with status DS_INIT',
    expected: ['dup.S1', 'S7'],
    changes: [
      {
        part: 'DuplicationService',
        mend: (Base) =>
          class extends Base {
            override isExpected(...[app]: Parameters<InstanceType<typeof Base>['isExpected']>): boolean {
              return app.status === 'AS_AVAILABLE';
            }
            override isWriteNeeded(): boolean {
              return true;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-app-needs-prepared-again',
    issue: 'dup.B2',
    symptom: 'a meta server that restarts in DS_APP waits for prepared checkpoints that nobody reports any more',
    expected: ['L1'],
    changes: [
      {
        part: 'DuplicationSync',
        mend: (Base) =>
          class extends Base {
            override isReadyToMark(...[dup]: Parameters<InstanceType<typeof Base>['isReadyToMark']>): boolean {
              return dup.allCheckpointHasPrepared();
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-readd-alters-memory',
    issue: 'dup.B3',
    symptom: 'an add of a duplication that exists starts it again in memory, and the store does not know',
    expected: ['dup.S1', 'S8'],
    changes: [
      {
        part: 'DuplicationService',
        mend: (Base) =>
          class extends Base {
            override answerExisting(...args: Parameters<InstanceType<typeof Base>['answerExisting']>): void {
              const [app, dup, request, replier] = args;
              const error = dup.start(request.isDuplicatingCheckpoint);
              if (error === 'ERR_OK') dup.persistStatus();
              this.answerAdd(app, dup, error === 'ERR_OK' ? 'ERR_DUP_EXIST' : error, replier);
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-fail-mode-reset',
    issue: 'dup.B4',
    symptom: 'the automatic steps to DS_APP and DS_LOG set the fail mode back to FAIL_SLOW',
    expected: ['dup.S1', 'S8'],
    changes: [
      {
        part: 'DuplicationService',
        mend: (Base) =>
          class extends Base {
            override keptFailMode(): 'FAIL_SLOW' {
              return 'FAIL_SLOW';
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-progress-of-one-report',
    issue: 'dup.B5',
    symptom: 'a progress write stores what its report says, though more was reported before and is taken for stored',
    expected: ['dup.S3', 'dup.S4', 'S5', 'dup.S5'],
    changes: [
      {
        part: 'DuplicationInfo',
        mend: (Base) =>
          class extends Base {
            override decreeToPersist(...[, report]: Parameters<InstanceType<typeof Base>['decreeToPersist']>): Decree {
              return report.confirmedDecree;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-removal-races-progress',
    issue: 'dup.B6',
    symptom: 'a duplication is deleted while its progress is being written',
    expected: ['S5', 'S7', 'dup.S17', 'dup.S2'],
    changes: [
      {
        part: 'DuplicationInfo',
        mend: (Base) =>
          class extends Base {
            override isProgressFrozen(): boolean {
              return false;
            }
          },
      },
      {
        part: 'DuplicationService',
        mend: (Base) =>
          class extends Base {
            override canBeDeleted(): boolean {
              return true;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-late-check-unpauses',
    issue: 'dup.B7',
    symptom: 'an answer about the follower\'s health that comes late starts a duplication that was paused meanwhile',
    expected: ['dup.S1'],
    changes: [
      {
        part: 'DuplicationService',
        mend: (Base) =>
          class extends Base {
            override isExpected(...[app, dup, from]: Parameters<InstanceType<typeof Base>['isExpected']>): boolean {
              return super.isExpected(app, dup, from) || super.isExpected(app, dup, 'DS_PAUSE');
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-marks-of-an-older-master',
    issue: 'dup.B8',
    symptom: 'the marks that a source table got as a follower itself are handed on to its own follower',
    expected: ['S8', 'dup.L1', 'L1', 'S3', 'dup.S11'],
    changes: [
      {
        part: 'FollowerAppClient',
        mend: (Base) =>
          class extends Base {
            override followerEnvs(...args: Parameters<InstanceType<typeof Base>['followerEnvs']>): Readonly<Record<string, string>> {
              return { ...super.followerEnvs(...args), ...args[0].record.info.envs };
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-takes-over-a-follower',
    issue: 'dup.B9',
    symptom: 'a new duplication is given the follower table that an earlier one left, whose checkpoint is too old',
    expected: ['S3', 'dup.S11', 'dup.S13', 'S8', 'dup.S15'],
    changes: [
      {
        part: 'FollowerAppRules',
        mend: (Base) =>
          class extends Base {
            override isSameMaster(...[request, app]: Parameters<InstanceType<typeof Base>['isSameMaster']>): boolean {
              return app.record.info.envs[MASTER_CLUSTER_ENV] === request.envs[MASTER_CLUSTER_ENV];
            }
            override isSameShape(): boolean {
              return true;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-served-before-restored',
    issue: 'dup.B10',
    symptom: 'a meta server answers syncs before it has restored its duplications, so they are forgotten meanwhile',
    expected: ['dup.S4', 'dup.S17', 'S8', 'S4', 'S5'],
    changes: [
      {
        part: 'MetaServer',
        mend: (Base) =>
          class extends Base {
            override onTablesRecovered(): void {
              this.onRecovered();
              super.onTablesRecovered();
            }
            override onRecovered(): void {
              if (!this.isActive()) super.onRecovered();
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-lost-with-a-dropped-table',
    issue: 'dup.B11',
    symptom: 'duplications of a table that was dropped before the meta server\'s start are not there when it is recalled',
    expected: ['dup.L4', 'S7', 'dup.S17', 'S4'],
    changes: [
      {
        part: 'DuplicationRecovery',
        mend: (Base) =>
          class extends Base {
            override appsToRecover(): readonly AppState[] {
              return super.appsToRecover().filter(({ status }) => status === 'AS_AVAILABLE');
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-duplicating-stays-stored',
    issue: 'dup.B45',
    symptom: 'the removal of a duplication is not stored with its table, which is a duplicated one again after a restart',
    expected: ['S7', 'dup.S17', 'L5'],
    changes: [
      {
        part: 'AppService',
        mend: (Base) =>
          class extends Base {
            override doStoreDuplicating(...[app]: Parameters<InstanceType<typeof Base>['doStoreDuplicating']>): void {
              this.onChangeStored(app.appId, withDuplicating(app.record, isDuplicating(app)));
            }
          },
      },
      {
        part: 'DuplicationRecovery',
        mend: (Base) =>
          class extends Base {
            override isDuplicatingStale(...[app]: Parameters<InstanceType<typeof Base>['isDuplicatingStale']>): boolean {
              return super.isDuplicatingStale(app) && isDuplicating(app);
            }
          },
      },
    ],
  }),
];
