/** How many replicas and primaries each server has, by configurations or by proposals, over all tables and in each: kept with every change. */
import type { NodeId, PartitionConfig } from '../../model/vocabulary.ts';

interface Count {
  primaries: number;
  partitions: number;
}

const NONE: Readonly<Count> = { primaries: 0, partitions: 0 };

export class MemberCounts {
  private readonly all = new Map<NodeId, Count>();
  private readonly ofApps = new Map<number, Map<NodeId, Count>>();

  /** Over all tables. A dropped one has no members. */
  of(node: NodeId): Readonly<Count> {
    return this.all.get(node) ?? NONE;
  }

  ofApp(appId: number, node: NodeId): Readonly<Count> {
    return this.ofApps.get(appId)?.get(node) ?? NONE;
  }

  /** A partition of the table has another configuration. */
  replace(appId: number, old: PartitionConfig, config: PartitionConfig): void {
    this.count(appId, old, -1);
    this.count(appId, config, 1);
  }

  private count(appId: number, { primary, secondaries }: PartitionConfig, by: 1 | -1): void {
    if (primary !== '') this.add(appId, primary, by, by);
    for (const node of secondaries) this.add(appId, node, 0, by);
  }

  add(appId: number, node: NodeId, primaries: number, partitions: number): void {
    let ofApp = this.ofApps.get(appId);
    if (ofApp === undefined) this.ofApps.set(appId, (ofApp = new Map()));
    for (const counts of [this.all, ofApp]) {
      const count = counts.get(node) ?? { ...NONE };
      counts.set(node, count);
      count.primaries += primaries;
      count.partitions += partitions;
    }
  }
}
