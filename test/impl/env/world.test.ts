/** Processes, failures of handlers, limits as outcomes, determinism, what waits for what. */
import { describe, expect, it } from 'vitest';
import { type Env, reply, task } from '../../../impl/env/contract.ts';
import { CALM } from '../../../impl/env/sim/chance.ts';
import { SimWorld } from '../../../impl/env/sim/world.ts';
import { DEFAULT_SETTINGS } from '../../../impl/settings.ts';
import { type Decision, type Echo, fixture, type FixtureOptions, TraceObserver } from './fixture.ts';

const FOREVER = { untilUs: Number.POSITIVE_INFINITY };

describe('processes', () => {
  it('start over their disk with nothing else left of the last life', () => {
    const f = fixture();
    f.world.post('a', 'LPC_CLIENT', 0, task(f.echo('a'), 'inside', (e: Echo) => {
      e.env.disk.create('f');
      e.post('LPC_REPLICATION_LOW', 'timer', { delayMs: 50_000 });
    }));
    f.world.run({ untilUs: 1000 });
    f.world.stopNode('a', 'crash');
    expect([f.world.isUp('a'), f.world.rootOf('a')]).toEqual([false, undefined]);
    expect(f.world.post('a', 'LPC_CLIENT', 0, task(new Nobody(), 'x'))).toBeUndefined();
    expect(f.world.startNode('a')).toBe(true);
    f.idle();
    expect(f.lives.get('a')?.map((life) => life.notes)).toEqual([[], []]);
    expect(f.world.diskView('a').exists('f')).toBe(true);
    // The dead timer does not keep the world awake.
    expect(f.world.nowUs()).toBe(1000);
    const ups = f.trace.lines.filter((line) => / (started|stopped) a/.test(line));
    const told = ups.map((line) => line.trimEnd().split(' '));
    expect(told).toEqual([['0', 'started', 'a'], ['1000', 'stopped', 'a', 'crash'], ['1000', 'started', 'a']]);
  });

  it('that fail a check stop with its text, and nobody else does', () => {
    const f = fixture();
    f.within('a', (e) => {
      const env: Env = e.env;
      env.check(e.notes.length === 0, 'sane');
      env.check(false, 'log.index', () => 'index 3 after 5');
    });
    expect(f.world.isUp('a')).toBe(false);
    expect(f.trace.lines.at(-1)).toContain('stopped a check log.index: index 3 after 5');
    f.within('b', (e) => e.note('alive'));
    expect(f.echo('b').texts).toEqual(['alive']);
  });

  it('whose handler throws anything else stop with its message and frames, free of directories', () => {
    const f = fixture();
    f.within('a', () => {
      throw new TypeError('undefined is not a replica');
    });
    const line = f.trace.lines.at(-1) ?? '';
    expect(line).toContain('stopped a check TypeError: undefined is not a replica | at ');
    expect(line).toContain('world.test.ts');
    expect(line).not.toContain('/world.test.ts');
  });

  it('that fail while they boot are not up', () => {
    const trace = new TraceObserver();
    const world = new SimWorld({ chance: CALM, observer: trace, startWallUs: 0 });
    const { poolWorkers, taskOverrides } = DEFAULT_SETTINGS;
    const boot = (): object => {
      throw new Error('no config');
    };
    world.addNode('n', { cluster: 'c', poolWorkers, taskOverrides, boot });
    expect(world.startNode('n')).toBe(false);
    expect(world.isUp('n')).toBe(false);
    expect(trace.lines.at(-1)).toContain('stopped n check Error: no config');
  });

  it('crash inside a given env call of theirs, which has no effect', () => {
    const f = fixture();
    const echo = f.echo('a');
    f.world.crashInside('a', 3);
    f.within('a', (e) => {
      for (const name of ['one', 'two', 'three', 'four']) e.env.disk.create(name);
    });
    expect(f.world.diskView('a').list('')).toEqual(['one', 'two']);
    expect(() => echo.env.random()).toThrow('process a ended');
    expect(f.trace.lines.at(-1)).toContain('stopped a crash inside an env call');
    f.world.startNode('a');
    f.world.crashInside('a', 2);
    f.world.crashInside('a', 0);
    f.within('a', (e) => {
      for (const name of ['three', 'four']) e.env.disk.create(name);
    });
    expect(f.world.diskView('a').list('')).toEqual(['four', 'one', 'three', 'two']);
  });

  it('restarted by an onlooker in the middle of another handler leave that handler as it was', () => {
    const f = fixture();
    f.trace.hook = (line): void => {
      if (line === 'created a file') f.world.stopNode('b', 'crash');
      if (line.startsWith('stopped b')) f.world.startNode('b');
    };
    f.within('a', (e) => {
      e.env.tasks.charge(500);
      e.env.disk.create('file');
      e.note('after');
    });
    expect(f.echo('a').notes).toEqual(['510 after']);
    expect(f.lives.get('b')).toHaveLength(2);
  });

  it('cannot use each other\'s env', () => {
    const f = fixture();
    const other = f.echo('b');
    f.within('a', () => void other.env.clock.monotonicUs());
    expect(f.trace.lines.at(-1)).toContain('stopped a check Error: env of b used inside a');
  });

  it('are really gone: an object of a dead life can do nothing', () => {
    const f = fixture();
    const old = f.echo('a');
    f.world.stopNode('a', 'crash');
    f.world.startNode('a');
    expect(() => old.post('LPC_REPLICATION_LOW', 'x')).toThrow('process a ended');
    expect(() => old.env.disk.create('x')).toThrow('process a ended');
    f.idle();
    expect(f.world.diskView('a').list('')).toEqual([]);
  });
});

