/** What the loader does about files that it cannot read, under each fail mode (dup 6.4, 15). */
import { describe, expect, it } from 'vitest';
import type { DiskErrorCode } from '../../../../../impl/env/contract.ts';
import { appendEach, logFiles, makeWorld, SMALL_FILES, values } from './loading.ts';
import type { Started } from './loading.ts';
import { record } from './pipelineWorld.ts';
import type { PipelineWorld } from './pipelineWorld.ts';

describe('files that cannot be read', () => {
  /** Reading of the second file fails from then on, until the fault is taken away. */
  function broken(mode: PipelineWorld['mode']): Started {
    const made = makeWorld({ settings: SMALL_FILES });
    const { world } = made;
    world.mode = mode;
    appendEach(world, 1, 9);
    world.applied = 9;
    const path = logFiles(world)[1] ?? '';
    world.disk.fault = (doing, at): DiskErrorCode | undefined => (doing === 'read' && at === path ? 'io' : undefined);
    made.pipeline.start();
    return made;
  }

  it('FAIL_SLOW: 30 failures are 10 of the file, nothing is skipped, and it goes on when it can', () => {
    const { world } = broken('FAIL_SLOW');
    world.advance(300_000);
    expect(world.metrics.get('7.2', 'dup_log_file_load_failed_count')).toBe(10);
    expect(world.metrics.get('7.2', 'dup_log_file_load_skipped_bytes')).toBe(0);
    expect([world.loadFailed, world.skipped()]).toEqual([0, []]);
    world.disk.fault = () => undefined;
    world.advance(10_100);
    expect(world.sentValues()).toEqual(values(1, 9));
  });

  it('FAIL_SKIP: after 10 failures of the file the next one is read, and the hole is claimed', () => {
    const { world } = broken('FAIL_SKIP');
    world.advance(280_000);
    expect(world.skipped()).toEqual([]);
    world.advance(21_000);
    expect(world.metrics.get('7.2', 'dup_log_file_load_failed_count')).toBe(10);
    expect(world.metrics.get('7.2', 'dup_log_file_load_skipped_bytes')).toBeGreaterThan(0);
    const [hole] = world.skipped();
    const [from, to] = (hole ?? '').split('-').map(Number);
    expect(world.skipped().length).toBe(1);
    expect(world.sentValues()).toEqual([...values(1, (from ?? 0) - 1), ...values((to ?? 0) + 1, 9)]);
    expect(world.last).toBe(9);
  });

  it('FAIL_FAST: the duplicator is told, once, and the loader rests', () => {
    const { world } = broken('FAIL_FAST');
    world.advance(400_000);
    expect(world.loadFailed).toBe(1);
    world.ran.length = 0;
    world.advance(60_000);
    expect(world.ran).toEqual([]);
  });

  it('failures that have nothing to do with one another do not add up (B27)', () => {
    const { world } = broken('FAIL_FAST');
    const { fault } = world.disk;
    for (let round = 0; round < 4; round++) {
      world.disk.fault = fault;
      world.append(record(10 + round));
      world.applied = 10 + round;
      world.advance(150_000);
      world.disk.fault = () => undefined;
      world.advance(11_000);
      expect(world.last).toBe(10 + round);
    }
    expect(world.loadFailed).toBe(0);
  });

  it('a damaged block in the middle counts against the file, although the blocks before it are good', () => {
    const { world, pipeline } = makeWorld();
    world.mode = 'FAIL_FAST';
    appendEach(world, 1, 4);
    world.applied = 4;
    const file = world.disk.files.get(logFiles(world)[0] ?? '');
    const bytes = file?.bytes ?? new Uint8Array(0);
    bytes[bytes.length - 5] = (bytes[bytes.length - 5] ?? 0) ^ 1;
    pipeline.start();
    world.advance(289_000);
    expect([world.loadFailed, world.metrics.get('7.2', 'dup_log_file_load_failed_count')]).toEqual([0, 9]);
    world.advance(2000);
    expect(world.loadFailed).toBe(1);
    // Of the good blocks the third is not known to be committed: its record could be superseded in the fourth.
    expect(world.sentValues()).toEqual([]);
  });

  it('the header of the needed file is damaged: the fail modes rule', () => {
    const { world, pipeline } = makeWorld({ settings: SMALL_FILES });
    world.mode = 'FAIL_SKIP';
    appendEach(world, 1, 6);
    world.applied = 6;
    const file = world.disk.files.get(logFiles(world)[0] ?? '');
    if (file !== undefined) file.bytes[20] = 0;
    pipeline.start();
    world.advance(310_000);
    expect(world.metrics.get('7.2', 'dup_log_file_load_failed_count')).toBe(10);
    expect(world.last).toBe(6);
    expect(world.skipped()[0]?.startsWith('1-')).toBe(true);
  });
});
