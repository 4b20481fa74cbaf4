/**
 * An operator's move of a primary where members come and go (bl 17.2; upstream's on_propose_balancer): the two proposals
 * stand in turn with the partition's other ones, and what goes wrong between them is cured as any missing primary.
 */
import type { NodeId, PartitionConfig } from '../../../model/vocabulary.ts';
import { PrimaryMove } from '../primaryMove.ts';
import type { AppState } from '../serverState.ts';

export class CuringPrimaryMove extends PrimaryMove {
  override watchApp(_app: AppState): void {
    // A primary that is missing is cured.
  }

  override onConfigStored(_app: AppState, _partitionIndex: number, _config: PartitionConfig): void {
    // As above.
  }

  /** Also while something else stands proposed. */
  override isUnderReconfiguration(app: AppState, config: PartitionConfig): boolean {
    return this.apps.guardian.hasProposals(config.gpid) || super.isUnderReconfiguration(app, config);
  }

  protected override begin(app: AppState, partitionIndex: number, config: PartitionConfig, to: NodeId): void {
    const { primary } = config;
    this.apps.guardian.registerProposals(app, partitionIndex, [
      { type: 'CT_DOWNGRADE_TO_SECONDARY', target: primary, node: primary },
      { type: 'CT_UPGRADE_TO_PRIMARY', target: to, node: to },
    ]);
  }
}
