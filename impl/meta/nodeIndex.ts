/**
 * Which partitions of each table name a server in their configurations, kept with every change (upstream's node_state): a config sync
 * costs what its server has, and not what the cluster has.
 */
import type { NodeId, PartitionConfig } from '../../model/vocabulary.ts';

export class NodeIndex {
  private readonly ofApps = new Map<number, Map<NodeId, Set<number>>>();
  private readonly namesIn: (config: PartitionConfig) => readonly NodeId[];

  /** @param namesIn which servers a configuration names. */
  constructor(namesIn: (config: PartitionConfig) => readonly NodeId[]) {
    this.namesIn = namesIn;
  }

  /** Indices of the table's partitions, ascending. */
  of(appId: number, node: NodeId): readonly number[] {
    return [...(this.ofApps.get(appId)?.get(node) ?? [])].sort((a, b) => a - b);
  }

  replace(appId: number, partitionIndex: number, old: PartitionConfig, config: PartitionConfig): void {
    for (const node of this.namesIn(old)) this.partitionsOf(appId, node).delete(partitionIndex);
    for (const node of this.namesIn(config)) this.partitionsOf(appId, node).add(partitionIndex);
  }

  private partitionsOf(appId: number, node: NodeId): Set<number> {
    let ofApp = this.ofApps.get(appId);
    if (ofApp === undefined) this.ofApps.set(appId, (ofApp = new Map()));
    let partitions = ofApp.get(node);
    if (partitions === undefined) ofApp.set(node, (partitions = new Set()));
    return partitions;
  }
}
