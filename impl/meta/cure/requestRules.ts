/**
 * Which changes of a configuration may be stored, and as what (repl 1.10; upstream's request_check, maintain_drops and
 * the body of update_configuration_locally). Upstream checks in debug builds only and trusts the members that a request
 * brings; here they must be exactly what the type makes of the stored ones.
 *
 * CT_ADD_SECONDARY and CT_ADD_SECONDARY_FOR_LB are proposals only: the primary answers them with CT_UPGRADE_TO_SECONDARY
 * when the learner is done, and upstream aborts on them as requests.
 */
import type { ConfigType, NodeId, PartitionConfig } from '../../../model/vocabulary.ts';
import type { UpdateConfigRequest } from '../../protocol/messages.ts';
import { isMember } from '../serverState.ts';

/** `last_drops` (stored) keeps so many (repl 1.1). */
const MAX_LAST_DROPS = 3;

export class RequestRules {
  isLegalType(type: ConfigType): boolean {
    return type !== 'CT_ADD_SECONDARY' && type !== 'CT_ADD_SECONDARY_FOR_LB';
  }

  /** Whether the request's members are what its type makes of the stored ones. */
  requestCheck(stored: PartitionConfig, request: UpdateConfigRequest): boolean {
    const { config, node, type } = request;
    switch (type) {
      case 'CT_ASSIGN_PRIMARY':
        return stored.primary === '' && stored.secondaries.length === 0 && isGroup(config, node, []);
      case 'CT_UPGRADE_TO_PRIMARY':
        return stored.primary === '' && isSecondary(stored, node) && isGroup(config, node, without(stored, node));
      case 'CT_UPGRADE_TO_SECONDARY':
        return stored.primary !== '' && !isMember(stored, node) && isGroup(config, stored.primary, withSecondary(stored, node));
      case 'CT_DOWNGRADE_TO_SECONDARY':
        return stored.primary === node && isGroup(config, '', withSecondary(stored, node));
      case 'CT_DOWNGRADE_TO_INACTIVE':
      case 'CT_REMOVE':
        return isMember(stored, node) && isGroup(config, stored.primary === node ? '' : stored.primary, without(stored, node));
      case 'CT_PRIMARY_FORCE_UPDATE_BALLOT':
        return stored.primary === node && isGroup(config, node, stored.secondaries);
      default:
        return false;
    }
  }

  /** What is stored for a request: `last_drops` and `max_replica_count` are the meta server's own. */
  nextConfig(stored: PartitionConfig, { config, node, type }: UpdateConfigRequest): PartitionConfig {
    return {
      gpid: stored.gpid,
      ballot: config.ballot,
      maxReplicaCount: stored.maxReplicaCount,
      primary: config.primary,
      secondaries: config.secondaries,
      lastDrops: this.maintainDrops(stored.lastDrops, node, type),
      lastCommittedDecree: config.lastCommittedDecree,
    };
  }

  /** What the meta server stores itself when the primary is dead, even if nobody is left. */
  withoutPrimary(stored: PartitionConfig): UpdateConfigRequest {
    const { primary: node } = stored;
    const type = 'CT_DOWNGRADE_TO_INACTIVE';
    const config = { ...stored, ballot: stored.ballot + 1, primary: '' };
    return { type, node, config: { ...config, lastDrops: this.maintainDrops(stored.lastDrops, node, type) } };
  }

  /**
   * A partition of a table that is dropped (upstream's CT_DROP_PARTITION): nobody is left, the primary was the last. One
   * that nobody has served stays new.
   */
  droppedConfig(stored: PartitionConfig): PartitionConfig {
    if (stored.ballot === 0) return stored;
    const members = stored.primary === '' ? stored.secondaries : [...stored.secondaries, stored.primary];
    const lastDrops = members.reduce((drops, node) => this.maintainDrops(drops, node, 'CT_REMOVE'), stored.lastDrops);
    return { ...stored, ballot: stored.ballot + 1, primary: '', secondaries: [], lastDrops };
  }

  /** Who becomes a member leaves the list; who stops being one enters it as the newest. */
  maintainDrops(lastDrops: readonly NodeId[], node: NodeId, type: ConfigType): readonly NodeId[] {
    if (node === '') return lastDrops;
    const others = lastDrops.filter((other) => other !== node);
    if (this.isAdding(type)) return others;
    return this.isRemoving(type) ? [...others, node].slice(-MAX_LAST_DROPS) : lastDrops;
  }

  isAdding(type: ConfigType): boolean {
    return type === 'CT_ASSIGN_PRIMARY' || type === 'CT_UPGRADE_TO_PRIMARY' || type === 'CT_UPGRADE_TO_SECONDARY';
  }

  isRemoving(type: ConfigType): boolean {
    return type === 'CT_DOWNGRADE_TO_INACTIVE' || type === 'CT_REMOVE';
  }
}

function isSecondary(config: PartitionConfig, node: NodeId): boolean {
  return config.secondaries.includes(node);
}

function without({ secondaries }: PartitionConfig, node: NodeId): readonly NodeId[] {
  return secondaries.filter((other) => other !== node);
}

function withSecondary({ secondaries }: PartitionConfig, node: NodeId): readonly NodeId[] {
  return [...secondaries, node];
}

/** The order of secondaries means nothing. */
function isGroup(config: PartitionConfig, primary: NodeId, secondaries: readonly NodeId[]): boolean {
  const asked = new Set(config.secondaries);
  const isSet = asked.size === config.secondaries.length && asked.size === secondaries.length;
  return config.primary === primary && isSet && secondaries.every((node) => asked.has(node));
}
