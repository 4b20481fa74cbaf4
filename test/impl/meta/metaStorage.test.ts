import { describe, expect, it } from 'vitest';
import { reply, task } from '../../../impl/env/contract.ts';
import { MetaStorage } from '../../../impl/meta/metaStorage.ts';
import { FakeWorld } from './fakeWorld.ts';
import type { FakeProcess, StoreFate, StoreOp } from './fakeWorld.ts';

class Caller {
  readonly done: string[] = [];
  onDone(what: string): void {
    this.done.push(what);
  }
  onValue(value: string): void {
    this.done.push(`value '${value}'`);
  }
  onNames(names: readonly string[]): void {
    this.done.push(`names ${names.join(',')}`);
  }
}

function bench(fates: Record<string, StoreFate[]> = {}): {
  world: FakeWorld;
  process: FakeProcess;
  storage: MetaStorage;
  caller: Caller;
} {
  const world = new FakeWorld();
  const process = world.process('meta');
  world.store.set('/a', 'old');
  // Each operation on a path takes the next fate of its list.
  world.storeFate = ({ operation, path }: StoreOp) => fates[`${operation} ${path}`]?.shift() ?? 'ok';
  return { world, process, storage: new MetaStorage(process.ctx), caller: new Caller() };
}

describe('the store wrapper', () => {
  it('repeats every second until the store answers', () => {
    const { world, storage, caller } = bench({ 'set /a': ['timeout', 'timeout', 'timeout'] });
    storage.setData('/a', 'new', task(caller, 'onDone', 'set'));
    world.run(2900);
    expect([world.store.get('/a'), caller.done]).toEqual(['old', []]);
    world.run(1000);
    expect([world.store.get('/a'), caller.done]).toEqual(['new', ['set']]);
  });

  it('a missing node reads as empty and is deleted already', () => {
    const { world, storage, caller } = bench();
    storage.getData('/x', reply(caller, 'onValue'));
    storage.getChildren('/y', reply(caller, 'onNames'));
    storage.deleteNode('/z', true, task(caller, 'onDone', 'deleted'));
    storage.getData('/a', reply(caller, 'onValue'));
    world.run(10);
    expect(caller.done).toEqual(["value ''", 'names ', 'deleted', "value 'old'"]);
  });

  it('keeps the value of a node that exists, when nothing timed out', () => {
    const { world, storage, caller } = bench();
    storage.createNode('/a', 'new', task(caller, 'onDone', 'created'));
    world.run(10);
    expect([world.store.get('/a'), caller.done]).toEqual(['old', ['created']]);
    expect(world.writes).toEqual([]);
  });

  it.each([
    ['timeout', 1],
    ['timeout-after-effect', 1],
  ] as const)('a creation that ends in %s is made once', (fate, creations) => {
    const { world, storage, caller } = bench({ 'create /b': [fate] });
    storage.createNode('/b', 'new', task(caller, 'onDone', 'created'));
    world.run(3000);
    expect([world.store.get('/b'), caller.done]).toEqual(['new', ['created']]);
    expect(world.writes.map(({ operation }) => operation)).toEqual(Array.from({ length: creations }, () => 'create'));
  });

  it.each([[['timeout']], [['timeout', 'timeout']]] as const)('after %j a stranger’s value is replaced', (fates) => {
    const { world, storage, caller } = bench({ 'create /a': [...fates], 'get /a': ['timeout'], 'set /a': ['timeout'] });
    storage.createNode('/a', 'new', task(caller, 'onDone', 'created'));
    world.run(10_000);
    expect([world.store.get('/a'), caller.done]).toEqual(['new', ['created']]);
  });

  it('a repeat never undoes a later change of the same node, and holds back no other', () => {
    const { world, storage, caller } = bench({ 'set /a': ['timeout-after-effect'] });
    storage.setData('/a', 'first', task(caller, 'onDone', 'first'));
    storage.setData('/a', 'second', task(caller, 'onDone', 'second'));
    storage.getData('/a', reply(caller, 'onValue'));
    storage.createNode('/b', '', task(caller, 'onDone', 'other'));
    world.run(10);
    expect(caller.done).toEqual(['other']);
    world.run(2000);
    expect(caller.done).toEqual(['other', 'first', 'second', "value 'second'"]);
    expect(world.store.get('/a')).toBe('second');
  });

  it.each(['setData', 'createNode'] as const)('%s without a parent or node is a failed check', (method) => {
    const { world, process, storage, caller } = bench();
    process.later(0, () => storage[method]('/x/y', 'v', task(caller, 'onDone', 'never')));
    world.run(10);
    expect(process.failure?.check).toBe('meta_storage');
    expect(caller.done).toEqual([]);
  });

  it('does not repeat what is cancelled, and lets the next one go at once', () => {
    for (const fate of ['timeout', 'timeout-after-effect'] as const) {
      const { world, storage, caller } = bench({ 'set /a': [fate] });
      const first = storage.setData('/a', 'first', task(caller, 'onDone', 'first'));
      storage.setData('/a', 'second', task(caller, 'onDone', 'second'));
      world.run(500);
      first.cancel();
      world.run(10);
      expect([world.store.get('/a'), caller.done]).toEqual(['second', ['second']]);
      first.cancel();
      world.run(5000);
      expect([world.store.get('/a'), caller.done]).toEqual(['second', ['second']]);
    }
  });

  it('never sends what is cancelled while it waits', () => {
    const { world, storage, caller } = bench({ 'set /a': ['timeout'] });
    storage.setData('/a', 'first', task(caller, 'onDone', 'first'));
    const second = storage.setData('/a', 'second', task(caller, 'onDone', 'second'));
    storage.setData('/a', 'third', task(caller, 'onDone', 'third'));
    second.cancel();
    world.run(5000);
    expect([world.writes.map(({ value }) => value), caller.done]).toEqual([['first', 'third'], ['first', 'third']]);
  });
});
