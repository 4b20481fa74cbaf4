/** Mistakes about beacons and leases (repl 1.10). */
import type { Defect } from '../types.ts';
import { classic } from './told.ts';

export const LEASES: readonly Defect[] = [
  classic({
    id: 'fd-lease-never-checked',
    symptom: 'a server goes on serving when its lease is over',
    expected: ['repl.1.10'],
    changes: [
      {
        part: 'FailureDetector',
        mend: (Base) =>
          class extends Base {
            override isLeaseEnding(): boolean {
              return false;
            }
          },
      },
    ],
  }),
  classic({
    id: 'fd-lease-ends-between-checks',
    symptom: 'a lease is checked for now and not for the time until the next check',
    expected: ['repl.1.10'],
    changes: [
      {
        part: 'FailureDetector',
        mend: (Base) =>
          class extends Base {
            override isLeaseEnding(): boolean {
              return !this.isLeaseValid();
            }
          },
      },
    ],
  }),
  classic({
    id: 'fd-roles-kept-without-lease',
    symptom: 'a server without a lease asks nothing any more, and its replicas keep their roles',
    expected: ['repl.1.10'],
    changes: [
      {
        part: 'MetaConnection',
        mend: (Base) =>
          class extends Base {
            override onMetaServerDisconnectedScatter(): void {}
          },
      },
    ],
  }),
  classic({
    id: 'fd-no-sync-with-the-lease',
    symptom: 'a server that has its lease again never asks for its roles',
    expected: ['L4', 'L1', 'L6', 'dup.L4'],
    changes: [
      {
        part: 'MetaConnection',
        mend: (Base) =>
          class extends Base {
            private had = false;
            override onMetaServerConnected(): void {
              if (!this.had) super.onMetaServerConnected();
              this.had = true;
            }
          },
      },
    ],
  }),
];
