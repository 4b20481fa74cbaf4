/**
 * Stories of members that come and go (repl 1.9, 1.10), words as in story.ts: a fourth node C, groups that shrink, and a
 * learner by each of the three types. Nothing here knows the rules.
 */
import { rowHash } from '../../model/content.ts';
import type { ModelEvent, MutationFact } from '../../model/events.ts';
import type { ModelConfig } from '../../model/state.ts';
import type { LogReplaced } from '../../model/learningEvents.ts';
import type { NodeId } from '../../model/vocabulary.ts';
import { DUP_CONFIG, ends, OWING, S } from './duplicationStory.ts';
import {
  A,
  applied,
  B,
  committed,
  config,
  CONFIG,
  EMPTY,
  flushed,
  G,
  key,
  listed,
  logFile,
  logged,
  mutation,
  opened,
  P,
  prepared,
  PUT,
  putAt,
  READY,
  started,
  status,
  stopped,
} from './story.ts';

export const C = 'c/replica-3';
export const FOUR: ModelConfig = { ...CONFIG, clusters: [{ id: 'c', nodes: [P, A, B, C] }] };

const here = (node: NodeId) => ({ atUs: 0, node, gpid: G });

export const learnAnswered = (type: 'LT_CACHE' | 'LT_LOG' | 'LT_APP', start: number, node = P, lastCommitted = 2): ModelEvent => ({
  kind: 'learn.answered',
  learner: C,
  type,
  start,
  applied: start - 1,
  lastCommitted,
  ...here(node),
});
export const listCut = (node: NodeId, decree: number, keepsRest = false): ModelEvent => ({
  kind: 'replica.list-cut',
  committed: decree,
  keepsRest,
  ...here(node),
});
export const storageReplaced = (node: NodeId, decree: number, contentDigest: number): ModelEvent => ({
  kind: 'storage.replaced',
  decree,
  contentDigest,
  ...here(node),
});
export const logReplaced = (node: NodeId, ...records: LogReplaced['files'][number]['records']): ModelEvent => ({
  kind: 'log.replaced',
  files: [{ index: 1, startOffset: 0, endOffset: 900, previousMaxDecree: 0, records }],
  ...here(node),
});
export const initInfo = (node: NodeId, ballot: number, durable: number, logOffset = 0): ModelEvent => ({
  kind: 'init-info.stored',
  ballot,
  durable,
  logOffset,
  ...here(node),
});
export const gone = (node: NodeId, as: 'err' | 'gar' | 'other'): ModelEvent => ({ kind: 'replica.gone', as, ...here(node) });
/** What a primary other than P proposes. */
export const proposes = (node: NodeId, m: MutationFact, reproposal = false): ModelEvent => ({
  kind: 'replica.prepared',
  as: 'primary',
  reproposal,
  mutation: m,
  ...here(node),
});

/** Row k=v, decree 2; the digest of the rows at each decree. */
export const ROW = rowHash(key('k'), 'v', 0, 2000);
export const M1 = mutation(1, 1);
export const M2 = mutation(1, 2, [PUT('k', 'v')]);
export const R1 = { ballot: 1, decree: 1, lastCommitted: 0 };
export const R2 = { ballot: 1, decree: 2, lastCommitted: 1 };

/** P has committed and applied decrees 1 and 2; A and B hold both in their logs. */
export const WRITTEN: readonly ModelEvent[] = [started(C), ...READY, ...putAt(2, 2, 'k', 'v')];

/** B is dead: P leaves its role, asks for a group without it, and is the primary of that. */
export const SHRUNK: readonly ModelEvent[] = [
  ...WRITTEN,
  stopped(B),
  status(P, 'PS_PRIMARY', 'PS_INACTIVE', 1),
  config(2, P, [A], 2),
  status(P, 'PS_INACTIVE', 'PS_PRIMARY', 2),
  status(A, 'PS_SECONDARY', 'PS_SECONDARY', 2),
];
/** C has an empty replica, and is a learner. */
export const LEARNS: readonly ModelEvent[] = [...SHRUNK, opened(C), status(C, 'PS_INACTIVE', 'PS_POTENTIAL_SECONDARY', 2)];

/** The same in the stories of duplication. */
export const FOUR_DUPLICATED: ModelConfig = {
  ...DUP_CONFIG,
  clusters: DUP_CONFIG.clusters.map((one) => (one.id === 'c' ? { ...one, nodes: [P, A, B, C] } : one)),
};
/** Decrees 1 to 3 are committed, P ships from 3 on and has shipped nothing; B is dead, C a learner. */
export const LEARNS_DUPLICATED: readonly ModelEvent[] = [
  started(C),
  ...OWING,
  stopped(B),
  ends(),
  status(P, 'PS_PRIMARY', 'PS_INACTIVE', 1, 11 * S),
  config(2, P, [A], 3),
  status(P, 'PS_INACTIVE', 'PS_PRIMARY', 2, 11 * S),
  status(A, 'PS_SECONDARY', 'PS_SECONDARY', 2, 11 * S),
  opened(C),
  status(C, 'PS_INACTIVE', 'PS_POTENTIAL_SECONDARY', 2, 11 * S),
];

