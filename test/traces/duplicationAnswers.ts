/** Refusing traces of the answers about duplications (dup 3.1 - 3.4; S8). */
import type { Answer, Command, DupFact } from '../../model/commands.ts';
import type { ModelConfig } from '../../model/config.ts';
import type { ErrorCode } from '../../model/vocabulary.ts';
import {
  ADD_LOG,
  addDup,
  added,
  change,
  DUP_CONFIG,
  erased,
  ID,
  LOG_ONLY,
  modified,
  orders,
  PREPARE,
  S,
  setMode,
  stored,
} from './duplicationStory.ts';
import { answers, done } from './story.ts';
import type { Refused } from './refused.ts';

const AT = 20 * S;
const CREATED = answers(1, done(), 9 * S);
/** There since 11 s, and everybody knows it; nothing is under way. */
const KNOWN = [...LOG_ONLY, CREATED, answers(10, added(), 11 * S)];
const PAUSED = [
  ...KNOWN,
  orders(11, change('pauseDup'), 12 * S),
  stored('DS_PAUSE', {}, { atUs: 12 * S }),
  answers(11, modified(), 12 * S),
];
const REMOVED = [...KNOWN, orders(11, change('removeDup'), 12 * S), erased(12 * S), answers(11, modified(), 12 * S)];
const asking = (command: Command) => orders(20, command, AT);
const says = (answer: Answer) => answers(20, answer, AT);
const addFails = (error: ErrorCode): Answer =>
  added({ error, hint: 'no', appId: 0, dupId: 0, remoteTable: '', remoteReplicaCount: 0 });
const fails = (error: ErrorCode): Answer => ({ kind: 'dupModified', error, appId: 0 });

/** Cluster `d` has no id, or the own cluster has none (dup 3.1 check 2, B14). */
const withGroup = (duplicationGroup: Readonly<Record<string, number>>): ModelConfig => ({
  ...DUP_CONFIG,
  settings: { ...DUP_CONFIG.settings, duplicationGroup },
});
const withoutMetas: ModelConfig = {
  ...DUP_CONFIG,
  settings: { ...DUP_CONFIG.settings, pegasusClusters: { c: ['c/meta-0'], d: [] } },
};

const WRONG = says(addFails('ERR_INVALID_PARAMETERS'));

const ADD: readonly Refused[] = [
  ...(
    [
      ['to the cluster itself (check 1)', { remoteCluster: 'c' }, DUP_CONFIG],
      ['to a cluster without an id (check 2)', {}, withGroup({ c: 1 })],
      ['from a cluster without an id (B14)', {}, withGroup({ d: 2 })],
      ['to a cluster without meta servers (check 3)', {}, withoutMetas],
      ['to a cluster that nobody knows (check 3)', { remoteCluster: 'x' }, DUP_CONFIG],
      ['with a negative count (check 4)', { remoteReplicaCount: -1 }, DUP_CONFIG],
    ] as const
  ).map(([why, more, config]): Refused => ({
    rule: 'answers/add-duplication',
    why,
    before: [...ADD_LOG, CREATED, asking(addDup(false, more))],
    event: says(addFails('ERR_APP_NOT_EXIST')),
    permitted: WRONG,
    says: 'ERR_INVALID_PARAMETERS:',
    config,
  })),
  {
    rule: 'answers/add-duplication',
    why: 'OK before the store has it',
    before: ADD_LOG,
    event: answers(10, added(), AT),
    says: `a duplication ${ID} of t to d, got none`,
  },
  {
    rule: 'answers/add-duplication',
    why: 'another remote table than that of the record',
    before: LOG_ONLY,
    event: answers(10, added({ remoteTable: 'u' }), AT),
    permitted: answers(10, added(), AT),
    says: 't x 2, got u x 2',
  },
  {
    rule: 'answers/add-duplication',
    why: 'it was there before',
    before: [...KNOWN, asking(addDup(false))],
    event: says(added()),
    permitted: says(added({ error: 'ERR_DUP_EXIST' })),
    says: 'ERR_DUP_EXIST: it existed before, got ERR_OK',
  },
  {
    rule: 'answers/add-duplication',
    why: 'it exists, with the names of the request instead of its own',
    before: [...KNOWN, asking(addDup(false, { remoteTable: 'u' }))],
    event: says(added({ error: 'ERR_DUP_EXIST', remoteTable: 'u' })),
    permitted: says(added({ error: 'ERR_DUP_EXIST' })),
  },
  {
    rule: 'answers/add-duplication',
    why: 'it exists: the wrong checkpoint flag is no wrong parameter (B3)',
    before: [...KNOWN, asking(addDup(true))],
    event: WRONG,
    permitted: says(added({ error: 'ERR_DUP_EXIST' })),
    says: `ERR_DUP_EXIST: duplication ${ID} is there`,
  },
  {
    rule: 'answers/add-duplication',
    why: 'there is none that exists',
    before: [...REMOVED, asking(addDup(false))],
    event: says(added({ error: 'ERR_DUP_EXIST' })),
    says: 'got none',
  },
  {
    rule: 'answers/add-duplication',
    why: 'the table was there all the time',
    before: [...REMOVED, asking(addDup(false))],
    event: says(addFails('ERR_APP_NOT_EXIST')),
    says: 't existed all the time',
  },
  {
    rule: 'answers/add-duplication',
    why: 'nothing alters the one that is there',
    before: [...KNOWN, asking(addDup(false))],
    event: says(addFails('ERR_BUSY')),
    says: 'nothing alters it',
  },
  {
    rule: 'answers/add-duplication',
    why: 'nothing is wrong with it',
    before: [...REMOVED, asking(addDup(false))],
    event: WRONG,
  },
  {
    rule: 'answers/add-duplication',
    why: 'an error that no add has',
    before: [...REMOVED, asking(addDup(false))],
    event: says(addFails('ERR_INVALID_STATE')),
    says: 'an error of an addition',
  },
  {
    rule: 'answers/add-duplication',
    why: 'another add made one without a checkpoint meanwhile',
    before: [...KNOWN, orders(20, addDup(true), 10 * S - 1)],
    event: answers(20, added(), AT),
    permitted: answers(20, added({ error: 'ERR_DUP_EXIST' }), AT),
    says: 't x 2 with a checkpoint, got t x 2',
  },
];

