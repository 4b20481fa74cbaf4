import { describe, expect, it } from 'vitest';
import type { RpcCode, RpcTypes } from '../../../../impl/protocol/messages.ts';
import { appPath, encodeApp } from '../../../../impl/meta/records.ts';
import { Inbox } from '../fakeWorld.ts';
import { META, MetaCluster } from '../metaCluster.ts';

function ask<C extends RpcCode>(cluster: MetaCluster, code: C, request: RpcTypes[C]['request']): Inbox<unknown> {
  const inbox = new Inbox<unknown>();
  const process = cluster.world.processes.get('source/client-0');
  const then = { owner: inbox, method: 'onAnswer', args: [] };
  process?.later(0, () => process.ctx.env.rpc.call(META, code, request, { hash: 0, timeoutMs: 5000 }, then));
  return inbox;
}

function opened(): MetaCluster {
  const cluster = new MetaCluster();
  cluster.world.run(1000);
  cluster.create('t');
  cluster.world.run(3000);
  return cluster;
}

const NAMES = { clusterName: 'c', fileProviderType: 'local', remoteRootPath: 'root', ingestBehind: false };

describe('the meta server', () => {
  it('serves the requests of bulk load', () => {
    const cluster = opened();
    const answers = [
      ask(cluster, 'RPC_CM_START_BULK_LOAD', { appName: 'x', ...NAMES }),
      ask(cluster, 'RPC_CM_CONTROL_BULK_LOAD', { appName: 't', type: 'BLC_PAUSE' }),
      ask(cluster, 'RPC_CM_QUERY_BULK_LOAD_STATUS', { appName: 't' }),
      ask(cluster, 'RPC_CM_CLEAR_BULK_LOAD', { appName: 't' }),
    ];
    cluster.world.run(1000);
    const errors = ['ERR_APP_NOT_EXIST', 'ERR_INACTIVE_STATE', 'ERR_OK', 'ERR_OK'];
    for (const [i, inbox] of answers.entries()) expect(inbox.last).toMatchObject({ body: { error: errors[i] } });
  });

  it('reads no loads when it starts and no table is loading', () => {
    const cluster = opened();
    const asked: string[] = [];
    cluster.world.storeFate = ({ path }) => {
      asked.push(path);
      return 'ok';
    };
    cluster.restartMeta();
    cluster.world.run(1000);
    expect(cluster.meta.isActive()).toBe(true);
    expect(asked.filter((path) => path.includes('bulk_load'))).toEqual([]);
  });

  it('serves nobody until it has read the loads of tables that are loading', () => {
    const cluster = opened();
    const record = cluster.storedApp(1);
    if (record === undefined) throw new Error('no table');
    cluster.world.store.set(appPath('source', 1), encodeApp({ ...record, isBulkLoading: true }));
    let isLate = true;
    cluster.world.storeFate = ({ path }) => (isLate && path.endsWith('/bulk_load') ? 'timeout' : 'ok');
    cluster.restartMeta();
    cluster.world.run(3000);
    const early = ask(cluster, 'RPC_CM_QUERY_BULK_LOAD_STATUS', { appName: 't' });
    cluster.world.run(100);
    expect(early.last).toMatchObject({ body: { error: 'ERR_SERVICE_NOT_ACTIVE' } });
    isLate = false;
    cluster.world.run(3000);
    expect(cluster.meta.isActive()).toBe(true);
    expect(cluster.storedApp(1)?.isBulkLoading).toBe(false);
  });
});
