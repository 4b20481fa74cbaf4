/** A mistake that nobody could miss: every job must find it, or the job itself is broken. */
import type { Defect } from './types.ts';

export const CANARY: Defect = {
  id: 'canary',
  issue: '',
  symptom: 'every read says that the row is not there',
  expected: ['S1', 'S8'],
  family: 'canary',
  upstream: 'never had it',
  changes: [
    {
      part: 'StorageApp',
      mend: (Base) =>
        class extends Base {
          override get(): undefined {
            return undefined;
          }
        },
    },
  ],
};
