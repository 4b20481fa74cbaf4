/** Refusing traces of answers about loads (bl 6.1 to 6.4): errors with their hints, in the order of the checks; what query shows. */
import type { Answer } from '../../model/commands.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { BulkLoadStatus } from '../../model/vocabulary.ts';
import {
  ALL,
  BEGUN,
  cancel,
  CANCELED,
  erased,
  FLAGGED,
  GOOD,
  gone,
  group,
  HALF,
  HEARD,
  NOW,
  order,
  OVER,
  part,
  PART_DOWNLOADED,
  puts,
  READY_TO_LOAD,
  S,
  start,
  stored,
  told,
} from './loadTableStory.ts';
import { answers, asks, CONFIG, READY, SETTINGS } from './story.ts';
import type { Refused } from './refused.ts';

const LATER = 70 * S;
const AFTER = LATER + 1000;

/** Asked a minute later; the answer is the trace's last event. */
const startOf = (before: readonly ModelEvent[], more: Parameters<typeof start>[0] = {}): readonly ModelEvent[] => [
  ...before,
  asks(20, start(more), LATER),
];
const answer = (given: Answer): ModelEvent => answers(20, given, AFTER);
const says = (...words: Parameters<typeof told>): ModelEvent => answer(told(...words));

const MISSING = [...READY, ...GOOD, gone('bulk_load_info')];
const DAMAGED = [...READY_TO_LOAD, ...puts('bulk_load_info', { is: 'garbage' })];
const OTHERS = [...READY_TO_LOAD, ...puts('bulk_load_info', { is: 'info', appId: 2, partitionCount: 1 })];
const UNREADABLE = [...READY_TO_LOAD, ...puts('bulk_load_info', { is: 'info', appId: 1, partitionCount: 1 }).slice(0, 1)].concat(
  puts('.bulk_load_info.meta', { is: 'garbage' }).slice(0, 1),
);
const CONCURRENT = { ...CONFIG, settings: { ...SETTINGS, enableConcurrentBulkLoad: true } };
const BUSY = 'meta server is busy now, please wait';

const STARTS: readonly Refused[] = [
  {
    rule: 'answers/start-bulk-load',
    why: 'there is no such table',
    before: startOf(READY_TO_LOAD, { table: 'u' }),
    event: says('ERR_APP_NOT_EXIST', 'app not existed is u'),
    permitted: says('ERR_APP_NOT_EXIST', 'app not existed is '),
  },
  {
    rule: 'answers/start-bulk-load',
    why: 'the table is there',
    before: startOf(MISSING),
    event: says('ERR_APP_NOT_EXIST', 'app not existed is '),
    permitted: says('ERR_OBJECT_NOT_FOUND', 'read bulk_load_info failed'),
  },
  {
    rule: 'answers/start-bulk-load',
    why: 'the info file is missing',
    before: startOf(MISSING),
    event: says('ERR_CORRUPTION', 'bulk_load_info damaged'),
    permitted: says('ERR_OBJECT_NOT_FOUND', 'read bulk_load_info failed'),
  },
  {
    rule: 'answers/start-bulk-load',
    why: 'its sidecar cannot be read',
    before: startOf(UNREADABLE),
    event: says('ERR_CORRUPTION', 'bulk_load_info damaged'),
    permitted: says('ERR_FS_INTERNAL', 'read bulk_load_info failed'),
  },
  {
    rule: 'answers/start-bulk-load',
    why: 'it is damaged',
    before: startOf(DAMAGED),
    event: says('ERR_INCONSISTENT_STATE', 'app_id or partition_count is inconsistent'),
    permitted: says('ERR_CORRUPTION', 'bulk_load_info damaged'),
  },
  {
    rule: 'answers/start-bulk-load',
    why: 'it is another table\'s',
    before: startOf(OTHERS),
    event: says(),
    permitted: says('ERR_INCONSISTENT_STATE', 'app_id or partition_count is inconsistent'),
  },
  {
    rule: 'answers/start-bulk-load',
    why: 'the option comes before the files',
    before: startOf(OTHERS, { ingestBehind: true }),
    event: says('ERR_INCONSISTENT_STATE', 'app_id or partition_count is inconsistent'),
    permitted: says('ERR_INCONSISTENT_STATE', 'inconsistent ingestion behind option'),
  },
  {
    rule: 'answers/start-bulk-load',
    why: 'the provider is known',
    before: startOf(MISSING),
    event: says('ERR_INVALID_PARAMETERS', 'invalid file_provider'),
    permitted: says('ERR_OBJECT_NOT_FOUND', 'read bulk_load_info failed'),
  },
  {
    rule: 'answers/start-bulk-load',
    why: 'the lock comes before everything',
    before: startOf(BEGUN),
    event: says('ERR_BUSY', 'app(t) is already executing bulk load'),
    permitted: says('ERR_BUSY', BUSY),
  },
  {
    rule: 'answers/start-bulk-load',
    why: 'with concurrent loads there is no lock',
    before: startOf(BEGUN),
    event: says('ERR_BUSY', BUSY),
    permitted: says('ERR_BUSY', 'app(t) is already executing bulk load'),
    config: CONCURRENT,
  },
  {
    rule: 'answers/start-bulk-load',
    why: 'the lock is free when all loads have ended (B1, B8)',
    before: startOf([...OVER, answers(10, told(), NOW), gone('bulk_load_info', NOW)]),
    event: says('ERR_BUSY', BUSY),
    permitted: says('ERR_OBJECT_NOT_FOUND', 'read bulk_load_info failed'),
  },
  {
    rule: 'answers/start-bulk-load',
    why: 'the partitions\' records come first',
    before: [...FLAGGED, stored('BLS_DOWNLOADING')],
    event: answers(10, told(), NOW),
    permitted: part('BLS_DOWNLOADING', { metadata: { files: [], totalBytes: 0 } }),
  },
];

