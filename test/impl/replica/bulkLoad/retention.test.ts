/** Files stay until the ingestion that may ask for them is resolved, and come again when they are gone (bl 17.4). */
import { describe, expect, it } from 'vitest';
import type { BulkLoadStatus, ErrorCode, NodeId } from '../../../../model/vocabulary.ts';
import { SecondaryPrepare } from '../../../../impl/replica/secondaryPrepare.ts';
import { NODES } from '../cluster.ts';
import { contentOf, LoadCluster } from './loadCluster.ts';

const ALL_FILES = ['00001.sst', '00002.sst', 'bulk_load_metadata'];

let holding = false;

class Holding extends SecondaryPrepare {
  override refusePrepare(...args: Parameters<SecondaryPrepare['refusePrepare']>): ErrorCode | undefined {
    return holding ? 'ERR_TRY_AGAIN' : super.refusePrepare(...args);
  }
}

/** Downloaded by all; the ingestion write is let in, and stays uncommitted while secondaries put prepares off. */
function loaded(hold = false): LoadCluster {
  holding = false;
  const c = new LoadCluster({ partsOf: () => ({ SecondaryPrepare: Holding }), settings: { prepareTimeoutMs: 60_000 } });
  c.write('a', 'old');
  c.fillRows({ a: 'A', b: 'B', c: 'C' });
  c.download();
  c.poll('BLS_INGESTING');
  holding = hold;
  c.ingest();
  c.runUntil(() => c.loader().ingestion.isPrepared());
  return c;
}

function groupWishes(c: LoadCluster): number {
  return c.sent.filter(({ code, kind }) => code === 'RPC_GROUP_BULK_LOAD' && kind === 'request').length;
}

function spoil(c: LoadCluster, node: NodeId, how: 'missing' | 'damaged'): void {
  const { directory } = c.loader(node);
  if (how === 'missing') directory.removeFile('00001.sst');
  else directory.ctx.env.disk.write(directory.pathOf('00001.sst'), 3, new Uint8Array([1, 2, 3, 4]));
}

describe('a primary whose ingestion write is not resolved', () => {
  it.each(['BLS_CANCELED', 'BLS_FAILED', 'BLS_SUCCEED'] as const)('cleans nothing up, nor has it done, at %s', (end) => {
    const c = loaded(true);
    const before = groupWishes(c);
    for (let i = 0; i < 3; i++) {
      const { error, isGroupCleanedUp, groupStates } = c.poll(end);
      expect([error, isGroupCleanedUp, groupStates[c.primaryNode()]?.isCleanedUp]).toEqual(['ERR_OK', false, false]);
    }
    expect([c.loader().ingestion.isIngesting, groupWishes(c)]).toEqual([true, before]);
    for (const node of NODES) expect(c.localFiles(node)).toEqual(ALL_FILES);
    holding = false;
    c.run(100);
    for (let i = 0; i < 4; i++) c.poll(end);
    expect([c.poll(end).isGroupCleanedUp, c.loader().ingestion.isIngesting]).toEqual([true, false]);
    expect(c.stored('abc')).toEqual(['A B C', 'A B C', 'A B C']);
    expect(c.checks()).toEqual([]);
  });

  it('is busy for a new download', () => {
    const c = loaded(true);
    const before = groupWishes(c);
    expect(c.poll('BLS_DOWNLOADING').error).toBe('ERR_BUSY');
    expect([c.loader().ingestion.isIngesting, groupWishes(c), c.slots()]).toEqual([true, before, 0]);
    for (const node of NODES) expect(c.localFiles(node)).toEqual(ALL_FILES);
    holding = false;
    c.run(100);
    // Its own files are in; the secondaries hear of the commit before they are asked to download.
    expect(c.poll('BLS_DOWNLOADING').error).toBe('ERR_OK');
    expect([c.loader().ingestion.isIngesting, c.localFiles()]).toEqual([false, ALL_FILES]);
    expect(c.stored('abc')).toEqual(['A B C', 'A B C', 'A B C']);
    c.poll('BLS_DOWNLOADING');
    c.runUntil(() => NODES.every((node) => c.loader(node).localStatus === 'BLS_DOWNLOADED'));
    for (const node of NODES) expect(c.localFiles(node)).toEqual(ALL_FILES);
  });
});

