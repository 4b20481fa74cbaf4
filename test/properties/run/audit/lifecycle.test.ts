import { describe, expect, it } from 'vitest';
import { DIR, GPID, made, P, S, Scene } from './scene.ts';

const FLAG = 'checkpoint.manual-flag' as const;

describe('replica.opened', () => {
  const REAL = 'audit/replica.opened/real-implies-claimed';
  const CLAIMED = 'audit/replica.opened/claimed-implies-real';
  function reopened(change: Partial<{ ballot: number; durable: number; applied: number; committed: number; maxPrepared: number }>): string[] {
    const s = new Scene().start();
    for (let decree = 1; decree <= 3; decree++) s.honestWrite(decree);
    s.current(P, 0, []);
    s.flush(P, 2, ['000003.sst'], [s.row(1), s.row(2)]);
    s.checkpoint(P, 2);
    s.ended(P, 2);
    s.auditor.processStopped(P, 'crash', '');
    s.auditor.processStarted(P);
    s.claim(
      P,
      { kind: 'replica.opened', gpid: GPID, fresh: false, ballot: 1, durable: 2, applied: 2, committed: 2, maxPrepared: 3, ...change },
    );
    s.task();
    return s.rules();
  }

  it('the honest claim is silent', () => {
    expect(reopened({})).toEqual([]);
  });

  it('more than the disk holds', () => {
    for (const lie of [{ durable: 3 }, { applied: 3 }, { committed: 3 }, { maxPrepared: 4 }, { ballot: 2 }]) expect(reopened(lie)).toEqual([CLAIMED]);
  });

  it('less than the disk holds', () => {
    for (const lie of [{ durable: 1 }, { applied: 1 }, { committed: 1 }, { maxPrepared: 2 }, { ballot: 0 }]) expect(reopened(lie)).toEqual([REAL]);
  });

  it('fresh over old records', () => {
    const s = new Scene().start();
    s.honestWrite(1);
    s.auditor.processStopped(P, 'crash', '');
    s.auditor.processStarted(P);
    s.openFresh(P);
    expect(s.rules()).toEqual([CLAIMED]);
  });

  it('activity without a claim', () => {
    const s = new Scene();
    s.auditor.processStarted(S);
    s.ack(1, 0);
    s.task();
    expect(s.rules()).toContain(REAL);
  });
});

describe('replica.load-failed', () => {
  const NAME = 'audit/replica.load-failed/';
  function failing(rename: boolean, claim: boolean): string[] {
    const s = new Scene().start();
    s.auditor.processStopped(P, 'crash', '');
    s.auditor.processStarted(P);
    if (rename) s.rename(P, DIR, `${DIR}.99.err`);
    if (claim) s.claim(P, { kind: 'replica.load-failed', gpid: GPID, error: 'ERR_INVALID_DATA' });
    s.task();
    return s.rules();
  }

  it('holds in both directions', () => {
    expect(failing(true, true)).toEqual([]);
    expect(failing(false, true)).toEqual([`${NAME}claimed-implies-real`]);
    expect(failing(true, false)).toEqual([`${NAME}real-implies-claimed`]);
  });
});

describe('replica.closed', () => {
  const NAME = 'audit/replica.closed/';

  it('activity after the claim, and none before', () => {
    const s = new Scene().start();
    s.claim(P, { kind: 'replica.closed', gpid: GPID });
    s.task();
    expect(s.rules()).toEqual([]);
    s.sendPrepare(made(1));
    s.task();
    expect(s.rules()).toContain(`${NAME}claimed-implies-real`);
  });

  it('opened twice, gone, or back after it was unknown, without a claim', () => {
    const s = new Scene().start();
    s.openFresh(P);
    expect(s.rules()).toEqual([`${NAME}real-implies-claimed`]);
    const t = new Scene().start();
    t.rename(P, DIR, `${DIR}.gar`);
    t.task();
    expect(t.rules()).toEqual([`${NAME}real-implies-claimed`]);
    const u = new Scene().start();
    u.ack(1, 0, 0, 1, 'ERR_OBJECT_NOT_FOUND');
    u.task();
    expect(u.rules()).toEqual([]);
    u.claimPrepared(S, 'secondary', made(1));
    u.task();
    expect(u.rules()).toContain(`${NAME}real-implies-claimed`);
  });

  it('what was prepared before the close may still be acknowledged', () => {
    const s = new Scene().start();
    const record = made(1);
    s.claimPrepared(P, 'primary', record);
    const request = s.sendPrepare(record);
    s.task();
    s.auditor.messageDelivered(P, S, 'RPC_PREPARE', 'request', GPID, 1, request, '');
    s.claimPrepared(S, 'secondary', record);
    s.task();
    s.log(S, record);
    s.task();
    s.ack(1, 0, 0, 2, 'ERR_OBJECT_NOT_FOUND');
    s.task();
    s.ack(1, 0);
    s.task();
    expect(s.rules()).toEqual([]);
  });
});

