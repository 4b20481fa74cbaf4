/** What the loader reads and when (dup 6.2-6.4, 15; T2, T9 of 16). */
import { describe, expect, it } from 'vitest';
import { DuplicationPipeline } from '../../../../../impl/replica/duplication/pipeline/duplicationPipeline.ts';
import { BLOCK_HEADER_SIZE } from '../../../../../impl/storage/plog/format.ts';
import { appendEach, logFiles, makeWorld, SMALL_FILES, values } from './loading.ts';
import { LOG_DIR, PipelineWorld, putUpdate, record } from './pipelineWorld.ts';

describe('the gate', () => {
  it('waits for what is both on disk and applied, with nothing read meanwhile', () => {
    const { world, pipeline } = makeWorld();
    appendEach(world, 1, 2);
    pipeline.start();
    world.advance(1000);
    expect(world.ran.filter((task) => task === 'LPC_REPLICATION_LOW run').length).toBe(11);
    expect(world.ran.some((task) => task.startsWith('LPC_REPLICATION_LONG'))).toBe(false);
    world.applied = 2;
    world.advance(100);
    expect(world.sentValues()).toEqual(['v1', 'v2']);
    expect(world.last).toBe(2);
  });

  it('the load task is the one that the settings name', () => {
    const { world, pipeline } = makeWorld({ settings: { dupLoadPlogTask: 'LPC_REPLICATION_LONG_LOW' } });
    appendEach(world, 1, 1);
    world.applied = 1;
    pipeline.start();
    world.settle();
    const codes = new Set(world.ran.map((task) => task.split(' ')[0]));
    expect(codes.has('LPC_REPLICATION_LONG_LOW')).toBe(true);
    expect(codes.has('LPC_REPLICATION_LONG_COMMON')).toBe(false);
  });

  it('the newest write is shipped without another one behind it (#2048)', () => {
    const { world, pipeline } = makeWorld();
    pipeline.start();
    for (let decree = 1; decree <= 5; decree++) {
      world.append(record(decree));
      world.applied = decree;
      world.advance(150);
      expect(world.last).toBe(decree);
    }
    expect(world.sentValues()).toEqual(values(1, 5));
  });

  it('T2: a write that was read in flight is shipped soon after it is applied, and nothing spins (B25)', () => {
    const { world, pipeline } = makeWorld({ last: 8 });
    world.append(record(9, { lastCommittedDecree: 8 }), record(10, { lastCommittedDecree: 8 }));
    world.applied = 9;
    pipeline.start();
    world.settle(100);
    expect(world.last).toBe(9);
    world.ran.length = 0;
    world.advance(1000);
    expect(world.ran.length).toBeLessThan(15);
    world.applied = 10;
    world.advance(150);
    expect(world.last).toBe(10);
    expect(world.sentValues()).toEqual(['v9', 'v10']);
  });

  it('T9: the very first write of a table is shipped (B20)', () => {
    const { world, pipeline } = makeWorld({ last: 0, confirmed: 0 });
    pipeline.start();
    appendEach(world, 1, 1);
    world.applied = 1;
    world.advance(200);
    expect(world.shipped).toEqual([1]);
    expect(world.sentValues()).toEqual(['v1']);
  });

  it('waits while the meta server has stored no progress', () => {
    const { world, pipeline } = makeWorld({ last: 2, confirmed: -1 });
    appendEach(world, 1, 4);
    world.applied = 4;
    pipeline.start();
    world.advance(2500);
    expect(world.sent).toEqual([]);
    world.confirmed = 2;
    world.advance(600);
    expect(world.sentValues()).toEqual(['v3', 'v4']);
    expect(world.skipped()).toEqual([]);
  });

  it('a log that lost its beginning is read from where it begins now', () => {
    const { world, pipeline } = makeWorld({ settings: SMALL_FILES });
    appendEach(world, 1, 6);
    world.applied = 6;
    expect(world.log.garbageCollection(6, 0)).toBe(0);
    world.disk.nowUs += 1;
    const files = logFiles(world).length;
    const unreserved = makeWorld({ settings: { ...SMALL_FILES, logPrivateReserveMaxSizeBytes: 0 } });
    appendEach(unreserved.world, 1, 6);
    unreserved.world.applied = 6;
    expect(unreserved.world.log.garbageCollection(6, 0)).toBe(files - 1);
    unreserved.pipeline.start();
    unreserved.world.settle();
    // What is left is shipped, and what is gone is said to be.
    expect(unreserved.world.last).toBe(6);
    expect(unreserved.world.skipped()).toEqual(['1-4']);
    pipeline.start();
    world.settle();
    expect(world.last).toBe(6);
  });
});

