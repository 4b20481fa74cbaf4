/**
 * Refusing traces of a duplication's record and progress in the store (dup 2.4, 3.1, 3.3, 4.2, 5.2, 5.4; S1, S3, S13,
 * S15 - S17). Each refused event stands beside one that is permitted at the same place.
 */
import type { ModelEvent } from '../../model/events.ts';
import {
  ADD_FULL,
  ADD_LOG,
  addDup,
  added,
  APP,
  change,
  CHECKED,
  DUP_CONFIG,
  erased,
  FILLED,
  envsOf,
  followerTable,
  ID,
  INVITED,
  invites,
  LOG,
  LOG_ONLY,
  LOG_RUNS,
  MARKED,
  modified,
  opens,
  orders,
  OTHERS_CREATION,
  PREPARE,
  PREPARED,
  progress,
  reported,
  S,
  setMode,
  SHIPPED,
  stored,
  synced,
  TWO,
} from './duplicationStory.ts';
import { answers, asks, create, putAt, table } from './story.ts';
import type { Refused } from './refused.ts';

const LATER = 20 * S;
const ANSWERED = [...LOG_ONLY, answers(10, added(), 11 * S)];
/** Asked, done and answered within a moment: nothing of the command is left. */
const REMOVED = [...ANSWERED, orders(11, change('removeDup'), 12 * S), erased(12 * S), answers(11, modified(), 12 * S)];
const PAUSED = [...ANSWERED, orders(11, change('pauseDup'), 12 * S), stored('DS_PAUSE', {}, { atUs: 12 * S })];
const OTHER: readonly ModelEvent[] = [
  asks(5, create('u'), 0),
  table('AS_AVAILABLE', { appId: 2, name: 'u' }),
  ...ANSWERED,
];
/** A follower whose only members are one primary, of two that it wants. */
const ALONE = [...APP, ...opens('d/replica-0'), ...opens('d/replica-1')];

const RECORD: readonly Refused[] = [
  {
    rule: 'dup/record-holds-no-transient-status',
    why: 'a duplication is not in the store before it left DS_INIT',
    before: ADD_LOG,
    event: stored('DS_INIT'),
    permitted: stored('DS_LOG'),
    says: 'DS_INIT',
  },
  {
    rule: 'dup/record-holds-no-transient-status',
    why: 'the status of the next write that is reset after each (B1)',
    before: LOG,
    event: stored('DS_INIT'),
    permitted: stored('DS_LOG'),
  },
  {
    rule: 'dup/record-holds-no-transient-status',
    why: 'a removed one has no record',
    before: [...LOG_ONLY, orders(11, change('removeDup'))],
    event: stored('DS_REMOVED'),
    permitted: erased(),
  },
  {
    rule: 'dup/id-is-new',
    why: 'ids begin at 1',
    before: ADD_LOG,
    event: stored('DS_LOG', {}, { dupId: 0 }),
    permitted: stored('DS_LOG'),
  },
  {
    rule: 'dup/created-as-asked',
    why: 'nobody asked',
    before: TWO,
    event: stored('DS_LOG'),
    says: 'somebody asked for',
  },
  {
    rule: 'dup/created-as-asked',
    why: 'an add without a checkpoint begins in DS_LOG',
    before: ADD_LOG,
    event: stored('DS_PREPARE'),
    permitted: stored('DS_LOG'),
  },
  {
    rule: 'dup/created-as-asked',
    why: 'an add with a checkpoint begins in DS_PREPARE',
    before: ADD_FULL,
    event: stored('DS_LOG'),
    permitted: stored('DS_PREPARE'),
  },
  {
    rule: 'dup/created-as-asked',
    why: 'the fail mode begins as FAIL_SLOW',
    before: ADD_LOG,
    event: stored('DS_LOG', { failMode: 'FAIL_SKIP' }),
    permitted: stored('DS_LOG'),
  },
  {
    rule: 'dup/created-as-asked',
    why: 'another remote table than was asked for',
    before: ADD_LOG,
    event: stored('DS_LOG', { remoteAppName: 'u' }),
    permitted: stored('DS_LOG'),
  },
  {
    rule: 'dup/created-as-asked',
    why: 'no count means that of the table, which is 3',
    before: [...TWO, orders(10, addDup(false, { remoteReplicaCount: 0, remoteTable: '' }))],
    event: stored('DS_LOG'),
    permitted: stored('DS_LOG', { remoteReplicaCount: 3 }),
  },
  {
    rule: 'dup/created-as-asked',
    why: 'the add was answered for certain, and made its duplication',
    before: REMOVED,
    event: stored('DS_LOG', {}, { dupId: ID + 1, atUs: LATER }),
    says: 'd/t x 2 DS_LOG FAIL_SLOW',
  },
  {
    rule: 'dup/one-to-a-cluster',
    why: 'the table goes to that cluster already',
    before: [...ANSWERED, orders(11, addDup(false, { remoteTable: 'w' }), 12 * S)],
    event: stored('DS_LOG', { remoteAppName: 'w' }, { dupId: ID + 1, atUs: 12 * S }),
    says: `duplication ${ID} alone`,
  },
  {
    rule: 'dup/one-to-a-cluster',
    why: 'two tables may not feed one',
    before: [...OTHER, orders(11, addDup(false, { table: 'u' }), 12 * S)],
    event: stored('DS_LOG', {}, { appId: 2, atUs: 12 * S }),
    says: 'table 1 alone to feed d/t',
  },
  {
    rule: 'dup/constants-stay',
    why: 'the replica count of the record moves',
    before: LOG_ONLY,
    event: stored('DS_LOG', { remoteReplicaCount: 3 }),
    permitted: stored('DS_LOG'),
    says: 'd/t x 2 of 77000, got d/t x 3 of 77000',
  },
  {
    rule: 'dup/constants-stay',
    why: 'so does the remote table',
    before: LOG_ONLY,
    event: stored('DS_LOG', { remoteAppName: 'u' }),
  },
];

