/**
 * Refusing traces of duplicators, of what they send and of what a follower makes of it (dup 6, 7; S2, S5 - S7, S9 - S11,
 * S14; L3, L6).
 */
import type { ModelEvent, UpdateFact } from '../../model/events.ts';
import {
  APP,
  arrives,
  ARRIVED,
  begins,
  change,
  DUP_CONFIG,
  DUPLICATE,
  ends,
  entry,
  F,
  L_W,
  LOG,
  LOG_BEGINS,
  LOG_ONLY,
  LOG_TOLD,
  orders,
  OWING,
  progress,
  reported,
  ROW,
  RUNS,
  S,
  sent,
  SENT,
  shipped,
  SHIPPED,
  skipped,
  stored,
  synced,
  told,
} from './duplicationStory.ts';
import {
  asks,
  fault,
  flushed,
  listed,
  logFile,
  logGone,
  mutation,
  P,
  PUT,
  put,
  putAt,
  REMOVE,
  survived,
  tries,
  write,
} from './story.ts';
import type { Refused } from './refused.ts';

const LATER = 40 * S;
/** Told DS_PAUSE; the pipeline runs for as long as nobody stopped it. */
const PAUSED = [
  ...OWING,
  orders(11, change('pauseDup')),
  stored('DS_PAUSE'),
  told('DS_PAUSE', 2, { atUs: 12 * S }),
  synced(undefined, { atUs: 12 * S }),
];
const STOPPED = [...SHIPPED, ends()];

const PIPELINE: readonly Refused[] = [
  {
    rule: 'dup/starts-when-told',
    why: 'nobody told it',
    before: LOG_ONLY,
    event: begins(3),
    says: 'told DS_LOG, got DS_REMOVED',
  },
  {
    rule: 'dup/starts-when-told',
    why: 'it was told DS_APP',
    before: APP,
    event: begins(3),
    says: 'told DS_LOG, got DS_APP',
  },
  {
    rule: 'dup/starts-when-told',
    why: 'a fault excuses what was told late, but DS_LOG never was',
    before: [...APP, fault('link-loss', P, 10 * S)],
    event: begins(3),
    says: 'told DS_LOG, got DS_APP',
  },
  { rule: 'dup/starts-once', why: 'it runs', before: RUNS, event: begins(3), says: 'it runs from 3 on' },
  {
    rule: 'dup/starts-behind-what-was-shipped',
    why: 'confirmed 2 is what it was told: decree 3 is left out',
    before: [...LOG, ...putAt(3, 3, 'l', 'w')],
    event: begins(4),
    permitted: begins(3),
    says: 'a start from 3 to 3, got 4',
  },
  {
    rule: 'dup/starts-behind-what-was-shipped',
    why: 'what is confirmed is shipped again',
    before: LOG,
    event: begins(2),
    permitted: begins(3),
  },
  {
    rule: 'dup/starts-behind-what-was-shipped',
    why: 'a log-only one begins where the store says that it does (B20)',
    before: LOG_BEGINS,
    event: begins(4),
    permitted: begins(3),
    says: 'a start from 3 to 3',
  },
  {
    rule: 'dup/starts-behind-what-was-shipped',
    why: 'before its start is stored nobody else would begin there (Q13)',
    before: LOG_TOLD,
    event: begins(3),
    permitted: reported(2),
    says: 'a stored decree that it was told, got none',
  },
  {
    rule: 'dup/starts-behind-what-was-shipped',
    why: 'what was applied after it was built is shipped (2.5)',
    before: [...LOG_BEGINS, ...putAt(3, 3, 'l', 'w')],
    event: begins(4),
    permitted: begins(3),
    says: 'a start from 3 to 3, got 4',
  },
  {
    rule: 'dup/starts-behind-what-was-shipped',
    why: 'a pipeline that begins again does not leave out what was not shipped',
    before: [...STOPPED, ...putAt(4, 4, 'm', 'x')],
    event: begins(5),
    permitted: begins(4),
    says: 'a start from 3 to 4, got 5',
  },
  {
    rule: 'dup/start-is-in-the-log',
    why: 'the log begins behind decree 2',
    before: [...LOG_TOLD, reported(2), progress(1), told('DS_LOG', 1), logFile(P, 2, 900, 2), flushed(P, 2), listed(P, 2, ROW), logGone(P, 1)],
    event: begins(2),
    permitted: told('DS_LOG', 1),
    says: 'a log that holds decree 2, got one from decree 3 on',
  },
];

