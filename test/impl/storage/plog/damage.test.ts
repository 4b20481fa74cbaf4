/**
 * Every truncation and every single-bit flip of a log (plog 18, properties 3 and 4), as the replica's load sees them.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { LogFile } from '../../../../impl/storage/plog/logFile.ts';
import { LogReplayer } from '../../../../impl/storage/plog/replayer.ts';
import type { LogMutation } from '../../../../impl/storage/plog/types.ts';
import type { ErrorCode } from '../../../../model/vocabulary.ts';
import { FakeDisk, makeContext } from './fakeEnv.ts';
import { DIR, mutation, openLog, WORKED_EXAMPLE } from './helpers.ts';

/** One block of a file: where it stands and which decrees it holds. */
interface Block {
  readonly start: number;
  readonly end: number;
  readonly decrees: readonly number[];
}

interface Scene {
  readonly disk: FakeDisk;
  /** Names in index order. */
  readonly names: readonly string[];
  readonly blocks: ReadonlyMap<string, readonly Block[]>;
}

/** Three files; blocks of one and of two records. */
function multiFileScene(): Scene {
  const disk = new FakeDisk();
  const log = openLog(makeContext(disk));
  let decree = 0;
  const files: Block[][] = [];
  for (let file = 0; file < 3; file++) {
    log.log.demandSwitchFile();
    const blocks: Block[] = [{ start: 0, end: 60, decrees: [] }];
    for (const records of [1, 2, 1]) {
      const decrees: number[] = [];
      // An append to an idle log is issued alone; two records in a block need a write to wait for.
      for (let i = 0; i < records; i++) decrees.push(++decree);
      const start = blocks.at(-1)?.end ?? 0;
      if (records === 1 || start === 60) {
        for (const d of decrees) log.append(mutation(d));
        log.ctx.env.tasks.run();
        blocks.push({ start, end: start + 16 + 99 * records, decrees });
      } else {
        log.append(mutation(decrees[0] ?? 0));
        const first = { start, end: start + 115, decrees: decrees.slice(0, 1) };
        const extra = ++decree;
        log.append(mutation(decrees[1] ?? 0));
        log.append(mutation(extra));
        log.ctx.env.tasks.run();
        blocks.push(first, { start: first.end, end: first.end + 16 + 198, decrees: [decrees[1] ?? 0, extra] });
      }
    }
    files.push(blocks);
  }
  const names = disk.list(DIR).toSorted((a, b) => Number(a.split('.')[1]) - Number(b.split('.')[1]));
  return { disk, names, blocks: new Map(names.map((name, i) => [name, files[i] ?? []])) };
}

function workedScene(): Scene {
  const disk = new FakeDisk();
  disk.put(`${DIR}/log.3.1000`, WORKED_EXAMPLE);
  const blocks = [
    { start: 0, end: 60, decrees: [] },
    { start: 60, end: 210, decrees: [42] },
  ];
  return { disk, names: ['log.3.1000'], blocks: new Map([['log.3.1000', blocks]]) };
}

interface Loaded {
  readonly error: ErrorCode;
  readonly decrees: readonly number[];
  readonly names: readonly string[];
}

/** Loads a log whose file `name` has these bytes instead. */
function loadWith(scene: Scene, name: string, bytes: Uint8Array): Loaded {
  const disk = new FakeDisk();
  for (const other of scene.names)
    disk.put(`${DIR}/${other}`, other === name ? bytes : scene.disk.bytes(`${DIR}/${other}`));
  const log = openLog(makeContext(disk));
  return { error: log.error, decrees: log.replayed.map((mu) => mu.decree), names: disk.list(DIR) };
}

/** Decrees of the files before `name`, then of the blocks of `name` that end at or before `limit`. */
function decreesUpTo(scene: Scene, name: string, limit: number): number[] {
  const before = scene.names.slice(0, scene.names.indexOf(name));
  const earlier = before.flatMap((other) => scene.blocks.get(other) ?? []);
  const own = (scene.blocks.get(name) ?? []).filter((block) => block.end <= limit);
  return [...earlier, ...own].flatMap((block) => block.decrees);
}

