import { describe, expect, it } from 'vitest';
import { MetaCluster, SERVERS } from './metaCluster.ts';
import type { StoreOp } from './fakeWorld.ts';
import type { QueryConfigResponse } from '../../../impl/protocol/messages.ts';

const isWrite = (op: StoreOp): boolean => op.operation === 'create' || op.operation === 'set';

/** Crashes the meta server around its n-th write of records (from 0); tells whether there was such a write. */
function crashAtWrite(cluster: MetaCluster, n: number, when: 'crash-before' | 'crash-after'): () => boolean {
  let seen = 0;
  let struck = false;
  cluster.world.storeFate = (op) => {
    if (!isWrite(op) || struck) return 'ok';
    struck = seen++ === n;
    return struck ? when : 'ok';
  };
  return () => struck;
}

/** Runs `act` with a crash around each write that it makes, restarts, and looks at what came of it. */
function atEveryWrite(
  prepare: (cluster: MetaCluster) => void,
  act: (cluster: MetaCluster) => void,
  look: (cluster: MetaCluster, n: number) => void,
): number {
  let runs = 0;
  for (let n = 0; ; n++) {
    let struck = false;
    for (const when of ['crash-before', 'crash-after'] as const) {
      const cluster = new MetaCluster();
      cluster.world.run(100);
      prepare(cluster);
      cluster.world.run(100);
      const hit = crashAtWrite(cluster, n, when);
      act(cluster);
      cluster.world.run(100);
      struck = hit();
      if (!struck) return runs;
      expect(cluster.metaProcess.alive).toBe(false);
      cluster.restartMeta();
      // Long enough for a second look at all partitions.
      cluster.world.run(25_000);
      expect(cluster.metaProcess.failure).toBeUndefined();
      look(cluster, n);
      runs++;
    }
    expect(n).toBeLessThan(50);
  }
}

describe('a crash between any two writes', () => {
  it('of the very first start leaves a tree that the next start finishes', () => {
    for (let n = 0; n < 4; n++) {
      const cluster = new MetaCluster();
      const hit = crashAtWrite(cluster, n, 'crash-after');
      cluster.world.run(100);
      expect(hit()).toBe(true);
      cluster.restartMeta();
      cluster.world.run(100);
      expect(cluster.world.store.get('/pegasus/source/apps')).toBe('unlock');
      const answer = cluster.create('t1');
      cluster.world.run(100);
      expect(answer.last?.error).toBe('ERR_OK');
    }
  });

  it('of a creation is finished at the next start, or nothing was stored', () => {
    const runs = atEveryWrite(
      () => undefined,
      (cluster) => cluster.create('t1'),
      (cluster) => {
        const record = cluster.storedApp(1);
        if (record === undefined) {
          expect(cluster.recordWrites()).toEqual([]);
          return;
        }
        expect(record.info.status).toBe('AS_AVAILABLE');
        for (const index of [0, 1]) expect(cluster.storedConfig(1, index)).toMatchObject({ ballot: 3 });
        const again = cluster.create('t1');
        cluster.world.run(100);
        expect(again.last?.error).toBe('ERR_APP_EXIST');
      },
    );
    // Table, two partitions, available, and three configurations of each as its members come: a crash before and after each.
    expect(runs).toBe(20);
  });

  it('of a drop is finished at the next start, or the table stands', () => {
    const runs = atEveryWrite(
      (cluster) => cluster.create('t1'),
      (cluster) => cluster.drop('t1'),
      (cluster) => {
        const status = cluster.storedApp(1)?.info.status;
        const counted = SERVERS.reduce((sum, node) => sum + cluster.meta.state.members.of(node).partitions, 0);
        expect(counted === 0).toBe(status === 'AS_DROPPED');
        const answer = cluster.create('t1');
        cluster.world.run(100);
        if (status === 'AS_DROPPED') expect(answer.last).toEqual({ error: 'ERR_OK', hint: '', appId: 2 });
        else expect([status, answer.last?.error]).toEqual(['AS_AVAILABLE', 'ERR_APP_EXIST']);
        expect(cluster.recordWrites().filter((write) => write.endsWith('AS_DROPPING')).length).toBeLessThanOrEqual(1);
      },
    );
    // Dropping, two partitions, dropped.
    expect(runs).toBe(8);
  });

  it('of a change of envs keeps the old ones or the new ones', () => {
    const runs = atEveryWrite(
      (cluster) => cluster.create('t1', { envs: { default_ttl: '1' } }),
      (cluster) => cluster.setEnvs('t1', { default_ttl: '2', 'business.info': '2' }),
      (cluster) => {
        expect([{ default_ttl: '1' }, { default_ttl: '2', 'business.info': '2' }]).toContainEqual(cluster.storedApp(1)?.info.envs);
        expect(cluster.storedApp(1)?.info.status).toBe('AS_AVAILABLE');
      },
    );
    expect(runs).toBe(2);
  });
});

