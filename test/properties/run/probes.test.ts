/** What is asked once everything has settled. */
import { expect, it } from 'vitest';
import { partitionIndexOf } from '../../../impl/protocol/rrdb.ts';
import { Probes } from '../../../properties/run/probes.ts';

const table = { kind: 'createTable', name: 't1', partitionCount: 3, replicaCount: 1, envs: {}, successIfExist: false } as const;
const add = { kind: 'addDup', table: 't1', remoteCluster: 'follower', checkpoint: true, remoteTable: 'r1', remoteReplicaCount: 0 } as const;
const put = { kind: 'put', table: 't1', hashKey: 'a', sortKey: 'x', value: 'v', ttlSeconds: 0 } as const;

it('a table that is not duplicated is read back at home, and not written to', () => {
  const probes = new Probes();
  for (const command of [table, put, put, { kind: 'remove', table: 't1', hashKey: 'b', sortKey: '' } as const]) probes.remember('source', command);
  probes.remember('source', { kind: 'multiPut', table: 't1', hashKey: 'c', rows: [{ sortKey: '1', value: 'v' }, { sortKey: '2', value: 'w' }], ttlSeconds: 0 });
  expect(probes.writes()).toEqual([]);
  const keys = probes.reads().map(({ cluster, command }) => (command.kind === 'get' ? `${cluster} ${command.table} ${command.hashKey} ${command.sortKey}` : command.kind));
  expect(keys).toEqual(['source t1 a x', 'source t1 b ', 'source t1 c 1', 'source t1 c 2']);
});

it('a duplicated table is written to in each partition, and read at both ends', () => {
  const probes = new Probes();
  for (const command of [table, put, add]) probes.remember('source', command);
  const writes = probes.writes();
  expect(writes.map(({ cluster, command }) => (command.kind === 'put' ? [cluster, command.table, partitionIndexOf(command.hashKey, 3)] : []))).toEqual([0, 1, 2].map((index) => ['source', 't1', index]));
  for (const { cluster, command } of writes) probes.remember(cluster, command);
  const reads = probes.reads();
  expect(reads.filter(({ cluster, command }) => cluster === 'follower' && command.kind === 'get' && command.table === 'r1')).toHaveLength(4);
  expect(reads.filter(({ cluster, command }) => cluster === 'source' && command.kind === 'get' && command.table === 't1')).toHaveLength(4);
  expect(reads).toContainEqual({ cluster: 'source', command: { kind: 'queryDup', table: 't1' } });
  // Last of all the metrics of each partition, when nothing is on its way any more.
  expect(reads.at(-1)?.command.kind).toBe('queryMetrics');
});

it('a remote table of no other name has the table\'s own', () => {
  const probes = new Probes();
  for (const command of [put, { ...add, remoteTable: '' }]) probes.remember('source', command);
  expect(probes.reads()).toContainEqual({ cluster: 'follower', command: { kind: 'get', table: 't1', hashKey: 'a', sortKey: 'x' } });
});
