/**
 * How much each server has: replicas and primaries of stored configurations, and what stands proposed (upstream's node_state and
 * newly_partitions). Both are kept with every change, so that a look at a partition costs the same however many others there are.
 */
import type { NodeId } from '../../../model/vocabulary.ts';
import { MemberCounts } from '../memberCounts.ts';
import type { Load, LoadView, Proposal } from './cureView.ts';

export class NodeLoads implements LoadView {
  private readonly stored: MemberCounts;
  private readonly standing = new MemberCounts();

  constructor(stored: MemberCounts) {
    this.stored = stored;
  }

  /** Of a partition of the table something else stands proposed than before. */
  onStanding(appId: number, old: Proposal | undefined, next: Proposal | undefined): void {
    if (old !== undefined) this.count(appId, old, -1);
    if (next !== undefined) this.count(appId, next, 1);
  }

  private count(appId: number, proposal: Proposal, times: 1 | -1): void {
    const { primaries, partitions } = this.brings(proposal);
    this.standing.add(appId, proposal.node, times * primaries, times * partitions);
  }

  loadOf(node: NodeId, appId: number): Load {
    const { stored, standing } = this;
    const [all, more] = [stored.of(node), standing.of(node)];
    const [app, moreOfApp] = [stored.ofApp(appId, node), standing.ofApp(appId, node)];
    return {
      appPrimaries: app.primaries + moreOfApp.primaries,
      appPartitions: app.partitions + moreOfApp.partitions,
      primaries: all.primaries + more.primaries,
      partitions: all.partitions + more.partitions,
    };
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
