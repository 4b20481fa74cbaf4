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

/** Promises of availability: a spent copy may leave the partition without one of its members. */
const AVAILABILITY: ReadonlySet<string> = new Set(['L3', 'L4', 'L5', 'L6', 'L7', 'L8', 'repl.L1', 'repl.L2', 'repl.L4']);

export class Atlas {
  private readonly forceFlush: boolean;
  /** Per node, the first fault that spent the copies on its disk. */
  private readonly spentNodes = new Map<NodeId, string>();
  /** Per node and partition, a power loss that took bytes. */
  private readonly spentReplicas = new Map<string, string>();
  /** Partitions of which a power loss took unsynced log records at the primary: nobody else may take over yet. */
  private readonly lostTails = new Map<Gpid, string>();
  /** Partitions in whose files a bit flipped: a checkpoint made of hard links carries it on. */
  private readonly rotted = new Map<Gpid, string>();
  private readonly members = new Map<Gpid, Set<NodeId>>();
  private readonly primaries = new Map<Gpid, NodeId>();

  /** `forceFlush`: the log is synced before it acknowledges, so that a power loss takes nothing acknowledged. */
  constructor(forceFlush: boolean) {
    this.forceFlush = forceFlush;
  }

  event(event: ModelEvent): void {
    if (event.kind === 'fault.struck' && event.node !== '') this.fault(event.fault, event.node, event.gpid, event.detail);
    else if (event.kind === 'config.stored') {
      this.primaries.set(event.config.gpid, event.config.primary);
      this.addMembers(event.config.gpid, [event.config.primary, ...event.config.secondaries]);
    }
  }

  private fault(fault: string, node: NodeId, gpid: Gpid, detail: string): void {
    const text = `${fault} at ${node} ${detail}`.trim();
    if (DISK_FAULTS.has(fault) && !this.spentNodes.has(node)) this.spentNodes.set(node, text);
    if (fault === 'disk.bit-rot') this.rotted.set(gpid, text);
    if (fault !== 'power-loss' || gpid === '') return;
    this.spentReplicas.set(`${node}|${gpid}`, text);
    if (!this.forceFlush && detail.includes('/plog/') && this.primaries.get(gpid) === node) this.lostTails.set(gpid, text);
  }

  private addMembers(gpid: Gpid, nodes: readonly string[]): void {
    const known = this.members.get(gpid) ?? new Set<NodeId>();
    for (const node of nodes) if (node !== '') known.add(node);
    this.members.set(gpid, known);
  }

  /** Whose fault a broken property of a partition is. A failed internal check is never excused. */
  blame(property: string, gpid: Gpid): Blame {
    if (property === 'S5') return { kind: 'bug' };
    const fault = this.lostTails.get(gpid) ?? (property === 'S6' ? this.rotted.get(gpid) : undefined) ?? (AVAILABILITY.has(property) ? this.spent(gpid) : undefined);
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
