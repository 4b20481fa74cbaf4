/**
 * Changes of the configuration at the meta server, one at a time (repl 1.10; upstream's replica_config.cpp,
 * update_configuration_on_meta_server). Who asks: who serves or will in replicaConfig.ts, the changes of members in
 * learning/memberChanges.ts.
 */
import type { ConfigType, ErrorCode, NodeId, PartitionConfig } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { reply, task } from '../env/contract.ts';
import type { RpcHandle, RpcResult, TaskHandle } from '../env/contract.ts';
import type { UpdateConfigRequest, UpdateConfigResponse } from '../protocol/messages.ts';
import type { Replica } from './replica.ts';

export class MetaRequester {
  readonly ctx: Context;
  readonly replica: Replica;
  private request: UpdateConfigRequest | undefined;
  private call: RpcHandle | undefined;
  private timer: TaskHandle | undefined;

  constructor(ctx: Context, replica: Replica) {
    this.ctx = ctx;
    this.replica = replica;
  }

  /** The request that the meta server has not answered yet. */
  pendingRequest(): UpdateConfigRequest | undefined {
    return this.request;
  }

  /** Stops 2PC (INACTIVE, transient) and asks for `config` under the next ballot, after `delayMs`. */
  updateConfigurationOnMetaServer(type: ConfigType, node: NodeId, config: PartitionConfig, delayMs = 0): void {
    const { configurator } = this.replica;
    if (!configurator.updateLocalConfigurationWithNoBallotChange('PS_INACTIVE')) return;
    configurator.setInactiveStateTransient(true);
    this.cancelPendingRequest();
    const ballot = this.nextBallot(config);
    const lastCommittedDecree = this.replica.lastCommittedDecree();
    this.request = { type, node, config: { ...config, ballot, lastCommittedDecree } };
    if (delayMs === 0) this.sendRequest();
    else this.sendLater(delayMs);
  }

  nextBallot(config: PartitionConfig): number {
    return config.ballot + 1;
  }

  cancelPendingRequest(): void {
    this.request = undefined;
    this.call?.cancel();
    this.timer?.cancel();
    this.call = undefined;
    this.timer = undefined;
  }

  sendLater(delayMs: number): void {
    const then = task(this, 'sendRequest');
    this.timer = this.ctx.env.tasks.post('LPC_DELAY_UPDATE_CONFIG', this.replica.hash, delayMs, then);
  }

  sendRequest(): void {
    const { request, replica } = this;
    if (request === undefined || replica.closed) return;
    const { host, hash, gpid } = replica;
    const meta = host.metaServer();
    this.timer = undefined;
    this.call = this.ctx.env.rpc.call(
      meta,
      'RPC_CM_UPDATE_PARTITION_CONFIGURATION',
      request,
      { hash, timeoutMs: this.ctx.settings.rpcTimeoutMs, gpid, decree: request.config.ballot },
      reply(this, 'onUpdateConfigurationReply', request, meta),
    );
  }

  onUpdateConfigurationReply(
    result: RpcResult<UpdateConfigResponse>,
    request: UpdateConfigRequest,
    meta: NodeId,
  ): void {
    if (this.request !== request || this.replica.closed) return;
    this.call = undefined;
    if (this.replica.status() !== 'PS_INACTIVE') {
      this.request = undefined;
      return;
    }
    if (!this.replica.host.isConnected()) {
      this.onRequestFailed('ERR_INACTIVE_STATE', meta);
      return;
    }
    const error = result.error === 'ERR_OK' ? result.body.error : result.error;
    if (result.error !== 'ERR_OK' || (error !== 'ERR_OK' && error !== 'ERR_INVALID_VERSION')) {
      this.onRequestFailed(error, meta);
      return;
    }
    this.request = undefined;
    this.onConfigurationStored(error, request, result.body.config);
  }

  /** Everything but an answer about ballots: the same request again. */
  onRequestFailed(error: ErrorCode, meta: NodeId): void {
    if (this.isServerSuspect(error)) this.replica.host.suspectMetaServer(meta);
    this.sendLater(this.ctx.settings.updateConfigRetryMs);
  }

  /** Nobody answered, or one who is not the leader. */
  isServerSuspect(error: ErrorCode): boolean {
    switch (error) {
      case 'ERR_TIMEOUT':
      case 'ERR_NETWORK_FAILURE':
      case 'ERR_SESSION_RESET':
      case 'ERR_FORWARD_TO_OTHERS':
        return true;
      default:
        return false;
    }
  }

  /** OK, or ERR_INVALID_VERSION with what is stored: adopted unless it is older than the own ballot. */
  onConfigurationStored(error: ErrorCode, request: UpdateConfigRequest, config: PartitionConfig): void {
    if (config.ballot < this.replica.ballot()) return;
    this.replica.configurator.updateConfiguration(config);
    if (error === 'ERR_OK') this.replica.members.onConfigurationStored(request, config);
  }
}
