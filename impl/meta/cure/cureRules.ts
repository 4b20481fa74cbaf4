/**
 * What a partition needs, decided from a view of it (repl 1.10; upstream's partition_guardian.cpp and, for servers that
 * die, server_state.cpp). Nothing here has state or reaches out: the same view gives the same decision.
 *
 * Facts beyond the sheet, all upstream's. `cure` goes by the number of members: none is primary; fewer than
 * `max_replica_count`; more. "Fewest" compares, in this order, primaries of the table, replicas of the table, all
 * primaries, all replicas (for a learner: replicas of the table, all replicas); what was proposed and is not stored yet
 * counts. A learner is emergent when fewer than `min_2pc` members remain and the table wants more than `min_2pc`: a
 * table of two replicas waits for its dropout even when one is left. Learners are tried from the newest alive one of the
 * drop list to the oldest, one with each decision, before any other server. A partition that has too
 * many members drops the secondary whose server has most replicas by stored configurations. A proposal stands until
 * the configuration changes or it makes no sense any more: target or node dead, or a role that does not fit.
 * Below `min_live_node_count_for_unfreeze` (3) servers alive, or below `node_live_percentage_threshold_for_update` (65 %)
 * of all, the state is frozen: nothing is proposed, no update accepted; only dead primaries are removed.
 * Not here: the white list (`enable_white_list`, off) and servers that restarted `max_succssive_unstable_restart` (5) times
 * within `stable_rs_min_running_seconds` (600) are the failure detector's, which leaves their beacons unanswered; the limit
 * of learners for one server (`add_secondary_enable_flow_control`) is off.
 *
 * Mended (docs/departures.md, cure.6 to cure.9): a black-listed dropout is not added after all when no other server is free; after each
 * dropout that is back one server that has nothing of the partition is tried (upstream starts over, and one that never
 * succeeds keeps all others out); a secondary that refuses to take over lets the next one try; a choice among dropouts
 * stands only as long as what they report makes it the choice.
 */
import { unreachable } from '../../../model/vocabulary.ts';
import type { NodeId, PartitionConfig } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { isMember } from '../serverState.ts';
import type { CureView, Decision, Load, NodeDeadAction, Proposal, ProposalType, WaitReason } from './cureView.ts';
import type { DddRule } from './dddRule.ts';

export class CureRules {
  readonly ctx: Context;
  readonly ddd: DddRule;

  constructor(ctx: Context) {
    this.ctx = ctx;
    this.ddd = new ctx.parts.DddRule();
  }

  // ------------------------------------------------------------------ what is missing

  /** What the partition needs now, when nothing stands proposed. Its primary is alive, or it has none. */
  cure(view: CureView): Decision {
    const { config } = view;
    const members = config.secondaries.length + 1;
    if (config.primary === '') return this.onMissingPrimary(view);
    if (members < config.maxReplicaCount) return this.onMissingSecondary(view);
    if (members > config.maxReplicaCount) return this.onRedundantSecondary(view);
    return { kind: 'healthy' };
  }

  onMissingPrimary(view: CureView): Decision {
    const { secondaries, lastDrops } = view.config;
    if (secondaries.length > 0) return this.upgradeSecondary(view);
    if (lastDrops.length === 0) return this.assignNewPartition(view);
    return this.assignLastDrop(view);
  }

  /** Every secondary has acknowledged whatever is committed: no decrees are compared. */
  upgradeSecondary(view: CureView): Decision {
    const alive = view.config.secondaries.filter((node) => view.liveness.isAlive(node));
    const node = this.leastPrimaries(view, this.notPassedOver(view, alive));
    return node === undefined ? wait('no-secondary-alive') : propose(view, 'CT_UPGRADE_TO_PRIMARY', node, node);
  }

  assignNewPartition(view: CureView): Decision {
    const alive = view.nodes.filter((node) => view.liveness.isAlive(node));
    const node = this.leastPrimaries(view, this.notPassedOver(view, alive));
    return node === undefined ? wait('no-node-alive') : propose(view, 'CT_ASSIGN_PRIMARY', node, node);
  }

