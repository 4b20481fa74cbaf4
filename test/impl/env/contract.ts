/**
 * One suite for both sides of the env contract (disk, clocks, tasks): what holds in the simulated world must hold on a
 * real machine, or the simulation proves nothing.
 */
import { describe, expect, it } from 'vitest';
import { type Clock, type Disk, DiskError, type DiskErrorCode, task, type Tasks } from '../../../impl/env/contract.ts';
import type { TaskCode } from '../../../impl/protocol/taskCodes.ts';

/** A side under test: what a process of it holds, and a way to run it until nothing is left to do. */
export interface Side {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly tasks: Tasks;
  /** Runs `act` where handlers run. An exception of it is thrown on. */
  inside(act: () => void): void;
  runUntilIdle(): void;
}

const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
const bytesOf = (value: string): Uint8Array => Uint8Array.from(value, (char) => char.charCodeAt(0));

function codeOf(act: () => void): DiskErrorCode | 'none' {
  try {
    act();
  } catch (error) {
    if (error instanceof DiskError) return error.code;
    throw error;
  }
  return 'none';
}

class Notes {
  readonly seen: string[] = [];

  add(note: string): void {
    this.seen.push(note);
  }

  run(act: () => void): void {
    act();
  }
}

/** Registers the suite for one side; `open` gives a fresh side with an empty disk. */
export function contractSuite(name: string, open: () => Side): void {
  describe(`${name}: disk`, () => {
    const inside = (act: (disk: Disk, clock: Clock) => void): void => {
      const side = open();
      side.inside(() => act(side.disk, side.clock));
    };

    it('makes directories with their parents and lists names sorted by code unit', () => {
      inside((disk) => {
        disk.mkdir('x/b/c');
        disk.mkdir('x/b/c');
        for (const file of ['x/b/Z', 'x/b/a', 'x/b/10', 'x/b/9']) disk.create(file);
        expect(disk.list('x/b')).toEqual(['10', '9', 'Z', 'a', 'c']);
        expect(disk.list('x')).toEqual(['b']);
        expect(disk.list('')).toEqual(['x']);
        expect(disk.exists('x/b/c')).toBe(true);
        expect(disk.exists('x/b/d')).toBe(false);
        expect(disk.info('x/b').kind).toBe('directory');
      });
    });

    it('writes at offsets, fills gaps with zeros, reads what is there', () => {
      inside((disk) => {
        disk.create('f');
        expect(disk.info('f').sizeBytes).toBe(0);
        disk.write('f', 0, bytesOf('hello'));
        disk.write('f', 7, bytesOf('world'));
        disk.write('f', 1, bytesOf('E'));
        expect(text(disk.read('f', 0, 100))).toBe('hEllo\0\0world');
        expect(text(disk.read('f', 7, 3))).toBe('wor');
        expect(disk.read('f', 12, 5)).toHaveLength(0);
        expect(disk.read('f', 100, 5)).toHaveLength(0);
        expect(disk.info('f').sizeBytes).toBe(12);
        disk.write('f', 50, new Uint8Array(0));
        expect(disk.info('f').sizeBytes).toBe(12);
        disk.sync('f');
      });
    });

    it('gives the reader its own copy and keeps none of the writer\'s', () => {
      inside((disk) => {
        disk.create('f');
        const bytes = bytesOf('abc');
        disk.write('f', 0, bytes);
        bytes[0] = 0;
        const copy = disk.read('f', 0, 3);
        copy[1] = 0;
        expect(text(disk.read('f', 0, 3))).toBe('abc');
      });
    });

    it('grows a file over many appends', () => {
      inside((disk) => {
        disk.create('f');
        for (let i = 0; i < 300; i++) disk.write('f', i * 7, Uint8Array.of(i & 255, 1, 2, 3, 4, 5, 6));
        expect(disk.info('f').sizeBytes).toBe(2100);
        for (let i = 0; i < 300; i++) expect(disk.read('f', i * 7, 1)[0]).toBe(i & 255);
      });
    });

    it('shares content between hard links', () => {
      inside((disk) => {
        disk.create('a');
        disk.write('a', 0, bytesOf('one'));
        disk.link('a', 'b');
        disk.write('b', 3, bytesOf('two'));
        expect(text(disk.read('a', 0, 10))).toBe('onetwo');
        disk.rename('a', 'b');
        expect(disk.list('')).toEqual(['a', 'b']);
        disk.remove('a');
        expect(text(disk.read('b', 0, 10))).toBe('onetwo');
      });
    });

    it('renames over files and empty directories, with all that is inside', () => {
      inside((disk) => {
        disk.mkdir('d/e');
        disk.create('d/e/f');
        disk.write('d/e/f', 0, bytesOf('x'));
        disk.create('g');
        disk.mkdir('empty');
        disk.rename('d', 'empty');
        expect(disk.list('')).toEqual(['empty', 'g']);
        expect(text(disk.read('empty/e/f', 0, 9))).toBe('x');
        expect(disk.exists('d/e/f')).toBe(false);
        disk.rename('empty/e/f', 'g');
        expect(text(disk.read('g', 0, 9))).toBe('x');
        expect(disk.list('empty/e')).toEqual([]);
        disk.rename('g', 'g');
        expect(disk.exists('g')).toBe(true);
      });
    });

    it('removes files, empty directories and whole trees', () => {
      inside((disk) => {
        disk.mkdir('d/e');
        disk.create('d/e/f');
        disk.create('d/g');
        disk.remove('d', { recursive: true });
        expect(disk.list('')).toEqual([]);
        disk.mkdir('d');
        disk.remove('d');
        disk.create('f');
        disk.remove('f', { recursive: true });
        expect(disk.list('')).toEqual([]);
      });
    });

    const cases: readonly (readonly [what: string, code: DiskErrorCode | 'none', act: (disk: Disk) => void])[] = [
      ['list of nothing', 'not-found', (d) => void d.list('none')],
      ['list of a file', 'not-a-directory', (d) => void d.list('file')],
      ['info of nothing', 'not-found', (d) => void d.info('none')],
      ['info through a file', 'not-a-directory', (d) => void d.info('file/x')],
      ['mkdir over a file', 'exists', (d) => d.mkdir('file')],
      ['mkdir below a file', 'not-a-directory', (d) => d.mkdir('file/x')],
      ['mkdir far below a file', 'not-a-directory', (d) => d.mkdir('file/x/y')],
      ['create over a file', 'exists', (d) => d.create('file')],
      ['create over a directory', 'exists', (d) => d.create('full')],
      ['create without a parent', 'not-found', (d) => d.create('none/x')],
      ['create below a file', 'not-a-directory', (d) => d.create('file/x')],
      ['write to nothing', 'not-found', (d) => d.write('none', 0, Uint8Array.of(1))],
      ['write to a directory', 'io', (d) => d.write('full', 0, Uint8Array.of(1))],
      ['read of nothing', 'not-found', (d) => void d.read('none', 0, 1)],
      ['read of a directory', 'io', (d) => void d.read('full', 0, 1)],
      ['read below a file', 'not-a-directory', (d) => void d.read('file/x', 0, 1)],
      ['sync of nothing', 'not-found', (d) => d.sync('none')],
      ['sync of a directory', 'io', (d) => d.sync('full')],
      ['rename of nothing', 'not-found', (d) => d.rename('none', 'x')],
      ['rename to a missing parent', 'not-found', (d) => d.rename('file', 'none/x')],
      ['rename below a file', 'not-a-directory', (d) => d.rename('full', 'file/x')],
      ['rename of a file over a directory', 'exists', (d) => d.rename('file', 'empty')],
      ['rename of a directory over a file', 'not-a-directory', (d) => d.rename('empty', 'file')],
      ['rename of a directory over a full one', 'not-empty', (d) => d.rename('empty', 'full')],
      ['rename of a directory into itself', 'io', (d) => d.rename('full', 'full/x')],
      ['rename of a directory to itself', 'none', (d) => d.rename('full', 'full')],
      ['link of nothing', 'not-found', (d) => d.link('none', 'x')],
      ['link to a taken name', 'exists', (d) => d.link('file', 'full')],
      ['link of a directory', 'io', (d) => d.link('empty', 'x')],
      ['link to a missing parent', 'not-found', (d) => d.link('file', 'none/x')],
      ['remove of nothing', 'not-found', (d) => d.remove('none')],
      ['recursive remove of nothing', 'not-found', (d) => d.remove('none', { recursive: true })],
      ['remove of a full directory', 'not-empty', (d) => d.remove('full')],
      ['remove of the root', 'io', (d) => d.remove('', { recursive: true })],
    ];
    it.each(cases)('answers %s with %s and changes nothing', (_what, code, act) => {
      inside((disk) => {
        disk.mkdir('full/sub');
        disk.mkdir('empty');
        disk.create('file');
        expect(codeOf(() => act(disk))).toBe(code);
        expect(disk.list('')).toEqual(['empty', 'file', 'full']);
        expect(disk.list('full')).toEqual(['sub']);
      });
    });

    it.each(['/a', 'a/', 'a//b', './a', 'a/../b', '..'])('refuses the path %s as a slip, no disk error', (path) => {
      inside((disk) => {
        let refused: unknown;
        try {
          disk.create(path);
        } catch (error) {
          refused = error;
        }
        expect(refused).toBeInstanceOf(Error);
        expect(refused).not.toBeInstanceOf(DiskError);
      });
    });

    it('stamps files with the wall clock', () => {
      inside((disk, clock) => {
        const before = clock.wallUs();
        disk.create('f');
        disk.write('f', 0, bytesOf('x'));
        const stamp = disk.info('f').mtimeUs;
        // A real file system keeps times on a coarser clock than the one we read.
        expect(stamp).toBeGreaterThanOrEqual(before - 20_000);
        expect(stamp).toBeLessThanOrEqual(clock.wallUs() + 20_000);
      });
    });
  });

  describe(`${name}: tasks and clocks`, () => {
    it('runs posted tasks by priority, in order within one, never inline', () => {
      const side = open();
      const notes = new Notes();
      const post = (code: TaskCode, note: string): void => {
        side.tasks.post(code, 0, 0, task(notes, 'add', note));
      };
      side.tasks.post('LPC_REPLICATION_HIGH', 0, 0, task(notes, 'run', () => {
        post('LPC_REPLICATION_LOW', 'low 1');
        post('LPC_REPLICATION_LOW', 'low 2');
        post('LPC_REPLICATION_COMMON', 'common');
        post('LPC_REPLICATION_HIGH', 'high');
        notes.add('posted');
      }));
      expect(notes.seen).toEqual([]);
      side.runUntilIdle();
      expect(notes.seen).toEqual(['posted', 'high', 'common', 'low 1', 'low 2']);
    });

    it('waits for delayed tasks, by the monotonic clock', () => {
      const side = open();
      const notes = new Notes();
      const times: number[] = [];
      side.tasks.post('LPC_CLIENT', 0, 0, task(notes, 'run', () => {
        times.push(side.clock.monotonicUs());
        side.tasks.post('LPC_CLIENT', 0, 20, task(notes, 'run', () => times.push(side.clock.monotonicUs())));
        side.tasks.post('LPC_CLIENT', 0, 5, task(notes, 'run', () => times.push(side.clock.monotonicUs())));
      }));
      side.runUntilIdle();
      const [start = 0, soon = 0, late = 0] = times;
      expect(times).toHaveLength(3);
      expect(soon - start).toBeGreaterThanOrEqual(5000);
      expect(late - start).toBeGreaterThanOrEqual(20_000);
      expect(late).toBeGreaterThanOrEqual(soon);
    });

    it('cancels what has not started and says so', () => {
      const side = open();
      const notes = new Notes();
      const queued = side.tasks.post('LPC_CLIENT', 0, 0, task(notes, 'add', 'queued'));
      const delayed = side.tasks.post('LPC_CLIENT', 0, 30_000, task(notes, 'add', 'delayed'));
      const runs = side.tasks.post('LPC_CLIENT', 0, 0, task(notes, 'add', 'runs'));
      const own: boolean[] = [];
      const self = side.tasks.post('LPC_CLIENT', 0, 0, task(notes, 'run', () => own.push(self.cancel())));
      expect([queued.cancel(), queued.cancel(), delayed.cancel()]).toEqual([true, true, true]);
      side.runUntilIdle();
      expect(runs.cancel()).toBe(false);
      expect(own).toEqual([false]);
      expect(notes.seen).toEqual(['runs']);
    });

    it('moves clocks forward only, and charges', () => {
      const side = open();
      side.inside(() => {
        const start = side.clock.monotonicUs();
        side.tasks.charge(100);
        const after = side.clock.monotonicUs();
        expect(Number.isInteger(start) && Number.isInteger(after)).toBe(true);
        expect(after).toBeGreaterThanOrEqual(start);
        expect(side.clock.wallUs()).toBeGreaterThan(1_600_000_000_000_000);
      });
    });
  });
}