describe('hand-overs', () => {
  it('at the size of a batch, and the next load goes on in the same file', () => {
    const big = 'x'.repeat(3000);
    const { world, pipeline } = makeWorld();
    for (let decree = 1; decree <= 6; decree++) world.append(record(decree, { updates: [putUpdate('k', big)] }));
    world.applied = 6;
    pipeline.start();
    world.settle();
    // A record commits the one before it, so two bodies are there after the third.
    expect(world.shipped).toEqual([2, 4, 6]);
    expect(world.metrics.get('7.2', 'dup_log_read_mutations')).toBe(6);
  });

  it('after everything was read the newest file is read anew (Q10)', () => {
    const { world, pipeline } = makeWorld();
    appendEach(world, 1, 3);
    world.applied = 3;
    pipeline.start();
    world.settle();
    appendEach(world, 4, 4);
    world.applied = 4;
    world.advance(100);
    expect(world.sentValues()).toEqual(values(1, 4));
    expect(world.metrics.get('7.2', 'dup_log_read_mutations')).toBe(7);
    const size = record(1).updates[0]?.data.length ?? 0;
    expect(world.metrics.get('7.2', 'dup_log_read_bytes')).toBe(7 * (60 + 12 + 'RPC_RRDB_RRDB_PUT'.length + size));
  });

  it('empty writes raise the progress and send nothing', () => {
    const { world, pipeline } = makeWorld();
    const empty = { code: 'RPC_REPLICATION_WRITE_EMPTY', serializationType: 0, data: new Uint8Array(0) };
    world.append(record(1, { updates: [empty] }), record(2, { updates: [empty] }));
    world.applied = 2;
    pipeline.start();
    world.settle();
    expect(world.sent).toEqual([]);
    expect(world.last).toBe(2);
  });

  it('a resumed pipeline begins behind what was shipped, misses nothing and claims no hole', () => {
    const { world, pipeline } = makeWorld({ last: 0 });
    appendEach(world, 1, 3);
    world.applied = 3;
    pipeline.start();
    world.settle();
    pipeline.stop();
    appendEach(world, 4, 6);
    world.applied = 6;
    world.advance(1000);
    expect(world.last).toBe(3);
    new DuplicationPipeline(world.ctx, world).start();
    world.advance(200);
    expect(world.sentValues()).toEqual(values(1, 6));
    expect(world.skipped()).toEqual([]);
  });

  it('stopped: nothing of it runs any more, wherever it was', () => {
    for (let steps = 0; steps < 40; steps++) {
      const { world, pipeline } = makeWorld({ settings: SMALL_FILES });
      appendEach(world, 1, 5);
      world.applied = 5;
      pipeline.start();
      for (let i = 0; i < steps; i++) if (!world.step()) world.advance(1);
      pipeline.stop();
      pipeline.stop();
      const { last } = world;
      const sent = world.sent.length;
      world.ran.length = 0;
      appendEach(world, 6, 7);
      world.applied = 7;
      world.advance(30_000);
      expect(world.ran.filter((task) => !/LOG|resumeNow|reply/.test(task))).toEqual([]);
      expect([world.last, world.sent.length, world.replica.isDuplicationPlogChecking()]).toEqual([last, sent, false]);
    }
  });
});

