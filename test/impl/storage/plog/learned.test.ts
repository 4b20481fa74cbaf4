/** Reading what a learner copied (plog 9.5, 13.1): a directory of log files, the newest maybe torn. */
import { describe, expect, it } from 'vitest';
import { plogParts } from '../../../../impl/storage/plog/parts.ts';
import { FakeDisk, FakeProcess } from '../engine/fakeEnv.ts';
import { mutation } from './helpers.ts';
import { copyTo, LEARN, primaryLog } from './resetWorld.ts';

function read(disk: FakeDisk, dir = LEARN): { readonly error: string; readonly decrees: readonly number[] } {
  const { ctx } = new FakeProcess(disk, {}, plogParts);
  const decrees: number[] = [];
  const error = new ctx.parts.LogReplayer(ctx).replayDirectory(dir, (_lengthBytes, mu) => decrees.push(mu.decree));
  return { error, decrees };
}

function learned(start: number, lastBytes?: number): FakeDisk {
  const disk = new FakeDisk();
  const primary = primaryLog();
  copyTo(disk, primary, primary.log.getLearnState(start).files, lastBytes);
  return disk;
}

describe('replayDirectory', () => {
  it('every record in the order of the log, of files in any order of names', () => {
    const disk = learned(3);
    expect(read(disk)).toEqual({ error: 'ERR_OK', decrees: [3, 4, 5, 6, 7, 8, 9] });
    const primary = primaryLog();
    for (let i = 10; i <= 30; i++) {
      primary.log.demandSwitchFile();
      primary.append(mutation(i));
      primary.ctx.env.tasks.run();
    }
    const many = new FakeDisk();
    copyTo(many, primary, primary.log.getLearnState(3).files);
    expect(many.files(LEARN)[0]).toMatch(/^log\.10\./);
    expect(read(many).decrees).toEqual(Array.from({ length: 28 }, (_, i) => i + 3));
  });

  it('every length of the newest file: exactly the blocks that are whole', () => {
    for (let bytes = 0; bytes <= 405; bytes++) {
      const blocks = Math.max(0, Math.floor((bytes - 60) / 115));
      expect(read(learned(7, bytes)), `${bytes} bytes`).toEqual({ error: 'ERR_OK', decrees: [7, 8, 9].slice(0, blocks) });
    }
  });

  it('an older file that is torn, missing or damaged is an error behind what is good', () => {
    const torn = learned(3);
    const bytes = torn.bytesOf(`${LEARN}/log.3.465`).slice(0, 300);
    torn.remove(`${LEARN}/log.3.465`);
    torn.create(`${LEARN}/log.3.465`);
    torn.write(`${LEARN}/log.3.465`, 0, bytes);
    expect(read(torn)).toEqual({ error: 'ERR_INVALID_DATA', decrees: [3, 4, 5] });
    const missing = learned(3);
    missing.remove(`${LEARN}/log.3.465`);
    expect(read(missing)).toEqual({ error: 'ERR_OBJECT_NOT_FOUND', decrees: [] });
    const damaged = learned(3);
    damaged.flipBit(`${LEARN}/log.3.465`, 8 * 280);
    expect(read(damaged)).toEqual({ error: 'ERR_INVALID_DATA', decrees: [3, 4] });
  });

  it('leaves other files alone, and fails when the disk does', () => {
    const disk = learned(3);
    disk.create(`${LEARN}/notes`);
    disk.mkdir(`${LEARN}/checkpoint.3`);
    expect(read(disk).decrees.length).toBe(7);
    expect(disk.files(LEARN)).toContain('notes');
    expect(read(disk, 'replica/nowhere').error).toBe('ERR_FILE_OPERATION_FAILED');
    disk.failMatching = 'read replica/learn/log.4';
    expect(read(disk).error).toBe('ERR_FILE_OPERATION_FAILED');
    expect(read(new FakeDisk()).error).toBe('ERR_FILE_OPERATION_FAILED');
  });

  it('an empty directory holds nothing', () => {
    const disk = new FakeDisk();
    disk.mkdir(LEARN);
    expect(read(disk)).toEqual({ error: 'ERR_OK', decrees: [] });
  });
});
