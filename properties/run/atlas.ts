/**
 * The fault budget: an atlas over the copies of each partition's data. Process crashes, lost messages, slow parts and stopped
 * clocks are always within the budget: nothing is lost by them. Bit rot and failed disk calls spend the copy of the partition
 * whose file they hit; a power loss spends one only when it took records that others rely on (the model knows: acknowledged or
 * committed, and not in storage). Membership is fixed, so a partition whose member fell behind beyond repair may stay
 * unavailable, and what only the primary's lost tail held may be gone; both are reported excusable, with the fault named.
 * Nothing else ever is.
 */
import type { ModelEvent } from '../../model/events.ts';
import type { ModelState } from '../../model/state.ts';
import type { Gpid, NodeId } from '../../model/vocabulary.ts';
import type { Blame } from './verdict.ts';

/** Faults that spend the copy of the partition whose file they hit. */
const DISK_FAULTS: ReadonlySet<string> = new Set(['disk.bit-rot', 'disk.full', 'disk.read-error', 'disk.write-error']);

/** Promises of availability: a spent copy may leave the partition without one of its members. */
const AVAILABILITY: ReadonlySet<string> = new Set(['L3', 'L4', 'L5', 'L6', 'L7', 'L8', 'repl.L1', 'repl.L2', 'repl.L4']);

/** What a primary may break that came back without acknowledged records: nobody else may take over yet. */
const LOSS: ReadonlySet<string> = new Set(['S1', 'S2']);

export class Atlas {
  private readonly forceFlush: boolean;
  /** Per node and partition ('' for all of the node's), the first fault that spent the copy. */
  private readonly spent = new Map<string, string>();
  /** Per node and partition, the last power loss or flipped bit that took bytes of its log. */
  private readonly cut = new Map<string, string>();
  /** Partitions of which promised log records were lost at the primary, unnoticed when it was loaded. */
  private readonly lostTails = new Map<Gpid, string>();
  /**
   * Partitions of which any member lost promised records: a secondary that lost a re-proposal and kept the older mutation of that
   * decree commits the older one when it hears of the commit point (an entry does not tell in which ballot it was chosen).
   */
  private readonly lostAnywhere = new Map<Gpid, string>();
  /** Partitions in whose files a bit flipped: a checkpoint made of hard links carries it on. */
  private readonly rotted = new Map<Gpid, string>();
  private readonly members = new Map<Gpid, Set<NodeId>>();
  private readonly primaries = new Map<Gpid, NodeId>();

  /** `forceFlush`: the log is synced before it acknowledges, so that a power loss excuses nothing. */
  constructor(forceFlush: boolean) {
    this.forceFlush = forceFlush;
  }

  /** `state`: the model's, after the event. */
  event(event: ModelEvent, state: ModelState): void {
    if (event.kind === 'fault.struck' && event.node !== '') this.fault(event.fault, event.node, event.gpid, event.detail);
    else if (event.kind === 'log.survived') this.survived(event.node, event.gpid, state);
    else if (event.kind === 'config.stored') {
      this.primaries.set(event.config.gpid, event.config.primary);
      this.addMembers(event.config.gpid, [event.config.primary, ...event.config.secondaries]);
    }
  }

  private fault(fault: string, node: NodeId, gpid: Gpid, detail: string): void {
    const text = `${fault} at ${node} ${detail}`.trim();
    const key = `${node}|${gpid}`;
    if (DISK_FAULTS.has(fault) && !this.spent.has(key)) this.spent.set(key, text);
    if (fault === 'disk.bit-rot') this.rotted.set(gpid, text);
    // A flipped bit in a record's length reads as a torn tail (plog.P15): what lies behind it is gone without a word.
    if (fault === 'disk.bit-rot' && detail.includes('/plog/')) this.cut.set(key, text);
    if (fault === 'power-loss' && detail.includes('/plog/') && !this.forceFlush) this.cut.set(key, text);
  }

  private survived(node: NodeId, gpid: Gpid, state: ModelState): void {
    const key = `${node}|${gpid}`;
    const text = this.cut.get(key);
    const replica = state.clusters[node.slice(0, node.indexOf('/'))]?.partitions[gpid]?.replicas[node];
    if (text === undefined || replica === undefined || !(replica.lost || replica.damaged)) return;
    if (!this.spent.has(key)) this.spent.set(key, text);
    this.lostAnywhere.set(gpid, text);
    const silently = !text.startsWith('disk.bit-rot') || !replica.damaged;
    if (silently && this.primaries.get(gpid) === node) this.lostTails.set(gpid, text);
  }

  private addMembers(gpid: Gpid, nodes: readonly string[]): void {
    const known = this.members.get(gpid) ?? new Set<NodeId>();
    for (const node of nodes) if (node !== '') known.add(node);
    this.members.set(gpid, known);
  }

  /**
   * Whose fault a broken property of a partition is; `node`: it depends on this member's disk alone. A failed internal check is
   * never excused.
   */
  blame(property: string, gpid: Gpid, node: NodeId | '' = ''): Blame {
    let fault: string | undefined;
    if (LOSS.has(property)) fault = this.lostTails.get(gpid) ?? (property === 'S2' ? this.lostAnywhere.get(gpid) : undefined);
    else if (property === 'S6') fault = this.rotted.get(gpid);
    else if (AVAILABILITY.has(property)) fault = node === '' ? this.spentOf(gpid) : this.spentAt(node, gpid);
    return fault === undefined ? { kind: 'bug' } : { kind: 'excusable', fault };
  }

  private spentAt(node: NodeId, gpid: Gpid): string | undefined {
    return this.spent.get(`${node}|${gpid}`) ?? this.spent.get(`${node}|`);
  }

  private spentOf(gpid: Gpid): string | undefined {
    for (const node of this.members.get(gpid) ?? []) {
      const fault = this.spentAt(node, gpid);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
}
