/**
 * What the operator is told of bulk loads (bl 6.1 - 6.4): the meta server's responses as plain answers. Without an
 * answer of the meta server there are only an error and empty fields.
 */
import type { BulkLoadStatus, ErrorCode, NodeId } from '../../model/vocabulary.ts';
import type { PartitionBulkLoadState } from '../protocol/bulkLoadMessages.ts';
import type { MetaResult } from './metaCaller.ts';

/** Of start, pause, restart, cancel and clear. */
export interface LoadChangedAnswer {
  readonly error: ErrorCode;
  readonly hint: string;
}

/**
 * Of query. With an error a load that is over may still be told: the error is then the load's own (bl 6.3).
 * `partitions` and `members` by partition index, `members`: what each of them said last.
 */
export interface LoadStatusAnswer {
  readonly error: ErrorCode;
  readonly hint: string;
  readonly appStatus: BulkLoadStatus;
  readonly partitions: readonly BulkLoadStatus[];
  readonly members: readonly Readonly<Record<NodeId, PartitionBulkLoadState>>[];
  /** 0: nothing was told. */
  readonly maxReplicaCount: number;
  readonly isBulkLoading: boolean;
}

const SILENT = 'the meta server did not answer';

export function loadChangedAnswer(
  result: MetaResult<'RPC_CM_START_BULK_LOAD' | 'RPC_CM_CONTROL_BULK_LOAD' | 'RPC_CM_CLEAR_BULK_LOAD'>,
): LoadChangedAnswer {
  if (result.error !== 'ERR_OK') return { error: result.error, hint: SILENT };
  const { error, hint } = result.body;
  return { error, hint };
}

export function loadStatusAnswer(result: MetaResult<'RPC_CM_QUERY_BULK_LOAD_STATUS'>): LoadStatusAnswer {
  if (result.error !== 'ERR_OK') {
    return {
      error: result.error,
      hint: SILENT,
      appStatus: 'BLS_INVALID',
      partitions: [],
      members: [],
      maxReplicaCount: 0,
      isBulkLoading: false,
    };
  }
  const { error, hint, appStatus, partitionsStatus, maxReplicaCount, bulkLoadStates, isBulkLoading } = result.body;
  const about = { error, hint, appStatus, maxReplicaCount, isBulkLoading };
  return { ...about, partitions: partitionsStatus, members: bulkLoadStates };
}
