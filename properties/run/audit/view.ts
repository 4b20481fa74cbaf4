/**
 * What the auditor knows of one replica on one node: what its disk holds (decoded), what it has claimed, and what is
 * owed between the two at the end of the running task.
 */
import type { MutationFact } from '../../../model/events.ts';
import type { Ballot, ClusterId, Decree, DupId, Gpid, NodeId, PartitionStatus } from '../../../model/vocabulary.ts';
import type { DuplicatorView } from './dupView.ts';
import type { LogFileReader } from './logReader.ts';
import { HeldSlots, LoadView } from './loadView.ts';
import { StorageReader } from './storageReader.ts';
import { ThrottleView } from './throttleView.ts';

/** Decrees at once between commit point and newest prepared are at most 110 (repl 1.6). */
const RING = 256;

/** A mutation that the replica said it prepared. */
export interface Prepared {
  readonly mutation: MutationFact;
  readonly as: 'primary' | 'secondary';
  /** Nodes that a prepare of it was sent to. */
  readonly sentTo: NodeId[];
}

export interface LoggedRecord {
  readonly mutation: MutationFact;
  readonly logOffset: number;
}

export interface LogFile {
  readonly path: string;
  reader: LogFileReader;
  readonly records: LoggedRecord[];
}

export interface Listing {
  /** Its files were all there and right. */
  readonly whole: boolean;
  readonly contentDecree: Decree;
  readonly contentDigest: number;
}

/** An effect seen whose claim has not come yet; it may still come in the same task. */
export interface Orphan {
  readonly to: NodeId;
  readonly mutation: MutationFact;
}

/**
 * When each of the last decrees was claimed. A message leaves at the moment that its handler had reached when it
 * wrote it, which can be seen after claims that the same handler made later: only claims of an earlier moment count
 * against it.
 */
export class ClaimTimes {
  private readonly times = new Float64Array(RING).fill(-1);
  private readonly decrees = new Float64Array(RING).fill(-1);

  note(decree: Decree, atUs: number): void {
    this.times[decree & (RING - 1)] = atUs;
    this.decrees[decree & (RING - 1)] = decree;
  }

  /** Whether `decree` was claimed before the moment; true for one that is not remembered. */
  before(decree: Decree, momentUs: number): boolean {
    if (this.decrees[decree & (RING - 1)] !== decree) return true;
    return (this.times[decree & (RING - 1)] ?? -1) < momentUs;
  }
}

/** A thing that only a replica in a certain state does. */
export interface Need {
  readonly status: PartitionStatus;
  readonly ballot: Ballot;
  readonly what: string;
}

/** The last prepared mutation of each decree, for the decrees that can still be in flight. */
export class PreparedRing {
  private readonly slots: (Prepared | undefined)[] = new Array<Prepared | undefined>(RING).fill(undefined);

  get(decree: Decree): Prepared | undefined {
    const entry = this.slots[decree & (RING - 1)];
    return entry !== undefined && entry.mutation.decree === decree ? entry : undefined;
  }

  set(entry: Prepared): void {
    this.slots[entry.mutation.decree & (RING - 1)] = entry;
  }

  clear(): void {
    this.slots.fill(undefined);
  }
}

export class ReplicaView {
  readonly node: NodeId;
  readonly cluster: ClusterId;
  readonly gpid: Gpid;
  /** The replica's directory. */
  dir: string;

  // ------------------------------------------------ on disk
  /** By index; the order of insertion is the order of creation. */
  readonly log = new Map<number, LogFile>();
  /** The newest record of each decree above the flushed one. */
  readonly mutations = new Map<Decree, MutationFact>();
  logDamaged = false;
  /** A file of the database or of a checkpoint was damaged: what cannot be read is explained. */
  storageDamaged = false;
  /** Its database was downloaded, and the replica was not claimed open since. */
  adopted = false;
  /** Downloaded files that were damaged since they were written. */
  readonly damagedDownloads = new Set<string>();
  flushed: Decree = 0;
  readonly checkpoints = new Map<Decree, Listing>();
  readonly storage = new StorageReader();
  readonly load = new LoadView();
  /** A checkpoint directory whose files are appearing one by one. */
  building: Decree | undefined = undefined;
  /** A disk call failed since it was begun. */
  buildingStruck = false;
  /** The directory was set aside since the replica was last claimed open (or the process came up). */
  setAside: 'err' | 'gar' | 'other' | undefined = undefined;

