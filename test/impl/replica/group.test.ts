import { describe, expect, it } from 'vitest';
import type { Claim } from '../../../model/events.ts';
import type { Gpid, NodeId } from '../../../model/vocabulary.ts';
import { threadHash } from '../../../impl/protocol/gpid.ts';
import type { GroupCheckRequest, PrepareRequest } from '../../../impl/protocol/messages.ts';
import { encodeMultiPut, encodePut, storedKey } from '../../../impl/protocol/rrdb.ts';
import { encodeMutation } from '../../../impl/storage/plog/record.ts';
import { Cluster, META, NODES } from './cluster.ts';

function write(c: Cluster, gpid: Gpid, key: string): void {
  const box = c.put(gpid, key, 'v');
  c.runUntil(() => box.result !== undefined);
  expect(box.result?.error).toBe('ERR_OK');
}

function secondariesOf(c: Cluster, gpid: Gpid): readonly NodeId[] {
  return NODES.filter((n) => n !== c.primary(gpid));
}

function prepareOf(gpid: Gpid, ballot: number, decree: number): PrepareRequest {
  const record = { gpid, ballot, decree, logOffset: -1, lastCommittedDecree: 0, timestampUs: 1, updates: [] };
  const config = {
    gpid, ballot, primary: 'c/replica-0', status: 'PS_SECONDARY', learnerSignature: 0, popAll: false,
  } as const;
  return { config, mutation: encodeMutation(record) };
}

describe('admission (repl 1.4)', () => {
  it('refuses an absent replica, a secondary, and a body that is too large', () => {
    const c = new Cluster({ settings: { maxAllowedWriteSizeBytes: 100 } });
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    const boxes = [
      c.put('9.0', 'k', 'v', primary),
      c.put(gpid, 'k', 'v', secondariesOf(c, gpid)[0]),
      c.put(gpid, 'k', 'v'.repeat(200)),
      c.get('9.0', 'k', primary),
      c.get(gpid, 'k', secondariesOf(c, gpid)[0]),
    ];
    c.run(100);
    expect(boxes.map((b) => b.result?.error)).toEqual([
      'ERR_OBJECT_NOT_FOUND',
      'ERR_INVALID_STATE',
      'ERR_INVALID_DATA',
      'ERR_OBJECT_NOT_FOUND',
      'ERR_INVALID_STATE',
    ]);
    expect(c.replica(primary, gpid).maxPreparedDecree()).toBe(0);
  });

  it('a table with fewer members than min_2pc cannot be written, and nothing leaks', () => {
    const c = new Cluster();
    const gpid = `${c.createTable('one', 1, 1)}.0`;
    for (let i = 0; i < 30; i++) {
      const box = c.put(gpid, `k${i}`, 'v');
      c.run(10);
      expect(box.result?.error).toBe('ERR_NOT_ENOUGH_MEMBER');
    }
    expect(c.replica(c.primary(gpid), gpid).twoPc.queue.currentOps()).toBe(0);
    expect(c.checks()).toEqual([]);
  });

  it('with the majority rule a single replica commits by itself', () => {
    const c = new Cluster({ settings: { mutation2pcMinReplicaCount: 0 } });
    const gpid = `${c.createTable('one', 1, 1)}.0`;
    write(c, gpid, 'k');
    expect(c.read(gpid, 'k')).toBe('v');
    expect(c.replica(c.primary(gpid), gpid).twoPc.minReplicaCount()).toBe(1);
  });

  it('a bad disk, own or of a secondary, is named (repl.R2)', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    const { primaryStates } = c.replica(primary, gpid);
    primaryStates.secondaryDiskStatus.set(secondariesOf(c, gpid)[1] ?? '', 'SPACE_INSUFFICIENT');
    const first = c.put(gpid, 'k', 'v');
    c.run(10);
    expect(first.result?.error).toBe('ERR_DISK_INSUFFICIENT');
    primaryStates.secondaryDiskStatus.clear();
    c.server(primary).reportDiskError();
    const second = c.put(gpid, 'k', 'v');
    c.run(10);
    expect(second.result?.error).toBe('ERR_DISK_IO_ERROR');
    expect(c.replica(primary, gpid).maxPreparedDecree()).toBe(0);
  });

  it('a denying table env: ERR_INVALID_STATE, or silence', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const replica = c.replica(c.primary(gpid), gpid);
    replica.app = { ...replica.app, envs: { 'replica.deny_client_request': 'reconfig*write' } };
    const refused = c.put(gpid, 'k', 'v');
    c.run(100);
    expect(refused.result?.error).toBe('ERR_INVALID_STATE');
    expect(c.read(gpid, 'k')).toBe(undefined);
    replica.app = { ...replica.app, envs: { 'replica.deny_client_request': 'timeout*all' } };
    const silent = c.put(gpid, 'k', 'v');
    c.run(6000);
    expect(silent.result?.error).toBe('ERR_TIMEOUT');
  });

  it('many writes at once: at most 20 uncommitted, the rest batched, all answered in order', () => {
    const decide = (point: string): number | undefined => (point === 'link.delay' ? 3000 : undefined);
    const c = new Cluster({ chance: { decide } });
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    const boxes = Array.from({ length: 300 }, (_, i) => c.put(gpid, `k${i}`, `v${i}`, primary));
    let span = 0;
    c.runUntil(() => {
      const replica = c.replica(primary, gpid);
      span = Math.max(span, replica.maxPreparedDecree() - replica.lastCommittedDecree());
      return boxes.every((b) => b.result !== undefined);
    });
    expect(boxes.every((b) => b.result?.error === 'ERR_OK')).toBe(true);
    expect(span).toBe(20);
    const decrees = boxes.map((b) => b.result?.body?.decree ?? 0);
    expect(decrees).toEqual([...decrees].sort((a, b) => a - b));
    expect(new Set(decrees).size).toBeLessThan(300);
    expect(c.read(gpid, 'k299')).toBe('v299');
    expect(c.checks()).toEqual([]);
  });

  it('a multi_put is one mutation with one update and several rows', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const body = encodeMultiPut('h', [{ sortKey: 'a', value: '1' }, { sortKey: 'b', value: '2' }], 0);
    const box = c.call(c.primary(gpid), 'RPC_RRDB_RRDB_MULTI_PUT', c.request(gpid, body), threadHash(gpid));
    c.runUntil(() => box.result !== undefined);
    const prepared = c.claimsOf(c.primary(gpid), 'replica.prepared').at(-1);
    expect(prepared?.mutation.updates).toHaveLength(1);
    expect(prepared?.mutation.updates[0]?.rows).toHaveLength(2);
    expect(c.read(gpid, 'b')).toBe('2');
  });
});

