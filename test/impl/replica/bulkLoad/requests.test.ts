/** What a primary and its secondaries answer, and what the group's reports sum up (bl 13.1 to 13.3, 16, 17, 22). */
import { describe, expect, it } from 'vitest';
import type { BulkLoadStatus, IngestionStatus } from '../../../../model/vocabulary.ts';
import { filesText } from '../../../../impl/replica/bulkLoad/metadataCheck.ts';
import { RESET_STATE } from '../../../../impl/replica/bulkLoad/types.ts';
import { threadHash } from '../../../../impl/protocol/gpid.ts';
import { NODES } from '../cluster.ts';
import { LoadCluster } from './loadCluster.ts';

describe('a request of the meta server', () => {
  it('is for a primary of that ballot', () => {
    const c = new LoadCluster();
    const { ballot } = c.wish('BLS_DOWNLOADING');
    expect(c.poll('BLS_DOWNLOADING', { ballot: ballot + 1 }).error).toBe('ERR_INVALID_STATE');
    expect(c.poll('BLS_DOWNLOADING', { ballot: ballot - 1 }).error).toBe('ERR_INVALID_STATE');
    const [secondary = ''] = c.secondaries();
    expect(c.loader(secondary).onBulkLoad(c.wish('BLS_DOWNLOADING')).error).toBe('ERR_INVALID_STATE');
    expect(c.poll('BLS_CANCELED', { gpid: '99.0' })).toMatchObject({ error: 'ERR_OBJECT_NOT_FOUND', gpid: '99.0' });
    expect(c.poll('BLS_DOWNLOADING').error).toBe('ERR_OK');
  });

  it('for a secondary comes from the primary of its ballot', () => {
    const c = new LoadCluster();
    const [secondary = ''] = c.secondaries();
    const loader = c.loader(secondary);
    expect(loader.onGroupBulkLoad(c.groupWish('BLS_PAUSING', -1)).error).toBe('ERR_VERSION_OUTDATED');
    expect(loader.onGroupBulkLoad(c.groupWish('BLS_PAUSING', 1)).error).toBe('ERR_INVALID_STATE');
    expect(c.loader().onGroupBulkLoad(c.groupWish('BLS_INVALID')).error).toBe('ERR_OK');
    const { config, ...rest } = c.groupWish('BLS_PAUSING');
    const wrongRole = { ...rest, config: { ...config, primary: secondary, secondaries: [c.primaryNode()] } };
    expect(loader.onGroupBulkLoad(wrongRole).error).toBe('ERR_INVALID_STATE');
    expect(loader.localStatus).toBe('BLS_INVALID');
    const good = loader.onGroupBulkLoad(c.groupWish('BLS_PAUSING'));
    expect(good).toEqual({ error: 'ERR_OK', status: 'BLS_PAUSED', state: { ...RESET_STATE, isPaused: true } });
    const absent = c.call(secondary, 'RPC_GROUP_BULK_LOAD', { ...rest, config: { ...config, gpid: '99.0' } });
    c.runUntil(() => absent.result !== undefined);
    expect(absent.result?.body?.error).toBe('ERR_OBJECT_NOT_FOUND');
  });

  it('tells the secondaries\' state as of the poll before', () => {
    const c = new LoadCluster();
    const files = c.fill();
    const [one = '', two = ''] = c.secondaries();
    const first = c.poll('BLS_DOWNLOADING', { queryMetadata: true });
    expect(first.totalDownloadProgress).toBe(0);
    expect(first.metadata).toBe(undefined);
    for (const node of [one, two]) expect(first.groupStates[node]?.downloadStatus).toBe(undefined);
    c.run(500);
    const second = c.poll('BLS_DOWNLOADING', { queryMetadata: true });
    expect(second.metadata).toEqual({ files, fileTotalSize: 100 });
    expect(second.totalDownloadProgress).toBe(33);
    const third = c.poll('BLS_DOWNLOADING');
    expect([third.totalDownloadProgress, third.metadata]).toEqual([100, undefined]);
    const done = { ...RESET_STATE, downloadProgress: 100, files: filesText({ files, fileTotalSize: 100 }) };
    expect(third.groupStates).toEqual({
      [c.primaryNode()]: done,
      [one]: done,
      [two]: done,
    });
  });
});

