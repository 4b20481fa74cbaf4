/** Classic mistakes when replicas change places (bl 17.2; docs/departures FM12), each the smallest change that makes it. */
import type { Balancer } from '../../../impl/meta/balancer.ts';
import type { Proposal } from '../../../impl/meta/cure/cureView.ts';
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
  classic({
    id: 'copy-removes-before-it-has-learned',
    symptom: 'the secondary that another server replaces is let go before that one is taught',
    expected: ['repl.1.10.redundant'],
    changes: [
      {
        part: 'Balancer',
        mend: (Base) =>
          class extends Base {
            override copySecondary(...asked: Parameters<Balancer['copySecondary']>): readonly Proposal[] {
              return [...super.copySecondary(...asked)].reverse();
            }
          },
      },
    ],
  }),
  classic({
    id: 'copied-primary-stays-a-member',
    symptom: 'nobody lets go of the former primary whose place another server has taken: the cure removes whoever has most',
    expected: ['repl.1.10.redundant', 'L6'],
    changes: [
      {
        part: 'Balancer',
        mend: (Base) =>
          class extends Base {
            override copyPrimary(...asked: Parameters<Balancer['copyPrimary']>): readonly Proposal[] {
              return super.copyPrimary(...asked).slice(0, -1);
            }
          },
      },
    ],
  }),
  classic({
    id: 'removed-replica-goes-on',
    symptom: 'a replica that was removed, or is not listed by the meta server, keeps its role',
    expected: ['L4'],
    changes: [
      {
        part: 'MemberChanges',
        mend: (Base) =>
          class extends Base {
            override onRemove(): void {
              // It will hear of the group soon.
            }
          },
      },
      {
        part: 'ReplicaConfigurator',
        mend: (Base) =>
          class extends Base {
            override onNotListed(ballot: number, garbage: boolean): void {
              if (garbage) super.onNotListed(ballot, garbage);
            }
          },
      },
    ],
  }),
];
