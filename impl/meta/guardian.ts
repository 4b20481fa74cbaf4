/**
 * Who decides which servers hold a partition, as the rest of the meta server sees it (upstream's partition_guardian).
 * `PartitionGuardian` gives each partition its members once and for all (docs/departures.md FM1), and needs little of
 * this; `Cure` lets them come and go.
 */
import type { ErrorCode, Gpid, NodeId } from '../../model/vocabulary.ts';
import type { Context } from '../context.ts';
import type { ConfigSyncRequest, UpdateConfigRequest } from '../protocol/messages.ts';
import type { ConfigUpdater, LivenessView, Proposal } from './cure/cureView.ts';
import type { AppState, ServerState } from './serverState.ts';

export abstract class Guardian {
  readonly ctx: Context;
  readonly state: ServerState;

  constructor(ctx: Context, state: ServerState) {
    this.ctx = ctx;
    this.state = state;
  }

  /** The table has become available (or was found available at start): its partitions need members. */
  abstract watchApp(app: AppState): void;

  /** The meta server begins to serve: from now on servers may be found dead. */
  start(_updater: ConfigUpdater, _liveness: LivenessView): void {
    // FM2: nobody takes the place of who is.
  }

  /** The failure detector says so of a server. */
  onChangeNodeState(_node: NodeId, _isAlive: boolean): void {
    // FM2: nobody takes its place.
  }

  /** Why an update may not be asked for now, whatever it is. */
  refuseUpdate(_request: UpdateConfigRequest): ErrorCode | undefined {
    return undefined;
  }

  /** A configuration was stored, and the state has taken it over. */
  reconfig(_app: AppState, _partitionIndex: number, _request: UpdateConfigRequest): void {
    // Nobody came or went.
  }

  /** A server tells of all its replicas. */
  collectReplicas(_request: ConfigSyncRequest): void {
    // Only members are asked to serve.
  }

  /** Something stands proposed for the partition. */
  hasProposals(_gpid: Gpid): boolean {
    return false;
  }

  /** An operator's wish, one proposal after the other; ERR_BUSY while something else stands proposed. */
  registerProposals(_app: AppState, _partitionIndex: number, _proposals: readonly Proposal[]): ErrorCode {
    return 'ERR_NOT_IMPLEMENTED';
  }
}
