import { describe, expect, it } from 'vitest';
import { EMPTY, put, remove, storedKey, type MadeRow } from './bytes.ts';
import { GPID, made, P, S, Scene } from './scene.ts';

describe('replica.prepared', () => {
  const REAL = 'audit/replica.prepared/real-implies-claimed';
  const CLAIMED = 'audit/replica.prepared/claimed-implies-real';

  it('claimed but not sent', () => {
    const s = new Scene().start();
    s.claimPrepared(P, 'primary', made(1));
    s.task();
    expect(s.rules()).toEqual([CLAIMED]);
  });

  it('a pause between claim and sending puts off what is due, by its length', () => {
    for (const sent of [true, false]) {
      const s = new Scene().start();
      s.nowUs = 1000;
      s.claimPrepared(P, 'primary', made(1));
      s.nowUs = 900;
      s.auditor.processPaused(S, 9000);
      s.auditor.processPaused(P, 500);
      s.nowUs = 1450;
      s.task();
      expect(s.violations).toEqual([]);
      s.nowUs = 1500;
      if (sent) s.sendPrepare(made(1));
      s.task();
      expect(s.violations.map((v) => v.rule)).toEqual(sent ? [] : [CLAIMED]);
    }
  });

  it('a pause after the moment of the claim puts off nothing', () => {
    const s = new Scene().start();
    s.claimPrepared(P, 'primary', made(1));
    s.auditor.processPaused(P, 500);
    s.task();
    expect(s.violations.map((v) => v.rule)).toEqual([CLAIMED]);
  });

  it('sent but not claimed; the claim may follow in the same task', () => {
    const s = new Scene().start();
    s.sendPrepare(made(1));
    s.claimPrepared(P, 'primary', made(1));
    s.task();
    expect(s.rules()).toEqual([]);
    s.sendPrepare(made(2, 0));
    s.task();
    expect(s.rules()).toEqual([REAL]);
  });

  it('sent with another content, commit point or timestamp than claimed', () => {
    const other = made(1, 0, 1, put(storedKey('h', 'k1'), 'other'));
    for (const lie of [other, made(1, -1), { ...made(1), timestampUs: 0 }, made(1, 0, 1, EMPTY)]) {
      const s = new Scene().start();
      s.claimPrepared(P, 'primary', made(1));
      s.sendPrepare(lie);
      expect(s.rules()).toEqual([REAL]);
    }
  });

  it('logged but not claimed, or with another content', () => {
    const s = new Scene().start();
    s.log(P, made(1));
    s.task();
    expect(s.rules()).toEqual([REAL]);
    const t = new Scene().start();
    t.claimPrepared(P, 'primary', made(1));
    t.sendPrepare(made(1));
    t.log(P, made(1, 0, 1, remove(storedKey('h', 'k1'))));
    expect(t.rules()).toEqual([CLAIMED]);
  });

  it('claimed but passed over by the log', () => {
    const s = new Scene().start();
    for (const record of [made(1), made(2, 0)]) {
      s.claimPrepared(P, 'primary', record);
      s.sendPrepare(record);
    }
    s.log(P, made(2, 0));
    expect(s.rules()).toEqual([CLAIMED]);
  });

  it('a secondary claims what never came', () => {
    const s = new Scene().start();
    s.claimPrepared(S, 'secondary', made(1));
    expect(s.rules()).toEqual([CLAIMED]);
  });
});

