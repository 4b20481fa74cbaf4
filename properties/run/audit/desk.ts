/**
 * The audits' desk: views of nodes and replicas, stored configurations, what is owed at the end of a task, and where
 * lies go.
 */
import type { Ballot, ClusterId, Gpid, NodeId, PartitionConfig } from '../../../model/vocabulary.ts';
import type { Violation } from '../../../model/violation.ts';
import type { ClaimedKind, Desk, Direction } from './audit.ts';
import type { DiskView } from './diskView.ts';
import { HOOKS } from './hooks.ts';
import { LoadContents } from './loadFiles.ts';
import { NodeView, ReplicaView } from './view.ts';

/** Stored configurations kept for each partition: a prepare never belongs to an older one. */
const CONFIGS_KEPT = 4;

/** Answers of a flag or a role are the matter of S8, checkpoint directories of S6. */
const PROPERTY_OF: { readonly [K in ClaimedKind]: string } = {
  'replica.status': 'S8',
  'replica.prepared': 'S8',
  'replica.committed': 'S8',
  'replica.applied': 'S8',
  'replica.opened': 'S8',
  'replica.load-failed': 'S8',
  'replica.closed': 'S8',
  'checkpoint.ended': 'S6',
  'checkpoint.manual-flag': 'S8',
  'replica.list-cut': 'S8',
  'dup.started': 'S8',
  'dup.stopped': 'S8',
  'dup.shipped': 'S8',
  'dup.skipped': 'S8',
  'load.slot': 'S9',
  'throttle.verdict': 'S8',
};

export class AuditDesk implements Desk {
  writtenUs = 0;
  readonly contents = new LoadContents();
  private readonly nodes = new Map<NodeId, NodeView>();
  private readonly configs = new Map<ClusterId, Map<Gpid, PartitionConfig[]>>();
  private readonly disks: (node: NodeId) => DiskView;
  private readonly report: (violation: Violation) => void;
  private owing: ReplicaView[] = [];
  private struckNodes: NodeView[] = [];
  private readonly clock: () => number;

  constructor(clock: () => number, disks: (node: NodeId) => DiskView, report: (violation: Violation) => void) {
    this.clock = clock;
    this.disks = disks;
    this.report = report;
  }

  disk(node: NodeId): DiskView {
    return this.disks(node);
  }

  nodeView(node: NodeId): NodeView {
    let view = this.nodes.get(node);
    if (view === undefined) {
      view = new NodeView(node);
      this.nodes.set(node, view);
    }
    return view;
  }

  /** The replica's view; `dir` is told once its directory is known. */
  replica(node: NodeId, gpid: Gpid, dir = ''): ReplicaView {
    const owner = this.nodeView(node);
    let view = owner.replicas.get(gpid);
    if (view === undefined) {
      view = new ReplicaView(node, owner.cluster, gpid, dir === '' ? `${gpid}.pegasus` : dir);
      owner.replicas.set(gpid, view);
    }
    if (dir !== '') view.dir = dir;
    return view;
  }

  config(view: ReplicaView, ballot: Ballot): PartitionConfig | undefined {
    return this.configs.get(view.cluster)?.get(view.gpid)?.find((config) => config.ballot === ballot);
  }

  storedConfig(cluster: ClusterId, config: PartitionConfig): void {
    let byGpid = this.configs.get(cluster);
    if (byGpid === undefined) {
      byGpid = new Map();
      this.configs.set(cluster, byGpid);
    }
    const kept = (byGpid.get(config.gpid) ?? []).filter((old) => old.ballot !== config.ballot);
    kept.unshift(config);
    kept.length = Math.min(kept.length, CONFIGS_KEPT);
    byGpid.set(config.gpid, kept);
  }

  nowUs(): number {
    return this.clock();
  }

  owe(view: ReplicaView): void {
    view.owingUntilUs = Math.max(view.owingUntilUs, this.clock());
    if (view.owing) return;
    view.owing = true;
    this.owing.push(view);
  }

  /** A disk fault struck during the running task; it explains what is missing on that node. */
  struck(node: NodeView): void {
    node.struckUs = this.clock();
    if (node.struck) return;
    node.struck = true;
    this.struckNodes.push(node);
  }

  /** The node's process was paused: what its handlers have still to send leaves that much later, and so is due later. */
  holdBack(node: NodeView, lateUs: number): void {
    const nowUs = this.clock();
    for (const view of this.owing) {
      if (view.node === node.node && view.owingUntilUs > nowUs) view.owingUntilUs += lateUs;
    }
    if (node.struck && node.struckUs > nowUs) node.struckUs += lateUs;
  }

  lie(
    kind: ClaimedKind,
    direction: Direction,
    _view: ReplicaView,
    message: string,
    expected: string,
    actual: string,
  ): void {
    this.report({ property: PROPERTY_OF[kind], rule: `audit/${kind}/${direction}`, message, expected, actual });
  }

  /** Something wrong with the bytes themselves, whatever was claimed. */
  wrong(property: string, rule: string, message: string, expected: string, actual: string): void {
    this.report({ property, rule: `audit/${rule}`, message, expected, actual });
  }

  /** A record in a state store that upstream's reader would not read, or that its writer never writes. */
  unreadableRecord(cluster: ClusterId, why: string, value: string): void {
    this.wrong('S7', 'store/readable', `${cluster}: ${why}`, 'a record in upstream layout', value.slice(0, 200));
  }

  /**
   * Tasks whose handlers reached moments before `nowUs` are over, and so is what they sent: what they owe is due. A
   * handler runs at once, but its messages leave at the moments that it had reached, which may lie ahead of the
   * world.
   */
  settle(nowUs: number): void {
    if (this.owing.length > 0) {
      const views = this.owing;
      this.owing = [];
      for (const view of views) {
        if (view.owingUntilUs >= nowUs) {
          this.owing.push(view);
          continue;
        }
        view.owing = false;
        view.owingUntilUs = -1;
        for (const hook of HOOKS.settle) hook(this, view);
        view.forgetOwed();
      }
    }
    if (this.struckNodes.length === 0) return;
    for (const node of this.struckNodes) if (node.struckUs < nowUs) node.struck = false;
    this.struckNodes = this.struckNodes.filter((node) => node.struck);
  }
}
