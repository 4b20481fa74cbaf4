/** Classic mistakes in the storage engine, each the smallest change that makes it. */
import { isRemoval } from '../../../impl/storage/valueHeader.ts';
import type { Defect } from '../types.ts';
import { classic } from './told.ts';

export const STORAGE: readonly Defect[] = [
  classic({
    id: 'files-not-synced',
    symptom: 'runs, manifests and CURRENT are put in force without a sync',
    expected: ['repl.1.2'],
    changes: [
      {
        part: 'DatabaseDirectory',
        mend: (Base) =>
          class extends Base {
            override writeSynced(...[name, bytes]: Parameters<InstanceType<typeof Base>['writeSynced']>): void {
              this.disk.create(this.path(name));
              this.disk.write(this.path(name), 0, bytes);
            }
          },
      },
    ],
  }),
  classic({
    id: 'tombstone-seen-through',
    symptom: 'a delete in a newer run does not hide the row of an older one',
    expected: ['S1'],
    changes: [
      {
        part: 'StorageEngine',
        mend: (Base) =>
          class extends Base {
            override findIn(...args: Parameters<InstanceType<typeof Base>['findIn']>): Uint8Array | undefined {
              const found = super.findIn(...args) ?? undefined;
              return found !== undefined && isRemoval(found) ? undefined : found;
            }
          },
      },
    ],
  }),
];
