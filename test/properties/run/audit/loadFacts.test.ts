import { describe, expect, it } from 'vitest';
import type { GroupBulkLoadRequest, GroupBulkLoadResponse } from '../../../../impl/protocol/bulkLoadMessages.ts';
import type { Claim } from '../../../../model/events.ts';
import { latin, manifestBytes, put, runBytes, storedKey, type MadeRow } from './bytes.ts';
import { md5Of } from '../../../../properties/run/audit/loadFiles.ts';
import { ingestion } from './loadBytes.ts';
import { DIR, GPID, META, P, S, Scene } from './scene.ts';

const LOADED: MadeRow = { key: storedKey('h', 'k9'), value: 'loaded', expireTs: 5, timestampUs: 0, tagLow: 0 };
const LOADED_TOO: MadeRow = { key: storedKey('h', 'k1'), value: 'loaded', timestampUs: 0, tagLow: 0 };

class LoadScene extends Scene {
  /** A file on the provider, as metadata name it. */
  provide(name: string, bytes: Buffer): { readonly name: string; readonly sizeBytes: number; readonly md5: string } {
    this.auditor.providerChanged('files', `r/c/t/0/${name}`, bytes);
    return { name, sizeBytes: bytes.length, md5: md5Of(bytes) };
  }

  slot(taken: boolean, serverCount: number, node = S): void {
    this.claim(node, { kind: 'load.slot', gpid: GPID, taken, serverCount });
  }

  /** A download, honestly. */
  download(name: string, bytes: Buffer, node = S): void {
    this.slot(true, 1, node);
    this.write(node, `${DIR}/bulk_load/${name}`, bytes);
    this.slot(false, 0, node);
    this.task();
  }

  link(from: string, to: string, node = S): void {
    const { files } = this.disk(node);
    files.set(to, files.get(from) ?? Buffer.alloc(0));
    this.auditor.linked(node, from, to);
  }

  remove(path: string, node = S): void {
    const { files } = this.disk(node);
    for (const one of [...files.keys()]) {
      if (one !== path && !one.startsWith(`${path}/`)) continue;
      files.delete(one);
      this.auditor.removed(node, one);
    }
    this.auditor.removed(node, path);
  }

  groupWish(metaStatus: GroupBulkLoadRequest['metaStatus'] = 'BLS_DOWNLOADING'): GroupBulkLoadRequest {
    const config = { gpid: GPID, ballot: 1, maxReplicaCount: 2, primary: P, secondaries: [S], lastDrops: [], lastCommittedDecree: 0 };
    const request = { appName: 't', config, providerName: 'files', clusterName: 'c', remoteRootPath: 'r', metaStatus, loadId: 1 };
    this.auditor.messageDelivered(P, S, 'RPC_GROUP_BULK_LOAD', 'request', GPID, -1, request, '');
    return request;
  }

  groupAnswer(asked: GroupBulkLoadRequest, downloadProgress = 0): void {
    const state = { downloadProgress, downloadStatus: 'ERR_OK', ingestStatus: 'IS_INVALID', isCleanedUp: false, isPaused: false } as const;
    const response: GroupBulkLoadResponse = { error: 'ERR_OK', status: 'BLS_DOWNLOADING', state };
    this.auditor.messageSent(S, P, 'RPC_GROUP_BULK_LOAD', 'reply', GPID, -1, response, '', this.nowUs, asked);
  }

  of(kind: string): unknown[] {
    return this.events.filter((event) => event.kind === kind);
  }
}

describe('facts of providers', () => {
  it('tell files that come and go', () => {
    const s = new LoadScene();
    s.nowUs = 7;
    s.provide('a.sst', latin('x'));
    s.auditor.providerChanged('files', 'r/c/t/0/a.sst', undefined);
    const at = { atUs: 7, provider: 'files', path: 'r/c/t/0/a.sst' };
    expect(s.events).toEqual([
      { kind: 'provider.put', ...at, sizeBytes: 1, md5: md5Of(latin('x')), file: { is: 'garbage' } },
      { kind: 'provider.removed', ...at },
    ]);
  });
});

