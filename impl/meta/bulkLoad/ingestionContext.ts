/**
 * How many partitions ingest at once per node and per disk (bl 12.3). A grant has a number, and only that number gives it
 * back: a late answer of an earlier round does not free what a later one holds, and a partition never holds two.
 *
 * Which disk a partition has on a node is told by the node's configuration sync; what is not known yet counts as lying
 * on one disk with the rest that is not known, where upstream leaves it out and so limits nothing after a failover.
 */
import type { Gpid, NodeId } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import type { ConfigSyncRequest } from '../../protocol/messages.ts';

interface NodeContext {
  nodeCount: number;
  readonly diskCounts: Map<string, number>;
}

interface Grant {
  readonly number: number;
  readonly places: readonly { readonly node: NodeId; readonly disk: string }[];
}

const UNKNOWN_DISK = '';

export class IngestionContext {
  readonly ctx: Context;
  private readonly running = new Map<Gpid, Grant>();
  private readonly nodes = new Map<NodeId, NodeContext>();
  private readonly disks = new Map<Gpid, Map<NodeId, string>>();
  private nextGrant = 1;

  constructor(ctx: Context) {
    this.ctx = ctx;
  }

  /** What a node's configuration sync tells of its replicas' disks. */
  noteDisks({ node, stored }: ConfigSyncRequest): void {
    for (const { gpid, diskTag } of stored) if (diskTag !== undefined) this.noteDisk(gpid, node, diskTag);
  }

  /** The disk tag of a partition's replica on a node. */
  noteDisk(gpid: Gpid, node: NodeId, disk: string): void {
    const known = this.disks.get(gpid);
    if (known === undefined) this.disks.set(gpid, new Map([[node, disk]]));
    else known.set(node, disk);
  }

  /** The number of a grant for all members; undefined when one of them has no slot left, or when one is held. */
  tryPartitionIngestion(gpid: Gpid, members: readonly NodeId[]): number | undefined {
    if (this.running.has(gpid)) return undefined;
    const places = members.map((node) => ({ node, disk: this.disks.get(gpid)?.get(node) ?? UNKNOWN_DISK }));
    // Every place is looked at, as the look makes the disk known.
    const isAllowed = places.map(({ node, disk }) => this.checkIfAdd(node, disk)).every((allowed) => allowed);
    if (!isAllowed) return undefined;
    for (const { node, disk } of places) this.add(node, disk, 1);
    const number = this.nextGrant++;
    this.running.set(gpid, { number, places });
    return number;
  }

  private checkIfAdd(node: NodeId, disk: string): boolean {
    const context = this.contextOf(node);
    const nodeLimit = this.ctx.settings.bulkLoadNodeMaxIngestingCount;
    const diskLimit = this.diskLimit(this.disksShown(context));
    const diskCount = context.diskCounts.get(disk) ?? 0;
    context.diskCounts.set(disk, diskCount);
    return context.nodeCount < nodeLimit && diskCount < diskLimit;
  }

  /** What is not known is no further disk: it would take from the limit of the others. */
  disksShown({ diskCounts }: NodeContext): number {
    return diskCounts.has(UNKNOWN_DISK) ? diskCounts.size - 1 : diskCounts.size;
  }

  /** `disks` that the node has shown so far. */
  diskLimit(disks: number): number {
    const { bulkLoadNodeMaxIngestingCount, bulkLoadNodeMinDiskCount } = this.ctx.settings;
    return Math.ceil(bulkLoadNodeMaxIngestingCount / Math.max(disks, bulkLoadNodeMinDiskCount, 1));
  }

  private contextOf(node: NodeId): NodeContext {
    const known = this.nodes.get(node);
    if (known !== undefined) return known;
    const context: NodeContext = { nodeCount: 0, diskCounts: new Map() };
    this.nodes.set(node, context);
    return context;
  }

  private add(node: NodeId, disk: string, by: number): void {
    const context = this.contextOf(node);
    context.nodeCount += by;
    context.diskCounts.set(disk, (context.diskCounts.get(disk) ?? 0) + by);
  }

  /** Gives back what was granted under that number, exactly; repeats do nothing. */
  release(gpid: Gpid, number: number): void {
    const grant = this.running.get(gpid);
    if (grant === undefined || !this.isSameGrant(grant.number, number)) return;
    this.running.delete(gpid);
    for (const { node, disk } of grant.places) this.add(node, disk, -1);
  }

  isSameGrant(held: number, number: number): boolean {
    return held === number;
  }

  /** The number that the partition holds; undefined without. */
  grantOf(gpid: Gpid): number | undefined {
    return this.running.get(gpid)?.number;
  }

  ingestingCount(): number {
    return this.running.size;
  }
}
