/**
 * How much each server has: replicas and primaries of stored configurations, and what stands proposed (upstream's node_state and
 * newly_partitions). Good for one look; proposals are counted when somebody asks, since most looks ask nothing.
 */
import type { NodeId } from '../../../model/vocabulary.ts';
import type { MemberCounts } from '../memberCounts.ts';
import type { Load, LoadView, Proposal } from './cureView.ts';

/** A proposal that stands, and the table that it is for. */
export interface StandingProposal {
  readonly appId: number;
  readonly proposal: Proposal;
}

export class NodeLoads implements LoadView {
  private readonly stored: MemberCounts;
  private readonly proposals: () => Iterable<StandingProposal>;
  private standing: readonly StandingProposal[] | undefined;

  constructor(stored: MemberCounts, proposals: () => Iterable<StandingProposal>) {
    this.stored = stored;
    this.proposals = proposals;
  }

  loadOf(node: NodeId, appId: number): Load {
    const all = this.stored.of(node);
    const app = this.stored.ofApp(appId, node);
    let [appPrimaries, appPartitions, primaries, partitions] = [app.primaries, app.partitions, all.primaries, all.partitions];
    this.standing ??= [...this.proposals()];
    for (const one of this.standing) {
      if (one.proposal.node !== node) continue;
      const more = this.brings(one.proposal);
      primaries += more.primaries;
      partitions += more.partitions;
      if (one.appId !== appId) continue;
      appPrimaries += more.primaries;
      appPartitions += more.partitions;
    }
    return { appPrimaries, appPartitions, primaries, partitions };
  }

  storedPartitions(node: NodeId): number {
    return this.stored.of(node).partitions;
  }

  /** A secondary that takes over has its replica already. */
  brings({ type }: Proposal): { readonly primaries: number; readonly partitions: number } {
    switch (type) {
      case 'CT_ASSIGN_PRIMARY':
        return { primaries: 1, partitions: 1 };
      case 'CT_UPGRADE_TO_PRIMARY':
        return { primaries: 1, partitions: 0 };
      case 'CT_ADD_SECONDARY':
      case 'CT_ADD_SECONDARY_FOR_LB':
        return { primaries: 0, partitions: 1 };
      default:
        return { primaries: 0, partitions: 0 };
    }
  }
}
