/** What waits on a replica for the files of an applied ingestion write (bl 15.3): checkpoints, and the start of a server. */
import { describe, expect, it } from 'vitest';
import type { NodeId } from '../../../../model/vocabulary.ts';
import { StorageApp } from '../../../../impl/storage/app/storageApp.ts';
import { META, NODES, Cluster } from '../cluster.ts';
import type { ClusterOptions } from '../cluster.ts';
import { LoadCluster } from './loadCluster.ts';

/** All members have applied the ingestion write; one of them has lost a file. */
function waiting(options: ClusterOptions = {}): { readonly c: LoadCluster; readonly node: NodeId } {
  const c = new LoadCluster(options);
  c.write('a', 'old');
  c.fillRows({ a: 'A', b: 'B', c: 'C' });
  c.download();
  const [node = ''] = c.secondaries();
  const { directory } = c.loader(node);
  const [file] = c.ingestionRequest().metadata.files;
  directory.ctx.env.disk.remove(directory.pathOf(file?.name ?? ''));
  expect(c.ingestNow()).toBe('ERR_OK');
  // Without another wish nobody brings the file again.
  c.replica(c.primaryNode(), c.gpid).twoPc.proposeEmptyWrite();
  c.run(100);
  expect(NODES.filter((member) => c.loader(member).ingestion.isPending())).toEqual([node]);
  return { c, node };
}

describe('a forced checkpoint of a member that waits for files', () => {
  it('is tried until they are in, and then holds their rows', () => {
    const { c, node } = waiting();
    const { storage, checkpoints } = c.replica(node, c.gpid);
    expect(c.cli(node, 'replica.emergency-checkpoint', c.gpid, 'last-applied')).toMatchObject({ error: 'ERR_OK' });
    c.run(45_000);
    const ended = () => c.claimsOf(node, 'checkpoint.ended').map(({ trigger, error, durable }) => [trigger, error, durable]);
    expect(ended()).toEqual([['manual-emergency', 'ERR_TRY_AGAIN', 0]]);
    expect([checkpoints.isManualFlagSet(), storage?.isFlushHeldUp(), storage?.lastFlushedDecree()]).toEqual([true, true, 0]);
    c.poll('BLS_INGESTING');
    c.runUntil(() => !c.loader(node).ingestion.isPending());
    c.run(12_000);
    expect(ended().slice(1)).toEqual([['retry-after-flush', 'ERR_OK', 2]]);
    expect([checkpoints.isManualFlagSet(), storage?.isFlushHeldUp()]).toEqual([false, false]);
    expect(c.stored('abc')).toEqual(['A B C', 'A B C', 'A B C']);
    expect(c.checks()).toEqual([]);
  });
});

describe('a server that starts with an ingestion in its log', () => {
  it('opens the replica without the start-up checkpoint, and the files come in', () => {
    const { c, node } = waiting();
    c.world.stopNode(node, 'crash');
    const before = c.claimsOf(node, 'checkpoint.ended').length;
    c.world.startNode(node);
    c.runUntil(() => c.server(node).replicas.has(c.gpid));
    expect(c.claimsOf(node, 'checkpoint.ended').slice(before)).toEqual([
      { kind: 'checkpoint.ended', gpid: c.gpid, trigger: 'start-up', error: 'ERR_WRONG_TIMING', durable: 0 },
    ]);
    expect(c.claimsOf(node, 'replica.opened').at(-1)).toMatchObject({ durable: 0, applied: 2 });
    expect(c.replica(node, c.gpid).storage?.pendingIngestion()?.decree).toBe(2);
    c.runUntil(() => c.replica(node, c.gpid).status() === 'PS_SECONDARY');
    c.poll('BLS_INGESTING');
    c.runUntil(() => !c.loader(node).ingestion.isPending());
    expect(c.stored('abc')).toEqual(['A B C', 'A B C', 'A B C']);
    expect(c.checks()).toEqual([]);
  });
});

describe('rocksdb.allow_ingest_behind', () => {
  const setEnv = (c: Cluster, key: string, value: string): string | undefined => {
    const box = c.call(META, 'RPC_CM_UPDATE_APP_ENV', { appName: 't', set: { [key]: value } });
    c.runUntil(() => box.result !== undefined);
    return box.result?.body?.error;
  };
  const allowed = (c: Cluster, gpid: string): readonly boolean[] =>
    NODES.map((node) => {
      const { storage } = c.replica(node, gpid);
      return storage instanceof StorageApp && storage.engine.allowsIngestBehind();
    });

  it.each([['true', true], ['TRUE', true], ['1', false]] as const)('%s at the creation of a table: %s for good', (value, is) => {
    const c = new Cluster({ settings: { checkpointDisabled: true } });
    const gpid = `${c.createTable('t', 1, 3, { 'rocksdb.allow_ingest_behind': value })}.0`;
    expect(allowed(c, gpid)).toEqual([is, is, is]);
    expect(setEnv(c, 'rocksdb.allow_ingest_behind', is ? 'false' : 'true')).toBe('ERR_OK');
    c.run(30_000);
    expect(allowed(c, gpid)).toEqual([is, is, is]);
    for (const node of NODES) c.world.stopNode(node, 'crash');
    for (const node of NODES) c.world.startNode(node);
    c.runUntil(() => NODES.every((node) => c.server(node).replicas.has(gpid)));
    expect(allowed(c, gpid)).toEqual([is, is, is]);
    expect(c.checks()).toEqual([]);
  });

  it('cannot be set before a table has its primaries', () => {
    const c = new Cluster({ settings: { checkpointDisabled: true } });
    c.run(1500);
    for (const node of NODES) c.world.cutLink(META, node);
    const request = { appName: 't', partitionCount: 1, replicaCount: 3, successIfExist: false, envs: {} };
    const created = c.call(META, 'RPC_CM_CREATE_APP', request);
    c.runUntil(() => created.result !== undefined);
    const gpid = `${created.result?.body?.appId}.0`;
    c.run(500);
    expect(setEnv(c, 'rocksdb.allow_ingest_behind', 'true')).toBe('ERR_BUSY_CREATING');
    expect(setEnv(c, 'default_ttl', '0')).toBe('ERR_OK');
    for (const node of NODES) c.world.restoreLink(META, node);
    c.runUntil(() => c.hasAllMembers(gpid));
    expect(setEnv(c, 'rocksdb.allow_ingest_behind', 'true')).toBe('ERR_OK');
    expect(allowed(c, gpid)).toEqual([false, false, false]);
    expect(c.checks()).toEqual([]);
  });
});
