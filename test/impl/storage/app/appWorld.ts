/** A storage app over a fake process, and mutations to apply; for the tests of this folder. */
import { encodeKey, encodeMultiPut, encodePut, storedKey } from '../../../../impl/protocol/rrdb.ts';
import type { Parts } from '../../../../impl/parts.ts';
import type { Settings } from '../../../../impl/settings.ts';
import type { StorageAppOptions } from '../../../../impl/storage/contracts.ts';
import type { StorageApp } from '../../../../impl/storage/app/storageApp.ts';
import type { LogMutation, Update } from '../../../../impl/storage/plog/types.ts';
import { FakeDisk, FakeProcess } from '../engine/fakeEnv.ts';

export const DATA = '1.0.pegasus/data';

export interface AppWorld {
  readonly disk: FakeDisk;
  readonly process: FakeProcess;
  readonly app: StorageApp;
}

export function appOver(
  disk: FakeDisk,
  settings: Partial<Settings> = {},
  parts: Partial<Parts> = {},
  more: Partial<StorageAppOptions> = {},
): AppWorld {
  const process = new FakeProcess(disk, settings, parts);
  const options = { gpid: '1.0', dataDir: DATA, hash: 7, clusterNumber: 1, ...more };
  return { disk, process, app: new process.ctx.parts.StorageApp(process.ctx, options) };
}

export function newApp(settings: Partial<Settings> = {}, parts: Partial<Parts> = {}): AppWorld {
  const world = appOver(new FakeDisk(), settings, parts);
  world.app.openNew();
  return world;
}

/** A new process over the same disk. */
export function reopened(world: AppWorld): AppWorld {
  world.disk.calm();
  return appOver(world.disk);
}

export const key = (name: string): string => storedKey(name, '');

export function put(name: string, value: string, expireTs = 0): Update {
  return { code: 'RPC_RRDB_RRDB_PUT', serializationType: 1, data: encodePut(key(name), value, expireTs) };
}

export function remove(name: string): Update {
  return { code: 'RPC_RRDB_RRDB_REMOVE', serializationType: 1, data: encodeKey(key(name)) };
}

export function multiPut(hashKey: string, rows: Record<string, string>): Update {
  const kvs = Object.entries(rows).map(([sortKey, value]) => ({ sortKey, value }));
  return { code: 'RPC_RRDB_RRDB_MULTI_PUT', serializationType: 1, data: encodeMultiPut(hashKey, kvs, 0) };
}

export const EMPTY: Update = { code: 'RPC_REPLICATION_WRITE_EMPTY', serializationType: 0, data: new Uint8Array(0) };
export const UNDECODABLE: Update = { code: 'RPC_RRDB_RRDB_PUT', serializationType: 1, data: Uint8Array.of(1, 2, 3) };

export function mutation(decree: number, ...updates: Update[]): LogMutation {
  const timestampUs = 1_700_000_000_000_000 + decree;
  return { gpid: '1.0', ballot: 3, decree, logOffset: 0, lastCommittedDecree: decree - 1, timestampUs, updates };
}

/** Applies one put for each of the next `count` decrees. */
export function write(world: AppWorld, count = 1): void {
  for (let i = 0; i < count; i++) {
    const decree = world.app.lastCommittedDecree() + 1;
    const error = world.app.applyMutation(mutation(decree, put(`k${decree}`, `v${decree}`)));
    if (error !== 'ERR_OK') throw new Error(error);
  }
}

export function decrees(world: AppWorld): readonly [number, number, number] {
  return [world.app.lastDurableDecree(), world.app.lastFlushedDecree(), world.app.lastCommittedDecree()];
}

export function checkpointDirs(disk: FakeDisk): string[] {
  return disk.directories(DATA).filter((name) => name.includes('checkpoint'));
}
