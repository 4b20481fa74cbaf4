/**
 * What an operator wishes of the places of a partition's replicas (bl 17.2; the shell's `balance -g -p -f -t`, upstream's
 * on_propose_balancer): a list of proposals that stand one after the other, each until it is stored.
 *
 * - move_pri: the primary steps down (CT_DOWNGRADE_TO_SECONDARY) and asks for a configuration without a primary, itself
 *   among the secondaries; then the target takes over (CT_UPGRADE_TO_PRIMARY).
 * - copy_sec: the primary teaches the target (CT_ADD_SECONDARY_FOR_LB: one member above `max_replica_count`), then lets go
 *   of the secondary that it replaces. The shell says CT_DOWNGRADE_TO_INACTIVE here, the balancer CT_REMOVE, as we do.
 * - copy_pri: the primary teaches the target, steps down, the target takes over, and lets go of the former primary
 *   (CT_REMOVE). The shell leaves the last one to the cure, which removes whoever has most; the balancer has it.
 *
 * Facts, all upstream's: one list of a partition at a time (a second one is refused); an absent server is the primary of
 * the moment; whether the parts fit is seen only when a proposal is due, and then the list goes in silence; a table that
 * loads is not spared (bl 17.11: only the balancer's own rounds spare it). Here what cannot fit is refused at once, a target that
 * is not alive as well: one that is no member is unknown to a new meta server until its next beacon.
 *
 * The wish is answered when the first proposal goes. It is volatile: a meta server that starts knows nothing of it, and what
 * goes wrong on the way is cured as anything else is. Of proposals that are stored out of turn: cure/cure.ts, cure.12.
 */
import type { ErrorCode, NodeId, PartitionConfig } from '../../model/vocabulary.ts';
import { unreachable } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import type { Replier } from '../env/contract.ts';
import { partitionIndexOfGpid } from '../protocol/gpid.ts';
import type { AdminResponse, BalanceRequest } from '../protocol/messages.ts';
import type { AppService } from './appService.ts';
import type { Proposal } from './cure/cureView.ts';
import { isMember } from './serverState.ts';
import type { AppState, ServerState } from './serverState.ts';

interface Refusal {
  readonly error: Exclude<ErrorCode, 'ERR_OK'>;
  readonly hint: string;
}

export class Balancer {
  readonly ctx: Context;
  readonly state: ServerState;
  readonly apps: AppService;

  constructor(ctx: Context, state: ServerState, apps: AppService) {
    this.ctx = ctx;
    this.state = state;
    this.apps = apps;
  }

  onProposeBalancer(request: BalanceRequest, replier: Replier<AdminResponse>): void {
    const { appName, partitionIndex } = request;
    const app = this.state.liveApp(appName);
    const config = app?.configs[partitionIndex];
    const refusal = app === undefined ? this.apps.refuseAbsent(appName) : this.check(app, config, request);
    if (app === undefined || config === undefined || refusal !== undefined) {
      replier.reply({ error: 'ERR_INVALID_PARAMETERS', hint: '', ...refusal, appId: 0 });
      return;
    }
    replier.reply({ error: 'ERR_OK', hint: '', appId: app.appId });
    this.apps.cure.registerProposals(app, partitionIndex, this.proposals(config, request));
  }

  check(app: AppState, config: PartitionConfig | undefined, request: BalanceRequest): Refusal | undefined {
    const staging = this.apps.checkStaging(app);
    if (staging !== undefined) return staging;
    if (config === undefined) return invalid(`table ${app.record.info.appName} has no such partition`);
    if (this.isUnderReconfiguration(app, config)) return { error: 'ERR_BUSY', hint: `${config.gpid} is changing` };
    return this.checkNodes(config, request);
  }

  /** Another change of the configuration is under way or proposed, or one is needed first. */
  isUnderReconfiguration(app: AppState, config: PartitionConfig): boolean {
    const isStoring = app.pendingUpdates.has(partitionIndexOfGpid(config.gpid));
    return isStoring || this.apps.cure.hasProposals(config.gpid) || (config.ballot > 0 && config.primary === '');
  }

  checkNodes(config: PartitionConfig, { type, from, to }: BalanceRequest): Refusal | undefined {
    const { gpid, primary, secondaries } = config;
    if (type === 'copy_pri' && primary === '') return invalid(`${gpid} has no primary`);
    if (type !== 'copy_sec' && from !== '' && from !== primary) return invalid(`${from} is not the primary of ${gpid}`);
    if (type === 'copy_sec' && !secondaries.includes(from)) return invalid(`${from} is no secondary of ${gpid}`);
    if (type === 'move_pri') return secondaries.includes(to) ? undefined : invalid(`${to} is no secondary of ${gpid}`);
    if (isMember(config, to)) return invalid(`${to} is a member of ${gpid}`);
    if (!this.state.knowsNode(to)) return invalid(`${to} is no server of this cluster`);
    return this.apps.cure.isAlive(to) ? undefined : invalid(`${to} is not alive`);
  }

  /** Upstream's generate_balancer_request. */
  proposals(config: PartitionConfig, { type, from, to }: BalanceRequest): readonly Proposal[] {
    switch (type) {
      case 'move_pri':
        return this.movePrimary(config.primary, to);
      case 'copy_pri':
        return this.copyPrimary(config.primary, to);
      case 'copy_sec':
        return this.copySecondary(config.primary, from, to);
      default:
        return unreachable(type);
    }
  }

  movePrimary(primary: NodeId, to: NodeId): readonly Proposal[] {
    return [
      { type: 'CT_DOWNGRADE_TO_SECONDARY', target: primary, node: primary },
      { type: 'CT_UPGRADE_TO_PRIMARY', target: to, node: to },
    ];
  }

  copyPrimary(primary: NodeId, to: NodeId): readonly Proposal[] {
    return [
      { type: 'CT_ADD_SECONDARY_FOR_LB', target: primary, node: to },
      ...this.movePrimary(primary, to),
      { type: 'CT_REMOVE', target: to, node: primary },
    ];
  }

  copySecondary(primary: NodeId, from: NodeId, to: NodeId): readonly Proposal[] {
    return [
      { type: 'CT_ADD_SECONDARY_FOR_LB', target: primary, node: to },
      { type: 'CT_REMOVE', target: primary, node: from },
    ];
  }
}

function invalid(hint: string): Refusal {
  return { error: 'ERR_INVALID_PARAMETERS', hint };
}
