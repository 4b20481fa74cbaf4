/** Refusing traces of tables that are dropped, called back and renamed (S7, S8; docs/departures recall, meta.1). */
import type { Command } from '../../model/commands.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { NodeId } from '../../model/vocabulary.ts';
import type { Refused } from './refused.ts';
import { A, answers, asks, B, config, CONFIG, create, done, G, P, SERVING, started, stopped, table } from './story.ts';

const drop: Command = { kind: 'dropTable', name: 't' };
const recall = (newName = '', appId = 1): Command => ({ kind: 'recallTable', appId, newName });
const rename = (newName: string, name = 't'): Command => ({ kind: 'renameTable', name, newName });
const left = (ballot: number, lastDrops: readonly NodeId[]): ModelEvent => ({
  kind: 'config.stored',
  cluster: 'c',
  atUs: 0,
  config: { gpid: G, ballot, maxReplicaCount: 3, primary: '', secondaries: [], lastDrops, lastCommittedDecree: 0 },
});

/** B leaves. */
const shrinks = (lastDrops: readonly NodeId[]): ModelEvent => ({
  kind: 'config.stored',
  cluster: 'c',
  atUs: 0,
  config: { gpid: G, ballot: 2, maxReplicaCount: 3, primary: P, secondaries: [A], lastDrops, lastCommittedDecree: 0 },
});
const SPARE = 'c/replica-3';
const LACKING = [...SERVING, stopped(B)];

const SERVED = [started(P), started(A), started(B), asks(1, create()), table(), answers(1, done()), config(0, '', []), config(1, P, [])];
/** Once every process runs: what was asked for before may have been sent twice. */
const CALM = 1;
const DROPPING = [...SERVED, asks(2, drop, CALM), table('AS_DROPPING')];
const DROPPED = [...DROPPING, left(2, [P]), table('AS_DROPPED'), answers(2, done())];
/** Two ask for the same: one has its way, the table is dropped again, and the other one has its way. */
const TWICE_BACK = [
  ...DROPPED,
  asks(3, recall(), CALM),
  asks(4, recall('t'), CALM),
  table(),
  asks(5, drop, CALM),
  table('AS_DROPPING'),
  left(3, [P]),
  table('AS_DROPPED'),
  table(),
];
const SECOND = { appId: 2, name: 'u' } as const;
const BOTH = [...SERVED, asks(7, create('u')), table('AS_AVAILABLE', SECOND), answers(7, done())];
const held = { ...CONFIG, settings: { ...CONFIG.settings, holdSecondsForDroppedApp: 10 } };
const HOUR_US = 3_600_000_000;

export const TABLE_NAMES: readonly Refused[] = [
  {
    rule: 'tables/named-as-asked',
    why: 'nobody asked for another name',
    before: SERVED,
    event: table('AS_AVAILABLE', { name: 'u' }),
    permitted: table(),
  },
  {
    rule: 'tables/named-as-asked',
    why: 'another name than was asked for',
    before: [...SERVED, asks(3, rename('u'))],
    event: table('AS_AVAILABLE', { name: 'v' }),
    permitted: table('AS_AVAILABLE', { name: 'u' }),
  },
  {
    rule: 'tables/named-as-asked',
    why: 'renamed twice for one wish',
    before: [...SERVED, asks(3, rename('u'), CALM), table('AS_AVAILABLE', { name: 'u' }), asks(4, rename('t', 'u'), CALM), table()],
    event: table('AS_AVAILABLE', { name: 'u' }),
  },
  {
    rule: 'tables/named-as-asked',
    why: 'two wishes, and a third recall',
    before: [...TWICE_BACK, asks(6, drop, CALM), table('AS_DROPPING'), left(4, [P]), table('AS_DROPPED')],
    event: table(),
  },
  { rule: 'tables/named-as-asked', why: 'back without a recall', before: DROPPED, event: table() },
  {
    rule: 'tables/named-as-asked',
    why: 'the recall was of another table',
    before: [...DROPPED, asks(3, recall('', 2))],
    event: table(),
  },
  {
    rule: 'tables/named-as-asked',
    why: 'back under the old name',
    before: [...DROPPED, asks(3, recall('u'))],
    event: table(),
    permitted: table('AS_AVAILABLE', { name: 'u' }),
  },
  {
    rule: 'tables/named-as-asked',
    why: 'it has expired',
    before: [...DROPPED, asks(3, recall(), HOUR_US)],
    event: table('AS_AVAILABLE', {}, HOUR_US),
    config: held,
  },
  {
    rule: 'tables/one-live-table-per-name',
    why: 'another table has that name',
    before: [...BOTH, asks(3, rename('u'))],
    event: table('AS_AVAILABLE', { name: 'u' }),
  },
  {
    rule: 'tables/one-step-at-a-time',
    why: 'the drop is over: the table was called back',
    before: [...DROPPED, asks(3, recall()), table(), left(2, [P])],
    event: config(3, P, [A, B]),
    permitted: config(3, P, []),
  },
  {
    rule: 'tables/dropped-without-members',
    why: 'the partition is served',
    before: DROPPING,
    event: table('AS_DROPPED'),
  },
  { rule: 'tables/last-drop-is-the-newest', why: 'a member is among them', before: LACKING, event: shrinks([A, B]), permitted: shrinks([B]) },
  { rule: 'tables/last-drop-is-the-newest', why: 'the newest stands first', before: LACKING, event: shrinks([B, SPARE]), permitted: shrinks([SPARE, B]) },
  { rule: 'tables/dropouts-are-remembered', why: 'the primary is forgotten', before: DROPPING, event: left(2, []), permitted: left(2, [P]) },
  { rule: 'tables/dropouts-are-remembered', why: 'it is dropped', before: DROPPED, event: left(3, [P]) },

  { rule: 'answers/recall-table', why: 'it is dropped still', before: [...DROPPED, asks(3, recall())], event: answers(3, done()) },
  {
    rule: 'answers/recall-table',
    why: 'it was dropped before',
    before: [...DROPPED, asks(3, recall('', 1), 5)],
    event: answers(3, done('ERR_APP_EXIST'), 6),
  },
  {
    rule: 'answers/recall-table',
    why: 'it is held for long',
    before: [...DROPPED, asks(3, recall())],
    event: answers(3, done('ERR_APP_NOT_EXIST')),
    config: { ...CONFIG, settings: { ...CONFIG.settings, holdSecondsForDroppedApp: 604_800 } },
  },
  {
    rule: 'answers/recall-table',
    why: 'nobody has the name',
    before: [...DROPPED, asks(3, recall('u'), 5)],
    event: answers(3, done('ERR_INVALID_PARAMETERS'), 6),
  },
  { rule: 'answers/rename-table', why: 'it is not stored', before: [...SERVED, asks(3, rename('u'))], event: answers(3, done()) },
  {
    rule: 'answers/rename-table',
    why: 'it is there all the time',
    before: [...SERVED, asks(3, rename('u'), 5)],
    event: answers(3, done('ERR_APP_NOT_EXIST'), 6),
  },
  {
    rule: 'answers/rename-table',
    why: 'the name is free',
    before: [...SERVED, asks(3, rename('u'), 5)],
    event: answers(3, done('ERR_INVALID_PARAMETERS'), 6),
  },
  { rule: 'answers/rename-table', why: 'one wish alone', before: [...SERVED, asks(3, rename('u'), 5)], event: answers(3, done('ERR_BUSY'), 6) },
];
