import { describe, expect, it } from 'vitest';
import { rowHash } from '../../../../model/content.ts';
import { duplicate, latin, manifestBytes, putBody, runBytes, storedKey, type MadeEntry, type MadeRow } from './bytes.ts';
import { DUP, DupScene, entryOf, F, FOLLOWER_GPID, shipped } from './dupScene.ts';
import { DIR, GPID, META, P, Scene } from './scene.ts';

const PATH = `/pegasus/source/apps/2/duplication`;
const RECORD = {
  remote: 'follower',
  status: 'DS_PREPARE',
  create_timestamp_ms: 5,
  fail_mode: 'FAIL_SLOW',
  remote_app_name: 'f',
  remote_replica_count: 2,
};

describe('facts of the store', () => {
  it('tell records, progress and erasures; the empty node tells nothing', () => {
    const s = new Scene();
    s.nowUs = 7;
    s.auditor.storeApplied('source', 'create', PATH, '');
    s.auditor.storeApplied('source', 'create', `${PATH}/77`, JSON.stringify(RECORD));
    s.auditor.storeApplied('source', 'set', `${PATH}/77/3`, '12');
    s.auditor.storeApplied('source', 'remove', `${PATH}/77/3`, '');
    s.auditor.storeApplied('source', 'remove', `${PATH}/77`, '');
    expect(s.events).toEqual([
      {
        kind: 'dup.stored',
        atUs: 7,
        cluster: 'source',
        appId: 2,
        dupId: 77,
        record: {
          remote: 'follower',
          status: 'DS_PREPARE',
          createTimestampMs: 5,
          failMode: 'FAIL_SLOW',
          remoteAppName: 'f',
          remoteReplicaCount: 2,
        },
      },
      { kind: 'dup.progress-stored', atUs: 7, cluster: 'source', appId: 2, dupId: 77, gpid: '2.3', confirmed: 12 },
      { kind: 'dup.erased', atUs: 7, cluster: 'source', appId: 2, dupId: 77 },
    ]);
    expect(s.rules()).toEqual([]);
  });

  it('are violations when they cannot be read', () => {
    const s = new Scene();
    s.auditor.storeApplied('source', 'set', `${PATH}/77`, JSON.stringify({ ...RECORD, status: '' }));
    s.auditor.storeApplied('source', 'set', `${PATH}/77/3`, '-1');
    s.auditor.storeApplied('source', 'set', PATH, 'x');
    expect(s.rules()).toEqual(['audit/store/readable', 'audit/store/readable', 'audit/store/readable']);
    expect(new Set(s.violations.map((v) => v.property))).toEqual(new Set(['S7']));
    expect(s.events).toEqual([]);
  });
});