describe.each([
  ['the worked example', workedScene],
  ['a log of three files', multiFileScene],
])('%s', (_name, make) => {
  let scene: Scene;
  let newest: string;
  let bytes: Uint8Array;
  beforeAll(() => {
    scene = make();
    newest = scene.names.at(-1) ?? '';
    bytes = scene.disk.bytes(`${DIR}/${newest}`);
  });

  it('the scene is what it says', () => {
    expect(bytes.length).toBe(scene.blocks.get(newest)?.at(-1)?.end);
    expect(loadWith(scene, newest, bytes)).toEqual({
      error: 'ERR_OK',
      decrees: decreesUpTo(scene, newest, Infinity),
      names: scene.names,
    });
  });

  it('cut at any byte, the newest file gives exactly its complete blocks', () => {
    for (let length = 0; length < bytes.length; length++) {
      const loaded = loadWith(scene, newest, bytes.slice(0, length));
      expect(loaded.error, `cut to ${length}`).toBe('ERR_OK');
      expect(loaded.decrees, `cut to ${length}`).toEqual(decreesUpTo(scene, newest, length));
      // Cut inside block 0 the file is set aside and leaves no trace.
      expect(loaded.names.includes(`${newest}.removed`), `cut to ${length}`).toBe(length < 60);
      expect(loaded.names.includes(newest)).toBe(length >= 60);
    }
  });

  it('after a cut the next file starts where the good data ends, and both replay together (property 5)', () => {
    for (let length = 0; length < bytes.length; length += 7) {
      const disk = new FakeDisk();
      for (const name of scene.names)
        disk.put(`${DIR}/${name}`, name === newest ? bytes.slice(0, length) : scene.disk.bytes(`${DIR}/${name}`));
      const log = openLog(makeContext(disk));
      const end = log.log.globalEndOffset();
      log.append(mutation(900));
      log.ctx.env.tasks.run();
      const index = length >= 60 ? scene.names.length : scene.names.length - 1;
      const firstIndex = Number(scene.names[0]?.split('.')[1]);
      const expectedIndex = index === 0 ? 1 : firstIndex + index;
      expect(disk.exists(`${DIR}/log.${expectedIndex}.${end}`), `cut to ${length}`).toBe(true);
      const again = openLog(makeContext(disk));
      expect([again.error, again.replayed.map((mu) => mu.decree)]).toEqual([
        'ERR_OK',
        [...log.replayed.map((mu) => mu.decree), 900],
      ]);
    }
  });

  it('with any bit flipped, the block of the bit is not delivered, and what is before it is', () => {
    const blocks = scene.blocks.get(newest) ?? [];
    for (const block of blocks) {
      for (let bit = block.start * 8; bit < block.end * 8; bit++) {
        const flipped = bytes.slice();
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const loaded = loadWith(scene, newest, flipped);
        const field = (bit >> 3) - block.start;
        const where = `bit ${bit & 7} of byte ${bit >> 3}`;
        if (field >= 12 && field < 16) expect(loaded.error, where).toBe('ERR_OK');
        else if (field >= 4 && field < 8) expect(['ERR_OK', 'ERR_INVALID_DATA'], where).toContain(loaded.error);
        else expect(loaded.error, where).toBe('ERR_INVALID_DATA');
        const untouched = field >= 12 && field < 16;
        // A damaged block 0 fails the opening before anything is replayed, unless a longer length makes it a torn file.
        if (block.start === 0 && !untouched) {
          expect(loaded.decrees, where).toEqual(loaded.error === 'ERR_OK' ? decreesUpTo(scene, newest, 0) : []);
          expect(loaded.names, where).toContain(`${newest}.removed`);
        } else expect(loaded.decrees, where).toEqual(decreesUpTo(scene, newest, untouched ? Infinity : block.start));
      }
    }
  });
});

describe('damage in an older file', () => {
  const scene = multiFileScene();
  const [first = '', middle = ''] = scene.names;

  it('cut: a gap of offsets, or of indexes when nothing of it is left', () => {
    const bytes = scene.disk.bytes(`${DIR}/${middle}`);
    for (let length = 0; length < bytes.length; length++) {
      const loaded = loadWith(scene, middle, bytes.slice(0, length));
      expect(loaded.error, `cut to ${length}`).toBe(length < 60 ? 'ERR_OBJECT_NOT_FOUND' : 'ERR_INVALID_DATA');
      expect(loaded.decrees).toEqual(length < 60 ? [] : decreesUpTo(scene, middle, length));
    }
  });

  it('the oldest file set aside: the rest replays', () => {
    const loaded = loadWith(scene, first, scene.disk.bytes(`${DIR}/${first}`).slice(0, 20));
    expect(loaded.error).toBe('ERR_OK');
    expect(loaded.decrees).toEqual(
      decreesUpTo(scene, scene.names.at(-1) ?? '', Infinity).filter(
        (d) => !decreesUpTo(scene, first, Infinity).includes(d),
      ),
    );
  });

  it('behind block 0 of a file that is not replayed nobody notices', () => {
    const disk = new FakeDisk();
    for (const name of scene.names) disk.put(`${DIR}/${name}`, scene.disk.bytes(`${DIR}/${name}`));
    const bytes = disk.bytes(`${DIR}/${first}`);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    const covered = decreesUpTo(scene, first, Infinity).length;
    expect(openLog(makeContext(disk)).error).toBe('ERR_INVALID_DATA');
    const log = openLog(makeContext(disk), covered);
    expect(log.error).toBe('ERR_OK');
    expect(log.replayed[0]?.decree).toBe(covered + 1);
  });
});

