/** Replacing a log by a primary's files (plog 13.3, P12), and what is refused. Crashes are in resetCrash.test.ts. */
import { describe, expect, it } from 'vitest';
import { FakeDisk, Killed } from '../engine/fakeEnv.ts';
import { DIR, mutation } from './helpers.ts';
import { append, beforeReset, copyTo, LEARN, liveOver, NEW, OLD, primaryLog, writeFiles, writeOldLog } from './resetWorld.ts';

function logFiles(disk: FakeDisk): readonly string[] {
  return disk.files(DIR).filter((name) => name.startsWith('log.'));
}

describe('resetFrom', () => {
  it('takes the files with their numbering, and goes on behind them', () => {
    const { disk, stored } = beforeReset();
    const life = liveOver(disk, { stored });
    expect([life.valid, life.void]).toEqual([OLD, [1, 2]]);
    expect(life.log.resetFrom(LEARN)).toBe('ERR_OK');
    expect(life.log.maxDecree()).toBe(9);
    expect([life.log.maxGcedDecree(), life.log.validStartOffset(), life.log.cleanableDecree()]).toEqual([2, 0, 0]);
    append(life, [mutation(10)]);
    expect(logFiles(disk).length).toBe(4);
    expect(disk.directories('replica').sort()).toEqual(['plog']);
    const next = liveOver(disk, { stored });
    expect([next.valid, next.void, next.error]).toEqual([[...NEW, 10], [], 'ERR_OK']);
  });

  it('writes first what the old log has not written, so that a failure leaves it whole', () => {
    const { disk, stored } = beforeReset();
    const life = liveOver(disk, { stored });
    for (const decree of [6, 7, 8]) life.log.append(mutation(decree), undefined);
    disk.failMatching = 'rename replica/learn';
    expect(life.log.resetFrom(LEARN)).toBe('ERR_FILE_OPERATION_FAILED');
    disk.calm();
    life.process.run();
    expect(liveOver(disk, { stored }).valid).toEqual([3, 4, 5, 6, 7, 8]);
  });

  it('of a log that cannot be written is an error, and the old files stay', () => {
    const { disk, stored } = beforeReset();
    const life = liveOver(disk, { stored });
    life.log.append(mutation(6), undefined);
    disk.failMatching = 'write replica/plog';
    expect(life.log.resetFrom(LEARN)).toBe('ERR_FILE_OPERATION_FAILED');
    disk.calm();
    expect(liveOver(disk, { stored }).valid).toEqual(OLD);
  });

  it('leaves the log closed after an error, with nothing of the old state', () => {
    const { disk, stored } = beforeReset();
    const life = liveOver(disk, { stored });
    disk.remove(`${LEARN}/${disk.files(LEARN)[1] ?? ''}`);
    expect(life.log.resetFrom(LEARN)).toBe('ERR_OBJECT_NOT_FOUND');
    expect(() => life.log.append(mutation(6), undefined)).toThrow('append to an open log');
    expect([life.log.maxDecree(), life.log.globalEndOffset(), life.log.validStartOffset()]).toEqual([0, 0, 0]);
    expect(disk.exists(LEARN)).toBe(false);
    expect(liveOver(disk, { stored }).valid).toEqual(OLD);
  });

  it('does nothing to a log that is closed or given up', () => {
    const { disk, stored } = beforeReset();
    const closed = liveOver(disk, { stored });
    closed.log.close({ owner: { onClosed: () => {} }, method: 'onClosed', args: [] });
    const abandoned = liveOver(disk, { stored });
    abandoned.log.abandon();
    for (const life of [closed, abandoned]) expect(life.log.resetFrom(LEARN)).toBe('ERR_INVALID_STATE');
    expect(disk.exists(LEARN)).toBe(true);
    expect(liveOver(disk, { stored }).valid).toEqual(OLD);
  });

  it('an empty directory is an empty log; what is appended next says what is missing before it', () => {
    const { disk, stored } = beforeReset();
    disk.remove(LEARN, { recursive: true });
    disk.mkdir(LEARN);
    const life = liveOver(disk, { stored });
    expect(life.log.resetFrom(LEARN)).toBe('ERR_OK');
    expect([life.log.maxDecree(), life.log.maxGcedDecree()]).toEqual([0, -1]);
    expect(liveOver(disk, { stored }).valid).toEqual([]);
    append(life, [mutation(8)]);
    expect(life.log.maxGcedDecree()).toBe(7);
    expect(liveOver(disk, { stored }).valid).toEqual([8]);
  });

  it('twice: markers and temporary directories of the first one are gone', () => {
    const { disk, stored } = beforeReset();
    const life = liveOver(disk, { stored });
    expect(life.log.resetFrom(LEARN)).toBe('ERR_OK');
    const primary = primaryLog();
    copyTo(disk, primary, primary.log.getLearnState(4).files);
    expect(life.log.resetFrom(LEARN)).toBe('ERR_OK');
    expect(life.log.maxGcedDecree()).toBe(3);
    expect(disk.directories('replica').sort()).toEqual(['plog']);
    expect(liveOver(disk, { stored }).valid).toEqual([4, 5, 6, 7, 8, 9]);
  });
});

