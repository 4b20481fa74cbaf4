/** Facts of failure detection (repl 1.10), part of the closed union of events.ts. */
import type { Gpid, NodeId } from './vocabulary.ts';

/** The leader's answer to a beacon has reached the replica server that sent it: its lease runs from `sentUs` on. Told when it matters next. */
export interface BeaconAcked {
  readonly kind: 'beacon.acked';
  readonly atUs: number;
  readonly node: NodeId;
  /** When that beacon left, microseconds of virtual time. */
  readonly sentUs: number;
}
/** A replica server answered a client's read with ERR_OK. */
export interface ReadServed {
  readonly kind: 'read.served';
  readonly atUs: number;
  readonly node: NodeId;
  readonly gpid: Gpid;
}

export type LivenessObserved = BeaconAcked | ReadServed;
