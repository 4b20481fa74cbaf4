/** What a follower table's servers read in its envs: where its data comes from (dup 2.6, 5.5). */
import type { NodeId } from '../../model/vocabulary.ts';
import { MASTER_APP_ID_ENV, MASTER_APP_NAME_ENV, MASTER_CLUSTER_ENV, MASTER_METAS_ENV } from './followerEnvs.ts';
import type { AppInfo } from './messages.ts';

export interface MasterInfo {
  readonly cluster: string;
  readonly metas: readonly NodeId[];
  readonly appName: string;
  /** Undefined: the master does not tell it. */
  readonly appId: number | undefined;
}

/** Whether the partitions of the table begin with a checkpoint of their master's. */
export function isDuplicationFollower(app: AppInfo): boolean {
  return app.envs[MASTER_CLUSTER_ENV] !== undefined && app.envs[MASTER_METAS_ENV] !== undefined;
}

/**
 * Undefined when the table is no follower, or its list of meta servers cannot be read. A master that does not tell its
 * table's name (before 2.6) means the follower's own.
 */
export function parseMasterInfo(app: AppInfo): MasterInfo | undefined {
  const cluster = app.envs[MASTER_CLUSTER_ENV];
  const list = app.envs[MASTER_METAS_ENV];
  if (cluster === undefined || list === undefined) return undefined;
  const metas = list.split(',');
  if (!metas.every(isNodeId)) return undefined;
  const appId = app.envs[MASTER_APP_ID_ENV];
  return { cluster, metas, appName: app.envs[MASTER_APP_NAME_ENV] ?? app.appName, appId: appId === undefined ? undefined : Number(appId) };
}

/** `<cluster>/<process>` */
function isNodeId(text: string): boolean {
  return /^[^\s,/]+\/[^\s,/]+$/.test(text);
}