describe('sums over the group', () => {
  function withStates(progress: readonly number[], more: object = {}): LoadCluster {
    const c = new LoadCluster();
    c.secondaries().forEach((node, i) => {
      c.loader().group.secondaryStates.set(node, { ...RESET_STATE, downloadProgress: progress[i] ?? 0, ...more });
    });
    return c;
  }

  it.each([[10, [10, 10], 10], [100, [0, 0], 33], [100, [100, 100], 100], [100, [], 33]] as const)(
    'progress %d with %j: %d',
    (own, others, total) => {
      expect(withStates(others).loader().group.totalProgress(own)).toBe(total);
    },
  );

  it('a missing replica keeps the total below 100, and nothing is done by all', () => {
    const c = withStates([100, 100], { isPaused: true });
    const loader = c.loader();
    expect(loader.group.areAll((state) => state.isPaused)).toBe(true);
    c.replica(c.primaryNode(), c.gpid).app = { ...c.replica(c.primaryNode(), c.gpid).app, maxReplicaCount: 4 };
    expect(loader.group.totalProgress(100)).toBe(75);
    expect(loader.group.areAll((state) => state.isPaused)).toBe(false);
  });

  const S: IngestionStatus = 'IS_SUCCEED';
  it.each([
    [S, [S, S], true],
    ['IS_RUNNING', [S, S], false],
    [S, [S, 'IS_RUNNING'], false],
    [S, [S, 'IS_FAILED'], false],
    [S, ['IS_INVALID', S], false],
  ] as const)('ingestion %s with %j: %s, and writes go on only then', (own, others, finished) => {
    const c = new LoadCluster();
    const loader = c.loader();
    loader.localStatus = 'BLS_INGESTING';
    loader.ingestion.startIngestion();
    loader.ingestion.status = own;
    c.secondaries().forEach((node, i) => {
      loader.group.secondaryStates.set(node, { ...RESET_STATE, ingestStatus: others[i] ?? 'IS_INVALID' });
    });
    expect(loader.onBulkLoad(c.wish('BLS_INGESTING')).isGroupIngestionFinished).toBe(finished);
    expect(loader.ingestion.isIngesting).toBe(!finished);
  });

  it('an answer that fails forgets what the secondary had said', () => {
    const c = withStates([70, 70]);
    const { group } = c.loader();
    const ballot = c.replica(c.primaryNode(), c.gpid).ballot();
    const [node = '', other = ''] = c.secondaries();
    const state = { ...RESET_STATE, downloadProgress: 80 };
    const good = { error: 'ERR_OK', status: 'BLS_DOWNLOADING', state } as const;
    const answers = [
      [{ error: 'ERR_TIMEOUT', body: undefined }, ballot],
      [{ error: 'ERR_OK', body: { ...good, error: 'ERR_INVALID_STATE' } }, ballot],
      [{ error: 'ERR_OK', body: good }, ballot - 1],
    ] as const;
    for (const [answer, asked] of answers) {
      group.onGroupBulkLoadReply({ error: 'ERR_OK', body: good }, node, ballot);
      expect(group.secondaryStates.get(node)?.downloadProgress).toBe(80);
      group.onGroupBulkLoadReply(answer, node, asked);
      expect(group.secondaryStates.get(node)).toEqual(RESET_STATE);
    }
    expect(group.secondaryStates.get(other)?.downloadProgress).toBe(70);
  });

  it('a slow secondary is waited for, until the wish is another (bl.B19)', () => {
    const c = new LoadCluster();
    const loader = c.loader();
    const asked = (): number => c.sent.filter((m) => m.code === 'RPC_GROUP_BULK_LOAD' && m.kind === 'request').length;
    loader.localStatus = 'BLS_DOWNLOADED';
    loader.onBulkLoad(c.wish('BLS_DOWNLOADED'));
    loader.onBulkLoad(c.wish('BLS_DOWNLOADED'));
    expect(asked()).toBe(2);
    loader.onBulkLoad(c.wish('BLS_PAUSING'));
    expect(asked()).toBe(4);
    c.run(100);
    expect(loader.onBulkLoad(c.wish('BLS_PAUSING')).isGroupPaused).toBe(true);
    expect(asked()).toBe(6);
  });

  it('secondaries use the name that the load was started with (bl.B15)', () => {
    const c = new LoadCluster();
    c.fill();
    const primary = c.replica(c.primaryNode(), c.gpid);
    primary.app = { ...primary.app, appName: 'renamed' };
    c.download();
    for (const node of NODES) expect(c.loader(node).downloader.downloadStatus).toBe('ERR_OK');
  });
});

