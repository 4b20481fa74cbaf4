/**
 * The primary's view of its group's bulk load (bl 13.1 to 13.3): tells the secondaries what the meta server wants,
 * remembers what they said last, and sums it up.
 *
 * Departures (docs/departures.md): secondaries look for the files under the table's name that the load was started with
 * (bl.B15); an answer that is on its way is waited for, not asked for again (bl.B19); a secondary that has lost its
 * download is told of (bl.B29).
 */
import type { Ballot, BulkLoadStatus, ErrorCode, NodeId } from '../../../model/vocabulary.ts';
import type { Context } from '../../context.ts';
import { reply } from '../../env/contract.ts';
import type { Continuation, RpcHandle, RpcResult } from '../../env/contract.ts';
import type {
  GroupBulkLoadRequest,
  GroupBulkLoadResponse,
  PartitionBulkLoadState,
} from '../../protocol/bulkLoadMessages.ts';
import type { Replica } from '../replica.ts';
import { PROGRESS_FINISHED, RESET_STATE, UNKNOWN_STATE } from './types.ts';
import type { BulkLoadWish } from './types.ts';

interface Asked {
  readonly loadId: number | undefined;
  readonly metaStatus: BulkLoadStatus;
  readonly handle: RpcHandle;
}

export class BulkLoadGroup {
  readonly ctx: Context;
  readonly replica: Replica;
  readonly secondaryStates = new Map<NodeId, PartitionBulkLoadState>();
  /** Of the last wish that came. */
  private loadId: number | undefined;
  private readonly pendingReplies = new Map<NodeId, Asked>();

  constructor(ctx: Context, replica: Replica) {
    this.ctx = ctx;
    this.replica = replica;
  }

  secondaries(): readonly NodeId[] {
    return this.replica.primaryStates.membership.secondaries;
  }

  // ------------------------------------------------------------------ broadcast (bl 13.2)

  /** Not while somebody learns. */
  broadcast(wish: BulkLoadWish): void {
    if (this.replica.learnerGroup.nodes().length > 0) return;
    for (const node of this.secondaries()) {
      if (this.isAnswerOnItsWay(node, wish)) continue;
      this.pendingReplies.get(node)?.handle.cancel();
      this.sendGroupBulkLoad(node, wish);
    }
  }

  /** A slow secondary would never be heard when every poll asks it anew (bl.B19). */
  isAnswerOnItsWay(node: NodeId, wish: BulkLoadWish): boolean {
    const asked = this.pendingReplies.get(node);
    return asked?.metaStatus === wish.metaStatus && asked.loadId === wish.loadId;
  }

  sendGroupBulkLoad(node: NodeId, wish: BulkLoadWish): void {
    const { gpid, hash } = this.replica;
    const ballot = this.replica.ballot();
    const request: GroupBulkLoadRequest = {
      appName: this.appName(wish),
      config: { ...this.replica.primaryStates.membership, ballot },
      providerName: wish.providerName,
      clusterName: wish.clusterName,
      remoteRootPath: wish.remoteRootPath,
      metaStatus: wish.metaStatus,
      ...(wish.loadId === undefined ? undefined : { loadId: wish.loadId }),
    };
    const options = { hash, timeoutMs: this.ctx.settings.rpcTimeoutMs, gpid };
    const then: Continuation<RpcResult<GroupBulkLoadResponse>> = reply(this, 'onGroupBulkLoadReply', node, ballot);
    const handle = this.ctx.env.rpc.call(node, 'RPC_GROUP_BULK_LOAD', request, options, then);
    this.pendingReplies.set(node, { loadId: wish.loadId, metaStatus: wish.metaStatus, handle });
  }

  /** A table may be renamed meanwhile; its files are not (bl.B15). */
  appName(wish: BulkLoadWish): string {
    return wish.appName;
  }

  onGroupBulkLoadReply(result: RpcResult<GroupBulkLoadResponse>, node: NodeId, ballot: Ballot): void {
    const { replica } = this;
    if (replica.closed || !replica.isPrimary()) return;
    const asked = this.pendingReplies.get(node)?.metaStatus;
    this.pendingReplies.delete(node);
    const failed = result.error !== 'ERR_OK' || result.body.error !== 'ERR_OK' || ballot !== replica.ballot();
    if (!failed) this.secondaryStates.set(node, result.body.state);
    else if (result.error === 'ERR_OK' && ballot === replica.ballot()) this.onRefused(node, result.body, asked);
    else this.secondaryStates.set(node, RESET_STATE);
  }

  onRefused(node: NodeId, { error, status }: GroupBulkLoadResponse, asked: BulkLoadStatus | undefined): void {
    const state = this.isForGood(error, status, asked) ? { ...RESET_STATE, downloadStatus: error } : RESET_STATE;
    this.secondaryStates.set(node, state);
  }

  /** It has lost what it downloaded, or cannot download: the meta server must hear, or waits for ever (bl.B29). */
  isForGood(error: ErrorCode, status: BulkLoadStatus, asked: BulkLoadStatus | undefined): boolean {
    if (asked === 'BLS_DOWNLOADING') return error === 'ERR_FILE_OPERATION_FAILED';
    const needsFiles = asked === 'BLS_DOWNLOADED' || asked === 'BLS_INGESTING';
    return needsFiles && error === 'ERR_INVALID_STATE' && status !== 'BLS_DOWNLOADING';
  }

  // ------------------------------------------------------------------ forgetting

  /** What members said of another load says nothing of this one: that they are cleaned up, above all (bl.B35). */
  onLoad(loadId: number | undefined): void {
    if (loadId === this.loadId) return;
    this.forget();
    this.loadId = loadId;
  }

  /** Answers of before say nothing about what comes now. */
  forget(): void {
    this.secondaryStates.clear();
    for (const { handle } of this.pendingReplies.values()) handle.cancel();
    this.pendingReplies.clear();
  }

  /** As though each had answered badly. */
  resetStates(): void {
    for (const node of this.secondaries()) this.secondaryStates.set(node, RESET_STATE);
  }

  // ------------------------------------------------------------------ sums (bl 13.1)

  groupStates(own: PartitionBulkLoadState): Readonly<Record<NodeId, PartitionBulkLoadState>> {
    const states: Record<NodeId, PartitionBulkLoadState> = { [this.replica.self()]: own };
    for (const node of this.secondaries()) states[node] = this.stateOf(node);
    return states;
  }

  private stateOf(node: NodeId): PartitionBulkLoadState {
    return this.secondaryStates.get(node) ?? UNKNOWN_STATE;
  }

  /** Percent; with a member missing it does not reach 100. */
  totalProgress(own: number): number {
    let sum = own;
    for (const node of this.secondaries()) sum += this.stateOf(node).downloadProgress;
    return Math.min(PROGRESS_FINISHED, Math.trunc(sum / Math.max(1, this.replica.app.maxReplicaCount)));
  }

  isFull(): boolean {
    return this.secondaries().length + 1 === this.replica.app.maxReplicaCount;
  }

  /** None of the secondaries has told of other files. */
  haveNoOtherFiles(files: string): boolean {
    return this.secondaries().every((node) => (this.stateOf(node).files ?? files) === files);
  }

  /** The group is full, and each of its secondaries is so. */
  areAll(holds: (state: PartitionBulkLoadState) => boolean): boolean {
    return this.isFull() && this.secondaries().every((node) => holds(this.stateOf(node)));
  }
}
