/**
 * Bulk load at the meta server (bl 4, 8, 10): what may stand in the store, and what the primaries must have reported
 * before.
 */
import type { LoadErased, LoadMemberReported, LoadPartitionStored, LoadReported, LoadStored, LoadWished } from '../loadEvents.ts';
import { clusterScene, replicaScene, rule, type ClusterScene, type ReplicaScene } from './rule.ts';

export const loadStored = rule<ClusterScene, LoadStored>(clusterScene, [], () => {});
export const loadPartitionStored = rule<ClusterScene, LoadPartitionStored>(clusterScene, [], () => {});
export const loadErased = rule<ClusterScene, LoadErased>(clusterScene, [], () => {});
export const loadWished = rule<ClusterScene, LoadWished>(clusterScene, [], () => {});
export const loadReported = rule<ReplicaScene, LoadReported>(replicaScene, [], () => {});
export const loadMemberReported = rule<ReplicaScene, LoadMemberReported>(replicaScene, [], () => {});
