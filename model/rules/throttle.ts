/** Throttling (thr 4, 5): which verdicts a table's envs allow. */
import type { ThrottleClaim } from '../loadEvents.ts';
import { replicaScene, rule, type ReplicaScene } from './rule.ts';

export const throttled = rule<ReplicaScene, ThrottleClaim>(replicaScene, [], () => {});
