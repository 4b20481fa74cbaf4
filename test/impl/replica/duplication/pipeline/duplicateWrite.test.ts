/** A DUPLICATE is a write like any other: admission, two-phase commit, its answer, and its replay (dup 7.2). */
import { describe, expect, it } from 'vitest';
import { encodeDuplicate } from '../../../../../impl/protocol/duplicate.ts';
import type { DuplicateEntry } from '../../../../../impl/protocol/duplicate.ts';
import type { DuplicateResponse } from '../../../../../impl/protocol/duplicationMessages.ts';
import { threadHash } from '../../../../../impl/protocol/gpid.ts';
import { encodePut, storedKey } from '../../../../../impl/protocol/rrdb.ts';
import { DENY_CLIENT_REQUEST } from '../../../../../impl/replica/denyClient.ts';
import type { Settings } from '../../../../../impl/settings.ts';
import { Cluster, NODES } from '../../cluster.ts';
import type { Box } from '../../cluster.ts';

const GROUPS = { dupClusterName: 'follower', duplicationGroup: { source: 1, follower: 2 } };

function makeCluster(settings: Partial<Settings> = {}): { readonly c: Cluster; readonly gpid: string } {
  const c = new Cluster({ settings: { ...GROUPS, ...settings } });
  return { c, gpid: `${c.createTable()}.0` };
}

function put(name: string, value: string, change: Partial<DuplicateEntry> = {}): DuplicateEntry {
  const rawMessage = encodePut(storedKey('h', name), value, 0);
  return { timestampUs: 5000, code: 'RPC_RRDB_RRDB_PUT', rawMessage, clusterId: 1, verifyTimetag: false, ...change };
}

function send(c: Cluster, gpid: string, body: Uint8Array, to = c.primary(gpid)): Box<DuplicateResponse>['result'] {
  const box = c.call(to, 'RPC_RRDB_RRDB_DUPLICATE', c.request(gpid, body), threadHash(gpid));
  c.run(300);
  return box.result;
}

describe('a DUPLICATE', () => {
  it('is one mutation of one update on every member, and answered when it is applied', () => {
    const { c, gpid } = makeCluster();
    const answer = send(c, gpid, encodeDuplicate([put('a', '1'), put('b', '2')]));
    const decree = c.replica(c.primary(gpid), gpid).lastAppliedDecree();
    const server = c.primary(gpid);
    expect(answer?.body).toEqual({ error: 'ERR_OK', storageStatus: 0, hint: '', decree, server });
    expect([c.read(gpid, 'a'), c.read(gpid, 'b')]).toEqual(['1', '2']);
    for (const node of NODES) {
      const prepared = c.claimsOf(node, 'replica.prepared').at(-1)?.mutation;
      expect(prepared?.decree).toBe(decree);
      expect(prepared?.updates.length).toBe(1);
      const [update] = prepared?.updates ?? [];
      expect(update?.code).toBe('RPC_RRDB_RRDB_DUPLICATE');
      expect(update?.entries?.map((e) => [e.timestampUs, e.clusterId, e.code])).toEqual([
        [5000, 1, 'RPC_RRDB_RRDB_PUT'],
        [5000, 1, 'RPC_RRDB_RRDB_PUT'],
      ]);
      expect(update?.rows.map((row) => row.key)).toEqual([storedKey('h', 'a'), storedKey('h', 'b')]);
    }
    c.run(200_000);
    for (const node of NODES) {
      expect(c.replica(node, gpid).storage?.get(storedKey('h', 'b'), 0)?.value).toBe('2');
      expect(c.server(node).metrics.get(gpid, 'dup_requests')).toBe(2);
    }
  });

  it('never shares a mutation with clients\' writes', () => {
    const { c, gpid } = makeCluster({ stalenessForCommit: 1 });
    const primary = c.primary(gpid);
    const body = encodeDuplicate([put('k', 'theirs')]);
    for (let i = 0; i < 3; i++) {
      c.put(gpid, 'k', `own${i}`);
      c.call(primary, 'RPC_RRDB_RRDB_DUPLICATE', c.request(gpid, body), threadHash(gpid));
    }
    c.run(500);
    const written = c.claimsOf(primary, 'replica.prepared').map((claim) => claim.mutation.updates.map((u) => u.code));
    const duplicates = written.filter((codes) => codes.includes('RPC_RRDB_RRDB_DUPLICATE'));
    expect(duplicates.length).toBe(3);
    for (const codes of duplicates) expect(codes).toEqual(['RPC_RRDB_RRDB_DUPLICATE']);
  });

  it('that storage refuses is a decree, and the answer says so', () => {
    const { c, gpid } = makeCluster();
    const before = c.replica(c.primary(gpid), gpid).lastAppliedDecree();
    const answer = send(c, gpid, encodeDuplicate([put('a', '1'), put('b', '2', { clusterId: 2 })]));
    expect([answer?.error, answer?.body?.storageStatus, answer?.body?.decree]).toEqual(['ERR_OK', 4, before + 1]);
    expect(answer?.body?.hint).toContain('to itself');
    expect(c.read(gpid, 'a')).toBe(undefined);
  });

  it('survives a restart with its rows and time tags: replay applies it in the same way', () => {
    const { c, gpid } = makeCluster();
    send(c, gpid, encodeDuplicate([put('a', '1'), put('a', '2')]));
    const primary = c.primary(gpid);
    const stored = c.replica(primary, gpid).storage;
    expect(stored?.get(storedKey('h', 'a'), 0)?.value).toBe('2');
    c.world.stopNode(primary, 'crash');
    c.run(100);
    c.world.startNode(primary);
    c.runUntil(() => c.isServing(gpid), 120_000);
    expect(c.read(gpid, 'a')).toBe('2');
    expect(c.checks()).toEqual([]);
  });
});