describe('replica.committed', () => {
  const NAME = 'audit/replica.committed/';

  it('claimed more than told, told more than claimed', () => {
    const s = new Scene().start();
    s.honestWrite(1);
    s.claim(S, { kind: 'replica.committed', gpid: GPID, decree: 1, ballot: 1 });
    s.claim(S, { kind: 'replica.applied', gpid: GPID, decree: 1 });
    s.task();
    s.ack(1, 0, 1);
    expect(s.rules()).toEqual([`${NAME}claimed-implies-real`]);
    const t = new Scene().start();
    t.honestWrite(1);
    t.ack(1, 1, 0);
    t.task();
    expect(t.rules()).toEqual([`${NAME}real-implies-claimed`]);
  });

  it('a prepare header below and above the claimed commit point', () => {
    for (const [lastCommitted, direction] of [[0, 'claimed-implies-real'], [2, 'real-implies-claimed']] as const) {
      const s = new Scene().start();
      s.honestWrite(1);
      const record = made(2, lastCommitted);
      s.claimPrepared(P, 'primary', record);
      s.sendPrepare(record);
      s.task();
      expect(s.rules()).toEqual([NAME + direction]);
    }
  });

  it('a skipped decree', () => {
    const s = new Scene().start();
    s.claim(P, { kind: 'replica.committed', gpid: GPID, decree: 2, ballot: 1 });
    expect(s.rules()).toEqual([`${NAME}real-implies-claimed`]);
  });
});

describe('replica.applied', () => {
  const NAME = 'audit/replica.applied/';

  it('claimed more than told, told more than claimed', () => {
    const s = new Scene().start();
    s.honestWrite(1);
    s.claim(S, { kind: 'replica.committed', gpid: GPID, decree: 1, ballot: 1 });
    s.claim(S, { kind: 'replica.applied', gpid: GPID, decree: 1 });
    s.task();
    s.ack(1, 1, 0);
    expect(s.rules()).toEqual([`${NAME}claimed-implies-real`]);
    const t = new Scene().start();
    t.honestWrite(1);
    t.answerWrite(2);
    t.task();
    expect(t.rules()).toEqual([`${NAME}real-implies-claimed`]);
  });

  it('a flush that misses, changes or invents a row, or goes beyond what was applied', () => {
    const flushOf = (rows: (s: Scene) => Parameters<Scene['flush']>[3], decree = 2): string[] => {
      const s = new Scene().start();
      s.current(P, 0, []);
      s.honestWrite(1);
      s.honestWrite(2);
      s.flush(P, decree, ['000003.sst'], rows(s));
      s.task();
      return s.rules();
    };
    expect(flushOf((s) => [s.row(1), s.row(2)])).toEqual([]);
    expect(flushOf((s) => [s.row(1)])).toEqual([`${NAME}claimed-implies-real`]);
    expect(flushOf((s) => [s.row(1), { ...s.row(2), timestampUs: 0 }])).toEqual([`${NAME}claimed-implies-real`]);
    expect(flushOf((s) => [s.row(1), { key: s.row(2).key }])).toEqual([`${NAME}claimed-implies-real`]);
    expect(flushOf((s) => [s.row(1), s.row(2), s.row(3)])).toEqual([`${NAME}real-implies-claimed`]);
    expect(flushOf((s) => [s.row(1), s.row(2)], 1)).toEqual([`${NAME}real-implies-claimed`]);
    expect(flushOf((s) => [s.row(1), s.row(2)], 3)).toEqual([`${NAME}real-implies-claimed`]);
  });

  it('a removed row leaves its time and the mark in the flush', () => {
    const flushOf = (row: (s: Scene) => MadeRow): string[] => {
      const s = new Scene().start();
      s.current(P, 0, []);
      s.honestWrite(1);
      s.honestWrite(2, remove(storedKey('h', 'k1')));
      s.flush(P, 2, ['000003.sst'], [row(s)]);
      s.task();
      return s.rules();
    };
    const removed = (s: Scene): MadeRow => ({ key: storedKey('h', 'k1'), value: '', timestampUs: s.row(2).timestampUs ?? 0, tagLow: 3 });
    expect(flushOf(removed)).toEqual([]);
    for (const lie of [{ tagLow: 2 }, { timestampUs: 1 }]) expect(flushOf((s) => ({ ...removed(s), ...lie }))).toEqual([`${NAME}claimed-implies-real`]);
    expect(flushOf(({ row }) => ({ key: row(1).key }))).toEqual([`${NAME}claimed-implies-real`]);
  });
});