describe('a rollback', () => {
  it.each(['BLS_PAUSED', 'BLS_INGESTING', 'BLS_SUCCEED'] as const)('from %s downloads again', (local) => {
    const c = new LoadCluster();
    c.fill();
    const loader = c.loader();
    const whole = { ...RESET_STATE, downloadProgress: 100 };
    for (const node of c.secondaries()) loader.group.secondaryStates.set(node, whole);
    loader.localStatus = local;
    loader.ingestion.status = 'IS_SUCCEED';
    loader.ingestion.startIngestion();
    loader.emptyPrepareSent = true;
    expect(loader.onBulkLoad(c.wish('BLS_DOWNLOADING')).totalDownloadProgress).toBe(0);
    expect([loader.localStatus, loader.ingestion.status, loader.ingestion.isIngesting]).toEqual([
      'BLS_DOWNLOADING', 'IS_INVALID', false,
    ]);
    expect([loader.group.secondaryStates.size, loader.emptyPrepareSent]).toEqual([0, false]);
  });

  it('finds DOWNLOADED: the files are good, unless a write to ingest them was let in (bl.B5)', () => {
    const c = new LoadCluster();
    c.fill();
    c.download();
    const loader = c.loader();
    const { round } = loader.downloader;
    loader.act(c.wish('BLS_DOWNLOADING'));
    expect([loader.localStatus, loader.downloader.round]).toEqual(['BLS_DOWNLOADED', round]);
    loader.ingestion.startIngestion();
    loader.act(c.wish('BLS_DOWNLOADING'));
    expect([loader.localStatus, loader.ingestion.isIngesting]).toEqual(['BLS_DOWNLOADING', false]);
  });
});

describe('a pause', () => {
  it.each(['BLS_INVALID', 'BLS_DOWNLOADING', 'BLS_DOWNLOADED'] as const)('from %s keeps what is there', (local) => {
    const c = new LoadCluster();
    const loader = c.loader();
    const { downloadSlots } = c.server(c.primaryNode());
    downloadSlots.take();
    downloadSlots.take();
    loader.localStatus = local;
    loader.downloader.progress = 30;
    loader.downloader.isDownloading = local === 'BLS_DOWNLOADING';
    expect(loader.onBulkLoad(c.wish('BLS_PAUSING')).isGroupPaused).toBe(false);
    expect([loader.localStatus, loader.downloader.progress]).toEqual(['BLS_PAUSED', 30]);
    expect(c.slots()).toBe(local === 'BLS_DOWNLOADING' ? 1 : 2);
    c.run(100);
    expect(loader.onBulkLoad(c.wish('BLS_PAUSING')).isGroupPaused).toBe(true);
  });
});

