/** Refusing traces of processes, tables, configurations, commands and answers (S1, S5, S7, S8; docs/departures FM). */
import type { Refused } from './refused.ts';
import type { Answer, Command, TableFact } from '../../model/commands.ts';
import {
  A,
  answers,
  asks,
  B,
  config,
  create,
  done,
  ended,
  everywhere,
  fault,
  flag,
  flushed,
  get,
  healed,
  listed,
  mutation,
  P,
  prepared,
  PUT,
  put,
  putAt,
  read,
  READY,
  remove,
  SERVING,
  started,
  status,
  stopped,
  table,
  tries,
  write,
  wrote,
} from './story.ts';

const UP = [started(P), started(A), started(B)];
const CREATED = [...UP, asks(1, create()), table()];
const LISTED = [...CREATED, answers(1, done())];
const WROTE = [...READY, ...putAt(2, 2, 'k', 'v'), answers(2, wrote())];
const list: Command = { kind: 'listTables' };
const fact: TableFact = {
  appId: 1,
  name: 't',
  status: 'AS_AVAILABLE',
  partitionCount: 1,
  maxReplicaCount: 3,
  envs: {},
};
const tables = (...all: readonly TableFact[]): Answer => ({ kind: 'tables', error: 'ERR_OK', tables: all });
const drop: Command = { kind: 'dropTable', name: 't' };
const envs = (value: string): Command => ({
  kind: 'setEnvs',
  name: 't',
  envs: { 'rocksdb.checkpoint.reserve_min_count': value },
});
const SET = table('AS_AVAILABLE', { envs: { 'rocksdb.checkpoint.reserve_min_count': '3' } });
const emergency: Command = { kind: 'emergencyCheckpoint', table: 't', partitionIndex: 0, minDecree: 'last-applied' };
const query: Command = { kind: 'queryCheckpoint', table: 't', partitionIndex: 0, minDecree: 0 };
const says = (durable: number, prepared: boolean, minDecree: number, error: Answer['error'] = 'ERR_OK'): Answer => ({
  kind: 'checkpoint',
  error,
  durable,
  prepared,
  minDecree,
});

