/**
 * What the meta server remembers of one partition to cure it, all of it volatile (upstream's config_context and
 * proposal_actions; repl 1.10): what stands proposed, how its learner is doing, who dropped out, and what those said.
 *
 * Mended (docs/departures.md, cure.5, cure.12): of several proposals upstream takes the next one up with any change of the
 * configuration, and removes a member although nobody has come for it. And upstream keeps what a server reported when that server dies and comes back, and takes one
 * that was scanned before it dropped out for one without the replica. Here a report counts from its drop, and as long as
 * the server lives.
 */
import type { NodeId, PartitionConfig, PartitionStatus } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import type { UpdateConfigRequest } from '../../protocol/messages.ts';
import { NO_REPLICA } from './cureView.ts';
import type { Decision, Proposal, ReplicaReport } from './cureView.ts';
import type { DropList } from './dropList.ts';

/** Hears what stood proposed, and what stands from now on. */
export type FrontListener = (old: Proposal | undefined, next: Proposal | undefined) => void;

export class ConfigContext {
  readonly ctx: Context;
  readonly drops: DropList;
  /** Of servers outside the configuration, in this life of theirs; NO_REPLICA: scanned, and nothing found. */
  readonly collected = new Map<NodeId, ReplicaReport>();
  /** Who refused to become the primary of this configuration. */
  readonly passedOver = new Set<NodeId>();
  /** The last decision: tells people why nothing happens. */
  decision: Decision = { kind: 'healthy' };
  private readonly onFront: FrontListener;
  private proposals: readonly Proposal[] = [];
  private learnerSeen = false;
  private learnerAbnormal = false;

  constructor(ctx: Context, onFront: FrontListener) {
    this.ctx = ctx;
    this.onFront = onFront;
    this.drops = new ctx.parts.DropList(ctx);
  }

  // ------------------------------------------------------------------ what stands proposed

  front(): Proposal | undefined {
    return this.proposals[0];
  }

  /** Upstream's assign_cure_proposal and assign_balancer_proposals: one after the other, the first stands. */
  assignProposals(proposals: readonly Proposal[]): void {
    this.onFront(this.front(), proposals[0]);
    this.proposals = proposals;
    this.resetTrackedLearner();
  }

  clearProposals(): void {
    this.assignProposals([]);
  }

  /** The configuration changed: the next one stands, if it was as the first one asked. */
  onReconfigured(request: UpdateConfigRequest): void {
    const front = this.front();
    this.assignProposals(front !== undefined && this.isCarriedOut(front, request) ? this.proposals.slice(1) : []);
  }

  isCarriedOut({ type: asked, node }: Proposal, { type, node: changed }: UpdateConfigRequest): boolean {
    if (node !== changed) return false;
    return isLearning(asked) ? type === 'CT_UPGRADE_TO_SECONDARY' : type === asked;
  }

  private resetTrackedLearner(): void {
    this.learnerSeen = false;
    this.learnerAbnormal = false;
  }

  /** A learner that had begun and is down again failed; one that was not seen yet may be about to begin. */
  trackCurrentLearner(node: NodeId, status: PartitionStatus): void {
    const front = this.front();
    if (front === undefined || !isLearning(front.type) || front.node !== node) return;
    if (status === 'PS_POTENTIAL_SECONDARY') {
      this.learnerSeen = true;
      this.learnerAbnormal = false;
    } else if ((status === 'PS_ERROR' || status === 'PS_INACTIVE') && this.learnerSeen) {
      this.learnerAbnormal = true;
    }
  }

  isAbnormalLearning(): boolean {
    return this.learnerAbnormal;
  }

  // ------------------------------------------------------------------ who came and went

  /** The stored configuration has the server as a member. */
  onAdded(config: PartitionConfig, node: NodeId): void {
    this.collected.delete(node);
    this.drops.removeFromDropped(config, node);
  }

  /** The stored configuration has it no more. Nothing was collected of it: it was a member. */
  onRemoved(config: PartitionConfig, node: NodeId, nowMs: number): void {
    this.drops.recordDropHistory(config, node, nowMs);
  }

  /** It is not a member, and said this of its replica. */
  collect(config: PartitionConfig, node: NodeId, report: ReplicaReport): void {
    this.collected.set(node, report);
    this.drops.collectDropReplica(config, node, report);
  }

  /** It told of all its replicas, and of none of this partition; what it told before may be opening just now. */
  onScanned(node: NodeId): void {
    if (!this.collected.has(node)) this.collected.set(node, NO_REPLICA);
  }

  /** Its next life may have less. */
  onNodeDead(node: NodeId): void {
    this.collected.delete(node);
  }
}

function isLearning(type: Proposal['type']): boolean {
  return type === 'CT_ADD_SECONDARY' || type === 'CT_ADD_SECONDARY_FOR_LB';
}