class Nobody {
  x(): void {
    throw new Error('nobody runs this');
  }
}

/** Posts without end, in ways that hit one limit each. */
class Runaway {
  readonly echo: Echo;

  constructor(echo: Echo) {
    this.echo = echo;
  }

  again(): void {
    this.echo.env.tasks.post('LPC_CLIENT', 0, 0, task(this, 'again'));
  }

  flood(): void {
    for (;;) this.echo.post('LPC_REPLICATION_LOW', 'x');
  }

  tell(): void {
    for (;;) this.echo.env.rpc.tell('b', 'RPC_CLI_CLI_CALL', { command: 'x', args: [] }, { hash: 0 });
  }

  call(): void {
    for (;;) this.echo.ask('b', 'x');
  }

  spin(): void {
    for (;;) this.echo.env.disk.exists('x');
  }

  later(): void {
    this.echo.env.tasks.post('LPC_CLIENT', 0, 1_000_000, task(this, 'later'));
  }
}

describe('limits', () => {
  type Way = 'again' | 'flood' | 'tell' | 'call' | 'spin' | 'later';
  const run = (method: Way, options: FixtureOptions): unknown => {
    const f = fixture(options);
    f.world.post('a', 'LPC_CLIENT', 0, task(new Runaway(f.echo('a')), method));
    const outcome = f.world.run(FOREVER);
    // The run stays over.
    expect(f.world.run(FOREVER)).toEqual(outcome);
    return outcome;
  };

  it.each([
    ['again', { limits: { dispatches: 1000 } }, { limit: 'dispatches', where: '' }],
    ['flood', { limits: { queueLength: 100 } }, { limit: 'queueLength', where: 'a THREAD_POOL_REPLICATION' }],
    ['tell', { limits: { linkLength: 100 } }, { limit: 'linkLength', where: 'a>b' }],
    ['call', { limits: { pendingCalls: 100 } }, { limit: 'pendingCalls', where: 'a' }],
    ['spin', { limits: { handlerCalls: 100 } }, { limit: 'handlerCalls', where: 'a' }],
    ['later', { limits: { virtualUs: 5_000_000_000 } }, { limit: 'virtualUs', where: '' }],
  ] as const)('%s ends with a typed outcome', (method, options, outcome) => {
    expect(run(method, options)).toEqual(outcome);
  });
});

describe('a world that begins with data', () => {
  it('has durable files and records before anything starts', () => {
    const f = fixture();
    f.world.plantFile('a', 'd/e/f', Uint8Array.of(1, 2, 3));
    f.world.plantRecord('source', '/x', '1');
    f.world.plantRecord('source', '/x/y', '2');
    expect(() => f.world.plantRecord('source', '/z/y', '')).toThrow('cannot plant /z/y: ERR_OBJECT_NOT_FOUND');
    f.world.stopNode('a', 'power-loss');
    expect(f.world.diskView('a').read('d/e/f')).toEqual(Uint8Array.of(1, 2, 3));
    expect(f.world.storeView('source').entries()).toEqual([['/x', '1'], ['/x/y', '2']]);
    expect(f.world.storeView('source').children('/x')).toEqual(['y']);
    expect(f.trace.lines.filter((line) => / (created|written|stored) /.test(line))).toEqual([]);
  });
});