describe('facts of messages', () => {
  it('tell an answer of a sync when it arrives: each duplication, then the list', () => {
    const s = new DupScene();
    s.told([entryOf('DS_LOG', 5), entryOf('DS_PAUSE', undefined, 78)]);
    const told = { atUs: 0, cluster: 'source', node: P, appId: 2, failMode: 'FAIL_SLOW' };
    expect(s.events).toEqual([
      { kind: 'dup.told', ...told, dupId: DUP, status: 'DS_LOG', progress: { 0: 5, 1: -1 } },
      { kind: 'dup.told', ...told, dupId: 78, status: 'DS_PAUSE', progress: {} },
      { kind: 'dup.synced', atUs: 0, cluster: 'source', node: P, dups: [{ appId: 2, dupId: DUP }, { appId: 2, dupId: 78 }] },
    ]);
    s.auditor.messageDelivered(META, P, 'RPC_CM_DUPLICATION_SYNC', 'reply', '', -1, { error: 'ERR_OBJECT_NOT_FOUND', apps: [] }, '');
    s.auditor.messageDelivered(META, P, 'RPC_CM_DUPLICATION_SYNC', 'reply', '', -1, undefined, 'ERR_TIMEOUT');
    expect(s.events.length).toBe(3);
  });

  it('tell a report when it leaves', () => {
    const s = new DupScene();
    s.report([{ confirmedDecree: 4, checkpointPrepared: true, lastCommittedDecree: 9 }, { gpid: '2.1', confirmedDecree: 1 }]);
    expect(s.events).toMatchObject([
      { kind: 'dup.reported', cluster: 'source', node: P, gpid: GPID, dupId: DUP, confirmed: 4, prepared: true, lastCommitted: 9 },
      { kind: 'dup.reported', gpid: '2.1', confirmed: 1, prepared: false },
    ]);
  });

  it('tell a DUPLICATE write that a replica server sends, with its entries', () => {
    const s = new DupScene().shipping();
    s.send([shipped(1), shipped(2)]);
    expect(s.events.at(-1)).toMatchObject({
      kind: 'dup.sent',
      from: P,
      to: F,
      gpid: FOLLOWER_GPID,
      entries: [
        { timestampUs: 1_600_000_000_000_001, clusterId: 1, rows: [{ key: storedKey('h', 'k1'), value: 'v1' }] },
        { timestampUs: 1_600_000_000_000_002 },
      ],
    });
    expect(s.rules()).toEqual([]);
    const request = { gpid: FOLLOWER_GPID, partitionHash: 0n, body: latin('nonsense'), clientTimeoutMs: 1, commandId: 0 };
    s.auditor.messageSent(P, F, 'RPC_RRDB_RRDB_DUPLICATE', 'request', FOLLOWER_GPID, -1, request, '', s.nowUs);
    expect(s.events.at(-1)).toMatchObject({ kind: 'dup.sent', sizeBytes: 8, entries: [] });
    expect(s.rules()).toEqual(['audit/dup.sent/readable']);
    const told = s.events.length;
    s.auditor.messageSent('source/client-0', F, 'RPC_RRDB_RRDB_DUPLICATE', 'request', FOLLOWER_GPID, -1, request, '', s.nowUs);
    expect(s.events.length).toBe(told);
  });

  it('tell the creation of a follower table by a meta server, not by a client', () => {
    const s = new DupScene();
    const envs = { 'duplication.master_cluster': 'source', 'duplication.follower_app_status': 'creating' };
    const request = { appName: 'f', partitionCount: 4, replicaCount: 2, successIfExist: false, envs };
    s.auditor.messageSent('source/client-0', META, 'RPC_CM_CREATE_APP', 'request', '', -1, request, '', 0);
    expect(s.events).toEqual([]);
    s.auditor.messageSent(META, 'follower/meta-0', 'RPC_CM_CREATE_APP', 'request', '', -1, request, '', 0);
    expect(s.events).toEqual([
      {
        kind: 'follower.asked',
        atUs: 0,
        cluster: 'source',
        to: 'follower/meta-0',
        name: 'f',
        partitionCount: 4,
        replicaCount: 2,
        envs,
      },
    ]);
  });

  it('hold an acknowledged DUPLICATE write against the claims of the follower, as any write', () => {
    const s = new Scene().start();
    const answer = { error: 'ERR_OK', storageStatus: 0, hint: '', decree: 3, server: P };
    s.auditor.messageSent(P, 'source/replica-9', 'RPC_RRDB_RRDB_DUPLICATE', 'reply', GPID, 3, answer, '', s.nowUs);
    s.task();
    expect(s.rules()).toEqual(['audit/replica.applied/real-implies-claimed']);
  });
});

describe('an adopted checkpoint', () => {
  const row: MadeRow = { key: storedKey('h', 'a'), value: 'v', expireTs: 0, timestampUs: 1_600_000_000_000_003 };
  const download = `${DIR}/data/duplication`;
  const claim = { kind: 'replica.opened', gpid: GPID, fresh: true, ballot: 0, durable: 9, applied: 9, committed: 9, maxPrepared: 9 } as const;

  function downloaded(change: (s: Scene) => void = () => undefined): Scene {
    const s = new Scene();
    s.auditor.processStarted(P);
    s.write(P, `${download}/000003.sst`, runBytes([row]));
    s.write(P, `${download}/MANIFEST-000004`, manifestBytes(9, ['000003.sst']));
    s.write(P, `${download}/CURRENT`, latin('MANIFEST-000004\n'));
    change(s);
    s.rename(P, download, `${DIR}/data/rdb`);
    return s;
  }

  it('is told with the decree and the digest of its files, and the replica may open with it', () => {
    const s = downloaded();
    const digest = rowHash(row.key, 'v', 0, 1_600_000_000_000_003);
    expect(s.events.at(-1)).toEqual({ kind: 'checkpoint.adopted', atUs: 0, node: P, gpid: GPID, decree: 9, digest });
    expect(s.kinds()).toEqual(['process.started', 'checkpoint.adopted']);
    s.checkpoint(P, 9);
    s.ended(P, 9);
    s.claim(P, claim);
    s.task();
    expect(s.rules()).toEqual([]);
  });

  it('must be what the replica claims to have when it opens, and is not there a second time', () => {
    const open = (lie: Partial<Record<'durable' | 'applied' | 'maxPrepared' | 'ballot', number>>): string[] => {
      const s = downloaded();
      s.checkpoint(P, 9);
      s.ended(P, 9);
      s.claim(P, { ...claim, ...lie });
      return s.rules();
    };
    expect(open({ applied: 8 })).toEqual(['audit/replica.opened/real-implies-claimed']);
    expect(open({ maxPrepared: 10 })).toEqual(['audit/replica.opened/claimed-implies-real']);
    expect(open({ ballot: 1 })).toEqual(['audit/replica.opened/claimed-implies-real']);
    const s = downloaded();
    s.checkpoint(P, 9);
    s.ended(P, 9);
    s.claim(P, claim);
    s.claim(P, { kind: 'replica.closed', gpid: GPID });
    s.claim(P, claim);
    expect(s.rules()).toEqual(['audit/replica.opened/claimed-implies-real']);
  });

  it('must be synced before the rename', () => {
    const s = downloaded((t) => t.writeUnsynced(P, `${download}/000009.sst`, runBytes([])));
    expect(s.rules()).toEqual(['audit/disk/synced-before-named']);
  });

  it('must be whole, but for what was damaged since it was copied', () => {
    const cut = (s: Scene): void => {
      const path = `${download}/000003.sst`;
      s.disk(P).files.set(path, s.bytesOf(P, path).subarray(1));
    };
    const s = downloaded(cut);
    expect(s.rules()).toEqual(['audit/checkpoint.adopted/whole']);
    expect(s.events.at(-1)).toMatchObject({ kind: 'checkpoint.adopted', decree: -1, digest: 0 });
    const t = downloaded((u) => {
      cut(u);
      u.auditor.diskDamaged(P, `${download}/000003.sst`);
    });
    expect(t.rules()).toEqual([]);
    const again = downloaded((u) => {
      u.auditor.diskDamaged(P, `${download}/000003.sst`);
      u.write(P, `${download}/000003.sst`, runBytes([row]).subarray(1));
    });
    expect(again.rules()).toEqual(['audit/checkpoint.adopted/whole']);
  });

  it('a directory with a download alone is no replica', () => {
    const old = new Scene();
    old.write(P, `${download}/000003.sst`, runBytes([row]));
    const s = new Scene();
    for (const [path, bytes] of old.disk(P).files) s.disk(P).files.set(path, bytes);
    s.auditor.processStarted(P);
    expect(s.kinds()).toEqual(['process.started']);
    expect(s.rules()).toEqual([]);
  });
});

