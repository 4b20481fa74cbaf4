/** Classic mistakes when a primary is moved (docs/departures FM12), each the smallest change that makes it. */
import type { Defect } from '../types.ts';
import { classic } from './told.ts';

export const MOVES: readonly Defect[] = [
  classic({
    id: 'moved-primary-reads-at-once',
    symptom: 'a primary that has taken over reads before what it found prepared is committed',
    expected: ['S1'],
    changes: [
      {
        part: 'ReplicaConfigurator',
        mend: (Base) =>
          class extends Base {
            override prepareToTakeOver(): void {
              super.prepareToTakeOver();
              this.replica.primaryStates.lastPrepareDecreeOnNewPrimary = 0;
            }
          },
      },
    ],
  }),
  classic({
    id: 'moved-primary-keeps-its-duplicators',
    symptom: 'who stepped down keeps its duplicators until it hears of the next primary',
    expected: ['S8', 'dup.L6', 'dup.S5'],
    changes: [
      {
        part: 'ReplicaConfigurator',
        mend: (Base) =>
          class extends Base {
            override onBecameSecondary(): void {
              this.replica.metaRequester.cancelPendingRequest();
            }
          },
      },
    ],
  }),
  classic({
    id: 'move-forgotten-by-a-restart',
    symptom: 'a meta server that starts looks after nothing before something happens',
    expected: ['L4'],
    changes: [
      {
        part: 'Cure',
        mend: (Base) =>
          class extends Base {
            override balancerRun(): void {
              // Who stepped down is nobody's business.
            }
          },
      },
    ],
  }),
];
