/** The ingestion write behind admission: two-phase commit, what becomes of the files, and the flag (bl 15). */
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../../model/vocabulary.ts';
import { SecondaryPrepare } from '../../../../impl/replica/secondaryPrepare.ts';
import { StorageApp } from '../../../../impl/storage/app/storageApp.ts';
import type { LogMutation } from '../../../../impl/storage/plog/types.ts';
import { NODES } from '../cluster.ts';
import type { ClusterOptions } from '../cluster.ts';
import { contentOf, LoadCluster } from './loadCluster.ts';

function loaded(options: ClusterOptions = {}): LoadCluster {
  const c = new LoadCluster(options);
  c.write('a', 'old');
  c.fillRows({ a: 'A', b: 'B', c: 'C' });
  c.download();
  return c;
}

/** Secondaries that put prepares off while `holding.on`. */
function holding(): { on: boolean; readonly options: ClusterOptions } {
  const state = { on: false };
  class Holding extends SecondaryPrepare {
    override refusePrepare(...args: Parameters<SecondaryPrepare['refusePrepare']>): ErrorCode | undefined {
      return state.on ? 'ERR_TRY_AGAIN' : super.refusePrepare(...args);
    }
  }
  const options = { settings: { stalenessForCommit: 1 }, partsOf: () => ({ SecondaryPrepare: Holding }) };
  return Object.assign(state, { options });
}

function statuses(c: LoadCluster): readonly string[] {
  return NODES.map((node) => c.loader(node).ingestion.status);
}

/** Polls of INGESTING until the group has finished. */
function finish(c: LoadCluster): void {
  for (let i = 0; i < 5; i++) if (c.poll('BLS_INGESTING').isGroupIngestionFinished === true) return;
  throw new Error(statuses(c).join());
}

describe('an ingestion write', () => {
  it('brings the rows in on all members, over what was there and under what comes later', () => {
    const c = loaded();
    c.poll('BLS_INGESTING');
    const { ingestion } = c.loader();
    const box = c.ingest();
    c.runUntil(() => ingestion.status === 'IS_RUNNING');
    const decree = c.replica(c.primaryNode(), c.gpid).lastCommittedDecree();
    expect([ingestion.isPending(), decree, c.stored('a')]).toEqual([true, 2, ['old', 'old', 'old']]);
    c.runUntil(() => box.result !== undefined);
    expect(box.result?.body).toMatchObject({ error: 'ERR_OK', decree: 2, ingestion: { error: 'ERR_OK', rocksdbError: 0 } });
    expect([c.write('a', 'no'), c.ingestNow()]).toEqual(['ERR_OPERATION_DISABLED', 'ERR_NO_NEED_OPERATE']);
    c.run(10);
    expect([ingestion.status, c.read(c.gpid, 'a'), c.localFiles()]).toEqual(['IS_SUCCEED', 'A', ['bulk_load_metadata']]);
    for (const node of c.secondaries()) expect(c.loader(node).ingestion.status).toBe('IS_INVALID');
    finish(c);
    expect([ingestion.isIngesting, c.write('b', 'later')]).toEqual([false, 'ERR_OK']);
    c.poll('BLS_SUCCEED');
    expect(c.stored('abc')).toEqual(['A later C', 'A later C', 'A later C']);
    for (const node of NODES) {
      expect(c.replica(node, c.gpid).storage?.lastFlushedDecree()).toBeGreaterThanOrEqual(decree);
      expect(c.localFiles(node)).toEqual(['bulk_load_metadata']);
    }
    expect(c.checks()).toEqual([]);
  });

  it('is alone in its mutation, which says what it brings', () => {
    const c = loaded();
    const request = c.ingestionRequest({ ingestBehind: true, verifyBeforeIngest: true });
    c.ingestNow(request);
    const { appName, ballot, metadata } = request;
    const files = metadata.files.map(({ name, size, md5 }) => ({ name, sizeBytes: size, md5 }));
    const load = {
      appName, ballot, metadata: { files, totalBytes: metadata.fileTotalSize }, ingestBehind: true, verifyBeforeIngest: true,
    };
    for (const node of NODES) {
      const prepared = c.claimsOf(node, 'replica.prepared').at(-1)?.mutation;
      expect(prepared?.updates).toEqual([{ code: 'RPC_RRDB_RRDB_BULK_LOAD', rows: [], load }]);
    }
  });

  it('waits behind what is in two-phase commit, and keeps its place', () => {
    const hold = holding();
    const c = loaded(hold.options);
    hold.on = true;
    const first = c.put(c.gpid, 'k', '1');
    const second = c.put(c.gpid, 'k', '2');
    const box = c.ingest();
    c.run(50);
    const { ingestion } = c.loader();
    expect([ingestion.isIngesting, ingestion.isQueued(), ingestion.isPrepared()]).toEqual([true, true, false]);
    hold.on = false;
    c.runUntil(() => box.result !== undefined);
    expect([first.result?.error, second.result?.error, box.result?.body?.decree]).toEqual(['ERR_OK', 'ERR_OK', 4]);
    c.run(10);
    finish(c);
    expect(c.stored('abk')).toEqual(['A B 2', 'A B 2', 'A B 2']);
  });
});