  // ------------------------------------------------ claimed
  open = false;
  /** Claimed closed since the process came up, and not opened again. */
  closed = false;
  /** Its server has called it unknown although it is claimed open: it is being closed. */
  denied = false;
  status: PartitionStatus = 'PS_INACTIVE';
  ballot: Ballot = 0;
  /** The ballot before the last status claim of the running task. */
  ballotBefore: Ballot = 0;
  committed: Decree = 0;
  applied: Decree = 0;
  /** Bits of the statuses that were claimed at some time of the running task. */
  readonly statusesOfTask = new Set<PartitionStatus>();
  openedAtUs = -1;
  /** When the last status claim was made. */
  statusAtUs = -1;
  readonly committedAt = new ClaimTimes();
  readonly appliedAt = new ClaimTimes();
  closedInTask = false;
  loadFailedClaimed = false;
  readonly prepared = new PreparedRing();
  /** Its duplicators since it was opened, by dupid. */
  readonly duplicators = new Map<DupId, DuplicatorView>();
  readonly throttle = new ThrottleView();

  // ------------------------------------------------ owed
  /** True while the view stands in the auditor's list of views to settle at the end of the task. */
  owing = false;
  /** The latest moment of anything owed: the task that owes it reaches at least this far. */
  owingUntilUs = -1;
  /** Prepared claims whose log record has not been seen, in order. */
  readonly logQueue: Prepared[] = [];
  readonly sendsOwed: Prepared[] = [];
  readonly orphanSends: Orphan[] = [];
  readonly orphanRecords: MutationFact[] = [];
  readonly needs: Need[] = [];
  /** Numbers told to others that the claims have not reached yet. */
  committedTold: Decree = 0;
  appliedTold: Decree = 0;
  activity = '';
  ballotClaimed: Ballot = -1;
  loadFailedOwed = false;
  errOwed = false;
  goneOwed = false;
  checkpointUnclaimed: Decree | undefined = undefined;
  /** The decree of a storage that took the place of another under the open replica; -1: none did in the running task. */
  storageReplacedAt: Decree = -1;
  /** Bytes of the newest prepares that reached the replica, by decree in a small ring. */
  readonly received = new PreparedRing();

  constructor(node: NodeId, cluster: ClusterId, gpid: Gpid, dir: string) {
    this.node = node;
    this.cluster = cluster;
    this.gpid = gpid;
    this.dir = dir;
  }

  /** The largest checkpoint directory, 0 without any. */
  newestCheckpoint(): Decree {
    let newest = 0;
    for (const decree of this.checkpoints.keys()) if (decree > newest) newest = decree;
    return newest;
  }

  /** Nothing of the replica is in memory any more: process end, or a new incarnation. */
  forgetMemory(): void {
    this.open = false;
    this.closed = false;
    this.denied = false;
    this.status = 'PS_INACTIVE';
    this.applied = this.flushed;
    this.committed = this.flushed;
    this.loadFailedClaimed = false;
    this.setAside = undefined;
    this.prepared.clear();
    this.received.clear();
    this.logQueue.length = 0;
    this.checkpointUnclaimed = undefined;
    this.duplicators.clear();
    this.throttle.forget();
    this.forgetOwed();
    // What the ended process had still before it holds nothing back that a new one owes.
    this.owingUntilUs = -1;
  }

  /** Drops what the running task owes. */
  forgetOwed(): void {
    this.sendsOwed.length = 0;
    this.orphanSends.length = 0;
    this.orphanRecords.length = 0;
    this.needs.length = 0;
    this.statusesOfTask.clear();
    this.ballotBefore = this.ballot;
    this.closedInTask = false;
    this.committedTold = 0;
    this.appliedTold = 0;
    this.activity = '';
    this.ballotClaimed = -1;
    this.loadFailedOwed = false;
    this.errOwed = false;
    this.goneOwed = false;
    this.storageReplacedAt = -1;
    if (this.load.owes) this.load.forgetOwed();
  }

  /** Nothing of the replica is on disk any more. */
  forgetDisk(): void {
    this.log.clear();
    this.mutations.clear();
    this.logDamaged = false;
    this.storageDamaged = false;
    this.adopted = false;
    this.damagedDownloads.clear();
    this.flushed = 0;
    this.checkpoints.clear();
    this.storage.forget();
    this.load.forgetDisk();
    this.building = undefined;
  }

  toString(): string {
    return `${this.gpid} on ${this.node}`;
  }
}

/** A process and what it claims of the whole server. */
export class NodeView {
  readonly node: NodeId;
  readonly cluster: ClusterId;
  readonly replicas = new Map<Gpid, ReplicaView>();
  /** Replicas whose manual checkpoint flag is claimed set (repl 2.3). */
  readonly manualFlags = new Set<Gpid>();
  readonly slots = new HeldSlots();
  running = false;
  /** What stood on the disk before the first process came up has been read. */
  known = false;
  /** A fault struck the node during the running task. */
  struck = false;
  struckUs = -1;

  constructor(node: NodeId) {
    this.node = node;
    this.cluster = node.slice(0, Math.max(0, node.indexOf('/')));
  }

  /** The process has ended. */
  forgetMemory(): void {
    this.running = false;
    this.manualFlags.clear();
    this.slots.clear();
  }
}
