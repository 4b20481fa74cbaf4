/**
 * The fault budget: an atlas over the copies of each partition's data. Process crashes, lost messages, slow parts and stopped
 * clocks are always within the budget: nothing is lost by them. A fault that destroys bytes (power loss that takes unsynced log
 * records, bit rot, failed disk calls) spends a copy of the partitions it hits. Membership is fixed, so a partition whose
 * member fell behind beyond repair may stay unavailable, and what only the primary's lost tail held may be gone; both are
 * reported excusable, with the fault named. Nothing else ever is.
 */
import type { ModelEvent } from '../../model/events.ts';
import type { Gpid, NodeId } from '../../model/vocabulary.ts';
import type { Blame } from './verdict.ts';

/** Faults that spend copies of everything on a node's disk. */
const DISK_FAULTS: ReadonlySet<string> = new Set(['disk.bit-rot', 'disk.full', 'disk.read-error', 'disk.write-error']);

/** Properties that a spent copy can excuse: durability and availability. Agreement and truth never are. */
const EXCUSABLE: ReadonlySet<string> = new Set(['S1', 'L3', 'L4', 'L5', 'L6', 'L7', 'L8', 'repl.L2', 'repl.L4']);

export class Atlas {
  /** Per node, the first fault that spent the copies on its disk. */
  private readonly spentNodes = new Map<NodeId, string>();
  /** Per node and partition, a power loss that took log records. */
  private readonly spentReplicas = new Map<string, string>();
  private readonly members = new Map<Gpid, Set<NodeId>>();

  event(event: ModelEvent): void {
    switch (event.kind) {
      case 'fault.struck':
        if (event.node !== '' && DISK_FAULTS.has(event.fault) && !this.spentNodes.has(event.node)) {
          this.spentNodes.set(event.node, `${event.fault} at ${event.node} ${event.detail}`.trim());
        }
        if (event.fault === 'power-loss') this.spentReplicas.set(`${event.node}|${event.gpid}`, `power loss at ${event.node}: ${event.detail}`);
        break;
      case 'config.stored':
        this.addMembers(event.config.gpid, [event.config.primary, ...event.config.secondaries]);
        break;
      default:
        break;
    }
  }

  private addMembers(gpid: Gpid, nodes: readonly string[]): void {
    const known = this.members.get(gpid) ?? new Set<NodeId>();
    for (const node of nodes) if (node !== '') known.add(node);
    this.members.set(gpid, known);
  }

  /** Whose fault a broken property of a partition is. */
  blame(property: string, gpid: Gpid): Blame {
    if (!EXCUSABLE.has(property)) return { kind: 'bug' };
    const fault = this.spent(gpid);
    return fault === undefined ? { kind: 'bug' } : { kind: 'excusable', fault };
  }

  private spent(gpid: Gpid): string | undefined {
    for (const node of this.members.get(gpid) ?? []) {
      const fault = this.spentReplicas.get(`${node}|${gpid}`) ?? this.spentNodes.get(node);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
}
