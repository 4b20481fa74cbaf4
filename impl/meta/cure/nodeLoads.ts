/**
 * How much each server has, over live tables: replicas and primaries of stored configurations, and what stands proposed
 * (upstream's node_state and newly_partitions). Counted anew for each look: there is nothing to keep in step.
 */
import type { NodeId } from '../../../model/vocabulary.ts';
import type { ServerState } from '../serverState.ts';
import type { Load, LoadView, Proposal } from './cureView.ts';

export class NodeLoads implements LoadView {
  private readonly all = new Map<NodeId, Count>();
  private readonly ofApp = new Map<string, Count>();
  private readonly stored = new Map<NodeId, number>();

  constructor(state: ServerState, proposals: Iterable<{ readonly appId: number; readonly proposal: Proposal }>) {
    for (const app of state.apps()) {
      if (app.status === 'AS_DROPPED') continue;
      for (const { primary, secondaries } of app.configs) {
        if (primary !== '') this.addStored(app.appId, primary, 1);
        for (const node of secondaries) this.addStored(app.appId, node, 0);
      }
    }
    for (const { appId, proposal } of proposals) this.addProposal(appId, proposal);
  }

  loadOf(node: NodeId, appId: number): Load {
    const all = this.all.get(node);
    const app = this.ofApp.get(`${appId} ${node}`);
    return {
      appPrimaries: app?.primaries ?? 0,
      appPartitions: app?.partitions ?? 0,
      primaries: all?.primaries ?? 0,
      partitions: all?.partitions ?? 0,
    };
  }

  storedPartitions(node: NodeId): number {
    return this.stored.get(node) ?? 0;
  }

  /** A secondary that takes over has its replica already. */
  addProposal(appId: number, { type, node }: Proposal): void {
    if (type === 'CT_ASSIGN_PRIMARY') this.add(appId, node, 1, 1);
    else if (type === 'CT_UPGRADE_TO_PRIMARY') this.add(appId, node, 1, 0);
    else if (type === 'CT_ADD_SECONDARY' || type === 'CT_ADD_SECONDARY_FOR_LB') this.add(appId, node, 0, 1);
  }

  private addStored(appId: number, node: NodeId, primaries: number): void {
    this.stored.set(node, this.storedPartitions(node) + 1);
    this.add(appId, node, primaries, 1);
  }

  private add(appId: number, node: NodeId, primaries: number, partitions: number): void {
    count(this.all, node, primaries, partitions);
    count(this.ofApp, `${appId} ${node}`, primaries, partitions);
  }
}

interface Count {
  readonly primaries: number;
  readonly partitions: number;
}

function count(map: Map<string, Count>, key: string, primaries: number, partitions: number): void {
  const old = map.get(key) ?? { primaries: 0, partitions: 0 };
  map.set(key, { primaries: old.primaries + primaries, partitions: old.partitions + partitions });
}
