/** The simulated disk: costs, faults, power loss, views. */
import { describe, expect, it } from 'vitest';
import { type Disk, DiskError, task } from '../../../impl/env/contract.ts';
import { DISK_COST_US } from '../../../impl/env/sim/disk.ts';
import { pathFacts } from '../../../impl/env/sim/diskFaults.ts';
import { type Echo, fixture, type Fixture } from './fixture.ts';

const bytesOf = (value: string): Uint8Array => Uint8Array.from(value, (char) => char.charCodeAt(0));

function textOf(f: Fixture, path: string): string | undefined {
  const bytes = f.world.diskView('a').read(path);
  return bytes === undefined ? undefined : String.fromCharCode(...bytes);
}

/** Runs disk calls as a task of node a; errors come back as `code`. */
function onDisk(f: Fixture, act: (disk: Disk) => void): string {
  let outcome = 'ok';
  f.within('a', (e) => {
    try {
      act(e.env.disk);
    } catch (error) {
      if (!(error instanceof DiskError)) throw error;
      outcome = error.code;
    }
  });
  return outcome;
}

describe('disk costs', () => {
  it('are charged to the running task', () => {
    const f = fixture();
    f.within('a', (e) => {
      e.env.disk.create('f');
      e.env.disk.write('f', 0, new Uint8Array(4096));
      e.env.disk.sync('f');
      e.note('done');
    });
    expect(f.echo('a').notes).toEqual([`${DISK_COST_US.names + DISK_COST_US.data + 4 + DISK_COST_US.sync} done`]);
  });

  it('grow with a slow disk and by chance', () => {
    const f = fixture({ rule: ({ point, what }) => (point === 'disk.slow' && what === 'sync log' ? 7000 : undefined) });
    f.world.setDiskSlow('a', 10);
    f.within('a', (e) => {
      e.env.disk.create('log.1.0');
      e.env.disk.sync('log.1.0');
      e.note('done');
    });
    expect(f.echo('a').notes).toEqual([`${10 * (DISK_COST_US.names + DISK_COST_US.sync) + 7000} done`]);
    expect(f.world.faultEffects().get('disk.slow')).toBe(1);
    expect(f.world.faultEffects().get('disk.slowed')).toBe(2);
  });
});

describe('disk errors', () => {
  it('strike by operation and kind of file, without effect', () => {
    const f = fixture({
      rule: ({ point, what, gpid }) =>
        point === 'disk.write-error' && what === 'write log' && gpid === '1.0' ? 1 : undefined,
    });
    expect(onDisk(f, (d) => { d.mkdir('1.0.pegasus/plog'); d.create('1.0.pegasus/plog/log.1.0'); })).toBe('ok');
    expect(onDisk(f, (d) => d.write('1.0.pegasus/plog/log.1.0', 0, bytesOf('x')))).toBe('io');
    expect(textOf(f, '1.0.pegasus/plog/log.1.0')).toBe('');
    expect(onDisk(f, (d) => { d.create('other'); d.write('other', 0, bytesOf('x')); })).toBe('ok');
    expect(f.trace.lines.filter((line) => line.includes('fault'))).toEqual([
      expect.stringContaining('fault disk.write-error a 1.0 write 1.0.pegasus/plog/log.1.0'),
    ]);
  });

  it('ask chance for each kind of call, and for reads apart', () => {
    const f = fixture();
    onDisk(f, (d) => {
      d.mkdir('d');
      d.create('d/f');
      d.write('d/f', 0, bytesOf('x'));
      d.sync('d/f');
      d.read('d/f', 0, 1);
      d.rename('d/f', 'd/g');
      d.link('d/g', 'd/h');
      d.remove('d/h');
    });
    const asked = (point: string): string[] =>
      f.chance.asked.filter((d) => d.point === point).map((d) => d.what.split(' ')[0] ?? '');
    expect(asked('disk.write-error')).toEqual(['create', 'write', 'sync', 'rename', 'link']);
    expect(asked('disk.read-error')).toEqual(['read']);
    expect(asked('disk.slow')).toEqual(['mkdir', 'create', 'write', 'sync', 'read', 'rename', 'link', 'remove']);
  });

  it('full: growing and new names fail, rewriting and removing do not', () => {
    const f = fixture();
    expect(onDisk(f, (d) => { d.create('f'); d.write('f', 0, bytesOf('abc')); })).toBe('ok');
    f.world.setDiskFull('a', true);
    expect(onDisk(f, (d) => d.write('f', 2, bytesOf('xy')))).toBe('full');
    expect(onDisk(f, (d) => d.create('g'))).toBe('full');
    expect(onDisk(f, (d) => d.mkdir('d'))).toBe('full');
    expect(onDisk(f, (d) => d.write('f', 0, bytesOf('ABC')))).toBe('ok');
    expect(textOf(f, 'f')).toBe('ABC');
    expect(onDisk(f, (d) => d.remove('f'))).toBe('ok');
    f.world.setDiskFull('a', false);
    expect(onDisk(f, (d) => d.create('g'))).toBe('ok');
    expect(f.world.faultEffects().get('disk.full')).toBe(3);
  });

  it('full by capacity: a hard link costs nothing, and the last name frees the bytes', () => {
    const f = fixture();
    f.world.setDiskCapacity('a', 10);
    expect(onDisk(f, (d) => { d.create('f'); d.write('f', 0, new Uint8Array(8)); d.link('f', 'g'); })).toBe('ok');
    expect(onDisk(f, (d) => d.write('f', 8, new Uint8Array(3)))).toBe('full');
    expect(onDisk(f, (d) => { d.remove('f'); d.create('h'); d.write('h', 0, new Uint8Array(3)); })).toBe('full');
    expect(onDisk(f, (d) => { d.remove('g'); d.write('h', 0, new Uint8Array(3)); })).toBe('ok');
  });

  it('name causes by the kind of file and its partition', () => {
    expect(pathFacts('1.0.pegasus/plog/log.12.3456')).toEqual({ kind: 'log', gpid: '1.0' });
    expect(pathFacts('reps/2.7.pegasus/data/rdb/000012.sst')).toEqual({ kind: 'sst', gpid: '2.7' });
    expect(pathFacts('2.7.pegasus/.init-info')).toEqual({ kind: '.init-info', gpid: '2.7' });
    expect(pathFacts('7')).toEqual({ kind: 'number', gpid: '' });
  });
});

