/**
 * Which statuses of a table and of its partitions go together, which records a restarted meta server gives up (bl 17.6), and
 * what moves of primaries may cost a load (bl 17.2).
 */
import { allowsIngestBehind } from './ingestions.ts';
import { isErased, isTerminal, type LoadState } from './loadState.ts';
import type { ClusterState, TableState } from './state.ts';
import type { BulkLoadStatus } from './vocabulary.ts';

/** The other statuses of a table go with any of its partitions'. */
const WITH: Partial<Readonly<Record<BulkLoadStatus, readonly BulkLoadStatus[]>>> = {
  BLS_DOWNLOADED: ['BLS_DOWNLOADED', 'BLS_INGESTING'],
  BLS_INGESTING: ['BLS_INGESTING', 'BLS_SUCCEED'],
  BLS_SUCCEED: ['BLS_SUCCEED'],
  BLS_PAUSED: ['BLS_PAUSED'],
};

export function isLegalPair(app: BulkLoadStatus, partition: BulkLoadStatus): boolean {
  return WITH[app]?.includes(partition) ?? true;
}

/**
 * The first partition whose record was not stored in that status since the table's own was stored; undefined when all were.
 * What a partition reached before a way back to DOWNLOADING does not count for the next step (bl.B31).
 */
export function allPartitions(load: LoadState, table: TableState, status: BulkLoadStatus): number | undefined {
  for (let index = 0; index < table.partitionCount; index++) {
    const own = load.partitions[index];
    if (own?.record.status !== status || own.storedAtUs < load.storedAtUs) return index;
  }
  return undefined;
}

/** A control, or a failure, may meet the creation of the partitions' records. */
const MAY_LACK_PARTITIONS: readonly BulkLoadStatus[] = ['BLS_DOWNLOADING', 'BLS_PAUSING', 'BLS_CANCELED', 'BLS_FAILED'];

/** A record that contradicts itself or its table: a restart gives the load up, which then FAILED (bl.B26). */
export function isContradictory(load: LoadState, table: TableState): boolean {
  if (isErased(load)) return true;
  const { status, ingestBehind, partitionCount } = load.record;
  const parts = Object.values(load.partitions).map(({ record }) => record.status);
  const areSomeMissing = parts.length < table.partitionCount;
  if (partitionCount !== table.partitionCount || parts.length > table.partitionCount) return true;
  if (areSomeMissing && !MAY_LACK_PARTITIONS.includes(status)) return true;
  if (areSomeMissing && status === 'BLS_DOWNLOADING' && parts.some((one) => one !== 'BLS_DOWNLOADING')) return true;
  if (ingestBehind && !isTerminal(status) && !allowsIngestBehind(table.envs)) return true;
  return parts.some((one) => !isLegalPair(status, one));
}

/** A primary was moved since the load began: that may cost a way back (bl 17.2). */
export function wasMoved({ partitions }: ClusterState, { appId, startedAtUs }: LoadState): boolean {
  const ofLoad = Object.values(partitions).filter((part) => part.appId === appId);
  return ofLoad.some(({ servesSinceUs }) => servesSinceUs < 0 || servesSinceUs > startedAtUs);
}