describe('the end (bl 16)', () => {
  it.each([['BLS_FAILED', 2], ['BLS_CANCELED', 2], ['BLS_SUCCEED', 3]] as const)(
    'of %s takes %d polls, and nothing is left',
    (end, polls) => {
      const c = new LoadCluster();
      c.fill();
      c.download();
      const answers: (boolean | undefined)[] = [];
      for (let i = 0; i < polls; i++) answers.push(c.poll(end).isGroupCleanedUp);
      expect(answers.indexOf(true)).toBe(polls - 1);
      for (const node of NODES) {
        expect(c.loader(node).isCleanedUp()).toBe(true);
        const { disk } = c.replica(node, c.gpid).ctx.env;
        expect(disk.list('').filter((name) => name.includes('bulk_load'))).toEqual([]);
      }
      expect(c.checks()).toEqual([]);
    },
  );

  it('of success makes a checkpoint, and an empty write that all commit', () => {
    const c = new LoadCluster({ settings: { checkpointDisabled: false } });
    c.fill();
    c.download();
    const { storage } = c.replica(c.primaryNode(), c.gpid);
    const before = [storage?.lastDurableDecree() ?? 0, c.replica(c.primaryNode(), c.gpid).maxPreparedDecree()] as const;
    const box = c.put(c.gpid, 'k', 'v');
    c.runUntil(() => box.result !== undefined);
    c.poll('BLS_SUCCEED');
    c.run(500);
    expect(c.loader().localStatus).toBe('BLS_SUCCEED');
    for (const node of NODES) expect(c.replica(node, c.gpid).maxPreparedDecree()).toBe(before[1] + 2);
    // The flush first, then the checkpoint of what it wrote.
    c.run(11_000);
    for (const node of NODES) {
      expect(c.replica(node, c.gpid).storage?.lastDurableDecree()).toBeGreaterThan(before[0]);
      expect(c.claimsOf(node, 'checkpoint.ended')[0]?.trigger).toBe('bulk-load');
    }
    expect(c.checks()).toEqual([]);
  });
});

describe('a change of role (bl 17.1)', () => {
  it.each([
    ['BLS_DOWNLOADED', 'BLS_INVALID'],
    ['BLS_INGESTING', 'BLS_INVALID'],
    ['BLS_PAUSED', 'BLS_INVALID'],
    ['BLS_SUCCEED', 'BLS_SUCCEED'],
  ] as readonly [BulkLoadStatus, BulkLoadStatus][])('%s is %s once it is a member again', (before, after) => {
    const c = new LoadCluster();
    const loader = c.loader();
    loader.localStatus = before;
    loader.group.secondaryStates.set('x', RESET_STATE);
    loader.onRoleChanged('PS_PRIMARY', 'PS_INACTIVE');
    expect([loader.localStatus, loader.group.secondaryStates.size]).toEqual([before, 0]);
    loader.onRoleChanged('PS_INACTIVE', 'PS_SECONDARY');
    expect(loader.localStatus).toBe(after);
  });

  it('a higher ballot of the same role keeps everything', () => {
    const c = new LoadCluster();
    const loader = c.loader();
    loader.localStatus = 'BLS_DOWNLOADED';
    loader.onRoleChanged('PS_SECONDARY', 'PS_SECONDARY');
    expect(loader.localStatus).toBe('BLS_DOWNLOADED');
  });

  it('through the configuration: a primary that loses its role forgets its load', () => {
    const c = new LoadCluster();
    c.fill();
    c.download();
    const node = c.primaryNode();
    const replica = c.replica(node, c.gpid);
    const loader = c.loader(node);
    const told = replica.configurator;
    told.updateLocalConfiguration(replica.makeConfig(replica.ballot() + 1, 'c/replica-9', 'PS_SECONDARY'));
    expect([replica.status(), loader.localStatus]).toEqual(['PS_SECONDARY', 'BLS_INVALID']);
    expect(loader.directory.exists()).toBe(true);
  });

  it('a server that starts again knows of no load, and wipes what is left', () => {
    const c = new LoadCluster();
    c.fill();
    c.download();
    const [node = ''] = c.secondaries();
    c.world.stopNode(node, 'crash');
    c.world.startNode(node);
    c.runUntil(() => c.server(node).replicas.has(c.gpid));
    const loader = c.loader(node);
    expect([loader.localStatus, loader.directory.exists()]).toEqual(['BLS_INVALID', true]);
    const absent = c.call(node, 'RPC_GROUP_BULK_LOAD', c.groupWish('BLS_DOWNLOADED'), threadHash(c.gpid));
    c.runUntil(() => absent.result !== undefined);
    expect(absent.result?.body?.error).toBe('ERR_INVALID_STATE');
  });
});
