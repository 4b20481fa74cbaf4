import { describe, expect, it } from 'vitest';
import { CLAIMED_KINDS } from '../../../../model/events.ts';
import { rowHash } from '../../../../model/content.ts';
import { AUDITS } from '../../../../properties/run/audit/claims/index.ts';
import { EMPTY, latin, put, remove, storedKey } from './bytes.ts';
import { DIR, factOf, GPID, made, P, S, Scene, CLIENT } from './scene.ts';

const FLAG = 'checkpoint.manual-flag' as const;

describe('the table of audits', () => {
  it('has two audits with a sentence and something to look at for each claimed kind', () => {
    expect(Object.keys(AUDITS).sort()).toEqual([...CLAIMED_KINDS].sort());
    const sentences = new Set<string>();
    for (const kind of CLAIMED_KINDS) {
      for (const audit of [AUDITS[kind].claimedImpliesReal, AUDITS[kind].realImpliesClaimed]) {
        expect(audit.holds.length).toBeGreaterThan(40);
        sentences.add(audit.holds);
        expect(Object.values(audit).filter((hook) => typeof hook === 'function').length).toBeGreaterThan(0);
      }
    }
    expect(sentences.size).toBe(CLAIMED_KINDS.length * 2);
  });
});

describe('an honest run', () => {
  it('is silent and told as events', () => {
    const s = new Scene().start();
    for (let decree = 1; decree <= 3; decree++) s.honestWrite(decree);
    s.current(P, 0, []);
    s.flush(P, 3, ['000003.sst'], [s.row(1), s.row(2), s.row(3)]);
    s.checkpoint(P, 3);
    s.ended(P, 3);
    s.task();
    expect(s.rules()).toEqual([]);
    const [one] = s.events.filter((e) => e.kind === 'log.written' && e.node === P);
    expect(one).toMatchObject({ gpid: GPID, fileIndex: 1, logOffset: 76, mutation: factOf(made(1)) });
    expect(s.events.find((e) => e.kind === 'log.file-created' && e.node === P)).toMatchObject({ fileIndex: 1, startOffset: 0, previousMaxDecree: 0 });
    expect(s.events.filter((e) => e.kind === 'prepare.acked').map((e) => e.kind === 'prepare.acked' && [e.node, e.decree])).toEqual([[S, 1], [S, 2], [S, 3]]);
    expect(s.events.find((e) => e.kind === 'storage.flushed')).toMatchObject({ node: P, decree: 3 });
    let digest = 0;
    for (let d = 1; d <= 3; d++) digest = (digest + rowHash(storedKey('h', `k${d}`), `v${d}`, 0, 1_600_000_000_000_000 + d)) % 2 ** 52;
    expect(s.events.find((e) => e.kind === 'checkpoint.listed')).toMatchObject({ node: P, decree: 3, contentDecree: 3, contentDigest: digest });
    expect(s.events.filter((e) => e.kind === 'config.stored').length).toBe(1);
  });

  it('tells attempts, removals and set-aside directories', () => {
    const s = new Scene().start();
    s.honestWrite(1);
    s.auditor.messageSent(CLIENT, P, 'RPC_RRDB_RRDB_PUT', 'request', GPID, 0, { gpid: GPID, partitionHash: 0n, body: new Uint8Array(0), clientTimeoutMs: 1, commandId: 42 }, '');
    expect(s.events.at(-1)).toMatchObject({ kind: 'attempt.sent', id: 42, cluster: 'source', gpid: GPID, to: P });
    s.auditor.removed(P, `${DIR}/plog/log.1.0`);
    expect(s.events.at(-1)).toMatchObject({ kind: 'log.file-removed', node: P, fileIndex: 1 });
    expect(s.rules()).toEqual([]);
  });
});