describe('a pause that a rollback has let through', () => {
  it('comes to every member once its ingestion of the round before is resolved (bl.13.4)', () => {
    const c = loaded(true);
    expect(c.poll('BLS_PAUSING').isGroupPaused).toBe(false);
    expect([c.loader().localStatus, c.loader().ingestion.isIngesting]).toEqual(['BLS_INGESTING', true]);
    holding = false;
    c.run(100);
    for (let i = 0; i < 3; i++) c.poll('BLS_PAUSING');
    expect([c.poll('BLS_PAUSING').isGroupPaused, c.loader().ingestion.isIngesting]).toEqual([true, false]);
    for (const node of NODES) expect(c.loader(node).localStatus).toBe('BLS_PAUSED');
    expect([c.stored('abc'), c.write('a', 'newer')]).toEqual([['A B C', 'A B C', 'A B C'], 'ERR_OK']);
  });
});

describe('a secondary that has prepared an ingestion', () => {
  it.each([
    ['BLS_DOWNLOADING', 'ERR_BUSY'],
    ['BLS_CANCELED', 'ERR_OK'],
    ['BLS_FAILED', 'ERR_OK'],
    ['BLS_SUCCEED', 'ERR_OK'],
  ] as readonly [BulkLoadStatus, ErrorCode][])('keeps its files: %s is %s', (wish, error) => {
    const c = loaded();
    c.runUntil(() => c.loader().ingestion.status === 'IS_SUCCEED');
    const [node = ''] = c.secondaries();
    const loader = c.loader(node);
    expect([loader.ingestion.isPrepared(), loader.ingestion.isPending()]).toEqual([true, false]);
    const answer = loader.onGroupBulkLoad(c.groupWish(wish));
    expect([answer.error, answer.state.isCleanedUp, c.localFiles(node)]).toEqual([error, false, ALL_FILES]);
    c.replica(c.primaryNode(), c.gpid).twoPc.proposeEmptyWrite();
    c.run(100);
    expect([loader.ingestion.isUnresolved(), c.localFiles(node)]).toEqual([false, ['bulk_load_metadata']]);
    expect(loader.onGroupBulkLoad(c.groupWish(wish)).error).toBe('ERR_OK');
    expect(c.localFiles(node)).toEqual(wish === 'BLS_SUCCEED' ? ['bulk_load_metadata'] : []);
  });

  it('of a ballot that was passed over keeps nothing for it', () => {
    const c = loaded();
    const [node = ''] = c.secondaries();
    const replica = c.replica(node, c.gpid);
    c.runUntil(() => replica.bulkLoader.ingestion.isPrepared());
    replica.configurator.updateLocalConfiguration(replica.makeConfig(replica.ballot() + 1, c.primaryNode(), 'PS_SECONDARY'));
    expect(replica.bulkLoader.ingestion.isUnresolved()).toBe(false);
  });
});

