/** Views of one partition for the tests of the rules: four servers, A to D. */
import type { Context } from '../../../../impl/context.ts';
import { CheckFailed } from '../../../../impl/env/contract.ts';
import { metaParts } from '../../../../impl/meta/parts.ts';
import { CureRules } from '../../../../impl/meta/cure/cureRules.ts';
import { NO_REPLICA } from '../../../../impl/meta/cure/cureView.ts';
import type { CureView, Decision, DroppedReplica, Load, ReplicaReport } from '../../../../impl/meta/cure/cureView.ts';
import type { Parts } from '../../../../impl/parts.ts';
import { DEFAULT_SETTINGS } from '../../../../impl/settings.ts';
import type { Settings } from '../../../../impl/settings.ts';
import type { NodeId, PartitionConfig } from '../../../../model/vocabulary.ts';

export const [A, B, C, D] = ['A', 'B', 'C', 'D'] as const;
export const NODES: readonly NodeId[] = [A, B, C, D];

/** A context for parts that only read their settings. */
export function contextOf(settings: Partial<Settings> = {}): Context {
  const env = {
    check(condition: boolean, name: string): void {
      if (!condition) throw new CheckFailed(name, '');
    },
  };
  const parts: Partial<Parts> = { ...metaParts };
  return { env: env as Context['env'], settings: { ...DEFAULT_SETTINGS, ...settings }, parts: parts as Parts };
}

export function rulesWith(settings: Partial<Settings> = {}): CureRules {
  return new CureRules(contextOf(settings));
}

export function configOf(change: Partial<PartitionConfig> = {}): PartitionConfig {
  return { gpid: '1.0', ballot: 5, maxReplicaCount: 3, primary: '', secondaries: [], lastDrops: [], lastCommittedDecree: 0, ...change };
}

export interface ViewOptions {
  readonly config?: Partial<PartitionConfig>;
  /** Servers that are not alive. */
  readonly dead?: readonly NodeId[];
  readonly drops?: readonly DroppedReplica[];
  readonly preferredDrop?: number;
  readonly collected?: Readonly<Record<NodeId, readonly [ballot: number, committed: number, prepared: number]>>;
  readonly passedOver?: readonly NodeId[];
  /** Primaries of the table, replicas of the table, primaries, replicas. */
  readonly loads?: Readonly<Record<NodeId, readonly [number, number, number, number]>>;
  readonly nowMs?: number;
}

export function viewOf(options: ViewOptions): CureView {
  const dead = options.dead ?? [];
  const drops = options.drops ?? [];
  const loadOf = (node: NodeId): Load => {
    const [appPrimaries, appPartitions, primaries, partitions] = options.loads?.[node] ?? [0, 0, 0, 0];
    return { appPrimaries, appPartitions, primaries, partitions };
  };
  const collected = new Map<NodeId, ReplicaReport>();
  for (const [node, [ballot, lastCommitted, lastPrepared]] of Object.entries(options.collected ?? {})) {
    collected.set(node, { ballot, lastCommitted, lastPrepared });
  }
  return {
    appId: 1,
    config: configOf(options.config),
    nodes: NODES,
    liveness: { isAlive: (node) => !dead.includes(node) },
    loads: { loadOf, storedPartitions: (node) => loadOf(node).partitions },
    drops,
    preferredDrop: options.preferredDrop ?? drops.length - 1,
    collected,
    passedOver: new Set(options.passedOver),
    nowMs: options.nowMs ?? 1_000_000,
  };
}

/** Dropped at that time, silent since. */
export function drop(node: NodeId, droppedMs: number): DroppedReplica {
  return { node, droppedMs, report: NO_REPLICA };
}

/** `type target node`, the reason to wait in brackets, or `healthy`. */
export function text(decision: Decision): string {
  if (decision.kind === 'healthy') return 'healthy';
  if (decision.kind === 'wait') return `(${decision.reason})`;
  const { type, target, node } = decision.proposal;
  return target === node ? `${type} ${node}` : `${type} ${target} ${node}`;
}
