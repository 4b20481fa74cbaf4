/**
 * Refusing traces of throttling (thr 3 - 6, 8): verdicts without an env, a request or a need, requests beyond a limit that
 * were let in, and what the meta server says of an env's value. The table has one partition.
 */
import type { ModelEvent } from '../../model/events.ts';
import type { ErrorCode, NodeId } from '../../model/vocabulary.ts';
import type { Refused } from './refused.ts';
import { answers, asks, done, fault, G, get, mutation, P, PUT, put, read, READY, SERVING, table, tries, write, wrote } from './story.ts';

const S = 1_000_000;
const WRITES = 'replica.write_throttling';
const WRITE_BYTES = 'replica.write_throttling_by_size';
const READS = 'replica.read_throttling';
const READ_BYTES = 'replica.read_throttling_by_size';

type Verdict = Extract<ModelEvent, { kind: 'throttle.verdict' }>;

const at = (atUs: number, node: NodeId = P): { readonly atUs: number; readonly node: NodeId; readonly gpid: string } => ({ atUs, node, gpid: G });
const told = (envs: Readonly<Record<string, string>>, atUs = S, ballot = 1): ModelEvent => ({ kind: 'throttle.told', ballot, envs, ...at(atUs) });
const comes = (request: number, atUs: number, of: 'write' | 'read' = 'write', more: { sizeBytes?: number; timeoutMs?: number; command?: number } = {}): ModelEvent => ({
  kind: 'throttle.arrived',
  request,
  of,
  command: -1,
  sizeBytes: 60,
  timeoutMs: 5000,
  ...more,
  ...at(atUs),
});
const says = (verdict: 'DELAY' | 'REJECT', waitMs: number, atUs: number, more: Partial<Verdict> = {}): ModelEvent => ({
  kind: 'throttle.verdict',
  of: 'write',
  by: 'units',
  verdict,
  waitMs,
  cost: 1,
  timeoutMs: 5000,
  ...at(atUs),
  ...more,
});
const replies = (request: number, atUs: number, error: ErrorCode = 'ERR_OK', cost = 0): ModelEvent => ({ kind: 'throttle.answered', request, error, cost, ...at(atUs) });
const sets = (key: string, value: string): ModelEvent => asks(2, { kind: 'setEnvs', name: 't', envs: { [key]: value } });
const refuses = (hint: string, error: ErrorCode = 'ERR_INVALID_PARAMETERS'): ModelEvent => answers(2, { kind: 'admin', error, hint });

/** The limit is two of something; and what is beyond it waits 100 ms, or is refused after 100 ms. */
const DELAYS = [...SERVING, told({ [WRITES]: '1*delay*100' })];
const REFUSES = [...SERVING, told({ [WRITES]: '1*reject*100' })];
/** Requests of one second, all answered well. */
const served = (count: number, atUs: number, of: 'write' | 'read' = 'write'): readonly ModelEvent[] =>
  Array.from({ length: count }, (_, i) => [comes(i + 1, atUs + i, of), replies(i + 1, atUs + i + 20)]).flat();

const IN_SECOND_5 = 5 * S + 1000;
const NEXT = IN_SECOND_5 + 100;
/** Reads have ten bytes a second; one cost fifty: nothing is left until the tenth second. */
const OVERDRAWN = [...SERVING, told({ [READ_BYTES]: '10' }), comes(1, IN_SECOND_5, 'read'), replies(1, IN_SECOND_5 + 50, 'ERR_OK', 50)];

