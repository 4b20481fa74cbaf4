/** A whole load in a small world: what the auditor tells of it, and the liars that it must not believe. */
import { describe, expect, it } from 'vitest';
import { LIARS } from '../../../../properties/defects/liars.ts';
import { LoadWorld, NODES, TABLE } from './loadWorld.ts';

function loaded(behind = false, ...liars: readonly string[]): LoadWorld {
  const w = new LoadWorld(...liars.map((id) => liar(id)));
  w.put('a', 'old');
  w.put('c', 'kept');
  w.fill(['a', 'new'], ['b', 'loaded']);
  w.start(behind);
  expect(w.runToEnd()).toBe('BLS_SUCCEED');
  return w;
}

function liar(id: string): (typeof LIARS)[number] {
  const found = LIARS.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no liar ${id}`);
  return found;
}

describe('an honest load', () => {
  it('is told from the provider to the database, and nothing is complained of', () => {
    const w = loaded();
    w.put('d', 'later');
    w.run(400_000);
    expect(w.rules()).toEqual([]);
    expect(w.of('provider.put').map(({ path, file }) => `${path} ${file.is}`)).toEqual([
      'root/far/t/0/00001.sst rows',
      'root/far/t/0/.00001.sst.meta sidecar',
      'root/far/t/0/00002.sst rows',
      'root/far/t/0/.00002.sst.meta sidecar',
      'root/far/t/0/bulk_load_metadata metadata',
      'root/far/t/0/.bulk_load_metadata.meta sidecar',
      'root/far/t/bulk_load_info info',
      'root/far/t/.bulk_load_info.meta sidecar',
    ]);
    const md5s = w.of('provider.put').filter(({ file }) => file.is === 'rows').map(({ md5 }) => md5);
    expect(w.of('load.stored').map(({ record }) => record.status)).toEqual(
      ['BLS_DOWNLOADING', 'BLS_DOWNLOADED', 'BLS_INGESTING', 'BLS_SUCCEED'],
    );
    expect(new Set(w.of('load.wished').map(({ loadId }) => loadId)).size).toBe(1);
    expect(w.of('load.stored')[0]?.record.loadId).toBe(w.of('load.wished')[0]?.loadId);
    expect(w.of('load.wished').length).toBe(w.of('load.reported').length);
    expect(w.of('ingestion.sent').map(({ load }) => load.metadata.files.map(({ md5 }) => md5))).toEqual([md5s]);
    expect(w.of('ingestion.answered')).toMatchObject([{ node: w.primary(), gpid: TABLE, error: 'ERR_OK', applied: 'ERR_OK' }]);
    const ingested = w.of('storage.ingested');
    expect(ingested.map(({ node }) => node).sort()).toEqual(NODES);
    for (const { decree, files } of ingested) {
      expect(decree).toBe(ingested[0]?.decree);
      expect(files.map(({ md5 }) => md5)).toEqual(md5s);
    }
    const bulkLoading = w.of('table.stored').map(({ isBulkLoading }) => isBulkLoading);
    expect([bulkLoading.includes(true), bulkLoading.at(-1)]).toEqual([true, undefined]);
  });

  it('has each log record of its ingestion as it was claimed', () => {
    const w = loaded();
    const prepared = w.of('replica.prepared').flatMap(({ mutation }) => mutation.updates.flatMap(({ load }) => load ?? []));
    const logged = w.of('log.written').flatMap(({ mutation }) => mutation.updates.flatMap(({ load }) => load ?? []));
    expect(logged.length).toBe(3);
    expect(prepared).toEqual(logged);
    expect(logged[0]).toEqual(w.of('ingestion.sent')[0]?.load);
  });

  it('shows a member\'s files with its word', () => {
    const w = loaded();
    const files = w.of('provider.put').filter(({ path }) => !path.includes('/.') && path.startsWith('root/far/t/0/'));
    const whole = files.map(({ path, sizeBytes, md5 }) => ({ name: path.slice('root/far/t/0/'.length), sizeBytes, md5 }));
    for (const node of NODES) {
      const words = w.of('load.member-reported').filter((event) => event.node === node);
      const done = words.filter(({ wish, state }) => wish === 'BLS_DOWNLOADED' && state.downloadProgress === 100);
      expect(done.length).toBeGreaterThan(0);
      for (const { onDisk } of done) expect(onDisk).toEqual(whole);
      expect(words.at(-1)).toMatchObject({ wish: 'BLS_SUCCEED', state: { isCleanedUp: true }, onDisk: undefined });
    }
  });

  it('goes behind what is there when it is asked to, and checkpoints hold the same on all', () => {
    for (const behind of [false, true]) {
      const w = loaded(behind);
      w.run(400_000);
      expect(w.rules()).toEqual([]);
      expect(w.of('storage.ingested').length).toBe(3);
      const digests = w.of('checkpoint.listed').map(({ decree, contentDigest }) => `${decree} ${contentDigest}`);
      expect(digests.length).toBeGreaterThanOrEqual(3);
      expect(new Set(digests).size).toBe(new Set(w.of('checkpoint.listed').map(({ decree }) => decree)).size);
    }
  });
});

describe('a liar about download slots', () => {
  it('is caught when it says nothing', () => {
    const w = loaded(false, 'liar-omits-load.slot');
    expect(new Set(w.violations.map(({ rule }) => rule))).toEqual(new Set(['audit/load.slot/real-implies-claimed']));
    expect(w.violations[0]?.property).toBe('S9');
  });

  it('is caught when it counts wrongly', () => {
    const w = loaded(false, 'liar-falsifies-load.slot');
    expect(new Set(w.violations.map(({ rule }) => rule))).toEqual(new Set(['audit/load.slot/claimed-implies-real']));
    expect(w.violations[0]?.property).toBe('S9');
  });
});
