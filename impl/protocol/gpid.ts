/** Partition ids: `<app_id>.<partition_index>` (upstream `src/common/gpid.h`; thread hash: repl 3.1). */
import type { Gpid } from '../../model/vocabulary.ts';

export interface GpidParts {
  readonly appId: number;
  readonly partitionIndex: number;
}

export function formatGpid(appId: number, partitionIndex: number): Gpid {
  return `${appId}.${partitionIndex}`;
}

/** The app id of a well-formed gpid; NaN otherwise. */
export function appIdOf(gpid: Gpid): number {
  return Number(gpid.slice(0, gpid.indexOf('.')));
}

/** The partition index of a well-formed gpid; NaN otherwise. */
export function partitionIndexOfGpid(gpid: Gpid): number {
  return Number(gpid.slice(gpid.indexOf('.') + 1));
}

function isId(value: number): boolean {
  return Number.isInteger(value) && value >= -0x8000_0000 && value <= 0x7fff_ffff;
}

/** Undefined unless `text` is exactly what `formatGpid` writes. */
export function parseGpid(text: string): GpidParts | undefined {
  const appId = appIdOf(text);
  const partitionIndex = partitionIndexOfGpid(text);
  if (!isId(appId) || !isId(partitionIndex) || formatGpid(appId, partitionIndex) !== text) return undefined;
  return { appId, partitionIndex };
}

/** Chooses the worker of partitioned pools: all tasks of one replica run on one thread. */
export function threadHash(gpid: Gpid): number {
  return appIdOf(gpid) * 7919 + partitionIndexOfGpid(gpid);
}