describe('admission', () => {
  it('what does not decode is invalid data and no decree, whatever the role', () => {
    const { c, gpid } = makeCluster();
    const before = c.replica(c.primary(gpid), gpid).maxPreparedDecree();
    const good = encodeDuplicate([put('a', '1')]);
    const empty = encodeDuplicate([put('a', '1', { rawMessage: new Uint8Array(0) })]);
    const broken = encodeDuplicate([put('a', '1', { rawMessage: Uint8Array.of(12, 0) })]);
    for (const body of [new Uint8Array(0), good.subarray(1), good.subarray(0, good.length - 1), empty, broken]) {
      for (const node of NODES) expect(send(c, gpid, body, node)?.error).toBe('ERR_INVALID_DATA');
    }
    expect(c.replica(c.primary(gpid), gpid).maxPreparedDecree()).toBe(before);
    expect(c.checks()).toEqual([]);
  });

  it('a secondary, a server without the replica, and a table that denies writes', () => {
    const { c, gpid } = makeCluster();
    const body = encodeDuplicate([put('a', '1')]);
    const secondary = NODES.find((node) => node !== c.primary(gpid)) ?? '';
    expect(send(c, gpid, body, secondary)?.error).toBe('ERR_INVALID_STATE');
    expect(send(c, '9.0', body, secondary)?.error).toBe('ERR_OBJECT_NOT_FOUND');
    const replica = c.replica(c.primary(gpid), gpid);
    replica.app = { ...replica.app, envs: { [DENY_CLIENT_REQUEST]: 'reconfig*write' } };
    expect(send(c, gpid, body)?.error).toBe('ERR_INVALID_STATE');
    replica.app = { ...replica.app, envs: {} };
    expect(send(c, gpid, body)?.error).toBe('ERR_OK');
  });

  it('too large is invalid data; a single write is measured without its envelope (B34)', () => {
    const one = put('a', 'x'.repeat(60));
    const { c, gpid } = makeCluster({ maxAllowedWriteSizeBytes: one.rawMessage.length });
    expect(encodeDuplicate([one]).length).toBeGreaterThan(one.rawMessage.length);
    expect(send(c, gpid, encodeDuplicate([one]))?.body?.storageStatus).toBe(0);
    expect(send(c, gpid, encodeDuplicate([put('a', 'x'.repeat(61))]))?.error).toBe('ERR_INVALID_DATA');
    expect(send(c, gpid, encodeDuplicate([put('a', 'x'), put('b', 'x')]))?.error).toBe('ERR_INVALID_DATA');
  });
});
