/** Opening (plog 10): what is looked at, where replay begins, what is known afterwards. */
import { describe, expect, it } from 'vitest';
import { CheckFailed } from '../../../../impl/env/contract.ts';
import { FakeDisk, makeContext } from './fakeEnv.ts';
import { DIR, GPID, makeLog, mutation, openLog, WORKED_EXAMPLE } from './helpers.ts';

/** Files with these decrees each. */
function diskOf(...files: readonly (readonly number[])[]): FakeDisk {
  const disk = new FakeDisk();
  const log = openLog(makeContext(disk));
  for (const decrees of files) {
    log.log.demandSwitchFile();
    for (const decree of decrees) log.append(mutation(decree));
    log.ctx.env.tasks.run();
  }
  return disk;
}

describe('open', () => {
  it('an empty directory is created', () => {
    const log = openLog(makeContext());
    expect([log.error, log.ctx.env.disk.exists(DIR), log.log.globalEndOffset(), log.log.maxGcedDecree()]).toEqual([
      'ERR_OK',
      true,
      0,
      -1,
    ]);
    expect(log.ctx.env.disk.journal).toEqual([]);
  });

  it('never writes to an old file: the first append makes a new one', () => {
    const disk = diskOf([1, 2]);
    const before = disk.bytes(`${DIR}/log.1.0`).slice();
    const log = openLog(makeContext(disk));
    log.append(mutation(3));
    log.ctx.env.tasks.run();
    expect(disk.list(DIR)).toEqual(['log.1.0', 'log.2.274']);
    expect(disk.bytes(`${DIR}/log.1.0`)).toEqual(before);
  });

  it.each([
    [0, [1, 2, 3, 4, 5, 6, 7, 8]],
    [1, [1, 2, 3, 4, 5, 6, 7, 8]],
    [2, [3, 4, 5, 6, 7, 8]],
    [3, [3, 4, 5, 6, 7, 8]],
    [4, [5, 6, 7, 8]],
    [5, [5, 6, 7, 8]],
    [6, [7, 8]],
    [99, [7, 8]],
  ])('replays from the last file whose earlier decrees are all covered by %i', (replayDecree, decrees) => {
    const log = openLog(makeContext(diskOf([1, 2], [3, 4], [5, 6], [7, 8])), replayDecree);
    expect([log.error, log.replayed.map((mu) => mu.decree)]).toEqual(['ERR_OK', decrees]);
    expect([
      log.log.maxDecree(),
      log.log.maxDecreeOnDisk(),
      log.log.maxCommitOnDisk(),
      log.log.maxGcedDecree(),
    ]).toEqual([8, 8, 7, 0]);
  });

  it('stops the search at the first file that is not covered', () => {
    // A log position reset made the third file's previous max smaller again.
    const disk = new FakeDisk();
    const log = openLog(makeContext(disk));
    for (const [decree, reset] of [
      [10, 0],
      [20, 4],
      [5, 0],
    ] as const) {
      log.log.demandSwitchFile();
      log.append(mutation(decree));
      log.ctx.env.tasks.run();
      if (reset > 0) log.log.onPartitionReset(reset);
    }
    expect(openLog(makeContext(disk), 4).replayed.map((mu) => mu.decree)).toEqual([10, 20, 5]);
  });

  it('orders files by index, not by name', () => {
    const disk = diskOf(...Array.from({ length: 12 }, (_, i) => [i + 1]));
    expect(disk.list(DIR)[1]).toMatch(/^log\.10\./);
    expect(openLog(makeContext(disk)).replayed.map((mu) => mu.decree)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it('counts records only when the replica accepts them, and headers always (P8)', () => {
    const log = openLog(makeContext(diskOf([1, 2], [3])), 0, 10_000);
    expect([log.replayed, log.log.maxDecreeOnDisk(), log.log.maxCommitOnDisk(), log.log.maxDecree()]).toEqual([
      [],
      0,
      0,
      2,
    ]);
    log.append(mutation(4));
    log.ctx.env.tasks.run();
    const name = log.ctx.env.disk.list(DIR).findLast((each) => each.startsWith('log.')) ?? '';
    // Nothing valid stands before the first new record.
    expect(Buffer.from(log.ctx.env.disk.bytes(`${DIR}/${name}`)).readBigInt64LE(44)).toBe(3n);
    // Also when replay began at a file that holds only its header.
    const disk = diskOf([1, 2], [3]);
    const path = `${DIR}/${disk.list(DIR).at(-1) ?? ''}`;
    disk.put(path, disk.bytes(path).slice(0, 60));
    const headerOnly = openLog(makeContext(disk), 2);
    expect([headerOnly.replayed, headerOnly.log.maxDecree(), headerOnly.log.maxDecreeOnDisk()]).toEqual([[], 2, 0]);
  });

  it('of headers counts those of void files only when there are no others', () => {
    const log = openLog(makeContext(diskOf([1, 2, 3], [4, 5])));
    log.log.onPartitionReset(0);
    log.append(mutation(1, { ballot: 8 }));
    log.ctx.env.tasks.run();
    const [first, second, third] = log.log.logFiles();
    expect([first, second, third].map((file) => file?.previousLogMaxDecree)).toEqual([0, 3, 0]);
    expect(openLog(makeContext(log.ctx.env.disk), 0, third?.startOffset).log.maxDecree()).toBe(1);
  });

  it('ignores foreign names and directories', () => {
    const disk = diskOf([1]);
    disk.put(`${DIR}/log.1.2.removed`, new Uint8Array(3));
    disk.put(`${DIR}/notes`, new Uint8Array(3));
    disk.dirs.add(`${DIR}/log.9.9`);
    const log = openLog(makeContext(disk));
    expect([log.error, log.replayed.length]).toEqual(['ERR_OK', 1]);
    expect(disk.journal.some((line) => line.startsWith('rename'))).toBe(false);
  });

  it('a newest file without a whole header is set aside; its index and offset are used again', () => {
    const disk = diskOf([1]);
    disk.put(`${DIR}/log.2.175`, new Uint8Array(0));
    const log = openLog(makeContext(disk));
    expect(log.error).toBe('ERR_OK');
    expect(disk.list(DIR)).toEqual(['log.1.0', 'log.2.175.removed']);
    log.append(mutation(2));
    log.ctx.env.tasks.run();
    expect(disk.list(DIR)).toEqual(['log.1.0', 'log.2.175', 'log.2.175.removed']);
  });

  it('a missing index', () => {
    const disk = diskOf([1], [2], [3]);
    disk.files.delete(`${DIR}/log.2.175`);
    const log = openLog(makeContext(disk));
    expect([log.error, log.replayed]).toEqual(['ERR_OBJECT_NOT_FOUND', []]);
    // Nobody asks about files that are not replayed.
    expect(openLog(makeContext(disk), 2).error).toBe('ERR_OK');
  });

  it('a header of another start offset', () => {
    const disk = new FakeDisk();
    disk.put(`${DIR}/log.3.1001`, WORKED_EXAMPLE);
    expect(openLog(makeContext(disk)).error).toBe('ERR_INVALID_DATA');
    expect(disk.list(DIR)).toEqual(['log.3.1001.removed']);
  });

  it('an index twice, a record of another replica: internal checks', () => {
    const disk = diskOf([1]);
    disk.put(`${DIR}/log.01.0`, disk.bytes(`${DIR}/log.1.0`));
    expect(() => openLog(makeContext(disk))).toThrow(CheckFailed);
    const foreign = diskOf([1]);
    const log = openLog(makeContext(foreign));
    log.append(mutation(2, { gpid: '7.3' }));
    log.ctx.env.tasks.run();
    expect(() => openLog(makeContext(foreign))).toThrow(/record is of this replica/);
    expect(GPID).not.toBe('7.3');
  });

  it.each(['mkdir', 'list', 'info', 'read'])('a refused %s', (doing) => {
    const disk = diskOf([1]);
    disk.fault = (what) => (what === doing ? 'io' : undefined);
    const { log } = makeLog(makeContext(disk));
    expect(log.open(0, () => true)).toBe('ERR_FILE_OPERATION_FAILED');
    expect([log.globalEndOffset(), log.maxDecree(), log.maxGcedDecree()]).toEqual([0, 0, -1]);
  });

  it('after a failure all state is forgotten and another attempt may be made', () => {
    const disk = diskOf([1], [2]);
    const path = `${DIR}/log.2.175`;
    const good = disk.bytes(path).slice();
    disk.put(path, new Uint8Array([...good.slice(0, 80), 1, ...good.slice(81)]));
    const { log } = makeLog(makeContext(disk));
    expect(log.open(0, () => true)).toBe('ERR_INVALID_DATA');
    expect([log.maxDecree(), log.maxDecreeOnDisk(), log.totalSizeBytes()]).toEqual([0, 0, 0]);
    disk.put(path, good);
    expect(log.open(0, () => true)).toBe('ERR_OK');
    expect(log.maxDecreeOnDisk()).toBe(2);
  });
});
