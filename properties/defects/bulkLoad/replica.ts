/** What a member does and tells of a load, and what its primary makes of that (bl 13, 16). */
import { classic } from '../classic/told.ts';
import { suspect } from '../duplication/told.ts';
import type { Defect } from '../types.ts';

const UPSTREAM: readonly Defect[] = [
  suspect({
    id: 'bl-secondary-error-unheard',
    issue: 'bl.B29',
    symptom: 'a secondary that has lost its download refuses for ever, and nobody hears of it',
    expected: ['L3'],
    changes: [
      {
        part: 'BulkLoadGroup',
        mend: (Base) =>
          class extends Base {
            override isForGood(): boolean {
              return false;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-files-by-the-present-name',
    issue: 'bl.B15',
    symptom: 'secondaries are told to look for the files under the name that their primary knows the table by',
    expected: ['L3', 'S8'],
    changes: [
      {
        part: 'BulkLoadGroup',
        mend: (Base) =>
          class extends Base {
            override appName(): string {
              return this.replica.app.appName;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-slot-kept-by-a-closed-replica',
    issue: 'bl.B30',
    symptom: 'a replica that closes while it downloads keeps its server\'s slot for ever',
    expected: ['S9', 'bl.S8', 'L3', 'S8'],
    changes: [
      {
        part: 'ReplicaBulkLoader',
        mend: (Base) =>
          class extends Base {
            override close(): void {
              this.downloader.endRound();
              this.downloader.cancelTasks();
              this.group.forget();
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-flag-kept-without-a-slot',
    issue: 'bl.B33',
    symptom: 'after a rollback a primary that finds no slot to download keeps all writes out until it does',
    expected: ['bl.S4', 'L3', 'S8'],
    changes: [
      {
        part: 'ReplicaBulkLoader',
        mend: (Base) =>
          class extends Base {
            override endIngestion(): void {
              // The slot is looked for first.
            }
          },
      },
    ],
  }),
  suspect({
    id: 'bl-loads-not-told-apart',
    issue: 'bl.B35',
    symptom: 'what a replica still has of one load is taken for the next one\'s',
    expected: ['bl.S19', 'S10', 'S8', 'bl.S2', 'bl.S9', 'L3'],
    changes: [
      {
        part: 'ReplicaBulkLoader',
        mend: (Base) =>
          class extends Base {
            override isAnotherLoad(): boolean {
              return false;
            }
          },
      },
      {
        part: 'BulkLoadGroup',
        mend: (Base) =>
          class extends Base {
            override onLoad(): void {
              // What was said stays said.
            }
          },
      },
    ],
  }),
];

const MISTAKES: readonly Defect[] = [
  classic({
    id: 'bl-flag-never-cleared',
    symptom: 'a primary that has ingested never lets writes in again',
    expected: ['L3', 'S8', 'bl.S4'],
    changes: [
      {
        part: 'BulkLoadIngestion',
        mend: (Base) =>
          class extends Base {
            override onGroupFinished(): void {
              // Writes stay out.
            }
            override clear(): void {
              this.clearStatus();
            }
            override isClear(): boolean {
              return this.status === 'IS_INVALID';
            }
          },
      },
    ],
  }),
  classic({
    id: 'bl-cleaned-up-with-its-files',
    symptom: 'a replica says that it has cleaned up while its files are all there',
    expected: ['S8', 'S9'],
    changes: [
      {
        part: 'ReplicaBulkLoader',
        mend: (Base) =>
          class extends Base {
            override cleanUp(): void {
              this.clearStates();
            }
            override isCleanedUp(): boolean {
              return this.localStatus === 'BLS_INVALID';
            }
          },
      },
    ],
  }),
  classic({
    id: 'bl-finished-with-the-primary',
    symptom: 'a group counts as finished when its primary has ingested',
    expected: ['S10', 'bl.S9', 'bl.S2'],
    changes: [
      {
        part: 'ReplicaBulkLoader',
        mend: (Base) =>
          class extends Base {
            override reportIngestion(...[own]: Parameters<InstanceType<typeof Base>['reportIngestion']>): boolean {
              super.reportIngestion(own);
              return own.ingestStatus === 'IS_SUCCEED';
            }
          },
      },
    ],
  }),
];

export const REPLICA: readonly Defect[] = [...UPSTREAM, ...MISTAKES];
