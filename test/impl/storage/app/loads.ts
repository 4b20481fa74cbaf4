/** Files of a bulk load beside a replica's data, and the mutations that bring them in; for the tests of this folder. */
import { encodeIngestion } from '../../../../impl/protocol/ingestion.ts';
import { md5Hex } from '../../../../impl/protocol/md5.ts';
import type { StorageAppOptions } from '../../../../impl/storage/contracts.ts';
import { encodeValue } from '../../../../impl/storage/app/valueSchema.ts';
import { encodeRun } from '../../../../impl/storage/engine/sortedRun.ts';
import type { LogMutation, Update } from '../../../../impl/storage/plog/types.ts';
import { FakeDisk } from '../engine/fakeEnv.ts';
import { appOver, key, mutation } from './appWorld.ts';
import type { AppWorld } from './appWorld.ts';

function demand(error: string): void {
  if (error !== 'ERR_OK') throw new Error(error);
}

export const BULK = '1.0.pegasus/bulk_load';
const LOADED_US = 1000;

/** A whole set of rows, by names of keys. */
export function loadFile(rows: Readonly<Record<string, string>>, timestampUs = LOADED_US): Uint8Array {
  const names = Object.keys(rows).sort();
  const values = names.map((name) => encodeValue(rows[name] ?? '', 0, timestampUs, 1));
  return encodeRun({ keys: names.map(key), values });
}

/** Puts files there as a download leaves them, and answers their paths. */
export function download(disk: FakeDisk, files: Readonly<Record<string, Uint8Array>>): string[] {
  disk.mkdir(BULK);
  return Object.entries(files).map(([name, bytes]) => {
    const path = `${BULK}/${name}`;
    if (disk.names.has(path)) disk.remove(path);
    disk.create(path);
    disk.write(path, 0, bytes);
    return path;
  });
}

export function bulkLoad(files: Readonly<Record<string, Uint8Array>>, ingestBehind = false): Update {
  const list = Object.entries(files).map(([name, bytes]) => ({ name, size: bytes.length, md5: md5Hex(bytes) }));
  const fileTotalSize = list.reduce((sum, { size }) => sum + size, 0);
  const metadata = { files: list, fileTotalSize };
  const data = encodeIngestion({ appName: 't', metadata, ingestBehind, ballot: 3, verifyBeforeIngest: true });
  return { code: 'RPC_RRDB_RRDB_BULK_LOAD', serializationType: 1, data };
}

/** Applies the next decree. */
export function apply(world: AppWorld, ...updates: Update[]): LogMutation {
  const next = mutation(world.app.lastCommittedDecree() + 1, ...updates);
  demand(world.app.applyMutation(next));
  return next;
}

/** Values of keys by their names; '-' where there is none. */
export function valuesOf(world: AppWorld, ...names: string[]): string {
  return names.map((name) => world.app.get(key(name), 0)?.value ?? '-').join(' ');
}

export const BEHIND = { allowIngestBehind: true };

export function opened(more: Partial<StorageAppOptions> = {}, memtableSizeBytes = 1 << 20): AppWorld {
  const world = appOver(new FakeDisk(), { memtableSizeBytes }, {}, more);
  demand(world.app.openNew());
  return world;
}

/** The process ends and another one opens what is on disk. */
export function crashed(world: AppWorld, more: Partial<StorageAppOptions> = {}): AppWorld {
  world.disk.calm();
  world.disk.losePower(false);
  const again = appOver(world.disk, {}, {}, more);
  demand(again.app.openExisting());
  return again;
}

export function replay(world: AppWorld, log: readonly LogMutation[]): void {
  for (const next of log.slice(world.app.lastCommittedDecree())) demand(world.app.applyMutation(next));
}

export const A_AND_B = { 'f1.sst': loadFile({ a: 'new', b: 'new' }) };
