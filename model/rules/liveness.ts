/** Beacons, leases, and who serves reads with them (repl 1.10, 1.1). */
import type { BeaconAcked, ReadServed } from '../livenessEvents.ts';
import { beyondLease } from '../leases.ts';
import { isOpen } from './roles.ts';
import { guard, nodeScene, replicaScene, rule, type NodeScene, type ReplicaScene } from './rule.ts';

export const beaconAcked = rule(
  nodeScene,
  [
    guard('fd/beacon-of-a-running-server', 'S8', ({ node }: NodeScene, e: BeaconAcked) =>
      node.up ? undefined : [`${e.node} to run`, 'it is down'],
    ),
  ],
  ({ node }, { sentUs }) => {
    if (sentUs > node.leaseFromUs) node.leaseFromUs = sentUs;
  },
);

export const readServed = rule<ReplicaScene, ReadServed>(
  replicaScene,
  [
    isOpen,
    guard('fd/read-by-the-primary', 'S1', ({ replica }: ReplicaScene, _: ReadServed) =>
      replica.status === 'PS_PRIMARY' ? undefined : ['a read by the primary', `by a replica that is ${replica.status}`],
    ),
    guard('fd/read-within-the-lease', 'repl.1.10', (scene: ReplicaScene, e: ReadServed) => beyondLease(scene, e.atUs)),
  ],
  () => {
    // Nothing: what was read is judged by its command's answer.
  },
);