const STATUS: readonly Refused[] = [
  {
    rule: 'dup/status-change',
    why: 'PREPARE knows no way to LOG',
    before: [...PREPARED, orders(11, change('startDup'))],
    event: stored('DS_LOG'),
    permitted: stored('DS_PREPARE'),
    says: 'one of DS_PREPARE, DS_APP, got DS_LOG',
  },
  {
    rule: 'dup/status-change',
    why: 'PREPARE cannot be paused',
    before: [...PREPARE, orders(11, change('pauseDup'))],
    event: stored('DS_PAUSE'),
  },
  {
    rule: 'dup/status-change',
    why: 'APP cannot be paused',
    before: [...APP, orders(11, change('pauseDup'))],
    event: stored('DS_PAUSE'),
    says: 'one of DS_APP, DS_LOG, got DS_PAUSE',
  },
  { rule: 'dup/status-change', why: 'no way back to PREPARE', before: APP, event: stored('DS_PREPARE') },
  { rule: 'dup/status-change', why: 'no way back to APP', before: LOG, event: stored('DS_APP') },
  {
    rule: 'dup/status-change',
    why: 'PAUSE leads to LOG only',
    before: PAUSED,
    event: stored('DS_APP', {}, { atUs: 12 * S }),
  },
  {
    rule: 'dup/app-needs-prepared-checkpoints',
    why: 'no checkpoint was reported',
    before: CHECKED,
    event: stored('DS_APP'),
    says: 'none of partition 0',
  },
  {
    rule: 'dup/app-needs-prepared-checkpoints',
    why: 'the decree behind which the log is shipped is not stored',
    before: [...CHECKED.filter(({ kind }) => kind !== 'dup.progress-stored').slice(0, -2), reported(2, true)],
    event: stored('DS_APP'),
  },
  {
    rule: 'dup/app-needs-the-follower-table',
    why: 'nobody asked for it',
    before: PREPARED,
    event: stored('DS_APP'),
    says: 'd to be asked for t first',
  },
  {
    rule: 'dup/app-needs-the-follower-table',
    why: 'asked for, and not made',
    before: INVITED.slice(0, -2),
    event: stored('DS_APP'),
    says: 'a table t in d, got none',
  },
  {
    rule: 'dup/app-needs-the-follower-table',
    why: 'a table of that name that is not its own (B9)',
    before: [...PREPARED, OTHERS_CREATION, followerTable({}), ...INVITED.slice(PREPARED.length, -2)],
    event: stored('DS_APP'),
    says: 'env duplication.master_cluster=c, got none',
  },
  {
    rule: 'dup/app-needs-the-follower-table',
    why: 'a table with other replicas than the duplication wants',
    before: [
      ...PREPARED,
      { ...OTHERS_CREATION, command: { ...create(), replicaCount: 1 } } as ModelEvent,
      invites('creating'),
      { ...followerTable(envsOf('creating')), maxReplicaCount: 1 } as ModelEvent,
    ],
    event: stored('DS_APP'),
    says: '1 x 2, got 1 x 1',
  },
  {
    rule: 'dup/change-has-a-cause',
    why: 'nobody paused it',
    before: LOG_ONLY,
    event: stored('DS_PAUSE'),
    says: 'DS_LOG until somebody asks (pauseDup)',
  },
  {
    rule: 'dup/change-has-a-cause',
    why: 'the pause was answered, and over, and nobody started it again (B7)',
    before: [...PAUSED, answers(11, modified(), 12 * S)],
    event: stored('DS_LOG', {}, { atUs: LATER }),
    permitted: stored('DS_PAUSE', {}, { atUs: LATER }),
    says: 'DS_PAUSE until somebody asks (startDup)',
  },
  {
    rule: 'dup/change-has-a-cause',
    why: 'the follower table is not marked as created (5.4)',
    before: FILLED,
    event: stored('DS_LOG'),
    says: 'to be marked created, got creating',
  },
  {
    rule: 'dup/change-has-a-cause',
    why: 'the follower has no primary (5.4 check 4)',
    before: [...ALONE, ...MARKED.slice(FILLED.length)],
    event: stored('DS_LOG'),
    says: 'a primary of follower partition 0, got none',
  },
];

