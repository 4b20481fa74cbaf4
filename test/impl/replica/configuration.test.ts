import { describe, expect, it } from 'vitest';
import type { Gpid, NodeId, PartitionConfig } from '../../../model/vocabulary.ts';
import { task } from '../../../impl/env/contract.ts';
import { threadHash } from '../../../impl/protocol/gpid.ts';
import { ReplicaLoader } from '../../../impl/replica/replicaInit.ts';
import type { Replica } from '../../../impl/replica/replica.ts';
import { Cluster, META, NODES } from './cluster.ts';

function write(c: Cluster, gpid: Gpid, key: string): void {
  const box = c.put(gpid, key, 'v');
  c.runUntil(() => box.result !== undefined);
  expect(box.result?.error).toBe('ERR_OK');
}

function secondariesOf(c: Cluster, gpid: Gpid): readonly NodeId[] {
  return NODES.filter((n) => n !== c.primary(gpid));
}

function configOf(replica: Replica, ballot: number, members: readonly [NodeId, ...NodeId[]]): PartitionConfig {
  const [primary, ...secondaries] = members;
  return {
    gpid: replica.gpid, ballot, maxReplicaCount: 3, primary, secondaries, lastDrops: [], lastCommittedDecree: 0,
  };
}

describe('update_local_configuration (repl 1.11)', () => {
  it('refuses an older ballot by a check, and an equal one without the flag', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const replica = c.replica(c.primary(gpid), gpid);
    const older = replica.makeConfig(replica.ballot() - 1, '', 'PS_INACTIVE');
    const equal = replica.makeConfig(replica.ballot(), '', 'PS_INACTIVE');
    expect(() => replica.configurator.updateLocalConfiguration(older, true)).toThrow('update_local');
    expect(() => replica.configurator.updateLocalConfiguration(equal)).toThrow('update_local');
  });

  it('INACTIVE that is not transient takes no role; ERROR takes nothing', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const { configurator } = c.replica(c.primary(gpid), gpid);
    const { replica } = configurator;
    replica.inactiveIsTransient = false;
    expect(configurator.isRefused('PS_INACTIVE', 'PS_PRIMARY')).toBe(true);
    expect(configurator.isRefused('PS_INACTIVE', 'PS_SECONDARY')).toBe(true);
    expect(configurator.isRefused('PS_INACTIVE', 'PS_ERROR')).toBe(false);
    replica.inactiveIsTransient = true;
    expect(configurator.isRefused('PS_INACTIVE', 'PS_PRIMARY')).toBe(false);
    expect(configurator.isRefused('PS_ERROR', 'PS_INACTIVE')).toBe(true);
    expect(configurator.isSameBallotStatusChangeAllowed('PS_INACTIVE', 'PS_PRIMARY')).toBe(true);
    expect(configurator.isSameBallotStatusChangeAllowed('PS_PRIMARY', 'PS_SECONDARY')).toBe(false);
    expect(configurator.isSameBallotStatusChangeAllowed('PS_SECONDARY', 'PS_PRIMARY')).toBe(false);
  });

  it('persists each ballot increase before anything is done under it', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    for (const node of NODES) {
      const json = new TextDecoder().decode(c.world.diskView(node).read(`${gpid}.pegasus/.init-info`));
      expect(JSON.parse(json)).toEqual({
        init_ballot: 3, init_durable_decree: 0, init_offset_in_shared_log: 0, init_offset_in_private_log: 0,
      });
    }
  });

  it('a replica that the new configuration leaves out is closed after the memory interval', () => {
    const c = new Cluster({ settings: { gcMemoryReplicaIntervalMs: 2000 } });
    const gpid = `${c.createTable()}.0`;
    const [s1 = '', s2 = ''] = secondariesOf(c, gpid);
    const replica = c.replica(s1, gpid);
    expect(replica.configurator.updateConfiguration(configOf(replica, 5, [c.primary(gpid), s2]))).toBe(false);
    expect(c.server(s1).replicas.has(gpid)).toBe(false);
    c.run(1900);
    expect(c.claimsOf(s1, 'replica.closed')).toEqual([]);
    c.run(200);
    expect(c.claimsOf(s1, 'replica.closed')).toHaveLength(1);
  });
});

