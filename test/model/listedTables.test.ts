/** Which changes of a table a list must show: those that came before the one that an answered command asked for, and that one. */
import { expect, it } from 'vitest';
import type { Command, TableFact } from '../../model/commands.ts';
import type { ModelEvent } from '../../model/events.ts';
import { step } from '../../model/next.ts';
import { init } from '../../model/state.ts';
import { A, answers, asks, B, CONFIG, create, done, P, started, table } from '../traces/story.ts';

const CREATED = [started(P), started(A), started(B), asks(1, create()), table()];
const KEY = 'rocksdb.checkpoint.reserve_min_count';
const setEnvs = (value: string): Command => ({ kind: 'setEnvs', name: 't', envs: { [KEY]: value } });
const stored = (value: string): ModelEvent => table('AS_AVAILABLE', { envs: { [KEY]: value } });

/** What is said to a list that shows the table with these envs, asked for after the events. */
function verdict(before: readonly ModelEvent[], envs: Readonly<Record<string, string>>): string | undefined {
  const state = init(CONFIG);
  for (const event of [...before, asks(9, { kind: 'listTables' })]) {
    const violation = step(state, event);
    if (violation !== undefined) throw new Error(violation.message);
  }
  const fact: TableFact = { appId: 1, name: 't', status: 'AS_AVAILABLE', partitionCount: 1, maxReplicaCount: 3, envs };
  return step(state, answers(9, { kind: 'tables', error: 'ERR_OK', tables: [fact] }))?.rule;
}

it('the answer of a creation says nothing of envs that were stored meanwhile', () => {
  const before = [...CREATED, asks(2, setEnvs('3')), stored('3'), answers(1, done())];
  expect(verdict(before, {})).toBeUndefined();
  expect(verdict(before, { [KEY]: '3' })).toBeUndefined();
  expect(verdict([...before, answers(2, done())], { [KEY]: '3' })).toBeUndefined();
  expect(verdict([...before, answers(2, done())], {})).toBe('answers/list-tables');
});

it('nor does an earlier change of envs that is answered after a later one is stored', () => {
  const both = [...CREATED, answers(1, done()), asks(2, setEnvs('3')), asks(3, setEnvs('4')), stored('3'), stored('4')];
  expect(verdict([...both, answers(2, done())], { [KEY]: '3' })).toBeUndefined();
  expect(verdict([...both, answers(2, done()), answers(3, done())], { [KEY]: '3' })).toBe('answers/list-tables');
  expect(verdict([...both, answers(3, done())], { [KEY]: '4' })).toBeUndefined();
});