describe('facts of wishes and words', () => {
  it('bear the wish that they answer, and what the disk held when they were written', () => {
    const s = new LoadScene().start();
    s.download('a', latin('x'));
    s.events.length = 0;
    const first = s.groupWish();
    const second = s.groupWish('BLS_PAUSING');
    s.task();
    s.download('b', latin('y'));
    s.groupAnswer(second, 2);
    s.groupAnswer(first, 1);
    s.groupAnswer(first, 1);
    const file = { name: 'a', sizeBytes: 1, md5: md5Of(latin('x')) };
    expect(s.of('load.member-reported')).toMatchObject([
      { node: S, gpid: GPID, wish: 'BLS_PAUSING', state: { downloadProgress: 2 }, onDisk: [file] },
      { node: S, gpid: GPID, wish: 'BLS_DOWNLOADING', localStatus: 'BLS_DOWNLOADING', error: 'ERR_OK', state: { downloadProgress: 1 }, onDisk: [file] },
    ]);
    expect(s.rules()).toEqual([]);
  });

  it('see files that were changed, renamed, damaged and removed', () => {
    const s = new LoadScene().start();
    const onDisk = (): unknown => {
      s.groupAnswer(s.groupWish());
      return (s.of('load.member-reported').at(-1) as { onDisk: { name: string; md5: string }[] | undefined }).onDisk?.map(
        ({ name, md5 }) => `${name} ${md5}`,
      );
    };
    const [x, y, z] = [latin('x'), latin('y'), latin('z')].map(md5Of);
    expect(onDisk()).toBeUndefined();
    s.download('a', latin('x'));
    expect(onDisk()).toEqual([`a ${x}`]);
    s.download('a', latin('y'));
    expect(onDisk()).toEqual([`a ${y}`]);
    s.disk(S).files.set(`${DIR}/bulk_load/a`, latin('z'));
    s.auditor.diskDamaged(S, `${DIR}/bulk_load/a`);
    expect(onDisk()).toEqual([`a ${z}`]);
    s.rename(S, `${DIR}/bulk_load/a`, `${DIR}/bulk_load/b`);
    expect(onDisk()).toEqual([`b ${z}`]);
    s.rename(S, `${DIR}/bulk_load`, `${DIR}.bulk_load.9.gar`);
    expect(onDisk()).toBeUndefined();
    expect(s.rules()).toEqual([]);
  });

  it('of a damaged download the database is not', () => {
    const s = new LoadScene().start();
    s.download('a', latin('x'));
    s.auditor.diskDamaged(S, `${DIR}/bulk_load/a`);
    s.current(S, 0, ['000002.sst']);
    expect(s.rules()).toEqual(['audit/storage.flushed/whole']);
  });

  it('a download that is not synced may be set aside, but not be named by a manifest', () => {
    const s = new LoadScene().start();
    s.slot(true, 1);
    s.writeUnsynced(S, `${DIR}/bulk_load/a`, runBytes([LOADED]));
    s.rename(S, `${DIR}/bulk_load`, `${DIR}.bulk_load.9.gar`);
    s.slot(false, 0);
    expect(s.rules()).toEqual([]);
    s.slot(true, 1);
    s.writeUnsynced(S, `${DIR}/bulk_load/a`, runBytes([LOADED]));
    s.link(`${DIR}/bulk_load/a`, `${DIR}/data/rdb/000003.sst`);
    s.current(S, 0, ['000003.sst']);
    expect(s.rules()).toContain('audit/disk/synced-before-named');
  });
});

