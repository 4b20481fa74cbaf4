/** Where a load's files are on a provider (bl 2, 5). */

/** App level: table id and partition count that the files were made for. */
export const BULK_LOAD_INFO = 'bulk_load_info';
/** Partition level: names, sizes and MD5 of the files. */
export const BULK_LOAD_METADATA = 'bulk_load_metadata';

/** `<remote_root_path>/<cluster_name>/<app_name>` */
export function appDir(remoteRootPath: string, clusterName: string, appName: string): string {
  const dir = `${clusterName}/${appName}`;
  return remoteRootPath === '' ? dir : `${remoteRootPath}/${dir}`;
}

export function bulkLoadInfoPath(remoteRootPath: string, clusterName: string, appName: string): string {
  return `${appDir(remoteRootPath, clusterName, appName)}/${BULK_LOAD_INFO}`;
}

/** `<remote_root_path>/<cluster_name>/<app_name>/<pidx>` */
export function partitionDir(
  remoteRootPath: string,
  clusterName: string,
  appName: string,
  partitionIndex: number,
): string {
  return `${appDir(remoteRootPath, clusterName, appName)}/${partitionIndex}`;
}

/** `a/b` to `a/.b.meta` */
export function sidecarPath(path: string): string {
  const name = path.lastIndexOf('/') + 1;
  return `${path.slice(0, name)}.${path.slice(name)}.meta`;
}

/**
 * A path as the env's trees take it: operators write leading, closing and double slashes. Undefined for one that leads
 * out of the root, or that no file can have.
 */
export function normalPath(path: string): string | undefined {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  return names.length === 0 || names.includes('..') || path.includes('\0') ? undefined : names.join('/');
}
