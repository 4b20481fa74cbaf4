/** What the parts of a replica's bulk load share (bl 13, 14). */
import type { BulkLoadStatus, ErrorCode } from '../../../model/vocabulary.ts';
import type { BulkLoadMetadata, BulkLoadRequest, BulkLoadResponse, PartitionBulkLoadState } from '../../protocol/bulkLoadMessages.ts';

/** A replica server's share of downloads at once. */
export interface DownloadSlots {
  /** In use. */
  count(): number;
  isFull(): boolean;
  take(): void;
  giveBack(): void;
}

/** Which load it is, and where its files are. A load from another place is another load (bl.B35). */
export interface LoadSource {
  readonly loadId?: number | undefined;
  readonly appName: string;
  readonly providerName: string;
  readonly clusterName: string;
  readonly remoteRootPath: string;
}

/** A wish of the meta server, as it came to the primary or, through it, to a secondary (bl 13.4). */
export interface BulkLoadWish extends LoadSource {
  readonly metaStatus: BulkLoadStatus;
}

export const NO_METADATA: BulkLoadMetadata = { files: [], fileTotalSize: 0 };

/** Of a secondary that has not answered yet (bl 3, presence bits). */
export const UNKNOWN_STATE: PartitionBulkLoadState = {
  downloadProgress: 0,
  downloadStatus: undefined,
  ingestStatus: 'IS_INVALID',
  isCleanedUp: false,
  isPaused: false,
};

/** Of a secondary whose last answer was none, or an error (bl 13.3). */
export const RESET_STATE: PartitionBulkLoadState = { ...UNKNOWN_STATE, downloadStatus: 'ERR_OK' };

/** In the replica's directory (bl 2). */
export const LOCAL_DIR = 'bulk_load';
export const PROGRESS_FINISHED = 100;

/** An answer that tells nothing but an error and the replica's own status (bl 13.1). */
export function refusalOf(
  { gpid, appName }: BulkLoadRequest,
  error: ErrorCode,
  primaryStatus: BulkLoadStatus,
): BulkLoadResponse {
  return {
    error,
    gpid,
    appName,
    primaryStatus,
    groupStates: {},
    metadata: undefined,
    totalDownloadProgress: undefined,
    isGroupIngestionFinished: undefined,
    isGroupCleanedUp: undefined,
    isGroupPaused: undefined,
  };
}
