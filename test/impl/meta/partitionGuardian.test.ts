import { describe, expect, it } from 'vitest';
import { MetaCluster } from './metaCluster.ts';

const FOUR = ['source/replica-3', 'source/replica-0', 'source/replica-2', 'source/replica-1'];

describe('first members of a partition', () => {
  it('tells the secondaries first, and the primary when each has opened its replica', () => {
    const cluster = new MetaCluster();
    cluster.world.run(100);
    const waits = 'source/replica-2';
    cluster.opens = (server) => server !== waits;
    cluster.create('t1', { partitions: 1 });
    cluster.world.run(100);
    expect(cluster.proposals.map(({ to, proposal }) => [to, proposal.type])).toEqual([
      ['source/replica-1', 'CT_UPGRADE_TO_SECONDARY'],
      ['source/replica-2', 'CT_UPGRADE_TO_SECONDARY'],
    ]);
    expect(cluster.proposals[0]?.proposal).toMatchObject({
      app: { appId: 1, status: 'AS_AVAILABLE' },
      node: 'source/replica-1',
      config: {
        gpid: '1.0',
        ballot: 0,
        primary: 'source/replica-0',
        secondaries: ['source/replica-1', 'source/replica-2'],
      },
    });
    cluster.opens = () => true;
    cluster.world.run(cluster.world.settings.rpcTimeoutMs + 100);
    expect(cluster.proposals.slice(2).map(({ to, proposal }) => [to, proposal.type])).toEqual([
      ['source/replica-1', 'CT_UPGRADE_TO_SECONDARY'],
      ['source/replica-2', 'CT_UPGRADE_TO_SECONDARY'],
      ['source/replica-0', 'CT_ASSIGN_PRIMARY'],
    ]);
    expect(cluster.storedConfig(1, 0)).toMatchObject({ ballot: 1, primary: 'source/replica-0' });
  });

  it('repeats every rpcTimeoutMs until ballot 1 is stored, then no more', () => {
    const cluster = new MetaCluster();
    cluster.world.run(100);
    cluster.asks = false;
    cluster.create('t1', { partitions: 1 });
    cluster.world.run(12_000);
    const toPrimary = cluster.proposals.filter(({ proposal }) => proposal.type === 'CT_ASSIGN_PRIMARY');
    expect(toPrimary).toHaveLength(3);
    const [first, second, third] = toPrimary.map(({ atMs }) => atMs);
    expect([(second ?? 0) - (first ?? 0), (third ?? 0) - (second ?? 0)]).toEqual([5000, 5000]);
    cluster.asks = true;
    cluster.world.run(5000);
    const count = cluster.proposals.length;
    expect(cluster.storedConfig(1, 0)?.ballot).toBe(1);
    cluster.world.run(20_000);
    expect(cluster.proposals.length).toBe(count);
  });

  it('an acknowledgement of an earlier round does not count', () => {
    const cluster = new MetaCluster();
    cluster.world.run(100);
    // Each round only one of the two secondaries opens its replica.
    let round = 0;
    cluster.opens = (server) => server === (round++ % 4 < 2 ? 'source/replica-1' : 'source/replica-2');
    cluster.create('t1', { partitions: 1 });
    cluster.world.run(20_000);
    expect(cluster.proposals.length).toBeGreaterThan(6);
    expect(cluster.proposals.filter(({ proposal }) => proposal.type === 'CT_ASSIGN_PRIMARY')).toEqual([]);
  });

  it('one replica needs no secondary', () => {
    const cluster = new MetaCluster();
    cluster.world.run(100);
    cluster.create('t1', { partitions: 1, replicas: 1 });
    cluster.world.run(100);
    expect(cluster.storedConfig(1, 0)).toMatchObject({ ballot: 1, primary: 'source/replica-0', secondaries: [] });
  });

  it('takes the servers with the fewest replicas, equal ones by their ids, and spreads primaries', () => {
    const cluster = new MetaCluster({ servers: FOUR });
    cluster.world.run(100);
    cluster.create('t1', { partitions: 4, replicas: 3 });
    cluster.world.run(100);
    const configs = [0, 1, 2, 3].map((index) => cluster.storedConfig(1, index));
    const load = new Map<string, number>();
    for (const config of configs) {
      for (const node of [config?.primary ?? '', ...(config?.secondaries ?? [])])
        load.set(node, (load.get(node) ?? 0) + 1);
    }
    expect([...load.values()]).toEqual([3, 3, 3, 3]);
    expect(configs[0]).toMatchObject({
      primary: 'source/replica-0',
      secondaries: ['source/replica-1', 'source/replica-2'],
    });
    // replica-3 has nothing yet, the others one each; replica-0 is a primary already.
    expect(configs[1]).toMatchObject({
      primary: 'source/replica-1',
      secondaries: ['source/replica-3', 'source/replica-0'],
    });
    expect(new Set(configs.map((config) => config?.primary)).size).toBe(4);
  });

  it('is chosen again by a restarted meta server; only the first primary to ask is stored', () => {
    const cluster = new MetaCluster({ servers: FOUR });
    cluster.world.run(100);
    cluster.asks = false;
    cluster.create('t1', { partitions: 1, replicas: 3 });
    cluster.world.run(100);
    cluster.restartMeta();
    cluster.world.run(100);
    const choices = cluster.proposals.filter(({ proposal }) => proposal.type === 'CT_ASSIGN_PRIMARY');
    expect(choices).toHaveLength(2);
    const config = choices[0]?.proposal.config;
    if (config === undefined) throw new Error('no choice');
    const winner = cluster.update(config.primary, {
      type: 'CT_ASSIGN_PRIMARY',
      node: config.primary,
      config: { ...config, ballot: 1 },
    });
    cluster.world.run(10);
    const loser = cluster.update('source/replica-3', {
      type: 'CT_ASSIGN_PRIMARY',
      node: 'source/replica-3',
      config: { ...config, ballot: 1, primary: 'source/replica-3' },
    });
    cluster.world.run(100);
    expect(winner.last).toMatchObject({ error: 'ERR_OK' });
    expect(loser.last).toEqual({ error: 'ERR_INVALID_VERSION', config: { ...config, ballot: 1 } });
  });

  it('stops for a table that is dropped', () => {
    const cluster = new MetaCluster();
    cluster.world.run(100);
    cluster.asks = false;
    cluster.create('t1', { partitions: 1 });
    cluster.world.run(100);
    cluster.drop('t1');
    cluster.world.run(100);
    const count = cluster.proposals.length;
    cluster.world.run(20_000);
    expect(cluster.proposals.length).toBe(count);
  });
});
