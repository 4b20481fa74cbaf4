/**
 * Looks after the members of every partition (repl 1.10; upstream's check_all_partitions, on_change_node_state and
 * partition_guardian): finds what is wrong, proposes what would help, and removes primaries that are dead.
 *
 * Facts beyond the sheet, all upstream's: every `lb_interval_ms` (10 s) all partitions are looked at, except those with
 * an update on its way to the store and those of tables that are created or dropped; each configuration that was stored
 * has its partition looked at right away. One proposal of a partition stands at a time; it is sent again with each look,
 * and gives way when the configuration changes, when it makes no sense any more, or when its learner is seen to have
 * failed. Learners of partitions without any secondary are asked for before others, and after all other proposals. A
 * new meta server takes all servers for alive until the failure detector knows better, and knows no dropouts.
 *
 * Mended (docs/departures.md, cure.1): upstream acts on the moment in which a server dies. A message that is lost then, or an
 * update that makes the dead server primary a moment later, leaves the partition as it is for ever. Here each look finds
 * dead members anew, and every change of a server's state is followed by a look at all partitions.
 *
 * Balancers leave loading tables alone (bl 17.11); what is missing is cured there too, as upstream does.
 */
import type { ErrorCode, Gpid, NodeId, PartitionConfig, PartitionStatus } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { reply, task } from '../../env/contract.ts';
import type { RpcResult } from '../../env/contract.ts';
import { appIdOf, parseGpid, partitionIndexOfGpid, threadHash } from '../../protocol/gpid.ts';
import type { ConfigProposalAck, ConfigSyncRequest, UpdateConfigRequest } from '../../protocol/messages.ts';
import { isMember, toldAppInfo } from '../serverState.ts';
import type { AppState, ServerState } from '../serverState.ts';
import type { ConfigContext } from './configContext.ts';
import type { CureRules } from './cureRules.ts';
import type { ConfigUpdater, CureView, LivenessView, Proposal } from './cureView.ts';
import type { NodeLoads } from './nodeLoads.ts';
import type { RequestRules } from './requestRules.ts';

/** A partition, and what to ask for. */
interface Wish {
  readonly app: AppState;
  readonly config: PartitionConfig;
  readonly proposal: Proposal;
}

export class Cure {
  readonly ctx: Context;
  readonly state: ServerState;
  readonly rules: CureRules;
  readonly requestRules: RequestRules;
  readonly loads: NodeLoads;
  /** Ascending by id. */
  private readonly nodes: readonly NodeId[];
  private readonly contexts = new Map<Gpid, ConfigContext>();
  private updater: ConfigUpdater | undefined;
  private liveness: LivenessView = { isAlive: () => false };

  constructor(ctx: Context, state: ServerState) {
    this.ctx = ctx;
    this.state = state;
    this.rules = new ctx.parts.CureRules(ctx);
    this.requestRules = new ctx.parts.RequestRules();
    this.loads = new ctx.parts.NodeLoads(state.members);
    this.nodes = [...state.options.replicaServers].sort();
  }

  // ------------------------------------------------------------------ when to look

  start(updater: ConfigUpdater, liveness: LivenessView): void {
    this.updater = updater;
    this.liveness = liveness;
    this.postBalancerRun();
  }

  private postBalancerRun(): void {
    const { lbIntervalMs } = this.ctx.settings;
    this.ctx.env.tasks.post('LPC_META_STATE_NORMAL', 0, lbIntervalMs, task(this, 'balancerRun'));
  }

  balancerRun(): void {
    this.checkAllPartitions();
    this.postBalancerRun();
  }

  checkAllPartitions(): void {
    const wishes: Wish[] = [];
    for (const app of this.state.apps()) {
      for (let i = 0; i < app.configs.length; i++) {
        const wish = this.lookAt(app, i);
        if (wish !== undefined) wishes.push(wish);
      }
    }
    for (const wish of this.byUrgency(wishes)) this.sendProposal(wish);
  }

