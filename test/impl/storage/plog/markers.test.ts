/** Markers beside the log files, and an offset that a loss of power left behind the log's end (plog 8, P9, P12). */
import { describe, expect, it } from 'vitest';
import {
  formatResetMarker,
  formatValidMarker,
  isMarker,
  isOldLogDirectory,
  oldLogDirectory,
  parseResetMarker,
  parseValidMarker,
  ValidMarkers,
} from '../../../../impl/storage/plog/logMarkers.ts';
import { FakeDisk } from '../engine/fakeEnv.ts';
import { DIR, mutation } from './helpers.ts';
import { append, liveOver, syncAll, writeFiles } from './resetWorld.ts';

describe('names', () => {
  it('say what they were made of', () => {
    expect(parseValidMarker(formatValidMarker(12, 0))).toEqual({ name: 'valid.12.0', stored: 12, valid: 0 });
    expect(parseResetMarker(formatResetMarker('1700000000000000000'))).toBe('1700000000000000000');
    expect(isOldLogDirectory('plog', oldLogDirectory('plog', '17'))).toBe(true);
  });

  it.each(['valid.1', 'valid.1.2.3', 'valid.-1.2', 'valid.x.2', 'valid.1.2.removed', 'valid.1234567890123456.1', 'log.1.2'])(
    '%s is no marker of an offset',
    (name) => {
      expect([parseValidMarker(name), isMarker(name)]).toEqual([undefined, false]);
    },
  );

  it.each(['reset.', 'reset.1.2', 'reset.x', 'xreset.1'])('%s is no marker of a reset', (name) => {
    expect([parseResetMarker(name), isMarker(name)]).toEqual([undefined, false]);
  });

  it.each(['plog', 'plog.', 'plog.x', 'plog.1.err', 'aplog.1', 'learn'])('%s is no old log', (name) => {
    expect(isOldLogDirectory('plog', name)).toBe(false);
  });
});

describe('what .init-info means', () => {
  function over(stored: readonly number[], ...names: readonly string[]): { readonly disk: FakeDisk; readonly markers: ValidMarkers } {
    const disk = new FakeDisk();
    disk.mkdir(DIR);
    for (const name of names) disk.create(`${DIR}/${name}`);
    return { disk, markers: new ValidMarkers(disk, DIR, stored) };
  }

  it.each<[readonly string[], number | undefined, readonly string[]]>([
    [[], undefined, []],
    [['log.1.0', 'valid.x'], undefined, []],
    [['valid.500.60'], 60, ['valid.500.60']],
    [['valid.500.700', 'valid.500.60'], 60, ['valid.500.700', 'valid.500.60']],
    [['valid.400.60'], undefined, []],
    [['valid.400.60', 'valid.500.0'], 0, ['valid.500.0']],
  ])('%j says of 500: %j, and keeps %j', (names, valid, kept) => {
    const { disk, markers } = over([500], ...names.filter((name) => isMarker(name)));
    expect(markers.read(names)).toBe(valid);
    expect(disk.files(DIR)).toEqual([...kept].sort());
  });

  it('an offset that is given out means itself, whatever a marker said of it', () => {
    const { disk, markers } = over([500], 'valid.500.60');
    expect(markers.read(['valid.500.60'])).toBe(60);
    markers.note(800);
    expect(disk.files(DIR)).toEqual(['valid.500.60']);
    markers.note(500);
    expect([disk.files(DIR), markers.stored()]).toEqual([[], [500, 800]]);
  });

  it('every offset that may be stored is redirected, once', () => {
    const { disk, markers } = over([500]);
    markers.note(800);
    markers.write(60);
    markers.write(60);
    expect(disk.files(DIR)).toEqual(['valid.500.60', 'valid.800.60']);
  });
});

describe('a loss of power that takes the end of a log which .init-info points behind', () => {
  /** Of three records, the last two were never synced; the replica has stored the end. Answers that offset. */
  function resetThenPowerLoss(disk: FakeDisk): number {
    const life = liveOver(disk);
    writeFiles(life, [1]);
    syncAll(disk);
    append(life, [mutation(2), mutation(3)]);
    const stored = life.log.onPartitionReset(3);
    disk.losePower(false);
    return stored;
  }

  it('what is left stays void, and what comes is valid, at every later start', () => {
    const disk = new FakeDisk();
    const stored = resetThenPowerLoss(disk);
    const life = liveOver(disk, { stored });
    expect([life.void, life.log.validStartOffset(), life.log.globalEndOffset()]).toEqual([[1], 175, 175]);
    expect(stored).toBeGreaterThan(175);
    append(life, [mutation(4)]);
    for (const known of [stored, 175]) {
      const next = liveOver(disk, { stored: known });
      expect([next.error, next.valid, next.void]).toEqual(['ERR_OK', [4], [1]]);
    }
    expect(life.log.maxGcedDecree(), 'the new file says that 2 and 3 are gone').toBe(0);
    expect(life.log.getLearnState(4).covers).toBe(true);
    expect(life.log.getLearnState(3).covers).toBe(false);
  });

  it('a second time', () => {
    const disk = new FakeDisk();
    const stored = resetThenPowerLoss(disk);
    const life = liveOver(disk, { stored });
    append(life, [mutation(4)]);
    disk.losePower(false);
    const next = liveOver(disk, { stored });
    append(next, [mutation(5)]);
    expect(liveOver(disk, { stored }).valid).toEqual([5]);
  });

  it('a later learning at the very offset that was lost counts', () => {
    const disk = new FakeDisk();
    const stored = resetThenPowerLoss(disk);
    const life = liveOver(disk, { stored });
    const missing = stored - life.log.globalEndOffset() - 76;
    append(life, [mutation(4, { updates: [{ code: 'RPC_REPLICATION_WRITE_EMPTY', serializationType: 0, data: new Uint8Array(missing - 99) }] })]);
    expect(life.log.onPartitionReset(4)).toBe(stored);
    append(life, [mutation(5)]);
    const next = liveOver(disk, { stored });
    expect([next.valid, next.void]).toEqual([[5], [1, 4]]);
  });

  it('a marker that cannot be made fails the opening', () => {
    const disk = new FakeDisk();
    const stored = resetThenPowerLoss(disk);
    disk.failMatching = 'create replica/plog/valid';
    expect(liveOver(disk, { stored }).error).toBe('ERR_FILE_OPERATION_FAILED');
    disk.calm();
    expect(liveOver(disk, { stored }).error).toBe('ERR_OK');
  });
});
