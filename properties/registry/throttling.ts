/** Throttling: the properties of the fact sheet (thr 8), and what a campaign must have seen of it. */
import type { ModelEvent } from '../../model/events.ts';
import type { Property, Sometimes } from './types.ts';

function always(id: string, sentence: string): Property {
  return { id, kind: 'always', sentence, subsystem: 'throttling', checkedIn: ['rules'] };
}

export const THROTTLE_ALWAYS: readonly Property[] = [
  always('thr.S1', 'a request is held back or refused only where an env that its replica was told of says so'),
  always('thr.S2', 'within a second a replica lets in no more than its share of the limits, and delays what is beyond'),
  always('thr.S3', 'a request waits as long as the env says, at most half of what its client waits'),
  always('thr.S4', 'no request within the limits is held back or refused'),
];

export const THROTTLE_EVENTUALLY: readonly Property[] = [
  {
    id: 'thr.L1',
    kind: 'eventually',
    sentence: 'a request that was held back or refused is answered once its wait is over',
    subsystem: 'throttling',
    checkedIn: ['obligations'],
  },
];

type Verdict = Extract<ModelEvent, { kind: 'throttle.verdict' }>;

function sometimes(id: string, sentence: string, met: (e: Verdict) => boolean): Sometimes {
  const isMet: Sometimes['met'] = (e) => e.kind === 'throttle.verdict' && met(e);
  return { id: `sometimes.${id}`, kind: 'sometimes', sentence, subsystem: 'throttling', checkedIn: ['coverage'], met: isMet };
}

export const THROTTLE_SOMETIMES: readonly Sometimes[] = [
  ...(['write', 'read'] as const).flatMap((of) =>
    (['DELAY', 'REJECT'] as const).map((verdict) =>
      sometimes(
        `throttle-${verdict === 'DELAY' ? 'delays' : 'refuses'}-a-${of}`,
        `a ${of} beyond the number of a second is ${verdict === 'DELAY' ? 'delayed' : 'refused'}`,
        (e) => e.of === of && e.verdict === verdict && e.by === 'units',
      ),
    ),
  ),
  sometimes('throttle-by-size-of-a-write', 'a write is too much for the bytes of a second', (e) => e.of === 'write' && e.by === 'size'),
  sometimes('throttle-by-size-of-a-read', 'a read is refused for want of tokens', (e) => e.of === 'read' && e.by === 'size'),
];