describe('tails', () => {
  const append = (extra: Uint8Array): Loaded => {
    const bytes = new Uint8Array(WORKED_EXAMPLE.length + extra.length);
    bytes.set(WORKED_EXAMPLE);
    bytes.set(extra, WORKED_EXAMPLE.length);
    return loadWith(workedScene(), 'log.3.1000', bytes);
  };

  it.each([
    [0, 'ERR_OK'],
    [1, 'ERR_OK'],
    [15, 'ERR_OK'],
    [16, 'ERR_INVALID_DATA'],
    [4096, 'ERR_INVALID_DATA'],
  ])('%i zero bytes: %s', (count, error) => {
    expect(append(new Uint8Array(count))).toMatchObject({ error, decrees: [42] });
  });

  it.each([
    ['a negative length', [0xff, 0xff, 0xff, 0xff], 'ERR_INVALID_DATA'],
    ['the smallest length', [0, 0, 0, 0x80], 'ERR_INVALID_DATA'],
    ['a huge length', [0xff, 0xff, 0xff, 0x7f], 'ERR_OK'],
    ['length 0 at the end', [0, 0, 0, 0], 'ERR_OK'],
  ])('%s', (_name, length, error) => {
    expect(append(Uint8Array.from([0xef, 0xbe, 0xad, 0xde, ...length, 0, 0, 0, 0, 0, 0, 0, 0]))).toMatchObject({
      error,
      decrees: [42],
    });
  });
});

describe('a foreign reader', () => {
  it('never changes the directory, whatever it finds', () => {
    const disk = new FakeDisk();
    disk.put('x/log.1.0', new Uint8Array(0));
    disk.put('x/log.2.60', new Uint8Array(30).fill(1));
    disk.put('x/log.3.1000', WORKED_EXAMPLE);
    disk.put('x/log.3.1000.removed', WORKED_EXAMPLE);
    disk.put('x/other', WORKED_EXAMPLE);
    const ctx = makeContext(disk);
    const errors = disk.list('x').map((name) => new LogFile(ctx, `x/${name}`).openRead());
    expect(errors).toEqual([
      'ERR_HANDLE_EOF',
      'ERR_INVALID_DATA',
      'ERR_OK',
      'ERR_INVALID_PARAMETERS',
      'ERR_INVALID_PARAMETERS',
    ]);
    const seen: LogMutation[] = [];
    const replayer = new LogReplayer(ctx);
    expect(replayer.replayPaths(['x/log.1.0', 'x/log.3.1000', 'x/other'], (_length, mu) => seen.push(mu))).toBe(
      'ERR_OK',
    );
    expect([replayer.endOffset, seen.map((mu) => mu.decree)]).toEqual([1210, [42]]);
    expect(replayer.replayPaths(['x/log.2.60'], () => undefined)).toBe('ERR_INVALID_DATA');
    expect(disk.journal).toEqual([]);
  });

  it('follows a file that grows, block by block, after having met its torn end', () => {
    const disk = new FakeDisk();
    disk.put('x/log.3.1000', WORKED_EXAMPLE.slice(0, 150));
    const file = new LogFile(makeContext(disk), 'x/log.3.1000');
    expect(file.openRead()).toBe('ERR_OK');
    expect([file.readNextBlock(), file.readPosition()]).toEqual(['ERR_INCOMPLETE_DATA', 60]);
    disk.put('x/log.3.1000', WORKED_EXAMPLE);
    expect(file.readNextBlock()).toEqual(WORKED_EXAMPLE.slice(76));
    expect(file.readNextBlock()).toBe('ERR_HANDLE_EOF');
    disk.files.delete('x/log.3.1000');
    expect(file.readNextBlock()).toBe('ERR_FILE_OPERATION_FAILED');
  });
});
