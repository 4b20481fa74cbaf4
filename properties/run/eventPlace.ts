/** Where an event is at home. */
import type { ModelEvent } from '../../model/events.ts';
import type { ClusterId } from '../../model/vocabulary.ts';

/** '' for what belongs to no cluster. */
export function clusterOfEvent(event: ModelEvent): ClusterId | '' {
  if ('cluster' in event) return event.cluster;
  if (event.kind === 'dup.sent') return clusterOfNode(event.from);
  return 'node' in event ? clusterOfNode(event.node) : '';
}

export function clusterOfNode(node: string): ClusterId | '' {
  return node.slice(0, Math.max(0, node.indexOf('/')));
}
