/** Content with ingestions: by steps and computed anew, by drafts, copies and in place; and who owes what meanwhile. */
import { expect, it } from 'vitest';
import { contentAt, NO_CONTENT, rowsAt } from '../../model/content.ts';
import { awaitsFiles, hasUnknownRows, ingestedKeys, tableHasUnknownRows } from '../../model/ingestions.ts';
import type { ModelEvent } from '../../model/events.ts';
import { next, nextAll, step } from '../../model/next.ts';
import { obligations } from '../../model/obligations.ts';
import { init, type ModelState, type PartitionState } from '../../model/state.ts';
import {
  ALLOWING,
  BEHIND,
  BEHIND_ALL,
  committedOf,
  EVERYWHERE,
  FIRST,
  follows,
  GARBAGE,
  INGEST,
  ingests,
  LOAD,
  loadOf,
  NAMELESS,
  PENDING,
  PROVIDED,
  removedFile,
  SECOND,
  sent,
  toldBack,
  WITH,
  WITHOUT,
} from '../traces/loadStory.ts';
import {
  A,
  asks,
  CONFIG,
  flushed,
  G,
  key,
  listed,
  mutation,
  P,
  putAt,
  REMOVE,
  remove,
  tries,
  write,
} from '../traces/story.ts';

function after(events: readonly ModelEvent[]): ModelState {
  const state = init(CONFIG);
  for (const event of events) expect(step(state, event)?.message).toBeUndefined();
  return state;
}

/** What a step of an ingestion may change, as it stands. */
function known(state: ModelState | undefined): unknown {
  const part = state?.clusters['c']?.partitions[G];
  return { providers: state?.providers, runs: state?.runs, sent: part?.ingestionsSent, all: part?.ingestions };
}

function partOf(state: ModelState): PartitionState {
  const part = state.clusters['c']?.partitions[G];
  if (part === undefined) throw new Error('no partition');
  return part;
}

const BEHIND_IT = [
  ...ALLOWING,
  ...write(mutation(1, 1)),
  ...putAt(2, 2, 'k', 'v'),
  ...PROVIDED,
  sent(BEHIND_ALL),
  ...write(mutation(1, 3, [INGEST(BEHIND_ALL)])),
];
const OVER = [
  ...PENDING,
  toldBack(),
  ingests(P),
  flushed(P, 3),
  asks(8, remove('l')),
  tries(8),
  ...write(mutation(1, 4, [REMOVE('l')])),
];

it.each([
  ['over everything', [...EVERYWHERE, toldBack(), removedFile(FIRST), listedAll()].flat()],
  ['behind everything', [...BEHIND_IT, ingests(P), flushed(P, 3), listed(P, 3, BEHIND)]],
  ['with a removal above', OVER],
  ['of bad files', committedOf(loadOf([FIRST, GARBAGE]))],
  ['of unknown files', [...committedOf(loadOf([FIRST, NAMELESS])), ingests(P, 3, [FIRST, SECOND])]],
])('drafts, copies and steps agree, and so does what is computed anew: %s', (_, events) => {
  let drafted = init(CONFIG);
  let copied: ModelState | undefined = init(CONFIG);
  const plain = init(CONFIG);
  for (const event of events) {
    const earlier = known(copied);
    const before = structuredClone(earlier);
    const one = next(drafted, event);
    if ('violation' in one) throw new Error(one.violation.message);
    drafted = one.state;
    copied = nextAll(copied ?? plain, [event]);
    expect(earlier).toEqual(before);
    expect(step(plain, event)).toBeUndefined();
    expect(drafted).toEqual(plain);
    expect(copied).toEqual(plain);
  }
  const part = partOf(plain);
  expect(rowsAt(part, part.committed)).toEqual(part.rows);
});

function listedAll(): readonly ModelEvent[] {
  return [P, A].flatMap((node) => [flushed(node, 3), listed(node, 3, WITH)]);
}

it('a decree has the rows of its files from then on, and none before', () => {
  const part = partOf(after(OVER));
  expect(part.digests.slice(2, 4)).toEqual([WITHOUT, WITH]);
  expect(Object.keys(rowsAt(part, 2))).toEqual([key('k')]);
  expect(rowsAt(part, 3)[key('k')]?.value).toBe('new');
  expect(Object.keys(contentAt(part, 4).removals)).toEqual([key('l')]);
  expect(Object.keys(part.rows).sort()).toEqual([key('k'), key('m')]);
  expect(after(OVER).clusters['c']?.tables[1]?.home[key('m')]).toBe(G);
});

it('files that nobody can judge leave the content unknown', () => {
  const state = after(committedOf(loadOf([FIRST, NAMELESS])));
  expect(partOf(state).digests[3]).toBe(NO_CONTENT);
  expect([2, 3].map((decree) => hasUnknownRows(partOf(state), decree))).toEqual([false, true]);
  const tables = [state, after(EVERYWHERE)].map(({ clusters: { c } }) => c !== undefined && tableHasUnknownRows(c, 1));
  expect(tables).toEqual([true, false]);
});

it('a file of another size than its metadata says is nobody\'s', () => {
  expect(partOf(after(committedOf(loadOf([{ ...FIRST, sizeBytes: 99 }])))).ingestions[3]?.brings).toBe('unknown');
  expect(partOf(after(committedOf(loadOf([])))).ingestions[3]?.brings).toBe('nothing');
  expect(partOf(after(committedOf(LOAD))).ingestions[3]?.brings).toBe('rows');
});

it('who waits for files owes no checkpoint until they are in', () => {
  const durable = (state: ModelState, node: string): boolean =>
    obligations(state).some(({ name, key: about }) => name === 'L4 durable follows' && about === `${G} at ${node}`);
  const waiting = after([...PENDING, ...follows(A)]);
  const part = partOf(waiting);
  const [p, a] = [part.replicas[P], part.replicas[A]];
  expect([p, a].map((replica) => replica !== undefined && awaitsFiles(part, replica))).toEqual([true, true]);
  expect([durable(waiting, P), durable(waiting, A)]).toEqual([false, false]);
  const one = after([...PENDING, ...follows(A), ingests(A)]);
  expect([durable(one, P), durable(one, A)]).toEqual([false, true]);
});

it('keys of an ingestion are those behind a decree only', () => {
  const part = partOf(after(EVERYWHERE));
  expect([...ingestedKeys(part, 2)].sort()).toEqual([key('k'), key('l'), key('m')]);
  expect(ingestedKeys(part, 3).size).toBe(0);
});
