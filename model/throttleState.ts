/**
 * What the model remembers of a replica that throttles (thr 3 - 6): what its server was told, which requests came within
 * the last seconds and what became of them, and how much its reads have cost. Plain data, a tree, as all of state.ts.
 */
import type { WindowLimits } from './throttle.ts';
import type { Ballot, ErrorCode } from './vocabulary.ts';

/** Throttling envs as one or more configuration syncs in a row told them. */
export interface ToldEnvs {
  envs: Readonly<Record<string, string>>;
  lastUs: number;
  /** The newest ballot that came with them, and when it first did: one older than the replica's is not listened to. */
  ballot: Ballot;
  ballotUs: number;
}

/** A client's request at a replica that throttles. */
export interface ThrottledRequest {
  id: number;
  of: 'write' | 'read';
  /** -1: of another cluster, or of the meta server. */
  command: number;
  sizeBytes: number;
  timeoutMs: number;
  atUs: number;
  /** Its first verdict: '' none so far. */
  verdict: '' | 'DELAY' | 'REJECT';
  by: 'units' | 'size';
  dueUs: number;
  answer: ErrorCode | '';
  /** What certainly held from the beginning of its second to its arrival; undefined: not known. */
  units: WindowLimits | undefined;
  size: WindowLimits | undefined;
  rate: number | undefined;
  /** When the bucket was empty at the latest, by what certainly was charged before: seconds. */
  emptyS: number;
}

export interface ThrottleState {
  /** Of the replica. */
  incarnation: number;
  told: ToldEnvs[];
  /** In the order in which they came. */
  requests: ThrottledRequest[];
  /** When the bucket of reads was empty, seconds: if everything was charged that may have been, and as little as can be. */
  emptyMostS: number;
  emptyLeastS: number;
}

export function newThrottle(incarnation: number): ThrottleState {
  return { incarnation, told: [], requests: [], emptyMostS: 0, emptyLeastS: 0 };
}

/** For a copy of a state. */
export function forkThrottle(throttle: ThrottleState): ThrottleState {
  return {
    ...throttle,
    told: throttle.told.map((one) => ({ ...one })),
    requests: throttle.requests.map((one) => ({ ...one })),
  };
}
