/** A reset with a crash, or an error, at every disk call (plog 13.3, P11): the old log is there afterwards, or the new one. */
import { describe, expect, it } from 'vitest';
import { Killed } from '../engine/fakeEnv.ts';
import type { FakeDisk } from '../engine/fakeEnv.ts';
import { DIR, mutation } from './helpers.ts';
import { append, beforeReset, LEARN, liveOver, NEW, OLD, syncAll } from './resetWorld.ts';
import type { Life } from './resetWorld.ts';

interface Outcome {
  readonly finished: boolean;
  /** Disk calls of the reset. */
  readonly calls: number;
  readonly trace: readonly string[];
}

/** Opens the log and replaces it; the process ends at the n-th disk call of the reset. */
function resetUntil(disk: FakeDisk, stored: number, n: number): Outcome {
  const life = liveOver(disk, { stored });
  const before = disk.calls;
  disk.killAt = before + n;
  let finished = false;
  try {
    expect(life.log.resetFrom(LEARN)).toBe('ERR_OK');
    finished = true;
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
  }
  disk.calm();
  return { finished, calls: disk.calls - before, trace: disk.trace.slice(before) };
}

/** The log is one of both, whole; nothing else is left beside it; and it works on. */
function verify(disk: FakeDisk, stored: number, where: string): 'old' | 'new' {
  const life = liveOver(disk, { stored });
  expect(life.error, where).toBe('ERR_OK');
  const found = life.valid.length === NEW.length ? 'new' : 'old';
  expect(life.valid, where).toEqual(found === 'new' ? NEW : OLD);
  expect(life.void, where).toEqual(found === 'new' ? [] : [1, 2]);
  expect(disk.directories('replica').filter((name) => name.startsWith('plog')), where).toEqual(['plog']);
  workOn(life, stored, where);
  return found;
}

function workOn(life: Life, stored: number, where: string): void {
  append(life, [mutation(20), mutation(21)]);
  syncAll(life.disk);
  const next = liveOver(life.disk, { stored });
  expect([next.error, next.valid, next.void], where).toEqual(['ERR_OK', [...life.valid, 20, 21], life.void]);
}

const calm = beforeReset();
const calmRun = resetUntil(calm.disk, calm.stored, Infinity);
const SECOND_RENAME = calmRun.trace.indexOf('rename replica/learn') + 1;

describe('a crash at any disk call of a reset', () => {
  it('the scenario goes through every step', () => {
    expect(calmRun.finished).toBe(true);
    const steps = ['sync replica/learn/', 'create replica/learn/reset.', 'create replica/learn/valid.', 'rename replica/plog'];
    for (const step of steps) expect(calmRun.trace.some((line) => line.startsWith(step)), step).toBe(true);
    expect(SECOND_RENAME).toBeGreaterThan(10);
    expect(calmRun.trace.at(-1)).toMatch(/^remove replica\/plog\/reset\./);
  });

  it.each(['process crash', 'power loss', 'power loss, half survives'])('%s', (kind) => {
    const found: string[] = [];
    for (let n = 1; n <= calmRun.calls; n++) {
      const { disk, stored } = beforeReset();
      expect(resetUntil(disk, stored, n).finished).toBe(false);
      if (kind !== 'process crash') disk.losePower(kind.endsWith('survives'));
      found.push(verify(disk, stored, `${kind} at call ${n}: ${calmRun.trace[n - 1] ?? ''}`));
    }
    // The second rename decides, and nothing after it undoes it.
    expect(found).toEqual(found.map((_, i) => (i + 1 <= SECOND_RENAME ? 'old' : 'new')));
  });

  it('and another one while the next process opens the log', () => {
    const outcomes = new Set<string>();
    for (let n = SECOND_RENAME - 6; n <= calmRun.calls; n++) {
      for (let m = 1; m <= 60; m++) {
        const { disk, stored } = beforeReset();
        resetUntil(disk, stored, n);
        disk.losePower(false);
        disk.killAt = disk.calls + m;
        try {
          liveOver(disk, { stored });
          m = Infinity;
        } catch (error) {
          if (!(error instanceof Killed)) throw error;
        }
        disk.losePower(false);
        disk.calm();
        outcomes.add(verify(disk, stored, `calls ${n} and ${m}`));
      }
    }
    expect([...outcomes].sort()).toEqual(['new', 'old']);
  });

  it('a new replica takes nothing of what is left beside its log', () => {
    const { disk, stored } = beforeReset();
    resetUntil(disk, stored, SECOND_RENAME);
    disk.mkdir(DIR);
    expect(liveOver(disk).valid).toEqual([]);
  });
});

describe('a disk call of a reset that fails', () => {
  it('is an error or none, and the old log or the new one is there afterwards', () => {
    let errors = 0;
    for (let n = 1; n <= calmRun.calls; n++) {
      const { disk, stored } = beforeReset();
      const life = liveOver(disk, { stored });
      disk.failAt = disk.calls + n;
      const error = life.log.resetFrom(LEARN);
      disk.calm();
      const where = `failed call ${n}: ${calmRun.trace[n - 1] ?? ''}`;
      const found = verify(disk, stored, where);
      if (error === 'ERR_OK') expect(found, where).toBe('new');
      else {
        expect(error, where).toBe('ERR_FILE_OPERATION_FAILED');
        errors++;
      }
      if (n <= SECOND_RENAME) expect([error, found], where).toEqual(['ERR_FILE_OPERATION_FAILED', 'old']);
    }
    expect(errors).toBeGreaterThan(SECOND_RENAME);
  });

  it('P11: both renames and the way back fail: the next opening has the old log', () => {
    const { disk, stored } = beforeReset();
    const life = liveOver(disk, { stored });
    let renames = 0;
    const { rename } = disk;
    disk.rename = (from, to) => {
      renames++;
      disk.failMatching = renames > 1 ? 'rename' : undefined;
      rename.call(disk, from, to);
    };
    expect(life.log.resetFrom(LEARN)).toBe('ERR_FILE_OPERATION_FAILED');
    expect(renames).toBe(3);
    disk.rename = rename;
    disk.calm();
    expect(disk.exists(DIR)).toBe(false);
    expect(verify(disk, stored, 'after three renames')).toBe('old');
  });
});
