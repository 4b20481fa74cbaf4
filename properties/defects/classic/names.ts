/** Classic mistakes when a table is dropped, called back or renamed, each the smallest change that makes it. */
import type { PartitionConfig } from '../../../model/vocabulary.ts';
import { withName } from '../../../impl/meta/records.ts';
import { task } from '../../../impl/env/contract.ts';
import type { Defect } from '../types.ts';
import { classic } from './told.ts';

export const NAMES: readonly Defect[] = [
  classic({
    id: 'recall-forgets-members',
    symptom: 'a dropped partition does not remember who had it, so that a recalled table begins anew, or never',
    expected: ['S7', 'S1', 'L4'],
    changes: [
      {
        part: 'RequestRules',
        mend: (Base) =>
          class extends Base {
            override droppedConfig(stored: PartitionConfig): PartitionConfig {
              return { ...super.droppedConfig(stored), lastDrops: stored.lastDrops };
            }
          },
      },
    ],
  }),
  classic({
    id: 'dropped-table-collected-at-once',
    symptom: 'the replicas of a dropped table go as soon as they are reported, whatever the time for which they are to be held',
    expected: ['S1', 'L4'],
    changes: [
      {
        part: 'AppDrop',
        mend: (Base) =>
          class extends Base {
            override isExpired(...[app]: Parameters<InstanceType<typeof Base>['isExpired']>): boolean {
              return app.status === 'AS_DROPPED';
            }
          },
      },
    ],
  }),
  classic({
    id: 'recall-of-taken-name',
    symptom: 'a table is called back under the name of another one',
    expected: ['S7', 'S8'],
    changes: [
      {
        part: 'AppRecall',
        mend: (Base) =>
          class extends Base {
            override isTaken(): boolean {
              return false;
            }
          },
      },
    ],
  }),
  classic({
    id: 'rename-keeps-old-name-in-lookup',
    symptom: 'a renamed table is found by its old name until the meta server starts again',
    expected: ['S8', 'repl.L7'],
    changes: [
      {
        part: 'AppRename',
        mend: (Base) =>
          class extends Base {
            override doAppRename(...[app, name]: Parameters<InstanceType<typeof Base>['doAppRename']>): void {
              this.apps.storeRecord(app, withName(app.record, name), task(this.apps, 'onChangeStored', app.appId, app.record));
            }
          },
      },
    ],
  }),
];