const VERDICTS: readonly Refused[] = [
  {
    rule: 'throttle/verdict-of-a-request',
    why: 'nothing came',
    before: [...DELAYS, comes(1, IN_SECOND_5), comes(2, NEXT, 'read')],
    event: says('DELAY', 100, IN_SECOND_5 + 5000),
    says: 'a write that came just now',
  },
  {
    rule: 'throttle/verdict-of-a-request',
    why: 'a second verdict of a write that has waited',
    before: [...DELAYS, ...served(2, IN_SECOND_5), comes(3, NEXT), says('DELAY', 100, NEXT)],
    event: says('DELAY', 100, NEXT + 100_000),
  },
  {
    rule: 'throttle/verdict-of-a-request',
    why: 'a write by size costs its bytes',
    before: [...SERVING, told({ [WRITE_BYTES]: '9*delay*100' }), comes(1, IN_SECOND_5)],
    event: says('DELAY', 100, IN_SECOND_5, { by: 'size' }),
    permitted: says('DELAY', 100, IN_SECOND_5, { by: 'size', cost: 60 }),
  },
  {
    rule: 'throttle/verdict-of-a-request',
    why: 'none of the delayed reads that are due has such a client',
    before: [
      ...SERVING,
      told({ [READS]: '1*delay*100', [READ_BYTES]: '1' }),
      ...served(2, IN_SECOND_5, 'read'),
      ...[6, 7].flatMap((id) => [comes(id, NEXT, 'read', { timeoutMs: 1500 + id }), says('DELAY', 100, NEXT, { of: 'read', timeoutMs: 1500 + id })]),
    ],
    event: says('REJECT', 0, NEXT + 100_000, { of: 'read', by: 'size' }),
    permitted: says('REJECT', 0, NEXT + 100_000, { of: 'read', by: 'size', timeoutMs: 1507 }),
  },
  {
    rule: 'throttle/verdict-by-env',
    why: 'the env only delays',
    before: [...DELAYS, ...served(2, IN_SECOND_5), comes(3, NEXT)],
    event: says('REJECT', 100, NEXT),
    permitted: says('DELAY', 100, NEXT),
    says: WRITES,
  },
  {
    rule: 'throttle/verdict-by-env',
    why: 'a replica that was opened again was told nothing yet',
    before: [...DELAYS, { kind: 'replica.closed', ...at(2 * S) }, { kind: 'replica.opened', fresh: false, ballot: 1, durable: 0, applied: 0, committed: 0, maxPrepared: 0, ...at(4 * S) }, comes(1, IN_SECOND_5), comes(2, NEXT), comes(3, NEXT)],
    event: says('DELAY', 100, NEXT),
  },
  {
    rule: 'throttle/verdict-by-env',
    why: 'the limit of writes is none of reads; reads are refused by size, never delayed',
    before: [...SERVING, told({ [WRITES]: '1*delay*100', [READ_BYTES]: '10' }), comes(1, IN_SECOND_5, 'read')],
    event: says('DELAY', 0, IN_SECOND_5, { of: 'read', by: 'size' }),
  },
  {
    rule: 'throttle/verdict-by-env',
    why: 'a limit of zero units is none, and what cannot be read limits nothing',
    before: [...SERVING, told({ [WRITES]: '0*delay*100', [READS]: '1*pass*1' }), comes(1, IN_SECOND_5), comes(2, IN_SECOND_5)],
    event: says('DELAY', 100, IN_SECOND_5),
  },
  {
    rule: 'throttle/verdict-by-env',
    why: 'the limit was lifted long ago',
    before: [...DELAYS, told({ [WRITES]: '1*reject*100' }, 2 * S), comes(1, IN_SECOND_5), comes(2, IN_SECOND_5), comes(3, NEXT)],
    event: says('DELAY', 100, NEXT),
    permitted: says('REJECT', 100, NEXT),
  },
  {
    rule: 'throttle/wait-as-configured',
    why: 'a client that waits 100 ms waits half of that',
    before: [...DELAYS, ...served(2, IN_SECOND_5), comes(3, NEXT, 'write', { timeoutMs: 101 })],
    event: says('DELAY', 100, NEXT, { timeoutMs: 101 }),
    permitted: says('DELAY', 50, NEXT, { timeoutMs: 101 }),
  },
  {
    rule: 'throttle/wait-as-configured',
    why: 'a wait beyond what a timer takes is as long as a timer takes (thr.T2)',
    before: [...SERVING, told({ [WRITES]: '1*delay*18446744073709551615' }), ...served(2, IN_SECOND_5), comes(3, NEXT, 'write', { timeoutMs: 0 })],
    event: says('DELAY', -1, NEXT, { timeoutMs: 0 }),
    permitted: says('DELAY', 2_147_483_647, NEXT, { timeoutMs: 0 }),
  },
];

