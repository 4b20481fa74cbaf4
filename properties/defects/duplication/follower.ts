/** What a follower does with what it is sent, as upstream has it (dup 12.4). */
import type { Defect } from '../types.ts';
import { suspect } from './told.ts';

export const FOLLOWER: readonly Defect[] = [
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
