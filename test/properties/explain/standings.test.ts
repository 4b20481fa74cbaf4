/** What does not move: only what is about the obligation's own matter counts. */
import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../../model/events.ts';
import type { Obligation } from '../../../model/obligations.ts';
import type { Scope } from '../../../properties/explain/scope.ts';
import { standingsOf } from '../../../properties/explain/standings.ts';

const OBLIGATION: Obligation = {
  name: 'dup L2 drained',
  property: 'L2',
  key: '1.0 of duplication 7',
  cluster: 'source',
  gpid: '1.0',
  node: '',
  sentence: 'every committed write reaches the follower',
  sinceUs: 0,
  boundUs: 1000,
  boundText: '1 x work',
};

function scope(over: Partial<Scope>): Scope {
  const places = new Map([['source', { tables: new Set(['t1']), appIds: new Set([1]), gpids: new Set(['1.0']), present: ['t1', 't2'] }]]);
  return { obligation: OBLIGATION, subject: 'dup', places, nodes: ['source/replica-0'], hashes: new Set(), dupId: 7, ...over };
}

const shipped = (atUs: number, dupId: number, last: number, gpid = '1.0'): ModelEvent => ({ kind: 'dup.shipped', atUs, node: 'source/replica-0', gpid, dupId, last });
const flushed = (atUs: number, node: string): ModelEvent => ({ kind: 'storage.flushed', atUs, node, gpid: '1.0', decree: atUs });

describe('standings', () => {
  it('are of the own duplication and the own partition, the newest word of each kind, with how often it came again', () => {
    const events = [shipped(1, 7, 1), shipped(2, 7, 3), shipped(3, 7, 3), shipped(4, 8, 5), shipped(5, 7, 6, '2.0')];
    expect(standingsOf(events, scope({}))).toEqual([{ kind: 'dup.shipped', text: 'source/replica-0 1.0: duplication 7 has shipped up to 3', sinceUs: 2, again: 1 }]);
  });

  it("are one member's where the debt is one member's", () => {
    const own = scope({ subject: 'storage', obligation: { ...OBLIGATION, node: 'source/replica-1' }, dupId: -1 });
    const texts = standingsOf([flushed(1, 'source/replica-1'), flushed(2, 'source/replica-0')], own).map(({ text }) => text);
    expect(texts).toEqual(['source/replica-1 1.0: flushed up to 1']);
  });

  it('say what never was: a pipeline that began and shipped nothing', () => {
    const started: ModelEvent = { kind: 'dup.started', atUs: 1, node: 'source/replica-0', gpid: '1.0', dupId: 7, start: 2 };
    expect(standingsOf([started], scope({})).map(({ text }) => text)).toEqual(['nothing of 1.0 of duplication 7 was ever shipped', 'source/replica-0 1.0: duplication 7 ships from decree 2 on']);
  });
});
