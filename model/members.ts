/** Who is in a partition by the newest stored configuration. */
import type { PartitionState } from './state.ts';
import type { NodeId } from './vocabulary.ts';

/** The primary ('' while there is none) before the secondaries; empty while no configuration is stored. */
export function membersOf(part: PartitionState | undefined): readonly NodeId[] {
  const config = part?.configs[part.ballot];
  return config === undefined ? [] : [config.primary, ...config.secondaries];
}