describe('rows of a DUPLICATE write in a flush', () => {
  const KEY = storedKey('h', 'k9');
  const entry = { timestampUs: 1_700_000_000_000_001, code: 'RPC_RRDB_RRDB_PUT', raw: putBody(KEY, 'v', 4), clusterId: 5 };
  const row: MadeRow = { key: KEY, value: 'v', expireTs: 4, timestampUs: 1_700_000_000_000_001, tagLow: 10 };

  function flushed(rows: readonly MadeRow[], ...entries: readonly MadeEntry[]): string[] {
    const s = new Scene().start();
    s.current(P, 0, []);
    s.honestWrite(1, duplicate(...entries));
    s.flush(P, 1, ['000003.sst'], rows);
    s.task();
    return s.rules();
  }

  it('bear time and cluster of their entries', () => {
    expect(flushed([row], entry)).toEqual([]);
    const lies: readonly MadeRow[] = [
      { ...row, timestampUs: 1_600_000_000_000_001 },
      { ...row, tagLow: 2 },
      { ...row, tagLow: 11 },
      { ...row, expireTs: 0 },
      { ...row, value: 'w' },
      { key: KEY },
    ];
    for (const lie of lies) expect(flushed([lie], entry)).toEqual(['audit/replica.applied/claimed-implies-real']);
    expect(flushed([], entry)).toEqual(['audit/replica.applied/claimed-implies-real']);
  });

  it('come in the order of the entries', () => {
    const later = { ...entry, timestampUs: 1_600_000_000_000_000, raw: putBody(KEY, 'w', 4), clusterId: 1 };
    expect(flushed([{ ...row, value: 'w', timestampUs: 1_600_000_000_000_000, tagLow: 2 }], entry, later)).toEqual([]);
    expect(flushed([row], entry, later)).toEqual(['audit/replica.applied/claimed-implies-real']);
    expect(flushed([row, { ...row, key: storedKey('z', '') }], entry)).toEqual(['audit/replica.applied/real-implies-claimed']);
  });

  it('of an entry that is to be verified go by time and cluster, against what came before and what the database holds', () => {
    const verified = { ...entry, verifyTimetag: true };
    const older = { ...verified, timestampUs: 1_600_000_000_000_000, raw: putBody(KEY, 'w', 4) };
    expect(flushed([row], verified)).toEqual([]);
    expect(flushed([row], verified, older)).toEqual([]);
    expect(flushed([], verified)).toEqual(['audit/replica.applied/claimed-implies-real']);
    const s = new Scene().start();
    s.current(P, 0, []);
    s.honestWrite(1, duplicate(verified));
    s.flush(P, 1, ['000003.sst'], [row]);
    s.task();
    s.honestWrite(2, duplicate(older));
    s.flush(P, 2, ['000004.sst', '000003.sst'], [{ ...row, value: 'w', timestampUs: 1_600_000_000_000_000 }]);
    s.task();
    expect(s.rules()).toEqual(['audit/replica.applied/real-implies-claimed']);
  });
});
