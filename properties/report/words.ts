/** Small words that the states of model and implementation share. */
import type { NodeId } from '../../model/vocabulary.ts';

/** `source/replica-0` -> `replica-0`: the cluster is said already. */
export function short(node: NodeId): string {
  return node.slice(node.indexOf('/') + 1);
}
