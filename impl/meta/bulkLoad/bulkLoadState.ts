/**
 * Loads in memory (bl 7), made right. `record` is what the store holds and everybody sees; `intended` is the record that
 * was last sent to the store, from which the next one is made: so no write is lost by another (bl.B3, B6), and a
 * decision is taken on the status that the load is on its way to (bl.B7). A write that another one has followed has no
 * effect of its own.
 *
 * Nothing is counted (bl.B6, B22, B31): what a step waits for is read from the partitions. A load and each of its
 * pushes have a number; timers, replies and callbacks name theirs, and those of an older one find nothing to do.
 */
import type { BulkLoadStatus, NodeId } from '../../../model/vocabulary.ts';
import type { Replier } from '../../env/contract.ts';
import type { BulkLoadAdminResponse, PartitionBulkLoadState } from '../../protocol/bulkLoadMessages.ts';
import { newPartitionRecord } from './bulkLoadRecords.ts';
import type { AppBulkLoadRecord, PartitionBulkLoadRecord } from './bulkLoadRecords.ts';

export interface PartitionLoad {
  readonly index: number;
  record: PartitionBulkLoadRecord;
  intended: PartitionBulkLoadRecord;
  /** The creation of its node was sent to the store, or it was read from there. */
  created: boolean;
  /** Number of its last push; a poll's reply of an older one says nothing about now. */
  round: number;
  /** Its poll loop runs: there is never a second one (bl.B4). */
  looping: boolean;
  /** What its members said last. */
  states: Readonly<Record<NodeId, PartitionBulkLoadState>>;
  progress: number;
  cleaned: boolean;
}

export interface AppLoad {
  /** Names the load within this process. */
  readonly id: number;
  readonly appId: number;
  record: AppBulkLoadRecord;
  intended: AppBulkLoadRecord;
  /** The creation of its node was sent to the store, or it was read from there. */
  created: boolean;
  readonly partitions: readonly PartitionLoad[];
  /** Polling allowed; false for a result that is only kept to be told. */
  active: boolean;
  /** The table is going: the node is deleted as soon as nothing of the load is on its way to the store. */
  unavailable: boolean;
  rollbackCount: number;
  /** Partitions whose way back to DOWNLOADING is not stored; undefined without a rollback in progress. */
  rolling: Set<PartitionLoad> | undefined;
  /** Number of the last entry into INGESTING; dispatches of older ones do nothing. */
  ingestionRound: number;
  /** Its hold of the operation lock; 0: none. */
  hold: number;
  /** The start that waits for the last partition's node. */
  starter: Replier<BulkLoadAdminResponse> | undefined;
}

export function newPartitionLoad(index: number): PartitionLoad {
  const record = newPartitionRecord('BLS_INVALID');
  return {
    index,
    record,
    intended: record,
    created: false,
    round: 0,
    looping: false,
    states: {},
    progress: 0,
    cleaned: false,
  };
}

/** A load that nothing has been stored of: its status reads as BLS_INVALID. */
export function newAppLoad(id: number, record: AppBulkLoadRecord): AppLoad {
  const partitions: PartitionLoad[] = [];
  for (let i = 0; i < record.partitionCount; i++) partitions.push(newPartitionLoad(i));
  return {
    id,
    appId: record.appId,
    record: { ...record, status: 'BLS_INVALID' },
    intended: record,
    created: false,
    partitions,
    active: true,
    unavailable: false,
    rollbackCount: 0,
    rolling: undefined,
    ingestionRound: 0,
    hold: 0,
    starter: undefined,
  };
}

/** Nothing of the table's own record is on its way to the store. */
export function isSettled(load: AppLoad): boolean {
  return load.record === load.intended;
}

/** Every partition's record stands in the store, and has that status. */
export function allStored(load: AppLoad, status: BulkLoadStatus): boolean {
  return load.partitions.every((part) => part.record === part.intended && part.record.status === status);
}