  assignLastDrop(view: CureView): Decision {
    const choice = this.ddd.choosePrimary(view);
    if (choice.kind === 'wait') return wait(choice.reason);
    return propose(view, 'CT_ASSIGN_PRIMARY', choice.node, choice.node);
  }

  /** Those that have not refused; all of them again when every one has. */
  notPassedOver(view: CureView, nodes: readonly NodeId[]): readonly NodeId[] {
    const rest = nodes.filter((node) => !view.passedOver.has(node));
    return rest.length > 0 ? rest : nodes;
  }

  // ------------------------------------------------------------------ secondaries

  onMissingSecondary(view: CureView): Decision {
    return this.isEmergency(view) ? this.addAnySecondary(view) : this.addLastDropped(view);
  }

  /** Whether another server may take the place of one that dropped out and may yet come back. */
  isEmergency(view: CureView): boolean {
    const { config, drops, nowMs } = view;
    const minCount = this.mutation2pcMinReplicaCount(config.maxReplicaCount);
    if (config.maxReplicaCount > minCount && config.secondaries.length + 1 < minCount) return true;
    const last = drops.at(-1);
    if (last === undefined) return true;
    return this.isDropExpired(last.droppedMs, nowMs) || this.inBlackList(last.node);
  }

  isDropExpired(droppedMs: number, nowMs: number): boolean {
    return droppedMs === 0 || nowMs >= droppedMs + this.ctx.settings.replicaAssignDelayMsForDropouts;
  }

  /** `mutation_2pc_min_replica_count`; at 0 or below a majority. */
  mutation2pcMinReplicaCount(maxReplicaCount: number): number {
    const count = this.ctx.settings.mutation2pcMinReplicaCount;
    if (count > 0) return count;
    return maxReplicaCount <= 2 ? 1 : Math.floor(maxReplicaCount / 2) + 1;
  }

  inBlackList(node: NodeId): boolean {
    return this.ctx.settings.assignSecondaryBlackList.includes(node);
  }

  /** Who dropped out and is back, one after the other; then, once, a server that has nothing of the partition. */
  addAnySecondary(view: CureView): Decision {
    const at = this.newestAliveDrop(view);
    const dropped = view.drops[at]?.node;
    const isFromList = dropped !== undefined && !this.inBlackList(dropped);
    const node = isFromList ? dropped : this.leastPartitions(view);
    if (node === undefined) return wait('no-candidate');
    const preferredDrop = dropped === undefined ? view.drops.length - 1 : at - 1;
    return propose({ ...view, preferredDrop }, 'CT_ADD_SECONDARY', view.config.primary, node);
  }

  /** From the preferred one down; -1 when each that is alive had its turn. */
  newestAliveDrop({ drops, preferredDrop, liveness }: CureView): number {
    for (let at = Math.min(preferredDrop, drops.length - 1); at >= 0; at--) {
      const drop = drops[at];
      if (drop !== undefined && liveness.isAlive(drop.node)) return at;
    }
    return -1;
  }

  /** It holds almost everything; it is waited for. */
  addLastDropped(view: CureView): Decision {
    const last = view.drops.at(-1)?.node;
    if (last === undefined || !view.liveness.isAlive(last)) return wait('waits-for-last-drop');
    return propose(view, 'CT_ADD_SECONDARY', view.config.primary, last);
  }

  onRedundantSecondary(view: CureView): Decision {
    const { primary, secondaries } = view.config;
    let most = secondaries[0];
    if (most === undefined) return { kind: 'healthy' };
    for (const node of secondaries) {
      if (view.loads.storedPartitions(node) > view.loads.storedPartitions(most)) most = node;
    }
    return propose(view, 'CT_REMOVE', primary, most);
  }

  // ------------------------------------------------------------------ who has least

  leastPrimaries(view: CureView, nodes: readonly NodeId[]): NodeId | undefined {
    return this.least(view, nodes, (load) => [load.appPrimaries, load.appPartitions, load.primaries, load.partitions]);
  }

