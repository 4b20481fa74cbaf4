/** Classic mistakes in what a duplicator tells of itself and heeds, each the smallest change that makes it. */
import type { Defect } from '../types.ts';
import { classic } from './told.ts';

export const DUPLICATORS: readonly Defect[] = [
  classic({
    id: 'dup-fail-mode-unheard',
    symptom: 'a duplicator keeps the fail mode that it was built with, whatever the operator sets',
    expected: ['S8'],
    changes: [
      {
        part: 'ReplicaDuplicator',
        mend: (Base) =>
          class extends Base {
            override updateFailMode(): void {
              // Only what it was built with counts.
            }
          },
      },
    ],
  }),
  classic({
    id: 'dup-pending-stands-still',
    symptom: 'the gauge of pending mutations is never set again',
    expected: ['S8'],
    changes: [
      {
        part: 'DuplicationSyncTimer',
        mend: (Base) =>
          class extends Base {
            override updatePendingMutations(): void {
              // It stays at zero.
            }
          },
      },
    ],
  }),
];
