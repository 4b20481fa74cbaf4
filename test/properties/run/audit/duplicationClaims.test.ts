import { describe, expect, it } from 'vitest';
import { DUP, DupScene, entryOf, honest, shipped } from './dupScene.ts';
import { GPID, P, S } from './scene.ts';

const STARTED = { claimed: 'audit/dup.started/claimed-implies-real', real: 'audit/dup.started/real-implies-claimed' };
const STOPPED = { claimed: 'audit/dup.stopped/claimed-implies-real', real: 'audit/dup.stopped/real-implies-claimed' };

describe('an honest duplicator', () => {
  it('is silent from its checkpoint to its end', () => {
    const s = honest();
    s.report([{ confirmedDecree: 3 }]);
    s.told([entryOf('DS_LOG', 3)]);
    s.task();
    s.report([]);
    s.told([entryOf('DS_PAUSE', 3)]);
    s.dup({ kind: 'dup.stopped' });
    s.task();
    s.told([entryOf('DS_LOG', 3)]);
    s.dup({ kind: 'dup.started', start: 4 });
    s.task();
    s.told([]);
    s.dup({ kind: 'dup.stopped' });
    s.task();
    expect(s.rules()).toEqual([]);
  });

  it('may begin anew behind what another primary has shipped', () => {
    const s = honest();
    s.told([entryOf('DS_LOG', 5)]);
    s.dup({ kind: 'dup.stopped' });
    s.dup({ kind: 'dup.started', start: 6 });
    s.task();
    s.report([]);
    expect(s.rules()).toEqual([]);
  });

  it('sends again what was not acknowledged, also after it was started again', () => {
    const s = honest();
    s.send([shipped(3)]);
    s.told([entryOf('DS_PAUSE', 1)]);
    s.dup({ kind: 'dup.stopped' });
    s.task();
    s.told([entryOf('DS_LOG', 1)]);
    s.dup({ kind: 'dup.started', start: 4 });
    s.task();
    s.send([shipped(3)]);
    expect(s.rules()).toEqual([]);
  });

  it('ends with its process', () => {
    const s = honest();
    s.auditor.processStopped(P, 'crash', '');
    s.auditor.processStarted(P);
    s.claim(P, { kind: 'replica.opened', gpid: GPID, fresh: false, ballot: 1, durable: 0, applied: 2, committed: 2, maxPrepared: 3 });
    s.task();
    s.told([entryOf('DS_LOG', 1)]);
    s.report([]);
    s.task();
    expect(s.rules()).toEqual([]);
  });
});

describe('dup.started', () => {
  it('claimed without having been told, or having been told another status', () => {
    for (const entries of [undefined, [], [entryOf('DS_PREPARE', -1)], [entryOf('DS_PAUSE', 1)], [entryOf('DS_LOG', 1, 78)]]) {
      const s = new DupScene().start();
      if (entries !== undefined) s.told(entries.filter((entry) => entry.dupId === DUP));
      s.dup({ kind: 'dup.started', start: entries === undefined ? 1 : 2 });
      s.task();
      expect(s.rules()).toEqual([STARTED.claimed]);
    }
  });

  it('claimed after it was told to be gone, or with no progress of this partition', () => {
    for (const last of [[], [entryOf('DS_LOG', undefined)]]) {
      const s = new DupScene().start();
      s.told([entryOf('DS_PAUSE', 1)]);
      s.task();
      s.told(last);
      s.dup({ kind: 'dup.started', start: 2 });
      s.task();
      expect(s.rules()).toEqual([STARTED.claimed]);
    }
  });

  it('claimed by a replica that is no primary, whose server is then told', () => {
    const s = new DupScene().start();
    s.told([entryOf('DS_LOG', 1)], S);
    s.claim(S, { kind: 'dup.started', gpid: GPID, dupId: DUP, start: 2 });
    s.task();
    expect(s.rules()).toEqual([STARTED.claimed]);
  });

  it('claimed at a decree that is not due', () => {
    const startAt = (start: number, confirmed: number, status: 'DS_LOG' | 'DS_APP' = 'DS_LOG', writes = 0): string[] => {
      const s = new DupScene().start();
      for (let decree = 1; decree <= writes; decree++) s.honestWrite(decree);
      s.told([entryOf(status, confirmed)]);
      s.task();
      s.violations.length = 0;
      if (status !== 'DS_LOG') s.told([entryOf('DS_LOG', confirmed)]);
      s.dup({ kind: 'dup.started', start });
      s.task();
      return s.rules();
    };
    expect(startAt(1, -1)).toEqual([STARTED.claimed]);
    expect(startAt(1, 0)).toEqual([]);
    expect(startAt(2, 0)).toEqual([STARTED.claimed]);
    expect(startAt(3, 0, 'DS_LOG', 2)).toEqual([STARTED.claimed]);
    expect(startAt(2, 1, 'DS_APP')).toEqual([]);
    expect(startAt(8, 7)).toEqual([]);
    expect(startAt(9, 7)).toEqual([STARTED.claimed]);
    expect(startAt(7, 7)).toEqual([STARTED.claimed]);
  });

  it('owed by the end of the task that is told', () => {
    const s = new DupScene().start();
    s.told([entryOf('DS_LOG', 0)]);
    s.task();
    expect(s.rules()).toEqual([STARTED.real]);
    const t = new DupScene().start();
    t.told([entryOf('DS_LOG', 0)]);
    t.status(P, 'PS_INACTIVE', 1, 'PS_PRIMARY');
    t.task();
    expect(t.rules()).toEqual([]);
  });

  it('missing when something is sent: nothing was told, not yet started, or of another table', () => {
    const s = new DupScene().start();
    s.send([shipped(1)]);
    expect(s.rules()).toEqual([STARTED.real]);
    const t = new DupScene().start();
    t.told([entryOf('DS_APP', 1)]);
    t.send([shipped(1)]);
    expect(t.rules()).toEqual([STARTED.real]);
    const u = new DupScene().shipping(1);
    u.storeTable('follower', 6, 'g');
    u.send([shipped(1)]);
    expect(u.rules()).toEqual([]);
    u.send([shipped(1)], u.nowUs, '6.0');
    expect(u.rules()).toEqual([STARTED.real]);
    // To a partition of another index it is still the one that has read what is sent: the model says that it is sent astray.
    u.send([shipped(1)], u.nowUs, '5.1');
    expect(u.rules()).toEqual([STARTED.real]);
  });

  it('of two duplications to one cluster the one with that table sends', () => {
    const s = new DupScene().start();
    s.storeTable('follower', 6, 'g');
    s.told([entryOf('DS_LOG', 0), entryOf('DS_PAUSE', -1, 78, 'g')]);
    s.dup({ kind: 'dup.started', start: 1 });
    s.task();
    s.send([shipped(1)]);
    expect(s.rules()).toEqual([]);
    s.send([shipped(1)], s.nowUs, '6.0');
    expect(s.rules()).toEqual([STARTED.real]);
  });

  it('a remote table without a name of its own has that of the source', () => {
    const s = new DupScene().start();
    s.storeTable('follower', 6, 't');
    s.told([entryOf('DS_LOG', 0, DUP, '')]);
    s.dup({ kind: 'dup.started', start: 1 });
    s.task();
    s.send([shipped(1)], s.nowUs, '6.0');
    expect(s.rules()).toEqual([]);
    s.send([shipped(1)]);
    expect(s.rules()).toEqual([STARTED.real]);
  });
});

