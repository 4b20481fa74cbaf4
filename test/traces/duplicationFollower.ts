/** Refusing traces of the checkpoint that a follower begins with, and of the log that is kept (dup 5.5, 6.7; S4, S11). */
import {
  adopts,
  APP,
  arrives,
  begins,
  change,
  DUP_CONFIG,
  E,
  ends,
  entry,
  F,
  FILLED,
  followerConfig,
  followerPrepares,
  L_W,
  LOG_RUNS,
  MARKED,
  opens,
  orders,
  PREPARE,
  PREPARED,
  progress,
  reported,
  roles,
  ROW,
  ROWS,
  RUNS,
  S,
  sent,
  stored,
  told,
  TWO,
} from './duplicationStory.ts';
import { asks, flushed, listed, logFile, logGone, mutation, opened, P, put, putAt, tries, write } from './story.ts';
import type { Refused } from './refused.ts';

const LATER = 40 * S;
const MORE = [...APP, ...putAt(3, 3, 'l', 'w')];

/**
 * Decrees 1 to 3 are in the checkpoint, 2 is stored when the follower downloads an older one; 3 is stored later. FORCED: the
 * operator starts it without a look (Q2).
 */
const TOO_OLD = [
  ...TWO,
  ...putAt(3, 3, 'l', 'w'),
  ...PREPARE.slice(TWO.length),
  flushed(P, 3),
  listed(P, 3, ROWS),
  reported(3),
  progress(2),
  reported(3, true),
  ...APP.slice(PREPARED.length),
  ...opens(F),
  ...opens(E),
  progress(3),
  told('DS_APP', 3),
];
const FORCED = [...TOO_OLD, orders(11, change('startDup')), stored('DS_LOG'), told('DS_LOG', 3)];

const FOLLOWER: readonly Refused[] = [
  {
    rule: 'replication/later-than-what-is-there',
    why: 'the source\'s clock is ahead, and the follower\'s next write looks older than the row that came',
    before: [
      ...RUNS,
      asks(3, put('l', 'w')),
      tries(3),
      ...write(mutation(1, 3, [L_W], 2, 990_000)),
      sent([{ ...entry(3, L_W), timestampUs: 990_000 }]),
      ...arrives(4, [{ ...entry(3, L_W), timestampUs: 990_000 }]),
    ],
    event: followerPrepares(mutation(1, 5, undefined, 4, 900_005)),
    says: 'a timestamp above 990000, the newest row\'s, got 900005',
  },
  {
    rule: 'dup/adopted-before-serving',
    why: 'the partition serves (what it had would be lost)',
    before: [...APP, ...opens(F), followerConfig(1, F, [])],
    event: adopts(F, 2, ROW),
    permitted: adopts(E, 2, ROW),
    says: 'a replica that is not there yet',
  },
  {
    rule: 'dup/adopted-before-serving',
    why: 'the replica is open',
    before: [...APP, ...opens(F)],
    event: adopts(F, 2, ROW),
    permitted: adopts(E, 2, ROW),
  },
  {
    rule: 'dup/adopted-what-was-committed',
    why: 'a decree that the master did not commit',
    before: APP,
    event: adopts(F, 3, ROW),
    permitted: adopts(F, 2, ROW),
    says: 'a decree from 1 to 2, got 3',
  },
  {
    rule: 'dup/adopted-covers-the-start',
    why: 'the log is shipped from 3 on, decree 2 is never seen (B15)',
    before: APP,
    event: adopts(F, 1, 0),
    permitted: adopts(F, 2, ROW),
    says: 'decree 2 or more: the log is shipped from behind it, got 1',
  },
  {
    rule: 'dup/adopted-content-is-the-masters',
    why: 'a file of it is not the master\'s',
    before: APP,
    event: adopts(F, 2, ROW + 1),
    permitted: adopts(F, 2, ROW),
    says: 'hk=v',
  },
  {
    rule: 'tables/newcomers-hold-what-is-committed',
    why: 'a member without a checkpoint: it is to learn from the first primary',
    before: [...APP, ...opens(F)],
    event: followerConfig(1),
    permitted: followerConfig(1, F, []),
    says: 'a member that holds decrees up to 2, got d/replica-1 without 1',
  },
  {
    rule: 'tables/newcomers-hold-what-is-committed',
    why: 'a member with a checkpoint that is older than the primary\'s',
    before: [...MORE, ...opens(F), ...opens(E, 3, ROWS)],
    event: followerConfig(1, E, [F]),
    permitted: followerConfig(1, E, []),
    says: 'without 3',
  },
  {
    rule: 'tables/newcomers-hold-what-is-committed',
    why: 'what E downloaded is newer than what the partition began with, and another content',
    before: [...MORE, ...opens(F), followerConfig(1, F, []), ...opens(E, 3, ROWS)],
    event: followerConfig(2),
    permitted: followerConfig(2, F, []),
    says: 'got d/replica-1 without 2',
  },
  {
    rule: 'dup/begins-over-a-checkpoint',
    why: 'nobody has downloaded: what the master had would be missing',
    before: [...APP, opened(F)],
    event: followerConfig(1, F, []),
    says: 'd/replica-0 without one',
  },
  {
    rule: 'dup/begins-over-a-checkpoint',
    why: 'another one has downloaded',
    before: [...APP, ...opens(F), opened(E)],
    event: followerConfig(1, E, []),
    permitted: followerConfig(1, F, []),
  },
];

const GUARDED: readonly Refused[] = [
  {
    rule: 'dup/change-has-a-cause',
    why: 'the follower began with decree 2, and the log is shipped from 4 on (B15, S15)',
    before: [...TOO_OLD, followerConfig(1), ...roles(), ...MARKED.slice(FILLED.length)],
    event: stored('DS_LOG'),
    says: 'a checkpoint of decree 3 or more under partition 0, got 2',
  },
  {
    rule: 'dup/starts-behind-the-checkpoint',
    why: 'the follower began with decree 2, so decree 3 would never reach it (B15)',
    before: FORCED,
    event: begins(4),
    says: 'a start of at most 3: the follower has no more, got 4',
  },
  {
    rule: 'log/unshipped-records-stay',
    why: 'decree 3 is covered by a checkpoint, and not confirmed (S8)',
    before: [...LOG_RUNS, ...putAt(3, 3, 'l', 'w'), logFile(P, 2, 900, 3), flushed(P, 3), listed(P, 3, ROWS)],
    event: logGone(P, 1, LATER),
    permitted: logFile(P, 3, 1000, 3, LATER),
    says: 'decrees above 2 to stay for duplication 77, got file 1 holds 3',
  },
  {
    rule: 'log/unshipped-records-stay',
    why: 'a paused one keeps the log as well (6.7)',
    before: [
      ...LOG_RUNS,
      ends(),
      orders(11, change('pauseDup')),
      stored('DS_PAUSE'),
      told('DS_PAUSE', 2),
      ...putAt(3, 3, 'l', 'w'),
      logFile(P, 2, 900, 3),
      flushed(P, 3),
      listed(P, 3, ROWS),
    ],
    event: logGone(P, 1, LATER),
  },
];

export const DUPLICATION_FOLLOWER: readonly Refused[] = [...FOLLOWER, ...GUARDED].map((one) => ({
  ...one,
  config: DUP_CONFIG,
}));