  /** Learners last, but for partitions that have nothing but a primary. */
  byUrgency(wishes: readonly Wish[]): readonly Wish[] {
    const rank = ({ proposal, config }: Wish): number => {
      if (proposal.type !== 'CT_ADD_SECONDARY') return 0;
      return config.secondaries.length === 0 ? 1 : 2;
    };
    return [0, 1, 2].flatMap((wanted) => wishes.filter((wish) => rank(wish) === wanted));
  }

  /** A table has become available, or was found so at the start. */
  watchApp(app: AppState): void {
    for (let i = 0; i < app.configs.length; i++) this.lookAndSend(app, i);
  }

  /**
   * A table is back: all its partitions have lost all their members. What was said of them while it was dropped was not
   * taken down, or is of a time before.
   */
  onRecalled(app: AppState): void {
    for (const config of app.configs) {
      this.forget(config.gpid);
      const { drops } = this.contextOf(config.gpid);
      for (const node of config.lastDrops) drops.recordDropHistory(config, node, this.nowMs());
    }
    this.watchApp(app);
  }

  onChangeNodeState(node: NodeId, isAlive: boolean): void {
    if (!isAlive) for (const context of this.contexts.values()) context.onNodeDead(node);
    if (this.updater !== undefined) this.checkAllPartitions();
  }

  lookAndSend(app: AppState, partitionIndex: number): void {
    const wish = this.lookAt(app, partitionIndex);
    if (wish !== undefined) this.sendProposal(wish);
  }

  // ------------------------------------------------------------------ one look

  /** What to ask for now. A primary that is dead is removed on the way. */
  lookAt(app: AppState, partitionIndex: number): Wish | undefined {
    const config = app.configs[partitionIndex];
    if (config === undefined || app.status !== 'AS_AVAILABLE') {
      if (config !== undefined) this.forget(config.gpid);
      return undefined;
    }
    if (config.primary !== '' && !this.isAlive(config.primary)) {
      this.onPartitionNodeDead(app, partitionIndex, config, config.primary);
      return undefined;
    }
    if (this.updater?.isUpdatePending(app, partitionIndex) !== false) return undefined;
    const proposal = this.isFrozen() ? this.freeze(config) : this.cure(app, config);
    return proposal === undefined ? undefined : { app, config, proposal };
  }

  isAlive(node: NodeId): boolean {
    return this.liveness.isAlive(node);
  }

  /** The proposal that carries a dead secondary away; a primary is removed here and now, frozen or not. */
  onPartitionNodeDead(app: AppState, index: number, config: PartitionConfig, node: NodeId): Proposal | undefined {
    const action = this.rules.onPartitionNodeDead(config, node);
    if (action.kind === 'remove-primary') this.updater?.downgradePrimaryToInactive(app, index);
    return action.kind === 'propose' ? action.proposal : undefined;
  }

  private freeze({ gpid }: PartitionConfig): undefined {
    this.contextOf(gpid).decision = { kind: 'wait', reason: 'frozen' };
  }

  isFrozen(): boolean {
    return this.rules.isFrozen(this.state.options.replicaServers, (node) => this.isAlive(node));
  }

  /** Upstream's cure, behind it its from_proposals; members that are dead first. */
  cure(app: AppState, config: PartitionConfig): Proposal | undefined {
    const context = this.contextOf(config.gpid);
    const away = this.downgradeSecondaryToInactive(app, config);
    if (away !== undefined) {
      context.decision = { kind: 'propose', proposal: away, preferredDrop: context.drops.preferredDrop };
      return away;
    }
    const standing = this.fromProposals(app, config, context);
    if (standing !== undefined) return standing;
    const decision = this.rules.cure(this.viewOf(app, config, context));
    context.decision = decision;
    if (decision.kind !== 'propose') return undefined;
    context.assignProposals([decision.proposal]);
    context.drops.preferredDrop = decision.preferredDrop;
    return decision.proposal;
  }

