/** What a DUPLICATE does to the rows of a follower (dup 7.2, 7.3). */
import { describe, expect, it } from 'vitest';
import { encodeDuplicate } from '../../../../../impl/protocol/duplicate.ts';
import type { DuplicateEntry } from '../../../../../impl/protocol/duplicate.ts';
import { partitionHashOf } from '../../../../../impl/protocol/rrdb.ts';
import { Metrics } from '../../../../../impl/replica/metrics.ts';
import type { Settings } from '../../../../../impl/settings.ts';
import type { StorageApp } from '../../../../../impl/storage/app/storageApp.ts';
import { makeTimetag, timetagOf } from '../../../../../impl/storage/app/valueSchema.ts';
import type { Update } from '../../../../../impl/storage/plog/types.ts';
import { key, multiPut, mutation, put, remove } from '../../../storage/app/appWorld.ts';
import { FakeDisk, FakeProcess } from '../../../storage/engine/fakeEnv.ts';

/** Of the entries, wall microseconds. */
const T = 1_700_000_000_000_000;

interface Follower {
  readonly app: StorageApp;
  readonly metrics: Metrics;
  readonly process: FakeProcess;
}

function makeFollower(settings: Partial<Settings> = {}, partitionCount = 1): Follower {
  const groups = { dupClusterName: 'follower', duplicationGroup: { source: 1, follower: 2, third: 3 } };
  const process = new FakeProcess(new FakeDisk(), { ...groups, ...settings });
  const metrics = new Metrics();
  const options = { gpid: '1.0', dataDir: '1.0.pegasus/data', hash: 7, clusterNumber: 2, partitionCount, metrics };
  const app = new process.ctx.parts.StorageApp(process.ctx, options);
  app.openNew();
  return { app, metrics, process };
}

function entry(update: Update, change: Partial<DuplicateEntry> = {}): DuplicateEntry {
  return { timestampUs: T, code: update.code, rawMessage: update.data, clusterId: 1, verifyTimetag: false, ...change };
}

function duplicate(...entries: DuplicateEntry[]): Update {
  return { code: 'RPC_RRDB_RRDB_DUPLICATE', serializationType: 1, data: encodeDuplicate(entries) };
}

/** Applies at the next decree; answers the storage's status. */
function apply(follower: Follower, ...entries: DuplicateEntry[]): number {
  const update = duplicate(...entries);
  expect(follower.app.applyMutation(mutation(follower.app.lastCommittedDecree() + 1, update))).toBe('ERR_OK');
  return follower.app.duplicateStatus(update.data).status;
}

function read(follower: Follower, name: string): string | undefined {
  return follower.app.get(key(name), 0)?.value;
}
function tagOf(follower: Follower, name: string): bigint {
  return timetagOf(follower.app.engine.get(key(name)) ?? new Uint8Array(0));
}

describe('entries', () => {
  it('in order, as one batch, with the time and the cluster of their source', () => {
    const follower = makeFollower();
    const status = apply(
      follower,
      entry(put('a', '1'), { timestampUs: T + 1 }),
      entry(put('b', '2'), { clusterId: 3 }),
      entry(multiPut('h', { x: '5', y: '6' })),
      entry(put('a', '3'), { timestampUs: T + 2 }),
      entry(remove('b')),
    );
    expect(status).toBe(0);
    expect([read(follower, 'a'), read(follower, 'b'), follower.app.get('\0\x01hy', 0)?.value]).toEqual(['3', undefined, '6']);
    expect(tagOf(follower, 'a')).toBe((BigInt(T + 2) << 8n) | 2n);
    expect(follower.app.lastCommittedDecree()).toBe(1);
    apply(follower, entry(put('c', 'x', 77), { clusterId: 3 }));
    expect(follower.app.get(key('c'), 0)?.expireTs).toBe(77);
    expect(tagOf(follower, 'c')).toBe((BigInt(T) << 8n) | 6n);
    // A write of a client of the follower bears its own cluster and its mutation's time.
    follower.app.applyMutation(mutation(3, put('own', 'o')));
    expect(tagOf(follower, 'own')).toBe(makeTimetag(T + 3, 2));
  });

  it('a body of no entries writes its decree and nothing else', () => {
    const follower = makeFollower();
    expect(apply(follower)).toBe(0);
    expect([follower.app.lastCommittedDecree(), follower.metrics.of('1.0')]).toEqual([1, {}]);
  });

  const refusals: [string, Partial<DuplicateEntry>][] = [
    ['an unknown cluster id', { clusterId: 9 }],
    ['no cluster id', { clusterId: 0 }],
    ['the own cluster id', { clusterId: 2 }],
    ['a code that cannot be duplicated', { code: 'RPC_RRDB_RRDB_INCR' }],
    ['a body that does not decode', { rawMessage: Uint8Array.of(1, 2) }],
  ];
  for (const [name, change] of refusals) {
    it(`${name}: status 4, and nothing of the whole write is applied (B39, B42)`, () => {
      const follower = makeFollower();
      expect(apply(follower, entry(put('a', '1')), entry(put('b', '2'), change), entry(put('c', '3')))).toBe(4);
      expect(['a', 'b', 'c'].map((name_) => read(follower, name_))).toEqual([undefined, undefined, undefined]);
      expect([follower.app.lastCommittedDecree(), follower.metrics.of('1.0')]).toEqual([1, {}]);
    });
  }

  it('other clusters than those of the config file are taken when the option says so; the own one never', () => {
    const follower = makeFollower({ dupIgnoreOtherClusterIds: true });
    expect(apply(follower, entry(put('a', '1'), { clusterId: 9 }))).toBe(0);
    expect(apply(follower, entry(put('a', '2'), { clusterId: 2 }))).toBe(4);
    expect(read(follower, 'a')).toBe('1');
  });

  it('a cluster without an id refuses every write, and lives on', () => {
    const follower = makeFollower({ dupClusterName: 'nobody' });
    expect(apply(follower, entry(put('a', '1')))).toBe(4);
    expect(follower.app.duplicateStatus(Uint8Array.of(1)).status).toBe(4);
  });

  it('keys of another partition are refused (B43)', () => {
    const follower = makeFollower({}, 4);
    const names = Array.from({ length: 40 }, (_, i) => `k${i}`);
    const taken = names.filter((name) => apply(follower, entry(put(name, 'v'))) === 0);
    expect(taken).toEqual(names.filter((name) => partitionHashOf(name) % 4n === 0n));
    expect(taken.length).toBeGreaterThan(0);
    expect(taken.length).toBeLessThan(40);
    expect(names.filter((name) => read(follower, name) !== undefined)).toEqual(taken);
  });
});