const CAUSES: readonly Refused[] = [
  {
    rule: 'dup/fail-mode-as-asked',
    why: 'nobody asked',
    before: LOG_ONLY,
    event: stored('DS_LOG', { failMode: 'FAIL_SKIP' }),
    permitted: stored('DS_LOG'),
    says: 'FAIL_SLOW until somebody asks, got FAIL_SKIP',
  },
  {
    rule: 'dup/fail-mode-as-asked',
    why: 'an automatic step does not touch the fail mode (B4)',
    before: [
      ...INVITED,
      orders(11, setMode('FAIL_SKIP')),
      stored('DS_PREPARE', { failMode: 'FAIL_SKIP' }),
      answers(11, modified(), 11 * S),
    ],
    event: stored('DS_APP', {}, { atUs: LATER }),
    permitted: stored('DS_APP', { failMode: 'FAIL_SKIP' }, { atUs: LATER }),
  },
  {
    rule: 'dup/fail-mode-as-asked',
    why: 'another mode than was asked for',
    before: [...LOG_ONLY, orders(11, setMode('FAIL_SKIP'))],
    event: stored('DS_LOG', { failMode: 'FAIL_FAST' }),
    permitted: stored('DS_LOG', { failMode: 'FAIL_SKIP' }),
  },
  {
    rule: 'dup/erased-once',
    why: 'it is gone',
    before: [...REMOVED, orders(12, change('removeDup'), LATER)],
    event: erased(LATER),
    says: 'got none',
  },
  {
    rule: 'dup/erased-once',
    why: 'it never was',
    before: [...ADD_LOG, orders(11, change('removeDup'))],
    event: erased(),
  },
  {
    rule: 'dup/erased-as-asked',
    why: 'nobody asked',
    before: LOG_ONLY,
    event: erased(),
    says: `duplication ${ID} is gone`,
  },
  {
    rule: 'dup/erased-as-asked',
    why: 'another one was to be removed',
    before: [...LOG_ONLY, orders(11, change('removeDup', ID + 1))],
    event: erased(),
  },
];

const PROGRESS: readonly Refused[] = [
  {
    rule: 'dup/progress-of-a-living-one',
    why: 'a write that comes behind the removal (B6)',
    before: [...LOG_RUNS, orders(11, change('removeDup')), erased()],
    event: progress(2),
    says: `nothing of duplication ${ID}`,
  },
  {
    rule: 'dup/progress-never-goes-back',
    why: 'what is stored falls (B5)',
    before: SHIPPED,
    event: progress(1),
    permitted: progress(2),
    says: 'a decree from 2, got 1',
  },
  {
    rule: 'dup/progress-was-reported',
    why: 'shipped, and not yet said to the meta server',
    before: SHIPPED,
    event: progress(3),
    permitted: progress(2),
    says: 'at most 2, what was reported',
  },
  {
    rule: 'dup/progress-is-on-the-follower',
    why: 'committed at the source only, and reported by a server whose duplicator was given up',
    before: [...LOG, ...putAt(3, 3, 'l', 'w'), synced([], { atUs: 11 * S }), reported(3)],
    event: progress(3),
    permitted: progress(2),
    says: 'decree 3 of 1.0 is not on the follower',
  },
];

export const DUPLICATION: readonly Refused[] = [...RECORD, ...STATUS, ...CAUSES, ...PROGRESS].map((one) => ({
  ...one,
  config: DUP_CONFIG,
}));