const LIMITS: readonly Refused[] = [
  {
    rule: 'throttle/only-beyond-the-limit',
    why: 'two in a second are within',
    before: [...DELAYS, comes(1, IN_SECOND_5), comes(2, NEXT)],
    event: says('DELAY', 100, NEXT),
    permitted: replies(2, NEXT),
    says: 'more than 2 of units',
  },
  {
    rule: 'throttle/only-beyond-the-limit',
    why: 'a refused one is not charged',
    before: [...SERVING, told({ [WRITE_BYTES]: '100*reject*0' }), comes(1, IN_SECOND_5, 'write', { sizeBytes: 102 }), says('REJECT', 0, IN_SECOND_5, { by: 'size', cost: 102 }), comes(2, NEXT, 'write', { sizeBytes: 101 })],
    event: says('REJECT', 0, NEXT, { by: 'size', cost: 101 }),
    permitted: replies(2, NEXT),
  },
  {
    rule: 'throttle/only-beyond-the-limit',
    why: 'another second, another window',
    before: [...DELAYS, ...served(2, IN_SECOND_5), comes(3, 6 * S + 5000)],
    event: says('DELAY', 100, 6 * S + 5000),
    permitted: replies(3, 6 * S + 5000),
  },
  {
    rule: 'throttle/only-beyond-the-limit',
    why: 'reads and writes have windows of their own',
    before: [...SERVING, told({ [READS]: '1*delay*100' }), ...served(2, IN_SECOND_5), comes(3, NEXT, 'read')],
    event: says('DELAY', 100, NEXT, { of: 'read' }),
  },
  {
    rule: 'throttle/only-beyond-the-limit',
    why: 'where both limits are passed it is refused',
    before: [...SERVING, told({ [WRITES]: '1*delay*100,2*reject*50' }), ...served(2, IN_SECOND_5), comes(3, NEXT), says('DELAY', 100, NEXT), comes(4, NEXT + 1)],
    event: says('DELAY', 100, NEXT + 1),
    permitted: says('REJECT', 50, NEXT + 1),
    says: 'REJECT beyond 3 of units',
  },
  {
    rule: 'throttle/only-beyond-the-limit',
    why: 'a bucket that nobody has used is full',
    before: [...SERVING, told({ [READ_BYTES]: '10' }), comes(1, IN_SECOND_5, 'read')],
    event: says('REJECT', 0, IN_SECOND_5, { of: 'read', by: 'size' }),
    permitted: replies(1, IN_SECOND_5, 'ERR_OK', 1),
    says: 'an empty bucket',
  },
  {
    rule: 'throttle/only-beyond-the-limit',
    why: 'the bucket has something again by then',
    before: [...OVERDRAWN, comes(2, 10 * S + 5000, 'read')],
    event: says('REJECT', 0, 10 * S + 5000, { of: 'read', by: 'size' }),
    permitted: replies(2, 10 * S + 5000, 'ERR_OK', 1),
  },
  {
    rule: 'throttle/limit-is-kept',
    why: 'the third of a second is to be delayed',
    before: [...DELAYS, ...served(2, IN_SECOND_5), comes(3, NEXT)],
    event: replies(3, NEXT),
    permitted: says('DELAY', 100, NEXT),
    says: 'DELAY beyond 2 of units',
  },
  {
    rule: 'throttle/limit-is-kept',
    why: 'it does not matter which of them is answered last',
    before: [...REFUSES, comes(1, IN_SECOND_5), comes(2, NEXT), comes(3, NEXT), replies(3, NEXT), replies(1, NEXT)],
    event: replies(2, NEXT),
    permitted: replies(2, NEXT, 'ERR_INVALID_STATE'),
    says: 'REJECT beyond 2 of units',
  },
  {
    rule: 'throttle/limit-is-kept',
    why: 'a delayed one stays charged',
    before: [...SERVING, told({ [WRITE_BYTES]: '100*delay*10' }), comes(1, IN_SECOND_5, 'write', { sizeBytes: 200 }), says('DELAY', 10, IN_SECOND_5, { by: 'size', cost: 200 }), comes(2, NEXT, 'write', { sizeBytes: 10 })],
    event: replies(2, NEXT),
    permitted: says('DELAY', 10, NEXT, { by: 'size', cost: 10 }),
    says: 'DELAY beyond 101 of size',
  },
  {
    rule: 'throttle/no-read-without-tokens',
    why: 'a large read is paid for by later ones',
    before: [...OVERDRAWN, comes(2, 8 * S, 'read')],
    event: replies(2, 8 * S, 'ERR_OK', 1),
    permitted: says('REJECT', 0, 8 * S, { of: 'read', by: 'size' }),
  },
  {
    rule: 'throttle/answered-in-time',
    why: 'what was delayed is a write like any other afterwards',
    before: [...DELAYS, ...served(2, IN_SECOND_5), comes(3, NEXT), says('DELAY', 100, NEXT)],
    event: replies(3, NEXT + 5 * S),
    permitted: replies(3, NEXT + 4 * S),
  },
  {
    rule: 'throttle/answered-in-time',
    why: 'the wait was over two seconds ago',
    before: [...REFUSES, ...served(2, IN_SECOND_5), comes(3, NEXT), says('REJECT', 100, NEXT)],
    event: replies(3, NEXT + 2 * S, 'ERR_BUSY'),
    permitted: replies(3, NEXT + 100_000, 'ERR_BUSY'),
  },
];

