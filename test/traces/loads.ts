/**
 * Refusing traces of the records of a load in the store (bl 4, 6.1, 8, 11, 16.3, 17.6). Each refused event stands beside one
 * that is permitted at the same place.
 */
import type { ModelEvent } from '../../model/events.ts';
import { toldBack } from './loadStory.ts';
import {
  all,
  ALL,
  ASKED,
  BEGUN,
  cancel,
  CANCELED,
  DONE,
  DOWNLOADED,
  erased,
  FINISHED,
  flag,
  FLAGGED,
  gone,
  HEARD,
  INGESTING,
  NO_METADATA,
  NOTED,
  NOW,
  order,
  OVER,
  part,
  PART_DOWNLOADED,
  PART_INGESTING,
  PART_PAUSED,
  PART_PAUSING,
  put,
  puts,
  READY_TO_LOAD,
  refuses,
  S,
  start,
  STORED,
  stored,
  SUCCEED,
  COMMITTED,
} from './loadTableStory.ts';
import { asks, CONFIG, fault, P, READY, SETTINGS } from './story.ts';
import type { Refused } from './refused.ts';

const LATER = 70 * S;
const EMPTY = { metadata: NO_METADATA };
/** The trouble that leads back, seen at the primary. */
const TROUBLE = [...DOWNLOADED, refuses('ERR_INVALID_STATE', 'BLS_DOWNLOADED')];
const ONE_ROLLBACK = { ...CONFIG, settings: { ...SETTINGS, bulkLoadMaxRollbackTimes: 1 } };
const BACK: readonly ModelEvent[] = [...TROUBLE, stored('BLS_DOWNLOADING'), refuses('ERR_INVALID_STATE')];
/** Two files, one of them damaged on the provider. */
const BAD: readonly ModelEvent[] = [
  ...READY,
  ...READY_TO_LOAD.slice(READY.length),
  put('0/00002.sst', { is: 'garbage' }, 200, 'b0'),
  asks(10, start(), NOW),
  flag(true),
  stored('BLS_DOWNLOADING'),
  part('BLS_DOWNLOADING', EMPTY),
];
const BAD_HEARD: readonly ModelEvent[] = [
  ...BAD,
  ...all('BLS_DOWNLOADING', { ...ALL, downloadProgress: 33, downloadStatus: 'ERR_CORRUPTION' }),
];

const STARTS: readonly Refused[] = [
  {
    rule: 'loads/started-as-asked',
    why: 'nobody asked',
    before: [...READY_TO_LOAD, asks(10, start({ root: 'other' }), NOW), flag(true)],
    event: stored('BLS_DOWNLOADING'),
    says: 'somebody asked for',
  },
  {
    rule: 'loads/started-as-asked',
    why: 'a partition count that is not the table\'s',
    before: FLAGGED,
    event: stored('BLS_DOWNLOADING', { partitionCount: 2 }),
    permitted: stored('BLS_DOWNLOADING'),
  },
  {
    rule: 'loads/started-as-asked',
    why: 'it is asked for one after the other',
    before: FLAGGED,
    event: stored('BLS_CANCELED'),
    permitted: stored('BLS_DOWNLOADING'),
  },
  {
    rule: 'loads/start-is-checked',
    why: 'the provider has the file of another table',
    before: [
      ...READY_TO_LOAD,
      ...puts('bulk_load_info', { is: 'info', appId: 2, partitionCount: 1 }),
      asks(10, start(), NOW),
      flag(true),
    ],
    event: stored('BLS_DOWNLOADING'),
    says: 'table 1 x 1',
  },
  {
    rule: 'loads/start-is-checked',
    why: 'the provider has no such file',
    before: [...READY_TO_LOAD, gone('bulk_load_info'), asks(10, start(), NOW), flag(true)],
    event: stored('BLS_DOWNLOADING'),
  },
  {
    rule: 'loads/start-is-checked',
    why: 'the table does not allow to ingest behind',
    before: [...READY_TO_LOAD, asks(10, start({ ingestBehind: true }), NOW), flag(true)],
    event: stored('BLS_DOWNLOADING', { ingestBehind: true }),
  },
  {
    rule: 'loads/flag-before-the-record',
    why: 'the table is not stored as loading yet',
    before: ASKED,
    event: stored('BLS_DOWNLOADING'),
  },
  {
    rule: 'loads/id-grows',
    why: 'an id that an earlier load had',
    before: [...OVER, asks(12, start(), LATER), flag(true, LATER), erased(LATER)],
    event: stored('BLS_DOWNLOADING', { loadId: 7 }, LATER),
    permitted: stored('BLS_DOWNLOADING', { loadId: 8 }, LATER),
  },
  {
    rule: 'loads/id-grows',
    why: 'a record without an id',
    before: FLAGGED,
    event: stored('BLS_DOWNLOADING', { loadId: 0 }),
    permitted: stored('BLS_DOWNLOADING'),
  },
  {
    rule: 'loads/constants-stay',
    why: 'another place',
    before: PART_DOWNLOADED,
    event: stored('BLS_DOWNLOADED', { remoteRootPath: 'r2' }),
    permitted: stored('BLS_DOWNLOADED'),
  },
  {
    rule: 'loads/constants-stay',
    why: 'another load in place of one that was not removed',
    before: PART_DOWNLOADED,
    event: stored('BLS_DOWNLOADED', { loadId: 8 }),
    permitted: stored('BLS_DOWNLOADED'),
  },
];

