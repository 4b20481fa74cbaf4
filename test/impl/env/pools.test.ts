/** Pools: priorities, starvation, workers, delays, cancel (repl 3.1, 3.3). */
import { describe, expect, it } from 'vitest';
import { task } from '../../../impl/env/contract.ts';
import { fixture, START_WALL_US } from './fixture.ts';

describe('pools', () => {
  it('serve strict priorities, first in first out within one', () => {
    const { within, echo } = fixture({ workers: 1 });
    within('a', (e) => {
      e.post('LPC_REPLICATION_LOW', 'low1');
      e.post('LPC_REPLICATION_COMMON', 'common1');
      e.post('LPC_REPLICATION_HIGH', 'high1');
      e.post('LPC_REPLICATION_LOW', 'low2');
      e.post('LPC_REPLICATION_HIGH', 'high2');
    });
    expect(echo('a').texts).toEqual(['high1', 'high2', 'common1', 'low1', 'low2']);
  });

  it('let LOW starve while COMMON keeps coming, and never interrupt a running task', () => {
    const { world, within, echo, idle } = fixture({ workers: 1 });
    within('a', (e) => {
      e.post('LPC_REPLICATION_LONG_LOW', 'low', { costUs: 1000 });
    });
    world.occupyPool('a', 'THREAD_POOL_REPLICATION_LONG', 2, 10, true);
    world.post('a', 'LPC_REPLICATION_LONG_LOW', 0, task(echo('a'), 'work', 'starved', 0));
    world.run({ untilUs: world.nowUs() + 1_000_000 });
    expect(echo('a').texts).toEqual(['low']);
    world.releasePool('a', 'THREAD_POOL_REPLICATION_LONG');
    idle();
    expect(echo('a').texts).toEqual(['low', 'starved']);
    expect(world.faultEffects().get('pool.occupied')).toBeGreaterThan(90);
  });

  it('take a worker for base cost, charges and disk, and tell time within a handler', () => {
    const { within, echo } = fixture({ workers: 1 });
    within('a', (e) => {
      e.post('LPC_REPLICATION_LOW', 'one', { costUs: 500 });
      e.post('LPC_REPLICATION_LOW', 'two', { costUs: 0 });
      e.note('start');
      e.env.tasks.charge(70);
      e.note('charged');
      e.post('LPC_REPLICATION_LOW', 'three');
    });
    const base = 10;
    expect(echo('a').notes).toEqual(['0 start', '70 charged', '0 one', `${500 + base} two`, `${500 + 2 * base} three`]);
  });

  it('spread by hash in a partitioned pool, and over free workers in a shared one', () => {
    const { within, echo } = fixture({ workers: 2 });
    within('a', (e) => {
      for (const hash of [0, 2, 1]) e.post('LPC_REPLICATION_LOW', `p${hash}`, { hash, costUs: 990 });
      for (const hash of [0, 2, 1]) e.post('LPC_REPLICATION_LONG_LOW', `s${hash}`, { hash, costUs: 800 });
    });
    expect(echo('a').notes).toEqual(['0 p0', '0 p1', '0 s0', '0 s2', '1000 p2', '1000 s1']);
  });

  it('queue delayed tasks when they are due', () => {
    const { within, echo } = fixture();
    within('a', (e) => {
      e.post('LPC_REPLICATION_LOW', 'late', { delayMs: 2 });
      e.post('LPC_REPLICATION_LOW', 'soon', { delayMs: 1 });
      e.post('LPC_REPLICATION_LOW', 'now');
    });
    expect(echo('a').notes).toEqual(['0 now', '1000 soon', '2000 late']);
  });

  it('honour overrides of pool and priority', () => {
    const taskOverrides = { LPC_REPLICATION_LONG_LOW: { pool: 'THREAD_POOL_DEFAULT', priority: 'HIGH' } } as const;
    const { within, world, echo, idle } = fixture({ workers: 1, taskOverrides });
    within('a', (e) => {
      e.post('LPC_REPLICATION_LONG_LOW', 'x');
      e.post('LPC_QUERY_CONFIGURATION_ALL', 'y');
      e.env.tasks.charge(1000);
    });
    world.occupyPool('a', 'THREAD_POOL_DEFAULT', 1, 5, false);
    world.post('a', 'LPC_REPLICATION_LONG_LOW', 0, task(echo('a'), 'work', 'z', 0));
    const [waiting] = world.waiting().tasks.filter((t) => t.method === 'work' && t.code === 'LPC_REPLICATION_LONG_LOW');
    expect(waiting?.pool).toBe('THREAD_POOL_DEFAULT');
    idle();
    expect(echo('a').texts).toEqual(['x', 'y', 'z']);
  });

  it('cancel what has not started, and say so', () => {
    const { within, echo, world } = fixture({ workers: 1 });
    const answers: boolean[] = [];
    within('a', (e) => {
      const queued = e.post('LPC_REPLICATION_LOW', 'queued');
      const delayed = e.post('LPC_REPLICATION_LOW', 'delayed', { delayMs: 10_000 });
      const runs = e.post('LPC_REPLICATION_LOW', 'runs');
      answers.push(queued.cancel(), queued.cancel(), delayed.cancel());
      e.env.tasks.post('LPC_REPLICATION_LOW', 0, 1, task(e, 'inside', () => answers.push(runs.cancel())));
    });
    expect(answers).toEqual([true, true, true, false]);
    expect(echo('a').texts).toEqual(['runs']);
    expect(world.nowUs()).toBeLessThan(10_000);
    expect(world.waiting().tasks).toEqual([]);
  });

  it('keep order within a queue and priority when chance delays a post', () => {
    const { within, echo, trace } = fixture({
      workers: 1,
      rule: ({ point, what }) => (point === 'pool.delay' && what === 'LPC_REPLICATION_LOW' ? 300 : undefined),
    });
    within('a', (e) => {
      e.post('LPC_REPLICATION_LOW', 'one');
      e.post('LPC_EXEC_COMMAND_ON_REPLICA', 'two');
      e.post('LPC_REPLICATION_COMMON', 'other');
    });
    expect(echo('a').notes).toEqual(['0 other', '300 one', '310 two']);
    expect(trace.lines.filter((line) => line.includes('fault pool.delay'))).toHaveLength(1);
  });
});

