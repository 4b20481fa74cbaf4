/** Refusing traces of opening, the private log and checkpoints (repl 2, 5; plog 7, 11, 12). */
import type { Refused } from './refused.ts';
import { rowHash } from '../../model/content.ts';
import {
  A,
  asks,
  closed,
  CONFIG,
  ended,
  EMPTY,
  everywhere,
  fault,
  flag,
  flushed,
  key,
  listed,
  loadFailed,
  logFile,
  logged,
  logGone,
  MEMBERS,
  mutation,
  opened,
  P,
  prepared,
  putAt,
  READY,
  removed,
  SERVING,
  SETTINGS,
  started,
  status,
  stopped,
  survived,
  config,
  write,
} from './story.ts';

const m1 = mutation(1, 1);
const m2 = mutation(1, 2);
const DOWN = [...READY, stopped(P), started(P)];
/** One row at decree 2 on P, flushed. */
const ROW = [...READY, ...putAt(2, 2, 'k', 'v'), flushed(P, 2)];
const DIGEST = rowHash(key('k'), 'v', 0, 2000);
/** Checkpoints 1, 2, 3 of an empty partition, made at 0, 20 and 40 seconds. */
const THREE = [
  ...READY,
  ...[1, 2, 3].flatMap((d) => {
    const at = (d - 1) * 20_000_000;
    return [...(d === 1 ? [] : write(mutation(1, d))), flushed(P, d, at), listed(P, d, 0, d, at)];
  }),
];
/** A second log file after decree 1. */
const TWO_FILES = [...READY, logFile(P, 2, 500, 1)];
const big = {
  ...CONFIG,
  settings: { ...SETTINGS, logPrivateReserveMaxSizeBytes: 1 << 30, logPrivateReserveMaxTimeSeconds: 1000 },
};