describe('verify_timetag (7.3)', () => {
  const verified = (value: string, timestampUs: number, clusterId = 1): DuplicateEntry =>
    entry(put('k', value), { timestampUs, clusterId, verifyTimetag: true });

  const removed = (timestampUs: number, clusterId = 1): DuplicateEntry => entry(remove('k'), { timestampUs, clusterId, verifyTimetag: true });

  it('the newer write wins; equal times go by cluster id, and of equal tags the later one stays', () => {
    const follower = makeFollower();
    apply(follower, verified('first', T));
    apply(follower, verified('older', T - 1));
    expect(read(follower, 'k')).toBe('first');
    apply(follower, verified('same', T));
    expect(read(follower, 'k')).toBe('same');
    apply(follower, verified('higher id', T, 3));
    expect(read(follower, 'k')).toBe('higher id');
    apply(follower, verified('lower id', T, 1));
    expect(read(follower, 'k')).toBe('higher id');
    apply(follower, verified('newer', T + 1));
    expect(read(follower, 'k')).toBe('newer');
  });

  it('also against an entry of the same write', () => {
    const follower = makeFollower();
    apply(follower, verified('new', T + 5), verified('old', T));
    expect(read(follower, 'k')).toBe('new');
  });

  it('a removal is a write like any other: it loses and wins by its tag, also where there is no row', () => {
    const follower = makeFollower();
    apply(follower, removed(T));
    apply(follower, verified('older', T - 1));
    expect([read(follower, 'k'), tagOf(follower, 'k')]).toEqual([undefined, (BigInt(T) << 8n) | 3n]);
    apply(follower, verified('newer', T + 1));
    apply(follower, removed(T));
    expect(read(follower, 'k')).toBe('newer');
    apply(follower, removed(T + 1), verified('same mutation', T + 1));
    expect(read(follower, 'k')).toBe('same mutation');
    // A removal by a client of the follower counts too, with the time of its mutation.
    const decree = follower.app.lastCommittedDecree() + 1;
    follower.app.applyMutation(mutation(decree, remove('k')));
    apply(follower, verified('before', T + decree - 1));
    expect(read(follower, 'k')).toBe(undefined);
    apply(follower, verified('after', T + decree + 1));
    expect(read(follower, 'k')).toBe('after');
  });

  it('survives a flush, a merge and a restart', () => {
    const follower = makeFollower();
    apply(follower, removed(T + 100));
    follower.app.engine.flush();
    follower.app.engine.compact({});
    const { ctx } = follower.process;
    follower.app.abandon();
    const again = new ctx.parts.StorageApp(ctx, follower.app.options);
    expect(again.openExisting()).toBe('ERR_OK');
    expect(again.newestTimestampUs()).toBe(T + 100);
    again.applyMutation(mutation(again.lastCommittedDecree() + 1, duplicate(verified('older', T + 99))));
    expect(again.get(key('k'), 0)).toBe(undefined);
  });

  it('an expired value counts: not all members have the same time', () => {
    const follower = makeFollower();
    follower.process.ctx.env.clock.wallUs = () => (1_451_606_400 + 100) * 1_000_000;
    apply(follower, entry(put('k', 'x', 100), { timestampUs: T + 9 }));
    apply(follower, verified('old', T));
    expect(read(follower, 'k')).toBe('x');
  });

  it('without it the last write applied wins, as upstream\'s shipper wants it (B38)', () => {
    const follower = makeFollower();
    apply(follower, entry(put('k', 'new'), { timestampUs: T + 5 }));
    apply(follower, entry(put('k', 'old'), { timestampUs: T }));
    expect(read(follower, 'k')).toBe('old');
  });
});

describe('metrics', () => {
  it('count entries and lag; a source whose clock is ahead lags by nothing (B40)', () => {
    const follower = makeFollower();
    follower.process.ctx.env.clock.wallUs = () => T;
    const at = (timestampUs: number): DuplicateEntry => entry(put('k', 'v'), { timestampUs });
    apply(follower, at(T - 10_000_000), at(T - 1500));
    expect(follower.metrics.of('1.0')).toEqual({ dup_requests: 2, dup_time_lag_ms: 1 });
    apply(follower, at(T - 10_001_000));
    expect(follower.metrics.of('1.0')).toEqual({ dup_requests: 3, dup_time_lag_ms: 10_001, dup_lagging_writes: 1 });
    apply(follower, at(T + 60_000_000));
    expect(follower.metrics.get('1.0', 'dup_time_lag_ms')).toBe(0);
  });
});