describe('log survival', () => {
  it('a power loss is told before the process starts again', () => {
    const s = new Scene().start();
    s.honestWrite(1);
    s.honestWrite(2);
    s.auditor.processStopped(P, 'power-loss', '');
    const path = `${DIR}/plog/log.1.0`;
    s.disk(P).files.set(path, s.bytesOf(P, path).subarray(0, -5));
    s.auditor.diskDamaged(P, path);
    s.auditor.processStarted(P);
    expect(s.kinds().slice(-3)).toEqual(['process.stopped', 'log.survived', 'process.started']);
    expect(s.events.at(-2)).toMatchObject({ node: P, intact: true, records: [{ decree: 1, ballot: 1, fileIndex: 1 }] });
    s.claim(P, { kind: 'replica.opened', gpid: GPID, fresh: false, ballot: 1, durable: 0, applied: 0, committed: 0, maxPrepared: 1 });
    expect(s.rules()).toEqual([]);
  });

  it('a zero-filled tail is not intact; bit rot under a running process is told at once', () => {
    const s = new Scene().start();
    s.honestWrite(1);
    s.honestWrite(2);
    const path = `${DIR}/plog/log.1.0`;
    const bytes = s.bytesOf(P, path);
    bytes.fill(0, bytes.length - 138);
    s.auditor.diskDamaged(P, path);
    expect(s.events.at(-1)).toMatchObject({ kind: 'log.survived', intact: false, records: [{ decree: 1 }] });
    expect(s.rules()).toEqual([]);
  });

  it('a process crash owes nothing', () => {
    const s = new Scene().start();
    s.claimPrepared(P, 'primary', made(1));
    s.auditor.processStopped(P, 'crash', '');
    s.task();
    s.auditor.processStarted(P);
    expect(s.rules()).toEqual([]);
  });
});