describe('crash and power loss', () => {
  const write = (f: Fixture): void => {
    onDisk(f, (d) => {
      d.create('f');
      d.write('f', 0, bytesOf('synced'));
      d.sync('f');
      d.write('f', 6, bytesOf('1234567890'));
      d.create('g');
      d.write('g', 0, bytesOf('all'));
      d.sync('g');
      d.mkdir('d');
    });
  };

  it('keep written bytes at a crash', () => {
    const f = fixture();
    write(f);
    f.world.stopNode('a', 'crash');
    expect(textOf(f, 'f')).toBe('synced1234567890');
  });

  it.each([
    ['cut', 0, 'synced'],
    ['cut', 500, 'synced12345'],
    ['cut', 1000, 'synced1234567890'],
    ['zero', 0, 'synced\0\0\0\0\0\0\0\0\0\0'],
    ['zero', 300, 'synced123\0\0\0\0\0\0\0'],
    ['torn', 400, 'synced12\0\0'],
  ] as const)('lose the unsynced tail: %s, keeping %i', (mode, keepPermille, expected) => {
    const f = fixture();
    write(f);
    f.world.stopNode('a', 'power-loss', { mode, keepPermille });
    expect(textOf(f, 'f')).toBe(expected);
    expect(textOf(f, 'g')).toBe('all');
    expect(f.world.diskView('a').list('')).toEqual(['d', 'f', 'g']);
    expect(f.trace.lines.filter((line) => line.includes('damaged'))).toHaveLength(keepPermille === 1000 ? 0 : 1);
    // What survived is durable now: a second power loss takes nothing.
    f.world.stopNode('a', 'power-loss', { mode: 'cut', keepPermille: 0 });
    expect(textOf(f, 'f')).toBe(expected);
  });

  it('strike a hard-linked file once, under all its names', () => {
    const f = fixture();
    onDisk(f, (d) => {
      d.create('f');
      d.write('f', 0, bytesOf('synced'));
      d.sync('f');
      d.link('f', 'g');
      d.write('g', 6, bytesOf('lost'));
    });
    f.world.stopNode('a', 'power-loss');
    expect([textOf(f, 'f'), textOf(f, 'g')]).toEqual(['synced', 'synced']);
    expect(f.trace.lines.filter((line) => line.includes('damaged'))).toHaveLength(2);
    f.world.startNode('a');
    onDisk(f, (d) => d.write('f', 6, bytesOf('!')));
    expect(textOf(f, 'g')).toBe('synced!');
  });

  it('leave no old bytes beyond a cut', () => {
    const f = fixture();
    write(f);
    f.world.stopNode('a', 'power-loss');
    f.world.startNode('a');
    onDisk(f, (d) => d.write('f', 8, bytesOf('x')));
    expect(textOf(f, 'f')).toBe('synced\0\0x');
  });

  it('sync through one name makes the other durable, and a rename after it survives', () => {
    const f = fixture();
    onDisk(f, (d) => {
      d.create('tmp');
      d.write('tmp', 0, bytesOf('new'));
      d.link('tmp', 'other');
      d.sync('other');
      d.rename('tmp', 'final');
    });
    f.world.stopNode('a', 'power-loss');
    expect(textOf(f, 'final')).toBe('new');
    expect(f.world.diskView('a').exists('tmp')).toBe(false);
  });

  it('flip one bit, or say that there is none', () => {
    const f = fixture();
    write(f);
    onDisk(f, (d) => d.link('g', 'd/link'));
    expect(f.world.flipBit('a', 'g', 1, 0)).toBe(true);
    expect(textOf(f, 'g')).toBe('aml');
    // What has rotted stays rotten.
    expect(f.world.flipBit('a', 'g', 1, 0)).toBe(false);
    expect(f.world.flipBit('a', 'g', 3, 0)).toBe(false);
    expect(f.world.flipBit('a', 'none', 0, 0)).toBe(false);
    expect(f.world.faultEffects().get('disk.bit-rot')).toBe(1);
    expect(f.trace.lines.filter((line) => line.includes('damaged')).map((line) => line.split(' ').slice(1))).toEqual([
      ['damaged', 'a', 'g'],
      ['damaged', 'a', 'd/link'],
    ]);
  });

  it('stamp files with the shifted wall clock of the writer', () => {
    const f = fixture();
    f.world.shiftWall('a', -5_000_000);
    f.within('a', (e) => {
      e.env.disk.create('f');
      e.note(String(e.env.disk.info('f').mtimeUs - e.env.clock.wallUs()));
    });
    expect(f.world.diskView('a').info('f')?.mtimeUs).toBe(1_699_999_995_000_000 + DISK_COST_US.names);
  });
});