describe('files', () => {
  it('begins with the file that holds the start, and follows the others', () => {
    for (let last = 0; last < 12; last++) {
      const { world, pipeline } = makeWorld({ last, settings: SMALL_FILES });
      appendEach(world, 1, 12);
      expect(logFiles(world).length).toBeGreaterThan(4);
      world.applied = 12;
      pipeline.start();
      world.settle();
      expect(world.sentValues()).toEqual(values(last + 1, 12));
      expect(world.skipped()).toEqual([]);
    }
  });

  it('whatever the log may be cleaned to (B29)', () => {
    const { world, pipeline } = makeWorld({ last: 2, settings: SMALL_FILES });
    appendEach(world, 1, 12);
    world.applied = 12;
    world.log.updateCleanableDecree(12);
    pipeline.start();
    world.settle();
    expect(world.sentValues()).toEqual(values(3, 12));
  });

  it('the log is not collected while files are looked at', () => {
    const { world, pipeline } = makeWorld({ last: 0, settings: SMALL_FILES });
    appendEach(world, 1, 6);
    world.applied = 6;
    pipeline.start();
    const seen: boolean[] = [];
    while (world.step()) {
      const before = world.ran.at(-1) ?? '';
      if (before.endsWith('scanFile') || before.endsWith('run')) seen.push(world.replica.isDuplicationPlogChecking());
    }
    expect(seen).toContain(true);
    expect(seen.at(-1)).toBe(false);
    expect(world.last).toBe(6);
  });

  it('a file that is collected during the search means another search, at once', () => {
    const { world, pipeline } = makeWorld({
      last: 7,
      settings: { ...SMALL_FILES, logPrivateReserveMaxSizeBytes: 0 },
    });
    appendEach(world, 1, 4);
    world.append(record(5, { lastCommittedDecree: 4 }));
    appendEach(world, 6, 12);
    world.applied = 12;
    // The scan begins at the oldest here, as a scan may that does not know what it needs.
    const search = pipeline.loadPrivate;
    let scans = 0;
    search.filesToScan = (files) => (scans++ === 0 ? files : files.toReversed());
    pipeline.start();
    while (scans === 0) world.step();
    expect(world.log.garbageCollection(7, 0)).toBeGreaterThan(1);
    world.settle();
    expect(scans).toBeGreaterThan(1);
    expect(world.sentValues()).toEqual(values(8, 12));
  });

  it('a file whose successor exists is left only when all of it was read (B19)', () => {
    const { world, pipeline } = makeWorld();
    appendEach(world, 1, 2);
    world.applied = 2;
    // 3 is being written while 4 has made the next file already.
    world.held = 'LPC_WRITE_REPLICATION_LOG_PRIVATE';
    world.log.append(record(3), undefined);
    world.log.demandSwitchFile();
    world.log.append(record(4), undefined);
    expect(logFiles(world).length).toBe(2);
    pipeline.start();
    world.advance(500);
    expect(world.last).toBe(2);
    world.release();
    world.applied = 4;
    world.advance(300);
    expect(world.sentValues()).toEqual(values(1, 4));
    expect(world.skipped()).toEqual([]);
  });

  it('a torn tail of an earlier life ends its file and is no error', () => {
    const { world, pipeline } = makeWorld();
    appendEach(world, 1, 2);
    const path = logFiles(world)[0] ?? '';
    const bytes = world.disk.bytes(path);
    const next = new PipelineWorld();
    next.disk.mkdir(LOG_DIR);
    const torn = new Uint8Array(bytes.length + BLOCK_HEADER_SIZE - 3);
    torn.set(bytes);
    next.disk.put(path, torn);
    const log = new next.ctx.parts.PrivateLog(next.ctx, {
      gpid: '7.2',
      dir: LOG_DIR,
      hash: 1,
      onIoError: { owner: next, method: 'onIoError', args: [] },
    });
    expect(log.open(0, () => true)).toBe('ERR_OK');
    next.replica.privateLog = log;
    next.applied = 2;
    const loader = new DuplicationPipeline(next.ctx, next);
    loader.start();
    next.advance(200);
    expect(next.last).toBe(2);
    log.append(record(3), undefined);
    next.settle();
    next.applied = 3;
    next.advance(200);
    expect(next.sentValues()).toEqual(values(1, 3));
    expect(next.metrics.get('7.2', 'dup_log_file_load_failed_count')).toBe(0);
    expect(logFiles(next).length).toBe(2);
    pipeline.stop();
  });

  it('readers rename nothing, also a newest file without a header (B28, plog.P6)', () => {
    const { world, pipeline } = makeWorld({ settings: SMALL_FILES });
    appendEach(world, 1, 3);
    world.applied = 3;
    world.log.demandSwitchFile();
    world.log.append(record(4), undefined);
    pipeline.start();
    for (let i = 0; i < 200; i++) world.step();
    world.applied = 4;
    world.advance(300);
    expect(world.sentValues()).toEqual(values(1, 4));
    expect(world.disk.journal.filter((line) => line.startsWith('rename'))).toEqual([]);
  });
});
