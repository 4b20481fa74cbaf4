/** Refusing traces of what servers say of their metrics and of their progress at rest (dup 10; S8). */
import type { Answer } from '../../model/commands.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { NodeId } from '../../model/vocabulary.ts';
import {
  arrives,
  CONFIRMED,
  DUP_CONFIG,
  ends,
  entry,
  F,
  ID,
  L_W,
  LOG_RUNS,
  RUNS,
  S,
  sent,
  shipped,
} from './duplicationStory.ts';
import type { Refused } from './refused.ts';
import { P, putAt } from './story.ts';

/** Long after everything: a sync has set the gauges since. */
const LATE = 40 * S;

const asking = (cluster: string): ModelEvent => ({
  kind: 'command.invoked',
  id: 30,
  cluster,
  command: { kind: 'queryMetrics', table: 't', partitionIndex: 0 },
  atUs: LATE,
});
const says = (node: NodeId, metrics: Readonly<Record<string, number>>): ModelEvent => ({
  kind: 'command.answered',
  id: 30,
  cluster: node.slice(0, 1),
  answer: { kind: 'metrics', error: 'ERR_OK', node, metrics } satisfies Answer,
  atUs: LATE,
});

const metrics = (
  why: string,
  before: readonly ModelEvent[],
  node: NodeId,
  permitted: Readonly<Record<string, number>>,
  refused: Readonly<Record<string, number>>,
  text: string,
): Refused => ({
  rule: 'answers/metrics',
  why,
  before: [...before, asking(node.slice(0, 1))],
  event: says(node, { ...permitted, ...refused }),
  permitted: says(node, permitted),
  says: text,
  config: DUP_CONFIG,
});

/** Told -1, then 2, then 3: the stored decree rose by 4. */
const MASTER = { dup_confirmed_mutations: 4, dup_pending_mutations: 0 };
/** Decree 3 of the source, timestamp 3000 us, applied at 10 s of a clock that began 1000 s after 2016. */
const LAG_MS = (1_451_606_400 + 1000 + 10) * 1000 - 3;
const FOLLOWER = { dup_requests: 1, dup_time_lag_ms: LAG_MS };
/** Its pipeline ended when decree 3 was shipped; 4 and 5 are written since. */
const PAUSED: readonly ModelEvent[] = [
  ...LOG_RUNS,
  ...putAt(3, 3, 'l', 'w'),
  sent([entry(3, L_W)]),
  ...arrives(2, [entry(3, L_W)]),
  shipped(3),
  ends(),
  ...putAt(4, 4, 'm', 'x'),
  ...putAt(5, 5, 'n', 'y'),
];

type Progress = Extract<Answer, { kind: 'progress' }>;
const D = { dupId: ID, status: 'DS_LOG', failMode: 'FAIL_SLOW', last: 3, confirmed: 3 } as const;
const PROGRESS: Progress = { kind: 'progress', error: 'ERR_OK', node: P, committed: 3, applied: 3, durable: 2, duplicating: true, dups: [D] };
const tells = (answer: Progress): ModelEvent => ({ kind: 'command.answered', id: 30, cluster: 'c', answer, atUs: LATE });
const progress = (why: string, refused: Partial<Progress>, text: string, before = CONFIRMED, permitted: Partial<Progress> = {}): Refused => ({
  rule: 'answers/progress',
  why,
  before: [...before, { kind: 'command.invoked', id: 30, cluster: 'c', command: { kind: 'queryProgress', table: 't', partitionIndex: 0 }, atUs: LATE }],
  event: tells({ ...PROGRESS, ...permitted, ...refused }),
  permitted: tells({ ...PROGRESS, ...permitted }),
  says: text,
  config: DUP_CONFIG,
});
const STANDING: readonly Refused[] = [
  progress('a duplicator is missing', { dups: [] }, 'its duplicator, got none'),
  progress('one too many', { dups: [D, { ...D, dupId: ID + 1 }] }, `no duplicator of duplication ${ID + 1}`),
  progress('another status than it was told', { dups: [{ ...D, status: 'DS_PAUSE' }] }, 'status DS_LOG, got DS_PAUSE'),
  progress('another fail mode than it was told', { dups: [{ ...D, failMode: 'FAIL_SKIP' }] }, 'fail mode FAIL_SLOW, got FAIL_SKIP'),
  progress('less is confirmed than it was told', { dups: [{ ...D, confirmed: 2 }] }, 'confirmed 3, got 2'),
  progress('more is shipped than it claimed', { dups: [{ ...D, last: 4 }] }, 'last decree 3, got 4'),
  progress('it has shipped nothing since it began', { dups: [{ ...D, last: 3, confirmed: 2 }] }, 'last decree 2, got 3', [...RUNS, ...putAt(3, 3, 'l', 'w')], {
    dups: [{ ...D, last: 2, confirmed: 2 }],
  }),
  progress('a commit point ahead', { committed: 4 }, 'committed 3, got 4'),
  progress('applied behind', { applied: 2 }, 'applied 3, got 2'),
  progress('a checkpoint that is not there', { durable: 3 }, 'durable 2, got 3'),
  progress('a duplicated table that does not know it', { duplicating: false }, 'duplicating true, got false'),
];

export const DUPLICATION_METRICS: readonly Refused[] = [
  ...STANDING,
  metrics('confirmed is too small', CONFIRMED, P, MASTER, { dup_confirmed_mutations: 3 }, 'dup_confirmed_mutations 4, got 3'),
  metrics('confirmed was never counted', CONFIRMED, P, MASTER, { dup_confirmed_mutations: 0 }, 'got 0'),
  metrics('all is shipped', CONFIRMED, P, MASTER, { dup_pending_mutations: 1 }, 'dup_pending_mutations 0, got 1'),
  metrics('two are not shipped', PAUSED, P, { dup_pending_mutations: 2, dup_confirmed_mutations: 3 }, { dup_pending_mutations: 0 }, 'dup_pending_mutations 2, got 0'),
  metrics('a write that came is not counted', CONFIRMED, F, FOLLOWER, { dup_requests: 0 }, 'dup_requests 1, got 0'),
  metrics('a write is counted twice', CONFIRMED, F, FOLLOWER, { dup_requests: 2 }, 'dup_requests 1, got 2'),
  metrics('the lag is in seconds', CONFIRMED, F, FOLLOWER, { dup_time_lag_ms: Math.floor(LAG_MS / 1000) }, `dup_time_lag_ms ${LAG_MS}`),
];