describe('proposals (repl 1.10)', () => {
  it('to begin: only a partition at ballot 0 may start from nothing; the same proposal again is fine', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const primary = c.replica(c.primary(gpid), gpid);
    const config = configOf(primary, 0, [NODES[0] ?? '', NODES[1] ?? '', NODES[2] ?? '']);
    const propose = (id: Gpid, ballot: number, node: NodeId) => {
      const proposed = { ...config, gpid: id, ballot };
      const request = { app: primary.app, type: 'CT_ASSIGN_PRIMARY', node, config: proposed } as const;
      return c.call(node, 'RPC_CONFIG_PROPOSAL', request, threadHash(id));
    };
    const [n0 = '', n1 = ''] = NODES;
    const [s1 = ''] = secondariesOf(c, gpid);
    const boxes = [propose('7.0', 3, n0), propose('7.0', 0, n1), propose(gpid, 0, s1)];
    c.run(500);
    expect(boxes.map((b) => b.result?.body?.error)).toEqual(['ERR_OBJECT_NOT_FOUND', 'ERR_OK', 'ERR_VERSION_OUTDATED']);
    const again = propose('7.0', 0, NODES[1] ?? '');
    c.run(500);
    expect(again.result?.body?.error).toBe('ERR_OK');
    expect(c.replica(NODES[1] ?? '', '7.0').metaRequester.pendingRequest()).toMatchObject({ type: 'CT_ASSIGN_PRIMARY', node: NODES[1], config: { ballot: 1 } });
    expect(c.server(NODES[0] ?? '').replicas.has('7.0')).toBe(false);
  });

  it.each(['CT_ADD_SECONDARY', 'CT_UPGRADE_TO_SECONDARY', 'CT_UPGRADE_TO_PRIMARY', 'CT_DOWNGRADE_TO_SECONDARY', 'CT_REMOVE'] as const)(
    '%s opens nothing',
    (type) => {
      const c = new Cluster();
      const gpid = `${c.createTable()}.0`;
      const [node = ''] = NODES;
      const replica = c.replica(node, gpid);
      const config = { ...configOf(replica, 0, [node]), gpid: '7.0' };
      const box = c.call(node, 'RPC_CONFIG_PROPOSAL', { app: replica.app, type, node, config }, threadHash('7.0'));
      c.run(500);
      expect(box.result?.body?.error).toBe('ERR_OBJECT_NOT_FOUND');
      expect(c.server(node).replicas.has('7.0')).toBe(false);
    },
  );

  it('is refused before the first config sync', () => {
    const c = new Cluster();
    c.world.stopNode(META, 'crash');
    c.run(10);
    const node = NODES[0] ?? '';
    const app = {
      appId: 1, appName: 't', appType: 'pegasus', partitionCount: 1, maxReplicaCount: 1,
      status: 'AS_AVAILABLE', envs: {}, duplicating: false,
    } as const;
    const config = {
      gpid: '1.0', ballot: 0, maxReplicaCount: 1, primary: node, secondaries: [], lastDrops: [], lastCommittedDecree: 0,
    };
    expect(c.server(node).isConnected()).toBe(false);
    const box = c.call(node, 'RPC_CONFIG_PROPOSAL', { app, type: 'CT_ASSIGN_PRIMARY', node, config }, 0);
    c.run(100);
    expect(box.result?.body?.error).toBe('ERR_INACTIVE_STATE');
  });
});

describe('an old proposal', () => {
  it('does not put an empty replica in the place of one that cannot be loaded', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    write(c, gpid, 'k');
    const [s1 = ''] = secondariesOf(c, gpid);
    const { app } = c.replica(s1, gpid);
    const config = configOf(c.replica(s1, gpid), 0, [NODES[0] ?? '']);
    c.replica(s1, gpid).handleLocalFailure('ERR_LOCAL_APP_FAILURE');
    c.run(100);
    expect(c.world.flipBit(s1, `${gpid}.pegasus/.init-info`, 0, 0)).toBe(true);
    const request = { app, type: 'CT_ASSIGN_PRIMARY', node: s1, config } as const;
    const box = c.call(s1, 'RPC_CONFIG_PROPOSAL', request, threadHash(gpid));
    c.run(100);
    expect(box.result?.body?.error).toBe('ERR_LOCAL_APP_FAILURE');
    expect(c.claimsOf(s1, 'replica.load-failed')).toHaveLength(1);
    expect(c.claimsOf(s1, 'replica.opened')).toHaveLength(1);
  });
});

describe('the meta server away', () => {
  it('a request for a new ballot is repeated until it is answered', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    write(c, gpid, 'k');
    const primary = c.primary(gpid);
    c.world.stopNode(META, 'crash');
    c.world.stopNode(primary, 'crash');
    c.world.startNode(primary);
    c.run(20_000);
    expect(c.replica(primary, gpid).status()).toBe('PS_INACTIVE');
    c.world.startNode(META);
    c.runUntil(() => c.isServing(gpid));
    expect(c.read(gpid, 'k')).toBe('v');
    expect(c.checks()).toEqual([]);
  });

  it('an answer that is lost after the effect: the same request again gives the stored ballot', () => {
    let losing = true;
    const decide = (point: string, _where: string, what: string): number | undefined =>
      point === 'link.reply-lost' && losing && what.includes('RPC_CM_UPDATE_PARTITION_CONFIGURATION') ? 1 : undefined;
    const c = new Cluster({ chance: { decide } });
    c.run(100);
    const request = { appName: 't', partitionCount: 1, replicaCount: 3, successIfExist: false, envs: {} };
    const box = c.call(META, 'RPC_CM_CREATE_APP', request);
    c.run(8000);
    losing = false;
    const gpid = `${box.result?.body?.appId ?? 1}.0`;
    c.runUntil(() => c.isServing(gpid));
    expect(c.replica(c.primary(gpid), gpid).ballot()).toBe(1);
    expect(c.checks()).toEqual([]);
  });
});

