/** Bulk load at the meta server: start, control, steps, end and restart, as upstream has it (bl 21). */
import type { AppBulkLoadRecord, PartitionBulkLoadRecord } from '../../../impl/meta/bulkLoad/bulkLoadRecords.ts';
import type { PartitionLoad } from '../../../impl/meta/bulkLoad/bulkLoadState.ts';
import type { AppState } from '../../../impl/meta/serverState.ts';
import { classic } from '../classic/told.ts';
import { suspect } from '../duplication/told.ts';
import type { Defect } from '../types.ts';

const LOCK_AND_END: readonly Defect[] = [
  suspect({
    id: 'bl-lock-of-a-dropped-table',
    issue: 'bl.B1, apache/incubator-pegasus#1286',
    symptom: 'after a table was dropped while it loaded no table loads any more',
    expected: ['S8', 'L3'],
    changes: [
      {
        part: 'BulkLoadService',
        mend: (Base) =>
          class extends Base {
            override handleAppUnavailable(...[load]: Parameters<InstanceType<typeof Base>['handleAppUnavailable']>): void {
              if (load.active) load.hold = 0;
              super.handleAppUnavailable(load);
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-ended-load-holds-the-lock',
    issue: 'bl.B2',
    symptom: 'after a restart loads that have ended are polled again, and the first of them keeps a real one from going on',
    expected: ['S8', 'L3', 'bl.S1', 'bl.S19', 'S7'],
    changes: [
      {
        part: 'BulkLoadRecovery',
        mend: (Base) =>
          class extends Base {
            override isToContinue(): boolean {
              return true;
            }
            override continueBulkLoad(...[load]: Parameters<InstanceType<typeof Base>['continueBulkLoad']>): void {
              if (this.ctx.settings.enableConcurrentBulkLoad || this.service.lock.isFree()) super.continueBulkLoad(load);
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-cleaned-partitions-forgotten',
    issue: 'bl.B22',
    symptom: 'a load that is cancelled by force while it is being cleaned up never ends',
    expected: ['L6', 'L3'],
    changes: [
      {
        part: 'BulkLoadTransitions',
        mend: (Base) =>
          class extends Base {
            readonly uncounted: Set<PartitionLoad> = new Set();
            override pushStatus(...[load, status]: Parameters<InstanceType<typeof Base>['pushStatus']>): void {
              for (const part of load.partitions) if (part.cleaned) this.uncounted.add(part);
              super.pushStatus(load, status);
            }
            override isFinished(...[load]: Parameters<InstanceType<typeof Base>['isFinished']>): boolean {
              return super.isFinished(load) && !load.partitions.some((part) => this.uncounted.has(part));
            }
          },
      },
    ],
  }),
];

const STEPS: readonly Defect[] = [
  suspect({
    id: 'bl-metadata-overwritten',
    issue: 'bl.B3, apache/incubator-pegasus#1140',
    symptom: 'metadata and the next status of a partition come by one reply; the status is stored without the metadata',
    expected: ['bl.S19', 'S7', 'L3'],
    changes: [
      {
        part: 'BulkLoadTransitions',
        mend: (Base) =>
          class extends Base {
            override withStatus(...[part, next]: Parameters<InstanceType<typeof Base>['withStatus']>): PartitionBulkLoadRecord {
              return { ...super.withStatus(part, next), metadata: part.record.metadata };
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-push-dropped',
    issue: 'bl.B6',
    symptom: 'a pause, cancel or failure does not reach a partition whose record is just being written',
    expected: ['L3', 'L6', 'bl.S2', 'bl.S11', 'S8'],
    changes: [
      {
        part: 'BulkLoadTransitions',
        mend: (Base) =>
          class extends Base {
            override updatePartitionStatus(...[load, part, next]: Parameters<InstanceType<typeof Base>['updatePartitionStatus']>): void {
              const isDropped = part.record !== part.intended && (load.rolling === undefined || next !== 'BLS_DOWNLOADING');
              if (!isDropped) super.updatePartitionStatus(load, part, next);
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-decided-on-a-status-of-before',
    issue: 'bl.B7',
    symptom: 'a rollback or a control that meets another change on its way to the store overwrites it',
    expected: ['bl.S17', 'bl.S11', 'L6', 'L3', 'S8'],
    changes: [
      {
        part: 'BulkLoadService',
        mend: (Base) =>
          class extends Base {
            override recordToJudge(...[load]: Parameters<InstanceType<typeof Base>['recordToJudge']>): AppBulkLoadRecord {
              return load.record;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-written-before-it-is-created',
    issue: 'bl.B23',
    symptom: 'a control that comes before the load\'s node is there ends the meta server',
    expected: ['S5'],
    changes: [
      {
        part: 'BulkLoadTransitions',
        mend: (Base) =>
          class extends Base {
            override updateAppStatus(...[load, next, error]: Parameters<InstanceType<typeof Base>['updateAppStatus']>): void {
              load.created = true;
              super.updateAppStatus(load, next, error);
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-step-lost-in-a-rollback',
    issue: 'bl.B31',
    symptom: 'a partition that is DOWNLOADED again before the last one has come back to DOWNLOADING is not counted',
    expected: ['L3'],
    changes: [
      {
        part: 'BulkLoadTransitions',
        mend: (Base) =>
          class extends Base {
            readonly uncounted: Set<PartitionLoad | undefined> = new Set();
            override onPartitionStatusStored(...args: Parameters<InstanceType<typeof Base>['onPartitionStatusStored']>): void {
              const [appId, loadId, index, { status }] = args;
              const load = this.service.loadOf(appId, loadId);
              if (status !== 'BLS_DOWNLOADED') this.uncounted.delete(load?.partitions[index]);
              else if (load?.rolling !== undefined) this.uncounted.add(load.partitions[index]);
              super.onPartitionStatusStored(...args);
            }
            override advance(...[load]: Parameters<InstanceType<typeof Base>['advance']>): void {
              if (!load.partitions.some((part) => this.uncounted.has(part))) super.advance(load);
            }
          },
      },
    ],
  }),
];

const RESTART: readonly Defect[] = [
  suspect({
    id: 'bl-step-lost-in-a-restart',
    issue: 'bl.B13',
    symptom: 'a meta server that stops before a step whose partitions are all ready never takes it',
    expected: ['L3', 'L6'],
    changes: [
      {
        part: 'BulkLoadRecovery',
        mend: (Base) =>
          class extends Base {
            override takeStep(): void {
              // Nothing is counted down any more.
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-restored-by-name',
    issue: 'bl.B25',
    symptom: 'after a restart the load of a table that is gone is taken for one of the table that has its name now',
    expected: ['S7', 'L3', 'bl.S19', 'S8'],
    changes: [
      {
        part: 'BulkLoadRecovery',
        mend: (Base) =>
          class extends Base {
            override tableOf(...[appId, record]: Parameters<InstanceType<typeof Base>['tableOf']>): AppState | undefined {
              return record === undefined ? super.tableOf(appId, record) : this.service.state.liveApp(record.appName);
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-given-up-in-silence',
    issue: 'bl.B26',
    symptom: 'a load that a restart finds invalid is forgotten, and its replicas are never told',
    expected: ['S7', 'L3', 'S9'],
    changes: [
      {
        part: 'BulkLoadRecovery',
        mend: (Base) =>
          class extends Base {
            override giveUp(...[app]: Parameters<InstanceType<typeof Base>['giveUp']>): void {
              this.abandon(app.appId, app);
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-remade-node-has-ingested',
    issue: 'bl.B27',
    symptom: 'a partition\'s node that is made after a restart says by chance that it has ingested',
    expected: ['S7', 'S10', 'bl.S2'],
    changes: [
      {
        part: 'BulkLoadService',
        mend: (Base) =>
          class extends Base {
            override recordAtCreation(...[load, status]: Parameters<InstanceType<typeof Base>['recordAtCreation']>): PartitionBulkLoadRecord {
              return { ...super.recordAtCreation(load, status), everIngestSucceed: load.starter === undefined };
            }
          },
      },
    ],
  }),
];

const MISTAKES: readonly Defect[] = [
  classic({
    id: 'bl-query-tells-the-wish',
    symptom: 'a query tells the status that is only on its way to the store',
    expected: ['S8'],
    changes: [
      {
        part: 'BulkLoadService',
        mend: (Base) =>
          class extends Base {
            override recordToTell(...[load]: Parameters<InstanceType<typeof Base>['recordToTell']>): AppBulkLoadRecord {
              return load.intended;
            }
          },
      },
    ],
  }),
  classic({
    id: 'bl-rollbacks-not-counted',
    symptom: 'a load goes back to DOWNLOADING more often than it may',
    expected: ['bl.S10', 'L3'],
    changes: [
      {
        part: 'BulkLoadReplies',
        mend: (Base) =>
          class extends Base {
            override rollback(...[load]: Parameters<InstanceType<typeof Base>['rollback']>): void {
              load.rollbackCount = 0;
              super.rollback(load);
            }
          },
      },
    ],
  }),
];

export const META: readonly Defect[] = [...LOCK_AND_END, ...STEPS, ...RESTART, ...MISTAKES];