describe('replica.status', () => {
  const REAL = 'audit/replica.status/real-implies-claimed';
  const CLAIMED = 'audit/replica.status/claimed-implies-real';
  const check = (s: Scene, node: string, ballot: number): void => {
    const config = { gpid: GPID, ballot, primary: node, status: 'PS_SECONDARY', learnerSignature: 0, popAll: false };
    s.auditor.messageSent(
      node,
      S,
      'RPC_GROUP_CHECK',
      'request',
      GPID,
      -1,
      { app: {}, config, lastCommitted: 0, confirmedDecree: -1 },
      '',
      s.nowUs,
    );
  };
  const sync = (s: Scene, status: string, ballot: number, writtenUs = s.nowUs): void => {
    const stored = [{ gpid: GPID, ballot, status, lastCommitted: 0, lastPrepared: 0, lastDurable: 0 }];
    const body = { node: P, stored };
    s.auditor.messageSent(P, 'source/meta-0', 'RPC_CM_CONFIG_SYNC', 'request', '', -1, body, '', writtenUs);
  };

  it('a group check from a replica that is not claimed primary; the claim may follow in the task', () => {
    const s = new Scene().start();
    check(s, S, 1);
    s.task();
    expect(s.rules()).toEqual([REAL]);
    const t = new Scene().start();
    t.initInfo(S, 2);
    check(t, S, 2);
    t.status(S, 'PS_PRIMARY', 2, 'PS_SECONDARY');
    t.task();
    expect(t.rules()).toEqual([]);
  });

  it('an acknowledgement or an accepted write in the wrong role', () => {
    const s = new Scene().start();
    s.status(S, 'PS_INACTIVE', 1, 'PS_SECONDARY');
    s.task();
    s.ack(1, 0);
    s.task();
    expect(s.rules()).toEqual([REAL]);
    const t = new Scene().start();
    t.status(P, 'PS_INACTIVE', 1, 'PS_PRIMARY');
    t.task();
    t.answerWrite(0);
    t.task();
    expect(t.rules()).toEqual([REAL]);
  });

  it('a ballot that is claimed and not persisted, or persisted and not claimed; a disk fault excuses the first', () => {
    const s = new Scene().start();
    s.status(P, 'PS_PRIMARY', 2, 'PS_PRIMARY', false);
    s.task();
    expect(s.rules()).toEqual([CLAIMED]);
    const t = new Scene().start();
    t.initInfo(P, 2);
    t.task();
    expect(t.rules()).toEqual([REAL]);
    const u = new Scene().start();
    u.auditor.faultStruck('disk.write-error', P, GPID, '');
    u.status(P, 'PS_PRIMARY', 2, 'PS_PRIMARY', false);
    u.task();
    expect(u.rules()).toEqual([]);
  });

  it('a role reported to the meta server that is not the claimed one', () => {
    const s = new Scene().start();
    // Written before the role was claimed.
    sync(s, 'PS_SECONDARY', 1, 0);
    s.task();
    sync(s, 'PS_PRIMARY', 1);
    expect(s.rules()).toEqual([]);
    s.task();
    sync(s, 'PS_SECONDARY', 1);
    s.task();
    sync(s, 'PS_PRIMARY', 2);
    expect(s.rules()).toEqual([CLAIMED, CLAIMED]);
  });

  it('a list that leaves after a claim but was written before it tells of the role before', () => {
    const s = new Scene().start();
    s.task();
    const writtenUs = s.nowUs;
    s.task();
    s.status(P, 'PS_ERROR', 1, 'PS_PRIMARY');
    s.task();
    sync(s, 'PS_PRIMARY', 1, writtenUs);
    sync(s, 'PS_PRIMARY', 1, s.nowUs);
    expect(s.rules()).toEqual([CLAIMED]);
  });
});
