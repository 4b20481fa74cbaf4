/** What an add must fulfil, in upstream's order, each check a method of its own (dup 3.1; B14 beside check 2). */
import type { ClusterId, ErrorCode } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import type { AddDuplicationRequest } from '../../protocol/duplicationMessages.ts';
import type { AppState, ServerState } from '../serverState.ts';

/** Why an add is refused. */
export interface AddRefusal {
  readonly error: Exclude<ErrorCode, 'ERR_OK'>;
  readonly hint: string;
}

export class DuplicationAddChecks {
  readonly ctx: Context;
  readonly state: ServerState;

  constructor(ctx: Context, state: ServerState) {
    this.ctx = ctx;
    this.state = state;
  }

  /** All that can be said before the table's duplications are looked at: the first check that fails. */
  check(request: AddDuplicationRequest): AddRefusal | undefined {
    return (
      this.checkServiceEnabled() ??
      this.checkRemoteIsOther(request) ??
      this.checkRemoteClusterId(request) ??
      this.checkOwnClusterId() ??
      this.checkRemoteMetas(request) ??
      this.checkReplicaCount(request) ??
      this.checkApp(request)
    );
  }

  checkServiceEnabled(): AddRefusal | undefined {
    if (this.ctx.settings.duplicationEnabled) return undefined;
    return { error: 'ERR_SERVICE_NOT_ACTIVE', hint: 'duplication is disabled' };
  }

  checkRemoteIsOther(request: AddDuplicationRequest): AddRefusal | undefined {
    const name = request.remoteClusterName;
    return name === this.ownClusterName() ? invalid(`${name} is this cluster itself`) : undefined;
  }

  checkRemoteClusterId(request: AddDuplicationRequest): AddRefusal | undefined {
    const name = request.remoteClusterName;
    if (this.ctx.settings.dupIgnoreOtherClusterIds || this.hasClusterId(name)) return undefined;
    return invalid(`cluster ${name} has no id`);
  }

  /** Upstream finds out when a primary builds its pipeline, and aborts that server (dup.B14). */
  checkOwnClusterId(): AddRefusal | undefined {
    const name = this.ownClusterName();
    return this.hasClusterId(name) ? undefined : invalid(`this cluster, ${name}, has no id`);
  }

  checkRemoteMetas(request: AddDuplicationRequest): AddRefusal | undefined {
    const metas = this.ctx.settings.pegasusClusters[request.remoteClusterName] ?? [];
    if (metas.length > 0 && !metas.includes('')) return undefined;
    return invalid(`the meta servers of cluster ${request.remoteClusterName} are unknown`);
  }

  checkReplicaCount(request: AddDuplicationRequest): AddRefusal | undefined {
    const count = request.remoteReplicaCount;
    if (Number.isSafeInteger(count) && count >= 0) return undefined;
    return invalid(`replica count ${count} of the remote table is negative`);
  }

  checkApp(request: AddDuplicationRequest): AddRefusal | undefined {
    const app = this.state.liveApp(request.appName);
    const hint = app === undefined ? 'does not exist' : 'is not available';
    if (app?.status === 'AS_AVAILABLE') return undefined;
    return { error: 'ERR_APP_NOT_EXIST', hint: `table ${request.appName} ${hint}` };
  }

  /** No other live table may be duplicated, in whatever status, to the same remote table. */
  checkRemoteAppIsFree(app: AppState, request: AddDuplicationRequest): AddRefusal | undefined {
    const remoteAppName = this.remoteAppName(app, request);
    for (const other of this.state.apps()) {
      if (other === app || other.status === 'AS_DROPPED') continue;
      for (const { identity } of other.duplications.values()) {
        if (identity.remoteCluster !== request.remoteClusterName || identity.remoteAppName !== remoteAppName) continue;
        return invalid(`table ${other.record.info.appName} is duplicated to ${remoteAppName} there`);
      }
    }
    return undefined;
  }

  remoteAppName(app: AppState, request: AddDuplicationRequest): string {
    return request.remoteAppName === '' ? app.record.info.appName : request.remoteAppName;
  }

  remoteReplicaCount(app: AppState, request: AddDuplicationRequest): number {
    return request.remoteReplicaCount === 0 ? app.record.info.maxReplicaCount : request.remoteReplicaCount;
  }

  ownClusterName(): ClusterId {
    const { dupClusterName } = this.ctx.settings;
    return dupClusterName === '' ? this.state.options.cluster : dupClusterName;
  }

  private hasClusterId(cluster: ClusterId): boolean {
    return this.ctx.settings.duplicationGroup[cluster] !== undefined;
  }
}

function invalid(hint: string): AddRefusal {
  return { error: 'ERR_INVALID_PARAMETERS', hint };
}