const cannot = (verb: string, status: BulkLoadStatus): readonly ['ERR_INVALID_STATE', string] => [
  'ERR_INVALID_STATE',
  `can not ${verb} bulk load for app(t) with status(replication::bulk_load_status::${status})`,
];
const IDLE = 'app(t) is not executing bulk load';
const ENDED: readonly ModelEvent[] = [...OVER, answers(10, told(), NOW)];
const RUNS: readonly ModelEvent[] = [...PART_DOWNLOADED, answers(10, told(), NOW), stored('BLS_DOWNLOADED')];

const CONTROLS: readonly Refused[] = [
  {
    rule: 'answers/control-bulk-load',
    why: 'a load that is DOWNLOADED cannot be paused',
    before: [...RUNS, asks(20, order('pauseBulkLoad'), LATER)],
    event: says(),
    permitted: says(...cannot('pause', 'BLS_DOWNLOADED')),
  },
  {
    rule: 'answers/control-bulk-load',
    why: 'the hint names the status',
    before: [...RUNS, asks(20, order('restartBulkLoad'), LATER)],
    event: says(...cannot('restart', 'BLS_PAUSING')),
    permitted: says(...cannot('restart', 'BLS_DOWNLOADED')),
  },
  {
    rule: 'answers/control-bulk-load',
    why: 'a forced cancel is never refused',
    before: [...RUNS, asks(20, cancel(true), LATER)],
    event: says(...cannot('cancel', 'BLS_DOWNLOADED')),
    permitted: says(),
  },
  {
    rule: 'answers/control-bulk-load',
    why: 'nothing is executed',
    before: [...ENDED, asks(20, cancel(), LATER)],
    event: says(),
    permitted: says('ERR_INACTIVE_STATE', IDLE),
  },
  {
    rule: 'answers/control-bulk-load',
    why: 'a load is executed',
    before: [...RUNS, asks(20, order('pauseBulkLoad'), LATER)],
    event: says('ERR_INACTIVE_STATE', IDLE),
    permitted: says(...cannot('pause', 'BLS_DOWNLOADED')),
  },
  {
    rule: 'answers/control-bulk-load',
    why: 'what is created as PAUSING was on its way to DOWNLOADING, and to nothing else',
    before: [...FLAGGED, asks(20, order('pauseBulkLoad'), NOW), stored('BLS_PAUSING')],
    event: answers(20, told(...cannot('pause', 'BLS_DOWNLOADED')), NOW + 1000),
    permitted: answers(20, told(), NOW + 1000),
  },
];

