/**
 * The fault budget: an atlas over the copies of each partition's data. Process crashes, lost messages, slow parts and stopped
 * clocks are always within the budget: nothing is lost by them. Bit rot and failed disk calls spend the copy of the partition
 * whose file they hit; a power loss spends one only when it took records that others rely on (the model knows: acknowledged or
 * committed, and not in storage). Who becomes a member anew has learned, and its copy is whole again. A partition of which no
 * member has a whole copy may stay unavailable; who takes over with a lost tail ends what the others held beyond it. Both
 * are reported excusable, with the fault named. Nothing else ever is. Gpids are of one cluster each: copies are kept apart by cluster, and only what crosses between clusters looks at both.
 */
import { appIdOf } from '../../model/gpid.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { ModelState } from '../../model/state.ts';
import { isLive } from '../../model/tableNames.ts';
import type { ClusterId, Gpid, NodeId } from '../../model/vocabulary.ts';
import { clusterOfNode } from './eventPlace.ts';
import type { Blame } from './verdict.ts';

/** Faults that spend the copy of the partition whose file they hit. */
const DISK_FAULTS: ReadonlySet<string> = new Set(['disk.bit-rot', 'disk.full', 'disk.read-error', 'disk.write-error']);

/** Promises of availability: a spent copy may leave the partition without one of its members. */
const AVAILABILITY: ReadonlySet<string> = new Set(['L1', 'L2', 'dup.L1', 'dup.L2', 'dup.L3', 'dup.L4', 'dup.L6', 'L3', 'L4', 'L5', 'L6', 'L7', 'L8', 'repl.L1', 'repl.L2', 'repl.L4']);

/** What a primary may break that came back without acknowledged records, or took over without them. */
const LOSS: ReadonlySet<string> = new Set(['S1', 'S2']);

/** What a follower may lack, or have too much of, when a master or it lost promised records. */
const COPY_LOSS: ReadonlySet<string> = new Set(['S3', 'dup.S3', 'dup.S5', 'dup.S6', 'dup.S9', 'dup.S10', 'dup.S11']);

/** What takes two clusters: their partitions of one index stand for one another, whatever the table's id is on the other side. */
const CROSSING: ReadonlySet<string> = new Set([...COPY_LOSS, 'L1', 'L2', 'dup.L1', 'dup.L2', 'dup.L3', 'dup.L4', 'dup.L6', 'S6']);

export class Atlas {
  private readonly forceFlush: (cluster: ClusterId) => boolean;
  /** Per node and partition ('' for all of the node's), the first fault that spent the copy. */
  private readonly spent = new Map<string, string>();
  /** Per node and partition, the last power loss or flipped bit that took bytes of its log. */
  private readonly cut = new Map<string, string>();
  /** Per node and partition, what took promised log records, unnoticed when the replica was loaded. */
  private readonly silentlyLost = new Map<string, string>();
  /** Partitions (`cluster|gpid`) of which promised log records were lost at the primary, unnoticed when it was loaded. */
  private readonly lostTails = new Map<string, string>();
  /**
   * Partitions of which any member lost promised records: a secondary that lost a re-proposal and kept the older mutation of that
   * decree commits the older one when it hears of the commit point (an entry does not tell in which ballot it was chosen).
   */
  private readonly lostAnywhere = new Map<string, string>();
  /** Partitions in whose files a bit flipped: a checkpoint made of hard links carries it on. */
  private readonly rotted = new Map<string, string>();
  /** Per partition (`cluster|gpid`), those that were ever members, and those that are. */
  private readonly members = new Map<string, Set<NodeId>>();
  private readonly group = new Map<string, readonly NodeId[]>();
  /** Partitions of which no member had a whole copy at some moment, and the fault that spent the last one. */
  private readonly brokenUp = new Map<string, string>();
  private readonly primaries = new Map<string, NodeId>();
  private readonly shifted = new Map<NodeId, string>();

  /** `forceFlush`: the cluster's log is synced before it acknowledges, so that a power loss excuses nothing. */
  constructor(forceFlush: (cluster: ClusterId) => boolean) {
    this.forceFlush = forceFlush;
  }

  /** `state`: the model's, after the event. */
  event(event: ModelEvent, state: ModelState): void {
    if (event.kind === 'fault.struck' && event.node !== '') this.fault(event.fault, event.node, event.gpid, event.detail);
    else if (event.kind === 'log.survived') this.survived(event.node, event.gpid, state);
    else if (event.kind === 'replica.gone' && event.as === 'gar') this.gone(event.node, event.gpid, state);
    else if (event.kind === 'config.stored') {
      const partition = `${event.cluster}|${event.config.gpid}`;
      const { primary, gpid, secondaries } = event.config;
      this.primaries.set(partition, primary);
      this.joined(partition, [primary, ...secondaries].filter((node) => node !== ''));
      // A member that came back without promised records, and takes over (docs/departures FM12).
      const silent = this.silentlyLost.get(`${primary}|${gpid}`);
      if (silent !== undefined) this.lostTails.set(partition, silent);
      this.spendLast(partition);
    }
  }

