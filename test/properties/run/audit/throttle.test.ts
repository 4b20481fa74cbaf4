/** The audits of `throttle.verdict`, and the facts of throttling that the auditor tells (thr 3, 5, 6). */
import { describe, expect, it } from 'vitest';
import type { ClientRequest, ConfigSyncResponse, ReadResponse, RpcCode } from '../../../../impl/protocol/messages.ts';
import { encodeKey, storedKey } from '../../../../impl/protocol/rrdb.ts';
import type { ModelEvent } from '../../../../model/events.ts';
import type { ErrorCode } from '../../../../model/vocabulary.ts';
import { CLIENT, GPID, META, P, Scene } from './scene.ts';

const WRITES = 'replica.write_throttling';
const CLAIMED = 'audit/throttle.verdict/claimed-implies-real';
const REAL = 'audit/throttle.verdict/real-implies-claimed';

class Throttled extends Scene {
  private commands = 0;

  /** The server's configuration sync is answered. */
  told(envs: Readonly<Record<string, string>>, ballot = 1): this {
    const config = { gpid: GPID, ballot, maxReplicaCount: 1, primary: P, secondaries: [], lastDrops: [], lastCommittedDecree: 0 };
    const app = { appId: 2, appName: 't', appType: 'pegasus', partitionCount: 1, maxReplicaCount: 1, status: 'AS_AVAILABLE', envs, duplicating: false } as const;
    const body: ConfigSyncResponse = { error: 'ERR_OK', partitions: [{ app, config }], gcReplicas: [] };
    this.auditor.messageDelivered(META, P, 'RPC_CM_CONFIG_SYNC', 'reply', '', -1, body, '');
    return this;
  }

  /** A task that handles a request of a client begins. */
  comes(code: RpcCode = 'RPC_RRDB_RRDB_PUT', body = encodeKey(storedKey('h', 's'))): ClientRequest {
    this.task();
    const request: ClientRequest = { gpid: GPID, partitionHash: 0n, body, clientTimeoutMs: 1000, commandId: ++this.commands };
    this.auditor.messageDelivered(CLIENT, P, code, 'request', GPID, 0, request, '');
    return request;
  }

  says(verdict: 'DELAY' | 'REJECT', waitMs: number, of: 'write' | 'read' = 'write', by: 'units' | 'size' = 'units'): void {
    this.claim(P, { kind: 'throttle.verdict', gpid: GPID, of, by, verdict, waitMs, cost: 1, timeoutMs: 1000 });
  }

  replies(request: ClientRequest, error: ErrorCode, code: RpcCode = 'RPC_RRDB_RRDB_PUT', body?: unknown): void {
    this.auditor.messageSent(P, CLIENT, code, 'reply', GPID, 0, body, error, this.nowUs, request);
  }

  throttling(): readonly ModelEvent[] {
    return this.events.filter(({ kind }) => kind.startsWith('throttle.'));
  }
}

const scene = (): Throttled => {
  const s = new Throttled();
  s.start();
  return s.told({ [WRITES]: '1*delay*100', other: 'x' });
};

describe('facts of throttling', () => {
  it('are told of tables that throttle, or did, and of no others', () => {
    const quiet = new Throttled();
    quiet.start();
    quiet.told({ other: 'x' });
    quiet.replies(quiet.comes(), 'ERR_OK');
    expect(quiet.throttling()).toEqual([]);
    const s = scene().told({}, 2);
    expect(s.throttling()).toMatchObject([
      { kind: 'throttle.told', node: P, gpid: GPID, ballot: 1, envs: { [WRITES]: '1*delay*100' } },
      { kind: 'throttle.told', ballot: 2, envs: {} },
    ]);
  });

  it('are requests as they come and are answered, with what a read costs', () => {
    const s = scene();
    const write = s.comes();
    const read = s.comes('RPC_RRDB_RRDB_GET');
    const none = s.comes('RPC_RRDB_RRDB_GET');
    const shipped = s.comes('RPC_RRDB_RRDB_DUPLICATE');
    const found: ReadResponse = { error: 'ERR_OK', found: true, value: 'abc' };
    s.replies(read, 'ERR_OK', 'RPC_RRDB_RRDB_GET', found);
    s.replies(none, 'ERR_OK', 'RPC_RRDB_RRDB_GET', { ...found, found: false, value: '' });
    s.replies(write, 'ERR_INVALID_STATE');
    s.replies(shipped, 'ERR_OBJECT_NOT_FOUND', 'RPC_RRDB_RRDB_DUPLICATE');
    s.replies(write, 'ERR_OK');
    expect(s.throttling().slice(1)).toMatchObject([
      { kind: 'throttle.arrived', request: 1, of: 'write', command: 1, sizeBytes: write.body.length, timeoutMs: 1000 },
      { request: 2, of: 'read', command: 2 },
      { request: 3, of: 'read' },
      { request: 4, of: 'write', command: -1 },
      { kind: 'throttle.answered', request: 2, error: 'ERR_OK', cost: storedKey('h', 's').length + 3 },
      { request: 3, cost: 1 },
      { request: 1, error: 'ERR_INVALID_STATE', cost: 0 },
      { request: 4, error: 'ERR_OBJECT_NOT_FOUND', cost: 0 },
    ]);
    expect(s.throttling()).toHaveLength(9);
    expect(s.rules()).toEqual([]);
  });
});

