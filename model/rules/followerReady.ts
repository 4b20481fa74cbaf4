/** Whether a follower table may be shipped to: its partitions have members, and hold what the log begins behind (dup 5.4, S15). */
import { followerPartition, followerTable, storedOf, type DupState } from '../dupState.ts';
import type { ModelState, TableState } from '../state.ts';
import type { Refusal } from './rule.ts';

/** Why nothing may be shipped to the follower's partitions, whatever mark the table bears. */
export function whyNotReady(state: ModelState, table: TableState, dup: DupState): Refusal | undefined {
  return notHealthy(state, table, dup) ?? notCovered(state, table, dup);
}

function notHealthy(state: ModelState, table: TableState, dup: DupState): Refusal | undefined {
  const found = followerTable(state, dup);
  if (found?.table === undefined) return [`a table ${dup.remoteAppName} in ${dup.remote}`, 'none'];
  for (let index = 0; index < table.partitionCount; index++) {
    const part = found.cluster.partitions[`${found.table.appId}.${index}`];
    // It was asked a moment before; a primary may have gone since.
    const asked = [part?.configs[part.ballot], part?.configs[part.ballot - 1]].filter((config) => config !== undefined);
    const served = asked.filter(({ primary }) => primary !== '');
    if (served.length === 0) return [`a primary of follower partition ${index}`, 'none'];
    if (found.table.maxReplicaCount > 1 && served.every(({ secondaries }) => secondaries.length === 0))
      return [`a secondary of follower partition ${index}`, 'none'];
  }
  return undefined;
}

/** What the follower began with must cover where the shipping begins (B15, S15). */
function notCovered(state: ModelState, table: TableState, dup: DupState): Refusal | undefined {
  for (let index = 0; index < table.partitionCount; index++) {
    const part = followerPartition(state, dup, index);
    const stored = storedOf(dup.partitions[index]);
    const adopted = part === undefined || Object.keys(part.adopted).length === 0 ? undefined : part.begin.decree;
    if (adopted === undefined) return [`a checkpoint of the master under follower partition ${index}`, 'none'];
    if (adopted < stored) return [`a checkpoint of decree ${stored} or more under partition ${index}`, `${adopted}`];
  }
  return undefined;
}
