/**
 * Changes of a group's members that its primary carries out (repl 1.10; upstream's replica_config.cpp: the proposals
 * CT_ADD_SECONDARY, CT_DOWNGRADE_TO_INACTIVE and CT_REMOVE, and upgrade_to_secondary_on_primary). Each but the first is a
 * request to the meta server for the next ballot. Which changes are proposed is the meta server's part.
 */
import type { ErrorCode, NodeId, PartitionConfig } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import type { RemoveReplicaRequest } from '../../protocol/learnMessages.ts';
import type { ConfigProposal, UpdateConfigRequest } from '../../protocol/messages.ts';
import type { Replica } from '../replica.ts';

export class MemberChanges {
  readonly ctx: Context;
  readonly replica: Replica;

  constructor(ctx: Context, replica: Replica) {
    this.ctx = ctx;
    this.replica = replica;
  }

  /** ERR_INVALID_STATE: not PRIMARY, not of this configuration, or no room. */
  onProposal(proposal: ConfigProposal): ErrorCode {
    const { replica } = this;
    const { app, config, node, type } = proposal;
    if (!replica.isPrimary() || config.ballot !== replica.ballot()) return 'ERR_INVALID_STATE';
    switch (type) {
      case 'CT_ADD_SECONDARY':
        return replica.learnerGroup.addPotentialSecondary(node, false, app);
      case 'CT_ADD_SECONDARY_FOR_LB':
        return replica.learnerGroup.addPotentialSecondary(node, true, app);
      case 'CT_DOWNGRADE_TO_INACTIVE':
        return this.downgradeToInactiveOnPrimary(node);
      case 'CT_REMOVE':
        return this.removeOnPrimary(node);
      default:
        return 'ERR_INVALID_PARAMETERS';
    }
  }

  /** A learner that holds everything becomes a member. */
  upgradeToSecondaryOnPrimary(node: NodeId): void {
    const { membership } = this.replica.primaryStates;
    const { secondaries } = membership;
    const config = { ...membership, secondaries: secondaries.includes(node) ? secondaries : [...secondaries, node] };
    this.replica.metaRequester.updateConfigurationOnMetaServer('CT_UPGRADE_TO_SECONDARY', node, config);
  }

  /** The member stays where it is, and is no member any more; it may be the primary itself. */
  downgradeToInactiveOnPrimary(node: NodeId): ErrorCode {
    const config = this.configWithout(node);
    if (config === undefined) return 'ERR_OK';
    this.replica.metaRequester.updateConfigurationOnMetaServer('CT_DOWNGRADE_TO_INACTIVE', node, config);
    return 'ERR_OK';
  }

  /** As before; the node is told to close its replica when that is stored. A learner is only given up. */
  removeOnPrimary(node: NodeId): ErrorCode {
    this.replica.learnerGroup.removeLearner(node);
    const { membership } = this.replica.primaryStates;
    const config = this.configWithout(node) ?? membership;
    this.replica.metaRequester.updateConfigurationOnMetaServer('CT_REMOVE', node, config);
    return 'ERR_OK';
  }

  /** Undefined: it is no member. */
  private configWithout(node: NodeId): PartitionConfig | undefined {
    const { membership } = this.replica.primaryStates;
    if (membership.primary === node) return { ...membership, primary: '' };
    if (!membership.secondaries.includes(node)) return undefined;
    return { ...membership, secondaries: membership.secondaries.filter((other) => other !== node) };
  }

  /** A configuration of ours is stored, and adopted unless it was older. */
  onConfigurationStored({ node, type }: UpdateConfigRequest, { gpid, ballot, primary }: PartitionConfig): void {
    if (type !== 'CT_REMOVE' || node === this.replica.self()) return;
    this.ctx.env.rpc.tell(node, 'RPC_REMOVE_REPLICA', { gpid, ballot, primary }, { hash: this.replica.hash, gpid });
  }

  /** The removed node's side: INACTIVE in that ballot, and closed (repl 1.11). */
  onRemove({ ballot, primary }: RemoveReplicaRequest): void {
    const { replica } = this;
    if (ballot < replica.ballot()) return;
    const config = replica.makeConfig(ballot, primary, 'PS_INACTIVE');
    if (ballot > replica.ballot()) replica.configurator.updateLocalConfiguration(config);
    else this.ctx.env.check(!replica.isPrimary(), 'on_remove', () => `${replica.gpid} is PRIMARY in ${ballot}`);
  }
}