type Shown = Extract<Answer, { kind: 'bulkLoadStatus' }>;
const shows = (more: Partial<Shown> = {}): Answer => ({
  kind: 'bulkLoadStatus',
  error: 'ERR_OK',
  hint: '',
  appStatus: 'BLS_DOWNLOADING',
  partitions: ['BLS_DOWNLOADING'],
  members: [{}],
  maxReplicaCount: 3,
  isBulkLoading: true,
  ...more,
});
const ask = (before: readonly ModelEvent[]): readonly ModelEvent[] => [
  ...before,
  answers(10, told(), NOW),
  asks(20, order('queryBulkLoad'), LATER),
];
const LAST = 'app(t) is not during bulk load, return last time result';
const END = { appStatus: 'BLS_SUCCEED', partitions: ['BLS_SUCCEED'], isBulkLoading: false, hint: LAST } as const;
const query = (why: string, before: readonly ModelEvent[], wrong: Partial<Shown>, right: Partial<Shown>): Refused => ({
  rule: 'answers/query-bulk-load',
  why,
  before: ask(before),
  event: answer(shows(wrong)),
  permitted: answer(shows(right)),
});

const QUERIES: readonly Refused[] = [
  query('the store has held DOWNLOADING for a minute', BEGUN, { appStatus: 'BLS_DOWNLOADED' }, {}),
  query('the partition does not hold what it shows', PART_DOWNLOADED, {}, { partitions: ['BLS_DOWNLOADED'] }),
  query('nobody reported such a group', HEARD, { members: [group(ALL, HALF)] }, { members: [group(ALL)] }),
  query('the table is loading', BEGUN, { isBulkLoading: false, hint: LAST }, {}),
  query('the load has ended', OVER, { ...END, isBulkLoading: true, hint: '' }, END),
  query('the hint of an ended one', OVER, { ...END, hint: '' }, END),
  query('it has one partition', BEGUN, { partitions: [], members: [] }, {}),
  query('an ended good load has no error', OVER, { ...END, error: 'ERR_CORRUPTION' }, END),
  {
    rule: 'answers/query-bulk-load',
    why: 'the table is there',
    before: ask(BEGUN),
    event: answer(shows({ error: 'ERR_APP_NOT_EXIST', hint: 'app(t) is not existed or not available' })),
    permitted: answer(shows()),
  },
];

const CLEARED = 'clear app(t) bulk load result succeed, remove bulk load dir succeed';
const CLEARS: readonly Refused[] = [
  {
    rule: 'answers/clear-bulk-load',
    why: 'a load is executed',
    before: [...CANCELED, answers(10, told(), NOW), asks(20, order('clearBulkLoad'), LATER)],
    event: says('ERR_OK', CLEARED),
    permitted: says('ERR_INVALID_STATE', 'app(t) is executing bulk load'),
  },
  {
    rule: 'answers/clear-bulk-load',
    why: 'the result is still in the store',
    before: [...ENDED, asks(20, order('clearBulkLoad'), LATER)],
    event: says('ERR_OK', CLEARED),
    permitted: erased(LATER),
  },
  {
    rule: 'answers/clear-bulk-load',
    why: 'nothing is executed',
    before: [...ENDED, asks(20, order('clearBulkLoad'), LATER), erased(LATER)],
    event: says('ERR_INVALID_STATE', 'app(t) is executing bulk load'),
    permitted: says('ERR_OK', CLEARED),
  },
  {
    rule: 'answers/clear-bulk-load',
    why: 'the hint says more',
    before: [...READY, asks(20, order('clearBulkLoad'), LATER)],
    event: says('ERR_OK'),
    permitted: says('ERR_OK', CLEARED),
  },
];

export const LOAD_ANSWERS: readonly Refused[] = [...STARTS, ...CONTROLS, ...QUERIES, ...CLEARS];
