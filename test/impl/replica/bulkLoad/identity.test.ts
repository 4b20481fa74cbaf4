/** Which load a wish belongs to (bl.B35), and whose slot a download takes (bl 14.1). */
import { describe, expect, it } from 'vitest';
import type { BulkLoadStatus } from '../../../../model/vocabulary.ts';
import { Cluster, NODES } from '../cluster.ts';
import { LoadCluster } from './loadCluster.ts';

const FIRST = { loadId: 7 };
const SECOND = { loadId: 8 };

function loaded(): LoadCluster {
  const c = new LoadCluster();
  c.fillRows({ a: 'A', b: 'B' });
  c.poll('BLS_DOWNLOADING', FIRST);
  c.runUntil(() => NODES.every((node) => c.loader(node).localStatus === 'BLS_DOWNLOADED'));
  return c;
}

function localStatuses(c: LoadCluster): readonly string[] {
  return NODES.map((node) => c.loader(node).localStatus);
}

describe('a wish of another load', () => {
  it.each(['BLS_DOWNLOADED', 'BLS_INGESTING'] as const)('finds no files for %s, though the place is the same', (wish) => {
    const c = loaded();
    expect(c.poll(wish, SECOND).error).toBe('ERR_INVALID_STATE');
    const [node = ''] = c.secondaries();
    const group = { ...c.groupWish(wish), ...SECOND };
    expect(c.loader(node).onGroupBulkLoad(group).error).toBe('ERR_INVALID_STATE');
    expect(c.loader(node).onGroupBulkLoad({ ...group, ...FIRST }).error).toBe('ERR_OK');
    expect(c.poll(wish, FIRST).error).toBe('ERR_OK');
  });

  it('downloads anew on all members, the same files too', () => {
    const c = loaded();
    const rounds = NODES.map((node) => c.loader(node).downloader.round);
    c.poll('BLS_DOWNLOADING', FIRST);
    expect(NODES.map((node) => c.loader(node).downloader.round)).toEqual(rounds);
    for (const node of NODES) c.loader(node).directory.ctx.env.disk.create(c.loader(node).directory.pathOf('left'));
    c.poll('BLS_DOWNLOADING', SECOND);
    c.runUntil(() => localStatuses(c).every((status) => status === 'BLS_DOWNLOADED'));
    NODES.forEach((node, i) => expect(c.loader(node).downloader.round).toBeGreaterThan(rounds[i] ?? 0));
    for (const node of NODES) expect(c.localFiles(node)).not.toContain('left');
    expect(c.poll('BLS_INGESTING', SECOND).error).toBe('ERR_OK');
    expect(c.poll('BLS_INGESTING', FIRST).error).toBe('ERR_INVALID_STATE');
  });

  it('takes no paused, ingesting or ended load for its own', () => {
    for (const status of ['BLS_PAUSED', 'BLS_INGESTING', 'BLS_SUCCEED'] as const) {
      const c = loaded();
      const loader = c.loader();
      loader.directory.ctx.env.disk.create(loader.directory.pathOf('left'));
      loader.localStatus = status;
      c.poll('BLS_DOWNLOADING', SECOND);
      c.runUntil(() => loader.localStatus === 'BLS_DOWNLOADED');
      expect(c.localFiles()).not.toContain('left');
    }
  });

  it('ends without a checkpoint what another has left', () => {
    const c = loaded();
    const before = c.replica(c.primaryNode(), c.gpid).maxPreparedDecree();
    c.poll('BLS_SUCCEED', SECOND);
    expect([c.loader().localStatus, c.replica(c.primaryNode(), c.gpid).maxPreparedDecree()]).toEqual(['BLS_INVALID', before]);
    const other = loaded();
    other.poll('BLS_SUCCEED', FIRST);
    expect(other.loader().localStatus).toBe('BLS_SUCCEED');
  });

  it.each([
    [{ remoteRootPath: 'elsewhere' }, FIRST, true],
    [{ remoteRootPath: 'elsewhere' }, {}, false],
    [{}, {}, true],
  ] as const)('is known by its id alone where there is one: %j %j', (place, id, same) => {
    const c = loaded();
    expect(c.loader().isAnotherLoad(c.wish('BLS_DOWNLOADED', { ...place, ...id }))).toBe(!same);
  });

  it('is asked of a secondary though the same wish of the load before is not answered yet', () => {
    const c = loaded();
    const { group } = c.loader();
    const [node = ''] = c.secondaries();
    group.sendGroupBulkLoad(node, c.wish('BLS_DOWNLOADING', FIRST));
    expect(group.isAnswerOnItsWay(node, c.wish('BLS_DOWNLOADING', FIRST))).toBe(true);
    expect(group.isAnswerOnItsWay(node, c.wish('BLS_DOWNLOADING', SECOND))).toBe(false);
    const ids = c.sent.flatMap(({ code, body }) => (code === 'RPC_GROUP_BULK_LOAD' && body !== undefined ? [body] : []));
    expect(ids.at(-1)).toMatchObject({ loadId: 7 });
  });
});

describe('a download\'s slot', () => {
  it('is told when it is taken and when it is given back, with the count in use', () => {
    const c = loaded();
    for (const node of NODES) {
      expect(c.claimsOf(node, 'load.slot')).toEqual([
        { kind: 'load.slot', gpid: c.gpid, taken: true, serverCount: 1 },
        { kind: 'load.slot', gpid: c.gpid, taken: false, serverCount: 0 },
      ]);
    }
    c.poll('BLS_CANCELED', FIRST);
    expect(c.claimsOf(c.primaryNode(), 'load.slot')).toHaveLength(2);
  });

  it.each(['BLS_PAUSING', 'BLS_CANCELED'] as const)('is given back at %s', (end: BulkLoadStatus) => {
    const c = new LoadCluster();
    c.fillRows({ a: 'A', b: 'B' });
    const { downloader } = c.loader();
    c.loader().act(c.wish('BLS_DOWNLOADING', FIRST));
    expect(downloader.isDownloading).toBe(true);
    c.loader().act(c.wish(end, FIRST));
    expect(c.claimsOf(c.primaryNode(), 'load.slot').map(({ taken, serverCount }) => [taken, serverCount])).toEqual([
      [true, 1],
      [false, 0],
    ]);
  });
});

describe('a table that is never loaded', () => {
  it('has no message, task or claim of bulk load', () => {
    const c = new Cluster();
    const gpid = `${c.createTable()}.0`;
    for (let i = 0; i < 30; i++) c.put(gpid, `k${i}`, 'v');
    c.run(5000);
    const primary = c.primary(gpid);
    c.world.stopNode(primary, 'crash');
    c.world.startNode(primary);
    c.run(60_000);
    expect(c.read(gpid, 'k29')).toBe('v');
    expect(c.said.filter(({ claim }) => claim.kind === 'load.slot')).toEqual([]);
    expect(c.sent.filter(({ code }) => code.includes('BULK_LOAD'))).toEqual([]);
    const codes = [...c.tasks.keys()];
    expect(codes.filter((code) => code.includes('BULK_LOAD') || code === 'LPC_INGESTION')).toEqual([]);
    expect(codes).toContain('RPC_RRDB_RRDB_PUT');
  });
});
