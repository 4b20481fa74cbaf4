/** Downloads on a replica: slots, files, each failure of bl 14.2, and rounds that end (bl 14, 22). */
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../../model/vocabulary.ts';
import { NODES } from '../cluster.ts';
import { contentOf, FILE_BYTES, LoadCluster } from './loadCluster.ts';

/** One poll, and time for the download to end. */
function tryDownload(c: LoadCluster): void {
  expect(c.poll('BLS_DOWNLOADING').error).toBe('ERR_OK');
  c.run(500);
}

function expectFailure(c: LoadCluster, error: ErrorCode): void {
  for (const node of NODES) {
    const { localStatus, downloader } = c.loader(node);
    const seen = [localStatus, downloader.downloadStatus, downloader.isDownloading];
    expect(seen).toEqual(['BLS_DOWNLOADING', error, false]);
    expect(c.slots(node)).toBe(0);
  }
  // The poll after next has heard all three.
  c.poll('BLS_DOWNLOADING');
  const { groupStates, error: answer } = c.poll('BLS_DOWNLOADING');
  expect(answer).toBe('ERR_OK');
  expect(NODES.map((node) => groupStates[node]?.downloadStatus)).toEqual([error, error, error]);
  expect(c.checks()).toEqual([]);
}

describe('a download', () => {
  it('fetches the files from the last to the first, one at a time, and ends with all of them', () => {
    const c = new LoadCluster();
    const files = c.fill(['a.sst', 'b.sst', 'c.sst']);
    const seen: string[] = [];
    c.poll('BLS_DOWNLOADING', { queryMetadata: true });
    c.runUntil(() => {
      const now = c.localFiles().join(' ');
      if (seen.at(-1) !== now) seen.push(now);
      return c.loader().localStatus === 'BLS_DOWNLOADED';
    });
    expect(seen.at(-1)).toBe('a.sst b.sst bulk_load_metadata c.sst');
    expect(seen).not.toContain('a.sst bulk_load_metadata');
    c.run(500);
    for (const node of NODES) {
      const { downloader, localStatus } = c.loader(node);
      expect([localStatus, downloader.progress, downloader.downloadedBytes]).toEqual(['BLS_DOWNLOADED', 100, 150]);
      expect(downloader.metadata).toEqual({ files, fileTotalSize: 150 });
      expect(c.slots(node)).toBe(0);
      for (const { name } of files) {
        const { disk } = c.replica(node, c.gpid).ctx.env;
        expect(disk.read(`${c.gpid}.pegasus/bulk_load/${name}`, 0, 100)).toEqual(contentOf(name));
      }
    }
  });

  it('takes a slot of the server; without one it is busy, and nothing has changed', () => {
    const c = new LoadCluster({ settings: { maxConcurrentBulkLoadDownloadingCount: 5 } });
    c.fill();
    const { downloadSlots } = c.server(c.primaryNode());
    for (let i = 0; i < 5; i++) downloadSlots.take();
    expect(c.poll('BLS_DOWNLOADING').error).toBe('ERR_BUSY');
    expect([c.loader().localStatus, c.slots()]).toEqual(['BLS_INVALID', 5]);
    for (let i = 0; i < 4; i++) downloadSlots.giveBack();
    expect(c.loader().onBulkLoad(c.wish('BLS_DOWNLOADING')).error).toBe('ERR_OK');
    expect([c.loader().localStatus, c.slots()]).toEqual(['BLS_DOWNLOADING', 2]);
    c.run(500);
    expect([c.loader().localStatus, c.slots()]).toEqual(['BLS_DOWNLOADED', 1]);
  });

  it('without a slot writes are let in again nevertheless (bl.B33)', () => {
    const c = new LoadCluster();
    const { downloadSlots } = c.server(c.primaryNode());
    for (let i = 0; i < 5; i++) downloadSlots.take();
    const loader = c.loader();
    loader.localStatus = 'BLS_INGESTING';
    loader.ingestion.startIngestion();
    expect(c.poll('BLS_DOWNLOADING').error).toBe('ERR_BUSY');
    expect(loader.ingestion.isIngesting).toBe(false);
  });

  it('counts in whole percent, and is done at exactly 100', () => {
    const c = new LoadCluster();
    c.fill();
    const loader = c.loader();
    loader.onBulkLoad(c.wish('BLS_DOWNLOADING'));
    const seen = new Set<number>();
    c.runUntil(() => {
      seen.add(loader.downloader.progress);
      return loader.localStatus === 'BLS_DOWNLOADED';
    });
    expect([...seen]).toEqual([0, 50, 100]);
    loader.downloader.metadata = { files: [], fileTotalSize: 100 };
    loader.downloader.downloadedBytes = 0;
    loader.downloader.updateProgress(29);
    expect(loader.downloader.progress).toBe(28);
  });
});