export const WORLD: readonly Refused[] = [
  {
    rule: 'world/known',
    why: 'a partition that nobody stored',
    before: UP,
    event: status(P, 'PS_INACTIVE', 'PS_PRIMARY', 1),
  },
  { rule: 'world/known', why: 'an answer to nobody', before: UP, event: answers(7, wrote()) },
  { rule: 'world/healed-once', why: 'healed twice', before: [...UP, healed()], event: healed() },
  { rule: 'process/started-once', why: 'it runs', before: UP, event: started(P) },
  { rule: 'process/runs', why: 'it is down', before: [...UP, stopped(P)], event: stopped(P) },
  { rule: 'process/no-internal-check', why: 'an internal check', before: UP, event: stopped(P, 'check') },

  {
    rule: 'tables/status-change',
    why: 'dropped is over',
    before: [...CREATED, asks(2, drop), table('AS_DROPPED')],
    event: table('AS_DROPPING'),
  },
  {
    rule: 'tables/never-changes-shape',
    why: 'another partition',
    before: CREATED,
    event: table('AS_AVAILABLE', { partitionCount: 2 }),
  },
  {
    rule: 'tables/one-live-table-per-name',
    why: 'two tables t',
    before: CREATED,
    event: table('AS_AVAILABLE', { appId: 2 }),
  },
  { rule: 'tables/created-as-asked', why: 'nobody asked', before: UP, event: table() },
  {
    rule: 'tables/created-as-asked',
    why: 'two partitions',
    before: [...UP, asks(1, create())],
    event: table('AS_AVAILABLE', { partitionCount: 2 }),
  },
  { rule: 'tables/dropped-as-asked', why: 'nobody asked', before: CREATED, event: table('AS_DROPPED') },
  {
    rule: 'tables/envs-as-asked',
    why: 'nobody asked',
    before: CREATED,
    event: table('AS_AVAILABLE', { envs: { a: 'b' } }),
  },
  {
    rule: 'tables/envs-as-asked',
    why: 'an env is lost',
    before: [
      ...CREATED,
      asks(2, envs('3')),
      table('AS_AVAILABLE', { envs: { 'rocksdb.checkpoint.reserve_min_count': '3' } }),
    ],
    event: table(),
  },
  { rule: 'tables/partition-in-range', why: 'one partition', before: CREATED, event: config(0, '', [], 0, '1.1') },
  {
    rule: 'tables/ballot-plus-one',
    why: 'ballot 2 after 0',
    before: [...CREATED, config(0, '', [])],
    event: config(2),
  },
  {
    rule: 'tables/ballot-plus-one',
    why: 'ballot 1 again with others',
    before: [...CREATED, config(0, '', []), config(1)],
    event: config(1, P, [A]),
  },
  {
    rule: 'tables/members-are-distinct-nodes',
    why: 'A twice',
    before: [...CREATED, config(0, '', [])],
    event: config(1, P, [A, A]),
  },
  {
    rule: 'tables/stored-commit-point',
    why: 'nothing is committed',
    before: [...CREATED, config(0, '', [])],
    event: config(1, P, [A, B], 1),
  },

  { rule: 'answers/id-is-new', why: 'id 1 again', before: CREATED, event: asks(1, list) },
  {
    rule: 'answers/attempts-while-open',
    why: 'after the answer',
    before: [...SERVING, fault('resetSession', A), asks(2, put('k', 'v')), tries(2), answers(2, wrote('ERR_TIMEOUT'))],
    event: tries(2),
  },
  { rule: 'answers/attempts-are-writes', why: 'a read', before: [...SERVING, asks(2, get('k'))], event: tries(2) },
  {
    rule: 'answers/kind',
    why: 'a read is not a write',
    before: [...SERVING, asks(2, get('k'))],
    event: answers(2, wrote()),
  },
  { rule: 'answers/read', why: 'lost', before: [...WROTE, asks(3, get('k'))], event: answers(3, read(undefined)) },
  { rule: 'answers/read', why: 'never written', before: [...WROTE, asks(3, get('k'))], event: answers(3, read('w')) },
  {
    rule: 'answers/read',
    why: 'older than what was committed before',
    before: [...WROTE, ...putAt(3, 3, 'k', 'w'), asks(4, get('k'))],
    event: answers(4, read('v')),
  },
  {
    rule: 'answers/read',
    why: 'prepared, not committed',
    before: [
      ...WROTE,
      asks(3, put('k', 'w')),
      tries(3),
      ...everywhere(mutation(1, 3, [PUT('k', 'w')])),
      asks(4, get('k')),
    ],
    event: answers(4, read('w')),
  },
  {
    rule: 'answers/read',
    why: 'removed',
    before: [
      ...WROTE,
      asks(3, remove('k')),
      tries(3),
      ...write(mutation(1, 3, [{ code: 'RPC_RRDB_RRDB_REMOVE', rows: [{ op: 'remove', key: '\0\u0001hk' }] }])),
      asks(4, get('k')),
    ],
    event: answers(4, read('v')),
  },
  {
    rule: 'answers/read',
    why: 'expired at 1110 s',
    before: [
      ...READY,
      asks(2, put('k', 'v', 10)),
      tries(2),
      ...write(mutation(1, 2, [PUT('k', 'v', 1010)])),
      asks(3, get('k'), 90_000_000),
    ],
    event: answers(3, read('v'), 90_000_000),
  },
  {
    rule: 'answers/read',
    why: 'not yet expired',
    before: [
      ...READY,
      asks(2, put('k', 'v', 10)),
      tries(2),
      ...write(mutation(1, 2, [PUT('k', 'v', 1010)])),
      asks(3, get('k'), 1_000_000),
    ],
    event: answers(3, read(undefined), 2_000_000),
  },
  {
    rule: 'answers/write',
    why: 'not committed',
    before: [...READY, asks(2, put('k', 'v')), tries(2), prepared(P, mutation(1, 2, [PUT('k', 'v')]))],
    event: answers(2, wrote()),
  },
  {
    rule: 'answers/write',
    why: 'a small write',
    before: [...READY, asks(2, put('k', 'v')), tries(2)],
    event: answers(2, wrote('ERR_INVALID_DATA')),
  },
  {
    rule: 'answers/write',
    why: 'three members',
    before: [...READY, asks(2, put('k', 'v')), tries(2)],
    event: answers(2, wrote('ERR_NOT_ENOUGH_MEMBER')),
  },
  {
    rule: 'answers/refused-means-nothing-done',
    why: 'it was done',
    before: [...READY, ...putAt(2, 2, 'k', 'v')],
    event: answers(2, wrote('ERR_INVALID_PARAMETERS')),
  },
  {
    rule: 'answers/served-in-calm',
    why: 'all serve, nothing happened',
    before: [...READY, asks(2, put('k', 'v')), tries(2)],
    event: answers(2, wrote('ERR_TIMEOUT'), 5_000_000),
  },
  {
    rule: 'answers/served-in-calm',
    why: 'a read',
    before: [...READY, asks(2, get('k'))],
    event: answers(2, read(undefined, 'ERR_INVALID_STATE'), 5_000_000),
  },
  {
    rule: 'answers/create-table',
    why: 'none was stored',
    before: [...UP, asks(1, create())],
    event: answers(1, done()),
  },
  {
    rule: 'answers/create-table',
    why: 'it existed',
    before: [...CREATED, asks(2, create(), 5)],
    event: answers(2, done(), 6),
  },
  {
    rule: 'answers/create-table',
    why: 'it does not exist',
    before: [...UP, asks(1, create())],
    event: answers(1, done('ERR_APP_EXIST')),
  },
  {
    rule: 'answers/create-table',
    why: 'the parameters are right',
    before: [...UP, asks(1, create())],
    event: answers(1, done('ERR_INVALID_PARAMETERS')),
  },
  {
    rule: 'answers/drop-table',
    why: 'still there',
    before: [...CREATED, asks(2, drop, 5)],
    event: answers(2, done(), 6),
  },
  {
    rule: 'answers/drop-table',
    why: 'it exists',
    before: [...CREATED, asks(2, drop, 5)],
    event: answers(2, done('ERR_APP_NOT_EXIST'), 6),
  },
  { rule: 'answers/set-envs', why: 'not stored', before: [...CREATED, asks(2, envs('3'))], event: answers(2, done()) },
  {
    rule: 'answers/set-envs',
    why: 'a right value',
    before: [...CREATED, asks(2, envs('3'))],
    event: answers(2, done('ERR_INVALID_PARAMETERS')),
  },
  { rule: 'answers/list-tables', why: 'missing', before: [...LISTED, asks(2, list)], event: answers(2, tables()) },
  {
    rule: 'answers/list-tables',
    why: 'another count',
    before: [...LISTED, asks(2, list)],
    event: answers(2, tables({ ...fact, partitionCount: 2 })),
  },
  {
    rule: 'answers/list-tables',
    why: 'envs that were answered',
    before: [...LISTED, asks(2, envs('3')), SET, answers(2, done()), asks(3, list)],
    event: answers(3, tables(fact)),
  },
  {
    rule: 'answers/list-tables',
    why: 'a stranger',
    before: [...LISTED, asks(2, list)],
    event: answers(2, tables(fact, { ...fact, appId: 9 })),
  },
  {
    rule: 'answers/checkpoint',
    why: 'prepared without a checkpoint',
    before: [...SERVING, asks(2, query)],
    event: answers(2, says(0, true, 0)),
  },
  {
    rule: 'answers/checkpoint',
    why: 'an empty replica has a checkpoint too',
    before: [...SERVING, asks(2, emergency)],
    event: answers(2, says(-1, false, -1, 'ERR_INVALID_PARAMETERS')),
  },
  {
    rule: 'answers/checkpoint',
    why: 'another emergency checkpoint was under way all the time',
    before: [...READY, flag(P, true, 1), asks(2, emergency, 5)],
    event: answers(2, says(0, false, 1), 9),
  },
  {
    rule: 'answers/checkpoint',
    why: 'the minimum of an empty replica is 1',
    before: [...SERVING, asks(2, emergency)],
    event: answers(2, says(0, false, 0)),
  },
  {
    rule: 'answers/checkpoint',
    why: 'no checkpoint 1',
    before: [...READY, asks(2, emergency)],
    event: answers(2, says(1, true, 1)),
  },
  {
    rule: 'answers/checkpoint',
    why: 'none under way',
    before: [...READY, asks(2, emergency)],
    event: answers(2, says(0, false, 1, 'ERR_BUSY')),
  },
  {
    rule: 'answers/checkpoint',
    why: 'there is room',
    before: [...UP, asks(1, create()), table(), asks(2, emergency)],
    event: answers(2, says(0, false, 1, 'ERR_TRY_AGAIN')),
  },
  {
    rule: 'answers/checkpoint',
    why: 'checkpoint 1 exists',
    before: [...READY, flushed(P, 1), listed(P, 1, 0), ended(P, 'periodic', 'ERR_OK', 1), asks(2, query)],
    event: answers(2, says(0, false, 0, 'ERR_PATH_NOT_FOUND')),
  },
];
