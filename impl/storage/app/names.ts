/** Names inside a replica's `data` directory and the table envs that this room reads (repl 2.5, 2.6). */
import type { Decree } from '../../../model/vocabulary.ts';

export const DATABASE_DIR = 'rdb';
/** A directory that has this in its name and is not a checkpoint is unfinished or foreign, and is deleted on open. */
export const CHECKPOINT_MARK = 'checkpoint';

export const ENV_RESERVE_MIN_COUNT = 'rocksdb.checkpoint.reserve_min_count';
export const ENV_RESERVE_TIME_SECONDS = 'rocksdb.checkpoint.reserve_time_seconds';
export const ENV_ALLOW_INGEST_BEHIND = 'rocksdb.allow_ingest_behind';
export const ENV_MANUAL_COMPACT_DISABLED = 'manual_compact.disabled';
export const ENV_MANUAL_COMPACT_ONCE = 'manual_compact.once.trigger_time';

export const META_MANUAL_COMPACT_FINISH_TIME = 'pegasus_last_manual_compact_finish_time';

/** A value that is neither true nor false, in any case, counts as false (bl 5). */
export function allowsIngestBehind(envs: Readonly<Record<string, string>>): boolean {
  return envs[ENV_ALLOW_INGEST_BEHIND]?.toLowerCase() === 'true';
}

export function checkpointName(decree: Decree): string {
  return `checkpoint.${decree}`;
}

/** The decree of a checkpoint's directory name; undefined unless the name is exactly what `checkpointName` gives. */
export function parseCheckpointName(name: string): Decree | undefined {
  if (!name.startsWith('checkpoint.')) return undefined;
  const decree = Number(name.slice('checkpoint.'.length));
  return Number.isSafeInteger(decree) && decree >= 0 && name === checkpointName(decree) ? decree : undefined;
}

/** `checkpoint.tmp.<us>` */
export function unfinishedCheckpointName(wallUs: number): string {
  return `checkpoint.tmp.${wallUs}`;
}

/** Where a learned checkpoint waits until it takes the place of the data directory; beside it. */
export function learnedDataDir(dataDir: string): string {
  return `${dataDir}.learned`;
}

/** `<data>.<us>.discarded`, beside the data directory that it was (repl 1.9). */
export function discardedDataDir(dataDir: string, wallUs: number): string {
  return `${dataDir}.${wallUs}.discarded`;
}

/** Whether `path` is a name that `discardedDataDir` gives. */
export function isDiscardedDataDir(dataDir: string, path: string): boolean {
  return path.startsWith(`${dataDir}.`) && /^[0-9]+\.discarded$/.test(path.slice(dataDir.length + 1));
}

/** A decimal integer as upstream's buf2int accepts it; undefined otherwise. */
export function parseInteger(text: string): number | undefined {
  if (!/^[+-]?[0-9]{1,15}$/.test(text)) return undefined;
  return Number(text);
}
