/**
 * What the rows of a duplication's two ends have to do with each other at rest (dup 7.3, S11): the newest write of each row wins on
 * both sides, whichever cluster it was made in and in whatever order the writes came.
 */
import { isNewer, standing } from './content.ts';
import { clusterIdOf, followerTable, isErased, statusOf, type DupPartition, type DupState } from './dupState.ts';
import { excluded } from './exclusions.ts';
import { indexOf } from './gpid.ts';
import { hasUnknownRows, ingestedKeys } from './ingestions.ts';
import type { ModelState, PartitionState, Row, Stamp } from './state.ts';

/**
 * At rest the newest write of each row has won on both sides (S11; dup 7.3): what the follower has is not older than what
 * it was to receive, and newer only where somebody else writes to its table. The row that is wrong, or undefined. Only
 * where everything has arrived.
 */
export function differsFromSource(
  state: ModelState,
  dup: DupState,
  source: PartitionState,
  follower: PartitionState,
): string | undefined {
  const progress = dup.partitions[indexOf(source.gpid)];
  if (isErased(dup) || statusOf(dup) !== 'DS_LOG' || progress === undefined || progress.base < 0) return undefined;
  if (progress.arrived < source.committed || excluded('fail-skip', progress.skipped.length > 0)) return undefined;
  if (source.digests[source.committed] === follower.digests[follower.committed]) return undefined;
  if (excluded('not-forwarded', hasUnknownRows(source) || hasUnknownRows(follower))) return undefined;
  if (excluded('dropped-follower', !hasStoodFromTheStart(state, dup))) return undefined;
  // Shipping may begin below the checkpoint: older writes then come over a load's rows, which are not shipped.
  const shippedFrom = progress.values.find(({ decree }) => decree >= 0)?.decree ?? 0;
  const [atHome, there] = [ingestedKeys(source, dup.full ? Math.min(shippedFrom, progress.base) : 0), ingestedKeys(follower, 0)];
  const keys = [source.rows, source.removals, follower.rows, follower.removals].flatMap((one) => Object.keys(one));
  for (const key of new Set(keys)) {
    const a = standing(source, key);
    const b = standing(follower, key);
    const [rowA, rowB] = [source.rows[key], follower.rows[key]];
    if (excluded('own-time-to-live', (rowA?.expireTs ?? 0) > 0 || (rowB?.expireTs ?? 0) > 0)) continue;
    if (excluded('not-forwarded', atHome.has(key) || there.has(key))) continue;
    const isBehind = isOwed(dup, source, progress, a) && isNewer(a, b);
    const isAhead = isNewer(b, a) && !excluded('newer-stays', isWrittenElsewhere(state, dup, source, follower, b));
    const isOther = a !== undefined && b !== undefined && !isNewer(a, b) && !isNewer(b, a) && rowA?.value !== rowB?.value;
    if (isBehind || isAhead || isOther) return `${key.slice(2)} is ${shown(rowA, a)} at the source and ${shown(rowB, b)} on the follower`;
  }
  return undefined;
}

const shown = (row: Row | undefined, stamp: Stamp | undefined): string =>
  stamp === undefined ? 'absent' : `${row?.value ?? 'removed'} (timestamp ${stamp.timestampUs} of cluster ${stamp.clusterId})`;

/** Was the follower to receive it: with the checkpoint, or as a write of the source's own users behind where it begins? */
function isOwed(dup: DupState, source: PartitionState, { base }: DupPartition, stamp: Stamp | undefined): boolean {
  if (stamp === undefined || stamp.decree <= base) return stamp !== undefined && dup.full;
  return !excluded('not-forwarded', stamp.clusterId !== source.clusterId);
}

/** Is it a write of the follower's own users, or did another duplication bring it? */
function isWrittenElsewhere(
  state: ModelState,
  dup: DupState,
  source: PartitionState,
  follower: PartitionState,
  stamp: Stamp | undefined,
): boolean {
  if (stamp?.clusterId === follower.clusterId) return follower.written;
  return Object.values(state.clusters).some(({ id, dups }) =>
    Object.values(dups).some(
      ({ remote, remoteAppName, appId }) =>
        remote === dup.remote &&
        remoteAppName === dup.remoteAppName &&
        clusterIdOf(state, id) === stamp?.clusterId &&
        (stamp.clusterId !== source.clusterId || appId !== dup.appId),
    ),
  );
}

/** Is the follower table the one that the duplication found, or made, when it began? */
function hasStoodFromTheStart(state: ModelState, dup: DupState): boolean {
  const table = followerTable(state, dup)?.table;
  if (table === undefined) return false;
  if (!dup.full) return table.createdAtUs <= (dup.versions[0]?.atUs ?? -1);
  return table.envs['duplication.master_app_id'] === `${dup.appId}` && table.envs['duplication.master_dup_id'] === `${dup.dupId}`;
}