describe('a refusal behind admission gives the flag back (bl.B5)', () => {
  function queued() {
    const hold = holding();
    const c = loaded(hold.options);
    hold.on = true;
    c.put(c.gpid, 'k', '1');
    const box = c.ingest();
    c.run(50);
    expect([c.loader().ingestion.isIngesting, c.loader().ingestion.isQueued()]).toEqual([true, true]);
    return { c, box, hold };
  }

  it('when the role is lost while it waits', () => {
    const { c, box } = queued();
    const node = c.primaryNode();
    const replica = c.replica(node, c.gpid);
    const { ingestion } = c.loader();
    replica.configurator.updateLocalConfiguration(replica.makeConfig(replica.ballot() + 1, 'c/replica-9', 'PS_SECONDARY'));
    c.run(10);
    expect([box.result?.error, ingestion.isIngesting, ingestion.isUnresolved()]).toEqual(['ERR_INVALID_STATE', false, false]);
  });

  it('when the queue is cleared while the role stays', () => {
    const { c, box } = queued();
    c.replica(c.primaryNode(), c.gpid).twoPc.clearWriteQueue('ERR_NOT_ENOUGH_MEMBER');
    c.run(10);
    expect([box.result?.error, c.loader().ingestion.isIngesting]).toEqual(['ERR_NOT_ENOUGH_MEMBER', false]);
  });

  it('when the group is not full any more as its turn comes (bl 15.2)', () => {
    const { c, box, hold } = queued();
    const { primaryStates } = c.replica(c.primaryNode(), c.gpid);
    const { membership } = primaryStates;
    primaryStates.membership = { ...membership, secondaries: membership.secondaries.slice(0, 1) };
    hold.on = false;
    c.runUntil(() => box.result !== undefined);
    expect([box.result?.error, c.loader().ingestion.isIngesting]).toEqual(['ERR_NOT_ENOUGH_MEMBER', false]);
    expect(c.replica(c.primaryNode(), c.gpid).twoPc.queue.currentOps()).toBe(0);
    expect(c.write('k', '2')).toBe('ERR_OK');
  });

  it('when its decree would be too far ahead', () => {
    const c = loaded();
    c.isolatePrimary();
    const { twoPc } = c.replica(c.primaryNode(), c.gpid);
    for (let i = 0; i < 20; i++) twoPc.proposeEmptyWrite();
    const box = c.ingest();
    c.runUntil(() => box.result !== undefined);
    expect([box.result?.error, c.loader().ingestion.isUnresolved()]).toEqual(['ERR_CAPACITY_EXCEEDED', false]);
    expect([c.loader().ingestion.isIngesting, twoPc.queue.currentOps()]).toEqual([false, 0]);
  });

  it('not of a re-proposal: that one goes on', () => {
    const c = loaded();
    c.isolatePrimary();
    c.ingest();
    c.run(10);
    const replica = c.replica(c.primaryNode(), c.gpid);
    expect(c.loader().ingestion.isPrepared()).toBe(true);
    const { membership } = replica.primaryStates;
    // A full group is asked for when it is new only (bl.B9).
    const old = replica.prepareList.getMutationByDecree(2);
    if (old === undefined) throw new Error('not prepared');
    expect([replica.twoPc.wantsFullGroup(old, false), replica.twoPc.wantsFullGroup(old, true)]).toEqual([true, false]);
    replica.primaryStates.membership = { ...membership, secondaries: membership.secondaries.slice(0, 1) };
    expect(replica.twoPc.initPrepare(old, true)).toBe('ERR_OK');
    expect(c.loader().ingestion.isIngesting).toBe(true);
  });
});