describe('replica.prepared', () => {
  const REAL = 'audit/replica.prepared/real-implies-claimed';
  const CLAIMED = 'audit/replica.prepared/claimed-implies-real';

  it('claimed but not sent', () => {
    const s = new Scene().start();
    s.claimPrepared(P, 'primary', made(1));
    s.task();
    expect(s.rules()).toEqual([CLAIMED]);
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
    for (const lie of [made(1, 0, 1, put(storedKey('h', 'k1'), 'other')), made(1, -1), { ...made(1), timestampUs: 0 }, made(1, 0, 1, EMPTY)]) {
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

  it('a removed row is a tombstone in the flush', () => {
    const s = new Scene().start();
    s.current(P, 0, []);
    s.honestWrite(1);
    s.honestWrite(2, remove(storedKey('h', 'k1')));
    s.flush(P, 2, ['000003.sst'], [{ key: storedKey('h', 'k1') }]);
    s.task();
    expect(s.rules()).toEqual([]);
  });
});

describe('replica.status', () => {
  const REAL = 'audit/replica.status/real-implies-claimed';
  const CLAIMED = 'audit/replica.status/claimed-implies-real';
  const check = (s: Scene, node: string, ballot: number): void => {
    const config = { gpid: GPID, ballot, primary: node, status: 'PS_SECONDARY', learnerSignature: 0, popAll: false };
    s.auditor.messageSent(node, S, 'RPC_GROUP_CHECK', 'request', GPID, -1, { app: {}, config, lastCommitted: 0, confirmedDecree: -1 }, '');
  };
  const sync = (s: Scene, status: string, ballot: number): void => {
    const stored = [{ gpid: GPID, ballot, status, lastCommitted: 0, lastPrepared: 0, lastDurable: 0 }];
    s.auditor.messageSent(P, 'source/meta-0', 'RPC_CM_CONFIG_SYNC', 'request', '', -1, { node: P, stored }, '');
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
    sync(s, 'PS_SECONDARY', 1);
    s.task();
    sync(s, 'PS_PRIMARY', 1);
    expect(s.rules()).toEqual([]);
    s.task();
    sync(s, 'PS_SECONDARY', 1);
    s.task();
    sync(s, 'PS_PRIMARY', 2);
    expect(s.rules()).toEqual([CLAIMED, CLAIMED]);
  });
});

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
    s.claim(P, { kind: 'replica.opened', gpid: GPID, fresh: false, ballot: 1, durable: 2, applied: 2, committed: 2, maxPrepared: 3, ...change });
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
    u.ack(1, 0);
    u.task();
    expect(u.rules()).toEqual([`${NAME}real-implies-claimed`]);
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
    for (const [path, bytes] of [...files]) {
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

describe('what operators are told', () => {
  function told(answer: object, prepare: (s: Scene) => void = () => undefined): string[] {
    const s = new Scene().start();
    s.current(P, 0, []);
    s.honestWrite(1);
    s.honestWrite(2);
    s.flush(P, 2, ['000003.sst'], [s.row(1), s.row(2)]);
    s.checkpoint(P, 2);
    s.ended(P, 2);
    prepare(s);
    s.auditor.messageSent(P, CLIENT, 'RPC_CLI_CLI_CALL', 'reply', GPID, 0, { error: 'ERR_OK', output: JSON.stringify(answer) }, 'ERR_OK');
    return s.rules();
  }
  const set = (s: Scene): void => s.claim(P, { kind: FLAG, gpid: GPID, set: true, serverCount: 1 });

  it('durable and prepared agree with the directories', () => {
    expect(told({ error: 'ERR_OK', durable: 2, prepared: true, minDecree: 2 })).toEqual([]);
    expect(told({ error: 'ERR_OK', durable: 3, prepared: true, minDecree: 2 })).toEqual(['audit/checkpoint.ended/claimed-implies-real']);
    expect(told({ error: 'ERR_OK', durable: 2, prepared: true, minDecree: 3 })).toEqual(['audit/checkpoint.ended/claimed-implies-real']);
    expect(told({ error: 'ERR_OK', durable: 0, prepared: false, minDecree: 3 })).toEqual(['audit/checkpoint.ended/real-implies-claimed']);
    expect(told({ error: 'ERR_OK', durable: 2, prepared: false, minDecree: 2 })).toEqual(['audit/checkpoint.ended/real-implies-claimed']);
    expect(told({ error: 'ERR_INVALID_STATE', durable: 0, prepared: false, minDecree: 1 })).toEqual([]);
  });

  it('started, busy and covered agree with the flag', () => {
    expect(told({ error: 'ERR_OK', minDecree: 3, durable: 2 }, set)).toEqual([]);
    expect(told({ error: 'ERR_BUSY', minDecree: 3, durable: 2 }, set)).toEqual([]);
    expect(told({ error: 'ERR_OK', minDecree: 1, durable: 2 })).toEqual([]);
    expect(told({ error: 'ERR_OK', minDecree: 3, durable: 2 })).toEqual([`audit/${FLAG}/real-implies-claimed`]);
    expect(told({ error: 'ERR_BUSY', minDecree: 3, durable: 2 })).toEqual([`audit/${FLAG}/real-implies-claimed`]);
    expect(told({ error: 'ERR_OK', minDecree: 1, durable: 2 }, set)).toEqual([`audit/${FLAG}/claimed-implies-real`]);
  });
});

describe('a disk that held replicas before the world began', () => {
  it('is read once, and nothing is told of it', () => {
    const old = new Scene().start();
    old.honestWrite(1);
    old.honestWrite(2);
    const s = new Scene();
    for (const [path, bytes] of old.disk(P).files) s.disk(P).files.set(path, bytes);
    s.auditor.processStarted(P);
    expect(s.kinds()).toEqual(['process.started']);
    const claim = { kind: 'replica.opened', gpid: GPID, fresh: false, ballot: 1, durable: 0, applied: 1, committed: 1, maxPrepared: 2 } as const;
    s.claim(P, claim);
    expect(s.rules()).toEqual([]);
    s.claim(P, { kind: 'replica.closed', gpid: GPID });
    s.claim(P, { ...claim, maxPrepared: 1 });
    expect(s.rules()).toEqual(['audit/replica.opened/real-implies-claimed']);
  });
});

describe('messages that leave later than they were written', () => {
  it('are held against what was claimed at the moment they bear', () => {
    const s = new Scene().start();
    s.honestWrite(1);
    const record = made(2);
    const startUs = s.nowUs;
    s.nowUs = startUs + 500;
    s.claimPrepared(P, 'primary', record);
    s.nowUs = startUs + 900;
    s.claim(S, { kind: 'replica.committed', gpid: GPID, decree: 1, ballot: 1 });
    s.claim(S, { kind: 'replica.applied', gpid: GPID, decree: 1 });
    s.nowUs = startUs + 100;
    s.task();
    expect(s.violations).toEqual([]);
    s.nowUs = startUs + 500;
    s.sendPrepare(record);
    s.nowUs = startUs + 700;
    s.ack(1, 0, 0);
    s.task();
    s.nowUs = startUs + 2000;
    s.task();
    expect(s.rules()).toEqual([]);
    s.ack(1, 0, 1);
    s.ack(1, 1, 0);
    expect(s.rules()).toEqual(['audit/replica.committed/claimed-implies-real', 'audit/replica.applied/claimed-implies-real']);
  });
});

describe('bytes that are wrong by themselves', () => {
  it('a log that is written over, and a live database that cannot be read', () => {
    const s = new Scene().start();
    s.honestWrite(1);
    s.write(P, `${DIR}/plog/log.1.0`, latin('xxxx'), 10);
    expect(s.rules()).toEqual(['audit/log/append-only']);
    const t = new Scene().start();
    t.current(P, 1, ['000007.sst']);
    expect(t.rules()).toEqual(['audit/storage.flushed/whole']);
  });
});
