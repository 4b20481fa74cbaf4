/** Leases of replica servers (repl 1.10): from the moment at which an answered beacon left, by the server's monotonic clock. */
import { settingsOfCluster } from './config.ts';
import type { ClusterState, ModelState, NodeState } from './state.ts';

interface Server {
  readonly state: ModelState;
  readonly cluster: ClusterState;
  readonly node: NodeState;
}

/** Until when a server may serve: Infinity where leases are not judged, or its clock stood still; -1 without any. */
function leaseEndsUs({ state, cluster, node }: Server): number {
  const { fdLeaseMs } = settingsOfCluster(state.config, cluster.id);
  if (fdLeaseMs === undefined || node.paused) return Infinity;
  return node.leaseFromUs < 0 ? -1 : node.leaseFromUs + fdLeaseMs * 1000;
}

/** Why a server may not do now what needs a lease: expected and actual. */
export function beyondLease(server: Server, atUs: number): readonly [expected: string, actual: string] | undefined {
  const endsUs = leaseEndsUs(server);
  if (atUs <= endsUs) return undefined;
  return ['a lease', endsUs < 0 ? 'no beacon of this process was answered' : `it ended ${atUs - endsUs} us before`];
}

/** Would the lease end before the next check, so that the server has to stop serving now? */
export function isLeaseEnding(server: Server, atUs: number): boolean {
  const { fdCheckIntervalMs = 0 } = settingsOfCluster(server.state.config, server.cluster.id);
  return server.node.paused || atUs + fdCheckIntervalMs * 1000 > leaseEndsUs(server);
}
