/** Stories of members that come and go, accepted from beginning to end; what the model makes of them, and what is owed. */
import { describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../model/events.ts';
import { membersOf } from '../../model/members.ts';
import { newReplica, serves, type PartitionState, type ReplicaState } from '../../model/state.ts';
import { APP, DUP_CONFIG, E, F, followerConfig, opens, ROWS } from '../traces/duplicationStory.ts';
import { after, owing } from './owed.ts';
import {
  C,
  COMES_BACK,
  DESERTED,
  DIVERGED,
  FOUR,
  FROM_CACHE,
  FROM_CHECKPOINT,
  FROM_LOG,
  gone,
  JOINS,
  LEADERLESS,
  LEARNS,
  listCut,
  M1,
  M2,
  proposes,
  ROW,
  storageReplaced,
  TAKEN_OVER,
  WRITTEN,
} from '../traces/learningStory.ts';
import { A, acked, asks, B, closed, committed, config, dismissed, fault, flushed, G, listed, logged, opened, P, prepared, putAt, started, status, survived, table } from '../traces/story.ts';

function partAfter(events: readonly ModelEvent[]): PartitionState {
  const part = after(FOUR, events).clusters['c']?.partitions[G];
  if (part === undefined) throw new Error(`no partition ${G}`);
  return part;
}

function replicaAfter(events: readonly ModelEvent[], node: string): ReplicaState {
  return partAfter(events).replicas[node] ?? newReplica(node);
}

const { names } = owing('', FOUR);

describe('a learner', () => {
  it.each([
    ['from its primary\'s memory', FROM_CACHE],
    ['from its primary\'s log', FROM_LOG],
    ['from its primary\'s checkpoint', FROM_CHECKPOINT],
  ])('learns %s, joins, and the group is whole', (_, story) => {
    const learner = replicaAfter(story, C);
    expect([learner.applied, learner.committed, learner.status]).toEqual([2, 2, 'PS_POTENTIAL_SECONDARY']);
    const part = partAfter([...story, ...JOINS]);
    expect(membersOf(part)).toEqual([P, A, C]);
    expect(serves(part)).toBe(true);
    expect(part.replicas[C]?.status).toBe('PS_SECONDARY');
  });

  it('answered from memory has its part in what is not committed: that is proposed again', () => {
    const uncommitted = [...LEARNS, prepared(P, { ...M2, ballot: 2, decree: 3, updates: M1.updates, lastCommitted: 2, timestampUs: 3000 })];
    const primary = replicaAfter([...uncommitted, ...FROM_CACHE.slice(LEARNS.length, LEARNS.length + 1)], P);
    expect([primary.reproposeNext, primary.reproposeLast]).toEqual([3, 3]);
    const ofTheLog = replicaAfter([...uncommitted, ...FROM_LOG.slice(LEARNS.length, LEARNS.length + 1)], P);
    expect(ofTheLog.reproposeNext).toBeGreaterThan(ofTheLog.reproposeLast);
  });

  it('whose list begins anew keeps what lies above, or nothing', () => {
    const received = [...FROM_CACHE.slice(0, -2), storageReplaced(C, 1, 0)];
    expect(Object.keys(replicaAfter([...received, listCut(C, 1, true)], C).entries)).toEqual(['2']);
    const empty = replicaAfter([...received, listCut(C, 1)], C);
    expect([Object.keys(empty.entries), empty.maxPrepared, empty.committed]).toEqual([[], 1, 1]);
  });

  it('that got another storage has no checkpoint of the old one, and none is promised', () => {
    const replica = replicaAfter(FROM_CHECKPOINT, C);
    expect([replica.flushed, replica.base, replica.checkpoints, replica.undurableSinceUs]).toEqual([2, 2, [], -1]);
  });

  it('has what it was taught: its log, as files of its own', () => {
    const replica = replicaAfter(FROM_LOG, C);
    expect(replica.files.map(({ index, maxDecree, records }) => [index, maxDecree, records.length])).toEqual([[1, 2, 2]]);
    // Never written again: a new file takes the next record.
    expect(replica.fileOpen).toBe(false);
  });
});

describe('a member', () => {
  it('that comes back learns what it lacks, and joins again', () => {
    const part = partAfter([
      ...COMES_BACK,
      ...JOINS.slice(0, 1),
      config(3, P, [A, B], 2),
      status(P, 'PS_INACTIVE', 'PS_PRIMARY', 3),
      status(A, 'PS_SECONDARY', 'PS_SECONDARY', 3),
      status(B, 'PS_POTENTIAL_SECONDARY', 'PS_SECONDARY', 3),
    ]);
    expect([membersOf(part), serves(part), part.replicas[B]?.applied]).toEqual([[P, A, B], true, 2]);
  });

  it('that lost what it had promised is whole once it has learned, and not before', () => {
    const hurt = [...WRITTEN, fault('power-loss', B), survived(B, [[1, 1]])];
    expect(replicaAfter(hurt, B).damaged || replicaAfter(hurt, B).lost).toBe(true);
    const removed = [...hurt, ...LEARNS.slice(WRITTEN.length, -2), gone(B, 'err'), started(B), opened(B)];
    expect(replicaAfter(removed, B).lost).toBe(true);
    const learned = [...removed, status(B, 'PS_INACTIVE', 'PS_POTENTIAL_SECONDARY', 2), storageReplaced(B, 2, ROW), listCut(B, 2)];
    const back = [...learned, ...JOINS.slice(0, 1), config(3, P, [A, B], 2), status(B, 'PS_POTENTIAL_SECONDARY', 'PS_SECONDARY', 3)];
    const { lost, damaged } = replicaAfter(back, B);
    expect([lost, damaged]).toEqual([false, false]);
  });

  it('of a dropped table loses its data', () => {
    const dropped = [...WRITTEN, asks(90, { kind: 'dropTable', name: 't' }), table('AS_DROPPING'), dismissed(2), table('AS_DROPPED')];
    expect(replicaAfter([...dropped, gone(B, 'gar')], B)).toMatchObject({ exists: false, lost: false, files: [] });
  });

  it('of a follower loses what it downloaded when another one began with a download of its own', () => {
    const downloads = [...APP, ...opens(F), ...putAt(3, 3, 'l', 'w'), flushed(P, 3), listed(P, 3, ROWS), ...opens(E, 3, ROWS)];
    const goes = [closed(E), gone(E, 'gar')];
    expect(() => after(DUP_CONFIG, [...downloads, ...goes])).toThrow('lifecycle/data-goes-for-a-reason');
    const { replicas = {} } = after(DUP_CONFIG, [...downloads, followerConfig(1, F, []), ...goes]).clusters['d']?.partitions[G] ?? {};
    expect([replicas[E]?.exists, replicas[F]?.exists]).toEqual([false, true]);
  });
});

describe('a primary that dies', () => {
  it('is removed, and a secondary takes over: it proposes again what it does not know to be committed', () => {
    const part = partAfter(TAKEN_OVER);
    expect([membersOf(part), serves(part)]).toEqual([[A, B], true]);
    const { reproposeNext, reproposeLast } = replicaAfter(TAKEN_OVER, A);
    expect([reproposeNext, reproposeLast]).toEqual([1, 2]);
    const again = { ...M1, ballot: 3 };
    const committing = [
      ...TAKEN_OVER,
      proposes(A, again, true),
      logged(A, again, 1, 400),
      prepared(B, again),
      logged(B, again, 1, 400),
      acked(B, 3, 1),
      committed(A, 1, 3),
    ];
    expect(replicaAfter(committing, A).committed).toBe(1);
  });

  it('leaves a group without a primary, which has moved once and serves nobody', () => {
    const part = partAfter(LEADERLESS);
    expect([part.moves, part.servesSinceUs, membersOf(part)]).toEqual([1, -1, ['', A, B]]);
  });

  it('is the last that a deserted group calls back, or another one that holds everything', () => {
    for (const node of [P, A, B]) expect(membersOf(partAfter([...DESERTED, config(5, node, [], 2)]))).toEqual([node]);
  });

  it('and another one that goes on without it: what only the dead ones had may be another decree', () => {
    const part = partAfter(DIVERGED);
    expect([part.committed, part.chosen[3], part.proposals[3]?.length]).toEqual([3, 4, 2]);
  });
});

describe('a group that lacks a member', () => {
  it('is owed one, as long as a server is there for it', () => {
    const shrunk = LEARNS.slice(0, -2);
    expect(names(shrunk)).toContain('L4 members return');
    expect(names([...FROM_CHECKPOINT, ...JOINS])).not.toContain('L4 members return');
    const nobody = shrunk.filter((event) => !(event.kind === 'process.started' && event.node === C));
    expect(names(nobody)).not.toContain('L4 members return');
  });
});