describe('files that are not there when the ingestion is applied', () => {
  it.each([
    ['missing', 'BLS_INGESTING'],
    ['damaged', 'BLS_INGESTING'],
    ['missing', 'BLS_DOWNLOADING'],
    ['damaged', 'BLS_CANCELED'],
    ['missing', 'BLS_FAILED'],
    ['missing', 'BLS_SUCCEED'],
    ['missing', 'BLS_DOWNLOADED'],
  ] as readonly ['missing' | 'damaged', BulkLoadStatus][])('(%s) come again with the next wish, here %s', (how, wish) => {
    const c = loaded(true);
    const [node = ''] = c.secondaries();
    spoil(c, node, how);
    holding = false;
    c.run(100);
    c.replica(c.primaryNode(), c.gpid).twoPc.proposeEmptyWrite();
    c.run(500);
    const { ingestion } = c.loader(node);
    expect([ingestion.status, ingestion.isPending(), ingestion.needsRepair]).toEqual(['IS_RUNNING', true, true]);
    expect(c.stored('abc').filter((rows) => rows === 'A B C')).toHaveLength(2);
    c.loader(node).onGroupBulkLoad(c.groupWish(wish));
    expect(c.slots(node)).toBe(1);
    c.run(100);
    expect([ingestion.isPending(), ingestion.needsRepair, c.slots(node)]).toEqual([false, false, 0]);
    expect([ingestion.status, c.stored('abc')]).toEqual(['IS_SUCCEED', ['A B C', 'A B C', 'A B C']]);
    expect(c.checks()).toEqual([]);
  });

  it('come from the place that the wish names, when that has the very same', () => {
    const c = loaded(true);
    spoil(c, c.primaryNode(), 'missing');
    holding = false;
    c.run(100);
    const { ingestion } = c.loader();
    c.fillRows({ x: 'X', y: 'Y', z: 'Z' }, 'elsewhere');
    c.poll('BLS_CANCELED', { remoteRootPath: 'elsewhere' });
    expect([ingestion.isPending(), ingestion.needsRepair, c.slots()]).toEqual([true, true, 0]);
    c.fillRows({ a: 'A', b: 'B', c: 'C' }, 'elsewhere');
    c.poll('BLS_CANCELED', { remoteRootPath: 'elsewhere' });
    expect([ingestion.isPending(), c.stored('abc').filter((rows) => rows === 'A B C')]).toEqual([false, ['A B C']]);
  });

  it.each([
    ['damaged here', 'A B C', 'IS_SUCCEED'],
    ['so on the provider', 'old - -', 'IS_FAILED'],
  ] as const)('and have no MD5 come again once: they were %s', (what, rows, status) => {
    holding = false;
    const c = new LoadCluster();
    c.write('a', 'old');
    const files = c.fillRows({ a: 'A', b: 'B', c: 'C' });
    const size = files[0]?.size ?? 0;
    if (what === 'so on the provider') c.putFile('00001.sst', contentOf('x', size));
    c.putMetadata(files.map((file) => ({ ...file, md5: '' })));
    c.download();
    c.poll('BLS_INGESTING');
    const { directory, ingestion } = c.loader();
    if (what === 'damaged here') directory.ctx.env.disk.write(directory.pathOf('00001.sst'), 0, contentOf('x', size));
    expect(c.ingestNow()).toBe('ERR_OK');
    c.run(100);
    expect([ingestion.status, ingestion.needsRepair]).toEqual(['IS_RUNNING', true]);
    c.poll('BLS_INGESTING');
    expect([ingestion.status, ingestion.needsRepair, c.read(c.gpid, 'a')]).toEqual([status, false, rows[0] === 'A' ? 'A' : 'old']);
    for (let i = 0; i < 3; i++) c.poll(status === 'IS_FAILED' ? 'BLS_FAILED' : 'BLS_INGESTING');
    expect(c.stored('abc')).toEqual([rows, rows, rows]);
  });

  it('wait for a slot of the server', () => {
    const c = loaded(true);
    spoil(c, c.primaryNode(), 'missing');
    holding = false;
    c.run(100);
    const { downloadSlots } = c.server(c.primaryNode());
    for (let i = 0; i < 5; i++) downloadSlots.take();
    c.poll('BLS_INGESTING');
    expect([c.loader().ingestion.needsRepair, c.slots()]).toEqual([true, 5]);
    downloadSlots.giveBack();
    c.poll('BLS_INGESTING');
    expect([c.loader().ingestion.status, c.slots()]).toEqual(['IS_SUCCEED', 4]);
  });

  it('are looked for again by a server that starts, and come with its first wish', () => {
    const c = loaded(true);
    const [node = ''] = c.secondaries();
    spoil(c, node, 'damaged');
    holding = false;
    c.run(100);
    c.write('k', 'v');
    for (let i = 0; i < 2; i++) c.replica(c.primaryNode(), c.gpid).twoPc.proposeEmptyWrite();
    c.run(100);
    expect(c.loader(node).ingestion.isPending()).toBe(true);
    c.world.stopNode(node, 'crash');
    c.world.startNode(node);
    c.runUntil(() => c.server(node).replicas.has(c.gpid));
    c.run(10);
    const { ingestion } = c.loader(node);
    expect([ingestion.isPending(), ingestion.needsRepair]).toEqual([true, true]);
    c.runUntil(() => c.replica(node, c.gpid).status() === 'PS_SECONDARY', 120_000);
    c.poll('BLS_DOWNLOADED');
    c.loader(node).onGroupBulkLoad(c.groupWish('BLS_DOWNLOADED'));
    c.run(100);
    expect([ingestion.isPending(), c.stored('abc')]).toEqual([false, ['A B C', 'A B C', 'A B C']]);
    expect(c.checks()).toEqual([]);
  });

  it('that are whole are brought in by a server that starts, before it has a role', () => {
    const c = loaded();
    const [node = ''] = c.secondaries();
    c.runUntil(() => c.loader().ingestion.status === 'IS_SUCCEED');
    c.replica(c.primaryNode(), c.gpid).twoPc.proposeEmptyWrite();
    c.runUntil(() => c.loader(node).ingestion.isPending());
    c.world.stopNode(node, 'crash');
    c.world.startNode(node);
    c.runUntil(() => c.server(node).replicas.has(c.gpid));
    const replica = c.replica(node, c.gpid);
    expect(replica.bulkLoader.ingestion.isUnresolved()).toBe(true);
    c.runUntil(() => c.stored('abc').every((rows) => rows === 'A B C'), 120_000);
  });
});
