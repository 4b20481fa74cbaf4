/** The state store: answers, session order, timeouts with and without effect, crashes, slowness. */
import { describe, expect, it } from 'vitest';
import { reply, type StoreResult, task } from '../../../impl/env/contract.ts';
import { STORE_LATENCY_US, STORE_TIMEOUT_US } from '../../../impl/env/sim/store.ts';
import { type Echo, fixture, type Fixture, type FixtureOptions } from './fixture.ts';

class Writer {
  readonly echo: Echo;

  constructor(echo: Echo) {
    this.echo = echo;
  }

  onResult(result: StoreResult, name: string): void {
    const words = [name, result.error, result.value, ...result.children];
    this.echo.note(words.filter((word) => word !== '').join(' '));
  }

  then(name: string): ReturnType<typeof reply<'onResult', StoreResult, [string]>> {
    return reply(this, 'onResult', name);
  }
}

/** Posts store operations as one task of node a, and runs until all is answered. */
function withStore(
  options: FixtureOptions,
  act: (e: Echo, w: Writer, f: Fixture) => void,
): Fixture & { readonly notes: string[] } {
  const f = fixture(options);
  const echo = f.echo('a');
  f.world.post('a', 'LPC_CLIENT', 0, task(echo, 'inside', (e: Echo) => act(e, new Writer(e), f)));
  f.idle();
  return { ...f, notes: echo.texts };
}

