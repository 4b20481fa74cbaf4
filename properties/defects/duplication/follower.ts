/** What a follower does with what it is sent, as upstream has it (dup 12.4). */
import type { Defect } from '../types.ts';
import { suspect } from './told.ts';

export const FOLLOWER: readonly Defect[] = [
  suspect({
    id: 'dup-master-known-by-name',
    issue: 'dup.B9',
    symptom: 'a follower table takes the checkpoint of whatever table has its master\'s name by now',
    expected: ['dup.S11', 'S3'],
    changes: [
      {
        part: 'ReplicaFollower',
        mend: (Base) =>
          class extends Base {
            override isAnotherTable(): boolean {
              return false;
            }
          },
      },
    ],
  }),
  suspect({
    id: 'dup-lag-asserts-clocks',
    issue: 'dup.B40',
    symptom: 'a write whose source has a clock that is ahead aborts every follower replica that applies it',
    expected: ['S5'],
    changes: [
      {
        part: 'DuplicateWriter',
        mend: (Base) =>
          class extends Base {
            override lagMs(...[entry]: Parameters<InstanceType<typeof Base>['lagMs']>): number {
              this.ctx.env.check(this.ctx.env.clock.wallUs() >= entry.timestampUs, 'dup_time_lag');
              return super.lagMs(entry);
            }
          },
      },
    ],
  }),
];