describe('facts of ingestion', () => {
  it('tell the write and its answer', () => {
    const s = new LoadScene().start();
    s.events.length = 0;
    const body = ingestion({ files: [{ name: 'a', sizeBytes: 1, md5: 'm' }] }).data;
    const request = { gpid: GPID, partitionHash: 0n, body, clientTimeoutMs: 1000, commandId: 0 };
    const answer = { error: 'ERR_OK', decree: 0, server: P, ingestion: { error: 'ERR_TRY_AGAIN', rocksdbError: 5 } };
    s.auditor.messageSent(META, P, 'RPC_RRDB_RRDB_BULK_LOAD', 'request', GPID, -1, request, '', 0);
    s.auditor.messageSent(P, META, 'RPC_RRDB_RRDB_BULK_LOAD', 'reply', GPID, -1, answer, '', 0, request);
    s.auditor.messageSent(P, META, 'RPC_RRDB_RRDB_BULK_LOAD', 'reply', GPID, -1, { error: 'ERR_INVALID_STATE', decree: -1, server: P }, '', 0, request);
    s.auditor.messageSent(P, META, 'RPC_RRDB_RRDB_BULK_LOAD', 'reply', GPID, -1, undefined, 'ERR_OPERATION_DISABLED', 0, request);
    expect(s.events).toMatchObject([
      { kind: 'ingestion.sent', cluster: 'source', to: P, gpid: GPID, load: { metadata: { files: [{ name: 'a', sizeBytes: 1, md5: 'm' }], totalBytes: 1 } } },
      { kind: 'ingestion.answered', node: P, gpid: GPID, error: 'ERR_OK', applied: 'ERR_TRY_AGAIN' },
      { kind: 'ingestion.answered', node: P, gpid: GPID, error: 'ERR_INVALID_STATE', applied: 'ERR_OK' },
      { kind: 'ingestion.answered', node: P, gpid: GPID, error: 'ERR_OPERATION_DISABLED', applied: 'ERR_OK' },
    ]);
    expect(s.rules()).toEqual([]);
    s.auditor.messageSent(META, P, 'RPC_RRDB_RRDB_BULK_LOAD', 'request', GPID, -1, { ...request, body: latin('x') }, '', 0);
    expect(s.rules()).toEqual(['audit/ingestion.sent/readable']);
  });

  it('an answer that tells a decree nobody claims applied is a lie', () => {
    const s = new LoadScene().start();
    s.auditor.messageSent(P, META, 'RPC_RRDB_RRDB_BULK_LOAD', 'reply', GPID, 1, { error: 'ERR_OK', decree: 1, server: P }, '', 0, {});
    s.task();
    expect(s.rules()).toEqual(['audit/replica.applied/real-implies-claimed']);
  });

  it('tell what a manifest takes over, before its flush; not runs of its own, nor those that no manifest names', () => {
    const s = new LoadScene().start();
    s.current(S, 0, []);
    for (const name of ['a', 'b', 'c']) s.download(name, runBytes([LOADED]));
    s.events.length = 0;
    for (const [name, run] of [['a', 2], ['b', 3], ['c', 4]] as const) {
      s.link(`${DIR}/bulk_load/${name}`, `${DIR}/data/rdb/00000${run}.sst`);
    }
    s.remove(`${DIR}/data/rdb/000004.sst`);
    s.write(S, `${DIR}/data/rdb/000005.sst`, runBytes([]));
    expect(s.of('storage.ingested')).toEqual([]);
    s.current(S, 4, ['000003.sst', '000005.sst']);
    const file = { sizeBytes: runBytes([LOADED]).length, md5: md5Of(runBytes([LOADED])) };
    expect(s.events).toMatchObject([{ kind: 'storage.ingested', node: S, gpid: GPID, decree: 4, files: [file] }, { kind: 'storage.flushed', decree: 4 }]);
    s.current(S, 4, ['000003.sst', '000005.sst', '000002.sst']);
    s.current(S, 4, ['000003.sst', '000005.sst', '000002.sst']);
    expect(s.of('storage.ingested').length).toBe(2);
  });

  it('tell files that were moved instead of linked', () => {
    const s = new LoadScene().start();
    s.current(S, 0, []);
    s.download('a', runBytes([LOADED]));
    s.rename(S, `${DIR}/bulk_load/a`, `${DIR}/data/rdb/000002.sst`);
    s.current(S, 1, ['000002.sst']);
    expect(s.of('storage.ingested')).toMatchObject([{ decree: 1, files: [{ md5: md5Of(runBytes([LOADED])) }] }]);
  });
});

