/**
 * Ingestion (bl 12, 15): the write that the meta server sends, what becomes of it at each member, and the files that a
 * provider has for it.
 */
import type {
  DownloadSlotClaim,
  IngestionAnswered,
  IngestionSent,
  ProviderFilePut,
  ProviderFileRemoved,
  StorageIngested,
} from '../loadEvents.ts';
import {
  clusterScene,
  nodeScene,
  replicaScene,
  rule,
  type ClusterScene,
  type NodeScene,
  type ReplicaScene,
} from './rule.ts';
import type { ModelState } from '../state.ts';

interface WorldScene {
  readonly state: ModelState;
}
const world = (state: ModelState): WorldScene => ({ state });

export const providerPut = rule<WorldScene, ProviderFilePut>(world, [], () => {});
export const providerRemoved = rule<WorldScene, ProviderFileRemoved>(world, [], () => {});
export const ingestionSent = rule<ClusterScene, IngestionSent>(clusterScene, [], () => {});
export const ingestionAnswered = rule<ReplicaScene, IngestionAnswered>(replicaScene, [], () => {});
export const ingested = rule<ReplicaScene, StorageIngested>(replicaScene, [], () => {});
export const slot = rule<NodeScene, DownloadSlotClaim>(nodeScene, [], () => {});
