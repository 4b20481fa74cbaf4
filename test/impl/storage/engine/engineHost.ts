/** An engine over a fake process, and short words for rows; for the tests of this folder. */
import type { BatchOp } from '../../../../impl/storage/engine/contract.ts';
import type { StorageEngine } from '../../../../impl/storage/engine/storageEngine.ts';
import { FakeDisk, FakeProcess } from './fakeEnv.ts';

export const DIR = 'r/data/rdb';

export interface Host {
  readonly process: FakeProcess;
  readonly engine: StorageEngine;
}

export function host(disk: FakeDisk, memtableSizeBytes = 1 << 20, dir = DIR, allowIngestBehind = false): Host {
  const process = new FakeProcess(disk, { memtableSizeBytes });
  return { process, engine: new process.ctx.parts.StorageEngine(process.ctx, { dir, hash: 0, allowIngestBehind }) };
}

export function created(memtableSizeBytes?: number): Host {
  const made = host(new FakeDisk(), memtableSizeBytes);
  made.engine.open('create');
  return made;
}

export const text = (value: Uint8Array): string => Buffer.from(value).toString('latin1');
export const bytes = (value: string): Uint8Array => Buffer.from(value, 'latin1');
export const putOp = (key: string, value: string): BatchOp => ({ key, value: bytes(value) });

export function rowsOf(engine: StorageEngine): string[] {
  return [...engine.rows()].map(({ key, value }) => `${key}=${text(value)}`);
}
