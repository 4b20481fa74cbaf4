/**
 * A primary that is moved on an operator's wish (bl 17.2; the shell's `propose`, upstream's on_propose_balancer and the
 * balancer's primary move): it is told to step down (CT_DOWNGRADE_TO_SECONDARY) and asks for a configuration without a
 * primary, itself among the secondaries; then the target is told to take over (CT_UPGRADE_TO_PRIMARY). Each takes one
 * ballot.
 *
 * The wish is answered when the first proposal goes. Both proposals stand in turn with the partition's other ones
 * (cure/cure.ts), and what goes wrong between them is cured as any missing primary is.
 */
import type { ErrorCode, NodeId, PartitionConfig } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import type { Replier } from '../env/contract.ts';
import type { AdminResponse, MovePrimaryRequest } from '../protocol/messages.ts';
import type { AppService } from './appService.ts';
import type { AppState, ServerState } from './serverState.ts';

interface Refusal {
  readonly error: Exclude<ErrorCode, 'ERR_OK'>;
  readonly hint: string;
}

export class PrimaryMove {
  readonly ctx: Context;
  readonly state: ServerState;
  readonly apps: AppService;

  constructor(ctx: Context, state: ServerState, apps: AppService) {
    this.ctx = ctx;
    this.state = state;
    this.apps = apps;
  }

  movePrimary(request: MovePrimaryRequest, replier: Replier<AdminResponse>): void {
    const { appName, partitionIndex, to } = request;
    const app = this.state.liveApp(appName);
    const config = app?.configs[partitionIndex];
    const refusal = app === undefined ? this.apps.refuseAbsent(appName) : this.check(app, config, to);
    if (app === undefined || config === undefined || refusal !== undefined) {
      replier.reply({ error: 'ERR_INVALID_PARAMETERS', hint: '', ...refusal, appId: 0 });
      return;
    }
    replier.reply({ error: 'ERR_OK', hint: '', appId: app.appId });
    this.begin(app, partitionIndex, config, to);
  }

  check(app: AppState, config: PartitionConfig | undefined, to: NodeId): Refusal | undefined {
    const staging = this.apps.checkStaging(app);
    if (staging !== undefined) return staging;
    if (config === undefined) return invalid(`table ${app.record.info.appName} has no such partition`);
    if (this.isUnderReconfiguration(app, config)) return { error: 'ERR_BUSY', hint: `${config.gpid} is changing` };
    return this.isTarget(config, to) ? undefined : invalid(`${to} is no secondary of ${config.gpid}`);
  }

  /** Another change of the configuration is under way or proposed, or one is needed first. */
  isUnderReconfiguration(app: AppState, config: PartitionConfig): boolean {
    const isStoring = app.pendingUpdates.has(app.configs.indexOf(config));
    return isStoring || this.apps.cure.hasProposals(config.gpid) || (config.ballot > 0 && config.primary === '');
  }

  isTarget(config: PartitionConfig, to: NodeId): boolean {
    return config.primary !== '' && config.secondaries.includes(to);
  }

  begin(app: AppState, partitionIndex: number, { primary }: PartitionConfig, to: NodeId): void {
    this.apps.cure.registerProposals(app, partitionIndex, [
      { type: 'CT_DOWNGRADE_TO_SECONDARY', target: primary, node: primary },
      { type: 'CT_UPGRADE_TO_PRIMARY', target: to, node: to },
    ]);
  }
}

function invalid(hint: string): Refusal {
  return { error: 'ERR_INVALID_PARAMETERS', hint };
}
