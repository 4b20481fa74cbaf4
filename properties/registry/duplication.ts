/** Duplication: the invariants of the fact sheet (dup 8). */
import type { CheckedIn, Property } from './types.ts';

function always(id: string, sentence: string, ...checkedIn: readonly CheckedIn[]): Property {
  const where = checkedIn.length === 0 ? (['rules'] as const) : checkedIn;
  return { id, kind: 'always', sentence, subsystem: 'duplication', checkedIn: where };
}

export const DUP_ALWAYS: readonly Property[] = [
  always(
    'S3',
    'what a duplication confirmed is on the follower: the checkpoint it began with, and every write shipped since',
  ),
  always('S4', 'no replica of a duplicated table deletes a log record above the smallest confirmed decree'),
  always(
    'dup.S1',
    'a status or fail mode is what the store holds, and changes only by the steps of the transition table and for a cause',
  ),
  always('dup.S2', 'one write of a status, and one of the progress of a partition, is on its way to the store', 'audits'),
  always('dup.S3', 'the stored progress of a partition never goes back, and was reported'),
  always('dup.S4', 'the progress that replica servers are told is what the store holds'),
  always('dup.S5', 'at a replica the confirmed decree never goes back and never passes the last shipped one'),
  always('dup.S6', 'what is shipped or reported was committed by the replica'),
  always('dup.S7', 'the log holds what a pipeline begins with'),
  always('dup.S9', 'only committed writes of the source are shipped, as they are'),
  always('dup.S10', 'every committed write behind the start is shipped before the last decree passes it'),
  always(
    'dup.S11',
    'a follower holds what its source held: the same checkpoint under all members, then the writes in their order; the newest write of a row wins, whichever cluster made it',
    'rules',
    'obligations',
  ),
  always('dup.S13', 'one duplication goes from a table to a cluster, and one table feeds a follower table'),
  always('dup.S14', 'a write that came by duplication is never shipped on'),
  always('dup.S15', 'a checkpoint is called prepared when it covers what its primary must have; only then goes it on'),
  always('dup.S16', 'a duplication has an id that no other one of its table has'),
  always('dup.S17', 'a removed duplication leaves nothing in the store, and one that is there is never forgotten'),
];

function eventually(id: string, sentence: string, ...checkedIn: readonly CheckedIn[]): Property {
  return { id, kind: 'eventually', sentence, subsystem: 'duplication', checkedIn };
}

export const DUP_EVENTUALLY: readonly Property[] = [
  eventually('L1', 'a duplication that is set up reaches DS_LOG', 'obligations'),
  eventually('L2', 'the last write reaches the follower within a few seconds, also on a busy server', 'obligations'),
  eventually('dup.L1', 'a follower table is asked for in DS_PREPARE, marked in DS_APP, and only then', 'rules'),
  eventually('dup.L3', 'a primary in DS_LOG ships, in requests that the follower can take', 'rules', 'obligations'),
  eventually('dup.L4', 'what is shipped is confirmed in the store, and told back', 'obligations'),
  eventually('dup.L6', 'a paused or removed duplication ships nothing after the next sync', 'rules', 'obligations'),
];
