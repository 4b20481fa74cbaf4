/**
 * What bulk load needs of a block service (bl 5, 14.2): whole reads, and downloads in blocks. Calls block the worker,
 * as upstream's do; errors are answers, never exceptions. The kind built here is upstream's `local_service`; an HDFS
 * client could stand behind the same contract.
 */

/** Upstream's provider type (`file_provider_type` names a service of this type). */
export const LOCAL_SERVICE = 'local_service';

/**
 * ERR_OBJECT_NOT_FOUND: the file or its sidecar is missing. ERR_FS_INTERNAL: a sidecar that cannot be read, or a file
 * that cannot be. ERR_FILE_OPERATION_FAILED: the transfer failed on the way.
 */
export type RemoteError = 'ERR_OBJECT_NOT_FOUND' | 'ERR_FS_INTERNAL' | 'ERR_FILE_OPERATION_FAILED';

export type Answer<T, E extends string = RemoteError> =
  | { readonly error: 'ERR_OK'; readonly value: T }
  | { readonly error: E; readonly value: undefined };

/** A handle; what it stands for may be missing. */
export interface RemoteFile {
  readonly path: string;
  /** Whether file and sidecar are there and readable; the size that the sidecar names, in bytes. */
  size(): Answer<number>;
  /** The content, up to the size that the sidecar names; fewer bytes when the file is shorter. */
  readWhole(): Answer<Uint8Array>;
  /** Up to `length` bytes from `offset`; fewer at the end of the file. For transfers: no look at the sidecar. */
  readBlock(offset: number, length: number): Answer<Uint8Array>;
}

export interface FileProvider {
  /**
   * A handle of a file. With `ignoreMetadata` the sidecar is not looked at and the answer is ERR_OK; else a sidecar
   * that is there but unreadable is ERR_FS_INTERNAL. A missing file still has a handle.
   */
  createFile(path: string, ignoreMetadata: boolean): Answer<RemoteFile>;
}

export function answer<T>(value: T): { readonly error: 'ERR_OK'; readonly value: T } {
  return { error: 'ERR_OK', value };
}

export function failed<E extends string>(error: E): { readonly error: E; readonly value: undefined } {
  return { error, value: undefined };
}