const STEPS: readonly Refused[] = [
  {
    rule: 'loads/status-change',
    why: 'DOWNLOADED comes between',
    before: PART_INGESTING.slice(0, -2),
    event: stored('BLS_INGESTING'),
    permitted: stored('BLS_DOWNLOADED'),
  },
  {
    rule: 'loads/status-change',
    why: 'a canceled load never comes back (B7)',
    before: CANCELED,
    event: stored('BLS_DOWNLOADING'),
  },
  {
    rule: 'loads/status-change',
    why: 'a late error leaves a load that ended as it is',
    before: SUCCEED,
    event: stored('BLS_FAILED', { error: 'ERR_CORRUPTION', isEverIngesting: true }),
  },
  {
    rule: 'loads/step-of-all-partitions',
    why: 'the partition is not DOWNLOADED',
    before: NOTED,
    event: stored('BLS_DOWNLOADED'),
    permitted: part('BLS_DOWNLOADED'),
  },
  {
    rule: 'loads/step-of-all-partitions',
    why: 'the partition has no record at all',
    before: STORED,
    event: stored('BLS_DOWNLOADED'),
    says: 'none of partition 0',
  },
  {
    rule: 'loads/step-of-all-partitions',
    why: 'the partition was DOWNLOADED before the way back, and is not told of it yet (B31)',
    before: [
      ...PART_DOWNLOADED,
      refuses('ERR_INVALID_STATE', 'BLS_DOWNLOADED'),
      stored('BLS_DOWNLOADING', {}, NOW + S),
    ],
    event: stored('BLS_DOWNLOADED', {}, NOW + 2 * S),
    permitted: part('BLS_DOWNLOADING', {}, NOW + 2 * S),
  },
  {
    rule: 'loads/step-of-all-partitions',
    why: 'the partition is not PAUSED (B6)',
    before: PART_PAUSING,
    event: stored('BLS_PAUSED'),
  },
  {
    rule: 'loads/step-of-all-partitions',
    why: 'a partition has not finished',
    before: FINISHED,
    event: stored('BLS_SUCCEED'),
    permitted: part('BLS_SUCCEED', DONE),
  },
  {
    rule: 'loads/control-was-asked',
    why: 'nobody asked to pause',
    before: BEGUN,
    event: stored('BLS_PAUSING'),
  },
  {
    rule: 'loads/control-was-asked',
    why: 'a cancel is not for a load that ingests',
    before: [...INGESTING, asks(11, cancel(), NOW)],
    event: stored('BLS_CANCELED', { isEverIngesting: true }),
    says: 'force',
  },
  {
    rule: 'loads/control-was-asked',
    why: 'a paused load waits for its restart',
    before: [...PART_PAUSED, stored('BLS_PAUSED')],
    event: stored('BLS_DOWNLOADING'),
    says: 'restart',
  },
  {
    rule: 'loads/rollback-budget',
    why: 'one way back is allowed',
    before: [fault('link.cut', P), ...BACK],
    event: stored('BLS_DOWNLOADING'),
    permitted: stored('BLS_FAILED', { error: 'ERR_RETRY_EXHAUSTED' }),
    config: ONE_ROLLBACK,
  },
  {
    rule: 'loads/rollback-has-a-cause',
    why: 'nothing went wrong',
    before: DOWNLOADED,
    event: stored('BLS_DOWNLOADING'),
    permitted: part('BLS_INGESTING'),
  },
  {
    rule: 'loads/rollback-has-a-cause',
    why: 'the ingestion write was let in',
    before: [...COMMITTED, toldBack()],
    event: stored('BLS_DOWNLOADING', { isEverIngesting: true }),
  },
];

