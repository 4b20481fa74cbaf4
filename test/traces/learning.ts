/** Refusing traces of members that come and go (repl 1.9, 1.10; plog 13): configurations, what a learner learns, data that go. */
import { ID, ROWS } from './duplicationStory.ts';
import type { Refused } from './refused.ts';
import {
  C,
  DESERTED,
  DIVERGED,
  FOUR,
  FOUR_DUPLICATED,
  FROM_CACHE,
  FROM_CHECKPOINT,
  gone,
  initInfo,
  joins,
  JOINS,
  LEADERLESS,
  learnAnswered,
  LEARNS,
  LEARNS_DUPLICATED,
  listCut,
  logReplaced,
  OVERTAKEN,
  R1,
  R2,
  ROW,
  SHRUNK,
  storageReplaced,
  WRITTEN,
} from './learningStory.ts';
import { A, applied, asks, B, closed, committed, config, fault, MEMBERS, P, READY, started, status, stopped, survived, table } from './story.ts';

/** A fault may make any member leave. */
const HURT = [...WRITTEN, fault('link.cut', A)];

const STEPS: readonly Refused[] = [
  {
    rule: 'tables/one-step-at-a-time',
    why: 'two members leave at once',
    before: HURT,
    event: config(2, P, [], 2),
    permitted: config(2, P, [B], 2),
    says: 'one step from primary c/replica-0 of c/replica-0, c/replica-1, c/replica-2',
  },
  {
    rule: 'tables/one-step-at-a-time',
    why: 'one leaves and another one joins',
    before: [...FROM_CHECKPOINT, ...JOINS.slice(0, 1)],
    event: config(3, P, [C], 2),
    permitted: config(3, P, [A, C], 2),
  },
  {
    rule: 'tables/one-step-at-a-time',
    why: 'another primary at once',
    before: WRITTEN,
    event: config(2, A, [P, B], 2),
    permitted: config(2, '', [A, B], 2),
  },
  {
    rule: 'tables/one-step-at-a-time',
    why: 'the primary leaves, and a secondary with it',
    before: WRITTEN,
    event: config(2, '', [A], 2),
    permitted: config(2, '', [B, A], 2),
  },
  {
    rule: 'tables/one-step-at-a-time',
    why: 'who takes over drops another member',
    before: LEADERLESS,
    event: config(3, A, [], 2),
    permitted: config(3, A, [B], 2),
  },
  {
    rule: 'tables/one-step-at-a-time',
    why: 'who takes over was no member',
    before: LEADERLESS,
    event: config(3, P, [A, B], 2),
    permitted: config(3, B, [A], 2),
  },
  {
    rule: 'tables/one-step-at-a-time',
    why: 'nobody joins without a primary: nobody could teach it',
    before: LEADERLESS,
    event: config(3, '', [A, B, P], 2),
    permitted: config(3, '', [A], 2),
  },
  {
    rule: 'tables/one-step-at-a-time',
    why: 'nothing changes, and there is no primary that asks for it',
    before: LEADERLESS,
    event: config(3, '', [A, B], 2),
    permitted: config(3, '', [B], 2),
  },
  {
    rule: 'tables/ballot-plus-one',
    why: 'what P goes by already is not overtaken',
    before: SHRUNK,
    event: config(2, '', [A, B], 2),
    permitted: config(3, '', [A], 2),
  },
  {
    rule: 'tables/ballot-plus-one',
    why: 'another member leaves in the place of what was stored: only the removal of the primary may overtake',
    before: [...HURT, config(2, P, [A], 2)],
    event: config(2, P, [B], 2),
    permitted: config(2, '', [A, B], 2),
  },
  {
    rule: 'tables/one-step-at-a-time',
    why: 'what was overtaken is not what the next one begins with',
    before: OVERTAKEN,
    event: config(3, A, [], 2),
    permitted: config(3, A, [B], 2),
  },
  {
    rule: 'tables/one-step-at-a-time',
    why: 'a deserted group is called back one by one',
    before: DESERTED,
    event: config(5, B, [A], 2),
    permitted: config(5, B, [], 2),
  },
  {
    rule: 'tables/one-step-at-a-time',
    why: 'a partition begins with a primary',
    before: [...MEMBERS.map((node) => started(node)), asks(1, { kind: 'createTable', name: 't', partitionCount: 1, replicaCount: 3, envs: {}, successIfExist: false }), table(), config(0, '', [])],
    event: config(1, '', [A, B]),
    permitted: config(1, P, []),
  },
];

