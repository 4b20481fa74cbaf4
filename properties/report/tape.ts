/**
 * A recorded run, as plain data for people's eyes: events, messages, and the states of model and implementation as flat maps of
 * paths to words, told by what changed. Event numbers count from 0 in `events`; a change belongs to the event after which it showed.
 */

export interface TapeNode {
  readonly id: string;
  readonly cluster: string;
  readonly role: 'client' | 'meta' | 'replica';
}

export interface TapeEvent {
  readonly atUs: number;
  readonly kind: string;
  /** '' when it belongs to no node (a store write, heal). */
  readonly node: string;
  readonly cluster: string;
  /** '' when it is about no partition. */
  readonly gpid: string;
  /** Table name; '' when it is about none. */
  readonly table: string;
  readonly text: string;
  /** The step of the plan that this event is the beginning of, counted from 0. */
  readonly step?: number;
}

export interface TapeMessage {
  readonly sentUs: number;
  /** Undefined: it never arrived. */
  readonly arrivedUs: number | undefined;
  readonly from: string;
  readonly to: string;
  readonly code: string;
  readonly kind: 'request' | 'reply' | 'tell';
  readonly gpid: string;
  /** -1 when it is about none. */
  readonly decree: number;
  /** '' when all is well. */
  readonly error: string;
}

/** One place whose word changed with an event; undefined: it was not there, or is gone. */
export interface TapeChange {
  readonly event: number;
  /** Index in `paths`. */
  readonly path: number;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** A state as a flat map. Segments of a path begin with the cluster, then partition or table, then node, then the field. */
export interface TapeState {
  readonly paths: readonly (readonly string[])[];
  readonly changes: readonly TapeChange[];
}

/** How long something was in one status: a lane of the status timeline. */
export interface TapeSpan {
  readonly fromUs: number;
  readonly toUs: number;
  readonly word: string;
}
export interface TapeLane {
  /** What has the status: `table t1`, `duplication 1767225600`, `load 1 of t1`, `source/replica-0 1.0`, `fault link.cut`. */
  readonly name: string;
  readonly kind: 'table' | 'duplication' | 'load' | 'replica' | 'process' | 'fault';
  readonly cluster: string;
  readonly gpid: string;
  readonly spans: readonly TapeSpan[];
}

export interface Tape {
  readonly endUs: number;
  readonly nodes: readonly TapeNode[];
  readonly events: readonly TapeEvent[];
  readonly messages: readonly TapeMessage[];
  readonly model: TapeState;
  readonly implementation: TapeState;
  readonly lanes: readonly TapeLane[];
}