  leastPartitions(view: CureView): NodeId | undefined {
    const { nodes, config, liveness } = view;
    const free = nodes.filter((node) => liveness.isAlive(node) && !isMember(config, node) && !this.inBlackList(node));
    const strangers = free.filter((node) => view.drops.every((drop) => drop.node !== node));
    const keyOf = (load: Load): readonly number[] => [load.appPartitions, load.partitions];
    return this.least(view, strangers, keyOf) ?? this.least(view, free, keyOf);
  }

  /** The first of those with the smallest key. */
  private least(
    { appId, loads }: CureView,
    nodes: readonly NodeId[],
    keyOf: (load: Load) => readonly number[],
  ): NodeId | undefined {
    let best: { readonly node: NodeId; readonly key: readonly number[] } | undefined;
    for (const node of nodes) {
      const key = keyOf(loads.loadOf(node, appId));
      if (best === undefined || isLess(key, best.key)) best = { node, key };
    }
    return best?.node;
  }

  // ------------------------------------------------------------------ what stands, who is dead, whether anything may be done

  /** Whether a proposal still makes sense (upstream's from_proposals). */
  isProposalValid(view: CureView, { type, target, node }: Proposal): boolean {
    const { config, liveness } = view;
    if (!liveness.isAlive(target) || !liveness.isAlive(node)) return false;
    const isPrimary = config.primary === target;
    const isSecondary = config.secondaries.includes(node);
    switch (type) {
      case 'CT_ASSIGN_PRIMARY':
        return node === target && config.primary === '' && !isSecondary && this.isStillChosen(view, node);
      case 'CT_UPGRADE_TO_PRIMARY':
        return node === target && config.primary === '' && isSecondary;
      case 'CT_ADD_SECONDARY':
      case 'CT_ADD_SECONDARY_FOR_LB':
        return isPrimary && !isMember(config, node);
      case 'CT_DOWNGRADE_TO_INACTIVE':
      case 'CT_REMOVE':
        return isPrimary && isMember(config, node);
      case 'CT_DOWNGRADE_TO_SECONDARY':
        return isPrimary && node === target;
      default:
        return unreachable(type);
    }
  }

  /** What dropouts report changes until one of them has accepted. */
  isStillChosen(view: CureView, node: NodeId): boolean {
    if (view.config.lastDrops.length === 0 || view.config.secondaries.length > 0) return true;
    const choice = this.ddd.choosePrimary(view);
    return choice.kind === 'choose' && choice.node === node;
  }

  /** A primary is removed by the meta server itself; a secondary by its primary, if there is one to do it. */
  onPartitionNodeDead(config: PartitionConfig, node: NodeId): NodeDeadAction {
    if (config.primary === node) return { kind: 'remove-primary' };
    if (config.primary === '' || !config.secondaries.includes(node)) return { kind: 'none' };
    return { kind: 'propose', proposal: { type: 'CT_DOWNGRADE_TO_INACTIVE', target: config.primary, node } };
  }

  /** Upstream's check_freeze: so many servers are gone that the fault may well be the meta server's own. */
  isFrozen(nodes: readonly NodeId[], isAlive: (node: NodeId) => boolean): boolean {
    const { minLiveNodeCountForUnfreeze, nodeLivePercentageThresholdForUpdate } = this.ctx.settings;
    const alive = nodes.filter(isAlive).length;
    if (alive < minLiveNodeCountForUnfreeze) return true;
    return alive * 100 < nodeLivePercentageThresholdForUpdate * nodes.length;
  }
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  for (const [i, value] of a.entries()) {
    const other = b[i] ?? value;
    if (value !== other) return value < other;
  }
  return false;
}

function wait(reason: WaitReason): Decision {
  return { kind: 'wait', reason };
}

function propose({ preferredDrop }: CureView, type: ProposalType, target: NodeId, node: NodeId): Decision {
  return { kind: 'propose', proposal: { type, target, node }, preferredDrop };
}