const NEWCOMERS: readonly Refused[] = [
  {
    rule: 'tables/newcomers-hold-what-is-committed',
    why: 'a learner that has learned nothing yet',
    before: [...LEARNS, ...JOINS.slice(0, 1)],
    event: config(3, P, [A, C], 2),
    permitted: config(3, P, [A, B], 2),
    says: 'a member that holds decrees up to 2, got c/replica-3 without 1',
  },
  {
    rule: 'tables/newcomers-hold-what-is-committed',
    why: 'nobody asked C to learn',
    before: SHRUNK,
    event: config(3, P, [A, C], 2),
    permitted: config(3, P, [], 2),
    says: 'c/replica-3 without 1',
  },
  {
    rule: 'tables/newcomers-hold-what-is-committed',
    why: 'decree 2 is in its list, and not in its log',
    before: [...FROM_CACHE.slice(0, -5), ...JOINS.slice(0, 1)],
    event: config(3, P, [A, C], 2),
    permitted: config(3, P, [B, A], 2),
    says: 'c/replica-3 without 2',
  },
  {
    rule: 'tables/newcomers-hold-what-is-committed',
    why: 'decree 3 of B is not what was committed as decree 3',
    before: DIVERGED,
    event: config(5, A, [B], 2),
    permitted: config(5, '', [], 2),
    says: 'c/replica-2 without 3',
  },
  {
    rule: 'tables/newcomers-hold-what-is-committed',
    why: 'a deserted group is called back by somebody who was there last',
    before: DESERTED,
    event: config(5, C, [], 2),
    permitted: config(5, A, [], 2),
    says: 'c/replica-3 without 1',
  },
];

const JOINING: readonly Refused[] = [
  {
    rule: 'tables/joins-while-nothing-commits',
    why: 'in ballot 2 P needs no word of C: what it commits there, C may not have when it takes over',
    before: FROM_CHECKPOINT,
    event: config(3, P, [A, C], 2),
    permitted: status(P, 'PS_PRIMARY', 'PS_INACTIVE', 2),
  },
];

const LEARNERS: readonly Refused[] = [
  {
    rule: 'learn/answered-by-the-primary',
    why: 'a secondary teaches',
    before: LEARNS,
    event: learnAnswered('LT_APP', 1, A),
    permitted: learnAnswered('LT_APP', 1),
  },
  {
    rule: 'learn/start-in-range',
    why: 'decree 3 is not committed',
    before: LEARNS,
    event: learnAnswered('LT_CACHE', 4),
    permitted: learnAnswered('LT_CACHE', 3),
    says: 'a start from 1 to 3, got 4',
  },
  {
    rule: 'learn/start-in-range',
    why: 'further than it says to have committed',
    before: LEARNS,
    event: learnAnswered('LT_LOG', 3, P, 1),
    permitted: learnAnswered('LT_LOG', 2, P, 1),
  },
  {
    rule: 'learn/start-in-range',
    why: 'there is no decree 0',
    before: LEARNS,
    event: learnAnswered('LT_LOG', 0),
    permitted: learnAnswered('LT_LOG', 1),
  },
  {
    rule: 'learn/list-cut-at-storage',
    why: 'decrees 1 and 2 would be in neither',
    before: LEARNS,
    event: listCut(C, 2),
    permitted: listCut(C, 0),
    says: '0, what storage holds, got 2',
  },
  {
    rule: 'learn/list-cut-at-storage',
    why: 'what is applied would be applied again',
    before: FROM_CHECKPOINT,
    event: listCut(C, 1),
    permitted: listCut(C, 2, true),
  },
  {
    rule: 'learn/list-cut-at-storage',
    why: 'the checkpoint that it learned says 2',
    before: FROM_CHECKPOINT.slice(0, -1),
    event: listCut(C, 0),
    permitted: listCut(C, 2),
  },
  {
    rule: 'learn/members-keep-their-list',
    why: 'the primary forgets what it proposed',
    before: WRITTEN,
    event: listCut(P, 2),
  },
  {
    rule: 'learn/members-keep-their-list',
    why: 'a secondary forgets that decree 1 is committed',
    before: [...WRITTEN, committed(A, 1)],
    event: listCut(A, 0),
    permitted: applied(A, 1),
    says: 'commit point 1 back to 0',
  },
  {
    rule: 'learn/replaced-by-a-learner',
    why: 'a secondary gets a storage of others',
    before: LEARNS,
    event: storageReplaced(A, 2, ROW),
    permitted: storageReplaced(C, 2, ROW),
  },
  {
    rule: 'learn/replaced-by-a-learner',
    why: 'the primary gets an empty log',
    before: LEARNS,
    event: logReplaced(P),
    permitted: logReplaced(C),
  },
  {
    rule: 'learn/replaced-by-a-learner',
    why: 'it has lost its role',
    before: [...LEARNS, status(C, 'PS_POTENTIAL_SECONDARY', 'PS_INACTIVE', 2)],
    event: storageReplaced(C, 2, ROW),
    permitted: closed(C),
  },
  {
    rule: 'learn/storage-was-committed',
    why: 'decree 3 was not even proposed',
    before: LEARNS,
    event: storageReplaced(C, 3, ROW),
    permitted: storageReplaced(C, 2, ROW),
  },
  {
    rule: 'learn/storage-is-the-partitions',
    why: 'a file of it is another partition\'s',
    before: LEARNS,
    event: storageReplaced(C, 2, ROW + 1),
    permitted: storageReplaced(C, 2, ROW),
    says: `the rows of decree 2 (digest ${ROW})`,
  },
  {
    rule: 'learn/storage-is-the-partitions',
    why: 'an older one under the newer one\'s name: the row is missing',
    before: LEARNS,
    event: storageReplaced(C, 2, 0),
    permitted: storageReplaced(C, 1, 0),
  },
  {
    rule: 'learn/storage-is-the-partitions',
    why: 'decree 1 has no row yet',
    before: LEARNS,
    event: storageReplaced(C, 1, ROW),
    permitted: storageReplaced(C, 2, ROW),
  },
  {
    rule: 'learn/storage-is-the-partitions',
    why: 'a database that begins with nothing has something',
    before: LEARNS,
    event: storageReplaced(C, 0, ROW),
    permitted: storageReplaced(C, 0, 0),
  },
  {
    rule: 'learn/log-was-proposed',
    why: 'nobody proposed decree 3',
    before: LEARNS,
    event: logReplaced(C, R1, R2, { ballot: 1, decree: 3, lastCommitted: 2 }),
    permitted: logReplaced(C, R1, R2),
    says: 'decree 3',
  },
  {
    rule: 'learn/log-was-proposed',
    why: 'decree 2 was proposed in ballot 1 only',
    before: LEARNS,
    event: logReplaced(C, R1, { ...R2, ballot: 2 }),
    permitted: logReplaced(C, R2),
    says: 'decree 2',
  },
  {
    rule: 'learn/init-ballot-grows',
    why: 'A is in ballot 2',
    before: SHRUNK,
    event: initInfo(A, 1, 0),
    permitted: initInfo(A, 2, 0),
  },
];