/** Decrees 3 and 4 put rows of one hash key; 5 one of another. */
const L2 = PUT('l', 'x');
const OTHER_KEY: UpdateFact = {
  code: 'RPC_RRDB_RRDB_PUT',
  rows: [{ op: 'put', key: '\u0000\u0001gx', value: 'z', expireTs: 0 }],
};
const THREE = [
  ...OWING,
  ...putAt(4, 4, 'l', 'x'),
  asks(5, { kind: 'put', table: 't', hashKey: 'g', sortKey: 'x', value: 'z', ttlSeconds: 0 }),
  tries(5),
  ...write(mutation(1, 5, [OTHER_KEY])),
];
const BOTH = [entry(3, L_W), entry(4, L2)];

const SENDING: readonly Refused[] = [
  {
    rule: 'dup/sent-while-it-runs',
    why: 'the pipeline was stopped',
    before: STOPPED,
    event: sent([entry(3, L_W)]),
    says: 'one of 1.0 that was given up',
  },
  {
    rule: 'dup/sent-while-told',
    why: 'it was told DS_PAUSE long ago',
    before: PAUSED,
    event: sent([entry(3, L_W)], { atUs: LATER }),
    permitted: sent([entry(3, L_W)], { atUs: 13 * S }),
    says: 'DS_PAUSE',
  },
  {
    rule: 'dup/sent-something',
    why: 'an empty request',
    before: OWING,
    event: sent([]),
    permitted: sent([entry(3, L_W)]),
  },
  {
    rule: 'dup/sent-never-forwards',
    why: 'a write that came by duplication',
    before: OWING,
    event: sent([entry(3, { code: 'RPC_RRDB_RRDB_DUPLICATE', rows: L_W.rows })]),
    says: 'got RPC_RRDB_RRDB_DUPLICATE',
  },
  {
    rule: 'dup/sent-never-forwards',
    why: 'an empty write',
    before: OWING,
    event: sent([entry(1, { code: 'RPC_REPLICATION_WRITE_EMPTY', rows: [] })]),
  },
  {
    rule: 'dup/sent-is-committed',
    why: 'prepared and logged, not committed',
    before: [...RUNS, asks(3, put('l', 'w')), tries(3), ...write(mutation(1, 3, [L_W])).slice(0, -2)],
    event: sent([entry(3, L_W)]),
    says: 'a committed write of 1.0, got RPC_RRDB_RRDB_PUT of hl at timestamp 3000',
  },
  {
    rule: 'dup/sent-is-committed',
    why: 'another value than was committed (B24)',
    before: OWING,
    event: sent([entry(3, PUT('l', 'other'))]),
    permitted: sent([entry(3, L_W)]),
  },
  {
    rule: 'dup/sent-is-committed',
    why: 'another time than that of its mutation (B23)',
    before: OWING,
    event: sent([{ ...entry(3, L_W), timestampUs: 0 }]),
    permitted: sent([entry(3, L_W)]),
    says: 'at timestamp 0',
  },
  {
    rule: 'dup/sent-from-the-start-on',
    why: 'what the follower has from the checkpoint (its later value would be hidden)',
    before: OWING,
    event: sent([entry(2, PUT('k', 'v'))]),
    says: 'decrees from 3 on, got 2',
  },
  {
    rule: 'dup/sent-with-own-cluster-id',
    why: 'the id of the follower',
    before: OWING,
    event: sent([entry(3, L_W, 2)]),
    permitted: sent([entry(3, L_W)]),
    says: 'cluster id 1, got 2',
  },
  {
    rule: 'dup/sent-of-one-key',
    why: 'two hash keys in a request (B22)',
    before: THREE,
    event: sent([...BOTH, entry(5, OTHER_KEY)]),
    permitted: sent(BOTH),
    says: 'hh, hg',
  },
  {
    rule: 'dup/sent-in-order',
    why: 'decree 3 of the same key is not on the follower',
    before: THREE,
    event: sent([entry(4, L2)]),
    permitted: sent([entry(5, OTHER_KEY)]),
    says: 'decree 3 of the same key on the follower first',
  },
  {
    rule: 'dup/sent-in-order',
    why: 'the later one first within a request',
    before: THREE,
    event: sent([entry(4, L2), entry(3, L_W)]),
    permitted: sent(BOTH),
    says: 'an entry behind decree 4, got one of decree 3',
  },
  {
    rule: 'dup/sent-in-order',
    why: 'one is left out between two',
    before: [...OWING, ...putAt(4, 4, 'l', 'x'), ...putAt(5, 5, 'l', 'y')],
    event: sent([entry(3, L_W), entry(5, PUT('l', 'y'))]),
    permitted: sent([...BOTH, entry(5, PUT('l', 'y'))]),
    says: 'decree 4 of the same key',
  },
  {
    rule: 'dup/sent-within-limits',
    why: 'several entries over the limit of a batch',
    before: THREE,
    event: sent(BOTH, { sizeBytes: 4097 }),
    permitted: sent(BOTH, { sizeBytes: 4096 }),
    says: 'at most 4096 bytes',
  },
];

