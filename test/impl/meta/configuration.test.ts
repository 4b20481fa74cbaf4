import { describe, expect, it } from 'vitest';
import { MetaCluster, SERVERS } from './metaCluster.ts';
import type { PartitionConfig } from '../../../model/vocabulary.ts';
import type { ConfigSyncResponse } from '../../../impl/protocol/messages.ts';

const [A, B, C] = ['source/replica-0', 'source/replica-1', 'source/replica-2'] as const;
const PARTITION = '/pegasus/source/apps/1/0';

/** A table of one partition that is served by A, with B and C. */
function served(): { cluster: MetaCluster; config: PartitionConfig } {
  const cluster = new MetaCluster();
  cluster.world.run(100);
  cluster.create('t1', { partitions: 1 });
  cluster.world.run(100);
  const config = cluster.storedConfig(1, 0);
  if (config === undefined) throw new Error('no configuration');
  expect(config).toMatchObject({ ballot: 3, primary: A, secondaries: [B, C] });
  return { cluster, config };
}

describe('update of a configuration', () => {
  it('persists, then applies, then answers', () => {
    const { cluster, config } = served();
    cluster.world.storeFate = ({ path }) => (path === PARTITION ? 'timeout-after-effect' : 'ok');
    const asked = { ...config, ballot: 4, lastCommittedDecree: 7 };
    const answer = cluster.update(A, { type: 'CT_PRIMARY_FORCE_UPDATE_BALLOT', node: A, config: asked });
    cluster.world.run(500);
    expect(cluster.storedConfig(1, 0)?.ballot).toBe(4);
    expect(cluster.meta.state.config('1.0')?.ballot).toBe(3);
    expect(answer.answers).toEqual([]);
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(1000);
    expect(answer.last).toEqual({ error: 'ERR_OK', config: asked });
    expect(cluster.meta.state.config('1.0')).toEqual(asked);
  });

  it('answers a repeat with ERR_OK and writes nothing', () => {
    const { cluster, config } = served();
    const writes = cluster.world.writes.length;
    const repeated = { ...config, secondaries: [C, B] };
    const answer = cluster.update(A, { type: 'CT_PRIMARY_FORCE_UPDATE_BALLOT', node: A, config: repeated });
    cluster.world.run(100);
    expect(answer.last).toEqual({ error: 'ERR_OK', config });
    expect(cluster.world.writes.length).toBe(writes);
  });

  it.each([0, 2, 3, 5])('answers ballot %i with ERR_INVALID_VERSION and what is stored', (ballot) => {
    const { cluster, config } = served();
    // Ballot 3 with another decree is not the same update.
    const asked = { ...config, ballot, lastCommittedDecree: 5 };
    const answer = cluster.update(A, { type: 'CT_PRIMARY_FORCE_UPDATE_BALLOT', node: A, config: asked });
    cluster.world.run(100);
    expect(answer.last).toEqual({ error: 'ERR_INVALID_VERSION', config });
    expect(cluster.storedConfig(1, 0)).toEqual(config);
  });

  it('does not answer while another update is on its way', () => {
    const { cluster, config } = served();
    cluster.world.storeFate = ({ path }) => (path === PARTITION ? 'timeout' : 'ok');
    const request = { type: 'CT_PRIMARY_FORCE_UPDATE_BALLOT', node: A, config: { ...config, ballot: 4 } } as const;
    const first = cluster.update(A, request);
    const second = cluster.update(A, request);
    cluster.world.run(2000);
    cluster.world.storeFate = () => 'ok';
    cluster.world.run(5000);
    expect(first.last).toMatchObject({ error: 'ERR_OK' });
    expect(second.answers).toEqual(['ERR_TIMEOUT']);
    expect(cluster.recordWrites().filter((write) => write === 'set 1/0 ballot 4')).toHaveLength(1);
  });

  it('refuses CT_ADD_SECONDARY: it is a proposal, and asked for as CT_UPGRADE_TO_SECONDARY', () => {
    const { cluster, config } = served();
    const answer = cluster.update(A, { type: 'CT_ADD_SECONDARY', node: B, config: { ...config, ballot: 4 } });
    cluster.world.run(100);
    expect(answer.last).toEqual({ error: 'ERR_INVALID_PARAMETERS', config });
    expect(cluster.storedConfig(1, 0)).toEqual(config);
  });

  it.each([
    ['CT_DOWNGRADE_TO_INACTIVE', B, { secondaries: [C] }, { secondaries: [C], lastDrops: [B] }],
    ['CT_DOWNGRADE_TO_INACTIVE', A, { primary: '' }, { primary: '', secondaries: [B, C], lastDrops: [A] }],
    ['CT_REMOVE', C, { secondaries: [B] }, { secondaries: [B], lastDrops: [C] }],
    ['CT_DOWNGRADE_TO_SECONDARY', A, { primary: '', secondaries: [B, C, A] }, { secondaries: [B, C, A], lastDrops: [] }],
  ] as const)('stores %s of %s, and who dropped out', (type, node, members, stored) => {
    const { cluster, config } = served();
    cluster.answers = () => undefined;
    const answer = cluster.update(A, { type, node, config: { ...config, ...members, ballot: 4 } });
    cluster.world.run(100);
    expect(answer.last).toMatchObject({ error: 'ERR_OK' });
    expect(cluster.storedConfig(1, 0)).toMatchObject({ ballot: 4, ...stored });
  });

  it('a member that left comes back with CT_UPGRADE_TO_SECONDARY, and is no dropout any more', () => {
    const { cluster, config } = served();
    cluster.answers = () => undefined;
    cluster.update(A, { type: 'CT_DOWNGRADE_TO_INACTIVE', node: B, config: { ...config, secondaries: [C], ballot: 4 } });
    cluster.world.run(100);
    cluster.update(A, { type: 'CT_UPGRADE_TO_SECONDARY', node: B, config: { ...config, secondaries: [C, B], ballot: 5 } });
    cluster.world.run(100);
    expect(cluster.storedConfig(1, 0)).toMatchObject({ ballot: 5, primary: A, secondaries: [C, B], lastDrops: [] });
  });

  it.each([
    ['other members', { secondaries: [B] }, A],
    ['another primary', { primary: B, secondaries: [A, C] }, B],
    ['somebody else', {}, B],
  ])('checks that a new ballot keeps the members: %s', (_what, change, node) => {
    const { cluster, config } = served();
    cluster.update(A, { type: 'CT_PRIMARY_FORCE_UPDATE_BALLOT', node, config: { ...config, ...change, ballot: 4 } });
    cluster.world.run(100);
    expect(cluster.metaProcess.failure?.check).toBe('request_check');
    expect(cluster.storedConfig(1, 0)).toEqual(config);
  });

  it('answers for tables that are gone or never were', () => {
    const { cluster, config } = served();
    cluster.drop('t1');
    cluster.world.run(100);
    const dropped = cluster.update(A, {
      type: 'CT_PRIMARY_FORCE_UPDATE_BALLOT',
      node: A,
      config: { ...config, ballot: 4 },
    });
    const unknown = cluster.update(A, { type: 'CT_ASSIGN_PRIMARY', node: A, config: { ...config, gpid: '9.0' } });
    cluster.world.run(100);
    expect(dropped.last).toMatchObject({ error: 'ERR_APP_DROPPED' });
    expect(unknown.last).toMatchObject({ error: 'ERR_APP_NOT_EXIST' });
    expect(cluster.storedConfig(1, 0)).toMatchObject({ ballot: config.ballot + 1, primary: '', secondaries: [] });
  });

  it('survives a restart of the meta server', () => {
    const { cluster, config } = served();
    cluster.update(A, {
      type: 'CT_PRIMARY_FORCE_UPDATE_BALLOT',
      node: A,
      config: { ...config, ballot: 4, lastCommittedDecree: 9 },
    });
    cluster.world.run(100);
    cluster.restartMeta();
    cluster.world.run(100);
    expect(cluster.meta.state.config('1.0')).toEqual({ ...config, ballot: 4, lastCommittedDecree: 9 });
    const stale = cluster.update(B, {
      type: 'CT_PRIMARY_FORCE_UPDATE_BALLOT',
      node: A,
      config: { ...config, ballot: 4 },
    });
    cluster.world.run(100);
    expect(stale.last).toMatchObject({ error: 'ERR_INVALID_VERSION', config: { ballot: 4, lastCommittedDecree: 9 } });
  });
});

