/** What a replica remembers while it is PRIMARY (repl 1.1, 1.8, 1.10; upstream's primary_context). */
import type { Decree, NodeId, PartitionConfig } from '../../model/vocabulary.ts';
import { INVALID_DECREE } from '../../model/vocabulary.ts';
import type { DiskStatus } from './host.ts';

const NO_MEMBERSHIP: PartitionConfig = {
  gpid: '',
  ballot: 0,
  maxReplicaCount: 0,
  primary: '',
  secondaries: [],
  lastDrops: [],
  lastCommittedDecree: 0,
};

export class PrimaryContext {
  /** The configuration under which this replica is, or was last, PRIMARY. */
  membership: PartitionConfig = NO_MEMBERSHIP;
  /** Reads are refused until the commit point has reached this decree. */
  lastPrepareDecreeOnNewPrimary: Decree = 0;
  /** The next time this replica becomes PRIMARY it may have lost a part of its log: it proposes a barrier (FM5). */
  barrierWanted = false;
  /** It was loaded with something prepared, and no barrier of its own has followed yet (FM5, FM12). */
  barrierDue = false;
  /** The barrier did not fit into the window yet. */
  barrierPending = false;
  /**
   * What this replica held when it became PRIMARY after a restart, or instead of another member: no other can have
   * committed more (FM5, FM12); -1 when it did neither.
   */
  recoveredMaxPrepared: Decree = INVALID_DECREE;
  /** As the secondaries' last group check answers said; absent: not known, taken for normal. */
  readonly secondaryDiskStatus = new Map<NodeId, DiskStatus>();

  /** On leaving PRIMARY (repl 1.11). */
  cleanup(): void {
    this.secondaryDiskStatus.clear();
  }
}
