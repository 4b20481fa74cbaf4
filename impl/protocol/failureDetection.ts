/** Beacons of replica servers to their meta server (repl 1.10; upstream's fd.thrift). */

export interface BeaconMsg {
  /** The sender's monotonic clock when it was sent, microseconds; the answer repeats it. */
  readonly timeUs: number;
}

export interface BeaconAck {
  readonly timeUs: number;
  /** Whether who answers is the leader of the meta servers; no other answer renews a lease. */
  readonly isMaster: boolean;
}

export interface FailureDetectionRpcTypes {
  RPC_FD_FAILURE_DETECTOR_PING: { request: BeaconMsg; response: BeaconAck };
}
