/** Since when a partition serves, and who answers for it: kept as roles, processes and configurations change (obligations count from it). */
import { durableOf, serves, type ClusterState, type PartitionState, type ReplicaState } from './state.ts';

/** To be called after every change of a role or a configuration. */
export function noteServing(part: PartitionState, state: { readonly disturbedAtUs: number }, atUs: number): void {
  if (!serves(part)) stopServing(part, atUs);
  else if (part.servesSinceUs < 0) {
    part.servesSinceUs = atUs;
    if (part.servedFirstUs <= state.disturbedAtUs) part.servedFirstUs = atUs;
  }
}

export function stopServing(part: PartitionState, atUs: number): void {
  if (part.servesSinceUs >= 0) part.unservedSinceUs = atUs;
  part.servesSinceUs = -1;
}

/** What was asked of the primary is answered by another one now, which may have applied less. */
export function noteTakenOver(cluster: ClusterState, part: PartitionState, replica: ReplicaState): void {
  for (const command of Object.values(cluster.commands)) {
    if (command.appId !== part.appId || command.answered || !('partitionIndex' in command.command)) continue;
    command.appliedBefore = Math.min(command.appliedBefore, replica.applied);
    command.durableBefore = Math.min(command.durableBefore, durableOf(replica));
  }
}
