/** The operator's requests of bulk load (bl 6): what the meta server is asked, what is told, and how often it is tried. */
import { describe, expect, it } from 'vitest';
import { AdminClient } from '../../../impl/client/adminClient.ts';
import type { LoadStatusAnswer } from '../../../impl/client/bulkLoadAnswers.ts';
import type { PartitionBulkLoadState } from '../../../impl/protocol/bulkLoadMessages.ts';
import { META } from '../meta/metaCluster.ts';
import { FakeWorld, Inbox } from '../meta/fakeWorld.ts';

const START = { appName: 't1', clusterName: 'folder', fileProviderType: 'local', remoteRootPath: 'r1', ingestBehind: true };
const STATE: PartitionBulkLoadState = { downloadProgress: 100, downloadStatus: 'ERR_OK', ingestStatus: 'IS_RUNNING', isCleanedUp: false, isPaused: false };
const SILENT = { error: 'ERR_TIMEOUT', hint: 'the meta server did not answer' };

/** An operator, and a meta server of a few lines. `silent`: how many requests get no answer. */
function operator(silent: number): { admin: AdminClient; world: FakeWorld; requests: unknown[] } {
  const world = new FakeWorld({});
  const requests: unknown[] = [];
  const heard = (code: string, request: unknown): boolean => requests.push([code, request]) > silent;
  const meta = world.process(META);
  meta.answer('RPC_CM_START_BULK_LOAD', (request, replier) => {
    if (heard('start', request)) replier.reply({ error: 'ERR_BUSY', hint: 'loading' });
  });
  meta.answer('RPC_CM_CONTROL_BULK_LOAD', (request, replier) => {
    if (heard('control', request)) replier.reply({ error: 'ERR_OK', hint: '' });
  });
  meta.answer('RPC_CM_CLEAR_BULK_LOAD', (request, replier) => {
    if (heard('clear', request)) replier.reply({ error: 'ERR_OK', hint: 'cleared' });
  });
  meta.answer('RPC_CM_QUERY_BULK_LOAD_STATUS', (request, replier) => {
    if (!heard('query', request)) return;
    const about = { appName: 't1', maxReplicaCount: 3, isBulkLoading: false, hint: 'last time' };
    const partitions = { partitionsStatus: ['BLS_INGESTING', 'BLS_SUCCEED'] as const, bulkLoadStates: [{ n1: STATE }, {}] };
    replier.reply({ error: 'ERR_INGESTION_FAILED', appStatus: 'BLS_FAILED', ...about, ...partitions });
  });
  const admin = new AdminClient(world.process('source/client-0').ctx, { metaServers: [META], timeoutMs: world.settings.clientTimeoutMs });
  return { admin, world, requests };
}

describe('bulk load', () => {
  it('requests and answers carry what the meta server is asked and says', () => {
    const { admin, world, requests } = operator(0);
    const inbox = new Inbox<unknown>();
    admin.startBulkLoad(START, inbox.then());
    world.run(10);
    admin.controlBulkLoad({ appName: 't1', type: 'BLC_FORCE_CANCEL' }, inbox.then());
    world.run(10);
    admin.clearBulkLoad('t1', inbox.then());
    world.run(10);
    expect(requests).toEqual([['start', START], ['control', { appName: 't1', type: 'BLC_FORCE_CANCEL' }], ['clear', { appName: 't1' }]]);
    expect(inbox.answers).toEqual([{ error: 'ERR_BUSY', hint: 'loading' }, { error: 'ERR_OK', hint: '' }, { error: 'ERR_OK', hint: 'cleared' }]);
  });

  it('the status of a load that failed is told with its error', () => {
    const { admin, world } = operator(0);
    const inbox = new Inbox<LoadStatusAnswer>();
    admin.queryBulkLoad('t1', inbox.then());
    world.run(10);
    expect(inbox.answers).toEqual([{
      error: 'ERR_INGESTION_FAILED', hint: 'last time', appStatus: 'BLS_FAILED', partitions: ['BLS_INGESTING', 'BLS_SUCCEED'],
      members: [{ n1: STATE }, {}], maxReplicaCount: 3, isBulkLoading: false,
    }]);
  });

  it('each is asked for a second time when no answer came, and no third time', () => {
    for (const [silent, answered] of [[1, true], [2, false]] as const) {
      const asks: readonly (readonly [string, (admin: AdminClient, inbox: Inbox<unknown>) => void])[] = [
        ['start', (admin, inbox): void => { admin.startBulkLoad(START, inbox.then()); }],
        ['control', (admin, inbox): void => { admin.controlBulkLoad({ appName: 't1', type: 'BLC_PAUSE' }, inbox.then()); }],
        ['clear', (admin, inbox): void => { admin.clearBulkLoad('t1', inbox.then()); }],
        ['query', (admin, inbox): void => { admin.queryBulkLoad('t1', inbox.then()); }],
      ];
      for (const [code, ask] of asks) {
        const { admin, world, requests } = operator(silent);
        const inbox = new Inbox<unknown>();
        ask(admin, inbox);
        world.run(world.settings.clientTimeoutMs + 100);
        expect(inbox.answers).toHaveLength(1);
        if (answered) expect(inbox.answers).not.toMatchObject([SILENT]);
        else expect(inbox.answers).toMatchObject([SILENT]);
        world.run(60_000);
        expect(requests.map((r) => (Array.isArray(r) ? r[0] : r))).toEqual([code, code]);
      }
    }
  });

  it('a status that nobody told is empty', () => {
    const { admin, world } = operator(2);
    const inbox = new Inbox<LoadStatusAnswer>();
    admin.queryBulkLoad('t1', inbox.then());
    world.run(world.settings.clientTimeoutMs + 100);
    expect(inbox.answers).toEqual([{ ...SILENT, appStatus: 'BLS_INVALID', partitions: [], members: [], maxReplicaCount: 0, isBulkLoading: false }]);
  });
});