describe('what an attempt before left behind', () => {
  it('markers in the directory that did not come in', () => {
    const { disk, stored } = beforeReset();
    disk.failMatching = 'rename replica/learn';
    expect(liveOver(disk, { stored }).log.resetFrom(LEARN)).toBe('ERR_FILE_OPERATION_FAILED');
    disk.calm();
    expect(disk.files(LEARN).some((name) => name.startsWith('valid.'))).toBe(true);
    expect(liveOver(disk, { stored }).log.resetFrom(LEARN)).toBe('ERR_OK');
    expect(liveOver(disk, { stored }).valid).toEqual(NEW);
  });

  it('a replaced log that the disk kept is not taken for the one that is replaced now, whatever the clock says', () => {
    const { disk, stored } = beforeReset();
    disk.failMatching = 'remove replica/plog.';
    expect(liveOver(disk, { stored }).log.resetFrom(LEARN)).toBe('ERR_OK');
    const primary = primaryLog();
    copyTo(disk, primary, primary.log.getLearnState(7).files);
    const life = liveOver(disk, { stored });
    life.process.wallSeconds += 1000;
    expect(life.log.resetFrom(LEARN), 'it stays in the way').toBe('ERR_FILE_OPERATION_FAILED');
    disk.calm();
    const again = liveOver(disk, { stored });
    again.process.wallSeconds -= 1000;
    disk.failMatching = 'rename replica/learn';
    const { rename } = disk;
    disk.rename = (from, to) => {
      if (from.startsWith('replica/plog.')) throw new Killed('rename');
      rename.call(disk, from, to);
    };
    expect(() => again.log.resetFrom(LEARN)).toThrow(Killed);
    disk.rename = rename;
    disk.calm();
    expect(liveOver(disk, { stored }).valid).toEqual(NEW);
  });
});

describe('files that are no whole log', () => {
  const newest = 'log.4.870';
  it.each<[string, (disk: FakeDisk) => void, string]>([
    ['a missing index', (disk) => disk.remove(`${LEARN}/log.3.465`), 'ERR_OBJECT_NOT_FOUND'],
    ['a stray file', (disk) => disk.create(`${LEARN}/notes`), 'ERR_INVALID_PARAMETERS'],
    ['a set-aside file', (disk) => disk.rename(`${LEARN}/${newest}`, `${LEARN}/${newest}.removed`), 'ERR_INVALID_PARAMETERS'],
    ['an older file without its end', (disk) => truncate(disk, 'log.3.465', 100), 'ERR_INVALID_DATA'],
    ['an older file cut in its header', (disk) => truncate(disk, 'log.3.465', 30), 'ERR_OBJECT_NOT_FOUND'],
    ['an oldest file cut in its header', (disk) => truncate(disk, 'log.2.290', 30), 'ERR_OBJECT_NOT_FOUND'],
    ['a newest file cut in its header, and a missing one', (disk) => {
      truncate(disk, newest, 30);
      disk.remove(`${LEARN}/log.3.465`);
    }, 'ERR_OBJECT_NOT_FOUND'],
    ['nothing but files cut in their headers', (disk) => {
      disk.remove(`${LEARN}/log.2.290`);
      truncate(disk, 'log.3.465', 0);
      truncate(disk, newest, 30);
    }, 'ERR_INCOMPLETE_DATA'],
    ['a wrong header', (disk) => disk.flipBit(`${LEARN}/log.3.465`, 8 * 20), 'ERR_INVALID_DATA'],
    ['a wrong body', (disk) => disk.flipBit(`${LEARN}/${newest}`, 8 * 100), 'ERR_INVALID_DATA'],
  ])('%s: refused and deleted, the old log stays', (_name, spoil, error) => {
    const { disk, stored } = beforeReset();
    expect(disk.files(LEARN)).toEqual(['log.2.290', 'log.3.465', newest]);
    spoil(disk);
    expect(liveOver(disk, { stored }).log.resetFrom(LEARN)).toBe(error);
    expect(disk.exists(LEARN)).toBe(false);
    expect(liveOver(disk, { stored }).valid).toEqual(OLD);
  });

  it('a record of another replica', () => {
    const primary = primaryLog();
    primary.append(mutation(10, { gpid: '7.3' }));
    primary.ctx.env.tasks.run();
    const { disk, stored } = beforeReset(primary);
    expect(liveOver(disk, { stored }).log.resetFrom(LEARN)).toBe('ERR_INVALID_DATA');
    expect(liveOver(disk, { stored }).valid).toEqual(OLD);
  });

  it('a directory that is not there, or cannot be deleted', () => {
    const { disk, stored } = beforeReset();
    expect(liveOver(disk, { stored }).log.resetFrom('replica/nowhere')).toBe('ERR_FILE_OPERATION_FAILED');
    expect(liveOver(disk, { stored }).valid).toEqual(OLD);
    disk.remove(`${LEARN}/log.3.465`);
    disk.failMatching = 'remove replica/learn';
    expect(liveOver(disk, { stored }).log.resetFrom(LEARN)).toBe('ERR_FILE_OPERATION_FAILED');
  });
});