describe('commit rule (repl 1.5, trace "Write" of 6.4)', () => {
  it('waits for every secondary; the later decree that is acknowledged first waits for the earlier', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    const [s1 = '', s2 = ''] = secondariesOf(c, gpid);
    c.world.cutLink(s2, primary);
    const first = c.put(gpid, 'a', '1');
    const second = c.put(gpid, 'b', '2');
    c.run(500);
    expect([first.result, second.result]).toEqual([undefined, undefined]);
    expect(c.replica(primary, gpid).lastCommittedDecree()).toBe(0);
    expect(c.replica(s1, gpid).maxPreparedDecree()).toBe(2);
    expect(c.replica(s1, gpid).lastCommittedDecree()).toBe(0);
    c.world.restoreLink(s2, primary);
    c.runUntil(() => first.result !== undefined && second.result !== undefined);
    expect([first.result?.error, second.result?.error]).toEqual(['ERR_OK', 'ERR_OK']);
    expect(c.checks()).toEqual([]);
  });

  it('secondaries learn the commit point from the next prepare', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const [s1 = ''] = secondariesOf(c, gpid);
    write(c, gpid, 'a');
    expect(c.replica(s1, gpid).lastCommittedDecree()).toBe(0);
    write(c, gpid, 'b');
    expect(c.replica(s1, gpid).lastCommittedDecree()).toBe(1);
  });

  it('or from the group check; an idle partition gets an empty write', () => {
    const c = new Cluster({ settings: { groupCheckIntervalMs: 1000 } });
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    const [s1 = ''] = secondariesOf(c, gpid);
    write(c, gpid, 'a');
    const decree = c.replica(primary, gpid).maxPreparedDecree();
    c.runUntil(() => c.replica(s1, gpid).lastCommittedDecree() === decree, 1100);
    c.run(3000);
    const empties = c.claimsOf(primary, 'replica.prepared').filter((p) => p.mutation.decree > decree);
    expect(empties.length).toBeGreaterThan(0);
    for (const p of empties) expect(p.mutation.updates).toEqual([{ code: 'RPC_REPLICATION_WRITE_EMPTY', rows: [] }]);
    expect(c.replica(s1, gpid).lastCommittedDecree()).toBeGreaterThan(decree);
  });

  it('claims follow effects: prepared, committed, applied, in decree order, once each', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    for (let i = 0; i < 5; i++) write(c, gpid, `k${i}`);
    for (const node of NODES) {
      const own = c.said.filter((s) => s.node === node).map((s) => s.claim);
      const committed = own.filter((x) => x.kind === 'replica.committed').map((x) => x.decree);
      expect(committed).toEqual(committed.map((_, i) => i + 1));
      const applied = own.filter((x) => x.kind === 'replica.applied').map((x) => x.decree);
      expect(applied).toEqual(committed);
      for (const decree of committed) {
        const decreeOf = (x: Claim): number => ('mutation' in x ? x.mutation.decree : 'decree' in x ? x.decree : 0);
        const index = (kind: string): number => own.findIndex((x) => x.kind === kind && decreeOf(x) === decree);
        expect(index('replica.prepared')).toBeLessThan(index('replica.committed'));
        expect(index('replica.committed')).toBeLessThan(index('replica.applied'));
      }
    }
  });
});

