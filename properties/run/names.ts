/** Node ids and symbolic references of a plan. */
import type { ClusterId, NodeId } from '../../model/vocabulary.ts';
import type { ClusterShape, Plan } from '../plan/types.ts';

export function replicaServers(cluster: ClusterShape): readonly NodeId[] {
  return Array.from({ length: cluster.replicaServers }, (_, i) => `${cluster.id}/replica-${String(i)}`);
}
export function metaServer(cluster: ClusterId): NodeId {
  return `${cluster}/meta-0`;
}
export function clientNode(cluster: ClusterId): NodeId {
  return `${cluster}/client-0`;
}

/** `node(source,0)` -> `source/replica-0`; undefined when the plan's clusters do not have it. */
export function resolveNode(plan: Plan, ref: string): NodeId | undefined {
  const parts = /^(node|meta)\(([a-z]+),(\d+)\)$/.exec(ref);
  if (parts === null) return undefined;
  const [, role, id, index] = parts;
  const cluster = plan.clusters.find((c) => c.id === id);
  if (cluster === undefined || id === undefined) return undefined;
  if (role === 'meta') return index === '0' ? metaServer(id) : undefined;
  return Number(index) < cluster.replicaServers ? `${id}/replica-${String(Number(index))}` : undefined;
}

/** `table#1` -> `t1`; any other name is itself. */
export function tableNameOf(ref: string): string {
  return ref.startsWith('table#') ? `t${ref.slice('table#'.length)}` : ref;
}