describe('runs', () => {
  it('end when idle, at a time, or when asked', () => {
    const { world, echo, within } = fixture();
    within('a', (e) => e.note('first'));
    world.at(10, () => echo('a').note('driver'));
    expect(world.run({ untilUs: 5000 })).toBe('until');
    expect(world.nowUs()).toBe(5000);
    world.at(1, () => echo('a').note('soon'));
    let left = 1;
    expect(world.run({ untilUs: 50_000, stop: () => left-- === 0 })).toBe('stopped');
    expect(world.run({ untilUs: 50_000 })).toBe('idle');
    expect(world.nowUs()).toBe(50_000);
    expect(echo('a').notes).toEqual(['0 first', '6000 soon', '10000 driver']);
  });

  it('are the same again: order of equal times is the order of scheduling', () => {
    const once = (): string[] => {
      let seed = 7;
      const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
      const rule = ({ point }: Decision): number | undefined => {
        if (random() >= 0.03) return undefined;
        return point === 'link.reset' && random() < 0.5 ? undefined : 700;
      };
      const ids = ['a', 'b', 'c'] as const;
      const f = fixture({ nodes: ids, workers: 2, rule });
      for (let i = 0; i < 200; i++) {
        f.world.at(i, () => {
          const from = ids[i % 3] ?? 'a';
          if (!f.world.isUp(from)) f.world.startNode(from);
          const to = ids[(i * 7 + 1) % 3] ?? 'b';
          f.world.post(from, 'LPC_REPLICATION_LOW', i, task(f.echo(from), 'ask', to, `q${i}`, 3, i));
          f.world.post(from, 'LPC_REPLICATION_HIGH', i, task(f.echo(from), 'inside', (e: Echo) => {
            if (!e.env.disk.exists('f')) e.env.disk.create('f');
            e.env.disk.write('f', 0, Uint8Array.of(i));
            e.post('LPC_REPLICATION_LOW', `w${i}`, { hash: i });
            e.env.store.create(`/n${i}`, from, { owner: e, method: 'note', args: [] });
          }));
          if (i % 41 === 40) f.world.stopNode(from, 'power-loss');
          if (i % 17 === 16) f.world.pauseNode(from, 2);
          if (i % 29 === 28) f.world.resetSession('a', 'b');
        });
      }
      f.idle();
      return f.trace.lines;
    };
    const first = once();
    expect(first.length).toBeGreaterThan(1500);
    const kinds = ['link.delay', 'link.reset', 'pool.delay', 'disk.slow', 'store.slow', 'power-loss', 'process.pause'];
    for (const kind of kinds) {
      expect(first.some((line) => line.includes(` ${kind}`))).toBe(true);
    }
    expect(once()).toEqual(first);
  });

  it('tell who waits for what', () => {
    const f = fixture({ workers: 1 });
    f.echo('b').holding = true;
    f.world.post('a', 'LPC_CLIENT', 0, task(f.echo('a'), 'inside', (e: Echo) => {
      const options = { hash: 0, timeoutMs: 900, gpid: '1.0', decree: 4 };
      e.env.rpc.call('b', 'RPC_CLI_CLI_CALL', { command: 'x', args: [] }, options, reply(e, 'onAnswer', 'x'));
      e.post('LPC_REPLICATION_LOW', 'late', { delayMs: 70 });
      e.post('LPC_REPLICATION_LOW', 'long', { hash: 3, costUs: 50_000 });
      e.post('LPC_REPLICATION_LOW', 'behind', { hash: 3 });
      e.post('LPC_REPLICATION_LOW', 'last', { hash: 3 });
      e.env.tasks.charge(1000);
      e.env.store.get('/a', { owner: e, method: 'note', args: [] });
    }));
    f.world.run({ untilUs: 1200 });
    const work = { node: 'a', pool: 'THREAD_POOL_REPLICATION', code: 'LPC_REPLICATION_LOW', owner: 'Echo', method: 'work' };
    expect(f.world.waiting()).toEqual({
      tasks: [
        { ...work, hash: 3, state: 'queued', dueUs: 1200, ahead: 0 },
        { ...work, hash: 3, state: 'queued', dueUs: 1200, ahead: 1 },
        { ...work, hash: 0, state: 'delayed', dueUs: 70_000, ahead: 0 },
      ],
      calls: [{ from: 'a', to: 'b', code: 'RPC_CLI_CLI_CALL', gpid: '1.0', decree: 4, method: 'onAnswer', sinceUs: 0, untilUs: 900_000 }],
      store: [{ cluster: 'source', node: 'a', operation: 'get', path: '/a' }],
    });
  });
});
