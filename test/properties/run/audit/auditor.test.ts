import { describe, expect, it } from 'vitest';
import { CLAIMED_KINDS } from '../../../../model/events.ts';
import { rowHash } from '../../../../model/content.ts';
import { AUDITS } from '../../../../properties/run/audit/claims/index.ts';
import { latin, storedKey } from './bytes.ts';
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
    expect(s.events.find((e) => e.kind === 'log.file-created' && e.node === P)).toMatchObject(
      { fileIndex: 1, startOffset: 0, previousMaxDecree: 0 },
    );
    expect(
      s.events.filter((e) => e.kind === 'prepare.acked').map((e) => e.kind === 'prepare.acked' && [e.node, e.decree]),
    ).toEqual([[S, 1], [S, 2], [S, 3]]);
    expect(s.events.find((e) => e.kind === 'storage.flushed')).toMatchObject({ node: P, decree: 3 });
    let digest = 0;
    for (let d = 1; d <= 3; d++) digest = (
      digest + rowHash(storedKey('h', `k${d}`), `v${d}`, 0, 1_600_000_000_000_000 + d)
    ) % 2 ** 52;
    expect(s.events.find((e) => e.kind === 'checkpoint.listed')).toMatchObject(
      { node: P, decree: 3, contentDecree: 3, contentDigest: digest },
    );
    expect(s.events.filter((e) => e.kind === 'config.stored').length).toBe(1);
  });

  it('tells attempts, removals and set-aside directories', () => {
    const s = new Scene().start();
    s.honestWrite(1);
    s.auditor.messageSent(
      CLIENT,
      P,
      'RPC_RRDB_RRDB_PUT',
      'request',
      GPID,
      0,
      { gpid: GPID, partitionHash: 0n, body: new Uint8Array(0), clientTimeoutMs: 1, commandId: 42 },
      '',
      s.nowUs,
    );
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
    expect(s.events.at(-2)).toMatchObject({ node: P, intact: true, files: [1], records: [{ decree: 1, ballot: 1, fileIndex: 1 }] });
    s.claim(
      P,
      { kind: 'replica.opened', gpid: GPID, fresh: false, ballot: 1, durable: 0, applied: 0, committed: 0, maxPrepared: 1 },
    );
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
    s.auditor.messageSent(
      P,
      CLIENT,
      'RPC_CLI_CLI_CALL',
      'reply',
      GPID,
      0,
      { error: 'ERR_OK', output: JSON.stringify(answer) },
      'ERR_OK',
      s.nowUs,
    );
    return s.rules();
  }
  const set = (s: Scene): void => s.claim(P, { kind: FLAG, gpid: GPID, set: true, serverCount: 1 });

  it('durable and prepared agree with the directories', () => {
    expect(told({ error: 'ERR_OK', durable: 2, prepared: true, minDecree: 2 })).toEqual([]);
    expect(told({ error: 'ERR_OK', durable: 3, prepared: true, minDecree: 2 })).toEqual(
      ['audit/checkpoint.ended/claimed-implies-real'],
    );
    expect(told({ error: 'ERR_OK', durable: 2, prepared: true, minDecree: 3 })).toEqual(
      ['audit/checkpoint.ended/claimed-implies-real'],
    );
    expect(told({ error: 'ERR_OK', durable: 0, prepared: false, minDecree: 3 })).toEqual(
      ['audit/checkpoint.ended/real-implies-claimed'],
    );
    expect(told({ error: 'ERR_OK', durable: 2, prepared: false, minDecree: 2 })).toEqual(
      ['audit/checkpoint.ended/real-implies-claimed'],
    );
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
    const claim = {
      kind: 'replica.opened',
      gpid: GPID,
      fresh: false,
      ballot: 1,
      durable: 0,
      applied: 1,
      committed: 1,
      maxPrepared: 2,
    } as const;
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
    expect(s.rules()).toEqual(
      ['audit/replica.committed/claimed-implies-real', 'audit/replica.applied/claimed-implies-real'],
    );
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