describe('config sync', () => {
  const body = (result: { body?: unknown } | undefined): ConfigSyncResponse => result?.body as ConfigSyncResponse;
  const replica = (gpid: string) =>
    ({ gpid, ballot: 1, status: 'PS_INACTIVE', lastCommitted: 0, lastPrepared: 0, lastDurable: 0 }) as const;

  it('lists the partitions of the node with the properties of their table', () => {
    const cluster = new MetaCluster({ servers: [...SERVERS, 'source/replica-3'] });
    cluster.world.run(100);
    cluster.create('t1', { partitions: 1, envs: { a: '1' } });
    cluster.world.run(100);
    const member = cluster.sync(B);
    const other = cluster.sync('source/replica-3');
    const stranger = cluster.sync('source/replica-9');
    cluster.world.run(100);
    const config = cluster.storedConfig(1, 0);
    expect(body(member.last)).toEqual({
      error: 'ERR_OK',
      gcReplicas: [],
      partitions: [
        {
          app: {
            appId: 1,
            appName: 't1',
            appType: 'pegasus',
            partitionCount: 1,
            maxReplicaCount: 3,
            status: 'AS_AVAILABLE',
            envs: { a: '1' },
            duplicating: false,
          },
          config,
        },
      ],
    });
    expect(body(other.last)).toEqual({ error: 'ERR_OK', partitions: [], gcReplicas: [] });
    expect(body(stranger.last)).toEqual({ error: 'ERR_OBJECT_NOT_FOUND', partitions: [], gcReplicas: [] });
  });

  it('does not list a partition that nobody serves yet', () => {
    const cluster = new MetaCluster();
    cluster.obeys = () => false;
    cluster.world.run(100);
    cluster.create('t1', { partitions: 1 });
    cluster.world.run(100);
    const sync = cluster.sync(A);
    cluster.world.run(100);
    expect(body(sync.last)).toEqual({ error: 'ERR_OK', partitions: [], gcReplicas: [] });
  });

  it('is busy for a node whose own update is on its way, and not for others', () => {
    const { cluster, config } = served();
    cluster.world.storeFate = ({ path }) => (path === PARTITION ? 'timeout' : 'ok');
    cluster.update(A, { type: 'CT_PRIMARY_FORCE_UPDATE_BALLOT', node: A, config: { ...config, ballot: 4 } });
    cluster.world.run(100);
    const own = cluster.sync(A);
    const others = cluster.sync(B);
    cluster.world.run(100);
    expect(body(own.last)).toEqual({ error: 'ERR_BUSY', partitions: [], gcReplicas: [] });
    expect(body(others.last).partitions).toHaveLength(1);
  });

  it('collects replicas of tables that were dropped and have expired only', () => {
    const { cluster } = served();
    cluster.create('t2', { partitions: 1 });
    cluster.world.run(100);
    cluster.drop('t1');
    cluster.world.run(100);
    const early = cluster.sync(A, [replica('1.0'), replica('2.0')]);
    cluster.world.run(100);
    expect(body(early.last).gcReplicas).toEqual([]);
    cluster.world.wallBaseUs += 604_801_000_000;
    const sync = cluster.sync(A, [replica('1.0'), replica('2.0')]);
    cluster.world.run(100);
    expect(body(sync.last).gcReplicas).toEqual(['1.0']);
    expect(body(sync.last).partitions.map(({ config }) => config.gpid)).toEqual(['2.0']);
  });

  it('checks that a reported replica belongs to a table', () => {
    const { cluster } = served();
    cluster.sync(A, [replica('7.0')]);
    cluster.world.run(100);
    expect(cluster.metaProcess.failure?.check).toBe('on_config_sync');
  });
});
