/**
 * A primary that is moved on an operator's wish (bl 17.2; the shell's `propose`, upstream's on_propose_balancer and the
 * balancer's primary move): the primary is told to step down (CT_DOWNGRADE_TO_SECONDARY) and asks the meta server to
 * store a configuration without a primary, itself among the secondaries; then the target is told to take over
 * (CT_UPGRADE_TO_PRIMARY) and asks for a configuration with itself as the primary. Each takes one ballot.
 *
 * The wish is answered when the first proposal goes. Proposals are repeated every `rpcTimeoutMs`: those to step down a
 * few times, as nothing is lost by giving up; those to take over until somebody has, each time to the next member, as
 * all hold what is committed. A meta server that finds a partition without a primary at its start does the same.
 */
import type { ConfigType, ErrorCode, Gpid, NodeId, PartitionConfig } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import { reply, task } from '../env/contract.ts';
import type { Replier, RpcResult } from '../env/contract.ts';
import { threadHash } from '../protocol/gpid.ts';
import type { AdminResponse, ConfigProposalAck, MovePrimaryRequest } from '../protocol/messages.ts';
import type { AppService } from './appService.ts';
import { toldAppInfo } from './serverState.ts';
import type { AppState, ServerState } from './serverState.ts';

interface Move {
  /** Tells its timers from those of an earlier move of the partition. */
  readonly number: number;
  readonly to: NodeId;
  /** Proposals so far, of the step it is in. */
  proposals: number;
  /** The store holds a configuration without a primary. */
  steppedDown: boolean;
}

interface Refusal {
  readonly error: Exclude<ErrorCode, 'ERR_OK'>;
  readonly hint: string;
}

/** How often a primary is told to step down. */
const STEP_DOWN_PROPOSALS = 3;

export class PrimaryMove {
  readonly ctx: Context;
  readonly state: ServerState;
  readonly apps: AppService;
  private readonly moves = new Map<Gpid, Move>();
  private nextNumber = 1;

  constructor(ctx: Context, state: ServerState, apps: AppService) {
    this.ctx = ctx;
    this.state = state;
    this.apps = apps;
  }

  // ------------------------------------------------------------------ the operator's wish

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

  /** Another change of the configuration is under way, or one is needed first. */
  isUnderReconfiguration(app: AppState, config: PartitionConfig): boolean {
    const isStoring = app.pendingUpdates.has(app.configs.indexOf(config));
    return isStoring || this.moves.has(config.gpid) || this.needsPrimary(config);
  }

  isTarget(config: PartitionConfig, to: NodeId): boolean {
    return config.primary !== '' && config.secondaries.includes(to);
  }

  // ------------------------------------------------------------------ rounds

  /** At the start of the meta server: who had stepped down is replaced. */
  watchApp(app: AppState): void {
    for (const [index, config] of app.configs.entries()) this.onConfigStored(app, index, config);
  }

  /** The store holds a new configuration of the partition. */
  onConfigStored(app: AppState, partitionIndex: number, config: PartitionConfig): void {
    const move = this.moves.get(config.gpid);
    if (!this.needsPrimary(config)) {
      if (move?.steppedDown === true) this.moves.delete(config.gpid);
    } else if (move === undefined) {
      this.begin(app, partitionIndex, config, config.secondaries[0] ?? '');
    } else if (!move.steppedDown) {
      this.propose(app, config, move);
    }
  }

  /** Somebody has served it, and stepped down. */
  needsPrimary(config: PartitionConfig): boolean {
    return config.ballot > 0 && config.primary === '';
  }

  protected begin(app: AppState, partitionIndex: number, config: PartitionConfig, to: NodeId): void {
    const move: Move = { number: this.nextNumber++, to, proposals: 0, steppedDown: false };
    this.moves.set(config.gpid, move);
    this.onRound(app.appId, partitionIndex, move.number);
  }

  onRound(appId: number, partitionIndex: number, number: number): void {
    const app = this.state.app(appId);
    const config = app?.configs[partitionIndex];
    const move = config === undefined ? undefined : this.moves.get(config.gpid);
    if (app === undefined || config === undefined || move?.number !== number) return;
    if (app.status !== 'AS_AVAILABLE' || !this.isWanted(config, move)) {
      this.moves.delete(config.gpid);
      return;
    }
    this.propose(app, config, move);
    const then = task(this, 'onRound', appId, partitionIndex, number);
    this.ctx.env.tasks.post('LPC_META_STATE_NORMAL', 0, this.ctx.settings.rpcTimeoutMs, then);
  }

  isWanted(config: PartitionConfig, move: Move): boolean {
    return this.needsPrimary(config) || (config.primary !== move.to && move.proposals < STEP_DOWN_PROPOSALS);
  }

  private propose(app: AppState, config: PartitionConfig, move: Move): void {
    if (this.needsPrimary(config)) {
      if (!move.steppedDown) move.proposals = 0;
      move.steppedDown = true;
      this.sendProposal(app, config, 'CT_UPGRADE_TO_PRIMARY', this.candidate(config, move));
    } else {
      this.sendProposal(app, config, 'CT_DOWNGRADE_TO_SECONDARY', config.primary);
    }
    move.proposals++;
  }

  /** The target, and when it does not take over the next one. */
  candidate({ secondaries }: PartitionConfig, { to, proposals }: Move): NodeId {
    const first = Math.max(0, secondaries.indexOf(to));
    return secondaries[(first + proposals) % secondaries.length] ?? to;
  }

  sendProposal(app: AppState, config: PartitionConfig, type: ConfigType, node: NodeId): void {
    this.ctx.env.rpc.call(
      node,
      'RPC_CONFIG_PROPOSAL',
      { app: toldAppInfo(app), type, node, config },
      { hash: threadHash(config.gpid), timeoutMs: this.ctx.settings.rpcTimeoutMs, gpid: config.gpid },
      reply(this, 'onProposalAck', config.gpid),
    );
  }

  onProposalAck(_result: RpcResult<ConfigProposalAck>, _gpid: Gpid): void {
    // What counts is the configuration that the node asks for.
  }
}

function invalid(hint: string): Refusal {
  return { error: 'ERR_INVALID_PARAMETERS', hint };
}
