/** Refusing traces of ingestion: its write, what waits for it, and the storage (bl 12, 15, 20; S2, S6, S10). */
import type { ModelConfig } from '../../model/config.ts';
import type { ModelEvent } from '../../model/events.ts';
import {
  ALLOWING,
  BEHIND,
  BEHIND_ALL,
  committedOf,
  EVERYWHERE,
  FILES,
  FIRST,
  follows,
  GARBAGE,
  INGEST,
  ingests,
  LOAD,
  loadOf,
  M3,
  NAMELESS,
  PENDING,
  PREPARED,
  PROVIDED,
  removedFile,
  SECOND,
  SENT,
  sent,
  sentTo,
  WITH,
  WITHOUT,
} from './loadStory.ts';
import { cancel, INGESTED, NEARLY, NOW, part, stored as loadStored } from './loadTableStory.ts';
import type { Refused } from './refused.ts';
import {
  A,
  applied,
  asks,
  B,
  committed,
  CONFIG,
  config,
  EMPTY,
  flushed,
  G,
  listed,
  mutation,
  opened,
  P,
  prepared,
  PUT,
  put,
  putAt,
  READY,
  started,
  status,
  stopped,
  table,
  tries,
  write,
} from './story.ts';

/** P came back as the primary of ballot 2, with decree 3 to propose again. */
const AGAIN: readonly ModelEvent[] = [
  ...PREPARED,
  stopped(P),
  started(P),
  opened(P, { fresh: false, ballot: 1, applied: 2, committed: 2, maxPrepared: 3 }),
  config(2),
  status(P, 'PS_INACTIVE', 'PS_PRIMARY', 2),
].flatMap((event) => (event.kind === 'process.stopped' ? [flushed(P, 2), listed(P, 2, WITHOUT), event] : [event]))
  .map((event) => (event.kind === 'replica.opened' && !event.fresh ? { ...event, durable: 2 } : event));
const reproposed = (load = LOAD) => prepared(P, mutation(2, 3, [INGEST(load)], 2, 3000), true);

/** Two members of a table that is to have three. */
const SMALL: ModelConfig = {
  ...CONFIG,
  tables: [
    {
      cluster: 'c',
      table: { appId: 1, name: 't', partitionCount: 1, envs: {} },
      gpid: G,
      config: {
        gpid: G,
        ballot: 1,
        maxReplicaCount: 3,
        primary: P,
        secondaries: [A],
        lastDrops: [],
        lastCommittedDecree: 0,
      },
      records: [],
      initBallot: 1,
      durable: 0,
    },
  ],
};

const BEHIND_IT = [...ALLOWING, ...write(mutation(1, 1)), ...putAt(2, 2, 'k', 'v'), ...PROVIDED, sent(BEHIND_ALL)];
const BEHIND_IN = [...BEHIND_IT, ...write(mutation(1, 3, [INGEST(BEHIND_ALL)])), ingests(P), flushed(P, 3)];

const CLAIMS: readonly Refused[] = [
  {
    rule: 'ingestion/sent-to-a-primary',
    why: 'A is a secondary',
    before: READY,
    event: sent(LOAD, A),
    permitted: sent(LOAD, P),
  },
  {
    rule: 'replication/updates-were-asked-for',
    why: 'the meta server sent no ingestion write',
    before: [...READY, ...PROVIDED],
    event: prepared(P, mutation(1, 2, [INGEST()])),
    permitted: prepared(P, mutation(1, 2)),
  },
  {
    rule: 'replication/updates-were-asked-for',
    why: 'files of another load',
    before: SENT,
    event: prepared(P, mutation(1, 3, [INGEST(loadOf([{ ...FIRST, md5: 'ab' }, SECOND]))])),
    permitted: prepared(P, M3),
  },
  {
    rule: 'ingestion/ballot-of-the-request',
    why: 'its ballot is not the replica\'s',
    before: [...READY, ...putAt(2, 2, 'k', 'v'), config(2), sent(loadOf(FILES, { ballot: 2 }))],
    event: prepared(P, mutation(1, 3, [INGEST(loadOf(FILES, { ballot: 2 }))])),
    says: 'ballot 1',
    permitted: prepared(P, mutation(1, 3)),
  },
  {
    rule: 'replication/updates-were-asked-for',
    why: 'one write, two mutations',
    before: EVERYWHERE,
    event: prepared(P, mutation(1, 4, [INGEST()])),
    permitted: prepared(P, mutation(1, 4)),
  },
  {
    rule: 'replication/updates-were-asked-for',
    why: 'rows of its own',
    before: SENT,
    event: prepared(P, mutation(1, 3, [{ ...INGEST(), rows: PUT('k', 'v').rows }])),
    permitted: prepared(P, M3),
  },
  {
    rule: 'replication/batch-of-one-kind',
    why: 'a put beside the ingestion',
    before: [...SENT, asks(3, put('k', 'v')), tries(3)],
    event: prepared(P, mutation(1, 3, [INGEST(), PUT('k', 'v')])),
    permitted: prepared(P, M3),
  },
  {
    rule: 'ingestion/needs-the-full-group',
    why: 'one of three members is missing',
    before: [
      ...[P, A].map((node) => started(node)),
      ...[P, A].map((node) => opened(node, { fresh: false, ballot: 1 })),
      status(P, 'PS_INACTIVE', 'PS_PRIMARY', 1),
      sent(),
    ],
    event: prepared(P, mutation(1, 1, [INGEST()])),
    permitted: prepared(P, mutation(1, 1)),
    config: SMALL,
  },
  {
    rule: 'replication/reproposal-keeps-content',
    why: 'the new ballot\'s proposal leaves a file out',
    before: AGAIN,
    event: reproposed(loadOf([FIRST])),
    permitted: reproposed(),
  },
  {
    rule: 'replication/prepare-was-proposed',
    why: 'a secondary got the files of another load',
    before: [...SENT, prepared(P, M3)],
    event: prepared(A, mutation(1, 3, [INGEST(loadOf([SECOND, FIRST]))])),
    permitted: prepared(A, M3),
  },
];