describe('a start', () => {
  it('creates a partition node that is missing, as upstream does for a half creation', () => {
    const cluster = new MetaCluster();
    cluster.world.run(100);
    cluster.create('t1');
    cluster.world.run(100);
    cluster.world.store.delete('/pegasus/source/apps/1/1');
    cluster.obeys = () => false;
    cluster.restartMeta();
    cluster.world.run(100);
    expect(cluster.storedConfig(1, 1)).toMatchObject({ ballot: 0, primary: '', secondaries: [] });
    expect(cluster.storedConfig(1, 0)).toMatchObject({ ballot: 3 });
  });

  it('goes on while the store times out, and refuses everybody meanwhile', () => {
    const cluster = new MetaCluster();
    cluster.world.run(100);
    cluster.create('t1');
    cluster.world.run(100);
    cluster.world.storeFate = () => 'timeout';
    cluster.restartMeta();
    const seen: unknown[] = [];
    const asker = { onReply: (result: { body?: QueryConfigResponse }) => seen.push(result.body?.error) };
    const client = cluster.world.process('source/client-1');
    client.ctx.env.rpc.call(
      'source/meta-0',
      'RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX',
      { appName: 't1' },
      { hash: 0, timeoutMs: 5000 },
      { owner: asker, method: 'onReply', args: [] },
    );
    const created = cluster.create('t2');
    const sync = cluster.sync('source/replica-0');
    cluster.world.run(3500);
    expect(seen).toEqual(['ERR_SERVICE_NOT_ACTIVE']);
    expect(sync.last).toMatchObject({ body: { error: 'ERR_SERVICE_NOT_ACTIVE' } });
    expect(created.answers).toEqual([]);
    expect(cluster.meta.isActive()).toBe(false);
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(3000);
    expect(cluster.meta.isActive()).toBe(true);
    expect(created.last).toEqual({ error: 'ERR_OK', hint: '', appId: 2 });
  });

  it('stops at a record that it cannot read', () => {
    const cluster = new MetaCluster();
    cluster.world.run(100);
    cluster.create('t1');
    cluster.world.run(100);
    cluster.world.store.set('/pegasus/source/apps/1', '{"status":"app_status::AS_WHATEVER"}');
    cluster.restartMeta();
    cluster.world.run(100);
    expect(cluster.metaProcess.failure?.check).toBe('sync_apps_from_remote_storage');
  });

  it('reads tables in the order of their ids, and goes on with the next id', () => {
    const cluster = new MetaCluster({ settings: { rpcTimeoutMs: 5000 } });
    cluster.world.run(100);
    for (let i = 1; i <= 11; i++) cluster.create(`t${i}`, { partitions: 1 });
    cluster.world.run(100);
    cluster.restartMeta();
    cluster.world.run(100);
    expect([...cluster.meta.state.apps()].map((app) => app.appId)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const next = cluster.create('t12');
    cluster.world.run(100);
    expect(next.last?.appId).toBe(12);
  });
});