describe('secondary (repl 1.7)', () => {
  it('acknowledges what is committed, ignores an older ballot, and answers for an absent replica', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    write(c, gpid, 'a');
    write(c, gpid, 'b');
    const [s1 = ''] = secondariesOf(c, gpid);
    const committed = c.call(s1, 'RPC_PREPARE', prepareOf(gpid, 3, 1), threadHash(gpid));
    const older = c.call(s1, 'RPC_PREPARE', prepareOf(gpid, 2, 9), threadHash(gpid));
    const absent = c.call(s1, 'RPC_PREPARE', prepareOf('9.0', 1, 1), 0);
    c.run(1000);
    expect(committed.result?.body).toEqual({
      gpid, error: 'ERR_OK', ballot: 3, decree: 1, lastCommittedInApp: 1, lastCommittedInPrepareList: 1,
    });
    expect(older.result).toBe(undefined);
    expect(absent.result?.body?.error).toBe('ERR_OBJECT_NOT_FOUND');
    c.run(5000);
    expect(older.result?.error).toBe('ERR_TIMEOUT');
  });

  it('group check: an older ballot is outdated, an absent replica not found', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const [s1 = ''] = secondariesOf(c, gpid);
    const { app } = c.replica(s1, gpid);
    const make = (id: Gpid, ballot: number): GroupCheckRequest => {
      const config = {
        gpid: id, ballot, primary: c.primary(gpid), status: 'PS_SECONDARY', learnerSignature: 0, popAll: false,
      } as const;
      return { app, config, lastCommitted: 0, confirmedDecree: -1 };
    };
    const older = c.call(s1, 'RPC_GROUP_CHECK', make(gpid, 2), threadHash(gpid));
    const absent = c.call(s1, 'RPC_GROUP_CHECK', make('9.0', 1), 0);
    const good = c.call(s1, 'RPC_GROUP_CHECK', make(gpid, 3), threadHash(gpid));
    c.run(100);
    expect(older.result?.body?.error).toBe('ERR_VERSION_OUTDATED');
    expect(absent.result?.body?.error).toBe('ERR_OBJECT_NOT_FOUND');
    expect(good.result?.body).toMatchObject({ error: 'ERR_OK', node: s1, diskStatus: 'NORMAL' });
  });
});