  private fault(fault: string, node: NodeId, gpid: Gpid, detail: string): void {
    const text = `${fault} at ${node} ${detail}`.trim();
    const key = `${node}|${gpid}`;
    if (DISK_FAULTS.has(fault)) this.spend(key, text);
    if (fault === 'clock.shift') this.shifted.set(node, text);
    if (fault === 'disk.bit-rot') this.rotted.set(`${clusterOfNode(node)}|${gpid}`, text);
    // A flipped bit in a record's length reads as a torn tail (plog.P15): what lies behind it is gone without a word.
    if (fault === 'disk.bit-rot' && detail.includes('/plog/')) this.cut.set(key, text);
    if (fault === 'power-loss' && detail.includes('/plog/') && !this.forceFlush(clusterOfNode(node))) this.cut.set(key, text);
  }

  /** Of a dropped table that has expired by a clock that was set: by another clock it may be recalled. */
  private gone(node: NodeId, gpid: Gpid, state: ModelState): void {
    const cluster = clusterOfNode(node);
    const shifted = [...this.shifted].find(([other]) => clusterOfNode(other) === cluster);
    if (shifted !== undefined && !isLive(state.clusters[cluster]?.tables[appIdOf(gpid)]?.status)) this.brokenUp.set(`${cluster}|${gpid}`, shifted[1]);
  }

  private survived(node: NodeId, gpid: Gpid, state: ModelState): void {
    const key = `${node}|${gpid}`;
    const text = this.cut.get(key);
    const cluster = clusterOfNode(node);
    const replica = state.clusters[cluster]?.partitions[gpid]?.replicas[node];
    if (text === undefined || replica === undefined || !(replica.lost || replica.damaged)) return;
    this.spend(key, text);
    const partition = `${cluster}|${gpid}`;
    this.lostAnywhere.set(partition, text);
    const silently = !text.startsWith('disk.bit-rot') || !replica.damaged;
    if (silently) this.silentlyLost.set(key, text);
    if (silently && this.primaries.get(partition) === node) this.lostTails.set(partition, text);
  }

  private spend(key: string, text: string): void {
    if (!this.spent.has(key)) this.spent.set(key, text);
    for (const partition of this.group.keys()) this.spendLast(partition);
  }

  /** Who was no member before has learned from one. */
  private joined(partition: string, nodes: readonly NodeId[]): void {
    const before = this.group.get(partition) ?? nodes;
    const gpid = gpidOf(partition);
    const known = this.members.get(partition) ?? new Set<NodeId>();
    for (const node of nodes) {
      known.add(node);
      if (!before.includes(node)) this.spent.delete(`${node}|${gpid}`);
    }
    this.members.set(partition, known);
    this.group.set(partition, nodes);
  }

  /** Nobody has a whole copy any more: it cannot come back by learning. */
  private spendLast(partition: string): void {
    if (this.brokenUp.has(partition)) return;
    const faults = (this.group.get(partition) ?? []).map((node) => this.spentAt(node, partition));
    const last = faults.at(-1);
    if (last !== undefined && faults.every((fault) => fault !== undefined)) this.brokenUp.set(partition, last);
  }

  /**
   * Whose fault a broken property of a partition is; `node`: it depends on this member's disk alone; `cluster` '': not known. A
   * failed internal check is never excused.
   */
  blame(property: string, gpid: Gpid, node: NodeId | '' = '', cluster: ClusterId | '' = clusterOfNode(node)): Blame {
    const partitions = this.partitionsOf(property, gpid, cluster);
    for (const partition of partitions) {
      const fault = this.excuse(property, partition, node);
      if (fault !== undefined) return { kind: 'excusable', fault };
    }
    return { kind: 'bug' };
  }

  /** The partition itself in its cluster, or in each while that is not known; for what crosses, those of its index elsewhere. */
  private partitionsOf(property: string, gpid: Gpid, cluster: ClusterId | ''): readonly string[] {
    const index = indexOf(gpid);
    const known = new Set([...this.members.keys(), ...this.rotted.keys(), ...this.lostAnywhere.keys()]);
    return [...known].filter((partition) => {
      const [at = '', id = ''] = partition.split('|');
      if (id === gpid && (cluster === '' || at === cluster)) return true;
      return CROSSING.has(property) && at !== cluster && indexOf(id) === index;
    });
  }

  private excuse(property: string, partition: string, node: NodeId | ''): string | undefined {
    if (LOSS.has(property)) return this.lostTails.get(partition) ?? this.brokenUp.get(partition) ?? (property === 'S2' ? this.lostAnywhere.get(partition) : undefined);
    if (COPY_LOSS.has(property)) return this.lostAnywhere.get(partition) ?? this.rotted.get(partition);
    if (property === 'S6') return this.rotted.get(partition);
    if (!AVAILABILITY.has(property)) return undefined;
    // Learners, and what crosses between clusters, are told what one member's disk holds: its primary's.
    const teller = node === '' ? (this.primaries.get(partition) ?? '') : node;
    return (teller === '' ? undefined : this.spentAt(teller, partition)) ?? this.brokenUp.get(partition) ?? this.lostTails.get(partition);
  }

  private spentAt(node: NodeId, partition: string): string | undefined {
    return this.spent.get(`${node}|${gpidOf(partition)}`) ?? this.spent.get(`${node}|`);
  }

}

function gpidOf(partition: string): Gpid {
  return partition.slice(partition.indexOf('|') + 1);
}

function indexOf(gpid: Gpid): string {
  return gpid.slice(gpid.indexOf('.') + 1);
}
