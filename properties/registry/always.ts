/**
 * Safety: what no reachable state and no event may break. Plain S ids are the classes, `repl.`/`plog.` ids those of
 * the fact sheets.
 */
import type { CheckedIn, Property, Subsystem } from './types.ts';

function always(id: string, subsystem: Subsystem, sentence: string, ...checkedIn: readonly CheckedIn[]): Property {
  return { id, kind: 'always', sentence, subsystem, checkedIn: checkedIn.length === 0 ? ['rules'] : checkedIn };
}

export const ALWAYS: readonly Property[] = [
  always(
    'S1',
    'replication',
    'a write acknowledged to a client is readable on every later primary of its cluster',
    'rules',
    'audits',
  ),
  always('S2', 'replication', 'replicas of a partition at equal applied decree hold equal data'),
  always('S5', 'process', 'no process stops through an internal check when only modelled faults were injected'),
  always(
    'S6',
    'checkpoint',
    'each listed checkpoint exists and holds exactly the effects of decrees up to its label; durable is the newest',
    'rules',
    'audits',
  ),
  always('S7', 'tables', 'the state store equals what was asked for and acknowledged, step by step', 'rules', 'audits'),
  always('S8', 'client', 'answers and claims agree with the state', 'rules', 'audits'),
  always(
    'S9',
    'checkpoint',
    'counters and flags change together, stay within limits, and are idle at rest',
    'rules',
    'obligations',
  ),
  always('repl.S1', 'replication', 'ballots only grow, and a role changes only in the allowed ways'),
  always(
    'repl.S2',
    'replication',
    'there is at most one primary in a ballot, and roles follow the stored configuration',
  ),
  always('repl.S3', 'replication', 'a prepare of an older ballot is never acknowledged'),
  always('repl.S4', 'replication', 'a prepared decree lies above the commit point'),
  always('repl.S5', 'replication', 'commits run in decree order without gaps'),
  always('repl.S6', 'replication', 'a replica commits only what is present and in its log'),
  always('repl.S7', 'replication', 'a replica applies exactly the next decree, after its commit'),
  always(
    'repl.S8',
    'replication',
    'a primary commits when its own log and every member have the mutation in its ballot',
  ),
  always('repl.S9', 'replication', 'the uncommitted span is bounded'),
  always('repl.S10', 'replication', 'a slot of the prepare list is replaced only under a higher ballot'),
  always('repl.S11', 'replication', 'prepared, committed and durable decrees keep their order'),
  always('repl.S12', 'checkpoint', 'durable <= flushed <= applied, and checkpoints only grow'),
  always('repl.S13', 'checkpoint', 'a replica makes one checkpoint at a time', 'audits'),
  always('repl.S14', 'checkpoint', 'after opening, everything that was flushed is in a checkpoint'),
  always('repl.S15', 'replication', 'a restarted primary puts a barrier behind what it had prepared before it serves'),
  always('repl.1.9', 'replication', 'storage and log of a replica are replaced only while it learns'),
  always('repl.S17', 'replication', 'a learner learns from a decree that its primary has, or the next'),
  always('repl.S18', 'log', 'a log file is deleted only when a checkpoint covers its decrees'),
  always(
    'repl.S22',
    'replication',
    'the same decree has the same updates and timestamp on every replica and in every log',
  ),
  always(
    'repl.reproposal',
    'replication',
    'a new primary re-proposes everything it has prepared, in order, before anything new',
  ),
  always('repl.1.10', 'replication', 'a server is PRIMARY and serves reads only within its lease'),
  always('repl.2.6', 'checkpoint', 'checkpoints within the reserve are not removed'),
  always(
    'repl.2.2',
    'checkpoint',
    'the maximum interval forces a checkpoint only when half of it has passed since the last new one',
  ),
  always('repl.2.6.gc', 'checkpoint', 'a new checkpoint makes those beyond the reserve go'),
  always('repl.1.2', 'checkpoint', 'what a rename or a manifest makes part of the state was synced before', 'audits'),
  always('plog.7.4', 'log', 'log files follow each other without overlap, and only the newest is written'),
  always('plog.P9', 'log', 'the newest log file is never deleted'),
  always('repl.1.10.step', 'tables', 'a configuration follows from the one before it by one step'),
  always('repl.1.10.redundant', 'tables', 'without a fault a member leaves only a group that has one too many, and makes room for whom an operator named'),
  always('FM12', 'tables', 'a primary leaves when an operator wished it, and before another one takes over'),
];

function eventually(id: string, subsystem: Subsystem, sentence: string): Property {
  return { id, kind: 'eventually', sentence, subsystem, checkedIn: ['obligations'] };
}

/** Liveness: counted from heal, within the bound that the obligation prints. */
export const EVENTUALLY: readonly Property[] = [
  {
    id: 'L4',
    kind: 'eventually',
    subsystem: 'replication',
    sentence: 'replicas open after a restart and the group serves again',
    checkedIn: ['rules', 'obligations'],
  },
  eventually('L5', 'log', 'private log space is reclaimed'),
  eventually('L6', 'client', 'commands are answered'),
  eventually(
    'L8',
    'checkpoint',
    'an accepted emergency checkpoint, also of an empty or one-record replica, becomes durable',
  ),
  eventually('repl.L1', 'replication', 'a dead or slow member does not block commits for ever'),
  eventually('repl.L2', 'replication', 'secondaries commit the last mutation'),
  {
    id: 'repl.L7',
    kind: 'eventually',
    subsystem: 'client',
    sentence: 'while nothing is wrong, reads and writes are served',
    checkedIn: ['rules'],
  },
  eventually('repl.L4', 'checkpoint', 'the durable decree reaches any applied decree'),
];
