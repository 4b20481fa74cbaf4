/** Ingestion on a replica: admission, what becomes of the files, and the write that carries the commit (bl 15). */
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../../model/vocabulary.ts';
import type { IngestionRequest } from '../../../../impl/protocol/bulkLoadMessages.ts';
import type { FileIngestor } from '../../../../impl/replica/bulkLoad/bulkLoadIngestion.ts';
import { NODES } from '../cluster.ts';
import { contentOf, LoadCluster } from './loadCluster.ts';

class FakeEngine implements FileIngestor {
  readonly taken: { readonly paths: readonly string[]; readonly ingestBehind: boolean }[] = [];
  answer: ErrorCode = 'ERR_OK';

  ingestExternalFiles(paths: readonly string[], ingestBehind: boolean): ErrorCode {
    this.taken.push({ paths, ingestBehind });
    return this.answer;
  }
}

function requestOf(c: LoadCluster, more: Partial<IngestionRequest> = {}): IngestionRequest {
  const { metadata } = c.loader().downloader;
  const ballot = c.replica(c.primaryNode(), c.gpid).ballot();
  return { appName: 't', metadata, ingestBehind: false, ballot, verifyBeforeIngest: false, ...more };
}

function loaded(): { readonly c: LoadCluster; readonly engine: FakeEngine } {
  const c = new LoadCluster();
  c.fill();
  c.download();
  return { c, engine: new FakeEngine() };
}

describe('admission (bl 15.1)', () => {
  it('of an ingestion write: only where the files are, in a full group, and once', () => {
    const c = new LoadCluster();
    const loader = c.loader();
    const { ingestion } = loader;
    for (const status of ['BLS_INVALID', 'BLS_DOWNLOADING', 'BLS_SUCCEED', 'BLS_PAUSED'] as const) {
      loader.localStatus = status;
      expect(ingestion.refuseIngestion()).toBe('ERR_INVALID_STATE');
    }
    for (const status of ['BLS_DOWNLOADED', 'BLS_INGESTING'] as const) {
      loader.localStatus = status;
      expect(ingestion.refuseIngestion()).toBe(undefined);
    }
    const { primaryStates } = c.replica(c.primaryNode(), c.gpid);
    const { membership } = primaryStates;
    primaryStates.membership = { ...membership, secondaries: membership.secondaries.slice(1) };
    expect(ingestion.refuseIngestion()).toBe('ERR_NOT_ENOUGH_MEMBER');
    // What is refused sets nothing.
    expect(ingestion.refuseWhileIngesting(true)).toBe(undefined);
    expect(ingestion.refuseWhileIngesting(false)).toBe(undefined);
    ingestion.startIngestion();
    expect(ingestion.refuseWhileIngesting(true)).toBe('ERR_NO_NEED_OPERATE');
    expect(ingestion.refuseWhileIngesting(false)).toBe('ERR_OPERATION_DISABLED');
    ingestion.onIngestionWriteRefused();
    expect(ingestion.refuseWhileIngesting(true)).toBe(undefined);
  });
});

describe('a client while its partition ingests', () => {
  it('reads, and writes again when all have ingested', () => {
    const c = new LoadCluster();
    const put = (value: string): string | undefined => {
      const box = c.put(c.gpid, 'k', value);
      c.runUntil(() => box.result !== undefined);
      return box.result?.error;
    };
    const { ingestion } = c.loader();
    expect(put('before')).toBe('ERR_OK');
    ingestion.startIngestion();
    expect(put('during')).toBe('ERR_OPERATION_DISABLED');
    expect(c.read(c.gpid, 'k')).toBe('before');
    ingestion.onGroupFinished();
    expect(put('after')).toBe('ERR_OK');
    expect(c.read(c.gpid, 'k')).toBe('after');
  });
});

