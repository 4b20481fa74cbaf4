/** Who is in a partition by the newest stored configuration. */
import type { PartitionState, ReplicaState } from './state.ts';
import type { NodeId } from './vocabulary.ts';

/** The primary ('' while there is none) before the secondaries; empty while no configuration is stored. */
export function membersOf(part: PartitionState | undefined): readonly NodeId[] {
  const config = part?.configs[part.ballot];
  return config === undefined ? [] : [config.primary, ...config.secondaries];
}

const isHurt = (replica: ReplicaState | undefined): boolean => replica?.lost === true || replica?.damaged === true;

/** A fault took promised records or a whole replica from somebody who has not learned them again. */
export function hasLosses(part: PartitionState): boolean {
  return Object.values(part.replicas).some(isHurt);
}

/** Nobody of the group has everything any more: what is left may serve, or not. */
export function excused(part: PartitionState): boolean {
  return hasLosses(part) && membersOf(part).every((node) => node === '' || isHurt(part.replicas[node]));
}