const REJECTED = [...READY, told({ [WRITES]: '1*reject*100', [READS]: '1*reject*0' }), asks(2, put('k', 'v')), tries(2), ...served(2, IN_SECOND_5), comes(3, NEXT, 'write', { command: 2 }), says('REJECT', 100, NEXT), replies(3, NEXT + 100_000, 'ERR_BUSY')];

const ANSWERS: readonly Refused[] = [
  {
    rule: 'answers/busy-was-throttled',
    why: 'no throttle refused the write',
    before: [...READY, fault('link.delay', P), asks(2, put('k', 'v')), tries(2)],
    event: answers(2, wrote('ERR_BUSY')),
    permitted: answers(2, wrote('ERR_TIMEOUT')),
  },
  {
    rule: 'answers/busy-was-throttled',
    why: 'it was another command of the kind',
    before: [...REJECTED, asks(3, get('k'), NEXT), fault('link.delay', P, NEXT)],
    event: answers(3, read(undefined, 'ERR_BUSY'), NEXT),
    permitted: answers(2, wrote('ERR_BUSY'), NEXT),
  },
  {
    rule: 'answers/refused-means-nothing-done',
    why: 'what a throttle refused has no effect',
    before: [...REJECTED, ...write(mutation(1, 2, [PUT('k', 'v')]))],
    event: answers(2, wrote('ERR_BUSY'), NEXT),
    permitted: answers(2, wrote(), NEXT),
  },
  {
    rule: 'answers/metrics',
    why: 'a verdict that was not counted',
    before: [...REJECTED, answers(2, wrote('ERR_BUSY'), 6 * S), asks(3, { kind: 'queryMetrics', table: 't', partitionIndex: 0 }, 8 * S)],
    event: answers(3, { kind: 'metrics', error: 'ERR_OK', node: P, metrics: { throttling_rejected_read_requests: 0 } }, 8 * S),
    permitted: answers(3, { kind: 'metrics', error: 'ERR_OK', node: P, metrics: { throttling_rejected_write_requests: 1 } }, 8 * S),
    says: 'throttling_rejected_write_requests 1',
  },
  {
    rule: 'answers/set-envs',
    why: 'a value that cannot be read is refused, with what is wrong first',
    before: [...READY, sets(WRITES, '20A*pass*x')],
    event: refuses(`'pass' should be 'delay' or 'reject'`),
    permitted: refuses(`'20A' should be an unsigned integer`),
  },
  {
    rule: 'answers/set-envs',
    why: 'nobody knows such an env',
    before: [...READY, asks(2, { kind: 'setEnvs', name: 't', envs: { 'manual_compact.once.trigger_time': '1', replica: '', [WRITES]: 'x' } })],
    event: refuses(`The field count of 'x' separated by '*' must be 3`),
    permitted: refuses(`app_env 'replica' is not supported`),
  },
  {
    rule: 'answers/set-envs',
    why: 'it is not taken',
    before: [...READY, sets(READ_BYTES, '200 ')],
    event: answers(2, done()),
    permitted: refuses(`The field count of '200' separated by '*' must be 3`),
  },
  {
    rule: 'answers/set-envs',
    why: 'a good value is not refused',
    before: [...READY, sets(READ_BYTES, '60*reject*10,9*delay*1'), table('AS_AVAILABLE', { envs: { [READ_BYTES]: '60*reject*10,9*delay*1' } })],
    event: refuses('reject value should be greater than 0'),
    permitted: answers(2, done()),
  },
];

export const THROTTLE: readonly Refused[] = [...VERDICTS, ...LIMITS, ...ANSWERS];
