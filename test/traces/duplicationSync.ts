/**
 * Refusing traces of what replica servers are told of duplications, what they report, and what a follower's meta server
 * is asked for (dup 2.6, 4, 5.2, 5.4; S1, S4 - S6, S10, S15, S17, L1, L6).
 */
import type { ModelEvent } from '../../model/events.ts';
import {
  added,
  APP,
  change,
  CHECKED,
  CONFIRMED,
  DUP_CONFIG,
  ENVS,
  envsOf,
  erased,
  ID,
  invites,
  LOG,
  LOG_ONLY,
  LOG_TOLD,
  orders,
  OWING,
  PREPARE,
  PREPARED,
  progress,
  reported,
  S,
  SHIPPED,
  stored,
  synced,
  told,
} from './duplicationStory.ts';
import {
  A,
  acked,
  answers,
  applied,
  B,
  committed,
  config,
  flushed,
  listed,
  logFile,
  logged,
  mutation,
  opened,
  P,
  prepared,
  PUT,
  putAt,
  started,
  status,
  stopped,
} from './story.ts';
import type { Refused } from './refused.ts';

const LATER = { atUs: 40 * S };
const ANSWERED = [...LOG_ONLY, answers(10, added(), 11 * S)];
/** Paused, and everybody was told so. */
const PAUSED = [...ANSWERED, orders(11, change('pauseDup'), 12 * S), stored('DS_PAUSE', {}, { atUs: 12 * S })];
const GONE = [...LOG_TOLD, orders(11, change('removeDup')), erased(), synced([], { atUs: 11 * S })];
/** Decree 3 is committed, applied, and nobody ships it. */
const BEHIND = [...LOG, ...putAt(3, 3, 'l', 'w')];

/** Decree 2 in its second ballot. */
const AGAIN = mutation(2, 2, [PUT('k', 'v')], 1, 2000);
/**
 * Progress 2 is stored, then the primary restarts, has applied decree 1 only when its duplicator is built, and makes a
 * checkpoint of it; decree 2 is committed later.
 */
const REBUILT: readonly ModelEvent[] = [
  ...PREPARE,
  reported(2),
  progress(2),
  stopped(P, 'crash', 10 * S),
  started(P, 10 * S),
  opened(P, { fresh: false, ballot: 1, applied: 1, committed: 1, maxPrepared: 2 }),
  config(2),
  status(P, 'PS_INACTIVE', 'PS_PRIMARY', 2),
  told('DS_PREPARE', 2),
  synced(),
  flushed(P, 1),
  listed(P, 1, 0),
  prepared(P, AGAIN, true),
  logFile(P, 2, 500, 2),
  logged(P, AGAIN, 2, 500),
  ...[A, B].flatMap((node) => [
    status(node, 'PS_SECONDARY', 'PS_SECONDARY', 2),
    prepared(node, AGAIN),
    logged(node, AGAIN, 1, 500),
    acked(node, 2, 2),
  ]),
  committed(P, 2, 2),
  applied(P, 2),
];