describe('rows of an ingestion write in a flush', () => {
  /** The rules that a flush of decree 3 breaks, with writes of k1 and k3 around the ingestion at 2. */
  function flushed(
    files: readonly Buffer[],
    runs: (s: LoadScene) => readonly (readonly MadeRow[])[],
    options: { readonly behind?: boolean; readonly allowed?: boolean; readonly unseen?: boolean } = {},
  ): readonly string[] {
    const s = new LoadScene().start();
    s.current(P, 0, []);
    s.honestWrite(1);
    const named = files.map((bytes, at) => s.provide(`${at}.sst`, bytes));
    if (options.unseen === true) named[0] = { ...(named[0] ?? { name: '', sizeBytes: 0 }), md5: 'unseen' };
    s.honestWrite(2, ingestion({ files: named, ingestBehind: options.behind ?? false }));
    s.honestWrite(3, put(storedKey('h', 'k3'), 'v3'));
    const names = runs(s).map((rows, at) => {
      s.write(P, `${DIR}/data/rdb/00000${at + 2}.sst`, runBytes(rows));
      return `00000${at + 2}.sst`;
    });
    const manifest = manifestBytes(3, names).toString('latin1');
    s.write(P, `${DIR}/data/rdb/MANIFEST-000099`, options.allowed === true ? allowing(names) : latin(manifest));
    s.write(P, `${DIR}/data/rdb/CURRENT.tmp`, latin('MANIFEST-000099\n'));
    s.rename(P, `${DIR}/data/rdb/CURRENT.tmp`, `${DIR}/data/rdb/CURRENT`);
    s.task();
    return s.rules();
  }

  function allowing(names: readonly string[]): Buffer {
    return manifestBytes(3, names, 9, { ingest_behind: '1' });
  }

  const MISSES = 'audit/replica.applied/claimed-implies-real';
  const INVENTS = 'audit/replica.applied/real-implies-claimed';
  const FILES = [runBytes([LOADED_TOO]), runBytes([LOADED])];

  it('are those of its files, over what is older', () => {
    expect(flushed(FILES, (s) => [[s.row(3)], [LOADED], [LOADED_TOO], [s.row(1)]])).toEqual([]);
    expect(flushed(FILES, (s) => [[s.row(3)], [LOADED], [s.row(1)]])).toEqual([MISSES]);
    expect(flushed(FILES, (s) => [[s.row(3)], [LOADED], [s.row(1)], [LOADED_TOO]])).toEqual([MISSES]);
    expect(flushed(FILES, (s) => [[s.row(3)], [{ ...LOADED, expireTs: 6 }], [LOADED_TOO], [s.row(1)]])).toEqual([MISSES]);
    expect(flushed(FILES, (s) => [[s.row(3)], [{ ...LOADED, tagLow: 2 }], [LOADED_TOO], [s.row(1)]])).toEqual([MISSES]);
    expect(flushed(FILES, (s) => [[s.row(3)], [s.row(1)]])).toEqual([MISSES]);
  });

  it('the last file lies over the others', () => {
    const files = [runBytes([LOADED]), runBytes([{ ...LOADED, value: 'last' }])];
    expect(flushed(files, (s) => [[s.row(3)], [{ ...LOADED, value: 'last' }], [LOADED], [s.row(1)]])).toEqual([]);
    expect(flushed(files, (s) => [[s.row(3)], [LOADED], [s.row(1)]])).toEqual([MISSES]);
  });

  it('are under what is newer', () => {
    const files = [runBytes([{ ...LOADED, key: storedKey('h', 'k3') }])];
    expect(flushed(files, (s) => [[s.row(3)], [{ ...LOADED, key: storedKey('h', 'k3') }], [s.row(1)]])).toEqual([]);
    expect(flushed(files, (s) => [[{ ...LOADED, key: storedKey('h', 'k3') }], [s.row(3)], [s.row(1)]])).toEqual([MISSES]);
  });

  it('are none when one file is no set of rows, or there is no file', () => {
    for (const files of [[...FILES, latin('x')], [...FILES, runBytes([])], []]) {
      expect(flushed(files, (s) => [[s.row(3)], [s.row(1)]])).toEqual([]);
      expect(flushed(files, (s) => [[s.row(3)], [LOADED], [s.row(1)]])).toEqual([INVENTS]);
    }
  });

  it('are not known of a file that was never seen', () => {
    expect(flushed(FILES, (s) => [[s.row(3)], [s.row(1)]], { unseen: true })).toEqual([]);
  });

  it('behind: are only those of keys without an older row, where the database allows it', () => {
    const behind = { behind: true, allowed: true };
    expect(flushed(FILES, (s) => [[s.row(3)], [s.row(1)], [LOADED], [LOADED_TOO]], behind)).toEqual([]);
    expect(flushed(FILES, (s) => [[s.row(3)], [LOADED], [LOADED_TOO], [s.row(1)]], behind)).toEqual([MISSES]);
    expect(flushed(FILES, (s) => [[s.row(3)], [s.row(1)]], behind)).toEqual([MISSES]);
    expect(flushed(FILES, (s) => [[s.row(3)], [s.row(1)]], { behind: true })).toEqual([]);
    expect(flushed(FILES, (s) => [[s.row(3)], [s.row(1)], [LOADED], [LOADED_TOO]], { behind: true })).toEqual([INVENTS]);
  });
});

