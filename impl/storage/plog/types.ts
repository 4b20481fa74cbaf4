/** Shapes shared by the log and the replica (plog 5). */
import type { Ballot, Decree, Gpid } from '../../../model/vocabulary.ts';

/** One update of a mutation as it stands in a record: task code by name, serialization type, request body. */
export interface Update {
  readonly code: string;
  readonly serializationType: number;
  readonly data: Uint8Array;
}

/** A mutation's stored part: record header and updates. */
export interface LogMutation {
  readonly gpid: Gpid;
  readonly ballot: Ballot;
  readonly decree: Decree;
  /** Global offset of the record; -1 before it was appended. */
  readonly logOffset: number;
  readonly lastCommittedDecree: Decree;
  readonly timestampUs: number;
  readonly updates: readonly Update[];
}