  downgradeSecondaryToInactive(app: AppState, config: PartitionConfig): Proposal | undefined {
    const index = partitionIndexOfGpid(config.gpid);
    for (const node of config.secondaries) {
      const away = this.isAlive(node) ? undefined : this.onPartitionNodeDead(app, index, config, node);
      if (away !== undefined) return away;
    }
    return undefined;
  }

  /** What stands proposed, unless it makes no sense any more: then everything behind it goes as well. */
  fromProposals(app: AppState, config: PartitionConfig, context: ConfigContext): Proposal | undefined {
    const front = context.front();
    if (front === undefined) return undefined;
    const isValid = this.rules.isProposalValid(this.viewOf(app, config, context), front);
    if (isValid && !context.isAbnormalLearning()) return front;
    context.clearProposals();
    return undefined;
  }

  contextOf(gpid: Gpid): ConfigContext {
    const found = this.contexts.get(gpid);
    if (found !== undefined) return found;
    const appId = appIdOf(gpid);
    const onFront = (old: Proposal | undefined, next: Proposal | undefined): void => {
      this.loads.onStanding(appId, old, next);
    };
    const context = new this.ctx.parts.ConfigContext(this.ctx, onFront);
    this.contexts.set(gpid, context);
    return context;
  }

  private forget(gpid: Gpid): void {
    this.contexts.get(gpid)?.clearProposals();
    this.contexts.delete(gpid);
  }

  viewOf(app: AppState, config: PartitionConfig, context: ConfigContext): CureView {
    return {
      appId: app.appId,
      config,
      nodes: this.nodes,
      liveness: this.liveness,
      loads: this.loads,
      drops: context.drops.entries(),
      preferredDrop: context.drops.preferredDrop,
      collected: context.collected,
      passedOver: context.passedOver,
      nowMs: this.nowMs(),
    };
  }

  private nowMs(): number {
    return Math.floor(this.ctx.env.clock.monotonicUs() / 1000);
  }

  // ------------------------------------------------------------------ proposals

  sendProposal({ app, config, proposal }: Wish): void {
    const { type, target, node } = proposal;
    const { gpid, ballot } = config;
    this.ctx.env.rpc.call(
      target,
      'RPC_CONFIG_PROPOSAL',
      { app: toldAppInfo(app), type, node, config },
      { hash: threadHash(gpid), timeoutMs: this.ctx.settings.rpcTimeoutMs, gpid },
      reply(this, 'onProposalAck', gpid, ballot, proposal),
    );
  }

  /** No answer says nothing; a refusal ends the proposal, and the next one may be another. */
  onProposalAck(result: RpcResult<ConfigProposalAck>, gpid: Gpid, ballot: number, proposal: Proposal): void {
    const config = this.state.config(gpid);
    const context = this.contexts.get(gpid);
    if (result.error !== 'ERR_OK' || !this.isRefusal(result.body.error)) return;
    if (config?.ballot !== ballot || context === undefined || context.front() !== proposal) return;
    context.clearProposals();
    const isToServe = proposal.type === 'CT_UPGRADE_TO_PRIMARY' || proposal.type === 'CT_ASSIGN_PRIMARY';
    if (isToServe) this.passOver(gpid, config, context, proposal.node);
  }

  /** The next one is asked at once; when all have refused they are asked again with the next look. */
  passOver(gpid: Gpid, config: PartitionConfig, context: ConfigContext, node: NodeId): void {
    const { passedOver } = context;
    passedOver.add(node);
    const others = this.candidates(config).filter((other) => this.isAlive(other) && !passedOver.has(other));
    if (others.length > 0) this.lookAndSendByGpid(gpid);
    else passedOver.clear();
  }

  /** Among whom the rules may choose. Of dropouts only one will do. */
  private candidates({ secondaries, lastDrops }: PartitionConfig): readonly NodeId[] {
    if (secondaries.length > 0) return secondaries;
    return lastDrops.length > 0 ? [] : this.state.options.replicaServers;
  }