describe('files without bytes', () => {
  it('are fetched too, though the sum of bytes is complete without them (bl.14.3)', () => {
    const c = new LoadCluster();
    const empty = new Uint8Array(0);
    const files = ['a.sst', 'b.sst', 'c.sst'].map((name) => c.putFile(name, name === 'b.sst' ? contentOf('b') : empty));
    c.putMetadata(files);
    const { downloader } = c.loader();
    c.loader().act(c.wish('BLS_DOWNLOADING'));
    const seen = new Set<number>();
    c.runUntil(() => {
      seen.add(downloader.progress);
      return c.loader().localStatus === 'BLS_DOWNLOADED';
    });
    expect([...seen]).toEqual([0, 99, 100]);
    c.download();
    for (const node of NODES) expect(c.localFiles(node)).toEqual(['a.sst', 'b.sst', 'bulk_load_metadata', 'c.sst']);
    expect(c.ingestNow()).toBe('ERR_OK');
    c.run(10);
    expect([c.loader().ingestion.status, c.loader().ingestion.needsRepair]).toEqual(['IS_FAILED', false]);
  });
});

describe('a download fails', () => {
  const cases: readonly [string, ErrorCode, (c: LoadCluster) => void][] = [
    ['no metadata on the provider', 'ERR_CORRUPTION', (c) =>
      c.world.provider('files').remove(c.path('bulk_load_metadata'))],
    ['metadata that are no JSON', 'ERR_CORRUPTION', (c) => c.putFile('bulk_load_metadata', Buffer.from('{'))],
    ['a total of nothing', 'ERR_CORRUPTION', (c) => c.putMetadata([], 0)],
    ['a total without files (bl.B18)', 'ERR_CORRUPTION', (c) => c.putMetadata([], 10)],
    ['a total above the sum (bl.B18)', 'ERR_CORRUPTION', (c) =>
      c.putMetadata([c.putFile('a.sst', contentOf('a'))], 51)],
    ['one file named twice', 'ERR_CORRUPTION', (c) => {
      const file = c.putFile('a.sst', contentOf('a'));
      c.putMetadata([file, file]);
    }],
    ['a file in the metadata\'s place', 'ERR_CORRUPTION', (c) =>
      c.putMetadata([{ name: 'bulk_load_metadata', size: 9, md5: '' }])],
    ['a file that leads elsewhere', 'ERR_CORRUPTION', (c) => c.putMetadata([{ name: '../x', size: 9, md5: '' }])],
    ['a file that is missing', 'ERR_CORRUPTION', (c) => c.world.provider('files').remove(c.path('a.sst'))],
    ['a file of another checksum', 'ERR_CORRUPTION', (c) => void c.putFile('a.sst', contentOf('x'))],
    ['a file of another size', 'ERR_CORRUPTION', (c) => void c.putFile('a.sst', contentOf('a', FILE_BYTES + 1))],
    ['a sidecar that cannot be read', 'ERR_FS_INTERNAL', (c) =>
      c.world.provider('files').put(c.path('.a.sst.meta'), Buffer.from('x'))],
    ['a file that tells nothing of itself', 'ERR_FS_INTERNAL', (c) =>
      c.world.provider('files').setFailing(c.path('a.sst'), 'io')],
    ['a provider out of reach', 'ERR_FS_INTERNAL', (c) => c.world.provider('files').setUnreachable(true)],
  ];

  it.each(cases)('%s: %s', (_what, error, spoil) => {
    const c = new LoadCluster();
    c.fill();
    spoil(c);
    tryDownload(c);
    expectFailure(c, error);
    expect(c.loader().localStatus).toBe('BLS_DOWNLOADING');
  });

  it('a provider that the configuration does not name (bl.B24)', () => {
    const c = new LoadCluster();
    c.fill();
    expect(c.poll('BLS_DOWNLOADING', { providerName: 'nowhere' }).error).toBe('ERR_OK');
    c.run(500);
    for (const node of NODES) expect(c.loader(node).downloader.downloadStatus).toBe('ERR_FS_INTERNAL');
    expect(c.checks()).toEqual([]);
  });

  it('a directory that cannot be made: no slot is taken, and the reports tell (bl.B11)', () => {
    const c = new LoadCluster();
    c.fill();
    const [node = ''] = c.secondaries();
    c.replica(node, c.gpid).bulkLoader.directory.create = () => 'ERR_FILE_OPERATION_FAILED';
    c.poll('BLS_DOWNLOADING');
    expect(c.slots(node)).toBe(0);
    c.poll('BLS_DOWNLOADING');
    const { groupStates } = c.poll('BLS_DOWNLOADING');
    expect(groupStates[node]?.downloadStatus).toBe('ERR_FILE_OPERATION_FAILED');
  });
});

