/** What the fact sheet permits of duplications: its table of transitions, its worked traces, a change of the primary. */
import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../model/events.ts';
import { NEXT_DUP_STATUS } from '../../model/rules/duplication.ts';
import { dupKey, statusOf, storedOf, toldStatus, type DupState } from '../../model/dupState.ts';
import { step } from '../../model/next.ts';
import { init, type ModelState } from '../../model/state.ts';
import type { DuplicationStatus } from '../../model/vocabulary.ts';
import {
  APP,
  ARRIVED,
  arrives,
  begins,
  change,
  CONFIRMED,
  DUP_CONFIG,
  ends,
  entry,
  erased,
  ID,
  L_W,
  LOG_ONLY,
  LOG_RUNS,
  orders,
  OWING,
  PREPARE,
  progress,
  reported,
  ROWS,
  RUNS,
  S,
  sent,
  SENT,
  setMode,
  shipped,
  SHIPPED,
  skipped,
  stored,
  synced,
  told,
} from '../traces/duplicationStory.ts';
import {
  A,
  acked,
  applied,
  B,
  committed,
  config,
  fault,
  flushed,
  listed,
  logFile,
  logged,
  logGone,
  mutation,
  opened,
  P,
  prepared,
  PUT,
  started,
  status,
  stopped,
} from '../traces/story.ts';

function after(...events: readonly ModelEvent[]): ModelState {
  const state = init(DUP_CONFIG);
  for (const event of events) {
    const violation = step(state, event);
    if (violation !== undefined) throw new Error(violation.message);
  }
  return state;
}

function dupOf(state: ModelState): DupState {
  const dup = state.clusters['c']?.dups[dupKey(1, ID)];
  if (dup === undefined) throw new Error('no duplication');
  return dup;
}
const partOf = (state: ModelState) => dupOf(state).partitions[0];

const STATUSES: readonly DuplicationStatus[] = [
  'DS_INIT',
  'DS_PREPARE',
  'DS_APP',
  'DS_LOG',
  'DS_PAUSE',
  'DS_REMOVED',
];

describe('the status of a record', () => {
  // dup 3.3: what is legal from one to another; DS_INIT and DS_REMOVED never are in the store.
  const LEGAL: ReadonlySet<string> = new Set([
    'DS_PREPARE DS_PREPARE',
    'DS_PREPARE DS_APP',
    'DS_APP DS_APP',
    'DS_APP DS_LOG',
    'DS_LOG DS_LOG',
    'DS_LOG DS_PAUSE',
    'DS_PAUSE DS_LOG',
    'DS_PAUSE DS_PAUSE',
  ]);
  it.each(STATUSES.flatMap((from) => STATUSES.map((to) => [from, to] as const)))('%s to %s', (from, to) => {
    expect(NEXT_DUP_STATUS[from].includes(to)).toBe(LEGAL.has(`${from} ${to}`));
  });

  it('goes as the operator asks, once for each command', () => {
    const paused = [...LOG_ONLY, orders(11, change('pauseDup')), stored('DS_PAUSE')];
    expect(statusOf(dupOf(after(...paused)))).toBe('DS_PAUSE');
    const again = [...paused, orders(12, change('startDup')), stored('DS_LOG')];
    expect(statusOf(dupOf(after(...again)))).toBe('DS_LOG');
    expect(dupOf(after(...again)).versions.map((one) => one.status)).toEqual(['DS_LOG', 'DS_PAUSE', 'DS_LOG']);
    const removed = after(...again, orders(13, change('removeDup')), erased());
    expect(statusOf(dupOf(removed))).toBe('DS_REMOVED');
  });

  it('may be moved from DS_APP to DS_LOG by start_dup, whatever the follower is like (Q2)', () => {
    const forced = after(...APP, orders(11, change('startDup')), stored('DS_LOG'));
    expect(statusOf(dupOf(forced))).toBe('DS_LOG');
  });

  it('keeps a fail mode that was asked for', () => {
    const state = after(...PREPARE, orders(11, setMode('FAIL_SKIP')), stored('DS_PREPARE', { failMode: 'FAIL_SKIP' }));
    expect(dupOf(state).versions.at(-1)).toMatchObject({ status: 'DS_PREPARE', failMode: 'FAIL_SKIP' });
  });
});

