/**
 * The master's side of a follower table (dup 5.2, 5.4): in DS_PREPARE it is created at the remote cluster, in DS_APP it
 * is marked as created and its partitions are looked at; when all serve, the duplication goes on to DS_LOG.
 *
 * Each round asks one of the remote meta servers, at random, once; whatever goes wrong is tried again in the round of
 * the next duplication sync. Several rounds may be on their way: one that comes too late changes nothing
 * (DuplicationService.advance).
 */
import type { ErrorCode, NodeId, PartitionConfig } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { reply } from '../../env/contract.ts';
import type { RpcResult } from '../../env/contract.ts';
import {
  FOLLOWER_APP_STATUS_ENV,
  FOLLOWER_CREATED,
  FOLLOWER_CREATING,
  MASTER_APP_NAME_ENV,
  MASTER_CLUSTER_ENV,
  MASTER_APP_ID_ENV,
  MASTER_DUP_ID_ENV,
  MASTER_METAS_ENV,
} from '../../protocol/followerEnvs.ts';
import type { AdminResponse, CreateAppRequest, QueryConfigResponse } from '../../protocol/messages.ts';
import type { AppState } from '../serverState.ts';
import type { DuplicationInfo } from './duplicationInfo.ts';
import type { DuplicationService } from './duplicationService.ts';

export class FollowerAppClient {
  readonly ctx: Context;
  readonly service: DuplicationService;

  constructor(ctx: Context, service: DuplicationService) {
    this.ctx = ctx;
    this.service = service;
  }

  // ------------------------------------------------------------------ DS_PREPARE: create

  createFollowerAppForDuplication(app: AppState, dup: DuplicationInfo): void {
    const to = this.chooseRemoteMeta(dup);
    if (to === undefined) return;
    const request = this.createRequest(app, dup, FOLLOWER_CREATING);
    const { rpc } = this.ctx.env;
    rpc.call(to, 'RPC_CM_CREATE_APP', request, this.options(), reply(this, 'onFollowerAppCreated', app.appId, dup.id));
  }

  onFollowerAppCreated(result: RpcResult<AdminResponse>, appId: number, dupId: number): void {
    if (this.createError(result) === 'ERR_OK') this.service.advance(appId, dupId, 'DS_PREPARE', 'DS_APP');
  }

  /** What the remote meta server said of the table's creation, or of the mark; or why it said nothing. */
  createError(result: RpcResult<AdminResponse>): ErrorCode {
    return result.error === 'ERR_OK' ? result.body.error : result.error;
  }

  createRequest(app: AppState, dup: DuplicationInfo, status: string): CreateAppRequest {
    return {
      appName: dup.identity.remoteAppName,
      partitionCount: this.followerPartitionCount(app),
      replicaCount: this.followerReplicaCount(app, dup),
      successIfExist: false,
      envs: this.followerEnvs(app, dup, status),
    };
  }

  followerPartitionCount(app: AppState): number {
    return app.record.info.partitionCount;
  }

  followerReplicaCount(_app: AppState, dup: DuplicationInfo): number {
    return dup.identity.remoteReplicaCount;
  }

  /** The table's own envs, overwritten by the marks of this duplication (dup.B8). */
  followerEnvs(app: AppState, dup: DuplicationInfo, status: string): Readonly<Record<string, string>> {
    return {
      ...app.record.info.envs,
      [MASTER_CLUSTER_ENV]: this.service.ownClusterName(),
      [MASTER_METAS_ENV]: this.service.ownMetas().join(','),
      [MASTER_APP_NAME_ENV]: app.record.info.appName,
      [FOLLOWER_APP_STATUS_ENV]: status,
      [MASTER_APP_ID_ENV]: String(app.appId),
      [MASTER_DUP_ID_ENV]: String(dup.id),
    };
  }

  // ------------------------------------------------------------------ DS_APP: mark, then check

  markFollowerAppCreatedForDuplication(app: AppState, dup: DuplicationInfo): void {
    const to = this.chooseRemoteMeta(dup);
    if (to === undefined) return;
    const request = this.createRequest(app, dup, FOLLOWER_CREATED);
    const { rpc } = this.ctx.env;
    rpc.call(to, 'RPC_CM_CREATE_APP', request, this.options(), reply(this, 'onFollowerAppMarked', app.appId, dup.id));
  }

  onFollowerAppMarked(result: RpcResult<AdminResponse>, appId: number, dupId: number): void {
    const dup = this.service.duplicationOf(appId, dupId);
    if (dup === undefined || this.createError(result) !== 'ERR_OK') return;
    this.checkFollowerAppIfCreateCompleted(appId, dup);
  }

  checkFollowerAppIfCreateCompleted(appId: number, dup: DuplicationInfo): void {
    const to = this.chooseRemoteMeta(dup);
    if (to === undefined) return;
    this.ctx.env.rpc.call(
      to,
      'RPC_CM_QUERY_PARTITION_CONFIG_BY_INDEX',
      { appName: this.checkedAppName(dup) },
      this.options(),
      reply(this, 'onFollowerAppChecked', appId, dup.id),
    );
  }

  /** The table whose partitions are looked at: the follower's name, which may not be the master's. */
  checkedAppName(dup: DuplicationInfo): string {
    return dup.identity.remoteAppName;
  }

  onFollowerAppChecked(result: RpcResult<QueryConfigResponse>, appId: number, dupId: number): void {
    const dup = this.service.duplicationOf(appId, dupId);
    if (dup === undefined || this.followerAppError(result, dup) !== 'ERR_OK') return;
    this.service.advance(appId, dupId, 'DS_APP', 'DS_LOG');
  }

  /** dup 5.4: ERR_OK when every partition of the follower table serves. */
  followerAppError(result: RpcResult<QueryConfigResponse>, dup: DuplicationInfo): ErrorCode {
    if (result.error !== 'ERR_OK') return result.error;
    const { error, partitions } = result.body;
    if (error !== 'ERR_OK') return error;
    if (partitions.length !== dup.identity.partitionCount) return 'ERR_INCONSISTENT_STATE';
    return this.followerPartitionsError(partitions);
  }

  /** The first partition that does not serve decides. */
  followerPartitionsError(partitions: readonly PartitionConfig[]): ErrorCode {
    for (const config of partitions) {
      const error = this.followerPartitionError(config);
      if (error !== 'ERR_OK') return error;
    }
    return 'ERR_OK';
  }

  followerPartitionError(config: PartitionConfig): ErrorCode {
    if (config.primary === '') return 'ERR_INACTIVE_STATE';
    if (!this.hasEnoughSecondaries(config)) return 'ERR_NOT_ENOUGH_MEMBER';
    return config.secondaries.includes('') ? 'ERR_INACTIVE_STATE' : 'ERR_OK';
  }

  /** One secondary is enough; a table of one replica needs none (#2093). */
  hasEnoughSecondaries(config: PartitionConfig): boolean {
    return config.secondaries.length > 0 || config.maxReplicaCount <= 1;
  }

  // ------------------------------------------------------------------

  /** One remote meta server at random; undefined when the configuration names none. */
  chooseRemoteMeta(dup: DuplicationInfo): NodeId | undefined {
    const metas = dup.identity.remoteClusterMetas;
    return metas[Math.floor(this.ctx.env.random() * metas.length)];
  }

  private options(): { readonly hash: number; readonly timeoutMs: number } {
    return { hash: 0, timeoutMs: this.ctx.settings.rpcTimeoutMs };
  }
}