function truncate(disk: FakeDisk, name: string, bytes: number): void {
  const kept = disk.bytesOf(`${LEARN}/${name}`).slice(0, bytes);
  disk.remove(`${LEARN}/${name}`);
  disk.create(`${LEARN}/${name}`);
  disk.write(`${LEARN}/${name}`, 0, kept);
}

describe('a torn copy of the newest file', () => {
  it.each([
    [0, 6],
    [59, 6],
    [60, 6],
    [174, 6],
    [175, 7],
    [289, 7],
    [404, 8],
    [405, 9],
  ])('%i bytes of it: up to decree %i, and the log goes on there', (bytes, last) => {
    const primary = primaryLog();
    const disk = new FakeDisk();
    const stored = writeOldLog(disk);
    copyTo(disk, primary, primary.log.getLearnState(3).files, bytes);
    const life = liveOver(disk, { stored });
    expect(life.log.resetFrom(LEARN)).toBe('ERR_OK');
    const learned = NEW.filter((decree) => decree <= last);
    expect(life.log.maxDecree()).toBe(last);
    append(life, [mutation(last + 1)]);
    const next = liveOver(disk, { stored });
    expect([next.error, next.valid]).toEqual(['ERR_OK', [...learned, last + 1]]);
    expect(disk.files(DIR).filter((name) => name.endsWith('.removed'))).toEqual([]);
  });
});

describe('the valid start offset after a reset (P12)', () => {
  it("is the primary's, whatever .init-info has of the old numbering, until that is stored anew", () => {
    const primary = primaryLog();
    const valid = primary.log.onPartitionReset(9);
    for (const decree of [10, 11]) primary.append(mutation(decree, { ballot: 8 }));
    primary.ctx.env.tasks.run();
    const disk = new FakeDisk();
    const stored = writeOldLog(disk);
    copyTo(disk, primary, primary.log.getLearnState(3, 'all').files);
    const life = liveOver(disk, { stored });
    expect(life.log.resetFrom(LEARN)).toBe('ERR_OK');
    expect(stored).toBeLessThan(valid);
    expect(life.log.validStartOffset()).toBe(valid);
    expect(life.log.getLearnState(7).files.length, 'the void ones are not for replay').toBe(1);
    for (const known of [stored, valid]) {
      const next = liveOver(disk, { stored: known });
      expect([next.valid, next.void, next.log.validStartOffset()]).toEqual([[10, 11], NEW, valid]);
    }
  });

  it('what the primary voided does not count for the largest decree', () => {
    const primary = primaryLog();
    primary.log.onPartitionReset(4);
    for (const decree of [5, 6]) primary.append(mutation(decree, { ballot: 8 }));
    primary.ctx.env.tasks.run();
    const disk = new FakeDisk();
    const stored = writeOldLog(disk);
    copyTo(disk, primary, primary.log.getLearnState(3, 'all').files);
    const life = liveOver(disk, { stored });
    expect([life.log.resetFrom(LEARN), life.log.maxDecree(), life.log.maxDecreeOnDisk()]).toEqual(['ERR_OK', 6, 6]);
  });

  it('is 0 when the primary never learned, also under an old offset behind all of the new log', () => {
    const disk = new FakeDisk();
    const life = liveOver(disk);
    writeFiles(life, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    const stored = life.log.onPartitionReset(20);
    const primary = primaryLog();
    expect(stored).toBeGreaterThan(primary.log.globalEndOffset());
    copyTo(disk, primary, primary.log.getLearnState(3).files);
    expect(life.log.resetFrom(LEARN)).toBe('ERR_OK');
    expect(liveOver(disk, { stored }).valid).toEqual(NEW);
  });

  it('of a later learning counts again, also when it has the value that meant another one before', () => {
    const { disk, stored } = beforeReset();
    const life = liveOver(disk, { stored });
    expect(life.log.resetFrom(LEARN)).toBe('ERR_OK');
    const end = life.log.onPartitionReset(9);
    append(life, [mutation(10)]);
    expect([liveOver(disk, { stored: end }).valid, liveOver(disk, { stored: end }).void]).toEqual([[10], NEW]);
  });
});