describe('start-up', () => {
  it('a failed start-up checkpoint sends the replica to ERROR, not the server down; it learns again', () => {
    let failures = 1;
    class Failing extends ReplicaLoader {
      override checkpointAtStartup() {
        if (this.replica.lastCommittedDecree() > 1 && failures-- > 0) return 'ERR_LOCAL_APP_FAILURE';
        return super.checkpointAtStartup();
      }
    }
    const [, s1 = ''] = NODES;
    const c = new Cluster({ settings: { groupCheckIntervalMs: 2000 }, partsOf: () => ({ ReplicaLoader: Failing }) });
    const gpid = `${c.createTable()}.0`;
    for (let i = 0; i < 4; i++) write(c, gpid, `k${i}`);
    c.world.stopNode(s1, 'crash');
    c.world.startNode(s1);
    c.runUntil(() => c.claimsOf(s1, 'replica.closed').length === 1);
    expect(c.claimsOf(s1, 'replica.status').at(-1)?.to).toBe('PS_ERROR');
    c.runUntil(() => c.claimsOf(s1, 'replica.opened').length === 3 && c.hasAllMembers(gpid));
    write(c, gpid, 'k9');
    expect(c.world.diskView(s1).list('').filter((name) => name.endsWith('.err'))).toEqual([]);
    expect(c.checks()).toEqual([]);
  });

  it('replay raises the ballot in memory, keeps the suffix, and commits what the log says', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    for (let i = 0; i < 4; i++) write(c, gpid, `k${i}`);
    const [s1 = ''] = secondariesOf(c, gpid);
    c.world.stopNode(s1, 'crash');
    const before = c.said.length;
    c.world.startNode(s1);
    c.run(500);
    const own = c.said.slice(before).filter((s) => s.node === s1).map((s) => s.claim);
    const first = own.findIndex((x) => x.kind === 'replica.opened');
    expect(own.slice(0, first).filter((x) => x.kind === 'replica.committed').map((x) => x.decree)).toEqual([
      1, 2, 3,
    ]);
    expect(own[first]).toEqual({
      kind: 'replica.opened', gpid, fresh: false, ballot: 3, durable: 3, applied: 3, committed: 3, maxPrepared: 4,
    });
  });

  it('a directory without .init-info is set aside', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    const [s1 = ''] = secondariesOf(c, gpid);
    c.world.stopNode(s1, 'crash');
    expect(c.world.flipBit(s1, `${gpid}.pegasus/.init-info`, 0, 0)).toBe(true);
    c.world.startNode(s1);
    c.run(500);
    expect(c.claimsOf(s1, 'replica.load-failed')).toEqual([
      { kind: 'replica.load-failed', gpid, error: 'ERR_CORRUPTION' },
    ]);
  });

  it('a graceful stop closes every replica with a flush: nothing to replay afterwards', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    for (let i = 0; i < 4; i++) write(c, gpid, `k${i}`);
    const primary = c.primary(gpid);
    const server = c.server(primary);
    c.world.post(primary, 'LPC_REPLICATION_COMMON', 0, task(server, 'stop'));
    c.runUntil(() => c.claimsOf(primary, 'replica.closed').length === 1);
    c.world.stopNode(primary, 'shutdown');
    c.world.startNode(primary);
    c.runUntil(() => c.claimsOf(primary, 'replica.opened').length === 2);
    expect(c.claimsOf(primary, 'replica.opened').at(-1)).toMatchObject({
      durable: 4, applied: 4, committed: 4, maxPrepared: 4,
    });
    expect(c.checks()).toEqual([]);
  });
});

describe('full window (FM5)', () => {
  it('the barrier of a restarted primary waits for room', () => {
    const c = new Cluster({ settings: { stalenessForCommit: 3, batchWriteDisabled: true } });
    const gpid = `${c.createTable()}.0`;
    const primary = c.primary(gpid);
    for (const node of secondariesOf(c, gpid)) c.world.cutLink(primary, node);
    for (let i = 0; i < 6; i++) c.put(gpid, `k${i}`, 'v', primary);
    c.run(1000);
    expect(c.replica(primary, gpid).maxPreparedDecree()).toBe(3);
    c.world.stopNode(primary, 'crash');
    for (const node of NODES) if (node !== primary) c.world.restoreLink(primary, node);
    c.world.startNode(primary);
    c.runUntil(() => c.isServing(gpid));
    const prepared = c.claimsOf(primary, 'replica.prepared').filter((p) => p.mutation.ballot === 4);
    expect(prepared.map((p) => [p.reproposal, p.mutation.decree, p.mutation.updates[0]?.code])).toEqual([
      [true, 1, 'RPC_RRDB_RRDB_PUT'],
      [true, 2, 'RPC_RRDB_RRDB_PUT'],
      [true, 3, 'RPC_RRDB_RRDB_PUT'],
      [false, 4, 'RPC_REPLICATION_WRITE_EMPTY'],
    ]);
    expect(c.read(gpid, 'k2')).toBe('v');
    expect(c.checks()).toEqual([]);
  });
});
