/**
 * One duplication at the meta server (dup 2.3): its status machine (dup 3.3) and the progress of its partitions
 * (dup 4.2), in memory. What is visible here has been persisted: a change is first noted as the next one, and becomes
 * the current one when the store has it. One change of status is on its way at a time, one progress write for each
 * partition.
 *
 * The decree that a progress write stores is the largest that was reported, not the reporter's own (dup.B5); while a
 * removal is under way no new progress is written, and the removal waits for what is on its way (dup.B6). Without a
 * checkpoint, what is stored first is where shipping begins, and no other primary's proposal takes its place (dup.Q13).
 */
import type {
  ClusterId,
  Decree,
  DupId,
  DuplicationFailMode,
  DuplicationStatus,
  ErrorCode,
  NodeId,
} from '../../../model/vocabulary.ts';
import { INVALID_DECREE } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import type {
  DupPartitionState,
  DuplicationConfirmEntry,
  DuplicationEntry,
} from '../../protocol/duplicationMessages.ts';
import { encodeDuplication } from './duplicationRecords.ts';

/** What never changes of a duplication. */
export interface DuplicationIdentity {
  readonly id: DupId;
  readonly appId: number;
  readonly appName: string;
  readonly partitionCount: number;
  readonly remoteCluster: ClusterId;
  readonly remoteAppName: string;
  readonly remoteReplicaCount: number;
  /** Empty when the configuration does not name the remote cluster (any more). */
  readonly remoteClusterMetas: readonly NodeId[];
  /** Wall milliseconds. */
  readonly createTimestampMs: number;
}

/** Upstream's partition_progress. */
export interface PartitionProgress {
  /** As last reported; memory only. */
  lastCommittedDecree: Decree;
  /** The largest decree reported. */
  volatileDecree: Decree;
  /** The decree that the store holds; -1 before the first. */
  storedDecree: Decree;
  /** A write of `volatileDecree` is on its way. */
  isAltering: boolean;
  /** Monotonic milliseconds of the last write's beginning; undefined before the first. */
  lastProgressUpdateMs: number | undefined;
  /** Its node was read, or the duplication is new. */
  isInited: boolean;
  /** Memory only. */
  checkpointPrepared: boolean;
}

/** What a report says of the partition that it is about. */
export type ConfirmReport = Pick<
  DuplicationConfirmEntry,
  'confirmedDecree' | 'checkpointPrepared' | 'lastCommittedDecree' | 'isStart'
>;

/** dup 3.3: from each status, where it may go besides staying. */
const LEGAL_TRANSITIONS: Readonly<Record<DuplicationStatus, readonly DuplicationStatus[]>> = {
  DS_INIT: ['DS_PREPARE', 'DS_LOG', 'DS_REMOVED'],
  DS_PREPARE: ['DS_APP', 'DS_REMOVED'],
  DS_APP: ['DS_LOG', 'DS_REMOVED'],
  DS_LOG: ['DS_PAUSE', 'DS_REMOVED'],
  DS_PAUSE: ['DS_LOG', 'DS_REMOVED'],
  DS_REMOVED: [],
};

export class DuplicationInfo {
  readonly ctx: Context;
  readonly identity: DuplicationIdentity;
  status: DuplicationStatus = 'DS_INIT';
  failMode: DuplicationFailMode = 'FAIL_SLOW';
  /** What is on its way to the store, while `isAltering`. */
  nextStatus: DuplicationStatus = 'DS_INIT';
  nextFailMode: DuplicationFailMode = 'FAIL_SLOW';
  isAltering = false;
  readonly progress: PartitionProgress[] = [];

  constructor(ctx: Context, identity: DuplicationIdentity) {
    this.ctx = ctx;
    this.identity = identity;
    for (let i = 0; i < identity.partitionCount; i++) {
      this.progress.push({
        lastCommittedDecree: -1,
        volatileDecree: -1,
        storedDecree: -1,
        isAltering: false,
        lastProgressUpdateMs: undefined,
        isInited: false,
        checkpointPrepared: false,
      });
    }
  }

  get id(): DupId {
    return this.identity.id;
  }

  // ------------------------------------------------------------------ status

  /** The first status of a new duplication: with a checkpoint it is prepared, without it ships at once. */
  start(isDuplicatingCheckpoint: boolean): ErrorCode {
    return this.alterStatus(isDuplicatingCheckpoint ? 'DS_PREPARE' : 'DS_LOG', 'FAIL_SLOW');
  }

  /** Notes a change that the caller then persists, if `isAltering` afterwards. */
  alterStatus(to: DuplicationStatus, failMode: DuplicationFailMode): ErrorCode {
    if (this.isAltering) return 'ERR_BUSY';
    if (this.status === 'DS_REMOVED') return 'ERR_OBJECT_NOT_FOUND';
    if (!this.isValidAlteration(to)) return 'ERR_INVALID_PARAMETERS';
    if (this.status === to && this.failMode === failMode) return 'ERR_OK';
    this.isAltering = true;
    this.nextStatus = to;
    this.nextFailMode = failMode;
    return 'ERR_OK';
  }

  isValidAlteration(to: DuplicationStatus): boolean {
    return this.status === to || LEGAL_TRANSITIONS[this.status].includes(to);
  }

  /** The change on its way is in the store: it becomes visible. Nothing happens when none is on its way. */
  persistStatus(): void {
    if (!this.isAltering) return;
    this.isAltering = false;
    this.status = this.nextStatus;
    this.failMode = this.nextFailMode;
    this.nextStatus = 'DS_INIT';
  }