describe('dup.stopped', () => {
  it('claimed of what was never started, or twice', () => {
    const s = new DupScene().start();
    s.told([entryOf('DS_PAUSE', 1)]);
    s.dup({ kind: 'dup.stopped' });
    expect(s.rules()).toEqual([STOPPED.claimed]);
    const t = new DupScene().shipping(0);
    t.dup({ kind: 'dup.stopped' });
    t.dup({ kind: 'dup.stopped' });
    expect(t.rules()).toEqual([STOPPED.claimed]);
  });

  it('and something is written afterwards; what was written before may leave later', () => {
    const s = new DupScene().shipping(1);
    s.told([entryOf('DS_PAUSE', -1)]);
    s.dup({ kind: 'dup.stopped' });
    const writtenUs = s.nowUs - 5;
    s.task();
    s.send([shipped(1)], writtenUs);
    expect(s.rules()).toEqual([]);
    s.send([shipped(1)]);
    expect(s.rules()).toEqual([STOPPED.claimed]);
  });

  it('also when the duplication is gone', () => {
    const s = new DupScene().shipping(1);
    s.told([]);
    s.dup({ kind: 'dup.stopped' });
    s.task();
    s.send([shipped(1)]);
    expect(s.rules()).toEqual([STOPPED.claimed]);
  });

  it('owed by the end of the task that is told of another status, of absence, or of none of this partition', () => {
    const told = [
      [entryOf('DS_PAUSE', 1)],
      [entryOf('DS_APP', 1)],
      [],
      [entryOf('DS_LOG', 1, 78)],
      [entryOf('DS_LOG', undefined)],
    ];
    for (const entries of told) {
      const s = new DupScene().shipping(0);
      s.told(entries.filter((entry) => entry.dupId === DUP));
      s.task();
      expect(s.rules()).toEqual([STOPPED.real]);
    }
  });

  it('owed when the sync finds the replica in another role', () => {
    const s = new DupScene().shipping(0);
    s.status(P, 'PS_INACTIVE', 1, 'PS_PRIMARY');
    s.task();
    expect(s.rules()).toEqual([]);
    s.told([entryOf('DS_LOG', 0)]);
    s.task();
    expect(s.rules()).toEqual([STOPPED.real]);
  });

  it('owed when more is stored than was shipped, and before it is started again', () => {
    const s = new DupScene().shipping(0);
    s.told([entryOf('DS_LOG', 4)]);
    s.task();
    expect(s.rules()).toEqual([STARTED.real, STOPPED.real]);
    const t = new DupScene().shipping(0);
    t.told([entryOf('DS_LOG', 4)]);
    t.dup({ kind: 'dup.started', start: 5 });
    t.task();
    expect(t.rules()).toEqual([STOPPED.real]);
  });

  it('owed when another duplication has the id', () => {
    const other = { ...entryOf('DS_LOG', 0), createTsMs: 1_600_000_000_001 };
    const s = new DupScene().shipping(2);
    s.ship(1, 2);
    s.told([other]);
    s.dup({ kind: 'dup.stopped' });
    s.dup({ kind: 'dup.started', start: 1 });
    s.task();
    s.report([]);
    expect(s.rules()).toEqual([]);
    const t = new DupScene().shipping(2);
    t.told([other]);
    t.task();
    expect(t.rules()).toEqual([STARTED.real, STOPPED.real]);
  });

  it('owed before the replica is closed', () => {
    const s = new DupScene().shipping(0);
    s.claim(P, { kind: 'replica.closed', gpid: GPID });
    s.task();
    expect(s.rules()).toEqual([STOPPED.real]);
    const t = new DupScene().shipping(0);
    t.dup({ kind: 'dup.stopped' });
    t.claim(P, { kind: 'replica.closed', gpid: GPID });
    t.task();
    expect(t.rules()).toEqual([]);
  });
});