describe('the files of an applied ingestion write (bl 15.3)', () => {
  it('go into the engine in a task of their own', () => {
    const { c, engine } = loaded();
    const { ingestion } = c.loader();
    ingestion.onIngestionApplied(requestOf(c, { ingestBehind: true, verifyBeforeIngest: true }), engine);
    expect([ingestion.status, engine.taken]).toEqual(['IS_RUNNING', []]);
    c.run(100);
    expect(ingestion.status).toBe('IS_SUCCEED');
    const dir = `${c.gpid}.pegasus/bulk_load`;
    expect(engine.taken).toEqual([{ paths: [`${dir}/a.sst`, `${dir}/b.sst`], ingestBehind: true }]);
  });

  it('are skipped when the ballot has risen by the time that the task runs', () => {
    const { c, engine } = loaded();
    const { ingestion } = c.loader();
    ingestion.onIngestionApplied(requestOf(c, { ballot: requestOf(c).ballot - 1 }), engine);
    c.run(100);
    expect([ingestion.status, engine.taken]).toEqual(['IS_INVALID', []]);
  });

  it('fail when one is missing, spoilt and looked at, or refused, and when there is none', () => {
    const { c, engine } = loaded();
    const { ingestion, directory } = c.loader();
    const outcome = (more: Partial<IngestionRequest> = {}): string => {
      ingestion.onIngestionApplied(requestOf(c, more), engine);
      c.run(100);
      return ingestion.status;
    };
    expect(outcome({ metadata: { files: [], fileTotalSize: 0 } })).toBe('IS_FAILED');
    c.replica(c.primaryNode(), c.gpid).ctx.env.disk.write(directory.pathOf('a.sst'), 0, contentOf('x'));
    expect(outcome({ verifyBeforeIngest: true })).toBe('IS_FAILED');
    expect(engine.taken).toEqual([]);
    expect(outcome()).toBe('IS_SUCCEED');
    engine.answer = 'ERR_RDB_CORRUPTION';
    expect(outcome()).toBe('IS_FAILED');
    directory.removeFile('b.sst');
    engine.answer = 'ERR_OK';
    expect(outcome()).toBe('IS_FAILED');
    expect(engine.taken).toHaveLength(2);
  });

  it('of a round that has been cleared say nothing (bl.B28)', () => {
    const { c, engine } = loaded();
    const loader = c.loader();
    loader.ingestion.onIngestionApplied(requestOf(c), engine);
    loader.clearStates();
    c.run(100);
    expect([loader.ingestion.status, engine.taken.length]).toEqual(['IS_INVALID', 1]);
  });
});

describe('the empty prepare behind an ingestion (bl 15.4)', () => {
  it('goes out once, when the primary has ingested, and makes the secondaries commit', () => {
    const { c, engine } = loaded();
    expect(c.poll('BLS_INGESTING').isGroupIngestionFinished).toBe(false);
    const box = c.put(c.gpid, 'k', 'v');
    c.runUntil(() => box.result !== undefined);
    const replica = c.replica(c.primaryNode(), c.gpid);
    const decree = replica.lastCommittedDecree();
    const [node = ''] = c.secondaries();
    expect(c.replica(node, c.gpid).lastCommittedDecree()).toBe(decree - 1);
    c.poll('BLS_INGESTING');
    expect([c.loader().emptyPrepareSent, replica.maxPreparedDecree()]).toEqual([false, decree]);
    for (const member of NODES) c.loader(member).ingestion.onIngestionApplied(requestOf(c), engine);
    c.run(100);
    expect(c.poll('BLS_INGESTING').isGroupIngestionFinished).toBe(false);
    expect([c.loader().emptyPrepareSent, replica.maxPreparedDecree()]).toEqual([true, decree + 1]);
    expect(c.replica(node, c.gpid).lastCommittedDecree()).toBe(decree);
    for (const member of NODES) {
      expect(c.replica(member, c.gpid).prepareList.minDecree()).toBeGreaterThanOrEqual(decree);
    }
    expect(c.poll('BLS_INGESTING').isGroupIngestionFinished).toBe(true);
    expect(replica.maxPreparedDecree()).toBe(decree + 1);
    expect(c.checks()).toEqual([]);
  });

  it('does not go out for an ingestion that failed', () => {
    const { c, engine } = loaded();
    engine.answer = 'ERR_RDB_CORRUPTION';
    c.poll('BLS_INGESTING');
    c.loader().ingestion.onIngestionApplied(requestOf(c), engine);
    c.run(100);
    const before = c.replica(c.primaryNode(), c.gpid).maxPreparedDecree();
    const { groupStates } = c.poll('BLS_INGESTING');
    expect(groupStates[c.primaryNode()]?.ingestStatus).toBe('IS_FAILED');
    expect(c.replica(c.primaryNode(), c.gpid).maxPreparedDecree()).toBe(before);
  });
});