const CLAIMS: readonly Refused[] = [
  {
    rule: 'dup/pipeline-runs',
    why: 'nothing runs that could stop',
    before: LOG,
    event: ends(),
    says: 'a pipeline of duplication 77 that runs',
  },
  { rule: 'dup/pipeline-runs', why: 'it was stopped', before: [...ARRIVED, ends()], event: shipped(3) },
  { rule: 'dup/shipped-grows', why: 'twice the same', before: SHIPPED, event: shipped(3), says: 'more than 3, got 3' },
  {
    rule: 'dup/shipped-grows',
    why: 'less than where it begins',
    before: ARRIVED,
    event: shipped(2),
    permitted: shipped(3),
  },
  {
    rule: 'dup/shipped-was-committed',
    why: 'beyond what is committed (S6)',
    before: ARRIVED,
    event: shipped(4),
    permitted: shipped(3),
    says: 'at most 3, got 4',
  },
  {
    rule: 'dup/shipped-is-on-the-follower',
    why: 'the request is on its way',
    before: SENT,
    event: shipped(3),
    says: 'decree 3 is not on the follower',
  },
  {
    rule: 'dup/shipped-is-on-the-follower',
    why: 'started by the operator while the follower has no replica (Q2)',
    before: [
      ...APP,
      orders(11, change('startDup')),
      stored('DS_LOG'),
      told('DS_LOG', 2),
      ...putAt(3, 3, 'l', 'w'),
      begins(3),
    ],
    event: shipped(3),
    says: 'at most 2: decree 3 is not on the follower',
  },
  {
    rule: 'dup/shipped-is-on-the-follower',
    why: 'a removal was left out behind a write that arrived (B21)',
    before: [
      ...SENT,
      ...arrives(4, [entry(3, L_W)]),
      asks(4, { kind: 'remove', table: 't', hashKey: 'h', sortKey: 'k' }),
      tries(4),
      ...write(mutation(1, 4, [REMOVE('k')])),
    ],
    event: shipped(4),
    permitted: shipped(3),
    says: 'decree 4 is not on the follower',
  },
  {
    rule: 'dup/skips-in-order',
    why: 'backwards (B26)',
    before: OWING,
    event: skipped(4, 3),
    says: 'decrees from .. to, got 4 .. 3',
  },
  { rule: 'dup/skips-in-order', why: 'decrees begin at 1', before: OWING, event: skipped(0, 3) },
  {
    rule: 'dup/skips-only-the-unreadable',
    why: 'the log is well and holds the write',
    before: OWING,
    event: skipped(3, 3),
    says: '3 to 3 of a healthy log',
  },
  {
    rule: 'dup/gives-up-files-only-when-asked',
    why: 'its record cannot be read, and the fail mode is FAIL_SLOW',
    before: [...OWING, fault('disk.bit-rot', P), survived(P, [[1, 1], [1, 2]], false)],
    event: skipped(3, 3),
    says: '3 to 3 given up',
  },
  {
    rule: 'replication/updates-were-asked-for',
    why: 'a DUPLICATE that nobody sent',
    before: OWING,
    event: prepares(4, DUPLICATE([entry(3, L_W)])),
    says: 'a DUPLICATE that was sent here',
  },
  {
    rule: 'replication/updates-were-asked-for',
    why: 'one request becomes two mutations',
    before: ARRIVED,
    event: prepares(5, DUPLICATE([entry(3, L_W)])),
  },
  {
    rule: 'replication/updates-were-asked-for',
    why: 'rows that its entries do not have',
    before: SENT,
    event: prepares(4, { ...DUPLICATE([entry(3, L_W)]), rows: PUT('l', 'other').rows }),
    permitted: prepares(4, DUPLICATE([entry(3, L_W)])),
    says: 'exactly the rows of its entries',
  },
];

/** The follower's primary prepares a new mutation. */
function prepares(decree: number, update: UpdateFact): ModelEvent {
  const m = mutation(1, decree, [update], decree - 1, 900_000 + decree);
  const at = { node: F, gpid: '1.0', atUs: 10 * S };
  return { kind: 'replica.prepared', ...at, as: 'primary', reproposal: false, mutation: m };
}

export const DUPLICATION_SHIP: readonly Refused[] = [...PIPELINE, ...SENDING, ...CLAIMS].map((one) => ({
  ...one,
  config: DUP_CONFIG,
}));