describe('state store', () => {
  it('answers as ZooKeeper would', () => {
    const { notes, world } = withStore({}, ({ env: { store } }, w) => {
      store.create('/a', '1', w.then('create'));
      store.create('/a', '2', w.then('again'));
      store.create('/x/y', '', w.then('orphan'));
      store.create('/a/c', 'c', w.then('child'));
      store.create('/a/b', 'b', w.then('child'));
      store.set('/a', '3', w.then('set'));
      store.set('/x', '3', w.then('set nothing'));
      store.get('/a', w.then('get'));
      store.get('/x', w.then('get nothing'));
      store.children('/a', w.then('children'));
      store.children('/', w.then('root'));
      store.remove('/a', false, w.then('remove full'));
      store.remove('/a/b', false, w.then('remove leaf'));
      store.remove('/a', true, w.then('remove tree'));
      store.remove('/a', true, w.then('remove nothing'));
      for (const path of ['', 'a', '/a/', '//']) store.get(path, w.then(`bad ${path}`));
      store.remove('/', true, w.then('remove root'));
      store.create('/last', 'x', w.then('last'));
    });
    expect(notes).toEqual([
      'create ERR_OK',
      'again ERR_PATH_ALREADY_EXIST',
      'orphan ERR_OBJECT_NOT_FOUND',
      'child ERR_OK',
      'child ERR_OK',
      'set ERR_OK',
      'set nothing ERR_OBJECT_NOT_FOUND',
      'get ERR_OK 3',
      'get nothing ERR_OBJECT_NOT_FOUND',
      'children ERR_OK b c',
      'root ERR_OK a',
      'remove full ERR_INVALID_PARAMETERS',
      'remove leaf ERR_OK',
      'remove tree ERR_OK',
      'remove nothing ERR_OBJECT_NOT_FOUND',
      'bad  ERR_INVALID_PARAMETERS',
      'bad a ERR_INVALID_PARAMETERS',
      'bad /a/ ERR_INVALID_PARAMETERS',
      'bad // ERR_INVALID_PARAMETERS',
      'remove root ERR_INVALID_PARAMETERS',
      'last ERR_OK',
    ]);
    expect(world.storeView('source').entries()).toEqual([['/last', 'x']]);
    expect(world.waiting().store).toEqual([]);
  });

  it('takes effect after one latency and answers after another, in its own pool', () => {
    const { lives, trace } = withStore({}, ({ env: { store } }, w) => store.create('/a', '1', w.then('create')));
    expect(trace.lines).toContain(`${STORE_LATENCY_US} stored source create /a 1`);
    expect(lives.get('a')?.[0]?.notes).toEqual([`${2 * STORE_LATENCY_US} create ERR_OK`]);
    expect(trace.lines).toContain(`${2 * STORE_LATENCY_US} task a LPC_META_STATE_HIGH onResult`);
  });

  it('keeps the order of a session when chance slows one operation', () => {
    let slowed = false;
    const rule: FixtureOptions['rule'] = ({ point }) => {
      if (point !== 'store.slow' || slowed) return undefined;
      slowed = true;
      return 10_000;
    };
    const { notes, world } = withStore({ rule }, ({ env: { store } }, w) => {
      store.create('/a', '1', w.then('first'));
      store.set('/a', '2', w.then('second'));
    });
    expect(notes).toEqual(['first ERR_OK', 'second ERR_OK']);
    expect(world.storeView('source').get('/a')).toBe('2');
    expect(world.faultEffects().get('store.slow')).toBe(1);
  });

  it.each([
    ['store.timeout', undefined],
    ['store.timeout-after-effect', '1'],
  ] as const)('%s: the caller learns nothing of the effect', (which, value) => {
    const rule: FixtureOptions['rule'] = ({ point, what }) => (point === which && what === 'create' ? 1 : undefined);
    const f = withStore({ rule }, ({ env: { store } }, w) => {
      store.create('/a', '1', w.then('create'));
      store.get('/a', w.then('get'));
    });
    expect(f.notes).toEqual(['create ERR_TIMEOUT', value === undefined ? 'get ERR_OBJECT_NOT_FOUND' : 'get ERR_OK 1']);
    expect(f.world.storeView('source').get('/a')).toBe(value);
    expect(f.world.nowUs()).toBeGreaterThanOrEqual(STORE_TIMEOUT_US);
    expect(f.world.faultEffects().get(which)).toBe(1);
  });

  it('asks the points of an effect only for changes that took effect', () => {
    const { chance } = withStore({}, ({ env: { store } }, w) => {
      store.create('/a', '1', w.then('1'));
      store.create('/a', '1', w.then('2'));
      store.get('/a', w.then('3'));
    });
    const count = (point: string): number => chance.asked.filter((d) => d.point === point).length;
    const points = ['store.timeout', 'store.crash-after', 'store.timeout-after-effect'];
    expect(points.map(count)).toEqual([3, 1, 1]);
  });

  it('kills the process right after its change, and what it sent before still takes effect', () => {
    const rule: FixtureOptions['rule'] = ({ point, what }) =>
      point === 'store.crash-after' && what === 'create' ? 1 : undefined;
    const { notes, world, trace } = withStore({ rule }, ({ env: { store } }, w) => {
      store.create('/a', '1', w.then('create'));
      store.set('/a', '2', w.then('set'));
    });
    expect(notes).toEqual([]);
    expect(world.isUp('a')).toBe(false);
    expect(world.storeView('source').get('/a')).toBe('2');
    expect(trace.lines.some((line) => line.includes('stopped a crash after store create /a'))).toBe(true);
  });

  it('does not take what a dead process would have sent later in its handler', () => {
    const { world } = withStore({}, ({ env }, w, f) => {
      env.store.create('/a', '1', w.then('sent'));
      env.tasks.charge(10_000);
      env.store.create('/b', '1', w.then('never sent'));
      f.world.at(5, () => f.world.stopNode('a', 'crash'));
    });
    expect(world.storeView('source').entries()).toEqual([['/a', '1']]);
  });

  it('is slow by a factor, and stands apart per cluster', () => {
    const { lives, world } = withStore({}, ({ env: { store } }, w, f) => {
      f.world.setStoreSlow('source', 4);
      store.create('/a', '1', w.then('create'));
    });
    expect(lives.get('a')?.[0]?.notes).toEqual([`${8 * STORE_LATENCY_US} create ERR_OK`]);
    expect(world.storeView('follower').entries()).toEqual([]);
    expect(world.faultEffects().get('store.slowed')).toBe(2);
  });
});
