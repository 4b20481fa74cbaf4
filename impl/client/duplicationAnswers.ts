/**
 * What the operator is told of duplications (dup 3.1 - 3.3): the meta server's responses as plain answers. Without an
 * answer of the meta server there are only an error and empty fields.
 */
import type {
  ClusterId,
  Decree,
  DupId,
  DuplicationFailMode,
  DuplicationStatus,
  ErrorCode,
} from '../../model/vocabulary.ts';
import type { DuplicationEntry } from '../protocol/duplicationMessages.ts';
import { errorOf } from './metaCaller.ts';
import type { MetaResult } from './metaCaller.ts';

/** Ids and names are 0 and '' unless ERR_OK or ERR_DUP_EXIST. */
export interface DupAddedAnswer {
  readonly error: ErrorCode;
  readonly hint: string;
  readonly appId: number;
  readonly dupId: DupId;
  readonly remoteTable: string;
  readonly remoteReplicaCount: number;
}
export interface DupModifiedAnswer {
  readonly error: ErrorCode;
  /** 0 when nothing was altered. */
  readonly appId: number;
}
/** One duplication. `createTsMs`: wall milliseconds. */
export interface DupInfo {
  readonly dupId: DupId;
  readonly remote: ClusterId;
  readonly status: DuplicationStatus;
  readonly createTsMs: number;
  readonly failMode: DuplicationFailMode;
  readonly remoteTable: string;
  readonly remoteReplicaCount: number;
  /** By partition index; initialised partitions only. */
  readonly partitions: readonly {
    readonly partitionIndex: number;
    readonly confirmed: Decree;
    readonly lastCommitted: Decree;
  }[];
}
export interface TableDups {
  readonly name: string;
  readonly appId: number;
  /** 0: the response does not say (query). */
  readonly partitionCount: number;
  readonly dups: readonly DupInfo[];
}
export interface DupsAnswer {
  readonly error: ErrorCode;
  readonly hint: string;
  readonly tables: readonly TableDups[];
}

const SILENT = 'the meta server did not answer';

export function refusedAdd(error: ErrorCode, hint: string): DupAddedAnswer {
  return { error, hint, appId: 0, dupId: 0, remoteTable: '', remoteReplicaCount: 0 };
}

export function addedAnswer(result: MetaResult<'RPC_CM_ADD_DUPLICATION'>): DupAddedAnswer {
  if (result.error !== 'ERR_OK') return refusedAdd(result.error, SILENT);
  const { error, hint, appId, dupId, remoteAppName, remoteReplicaCount } = result.body;
  if (error !== 'ERR_OK' && error !== 'ERR_DUP_EXIST') return refusedAdd(error, hint);
  return { error, hint, appId, dupId, remoteTable: remoteAppName, remoteReplicaCount };
}

export function modifiedAnswer(result: MetaResult<'RPC_CM_MODIFY_DUPLICATION'>): DupModifiedAnswer {
  return { error: errorOf(result), appId: result.error === 'ERR_OK' ? result.body.appId : 0 };
}

export function queriedAnswer(result: MetaResult<'RPC_CM_QUERY_DUPLICATION'>, name: string): DupsAnswer {
  if (result.error !== 'ERR_OK') return { error: result.error, hint: SILENT, tables: [] };
  const { error, appId, entries } = result.body;
  const tables = error === 'ERR_OK' ? [{ name, appId, partitionCount: 0, dups: entries.map(infoOf) }] : [];
  return { error, hint: '', tables };
}

/** After an error the tables that were collected before it stay in the answer (dup 3.2). */
export function listedAnswer(result: MetaResult<'RPC_CM_LIST_DUPLICATION'>): DupsAnswer {
  if (result.error !== 'ERR_OK') return { error: result.error, hint: SILENT, tables: [] };
  const tables = result.body.apps.map(({ appName, appId, partitionCount, duplications }) => {
    return { name: appName, appId, partitionCount, dups: duplications.map(infoOf) };
  });
  return { error: result.body.error, hint: result.body.hint, tables };
}

function infoOf(entry: DuplicationEntry): DupInfo {
  const { dupId, remote, status, createTsMs, failMode, remoteAppName, remoteReplicaCount } = entry;
  const partitions = entry.partitionStates.map(({ partitionIndex, confirmedDecree, lastCommittedDecree }) => {
    return { partitionIndex, confirmed: confirmedDecree, lastCommitted: lastCommittedDecree };
  });
  return { dupId, remote, status, createTsMs, failMode, remoteTable: remoteAppName, remoteReplicaCount, partitions };
}