describe('throttle.verdict', () => {
  it('is about the request of its task: one, of its kind, with one verdict', () => {
    const honest = scene();
    const request = honest.comes();
    honest.says('REJECT', 0);
    honest.replies(request, 'ERR_BUSY');
    expect(honest.rules()).toEqual([]);
    const lies: readonly ((s: Throttled) => void)[] = [
      (s) => { s.says('DELAY', 5); },
      (s) => { s.comes('RPC_RRDB_RRDB_GET'); s.says('DELAY', 5); },
      (s) => { s.comes(); s.task(); s.says('DELAY', 5); },
      (s) => { s.comes(); s.says('DELAY', 0); s.says('DELAY', 0); },
      (s) => { s.told({}); s.says('DELAY', 0, 'read', 'size'); },
    ];
    for (const lie of lies) {
      const s = scene();
      lie(s);
      expect(s.rules()).toEqual([CLAIMED]);
    }
  });

  it('REJECT is answered ERR_BUSY, not before its wait is over', () => {
    for (const [afterUs, error, rules] of [[5000, 'ERR_BUSY', []], [4999, 'ERR_BUSY', [CLAIMED]], [5000, 'ERR_OK', [CLAIMED]]] as const) {
      const s = scene();
      const request = s.comes();
      s.says('REJECT', 5);
      s.nowUs += afterUs;
      s.replies(request, error);
      expect(s.rules()).toEqual(rules);
    }
  });

  it('DELAY is answered with anything but ERR_BUSY, not before its wait is over', () => {
    for (const [afterUs, error, rules] of [[5000, 'ERR_OK', []], [5000, 'ERR_INVALID_STATE', []], [4999, 'ERR_INVALID_STATE', [CLAIMED]], [5000, 'ERR_BUSY', [REAL]]] as const) {
      const s = scene();
      const request = s.comes();
      s.says('DELAY', 5);
      s.nowUs += afterUs;
      s.replies(request, error);
      expect(s.rules()).toEqual(rules);
    }
  });

  it('ERR_BUSY without it is a lie, also of a table that was never told to throttle', () => {
    const s = scene();
    s.replies(s.comes(), 'ERR_BUSY');
    expect(s.rules()).toEqual([REAL]);
    const quiet = new Throttled();
    quiet.start();
    quiet.replies(quiet.comes(), 'ERR_BUSY', 'RPC_RRDB_RRDB_PUT', { error: 'ERR_BUSY' });
    expect(quiet.rules()).toEqual([REAL]);
  });

  it('a read that has waited may find no tokens, once', () => {
    const s = scene();
    const requests = [1, 2].map(() => {
      const request = s.comes('RPC_RRDB_RRDB_GET');
      s.says('DELAY', 5, 'read');
      return request;
    });
    s.nowUs += 6000;
    s.task();
    s.says('REJECT', 0, 'read', 'size');
    for (const request of requests) s.replies(request, 'ERR_BUSY', 'RPC_RRDB_RRDB_GET');
    expect(s.rules()).toEqual([REAL]);
  });

  it('what a process held back is forgotten with it', () => {
    const s = scene();
    const request = s.comes();
    s.says('DELAY', 500);
    s.auditor.processStopped(P, 'crash', '');
    s.auditor.processStarted(P);
    s.replies(request, 'ERR_OK');
    expect(s.rules()).toEqual([]);
  });
});