const user = [asks(3, put('k', 'w')), tries(3)];
const late = prepared(P, mutation(1, 4, [PUT('k', 'w')], 2));
const later = prepared(P, mutation(1, 4, [PUT('k', 'w')], 3));

const WAITING: readonly Refused[] = [
  {
    rule: 'ingestion/writes-wait',
    why: 'a write of a client behind the ingestion, which is not committed',
    before: [...PREPARED, ...user],
    event: late,
    says: 'before it is applied',
    permitted: prepared(P, mutation(1, 4, [EMPTY], 2)),
  },
  {
    rule: 'ingestion/writes-wait',
    why: 'the primary\'s files are not in',
    before: [...PENDING, ...user],
    event: later,
    says: 'before its files are in',
    permitted: prepared(P, mutation(1, 4, [EMPTY], 3)),
  },
  {
    rule: 'ingestion/writes-wait',
    why: 'a second ingestion write while the flag is up',
    before: [...PENDING, sent()],
    event: prepared(P, mutation(1, 4, [INGEST()], 3)),
    permitted: ingests(P),
  },
];

const BAD = loadOf([FIRST, GARBAGE]);
const UNKNOWN = loadOf([FIRST, NAMELESS]);
const TWICE = [
  ...PENDING,
  ingests(P),
  flushed(P, 3),
  sent(loadOf([SECOND])),
  ...write(mutation(1, 4, [INGEST(loadOf([SECOND]))])),
];