describe('checkpoint.ended', () => {
  const NAME = 'audit/checkpoint.ended/';
  function ready(): Scene {
    const s = new Scene().start();
    s.current(P, 0, []);
    s.honestWrite(1);
    s.honestWrite(2);
    s.flush(P, 2, ['000003.sst'], [s.row(1), s.row(2)]);
    return s;
  }

  it('claimed without a directory, with a broken one or with another decree inside', () => {
    const s = ready();
    s.ended(P, 2);
    expect(s.rules()).toEqual([`${NAME}claimed-implies-real`]);
    const t = ready();
    t.checkpoint(P, 3);
    t.ended(P, 3);
    expect(t.rules()).toEqual([`${NAME}claimed-implies-real`]);
    const u = ready();
    u.disk(P).files.delete(`${DIR}/data/rdb/000003.sst`);
    u.checkpoint(P, 2);
    u.ended(P, 2);
    expect(u.rules()).toEqual(['audit/checkpoint.listed/whole', `${NAME}claimed-implies-real`]);
    expect(u.events.find((e) => e.kind === 'checkpoint.listed')).toMatchObject({ decree: 2, contentDecree: -1 });
  });

  it('damage explains what cannot be read', () => {
    const s = ready();
    const run = s.bytesOf(P, `${DIR}/data/rdb/000003.sst`);
    run[12] = (run[12] ?? 0) ^ 1;
    s.auditor.diskDamaged(P, `${DIR}/data/rdb/000003.sst`);
    s.checkpoint(P, 2);
    s.ended(P, 2);
    expect(s.rules()).toEqual([]);
    expect(s.events.find((e) => e.kind === 'checkpoint.listed')).toMatchObject({ decree: 2, contentDecree: -1 });
  });

  it('made without a claim, or claimed older than it is', () => {
    const s = ready();
    s.checkpoint(P, 2);
    s.ended(P, 0, 'ERR_TRY_AGAIN');
    expect(s.rules()).toEqual([`${NAME}real-implies-claimed`]);
    const t = ready();
    t.checkpoint(P, 2);
    t.ended(P, 2);
    t.ended(P, 0);
    expect(t.rules()).toEqual([`${NAME}real-implies-claimed`]);
  });

  it('files made in place count at the end of the task', () => {
    const s = ready();
    const { files } = s.disk(P);
    for (const [path, bytes] of Array.from(files)) {
      if (!path.startsWith(`${DIR}/data/rdb/`)) continue;
      const to = path.replace('/rdb/', '/checkpoint.2/');
      files.set(to, bytes);
      s.auditor.linked(P, path, to);
    }
    s.ended(P, 2);
    s.task();
    expect(s.rules()).toEqual([]);
    expect(s.kinds().filter((kind) => kind === 'checkpoint.listed').length).toBe(1);
  });
});

describe('checkpoint.manual-flag', () => {
  const NAME = `audit/${FLAG}/`;

  it('counts what is claimed, and forgets at a process end', () => {
    const s = new Scene().start();
    s.claim(P, { kind: FLAG, gpid: GPID, set: true, serverCount: 1 });
    s.claim(P, { kind: FLAG, gpid: GPID, set: false, serverCount: 0 });
    s.claim(P, { kind: FLAG, gpid: GPID, set: true, serverCount: 1 });
    s.auditor.processStopped(P, 'crash', '');
    s.auditor.processStarted(P);
    s.openFresh(P);
    s.status(P, 'PS_SECONDARY', 2);
    s.claim(P, { kind: FLAG, gpid: GPID, set: true, serverCount: 1 });
    s.task();
    expect(s.rules()).toEqual([]);
    s.claim(P, { kind: FLAG, gpid: GPID, set: false, serverCount: 1 });
    expect(s.rules()).toEqual([`${NAME}claimed-implies-real`]);
  });

  it('a replica that leaves its role or is closed gives the flag back', () => {
    const s = new Scene().start();
    s.claim(P, { kind: FLAG, gpid: GPID, set: true, serverCount: 1 });
    s.status(P, 'PS_INACTIVE', 1, 'PS_PRIMARY');
    s.task();
    expect(s.rules()).toEqual([`${NAME}real-implies-claimed`]);
  });
});