const DATA: readonly Refused[] = [
  {
    rule: 'lifecycle/data-goes-for-a-reason',
    why: 'a healthy member is set aside as damaged',
    before: [...WRITTEN, closed(A)],
    event: gone(A, 'err'),
    permitted: gone(C, 'err'),
    says: 'gone (err)',
  },
  {
    rule: 'lifecycle/data-goes-for-a-reason',
    why: 'a crash damages nothing',
    before: [...WRITTEN, stopped(A), started(A)],
    event: gone(A, 'err'),
  },
  {
    rule: 'lifecycle/data-goes-for-a-reason',
    why: 'its table is there',
    before: [...WRITTEN, closed(A)],
    event: gone(A, 'gar'),
  },
  {
    rule: 'lifecycle/data-goes-for-a-reason',
    why: 'who was a member has data of the partition, member or not',
    before: [...SHRUNK, started(B)],
    event: gone(B, 'other'),
    permitted: gone(C, 'other'),
  },
  {
    rule: 'lifecycle/data-goes-for-a-reason',
    why: 'the fault was another node\'s',
    before: [...READY, fault('disk-bit-rot', B), survived(B, [[1, 1]], false), closed(A)],
    event: gone(A, 'err'),
    permitted: gone(B, 'err'),
  },
];

/** While the table is duplicated, C learns from P, which knows of it: decree 3 is not shipped yet. */
const BEHIND: readonly Refused[] = [
  {
    rule: 'learn/log-holds-what-is-not-shipped',
    why: 'who may ship next has the row, and no record of it',
    before: [...LEARNS_DUPLICATED, storageReplaced(C, 3, ROWS), listCut(C, 3), ...joins(C)],
    event: status(C, 'PS_POTENTIAL_SECONDARY', 'PS_SECONDARY', 3),
    permitted: status(C, 'PS_POTENTIAL_SECONDARY', 'PS_INACTIVE', 3),
    says: `decree 3, which duplication ${ID} has not shipped`,
  },
];

export const LEARNING: readonly Refused[] = [
  ...[...STEPS, ...NEWCOMERS, ...JOINING, ...LEARNERS, ...DATA].map((one) => ({ ...one, config: FOUR })),
  ...BEHIND.map((one) => ({ ...one, config: FOUR_DUPLICATED })),
];