const TOLD: readonly Refused[] = [
  {
    rule: 'dup/told-what-is-stored',
    why: 'the pause is asked for, and not in the store (B3)',
    before: [...ANSWERED, orders(11, change('pauseDup'), 12 * S)],
    event: told('DS_PAUSE', -1),
    permitted: told('DS_LOG', -1),
    says: 'one of DS_LOG FAIL_SLOW, got DS_PAUSE FAIL_SLOW',
  },
  {
    rule: 'dup/told-what-is-stored',
    why: 'a fail mode that was never stored',
    before: LOG_ONLY,
    event: told('DS_LOG', -1, { failMode: 'FAIL_SKIP' }),
  },
  {
    rule: 'dup/told-what-is-stored',
    why: 'the pause was told before, and nobody started it again',
    before: [...PAUSED, told('DS_PAUSE', -1, { atUs: 13 * S })],
    event: told('DS_LOG', -1, { atUs: 14 * S }),
    permitted: told('DS_PAUSE', -1, { atUs: 14 * S }),
  },
  {
    rule: 'dup/told-nothing-old',
    why: 'the pause was stored half a minute ago, and nothing is wrong',
    before: PAUSED,
    event: told('DS_LOG', -1, LATER),
    permitted: told('DS_PAUSE', -1, LATER),
    says: 'which was over long before',
  },
  {
    rule: 'dup/told-nothing-old',
    why: 'it was removed half a minute ago',
    before: [...LOG_TOLD, orders(11, change('removeDup')), erased()],
    event: told('DS_LOG', -1, LATER),
    permitted: told('DS_LOG', -1, { atUs: 11 * S }),
    says: 'nothing of a removed duplication',
  },
  {
    rule: 'dup/told-nothing-old',
    why: 'decree 3 was stored half a minute ago, and nothing is wrong',
    before: [...SHIPPED, reported(3), progress(3)],
    event: told('DS_LOG', 2, LATER),
    permitted: told('DS_LOG', 3, LATER),
    says: '3 of partition 0, got 2, which was over long before',
  },
  {
    rule: 'dup/told-stored-progress',
    why: 'reported, and not in the store',
    before: [...PREPARE, reported(2)],
    event: told('DS_PREPARE', 2),
    permitted: told('DS_PREPARE', -1),
    says: 'one of -1 of partition 0, got 2',
  },
  {
    rule: 'dup/told-stored-progress',
    why: 'less than it was told before',
    before: CONFIRMED,
    event: told('DS_LOG', 2),
    permitted: told('DS_LOG', 3),
    says: 'one of 3 of partition 0, got 2',
  },
  {
    rule: 'dup/told-of-every-partition',
    why: 'an answer without the progress of a partition makes its duplicator go (B10)',
    before: LOG_ONLY,
    event: { ...told('DS_LOG', -1), progress: {} } as ModelEvent,
    permitted: told('DS_LOG', -1),
    says: 'none of 0',
  },
  {
    rule: 'dup/synced-lists-what-was-told',
    why: 'a duplication that the answer does not describe',
    before: LOG_ONLY,
    event: synced([ID]),
    permitted: synced([]),
    says: `duplication ${ID} of 1`,
  },
  {
    rule: 'dup/synced-lists-what-was-told',
    why: 'one that nobody stored',
    before: LOG_TOLD,
    event: synced([ID, ID + 1]),
    permitted: synced([ID]),
  },
  {
    rule: 'dup/synced-completely',
    why: 'the meta server restarted and answers without its duplications (B10)',
    before: LOG_TOLD,
    event: synced([], LATER),
    permitted: synced([], { atUs: 12 * S }),
    says: `duplication ${ID} of t in the answer`,
  },
];

const REPORTS: readonly Refused[] = [
  {
    rule: 'dup/report-after-told',
    why: 'it was never told',
    before: LOG_ONLY,
    event: reported(2),
    says: 'nobody told it',
  },
  {
    rule: 'dup/report-after-told',
    why: 'the process that was told is gone',
    before: [...LOG_TOLD, stopped(P, 'crash', 11 * S), started(P, 11 * S)],
    event: reported(2, false, { atUs: 12 * S }),
  },
  {
    rule: 'dup/report-after-told',
    why: 'the last answers did not list it any more',
    before: GONE,
    event: reported(2, false, LATER),
    permitted: reported(2, false, { atUs: 12 * S }),
    says: 'that the last answer did not list',
  },
  {
    rule: 'dup/report-by-the-primary',
    why: 'a secondary has no duplicator',
    before: [...LOG_TOLD, told('DS_LOG', -1, { node: A })],
    event: reported(0, false, { node: A }),
    says: 'expected PS_PRIMARY, got PS_SECONDARY',
  },
  {
    rule: 'dup/report-never-below-told',
    why: 'confirmed 3 was told (S5)',
    before: CONFIRMED,
    event: reported(2, false, { lastCommitted: 3 }),
    permitted: reported(3),
    says: 'at least 3, what it was told',
  },
  {
    rule: 'dup/report-was-committed',
    why: 'nothing of decree 3 is committed',
    before: LOG_TOLD,
    event: reported(3),
    permitted: reported(2),
    says: 'confirmed 3, committed 3',
  },
  {
    rule: 'dup/report-was-committed',
    why: 'a last committed decree that is not',
    before: LOG_TOLD,
    event: reported(2, false, { lastCommitted: 3 }),
    permitted: reported(2),
  },
  {
    rule: 'dup/report-was-shipped',
    why: 'decree 3 is on its way',
    before: OWING,
    event: reported(3),
    permitted: reported(2, false, { lastCommitted: 3 }),
    says: 'at most 2, what was shipped',
  },
  {
    rule: 'dup/report-was-shipped',
    why: 'no pipeline was ever built: what was applied later is not shipped',
    before: BEHIND,
    event: reported(3),
    permitted: reported(2, false, { lastCommitted: 3 }),
  },
  {
    rule: 'dup/report-prepared-truly',
    why: 'there is no checkpoint yet',
    before: PREPARE,
    event: reported(2, true),
    permitted: reported(2),
    says: 'a checkpoint of decree 2 or more, got prepared with checkpoint 0',
  },
  {
    rule: 'dup/report-prepared-truly',
    why: 'a new primary whose checkpoint is older than what is stored (B15, B16)',
    before: REBUILT,
    event: reported(2, true),
    permitted: reported(2),
    says: 'a checkpoint of decree 2 or more, got prepared with checkpoint 1',
  },
];

