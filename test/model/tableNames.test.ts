/** Names of tables over time: what each rule refuses, what is accepted, and who may mean whom. */
import { describe, expect, it } from 'vitest';
import { namesakes, wasFree } from '../../model/adminAnswers.ts';
import type { Command } from '../../model/commands.ts';
import type { ModelEvent } from '../../model/events.ts';
import { next, step } from '../../model/next.ts';
import { obligations } from '../../model/obligations.ts';
import { init, type ModelState } from '../../model/state.ts';
import { bore } from '../../model/tableNames.ts';
import { A, answers, asks, B, CONFIG, config, create, done, P, started, table } from '../traces/story.ts';
import { TABLE_NAMES } from '../traces/tableNames.ts';

function after(events: readonly ModelEvent[]): ModelState {
  const state = init(CONFIG);
  for (const [i, event] of events.entries()) expect(step(state, event), `event ${i}`).toBeUndefined();
  return state;
}

describe('refusing traces', () => {
  it.each(TABLE_NAMES.map((one) => [`${one.rule}: ${one.why}`, one] as const))('%s', (_, { rule, before, event, permitted, config: own = CONFIG }) => {
    const plain = init(own);
    let state = init(own);
    for (const [i, earlier] of before.entries()) {
      expect(step(plain, earlier), `event ${i}`).toBeUndefined();
      const one = next(state, earlier);
      if ('violation' in one) throw new Error(one.violation.message);
      state = one.state;
      expect(state).toEqual(plain);
    }
    expect(step(plain, event)?.rule).toBe(rule);
    if (permitted !== undefined) expect(step(plain, permitted)).toBeUndefined();
  });
});

const rename: Command = { kind: 'renameTable', name: 't', newName: 'u' };
const S = 1_000_000;
const UP = [started(P), started(A), started(B), asks(1, create()), table(), answers(1, done())];

describe('a name', () => {
  const scene = (state: ModelState, id: number) => {
    const cluster = state.clusters['c'];
    const command = cluster?.commands[id];
    if (cluster === undefined || command === undefined) throw new Error(`no command ${id}`);
    return { state, cluster, command };
  };

  it('is neither free nor taken for certain before somebody was told of the rename', () => {
    const renamed = [...UP, asks(2, rename, S), table('AS_AVAILABLE', { name: 'u' }, S)];
    const early = after([...renamed, asks(3, create('t'), 2 * S), asks(4, create('u'), 2 * S)]);
    for (const [id, name] of [[3, 't'], [4, 'u']] as const) {
      expect(wasFree(scene(early, id), name)).toBe(true);
      expect(namesakes(scene(early, id), name)).toHaveLength(1);
    }
    const late = after([...renamed, answers(2, done(), 2 * S), asks(3, create('t'), 3 * S), asks(4, create('u'), 3 * S)]);
    expect([wasFree(scene(late, 3), 't'), namesakes(scene(late, 3), 't').length]).toEqual([true, 0]);
    expect([wasFree(scene(late, 4), 'u'), namesakes(scene(late, 4), 'u').length]).toEqual([false, 1]);
  });

  it('that a table bore is still meant by who knows it', () => {
    const state = after([...UP, asks(2, rename), table('AS_AVAILABLE', { name: 'u' })]);
    const one = state.clusters['c']?.tables[1];
    expect(one === undefined ? [] : [bore(one, 't'), bore(one, 'u'), bore(one, 'v')]).toEqual([true, true, false]);
    expect(state.clusters['c']?.byName).toEqual({ u: 1 });
  });
});

it('a table that is called back bears its name again, and its obligations begin anew', () => {
  const drop: Command = { kind: 'dropTable', name: 't' };
  const recall: Command = { kind: 'recallTable', appId: 1, newName: '' };
  const members = { gpid: '1.0', maxReplicaCount: 3, primary: '', secondaries: [], lastCommittedDecree: 0 } as const;
  const gone: ModelEvent = { kind: 'config.stored', cluster: 'c', atUs: 0, config: { ...members, ballot: 2, lastDrops: [P] } };
  const dropped = [...UP, config(0, '', []), config(1, P, []), asks(2, drop), table('AS_DROPPING'), gone, table('AS_DROPPED')];
  expect(obligations(after(dropped)).filter(({ name }) => name === 'L4 partition serves')).toEqual([]);
  const state = after([...dropped, asks(3, recall, S), table('AS_AVAILABLE', {}, 2 * S)]);
  expect(state.clusters['c']?.tables[1]).toMatchObject({ status: 'AS_AVAILABLE', name: 't', droppedAtUs: -1, recalledAtUs: 2 * S });
  expect(state.clusters['c']?.byName).toEqual({ t: 1 });
  expect(obligations(state).find(({ name }) => name === 'L4 partition serves')).toMatchObject({ gpid: '1.0', sinceUs: 2 * S });
});
