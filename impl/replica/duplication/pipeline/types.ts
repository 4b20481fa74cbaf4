/** What the stages of a pipeline hand to one another (dup 6.5, 6.6). */
import type { Decree } from '../../../../model/vocabulary.ts';

/** One committed client write of the source, in the order of its log. */
export interface LoadedWrite {
  readonly decree: Decree;
  /** Of its mutation, wall microseconds. */
  readonly timestampUs: number;
  readonly code: string;
  /** The client's body as it stands in the record. */
  readonly body: Uint8Array;
}