describe('pause', () => {
  it('stops everything of a process and holds its timers back, but not its wall clock', () => {
    const { world, within, echo, idle } = fixture();
    within('a', (e) => {
      e.post('LPC_REPLICATION_LOW', 'timer', { delayMs: 10 });
      const pause = (): void => world.at(1, () => world.pauseNode('a', 100));
      const tellWall = (): void => e.note(`wall ${e.env.clock.wallUs() - START_WALL_US}`);
      e.env.tasks.post('LPC_REPLICATION_LOW', 0, 1, task(e, 'inside', pause));
      e.env.tasks.post('LPC_REPLICATION_LOW', 0, 10, task(e, 'inside', tellWall));
    });
    idle();
    expect(echo('a').notes).toEqual(['10000 timer', '10010 wall 110010']);
    expect(world.faultEffects().get('process.pause')).toBe(1);
  });

  it('is told with what it adds to a pause that is under way', () => {
    const { world, trace, idle } = fixture();
    world.pauseNode('a', 50);
    world.at(20, () => world.pauseNode('a', 10));
    world.at(30, () => world.pauseNode('a', 40));
    world.at(90, () => world.pauseNode('a', 5));
    idle();
    const told = trace.lines.filter((line) => line.includes('paused'));
    expect(told).toEqual(['0 paused a 50000', '20000 paused a 0', '30000 paused a 20000', '90000 paused a 5000']);
  });

  it('keeps messages until the process runs again', () => {
    const { world, within, echo } = fixture();
    world.pauseNode('b', 50);
    within('a', (e) => e.ask('b', 'hello'));
    expect(echo('b').texts).toEqual(['cli hello from a']);
    expect(echo('a').notes).toEqual(['50100 hello: ERR_OK hello']);
  });
});
