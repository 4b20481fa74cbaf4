/** What becomes of a DUPLICATE request on the follower (dup 7.2): one mutation at most, with exactly what was sent. */
import { inboundKey } from '../dupState.ts';
import type { UpdateFact } from '../events.ts';
import { sameRows } from '../mutations.ts';
import type { ClusterState, PartitionState } from '../state.ts';
import type { NodeId } from '../vocabulary.ts';
import type { Refusal } from './rule.ts';

/** Finds the request behind a DUPLICATE update of a new mutation, and uses up one of its sendings. */
export function claimInbound(
  cluster: ClusterState,
  part: PartitionState,
  node: NodeId,
  update: UpdateFact,
): Refusal | undefined {
  const entries = update.entries ?? [];
  const inbound = cluster.inbound[inboundKey(part.gpid, node, entries)];
  const text = update.rows.map((row) => row.key.slice(2)).join(', ');
  if (inbound === undefined || inbound.used >= inbound.sent)
    return ['a DUPLICATE that was sent here and had no effect yet', `one of ${text}`];
  const rows = entries.flatMap((entry) => entry.rows);
  if (!sameRows(rows, update.rows)) return ['exactly the rows of its entries', text];
  inbound.used++;
  return undefined;
}
