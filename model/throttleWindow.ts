/**
 * What a replica's windows and bucket hold by what the world has seen (thr 4, 6): the most and the least that may have
 * been charged within a second of the wall clock, and whether a bucket can be empty. A request that came may have been
 * refused before any throttle saw it; one that was carried out, or was delayed, was charged for certain.
 */
import type { ClusterState, ModelState, PartitionState, ReplicaState, TableState } from './state.ts';
import { emptyAfter, windowLimits, WRITE_ENVS, type WindowLimits } from './throttle.ts';
import type { ThrottledRequest, ThrottleState, ToldEnvs } from './throttleState.ts';

/** Between an answer of a configuration sync and the replica's taking it, on a server that nothing disturbs. */
const TAKEN_WITHIN_US = 1_000_000;
/** Between the beginning of a handler and its look at a clock. */
export const HANDLER_US = 1000;
/** What came longer ago has no say in the present second; it is only remembered until it is answered. */
const WINDOW_US = 3_000_000;
const REMEMBERED_US = 20_000_000;
const MOST_REQUESTS = 512;

export type Charge = 'units' | 'size';

// ---------------------------------------------------------------- what the replica was told

/** Has the replica certainly taken it by then? An answer of a ballot older than its own is not listened to. */
function isTaken(state: ModelState, replica: ReplicaState, told: ToldEnvs, atUs: number): boolean {
  const since = Math.max(told.ballotUs, state.disturbedAtUs, replica.openedAtUs);
  return told.ballot >= replica.ballot && since + TAKEN_WITHIN_US < atUs;
}

/** What may be in force then: the newest that was certainly taken, and what was told since. */
export function toldAt(state: ModelState, replica: ReplicaState, { told }: ThrottleState, atUs: number): readonly ToldEnvs[] {
  for (let i = told.length - 1; i > 0; i--) {
    const one = told[i];
    if (one !== undefined && isTaken(state, replica, one, atUs)) return told.slice(i);
  }
  return told;
}

/** What has certainly been in force since then; undefined: not known. */
export function certainSince(
  state: ModelState,
  replica: ReplicaState,
  { told }: ThrottleState,
  atUs: number,
): ToldEnvs | undefined {
  const last = told[told.length - 1];
  return last !== undefined && isTaken(state, replica, last, atUs) ? last : undefined;
}

/** Do the table's envs, or what a replica of the partition still goes by, limit its writes? */
export function limitsWrites(cluster: ClusterState | undefined, table: TableState, { gpid, replicas }: PartitionState): boolean {
  const limits = (envs: ToldEnvs['envs']): boolean =>
    WRITE_ENVS.some((key) => windowLimits(envs[key], table.partitionCount) !== undefined);
  const told = Object.keys(replicas).flatMap((node) => cluster?.throttles[`${gpid} ${node}`]?.told ?? []);
  return limits(table.envs) || told.some(({ envs }) => limits(envs));
}

/** A replica that was opened again knows only what its server was told a moment before, if that. */
export function enterLife(state: ModelState, replica: ReplicaState, throttle: ThrottleState): void {
  if (throttle.incarnation === replica.incarnation) return;
  const since = Math.min(replica.openedAtUs, Math.max(state.disturbedAtUs, 0)) - TAKEN_WITHIN_US;
  throttle.incarnation = replica.incarnation;
  throttle.told = throttle.told.filter(({ lastUs }) => lastUs > since);
  for (const one of throttle.told) one.ballot = -1;
  throttle.requests = [];
  throttle.emptyMostS = throttle.emptyLeastS = 0;
}

// ---------------------------------------------------------------- windows

/** The second of the wall clock, of a world whose clocks begin at a whole one. */
export const secondOf = (atUs: number): number => Math.floor(atUs / 1e6);

const unitsOf = (by: Charge, request: ThrottledRequest): number => (by === 'units' ? 1 : request.sizeBytes);