const ENDS: readonly Refused[] = [
  {
    rule: 'loads/error-of-a-failed-one',
    why: 'a load that goes on has no error',
    before: PART_DOWNLOADED,
    event: stored('BLS_DOWNLOADED', { error: 'ERR_CORRUPTION' }),
    permitted: stored('BLS_DOWNLOADED'),
  },
  {
    rule: 'loads/error-of-a-failed-one',
    why: 'one that failed has one',
    before: BAD_HEARD,
    event: stored('BLS_FAILED'),
    permitted: stored('BLS_FAILED', { error: 'ERR_CORRUPTION' }),
  },
  {
    rule: 'loads/fails-for-a-cause',
    why: 'nobody told of such an error',
    before: BAD_HEARD,
    event: stored('BLS_FAILED', { error: 'ERR_FS_INTERNAL' }),
    permitted: stored('BLS_FAILED', { error: 'ERR_CORRUPTION' }),
    says: 'ERR_CORRUPTION',
  },
  {
    rule: 'loads/fails-for-a-cause',
    why: 'ways back are left',
    before: BACK,
    event: stored('BLS_FAILED', { error: 'ERR_RETRY_EXHAUSTED' }),
    permitted: stored('BLS_DOWNLOADING'),
  },
  {
    rule: 'loads/good-files-succeed',
    why: 'the metadata were lost on the way to the store (#1140)',
    before: [
      ...HEARD,
      part('BLS_DOWNLOADED', EMPTY),
      stored('BLS_DOWNLOADED'),
      part('BLS_INGESTING', EMPTY),
      stored('BLS_INGESTING'),
    ],
    event: stored('BLS_FAILED', { error: 'ERR_CORRUPTION', isEverIngesting: true }),
  },
  {
    rule: 'loads/good-files-succeed',
    why: 'ways back are spent, and no fault took one',
    before: BACK,
    event: stored('BLS_FAILED', { error: 'ERR_RETRY_EXHAUSTED' }),
    config: ONE_ROLLBACK,
  },
  {
    rule: 'loads/ever-ingesting',
    why: 'it has not come to INGESTING',
    before: PART_DOWNLOADED,
    event: stored('BLS_DOWNLOADED', { isEverIngesting: true }),
    permitted: stored('BLS_DOWNLOADED'),
  },
  {
    rule: 'loads/ever-ingesting',
    why: 'it is not forgotten',
    before: FINISHED.concat(part('BLS_SUCCEED', DONE)),
    event: stored('BLS_SUCCEED', { isEverIngesting: false }),
    permitted: stored('BLS_SUCCEED'),
  },
  {
    rule: 'loads/erased-once',
    why: 'there is no load',
    before: READY,
    event: erased(),
  },
  {
    rule: 'loads/erased-as-asked',
    why: 'nobody asked',
    before: OVER,
    event: erased(LATER),
  },
  {
    rule: 'loads/erased-as-asked',
    why: 'it is not cleared while it runs',
    before: [...BEGUN, asks(11, order('clearBulkLoad'), NOW)],
    event: erased(),
  },
  {
    rule: 'loads/flag-has-a-cause',
    why: 'nobody started a load',
    before: READY,
    event: flag(true),
  },
  {
    rule: 'loads/flag-has-a-cause',
    why: 'the load has not ended',
    before: DOWNLOADED,
    event: flag(false),
    says: 'BLS_DOWNLOADED',
  },
  {
    rule: 'loads/flag-has-a-cause',
    why: 'nobody told that the group has cleaned up (B6)',
    before: SUCCEED,
    event: flag(false),
    says: 'partition 0',
  },
];

export const LOADS: readonly Refused[] = [...STARTS, ...STEPS, ...ENDS];
