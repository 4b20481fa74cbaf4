/** How large the writes of a plan are on their way between the clusters: a follower that takes less stops its duplications for good. */
import { encodeKey, encodeMultiPut, encodePut, storedKey } from '../../impl/protocol/rrdb.ts';
import { str, strings } from './spec.ts';
import type { Step } from './types.ts';

/** Of one write on its way between the clusters: its body, and what is put around it (a mutation's header fields, the code's name). */
const AROUND_A_WRITE_BYTES = 160;
/** The run's own probes are not larger. */
const PROBE_BYTES = 120;

/** Upper bound of the size of each write of these steps, and of the run's own. */
export function largestWriteBytes(steps: readonly Step[]): number {
  let largest = PROBE_BYTES;
  for (const step of steps) largest = Math.max(largest, bodyBytes(step));
  return largest + AROUND_A_WRITE_BYTES;
}

function bodyBytes(step: Step): number {
  if (step.kind === 'put') return encodePut(storedKey(str(step, 'hashKey'), str(step, 'sortKey')), str(step, 'value'), 0).length;
  if (step.kind === 'remove') return encodeKey(storedKey(str(step, 'hashKey'), str(step, 'sortKey'))).length;
  if (step.kind !== 'multiPut') return 0;
  const values = strings(step, 'values');
  return encodeMultiPut(str(step, 'hashKey'), strings(step, 'sortKeys').map((sortKey, i) => ({ sortKey, value: values[i] ?? '' })), 0).length;
}