const modify = (
  why: string,
  before: Refused['before'],
  command: Command,
  refused: Answer,
  permitted: Answer | undefined,
  text = '',
): Refused => ({
  rule: 'answers/modify-duplication',
  why,
  before: [...before, asking(command)],
  event: says(refused),
  ...(permitted === undefined ? {} : { permitted: says(permitted) }),
  says: text,
});

const OK = modified();
const NOT_FOUND = fails('ERR_OBJECT_NOT_FOUND');
const NO_TABLE = fails('ERR_APP_NOT_EXIST');
const ILLEGAL = fails('ERR_INVALID_PARAMETERS');
const MODIFY: readonly Refused[] = [
  modify('there is no such one', KNOWN, change('pauseDup', ID + 1), OK, NOT_FOUND, 'there is no duplication 78'),
  modify('it is not paused', KNOWN, change('pauseDup'), OK, undefined, `duplication ${ID} of t to be as asked`),
  modify('it is paused', PAUSED, change('startDup'), OK, undefined, 'got DS_PAUSE FAIL_SLOW'),
  modify('it is not removed', KNOWN, change('removeDup'), OK, undefined),
  modify('its fail mode is another', KNOWN, setMode('FAIL_SKIP'), OK, undefined),
  modify('its table is there', KNOWN, change('pauseDup'), NO_TABLE, undefined, 't existed all the time'),
  modify('it is there', KNOWN, change('startDup'), NOT_FOUND, OK, 'was there all the time'),
  modify('nothing alters it', KNOWN, change('startDup'), fails('ERR_BUSY'), OK, 'nothing alters it'),
  modify('LOG to PAUSE is legal', KNOWN, change('pauseDup'), ILLEGAL, undefined, 'pauseDup to be legal'),
  modify('LOG to LOG is legal', KNOWN, change('startDup'), ILLEGAL, OK),
  modify('PAUSE to PAUSE is legal', PAUSED, change('pauseDup'), ILLEGAL, OK),
  modify('PAUSE to LOG is legal', PAUSED, change('startDup'), ILLEGAL, undefined),
  modify('PREPARE cannot be paused', [...PREPARE, CREATED], change('pauseDup'), OK, ILLEGAL),
  modify('PREPARE cannot be started', [...PREPARE, CREATED], change('startDup'), OK, ILLEGAL),
  modify('every status can be removed', [...PREPARE, CREATED], change('removeDup'), ILLEGAL, undefined),
  modify('no error of a change', KNOWN, change('startDup'), fails('ERR_INVALID_STATE'), OK, 'an error of a change'),
];

const ENTRY: DupFact = {
  dupId: ID,
  remote: 'd',
  status: 'DS_LOG',
  createTsMs: 77_000,
  failMode: 'FAIL_SLOW',
  remoteTable: 't',
  remoteReplicaCount: 2,
  partitions: [{ partitionIndex: 0, confirmed: -1, lastCommitted: 2 }],
};
type Shown = Extract<Answer, { kind: 'dups' }>['tables'][number];
const dups = (all: readonly DupFact[], more: Partial<Shown> = {}): Answer => ({
  kind: 'dups',
  error: 'ERR_OK',
  hint: '',
  tables: [{ name: 't', appId: 1, partitionCount: 1, dups: all, ...more }],
});
const none = (error: ErrorCode): Answer => ({ kind: 'dups', error, hint: '', tables: [] });