describe('life of a replica', () => {
  it('a dropped table: replicas are closed, and their directories set aside when it has expired', () => {
    const c = new Cluster({ settings: { configSyncIntervalMs: 2000, holdSecondsForDroppedApp: 8 } });
    const gpid = `${c.createTable()}.0`;
    write(c, gpid, 'a');
    const { app } = c.replica(c.primary(gpid), gpid);
    const box = c.call(META, 'RPC_CM_DROP_APP', { appName: 't' });
    c.runUntil(() => box.result !== undefined);
    c.run(6000);
    for (const node of NODES) {
      expect(c.claimsOf(node, 'replica.closed')).toHaveLength(1);
      expect(c.server(node).closedReplicas.size).toBe(1);
    }
    c.run(10_000);
    for (const node of NODES) {
      expect(c.claimsOf(node, 'replica.closed')).toHaveLength(1);
      expect(c.world.diskView(node).list('').filter((name) => name.endsWith('.gar'))).toHaveLength(1);
      expect(c.world.diskView(node).exists(`${gpid}.pegasus`)).toBe(false);
      expect(c.server(node).closedReplicas.size).toBe(0);
    }
    const [node = ''] = NODES;
    const members = { primary: node, secondaries: [], lastDrops: [] };
    const config = { gpid, ballot: 0, maxReplicaCount: 3, ...members, lastCommittedDecree: 0 };
    const late = { app, type: 'CT_ASSIGN_PRIMARY', node, config } as const;
    const proposal = c.call(node, 'RPC_CONFIG_PROPOSAL', late, threadHash(gpid));
    c.run(500);
    expect(proposal.result?.body?.error).toBe('ERR_OBJECT_NOT_FOUND');
    expect(c.claimsOf(node, 'replica.opened')).toHaveLength(1);
    expect(c.checks()).toEqual([]);
  });

  it('a directory that cannot be loaded is set aside as .err', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const [s1 = ''] = secondariesOf(c, gpid);
    write(c, gpid, 'a');
    c.world.stopNode(s1, 'crash');
    expect(c.world.flipBit(s1, `${gpid}.pegasus/plog/log.1.0`, 3, 1)).toBe(true);
    c.world.startNode(s1);
    c.run(1000);
    expect(c.claimsOf(s1, 'replica.load-failed')).toHaveLength(1);
    expect(c.world.diskView(s1).list('').some((name) => name.endsWith('.err'))).toBe(true);
    expect(c.server(s1).replicas.size).toBe(0);
    expect(c.checks()).toEqual([]);
  });

  it('a log that cannot be written: ERROR, closed, let go of, and opened again by an offer to learn', () => {
    let failing = '';
    const decide = (point: string, where: string, what: string): number | undefined => {
      const hit = point === 'disk.write-error' && where === failing && what.startsWith('write');
      return hit && what.includes('log') ? 1 : undefined;
    };
    const c = new Cluster({ chance: { decide } });
    const gpid = `${c.createTable()}.0`;
    const [s1 = ''] = secondariesOf(c, gpid);
    write(c, gpid, 'a');
    failing = s1;
    const box = c.put(gpid, 'b', 'v');
    c.runUntil(() => c.claimsOf(s1, 'replica.closed').length === 1);
    failing = '';
    c.runUntil(() => c.claimsOf(s1, 'replica.opened').length === 2 && c.hasAllMembers(gpid));
    expect(box.result?.error).toBe('ERR_OK');
    expect(c.checks()).toEqual([]);
  });
});

describe('bodies', () => {
  it('a value is read until it expires', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const nowSeconds = c.replica(c.primary(gpid), gpid).reads.nowSeconds();
    const body = encodePut(storedKey('h', 'k'), 'v', nowSeconds + 10);
    const box = c.call(c.primary(gpid), 'RPC_RRDB_RRDB_PUT', c.request(gpid, body), threadHash(gpid));
    c.runUntil(() => box.result !== undefined);
    expect(c.read(gpid, 'k')).toBe('v');
    c.run(12_000);
    expect(c.read(gpid, 'k')).toBe(undefined);
  });
});