describe('load.slot', () => {
  const CLAIMED = 'audit/load.slot/claimed-implies-real';
  const REAL = 'audit/load.slot/real-implies-claimed';
  const OTHER = '3.0';
  const other = (s: LoadScene, taken: boolean, serverCount: number): void => {
    const claim: Claim = { kind: 'load.slot', gpid: OTHER, taken, serverCount };
    s.write(S, `${OTHER}.pegasus/bulk_load/a`, latin('x'));
    s.claim(S, claim);
  };

  it('a server counter that is not the number of slots held', () => {
    for (const [count, rules] of [[2, []], [1, [CLAIMED]], [3, [CLAIMED]]] as const) {
      const s = new LoadScene().start();
      other(s, true, 1);
      s.slot(true, count);
      s.write(S, `${DIR}/bulk_load/a`, latin('x'));
      expect(s.rules()).toEqual(rules);
    }
  });

  it('one that was never taken is given back, or is given back with a wrong counter', () => {
    const s = new LoadScene().start();
    s.slot(false, -1);
    expect(s.rules()).toEqual([CLAIMED]);
    const t = new LoadScene().start();
    t.slot(true, 1);
    t.write(S, `${DIR}/bulk_load/a`, latin('x'));
    t.slot(false, 1);
    expect(t.rules()).toEqual([CLAIMED]);
  });

  it('a process that ends holds none any more, and the next one counts from nothing', () => {
    const s = new LoadScene().start();
    s.slot(true, 1);
    s.write(S, `${DIR}/bulk_load/a`, latin('x'));
    s.task();
    s.auditor.processStopped(S, 'crash', '');
    s.auditor.processStarted(S);
    s.slot(true, 1);
    s.task();
    expect(s.rules()).toEqual([]);
    s.auditor.processStopped(S, 'crash', '');
    s.auditor.processStarted(S);
    s.write(S, `${DIR}/bulk_load/a`, latin('y'));
    s.task();
    expect(s.rules()).toEqual([REAL]);
  });

  it('a directory is there by the end of the task; a disk that refused explains that it is not', () => {
    const s = new LoadScene().start();
    s.slot(true, 1);
    s.task();
    expect(s.rules()).toEqual([CLAIMED]);
    const t = new LoadScene().start();
    t.auditor.faultStruck('disk.full', S, GPID, '');
    t.slot(true, 1);
    t.task();
    expect(t.rules()).toEqual([]);
    const u = new LoadScene().start();
    u.slot(true, 1);
    u.slot(false, 0);
    u.task();
    expect(u.rules()).toEqual([]);
  });

  it('bytes are downloaded without a slot; the claim may follow in the same task', () => {
    const s = new LoadScene().start();
    s.write(S, `${DIR}/bulk_load/a`, latin('x'));
    s.slot(true, 1);
    s.task();
    expect(s.rules()).toEqual([]);
    s.slot(false, 0);
    s.task();
    s.write(S, `${DIR}/bulk_load/a`, latin('y'));
    s.task();
    expect(s.rules()).toEqual([REAL]);
    expect(s.violations[0]).toMatchObject({ property: 'S9' });
  });

  it('another replica\'s slot is not its own', () => {
    const s = new LoadScene().start();
    other(s, true, 1);
    s.violations.length = 0;
    s.write(S, `${DIR}/bulk_load/a`, latin('x'));
    s.task();
    expect(s.rules()).toEqual([REAL]);
  });

  it('a replica that is closed holds none', () => {
    for (const givenBack of [true, false]) {
      const s = new LoadScene().start();
      s.slot(true, 1);
      s.write(S, `${DIR}/bulk_load/a`, latin('x'));
      s.task();
      if (givenBack) s.slot(false, 0);
      s.claim(S, { kind: 'replica.closed', gpid: GPID });
      s.task();
      expect(s.rules().filter((rule) => rule.includes('load.slot'))).toEqual(givenBack ? [] : [REAL]);
    }
  });

  it('a member that tells of its load holds none without a directory', () => {
    const s = new LoadScene().start();
    s.slot(true, 1);
    s.write(S, `${DIR}/bulk_load/a`, latin('x'));
    s.task();
    s.groupAnswer(s.groupWish());
    expect(s.rules()).toEqual([]);
    s.remove(`${DIR}/bulk_load`);
    s.groupAnswer(s.groupWish());
    expect(s.rules()).toEqual([CLAIMED]);
  });
});
