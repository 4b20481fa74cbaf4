/** Throttling: the properties of the fact sheet (thr 8), and what a campaign must have seen of it. */
import { clusterNameOf } from '../../model/dupState.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { ModelState } from '../../model/state.ts';
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

type Envs = Readonly<Record<string, string>>;
type Verdict = Extract<ModelEvent, { kind: 'throttle.verdict' }>;

function row(id: string, sentence: string, met: Sometimes['met']): Sometimes {
  return { id: `sometimes.${id}`, kind: 'sometimes', sentence, subsystem: 'throttling', checkedIn: ['coverage'], met };
}

function sometimes(id: string, sentence: string, met: (e: Verdict) => boolean): Sometimes {
  return row(id, sentence, (e) => e.kind === 'throttle.verdict' && met(e));
}

const isThrottleKey = (key: string): boolean => key.startsWith('replica.') && key.includes('throttling');

/** What a replica's server was told before the last time, and that time; undefined: it was told only once. */
function tolds(e: ModelEvent, state: ModelState): readonly [before: Envs, now: Envs] | undefined {
  if (e.kind !== 'throttle.told') return undefined;
  const told = state.clusters[clusterNameOf(e.node)]?.throttles[`${e.gpid} ${e.node}`]?.told ?? [];
  const before = told.at(-2);
  return before === undefined ? undefined : [before.envs, e.envs];
}

/** A bucket has no delay: what it lacks is refused at once (thr 6). */
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
  ...(['DELAY', 'REJECT'] as const).map((verdict) =>
    sometimes(
      `throttle-${verdict === 'DELAY' ? 'delays' : 'refuses'}-a-write-by-size`,
      `a write beyond the bytes of a second is ${verdict === 'DELAY' ? 'delayed' : 'refused'}`,
      (e) => e.of === 'write' && e.verdict === verdict && e.by === 'size',
    ),
  ),
  sometimes('throttle-by-size-of-a-read', 'a read is refused for want of tokens', (e) => e.of === 'read' && e.by === 'size'),
  sometimes('throttle-wait-capped', 'a request is to wait for half of what its client waits', (e) => e.waitMs > 0 && e.waitMs === Math.floor(e.timeoutMs / 2)),
  row('throttle-changed', 'a replica that throttles is told of another limit', (e, s) => {
    const [before = {}, now = {}] = tolds(e, s) ?? [];
    return Object.keys(now).some((key) => before[key] !== undefined && before[key] !== now[key]);
  }),
  row('throttle-malformed', 'a value that is no limit is refused', (e, s) => {
    if (e.kind !== 'command.answered' || e.answer.error !== 'ERR_INVALID_PARAMETERS') return false;
    const command = s.clusters[e.cluster]?.commands[e.id]?.command;
    return command?.kind === 'setEnvs' && Object.keys(command.envs).some(isThrottleKey);
  }),
];