const query = (
  why: string,
  refused: Answer,
  permitted = dups([ENTRY]),
  text = '',
  before: Refused['before'] = KNOWN,
): Refused => ({
  rule: 'answers/query-duplication',
  why,
  before: [...before, asking({ kind: 'queryDup', table: 't' })],
  event: says(refused),
  permitted: says(permitted),
  says: text,
});
const PAUSE: DupFact = { ...ENTRY, status: 'DS_PAUSE' };
const PROGRESS = ENTRY.partitions[0] ?? { partitionIndex: 0, confirmed: -1, lastCommitted: 0 };
const QUERY: readonly Refused[] = [
  query('it is missing', dups([]), undefined, `duplication ${ID} of t, got it is missing`),
  query('the table exists', none('ERR_APP_NOT_EXIST'), undefined, 't existed all the time'),
  query('an error that no query has', none('ERR_BUSY')),
  query('a status that was never stored', dups([PAUSE]), undefined, 'DS_LOG FAIL_SLOW, got DS_PAUSE'),
  query('a fail mode that was never stored', dups([{ ...ENTRY, failMode: 'FAIL_FAST' }])),
  query('a status that is over', dups([ENTRY]), dups([PAUSE]), 'DS_PAUSE FAIL_SLOW, got DS_LOG', PAUSED),
  query('another remote', dups([{ ...ENTRY, remote: 'c' }]), undefined, 'd/t x 2 of 77000, got c/t x 2 of 77000'),
  query('another creation', dups([{ ...ENTRY, createTsMs: 1 }])),
  query('one that is nowhere', dups([ENTRY, { ...ENTRY, dupId: 5 }]), undefined, 'no duplication 5 of t'),
  query('one that was removed long ago', dups([ENTRY]), dups([]), `no duplication ${ID} of t`, REMOVED),
  query('in DS_INIT, and nobody adds it (Q16)', dups([{ ...ENTRY, status: 'DS_INIT' }])),
  query('no progress of a partition', dups([{ ...ENTRY, partitions: [] }]), undefined, 'the progress of partition 0'),
  query(
    'progress that is not stored',
    dups([{ ...ENTRY, partitions: [{ ...PROGRESS, confirmed: 2 }] }]),
    undefined,
    '-1 of partition 0, got 2',
  ),
  query(
    'a last committed decree that is not committed',
    dups([{ ...ENTRY, partitions: [{ ...PROGRESS, lastCommitted: 3 }] }]),
    dups([{ ...ENTRY, partitions: [{ ...PROGRESS, lastCommitted: 0 }] }]),
    'at most 2, got 3',
  ),
  query('another table', dups([ENTRY], { appId: 2 }), undefined, 'the table t, got table 2'),
];

const list = (
  why: string,
  refused: Answer,
  permitted: Answer = dups([ENTRY]),
  pattern = 't',
  matchType: Extract<Command, { kind: 'listDups' }>['matchType'] = 'EXACT',
): Refused => ({
  rule: 'answers/list-duplications',
  why,
  before: [...KNOWN, asking({ kind: 'listDups', pattern, matchType })],
  event: says(refused),
  permitted: says(permitted),
});
const LIST: readonly Refused[] = [
  list('the table is missing', { ...none('ERR_OK') }),
  list('its duplication is missing', dups([])),
  list('what does not match', dups([ENTRY]), none('ERR_OK'), 'u', 'PREFIX'),
  list('a postfix', none('ERR_OK'), dups([ENTRY]), 't', 'POSTFIX'),
  list('a part of the name', none('ERR_OK'), dups([ENTRY]), '', 'ANYWHERE'),
  list('all', none('ERR_OK'), dups([ENTRY]), 'nothing', 'ALL'),
  list('a pattern that is not built', dups([ENTRY]), none('ERR_NOT_IMPLEMENTED'), 't', 'REGEX'),
  list('an error without a cause', none('ERR_NOT_IMPLEMENTED')),
  list('another number of partitions', dups([ENTRY], { partitionCount: 4 })),
  list('a wrong entry', dups([{ ...ENTRY, remoteReplicaCount: 1 }])),
];

export const DUPLICATION_ANSWERS: readonly Refused[] = [...ADD, ...MODIFY, ...QUERY, ...LIST].map((one) => ({
  config: DUP_CONFIG,
  ...one,
}));
