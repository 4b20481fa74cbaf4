/**
 * What the meta server of a follower answers to a creation request for a table that is available already (dup 5.3).
 *
 * A repeat is accepted only from the duplication that the table was created for: same master cluster, master table (by its
 * id: it may have been renamed, dup.Q15) and duplication, and the same counts (dup.B9; upstream compares the master
 * cluster alone, so a later duplication takes over a table whose checkpoint is too old).
 */
import type { ErrorCode } from '../../../model/vocabulary.ts';
import {
  FOLLOWER_APP_STATUS_ENV,
  FOLLOWER_CREATED,
  FOLLOWER_CREATING,
  MASTER_APP_NAME_ENV,
  MASTER_CLUSTER_ENV,
  MASTER_APP_ID_ENV,
  MASTER_DUP_ID_ENV,
} from '../../protocol/followerEnvs.ts';
import type { CreateAppRequest } from '../../protocol/messages.ts';
import type { AppState } from '../serverState.ts';

export class FollowerAppRules {
  /** Whether a duplication's master asks, rather than an operator. */
  isFollowerRequest(request: CreateAppRequest): boolean {
    return request.envs[MASTER_CLUSTER_ENV] !== undefined;
  }

  /** ERR_OK: the request is a repeat, or the mark, of the table's own duplication. */
  check(request: CreateAppRequest, app: AppState): ErrorCode {
    if (!this.isSameMaster(request, app) || !this.isSameShape(request, app)) return 'ERR_APP_EXIST';
    return this.checkStatus(request.envs[FOLLOWER_APP_STATUS_ENV], app.record.info.envs[FOLLOWER_APP_STATUS_ENV]);
  }

  isSameMaster(request: CreateAppRequest, app: AppState): boolean {
    const { envs } = app.record.info;
    return [MASTER_CLUSTER_ENV, MASTER_APP_ID_ENV, MASTER_DUP_ID_ENV].every((key) => {
      return envs[key] !== undefined && envs[key] === request.envs[key];
    });
  }

  isSameShape(request: CreateAppRequest, app: AppState): boolean {
    const { partitionCount, maxReplicaCount } = app.record.info;
    return partitionCount === request.partitionCount && maxReplicaCount === request.replicaCount;
  }

  checkStatus(asked: string | undefined, own: string | undefined): ErrorCode {
    if (asked === undefined) return 'ERR_APP_EXIST';
    if (own === undefined) return 'ERR_INVALID_STATE';
    if (!isStatus(own) || !isStatus(asked)) return 'ERR_INVALID_PARAMETERS';
    return own === FOLLOWER_CREATED && asked === FOLLOWER_CREATING ? 'ERR_APP_EXIST' : 'ERR_OK';
  }

  /** What an accepted request changes of the table's envs: where its master is found, and its status. */
  changes(request: CreateAppRequest, app: AppState): Readonly<Record<string, string>> {
    const name = request.envs[MASTER_APP_NAME_ENV];
    const isRenamed = name !== undefined && name !== app.record.info.envs[MASTER_APP_NAME_ENV];
    return {
      ...(isRenamed ? { [MASTER_APP_NAME_ENV]: name } : {}),
      ...(this.isMarking(request, app) ? { [FOLLOWER_APP_STATUS_ENV]: FOLLOWER_CREATED } : {}),
    };
  }

  /** Whether an accepted request changes the table's status to `created`. */
  isMarking(request: CreateAppRequest, app: AppState): boolean {
    const asked = request.envs[FOLLOWER_APP_STATUS_ENV];
    return asked === FOLLOWER_CREATED && app.record.info.envs[FOLLOWER_APP_STATUS_ENV] === FOLLOWER_CREATING;
  }
}

function isStatus(status: string): boolean {
  return status === FOLLOWER_CREATING || status === FOLLOWER_CREATED;
}