export const DISK: readonly Refused[] = [
  { rule: 'lifecycle/opened-once', why: 'it is open', before: SERVING, event: opened(P) },
  {
    rule: 'lifecycle/fresh-only-without-data',
    why: 'there was a replica',
    before: DOWN,
    event: opened(P, { ballot: 1 }),
  },
  {
    rule: 'lifecycle/opened-durable',
    why: 'no checkpoint',
    before: DOWN,
    event: opened(P, { fresh: false, ballot: 1, durable: 1, maxPrepared: 1 }),
  },
  {
    rule: 'lifecycle/opened-covers-flushed',
    why: 'flushed 2, no checkpoint made',
    before: [...ROW, stopped(P), started(P)],
    event: opened(P, { fresh: false, ballot: 1, durable: 0, applied: 1, committed: 1, maxPrepared: 2 }),
  },
  {
    rule: 'lifecycle/opened-applied',
    why: 'the log commits nothing',
    before: DOWN,
    event: opened(P, { fresh: false, ballot: 1, applied: 1, committed: 1, maxPrepared: 1 }),
  },
  {
    rule: 'lifecycle/opened-applied',
    why: 'the log commits decree 1',
    before: [...READY, ...everywhere(m2), stopped(P), started(P)],
    event: opened(P, { fresh: false, ballot: 1, maxPrepared: 2 }),
  },
  {
    rule: 'lifecycle/opened-committed',
    why: 'nothing is known to be committed',
    before: DOWN,
    event: opened(P, { fresh: false, ballot: 1, committed: 1, maxPrepared: 1 }),
  },
  {
    rule: 'lifecycle/opened-max-prepared',
    why: 'decree 1 is in the log',
    before: DOWN,
    event: opened(P, { fresh: false, ballot: 1 }),
  },
  {
    rule: 'lifecycle/opened-ballot',
    why: 'ballot 1 was persisted',
    before: DOWN,
    event: opened(P, { fresh: false, ballot: 0, maxPrepared: 1 }),
  },
  { rule: 'lifecycle/load-fails-only-when-damaged', why: 'a healthy disk', before: DOWN, event: loadFailed(P) },
  {
    rule: 'lifecycle/load-fails-only-when-closed',
    why: 'it is open',
    before: [...READY, fault('bitRot', P)],
    event: loadFailed(P),
  },
  { rule: 'replication/replica-is-open', why: 'closed twice', before: [...SERVING, closed(A)], event: closed(A) },

  {
    rule: 'log/record-in-newest-file',
    why: 'file 2 does not exist',
    before: [...SERVING, prepared(P, m1)],
    event: logged(P, m1, 2),
  },
  {
    rule: 'log/record-in-newest-file',
    why: 'an old file is never written again',
    before: [
      ...DOWN,
      opened(P, { fresh: false, ballot: 1, maxPrepared: 1 }),
      config(2),
      status(P, 'PS_INACTIVE', 'PS_PRIMARY', 2),
      prepared(P, mutation(2, 1, [EMPTY], 0), true),
    ],
    event: logged(P, mutation(2, 1, [EMPTY], 0), 1, 900),
  },
  {
    rule: 'log/offsets-grow',
    why: 'the record overlaps the last',
    before: [...READY, prepared(P, m2)],
    event: logged(P, m2, 1, 50),
  },
  { rule: 'log/record-was-prepared', why: 'never prepared', before: READY, event: logged(P, m2) },
  {
    rule: 'log/record-was-prepared',
    why: 'other content',
    before: [...READY, prepared(P, m2)],
    event: logged(P, mutation(1, 2, [EMPTY], 1, 5)),
  },
  {
    rule: 'log/record-was-prepared',
    why: 'A did not receive it',
    before: [...READY, prepared(P, m2)],
    event: logged(A, m2),
  },
  {
    rule: 'log/header-commit-point',
    why: 'a commit point that no primary said',
    before: [...READY, prepared(P, m2)],
    event: logged(P, mutation(1, 2, [EMPTY], 2, 2000)),
  },
  {
    rule: 'log/ballots-grow-along-the-log',
    why: 'ballot 1 after ballot 2',
    before: [
      ...READY,
      prepared(P, m2),
      status(P, 'PS_PRIMARY', 'PS_INACTIVE', 1),
      config(2),
      status(P, 'PS_INACTIVE', 'PS_PRIMARY', 2),
      prepared(P, mutation(2, 2, [EMPTY], 1), true),
      logged(P, mutation(2, 2, [EMPTY], 1)),
    ],
    event: logged(P, m2, 1, 900),
  },
  { rule: 'log/next-index', why: 'file 2 comes first', before: READY, event: logFile(P, 3, 500, 1) },
  { rule: 'log/file-follows-the-last', why: 'it begins inside the last', before: READY, event: logFile(P, 2, 50, 1) },
  { rule: 'log/header-max-decree', why: 'the header forgets decree 1', before: READY, event: logFile(P, 2, 500, 0) },
  {
    rule: 'log/oldest-first',
    why: 'file 1 is older',
    before: [...TWO_FILES, logFile(P, 3, 600, 1), flushed(P, 1), listed(P, 1, 0)],
    event: logGone(P, 2),
  },
  {
    rule: 'log/newest-stays',
    why: 'the only file',
    before: [...READY, flushed(P, 1), listed(P, 1, 0)],
    event: logGone(P, 1),
  },
  { rule: 'log/only-covered-files-go', why: 'decree 1 is in no checkpoint', before: TWO_FILES, event: logGone(P, 1) },
  {
    rule: 'log/reserved-files-stay',
    why: 'young and small',
    before: [...TWO_FILES, flushed(P, 1), listed(P, 1, 0)],
    event: logGone(P, 1),
    config: big,
  },
  {
    rule: 'log/survivors-were-written',
    why: 'decree 2 was not written',
    before: [...READY, stopped(P, 'power-loss')],
    event: survived(P, [
      [1, 1],
      [1, 2],
    ]),
  },
  {
    rule: 'log/nothing-lost-without-a-fault',
    why: 'a process crash loses nothing',
    before: [...READY, stopped(P)],
    event: survived(P, []),
  },
  {
    rule: 'log/nothing-lost-without-a-fault',
    why: 'an empty file is a file',
    before: [...TWO_FILES, stopped(P)],
    event: survived(P, [[1, 1]]),
  },

  { rule: 'checkpoint/flushed-was-applied', why: 'decree 2 is not applied', before: READY, event: flushed(P, 2) },
  {
    rule: 'checkpoint/flushed-never-goes-back',
    why: 'back to 0',
    before: [...READY, flushed(P, 1)],
    event: flushed(P, 0),
  },
  { rule: 'checkpoint/label-is-content', why: 'the files say 1', before: ROW, event: listed(P, 2, DIGEST, 1) },
  { rule: 'checkpoint/holds-only-flushed', why: 'nothing is flushed', before: READY, event: listed(P, 1, 0) },
  {
    rule: 'checkpoint/newer-than-all',
    why: 'there is a newer one',
    before: [...ROW, listed(P, 2, DIGEST)],
    event: listed(P, 1, 0),
  },
  { rule: 'checkpoint/content-is-the-prefix', why: 'the row is missing', before: ROW, event: listed(P, 2, 0) },
  {
    rule: 'checkpoint/content-is-the-prefix',
    why: 'another timestamp',
    before: ROW,
    event: listed(P, 2, rowHash(key('k'), 'v', 0, 0)),
  },
  {
    rule: 'checkpoint/claimed-durable-is-listed',
    why: 'no checkpoint',
    before: ROW,
    event: ended(P, 'periodic', 'ERR_OK', 2),
  },
  {
    rule: 'checkpoint/result-tells-the-truth',
    why: 'flushed 2, none made',
    before: ROW,
    event: ended(P, 'periodic', 'ERR_OK', 0),
  },
  {
    rule: 'checkpoint/result-tells-the-truth',
    why: 'an emergency that does nothing',
    before: READY,
    event: ended(P, 'manual-emergency', 'ERR_OK', 0),
  },
  {
    rule: 'checkpoint/result-tells-the-truth',
    why: 'the plain attempt starts no flush',
    before: READY,
    event: ended(P, 'periodic', 'ERR_TRY_AGAIN', 0),
  },
  {
    rule: 'checkpoint/errors-have-a-cause',
    why: 'a healthy disk',
    before: READY,
    event: ended(P, 'periodic', 'ERR_FILE_OPERATION_FAILED', 0),
  },
  {
    rule: 'checkpoint/old-ones-go',
    why: 'two are reserved, and the first of three is 40 seconds old',
    before: THREE,
    event: { ...ended(P, 'periodic', 'ERR_OK', 3), atUs: 40_000_000 },
  },
  {
    rule: 'checkpoint/max-interval-is-over',
    why: 'a new checkpoint was made just before',
    before: [...ROW, listed(P, 2, DIGEST), ended(P, 'remote-command', 'ERR_OK', 2)],
    event: ended(P, 'max-interval', 'ERR_OK', 2),
  },
  { rule: 'checkpoint/only-listed-are-removed', why: 'there is none', before: READY, event: removed(P, 1) },
  { rule: 'checkpoint/newest-stay', why: 'two are reserved', before: THREE, event: removed(P, 2, 900_000_000) },
  { rule: 'checkpoint/newest-stay', why: 'the newest', before: THREE, event: removed(P, 3, 900_000_000) },
  { rule: 'checkpoint/young-stay', why: 'one second old', before: THREE, event: removed(P, 1, 1_000_000) },
  { rule: 'checkpoint/flag-changes', why: 'it is not set', before: READY, event: flag(P, false, 0) },
  {
    rule: 'checkpoint/flag-set-by-members',
    why: 'INACTIVE',
    before: [...READY, status(P, 'PS_PRIMARY', 'PS_INACTIVE', 1)],
    event: flag(P, true, 1),
  },
  {
    rule: 'checkpoint/counter-counts-flags',
    why: 'the counter stays',
    before: [...READY, flag(P, true, 1)],
    event: flag(P, false, 1),
  },
  {
    rule: 'checkpoint/counter-is-bounded',
    why: 'one is allowed',
    before: [
      ...READY,
      flag(P, true, 1),
      asks(9, { kind: 'createTable', name: 'u', partitionCount: 1, replicaCount: 3, envs: {}, successIfExist: false }),
      ...secondTable(),
    ],
    event: flag(P, true, 2, '2.0'),
  },
];

/** A second table whose partition 2.0 has P as primary too. */
function secondTable(): Refused['before'] {
  const g = { gpid: '2.0' };
  const fresh = {
    kind: 'replica.opened',
    atUs: 0,
    ...g,
    fresh: true,
    ballot: 0,
    durable: 0,
    applied: 0,
    committed: 0,
    maxPrepared: 0,
  } as const;
  const stored = {
    kind: 'table.stored',
    atUs: 0,
    cluster: 'c',
    appId: 2,
    name: 'u',
    status: 'AS_AVAILABLE',
    partitionCount: 1,
    maxReplicaCount: 3,
    envs: {},
  } as const;
  const none = config(0, '', [], 0, '2.0');
  return [
    stored,
    none,
    { ...fresh, node: P },
    config(1, P, MEMBERS.slice(1), 0, '2.0'),
    { kind: 'replica.status', atUs: 0, node: P, ...g, from: 'PS_INACTIVE', to: 'PS_PRIMARY', ballot: 1 },
  ];
}