function mayBeCharged(by: Charge, { verdict, by: decided }: ThrottledRequest): boolean {
  if (verdict === '') return true;
  if (by === 'units') return verdict === 'DELAY' || decided === 'size';
  return decided === 'size' && verdict === 'DELAY';
}

function isCharged(by: Charge, request: ThrottledRequest): boolean {
  if (request.verdict === '') return request.answer === 'ERR_OK';
  return mayBeCharged(by, request);
}

/** The most that a window may hold in that second. */
export function usedMost({ requests }: ThrottleState, of: 'write' | 'read', by: Charge, second: number): number {
  let used = 0;
  for (const request of requests) {
    const there = secondOf(request.atUs) <= second && secondOf(request.atUs + HANDLER_US) >= second;
    if (there && request.of === of && mayBeCharged(by, request)) used += unitsOf(by, request);
  }
  return used;
}

/** The least that a window holds in that second. */
export function usedLeast({ requests }: ThrottleState, of: 'write' | 'read', by: Charge, second: number): number {
  let used = 0;
  for (const request of requests) if (isSurelyIn(request, second) && request.of === of && isCharged(by, request)) used += unitsOf(by, request);
  return used;
}

const isSurelyIn = ({ atUs }: ThrottledRequest, second: number): boolean =>
  secondOf(atUs) === second && secondOf(atUs + HANDLER_US) === second;

/** A request that was let in although what came before it, and itself, was more than that limit. */
export interface Excess {
  readonly by: Charge;
  readonly verdict: 'DELAY' | 'REJECT';
  readonly limit: number;
  readonly used: number;
}

/** The first in the second of `last`, which was carried out just now. */
export function excessOf({ requests }: ThrottleState, last: ThrottledRequest, by: Charge): Excess | undefined {
  const second = secondOf(last.atUs);
  let used = 0;
  for (const request of requests) {
    if (request.of !== last.of || !isSurelyIn(request, second)) continue;
    const letIn = request === last || (request.verdict === '' && request.answer === 'ERR_OK');
    if (!letIn && !isCharged(by, request)) continue;
    used += unitsOf(by, request);
    const limits: WindowLimits | undefined = request[by];
    if (limits === undefined || request.verdict === 'REJECT') continue;
    const { rejectLimit, delayLimit } = limits;
    if (rejectLimit > 0 && used > rejectLimit) return { by, verdict: 'REJECT', limit: rejectLimit, used };
    if (letIn && delayLimit > 0 && used > delayLimit) return { by, verdict: 'DELAY', limit: delayLimit, used };
  }
  return undefined;
}

// ---------------------------------------------------------------- bucket

/** A read's cost was charged between its arrival and its answer. */
export function chargeBucket(
  throttle: ThrottleState,
  request: ThrottledRequest,
  cost: number,
  told: readonly (number | undefined)[],
  atUs: number,
): void {
  const rates = told.filter((rate) => rate !== undefined);
  if (rates.length > 0) {
    throttle.emptyMostS = emptyAfter(throttle.emptyMostS, cost, atUs / 1e6, Math.min(...rates));
  }
  // A read that was delayed is charged by what is in force when it runs.
  if (request.rate === undefined || rates.length < told.length) return;
  throttle.emptyLeastS = emptyAfter(throttle.emptyLeastS, cost, request.atUs / 1e6, Math.max(request.rate, ...rates));
}

// ---------------------------------------------------------------- requests

/** What is answered and long ago is forgotten; what is not answered, later. */
export function forgetOld(throttle: ThrottleState, nowUs: number): void {
  const { requests } = throttle;
  const first = requests[0];
  if (first === undefined || first.atUs + WINDOW_US > nowUs) return;
  throttle.requests = requests
    .filter(({ atUs, answer }) => atUs + (answer === '' ? REMEMBERED_US : WINDOW_US) > nowUs)
    .slice(-MOST_REQUESTS);
}
