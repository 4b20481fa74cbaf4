/** What may happen to a duplication: its record, its progress, its duplicators, and what reaches the follower (dup 2 to 8). */
import type { ModelEvent } from '../events.ts';
import type { ModelState } from '../state.ts';
import { clusterScene, rule } from './rule.ts';
import type { ClusterScene, Rule } from './rule.ts';

type EventOf<K extends ModelEvent['kind']> = Extract<ModelEvent, { kind: K }>;

function clusterOfNode(node: string): string {
  return node.slice(0, node.indexOf('/'));
}

const nothing = (): void => {};

export const dupStored: Rule<EventOf<'dup.stored'>> = rule<ClusterScene, EventOf<'dup.stored'>>(clusterScene, [], nothing);
export const dupErased: Rule<EventOf<'dup.erased'>> = rule<ClusterScene, EventOf<'dup.erased'>>(clusterScene, [], nothing);
export const dupProgressStored: Rule<EventOf<'dup.progress-stored'>> = rule<ClusterScene, EventOf<'dup.progress-stored'>>(clusterScene, [], nothing);
export const dupTold: Rule<EventOf<'dup.told'>> = rule<ClusterScene, EventOf<'dup.told'>>(clusterScene, [], nothing);
export const dupSynced: Rule<EventOf<'dup.synced'>> = rule<ClusterScene, EventOf<'dup.synced'>>(clusterScene, [], nothing);
export const dupReported: Rule<EventOf<'dup.reported'>> = rule<ClusterScene, EventOf<'dup.reported'>>(clusterScene, [], nothing);
export const followerAsked: Rule<EventOf<'follower.asked'>> = rule<ClusterScene, EventOf<'follower.asked'>>(clusterScene, [], nothing);
export const dupSent: Rule<EventOf<'dup.sent'>> = rule(
  (state, event) => clusterScene(state, { cluster: clusterOfNode(event.from) }),
  [],
  nothing,
);
interface OfNode {
  readonly node: string;
}

const nodesCluster = (state: ModelState, event: OfNode): ClusterScene | string =>
  clusterScene(state, { cluster: clusterOfNode(event.node) });

export const dupStarted: Rule<EventOf<'dup.started'>> = rule<ClusterScene, EventOf<'dup.started'>>(nodesCluster, [], nothing);
export const dupStopped: Rule<EventOf<'dup.stopped'>> = rule<ClusterScene, EventOf<'dup.stopped'>>(nodesCluster, [], nothing);
export const dupShipped: Rule<EventOf<'dup.shipped'>> = rule<ClusterScene, EventOf<'dup.shipped'>>(nodesCluster, [], nothing);
export const dupSkipped: Rule<EventOf<'dup.skipped'>> = rule<ClusterScene, EventOf<'dup.skipped'>>(nodesCluster, [], nothing);
export const adopted: Rule<EventOf<'checkpoint.adopted'>> = rule<ClusterScene, EventOf<'checkpoint.adopted'>>(nodesCluster, [], nothing);
