/**
 * Throttling as upstream has it, and the mistakes that one makes with it (thr 4 - 8). Not expressible: thr.T1 is a comment;
 * thr.T3 is two readers in one controller at once, and a handler here runs whole; thr.T6 says "changed" with each sync,
 * which nobody hears; and a malformed value never meets a limit that it could leave in force, since the meta server
 * refuses to change a good value into one.
 */
import { DENY_CLIENT_REQUEST } from '../../impl/replica/denyClient.ts';
import type { ThrottlingVerdict } from '../../impl/replica/throttling/throttlingController.ts';
import { classic } from './classic/told.ts';
import { suspect } from './duplication/told.ts';
import type { Defect } from './types.ts';

const UPSTREAM: readonly Defect[] = [
  suspect({
    id: 'throttle-wait-wraps',
    issue: 'thr.T2',
    symptom: 'milliseconds beyond 63 bits become a negative wait, with which no timer can be set',
    expected: ['thr.S3', 'S5'],
    changes: [
      {
        part: 'ThrottlingController',
        mend: (Base) =>
          class extends Base {
            override waitOf(...[item]: Parameters<InstanceType<typeof Base>['waitOf']>): number {
              return Number(BigInt.asIntN(64, item?.millis ?? 0n));
            }
          },
      },
    ],
  }),
  suspect({
    id: 'throttle-forgives-large-reads',
    issue: 'thr.T4',
    symptom: 'a read of more bytes than its replica has for a second costs nothing',
    expected: ['thr.S2'],
    changes: [
      {
        part: 'TokenBucketThrottlingController',
        mend: (Base) =>
          class extends Base {
            override isCharged(cost: number): boolean {
              return super.isCharged(cost) && cost <= this.ratePerSecond();
            }
          },
      },
    ],
  }),
  suspect({
    id: 'throttle-without-a-share',
    issue: 'thr.T5',
    symptom: 'with fewer bytes for reads than partitions a partition has none, and every read is refused',
    expected: ['thr.S4'],
    changes: [
      {
        part: 'TokenBucketThrottlingController',
        mend: (Base) =>
          class extends Base {
            override rateOf(limit: bigint, partitionCount: number): number {
              return Number(limit / BigInt(partitionCount));
            }
          },
      },
    ],
  }),
  suspect({
    id: 'malformed-denial-aborts',
    issue: 'thr.T7',
    symptom: 'a table made with a denial that cannot be read ends every server that hears of it',
    expected: ['S5'],
    changes: [
      {
        part: 'ReplicaConfigurator',
        mend: (Base) =>
          class extends Base {
            override updateAppInfo(...[app]: Parameters<InstanceType<typeof Base>['updateAppInfo']>): void {
              const denial = app.envs[DENY_CLIENT_REQUEST] ?? '';
              this.ctx.env.check(denial === '' || denial.split('*').length === 2, 'update_deny_client', () => denial);
              super.updateAppInfo(app);
            }
          },
      },
    ],
  }),
];

const WINDOWS: readonly Defect[] = [
  classic({
    id: 'throttle-limit-not-divided',
    symptom: 'every partition lets in what the whole table may have',
    expected: ['thr.S2', 'thr.S4'],
    changes: [
      {
        part: 'ThrottlingController',
        mend: (Base) =>
          class extends Base {
            override limitOf(...[item]: Parameters<InstanceType<typeof Base>['limitOf']>): number {
              return super.limitOf(item, 1);
            }
          },
      },
    ],
  }),
  classic({
    id: 'throttle-off-by-one',
    symptom: 'the request that just reaches the limit is held back or refused too',
    expected: ['thr.S4', 'thr.S2'],
    changes: [
      {
        part: 'ThrottlingController',
        mend: (Base) =>
          class extends Base {
            override isBeyond(limit: number): boolean {
              return super.isBeyond(limit - 1);
            }
          },
      },
    ],
  }),
  classic({
    id: 'throttle-window-never-ends',
    symptom: 'what was used in one second counts in all later ones',
    expected: ['thr.S4'],
    changes: [
      {
        part: 'ThrottlingController',
        mend: (Base) =>
          class extends Base {
            override enterWindow(): void {
              // The first second goes on for ever.
            }
          },
      },
    ],
  }),
  classic({
    id: 'throttle-charges-what-it-refuses',
    symptom: 'a refused request uses up the second for smaller ones',
    expected: ['thr.S4'],
    changes: [
      {
        part: 'ThrottlingController',
        mend: (Base) =>
          class extends Base {
            override giveBack(): void {
              // It stays charged.
            }
          },
      },
    ],
  }),
  classic({
    id: 'throttle-env-change-not-taken',
    symptom: 'a replica that throttles keeps its limits when its table gets other ones',
    expected: ['thr.S1', 'thr.S2', 'thr.S3', 'thr.S4'],
    changes: [
      {
        part: 'ThrottlingController',
        mend: (Base) =>
          class extends Base {
            override isUnchanged(): boolean {
              return this.enabled();
            }
          },
      },
    ],
  }),
  classic({
    id: 'throttle-wait-not-capped',
    symptom: 'a request waits longer than half of what its client waits',
    expected: ['thr.S3'],
    changes: [
      {
        part: 'ThrottlingController',
        mend: (Base) =>
          class extends Base {
            override waitWithin(_timeoutMs: number, waitMs: number): number {
              return waitMs;
            }
          },
      },
    ],
  }),
];

const REQUESTS: readonly Defect[] = [
  classic({
    id: 'throttle-delayed-write-lost',
    symptom: 'a delayed write is never looked at again',
    expected: ['repl.L7', 'thr.L1'],
    changes: [
      {
        part: 'ReplicaThrottle',
        mend: (Base) =>
          class extends Base {
            override onWriteDelayed(): void {
              // Nobody goes on with it.
            }
          },
      },
    ],
  }),
  classic({
    id: 'throttle-delays-again',
    symptom: 'a write that has waited is throttled as if it came only now',
    expected: ['S8', 'thr.S4'],
    changes: [
      {
        part: 'ReplicaThrottle',
        mend: (Base) =>
          class extends Base {
            override onWriteDelayed(...[write]: Parameters<InstanceType<typeof Base>['onWriteDelayed']>): void {
              this.replica.twoPc.onWrite(write, false);
            }
          },
      },
    ],
  }),
  classic({
    id: 'throttle-charges-a-delayed-write-twice',
    symptom: 'a delayed write is charged when it comes, and once more when it is let in',
    expected: ['thr.S4'],
    changes: [
      {
        part: 'ReplicaThrottle',
        mend: (Base) =>
          class extends Base {
            override onWriteDelayed(...[write]: Parameters<InstanceType<typeof Base>['onWriteDelayed']>): void {
              this.writesByCount.control(write.request.clientTimeoutMs, 1);
              super.onWriteDelayed(write);
            }
          },
      },
    ],
  }),
  classic({
    id: 'throttle-delays-without-waiting',
    symptom: 'a write that is to be delayed is let in at once',
    expected: ['S8'],
    changes: [
      {
        part: 'ReplicaThrottle',
        mend: (Base) =>
          class extends Base {
            override controlWrite(...[write]: Parameters<InstanceType<typeof Base>['controlWrite']>): ThrottlingVerdict {
              const verdict = super.controlWrite(write);
              return verdict.kind === 'delay' ? { kind: 'pass' } : verdict;
            }
          },
      },
    ],
  }),
];

export const THROTTLING: readonly Defect[] = [...UPSTREAM, ...WINDOWS, ...REQUESTS];