describe('an empty record that cannot be written', () => {
  it('is told as ERR_TRY_AGAIN; the replica is loaded again, and has the rows as all others', () => {
    let broken = true;
    class Broken extends StorageApp {
      override applyMutation(mutation: LogMutation): ErrorCode {
        const isIngestion = mutation.updates[0]?.code === 'RPC_RRDB_RRDB_BULK_LOAD';
        return broken && isIngestion ? 'ERR_DISK_IO_ERROR' : super.applyMutation(mutation);
      }
    }
    const parts = { StorageApp: Broken };
    const settings = { groupCheckIntervalMs: 2000, configSyncIntervalMs: 2000, emptyWriteDisabled: false };
    const c = new LoadCluster({ settings, partsOf: (node) => (node === 'c/replica-0' ? parts : {}) });
    expect(c.primaryNode()).toBe('c/replica-0');
    c.fillRows({ a: 'A', b: 'B' });
    c.download();
    const { ingestion } = c.loader();
    const box = c.ingest();
    c.runUntil(() => box.result !== undefined);
    expect(box.result?.body?.ingestion).toEqual({ error: 'ERR_TRY_AGAIN', rocksdbError: 5 });
    expect(ingestion.isIngesting).toBe(false);
    broken = false;
    c.run(10_000);
    expect(c.stored('ab')).toEqual(['A B', 'A B', 'A B']);
    expect(c.checks()).toEqual([]);
  });
});

describe('an ingestion under another ballot (bl.B9, B12, B34)', () => {
  it('that was proposed again is brought in by every member that applies it', () => {
    const c = loaded();
    const ballot = c.replica(c.primaryNode(), c.gpid).ballot();
    c.isolatePrimary();
    const box = c.ingest();
    c.run(10);
    c.isolatePrimary(false);
    c.runUntil(() => box.result !== undefined);
    expect([box.result?.error, c.replica(c.primaryNode(), c.gpid).ballot()]).toEqual(['ERR_OK', ballot + 1]);
    // The primary has forgotten its load, and so the flag (bl 17.1).
    expect([c.loader().localStatus, c.loader().ingestion.isIngesting]).toEqual(['BLS_INVALID', false]);
    c.run(100);
    expect([c.loader().ingestion.status, c.write('b', 'later')]).toEqual(['IS_SUCCEED', 'ERR_OK']);
    // The member that was let go of learns: the files come with a checkpoint.
    c.runUntil(() => c.hasAllMembers(c.gpid));
    c.write('k', 'v');
    c.run(100);
    expect(c.stored('abc')).toEqual(['A later C', 'A later C', 'A later C']);
    expect(c.checks()).toEqual([]);
  });

  it('whose ballot rises between commit and apply on a secondary is brought in there too', () => {
    const c = loaded();
    expect(c.ingestNow()).toBe('ERR_OK');
    c.run(10);
    const ballot = c.replica(c.primaryNode(), c.gpid).ballot();
    c.isolatePrimary();
    c.replica(c.primaryNode(), c.gpid).twoPc.proposeEmptyWrite();
    c.run(10);
    c.isolatePrimary(false);
    c.runUntil(() => NODES.every((node) => c.replica(node, c.gpid).ballot() > ballot));
    c.runUntil(() => c.stored('abc').every((rows) => rows === 'A B C'), 5000);
    expect(c.checks()).toEqual([]);
  });
});

describe('files that are no sets of rows', () => {
  it('fail on all members alike, and bring nothing; a restart does not ask for them again', () => {
    const c = new LoadCluster();
    c.write('a', 'old');
    c.fillRows({ b: 'B' });
    c.putMetadata([c.putFile('00001.sst', contentOf('x'))]);
    c.download();
    c.poll('BLS_INGESTING');
    expect(c.ingestNow()).toBe('ERR_OK');
    c.run(10);
    const { groupStates } = c.poll('BLS_INGESTING');
    expect(groupStates[c.primaryNode()]?.ingestStatus).toBe('IS_FAILED');
    expect([c.loader().emptyPrepareSent, c.loader().ingestion.isIngesting]).toEqual([false, true]);
    for (const node of c.secondaries()) expect(c.loader(node).ingestion.isUnresolved()).toBe(true);
    c.poll('BLS_FAILED');
    expect([c.loader().ingestion.isIngesting, c.loader().localStatus]).toEqual([false, 'BLS_INVALID']);
    for (const node of c.secondaries()) expect(c.replica(node, c.gpid).lastCommittedDecree()).toBe(2);
    for (let i = 0; i < 2; i++) c.poll('BLS_FAILED');
    expect(c.poll('BLS_FAILED').isGroupCleanedUp).toBe(true);
    expect(c.stored('ab')).toEqual(['old -', 'old -', 'old -']);
    const [node = ''] = c.secondaries();
    c.world.stopNode(node, 'power-loss');
    c.world.startNode(node);
    c.runUntil(() => c.server(node).replicas.has(c.gpid));
    expect(c.loader(node).ingestion.isPending()).toBe(false);
    expect(c.checks()).toEqual([]);
  });

  it('none at all are not what was downloaded', () => {
    const c = loaded();
    expect(c.ingestNow({ metadata: { files: [], fileTotalSize: 0 } })).toBe('ERR_INVALID_STATE');
    c.run(10);
    expect([c.loader().ingestion.status, c.stored('a')[0]]).toEqual(['IS_INVALID', 'old']);
  });

  it('behind, in a database that does not allow it, fail on all members (departures: bl.5)', () => {
    const c = loaded();
    c.poll('BLS_INGESTING');
    expect(c.ingestNow({ ingestBehind: true })).toBe('ERR_OK');
    c.run(10);
    c.poll('BLS_FAILED');
    c.run(100);
    for (const node of NODES) expect(c.loader(node).ingestion.isUnresolved()).toBe(false);
    expect(c.stored('abc')).toEqual(['old - -', 'old - -', 'old - -']);
  });
});