/** Other envs than the sheet's. */
const asksWith = (more: Readonly<Record<string, string>>): ModelEvent =>
  invites('creating', { envs: { ...envsOf('creating'), ...more } });

const ASKS: readonly Refused[] = [
  {
    rule: 'dup/asked-in-its-status',
    why: 'the mark of DS_APP while it prepares',
    before: PREPARED,
    event: invites('created'),
    permitted: invites('creating'),
    says: 'creating in DS_PREPARE, got created',
  },
  {
    rule: 'dup/asked-in-its-status',
    why: 'DS_APP is long stored',
    before: APP,
    event: invites('creating', LATER),
    permitted: invites('created', LATER),
  },
  {
    rule: 'dup/asked-in-its-status',
    why: 'a log-only one asks for nothing',
    before: LOG_TOLD,
    event: invites('creating'),
  },
  {
    rule: 'dup/asked-in-its-status',
    why: 'it was removed half a minute ago',
    before: [...APP, orders(11, change('removeDup')), erased()],
    event: invites('created', LATER),
    permitted: invites('created', { atUs: 11 * S }),
    says: 'nothing for a removed duplication',
  },
  {
    rule: 'dup/asked-when-prepared',
    why: 'the partition has no checkpoint',
    before: CHECKED,
    event: invites('creating'),
    says: 'partition 0 did not report one',
  },
  {
    rule: 'dup/asked-for-such-a-table',
    why: 'other partitions',
    before: PREPARED,
    event: invites('creating', { partitionCount: 2 }),
    permitted: invites('creating'),
    says: '1 x 2, got 2 x 2',
  },
  {
    rule: 'dup/asked-for-such-a-table',
    why: 'the replica count of the table, not of the duplication',
    before: PREPARED,
    event: invites('creating', { replicaCount: 3 }),
    permitted: invites('creating'),
  },
  {
    rule: 'dup/asked-with-its-envs',
    why: 'the name of another cluster',
    before: PREPARED,
    event: asksWith({ 'duplication.master_cluster': 'd' }),
    permitted: invites('creating'),
    says: 'duplication.master_cluster=c, got d',
  },
  {
    rule: 'dup/asked-with-its-envs',
    why: 'another table',
    before: PREPARED,
    event: asksWith({ 'duplication.master_app_name': 'u' }),
  },
  {
    rule: 'dup/asked-with-its-envs',
    why: 'not the meta servers of the master',
    before: PREPARED,
    event: asksWith({ 'duplication.master_metas': 'd/meta-0' }),
    says: 'meta servers of c',
  },
  {
    rule: 'dup/asked-with-its-envs',
    why: 'the metas are missing',
    before: PREPARED,
    event: invites('creating', {
      envs: { ...ENVS, 'duplication.master_metas': '', 'duplication.follower_app_status': 'creating' },
    }),
  },
];

export const DUPLICATION_SYNC: readonly Refused[] = [...TOLD, ...REPORTS, ...ASKS].map((one) => ({
  ...one,
  config: DUP_CONFIG,
}));