const STORAGE: readonly Refused[] = [
  {
    rule: 'ingestion/of-an-applied-write',
    why: 'decree 2 is a put',
    before: PENDING,
    event: ingests(P, 2),
    permitted: ingests(P),
  },
  {
    rule: 'ingestion/of-an-applied-write',
    why: 'committed, and not applied at A',
    before: PENDING,
    event: ingests(A),
    permitted: ingests(P),
  },
  {
    rule: 'ingestion/of-an-applied-write',
    why: 'prepared, and not committed',
    before: PREPARED,
    event: ingests(P),
    permitted: committed(P, 3),
  },
  {
    rule: 'ingestion/files-of-the-load',
    why: 'a mix of two loads',
    before: PENDING,
    event: ingests(P, 3, [{ ...FIRST, md5: 'ab' }, SECOND]),
    permitted: ingests(P, 3, [SECOND, FIRST]),
  },
  {
    rule: 'ingestion/files-of-the-load',
    why: 'one of them only',
    before: PENDING,
    event: ingests(P, 3, [FIRST]),
    says: '200 bytes',
    permitted: ingests(P),
  },
  {
    rule: 'ingestion/files-of-the-load',
    why: 'one too many',
    before: PENDING,
    event: ingests(P, 3, [FIRST, SECOND, SECOND]),
    says: 'too',
    permitted: ingests(P),
  },
  {
    rule: 'ingestion/files-of-the-load',
    why: 'a file without an MD5 has a size',
    before: committedOf(UNKNOWN),
    event: ingests(P, 3, [FIRST, GARBAGE]),
    permitted: ingests(P, 3, [{ ...SECOND, md5: 'dd' }, FIRST]),
  },
  {
    rule: 'ingestion/nothing-of-bad-files',
    why: 'one of them is no set of rows',
    before: committedOf(BAD),
    event: ingests(P, 3, BAD.metadata.files),
    permitted: flushed(P, 3),
  },
  {
    rule: 'ingestion/nothing-of-bad-files',
    why: 'behind, in a table that was not made for it',
    before: [
      ...committedOf(BEHIND_ALL),
      asks(9, { kind: 'setEnvs', name: 't', envs: { 'rocksdb.allow_ingest_behind': 'true' } }),
      table('AS_AVAILABLE', { envs: { 'rocksdb.allow_ingest_behind': 'true' } }),
    ],
    event: ingests(P),
    permitted: flushed(P, 3),
  },
  {
    rule: 'ingestion/once',
    why: 'they are in',
    before: [...PENDING, ingests(P)],
    event: ingests(P),
    permitted: flushed(P, 3),
  },
  {
    rule: 'ingestion/in-order',
    why: 'A has not brought in decree 3',
    before: [...TWICE, ...follows(A, 4)],
    event: ingests(A, 4, [SECOND]),
    permitted: ingests(A, 3),
  },
  {
    rule: 'ingestion/flushed-with-its-files',
    why: 'decree 3 is durable without its files',
    before: [...EVERYWHERE, ...TWICE.slice(PENDING.length + 1).filter((e) => e.kind !== 'storage.flushed')],
    event: flushed(P, 4),
    says: 'the files of decree 4 first',
    permitted: flushed(P, 3),
  },
  {
    rule: 'ingestion/flushed-with-its-files',
    why: 'a restart replays it, and it waits again',
    before: [
      ...PENDING,
      ...write(mutation(1, 4)),
      flushed(P, 2),
      stopped(P),
      started(P),
      listed(P, 2, WITHOUT),
      committed(P, 3),
      applied(P, 3),
    ],
    event: flushed(P, 3),
    permitted: ingests(P),
  },
  {
    rule: 'checkpoint/content-is-the-prefix',
    why: 'the files are not in it',
    before: [...PENDING, removedFile(FIRST), ingests(P), flushed(P, 3)],
    event: listed(P, 3, WITHOUT),
    permitted: listed(P, 3, WITH),
  },
  {
    rule: 'checkpoint/content-is-the-prefix',
    why: 'of bad files nothing comes',
    before: [...committedOf(BAD), flushed(P, 3)],
    event: listed(P, 3, WITH),
    permitted: listed(P, 3, WITHOUT),
  },
  {
    rule: 'checkpoint/content-is-the-prefix',
    why: 'behind, they lie below what was there',
    before: BEHIND_IN,
    event: listed(P, 3, WITH),
    permitted: listed(P, 3, BEHIND),
  },
];

/** A write of a client in the load's own story, whose ingestion is decree 2. */
const userOf = (decree: number) => prepared(P, mutation(1, decree, [PUT('k', 'w')], decree - 1));

const cancelIt = cancel(true);

const IN_A_LOAD: readonly Refused[] = [
  {
    rule: 'ingestion/writes-wait',
    why: 'in a calm world it waits for the last member',
    before: [...NEARLY, ...user],
    event: userOf(3),
    says: `at ${B}`,
    permitted: prepared(P, mutation(1, 3, [EMPTY], 2)),
  },
  {
    rule: 'replication/updates-were-asked-for',
    why: 'all have the files, and the write goes on, once',
    before: [...INGESTED, ...user, userOf(3)],
    event: prepared(P, mutation(1, 4, [PUT('k', 'w')], 2)),
    permitted: prepared(P, mutation(1, 4, [EMPTY], 2)),
  },
  {
    rule: 'replication/updates-were-asked-for',
    why: 'the load was given up: only its own files hold the primary up',
    before: [...NEARLY, asks(11, cancelIt, NOW), loadStored('BLS_CANCELED', { isEverIngesting: true }), part('BLS_CANCELED'), ...user, userOf(3)],
    event: prepared(P, mutation(1, 4, [PUT('k', 'w')], 2)),
    permitted: prepared(P, mutation(1, 4, [EMPTY], 2)),
  },
];

export const LOAD_INGESTION: readonly Refused[] = [
  ...CLAIMS,
  ...WAITING,
  ...STORAGE,
  ...IN_A_LOAD,
  {
    rule: 'ingestion/writes-wait',
    why: 'nor do those behind it come in before the flag is taken back',
    before: [...sentTo(), sent(), ...write(M3), ...follows(B), ingests(B), ...user],
    event: later,
    permitted: ingests(P),
  },
];