describe('an onlooker', () => {
  it('sees each change of names and bytes as it happens, children before their directory', () => {
    const f = fixture();
    onDisk(f, (d) => {
      d.mkdir('d');
      d.create('d/f');
      d.write('d/f', 0, bytesOf('x'));
      d.sync('d/f');
      d.link('d/f', 'd/g');
      d.rename('d', 'e');
      d.remove('e', { recursive: true });
    });
    const words = f.trace.lines.map((line) => line.slice(line.indexOf(' ') + 1));
    const seen = words.filter((line) => !/^(task|started)/.test(line));
    expect(seen).toEqual([
      'created a d/f',
      'written a d/f 0 1',
      'synced a d/f',
      'linked a d/f d/g',
      'renamed a d e',
      'removed a e/f',
      'removed a e/g',
      'removed a e',
    ]);
  });

  it('costs and draws nothing', () => {
    const f = fixture();
    onDisk(f, (d) => d.create('f'));
    const asked = f.chance.asked.length;
    const view = f.world.diskView('a');
    const seen = [view.list('none'), view.info('none'), view.read('none'), view.exists('f')];
    expect(seen).toEqual([[], undefined, undefined, true]);
    expect(f.chance.asked).toHaveLength(asked);
  });

  it('may stop the process in the middle of a handler, which then does nothing more', () => {
    const f = fixture();
    f.trace.hook = (line): void => {
      if (line === 'created a two') f.world.stopNode('a', 'crash');
    };
    f.world.post('a', 'LPC_CLIENT', 0, task(f.echo('a'), 'inside', (e: Echo) => {
      for (const name of ['one', 'two', 'three']) e.env.disk.create(name);
      e.note('after');
    }));
    const echo = f.echo('a');
    f.idle();
    expect(f.world.diskView('a').list('')).toEqual(['one', 'two']);
    expect(echo.notes).toEqual([]);
    expect(f.world.isUp('a')).toBe(false);
    expect(f.trace.lines.at(-1)).toContain('stopped a crash');
  });
});