describe('files that are there already', () => {
  it('stay when they are what the metadata say, after a pause', () => {
    const c = new LoadCluster();
    c.fill();
    c.download();
    c.poll('BLS_PAUSING');
    expect(c.loader().downloader.progress).toBe(100);
    c.world.provider('files').setFailing(c.path('a.sst'), 'io');
    c.world.provider('files').setFailing(c.path('b.sst'), 'io');
    c.download();
    expect(c.loader().downloader.downloadStatus).toBe('ERR_OK');
  });

  it('are fetched anew when an older load of the same place left others (bl.B35)', () => {
    const c = new LoadCluster();
    c.fill();
    c.download();
    c.poll('BLS_PAUSING');
    c.putMetadata([c.putFile('a.sst', contentOf('x')), c.putFile('b.sst', contentOf('y'))]);
    c.download();
    const { disk } = c.replica(c.primaryNode(), c.gpid).ctx.env;
    expect(disk.read(`${c.gpid}.pegasus/bulk_load/a.sst`, 0, 100)).toEqual(contentOf('x'));
  });

  it('of another load do not pass for this one\'s, whatever the replica was at (bl.B35)', () => {
    const c = new LoadCluster();
    c.fill();
    c.fill(['z.sst'], 'other');
    c.download();
    const elsewhere = { remoteRootPath: 'other' };
    expect(c.poll('BLS_INGESTING', elsewhere).error).toBe('ERR_INVALID_STATE');
    expect(c.poll('BLS_DOWNLOADING', elsewhere).error).toBe('ERR_OK');
    c.runUntil(() => NODES.every((node) => c.loader(node).localStatus === 'BLS_DOWNLOADED'));
    for (const node of NODES) expect(c.localFiles(node)).toEqual(['bulk_load_metadata', 'z.sst']);
  });

  it('are wiped when the replica knows nothing of them', () => {
    const c = new LoadCluster();
    c.fill();
    const { disk } = c.replica(c.primaryNode(), c.gpid).ctx.env;
    disk.mkdir(`${c.gpid}.pegasus/bulk_load`);
    disk.create(`${c.gpid}.pegasus/bulk_load/old.sst`);
    c.download();
    expect(c.localFiles()).toEqual(['a.sst', 'b.sst', 'bulk_load_metadata']);
  });
});

describe('a round that has ended', () => {
  /** Three blocks: the transfer is under way when the round ends. */
  function slowly(c: LoadCluster): void {
    c.putMetadata([c.putFile('a.sst', contentOf('a', 3 << 19)), c.putFile('b.sst', contentOf('b', 3 << 19))]);
    c.world.provider('files').setSlow(20);
    c.loader().onBulkLoad(c.wish('BLS_DOWNLOADING'));
    c.runUntil(() => c.localFiles().includes('b.sst'));
    expect(c.loader().downloader.progress).toBe(0);
  }

  it('does nothing any more: pause and restart in the middle of a file (bl.B32)', () => {
    const c = new LoadCluster();
    slowly(c);
    const loader = c.loader();
    loader.act(c.wish('BLS_PAUSING'));
    expect([loader.localStatus, c.slots()]).toEqual(['BLS_PAUSED', 0]);
    expect(loader.act(c.wish('BLS_DOWNLOADING'))).toBe('ERR_OK');
    c.runUntil(() => loader.localStatus === 'BLS_DOWNLOADED');
    c.run(2000);
    expect([loader.downloader.progress, loader.downloader.downloadedBytes, c.slots()]).toEqual([100, 3 << 20, 0]);
    expect(c.checks()).toEqual([]);
  });

  it('fails when the provider breaks off on the way', () => {
    const c = new LoadCluster();
    slowly(c);
    c.world.provider('files').setFailing(c.path('b.sst'), 'io');
    c.run(500);
    expect([c.loader().downloader.downloadStatus, c.slots()]).toEqual(['ERR_FILE_OPERATION_FAILED', 0]);
  });

  it('leaves no error behind when its files vanish under it (bl.B32)', () => {
    const c = new LoadCluster();
    slowly(c);
    const loader = c.loader();
    loader.clearStates();
    loader.directory.remove();
    c.run(2000);
    expect([loader.localStatus, loader.downloader.downloadStatus, c.slots()]).toEqual(['BLS_INVALID', 'ERR_OK', 0]);
    expect(loader.isCleanedUp()).toBe(true);
  });

  it('gives its slot back when the replica closes (bl.B30)', () => {
    const c = new LoadCluster();
    slowly(c);
    const node = c.primaryNode();
    expect(c.slots(node)).toBe(1);
    const replica = c.replica(node, c.gpid);
    c.server(node).beginCloseReplica(replica, 0);
    c.run(200);
    expect(replica.closed).toBe(true);
    expect(c.slots(node)).toBe(0);
    expect(c.checks()).toEqual([]);
  });
});