  /** The record of the change on its way. */
  toJson(): string {
    const { identity } = this;
    return encodeDuplication({
      remote: identity.remoteCluster,
      status: this.nextStatus,
      createTimestampMs: identity.createTimestampMs,
      failMode: this.nextFailMode,
      remoteAppName: identity.remoteAppName,
      remoteReplicaCount: identity.remoteReplicaCount,
    });
  }

  /** Takes over what the store held at the start. */
  restore(status: DuplicationStatus, failMode: DuplicationFailMode): void {
    this.status = status;
    this.failMode = failMode;
  }

  /** Not to be told to anybody: its creation is not persisted, or its removal is. */
  isInvalidStatus(): boolean {
    return this.status === 'DS_INIT' || this.status === 'DS_REMOVED';
  }

  isBeingRemoved(): boolean {
    return this.isAltering && this.nextStatus === 'DS_REMOVED';
  }

  // ------------------------------------------------------------------ progress

  /** The stored decree of a partition was read; -1 when there is none. */
  initProgress(partitionIndex: number, stored: Decree): void {
    const slot = this.progress[partitionIndex];
    if (slot === undefined) return;
    slot.volatileDecree = stored;
    slot.storedDecree = stored;
    slot.isAltering = false;
    slot.lastProgressUpdateMs = undefined;
    slot.isInited = true;
  }

  /** Takes a report; true when `decreeToPersist` is to be written now. */
  alterProgress(partitionIndex: number, report: ConfirmReport): boolean {
    const slot = this.progress[partitionIndex];
    if (slot === undefined) return false;
    slot.lastCommittedDecree = report.lastCommittedDecree;
    if (!slot.isInited || slot.isAltering) return false;
    slot.checkpointPrepared = report.checkpointPrepared;
    if (!this.isStartTaken(slot, report)) slot.volatileDecree = Math.max(slot.volatileDecree, report.confirmedDecree);
    if (slot.volatileDecree === slot.storedDecree || this.isProgressFrozen() || this.isTooEarly(slot)) return false;
    slot.isAltering = true;
    slot.lastProgressUpdateMs = this.nowMs();
    return true;
  }

  /** dup.Q13: what the first of the primaries proposed stays the start, and nobody has shipped what another one proposes. */
  isStartTaken(slot: PartitionProgress, report: ConfirmReport): boolean {
    return report.isStart === true && slot.volatileDecree !== INVALID_DECREE;
  }

  /** No new progress is written below a node that is about to be deleted. */
  isProgressFrozen(): boolean {
    return this.isBeingRemoved();
  }

  isTooEarly(slot: PartitionProgress): boolean {
    const { lastProgressUpdateMs } = slot;
    const periodMs = this.ctx.settings.dupProgressMinUpdatePeriodMs;
    return lastProgressUpdateMs !== undefined && this.nowMs() < lastProgressUpdateMs + periodMs;
  }

  /** The decree of the write that `alterProgress` has just begun, given the report that caused it. */
  decreeToPersist(partitionIndex: number, _report: ConfirmReport): Decree {
    return this.slotOf(partitionIndex).volatileDecree;
  }

  /** The write of the partition's progress is in the store. */
  persistProgress(partitionIndex: number): void {
    const slot = this.slotOf(partitionIndex);
    this.ctx.env.check(slot.isAltering, 'persist_progress', () => `${this.id}.${partitionIndex}: no write on its way`);
    slot.isAltering = false;
    slot.storedDecree = slot.volatileDecree;
  }

  hasProgressOnItsWay(): boolean {
    return this.progress.some((slot) => slot.isAltering);
  }

  allCheckpointHasPrepared(): boolean {
    return this.progress.every((slot) => slot.checkpointPrepared);
  }

  allProgressIsStored(): boolean {
    return this.progress.every((slot) => slot.isInited && slot.storedDecree >= 1);
  }

  private slotOf(partitionIndex: number): PartitionProgress {
    const slot = this.progress[partitionIndex];
    this.ctx.env.check(slot !== undefined, 'duplication_info', () => `${this.id} has no partition ${partitionIndex}`);
    return slot;
  }

  private nowMs(): number {
    return Math.floor(this.ctx.env.clock.monotonicUs() / 1000);
  }

  // ------------------------------------------------------------------ as it is told

  /** By partition, what the store holds; partitions whose node could not be read are missing. */
  progressForSync(): Record<number, Decree> {
    const told: Record<number, Decree> = {};
    for (let i = 0; i < this.progress.length; i++) {
      const slot = this.progress[i];
      if (slot?.isInited === true) told[i] = slot.storedDecree;
    }
    return told;
  }

  toPartitionLevelEntryForSync(progress: Readonly<Record<number, Decree>>): DuplicationEntry {
    return { ...this.toEntry(), progress };
  }

  toPartitionLevelEntryForList(): DuplicationEntry {
    const partitionStates: DupPartitionState[] = [];
    for (let i = 0; i < this.progress.length; i++) {
      const slot = this.progress[i];
      if (slot === undefined || !slot.isInited) continue;
      const { storedDecree, lastCommittedDecree } = slot;
      partitionStates.push({ partitionIndex: i, confirmedDecree: storedDecree, lastCommittedDecree });
    }
    return { ...this.toEntry(), partitionStates };
  }

  private toEntry(): DuplicationEntry {
    const { identity } = this;
    return {
      dupId: identity.id,
      status: this.status,
      remote: identity.remoteCluster,
      createTsMs: identity.createTimestampMs,
      failMode: this.failMode,
      remoteAppName: identity.remoteAppName,
      remoteReplicaCount: identity.remoteReplicaCount,
      progress: {},
      partitionStates: [],
    };
  }
}