const applies = (node: NodeId, ...decrees: readonly number[]): readonly ModelEvent[] =>
  decrees.flatMap((decree) => [committed(node, decree, 1), applied(node, decree)]);

/** From memory: the list begins anew at what storage holds, and what the primary's list holds enters it, is logged and applied. */
export const FROM_CACHE: readonly ModelEvent[] = [
  ...LEARNS,
  learnAnswered('LT_CACHE', 1),
  listCut(C, 0),
  logFile(C),
  prepared(C, M1),
  prepared(C, M2),
  logged(C, M1, 1, 100),
  logged(C, M2, 1, 200),
  ...applies(C, 1, 2),
];
/** The primary's files take the log's place, and are replayed into storage. */
export const FROM_LOG: readonly ModelEvent[] = [
  ...LEARNS,
  learnAnswered('LT_LOG', 1),
  logReplaced(C, R1, R2),
  initInfo(C, 2, 0),
  ...applies(C, 1, 2),
  listCut(C, 2),
];
/** The primary's checkpoint takes the storage's place. */
export const FROM_CHECKPOINT: readonly ModelEvent[] = [
  ...LEARNS.slice(0, -2),
  flushed(P, 2),
  listed(P, 2, ROW),
  ...LEARNS.slice(-2),
  learnAnswered('LT_APP', 1),
  storageReplaced(C, 2, ROW),
  listCut(C, 2),
];
/** Who has learned becomes a member, by the primary's wish; P and A have the new ballot. */
export const joins = (learner: NodeId): readonly ModelEvent[] => [
  status(P, 'PS_PRIMARY', 'PS_INACTIVE', 2),
  config(3, P, [A, learner], 2),
  status(P, 'PS_INACTIVE', 'PS_PRIMARY', 3),
  status(A, 'PS_SECONDARY', 'PS_SECONDARY', 3),
];
export const JOINS: readonly ModelEvent[] = [...joins(C), status(C, 'PS_POTENTIAL_SECONDARY', 'PS_SECONDARY', 3)];

/** B is back with what its disk has: its list begins with decree 1 and 2, of which it knows nothing committed. */
const RESTARTED: readonly ModelEvent[] = [
  started(B),
  opened(B, { fresh: false, ballot: 1, applied: 1, committed: 1, maxPrepared: 2 }),
  status(B, 'PS_INACTIVE', 'PS_POTENTIAL_SECONDARY', 2),
];
/** A member that comes back learns what it lacks: what it has of decree 2 goes, and is told to it again. */
export const COMES_BACK: readonly ModelEvent[] = [
  ...SHRUNK,
  committed(B, 1, 1),
  applied(B, 1),
  ...RESTARTED,
  learnAnswered('LT_CACHE', 2),
  listCut(B, 1),
  prepared(B, M2),
  committed(B, 2, 1),
  applied(B, 2),
];

/** P is dead, and removed; A and B hold everything. */
export const LEADERLESS: readonly ModelEvent[] = [...WRITTEN, stopped(P), config(2, '', [A, B], 2)];
/** A is the primary, and proposes again what it holds. */
export const TAKEN_OVER: readonly ModelEvent[] = [
  ...LEADERLESS,
  config(3, A, [B], 2),
  status(A, 'PS_SECONDARY', 'PS_PRIMARY', 3),
  status(B, 'PS_SECONDARY', 'PS_SECONDARY', 3),
];
/** P's server is dead while P asks for a group without B: its removal is stored in the place of that, under the same ballot. */
export const OVERTAKEN: readonly ModelEvent[] = [...WRITTEN, stopped(B), config(2, P, [A], 2), stopped(P), config(2, '', [A, B], 2)];
/** The others go one after the other: nobody is left, and whoever was last is called. */
export const DESERTED: readonly ModelEvent[] = [...LEADERLESS, stopped(A), config(3, '', [B], 2), stopped(B), config(4, '', [], 2)];

/** What P proposed as decree 3 reached B alone; both die, A goes on alone, and makes another decree 3. */
const LOST_3 = mutation(1, 3, [EMPTY]);
const MADE_3 = mutation(4, 3, [EMPTY], 2, 3500);
const again = (decree: number): readonly ModelEvent[] => {
  const m = { ...(decree === 1 ? M1 : M2), ballot: 4, lastCommitted: decree - 1 };
  return [proposes(A, m, true), logged(A, m, 1, 400 + decree), committed(A, decree, 4), applied(A, decree)];
};
export const DIVERGED: readonly ModelEvent[] = [
  ...WRITTEN,
  prepared(P, LOST_3),
  logged(P, LOST_3),
  prepared(B, LOST_3),
  logged(B, LOST_3),
  stopped(P),
  config(2, '', [A, B], 2),
  config(3, '', [A], 2),
  config(4, A, [], 2),
  status(A, 'PS_SECONDARY', 'PS_PRIMARY', 4),
  ...again(1),
  ...again(2),
  proposes(A, MADE_3),
  logged(A, MADE_3, 1, 403),
  committed(A, 3, 4),
  applied(A, 3),
];
