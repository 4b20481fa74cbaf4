/** A learning cluster whose table is duplicated: up to where, the test says. */
import type { NodeId } from '../../../../model/vocabulary.ts';
import type { Chance } from '../../../../impl/env/sim/chance.ts';
import type { Parts } from '../../../../impl/parts.ts';
import type { AppInfo } from '../../../../impl/protocol/messages.ts';
import { ReplicaDuplicatorManager } from '../../../../impl/replica/duplication/replicaDuplicatorManager.ts';
import { ReplicaConfigurator } from '../../../../impl/replica/replicaConfig.ts';
import type { Settings } from '../../../../impl/settings.ts';
import { LearnCluster } from './learnCluster.ts';

const SMALL_LOG = { logPrivateFileSizeBytes: 2048, logPrivateReserveMaxSizeBytes: 0, configSyncIntervalMs: 600_000 } as const;

/** A duplication has shipped so far, as the meta server has stored. */
function confirmedManager(confirmed: { decree: number }): Parts['ReplicaDuplicatorManager'] {
  return class extends ReplicaDuplicatorManager {
    override minConfirmedDecree(): number {
      return confirmed.decree;
    }
  };
}

/** What the meta server says of duplications is not this test's matter. */
class Duplicating extends ReplicaConfigurator {
  override isDuplicatingBy(told: AppInfo): boolean {
    return this.replica.app.duplicating || super.isDuplicatingBy(told);
  }
}

export class DuplicatingCluster extends LearnCluster {
  readonly confirmed: { decree: number };

  constructor(confirmed: { decree: number }, replicaCount = 2, parts: Partial<Parts> = {}, settings: Partial<Settings> = {}, chance: Partial<Chance> = {}) {
    super({ chance, settings: { ...SMALL_LOG, ...settings }, partsOf: () => ({ ReplicaDuplicatorManager: confirmedManager(confirmed), ReplicaConfigurator: Duplicating, ...parts }) }, replicaCount);
    this.confirmed = confirmed;
    for (const node of this.members()) this.replica(node, this.gpid).configurator.updateDuplicating(true);
  }

  /** The node leaves the group, and its replica is closed. */
  remove(node: NodeId): void {
    this.propose('CT_REMOVE', node);
    this.runUntil(() => this.statusOf(node) === undefined && this.isServing(this.gpid));
  }

  learn(node: NodeId): void {
    this.addLearner(node);
    this.writeUntil(() => this.statusOf(node) === 'PS_SECONDARY');
  }
}
