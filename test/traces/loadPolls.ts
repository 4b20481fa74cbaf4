/**
 * Refusing traces of polls (bl 9; bl.B4, L7), of what their answers say of the load before (bl.B35), of writes that are
 * kept out (bl.B33) and of providers that are merely slow. Each refused event stands beside one that is permitted.
 */
import type { ModelEvent } from '../../model/events.ts';
import {
  all,
  ALL,
  BEGUN,
  CLEAN,
  COMMITTED,
  erased,
  flag,
  group,
  HALF,
  INGESTED,
  INGESTING,
  IS_PAUSED,
  NO_METADATA,
  NOW,
  OVER,
  part,
  PART_SUCCEED,
  refuses,
  reports,
  S,
  says,
  start,
  state,
  stored,
  wished,
} from './loadTableStory.ts';
import { A, answers, asks, fault, P, put, started, stopped, tries, wrote } from './story.ts';
import type { Refused } from './refused.ts';

const at = (ms: number): number => NOW + ms * 1000;
const META = 'c/meta-0';
const ASKED = wished('BLS_DOWNLOADING');
const POLLED: readonly ModelEvent[] = [...BEGUN, ASKED, ...all('BLS_DOWNLOADING', HALF)];
const LATER = 70 * S;

const POLLS: readonly Refused[] = [
  {
    rule: 'load/paused-is-not-polled',
    why: 'nobody asks while a load is paused (B4)',
    before: IS_PAUSED,
    event: wished('BLS_PAUSED'),
    permitted: wished('BLS_PAUSING'),
  },
  {
    rule: 'load/one-loop-of-polls',
    why: 'a second loop is on its way (B4)',
    before: POLLED,
    event: wished('BLS_DOWNLOADING', { atUs: at(9999) }),
    says: 'at least 10000 ms',
    permitted: wished('BLS_DOWNLOADING', { atUs: at(10_000) }),
  },
  {
    rule: 'load/one-loop-of-polls',
    why: 'a second loop while it ingests',
    before: [...INGESTING, wished('BLS_INGESTING'), ...all('BLS_INGESTING', state())],
    event: wished('BLS_INGESTING', { atUs: at(149) }),
    says: 'at least 150 ms',
    permitted: wished('BLS_INGESTING', { atUs: at(150) }),
  },
  {
    rule: 'load/one-loop-of-polls',
    why: 'it has ingested for a minute',
    before: [...PART_SUCCEED, wished('BLS_SUCCEED', { atUs: LATER }), refuses('ERR_BUSY', 'BLS_SUCCEED', LATER)],
    event: wished('BLS_SUCCEED', { atUs: LATER + 5 * S }),
    permitted: wished('BLS_SUCCEED', { atUs: LATER + 10 * S }),
  },
  {
    rule: 'load/one-loop-of-polls',
    why: 'another meta server asks at once, and then waits too',
    before: [
      ...BEGUN,
      started(META),
      ASKED,
      { ...stopped(META), atUs: at(1000) },
      started(META, at(1000)),
      wished('BLS_DOWNLOADING', { atUs: at(1500) }),
    ],
    event: wished('BLS_DOWNLOADING', { atUs: at(11_000) }),
    permitted: wished('BLS_DOWNLOADING', { atUs: at(11_500) }),
  },
  {
    rule: 'load/polls-are-answered',
    why: 'nothing is wrong, and the one before has no answer (L7)',
    before: [...BEGUN, ASKED],
    event: wished('BLS_DOWNLOADING', { atUs: at(15_000) }),
    permitted: refuses('ERR_BUSY', 'BLS_DOWNLOADING', at(15_000)),
  },
  {
    rule: 'load/polls-are-answered',
    why: 'the second one has none',
    before: [...POLLED, wished('BLS_DOWNLOADING', { atUs: at(10_000) })],
    event: wished('BLS_DOWNLOADING', { atUs: at(25_000) }),
    permitted: refuses('ERR_BUSY', 'BLS_DOWNLOADING', at(25_000)),
  },
];

/** The table is loaded once more, a minute later. */
const NEXT: readonly ModelEvent[] = [
  ...OVER,
  asks(20, start(), LATER),
  flag(true, LATER),
  erased(LATER),
  stored('BLS_DOWNLOADING', { loadId: 8 }, LATER),
  part('BLS_DOWNLOADING', { metadata: NO_METADATA }, LATER),
];
const cleaned = (loadId: number): ModelEvent => reports('BLS_CANCELED', group(CLEAN), { loadId, atUs: LATER });

const BEFORE: readonly Refused[] = [
  {
    rule: 'load/report-of-what-was-said',
    why: 'they cleaned up after the load before (B35)',
    before: NEXT,
    event: cleaned(8),
    says: 'cleaned up',
    permitted: cleaned(7),
  },
];

/** The primary is asked to download again and cannot; somebody writes. */
const busy = (before: readonly ModelEvent[]): readonly ModelEvent[] => [
  ...before,
  refuses('ERR_BUSY', 'BLS_DOWNLOADING', 2 * NOW),
  asks(5, put('k', 'w'), 3 * NOW),
  tries(5),
];
const KEPT_OUT: readonly Refused[] = [
  {
    rule: 'answers/write',
    why: 'without a slot to download the primary lets writes in all the same (B33)',
    before: busy(INGESTED),
    event: answers(5, wrote('ERR_OPERATION_DISABLED'), 3 * NOW),
    permitted: answers(5, wrote('ERR_TRY_AGAIN'), 3 * NOW),
  },
  {
    rule: 'answers/write',
    why: 'it may wait for its own files still',
    before: busy(COMMITTED),
    event: answers(5, wrote(), 3 * NOW),
    permitted: answers(5, wrote('ERR_OPERATION_DISABLED'), 3 * NOW),
  },
];

const complains = says(A, 'BLS_DOWNLOADING', state({ downloadStatus: 'ERR_CORRUPTION' }));
const SLOW: readonly Refused[] = [
  {
    rule: 'load/complains-for-a-cause',
    why: 'a slow provider brings good files',
    before: [...BEGUN, fault('provider.slowed', P, NOW)],
    event: complains,
    permitted: says(A, 'BLS_DOWNLOADING', state()),
  },
  {
    rule: 'load/progress-is-on-disk',
    why: 'one that fails is a cause for complaint, not for lies',
    before: [...BEGUN, fault('provider.error', P, NOW)],
    event: says(A, 'BLS_DOWNLOADING', ALL, { onDisk: [] }),
    permitted: complains,
  },
];

export const LOAD_POLLS: readonly Refused[] = [...POLLS, ...BEFORE, ...KEPT_OUT, ...SLOW];