describe('a disk that fails while the files come in', () => {
  it('sends the replica to ERROR; the log brings the ingestion back', () => {
    let broken = true;
    class Broken extends StorageApp {
      override finishIngestion(paths: readonly string[] | undefined): ErrorCode {
        return broken ? 'ERR_DISK_IO_ERROR' : super.finishIngestion(paths);
      }
    }
    const settings = { groupCheckIntervalMs: 2000, configSyncIntervalMs: 2000, emptyWriteDisabled: false };
    const c = new LoadCluster({ settings, partsOf: (node) => (node === 'c/replica-1' ? { StorageApp: Broken } : {}) });
    c.fillRows({ a: 'A', b: 'B' });
    c.download();
    expect(c.ingestNow()).toBe('ERR_OK');
    c.run(10);
    c.poll('BLS_INGESTING');
    c.poll('BLS_INGESTING');
    expect(c.server('c/replica-1').replicas.has(c.gpid)).toBe(false);
    broken = false;
    c.run(10_000);
    expect(c.stored('ab')).toEqual(['A B', 'A B', 'A B']);
    expect(c.checks()).toEqual([]);
  });
});

describe('a round that has been cleared (bl.B28)', () => {
  it('says nothing of its end; the rows are in all the same', () => {
    const c = loaded();
    c.ingest();
    c.runUntil(() => c.loader().ingestion.status === 'IS_RUNNING');
    c.loader().clearStates();
    c.run(100);
    expect([c.loader().ingestion.status, c.loader().ingestion.isPending(), c.read(c.gpid, 'a')]).toEqual(['IS_INVALID', false, 'A']);
  });
});

describe('the empty prepare behind an ingestion (bl 15.4)', () => {
  it('goes out once, when the primary has ingested, and makes the secondaries commit', () => {
    const c = loaded();
    c.poll('BLS_INGESTING');
    c.ingestNow();
    const replica = c.replica(c.primaryNode(), c.gpid);
    const decree = replica.lastCommittedDecree();
    const [node = ''] = c.secondaries();
    expect([c.loader().emptyPrepareSent, replica.maxPreparedDecree()]).toEqual([false, decree]);
    expect(c.replica(node, c.gpid).lastCommittedDecree()).toBe(decree - 1);
    c.run(10);
    expect(c.poll('BLS_INGESTING').isGroupIngestionFinished).toBe(false);
    expect([c.loader().emptyPrepareSent, replica.maxPreparedDecree()]).toEqual([true, decree + 1]);
    expect(c.replica(node, c.gpid).lastCommittedDecree()).toBe(decree);
    for (const member of NODES) {
      expect(c.replica(member, c.gpid).prepareList.minDecree()).toBeGreaterThanOrEqual(decree);
    }
    finish(c);
    expect(replica.maxPreparedDecree()).toBe(decree + 1);
  });

  it('that two-phase commit refuses is tried again with the next wish', () => {
    const c = loaded();
    c.poll('BLS_INGESTING');
    c.ingestNow();
    c.run(10);
    const { primaryStates } = c.replica(c.primaryNode(), c.gpid);
    const { membership } = primaryStates;
    primaryStates.membership = { ...membership, secondaries: [] };
    c.poll('BLS_INGESTING');
    expect(c.loader().emptyPrepareSent).toBe(false);
    primaryStates.membership = membership;
    c.poll('BLS_INGESTING');
    expect(c.loader().emptyPrepareSent).toBe(true);
  });
});