  /** A server that is busy with the replica may yet do what it was asked for. */
  isRefusal(error: ErrorCode): boolean {
    return error !== 'ERR_OK' && error !== 'ERR_BUSY';
  }

  private lookAndSendByGpid(gpid: Gpid): void {
    const ids = parseGpid(gpid);
    const app = ids === undefined ? undefined : this.state.app(ids.appId);
    if (ids !== undefined && app !== undefined) this.lookAndSend(app, ids.partitionIndex);
  }

  hasProposals(gpid: Gpid): boolean {
    return this.contexts.get(gpid)?.front() !== undefined;
  }

  registerProposals(app: AppState, partitionIndex: number, proposals: readonly Proposal[]): ErrorCode {
    const config = app.configs[partitionIndex];
    if (config === undefined) return 'ERR_INVALID_PARAMETERS';
    const context = this.contextOf(config.gpid);
    if (this.hasProposals(config.gpid)) return 'ERR_BUSY';
    context.assignProposals(proposals);
    this.lookAndSend(app, partitionIndex);
    return 'ERR_OK';
  }

  // ------------------------------------------------------------------ what the rest of the meta server tells

  /** Frozen, or somebody would serve who is dead (cure.2): it asks again, and is heard when it lives. */
  refuseUpdate({ config }: UpdateConfigRequest): ErrorCode | undefined {
    if (this.isFrozen()) return 'ERR_STATE_FREEZED';
    return config.primary !== '' && !this.isAlive(config.primary) ? 'ERR_INACTIVE_STATE' : undefined;
  }

  reconfig(app: AppState, partitionIndex: number, request: UpdateConfigRequest): void {
    const { config, node, type } = request;
    const context = this.contextOf(config.gpid);
    context.onReconfigured(request);
    context.passedOver.clear();
    if (this.requestRules.isAdding(type)) context.onAdded(config, node);
    else if (this.requestRules.isRemoving(type)) context.onRemoved(config, node, this.nowMs());
    // Behind the answer to who asked: a proposal that overtook it would meet a replica that still waits, and be ignored.
    this.ctx.env.tasks.post('LPC_META_STATE_HIGH', 0, 0, task(this, 'lookAndSend', app, partitionIndex));
  }

  /** Of a server that lives: one that is dead may be back with less. */
  collectReplicas({ node, stored }: ConfigSyncRequest): void {
    if (!this.isAlive(node)) return;
    const serving = new Set(stored.filter(({ status }) => !this.hasStopped(status)).map(({ gpid }) => gpid));
    for (const { gpid, ballot, lastCommitted, lastPrepared, status } of stored) {
      const config = this.availableConfig(gpid);
      if (config === undefined || isMember(config, node) || !this.hasStopped(status)) continue;
      const context = this.contextOf(gpid);
      context.trackCurrentLearner(node, status);
      context.collect(config, node, { ballot, lastCommitted, lastPrepared });
    }
    for (const app of this.state.apps()) {
      if (app.status !== 'AS_AVAILABLE') continue;
      for (const i of this.state.droppedOut.of(app.appId, node)) {
        const gpid = app.configs[i]?.gpid;
        if (gpid !== undefined && !serving.has(gpid)) this.contextOf(gpid).onScanned(node);
      }
    }
  }

  /** Who is a primary still has not heard that it is none: what it holds may yet grow (of a table recalled right after its drop). */
  hasStopped(status: PartitionStatus): boolean {
    return status !== 'PS_PRIMARY';
  }

  private availableConfig(gpid: Gpid): PartitionConfig | undefined {
    const ids = parseGpid(gpid);
    const app = ids === undefined ? undefined : this.state.app(ids.appId);
    return ids === undefined || app?.status !== 'AS_AVAILABLE' ? undefined : app.configs[ids.partitionIndex];
  }
}