describe('progress', () => {
  it('goes from the first report to what was shipped (dup 16 T1)', () => {
    expect(storedOf(partOf(after(...PREPARE)))).toBe(-1);
    expect(partOf(after(...RUNS))).toMatchObject({ base: 2, arrived: 2, owed: 0, shipped: 2, reported: 2, prepared: true });
    expect(partOf(after(...OWING))).toMatchObject({ arrived: 2, owed: 3, unshipped: { target: 3 } });
    expect(partOf(after(...SENT))).toMatchObject({ arrived: 2 });
    expect(partOf(after(...ARRIVED))).toMatchObject({ arrived: 3, shipped: 2, unshipped: { sinceUs: -1 } });
    expect(partOf(after(...SHIPPED))).toMatchObject({ shipped: 3, unconfirmed: { target: 3, sinceUs: 10 * S } });
    expect(partOf(after(...CONFIRMED))).toMatchObject({ reported: 3, unconfirmed: { sinceUs: -1 } });
    expect(storedOf(partOf(after(...CONFIRMED)))).toBe(3);
  });

  it('of a log-only one begins behind what was applied when the primary was told (dup 6.9)', () => {
    const state = after(...LOG_RUNS);
    expect(partOf(state)).toMatchObject({ base: 2, arrived: 2, owed: 0 });
    expect(dupOf(state)).toMatchObject({ full: false });
  });

  it('may repeat what is stored, and a pipeline may repeat what was shipped', () => {
    const state = after(...SHIPPED, progress(2), ends(), begins(3), sent([entry(3, L_W)]));
    expect(storedOf(partOf(state))).toBe(2);
    expect(partOf(state)).toMatchObject({ shipped: 2, arrived: 3 });
  });

  it('passes over a hole that was claimed, in a log that lost its tail (dup 6.5)', () => {
    const state = after(...OWING, fault('power-loss', P, 10 * S), skipped(3, 3), shipped(3), reported(3), progress(3));
    expect(partOf(state)).toMatchObject({ arrived: 3, skipped: [{ from: 3, to: 3 }] });
  });

  it('lets the log go', () => {
    const covered = [logFile(P, 2, 900, 3), flushed(P, 3), listed(P, 3, ROWS)];
    const state = after(...CONFIRMED, ...covered, logGone(P, 1, 40 * S));
    expect(state.clusters['c']?.partitions['1.0']?.replicas[P]?.files.map(({ index }) => index)).toEqual([2]);
  });
});

describe('a restart of the primary (dup 16 T10)', () => {
  const AGAIN = mutation(2, 3, [L_W], 2, 3000);
  /** Decree 3 was shipped and not stored when the process went; it is proposed again in ballot 2. */
  const RESTARTED: readonly ModelEvent[] = [
    ...SHIPPED,
    stopped(P, 'crash', 11 * S),
    started(P, 12 * S),
    opened(P, { fresh: false, ballot: 1, durable: 2, applied: 2, committed: 2, maxPrepared: 3 }),
    config(2),
    status(P, 'PS_INACTIVE', 'PS_PRIMARY', 2),
    prepared(P, AGAIN, true),
    logFile(P, 2, 900, 3, 12 * S),
    logged(P, AGAIN, 2, 900, 12 * S),
    ...[A, B].flatMap((node) => [
      status(node, 'PS_SECONDARY', 'PS_SECONDARY', 2),
      prepared(node, AGAIN),
      logged(node, AGAIN, 1, 900, 12 * S),
      acked(node, 2, 3),
    ]),
    committed(P, 3, 2, 12 * S),
    applied(P, 3, 12 * S),
  ];
  const NOW = { atUs: 13 * S };

  it('forgets what it was told, and what it shipped', () => {
    const state = after(...RESTARTED);
    expect(toldStatus(state, dupOf(state), P)).toBe('DS_REMOVED');
    expect(step(after(...RESTARTED), begins(3, P, 13 * S))?.rule).toBe('dup/starts-when-told');
  });

  it('begins behind what is stored, and ships the rest a second time', () => {
    const rebuilt = [...RESTARTED, told('DS_LOG', 2, NOW), synced([ID], NOW)];
    expect(step(after(...rebuilt), begins(4, P, 13 * S))?.rule).toBe('dup/starts-behind-what-was-shipped');
    const state = after(
      ...rebuilt,
      begins(3, P, 13 * S),
      sent([entry(3, L_W)], NOW),
      ...arrives(5, [entry(3, L_W)]),
      { ...shipped(3), atUs: 13 * S },
      reported(3, false, NOW),
      progress(3, 13 * S),
    );
    expect(storedOf(partOf(state))).toBe(3);
    expect(state.clusters['d']?.received['t']?.['1.3000']).toEqual([
      { code: 'RPC_RRDB_RRDB_PUT', rows: PUT('l', 'w').rows },
      { code: 'RPC_RRDB_RRDB_PUT', rows: PUT('l', 'w').rows },
    ]);
  });
});
